package access_test

import (
	"testing"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/fault"
	"sangathan/orgtest"
)

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
			clock := dbtest.Day("2026-11-22")
			fn(office{t, orgtest.Small(t, open(t, dbtest.At(clock))), clock})
		})
	}
}

func (o office) write(fn func(tx *db.Tx) error) error {
	return o.Unit.Write(o.Context(), fn)
}

// must runs fn, which has to succeed.
func (o office) must(fn func(tx *db.Tx) error) {
	o.Helper()
	if err := o.write(fn); err != nil {
		o.Fatal(err)
	}
}

// want checks the kind of a fault and the key of its message, or of its first field's.
func (o office) want(err error, kind fault.Kind, key string) {
	o.Helper()
	if got := keyOf(err); fault.KindOf(err) != kind || got != key {
		o.Errorf("got %v, want %v %s", err, kind, key)
	}
}

func keyOf(err error) string {
	e, ok := err.(interface{ Unwrap() error })
	for ok {
		if f, is := err.(*fault.Error); is {
			if len(f.Fields) > 0 {
				return f.Fields[0].Key
			}
			return f.Key
		}
		err = e.Unwrap()
		e, ok = err.(interface{ Unwrap() error })
	}
	return ""
}

// phone gives the mobile number of a holder.
func (o office) phone(name string) (number string) {
	o.must(func(tx *db.Tx) (err error) {
		number, err = tx.Text(`select number from phone where person_id = $1`, o.Person(name))
		return err
	})
	return number
}

// code asks for a code, as a stranger.
func (o office) code(phone string) (code string, err error) {
	return o.codeOn(access.Device{}, phone)
}

func (o office) codeOn(d access.Device, phone string) (code string, err error) {
	err = o.write(func(tx *db.Tx) (err error) {
		code, err = access.RequestCode(tx, phone, d)
		return err
	})
	return code, err
}

// check exchanges a code for a ticket.
func (o office) check(phone, code string) (ticket string, people []string, err error) {
	return o.checkOn(access.Device{}, phone, code)
}

func (o office) checkOn(d access.Device, phone, code string) (ticket string, people []string, err error) {
	err = o.write(func(tx *db.Tx) (err error) {
		ticket, people, err = access.CheckCode(tx, phone, code, d)
		return err
	})
	return ticket, people, err
}

// signIn opens a session by a code.
func (o office) signIn(name string) access.Session {
	o.Helper()
	phone := o.phone(name)
	code, err := o.code(phone)
	if err != nil {
		o.Fatal(err)
	}
	ticket, _, err := o.check(phone, code)
	if err != nil {
		o.Fatal(err)
	}
	s, err := o.choose(ticket, string(o.Person(name)), false)
	if err != nil {
		o.Fatal(err)
	}
	return s
}

func (o office) choose(ticket, person string, pinRight bool) (s access.Session, err error) {
	err = o.write(func(tx *db.Tx) (err error) {
		s, err = access.Choose(tx, ticket, person, pinRight, access.Device{Name: "Chrome, Android"})
		return err
	})
	return s, err
}

// open gives the actor of a session.
func (o office) open(token string) (by access.Actor, err error) {
	err = o.Unit.Read(o.Context(), func(tx *db.Tx) (err error) {
		by, err = access.Open(tx, token)
		return err
	})
	return by, err
}

// other is a code that is not this one.
func other(code string) string {
	if code[0] == '9' {
		return "0" + code[1:]
	}
	return string(code[0]+1) + code[1:]
}

const minute = time.Minute
