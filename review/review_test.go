package review_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/fault"
	"sangathan/org"
	"sangathan/orgtest"
	"sangathan/review"
)

// office is the small register at a fixed time, with criteria published.
type office struct {
	*orgtest.Fixture
	t     *testing.T
	clock *dbtest.Clock
}

func each(t *testing.T, fn func(t *testing.T, o office)) {
	clock := dbtest.Day("2026-11-22")
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		clock.Set(dbtest.Day("2026-11-22").Now())
		o := office{orgtest.Small(t, u), t, clock}
		o.must(o.write(review.LoadDefault))
		fn(t, o)
	}, dbtest.At(clock))
}

func (o office) write(fn func(tx *db.Tx) error) error { return o.Unit.Write(o.t.Context(), fn) }

func (o office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// as runs a verb for a holder.
func (o office) as(name string, fn func(tx *db.Tx, by access.Actor) error) error {
	by := o.Actor(name)
	return o.write(func(tx *db.Tx) error { return fn(tx, by) })
}

func (o office) wants(err error, kind fault.Kind, key string) {
	o.t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != kind {
		o.t.Fatalf("got %v, want %s %s", err, kind, key)
	}
	keys := f.Key
	for _, x := range f.Fields {
		keys += " " + x.Key
	}
	if !strings.Contains(keys, key) {
		o.t.Fatalf("got %v, want %s %s", err, kind, key)
	}
}

// entries puts n entries of a holder into each month.
func (o office) entries(name string, n int, months ...string) {
	o.t.Helper()
	o.must(o.write(func(tx *db.Tx) error {
		m, err := org.LookupMembership(tx, o.Member(name))
		if err != nil {
			return err
		}
		body, err := org.Lookup(tx, m.Organization)
		if err != nil {
			return err
		}
		in := tx.Insert("activity", "id", "kind", "person_id", "membership_id", "organization_id", "unit_id", "reporting_id", "area_id", "day", "recorded_at", "people", "note")
		for _, month := range months {
			for i := range n {
				err := in.Add(tx.NewID(), "outreach", m.Person, m.ID, m.Organization, m.Unit, body.Reporting, m.Area, fmt.Sprintf("%s-%02d", month, i+1), tx.Millis(), 5, "")
				if err != nil {
					return err
				}
			}
		}
		return in.Flush()
	}))
	o.Counted()
}

var window = []string{"2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10"}

// drafted is district Poorab's list: nadi reports and its sec1 did nothing; tila is
// silent; everyone else in nadi and in the district body worked, but for gs.
func drafted(o office) (list string) {
	o.t.Helper()
	for _, name := range []string{"nadi.president", "nadi.sec2", "poorab.president", "poorab.sec1", "poorab.sec2", "kisan-poorab.convenor"} {
		o.entries(name, 4, window...)
	}
	o.entries("nadi.sec1", 1, "2026-06", "2026-09")
	o.must(o.as("poorab.president", func(tx *db.Tx, by access.Actor) (err error) {
		list, err = review.Draft(tx, by, o.Org("poorab"), "", "")
		return err
	}))
	return list
}

// Nobody is listed in a district whose register has not been gone through.
func TestA8_NoListWhileTheRegisterIsOpen(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		open := func(open bool) {
			o.must(o.write(func(tx *db.Tx) error {
				_, err := tx.Exec(`update organization set register_open = $1 where id = 'poorab'`, open)
				return err
			}))
		}
		draft := func() error {
			return o.as("poorab.president", func(tx *db.Tx, by access.Actor) error {
				_, err := review.Draft(tx, by, o.Org("poorab"), "", "")
				return err
			})
		}
		open(true)
		o.wants(draft(), fault.Conflict, "review.register_open")
		open(false)
		o.must(draft())
	})
}

func lines(o office, who, list string) (all []review.Line) {
	o.t.Helper()
	o.must(o.as(who, func(tx *db.Tx, by access.Actor) (err error) {
		all, _, err = review.Lines(tx, by, list, "", db.First(100))
		return err
	}))
	return all
}

