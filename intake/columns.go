package intake

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sangathan/internal/lang"
)

// The kinds of list.
const (
	Areas  = "areas"
	Booths = "booths"
	Posts  = "posts"
	People = "people"
)

// Kinds lists the kinds of list.
var Kinds = []string{People, Posts, Booths, Areas}

// Fields gives the fields that a list of a kind may have, the needed ones first. A
// column is one of them, or left out ("").
func Fields(kind string) []string { return fields[kind] }

var fields = map[string][]string{
	Booths: {"seat", "number", "name", "name_en", "under"},
	Areas:  {"name", "kind", "parent", "number", "name_en", "code", "alias"},
	Posts:  {"role", "area", "district", "seat", "body", "seats"},
	People: {"name", "role", "phone", "area", "district", "seat", "booth", "body", "name_en", "gender", "birth_year", "from_day"},
}

// needed is how many of a kind's fields its rows cannot do without, or mostly have.
var needed = map[string]int{Booths: 3, Areas: 3, Posts: 3, People: 5}

// headWords are the words by which offices head their columns, without spaces, as
// lang.Fold writes them. What stands first is tried first.
var headWords = func() (all []struct{ field, word string }) {
	for line := range strings.Lines(`
-           क्रमांक|क्रम संख्या|क्र.सं.|क्र0सं0|क्र. सं.|क्रम|क्र.|s.no.|sr.no.|sl.no.|serial no|sno|मतदाता|कुल मतदाता|electors|votes|पुरुष|महिला|टिप्पणी|remarks|पता|address|हस्ताक्षर|signature|election|चुनाव|फोटो|ईमेल|email|पंक्ति|row|क्या ठीक करें|what to mend|क्या बदलेगा|what changes
booth       बूथ संख्या|बूथ नंबर|बूथ नं.|बूथ सं.|बूथ न.|बूथ क्रमांक|भाग संख्या|भाग सं.|भाग नं.|part no|part number|ps no|ps number|booth no|booth number|polling station no|polling station number|मतदेय स्थल संख्या|मतदेय स्थल सं.|मतदेय स्थल की संख्या|मतदान केंद्र संख्या|बूथ|booth
seat        विधानसभा|विधान सभा क्षेत्र|विधानसभा का नाम|विधानसभा संख्या|विधानसभा सं.|वि0स0|वि.स.|assembly|assembly no|assembly name|assembly constituency|ac no|ac|ac name|ac number|constituency|assembly seat
name_en     name in english|english name|name (english)|name en|नाम (अंग्रेजी)|नाम अंग्रेजी में|अंग्रेजी नाम
name        नाम|पूरा नाम|पदाधिकारी का नाम|पदाधिकारी|कार्यकर्ता का नाम|बीएलए का नाम|एजेंट का नाम|अध्यक्ष का नाम|name|full name|name hi|name in hindi|नाम हिंदी में|name as found|person|मतदेय स्थल|मतदेय स्थल का नाम|मतदान केंद्र|मतदान केंद्र का नाम|मतदान स्थल|बूथ का नाम|polling station|polling station name|name of polling station|booth name|name of booth|ब्लॉक का नाम|क्षेत्र का नाम|इलाके का नाम|area name
phone       मोबाइल|मोबाइल नंबर|मोबाइल नं.|मोबाइल न.|मो.|मो0|मो. नं.|मो.न.|मो0न0|मो0नं0|फोन|फोन नंबर|फोन नं.|दूरभाष|संपर्क|संपर्क सूत्र|संपर्क नंबर|नंबर|mobile|mobile no|mobile number|phone|phone no|phone number|contact|contact no|mob|mob no|whatsapp|व्हाट्सएप
role        पद|पदनाम|दायित्व|जिम्मेदारी|post|designation|role|position
district    जिला|जनपद|जिले का नाम|जिला का नाम|district|district name|zila|jila|dist
area        ब्लॉक|ब्लाक|विकास खंड|मंडल|मंडलम|नगर|क्षेत्र|इलाका|स्थान|वार्ड|block|block name|mandal|area|place|town|ward|शहर|महानगर|ब्लॉक, मंडल या जगह|block, mandal or place
body        इकाई|संगठन|कमेटी|समिति|प्रकोष्ठ|विभाग|unit|organisation|organization|committee|body|cell
seats       सीट|सीटें|पदों की संख्या|कितने पद|कुल पद|seats|number of posts|posts|how many posts
gender      लिंग|gender|sex
birth_year  जन्म वर्ष|जन्म तिथि|जन्मतिथि|year of birth|date of birth|birth year|dob|जन्म का वर्ष
from_day    कब से|मनोनयन तिथि|नियुक्ति तिथि|दिनांक|तारीख|since|from|date|date of appointment
parent      ऊपर का क्षेत्र|किसमें|जनपद|parent|under|ऊपर का इलाका|area above
under       ब्लॉक|मंडल|किस मंडल में|mandal|block|ब्लॉक या मंडल|block or mandal
kind        प्रकार|किस्म|kind|type|किस तरह का इलाका|kind of area
number      संख्या|क्रमांक|नंबर|number|no
code        कोड|lgd|lgd code|code|एलजीडी कोड|कोड (lgd)|code (lgd)
alias       उपनाम|अन्य नाम|दूसरा नाम|alias|aliases|other name|दूसरे नाम|other names`) {
		field, words, _ := strings.Cut(strings.TrimSpace(line), " ")
		for _, w := range strings.Split(words, "|") {
			if k := key(w); k != "" {
				all = append(all, struct{ field, word string }{field, k})
			}
		}
	}
	return all
}()

