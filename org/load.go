package org

import (
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/pack"
)

// Loader enters areas, organizations, posts, people and memberships, one or a
// million, in few statements. It is how the register gets its rows from a pack, an
// import or the demonstration; whoever uses it has checked who may. Parents are
// added before children. Close writes what waits; the figures of package tally are
// recounted afterwards by the caller (review.Recount).
type Loader struct {
	tx     *db.Tx
	label  int64 // last label given
	today  string
	paths  map[string]string // tree + area id to path
	orgs   map[OrganizationID]Organization
	kinds  map[string]bool // organization kind to: owes the monthly report
	ranks  map[RoleID]int
	acts   map[RoleID][]access.ScopedActs
	tables map[string]*db.Inserter
	order  []*db.Inserter // in order of reference, for flushing
	turns  map[turn]int   // what the figures change by; nil when the caller recounts
	made   Made
}

// turn is seats of a role of an organization, whose posts work at an area, going from
// one state ("" when new) to another.
type turn struct {
	org      OrganizationID
	area     AreaID
	role     RoleID
	from, to string
}

// Count has Close add what was loaded to the figures of package tally: for loads that
// are small beside the register.
// What is loaded is also remembered, see [Loader.Made].
func (l *Loader) Count() { l.turns = map[turn]int{} }

func (l *Loader) turned(t turn) {
	if l.turns != nil {
		l.turns[t]++
	}
}

// RegisterTables are the tables a Loader fills, for [db.Tx.DropIndexes].
var RegisterTables = []string{"area", "area_identifier", "area_alias", "area_parent", "area_path", "organization",
	"person", "phone", "post", "seat", "membership", "access_grant"}

// NewLoader begins loading in tx.
func NewLoader(tx *db.Tx) (*Loader, error) {
	n, err := tx.Int(`select n from counter where name = 'area_label'`)
	if err != nil {
		return nil, err
	}
	l := &Loader{tx: tx, label: int64(n), today: tx.Today(), paths: map[string]string{}, orgs: map[OrganizationID]Organization{},
		kinds: map[string]bool{}, ranks: map[RoleID]int{}, acts: map[RoleID][]access.ScopedActs{}, tables: map[string]*db.Inserter{}}
	for _, t := range []struct{ table, columns string }{
		{"area", "id label kind name_hi name_en number reserved sort_key from_day to_day"},
		{"area_identifier", "scheme value area_id"},
		{"area_alias", "area_id name folded"},
		{"area_parent", "tree area_id parent_id from_day"},
		{"area_path", "tree area_id path"},
		{"organization", "id label kind name_hi name_en sort_key parent_id path area_id area_path unit_id reporting_id founded register_open"},
		{"person", "id name_hi name_en sort_key folded gender birth_year created_at"},
		{"phone", "person_id number status"},
		{"post", "id organization_id role_id area_id label_hi label_en seats from_day"},
		{"membership", "id person_id organization_id unit_id post_id seat_id role_id area_id charge from_day to_day end_reason begun_by source source_day standing last_activity"},
		{"seat", "id post_id organization_id unit_id role_id rank number state membership_id since known_from"},
		{"access_grant", "membership_id scope acts organization_id"},
	} {
		in := tx.Insert(t.table, strings.Fields(t.columns)...).After(l.order...)
		l.tables[t.table] = in
		l.order = append(l.order, in)
	}
	roles, err := Roles(tx)
	if err != nil {
		return nil, err
	}
	for _, r := range roles {
		l.ranks[RoleID(r.ID)] = r.Rank
	}
	rows, err := tx.Query(`select id, reports from organization_kind`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var reports bool
		if err := rows.Scan(&id, &reports); err != nil {
			return nil, err
		}
		l.kinds[id] = reports
	}
	return l, rows.Err()
}

// Close writes the rows that wait, in the order in which they refer to each other.
func (l *Loader) Close() error {
	for _, in := range l.order {
		if err := in.Flush(); err != nil {
			return err
		}
	}
	_, err := l.tx.Exec(`insert into counter(name, n) values('area_label', $1) on conflict(name) do update set n = excluded.n`, l.label)
	if err != nil {
		return err
	}
	return l.addTurns()
}

