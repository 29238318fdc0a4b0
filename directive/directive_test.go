package directive_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sangathan/directive"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"
	"sangathan/orgtest"
	"sangathan/tally"
)

// each runs fn on both engines, on the small register at noon of 22 November 2026.
func each(t *testing.T, fn func(t *testing.T, fx *orgtest.Fixture, clock *dbtest.Clock)) {
	for _, engine := range []string{"sqlite", "postgres"} { // a clock of its own for each
		t.Run(engine, func(t *testing.T) {
			clock := dbtest.Day("2026-11-22")
			open := dbtest.SQLite
			if engine == "postgres" {
				open = dbtest.Postgres
			}
			fn(t, orgtest.Small(t, open(t, dbtest.At(clock))), clock)
		})
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s: %v, want %s", what, err, kind)
	}
}

func issue(t *testing.T, fx *orgtest.Fixture, as string, d directive.Directive) (id directive.ID, err error) {
	t.Helper()
	by := fx.Actor(as)
	err = fx.Unit.Write(t.Context(), func(tx *db.Tx) (err error) { id, err = directive.Issue(tx, by, d); return err })
	return id, err
}

func answer(t *testing.T, fx *orgtest.Fixture, as string, id directive.ID, body org.OrganizationID, period, text string) error {
	t.Helper()
	by := fx.Actor(as)
	return fx.Unit.Write(t.Context(), func(tx *db.Tx) error { return directive.Answer(tx, by, id, body, period, text, "") })
}

func read(t *testing.T, fx *orgtest.Fixture, fn func(tx *db.Tx) error) {
	t.Helper()
	ok(t, fx.Unit.Read(t.Context(), fn))
}

func general() directive.Directive {
	return directive.Directive{Kind: directive.KindGeneral, Subject: "बूथ बैठकें", Body: "हर बूथ पर बैठक करें", Kinds: []string{"district_unit"}, DueDay: "2026-11-30"}
}

func TestC1_ADirectiveReachesTheBodiesItNames(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture, clock *dbtest.Clock) {
		id, err := issue(t, fx, "state.desk", general())
		ok(t, err)
		second, err := issue(t, fx, "state.incharge", directive.Directive{Kind: directive.KindGeneral, Subject: "ब्लॉक", Kinds: []string{"block_committee", "cell_district"}})
		ok(t, err)
		read(t, fx, func(tx *db.Tx) error {
			d, err := directive.Get(tx, fx.Actor("state.incharge"), id)
			if err != nil || d.Number != "2026/0001" || d.From != "state" || d.FromHi == "" || d.ByRoleHi == "" || d.DueDay != "2026-11-30" || d.Kinds[0] != "district_unit" {
				t.Errorf("%+v %v", d, err)
			}
			for id, want := range map[directive.ID]int{id: 2, second: 6} {
				if n, err := directive.Expected(tx, id); n != want || err != nil {
					t.Errorf("%d expected (%v), want %d", n, err, want)
				}
			}
			return nil
		})
		for as, sees := range map[string][2]bool{"state.incharge": {true, true}, "poorab.president": {true, true}, "poorab.sec1": {true, false},
			"nadi.president": {false, true}, "nadi.sec1": {false, true}, "kisan.convenor": {false, true}, "kuan.president": {false, false}} {
			by := fx.Actor(as)
			read(t, fx, func(tx *db.Tx) error {
				list, _, err := directive.List(tx, by, db.First(100))
				if err != nil {
					return err
				}
				n := 0
				for i, id := range []directive.ID{id, second} {
					_, err := directive.Get(tx, by, id)
					if sees[i] && err != nil || !sees[i] && !fault.Is(err, fault.NotFound) {
						t.Errorf("%s and %d: %v", as, i+1, err)
					}
					if sees[i] {
						n++
					}
				}
				if len(list) != n {
					t.Errorf("%s has %d directives in the list, want %d", as, len(list), n)
				}
				return nil
			})
		}
	})
}

