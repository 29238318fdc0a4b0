package web_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"sangathan/access"
	"sangathan/activity"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/lang"
	"sangathan/org"
	"sangathan/sms"
	"sangathan/web"
)

// TestFaces asks pages as different people and looks at status and text.
func TestFaces(t *testing.T) {
	w := newWorld(t, web.Config{Insecure: true})
	for _, c := range []struct {
		as, method, path string
		form             string // of a POST; the form's id is added from the page of the path
		status           int
		text             string // in the page, or the address sent to
	}{
		{"nobody", "GET", "/", "", 303, "/signin"},
		{"nobody", "GET", "/org/state", "", 303, "/signin"},
		{"nobody", "GET", "/signin", "", 200, "ओटीपी मँगाएँ"},
		{"nobody", "GET", "/help", "", 200, "रिक्त पद"},
		{"nobody", "GET", "/nothing", "", 404, "यहाँ नहीं मिला"},
		{"nobody", "POST", "/signin", "phone=12", 422, "मोबाइल नंबर 10 अंकों का लिखें"},
		{"nobody", "POST", "/signin", "phone=९०००० ९९९९९", 303, "/signin/code"},
		{"nobody", "GET", "/slip/never-made", "", 404, "यह पर्ची"},
		{"nadi.sec1", "GET", "/", "", 200, "रिपोर्ट भेजें"},
		{"nadi.president", "GET", "/", "", 200, "अक्टूबर 2026 की मासिक रिपोर्ट भेजें"},
		{"poorab.president", "GET", "/", "", 200, "पुष्टि बाकी है"},
		{"state.incharge", "GET", "/org/state", "", 200, "जिला पूरब गंज"},
		{"state.incharge", "GET", "/org/state?name=pachhim", "", 200, "जिला और शहर इकाइयाँ: 1"},
		{"poorab.president", "GET", "/org/nadi", "", 200, "भरे पद"},
		{"poorab.president", "GET", "/org/bargad", "", 404, "यहाँ नहीं मिला"},
		{"nadi.president", "GET", "/org/tila", "", 404, "यहाँ नहीं मिला"},
		{"poorab.president", "GET", "/org/tila?on=2026-11-10", "", 200, "यह 10 नवंबर 2026 की स्थिति है"},
		{"poorab.president", "GET", "/person/p-bargad.president", "", 404, "यहाँ नहीं मिला"},
		{"poorab.president", "GET", "/person/p-tila.sec2", "", 200, "इस्तीफा"},
		{"poorab.president", "GET", "/person/p-nadi.president", "", 200, "tel:+91"},
		{"nadi.sec1", "GET", "/person/p-nadi.sec1", "", 200, "अपना इस्तीफा दें"},
		{"nadi.sec1", "GET", "/membership/m-nadi.sec2/leave", "", 403, "अवकाश दर्ज"},
		{"poorab.president", "POST", "/membership/m-nadi.sec2/leave", "from_day=2026-11-20&to_day=2026-11-10&reason=बीमारी", 422, "लौटने की तारीख"},
		{"poorab.president", "POST", "/membership/m-nadi.sec2/leave", "from_day=2026-02-30&to_day=2026-03-10", 422, "तारीख ऐसे लिखें"},
		{"poorab.president", "POST", "/membership/m-nadi.sec2/leave", "from_day=20/11/2026&to_day=२५/११/२०२६&reason=बीमारी", 303, "/person/p-nadi.sec2"},
		{"state.desk", "GET", "/vacancies", "", 200, "जिला सचिव"},
		{"state.desk", "GET", "/people?q=Mohan", "", 200, "मोहन"},
		{"state.desk", "GET", "/people?q=%ff", "", 200, "कुछ नहीं मिला"},
		{"state.desk", "GET", "/vacancies?role=%ff", "", 422, "यूनिकोड"},
		{"state.desk", "GET", "/order/" + w.order, "", 200, "पत्रांक 2026/0001"},
		{"pachhim.president", "GET", "/order/" + w.order, "", 404, ""},
		{"state.desk", "GET", "/area/ac-1", "", 200, "जीत का अंतर 2,233 वोट"},
		{"state.desk", "GET", "/area/none", "", 404, ""},
		{"nadi.president", "POST", "/activity/new", "kind=outreach&area=block-nadi&day=2026-11-22&people=९", 303, "/activity/"},
		{"nadi.president", "POST", "/activity/new", "kind=&area=block-bargad&day=2026-12-22&people=bahut&note=रखा रहे", 422, "रखा रहे"},
		{"nadi.president", "POST", "/activity/new", "kind=outreach&area=block-bargad&day=2026-11-22", 422, "बाहर का है"},
		{"nadi.president", "POST", "/activity/new", "kind=outreach&day=2026-11-22&note=%ff", 422, "यूनिकोड"},
		{"poorab.president", "POST", "/activity/new?for=m-nadi.sec2", "kind=outreach&day=2026-11-22&word=call&area=block-nadi", 303, "/activity/"},
		{"poorab.president", "GET", "/activity/new?for=m-bargad.sec2", "", 404, ""},
		{"poorab.president", "POST", "/org/nadi/activity/new", "kind=outreach&day=2026-11-22&word=slip&who=m-nadi.sec1&people.m-nadi.sec1=७&who=m-nadi.sec2&people.m-nadi.sec2=", 303, "/activity?org=nadi&month=2026-11"},
		{"poorab.president", "POST", "/org/nadi/activity/new", "kind=outreach&day=2026-11-22&word=slip&who=m-nadi.sec1&people.m-nadi.sec1=bahut", 422, "bahut"},
		{"poorab.president", "POST", "/org/nadi/activity/new", "kind=&day=&word=", 422, "कम से कम एक नाम"},
		{"nadi.sec1", "GET", "/org/nadi/activity/new", "", 403, ""},
		{"pachhim.president", "GET", "/activity/" + w.entry, "", 404, ""},
		{"poorab.president", "GET", "/activity/" + w.entry, "", 200, "हाँ, पुष्टि करें"},
		{"poorab.president", "GET", "/activity/" + w.entry + "/object", "", 200, "आपत्ति"},
		{"nadi.president", "GET", "/activity/" + w.entry + "/object", "", 403, ""}, // one's own
		{"poorab.president", "POST", "/activity/" + w.entry + "/object", "reason=", 422, "कारण लिखना जरूरी है"},
		{"nadi.president", "POST", "/directive/" + w.report + "/answer?body=nadi&period=2026-10", "body=", 422, "यह भरना जरूरी है"},
		{"nadi.president", "POST", "/directive/" + w.report + "/answer?body=nadi&period=2026-10", "body=सब ठीक", 303, "/directive/"},
		{"nadi.sec1", "GET", "/directive/new", "", 403, ""},
	} {
		b := w.as(c.as, "")
		var got page
		if c.method == "GET" {
			got = b.get(c.path)
		} else {
			form, err := url.ParseQuery(c.form)
			if err != nil {
				t.Fatal(err)
			}
			var pairs []string
			for k := range form {
				pairs = append(pairs, k, form.Get(k))
			}
			got = b.fill(c.path, pairs...)
		}
		name := c.as + " " + c.method + " " + c.path + " " + c.form
		if got.status != c.status {
			t.Errorf("%s: status %d, want %d\n%s", name, got.status, c.status, text(got.body))
		}
		if !strings.Contains(got.body+got.to, c.text) {
			t.Errorf("%s: no %q in %s %s", name, c.text, got.to, text(got.body))
		}
	}
}

