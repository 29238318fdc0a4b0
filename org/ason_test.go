package org_test

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"

	"pgregory.net/rapid"
)

// A step of a random story: what is done, and numbers that choose to what.
type step struct{ do, a, b, days int }

const (
	appointSomeone = iota
	giveCharge
	relieve
	endForAReason
	die
	revoke
	reinstate
	findSomeone
	timePasses
	kindsOfStep
)

// TestA4_AsOnDateEqualsAReplay plays random stories of appointments, reliefs,
// resignations, deaths, revoked and set aside orders, backdated ones included, and
// asks of the register what a model keeps beside it by simple rules.
func TestA4_AsOnDateEqualsAReplay(t *testing.T) {
	if f := flag.Lookup("rapid.seed"); f.Value.String() == "0" {
		f.Value.Set(strconv.FormatInt(time.Now().UnixNano(), 10))
		t.Cleanup(func() { f.Value.Set("0") })
	}
	t.Logf("-rapid.seed=%v", flag.Lookup("rapid.seed").Value)
	each(t, func(o office) {
		by := [2]access.Actor{o.Actor("state.incharge"), o.Actor("state.president")}
		done := map[string]int{}
		errUndo := errors.New("undo the story")
		rapid.Check(t, func(rt *rapid.T) {
			story := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) step {
				return step{rapid.IntRange(0, kindsOfStep-1).Draw(rt, "do"), rapid.IntRange(0, 99).Draw(rt, "a"),
					rapid.IntRange(0, 99).Draw(rt, "b"), rapid.IntRange(0, 40).Draw(rt, "days")}
			}), 5, 40).Draw(rt, "story")
			err := o.Unit.Write(o.Context(), func(tx *db.Tx) error {
				m, err := newModel(tx, by, done)
				if err != nil {
					return err
				}
				for i, s := range story {
					if err := m.play(s); err != nil {
						return fmt.Errorf("step %d %+v: %w\n%s", i, s, err, m)
					}
				}
				if err := m.compare(); err != nil {
					return fmt.Errorf("%w\n%s", err, m)
				}
				return errUndo
			})
			if err != errUndo {
				rt.Fatal(err)
			}
		})
		for k := range timePasses { // a story in which nothing happens proves nothing
			if n, no := done[fmt.Sprint(k, true)], done[fmt.Sprint(k, false)]; n == 0 || no == 0 && k != findSomeone {
				t.Errorf("kind of step %d: %d carried out, %d refused", k, n, no)
			}
		}
		t.Log("carried out and refused: ", done)
	})
}

// model is what the register should hold.
type model struct {
	tx     *db.Tx
	by     [2]access.Actor
	people []org.PersonID
	seats  []*seat
	held   []*held
	orders []*order
	done   map[string]int
}

type seat struct {
	id    org.SeatID
	post  org.PostID
	body  org.OrganizationID
	known string
}

type held struct {
	id       org.MembershipID
	person   org.PersonID
	seat     *seat // nil for a charge without one
	post     org.PostID
	body     org.OrganizationID
	from, to string
	reason   string
	ended    org.OrderID
}

type order struct {
	id      org.OrderID
	kind    string
	m       *held
	revoked bool
}

func newModel(tx *db.Tx, by [2]access.Actor, done map[string]int) (*model, error) {
	m := &model{tx: tx, by: by, done: done}
	var err error
	m.people, err = db.Select(tx, `select id from person where id >= 'p-nadi.' and id < 'p-nadi/' or id in ('p-poorab.sec1', 'p-poorab.sec2', 'p-kuan.president') order by id`, nil, db.One[org.PersonID])
	if err != nil {
		return nil, err
	}
	m.seats, err = db.Select(tx, `select id, post_id, organization_id, coalesce(known_from, '') from seat
		where organization_id in ('poorab', 'nadi') order by id`, nil, func(s db.Scanner) (*seat, error) {
		var v seat
		return &v, s.Scan(&v.id, &v.post, &v.body, &v.known)
	})
	if err != nil {
		return nil, err
	}
	all, err := db.Select(tx, `select id, person_id, seat_id, from_day from membership order by id`, nil, func(s db.Scanner) (v [4]string, err error) {
		return v, s.Scan(&v[0], &v[1], &v[2], &v[3])
	})
	for _, v := range all {
		for _, s := range m.seats {
			if string(s.id) == v[2] {
				m.held = append(m.held, &held{id: org.MembershipID(v[0]), person: org.PersonID(v[1]), seat: s, post: s.post, body: s.body, from: v[3]})
			}
		}
	}
	return m, err
}

