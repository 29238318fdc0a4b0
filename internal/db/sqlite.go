package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/libc"
	sqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// maxGroup bounds how many verbs share one commit, so that none waits long.
const maxGroup = 256

type sqliteEngine struct {
	u       *Unit
	w, r    *sql.DB
	conn    *sql.Conn // the one writing connection, owned by the writer goroutine
	stmts   map[string]*sql.Stmt
	jobs    chan *job
	readers chan *reader
	stop    chan struct{}
	stopped chan struct{}
	once    sync.Once
	planned atomic.Int64 // how often the statistics were renewed
	tried   int          // frames in the WAL when it was last merged
	full    bool         // the disk was full when it was last written to
}

// job is one verb waiting to be written.
type job struct {
	ctx   context.Context
	fn    func(*Tx) error
	alone bool
	done  chan error
}

type reader struct {
	planned int64 // the statistics it plans by
	conn    *sql.Conn
	stmts   map[string]*sql.Stmt
	handle  uintptr // SQLite's own, to interrupt a statement
}

// Every connection has room of its own for small allocations, 500 places of 1,200 bytes.
// SQLite's default, 100, is used up by the statements that are kept prepared, and then every
// cursor waits for the one lock of the process's memory. It can be said only before the
// first use of SQLite.
func init() {
	tls := libc.NewTLS()
	defer tls.Close()
	args := libc.Xmalloc(tls, 2*8)
	defer libc.Xfree(tls, args)
	if rc := sqlite3.Xsqlite3_config(tls, sqlite3.SQLITE_CONFIG_LOOKASIDE, libc.VaList(args, int32(1200), int32(500))); rc != sqlite3.SQLITE_OK {
		panic(fmt.Sprintf("SQLite was used before it was set up: %d", rc))
	}
}

// mapped is how much of the database a reader maps into memory: as much as SQLite can.
const mapped = "2147418112"

// uriPath escapes what would end the path in an SQLite URI: a folder may be named "#1".
var uriPath = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23")

func openSQLite(ctx context.Context, u *Unit) (engine, error) {
	file := "file:" + uriPath.Replace(filepath.Join(u.cfg.Path, "unit.db"))
	q := url.Values{}
	q.Add("_pragma", "busy_timeout(10000)")
	if u.cfg.Thrifty {
		q.Add("_pragma", "temp_store(1)")
		q.Add("_pragma", "cache_size(-32768)")
	} else {
		q.Add("_pragma", "temp_store(2)")
	}
	if u.cfg.Fresh {
		if !u.cfg.Thrifty {
			q.Add("_pragma", "cache_size(-262144)")
		}
		q.Add("_pragma", "analysis_limit(2000)") // statistics from a sample: seconds less for each million rows
		q.Add("_pragma", "journal_mode(MEMORY)") // not OFF: a verb that fails would spoil the rest
		q.Add("_pragma", "synchronous(OFF)")
		q.Add("_pragma", "locking_mode(EXCLUSIVE)")
	} else {
		q.Add("_pragma", "cache_size(-65536)") // 64 MiB of pages: a report touches fifty, all over the state
		q.Add("_pragma", "journal_mode(WAL)")
		q.Add("_pragma", "synchronous(FULL)")
		q.Add("_pragma", "wal_autocheckpoint(0)") // see checkpoint
		q.Add("_pragma", "journal_size_limit(67108864)")
		q.Add("_pragma", "foreign_keys(1)")
		q.Add("_pragma", "analysis_limit(1000)")
	}
	w, err := sql.Open("sqlite", file+"?"+q.Encode())
	if err != nil {
		return nil, err
	}
	w.SetMaxOpenConns(1)
	e := &sqliteEngine{u: u, w: w, stmts: map[string]*sql.Stmt{}, jobs: make(chan *job, 4096),
		stop: make(chan struct{}), stopped: make(chan struct{})}
	if err := migrate(ctx, goose.DialectSQLite3, w); err != nil {
		w.Close()
		return nil, err
	}
	if e.conn, err = w.Conn(ctx); err != nil {
		w.Close()
		return nil, err
	}
	if !u.cfg.Fresh {
		q := url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(10000)", "query_only(1)", "cache_size(-16384)", "temp_store(2)", "mmap_size(" + mapped + ")"}}
		if e.r, err = sql.Open("sqlite", file+"?"+q.Encode()); err != nil {
			w.Close()
			return nil, err
		}
		e.readers = make(chan *reader, u.cfg.Readers)
		for range u.cfg.Readers {
			e.readers <- &reader{stmts: map[string]*sql.Stmt{}}
		}
	}
	go e.writer()
	return e, nil
}