// A directive that a body does not see is not there for it: an answer to it tells no more.
func TestI1_ADirectiveToOthersIsNotThere(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture, clock *dbtest.Clock) {
		id, err := issue(t, fx, "state.desk", directive.Directive{Kind: directive.KindGeneral, Subject: "प्रकोष्ठ", Kinds: []string{"cell"}})
		ok(t, err)
		for _, d := range []directive.ID{id, "no-such-directive"} {
			want(t, "answer", answer(t, fx, "nadi.president", d, "nadi", "", "हो गया"), fault.NotFound)
			err := fx.Unit.Write(t.Context(), func(tx *db.Tx) error { return directive.Acknowledge(tx, fx.Actor("nadi.president"), d, "nadi") })
			want(t, "acknowledge", err, fault.NotFound)
		}
		want(t, "who sees it and is not asked", answer(t, fx, "state.president", id, "state", "", "हो गया"), fault.Conflict)
	})
}

func TestC1_AnAnswerStandsAndIsOnTimeOrLate(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture, clock *dbtest.Clock) {
		id, err := issue(t, fx, "state.incharge", general())
		ok(t, err)
		acknowledge := func(as string, body org.OrganizationID) error {
			by := fx.Actor(as)
			return fx.Unit.Write(t.Context(), func(tx *db.Tx) error { return directive.Acknowledge(tx, by, id, body) })
		}
		due := func(as string) (owed []directive.Owed) {
			by := fx.Actor(as)
			read(t, fx, func(tx *db.Tx) (err error) { owed, err = directive.Due(tx, by); return err })
			return owed
		}
		if o := due("poorab.president"); len(o) != 1 || o[0].ID != id || o[0].LastDay != "2026-11-30" || o[0].Overdue || o[0].Acknowledged {
			t.Errorf("poorab owes %+v", o)
		}
		if o := due("poorab.sec1"); len(o) != 0 {
			t.Errorf("a secretary may not answer and owes %+v", o)
		}
		ok(t, acknowledge("poorab.gs", "poorab"))
		ok(t, acknowledge("poorab.president", "poorab"))
		want(t, "for another district", acknowledge("pachhim.president", "poorab"), fault.NotFound)
		want(t, "a secretary", acknowledge("poorab.sec1", "poorab"), fault.Forbidden)
		want(t, "a block, of which nothing is expected", acknowledge("nadi.president", "nadi"), fault.NotFound)
		want(t, "nobody", acknowledge("nobody", "poorab"), fault.Unauthorized)
		if o := due("poorab.president"); len(o) != 1 || !o[0].Acknowledged {
			t.Errorf("poorab owes %+v", o)
		}

		want(t, "an empty answer", answer(t, fx, "poorab.gs", id, "poorab", "", " "), fault.Invalid)
		want(t, "broken UTF-8", answer(t, fx, "poorab.gs", id, "poorab", "", "\xff"), fault.Invalid)
		want(t, "1 MB", answer(t, fx, "poorab.gs", id, "poorab", "", strings.Repeat("क", 1<<18)), fault.Invalid)
		want(t, "a month", answer(t, fx, "poorab.gs", id, "poorab", "2026-10", "हो गया"), fault.Invalid)
		want(t, "another district's", answer(t, fx, "pachhim.gs", id, "poorab", "", "हो गया"), fault.NotFound)
		want(t, "no such directive", answer(t, fx, "poorab.gs", "nothing", "poorab", "", "हो गया"), fault.NotFound)
		clock.Set(time.Date(2026, 11, 30, 23, 59, 0, 0, fx.Unit.Zone()))
		ok(t, answer(t, fx, "poorab.gs", id, "poorab", "", "हो गया"))
		ok(t, answer(t, fx, "poorab.president", id, "poorab", "", "हो गया")) // sent twice
		want(t, "another answer", answer(t, fx, "poorab.president", id, "poorab", "", "नहीं हुआ"), fault.Conflict)
		clock.Add(time.Minute)
		if o := due("pachhim.president"); len(o) != 1 || !o[0].Overdue {
			t.Errorf("pachhim owes %+v", o)
		}
		standing := func(as string, f directive.AnswerFilter) string {
			by, text := fx.Actor(as), ""
			read(t, fx, func(tx *db.Tx) error {
				read := func(p db.Page) ([]directive.Standing, string, error) {
					p.Limit = 1 // page by page
					return directive.Answers(tx, by, id, f, p)
				}
				return db.Each(read, func(s directive.Standing) error {
					text += fmt.Sprintf("%s %v %v %v %s|", s.Organization, s.AnsweredAt != 0, s.OnTime, s.Late, s.Body)
					return nil
				})
			})
			return text
		}
		const poorab, late = "poorab true true false हो गया|", "pachhim false false true |"
		for f, want := range map[directive.AnswerFilter]string{{}: late + poorab, {State: directive.Answered}: poorab, {State: directive.Waiting}: late,
			{State: directive.Late}: late, {State: directive.OnTime}: poorab, {Unit: "pachhim"}: late, {Organization: "poorab"}: poorab} {
			if got := standing("state.incharge", f); got != want {
				t.Errorf("%+v: %s, want %s", f, got, want)
			}
		}
		if got := standing("poorab.president", directive.AnswerFilter{}); got != poorab {
			t.Errorf("poorab sees %s", got)
		}
		ok(t, answer(t, fx, "pachhim.gs", id, "pachhim", "", "देर से"))
		if got := standing("state.incharge", directive.AnswerFilter{State: directive.Late}); got != "pachhim true false true देर से|" {
			t.Errorf("late: %s", got)
		}
		read(t, fx, func(tx *db.Tx) error {
			if c, err := directive.Count(tx, id, "", ""); c != (directive.Tally{Expected: 2, Acknowledged: 2, Received: 2, OnTime: 1}) || err != nil {
				t.Errorf("%+v %v", c, err)
			}
			return nil
		})
		if o := due("poorab.president"); len(o) != 0 {
			t.Errorf("poorab still owes %+v", o)
		}
	})
}

