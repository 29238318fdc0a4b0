package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// Gateway is how one provider is asked to send a message. In address, headers, body and
// form stand fields: {phone} (ten digits), {phone91} (with 91 before them), {text},
// {template} (the text's DLT id), {sender}, {entity}, {id} (the message's own, the same
// at each try) and {secret.NAME}. Each is escaped for where it stands.
type Gateway struct {
	Method  string            `toml:"method"` // GET or POST; POST when left out
	URL     string            `toml:"url"`
	Headers map[string]string `toml:"headers"`
	JSON    string            `toml:"json"` // the body as JSON, or
	Form    map[string]string `toml:"form"` // as a form; neither for an empty one
	Sender  string            `toml:"sender"`
	Entity  string            `toml:"entity"`  // DLT principal entity id
	Timeout duration          `toml:"timeout"` // of one try; 10s when left out

	// A good answer has a status of 200 to 299, and contains Contains where that is set.
	Success struct {
		Contains string `toml:"contains"`
	} `toml:"success"`

	Secrets  map[string]secret          `toml:"secrets"`
	Messages map[string]map[string]Text `toml:"messages"` // by kind and language, such as code.hi
	values   map[string]string          // of the secrets
	client   *http.Client
}

// Text is a registered text: its fields are the message's own, such as {code}.
type Text struct {
	ID   string `toml:"id"`
	Text string `toml:"text"`
}

type secret struct {
	Env  string `toml:"env"`
	File string `toml:"file"`
}

type duration time.Duration

// UnmarshalText reads "10s".
func (d *duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = duration(v)
	return err
}

// Kinds are the kinds of message that Sangathan sends, with the fields of their texts.
var Kinds = map[string][]string{"code": {"code"}}

// maxAnswer is how much of a gateway's answer is read.
const maxAnswer = 64 << 10

// Load reads a gateway from its file, and its secrets from where they are; all that is
// wrong is told at once.
func Load(r io.Reader) (*Gateway, error) {
	g := &Gateway{Method: http.MethodPost, Timeout: duration(10 * time.Second), values: map[string]string{}}
	meta, err := toml.NewDecoder(r).Decode(g)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	var wrong []error
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf("gateway: "+format, args...)) }
	for _, k := range meta.Undecoded() {
		bad("unknown setting %s", k)
	}
	if g.Method != http.MethodPost && g.Method != http.MethodGet {
		bad("method is GET or POST, not %q", g.Method)
	}
	if u, err := url.Parse(field.ReplaceAllString(g.URL, "x")); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		bad("url is no http(s) address: %q", g.URL)
	}
	if g.JSON != "" && !json.Valid([]byte(field.ReplaceAllString(g.JSON, "0"))) {
		bad("json is no JSON")
	}
	if g.JSON != "" && g.Form != nil {
		bad("json and form exclude each other")
	}
	if t := time.Duration(g.Timeout); t <= 0 || t > leaseLife/2 {
		bad("timeout is more than 0 and at most %s", leaseLife/2)
	}
	for name, s := range g.Secrets {
		value := os.Getenv(s.Env)
		if s.File != "" {
			b, err := os.ReadFile(s.File)
			if err != nil {
				wrong = append(wrong, fmt.Errorf("gateway: secret %s: %w", name, err))
			}
			value = strings.TrimSpace(string(b))
		}
		if value == "" {
			bad("secret %s is empty: name its env or file", name)
		}
		g.values["secret."+name] = value
	}
	places := []string{g.URL, g.JSON}
	for _, v := range g.Headers {
		places = append(places, v)
	}
	for _, v := range g.Form {
		places = append(places, v)
	}
	known := []string{"phone", "phone91", "text", "template", "sender", "entity", "id"}
	for _, place := range places {
		for _, m := range field.FindAllStringSubmatch(place, -1) {
			if !slices.Contains(known, m[1]) && g.values[m[1]] == "" {
				bad("nobody knows the field {%s}", m[1])
			}
		}
	}
	for kind, fields := range Kinds {
		if len(g.Messages[kind]) == 0 {
			bad("no text for messages.%s.hi or .en", kind)
		}
		for lang, t := range g.Messages[kind] {
			for _, f := range fields {
				if !strings.Contains(t.Text, "{"+f+"}") {
					bad("messages.%s.%s does not have {%s}", kind, lang, f)
				}
			}
		}
	}
	g.client = &http.Client{Timeout: time.Duration(g.Timeout), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return g, errors.Join(wrong...)
}

