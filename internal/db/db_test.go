package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/fault"
)

// probe makes a table to write into: id is not unique, so that a row kept twice shows.
func probe(t testing.TB, u *db.Unit) {
	t.Helper()
	write(t, u, `create table probe(id text not null, n bigint not null)`)
}

func write(t testing.TB, u *db.Unit, query string, args ...any) {
	t.Helper()
	if err := u.Write(context.Background(), statement(query, args...)); err != nil {
		t.Fatal(err)
	}
}

func statement(query string, args ...any) func(*db.Tx) error {
	return func(tx *db.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	}
}

// ids are the probe's ids in order.
func ids(t testing.TB, u *db.Unit) (out []string) {
	t.Helper()
	err := u.Read(context.Background(), func(tx *db.Tx) (err error) {
		out, err = db.Select(tx, `select id from probe order by id`, nil, db.One[string])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func text(t testing.TB, u *db.Unit, query string, args ...any) (s string) {
	t.Helper()
	err := u.Read(context.Background(), func(tx *db.Tx) (err error) { s, err = tx.Text(query, args...); return err })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const insert = `insert into probe(id, n) values($1, $2)`

var errVerb = fault.New(fault.Conflict, "fault.conflict")

func TestWriteKeepsAllOrNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		probe(t, u)
		write(t, u, insert, "kept", 1)
		err := u.Write(t.Context(), func(tx *db.Tx) error {
			if _, err := tx.Exec(insert, "undone", 2); err != nil {
				return err
			}
			if n, err := tx.Int(`select count(*) from probe`); n != 2 {
				t.Errorf("a verb does not see its own row: %d, %v", n, err)
			}
			return errVerb
		})
		if !errors.Is(err, errVerb) {
			t.Errorf("the verb's fault came back as %v", err)
		}
		if got := ids(t, u); !slices.Equal(got, []string{"kept"}) {
			t.Errorf("rows: %v", got)
		}
	})
}

func TestKeepCommitsAndStillFails(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		probe(t, u)
		err := u.Write(t.Context(), func(tx *db.Tx) (err error) {
			defer fault.Op(&err, "outer verb")
			if _, err := tx.Exec(insert, "counted", 1); err != nil {
				return err
			}
			return db.Keep(errVerb)
		})
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("the caller was told %v", err)
		}
		if got := ids(t, u); !slices.Equal(got, []string{"counted"}) {
			t.Errorf("rows: %v", got)
		}
	})
}

func TestFailedStatementKeepsNothing(t *testing.T) {
	verbs := map[string]func(tx *db.Tx) error{
		"swallowed": func(tx *db.Tx) error {
			tx.Exec(insert, "before", 1)
			tx.Exec(`insert into no_such_table values($1)`, 1)
			return nil
		},
		"swallowed and kept": func(tx *db.Tx) error {
			tx.Exec(insert, "before", 1)
			tx.Exec(insert, "null", nil)
			return db.Keep(errVerb)
		},
		"swallowed and gone on": func(tx *db.Tx) error {
			tx.Exec(insert, "null", nil)
			if _, err := tx.Exec(insert, "after", 1); err == nil {
				t.Error("a statement ran after a failed one")
			}
			if _, err := tx.Int(`select count(*) from probe`); err == nil {
				t.Error("a query ran after a failed statement")
			}
			return nil
		},
		"failed while reading": func(tx *db.Tx) error {
			tx.Exec(insert, "before", -9223372036854775807)
			tx.Int(`select abs(n - 1) from probe`) // no such number
			return nil
		},
	}
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		probe(t, u)
		for name, verb := range verbs {
			if err := u.Write(t.Context(), verb); err == nil {
				t.Errorf("%s: the verb was acknowledged", name)
			}
			if got := ids(t, u); len(got) != 0 {
				t.Errorf("%s: rows %v were kept", name, got)
				write(t, u, `delete from probe`)
			}
		}
	})
}

func TestPanicHarmsOnlyItsOwnVerb(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		probe(t, u)
		err := u.Write(t.Context(), func(tx *db.Tx) error {
			tx.Exec(insert, "undone", 1)
			var none *db.Unit
			none.Path()
			return nil
		})
		if err == nil || !strings.Contains(err.Error(), "db_test.go") || fault.KindOf(err) != fault.Internal {
			t.Errorf("a panic came back as %v", err)
		}
		err = u.Read(t.Context(), func(tx *db.Tx) error { panic("in a reader") })
		if err == nil {
			t.Error("a reader's panic came back as success")
		}
		write(t, u, insert, "next", 1)
		if got := ids(t, u); !slices.Equal(got, []string{"next"}) {
			t.Errorf("rows: %v", got)
		}
	})
}

func TestOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		probe(t, u)
		send := func(user, id, body string) (answer string, err error) {
			err = u.Write(t.Context(), func(tx *db.Tx) (err error) {
				answer, err = db.Once(tx, user, id, []byte(body), func() (string, error) {
					n, err := tx.Next("report")
					if err != nil {
						return "", err
					}
					if body == "refused" {
						return "", errVerb
					}
					_, err = tx.Exec(insert, id, n)
					return fmt.Sprint("number ", n), err
				})
				return err
			})
			return answer, err
		}
		for range 3 {
			if a, err := send("asha", "c1", "body"); a != "number 1" || err != nil {
				t.Errorf("sent again: %q, %v", a, err)
			}
		}
		if _, err := send("asha", "c1", "other \x00\xff body"); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "fault.sent_differently") {
			t.Errorf("another body under the id: %v", err)
		}
		if got := text(t, u, `select user_id || ' ' || command_id || ' ' || body from command_conflict`); got != "asha c1 other �� body" {
			t.Errorf("the other body was kept as %q", got)
		}
		if _, err := send("bela", "c1", "body"); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "fault.id_taken") {
			t.Errorf("another user's id: %v", err)
		}
		if got := text(t, u, `select count(*) from command_conflict`); got != "1" {
			t.Errorf("%s conflicts kept, want 1", got)
		}
		if _, err := send("asha", "c2", "refused"); !errors.Is(err, errVerb) {
			t.Errorf("refused: %v", err)
		}
		if a, err := send("asha", "c2", "body"); a != "number 2" || err != nil {
			t.Errorf("a refused command cannot be mended: %q, %v", a, err)
		}
		within := func(body string) (answer string, err error) { // a report under its own id, sent with that id for key
			err = u.Write(t.Context(), func(tx *db.Tx) (err error) {
				answer, err = db.Once(tx, "asha", "c3", []byte("POST "+body), func() (string, error) {
					id, err := db.Once(tx, "asha", "c3", []byte(body), func() (string, error) {
						_, err := tx.Exec(insert, "c3", 3)
						return "c3", err
					})
					return "made " + id, err
				})
				return err
			})
			return answer, err
		}
		for range 2 {
			if a, err := within("body"); a != "made c3" || err != nil {
				t.Errorf("one within another under the same id: %q, %v", a, err)
			}
		}
		if _, err := within("other"); !fault.Is(err, fault.Conflict) {
			t.Errorf("another body under the id of both: %v", err)
		}
		for _, id := range []string{"", strings.Repeat("x", 65)} {
			if _, err := send("asha", id, "body"); !fault.Is(err, fault.Invalid) {
				t.Errorf("id of %d bytes: %v", len(id), err)
			}
		}
		if got := ids(t, u); !slices.Equal(got, []string{"c1", "c2", "c3"}) {
			t.Errorf("effects: %v", got)
		}
		if got := text(t, u, `select hash from command where id = 'c1'`); len(got) != 64 || strings.Contains(got, "body") {
			t.Errorf("stored hash %q", got)
		}
	})
}

// One command sent over several connections at once has one effect, and every
// sender gets its answer.
func TestOnceAtTheSameMoment(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		probe(t, u)
		for round := range 10 {
			id := fmt.Sprint("c", round)
			each(8, func(i int) {
				err := u.Write(t.Context(), func(tx *db.Tx) error {
					a, err := db.Once(tx, "asha", id, nil, func() (string, error) {
						_, err := tx.Exec(insert, id, i)
						return "done", err
					})
					if err == nil && a != "done" {
						t.Errorf("answer %q", a)
					}
					return err
				})
				if err != nil {
					t.Errorf("%s, sender %d: %v", id, i, err)
				}
			})
		}
		if got := ids(t, u); len(got) != 10 || len(slices.Compact(got)) != 10 {
			t.Errorf("effects: %v", got)
		}
	})
}

