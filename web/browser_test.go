package web_test

import (
	"context"
	"os"
	"testing"
	"time"

	"sangathan/internal/lang"
	"sangathan/web"

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

// TestPagesInChromium looks at every page of the register, the ledger and the
// directives; see lookAt.
func TestPagesInChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	t.Parallel()
	w := newWorld(t, web.Config{Demo: true, Insecure: true, SignIns: []web.DemoSignIn{
		{Label: "word.district_president", Phone: "9000000010", Name: lang.Name{Hi: "सीमा यादव", En: "Seema Yadav"}}}})
	w.lookAt(t, chromium(t), w.looks())
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
		{"me-lost", "nadi.president", "/me/lost"},
		{"me-second", "nadi.president", "/me/second"},
		{"me-second-begun", "poorab.sec1", "/me/second"},
		{"lost-of", "poorab.president", "/person/p-nadi.sec1/lost"},
		{"signins", "state.desk", "/signins"},
		{"first", "state.president", "/first"},
		{"first-register", "state.desk", "/org/nadi/register"},
		{"org-open", "state.desk", "/org/nadi"},
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
		{"together", "poorab.president", "/org/nadi/activity/new"},
		{"report-for", "poorab.president", "/activity/new?for=m-nadi.sec2"},
		{"entries", "poorab.president", "/activity"},
		{"entry", "poorab.president", "/activity/" + w.entry},
		{"object", "poorab.president", "/activity/" + w.entry + "/object"},
		{"directives", "nadi.president", "/directives"},
		{"directive", "poorab.president", "/directive/" + w.directive},
		{"directive-monthly", "state.desk", "/directive/" + w.report + "?period=2026-09"},
		{"answer", "nadi.president", "/directive/" + w.report + "/answer?body=nadi&period=2026-10"},
		{"issue", "state.desk", "/directive/new"},
		{"letters", "state.desk", "/org/state/letters"},
		{"letter-template", "state.desk", "/org/state/letters/appointment/hi"},
		{"letter-head", "state.desk", "/org/state/letters/head"},
		{"lists", "state.desk", "/lists"},
		{"list-checked", "state.desk", "/list/" + w.list},
		{"list-faulty", "state.desk", "/list/" + w.list + "/rows?of=faulty"},
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
	t.Parallel()
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
