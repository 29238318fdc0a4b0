package paper

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"sangathan/internal/fault"
	"sangathan/internal/lang"
)

// diary is a telephone diary of n invented people in districts of 15.
func diary(n int) ListData {
	names := []string{"धर्मेंद्र कुमार शर्मा", "श्रीमती सुनीता देवी", "मोहम्मद इरफ़ान", "राजेश्वरी त्रिपाठी", "ज्ञानेंद्र प्रताप सिंह", "कृष्णा यादव", hardName}
	districts := []string{"प्रयागराज", "भदोही", "सोनभद्र", "श्रावस्ती"}
	posts := []string{"जिलाध्यक्ष", "महासचिव (संगठन)", "कोषाध्यक्ष", "ब्लॉक अध्यक्ष, ज्ञानपुर और निकट के क्षेत्र"}
	return ListData{
		Title: "दूरभाष डायरी", Area: "उदाहरण प्रदेश", Date: "22 नवंबर 2026 को",
		Reader: "सुनीता देवी, कार्यालय सचिव", Time: made, Number: "UPS/EX/1043",
		Grouped: true,
		Columns: []Column{{"जिला", 20, Left}, {"क्र.", 5, Right}, {"नाम", 30, Left}, {"पद", 30, Left}, {"मोबाइल नंबर", 17, Left}, {"कब से", 18, Right}},
		Rows: func(yield func(Row, error) bool) {
			for i := range n {
				if !yield(Row{"जिला " + districts[i/15%len(districts)], i + 1, names[i%len(names)], posts[i%len(posts)], fmt.Sprintf("+91 98%08d", i*7919%100000000), lang.Day(fmt.Sprintf("2026-%02d-%02d", 1+i%12, 1+i%28))}, nil) {
					return
				}
			}
		},
	}
}

func listPDF(t testing.TB, l ListData) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := List(&b, l); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestListPages(t *testing.T) {
	const n = 150
	l := diary(n)
	pages := strings.Split(strings.TrimRight(tool(t, listPDF(t, l), "pdftotext", "-layout", "IN", "-"), "\f"), "\f")
	if len(pages) < 4 {
		t.Fatalf("%d pages", len(pages))
	}
	all := ""
	for i, page := range pages {
		page = even(page)
		for _, want := range []string{"दूरभाष डायरी", "उदाहरण प्रदेश · 22 नवंबर 2026 को", "क्र. नाम पद मोबाइल नंबर कब से", fmt.Sprintf("पृष्ठ %d / %d", i+1, len(pages)),
			"22 नवंबर 2026, शाम 5:45 को सुनीता देवी, कार्यालय सचिव ने निकाला · निर्यात संख्या UPS/EX/1043"} {
			if strings.Count(page, want) != 1 {
				t.Errorf("page %d: %q stands there %d times:\n%s", i+1, want, strings.Count(page, want), page)
			}
		}
		if words := strings.Fields(page[strings.Index(page, "कब से"):]); words[2] != "जिला" {
			t.Errorf("page %d does not begin with whose rows they are: %q", i+1, words[:6])
		}
		before, _, _ := strings.Cut(page, "22 नवंबर 2026, शाम 5:45")
		if words := strings.Fields(before); words[len(words)-2] == "जिला" {
			t.Errorf("page %d ends with a heading", i+1)
		}
		all += " " + page
	}
	for i := range n {
		if want := fmt.Sprintf("+91 98%08d %d %s 2026", i*7919%100000000, 1+i%28, lang.Printer{}.T(fmt.Sprintf("month.%d", 1+i%12))); strings.Count(all, want) != 1 {
			t.Errorf("row %d: %q stands there %d times", i+1, want, strings.Count(all, want))
		}
	}
	for _, h := range []string{"जिला प्रयागराज", "जिला श्रावस्ती"} {
		if !strings.Contains(all, h) {
			t.Errorf("no heading %s", h)
		}
	}
}