func (l *Loader) add(table string, values ...any) error { return l.tables[table].Add(values...) }

// Insert prepares adding rows to a table outside the register whose rows refer to
// the register's. The caller flushes it.
func (l *Loader) Insert(table string, columns ...string) *db.Inserter {
	return l.tx.Insert(table, columns...).After(l.order...)
}

// NewArea is an area to be loaded, with its parent in each tree ("" id: a root of
// that tree).
type NewArea struct {
	Area
	Parents     map[string]AreaID
	Identifiers [][2]string
	Aliases     []string
	SinceDay    string // from which the parentage holds; "1900-01-01" when unknown
	Leaf        bool   // nothing will be added below: its paths need not be remembered
}

const maxAreaName = 300 // characters

// Validate checks the form of an area and gives it back with its names put right: a
// kind, a name in at least one script, which then serves for both.
func (n NewArea) Validate() (NewArea, error) {
	var f fault.Form
	n.NameHi, n.NameEn = bothNames(&f, n.NameHi, n.NameEn)
	f.Check(n.Kind != "", "kind", "fault.required_choice")
	f.Check(utf8.RuneCountInString(n.NameHi) <= maxAreaName && utf8.RuneCountInString(n.NameEn) <= maxAreaName, "name", "fault.too_long", "max", maxAreaName)
	f.Check(n.Number >= 0 && n.Number < 10_000, "number", "fault.number_range", "min", 1, "max", 9999)
	return n, f.Err()
}

// Area adds an area to its trees.
func (l *Loader) Area(n NewArea) error {
	n, err := n.Validate()
	if err != nil {
		return fmt.Errorf("area %s %q: %w", n.ID, n.NameHi, err)
	}
	var number any
	if n.Number != 0 {
		number = n.Number
	}
	if n.SinceDay == "" {
		n.SinceDay = "1900-01-01"
	}
	label := l.newLabel()
	l.made.note(l, &l.made.Areas, string(n.ID))
	err = l.add("area", n.ID, label, n.Kind, n.NameHi, n.NameEn, number, n.Reserved, lang.SortKey(n.NameHi), db.Null(n.FromDay), db.Null(n.ToDay))
	if err != nil {
		return err
	}
	for _, i := range n.Identifiers {
		if err := l.add("area_identifier", i[0], i[1], n.ID); err != nil {
			return err
		}
	}
	if !n.Leaf { // booths are found by number, and by name with the search of people and places
		seen := map[string]bool{}
		for _, name := range append([]string{n.NameHi, n.NameEn}, n.Aliases...) {
			if !seen[name] {
				seen[name] = true
				if err := l.add("area_alias", n.ID, name, lang.Fold(name)); err != nil {
					return err
				}
			}
		}
	}
	for _, tree := range []string{Electoral, Administrative, Territorial} {
		parent, ok := n.Parents[tree]
		if !ok {
			continue
		}
		path := "/" + label + "/"
		if parent != "" {
			above, err := l.areaPath(tree, parent)
			if err != nil {
				return err
			}
			path = above + label + "/"
			if err := l.add("area_parent", tree, n.ID, parent, n.SinceDay); err != nil {
				return err
			}
		}
		if err := l.add("area_path", tree, n.ID, path); err != nil {
			return err
		}
		if !n.Leaf {
			l.paths[tree+string(n.ID)] = path
		}
	}
	return nil
}

// Place lets an area that is already loaded stand in a further tree, under parent.
func (l *Loader) Place(tree string, id, parent AreaID, sinceDay string) error {
	above, err := l.areaPath(tree, parent)
	if err != nil {
		return err
	}
	label, err := l.labelOf(id)
	if err != nil {
		return err
	}
	path := above + label + "/"
	l.paths[tree+string(id)] = path
	l.made.note(l, &l.made.Placed, tree+" "+string(id))
	if err := l.add("area_parent", tree, id, parent, sinceDay); err != nil {
		return err
	}
	return l.add("area_path", tree, id, path)
}

// newLabel gives the next label: no area and no organization has the same.
func (l *Loader) newLabel() string {
	l.label++
	return strconv.FormatInt(l.label, 36)
}

