package sms_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/sms"
)

// provider is a gateway's server that behaves as the test wants, for each call in turn.
type provider struct {
	*httptest.Server
	mu    sync.Mutex
	calls []call
	as    []func(w http.ResponseWriter, r *http.Request) // the last one for all further calls
}

type call struct{ method, query, kind, auth, body string }

func newProvider(t *testing.T, as ...func(http.ResponseWriter, *http.Request)) *provider {
	p := &provider{as: as}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		p.mu.Lock()
		n := min(len(p.calls), len(p.as)-1)
		p.calls = append(p.calls, call{r.Method, r.URL.RawQuery, r.Header.Get("Content-Type"), r.Header.Get("Authorization"), string(b)})
		p.mu.Unlock()
		p.as[n](w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *provider) seen() []call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]call(nil), p.calls...)
}

func answer(status int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); fmt.Fprint(w, body) }
}

func hang(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-time.After(10 * time.Second):
	}
}

func drop(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }

// gatewayFile is a gateway as an operator writes it, in JSON.
func gatewayFile(url string) string {
	return `url = "` + url + `/send?entity={entity}"
sender = "SNGTHN"
entity = "1101000000001"
timeout = "300ms"
json = '{"to":"{phone91}","from":"{sender}","template_id":"{template}","text":"{text}","ref":"{id}"}'
[headers]
Authorization = "Bearer {secret.token}"
[secrets.token]
env = "SANGATHAN_TEST_TOKEN"
[success]
contains = '"ok":true'
[messages.code.hi]
id = "1107160000000000001"
text = "{code} \"संगठन\" में लॉगिन का ओटीपी है।"
`
}

func load(t *testing.T, file string) *sms.Gateway {
	t.Helper()
	t.Setenv("SANGATHAN_TEST_TOKEN", "s3cr3t")
	g, err := sms.Load(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// unit is an outbox with its clock, on one engine.
type unit struct {
	*testing.T
	*db.Unit
	clock *dbtest.Clock
	log   *strings.Builder
}

func each(t *testing.T, fn func(u unit)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB, ...dbtest.Option) *db.Unit{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		t.Run(name, func(t *testing.T) {
			clock := dbtest.Day("2026-11-22")
			u := unit{t, open(t, dbtest.At(clock)), clock, &strings.Builder{}}
			u.write(func(tx *db.Tx) error { return sms.SetOn(tx, true) })
			fn(u)
		})
	}
}

func (u unit) write(fn func(tx *db.Tx) error) {
	u.Helper()
	if err := u.Write(u.Context(), fn); err != nil {
		u.Fatal(err)
	}
}

func (u unit) queue(phone, code string) {
	u.Helper()
	u.write(func(tx *db.Tx) error { return sms.Queue(tx, sms.Code(phone, code, "hi"), 10*time.Minute) })
}

func (u unit) drain(g *sms.Gateway) {
	u.Helper()
	if err := sms.Drain(u.Context(), u.Unit, g, slog.New(slog.NewTextHandler(u.log, nil))); err != nil {
		u.Fatal(err)
	}
}

func (u unit) want(waiting, sent, failed, expired int) {
	u.Helper()
	u.write(func(tx *db.Tx) error {
		if c, err := sms.Counts(tx); err != nil || c != (sms.Count{Waiting: waiting, Sent: sent, Failed: failed, Expired: expired}) {
			u.Errorf("%+v, %v; want %d waiting, %d sent, %d failed, %d expired", c, err, waiting, sent, failed, expired)
		}
		left, err := tx.Int(`select count(*) from sms where state <> 'waiting' and args <> ''`)
		if left != 0 {
			u.Errorf("%d messages that are over still hold their code", left)
		}
		return err
	})
}

func TestI2_AMessageIsSentOnceAsTheOperatorSays(t *testing.T) {
	each(t, func(u unit) {
		p := newProvider(t, answer(200, `{"ok":true,"token":"s3cr3t","text":"482913"}`))
		g := load(t, gatewayFile(p.URL))
		u.queue("9876543210", "482913")
		u.want(1, 0, 0, 0)
		u.drain(g)
		u.drain(g)
		u.want(0, 1, 0, 0)
		calls := p.seen()
		if len(calls) != 1 {
			t.Fatalf("%d calls", len(calls))
		}
		c := calls[0]
		if c.method != "POST" || c.query != "entity=1101000000001" || c.kind != "application/json" || c.auth != "Bearer s3cr3t" ||
			!strings.HasPrefix(c.body, `{"to":"919876543210","from":"SNGTHN","template_id":"1107160000000000001","text":"482913 \"संगठन\" में लॉगिन का ओटीपी है।","ref":"`) {
			t.Errorf("%+v", c)
		}
		u.write(func(tx *db.Tx) error {
			note, err := tx.Text(`select note from sms`)
			if strings.Contains(note, "s3cr3t") || strings.Contains(note, "482913") || !strings.Contains(note, `"ok":true`) {
				t.Errorf("note %q", note)
			}
			return err
		})
		// What is undone is not sent; without a gateway nothing is kept.
		u.Write(context.Background(), func(tx *db.Tx) error {
			if err := sms.Queue(tx, sms.Code("9876543210", "1", "hi"), time.Minute); err != nil {
				return err
			}
			return io.ErrUnexpectedEOF
		})
		u.write(func(tx *db.Tx) error { return sms.SetOn(tx, false) })
		u.queue("9876543210", "2")
		u.drain(g)
		u.want(0, 1, 0, 0)
	})
}

// A gateway that is slow to come back, fails, hangs, hangs up or answers nonsense is asked
// again with growing pauses, and sends in the end.
func TestI2_AGatewayThatFailsIsAskedAgain(t *testing.T) {
	each(t, func(u unit) {
		p := newProvider(t, answer(500, "down"), hang, drop, answer(200, `{"ok":false,"error":"DLT"}`), answer(429, ""), answer(200, `{"ok":true}`))
		g := load(t, gatewayFile(p.URL))
		u.queue("9876543210", "482913")
		pauses := []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second}
		for i, pause := range pauses {
			u.drain(g)
			u.want(1, 0, 0, 0)
			u.clock.Add(pause - time.Second)
			u.drain(g) // too soon
			if n := len(p.seen()); n != i+1 {
				t.Fatalf("%d calls after %d tries", n, i+1)
			}
			u.clock.Add(time.Second)
		}
		u.drain(g)
		u.want(0, 1, 0, 0)
		if strings.Contains(u.log.String(), "482913") || strings.Contains(u.log.String(), "s3cr3t") || strings.Contains(u.log.String(), "9876543210") {
			t.Errorf("the log tells a code, a number or a secret: %s", u.log)
		}
		for _, want := range []string{"status 500: down", "DLT", "status 429"} {
			if !strings.Contains(u.log.String(), want) {
				t.Errorf("the log does not tell %q: %s", want, u.log)
			}
		}
	})
}

