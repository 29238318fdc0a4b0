package web_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"sangathan/access"
	"sangathan/activity"
	"sangathan/directive"
	"sangathan/election"
	"sangathan/intake"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/lang"
	"sangathan/org"
	"sangathan/orgtest"
	"sangathan/sms"
	"sangathan/web"
)

// world is the small register with some history, served.
type world struct {
	*orgtest.Fixture
	t         testing.TB
	srv       *httptest.Server
	clock     *dbtest.Clock
	entry     string
	order     string
	directive string
	report    string
	list      string // a list sent in, checked
}

// today is the day on which the world's pages are looked at.
const today = "2026-11-22"

func newWorld(t testing.TB, cfg web.Config) *world {
	t.Helper()
	clock := dbtest.Day("2026-08-05")
	return newWorldIn(t, cfg, dbtest.SQLite(t, dbtest.At(clock)), clock)
}

// newWorldIn makes the world in the empty unit u, whose clock is clock.
func newWorldIn(t testing.TB, cfg web.Config, u *db.Unit, clock *dbtest.Clock) *world {
	t.Helper()
	w := &world{Fixture: orgtest.Small(t, u), t: t, clock: clock}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(testLog{t}, nil))
	}
	if !cfg.Demo {
		w.write(func(tx *db.Tx) error { return sms.SetOn(tx, true) })
	}
	w.srv = httptest.NewServer(web.New(u, cfg))
	t.Cleanup(w.srv.Close)
	w.history()
	return w
}

type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

