package web_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/web"

	"github.com/pquerna/otp/totp"
)

// TestI2_TenThousandGuesses: 1,000 addresses, each a browser of its own, guess 10,000
// times: at the code of one number, at its PIN, and across other numbers and PINs. None
// gets in, however the guesses fall. All the while the owner gets in on the browser they
// use, by code and by PIN; on a new one by a slip; and the desk is told.
func TestI2_TenThousandGuesses(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := newWorld(t, web.Config{Insecure: true})
	// The attacker's codes never come, so every guess is blind; the answer is known to the test alone.
	const victim = "nadi.sec1"
	person := string(w.Person(victim))
	owner, desk := w.as(victim, ""), w.as("state.desk", "")
	pin, err := access.HashPIN("4827")
	if err != nil {
		t.Fatal(err)
	}
	phone, others := "", []string(nil)
	w.write(func(tx *db.Tx) (err error) {
		account, err := access.AccountOf(tx, person)
		if err != nil {
			return err
		}
		if err := access.SetPIN(tx, access.Actor{Account: account, Person: person}, pin); err != nil {
			return err
		}
		if phone, err = tx.Text(`select number from phone where person_id = $1`, person); err != nil {
			return err
		}
		others, err = db.Select(tx, `select number from phone where person_id <> $1 order by number`, []any{person}, db.One[string])
		return err
	})

	handler := w.srv.Config.Handler
	const addresses, guesses = 1000, 10
	var mu sync.Mutex
	in, answers := 0, map[int]int{}
	attack := func(n int) {
		r := rand.New(rand.NewPCG(seed, uint64(n)))
		jar := map[string]string{}
		ask := func(path string, form url.Values) {
			req := httptest.NewRequestWithContext(t.Context(), "POST", path, strings.NewReader(form.Encode()))
			req.RemoteAddr = fmt.Sprintf("10.%d.%d.%d:4000", n>>8&3, n&255, 1+n%250)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for name, value := range jar {
				req.AddCookie(&http.Cookie{Name: name, Value: value})
			}
			a := httptest.NewRecorder()
			handler.ServeHTTP(a, req)
			got := a.Result()
			mu.Lock()
			answers[got.StatusCode]++
			for _, c := range got.Cookies() {
				jar[c.Name] = c.Value
				if c.Name == "session" && c.MaxAge > 0 {
					in++
				}
			}
			mu.Unlock()
		}
		target := phone
		if n%4 == 3 {
			target = others[r.IntN(len(others))]
		}
		ask("/signin", url.Values{"phone": {target}})
		for range guesses {
			switch n % 4 {
			case 0, 3:
				ask("/signin/code", url.Values{"code": {fmt.Sprintf("%06d", r.IntN(1_000_000))}})
			case 1: // at the owner's PIN: never the right one by luck, so that the limits alone decide nothing here
				ask("/signin/pin", url.Values{"login": {phone}, "pin": {fmt.Sprintf("%04d", r.IntN(4827))}})
			case 2:
				ask("/signin/pin", url.Values{"login": {others[r.IntN(len(others))]}, "pin": {fmt.Sprintf("%04d", r.IntN(10_000))}})
			}
		}
	}
	jobs := make(chan int)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for n := range jobs {
				attack(n)
			}
		})
	}
	byCode := func(b *browser) int {
		sent := b.askCode(phone)
		if sent.status != 303 {
			return sent.status
		}
		return b.post("/signin/code", url.Values{"code": {w.lastSMS(phone)}}).status
	}
	for n := range addresses {
		jobs <- n
		if n%300 == 299 { // the owner, in the middle of it
			owner.post("/signout", url.Values{})
			if got := byCode(owner); got != 303 || owner.get("/me").status != 200 {
				t.Errorf("after %d addresses the owner's code is answered %d", n, got)
			}
		}
	}
	close(jobs)
	wg.Wait()
	t.Logf("10,000 guesses from 1,000 addresses: %d in; answers by status %v", in, answers)
	if in != 0 {
		t.Errorf("%d got in", in)
	}
	owner.post("/signout", url.Values{})
	if got := owner.post("/signin/pin", url.Values{"login": {phone}, "pin": {"4827"}}); got.status != 303 || owner.get("/me").status != 200 {
		t.Errorf("the owner's PIN is answered %d %s", got.status, text(got.body))
	}
	fresh := w.as("nobody", "")
	if got := byCode(fresh); got != 429 {
		t.Errorf("a new browser of the owner waits as strangers do: %d", got)
	}
	m := regexp.MustCompile(`(/slip/[\w-]+)<`).FindStringSubmatch(desk.post("/person/p-"+victim+"/slip", url.Values{}).body)
	if m == nil {
		t.Fatal("no slip")
	}
	if got := fresh.post(m[1], url.Values{"pin": {"7391"}, "again": {"7391"}}); got.status != 303 || fresh.get("/me").status != 200 {
		t.Errorf("the owner's slip on a new browser is answered %d", got.status)
	}
	if got := desk.get("/"); !strings.Contains(got.body, "लॉगिन पर असामान्य दबाव") {
		t.Error("the desk is not told")
	}
	if got := desk.get("/signins"); got.status != 200 || !strings.Contains(got.body, "सीमा पूरी") {
		t.Errorf("the desk's page: %d %s", got.status, text(got.body))
	}
}

