package review_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"sangathan/access"
	"sangathan/activity"
	"sangathan/appointment"
	"sangathan/directive"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
	"sangathan/review"
	"sangathan/tally"
)

// history does verbs at random, as those who may do most of them.
type history struct {
	office
	rnd    *rand.Rand
	report directive.ID
	done   map[string]int
}

// pick gives one of the texts of a query, "" for none.
func (h history) pick(tx *db.Tx, query string, args ...any) (string, error) {
	all, err := db.Select(tx, query, args, db.One[string])
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[h.rnd.IntN(len(all))], nil
}

func (h history) of(all ...string) string { return all[h.rnd.IntN(len(all))] }

// ago gives a day of the last n, today among them.
func (h history) ago(tx *db.Tx, n int) string {
	return tx.Now.AddDate(0, 0, -h.rnd.IntN(n)).Format(time.DateOnly)
}

// acts are the verbs that change figures, each done to something chosen at random.
func (h history) acts() map[string]func() error {
	anyone := func() string {
		names := h.Names("")
		slices.Sort(names)
		return h.of(names...)
	}
	do := func(who string, fn func(tx *db.Tx, by access.Actor) error) func() error {
		return func() error { return h.as(cmp.Or(who, anyone()), fn) }
	}
	// on runs a verb on one row of a query.
	on := func(who, query string, fn func(tx *db.Tx, by access.Actor, id string) error) func() error {
		return do(who, func(tx *db.Tx, by access.Actor) error {
			id, err := h.pick(tx, query)
			if err == nil && id == "" {
				err = fault.New(fault.NotFound, "fault.not_found")
			}
			if err != nil {
				return err
			}
			return fn(tx, by, id)
		})
	}
	const people = `select id from person order by id`
	const running = `select id from membership where to_day is null and organization_id <> 'state' and id not in ('m-poorab.president', 'm-poorab.gs') order by id` // who decides stays
	at := func(steps string) string {
		return `select k.id from review_case k where k.step in (` + steps + `) order by k.id`
	}
	return map[string]func() error{
		"report": do("", func(tx *db.Tx, by access.Actor) error {
			_, err := activity.Submit(tx, by, activity.Report{ID: activity.EntryID(tx.NewID()), Kind: h.of("chaupal", "outreach"), Day: h.ago(tx, 30), People: h.rnd.IntN(40), Note: "x", Word: activity.Self})
			return err
		}),
		"confirm": on("", `select id from activity order by id`, func(tx *db.Tx, by access.Actor, id string) error {
			return activity.Confirm(tx, by, activity.EntryID(id))
		}),
		"object": on("", `select id from activity order by id`, func(tx *db.Tx, by access.Actor, id string) error {
			return activity.Object(tx, by, activity.EntryID(id), "उस दिन बैठक नहीं हुई")
		}),
		"appoint": on("state.president", `select id from seat where state <> 'filled' order by id`, func(tx *db.Tx, by access.Actor, id string) error {
			person, err := h.pick(tx, people)
			if err != nil {
				return err
			}
			_, err = org.Appoint(tx, by, org.Appointment{Seat: org.SeatID(id), Person: org.PersonID(person), Charge: "regular", Day: h.ago(tx, 10), Reason: "काम देखा"})
			return err
		}),
		"found": on("state.desk", `select id from seat where state <> 'filled' order by id`, func(tx *db.Tx, by access.Actor, id string) error {
			person, err := h.pick(tx, people)
			if err != nil {
				return err
			}
			_, err = org.AsFound(tx, by, org.Found{Seat: org.SeatID(id), Person: org.PersonID(person), FromDay: h.ago(tx, 300), Source: "सूची", SourceDay: tx.Today()})
			return err
		}),
		"end": on("state.desk", running, func(tx *db.Tx, by access.Actor, id string) error {
			_, err := org.RecordEnd(tx, by, org.MembershipID(id), h.of("resigned", "died", "term_over"), tx.Today(), "x")
			return err
		}),
		"end under a case": on("state.desk", `select membership_id from review_case where decision = '' and membership_id in (select id from membership where to_day is null) order by id`,
			func(tx *db.Tx, by access.Actor, id string) error {
				_, err := org.RecordEnd(tx, by, org.MembershipID(id), "resigned", tx.Today(), "x")
				return err
			}),
		"told": on("state.desk", running, func(tx *db.Tx, by access.Actor, id string) error {
			_, err := activity.Submit(tx, by, activity.Report{ID: activity.EntryID(tx.NewID()), Membership: org.MembershipID(id), Kind: "outreach", Day: tx.Today(), People: h.rnd.IntN(40), Note: "x", Word: activity.Paper})
			return err
		}),
		"relieve now": on("state.president", running, func(tx *db.Tx, by access.Actor, id string) error {
			_, err := review.RelieveNow(tx, by, org.MembershipID(id), "अनुशासनहीनता")
			return err
		}),
		"revoke": on("state.president", `select id from orders where kind = 'appointment' order by id`, func(tx *db.Tx, by access.Actor, id string) error {
			_, err := org.Revoke(tx, by, org.OrderID(id), "भूल से")
			return err
		}),
		"complete": on("state.desk", `select id from organization order by id`, func(tx *db.Tx, by access.Actor, id string) error {
			return org.CompleteRegister(tx, by, org.OrganizationID(id))
		}),
		"propose": on("state.desk", `select id from seat where state = 'vacant' order by id`, func(tx *db.Tx, by access.Actor, id string) error {
			_, err := appointment.Propose(tx, by, appointment.Proposal{Seat: org.SeatID(id), NewPerson: &org.NewPerson{NameHi: "नया साथी"}, Charge: "regular", Reason: "सक्रिय"})
			return err
		}),
		"approve": on("state.president", `select id from proposal where state = 'open' order by id`, func(tx *db.Tx, by access.Actor, id string) error {
			_, err := appointment.Approve(tx, by, id, tx.Today(), "स्वीकृत")
			return err
		}),
		"answer": on("", `select id from organization order by id`, func(tx *db.Tx, by access.Actor, _ string) error {
			return directive.Answer(tx, by, h.report, org.OrganizationID(by.Org), h.ago(tx, 60)[:7], "रिपोर्ट", "")
		}),
		"draft": do(h.of("poorab.president", "pachhim.president"), func(tx *db.Tx, by access.Actor) error {
			from := tx.Now.AddDate(0, -7, 0).Format("2006-01")
			_, err := review.Draft(tx, by, org.OrganizationID(by.Org), from, tx.Now.AddDate(0, -1, 0).Format("2006-01"))
			return err
		}),
		"check": on("poorab.president", `select l.id from review_line l join review v on v.id = l.review_id where v.state = 'draft' order by l.id`, func(tx *db.Tx, by access.Actor, id string) error {
			return review.Check(tx, by, id, h.of("confirmed", "disputed"), "जाँच में यही मिला")
		}),
		"send": on("poorab.president", `select id from review where state = 'draft' order by id`, func(tx *db.Tx, by access.Actor, id string) error {
			_, err := review.Send(tx, by, id)
			return err
		}),
		"talk": on("state.desk", at(`'opened'`), func(tx *db.Tx, by access.Actor, id string) error {
			return review.Talk(tx, by, id, "call", tx.Today(), "बात हुई", true)
		}),
		"notice": on("poorab.gs", at(`'spoken'`), func(tx *db.Tx, by access.Actor, id string) error {
			_, err := review.Notice(tx, by, id, "कारण बताएँ")
			return err
		}),
		"settle": on("poorab.president", at(`'spoken'`), func(tx *db.Tx, by access.Actor, id string) error {
			return review.Settle(tx, by, id, "बात में सुलझ गया")
		}),
		"serve": on("poorab.gs", at(`'noticed'`), func(tx *db.Tx, by access.Actor, id string) error {
			return review.Serve(tx, by, id, "signed", tx.Today(), "हस्ताक्षर लिए")
		}),
		"recommend": on("poorab.gs", at(`'served', 'replied'`), func(tx *db.Tx, by access.Actor, id string) error {
			return review.Recommend(tx, by, id, h.of("relieve", "retain"), "देखा")
		}),
		"decide": on("poorab.president", at(`'recommended'`), func(tx *db.Tx, by access.Actor, id string) error {
			_, err := review.Decide(tx, by, id, h.of("relieve", "retain", "warn", "transfer"), "निर्णय")
			return err
		}),
		"appeal": do("", func(tx *db.Tx, by access.Actor) error {
			id, err := h.pick(tx, `select id from review_case where person_id = $1 order by id`, by.Person)
			if err != nil {
				return err
			}
			return review.Appeal(tx, by, id, "मेरी बात सुनी जाए")
		}),
		"hear": on("state.incharge", at(`'appealed'`), func(tx *db.Tx, by access.Actor, id string) error {
			_, err := review.DecideAppeal(tx, by, id, h.of("reversed", "upheld"), "सुना गया")
			return err
		}),
	}
}