func TestC1_BadInputNamesItsField(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture, clock *dbtest.Clock) {
		hi, en := lang.New(lang.Hi, nil, false), lang.New(lang.En, nil, false)
		for field, spoil := range map[string][]func(*directive.Directive){
			"id":      {func(d *directive.Directive) { d.ID = "7" }},
			"subject": {func(d *directive.Directive) { d.Subject = " " }, func(d *directive.Directive) { d.Subject = strings.Repeat("क", 201) }, func(d *directive.Directive) { d.Subject = "\xff" }},
			"body":    {func(d *directive.Directive) { d.Body = strings.Repeat("x", 1<<20) }, func(d *directive.Directive) { d.Body = "\x00" }},
			"kind":    {func(d *directive.Directive) { d.Kind = "whim" }},
			"kinds":   {func(d *directive.Directive) { d.Kinds = nil }, func(d *directive.Directive) { d.Kinds = []string{"army"} }, func(d *directive.Directive) { d.Kinds = []string{"state_unit"} }, func(d *directive.Directive) { d.Kinds = []string{"a b"} }},
			"due_day": {func(d *directive.Directive) { d.DueDay = "2026-11-21" }, func(d *directive.Directive) { d.DueDay = "2026-02-30" }, func(d *directive.Directive) { d.Kind, d.DueDay = directive.KindInactivityList, "" }, func(d *directive.Directive) { d.Kind = directive.KindMonthlyReport }},
			"recurs":  {func(d *directive.Directive) { d.Recurs = "monthly" }},
			"due_dom": {func(d *directive.Directive) { d.Kind, d.DueDay, d.DueDom = directive.KindMonthlyReport, "", 29 }},
		} {
			for i, f := range spoil {
				d := general()
				f(&d)
				_, err := issue(t, fx, "state.incharge", d)
				want(t, field, err, fault.Invalid)
				if told := en.Fields(err); len(told) != 1 || told[field] == "" || strings.Contains(told[field]+hi.Fields(err)[field], "⟦") {
					t.Errorf("%s %d: told %q", field, i, told)
				}
			}
		}
		_, err := issue(t, fx, "poorab.president", general())
		want(t, "a district president", err, fault.Forbidden)
		d := general()
		d.From = "pachhim"
		_, err = issue(t, fx, "poorab.president", d)
		want(t, "from another district", err, fault.NotFound)
		_, err = issue(t, fx, "nobody", general())
		want(t, "nobody", err, fault.Unauthorized)
		d = general()
		d.ID = "0193516a-0000-7000-8000-000000000001"
		_, err = issue(t, fx, "state.incharge", d)
		ok(t, err)
		_, err = issue(t, fx, "state.incharge", d)
		want(t, "the same again", err, fault.Conflict)
		id, err := issue(t, fx, "state.incharge", general())
		ok(t, err)
		read(t, fx, func(tx *db.Tx) error {
			if d, err := directive.Get(tx, fx.Actor("state.desk"), id); d.Number != "2026/0002" {
				t.Errorf("refused directives took numbers: %s (%v)", d.Number, err)
			}
			return nil
		})
	})
}

