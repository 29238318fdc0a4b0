package sangathan_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"sangathan/access"
	"sangathan/api"
	"sangathan/cli"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/lang"
	"sangathan/letter"
	"sangathan/org"
	"sangathan/orgtest"
	"sangathan/review"
	"sangathan/web"
)

// story is an invented state unit between two elections, told through its faces:
// the command line for what the office does, the API for what the phones send, the
// pages for what people see. It grows with every capability.
type story struct {
	*testing.T
	*orgtest.Fixture
	clock  *dbtest.Clock
	api    http.Handler
	pages  http.Handler
	tokens map[string]string
	pin    string // hash of everybody's PIN
}

// TestStory tells the mission in one run of fourteen months, on both engines.
func TestStory(t *testing.T) {
	clock := dbtest.Day("2026-01-05")
	pin, err := access.HashPIN("2580")
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		clock.Set(dbtest.Day("2026-01-05").Now())
		quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
		s := &story{T: t, Fixture: orgtest.Small(t, u), clock: clock, tokens: map[string]string{}, pin: pin,
			api: api.New(u, quiet), pages: web.New(u, web.Config{Insecure: true, Logger: quiet})}
		s.tell()
	}, dbtest.At(clock))
}

func (s *story) tell() {
	// January 2026. The office begins: criteria, the monthly report, and the results
	// of the election that is over.
	s.verb(review.LoadDefault)
	s.post("state.incharge", "/directives", `{"kind":"monthly_report","subject":"मासिक रिपोर्ट"}`, 200)
	out := s.cli("election", "import", "-db", "x", "-name", "लोकसभा 2025", "-kind", "loksabha", "-day", "2025-12-20", "results.csv")
	s.has(out, "3")
	s.sees("poorab.president", "/area/pc-1", "सीमा पाल", "14,134")
	s.cliFails(3, "election", "import", "-db", "x", "-name", "लोकसभा 2025", "-kind", "loksabha", "-day", "2025-12-20", "broken.csv")

	// January to June: most work and report; Tila's committee is never heard of;
	// nadi.sec1 and poorab.sec2 do nothing; neem.sec1 is on recorded leave.
	s.post("pachhim.president", "/memberships/m-neem.sec1/leave", `{"from_day":"2026-01-01","to_day":"2026-07-15","reason":"अस्पताल में भर्ती"}`, 200)
	working := []string{"poorab.president", "poorab.gs", "poorab.sec1", "nadi.president", "nadi.sec2", "kisan-poorab.convenor",
		"pachhim.president", "pachhim.gs", "pachhim.sec1", "pachhim.sec2", "bargad.president", "bargad.sec1", "bargad.sec2", "neem.president", "neem.sec2", "kisan-pachhim.convenor"}
	report := s.id(s.get("state.incharge", "/directives", 200), "items", 0, "id")
	for month := 1; month <= 6; month++ {
		for _, name := range working {
			for n := range 4 {
				day := fmt.Sprintf("2026-%02d-%02d", month, 6+5*n)
				s.clock.Set(dbtest.Day(day).Now())
				s.post(name, "/activities", s.report(name, "outreach", day), 200)
			}
		}
		s.clock.Set(dbtest.Day(fmt.Sprintf("2026-%02d-05", month+1)).Now())
		for _, body := range []string{"poorab", "nadi", "kisan-poorab", "pachhim", "bargad", "neem", "kisan-pachhim"} {
			head := map[bool]string{true: ".convenor", false: ".president"}[strings.HasPrefix(body, "kisan")]
			s.post(body+head, "/directives/"+report+"/answer", fmt.Sprintf(`{"organization":"%s","period":"2026-%02d","text":"रिपोर्ट"}`, body, month), 200)
		}
	}
	// A report sent twice counts once; another's entry is confirmed by a second person.
	twice := s.report("nadi.sec2", "chaupal", "2026-07-04")
	first := s.post("nadi.sec2", "/activities", twice, 200)
	s.equal(s.post("nadi.sec2", "/activities", twice, 200)["id"], first["id"])
	s.post("nadi.sec2", "/activities/"+first["id"].(string)+"/confirm", `{}`, 403)
	s.post("nadi.president", "/activities/"+first["id"].(string)+"/confirm", `{}`, 200)

	// July. A directive asks every district for its list; the system drafts it.
	s.day("2026-07-06")
	asked := s.post("state.incharge", "/directives", `{"kind":"inactivity_list","subject":"काम दर्ज न होने वालों की सूची","kinds":["district_unit"],"due_day":"2026-07-31"}`, 200)["id"].(string)
	s.sees("poorab.president", "/", "काम दर्ज न होने वालों की सूची")
	list := s.draft("poorab.president", "poorab")
	lines := s.lines("poorab.president", list)
	s.equal(fmt.Sprint(len(lines)), "2") // nadi.sec1 and poorab.sec2; nobody of silent Tila
	s.equal(fmt.Sprint(len(s.lines("pachhim.president", s.draft("pachhim.president", "pachhim")))), "0")
	silent := s.get("poorab.president", "/reviews/"+list+"/silent", 200)
	s.equal(s.id(silent, "items", 0, "organization"), "tila")

	// The district checks: both confirmed. Returning the list answers the directive.
	for who, line := range lines {
		if who == "m-poorab.sec2" { // nobody checks themself: the president does
			s.post("poorab.sec2", "/review-lines/"+line+"/check", `{"verdict":"excused","text":"मैं ठीक हूँ"}`, 404)
		}
		s.post("poorab.president", "/review-lines/"+line+"/check", `{"verdict":"confirmed","text":""}`, 200)
	}
	s.post("poorab.president", "/reviews/"+list+"/send", `{}`, 200)
	s.equal(s.id(s.get("state.incharge", "/directives/"+asked+"/answers?state=answered", 200), "items", 0, "organization"), "poorab")
	cases := map[string]string{}
	for _, c := range s.get("state.desk", "/cases", 200)["items"].([]any) {
		cases[c.(map[string]any)["membership"].(string)] = c.(map[string]any)["id"].(string)
	}
	s.equal(fmt.Sprint(len(cases)), "2")
	nadi, sec2 := cases["m-nadi.sec1"], cases["m-poorab.sec2"]

	// Someone outside speaks with each; notice; service; reply.
	s.sees("nadi.sec1", "/case/"+nadi)
	s.post("poorab.gs", "/cases/"+nadi+"/notice", `{"text":"कारण बताएँ"}`, 409) // nobody has spoken with him
	for _, id := range []string{nadi, sec2} {
		s.post("state.desk", "/cases/"+id+"/talk", `{"manner":"call","day":"2026-07-06","text":"बात हुई","reached":true}`, 200)
		s.post("state.desk", "/cases/"+id+"/notice", `{"text":"पिछले छह महीनों का काम दर्ज नहीं मिला, कारण बताएँ","copy_to":["सहकारिता प्रकोष्ठ"]}`, 200)
	}
	s.day("2026-07-08")
	s.post("poorab.gs", "/cases/"+nadi+"/service", `{"manner":"signed","day":"2026-07-08","text":"हस्ताक्षर लिए"}`, 200)
	s.sees("nadi.sec1", "/case/"+nadi, "23 जुलाई 2026") // the last day to reply
	s.post("nadi.sec2", "/cases/"+nadi+"/reply", `{"text":"उसकी तरफ से"}`, 404)
	s.post("nadi.sec1", "/cases/"+nadi+"/reply", `{"text":"मैंने बैठकें कीं पर दर्ज नहीं कराईं"}`, 200)
	// poorab.sec2 answers by resigning: the case ends, the seat is vacant.
	s.post("poorab.sec2", "/memberships/m-poorab.sec2/end", `{"reason":"resigned","day":"2026-07-08","note":"स्वास्थ्य"}`, 200)
	s.post("state.desk", "/cases/"+sec2+"/service", `{"manner":"call","day":"2026-07-08","text":"फोन"}`, 409)
	s.equal(s.get("poorab.sec2", "/cases/"+sec2, 200)["step"], "ended")
	s.sees("poorab.sec2", "/case/"+sec2)

	// A recommendation; and the president who is about to decide is relieved himself,
	// while the page is open before him.
	s.post("poorab.gs", "/cases/"+nadi+"/recommendation", `{"verdict":"relieve","text":"काम नहीं हुआ"}`, 200)
	s.sees("poorab.president", "/case/"+nadi)
	s.post("state.president", "/memberships/m-poorab.president/relieve-now", `{"text":"अनुशासनहीनता"}`, 200)
	s.post("poorab.president", "/cases/"+nadi+"/decision", `{"verdict":"relieve","text":"मैं हटाता हूँ"}`, 404)
	s.refused("poorab.president", "/org/poorab", 404)
	s.sees("poorab.president", "/me") // still signed in, to the own record
	s.post("state.president", "/cases/"+nadi+"/decision", `{"verdict":"relieve","text":"उत्तर संतोषजनक नहीं","copy_to":["सहकारिता प्रकोष्ठ","कोष कार्यालय"]}`, 200)
	s.copied("सहकारिता प्रकोष्ठ", 3) // two notices and the order
	s.copied("कोष कार्यालय", 1)

	s.refused("nadi.sec1", "/org/nadi", 404)

	// August. The appeal of nadi.sec1 is heard by another than who decided, and won.
	s.day("2026-08-03")
	s.post("nadi.sec1", "/cases/"+nadi+"/appeal", `{"text":"बैठकों की तस्वीरें हैं"}`, 200)
	s.post("state.president", "/cases/"+nadi+"/appeal-decision", `{"verdict":"reversed","text":"ठीक"}`, 403)
	s.post("state.incharge", "/cases/"+nadi+"/appeal-decision", `{"verdict":"reversed","text":"प्रमाण सही पाए गए"}`, 200)
	s.holds("nadi", "m-nadi.sec1", true)
	s.sees("nadi.sec1", "/case/"+nadi)
	s.post("nadi.sec1", "/cases/"+nadi+"/appeal", `{"text":"फिर से"}`, 409)

	// A death is recorded, and found to be a mistake: the order is revoked.
	died := s.post("state.desk", "/memberships/m-tila.president/end", `{"reason":"died","day":"2026-08-01","note":"सूचना मिली"}`, 200)["id"].(string)
	s.holds("tila", "m-tila.president", false)
	s.post("state.desk", "/orders/"+died+"/revoke", `{"text":"नाम की गलती"}`, 403)
	s.post("state.president", "/orders/"+died+"/revoke", `{"text":"सूचना गलत थी, वे सकुशल हैं"}`, 200)
	s.holds("tila", "m-tila.president", true)
	s.sees("tila.president", "/me")
	s.sees("tila.president", "/") // and may work again
	s.post("tila.president", "/activities", s.report("tila.president", "outreach", "2026-08-03"), 200)

	// September. The vacant district presidency is filled: proposed by one, approved
	// by another, one order for all of it. A second proposal for the seat loses.
	s.day("2026-09-01")
	seat := string(s.Seat("poorab.president"))
	s.equal(s.get("state.incharge", "/seats/"+seat, 200)["state"], "vacant")
	a := s.post("state.desk", "/proposals", fmt.Sprintf(`{"seat":"%s","person":"p-poorab.gs","charge":"regular","reason":"अच्छा काम"}`, seat), 200)["id"].(string)
	b := s.post("state.gs", "/proposals", fmt.Sprintf(`{"seat":"%s","person":"p-poorab.sec1","charge":"regular","reason":"युवा"}`, seat), 403)
	_ = b
	other := s.post("state.president", "/proposals", fmt.Sprintf(`{"seat":"%s","person":"p-poorab.sec1","charge":"regular","reason":"युवा"}`, seat), 200)["id"].(string)
	s.post("poorab.gs", "/proposals/"+a+"/approve", `{"day":"2026-09-01","reason":"मैं ही"}`, 403)
	order := s.post("state.president", "/proposals/"+a+"/approve", `{"day":"2026-09-01","reason":"संगठन हित में"}`, 200)["id"].(string)
	s.post("state.incharge", "/proposals/"+other+"/approve", `{"day":"2026-09-01","reason":"यह भी"}`, 409)
	s.sees("poorab.gs", "/order/"+order, "2026/")

	// The letter is there, for the new president too and for nobody of another district.
	// The desk changes the template: what is issued stays as it is.
	issued := s.file("poorab.gs", "/order/"+order+"/pdf", 200)
	s.has(issued[:8], "%PDF-1.7")
	s.file("pachhim.president", "/order/"+order+"/pdf", 404)
	s.sees("state.desk", "/org/state/letters", "मनोनयन पत्र", "सामान्य")
	s.verb(func(tx *db.Tx) error {
		_, err := letter.Save(tx, s.Actor("state.desk"), "state", "appointment", lang.Hi, "@center {organization}\n{number} {date}\n{body}\n@sign {signer}")
		return err
	})
	s.sees("state.desk", "/org/state/letters/appointment/hi", "{signer_post}", "संस्करण 1")
	if s.file("state.desk", "/order/"+order+"/pdf", 200) != issued {
		s.Error("the bytes of an issued letter changed")
	}
	if s.file("poorab.gs", "/org/poorab/diary?as=pdf", 200)[:8] != "%PDF-1.7" {
		s.Error("no telephone diary")
	}

	// As on any day: the old president in January, nobody in August, the new one now.
	s.equal(s.presidentOn("2026-01-10"), "p-poorab.president")
	s.equal(s.presidentOn("2026-08-15"), "")
	s.equal(s.presidentOn("2026-09-01"), "p-poorab.gs")
	s.has(s.cli("org", "holders", "-db", "x", "-unit", "poorab", "-on", "2026-01-10", "-json"), "p-poorab.president")
	s.hasNot(s.cli("org", "holders", "-db", "x", "-unit", "poorab", "-on", "2026-08-15", "-json"), "p-poorab.president")

	// March 2027, fourteen months on. The next list is drafted on the command line;
	// what happened before stands unchanged.
	s.day("2027-03-02")
	s.has(s.cli("review", "draft", "-db", "x", "-unit", "pachhim", "-json"), `"unit":"pachhim"`)
	s.has(s.cli("review", "list", "-db", "x", "-json"), `"to_day":"2026-07-01"`)
	s.equal(s.get("nadi.sec1", "/cases/"+nadi, 200)["appeal_result"], "reversed")
	s.equal(s.presidentOn("2026-01-10"), "p-poorab.president")
}

