package sangathan_test

import (
	"bytes"
	"encoding/csv"
	"maps"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sangathan/web"

	"github.com/xuri/excelize/v2"
)

// rolls lists every list of the pages that can be taken out as a file, with the
// filters that take an id: the address, what {id} names, and the letter of the mark
// that each of its rows bears on the page and in the file.
const rolls = `
/exports                           |        | -
/people?q=zqp                      |        | p
/vacancies                         |        | b
/vacancies?unit={id}               | body   | b
/orders                            |        | o
/orders?unit={id}                  | body   | o
/orders?body={id}                  | body   | o
/orders?person={id}                | person | o
/dispatch                          |        | p
/dispatch?unit={id}                | body   | p
/dispatch?body={id}                | body   | p
/org/{id}/seats                    | body   | p
/org/{id}/seats?state=vacant       | body   | b
/org/{id}/diary                    | body   | p
/org/{id}/list?of=active           | body   | p
/org/{id}/list?of=entries          | body   | p
/org/{id}/list?of=reports          | body   | b
/org/{id}/list?of=listed           | body   | p
/org/{id}/list?of=cases&step=opened | body   | c
/area/{id}/list?of=agents          | area   | p
/area/{id}/list?of=posts           | area   | p
/area/{id}/list?of=active          | area   | p
/area/{id}/list?of=entries         | area   | p
/activity                          |        | p
/activity?unit={id}                | body   | p
/activity?org={id}                 | body   | p
/activity?person={id}              | person | p
/directives                        |        | d
/directive/{to-all}                |        | b
/directive/{to-all}?unit={id}      | body   | b
/reviews                           |        | b
/reviews?unit={id}                 | body   | b
/review/{id}                       | list   | p
/cases                             |        | c
/cases?unit={id}                   | body   | c
/cases?list={id}                   | list   | c
/cases?person={id}                 | person | c
/deciders                          |        | p
/proposals                         |        | p
/proposals?unit={id}               | body   | p
`

var (
	exportNumber = regexp.MustCompile(`2026/\d{5}`)
	nextPage     = regexp.MustCompile(`href="([^"]*[?&;]after=[^"]*)"`)
	article      = regexp.MustCompile(`(?s)<main.*</main>`)
)

// TestI1_GateFiles takes every list out for every reader: the file answers as its
// page does, shows nothing that the reader may not see, and holds exactly the page's
// rows; what cannot be seen gives the same file as what does not exist.
func TestI1_GateFiles(t *testing.T) {
	w := newGateWorld(t)
	f := w.faces()
	covered := map[string]bool{}
	made, rows := 0, 0
	for line := range strings.Lines(strings.TrimSpace(rolls)) {
		part := strings.Split(strings.TrimSpace(line), "|")
		d := door{line: line, face: "web", method: "GET", url: strings.TrimSpace(part[0]), kind: strings.TrimSpace(part[1])}
		letter := "zq" + strings.TrimSpace(part[2])
		path, _, _ := strings.Cut(d.url, "?")
		covered[strings.ReplaceAll(path, "{to-all}", "{id}")] = true
		as := d
		as.url += "?as=csv"
		if strings.Contains(d.url, "?") {
			as.url = d.url + "&as=csv"
		}
		for _, by := range readers {
			absentPage, absentFile := "", ""
			for _, x := range w.things(d.kind, by) {
				status, page, named := f.knock(d, x.id, by)
				fileStatus, file, _ := f.knock(as, x.id, by)
				made++
				bad := func(format string, args ...any) { t.Helper(); t.Errorf(named+" as "+by.name+": "+format, args...) }
				if status != fileStatus || got(d, status, page) != got(as, fileStatus, file) {
					bad("the page answers %d, the file %d: %.300s", status, fileStatus, f.log.String())
					continue
				}
				plainFile := exportNumber.ReplaceAllString(plain(file, x.id), "NUMBER")
				if x.relation == "absent" {
					absentPage, absentFile = plain(page, x.id), plainFile
				} else if d.kind != "" && x.relation != "self" && !w.names(by, x.body) && plain(page, x.id) == absentPage && plainFile != absentFile {
					bad("the file tells it from what does not exist: %s", difference(absentFile, plainFile))
				}
				if status != http.StatusOK {
					continue
				}
				before, origin, _ := strings.Cut(file, exportNumber.FindString(file)) // the reader's own name stands before the number
				file = before[:strings.LastIndex(before, "\r\n")+1] + origin
				for _, leak := range w.leaks(by, named, file) {
					bad("the file shows %s", leak)
				}
				seen := article.FindString(page)
				for next := nextPage.FindStringSubmatch(page); next != nil; {
					d := d
					d.url = strings.ReplaceAll(next[1], "&amp;", "&")
					_, more, _ := f.knock(d, x.id, by)
					seen += article.FindString(more)
					next = nil
					for _, m := range nextPage.FindAllStringSubmatch(more, -1) {
						if !strings.Contains(seen, m[1]) {
							next = m
						}
					}
				}
				rows += max(0, strings.Count(origin, "\r\n")-2)
				there := marksOf(origin, letter)
				for m := range there {
					if !strings.Contains(seen, m) {
						bad("the file has %s, the page has not", m)
					}
				}
				list := seen
				if i := strings.Index(seen, `class="rows`); i >= 0 {
					list = seen[i:]
				} else {
					list = ""
				}
				for m := range marksOf(list, letter) {
					if !there[m] && !strings.Contains(list, `/`+letter) && !strings.Contains(named, m) {
						bad("the page has %s, the file has not", m)
					}
				}
			}
		}
	}
	// Whatever offers a file stands in the list above.
	by := readers[slices.IndexFunc(readers, func(r reader) bool { return r.role == "president" })]
	for _, rt := range web.Routes() {
		if rt.Method != "GET" {
			continue
		}
		kind := map[string]string{"org": "body", "person": "person", "review": "list", "case": "case", "area": "area", "directive": "directive", "seat": "seat"}[rt.Target]
		for _, x := range w.things(kind, by) {
			if _, page, _ := f.knock(door{face: "web", method: "GET", url: rt.Pattern}, x.id, by); strings.Contains(page, "as=csv") && !covered[rt.Pattern] {
				t.Errorf("%s offers a file and no line of rolls tries it", rt.Pattern)
			}
		}
	}
	t.Logf("%d files for %d readers, %d rows", made, len(readers), rows)
}