func TestC1_ConcurrentDirectivesHaveNumbersWithoutGaps(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture, clock *dbtest.Clock) {
		by := fx.Actor("state.incharge")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := fx.Unit.Write(t.Context(), func(tx *db.Tx) error { _, err := directive.Issue(tx, by, general()); return err }); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		read(t, fx, func(tx *db.Tx) error {
			list, _, err := directive.List(tx, by, db.First(100))
			numbers := map[string]bool{}
			for _, d := range list {
				numbers[d.Number] = true
			}
			if len(numbers) != 8 || !numbers["2026/0001"] || !numbers["2026/0008"] {
				t.Errorf("%v", numbers)
			}
			return err
		})
	})
}

func TestC2_TheMonthlyReportRecurs(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture, clock *dbtest.Clock) {
		read(t, fx, func(tx *db.Tx) error {
			_, err := directive.MonthlyReport(tx)
			want(t, "before it is asked for", err, fault.NotFound)
			if n, err := directive.Received(tx, "2026-10", ""); n != (directive.Tally{}) || err != nil {
				t.Errorf("%+v %v", n, err)
			}
			return nil
		})
		clock.Set(time.Date(2026, 8, 3, 10, 0, 0, 0, fx.Unit.Zone()))
		id, err := issue(t, fx, "state.incharge", directive.Directive{Kind: directive.KindMonthlyReport, Subject: "मासिक रिपोर्ट"})
		ok(t, err)
		_, err = issue(t, fx, "state.incharge", directive.Directive{Kind: directive.KindMonthlyReport, Subject: "फिर"})
		want(t, "a second one", err, fault.Conflict)
		clock.Set(time.Date(2026, 10, 10, 23, 0, 0, 0, fx.Unit.Zone()))
		due := func(as string) (text string) {
			by := fx.Actor(as)
			read(t, fx, func(tx *db.Tx) error {
				owed, err := directive.Due(tx, by)
				for _, o := range owed {
					text += fmt.Sprintf("%s by %s %v;", o.Period, o.LastDay, o.Overdue)
				}
				return err
			})
			return text
		}
		if got := due("nadi.president"); got != "2026-08 by 2026-09-10 true;2026-09 by 2026-10-10 false;" {
			t.Errorf("nadi owes %s", got)
		}
		if got := due("state.incharge") + due("kuan.president"); got != "" { // bodies that owe no report
			t.Errorf("state and mandal owe %s", got)
		}
		if got := due("kisan.convenor"); strings.Count(got, ";") != 2 {
			t.Errorf("the cell owes %s", got)
		}
		ok(t, answer(t, fx, "nadi.president", id, "nadi", "2026-09", "बैठकें 3"))
		ok(t, answer(t, fx, "nadi.president", id, "nadi", "2026-09", "बैठकें 3"))
		want(t, "otherwise", answer(t, fx, "nadi.president", id, "nadi", "2026-09", "बैठकें 4"), fault.Conflict)
		want(t, "no month", answer(t, fx, "nadi.president", id, "nadi", "", "x"), fault.Invalid)
		want(t, "month 13", answer(t, fx, "nadi.president", id, "nadi", "2026-13", "x"), fault.Invalid)
		want(t, "this month", answer(t, fx, "nadi.president", id, "nadi", "2026-10", "x"), fault.Invalid)
		want(t, "before it was asked for", answer(t, fx, "nadi.president", id, "nadi", "2026-07", "x"), fault.Invalid)
		want(t, "the district for its block", answer(t, fx, "poorab.president", id, "nadi", "2026-08", "x"), fault.Forbidden)
		want(t, "a mandal", answer(t, fx, "kuan.president", id, "kuan", "2026-08", "x"), fault.Forbidden)
		clock.Add(2 * time.Hour) // past the 10th
		ok(t, answer(t, fx, "tila.president", id, "tila", "2026-09", "x"))
		ok(t, answer(t, fx, "neem.president", id, "neem", "2026-08", "x"))
		read(t, fx, func(tx *db.Tx) error {
			if got, err := directive.MonthlyReport(tx); got != id || err != nil {
				t.Errorf("%s %v", got, err)
			}
			// two districts, four blocks, the cell and its two district bodies
			for unit, want := range map[org.OrganizationID]directive.Tally{"": {Expected: 9, Acknowledged: 2, Received: 2, OnTime: 1},
				"poorab": {Expected: 4, Acknowledged: 2, Received: 2, OnTime: 1}, "pachhim": {Expected: 4}, "state": {Expected: 1}} {
				if got, err := directive.Received(tx, "2026-09", unit); got != want || err != nil {
					t.Errorf("%q: %+v (%v), want %+v", unit, got, err, want)
				}
			}
			all, err := directive.ReceivedByUnit(tx, "2026-09")
			if err != nil || all["poorab"] != (directive.Tally{Expected: 4, Acknowledged: 2, Received: 2, OnTime: 1}) || all["pachhim"].Expected != 4 || len(all) != 3 {
				t.Errorf("%+v %v", all, err)
			}
			if n, err := directive.Received(tx, "2026-07", ""); n != (directive.Tally{}) || err != nil {
				t.Errorf("before it was asked for: %+v %v", n, err)
			}
			months, err := directive.ReportingMonths(tx, "poorab", "2026-08", "2026-09")
			if err != nil || len(months) != 2 || !months["nadi"]["2026-09"] || months["nadi"]["2026-08"] || !months["tila"]["2026-09"] {
				t.Errorf("%v %v", months, err)
			}
			waiting, _, err := directive.Answers(tx, fx.Actor("poorab.president"), id, directive.AnswerFilter{Period: "2026-09", State: directive.Waiting}, db.Page{})
			if err != nil || len(waiting) != 2 { // the district and its cell
				t.Errorf("%+v %v", waiting, err)
			}
			_, _, err = directive.Answers(tx, fx.Actor("poorab.president"), id, directive.AnswerFilter{}, db.Page{})
			want(t, "answers of no month", err, fault.Invalid)
			return nil
		})
		if got := due("nadi.president"); got != "2026-08 by 2026-09-10 true;" {
			t.Errorf("nadi owes %s", got)
		}
	})
}

