package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Crashable is a PostgreSQL server of a test's own that can be killed and started
// again. Unlike the one behind [DSN] it keeps what it acknowledges: fsync is on.
type Crashable struct {
	DSN string // of the schema "unit"

	t        testing.TB
	dir, bin string
	settings []string
	attr     *syscall.SysProcAttr
	pid      int    // of the postmaster; 0 when it does not run
	end      func() // ends the shell that is its parent
}

// NewCrashable makes and starts a server, stopped after the test; settings are its
// own besides, as in "name=value". Without
// PostgreSQL's programs the test is skipped, or fails when
// SANGATHAN_REQUIRE_POSTGRES=1. Linux only, for it finds the server's processes in /proc.
func NewCrashable(t testing.TB, settings ...string) *Crashable {
	t.Helper()
	bin, err := programs()
	if errors.Is(err, errAbsent) && os.Getenv("SANGATHAN_REQUIRE_POSTGRES") != "1" {
		t.Skip("dbtest: ", err)
	}
	if err != nil {
		t.Fatal("dbtest: ", err)
	}
	dir, err := os.MkdirTemp("", "sangathan-pg-") // not t.TempDir: a socket's path is short, and its owner another
	if err != nil {
		t.Fatal("dbtest: ", err)
	}
	c := &Crashable{t: t, dir: dir, bin: bin, settings: settings, attr: &syscall.SysProcAttr{Setpgid: true}}
	if os.Getuid() == 0 {
		uid, gid, err := unprivileged()
		if err != nil {
			t.Fatal("dbtest: ", err)
		}
		c.attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal("dbtest: ", err)
		}
	}
	c.DSN = (&pgServer{dir: dir}).dsn("unit")
	t.Cleanup(func() {
		c.Kill()
		if log, _ := os.ReadFile(filepath.Join(dir, "log")); t.Failed() {
			t.Logf("PostgreSQL's last words:\n%s", log[max(0, len(log)-4000):])
		}
		os.RemoveAll(dir)
	})
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", dir+"/data", "-U", "unit", "-A", "trust", "-E", "UTF8", "--locale=C") // synced, or the first repair after a kill does it
	initdb.Dir, initdb.SysProcAttr, initdb.Env = dir, c.attr, []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "HOME=" + dir}
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("dbtest: initdb: %v\n%s", err, out)
	}
	c.Start()
	if err := c.Await(time.Minute); err != nil {
		t.Fatal("dbtest: ", err)
	}
	return c
}

// Start starts the server; see [Crashable.Await] for when it answers. As in server,
// a shell is its parent and ends it when the tests end, in whatever way.
func (c *Crashable) Start() {
	c.t.Helper()
	cmd := exec.Command("/bin/sh", append([]string{"-c", `
		for s; do set -- "$@" -c "$s"; shift; done
		trap 'kill -QUIT $pid 2>/dev/null; wait $pid' EXIT
		"$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c max_connections=100 -c fsync=on "$@" >>"$dir/log" 2>&1 </dev/null &
		pid=$!
		echo $pid
		read end`, "sh"}, c.settings...)...)
	cmd.Dir, cmd.SysProcAttr = c.dir, c.attr
	cmd.Env = []string{"bin=" + c.bin, "dir=" + c.dir, "PATH=/usr/bin:/bin", "LC_ALL=C", "HOME=" + c.dir}
	in, err := cmd.StdinPipe()
	if err != nil {
		c.t.Fatal("dbtest: ", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal("dbtest: ", err)
	}
	if err := cmd.Start(); err != nil {
		c.t.Fatal("dbtest: ", err)
	}
	if _, err := fmt.Fscan(out, &c.pid); err != nil {
		c.t.Fatal("dbtest: PostgreSQL's process is not known: ", err)
	}
	c.end = func() {
		in.Close()
		cmd.Wait()
	}
}

// Await waits until the server answers, at most for a time.
func (c *Crashable) Await(most time.Duration) error {
	conn, err := sql.Open("pgx", c.DSN)
	if err != nil {
		return err
	}
	defer conn.Close()
	for deadline := time.Now().Add(most); ; time.Sleep(5 * time.Millisecond) {
		if err = conn.PingContext(context.Background()); err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(filepath.Join(c.dir, "log"))
			return fmt.Errorf("PostgreSQL did not answer within %v: %w\n%s", most, err, log[max(0, len(log)-2000):])
		}
	}
}

// Kill kills the whole server, kill -9 to each of its processes at one moment, and
// gives how many there were. Killing one that does not run does nothing.
func (c *Crashable) Kill() (processes int) {
	if c.pid == 0 {
		return 0
	}
	syscall.Kill(c.pid, syscall.SIGSTOP) // so that it makes no more of them
	for deadline := time.Now().Add(time.Second); state(c.pid) != "T" && time.Now().Before(deadline); {
		time.Sleep(100 * time.Microsecond)
	}
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", c.pid, c.pid))
	all := strings.Fields(string(text))
	for _, f := range append(all, strconv.Itoa(c.pid)) {
		if pid, err := strconv.Atoi(f); err == nil && syscall.Kill(pid, syscall.SIGKILL) == nil {
			processes++
		}
	}
	c.pid = 0
	c.end()
	for _, f := range all { // the next server starts only when nobody uses the memory of this one
		pid, _ := strconv.Atoi(f)
		for s := state(pid); s != "" && s != "Z"; s = state(pid) {
			time.Sleep(100 * time.Microsecond)
		}
	}
	return processes
}

// CPU is the processor time that the server's processes have used, those that ended
// included. Ticks of 10 ms.
func (c *Crashable) CPU() (spent time.Duration) {
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", c.pid, c.pid))
	for i, pid := range append([]string{strconv.Itoa(c.pid)}, strings.Fields(string(children))...) {
		text, _ := os.ReadFile("/proc/" + pid + "/stat")
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if len(fields) < 15 { // ended just now: counted by the postmaster from now on
			continue
		}
		for f := range fields[11:15] { // user, system, and both of children that ended
			ticks, _ := strconv.Atoi(fields[11+f])
			if i == 0 || f < 2 {
				spent += time.Duration(ticks) * 10 * time.Millisecond
			}
		}
	}
	return spent
}

// state is a process's state as /proc tells it: T stopped, Z ended and not waited
// for; "" when there is no such process.
func state(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	return rest[:min(1, len(rest))]
}