func TestI2_AnExpiredCodeIsNotSent(t *testing.T) {
	each(t, func(u unit) {
		p := newProvider(t, answer(503, ""))
		g := load(t, gatewayFile(p.URL))
		u.queue("9876543210", "482913")
		u.drain(g)
		u.clock.Add(10 * time.Minute)
		p.as = append(p.as[:0], answer(200, `{"ok":true}`))
		u.drain(g)
		u.want(0, 0, 0, 1)
		if n := len(p.seen()); n != 1 {
			t.Errorf("%d calls", n)
		}
		u.clock.Add(8 * 24 * time.Hour) // what became of it is forgotten
		u.queue("9876543210", "482914")
		u.drain(g)
		u.want(0, 1, 0, 0)
	})
}

func TestI2_ARefusalIsFinal(t *testing.T) {
	each(t, func(u unit) {
		p := newProvider(t, answer(401, "who are you"))
		g := load(t, gatewayFile(p.URL))
		u.queue("9876543210", "482913")
		u.drain(g)
		u.want(0, 0, 1, 0)
		u.clock.Add(time.Minute)
		u.drain(g)
		if n := len(p.seen()); n != 1 {
			t.Errorf("%d calls", n)
		}
	})
}

// Two servers on one unit send a message once; one that dies while sending leaves it to
// the other, a minute later. One slow message does not hold up the others.
func TestI2_TwoServersSendOnce(t *testing.T) {
	each(t, func(u unit) {
		p := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(20 * time.Millisecond)
			answer(200, `{"ok":true}`)(w, r)
		})
		g := load(t, gatewayFile(p.URL))
		for i := range 20 {
			u.queue(fmt.Sprintf("98765432%02d", i), "482913")
		}
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { u.drain(g) })
		}
		wg.Wait()
		u.want(0, 20, 0, 0)
		if n := len(p.seen()); n != 20 {
			t.Errorf("%d calls for 20 messages", n)
		}
		dying, stop := context.WithCancel(u.Context())
		p.as = []func(http.ResponseWriter, *http.Request){func(http.ResponseWriter, *http.Request) { stop(); time.Sleep(50 * time.Millisecond) }, answer(200, `{"ok":true}`)}
		p.calls = nil
		u.queue("9876543299", "482913")
		if err := sms.Drain(dying, u.Unit, g, slog.New(slog.DiscardHandler)); err == nil {
			t.Error("a server that stops tells nothing")
		}
		u.drain(g)
		u.want(1, 20, 0, 0)
		u.clock.Add(time.Minute)
		u.drain(g)
		u.want(0, 21, 0, 0)
	})
}

func TestGatewayForms(t *testing.T) {
	p := newProvider(t, answer(202, "queued"))
	base := "[messages.code.en]\nid = \"7\"\ntext = \"Code {code} & more\"\n"
	post := load(t, `url = "`+p.URL+`/"
form = { mobile = "{phone}", message = "{text}", tid = "{template}", key = "{secret.token}" }
[secrets.token]
env = "SANGATHAN_TEST_TOKEN"
`+base)
	get := load(t, "method = \"GET\"\nurl = \""+p.URL+"/?to={phone}&msg={text}\"\n"+base)
	for _, g := range []*sms.Gateway{post, get} {
		if _, err := g.Send(t.Context(), sms.Code("9876543210", "482913", "hi")); err != nil {
			t.Error(err)
		}
	}
	calls := p.seen()
	if calls[0].kind != "application/x-www-form-urlencoded" || calls[0].body != "key=s3cr3t&message=Code+482913+%26+more&mobile=9876543210&tid=7" {
		t.Errorf("%+v", calls[0])
	}
	if calls[1].method != "GET" || calls[1].query != "to=9876543210&msg=Code+482913+%26+more" || calls[1].body != "" {
		t.Errorf("%+v", calls[1])
	}
}

func TestGatewayFaultsAreTold(t *testing.T) {
	_, err := sms.Load(strings.NewReader(`method = "PUT"
url = "ftp://x/{nothing}"
json = '{"to":{phone}'
surprise = 1
[secrets.token]
file = "/nowhere/at/all"
[messages.code.hi]
text = "no field"
`))
	for _, want := range []string{"PUT", "ftp://x", "no JSON", "surprise", "/nowhere/at/all", "{nothing}", "{code}"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("not told: %s in %v", want, err)
		}
	}
}
