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
	rows, err := tx.Query(`select organization_id, area_id, substr(day, 1, 7), state, count(*), sum(people) from activity group by 1, 2, 3, 4`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var o org.OrganizationID
		var area org.AreaID
		var month, state string
		var n, people int
		if err := rows.Scan(&o, &area, &month, &state, &n, &people); err != nil {
			return nil, err
		}
		nodes := places.Nodes(o, area)
		c.Add(nodes, month, tally.Entry, n)
		c.Add(nodes, month, tally.People, people)
		if m := stateMeasure(state); m != "" {
			c.Add(nodes, month, m, n)
		}
	}
	return c, rows.Err()
}