func TestD1_ListNamesTheIdleAndAccusesNobodyForASilentBody(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		list := drafted(o)
		var names []string
		for _, l := range lines(o, "poorab.president", list) {
			names = append(names, string(l.Membership))
			if l.Membership == o.Member("nadi.sec1") && (l.Expected != 18 || l.Recorded != 2) {
				t.Errorf("nadi.sec1: %d of %d", l.Recorded, l.Expected)
			}
		}
		if got := strings.Join(names, " "); len(names) != 2 || !strings.Contains(got, "m-nadi.sec1") || !strings.Contains(got, "m-poorab.gs") {
			t.Fatalf("listed: %s", got)
		}
		o.must(o.as("poorab.president", func(tx *db.Tx, by access.Actor) error {
			silent, err := review.Silences(tx, by, list)
			if err != nil {
				return err
			}
			if len(silent) != 1 || silent[0].Organization != o.Org("tila") || silent[0].Missing != 6 || silent[0].OwedBy != o.Person("tila.president") || silent[0].Bearers != 3 {
				t.Errorf("silent: %+v", silent)
			}
			v, err := review.Get(tx, by, list)
			if err != nil {
				return err
			}
			if v.Bearers != 11 || v.Listed != 2 || v.SilentBearers != 3 || v.NotAssessed != 3 || v.SilentUnits != 1 {
				t.Errorf("figures: %+v", v)
			}
			l, duties, err := review.GetLine(tx, by, lines2(tx, by, list, o.Member("nadi.sec1")))
			if err != nil || len(duties) != 6 || duties[0].Month != "2026-05" || duties[0].Expected != 3 || duties[1].Recorded != 1 || duties[0].Met() {
				t.Errorf("duties of %s: %+v %v", l.PersonEn, duties, err)
			}
			return nil
		}))
	})
}

func lines2(tx *db.Tx, by access.Actor, list string, m org.MembershipID) string {
	all, _, _ := review.Lines(tx, by, list, "", db.First(100))
	for _, l := range all {
		if l.Membership == m {
			return l.ID
		}
	}
	return ""
}

func TestD1_LeaveIsNotIdleness(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		o.must(o.as("poorab.president", func(tx *db.Tx, by access.Actor) error {
			_, err := org.RecordLeave(tx, by, org.Leave{Membership: o.Member("poorab.gs"), FromDay: "2026-04-15", ToDay: "2026-11-15", Reason: "बीमारी"})
			return err
		}))
		for _, l := range lines(o, "poorab.president", drafted(o)) {
			if l.Membership == o.Member("poorab.gs") {
				t.Error("on leave and listed")
			}
		}
	})
}

func TestD1_DraftingAgainTakesInLateReportsAndKeepsWhatWasChecked(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		list := drafted(o)
		o.must(o.as("poorab.president", func(tx *db.Tx, by access.Actor) error {
			return review.Check(tx, by, lines2(tx, by, list, o.Member("poorab.gs")), "excused", "परिवार में शोक")
		}))
		o.entries("nadi.sec1", 5, window[:5]...)
		o.must(o.as("poorab.president", func(tx *db.Tx, by access.Actor) error {
			again, err := review.Draft(tx, by, o.Org("poorab"), "", "")
			if again != list {
				t.Errorf("a second list %s beside %s", again, list)
			}
			return err
		}))
		all := lines(o, "poorab.president", list)
		if len(all) != 1 || all[0].Verdict != "excused" {
			t.Errorf("after drafting again: %+v", all)
		}
	})
}

