package demo

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"os"
	"slices"
	"strconv"
	"time"

	"sangathan/access"
	"sangathan/directive"
	"sangathan/internal/db"
	"sangathan/org"
	"sangathan/review"
)

// What a holder of a post with duties really is.
const (
	truthIdle    = "idle"
	truthLeave   = "leave"
	truthWorking = "working"
)

// truth is what the program must not know: it is kept in memory while the state is
// made, written to a file, and never read again.
type truth struct {
	of map[org.MembershipID]*holder
}

// write puts the truth down as CSV: see TRUTH.md.
func (t *truth) write(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	all := make([]*holder, 0, len(t.of))
	for _, h := range t.of {
		all = append(all, h)
	}
	slices.SortFunc(all, func(a, b *holder) int { return cmp.Compare(a.membership, b.membership) })
	w := csv.NewWriter(f)
	w.Write([]string{"membership", "role", "unit", "reporting", "per_month", "truth", "silent"}) // the writer keeps its first error for Flush
	for _, h := range all {
		w.Write([]string{string(h.membership), h.role, string(h.body.Unit), string(h.body.Reporting), strconv.Itoa(h.perMonth), h.truth, strconv.FormatBool(h.body.silent)})
	}
	w.Flush()
	return errors.Join(w.Error(), f.Sync(), f.Close())
}

// Inactive says how well the inactivity lists found who was idle.
type Inactive struct {
	Listed        int     `json:"listed"`
	Precision     float64 `json:"precision"`               // share of those listed who were idle
	Recall        float64 `json:"recall"`                  // share of the idle in bodies that report who were listed
	AccusedSilent int     `json:"accused_in_silent_units"` // listed although their body was never heard of
	AccusedLeave  int     `json:"accused_on_leave"`
	Idle          int     `json:"idle"`     // holders of posts with duties, by truth, in bodies that report
	Working       int     `json:"working"`  // likewise
	OnLeave       int     `json:"on_leave"` // likewise
	SilentBearers int     `json:"silent"`   // holders of posts with duties in silent bodies
	ListedWorking int     `json:"listed_working"`
}

// actor makes the actor of a holder, with an account as at their first sign-in.
func actor(tx *db.Tx, h *holder) (access.Actor, error) {
	account, err := access.AccountOf(tx, string(h.person))
	if err != nil {
		return access.Actor{}, err
	}
	return access.ActorOf(tx, account, string(h.person), string(h.membership))
}

// at runs fn as if it were t, and then lets the time be as it was.
func at(tx *db.Tx, t time.Time, fn func() error) error {
	now := tx.Now
	tx.Now = t.Truncate(time.Millisecond)
	err := fn()
	tx.Now = now
	return err
}

