//go:build linux

package trust_test

import (
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/trust"
)

// staged puts a server before the unit at path, and prepares the load to send to it;
// nothing runs yet.
func staged(t *testing.T, path string, rnd *rand.Rand, chains int) (*load, counts) {
	t.Helper()
	u := open(t, path)
	c := gather(t, u, 32, chains)
	before, zone := countAll(t, u), u.Zone()
	closeUnit(t, u)
	srv := newServer(t, path, c.president)
	return newLoad(t, c, srv, rnd.Uint64(), zone), before
}

func open(t *testing.T, path string) *db.Unit {
	t.Helper()
	u, err := db.Open(t.Context(), db.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func closeUnit(t *testing.T, u *db.Unit) {
	t.Helper()
	if err := u.Close(); err != nil {
		t.Error(err)
	}
}

// finish sends some requests again, stops the server, and compares.
func finish(t *testing.T, l *load, rnd *rand.Rand, before counts) verdict {
	t.Helper()
	defer stage(t, "compared")()
	l.sendAgain(rnd, min(200, len(l.done)))
	l.http.CloseIdleConnections() // the server waits for one that never asked anything
	l.srv.stop()
	u := open(t, l.srv.path)
	defer closeUnit(t, u)
	v := l.verify(u, before)
	intact(t, u)
	return v
}

// The server is killed by SIGKILL at random moments, also while it starts, while
// workers report and officials decide.
func TestI5ServerKilled(t *testing.T) {
	t.Parallel()
	rnd := seeded(t)
	kills, want := form(15, 500), form(600, 10_000)
	path := filepath.Join(t.TempDir(), "unit")
	demoUnit(t, path)
	l, before := staged(t, path, rnd, form(30, 300))
	l.srv.start()
	l.srv.await(time.Now())

	var back []time.Duration
	early := 0
	killed := make(chan struct{})
	var done atomic.Bool
	go func() {
		defer close(killed)
		defer done.Store(true)
		for k := 1; k <= kills && !t.Failed(); k++ {
			amid(l, rnd, want/kills)
			l.srv.kill()
			if k%max(5, kills/20) == 0 {
				atCrash(t, l)
			}
			began := time.Now()
			l.srv.start()
			if rnd.IntN(8) == 0 && k < kills { // while it starts, and repairs what the last kill left
				time.Sleep(time.Duration(rnd.IntN(80_000)) * time.Microsecond)
				l.srv.kill()
				k, early, began = k+1, early+1, time.Now()
				l.srv.start()
			}
			back = append(back, l.srv.await(began))
		}
	}()
	l.run(8, 4, want, done.Load)
	<-killed
	v := finish(t, l, rnd, before)
	median, slowest := spread(back)
	result(t, "%d\t%d\t%d\t%d\t%d\t%d\t%d\t%v, %v\t%d while starting", kills, l.sent.Load(), l.acked.Load(), l.again.Load(), v.lost, v.doubled, v.halfDone, median, slowest, early)
	if late(slowest) {
		t.Errorf("back after %v", slowest)
	}
}

// amid waits until some more requests have been acknowledged, about n, and a random
// moment after.
func amid(l *load, rnd *rand.Rand, n int) {
	until := l.acked.Load() + int64(1+rnd.IntN(2*max(1, n)))
	for deadline := time.Now().Add(10 * time.Second); l.acked.Load() < until && time.Now().Before(deadline); {
		time.Sleep(200 * time.Microsecond)
	}
	time.Sleep(time.Duration(rnd.IntN(15_000)) * time.Microsecond)
}

// atCrash looks at a copy of the folder as the kill left it: what was acknowledged
// until then is there, and nothing is half done. The server's folder is not touched.
func atCrash(t *testing.T, l *load) {
	t.Helper()
	ids := l.acknowledged()
	dir := t.TempDir()
	for _, name := range []string{"unit.db", "unit.db-wal"} {
		if err := copyFile(filepath.Join(l.srv.path, name), filepath.Join(dir, name)); err != nil && !os.IsNotExist(err) {
			t.Error(err)
			return
		}
	}
	u, err := db.Open(t.Context(), db.Config{Path: dir})
	if err != nil {
		t.Error(err)
		return
	}
	defer os.RemoveAll(dir)
	defer u.Close()
	lost := 0
	err = u.Read(t.Context(), func(tx *db.Tx) error {
		for _, id := range ids {
			n, err := tx.Int(`select count(*) from activity where id = $1`, id)
			if err != nil {
				return err
			}
			lost += 1 - n
		}
		found, err := trust.Check(tx)
		for _, f := range found {
			t.Errorf("right after a kill: %v", f)
		}
		return err
	})
	if err != nil || lost > 0 {
		t.Errorf("right after a kill %d acknowledged reports are lost: %v", lost, err)
	}
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = io.Copy(out, in)
	return err
}

// PostgreSQL's server is killed, every process of it at once, under a server of ours
// that goes on running.
func TestI5PostgresKilled(t *testing.T) {
	t.Parallel()
	rnd := seeded(t)
	pg := dbtest.NewCrashable(t)
	kills, want := form(2, 50), form(200, 2000)
	chains := form(10, 60)
	if *full {
		demoUnit(t, pg.DSN)
	} else {
		tinyUnit(t, pg.DSN, 32, 2*chains)
	}
	l, before := staged(t, pg.DSN, rnd, chains)
	l.srv.start()
	l.srv.await(time.Now())
	pid := l.srv.cmd.Process.Pid

	var back, ours []time.Duration // since PostgreSQL's start, and since it takes connections again
	processes := 0
	killed := make(chan struct{})
	var done atomic.Bool
	go func() {
		defer close(killed)
		defer done.Store(true)
		for k := 1; k <= kills && !t.Failed(); k++ {
			amid(l, rnd, want/kills)
			processes += pg.Kill()
			began := time.Now()
			pg.Start()
			up := make(chan time.Time, 1)
			go func() {
				if err := pg.Await(30 * time.Second); err != nil {
					t.Error(err)
				}
				up <- time.Now()
			}()
			took := l.srv.await(began)
			back = append(back, took)
			ours = append(ours, max(0, took-(<-up).Sub(began)))
			if k%max(1, kills/5) == 0 {
				snapshot(t, l)
			}
		}
	}()
	l.run(8, 4, want, done.Load)
	<-killed
	if !l.srv.alive() || l.srv.cmd.Process.Pid != pid {
		t.Error("our server did not outlive PostgreSQL's")
	}
	v := finish(t, l, rnd, before)
	median, slowest := spread(back)
	_, slowestOurs := spread(ours)
	result(t, "%d\t%d\t%d\t%d\t%d\t%d\t%d\t%v, %v\t%d processes killed; ours back %v after PostgreSQL's; told %v", kills, l.sent.Load(), l.acked.Load(), l.again.Load(),
		v.lost, v.doubled, v.halfDone, median, slowest, processes, slowestOurs, l.problems)
	if late(slowestOurs) || late(median) { // how long PostgreSQL itself repairs is the disk's
		t.Errorf("back after %v, and at most %v after PostgreSQL itself", median, slowestOurs)
	}
	for what := range l.problems {
		if what != "503 fault.unavailable" {
			t.Errorf("%d clients were told %s while PostgreSQL was away", l.problems[what], what)
		}
	}
}

// snapshot applies the rules to a running PostgreSQL unit.
func snapshot(t *testing.T, l *load) {
	t.Helper()
	u, err := db.Open(t.Context(), db.Config{Path: l.srv.path})
	if err != nil {
		t.Error(err)
		return
	}
	defer u.Close()
	err = u.Read(t.Context(), func(tx *db.Tx) error {
		found, err := trust.Check(tx)
		for _, f := range found {
			t.Errorf("right after a kill: %v", f)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