// --- how the story speaks to the faces

func (s *story) day(day string) { s.clock.Set(dbtest.Day(day).Now()) }

func (s *story) verb(fn func(tx *db.Tx) error) {
	s.Helper()
	if err := s.Unit.Write(s.Context(), fn); err != nil {
		s.Fatal(err)
	}
}

// token signs a holder in, at first by an activation slip and later by the PIN
// chosen with it; the session lives through reliefs and appointments, as on a phone.
func (s *story) token(name string) string {
	s.Helper()
	person := string(s.Person(name))
	s.verb(func(tx *db.Tx) error {
		old := s.tokens[name]
		if _, err := access.Open(tx, old); err == nil {
			return nil
		}
		if old != "" {
			session, err := access.SignInPIN(tx, person, true, access.Device{})
			s.tokens[name] = session.Token
			return err
		}
		where, err := org.PersonTarget(tx, access.Operator(), org.PersonID(person))
		if err != nil {
			return err
		}
		slip, err := access.MakeSlip(tx, access.Operator(), person, where)
		if err != nil {
			return err
		}
		session, _, err := access.UseSlip(tx, slip, s.pin, access.Device{})
		s.tokens[name] = session.Token
		return err
	})
	return s.tokens[name]
}

func (s *story) call(method, as, path, body string, want int) map[string]any {
	s.Helper()
	r := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+s.token(as))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	if w.Code != want {
		s.Fatalf("%s: %s %s %s: %d %s, want %d", as, method, path, body, w.Code, w.Body, want)
	}
	var out map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		s.Fatal(err)
	}
	return out
}

