//go:build linux

// Package bench measures the real program on a whole demonstration: each hot path
// beside its ceiling, which is the very SQL of that request (recorded while it was
// answered) run by a bare handler; a restricted reader beside an unrestricted one;
// ten times the booths; reports and pages at once; the start and the idle memory.
//
//	go test ./bench                        the small demonstration, as in CI
//	go test ./bench -v -args -scale full   the full one, made once in .bench (make bench)
//
// CPU is judged, not time: what the server's process used, kernel included, in turns
// with what it is compared with, so that other work on the machine weighs on both.
package bench_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
)

var (
	scale = flag.String("scale", "small", "of the demonstration: small, default or full")
	keep  = flag.String("keep", "", "folder where units are kept and profiles are written; default ../.bench, but a small unit is made anew")
)

const (
	maxRatio      = 3.0 // a page's CPU beside its ceiling's
	aimRatio      = 1.5 // above it, a profile tells why
	maxRestricted = 1.2
)

func TestMain(m *testing.M) {
	if path := os.Getenv(unitEnv); path != "" {
		if err := serveUnit(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	flag.Parse()
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// short reports whether this is the form of CI, whose unit is made for it alone.
func short() bool { return inCI }

var inCI bool

var binary string // the real program

// run builds the program, makes the unit, and runs the tests.
func run(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "sangathan-bench-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "sangathan")
	build := exec.Command(cmp.Or(os.Getenv("GO"), "go"), "build", "-trimpath", "-buildvcs=false", "-o", binary, "./cmd/sangathan")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("%w\n%s", err, out)
	}
	switch inCI = *scale == "small" && *keep == ""; {
	case inCI:
		*keep = dir
	case *keep == "":
		*keep = "../.bench"
	}
	return m.Run(), nil
}

// unit gives the folder of a demonstration, made when it is not there yet.
func unit(t *testing.T, scale string) string {
	t.Helper()
	path := filepath.Join(*keep, scale)
	if out, err := exec.Command(binary, "demo", "-db", path, "-scale", scale, "-serve=false").CombinedOutput(); err != nil {
		t.Fatalf("demo: %v\n%s", err, out)
	}
	return path
}

// server is a process that serves a unit, and its client.
type server struct {
	t    *testing.T
	url  string
	http *http.Client
	cast cast
}

// start serves the unit at path in a process of its own until the test ends.
func start(t *testing.T, path string, workers int) *server {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), unitEnv+"="+path)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread() // Pdeathsig means the death of the starting thread
	t.Cleanup(runtime.UnlockOSThread)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	})
	addr := make([]byte, 64)
	n, err := out.Read(addr)
	if err != nil {
		t.Fatalf("the server did not start: %v", err)
	}
	s := client(t, "http://"+strings.TrimSpace(string(addr[:n])))
	text, err := s.do(request{method: "POST", path: "/bench/cast?workers=" + strconv.Itoa(workers)})
	if err == nil {
		err = json.Unmarshal(text, &s.cast)
	}
	if err == nil && len(s.cast.Workers) < workers {
		err = fmt.Errorf("%d of %d workers", len(s.cast.Workers), workers)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// client is a client of the server at url.
func client(t *testing.T, url string) *server {
	return &server{t: t, url: url, http: &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 256},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Timeout: time.Minute}}
}

// in gives the same server to a subtest.
func (s *server) in(t *testing.T) *server {
	sub := *s
	sub.t = t
	return &sub
}

// request is one request: a page, or with form what is posted.
type request struct {
	method, path string
	token        string
	form         url.Values
}

// do sends a request as a browser would and gives the bytes that came back.
func (s *server) do(r request) ([]byte, error) {
	var body io.Reader
	if r.form != nil {
		body = strings.NewReader(r.form.Encode())
	}
	req, err := http.NewRequest(cmp.Or(r.method, "GET"), s.url+r.path, body)
	if err != nil {
		return nil, err
	}
	if r.form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if r.token != "" {
		req.AddCookie(&http.Cookie{Name: "session", Value: b64(r.token)})
		req.Header.Set("Accept-Encoding", "gzip")
	}
	res, err := s.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if want := http.StatusOK; res.StatusCode != want && !(r.form != nil && res.StatusCode == http.StatusSeeOther) {
		return nil, fmt.Errorf("%s %s: %d %.300s", req.Method, r.path, res.StatusCode, text)
	}
	return text, err
}

