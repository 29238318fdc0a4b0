package web_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sangathan/internal/db"
	"sangathan/internal/lang"
	"sangathan/internal/paper"
	"sangathan/letter"
	"sangathan/web"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// wheel leaves a PNG file in a folder of the test.
func wheel(t *testing.T) string {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 200, 200))
	for y := range 200 {
		for x := range 200 {
			if d := (x-100)*(x-100) + (y-100)*(y-100); d < 9000 && d > 6500 || d < 900 {
				img.Set(x, y, color.NRGBA{31, 78, 95, 255})
			}
		}
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "wheel.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := png.Encode(file, img); err != nil {
		t.Fatal(err)
	}
	return file.Name()
}

// TestTemplateEditorInChromium changes a template and a letterhead as the desk would,
// without JavaScript: a fault is told at the field and what was typed stays there.
func TestTemplateEditorInChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	t.Parallel()
	w := newWorld(t, web.Config{Demo: true, Insecure: true})
	ctx, cancel := context.WithTimeout(chromium(t), 2*time.Minute)
	defer cancel()
	const editor = "/org/state/letters/appointment/hi"
	desk := w.as("state.desk", lang.Hi)
	w.open(t, ctx, desk, look{"editor", "state.desk", editor}, "editor")
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	text := func(sel string) string {
		t.Helper()
		s, err := chromedp.Run(ctx, chromedp.Text(sel))
		if err != nil {
			t.Fatal(sel, ": ", err)
		}
		return s
	}
	do := func(actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	if s := text("#fields"); !strings.Contains(s, "{signer_post}") || !strings.Contains(s, "पत्रांक (जरूरी)") {
		t.Errorf("the fields are not listed: %s", s)
	}
	const faulty = "@center {organisation}\n{number} {date}\n{body}\n@sign {signer}"
	do(chromedp.SetValue("#f-template", faulty), chromedp.Click("main .actionbar button:not(.second)"), chromedp.WaitVisible("#e-template"))
	if s := text("#e-template"); !strings.Contains(s, "पंक्ति 1: {organisation} नाम का कोई खाना नहीं है। शायद आप {organization} लिखना चाहते थे।") {
		t.Errorf("the fault is told as %q", s)
	}
	if s, err := chromedp.Run(ctx, chromedp.Value("#f-template")); err != nil || s != faulty {
		t.Errorf("what was typed became %q %v", s, err)
	}
	do(chromedp.SetValue("#f-template", strings.Replace(faulty, "organisation", "organization", 1)), chromedp.Click("main .actionbar button:not(.second)"), chromedp.WaitVisible(".flash"))
	if s := text("main"); !strings.Contains(s, "संस्करण 1") || !strings.Contains(s, "अपना नमूना है") {
		t.Errorf("saved: %s", s)
	}
	do(chromedp.Navigate(w.srv.URL+"/org/state/letters/head"), chromedp.WaitVisible("#f-emblem"), chromedp.SetValue("#f-address_hi", "संगठन भवन, लखनऊ"),
		chromedp.SetUploadFiles("#f-emblem", []string{wheel(t)}), chromedp.Click("main .actionbar button"), chromedp.WaitVisible(".flash"))
	if s := text("main"); !strings.Contains(s, "संगठन भवन, लखनऊ") {
		t.Errorf("the letterhead is not kept: %s", s)
	}
	if a := desk.get("/org/state/letters/emblem"); a.status != 200 || !strings.HasPrefix(a.body, "\x89PNG") {
		t.Errorf("no emblem: %d", a.status)
	}
	do(chromedp.Click(`a[href="/org/state/letters/relief/hi"]`), chromedp.WaitVisible("#f-template"))
}