func (s *story) post(as, path, body string, want int) map[string]any {
	s.Helper()
	return s.call("POST", as, path, body, want)
}

func (s *story) get(as, path string, want int) map[string]any {
	s.Helper()
	return s.call("GET", as, path, "", want)
}

// page reads a page as a browser of the holder would.
func (s *story) page(as, path string) (int, string) {
	s.Helper()
	r := httptest.NewRequest("GET", path, nil)
	r.AddCookie(&http.Cookie{Name: "session", Value: base64.RawURLEncoding.EncodeToString([]byte(s.token(as)))})
	w := httptest.NewRecorder()
	s.pages.ServeHTTP(w, r)
	return w.Code, html.UnescapeString(tags.ReplaceAllString(w.Body.String(), " "))
}

var tags = regexp.MustCompile(`<[^>]*>`)

// file reads what a page gives as a file, letter by letter.
func (s *story) file(as, path string, want int) string {
	s.Helper()
	r := httptest.NewRequest("GET", path, nil)
	r.AddCookie(&http.Cookie{Name: "session", Value: base64.RawURLEncoding.EncodeToString([]byte(s.token(as)))})
	w := httptest.NewRecorder()
	s.pages.ServeHTTP(w, r)
	if w.Code != want {
		s.Fatalf("%s: %s: %d, want %d", as, path, w.Code, want)
	}
	return w.Body.String()
}

