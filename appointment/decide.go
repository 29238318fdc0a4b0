package appointment

import (
	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
)

// Approve approves a proposal: the order is issued from the day (today or up to 30
// days back), the register changes, and what else was proposed for the seat is
// refused with the reason that it was given; of an acting or additional charge only
// the other proposals of that charge. The actor needs act approve on the seat's
// organization and is neither the person nor the proposer. Copies of the letter go to
// copyTo besides. Faults: Unauthorized, NotFound, Forbidden, Invalid, Conflict (already decided; the seat is taken).
func Approve(tx *db.Tx, by access.Actor, id, day, reason string, copyTo ...string) (order org.OrderID, err error) {
	defer fault.Op(&err, "appointment.Approve(%s)", id)
	p, err := forDecision(tx, by, id)
	if err != nil {
		return "", err
	}
	if p.State != "open" {
		return "", fault.New(fault.Conflict, "appointment.decided")
	}
	// The order comes first: its number is what every approval waits for, so that two
	// for one seat cannot wait for each other's proposals.
	order, err = org.Appoint(tx, by, org.Appointment{Seat: p.Seat, Person: p.Person, Charge: p.Charge, Day: day, Reason: reason, CopyTo: copyTo})
	if err != nil {
		return "", err
	}
	if err := decide(tx, by, id, "approved", reason); err != nil {
		return "", err
	}
	if _, err := tx.Exec(`update proposal set order_id = $1 where id = $2`, order, id); err != nil {
		return "", err
	}
	_, err = tx.Exec(`update proposal set state = 'refused', decided_at = $1, decided_by = $2, decided_person = $3, decision_reason = $4
		where seat_id = $5 and state = 'open' and ($6 = 'regular' or charge = $6)`,
		tx.Millis(), db.Null(by.Membership), db.Null(by.Person), seatGiven, p.Seat, p.Charge)
	if err != nil {
		return "", err
	}
	return order, access.Audit(tx, by, "appointment.approved", "proposal", id, map[string]any{"order": order})
}

// Refuse refuses a proposal, with reasons. Who may and faults: as Approve.
func Refuse(tx *db.Tx, by access.Actor, id, reason string) (err error) {
	defer fault.Op(&err, "appointment.Refuse(%s)", id)
	if _, err := forDecision(tx, by, id); err != nil {
		return err
	}
	var f fault.Form
	org.CheckText(&f, "reason", reason, "org.reason_missing")
	if err := f.Err(); err != nil {
		return err
	}
	if err := decide(tx, by, id, "refused", reason); err != nil {
		return err
	}
	return access.Audit(tx, by, "appointment.refused", "proposal", id, map[string]any{"reason": reason})
}

// Withdraw takes an open proposal back. Only whoever made it may. Faults:
// Unauthorized, NotFound, Forbidden, Conflict (already decided).
func Withdraw(tx *db.Tx, by access.Actor, id string) (err error) {
	defer fault.Op(&err, "appointment.Withdraw(%s)", id)
	p, _, err := lookup(tx, by, id)
	if err != nil {
		return err
	}
	if string(p.ProposedBy) != by.Person {
		return fault.New(fault.Forbidden, "appointment.not_yours")
	}
	if err := decide(tx, by, id, "withdrawn", ""); err != nil {
		return err
	}
	return access.Audit(tx, by, "appointment.withdrawn", "proposal", id, nil)
}

// forDecision reads a proposal that by may approve or refuse.
func forDecision(tx *db.Tx, by access.Actor, id string) (Proposal, error) {
	p, o, err := lookup(tx, by, id)
	if err != nil {
		return p, err
	}
	if by.Person != "" && (by.Person == string(p.Person) || by.Person == string(p.ProposedBy)) {
		return p, fault.New(fault.Forbidden, "appointment.not_own")
	}
	return p, by.Check(access.Approve, o.Target(""))
}

// decide is the one step out of "open"; of two at the same moment one gets Conflict.
func decide(tx *db.Tx, by access.Actor, id, state, reason string) error {
	n, err := tx.Exec(`update proposal set state = $1, decided_at = $2, decided_by = $3, decided_person = $4, decision_reason = $5
		where id = $6 and state = 'open'`, state, tx.Millis(), db.Null(by.Membership), db.Null(by.Person), reason, id)
	if err == nil && n == 0 {
		return fault.New(fault.Conflict, "appointment.decided")
	}
	return err
}
