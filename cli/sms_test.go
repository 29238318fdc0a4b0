package cli_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
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
	site := serve(t, []string{"-phone", "9000012345"}, "-sms", file)
	ask := site.form
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
