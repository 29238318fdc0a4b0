package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sangathan/internal/fault"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// maxTries bounds how often a verb is run again when PostgreSQL finds that it
// raced another (SQLSTATE 40001, 40P01).
const maxTries = 50

const uniqueViolation = "23505"

// outOfLocks says that PostgreSQL's table of what serializable transactions have read
// is full (out_of_memory). What they have read stays there until all that ran beside
// them have ended, so a verb that runs alone has the table to itself.
const outOfLocks = "53200"

// patience is how many times a verb loses a race before it runs alone.
const patience = 4

type postgresEngine struct {
	u      *Unit
	db     *sql.DB
	closed atomic.Bool
	turn   sync.RWMutex // shared by verbs that run, held by the one that lost its patience
	away   atomic.Int64 // when the server was last found away, in nanoseconds
}

func openPostgres(ctx context.Context, u *Unit) (engine, error) {
	cfg, err := pgx.ParseConfig(u.cfg.Path)
	if err != nil {
		return nil, err
	}
	schema := cfg.RuntimeParams["search_path"]
	if schema == "" {
		schema = "public"
	}
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(u.cfg.Readers * 8)
	db.SetMaxIdleConns(u.cfg.Readers * 8)
	e := &postgresEngine{u: u, db: db}
	if err := e.prepare(ctx, schema); err != nil {
		db.Close()
		return nil, err
	}
	return e, nil
}

// prepare makes the schema and brings it up to date, under a lock of the server's,
// because two processes may open one unit at the same moment.
func (e *postgresEngine) prepare(ctx context.Context, schema string) error {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `select pg_advisory_lock(hashtext($1))`, "sangathan "+schema); err != nil {
		return err
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), `select pg_advisory_unlock(hashtext($1))`, "sangathan "+schema)
	if _, err := conn.ExecContext(ctx, `create schema if not exists `+pgx.Identifier{schema}.Sanitize()); err != nil {
		return err
	}
	return migrate(ctx, goose.DialectPostgres, e.db)
}

func (e *postgresEngine) write(ctx context.Context, fn func(*Tx) error) error {
	wait, run := ctx, context.WithoutCancel(ctx)
	for try := 1; ; try++ {
		err := e.takeTurn(try, func() error { return e.try(wait, run, "begin isolation level serializable", fn) })
		again, last := raced(err)
		if !again || try >= last && IsUnique(err) {
			return err
		}
		if try >= last {
			return &fault.Error{Kind: fault.Unavailable, Key: "fault.busy", Err: err}
		}
		wait = run // it has begun: now it is run to the end
		time.Sleep(time.Duration(rand.Int64N(int64(min(try, 10)) * int64(2*time.Millisecond))))
	}
}

// takeTurn runs a verb beside others, or alone when it has lost its patience: where
// many want the same rows, one that goes on losing to newcomers would never end.
func (e *postgresEngine) takeTurn(try int, run func() error) error {
	if try > patience {
		e.turn.Lock()
		defer e.turn.Unlock()
	} else {
		e.turn.RLock()
		defer e.turn.RUnlock()
	}
	return run()
}

func (e *postgresEngine) bulk(ctx context.Context, fn func(*Tx) error) error {
	run := context.WithoutCancel(ctx)
	return e.try(run, run, "begin isolation level repeatable read", fn)
}

func (e *postgresEngine) read(ctx context.Context, fn func(*Tx) error) error {
	return e.try(ctx, ctx, "begin isolation level repeatable read read only", func(tx *Tx) error {
		tx.known = map[any]any{}
		return fn(tx)
	})
}

// try runs fn once: it waits for a connection while wait lasts, and runs under ctx.
func (e *postgresEngine) try(wait, ctx context.Context, begin string, fn func(*Tx) error) error {
	conn, err := e.begin(wait, ctx, begin)
	if err != nil {
		return err
	}
	defer conn.Close()
	tx := e.u.newTx(ctx, conn, nil)
	err = tx.call(fn)
	if again, _ := raced(tx.failed); again {
		err = tx.failed // whatever fault the verb made of it
	}
	if err == nil || kept(err) {
		lost := tx.commit()
		if lost == nil {
			return err
		}
		err = lost
	}
	if gone(conn) && ctx.Err() == nil { // whatever the verb made of it
		return fmt.Errorf("%w: %w", errAway, err)
	}
	if _, rerr := conn.ExecContext(context.WithoutCancel(ctx), "rollback"); rerr != nil {
		// The connection is in an unknown state: never give it back to the pool.
		conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	return err
}

// errAway says that the database server cannot be reached, or has gone away.
var errAway = errors.New("the database server is away")

// knockEvery is how often a server that is away is tried again, whoever waits: each
// try costs it a process, and a crowd of them holds up its recovery.
const knockEvery = 50 * time.Millisecond

// begin takes a connection and begins a transaction on it. Connections that waited
// in the pool while the server was restarted are thrown away: nothing has begun on
// them. When no new one can be made, the server is away.
func (e *postgresEngine) begin(wait, ctx context.Context, begin string) (*sql.Conn, error) {
	for {
		if err := wait.Err(); err != nil {
			return nil, err
		}
		if time.Since(time.Unix(0, e.away.Load())) < knockEvery {
			return nil, errAway
		}
		conn, err := e.db.Conn(wait)
		if err != nil {
			switch {
			case e.closed.Load():
				return nil, errClosed
			case wait.Err() != nil:
				return nil, err
			}
			if pe, ok := errors.AsType[*pgconn.PgError](err); !ok || pe.Code == "57P03" { // cannot be reached, or is starting
				e.away.Store(time.Now().UnixNano())
			}
			return nil, fmt.Errorf("%w: %w", errAway, err)
		}
		if _, err = conn.ExecContext(ctx, begin); err == nil {
			return conn, nil
		}
		again := gone(conn) && ctx.Err() == nil
		conn.Close()
		if !again {
			return nil, err
		}
	}
}

// gone reports whether the connection to the server is broken.
func gone(conn *sql.Conn) bool {
	broken := false
	err := conn.Raw(func(driverConn any) error {
		broken = driverConn.(*stdlib.Conn).Conn().IsClosed()
		return nil
	})
	return broken || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone)
}

