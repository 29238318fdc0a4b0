// Package dbtest opens units for tests: SQLite in a folder of the test, and
// PostgreSQL on a server that the test process starts itself.
//
//	func TestX(t *testing.T) {
//		dbtest.Each(t, func(t *testing.T, u *db.Unit) { ... })
//	}
package dbtest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"sangathan/internal/db"
)

// Option changes how a unit is opened, for example [At].
type Option func(*db.Config)

// At makes c the unit's clock.
func At(c *Clock) Option { return func(cfg *db.Config) { cfg.Clock = c.Now } }

// Each runs fn as two subtests, "sqlite" and "postgres", each on an empty unit of
// its own that is closed afterwards. Without PostgreSQL's binaries the second is
// skipped with the reason, or fails when SANGATHAN_REQUIRE_POSTGRES=1.
func Each(t *testing.T, fn func(t *testing.T, u *db.Unit), opts ...Option) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t, opts...)) })
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t, opts...)) })
}

// SQLite opens an empty unit in a folder of the test.
func SQLite(t testing.TB, opts ...Option) *db.Unit {
	t.Helper()
	return Open(t, Folder(t), opts...)
}

// Folder makes a unit's folder with today's schema and no rows, not opened: a
// copy of one made once in the process, because making it costs many disk syncs.
func Folder(t testing.TB) string {
	t.Helper()
	image, err := template()
	if err != nil {
		t.Fatal("dbtest: ", err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "unit.db"), image, 0o600); err != nil {
		t.Fatal("dbtest: ", err)
	}
	return dir
}

// template is the database file of an empty unit. Its secrets are taken out, so
// that every copy makes its own.
var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "sangathan-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	u, err := db.Open(ctx, db.Config{Path: dir, Fresh: true})
	if err != nil {
		return nil, err
	}
	err = u.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`delete from meta where key = 'secret.hmac'`)
		return err
	})
	if err != nil {
		u.Close()
		return nil, err
	}
	if err := u.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, "unit.db"))
})

// Postgres opens an empty unit in a new schema; see [DSN] for when it skips.
func Postgres(t testing.TB, opts ...Option) *db.Unit {
	t.Helper()
	return Open(t, DSN(t), opts...)
}

// Open opens the unit at path (a folder or a DSN) and closes it after the test.
func Open(t testing.TB, path string, opts ...Option) *db.Unit {
	t.Helper()
	cfg := db.Config{Path: path}
	for _, o := range opts {
		o(&cfg)
	}
	u, err := db.Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("dbtest: open %s: %v", path, err)
	}
	t.Cleanup(func() {
		if err := u.Close(); err != nil {
			t.Errorf("dbtest: close %s: %v", path, err)
		}
	})
	return u
}

// Clock is a clock that stands still until it is moved. It is safe for
// concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock makes a clock that shows now.
func NewClock(now time.Time) *Clock { return &Clock{now: now} }

// Day makes a clock that shows noon in India on the day YYYY-MM-DD.
func Day(day string) *Clock {
	t, err := time.Parse(time.DateTime+" -0700", day+" 12:00:00 +0530")
	if err != nil {
		panic(err)
	}
	return NewClock(t)
}

// Now is the time the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves the clock to now.
func (c *Clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// Add moves the clock on by d.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
