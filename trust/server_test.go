//go:build linux

package trust_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"
)

// full asks for the whole proof (`make trust`, some minutes); without it each test
// runs a short form of itself.
var full = flag.Bool("full", false, "run the whole proof instead of its short form")

// maxBack is how soon a server that was killed has to answer again. It is judged in
// the full form only, which has the machine to itself (`make trust`); the short form
// prints it, and fails when the server stays away (await).
const maxBack = 2 * time.Second

// late tells whether a return after d breaks the promise, in the form that judges it.
func late(d time.Duration) bool { return *full && d > maxBack }

// results is the table that is printed at the end, a row for each test.
var results struct {
	sync.Mutex
	rows []string
}

func result(t *testing.T, format string, args ...any) {
	results.Lock()
	defer results.Unlock()
	results.rows = append(results.rows, t.Name()+"\t"+fmt.Sprintf(format, args...))
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if (*full || testing.Verbose()) && len(results.rows) > 0 {
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "\ntest\tkills\tsent\tacknowledged\tsent again\tlost\tdoubled\thalf done\tback: median, slowest\tbesides")
		for _, r := range results.rows {
			fmt.Fprintln(w, r)
		}
		w.Flush()
	}
	if dir := filepath.Dir(builtAt); builtAt != "" {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// seeded gives a random source and prints its seed. SANGATHAN_TRUST_SEED sets it.
func seeded(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("SANGATHAN_TRUST_SEED"); s != "" {
		if _, err := fmt.Sscan(s, &seed); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// stage tells how long a stage of a test took: defer stage(t, "did this")().
func stage(t *testing.T, did string) func() {
	began := time.Now()
	return func() { t.Logf("%s in %v", did, time.Since(began).Round(time.Millisecond)) }
}

// form is n in the full form, else short.
func form(short, n int) int {
	if *full {
		return n
	}
	return short
}

var builtAt string

// binary builds the real program once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sangathan-trust-")
	if err != nil {
		return "", err
	}
	builtAt = filepath.Join(dir, "sangathan")
	cmd := exec.Command(cmp.Or(os.Getenv("GO"), "go"), "build", "-buildvcs=false", "-o", builtAt, "./cmd/sangathan")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return builtAt, nil
})

// demoUnit makes the small demonstration at path, a folder or a DSN.
func demoUnit(t *testing.T, path string) {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	defer stage(t, "made the demonstration")()
	if out, err := exec.Command(bin, "demo", "-db", path, "-scale", "small", "-serve=false").CombinedOutput(); err != nil {
		t.Fatalf("demo: %v\n%s", err, out)
	}
}

// server is a running `sangathan serve` of a unit, always at the same address.
type server struct {
	t      *testing.T
	path   string
	addr   string
	probe  string // token that [server.await] asks with
	cmd    *exec.Cmd
	ended  chan struct{}
	stderr tail
}

// newServer prepares a server of the unit at path; it does not start it.
func newServer(t *testing.T, path, probe string) *server {
	t.Helper()
	// Below the ports that the kernel gives to clients: a client's connection to a dead
	// server might else be given the server's own port and answer itself.
	rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), uint64(os.Getpid())))
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+rnd.IntN(12000)))
		if err != nil {
			continue
		}
		s := &server{t: t, path: path, addr: l.Addr().String(), probe: probe}
		l.Close()
		t.Cleanup(func() {
			s.kill()
			if t.Failed() {
				t.Logf("the server's last words:\n%s", s.stderr.String())
			}
		})
		return s
	}
	t.Fatal("no free port")
	return nil
}

// start starts the server and does not wait for it.
func (s *server) start() {
	s.t.Helper()
	bin, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	s.cmd = exec.Command(bin, "serve", "-db", s.path, "-addr", s.addr)
	s.cmd.Stderr = &s.stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // none is left when the tests end, in whatever way
	if err := launch(s.cmd); err != nil {
		s.t.Fatal(err)
	}
	s.ended = make(chan struct{})
	go func(cmd *exec.Cmd, ended chan struct{}) { cmd.Wait(); close(ended) }(s.cmd, s.ended)
}

// launch starts a process from a thread that lives as long as the tests do, because
// Pdeathsig means the death of the starting thread.
func launch(cmd *exec.Cmd) error {
	launcher.Do(func() {
		go func() {
			runtime.LockOSThread()
			for c := range launches {
				c.err <- c.cmd.Start()
			}
		}()
	})
	l := launching{cmd, make(chan error)}
	launches <- l
	return <-l.err
}

type launching struct {
	cmd *exec.Cmd
	err chan error
}

var (
	launcher sync.Once
	launches = make(chan launching)
)

// kill ends the server by SIGKILL and waits until it is gone.
func (s *server) kill() {
	if s.cmd == nil {
		return
	}
	s.cmd.Process.Kill()
	<-s.ended
	s.cmd = nil
}

// stop asks the server to end, and waits.
func (s *server) stop() {
	s.t.Helper()
	s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
		s.cmd = nil
	case <-time.After(15 * time.Second):
		s.t.Error("the server did not stop when asked")
		s.kill()
	}
}

// alive reports whether the process still runs.
func (s *server) alive() bool {
	select {
	case <-s.ended:
		return false
	default:
		return true
	}
}

// await waits until the server answers a signed-in reader, and gives the time since began.
func (s *server) await(began time.Time) time.Duration {
	s.t.Helper()
	c := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	last := ""
	for time.Since(began) < 30*time.Second {
		req, err := http.NewRequest("GET", "http://"+s.addr+"/api/v1/me", nil)
		if err != nil {
			s.t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+s.probe)
		res, err := c.Do(req)
		if err == nil {
			text, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return time.Since(began)
			}
			last = fmt.Sprintf("%d %s", res.StatusCode, text)
		} else {
			last = err.Error()
		}
		time.Sleep(2 * time.Millisecond)
	}
	s.t.Fatalf("the server never answered: %s", last)
	return 0
}

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (b *tail) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf = append(b.buf, p...)
	if len(b.buf) > 16<<10 {
		b.buf = slices.Clone(b.buf[len(b.buf)-8<<10:])
	}
	return len(p), nil
}

func (b *tail) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.buf[max(0, len(b.buf)-4000):])
}

// request is a POST of the API.
type request struct {
	token, path, key string
	body             []byte
}

// answer is what came back: its status and text, or why there was none.
type answer struct {
	status int
	text   []byte
	err    error
}

// key gives the message key of a problem.
func (a answer) key() string {
	var p struct{ Key string }
	json.Unmarshal(a.text, &p)
	return p.Key
}

func (r request) do(ctx context.Context, c *http.Client, addr string) answer {
	req, err := http.NewRequestWithContext(ctx, "POST", "http://"+addr+"/api/v1"+r.path, bytes.NewReader(r.body))
	if err != nil {
		return answer{err: err}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+r.token)
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	res, err := c.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, text, err}
}

// spread tells the median and the slowest of some times.
func spread(times []time.Duration) (median, slowest time.Duration) {
	if len(times) == 0 {
		return 0, 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2].Round(time.Millisecond), sorted[len(sorted)-1].Round(time.Millisecond)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