func (e *sqliteEngine) write(ctx context.Context, fn func(*Tx) error) error {
	return e.submit(&job{ctx: ctx, fn: fn, done: make(chan error, 1)})
}

func (e *sqliteEngine) bulk(ctx context.Context, fn func(*Tx) error) error {
	return e.submit(&job{ctx: ctx, fn: fn, alone: true, done: make(chan error, 1)})
}

// nestedAfter is how long a verb waits before it is asked whether it waits for itself.
const nestedAfter = time.Second

func (e *sqliteEngine) submit(j *job) error {
	var drop context.CancelFunc
	j.ctx, drop = context.WithCancel(j.ctx)
	defer drop()
	late := time.NewTimer(nestedAfter)
	defer late.Stop()
	select {
	case e.jobs <- j:
	case <-j.ctx.Done():
		return j.ctx.Err()
	case <-e.stop:
		return errClosed
	}
	for {
		select {
		case err := <-j.done:
			return err
		case <-late.C:
			if insideWriter() { // nobody would ever take it
				panic("Write inside a Write of the same unit: verbs compose by handing on their Tx")
			}
		case <-e.stopped: // the writer has gone; a job it never took is not done
			select {
			case err := <-j.done:
				return err
			default:
				return errClosed
			}
		}
	}
}

// insideWriter reports whether it is called by a verb that is being run.
func insideWriter() bool {
	pcs := make([]uintptr, 1000)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for {
		f, more := frames.Next()
		if strings.HasSuffix(f.Function, "(*sqliteEngine).writer") {
			return true
		}
		if !more {
			return false
		}
	}
}