// text is what a reader sees of a page, shortened.
func text(html string) string {
	_, html, _ = strings.Cut(html, "<main")
	return strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(html, " ")), " ")
}

var (
	heading  = regexp.MustCompile(`<h1[ >]`)
	langHTML = regexp.MustCompile(`<html lang="(hi|en)">`)
	idOrUUID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}`)
)

// TestEveryPageInBothLanguages renders every GET route with something to show.
func TestEveryPageInBothLanguages(t *testing.T) {
	w := newWorld(t, web.Config{Demo: true, Insecure: true, SignIns: []web.DemoSignIn{{Label: "word.block_president", Phone: "9000000001"}}})
	for _, l := range []lang.Lang{lang.Hi, lang.En} {
		for _, look := range w.looks() {
			got := w.as(look.as, l).get(look.path)
			name := string(l) + " " + look.name
			if got.status != 200 && look.name != "missing" {
				t.Errorf("%s: status %d: %s", name, got.status, text(got.body))
			}
			if n := len(heading.FindAllString(got.body, -1)); n != 1 {
				t.Errorf("%s: %d h1", name, n)
			}
			if m := langHTML.FindStringSubmatch(got.body); m == nil || m[1] != string(l) {
				t.Errorf("%s: lang %v", name, m)
			}
			seen := text(got.body)
			if i := strings.Index(got.body, "⟦"); i >= 0 {
				t.Errorf("%s: %s", name, got.body[i:min(i+60, len(got.body))])
			}
			if id := idOrUUID.FindString(seen); id != "" {
				t.Errorf("%s shows the id %s", name, id)
			}
			if strings.Contains(got.body, "style=") || strings.Contains(got.body, "<style") || strings.Contains(got.body, "onclick") {
				t.Errorf("%s has inline style or script", name)
			}
		}
	}
}

// TestB1_AFormSentTwiceCountsOnce: the second post leads to the same answer.
func TestB1_AFormSentTwiceCountsOnce(t *testing.T) {
	w := newWorld(t, web.Config{Insecure: true})
	b := w.as("nadi.president", "")
	m := formID.FindStringSubmatch(b.get("/activity/new").body)
	form := url.Values{"form_id": {m[1]}, "kind": {"outreach"}, "area": {"block-nadi"}, "day": {today}, "people": {"5"}}
	count := func() (n int) {
		w.write(func(tx *db.Tx) (err error) { n, err = tx.Int(`select count(*) from activity`); return err })
		return n
	}
	before := count()
	first, second := b.post("/activity/new", form), b.post("/activity/new", form)
	if first.status != 303 || second.status != 303 || first.to != second.to || count() != before+1 {
		t.Errorf("%d %s, then %d %s, %d entries more", first.status, first.to, second.status, second.to, count()-before)
	}
	form.Set("people", "500")
	if other := b.post("/activity/new", form); other.status != 409 || count() != before+1 {
		t.Errorf("other contents under the same id: %d, %s", other.status, text(other.body))
	}
	form.Del("form_id")
	if bare := b.post("/activity/new", form); bare.status != 422 {
		t.Errorf("a form without an id: %d", bare.status)
	}
}

// TestI6_OtherSitesPostNothing: a form of another site is refused, and no page may be
// framed or run a script that is not ours.
func TestI6_OtherSitesPostNothing(t *testing.T) {
	w := newWorld(t, web.Config{Insecure: true})
	b := w.as("nadi.president", "")
	req, err := http.NewRequestWithContext(t.Context(), "POST", w.srv.URL+"/signout", strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	res, err := b.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 403 || b.get("/me").status != 200 {
		t.Errorf("a post from another site: %d", res.StatusCode)
	}
	h := b.get("/").header
	for name, want := range map[string]string{"Content-Security-Policy": "default-src 'none'; script-src 'self'", "X-Content-Type-Options": "nosniff",
		"Referrer-Policy": "same-origin", "Cache-Control": "no-store"} {
		if !strings.Contains(h.Get(name), want) {
			t.Errorf("%s: %q", name, h.Get(name))
		}
	}
}

// TestTooLargeAForm is refused: the field that is too large is named, and all that was
// typed is there again; what is absurdly large is not read at all.
func TestTooLargeAForm(t *testing.T) {
	w := newWorld(t, web.Config{Insecure: true})
	b := w.as("nadi.president", "")
	note := strings.Repeat("क", 1<<20/3)
	got := b.fill("/activity/new", "kind", "outreach", "day", today, "people", "7", "note", note)
	for _, want := range []string{"64 केबी", `href="#f-note"`, `id="e-note"`, note, `value="7"`} {
		if got.status != 422 || !strings.Contains(got.body, want) {
			t.Errorf("status %d, without %.20s", got.status, want)
		}
	}
	got = b.fill("/activity/new", "kind", "outreach", "day", today, "note", strings.Repeat("क", 1<<19))
	if got.status != 413 || !strings.Contains(got.body, "4,096 केबी") {
		t.Errorf("%d %s", got.status, text(got.body))
	}
}

// A known address answers every other method with those it allows, and HEAD as GET.
func TestMethods(t *testing.T) {
	w := newWorld(t, web.Config{Insecure: true})
	for _, row := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"PUT", "/activity", 405, "GET, HEAD"}, {"DELETE", "/signin", 405, "GET, HEAD, POST"}, {"OPTIONS", "/signout", 405, "POST"},
		{"GET", "/signout", 405, "POST"}, {"PUT", "/nowhere", 404, ""}, {"HEAD", "/activity", 303, ""}, {"GET", "/activity", 303, ""},
	} {
		got := w.as("nobody", "").do(row.method, row.path, nil)
		if got.status != row.status || got.header.Get("Allow") != row.allow {
			t.Errorf("%s %s: %d, allow %q", row.method, row.path, got.status, got.header.Get("Allow"))
		}
	}
}

// The sign-ins that a demonstration offers to everyone never run out of codes; other
// numbers do, in the demonstration too.
func TestDemoSignInsDoNotRunOut(t *testing.T) {
	w := newWorld(t, web.Config{Demo: true, Insecure: true, SignIns: []web.DemoSignIn{{Label: "word.block_president", Phone: "9000000001"}}})
	for phone, last := range map[string]int{"9000000001": 303, "9000000002": 429} {
		status := 0
		for range access.CodesPerHour + 1 {
			status = w.as("nobody", "").post("/signin", url.Values{"phone": {phone}}).status
		}
		if status != last {
			t.Errorf("%s: the last of %d codes is answered %d, want %d", phone, access.CodesPerHour+1, status, last)
		}
	}
}

// TestFormsKeepWhatWasTyped: faults at the top and at the field, each tied to it.
func TestFormsKeepWhatWasTyped(t *testing.T) {
	w := newWorld(t, web.Config{Insecure: true})
	got := w.as("nadi.president", "").fill("/activity/new", "kind", "outreach", "day", "2027-01-01", "people", "7", "note", `"<b>मोटा</b>`)
	for _, want := range []string{`role="alert"`, `href="#f-day"`, `id="e-day"`, `aria-invalid="true"`, `aria-describedby="e-day"`,
		`<a href="#f-day">किस दिन: `, `value="7"`, `&#34;&lt;b&gt;मोटा&lt;/b&gt;`, `<title>गलती: `} {
		if !strings.Contains(got.body, want) {
			t.Errorf("no %s", want)
		}
	}
}

