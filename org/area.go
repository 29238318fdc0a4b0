package org

import (
	"database/sql"
	"strings"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
)

// Area is a place (Popolo Area): names in both scripts, a kind that is data, and
// its number where it is a seat or booth.
type Area struct {
	ID       AreaID `json:"id"`
	Label    string `json:"-"` // its node in the tallies
	Kind     string `json:"kind"`
	NameHi   string `json:"name_hi"`
	NameEn   string `json:"name_en"`
	Number   int    `json:"number,omitempty"`
	Reserved string `json:"reserved,omitempty"` // "", "SC", "ST"
	FromDay  string `json:"from_day,omitempty"`
	ToDay    string `json:"to_day,omitempty"`
}

const areaColumns = `a.id, a.label, a.kind, a.name_hi, a.name_en, a.number, a.reserved, a.from_day, a.to_day`

func scanArea(s db.Scanner) (a Area, err error) {
	var n sql.NullInt64
	var from, to sql.NullString
	err = s.Scan(&a.ID, &a.Label, &a.Kind, &a.NameHi, &a.NameEn, &n, &a.Reserved, &from, &to)
	a.Number, a.FromDay, a.ToDay = int(n.Int64), from.String, to.String
	return a, err
}

// Kind names a kind of area or organization, or a role, in both languages.
type Kind struct {
	ID     string `json:"id"`
	NameHi string `json:"name_hi"`
	NameEn string `json:"name_en"`
	Rank   int    `json:"rank"`
}

// GetArea reads an area. Places are public facts: every signed-in actor may.
// Faults: Unauthorized, NotFound.
func GetArea(tx *db.Tx, by access.Actor, id AreaID) (a Area, err error) {
	if !by.SignedIn() {
		return a, fault.New(fault.Unauthorized, "access.sign_in")
	}
	return area(tx, id)
}

func area(tx *db.Tx, id AreaID) (Area, error) {
	return db.Remember(tx, id, func() (Area, error) {
		found, err := db.Select(tx, `select `+areaColumns+` from area a where a.id = $1`, []any{id}, scanArea)
		if err != nil {
			return Area{}, err
		}
		if len(found) == 0 {
			return Area{}, fault.New(fault.NotFound, "org.no_area")
		}
		return found[0], nil
	})
}

