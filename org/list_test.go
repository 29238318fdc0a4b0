package org_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/fault"
	"sangathan/org"
	"sangathan/orgtest"
)

// TestListsByKey: in every order, page after page of one row gives what one page of
// all gives, each row once; nothing else depends on the page.
func TestListsByKey(t *testing.T) {
	clock := dbtest.Day("2026-11-22")
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		fx := orgtest.Small(t, u)
		desk := fx.Actor("state.desk")
		write := func(fn func(tx *db.Tx) error) {
			t.Helper()
			if err := u.Write(t.Context(), fn); err != nil {
				t.Fatal(err)
			}
		}
		for i, who := range []string{"nadi.sec1", "kuan.president", "poorab.sec1", "bargad.sec1"} { // four orders, two of them at one moment
			write(func(tx *db.Tx) error {
				_, err := org.RecordEnd(tx, desk, fx.Member(who), "resigned", fmt.Sprintf("2026-11-%d", 20-i), "")
				return err
			})
		}
		orders := func(f org.OrderFilter) func(tx *db.Tx, by access.Actor, p db.Page) ([]string, string, error) {
			return func(tx *db.Tx, by access.Actor, p db.Page) (ids []string, next string, err error) {
				page, next, err := org.Orders(tx, by, f, p)
				for _, d := range page {
					ids = append(ids, d.Number+" "+string(d.Organization))
				}
				return ids, next, err
			}
		}
		seats := func(f org.SeatFilter) func(tx *db.Tx, by access.Actor, p db.Page) ([]string, string, error) {
			return func(tx *db.Tx, by access.Actor, p db.Page) (ids []string, next string, err error) {
				page, next, err := org.Seats(tx, by, f, p)
				for _, s := range page {
					ids = append(ids, string(s.ID))
				}
				return ids, next, err
			}
		}
		vacancies := func(tx *db.Tx, by access.Actor, p db.Page) (ids []string, next string, err error) {
			page, next, err := org.Vacancies(tx, by, "", "", p)
			for _, s := range page {
				ids = append(ids, string(s.ID))
			}
			return ids, next, err
		}
		for _, c := range []struct {
			name, who, sort string
			read            func(tx *db.Tx, by access.Actor, p db.Page) ([]string, string, error)
			want            int
		}{
			{"orders", "state.desk", "", orders(org.OrderFilter{}), 4},
			{"orders", "state.desk", "old", orders(org.OrderFilter{}), 4},
			{"orders", "state.desk", "day", orders(org.OrderFilter{}), 4},
			{"orders of a district's president", "poorab.president", "", orders(org.OrderFilter{}), 3},
			{"orders of a unit", "state.desk", "", orders(org.OrderFilter{Unit: "pachhim"}), 1},
			{"orders of a body", "state.desk", "", orders(org.OrderFilter{Organization: "nadi"}), 1},
			{"orders of a body unseen", "pachhim.president", "", orders(org.OrderFilter{Organization: "nadi"}), 0},
			{"orders of a kind", "state.desk", "", orders(org.OrderFilter{Kind: org.OrderRecord}), 4},
			{"orders of another kind", "state.desk", "", orders(org.OrderFilter{Kind: org.OrderWarning}), 0},
			{"orders about one", "state.desk", "", orders(org.OrderFilter{Person: fx.Person("nadi.sec1")}), 1},
			{"seats", "state.desk", "", seats(org.SeatFilter{Body: "state"}), 34},
			{"vacant seats", "state.desk", "rank", seats(org.SeatFilter{Body: "state", State: "vacant"}), 6},
			{"vacant seats", "state.desk", "since", seats(org.SeatFilter{Body: "state", State: "vacant"}), 6},
			{"a district's seats", "poorab.president", "name", seats(org.SeatFilter{Body: "poorab"}), 15},
			{"a district's seats", "poorab.president", "since", seats(org.SeatFilter{Body: "poorab"}), 15},
			{"a district's seats", "poorab.president", "rank", seats(org.SeatFilter{Body: "poorab"}), 15},
			{"agents", "state.desk", "", seats(org.SeatFilter{Body: "state", Agents: true}), 3},
			{"vacancies", "state.desk", "", vacancies, 7},
			{"vacancies", "state.desk", "since", vacancies, 7},
			{"a block's vacancies", "nadi.president", "since", vacancies, 3},
		} {
			err := u.Read(t.Context(), func(tx *db.Tx) error {
				by := fx.Actor(c.who)
				whole, next, err := c.read(tx, by, db.Page{Sort: c.sort, Limit: 500})
				if err != nil {
					return err
				}
				var single []string
				for p := (db.Page{Sort: c.sort, Limit: 1}); ; {
					page, next, err := c.read(tx, by, p)
					if err != nil {
						return err
					}
					single = append(single, page...)
					if p.After = next; next == "" || len(single) > 100 {
						break
					}
				}
				if next != "" || !slices.Equal(whole, single) || len(whole) != c.want {
					t.Errorf("%s of %s, sorted %q: %d rows, want %d\n%s\none by one:\n%s", c.name, c.who, c.sort, len(whole), c.want, strings.Join(whole, "\n"), strings.Join(single, "\n"))
				}
				return nil
			})
			if err != nil {
				t.Errorf("%s, sorted %q: %v", c.name, c.sort, err)
			}
		}
		for _, p := range []db.Page{{Sort: "x"}, {After: "x"}, {After: "WyJvbGQiLDEsImEiXQ"}, {After: "WyJuZXciLCJhIiwiYSJd"}} {
			err := u.Read(t.Context(), func(tx *db.Tx) error { _, _, err := org.Orders(tx, desk, org.OrderFilter{}, p); return err })
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%+v: %v", p, err)
			}
		}
	}, dbtest.At(clock))
}