// key is the form of a name or head in which spellings meet: folded, without spaces.
func key(s string) string { return strings.ReplaceAll(lang.Fold(s), " ", "") }

// FieldOf tells which field of a list a column with this head is, "" for none.
func FieldOf(kind, head string) string {
	field, _ := fieldOf(kind, head)
	return field
}

// fieldOf tells which field of a list a column is, by its head; "-" is a column known
// to be none.
func fieldOf(kind, head string) (field string, known bool) {
	for _, text := range []string{head, lang.FromKrutiDev(head)} {
		k := key(text)
		if k == "" {
			continue
		}
		for _, w := range headWords {
			if w.word != k {
				continue
			}
			field := w.field
			switch {
			case kind == Booths && field == "booth", kind == Areas && field == "booth":
				field = "number"
			case kind == Areas && (field == "district" || field == "seat" || field == "area"):
				field = "parent"
			case kind == Booths && (field == "area" || field == "district"):
				field = "under"
			}
			if field == "-" {
				return "", true
			}
			if slices.Contains(fields[kind], field) {
				return field, true
			}
		}
	}
	return "", false
}

// Mapping says how a list's columns are read.
type Mapping struct {
	Columns map[string]string `json:"columns"` // a column's key to its field, "" to leave it out
	Fixed   map[string]string `json:"fixed"`   // fields that are the same in all rows, such as the role
}

// Column is a column as the sender sees it.
type Column struct {
	Key      string   `json:"key"`
	Head     string   `json:"head"` // as the list heads it; "" without a head
	Examples []string `json:"examples"`
	Field    string   `json:"field"`
}

// shape is what a list looks like, found in the beginning of each sheet.
type shape struct {
	Columns []Column              `json:"columns"`
	Sheets  map[string]sheetShape `json:"sheets"`
}

type sheetShape struct {
	Head int      `json:"head"` // row of the head; 0 for none
	Keys []string `json:"keys"` // the key of each column
	Lean []int    `json:"lean"` // how far each leans to Kruti Dev
}

const (
	headRows  = 25  // rows of a sheet in which its head is looked for
	leanCells = 200 // cells by which a column is judged
	maxSheets = 300
)

// shaping finds a list's shape while its rows go by.
type shaping struct {
	kind   string
	shape  shape
	sheet  string
	rows   []Line // of the beginning of the sheet
	closed bool   // the beginning is past
}

func (s *shaping) add(l Line) {
	if l.Sheet != s.sheet || s.shape.Sheets == nil {
		s.close()
		s.sheet, s.rows, s.closed = l.Sheet, nil, false
	}
	if s.shape.Sheets == nil {
		s.shape.Sheets = map[string]sheetShape{}
	}
	if !s.closed {
		if s.rows = append(s.rows, l); len(s.rows) >= leanCells {
			s.close()
		}
	}
}

