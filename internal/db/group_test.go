package db_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/fault"
)

// seeded gives a random source and prints its seed when the test fails.
func seeded(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

// outcomes collects, by id, what each verb was told, and compares it with what is kept.
type outcomes struct {
	mu   sync.Mutex
	errs map[string]error
}

func (o *outcomes) add(id string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.errs == nil {
		o.errs = map[string]error{}
	}
	o.errs[id] = err
}

// check fails unless exactly the acknowledged ids are kept, each once.
func (o *outcomes) check(t *testing.T, u *db.Unit) {
	t.Helper()
	var want []string
	for id, err := range o.errs {
		if err == nil {
			want = append(want, id)
		}
	}
	slices.Sort(want)
	if got := ids(t, u); !slices.Equal(got, want) {
		t.Errorf("acknowledged %d rows, kept %d\nacknowledged %v\nkept %v", len(want), len(got), want, got)
	}
}

func TestGroupKeepsExactlyTheSuccesses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		probe(t, u)
		var out outcomes
		each(32, func(w int) {
			for i := range 10 {
				id := fmt.Sprintf("%02d-%02d", w, i)
				err := u.Write(t.Context(), func(tx *db.Tx) error {
					if _, err := tx.Exec(insert, id, i); err != nil {
						return err
					}
					switch (w + i) % 8 {
					case 0:
						return errVerb
					case 1:
						tx.Exec(`no sql at all`)
					case 2:
						panic("a defect")
					case 3:
						_, err := tx.Exec(insert, nil, i)
						return err
					}
					return nil
				})
				if ((w+i)%8 <= 3) != (err != nil) {
					t.Errorf("verb %s was told %v", id, err)
				}
				out.add(id, err)
			}
		})
		out.check(t, u)
	})
}

// The trap of a shared commit: a request that goes away must not undo the others'.
// Requests end before they wait, while they wait, between two statements and
// during a long one; whoever was told "done" finds the row, nobody else does.
func TestCancelledRequestsHarmNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		probe(t, u)
		rnd := seeded(t)
		var out outcomes
		for round := range 6 {
			var wg sync.WaitGroup
			hold := make(chan struct{})
			if !db.IsPostgres(u.Path()) { // the writer is kept busy, so that the rest shares one commit
				wg.Go(func() { u.Write(t.Context(), func(*db.Tx) error { <-hold; return nil }) })
			}
			for i := range 24 {
				id, kind, late := fmt.Sprintf("%d-%02d", round, i), i%6, time.Duration(rnd.IntN(30))*time.Millisecond
				ctx, cancel := context.WithCancel(context.Background())
				if kind == 1 {
					cancel()
				}
				wg.Go(func() {
					defer cancel()
					err := u.Write(ctx, func(tx *db.Tx) error {
						if _, err := tx.Exec(insert, id, i); err != nil {
							return err
						}
						switch kind {
						case 3: // between two statements
							cancel()
						case 4: // during a statement of about 10 ms
							time.AfterFunc(2*time.Millisecond, cancel)
							if _, err := tx.Int(`with recursive c(i) as (select 1 union all select i + 1 from c where i < 20000) select count(*) from c`); err != nil {
								return err
							}
						}
						n, err := tx.Int(`select count(*) from probe where id = $1`, id)
						if err == nil && n != 1 {
							err = fmt.Errorf("verb %s sees its row %d times", id, n)
						}
						return err
					})
					if err != nil && (kind == 0 || kind == 3 || kind == 4) {
						t.Errorf("verb %s of kind %d was told %v", id, kind, err)
					}
					if kind == 1 && !errors.Is(err, context.Canceled) {
						t.Errorf("verb %s of an ended request was told %v", id, err)
					}
					out.add(id, err)
				})
				if kind == 2 || kind == 5 { // while it waits, or at any moment
					time.AfterFunc(late, cancel)
				}
			}
			time.Sleep(15 * time.Millisecond)
			close(hold)
			wg.Wait()
		}
		out.check(t, u)
	})
}

