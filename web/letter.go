package web

import (
	"io"
	"iter"
	"net/http"
	"slices"
	"strconv"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/internal/paper"
	"sangathan/letter"
	"sangathan/org"
	"sangathan/review"

	"github.com/a-h/templ"
)

// letterPage is where the QR of a printed letter leads: to its record, for whoever
// may read that.
func letterPage(r *request) (answer, error) {
	l, err := letter.Lookup(r.tx, r.PathValue("id"))
	if err != nil {
		return answer{}, err
	}
	if l.Record == letter.OfCase {
		_, _, err := review.GetCase(r.tx, r.by, l.RecordID)
		return goTo("/case/"+l.RecordID+"/notice", ""), err
	}
	_, err = org.GetOrder(r.tx, r.by, org.OrderID(l.RecordID))
	return goTo("/order/"+l.RecordID, ""), err
}

// orderPDF and noticePDF are the letters as files; they open their own transactions,
// because a letter opened for the first time is set between them.

func orderPDF(r *request) (answer, error) {
	return r.letterFile(orderLetter(org.OrderID(r.PathValue("id"))))
}

func orderLetter(id org.OrderID) letterOf {
	return letterOf{
		find:  func(tx *db.Tx, by access.Actor) (string, error) { return org.LetterOf(tx, by, id) },
		issue: func(tx *db.Tx, by access.Actor) (string, error) { return org.IssueLetter(tx, by, id) }}
}

func noticeLetter(id string) letterOf {
	return letterOf{
		find:  func(tx *db.Tx, by access.Actor) (string, error) { return review.NoticeLetter(tx, by, id) },
		issue: func(tx *db.Tx, by access.Actor) (string, error) { return review.IssueNoticeLetter(tx, by, id) }}
}

func noticePDF(r *request) (answer, error) {
	id := r.PathValue("id")
	a, err := r.letterFile(noticeLetter(id))
	if f, ok := err.(*fault.Error); ok && f.Key == "review.open_first" {
		return goTo("/case/"+id, ""), nil
	}
	return a, err
}

func (r *request) letterFile(l letterOf) (answer, error) {
	signedIn := func(fn func(tx *db.Tx, by access.Actor) (string, error)) letter.Finder {
		return func(tx *db.Tx) (string, error) {
			if err := r.open(tx, false); err != nil {
				return "", err
			}
			defer func() { r.tx = nil }()
			return fn(tx, r.by)
		}
	}
	f, err := letter.PDF(r.Context(), r.site.unit, lang.Parse(r.query("lang")), signedIn(l.find), signedIn(l.issue))
	return answer{file: &download{kind: "application/pdf", name: f.Name, body: f.PDF}}, err
}

// letterLinks are the two files of a letter, the reader's language first.
func letterLinks(p lang.Printer, path string) []link {
	own, other := "hi", "en"
	if p.Lang() == lang.En {
		own, other = other, own
	}
	return []link{{p.T("letter.pdf"), path + "?lang=" + own}, {p.T("letter.pdf_other"), path + "?lang=" + other}}
}

