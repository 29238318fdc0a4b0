package appointment

import (
	"database/sql"
	"slices"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
)

// Proposal is a person proposed for a seat of a post. A seat may have several open
// proposals, of several people.
type Proposal struct {
	ID           string             `json:"id"`
	Seat         org.SeatID         `json:"seat"`
	Post         org.PostID         `json:"post"`
	Organization org.OrganizationID `json:"organization"`
	OrgHi        string             `json:"organization_hi"`
	OrgEn        string             `json:"organization_en"`
	Unit         org.OrganizationID `json:"unit,omitempty"`
	Role         org.RoleID         `json:"role"`
	RoleHi       string             `json:"role_hi"`
	RoleEn       string             `json:"role_en"`
	Area         org.AreaID         `json:"area"`
	AreaHi       string             `json:"area_hi"`
	AreaEn       string             `json:"area_en"`
	Person       org.PersonID       `json:"person"`
	PersonHi     string             `json:"person_hi"`
	PersonEn     string             `json:"person_en"`
	NewPerson    *org.NewPerson     `json:"-"`      // in Propose, in place of Person: someone not yet in the register
	Charge       string             `json:"charge"` // regular, acting, additional
	Reason       string             `json:"reason"`
	State        string             `json:"state"`       // open, approved, refused, withdrawn
	ProposedAt   int64              `json:"proposed_at"` // milliseconds UTC
	ProposedBy   org.PersonID       `json:"proposed_by,omitempty"`
	ProposerHi   string             `json:"proposer_hi"`
	ProposerEn   string             `json:"proposer_en"`
	DecidedAt    int64              `json:"decided_at,omitempty"`
	DecidedBy    org.PersonID       `json:"decided_by,omitempty"`
	DeciderHi    string             `json:"decider_hi,omitempty"`
	DeciderEn    string             `json:"decider_en,omitempty"`
	Decision     string             `json:"decision,omitempty"`     // the reason of the decision, as written
	DecisionKey  string             `json:"decision_key,omitempty"` // or the message of a reason that no one wrote
	Order        org.OrderID        `json:"order,omitempty"`
}

// States are the states of a proposal.
var States = []string{"open", "approved", "refused", "withdrawn"}

// StateKey names the message of the proposal's state.
func (p Proposal) StateKey() string { return "appointment.state." + p.State }

// seatGiven is the reason that stands in proposals closed by another's approval.
const seatGiven = "appointment.seat_given"

// seatResumed stands in those for a seat that its holder has again, by an order that
// took the ending back; package org closes them.
const seatResumed = "appointment.seat_resumed"

const proposalFrom = `d.id, d.seat_id, d.post_id, d.organization_id, o.name_hi, o.name_en, d.unit_id, t.role_id,
		coalesce(nullif(t.label_hi, ''), r.name_hi), coalesce(nullif(t.label_en, ''), r.name_en), t.area_id, a.name_hi, a.name_en,
		d.person_id, p.name_hi, p.name_en, d.charge, d.reason, d.state, d.proposed_at, d.proposed_person, coalesce(pp.name_hi, ''), coalesce(pp.name_en, ''),
		d.decided_at, d.decided_person, coalesce(dp.name_hi, ''), coalesce(dp.name_en, ''), d.decision_reason, d.order_id
	from proposal d join organization o on o.id = d.organization_id join post t on t.id = d.post_id join role r on r.id = t.role_id
		join area a on a.id = t.area_id join person p on p.id = d.person_id
		left join person pp on pp.id = d.proposed_person left join person dp on dp.id = d.decided_person `

