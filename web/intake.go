package web

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"sangathan/access"
	"sangathan/intake"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/internal/paper"
)

// listsPage offers to load a list, and shows the newest of those sent before.
func listsPage(r *request) (answer, error) {
	v := listsView{p: r.p, r: r, form: r.newForm("kind", intake.People)}
	var err error
	if v.lists, err = intake.Lists(r.tx, r.by, 0, pageRows); err != nil {
		return answer{}, err
	}
	v.when = map[intake.ID]time.Time{}
	for _, l := range v.lists {
		v.when[l.ID] = r.tx.Time(l.CreatedAt)
	}
	for _, k := range intake.Kinds {
		v.kinds = append(v.kinds, choice{k, r.p.T("intake.kind." + k), r.p.T("intake.hint." + k)})
	}
	return show(page{title: r.p.T("intake.title"), where: r.whereNow(), lead: r.p.T("intake.lead"), body: listsBody(v)})
}

type listsView struct {
	p     lang.Printer
	r     *request
	form  form
	kinds []choice
	lists []intake.List
	when  map[intake.ID]time.Time
}

// listSend takes a file, or pasted text, and has it read in the background.
func listSend(r *request) (answer, error) {
	in := intake.Input{Kind: r.typed("kind"), Source: r.typed("source"), SourceDay: r.day("source_day"), Fixed: map[string]string{}}
	if role := r.typed("role"); role != "" {
		in.Fixed["role"] = role
	}
	text := r.form.Get("text")
	var content io.ReaderAt = strings.NewReader(text)
	size, name := int64(len(text)), r.p.T("intake.pasted")
	done := func() error { return nil }
	if r.MultipartForm != nil && len(r.MultipartForm.File["file"]) > 0 && r.MultipartForm.File["file"][0].Size > 0 {
		head := r.MultipartForm.File["file"][0]
		f, err := head.Open()
		if err != nil {
			return answer{}, err
		}
		content, size, name, done = f, head.Size, head.Filename, f.Close
	}
	if size == 0 {
		return answer{}, fault.In("file", "intake.nothing_sent")
	}
	if in.Source == "" {
		in.Source = name
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, io.NewSectionReader(content, 0, size)); err != nil {
		return answer{}, errors.Join(err, done())
	}
	in.Hash = hash.Sum(nil)
	id, again, err := intake.Begin(r.tx, r.by, in)
	if err != nil || again {
		return goTo("/list/"+string(id), "intake.sent_before"), errors.Join(err, done())
	}
	a := goTo("/list/"+string(id), "")
	a.after = func() {
		go func() {
			r.site.runList(id, &intake.File{ReaderAt: content, Size: size})
			done()
		}()
	}
	return a, nil
}

// runList carries a list on; what the sender can mend stands on the list's page.
func (s *site) runList(id intake.ID, file *intake.File) {
	if err := intake.Run(context.Background(), s.unit, id, file); fault.Is(err, fault.Internal) {
		s.cfg.Logger.Error("list", "id", string(id), "error", err)
	}
}

const shownRows = 10 // of each verdict on a list's page

// listPage shows how a list stands and what comes next.
func listPage(r *request) (answer, error) {
	id := intake.ID(r.PathValue("id"))
	l, err := intake.Get(r.tx, r.by, id)
	if err != nil {
		return answer{}, err
	}
	v := listView{p: r.p, r: r, l: l, form: r.newForm(), path: "/list/" + string(id)}
	for _, told := range []struct {
		verdict string
		rows    *[]intake.Told
	}{{"faulty", &v.faulty}, {"changed", &v.changed}, {"doubtful", &v.doubtful}, {"added", &v.added}} {
		if *told.rows, _, err = intake.Rows(r.tx, r.by, id, told.verdict, db.Page{Limit: shownRows}); err != nil {
			return answer{}, err
		}
	}
	if !l.IsChat() { // a chat's lines are not told apart by columns
		v.columns = l.Heads
	}
	for _, c := range v.columns {
		if v.form.values["column."+c.Key] == nil {
			v.form.values.Set("column."+c.Key, l.Mapping.Columns[c.Key])
		}
	}
	if v.form.values["fixed.role"] == nil {
		v.form.values.Set("fixed.role", l.Mapping.Fixed["role"])
	}
	v.fields = []choice{{value: "", text: r.p.T("intake.leave_out")}}
	for _, f := range intake.Fields(l.Kind) {
		v.fields = append(v.fields, choice{value: f, text: r.p.T("intake.field." + f)})
	}
	pg := page{title: l.Source, where: r.p.T("intake.kind."+l.Kind) + " · " + r.p.Day(l.SourceDay), refresh: l.Busy(), body: listBody(v),
		crumbs: []link{{r.p.T("intake.title"), "/lists"}}}
	return show(pg)
}

