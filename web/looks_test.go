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
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// lookAt looks at pages on a phone and a desk, in both languages: nothing is wider
// than the screen, no message is missing, no serious axe-core violation. With
// SANGATHAN_SHOTS=folder it leaves a picture of each.
func (w *world) lookAt(t *testing.T, ctx context.Context, looks []look) {
	t.Helper()
	shots, only := os.Getenv("SANGATHAN_SHOTS"), os.Getenv("SANGATHAN_ONLY")
	axe, err := os.ReadFile("../e2e/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Log("axe-core is not there, accessibility is not asked: ", err)
	}
	for _, look := range looks {
		if only != "" && !strings.Contains(look.name, only) {
			continue
		}
		for _, l := range []lang.Lang{lang.Hi, lang.En} {
			b := w.as(look.as, l)
			if a := b.get(look.path); a.status != 200 || strings.Contains(a.body, "⟦") {
				t.Errorf("%s-%s: %d %s", look.name, l, a.status, a.body[max(0, strings.Index(a.body, "⟦")):][:80])
			}
			site, _ := url.Parse(w.srv.URL)
			if _, err := chromedp.Call(ctx, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
				t.Fatal(err)
			}
			for _, c := range b.Jar.Cookies(site) {
				if _, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{Name: c.Name, Value: c.Value, URL: w.srv.URL}); err != nil {
					t.Fatal(err)
				}
			}
			for _, size := range sizes {
				name := look.name + "-" + string(l) + "-" + size.name
				mobile := []chromedp.EmulateViewportOption{}
				if size.name == "phone" {
					mobile = append(mobile, chromedp.EmulateMobile)
				}
				step, cancel := context.WithTimeout(ctx, 30*time.Second)
				if err := chromedp.Do(step, chromedp.EmulateViewport(size.width, size.height, mobile...), chromedp.Navigate(w.srv.URL+look.path)); err != nil {
					t.Fatal(name, ": ", err)
				}
				if wide, err := chromedp.Run(step, chromedp.Evaluate[int](`document.documentElement.scrollWidth`)); err != nil {
					t.Fatal(name, ": ", err)
				} else if wide > int(size.width) {
					t.Errorf("%s is %d pixels wide", name, wide)
				}
				if axe != nil {
					w.axe(t, step, name, string(axe))
				}
				if shots != "" {
					png, err := chromedp.Run(step, chromedp.FullScreenshot(100))
					if err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(filepath.Join(shots, name+".png"), png, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				cancel()
			}
		}
	}
}

// axe asks axe-core for serious violations of the page shown.
func (w *world) axe(t *testing.T, ctx context.Context, name, script string) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[int](script+";0")); err != nil {
		t.Fatal(err)
	}
	found, err := chromedp.Run(ctx, chromedp.Evaluate[string](`axe.run().then(r => JSON.stringify(r.violations.filter(v => v.impact === "serious" || v.impact === "critical").map(v => v.id + ": " + v.nodes.map(n => n.html.slice(0, 160) + " " + n.failureSummary).join(" | "))))`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	var violations []string
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		t.Fatal(err)
	}
	for _, v := range violations {
		t.Errorf("%s: %s", name, v)
	}
}
