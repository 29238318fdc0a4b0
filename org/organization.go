package org

import (
	"database/sql"
	"slices"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
)

// Organization is a body of the organization (W3C org:Organization): the state
// unit, a district unit, a block committee, a cell.
type Organization struct {
	ID           OrganizationID `json:"id"`
	Label        string         `json:"-"` // its node in the tallies
	Kind         string         `json:"kind"`
	NameHi       string         `json:"name_hi"`
	NameEn       string         `json:"name_en"`
	Parent       OrganizationID `json:"parent,omitempty"`
	Path         string         `json:"-"`
	Area         AreaID         `json:"area"`
	AreaPath     string         `json:"-"`
	Unit         OrganizationID `json:"unit,omitempty"`      // district-level body it belongs to; the state unit for those of the state
	Reporting    OrganizationID `json:"reporting,omitempty"` // body whose monthly report covers it
	Founded      string         `json:"founded,omitempty"`
	Dissolved    string         `json:"dissolved,omitempty"`
	RegisterOpen bool           `json:"register_open"` // its register has not been gone through: no vacancy is told
}

const organizationColumns = `o.id, o.label, o.kind, o.name_hi, o.name_en, o.parent_id, o.path, o.area_id, o.area_path, o.unit_id, o.reporting_id, o.founded, o.dissolved, o.register_open`

func scanOrganization(s db.Scanner) (o Organization, err error) {
	var parent, unit, reporting, founded, dissolved sql.NullString
	err = s.Scan(&o.ID, &o.Label, &o.Kind, &o.NameHi, &o.NameEn, &parent, &o.Path, &o.Area, &o.AreaPath, &unit, &reporting, &founded, &dissolved, &o.RegisterOpen)
	o.Parent, o.Unit, o.Reporting = OrganizationID(parent.String), OrganizationID(unit.String), OrganizationID(reporting.String)
	o.Founded, o.Dissolved = founded.String, dissolved.String
	return o, err
}

// GetOrganization reads an organization that by may see. Faults: Unauthorized, NotFound.
func GetOrganization(tx *db.Tx, by access.Actor, id OrganizationID) (o Organization, err error) {
	defer fault.Op(&err, "org.GetOrganization(%s)", id)
	o, err = Lookup(tx, id)
	if err != nil {
		return o, err
	}
	return o, by.CheckSees(o.Target(""))
}

// Lookup reads an organization without asking who reads: for verbs, which check
// their act on its Target themselves.
func Lookup(tx *db.Tx, id OrganizationID) (Organization, error) {
	return db.Remember(tx, id, func() (Organization, error) {
		return db.Single(tx, `select `+organizationColumns+` from organization o where o.id = $1`, []any{id}, scanOrganization)
	})
}

// Root gives the unit's own organization: the state unit.
func Root(tx *db.Tx) (Organization, error) {
	found, err := db.Select(tx, `select `+organizationColumns+` from organization o where o.parent_id is null order by o.path limit 1`, nil, scanOrganization)
	if err != nil {
		return Organization{}, err
	}
	if len(found) == 0 {
		return Organization{}, fault.New(fault.NotFound, "org.empty_unit")
	}
	return found[0], nil
}

// Suborganizations lists the bodies directly under id that by may see, by kind
// and name. The caller has checked id itself.
func Suborganizations(tx *db.Tx, by access.Actor, id OrganizationID) ([]Organization, error) {
	all, err := db.Select(tx, `select `+organizationColumns+` from organization o join organization_kind k on k.id = o.kind
		where o.parent_id = $1 and o.dissolved is null order by k.rank, o.sort_key, o.id`, []any{id}, scanOrganization)
	return visible(by, all), err
}

// Units lists the district-level bodies that by may see, by name.
func Units(tx *db.Tx, by access.Actor) ([]Organization, error) {
	all, err := db.Select(tx, `select `+organizationColumns+` from organization o
		where o.unit_id = o.id and o.dissolved is null order by o.sort_key, o.id`, nil, scanOrganization)
	all = slices.DeleteFunc(all, func(o Organization) bool { return o.Parent == "" }) // here, lest SQLite begins with it
	return visible(by, all), err
}

// CellBodies lists the bodies of a district whose line goes up to a cell of the state
// and not to the district unit, that by may see, by name. The caller has checked unit
// itself.
func CellBodies(tx *db.Tx, by access.Actor, unit Organization) ([]Organization, error) {
	from, to := access.Range(unit.Path)
	all, err := db.Select(tx, `select `+organizationColumns+` from organization o
		where o.unit_id = $1 and o.dissolved is null and (o.path < $2 or o.path >= $3) order by o.sort_key, o.id`, []any{unit.ID, from, to}, scanOrganization)
	return visible(by, all), err
}

