//go:build linux

package bench_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"sangathan/access"
	"sangathan/cli"
	"sangathan/internal/db"
	"sangathan/web"

	"github.com/gofrs/uuid/v5"
)

// The server runs in a process of its own, so that its CPU is counted apart from the
// clients': this test binary, started again with unitEnv. Beside the site it serves
// /bench/: the ceilings, and what measuring needs.
const unitEnv = "SANGATHAN_BENCH_UNIT"

// host is the server's process: one unit, its site, and what was recorded.
type host struct {
	unit     *db.Unit
	file     string // the database, for the bare connections of the ceilings
	began    time.Time
	mu       sync.Mutex
	rec      *recording // being recorded; nil when none
	recorded map[string]*bare
	profile  bytes.Buffer
}

// recording is what one request said to the database.
type recording struct{ statements []statement }

type statement struct {
	query string
	args  []any
}

// serveUnit serves the unit at path until the process is asked to end.
func serveUnit(path string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	debug.SetGCPercent(cli.GCPercent)
	h := &host{file: filepath.Join(path, "unit.db"), began: time.Now(), recorded: map[string]*bare{}}
	u, err := db.Open(ctx, db.Config{Path: path, Trace: h.trace})
	if err != nil {
		return err
	}
	defer u.Close()
	h.unit = u
	mux := http.NewServeMux()
	mux.Handle("/", web.New(u, web.Config{Insecure: true, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))}))
	mux.HandleFunc("POST /bench/cast", h.cast)
	mux.HandleFunc("POST /bench/record", func(w http.ResponseWriter, r *http.Request) { h.listen(&recording{}) })
	mux.HandleFunc("POST /bench/recorded/{name}", h.keep)
	mux.HandleFunc("/bench/ceiling/{name}", h.ceiling)
	mux.HandleFunc("POST /bench/gc", func(w http.ResponseWriter, r *http.Request) { runtime.GC() })
	mux.HandleFunc("GET /bench/cpu", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, int64(cpuTime())) })
	mux.HandleFunc("POST /bench/profile/start", func(w http.ResponseWriter, r *http.Request) {
		h.profile.Reset()
		if err := pprof.StartCPUProfile(&h.profile); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
		}
	})
	mux.HandleFunc("POST /bench/profile/stop", func(w http.ResponseWriter, r *http.Request) {
		pprof.StopCPUProfile()
		w.Write(h.profile.Bytes())
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 60 * time.Second, WriteTimeout: 120 * time.Second, IdleTimeout: 120 * time.Second}
	go func() {
		<-ctx.Done()
		srv.Close()
	}()
	if err := srv.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}

// cpuTime is what this process has used of the processors, its own code and the
// kernel's on its behalf.
func cpuTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (h *host) listen(r *recording) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rec = r
}

// trace is the unit's: while a request is recorded, it is the only one.
func (h *host) trace(query string, args []any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rec != nil {
		h.rec.statements = append(h.rec.statements, statement{query, slices.Clone(args)})
	}
}

// keep ends a recording and makes the ceiling of that name, which repeats it.
func (h *host) keep(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	rec := h.rec
	h.rec = nil
	h.mu.Unlock()
	b, err := newBare(h.file, rec.statements, h.began)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if old := h.recorded[r.PathValue("name")]; old != nil {
		old.close()
	}
	h.recorded[r.PathValue("name")] = b
	json.NewEncoder(w).Encode(told{Statements: len(rec.statements), Rows: b.rows, Slow: b.slow()})
}

// told is what a recording tells of a page.
type told struct {
	Statements, Rows int
	Slow             []string // statements of more than a millisecond, with their time
}

func (h *host) ceiling(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	b := h.recorded[r.PathValue("name")]
	n, err := b.run()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	io.WriteString(w, strconv.Itoa(n))
}

// bare repeats a recording on a connection of its own with database/sql alone: the
// statements are prepared, every row is read, nothing else is done.
type bare struct {
	pool   *sql.DB
	conn   *sql.Conn
	begin  *sql.Stmt
	end    *sql.Stmt
	steps  []step
	writes bool
	rows   int
	began  time.Time
}

type step struct {
	statement
	stmt   *sql.Stmt
	writes bool
	cells  []any // where a row is read to
	fresh  []int // arguments that are ids made for the recorded request
}