// together runs the verbs in one group: the writer is held until all wait.
func together(t *testing.T, u *db.Unit, verbs map[string]func(*db.Tx) error) *outcomes {
	t.Helper()
	var out outcomes
	var wg sync.WaitGroup
	hold, holding := make(chan struct{}), make(chan struct{})
	wg.Go(func() {
		u.Write(t.Context(), func(*db.Tx) error { close(holding); <-hold; return nil })
	})
	<-holding
	for id, verb := range verbs {
		wg.Go(func() { out.add(id, u.Write(t.Context(), verb)) })
	}
	for deadline := time.Now().Add(10 * time.Second); u.Waiting() < len(verbs); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the verbs do not wait together")
		}
	}
	close(hold)
	wg.Wait()
	return &out
}

// A transaction lost inside a group costs only the verb that lost it; the others
// run again alone.
func TestLostTransactionHarmsNobody(t *testing.T) {
	const full = `insert into probe(id, n) values(hex(zeroblob(3000000)), 1)`
	lost := map[string]func(tx *db.Tx) error{
		"rolled back": func(tx *db.Tx) error {
			tx.Exec(insert, "own", 1)
			tx.Exec(`rollback`)
			return nil
		},
		"rolled back and gone on": func(tx *db.Tx) error {
			tx.Exec(`rollback`)
			_, err := tx.Exec(`select 1`)
			return err
		},
		"disk full": func(tx *db.Tx) error {
			_, err := tx.Exec(full)
			return err
		},
		"disk full, swallowed": func(tx *db.Tx) error {
			tx.Exec(insert, "own", 1)
			tx.Exec(full)
			return nil
		},
		"disk full, swallowed and gone on": func(tx *db.Tx) error {
			tx.Exec(full)
			tx.Exec(insert, "kept in autocommit", 1)
			return db.Keep(errVerb)
		},
	}
	for name, culprit := range lost {
		t.Run(name, func(t *testing.T) {
			u := dbtest.SQLite(t)
			probe(t, u)
			write(t, u, `pragma max_page_count = 400`)
			verbs := map[string]func(*db.Tx) error{"culprit": culprit}
			var mu sync.Mutex
			runs := 0
			for i := range 20 {
				id := fmt.Sprintf("innocent%02d", i)
				verbs[id] = func(tx *db.Tx) error {
					mu.Lock()
					runs++
					mu.Unlock()
					_, err := tx.Exec(insert, id, i)
					return err
				}
			}
			out := together(t, u, verbs)
			for id, err := range out.errs {
				if (id == "culprit") != (err != nil) {
					t.Errorf("%s was told %v", id, err)
				}
			}
			if runs < 20 {
				t.Errorf("only %d runs of 20 verbs", runs)
			}
			out.check(t, u)
			write(t, u, insert, "zz next", 1)
		})
	}
}

// A verb whose transaction is no longer there at its end is not acknowledged.
func TestVerbThatEndsItsTransactionFails(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		probe(t, u)
		for name, verb := range map[string]func(tx *db.Tx) error{
			"rollback": func(tx *db.Tx) error {
				tx.Exec(insert, "undone", 1)
				_, err := tx.Exec(`rollback`)
				return err
			},
			"an error met between rows": func(tx *db.Tx) error {
				tx.Exec(`insert into probe(id, n) values('a', 2), ('b', 1), ('c', 0)`)
				rows, err := tx.Query(`select abs(-9223372036854775807 - 1 + n) from probe order by id`)
				if err != nil {
					return err
				}
				for rows.Next() {
				}
				err = rows.Err()
				rows.Close()
				if db.IsPostgres(u.Path()) { // where the transaction is lost with it, and the verb does not say so
					return nil
				}
				return err
			},
		} {
			if err := u.Write(t.Context(), verb); err == nil {
				t.Errorf("%s: acknowledged", name)
			}
			if got := ids(t, u); len(got) != 0 {
				t.Errorf("%s: kept %v", name, got)
			}
		}
		write(t, u, insert, "next", 1)
	})
}

// A commit that fails answers nobody with success.
func TestFailedCommitAnswersNoSuccess(t *testing.T) {
	u := dbtest.SQLite(t)
	probe(t, u)
	write(t, u, `create table parent(id text primary key)`)
	write(t, u, `create table child(id text references parent(id) deferrable initially deferred)`)
	verbs := map[string]func(*db.Tx) error{"orphan": statement(`insert into child(id) values('nobody')`)}
	for i := range 10 {
		id := fmt.Sprintf("innocent%02d", i)
		verbs[id] = statement(insert, id, i)
	}
	out := together(t, u, verbs)
	for id, err := range out.errs {
		if (id == "orphan") != (err != nil) {
			t.Errorf("%s was told %v", id, err)
		}
	}
	out.check(t, u)
}

