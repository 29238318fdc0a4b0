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
	"sangathan/web"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// chromium opens a headless browser for the test; it skips where there is none.
func chromium(t *testing.T) context.Context {
	t.Helper()
	ctx, stop := chromedp.NewExecAllocator(t.Context(), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Headless)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		if os.Getenv("SANGATHAN_REQUIRE_CHROMIUM") == "1" {
			t.Fatal(err)
		}
		t.Skip("no chromium: ", err)
	}
	return ctx
}

var sizes = []struct {
	name          string
	width, height int64
}{{"phone", 360, 640}, {"desk", 1280, 800}}

// TestPagesInChromium looks at every page on a phone and a desk, in both languages:
// nothing is wider than the screen, no serious axe-core violation, no message of the
// console. With SANGATHAN_SHOTS=folder it leaves a picture of each.
func TestPagesInChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	w := newWorld(t, web.Config{Demo: true, Insecure: true, SignIns: []web.DemoSignIn{
		{Label: "word.district_president", Phone: "9000000010", Name: lang.Name{Hi: "सीमा यादव", En: "Seema Yadav"}}}})
	shots := os.Getenv("SANGATHAN_SHOTS")
	only := os.Getenv("SANGATHAN_ONLY")
	axe, err := os.ReadFile("../e2e/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Log("axe-core is not there, accessibility is not asked: ", err)
	}
	ctx := chromium(t)
	for _, l := range []lang.Lang{lang.Hi, lang.En} {
		for _, look := range w.looks() {
			if only != "" && !strings.Contains(look.name, only) {
				continue
			}
			b := w.as(look.as, l)
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
				wide, err := chromedp.Run(step, chromedp.Evaluate[int](`document.documentElement.scrollWidth`))
				if err != nil {
					t.Fatal(name, ": ", err)
				}
				if wide > int(size.width) {
					t.Errorf("%s is %d pixels wide", name, wide)
				}
				if axe != nil {
					if _, err := chromedp.Run(step, chromedp.Evaluate[int](string(axe)+";0")); err != nil {
						t.Fatal(err)
					}
					found, err := chromedp.Run(step, chromedp.Evaluate[string](`axe.run().then(r => JSON.stringify(r.violations.filter(v => v.impact === "serious" || v.impact === "critical").map(v => v.id + ": " + v.nodes.map(n => n.html.slice(0, 160) + " " + n.failureSummary).join(" | "))))`, chromedp.EvalAwaitPromise))
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

// look is a page as one person sees it.
type look struct{ name, as, path string }

func (w *world) looks() []look {
	return []look{
		{"signin", "nobody", "/signin"},
		{"signin-pin", "nobody", "/signin/pin"},
		{"help", "nobody", "/help"},
		{"home-worker", "nadi.sec1", "/"},
		{"home-block", "nadi.president", "/"},
		{"home-district", "poorab.president", "/"},
		{"home-state", "state.incharge", "/"},
		{"me", "nadi.president", "/me"},
		{"org-state", "state.incharge", "/org/state"},
		{"org-district", "poorab.president", "/org/poorab"},
		{"org-mandal", "nadi.president", "/org/kuan"},
		{"org-past", "poorab.president", "/org/tila?on=2026-11-10"},
		{"seats", "state.desk", "/org/state/seats?state=vacant"},
		{"area-seat", "state.desk", "/area/ac-1"},
		{"area-block", "state.desk", "/area/block-nadi"},
		{"person", "poorab.president", "/person/p-nadi.president"},
		{"person-left", "poorab.president", "/person/p-tila.sec2"},
		{"leave", "poorab.president", "/membership/m-nadi.sec2/leave"},
		{"end", "poorab.president", "/membership/m-nadi.sec2/end"},
		{"people", "state.desk", "/people?q=mo"},
		{"vacancies", "state.desk", "/vacancies"},
		{"orders", "state.desk", "/orders"},
		{"order", "state.desk", "/order/" + w.order},
		{"revoke", "state.president", "/order/" + w.order + "/revoke"},
		{"report", "nadi.president", "/activity/new"},
		{"report-for", "poorab.president", "/activity/new?for=m-nadi.sec2"},
		{"entries", "poorab.president", "/activity"},
		{"entry", "poorab.president", "/activity/" + w.entry},
		{"object", "poorab.president", "/activity/" + w.entry + "/object"},
		{"directives", "nadi.president", "/directives"},
		{"directive", "poorab.president", "/directive/" + w.directive},
		{"directive-monthly", "state.desk", "/directive/" + w.report + "?period=2026-09"},
		{"answer", "nadi.president", "/directive/" + w.report + "/answer?body=nadi&period=2026-10"},
		{"issue", "state.desk", "/directive/new"},
		{"missing", "nadi.president", "/org/nothing"},
	}
}

// TestSignInInChromium goes through the real cookies (__Host-, Secure) on
// http://127.0.0.1, which browsers hold for safe, and through the pages without
// JavaScript.
func TestSignInInChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	w := newWorld(t, web.Config{Demo: true, SignIns: []web.DemoSignIn{{Label: "word.block_president", Phone: phoneOfNadi, Name: lang.Name{Hi: "सीमा वर्मा", En: "Seema Verma"}}}})
	ctx, cancel := context.WithTimeout(chromium(t), time.Minute)
	defer cancel()
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	err := chromedp.Do(ctx,
		chromedp.Navigate(w.srv.URL+"/org/nadi"), // sent to sign in, and back here after it
		chromedp.WaitVisible("button.ready"), chromedp.Click("button.ready"),
		chromedp.WaitVisible("p.code"), chromedp.Click("main .actionbar button"),
		chromedp.WaitVisible("#seats"))
	if err != nil {
		t.Fatal(err)
	}
	cookies, err := chromedp.Call(ctx, network.GetCookies, network.GetCookiesParams{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cookies.Cookies {
		if c.Name == "__Host-session" && c.HTTPOnly && c.Secure && c.SameSite == network.CookieSameSiteLax {
			return
		}
	}
	t.Errorf("no safe session cookie among %d", len(cookies.Cookies))
}

// phoneOfNadi is the number of nadi.president in the small register.
const phoneOfNadi = "9000000016"
