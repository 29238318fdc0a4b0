package tally_test

import (
	"fmt"
	"sync"
	"testing"

	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/tally"
)

func write(t *testing.T, u *db.Unit, fn func(tx *db.Tx) error) {
	t.Helper()
	if err := u.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// Many add to the same nodes in different orders while the additions are folded: no
// addition is lost or counted twice, and nobody waits for ever.
func TestG3_NoFigureIsLostAmongMany(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		const writers, each = 12, 25
		stop := make(chan struct{})
		var folding, adding sync.WaitGroup
		folding.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if err := u.Bulk(t.Context(), tally.Fold); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
		for w := range writers {
			adding.Go(func() {
				for i := range each {
					nodes := []string{"state", fmt.Sprint("d", (w+i)%3), "state"} // a node named twice counts once
					if w%2 == 0 {
						nodes[0], nodes[1] = nodes[1], nodes[0]
					}
					err := u.Write(t.Context(), func(tx *db.Tx) error {
						return tally.Add(tx, nodes, "2026-11", tally.Figures{tally.Entry: 1, tally.People: 3, tally.EntryDisputed: 0})
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		adding.Wait()
		close(stop)
		folding.Wait()
		write(t, u, func(tx *db.Tx) error {
			f, err := tally.At(tx, "state", "2026-11")
			if f[tally.Entry] != writers*each || f[tally.People] != 3*writers*each {
				t.Errorf("the state has %v", f)
			}
			if err != nil {
				return err
			}
			sum := 0
			for d := range 3 {
				months, err := tally.Months(tx, fmt.Sprint("d", d), "2026-10", "2026-12")
				if err != nil {
					return err
				}
				sum += months["2026-11"][tally.Entry]
			}
			if sum != writers*each {
				t.Errorf("the districts have %d", sum)
			}
			return nil
		})
	})
}

func TestDifferTellsEveryFigureThatIsWrong(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		count := tally.NewCount()
		count.Add([]string{"a", "b", "a"}, "", tally.Figures{tally.PostVacant: 2})
		count.Add([]string{"a"}, "2026-11", tally.Figures{tally.Entry: 5})
		differ := func(want int) {
			t.Helper()
			write(t, u, func(tx *db.Tx) error {
				told, n, err := count.Differ(tx, 1)
				if n != want || len(told) != min(n, 1) {
					t.Errorf("%d differ: %v, want %d", n, told, want)
				}
				return err
			})
		}
		differ(3) // nothing stands yet
		write(t, u, count.Store)
		differ(0)
		write(t, u, func(tx *db.Tx) error {
			return tally.Add(tx, []string{"a", "c"}, "", tally.Figures{tally.PostVacant: 1})
		})
		differ(2) // one too many at a, one at a node that counts nothing
		write(t, u, count.Store)
		differ(0)
	})
}