func TestI1_ListsAreSeenOnlyByThoseWhoHandleThem(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		list := drafted(o)
		for who, sees := range map[string]bool{"poorab.president": true, "poorab.gs": true, "state.incharge": true, "state.desk": true,
			"pachhim.president": false, "nadi.president": false, "poorab.sec1": false, "nadi.sec1": false, "booth1.agent": false, "kisan.convenor": false} {
			err := o.as(who, func(tx *db.Tx, by access.Actor) error { _, err := review.Get(tx, by, list); return err })
			if sees != (err == nil) || err != nil && fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s: %v", who, err)
			}
		}
		o.wants(o.as("pachhim.president", func(tx *db.Tx, by access.Actor) error {
			_, err := review.Draft(tx, by, o.Org("poorab"), "", "")
			return err
		}), fault.NotFound, "")
		o.wants(o.as("nadi.president", func(tx *db.Tx, by access.Actor) error {
			_, err := review.Draft(tx, by, o.Org("poorab"), "", "")
			return err
		}), fault.Forbidden, "access.forbidden.draft_list")
	})
}

// opened takes Poorab's list to the case of nadi.sec1.
func opened(o office) (id string) {
	o.t.Helper()
	list := drafted(o)
	gs, sec := "", ""
	o.must(o.as("poorab.president", func(tx *db.Tx, by access.Actor) error {
		gs, sec = lines2(tx, by, list, o.Member("poorab.gs")), lines2(tx, by, list, o.Member("nadi.sec1"))
		if err := review.Check(tx, by, sec, "confirmed", ""); err != nil {
			return err
		}
		_, err := review.Send(tx, by, list)
		o.wants(err, fault.Conflict, "review.lines_open")
		return nil
	}))
	o.wants(o.as("poorab.gs", func(tx *db.Tx, by access.Actor) error {
		return review.Check(tx, by, gs, "excused", "मैं ठीक हूँ")
	}), fault.Forbidden, "review.own_case")
	o.must(o.as("poorab.president", func(tx *db.Tx, by access.Actor) error {
		o.wants(review.Check(tx, by, gs, "disputed", " \n "), fault.Invalid, "")
		if err := review.Check(tx, by, gs, "disputed", "रजिस्टर में 12 प्रविष्टियाँ हैं"); err != nil {
			return err
		}
		n, err := review.Send(tx, by, list)
		if n != 1 {
			o.t.Errorf("%d cases opened", n)
		}
		return err
	}))
	o.must(o.as("poorab.president", func(tx *db.Tx, by access.Actor) error {
		all, _, err := review.Cases(tx, by, review.CaseFilter{Unit: o.Org("poorab")}, db.First(10))
		if err == nil && len(all) != 1 {
			o.t.Fatalf("cases: %+v", all)
		}
		id = all[0].ID
		return err
	}))
	return id
}

// steps are the verbs of a case by name, each by whoever properly does it.
func steps(o office, id string) map[string]func(who string) error {
	do := func(fn func(tx *db.Tx, by access.Actor) error) func(string) error {
		return func(who string) error { return o.as(who, fn) }
	}
	today := "2026-11-22"
	return map[string]func(string) error{
		"talk": do(func(tx *db.Tx, by access.Actor) error {
			return review.Talk(tx, by, id, "call", today, "बीमार थे", true)
		}),
		"notice": do(func(tx *db.Tx, by access.Actor) error {
			_, err := review.Notice(tx, by, id, "कारण बताएँ")
			return err
		}),
		"serve": do(func(tx *db.Tx, by access.Actor) error {
			return review.Serve(tx, by, id, "signed", tx.Today(), "हस्ताक्षर लिए")
		}),
		"reply": do(func(tx *db.Tx, by access.Actor) error {
			return review.Reply(tx, by, id, "मैंने काम किया था")
		}),
		"recommend": do(func(tx *db.Tx, by access.Actor) error {
			return review.Recommend(tx, by, id, "relieve", "काम नहीं हुआ")
		}),
		"decide": do(func(tx *db.Tx, by access.Actor) error {
			_, err := review.Decide(tx, by, id, "relieve", "कारण पर्याप्त नहीं")
			return err
		}),
		"appeal": do(func(tx *db.Tx, by access.Actor) error {
			return review.Appeal(tx, by, id, "मेरी बात सुनी जाए")
		}),
		"hear": do(func(tx *db.Tx, by access.Actor) error {
			_, err := review.DecideAppeal(tx, by, id, "reversed", "काम प्रमाणित है")
			return err
		}),
	}
}

