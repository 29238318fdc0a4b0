package paper

import (
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"sangathan/internal/fault"
	"sangathan/internal/lang"
)

// ListData is a list, for [List], [XLSX] and [CSV] alike.
type ListData struct {
	Title   string // what it lists
	Area    string // of which area or body
	Date    string // as on which day, in words; may be empty
	Columns []Column
	Rows    iter.Seq2[Row, error] // read once
	Printer lang.Printer          // the reader's language and digits

	// Who took the list out, when, and under which export number: a list that leaves
	// the house says where it came from. Empty parts are left out.
	Reader string
	Time   time.Time // in the unit's zone
	Number string

	// PDF only.
	Grouped   bool // the first column stands as a heading above the rows that share it
	Landscape bool // A4 on its side
}

// A Row is the cells of one row: string, int, int64, float64, lang.Day, time.Time, or
// nil for none.
type Row []any

// origin tells who took the list out, when, and under which number.
func (l ListData) origin() string {
	var parts []string
	p := l.Printer
	switch {
	case l.Reader != "" && !l.Time.IsZero():
		parts = append(parts, p.T("common.printed_on", "when", p.Time(l.Time), "who", l.Reader))
	case l.Reader != "":
		parts = append(parts, l.Reader)
	case !l.Time.IsZero():
		parts = append(parts, p.Time(l.Time))
	}
	if l.Number != "" {
		parts = append(parts, p.T("common.export_no", "no", l.Number))
	}
	return strings.Join(parts, " · ")
}

// place gives area and date in one line.
func (l ListData) place() string {
	return strings.Trim(l.Area+" · "+l.Date, " ·")
}

// List writes the list as PDF, page by page as the rows come. Title, area and date
// stand above every page, the origin and the page's number below. Faults: those of
// Rows, and of the writer.
func List(w io.Writer, l ListData) (err error) {
	defer fault.Op(&err, "paper.List(%s)", l.Number)
	p := l.Printer
	d := New(w, Options{Title: l.Title, Lang: string(p.Lang()), Time: l.Time, Landscape: l.Landscape, Margin: 16 * MM, Digits: p.Digits, Header: l.header,
		Footer: func(int) Band { return l.footer() }})
	if err := d.list(l); err != nil {
		return err
	}
	return d.Close()
}

func (l ListData) header(page int) Band {
	if page == 1 {
		return Band{}
	}
	return Band{Left: l.Title, Right: l.place()}
}

func (l ListData) footer() Band {
	return Band{Left: l.origin(), Right: l.Printer.T("paper.page", "page", "{page}", "pages", "{pages}")}
}

// list sets the list, its title first.
func (d *Doc) list(l ListData) error {
	p := l.Printer
	d.Text(l.Title, Style{Size: 15, Bold: true, Lead: 1.5})
	if place := l.place(); place != "" {
		d.Text(place, Style{Size: 10.5})
	}
	d.Space(4)
	columns, group := l.Columns, ""
	if l.Grouped {
		columns = columns[1:]
	}
	t := d.Table(columns, Style{})
	texts := make([]string, len(columns))
	for row, err := range l.Rows {
		if err != nil {
			return err
		}
		if d.file.err != nil {
			break
		}
		if l.Grouped && len(row) > 0 {
			if g := shown(p, row[0]); g != group {
				t.Heading(g)
				group = g
			}
			row = row[1:]
		}
		clear(texts)
		for i, v := range row[:min(len(row), len(texts))] {
			texts[i] = shown(p, v)
		}
		t.Row(texts...)
	}
	return nil
}

// shown writes a cell for the eye.
func shown(p lang.Printer, v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case int:
		return p.Num(v)
	case int64:
		return p.Num(int(v))
	case float64:
		return p.Digits(strconv.FormatFloat(v, 'f', -1, 64))
	case lang.Day:
		return p.Day(string(v))
	case time.Time:
		return p.Time(v)
	}
	return fmt.Sprint(v)
}
