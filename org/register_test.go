package org_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
)

// TestA4_AsOnDate tells one seat's story by hand and asks for its days.
func TestA4_AsOnDate(t *testing.T) {
	each(t, func(o office) {
		by := o.Actor("state.incharge")
		seat, old, next := o.Seat("nadi.president"), o.Member("nadi.president"), o.Person("nadi.sec1")
		var relief, mistake org.OrderID
		o.must(func(tx *db.Tx) (err error) { // backdated: recorded today, in force since the 10th
			relief, err = org.Relieve(tx, by, org.Relief{Membership: old, Reason: "कारण", Day: "2026-11-10"})
			return err
		})
		o.refuses(fault.Invalid, "day", "org.seat_held_until", appoint(by, seat, next, "2026-11-09"))
		o.must(func(tx *db.Tx) (err error) {
			mistake, err = org.Appoint(tx, by, org.Appointment{Seat: seat, Person: next, Charge: "regular", Day: "2026-11-12", Reason: "कारण"})
			return err
		})
		on := func(day, state string, person org.PersonID) {
			o.Helper()
			o.must(func(tx *db.Tx) error {
				seats, err := org.SeatsOn(tx, by, "nadi", day)
				for _, s := range seats {
					if s.ID == seat && (s.State != state || s.Person != person) {
						o.Errorf("%s: %s by %q, want %s by %q", day, s.State, s.Person, state, person)
					}
				}
				holders, err2 := org.Holders(tx, by, "nadi", day)
				n := 0
				for _, h := range holders {
					if h.Seat == seat && h.Person == person {
						n++
					}
				}
				if (n == 1) != (person != "") {
					o.Errorf("%s: %d holders are %q", day, n, person)
				}
				if err == nil {
					err = err2
				}
				return err
			})
		}
		was := o.Person("nadi.president")
		on("2026-11-09", "filled", was)
		on("2026-11-10", "vacant", "")
		on("2026-11-12", "filled", next)
		on("2025-01-15", "filled", was)
		on("2025-01-14", "unknown", "") // before anything is known

		o.must(func(tx *db.Tx) error { _, err := org.Revoke(tx, by, mistake, "गलत नाम"); return err })
		on("2026-11-12", "vacant", "")
		on("", "vacant", "")
		o.must(func(tx *db.Tx) error {
			record, err := org.Record(tx, by, next, "")
			if len(record) != 1 {
				o.Errorf("the record still shows the mistake: %+v", record)
			}
			vacant, _, err2 := org.Vacancies(tx, by, "poorab", "block_president", db.First(10))
			if len(vacant) != 1 || vacant[0].Since != "2026-11-10" {
				o.Errorf("vacant since %+v", vacant)
			}
			if err == nil {
				err = err2
			}
			return err
		})
		o.refuses(fault.Conflict, "", "org.cannot_revoke", func(tx *db.Tx) error { _, err := org.Revoke(tx, by, mistake, "फिर"); return err })
		o.must(func(tx *db.Tx) error { _, err := org.Revoke(tx, by, relief, "गलत आदेश"); return err })
		on("2026-11-11", "filled", was)
		on(today, "filled", was)
		o.must(func(tx *db.Tx) error {
			d, err := org.GetOrder(tx, by, relief)
			if d.RevokedBy == "" || d.Number != "2026/0001" || d.Ending != "relieved" || d.ByRoleEn != "State in-charge" {
				o.Errorf("%+v", d)
			}
			return err
		})
		for _, day := range []string{"2026-02-30", "22/11/2026", "x"} {
			o.refuses(fault.Invalid, "day", "org.bad_day", func(tx *db.Tx) error { _, err := org.Holders(tx, by, "nadi", day); return err })
			o.refuses(fault.Invalid, "day", "org.bad_day", func(tx *db.Tx) error { _, err := org.SeatsOn(tx, by, "nadi", day); return err })
			o.refuses(fault.Invalid, "day", "org.bad_day", func(tx *db.Tx) error { _, err := org.Record(tx, by, was, day); return err })
		}
	})
}

