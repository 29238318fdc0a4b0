package activity

import (
	"fmt"

	"sangathan/internal/db"
)

// Loader enters entries in bulk, one or a million: for the demonstration and for
// imports of older ledgers. The checks are Submit's, as they stood on the day of
// the activity, but who may and the register's facts (post, organization, place)
// are the caller's part. Close writes what waits, and brings each post's newest
// activity up to date; the caller then stores a recount in the tallies (review.Recount).
type Loader struct {
	tx   *db.Tx
	in   *db.Inserter
	last map[string]string // membership to the newest day loaded
}

// NewLoader begins loading in tx.
func NewLoader(tx *db.Tx) *Loader {
	return &Loader{tx: tx, last: map[string]string{}, in: tx.Insert("activity", "id", "kind", "person_id", "membership_id", "organization_id",
		"unit_id", "reporting_id", "area_id", "day", "recorded_at", "people", "note", "state", "word", "typed_by", "typed_person")}
}

// Add adds an entry; its names are not read.
func (l *Loader) Add(e Entry) error {
	r := Report{ID: e.ID, Membership: e.Membership, Kind: e.Kind, Area: e.Area, Day: e.Day, People: e.People, Note: e.Note, Word: e.Word}
	if err := r.Validate(e.Day); err != nil {
		return fmt.Errorf("entry %s: %w", e.ID, err)
	}
	if e.Day > l.tx.Today() {
		return fmt.Errorf("entry %s: the day %s has not come yet", e.ID, e.Day)
	}
	l.last[string(e.Membership)] = max(l.last[string(e.Membership)], e.Day)
	return l.in.Add(e.ID, e.Kind, e.Person, e.Membership, e.Organization, db.Null(string(e.Unit)), db.Null(string(e.Reporting)), e.Area,
		e.Day, e.RecordedAt, e.People, e.Note, e.State, e.Word, db.Null(string(e.TypedBy)), db.Null(string(e.TypedPerson)))
}

// Close writes the rows that wait.
func (l *Loader) Close() error {
	if err := l.in.Flush(); err != nil {
		return err
	}
	for m, day := range l.last {
		_, err := l.tx.Exec(`update membership set last_activity = $1
			where id = $2 and (last_activity is null or last_activity < $1)`, day, m)
		if err != nil {
			return err
		}
	}
	return nil
}