// close settles the sheet whose beginning was seen.
func (s *shaping) close() {
	if s.closed || len(s.rows) == 0 || len(s.shape.Sheets) >= maxSheets {
		return
	}
	s.closed = true
	best, most := -1, 0
	for i, l := range s.rows[:min(len(s.rows), headRows)] {
		known, fits, filled, numbers := map[string]bool{}, 0, 0, 0
		for _, c := range l.Cells {
			if c == "" {
				continue
			}
			filled++
			if _, ok := number(c); ok {
				numbers++
			}
			if f, ok := fieldOf(s.kind, c); ok {
				fits++
				if f != "" {
					known[f] = true
				}
			}
		}
		if (fits*2 >= filled && filled > 1 || len(known) > 1) && numbers == 0 && len(known) > most {
			best, most = i, len(known)
		}
	}
	known := best >= 0
	if !known && headsNumbers(s.rows) {
		best = 0
	}
	width := 0
	for _, l := range s.rows {
		width = max(width, len(l.Cells))
	}
	sh := sheetShape{}
	var head []string
	if best >= 0 {
		head, sh.Head = s.rows[best].Cells, s.rows[best].N
	}
	for c := range width {
		var cells []string
		for i, l := range s.rows {
			if i > best && c < len(l.Cells) && l.Cells[c] != "" {
				cells = append(cells, l.Cells[c])
			}
		}
		col := Column{Key: "#" + strconv.Itoa(c+1)}
		if c < len(head) && head[c] != "" {
			col.Head = head[c]
			if k := key(head[c]); k != "" {
				col.Key = k
			}
			col.Field, _ = fieldOf(s.kind, head[c])
		}
		if slices.Contains(sh.Keys, col.Key) { // two columns with one head
			col.Key += "#" + strconv.Itoa(c+1)
			col.Field = ""
		}
		lean := lang.KrutiDevColumn(cells)
		sh.Keys, sh.Lean = append(sh.Keys, col.Key), append(sh.Lean, lean)
		for _, cell := range cells[:min(len(cells), 3)] {
			text, _ := lang.Unicode(cell, lean)
			col.Examples = append(col.Examples, text)
		}
		if !known && width > 1 {
			col.Field = guess(s.kind, cells, s.shape.Columns)
		}
		if len(cells) > 0 || col.Head != "" {
			if !slices.ContainsFunc(s.shape.Columns, func(o Column) bool { return o.Key == col.Key }) {
				s.shape.Columns = append(s.shape.Columns, col)
			}
		}
	}
	s.shape.Sheets[s.sheet] = sh
	s.rows = nil
}

// headsNumbers reports whether the first row is a head in words that are not known: words
// throughout, over a column of numbers.
func headsNumbers(rows []Line) bool {
	isNumber := func(c string) bool {
		_, phone := lang.Phone(c)
		_, ok := number(c)
		return ok || phone
	}
	head := rows[0].Cells
	filled := 0
	for _, c := range head {
		if isNumber(c) {
			return false
		}
		if c != "" {
			filled++
		}
	}
	for c := range head {
		numbers, cells := 0, 0
		for _, l := range rows[1:] {
			if c < len(l.Cells) && l.Cells[c] != "" {
				cells++
				if isNumber(l.Cells[c]) {
					numbers++
				}
			}
		}
		if filled > 1 && head[c] != "" && cells > 0 && numbers*10 >= cells*8 {
			return true
		}
	}
	return false
}

// guess tells the field of a column without a head from its cells, given the columns
// before it.
func guess(kind string, cells []string, before []Column) string {
	phones, numbers, different := 0, 0, map[string]bool{}
	for _, c := range cells {
		if _, ok := lang.Phone(c); ok {
			phones++
		} else if _, err := strconv.Atoi(lang.ASCIIDigits(c)); err == nil {
			numbers++
		}
		different[c] = true
	}
	taken := func(f string) bool {
		return slices.ContainsFunc(before, func(c Column) bool { return c.Field == f }) || !slices.Contains(fields[kind], f)
	}
	switch n := len(cells); {
	case n == 0:
	case phones*2 > n && !taken("phone"):
		return "phone"
	case numbers*2 > n && kind == Booths && len(different)*4 < n && !taken("seat"):
		return "seat"
	case numbers*2 > n && kind == Booths && !taken("number"):
		return "number"
	case numbers*2 > n:
	case kind == People && len(different)*3 < n*2 && !taken("role"):
		return "role"
	case !taken("name"):
		return "name"
	case !taken("area") && kind == People:
		return "area"
	}
	return ""
}

