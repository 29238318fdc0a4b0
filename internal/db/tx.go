package db

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sangathan/internal/fault"

	"github.com/gofrs/uuid/v5"
	"github.com/jackc/pgx/v5"
	"golang.org/x/text/unicode/norm"
)

// Tx is one transaction with a fixed clock. It is not safe for concurrent use.
type Tx struct {
	// Now is the instant of the transaction, in whole milliseconds, in the unit's zone.
	Now  time.Time
	unit *Unit
	ctx  context.Context
	conn *sql.Conn
	// stmts holds the connection's prepared statements (SQLite); nil where the driver keeps its own.
	stmts map[string]*sql.Stmt
	ids   *uuid.Gen
	// away tells whether the reader has gone; nil where the context of each statement does.
	away func() error
	// failed is the first error of a statement: after it nothing more is run, and
	// the transaction may not be committed.
	failed error
	// claimed is the id of the command that is being carried out: see Once.
	claimed string
	// waiting are the statements of Later that have not been sent (PostgreSQL).
	waiting *pgx.Batch
	// known is what Remember has read; nil in a transaction that may write.
	known map[any]any
	// reading is true while Select hands out rows: PostgreSQL runs nothing beside them.
	reading bool
}

func (u *Unit) newTx(ctx context.Context, conn *sql.Conn, stmts map[string]*sql.Stmt) *Tx {
	return &Tx{
		Now:  u.Now().Truncate(time.Millisecond),
		unit: u, ctx: ctx, conn: conn, stmts: stmts,
		ids: uuid.NewGenWithOptions(uuid.WithRandomReader(u.cfg.Rand)),
	}
}

// Today is the day of Now in the unit's zone, as YYYY-MM-DD.
func (t *Tx) Today() string { return t.Now.Format(time.DateOnly) }

// Millis is Now in milliseconds UTC since 1970, as instants are stored.
func (t *Tx) Millis() int64 { return t.Now.UnixMilli() }

// Time turns a stored instant into a time in the unit's zone.
func (t *Tx) Time(millis int64) time.Time { return time.UnixMilli(millis).In(t.unit.cfg.Zone) }

// NewID makes a UUIDv7 (RFC 9562) from the transaction's clock and the unit's randomness.
func (t *Tx) NewID() string {
	id, err := t.ids.NewV7AtTime(t.Now)
	if err != nil {
		panic(fmt.Errorf("no randomness: %w", err)) // the process cannot do anything safe without it
	}
	return id.String()
}

// Random gives n random bytes from the unit's source.
func (t *Tx) Random(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(t.unit.cfg.Rand, b); err != nil {
		panic(fmt.Errorf("no randomness: %w", err))
	}
	return b
}

// Exec runs one statement and gives the number of rows it changed.
func (t *Tx) Exec(query string, args ...any) (int64, error) {
	if err := t.ready(query, args); err != nil {
		return 0, err
	}
	if err := t.send(); err != nil {
		return 0, t.fail(err, "what waited")
	}
	var res sql.Result
	var err error
	if st, e := t.prepared(query); e != nil {
		return 0, t.fail(e, query)
	} else if st != nil {
		res, err = st.ExecContext(t.ctx, args...)
	} else {
		res, err = t.conn.ExecContext(t.ctx, query, args...)
	}
	if err != nil {
		return 0, t.fail(err, query)
	}
	return res.RowsAffected()
}

// Later runs a statement whose outcome the verb does not ask for: at once, or where each
// statement is a journey to a server, together with the others that wait, before the
// next statement or with the commit. Then a failure is that one's.
func (t *Tx) Later(query string, args ...any) error {
	if !t.postgres() {
		_, err := t.Exec(query, args...)
		return err
	}
	args = slices.Clone(args)
	if err := t.ready(query, args); err != nil {
		return err
	}
	if t.waiting == nil {
		t.waiting = &pgx.Batch{}
	}
	t.waiting.Queue(query, args...)
	return nil
}

// Query runs a query of any number of rows; close the rows. Prefer [Select].
func (t *Tx) Query(query string, args ...any) (*sql.Rows, error) {
	if err := t.ready(query, args); err != nil {
		return nil, err
	}
	if err := t.send(); err != nil {
		return nil, t.fail(err, "what waited")
	}
	var rows *sql.Rows
	var err error
	if st, e := t.prepared(query); e != nil {
		return nil, t.fail(e, query)
	} else if st != nil {
		rows, err = st.QueryContext(t.ctx, args...)
	} else {
		rows, err = t.conn.QueryContext(t.ctx, query, args...)
	}
	if err != nil {
		return nil, t.fail(err, query)
	}
	return rows, nil
}

