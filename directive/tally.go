package directive

import (
	"time"

	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
	"sangathan/tally"
)

// asks calls add with each body from which the monthly report d is asked, the first
// month it owes and the first it owes no longer ("" while it does).
func (d Directive) asks(tx *db.Tx, add func(o org.OrganizationID, area org.AreaID, from, to string) error) error {
	type body struct {
		id              org.OrganizationID
		area            org.AreaID
		founded, closed string
	}
	args := d.args(tx, "")
	bodies, err := db.Select(tx, `select id, area_id, coalesce(founded, ''), coalesce(dissolved, '') from organization b
		where b.path > $1 and b.path < $2 and replace($3, ' ' || b.kind || ' ', '') <> $3 order by b.path`, args[:3],
		func(s db.Scanner) (b body, err error) { return b, s.Scan(&b.id, &b.area, &b.founded, &b.closed) })
	if err != nil {
		return err
	}
	for _, b := range bodies {
		from, to := d.firstMonth(tx), ""
		if b.founded != "" {
			from = max(from, b.founded[:len("2006-01")])
		}
		if b.closed != "" {
			to = b.closed[:len("2006-01")]
		}
		if to != "" && to <= from {
			continue
		}
		if err := add(b.id, b.area, from, to); err != nil {
			return err
		}
	}
	return nil
}

func countAsked(c *tally.Count, nodes []string, from, to string) {
	c.Add(nodes, from, tally.Figures{tally.ReportAsked: 1})
	if to != "" {
		c.Add(nodes, to, tally.Figures{tally.ReportAsked: -1})
	}
}

// asked puts into the figures who owes a monthly report that has just been issued.
func (d Directive) asked(tx *db.Tx) error {
	c := tally.NewCount()
	err := d.asks(tx, func(id org.OrganizationID, area org.AreaID, from, to string) error {
		o, err := org.Lookup(tx, id)
		if err != nil {
			return err
		}
		nodes, err := org.Nodes(tx, o, area)
		countAsked(c, nodes, from, to)
		return err
	})
	if err != nil {
		return err
	}
	return c.AddTo(tx)
}

// received puts into the figures that a monthly report came at an instant.
func (d Directive) received(tx *db.Tx, o org.Organization, period string, at int64) error {
	nodes, err := org.Nodes(tx, o, o.Area)
	if err != nil {
		return err
	}
	return tally.Add(tx, nodes, period, receipt(at, d.dueMillis(tx, period)))
}

// receipt gives the figures of a report that came at an instant and was due by another.
func receipt(at, due int64) tally.Figures {
	if at < due {
		return tally.Figures{tally.ReportReceived: 1, tally.ReportOnTime: 1}
	}
	return tally.Figures{tally.ReportReceived: 1}
}

// Recount counts the monthly reports expected and received from their rows.
func Recount(tx *db.Tx, places *org.Places, c *tally.Count) error {
	d, err := openReport(tx)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	err = d.asks(tx, func(id org.OrganizationID, area org.AreaID, from, to string) error {
		countAsked(c, places.Nodes(id, area), from, to)
		return nil
	})
	if err != nil {
		return err
	}
	rows, err := tx.Query(`select a.organization_id, o.area_id, a.period, a.answered_at from directive_answer a join organization o on o.id = a.organization_id
		where a.directive_id = $1 and a.answered_at is not null`, d.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	due := map[string]int64{} // by month
	for rows.Next() {
		var id org.OrganizationID
		var area org.AreaID
		var period string
		var at int64
		if err := rows.Scan(&id, &area, &period, &at); err != nil {
			return err
		}
		if _, ok := due[period]; !ok {
			due[period] = d.dueMillis(tx, period)
		}
		c.Add(places.Nodes(id, area), period, receipt(at, due[period]))
	}
	return rows.Err()
}

// RecountPast counts the monthly reports of a month as they had come by past days.
func RecountPast(tx *db.Tx, places *org.Places, h *tally.History, month string) error {
	d, err := openReport(tx)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	rows, err := tx.Query(`select a.organization_id, o.area_id, a.answered_at from directive_answer a join organization o on o.id = a.organization_id
		where a.directive_id = $1 and a.period = $2 and a.answered_at is not null`, d.ID, month)
	if err != nil {
		return err
	}
	defer rows.Close()
	due := d.dueMillis(tx, month)
	for rows.Next() {
		var id org.OrganizationID
		var area org.AreaID
		var at int64
		if err := rows.Scan(&id, &area, &at); err != nil {
			return err
		}
		for measure, n := range receipt(at, due) {
			h.Add(places.Nodes(id, area), month, measure, tx.Time(at).Format(time.DateOnly), n)
		}
	}
	return rows.Err()
}
