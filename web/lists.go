package web

import (
	"database/sql"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/org"
)

// Lists of the register into which the numbers of its pages open. They read only
// what the actor sees.

// seatFilter chooses seats of a body and of everything that CountSeats counts with it.
type seatFilter struct {
	body   org.Organization
	state  string // "", filled, vacant, unknown
	role   string // "" for all
	agents bool   // booth agents, else all others
	offset int
	limit  int
}

func listSeats(tx *db.Tx, by access.Actor, f seatFilter) ([]org.Seat, error) {
	r := by.ReachOf(access.SeeRegister)
	path, top := access.Range(f.body.Path)
	unit := ""
	switch {
	case f.body.Parent == "":
		path, top = "/", "0"
	case f.body.Unit == f.body.ID:
		path, top, unit = "/", "0", string(f.body.ID)
	}
	// The page's seats are chosen first, so that names are read for these alone.
	return db.Select(tx, `with page as (select s.id, r.rank, o.sort_key from seat s join organization o on o.id = s.organization_id join role r on r.id = s.role_id
			where (o.path >= $1 and o.path < $2 or o.area_path >= $3 and o.area_path < $4 or o.id = $5)
				and o.path >= $6 and o.path < $7 and ($8 = '' or s.unit_id = $8) and ($9 = '' or s.state = $9)
				and ($10 = '' or s.role_id = $10) and (s.role_id = 'booth_agent') = $11
			order by r.rank, o.sort_key, o.id, s.post_id, s.number, s.id limit $12 offset $13)
		select s.id, s.post_id, s.organization_id, o.name_hi, o.name_en, s.unit_id, s.role_id,
			coalesce(nullif(t.label_hi, ''), r.name_hi), coalesce(nullif(t.label_en, ''), r.name_en),
			t.area_id, a.name_hi, a.name_en, a.number, s.number, s.state, s.since, s.membership_id, p.id, p.name_hi, p.name_en
		from page join seat s on s.id = page.id join post t on t.id = s.post_id join organization o on o.id = s.organization_id
			join role r on r.id = s.role_id join area a on a.id = t.area_id
			left join membership m on m.id = s.membership_id left join person p on p.id = m.person_id
		order by page.rank, page.sort_key, o.id, s.post_id, s.number, s.id`,
		[]any{r.OrgFrom, r.OrgTo, r.AreaFrom, r.AreaTo, by.Org, path, top, unit, f.state, f.role, f.agents, f.limit, f.offset},
		func(sc db.Scanner) (s org.Seat, err error) {
			var unit, since, member, person, hi, en sql.NullString
			var number sql.NullInt64
			err = sc.Scan(&s.ID, &s.Post, &s.Organization, &s.OrgHi, &s.OrgEn, &unit, &s.Role, &s.RoleHi, &s.RoleEn,
				&s.Area, &s.AreaHi, &s.AreaEn, &number, &s.Number, &s.State, &since, &member, &person, &hi, &en)
			s.Unit, s.AreaNumber, s.Since = org.OrganizationID(unit.String), int(number.Int64), since.String
			s.Membership, s.Person, s.PersonHi, s.PersonEn = org.MembershipID(member.String), org.PersonID(person.String), hi.String, en.String
			return s, err
		})
}

// cellBodies lists the bodies of a district whose line goes up to a cell of the
// state and not to the district unit.
func cellBodies(tx *db.Tx, by access.Actor, unit org.Organization) (bodies []org.Organization, err error) {
	from, to := access.Range(unit.Path)
	ids, err := db.Select(tx, `select id from organization where unit_id = $1 and dissolved is null and (path < $2 or path >= $3) order by sort_key, id`,
		[]any{unit.ID, from, to}, db.One[org.OrganizationID])
	for _, id := range ids {
		o, err := org.Lookup(tx, id)
		if err != nil {
			return nil, err
		}
		if by.Sees(o.Target("")) {
			bodies = append(bodies, o)
		}
	}
	return bodies, err
}

// countSeats is org.CountSeats, asked once for a page.
func (r *request) countSeats(id org.OrganizationID) (posts, agents org.Count, err error) {
	if c, ok := r.counted[id]; ok {
		return c[0], c[1], nil
	}
	if posts, agents, err = org.CountSeats(r.tx, r.by, id); err == nil {
		if r.counted == nil {
			r.counted = map[org.OrganizationID][2]org.Count{}
		}
		r.counted[id] = [2]org.Count{posts, agents}
	}
	return posts, agents, err
}