// ready cleans the arguments and refuses a statement that cannot run alike on both
// engines. After a failure SQLite may already have undone the whole transaction
// (a full disk): what came next would be kept at once, and alone.
func (t *Tx) ready(query string, args []any) error {
	if t.failed != nil {
		return fmt.Errorf("not run after the failure of an earlier statement: %w", t.failed)
	}
	if t.away != nil {
		if err := t.away(); err != nil {
			return err
		}
	}
	if t.reading {
		return errors.New("a statement inside Select's read function: read the rows first, then go through them")
	}
	if err := clean(args); err != nil {
		return err
	}
	if t.unit != nil && t.unit.cfg.Trace != nil {
		t.unit.cfg.Trace(query, args)
	}
	return nil
}

// fail notes that a statement went wrong, so that nothing of the transaction is kept.
func (t *Tx) fail(err error, query string) error {
	if t.failed == nil {
		t.failed = fmt.Errorf("%w in %s", err, brief(query))
	}
	return fmt.Errorf("%w in %s", err, brief(query))
}

// Scan reads one row into dest. The fault is NotFound when there is none.
func (t *Tx) Scan(query string, args []any, dest ...any) error {
	rows, err := t.Query(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return t.fail(err, query)
		}
		return fault.New(fault.NotFound, "fault.not_found")
	}
	if err := rows.Scan(dest...); err != nil {
		return fmt.Errorf("%w in %s", err, brief(query))
	}
	return rows.Close()
}

// Scanner is what a row offers to be read: Scan into pointers.
type Scanner interface{ Scan(dest ...any) error }

// Select runs a query and reads every row with read. Nil when there is none.
func Select[T any](t *Tx, query string, args []any, read func(Scanner) (T, error)) ([]T, error) {
	rows, err := t.Query(query, args...)
	if err != nil {
		return nil, err
	}
	t.reading = true
	defer func() {
		t.reading = false
		rows.Close()
	}()
	var out []T
	for rows.Next() {
		v, err := read(rows)
		if err != nil {
			return nil, fmt.Errorf("%w in %s", err, brief(query))
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, t.fail(err, query)
	}
	return out, nil
}

// Single is Select for the one row that there is, or the first. The fault is NotFound when
// there is none.
func Single[T any](t *Tx, query string, args []any, read func(Scanner) (T, error)) (v T, err error) {
	all, err := Select(t, query, args, read)
	switch {
	case err != nil:
		return v, err
	case len(all) == 0:
		return v, fault.New(fault.NotFound, "fault.not_found")
	}
	return all[0], nil
}

// Remember gives what read gives for a key, and asks once in a reader's transaction: the
// check that lets somebody in and the page that follows look at the same row, and its state
// of the database does not change. In a transaction that may write, read is asked each time.
// The key's type says what it is of; the value is shared, so nobody changes what it points to.
func Remember[K comparable, V any](t *Tx, key K, read func() (V, error)) (V, error) {
	if v, ok := t.known[key]; ok {
		return v.(V), nil
	}
	v, err := read()
	if t.known != nil && err == nil {
		t.known[key] = v
	}
	return v, err
}

// One is a reader for Select of a single column.
func One[T any](s Scanner) (v T, err error) { return v, s.Scan(&v) }

// Int runs a query that gives one number; 0 when there is no row or it is null.
func (t *Tx) Int(query string, args ...any) (int, error) {
	var n sql.NullInt64
	err := t.Scan(query, args, &n)
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	return int(n.Int64), err
}

// Text runs a query that gives one text; "" when there is no row or it is null.
func (t *Tx) Text(query string, args ...any) (string, error) {
	var s sql.NullString
	err := t.Scan(query, args, &s)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	return s.String, err
}

// Next takes the next number of the counter name, beginning at 1. The number is
// given back when the transaction is undone, so a series has no gaps.
func (t *Tx) Next(name string) (n int64, err error) {
	err = t.Scan(`insert into counter(name, n) values($1, 1)
		on conflict(name) do update set n = counter.n + 1 returning n`, []any{name}, &n)
	return n, err
}

// Meta reads a setting of the unit; "" when it is not set.
func (t *Tx) Meta(key string) (string, error) {
	return t.Text(`select value from meta where key = $1`, key)
}

// SetMeta stores a setting of the unit.
func (t *Tx) SetMeta(key, value string) error {
	_, err := t.Exec(`insert into meta(key, value) values($1, $2)
		on conflict(key) do update set value = excluded.value`, key, value)
	return err
}

// Secret gives the unit's 32 secret bytes of that name, made at first use.
func (t *Tx) Secret(name string) ([]byte, error) {
	s, err := t.Meta("secret." + name)
	if err != nil {
		return nil, err
	}
	if s != "" {
		return hex.DecodeString(s)
	}
	b := t.Random(32)
	return b, t.SetMeta("secret."+name, hex.EncodeToString(b))
}

func (t *Tx) prepared(query string) (*sql.Stmt, error) {
	if t.stmts == nil {
		return nil, nil
	}
	st := t.stmts[query]
	if st == nil {
		var err error
		// Prepared without the caller's context: the statement outlives this transaction.
		if st, err = t.conn.PrepareContext(context.Background(), query); err != nil {
			return nil, err
		}
		t.stmts[query] = st
	}
	return st, nil
}

// clean refuses what the two engines would store differently and brings text to
// NFC, text of named types (typed ids) included.
func clean(args []any) error {
	for i, a := range args {
		v, err := cleanValue(a)
		if err != nil {
			return fmt.Errorf("argument %d: %w", i+1, err)
		}
		args[i] = v
	}
	return nil
}

func cleanValue(a any) (any, error) {
	switch v := a.(type) {
	case nil, int, int64, bool, float64, []byte:
		return a, nil
	case string:
		return cleanText(v)
	case sql.NullString:
		s, err := cleanText(v.String)
		v.String = s
		return v, err
	case time.Time:
		return nil, errors.New("pass a day as text or an instant as milliseconds, not time.Time")
	case driver.Valuer:
		if r := reflect.ValueOf(a); r.Kind() == reflect.Pointer && r.IsNil() {
			return nil, nil
		}
		inner, err := v.Value()
		if err != nil {
			return nil, err
		}
		return cleanValue(inner)
	}
	r := reflect.ValueOf(a)
	switch r.Kind() {
	case reflect.Pointer:
		if r.IsNil() {
			return nil, nil
		}
		return cleanValue(r.Elem().Interface())
	case reflect.String:
		return cleanText(r.String())
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Float32, reflect.Float64:
		return a, nil
	}
	return nil, fmt.Errorf("a %T cannot be stored alike on both engines", a)
}

func cleanText(s string) (string, error) {
	if plain(s) {
		return s, nil
	}
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		return "", fault.New(fault.Invalid, "fault.bad_utf8")
	}
	if norm.NFC.IsNormalString(s) {
		return s, nil
	}
	return norm.NFC.String(s), nil
}

