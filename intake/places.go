package intake

import (
	"cmp"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"
)

// place is an area as rows name it. Booths are not held here: there are too many.
type place struct {
	id        org.AreaID
	label     string
	kind      string
	hi, en    string
	number    int
	electoral org.AreaID // parents
	admin     org.AreaID
	path      string // in the tree of territories; "" when it does not stand there
	parent    string // territorial path of the nearest area above that stands there
}

func (p *place) name() lang.Name { return lang.Name{Hi: p.hi, En: p.en} }

// places finds areas and roles by what rows call them.
type places struct {
	byID    map[org.AreaID]*place
	byLabel map[string]*place
	byKey   map[string][]*place
	byCode  map[string][]*place
	roles   []org.Kind
	named   map[string]org.RoleID // roles by the keys of their names
	root    org.Organization
	near    map[string][]string // memory of suggestions
}

// readPlaces reads all areas but booths, with the roles.
func readPlaces(tx *db.Tx) (*places, error) {
	ps := &places{byID: map[org.AreaID]*place{}, byLabel: map[string]*place{}, byKey: map[string][]*place{}, byCode: map[string][]*place{}, near: map[string][]string{}, named: map[string]org.RoleID{}}
	var err error
	if ps.root, err = org.Root(tx); err != nil {
		return nil, err
	}
	if ps.roles, err = org.Roles(tx); err != nil {
		return nil, err
	}
	for _, r := range slices.Backward(ps.roles) { // of two with one name the first has it
		for _, name := range []string{r.ID, r.NameEn, r.NameHi} {
			ps.named[key(name)] = org.RoleID(r.ID)
		}
	}
	delete(ps.named, "")
	all, err := db.Select(tx, `select a.id, a.label, a.kind, a.name_hi, a.name_en, a.number, e.parent_id, m.parent_id, t.path from area a
		left join area_parent e on e.area_id = a.id and e.tree = 'electoral' and e.to_day is null
		left join area_parent m on m.area_id = a.id and m.tree = 'administrative' and m.to_day is null
		left join area_path t on t.area_id = a.id and t.tree = 'organization'
		where a.kind <> 'booth' and a.to_day is null order by a.id`, nil,
		func(s db.Scanner) (*place, error) {
			p := &place{}
			var number sql.NullInt64
			var electoral, admin, path sql.NullString
			err := s.Scan(&p.id, &p.label, &p.kind, &p.hi, &p.en, &number, &electoral, &admin, &path)
			p.number, p.electoral, p.admin, p.path = int(number.Int64), org.AreaID(electoral.String), org.AreaID(admin.String), path.String
			return p, err
		})
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		ps.byID[p.id], ps.byLabel[p.label] = p, p
		if p.number != 0 {
			ps.code(p.kind+":"+strconv.Itoa(p.number), p)
		}
	}
	for _, p := range all {
		for up, n := p, 0; up != nil && n < 20; up, n = ps.byID[up.admin], n+1 {
			if up.path != "" {
				p.parent = up.path
				break
			}
		}
	}
	names, err := db.Select(tx, `select area_id, folded from area_alias`, nil,
		func(s db.Scanner) (v [2]string, err error) { return v, s.Scan(&v[0], &v[1]) })
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if p := ps.byID[org.AreaID(n[0])]; p != nil {
			k := strings.ReplaceAll(n[1], " ", "")
			if !slices.Contains(ps.byKey[k], p) {
				ps.byKey[k] = append(ps.byKey[k], p)
			}
		}
	}
	codes, err := db.Select(tx, `select i.scheme, i.value, i.area_id from area_identifier i join area a on a.id = i.area_id where a.kind <> 'booth'`, nil,
		func(s db.Scanner) (v [3]string, err error) { return v, s.Scan(&v[0], &v[1], &v[2]) })
	for _, c := range codes {
		if p := ps.byID[org.AreaID(c[2])]; p != nil {
			ps.code(c[0]+":"+c[1], p)
		}
	}
	return ps, err
}

func (ps *places) code(code string, p *place) { ps.byCode[code] = append(ps.byCode[code], p) }

// rank of the kinds a field may mean, the likelier first.
var meant = map[string][]string{
	"seat":     {"assembly"},
	"district": {"district", "unit"},
	"area":     {"block", "mandal", "unit", "town", "district", "nyay_panchayat", "ward", "panchayat", "sector", "assembly", "loksabha", "division", "state"},
	"parent":   {"assembly", "district", "block", "division", "loksabha", "state", "unit", "mandal", "town", "nyay_panchayat", "panchayat", "ward", "sector"},
	"under":    {"mandal", "block", "unit", "town", "sector", "ward"},
}

