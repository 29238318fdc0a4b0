package org

import (
	"database/sql"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/tally"
)

// Seat is one place of a Post (Popolo Post; a post of n seats has n rows): filled,
// vacant, or unknown: nobody has told us yet. The three are never mixed.
type Seat struct {
	ID           SeatID         `json:"id"`
	Post         PostID         `json:"post"`
	Organization OrganizationID `json:"organization"`
	OrgHi        string         `json:"organization_hi"`
	OrgEn        string         `json:"organization_en"`
	Unit         OrganizationID `json:"unit,omitempty"`
	Role         RoleID         `json:"role"`
	RoleHi       string         `json:"role_hi"`
	RoleEn       string         `json:"role_en"`
	Area         AreaID         `json:"area"`
	AreaHi       string         `json:"area_hi"`
	AreaEn       string         `json:"area_en"`
	AreaNumber   int            `json:"area_number,omitempty"`
	Number       int            `json:"number"`
	State        string         `json:"state"` // filled, vacant, unknown
	Since        string         `json:"since,omitempty"`
	Membership   MembershipID   `json:"membership,omitempty"`
	Person       PersonID       `json:"person,omitempty"`
	PersonHi     string         `json:"person_hi,omitempty"`
	PersonEn     string         `json:"person_en,omitempty"`
}

const (
	seatColumns = `s.id, s.post_id, s.organization_id, o.name_hi, o.name_en, s.unit_id, s.role_id,
		coalesce(nullif(t.label_hi, ''), r.name_hi), coalesce(nullif(t.label_en, ''), r.name_en),
		t.area_id, a.name_hi, a.name_en, a.number, s.number, s.state, s.since, s.membership_id, p.id, p.name_hi, p.name_en
	`
	seatJoins = `join post t on t.id = s.post_id join role r on r.id = s.role_id join area a on a.id = t.area_id
		left join membership m on m.id = s.membership_id left join person p on p.id = m.person_id `
	seatFrom = seatColumns + `from seat s join organization o on o.id = s.organization_id ` + seatJoins

	// Body by body: SQLite keeps the order of a cross join, whatever it takes the number
	// of seats in a state for.
	seatsOfBodies = seatColumns + `from organization o cross join seat s ` + seatJoins + `where s.organization_id = o.id and `
)

func scanSeat(sc db.Scanner) (s Seat, err error) {
	var unit, since, member, person, hi, en sql.NullString
	var number sql.NullInt64
	err = sc.Scan(&s.ID, &s.Post, &s.Organization, &s.OrgHi, &s.OrgEn, &unit, &s.Role, &s.RoleHi, &s.RoleEn,
		&s.Area, &s.AreaHi, &s.AreaEn, &number, &s.Number, &s.State, &since, &member, &person, &hi, &en)
	s.Unit, s.AreaNumber, s.Since = OrganizationID(unit.String), int(number.Int64), since.String
	s.Membership, s.Person, s.PersonHi, s.PersonEn = MembershipID(member.String), PersonID(person.String), hi.String, en.String
	return s, err
}

// LookupSeat reads a seat with its organization without asking who reads: for verbs.
func LookupSeat(tx *db.Tx, id SeatID) (Seat, Organization, error) {
	found, err := db.Select(tx, `select `+seatFrom+`where s.id = $1`, []any{id}, scanSeat)
	if err != nil {
		return Seat{}, Organization{}, err
	}
	if len(found) == 0 {
		return Seat{}, Organization{}, fault.New(fault.NotFound, "fault.not_found")
	}
	o, err := Lookup(tx, found[0].Organization)
	return found[0], o, err
}

// GetSeat reads a seat that by may see, with its organization. Faults: Unauthorized, NotFound.
func GetSeat(tx *db.Tx, by access.Actor, id SeatID) (s Seat, o Organization, err error) {
	defer fault.Op(&err, "org.GetSeat(%s)", id)
	if s, o, err = LookupSeat(tx, id); err != nil {
		return s, o, err
	}
	return s, o, by.CheckSees(o.Target(""))
}

