package orgtest_test

import (
	"testing"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/org"
	"sangathan/orgtest"
)

func TestSmall(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		fx := orgtest.Small(t, u)
		err := u.Read(t.Context(), func(tx *db.Tx) error {
			for name, want := range map[string][2]org.OrganizationID{ // unit, reporting
				"state": {"state", ""}, "poorab": {"poorab", "poorab"}, "nadi": {"poorab", "nadi"}, "kuan": {"poorab", "nadi"},
				"kisan": {"state", "kisan"}, "kisan-pachhim": {"pachhim", "kisan-pachhim"},
			} {
				o, err := org.Lookup(tx, fx.Org(name))
				if err != nil {
					return err
				}
				if o.Unit != want[0] || o.Reporting != want[1] {
					t.Errorf("%s belongs to %q and reports with %q, want %v", name, o.Unit, o.Reporting, want)
				}
			}
			posts, agents, err := org.CountSeats(tx, fx.Actor("state.incharge"), "state")
			if posts != (org.Count{Filled: 4 + 1 + 2*5 + 4*3 + 1, Vacant: 2, Unknown: 4}) || agents != (org.Count{Filled: 1, Vacant: 1, Unknown: 1}) {
				t.Errorf("seats: %+v, agents %+v", posts, agents)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if by := fx.Actor("poorab.president"); !by.MayAnywhere(access.ConfirmActivity) || by.Account == "" {
			t.Errorf("the district president has no rights: %+v", by)
		}
		if fx.VacantSeat("poorab", "district_secretary") == "" || len(fx.Names("nadi.")) != 3 {
			t.Error("seats or names")
		}
	}, dbtest.At(dbtest.Day("2026-11-22")))
}
