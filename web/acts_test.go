package web

import (
	"errors"
	"slices"
	"testing"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/org"
	"sangathan/orgtest"
	"sangathan/review"
)

// TestD2_PagesOfferWhatTheVerbsTake: at every step of a case, for everyone, the page
// offers exactly the acts that package review would take.
func TestD2_PagesOfferWhatTheVerbsTake(t *testing.T) {
	clock := dbtest.Day("2026-11-22")
	u := dbtest.SQLite(t, dbtest.At(clock))
	f := orgtest.Small(t, u)
	write := func(fn func(tx *db.Tx) error) {
		t.Helper()
		if err := u.Write(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	president := f.Actor("poorab.president")
	defer f.Counted() // the entries below are put in by hand
	id := ""
	write(func(tx *db.Tx) error {
		if err := review.LoadDefault(tx); err != nil {
			return err
		}
		for _, month := range []string{"2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10"} {
			m, err := org.LookupMembership(tx, f.Member("nadi.president"))
			if err != nil {
				return err
			}
			_, err = tx.Exec(`insert into activity(id, kind, person_id, membership_id, organization_id, unit_id, reporting_id, area_id, day, recorded_at, people, note)
				values($1, 'outreach', $2, $3, $4, $5, $4, $6, $7, $8, 5, '')`, tx.NewID(), m.Person, m.ID, m.Organization, m.Unit, m.Area, month+"-03", tx.Millis())
			if err != nil {
				return err
			}
		}
		list, err := review.Draft(tx, president, f.Org("poorab"), "", "")
		if err != nil {
			return err
		}
		lines, _, err := review.Lines(tx, president, list, "", db.First(50))
		if err != nil {
			return err
		}
		gs := f.Actor("poorab.gs")
		for _, l := range lines {
			by, verdict := president, "disputed"
			if l.Membership == f.Member("nadi.sec1") {
				verdict = "confirmed"
			}
			if l.Person == f.Person("poorab.president") {
				by = gs
			}
			if err := review.Check(tx, by, l.ID, verdict, "दर्ज नहीं हुआ था"); err != nil {
				return err
			}
		}
		if _, err := review.Send(tx, president, list); err != nil {
			return err
		}
		cases, _, err := review.Cases(tx, president, review.CaseFilter{}, db.First(10))
		if len(cases) != 1 {
			t.Fatalf("%d cases", len(cases))
		}
		id = cases[0].ID
		return err
	})
	f.Counted()
	verbs := map[string]func(tx *db.Tx, by access.Actor) error{
		doTalk: func(tx *db.Tx, by access.Actor) error {
			return review.Talk(tx, by, id, "call", tx.Today(), "बात हुई", true)
		},
		doNotice: func(tx *db.Tx, by access.Actor) error {
			_, err := review.Notice(tx, by, id, "बताएँ")
			return err
		},
		doSettle: func(tx *db.Tx, by access.Actor) error { return review.Settle(tx, by, id, "सुलझ गया") },
		doServe: func(tx *db.Tx, by access.Actor) error {
			return review.Serve(tx, by, id, "visit", tx.Today(), "दिया")
		},
		doReply: func(tx *db.Tx, by access.Actor) error { return review.Reply(tx, by, id, "काम किया") },
		doReplyFor: func(tx *db.Tx, by access.Actor) error {
			return review.ReplyFor(tx, by, id, "letter", "काम किया")
		},
		doRecommend: func(tx *db.Tx, by access.Actor) error { return review.Recommend(tx, by, id, "warn", "देखा") },
		doDecide: func(tx *db.Tx, by access.Actor) error {
			_, err := review.Decide(tx, by, id, "relieve", "देखा")
			return err
		},
		doAppeal: func(tx *db.Tx, by access.Actor) error { return review.Appeal(tx, by, id, "सुनें") },
		doAppealFor: func(tx *db.Tx, by access.Actor) error {
			return review.AppealFor(tx, by, id, "call", "सुनें")
		},
		doHear: func(tx *db.Tx, by access.Actor) error {
			_, err := review.DecideAppeal(tx, by, id, "upheld", "देखा")
			return err
		},
	}
	undone := errors.New("undone")
	compare := func(at string) {
		t.Helper()
		offered := 0
		for _, name := range f.Names("") {
			by := f.Actor(name)
			var acts []string
			write(func(tx *db.Tx) error {
				c, steps, err := review.GetCase(tx, by, id)
				if err != nil {
					return nil // sees nothing, is offered nothing
				}
				o, err := org.Lookup(tx, c.Organization)
				acts = caseActs(by, c, steps, o, tx.Today())
				return err
			})
			offered += len(acts)
			for act, verb := range verbs {
				if at == review.StepNoticed && act == doReply {
					continue // the verb takes it as opening; the page has the notice opened first
				}
				err := u.Write(t.Context(), func(tx *db.Tx) error {
					if err := verb(tx, by); err != nil {
						return err
					}
					return undone
				})
				if took := errors.Is(err, undone); took != slices.Contains(acts, act) {
					t.Errorf("at %s, %s by %s: the verb says %v, the page offers %v", at, act, name, err, acts)
				}
			}
		}
		if offered == 0 && at != review.StepClosed {
			t.Errorf("at %s nobody is offered anything", at)
		}
	}
	for _, now := range []struct{ at, act, who string }{
		{review.StepOpened, doTalk, "state.desk"}, {review.StepSpoken, doNotice, "poorab.gs"}, {review.StepNoticed, doServe, "poorab.gs"},
		{review.StepServed, doReply, "nadi.sec1"}, {review.StepReplied, doRecommend, "poorab.president"}, {review.StepRecommended, doDecide, "state.president"},
		{review.StepDecided, doAppeal, "nadi.sec1"}, {review.StepAppealed, doHear, "state.incharge"}, {review.StepClosed, "", ""},
	} {
		compare(now.at)
		if now.at == review.StepServed { // and once more when the time to reply is over
			clock.Set(clock.Now().Add(16 * 24 * time.Hour))
			compare(now.at)
		}
		if now.at == review.StepDecided {
			then := clock.Now()
			clock.Set(then.Add(40 * 24 * time.Hour))
			late := f.Actor("nadi.sec1")
			write(func(tx *db.Tx) error {
				c, steps, err := review.GetCase(tx, late, id)
				if acts := caseActs(late, c, steps, org.Organization{}, tx.Today()); len(acts) > 0 {
					t.Errorf("the time to appeal is over, and %v is offered", acts)
				}
				return err
			})
			clock.Set(then)
		}
		if now.act == "" {
			break
		}
		by := f.Actor(now.who)
		write(func(tx *db.Tx) error { return verbs[now.act](tx, by) })
	}
}