// SeatsOn lists the seats of an organization as they stood on a day (today for
// ""), by rank: a seat is filled when a membership held it that day, vacant when
// it was known that none did, else unknown. Faults: Unauthorized, NotFound, Invalid (day).
func SeatsOn(tx *db.Tx, by access.Actor, id OrganizationID, day string) (seats []Seat, err error) {
	defer fault.Op(&err, "org.SeatsOn(%s, %s)", id, day)
	if _, err := GetOrganization(tx, by, id); err != nil {
		return nil, err
	}
	if day == "" {
		day = tx.Today()
	}
	if !IsDay(day) {
		return nil, fault.In("day", "org.bad_day")
	}
	return db.Select(tx, `select s.id, s.post_id, s.organization_id, o.name_hi, o.name_en, s.unit_id, s.role_id,
			coalesce(nullif(t.label_hi, ''), r.name_hi), coalesce(nullif(t.label_en, ''), r.name_en),
			t.area_id, a.name_hi, a.name_en, a.number, s.number,
			case when m.id is not null then 'filled' when s.known_from <= $1 then 'vacant' else 'unknown' end,
			case when m.id is not null then m.from_day when s.known_from <= $1 and s.state = 'vacant' and s.since <= $1 then s.since end,
			m.id, p.id, p.name_hi, p.name_en
		from seat s join post t on t.id = s.post_id join organization o on o.id = s.organization_id
			join role r on r.id = s.role_id join area a on a.id = t.area_id
			left join membership m on m.seat_id = s.id and m.from_day <= $1 and (m.to_day is null or m.to_day > $1)
			left join person p on p.id = m.person_id
		where s.organization_id = $2 and (t.from_day is null or t.from_day <= $1) and (t.to_day is null or t.to_day > $1)
		order by r.rank, a.number, a.sort_key, t.id, s.number limit 1000`, []any{day, id}, scanSeat)
}

// SeatsAt lists the seats whose post works in exactly this area, such as the
// booth agent of a booth, that by sees.
func SeatsAt(tx *db.Tx, by access.Actor, id AreaID) ([]Seat, error) {
	all, err := db.Select(tx, `select `+seatFrom+`where t.area_id = $1 and s.organization_id not in
			(select id from organization where area_id = $1) order by r.rank, s.number limit 100`, []any{id}, scanSeat)
	if err != nil {
		return nil, err
	}
	seen := all[:0]
	for _, s := range all {
		o, err := Lookup(tx, s.Organization)
		if err != nil {
			return nil, err
		}
		if by.Sees(o.Target("")) {
			seen = append(seen, s)
		}
	}
	return seen, nil
}

// The ways to sort seats. A seat of which nobody has told stands first where days count.
var (
	seatsByRank  = db.Order{Name: "rank", By: []db.By{{SQL: "s.rank", Int: true}, {SQL: "coalesce(s.since, '')"}, {SQL: "s.id"}}}
	seatsBySince = db.Order{Name: "since", By: []db.By{{SQL: "coalesce(s.since, '')"}, {SQL: "s.id"}}}
	seatsByBody  = db.Order{Name: "body", By: []db.By{{SQL: "o.path"}, {SQL: "s.rank", Int: true}, {SQL: "coalesce(a.number, 0)", Int: true}, {SQL: "s.id"}}}
	seatsByName  = db.Order{Name: "name", By: []db.By{{SQL: "coalesce(p.sort_key, '')"}, {SQL: "s.id"}}}
)

