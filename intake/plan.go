package intake

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"
)

// planner works out, in one transaction, what the rows of a block would do to the
// register. With a memory it is a check, which also looks for likely duplicates;
// without one the rows are about to be loaded.
type planner struct {
	tx     *db.Tx
	by     access.Actor
	list   List
	places *places
	memory *memory
	crew   crew // bodies, posts and people that the block has met
}

// verdict is what becomes of a row.
type verdict struct {
	row           row
	kind          string // added, changed, kept; faulty when there are faults
	faults        []Fault
	doubts        []Fault
	before, after string
	do            []func(*org.Loader) error
}

func (v *verdict) fault(field, key string, args ...any) {
	v.add(fault.In(field, key, args...))
}

// add notes the fields of a fault.
func (v *verdict) add(err error) {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return
	}
	v.kind = "faulty"
	if len(f.Fields) == 0 {
		v.faults = append(v.faults, Fault{"row", f.Key, f.Args})
	}
	for _, field := range f.Fields {
		v.faults = append(v.faults, Fault{field.Name, field.Key, field.Args})
	}
}

// plan gives a verdict for every row; heads, sums and blanks have none.
func (p *planner) plan(lines []Line) ([]verdict, error) {
	verdicts := make([]verdict, 0, len(lines))
	lean := p.list.shape.leans(lines)
	chat := p.list.IsChat()
	talk := conversation{places: p.places}
	for _, l := range lines {
		if chat {
			if r, ok := talk.row(p.list.Mapping, l); ok {
				verdicts = append(verdicts, verdict{row: r, kind: "added"})
			}
			continue
		}
		if r, ok := p.list.shape.read(p.list.Mapping, l, lean[l.Sheet]); ok {
			verdicts = append(verdicts, verdict{row: r, kind: "added"})
		}
	}
	var err error
	switch p.list.Kind {
	case Booths:
		err = p.booths(verdicts)
	case Areas:
		err = p.areas(verdicts)
	default:
		err = p.holders(verdicts)
	}
	return verdicts, err
}

// tellAdded is how many new rows a sender is shown, to see how the list is read.
const tellAdded = 5

// tell gives the rows that the sender should see, with the first of the new ones where
// the block is the first, and counts all.
func tell(verdicts []verdict, first bool) (told []Told, c Counts) {
	told = []Told{}
	for _, v := range verdicts {
		shown := v.kind == "faulty" || v.kind == "changed" || len(v.doubts) > 0
		switch v.kind {
		case "added":
			c.Added++
			shown = shown || first && c.Added <= tellAdded
		case "changed":
			c.Changed++
		case "kept":
			c.Kept++
		default:
			c.Faulty++
		}
		if len(v.doubts) > 0 {
			c.Doubtful++
		}
		if shown {
			told = append(told, Told{v.row.sheet, v.row.line, v.kind, v.row.values, v.faults, v.doubts, v.before, v.after})
		}
	}
	return told, c
}

// once tells the line on which the same thing stood before in the list, 0 for none.
func (p *planner) once(line int, parts ...string) int {
	if p.memory == nil {
		return 0
	}
	h := p.memory.hash(parts...)
	if first := p.memory.first[h]; first != 0 {
		return int(first)
	}
	p.memory.first[h] = int32(line)
	return 0
}

// may reports whether the sender may load what lies at a place: by the body that has
// it as territory, and else by the territory itself.
func (p *planner) may(at *place) bool {
	root := "/" + p.places.root.Label
	path := at.path
	if path == "" {
		path = at.parent
	}
	if path == "" {
		path = p.places.root.AreaPath[len(root):]
	}
	return p.by.May(access.LoadData, access.Target{OrgPath: p.places.root.Path + "?/", AreaPath: root + path}) ||
		p.by.OrgPath != "" && at.path != "" && strings.HasPrefix(root+at.path, p.by.AreaPath) &&
			p.by.May(access.LoadData, access.Target{Org: p.by.Org, OrgPath: p.by.OrgPath, AreaPath: p.by.AreaPath})
}

// names gives both names of a thing from the cells of a row: each script to its own.
func names(r row) lang.Name {
	n := lang.Name{Hi: r.get("name"), En: r.get("name_en")}
	if n.Hi != "" && !strings.ContainsFunc(n.Hi, func(r rune) bool { return r >= 0x900 && r <= 0x97f }) {
		if n.En == "" {
			n.En = n.Hi
		}
		n.Hi = ""
	}
	return n
}