type figure struct{ node, month, measure string }

// stands gives every figure that is not nothing, after it has been compared with a recount.
func (h history) stands() map[figure]int {
	h.t.Helper()
	all := map[figure]int{}
	h.must(h.Unit.Read(h.t.Context(), func(tx *db.Tx) error {
		c, err := review.Recount(tx)
		if err != nil {
			return err
		}
		told, n, err := c.Differ(tx, 5)
		if err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("%d figures differ from a recount: %v", n, told)
		}
		rows, err := tx.Query(`select node, month, measure, sum(n) from tally_now group by node, month, measure having sum(n) <> 0`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var f figure
			var n int
			if err := rows.Scan(&f.node, &f.month, &f.measure, &n); err != nil {
				return err
			}
			all[f] = n
		}
		return rows.Err()
	}))
	return all
}

// Whatever happens, every figure is its recount, and the past of each day is what stood
// when the day ended.
func TestE2_FiguresAndTheirPastEqualARecountWhateverHappens(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		drafted(o)
		h := history{office: o, rnd: rand.New(rand.NewPCG(seed, 1)), done: map[string]int{}}
		o.must(o.as("state.incharge", func(tx *db.Tx, by access.Actor) (err error) {
			h.report, err = directive.Issue(tx, by, directive.Directive{Kind: directive.KindMonthlyReport, Subject: "मासिक रिपोर्ट"})
			return err
		}))
		acts := h.acts()
		names := make([]string, 0, len(acts))
		for name := range acts {
			names = append(names, name)
		}
		slices.Sort(names)
		for range 3 { // most days go by without an end
			names = append(names, "report", "told", "confirm", "answer", "check", "check", "send", "talk", "notice", "serve", "recommend", "decide", "appoint")
		}
		ends := map[string]map[figure]int{} // what stood at the end of each day
		for range 20 {
			o.must(tally.Keep(t.Context(), o.Unit))
			for range 40 {
				name := names[h.rnd.IntN(len(names))]
				err := acts[name]()
				if err == nil {
					h.done[name]++
				} else if _, refused := errors.AsType[*fault.Error](err); !refused {
					t.Fatalf("%s: %v", name, err)
				}
			}
			now := h.stands()
			for range 1 + h.rnd.IntN(3) { // a day; or some, over which nobody serves
				ends[o.clock.Now().Format(time.DateOnly)] = now
				o.clock.Add(24 * time.Hour)
			}
		}
		o.must(tally.Keep(t.Context(), o.Unit))
		t.Log(h.done)
		if len(h.done) < 15 {
			t.Errorf("of all acts only %d were ever done", len(h.done))
		}
		h.compare(ends)
	})
}