// TestI2_SlipActivatesAnAccount: made by the superior, used once, with the PIN after it.
func TestI2_SlipActivatesAnAccount(t *testing.T) {
	w := newWorld(t, web.Config{Insecure: true})
	made := w.as("poorab.president", "").post("/person/p-nadi.sec1/slip", url.Values{})
	m := regexp.MustCompile(`(/slip/[\w-]+)<`).FindStringSubmatch(made.body)
	if made.status != 200 || m == nil || !strings.Contains(made.body, "<path d=\"M4 4h7v1h-7z") {
		t.Fatalf("%d %s", made.status, text(made.body))
	}
	b := w.as("nobody", "")
	if got := b.post(m[1], url.Values{"pin": {"4821"}, "again": {"4822"}}); got.status != 422 {
		t.Errorf("two different PINs: %d", got.status)
	}
	if got := b.post(m[1], url.Values{"pin": {"1111"}, "again": {"1111"}}); got.status != 422 {
		t.Errorf("a weak PIN: %d", got.status)
	}
	if got := b.post(m[1], url.Values{"pin": {"४८२१"}, "again": {"4821"}}); got.status != 303 || got.to != "/welcome" {
		t.Fatalf("%d %s %s", got.status, got.to, text(got.body))
	}
	login := regexp.MustCompile(`class="code">(\d{9})<`).FindStringSubmatch(b.get("/welcome").body)
	if login == nil {
		t.Fatal("no login number")
	}
	if again := w.as("nobody", "").get(m[1]); again.status != 404 {
		t.Errorf("the slip works again: %d", again.status)
	}
	other := w.as("nobody", "")
	if got := other.post("/signin/pin", url.Values{"login": {login[1]}, "pin": {"9999"}}); got.status != 422 {
		t.Errorf("a wrong PIN: %d", got.status)
	}
	if got := other.post("/signin/pin", url.Values{"login": {login[1]}, "pin": {"4821"}}); got.status != 303 || other.get("/me").status != 200 {
		t.Errorf("the right PIN: %d", got.status)
	}
}

