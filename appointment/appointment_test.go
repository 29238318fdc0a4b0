package appointment_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"sangathan/access"
	"sangathan/appointment"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"
	"sangathan/orgtest"
)

const today = "2026-11-22"

// office is the small register on one engine, with the vacant secretary's seats of
// both districts.
type office struct {
	*testing.T
	*orgtest.Fixture
	seat, far org.SeatID
}

func each(t *testing.T, fn func(o office)) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		fx := orgtest.Small(t, u)
		fn(office{t, fx, fx.VacantSeat("poorab", "district_secretary"), fx.VacantSeat("pachhim", "district_secretary")})
	}, dbtest.At(dbtest.Day(today)))
}

func (o office) must(fn func(tx *db.Tx) error) {
	o.Helper()
	if err := o.Unit.Write(o.Context(), fn); err != nil {
		o.Fatal(err)
	}
}

// wants runs fn, which has to fail with this key (of the message or the first
// field), and leaves nothing behind.
func (o office) wants(kind fault.Kind, key string, fn func(tx *db.Tx) error) {
	o.Helper()
	before := o.rows()
	err := o.Unit.Write(o.Context(), fn)
	f, _ := errors.AsType[*fault.Error](err)
	if f == nil || f.Kind != kind || f.Key != key && (len(f.Fields) == 0 || f.Fields[0].Key != key) {
		o.Errorf("got %v, want %v %s", err, kind, key)
	}
	if o.rows() != before {
		o.Errorf("%s left something behind", key)
	}
}

func (o office) rows() (n int) {
	o.must(func(tx *db.Tx) (err error) {
		n, err = tx.Int(`select (select count(*) from membership) + (select count(*) from orders) + (select count(*) from audit) + (select count(*) from person)
			+ (select count(*) from proposal) + (select count(*) from proposal where state = 'open') + (select count(*) from phone)`)
		return err
	})
	return n
}

func propose(by access.Actor, p appointment.Proposal) func(tx *db.Tx) error {
	return func(tx *db.Tx) error { _, err := appointment.Propose(tx, by, p); return err }
}

// proposed makes a proposal and gives its id.
func (o office) proposed(by string, seat org.SeatID, person string) (id string) {
	o.Helper()
	o.must(func(tx *db.Tx) (err error) {
		id, err = appointment.Propose(tx, o.Actor(by), appointment.Proposal{Seat: seat, Person: o.Person(person), Reason: "लगातार काम"})
		return err
	})
	return id
}

func (o office) get(by, id string) (p appointment.Proposal) {
	o.Helper()
	o.must(func(tx *db.Tx) (err error) { p, err = appointment.Get(tx, o.Actor(by), id); return err })
	return p
}

func approve(by access.Actor, id string) func(tx *db.Tx) error {
	return func(tx *db.Tx) error {
		_, err := appointment.Approve(tx, by, id, today, "संस्तुति उचित")
		return err
	}
}

// TestE2_ProposalApprovalOrderRegister is the way of a proposal: of someone new, to
// the order, the seat, the rights, and the letter.
func TestE2_ProposalApprovalOrderRegister(t *testing.T) {
	each(t, func(o office) {
		id, order := "", org.OrderID("")
		o.must(func(tx *db.Tx) (err error) {
			id, err = appointment.Propose(tx, o.Actor("poorab.president"), appointment.Proposal{ID: "proposal-1", Seat: o.seat, Reason: "दस साल का काम",
				NewPerson: &org.NewPerson{ID: "new", NameHi: "शांति देवी", Gender: "f", BirthYear: 1985, Phone: "98765 11111"}})
			return err
		})
		other := o.proposed("poorab.gs", o.seat, "nadi.sec1") // several may be proposed
		p := o.get("state.incharge", id)
		if p.State != "open" || p.PersonEn != "शांति देवी" || p.Charge != "regular" || p.RoleHi != "जिला सचिव" || p.ProposedBy != o.Person("poorab.president") || p.StateKey() != "appointment.state.open" {
			o.Errorf("%+v", p)
		}
		o.wants(fault.Invalid, "org.reason_missing", func(tx *db.Tx) error {
			_, err := appointment.Approve(tx, o.Actor("state.incharge"), id, today, "")
			return err
		})
		o.must(func(tx *db.Tx) (err error) {
			order, err = appointment.Approve(tx, o.Actor("state.incharge"), id, "2026-11-20", "संस्तुति उचित")
			return err
		})
		p, q := o.get("poorab.president", id), o.get("poorab.gs", other)
		if p.State != "approved" || p.Order != order || p.DecidedBy != o.Person("state.incharge") || p.Decision != "संस्तुति उचित" {
			o.Errorf("%+v", p)
		}
		if q.State != "refused" || q.DecisionKey != "appointment.seat_given" || q.Decision != "" || q.DecidedAt == 0 {
			o.Errorf("the other proposal: %+v", q)
		}
		o.must(func(tx *db.Tx) error {
			s, _, err := org.GetSeat(tx, o.Actor("poorab.president"), o.seat)
			if s.State != "filled" || s.Person != "new" || s.Since != "2026-11-20" {
				o.Errorf("%+v", s)
			}
			return err
		})
		o.wants(fault.Conflict, "appointment.decided", approve(o.Actor("state.president"), id))
		o.wants(fault.Conflict, "appointment.decided", func(tx *db.Tx) error { return appointment.Withdraw(tx, o.Actor("poorab.gs"), other) })
		o.wants(fault.Conflict, "org.seat_taken", propose(o.Actor("poorab.president"), appointment.Proposal{Seat: o.seat, Person: o.Person("tila.sec1"), Reason: "कारण"}))
	})
}

