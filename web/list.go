package web

import (
	"net/url"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/lang"
	"sangathan/internal/paper"

	"github.com/a-h/templ"
)

// Route is one address of the site as its list says it: for tests and documents.
type Route struct {
	Method  string
	Pattern string
	Act     access.Act // what it needs on its target; "" for being signed in, "public" for nothing
	Target  string     // how {id} names the target; "list", "self" and "none" name none
}

// Routes lists every address of the site in the order of its table.
func Routes() []Route {
	all := make([]Route, 0, len(routes))
	for _, rt := range routes {
		all = append(all, Route{rt.method, rt.pattern, rt.act, rt.target})
	}
	return all
}

// pageRows is how many rows of a list a page shows.
const pageRows = 50

// roll says how a list is read and how it stands in a file. The page shows its rows
// after a key; a download holds all of them, by the same filter and in the same order.
type roll[T any] struct {
	name  string   // in the register of exports and the names of files; "lists.name."+name says it in words
	sorts []string // the ways to sort it; the first is its own
	read  reading[T]
	cols  []col
	cells func(v T) paper.Row

	grouped bool               // on paper the first column stands above the rows that share it
	letter  func(v T) letterOf // where rows have letters: that of a row
}

// reading reads a page of a list.
type reading[T any] func(tx *db.Tx, by access.Actor, p db.Page) (rows []T, next string, err error)

// col is a column of a file: the key of its title, and its share of the width.
type col struct {
	title string
	width float64
}

// list is a list as its page has it: the ways through it, and its files.
type list struct {
	name        string
	sort        string   // as asked for; "" is the list's own
	sorts       []choice // the ways to sort it, in words
	first, next string   // addresses; "" for none
	files       []link
	told        []string // what was chosen, in words
	columns     []paper.Column
	grouped     bool
	read        func(tx *db.Tx, by access.Actor, p db.Page) (rows []paper.Row, next string, err error)
	letters     func(tx *db.Tx, by access.Actor, p db.Page) (of []letterOf, next string, err error) // nil where rows have none
}

// offers reports whether the list can be taken out so.
func (l *list) offers(f format) bool { return f.write != nil || l.letters != nil }

// open reads the page of a list that the address asks for. told says in words what the
// address has chosen; it stands in the files.
func open[T any](r *request, o roll[T], told ...string) ([]T, *list, error) {
	l := &list{name: o.name, sort: r.query("sort"), grouped: o.grouped}
	for _, s := range o.sorts {
		l.sorts = append(l.sorts, choice{value: s, text: r.p.T("lists.sort." + o.name + "." + s)})
	}
	if l.sort == "" || len(o.sorts) > 0 && l.sort == o.sorts[0] {
		l.sort = ""
	} else {
		l.told = append(l.told, r.p.T("lists.sorted", "by", r.p.T("lists.sort."+o.name+"."+l.sort)))
	}
	for _, t := range told {
		if t != "" {
			l.told = append(l.told, t)
		}
	}
	page := db.Page{Sort: l.sort, After: r.query("after"), Limit: pageRows}
	rows, next, err := o.read(r.tx, r.by, page)
	if err != nil {
		return nil, nil, err
	}
	if page.After != "" {
		l.first = r.with("after", "")
	}
	if next != "" {
		l.next = r.with("after", next)
	}
	if o.letter != nil {
		l.letters = func(tx *db.Tx, by access.Actor, p db.Page) (of []letterOf, next string, err error) {
			rows, next, err := o.read(tx, by, p)
			for _, v := range rows {
				of = append(of, o.letter(v))
			}
			return of, next, err
		}
	}
	if len(rows) > 0 {
		for _, f := range formats {
			if !l.offers(f) {
				continue
			}
			l.files = append(l.files, link{r.p.T("lists.format." + f.name), r.with("after", "", "as", f.name)})
		}
	}
	for _, c := range o.cols {
		l.columns = append(l.columns, paper.Column{Title: capital(r.p.T(c.title)), Width: c.width})
	}
	l.read = func(tx *db.Tx, by access.Actor, p db.Page) ([]paper.Row, string, error) {
		rows, next, err := o.read(tx, by, p)
		cells := make([]paper.Row, 0, len(rows))
		for _, v := range rows {
			cells = append(cells, o.cells(v))
		}
		return cells, next, err
	}
	return rows, l, nil
}

// sortField chooses how the list is sorted; nothing where there is one way only.
func (l *list) sortField(f form, p lang.Printer) templ.Component {
	if len(l.sorts) < 2 {
		return templ.NopComponent
	}
	f.values = url.Values{"sort": {l.sort}}
	if l.sort == "" {
		f.values.Set("sort", l.sorts[0].value)
	}
	return selectField(f, "sort", p.T("lists.sort_label"), "", l.sorts)
}

// orEach offers all, and each of values as word says it.
func (r *request) orEach(values []string, word func(value string) string) []choice {
	all := []choice{{value: "", text: r.p.T("common.all")}}
	for _, v := range values {
		all = append(all, choice{value: v, text: word(v)})
	}
	return all
}

// chosen gives the text of what was chosen; "" for all.
func chosen(choices []choice, value string) string {
	for _, c := range choices {
		if c.value == value && value != "" {
			return c.text
		}
	}
	return ""
}

// instant turns a stored instant into a time in the unit's zone; nil for none.
func (r *request) instant(millis int64) any {
	if millis == 0 {
		return nil
	}
	return time.UnixMilli(millis).In(r.site.unit.Zone())
}

// dayCell is a day in a file; nil for none.
func dayCell(day string) any {
	if day == "" {
		return nil
	}
	return lang.Day(day)
}
