package org

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/letter"
)

// Order is how authority changes who holds a post: numbered without gaps in the
// year, dated, with its reasons and by whom.
type Order struct {
	ID           OrderID        `json:"id"`
	Number       string         `json:"number"`
	Kind         string         `json:"kind"`
	Person       PersonID       `json:"person"`
	PersonHi     string         `json:"person_hi"`
	PersonEn     string         `json:"person_en"`
	Membership   MembershipID   `json:"membership,omitempty"`
	Organization OrganizationID `json:"organization"`
	OrgHi        string         `json:"organization_hi"`
	OrgEn        string         `json:"organization_en"`
	RoleHi       string         `json:"role_hi"`
	RoleEn       string         `json:"role_en"`
	Case         string         `json:"case,omitempty"`
	Revokes      OrderID        `json:"revokes,omitempty"`
	RevokedBy    OrderID        `json:"revoked_by,omitempty"`
	EffectiveDay string         `json:"effective_day"`
	RecordedAt   int64          `json:"recorded_at"` // milliseconds UTC
	ByPerson     PersonID       `json:"by_person,omitempty"`
	ByHi         string         `json:"by_hi"`
	ByEn         string         `json:"by_en"`
	ByRoleHi     string         `json:"by_role_hi"`
	ByRoleEn     string         `json:"by_role_en"`
	Reason       string         `json:"reason"`
	Charge       string         `json:"charge,omitempty"` // of an appointment: regular, acting, additional
	Ending       string         `json:"ending,omitempty"` // of an ending: how it stands in the register, see [Membership]
}

// The kinds of order.
const (
	OrderAppointment   = "appointment"
	OrderRelief        = "relief"
	OrderWithoutNotice = "relief_without_notice" // stands in the register for ever as without notice
	OrderRecord        = "record"                // a resignation, a death, an end of term put on record
	OrderRevocation    = "revocation"
	OrderReinstatement = "reinstatement"
	OrderWarning       = "warning"
)

// Revocable are the kinds of order that [Revoke] takes back.
var Revocable = []string{OrderAppointment, OrderRelief, OrderWithoutNotice, OrderRecord}

// EndReasons are the reasons by which a membership may be put on record as ended
// without a case: all of them states of fact, none of them a judgement.
var EndReasons = []string{"resigned", "died", "left", "term_over", "dissolved", "merged"}

const orderFrom = `d.id, d.number, d.kind, d.person_id, p.name_hi, p.name_en, d.membership_id, d.organization_id, o.name_hi, o.name_en,
		coalesce(nullif(t.label_hi, ''), r.name_hi, ''), coalesce(nullif(t.label_en, ''), r.name_en, ''), d.case_id, d.revokes, d.revoked_by,
		d.effective_day, d.recorded_at, d.by_person, coalesce(bp.name_hi, ''), coalesce(bp.name_en, ''), coalesce(br.name_hi, ''), coalesce(br.name_en, ''), d.reason, d.extra
	from orders d join person p on p.id = d.person_id join organization o on o.id = d.organization_id
		left join membership m on m.id = d.membership_id left join role r on r.id = m.role_id left join post t on t.id = m.post_id
		left join person bp on bp.id = d.by_person
		left join membership bm on bm.id = d.by_membership left join role br on br.id = bm.role_id `

func scanOrder(s db.Scanner) (d Order, err error) {
	var member, cs, revokes, revoked, by sql.NullString
	var extra string
	err = s.Scan(&d.ID, &d.Number, &d.Kind, &d.Person, &d.PersonHi, &d.PersonEn, &member, &d.Organization, &d.OrgHi, &d.OrgEn,
		&d.RoleHi, &d.RoleEn, &cs, &revokes, &revoked, &d.EffectiveDay, &d.RecordedAt, &by, &d.ByHi, &d.ByEn, &d.ByRoleHi, &d.ByRoleEn, &d.Reason, &extra)
	if err != nil {
		return d, err
	}
	var x orderExtra
	err = json.Unmarshal([]byte(extra), &x)
	d.Charge, d.Ending = x.Charge, x.Ending
	d.Membership, d.Case, d.Revokes, d.RevokedBy, d.ByPerson = MembershipID(member.String), cs.String, OrderID(revokes.String), OrderID(revoked.String), PersonID(by.String)
	return d, err
}