// diaryPage is the telephone diary of a body and of those directly under it.
func diaryPage(r *request) (answer, error) {
	o, err := org.GetOrganization(r.tx, r.by, org.OrganizationID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	v := diaryView{p: r.p}
	v.lines, v.list, err = open(r, roll[org.DiaryLine]{name: "diary", grouped: true,
		read: func(tx *db.Tx, by access.Actor, p db.Page) ([]org.DiaryLine, string, error) {
			return org.Diary(tx, by, o.ID, p)
		},
		cols: []col{{"lists.col.body", 5}, {"common.name", 5}, {"word.post", 5}, {"common.phone", 3}},
		cells: func(l org.DiaryLine) paper.Row {
			return paper.Row{r.p.Name(l.OrgHi, l.OrgEn), r.p.Name(l.PersonHi, l.PersonEn), r.p.Name(l.RoleHi, l.RoleEn), r.p.Digits(l.Phone)}
		}})
	if err != nil {
		return answer{}, err
	}
	pg := page{title: r.p.T("letter.diary_title"), where: r.p.Name(o.NameHi, o.NameEn) + " · " + r.p.T("common.as_on", "day", lang.Day(r.today)),
		lead: r.p.T("letter.diary_lead"), list: v.list, body: diaryBody(v)}
	pg.crumbs, err = orgCrumbs(r, o, true)
	return answer{page: pg}, err
}

type diaryView struct {
	p     lang.Printer
	lines []org.DiaryLine
	list  *list
}

// bodies gives the lines of each body.
func (v diaryView) bodies() iter.Seq[[]org.DiaryLine] {
	return func(yield func([]org.DiaryLine) bool) {
		for rest := v.lines; len(rest) > 0; {
			n := slices.IndexFunc(rest, func(l org.DiaryLine) bool { return l.Organization != rest[0].Organization })
			if n < 0 {
				n = len(rest)
			}
			if !yield(rest[:n]) {
				return
			}
			rest = rest[n:]
		}
	}
}

// papersOfBody offers on a body's page what it puts on paper.
func papersOfBody(r *request, o org.Organization) (templ.Component, error) {
	var links []link
	if r.by.May(access.SeeContact, o.Target("")) {
		links = append(links, link{r.p.T("letter.diary_title"), "/org/" + string(o.ID) + "/diary"})
	}
	if r.by.May(access.EditLetters, o.Target("")) {
		links = append(links, link{r.p.T("letter.dispatch_title"), "/dispatch?body=" + string(o.ID)},
			link{r.p.T("letter.templates_link"), "/org/" + string(o.ID) + "/letters"})
	}
	if r.by.May(access.ReportFor, o.Target("")) && o.Dissolved == "" {
		links = append(links, link{r.p.T("ledger.together_title"), "/org/" + string(o.ID) + "/activity/new"})
	}
	if len(links) == 0 {
		return nil, nil
	}
	return paperLinks(links), nil
}

// templatesPage lists a body's letterhead and templates, and whose are in force.
func templatesPage(r *request) (answer, error) {
	o, err := org.GetOrganization(r.tx, r.by, org.OrganizationID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	v := templatesView{p: r.p, path: "/org/" + string(o.ID) + "/letters"}
	if v.head, err = letter.GetHead(r.tx, r.by, string(o.ID)); err != nil {
		return answer{}, err
	}
	v.headState = headLead(r.p, o, v.head)
	for _, kind := range letter.Kinds {
		row := templateRow{name: r.p.T("letter.kind." + kind)}
		for _, in := range letter.Langs {
			f, _, err := letter.Template(r.tx, r.by, string(o.ID), kind, in)
			if err != nil {
				return answer{}, err
			}
			whose := r.p.T("letter.standard")
			switch {
			case f.From == string(o.ID):
				whose = r.p.T("letter.own", "n", f.Version)
			case f.From != "":
				whose = r.p.T("letter.from", "name", lang.Name{Hi: f.FromHi, En: f.FromEn})
			}
			row.langs = append(row.langs, templateLang{link{r.p.T("letter.in_" + string(in)), v.path + "/" + kind + "/" + string(in)}, whose})
		}
		v.rows = append(v.rows, row)
	}
	pg := page{title: r.p.T("letter.templates_title"), lead: r.p.T("letter.templates_lead"), where: r.p.Name(o.NameHi, o.NameEn), body: templatesBody(v)}
	pg.crumbs, err = orgCrumbs(r, o, true)
	return answer{page: pg}, err
}

type templatesView struct {
	p         lang.Printer
	path      string
	head      letter.Head
	headState string
	rows      []templateRow
}

type templateRow struct {
	name  string
	langs []templateLang
}

type templateLang struct {
	link
	whose string
}

// owned tells whether what is in force for a body is its own or is from above, and by
// which name that body goes.
func owned(o org.Organization, from string, name lang.Name) (whose string, of lang.Name) {
	if from == string(o.ID) {
		return "own", lang.Name{Hi: o.NameHi, En: o.NameEn}
	}
	return "from", name
}

// headLead tells whose letterhead is in force for a body.
func headLead(p lang.Printer, o org.Organization, h letter.Head) string {
	if h.From == "" {
		return p.T("letter.head_lead_none")
	}
	whose, name := owned(o, h.From, lang.Name{Hi: h.FromHi, En: h.FromEn})
	return p.T("letter.head_lead."+whose, "name", name)
}

// which reads the kind and language of the template that the address names.
func (r *request) which() (body, kind string, in lang.Lang) {
	return r.PathValue("id"), r.PathValue("kind"), lang.Lang(r.PathValue("lang"))
}

func templatePage(r *request) (answer, error) {
	body, kind, in := r.which()
	o, err := org.GetOrganization(r.tx, r.by, org.OrganizationID(body))
	if err != nil {
		return answer{}, err
	}
	f, versions, err := letter.Template(r.tx, r.by, body, kind, in)
	if err != nil {
		return answer{}, err
	}
	v := templateView{p: r.p, path: "/org/" + body + "/letters/" + kind + "/" + string(in), form: r.newForm("template", f.Text), fields: letter.FieldsOf(kind), own: f.From == body}
	for _, x := range versions {
		v.versions = append(v.versions, templateVersion{Version: x, at: r.p.Time(r.tx.Time(x.MadeAt)), current: x.N == f.Version && v.own})
	}
	lead := r.p.T("letter.edit_lead_standard")
	if f.From != "" {
		whose, name := owned(o, f.From, lang.Name{Hi: f.FromHi, En: f.FromEn})
		lead = r.p.T("letter.edit_lead."+whose, "name", name)
	}
	pg := page{title: r.p.T("letter.edit_title", "kind", lang.Key("letter.kind."+kind)), where: r.p.Name(o.NameHi, o.NameEn) + " · " + r.p.T("letter.in_"+string(in)),
		lead: lead, body: templateBody(v)}
	if pg.crumbs, err = orgCrumbs(r, o, true); err != nil {
		return answer{}, err
	}
	pg.crumbs = append(pg.crumbs, link{r.p.T("letter.templates_title"), "/org/" + body + "/letters"})
	return show(pg)
}

type templateView struct {
	p        lang.Printer
	path     string
	form     form
	fields   []letter.Field
	versions []templateVersion
	own      bool
}

type templateVersion struct {
	letter.Version
	at      string
	current bool
}

func templateSave(r *request) (answer, error) {
	body, kind, in := r.which()
	_, err := letter.Save(r.tx, r.by, body, kind, in, r.typed("template"))
	return goTo("/org/"+body+"/letters/"+kind+"/"+string(in), "letter.saved"), err
}

func templateRestore(r *request) (answer, error) {
	body, kind, in := r.which()
	version, err := strconv.Atoi(r.typed("version"))
	if err != nil {
		version = -1
	}
	_, err = letter.Restore(r.tx, r.by, body, kind, in, version)
	return goTo("/org/"+body+"/letters/"+kind+"/"+string(in), "letter.restored"), err
}

// templatePreview shows how a letter looks with the template as typed; nothing is kept.
func templatePreview(r *request) (answer, error) {
	body, kind, in := r.which()
	var head letter.Head
	var picture []byte
	err := r.site.unit.Read(r.Context(), func(tx *db.Tx) (err error) {
		if err := r.open(tx, false); err != nil {
			return err
		}
		defer func() { r.tx = nil }()
		if _, _, err = letter.Template(tx, r.by, body, kind, in); err != nil { // is there such a kind?
			return err
		}
		if head, err = letter.GetHead(tx, r.by, body); err != nil {
			return err
		}
		picture, err = letter.Picture(tx, r.by, body)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	pdf, err := letter.Preview(kind, in, r.typed("template"), head, picture, r.site.unit.Now())
	return answer{file: &download{kind: "application/pdf", name: "preview.pdf", body: pdf}}, err
}

func headPage(r *request) (answer, error) {
	o, err := org.GetOrganization(r.tx, r.by, org.OrganizationID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	h, err := letter.GetHead(r.tx, r.by, string(o.ID))
	if err != nil {
		return answer{}, err
	}
	f := r.newForm("address_hi", h.AddressHi, "address_en", h.AddressEn, "contact_hi", h.ContactHi, "contact_en", h.ContactEn, "copy_hi", h.CopyHi, "copy_en", h.CopyEn, "mark", h.Mark)
	pg := page{title: r.p.T("letter.head_title"), where: r.p.Name(o.NameHi, o.NameEn), lead: headLead(r.p, o, h), body: headBody(r.p, f, "/org/"+string(o.ID)+"/letters", h.Emblem)}
	if pg.crumbs, err = orgCrumbs(r, o, true); err != nil {
		return answer{}, err
	}
	pg.crumbs = append(pg.crumbs, link{r.p.T("letter.templates_title"), "/org/" + string(o.ID) + "/letters"})
	return show(pg)
}

// headSave opens its own transactions: the emblem is read and made small between them.
func headSave(r *request) (answer, error) {
	body := r.PathValue("id")
	var before letter.Head
	may := func(tx *db.Tx) (err error) {
		if err = r.open(tx, false); err == nil {
			before, err = letter.GetHead(tx, r.by, body)
		}
		r.tx = nil
		return err
	}
	// Who asks is known before the picture is read: nobody else may spend our time.
	if err := r.site.unit.Read(r.Context(), may); err != nil {
		return answer{}, err
	}
	picture, err := r.picture("emblem")
	if err != nil {
		return answer{}, err
	}
	err = r.site.unit.Write(r.Context(), func(tx *db.Tx) error {
		if err := may(tx); err != nil {
			return err
		}
		h := letter.Head{AddressHi: r.typed("address_hi"), AddressEn: r.typed("address_en"), ContactHi: r.typed("contact_hi"), ContactEn: r.typed("contact_en"),
			CopyHi: r.typed("copy_hi"), CopyEn: r.typed("copy_en"), Mark: r.typed("mark"), Emblem: before.Emblem}
		if r.typed("no_emblem") == "yes" {
			h.Emblem = ""
		}
		return letter.SaveHead(tx, r.by, body, h, picture)
	})
	return goTo("/org/"+body+"/letters", "letter.head_saved_note"), err
}

// picture reads a picture that was sent, made fit to be kept; nil when none was. At
// most two are read at a time, for each takes much memory.
func (r *request) picture(name string) ([]byte, error) {
	if r.MultipartForm == nil || len(r.MultipartForm.File[name]) == 0 {
		return nil, nil
	}
	sent, err := r.MultipartForm.File[name][0].Open()
	if err != nil {
		return nil, err
	}
	defer sent.Close()
	file, err := io.ReadAll(io.LimitReader(sent, letter.MaxEmblemFile+1))
	if err != nil || len(file) == 0 {
		return nil, err
	}
	select {
	case r.site.pictures <- struct{}{}:
		defer func() { <-r.site.pictures }()
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	return letter.Emblem(file)
}

func emblemPicture(r *request) (answer, error) {
	b, err := letter.Picture(r.tx, r.by, r.PathValue("id"))
	if err == nil && b == nil {
		err = fault.New(fault.NotFound, "fault.not_found")
	}
	return answer{file: &download{kind: "image/png", name: "emblem.png", body: b}}, err
}

// copies reads to whom copies of one letter go besides, one a line.
func (r *request) copies() []string { return linesOf(r.typed("copy_more")) }

// download is a file as an answer.
type download struct {
	kind string // media type
	name string // ASCII
	body []byte
}

// send writes a file, shown in the browser where it can.
func (d *download) send(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", d.kind)
	h.Set("Content-Disposition", `inline; filename="`+d.name+`"`)
	h.Set("Content-Security-Policy", "default-src 'none'; object-src 'self'; frame-ancestors 'none'")
	h.Set("Content-Length", strconv.Itoa(len(d.body)))
	w.Write(d.body)
}