// Vacancies lists vacant seats that by sees, in a unit ("" for all) and of a role (""
// for all), a page at a time: sorted "rank" (the highest and among them the longest
// vacant first) or "since" (the longest vacant first). Faults: Invalid (sort, after).
func Vacancies(tx *db.Tx, by access.Actor, unit OrganizationID, role RoleID, p db.Page) (page []Seat, next string, err error) {
	defer fault.Op(&err, "org.Vacancies")
	r := by.ReachOf(access.SeeRegister)
	if unit == "" {
		if unit, err = Inside(tx, by); err != nil {
			return nil, "", err
		}
	}
	args := db.Args{r.OrgFrom, r.OrgTo, r.AreaFrom, r.AreaTo}
	where := `where s.state = 'vacant' and (o.path >= $1 and o.path < $2 or o.area_path >= $3 and o.area_path < $4)`
	db.Equal(&where, &args, "s.unit_id", string(unit))
	if err := ofRole(tx, &where, &args, role); err != nil {
		return nil, "", err
	}
	return db.Paged(tx, `select {key}, `+seatFrom+where, args, []db.Order{seatsByRank, seatsBySince}, p, scanSeat)
}

// ofRole adds the condition of a role ("" for none), with its rank, by which seats are
// found in an index.
func ofRole(tx *db.Tx, where *string, args *db.Args, role RoleID) error {
	if role == "" {
		return nil
	}
	rank, err := tx.Int(`select rank from role where id = $1`, role)
	db.Equal(where, args, "s.role_id", string(role))
	*where += ` and s.rank = ` + args.Place(rank)
	return err
}

// SeatFilter chooses seats of one body and of everything that [CountSeats] counts
// with it.
type SeatFilter struct {
	Body   OrganizationID
	State  string // filled, vacant, unknown; "" for all
	Role   RoleID // "" for all
	Agents bool   // the booth agents; else all others
}

// SeatSorts tells how Seats can be sorted: "body" (body by body, by rank), "rank",
// "name" (of the holder) and "since" (the longest first). Of the state's body, where
// there are too many to be gathered first, only as an index has them.
func SeatSorts(body Organization, f SeatFilter) (names []string) {
	for _, o := range seatOrders(body, f) {
		names = append(names, o.Name)
	}
	return names
}

func seatOrders(body Organization, f SeatFilter) []db.Order {
	switch {
	case body.Parent != "":
		return []db.Order{seatsByBody, seatsByRank, seatsByName, seatsBySince}
	case f.State != "":
		return []db.Order{seatsByBody, seatsByRank, seatsBySince}
	}
	return []db.Order{seatsByBody}
}

// Seats lists the seats behind the figures of CountSeats, those of a reach that by
// may see, a page at a time, sorted by one of [SeatSorts]. by must see the body.
// Faults: Unauthorized, NotFound, Invalid (sort, after).
func Seats(tx *db.Tx, by access.Actor, f SeatFilter, p db.Page) (page []Seat, next string, err error) {
	defer fault.Op(&err, "org.Seats(%s)", f.Body)
	body, err := GetOrganization(tx, by, f.Body)
	if err != nil {
		return nil, "", err
	}
	r := by.ReachOf(access.SeeRegister)
	orders := seatOrders(body, f)
	byBody := p.Sort == "" || p.Sort == seatsByBody.Name
	args := db.Args{r.OrgFrom, r.OrgTo, r.AreaFrom, r.AreaTo, by.Org}
	where := `(o.path >= $1 and o.path < $2 or o.area_path >= $3 and o.area_path < $4 or o.id = $5)`
	switch {
	case body.Parent == "" || body.Unit != body.ID:
		from, to := access.Range(body.Path)
		where += ` and o.path >= ` + args.Place(from) + ` and o.path < ` + args.Place(to)
	case byBody: // with the district's cells, which stand under another line
		where += ` and o.unit_id = ` + args.Place(body.ID)
	default:
		where += ` and s.unit_id = ` + args.Place(body.ID)
	}
	db.Equal(&where, &args, "s.state", f.State)
	if f.Agents {
		f.Role = "booth_agent"
	} else {
		where += ` and s.role_id <> 'booth_agent'`
	}
	if byBody {
		db.Equal(&where, &args, "s.role_id", string(f.Role))
		return db.Paged(tx, `select {key}, `+seatsOfBodies+where, args, orders, p, scanSeat)
	}
	if err := ofRole(tx, &where, &args, f.Role); err != nil {
		return nil, "", err
	}
	return db.Paged(tx, `select {key}, `+seatFrom+`where `+where, args, orders, p, scanSeat)
}