// A relief of the same day is no mistake taken back: the record keeps it.
func TestA4_AReliefOfTheSameDayStaysOnRecord(t *testing.T) {
	each(t, func(o office) {
		by, person := o.Actor("state.incharge"), o.Person("nadi.sec1")
		o.must(appoint(by, o.VacantSeat("poorab", "district_secretary"), person, today))
		o.must(func(tx *db.Tx) error {
			hats, err := org.Hats(tx, person)
			if err != nil {
				return err
			}
			_, err = org.Relieve(tx, by, org.Relief{Membership: hats[0].ID, Reason: "कारण", Day: today, WithoutNotice: true})
			if err != nil {
				return err
			}
			record, err := org.Record(tx, by, person, "")
			if len(record) != 2 || record[1].EndReason != "relieved_without_notice" && record[0].EndReason != "relieved_without_notice" {
				o.Errorf("%+v", record)
			}
			return err
		})
	})
}

func TestE2_TwoAppointmentsToOneSeatGiveOne(t *testing.T) {
	each(t, func(o office) {
		by, seat := o.Actor("state.incharge"), o.VacantSeat("poorab", "district_secretary")
		var race sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			person := o.Person([]string{"nadi.sec1", "nadi.sec2", "tila.sec1", "tila.sec2", "bargad.sec1", "bargad.sec2", "neem.sec1", "neem.sec2"}[i])
			race.Go(func() { errs[i] = o.Unit.Write(o.Context(), appoint(by, seat, person, today)) })
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
			held, err := tx.Int(`select count(*) from membership where seat_id = $1 and to_day is null`, seat)
			orders, err2 := tx.Int(`select count(*) from orders`)
			if won != 1 || held != 1 || orders != 1 {
				o.Errorf("%d won, %d hold the seat, %d orders", won, held, orders)
			}
			if err == nil {
				err = err2
			}
			return err
		})
	})
}

// Access begins with the order and ends with the relief, in sessions that are open
// and in actors opened after it.
func TestE2_AccessEndsWithTheRelief(t *testing.T) {
	each(t, func(o office) {
		by := o.Actor("state.incharge")
		token := ""
		o.must(func(tx *db.Tx) error {
			number, err := tx.Text(`select number from phone where person_id = $1`, o.Person("poorab.president"))
			if err != nil {
				return err
			}
			code, err := access.RequestCode(tx, number, access.Device{})
			if err != nil {
				return err
			}
			ticket, _, err := access.CheckCode(tx, number, code, access.Device{})
			if err != nil {
				return err
			}
			s, err := access.Choose(tx, ticket, string(o.Person("poorab.president")), false, access.Device{})
			token = s.Token
			return err
		})
		open := func() (a access.Actor) {
			o.must(func(tx *db.Tx) (err error) { a, err = access.Open(tx, token); return err })
			return a
		}
		before := open()
		body := access.Target{}
		o.must(func(tx *db.Tx) error {
			nadi, err := org.Lookup(tx, "nadi")
			body = nadi.Target("")
			return err
		})
		if !before.May(access.Decide, body) {
			o.Fatal("the president may not decide below")
		}
		var relief org.OrderID
		o.must(func(tx *db.Tx) (err error) {
			relief, err = org.Relieve(tx, by, org.Relief{Membership: o.Member("poorab.president"), Reason: "कारण", Day: today})
			return err
		})
		after := open()
		if after.Membership != "" || after.May(access.SeeRegister, body) || after.Check(access.Decide, body) == nil || o.Actor("poorab.president").Membership != "" {
			o.Errorf("relieved and still %+v", after)
		}
		o.must(func(tx *db.Tx) error {
			_, err := org.Reinstate(tx, by, relief, "अपील मान्य")
			return err
		})
		if back := o.Actor("poorab.president"); !back.May(access.Decide, body) {
			o.Errorf("reinstated as %+v", back)
		}
		o.must(appoint(by, o.VacantSeat("poorab", "district_secretary"), o.Person("neem.sec1"), today))
		o.must(func(tx *db.Tx) error {
			n, err := tx.Int(`select count(*) from access_grant g join membership m on m.id = g.membership_id where m.person_id = $1 and m.organization_id = 'poorab'`, o.Person("neem.sec1"))
			if n == 0 {
				o.Error("appointed without rights")
			}
			return err
		})
	})
}

