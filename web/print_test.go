package web_test

import (
	"bytes"
	"context"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"sangathan/internal/lang"

	"github.com/chromedp/cdproto/emulation"
	paper "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestPrintInChromium prints what is handed around on paper: it says what it is, of
// whom and of which day, shows nothing to press, and ends with its last line. With
// SANGATHAN_SHOTS=folder it leaves each as PDF.
func TestPrintInChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	t.Parallel()
	o, ctx := newOffice(t), chromium(t)
	id := o.opened()
	for _, s := range steps[:3] {
		form := url.Values{"form_id": {newID(o)}}
		for i := 0; i+1 < len(s.form); i += 2 {
			form.Set(s.form[i], s.form[i+1])
		}
		o.goes(o.as(s.who, "").post("/case/"+id+"/"+s.do, form))
	}
	for _, sheet := range []struct {
		look
		pages int
		says  []string
	}{
		{look{"notice", "poorab.gs", "/case/" + id + "/notice"}, 2, []string{"पत्रांक", "सेवा में", "दिनांक 22 नवंबर 2026"}},
		{look{"order", "state.desk", "/order/" + o.order}, 1, []string{"पत्रांक", "त्यागपत्र"}},
		{look{"vacancies", "state.desk", "/vacancies"}, 1, []string{"रिक्त पद", "22 नवंबर 2026"}},
		{look{"org", "poorab.president", "/org/poorab"}, 2, []string{"पूरब", "22 नवंबर 2026"}},
	} {
		step, cancel := context.WithTimeout(ctx, time.Minute)
		o.open(t, step, o.as(sheet.as, lang.Hi), sheet.look, sheet.name)
		if _, err := chromedp.Call(step, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}); err != nil {
			t.Fatal(err)
		}
		pressed, err := chromedp.Run(step, chromedp.Evaluate[string](`[...document.querySelectorAll("button, .button, input, select, nav, .tabs, .actionbar, .skip, summary")]
			.filter(e => e.checkVisibility()).map(e => e.outerHTML.slice(0, 80)).join("\n")`))
		if err != nil || pressed != "" {
			t.Errorf("%s prints %s %v", sheet.name, pressed, err)
		}
		text, err := chromedp.Run(step, chromedp.Evaluate[string](`document.body.innerText`))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sheet.says {
			if !strings.Contains(text, s) {
				t.Errorf("%s does not say %s: %s", sheet.name, s, text)
			}
		}
		if _, err := chromedp.Call(step, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{}); err != nil {
			t.Fatal(err)
		}
		pdf, err := chromedp.Call(step, paper.PrintToPDF, paper.PrintToPDFParams{PaperWidth: 8.27, PaperHeight: 11.69, PreferCSSPageSize: new(true)})
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(pdf.Data, []byte("/Type /Page\n")); n < 1 || n > sheet.pages {
			t.Errorf("%s takes %d pages, want at most %d", sheet.name, n, sheet.pages)
		}
		if os.Getenv("SANGATHAN_SHOTS") != "" {
			o.keep(t, sheet.name+".pdf", pdf.Data)
		}
		cancel()
	}
}