// kindWords are words that offices write beside a name to say what it is.
var kindWords = map[string]string{"जिला": "district", "जनपद": "district", "district": "district", "zila": "district", "ब्लॉक": "block", "ब्लाक": "block", "block": "block",
	"विधानसभा": "assembly", "विधानसभाक्षेत्र": "assembly", "assembly": "assembly", "मंडल": "mandal", "मंडलम": "mandal", "महानगर": "", "नगर": "", "क्षेत्र": "", "लोकसभा": "loksabha", "ac": "assembly", "dist": "district"}

// find finds the one area that a cell of a field names: by name, alias, number or code,
// in either script. within ("" for anywhere) is an area it has to lie in. The field's
// fault tells near misses.
func (ps *places) find(field, text string, within org.AreaID) (*place, *fault.Error) {
	kinds := meant[field]
	found := ps.candidates(field, text)
	if len(found) == 0 { // "जिला गोरखपुर", "गोरखपुर (324)"
		bare := strings.TrimSpace(text)
		if i := strings.IndexAny(bare, "(["); i > 0 {
			bare = bare[:i]
		}
		for _, w := range strings.Fields(bare) {
			if kind, ok := kindWords[key(w)]; ok {
				bare = strings.Replace(bare, w, "", 1)
				if kind != "" && slices.Contains(kinds, kind) {
					kinds = append([]string{kind}, kinds...)
				}
			}
		}
		found = ps.candidates(field, bare)
	}
	var fit []*place
	for _, k := range kinds {
		for _, p := range found {
			if p.kind == k && (within == "" || ps.lies(p, within)) && !slices.Contains(fit, p) {
				fit = append(fit, p)
			}
		}
		if len(fit) > 0 {
			break
		}
	}
	switch {
	case len(fit) == 1:
		return fit[0], nil
	case len(fit) > 1:
		return nil, fault.In(field, "intake.ambiguous_place", "text", text, "n", len(fit))
	}
	if near := ps.suggest(field, text); len(near) > 0 {
		return nil, fault.In(field, "intake.unknown_place_near", "text", text, "near", strings.Join(near, ", "))
	}
	return nil, fault.In(field, "intake.unknown_place", "text", text)
}

func (ps *places) candidates(field, text string) []*place {
	k := key(text)
	if k == "" {
		return nil
	}
	if p := ps.byID[org.AreaID(text)]; p != nil {
		return []*place{p}
	}
	if found := ps.byKey[k]; len(found) > 0 {
		return found
	}
	number := strings.TrimLeft(lang.ASCIIDigits(strings.TrimSpace(text)), "0")
	if n, _, ok := strings.Cut(number, "-"); ok { // "324-सहजनवा"
		number = strings.TrimSpace(n)
	}
	if _, err := strconv.Atoi(number); err == nil {
		for _, kind := range meant[field] {
			if found := ps.byCode[kind+":"+number]; len(found) > 0 {
				return found
			}
		}
		for _, scheme := range []string{"lgd", "census2011", "eci"} {
			if found := ps.byCode[scheme+":"+number]; len(found) > 0 {
				return found
			}
		}
	}
	return ps.byCode[strings.ToLower(text)]
}

// lies reports whether p lies in the area within, by any of its parents.
func (ps *places) lies(p *place, within org.AreaID) bool {
	for n := 0; p != nil && n < 20; n++ {
		if p.id == within {
			return true
		}
		if w := ps.byID[within]; w != nil && w.path != "" && strings.HasPrefix(p.path, w.path) {
			return true
		}
		up := ps.byID[p.admin]
		if up == nil {
			up = ps.byID[p.electoral]
		}
		p = up
	}
	return false
}