func scanProposal(s db.Scanner) (p Proposal, err error) {
	var unit, decider, order sql.NullString
	var decided sql.NullInt64
	err = s.Scan(&p.ID, &p.Seat, &p.Post, &p.Organization, &p.OrgHi, &p.OrgEn, &unit, &p.Role,
		&p.RoleHi, &p.RoleEn, &p.Area, &p.AreaHi, &p.AreaEn,
		&p.Person, &p.PersonHi, &p.PersonEn, &p.Charge, &p.Reason, &p.State, &p.ProposedAt, &p.ProposedBy, &p.ProposerHi, &p.ProposerEn,
		&decided, &decider, &p.DeciderHi, &p.DeciderEn, &p.Decision, &order)
	p.Unit, p.DecidedBy, p.DecidedAt, p.Order = org.OrganizationID(unit.String), org.PersonID(decider.String), decided.Int64, org.OrderID(order.String)
	if p.Decision == seatGiven || p.Decision == seatResumed {
		p.Decision, p.DecisionKey = "", p.Decision
	}
	return p, err
}

// Propose proposes a person of the register that by sees, or someone new who enters
// it with the proposal, for a seat; with Charge "acting" or "additional" for its post
// beside whoever holds the seat. Read are ID ("" to have one made), Seat, Person or
// NewPerson, Charge ("" is regular) and Reason. The actor needs act propose on the
// seat's organization and may not propose themself. Faults: Unauthorized, Invalid,
// NotFound, Forbidden, Conflict (the seat is filled; this proposal is open already).
func Propose(tx *db.Tx, by access.Actor, in Proposal) (id string, err error) {
	defer fault.Op(&err, "appointment.Propose(%s)", in.Seat)
	seat, o, err := org.LookupSeat(tx, in.Seat)
	if err != nil {
		return "", err
	}
	if err := by.Check(access.Propose, o.Target("")); err != nil {
		return "", err
	}
	var f fault.Form
	org.CheckText(&f, "reason", in.Reason, "org.reason_missing")
	if err := f.Err(); err != nil {
		return "", err
	}
	if in.Charge == "" {
		in.Charge = "regular"
	}
	switch {
	case in.NewPerson != nil:
		if in.Person, err = org.AddPerson(tx, by, *in.NewPerson); err != nil {
			return "", err
		}
	case in.Person != "" && string(in.Person) == by.Person:
		return "", fault.New(fault.Forbidden, "org.not_for_oneself")
	default:
		if ok, err := knows(tx, by, in.Person); err != nil {
			return "", err
		} else if !ok {
			return "", fault.In("person", "org.unknown_person")
		}
	}
	if err := org.CheckFit(tx, seat, in.Person, in.Charge); err != nil {
		return "", err
	}
	if n, err := tx.Int(`select count(*) from proposal where seat_id = $1 and state = 'open' and person_id = $2 and charge = $3`,
		in.Seat, in.Person, in.Charge); err != nil {
		return "", err
	} else if n > 0 {
		return "", fault.New(fault.Conflict, "appointment.proposed_already")
	}
	if in.ID == "" {
		in.ID = tx.NewID()
	}
	added, err := tx.Exec(`insert into proposal(id, seat_id, post_id, organization_id, unit_id, person_id, charge, reason, state, proposed_at, proposed_by, proposed_person)
		values($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10, $11) on conflict(id) do nothing`,
		in.ID, seat.ID, seat.Post, o.ID, db.Null(string(o.Unit)), in.Person, in.Charge, in.Reason, tx.Millis(), by.Membership, by.Person)
	if err != nil {
		return "", err
	}
	if added == 0 {
		return "", fault.New(fault.Conflict, "fault.id_taken")
	}
	return in.ID, access.Audit(tx, by, "appointment.proposed", "proposal", in.ID, map[string]any{"seat": in.Seat, "person": in.Person})
}

// knows reports whether by may see the person: by a post, or by a proposal where by
// may propose or approve.
func knows(tx *db.Tx, by access.Actor, person org.PersonID) (bool, error) {
	t, err := org.PersonTarget(tx, by, person)
	if err != nil || t.OrgPath != "" && by.Sees(t) {
		return err == nil, err
	}
	bodies, err := db.Select(tx, `select distinct organization_id from proposal where person_id = $1`, []any{person}, db.One[org.OrganizationID])
	if err != nil {
		return false, err
	}
	for _, id := range bodies {
		o, err := org.Lookup(tx, id)
		if err != nil {
			return false, err
		}
		if decides(by, o) {
			return true, nil
		}
	}
	return false, nil
}