// number reads a whole number in either script's digits; what stands behind it, such
// as "12अ", is refused.
func number(s string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSuffix(strings.ReplaceAll(lang.ASCIIDigits(strings.TrimSpace(s)), ",", ""), ".0"))
	return n, err == nil && n > 0
}

// booths plans a list of booths: seat, number and name.
func (p *planner) booths(all []verdict) error {
	type known struct {
		id     org.AreaID
		number int
		name   lang.Name
	}
	there := map[org.AreaID]map[int]*known{}
	for i := range all {
		v := &all[i]
		seat, ferr := p.places.find("seat", v.row.get("seat"), "")
		if v.row.get("seat") == "" {
			v.fault("seat", "intake.seat_missing")
		} else if ferr != nil {
			v.add(ferr)
		} else if !p.may(seat) {
			v.fault("seat", "intake.not_yours")
			continue
		}
		n, ok := number(v.row.get("number"))
		if !ok {
			v.fault("number", "intake.bad_booth_number", "text", v.row.get("number"))
		}
		name := names(v.row)
		var under *place
		if text := v.row.get("under"); text != "" {
			if under, ferr = p.places.find("under", text, ""); ferr != nil {
				v.add(ferr)
			} else if under.path == "" {
				v.fault("under", "intake.no_territory", "name", under.name())
			} else if !p.may(under) {
				v.fault("under", "intake.not_yours")
			}
		}
		fresh, err := org.NewArea{Area: org.Area{ID: "new", Kind: "booth", NameHi: name.Hi, NameEn: name.En, Number: n}}.Validate()
		if err != nil {
			v.add(err)
		}
		if v.kind == "faulty" {
			continue
		}
		if there[seat.id] == nil {
			found, err := db.Select(p.tx, `select a.id, a.number, a.name_hi, a.name_en from area_parent e join area a on a.id = e.area_id
				where e.tree = 'electoral' and e.parent_id = $1 and e.to_day is null and a.kind = 'booth' and a.to_day is null`, []any{seat.id},
				func(s db.Scanner) (*known, error) {
					k := &known{}
					return k, s.Scan(&k.id, &k.number, &k.name.Hi, &k.name.En)
				})
			if err != nil {
				return err
			}
			there[seat.id] = map[int]*known{}
			for _, k := range found {
				there[seat.id][k.number] = k
			}
		}
		if line := p.once(v.row.line, "booth", string(seat.id), strconv.Itoa(n)); line != 0 {
			if p.once(v.row.line, "named", string(seat.id), strconv.Itoa(n), key(name.Hi+name.En)) != 0 {
				v.kind = "kept"
			} else {
				v.fault("number", "intake.booth_twice", "number", strconv.Itoa(n), "line", line)
			}
			continue
		}
		p.once(v.row.line, "named", string(seat.id), strconv.Itoa(n), key(name.Hi+name.En))
		if k := there[seat.id][n]; k != nil {
			v.renames(k.id, k.name, name)
			continue
		}
		fresh.ID = org.AreaID(p.tx.NewID())
		fresh.Leaf, fresh.Parents = true, map[string]org.AreaID{org.Electoral: seat.id}
		if under != nil {
			fresh.Parents[org.Territorial] = under.id
		}
		there[seat.id][n] = &known{fresh.ID, n, lang.Name{Hi: fresh.NameHi, En: fresh.NameEn}}
		v.do = append(v.do, func(l *org.Loader) error { return l.Area(fresh) })
	}
	return nil
}

// renames says what a row changes in the names of an area that is there: each script
// its own; a name that stood in both gives way to the Devanagari one.
func (v *verdict) renames(id org.AreaID, before, told lang.Name) {
	after := before
	if told.Hi != "" {
		after.Hi = told.Hi
	}
	if told.En != "" {
		after.En = told.En
	}
	if after == before || key(after.Hi) == key(before.Hi) && key(after.En) == key(before.En) {
		v.kind = "kept"
		return
	}
	v.kind, v.before, v.after = "changed", before.Hi, after.Hi
	if before.Hi == after.Hi {
		v.before, v.after = before.En, after.En
	}
	v.do = append(v.do, func(l *org.Loader) error { return l.Rename(id, before, after) })
}

