//go:build linux

package trust_test

import (
	"fmt"
	"testing"

	"sangathan/activity"
	"sangathan/internal/db"
	"sangathan/org"
	"sangathan/pack"
	"sangathan/review"
)

// tinyUnit makes a unit of one body at path, with the officials of a state, workers
// and booth agents: enough for [gather], and made faster than a demonstration.
func tinyUnit(t *testing.T, path string, workers, agents int) {
	t.Helper()
	defer stage(t, "made the unit")()
	u := open(t, path)
	defer closeUnit(t, u)
	p := pack.UttarPradesh()
	err := u.Bulk(t.Context(), func(tx *db.Tx) error {
		if err := org.LoadPack(tx, p); err != nil {
			return err
		}
		if err := activity.LoadKinds(tx, p); err != nil {
			return err
		}
		if err := review.LoadDefault(tx); err != nil {
			return err
		}
		l, err := org.NewLoader(tx)
		if err != nil {
			return err
		}
		state, err := l.Organization(org.Organization{ID: "state", Kind: p.OrgKinds[0].ID, NameHi: "प्रदेश", NameEn: "State",
			Area: org.AreaID(p.Root), Founded: "2020-01-01"})
		if err != nil {
			return err
		}
		for _, role := range []struct {
			id string
			n  int
		}{{"state_president", 1}, {"state_incharge", 1}, {"vice_president", 1}, {"desk", 1}, {"mandal_secretary", workers}, {"booth_agent", agents}} {
			post := org.Post{ID: org.PostID(role.id), Organization: state.ID, Role: org.RoleID(role.id)}
			for i := range role.n {
				id := fmt.Sprintf("%s-%03d", role.id, i)
				if err := l.Person(org.NewPerson{ID: org.PersonID("p-" + id), NameHi: "साथी", NameEn: "Member"}); err != nil {
					return err
				}
				post.Seats = append(post.Seats, org.SeatFill{ID: org.SeatID("s-" + id), Membership: org.MembershipID("m-" + id), Person: org.PersonID("p-" + id),
					FromDay: "2025-01-01", Source: "paper", SourceDay: "2025-01-01"})
			}
			if err := l.Post(post); err != nil {
				return err
			}
		}
		if err := l.Close(); err != nil {
			return err
		}
		figures, err := review.Recount(tx) // a loader leaves them
		if err != nil {
			return err
		}
		return figures.Store(tx)
	})
	if err != nil {
		t.Fatal(err)
	}
}