func TestBulkRunsAlone(t *testing.T) {
	u := dbtest.SQLite(t)
	probe(t, u)
	var wg sync.WaitGroup
	began, hold := make(chan struct{}), make(chan struct{})
	wg.Go(func() {
		err := u.Bulk(t.Context(), func(tx *db.Tx) error {
			close(began)
			<-hold
			_, err := tx.Exec(insert, "bulk", 1)
			return errors.Join(err, errVerb)
		})
		if !errors.Is(err, errVerb) {
			t.Error(err)
		}
	})
	<-began
	ended := make(chan error, 1)
	go func() { ended <- u.Write(t.Context(), statement(insert, "verb", 1)) }()
	select {
	case <-ended:
		t.Error("a verb was answered inside a bulk transaction")
	case <-time.After(50 * time.Millisecond):
	}
	if got := ids(t, u); len(got) != 0 { // readers go on
		t.Errorf("rows %v", got)
	}
	close(hold)
	wg.Wait()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got := ids(t, u); !slices.Equal(got, []string{"verb"}) {
		t.Errorf("rows %v", got)
	}
}

// Verbs that came before a long load are answered before it, not after.
func TestBulkKeepsNobodyWaitingWhoCameFirst(t *testing.T) {
	u := dbtest.SQLite(t)
	probe(t, u)
	var wg sync.WaitGroup
	hold, holding, answered := make(chan struct{}), make(chan struct{}), make(chan struct{})
	wg.Go(func() { u.Write(t.Context(), func(*db.Tx) error { close(holding); <-hold; return nil }) })
	<-holding
	wg.Go(func() {
		if err := u.Write(t.Context(), statement(insert, "verb", 1)); err != nil {
			t.Error(err)
		}
		close(answered)
	})
	for u.Waiting() < 1 {
		time.Sleep(time.Millisecond)
	}
	wg.Go(func() {
		err := u.Bulk(t.Context(), func(tx *db.Tx) error {
			select {
			case <-answered:
			case <-time.After(5 * time.Second):
				t.Error("the verb waits for the load")
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	for u.Waiting() < 2 {
		time.Sleep(time.Millisecond)
	}
	close(hold)
	wg.Wait()
}

func TestVerbsThatWaitWhenTheUnitClosesAreToldSo(t *testing.T) {
	for range 8 { // half the time the writer still takes them
		closeWhileVerbsWait(t)
	}
}

func closeWhileVerbsWait(t *testing.T) {
	u := dbtest.SQLite(t)
	probe(t, u)
	var out outcomes
	var wg sync.WaitGroup
	hold, holding := make(chan struct{}), make(chan struct{})
	wg.Go(func() {
		out.add("first", u.Write(t.Context(), func(tx *db.Tx) error {
			close(holding)
			<-hold
			_, err := tx.Exec(insert, "first", 1)
			return err
		}))
	})
	<-holding
	for i := range 50 {
		id := fmt.Sprint("waiting", i)
		wg.Go(func() { out.add(id, u.Write(t.Context(), statement(insert, id, i))) })
	}
	for u.Waiting() < 50 {
		time.Sleep(time.Millisecond)
	}
	time.AfterFunc(5*time.Millisecond, func() { close(hold) })
	if err := u.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	for id, err := range out.errs {
		if err != nil && !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s was told %v", id, err)
		}
	}
	out.check(t, dbtest.Open(t, u.Path()))
}

// A closed unit is one file, whole in itself, that nobody holds open.
func TestClosedFolderIsOneFile(t *testing.T) {
	for _, fresh := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), fmt.Sprint("fresh ", fresh))
		u, err := db.Open(t.Context(), db.Config{Path: dir, Fresh: fresh})
		if err != nil {
			t.Fatal(err)
		}
		probe(t, u)
		each(8, func(i int) {
			write(t, u, insert, fmt.Sprint(i), i)
			ids(t, u)
		})
		if err := u.Close(); err != nil {
			t.Fatal(err)
		}
		var names []string
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			names = append(names, f.Name())
		}
		if !slices.Equal(names, []string{"lock", "unit.db"}) {
			t.Errorf("fresh %v: a closed unit leaves %v", fresh, names)
		}
		if open, err := filepath.Glob("/proc/self/fd/*"); err == nil { // on Linux
			for _, fd := range open {
				if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, dir) {
					t.Errorf("fresh %v: %s is still open", fresh, to)
				}
			}
		}
	}
}

