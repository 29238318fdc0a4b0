package activity_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sangathan/access"
	"sangathan/activity"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"
	"sangathan/orgtest"
)

const today = "2026-11-22"

// each runs fn on both engines, on the small register at noon of today.
func each(t *testing.T, fn func(t *testing.T, fx *orgtest.Fixture)) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) { fn(t, orgtest.Small(t, u)) }, dbtest.At(dbtest.Day(today)))
}

// uuid makes a well-formed id from a number.
func uuid(n int) activity.EntryID {
	return activity.EntryID(fmt.Sprintf("0193516a-0000-7000-8000-%012x", n))
}

// report is a faultless report with the given number.
func report(n int) activity.Report {
	return activity.Report{ID: uuid(n), Kind: "chaupal", Day: "2026-11-20", People: 25, Note: "चौपाल हुई"}
}

func submit(t *testing.T, fx *orgtest.Fixture, as string, r activity.Report) error {
	t.Helper()
	by := fx.Actor(as)
	return fx.Unit.Write(t.Context(), func(tx *db.Tx) error {
		_, err := activity.Submit(tx, by, r)
		return err
	})
}

func get(t *testing.T, fx *orgtest.Fixture, as string, id activity.EntryID) (e activity.Entry, checks []activity.Check, err error) {
	t.Helper()
	by := fx.Actor(as)
	err = fx.Unit.Read(t.Context(), func(tx *db.Tx) (err error) {
		e, checks, err = activity.Get(tx, by, id)
		return err
	})
	return e, checks, err
}

func count(t *testing.T, fx *orgtest.Fixture, query string, args ...any) (n int) {
	t.Helper()
	if err := fx.Unit.Read(t.Context(), func(tx *db.Tx) (err error) { n, err = tx.Int(query, args...); return err }); err != nil {
		t.Fatal(err)
	}
	return n
}

func want(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s: %v, want %s", what, err, kind)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestB1_AReportBecomesAnEntryThatKeepsItsDay(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture) {
		r := report(1)
		r.Area = fx.Area("booth1")
		ok(t, submit(t, fx, "kuan.president", r))
		e, checks, err := get(t, fx, "kuan.president", r.ID)
		ok(t, err)
		if e.Person != fx.Person("kuan.president") || e.Membership != fx.Member("kuan.president") || e.Organization != "kuan" ||
			e.Unit != "poorab" || e.Reporting != "nadi" || e.Area != "booth1" || e.Day != r.Day || e.People != 25 || e.Note != r.Note ||
			e.State != activity.Claimed || e.Word != activity.Self || e.TypedBy != "" || len(checks) != 0 ||
			e.KindHi != "चौपाल" || e.RoleEn != "Mandal president" || e.OrgHi != "कुआँ मंडल कमेटी" || e.AreaEn != "Primary School Kuan 1" {
			t.Errorf("%+v %v", e, checks)
		}
		last := func() (day string) {
			ok(t, fx.Unit.Read(t.Context(), func(tx *db.Tx) (err error) {
				day, err = tx.Text(`select last_activity from membership where id = $1`, fx.Member("kuan.president"))
				return err
			}))
			return day
		}
		older := report(2)
		older.Day = "2026-11-02"
		ok(t, submit(t, fx, "kuan.president", older))
		if last() != r.Day {
			t.Errorf("the newest activity is of %q, want %s", last(), r.Day)
		}
		if n := count(t, fx, `select count(*) from audit where act = 'activity.reported'`); n != 2 {
			t.Errorf("%d audit lines", n)
		}
	})
}

