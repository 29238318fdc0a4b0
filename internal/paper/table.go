package paper

// A Column of a table or list.
type Column struct {
	Title string
	Width float64 // share of the width, relative to the other columns
	Align Align
}

// A Table is being drawn row by row. Its head is repeated on every page; a row stays
// whole unless it is taller than a page, and a line always does.
type Table struct {
	doc     *Doc
	columns []Column
	x       []float64 // left edge of each column, and the right edge of the last
	style   Style
	head    [][]line
	heading []line // over the rows that come; set again on every page
}

// The room around the text of a cell.
const (
	cellSide = 3.5
	cellTop  = 2
)

// Table begins a table as wide as the page allows and draws its head. Of the style
// only Size and Lead are used (9 and 1.45 if 0).
func (d *Doc) Table(columns []Column, st Style) *Table {
	if st.Size == 0 {
		st.Size = 9
	}
	if st.Lead == 0 {
		st.Lead = 1.45
	}
	t := &Table{doc: d, columns: columns, x: []float64{d.o.Margin}, style: Style{Size: st.Size, Lead: st.Lead}}
	var sum float64
	for _, c := range columns {
		sum += c.Width
	}
	for i, c := range columns {
		share := 1 / float64(len(columns))
		if sum > 0 {
			share = c.Width / sum
		}
		t.x = append(t.x, t.x[i]+share*d.Width())
	}
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = c.Title
	}
	t.head = t.cells(titles, true)
	for i, c := range t.head {
		t.head[i] = c[:min(len(c), t.most())]
	}
	d.room(t.height(t.head) + 2*(t.lead()+2*cellTop))
	t.drawHead()
	return t
}

func (t *Table) lead() float64 { return t.style.Size * t.style.Lead }

// most is the most lines of a head or heading: a third of the page.
func (t *Table) most() int { return int((t.doc.top() - t.doc.o.Margin) / 3 / t.lead()) }

// cells breaks the texts of a row into lines. Texts beyond the columns are not shown.
func (t *Table) cells(texts []string, bold bool) [][]line {
	out := make([][]line, len(t.columns))
	for i := range out {
		if i < len(texts) && texts[i] != "" {
			width := t.x[i+1] - t.x[i] - 2*cellSide
			out[i] = t.doc.lines([]piece{{texts[i], bold}}, max(1, int(width/t.style.Size*1000)))
		}
	}
	return out
}

func (t *Table) height(cells [][]line) float64 {
	n := 1
	for _, c := range cells {
		n = max(n, len(c))
	}
	return float64(n)*t.lead() + 2*cellTop
}

func (t *Table) drawHead() {
	d := t.doc
	h := t.height(t.head)
	d.start()
	d.fill(t.x[0], d.y-h, t.x[len(t.x)-1]-t.x[0], h, 0.92)
	t.draw(t.head)
	d.hline(t.x[0], t.x[len(t.x)-1], d.y+h, 0.8, 0)
	d.hline(t.x[0], t.x[len(t.x)-1], d.y, 0.8, 0)
}

// draw draws lines of cells at the current height and moves below them.
func (t *Table) draw(cells [][]line) {
	for i, lines := range cells {
		st := t.style
		st.Align = t.columns[i].Align
		for n, l := range lines {
			t.doc.line(l, t.x[i]+cellSide, t.doc.y-cellTop-float64(n)*t.lead(), t.x[i+1]-t.x[i]-2*cellSide, st)
		}
	}
	t.doc.y -= t.height(cells)
}

// Row draws a row.
func (t *Table) Row(texts ...string) {
	cells := t.cells(texts, false)
	d := t.doc
	for {
		if fits := d.y - d.o.Margin; !d.open || t.height(cells) > fits {
			whole := d.top() - d.o.Margin - t.height(t.head) - t.headingHeight()
			if lines := int((fits - 2*cellTop) / t.lead()); d.open && t.height(cells) > whole && lines > 0 {
				cells = t.part(cells, lines)
			}
			d.NewPage()
			t.drawHead()
			t.drawHeading()
			continue
		}
		t.draw(cells)
		d.hline(t.x[0], t.x[len(t.x)-1], d.y, 0.4, 0.6)
		return
	}
}

// part draws the first n lines of a row too tall for a page and gives the rest.
func (t *Table) part(cells [][]line, n int) [][]line {
	first, rest := make([][]line, len(cells)), make([][]line, len(cells))
	for i, c := range cells {
		first[i], rest[i] = c[:min(n, len(c))], c[min(n, len(c)):]
	}
	t.draw(first)
	return rest
}

// headingSize is how much larger than the rows a heading is set.
const headingSize = 1.1

// Heading draws a line over all columns, never as the last of a page, and again at
// the top of each page on which its rows go on.
func (t *Table) Heading(s string) {
	d := t.doc
	width := t.x[len(t.x)-1] - t.x[0] - 2*cellSide
	t.heading = d.lines([]piece{{s, true}}, int(width/(t.style.Size*headingSize)*1000))
	t.heading = t.heading[:min(len(t.heading), t.most())]
	if !d.open || d.y-t.headingHeight()-2*t.lead()-4*cellTop < d.o.Margin {
		d.NewPage()
		t.drawHead()
	}
	t.drawHeading()
}

func (t *Table) headingHeight() float64 {
	if len(t.heading) == 0 {
		return 0
	}
	return float64(len(t.heading))*t.lead()*headingSize + 3*cellTop
}

func (t *Table) drawHeading() {
	d := t.doc
	if len(t.heading) == 0 {
		return
	}
	st := t.style
	st.Size *= headingSize
	for i, l := range t.heading {
		d.line(l, t.x[0]+cellSide, d.y-2*cellTop-float64(i)*st.Size*st.Lead, t.x[len(t.x)-1]-t.x[0]-2*cellSide, st)
	}
	d.y -= t.headingHeight()
	d.hline(t.x[0], t.x[len(t.x)-1], d.y, 0.4, 0.6)
}
