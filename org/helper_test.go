package org_test

import (
	"errors"
	"testing"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/fault"
	"sangathan/org"
	"sangathan/orgtest"
)

const today = "2026-11-22"

// office is the small register with its clock, on one engine.
type office struct {
	*testing.T
	*orgtest.Fixture
	clock *dbtest.Clock
}

// each runs fn on both engines.
func each(t *testing.T, fn func(o office)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB, ...dbtest.Option) *db.Unit{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		t.Run(name, func(t *testing.T) {
			clock := dbtest.Day(today)
			fn(office{t, orgtest.Small(t, open(t, dbtest.At(clock))), clock})
		})
	}
}

// must runs fn, which has to succeed.
func (o office) must(fn func(tx *db.Tx) error) {
	o.Helper()
	if err := o.Unit.Write(o.Context(), fn); err != nil {
		o.Fatal(err)
	}
}

// refuses runs fn, which has to fail so, and leaves nothing behind.
func (o office) refuses(kind fault.Kind, field, key string, fn func(tx *db.Tx) error) {
	o.Helper()
	before := o.rows()
	err := o.Unit.Write(o.Context(), fn)
	f, _ := errors.AsType[*fault.Error](err)
	if f == nil || f.Kind != kind {
		o.Errorf("got %v, want %v %s %s", err, kind, field, key)
		return
	}
	gotField, gotKey := "", f.Key
	if len(f.Fields) > 0 {
		gotField, gotKey = f.Fields[0].Name, f.Fields[0].Key
	}
	if gotField != field || gotKey != key {
		o.Errorf("got %v, want %v %s %s", err, kind, field, key)
	}
	if after := o.rows(); after != before {
		o.Errorf("%s: left behind: %d rows, were %d", key, after, before)
	}
}

// rows counts what verbs of this package write.
func (o office) rows() (n int) {
	o.must(func(tx *db.Tx) (err error) {
		n, err = tx.Int(`select (select count(*) from membership) + (select count(*) from orders) + (select count(*) from audit)
			+ (select count(*) from person) + (select count(*) from leave) + (select coalesce(sum(n), 0) from counter)`)
		return err
	})
	return n
}

// appoint gives the actor's verb for a seat.
func appoint(by access.Actor, seat org.SeatID, person org.PersonID, day string) func(tx *db.Tx) error {
	return func(tx *db.Tx) error {
		_, err := org.Appoint(tx, by, org.Appointment{Seat: seat, Person: person, Charge: "regular", Day: day, Reason: "कारण"})
		return err
	}
}
