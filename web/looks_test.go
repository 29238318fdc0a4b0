package web_test

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sangathan/internal/lang"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// sizes are the screens on which pages are looked at. A page is asked for its
// accessibility once in each language, each time on the other screen.
var sizes = []struct {
	name          string
	width, height int64
	axe           lang.Lang
}{{"phone", 360, 640, lang.Hi}, {"desk", 1280, 800, lang.En}}

// lookAt looks at pages on a phone and a desk, in both languages: the page is the
// one asked for, no message is missing, nothing is wider than the screen, no serious
// axe-core violation. With SANGATHAN_SHOTS=folder it leaves a picture of each;
// SANGATHAN_ONLY=text looks only at those whose name has the text.
func (w *world) lookAt(t *testing.T, ctx context.Context, looks []look) {
	t.Helper()
	shots, only := os.Getenv("SANGATHAN_SHOTS"), os.Getenv("SANGATHAN_ONLY")
	axe, err := os.ReadFile("../e2e/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Log("axe-core is not there, accessibility is not asked: ", err)
	}
	readers := map[string]*browser{} // who has signed in
	for _, look := range looks {
		if !strings.Contains(look.name, only) {
			continue
		}
		if readers[look.as] == nil {
			readers[look.as] = w.as(look.as, "")
		}
		for _, l := range []lang.Lang{lang.Hi, lang.En} {
			readers[look.as].post("/lang", url.Values{"lang": {string(l)}, "back": {"/"}})
			step, cancel := context.WithTimeout(ctx, time.Minute)
			w.open(t, step, readers[look.as], look, look.name+"-"+string(l))
			for _, size := range sizes {
				name := look.name + "-" + string(l) + "-" + size.name
				if wide := w.width(t, step, size.width, size.height, size.name == "phone"); wide > int(size.width) {
					t.Errorf("%s is %d pixels wide", name, wide)
				}
				if axe != nil && size.axe == l {
					w.axe(t, step, name, string(axe), `{resultTypes: ["violations"]}`)
					w.dark(t, step, func() { w.axe(t, step, name+"-dark", string(axe), `{runOnly: ["color-contrast"]}`) })
				}
				if shots != "" {
					png, err := chromedp.Run(step, chromedp.FullScreenshot(100))
					if err != nil {
						t.Fatal(err)
					}
					w.keep(t, name+".png", png)
				}
			}
			cancel()
		}
	}
}

// open shows a page in Chromium as the reader b sees it.
func (w *world) open(t *testing.T, ctx context.Context, b *browser, look look, name string) {
	t.Helper()
	site, _ := url.Parse(w.srv.URL)
	if _, err := chromedp.Call(ctx, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	for _, c := range b.Jar.Cookies(site) {
		if _, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{Name: c.Name, Value: c.Value, URL: w.srv.URL}); err != nil {
			t.Fatal(err)
		}
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(w.srv.URL+look.path)); err != nil {
		t.Fatal(name, ": ", err)
	}
	found, err := chromedp.Run(ctx, chromedp.Evaluate[string](`JSON.stringify({
		status: performance.getEntriesByType("navigation")[0].responseStatus, at: location.pathname + location.search,
		missing: (document.documentElement.outerHTML.match(/⟦[^⟧]*⟧/g) || []).join(" ")})`))
	if err != nil {
		t.Fatal(name, ": ", err)
	}
	var page struct {
		Status      int
		At, Missing string
	}
	if err := json.Unmarshal([]byte(found), &page); err != nil {
		t.Fatal(err)
	}
	want := 200
	if look.name == "missing" {
		want = 404
	}
	if page.Status != want || page.At != look.path || page.Missing != "" {
		t.Errorf("%s: %s: %+v", name, look.path, page)
	}
}

// width shows the page on a screen and tells how wide it is.
func (w *world) width(t *testing.T, ctx context.Context, width, height int64, phone bool) int {
	t.Helper()
	mobile := []chromedp.EmulateViewportOption{}
	if phone {
		mobile = append(mobile, chromedp.EmulateMobile)
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height, mobile...)); err != nil {
		t.Fatal(err)
	}
	wide, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth`))
	if err != nil {
		t.Fatal(err)
	}
	return wide
}

// dark shows the page in dark colours while fn looks at it.
func (w *world) dark(t *testing.T, ctx context.Context, fn func()) {
	t.Helper()
	for _, scheme := range []string{"dark", "light"} {
		media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
		if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media); err != nil {
			t.Fatal(err)
		}
		if scheme == "dark" {
			fn()
		}
	}
}

// axe asks axe-core, with its options, for serious violations of the page shown.
func (w *world) axe(t *testing.T, ctx context.Context, name, script, options string) {
	t.Helper()
	found, err := chromedp.Run(ctx, chromedp.Evaluate[string](script+`;axe.run(`+options+`).then(r => JSON.stringify(r.violations.filter(v => v.impact === "serious" || v.impact === "critical").map(v => v.id + ": " + v.nodes.map(n => n.html.slice(0, 160) + " " + n.failureSummary).join(" | "))))`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(name, ": ", err)
	}
	var violations []string
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		t.Fatal(err)
	}
	for _, v := range violations {
		t.Errorf("%s: %s", name, v)
	}
}

// keep leaves a file in the folder SANGATHAN_SHOTS.
func (w *world) keep(t *testing.T, name string, file []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(os.Getenv("SANGATHAN_SHOTS"), name), file, 0o600); err != nil {
		t.Fatal(err)
	}
}
