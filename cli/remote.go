package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"sangathan/internal/db"
)

// call is a command sent to the server that holds the unit's folder.
type call struct {
	Args  []string          `json:"args"`
	Dir   string            `json:"dir"`
	Files map[string][]byte `json:"files"` // content of the files that the arguments name
}

const (
	maxCall    = 64 << 20
	exitHeader = "Sangathan-Exit"
)

func socketPath(dir string) string { return filepath.Join(dir, "socket") }

// callServer has the running server carry the command out, and copies its answer.
func callServer(ctx context.Context, e *Env, dir string, args []string) int {
	c := call{Args: args, Dir: e.Dir, Files: map[string][]byte{}}
	for _, a := range args {
		if st, err := os.Stat(a); (err == nil && st.Mode().IsRegular()) || a == "-" {
			f, err := e.Open(a)
			if err != nil {
				return exitCode(e, err)
			}
			b, err := io.ReadAll(io.LimitReader(f, maxCall))
			f.Close()
			if err != nil {
				return exitCode(e, err)
			}
			c.Files[a] = b
		}
	}
	body, err := json.Marshal(c)
	if err != nil {
		return exitCode(e, err)
	}
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socketPath(dir))
	}}}
	req, err := http.NewRequestWithContext(ctx, "POST", "http://unit/", bytes.NewReader(body))
	if err != nil {
		return exitCode(e, err)
	}
	res, err := client.Do(req)
	if err != nil {
		return exitCode(e, fmt.Errorf("%w, and it does not answer: %v", db.ErrLocked, err))
	}
	defer res.Body.Close()
	var out struct{ Stdout, Stderr string }
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		return exitCode(e, err)
	}
	io.WriteString(e.Stdout, out.Stdout)
	io.WriteString(e.Stderr, out.Stderr)
	code, err := strconv.Atoi(res.Header.Get(exitHeader))
	if err != nil {
		return 1
	}
	return code
}

// listenLocal opens the folder's socket, which only the folder's owner can use,
// and carries out there the commands that may be remote.
func listenLocal(u *db.Unit, e *Env) (io.Closer, error) {
	path := socketPath(u.Path())
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) { // left by a server that was killed; we hold the lock
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, err
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var c call
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 2*maxCall)).Decode(&c); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var stdout, stderr bytes.Buffer
		here := &Env{Stdout: &stdout, Stderr: &stderr, Dir: c.Dir, Now: e.Now, Unit: u, Open: func(name string) (io.ReadCloser, error) {
			b, ok := c.Files[name]
			if !ok {
				return nil, fmt.Errorf("%s: %w", name, os.ErrNotExist)
			}
			return io.NopCloser(bytes.NewReader(b)), nil
		}}
		code := 2
		if len(c.Args) > 0 && slices.ContainsFunc(commands(), func(k command) bool { return k.name == c.Args[0] && k.remote }) {
			code = Run(r.Context(), here, c.Args)
		}
		w.Header().Set(exitHeader, strconv.Itoa(code))
		json.NewEncoder(w).Encode(map[string]string{"Stdout": stdout.String(), "Stderr": stderr.String()})
	})}
	go srv.Serve(l)
	return srv, nil
}
