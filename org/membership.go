package org

import (
	"database/sql"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
)

// Membership is a person in a post of an organization from a day (Popolo
// Membership, W3C org:Membership), with how it began and why it ended.
type Membership struct {
	ID           MembershipID   `json:"id"`
	Person       PersonID       `json:"person"`
	PersonHi     string         `json:"person_hi"`
	PersonEn     string         `json:"person_en"`
	Organization OrganizationID `json:"organization"`
	OrgHi        string         `json:"organization_hi"`
	OrgEn        string         `json:"organization_en"`
	Unit         OrganizationID `json:"unit,omitempty"`
	Post         PostID         `json:"post"`
	Seat         SeatID         `json:"seat,omitempty"`
	Role         RoleID         `json:"role"`
	RoleHi       string         `json:"role_hi"`
	RoleEn       string         `json:"role_en"`
	Area         AreaID         `json:"area"`
	AreaHi       string         `json:"area_hi"`
	AreaEn       string         `json:"area_en"`
	Charge       string         `json:"charge"` // regular, acting, additional
	FromDay      string         `json:"from_day"`
	ToDay        string         `json:"to_day,omitempty"`
	EndReason    string         `json:"end_reason,omitempty"`
	BegunBy      string         `json:"begun_by"` // order, as_found
	BeginOrder   OrderID        `json:"begin_order,omitempty"`
	EndOrder     OrderID        `json:"end_order,omitempty"`
	Standing     string         `json:"standing"` // told, called, confirmed
	LastActivity string         `json:"last_activity,omitempty"`
}

// Running reports whether the membership holds now.
func (m Membership) Running() bool { return m.ToDay == "" }

// EndKey names the message that tells how the membership ended.
func (m Membership) EndKey() string { return "org.end." + m.EndReason }

const membershipFrom = `m.id, m.person_id, p.name_hi, p.name_en, m.organization_id, o.name_hi, o.name_en, m.unit_id, m.post_id, m.seat_id,
		m.role_id, coalesce(nullif(t.label_hi, ''), r.name_hi), coalesce(nullif(t.label_en, ''), r.name_en), m.area_id, a.name_hi, a.name_en,
		m.charge, m.from_day, m.to_day, m.end_reason, m.begun_by, m.begin_order, m.end_order, m.standing, m.last_activity
	from membership m join person p on p.id = m.person_id join organization o on o.id = m.organization_id
		join role r on r.id = m.role_id join post t on t.id = m.post_id join area a on a.id = m.area_id `

func scanMembership(s db.Scanner) (m Membership, err error) {
	var unit, seat, to, begin, end, last sql.NullString
	err = s.Scan(&m.ID, &m.Person, &m.PersonHi, &m.PersonEn, &m.Organization, &m.OrgHi, &m.OrgEn, &unit, &m.Post, &seat,
		&m.Role, &m.RoleHi, &m.RoleEn, &m.Area, &m.AreaHi, &m.AreaEn, &m.Charge, &m.FromDay, &to, &m.EndReason, &m.BegunBy,
		&begin, &end, &m.Standing, &last)
	m.Unit, m.Seat, m.ToDay = OrganizationID(unit.String), SeatID(seat.String), to.String
	m.BeginOrder, m.EndOrder, m.LastActivity = OrderID(begin.String), OrderID(end.String), last.String
	return m, err
}

// LookupMembership reads a membership without asking who reads: for verbs.
func LookupMembership(tx *db.Tx, id MembershipID) (Membership, error) {
	return db.Remember(tx, id, func() (Membership, error) {
		return db.Single(tx, `select `+membershipFrom+`where m.id = $1`, []any{id}, scanMembership)
	})
}

// Record lists a person's memberships, the running and newest first; with day not
// "", only those in force on that day. Appointments that were revoked, and those in
// organizations that by does not see, are left out. Faults: Unauthorized, NotFound,
// Invalid (day).
func Record(tx *db.Tx, by access.Actor, id PersonID, day string) (record []Membership, err error) {
	defer fault.Op(&err, "org.Record(%s)", id)
	if day != "" && !IsDay(day) {
		return nil, fault.In("day", "org.bad_day")
	}
	if _, err := GetPerson(tx, by, id); err != nil {
		return nil, err
	}
	all, err := db.Select(tx, `select `+membershipFrom+`where m.person_id = $1
			and ($2 = '' or m.from_day <= $2 and (m.to_day is null or m.to_day > $2)) and m.end_reason <> 'appointment_revoked'
		order by case when m.to_day is null then 0 else 1 end, m.from_day desc, r.rank, m.id`, []any{id, day}, scanMembership)
	if err != nil || string(id) == by.Person {
		return all, err
	}
	for _, m := range all {
		o, err := Lookup(tx, m.Organization)
		if err != nil {
			return nil, err
		}
		if by.Sees(o.Target("")) {
			record = append(record, m)
		}
	}
	return record, nil
}