// decides reports whether by has to do with the proposals of an organization.
func decides(by access.Actor, o org.Organization) bool {
	return by.May(access.Propose, o.Target("")) || by.May(access.Approve, o.Target(""))
}

// Get reads a proposal. Faults: Unauthorized, NotFound.
func Get(tx *db.Tx, by access.Actor, id string) (p Proposal, err error) {
	defer fault.Op(&err, "appointment.Get(%s)", id)
	p, _, err = lookup(tx, by, id)
	return p, err
}

func lookup(tx *db.Tx, by access.Actor, id string) (Proposal, org.Organization, error) {
	if !by.SignedIn() {
		return Proposal{}, org.Organization{}, fault.New(fault.Unauthorized, "access.sign_in")
	}
	found, err := db.Select(tx, `select `+proposalFrom+`where d.id = $1`, []any{id}, scanProposal)
	if err != nil {
		return Proposal{}, org.Organization{}, err
	}
	if len(found) == 1 {
		p := found[0]
		o, err := org.Lookup(tx, p.Organization)
		if err != nil || decides(by, o) || p.ProposedBy != "" && string(p.ProposedBy) == by.Person {
			return p, o, err
		}
	}
	return Proposal{}, org.Organization{}, fault.New(fault.NotFound, "fault.not_found")
}

// Filter narrows a list of proposals; "" is all.
type Filter struct {
	Unit  org.OrganizationID
	State string
	Seat  org.SeatID
}

// proposalOrders are the ways to sort proposals.
var proposalOrders = []db.Order{
	{Name: "waiting", By: []db.By{{SQL: "case d.state when 'open' then 1 else 0 end", Int: true, Desc: true}, {SQL: "d.proposed_at", Int: true, Desc: true}, {SQL: "d.id", Desc: true}}},
	{Name: "new", By: []db.By{{SQL: "d.proposed_at", Int: true, Desc: true}, {SQL: "d.id", Desc: true}}},
	{Name: "old", By: []db.By{{SQL: "d.proposed_at", Int: true}, {SQL: "d.id"}}},
}

// List lists the proposals that by may see, a page at a time: sorted "waiting" (open
// ones first, then the newest), "new" or "old". Faults: Unauthorized, Invalid (state,
// sort, after).
func List(tx *db.Tx, by access.Actor, f Filter, page db.Page) (list []Proposal, next string, err error) {
	defer fault.Op(&err, "appointment.List")
	if !by.SignedIn() {
		return nil, "", fault.New(fault.Unauthorized, "access.sign_in")
	}
	if f.State != "" && !slices.Contains(States, f.State) {
		return nil, "", fault.In("state", "appointment.unknown_state")
	}
	p, a := by.ReachOf(access.Propose), by.ReachOf(access.Approve)
	args := db.Args{p.OrgFrom, p.OrgTo, p.AreaFrom, p.AreaTo, a.OrgFrom, a.OrgTo, a.AreaFrom, a.AreaTo, by.Person}
	where := `where (o.path >= $1 and o.path < $2 or o.area_path >= $3 and o.area_path < $4
			or o.path >= $5 and o.path < $6 or o.area_path >= $7 and o.area_path < $8 or d.proposed_person = $9 and $9 <> '')`
	db.Equal(&where, &args, "d.unit_id", string(f.Unit))
	db.Equal(&where, &args, "d.state", f.State)
	db.Equal(&where, &args, "d.seat_id", string(f.Seat))
	return db.Paged(tx, `select {key}, `+proposalFrom+where, args, proposalOrders, page, scanProposal)
}
