package review

import (
	"slices"
	"time"

	"sangathan/activity"
	"sangathan/directive"
	"sangathan/internal/db"
	"sangathan/org"
	"sangathan/tally"
)

// turn moves a case from one step to another in the figures; "" is none.
func turn(tx *db.Tx, organization org.OrganizationID, membership org.MembershipID, from, to string) error {
	o, err := org.Lookup(tx, organization)
	if err != nil {
		return err
	}
	m, err := org.LookupMembership(tx, membership)
	if err != nil {
		return err
	}
	nodes, err := org.Nodes(tx, o, m.Area)
	if err != nil {
		return err
	}
	add := tally.Figures{tally.Case(to): 1}
	if from != "" {
		add[tally.Case(from)]--
	}
	return tally.Add(tx, nodes, "", add)
}

// newest is the condition that review v is the newest list of its unit: of the window
// that ends last, and of these the shortest.
const newest = `v.id = (select n.id from review n where n.unit_id = v.unit_id order by n.to_day desc, n.from_day desc, n.id limit 1)`

// listed counts the lines of the newest list of a unit ("" for all), by body and place.
func listed(tx *db.Tx, unit org.OrganizationID, add func(o org.OrganizationID, area org.AreaID, n int) error) error {
	type lines struct {
		o    org.OrganizationID
		area org.AreaID
		n    int
	}
	where, args := newest, db.Args(nil)
	db.Equal(&where, &args, "v.unit_id", string(unit))
	all, err := db.Select(tx, `select l.organization_id, m.area_id, count(*) from review v join review_line l on l.review_id = v.id
			join membership m on m.id = l.membership_id
			where `+where+` group by l.organization_id, m.area_id order by l.organization_id, m.area_id`, args,
		func(s db.Scanner) (l lines, err error) { return l, s.Scan(&l.o, &l.area, &l.n) })
	if err != nil {
		return err
	}
	for _, l := range all {
		if err := add(l.o, l.area, l.n); err != nil {
			return err
		}
	}
	return nil
}

// countListed adds the unit's newest list to a count, times n.
func countListed(tx *db.Tx, c *tally.Count, unit org.OrganizationID, times int) error {
	return listed(tx, unit, func(id org.OrganizationID, area org.AreaID, n int) error {
		o, err := org.Lookup(tx, id)
		if err != nil {
			return err
		}
		nodes, err := org.Nodes(tx, o, area)
		c.Add(nodes, "", tally.Figures{tally.Listed: n * times})
		return err
	})
}

// Recount counts every figure from its rows, those of the packages below too: what the
// tallies must say. Whoever loads rows in bulk stores it; sangathan doctor compares it.
func Recount(tx *db.Tx) (*tally.Count, error) {
	c := tally.NewCount()
	places, err := org.ReadPlaces(tx)
	if err != nil {
		return nil, err
	}
	for _, count := range []func(*db.Tx, *org.Places, *tally.Count) error{org.Recount, activity.Recount, directive.Recount, recount} {
		if err := count(tx, places, c); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// recount counts lists and cases.
func recount(tx *db.Tx, places *org.Places, c *tally.Count) error {
	err := listed(tx, "", func(o org.OrganizationID, area org.AreaID, n int) error {
		c.Add(places.Nodes(o, area), "", tally.Figures{tally.Listed: n})
		return nil
	})
	if err != nil {
		return err
	}
	rows, err := tx.Query(`select k.organization_id, m.area_id, case when k.decision = '' and m.to_day is not null then 'ended' else k.step end, count(*)
		from review_case k join membership m on m.id = k.membership_id group by 1, 2, 3`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var o org.OrganizationID
		var area org.AreaID
		var step string
		var n int
		if err := rows.Scan(&o, &area, &step, &n); err != nil {
			return err
		}
		c.Add(places.Nodes(o, area), "", tally.Figures{tally.Case(step): n})
	}
	return rows.Err()
}

// RecountPast tells from the rows how the figures stood on past days, and keeps it as
// the past: for a loader that takes over records older than the unit. Seats are told by
// whom they were held, reports and entries of this month and the last by when they came, over the last week,
// cases by their steps; a list counts from the day it was drafted.
func RecountPast(tx *db.Tx, days []string) error {
	h := tally.NewHistory(days)
	places, err := org.ReadPlaces(tx)
	if err != nil {
		return err
	}
	if err := org.RecountPast(tx, places, h); err != nil {
		return err
	}
	if err := recountPast(tx, places, h); err != nil {
		return err
	}
	week := tx.Now.AddDate(0, 0, -7).Format(time.DateOnly)
	from, _ := slices.BinarySearch(days, week)
	late := tally.NewHistory(days[from:])
	first := time.Date(tx.Now.Year(), tx.Now.Month(), 1, 0, 0, 0, 0, time.UTC)
	for back := range 2 {
		month := first.AddDate(0, -back, 0).Format("2006-01")
		if err := activity.RecountPast(tx, places, late, month); err != nil {
			return err
		}
		if err := directive.RecountPast(tx, places, late, month); err != nil {
			return err
		}
	}
	return tally.StorePast(tx, h, late)
}

// recountPast counts lists and cases.
func recountPast(tx *db.Tx, places *org.Places, h *tally.History) error {
	lists, err := tx.Query(`select l.organization_id, m.area_id, v.drafted_at from review v join review_line l on l.review_id = v.id
		join membership m on m.id = l.membership_id where ` + newest)
	if err != nil {
		return err
	}
	defer lists.Close()
	for lists.Next() {
		var o org.OrganizationID
		var area org.AreaID
		var at int64
		if err := lists.Scan(&o, &area, &at); err != nil {
			return err
		}
		h.Add(places.Nodes(o, area), "", tally.Listed, tx.Time(at).Format(time.DateOnly), 1)
	}
	if err := lists.Err(); err != nil {
		return err
	}
	steps, err := tx.Query(`select k.id, k.organization_id, m.area_id, s.step, s.verdict, s.at from case_step s join review_case k on k.id = s.case_id
		join membership m on m.id = k.membership_id order by k.id, s.n`)
	if err != nil {
		return err
	}
	defer steps.Close()
	was, of := "", ""
	for steps.Next() {
		var id, step, verdict string
		var o org.OrganizationID
		var area org.AreaID
		var at int64
		if err := steps.Scan(&id, &o, &area, &step, &verdict, &at); err != nil {
			return err
		}
		if id != of {
			of, was = id, ""
		}
		switch {
		case step == "appeal_decided", step == StepDecided && (verdict == "retain" || verdict == Settled):
			step = StepClosed
		case !slices.Contains(Steps, step), slices.Index(Steps, step) <= slices.Index(Steps, was): // a remark, or a further reply
			continue
		}
		nodes, day := places.Nodes(o, area), tx.Time(at).Format(time.DateOnly)
		if was != "" {
			h.Add(nodes, "", tally.Case(was), day, -1)
		}
		h.Add(nodes, "", tally.Case(step), day, 1)
		was = step
	}
	return steps.Err()
}
