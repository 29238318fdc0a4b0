//go:build linux

package trust_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A process that loads a list, or takes one back, is killed by SIGKILL in each part of
// its work. Called again it goes on, and so does a server that starts: every row is
// there once, or none is.
func TestA1_ImportKilled(t *testing.T) {
	t.Parallel()
	rnd := seeded(t)
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	const rows = 6000
	dir := t.TempDir()
	path, file := filepath.Join(dir, "unit"), filepath.Join(dir, "booths.csv")
	if out, err := exec.Command(bin, "init", "-db", path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var text strings.Builder
	text.WriteString("ac_no,ps_no,name\n")
	for i := range rows {
		fmt.Fprintf(&text, "%d,%d,विद्यालय %d\n", 1+i/400, 1+i%400, i)
	}
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := sql.Open("sqlite", "file:"+filepath.Join(path, "unit.db")+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	booths := func() (n int) {
		if err := d.QueryRow(`select count(*) from area where kind = 'booth'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	list := func() (id, state string, step int) {
		err := d.QueryRow(`select id, state, step from intake order by created_at desc, id desc limit 1`).Scan(&id, &state, &step)
		if err != nil && err != sql.ErrNoRows {
			t.Fatal(err)
		}
		return id, state, step
	}
	// killed runs the program until its list has stood in state for a random number of
	// steps, and kills it there.
	killed := func(state string, args ...string) {
		t.Helper()
		cmd := exec.Command(bin, args...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := launch(cmd); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { cmd.Wait(); close(ended) }()
		first, wait := -1, 1+rnd.IntN(8)
		for {
			select {
			case <-ended:
				t.Fatalf("it ended before it was %s", state)
			default:
			}
			_, now, step := list()
			if now == state && first < 0 {
				first = step
			}
			if first >= 0 && (now != state || max(step-first, first-step) >= wait) {
				break
			}
			time.Sleep(time.Millisecond)
		}
		cmd.Process.Kill()
		<-ended
		_, now, step := list()
		t.Logf("killed while %s: %s, step %d, %d booths", state, now, step, booths())
		if state != "checking" && now != state {
			t.Errorf("it was %s", now)
		}
	}
	again := func(state string, args ...string) {
		t.Helper()
		out, err := exec.Command(bin, args...).Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		var l struct{ State string }
		if err := json.Unmarshal(out, &l); err != nil || l.State != state {
			t.Errorf("%s, want %s: %v", out, state, err)
		}
	}
	load := []string{"import", "-db", path, "-kind", "booths", "-json", file}

	killed("checking", load...)
	if n := booths(); n != 0 {
		t.Errorf("%d booths before anything was loaded", n)
	}
	killed("loading", load...)
	if n := booths(); n == 0 || n == rows {
		t.Errorf("%d booths half-way", n)
	}
	again("loaded", load...)
	if n := booths(); n != rows {
		t.Errorf("%d booths, want %d", n, rows)
	}
	id, _, _ := list()
	undo := []string{"import", "undo", "-db", path, "-json", id}
	killed("undoing", undo...)
	if n := booths(); n == 0 || n == rows {
		t.Errorf("%d booths half-way back", n)
	}
	again("undone", undo...)
	if n := booths(); n != 0 {
		t.Errorf("%d booths stay", n)
	}

	killed("loading", load...)
	srv := newServer(t, path, "")
	srv.start()
	for range 600 {
		if _, state, _ := list(); state == "loaded" {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if _, state, _ := list(); state != "loaded" || booths() != rows {
		t.Errorf("a server that started left it %s with %d booths", state, booths())
	}
	srv.stop()
	u := open(t, path)
	defer closeUnit(t, u)
	intact(t, u)
}