// Hats lists the running memberships of a person, the highest first.
func Hats(tx *db.Tx, person PersonID) ([]Membership, error) {
	return db.Select(tx, `select `+membershipFrom+`where m.person_id = $1 and m.to_day is null order by r.rank, m.from_day, m.id`,
		[]any{person}, scanMembership)
}

// Holders lists who held a post of the organization on a day (today for ""), by
// rank and name. Faults: Unauthorized, NotFound, Invalid (day).
func Holders(tx *db.Tx, by access.Actor, id OrganizationID, day string) (holders []Membership, err error) {
	defer fault.Op(&err, "org.Holders(%s, %s)", id, day)
	if _, err := GetOrganization(tx, by, id); err != nil {
		return nil, err
	}
	return holdersOf(tx, id, day)
}

func holdersOf(tx *db.Tx, id OrganizationID, day string) ([]Membership, error) {
	if day == "" {
		day = tx.Today()
	}
	if !IsDay(day) {
		return nil, fault.In("day", "org.bad_day")
	}
	return db.Select(tx, `select `+membershipFrom+`where m.organization_id = $1 and m.from_day <= $2 and (m.to_day is null or m.to_day > $2)
		order by r.rank, a.number, p.sort_key, m.id`, []any{id, day}, scanMembership)
}

// Found tells that a person was found in a post when the register began or was
// gone through: a membership without an order, with its source.
type Found struct {
	Seat      SeatID
	Person    PersonID
	FromDay   string
	Source    string
	SourceDay string
}

// Validate checks the form of what was found, on the day today: a source, and past days.
func (in Found) Validate(today string) error {
	var f fault.Form
	CheckText(&f, "source", in.Source, "org.source_missing")
	f.Check(IsDay(in.FromDay) && in.FromDay <= today, "from_day", "org.bad_past_day")
	f.Check(IsDay(in.SourceDay) && in.SourceDay <= today, "source_day", "org.bad_past_day")
	return f.Err()
}

// AsFound enters a membership as found. The actor needs load_data on the
// organization and may not enter themself. Faults: Invalid, NotFound, Forbidden,
// Conflict (the seat is filled).
func AsFound(tx *db.Tx, by access.Actor, in Found) (id MembershipID, err error) {
	defer fault.Op(&err, "org.AsFound(%s)", in.Seat)
	seat, o, err := LookupSeat(tx, in.Seat)
	if err != nil {
		return "", err
	}
	if err := by.Check(access.LoadData, o.Target("")); err != nil {
		return "", err
	}
	if err := in.Validate(tx.Today()); err != nil {
		return "", err
	}
	if in.Person != "" && string(in.Person) == by.Person {
		return "", fault.New(fault.Forbidden, "org.not_for_oneself")
	}
	if err := CheckFit(tx, seat, in.Person, "regular"); err != nil {
		return "", err
	}
	id, err = begin(tx, seat, begun{person: in.Person, charge: "regular", day: in.FromDay, by: "as_found", source: in.Source, sourceDay: in.SourceDay})
	if err != nil {
		return "", err
	}
	return id, access.Audit(tx, by, "org.as_found", "membership", string(id), in)
}

// CheckFit tells whether a person can take a charge (regular, acting, additional)
// of a seat at all. Whoever has a charge of a post without a seat can take a seat in
// it: the charge then ends. Faults: Invalid (charge; person unknown, merged into
// another record, dead, or holding the post already), Conflict (organization
// dissolved; seat taken).
func CheckFit(tx *db.Tx, s Seat, person PersonID, charge string) error {
	if charge != "regular" && charge != "acting" && charge != "additional" {
		return fault.In("charge", "org.bad_charge")
	}
	var merged, dissolved sql.NullString
	err := tx.Scan(`select canonical_id from person where id = $1`, []any{person}, &merged)
	if fault.Is(err, fault.NotFound) {
		return fault.In("person", "org.unknown_person")
	}
	if err != nil {
		return err
	}
	if merged.String != "" {
		return fault.In("person", "org.person_merged")
	}
	if dead, err := died(tx, person); err != nil {
		return err
	} else if dead {
		return fault.In("person", "org.has_died")
	}
	if err := tx.Scan(`select dissolved from organization where id = $1`, []any{s.Organization}, &dissolved); err != nil {
		return err
	}
	if dissolved.String != "" {
		return fault.New(fault.Conflict, "org.dissolved")
	}
	if charge == "regular" && s.State == "filled" {
		return fault.New(fault.Conflict, "org.seat_taken")
	}
	holds, err := tx.Int(`select count(*) from membership where person_id = $1 and post_id = $2 and to_day is null
		and (seat_id is not null or $3 <> 'regular')`, person, s.Post, charge)
	if err != nil {
		return err
	}
	if holds > 0 {
		return fault.In("person", "org.already_holds")
	}
	return nil
}