func TestB1_WhatIsSentTwiceCountsOnce(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture) {
		send := func(as string, r activity.Report, body string) (id activity.EntryID, err error) {
			by := fx.Actor(as)
			err = fx.Unit.Write(t.Context(), func(tx *db.Tx) (err error) {
				id, err = activity.SubmitOnce(tx, by, r, []byte(body))
				return err
			})
			return id, err
		}
		r := report(1)
		var wg sync.WaitGroup // a phone that lost the answer, and sends again before the first is through
		for range 6 {
			wg.Go(func() {
				if id, err := send("nadi.sec1", r, "a"); err != nil || id != r.ID {
					t.Errorf("%s %v", id, err)
				}
			})
		}
		wg.Wait()
		other := r
		other.People = 900
		_, err := send("nadi.sec1", other, "b")
		want(t, "another body", err, fault.Conflict)
		if n := count(t, fx, `select count(*) from command_conflict`); n != 1 {
			t.Errorf("%d conflicting bodies kept, want 1", n)
		}
		_, err = send("nadi.sec2", r, "a")
		want(t, "another person's id", err, fault.Conflict)
		want(t, "the id without once", submit(t, fx, "nadi.sec2", r), fault.Conflict)
		_, err = send("nobody", report(2), "a")
		want(t, "nobody", err, fault.Unauthorized)
		if n := count(t, fx, `select count(*) from activity where people = 25`); n != 1 || count(t, fx, `select count(*) from activity`) != 1 {
			t.Errorf("%d entries", n)
		}
		if n := count(t, fx, `select count(*) from audit where act = 'activity.reported'`); n != 1 {
			t.Errorf("%d audit lines, want 1", n)
		}
		bad := report(3) // refused, then put right under the same id
		bad.Day = "2027-01-01"
		_, err = send("nadi.sec1", bad, "c")
		want(t, "future day", err, fault.Invalid)
		bad.Day = today
		_, err = send("nadi.sec1", bad, "d")
		ok(t, err)
	})
}

func TestB1_OnAnothersWordTheEntrySaysSo(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture) {
		r := report(1)
		r.Membership, r.Word = fx.Member("nadi.sec1"), activity.Call
		ok(t, submit(t, fx, "poorab.gs", r))
		e, _, err := get(t, fx, "nadi.sec1", r.ID)
		ok(t, err)
		if e.Person != fx.Person("nadi.sec1") || e.Word != activity.Call || e.TypedBy != fx.Member("poorab.gs") ||
			e.TypedPerson != fx.Person("poorab.gs") || e.TypedHi == "" || e.Organization != "nadi" {
			t.Errorf("%+v", e)
		}
		r.ID, r.Word = uuid(2), ""
		want(t, "no word", submit(t, fx, "poorab.gs", r), fault.Invalid)
		r.Word = activity.Self
		want(t, "self for another", submit(t, fx, "poorab.gs", r), fault.Invalid)
		want(t, "own report on a call", submit(t, fx, "nadi.sec1", activity.Report{ID: uuid(3), Kind: "chaupal", Day: today, Word: activity.Call}), fault.Invalid)
		r.Word = activity.Told
		want(t, "another district's", submit(t, fx, "pachhim.gs", r), fault.NotFound)
		want(t, "a colleague without the act", submit(t, fx, "nadi.sec2", r), fault.Forbidden)
		want(t, "nobody", submit(t, fx, "nobody", r), fault.Unauthorized)
		r.Membership = "m-no-one"
		want(t, "no such post", submit(t, fx, "poorab.gs", r), fault.NotFound)
		if n := count(t, fx, `select count(*) from activity`); n != 1 {
			t.Errorf("%d entries, want 1", n)
		}
	})
}

