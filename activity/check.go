package activity

import (
	"strings"
	"unicode/utf8"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
)

// Check is a second person's word on an entry.
type Check struct {
	Person   org.PersonID `json:"person"`
	PersonHi string       `json:"person_hi"`
	PersonEn string       `json:"person_en"`
	RoleHi   string       `json:"role_hi"`
	RoleEn   string       `json:"role_en"`
	Verdict  string       `json:"verdict"` // Confirmed, Disputed
	Reason   string       `json:"reason,omitempty"`
	At       int64        `json:"at"` // milliseconds UTC
}

// Confirm says that the entry is right. The actor needs confirm_activity on its
// organization and is neither the person it is about nor who typed it. Saying the
// same twice is said once. Where several people check an entry, it stands as the
// last of them said. Faults: Unauthorized, NotFound, Forbidden, Conflict (the actor
// has objected to it before).
func Confirm(tx *db.Tx, by access.Actor, id EntryID) (err error) {
	defer fault.Op(&err, "activity.Confirm(%s)", id)
	return check(tx, by, id, Confirmed, "")
}

// Object says that the entry is not right, and why. Who may, and the faults, are
// Confirm's; Invalid when the reason is missing or long.
func Object(tx *db.Tx, by access.Actor, id EntryID, reason string) (err error) {
	defer fault.Op(&err, "activity.Object(%s)", id)
	reason = strings.TrimSpace(reason)
	var f fault.Form
	f.Check(reason != "", "reason", "fault.reason_required")
	f.Check(isText(reason), "reason", "fault.bad_utf8")
	f.Check(utf8.RuneCountInString(reason) <= MaxNote, "reason", "fault.too_long", "max", MaxNote)
	if err := f.Err(); err != nil {
		return err
	}
	return check(tx, by, id, Disputed, reason)
}

// check writes a verdict and lets the entry stand by it.
func check(tx *db.Tx, by access.Actor, id EntryID, verdict, reason string) error {
	e, o, err := lookup(tx, id)
	if err != nil {
		return err
	}
	if err := mayRead(by, o, e.Person); err != nil {
		return err
	}
	if err := by.Check(access.ConfirmActivity, o.Target(e.Person)); err != nil {
		return err
	}
	switch by.Person {
	case "": // the machine's operator is no second person
		return fault.New(fault.Forbidden, "activity.needs_second_person")
	case string(e.Person):
		return fault.New(fault.Forbidden, "activity.own_entry")
	case string(e.TypedPerson):
		return fault.New(fault.Forbidden, "activity.typed_oneself")
	}
	n, err := tx.Exec(`insert into activity_check(activity_id, person_id, membership_id, verdict, reason, at)
		values($1, $2, $3, $4, $5, $6) on conflict(activity_id, person_id) do nothing`,
		id, by.Person, db.Null(by.Membership), verdict, reason, tx.Millis())
	if err != nil {
		return err
	}
	if n == 0 {
		said, err := tx.Text(`select verdict from activity_check where activity_id = $1 and person_id = $2`, id, by.Person)
		if err == nil && said != verdict {
			err = fault.New(fault.Conflict, "activity.said_otherwise")
		}
		return err
	}
	if _, err := tx.Exec(`update activity set state = $1 where id = $2`, verdict, id); err != nil {
		return err
	}
	c := newChange(tx, o, e.Day)
	if err := c.at(e.Area, turned(e.State, verdict)); err != nil {
		return err
	}
	m, err := org.LookupMembership(tx, e.Membership)
	if err != nil {
		return err
	}
	if err := c.activeTurns(m, id, e.State, verdict); err != nil {
		return err
	}
	if err := c.count.AddTo(tx); err != nil {
		return err
	}
	act := "activity.confirmed"
	if verdict == Disputed {
		act = "activity.disputed"
	}
	return access.Audit(tx, by, act, "activity", string(id), map[string]any{"reason": reason})
}

func checksOf(tx *db.Tx, id EntryID) ([]Check, error) {
	return db.Select(tx, `select c.person_id, p.name_hi, p.name_en, coalesce(nullif(t.label_hi, ''), r.name_hi, ''),
			coalesce(nullif(t.label_en, ''), r.name_en, ''), c.verdict, c.reason, c.at
		from activity_check c join person p on p.id = c.person_id
			left join membership m on m.id = c.membership_id left join role r on r.id = m.role_id left join post t on t.id = m.post_id
		where c.activity_id = $1 order by c.at, c.person_id`, []any{id},
		func(s db.Scanner) (c Check, err error) {
			return c, s.Scan(&c.Person, &c.PersonHi, &c.PersonEn, &c.RoleHi, &c.RoleEn, &c.Verdict, &c.Reason, &c.At)
		})
}
