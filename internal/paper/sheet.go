package paper

import (
	"archive/zip"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"sangathan/internal/fault"
	"sangathan/internal/lang"
)

// CSV writes the list as comma-separated values for spreadsheets: UTF-8 with a byte
// order mark, lines ended by CR LF, title and origin above the columns, days as
// 22-11-2026, numbers plain. A text that a spreadsheet would take for a formula gets
// an apostrophe before it. Faults: those of Rows, and of the writer.
func CSV(w io.Writer, l ListData) (err error) {
	defer fault.Op(&err, "paper.CSV(%s)", l.Number)
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	record := make([]string, 0, len(l.Columns))
	write := func(cells Row) error {
		record = record[:0]
		for _, v := range cells {
			record = append(record, csvCell(v))
		}
		return out.Write(record)
	}
	for _, s := range []string{l.Title, l.place(), l.origin()} {
		if s == "" {
			continue
		}
		if err := write(Row{s}); err != nil {
			return err
		}
	}
	if err := write(l.titles()); err != nil {
		return err
	}
	for row, err := range l.Rows {
		if err != nil {
			return err
		}
		if err := write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func (l ListData) titles() (row Row) {
	for _, c := range l.Columns {
		row = append(row, c.Title)
	}
	return row
}

// isFormula reports whether a spreadsheet would run s, after OWASP's page on CSV
// injection; the wide forms are those of East Asian keyboards.
func isFormula(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return s != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", r)
}

func csvCell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case lang.Day:
		if t, err := time.Parse(time.DateOnly, string(v)); err == nil {
			return t.Format("02-01-2006")
		}
	case time.Time:
		return v.Format("02-01-2006 15:04")
	}
	s := strings.ToValidUTF8(fmt.Sprint(v), "\ufffd")
	if isFormula(s) {
		return "'" + s
	}
	return s
}

// lastSheetRow is the most rows that a sheet may have.
const lastSheetRow = 1_048_576

// XLSX writes the list as a workbook: title and origin, then the columns, which stay
// in sight. Days and numbers are days and numbers, with Indian forms; every text is a
// text, never a formula. What does not fit on a sheet goes on to the next. Rows wait
// in a temporary file, not in memory. Faults: those of Rows, and of the writer.
func XLSX(w io.Writer, l ListData) (err error) { return xlsx(w, l, lastSheetRow) }

// xlsx writes the workbook with at most most rows on a sheet.
func xlsx(w io.Writer, l ListData, most int) (err error) {
	defer fault.Op(&err, "paper.XLSX(%s)", l.Number)
	f := excelize.NewFile()
	defer f.Close()
	b := &book{file: f, list: l, most: most}
	if err := b.styles(); err != nil {
		return err
	}
	if err := b.newSheet(); err != nil {
		return err
	}
	for row, err := range l.Rows {
		if err != nil {
			return err
		}
		if err := b.add(row); err != nil {
			return err
		}
	}
	if err := b.sheet.Flush(); err != nil {
		return err
	}
	props := &excelize.DocProperties{Title: clean(l.Title), Creator: "Sangathan", Identifier: clean(l.Number), Language: string(l.Printer.Lang())}
	if !l.Time.IsZero() {
		props.Created = l.Time.UTC().Format(time.RFC3339)
		props.Modified = props.Created
	}
	if err := f.SetDocProps(props); err != nil {
		return err
	}
	// The library would gather the whole file in memory: let it write straight out.
	f.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(w) })
	_, err = f.WriteTo(io.Discard)
	return err
}

// A book is a workbook being written.
type book struct {
	file   *excelize.File
	list   ListData
	sheet  *excelize.StreamWriter
	sheets int
	row    int // the last row written
	most   int // rows on a sheet
	cells  []any

	title, head, plain, guarded, number, decimal, day, instant int // styles
}