// labelOf gives the label of an area that stands in some tree already.
func (l *Loader) labelOf(id AreaID) (string, error) {
	for _, tree := range []string{Electoral, Administrative, Territorial} {
		if p := l.paths[tree+string(id)]; p != "" {
			return lastLabel(p), nil
		}
	}
	label, err := l.tx.Text(`select label from area where id = $1`, id)
	if err == nil && label == "" {
		err = fmt.Errorf("area %s is not loaded", id)
	}
	return label, err
}

func (l *Loader) areaPath(tree string, id AreaID) (string, error) {
	if p := l.paths[tree+string(id)]; p != "" {
		return p, nil
	}
	p, err := l.tx.Text(`select path from area_path where tree = $1 and area_id = $2`, tree, id)
	if err == nil && p == "" {
		return "", fmt.Errorf("area %s does not stand in the %s tree", id, tree)
	}
	l.paths[tree+string(id)] = p
	return p, err
}

// Organization adds an organization and works out its path, its district-level
// body and the body whose monthly report covers it, and gives it back so filled.
func (l *Loader) Organization(o Organization) (Organization, error) {
	reports, ok := l.kinds[o.Kind]
	if !ok {
		return o, fmt.Errorf("organization %s: unknown kind %q", o.ID, o.Kind)
	}
	territory, err := l.areaPath(Territorial, o.Area)
	if err != nil {
		return o, err
	}
	o.Label = l.newLabel()
	switch {
	case o.Parent == "":
		o.Path, o.Unit = "/"+o.Label+"/", o.ID
	default:
		parent, err := l.organization(o.Parent)
		if err != nil {
			return o, err
		}
		o.Path = parent.Path + o.Label + "/"
		switch {
		case o.Unit != "": // named by the caller: a cell's district body, whose parent is the cell
		case parent.Parent == "" && parent.Area != o.Area: // directly under the root with a territory of its own
			o.Unit = o.ID
		default:
			o.Unit = parent.Unit
		}
		o.Reporting = parent.Reporting
	}
	if reports {
		o.Reporting = o.ID
	}
	// Territories of two roots on the same ground are strangers to each other: a grant
	// by territory never reaches another organization, such as a partner's.
	root, _, _ := strings.Cut(o.Path[1:], "/")
	o.AreaPath = "/" + root + territory
	l.orgs[o.ID] = o
	l.made.note(l, &l.made.Bodies, string(o.ID))
	return o, l.add("organization", o.ID, o.Label, o.Kind, o.NameHi, o.NameEn, lang.SortKey(o.NameHi), db.Null(string(o.Parent)), o.Path,
		o.Area, o.AreaPath, db.Null(string(o.Unit)), db.Null(string(o.Reporting)), db.Null(o.Founded), o.RegisterOpen)
}

func (l *Loader) organization(id OrganizationID) (Organization, error) {
	if o, ok := l.orgs[id]; ok {
		return o, nil
	}
	o, err := Lookup(l.tx, id)
	if err == nil {
		l.orgs[id] = o
	}
	return o, err
}

// Person adds a person; the form is NewPerson's.
func (l *Loader) Person(n NewPerson) error {
	n, err := n.Validate(l.tx.Now.Year())
	if err != nil {
		return fmt.Errorf("person %s %q: %w", n.ID, n.NameHi, err)
	}
	var year any
	if n.BirthYear != 0 {
		year = n.BirthYear
	}
	l.made.note(l, &l.made.People, string(n.ID))
	err = l.add("person", n.ID, n.NameHi, n.NameEn, lang.SortKey(n.NameHi), folded(n.NameHi, n.NameEn), n.Gender, year, l.tx.Millis())
	if err != nil || n.Phone == "" {
		return err
	}
	return l.add("phone", n.ID, n.Phone, "unchecked")
}

// Post is a post to be loaded with its seats.
type Post struct {
	ID           PostID
	Organization OrganizationID
	Role         RoleID
	Area         AreaID // "" for the organization's territory
	LabelHi      string
	LabelEn      string
	Seats        []SeatFill
}

// SeatFill is how a seat stands: a holder, or vacant since a day, or unknown.
type SeatFill struct {
	ID         SeatID
	Vacant     bool
	Since      string // of a vacancy
	Membership MembershipID
	Person     PersonID // "" for no holder
	FromDay    string
	Source     string
	SourceDay  string
	LastDay    string // day of the newest ledger entry
	Former     []Former
}