// sees checks that a page is there for the holder and says each text.
func (s *story) sees(as, path string, texts ...string) {
	s.Helper()
	status, text := s.page(as, path)
	if status != 200 {
		s.Fatalf("%s: %s: %d %s", as, path, status, text)
	}
	for _, want := range append(texts, "") {
		if !strings.Contains(text, want) {
			s.Fatalf("%s: %s does not say %q: %s", as, path, want, strings.Join(strings.Fields(text), " "))
		}
	}
	if strings.Contains(text, "⟦") {
		s.Fatalf("%s: %s lacks a message: %s", as, path, text)
	}
}

func (s *story) refused(as, path string, want int) {
	s.Helper()
	if status, _ := s.page(as, path); status != want {
		s.Fatalf("%s: %s: %d, want %d", as, path, status, want)
	}
}

var files = map[string]string{
	"results.csv": "pc_no,candidate,party,votes\n1,सीमा पाल,सूरजमुखी दल,412345\n1,हरीश मिश्रा,नदी मोर्चा,398211\n1,NOTA,,5120\n",
	"broken.csv":  "pc_no,candidate,party,votes\n1,क,ख,12\n99,ग,घ,-3\n",
}

func (s *story) run(args ...string) (int, string) {
	s.Helper()
	var out bytes.Buffer
	code := cli.Run(s.Context(), &cli.Env{Stdout: &out, Stderr: &out, Now: s.clock.Now, Unit: s.Unit, Open: func(name string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(files[name])), nil
	}}, args)
	return code, out.String()
}