// orderExtra is what some orders alone have, kept in the column extra.
type orderExtra struct {
	Charge string `json:"charge,omitempty"`
	Ending string `json:"ending,omitempty"`
}

func lookupOrder(tx *db.Tx, id OrderID) (Order, Organization, error) {
	found, err := db.Select(tx, `select `+orderFrom+`where d.id = $1`, []any{id}, scanOrder)
	if err != nil {
		return Order{}, Organization{}, err
	}
	if len(found) == 0 {
		return Order{}, Organization{}, fault.New(fault.NotFound, "fault.not_found")
	}
	o, err := Lookup(tx, found[0].Organization)
	return found[0], o, err
}

// GetOrder reads an order of an organization that by may see, or about oneself.
// Faults: Unauthorized, NotFound.
func GetOrder(tx *db.Tx, by access.Actor, id OrderID) (d Order, err error) {
	defer fault.Op(&err, "org.GetOrder(%s)", id)
	d, o, err := lookupOrder(tx, id)
	if err != nil {
		return d, err
	}
	return d, by.CheckSees(o.Target(d.Person))
}

// OrderFilter chooses orders; what is empty does not choose.
type OrderFilter struct {
	Unit         OrganizationID // the district-level body, with everything in it
	Organization OrganizationID // exactly this body
	Person       PersonID       // about this person
	Kind         string         // of this kind
	Day          string         // issued on this day
}

// OrderKinds lists the kinds of order.
var OrderKinds = []string{OrderAppointment, OrderRelief, OrderWithoutNotice, OrderRecord, OrderRevocation, OrderReinstatement, OrderWarning}

// orderOrders are the ways to sort orders; the number breaks a tie.
var orderOrders = []db.Order{
	{Name: "new", By: []db.By{{SQL: "d.recorded_at", Int: true, Desc: true}, {SQL: "d.number", Desc: true}}},
	{Name: "old", By: []db.By{{SQL: "d.recorded_at", Int: true}, {SQL: "d.number"}}},
	{Name: "day", By: []db.By{{SQL: "d.effective_day", Desc: true}, {SQL: "d.number", Desc: true}}},
}

// Orders lists orders that by may see, a page at a time: sorted "new" (the newest
// first), "old", or "day" (the latest day of effect first). Faults: Unauthorized,
// Invalid (sort, after).
func Orders(tx *db.Tx, by access.Actor, f OrderFilter, p db.Page) (page []Order, next string, err error) {
	defer fault.Op(&err, "org.Orders")
	if !by.SignedIn() {
		return nil, "", fault.New(fault.Unauthorized, "access.sign_in")
	}
	if f.Unit == "" && f.Organization == "" && f.Person == "" {
		if f.Unit, err = Inside(tx, by); err != nil {
			return nil, "", err
		}
	}
	r := by.ReachOf(access.SeeRegister)
	args := db.Args{r.OrgFrom, r.OrgTo, r.AreaFrom, r.AreaTo, by.Person}
	where := `where (o.path >= $1 and o.path < $2 or o.area_path >= $3 and o.area_path < $4 or d.person_id = $5)`
	db.Equal(&where, &args, "d.unit_id", string(f.Unit))
	db.Equal(&where, &args, "d.organization_id", string(f.Organization))
	db.Equal(&where, &args, "d.person_id", string(f.Person))
	db.Equal(&where, &args, "d.kind", f.Kind)
	if f.Day != "" {
		from, err := time.ParseInLocation(time.DateOnly, f.Day, tx.Now.Location())
		if err != nil {
			return nil, "", fault.In("day", "org.bad_day")
		}
		args = append(args, from.UnixMilli(), from.AddDate(0, 0, 1).UnixMilli())
		where += fmt.Sprintf(" and d.recorded_at >= $%d and d.recorded_at < $%d", len(args)-1, len(args))
	}
	return db.Paged(tx, `select {key}, `+orderFrom+where, args, orderOrders, p, scanOrder)
}

