package intake

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"sangathan/internal/fault"

	"github.com/xuri/excelize/v2"
)

func readAll(content []byte) (lines []Line, err error) {
	err = Read(bytes.NewReader(content), int64(len(content)), func(l Line) error {
		lines = append(lines, l)
		return nil
	})
	return lines, err
}

func cellsOf(lines []Line) (all []string) {
	for _, l := range lines {
		all = append(all, fmt.Sprintf("%s%d:%s", l.Sheet, l.N, strings.Join(l.Cells, "|")))
	}
	return all
}

func TestReadText(t *testing.T) {
	utf16 := []byte{0xff, 0xfe}
	for _, r := range "जिला;नाम\nगोरखपुर;मोहन\n" {
		utf16 = append(utf16, byte(r), byte(r>>8))
	}
	for name, c := range map[string]struct {
		content string
		want    []string
	}{
		"commas":           {"\ufeffac_no,name\r\n1,\"a, b\"\r\n", []string{"1:ac_no|name", "2:1|a, b"}},
		"semicolons":       {"ac_no;name\n1;a\n2;b\n", []string{"1:ac_no|name", "2:1|a", "3:2|b"}},
		"tabs":             {"1\ta b\n2\tb c\n", []string{"1:1|a b", "2:2|b c"}},
		"UTF-16":           {string(utf16), []string{"1:जिला|नाम", "2:गोरखपुर|मोहन"}},
		"Kruti Dev, ANSI":  {"1,dk;Z\xd8e\n2,\xbcmRrj\xbd\n", []string{"1:1|dk;ZØe", "2:2|¼mRrj½"}},
		"a chat":           {"गोरखपुर - मोहन वर्मा - 9000000001\n\nदेवरिया - सीमा पाल\n", []string{"1:गोरखपुर - मोहन वर्मा - 9000000001", "2:", "3:देवरिया - सीमा पाल"}},
		"a quote not shut": {"1,\"a\n2,b\n", []string{"1:1|a 2,b"}},
		"control marks":    {"a\x01b,c\u200bd\n1,2\n", []string{"1:ab|cd", "2:1|2"}},
	} {
		lines, err := readAll([]byte(c.content))
		if got := cellsOf(lines); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q %v, want %q", name, got, err, c.want)
		}
	}
}