func TestE2_TwoAppointmentsToOneSeatGiveOne(t *testing.T) {
	each(t, func(o office) {
		var ids []string
		for _, name := range []string{"nadi.sec1", "nadi.sec2", "tila.sec1", "tila.sec2"} {
			ids = append(ids, o.proposed("poorab.president", o.seat, name))
		}
		var race sync.WaitGroup
		errs := make([]error, 2*len(ids))
		for i := range errs { // each proposal by two authorities at once
			by := o.Actor([]string{"state.incharge", "state.president"}[i%2])
			race.Go(func() { errs[i] = o.Unit.Write(o.Context(), approve(by, ids[i/2])) })
		}
		race.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !fault.Is(err, fault.Conflict) {
				o.Error(err)
			}
		}
		o.must(func(tx *db.Tx) error {
			for query, want := range map[string]int{
				`select count(*) from membership where seat_id = 's-poorab.district_secretary.3' and to_day is null`: 1,
				`select count(*) from orders`:                                          1,
				`select count(*) from proposal where state = 'approved'`:               1,
				`select count(*) from proposal where state = 'refused'`:                3,
				`select n from counter where name = 'letters/2026'`:                    1,
				`select count(*) from audit where act = 'appointment.approved'`:        1,
				`select count(*) from seat where id = 's-poorab.district_secretary.3'`: 1,
			} {
				if n, err := tx.Int(query); err != nil || n != want {
					o.Errorf("%s: %d, want %d, %v", query, n, want, err)
				}
			}
			return nil
		})
		if won != 1 {
			o.Errorf("%d approvals won", won)
		}
	})
}

