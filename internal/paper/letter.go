package paper

import (
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"sangathan/internal/fault"
)

// LetterData is one letter: a template and what to put into it.
type LetterData struct {
	Template string              // its text; see the package comment
	Fields   map[string]string   // values by field; a value may have several lines
	Emblem   []byte              // a PNG for @emblem; none if empty
	QR       string              // the address for @qr; none if empty
	Title    string              // of the document, for the reader's window
	Author   string              // the body that issues it
	Lang     string              // "hi" or "en"; "hi" if empty
	Time     time.Time           // when it was made
	Digits   func(string) string // turns ASCII digits into the reader's (lang.Printer.Digits); may be nil
}

// Letter writes one letter as PDF. Faults: Invalid when the template, the emblem or
// the address cannot be used. A field that the template asks for and l does not have
// is empty.
func Letter(w io.Writer, l LetterData) error {
	return Letters(w, l, func(yield func(LetterData, error) bool) { yield(l, nil) }, nil)
}

// Letters writes many letters into one PDF, each beginning a page and counting its
// own pages, and after them a list, nil for none: its rows are read last, so they may
// be gathered on the way. Title, Author, Lang, Time and Digits are those of first; a
// fault of the sequences ends the writing. Faults: as [Letter].
func Letters(w io.Writer, first LetterData, all iter.Seq2[LetterData, error], after *ListData) (err error) {
	defer fault.Op(&err, "paper.Letters")
	var t *Template
	var text string
	var footer []part
	var l LetterData
	listing := false
	d := New(w, Options{Title: first.Title, Author: first.Author, Lang: first.Lang, Time: first.Time, Digits: first.Digits, Header: func(page int) Band {
		if listing {
			return after.header(page)
		}
		return Band{}
	}, Footer: func(page int) Band {
		if listing {
			return after.footer()
		}
		if page == 1 || footer == nil {
			return Band{}
		}
		fields := map[string]string{"page": "{page}", "pages": "{pages}"}
		for _, p := range footer {
			if _, own := fields[p.field]; p.field != "" && !own {
				fields[p.field] = strings.NewReplacer("{", "(", "}", ")").Replace(firstLine(l.Fields[p.field]))
			}
		}
		var b Band
		pieces, _ := fill(footer, fields)
		for _, p := range pieces {
			b.Right += p.text
		}
		return b
	}})
	var failed error
	for next, err := range all {
		if err != nil {
			return err
		}
		if t == nil || next.Template != text {
			if t, failed = ParseTemplate(next.Template); failed != nil {
				return failed
			}
			text = next.Template
		}
		d.Section()
		l, footer = next, t.footer
		if err := d.letter(t, l); err != nil {
			return err
		}
	}
	if after != nil {
		d.Section()
		listing = true
		if err := d.list(*after); err != nil {
			return err
		}
	}
	return d.Close()
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}

// Measures of a letter.
const (
	letterSize = 11.5
	letterLead = 1.6
	emblemSize = 20 * MM
	codeSize   = 26 * MM
	gapSize    = 8
	signIndent = 0.5 // of the width
	eachIndent = 20
)

// A setting is a line of a letter with its fields filled.
type setting struct {
	templateLine
	left, right []piece
	style       Style
}