var field = regexp.MustCompile(`\{([a-z][a-z0-9_.]*)\}`)

// fill puts values into the fields of a text, each through escape.
func fill(text string, values map[string]string, escape func(string) string) string {
	return field.ReplaceAllStringFunc(text, func(m string) string {
		if v, ok := values[m[1:len(m)-1]]; ok {
			return escape(v)
		}
		return m
	})
}

// Message is what is sent: to ten digits, in a language, with the fields of its kind.
type Message struct {
	ID    string
	Phone string
	Kind  string
	Lang  string // another language is used where the gateway has no text in this one
	Args  map[string]string
}

// refusal is an answer that trying again will not mend.
type refusal struct{ error }

// Send sends one message once and gives what the gateway answered, shortened. An error
// says that it was not taken, as far as is known.
func (g *Gateway) Send(ctx context.Context, m Message) (answer string, err error) {
	texts := g.Messages[m.Kind]
	text, ok := texts[m.Lang]
	if !ok {
		for _, l := range []string{"hi", "en"} {
			if t, has := texts[l]; has && !ok {
				text, ok = t, true
			}
		}
	}
	if !ok {
		return "", refusal{fmt.Errorf("no text for %s", m.Kind)}
	}
	values := map[string]string{"phone": m.Phone, "phone91": "91" + m.Phone, "template": text.ID, "sender": g.Sender, "entity": g.Entity, "id": m.ID}
	for k, v := range g.values {
		values[k] = v
	}
	values["text"] = fill(text.Text, m.Args, func(s string) string { return s })
	body, kind := "", ""
	switch {
	case g.JSON != "":
		body, kind = fill(g.JSON, values, inJSON), "application/json"
	case g.Form != nil:
		form := url.Values{}
		for k, v := range g.Form {
			form.Set(k, fill(v, values, func(s string) string { return s }))
		}
		body, kind = form.Encode(), "application/x-www-form-urlencoded"
	}
	req, err := http.NewRequestWithContext(ctx, g.Method, fill(g.URL, values, url.QueryEscape), strings.NewReader(body))
	if err != nil {
		return "", refusal{errors.New("the gateway's address cannot be used")} // the error would tell secrets
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for k, v := range g.Headers {
		req.Header.Set(k, fill(v, values, func(s string) string { return strings.NewReplacer("\r", "", "\n", "").Replace(s) }))
	}
	res, err := g.client.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // its address may hold a secret, the code does
		}
		return "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return "", err
	}
	answer = g.hushed(brief(string(b)), m)
	switch {
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusRequestTimeout || res.StatusCode >= 500:
		return answer, fmt.Errorf("status %d", res.StatusCode)
	case res.StatusCode < 200 || res.StatusCode > 299:
		return answer, refusal{fmt.Errorf("status %d", res.StatusCode)}
	case g.Success.Contains != "" && !strings.Contains(string(b), g.Success.Contains):
		return answer, fmt.Errorf("status %d, and the answer does not contain %q", res.StatusCode, g.Success.Contains)
	}
	return answer, nil
}

// hushed takes out of an answer what must not be kept: secrets, and the message's fields.
func (g *Gateway) hushed(answer string, m Message) string {
	for _, values := range []map[string]string{g.values, m.Args} {
		for _, v := range values {
			answer = strings.ReplaceAll(answer, v, "***")
		}
	}
	return answer
}

func inJSON(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return ""
	}
	return string(b[1 : len(b)-1])
}

// brief is the beginning of an answer on one line.
func brief(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "?")), " ")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200]) + "…"
	}
	return s
}
