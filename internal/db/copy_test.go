package db_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/fault"
)

// filled opens an empty unit at path and puts rows of every shape into it.
func filled(t *testing.T, path string) *db.Unit {
	t.Helper()
	u := dbtest.Open(t, path)
	err := u.Write(t.Context(), func(tx *db.Tx) error {
		if _, err := tx.Next("orders/2026"); err != nil {
			return err
		}
		if err := tx.SetMeta("name", "सूर्य प्रदेश, \"उद्धरण\" 'और' \\ \t रेखा\nदूसरी"); err != nil {
			return err
		}
		for i := range 5000 {
			if _, err := tx.Exec(`insert into command(id, user_id, hash, answer, at) values($1, 'u', '', '', $2)`, fmt.Sprint("c", i), int64(i)<<40); err != nil {
				return err
			}
		}
		// Each refers to the other: no order of rows would do.
		for _, q := range []string{
			`insert into orders(id, number, kind, effective_day, recorded_at, by_account, reason) values('o2', '2', 'x', '', 0, '', '')`,
			`insert into orders(id, number, kind, effective_day, recorded_at, by_account, reason, revokes) values('o1', '1', 'x', '', 0, '', '', 'o2')`,
			`update orders set revoked_by = 'o1' where id = 'o2'`,
			`insert into organization_kind values('k', '', '', 1, true)`,
			`insert into organization_kind values('l', '', '', 2, false)`,
			`insert into session(token_hash, account_id, membership_id, created_at, expires_at) values('t', (select min(id) from account), null, 0, 0)`,
		} {
			if strings.Contains(q, "session") {
				if _, err := tx.Exec(`insert into account values('a', 'p', 'h', '', '', 0)`); err != nil {
					return err
				}
			}
			if _, err := tx.Exec(q); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// roads are the ways a unit can go; each gives where it starts and where it goes.
var roads = []struct {
	name     string
	from, to func(t testing.TB) string
}{
	{"sqlite to postgres", dbtest.Folder, dbtest.DSN},
	{"postgres to sqlite", dbtest.DSN, absent},
	{"sqlite to sqlite", dbtest.Folder, absent},
	{"postgres to postgres", dbtest.DSN, dbtest.DSN},
}

func absent(t testing.TB) string { return filepath.Join(t.TempDir(), "unit") }

func TestCopyIsTheSameUnit(t *testing.T) {
	for _, r := range roads {
		t.Run(r.name, func(t *testing.T) {
			from, to := filled(t, r.from(t)), r.to(t)
			if !db.IsPostgres(from.Path()) {
				if err := os.MkdirAll(filepath.Join(from.Path(), "photos"), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(from.Path(), "photos", "one.jpg"), []byte("picture"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			told := 0
			tables, left, err := db.Copy(t.Context(), from, db.Copying{To: db.Config{Path: to}, Progress: func(string, int, int) { told++ },
				Check: func(tx *db.Tx) error { // speaks with the source's secrets already
					var want string
					if err := from.Read(t.Context(), func(src *db.Tx) error { want = src.Hash([]byte("x")); return nil }); err != nil {
						return err
					}
					if tx.Hash([]byte("x")) != want {
						t.Error("the copy hashes with another key")
					}
					return nil
				}})
			if err != nil {
				t.Fatal(err)
			}
			if told == 0 {
				t.Error("no progress was told")
			}
			rows := map[string]int{}
			for _, c := range tables {
				rows[c.Table] = c.Rows
				if !c.Equal() {
					t.Errorf("%+v differs", c)
				}
			}
			for table, n := range map[string]int{"command": 5000, "orders": 2, "session": 1, "counter": 1, "meta": 2, "person": 0} {
				if got, ok := rows[table]; !ok || got != n {
					t.Errorf("%s: %d rows copied (known: %v), want %d", table, got, ok, n)
				}
			}
			switch file := filepath.Join(to, "photos", "one.jpg"); {
			case db.IsPostgres(from.Path()):
				if len(left) > 0 {
					t.Errorf("left: %q", left)
				}
			case db.IsPostgres(to):
				if !slices.Equal(left, []string{"photos/one.jpg"}) {
					t.Errorf("left: %q", left)
				}
			default:
				if b, err := os.ReadFile(file); err != nil || string(b) != "picture" || len(left) > 0 {
					t.Errorf("%s: %q, %v; left %q", file, b, err, left)
				}
			}

			// It is a whole unit: indexes and keys stand, and it goes on where the other stood.
			there := dbtest.Open(t, to)
			if a, b := schema(t, from), schema(t, there); db.IsPostgres(from.Path()) == db.IsPostgres(to) && a != b {
				t.Errorf("schema before:\n%s\nafter:\n%s", a, b)
			}
			err = there.Write(t.Context(), func(tx *db.Tx) error {
				if n, err := tx.Next("orders/2026"); err != nil || n != 2 {
					t.Errorf("the series goes on with %d, %v", n, err)
				}
				_, err := tx.Exec(`update orders set revokes = 'nobody' where id = 'o1'`)
				return err
			})
			if err == nil {
				t.Error("a foreign key is not kept in the copy")
			}
			if _, _, err := db.Copy(t.Context(), from, db.Copying{To: db.Config{Path: to}}); !fault.Is(err, fault.Conflict) && !errors.Is(err, db.ErrLocked) {
				t.Errorf("copied over a unit: %v", err)
			}
		})
	}
}

// schema is every index and constraint of a unit, as the engine tells them.
func schema(t *testing.T, u *db.Unit) (text string) {
	query := `select sql from sqlite_master where sql is not null and substr(name, 1, 7) <> 'sqlite_' order by type, name`
	if db.IsPostgres(u.Path()) {
		query = `select def from (select replace(i.indexdef, current_schema() || '.', '') as def from pg_indexes i where i.schemaname = current_schema()
			union all select r.relname || ' ' || c.conname || ' ' || pg_get_constraintdef(c.oid) from pg_constraint c join pg_class r on r.oid = c.conrelid
			where c.connamespace = current_schema()::regnamespace) x order by def`
	}
	err := u.Read(t.Context(), func(tx *db.Tx) error {
		all, err := db.Select(tx, query, nil, db.One[string])
		text = strings.Join(all, "\n")
		return err
	})
	if err != nil || text == "" {
		t.Fatal("no schema: ", err)
	}
	return text
}

// A table that nobody has told the copy about goes over too, whatever it holds.
func TestCopyTakesEveryTable(t *testing.T) {
	const made = `create table newcomer(id text not null primary key, n bigint, yes boolean, share double precision, bytes %s)`
	make := func(u *db.Unit) {
		t.Helper()
		bytes := "blob"
		if db.IsPostgres(u.Path()) {
			bytes = "bytea"
		}
		if err := u.Write(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(fmt.Sprintf(made, bytes)); return err }); err != nil {
			t.Fatal(err)
		}
	}
	a, b, c := dbtest.SQLite(t), dbtest.Postgres(t), dbtest.SQLite(t)
	for _, u := range []*db.Unit{a, b, c} {
		make(u)
	}
	err := a.Write(t.Context(), func(tx *db.Tx) error {
		for i, row := range [][]any{
			{nil, nil, nil, nil}, {int64(math.MinInt64), true, 0.1, []byte{}}, {int64(math.MaxInt64), false, -1e300, []byte{0, 255, 1}}, {0, true, 3.0, []byte("text")},
		} {
			if _, err := tx.Exec(`insert into newcomer values($1, $2, $3, $4, $5)`, append([]any{fmt.Sprint(i)}, row...)...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var there, back []db.Copied
	into := func(from, to *db.Unit, out *[]db.Copied) {
		t.Helper()
		err := from.Read(t.Context(), func(src *db.Tx) error {
			return to.Bulk(t.Context(), func(dst *db.Tx) (err error) { *out, err = db.CopyTables(src, dst, nil); return err })
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	into(a, b, &there)
	into(b, c, &back)
	found := false
	for i, one := range there {
		found = found || one.Table == "newcomer" && one.Rows == 4
		if !one.Equal() || !back[i].Equal() || one.Sum != back[i].Sum {
			t.Errorf("%+v there, %+v back", one, back[i])
		}
	}
	if !found {
		t.Error("the new table was forgotten")
	}
	// What SQLite let in and the schema did not mean is told, with its place.
	err = a.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into newcomer(id, n) values('bad', 'not a number')`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = db.Copy(t.Context(), a, db.Copying{To: db.Config{Path: dbtest.DSN(t)}})
	if err == nil {
		t.Error("a table that the target lacks was passed over")
	}
	d := dbtest.Postgres(t)
	make(d)
	err = a.Read(t.Context(), func(src *db.Tx) error {
		return d.Bulk(t.Context(), func(dst *db.Tx) error { _, err := db.CopyTables(src, dst, nil); return err })
	})
	if err == nil || !strings.Contains(err.Error(), "newcomer") || !strings.Contains(err.Error(), "column n") {
		t.Errorf("text in a column of numbers: %v", err)
	}
}

// One row of five thousand that comes out otherwise than it went in is found.
func TestCopyIsReadBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, to *db.Unit) {
		from := filled(t, dbtest.Folder(t))
		spoil := []string{`create trigger spoil after insert on command when new.id = 'c77' begin update command set answer = 'x' where id = new.id; end`}
		if db.IsPostgres(to.Path()) {
			spoil = []string{`create function spoil() returns trigger language plpgsql as 'begin new.answer := ''x''; return new; end'`,
				`create trigger spoil before insert on command for each row when (new.id = 'c77') execute function spoil()`}
		}
		err := to.Write(t.Context(), func(tx *db.Tx) error {
			for _, q := range spoil {
				if _, err := tx.Exec(q); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		err = from.Read(t.Context(), func(src *db.Tx) error {
			return to.Bulk(t.Context(), func(dst *db.Tx) error { _, err := db.CopyTables(src, dst, nil); return err })
		})
		if !errors.Is(err, db.ErrDiffers) || !strings.Contains(err.Error(), "command") {
			t.Errorf("the copy says %v", err)
		}
		nothing(t, to)
	})
}

// What the caller's check refuses is not kept.
func TestRefusedCopyIsNotKept(t *testing.T) {
	for _, r := range roads {
		t.Run(r.name, func(t *testing.T) {
			from, to := filled(t, r.from(t)), r.to(t)
			spoiled := errors.New("spoiled")
			_, _, err := db.Copy(t.Context(), from, db.Copying{To: db.Config{Path: to}, Check: func(*db.Tx) error { return spoiled }})
			if !errors.Is(err, spoiled) {
				t.Fatal(err)
			}
			nothingAt(t, to)
		})
	}
}

// nothing fails the test when there is a row of a unit in u.
func nothing(t *testing.T, u *db.Unit) {
	t.Helper()
	err := u.Read(t.Context(), func(tx *db.Tx) error {
		n, err := tx.Int(`select (select count(*) from command) + (select count(*) from meta where key <> 'secret.hmac')`)
		if n > 0 {
			t.Errorf("%d rows left", n)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// nothingAt fails the test when there is anything of a unit at path.
func nothingAt(t *testing.T, path string) {
	t.Helper()
	if all, _ := filepath.Glob(path + "*"); len(all) > 0 {
		t.Errorf("left: %q", all)
	}
	if db.IsPostgres(path) {
		u, err := db.Open(t.Context(), db.Config{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		defer u.Close()
		nothing(t, u)
	}
}

// A copy that is killed leaves nothing at the target, and does not hinder the next.
func TestKilledCopyLeavesNothing(t *testing.T) {
	if to := os.Getenv("SANGATHAN_TEST_COPY_TO"); to != "" { // the one that is killed
		from, err := db.Open(t.Context(), db.Config{Path: os.Getenv("SANGATHAN_TEST_COPY_FROM")})
		if err != nil {
			t.Fatal(err)
		}
		db.Copy(context.Background(), from, db.Copying{To: db.Config{Path: to}, Check: func(*db.Tx) error {
			fmt.Println("everything is in it")
			select {}
		}})
		t.Fatal("not reached")
	}
	for _, r := range roads {
		t.Run(r.name, func(t *testing.T) {
			from, to := filled(t, r.from(t)), r.to(t)
			if err := from.Close(); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(os.Args[0], "-test.run", "^TestKilledCopyLeavesNothing$")
			cmd.Env = append(os.Environ(), "SANGATHAN_TEST_COPY_FROM="+from.Path(), "SANGATHAN_TEST_COPY_TO="+to)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 100)
			n, err := out.Read(buf)
			if err != nil || !strings.Contains(string(buf[:n]), "everything") {
				t.Fatalf("%q, %v", buf[:n], err)
			}
			cmd.Process.Kill()
			cmd.Wait()
			if _, err := os.Stat(to); !db.IsPostgres(to) && !errors.Is(err, os.ErrNotExist) {
				t.Errorf("something stands at the target: %v", err)
			}
			if db.IsPostgres(to) {
				nothingAt(t, to)
			}
			again := dbtest.Open(t, from.Path())
			if _, _, err := db.Copy(t.Context(), again, db.Copying{To: db.Config{Path: to}}); err != nil {
				t.Fatal(err)
			}
			if left, _ := filepath.Glob(to + ".making-*"); !db.IsPostgres(to) && len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}