func TestLockedFolder(t *testing.T) {
	u := dbtest.SQLite(t)
	if _, err := db.Open(t.Context(), db.Config{Path: u.Path()}); !errors.Is(err, db.ErrLocked) {
		t.Errorf("a folder in use: %v", err)
	}
	if err := u.Close(); err != nil {
		t.Fatal(err)
	}
	dbtest.Open(t, u.Path())
}

// A folder's name must not send the data elsewhere.
func TestFolderNames(t *testing.T) {
	for _, name := range []string{"a#b", "a?b=c", "a%20b", "ज़िला इकाई", "a&mode=ro", "."} {
		dir := filepath.Join(t.TempDir(), name)
		u, err := db.Open(t.Context(), db.Config{Path: dir})
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		probe(t, u)
		if got := ids(t, u); len(got) != 0 {
			t.Errorf("%q: rows %v", name, got)
		}
		if err := u.Close(); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if st, err := os.Stat(filepath.Join(dir, "unit.db")); err != nil || st.Size() == 0 {
			t.Errorf("%q: the data is not in the folder: %v", name, err)
		}
	}
}

// durable fails unless the unit writes as an acknowledgement needs it.
func durable(t *testing.T, u *db.Unit) {
	t.Helper()
	err := u.Write(t.Context(), func(tx *db.Tx) error {
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "locking_mode": "normal", "quick_check": "ok"} {
			if got, err := tx.Text(`pragma ` + pragma); err != nil || got != want {
				t.Errorf("pragma %s is %q (%v), want %q", pragma, got, err, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFreshUnitReopensDurable(t *testing.T) {
	durable(t, dbtest.SQLite(t))
	dir := filepath.Join(t.TempDir(), "fresh")
	u, err := db.Open(t.Context(), db.Config{Path: dir, Fresh: true})
	if err != nil {
		t.Fatal(err)
	}
	probe(t, u)
	err = u.Bulk(t.Context(), func(tx *db.Tx) error {
		in := tx.Insert("probe", "id", "n")
		for i := range 10000 {
			if err := in.Add(fmt.Sprint(i), i); err != nil {
				return err
			}
		}
		return in.Flush()
	})
	if err != nil {
		t.Fatal(err)
	}
	// A verb that fails must not spoil what is built around it.
	if err := u.Write(t.Context(), func(tx *db.Tx) error {
		tx.Exec(`update probe set n = -1`)
		tx.Exec(`create index probe_n on probe(n)`)
		return errVerb
	}); !errors.Is(err, errVerb) {
		t.Error(err)
	}
	if n := text(t, u, `select count(*) from probe where n >= 0`); n != "10000" {
		t.Errorf("%s rows while building", n)
	}
	if err := u.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "unit.db-wal")); err == nil {
		t.Error("a closed unit still needs its -wal file")
	}
	again := dbtest.Open(t, dir)
	durable(t, again)
	if n := text(t, again, `select count(*) from probe where n >= 0`); n != "10000" {
		t.Errorf("%s rows after reopening", n)
	}
}

// A process killed at any moment has kept every row it acknowledged, and a
// command sent again to its successor counts once.
func TestKilledProcessKeepsWhatItAcknowledged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		kills := 10
		if testing.Short() || db.IsPostgres(u.Path()) {
			kills = 4
		}
		probe(t, u)
		if err := u.Close(); err != nil {
			t.Fatal(err)
		}
		rnd := seeded(t)
		acked := map[string]bool{}
		var last []string // what the next life sends again
		for life := range kills {
			cmd := exec.Command(os.Args[0], "-test.run=^TestChildThatIsKilled$", "-test.count=1")
			cmd.Env = append(os.Environ(), "SANGATHAN_TEST_CHILD="+u.Path(), fmt.Sprint("SANGATHAN_TEST_LIFE=", life), "SANGATHAN_TEST_AGAIN="+strings.Join(last, " "))
			cmd.Stderr = os.Stderr
			pipe, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(pipe)
			if !lines.Scan() || lines.Text() != "ready" {
				cmd.Process.Kill()
				t.Fatalf("the child said %q", lines.Text())
			}
			time.AfterFunc(time.Duration(rnd.IntN(150))*time.Millisecond, func() { cmd.Process.Kill() })
			last = last[:0]
			for lines.Scan() {
				what, id, _ := strings.Cut(lines.Text(), " ")
				if what == "sent" {
					last = append(last, id)
				} else {
					acked[id] = true
				}
			}
			cmd.Wait()
			last = last[max(0, len(last)-40):]
		}
		got := ids(t, dbtest.Open(t, u.Path()))
		if len(acked) < kills {
			t.Fatalf("only %d rows were acknowledged: the test tests nothing", len(acked))
		}
		kept := map[string]int{}
		for _, id := range got {
			if kept[id]++; kept[id] == 2 {
				t.Errorf("%s counted twice", id)
			}
		}
		for id := range acked {
			if kept[id] == 0 {
				t.Errorf("%s was acknowledged and is lost", id)
			}
		}
		t.Logf("%d acknowledged, %d kept after %d kills", len(acked), len(got), kills)
	})
}