func TestNextHasNoGaps(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		probe(t, u)
		const writers, each1 = 16, 12
		each(writers, func(w int) {
			for i := range each1 {
				err := u.Write(t.Context(), func(tx *db.Tx) error {
					n, err := tx.Next("order")
					if err != nil {
						return err
					}
					if i%3 == 2 {
						return errVerb
					}
					_, err = tx.Exec(insert, fmt.Sprintf("%06d", n), n)
					return err
				})
				if (i%3 == 2) != errors.Is(err, errVerb) {
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
		got := ids(t, u)
		if len(got) != writers*each1*2/3 {
			t.Errorf("%d numbers given", len(got))
		}
		for i, id := range got {
			if want := fmt.Sprintf("%06d", i+1); id != want {
				t.Fatalf("number %s stands where %s should", id, want)
			}
		}
	})
}

type named string

func TestArgumentsAreCleaned(t *testing.T) {
	decomposed, composed := "क\u093cलम e\u0301", "क\u093cलम \u00e9"
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		probe(t, u)
		now := time.Now()
		for _, bad := range []any{now, &now, sql.NullTime{Time: now, Valid: true}, "a\x00b", "a\xffb", named("a\xffb"),
			sql.NullString{String: "\xff", Valid: true}, sql.Null[string]{V: "\x00", Valid: true}, []string{"x"}, struct{}{}} {
			err := u.Write(t.Context(), statement(insert, bad, 1))
			if err == nil {
				t.Errorf("%T %q was stored", bad, bad)
			}
			if _, isText := bad.(string); isText && !fault.Is(err, fault.Invalid) {
				t.Errorf("bad text is not the input's fault: %v", err)
			}
		}
		if got := ids(t, u); len(got) != 0 {
			t.Fatalf("rows: %q", got)
		}
		s := decomposed
		for _, good := range []any{s, named(s), &s, db.Null(s), sql.Null[string]{V: s, Valid: true}} {
			write(t, u, insert, good, 1)
			if got := ids(t, u); len(got) != 1 || got[0] != composed {
				t.Errorf("%T was stored as %+q", good, got)
			}
			write(t, u, `delete from probe where id = $1`, good)
		}
		write(t, u, `insert into probe(id, n) values(coalesce($1, 'null'), $2)`, (*string)(nil), uint8(7))
		if got := ids(t, u); !slices.Equal(got, []string{"null"}) {
			t.Errorf("a nil pointer is %q", got)
		}
	})
}

func TestInserter(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		probe(t, u)
		for _, rows := range []int{0, 1, db.InsertRows - 1, db.InsertRows, db.InsertRows + 1, 2*db.InsertRows + 1, db.WaitRows - 1, db.WaitRows, db.WaitRows + 1, 2*db.WaitRows + db.InsertRows} {
			err := u.Bulk(t.Context(), func(tx *db.Tx) error {
				if _, err := tx.Exec(`delete from probe`); err != nil {
					return err
				}
				in := tx.Insert("probe", "id", "n")
				for i := range rows {
					if err := in.Add(fmt.Sprintf("%05d", i), i); err != nil {
						return err
					}
				}
				if in.Count != rows {
					t.Errorf("%d rows counted as %d", rows, in.Count)
				}
				return in.Flush()
			})
			if err != nil {
				t.Fatal(err)
			}
			got := ids(t, u)
			if len(got) != rows || rows > 0 && got[rows-1] != fmt.Sprintf("%05d", rows-1) {
				t.Errorf("%d rows put in, %d found", rows, len(got))
			}
		}
		write(t, u, `create table mother(id text primary key)`)
		write(t, u, `create table child(id text primary key, mother text not null references mother(id))`)
		err := u.Bulk(t.Context(), func(tx *db.Tx) error {
			mothers := tx.Insert("mother", "id")
			children := tx.Insert("child", "id", "mother").After(mothers)
			for i := range 2*db.WaitRows + 5 { // children come more often than mothers
				if i%3 == 0 {
					if err := mothers.Add(fmt.Sprint(i / 3)); err != nil {
						return err
					}
				}
				if err := children.Add(fmt.Sprint(i), fmt.Sprint(i/3)); err != nil {
					return err
				}
			}
			return children.Flush()
		})
		if err != nil {
			t.Errorf("rows that refer to waiting rows: %v", err)
		}
		if got, want := text(t, u, `select count(*) from child`), fmt.Sprint(2*db.WaitRows+5); got != want {
			t.Errorf("%s children, want %s", got, want)
		}
		err = u.Bulk(t.Context(), func(tx *db.Tx) error { return tx.Insert("probe", "id", "n").Add("one value") })
		if err == nil {
			t.Error("a row with a value missing was taken")
		}
	})
}