// letter sets one letter on the pages of its section.
func (d *Doc) letter(t *Template, l LetterData) error {
	// A picture at the left, down to bottom, with lines beside it, inset from both
	// sides so that they stay in the middle of the page.
	floating, page, bottom, inset := false, 0, 0.0, 0.0
	pass := func() {
		if floating && page == len(d.pages) {
			d.y = min(d.y, bottom)
		}
		floating, inset = false, 0
	}
	settings := d.settings(t, l)
	for i, s := range settings {
		st := s.style
		if grouped := s.is("sign") || s.is("qr"); grouped && (i == 0 || !settings[i-1].grouped()) {
			pass()
			d.room(d.groupHeight(settings[i:], l))
		} else if !grouped {
			st.Keep = d.keep(settings[i+1:], l)
			if st.Bold { // a heading is not the last line of a page
				st.Keep = max(st.Keep, 2*letterSize*letterLead)
			}
		}
		if floating && (d.y <= bottom || !s.is("center") && !s.is("right") && !s.is("sign")) {
			pass()
		}
		st.Left, st.Right = st.Left+inset, st.Right+inset
		switch {
		case s.is("page"):
			d.NewPage()
		case s.is("rule"):
			d.Rule()
		case s.is("space"):
			d.Space(letterSize * letterLead)
		case s.is("emblem"):
			p, err := d.Picture(l.Emblem)
			if err != nil {
				return err
			}
			inset = d.Show(p, 0, emblemSize) + gapSize
			floating, page, bottom = true, len(d.pages), d.y-emblemSize-4
		case s.is("qr"):
			if err := d.Code(l.QR, -4, codeSize); err != nil {
				return err
			}
			top := d.y
			d.y -= codeSize
			d.set(s.left, Style{Size: 8.5, Lead: 1.4, Right: d.Width() * signIndent})
			floating, page, bottom = true, len(d.pages), d.y
			d.y = top
		case s.is("sign") && len(s.left) == 0:
			d.y -= st.Size * st.Lead
		case s.is("split"):
			d.split(s.left, s.right, st)
		case s.is("each"):
			d.each(s.parts, l, st)
		case s.is("table"):
			d.rows(s.left)
		case len(s.left) == 0:
			d.Space(gapSize)
		default:
			d.set(s.left, st)
		}
	}
	pass()
	return nil
}

func (s setting) grouped() bool { return s.is("sign") || s.is("qr") }

// settings fills the lines of a template, leaving out what the letter does not have,
// and gaps that then stand at the top or after another gap.
func (d *Doc) settings(t *Template, l LetterData) (out []setting) {
	for _, line := range t.lines {
		s := setting{templateLine: line, style: Style{Size: letterSize, Lead: letterLead}}
		var gone bool
		s.left, gone = fill(line.parts, l.Fields)
		if line.is("split") {
			var rightGone bool
			s.right, rightGone = fill(line.right, l.Fields)
			if gone {
				s.left = nil
			}
			if rightGone {
				s.right = nil
			}
			gone = len(s.left)+len(s.right) == 0
		}
		if line.is("each") {
			gone = false
			for _, p := range line.parts {
				gone = gone || p.field != "" && p.field != "n" && strings.TrimSpace(l.Fields[p.field]) == ""
			}
		}
		gone = gone || line.is("emblem") && len(l.Emblem) == 0 || line.is("qr") && l.QR == ""
		gap := len(line.marks) == 0 && len(line.parts) == 0
		if gone || gap && (len(out) == 0 || len(out[len(out)-1].left) == 0 && len(out[len(out)-1].marks) == 0) {
			continue
		}
		for _, mark := range line.marks {
			switch mark {
			case "center", "sign":
				s.style.Align = Center
			case "right":
				s.style.Align = Right
			case "justify":
				s.style.Align = Justify
			case "bold":
				s.style.Bold = true
			case "small":
				s.style.Size = 9.5
			case "large":
				s.style.Size = 17
				s.style.Lead = 1.45
			case "title":
				s.style.Size = 13.5
			}
		}
		if line.is("sign") {
			s.style.Left = d.Width() * signIndent
		}
		for i := range s.left {
			s.left[i].bold = s.left[i].bold || s.style.Bold
		}
		for i := range s.right {
			s.right[i].bold = s.right[i].bold || s.style.Bold
		}
		// A field of several paragraphs becomes as many settings.
		if line.is("split") || line.is("each") || line.is("table") || len(s.left) != 1 || !strings.Contains(s.left[0].text, "\n\n") {
			out = append(out, s)
			continue
		}
		for i, text := range strings.Split(s.left[0].text, "\n\n") {
			if text = strings.TrimSpace(text); text == "" {
				continue
			}
			if i > 0 {
				out = append(out, setting{})
			}
			part := s
			part.left = []piece{{text, s.left[0].bold}}
			out = append(out, part)
		}
	}
	return out
}