func TestE2_WhoMayProposeAndApprove(t *testing.T) {
	each(t, func(o office) {
		in := func(person string) appointment.Proposal {
			return appointment.Proposal{Seat: o.seat, Person: o.Person(person), Reason: "कारण"}
		}
		o.wants(fault.Unauthorized, "access.sign_in", propose(access.Actor{}, in("nadi.sec1")))
		o.wants(fault.Forbidden, "access.forbidden.propose", propose(o.Actor("poorab.sec1"), in("nadi.sec1")))
		o.wants(fault.NotFound, "fault.not_found", propose(o.Actor("pachhim.president"), in("bargad.sec1")))
		o.wants(fault.Forbidden, "org.not_for_oneself", propose(o.Actor("poorab.president"), in("poorab.president")))
		o.wants(fault.Invalid, "org.unknown_person", propose(o.Actor("poorab.president"), in("bargad.sec1"))) // another district's
		o.wants(fault.Invalid, "org.already_holds", propose(o.Actor("poorab.president"), in("poorab.sec1")))

		id := o.proposed("poorab.president", o.seat, "nadi.sec1")
		o.wants(fault.Conflict, "appointment.proposed_already", propose(o.Actor("poorab.gs"), in("nadi.sec1")))
		for who, key := range map[string]string{"pachhim.president": "fault.not_found", "nadi.sec1": "fault.not_found", "poorab.sec1": "fault.not_found", "booth1.agent": "fault.not_found"} {
			o.wants(fault.NotFound, key, func(tx *db.Tx) error { _, err := appointment.Get(tx, o.Actor(who), id); return err })
			o.wants(fault.NotFound, key, approve(o.Actor(who), id))
			o.wants(fault.NotFound, key, func(tx *db.Tx) error { return appointment.Withdraw(tx, o.Actor(who), id) })
		}
		o.wants(fault.NotFound, "fault.not_found", approve(o.Actor("state.incharge"), "none"))
		o.wants(fault.Forbidden, "access.forbidden.approve", approve(o.Actor("poorab.gs"), id))
		o.wants(fault.Forbidden, "access.forbidden.approve", func(tx *db.Tx) error { return appointment.Refuse(tx, o.Actor("poorab.gs"), id, "कारण") })
		o.wants(fault.Forbidden, "appointment.not_own", approve(o.Actor("poorab.president"), id))
		o.wants(fault.Forbidden, "appointment.not_yours", func(tx *db.Tx) error { return appointment.Withdraw(tx, o.Actor("poorab.gs"), id) })

		own := o.proposed("state.president", o.far, "bargad.sec1") // who proposes does not approve
		o.wants(fault.Forbidden, "appointment.not_own", approve(o.Actor("state.president"), own))
		o.wants(fault.Forbidden, "appointment.not_own", func(tx *db.Tx) error { return appointment.Refuse(tx, o.Actor("state.president"), own, "कारण") })
		self := o.proposed("state.incharge", o.far, "state.president") // nor who is proposed
		o.wants(fault.Forbidden, "appointment.not_own", approve(o.Actor("state.president"), self))

		// A district president approves below.
		below := org.SeatID("s-nadi.block_general_secretary.1")
		block := o.proposed("nadi.president", below, "nadi.sec2")
		o.must(approve(o.Actor("poorab.president"), block))

		refuse := func(reason string) func(tx *db.Tx) error {
			return func(tx *db.Tx) error { return appointment.Refuse(tx, o.Actor("state.incharge"), id, reason) }
		}
		o.wants(fault.Invalid, "org.reason_missing", refuse(" "))
		o.wants(fault.Invalid, "org.text_long", refuse(strings.Repeat("क", 1<<20)))
		o.must(refuse("पहले पुराने काम पूरे हों"))
		if p := o.get("poorab.president", id); p.State != "refused" || p.Decision != "पहले पुराने काम पूरे हों" || p.DecisionKey != "" {
			o.Errorf("%+v", p)
		}
		o.wants(fault.Conflict, "appointment.decided", refuse("फिर"))
		o.must(func(tx *db.Tx) error { return appointment.Withdraw(tx, o.Actor("state.president"), own) })
		if p := o.get("state.incharge", own); p.State != "withdrawn" {
			o.Errorf("%+v", p)
		}
	})
}