// draftAll has the desk draft the list of every unit, and of the state unit, in the
// first hours of this month: an hour's work spread over what has passed of it.
func draftAll(ctx context.Context, tx *db.Tx, g *generator, progress func(string, int, int)) (lists map[org.OrganizationID]string, err error) {
	desk, err := actor(tx, g.desk[0])
	if err != nil {
		return nil, err
	}
	lists = map[org.OrganizationID]string{}
	units := append([]*body{g.state}, g.units...)
	for i, u := range units {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		progress(StageLists, i, len(units))
		err := at(tx, g.moment(0.05*float64(i)/float64(len(units))), func() error {
			lists[u.ID], err = review.Draft(tx, desk, u.ID, "", "")
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	progress(StageLists, len(units), len(units))
	return lists, nil
}

// moment is the instant at that share of what has passed of the present month.
func (g *generator) moment(share float64) time.Time {
	start := firstOfMonth(g.now, 0)
	return start.Add(time.Duration(share * float64(g.now.Sub(start))))
}

// measure compares the lists with the truth.
func measure(tx *db.Tx, lists map[org.OrganizationID]string, t *truth) (m Inactive, err error) {
	listed, err := db.Select(tx, `select membership_id from review_line`, nil, db.One[org.MembershipID])
	if err != nil {
		return m, err
	}
	for _, h := range t.of {
		switch {
		case h.body.silent:
			m.SilentBearers++
		case h.truth == truthIdle:
			m.Idle++
		case h.truth == truthLeave:
			m.OnLeave++
		default:
			m.Working++
		}
	}
	idle, found := 0, 0
	for _, id := range listed {
		h := t.of[id]
		m.Listed++
		if h.truth == truthIdle {
			idle++
			if !h.body.silent {
				found++
			}
		}
		if h.truth == truthWorking {
			m.ListedWorking++
		}
		if h.truth == truthLeave {
			m.AccusedLeave++
		}
		if h.body.silent {
			m.AccusedSilent++
		}
	}
	if m.Listed > 0 {
		m.Precision = float64(idle) / float64(m.Listed)
	}
	if m.Idle > 0 {
		m.Recall = float64(found) / float64(m.Idle)
	}
	return m, nil
}

// directives issues the monthly report, with what has come in, and two others: a
// general one and the one that asks every district for its inactivity list.
func (g *generator) directives(tx *db.Tx) error {
	president, err := actor(tx, g.president)
	if err != nil {
		return err
	}
	issue := func(when time.Time, d directive.Directive) (id directive.ID, err error) {
		err = at(tx, when, func() error {
			d.From = g.state.ID
			id, err = directive.Issue(tx, president, d)
			return err
		})
		return id, err
	}
	monthly, err := issue(firstOfMonth(g.now, -12).Add(11*time.Hour), directive.Directive{Kind: directive.KindMonthlyReport, Subject: "मासिक रिपोर्ट",
		Body: "हर महीने की रिपोर्ट अगले महीने की 10 तारीख तक भेजें: बैठकें, जनसंपर्क, सदस्यता और खाली पद।"})
	if err != nil {
		return err
	}
	rows := tx.Insert("directive_answer", "directive_id", "organization_id", "unit_id", "period", "acknowledged_at", "answered_at", "answered_by", "body")
	for _, a := range g.answers {
		if err := rows.Add(string(monthly), string(a.body.ID), string(a.body.Unit), a.of, a.at, a.at, answeredBy(a.body, tx.Time(a.at), g), a.text); err != nil {
			return err
		}
	}
	issued := g.now.AddDate(0, 0, -40)
	general, err := issue(issued, directive.Directive{Kind: directive.KindGeneral, Kinds: []string{"district_unit", "city_unit"}, DueDay: g.dayOf(-20),
		Subject: "खाली बूथों पर एजेंट तय करें", Body: "जिन बूथों पर एजेंट नहीं है, उनके लिए मंडलवार नाम तय करें और बताएँ कि कितने बूथ अब भी खाली हैं।"})
	if err != nil {
		return err
	}
	for _, u := range g.units {
		if u.silent || u.head == nil {
			continue
		}
		seen := issued.Add(time.Duration(g.between(2*3600, 6*24*3600)) * time.Second)
		var answered, by, text any
		if g.chance(0.7) {
			when := seen.Add(time.Duration(g.between(3600, 25*24*3600)) * time.Second)
			answered, by, text = when.UnixMilli(), answeredBy(u, when, g), "मंडलवार बैठकें हो रही हैं। बाकी बूथों के नाम अगले महीने तक तय होंगे।"
		}
		if text == nil {
			text = ""
		}
		if err := rows.Add(string(general), string(u.ID), string(u.ID), "", seen.UnixMilli(), answered, by, text); err != nil {
			return err
		}
	}
	if err := rows.Flush(); err != nil {
		return err
	}
	_, err = issue(g.moment(0.06), directive.Directive{Kind: directive.KindInactivityList, Kinds: []string{"district_unit", "city_unit"}, DueDay: g.dayOf(10),
		Subject: "निष्क्रिय पदाधिकारियों की सूची जाँचें", Body: "अपने जिले की सूची में हर नाम जाँचें: सूची सही है, कारण है, या आँकड़ा गलत है। फिर सूची लौटाएँ।"})
	return err
}

// answeredBy is the membership that answered for a body, where its head was already
// in the post.
func answeredBy(o *body, when time.Time, g *generator) any {
	if o.head == nil || g.dayOf(o.head.from) > when.Format(time.DateOnly) {
		return nil
	}
	return string(o.head.membership)
}