// keep gives how much must follow on the same page: the signatures that come next,
// gaps included.
func (d *Doc) keep(rest []setting, l LetterData) (h float64) {
	for i, s := range rest {
		if s.grouped() {
			return h + d.groupHeight(rest[i:], l)
		}
		if len(s.left) > 0 || len(s.marks) > 0 {
			return 0
		}
		h += gapSize
	}
	return 0
}

// groupHeight gives the height of the signatures and codes with which rest begins.
func (d *Doc) groupHeight(rest []setting, l LetterData) float64 {
	var code, sign float64
	for _, s := range rest {
		switch {
		case s.is("qr"):
			code = codeSize + 2*8.5*1.4
		case s.is("sign"):
			lead := s.style.Size * s.style.Lead
			n := 1
			if len(s.left) > 0 {
				n = len(d.lines(s.left, int(d.Width()*signIndent/s.style.Size*1000)))
			}
			sign += lead * float64(n)
		default:
			return max(code, sign)
		}
	}
	return max(code, sign)
}

// split sets a at the left edge and b at the right one, on one line if they fit.
func (d *Doc) split(a, b []piece, st Style) {
	width := d.Width() - st.Left - st.Right
	max := int(width / st.Size * 1000)
	left, right := d.lines(a, max), d.lines(b, max)
	if len(left) != 1 || len(right) != 1 || left[0].width+right[0].width+2*spaceWidth > max {
		d.set(a, st)
		st.Align = Right
		d.set(b, st)
		return
	}
	d.room(st.Size*st.Lead + st.Keep)
	d.line(left[0], d.o.Margin+st.Left, d.y, width, st)
	st.Align = Right
	d.line(right[0], d.o.Margin+st.Left, d.y, width, st)
	d.y -= st.Size * st.Lead
}

// rows sets the lines of a field as a table.
func (d *Doc) rows(pieces []piece) {
	var t *Table
	for _, p := range pieces {
		for line := range strings.SplitSeq(strings.TrimSpace(p.text), "\n") {
			cells := strings.Split(line, "|")
			if t != nil {
				t.Row(cells...)
				continue
			}
			columns := []Column{{Title: cells[0], Width: 2}}
			for _, c := range cells[1:] {
				columns = append(columns, Column{Title: c, Width: 1, Align: Right})
			}
			t = d.Table(columns, Style{Size: 10})
		}
	}
}

// each sets a line for each line of its field. What stands before the field and its
// space hangs in the margin of the text.
func (d *Doc) each(parts []part, l LetterData, st Style) {
	n := 0
	var field string
	for _, p := range parts {
		if p.field != "" && p.field != "n" {
			field = p.field
		}
	}
	items := strings.Split(strings.TrimSpace(l.Fields[field]), "\n")
	keep := st.Keep
	cut := max(0, slices.IndexFunc(parts, func(p part) bool { return p.field == field }))
	before := func(n int) []piece {
		pieces, _ := fill(parts[:cut], map[string]string{"n": d.o.Digits(strconv.Itoa(n))})
		return pieces
	}
	by := textWidth(d.words(before(len(items)))[0], st.Size)
	if by > 0 {
		by += 1.3 * spaceWidth * st.Size / 1000
	}
	st.Left += by
	for i, item := range items {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		n++
		pieces, _ := fill(parts[cut:], map[string]string{"n": d.o.Digits(strconv.Itoa(n)), field: item})
		for i := range pieces {
			pieces[i].bold = pieces[i].bold || st.Bold
		}
		st.Keep = 0
		if i == len(items)-1 {
			st.Keep = keep
		}
		d.hang(before(n), by, pieces, st)
	}
}