func TestE2_WhatAProposalMustBe(t *testing.T) {
	each(t, func(o office) {
		by := o.Actor("state.desk")
		in := func(edit func(*appointment.Proposal)) func(tx *db.Tx) error {
			p := appointment.Proposal{Seat: o.seat, Person: o.Person("nadi.sec1"), Reason: "कारण"}
			edit(&p)
			return propose(by, p)
		}
		person := func(n org.NewPerson) func(tx *db.Tx) error {
			return in(func(p *appointment.Proposal) { p.Person, p.NewPerson = "", &n })
		}
		o.wants(fault.Invalid, "org.reason_missing", in(func(p *appointment.Proposal) { p.Reason = "" }))
		o.wants(fault.Invalid, "org.text_long", in(func(p *appointment.Proposal) { p.Reason = strings.Repeat("x", 1<<20) }))
		o.wants(fault.Invalid, "fault.bad_utf8", in(func(p *appointment.Proposal) { p.Reason = "\xe0\xa4" }))
		o.wants(fault.Invalid, "org.bad_charge", in(func(p *appointment.Proposal) { p.Charge = "half" }))
		o.wants(fault.Invalid, "org.unknown_person", in(func(p *appointment.Proposal) { p.Person = "" }))
		o.wants(fault.Invalid, "org.unknown_person", in(func(p *appointment.Proposal) { p.Person = "none" }))
		o.wants(fault.NotFound, "fault.not_found", in(func(p *appointment.Proposal) { p.Seat = "none" }))
		o.wants(fault.Invalid, "org.name_missing", person(org.NewPerson{}))
		o.wants(fault.Invalid, "org.under_age", person(org.NewPerson{NameEn: "Asha", BirthYear: 2010}))
		o.wants(fault.Invalid, "org.bad_phone", person(org.NewPerson{NameEn: "Asha", Phone: "1"}))
		o.wants(fault.Invalid, "fault.bad_utf8", person(org.NewPerson{NameEn: "As\xffha"}))
		o.wants(fault.Conflict, "fault.id_taken", person(org.NewPerson{ID: o.Person("nadi.sec1"), NameEn: "Asha"}))
		// A person who entered with a proposal and one that fails leave together.
		o.wants(fault.Conflict, "org.seat_taken", in(func(p *appointment.Proposal) {
			p.Seat, p.Person, p.NewPerson = o.Seat("poorab.sec1"), "", &org.NewPerson{ID: "new", NameEn: "Asha"}
		}))
		o.must(func(tx *db.Tx) error {
			if _, err := org.RecordEnd(tx, o.Actor("state.president"), o.Member("tila.sec1"), "died", "2026-11-01", ""); err != nil {
				return err
			}
			_, err := tx.Exec(`update person set canonical_id = 'p-nadi.sec1' where id = 'p-tila.sec2'`)
			return err
		})
		o.wants(fault.Invalid, "org.has_died", in(func(p *appointment.Proposal) { p.Person = o.Person("tila.sec1") }))
		o.wants(fault.Invalid, "org.person_merged", in(func(p *appointment.Proposal) { p.Person = o.Person("tila.sec2") }))
		o.must(in(func(p *appointment.Proposal) { p.ID = "one" }))
		o.wants(fault.Conflict, "fault.id_taken", in(func(p *appointment.Proposal) { p.ID, p.Person = "one", o.Person("nadi.sec2") }))

		// Someone new, refused once, may be proposed again by who knows the proposal.
		o.must(person(org.NewPerson{ID: "new", NameEn: "Asha"}))
		again := appointment.Proposal{Seat: o.seat, Person: "new", Charge: "acting", Reason: "कारण"}
		o.wants(fault.Invalid, "org.unknown_person", propose(o.Actor("pachhim.president"), appointment.Proposal{Seat: o.far, Person: "new", Reason: "कारण"}))
		o.must(propose(o.Actor("poorab.president"), again))
		// An acting charge may be proposed beside a holder.
		o.must(in(func(p *appointment.Proposal) { p.Seat, p.Charge = o.Seat("poorab.sec1"), "acting" }))
	})
}

// An acting charge leaves the proposals for the seat itself open.
func TestE2_AnActingChargeLeavesTheSeatOpen(t *testing.T) {
	each(t, func(o office) {
		seat := o.proposed("poorab.president", o.seat, "nadi.sec1")
		charge := ""
		o.must(func(tx *db.Tx) (err error) {
			charge, err = appointment.Propose(tx, o.Actor("poorab.president"), appointment.Proposal{Seat: o.seat, Person: o.Person("nadi.sec2"), Charge: "acting", Reason: "कारण"})
			return err
		})
		o.must(approve(o.Actor("state.incharge"), charge))
		if p := o.get("poorab.gs", seat); p.State != "open" {
			o.Errorf("%+v", p)
		}
		o.must(approve(o.Actor("state.incharge"), seat))
	})
}