// Former is a holder of a seat before, as the records tell.
type Former struct {
	Membership MembershipID
	Person     PersonID
	FromDay    string
	ToDay      string
	EndReason  string // see EndReasons
	Source     string
	SourceDay  string
}

// Post adds a post, its seats and their holders as found.
func (l *Loader) Post(p Post) error {
	o, err := l.organization(p.Organization)
	if err != nil {
		return err
	}
	if p.Area == "" {
		p.Area = o.Area
	}
	l.made.note(l, &l.made.Posts, string(p.ID))
	if err := l.add("post", p.ID, p.Organization, p.Role, p.Area, p.LabelHi, p.LabelEn, len(p.Seats), nil); err != nil {
		return err
	}
	for i, s := range p.Seats {
		if err := l.seat(o, p, i+1, s); err != nil {
			return err
		}
	}
	return nil
}

// Seats adds the seats of p to a post that is there already and has n of them; of p
// only the seats count.
func (l *Loader) Seats(p Post, n int) error {
	o, err := l.organization(p.Organization)
	if err != nil {
		return err
	}
	for i, s := range p.Seats {
		if err := l.seat(o, p, n+i+1, s); err != nil {
			return err
		}
	}
	if l.turns != nil {
		l.made.Grown = append(l.made.Grown, Grown{p.ID, len(p.Seats)})
	}
	_, err = l.tx.Exec(`update post set seats = seats + $1 where id = $2`, len(p.Seats), p.ID)
	return err
}

// seat adds a seat with its holder, if any.
func (l *Loader) seat(o Organization, p Post, number int, s SeatFill) (err error) {
	state, since, known := "unknown", "", ""
	switch {
	case s.Person != "":
		state, since, known = "filled", s.FromDay, s.FromDay
		err = l.member(o, p, s)
	case s.Vacant:
		if !IsDay(s.Since) || s.Since > l.today {
			return fmt.Errorf("seat %s: a vacancy needs a past day", s.ID)
		}
		state, since, known = "vacant", s.Since, s.Since
	}
	if err != nil {
		return err
	}
	for _, f := range s.Former {
		if err := l.former(o, p, s, f); err != nil {
			return err
		}
	}
	l.turned(turn{p.Organization, p.Area, p.Role, "", state})
	l.made.note(l, &l.made.Seats, string(s.ID))
	return l.add("seat", s.ID, p.ID, p.Organization, db.Null(string(o.Unit)), p.Role, l.ranks[p.Role], number, state, db.Null(string(s.Membership)), db.Null(since), db.Null(known))
}

// Fill lets a seat that is there, in the state from, be taken by a holder as found. p
// is its post. Faults: Conflict (the seat is taken).
func (l *Loader) Fill(p Post, from string, s SeatFill) error {
	o, err := l.organization(p.Organization)
	if err != nil {
		return err
	}
	var since, known sql.NullString
	if err := l.tx.Scan(`select since, known_from from seat where id = $1`, []any{s.ID}, &since, &known); err != nil {
		return err
	}
	if err := takeSeat(l.tx, s.ID, s.Membership, s.FromDay); err != nil {
		return err
	}
	if l.turns != nil {
		l.made.Filled = append(l.made.Filled, Filled{s.ID, s.Membership, from, since.String, known.String})
	}
	l.turned(turn{p.Organization, p.Area, p.Role, from, "filled"})
	return l.member(o, p, s)
}

func (l *Loader) member(o Organization, p Post, s SeatFill) error {
	if !IsDay(s.FromDay) || s.FromDay > l.today || s.Source == "" || s.Membership == "" {
		return fmt.Errorf("membership %s: needs a past day, a source and an id", s.Membership)
	}
	l.made.note(l, &l.made.Members, string(s.Membership))
	err := l.add("membership", s.Membership, s.Person, p.Organization, db.Null(string(o.Unit)), p.ID, s.ID, p.Role, p.Area, "regular",
		s.FromDay, nil, "", "as_found", s.Source, db.Null(s.SourceDay), standing("as_found"), db.Null(s.LastDay))
	if err != nil {
		return err
	}
	acts, ok := l.acts[p.Role]
	if !ok {
		if acts, err = access.RoleActs(l.tx, string(p.Role)); err != nil {
			return err
		}
		l.acts[p.Role] = acts
	}
	for _, a := range acts {
		if err := l.add("access_grant", s.Membership, string(a.Scope), a.Acts, p.Organization); err != nil {
			return err
		}
	}
	return nil
}

