package org_test

import (
	"testing"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
)

// A grant by territory never reaches another organization on the same ground.
func TestI1_APartnerOnTheSameGroundIsAStranger(t *testing.T) {
	each(t, func(o office) {
		o.must(func(tx *db.Tx) error {
			l, err := org.NewLoader(tx)
			if err != nil {
				return err
			}
			for _, b := range []org.Organization{
				{ID: "mitra", Kind: "partner", NameHi: "मित्र दल", NameEn: "Mitra", Area: "surya"},
				{ID: "mitra-poorab", Kind: "partner", NameHi: "मित्र दल पूरब", NameEn: "Mitra Poorab", Area: "dist-poorab", Parent: "mitra"},
			} {
				if _, err := l.Organization(b); err != nil {
					return err
				}
			}
			return l.Close()
		})
		o.must(func(tx *db.Tx) error {
			for _, who := range []string{"state.president", "poorab.president", "poorab.gs", "kuan.president"} {
				by := o.Actor(who)
				for _, id := range []org.OrganizationID{"mitra", "mitra-poorab"} {
					if _, err := org.GetOrganization(tx, by, id); !fault.Is(err, fault.NotFound) {
						o.Errorf("%s sees %s: %v", who, id, err)
					}
				}
				at, err := org.OrganizationsAt(tx, by, "dist-poorab")
				if err != nil {
					return err
				}
				for _, b := range at {
					if b.ID == "mitra-poorab" {
						o.Errorf("%s finds the partner's body by its place", who)
					}
				}
			}
			return nil
		})
	})
}

// Who sees a body and not what lies under it reads the figures of the body alone.
func TestI1_CountsStayInsideWhatIsSeen(t *testing.T) {
	each(t, func(o office) {
		o.must(func(tx *db.Tx) error {
			for _, c := range []struct {
				who   string
				of    org.OrganizationID
				posts org.Count
			}{
				{"booth1.agent", "state", org.Count{Filled: 4}},
				{"poorab.president", "state", org.Count{Filled: 4}},
				{"poorab.sec1", "poorab", org.Count{Filled: 4, Vacant: 1}},
				{"nadi.sec1", "nadi", org.Count{Filled: 3, Unknown: 1}},
				{"nadi.president", "nadi", org.Count{Filled: 4, Unknown: 1}},
				{"poorab.president", "poorab", org.Count{Filled: 12, Vacant: 1, Unknown: 2}},
			} {
				posts, _, err := org.CountSeats(tx, o.Actor(c.who), c.of)
				if err != nil || posts != c.posts {
					o.Errorf("%s counts %s: %+v, %v, want %+v", c.who, c.of, posts, err, c.posts)
				}
			}
			body, err := org.Lookup(tx, "poorab")
			if o.Actor("poorab.sec1").MayWithin(access.SeeRegister, body.Target("")) || !o.Actor("poorab.gs").MayWithin(access.SeeRegister, body.Target("")) ||
				!access.Operator().MayWithin(access.SeeRegister, body.Target("")) || o.Actor("nobody").MayWithin(access.SeeRegister, body.Target("")) {
				o.Error("MayWithin")
			}
			return err
		})
	})
}

// A year of birth is seen where a phone number is.
func TestI4_YearOfBirthIsNotForAllWhoKnowTheName(t *testing.T) {
	each(t, func(o office) {
		o.must(func(tx *db.Tx) error {
			if _, err := tx.Exec(`update person set birth_year = 1971 where id = $1`, o.Person("nadi.president")); err != nil {
				return err
			}
			for who, want := range map[string]int{"booth1.agent": 0, "kuan.president": 0, "poorab.president": 1971, "nadi.president": 1971} {
				p, err := org.GetPerson(tx, o.Actor(who), o.Person("nadi.president"))
				if err != nil || p.BirthYear != want {
					o.Errorf("%s: %d, %v", who, p.BirthYear, err)
				}
			}
			return nil
		})
	})
}