// OrganizationsAt lists the bodies whose territory is the area itself, or lies
// directly around it, that by may see: for the page of an area.
func OrganizationsAt(tx *db.Tx, by access.Actor, id AreaID) ([]Organization, error) {
	all, err := db.Select(tx, `select `+organizationColumns+` from organization o
		where o.dissolved is null and o.area_id in (select id from area where id = $1
			union select area_id from area_parent where tree in ('administrative', 'organization') and parent_id = $1 and to_day is null)
		order by o.path limit 200`, []any{id}, scanOrganization)
	return visible(by, all), err
}

func visible(by access.Actor, all []Organization) []Organization {
	seen := all[:0]
	for _, o := range all {
		if by.Sees(o.Target("")) {
			seen = append(seen, o)
		}
	}
	return seen
}

// Above gives the organizations over o by parentage, the highest first.
func Above(tx *db.Tx, o Organization) ([]Organization, error) {
	return db.Select(tx, `with recursive up(id, n) as (
			select parent_id, 1 from organization where id = $1
			union all select (select p.parent_id from organization p where p.id = up.id), up.n + 1 from up where up.id is not null and up.n < 20)
		select `+organizationColumns+` from up cross join organization o where o.id = up.id order by up.n desc`, []any{o.ID}, scanOrganization)
}

// OrganizationKinds lists the kinds of organization by rank.
func OrganizationKinds(tx *db.Tx) ([]Kind, error) { return kinds(tx, "organization_kind") }

// Roles lists the roles by rank.
func Roles(tx *db.Tx) ([]Kind, error) { return kinds(tx, "role") }

// CompleteRegister says that the register of an organization has been gone
// through: its unknown seats become vacant from today. The actor needs load_data
// on it. Faults: Unauthorized, NotFound, Forbidden, Conflict (already done).
func CompleteRegister(tx *db.Tx, by access.Actor, id OrganizationID) (err error) {
	defer fault.Op(&err, "org.CompleteRegister(%s)", id)
	o, err := Lookup(tx, id)
	if err != nil {
		return err
	}
	if err := by.Check(access.LoadData, o.Target("")); err != nil {
		return err
	}
	if !o.RegisterOpen {
		return fault.New(fault.Conflict, "org.register_complete")
	}
	if _, err := tx.Exec(`update organization set register_open = false where id = $1`, id); err != nil {
		return err
	}
	type unknown struct {
		area AreaID
		role RoleID
		n    int
	}
	all, err := db.Select(tx, `select t.area_id, s.role_id, count(*) from seat s join post t on t.id = s.post_id
		where s.organization_id = $1 and s.state = 'unknown' group by t.area_id, s.role_id`, []any{id},
		func(s db.Scanner) (u unknown, err error) { return u, s.Scan(&u.area, &u.role, &u.n) })
	if err != nil {
		return err
	}
	for _, u := range all {
		if err := seatsTurn(tx, o, u.area, u.role, "unknown", "vacant", u.n); err != nil {
			return err
		}
	}
	n, err := tx.Exec(`update seat set state = 'vacant', since = $1, known_from = $2 where organization_id = $3 and state = 'unknown'`,
		tx.Today(), tx.Today(), id)
	if err != nil {
		return err
	}
	return access.Audit(tx, by, "org.register_completed", "organization", string(id), map[string]any{"vacant": n})
}

// Named finds the one organization that by may see with this id, or with this
// name in either script, however it is spaced or cased. Faults: Invalid (none, or
// several bear the name), Unauthorized.
func Named(tx *db.Tx, by access.Actor, name string) (o Organization, err error) {
	defer fault.Op(&err, "org.Named(%s)", name)
	if o, err := GetOrganization(tx, by, OrganizationID(name)); err == nil {
		return o, nil
	}
	key := lang.SortKey(name)
	all, err := db.Select(tx, `select `+organizationColumns+` from organization o where o.sort_key = $1 or o.name_en = $2 order by o.path limit 50`,
		[]any{key, name}, scanOrganization)
	if err != nil {
		return o, err
	}
	switch all = visible(by, all); len(all) {
	case 1:
		return all[0], nil
	case 0:
		return o, fault.In("organization", "org.unknown_organization", "name", name)
	}
	return o, fault.In("organization", "org.ambiguous_organization", "name", name, "n", len(all))
}
