package activity

import (
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
	"sangathan/tally"
)

// change is what a verb changes in the figures of an organization and of places, in
// the month of a day. It is gathered, then added to what stands at once.
type change struct {
	tx    *db.Tx
	o     org.Organization
	month string
	nodes map[org.AreaID][]string // read so far
	count *tally.Count
}

func newChange(tx *db.Tx, o org.Organization, day string) *change {
	return &change{tx, o, day[:len("2006-01")], map[org.AreaID][]string{}, tally.NewCount()}
}

// at changes figures at the organization and a place, and above them.
func (c *change) at(area org.AreaID, add tally.Figures) (err error) {
	if c.nodes[area] == nil {
		if c.nodes[area], err = org.Nodes(c.tx, c.o, area); err != nil {
			return err
		}
	}
	c.count.Add(c.nodes[area], c.month, add)
	return nil
}

// turned gives what changes in the figures when an entry's state does.
func turned(from, to string) tally.Figures {
	add := tally.Figures{}
	for state, n := range map[string]int{from: -1, to: 1} {
		if m := stateMeasure(state); m != "" && from != to {
			add[m] = n
		}
	}
	return add
}

func stateMeasure(state string) string {
	switch state {
	case Confirmed:
		return tally.EntryConfirmed
	case Disputed:
		return tally.EntryDisputed
	}
	return ""
}

// node gives the node at which the tallies hold what f chooses: all of the unit's own
// bodies, or those of one district, all of them in by's reach.
func (f Filter) node(tx *db.Tx, by access.Actor) (label string, ok bool, err error) {
	if f.Organization != "" || f.Reporting != "" || f.Person != "" || f.Membership != "" || f.Area != "" || f.Kind != "" || f.State != "" || !by.SignedIn() {
		return "", false, nil
	}
	var o org.Organization
	if f.Unit == "" {
		o, err = org.Root(tx)
	} else {
		o, err = org.Lookup(tx, f.Unit)
	}
	if fault.Is(err, fault.NotFound) {
		return "", false, nil
	}
	if err != nil || !by.MayWithin(access.SeeRegister, o.Target("")) {
		return "", false, err
	}
	return o.Label, true, nil
}

// totalAt adds up the tallies of a node for the month of f, or all months.
func totalAt(tx *db.Tx, node string, f Filter) (t Totals, err error) {
	months, args := `month <> ''`, []any{node}
	if f.Month != "" {
		months, args = `month = $2`, append(args, f.Month)
	}
	sums := map[string]int{}
	rows, err := tx.Query(`select measure, sum(n) from tally_now where node = $1 and `+months+` group by measure`, args...)
	if err != nil {
		return t, err
	}
	defer rows.Close()
	for rows.Next() {
		var measure string
		var n int
		if err := rows.Scan(&measure, &n); err != nil {
			return t, err
		}
		sums[measure] = n
	}
	return Totals{Entries: sums[tally.Entry], People: sums[tally.People], Confirmed: sums[tally.EntryConfirmed], Disputed: sums[tally.EntryDisputed]}, rows.Err()
}

// activeTurns counts a membership as active in the month of an entry, or no longer,
// when an entry of the month has begun (before "") or turned from one state to another:
// it is active while any entry of its month is not disputed.
func (c *change) activeTurns(m org.Membership, id EntryID, before, after string) error {
	counted := func(state string) bool { return state != "" && state != Disputed }
	if counted(before) == counted(after) {
		return nil
	}
	others, err := c.tx.Int(`select 1 from activity where membership_id = $1 and day >= $2 and day <= $3 and state <> 'disputed' and id <> $4 limit 1`,
		m.ID, c.month+"-01", c.month+"-31", id)
	if err != nil || others > 0 {
		return err
	}
	n := 1
	if counted(before) {
		n = -1
	}
	return c.at(m.Area, tally.Figures{tally.Active: n})
}

// Recount counts entries, and the memberships that they make active, from their rows.
func Recount(tx *db.Tx, places *org.Places, c *tally.Count) error {
	rows, err := tx.Query(`select organization_id, area_id, substr(day, 1, 7), count(*), sum(people),
			count(*) filter (where state = 'confirmed'), count(*) filter (where state = 'disputed') from activity group by 1, 2, 3`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var o org.OrganizationID
		var area org.AreaID
		var month string
		var n, people, confirmed, disputed int
		if err := rows.Scan(&o, &area, &month, &n, &people, &confirmed, &disputed); err != nil {
			return err
		}
		c.Add(places.Nodes(o, area), month, tally.Figures{tally.Entry: n, tally.People: people, tally.EntryConfirmed: confirmed, tally.EntryDisputed: disputed})
	}
	if err := rows.Err(); err != nil {
		return err
	}
	active, err := tx.Query(`select m.organization_id, m.area_id, e.month, count(*)
		from (select distinct membership_id, substr(day, 1, 7) as month from activity where state <> 'disputed') e join membership m on m.id = e.membership_id
		group by 1, 2, 3`)
	if err != nil {
		return err
	}
	defer active.Close()
	for active.Next() {
		var o org.OrganizationID
		var area org.AreaID
		var month string
		var n int
		if err := active.Scan(&o, &area, &month, &n); err != nil {
			return err
		}
		c.Add(places.Nodes(o, area), month, tally.Figures{tally.Active: n})
	}
	return active.Err()
}

// RecountPast counts the entries of a month as they had been recorded by past days,
// and whom they had made active.
func RecountPast(tx *db.Tx, places *org.Places, h *tally.History, month string) error {
	for measure, query := range map[string]string{
		tally.Entry: `select organization_id, area_id, recorded_at from activity where day >= $1 and day <= $2`,
		tally.EntryConfirmed: `select e.organization_id, e.area_id, min(k.at) from activity e join activity_check k on k.activity_id = e.id
			where e.day >= $1 and e.day <= $2 and e.state = 'confirmed' group by e.id, e.organization_id, e.area_id`,
		tally.Active: `select m.organization_id, m.area_id, min(e.recorded_at) from activity e join membership m on m.id = e.membership_id
			where e.day >= $1 and e.day <= $2 and e.state <> 'disputed' group by m.id, m.organization_id, m.area_id`,
	} {
		rows, err := tx.Query(query, month+"-01", month+"-31")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var o org.OrganizationID
			var area org.AreaID
			var at int64
			if err := rows.Scan(&o, &area, &at); err != nil {
				return err
			}
			h.Add(places.Nodes(o, area), month, measure, tx.Time(at).Format(time.DateOnly), 1)
		}
		if err := rows.Err(); err != nil {
			return err
		}
	}
	return nil
}
