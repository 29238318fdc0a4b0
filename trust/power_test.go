//go:build linux

package trust_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"sangathan/access"
	"sangathan/activity"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/org"
	"sangathan/orgtest"
	"sangathan/trust"
)

// Power cuts while reports are written: of what was not synced, any part may reach
// the disk, in any order, torn at sectors. Everything acknowledged is there
// afterwards, nothing is half done, and the file is sound.
func TestPowerCuts(t *testing.T) {
	t.Parallel()
	cuts, seed := 40, uint64(time.Now().UnixNano())
	if *full {
		cuts = 300
	}
	t.Logf("seed %d", seed)
	r := powerCuts(t, seed, cuts, false)
	t.Logf("%d cuts, %d reports acknowledged, %d lost, %d kept without an answer, %d broken states, %d merges of the WAL", cuts, r.acked, r.lost, r.extra, r.broken, r.merges)
	if r.lost > 0 || r.broken > 0 {
		t.Errorf("seed %d: %d acknowledged reports lost, %d broken states", seed, r.lost, r.broken)
	}
	if r.acked < cuts*10 || r.merges < cuts/4 {
		t.Errorf("only %d reports and %d merges between %d cuts", r.acked, r.merges, cuts)
	}
}

// A disk that lies about its syncs loses reports, and the test above sees it.
func TestPowerCutsSeeALyingDisk(t *testing.T) {
	t.Parallel()
	if r := powerCuts(t, 7, 6, true); r.lost == 0 && r.broken == 0 {
		t.Errorf("%d reports on a disk that lies, and none was lost", r.acked)
	}
}

type cutResult struct{ acked, lost, extra, broken, merges int }

func powerCuts(t *testing.T, seed uint64, cuts int, lie bool) (res cutResult) {
	draw := rand.New(rand.NewPCG(seed, 1))
	d := dbtest.NewDisk(t, seed)
	clock := dbtest.Day("2026-06-01")

	// The small register, made elsewhere.
	made := dbtest.Folder(t)
	u, err := db.Open(t.Context(), db.Config{Path: made, Clock: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	fx := orgtest.Small(t, u)
	var actors []access.Actor
	for _, name := range slices.Sorted(slices.Values(fx.Names(""))) {
		if a := fx.Actor(name); a.SignedIn() {
			actors = append(actors, a)
		}
	}
	if err := u.Close(); err != nil {
		t.Fatal(err)
	}
	image, err := os.ReadFile(filepath.Join(made, "unit.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.Folder(), "unit.db"), image, 0o600); err != nil {
		t.Fatal(err)
	}

	acked := map[activity.EntryID]bool{}
	for cut := range cuts {
		u, err := db.Open(t.Context(), db.Config{Path: d.Folder(), Clock: clock.Now, Fatal: func(error) {}})
		if err != nil {
			t.Fatalf("seed %d, before cut %d: %v", seed, cut, err)
		}
		if lie {
			d.Lie()
		}
		d.CutAfter(20 + draw.IntN(1+draw.IntN(12000)))
		var mu sync.Mutex
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				rnd := rand.New(rand.NewPCG(seed, uint64(cut*8+w)))
				for i := w; !d.Off(); i += 8 {
					by := actors[i%len(actors)]
					id := activity.EntryID(uuid(rnd))
					err := u.Write(t.Context(), func(tx *db.Tx) error {
						r := activity.Report{ID: id, Kind: "chaupal", Day: "2026-05-30", People: 3, Note: fmt.Sprint("बैठक ", i), Membership: org.MembershipID(by.Membership)}
						_, err := activity.SubmitOnce(tx, by, r, []byte(id))
						return err
					})
					if err == nil {
						mu.Lock()
						acked[id] = true
						res.acked++
						mu.Unlock()
					} else if !d.Off() {
						t.Errorf("with power: %v", err)
						return
					}
				}
			})
		}
		wg.Wait()
		u.Close() // fails, as it must
		d.Restart(t)
		if !holds(t, d.Folder(), acked, &res) {
			if !lie {
				t.Fatalf("seed %d, cut %d", seed, cut)
			}
			return res
		}
	}
	res.merges = d.Syncs("unit.db")
	return res
}

// holds opens the unit after a cut, and counts what is wrong in it. Reports that
// were kept without an answer count as acknowledged from then on.
func holds(t *testing.T, folder string, acked map[activity.EntryID]bool, res *cutResult) bool {
	u, err := db.Open(t.Context(), db.Config{Path: folder, Fatal: func(error) {}})
	if err != nil {
		t.Log(err)
		res.broken++
		return false
	}
	defer u.Close()
	bad := 0
	err = u.Read(t.Context(), func(tx *db.Tx) error {
		have, err := db.Select(tx, `select id from activity`, nil, db.One[activity.EntryID])
		if err != nil {
			return err
		}
		there := map[activity.EntryID]bool{}
		for _, id := range have {
			there[id] = true
			if !acked[id] {
				acked[id] = true
				res.extra++
			}
		}
		for id := range acked {
			if !there[id] {
				bad++
			}
		}
		sound, err := tx.Text(`pragma integrity_check`)
		if err == nil && sound != "ok" {
			t.Log(sound)
			res.broken++
		}
		if err != nil {
			return err
		}
		found, err := trust.Check(tx)
		for _, f := range found {
			t.Log(f)
			res.broken++
		}
		return err
	})
	if err != nil {
		t.Log(err)
		res.broken++
	}
	res.lost += bad
	return bad == 0 && res.broken == 0
}