// An operator types for several at once: an entry each, on their word, all or none.
func TestB1_AnOperatorTypesForSeveralAtOnce(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture) {
		type row = activity.Row
		send := func(as string, t activity.Together) (ids []activity.EntryID, err error) {
			by := fx.Actor(as)
			err = fx.Unit.Write(context.Background(), func(tx *db.Tx) (err error) {
				ids, err = activity.SubmitTogether(tx, by, t)
				return err
			})
			return ids, err
		}
		day := count(t, fx, `select count(*) from activity`)
		whole := activity.Together{Kind: "chaupal", Day: report(1).Day, Word: activity.Slip, Note: "रजिस्टर से", Rows: []row{
			{fx.Member("nadi.president"), 12}, {fx.Member("nadi.sec1"), 0}, {fx.Member("poorab.president"), 30}}}
		ids, err := send("poorab.president", whole)
		ok(t, err)
		if len(ids) != 3 || count(t, fx, `select count(*) from activity`) != day+3 {
			t.Fatalf("%d entries", len(ids))
		}
		for i, wantWord := range []string{activity.Slip, activity.Slip, activity.Self} {
			e, _, err := get(t, fx, "poorab.president", ids[i])
			ok(t, err)
			if e.Membership != whole.Rows[i].Membership || e.People != whole.Rows[i].People || e.Word != wantWord || e.Note != whole.Note {
				t.Errorf("entry %d: %+v", i, e)
			}
			if own := wantWord == activity.Self; own == (e.TypedPerson == fx.Person("poorab.president")) {
				t.Errorf("entry %d is typed by %q", i, e.TypedPerson)
			}
		}
		fields := func(err error) (names []string) {
			e, _ := errors.AsType[*fault.Error](err)
			for _, f := range e.Fields {
				names = append(names, f.Name+" "+f.Key)
			}
			return names
		}
		for _, bad := range []struct {
			as     string
			change func(*activity.Together)
			kind   fault.Kind
			field  string
		}{
			{"poorab.president", func(t *activity.Together) { t.Rows = nil }, fault.Invalid, "who activity.nobody_ticked"},
			{"poorab.president", func(t *activity.Together) { t.Rows = make([]row, activity.MaxTogether+1) }, fault.Invalid, "who activity.too_many"},
			{"poorab.president", func(t *activity.Together) { t.Word = "" }, fault.Invalid, "word activity.word_missing"},
			{"poorab.president", func(t *activity.Together) { t.Kind = "nosuch" }, fault.Invalid, "kind fault.unknown_choice"},
			{"poorab.president", func(t *activity.Together) { t.Day = "2031-01-01" }, fault.Invalid, "day fault.day_future"},
			{"poorab.president", func(t *activity.Together) { t.Rows[2].People = -1 }, fault.Invalid, "people." + string(fx.Member("tila.sec1")) + " fault.number_range"},
			{"poorab.president", func(t *activity.Together) { t.Area = "dist-pachhim" }, fault.Invalid, "area activity.area_outside"},
			{"poorab.president", func(t *activity.Together) { t.Rows[2].Membership = fx.Member("bargad.sec1") }, fault.NotFound, ""},
			{"nadi.sec1", func(t *activity.Together) {}, fault.Forbidden, ""},
		} {
			tg := activity.Together{Kind: "chaupal", Day: report(1).Day, Word: activity.Call, Rows: []row{{fx.Member("nadi.president"), 1}, {fx.Member("nadi.sec2"), 2}, {fx.Member("tila.sec1"), 3}}}
			bad.change(&tg)
			_, err := send(bad.as, tg)
			want(t, bad.field, err, bad.kind)
			if bad.field != "" && !slices.Contains(fields(err), bad.field) {
				t.Errorf("%v, want %s", fields(err), bad.field)
			}
		}
		if n := count(t, fx, `select count(*) from activity`); n != day+3 {
			t.Errorf("%d entries of what was refused", n-day-3)
		}
		fx.Counted()
	})
}

func TestB1_BadInputNamesItsFieldAndLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture) {
		before := count(t, fx, `select count(*) from audit`)
		hi, en := lang.New(lang.Hi, nil, false), lang.New(lang.En, nil, false)
		for name, c := range map[string]struct {
			field string
			spoil func(*activity.Report)
			says  string // in English
		}{
			"no uuid":                    {"id", func(r *activity.Report) { r.ID = "7" }, ""},
			"unknown kind":               {"kind", func(r *activity.Report) { r.Kind = "dance" }, ""},
			"no kind":                    {"kind", func(r *activity.Report) { r.Kind = "" }, ""},
			"bad kind":                   {"kind", func(r *activity.Report) { r.Kind = "\xff" }, ""},
			"unknown area":               {"area", func(r *activity.Report) { r.Area = "atlantis" }, "not found"},
			"another district":           {"area", func(r *activity.Report) { r.Area = "block-neem" }, "outside"},
			"the whole state":            {"area", func(r *activity.Report) { r.Area = "surya" }, "outside"},
			"bad area":                   {"area", func(r *activity.Report) { r.Area = "\x00" }, ""},
			"future day":                 {"day", func(r *activity.Report) { r.Day = "2026-11-23" }, "not come"},
			"no such day":                {"day", func(r *activity.Report) { r.Day = "2026-02-30" }, ""},
			"not a day":                  {"day", func(r *activity.Report) { r.Day = "कल" }, ""},
			"61 days old":                {"day", func(r *activity.Report) { r.Day = "2026-09-22" }, "60 days"},
			"minus one":                  {"people", func(r *activity.Report) { r.People = -1 }, "1,00,000"},
			"a hundred thousand and one": {"people", func(r *activity.Report) { r.People = 100_001 }, "1,00,000"},
			"1 MB note":                  {"note", func(r *activity.Report) { r.Note = strings.Repeat("क", 1<<20/3) }, "2,000"},
			"broken UTF-8":               {"note", func(r *activity.Report) { r.Note = "चौपाल \xe0\xa4" }, "Unicode"},
			"NUL":                        {"note", func(r *activity.Report) { r.Note = "a\x00b" }, "Unicode"},
			"unknown word":               {"word", func(r *activity.Report) { r.Word = "rumour" }, ""},
		} {
			r := report(1)
			c.spoil(&r)
			err := submit(t, fx, "nadi.president", r)
			want(t, name, err, fault.Invalid)
			told := en.Fields(err)
			if told[c.field] == "" || !strings.Contains(told[c.field], c.says) || strings.Contains(told[c.field]+hi.Fields(err)[c.field], "⟦") || len(told) != 1 {
				t.Errorf("%s: told %q, in Hindi %q", name, told, hi.Fields(err))
			}
		}
		if n := count(t, fx, `select count(*) from activity`); n != 0 {
			t.Errorf("%d entries left behind", n)
		}
		if n := count(t, fx, `select count(*) from audit`); n != before {
			t.Errorf("%d audit lines left behind", n-before)
		}
		for i, area := range []org.AreaID{"", "block-nadi", "booth3", "block-tila", "ac-1", "dist-poorab"} { // own, below, and the district's
			r := report(10 + i)
			r.Area = area
			if err := submit(t, fx, "nadi.president", r); err != nil {
				t.Errorf("%s: %v", area, err)
			}
		}
		limit := report(20)
		limit.Day, limit.People, limit.Note = "2026-09-23", activity.MaxPeople, strings.Repeat("क", activity.MaxNote)
		ok(t, submit(t, fx, "nadi.president", limit))
	})
}

func TestB1_TheRelievedReportNoMore(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture) {
		stale := fx.Actor("nadi.sec1")
		chief := fx.Actor("poorab.president")
		ok(t, fx.Unit.Write(t.Context(), func(tx *db.Tx) error {
			_, err := org.Relieve(tx, chief, org.Relief{Membership: fx.Member("nadi.sec1"), Reason: "परीक्षण", Day: "2026-11-20"})
			return err
		}))
		r := report(1)
		r.Day = "2026-11-10"
		err := fx.Unit.Write(t.Context(), func(tx *db.Tx) error { _, err := activity.Submit(tx, stale, r); return err })
		want(t, "with the actor of an open page", err, fault.Forbidden)
		want(t, "without a hat", submit(t, fx, "nadi.sec1", r), fault.Forbidden)
		r.Membership, r.Word = fx.Member("nadi.sec1"), activity.Paper // the sheet of the time still counts
		ok(t, submit(t, fx, "poorab.gs", r))
		r.ID, r.Day = uuid(2), "2026-11-20"
		err = submit(t, fx, "poorab.gs", r)
		want(t, "a day after the post", err, fault.Invalid)
		if said := lang.New(lang.Hi, nil, false).Fields(err)["day"]; !strings.Contains(said, "20 नवंबर 2026") {
			t.Errorf("told %q", said)
		}
		if _, _, err := get(t, fx, "nadi.sec1", uuid(1)); err != nil {
			t.Errorf("one's own record stays one's own: %v", err)
		}
	})
}