// Whoever wins an appeal after the seat was given away holds the post without a
// seat; what they held before stays theirs on past days, without blame.
func TestAnAppealWonAfterTheSeatWasGiven(t *testing.T) {
	each(t, func(o office) {
		by, was := o.Actor("state.incharge"), o.Person("nadi.president")
		var relief org.OrderID
		o.must(func(tx *db.Tx) (err error) {
			relief, err = org.Relieve(tx, by, org.Relief{Membership: o.Member("nadi.president"), Reason: "कारण", Day: "2026-11-10"})
			return err
		})
		o.must(appoint(by, o.Seat("nadi.president"), o.Person("tila.sec1"), "2026-11-15"))
		o.refuses(fault.Conflict, "", "org.seat_filled_since", func(tx *db.Tx) error { _, err := org.Revoke(tx, by, relief, "भूल"); return err })
		o.must(func(tx *db.Tx) error {
			_, err := org.Reinstate(tx, by, relief, "अपील मान्य")
			return err
		})
		o.must(func(tx *db.Tx) error {
			hats, err := org.Hats(tx, was)
			if len(hats) != 1 || hats[0].Seat != "" || hats[0].FromDay != "2026-11-10" {
				o.Errorf("%+v", hats)
			}
			record, err2 := org.Record(tx, by, was, "2026-11-09")
			if len(record) != 1 || record[0].Seat != o.Seat("nadi.president") || record[0].EndKey() != "org.end.set_aside" {
				o.Errorf("%+v", record)
			}
			if err == nil {
				err = err2
			}
			return err
		})
	})
}

// Orders are listed inside one's reach, and to the person concerned.
func TestOrdersInsideReach(t *testing.T) {
	each(t, func(o office) {
		for _, whom := range []string{"nadi.sec1", "neem.sec1"} {
			o.must(func(tx *db.Tx) error {
				_, err := org.Relieve(tx, o.Actor("state.incharge"), org.Relief{Membership: o.Member(whom), Reason: "कारण", Day: today})
				return err
			})
		}
		relieved := access.Actor{Account: "a", Person: string(o.Person("nadi.sec1"))}
		for name, want := range map[string]struct {
			by access.Actor
			n  int
		}{"state": {o.Actor("state.desk"), 2}, "poorab": {o.Actor("poorab.president"), 1}, "booth": {o.Actor("booth1.agent"), 0}, "relieved": {relieved, 1}} {
			o.must(func(tx *db.Tx) error {
				list, _, err := org.Orders(tx, want.by, org.OrderFilter{}, db.First(10))
				if len(list) != want.n {
					o.Errorf("%s: %+v", name, list)
				}
				for _, d := range list {
					if _, err := org.GetOrder(tx, want.by, d.ID); err != nil {
						o.Error(name, err)
					}
				}
				return err
			})
		}
		o.refuses(fault.Unauthorized, "", "access.sign_in", func(tx *db.Tx) error {
			_, _, err := org.Orders(tx, access.Actor{}, org.OrderFilter{}, db.First(10))
			return err
		})
	})
}

func TestADeathEndsEveryPostAndItsRevocationGivesAllBack(t *testing.T) {
	each(t, func(o office) {
		by, person := o.Actor("state.president"), o.Person("nadi.president")
		o.must(appoint(by, o.VacantSeat("poorab", "district_secretary"), person, "2026-11-20"))
		var earlier, death org.OrderID
		o.must(func(tx *db.Tx) error { // a post taken back before
			seat := org.SeatID("s-nadi.block_general_secretary.1")
			if err := appoint(by, seat, person, "2026-11-01")(tx); err != nil {
				return err
			}
			s, _, err := org.LookupSeat(tx, seat)
			if err != nil {
				return err
			}
			earlier, err = org.Relieve(tx, by, org.Relief{Membership: s.Membership, Reason: "कारण", Day: "2026-11-05"})
			return err
		})
		o.must(func(tx *db.Tx) (err error) {
			death, err = org.RecordEnd(tx, by, o.Member("nadi.president"), "died", "2026-11-18", "हृदय गति रुकने से")
			return err
		})
		o.must(func(tx *db.Tx) error {
			hats, err := org.Hats(tx, person)
			d, err2 := org.GetOrder(tx, by, death)
			if len(hats) != 0 || d.Membership != o.Member("nadi.president") || d.Ending != "died" || d.Reason != "हृदय गति रुकने से" {
				o.Errorf("%+v, order %+v", hats, d)
			}
			record, err3 := org.Record(tx, by, person, "")
			for _, m := range record {
				if m.EndOrder != earlier && m.EndReason != "died" || m.ToDay < m.FromDay {
					o.Errorf("%+v", m)
				}
			}
			for _, e := range []error{err2, err3} {
				if err == nil {
					err = e
				}
			}
			return err
		})
		o.refuses(fault.Invalid, "person", "org.has_died", appoint(by, o.Seat("poorab.sec1"), person, today))
		o.refuses(fault.Conflict, "", "org.has_died", func(tx *db.Tx) error {
			_, err := org.Reinstate(tx, by, earlier, "अपील मान्य")
			return err
		})
		o.refuses(fault.Conflict, "", "org.already_ended", func(tx *db.Tx) error {
			_, err := org.RecordEnd(tx, by, o.Member("nadi.president"), "died", "2026-11-18", "")
			return err
		})
		o.must(func(tx *db.Tx) error { _, err := org.Revoke(tx, by, death, "गलत सूचना"); return err })
		o.must(func(tx *db.Tx) error {
			hats, err := org.Hats(tx, person)
			if len(hats) != 2 {
				o.Errorf("%+v", hats)
			}
			return err
		})
	})
}

