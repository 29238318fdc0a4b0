// Package db opens a unit's database (an SQLite folder or a PostgreSQL schema)
// and runs transactions on it. It knows nothing of the domain.
//
// One SQL text serves both engines. On SQLite one goroutine writes, gathering
// the verbs that wait into one commit (a savepoint each), so that an answer is
// given only after its commit has reached the disk; reads run beside it on
// read-only connections. On PostgreSQL each verb is a SERIALIZABLE transaction,
// run again when the server asks for it. A verb may therefore run twice: it must
// have no effect outside its transaction.
package db

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // a phone or container may lack the zone files

	"sangathan/internal/fault"

	"github.com/gofrs/flock"
)

// Config says where a unit's data lives and which clock, randomness and limits
// to use. The zero value of each field but Path means the default.
type Config struct {
	// Path is an SQLite folder (made if absent), or a PostgreSQL DSN beginning
	// "postgres://"; the DSN's search_path names the unit's schema.
	Path string
	// Clock gives the time; default time.Now.
	Clock func() time.Time
	// Rand gives random bytes for ids and keys; default crypto/rand.
	Rand io.Reader
	// Zone is the unit's time zone for days; default Asia/Kolkata.
	Zone *time.Location
	// Readers is the number of reading connections; default 4.
	Readers int
	// Fresh builds a new SQLite unit fast, with its journal in memory: nothing is
	// durable until Close. Only for building in a folder nobody has seen yet.
	Fresh bool
	// Thrifty builds a Fresh unit with a tenth of the memory, and sorts on disk.
	Thrifty bool
	// Fatal is called when the disk cannot be trusted any more (a failed fsync);
	// default: print and exit, because going on would acknowledge what is not kept.
	Fatal func(error)
	// Trace is told of each statement of a transaction and its arguments before it
	// runs; they may not be kept. For benchmarks and tests; default nil.
	Trace func(query string, args []any)
}

// Unit is one open unit: the database of one top-level organization.
type Unit struct {
	cfg    Config
	engine engine
	lock   *flock.Flock
	key    []byte       // HMAC key of Once and other keyed hashes; lives in the database
	close  func() error // run once, however often Close is called
}

// engine is what differs between SQLite and PostgreSQL.
type engine interface {
	write(ctx context.Context, fn func(*Tx) error) error
	read(ctx context.Context, fn func(*Tx) error) error
	bulk(ctx context.Context, fn func(*Tx) error) error
	close() error
}

// ErrLocked says that another process (a running server) holds the unit's folder.
var ErrLocked = errors.New("the unit's folder is in use by a running server")

// Open opens the unit named by cfg.Path, brings its schema up to date, and takes
// the folder's lock. ErrLocked when a server holds it.
func Open(ctx context.Context, cfg Config) (*Unit, error) {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Zone == nil {
		z, err := time.LoadLocation("Asia/Kolkata")
		if err != nil {
			return nil, err
		}
		cfg.Zone = z
	}
	if cfg.Readers == 0 {
		cfg.Readers = 4
	}
	if cfg.Fatal == nil {
		cfg.Fatal = func(err error) {
			os.Stderr.WriteString("sangathan: the disk failed, stopping so that nothing false is acknowledged: " + err.Error() + "\n")
			os.Exit(70)
		}
	}
	u := &Unit{cfg: cfg}
	u.close = sync.OnceValue(u.shut)
	var err error
	if IsPostgres(cfg.Path) {
		u.engine, err = openPostgres(ctx, u)
	} else {
		if err := os.MkdirAll(cfg.Path, 0o700); err != nil {
			return nil, err
		}
		u.lock = flock.New(filepath.Join(cfg.Path, "lock"))
		ok, lerr := u.lock.TryLock()
		if lerr != nil {
			return nil, lerr
		}
		if !ok {
			return nil, ErrLocked
		}
		u.engine, err = openSQLite(ctx, u)
	}
	if err == nil {
		err = u.Write(ctx, u.loadKey)
	}
	if err != nil {
		u.Close()
		if sqliteReadOnly(err) {
			err = hinted(err)
		}
		return nil, err
	}
	return u, nil
}