func TestI1_ProposalsInsideReach(t *testing.T) {
	each(t, func(o office) {
		near, far := o.proposed("state.desk", o.seat, "nadi.sec1"), o.proposed("state.desk", o.far, "bargad.sec1")
		after := ""
		ids := func(who string, f appointment.Filter, page ...db.Page) (s string) {
			o.must(func(tx *db.Tx) error {
				list, next, err := appointment.List(tx, o.Actor(who), f, append(page, db.First(10))[0])
				after = next
				for _, p := range list {
					s += map[string]string{near: "near ", far: "far "}[p.ID]
					if got, err := appointment.Get(tx, o.Actor(who), p.ID); err != nil || got != p {
						o.Errorf("alone %+v, listed %+v, %v", got, p, err)
					}
				}
				return err
			})
			return s
		}
		all := appointment.Filter{}
		for who, want := range map[string]string{"poorab.president": "near ", "pachhim.gs": "far ", "nadi.president": "", "booth1.agent": "", "poorab.sec1": "", "kisan.convenor": ""} {
			if got := ids(who, all); got != want {
				o.Errorf("%s sees %q, want %q", who, got, want)
			}
		}
		if n := len(strings.Fields(ids("state.incharge", all))); n != 2 {
			o.Errorf("the state sees %d", n)
		}
		if a, b := ids("state.desk", all, db.First(1)), ids("state.desk", all, db.Page{After: after, Limit: 1}); a == b || a == "" || b == "" || after != "" {
			o.Errorf("pages %q and %q", a, b)
		}
		for want, f := range map[string]appointment.Filter{"near ": {Unit: "poorab", State: "open"}, "far ": {Seat: o.far}, "": {State: "approved"}} {
			if got := ids("state.incharge", f); got != want {
				o.Errorf("%+v: %q, want %q", f, got, want)
			}
		}
		list := func(by access.Actor, f appointment.Filter) func(tx *db.Tx) error {
			return func(tx *db.Tx) error { _, _, err := appointment.List(tx, by, f, db.First(10)); return err }
		}
		o.wants(fault.Unauthorized, "access.sign_in", list(access.Actor{}, all))
		o.wants(fault.Invalid, "appointment.unknown_state", list(o.Actor("state.desk"), appointment.Filter{State: "x"}))
		// Whoever made a proposal follows it after leaving the post.
		mine := o.proposed("poorab.gs", o.seat, "tila.sec1")
		o.must(func(tx *db.Tx) error {
			_, err := org.RecordEnd(tx, o.Actor("poorab.gs"), o.Member("poorab.gs"), "resigned", today, "")
			return err
		})
		if p := o.get("poorab.gs", mine); p.ID != mine {
			o.Error("lost sight of one's own proposal")
		}
	})
}

func TestE2_Letters(t *testing.T) {
	each(t, func(o office) {
		order := org.OrderID("")
		o.must(func(tx *db.Tx) error {
			id, err := appointment.Propose(tx, o.Actor("poorab.president"), appointment.Proposal{Seat: o.seat, Person: o.Person("nadi.sec1"), Reason: "कारण"})
			if err != nil {
				return err
			}
			order, err = appointment.Approve(tx, o.Actor("state.president"), id, today, "संस्तुति उचित")
			return err
		})
		letter := func(by string, id org.OrderID) (l org.OrderLetter) {
			o.Helper()
			o.must(func(tx *db.Tx) (err error) { l, err = org.GetOrderLetter(tx, o.Actor(by), id); return err })
			return l
		}
		l := letter("nadi.sec1", order) // the person's own
		if l.TitleKey != "appointment.title.appointment" || l.BodyKey != "appointment.body.appointment" || l.Order.Number != "2026/0001" || l.Order.RoleHi != "जिला सचिव" ||
			l.Order.ByRoleEn != "State president" || l.ByOrgEn != "Surya Pradesh unit" || l.Root.ID != "state" || l.AreaEn != "Poorab Ganj" {
			o.Errorf("%+v", l)
		}
		copies := func(l org.OrderLetter) (s string) {
			for _, c := range l.CopyTo {
				s += strings.TrimPrefix(c.Key, "appointment.copy.") + " " + c.NameEn + "; "
				for _, tongue := range []lang.Lang{lang.Hi, lang.En} {
					if text := lang.New(tongue, nil, false).T(c.Key, "name", c.Name()); strings.ContainsAny(text, "⟦⟧") {
						o.Error(text)
					}
				}
			}
			return s
		}
		if got := copies(l); !strings.HasPrefix(got, "person ") || !strings.HasSuffix(got, "unit Poorab Ganj district; desk Surya Pradesh unit; ") {
			o.Errorf("copies to %s", got)
		}
		var relief, back, cell org.OrderID
		o.must(func(tx *db.Tx) (err error) {
			relief, err = org.Relieve(tx, o.Actor("poorab.president"), org.Relief{Membership: o.Member("kuan.president"), Reason: "कारण", Day: today, WithoutNotice: true})
			if err == nil {
				back, err = org.Reinstate(tx, o.Actor("state.incharge"), relief, "अपील मान्य")
			}
			if err == nil {
				cell, err = org.RecordEnd(tx, o.Actor("state.president"), o.Member("kisan-poorab.convenor"), "died", today, "")
			}
			return err
		})
		for id, want := range map[org.OrderID][2]string{relief: {"relief_without_notice", "relieved_without_notice"}, back: {"reinstatement", "reinstatement"}, cell: {"record", "died"}} {
			l := letter("state.desk", id)
			if l.TitleKey != "appointment.title."+want[0] || l.BodyKey != "appointment.body."+want[1] || id == back && l.Revoked != "2026/0002" {
				o.Errorf("%+v", l)
			}
			for _, tongue := range []lang.Lang{lang.Hi, lang.En} {
				p := lang.New(tongue, nil, false)
				text := p.T(l.TitleKey) + p.T(l.BodyKey, "person", p.Name(l.Order.PersonHi, l.Order.PersonEn), "post", p.Name(l.Order.RoleHi, l.Order.RoleEn),
					"organization", p.Name(l.Order.OrgHi, l.Order.OrgEn), "day", lang.Day(l.Order.EffectiveDay), "revoked", l.Revoked)
				if strings.ContainsAny(text, "⟦⟧") {
					o.Error(text)
				}
			}
		}
		if got := copies(letter("state.desk", relief)); !strings.HasSuffix(got, "; above Nadi Gaon block committee; unit Poorab Ganj district; desk Surya Pradesh unit; ") {
			o.Errorf("copies to %s", got)
		}
		if got := copies(letter("state.desk", cell)); got != "above Farmers' cell; unit Poorab Ganj district; desk Surya Pradesh unit; " { // both its lines; none to the dead
			o.Errorf("copies to %s", got)
		}
		o.wants(fault.NotFound, "fault.not_found", func(tx *db.Tx) error {
			_, err := org.GetOrderLetter(tx, o.Actor("pachhim.president"), order)
			return err
		})
		o.wants(fault.NotFound, "fault.not_found", func(tx *db.Tx) error { _, err := org.GetOrderLetter(tx, o.Actor("state.desk"), "none"); return err })
	})
}