// Nobody has told: unknown. Gone through: vacant, from that day and not before.
func TestVacantIsNotUnknown(t *testing.T) {
	each(t, func(o office) {
		by := o.Actor("state.president")
		state := func(day string) (s string) {
			o.must(func(tx *db.Tx) error {
				seats, err := org.SeatsOn(tx, by, "nadi", day)
				for _, each := range seats {
					if each.Role == "block_general_secretary" {
						s = each.State + " " + each.Since
					}
				}
				return err
			})
			return s
		}
		vacancies := func() (n int) {
			o.must(func(tx *db.Tx) error {
				list, _, err := org.Vacancies(tx, by, "poorab", "block_general_secretary", db.First(10))
				n = len(list)
				return err
			})
			return n
		}
		if state("") != "unknown " || vacancies() != 0 {
			o.Errorf("%q, %d vacant", state(""), vacancies())
		}
		complete := func(who string) func(tx *db.Tx) error {
			return func(tx *db.Tx) error { return org.CompleteRegister(tx, o.Actor(who), "nadi") }
		}
		o.refuses(fault.Forbidden, "", "access.forbidden.load_data", complete("poorab.president"))
		o.refuses(fault.NotFound, "", "fault.not_found", complete("pachhim.president"))
		o.refuses(fault.Unauthorized, "", "access.sign_in", complete("nobody"))
		o.must(complete("state.president"))
		o.refuses(fault.Conflict, "", "org.register_complete", complete("state.president"))
		if state("") != "vacant "+today || state("2026-11-21") != "unknown " || vacancies() != 1 {
			o.Errorf("now %q, before %q, %d vacant", state(""), state("2026-11-21"), vacancies())
		}
		o.must(func(tx *db.Tx) error {
			nadi, err := org.Lookup(tx, "nadi")
			if nadi.RegisterOpen {
				o.Error("still open")
			}
			// What is learnt of earlier days makes them known.
			third := o.VacantSeat("poorab", "district_secretary")
			early, err0 := org.AsFound(tx, by, org.Found{Seat: third, Person: o.Person("nadi.sec1"), FromDay: "2024-06-01", Source: "सूची", SourceDay: today})
			if _, err := org.RecordEnd(tx, by, early, "term_over", "2024-09-01", ""); err0 != nil || err != nil {
				o.Error(err0, err)
			}
			for day, want := range map[string]string{"2024-05-31": "unknown", "2024-06-01": "filled", "2024-10-01": "vacant"} {
				seats, err := org.SeatsOn(tx, by, "poorab", day)
				for _, s := range seats {
					if s.ID == third && s.State != want {
						o.Errorf("%s: %s, want %s", day, s.State, want)
					}
				}
				if err != nil {
					return err
				}
			}
			posts, agents, err2 := org.CountSeats(tx, by, "kuan")
			if posts != (org.Count{Filled: 1}) || agents != (org.Count{Filled: 1, Vacant: 1, Unknown: 1}) {
				o.Errorf("%+v %+v", posts, agents)
			}
			byUnit, _, err3 := org.CountByUnit(tx)
			all, _, err4 := org.CountSeats(tx, by, "poorab")
			if *byUnit["poorab"] != all {
				o.Errorf("by unit %+v, of the unit %+v", *byUnit["poorab"], all)
			}
			for _, e := range []error{err2, err3, err4} {
				if err == nil {
					err = e
				}
			}
			return err
		})
	})
}

