package org

import (
	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
)

// Leave is recorded leave of absence from a post: its days bring no duty.
type Leave struct {
	ID         string       `json:"id"`
	Membership MembershipID `json:"membership"`
	FromDay    string       `json:"from_day"`
	ToDay      string       `json:"to_day"` // first day back
	Reason     string       `json:"reason"`
}

// RecordLeave records leave. The actor needs record_leave on the organization and
// may not record their own. Faults: Invalid, NotFound, Forbidden.
func RecordLeave(tx *db.Tx, by access.Actor, in Leave) (id string, err error) {
	defer fault.Op(&err, "org.RecordLeave(%s)", in.Membership)
	m, o, err := membershipIn(tx, in.Membership)
	if err != nil {
		return "", err
	}
	if err := by.Check(access.RecordLeave, o.Target(m.Person)); err != nil {
		return "", err
	}
	if string(m.Person) == by.Person {
		return "", fault.New(fault.Forbidden, "org.not_for_oneself")
	}
	var f fault.Form
	f.Check(IsDay(in.FromDay), "from_day", "org.bad_day")
	f.Check(IsDay(in.ToDay), "to_day", "org.bad_day")
	f.Check(in.FromDay < in.ToDay, "to_day", "org.leave_ends_first")
	CheckText(&f, "reason", in.Reason, "org.reason_missing")
	if err := f.Err(); err != nil {
		return "", err
	}
	id = tx.NewID()
	_, err = tx.Exec(`insert into leave(id, membership_id, from_day, to_day, reason, recorded_at, recorded_by) values($1, $2, $3, $4, $5, $6, $7)`,
		id, in.Membership, in.FromDay, in.ToDay, in.Reason, tx.Millis(), by.Account)
	if err != nil {
		return "", err
	}
	return id, access.Audit(tx, by, "org.leave_recorded", "membership", string(in.Membership), in)
}

// Leaves lists the recorded leave of a membership, newest first. The caller has
// checked that the membership may be seen.
func Leaves(tx *db.Tx, m MembershipID) ([]Leave, error) {
	return db.Select(tx, `select id, membership_id, from_day, to_day, reason from leave where membership_id = $1 order by from_day desc`, []any{m},
		func(s db.Scanner) (l Leave, err error) {
			return l, s.Scan(&l.ID, &l.Membership, &l.FromDay, &l.ToDay, &l.Reason)
		})
}