var order = []struct{ step, who string }{{"talk", "state.desk"}, {"notice", "poorab.gs"}, {"serve", "poorab.gs"}, {"reply", "nadi.sec1"},
	{"recommend", "poorab.gs"}, {"decide", "poorab.president"}, {"appeal", "nadi.sec1"}, {"hear", "state.incharge"}}

func TestD2_StepsGoInOrderAndByTheRightPerson(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		id := opened(o)
		verbs := steps(o, id)
		strangers := []string{"pachhim.president", "poorab.sec1", "booth1.agent", "nadi.sec2", "tila.president", "kisan-poorab.convenor"}
		for i, now := range order {
			for j, other := range order { // every other step is refused now
				if j == i || other.step == "reply" && (now.step == "serve" || now.step == "recommend" || now.step == "decide") {
					continue
				}
				err := verbs[other.step](other.who)
				if err == nil {
					t.Fatalf("before %s: %s by %s was let through", now.step, other.step, other.who)
				}
				if k := fault.KindOf(err); k != fault.Conflict && k != fault.Forbidden && k != fault.NotFound {
					t.Fatalf("before %s: %s: %v", now.step, other.step, err)
				}
			}
			for _, who := range strangers {
				if k := fault.KindOf(verbs[now.step](who)); k != fault.NotFound && k != fault.Forbidden {
					t.Fatalf("%s by %s: %v", now.step, who, k)
				}
			}
			if now.step != "reply" && now.step != "appeal" { // never in one's own case
				err := verbs[now.step]("nadi.sec1")
				o.wants(err, fault.Forbidden, "")
			}
			o.must(verbs[now.step](now.who))
		}
		o.must(o.as("nadi.sec1", func(tx *db.Tx, by access.Actor) error {
			m, err := org.LookupMembership(tx, o.Member("nadi.sec1"))
			if err != nil {
				return err
			}
			if !m.Running() || m.Seat == "" {
				t.Errorf("appeal won, but the post is not held again: %+v", m)
			}
			c, happened, err := review.GetCase(tx, by, id)
			if c.Step != review.StepClosed || c.AppealResult != "reversed" || len(happened) != 9 {
				t.Errorf("case at the end: %s %s, %d steps", c.Step, c.AppealResult, len(happened))
			}
			return err
		}))
	})
}

func TestD2_TalkIsByAnOutsiderAndNotReachedIsNotFalse(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		id := opened(o)
		o.wants(steps(o, id)["talk"]("poorab.president"), fault.Forbidden, "review.talk_outside")
		o.must(o.as("state.desk", func(tx *db.Tx, by access.Actor) error {
			return review.Talk(tx, by, id, "call", "2026-11-22", "फोन बंद मिला", false)
		}))
		o.wants(steps(o, id)["notice"]("poorab.gs"), fault.Conflict, "review.wrong_step")
	})
}

func TestD2_TimeToReplyRunsFromService(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		id := opened(o)
		v := steps(o, id)
		o.must(v["talk"]("state.desk"))
		o.must(v["notice"]("poorab.gs"))
		o.clock.Add(40 * 24 * time.Hour) // the notice alone starts no clock
		o.wants(v["recommend"]("poorab.gs"), fault.Conflict, "review.wrong_step")
		o.must(v["serve"]("poorab.gs"))
		o.wants(v["recommend"]("poorab.gs"), fault.Conflict, "review.reply_time_runs")
		o.clock.Add(15 * 24 * time.Hour) // the last day still belongs to the person
		o.wants(v["recommend"]("poorab.gs"), fault.Conflict, "review.reply_time_runs")
		o.clock.Add(24 * time.Hour)
		o.must(v["recommend"]("poorab.gs"))
		o.must(v["reply"]("nadi.sec1")) // late, and still taken until the decision
		o.must(v["decide"]("poorab.president"))
		o.clock.Add(31 * 24 * time.Hour)
		o.wants(v["appeal"]("nadi.sec1"), fault.Conflict, "review.appeal_time_over")
	})
}