// The loader and the verb enter the same facts as the same rows, and the register
// answers alike.
func TestTheLoaderDoesWhatTheVerbDoes(t *testing.T) {
	answers := map[string]string{}
	for _, way := range []string{"loader", "verbs"} {
		each(t, func(o office) {
			const day = "2026-03-01"
			people := []org.NewPerson{{ID: "n-1", NameHi: " कमला  देवी ", NameEn: "Kamla Devi", Gender: "f", BirthYear: 1980, Phone: "०९८७६५-४३२१०"}, {ID: "n-2", NameHi: "राम लाल"}}
			o.must(func(tx *db.Tx) error { // a post with three seats nobody has told of
				l, err := org.NewLoader(tx)
				if err != nil {
					return err
				}
				p := org.Post{ID: "t-new", Organization: "tila", Role: "block_president", LabelHi: "सह अध्यक्ष", LabelEn: "Co-president",
					Seats: []org.SeatFill{{ID: "s-new1"}, {ID: "s-new2"}, {ID: "s-new3"}}}
				if way == "loader" {
					for i, n := range people {
						if err := l.Person(n); err != nil {
							return err
						}
						p.Seats[i] = org.SeatFill{ID: p.Seats[i].ID, Membership: org.MembershipID(fmt.Sprint("m-", i)), Person: n.ID, FromDay: day, Source: "पुरानी सूची", SourceDay: day}
					}
				}
				if err := l.Post(p); err != nil {
					return err
				}
				return l.Close()
			})
			o.Counted()
			if way == "verbs" {
				for i, n := range people {
					o.must(func(tx *db.Tx) error {
						by := o.Actor("state.president")
						if _, err := org.AddPerson(tx, by, n); err != nil {
							return err
						}
						_, err := org.AsFound(tx, by, org.Found{Seat: org.SeatID(fmt.Sprint("s-new", i+1)), Person: n.ID, FromDay: day, Source: "पुरानी सूची", SourceDay: day})
						return err
					})
				}
			}
			var all strings.Builder
			o.must(func(tx *db.Tx) error {
				by := o.Actor("poorab.president")
				for _, n := range people {
					p, err := org.GetPerson(tx, by, n.ID)
					if err != nil {
						return err
					}
					record, err := org.Record(tx, by, n.ID, "")
					if err != nil {
						return err
					}
					for i := range record {
						record[i].ID = ""
					}
					fmt.Fprintf(&all, "%+v\n%+v\n", p, record)
				}
				for _, day := range []string{"", "2026-02-28"} {
					seats, err := org.SeatsOn(tx, by, "tila", day)
					if err != nil {
						return err
					}
					for _, s := range seats {
						s.Membership = ""
						fmt.Fprintf(&all, "%+v\n", s)
					}
				}
				rows, err := db.Select(tx, `select m.person_id, m.seat_id, m.unit_id, m.area_id, m.role_id, m.charge, m.begun_by, m.source, coalesce(m.source_day, ''), m.standing, g.scope, g.acts
					from membership m join access_grant g on g.membership_id = m.id where m.post_id = 't-new' order by 1, 2, 11`, nil, func(s db.Scanner) (v [12]string, err error) {
					return v, s.Scan(&v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8], &v[9], &v[10], &v[11])
				})
				if len(rows) < 2 {
					o.Error("no grants")
				}
				fmt.Fprintf(&all, "%q\n", rows)
				found, _, err2 := org.FindPeople(tx, by, "kamla", db.First(5))
				fmt.Fprintf(&all, "%+v\n", found)
				persons, err3 := db.Select(tx, `select sort_key, folded, gender, coalesce(birth_year, 0) from person where id in ('n-1', 'n-2') order by id`, nil, func(s db.Scanner) (string, error) {
					var v [3]string
					var n int
					err := s.Scan(&v[0], &v[1], &v[2], &n)
					return fmt.Sprint(v, n), err
				})
				fmt.Fprintf(&all, "%q\n", persons)
				for _, e := range []error{err2, err3} {
					if err == nil {
						err = e
					}
				}
				return err
			})
			if !strings.Contains(all.String(), "9876543210") {
				o.Error(all.String())
			}
			answers[way+o.Name()[strings.LastIndex(o.Name(), "/"):]] = all.String()
		})
	}
	first := ""
	for how, a := range answers {
		if first == "" {
			first = a
		}
		if a != first {
			t.Errorf("%s answers\n%s\nand another way\n%s", how, a, first)
		}
	}
	if len(answers) != 4 && len(answers) != 2 {
		t.Errorf("%d ways", len(answers))
	}
}

