package org_test

import (
	"errors"
	"slices"
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

// Where something is counted the verbs and the recount must agree, of every body and
// place; of a partner it is nowhere but at its own bodies.
func TestNodesAreTheRecounts(t *testing.T) {
	each(t, func(o office) {
		o.must(func(tx *db.Tx) error {
			if _, err := tx.Exec(`insert into area_kind(id, name_hi, name_en, rank) values('unit', '', '', 99), ('root', '', '', 99) on conflict do nothing`); err != nil {
				return err
			}
			l, err := org.NewLoader(tx)
			if err != nil {
				return err
			}
			_, err = l.Organization(org.Organization{ID: "mitra", Kind: "partner", NameHi: "मित्र दल", NameEn: "Mitra", Area: "surya"})
			return errors.Join(err, l.Close())
		})
		// The kinds of areas are the pack's own words: none of them may mean anything here.
		for _, kind := range []string{"as it is", "unit", "root"} {
			o.must(func(tx *db.Tx) error {
				if kind != "as it is" {
					if _, err := tx.Exec(`update area set kind = $1 where kind <> 'booth'`, kind); err != nil {
						return err
					}
				}
				places, err := org.ReadPlaces(tx)
				if err != nil {
					return err
				}
				bodies, err := db.Select(tx, `select id from organization`, nil, db.One[org.OrganizationID])
				if err != nil {
					return err
				}
				areas, err := db.Select(tx, `select id from area`, nil, db.One[org.AreaID])
				if err != nil {
					return err
				}
				for _, id := range bodies {
					body, err := org.Lookup(tx, id)
					if err != nil {
						return err
					}
					for _, area := range areas {
						nodes, err := org.Nodes(tx, body, area)
						if err != nil {
							return err
						}
						got, want := sorted(nodes), sorted(places.Nodes(id, area))
						if !slices.Equal(got, want) {
							o.Errorf("areas of kind %s: %s at %s is counted at %v, recounted at %v", kind, id, area, got, want)
						}
						if id == "mitra" && !slices.Equal(got, []string{body.Label}) {
							o.Errorf("areas of kind %s: the partner at %s is counted at %v", kind, area, got)
						}
					}
				}
				return nil
			})
		}
	})
}

func sorted(nodes []string) []string { return slices.Compact(slices.Sorted(slices.Values(nodes))) }

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
