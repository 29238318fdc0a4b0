// Package pack reads packs: a pack is a folder of CSV files that says what a
// state unit starts from — its areas in all trees, the kinds of organization,
// the roles with the acts they permit and the duties expected of them, the kinds
// of activity, and the words on the screen. Another state is another folder and
// no code; README.md beside this file describes the format.
//
// The package is pure data: it reads and validates, and touches no database.
// Whoever may set a unit up decides what becomes of a pack.
package pack

import (
	"embed"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a pack's zone is checked on machines that have no zone files
	"unicode"

	"sangathan/internal/fault"
)

// Pack is a checked pack: every id that one row names exists in another.
// All slices stand in the order of the files.
type Pack struct {
	ID      string // slug of the pack, such as "uttar-pradesh"
	NameHi  string
	NameEn  string
	Version int    // counts up from 1 with each published change
	Zone    string // IANA time zone in which the unit counts its days
	Root    string // id of the topmost area, the root of every tree

	Trees         []Tree
	AreaKinds     []AreaKind
	Areas         []Area
	OrgKinds      []OrgKind
	Roles         []Role
	RoleActs      []RoleAct
	Duties        []Duty
	ActivityKinds []ActivityKind
	Words         []Word            // the default word pack: every word
	WordPacks     map[string][]Word // other word packs by name ("alt" is words-alt.csv): only the words that differ
}

// Tree is one way in which the areas stand under each other; an area has at
// most one parent in it.
type Tree struct{ ID, NameHi, NameEn string }

// AreaKind is a kind of area. A lower Rank is the larger area.
type AreaKind struct {
	ID, NameHi, NameEn string
	Rank               int
}

// Area is a place. Its ID is a stable ASCII slug, never shown to anyone.
type Area struct {
	ID, Kind, NameHi, NameEn string
	Number                   int    // official number of a seat or booth; 0 where there is none
	Reserved                 string // "GEN", "SC" or "ST" for seats, else ""
	Identifiers              []Identifier
	Aliases                  []string          // other names and spellings, either script
	Parents                  map[string]string // tree id to parent area id; no entry where the area is not in the tree
}

// Identifier is an area's number in somebody else's list: the schemes in use are
// lgd (Local Government Directory), census2011 and eci (Election Commission).
type Identifier struct{ Scheme, Value string }

// OrgKind is a kind of organization. Reports says whether a body of this kind
// owes the monthly report.
type OrgKind struct {
	ID, NameHi, NameEn string
	Rank               int
	Reports            bool
}

// Role is a role that posts are made of. A lower Rank stands higher.
type Role struct {
	ID, NameHi, NameEn string
	Rank               int
}

// Scope says how far from the post's own organization an act of a role reaches.
type Scope string

const (
	ScopeArea  Scope = "area"  // everything whose territory lies in the territory of the post's organization
	ScopeOrg   Scope = "org"   // the post's organization and all bodies under it
	ScopeBelow Scope = "below" // what lies in the territory, strictly below the post's organization
	ScopeOwn   Scope = "own"   // the post's organization alone
)

// Scopes lists every scope.
func Scopes() []Scope { return []Scope{ScopeArea, ScopeOrg, ScopeBelow, ScopeOwn} }

// Acts lists every act that a role may be given. Reporting for oneself and seeing
// one's own record need none.
func Acts() []string {
	return []string{
		"see_register", "see_contact", "report_for", "confirm_activity",
		"draft_list", "check_list", "record_talk", "issue_notice", "record_service",
		"recommend", "decide", "hear_appeal", "relieve_now",
		"propose", "approve", "revoke_order",
		"issue_directive", "answer_directive", "record_end", "record_leave",
		"give_slip", "load_data", "publish_criteria", "edit_letters", "admin",
	}
}

// RoleAct gives an act to whoever holds a post of the role.
type RoleAct struct {
	Role, Act string
	Scope     Scope
}

// Duty is what is expected of a holder of the role each month: PerMonth
// activities of one of Kinds, or of any kind where Kinds is empty.
type Duty struct {
	ID, Role, NameHi, NameEn string
	Kinds                    []string
	PerMonth                 int
}

// ActivityKind is a kind of activity that can be reported.
type ActivityKind struct{ ID, NameHi, NameEn string }

// Word is one word on the screen in both languages.
type Word struct{ Key, Hi, En string }

//go:embed uttar-pradesh/*.csv
var uttarPradesh embed.FS