func TestReadersSeeOneStateAndCannotWrite(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		probe(t, u)
		write(t, u, insert, "a", 1)
		err := u.Read(t.Context(), func(tx *db.Tx) error {
			before, err := tx.Int(`select count(*) from probe`)
			if err != nil {
				return err
			}
			write(t, u, insert, "b", 2) // meanwhile
			after, err := tx.Int(`select count(*) from probe`)
			if before != 1 || after != 1 {
				t.Errorf("a reader saw %d rows, then %d", before, after)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{`insert into probe(id, n) values('x', 1)`, `delete from probe`, `create table other(id text)`} {
			if err := u.Read(t.Context(), statement(q)); err == nil {
				t.Errorf("a reader could %s", q)
			}
		}
		if got := ids(t, u); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("rows: %v", got)
		}
	})
}

// A reader asks once for what it wants to know twice; a verb that writes asks each time.
func TestRemember(t *testing.T) {
	type color string
	type fruit string
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		for _, in := range []struct {
			name string
			run  func(context.Context, func(*db.Tx) error) error
			want string
		}{{"read", u.Read, "orange 1, orange 1, orange 2, none, none 4"}, {"write", u.Write, "orange 1, orange 2, orange 3, none, none 5"}} {
			asked, got := 0, []string(nil)
			ask := func() (string, error) { asked++; return "orange " + strconv.Itoa(asked), nil }
			fail := func() (string, error) { asked++; return "", errVerb }
			tell := func(v string, err error) {
				if err != nil {
					v = "none"
				}
				got = append(got, v)
			}
			err := in.run(t.Context(), func(tx *db.Tx) error {
				asked, got = 0, nil // PostgreSQL may run it again
				tell(db.Remember(tx, color("orange"), ask))
				tell(db.Remember(tx, color("orange"), ask))
				tell(db.Remember(tx, fruit("orange"), ask)) // of another kind
				tell(db.Remember(tx, fruit("pear"), fail))
				tell(db.Remember(tx, fruit("pear"), fail)) // a failure is not remembered
				return nil
			})
			if told := fmt.Sprint(strings.Join(got, ", "), " ", asked); err != nil || told != in.want {
				t.Errorf("%s: %s (%v), want %s", in.name, told, err, in.want)
			}
		}
	})
}

// Figures are read by ranges of their primary key: on SQLite one search each.
func TestFiguresAreClustered(t *testing.T) {
	u := dbtest.SQLite(t)
	got := text(t, u, `select group_concat(name, ' ') from (select name from pragma_table_list where wr and schema = 'main' order by name)`)
	if want := "tally tally_past"; got != want {
		t.Errorf("tables in the order of their key: %q, want %q", got, want)
	}
}

// Readers who go away while they read leave nothing behind that hurts the next.
func TestReadersThatGoAway(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		probe(t, u)
		write(t, u, insert, "a", 1)
		long := `with recursive c(i) as (select 1 union all select i + 1 from c where i < 30000000) select count(*) from c`
		each(12, func(i int) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(5+10*i)*time.Millisecond)
			defer cancel()
			start := time.Now()
			err := u.Read(ctx, func(tx *db.Tx) error {
				_, err := tx.Int(long)
				return err
			})
			if err == nil {
				t.Error("the query ended before it was given up: make it longer")
			}
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("a reader who went away was worked for %s more", d)
			}
		})
		for range 20 {
			write(t, u, insert, "b", 1)
			ids(t, u)
		}
	})
}

func TestSelectRefusesAStatementBetweenRows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		err := u.Write(t.Context(), func(tx *db.Tx) error {
			_, err := db.Select(tx, `select key from meta`, nil, func(s db.Scanner) (string, error) {
				return tx.Text(`select name from counter`)
			})
			if _, again := tx.Text(`select name from counter`); again != nil {
				t.Errorf("after the rows were closed: %v", again)
			}
			return err
		})
		if err == nil {
			t.Error("a query ran between the rows of another: PostgreSQL cannot")
		}
	})
}