func (b *book) styles() error {
	// Indian grouping, by size: crore, lakh, thousand.
	const grouped = `[>=10000000]##\,##\,##\,##0;[>=100000]##\,##\,##0;##,##0`
	form := func(s string) *excelize.Style { return &excelize.Style{CustomNumFmt: &s} }
	for _, s := range []struct {
		to    *int
		style *excelize.Style
	}{
		{&b.title, &excelize.Style{Font: &excelize.Font{Bold: true, Size: 14}}},
		{&b.head, &excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E8EDEF"}},
			Border: []excelize.Border{{Type: "bottom", Style: 1, Color: "334155"}}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}}},
		{&b.plain, &excelize.Style{Alignment: &excelize.Alignment{Vertical: "top"}}},
		{&b.guarded, form("@")}, // text for ever: not run when somebody edits the cell
		{&b.number, form(grouped)},
		{&b.decimal, form("0.0#")},
		{&b.day, form("dd-mm-yyyy")},
		{&b.instant, form("dd-mm-yyyy hh:mm")},
	} {
		id, err := b.file.NewStyle(s.style)
		if err != nil {
			return err
		}
		*s.to = id
	}
	return nil
}

// newSheet begins a sheet with title, origin and columns.
func (b *book) newSheet() (err error) {
	b.sheets++
	name := strconv.Itoa(b.sheets)
	if b.sheets == 1 {
		err = b.file.SetSheetName("Sheet1", name)
	} else {
		_, err = b.file.NewSheet(name)
	}
	if err != nil {
		return err
	}
	if b.sheet, err = b.file.NewStreamWriter(name); err != nil {
		return err
	}
	var above []excelize.Cell
	for i, s := range []string{b.list.Title, b.list.place(), b.list.origin()} {
		style := b.plain
		if i == 0 {
			style = b.title
		}
		if s != "" {
			above = append(above, excelize.Cell{StyleID: style, Value: cellText(s)})
		}
	}
	head := len(above) + 1
	var sum float64
	for _, c := range b.list.Columns {
		sum += c.Width
	}
	for i, c := range b.list.Columns {
		width := 16.0
		if sum > 0 {
			width = min(60, max(6, 110*c.Width/sum))
		}
		if err := b.sheet.SetColWidth(i+1, i+1, width); err != nil {
			return err
		}
	}
	if err := b.sheet.SetPanes(&excelize.Panes{Freeze: true, YSplit: head, TopLeftCell: "A" + strconv.Itoa(head+1), ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	b.row = 0
	for _, c := range above {
		if err := b.write([]any{c}); err != nil {
			return err
		}
	}
	titles := b.list.titles()
	for i, v := range titles {
		titles[i] = excelize.Cell{StyleID: b.head, Value: cellText(v.(string))}
	}
	return b.write(titles)
}

func (b *book) write(cells []any) error {
	b.row++
	return b.sheet.SetRow("A"+strconv.Itoa(b.row), cells)
}

// add writes a row, on a new sheet when this one is full.
func (b *book) add(row Row) error {
	if b.row == b.most {
		if err := b.sheet.Flush(); err != nil {
			return err
		}
		if err := b.newSheet(); err != nil {
			return err
		}
	}
	b.cells = b.cells[:0]
	for _, v := range row {
		b.cells = append(b.cells, b.cell(v))
	}
	return b.write(b.cells)
}

func (b *book) cell(v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case int:
		return excelize.Cell{StyleID: b.number, Value: v}
	case int64:
		return excelize.Cell{StyleID: b.number, Value: v}
	case float64:
		return excelize.Cell{StyleID: b.decimal, Value: v}
	case lang.Day:
		if t, err := time.Parse(time.DateOnly, string(v)); err == nil {
			return excelize.Cell{StyleID: b.day, Value: serial(t)}
		}
	case time.Time:
		return excelize.Cell{StyleID: b.instant, Value: serial(v)}
	}
	s := cellText(fmt.Sprint(v))
	if isFormula(s) {
		return excelize.Cell{StyleID: b.guarded, Value: s}
	}
	return s
}

// cellText makes s fit for a cell: valid UTF-8 that XML can carry, at most 32,767
// UTF-16 units, cut between letters.
func cellText(s string) string {
	const most = 32_767
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	n := 0
	for i, r := range s {
		if n += utf16Len(r); n > most {
			return s[:i]
		}
	}
	return s
}

func utf16Len(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

// serial gives what a clock shows at t as a spreadsheet counts: days since 30 December
// 1899. It holds from March 1900 on.
func serial(t time.Time) float64 {
	wall := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	return wall.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours() / 24
}