func excel(t testing.TB, fill func(*excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	fill(f)
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadExcel(t *testing.T) {
	content := excel(t, func(f *excelize.File) {
		set := func(sheet, cell string, v any) {
			if err := f.SetCellValue(sheet, cell, v); err != nil {
				t.Fatal(err)
			}
		}
		set("Sheet1", "A1", "जिलाध्यक्षों की सूची")
		f.MergeCell("Sheet1", "A1", "C1")
		set("Sheet1", "A2", "जिला")
		set("Sheet1", "B2", "नाम")
		set("Sheet1", "A3", "गोरखपुर")
		set("Sheet1", "B3", "मोहन")
		set("Sheet1", "B4", "सीमा")
		set("Sheet1", "C4", time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
		f.MergeCell("Sheet1", "A3", "A4")
		set("Sheet1", "B6", 9000000001)
		f.NewSheet("दो")
		set("दो", "A1", "देवरिया")
		f.NewSheet("छिपी")
		set("छिपी", "A1", "x")
		f.SetSheetVisible("छिपी", false)
	})
	lines, err := readAll(content)
	want := []string{"Sheet11:जिलाध्यक्षों की सूची|जिलाध्यक्षों की सूची|जिलाध्यक्षों की सूची", "Sheet12:जिला|नाम", "Sheet13:गोरखपुर|मोहन", "Sheet14:गोरखपुर|सीमा|46348", "Sheet16:|9000000001", "दो1:देवरिया"}
	if got := cellsOf(lines); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q %v\nwant %q", got, err, want)
	}
}

func zipped(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range parts {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadWord(t *testing.T) {
	cell := func(text, props string) string {
		return "<w:tc><w:tcPr>" + props + "</w:tcPr><w:p><w:r><w:t>" + text + "</w:t></w:r></w:p></w:tc>"
	}
	table := "<w:tbl><w:tr>" + cell("जिला", "") + cell("नाम", "") + "</w:tr>" +
		"<w:tr>" + cell("गोरखपुर", `<w:vMerge w:val="restart"/>`) + cell("मोहन", "") + "</w:tr>" +
		"<w:tr>" + cell("", `<w:vMerge/>`) + cell("सीमा", "") + "</w:tr></w:tbl>"
	doc := func(body string) []byte {
		return zipped(t, map[string]string{"word/document.xml": `<w:document xmlns:w="w"><w:body>` + body + `</w:body></w:document>`})
	}
	lines, err := readAll(doc("<w:p><w:r><w:t>सूची</w:t></w:r></w:p>" + table))
	if got, want := cellsOf(lines), []string{"11:जिला|नाम", "12:गोरखपुर|मोहन", "13:गोरखपुर|सीमा"}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q %v", got, err)
	}
	lines, err = readAll(doc("<w:p><w:r><w:t>गोरखपुर - मोहन</w:t></w:r></w:p><w:p/>"))
	if got, want := cellsOf(lines), []string{"1:गोरखपुर - मोहन"}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q %v", got, err)
	}
}

// Hostile files are refused before they cost anything: what each may allocate on the
// way is held to 64 MiB.
func TestHostileFilesAreRefusedCheaply(t *testing.T) {
	sheet := func(rows string) []byte {
		return zipped(t, map[string]string{
			"[Content_Types].xml":        `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
			"xl/workbook.xml":            `<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>`,
			"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
			"xl/worksheets/sheet1.xml":   rows,
		})
	}
	lol := `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>`
	var wide strings.Builder
	wide.WriteString(`<worksheet><sheetData><row r="1">`)
	for c := 1; c <= 16384; c++ {
		name, _ := excelize.CoordinatesToCellName(c, 1)
		wide.WriteString(`<c r="` + name + `"><v>1</v></c>`)
	}
	wide.WriteString(`</row></sheetData></worksheet>`)
	whole := excel(t, func(f *excelize.File) { f.SetCellValue("Sheet1", "A1", strings.Repeat("नाम ", 1000)) })
	for name, content := range map[string][]byte{
		"zip bomb":            sheet("<worksheet>" + strings.Repeat(" ", 200<<20) + "</worksheet>"),
		"every column":        sheet(wide.String()),
		"a million columns":   []byte(strings.Repeat("1,", 1_000_000) + "\n" + strings.Repeat("1,", 1_000_000)),
		"billion laughs":      sheet(lol + "<worksheet><sheetData><row><c><v>&b;</v></c></row></sheetData></worksheet>"),
		"laughs in Word":      zipped(t, map[string]string{"word/document.xml": lol + "<d>&b;</d>"}),
		"no end of a line":    bytes.Repeat([]byte("a"), 20<<20),
		"truncated":           whole[:len(whole)/2],
		"a picture as .xlsx":  []byte("\x89PNG\r\n\x1a\n0000"),
		"an old .xls":         []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("x", 600)),
		"encrypted":           []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("x", 600) + "E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00"),
		"binary":              []byte("abc\x00\x01\x02" + strings.Repeat("\x00", 500)),
		"another zip":         zipped(t, map[string]string{"a.txt": "a"}),
		"nothing":             nil,
		"tables in tables":    zipped(t, map[string]string{"word/document.xml": "<d>" + strings.Repeat("<tbl><tr><tc>", 1000) + "</d>"}),
		"more than 50 MB":     make([]byte, MaxFile+1),
		"too many parts":      zipped(t, manyParts(2001)),
		"a row past the last": sheet(`<worksheet><sheetData><row r="99999999999"><c r="A99999999999"><v>1</v></c></row></sheetData></worksheet>`),
	} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		_, err := readAll(content)
		runtime.ReadMemStats(&after)
		if k := fault.KindOf(err); k != fault.Invalid && k != fault.TooLarge {
			t.Errorf("%s: %v", name, err)
		}
		if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > 64 {
			t.Errorf("%s: %d MiB were allocated", name, mib)
		}
	}
}

func manyParts(n int) map[string]string {
	parts := map[string]string{}
	for i := range n {
		parts[fmt.Sprintf("xl/%d.xml", i)] = ""
	}
	return parts
}