// treesOf says in which trees an area of a kind stands under its parent.
func treesOf(kind string, parent *place) []string {
	switch kind {
	case "loksabha":
		return []string{org.Electoral}
	case "assembly":
		if parent.kind == "loksabha" {
			return []string{org.Electoral}
		}
		return []string{org.Administrative}
	case "unit", "mandal", "sector", "town":
		return []string{org.Territorial}
	}
	if parent.path != "" && parent.kind != "state" {
		return []string{org.Administrative, org.Territorial}
	}
	return []string{org.Administrative}
}

// areas plans a list of areas: kind, name and the area above.
func (p *planner) areas(all []verdict) error {
	kinds, err := org.AreaKinds(p.tx)
	if err != nil {
		return err
	}
	root := p.places.byID[p.places.root.Area]
	for i := range all {
		v := &all[i]
		kind := ""
		for _, k := range kinds {
			if t := key(v.row.get("kind")); t == key(k.ID) || t == key(k.NameHi) || t == key(k.NameEn) {
				kind = k.ID
			}
		}
		switch kind {
		case "":
			v.fault("kind", "intake.unknown_kind", "text", v.row.get("kind"))
		case "booth", "state":
			v.fault("kind", "intake.kind_not_here")
		}
		parent := root
		if text := v.row.get("parent"); text != "" {
			var ferr *fault.Error
			if parent, ferr = p.places.find("parent", text, ""); ferr != nil {
				v.add(ferr)
			}
		}
		if parent != nil && !p.may(parent) {
			v.fault("parent", "intake.not_yours")
			continue
		}
		n := 0
		if text := v.row.get("number"); text != "" {
			ok := false
			if n, ok = number(text); !ok {
				v.fault("number", "fault.bad_number")
			}
		}
		name := names(v.row)
		fresh, err := org.NewArea{Area: org.Area{ID: "new", Kind: kind, NameHi: name.Hi, NameEn: name.En, Number: n}}.Validate()
		if err != nil {
			v.add(err)
		}
		if v.kind == "faulty" {
			continue
		}
		if line := p.once(v.row.line, "area", kind, string(parent.id), key(fresh.NameHi)); line != 0 {
			v.kind = "kept"
			continue
		}
		if k := p.sameArea(kind, parent, name, n); k != nil {
			v.renames(k.id, k.name(), name)
			continue
		}
		fresh.ID = org.AreaID(p.tx.NewID())
		fresh.Parents = map[string]org.AreaID{}
		for _, tree := range treesOf(kind, parent) {
			fresh.Parents[tree] = parent.id
		}
		if code := v.row.get("code"); code != "" {
			fresh.Identifiers = [][2]string{{"lgd", lang.ASCIIDigits(code)}}
		}
		for a := range strings.SplitSeq(v.row.get("alias"), ";") {
			if a = strings.TrimSpace(a); a != "" && utf8.RuneCountInString(a) <= 200 {
				fresh.Aliases = append(fresh.Aliases, a)
			}
		}
		v.do = append(v.do, func(l *org.Loader) error { return l.Area(fresh) })
		known := &place{id: fresh.ID, kind: kind, hi: fresh.NameHi, en: fresh.NameEn, number: n, admin: parent.id}
		for _, name := range append([]string{fresh.NameHi, fresh.NameEn}, fresh.Aliases...) { // later rows of the block may name it
			p.places.byKey[key(name)] = append(p.places.byKey[key(name)], known)
		}
		p.places.byID[known.id] = known
	}
	return nil
}

// sameArea finds the area of a kind under a parent that a row means: by number where it
// has one, else by name.
func (p *planner) sameArea(kind string, parent *place, name lang.Name, n int) *place {
	if n != 0 {
		for _, k := range p.places.byCode[kind+":"+strconv.Itoa(n)] {
			if p.places.lies(k, parent.id) {
				return k
			}
		}
	}
	for _, text := range []string{name.Hi, name.En} {
		if text == "" {
			continue
		}
		for _, k := range p.places.byKey[key(text)] {
			if k.kind == kind && (n == 0 || k.number == 0 || k.number == n) && (p.places.lies(k, parent.id) || parent.kind == "state") {
				return k
			}
		}
	}
	return nil
}