func (m *model) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "today %s\n", m.tx.Today())
	for _, h := range m.held {
		s := "-"
		if h.seat != nil {
			s = string(h.seat.id)
		}
		fmt.Fprintf(&b, "%-20s %-12s %-28s [%s, %s) %s\n", h.person, s, h.post, h.from, h.to, h.reason)
	}
	return b.String()
}

// attempt runs a verb in a savepoint and compares whether it went with what the
// model expected.
func (m *model) attempt(kind int, expected bool, verb func() error) error {
	if _, err := m.tx.Exec(`savepoint attempt`); err != nil {
		return err
	}
	err := verb()
	if err != nil {
		if _, err := m.tx.Exec(`rollback to savepoint attempt`); err != nil {
			return err
		}
	}
	if _, err := m.tx.Exec(`release savepoint attempt`); err != nil {
		return err
	}
	m.done[fmt.Sprint(kind, err == nil)]++
	if (err == nil) != expected {
		return fmt.Errorf("went: %v; the model expected %v", err, expected)
	}
	if err != nil && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.Invalid) {
		return err
	}
	return nil
}

func (m *model) back(days int) string { return m.tx.Now.AddDate(0, 0, -days).Format(time.DateOnly) }

func (m *model) play(s step) error {
	tx, by := m.tx, m.by[0]
	at, person := m.seats[s.a%len(m.seats)], m.people[s.b%len(m.people)]
	day := m.back(s.days)
	recent := s.days <= 30
	running := slices.DeleteFunc(slices.Clone(m.held), func(h *held) bool { return h.to != "" && s.b%4 > 0 }) // now and then one that has ended
	switch s.do {
	case timePasses:
		tx.Now = tx.Now.AddDate(0, 0, s.days/8)
	case appointSomeone, giveCharge:
		charge := "regular"
		if s.do == giveCharge {
			charge = "acting"
		}
		ok := recent && m.fits(at, person, charge, day)
		var id org.OrderID
		err := m.attempt(s.do, ok, func() (err error) {
			id, err = org.Appoint(tx, by, org.Appointment{Seat: at.id, Person: person, Charge: charge, Day: day, Reason: "कारण"})
			return err
		})
		if err != nil || !ok {
			return err
		}
		m.orders = append(m.orders, &order{id: id, kind: "appointment", m: m.begin(at, person, charge, day, id)})
	case findSomeone:
		day := m.back(s.days * 20)
		ok := m.fits(at, person, "regular", day)
		err := m.attempt(s.do, ok, func() error {
			_, err := org.AsFound(tx, m.by[1], org.Found{Seat: at.id, Person: person, FromDay: day, Source: "सूची", SourceDay: day})
			return err
		})
		if err != nil || !ok {
			return err
		}
		m.begin(at, person, "regular", day, "")
	case relieve, endForAReason, die:
		if len(running) == 0 {
			return nil
		}
		h := running[s.a%len(running)]
		if s.do == endForAReason && s.a%2 == 0 { // a fact may come to light long after
			day = m.back(s.days * 18)
		}
		ok := h.to == "" && day >= h.from && (recent || s.do != relieve)
		reason, kind := "relieved", "relief"
		switch {
		case s.do == endForAReason:
			reason, kind = []string{"resigned", "left", "term_over"}[s.b%3], "record"
		case s.do == die:
			reason, kind = "died", "record"
		case s.b%2 == 0:
			reason, kind = "relieved_without_notice", "relief"
		}
		var id org.OrderID
		err := m.attempt(s.do, ok, func() (err error) {
			if s.do == relieve {
				id, err = org.Relieve(tx, by, org.Relief{Membership: h.id, Reason: "कारण", Day: day, WithoutNotice: reason != "relieved"})
			} else {
				id, err = org.RecordEnd(tx, by, h.id, reason, day, "")
			}
			return err
		})
		if err != nil || !ok {
			return err
		}
		h.end(day, reason, id)
		m.orders = append(m.orders, &order{id: id, kind: kind, m: h})
		for _, each := range m.held {
			if reason == "died" && each.person == h.person && each.to == "" {
				each.end(max(day, each.from), reason, m.orderThatEnded(each))
				m.orders = append(m.orders, &order{id: each.ended, kind: kind, m: each})
			}
		}
	case revoke, reinstate:
		if len(m.orders) == 0 {
			return nil
		}
		d := m.orders[s.a%len(m.orders)]
		ok := !d.revoked
		switch {
		case s.do == reinstate:
			ok = ok && d.kind == "relief" && m.resumes(d.m, true)
		case d.kind == "appointment":
			ok = ok && d.m.to == ""
		default:
			ok = ok && m.resumes(d.m, false)
		}
		err := m.attempt(s.do, ok, func() error {
			var err error
			if s.do == reinstate {
				_, err = org.Reinstate(tx, by, d.id, "अपील मान्य")
			} else {
				_, err = org.Revoke(tx, by, d.id, "भूल सुधार")
			}
			return err
		})
		if err != nil || !ok {
			return err
		}
		d.revoked = true
		if d.kind == "appointment" {
			d.m.end(d.m.from, "appointment_revoked", "")
			for _, h := range m.held { // the charge it had ended goes on
				if h.ended == d.id && h.reason == "term_over" {
					h.to, h.reason, h.ended = "", "", ""
				}
			}
			return nil
		}
		died := d.m.reason == "died"
		m.resume(d.m)
		for _, other := range m.orders {
			if died && !other.revoked && other.m.person == d.m.person && other.m.reason == "died" {
				other.revoked = true
				m.resume(other.m)
			}
		}
	}
	return nil
}