func TestDropIndexes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		write(t, u, `create table ix(id text primary key, a text unique, b bigint, c bigint)`)
		write(t, u, `create index ix_b on ix(b, c)`)
		write(t, u, `create unique index ix_c on ix(c) where b is null`)
		names := func() (s string) {
			q := `select string_agg(name, ' ' order by name) from sqlite_master where type = 'index' and tbl_name = 'ix' and sql is not null`
			if db.IsPostgres(u.Path()) {
				q = `select string_agg(indexname, ' ' order by indexname) from pg_indexes where tablename = 'ix' and schemaname = current_schema() and indexname in ('ix_b', 'ix_c')`
			}
			return text(t, u, q)
		}
		if names() != "ix_b ix_c" {
			t.Fatalf("the test sees indexes %q", names())
		}
		err := u.Bulk(t.Context(), func(tx *db.Tx) error {
			restore, err := tx.DropIndexes("ix")
			if err != nil {
				return err
			}
			in := tx.Insert("ix", "id", "a", "b", "c")
			for i := range 100 {
				if err := in.Add(fmt.Sprint(i), fmt.Sprint(i), i, i); err != nil {
					return err
				}
			}
			if err := in.Flush(); err != nil {
				return err
			}
			return restore()
		})
		if err != nil || names() != "ix_b ix_c" {
			t.Errorf("after a load: %q, %v", names(), err)
		}
		write(t, u, `insert into ix(id, c) values('u1', 500)`)
		if err := u.Write(t.Context(), statement(`insert into ix(id, c) values('u2', 500)`)); !db.IsUnique(err) {
			t.Errorf("the unique index came back without its force: %v", err)
		}
		err = u.Bulk(t.Context(), func(tx *db.Tx) error {
			if _, err := tx.DropIndexes("ix"); err != nil {
				return err
			}
			return errVerb
		})
		if !errors.Is(err, errVerb) || names() != "ix_b ix_c" {
			t.Errorf("after a load given up: %q, %v", names(), err)
		}
		if err := u.Write(t.Context(), statement(`insert into ix(id, a) values('v', '5')`)); !db.IsUnique(err) {
			t.Errorf("the unique column lost its force: %v", err)
		}
	})
}

// Two people relieve each other's deputy, each having seen that another remains:
// both may not win. On PostgreSQL this needs SERIALIZABLE and retries.
func TestReadThenWriteCannotBothWin(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		probe(t, u)
		for round := range 5 {
			write(t, u, `delete from probe`)
			write(t, u, `insert into probe(id, n) values('a', 1), ('b', 1)`)
			var met sync.WaitGroup
			met.Add(2)
			var won, refused int
			var mu sync.Mutex
			each(2, func(i int) {
				meet := sync.OnceFunc(func() { // both have read before either writes, where the engine lets them
					met.Done()
					done := make(chan struct{})
					go func() { met.Wait(); close(done) }()
					select {
					case <-done:
					case <-time.After(50 * time.Millisecond):
					}
				})
				err := u.Write(t.Context(), func(tx *db.Tx) error {
					n, err := tx.Int(`select count(*) from probe where n = 1`)
					if err != nil {
						return err
					}
					meet()
					if n < 2 {
						return errVerb
					}
					_, err = tx.Exec(`update probe set n = 0 where id = $1`, string(rune('a'+i)))
					return err
				})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					won++
				case errors.Is(err, errVerb):
					refused++
				default:
					t.Error(err)
				}
			})
			if won != 1 || refused != 1 {
				t.Errorf("round %d: %d won, %d were refused", round, won, refused)
			}
		}
	})
}

// A verb that looks, finds nothing and inserts gets its own fault, not the
// database's, when another came between; so does one that maps every error.
func TestUniqueKeyTakenBetween(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		write(t, u, `create table chair(id text primary key, n bigint)`)
		for _, mapped := range []bool{false, true} {
			write(t, u, `delete from chair`)
			var mu sync.Mutex
			var won int
			each(8, func(i int) {
				err := u.Write(t.Context(), func(tx *db.Tx) error {
					taken, err := tx.Int(`select count(*) from chair where id = $1`, "s")
					if err == nil && taken > 0 {
						return errVerb
					}
					time.Sleep(5 * time.Millisecond)
					if _, err = tx.Exec(`insert into chair(id, n) values($1, $2)`, "s", i); err != nil && mapped {
						return fault.New(fault.Internal, "fault.internal")
					}
					return err
				})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !errors.Is(err, errVerb) {
					t.Errorf("mapped %v, verb %d: %v", mapped, i, err)
				}
			})
			if won != 1 {
				t.Errorf("mapped %v: %d verbs took the seat", mapped, won)
			}
		}
	})
}