func (w *world) write(fn func(tx *db.Tx) error) {
	w.t.Helper()
	if err := w.Unit.Write(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// history is what has happened: reports asked for and given, activities checked, an
// appointment, leave, a resignation, results.
func (w *world) history() {
	desk, president, block := w.Actor("state.desk"), w.Actor("poorab.president"), w.Actor("nadi.president")
	w.write(func(tx *db.Tx) error {
		id, err := directive.Issue(tx, desk, directive.Directive{Kind: directive.KindMonthlyReport, Subject: "मासिक रिपोर्ट",
			Body: "हर महीने की रिपोर्ट अगले महीने की 10 तारीख तक भेजें।"})
		w.report = string(id)
		return err
	})
	for i, day := range []string{"2026-09-03", "2026-10-04", "2026-10-20", "2026-11-02", "2026-11-15", "2026-11-19"} {
		w.clock.Set(dbtest.Day(day).Now())
		w.write(func(tx *db.Tx) error {
			for j, kind := range []string{"outreach", "booth_meeting", "monthly_meeting"}[:1+i%3] {
				id, err := activity.Submit(tx, block, activity.Report{ID: activity.EntryID(tx.NewID()), Kind: kind, Day: day, People: 12 + 7*i + j,
					Note: "गाँव में घर-घर जाकर बात की। पानी की टंकी की बात उठी।"})
				if err != nil {
					return err
				}
				if i%2 == 0 {
					if err := activity.Confirm(tx, president, id); err != nil {
						return err
					}
				}
				w.entry = string(id)
			}
			if day == "2026-09-03" || day == "2026-10-04" {
				month := map[string]string{"2026-09-03": "2026-08", "2026-10-04": "2026-09"}[day]
				return directive.Answer(tx, block, directive.ID(w.report), w.Org("nadi"), month, "सभी बूथों पर बैठक हुई।", "")
			}
			return nil
		})
	}
	w.clock.Set(dbtest.Day("2026-11-20").Now())
	w.write(func(tx *db.Tx) error {
		d, err := directive.Issue(tx, desk, directive.Directive{Kind: directive.KindGeneral, Subject: "बूथ कमेटियों की सूची", DueDay: "2026-11-30",
			Body: "हर जिले से बूथ कमेटियों की पूरी सूची चाहिए।", Kinds: []string{"district_unit", "block_committee"}})
		if err != nil {
			return err
		}
		w.directive = string(d)
		_, err = org.RecordLeave(tx, president, org.Leave{Membership: w.Member("nadi.sec1"), FromDay: "2026-11-18", ToDay: "2026-12-05", Reason: "परिवार में विवाह"})
		if err != nil {
			return err
		}
		o, err := org.RecordEnd(tx, president, w.Member("tila.sec2"), "resigned", "2026-11-19", "पत्र मिला।")
		w.order = string(o)
		if err != nil {
			return err
		}
		if _, err := access.BeginSecond(tx, w.Actor("poorab.sec1")); err != nil {
			return err
		}
		_, err = election.Import(tx, access.Operator(), election.Election{ID: "e24", NameHi: "विधानसभा चुनाव 2022", NameEn: "Assembly election 2022", Kind: "assembly", Day: "2022-03-10"},
			[]election.Row{{Seat: 1, Candidate: "रमेश", Party: "क", Votes: 81234}, {Seat: 1, Candidate: "सलमा", Party: "ख", Votes: 79001}})
		return err
	})
	w.clock.Set(dbtest.Day(today).Now())
	w.write(func(tx *db.Tx) error {
		id, _, err := intake.Begin(tx, desk, intake.Input{Kind: intake.People, Source: "पूरब गंज की सूची"})
		w.list = string(id)
		return err
	})
	if err := intake.Run(context.Background(), w.Unit, intake.ID(w.list), &intake.File{ReaderAt: strings.NewReader(untidy), Size: int64(len(untidy))}); err != nil {
		w.t.Fatal(err)
	}
}

// untidy is a list with something of everything: new, faulty, doubtful.
const untidy = `ब्लॉक,नाम,पद,मोबाइल
टीला,सोनू जोशी,ब्लॉक सचिव,9000014001
टीला,मोनू पाल,ब्लॉक सचिव,90000140
टिला,गीता पाल,ब्लॉक सचिव,9000014003
टीला,रफीक अंसारी,ब्लॉक सचिव,9000014001
टीला,,ब्लॉक सचिव,9000014005
`

// browser is one reader's client: cookies, no redirects followed.
type browser struct {
	*http.Client
	w *world
}

// as signs the holder of a post in ("nobody" for none) and sets the language.
func (w *world) as(name string, l lang.Lang) *browser {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	b := &browser{w: w, Client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if name != "nobody" {
		b.signIn(string(w.Person(name)))
	}
	if l != "" {
		b.post("/lang", url.Values{"lang": {string(l)}, "back": {"/"}})
	}
	return b
}

// signIn goes through the pages: the phone, the code that was sent.
func (b *browser) signIn(person string) {
	b.w.t.Helper()
	phone := ""
	b.w.write(func(tx *db.Tx) error {
		if _, err := tx.Exec(`delete from sign_in_code`); err != nil { // many sign in as one person within the hour
			return err
		}
		var err error
		phone, err = tx.Text(`select number from phone where person_id = $1`, person)
		return err
	})
	b.askCode(phone)
	code := b.w.lastSMS(phone)
	if code == "" {
		code = regexp.MustCompile(`class="code">(\d{6})<`).FindStringSubmatch(b.get("/signin/code").body)[1]
	}
	if a := b.post("/signin/code", url.Values{"code": {code}}); a.status != http.StatusSeeOther {
		b.w.t.Fatalf("sign in as %s: %d %s", person, a.status, a.body)
	}
}

// askCode asks for a code, later than every other.
func (b *browser) askCode(phone string) page {
	b.w.t.Helper()
	b.w.clock.Add(time.Millisecond)
	return b.post("/signin", url.Values{"phone": {phone}})
}

// lastSMS is the code that waits to be sent last to a phone; "" for none.
func (w *world) lastSMS(phone string) (code string) {
	w.t.Helper()
	w.write(func(tx *db.Tx) error {
		args, err := tx.Text(`select args from sms where phone = $1 order by made_at desc, id desc limit 1`, phone)
		if m := regexp.MustCompile(`\d{6}`).FindString(args); m != "" {
			code = m
		}
		return err
	})
	return code
}

// page is an answer.
type page struct {
	status int
	body   string
	to     string
	header http.Header
}

func (b *browser) get(path string) page {
	b.w.t.Helper()
	return b.do(http.MethodGet, path, nil)
}

func (b *browser) post(path string, form url.Values) page {
	b.w.t.Helper()
	return b.do(http.MethodPost, path, form)
}

func (b *browser) do(method, path string, form url.Values) page {
	b.w.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(b.w.t.Context(), method, b.w.srv.URL+path, body)
	if err != nil {
		b.w.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
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

var formID = regexp.MustCompile(`name="form_id" value="([^"]+)"`)

// fill opens a form's page and sends the form with its id.
func (b *browser) fill(path string, pairs ...string) page {
	b.w.t.Helper()
	shown := b.get(path)
	m := formID.FindStringSubmatch(shown.body)
	if m == nil {
		b.w.t.Fatalf("%s shows no form: %d %s", path, shown.status, shown.body)
	}
	form := url.Values{"form_id": {m[1]}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.post(path, form)
}