func (h *held) end(day, reason string, by org.OrderID) { h.to, h.reason, h.ended = day, reason, by }

func (m *model) orderThatEnded(h *held) org.OrderID {
	id, _ := m.tx.Text(`select end_order from membership where id = $1`, h.id)
	return org.OrderID(id)
}

// fits: the person lives, does not hold the post (or, for a seat, only a charge of
// it), and nobody holds the seat now or held it after day.
func (m *model) fits(at *seat, person org.PersonID, charge, day string) bool {
	for _, h := range m.held {
		switch {
		case h.person == person && h.reason == "died":
			return false
		case h.person == person && h.post == at.post && h.to == "" && (h.seat != nil || charge != "regular"):
			return false
		case charge == "regular" && h.seat == at && (h.to == "" || h.to > day && h.to > h.from):
			return false
		}
	}
	return true
}

func (m *model) begin(at *seat, person org.PersonID, charge, day string, by org.OrderID) *held {
	n := &held{person: person, post: at.post, body: at.body, from: day}
	if charge == "regular" {
		n.seat = at
		if at.known == "" || at.known > day {
			at.known = day
		}
		for _, h := range m.held {
			if h.person == person && h.post == at.post && h.to == "" {
				h.end(max(day, h.from), "term_over", by)
			}
		}
	}
	id, _ := m.tx.Text(`select id from membership where person_id = $1 and post_id = $2 and to_day is null`, person, at.post)
	n.id = org.MembershipID(id)
	m.held = append(m.held, n)
	return n
}

func (m *model) satSince(h *held) bool {
	return h.seat != nil && slices.ContainsFunc(m.held, func(x *held) bool {
		return x != h && x.seat == h.seat && (x.to == "" || x.to > h.to && x.to > x.from)
	})
}

// resumes: the ended membership can go on: its person lives and has not come back
// to the post, and nobody has held the seat since, unless it may go on without one.
func (m *model) resumes(h *held, seatless bool) bool {
	if h.to == "" || m.satSince(h) && !seatless {
		return false
	}
	return !slices.ContainsFunc(m.held, func(x *held) bool {
		return x.person == h.person && (x.post == h.post && x.to == "" || x.reason == "died" && h.reason != "died")
	})
}

func (m *model) resume(h *held) {
	if !m.satSince(h) {
		h.to, h.reason, h.ended = "", "", ""
		return
	}
	h.reason = "set_aside"
	id, _ := m.tx.Text(`select id from membership where person_id = $1 and post_id = $2 and to_day is null`, h.person, h.post)
	m.held = append(m.held, &held{id: org.MembershipID(id), person: h.person, post: h.post, body: h.body, from: h.to})
}