func TestB2_ASecondPersonConfirmsOrObjects(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture) {
		confirm := func(as string, id activity.EntryID) error {
			by := fx.Actor(as)
			return fx.Unit.Write(t.Context(), func(tx *db.Tx) error { return activity.Confirm(tx, by, id) })
		}
		object := func(as string, id activity.EntryID, reason string) error {
			by := fx.Actor(as)
			return fx.Unit.Write(t.Context(), func(tx *db.Tx) error { return activity.Object(tx, by, id, reason) })
		}
		state := func(id activity.EntryID, want string, checks int) {
			t.Helper()
			e, said, err := get(t, fx, "poorab.president", id)
			ok(t, err)
			if e.State != want || len(said) != checks {
				t.Errorf("stands as %s with %d checks, want %s with %d", e.State, len(said), want, checks)
			}
		}
		own, typed := report(1), report(2)
		ok(t, submit(t, fx, "nadi.president", own))
		typed.Membership, typed.Word = fx.Member("nadi.sec1"), activity.Slip
		ok(t, submit(t, fx, "nadi.president", typed))

		want(t, "one's own", confirm("nadi.president", own.ID), fault.Forbidden)
		want(t, "what one typed", confirm("nadi.president", typed.ID), fault.Forbidden)
		want(t, "a secretary", confirm("nadi.sec2", typed.ID), fault.Forbidden)
		want(t, "another district", confirm("pachhim.president", own.ID), fault.NotFound)
		want(t, "a block of the district", confirm("tila.president", own.ID), fault.NotFound)
		ok(t, submit(t, fx, "state.president", report(3)))
		want(t, "above one's own, where one sees the body and not its ledger", confirm("nadi.president", uuid(3)), fault.NotFound)
		want(t, "no such entry", confirm("poorab.president", uuid(99)), fault.NotFound)
		want(t, "nobody", confirm("nobody", own.ID), fault.Unauthorized)
		err := fx.Unit.Write(t.Context(), func(tx *db.Tx) error { return activity.Confirm(tx, access.Operator(), own.ID) })
		want(t, "the machine", err, fault.Forbidden)
		want(t, "no reason", object("poorab.gs", own.ID, "  "), fault.Invalid)
		want(t, "a long reason", object("poorab.gs", own.ID, strings.Repeat("क", 2001)), fault.Invalid)
		want(t, "broken UTF-8", object("poorab.gs", own.ID, "\xff"), fault.Invalid)
		state(own.ID, activity.Claimed, 0)
		state(typed.ID, activity.Claimed, 0)

		ok(t, object("poorab.gs", own.ID, "उस दिन बैठक नहीं हुई"))
		state(own.ID, activity.Disputed, 1)
		ok(t, object("poorab.gs", own.ID, "उस दिन बैठक नहीं हुई")) // sent twice
		want(t, "taking one's word back", confirm("poorab.gs", own.ID), fault.Conflict)
		state(own.ID, activity.Disputed, 1)
		ok(t, confirm("poorab.president", own.ID))
		state(own.ID, activity.Confirmed, 2)
		_, said, err := get(t, fx, "state.incharge", own.ID)
		ok(t, err)
		if said[0].Verdict == said[1].Verdict || said[0].PersonHi == "" || said[0].RoleHi == "" || said[0].Reason+said[1].Reason != "उस दिन बैठक नहीं हुई" {
			t.Errorf("checks %+v", said)
		}
		if n := count(t, fx, `select count(*) from audit where act in ('activity.confirmed', 'activity.disputed')`); n != 2 {
			t.Errorf("%d audit lines, want 2", n)
		}
	})
}