// TestE2_AccessEndsWithThePost: an open browser loses the rights with the order.
func TestE2_AccessEndsWithThePost(t *testing.T) {
	w := newWorld(t, web.Config{Insecure: true})
	b := w.as("nadi.president", "")
	if got := b.get("/org/kuan"); got.status != 200 {
		t.Fatal(got.status)
	}
	got := w.as("poorab.president", "").fill("/membership/m-nadi.president/end", "reason", "resigned", "day", today)
	if got.status != 303 || !strings.HasPrefix(got.to, "/order/") {
		t.Fatalf("%d %s", got.status, text(got.body))
	}
	if after := b.get("/org/kuan"); after.status != 404 {
		t.Errorf("after the resignation: %d", after.status)
	}
	if own := b.get("/person/p-nadi.president"); own.status != 200 || !strings.Contains(own.body, "इस्तीफा") {
		t.Errorf("one's own record: %d", own.status)
	}
	if home := b.get("/"); home.status != 200 {
		t.Errorf("home: %d", home.status)
	}
}

// TestHats: who holds two posts chooses.
func TestHats(t *testing.T) {
	w := newWorld(t, web.Config{Insecure: true})
	var seat string
	w.write(func(tx *db.Tx) (err error) {
		seat, err = tx.Text(`select id from seat where organization_id = 'tila' and state = 'vacant'`)
		if err != nil {
			return err
		}
		_, err = org.Appoint(tx, w.Actor("state.incharge"), org.Appointment{Seat: org.SeatID(seat), Person: w.Person("kisan-poorab.convenor"), Charge: "regular", Day: today, Reason: "मनोनीत"})
		return err
	})
	b := w.as("kisan-poorab.convenor", "")
	me := b.get("/me")
	m := regexp.MustCompile(`name="membership" value="([0-9a-f-]{36})"`).FindStringSubmatch(me.body)
	if m == nil {
		t.Fatal(text(me.body))
	}
	if got := b.post("/me/hat", url.Values{"membership": {m[1]}}); got.status != 303 {
		t.Errorf("%d", got.status)
	}
	if home := b.get("/"); !strings.Contains(home.body, "टीला ब्लॉक कमेटी") || !strings.Contains(home.body, "पद से काम कर रहे हैं") {
		t.Error(text(home.body))
	}
	if got := b.post("/me/hat", url.Values{"membership": {"m-state.incharge"}}); got.status != 404 {
		t.Errorf("another's hat: %d", got.status)
	}
}