func TestD2_OpeningTheNoticeIsService(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		id := opened(o)
		v := steps(o, id)
		o.must(v["talk"]("state.desk"))
		o.must(v["notice"]("poorab.gs"))
		for range 2 {
			o.must(o.as("nadi.sec1", func(tx *db.Tx, by access.Actor) error { return review.Opened(tx, by, id) }))
		}
		o.must(o.as("nadi.sec1", func(tx *db.Tx, by access.Actor) error {
			c, all, err := review.GetCase(tx, by, id)
			if c.Step != review.StepServed || c.ReplyBy != "2026-12-07" || all[len(all)-1].Manner != "opened" {
				t.Errorf("%+v", c)
			}
			return err
		}))
		o.wants(o.as("nadi.sec2", func(tx *db.Tx, by access.Actor) error { return review.Opened(tx, by, id) }), fault.NotFound, "")
	})
}

// What only the person concerned may do is forbidden to those who see the case, and
// hidden from all others; a list that one may not read cannot be told by returning it.
func TestI1_SeenIsForbiddenAndUnseenIsNotThere(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		list := drafted(o)
		for who, kind := range map[string]fault.Kind{"nadi.president": fault.NotFound, "pachhim.president": fault.NotFound, "nadi.sec1": fault.NotFound} {
			o.wants(o.as(who, func(tx *db.Tx, by access.Actor) error { _, err := review.Send(tx, by, list); return err }), kind, "")
		}
	})
	each(t, func(t *testing.T, o office) {
		id := opened(o)
		v := steps(o, id)
		o.must(v["talk"]("state.desk"))
		o.must(v["notice"]("poorab.gs"))
		for who, kind := range map[string]fault.Kind{"poorab.president": fault.Forbidden, "nadi.president": fault.Forbidden, "nadi.sec2": fault.NotFound, "pachhim.president": fault.NotFound} {
			for name, try := range map[string]func(tx *db.Tx, by access.Actor) error{
				"open": func(tx *db.Tx, by access.Actor) error { return review.Opened(tx, by, id) },
				"reply": func(tx *db.Tx, by access.Actor) error {
					return review.Reply(tx, by, id, "मैंने काम किया")
				},
				"appeal": func(tx *db.Tx, by access.Actor) error {
					return review.Appeal(tx, by, id, "मेरी बात सुनें")
				},
			} {
				key := ""
				if kind == fault.Forbidden {
					key = "review.only_the_person"
				}
				t.Log(who, name)
				o.wants(o.as(who, try), kind, key)
			}
		}
		o.must(o.as("nadi.sec1", func(tx *db.Tx, by access.Actor) error { // sees the own line, not which list it stands on, and does not check it
			c, _, err := review.GetCase(tx, by, id)
			if err != nil {
				return err
			}
			l, _, err := review.GetLine(tx, by, c.Line)
			if l.ID == "" || l.Review != "" {
				t.Errorf("own line %+v", l)
			}
			o.wants(review.Check(tx, by, c.Line, "disputed", "गलत"), fault.Forbidden, "")
			return err
		}))
	})
}

func TestD2_WhoRecommendsDoesNotDecide(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		id := opened(o)
		v := steps(o, id)
		for _, s := range order[:4] {
			o.must(v[s.step](s.who))
		}
		o.must(v["recommend"]("poorab.president"))
		o.wants(v["decide"]("poorab.president"), fault.Forbidden, "review.recommended_yourself")
		o.must(v["decide"]("state.president"))
		o.must(v["appeal"]("nadi.sec1"))
		o.wants(v["hear"]("state.president"), fault.Forbidden, "review.decided_yourself")
		o.must(v["hear"]("state.incharge"))
	})
}