// Every kind of ending and order has its sentence.
func TestEveryOrderHasItsSentence(t *testing.T) {
	endings := append([]string{"relieved", "relieved_without_notice", "suspended", "expelled", org.OrderAppointment, "appointment_acting", "appointment_additional",
		org.OrderRevocation, org.OrderReinstatement, org.OrderWarning}, org.EndReasons...)
	for _, e := range endings {
		if !lang.Has("appointment.body." + e) {
			t.Errorf("no sentence for %s", e)
		}
	}
	for _, e := range append(org.EndReasons, "relieved", "relieved_without_notice", "suspended", "expelled", "appointment_revoked", "set_aside") {
		if !lang.Has(org.Membership{EndReason: e}.EndKey()) {
			t.Errorf("no word for %s", e)
		}
	}
	for _, s := range appointment.States {
		if !lang.Has(appointment.Proposal{State: s}.StateKey()) {
			t.Errorf("no word for %s", s)
		}
	}
	for _, a := range access.Acts {
		if !lang.Has("access.forbidden." + string(a)) {
			t.Errorf("no message for %s", a)
		}
	}
}

// A proposal for a seat to which its holder comes back is closed and says why; one to
// act beside them stays.
func TestE2_AReinstatementClosesTheProposalsForItsSeat(t *testing.T) {
	each(t, func(o office) {
		var seat org.SeatID
		var relief org.OrderID
		incharge := o.Actor("state.incharge")
		o.must(func(tx *db.Tx) error {
			m, err := org.LookupMembership(tx, o.Member("nadi.sec1"))
			if err != nil {
				return err
			}
			seat = m.Seat
			relief, err = org.Relieve(tx, incharge, org.Relief{Membership: m.ID, Reason: "काम नहीं हुआ", Day: today})
			return err
		})
		regular, acting := o.proposed("poorab.gs", seat, "tila.sec1"), ""
		o.must(func(tx *db.Tx) (err error) {
			acting, err = appointment.Propose(tx, o.Actor("poorab.gs"), appointment.Proposal{Seat: seat, Person: o.Person("tila.sec2"), Charge: "acting", Reason: "तब तक"})
			return err
		})
		o.must(func(tx *db.Tx) error {
			_, err := org.Reinstate(tx, incharge, relief, "अपील मान्य")
			return err
		})
		p := o.get("state.incharge", regular)
		if p.State != "refused" || p.DecisionKey != "appointment.seat_resumed" || p.Decision != "" || p.DecidedBy != o.Person("state.incharge") || p.DecidedAt == 0 || !lang.Has(p.DecisionKey) {
			o.Errorf("%+v", p)
		}
		if p := o.get("state.incharge", acting); p.State != "open" {
			o.Errorf("%+v", p)
		}
	})
}