// TestListsArePagedAndTotalsOpen: the number and the list behind it agree.
func TestListsArePagedAndTotalsOpen(t *testing.T) {
	w := newWorld(t, web.Config{Insecure: true})
	by := w.Actor("nadi.president")
	for range 6 {
		w.write(func(tx *db.Tx) error {
			for range 10 {
				if _, err := activity.Submit(tx, by, activity.Report{ID: activity.EntryID(tx.NewID()), Kind: "outreach", Day: today}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	b := w.as("poorab.president", "")
	list := b.get("/activity?kind=outreach&month=2026-11")
	total := regexp.MustCompile(`<b>([\d,]+)</b>`).FindStringSubmatch(list.body)[1]
	rows := strings.Count(list.body, `class="row"`)
	next := regexp.MustCompile(`href="([^"]*after=[^"]*)"`).FindStringSubmatch(list.body)
	if total != "63" || rows != 50 || next == nil {
		t.Fatalf("total %s, %d rows, next %v", total, rows, next)
	}
	second := b.get(strings.ReplaceAll(next[1], "&amp;", "&"))
	if n := strings.Count(second.body, `class="row"`); n != 13 {
		t.Errorf("second page: %d rows", n)
	}
}

// TestListsAreTakenOut: the file holds what the address chose, in its order, and says
// who took it, under which hat, when and as which number; the register has the same.
func TestListsAreTakenOut(t *testing.T) {
	w := newWorld(t, web.Config{Insecure: true})
	b := w.as("state.desk", lang.En)
	listed := b.get("/orders?unit=poorab&kind=record&sort=old")
	if !strings.Contains(listed.body, `href="/orders?as=csv&amp;kind=record&amp;sort=old&amp;unit=poorab"`) {
		t.Errorf("the page does not lead to its file")
	}
	for i, format := range []string{"csv", "xlsx", "pdf"} {
		got := b.get("/orders?unit=poorab&kind=record&sort=old&as=" + format)
		want := fmt.Sprintf(`attachment; filename="orders-2026-%05d.%s"`, i+1, format)
		if got.status != 200 || got.header.Get("Content-Disposition") != want {
			t.Fatalf("%s: %d %s", format, got.status, got.header)
		}
		if format != "csv" {
			continue
		}
		for _, want := range []string{"\ufeffOrders\r\n", "oldest first", "2026/00001", "State desk", "Ending recorded"} {
			if !strings.Contains(got.body, want) {
				t.Errorf("the file lacks %q: %s", want, got.body)
			}
		}
	}
	if got := b.get("/orders?body=nowhere&as=csv"); got.status != 404 {
		t.Errorf("orders of no body: %d", got.status)
	}
	mine := b.get("/exports")
	if n := strings.Count(mine.body, `class="row"`); n != 3 || !strings.Contains(mine.body, "2026/00003") {
		t.Errorf("the register shows %d: %s", n, mine.body)
	}
	for who, want := range map[string]int{"poorab.president": 0, "state.president": 3} {
		if n := strings.Count(w.as(who, lang.En).get("/exports").body, `class="row"`); n != want {
			t.Errorf("%s sees %d exports, want %d", who, n, want)
		}
	}
	w.write(func(tx *db.Tx) error {
		n, err := tx.Int(`select count(*) from audit where act = 'access.list_exported'`)
		if n != 3 {
			t.Errorf("%d lines of audit", n)
		}
		return err
	})
}

// TestListsAlikeOnBothEngines: the queries of this package give the same on SQLite
// and PostgreSQL, and as many rows as the figures say.
func TestListsAlikeOnBothEngines(t *testing.T) {
	clock := dbtest.Day("2026-08-05")
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		clock.Set(dbtest.Day("2026-08-05").Now())
		w := newWorldIn(t, web.Config{Insecure: true}, u, clock)
		for path, want := range map[string]int{"/org/state/seats?state=filled": 27, "/org/state/seats?state=vacant": 3, "/org/state/seats?state=unknown": 4,
			"/org/state/seats?of=agents": 3, "/org/poorab/seats?state=filled": 11, "/org/poorab/seats?state=vacant&role=district_secretary": 1, "/org/nadi/seats": 5} {
			got := w.as("state.desk", "").get(path)
			if n := strings.Count(got.body, "<li>\n") + strings.Count(got.body, "<li><span class=\"main\">"); n != want {
				t.Errorf("%s: %d rows, want %d", path, n, want)
			}
		}
		for _, path := range []string{"/org/poorab", "/person/p-nadi.president", "/activity", "/directives", "/area/block-nadi"} {
			if got := w.as("poorab.president", "").get(path); got.status != 200 {
				t.Errorf("%s: %d", path, got.status)
			}
		}
	}, dbtest.At(clock))
}

// TestStaticFilesAreKeptForEver by the browser, under names that follow their content.
func TestStaticFilesAreKeptForEver(t *testing.T) {
	w := newWorld(t, web.Config{Insecure: true})
	b := w.as("nobody", "")
	for _, name := range regexp.MustCompile(`/static/[\w.-]+`).FindAllString(b.get("/signin").body, -1) {
		if got := b.get(name); got.status != 200 || !strings.Contains(got.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", name, got.status, got.header)
		}
	}
	if got := b.get("/static/site.000000000000.css"); got.status != 404 {
		t.Errorf("an old name: %d", got.status)
	}
}

// TestSignInWithoutCodes: where no code can be sent, the first page asks for a PIN alone.
func TestSignInWithoutCodes(t *testing.T) {
	w := newWorld(t, web.Config{Insecure: true})
	w.write(func(tx *db.Tx) error { return sms.SetOn(tx, false) })
	got := httptest.NewRecorder()
	web.New(w.Unit, web.Config{Insecure: true, Logger: slog.New(slog.DiscardHandler)}).ServeHTTP(got, httptest.NewRequest("GET", "/signin", nil))
	if body := got.Body.String(); strings.Contains(body, "अपना मोबाइल नंबर लिखें") || !strings.Contains(body, "अपने पिन से लॉगिन करें") {
		t.Error(text(body))
	}
}

// Who goes away while their page is made is no failure of ours.
func TestWhoGoesAwayIsNoFailure(t *testing.T) {
	var log bytes.Buffer
	site := web.New(dbtest.SQLite(t), web.Config{Insecure: true, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 { // whether the page is begun at all is left to chance
		site.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/people", nil))
	}
	if log.Len() > 0 {
		t.Error(log.String())
	}
}