func TestD2_TwoDecisionsAtOnceGiveOne(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		id := opened(o)
		v := steps(o, id)
		for _, s := range order[:5] {
			o.must(v[s.step](s.who))
		}
		errs := make(chan error, 8)
		for i := range 8 {
			by := o.Actor([]string{"poorab.president", "state.president", "state.incharge"}[i%3])
			verdict := []string{"relieve", "retain", "warn"}[i%3]
			go func() {
				errs <- o.write(func(tx *db.Tx) error { _, err := review.Decide(tx, by, id, verdict, "निर्णय"); return err })
			}()
		}
		won := 0
		for range 8 {
			if err := <-errs; err == nil {
				won++
			} else if !fault.Is(err, fault.Conflict) {
				t.Error(err)
			}
		}
		n := 0
		o.must(o.write(func(tx *db.Tx) (err error) {
			n, err = tx.Int(`select count(*) from case_step where case_id = $1 and step = 'decided'`, id)
			return err
		}))
		if won != 1 || n != 1 {
			t.Errorf("%d decisions won, %d stand", won, n)
		}
	})
}

func TestD2_ReliefAtOnceStandsAsWithoutNoticeAndCanBeAppealed(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		id := ""
		relieve := func(who, whom string) error {
			return o.as(who, func(tx *db.Tx, by access.Actor) error {
				made, err := review.RelieveNow(tx, by, o.Member(whom), "गंभीर अनुशासनहीनता")
				if err == nil {
					id = made
				}
				return err
			})
		}
		o.wants(relieve("poorab.gs", "nadi.sec1"), fault.Forbidden, "access.forbidden.relieve_now")
		o.wants(relieve("poorab.president", "poorab.sec1"), fault.Forbidden, "access.forbidden.relieve_now") // a peer, not below
		o.wants(relieve("state.incharge", "state.incharge"), fault.Forbidden, "review.own_case")
		o.must(relieve("poorab.president", "nadi.sec1"))
		o.wants(relieve("poorab.president", "nadi.sec1"), fault.Conflict, "review.post_ended")
		o.must(o.as("nadi.sec1", func(tx *db.Tx, by access.Actor) error {
			if by.Membership != "" {
				t.Error("relieved and still wearing the hat")
			}
			m, err := org.LookupMembership(tx, o.Member("nadi.sec1"))
			if m.EndReason != "relieved_without_notice" {
				t.Errorf("stands as %q", m.EndReason)
			}
			if err != nil {
				return err
			}
			return review.Appeal(tx, by, id, "मेरी बात सुने बिना हटाया गया")
		}))
		o.must(o.as("state.incharge", func(tx *db.Tx, by access.Actor) error {
			all, err := review.Deciders(tx, by)
			if len(all) != 1 || all[0].WithoutNotice != 1 || all[0].Relieved != 0 {
				t.Errorf("deciders: %+v", all)
			}
			return err
		}))
		o.must(o.as("state.incharge", func(tx *db.Tx, by access.Actor) error {
			_, err := review.DecideAppeal(tx, by, id, "upheld", "आरोप सही पाए गए")
			return err
		}))
		o.wants(o.as("nadi.sec1", func(tx *db.Tx, by access.Actor) error { return review.Appeal(tx, by, id, "फिर से") }), fault.Conflict, "review.wrong_step")
	})
}