// UttarPradesh gives the reference pack. It panics if the pack in this binary is
// faulty, which the package's tests rule out.
func UttarPradesh() *Pack {
	folder, err := fs.Sub(uttarPradesh, "uttar-pradesh")
	if err != nil {
		panic(err)
	}
	p, err := Load(folder)
	if err != nil {
		panic(err)
	}
	return p
}

// Load reads and checks the pack in the folder fsys. All faults are told at once:
// a fault of kind Invalid with key "pack.faulty", whose fields are named
// "file:line:column" (such as "areas.csv:12:name_hi") and say what is wrong and
// how to mend it. Nothing but a wholly right pack is returned.
func Load(fsys fs.FS) (p *Pack, err error) {
	defer fault.Op(&err, "pack.Load")
	r := &reader{fsys: fsys}
	p = &Pack{WordPacks: map[string][]Word{}}

	r.meta(p)
	for _, row := range r.table("trees.csv", "id", "name_hi", "name_en") {
		p.Trees = append(p.Trees, Tree{row.slug("id"), row.hindi("name_hi"), row.latin("name_en")})
	}
	for _, row := range r.table("area_kinds.csv", "id", "name_hi", "name_en", "rank") {
		p.AreaKinds = append(p.AreaKinds, AreaKind{row.slug("id"), row.hindi("name_hi"), row.latin("name_en"), row.count("rank", 1, 999)})
	}
	r.areas(p)
	for _, row := range r.table("org_kinds.csv", "id", "name_hi", "name_en", "rank", "reports") {
		p.OrgKinds = append(p.OrgKinds, OrgKind{row.slug("id"), row.hindi("name_hi"), row.latin("name_en"), row.count("rank", 1, 999), row.one("reports", "true", "false") == "true"})
	}
	for _, row := range r.table("roles.csv", "id", "name_hi", "name_en", "rank") {
		p.Roles = append(p.Roles, Role{row.slug("id"), row.hindi("name_hi"), row.latin("name_en"), row.count("rank", 1, 999)})
	}
	for _, row := range r.table("role_acts.csv", "role_id", "act", "scope") {
		a := RoleAct{row.known("role_id", "roles.csv"), row.one("act", Acts()...), Scope(row.one("scope", scopeNames()...))}
		row.unique("act", a.Role+" "+a.Act+" "+string(a.Scope))
		p.RoleActs = append(p.RoleActs, a)
	}
	for _, row := range r.table("activity_kinds.csv", "id", "name_hi", "name_en") {
		p.ActivityKinds = append(p.ActivityKinds, ActivityKind{row.slug("id"), row.hindi("name_hi"), row.latin("name_en")})
	}
	for _, row := range r.table("duties.csv", "id", "role_id", "name_hi", "name_en", "kinds", "per_month") {
		d := Duty{ID: row.slug("id"), Role: row.known("role_id", "roles.csv"), NameHi: row.hindi("name_hi"), NameEn: row.latin("name_en"), Kinds: row.list("kinds"), PerMonth: row.count("per_month", 1, 31)}
		for _, kind := range d.Kinds {
			row.inFile("kinds", kind, "activity_kinds.csv")
		}
		p.Duties = append(p.Duties, d)
	}
	r.words(p)

	if len(r.faults) > 0 {
		return nil, &fault.Error{Kind: fault.Invalid, Key: "pack.faulty", Args: map[string]any{"count": len(r.faults)}, Fields: r.faults}
	}
	return p, nil
}

// meta reads pack.csv: one row per key.
func (r *reader) meta(p *Pack) {
	const file = "pack.csv"
	keys := []string{"id", "name_hi", "name_en", "version", "zone", "root"}
	seen := map[string]bool{}
	for _, row := range r.table(file, "key", "value") {
		key := row.one("key", keys...)
		row.unique("key", key)
		seen[key] = true
		switch key {
		case "id":
			p.ID = row.must("value")
			row.check(p.ID == "" || slug.MatchString(p.ID), "value", "pack.bad_id")
		case "name_hi":
			p.NameHi = row.hindi("value")
		case "name_en":
			p.NameEn = row.latin("value")
		case "version":
			p.Version = row.count("value", 1, 1_000_000)
		case "zone":
			p.Zone = row.must("value")
			_, err := time.LoadLocation(p.Zone)
			row.check(err == nil, "value", "pack.bad_zone", "value", p.Zone)
		case "root":
			p.Root = row.must("value")
		}
	}
	if !r.opened[file] {
		return
	}
	for _, key := range keys {
		if !seen[key] {
			r.add(file, 1, "key", "pack.missing_key", "key", key)
		}
	}
}

