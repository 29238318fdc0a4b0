package dbtest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
)

// errAbsent says that PostgreSQL's programs are not on this machine.
var errAbsent = errors.New("PostgreSQL's programs (initdb, postgres) were found neither in PATH nor in /usr/lib/postgresql/*/bin; `make test` installs them")

// schemas counts the schemas made, to name each differently.
var schemas atomic.Int64

// DSN gives the address of a new schema on the process's own PostgreSQL server,
// dropped after the test. Without PostgreSQL's programs the test is skipped, or
// fails when SANGATHAN_REQUIRE_POSTGRES=1.
func DSN(t testing.TB) string {
	t.Helper()
	srv, err := server()
	if errors.Is(err, errAbsent) && os.Getenv("SANGATHAN_REQUIRE_POSTGRES") != "1" {
		t.Skip("dbtest: ", err)
	}
	if err != nil {
		t.Fatal("dbtest: ", err)
	}
	name := fmt.Sprintf("unit%d", schemas.Add(1))
	t.Cleanup(func() {
		if _, err := srv.db.Exec("drop schema if exists " + name + " cascade"); err != nil {
			t.Errorf("dbtest: %v", err)
		}
	})
	return srv.dsn(name)
}

// pgServer is a running server; it listens on a socket in its own folder only,
// so servers of several test processes never meet.
type pgServer struct {
	dir string
	db  *sql.DB
}

func (s *pgServer) dsn(schema string) string {
	q := url.Values{"host": {s.dir}, "user": {"unit"}, "sslmode": {"disable"}}
	if schema != "" {
		q.Set("search_path", schema)
	}
	return "postgres:///postgres?" + q.Encode()
}

// server starts the process's server at first use. A shell is its parent and
// waits for the end of its own input, a pipe whose other end only this process
// holds: however the process ends (tests fail, panic, kill -9), the shell sees
// the end, stops the server and removes its folder.
var server = sync.OnceValues(func() (*pgServer, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "sangathan-pg-")
	if err != nil {
		return nil, err
	}
	attr := &syscall.SysProcAttr{Setpgid: true} // Ctrl-C reaches the tests only
	if os.Getuid() == 0 {                       // PostgreSQL refuses to run as root
		uid, gid, err := unprivileged()
		if err != nil {
			return nil, err
		}
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(dir, uid, gid); err != nil {
			return nil, err
		}
	}
	cmd := exec.Command("/bin/sh", "-c", `
		trap 'kill -QUIT $pid 2>/dev/null; wait $pid; cd /; rm -rf "$dir"' EXIT
		"$bin/initdb" -D "$dir/data" -U unit -A trust -E UTF8 --locale=C --no-sync >"$dir/log" 2>&1 || exit 1
		"$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c max_connections=300 \
			-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_wal_size=256MB \
			>>"$dir/log" 2>&1 &
		pid=$!
		read end`)
	cmd.Dir, cmd.SysProcAttr = dir, attr
	cmd.Env = []string{"bin=" + bin, "dir=" + dir, "PATH=/usr/bin:/bin", "LC_ALL=C", "HOME=" + dir}
	pipe, err := cmd.StdinPipe() // never closed by us
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()

	s := &pgServer{dir: dir}
	if s.db, err = sql.Open("pgx", s.dsn("")); err != nil {
		return nil, err
	}
	s.db.SetMaxOpenConns(2)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if err = s.db.PingContext(context.Background()); err == nil {
			return s, nil
		}
		select {
		case werr := <-ended:
			return nil, fmt.Errorf("PostgreSQL did not start: %w (run initdb by hand to see why)", werr)
		default:
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			pipe.Close()
			return nil, fmt.Errorf("PostgreSQL did not answer within a minute: %w\n%s", err, bytes.TrimSpace(log))
		}
	}
})

// programs finds the folder of initdb and postgres: PATH's, else the newest installed.
func programs() (string, error) {
	if p, err := exec.LookPath("initdb"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			if dir := filepath.Dir(p); exists(filepath.Join(dir, "postgres")) {
				return dir, nil
			}
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return "", errAbsent
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
	if dir := filepath.Dir(newest); exists(filepath.Join(dir, "initdb")) {
		return dir, nil
	}
	return "", errAbsent
}

// version is the number N of the path /usr/lib/postgresql/N/bin/postgres.
func version(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// unprivileged is the user and group that run the server when we are root.
func unprivileged() (uid, gid int, err error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uerr := strconv.Atoi(u.Uid)
		gid, gerr := strconv.Atoi(u.Gid)
		if uerr == nil && gerr == nil {
			return uid, gid, nil
		}
	}
	return 0, 0, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as")
}