func TestC2_BodiesOweOnlyForTheirOwnTime(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture, clock *dbtest.Clock) {
		ok(t, fx.Unit.Write(t.Context(), func(tx *db.Tx) error {
			if _, err := directive.LoadMonthlyReport(tx, directive.Directive{From: "state", IssuedBy: fx.Member("state.incharge"), Subject: "मासिक रिपोर्ट",
				IssuedAt: tx.Now.AddDate(0, -6, 0).UnixMilli()}); err != nil {
				return err
			}
			if _, err := tx.Exec(`update organization set founded = '2026-09-15' where id = 'nadi'`); err != nil {
				return err
			}
			_, err := tx.Exec(`update organization set dissolved = '2026-09-15' where id = 'tila'`)
			return err
		}))
		fx.Counted()
		read(t, fx, func(tx *db.Tx) error {
			for month, want := range map[string]int{"2026-08": 3, "2026-09": 3, "2026-10": 3, "2026-04": 0} {
				if n, err := directive.Received(tx, month, "poorab"); n.Expected != want || err != nil {
					t.Errorf("%s: %+v (%v), want %d", month, n, err, want)
				}
				label, err := tx.Text(`select label from organization where id = 'poorab'`)
				if err != nil {
					return err
				}
				if n, err := tally.Asked(tx, label, month); n != want || err != nil {
					t.Errorf("%s: %d asked by the figures (%v), want %d", month, n, err, want)
				}
			}
			owed, err := directive.Due(tx, fx.Actor("nadi.president"))
			if len(owed) != 2 || owed[0].Period != "2026-09" {
				t.Errorf("nadi, founded in September, owes %+v", owed)
			}
			return err
		})
		want(t, "nadi for August", answer(t, fx, "nadi.president", report(t, fx), "nadi", "2026-08", "x"), fault.Conflict)
		want(t, "tila for October", answer(t, fx, "tila.president", report(t, fx), "tila", "2026-10", "x"), fault.Conflict)
	})
}

