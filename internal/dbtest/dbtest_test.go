package dbtest_test

import (
	"testing"
	"time"

	"sangathan/internal/db"
	"sangathan/internal/dbtest"
)

func TestEachUnitIsEmptyAndItsOwn(t *testing.T) {
	secrets := map[string]bool{}
	for range 2 {
		dbtest.Each(t, func(t *testing.T, u *db.Unit) {
			err := u.Write(t.Context(), func(tx *db.Tx) error {
				if n, err := tx.Next("series"); err != nil || n != 1 {
					t.Errorf("the unit is not empty: series stands at %d (%v)", n, err)
				}
				s, err := tx.Meta("secret.hmac")
				if s == "" || secrets[s] {
					t.Errorf("the unit has no secret of its own: %q", s)
				}
				secrets[s] = true
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestClock(t *testing.T) {
	c := dbtest.Day("2026-03-31")
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		today := func() (day string) {
			if err := u.Read(t.Context(), func(tx *db.Tx) error { day = tx.Today(); return nil }); err != nil {
				t.Fatal(err)
			}
			return day
		}
		c.Set(time.Date(2026, 3, 31, 18, 29, 0, 0, time.UTC)) // 23:59 in India
		if d := today(); d != "2026-03-31" {
			t.Errorf("today is %s", d)
		}
		c.Add(time.Minute)
		if d := today(); d != "2026-04-01" {
			t.Errorf("a minute later today is %s", d)
		}
	}, dbtest.At(c))
}
