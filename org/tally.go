package org

import (
	"maps"
	"slices"
	"strings"

	"sangathan/internal/db"
	"sangathan/tally"
)

// lastLabel gives the label at the end of a path.
func lastLabel(path string) string {
	parts := labels(path)
	return parts[len(parts)-1]
}

// labels gives the labels of a path, from the root.
func labels(path string) []string { return strings.Split(strings.Trim(path, "/"), "/") }

// boothKind is the kind of area that keeps no figures of its own: there are as many
// booths as anything else together, and what is at one is counted as it is read.
const boothKind = "booth"

// Nodes gives the nodes at which something in an organization and at an area is
// counted: the organization, its district-level body and those above them by
// parentage; the area and those above it in every tree; of a booth, also the
// districts over its assembly seat. Figures of places are the unit's own: a partner's
// organization is counted at its own bodies only. Some nodes may be given twice.
func Nodes(tx *db.Tx, o Organization, area AreaID) ([]string, error) {
	type source struct{ of, path string }
	const unit, root, booth = "unit", "root", "booth" // a cell's district body stands under the cell by parentage
	sources, err := db.Select(tx, `select case when a.kind = $1 then 'booth' else 'area' end, p.path from area a join area_path p on p.`+inTrees+` and p.area_id = a.id where a.id = $2
		union select 'area', p.path from area_parent e join area_path p on p.area_id = e.parent_id and p.tree = 'administrative'
			where e.tree = 'electoral' and e.area_id = $2 and e.to_day is null
		union all select 'unit', path from organization where id = $3 and id <> $4
		union all select 'root', path from (select path from organization where parent_id is null order by path limit 1) r`, []any{boothKind, area, o.Unit, o.ID},
		func(s db.Scanner) (v source, err error) { return v, s.Scan(&v.of, &v.path) })
	if err != nil {
		return nil, err
	}
	nodes, first, places := labels(o.Path), "", []string(nil)
	for _, s := range sources {
		up := labels(s.path)
		switch s.of {
		case unit:
			nodes = append(nodes, up...)
		case root:
			first = up[0]
		case booth:
			places = append(places, up[:len(up)-1]...)
		default:
			places = append(places, up...)
		}
	}
	if nodes[0] != first { // a partner on the same ground keeps figures of its own alone
		return nodes, nil
	}
	return append(nodes, places...), nil
}

// Label gives the node of an area in the tallies.
func Label(tx *db.Tx, id AreaID) (string, error) {
	return tx.Text(`select label from area where id = $1`, id)
}

// seatMeasure names the figure of a seat's state.
func seatMeasure(role RoleID, state string) string {
	if role == "booth_agent" {
		return "agent." + state
	}
	return "post." + state
}

// seatsTurn moves n seats of a role, whose posts work at an area, from one state to
// another in the figures.
func seatsTurn(tx *db.Tx, o Organization, area AreaID, role RoleID, from, to string, n int) error {
	if from == to {
		return nil
	}
	nodes, err := Nodes(tx, o, area)
	if err != nil {
		return err
	}
	return tally.Add(tx, nodes, "", tally.Figures{seatMeasure(role, from): -n, seatMeasure(role, to): n})
}

// casesTurn counts the undecided cases about a membership as ended, or, when it runs
// again, at the step where they stood. A case is never told that its post has ended
// (package review reads it so); the figures must be, and it happens here.
func casesTurn(tx *db.Tx, m Membership, ended bool) error {
	type at struct {
		step string
		n    int
	}
	open, err := db.Select(tx, `select step, count(*) from review_case where person_id = $1 and membership_id = $2 and decision = '' group by step order by step`,
		[]any{m.Person, m.ID},
		func(s db.Scanner) (a at, err error) { return a, s.Scan(&a.step, &a.n) })
	if err != nil || len(open) == 0 {
		return err
	}
	o, err := Lookup(tx, m.Organization)
	if err != nil {
		return err
	}
	add := tally.Figures{}
	for _, a := range open {
		if !ended {
			a.n = -a.n
		}
		add[tally.Case(a.step)] -= a.n
		add[tally.Case("ended")] += a.n
	}
	nodes, err := Nodes(tx, o, m.Area)
	if err != nil {
		return err
	}
	return tally.Add(tx, nodes, "", add)
}

// addTurns adds what a load changed to the figures, each figure of a node once.
func (l *Loader) addTurns() error {
	at := map[string]tally.Figures{}
	for t, n := range l.turns {
		if t.from == t.to {
			continue
		}
		o, err := l.organization(t.org)
		if err != nil {
			return err
		}
		nodes, err := Nodes(l.tx, o, t.area)
		if err != nil {
			return err
		}
		slices.Sort(nodes)
		for _, node := range slices.Compact(nodes) {
			if at[node] == nil {
				at[node] = tally.Figures{}
			}
			if t.from != "" {
				at[node][seatMeasure(t.role, t.from)] -= n
			}
			if t.to != "" {
				at[node][seatMeasure(t.role, t.to)] += n
			}
		}
	}
	clear(l.turns)
	for _, node := range slices.Sorted(maps.Keys(at)) {
		if err := tally.Add(l.tx, []string{node}, "", at[node]); err != nil {
			return err
		}
	}
	return nil
}

