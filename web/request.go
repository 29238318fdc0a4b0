package web

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"

	"github.com/gofrs/uuid/v5"
)

// request is what a handler works with.
type request struct {
	*http.Request
	site    *site
	tx      *db.Tx       // nil in a route that opens its own
	by      access.Actor // the zero Actor on public pages of one who is not signed in
	p       lang.Printer
	today   string
	form    url.Values        // what was posted; on a page shown again, what was typed
	fault   *fault.Error      // why the page is shown again; nil at first
	labels  map[string]string // names of the faulty fields, known once the body is rendered
	isLarge bool              // the form is over maxForm and holds a place for it
	hats    []org.Membership
	name    lang.Name // the actor's own
	counted map[org.OrganizationID][2]org.Count
	touch   bool // the day on which the session is used is yet to be noted
}

// answer is what a handler gives: a page, a file, or the address to go to next.
type answer struct {
	page    page
	status  int // of a page; 0 is 200
	to      string
	file    *download // in place of a page
	flash   flash
	cookies []*http.Cookie
	after   func() // an effect, such as an SMS, once the transaction is kept
}

// flash is a message shown once, on the next page.
type flash struct {
	Key  string         `json:"k,omitempty"`
	Args map[string]any `json:"a,omitempty"`
}

// goTo answers with the next address and what to say there (a message key, "" for
// nothing, and its name/value pairs; days are passed as lang.Day).
func goTo(to, key string, args ...any) answer {
	a := answer{to: to, flash: flash{Key: key}}
	if len(args) > 0 {
		a.flash.Args = map[string]any{}
	}
	for i := 0; i+1 < len(args); i += 2 {
		v := args[i+1]
		if d, ok := v.(lang.Day); ok {
			v = "day:" + string(d)
		}
		if n, ok := v.(lang.Name); ok {
			v = "name:" + n.Hi + "|" + n.En
		}
		a.flash.Args[args[i].(string)] = v
	}
	return a
}

// text writes the flash for the reader.
func (f flash) text(p lang.Printer) string {
	if f.Key == "" || !lang.Has(f.Key) {
		return ""
	}
	var args []any
	for name, v := range f.Args {
		switch x := v.(type) {
		case float64:
			v = int(x)
		case string:
			if d, ok := strings.CutPrefix(x, "day:"); ok {
				v = lang.Day(d)
			} else if n, ok := strings.CutPrefix(x, "name:"); ok {
				hi, en, _ := strings.Cut(n, "|")
				v = lang.Name{Hi: hi, En: en}
			}
		}
		args = append(args, name, v)
	}
	return p.T(f.Key, args...)
}

// show answers with a page.
func show(pg page) (answer, error) { return answer{page: pg}, nil }

// begin makes the request of r before any transaction: language by cookie.
func (s *site) outside(r *http.Request) *request {
	q := &request{Request: r, site: s, p: s.words.printer(lang.Parse(s.cookie(r, "lang")))}
	q.today = s.unit.Now().Format(time.DateOnly)
	return q
}

// open reads the session in the transaction: the actor and their language. On a public
// route nobody need be signed in.
func (r *request) open(tx *db.Tx, public bool) error {
	r.tx, r.today, r.counted = tx, tx.Today(), nil
	by, err := access.Open(tx, r.site.cookie(r.Request, "session"))
	switch {
	case fault.Is(err, fault.Unauthorized) && public:
		return nil
	case err != nil:
		return err
	}
	r.by, r.touch = by, !by.SeenToday(tx)
	if err := r.site.words.refresh(tx); err != nil {
		return err
	}
	r.p = r.site.words.printer(r.p.Lang())
	if by.Lang != "" {
		r.p = r.site.words.printer(lang.Parse(by.Lang))
	}
	return nil
}

// introduce reads the name and the hats of who is signed in, as the frame of a page shows
// them: what is sent leads to another page and does without.
func (r *request) introduce() (err error) {
	if !r.by.SignedIn() {
		return nil
	}
	if r.hats, err = org.Hats(r.tx, org.PersonID(r.by.Person)); err != nil {
		return err
	}
	if len(r.hats) > 0 {
		r.name = lang.Name{Hi: r.hats[0].PersonHi, En: r.hats[0].PersonEn}
		return nil
	}
	person, err := org.LookupPerson(r.tx, org.PersonID(r.by.Person))
	r.name = lang.Name{Hi: person.NameHi, En: person.NameEn}
	return err
}

// hat is the membership acted under; the zero one for a person without a post.
func (r *request) hat() org.Membership {
	for _, h := range r.hats {
		if string(h.ID) == r.by.Membership {
			return h
		}
	}
	return org.Membership{}
}

// query gives a value of the address, trimmed.
func (r *request) query(name string) string { return strings.TrimSpace(r.URL.Query().Get(name)) }

// typed gives a value of the form, trimmed.
func (r *request) typed(name string) string { return strings.TrimSpace(r.form.Get(name)) }

// day gives a day of the form as YYYY-MM-DD; what is no day comes back as typed.
func (r *request) day(name string) string {
	if d, ok := lang.ParseDay(r.typed(name)); ok {
		return d
	}
	return r.typed(name)
}

