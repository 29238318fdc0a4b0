package paper

import (
	"crypto/sha256"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// MM is a millimetre in points.
const MM = 72 / 25.4

// A4 in points, upright.
const (
	a4Width  = 595.28
	a4Height = 841.89
)

// Options of a document. The zero value is an upright A4 page in Hindi.
type Options struct {
	Title     string              // shown by the reader's window
	Author    string              // the body that issues the paper
	Lang      string              // BCP 47; "hi" if empty
	Time      time.Time           // when it was made; none if zero
	Landscape bool                // A4 on its side
	Margin    float64             // on all sides; 20 mm if 0
	Digits    func(string) string // turns ASCII digits into the reader's; may be nil
	Header    func(page int) Band // above each page; may be nil
	Footer    func(page int) Band // below each page; may be nil
}

// A Band is a small line above or below a page. In it {page} and {pages} stand for
// the page's number and the number of pages.
type Band struct{ Left, Right string }

// Align says where lines stand in their column.
type Align int

// The ways to align.
const (
	Left Align = iota
	Right
	Center
	Justify // both edges straight, the last line of a paragraph left
)

// Style of a paragraph. Sizes and distances are points.
type Style struct {
	Size        float64 // of letters; 11 if 0
	Bold        bool
	Align       Align
	Lead        float64 // line distance as a multiple of Size; 1.6 if 0: Devanagari needs air
	Left, Right float64 // indents
	After       float64 // space after the paragraph
	Keep        float64 // so much must fit on the page under the last line
}

// A Doc is a PDF being written to a writer, page by page. Make one with [New], call
// Close at the end. Faults of the writer are kept and told by Close.
type Doc struct {
	file     *file
	o        Options
	w, h     float64 // of the page
	faces    [typefaces]*face
	fonts    object // the dictionary of fonts, for all pages
	root     object // the tree of pages
	pages    []object
	pictures map[string]*Picture

	// The page being written.
	open    bool
	content []byte
	y       float64  // the top of what comes next
	uses    []object // pictures and the total of pages shown on it

	// The section: pages that are counted together.
	page  int    // number of the page
	total object // shows the number of pages; promised when first shown
}

// New begins a document.
func New(w io.Writer, o Options) *Doc {
	if o.Lang == "" {
		o.Lang = "hi"
	}
	if o.Margin == 0 {
		o.Margin = 20 * MM
	}
	if o.Digits == nil {
		o.Digits = func(s string) string { return s }
	}
	d := &Doc{file: newFile(w), o: o, w: a4Width, h: a4Height, pictures: map[string]*Picture{}}
	if o.Landscape {
		d.w, d.h = d.h, d.w
	}
	d.fonts, d.root = d.file.promise(), d.file.promise()
	return d
}

// Width gives the width between the margins.
func (d *Doc) Width() float64 { return d.w - 2*d.o.Margin }

// face gives the document's face for script (devanagari or latin).
func (d *Doc) face(script int, bold bool) *face {
	n := script
	if bold {
		n++
	}
	if d.faces[n] == nil {
		d.faces[n] = newFace(script, bold)
	}
	return d.faces[n]
}

// Text sets a paragraph. A line break in s breaks the line.
func (d *Doc) Text(s string, st Style) { d.set([]piece{{s, st.Bold}}, st) }

func (d *Doc) set(pieces []piece, st Style) { d.hang(nil, 0, pieces, st) }

// hang sets a paragraph, never leaving one line of it alone on a page, with a mark
// before its first line, as far out as by.
func (d *Doc) hang(mark []piece, by float64, pieces []piece, st Style) {
	st = st.withDefaults()
	lead := st.Size * st.Lead
	width := d.Width() - st.Left - st.Right
	lines := d.lines(pieces, int(width/st.Size*1000))
	for i, l := range lines {
		rest := len(lines) - i
		need := lead
		switch {
		case rest == 1:
			need += st.Keep
		case rest == 2:
			need += lead + st.Keep
		case i == 0 && rest == 3:
			need += 2*lead + st.Keep
		case i == 0:
			need += lead
		}
		d.room(need)
		if i == 0 && len(mark) > 0 {
			d.line(line{words: d.words(mark)[0]}, d.o.Margin+st.Left-by, d.y, by, Style{Size: st.Size, Lead: st.Lead})
		}
		d.line(l, d.o.Margin+st.Left, d.y, width, st)
		d.y -= lead
	}
	d.y -= st.After
}

func (st Style) withDefaults() Style {
	if st.Size == 0 {
		st.Size = 11
	}
	if st.Lead == 0 {
		st.Lead = 1.6
	}
	return st
}

// maxStretch is how much wider a space may be made, in 1/1000 em.
const maxStretch = 400

// line draws a line whose top is y in the column from x.
func (d *Doc) line(l line, x, y, width float64, st Style) {
	const ascent, descent = 0.896, 0.408 // of Noto Sans Devanagari
	free := width - float64(l.width)*st.Size/1000
	stretch := 0.0 // added to each space, 1/1000 em
	switch {
	case st.Align == Right:
		x += free
	case st.Align == Center:
		x += free / 2
	case st.Align == Justify && !l.last && len(l.words) > 1:
		// A line that would be full of holes stays as it is.
		if s := free / float64(len(l.words)-1) / st.Size * 1000; s <= maxStretch {
			stretch = s
		}
	}
	y -= st.Size * ((st.Lead-ascent-descent)/2 + ascent)
	d.content = showWords(d.content, l.words, x, y, st.Size, stretch)
}

// showWords writes words on a base line from x, y.
func showWords(b []byte, words []word, x, y, size, stretch float64) []byte {
	if len(words) == 0 {
		return b
	}
	b = appendNumber(append(b, "BT "...), x)
	b = appendNumber(append(b, ' '), y)
	b = append(b, " Td"...)
	var now *face
	array, str := false, false // inside [ ] and < >
	rise, shift := 0, 0        // shift: owed to the left before the next glyph
	endString := func() {
		if str {
			b, str = append(b, '>'), false
		}
	}
	endArray := func() {
		if shift != 0 && array {
			endString()
			b = strconv.AppendInt(b, int64(shift), 10)
			shift = 0
		}
		endString()
		if array {
			b, array = append(b, "]TJ\n"...), false
		}
	}
	show := func(g glyph) {
		if g.dy != rise {
			endArray()
			b = appendNumber(b, float64(g.dy)*size/1000)
			b, rise = append(b, " Ts"...), g.dy
		}
		if !array {
			b, array = append(b, '['), true
		}
		if shift -= g.dx; shift != 0 {
			endString()
			b = strconv.AppendInt(b, int64(shift), 10)
		}
		if !str {
			b, str = append(b, '<'), true
		}
		b = appendHex(b, g.number)
		shift = g.dx + now.glyphs[g.number].advance - g.advance
	}
	for i, w := range words {
		if !w.plain {
			endArray()
			b = append(appendText(append(b, "/Span<</ActualText"...), w.text), ">>BDC\n"...)
		}
		for _, r := range w.runs {
			if r.face != now {
				endArray()
				now = r.face
				b = append(append(append(b, '/'), now.resource...), ' ')
				b = append(appendNumber(b, size), " Tf "...)
			}
			for _, g := range r.glyphs {
				show(g)
			}
		}
		if !w.plain {
			endArray()
			b = append(b, "EMC\n"...)
		}
		if i+1 < len(words) {
			space, _ := now.font.NominalGlyph(' ')
			width := spaceWidth + int(stretch+0.5)
			show(glyph{number: now.use(space), advance: width})
		}
	}
	endArray()
	if rise != 0 {
		b = append(b, "0 Ts "...)
	}
	return append(b, "ET\n"...)
}

func appendHex(b []byte, n uint16) []byte {
	const digits = "0123456789ABCDEF"
	return append(b, digits[n>>12], digits[n>>8&15], digits[n>>4&15], digits[n&15])
}

// Space leaves h free.
func (d *Doc) Space(h float64) {
	if d.open { // none at the top of a page
		d.y -= h
	}
}

// Rule draws a line across.
func (d *Doc) Rule() {
	d.room(8)
	d.hline(d.o.Margin, d.w-d.o.Margin, d.y-3, 0.8, 0)
	d.y -= 8
}

// hline draws a horizontal line; grey is 0 for black to 1 for white.
func (d *Doc) hline(x1, x2, y, thick, grey float64) {
	d.fill(x1, y-thick/2, x2-x1, thick, grey)
}

// fill paints a rectangle.
func (d *Doc) fill(x, y, w, h, grey float64) {
	if grey != 0 {
		d.content = append(appendNumber(d.content, grey), " g "...)
	}
	for _, v := range []float64{x, y, w, h} {
		d.content = append(appendNumber(d.content, v), ' ')
	}
	d.content = append(d.content, "re f\n"...)
	if grey != 0 {
		d.content = append(d.content, "0 g\n"...)
	}
}

// room sees that h fits on the page, or begins the next one.
func (d *Doc) room(h float64) {
	if d.open && d.y-h < d.o.Margin-0.01 && d.y < d.top() {
		d.NewPage()
	}
	d.start()
}

func (d *Doc) top() float64 { return d.h - d.o.Margin }

// start opens a page if none is open.
func (d *Doc) start() {
	if d.open {
		return
	}
	d.open, d.content, d.uses = true, d.content[:0], d.uses[:0]
	d.page++
	d.y = d.top()
	if d.o.Header != nil {
		d.band(d.o.Header(d.page), d.h-d.o.Margin*0.72)
	}
	if d.o.Footer != nil {
		d.band(d.o.Footer(d.page), d.o.Margin*0.72)
	}
}

const bandSize = 8.5

// band draws a band with its top at y.
func (d *Doc) band(b Band, y float64) {
	for _, part := range []struct {
		text  string
		align Align
	}{{b.Left, Left}, {b.Right, Right}} {
		if part.text == "" {
			continue
		}
		n := d.o.Digits(strconv.Itoa(d.page))
		text := strings.ReplaceAll(part.text, "{page}", n)
		// The number of pages is known at the end only: a small drawing of its own is
		// shown here and made then. Room is kept for as many digits as the page has.
		before, after, counted := strings.Cut(text, "{pages}")
		head, gap, tail := d.words([]piece{{before, false}})[0], 0.0, d.words([]piece{{after, false}})[0]
		width := textWidth(head, bandSize) + textWidth(tail, bandSize)
		if counted {
			gap = spaceWidth*bandSize/1000 + textWidth(d.words([]piece{{n, false}})[0], bandSize)
			if len(tail) > 0 {
				gap += spaceWidth * bandSize / 1000
			}
		}
		x := d.o.Margin
		if part.align == Right {
			x = d.w - d.o.Margin - width - gap
		}
		d.content = showWords(d.content, head, x, y-bandSize, bandSize, 0)
		x += textWidth(head, bandSize)
		if counted {
			if d.total == 0 {
				d.total = d.file.promise()
			}
			d.place(d.total, x+spaceWidth*bandSize/1000, y-bandSize, 1, 1)
		}
		d.content = showWords(d.content, tail, x+gap, y-bandSize, bandSize, 0)
	}
}

func textWidth(words []word, size float64) (w float64) {
	for i, word := range words {
		if i > 0 {
			w += spaceWidth * size / 1000
		}
		w += float64(word.width) * size / 1000
	}
	return w
}

// place shows a picture or drawing at x, y, made w wide and h high.
func (d *Doc) place(o object, x, y, w, h float64) {
	d.uses = append(d.uses, o)
	d.content = append(d.content, "q "...)
	for _, v := range []float64{w, 0, 0, h, x, y} {
		d.content = append(appendNumber(d.content, v), ' ')
	}
	d.content = fmt.Appendf(d.content, "cm/X%d Do Q\n", o)
}

// NewPage ends the page; the next thing set begins another.
func (d *Doc) NewPage() {
	if !d.open {
		return
	}
	d.open = false
	content := d.file.promise()
	d.file.stream(content, "", d.content)
	shown := ""
	for i, o := range d.uses {
		if i == 0 || o != d.uses[i-1] {
			shown += fmt.Sprintf("/X%d %v", o, o)
		}
	}
	if shown != "" {
		shown = "/XObject<<" + shown + ">>"
	}
	d.pages = append(d.pages, d.file.add(fmt.Sprintf("<</Type/Page/Parent %v/Resources<</Font %v%s>>/Contents %v>>", d.root, d.fonts, shown, content)))
}

// Section ends the page and begins to count pages anew.
func (d *Doc) Section() {
	d.NewPage()
	if d.total != 0 {
		words := d.words([]piece{{d.o.Digits(strconv.Itoa(d.page)), false}})[0]
		d.file.stream(d.total, fmt.Sprintf("/Type/XObject/Subtype/Form/BBox[0 -5 60 12]/Resources<</Font %v>>", d.fonts), showWords(nil, words, 0, 0, bandSize, 0))
	}
	d.page, d.total = 0, 0
}

// Close ends the document and tells the first fault met.
func (d *Doc) Close() error {
	if len(d.pages) == 0 {
		d.start()
	}
	d.Section()
	dict := ""
	for _, f := range d.faces {
		if f != nil && len(f.shaped) > 0 {
			dict += fmt.Sprintf("/%s %v", f.resource, d.embed(f))
		}
	}
	d.file.put(d.fonts, "<<"+dict+">>")
	kids := make([]byte, 0, 12*len(d.pages))
	for _, p := range d.pages {
		kids = fmt.Appendf(kids, "%v ", p)
	}
	d.file.put(d.root, fmt.Sprintf("<</Type/Pages/Count %d/MediaBox[0 0 %v %v]/Kids[%s]>>", len(d.pages), d.w, d.h, kids))
	catalog := d.file.add(fmt.Sprintf("<</Type/Catalog/Pages %v/Lang(%s)/ViewerPreferences<</DisplayDocTitle true>>>>", d.root, d.o.Lang))
	info := "/Title" + pdfText(clean(d.o.Title)) + "/Producer(Sangathan)"
	if d.o.Author != "" {
		info += "/Author" + pdfText(clean(d.o.Author))
	}
	if !d.o.Time.IsZero() {
		t := strings.ReplaceAll(d.o.Time.Format("20060102150405-07:00"), ":", "'") + "'"
		info += "/CreationDate(D:" + t + ")/ModDate(D:" + t + ")"
	}
	return d.file.close(catalog, d.file.add("<<"+info+">>"))
}

// embed writes a face's font and gives the object by which pages name it.
func (d *Doc) embed(f *face) object {
	letters := len(f.glyphs) // the font may get parts of glyphs behind them
	font := f.subset()
	data := d.file.promise()
	d.file.stream(data, fmt.Sprintf("/Length1 %d", len(font)), font)
	name := subsetTag(font) + "+" + f.name
	box := make([]int16, 4)
	for i := range box {
		box[i] = int16(be16(f.tables["head"], 36+2*i))
	}
	bold := 80
	if f.bold {
		bold = 140
	}
	descriptor := d.file.add(fmt.Sprintf("<</Type/FontDescriptor/FontName/%s/Flags 4/FontBBox[%d %d %d %d]/ItalicAngle 0/Ascent %d/Descent %d/CapHeight 714/StemV %d/FontFile2 %v>>",
		name, box[0], box[1], box[2], box[3], int16(be16(f.tables["hhea"], 4)), int16(be16(f.tables["hhea"], 6)), bold, data))
	widths := make([]byte, 0, 4*letters)
	codes := []byte("/CIDInit/ProcSet findresource begin 12 dict begin begincmap/CMapName/T def/CMapType 2 def\n1 begincodespacerange<0000><FFFF>endcodespacerange\n")
	for n, u := range f.glyphs[:letters] {
		widths = append(strconv.AppendInt(widths, int64(u.advance), 10), ' ')
		if n%100 == 0 {
			if n > 0 {
				codes = append(codes, "endbfchar\n"...)
			}
			codes = append(strconv.AppendInt(codes, int64(countTold(f.glyphs[n:min(n+100, letters)])), 10), " beginbfchar\n"...)
		}
		if u.text != "" {
			codes = append(append(appendHex(append(codes, '<'), uint16(n)), '>', '<'), hexText(u.text)...)
			codes = append(codes, ">\n"...)
		}
	}
	codes = append(codes, "endbfchar\nendcmap end end"...)
	told := d.file.promise()
	d.file.stream(told, "", codes)
	cid := d.file.add(fmt.Sprintf("<</Type/Font/Subtype/CIDFontType2/BaseFont/%s/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor %v/DW 0/W[0[%s]]/CIDToGIDMap/Identity>>", name, descriptor, widths))
	return d.file.add(fmt.Sprintf("<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%v]/ToUnicode %v>>", name, cid, told))
}

// subsetTag names a subset by its content: six capital letters, as the format asks.
func subsetTag(font []byte) string {
	sum := sha256.Sum256(font)
	for i := range 6 {
		sum[i] = 'A' + sum[i]%26
	}
	return string(sum[:6])
}

// countTold counts the glyphs whose text is known.
func countTold(glyphs []used) (n int) {
	for _, u := range glyphs {
		if u.text != "" {
			n++
		}
	}
	return n
}