// TestChildThatIsKilled is not a test but the process that the test above kills.
func TestChildThatIsKilled(t *testing.T) {
	path := os.Getenv("SANGATHAN_TEST_CHILD")
	if path == "" {
		t.Skip("a part of TestKilledProcessKeepsWhatItAcknowledged")
	}
	u, err := db.Open(t.Context(), db.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	send := func(id string) {
		fmt.Printf("sent %s\n", id)
		err := u.Write(t.Context(), func(tx *db.Tx) error {
			_, err := db.Once(tx, "asha", id, nil, func() (string, error) {
				_, err := tx.Exec(insert, id, 1)
				return "", err
			})
			return err
		})
		if err == nil {
			fmt.Printf("acknowledged %s\n", id)
		}
	}
	fmt.Println("ready")
	for _, id := range strings.Fields(os.Getenv("SANGATHAN_TEST_AGAIN")) {
		send(id)
	}
	each(8, func(w int) {
		for i := 0; ; i++ {
			send(fmt.Sprintf("%s-%d-%d", os.Getenv("SANGATHAN_TEST_LIFE"), w, i))
		}
	})
}

// BenchmarkGroupCommit writes with 64 clients at once, beside what the same SQL
// reaches in a bare loop: one commit a row, and 64 rows a commit.
func BenchmarkGroupCommit(b *testing.B) {
	const clients, batch = 64, 64
	u := dbtest.SQLite(b)
	probe(b, u)
	bare := func(rows int) float64 {
		conn, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "bare.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		conn.SetMaxOpenConns(1)
		if _, err := conn.Exec(`create table probe(id text not null, n bigint not null)`); err != nil {
			b.Fatal(err)
		}
		start, n := time.Now(), 0
		for ; time.Since(start) < time.Second; n += rows {
			tx, err := conn.Begin()
			if err != nil {
				b.Fatal(err)
			}
			for i := range rows {
				if _, err := tx.Exec(insert, fmt.Sprint(i), i); err != nil {
					b.Fatal(err)
				}
			}
			if err := tx.Commit(); err != nil {
				b.Fatal(err)
			}
		}
		return float64(n) / time.Since(start).Seconds()
	}
	single, batched := bare(1), bare(batch)
	work := make(chan int, clients)
	b.ResetTimer()
	start := time.Now()
	go func() {
		for i := range b.N {
			work <- i
		}
		close(work)
	}()
	each(clients, func(int) {
		for i := range work {
			if err := u.Write(context.Background(), statement(insert, fmt.Sprint(i), i)); err != nil {
				b.Error(err)
			}
		}
	})
	verbs := float64(b.N) / time.Since(start).Seconds()
	b.ReportMetric(verbs, "verbs/s")
	b.ReportMetric(verbs/single, "x-one-by-one")
	b.ReportMetric(batched/verbs, "x-below-bare-batch")
}