// number gives a whole number of the form, in either script's digits; 0 when empty.
func (r *request) number(name string, f *fault.Form) int {
	t := strings.ReplaceAll(lang.ASCIIDigits(r.typed(name)), ",", "")
	if t == "" {
		return 0
	}
	n, err := strconv.Atoi(t)
	if err != nil || n < 0 {
		f.Add(name, "fault.bad_number")
	}
	return n
}

// on is the day a register page is shown for, by ?on=; today when it is missing or
// no day. past says that it is not today.
func (r *request) on() (day string, past bool) {
	if d, ok := lang.ParseDay(r.query("on")); ok && d < r.today {
		return d, true
	}
	return r.today, false
}

// link keeps the as-on date in a link to a register page.
func (r *request) link(to string) string {
	if day, past := r.on(); past {
		if strings.Contains(to, "?") {
			return to + "&on=" + day
		}
		return to + "?on=" + day
	}
	return to
}

// with gives the present address with parameters changed; "" takes one out.
func (r *request) with(pairs ...string) string {
	q := r.URL.Query()
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			q.Del(pairs[i])
		} else {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return r.URL.Path
	}
	return r.URL.Path + "?" + q.Encode()
}

// readForm reads the posted form, before any transaction: at most rt.upload bytes where
// the route takes files, maxForm elsewhere. A form up to maxTyped is read all the same and
// refused with the field that is too large, so that it can be shown again; a few such at a
// time, and none from who is not signed in.
func (r *request) readForm(w http.ResponseWriter, rt route) error {
	allowed := max(rt.upload, maxForm)
	most := allowed
	if rt.upload == 0 && rt.act != public && (r.ContentLength > maxForm || r.ContentLength < 0) {
		select {
		case r.site.large <- struct{}{}:
			most, r.isLarge = maxTyped, true
		default:
		}
	}
	r.Body = http.MaxBytesReader(w, r.Body, most)
	read := r.ParseForm
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); rt.upload > 0 && kind == "multipart/form-data" {
		read = func() error { return r.ParseMultipartForm(min(most, maxHeld)) }
	}
	if err := read(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return fault.New(fault.TooLarge, "web.form_too_large", "kb", int(most>>10))
		}
		return fault.New(fault.Invalid, "web.form_unreadable")
	}
	r.form = r.PostForm
	var f fault.Form
	names := slices.Sorted(maps.Keys(r.form))
	size, longest, length := 0, "", 0
	for _, name := range names {
		n := 0
		for _, v := range r.form[name] {
			n += len(v)
		}
		if size += n; n > length {
			longest, length = name, n
		}
	}
	if size > int(allowed) {
		f.Add(longest, "web.field_too_large", "kb", int(allowed>>10))
	}
	for _, name := range names {
		for i, v := range r.form[name] {
			if !utf8.ValidString(v) || strings.Contains(v, "\x00") {
				r.form[name][i] = strings.ReplaceAll(strings.ToValidUTF8(v, "\uFFFD"), "\x00", "")
				f.Add(name, "fault.bad_utf8")
			}
		}
	}
	return f.Err()
}

// release gives back the place of a large form.
func (r *request) release() {
	if r.isLarge {
		<-r.site.large
	}
}

// formID is the hidden field by which a form sent twice counts once.
const formID = "form_id"

// once runs the handler of a form of a signed-in person once for its id: the same
// form again leads to the same answer.
func (r *request) once(fn func() (answer, error)) (a answer, err error) {
	type stored struct {
		To    string `json:"to"`
		Flash flash  `json:"flash"`
	}
	body := []byte(r.URL.Path + "\n" + r.form.Encode())
	text, err := db.Once(r.tx, r.by.Account, r.typed(formID), body, func() (string, error) {
		if a, err = fn(); err != nil {
			return "", err
		}
		text, err := json.Marshal(stored{a.to, a.flash})
		return string(text), err
	})
	if err != nil || a.to != "" {
		return a, err
	}
	var s stored
	err = json.Unmarshal([]byte(text), &s)
	return answer{to: s.To, flash: s.Flash}, err
}

// newFormID makes the id of a form that is shown.
func newFormID() string { return uuid.Must(uuid.NewV7()).String() }

// cookie reads one of our cookies; "" when there is none.
func (s *site) cookie(r *http.Request, name string) string {
	c, err := r.Cookie(s.cookieName(name))
	if err != nil {
		return ""
	}
	v, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return ""
	}
	return string(v)
}

// newCookie makes one of our cookies, kept for life; with life 0 or less it is removed.
func (s *site) newCookie(name, value string, life time.Duration) *http.Cookie {
	c := &http.Cookie{Name: s.cookieName(name), Value: base64.RawURLEncoding.EncodeToString([]byte(value)), Path: "/",
		Secure: !s.cfg.Insecure, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int(life / time.Second)}
	if life <= 0 {
		c.MaxAge = -1
	}
	return c
}

func (s *site) cookieName(name string) string {
	if s.cfg.Insecure {
		return name
	}
	return "__Host-" + name
}

// itoa writes a number that is a name, such as a booth's, and not a count.
func itoa(n int) string { return strconv.Itoa(n) }

// whereNow is the first line of a page about all that the hat reaches: its body, today.
func (r *request) whereNow() string {
	day := r.p.T("common.as_on", "day", lang.Day(r.today))
	if h := r.hat(); h.ID != "" {
		return r.p.Name(h.OrgHi, h.OrgEn) + " · " + day
	}
	return day
}
