package web

import (
	"bytes"
	"iter"
	"strings"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/internal/paper"
	"sangathan/org"
)

// firstPage guides a new unit: its name and words, the first list, the diary, and what
// is switched on district by district.
func firstPage(r *request) (answer, error) {
	v := firstView{p: r.p}
	root, err := org.Root(r.tx)
	if err != nil {
		return answer{}, err
	}
	v.root, v.mayName = root, r.by.May(access.Admin, root.Target(""))
	if v.start, err = org.Started(r.tx, r.by); err != nil {
		return answer{}, err
	}
	if v.open, err = org.OpenUnits(r.tx, r.by); err != nil {
		return answer{}, err
	}
	chosen, err := org.ChosenWords(r.tx)
	if err != nil {
		return answer{}, err
	}
	names, words, err := org.WordPacks(r.tx, r.p.Lang())
	if err != nil {
		return answer{}, err
	}
	v.name = r.newForm("name_hi", root.NameHi, "name_en", root.NameEn)
	v.wordForm = r.newForm("words", chosen)
	common := lang.New(r.p.Lang(), nil, false)
	v.words = []choice{{"", r.p.T("first.words_common"), sample(common)}}
	for _, n := range names {
		v.words = append(v.words, choice{n, r.p.T("first.words_other"), sample(lang.New(r.p.Lang(), words[n], false))})
	}
	pg := page{title: r.p.T("first.title"), where: r.p.Name(root.NameHi, root.NameEn) + " · " + r.p.Day(r.today), lead: r.p.T("first.lead"), body: firstBody(v)}
	if v.start.Told == 0 {
		pg.next, pg.nextIcon = &link{r.p.T("first.load"), "/lists"}, "next"
	}
	return show(pg)
}

type firstView struct {
	p              lang.Printer
	root           org.Organization
	mayName        bool
	start          org.Start
	open           []org.OpenUnit
	name, wordForm form
	words          []choice
}

// sample shows how a word pack speaks.
func sample(p lang.Printer) string {
	var out []string
	for _, w := range []string{"committee", "general_secretary", "secretary", "executive", "mandal"} {
		out = append(out, p.Word(w))
	}
	return strings.Join(out, ", ")
}

func nameUnit(r *request) (answer, error) {
	return goTo("/first", "first.named"), org.NameUnit(r.tx, r.by, r.typed("name_hi"), r.typed("name_en"))
}

func chooseWords(r *request) (answer, error) {
	a := goTo("/first", "first.words_chosen")
	a.after = r.site.words.forget
	return a, org.ChooseWords(r.tx, r.by, r.typed("words"))
}

// firstSheet is the sheet offered for the first list: a row for each district, with its
// name and the post of its head, to be filled and sent back under /lists.
func firstSheet(r *request) (answer, error) {
	root, err := org.Root(r.tx)
	if err != nil {
		return answer{}, err
	}
	if err := r.by.Check(access.LoadData, root.Target("")); err != nil {
		return answer{}, err
	}
	districts, err := db.Select(r.tx, `select name_hi, name_en from area where kind = 'district' order by sort_key, id`, nil,
		func(s db.Scanner) (n lang.Name, err error) { return n, s.Scan(&n.Hi, &n.En) })
	if err != nil {
		return answer{}, err
	}
	var head lang.Name
	err = r.tx.Scan(`select name_hi, name_en from role where id = 'district_president'`, nil, &head.Hi, &head.En)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return answer{}, err
	}
	rows := iter.Seq2[paper.Row, error](func(yield func(paper.Row, error) bool) {
		for _, d := range districts {
			if !yield(paper.Row{r.p.Name(d.Hi, d.En), r.p.Name(head.Hi, head.En), "", ""}, nil) {
				return
			}
		}
	})
	var b bytes.Buffer
	err = paper.XLSX(&b, paper.ListData{Title: r.p.T("first.sheet"), Printer: r.p, Rows: rows, Columns: []paper.Column{
		{Title: r.p.T("intake.field.district"), Width: 3}, {Title: r.p.T("intake.field.role"), Width: 3}, {Title: r.p.T("intake.field.name"), Width: 4}, {Title: r.p.T("intake.field.phone"), Width: 3}}})
	return answer{file: &download{kind: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", name: "districts.xlsx", body: b.Bytes()}}, err
}

// registerPage says what is switched off for a body whose register is open, why, and
// switches it on.
func registerPage(r *request) (answer, error) {
	o, err := org.GetOrganization(r.tx, r.by, org.OrganizationID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	crumbs, err := orgCrumbs(r, o, true)
	if err != nil {
		return answer{}, err
	}
	v := registerView{p: r.p, form: r.newForm("below", "yes"), o: o}
	if v.posts, v.agents, err = org.CountSeats(r.tx, r.by, o.ID); err != nil {
		return answer{}, err
	}
	v.under = []choice{{"yes", r.p.T("first.with_under"), ""}, {"no", r.p.T("first.alone"), ""}}
	return show(page{title: r.p.T("first.register_title"), where: r.p.Name(o.NameHi, o.NameEn) + " · " + r.p.Day(r.today),
		crumbs: crumbs, lead: r.p.T("first.register_lead"), body: registerBody(v)})
}

type registerView struct {
	p             lang.Printer
	form          form
	o             org.Organization
	posts, agents org.Count // under it too
	under         []choice
}

func registerComplete(r *request) (answer, error) {
	id := org.OrganizationID(r.PathValue("id"))
	back := "/org/" + string(id)
	if r.typed("below") == "yes" {
		n, err := org.CompleteRegisters(r.tx, r.by, id)
		return goTo(back, "first.switched_on", "n", n), err
	}
	return goTo(back, "first.switched_on", "n", 1), org.CompleteRegister(r.tx, r.by, id)
}

// startHome: a unit that has just begun is led on; later, the registers that wait.
func startHome(r *request) ([]homeItem, error) {
	if !r.by.MayAnywhere(access.LoadData) {
		return nil, nil
	}
	bodies, open, err := org.StartWaits(r.tx, r.by)
	switch {
	case err != nil || bodies > 0 && open == 0:
		return nil, err
	case bodies == 0 && open > 0:
		return []homeItem{{text: r.p.T("first.home"), to: "/first"}}, nil
	case bodies > 0:
		return []homeItem{{n: open, text: r.p.T("first.home_open"), to: "/first"}}, nil
	}
	return nil, nil
}

// wordsLife is how long a server goes on with the words it knows: another one may have
// chosen others.
const wordsLife = 30 * time.Second