type listView struct {
	p                         lang.Printer
	r                         *request
	l                         intake.List
	form                      form
	path                      string
	columns                   []intake.Column
	fields                    []choice
	list                      *list
	faulty, changed, doubtful []intake.Told
	added                     []intake.Told
}

// remarks tells what there is to say of a row: what is wrong, each with its remedy,
// whom it may repeat, what it changes.
func remarks(p lang.Printer, t intake.Told) (texts []string) {
	for _, f := range slices.Concat(t.Faults, t.Doubts) {
		texts = append(texts, p.Fields(f.Error())[f.Field])
	}
	if t.After != "" {
		texts = append(texts, strings.TrimPrefix(t.Before+" → "+t.After, " "))
	}
	return texts
}

// rowText is a row as it was read.
func rowText(l intake.List, t intake.Told) string {
	var cells []string
	for _, f := range l.Columns() {
		if c := t.Values[f]; c != "" {
			cells = append(cells, c)
		}
	}
	return strings.Join(cells, " · ")
}

// rowNumber says where a row stands in its list.
func rowNumber(p lang.Printer, t intake.Told) string {
	if t.Sheet == "" {
		return p.T("intake.row", "line", strconv.Itoa(t.Line))
	}
	return p.T("intake.row_of_sheet", "sheet", t.Sheet, "line", strconv.Itoa(t.Line))
}

// listRows shows all rows of a list that are faulty, doubtful or change something. Taken
// out as a file they can be mended and sent in again: each field has its column, and what
// is wrong stands beside it.
func listRows(r *request) (answer, error) {
	id, of := intake.ID(r.PathValue("id")), r.query("of")
	if !slices.Contains([]string{"faulty", "doubtful", "changed"}, of) {
		return answer{}, fault.New(fault.NotFound, "fault.not_found")
	}
	l, err := intake.Get(r.tx, r.by, id)
	if err != nil {
		return answer{}, err
	}
	v := listView{p: r.p, r: r, l: l}
	o := roll[intake.Told]{name: "intake", cols: []col{{"intake.row_no", 2}},
		read: func(tx *db.Tx, by access.Actor, p db.Page) ([]intake.Told, string, error) {
			return intake.Rows(tx, by, id, of, p)
		},
		cells: func(t intake.Told) paper.Row {
			row := paper.Row{strings.TrimSpace(t.Sheet + " " + strconv.Itoa(t.Line))}
			for _, f := range l.Columns() {
				row = append(row, t.Values[f])
			}
			return append(row, strings.Join(remarks(r.p, t), " "))
		}}
	for _, f := range l.Columns() {
		o.cols = append(o.cols, col{"intake.field." + f, 4})
	}
	o.cols = append(o.cols, col{"intake.remark." + of, 8})
	v.faulty, v.list, err = open(r, o)
	return answer{page: page{title: capital(r.p.T("intake." + of + "_rows")), where: l.Source, lead: r.p.T("intake.mend." + of), list: v.list, body: rowsBody(v),
		crumbs: []link{{r.p.T("intake.title"), "/lists"}, {l.Source, "/list/" + string(id)}}}}, err
}

func (r *request) listWork(key string, verb func(id intake.ID) error) (answer, error) {
	id := intake.ID(r.PathValue("id"))
	if err := verb(id); err != nil {
		return answer{}, err
	}
	a := goTo("/list/"+string(id), key)
	a.after = func() { go r.site.runList(id, nil) }
	return a, nil
}

func listColumns(r *request) (answer, error) {
	return r.listWork("", func(id intake.ID) error {
		l, err := intake.Get(r.tx, r.by, id)
		if err != nil {
			return err
		}
		m := intake.Mapping{Columns: map[string]string{}, Fixed: l.Mapping.Fixed}
		for _, c := range l.Heads {
			m.Columns[c.Key] = r.typed("column." + c.Key)
		}
		if l.ByPost() {
			m.Fixed["role"] = r.typed("fixed.role")
		}
		return intake.Map(r.tx, r.by, id, m)
	})
}

func listLoad(r *request) (answer, error) {
	return r.listWork("", func(id intake.ID) error { return intake.Load(r.tx, r.by, id) })
}

func listUndo(r *request) (answer, error) {
	return r.listWork("", func(id intake.ID) error { return intake.Undo(r.tx, r.by, id) })
}

// columnName is a column's head, or its number.
func columnName(p lang.Printer, c intake.Column) string {
	if c.Head != "" {
		return c.Head
	}
	return p.T("intake.column_no", "no", strings.TrimPrefix(c.Key, "#"))
}

func columnExamples(p lang.Printer, c intake.Column) string {
	if len(c.Examples) == 0 {
		return ""
	}
	return p.T("intake.examples", "list", strings.Join(c.Examples, ", "))
}