func report(t *testing.T, fx *orgtest.Fixture) (id directive.ID) {
	read(t, fx, func(tx *db.Tx) (err error) { id, err = directive.MonthlyReport(tx); return err })
	return id
}

func TestC1_AReturnedListAnswersTheDirectivesThatAskedForIt(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture, clock *dbtest.Clock) {
		d := general()
		d.Kind = directive.KindInactivityList
		id, err := issue(t, fx, "state.incharge", d)
		ok(t, err)
		other, err := issue(t, fx, "state.incharge", general())
		ok(t, err)
		by := fx.Actor("poorab.president")
		for i, want := range []int{1, 0} {
			ok(t, fx.Unit.Write(t.Context(), func(tx *db.Tx) error {
				n, err := directive.AnswerByRecord(tx, by, directive.KindInactivityList, "poorab", fmt.Sprintf("review-%d", i))
				if n != want {
					t.Errorf("answered %d, want %d", n, want)
				}
				return err
			}))
		}
		read(t, fx, func(tx *db.Tx) error {
			page, _, err := directive.Answers(tx, fx.Actor("state.incharge"), id, directive.AnswerFilter{State: directive.Answered}, db.Page{})
			if len(page) != 1 || page[0].Organization != "poorab" || page[0].Record != "review-0" || page[0].ByHi == "" {
				t.Errorf("%+v", page)
			}
			if n, err := directive.Count(tx, other, "", ""); n.Received != 0 || err != nil {
				t.Errorf("the other directive: %+v %v", n, err)
			}
			return err
		})
	})
}

func TestLoaderEqualsVerb(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture, clock *dbtest.Clock) {
		ok(t, fx.Unit.Write(t.Context(), func(tx *db.Tx) error {
			id, err := directive.LoadMonthlyReport(tx, directive.Directive{From: "state", IssuedBy: fx.Member("state.incharge"), Subject: "मासिक रिपोर्ट", IssuedAt: tx.Now.AddDate(-1, 0, 0).UnixMilli()})
			if err != nil {
				return err
			}
			l := directive.NewLoader(tx)
			if err := l.Add(id, "tila", "poorab", "2026-10", tx.Millis(), fx.Member("tila.president"), "x"); err != nil {
				return err
			}
			return l.Close()
		}))
		fx.Counted()
		ok(t, answer(t, fx, "nadi.president", report(t, fx), "nadi", "2026-10", "x"))
		read(t, fx, func(tx *db.Tx) error {
			n, err := tx.Int(`select count(*) from (select distinct directive_id, unit_id, period, acknowledged_at, answered_at, body, record_id,
				replace(answered_by, organization_id, '') from directive_answer) a`)
			if n != 1 {
				t.Errorf("loaded and answered rows differ")
			}
			return err
		})
	})
}