func newBare(file string, statements []statement, began time.Time) (b *bare, err error) {
	b = &bare{began: began}
	for _, s := range statements {
		first, _, _ := strings.Cut(strings.TrimSpace(s.query), " ")
		st := step{statement: s, writes: first == "insert" || first == "update" || first == "delete"}
		b.writes = b.writes || st.writes
		b.steps = append(b.steps, st)
	}
	q := url.Values{"_pragma": {"busy_timeout(10000)", "temp_store(2)"}}
	begin, end := "begin", "rollback"
	if b.writes {
		q["_pragma"] = append(q["_pragma"], "cache_size(-65536)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)")
		begin, end = "begin immediate", "commit"
	} else {
		q.Set("mode", "ro")
		q["_pragma"] = append(q["_pragma"], "query_only(1)", "cache_size(-16384)", "mmap_size(2147418112)")
	}
	if b.pool, err = sql.Open("sqlite", "file:"+file+"?"+q.Encode()); err != nil {
		return nil, err
	}
	bg := context.Background()
	if b.conn, err = b.pool.Conn(bg); err != nil {
		return nil, err
	}
	if b.begin, err = b.conn.PrepareContext(bg, begin); err != nil {
		return nil, err
	}
	if b.end, err = b.conn.PrepareContext(bg, end); err != nil {
		return nil, err
	}
	prepared := map[string]*sql.Stmt{}
	for i := range b.steps {
		s := &b.steps[i]
		if prepared[s.query] == nil {
			if prepared[s.query], err = b.conn.PrepareContext(bg, s.query); err != nil {
				return nil, err
			}
		}
		s.stmt = prepared[s.query]
		for j, a := range s.args {
			if id, ok := a.(string); ok && b.writes && madeSince(id, began) {
				s.fresh = append(s.fresh, j)
			}
		}
	}
	b.rows, err = b.run()
	return b, err
}

// madeSince reports whether s is a UUID of version 7 made in this run.
func madeSince(s string, began time.Time) bool {
	id, err := uuid.FromString(s)
	if err != nil || id.Version() != uuid.V7 {
		return false
	}
	ts, err := uuid.TimestampFromV7(id)
	if err != nil {
		return false
	}
	at, err := ts.Time()
	return err == nil && at.After(began.Add(-time.Second))
}

// run says every statement once, in one transaction, with new ids in the place of
// those that the request made, and gives the number of rows read.
func (b *bare) run() (n int, err error) {
	bg := context.Background()
	if _, err := b.begin.ExecContext(bg); err != nil {
		return 0, err
	}
	again := map[string]string{}
	for i := range b.steps {
		read, err := b.steps[i].run(bg, again)
		if err != nil {
			return n, fmt.Errorf("%w in %s", err, b.steps[i].query)
		}
		n += read
	}
	_, err = b.end.ExecContext(bg)
	return n, err
}