// areas reads areas.csv, whose last columns are the trees, and checks that each
// tree hangs together under the root.
func (r *reader) areas(p *Pack) {
	const file = "areas.csv"
	columns := []string{"id", "kind", "name_hi", "name_en", "number", "reserved", "identifiers", "aliases"}
	for _, tree := range p.Trees {
		columns = append(columns, tree.ID)
	}
	rows := r.table(file, columns...)
	for _, row := range rows {
		a := Area{ID: row.slug("id"), Kind: row.known("kind", "area_kinds.csv"), NameHi: row.hindi("name_hi"), NameEn: row.latin("name_en"), Aliases: row.list("aliases"), Parents: map[string]string{}}
		if row.get("number") != "" {
			a.Number = row.count("number", 1, 1_000_000)
		}
		if row.get("reserved") != "" {
			a.Reserved = row.one("reserved", "GEN", "SC", "ST")
		}
		for _, item := range row.list("identifiers") {
			scheme, value, _ := strings.Cut(item, ":")
			if row.check(slug.MatchString(scheme) && value != "", "identifiers", "pack.bad_identifier", "value", item) {
				a.Identifiers = append(a.Identifiers, Identifier{scheme, value})
				row.unique("identifiers", a.Kind+" "+item)
			}
		}
		p.Areas = append(p.Areas, a)
	}

	at := map[string]int{} // area id to its place in rows
	for i, a := range p.Areas {
		at[a.ID] = i
	}
	if _, ok := at[p.Root]; !ok && p.Root != "" && r.opened[file] {
		r.add("pack.csv", r.seen["pack.csv key root"], "value", "pack.unknown_id", "value", p.Root, "file", file)
	}
	for _, tree := range p.Trees {
		for i, row := range rows {
			parent := row.get(tree.ID)
			if parent == "" {
				continue
			}
			above, ok := at[parent]
			if row.check(ok, tree.ID, "pack.unknown_id", "value", parent, "file", file) {
				p.Areas[i].Parents[tree.ID] = parent
				row.check(parent == p.Root || rows[above].get(tree.ID) != "", tree.ID, "pack.parent_not_in_tree", "value", parent, "tree", tree.ID)
			}
		}
		for i, row := range rows {
			row.check(!circles(p.Areas, at, i, tree.ID), tree.ID, "pack.cycle", "id", p.Areas[i].ID)
		}
	}
	for i, row := range rows {
		a := p.Areas[i]
		row.check(len(p.Trees) == 0 || a.ID == p.Root || hasParentCell(row, p.Trees), "id", "pack.no_parent", "id", a.ID)
		row.check(a.ID != p.Root || !hasParentCell(row, p.Trees), "id", "pack.root_has_parent", "id", a.ID)
	}
}

// circles reports whether the way up from area i in the tree comes back to it.
func circles(areas []Area, at map[string]int, i int, tree string) bool {
	above := i
	for range len(areas) {
		parent, ok := areas[above].Parents[tree]
		if !ok {
			return false
		}
		if above = at[parent]; above == i {
			return true
		}
	}
	return false
}

func hasParentCell(row row, trees []Tree) bool {
	return slices.ContainsFunc(trees, func(t Tree) bool { return row.get(t.ID) != "" })
}

// words reads the default word pack and every words-*.csv beside it, which may
// only change words that the default has.
func (r *reader) words(p *Pack) {
	read := func(file string) (words []Word) {
		for _, row := range r.table(file, "key", "hi", "en") {
			w := Word{row.must("key"), row.hindi("hi"), row.must("en")}
			row.check(w.Key == "" || slug.MatchString(w.Key), "key", "pack.bad_id")
			row.unique("key", w.Key)
			if file != "words.csv" {
				row.inFile("key", w.Key, "words.csv")
			}
			words = append(words, w)
		}
		return words
	}
	p.Words = read("words.csv")
	for _, w := range p.Words {
		r.ids["words.csv"][w.Key] = true
	}
	others, _ := fs.Glob(r.fsys, "words-*.csv") // the pattern is a constant, and right
	for _, file := range others {
		p.WordPacks[strings.TrimSuffix(strings.TrimPrefix(file, "words-"), ".csv")] = read(file)
	}
}

var slug = regexp.MustCompile(`^[a-z0-9]+([_-][a-z0-9]+)*$`)

func scopeNames() (names []string) {
	for _, s := range Scopes() {
		names = append(names, string(s))
	}
	return names
}

func isDevanagari(c rune) bool { return unicode.Is(unicode.Devanagari, c) }

// wholeNumber reads ASCII digits only.
func wholeNumber(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && s[0] != '+' && s[0] != '-'
}