// TestI1_GateLetters takes the letters of every list out for every reader: the file
// holds the letters of the list's rows that the reader may open, each once, and
// nothing else. A notice that one has still to open in its case is not among them.
func TestI1_GateLetters(t *testing.T) {
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("pdftotext is not installed (Debian: poppler-utils)")
	}
	w := newGateWorld(t)
	f := w.faces()
	of := map[string]string{} // a record's mark: its letter's
	for name, id := range w.ids {
		for record, letter := range map[string]string{"order ": "letter ", "notice ": "notice-letter "} {
			if at, ok := strings.CutPrefix(name, record); ok {
				of[id] = w.ids[letter+at]
			}
		}
	}
	files, letters := 0, 0
	for _, line := range []string{"/orders|", "/orders?unit={id}|body", "/orders?person={id}|person", "/cases|", "/cases?unit={id}|body", "/cases?list={id}|list"} {
		url, kind, _ := strings.Cut(line, "|")
		with := "?as="
		if strings.Contains(url, "?") {
			with = "&as="
		}
		for _, by := range readers {
			for _, x := range w.things(kind, by) {
				status, list, _ := f.knock(door{face: "web", method: "GET", url: url + with + "csv"}, x.id, by)
				fileStatus, file, named := f.knock(door{face: "web", method: "GET", url: url + with + "letters"}, x.id, by)
				bad := func(format string, args ...any) { t.Helper(); t.Errorf(named+" as "+by.name+": "+format, args...) }
				want := map[string]bool{}
				for record := range marksOf(list, "zq[og]") {
					id := of[record]
					if id != "" && w.secrets[id].see == "see notice" && w.secrets[id].person == by.person {
						if one, _, _ := f.knock(door{face: "web", method: "GET", url: "/case/{id}/notice/pdf"}, record, by); one != http.StatusOK {
							continue
						}
					}
					if id != "" {
						want[id] = true
					}
				}
				got := map[string]bool{}
				if status == http.StatusOK && fileStatus == http.StatusOK {
					cmd := exec.CommandContext(t.Context(), "pdftotext", "-enc", "UTF-8", "-", "-")
					cmd.Stdin = strings.NewReader(strings.TrimPrefix(file, "\n"))
					text, err := cmd.Output()
					if err != nil {
						t.Fatal(named, err)
					}
					got = marksOf(string(text), "zqw")
					for _, leak := range w.leaks(by, named, string(text)) {
						bad("the file shows %s", leak)
					}
				} else if status != fileStatus && (fileStatus != http.StatusConflict || len(want) > 0) {
					bad("the list answers %d, its letters %d: %.300s", status, fileStatus, f.log.String())
				}
				if status == http.StatusOK && !maps.Equal(got, want) {
					bad("it has %v, want %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
				}
				files, letters = files+1, letters+len(got)
			}
		}
	}
	t.Logf("%d files for %d readers, %d letters", files, len(readers), letters)
}

func marksOf(text, letter string) map[string]bool {
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(letter+`\d+x`).FindAllString(text, -1) {
		found[m] = true
	}
	return found
}

// TestI1_GateFormats holds that a list has the same rows in every format.
func TestI1_GateFormats(t *testing.T) {
	w := newGateWorld(t)
	f := w.faces()
	by := readers[slices.IndexFunc(readers, func(r reader) bool { return r.role == "president" })]
	for _, url := range []string{"/orders", "/orders?sort=old", "/org/{id}/seats", "/org/{id}/seats?sort=rank&state=filled", "/cases"} {
		url = strings.ReplaceAll(url, "{id}", w.ids["body state"])
		at := func(format string) string {
			sep := "?"
			if strings.Contains(url, "?") {
				sep = "&"
			}
			status, answer, _ := f.knock(door{face: "web", method: "GET", url: url + sep + "as=" + format}, "", by)
			if status != http.StatusOK {
				t.Fatalf("%s as %s: %d %s", url, format, status, f.log.String())
			}
			return strings.TrimPrefix(answer, "\n")
		}
		r := csv.NewReader(strings.NewReader(strings.TrimPrefix(at("csv"), "\ufeff")))
		r.FieldsPerRecord = -1
		want, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		book, err := excelize.OpenReader(bytes.NewReader([]byte(at("xlsx"))))
		if err != nil {
			t.Fatal(err)
		}
		sheet, err := book.GetRows("1")
		if err != nil {
			t.Fatal(err)
		}
		if len(sheet) != len(want) || len(want) < 10 {
			t.Errorf("%s: %d rows as csv, %d as xlsx", url, len(want), len(sheet))
		}
		for i := range min(len(sheet), len(want)) {
			if i > 2 && sheet[i][0] != want[i][0] {
				t.Errorf("%s, row %d: %q as csv, %q as xlsx", url, i, want[i], sheet[i])
			}
		}
		if pdf := at("pdf"); !strings.HasPrefix(pdf, "%PDF") {
			t.Errorf("%s: %.20q", url, pdf)
		}
	}
}