// died reports whether the person's death is on record.
func died(tx *db.Tx, person PersonID) (bool, error) {
	n, err := tx.Int(`select count(*) from membership where person_id = $1 and end_reason = 'died'`, person)
	return n > 0, err
}

// begun is how a membership begins.
type begun struct {
	person            PersonID
	charge, day       string
	by                string
	order             OrderID
	source, sourceDay string
}

// begin is the one place where a membership starts: it takes the seat by one
// conditional update (two appointments cannot both win), writes the row and its
// grants. An acting or additional charge takes no seat. The caller has asked
// [CheckFit].
func begin(tx *db.Tx, s Seat, b begun) (MembershipID, error) {
	id := MembershipID(tx.NewID())
	seat := ""
	if b.charge == "regular" {
		seat = string(s.ID)
		held, err := tx.Text(`select max(to_day) from membership where seat_id = $1 and to_day > from_day`, seat)
		if err != nil {
			return "", err
		}
		if held > b.day { // a seat has one holder on past days too
			return "", fault.In("day", "org.seat_held_until", "day", lang.Day(held))
		}
		charges, err := db.Select(tx, `select `+membershipFrom+`where m.person_id = $1 and m.post_id = $2 and m.to_day is null`, []any{b.person, s.Post}, scanMembership)
		if err != nil {
			return "", err
		}
		for _, c := range charges {
			if err := end(tx, c, "term_over", max(b.day, c.FromDay), b.order); err != nil {
				return "", err
			}
		}
		before, o, err := LookupSeat(tx, s.ID)
		if err != nil {
			return "", err
		}
		if err := takeSeat(tx, s.ID, id, b.day); err != nil {
			return "", err
		}
		if err := seatsTurn(tx, o, s.Area, s.Role, before.State, "filled", 1); err != nil {
			return "", err
		}
	}
	_, err := tx.Exec(`insert into membership(id, person_id, organization_id, unit_id, post_id, seat_id, role_id, area_id, charge,
			from_day, begun_by, begin_order, source, source_day, standing)
		values($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		id, b.person, s.Organization, db.Null(string(s.Unit)), s.Post, db.Null(seat), s.Role, s.Area, b.charge,
		b.day, b.by, db.Null(string(b.order)), b.source, db.Null(b.sourceDay), standing(b.by))
	if err != nil {
		return "", err
	}
	return id, access.Grant(tx, string(id), string(s.Role), string(s.Organization))
}

// takeSeat is the one conditional update by which a seat is taken. Faults: Conflict.
func takeSeat(tx *db.Tx, id SeatID, by MembershipID, day string) error {
	n, err := tx.Exec(`update seat set state = 'filled', membership_id = $1, since = $2,
			known_from = case when known_from is null or known_from > $2 then $2 else known_from end
		where id = $3 and state <> 'filled'`, by, day, id)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "org.seat_taken")
	}
	return err
}

func standing(by string) string {
	if by == "order" {
		return "confirmed"
	}
	return "told"
}

// end is the one place where a membership stops: the row, the seat (which becomes
// vacant, for that is now known), what undecided cases count as, and the grants, open
// sessions included.
func end(tx *db.Tx, m Membership, reason, day string, order OrderID) error {
	n, err := tx.Exec(`update membership set to_day = $1, end_reason = $2, end_order = $3 where id = $4 and to_day is null`,
		day, reason, db.Null(string(order)), m.ID)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "org.already_ended")
	}
	if m.Seat != "" { // vacant since someone last held it, or since that was first known
		_, err := tx.Exec(`update seat set state = 'vacant', membership_id = null,
				since = coalesce((select max(to_day) from membership where seat_id = seat.id and to_day > from_day), known_from)
			where id = $1 and membership_id = $2`, m.Seat, m.ID)
		if err != nil {
			return err
		}
		s, o, err := LookupSeat(tx, m.Seat)
		if err != nil {
			return err
		}
		if err := seatsTurn(tx, o, s.Area, s.Role, "filled", s.State, 1); err != nil {
			return err
		}
	}
	if err := casesTurn(tx, m, true); err != nil {
		return err
	}
	return access.Withdraw(tx, string(m.ID))
}
