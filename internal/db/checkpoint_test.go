package db_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"sangathan/internal/db"
	"sangathan/internal/dbtest"
)

// onDisk opens an empty unit on a disk that can fail; fatal counts the calls of Fatal.
func onDisk(t *testing.T) (d *dbtest.Disk, u *db.Unit, fatal *atomic.Int32) {
	t.Helper()
	d, fatal = dbtest.NewDisk(t, 1), new(atomic.Int32)
	image, err := os.ReadFile(filepath.Join(dbtest.Folder(t), "unit.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.Folder(), "unit.db"), image, 0o600); err != nil {
		t.Fatal(err)
	}
	u, err = db.Open(t.Context(), db.Config{Path: d.Folder(), Fatal: func(error) { fatal.Add(1) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { u.Close() })
	return d, u, fatal
}

// grow writes about n pages of rows, in commits of a few pages each.
func grow(t *testing.T, u *db.Unit, n int) {
	t.Helper()
	long := strings.Repeat("x", 4000)
	for range n {
		err := u.Write(t.Context(), func(tx *db.Tx) error {
			return tx.SetMeta(tx.NewID(), long)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A sync that fails while the WAL is merged into the database ends the process, like
// one that fails in a commit.
func TestFailedSyncOfTheMergeIsFatal(t *testing.T) {
	for _, c := range []struct {
		file string
		left bool // whether the verbs still succeed
	}{{"unit.db", true}, {"unit.db-wal", false}} {
		t.Run(c.file, func(t *testing.T) {
			d, u, fatal := onDisk(t)
			d.FailSync(func(name string) bool { return name == c.file })
			if c.left {
				grow(t, u, 2000)
			} else if err := u.Write(t.Context(), func(tx *db.Tx) error { return tx.SetMeta("a", "b") }); err == nil {
				t.Error("acknowledged though the sync failed")
			}
			if fatal.Load() == 0 {
				t.Errorf("the sync of %s failed, and nobody was told", c.file)
			}
		})
	}
}

// The WAL is merged and starts anew: it does not grow with what is written, and a
// reader that stays for long delays that only while it stays.
func TestWALDoesNotGrow(t *testing.T) {
	_, u, fatal := onDisk(t)
	size := func() int64 {
		st, err := os.Stat(filepath.Join(u.Path(), "unit.db-wal"))
		if err != nil {
			t.Fatal(err)
		}
		return st.Size()
	}
	grow(t, u, 5000) // some 20 MiB and more
	if n := size(); n > 12<<20 {
		t.Errorf("the WAL has %d MiB", n>>20)
	}
	err := u.Read(context.Background(), func(tx *db.Tx) error {
		if _, err := tx.Meta("x"); err != nil { // now it sees one state
			return err
		}
		grow(t, u, 3000)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	pinned := size()
	grow(t, u, 8000)
	if n := size(); n > pinned+12<<20 {
		t.Errorf("the WAL has %d MiB; while a reader stayed it had %d", n>>20, pinned>>20)
	}
	if fatal.Load() > 0 {
		t.Error("merging failed")
	}
}

// What is freed on a full disk goes to the database before the WAL: however often it
// fills up, the next verb after room was made is written.
func TestFullDiskGoesOnWithAnyRoom(t *testing.T) {
	d, u, _ := onDisk(t)
	long := strings.Repeat("x", 4000)
	write := func() error {
		return u.Write(t.Context(), func(tx *db.Tx) error { return tx.SetMeta(tx.NewID(), long) })
	}
	grow(t, u, 100)
	for round := range 12 {
		d.Room(2 << 20)
		for n := 0; ; n++ {
			err := write()
			if err != nil {
				told(t, err, "fault.disk_full")
				break
			}
			if n > 5000 {
				t.Fatal("the disk is never full")
			}
		}
		told(t, write(), "fault.disk_full")
		d.Room(2 << 20)
		if err := write(); err != nil {
			t.Fatalf("filled %d times: with room again %v", round+1, err)
		}
	}
	st, err := os.Stat(filepath.Join(u.Path(), "unit.db-wal"))
	if err != nil || st.Size() > 12<<20 {
		t.Errorf("the WAL took the room: %v %v", st.Size()>>20, err)
	}
}

// A verb that begins another of its own unit would wait for itself for ever: it is
// told so, and the unit goes on.
func TestWriteInsideWriteIsAnError(t *testing.T) {
	_, u, _ := onDisk(t)
	err := u.Write(t.Context(), func(*db.Tx) error {
		return u.Write(t.Context(), func(tx *db.Tx) error { return tx.SetMeta("inner", "kept") })
	})
	if err == nil || !strings.Contains(err.Error(), "Write inside a Write") {
		t.Errorf("the verb was told %v", err)
	}
	err = u.Write(t.Context(), func(tx *db.Tx) error {
		inner, err := tx.Meta("inner")
		if inner != "" {
			t.Error("the inner one ran later")
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// Statistics are renewed, and the readers plan by them.
func TestAnalyzeReachesReaders(t *testing.T) {
	u := dbtest.SQLite(t)
	// Without statistics an equality is thought to be rarer than a range: not so here.
	const query = `explain query plan select id from command where user_id = 'u' and at > 5`
	plan := func() (p string) {
		err := u.Read(t.Context(), func(tx *db.Tx) error {
			rows, err := db.Select(tx, query, nil, func(s db.Scanner) (v string, err error) {
				var a, b, c int
				return v, s.Scan(&a, &b, &c, &v)
			})
			p = strings.Join(rows, "; ")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	err := u.Write(t.Context(), func(tx *db.Tx) error {
		for _, q := range []string{`create index command_by_user on command(user_id)`, `create index command_by_at on command(at)`} {
			if _, err := tx.Exec(q); err != nil {
				return err
			}
		}
		for i := range 3000 {
			if _, err := tx.Exec(`insert into command values($1, 'u', '', '', $2)`, tx.NewID(), i%7); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 8 { // every reader has a connection and has planned
		if p := plan(); !strings.Contains(p, "command_by_user") {
			t.Fatalf("before: %s", p)
		}
	}
	if err := u.Analyze(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 8 {
		if p := plan(); strings.Contains(p, "command_by_user") {
			t.Fatalf("after: %s", p)
		}
	}
}
