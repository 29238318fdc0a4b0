//go:build linux

package bench_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// What a unit must bear at full scale, on two processors with nothing beside.
const (
	clients    = 64
	reads      = 200 // pages read a second, beside the reports
	minReports = 1000
	maxP99     = 250 * time.Millisecond
	maxStart   = 300 * time.Millisecond
	maxIdle    = 60 << 20 // bytes
)

// TestReportsAndPages has 64 clients write reports, each durable before it is answered,
// beside 200 page reads a second.
func TestReportsAndPages(t *testing.T) {
	s := start(t, unit(t, *scale), 16*clients)
	long := 15 * time.Second
	if short() {
		long = time.Second
	}
	report, pages := s.report(), s.pages()[2:] // the pages of people at work: not the state's, which few open
	for _, p := range pages {
		s.must(p.make(0))
	}
	var failed atomic.Pointer[error]
	var writes, views samples
	var wg sync.WaitGroup
	done, n := make(chan struct{}), atomic.Int64{}
	go func() {
		time.Sleep(long)
		close(done)
	}()
	s.must(request{method: "POST", path: "/bench/profile/start"})
	before, began := s.cpu(), time.Now()
	for range clients {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				writes.time(&failed, func() error { _, err := s.do(report.make(int(n.Add(1)))); return err })
			}
		})
	}
	tick := time.NewTicker(time.Second / reads)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-done:
		case <-tick.C:
			wg.Go(func() {
				views.time(&failed, func() error { _, err := s.do(pages[i%len(pages)].make(0)); return err })
			})
			continue
		}
		break
	}
	wg.Wait()
	took := time.Since(began).Seconds()
	if err := failed.Load(); err != nil {
		t.Fatal(*err)
	}
	rate := float64(len(writes.all)) / took
	t.Logf("%d clients: %.0f reports/s, p50 %s p99 %s ms; beside %.0f pages/s, p50 %s p99 %s ms; the server used %.2f processors", clients, rate,
		ms(quantile(writes.all, 0.5)), ms(quantile(writes.all, 0.99)), float64(len(views.all))/took,
		ms(quantile(views.all, 0.5)), ms(quantile(views.all, 0.99)), (s.cpu()-before).Seconds()/took)
	if !short() {
		t.Log(s.profiled("reports and pages"))
	}
	if *scale != "full" {
		return
	}
	if rate < minReports {
		t.Errorf("%.0f reports a second, at least %d", rate, minReports)
	}
	for what, all := range map[string][]time.Duration{"report": writes.all, "page": views.all} {
		if p99 := quantile(all, 0.99); p99 > maxP99 {
			t.Errorf("the slowest hundredth of %ss took %v and more, at most %v", what, p99, maxP99)
		}
	}
}

// samples collects waits of many clients.
type samples struct {
	mu  sync.Mutex
	all []time.Duration
}

func (s *samples) time(failed *atomic.Pointer[error], do func() error) {
	began := time.Now()
	if err := do(); err != nil {
		failed.Store(&err)
		return
	}
	took := time.Since(began)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, took)
}

// TestStart starts the real program on the unit: how soon it answers, and what memory
// it holds when it has nothing to do, at first and after pages were read. Pages of the
// database that it shares with the system's cache are told apart: the system takes
// them back when it needs the memory.
func TestStart(t *testing.T) {
	path := unit(t, *scale)
	var waits []time.Duration
	for range 5 {
		began := time.Now()
		cmd := exec.Command(binary, "serve", "-db", path, "-addr", "127.0.0.1:0")
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		said, line, at := bufio.NewReader(out), "", -1
		for err == nil && at < 0 { // before it there may be what the operator should know
			line, err = said.ReadString('\n')
			at = strings.Index(line, "http://")
		}
		go io.Copy(io.Discard, out)
		if err != nil || at < 0 {
			t.Fatalf("it said %q, %v", line, err)
		}
		s := client(t, strings.TrimRight(strings.TrimSpace(line[at:]), "/"))
		s.must(request{path: "/signin"})
		waits = append(waits, time.Since(began))
		if len(waits) == 5 {
			time.Sleep(2 * time.Second)
			own, shared := memory(t, cmd.Process.Pid)
			t.Logf("start %s ms; idle memory %d MB of its own, %d MB shared with the system's cache", ms(quantile(waits, 0.5)), own>>20, shared>>20)
			if *scale == "full" && own+shared > maxIdle {
				t.Errorf("%d MB of idle memory, at most %d", (own+shared)>>20, maxIdle>>20)
			}
		}
		cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	if d := quantile(waits, 0.5); *scale == "full" && d > maxStart {
		t.Errorf("it answers %v after its start, at most %v", d, maxStart)
	}
}

// memory gives what a process holds in memory, in bytes: its own, and pages of files.
func memory(t *testing.T, pid int) (own, shared int64) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(line, ":")
		n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		switch name {
		case "RssAnon":
			own = n << 10
		case "RssFile":
			shared = n << 10
		}
	}
	return own, shared
}