// suggest gives up to three names of the field's kinds that are nearly the text.
func (ps *places) suggest(field, text string) []string {
	k := key(text)
	if near, ok := ps.near[field+k]; ok || len(k) < 3 {
		return near
	}
	type miss struct {
		name string
		far  int
	}
	var all []miss
	limit := 1 + utf8.RuneCountInString(k)/5
	for name, found := range ps.byKey {
		for _, p := range found {
			if slices.Contains(meant[field], p.kind) {
				if d := distance(k, name, limit); d <= limit {
					shown := p.hi
					if k[0] < utf8.RuneSelf {
						shown = p.en
					}
					all = append(all, miss{shown, d})
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b miss) int { return cmp.Or(cmp.Compare(a.far, b.far), cmp.Compare(a.name, b.name)) })
	var near []string
	for _, m := range all {
		if !slices.Contains(near, m.name) && len(near) < 3 {
			near = append(near, m.name)
		}
	}
	if len(ps.near) < 10_000 {
		ps.near[field+k] = near
	}
	return near
}

// distance is the number of letters in which two texts differ (Levenshtein), or more
// than limit.
func distance(a, b string, limit int) int {
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) > limit || len(y)-len(x) > limit {
		return limit + 1
	}
	before := make([]int, len(y)+1)
	for j := range before {
		before[j] = j
	}
	for i := range x {
		least, diagonal := i+1, before[0]
		before[0] = i + 1
		for j := range y {
			cost := diagonal
			if x[i] != y[j] {
				cost = 1 + min(diagonal, before[j], before[j+1])
			}
			diagonal, before[j+1] = before[j+1], cost
			least = min(least, cost)
		}
		if least > limit {
			return limit + 1
		}
	}
	return before[len(y)]
}

// levels are the part of a role's id that says at which level it stands.
var levels = map[string]string{"state": "state_", "district": "district_", "unit": "district_", "block": "block_", "town": "block_", "mandal": "mandal_"}

// role finds a role by its name in either language, however spaced; a bare word such
// as अध्यक्ष is the role of that name at the level of the area.
func (ps *places) role(text string, at *place) (id org.RoleID, ferr *fault.Error) {
	k := key(text)
	level := ""
	if at != nil {
		level = levels[at.kind]
	}
	if word := roleWords[k]; word != "" {
		for _, id := range []string{level + word, word} {
			if slices.ContainsFunc(ps.roles, func(r org.Kind) bool { return r.ID == id }) {
				return org.RoleID(id), nil
			}
		}
	}
	if id := ps.named[k]; id != "" {
		return id, nil
	}
	if id := roleWords[k]; id != "" {
		return "", fault.In("role", "intake.role_needs_place", "text", text)
	}
	if k == "" {
		return "", fault.In("role", "intake.role_missing")
	}
	var near []string
	for _, r := range ps.roles {
		limit := 1 + utf8.RuneCountInString(k)/5
		if (distance(k, key(r.NameHi), limit) <= limit || distance(k, key(r.NameEn), limit) <= limit) && len(near) < 3 {
			near = append(near, r.NameHi)
		}
	}
	if len(near) > 0 {
		return "", fault.In("role", "intake.unknown_role_near", "text", text, "near", strings.Join(near, ", "))
	}
	return "", fault.In("role", "intake.unknown_role", "text", text)
}

// levelOf gives the place at whose level a role stands: the one told, or one above it;
// nil when that is not told.
func (ps *places) levelOf(id org.RoleID, at *place) *place {
	level := ""
	for _, l := range []string{"district_", "block_", "mandal_"} {
		if strings.HasPrefix(string(id), l) {
			level = l
		}
	}
	for n := 0; at != nil && n < 20; at, n = ps.byID[at.admin], n+1 {
		if level == "" || levels[at.kind] == level {
			return at
		}
	}
	return nil
}

// roleWords are roles as offices name them without saying the level.
var roleWords = func() map[string]string {
	words := map[string]string{}
	for pair := range strings.FieldsSeq(`अध्यक्ष=president president=president उपाध्यक्ष=vice_president महासचिव=general_secretary महामंत्री=general_secretary
		सचिव=secretary मंत्री=secretary secretary=secretary कोषाध्यक्ष=treasurer treasurer=treasurer प्रवक्ता=spokesperson प्रभारी=incharge
		बीएलए=booth_agent bla=booth_agent बूथएजेंट=booth_agent बूथलेवलएजेंट=booth_agent बूथअध्यक्ष=booth_president जिलाअध्यक्ष=district_president जिलाध्यक्ष=district_president ब्लॉकअध्यक्ष=block_president ब्लाकअध्यक्ष=block_president मंडलअध्यक्ष=mandal_president सदस्य=member`) {
		word, id, _ := strings.Cut(pair, "=")
		words[key(word)] = id
	}
	return words
}()

// isSingle reports whether a post of the role has one seat by nature.
func isSingle(id org.RoleID) bool {
	s := string(id)
	return !strings.Contains(s, "vice_president") && !strings.Contains(s, "co_convenor") &&
		(strings.HasSuffix(s, "president") || strings.HasSuffix(s, "treasurer") || strings.HasSuffix(s, "convenor") || s == "booth_agent")
}
