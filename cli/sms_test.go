package cli_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sangathan/cli"
)

// TestI2_ACodeComesThroughTheGateway signs in as an office would: init, serve with a
// gateway, the number on the page, the code out of the message that reached the provider.
func TestI2_ACodeComesThroughTheGateway(t *testing.T) {
	messages := make(chan string, 10)
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		messages <- r.Form.Get("to") + " " + r.Form.Get("text")
		w.Write([]byte("OK"))
	}))
	t.Cleanup(provider.Close)
	dir := t.TempDir()
	file := filepath.Join(dir, "gateway.toml")
	if err := os.WriteFile(file, []byte(`url = "`+provider.URL+`"
form = { to = "{phone}", text = "{text}" }
[messages.code.hi]
text = "ओटीपी {code}"
`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LC_ALL", "en_IN.UTF-8")
	out, in := io.Pipe()
	env := func(w io.Writer) *cli.Env {
		return &cli.Env{Stdout: w, Stderr: io.Discard, Now: time.Now, Open: func(name string) (io.ReadCloser, error) { return os.Open(name) }}
	}
	unit := filepath.Join(dir, "unit")
	if code := cli.Run(t.Context(), env(io.Discard), []string{"init", "-db", unit, "-phone", "9000012345"}); code != 0 {
		t.Fatal(code)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int)
	go func() {
		ended <- cli.Run(ctx, env(in), []string{"serve", "-db", unit, "-addr", "127.0.0.1:0", "-sms", file})
	}()
	t.Cleanup(func() { stop(); <-ended })
	line, err := bufio.NewReader(out).ReadString('\n')
	site := regexp.MustCompile(`http://[\d.:]+`).FindString(line)
	if err != nil || site == "" {
		t.Fatal(line, err)
	}
	go io.Copy(io.Discard, out)
	jar := map[string]string{} // the cookies are Secure: a browser keeps them on 127.0.0.1, Go's jar does not
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(method, path string, form url.Values) (status int, to, body string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, site+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for k, v := range jar {
			req.AddCookie(&http.Cookie{Name: k, Value: v})
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		for _, c := range res.Cookies() {
			jar[c.Name] = c.Value
		}
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, res.Header.Get("Location"), string(b)
	}
	if _, _, body := ask("GET", "/signin", nil); !strings.Contains(body, "ओटीपी मँगाएँ") {
		t.Error("the page does not offer a code")
	}
	if status, to, _ := ask("POST", "/signin", url.Values{"phone": {"90000 12345"}}); status != 303 || to != "/signin/code" {
		t.Fatal(status, to)
	}
	ask("POST", "/signin", url.Values{"phone": {"9000099999"}}) // a number nobody has: no message
	ask("GET", "/signin", nil)
	select {
	case m := <-messages:
		if !regexp.MustCompile(`^9000012345 ओटीपी \d{6}$`).MatchString(m) {
			t.Errorf("sent: %s", m)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("no message")
	}
	ask("POST", "/signin", url.Values{"phone": {"9000012345"}})
	code := regexp.MustCompile(`\d{6}$`).FindString(<-messages)
	if status, to, _ := ask("POST", "/signin/code", url.Values{"code": {code}}); status != 303 || to != "/" {
		t.Fatal(status, to)
	}
	if status, _, _ := ask("GET", "/me", nil); status != 200 {
		t.Error(status)
	}
	if len(messages) != 0 {
		t.Error("more messages than people")
	}
}
