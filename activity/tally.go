package activity

import (
	"sangathan/internal/db"
	"sangathan/org"
	"sangathan/tally"
)

// counts adds figures of the month of a day for an organization and a place.
func counts(tx *db.Tx, o org.Organization, area org.AreaID, day string, add tally.Figures) error {
	nodes, err := org.Nodes(tx, o, area)
	if err != nil {
		return err
	}
	return tally.Add(tx, nodes, day[:len("2006-01")], add)
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

// Recount counts seats and entries from their rows: what the tallies must say. Whoever
// loads rows in bulk stores it; sangathan doctor compares it.
func Recount(tx *db.Tx) (*tally.Count, error) {
	c := tally.NewCount()
	places, err := org.ReadPlaces(tx)
	if err != nil {
		return nil, err
	}
	if err := org.Recount(tx, places, c); err != nil {
		return nil, err
	}
	rows, err := tx.Query(`select organization_id, area_id, substr(day, 1, 7), count(*), sum(people),
			count(*) filter (where state = 'confirmed'), count(*) filter (where state = 'disputed') from activity group by 1, 2, 3`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var o org.OrganizationID
		var area org.AreaID
		var month string
		var n, people, confirmed, disputed int
		if err := rows.Scan(&o, &area, &month, &n, &people, &confirmed, &disputed); err != nil {
			return nil, err
		}
		c.Add(places.Nodes(o, area), month, tally.Figures{tally.Entry: n, tally.People: people, tally.EntryConfirmed: confirmed, tally.EntryDisputed: disputed})
	}
	return c, rows.Err()
}