// run says one statement; again maps the recorded ids to those of this run.
func (s *step) run(ctx context.Context, again map[string]string) (n int, err error) {
	args := s.args
	if len(s.fresh) > 0 {
		args = slices.Clone(args)
		for _, j := range s.fresh {
			old := args[j].(string)
			if again[old] == "" {
				again[old] = uuid.Must(uuid.NewV7()).String()
			}
			args[j] = again[old]
		}
	}
	if s.writes && !strings.Contains(s.query, " returning ") {
		_, err := s.stmt.ExecContext(ctx, args...)
		return 0, err
	}
	rows, err := s.stmt.QueryContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	if s.cells == nil {
		columns, err := rows.Columns()
		if err != nil {
			return 0, err
		}
		for range columns {
			s.cells = append(s.cells, new(any))
		}
	}
	for rows.Next() {
		if err := rows.Scan(s.cells...); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Close()
}

// slow tells of the statements that read and take more than a millisecond, alone.
func (b *bare) slow() (all []string) {
	for i := range b.steps {
		s := &b.steps[i]
		if s.writes {
			continue
		}
		began := time.Now()
		n, err := s.run(context.Background(), map[string]string{})
		if took := time.Since(began); err != nil || took > time.Millisecond {
			all = append(all, fmt.Sprintf("%6.1f ms %4d rows  %.300s", took.Seconds()*1000, n, strings.Join(strings.Fields(s.query), " ")))
		}
	}
	return all
}

func (b *bare) close() {
	b.conn.Close()
	b.pool.Close()
}

// cast is who reads and writes, and what.
type cast struct {
	Incharge, President string // session tokens: the state's in-charge, a district's president
	Root, Unit          string // organizations: the state's, the president's
	District            string // area
	Person, Case        string // of the unit
	Kind                string // of activity
	Workers             []worker
}

// worker is one who reports: a session and the place of the post.
type worker struct{ Token, Area string }

// cast signs in whom the benchmark needs, straight into the tables, and finds its pages.
func (h *host) cast(w http.ResponseWriter, r *http.Request) {
	workers, err := strconv.Atoi(r.URL.Query().Get("workers"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var c cast
	err = h.unit.Write(r.Context(), func(tx *db.Tx) error {
		c = cast{}
		signIn := func(person, membership string) (string, error) {
			account, err := access.AccountOf(tx, person)
			if err != nil {
				return "", err
			}
			token := base64.RawURLEncoding.EncodeToString(tx.Random(32))
			sum := sha256.Sum256([]byte(token))
			_, err = tx.Exec(`insert into session(token_hash, account_id, membership_id, created_at, expires_at) values($1, $2, $3, $4, $5)`,
				hex.EncodeToString(sum[:]), account, membership, tx.Millis(), tx.Now.Add(access.SessionLife).UnixMilli())
			return token, err
		}
		type holder struct{ person, membership, organization string }
		readHolder := func(s db.Scanner) (h holder, err error) {
			return h, s.Scan(&h.person, &h.membership, &h.organization)
		}
		one := func(role, organization string) (h holder, err error) {
			all, err := db.Select(tx, `select m.person_id, m.id, m.organization_id from membership m join organization o on o.id = m.organization_id
				where m.to_day is null and m.role_id = $1 and ($2 = '' or m.organization_id = $2) order by m.id limit 1`, []any{role, organization}, readHolder)
			if err == nil && len(all) == 0 {
				err = fmt.Errorf("nobody is %s", role)
			}
			if err != nil {
				return h, err
			}
			return all[0], nil
		}
		incharge, err := one("state_incharge", "")
		if err != nil {
			return err
		}
		c.Root = incharge.organization
		if c.Incharge, err = signIn(incharge.person, incharge.membership); err != nil {
			return err
		}
		// The unit with most cases, which has a president.
		err = tx.Scan(`select k.unit_id, min(k.id) from review_case k join organization o on o.id = k.unit_id
			where exists (select 1 from membership m where m.organization_id = k.unit_id and m.role_id = 'district_president' and m.to_day is null)
			group by k.unit_id order by count(*) desc, k.unit_id limit 1`, nil, &c.Unit, &c.Case)
		if err != nil {
			return fmt.Errorf("a unit with cases: %w", err)
		}
		president, err := one("district_president", c.Unit)
		if err != nil {
			return err
		}
		if c.President, err = signIn(president.person, president.membership); err != nil {
			return err
		}
		if c.Person, err = tx.Text(`select person_id from review_case where id = $1`, c.Case); err != nil {
			return err
		}
		if c.District, err = tx.Text(`select t.id from organization o join area_path a on a.area_id = o.area_id and a.tree = 'administrative'
			join area_path d on d.tree = a.tree and substr(a.path, 1, length(d.path)) = d.path join area t on t.id = d.area_id
			where o.id = $1 and t.kind = 'district'`, c.Unit); err != nil {
			return err
		}
		if c.District == "" { // a unit that is part of a district, or of several
			if c.District, err = tx.Text(`select min(id) from area where kind = 'district'`); err != nil {
				return err
			}
		}
		if c.Kind, err = tx.Text(`select min(id) from activity_kind`); err != nil {
			return err
		}
		all, err := db.Select(tx, `select m.person_id, m.id, m.area_id from membership m
			where m.to_day is null and m.role_id in ('mandal_secretary', 'booth_agent') order by m.id limit $1`, []any{workers}, readHolder)
		if err != nil {
			return err
		}
		for _, w := range all {
			token, err := signIn(w.person, w.membership)
			if err != nil {
				return err
			}
			c.Workers = append(c.Workers, worker{token, w.organization})
		}
		return nil
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	json.NewEncoder(w).Encode(c)
}

// b64 is how a cookie of the site holds its value.
func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