func TestB2_ConcurrentChecksAreEachKeptOnce(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture) {
		ok(t, submit(t, fx, "nadi.sec1", report(1)))
		checkers := []string{"nadi.president", "poorab.president", "poorab.gs", "state.gs"}
		var wg sync.WaitGroup
		for i := range 16 {
			by := fx.Actor(checkers[i%len(checkers)])
			wg.Go(func() {
				if err := fx.Unit.Write(t.Context(), func(tx *db.Tx) error { return activity.Confirm(tx, by, uuid(1)) }); err != nil {
					t.Errorf("%s: %v", by.Person, err)
				}
			})
		}
		wg.Wait()
		e, said, err := get(t, fx, "state.incharge", uuid(1))
		ok(t, err)
		if e.State != activity.Confirmed || len(said) != len(checkers) {
			t.Errorf("%s with %d checks", e.State, len(said))
		}
		if n := count(t, fx, `select count(*) from audit where act = 'activity.confirmed'`); n != len(checkers) {
			t.Errorf("%d audit lines, want %d", n, len(checkers))
		}
	})
}

// ledger fills the small register with random entries of the last eight months and
// gives them.
func ledger(t *testing.T, fx *orgtest.Fixture, n int) (all []activity.Entry) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	names := fx.Names("")
	ok(t, fx.Unit.Bulk(t.Context(), func(tx *db.Tx) error {
		all = nil
		l := activity.NewLoader(tx)
		for i := range n {
			m, err := org.LookupMembership(tx, fx.Member(names[rng.IntN(len(names))]))
			if err != nil {
				return err
			}
			o, err := org.Lookup(tx, m.Organization)
			if err != nil {
				return err
			}
			e := activity.Entry{ID: uuid(1000 + i), Kind: []string{"chaupal", "outreach", "training"}[rng.IntN(3)], Person: m.Person, Membership: m.ID,
				Organization: o.ID, Unit: o.Unit, Reporting: o.Reporting, Area: m.Area, Day: tx.Now.AddDate(0, 0, -rng.IntN(240)).Format(time.DateOnly),
				RecordedAt: tx.Millis(), People: rng.IntN(50), State: []string{"claimed", "confirmed", "disputed"}[rng.IntN(3)], Word: activity.Self}
			all = append(all, e)
			if err := l.Add(e); err != nil {
				return err
			}
		}
		return l.Close()
	}))
	fx.Counted()
	return all
}

func TestB2_EveryTotalOpensToItsEntries(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture) {
		all := ledger(t, fx, 300)
		none := 0
		for _, as := range []string{"state.incharge", "poorab.president", "pachhim.gs", "nadi.president", "nadi.sec1", "kisan.convenor", "booth1.agent"} {
			by := fx.Actor(as)
			reached := reachOf(t, fx, by)
			for name, f := range map[string]activity.Filter{
				"all": {}, "organization": {Organization: "nadi"}, "unit": {Unit: "poorab"}, "reporting": {Reporting: "nadi"},
				"person": {Person: "p-nadi.sec1"}, "membership": {Membership: "m-pachhim.president"}, "area": {Area: "block-nadi"}, "booth": {Area: "booth1"},
				"seat": {Area: "ac-1"}, "kind": {Kind: "training"}, "month": {Month: "2026-09"}, "state": {State: "disputed"},
				"several": {Unit: "poorab", Kind: "chaupal", Month: "2026-08", State: "confirmed"},
			} {
				expect := map[activity.EntryID]bool{} // worked out here from what was loaded
				for _, e := range all {
					if e.Person != org.PersonID(by.Person) && !reached[e.Organization] {
						continue
					}
					if (f.Organization == "" || e.Organization == f.Organization) && (f.Unit == "" || e.Unit == f.Unit) &&
						(f.Reporting == "" || e.Reporting == f.Reporting) && (f.Person == "" || e.Person == f.Person) &&
						(f.Membership == "" || e.Membership == f.Membership) && (f.Kind == "" || e.Kind == f.Kind) &&
						(f.Month == "" || e.Day[:7] == f.Month) && (f.State == "" || e.State == f.State) && (f.Area == "" || below(e.Area, f.Area)) {
						expect[e.ID] = true
					}
				}
				var total, sum activity.Totals
				seen := map[activity.EntryID]bool{}
				ok(t, fx.Unit.Read(t.Context(), func(tx *db.Tx) (err error) {
					if total, err = activity.Total(tx, by, f); err != nil {
						return err
					}
					last := ""
					for page := db.First(7); ; {
						entries, next, err := activity.List(tx, by, f, page)
						if err != nil {
							return err
						}
						for _, e := range entries {
							key := e.Day + string(e.ID)
							if last != "" && key >= last || seen[e.ID] || !expect[e.ID] {
								t.Errorf("%s, %s: %s after %q", as, name, key, last)
							}
							last = key
							seen[e.ID] = true
							sum.Entries++
							sum.People += e.People
							if e.State == activity.Confirmed {
								sum.Confirmed++
							}
							if e.State == activity.Disputed {
								sum.Disputed++
							}
						}
						if page.After = next; next == "" {
							return nil
						}
					}
				}))
				if total != sum || len(seen) != len(expect) {
					t.Errorf("%s, %s: total %+v, its pages %+v, expected %d", as, name, total, sum, len(expect))
				}
				if total.Entries == 0 {
					none++
				}
			}
		}
		if none > 60 {
			t.Errorf("%d of 91 totals are empty: the test proves little", none)
		}
	})
}