func (l *Loader) former(o Organization, p Post, s SeatFill, f Former) error {
	if !IsDay(f.FromDay) || !IsDay(f.ToDay) || f.FromDay >= f.ToDay || f.ToDay > l.today || !slices.Contains(EndReasons, f.EndReason) || f.Source == "" || f.Membership == "" {
		return fmt.Errorf("former membership %s: needs past days in order, a reason, a source and an id", f.Membership)
	}
	return l.add("membership", f.Membership, f.Person, p.Organization, db.Null(string(o.Unit)), p.ID, s.ID, p.Role, p.Area, "regular",
		f.FromDay, f.ToDay, f.EndReason, "as_found", f.Source, db.Null(f.SourceDay), standing("as_found"), nil)
}

// LoadPack enters what a pack says of the register: kinds, roles and what they
// permit, and the areas in their trees. The root area also begins the tree of
// territories. For an empty unit.
func LoadPack(tx *db.Tx, p *pack.Pack) error {
	for _, k := range p.AreaKinds {
		if _, err := tx.Exec(`insert into area_kind(id, name_hi, name_en, rank) values($1, $2, $3, $4)`, k.ID, k.NameHi, k.NameEn, k.Rank); err != nil {
			return err
		}
	}
	for _, k := range p.OrgKinds {
		if _, err := tx.Exec(`insert into organization_kind(id, name_hi, name_en, rank, reports) values($1, $2, $3, $4, $5)`, k.ID, k.NameHi, k.NameEn, k.Rank, k.Reports); err != nil {
			return err
		}
	}
	for _, r := range p.Roles {
		if _, err := tx.Exec(`insert into role(id, name_hi, name_en, rank) values($1, $2, $3, $4)`, r.ID, r.NameHi, r.NameEn, r.Rank); err != nil {
			return err
		}
	}
	for _, a := range p.RoleActs {
		if _, err := tx.Exec(`insert into role_act(role_id, act, scope) values($1, $2, $3)`, a.Role, a.Act, string(a.Scope)); err != nil {
			return err
		}
	}
	l, err := NewLoader(tx)
	if err != nil {
		return err
	}
	below := map[string]bool{} // areas may stand in the file before their parents
	for len(below) < len(p.Areas) {
		before := len(below)
	next:
		for _, a := range p.Areas {
			if below[a.ID] {
				continue
			}
			for _, parent := range a.Parents {
				if !below[parent] {
					continue next
				}
			}
			below[a.ID] = true
			if err := l.Area(packArea(p, a)); err != nil {
				return err
			}
		}
		if len(below) == before {
			return fmt.Errorf("the pack's areas stand in a circle")
		}
	}
	if err := l.Close(); err != nil {
		return err
	}
	if err := tx.SetMeta("pack", p.ID); err != nil {
		return err
	}
	if err := storeWords(tx, p); err != nil {
		return err
	}
	return tx.SetMeta("root_area", p.Root)
}

func packArea(p *pack.Pack, a pack.Area) NewArea {
	n := NewArea{Area: Area{ID: AreaID(a.ID), Kind: a.Kind, NameHi: a.NameHi, NameEn: a.NameEn, Number: a.Number}, Aliases: a.Aliases, Parents: map[string]AreaID{}}
	if a.Reserved != "GEN" {
		n.Reserved = a.Reserved
	}
	for _, i := range a.Identifiers {
		n.Identifiers = append(n.Identifiers, [2]string{i.Scheme, i.Value})
	}
	for tree, parent := range a.Parents {
		n.Parents[tree] = AreaID(parent)
	}
	if a.ID == p.Root {
		for _, tree := range []string{Electoral, Administrative, Territorial} {
			n.Parents[tree] = ""
		}
	}
	return n
}
