package intake

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"sangathan/internal/lang"
)

// isChat reports whether the list is lines of text without columns.
func (s shape) isChat() bool { return len(s.Columns) == 1 && s.Columns[0].Head == "" }

// ByPost reports whether the list's rows name posts.
func (l List) ByPost() bool { return l.Kind == People || l.Kind == Posts }

// IsChat reports whether the list is lines out of a chat, which have no columns.
func (l List) IsChat() bool { return l.ByPost() && l.shape.isChat() }

// conversation makes rows out of the lines of a pasted chat: district, name, number and
// post in any order and with any separator. A line that names only a place or a post
// holds for those below it.
type conversation struct {
	places   *places
	district string
	area     string
	role     string
}

var (
	sentBy   = regexp.MustCompile(`^\[?\d{1,2}[/.]\d{1,2}[/.]\d{2,4},? +\d{1,2}:\d{2}(:\d{2})?( ?[APap]\.?[Mm]\.?)?\]?( - |: | )[^:]{1,40}: `) // how a chat app exports a message
	counted  = regexp.MustCompile(`^[\s*•·▪➤-]*(\(?\d{1,3}[.)\]:]|\d{1,3} ?[-–] )\s*`)
	numbered = regexp.MustCompile(`(\+|00)?[0-9][0-9 -]{8,14}[0-9]`)
	cut      = regexp.MustCompile(`[0-9][0-9 -]{3,}[0-9]`) // a number with a digit too few or too many
	splitter = regexp.MustCompile(`\s*[–—,;|:/\t•*=]+\s*|\s+-+\s*|\s*-+\s+|\s{2,}|-`)
)

func (c *conversation) row(m Mapping, l Line) (r row, ok bool) {
	text, _ := lang.Unicode(sentBy.ReplaceAllString(lang.ASCIIDigits(strings.Join(l.Cells, " ")), ""), 0)
	text = counted.ReplaceAllString(text, "")
	r = row{l.Sheet, l.N, map[string]string{}}
	if c.district != "" {
		r.values["district"] = c.district
	}
	if c.area != "" {
		r.values["area"] = c.area
	}
	if c.role != "" {
		r.values["role"] = c.role
	}
	maps.Copy(r.values, m.Fixed)
	own := map[string]string{} // what this line says itself
	for _, found := range numbered.FindAllString(text, -1) {
		if number, ok := lang.Phone(found); ok && own["phone"] == "" {
			own["phone"] = number
			text = strings.Replace(text, found, " - ", 1)
		}
	}
	if found := cut.FindString(text); found != "" && own["phone"] == "" {
		own["phone"] = strings.TrimSpace(found)
		text = strings.Replace(text, found, " - ", 1)
	}
	var names []string
	for _, piece := range splitter.Split(text, -1) {
		if piece = strings.Trim(piece, " .()[]"); key(piece) == "" || isLabel(piece) {
			continue
		}
		if strings.Trim(piece, "0123456789+ ") == "" { // a count
			continue
		}
		for _, part := range c.parts(piece) {
			field := c.fieldOf(part, own)
			if field == "name" {
				names = append(names, part)
			} else {
				own[field] = part
			}
		}
	}
	if len(names) > 1 && own["district"]+own["area"]+c.district+c.area == "" { // one of them is a place, misspelt
		if i := slices.IndexFunc(names, func(n string) bool { return len(c.places.suggest("district", n)) > 0 }); i >= 0 {
			own["district"] = names[i]
			names = slices.Delete(names, i, i+1)
		}
	}
	if len(names) > 0 {
		own["name"] = strings.Join(names, " ")
	}
	if own["name"] == "" && own["phone"] == "" {
		if own["district"] != "" || own["area"] != "" {
			c.district, c.area = own["district"], own["area"]
		}
		if own["role"] != "" {
			c.role = own["role"]
		}
		return r, false
	}
	if len(own) == 1 && own["phone"] == "" && c.district+c.area+c.role == "" { // words between the rows
		return r, false
	}
	if own["district"] != "" || own["area"] != "" {
		delete(r.values, "district")
		delete(r.values, "area")
	}
	maps.Copy(r.values, own)
	return r, true
}

func isLabel(piece string) bool {
	f, known := fieldOf(People, piece)
	if !known {
		return false
	}
	return f != "role" || key(piece) == key("पद")
}

// parts takes a place off the beginning of a piece in which nothing separates it from
// the name.
func (c *conversation) parts(piece string) []string {
	words := strings.Fields(piece)
	if len(words) < 2 || c.known(piece) {
		return []string{piece}
	}
	for n := min(3, len(words)-1); n > 0; n-- {
		if head := strings.Join(words[:n], " "); c.known(head) {
			return append([]string{head}, c.parts(strings.Join(words[n:], " "))...)
		}
	}
	return []string{piece}
}

// known reports whether a text is a district or a post: a block may be called as people are.
func (c *conversation) known(text string) bool {
	f := c.fieldOf(text, nil)
	return f == "role" || f == "district"
}

// fieldOf tells what a piece is, given what the line has said before it.
func (c *conversation) fieldOf(piece string, own map[string]string) string {
	if _, err := c.places.role(piece, c.places.byID[c.places.root.Area]); err == nil && own["role"] == "" {
		return "role"
	}
	if own["district"] == "" {
		if _, err := c.places.find("district", piece, ""); err == nil {
			return "district"
		}
	}
	if own["area"] == "" {
		if found := c.places.candidates("area", piece); len(found) > 0 {
			return "area"
		}
	}
	return "name"
}
