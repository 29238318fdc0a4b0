package activity

import (
	"errors"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
)

// Together is one activity of several people, as an operator types it from a call, a slip
// or a page of a register.
type Together struct {
	Kind string
	Area org.AreaID // where; "" for the area of each one's post
	Day  string
	Note string
	Word string // on whose word: how they told it
	Rows []Row
}

// Row is one of the people of a Together.
type Row struct {
	Membership org.MembershipID
	People     int // how many took part
}

// MaxTogether is the most rows of a Together.
const MaxTogether = 200

// SubmitTogether records t, an entry for each row, and gives their ids: all or none. Each
// is what [Submit] would record, under the same rights and rules, and stands as typed by
// the actor. A fault of one row stands at the field "people.<membership>".
// Faults: Invalid, Unauthorized, Forbidden, NotFound.
func SubmitTogether(tx *db.Tx, by access.Actor, t Together) (ids []EntryID, err error) {
	defer fault.Op(&err, "activity.SubmitTogether(%d)", len(t.Rows))
	if !by.SignedIn() {
		return nil, fault.New(fault.Unauthorized, "access.sign_in")
	}
	var f fault.Form
	f.Check(len(t.Rows) > 0, "who", "activity.nobody_ticked")
	f.Check(len(t.Rows) <= MaxTogether, "who", "activity.too_many", "max", MaxTogether)
	f.Check(t.Word != "" && t.Word != Self, "word", "activity.word_missing")
	if err := f.Err(); err != nil {
		return nil, err
	}
	for _, row := range t.Rows {
		r := Report{ID: EntryID(tx.NewID()), Membership: row.Membership, Kind: t.Kind, Area: t.Area, Day: t.Day, People: row.People, Note: t.Note, Word: t.Word}
		m, err := org.LookupMembership(tx, row.Membership)
		if err != nil {
			return nil, err
		}
		if string(m.Person) == by.Person {
			r.Word = Self
		}
		id, err := Submit(tx, by, r)
		if err != nil {
			return nil, ofRow(err, row)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// ofRow moves what is wrong with one row from the field it shares with the others to its own.
func ofRow(err error, row Row) error {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || len(e.Fields) == 0 {
		return err
	}
	var f fault.Form
	for _, x := range e.Fields {
		name := x.Name
		switch {
		case name == "people", x.Key == "activity.before_post", x.Key == "activity.after_post":
			name = "people." + string(row.Membership)
		}
		var args []any
		for k, v := range x.Args {
			args = append(args, k, v)
		}
		f.Add(name, x.Key, args...)
	}
	return f.Err()
}
