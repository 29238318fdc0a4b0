package paper

import (
	"bytes"
	"embed"
	"slices"
	"strconv"
	"sync"
	"unicode"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"
)

//go:embed fonts/*.ttf fonts/OFL.txt
var fontFiles embed.FS

// A typeface is one font file, read once and never changed. All four have 1,000
// units to the em, which is also what PDF counts in.
type typeface struct {
	name   string // its PostScript name
	script language.Script
	tables map[string][]byte
	font   *font.Font
	letter map[font.GID]rune // the letter a glyph stands for by itself
}

// The typefaces: a bold one stands after its regular one.
const (
	devanagari = iota
	devanagariBold
	latin
	latinBold
	typefaces
)

// A font is read when it is first needed: a document without Latin never pays for it.
var fonts = [typefaces]func() *typeface{
	sync.OnceValue(func() *typeface { return readFont("NotoSansDevanagari-Regular", language.Devanagari) }),
	sync.OnceValue(func() *typeface { return readFont("NotoSansDevanagari-Bold", language.Devanagari) }),
	sync.OnceValue(func() *typeface { return readFont("NotoSans-Regular", language.Latin) }),
	sync.OnceValue(func() *typeface { return readFont("NotoSans-Bold", language.Latin) }),
}

// readFont panics on a faulty file: the files are our own.
func readFont(name string, script language.Script) *typeface {
	raw, err := fontFiles.ReadFile("fonts/" + name + ".ttf")
	if err != nil {
		panic(err)
	}
	face, err := font.ParseTTF(bytes.NewReader(raw))
	if err != nil {
		panic(err)
	}
	if face.Upem() != 1000 {
		panic(name + ": not 1,000 units to the em")
	}
	t := &typeface{name: name, script: script, tables: sfntTables(raw), font: face.Font, letter: map[font.GID]rune{}}
	for it := face.Cmap.Iter(); it.Next(); {
		r, g := it.Char()
		if old, ok := t.letter[g]; !ok || r < old {
			t.letter[g] = r
		}
	}
	return t
}

// A face is a typeface at work in one document: it remembers which glyphs are used
// and what words look like.
type face struct {
	*typeface
	resource string // its name on pages
	kind     int    // devanagari or latin
	bold     bool
	hb       *harfbuzz.Font
	buffer   *harfbuzz.Buffer
	number   map[font.GID]uint16 // glyph in the file to glyph in the document
	glyphs   []used              // by number in the document; the first is the empty box
	shaped   map[string]*run
}

// used is a glyph of a document.
type used struct {
	id      font.GID // in the font file
	advance int
	text    string // what it stands for, for readers that do not know ActualText
	sure    bool   // the text is the glyph's own, not a guess from its neighbours
}

// A glyph as placed in a run: number in the document, advance, and offset.
type glyph struct {
	number          uint16
	advance, dx, dy int
}

// A run is a piece of a word in one face, shaped. Lengths are 1/1000 em.
type run struct {
	face   *face
	glyphs []glyph
	width  int
}

const (
	cacheWords = 20_000 // after so many different words a face forgets what it has shaped
	spaceWidth = 260    // of all four fonts
)

func newFace(kind int, bold bool) *face {
	n := kind
	if bold {
		n++
	}
	t := fonts[n]()
	f := &face{typeface: t, resource: "F" + strconv.Itoa(n), kind: kind, bold: bold, hb: harfbuzz.NewFont(font.NewFace(t.font)), buffer: harfbuzz.NewBuffer(),
		number: map[font.GID]uint16{}, shaped: map[string]*run{}}
	f.use(0)
	return f
}

// use gives the document's number of the glyph, a new one at first use.
func (f *face) use(id font.GID) uint16 {
	n, ok := f.number[id]
	if !ok {
		n = uint16(len(f.glyphs))
		u := used{id: id, advance: be16(f.tables["hmtx"], 4*min(int(id), be16(f.tables["hhea"], 34)-1))}
		if r, ok := f.letter[id]; ok {
			u.text, u.sure = string(r), true
		}
		f.number[id] = n
		f.glyphs = append(f.glyphs, u)
	}
	return n
}

// has reports whether the font can show r.
func (f *face) has(r rune) bool {
	_, ok := f.font.NominalGlyph(r)
	return ok
}

// shape sets a piece of a word.
func (f *face) shape(text string) *run {
	if r, ok := f.shaped[text]; ok {
		return r
	}
	letters := []rune(text)
	b := f.buffer
	b.Clear()
	b.AddRunes(letters, 0, -1)
	b.Pos = slices.Grow(b.Pos, 4*len(letters)+16) // v0.3.5 swaps positions of glyphs it has inserted before making room for them
	b.Props = harfbuzz.SegmentProperties{Direction: harfbuzz.LeftToRight, Script: f.script, Language: hindi}
	b.Shape(f.hb, nil)
	r := &run{face: f, glyphs: make([]glyph, 0, len(b.Info))}
	for i, info := range b.Info {
		p, id := b.Pos[i], font.GID(info.Glyph)
		number := f.use(id)
		if p.XAdvance == 0 && len(f.outline(id)) == 0 {
			continue // stands for a joiner; drawn, it would look like a space to some readers
		}
		r.glyphs = append(r.glyphs, glyph{number, int(p.XAdvance), int(p.XOffset), int(p.YOffset)})
		r.width += int(p.XAdvance)
	}
	f.guessTexts(letters)
	if len(f.shaped) >= cacheWords {
		clear(f.shaped)
	}
	f.shaped[text] = r
	return r
}

var hindi = language.NewLanguage("hi")

// guessTexts gives the glyphs just shaped that are no letter's own (half forms,
// conjuncts) the letters of their syllable that no other glyph there stands for.
// It is a guess: only readers that ignore ActualText see it.
func (f *face) guessTexts(letters []rune) {
	info := f.buffer.Info
	for start := 0; start < len(info); {
		end := start + 1
		for end < len(info) && info[end].Cluster == info[start].Cluster {
			end++
		}
		last := len(letters)
		if end < len(info) {
			last = max(info[end].Cluster, info[start].Cluster)
		}
		rest := append([]rune(nil), letters[info[start].Cluster:last]...)
		var open []uint16
		for _, g := range info[start:end] {
			n := f.number[font.GID(g.Glyph)]
			if u := f.glyphs[n]; !u.sure {
				open = append(open, n)
			} else if i := indexRune(rest, u.text); i >= 0 {
				rest = append(rest[:i], rest[i+1:]...)
			}
		}
		if len(open) > 0 && len(rest) > 0 {
			u := &f.glyphs[open[0]]
			if text := string(rest); u.text == "" || len(text) < len(u.text) {
				u.text = text
			}
		}
		start = end
	}
}

func indexRune(letters []rune, s string) int {
	for i, r := range letters {
		if string(r) == s {
			return i
		}
	}
	return -1
}

func isDevanagari(r rune) bool {
	return r >= 0x900 && r <= 0x97F || r >= 0xA8E0 && r <= 0xA8FF || r >= 0x1CD0 && r <= 0x1CFF
}

// isJoiner reports whether r only tells how its neighbours join.
func isJoiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

// continues reports whether r belongs to the syllable that before ends.
func continues(before, r rune) bool {
	const halant = '\u094d'
	return before == halant || before == '\u200d' || isJoiner(r) || unicode.Is(unicode.M, r)
}