// Who has no phone appeals all the same: on their word, typed by an official, once.
func TestD2_AnAppealIsTypedOnTheirWord(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		var id string
		o.must(o.as("poorab.president", func(tx *db.Tx, by access.Actor) (err error) {
			id, err = review.RelieveNow(tx, by, o.Member("nadi.sec1"), "गंभीर अनुशासनहीनता")
			return err
		}))
		appeal := func(who, manner, text string) error {
			return o.as(who, func(tx *db.Tx, by access.Actor) error { return review.AppealFor(tx, by, id, manner, text) })
		}
		o.wants(appeal("nadi.sec1", "call", "सुनें"), fault.Forbidden, "review.own_case") // has Appeal
		o.wants(appeal("tila.sec1", "call", "सुनें"), fault.NotFound, "fault.not_found")
		o.wants(appeal("nadi.president", "call", "सुनें"), fault.Forbidden, "access.forbidden.record_service")
		o.wants(appeal("poorab.president", "visit", "सुनें"), fault.Invalid, "review.bad_manner")
		o.wants(appeal("poorab.president", "call", ""), fault.Invalid, "review.text_missing")
		o.must(appeal("poorab.president", "letter", "मेरी बात सुने बिना हटाया गया"))
		o.wants(appeal("poorab.president", "letter", "फिर से"), fault.Conflict, "review.wrong_step")
		o.wants(o.as("nadi.sec1", func(tx *db.Tx, by access.Actor) error { return review.Appeal(tx, by, id, "फिर से") }), fault.Conflict, "review.wrong_step")
		o.must(o.as("nadi.sec1", func(tx *db.Tx, by access.Actor) error {
			_, steps, err := review.GetCase(tx, by, id)
			if last := steps[len(steps)-1]; last.Step != review.StepAppealed || last.Manner != "letter" || last.By != o.Person("poorab.president") {
				t.Errorf("the appeal stands as %+v", last)
			}
			return err
		}))
	})
}

func TestD2_APresidentRelievedWhileDecidingDecidesNothing(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		id := opened(o)
		v := steps(o, id)
		for _, s := range order[:5] {
			o.must(v[s.step](s.who))
		}
		o.must(o.as("state.incharge", func(tx *db.Tx, by access.Actor) error {
			_, err := review.RelieveNow(tx, by, o.Member("poorab.president"), "पद का दुरुपयोग")
			return err
		}))
		o.wants(v["decide"]("poorab.president"), fault.NotFound, "")
		o.must(v["decide"]("state.president"))
	})
}

func TestD2_ResignationOrDeathEndsTheCase(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		id := opened(o)
		o.must(steps(o, id)["talk"]("state.desk"))
		o.must(o.as("nadi.sec1", func(tx *db.Tx, by access.Actor) error {
			_, err := org.RecordEnd(tx, by, o.Member("nadi.sec1"), "resigned", "2026-11-20", "निजी कारण")
			return err
		}))
		o.wants(steps(o, id)["notice"]("poorab.gs"), fault.Conflict, "review.post_ended")
		o.must(o.as("state.desk", func(tx *db.Tx, by access.Actor) error {
			counts, err := review.CountCases(tx, by, review.CaseFilter{})
			if counts["ended"] != 1 || counts["spoken"] != 0 {
				t.Errorf("%v", counts)
			}
			return err
		}))
	})
}

func TestBadTextLeavesNothingBehind(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		id := opened(o)
		for name, text := range map[string]string{"empty": "", "blank": " \n\t ", "1 MB": strings.Repeat("क", 1<<20/3), "NUL": "क\x00ख", "broken": "क\xff"} {
			err := o.as("state.desk", func(tx *db.Tx, by access.Actor) error {
				return review.Talk(tx, by, id, "call", "2026-11-22", text, true)
			})
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, day := range []string{"2026-02-30", "2026-11-23", "2026-11-01", "कल"} {
			err := o.as("state.desk", func(tx *db.Tx, by access.Actor) error { return review.Talk(tx, by, id, "call", day, "ठीक", true) })
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("day %s: %v", day, err)
			}
		}
		o.must(o.write(func(tx *db.Tx) error {
			n, err := tx.Int(`select count(*) from case_step where case_id = $1`, id)
			if n != 1 {
				t.Errorf("%d steps", n)
			}
			return err
		}))
	})
}

