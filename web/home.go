package web

func homePage(r *request) (answer, error) {
	return show(page{title: r.p.T("common.home"), body: faultBody(r.p, faultView{message: "…"})})
}