// Inside gives the district-level body within which everything lies that by sees,
// what is about by included; "" when some of it may lie elsewhere. A list of all that
// one sees is so served from the index of one district.
func Inside(tx *db.Tx, by access.Actor) (OrganizationID, error) {
	if by.Unit == "" {
		return "", nil
	}
	unit, err := tx.Text(`select id from organization where id = $1 and parent_id is not null
		and not exists(select 1 from membership m where m.person_id = $2 and (m.unit_id is null or m.unit_id <> $1))`, by.Unit, by.Person)
	return OrganizationID(unit), err
}

// newOrder is what issue writes.
type newOrder struct {
	kind, reason, day, caseID string
	person                    PersonID
	membership                MembershipID
	organization, unit        OrganizationID
	revokes                   OrderID
	extra                     orderExtra
	copyTo                    []string
}

// issue writes an order under the next number of the dispatch register, and its letter.
func issue(tx *db.Tx, by access.Actor, n newOrder) (OrderID, error) {
	number, err := letter.Number(tx, by.Org)
	if err != nil {
		return "", err
	}
	extra, err := json.Marshal(n.extra)
	if err != nil {
		return "", err
	}
	id := OrderID(tx.NewID())
	_, err = tx.Exec(`insert into orders(id, number, kind, person_id, membership_id, organization_id, unit_id, case_id, revokes,
			effective_day, recorded_at, by_account, by_membership, by_person, reason, extra)
		values($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		id, number, n.kind, n.person, db.Null(string(n.membership)), n.organization, db.Null(string(n.unit)),
		db.Null(n.caseID), db.Null(string(n.revokes)), n.day, tx.Millis(), by.Account, db.Null(by.Membership), db.Null(by.Person), n.reason, string(extra))
	if err != nil {
		return "", err
	}
	if n.membership != "" { // an appointment's begins after its order
		if _, err := issueLetter(tx, id, n.copyTo); err != nil {
			return "", err
		}
	}
	return id, access.Audit(tx, by, "org.order_issued", "order", string(id), map[string]any{"kind": n.kind, "person": n.person, "day": n.day})
}

// Appointment gives a seat, or with Charge "acting" or "additional" its post
// without taking the seat, to a person from a day.
type Appointment struct {
	Seat   SeatID
	Person PersonID
	Charge string // regular, acting, additional
	Day    string // from; not later than today, not more than 30 days back
	Reason string
	CopyTo []string // to whom copies of its letter go besides
}

// Appoint issues the order and changes the register in one step. The actor needs
// act approve on the seat's organization and may not appoint themself. Faults:
// Invalid, NotFound, Forbidden, Conflict (the seat is taken).
func Appoint(tx *db.Tx, by access.Actor, in Appointment) (id OrderID, err error) {
	defer fault.Op(&err, "org.Appoint(%s)", in.Seat)
	s, o, err := LookupSeat(tx, in.Seat)
	if err != nil {
		return "", err
	}
	if err := by.Check(access.Approve, o.Target("")); err != nil {
		return "", err
	}
	if in.Person != "" && string(in.Person) == by.Person {
		return "", fault.New(fault.Forbidden, "org.not_for_oneself")
	}
	if err := checkOrderForm(tx, in.Reason, in.Day); err != nil {
		return "", err
	}
	if err := CheckFit(tx, s, in.Person, in.Charge); err != nil {
		return "", err
	}
	// The order's id is needed by the membership and the membership's by the order.
	id, err = issue(tx, by, newOrder{kind: OrderAppointment, person: in.Person, organization: o.ID, unit: o.Unit, day: in.Day, reason: in.Reason,
		extra: orderExtra{Charge: in.Charge}})
	if err != nil {
		return "", err
	}
	m, err := begin(tx, s, begun{person: in.Person, charge: in.Charge, day: in.Day, by: "order", order: id})
	if err != nil {
		return "", err
	}
	if _, err := tx.Exec(`update orders set membership_id = $1 where id = $2`, m, id); err != nil {
		return "", err
	}
	_, err = issueLetter(tx, id, in.CopyTo)
	return id, err
}

// Relief ends a membership by authority.
type Relief struct {
	Membership    MembershipID
	Reason        string
	Day           string
	WithoutNotice bool
	As            string   // relieved ("" too), transferred, suspended, expelled: how the ending stands in the register
	Case          string   // the case decided, "" for none
	CopyTo        []string // to whom copies of its letter go besides
}

// Relieve issues the relief order, ends the membership, frees the seat and takes
// the access away, in one step. The actor needs decide on the organization (for a
// relief without notice: relieve_now) and may never relieve themself; that the
// case ran its course is review's part. Faults: Invalid, NotFound, Forbidden,
// Conflict (already ended).
func Relieve(tx *db.Tx, by access.Actor, in Relief) (id OrderID, err error) {
	defer fault.Op(&err, "org.Relieve(%s)", in.Membership)
	m, o, err := membershipIn(tx, in.Membership)
	if err != nil {
		return "", err
	}
	act, kind, ending := access.Decide, OrderRelief, in.As
	if ending == "" {
		ending = "relieved"
	}
	if in.WithoutNotice {
		act, kind, ending = access.RelieveNow, OrderWithoutNotice, "relieved_without_notice"
	}
	if ending != "relieved" && ending != "transferred" && ending != "suspended" && ending != "expelled" && !in.WithoutNotice {
		return "", fault.In("as", "org.bad_end_reason")
	}
	if err := by.Check(act, o.Target(m.Person)); err != nil {
		return "", err
	}
	if string(m.Person) == by.Person {
		return "", fault.New(fault.Forbidden, "org.not_for_oneself")
	}
	if err := checkOrderForm(tx, in.Reason, in.Day); err != nil {
		return "", err
	}
	if in.Day < m.FromDay {
		return "", fault.In("day", "org.day_before_start", "day", lang.Day(m.FromDay))
	}
	id, err = issue(tx, by, newOrder{kind: kind, person: m.Person, membership: m.ID, organization: o.ID, unit: o.Unit, day: in.Day, reason: in.Reason,
		caseID: in.Case, extra: orderExtra{Ending: ending}, copyTo: in.CopyTo})
	if err != nil {
		return "", err
	}
	return id, end(tx, m, ending, in.Day, id)
}

// Warn issues a written warning to a holder; the membership goes on. The actor needs
// decide on the organization. Copies of its letter go to copyTo besides. Faults:
// Invalid, NotFound, Forbidden, Conflict.
func Warn(tx *db.Tx, by access.Actor, membership MembershipID, reason, caseID string, copyTo ...string) (id OrderID, err error) {
	defer fault.Op(&err, "org.Warn(%s)", membership)
	m, o, err := membershipIn(tx, membership)
	if err != nil {
		return "", err
	}
	if err := by.Check(access.Decide, o.Target(m.Person)); err != nil {
		return "", err
	}
	if string(m.Person) == by.Person {
		return "", fault.New(fault.Forbidden, "org.not_for_oneself")
	}
	if err := checkOrderForm(tx, reason, tx.Today()); err != nil {
		return "", err
	}
	if !m.Running() {
		return "", fault.New(fault.Conflict, "org.already_ended")
	}
	return issue(tx, by, newOrder{kind: OrderWarning, person: m.Person, membership: m.ID, organization: o.ID, unit: o.Unit,
		day: tx.Today(), reason: reason, caseID: caseID, copyTo: copyTo})
}

// RecordEnd puts on record that a membership has ended for a reason of fact (see
// EndReasons), with a note. A death ends every post of the person; the order given
// back is that of membership. The actor needs record_end on the organization; one's
// own resignation needs no act. Faults: Invalid, NotFound, Forbidden, Conflict.
func RecordEnd(tx *db.Tx, by access.Actor, membership MembershipID, reason, day, note string) (id OrderID, err error) {
	defer fault.Op(&err, "org.RecordEnd(%s, %s)", membership, reason)
	m, o, err := membershipIn(tx, membership)
	if err != nil {
		return "", err
	}
	if own := string(m.Person) == by.Person && reason == "resigned"; !own {
		if err := by.Check(access.RecordEnd, o.Target(m.Person)); err != nil {
			return "", err
		}
	}
	var f fault.Form
	f.Check(slices.Contains(EndReasons, reason), "reason", "org.bad_end_reason")
	f.Check(IsDay(day) && day <= tx.Today(), "day", "org.bad_past_day")
	f.Check(!IsDay(day) || day >= m.FromDay, "day", "org.day_before_start", "day", lang.Day(m.FromDay))
	CheckText(&f, "note", note, "")
	if err := f.Err(); err != nil {
		return "", err
	}
	if !m.Running() {
		return "", fault.New(fault.Conflict, "org.already_ended")
	}
	all := []Membership{m}
	if reason == "died" { // a death ends every post
		if all, err = Hats(tx, m.Person); err != nil {
			return "", err
		}
	}
	for _, each := range all {
		d, err := issue(tx, by, newOrder{kind: OrderRecord, person: m.Person, membership: each.ID, organization: each.Organization, unit: each.Unit,
			day: day, reason: note, extra: orderExtra{Ending: reason}})
		if err != nil {
			return "", err
		}
		if each.ID == m.ID {
			id = d
		}
		last := day
		if last < each.FromDay { // begun after the day told: it ends as it began
			last = each.FromDay
		}
		if err := end(tx, each, reason, last, d); err != nil {
			return "", err
		}
	}
	return id, nil
}

// Revoke takes back a mistaken order, by an order: an appointment is undone as
// though it had not been made (the membership ends on the day it began), an ending
// is undone and the person holds the post as before; a death, in every post that it
// ended. The actor needs revoke_order on the organization and may not revoke an
// order about themself. Faults: Invalid, NotFound, Forbidden, Conflict (already
// revoked; the seat has since been filled).
func Revoke(tx *db.Tx, by access.Actor, order OrderID, reason string) (id OrderID, err error) {
	defer fault.Op(&err, "org.Revoke(%s)", order)
	d, o, err := lookupOrder(tx, order)
	if err != nil {
		return "", err
	}
	if err := by.Check(access.RevokeOrder, o.Target(d.Person)); err != nil {
		return "", err
	}
	if string(d.Person) == by.Person {
		return "", fault.New(fault.Forbidden, "org.not_for_oneself")
	}
	if err := checkOrderForm(tx, reason, tx.Today()); err != nil {
		return "", err
	}
	if d.RevokedBy != "" || !slices.Contains(Revocable, d.Kind) {
		return "", fault.New(fault.Conflict, "org.cannot_revoke")
	}
	return undo(tx, by, d, OrderRevocation, reason)
}

// Reinstate sets a relief aside after an appeal that was won. Where someone else
// has held the seat since, the person holds the post without a seat from the day of
// the relief, until the authority places them. The actor needs hear_appeal on the organization. Called
// by review; faults as Revoke's.
func Reinstate(tx *db.Tx, by access.Actor, order OrderID, reason string) (id OrderID, err error) {
	defer fault.Op(&err, "org.Reinstate(%s)", order)
	d, o, err := lookupOrder(tx, order)
	if err != nil {
		return "", err
	}
	if err := by.Check(access.HearAppeal, o.Target(d.Person)); err != nil {
		return "", err
	}
	if string(d.Person) == by.Person {
		return "", fault.New(fault.Forbidden, "org.not_for_oneself")
	}
	if err := checkOrderForm(tx, reason, tx.Today()); err != nil {
		return "", err
	}
	if d.RevokedBy != "" || (d.Kind != OrderRelief && d.Kind != OrderWithoutNotice) {
		return "", fault.New(fault.Conflict, "org.cannot_revoke")
	}
	return undo(tx, by, d, OrderReinstatement, reason)
}

// undo issues the order that takes d back and changes the register.
func undo(tx *db.Tx, by access.Actor, d Order, kind, reason string) (OrderID, error) {
	m, err := LookupMembership(tx, d.Membership)
	if err != nil {
		return "", err
	}
	id, err := issue(tx, by, newOrder{kind: kind, person: d.Person, membership: m.ID, organization: m.Organization, unit: m.Unit,
		day: tx.Today(), reason: reason, revokes: d.ID, caseID: d.Case})
	if err != nil {
		return "", err
	}
	if n, err := tx.Exec(`update orders set revoked_by = $1 where id = $2 and revoked_by is null`, id, d.ID); err != nil {
		return "", err
	} else if n == 0 {
		return "", fault.New(fault.Conflict, "org.cannot_revoke")
	}
	if d.Kind != OrderAppointment {
		if err := resume(tx, m, id, kind == OrderReinstatement); err != nil || m.EndReason != "died" {
			return id, err
		}
		return id, undoDeath(tx, by, m.Person, reason)
	}
	if !m.Running() {
		return "", fault.New(fault.Conflict, "org.already_ended")
	}
	if err := end(tx, m, "appointment_revoked", m.FromDay, id); err != nil {
		return "", err
	}
	charges, err := db.Select(tx, `select `+membershipFrom+`where m.end_order = $1`, []any{d.ID}, scanMembership)
	for _, c := range charges { // the charge of the post that the appointment had ended
		if err := resume(tx, c, id, false); err != nil {
			return "", err
		}
	}
	return id, err
}

// undoDeath revokes the remaining orders that ended a person's posts by death: one
// lives in all of them or in none.
func undoDeath(tx *db.Tx, by access.Actor, person PersonID, reason string) error {
	ended, err := db.Select(tx, `select `+membershipFrom+`where m.person_id = $1 and m.end_reason = 'died' order by m.id`, []any{person}, scanMembership)
	if err != nil {
		return err
	}
	for _, m := range ended {
		o, err := Lookup(tx, m.Organization)
		if err != nil {
			return err
		}
		if err := by.Check(access.RevokeOrder, o.Target(person)); err != nil {
			return err
		}
		id, err := issue(tx, by, newOrder{kind: OrderRevocation, person: person, membership: m.ID, organization: m.Organization, unit: m.Unit,
			day: tx.Today(), reason: reason, revokes: m.EndOrder})
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`update orders set revoked_by = $1 where id = $2`, id, m.EndOrder); err != nil {
			return err
		}
		if err := resume(tx, m, id, true); err != nil {
			return err
		}
	}
	return nil
}

// resume lets an ended membership run again as though it had not ended. When
// someone else has held its seat since: Conflict, or, if seatless, the person holds
// the post without a seat from the day of the ending on.
func resume(tx *db.Tx, m Membership, order OrderID, seatless bool) error {
	if m.Running() {
		return fault.New(fault.Conflict, "org.not_ended")
	}
	if again, err := tx.Int(`select count(*) from membership where person_id = $1 and post_id = $2 and to_day is null`, m.Person, m.Post); err != nil {
		return err
	} else if again > 0 {
		return fault.New(fault.Conflict, "org.holds_again")
	}
	if m.EndReason != "died" {
		if dead, err := died(tx, m.Person); err != nil {
			return err
		} else if dead {
			return fault.New(fault.Conflict, "org.has_died")
		}
	}
	if m.Seat != "" {
		since, err := tx.Int(`select count(*) from membership where seat_id = $1 and id <> $2
			and (to_day is null or to_day > $3 and to_day > from_day)`, m.Seat, m.ID, m.ToDay)
		if err != nil {
			return err
		}
		if since > 0 && !seatless {
			return fault.New(fault.Conflict, "org.seat_filled_since")
		}
		if since > 0 {
			return continueSeatless(tx, m, order)
		}
		s, o, err := LookupSeat(tx, m.Seat)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`update seat set state = 'filled', membership_id = $1, since = $2 where id = $3`, m.ID, m.FromDay, m.Seat); err != nil {
			return err
		}
		if err := seatsTurn(tx, o, s.Area, s.Role, s.State, "filled", 1); err != nil {
			return err
		}
		if err := closeProposals(tx, m.Seat, order); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(`update membership set to_day = null, end_reason = '', end_order = null where id = $1`, m.ID); err != nil {
		return err
	}
	if err := casesTurn(tx, m, false); err != nil {
		return err
	}
	return access.Grant(tx, string(m.ID), string(m.Role), string(m.Organization))
}

// seatResumed is the reason that stands in proposals for a seat to which its holder has
// come back by an order.
const seatResumed = "appointment.seat_resumed"

// closeProposals closes the open proposals for a seat that its holder has again: they
// could no longer be approved.
func closeProposals(tx *db.Tx, seat SeatID, order OrderID) error {
	_, err := tx.Exec(`update proposal set state = 'refused', decided_at = $1, decision_reason = $2,
			decided_by = (select by_membership from orders where id = $3), decided_person = (select by_person from orders where id = $3)
		where seat_id = $4 and state = 'open' and charge = 'regular'`, tx.Millis(), seatResumed, order, seat)
	return err
}

// continueSeatless ends a membership's time in its seat without blame and lets the
// person go on in the post without one.
func continueSeatless(tx *db.Tx, m Membership, order OrderID) error {
	if _, err := tx.Exec(`update membership set end_reason = 'set_aside' where id = $1`, m.ID); err != nil {
		return err
	}
	seat, _, err := LookupSeat(tx, m.Seat)
	if err != nil {
		return err
	}
	_, err = begin(tx, seat, begun{person: m.Person, charge: "additional", day: m.ToDay, by: "order", order: order})
	return err
}

func membershipIn(tx *db.Tx, id MembershipID) (Membership, Organization, error) {
	m, err := LookupMembership(tx, id)
	if err != nil {
		return m, Organization{}, err
	}
	o, err := Lookup(tx, m.Organization)
	return m, o, err
}

const maxText = 4000 // characters of a reason, note or statement

// CheckText notes in f what is wrong with a text that someone wrote: nothing in it
// (told by the key missing; "" where it may be empty), not Unicode, or too long.
func CheckText(f *fault.Form, field, text, missing string) {
	f.Check(missing == "" || strings.TrimSpace(text) != "", field, missing)
	f.Check(utf8.ValidString(text) && !strings.Contains(text, "\x00"), field, "fault.bad_utf8")
	f.Check(utf8.RuneCountInString(text) <= maxText, field, "org.text_long", "n", maxText)
}

// checkOrderForm checks what every order has: reasons, and a real day not more
// than 30 days past and not in the future (future orders come with the scheduler).
func checkOrderForm(tx *db.Tx, reason, day string) error {
	var f fault.Form
	CheckText(&f, "reason", reason, "org.reason_missing")
	switch {
	case !IsDay(day):
		f.Add("day", "org.bad_day")
	case day > tx.Today():
		f.Add("day", "org.future_day")
	case day < tx.Now.AddDate(0, 0, -30).Format("2006-01-02"):
		f.Add("day", "org.order_too_old")
	}
	return f.Err()
}