func (s *server) must(r request) []byte {
	s.t.Helper()
	text, err := s.do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}

func (s *server) cpu() time.Duration {
	s.t.Helper()
	n, err := strconv.ParseInt(string(s.must(request{path: "/bench/cpu"})), 10, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return time.Duration(n)
}

// path is one that people wait for: the i-th request of it.
type path struct {
	name string
	make func(i int) request
}

func page(name, token, at string) path {
	return path{name, func(int) request { return request{path: at, token: token} }}
}

// pages are the hot pages.
func (s *server) pages() []path {
	c := s.cast
	return []path{
		page("home of the state in-charge", c.Incharge, "/"),
		page("state dashboard", c.Incharge, "/org/"+c.Root),
		page("district page", c.Incharge, "/area/"+c.District),
		page("unit page", c.Incharge, "/org/"+c.Unit),
		page("list of 50 holders", c.Incharge, "/org/"+c.Unit+"/seats?state=filled"),
		page("person page", c.Incharge, "/person/"+c.Person),
		page("case page", c.Incharge, "/case/"+c.Case),
	}
}

// report is the path of a report written, by the workers in turn.
func (s *server) report() path {
	day := time.Now().In(time.FixedZone("IST", 5*3600+1800)).Format(time.DateOnly)
	return path{"one report written", func(i int) request {
		w := s.cast.Workers[i%len(s.cast.Workers)]
		return request{method: "POST", path: "/activity/new", token: w.Token, form: url.Values{
			"form_id": {uuid.Must(uuid.NewV7()).String()}, "kind": {s.cast.Kind}, "area": {w.Area}, "day": {day},
			"people": {"12"}, "note": {"गाँव में घर-घर जाकर बात की।"}}}
	}}
}

// record has the server keep what p's first request says to the database, and gives
// the path of its ceiling.
func (s *server) record(p path) (ceiling path, of told) {
	s.t.Helper()
	s.must(p.make(0)) // statements prepared, caches warm
	s.must(request{method: "POST", path: "/bench/record"})
	r := p.make(0)
	s.must(r)
	name := strings.ReplaceAll(p.name, " ", "-")
	text := s.must(request{method: "POST", path: "/bench/recorded/" + name})
	if err := json.Unmarshal(text, &of); err != nil {
		s.t.Fatal(err)
	}
	at := "/bench/ceiling/" + name
	return path{p.name, func(i int) request {
		r := p.make(i)
		return request{method: r.method, path: at, form: r.form}
	}}, of
}

// side is one side of a comparison: a path on a server, and what it took.
type side struct {
	*server
	path
	cpu   []time.Duration // a request's, in each round
	waits []time.Duration
	bytes int
}

// compare runs a and b in turns, in batches long enough for the clock and for the
// garbage collector, and gives the median of the rounds' ratios of CPU. One above max
// is measured again, twice at most: other work on the machine comes in bursts.
func compare(a, b *side, max float64) (ratio float64) {
	ratio = turns(a, b)
	for again := 0; again < 2 && ratio > max; again++ {
		ratio = min(ratio, turns(a, b))
	}
	return ratio
}

func turns(a, b *side) (ratio float64) {
	var ratios []float64
	rounds, batch := 11, 200*time.Millisecond
	if short() {
		rounds, batch = 9, 60*time.Millisecond
	}
	na, nb := a.batch(batch), b.batch(batch)
	for began := time.Now(); len(ratios) < rounds && (len(ratios) < 3 || time.Since(began) < time.Minute); {
		ca, cb := a.run(na), b.run(nb)
		ratios = append(ratios, float64(ca)/float64(cb))
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

// batch gives how many requests use about d of CPU.
func (s *side) batch(d time.Duration) int {
	one := s.run(2)
	s.cpu, s.waits = nil, nil
	return min(max(int(d/max(one, time.Microsecond)), 1), 5000)
}

// run sends n requests, one after another, and gives the CPU of one.
func (s *side) run(n int) time.Duration {
	s.t.Helper()
	s.must(request{method: "POST", path: "/bench/gc"})
	before := s.server.cpu()
	for i := range n {
		r := s.make(i)
		began := time.Now()
		text := s.must(r)
		s.waits = append(s.waits, time.Since(began))
		s.bytes = len(text)
	}
	one := (s.server.cpu() - before) / time.Duration(n)
	s.cpu = append(s.cpu, one)
	return one
}

func (s *side) median() time.Duration { return quantile(s.cpu, 0.5) }

func quantile(all []time.Duration, q float64) time.Duration {
	all = slices.Sorted(slices.Values(all))
	return all[min(int(q*float64(len(all))), len(all)-1)]
}

func ms(d time.Duration) string { return strconv.FormatFloat(d.Seconds()*1000, 'f', 2, 64) }

// TestCeilings measures each hot path beside its ceiling.
func TestCeilings(t *testing.T) {
	s := start(t, unit(t, *scale), 64)
	for _, p := range append(s.pages(), s.report()) {
		t.Run(p.name, func(t *testing.T) {
			s := s.in(t)
			c, of := s.record(p)
			a, b := &side{server: s, path: p}, &side{server: s, path: c}
			ratio := compare(a, b, maxRatio)
			t.Logf("%-28s %.2fx ceiling   CPU %s of %s ms   p50 %s p99 %s ms   %d statements %d rows %d bytes", p.name, ratio,
				ms(a.median()), ms(b.median()), ms(quantile(a.waits, 0.5)), ms(quantile(a.waits, 0.99)), of.Statements, of.Rows, a.bytes)
			for _, slow := range of.Slow {
				t.Logf("    %s", slow)
			}
			if ratio > maxRatio {
				t.Errorf("%.2f times its ceiling, at most %.1f", ratio, maxRatio)
			}
			if !short() && ratio > aimRatio {
				t.Log(s.profile(p))
			}
		})
	}
}

// profile writes a CPU profile of p and gives what it tells of our own functions, of
// the libraries' doors and of the collector.
func (s *server) profile(p path) string {
	s.t.Helper()
	s.must(request{method: "POST", path: "/bench/profile/start"})
	for began, i := time.Now(), 0; time.Since(began) < 3*time.Second; i++ {
		s.must(p.make(i))
	}
	return s.profiled(p.name)
}

// profiled ends a profile and tells of it.
func (s *server) profiled(name string) string {
	s.t.Helper()
	file := filepath.Join(*keep, strings.ReplaceAll(name, " ", "-")+".pprof")
	if err := os.WriteFile(file, s.must(request{method: "POST", path: "/bench/profile/stop"}), 0o600); err != nil {
		s.t.Fatal(err)
	}
	out, err := exec.Command(cmp.Or(os.Getenv("GO"), "go"), "tool", "pprof", "-top", "-cum", "-nodecount=400", os.Args[0], file).Output()
	if err != nil {
		s.t.Fatal(err)
	}
	told := []string{file}
	for line := range bytes.Lines(out) {
		if doors.Match(line) && len(told) < 45 {
			told = append(told, strings.TrimSpace(string(line)))
		}
	}
	return strings.Join(told, "\n    ")
}

var doors = regexp.MustCompile(`sangathan/|templ\.|gzhttp|flate|database/sql\.\(|modernc.org/sqlite\.\(|gcBgMarkWorker|mallocgc|runtime.mcall|Syscall|net/http\.\(\*conn\)`)

// TestRestricted compares a district's president with the state's in-charge on the
// same pages.
func TestRestricted(t *testing.T) {
	s := start(t, unit(t, *scale), 0)
	c := s.cast
	for _, at := range [][2]string{{"unit page", "/org/" + c.Unit}, {"list of 50 holders", "/org/" + c.Unit + "/seats?state=filled"},
		{"person page", "/person/" + c.Person}, {"district page", "/area/" + c.District}, {"search", "/people?q=kumar"}} {
		a, b := &side{server: s, path: page(at[0], c.President, at[1])}, &side{server: s, path: page(at[0], c.Incharge, at[1])}
		ratio := compare(a, b, maxRestricted)
		t.Logf("%-28s restricted %.2fx unrestricted   CPU %s of %s ms   %d of %d bytes", at[0], ratio, ms(a.median()), ms(b.median()), a.bytes, b.bytes)
		if ratio > maxRestricted {
			t.Errorf("%s: a restricted reader costs %.2f times an unrestricted one, at most %.1f", at[0], ratio, maxRestricted)
		}
	}
}