// TestLetterPages: the pages of a body's letters, what they refuse, and the files.
func TestLetterPages(t *testing.T) {
	w := newWorld(t, web.Config{Demo: true, Insecure: true})
	desk, president := w.as("state.desk", lang.Hi), w.as("poorab.president", lang.Hi)
	pdf := func(a page, name string) {
		t.Helper()
		if a.status != 200 || !strings.HasPrefix(a.body, "%PDF-1.7") || a.header.Get("Content-Type") != "application/pdf" || !strings.Contains(a.header.Get("Content-Disposition"), name) {
			t.Errorf("%d %s %s", a.status, a.header, a.body[:min(200, len(a.body))])
		}
	}
	pdf(desk.get("/order/"+w.order+"/pdf"), "letter-2026-")
	pdf(desk.get("/order/"+w.order+"/pdf?lang=en"), "-en.pdf")
	pdf(president.get("/org/poorab/diary?as=pdf"), "diary-2026-00001.pdf")
	if a := president.get("/org/poorab/diary"); !strings.Contains(a.body, `href="tel:+91`) || !strings.Contains(a.body, "as=pdf") {
		t.Errorf("the diary's page: %d %s", a.status, a.body)
	}
	if a := president.get("/exports"); !strings.Contains(a.body, "2026/00001") || !strings.Contains(a.body, "दूरभाष डायरी") {
		t.Errorf("the diary is not in the register of exports: %s", a.body)
	}
	marks := desk.get("/org/state/letters/notice/hi").body
	for _, mark := range paper.Marks() {
		if !strings.Contains(marks, "<code>@"+mark+"</code>") || strings.Contains(marks, "⟦") {
			t.Errorf("the editor does not explain @%s", mark)
		}
	}
	shown := desk.get("/order/" + w.order)
	for _, want := range []string{"/order/" + w.order + "/pdf?lang=hi", "/order/" + w.order + "/pdf?lang=en"} {
		if !strings.Contains(shown.body, want) {
			t.Errorf("the order's page does not offer %s", want)
		}
	}
	// All letters of a list in one file; an order older than letters are gets its own now.
	err := w.Unit.Write(t.Context(), func(tx *db.Tx) error {
		for _, table := range []string{"letter_file", "letter_due"} {
			if _, err := tx.Exec(`delete from `+table+` where letter_id in (select id from letter where record_id = $1)`, w.order); err != nil {
				return err
			}
		}
		_, err := tx.Exec(`delete from letter where record_id = $1`, w.order)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	pdf(desk.get("/orders?as=letters"), "orders-2026-")
	if a := desk.get("/orders?as=letters&lang=en&day=2020-01-01"); a.status != 409 || !strings.Contains(a.body, "किसी का पत्र जारी नहीं हुआ") {
		t.Errorf("no letters: %d %s", a.status, a.body)
	}
	err = w.Unit.Read(t.Context(), func(tx *db.Tx) error {
		n, err := tx.Int(`select count(*) from letter where record_id = $1`, w.order)
		if err == nil && n != 1 {
			t.Errorf("the order has %d letters", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// The QR leads to the record, for whoever may read it.
	var id string
	w.write(func(tx *db.Tx) (err error) {
		id, err = letter.Of(tx, letter.OfOrder, w.order)
		return err
	})
	if a := desk.get("/letters/" + id); a.status != 303 || a.to != "/order/"+w.order {
		t.Errorf("%d %s", a.status, a.to)
	}
	other := w.as("bargad.president", lang.Hi)
	if a, b := other.get("/letters/"+id), other.get("/letters/none"); a.status != 404 || b.status != 404 {
		t.Errorf("hidden %d, absent %d", a.status, b.status)
	}
	// A preview keeps nothing, and tells a fault on the page.
	typed := url.Values{"template": {"देखें {number} {date} {body} {signer}"}}
	pdf(president.post("/org/poorab/letters/relief/hi/preview", typed), "preview.pdf")
	typed.Set("template", "{number} {date} {signer}")
	if a := president.post("/org/poorab/letters/relief/hi/preview", typed); a.status != 422 || !strings.Contains(a.body, "नमूने में {body} नहीं है") || !strings.Contains(a.body, "{number} {date} {signer}</textarea>") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := president.get("/org/poorab/letters/relief/hi"); strings.Contains(a.body, "देखें {number}") {
		t.Error("a preview was kept")
	}
	// Versions.
	const editor = "/org/poorab/letters/relief/hi"
	for _, text := range []string{"एक {number} {date} {body} {signer}", "दो {number} {date} {body} {signer}"} {
		if a := president.fill(editor, "template", text); a.status != 303 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if a := president.fill(editor, "template", "दो {number} {date} {body} {signer}"); a.status != 303 {
		t.Errorf("%d", a.status)
	}
	restore := func(version string) page {
		var form string
		w.write(func(tx *db.Tx) error { form = tx.NewID(); return nil })
		return president.post(editor+"/restore", url.Values{"version": {version}, "form_id": {form}})
	}
	if a := restore("1"); a.status != 303 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := president.get(editor); !strings.Contains(a.body, "एक {number}") || !strings.Contains(a.body, "संस्करण 3") {
		t.Error("the earlier version is not back")
	}
	if a := restore("77"); a.status != 422 {
		t.Errorf("%d", a.status)
	}
	for path, want := range map[string]int{"/org/poorab/letters/none/hi": 404, "/org/poorab/letters/relief/xx": 404, "/org/pachhim/letters": 404, "/org/state/letters": 403, "/org/poorab/letters/emblem": 404} {
		if a := president.get(path); a.status != want {
			t.Errorf("%s: %d, want %d", path, a.status, want)
		}
	}
	// A file that is no picture, and one that is too long.
	for name, c := range map[string]struct {
		file   []byte
		status int
	}{"no picture": {[]byte("<svg>"), 422}, "too long": {make([]byte, letter.MaxEmblemFile+200<<10), 413}} {
		if a := president.upload("/org/poorab/letters/head", "emblem", c.file); a.status != c.status {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

// upload posts a form with one file and other fields.
func (b *browser) upload(path, field string, file []byte, pairs ...string) page {
	b.w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i+1 < len(pairs); i += 2 {
		form.WriteField(pairs[i], pairs[i+1])
	}
	part, err := form.CreateFormFile(field, "file")
	if err != nil {
		b.w.t.Fatal(err)
	}
	part.Write(file)
	form.Close()
	req, err := http.NewRequestWithContext(b.w.t.Context(), "POST", b.w.srv.URL+path, &body)
	if err != nil {
		b.w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	res, err := b.Client.Do(req)
	if err != nil {
		b.w.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.w.t.Fatal(err)
	}
	return page{res.StatusCode, string(text), res.Header.Get("Location"), res.Header}
}