func TestASeatIsHeldOnceAndAPersonHoldsAPostOnce(t *testing.T) {
	each(t, func(o office) {
		by := o.Actor("state.president")
		o.refuses(fault.Conflict, "", "org.seat_taken", appoint(by, o.Seat("nadi.president"), o.Person("tila.sec1"), today))
		o.refuses(fault.Conflict, "", "org.seat_taken", func(tx *db.Tx) error {
			_, err := org.AsFound(tx, by, org.Found{Seat: o.Seat("nadi.president"), Person: o.Person("tila.sec1"), FromDay: today, Source: "सूची", SourceDay: today})
			return err
		})
		third := o.VacantSeat("poorab", "district_secretary")
		o.refuses(fault.Invalid, "person", "org.already_holds", appoint(by, third, o.Person("poorab.sec1"), today))

		charge := func(kind string) func(tx *db.Tx) error {
			return func(tx *db.Tx) error {
				_, err := org.Appoint(tx, by, org.Appointment{Seat: third, Person: o.Person("nadi.sec1"), Charge: kind, Day: "2026-11-01", Reason: "कारण"})
				return err
			}
		}
		o.refuses(fault.Invalid, "charge", "org.bad_charge", charge(""))
		o.must(charge("acting")) // takes no seat
		o.refuses(fault.Invalid, "person", "org.already_holds", charge("additional"))
		o.must(func(tx *db.Tx) error {
			s, _, err := org.GetSeat(tx, by, third)
			if s.State != "vacant" {
				o.Errorf("the acting charge took the seat: %+v", s)
			}
			return err
		})
		o.must(appoint(by, third, o.Person("nadi.sec1"), "2026-11-15")) // and becomes the post itself
		o.must(func(tx *db.Tx) error {
			record, err := org.Record(tx, by, o.Person("nadi.sec1"), "2026-11-14")
			if len(record) != 2 || record[0].Charge == "regular" && record[1].Charge == "regular" {
				o.Errorf("%+v", record)
			}
			hats, err2 := org.Hats(tx, o.Person("nadi.sec1"))
			if len(hats) != 2 || hats[0].Seat != third {
				o.Errorf("%+v", hats)
			}
			if err == nil {
				err = err2
			}
			return err
		})
	})
}