// commit sends what waits and commits, and says so when there was nothing to commit:
// PostgreSQL answers "commit" after a failed statement, or outside a transaction,
// without an error. After a failure among what waits it never comes to the commit.
func (t *Tx) commit() error {
	if t.waiting == nil {
		t.waiting = &pgx.Batch{}
	}
	t.waiting.Queue("commit")
	return t.send()
}

// send runs the statements that wait, in one journey.
func (t *Tx) send() error {
	if t.waiting == nil {
		return nil
	}
	all := t.waiting
	t.waiting = nil
	return t.conn.Raw(func(driverConn any) error {
		c := driverConn.(*stdlib.Conn).Conn()
		if s := c.PgConn().TxStatus(); s != 'T' {
			return fmt.Errorf("the transaction was lost before its end (status %c)", s)
		}
		return c.SendBatch(t.ctx, all).Close()
	})
}

func (e *postgresEngine) close() error {
	e.closed.Store(true)
	return e.db.Close()
}

// raced reports whether err may be due to a race with another verb, so that
// running again helps, and how often to try in all. A unique key already taken is
// one: two verbs may both have looked before either inserted. One that had no room to
// note what it reads beside the others is tried alone, but not for ever: everybody waits.
func raced(err error) (again bool, tries int) {
	pe, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case !ok:
		return false, 0
	case pe.Code == "40001" || pe.Code == "40P01":
		return true, maxTries
	case pe.Code == uniqueViolation:
		return true, 3
	case pe.Code == outOfLocks:
		return true, patience + 3
	}
	return false, 0
}

// postgresFull reports whether err says that the server's disk has no space left.
func postgresFull(err error) bool {
	pe, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pe.Code == "53100"
}

// IsUnique reports whether err says that a unique key is already taken.
func IsUnique(err error) bool {
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pe.Code == uniqueViolation
	}
	return sqliteUnique(err)
}

// postgres reports whether the transaction runs on PostgreSQL.
func (t *Tx) postgres() bool { return t.stmts == nil }

// Parallel reports whether other transactions may write at the same time, so that a
// row that all of them change is better kept as additions to be gathered later.
func (t *Tx) Parallel() bool { return t.postgres() }

// DropIndexes drops the secondary indexes of the tables and gives a function
// that makes them again: loaders insert first and index last. Indexes that hold
// a constraint (primary keys, unique columns) stay.
func (t *Tx) DropIndexes(tables ...string) (restore func() error, err error) {
	query := `select name, sql from sqlite_master where type = 'index' and sql is not null and tbl_name = $1`
	if t.postgres() {
		query = `select i.indexname, i.indexdef from pg_indexes i where i.schemaname = current_schema() and i.tablename = $1
			and not exists (select 1 from pg_constraint c where c.conname = i.indexname)`
	}
	var again []string
	for _, table := range tables {
		found, err := Select(t, query, []any{table}, func(s Scanner) (v [2]string, err error) { return v, s.Scan(&v[0], &v[1]) })
		if err != nil {
			return nil, err
		}
		for _, ix := range found {
			if _, err := t.conn.ExecContext(t.ctx, "drop index "+ix[0]); err != nil {
				return nil, fmt.Errorf("drop index %s: %w", ix[0], err)
			}
			again = append(again, ix[1])
		}
	}
	return func() error {
		for _, q := range again {
			if _, err := t.conn.ExecContext(t.ctx, q); err != nil {
				return fmt.Errorf("%s: %w", strings.TrimSpace(q), err)
			}
		}
		if t.postgres() { // a loaded table without statistics is planned badly
			for _, table := range tables {
				if _, err := t.conn.ExecContext(t.ctx, "analyze "+table); err != nil {
					return err
				}
			}
			return nil
		}
		return t.analyze()
	}, nil
}
