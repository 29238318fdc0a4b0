package db

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Copied is what a copy says of one table: how many rows went over, and the sum of
// their hashes as they were read from the one unit and read back from the other.
type Copied struct {
	Table string `json:"table"`
	Rows  int    `json:"rows"`
	There int    `json:"there"` // rows read back
	Sum   string `json:"sum"`
	Back  string `json:"back"` // the sum read back
}

// Equal reports whether the table is the same in both units.
func (c Copied) Equal() bool { return c.Rows == c.There && c.Sum == c.Back }

// ErrDiffers says that the copy, read back, is not what was read: nothing is kept of it.
var ErrDiffers = errors.New("the copy differs from its source: nothing of it is kept")

// Copying says how a unit is to be copied.
type Copying struct {
	To Config // where: an absent or empty folder, or an empty schema
	// Check is called in the copy before it can be seen; its error undoes it. May be nil.
	Check func(*Tx) error
	// Progress is told the rows of each table as they go; may be nil. Table is "" while indexes are made.
	Progress func(table string, done, total int)
}

// Copy copies everything that the unit from keeps, read in one state of it, into an
// empty unit on either engine: every table that the schema has, secrets, counters
// and sessions included, and from folder to folder also the files beside the
// database. Each table is then read back and compared. The copy can be seen only when
// all is in it and equal: a folder is built beside and renamed, a schema is
// filled in one transaction. Left are the files that the copy has no place for.
// Faults: [ErrNotEmpty], [ErrDiffers].
func Copy(ctx context.Context, from *Unit, c Copying) (tables []Copied, left []string, err error) {
	done := func() error { return nil }
	path := c.To.Path
	if !IsPostgres(path) {
		folder, move, err := Staging(path)
		if err != nil {
			return nil, nil, err
		}
		defer os.RemoveAll(folder) // nothing is left of what was not finished
		c.To.Path, c.To.Fresh, c.To.Thrifty, done = folder, true, true, move
	}
	to, err := Open(ctx, c.To)
	if err != nil {
		return nil, nil, err
	}
	defer to.Close()
	err = from.Read(ctx, func(src *Tx) error {
		return to.Bulk(ctx, func(dst *Tx) (err error) {
			if tables, err = copyTables(src, dst, c.Progress); err != nil {
				return err
			}
			if err := to.loadKey(dst); err != nil { // the source's, from now on
				return err
			}
			if c.Check != nil {
				if err := c.Check(dst); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	})
	if err != nil {
		return tables, nil, err
	}
	if left, err = copyFiles(from.cfg.Path, c.To.Path); err != nil {
		return tables, nil, err
	}
	return tables, left, errors.Join(to.Close(), done())
}

// table is a table of the schema, with the columns that hold what was stored.
type table struct {
	name    string
	columns []string
	kinds   []kind
}

// kind is what a column holds, the same on both engines.
type kind int

const (
	text kind = iota
	whole
	yesno
	real
	bytea
)

// kinds are the types that migrations give to columns.
var kinds = map[string]kind{"text": text, "integer": whole, "bigint": whole, "smallint": whole, "boolean": yesno,
	"double precision": real, "real": real, "bytea": bytea, "blob": bytea}

// CountRows gives the number of rows of each table that the schema has. It reads whole
// tables: for a copy, not for a page.
func (t *Tx) CountRows() (map[string]int, error) {
	all, err := t.tables()
	if err != nil {
		return nil, err
	}
	rows := map[string]int{}
	for _, one := range all {
		if rows[one.name], err = t.Int(`select count(*) from ` + one.name); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// tables lists what the schema holds, by name. Views, generated columns and the
// runner's own list of migrations are not stored by us.
func (t *Tx) tables() ([]table, error) {
	query := `select m.name, c.name, lower(c.type) from sqlite_master m join pragma_table_info(m.name) c
		where m.type = 'table' and substr(m.name, 1, 7) <> 'sqlite_' and m.name <> 'goose_db_version' order by m.name, c.cid`
	if t.postgres() {
		query = `select c.table_name, c.column_name, c.data_type from information_schema.columns c
			join information_schema.tables t on t.table_schema = c.table_schema and t.table_name = c.table_name
			where c.table_schema = current_schema() and t.table_type = 'BASE TABLE' and c.is_generated = 'NEVER' and c.table_name <> 'goose_db_version'
			order by c.table_name collate "C", c.ordinal_position`
	}
	found, err := Select(t, query, nil, func(s Scanner) (v [3]string, err error) { return v, s.Scan(&v[0], &v[1], &v[2]) })
	if err != nil {
		return nil, err
	}
	var all []table
	for _, f := range found {
		k, ok := kinds[f[2]]
		if !ok {
			return nil, fmt.Errorf("column %s.%s has type %q, which the engines do not share: see kinds in internal/db/copy.go", f[0], f[1], f[2])
		}
		if len(all) == 0 || all[len(all)-1].name != f[0] {
			all = append(all, table{name: f[0]})
		}
		last := &all[len(all)-1]
		last.columns, last.kinds = append(last.columns, f[1]), append(last.kinds, k)
	}
	return all, nil
}

// copyTables fills the empty unit of dst with all rows of src, and reads them back.
func copyTables(src, dst *Tx, progress func(string, int, int)) ([]Copied, error) {
	if progress == nil {
		progress = func(string, int, int) {}
	}
	if !src.postgres() { // every page is read once: mapped, the whole file would stay in memory
		if _, err := src.Exec(`pragma mmap_size = 0`); err != nil {
			return nil, err
		}
		defer src.Exec(`pragma mmap_size = ` + mapped)
	}
	all, err := src.tables()
	if err != nil {
		return nil, err
	}
	here, err := dst.tables()
	if err != nil {
		return nil, err
	}
	if a, b := fmt.Sprint(all), fmt.Sprint(here); a != b {
		return nil, fmt.Errorf("the two units do not have the same tables: from %s, to %s", a, b)
	}
	if err := dst.empty(all); err != nil {
		return nil, err
	}
	total := 0
	for _, t := range all {
		n, err := src.Int(`select count(*) from ` + t.name)
		if err != nil {
			return nil, err
		}
		total += n
	}
	restore, err := dst.bare(all)
	if err != nil {
		return nil, err
	}
	done := 0
	copied := make([]Copied, len(all))
	for i, t := range all {
		sum := sum{hash: sha256.New()}
		each := func(add func([]any) error) error {
			return src.eachRow(t, func(row []any) error {
				if sum.add(row); sum.rows%10_000 == 0 {
					progress(t.name, done+sum.rows, total)
				}
				return add(row)
			})
		}
		if err := dst.fill(t, each); err != nil {
			return nil, fmt.Errorf("table %s: %w", t.name, err)
		}
		done += sum.rows
		copied[i] = Copied{Table: t.name, Rows: sum.rows, Sum: sum.String()}
	}
	progress("", done, total)
	if err := restore(); err != nil {
		return nil, err
	}
	for i, t := range all {
		sum := sum{hash: sha256.New()}
		err := dst.eachRow(t, func(row []any) error {
			sum.add(row)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("table %s, read back: %w", t.name, err)
		}
		copied[i].There, copied[i].Back = sum.rows, sum.String()
		if !copied[i].Equal() {
			return copied, fmt.Errorf("%w (table %s)", ErrDiffers, t.name)
		}
	}
	return copied, nil
}

// empty takes away what opening a new unit has put there, and refuses any other row.
func (t *Tx) empty(all []table) error {
	if n, err := t.Int(`select count(*) from meta where key <> 'secret.hmac'`); err != nil || n > 0 {
		return errors.Join(err, ErrNotEmpty)
	}
	if _, err := t.Exec(`delete from meta`); err != nil {
		return err
	}
	for _, table := range all {
		if n, err := t.Int(`select count(*) from (select 1 from ` + table.name + ` limit 1) one`); err != nil || n > 0 {
			return errors.Join(err, ErrNotEmpty)
		}
	}
	return nil
}

// bare takes the foreign keys and indexes away while rows come in table by table,
// and gives the function that makes them again, which proves the keys. On SQLite a
// unit that is being built (Config.Fresh) has its foreign keys asleep.
func (t *Tx) bare(all []table) (restore func() error, err error) {
	var keys [][3]string
	if t.postgres() {
		keys, err = Select(t, `select r.relname, c.conname, pg_get_constraintdef(c.oid) from pg_constraint c join pg_class r on r.oid = c.conrelid
			where c.contype = 'f' and c.connamespace = current_schema()::regnamespace order by r.relname, c.conname`, nil,
			func(s Scanner) (v [3]string, err error) { return v, s.Scan(&v[0], &v[1], &v[2]) })
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			if _, err := t.Exec(`alter table ` + k[0] + ` drop constraint ` + k[1]); err != nil {
				return nil, err
			}
		}
	}
	var names []string
	for _, table := range all {
		names = append(names, table.name)
	}
	indexes, err := t.DropIndexes(names...)
	return func() error {
		if err := indexes(); err != nil {
			return err
		}
		for _, k := range keys {
			if _, err := t.Exec(`alter table ` + k[0] + ` add constraint ` + k[1] + ` ` + k[2]); err != nil {
				return err
			}
		}
		return nil
	}, err
}

// eachRow reads every row of the table, in no order, as values that both engines
// store alike. The row is used again for the next.
func (t *Tx) eachRow(table table, fn func(row []any) error) error {
	rows, err := t.Query(`select ` + strings.Join(table.columns, ", ") + ` from ` + table.name)
	if err != nil {
		return err
	}
	defer rows.Close()
	row := make([]any, len(table.columns))
	into := make([]any, len(row))
	for i := range row {
		into[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, v := range row {
			if row[i], err = table.kinds[i].value(v); err != nil {
				return fmt.Errorf("column %s: %w", table.columns[i], err)
			}
		}
		if err := fn(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// value is a stored value as its column's kind says: SQLite would hold anything.
func (k kind) value(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		if k == text {
			return v, nil
		}
	case int64:
		switch {
		case k == whole:
			return v, nil
		case k == yesno && (v == 0 || v == 1):
			return v == 1, nil
		case k == real:
			return float64(v), nil
		}
	case bool:
		if k == yesno {
			return v, nil
		}
	case float64:
		if k == real {
			return v, nil
		}
	case []byte:
		switch {
		case k == bytea && v == nil:
			return []byte{}, nil
		case k == bytea:
			return v, nil
		}
	}
	return nil, fmt.Errorf("a %T is stored where the schema has another type", v)
}

// fill puts the rows that each hands out into the table.
func (t *Tx) fill(table table, each func(add func([]any) error) error) error {
	if !t.postgres() {
		in := t.Insert(table.name, table.columns...)
		if err := each(func(row []any) error { return in.Add(row...) }); err != nil {
			return err
		}
		return in.Flush()
	}
	rows := make(chan []any, 1000)
	stop := make(chan struct{})
	read := make(chan error, 1)
	go func() {
		defer close(rows)
		read <- each(func(row []any) error {
			select {
			case rows <- slices.Clone(row):
				return nil
			case <-stop:
				return errors.New("the target takes no more rows")
			}
		})
	}()
	var lost error
	err := t.conn.Raw(func(driverConn any) error {
		_, err := driverConn.(*stdlib.Conn).Conn().CopyFrom(t.ctx, pgx.Identifier{table.name}, table.columns, pgx.CopyFromFunc(func() ([]any, error) {
			row, more := <-rows
			if !more {
				lost = <-read
				return nil, lost
			}
			return row, nil
		}))
		return err
	})
	close(stop)
	for range rows { // until the reader has ended
	}
	if lost != nil {
		return lost
	}
	if err != nil {
		return t.fail(err, "copy "+table.name)
	}
	return nil
}

// sum adds up the hashes of rows, so that it does not depend on their order.
type sum struct {
	hash hash.Hash
	rows int
	n    [4]uint64
	buf  []byte
}

func (s *sum) add(row []any) {
	b := s.buf[:0]
	for _, v := range row {
		switch v := v.(type) {
		case nil:
			b = append(b, 'n')
		case bool:
			b = append(b, 'b')
			if v {
				b = append(b, 1)
			} else {
				b = append(b, 0)
			}
		case int64:
			b = binary.BigEndian.AppendUint64(append(b, 'i'), uint64(v))
		case float64:
			b = binary.BigEndian.AppendUint64(append(b, 'f'), math.Float64bits(v))
		case string:
			b = append(binary.BigEndian.AppendUint64(append(b, 's'), uint64(len(v))), v...)
		case []byte:
			b = append(binary.BigEndian.AppendUint64(append(b, 'x'), uint64(len(v))), v...)
		}
	}
	s.buf = b
	s.hash.Reset()
	s.hash.Write(b)
	var out [sha256.Size]byte
	digest := s.hash.Sum(out[:0])
	for i := range s.n {
		s.n[i] += binary.BigEndian.Uint64(digest[i*8:])
	}
	s.rows++
}

// String is the sum in hexadecimal.
func (s *sum) String() string {
	var b []byte
	for _, n := range s.n {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return hex.EncodeToString(b)
}

// ours are the files of a folder that belong to the database and to a running server.
var ours = []string{"unit.db", "unit.db-wal", "unit.db-shm", "unit.db-journal", "lock", "socket"}

// copyFiles copies the other files of a unit's folder, synced, and tells those that
// a schema has no place for.
func copyFiles(from, to string) (left []string, err error) {
	if IsPostgres(from) {
		return nil, nil
	}
	err = fs.WalkDir(os.DirFS(from), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || name == "." || slices.Contains(ours, name):
			return err
		case IsPostgres(to):
			if !d.IsDir() {
				left = append(left, name)
			}
			return nil
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		case !d.Type().IsRegular():
			left = append(left, name)
			return nil
		}
		return copyFile(filepath.Join(from, name), filepath.Join(to, name))
	})
	return left, err
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = out.ReadFrom(in)
	return errors.Join(err, out.Sync(), out.Close())
}
