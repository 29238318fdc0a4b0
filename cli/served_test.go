package cli_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sangathan/cli"
)

// served is a new unit, served as an office serves it, and a browser before it.
type served struct {
	t    testing.TB
	site string
	made string            // what init told
	jar  map[string]string // the cookies are Secure: a browser keeps them on 127.0.0.1, Go's jar does not
}

// serve makes a unit with init's flags and serves it with serve's.
func serve(t testing.TB, init []string, flags ...string) *served {
	t.Helper()
	b := &served{t: t, jar: map[string]string{}}
	env := func(w io.Writer) *cli.Env {
		return &cli.Env{Stdout: w, Stderr: io.Discard, Now: time.Now, Open: func(name string) (io.ReadCloser, error) { return os.Open(name) }}
	}
	unit := filepath.Join(t.TempDir(), "unit")
	var made strings.Builder
	if code := cli.Run(t.Context(), env(&made), append([]string{"init", "-db", unit}, init...)); code != 0 {
		t.Fatal(code)
	}
	b.made = made.String()
	out, in := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int)
	go func() {
		ended <- cli.Run(ctx, env(in), append([]string{"serve", "-db", unit, "-addr", "127.0.0.1:0"}, flags...))
	}()
	t.Cleanup(func() { stop(); <-ended })
	lines := bufio.NewScanner(out)
	for b.site == "" && lines.Scan() {
		b.site = regexp.MustCompile(`http://[\d.:]+`).FindString(lines.Text())
	}
	if b.site == "" {
		t.Fatal("the server tells no address")
	}
	go io.Copy(io.Discard, out)
	return b
}

// form sends a form, or asks for a page, and follows nothing.
func (b *served) form(method, path string, form url.Values) (status int, to, body string) {
	b.t.Helper()
	return b.ask(method, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

func (b *served) ask(method, path, kind string, content io.Reader) (status int, to, body string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.site+path, content)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	for k, v := range b.jar {
		req.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	for _, c := range res.Cookies() {
		b.jar[c.Name] = c.Value
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Location"), string(text)
}