// reachOf gives the organizations that by sees in the register, one by one.
func reachOf(t *testing.T, fx *orgtest.Fixture, by access.Actor) map[org.OrganizationID]bool {
	reached := map[org.OrganizationID]bool{}
	ok(t, fx.Unit.Read(t.Context(), func(tx *db.Tx) error {
		for _, id := range []org.OrganizationID{"state", "kisan", "poorab", "pachhim", "kisan-poorab", "kisan-pachhim", "nadi", "tila", "bargad", "neem", "kuan"} {
			o, err := org.Lookup(tx, id)
			if err != nil {
				return err
			}
			reached[id] = by.May(access.SeeRegister, o.Target(""))
		}
		return nil
	}))
	return reached
}

func below(area, of org.AreaID) bool {
	under := map[org.AreaID][]org.AreaID{"block-nadi": {"block-nadi", "mandal-kuan", "booth1", "booth2", "booth3"}, "booth1": {"booth1"}, "ac-1": {"ac-1", "booth1", "booth2", "booth3"}}
	for _, a := range under[of] {
		if a == area {
			return true
		}
	}
	return false
}

func TestListsRefuseWhatTheyDoNotKnow(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture) {
		by := fx.Actor("poorab.president")
		ok(t, fx.Unit.Read(t.Context(), func(tx *db.Tx) error {
			for _, f := range []activity.Filter{{Month: "2026-13"}, {Month: "now"}, {State: "true"}} {
				_, _, err := activity.List(tx, by, f, db.Page{})
				want(t, fmt.Sprintf("%+v", f), err, fault.Invalid)
			}
			for _, p := range []db.Page{{After: "x"}, {After: "WyJuZXciLDEsMl0"}, {After: "WyJvbGQiLCJhIiwiYiJd"}, {Sort: "name"}} {
				_, _, err := activity.List(tx, by, activity.Filter{}, p)
				want(t, fmt.Sprintf("%+v", p), err, fault.Invalid)
			}
			_, _, err := activity.List(tx, access.Actor{}, activity.Filter{}, db.Page{})
			want(t, "nobody's list", err, fault.Unauthorized)
			_, err = activity.Total(tx, access.Actor{}, activity.Filter{})
			want(t, "nobody's total", err, fault.Unauthorized)
			return nil
		}))
	})
}