// What may not be done, by whom it is asked, and what is told.
func TestRefusals(t *testing.T) {
	each(t, func(o office) {
		president, district, incharge := o.Actor("state.president"), o.Actor("poorab.president"), o.Actor("state.incharge")
		vacant := o.VacantSeat("poorab", "district_secretary")
		relieve := func(by access.Actor, whom string, edit func(*org.Relief)) func(tx *db.Tx) error {
			in := org.Relief{Membership: o.Member(whom), Reason: "कारण", Day: today}
			if edit != nil {
				edit(&in)
			}
			return func(tx *db.Tx) error { _, err := org.Relieve(tx, by, in); return err }
		}
		o.refuses(fault.NotFound, "", "fault.not_found", relieve(district, "neem.sec1", nil))
		o.refuses(fault.NotFound, "", "fault.not_found", relieve(o.Actor("nadi.president"), "tila.sec1", nil))
		o.refuses(fault.Forbidden, "", "access.forbidden.decide", relieve(district, "poorab.sec1", nil))
		o.refuses(fault.Forbidden, "", "access.forbidden.relieve_now", relieve(o.Actor("nadi.president"), "nadi.sec1", func(r *org.Relief) { r.WithoutNotice = true }))
		o.refuses(fault.Forbidden, "", "org.not_for_oneself", relieve(incharge, "state.incharge", nil))
		o.refuses(fault.Unauthorized, "", "access.sign_in", relieve(access.Actor{}, "nadi.sec1", nil))
		o.refuses(fault.Invalid, "reason", "org.reason_missing", relieve(district, "nadi.sec1", func(r *org.Relief) { r.Reason = " \n " }))
		o.refuses(fault.Invalid, "reason", "org.text_long", relieve(district, "nadi.sec1", func(r *org.Relief) { r.Reason = strings.Repeat("क", 1<<20) }))
		o.refuses(fault.Invalid, "reason", "fault.bad_utf8", relieve(district, "nadi.sec1", func(r *org.Relief) { r.Reason = "का\xffरण" }))
		o.refuses(fault.Invalid, "day", "org.future_day", relieve(district, "nadi.sec1", func(r *org.Relief) { r.Day = "2026-11-23" }))
		o.refuses(fault.Invalid, "day", "org.order_too_old", relieve(district, "nadi.sec1", func(r *org.Relief) { r.Day = "2026-10-22" }))
		o.refuses(fault.Invalid, "day", "org.bad_day", relieve(district, "nadi.sec1", func(r *org.Relief) { r.Day = "2026-11-31" }))
		o.refuses(fault.Invalid, "as", "org.bad_end_reason", relieve(district, "nadi.sec1", func(r *org.Relief) { r.As = "died" }))
		o.refuses(fault.NotFound, "", "fault.not_found", func(tx *db.Tx) error {
			_, err := org.Relieve(tx, incharge, org.Relief{Membership: "none", Reason: "कारण", Day: today})
			return err
		})
		o.must(relieve(district, "nadi.sec1", nil))
		o.refuses(fault.Conflict, "", "org.already_ended", relieve(district, "nadi.sec1", nil))

		o.refuses(fault.Forbidden, "", "org.not_for_oneself", appoint(president, vacant, o.Person("state.president"), today))
		o.refuses(fault.Forbidden, "", "access.forbidden.approve", appoint(district, vacant, o.Person("tila.sec1"), today)) // his own body
		o.refuses(fault.Invalid, "person", "org.unknown_person", appoint(president, vacant, "none", today))
		o.refuses(fault.Invalid, "person", "org.unknown_person", appoint(access.Operator(), vacant, "", today))
		o.refuses(fault.NotFound, "", "fault.not_found", appoint(president, "none", o.Person("tila.sec1"), today))
		o.must(func(tx *db.Tx) error {
			_, err := tx.Exec(`update person set canonical_id = 'p-tila.sec2' where id = 'p-tila.sec1'`)
			if err == nil {
				_, err = tx.Exec(`update organization set dissolved = '2026-11-01' where id = 'neem'`)
			}
			return err
		})
		o.refuses(fault.Invalid, "person", "org.person_merged", appoint(president, vacant, o.Person("tila.sec1"), today))
		o.refuses(fault.Conflict, "", "org.dissolved", appoint(president, "s-neem.block_general_secretary.1", o.Person("tila.sec2"), today))

		end := func(by access.Actor, whom, reason, day, note string) func(tx *db.Tx) error {
			return func(tx *db.Tx) error { _, err := org.RecordEnd(tx, by, o.Member(whom), reason, day, note); return err }
		}
		o.refuses(fault.Invalid, "reason", "org.bad_end_reason", end(district, "nadi.sec2", "relieved", today, ""))
		o.refuses(fault.Invalid, "day", "org.bad_past_day", end(district, "nadi.sec2", "resigned", "2026-11-23", ""))
		o.refuses(fault.Invalid, "day", "org.day_before_start", end(district, "nadi.sec2", "resigned", "2025-01-14", ""))
		o.refuses(fault.Invalid, "note", "org.text_long", end(district, "nadi.sec2", "resigned", today, strings.Repeat("क", 4001)))
		o.refuses(fault.Forbidden, "", "access.forbidden.record_end", end(o.Actor("nadi.sec2"), "nadi.sec2", "term_over", today, ""))
		o.refuses(fault.NotFound, "", "fault.not_found", end(o.Actor("nadi.sec2"), "tila.sec2", "resigned", today, ""))
		o.must(end(o.Actor("nadi.sec2"), "nadi.sec2", "resigned", today, strings.Repeat("क", 4000))) // one's own needs no act

		found := func(edit func(*org.Found)) func(tx *db.Tx) error {
			in := org.Found{Seat: vacant, Person: o.Person("tila.sec2"), FromDay: today, Source: "सूची", SourceDay: today}
			edit(&in)
			return func(tx *db.Tx) error { _, err := org.AsFound(tx, president, in); return err }
		}
		o.refuses(fault.Invalid, "source", "org.source_missing", found(func(f *org.Found) { f.Source = "" }))
		o.refuses(fault.Invalid, "source", "fault.bad_utf8", found(func(f *org.Found) { f.Source = "\xc0" }))
		o.refuses(fault.Invalid, "from_day", "org.bad_past_day", found(func(f *org.Found) { f.FromDay = "2026-11-23" }))
		o.refuses(fault.Invalid, "source_day", "org.bad_past_day", found(func(f *org.Found) { f.SourceDay = "" }))
		o.refuses(fault.Invalid, "person", "org.unknown_person", found(func(f *org.Found) { f.Person = "none" }))
		o.refuses(fault.Forbidden, "", "org.not_for_oneself", found(func(f *org.Found) { f.Person = o.Person("state.president") }))

		person := func(n org.NewPerson) func(tx *db.Tx) error {
			return func(tx *db.Tx) error { _, err := org.AddPerson(tx, president, n); return err }
		}
		o.refuses(fault.Invalid, "name", "org.name_missing", person(org.NewPerson{NameHi: "  "}))
		o.refuses(fault.Invalid, "name", "org.name_long", person(org.NewPerson{NameHi: strings.Repeat("क", 101)}))
		o.refuses(fault.Invalid, "name", "fault.bad_utf8", person(org.NewPerson{NameHi: "राम\xff"}))
		o.refuses(fault.Invalid, "gender", "org.bad_gender", person(org.NewPerson{NameHi: "राम", Gender: "x"}))
		o.refuses(fault.Invalid, "birth_year", "org.under_age", person(org.NewPerson{NameHi: "राम", BirthYear: 2009}))
		o.refuses(fault.Invalid, "birth_year", "org.bad_birth_year", person(org.NewPerson{NameHi: "राम", BirthYear: 85}))
		o.refuses(fault.Invalid, "phone", "org.bad_phone", person(org.NewPerson{NameHi: "राम", Phone: "12345"}))
		o.refuses(fault.Conflict, "", "fault.id_taken", person(org.NewPerson{ID: o.Person("tila.sec2"), NameHi: "राम"}))

		leave := func(by access.Actor, edit func(*org.Leave)) func(tx *db.Tx) error {
			in := org.Leave{Membership: o.Member("tila.sec2"), FromDay: "2026-11-01", ToDay: "2026-11-10", Reason: "बीमारी"}
			edit(&in)
			return func(tx *db.Tx) error { _, err := org.RecordLeave(tx, by, in); return err }
		}
		o.refuses(fault.Invalid, "to_day", "org.leave_ends_first", leave(district, func(l *org.Leave) { l.ToDay = l.FromDay }))
		o.refuses(fault.Forbidden, "", "access.forbidden.record_leave", leave(o.Actor("tila.sec2"), func(*org.Leave) {}))
		o.refuses(fault.Forbidden, "", "org.not_for_oneself", leave(district, func(l *org.Leave) { l.Membership = o.Member("poorab.president") }))
		o.refuses(fault.NotFound, "", "fault.not_found", leave(o.Actor("pachhim.president"), func(*org.Leave) {}))
		o.must(leave(district, func(*org.Leave) {}))

		revoke := func(by access.Actor, order org.OrderID) func(tx *db.Tx) error {
			return func(tx *db.Tx) error { _, err := org.Revoke(tx, by, order, "भूल"); return err }
		}
		var order org.OrderID
		o.must(func(tx *db.Tx) error {
			id, err := tx.Text(`select id from orders where membership_id = $1`, o.Member("nadi.sec1"))
			order = org.OrderID(id)
			return err
		})
		o.refuses(fault.Forbidden, "", "access.forbidden.revoke_order", revoke(district, order))
		o.refuses(fault.NotFound, "", "fault.not_found", revoke(o.Actor("tila.president"), order))
		o.refuses(fault.Invalid, "reason", "org.reason_missing", func(tx *db.Tx) error { _, err := org.Reinstate(tx, incharge, order, ""); return err })
	})
}