// A name too long for its column is on several lines, and all of them on one page.
func TestRowsStayWhole(t *testing.T) {
	for n := 30; n < 50; n++ {
		l := diary(n)
		l.Grouped, l.Columns = false, []Column{{"क्र.", 1, Right}, {"नाम", 2, Left}, {"पद", 6, Left}}
		l.Rows = func(yield func(Row, error) bool) {
			for i := range n {
				if !yield(Row{i, "शुरू अ आ इ ई उ ऊ ऋ ए ऐ ओ औ अं अः क ख ग घ च छ ज झ ट ठ ड ढ त थ द ध न प फ ब भ म य र ल व श ष स ह अंत", ""}, nil) {
					return
				}
			}
		}
		for i, page := range strings.Split(tool(t, listPDF(t, l), "pdftotext", "-layout", "IN", "-"), "\f") {
			if a, b := strings.Count(page, "शुरू"), strings.Count(page, "अंत"); a != b {
				t.Fatalf("%d rows, page %d: %d begun, %d ended", n, i+1, a, b)
			}
		}
	}
}

// A row taller than a page goes on, line by line, with nothing lost.
func TestRowTallerThanAPage(t *testing.T) {
	var words []string
	for i := range 3000 {
		words = append(words, fmt.Sprintf("शब्द%d", i))
	}
	l := diary(0)
	l.Grouped, l.Columns = false, []Column{{"क्र.", 1, Left}, {"बात", 3, Left}}
	l.Rows = rows(Row{"पहला", "छोटा"}, Row{"दूसरा", strings.Join(words, " ")}, Row{"तीसरा", "छोटा"})
	got := textOf(t, listPDF(t, l))
	for _, w := range append(words, "पहला", "दूसरा", "तीसरा") {
		if !strings.Contains(got+" ", w+" ") {
			t.Fatalf("%s is lost", w)
		}
	}
}

func rows(all ...Row) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func TestListLooksAsItDid(t *testing.T) { looksLike(t, listPDF(t, diary(60)), "diary.png") }