// AreaByRef finds an area by id, by "scheme:value" (lgd:146, eci:S24), by "kind:number"
// (assembly:324), or by an exact name or alias in either script within a kind
// ("" for any kind). Invalid when none or several fit.
func AreaByRef(tx *db.Tx, kind, ref string) (a Area, err error) {
	if a, err := area(tx, AreaID(ref)); err == nil {
		return a, nil
	}
	folded := lang.Fold(ref)
	found, err := db.Select(tx, `select distinct `+areaColumns+` from area a join area_alias l on l.area_id = a.id
		where l.folded = $1 and (a.kind = $2 or $2 = '') and a.to_day is null`, []any{folded, kind}, scanArea)
	if err != nil {
		return a, err
	}
	if scheme, value, ok := strings.Cut(ref, ":"); ok && len(found) == 0 {
		found, err = db.Select(tx, `select `+areaColumns+` from area a join area_identifier i on i.area_id = a.id
			where i.scheme = $1 and i.value = $2 and a.to_day is null
			union select `+areaColumns+` from area a where a.kind = $1 and cast(a.number as text) = $2 and a.to_day is null`,
			[]any{scheme, value}, scanArea)
		if err != nil {
			return a, err
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return a, fault.In("area", "org.unknown_area", "area", ref)
	}
	return a, fault.In("area", "org.ambiguous_area", "area", ref, "n", len(found))
}

// Ancestors gives the areas above id in a tree on a day, the highest first. (The next
// one up is a subquery because for a join SQLite first goes through the whole tree.)
func Ancestors(tx *db.Tx, tree string, id AreaID, day string) ([]Area, error) {
	return db.Select(tx, `with recursive up(id, n) as (
			select parent_id, 1 from area_parent where tree = $1 and area_id = $2 and from_day <= $3 and (to_day is null or to_day > $3)
			union all
			select (select p.parent_id from area_parent p where p.tree = $1 and p.area_id = up.id
				and p.from_day <= $3 and (p.to_day is null or p.to_day > $3)), up.n + 1 from up where up.id is not null and up.n < 20)
		select `+areaColumns+` from up cross join area a where a.id = up.id order by up.n desc`, []any{tree, id, day}, scanArea)
}

// Children gives the areas directly under id in a tree on a day, seats and booths
// by number, others by name; a page of at most limit after the key (number, sort
// key, id) of the last one shown, whose zero value begins.
func Children(tx *db.Tx, tree string, id AreaID, day string, after AreaKey, limit int) ([]Area, error) {
	return db.Select(tx, `select `+areaColumns+` from area_parent p join area a on a.id = p.area_id
		where p.tree = $1 and p.parent_id = $2 and p.from_day <= $3 and (p.to_day is null or p.to_day > $3)
			and (coalesce(a.number, 0), a.sort_key, a.id) > ($4, $5, $6)
		order by coalesce(a.number, 0), a.sort_key, a.id limit $7`,
		[]any{tree, id, day, after.Number, after.SortKey, after.ID, limit}, scanArea)
}

// Level is a kind of area inside another, one or two steps down a tree.
type Level struct {
	Kind  string
	Areas int
}

// trees names them all, for the index of parents, which begins with the tree.
const trees = `'electoral', 'administrative', 'organization'`

const inside = `from (select one.area_id as id from area_parent one where one.tree in (` + trees + `) and one.parent_id = $1 and one.from_day <= $2 and (one.to_day is null or one.to_day > $2)
	union select two.area_id from area_parent one join area_parent two on two.tree = one.tree and two.parent_id = one.area_id
		where one.tree in (` + trees + `) and one.parent_id = $1 and one.from_day <= $2 and (one.to_day is null or one.to_day > $2)
			and two.from_day <= $2 and (two.to_day is null or two.to_day > $2)) i join area a on a.id = i.id`

// Levels gives the kinds of area inside another, by rank, with how many there are:
// what lies directly in it in any tree on a day, and what lies directly in that.
func Levels(tx *db.Tx, id AreaID, day string) ([]Level, error) {
	return db.Select(tx, `select n.kind, n.areas from (select a.kind, count(*) as areas `+inside+` group by a.kind) n
		join area_kind k on k.id = n.kind order by k.rank, n.kind`, []any{id, day},
		func(s db.Scanner) (l Level, err error) { return l, s.Scan(&l.Kind, &l.Areas) })
}

// AreasInside gives the areas of one of the Levels, seats and booths by number, others by
// name, at most limit.
func AreasInside(tx *db.Tx, id AreaID, day, kind string, limit int) ([]Area, error) {
	return db.Select(tx, `select `+areaColumns+` `+inside+` where a.kind = $3
		order by coalesce(a.number, 0), a.sort_key, a.id limit $4`, []any{id, day, kind, limit}, scanArea)
}

// AreaKey is the place of an area in a list of children.
type AreaKey struct {
	Number  int
	SortKey string
	ID      AreaID
}

// Key gives the area's place in a list of children.
func (a Area) Key() AreaKey { return AreaKey{a.Number, lang.SortKey(a.NameHi), a.ID} }

// Identifiers gives an area's identifiers as scheme, value pairs.
func Identifiers(tx *db.Tx, id AreaID) ([][2]string, error) {
	return db.Select(tx, `select scheme, value from area_identifier where area_id = $1 order by scheme, value`, []any{id},
		func(s db.Scanner) (v [2]string, err error) { return v, s.Scan(&v[0], &v[1]) })
}

// AreaKinds lists the kinds of area by rank.
func AreaKinds(tx *db.Tx) ([]Kind, error) { return kinds(tx, "area_kind") }

func kinds(tx *db.Tx, table string) ([]Kind, error) {
	return db.Select(tx, `select id, name_hi, name_en, rank from `+table+` order by rank, id`, nil,
		func(s db.Scanner) (k Kind, err error) { return k, s.Scan(&k.ID, &k.NameHi, &k.NameEn, &k.Rank) })
}
