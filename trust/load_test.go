//go:build linux

package trust_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/org"
	"sangathan/trust"
)

// cast is who takes part in a run, signed in, and what the officials decide about.
type cast struct {
	workers                            []string // tokens of those who report
	president, incharge, desk, recommd string   // tokens of the state's officials
	relieve                            []target // are relieved at once, and appeal
	vacate                             []target // resign; someone else is appointed
	cases                              []target // have an open case
}

type target struct{ membership, seat, token, caseID string }

// gather signs people of the demonstration in, by activation slips.
func gather(t *testing.T, u *db.Unit, workers, chains int) (c cast) {
	t.Helper()
	defer stage(t, "signed the cast in")()
	pin, err := access.HashPIN("2580")
	if err != nil {
		t.Fatal(err)
	}
	err = u.Write(t.Context(), func(tx *db.Tx) error {
		c = cast{}
		signIn := func(person string) (string, error) {
			where, err := org.PersonTarget(tx, access.Operator(), org.PersonID(person))
			if err != nil {
				return "", err
			}
			slip, err := access.MakeSlip(tx, access.Operator(), person, where)
			if err != nil {
				return "", err
			}
			s, _, err := access.UseSlip(tx, slip, pin, access.Device{})
			return s.Token, err
		}
		// Holders of one role and of one post only, who have no case.
		holders := func(role string, n, after int) (out []target, err error) {
			type holder struct{ membership, seat, person string }
			found, err := db.Select(tx, `select m.id, coalesce(m.seat_id, ''), m.person_id from membership m
				where m.to_day is null and m.role_id = $1 and m.seat_id is not null
					and (select count(*) from membership o where o.person_id = m.person_id) = 1
					and not exists (select 1 from review_case k where k.membership_id = m.id)
				order by m.id limit $2 offset $3`, []any{role, n, after}, func(s db.Scanner) (h holder, err error) {
				return h, s.Scan(&h.membership, &h.seat, &h.person)
			})
			for _, h := range found {
				token, err := signIn(h.person)
				if err != nil {
					return nil, err
				}
				out = append(out, target{membership: h.membership, seat: h.seat, token: token})
			}
			if err == nil && len(out) < n {
				err = fmt.Errorf("only %d of %d holders of %s", len(out), n, role)
			}
			return out, err
		}
		for _, o := range []struct {
			role  string
			token *string
		}{{"state_president", &c.president}, {"state_incharge", &c.incharge}, {"desk", &c.desk}, {"vice_president", &c.recommd}} {
			one, err := holders(o.role, 1, 0)
			if err != nil {
				return err
			}
			*o.token = one[0].token
		}
		all, err := holders("mandal_secretary", workers, 0)
		if err != nil {
			return err
		}
		for _, w := range all {
			c.workers = append(c.workers, w.token)
		}
		if c.relieve, err = holders("booth_agent", chains, 0); err != nil {
			return err
		}
		if c.vacate, err = holders("booth_agent", chains, chains); err != nil {
			return err
		}
		type open struct{ id, membership, person string }
		cases, err := db.Select(tx, `select k.id, k.membership_id, k.person_id from review_case k join membership m on m.id = k.membership_id
			where k.step = 'opened' and m.to_day is null order by k.id`, nil, func(s db.Scanner) (o open, err error) {
			return o, s.Scan(&o.id, &o.membership, &o.person)
		})
		for _, k := range cases {
			token, err := signIn(k.person)
			if err != nil {
				return err
			}
			c.cases = append(c.cases, target{membership: k.membership, token: token, caseID: k.id})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// load is what clients send to a server, and what they were told of it.
type load struct {
	t     *testing.T
	seed  uint64
	cast  cast
	srv   *server
	http  *http.Client
	zone  *time.Location
	stop  atomic.Bool
	fatal func(answer) bool // what no client may ever be told; nil: all but success is sent again

	sent, acked, again atomic.Int64

	mu        sync.Mutex
	done      []told            // every request that was acknowledged
	reports   map[string]bool   // ids of reports: true when acknowledged, false when given up
	orders    int               // acknowledged requests that issue an order
	newCases  int               // ... that open a case
	proposals int               // ... that propose someone new
	want      map[string]string // what the register has to say in the end: SQL that counts 1 -> what it means
	problems  map[string]int    // answers that are not success, by status and key
}

type told struct {
	request
	answer string
}

func newLoad(t *testing.T, c cast, srv *server, seed uint64, zone *time.Location) *load {
	return &load{t: t, seed: seed, cast: c, srv: srv, zone: zone, reports: map[string]bool{}, want: map[string]string{}, problems: map[string]int{},
		http: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 64}}}
}

// uuid makes an id as a phone does.
func uuid(rnd *rand.Rand) string {
	a, b := rnd.Uint64(), rnd.Uint64()
	return fmt.Sprintf("%08x-%04x-7%03x-8%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>52, b&0xffffffffffff)
}

// send sends r again and again, the same id and body, until it is acknowledged, as
// a phone's outbox does; with patience 0 it may give up after the first failure.
func (l *load) send(rnd *rand.Rand, r request, patient bool) (text []byte, ok bool) {
	l.sent.Add(1)
	for try := 1; ; try++ {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		a := r.do(ctx, l.http, l.srv.addr)
		cancel()
		if a.err == nil && a.status == http.StatusOK {
			l.acked.Add(1)
			l.mu.Lock()
			l.done = append(l.done, told{r, string(a.text)})
			l.mu.Unlock()
			return a.text, true
		}
		what := "no answer"
		if a.err == nil {
			what = fmt.Sprintf("%d %s", a.status, a.key())
		}
		l.mu.Lock()
		l.problems[what]++
		l.mu.Unlock()
		if a.err == nil && a.status < 500 || l.fatal != nil && l.fatal(a) {
			l.t.Errorf("%s, sent %d times: %d %s %v", r.path, try, a.status, a.text, a.err)
			return nil, false
		}
		if try > 2000 {
			l.t.Errorf("%s was never acknowledged: %d %s %v", r.path, a.status, a.text, a.err)
			return nil, false
		}
		if !patient {
			return nil, false
		}
		l.again.Add(1)
		time.Sleep(time.Duration(2+rnd.IntN(20)) * time.Millisecond)
	}
}

// report sends one new report of worker w.
func (l *load) report(rnd *rand.Rand, w int) {
	id := uuid(rnd)
	body := fmt.Sprintf(`{"id":"%s","membership":"","kind":"chaupal","area":"","day":"%s","people":%d,"note":"जाँच %s","word":"self"}`,
		id, time.Now().In(l.zone).Format(time.DateOnly), rnd.IntN(200), id)
	_, ok := l.send(rnd, request{l.cast.workers[w%len(l.cast.workers)], "/activities", "", []byte(body)}, rnd.IntN(20) > 0)
	l.mu.Lock()
	l.reports[id] = ok
	l.mu.Unlock()
}

// chain is what officials do about one person, step after step.
type chain func(step func(token, path, body string) string)

// chains gives the chains of the cast, of all sorts by turns.
func (l *load) chains() (all []chain) {
	today := time.Now().In(l.zone).Format(time.DateOnly)
	expect := func(format string, args ...any) {
		l.mu.Lock()
		defer l.mu.Unlock()
		q := fmt.Sprintf(format, args...)
		l.want[q] = q
	}
	count := func(n *int) { l.mu.Lock(); defer l.mu.Unlock(); *n++ }
	ends := func(m string) { expect(`select count(*) from membership where id = '%s' and to_day is not null`, m) }
	runs := func(m string) { expect(`select count(*) from membership where id = '%s' and to_day is null`, m) }
	for i := range max(len(l.cast.relieve), len(l.cast.vacate), len(l.cast.cases)) {
		if i < len(l.cast.cases) {
			k := l.cast.cases[i]
			verdict := []string{"retain", "warn", "transfer", "relieve"}[i%4]
			all = append(all, func(step func(token, path, body string) string) {
				at := "/cases/" + k.caseID
				step(l.cast.desk, at+"/talk", `{"manner":"call","day":"`+today+`","text":"बात हुई","reached":true}`)
				step(l.cast.desk, at+"/notice", `{"text":"कृपया कारण बताएँ"}`)
				step(l.cast.desk, at+"/service", `{"manner":"visit","day":"`+today+`","text":"घर पर दिया"}`)
				step(k.token, at+"/reply", `{"text":"मैं बीमार था"}`)
				step(l.cast.recommd, at+"/recommendation", `{"verdict":"`+verdict+`","text":"जवाब देखा"}`)
				step(l.cast.president, at+"/decision", `{"verdict":"`+verdict+`","text":"निर्णय"}`)
				expect(`select count(*) from review_case where id = '%s' and decision = '%s'`, k.caseID, verdict)
				if verdict != "retain" {
					count(&l.orders)
				}
				if verdict == "retain" || verdict == "warn" {
					runs(k.membership)
				} else {
					ends(k.membership)
				}
			})
		}
		if i < len(l.cast.relieve) {
			m := l.cast.relieve[i]
			verdict := []string{"reversed", "upheld"}[i%2]
			all = append(all, func(step func(token, path, body string) string) {
				id := step(l.cast.president, "/memberships/"+m.membership+"/relieve-now", `{"text":"तुरंत कार्यमुक्त"}`)
				count(&l.orders)
				count(&l.newCases)
				step(m.token, "/cases/"+id+"/appeal", `{"text":"अपील"}`)
				order := step(l.cast.incharge, "/cases/"+id+"/appeal-decision", `{"verdict":"`+verdict+`","text":"अपील पर निर्णय"}`)
				expect(`select count(*) from review_case where id = '%s' and step = 'closed' and appeal_result = '%s' and membership_id = '%s'`, id, verdict, m.membership)
				if verdict == "upheld" {
					ends(m.membership)
					return
				}
				count(&l.orders)
				runs(m.membership)
				expect(`select count(*) from seat where id = '%s' and membership_id = '%s'`, m.seat, m.membership)
				expect(`select count(*) from orders where id = '%s' and kind = 'reinstatement'`, order)
			})
		}
		if i < len(l.cast.vacate) {
			m := l.cast.vacate[i]
			all = append(all, func(step func(token, path, body string) string) {
				step(l.cast.desk, "/memberships/"+m.membership+"/end", `{"reason":"resigned","day":"`+today+`","note":"निजी कारण"}`)
				count(&l.orders)
				ends(m.membership)
				id := step(l.cast.desk, "/proposals", `{"seat":"`+m.seat+`","new_person":{"name_hi":"नया साथी"},"charge":"regular","reason":"सक्रिय"}`)
				count(&l.proposals)
				order := step(l.cast.president, "/proposals/"+id+"/approve", `{"day":"`+today+`","reason":"स्वीकृत"}`)
				count(&l.orders)
				expect(`select count(*) from proposal where id = '%s' and state = 'approved' and order_id = '%s'`, id, order)
				if i%2 == 0 {
					expect(`select count(*) from membership m join seat s on s.membership_id = m.id where s.id = '%s' and m.begin_order = '%s'`, m.seat, order)
					return
				}
				back := step(l.cast.president, "/orders/"+order+"/revoke", `{"text":"भूल से"}`)
				count(&l.orders)
				expect(`select count(*) from orders where id = '%s' and revoked_by = '%s'`, order, back)
				expect(`select count(*) from seat where id = '%s' and state = 'vacant'`, m.seat)
			})
		}
	}
	return all
}

// run sends reports from clients, and chains from officials beside them, spread over
// the first want acknowledgements, until want are acknowledged and enough says so.
// It gives back when the last has its answer.
func (l *load) run(clients, officials, want int, enough func() bool) {
	defer stage(l.t, "ran the load")()
	l.http.Transport.(*http.Transport).MaxConnsPerHost = clients + officials + 4
	var wg sync.WaitGroup
	chains := l.chains()
	var next atomic.Int64
	for o := range officials {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(l.seed, uint64(1000+o)))
			for {
				i := int(next.Add(1)) - 1
				if i >= len(chains) {
					return
				}
				for !l.stop.Load() && int(l.acked.Load()) < i*want/len(chains) {
					time.Sleep(time.Millisecond)
				}
				if l.stop.Load() {
					return
				}
				type broken struct{}
				func() {
					defer func() {
						if p := recover(); p != nil {
							if _, ok := p.(broken); !ok {
								panic(p)
							}
						}
					}()
					chains[i](func(token, path, body string) string {
						text, ok := l.send(rnd, request{token, path, uuid(rnd), []byte(body)}, true)
						if !ok {
							panic(broken{}) // told already
						}
						var made struct{ ID string }
						if err := json.Unmarshal(text, &made); err != nil {
							l.t.Errorf("%s: %v in %s", path, err, text)
						}
						return made.ID
					})
				}()
			}
		})
	}
	for w := range clients {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(l.seed, uint64(w)))
			for !l.stop.Load() {
				l.report(rnd, w)
			}
		})
	}
	for int(l.acked.Load()) < want || !enough() {
		if l.t.Failed() {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	l.stop.Store(true)
	wg.Wait()
}

// acknowledged gives the ids of the reports acknowledged so far.
func (l *load) acknowledged() (ids []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, ok := range l.reports {
		if ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// sendAgain sends n of the acknowledged requests once more: each gets its answer again.
func (l *load) sendAgain(rnd *rand.Rand, n int) {
	for range n {
		d := l.done[rnd.IntN(len(l.done))]
		a := d.do(context.Background(), l.http, l.srv.addr)
		if a.err != nil || a.status != http.StatusOK || string(a.text) != d.answer {
			l.t.Errorf("%s sent again: %d %s %v; the first answer was %s", d.path, a.status, a.text, a.err, d.answer)
		}
	}
}

// counts are the sizes of what a run adds to.
type counts struct{ activities, commands, conflicts, orders, cases, proposals int }

func countAll(t *testing.T, u *db.Unit) (c counts) {
	t.Helper()
	err := u.Read(t.Context(), func(tx *db.Tx) (err error) {
		for _, q := range []struct {
			n     *int
			query string
		}{
			{&c.activities, `select count(*) from activity`}, {&c.commands, `select count(*) from command`},
			{&c.conflicts, `select count(*) from command_conflict`}, {&c.orders, `select count(*) from orders`},
			{&c.cases, `select count(*) from review_case`}, {&c.proposals, `select count(*) from proposal`},
		} {
			if *q.n, err = tx.Int(q.query); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// verdict is what the unit says after a run.
type verdict struct{ lost, doubled, halfDone int }

// verify compares what the clients were told with what the unit holds, and applies
// every rule. before is what the unit held at the beginning.
func (l *load) verify(u *db.Unit, before counts) (v verdict) {
	l.t.Helper()
	after := countAll(l.t, u)
	err := u.Read(l.t.Context(), func(tx *db.Tx) error {
		kept := 0
		for id, ok := range l.reports {
			n, err := tx.Int(`select count(*) from activity where id = $1`, id)
			if err != nil {
				return err
			}
			audited, err := tx.Int(`select count(*) from audit where object_id = $1 and act = 'activity.reported'`, id)
			if err != nil {
				return err
			}
			known, err := tx.Int(`select count(*) from command where id = $1`, id)
			if err != nil {
				return err
			}
			if audited != n || known != n {
				v.halfDone++
				l.t.Errorf("report %s stands %d times, is audited %d times and remembered %d times", id, n, audited, known)
			}
			kept += n
			switch {
			case ok && n == 0:
				v.lost++
				l.t.Errorf("the acknowledged report %s is lost", id)
			case n > 1:
				v.doubled++
				l.t.Errorf("report %s stands %d times", id, n)
			}
		}
		for _, d := range l.done {
			if d.key == "" {
				continue
			}
			if n, err := tx.Int(`select count(*) from command where id = $1`, d.key); err != nil {
				return err
			} else if n != 1 {
				v.lost++
				l.t.Errorf("the acknowledged %s %s is lost", d.path, d.key)
			}
		}
		for q, meaning := range l.want {
			if n, err := tx.Int(q); err != nil {
				return err
			} else if n != 1 {
				v.lost++
				l.t.Errorf("%d rows, not 1: %s", n, meaning)
			}
		}
		posts := 0
		for _, d := range l.done {
			if d.key != "" {
				posts++
			}
		}
		want := counts{before.activities + kept, before.commands + kept + posts, before.conflicts, before.orders + l.orders,
			before.cases + l.newCases, before.proposals + l.proposals}
		if after != want {
			v.doubled++
			l.t.Errorf("the unit holds %+v, not %+v", after, want)
		}
		found, err := trust.Check(tx)
		for _, f := range found {
			l.t.Error(f)
		}
		v.halfDone = len(found)
		return err
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return v
}

// intact runs SQLite's own checks on the file of a stopped unit.
func intact(t *testing.T, u *db.Unit) {
	t.Helper()
	if db.IsPostgres(u.Path()) {
		return
	}
	err := u.Read(t.Context(), func(tx *db.Tx) error {
		said, err := tx.Text(`pragma integrity_check`)
		if err == nil && said != "ok" {
			t.Errorf("integrity_check: %s", said)
		}
		if err != nil {
			return err
		}
		broken, err := tx.Query(`pragma foreign_key_check`)
		if err != nil {
			return err
		}
		defer broken.Close()
		for broken.Next() {
			t.Error("foreign_key_check finds a row without its parent")
		}
		return broken.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}