func TestI1_WhatOneMayNotSeeIsAsThoughAbsent(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture) {
		ok(t, submit(t, fx, "nadi.sec1", report(1)))
		ok(t, submit(t, fx, "state.president", report(2)))
		for as, sees := range map[string][2]bool{"nadi.sec1": {true, false}, "nadi.sec2": {true, false}, "nadi.president": {true, false}, "poorab.gs": {true, false},
			"state.incharge": {true, true}, "tila.president": {false, false}, "pachhim.president": {false, false}, "kisan-poorab.convenor": {false, false}} {
			for i, see := range sees {
				_, _, err := get(t, fx, as, uuid(i+1))
				if see && err != nil || !see && !fault.Is(err, fault.NotFound) {
					t.Errorf("%s and entry %d: %v", as, i+1, err)
				}
			}
		}
		_, _, hidden := get(t, fx, "pachhim.president", uuid(1))
		_, _, absent := get(t, fx, "pachhim.president", uuid(77))
		p := lang.New(lang.Hi, nil, false)
		if p.Error(hidden) != p.Error(absent) {
			t.Errorf("hidden says %q, absent %q", p.Error(hidden), p.Error(absent))
		}
	})
}

func TestMonthCountsOpenToTheirEntries(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture) {
		ledger(t, fx, 200)
		by := fx.Actor("poorab.president")
		sum := 0
		ok(t, fx.Unit.Read(t.Context(), func(tx *db.Tx) error {
			counts, err := activity.MonthCounts(tx, by, fx.Member("nadi.sec1"))
			if err != nil {
				return err
			}
			if len(counts) != 12 || counts[0].Month != "2025-12" || counts[11].Month != "2026-11" {
				t.Errorf("months %+v", counts)
			}
			for _, c := range counts {
				total, err := activity.Total(tx, by, activity.Filter{Membership: fx.Member("nadi.sec1"), Month: c.Month})
				if err != nil || total.Entries != c.Entries || total.Confirmed != c.Confirmed || total.Disputed != c.Disputed {
					t.Errorf("%+v opens to %+v (%v)", c, total, err)
				}
				sum += c.Entries
			}
			_, err = activity.MonthCounts(tx, fx.Actor("pachhim.president"), fx.Member("nadi.sec1"))
			want(t, "another district", err, fault.NotFound)
			return nil
		}))
		if n := count(t, fx, `select count(*) from activity where membership_id = 'm-nadi.sec1'`); n != sum || n == 0 {
			t.Errorf("%d in months, %d in the ledger", sum, n)
		}
	})
}

func TestLoaderEqualsVerb(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture) {
		r := report(1)
		r.Membership, r.Word = fx.Member("kuan.president"), activity.Paper
		ok(t, submit(t, fx, "poorab.gs", r))
		e, _, err := get(t, fx, "poorab.gs", r.ID)
		ok(t, err)
		load := func(e activity.Entry) error {
			return fx.Unit.Bulk(t.Context(), func(tx *db.Tx) error {
				l := activity.NewLoader(tx)
				if err := l.Add(e); err != nil {
					return err
				}
				return l.Close()
			})
		}
		twin := e
		twin.ID = uuid(2)
		ok(t, load(twin))
		fx.Counted()
		got, _, err := get(t, fx, "poorab.gs", twin.ID)
		ok(t, err)
		if got != twin {
			t.Errorf("loaded %+v\n  verb %+v", got, twin)
		}
		twin.ID, twin.People = uuid(3), -1
		want(t, "the loader checks too", load(twin), fault.Invalid)
		twin.People, twin.Day = 1, "2026-11-23"
		if load(twin) == nil {
			t.Error("a future day was loaded")
		}
	})
}

func TestKindsAndDutiesComeFromThePack(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture) {
		ok(t, fx.Unit.Write(t.Context(), func(tx *db.Tx) error {
			p := orgtest.Pack()
			if err := activity.LoadKinds(tx, p); err != nil { // again: a later version changes what it names
				return err
			}
			kinds, err := activity.Kinds(tx)
			if err != nil || len(kinds) != len(p.ActivityKinds) || kinds[0].NameHi != p.ActivityKinds[0].NameHi {
				t.Errorf("%+v %v", kinds, err)
			}
			duties, err := activity.Duties(tx, "block_president")
			if err != nil || len(duties) != 1 || duties[0].PerMonth != 4 || len(duties[0].Kinds) != 0 {
				t.Errorf("%+v %v", duties, err)
			}
			return err
		}))
	})
}
