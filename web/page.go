package web

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"sangathan/internal/fault"
	"sangathan/internal/lang"

	"github.com/a-h/templ"
)

// page is what a handler shows: the frame puts the rest around it.
type page struct {
	title    string // the page's one h1
	where    string // first line: which body or area, for which date
	crumbs   []link // the way down to here
	lead     string // one sentence under the title
	next     *link  // the one thing to do next, fixed at the bottom on a phone
	nextIcon string
	body     templ.Component
	list     *list // what the page lists, for its files; nil for none
	letter   bool  // a document: its body brings its own heading lines, and prints alone
	flash    flash
	refresh  bool // work is going on: the page loads itself again
}

// link is a text and where it leads; to "" is text alone.
type link struct{ text, to string }

// framed is what the frame shows around a page.
type framed struct {
	p        lang.Printer
	page     page
	name     string // of who is signed in; "" for nobody
	hat      string // post and body acted under
	home     string // page of the hat's body
	path     string
	faults   []faultLine // what to mend, when the page is shown again
	message  string
	search   string
	css, js  string
	icon     string
	manifest string
	current  string // first part of the path, for the menu
	printed  string
}

// faultLine is a fault at a field, told with the field's name.
type faultLine struct{ field, text string }

func (s *site) framed(r *request, pg page) framed {
	v := framed{p: r.p, page: pg, path: r.URL.RequestURI(), css: s.hashed["site.css"], js: s.hashed["site.js"], icon: s.hashed["icon.svg"], manifest: s.hashed["site.webmanifest"]}
	if r.Method != "GET" {
		v.path = r.URL.Path
	}
	v.current, _, _ = strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if v.current == "people" {
		v.search = r.query("q")
	}
	if r.by.SignedIn() {
		v.name = r.p.Name(r.name.Hi, r.name.En)
		if h := r.hat(); h.ID != "" {
			v.hat = r.p.Name(h.RoleHi, h.RoleEn) + ", " + r.p.Name(h.OrgHi, h.OrgEn)
			v.home = "/org/" + string(h.Organization)
		}
		v.printed = r.p.T("common.printed_on", "when", s.unit.Now(), "who", v.name)
	}
	if r.fault != nil {
		v.message = r.p.Error(r.fault)
		v.faults = faultLines(r.p, r.fault, r.labels)
	}
	return v
}

// faultLines tells what to mend, each with the name of its field as labels has it.
func faultLines(p lang.Printer, f *fault.Error, labels map[string]string) (lines []faultLine) {
	texts := p.Fields(f)
	told := map[string]bool{}
	for _, field := range f.Fields {
		if told[field.Name] {
			continue
		}
		told[field.Name] = true
		text, label := texts[field.Name], labels[field.Name]
		switch {
		case label == "" || strings.Contains(strings.ToLower(text), strings.ToLower(label)):
		case strings.HasSuffix(label, "?"):
			text = label + " " + text
		default:
			text = label + ": " + text
		}
		lines = append(lines, faultLine{field.Name, text})
	}
	return lines
}

// form is a form being shown, the first time or again with what was typed.
type form struct {
	p      lang.Printer
	id     string
	values url.Values
	faults map[string]string
	labels map[string]string // the request's, which the fields enter as they are shown
}

// newForm makes the form of a page: what was typed when it is shown again, else the
// defaults, given as name/value pairs.
func (r *request) newForm(defaults ...string) form {
	f := form{p: r.p, id: newFormID(), values: url.Values{}}
	for i := 0; i+1 < len(defaults); i += 2 {
		f.values.Set(defaults[i], defaults[i+1])
	}
	if r.fault != nil {
		f.faults, f.labels = r.p.Fields(r.fault), r.labels
		for name, v := range r.form {
			f.values[name] = v
		}
	}
	return f
}

func (f form) value(name string) string { return f.values.Get(name) }

// label gives the label of a field as it is shown, and remembers that of a faulty one
// for the summary of faults.
func (f form) label(name, label string) string {
	label = capital(label)
	if f.faults[name] != "" {
		f.labels[name] = label
	}
	return label
}

// described names what describes a field, for aria-describedby.
func (f form) described(name, hint string) string {
	var ids []string
	if hint != "" {
		ids = append(ids, "h-"+name)
	}
	if f.faults[name] != "" {
		ids = append(ids, "e-"+name)
	}
	return strings.Join(ids, " ")
}

// choice is one thing to choose from.
type choice struct{ value, text, hint string }

// figure is a number that counts something, and the list behind it.
type figure struct {
	n     int
	label string
	to    string
	note  string
	mark  string // icon: filled, vacant, unknown
}

// meter is how much of something is there, told in words beside its bar.
type meter struct {
	label string
	part  int
	whole int
	noun  string
	to    string
}

// state names how a seat, an entry or a case stands, in word and shape.
type state struct{ mark, text string }

// share gives part of whole in hundredths, for a bar's width.
func share(part, whole int) string {
	if whole <= 0 {
		return "0"
	}
	return strconv.FormatFloat(float64(part)*100/float64(whole), 'f', 1, 64)
}

// capital begins a text with a capital letter where the script has them: the words of
// a word pack stand in lower case, to be used within sentences.
func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}
