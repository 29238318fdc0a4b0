package paper

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A piece of text, bold or not. Words run on from one piece into the next.
type piece struct {
	text string
	bold bool
}

// A word stands between two spaces.
type word struct {
	text  string
	runs  []*run
	width int  // 1/1000 em
	plain bool // the glyphs tell the text by themselves
	glued bool // never begins a line: a danda or other sign set off by a space
}

// A line of words that fits its column.
type line struct {
	words []word
	width int  // 1/1000 em, with a space's width between words
	last  bool // of its paragraph, or before a break: not stretched
}

// clean makes s fit to print: valid UTF-8, without control characters other than
// line breaks.
func clean(s string) string {
	fit := func(r rune) bool {
		return r >= ' ' && r < 0x7F || r == '\n' || r >= 0xA0 && r != utf8.RuneError && r != '\ufeff'
	}
	for _, r := range s {
		if !fit(r) {
			s = strings.ReplaceAll(strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n"), "\t", " ")
			return strings.Map(func(r rune) rune {
				if fit(r) || r == '\ufffd' {
					return r
				}
				return -1
			}, s)
		}
	}
	return s
}

// lines breaks text into lines at most max wide (1/1000 em): at line breaks, between
// words, and, in a word wider than that, between syllables.
func (d *Doc) lines(pieces []piece, max int) (out []line) {
	var now line
	end := func(last bool) {
		now.last = last
		out = append(out, now)
		now = line{}
	}
	for n, words := range d.words(pieces) {
		if n > 0 {
			end(true)
		}
		for i := 0; i < len(words); {
			next := i + 1
			group := words[i].width
			for ; next < len(words) && words[next].glued; next++ {
				group += spaceWidth + words[next].width
			}
			if len(now.words) > 0 && now.width+spaceWidth+group > max {
				end(false)
			}
			if group > max && next > i+1 { // the sign does not fit beside the word: let it go
				words[i+1].glued = false
				next, group = i+1, words[i].width
			}
			if group > max {
				parts := d.syllables(words[i], max)
				for _, part := range parts[:len(parts)-1] {
					now.words, now.width = []word{part}, part.width
					end(false)
				}
				words[i] = parts[len(parts)-1]
				group = words[i].width
			}
			if len(now.words) > 0 {
				now.width += spaceWidth
			}
			now.words = append(now.words, words[i:next]...)
			now.width += group
			i = next
		}
	}
	end(true)
	return out
}

// words cuts text at spaces and shapes what stands between; the outer slices are the
// lines that the text itself asks for. A no-break space is part of its word.
func (d *Doc) words(pieces []piece) [][]word {
	out := [][]word{nil}
	var now []piece
	end := func() {
		if len(now) > 0 {
			last := len(out) - 1
			out[last] = append(out[last], d.word(now))
			now = nil
		}
	}
	for _, p := range pieces {
		s := clean(p.text)
		for s != "" {
			i := strings.IndexAny(s, " \n")
			if i < 0 {
				i = len(s)
			}
			if i > 0 {
				now = append(now, piece{s[:i], p.bold})
			}
			if i < len(s) {
				end()
				if s[i] == '\n' {
					out = append(out, nil)
				}
				i++
			}
			s = s[i:]
		}
	}
	end()
	return out
}

// word shapes the pieces of one word.
func (d *Doc) word(pieces []piece) word {
	w := word{plain: true}
	for _, p := range pieces {
		w.text += p.text
	}
	script := d.leadingScript(w.text)
	for _, p := range pieces {
		start := 0
		var now *face
		for i, r := range p.text {
			f := d.face(d.scriptOf(r, script), p.bold)
			if now != nil && f != now {
				w.runs = append(w.runs, now.shape(p.text[start:i]))
				start = i
			}
			if isDevanagari(r) {
				w.plain = false
			}
			now, script = f, f.kind
		}
		w.runs = append(w.runs, now.shape(p.text[start:]))
	}
	var told strings.Builder
	for _, r := range w.runs {
		w.width += r.width
		for _, g := range r.glyphs {
			u := r.face.glyphs[g.number]
			w.plain = w.plain && u.sure
			told.WriteString(u.text)
		}
	}
	w.plain = w.plain && told.String() == w.text
	w.glued = strings.Trim(w.text, "।॥,.;:?)]}%") == ""
	return w
}

// leadingScript tells which script the first letter of a word has that only one of
// the fonts knows; signs and digits before it are set in the same font.
func (d *Doc) leadingScript(text string) int {
	for _, r := range text {
		if s := d.scriptOf(r, -1); s >= 0 {
			return s
		}
	}
	return devanagari
}

// scriptOf gives the font (devanagari or latin) for r after a letter set in before.
// What both fonts have, or none, stays in the font before it.
func (d *Doc) scriptOf(r rune, before int) int {
	switch {
	case isDevanagari(r):
		return devanagari
	case isJoiner(r) || unicode.Is(unicode.M, r) || d.face(devanagari, false).has(r):
		return before
	case d.face(latin, false).has(r):
		return latin
	}
	return before
}

// syllables cuts a word into parts at most max wide, never inside a syllable, which
// may therefore be wider.
func (d *Doc) syllables(w word, max int) (parts []word) {
	var bold bool // of the first piece: words so long are no prose
	for _, r := range w.runs {
		bold = r.face.bold
		break
	}
	start, fits := 0, 0
	for i, r := range w.text {
		before, _ := utf8.DecodeLastRuneInString(w.text[:i])
		if i == 0 || continues(before, r) {
			continue
		}
		if d.word([]piece{{w.text[start:i], bold}}).width <= max {
			fits = i
			continue
		}
		if fits > start {
			parts = append(parts, d.word([]piece{{w.text[start:fits], bold}}))
			start = fits
		}
		fits = i
	}
	rest := d.word([]piece{{w.text[start:], bold}})
	if rest.width > max && fits > start {
		parts = append(parts, d.word([]piece{{w.text[start:fits], bold}}))
		rest = d.word([]piece{{w.text[fits:], bold}})
	}
	return append(parts, rest)
}
