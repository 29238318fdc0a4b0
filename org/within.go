package org

import (
	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
)

// Node is where figures are kept: a body or an area. The zero Node is none.
type Node struct {
	Body OrganizationID
	Area AreaID
}

// Within gives the condition that what belongs to organization o (an alias in the
// query) and works at an area (an expression) is counted at the node, as [Nodes] says:
// the list behind a figure asks it, so that the two are of the same things. place adds
// an argument and gives its placeholder. Faults: NotFound.
func (n Node) Within(tx *db.Tx, o, area string, place func(any) string) (string, error) {
	if n.Body != "" {
		body, err := Lookup(tx, n.Body)
		if err != nil {
			return "", err
		}
		if body.Parent != "" && body.Unit == body.ID {
			return o + `.unit_id = ` + place(body.ID), nil
		}
		from, to := access.Range(body.Path)
		within := o + `.path >= ` + place(from) + ` and ` + o + `.path < ` + place(to)
		units, err := tx.Int(`select count(*) from (select 1 from organization where path >= $1 and path < $2 and unit_id = id limit 1) u`, from, to)
		if body.Parent == "" || units == 0 { // no cell has a body in the districts under it that stands elsewhere
			return within, err
		}
		return `(` + within + ` or ` + o + `.unit_id in (select id from organization where path >= ` + place(from) + ` and path < ` + place(to) + `))`, err
	}
	root, err := Root(tx)
	if err != nil {
		return "", err
	}
	from, to := access.Range(root.Path)
	own := o + `.path >= ` + place(from) + ` and ` + o + `.path < ` + place(to)
	if n.Area == root.Area {
		return own, nil
	}
	id := place(n.Area)
	return own + ` and ` + area + ` in (
		select b.area_id from area_path t join area_path b on b.tree = t.tree and b.path >= t.path and b.path < substr(t.path, 1, length(t.path) - 1) || '0'
			where t.area_id = ` + id + `
		union select e.area_id from area_path t join area_path s on s.tree = 'administrative' and s.path >= t.path and s.path < substr(t.path, 1, length(t.path) - 1) || '0'
			join area_parent e on e.tree = 'electoral' and e.parent_id = s.area_id and e.to_day is null
			where t.tree = 'administrative' and t.area_id = ` + id + `)`, nil
}

// CheckCovers is the gate of a node's figures and of the lists behind them: by reads
// the register of a body and of all under it, or, for an area, of the whole unit, whose
// bodies its figures are of. Faults: Unauthorized, NotFound, Forbidden (the body is
// seen, and not all under it).
func CheckCovers(tx *db.Tx, by access.Actor, n Node) error {
	if !by.SignedIn() {
		return fault.New(fault.Unauthorized, "access.sign_in")
	}
	body, err := Root(tx)
	if n.Body != "" {
		body, err = Lookup(tx, n.Body)
	}
	switch {
	case err != nil:
		return err
	case by.MayWithin(access.SeeRegister, body.Target("")):
		return nil
	case n.Body != "" && by.Sees(body.Target("")):
		return fault.New(fault.Forbidden, "access.forbidden.see_register")
	}
	return fault.New(fault.NotFound, "fault.not_found")
}

// placeOrders is how the seats of an area are sorted: by rank, place and id.
var placeOrders = []db.Order{{Name: "place", By: []db.By{{SQL: "s.rank", Int: true}, {SQL: "coalesce(a.number, 0)", Int: true}, {SQL: "a.sort_key"}, {SQL: "s.id"}}}}

// SeatsIn lists the seats that an area's figures count, those that by sees, by rank
// and place, a page at a time. Faults: Invalid (after).
func SeatsIn(tx *db.Tx, by access.Actor, id AreaID, f SeatFilter, p db.Page) (seats []Seat, next string, err error) {
	defer fault.Op(&err, "org.SeatsIn(%s)", id)
	r := by.ReachOf(access.SeeRegister)
	args := db.Args{r.OrgFrom, r.OrgTo, r.AreaFrom, r.AreaTo, f.State, f.Role, f.Agents}
	within, err := Node{Area: id}.Within(tx, "o", "t.area_id", args.Place)
	if err != nil {
		return nil, "", err
	}
	return db.Paged(tx, `select {key}, `+seatFrom+`where (o.path >= $1 and o.path < $2 or o.area_path >= $3 and o.area_path < $4)
		and ($5 = '' or s.state = $5) and ($6 = '' or s.role_id = $6) and (s.role_id = 'booth_agent') = $7 and `+within, args, placeOrders, p, scanSeat)
}