// IsPostgres reports whether path is a PostgreSQL DSN rather than a folder.
func IsPostgres(path string) bool {
	return strings.HasPrefix(path, "postgres://") || strings.HasPrefix(path, "postgresql://")
}

// Write runs fn in one transaction and returns after it is durable. When ctx ends
// before fn has begun, fn does not run. fn never sees ctx: a reader who goes away
// must not roll back others who share the commit. An error from fn undoes its
// work, unless it is wrapped by [Keep].
//
// A full disk and a database server that is away are Unavailable. When the server
// goes away during the commit, whether it was kept is not known: the caller sends
// it again, and [Once] counts it once.
func (u *Unit) Write(ctx context.Context, fn func(*Tx) error) error {
	return hinted(u.engine.write(ctx, fn))
}

// Read runs fn on one consistent state of the database; fn may not write.
func (u *Unit) Read(ctx context.Context, fn func(*Tx) error) error {
	return hinted(u.engine.read(ctx, fn))
}

// Bulk runs fn once in one transaction of any length on one state of the database,
// for loaders: on SQLite while nobody else writes, on PostgreSQL beside others.
func (u *Unit) Bulk(ctx context.Context, fn func(*Tx) error) error {
	return hinted(u.engine.bulk(ctx, fn))
}

// Analyze renews what the engine knows of its tables, by which it plans queries: as a
// unit grows, yesterday's plans become slow. For a server to call now and then, and
// after many rows have come in. PostgreSQL does it by itself.
func (u *Unit) Analyze(ctx context.Context) error {
	if e, ok := u.engine.(*sqliteEngine); ok {
		return e.analyze(ctx)
	}
	return nil
}

// Close ends the unit's connections and frees its folder. Verbs that wait get
// Unavailable. Closing twice does no more than once.
func (u *Unit) Close() error { return u.close() }

func (u *Unit) shut() error {
	var err error
	if u.engine != nil {
		err = u.engine.close()
	}
	if u.lock != nil {
		err = errors.Join(err, u.lock.Unlock())
	}
	return err
}

// Path is the folder or DSN the unit was opened with.
func (u *Unit) Path() string { return u.cfg.Path }

// Now is the unit's clock.
func (u *Unit) Now() time.Time { return u.cfg.Clock().In(u.cfg.Zone) }

// Zone is the unit's time zone.
func (u *Unit) Zone() *time.Location { return u.cfg.Zone }

func (u *Unit) loadKey(tx *Tx) error {
	key, err := tx.Secret("hmac")
	u.key = key
	return err
}

// hinted makes of an engine's failure what the reader can be told: a disk without
// space is the office's to mend, a server that is away is worth another try.
func hinted(err error) error {
	switch {
	case err == nil:
		return nil
	case sqliteFull(err), postgresFull(err):
		return &fault.Error{Kind: fault.Unavailable, Key: "fault.disk_full", Err: err}
	case sqliteReadOnly(err):
		return &fault.Error{Kind: fault.Unavailable, Key: "fault.read_only", Err: err}
	case errors.Is(err, errAway):
		return &fault.Error{Kind: fault.Unavailable, Key: "fault.unavailable", Err: err}
	}
	return err
}

// call runs fn. A panic becomes an error, so that one verb's defect does not stop
// the others; and when a statement failed, so did fn, whatever it returns: the
// engines differ in what they keep of such a transaction, so neither keeps any.
func (t *Tx) call(fn func(*Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	err = fn(t)
	if t.failed != nil && (err == nil || kept(err)) {
		return t.failed
	}
	return err
}

// keep marks an error whose transaction is committed all the same.
type keep struct{ error }

func (k keep) Unwrap() error { return k.error }

// Keep returns err marked so that Write commits what fn did and still returns
// err: a wrong code is counted, a conflicting report is kept, and the caller is
// told of the fault.
func Keep(err error) error { return keep{err} }

func kept(err error) bool {
	_, ok := errors.AsType[keep](err)
	return ok
}

var errClosed = fault.New(fault.Unavailable, "fault.closing")
