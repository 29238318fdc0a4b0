package paper

import (
	"embed"
	"maps"
	"slices"
	"strings"

	"sangathan/internal/fault"
)

//go:embed templates/*.txt
var templateFiles embed.FS

// A Template is the form of a letter; see the package comment for its notation.
type Template struct {
	lines  []templateLine
	footer []part
	fields map[string]int // to the line that first asks for it
}

// A templateLine is one line: its marks and its parts.
type templateLine struct {
	marks []string
	parts []part
	right []part // what stands behind | on a line marked @split
}

// A part is text, or the field of that name.
type part struct {
	text  string
	field string
	bold  bool
}

// The marks that make a line what it is, of which it may have one; the rest are looks.
var (
	kinds = []string{"split", "each", "table", "sign", "emblem", "qr", "rule", "space", "page", "footer"}
	looks = []string{"left", "center", "right", "justify", "bold", "small", "large", "title"}
)

// Marks lists the marks of a template: how a line looks, then what it is.
func Marks() []string { return slices.Concat(looks, kinds) }

// StandardTemplate gives the text of a template that we bring: "appointment",
// "relief", "notice" or "letter", in lang "hi" or "en"; "" if there is none of that name.
func StandardTemplate(name, lang string) string {
	text, _ := templateFiles.ReadFile("templates/" + name + "." + lang + ".txt")
	return string(text)
}

// ParseTemplate reads a template. Faults: Invalid, at field "template".
func ParseTemplate(text string) (*Template, error) {
	t := &Template{fields: map[string]int{}}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for i, s := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		bad := func(key, word string) (*Template, error) {
			return nil, fault.In("template", key, "line", i+1, "word", word)
		}
		var l templateLine
		s = strings.TrimSpace(s)
		kind := ""
		for strings.HasPrefix(s, "@") && !strings.HasPrefix(s, "@@") {
			mark, rest, _ := strings.Cut(s[1:], " ")
			switch {
			case slices.Contains(looks, mark):
			case slices.Contains(kinds, mark) && kind == "":
				kind = mark
			case slices.Contains(kinds, mark):
				return bad("paper.two_marks", "@"+mark)
			default:
				return bad("paper.unknown_mark", "@"+mark)
			}
			l.marks = append(l.marks, mark)
			s = strings.TrimSpace(rest)
		}
		if strings.HasPrefix(s, "@@") {
			s = s[1:]
		}
		parts, wrong := parseParts(s)
		if wrong != "" {
			return bad("paper.bad_field", wrong)
		}
		l.parts = parts
		if kind == "split" {
			left, right, _ := strings.Cut(s, "|")
			l.parts, _ = parseParts(strings.TrimSpace(left))
			l.right, _ = parseParts(strings.TrimSpace(right))
		}
		for _, p := range parts {
			if counts := p.field == "n" && kind == "each" || kind == "footer" && (p.field == "page" || p.field == "pages"); p.field != "" && !counts && t.fields[p.field] == 0 {
				t.fields[p.field] = i + 1
			}
		}
		if kind == "footer" {
			t.footer = l.parts
			continue
		}
		t.lines = append(t.lines, l)
	}
	return t, nil
}

// parseParts cuts a line at its fields and at **; wrong is a field that cannot be.
func parseParts(s string) (parts []part, wrong string) {
	var text strings.Builder
	bold := false
	flush := func() {
		if text.Len() > 0 {
			parts = append(parts, part{text: text.String(), bold: bold})
			text.Reset()
		}
	}
	for s != "" {
		switch {
		case strings.HasPrefix(s, "{{"), strings.HasPrefix(s, "}}"):
			text.WriteByte(s[0])
			s = s[2:]
		case strings.HasPrefix(s, "**"):
			flush()
			bold = !bold
			s = s[2:]
		case s[0] == '{':
			name, rest, closed := strings.Cut(s[1:], "}")
			if !closed || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_0123456789") != "" {
				return nil, "{" + name
			}
			flush()
			parts = append(parts, part{field: name, bold: bold})
			s = rest
		case s[0] == '}':
			return nil, "}"
		default:
			text.WriteByte(s[0])
			s = s[1:]
		}
	}
	flush()
	return parts, ""
}

// Fields gives the names of the fields that the template asks for, in order.
func (t *Template) Fields() []string { return slices.Sorted(maps.Keys(t.fields)) }

// Check tells whether the template asks for a field that is not known, in which line,
// and which known one is written most alike. Faults: Invalid, at field "template".
func (t *Template) Check(known ...string) error {
	for _, name := range t.Fields() {
		if !slices.Contains(known, name) {
			near := slices.MinFunc(append([]string{""}, known...), func(a, b string) int { return apart(name, a) - apart(name, b) })
			if near == "" {
				return fault.In("template", "paper.unknown_field", "line", t.fields[name], "word", "{"+name+"}")
			}
			return fault.In("template", "paper.unknown_field_near", "line", t.fields[name], "word", "{"+name+"}", "near", "{"+near+"}")
		}
	}
	return nil
}

// apart counts the letters to be put in, taken out or changed to make b of a
// (Levenshtein's distance); nothing at all lies near to half of what is written.
func apart(a, b string) int {
	if b == "" {
		return (len(a) + 1) / 2
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			same := before
			if a[i] != b[j] {
				same++
			}
			before = row[j+1]
			row[j+1] = min(same, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}

func (l templateLine) is(mark string) bool { return slices.Contains(l.marks, mark) }

// fill puts the values into the parts. A line that has fields, all of them empty, is
// to be left out: gone.
func fill(parts []part, fields map[string]string) (pieces []piece, gone bool) {
	asked, got := false, false
	for _, p := range parts {
		if p.field != "" {
			asked = true
			p.text = strings.TrimSpace(fields[p.field])
			got = got || p.text != ""
		}
		pieces = append(pieces, piece{p.text, p.bold})
	}
	return pieces, asked && !got
}
