package db_test

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/fault"

	"github.com/jackc/pgx/v5/pgconn"
)

// told checks that err is Unavailable with the message key.
func told(t *testing.T, err error, key string) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != fault.Unavailable || f.Key != key {
		t.Errorf("got %v, want %s", err, key)
	}
}

func TestFullDiskIsUnavailableAndPasses(t *testing.T) {
	u := dbtest.SQLite(t)
	probe(t, u)
	big := func(id string) error {
		return u.Write(t.Context(), func(tx *db.Tx) error {
			for i := range 200 {
				if _, err := tx.Exec(`insert into meta(key, value) values($1, $2)`, fmt.Sprintf("%s%d", id, i), fmt.Sprintf("%04000d", i)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	limit := func(pages int) {
		if err := u.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Int(fmt.Sprintf(`pragma max_page_count = %d`, pages))
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	limit(1) // the present size: SQLite takes no less
	told(t, big("a"), "fault.disk_full")
	if err := u.Read(t.Context(), func(tx *db.Tx) error { _, err := tx.Int(`select count(*) from meta`); return err }); err != nil {
		t.Errorf("a read of a full disk: %v", err)
	}
	limit(1 << 30)
	if err := big("b"); err != nil {
		t.Errorf("with space again: %v", err)
	}
	if n := count(t, u, `select count(*) from meta where key >= 'a0' and key < 'a:'`); n != 0 {
		t.Errorf("%d rows of the verb that failed are kept", n)
	}
	// As PostgreSQL says it.
	err := u.Write(t.Context(), func(*db.Tx) error { return fmt.Errorf("verb: %w", &pgconn.PgError{Code: "53100"}) })
	told(t, err, "fault.disk_full")
}

func count(t *testing.T, u *db.Unit, query string) (n int) {
	t.Helper()
	err := u.Read(t.Context(), func(tx *db.Tx) (err error) { n, err = tx.Int(query); return err })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPostgresAwayIsUnavailableAndPasses(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("the server's processes are found in /proc")
	}
	pg := dbtest.NewCrashable(t)
	u := dbtest.Open(t, pg.DSN)
	note := func(id string) error {
		return u.Write(t.Context(), func(tx *db.Tx) error { return tx.SetMeta(id, "x") })
	}
	var wg sync.WaitGroup
	for i := range 8 { // connections that wait in the pool
		wg.Go(func() {
			if err := note(fmt.Sprint("before", i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	inVerb := u.Write(t.Context(), func(tx *db.Tx) error { // the server dies under a verb
		if err := tx.SetMeta("during", "x"); err != nil {
			return err
		}
		pg.Kill()
		if err := tx.SetMeta("during2", "x"); err != nil {
			return errors.New("a verb that does not tell its cause")
		}
		return nil
	})
	told(t, inVerb, "fault.unavailable")
	told(t, note("away"), "fault.unavailable")
	told(t, u.Read(t.Context(), func(tx *db.Tx) error { _, err := tx.Meta("x"); return err }), "fault.unavailable")
	pg.Start()
	if err := pg.Await(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	time.Sleep(60 * time.Millisecond) // an absent server is tried again every 50 ms
	for i := range 8 {
		if err := note(fmt.Sprint("after", i)); err != nil {
			t.Errorf("with the server back: %v", err)
		}
	}
	if n := count(t, u, `select count(*) from meta where value = 'x'`); n != 16 {
		t.Errorf("%d notes are kept, not 16", n)
	}
}

// PostgreSQL's table of what serializable transactions read is full: who finds no room
// in it is not refused, but runs again, alone in the end. A verb that needs more than
// all of it is told so, and the rest go on.
func TestFullLockTableIsARace(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("the server's processes are found in /proc")
	}
	pg := dbtest.NewCrashable(t, "max_pred_locks_per_transaction=10", "max_pred_locks_per_relation=1000000", "max_pred_locks_per_page=1000000")
	u := dbtest.Open(t, pg.DSN)
	const rows = 20_000
	if err := u.Bulk(t.Context(), func(tx *db.Tx) error {
		for i := range rows {
			if err := tx.SetMeta(fmt.Sprintf("row%05d", i), "x"); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var full atomic.Int64
	readThenNote := func(from, n int, id string) error { // each row read is a lock
		return u.Write(t.Context(), func(tx *db.Tx) error {
			for i := range n {
				if _, err := tx.Meta(fmt.Sprintf("row%05d", (from+i)%rows)); err != nil {
					if pe, ok := errors.AsType[*pgconn.PgError](err); ok && pe.Code == "53200" {
						full.Add(1)
					}
					return err
				}
			}
			return tx.SetMeta(id, "noted")
		})
	}
	const verbs = 64
	var wg sync.WaitGroup
	for i := range verbs {
		wg.Go(func() {
			if err := readThenNote(i*rows/verbs, 600, fmt.Sprint("note", i)); err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
	wg.Wait()
	if n := count(t, u, `select count(*) from meta where value = 'noted'`); n != verbs {
		t.Errorf("%d of %d are kept", n, verbs)
	}
	t.Logf("%d verbs found the table full %d times", verbs, full.Load())
	if full.Load() == 0 {
		t.Error("the table was never full: nothing is proven")
	}
	told(t, readThenNote(0, rows, "too much"), "fault.busy")
	if err := readThenNote(0, 10, "after"); err != nil {
		t.Error(err)
	}
}

// A slow verb among many quick ones that want the same rows gets its turn.
func TestSlowVerbIsNotStarved(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		add := func(think time.Duration) error {
			return u.Write(t.Context(), func(tx *db.Tx) error {
				n, err := tx.Int(`select count(*) from meta where value = 'race'`)
				if err != nil {
					return err
				}
				time.Sleep(think)
				return tx.SetMeta(fmt.Sprintf("race%d", n), "race")
			})
		}
		var done atomic.Bool
		var quick atomic.Int64
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for !done.Load() {
					if err := add(0); err != nil {
						t.Error(err)
						return
					}
					quick.Add(1)
				}
			})
		}
		const slow = 3
		for range slow {
			if err := add(30 * time.Millisecond); err != nil {
				t.Errorf("the slow verb: %v", err)
			}
		}
		done.Store(true)
		wg.Wait()
		if n := count(t, u, `select count(*) from meta where value = 'race'`); n != int(quick.Load())+slow {
			t.Errorf("%d rows of %d verbs: two saw the same state", n, int(quick.Load())+slow)
		}
	})
}