// analyze has SQLite look at its tables again, by a sample. Of a table that holds next
// to nothing yet, statistics would say for ever that reading all of it is cheap: the
// audit has one row when a unit is made.
func (t *Tx) analyze() error {
	for _, q := range []string{"analyze", "delete from sqlite_stat1 where cast(stat as integer) < 10", "analyze sqlite_schema"} {
		if _, err := t.conn.ExecContext(t.ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// analyze renews the statistics by which queries are planned, and has the readers take
// them up: a connection reads them once.
func (e *sqliteEngine) analyze(ctx context.Context) error {
	if err := e.bulk(ctx, (*Tx).analyze); err != nil {
		return err
	}
	e.planned.Add(1)
	return nil
}

func (e *sqliteEngine) read(ctx context.Context, fn func(*Tx) error) error {
	if e.r == nil { // a Fresh unit has one connection
		return e.write(ctx, fn)
	}
	var rd *reader
	select {
	case rd = <-e.readers:
	case <-ctx.Done():
		return ctx.Err()
	case <-e.stop:
		return errClosed
	}
	defer func() { e.readers <- rd }()
	if planned := e.planned.Load(); rd.planned != planned {
		if rd.conn != nil {
			closeAll(rd.stmts)
			rd.conn.Raw(func(any) error { return driver.ErrBadConn }) // closed, not kept for another
			rd.conn = nil
		}
		rd.planned = planned
	}
	if rd.conn == nil {
		conn, err := e.r.Conn(context.Background())
		if err != nil {
			return err
		}
		rd.conn = conn
		conn.Raw(func(c any) error { // the driver keeps it to itself; a test sees that readers are interrupted
			rd.handle = uintptr(reflect.ValueOf(c).Elem().FieldByName("db").Uint())
			return nil
		})
	}
	run := func(q string) error {
		t := &Tx{ctx: context.Background(), conn: rd.conn, stmts: rd.stmts}
		_, err := t.Exec(q)
		return err
	}
	if err := run("begin"); err != nil {
		return err
	}
	defer func() {
		if err := run("rollback"); err != nil { // in an unknown state: the next reader gets a new one
			closeAll(rd.stmts)
			rd.conn.Raw(func(any) error { return driver.ErrBadConn })
			rd.conn = nil
		}
	}()
	// A context that can end costs two goroutines for each statement; so the statements
	// get one that cannot, and one that ends interrupts what runs.
	t := e.u.newTx(context.Background(), rd.conn, rd.stmts)
	t.away, t.known = ctx.Err, map[any]any{}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		tls := libc.NewTLS()
		sqlite3.Xsqlite3_interrupt(tls, rd.handle)
		tls.Close()
		close(interrupted)
	})
	defer func() {
		if !stop() {
			<-interrupted // or it would hit the next reader
		}
	}()
	err := t.call(fn)
	if gone := ctx.Err(); err != nil && gone != nil {
		return errors.Join(gone, err)
	}
	return err
}

// writer is the only goroutine that writes: it takes the verbs that wait, runs
// them in one transaction, commits, and then answers them all.
func (e *sqliteEngine) writer() {
	defer close(e.stopped)
	for {
		select {
		case <-e.stop:
			return
		case j := <-e.jobs:
			e.group(e.gather(j))
			e.checkpoint()
		}
	}
}

const (
	mergeEvery = 1000      // frames (pages of 4 KiB) by which the WAL grows between merges
	crowded    = 16 * 1000 // frames from which readers are waited for
)

// checkpoint merges the WAL into the database file when it has grown, between two
// groups, so that nobody's answer waits for it. SQLite would do so by itself, but
// keeps a failure to itself; here a failed fsync ends the process like one of a
// commit. Readers are not waited for, but when they have kept the WAL from starting
// anew for long: then for a fifth of a second, in which nobody writes.
func (e *sqliteEngine) checkpoint() {
	if e.u.cfg.Fresh {
		return
	}
	frames, err := e.merge("noop")
	if frames < e.tried { // it has started anew
		e.tried = 0
	}
	if err != nil || frames-e.tried < mergeEvery {
		return
	}
	e.tried = frames
	how := "passive"
	if frames >= crowded {
		how = "restart"
	}
	e.merge(how) // after a failure the frames are still in the WAL, and the next one tries again
}

// room gives an error as long as the disk is full. After a full disk nothing is written
// before what stands in the WAL has its place in the database: the WAL would use up the
// room the database needs to take it over, and from then on neither could go on,
// however long the WAL has grown. What is freed goes to the database first, and the WAL
// starts anew in the room it has.
func (e *sqliteEngine) room() error {
	if !e.full {
		return nil
	}
	e.full = false
	if _, err := e.merge("restart"); sqliteFull(err) {
		return err
	}
	return nil
}

// merge runs one checkpoint and gives the number of frames in the WAL.
func (e *sqliteEngine) merge(how string) (frames int, err error) {
	defer func() {
		e.full = e.full || sqliteFull(err)
		if failedSync(err) {
			e.u.cfg.Fatal(err)
		}
	}()
	t := &Tx{ctx: context.Background(), conn: e.conn, stmts: e.stmts}
	if how == "restart" {
		if _, err := t.Exec("pragma busy_timeout=200"); err != nil {
			return 0, err
		}
		defer t.Exec("pragma busy_timeout=10000")
	}
	var busy, merged int
	err = t.Scan("pragma wal_checkpoint("+how+")", nil, &busy, &frames, &merged)
	return frames, err
}

func (e *sqliteEngine) gather(first *job) []*job {
	group := []*job{first}
	for !first.alone && len(group) < maxGroup {
		select {
		case j := <-e.jobs:
			if j.alone {
				e.group(group)
				return []*job{j}
			}
			group = append(group, j)
		default:
			return group
		}
	}
	return group
}

// group runs the jobs in one transaction. If the transaction is lost on the way
// (a full disk, an I/O error), or its commit fails, nothing has been answered
// yet, and each verb runs again alone, so that none suffers for another.
func (e *sqliteEngine) group(jobs []*job) {
	if err := e.room(); err != nil {
		for _, j := range jobs {
			j.done <- err
		}
		return
	}
	errs, err := e.try(jobs)
	if err != nil && len(jobs) > 1 {
		for _, j := range jobs {
			errs, err := e.try([]*job{j})
			if err != nil {
				j.done <- err
			} else {
				j.done <- errs[0]
			}
		}
		return
	}
	for i, j := range jobs {
		if err != nil {
			j.done <- err
		} else {
			j.done <- errs[i]
		}
	}
}

// try runs the jobs once: errs are the verbs' own, err is the transaction's.
func (e *sqliteEngine) try(jobs []*job) (errs []error, err error) {
	defer func() { e.full = e.full || sqliteFull(err) || slices.ContainsFunc(errs, sqliteFull) }()
	bg := context.Background()
	run := func(q string) error {
		t := &Tx{ctx: bg, conn: e.conn, stmts: e.stmts}
		_, err := t.Exec(q)
		return err
	}
	if err := run("begin immediate"); err != nil {
		return nil, err
	}
	errs = make([]error, len(jobs))
	for i, j := range jobs {
		if errs[i] = j.ctx.Err(); errs[i] != nil {
			continue
		}
		if err := run("savepoint v"); err != nil {
			run("rollback")
			return nil, err
		}
		errs[i] = e.u.newTx(bg, e.conn, e.stmts).call(j.fn)
		if errs[i] != nil && !kept(errs[i]) {
			if err := run("rollback to v"); err != nil {
				run("rollback")
				return nil, errors.Join(errs[i], err)
			}
		}
		if err := run("release v"); err != nil {
			run("rollback")
			return nil, errors.Join(errs[i], err)
		}
	}
	if err := run("commit"); err != nil {
		run("rollback")
		if failedSync(err) {
			e.u.cfg.Fatal(err)
		}
		return nil, err
	}
	return errs, nil
}

func (e *sqliteEngine) close() error {
	e.once.Do(func() { close(e.stop) })
	<-e.stopped
	var err error
	for range cap(e.readers) {
		if rd := <-e.readers; rd.conn != nil {
			closeAll(rd.stmts)
			err = errors.Join(err, rd.conn.Close())
		}
	}
	if e.r != nil {
		err = errors.Join(err, e.r.Close())
	}
	closeAll(e.stmts)
	if e.u.cfg.Fresh { // what was built without a journal becomes durable here
		for _, q := range []string{"pragma locking_mode=NORMAL", "pragma synchronous=FULL", "pragma journal_mode=WAL",
			"create table fresh_sync(x integer)", "drop table fresh_sync", "pragma wal_checkpoint(TRUNCATE)"} {
			_, er := e.conn.ExecContext(context.Background(), q)
			err = errors.Join(err, er)
		}
	}
	return errors.Join(err, e.conn.Close(), e.w.Close())
}

// closeAll closes the statements and empties the map. SQLite keeps a connection
// with an open statement half alive: its files stay open and its WAL unmerged.
func closeAll(stmts map[string]*sql.Stmt) {
	for _, st := range stmts {
		st.Close()
	}
	clear(stmts)
}

func failedSync(err error) bool {
	se, ok := errors.AsType[*sqlite.Error](err)
	return ok && (se.Code() == sqlite3.SQLITE_IOERR_FSYNC || se.Code() == sqlite3.SQLITE_IOERR_DIR_FSYNC)
}

func sqliteUnique(err error) bool {
	se, ok := errors.AsType[*sqlite.Error](err)
	return ok && (se.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || se.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// sqliteReadOnly reports whether err says that the folder or its files may not be written to.
func sqliteReadOnly(err error) bool {
	se, ok := errors.AsType[*sqlite.Error](err)
	return ok && (se.Code()&0xff == sqlite3.SQLITE_READONLY || se.Code() == sqlite3.SQLITE_CANTOPEN)
}

// sqliteFull reports whether err says that the disk has no space left: for the data,
// or for the index of the WAL, which is made at the first use after a restart.
func sqliteFull(err error) bool {
	se, ok := errors.AsType[*sqlite.Error](err)
	return ok && (se.Code() == sqlite3.SQLITE_FULL || se.Code() == sqlite3.SQLITE_IOERR_SHMSIZE)
}