// compare asks the register for every day on which something changed, and the day
// before, and looks at the rows.
func (m *model) compare() error {
	tx, by := m.tx, m.by[0]
	days := []string{m.tx.Today(), "2024-12-31"}
	for _, h := range m.held {
		for _, d := range []string{h.from, h.to} {
			if d != "" {
				t, _ := time.Parse(time.DateOnly, d)
				days = append(days, d, t.AddDate(0, 0, -1).Format(time.DateOnly))
			}
		}
	}
	slices.Sort(days)
	for _, day := range slices.Compact(days) {
		for _, body := range []org.OrganizationID{"poorab", "nadi"} {
			holders, err := org.Holders(tx, by, body, day)
			if err != nil {
				return err
			}
			seats, err := org.SeatsOn(tx, by, body, day)
			if err != nil {
				return err
			}
			var got, want, gotSeats, wantSeats []string
			for _, h := range holders {
				got = append(got, fmt.Sprint(h.Person, " ", h.Post, " ", h.Seat))
			}
			for _, h := range m.held {
				if h.body == body && h.on(day) {
					id := org.SeatID("")
					if h.seat != nil {
						id = h.seat.id
					}
					want = append(want, fmt.Sprint(h.person, " ", h.post, " ", id))
				}
			}
			for _, s := range seats {
				gotSeats = append(gotSeats, fmt.Sprint(s.ID, " ", s.State, " ", s.Person))
			}
			for _, s := range m.seats {
				if s.body == body {
					wantSeats = append(wantSeats, s.on(day, m.held))
				}
			}
			if err := same(day+" holders of "+string(body), got, want); err != nil {
				return err
			}
			if err := same(day+" seats of "+string(body), gotSeats, wantSeats); err != nil {
				return err
			}
		}
		for _, person := range m.people {
			record, err := org.Record(tx, by, person, day)
			if err != nil {
				return err
			}
			var got, want []string
			for _, r := range record {
				if r.Organization == "poorab" || r.Organization == "nadi" {
					got = append(got, fmt.Sprint(r.Post, r.FromDay, r.ToDay, r.EndReason))
				}
			}
			for _, h := range m.held {
				if h.person == person && h.on(day) {
					want = append(want, fmt.Sprint(h.post, h.from, h.to, h.reason))
				}
			}
			if err := same(day+" record of "+string(person), got, want); err != nil {
				return err
			}
		}
	}
	for _, s := range m.seats { // the present state, kept on the seat
		var state, since, member string
		if err := tx.Scan(`select state, coalesce(since, ''), coalesce(membership_id, '') from seat where id = $1`, []any{s.id}, &state, &since, &member); err != nil {
			return err
		}
		want, wantSince, wantMember := "unknown", "", ""
		if s.known != "" {
			want, wantSince = "vacant", s.known
		}
		for _, h := range m.held {
			if h.seat == s && h.to != "" && h.to > h.from {
				wantSince = max(wantSince, h.to)
			}
		}
		for _, h := range m.held {
			if h.seat == s && h.to == "" {
				want, wantSince, wantMember = "filled", h.from, string(h.id)
			}
		}
		if state != want || since != wantSince || member != wantMember {
			return fmt.Errorf("seat %s is %s since %s by %s, want %s since %s by %s", s.id, state, since, member, want, wantSince, wantMember)
		}
	}
	for what, query := range map[string]string{
		"two holders of a seat on one day": `select count(*) from membership a join membership b on a.seat_id = b.seat_id and a.id < b.id
			where a.from_day < coalesce(b.to_day, '9') and b.from_day < coalesce(a.to_day, '9')
				and (a.to_day is null or a.to_day > a.from_day) and (b.to_day is null or b.to_day > b.from_day)`,
		"a running membership lacks a grant": `select count(*) from membership m join (select distinct role_id, scope from role_act) r on r.role_id = m.role_id
			where m.to_day is null and not exists (select 1 from access_grant g where g.membership_id = m.id and g.scope = r.scope)`,
		"a grant without a running membership": `select count(*) from access_grant g where not exists (select 1 from membership m join role_act r on r.role_id = m.role_id and r.scope = g.scope
			where m.id = g.membership_id and m.to_day is null)`,
		"an ended membership without its reason": `select count(*) from membership where (to_day is null) <> (end_reason = '')`,
		"a gap in the letters' numbers":          `select count(*) - (select coalesce(sum(n), 0) from counter where name >= 'letters/' and name < 'letters0') from orders`,
	} {
		if n, err := tx.Int(query); err != nil || n != 0 {
			return fmt.Errorf("%s: %d, %w", what, n, err)
		}
	}
	return nil
}

func (h *held) on(day string) bool { return h.from <= day && (h.to == "" || day < h.to) }

func (s *seat) on(day string, all []*held) string {
	for _, h := range all {
		if h.seat == s && h.on(day) {
			return fmt.Sprint(s.id, " filled ", h.person)
		}
	}
	if s.known != "" && s.known <= day {
		return fmt.Sprint(s.id, " vacant ")
	}
	return fmt.Sprint(s.id, " unknown ")
}

func same(what string, got, want []string) error {
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		return fmt.Errorf("%s: got\n  %s\nwant\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	return nil
}