func (s *story) cli(args ...string) string {
	s.Helper()
	code, out := s.run(args...)
	if code != 0 {
		s.Fatalf("sangathan %s: exit %d: %s", strings.Join(args, " "), code, out)
	}
	return out
}

func (s *story) cliFails(want int, args ...string) {
	s.Helper()
	if code, out := s.run(args...); code != want {
		s.Fatalf("sangathan %s: exit %d, want %d: %s", strings.Join(args, " "), code, want, out)
	}
}

func (s *story) report(name, kind, day string) string {
	var id string
	s.Unit.Read(s.Context(), func(tx *db.Tx) error { id = tx.NewID(); return nil })
	return fmt.Sprintf(`{"id":"%s","membership":"m-%s","kind":"%s","area":"","day":"%s","people":12,"note":"","word":"self"}`, id, name, kind, day)
}

func (s *story) draft(as, unit string) string {
	s.Helper()
	return s.post(as, "/reviews", fmt.Sprintf(`{"unit":"%s"}`, unit), 200)["id"].(string)
}

// lines gives the lines of a list by membership.
func (s *story) lines(as, list string) map[string]string {
	s.Helper()
	out := map[string]string{}
	for _, l := range s.get(as, "/reviews/"+list+"/lines", 200)["items"].([]any) {
		l := l.(map[string]any)
		out[l["membership"].(string)] = l["id"].(string)
	}
	return out
}

func (s *story) holds(body, membership string, want bool) {
	s.Helper()
	found := false
	for _, m := range s.get("state.incharge", "/organizations/"+body+"/holders", 200)["items"].([]any) {
		found = found || m.(map[string]any)["id"] == membership
	}
	if found != want {
		s.Fatalf("%s in %s: %v, want %v", membership, body, found, want)
	}
}

func (s *story) presidentOn(day string) string {
	s.Helper()
	for _, m := range s.get("state.incharge", "/organizations/poorab/holders?on="+day, 200)["items"].([]any) {
		if m := m.(map[string]any); m["role"] == "district_president" {
			return m["person"].(string)
		}
	}
	return ""
}

func (s *story) id(v any, path ...any) string {
	s.Helper()
	for _, p := range path {
		switch p := p.(type) {
		case string:
			v = v.(map[string]any)[p]
		case int:
			all := v.([]any)
			if len(all) <= p {
				s.Fatalf("only %d in %v", len(all), v)
			}
			v = all[p]
		}
	}
	return fmt.Sprint(v)
}

// copied holds that copies of so many letters go to someone.
func (s *story) copied(to string, letters int) {
	s.Helper()
	s.verb(func(tx *db.Tx) error {
		all, err := db.Select(tx, `select fields_hi from letter`, nil, db.One[string])
		n := 0
		for _, fields := range all {
			if strings.Contains(fields, to) {
				n++
			}
		}
		s.equal(n, letters)
		return err
	})
}

func (s *story) equal(got, want any) {
	s.Helper()
	if got != want {
		s.Fatalf("got %v, want %v", got, want)
	}
}

func (s *story) has(text, want string) {
	s.Helper()
	if !strings.Contains(text, want) {
		s.Fatalf("%q does not hold %q", text, want)
	}
}

func (s *story) hasNot(text, what string) {
	s.Helper()
	if strings.Contains(text, what) {
		s.Fatalf("%q holds %q", text, what)
	}
}
