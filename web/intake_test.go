package web_test

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"sangathan/intake"
	"sangathan/internal/lang"
	"sangathan/web"
)

// A list is pasted, looked at, loaded and taken back without a script.
func TestA1_AListIsLoadedOnThePage(t *testing.T) {
	w := newWorld(t, web.Config{Insecure: true})
	desk := w.as("state.desk", lang.Hi)
	sent := desk.fill("/lists", "kind", "people", "text", "टीला | सोनू जोशी | ब्लॉक सचिव | 9000014001\nटिला | मोनू | ब्लॉक सचिव\n", "source", "चैट")
	if !strings.HasPrefix(sent.to, "/list/") {
		t.Fatalf("%d %s", sent.status, sent.body)
	}
	waits := func(text string) string { return desk.waits(sent.to, text) }
	if text := waits("जाँच पूरी"); !strings.Contains(text, "नए 1") || !strings.Contains(text, "गलत 1") {
		t.Error(text)
	}
	desk.post(sent.to+"/load", url.Values{"form_id": {"load"}})
	waits("चढ़ गई")
	if text := desk.get("/people?q=" + "9000014001").body; !strings.Contains(text, "सोनू जोशी") {
		t.Error("who was loaded is not found")
	}
	desk.post(sent.to+"/undo", url.Values{"form_id": {"undo"}})
	waits("वापस ले ली गई")
	if other := w.as("poorab.president", lang.Hi).get(sent.to); other.status != 404 {
		t.Errorf("another's list answers %d", other.status)
	}
}

// waits reads a page until it holds a text.
func (b *browser) waits(path, text string) string {
	b.w.t.Helper()
	for range 500 {
		if shown := b.get(path).body; strings.Contains(shown, text) {
			return shown
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.w.t.Fatalf("never %q: %s", text, b.get(path).body)
	return ""
}

// What is faulty comes as an Excel file with a column for each field and what to mend;
// mended, that file goes in: whatever the list was, a table or a chat, in either language.
func TestA1_FaultyRowsAreMendedAndSentInAgain(t *testing.T) {
	for name, c := range map[string]struct {
		language   lang.Lang
		kind, text string
		role       string
		mend       map[string]string // cell to text
		added      string
	}{
		"a table": {lang.Hi, "people", "मोबाइल,नाम,ब्लॉक,पद,पता\n90000140,eksuw iky,टीला,ब्लॉक सचिव,x\n9000014002,गीता पाल,टिला,ब्लॉक सचिव,x\n9000014003,,टीला,ब्लॉक सचिव,x\n9000014004,रफीक,टीला,ब्लॉक सचिव,x\n", "",
			map[string]string{"90000140": "9000014001", "टिला": "टीला"}, "नए 2 · बदलेंगे 0 · पहले से हैं 0 · गलत 1"},
		"a chat":  {lang.Hi, "people", "टीला\n1. मोनू पाल - 900001400\n2. अब्दुल - 123\n", "ब्लॉक सचिव", map[string]string{"900001400": "9000014001"}, "नए 1"},
		"English": {lang.En, "people", "Block,Name,Post,Mobile\nTyla,Sonu,Block secretary,9000014001\n", "", map[string]string{"Tyla": "Tila"}, "new 1"},
		"booths":  {lang.En, "booths", "AC No,PS No,Name\n1,x1,School\n", "", map[string]string{"x1": "71"}, "new 1"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, web.Config{Insecure: true})
			desk := w.as("state.desk", c.language)
			sent := desk.fill("/lists", "kind", c.kind, "text", c.text, "role", c.role)
			desk.waits(sent.to, "/rows?of=faulty")
			file := desk.get(sent.to + "/rows?of=faulty&as=xlsx")
			book, err := excelize.OpenReader(strings.NewReader(file.body))
			if err != nil {
				t.Fatalf("%d %v", file.status, err)
			}
			sheet := book.GetSheetName(0)
			for from, to := range c.mend {
				cells, err := book.SearchSheet(sheet, from)
				if err != nil || len(cells) == 0 {
					rows, _ := book.GetRows(sheet)
					t.Fatalf("%q is not in %q", from, rows)
				}
				for _, at := range cells {
					book.SetCellValue(sheet, at, to)
				}
			}
			var mended bytes.Buffer
			if err := book.Write(&mended); err != nil {
				t.Fatal(err)
			}
			again := desk.upload("/lists", "file", mended.Bytes(), "form_id", "mended", "kind", c.kind)
			desk.waits(again.to, c.added)
		})
	}
}

// Every field's title is a head that lists are read by, in both languages: what is taken
// out goes in again.
func TestFieldsAreReadByTheirTitles(t *testing.T) {
	for _, l := range []lang.Lang{lang.Hi, lang.En} {
		p := lang.New(l, nil, false)
		for _, kind := range intake.Kinds {
			for _, f := range intake.Fields(kind) {
				if got := intake.FieldOf(kind, p.T("intake.field."+f)); got != f {
					t.Errorf("%s %s: %q is read as %q, want %q", l, kind, p.T("intake.field."+f), got, f)
				}
			}
			for _, key := range []string{"intake.row_no", "intake.remark.faulty", "intake.remark.changed"} {
				if got := intake.FieldOf(kind, p.T(key)); got != "" {
					t.Errorf("%s %s: %q is read as %q", l, kind, p.T(key), got)
				}
			}
		}
	}
}