// The same when the other did not look first: then PostgreSQL sees no race, only
// a key taken.
func TestUniqueKeyTakenByOneWhoDidNotLook(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		write(t, u, `create table chair(id text primary key, n bigint)`)
		looked := make(chan struct{})
		tell := sync.OnceFunc(func() { close(looked) })
		blind := make(chan error, 1)
		go func() {
			<-looked
			blind <- u.Write(context.Background(), statement(`insert into chair(id, n) values('s', 1)`))
		}()
		err := u.Write(t.Context(), func(tx *db.Tx) error {
			taken, err := tx.Int(`select count(*) from chair where id = $1`, "s")
			tell()
			if err == nil && taken > 0 {
				return errVerb
			}
			time.Sleep(50 * time.Millisecond)
			_, err = tx.Exec(`insert into chair(id, n) values('s', 2)`)
			return err
		})
		if other := <-blind; (err == nil) == (other == nil) {
			t.Errorf("both were told the same: %v, %v", err, other)
		}
		if err != nil && !errors.Is(err, errVerb) {
			t.Errorf("the one who looked was told %v", err)
		}
	})
}

func TestUniqueViolationReachesTheVerb(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		err := u.Write(t.Context(), statement(`insert into meta(key, value) values('k', 'v'), ('k', 'w')`))
		if !db.IsUnique(err) || fault.KindOf(err) != fault.Internal {
			t.Errorf("got %v", err)
		}
	})
}

func TestOneInstantAndOrderedIDs(t *testing.T) {
	at := time.Date(2026, 5, 31, 20, 0, 0, 123_999_999, time.UTC)
	clock := dbtest.NewClock(at)
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		err := u.Write(t.Context(), func(tx *db.Tx) error {
			first := tx.NewID()
			clock.Add(time.Hour)
			if tx.Today() != "2026-06-01" || tx.Millis() != at.UnixMilli() || !tx.Time(tx.Millis()).Equal(tx.Now) {
				t.Errorf("today %s, %d ms, now %v", tx.Today(), tx.Millis(), tx.Now)
			}
			seen := map[string]bool{first: true}
			for range 1000 {
				id := tx.NewID()
				if seen[id] || len(id) != 36 || id[14] != '7' || id[:13] != first[:13] {
					t.Fatalf("id %s after %s", id, first)
				}
				seen[id] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		clock.Set(at)
	}, dbtest.At(clock))
}

func TestSecretsStayAndDiffer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		var seen []string
		for range 2 {
			err := u.Write(t.Context(), func(tx *db.Tx) error {
				a, err := tx.Secret("a")
				if err != nil {
					return err
				}
				b, err := tx.Secret("b")
				seen = append(seen, string(a), string(b), string(tx.Hash([]byte("body"))))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if seen[0] == seen[1] || len(seen[0]) != 32 || !slices.Equal(seen[:3], seen[3:]) {
			t.Errorf("secrets %x", seen)
		}
	})
}

func TestClosedUnitAnswersUnavailable(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		for range 2 {
			if err := u.Close(); err != nil {
				t.Fatal(err)
			}
		}
		none := func(*db.Tx) error { t.Error("a verb ran on a closed unit"); return nil }
		for name, run := range map[string]func(context.Context, func(*db.Tx) error) error{"write": u.Write, "read": u.Read, "bulk": u.Bulk} {
			if err := run(t.Context(), none); !fault.Is(err, fault.Unavailable) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestReopenKeepsRowsAndKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		probe(t, u)
		write(t, u, insert, "kept", 1)
		hash := func(u *db.Unit) (h string) {
			u.Read(t.Context(), func(tx *db.Tx) error { h = tx.Hash([]byte("x")); return nil })
			return h
		}
		before := hash(u)
		if err := u.Close(); err != nil {
			t.Fatal(err)
		}
		again := dbtest.Open(t, u.Path())
		if got := ids(t, again); !slices.Equal(got, []string{"kept"}) || hash(again) != before {
			t.Errorf("rows %v, the same key: %v", got, hash(again) == before)
		}
	})
}

// Two processes may open one PostgreSQL unit at the same moment.
func TestPostgresOpenedAtOnce(t *testing.T) {
	for range 3 {
		dsn := dbtest.DSN(t)
		each(8, func(int) {
			u, err := db.Open(t.Context(), db.Config{Path: dsn})
			if err != nil {
				t.Error(err)
				return
			}
			u.Close()
		})
	}
}

// each runs fn(0) … fn(n-1) at the same time and waits for all.
func each(n int, fn func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { fn(i) })
	}
	wg.Wait()
}

// A folder in which the database cannot be opened for writing is told as such.
func TestAFolderThatCannotBeWritten(t *testing.T) {
	path := t.TempDir()
	if err := os.Mkdir(filepath.Join(path, "unit.db"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := db.Open(t.Context(), db.Config{Path: path})
	if f, ok := errors.AsType[*fault.Error](err); !ok || f.Key != "fault.read_only" {
		t.Errorf("%v", err)
	}
}