// Count is how many seats are filled, vacant and not known.
type Count struct {
	Filled  int `json:"filled"`
	Vacant  int `json:"vacant"`
	Unknown int `json:"unknown"`
}

// Total is the number of seats.
func (c Count) Total() int { return c.Filled + c.Vacant + c.Unknown }

// CountSeats counts the seats of an organization and of everything under it, of a
// district-level body also those of the cells in the district; booth agents apart.
// For one who sees the body and not all that is under it, the seats of the body alone.
// by must see it. Faults: Unauthorized, NotFound.
func CountSeats(tx *db.Tx, by access.Actor, id OrganizationID) (posts, agents Count, err error) {
	defer fault.Op(&err, "org.CountSeats(%s)", id)
	o, err := GetOrganization(tx, by, id)
	if err != nil {
		return posts, agents, err
	}
	if !by.MayWithin(access.SeeRegister, o.Target("")) {
		return countAlone(tx, id)
	}
	f, err := tally.At(tx, o.Label, "")
	return countOf(f, tally.PostFilled, tally.PostVacant, tally.PostUnknown), countOf(f, tally.AgentFilled, tally.AgentVacant, tally.AgentUnknown), err
}

// countAlone counts the seats of exactly one organization.
func countAlone(tx *db.Tx, id OrganizationID) (posts, agents Count, err error) {
	type row struct {
		role, state string
		n           int
	}
	rows, err := db.Select(tx, `select role_id, state, count(*) from seat where organization_id = $1 group by state, role_id`, []any{id},
		func(s db.Scanner) (r row, err error) { return r, s.Scan(&r.role, &r.state, &r.n) })
	f := tally.Figures{}
	for _, r := range rows {
		f[seatMeasure(RoleID(r.role), r.state)] += r.n
	}
	return countOf(f, tally.PostFilled, tally.PostVacant, tally.PostUnknown), countOf(f, tally.AgentFilled, tally.AgentVacant, tally.AgentUnknown), err
}

func countOf(f tally.Figures, filled, vacant, unknown string) Count {
	return Count{Filled: f[filled], Vacant: f[vacant], Unknown: f[unknown]}
}

// CountByUnit counts seats for every district-level body at once, booth agents
// apart, for lists of units.
func CountByUnit(tx *db.Tx) (posts, agents map[OrganizationID]*Count, err error) {
	figures := map[OrganizationID]tally.Figures{}
	rows, err := tx.Query(`select o.id, t.measure, sum(t.n) from organization o join tally_now t on t.node = o.label and t.month = ''
		where o.unit_id = o.id group by o.id, t.measure`)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var unit OrganizationID
		var measure string
		var n int
		if err := rows.Scan(&unit, &measure, &n); err != nil {
			return nil, nil, err
		}
		if figures[unit] == nil {
			figures[unit] = tally.Figures{}
		}
		figures[unit][measure] = n
	}
	posts, agents = map[OrganizationID]*Count{}, map[OrganizationID]*Count{}
	for unit, f := range figures {
		p, a := countOf(f, tally.PostFilled, tally.PostVacant, tally.PostUnknown), countOf(f, tally.AgentFilled, tally.AgentVacant, tally.AgentUnknown)
		posts[unit], agents[unit] = &p, &a
	}
	return posts, agents, rows.Err()
}

// IsDay reports whether s is a real calendar day written YYYY-MM-DD.
func IsDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}