func TestCriteriaVersionsArePublishedNotChanged(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		c := review.DefaultCriteria
		c.BelowPercent = 50
		publish := func(who string, c review.Criteria) error {
			return o.as(who, func(tx *db.Tx, by access.Actor) error { _, err := review.Publish(tx, by, c); return err })
		}
		o.wants(publish("poorab.president", c), fault.Forbidden, "publish_criteria")
		o.must(publish("state.president", c))
		c.MinExpected = 0
		o.wants(publish("state.president", c), fault.Invalid, "review.criteria_range")
		o.must(o.write(func(tx *db.Tx) error {
			all, err := review.AllCriteria(tx)
			if len(all) != 2 || all[0].Version != 2 || all[0].BelowPercent != 50 || all[1].BelowPercent != review.DefaultCriteria.BelowPercent {
				t.Errorf("%+v", all)
			}
			return err
		}))
	})
}

// What the talk has settled is closed by the competent authority, who did not talk,
// with reasons; the record says so, and the figures count it as closed.
func TestD2_WhatTheTalkSettledIsClosedInTheOpen(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		id := opened(o)
		verbs := steps(o, id)
		settle := func(who, text string) error {
			return o.as(who, func(tx *db.Tx, by access.Actor) error { return review.Settle(tx, by, id, text) })
		}
		waits := func(who string, act access.Act, step string, want int) {
			t.Helper()
			o.must(o.as(who, func(tx *db.Tx, by access.Actor) error {
				f := review.CaseFilter{Step: step, Waiting: act}
				counts, err := review.CountCases(tx, by, f)
				if err != nil {
					return err
				}
				all, _, err := review.Cases(tx, by, f, db.First(10))
				if counts[step] != want || len(all) != want {
					t.Errorf("%s: %d wait at %s, %d listed, want %d", who, counts[step], step, len(all), want)
				}
				return err
			}))
		}
		o.wants(settle("poorab.president", "बात हुई"), fault.Conflict, "review.wrong_step")
		o.must(verbs["talk"]("state.incharge"))
		waits("poorab.gs", access.IssueNotice, review.StepSpoken, 1)
		waits("poorab.gs", access.Decide, review.StepSpoken, 0)
		waits("pachhim.president", access.IssueNotice, review.StepSpoken, 0)
		o.wants(settle("state.incharge", "मैंने ही बात की"), fault.Forbidden, "review.spoke_yourself")
		o.wants(settle("poorab.gs", "बात हुई"), fault.Forbidden, "access.forbidden.decide")
		o.wants(settle("nadi.sec1", "ठीक है"), fault.Forbidden, "review.own_case")
		o.wants(settle("pachhim.president", "ठीक है"), fault.NotFound, "fault.not_found")
		o.wants(settle("poorab.president", " "), fault.Invalid, "")
		o.must(settle("poorab.president", "बीमारी का पर्चा देखा, अगले महीने से काम करेंगे"))
		o.wants(settle("poorab.president", "फिर से"), fault.Conflict, "review.wrong_step")
		o.wants(verbs["notice"]("poorab.gs"), fault.Conflict, "review.wrong_step")
		o.must(o.as("state.incharge", func(tx *db.Tx, by access.Actor) error {
			c, happened, err := review.GetCase(tx, by, id)
			if err != nil {
				return err
			}
			last := happened[len(happened)-1]
			if c.Step != review.StepClosed || c.Decision != review.Settled || c.DecidedBy != o.Person("poorab.president") || c.Order != "" || last.Verdict != review.Settled || last.Text == "" {
				t.Errorf("settled: %+v, last %+v", c, last)
			}
			who, err := review.Deciders(tx, by)
			if err == nil && (len(who) != 1 || who[0].Settled != 1 || who[0].Decided != 1 || who[0].Relieved != 0) {
				t.Errorf("deciders: %+v", who)
			}
			return err
		}))
	})
}