// plain reports whether s is ASCII without NUL, as ids and days are.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c == 0 || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Null stores "" as NULL: an open end, an absent reference.
func Null(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

func brief(q string) string {
	f := strings.Join(strings.Fields(q), " ")
	if len(f) > 160 {
		f = f[:160] + "…"
	}
	return f
}

// Inserter adds many rows to one table with few statements; for loaders. Rows
// wait to go in together, the last of them until Flush.
type Inserter struct {
	t     *Tx
	head  string
	cols  int
	args  []any // of the rows that wait
	full  string
	after []*Inserter
	Count int // rows added so far
}

const (
	insertRows = 40   // rows per statement: past this, neither engine gains
	waitRows   = 2000 // rows that wait at most
)

// Insert prepares adding rows of cols to table. Call Flush at the end.
func (t *Tx) Insert(table string, cols ...string) *Inserter {
	i := &Inserter{t: t, head: "insert into " + table + "(" + strings.Join(cols, ", ") + ") values ", cols: len(cols)}
	i.full = i.statement(insertRows)
	return i
}

// After has the rows that wait in others written before any of i's, because i's
// rows refer to them. It gives i.
func (i *Inserter) After(others ...*Inserter) *Inserter {
	i.after = append(i.after, others...)
	return i
}

// Add adds one row.
func (i *Inserter) Add(values ...any) error {
	if len(values) != i.cols {
		return fmt.Errorf("%s: %d values for %d columns", i.head, len(values), i.cols)
	}
	i.args = append(i.args, values...)
	i.Count++
	if len(i.args) < waitRows*i.cols {
		return nil
	}
	return i.Flush()
}

// Flush adds the rows still waiting.
func (i *Inserter) Flush() error {
	if len(i.args) == 0 {
		return nil
	}
	for _, other := range i.after {
		if err := other.Flush(); err != nil {
			return err
		}
	}
	rest := i.args
	i.args = i.args[:0]
	for n := insertRows * i.cols; len(rest) >= n; rest = rest[n:] {
		if _, err := i.t.Exec(i.full, rest[:n]...); err != nil {
			return err
		}
	}
	if len(rest) == 0 {
		return nil
	}
	_, err := i.t.Exec(i.statement(len(rest)/i.cols), rest...)
	return err
}

func (i *Inserter) statement(rows int) string {
	var b bytes.Buffer
	b.WriteString(i.head)
	n := 0
	for r := range rows {
		if r > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('(')
		for c := range i.cols {
			if c > 0 {
				b.WriteByte(',')
			}
			n++
			if i.t.postgres() {
				b.WriteString("$" + strconv.Itoa(n))
			} else { // SQLite looks up each named parameter in a list: with thousands, half of the time
				b.WriteByte('?')
			}
		}
		b.WriteByte(')')
	}
	return b.String()
}

// Args are the arguments of a query that is put together from conditions.
type Args []any

// Place adds an argument and gives its placeholder.
func (a *Args) Place(v any) string {
	*a = append(*a, v)
	return "$" + strconv.Itoa(len(*a))
}