// Places resolves nodes for a recount: every area and organization at once.
type Places struct {
	root  string // label of the unit's root organization
	areas map[AreaID][]string
	orgs  map[OrganizationID][]string
}

// ReadPlaces reads the nodes of everything, for a recount.
func ReadPlaces(tx *db.Tx) (*Places, error) {
	p := &Places{areas: map[AreaID][]string{}, orgs: map[OrganizationID][]string{}}
	parents := map[AreaID][]string{} // administrative labels of assembly seats and the like
	booths := map[AreaID]bool{}
	rows, err := tx.Query(`select p.area_id, p.tree, p.path, a.kind from area_path p join area a on a.id = p.area_id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id AreaID
		var tree, path, kind string
		if err := rows.Scan(&id, &tree, &path, &kind); err != nil {
			return nil, err
		}
		up := labels(path)
		if kind == boothKind {
			booths[id] = true
			up = up[:len(up)-1]
		}
		p.areas[id] = append(p.areas[id], up...)
		if tree == Administrative {
			parents[id] = up
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	seats, err := tx.Query(`select area_id, parent_id from area_parent where tree = 'electoral' and to_day is null`)
	if err != nil {
		return nil, err
	}
	defer seats.Close()
	for seats.Next() {
		var id, parent AreaID
		if err := seats.Scan(&id, &parent); err != nil {
			return nil, err
		}
		p.areas[id] = append(p.areas[id], parents[parent]...)
	}
	if err := seats.Err(); err != nil {
		return nil, err
	}
	if p.root, err = tx.Text(`select label from organization where parent_id is null order by path limit 1`); err != nil {
		return nil, err
	}
	orgs, err := tx.Query(`select o.id, o.path, u.path from organization o join organization u on u.id = coalesce(o.unit_id, o.id)`)
	if err != nil {
		return nil, err
	}
	defer orgs.Close()
	for orgs.Next() {
		var id OrganizationID
		var path, unit string
		if err := orgs.Scan(&id, &path, &unit); err != nil {
			return nil, err
		}
		p.orgs[id] = append(labels(path), labels(unit)...)
	}
	return p, orgs.Err()
}

// Nodes gives the nodes of an organization and an area, as the function Nodes does.
func (p *Places) Nodes(o OrganizationID, area AreaID) []string {
	if up := p.orgs[o]; len(up) == 0 || up[0] != p.root {
		return up
	}
	return append(append([]string(nil), p.orgs[o]...), p.areas[area]...)
}

// Recount counts all seats from their rows.
func Recount(tx *db.Tx, p *Places, c *tally.Count) error {
	rows, err := tx.Query(`select s.organization_id, t.area_id, s.role_id, s.state, count(*) from seat s join post t on t.id = s.post_id
		group by s.organization_id, t.area_id, s.role_id, s.state`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var o OrganizationID
		var area AreaID
		var role RoleID
		var state string
		var n int
		if err := rows.Scan(&o, &area, &role, &state, &n); err != nil {
			return err
		}
		c.Add(p.Nodes(o, area), "", tally.Figures{seatMeasure(role, state): n})
	}
	return rows.Err()
}

// RecountPast counts all seats as they stood on past days, by the rule of [SeatsOn].
func RecountPast(tx *db.Tx, p *Places, h *tally.History) error {
	type seat struct {
		id    SeatID
		nodes []string
		role  RoleID
		known string
		held  [][2]string // from, to
	}
	count := func(s seat) {
		was := ""
		for _, day := range h.Days() {
			is := "unknown"
			if s.known != "" && s.known <= day {
				is = "vacant"
			}
			for _, h := range s.held {
				if h[0] <= day && (h[1] == "" || h[1] > day) {
					is = "filled"
				}
			}
			if is == was {
				continue
			}
			if was != "" {
				h.Add(s.nodes, "", seatMeasure(s.role, was), day, -1)
			}
			h.Add(s.nodes, "", seatMeasure(s.role, is), day, 1)
			was = is
		}
	}
	rows, err := tx.Query(`select s.id, s.organization_id, t.area_id, s.role_id, coalesce(s.known_from, ''), coalesce(m.from_day, ''), coalesce(m.to_day, '')
		from seat s join post t on t.id = s.post_id left join membership m on m.seat_id = s.id order by s.id, m.from_day`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var now seat
	for rows.Next() {
		var s seat
		var o OrganizationID
		var area AreaID
		var held [2]string
		if err := rows.Scan(&s.id, &o, &area, &s.role, &s.known, &held[0], &held[1]); err != nil {
			return err
		}
		if s.id != now.id {
			if now.id != "" {
				count(now)
			}
			s.nodes = p.Nodes(o, area)
			now = s
		}
		if held[0] != "" {
			now.held = append(now.held, held)
		}
	}
	if now.id != "" {
		count(now)
	}
	return rows.Err()
}