// TestI2_LostPhoneAndSessions goes through the pages: listed, ended, lost, a slip.
func TestI2_LostPhoneAndSessions(t *testing.T) {
	w := newWorld(t, web.Config{Insecure: true})
	phone, laptop := w.as("nadi.sec1", ""), w.as("nadi.sec1", "")
	me := laptop.get("/me").body
	ids := regexp.MustCompile(`name="session" value="([0-9a-f]{16})"`).FindAllStringSubmatch(me, -1)
	if len(ids) != 1 || !strings.Contains(me, "यही फोन या कंप्यूटर") {
		t.Fatalf("%d other sessions in %s", len(ids), text(me))
	}
	if got := w.as("nadi.sec2", "").post("/me/sessions", url.Values{"session": {ids[0][1]}}); got.status != 404 || phone.get("/me").status != 200 {
		t.Errorf("another's session is ended: %d", got.status)
	}
	if got := laptop.post("/me/sessions", url.Values{"session": {ids[0][1]}}); got.status != 303 || phone.get("/me").status != 303 {
		t.Errorf("%d", got.status)
	}
	phone.signIn(string(w.Person("nadi.sec1")))
	if got := laptop.post("/me/sessions", url.Values{"others": {"yes"}}); got.status != 303 || phone.get("/me").status != 303 || laptop.get("/me").status != 200 {
		t.Errorf("%d", got.status)
	}
	phone.signIn(string(w.Person("nadi.sec1")))
	number := regexp.MustCompile(`name="number" value="(\d{10})"`).FindStringSubmatch(laptop.get("/me/lost").body)
	if number == nil {
		t.Fatal("no number to choose")
	}
	if got := laptop.fill("/me/lost", "number", number[1]); got.status != 303 || phone.get("/me").status != 303 {
		t.Errorf("%d", got.status)
	}
	w.write(func(tx *db.Tx) error { _, err := tx.Exec(`delete from sms`); return err })
	w.as("nobody", "").post("/signin", url.Values{"phone": {number[1]}})
	if w.lastSMS(number[1]) != "" {
		t.Error("a code went to the lost number")
	}
	if got := laptop.get("/me"); !strings.Contains(got.body, "यह नंबर वापस मिल गया") {
		t.Error("no way to say that the number is back")
	}
	if got := laptop.post("/me/number", url.Values{"number": {number[1]}}); got.status != 303 {
		t.Errorf("%d", got.status)
	}
	boss := w.as("poorab.president", "")
	if got := boss.get("/person/p-nadi.sec1"); !strings.Contains(got.body, "/person/p-nadi.sec1/lost") {
		t.Error("the superior is not offered to end the sign-ins")
	}
	got := boss.fill("/person/p-nadi.sec1/lost", "number", "none")
	if m := regexp.MustCompile(`(/slip/[\w-]+)<`).FindStringSubmatch(got.body); got.status != 200 || m == nil || laptop.get("/me").status != 303 {
		t.Errorf("%d %s", got.status, text(got.body))
	}
}

// TestI2_SecondStepInThePages sets it up from the secret shown, signs in with it, and has
// it taken away by the superior.
func TestI2_SecondStepInThePages(t *testing.T) {
	w := newWorld(t, web.Config{Insecure: true})
	b := w.as("nadi.sec1", "")
	if got := b.fill("/me/second"); got.status != 422 && got.status != 409 { // nothing begun yet
		t.Errorf("%d", got.status)
	}
	if got := b.post("/me/second/begin", url.Values{}); got.status != 303 {
		t.Fatal(got.status)
	}
	shown := b.get("/me/second").body
	m := regexp.MustCompile(`class="secret">([A-Z2-7 ]+)<`).FindStringSubmatch(shown)
	if m == nil || !strings.Contains(shown, `<svg class="qr"`) {
		t.Fatal(text(shown))
	}
	app := func() string {
		code, err := totp.GenerateCode(strings.ReplaceAll(m[1], " ", ""), w.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	if got := b.fill("/me/second", "code", "000000"); got.status != 422 {
		t.Errorf("%d", got.status)
	}
	done := b.fill("/me/second", "code", app())
	recovery := regexp.MustCompile(`<code>(\d{5}-\d{5})</code>`).FindAllStringSubmatch(done.body, -1)
	if done.status != 200 || len(recovery) != 8 {
		t.Fatalf("%d %s", done.status, text(done.body))
	}
	if strings.Contains(b.get("/me/second").body, strings.ReplaceAll(m[1], " ", "")[:8]) {
		t.Error("the secret is shown again")
	}
	phone := ""
	w.write(func(tx *db.Tx) (err error) {
		phone, err = tx.Text(`select number from phone where person_id = $1`, string(w.Person("nadi.sec1")))
		return err
	})
	other := w.as("nobody", "")
	other.askCode(phone)
	if got := other.post("/signin/code", url.Values{"code": {w.lastSMS(phone)}}); got.to != "/signin/second" || other.get("/me").status != 303 {
		t.Fatalf("%d %s", got.status, got.to)
	}
	if got := other.post("/signin/second", url.Values{"code": {"000000"}}); got.status != 422 {
		t.Errorf("%d", got.status)
	}
	if got := other.post("/signin/second", url.Values{"code": {recovery[3][1]}}); got.status != 303 || other.get("/me").status != 200 {
		t.Errorf("%d %s", got.status, text(got.body))
	}
	boss := w.as("poorab.president", "")
	if got := boss.post("/person/p-nadi.sec1/second/reset", url.Values{}); got.status != 303 {
		t.Errorf("%d", got.status)
	}
	last := w.as("nadi.sec1", "")
	if got := last.get("/me"); got.status != 200 || !strings.Contains(got.body, "दूसरा ताला लगाएँ") {
		t.Errorf("%d", got.status)
	}
}
