package org_test

import (
	"testing"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
	"sangathan/pack"
)

// A register is declared complete with all under it, once, by who may load lists there.
func TestA8_ADistrictIsSwitchedOn(t *testing.T) {
	each(t, func(o office) {
		complete := func(by access.Actor, id org.OrganizationID) (n int, err error) {
			err = o.Unit.Write(t.Context(), func(tx *db.Tx) (err error) { n, err = org.CompleteRegisters(tx, by, id); return err })
			return n, err
		}
		open := func() (n int) {
			o.must(func(tx *db.Tx) (err error) {
				n, err = tx.Int(`select count(*) from organization where register_open = true`)
				return err
			})
			return n
		}
		before := open()
		if _, err := complete(o.Actor("poorab.president"), "nadi"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a district president switches on: %v", err)
		}
		if _, err := complete(o.Actor("nadi.sec1"), "bargad"); !fault.Is(err, fault.NotFound) {
			t.Errorf("what cannot be seen: %v", err)
		}
		n, err := complete(o.Actor("state.desk"), "poorab")
		if err != nil || n == 0 || open() != before-n {
			t.Fatalf("%d of %d, %v", n, before, err)
		}
		o.must(func(tx *db.Tx) error {
			unknown, err := tx.Int(`select count(*) from seat s join organization o on o.id = s.organization_id where s.state = 'unknown' and o.kind = 'block_committee' and o.unit_id = 'poorab'`)
			if unknown != 0 {
				t.Errorf("%d seats are still not known", unknown)
			}
			return err
		})
		if _, err := complete(o.Actor("state.desk"), "poorab"); !fault.Is(err, fault.Conflict) {
			t.Errorf("again: %v", err)
		}
		o.must(func(tx *db.Tx) error {
			if _, err := org.Started(tx, o.Actor("poorab.president")); !fault.Is(err, fault.Forbidden) {
				t.Errorf("a district sees the state's beginning: %v", err)
			}
			s, err := org.Started(tx, o.Actor("state.desk"))
			if err != nil || s.Told != 2 || s.Open != 0 {
				t.Errorf("%+v, %v", s, err)
			}
			bodies, waits, err := org.StartWaits(tx, o.Actor("state.desk"))
			if err != nil || bodies != 2 || waits != 0 {
				t.Errorf("%d bodies, %d wait, %v", bodies, waits, err)
			}
			return nil
		})
	})
}

// Another way of speaking is chosen, and taken back, with the names of posts.
func TestA8_WordsAreChosen(t *testing.T) {
	each(t, func(o office) {
		names := func() (role, kind string) {
			o.must(func(tx *db.Tx) (err error) {
				if role, err = tx.Text(`select name_hi from role where id = 'general_secretary'`); err != nil {
					return err
				}
				kind, err = tx.Text(`select name_hi from organization_kind where id = 'block_committee'`)
				return err
			})
			return role, kind
		}
		choose := func(by access.Actor, name string) error {
			return o.Unit.Write(t.Context(), func(tx *db.Tx) error { return org.ChooseWords(tx, by, name) })
		}
		if err := choose(o.Actor("state.desk"), "alt"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the desk: %v", err)
		}
		if err := choose(o.Actor("state.president"), "none"); !fault.Is(err, fault.Invalid) {
			t.Errorf("no such words: %v", err)
		}
		before, kind := names()
		if err := choose(o.Actor("state.president"), "alt"); err != nil {
			t.Fatal(err)
		}
		role, body := names()
		if role != "प्रदेश महामंत्री" || body != "ब्लॉक समिति" {
			t.Errorf("%q, %q", role, body)
		}
		if err := choose(o.Actor("state.president"), ""); err != nil {
			t.Fatal(err)
		}
		if r, k := names(); r != before || k != kind {
			t.Errorf("back: %q, %q", r, k)
		}
	})
	// No name of a post runs into another by the longer of two words.
	p := pack.UttarPradesh()
	if len(p.WordPacks["alt"]) == 0 {
		t.Error("the reference pack has no second words")
	}
}

func TestA8_TheUnitIsNamed(t *testing.T) {
	each(t, func(o office) {
		name := func(by, hi, en string) error {
			return o.Unit.Write(t.Context(), func(tx *db.Tx) error { return org.NameUnit(tx, o.Actor(by), hi, en) })
		}
		if err := name("state.desk", "x", ""); !fault.Is(err, fault.Forbidden) {
			t.Error(err)
		}
		if err := name("state.president", " ", ""); !fault.Is(err, fault.Invalid) {
			t.Error(err)
		}
		if err := name("state.president", "नया संगठन", "New"); err != nil {
			t.Fatal(err)
		}
		o.must(func(tx *db.Tx) error {
			root, err := org.Root(tx)
			if root.NameHi != "नया संगठन" || root.NameEn != "New" {
				t.Errorf("%+v", root)
			}
			return err
		})
	})
}