// compare holds what is kept of each day against what stood when it ended.
func (h history) compare(ends map[string]map[figure]int) {
	all := map[figure]bool{}
	for _, now := range ends {
		for f := range now {
			all[f] = true
		}
	}
	wrong, seen := 0, 0
	h.must(h.Unit.Read(h.t.Context(), func(tx *db.Tx) (err error) {
		pasts := map[string]tally.Past{}
		for f := range all {
			p, ok := pasts[f.node]
			if !ok {
				if p, err = tally.ReadPast(tx, f.node); err != nil {
					return err
				}
				pasts[f.node] = p
			}
			for day, now := range ends {
				end, err := time.Parse(time.DateOnly, day)
				if err != nil {
					return err
				}
				if f.month != "" && f.month != day[:7] && f.month != end.AddDate(0, 0, -end.Day()).Format("2006-01") {
					continue // only the months then running are kept
				}
				seen++
				if n, known := p.On(f.measure, f.month, day); !known || n != now[f] {
					if wrong++; wrong <= 5 {
						h.t.Errorf("%s of %s on %s (%s): kept as %d (%v), was %d", f.measure, f.node, day, f.month, n, known, now[f])
					}
				}
			}
		}
		return nil
	}))
	if wrong > 5 || seen < 1000 {
		h.t.Errorf("%d of %d figures of the past are wrong", wrong, seen)
	}
}