// signature names lists that have the same heads, so that a mapping is remembered.
func (s shape) signature(kind string) string {
	keys := make([]string, 0, len(s.Columns))
	headed := false
	for _, c := range s.Columns {
		keys = append(keys, c.Key)
		headed = headed || c.Head != ""
	}
	if !headed {
		return ""
	}
	slices.Sort(keys)
	return kind + "|" + strings.Join(keys, "|")
}

// guessed is the mapping as the heads and cells suggest it: of columns that claim the
// same field the first has it.
func (s shape) guessed() Mapping {
	m := Mapping{Columns: map[string]string{}, Fixed: map[string]string{}}
	taken := map[string]bool{}
	for _, c := range s.Columns {
		if c.Field != "" && !taken[c.Field] {
			taken[c.Field] = true
			m.Columns[c.Key] = c.Field
		} else {
			m.Columns[c.Key] = ""
		}
	}
	return m
}

// row is a line read by the mapping: its values by field.
type row struct {
	sheet  string
	line   int
	values map[string]string
}

func (r *row) get(field string) string { return r.values[field] }

// totals are what a row of sums begins with.
var totals = []string{"योग", "कुल", "कुलयोग", "महायोग", "total", "grandtotal", "sum", "subtotal"}

// leans tells how far each column leans to Kruti Dev among these lines of a sheet, or
// else in the beginning of it: a list may be put together from several.
func (s shape) leans(lines []Line) map[string][]int {
	all := map[string][]int{}
	for sheet, sh := range s.Sheets {
		for c := range sh.Keys {
			var cells []string
			for _, l := range lines {
				if l.Sheet == sheet && c < len(l.Cells) && l.Cells[c] != "" {
					cells = append(cells, l.Cells[c])
				}
			}
			if len(cells) == 0 && c == 0 && len(s.Sheets) > 1 && !hasSheet(lines, sheet) {
				break
			}
			lean := lang.KrutiDevColumn(cells)
			if lean == 0 {
				lean = sh.Lean[c]
			}
			all[sheet] = append(all[sheet], lean)
		}
	}
	return all
}

func hasSheet(lines []Line, sheet string) bool {
	return slices.ContainsFunc(lines, func(l Line) bool { return l.Sheet == sheet })
}

// read reads a line by the mapping. ok is false for what is no row of the list: heads,
// titles above them, sums and blanks.
func (s shape) read(m Mapping, l Line, lean []int) (r row, ok bool) {
	sh := s.Sheets[l.Sheet]
	if sh.Head >= l.N {
		return r, false
	}
	r = row{l.Sheet, l.N, make(map[string]string, 8)}
	maps.Copy(r.values, m.Fixed)
	first, filled, heads := "", 0, 0
	for i, c := range l.Cells {
		if c == "" || i >= len(sh.Keys) {
			continue
		}
		text, _ := lang.Unicode(c, lean[i])
		if first == "" {
			first = key(text)
		}
		filled++
		if key(c) == sh.Keys[i] {
			heads++
		}
		switch f := m.Columns[sh.Keys[i]]; {
		case slices.Contains(digits, f): // which no font changes
			r.values[f] = c
		case f != "":
			r.values[f] = text
		}
	}
	_, phone := lang.Phone(r.values["phone"])
	switch {
	case filled == 0, heads > 1 && heads*2 >= filled, slices.Contains(totals, first) && !phone:
		return r, false
	}
	return r, true
}

// digits are the fields that hold nothing else.
var digits = []string{"number", "booth", "phone", "seats", "birth_year", "code"}

// sortedKeys gives a map's keys in order.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