func TestListDigitsAndLanguage(t *testing.T) {
	l := diary(0)
	l.Grouped, l.Columns = false, []Column{{"क", 1, Left}, {"ख", 1, Right}, {"ग", 1, Right}, {"घ", 1, Left}}
	l.Rows = rows(Row{"एक 1", 177516, 2.5, made}, Row{nil, int64(-1200), lang.Day("2026-11-22"), lang.Day("कब")}, Row{"कम"})
	l.Printer = lang.New(lang.Hi, nil, true)
	got := textOf(t, listPDF(t, l))
	for _, want := range []string{"एक 1", "१,७७,५१६", "२.५", "२२ नवंबर २०२६, शाम ५:४५", "−१,२००", "२२ नवंबर २०२६", "कब", "कम", "पृष्ठ १ / १"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
	l.Printer = lang.New(lang.En, nil, false)
	if pdf := listPDF(t, l); !strings.Contains(textOf(t, pdf), "Page 1 / 1") || !bytes.Contains(pdf, []byte("/Lang(en)")) {
		t.Error("the list is not in English")
	}
}

func TestFaultsOfRowsEndTheList(t *testing.T) {
	stop := fault.New(fault.Unavailable, "fault.unavailable")
	for name, write := range writers {
		l := diary(5)
		l.Rows = func(yield func(Row, error) bool) {
			if yield(Row{"एक"}, nil) {
				yield(nil, stop)
			}
		}
		if err := write(&bytes.Buffer{}, l); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: the fault of the rows became %v", name, err)
		}
		full := errors.New("full")
		if err := write(failing{full}, diary(2000)); !errors.Is(err, full) {
			t.Errorf("%s: the fault of the writer became %v", name, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// nasty are texts that a spreadsheet might run.
var nasty = []string{"=1+1", "=cmd|'/c calc'!A1", "+91 9812345678", "-5", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", `=HYPERLINK("http://x.example","क")`}

func TestCSV(t *testing.T) {
	l := diary(40)
	var b bytes.Buffer
	if err := CSV(&b, l); err != nil {
		t.Fatal(err)
	}
	text, ok := strings.CutPrefix(b.String(), "\ufeff")
	if !ok {
		t.Error("no byte order mark")
	}
	if strings.Count(text, "\n") != strings.Count(text, "\r\n") {
		t.Error("a line does not end with CR LF")
	}
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	got, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]string{
		{"दूरभाष डायरी"}, {"उदाहरण प्रदेश · 22 नवंबर 2026 को"},
		{"22 नवंबर 2026, शाम 5:45 को सुनीता देवी, कार्यालय सचिव ने निकाला · निर्यात संख्या UPS/EX/1043"},
		{"जिला", "क्र.", "नाम", "पद", "मोबाइल नंबर", "कब से"},
		{"जिला प्रयागराज", "1", "धर्मेंद्र कुमार शर्मा", "जिलाध्यक्ष", "'+91 9800000000", "01-01-2026"},
	} {
		if fmt.Sprint(got[i]) != fmt.Sprint(want) {
			t.Errorf("line %d: %q, want %q", i+1, got[i], want)
		}
	}
	if len(got) != 4+40 {
		t.Errorf("%d lines", len(got))
	}
	for _, s := range nasty {
		var b bytes.Buffer
		if err := CSV(&b, ListData{Title: s, Columns: []Column{{Title: s}}, Rows: rows(Row{s}, Row{1, s}, Row{-5, 2.5, nil, made, s})}); err != nil {
			t.Fatal(err)
		}
		r := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\ufeff")))
		r.FieldsPerRecord = -1
		all, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, record := range all {
			for _, cell := range record {
				if cell != "-5" && strings.ContainsAny(cell[:min(1, len(cell))], "=+-@\t\r\n") || strings.HasPrefix(cell, "＝") {
					t.Errorf("%q leaves as %q", s, cell)
				}
			}
		}
		// A CR before LF is all that encoding/csv may change.
		if want := "'" + s; all[3][1] != want && s != "\r=1" || all[4][0] != "-5" || all[4][1] != "2.5" || all[4][3] != "22-11-2026 17:45" {
			t.Errorf("%q", all)
		}
	}
}

func openSheet(t *testing.T, l ListData) *excelize.File {
	t.Helper()
	var b bytes.Buffer
	if err := XLSX(&b, l); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestXLSX(t *testing.T) {
	f := openSheet(t, diary(40))
	got, err := f.GetRows("1")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]string{
		{"दूरभाष डायरी"}, {"उदाहरण प्रदेश · 22 नवंबर 2026 को"},
		{"22 नवंबर 2026, शाम 5:45 को सुनीता देवी, कार्यालय सचिव ने निकाला · निर्यात संख्या UPS/EX/1043"},
		{"जिला", "क्र.", "नाम", "पद", "मोबाइल नंबर", "कब से"},
		{"जिला प्रयागराज", "1", "धर्मेंद्र कुमार शर्मा", "जिलाध्यक्ष", "+91 9800000000", "01-01-2026"},
	} {
		if i == 4 { // the library shows numbers wrongly whose form depends on their size; see TestXLSXCells
			got[i][1] = want[1]
		}
		if fmt.Sprint(got[i]) != fmt.Sprint(want) {
			t.Errorf("row %d: %q, want %q", i+1, got[i], want)
		}
	}
	if len(got) != 4+40 {
		t.Errorf("%d rows", len(got))
	}
	panes, err := f.GetPanes("1")
	if err != nil || panes.YSplit != 4 || !panes.Freeze {
		t.Errorf("panes %+v, %v", panes, err)
	}
	props, err := f.GetDocProps()
	if err != nil || props.Title != "दूरभाष डायरी" || props.Created != "2026-11-22T12:15:00Z" {
		t.Errorf("%+v, %v", props, err)
	}
}

func TestXLSXCells(t *testing.T) {
	f := openSheet(t, ListData{Columns: []Column{{Title: "क"}}, Rows: rows(Row{
		177516, int64(-12345678), 2.5, lang.Day("2026-11-22"), made, "09812", nil, lang.Day("कब"), "क\x00ख\x0b\ufffe", "a\u200db"})})
	for cell, want := range map[string]struct {
		shown, raw string
		kind       excelize.CellType
	}{
		"A2": {"1,77,516", "177516", excelize.CellTypeUnset},
		"B2": {"-12345678", "-12345678", excelize.CellTypeUnset},
		"C2": {"2.5", "2.5", excelize.CellTypeUnset},
		"D2": {"22-11-2026", "46348", excelize.CellTypeUnset},
		"E2": {"22-11-2026 17:45", "46348.739583333336", excelize.CellTypeUnset},
		"F2": {"09812", "09812", excelize.CellTypeInlineString},
		"G2": {"", "", excelize.CellTypeUnset},
		"H2": {"कब", "कब", excelize.CellTypeInlineString},
		"I2": {"कख", "कख", excelize.CellTypeInlineString},
		"J2": {"a\u200db", "a\u200db", excelize.CellTypeInlineString},
	} {
		kind, err := f.GetCellType("1", cell)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := f.GetCellValue("1", cell, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		shown, err := f.GetCellValue("1", cell)
		if err != nil {
			t.Fatal(err)
		}
		if kind != want.kind || raw != want.raw || shown != want.shown && cell != "A2" && cell != "B2" { // the library does not know conditional forms
			t.Errorf("%s: kind %v, raw %q, shown %q; want %v", cell, kind, raw, shown, want)
		}
	}
	f = openSheet(t, ListData{Columns: []Column{{Title: "क"}}, Rows: func(yield func(Row, error) bool) {
		for _, s := range nasty {
			if !yield(Row{s, s}, nil) {
				return
			}
		}
	}})
	for i, s := range nasty {
		cell := fmt.Sprintf("A%d", i+2)
		formula, err := f.GetCellFormula("1", cell)
		if err != nil || formula != "" {
			t.Errorf("%q became the formula %q, %v", s, formula, err)
		}
		if kind, _ := f.GetCellType("1", cell); kind != excelize.CellTypeInlineString {
			t.Errorf("%q is no text but %v", s, kind)
		}
		if got, _ := f.GetCellValue("1", cell); got != s && got != strings.TrimPrefix(s, "\r") && strings.TrimSpace(got) != strings.TrimSpace(s) {
			t.Errorf("%q reads %q", s, got)
		}
		style, _ := f.GetCellStyle("1", cell)
		if st, err := f.GetStyle(style); err != nil || st.NumFmt != 49 && (st.CustomNumFmt == nil || *st.CustomNumFmt != "@") {
			if s[0] != '\r' {
				t.Errorf("%q would run when edited: %+v, %v", s, st, err)
			}
		}
	}
}

func TestXLSXGoesOnToTheNextSheet(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var b bytes.Buffer
	if err := xlsx(&b, many(25), 14); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	next := 1
	for i, want := range []int{14, 14, 4 + 5} {
		got, err := f.GetRows(f.GetSheetName(i), excelize.Options{RawCellValue: true})
		if err != nil || len(got) != want || got[3][1] != "नाम" {
			t.Fatalf("sheet %d: %d rows, want %d: %v %v", i+1, len(got), want, got, err)
		}
		for _, row := range got[4:] {
			if row[0] != fmt.Sprint(next) {
				t.Fatalf("sheet %d: row %s, want %d", i+1, row[0], next)
			}
			next++
		}
	}
	// Long lists wait in temporary files, which are gone afterwards.
	if err := XLSX(&b, many(60_000)); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Where LibreOffice is installed, it too must read the sheet.
func TestXLSXOpensInLibreOffice(t *testing.T) {
	office, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("LibreOffice is not installed")
	}
	dir := t.TempDir()
	file, err := os.Create(filepath.Join(dir, "a.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := XLSX(file, diary(20)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(office, "--headless", "-env:UserInstallation=file://"+dir, "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76", "--outdir", dir, file.Name()).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "a.csv"))
	if err != nil || !strings.Contains(string(text), "धर्मेंद्र कुमार शर्मा,जिलाध्यक्ष,+91 9800000000,01-01-2026") {
		t.Errorf("%v: %s", err, text)
	}
}
