package cli_test

import (
	"bytes"
	"mime/multipart"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// TestA8_AnEmptyUnitGuidesItself goes the first hour as the screen leads: the link that
// init printed, a PIN, the beginning, the ready sheet filled for two districts and sent
// back, the diary, and one district switched on.
func TestA8_AnEmptyUnitGuidesItself(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	b := serve(t, []string{"-name", "हमारी इकाई"})
	page := func(path string) string {
		t.Helper()
		status, to, body := b.form("GET", path, nil)
		if status != 200 {
			t.Fatalf("%s: %d %s %.300s", path, status, to, body)
		}
		return body
	}
	formID := regexp.MustCompile(`name="form_id" value="([^"]+)"`)
	send := func(shown, path string, pairs ...string) (status int, to, body string) {
		t.Helper()
		form := url.Values{}
		if m := formID.FindStringSubmatch(page(shown)); m != nil {
			form.Set("form_id", m[1])
		}
		for i := 0; i+1 < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return b.form("POST", path, form)
	}
	shows := func(path string, want ...string) string {
		t.Helper()
		body := page(path)
		for _, w := range want {
			if !strings.Contains(body, w) {
				_, seen, _ := strings.Cut(body, "<main")
				t.Errorf("%s does not show %q: %s", path, w, regexp.MustCompile(`<[^>]*>|\s+`).ReplaceAllString(seen, " "))
			}
		}
		return body
	}

	shows("/signin", "लॉगिन की पर्ची लें")
	slip := regexp.MustCompile(`/slip/[\w-]+`).FindString(b.made)
	if status, to, body := send(slip, slip, "pin", "4827", "again", "4827"); status != 303 || to != "/welcome" {
		t.Fatal(status, to, body)
	}
	shows("/", "शुरुआत: पहली सूची डालें", `href="/first"`)
	shows("/first", "75 में से 0 जिला", "हमारी इकाई", "अभी बंद", "समिति, महामंत्री", `href="/lists"`)

	_, _, sheet := b.form("GET", "/first/sheet", nil)
	x, err := excelize.OpenReader(strings.NewReader(sheet))
	if err != nil {
		t.Fatal(err)
	}
	name := x.GetSheetName(0)
	rows, err := x.GetRows(name)
	if err != nil {
		t.Fatal(err)
	}
	filled := 0
	for i, r := range rows {
		if len(r) > 0 && (r[0] == "गोरखपुर" || r[0] == "बलिया") {
			filled++
			for col, v := range map[int]string{3: "सीमा यादव", 4: []string{"", "9000011111", "9000022222"}[filled]} {
				cell, _ := excelize.CoordinatesToCellName(col, i+1)
				if err := x.SetCellStr(name, cell, v); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if filled != 2 {
		t.Fatalf("%d of two districts stand in the sheet: %q", filled, rows[:min(6, len(rows))])
	}
	var file, body bytes.Buffer
	if err := x.Write(&file); err != nil {
		t.Fatal(err)
	}
	w := multipart.NewWriter(&body)
	w.WriteField("form_id", formID.FindStringSubmatch(page("/lists"))[1])
	w.WriteField("kind", "people")
	part, err := w.CreateFormFile("file", "districts.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	part.Write(file.Bytes())
	w.Close()
	status, list, answer := b.ask("POST", "/lists", w.FormDataContentType(), &body)
	if status != 303 {
		t.Fatal(status, answer)
	}
	wait := func(text string) {
		t.Helper()
		for range 200 {
			if strings.Contains(page(list), text) {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Fatalf("never %q: %s", text, page(list))
	}
	wait("जाँच पूरी")
	if status, _, answer := send(list, list+"/load"); status != 303 {
		t.Fatal(status, answer)
	}
	wait("चढ़ गई")

	first := shows("/first", "75 में से 2 जिले")
	shows("/", "जिन इकाइयों का रजिस्टर जाँचना बाकी है")
	diary := regexp.MustCompile(`/org/[\w-]+/diary`).FindString(first)
	shows(diary, "सीमा यादव", "90000 11111")
	register := regexp.MustCompile(`<a class="row" href="(/org/[\w-]+/register)">[^<]*गोरखपुर`).FindStringSubmatch(first)
	if register == nil {
		t.Fatal("the district is not offered")
	}
	unit := strings.TrimSuffix(register[1], "/register")
	id := strings.TrimPrefix(unit, "/org/")
	shows(unit, "क्या बंद है")
	if status, _, body := send("/review/new", "/review/new", "unit", id); status != 409 || !strings.Contains(body, "रजिस्टर अभी पूरा नहीं हुआ") {
		t.Errorf("a list is drafted before the register is complete: %d", status)
	}
	shows(register[1], "अधूरी सूची से किसी पर दोष न आए")
	if status, to, body := send(register[1], register[1], "below", "yes"); status != 303 || to != unit {
		t.Fatal(status, to, body)
	}
	if status, _, body := send("/review/new", "/review/new", "unit", id); status != 303 {
		t.Errorf("and after it: %d %s", status, body)
	}
	if status, _, body := send("/first", "/first/words", "words", "alt"); status != 303 {
		t.Fatal(status, body)
	}
	if status, _, body := send("/first", "/first/name", "name_hi", "नया नाम", "name_en", "New name"); status != 303 {
		t.Fatal(status, body)
	}
	shows("/", "नया नाम", "कार्यालय मंत्री")
}
