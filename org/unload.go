package org

import (
	"slices"
	"strconv"
	"strings"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/lang"
)

// Made is what a counting [Loader] put into the register, by id, so that it can be
// taken back.
type Made struct {
	Areas   []string  `json:"areas,omitempty"`
	Placed  []string  `json:"placed,omitempty"` // tree and area of an area that was there
	Bodies  []string  `json:"bodies,omitempty"`
	People  []string  `json:"people,omitempty"`
	Phones  []string  `json:"phones,omitempty"` // person and number, of people who were there
	Posts   []string  `json:"posts,omitempty"`
	Grown   []Grown   `json:"grown,omitempty"`
	Seats   []string  `json:"seats,omitempty"`
	Filled  []Filled  `json:"filled,omitempty"`
	Members []string  `json:"members,omitempty"`
	Renamed []Renamed `json:"renamed,omitempty"`
}

// Has reports whether the row of an id was made.
func (m Made) Has(id string) bool {
	for _, ids := range [][]string{m.Areas, m.Bodies, m.People, m.Posts, m.Seats, m.Members} {
		if slices.Contains(ids, id) {
			return true
		}
	}
	return false
}

// Grown is a post that got more seats.
type Grown struct {
	Post PostID `json:"post"`
	N    int    `json:"n"`
}

// Filled is a seat that was there and got a holder, with how it stood before.
type Filled struct {
	Seat  SeatID       `json:"seat"`
	By    MembershipID `json:"by"`
	State string       `json:"state"`
	Since string       `json:"since,omitempty"`
	Known string       `json:"known,omitempty"`
}

// Renamed is an area whose names changed.
type Renamed struct {
	Area   AreaID    `json:"area"`
	Before lang.Name `json:"before"`
	After  lang.Name `json:"after"`
}

func (m *Made) note(l *Loader, list *[]string, id string) {
	if l.turns != nil {
		*list = append(*list, id)
	}
}

// Made gives what the loader made since [Loader.Count].
func (l *Loader) Made() Made { return l.made }

// Rename gives an area that is there other names.
func (l *Loader) Rename(id AreaID, before, after lang.Name) error {
	if l.turns != nil {
		l.made.Renamed = append(l.made.Renamed, Renamed{id, before, after})
	}
	return rename(l.tx, id, after)
}

func rename(tx *db.Tx, id AreaID, n lang.Name) error {
	_, err := tx.Exec(`update area set name_hi = $1, name_en = $2, sort_key = $3 where id = $4`, n.Hi, n.En, lang.SortKey(n.Hi), id)
	return err
}

// AddPhone adds a number to a person who is there.
func (l *Loader) AddPhone(id PersonID, number string) error {
	if l.turns != nil {
		l.made.Phones = append(l.made.Phones, string(id)+" "+number)
	}
	return l.add("phone", id, number, "unchecked")
}

// reference is a column by which something stands on a loaded row.
type reference struct{ table, column string }

// references lists, for each kind of loaded row, what may stand on it from outside.
// What the loader itself makes beside the row (paths, grants, sessions) is not named.
var references = map[string][]reference{
	"area":   {{"area_parent", inTrees + " and parent_id"}, {"organization", "area_id"}, {"post", "area_id"}, {"activity", "area_id"}, {"result", "area_id"}},
	"body":   {{"organization", "parent_id"}, {"post", "organization_id"}, {"orders", "organization_id"}, {"directive_answer", "organization_id"}, {"directive", "from_org"}, {"review", "unit_id"}, {"review_silent", "organization_id"}, {"intake", "organization_id"}},
	"person": {{"membership", "person_id"}, {"account", "person_id"}, {"activation_slip", "person_id"}, {"orders", "person_id"}, {"proposal", "person_id"}, {"person", "canonical_id"}},
	"post":   {{"membership", "post_id"}, {"proposal", "post_id"}},
	"seat":   {{"membership", "seat_id"}, {"proposal", "seat_id"}},
	"member": {{"activity", "membership_id"}, {"leave", "membership_id"}, {"orders", "membership_id"}, {"review_line", "membership_id"}, {"review_case", "membership_id"}},
}

// Standing is something that stands on what was loaded: from which table, and the
// row's id.
type Standing struct{ Table, ID string }

// BuiltOn lists what stands on what was made, at most limit: rows of others that refer
// to it, memberships that were called, confirmed or ended, areas renamed since. Rows
// whose id own knows are the list's own.
func BuiltOn(tx *db.Tx, m Made, own func(id string) bool, limit int) (found []Standing, err error) {
	for _, c := range []struct {
		kind string
		ids  []string
	}{{"area", m.Areas}, {"body", m.Bodies}, {"person", m.People}, {"post", m.Posts}, {"seat", m.Seats}, {"member", m.Members}} {
		for _, r := range references[c.kind] {
			id := "id"
			switch r.table {
			case "area_parent":
				id = "area_id"
			case "result":
				id = "election_id"
			case "directive_answer":
				id = "directive_id"
			case "review_silent":
				id = "review_id"
			case "activation_slip":
				id = "person_id"
			}
			rows, err := Among(tx, `select `+id+` from `+r.table+` where `+r.column, c.ids, db.One[string])
			if err != nil {
				return nil, err
			}
			for _, row := range rows {
				if !own(row) {
					found = append(found, Standing{r.table, row})
				}
			}
			if len(found) >= limit {
				return found[:limit], nil
			}
		}
	}
	ended, err := Among(tx, `select id from membership where (to_day is not null or standing <> 'told' or last_activity is not null) and id`, m.Members, db.One[string])
	if err != nil {
		return nil, err
	}
	for _, id := range ended {
		found = append(found, Standing{"membership", id})
	}
	for _, r := range m.Renamed {
		n, err := tx.Int(`select count(*) from area where id = $1 and name_hi = $2 and name_en = $3`, r.Area, r.After.Hi, r.After.En)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			found = append(found, Standing{"area", string(r.Area)})
		}
	}
	phones, err := Among(tx, `select person_id, number from phone where status <> 'unchecked' and person_id`, m.People,
		func(s db.Scanner) (v [2]string, err error) { return v, s.Scan(&v[0], &v[1]) })
	for _, p := range phones {
		found = append(found, Standing{"phone", p[0]})
	}
	return found[:min(len(found), limit)], err
}

// Unload takes back what was made. The caller has asked [BuiltOn].
func Unload(tx *db.Tx, m Made) error {
	l := &Loader{tx: tx, turns: map[turn]int{}, orgs: map[OrganizationID]Organization{}}
	for _, f := range m.Filled {
		s, _, err := LookupSeat(tx, f.Seat)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`update seat set state = $1, membership_id = null, since = $2, known_from = $3 where id = $4 and membership_id = $5`,
			f.State, db.Null(f.Since), db.Null(f.Known), f.Seat, f.By)
		if err != nil {
			return err
		}
		l.turned(turn{s.Organization, s.Area, s.Role, "filled", f.State})
	}
	gone, err := Among(tx, `select s.organization_id, t.area_id, s.role_id, s.state from seat s join post t on t.id = s.post_id where s.id`, m.Seats,
		func(s db.Scanner) (t turn, err error) { return t, s.Scan(&t.org, &t.area, &t.role, &t.from) })
	if err != nil {
		return err
	}
	for _, t := range gone {
		l.turned(t)
	}
	if err := l.addTurns(); err != nil { // while the bodies still stand
		return err
	}
	for _, id := range m.Members {
		if err := access.Withdraw(tx, id); err != nil {
			return err
		}
	}
	for _, p := range m.Phones {
		person, number, _ := strings.Cut(p, " ")
		if _, err := tx.Exec(`delete from phone where person_id = $1 and number = $2`, person, number); err != nil {
			return err
		}
	}
	for _, g := range m.Grown {
		if _, err := tx.Exec(`update post set seats = seats - $1 where id = $2`, g.N, g.Post); err != nil {
			return err
		}
	}
	for _, p := range m.Placed {
		tree, area, _ := strings.Cut(p, " ")
		for _, q := range []string{`delete from area_path where tree = $1 and area_id = $2`, `delete from area_parent where tree = $1 and area_id = $2`} {
			if _, err := tx.Exec(q, tree, area); err != nil {
				return err
			}
		}
	}
	for _, r := range m.Renamed {
		if err := rename(tx, r.Area, r.Before); err != nil {
			return err
		}
	}
	for _, c := range []struct {
		where string
		ids   []string
	}{
		{`membership where id`, m.Members}, {`seat where id`, m.Seats}, {`post where id`, m.Posts},
		{`phone where person_id`, m.People}, {`person where id`, m.People}, {`organization where id`, m.Bodies},
		{`area_path where ` + inTrees + ` and area_id`, m.Areas}, {`area_parent where ` + inTrees + ` and area_id`, m.Areas}, {`area_alias where area_id`, m.Areas},
		{`area_identifier where area_id`, m.Areas}, {`area where id`, m.Areas},
	} {
		ids := slices.Clone(c.ids)
		slices.Reverse(ids) // children after their parents were made, so before them undone
		for part := range slices.Chunk(ids, amongAtOnce) {
			in, args := inList(part)
			if _, err := tx.Exec(`delete from `+c.where+in, args...); err != nil {
				return err
			}
		}
	}
	return nil
}

const amongAtOnce = 100

// inList writes " in ($1, ... $100)", filled up with the last id, so that the engines
// prepare it once.
func inList(ids []string) (string, []any) {
	var b strings.Builder
	args := make([]any, amongAtOnce)
	b.WriteString(" in (")
	for i := range amongAtOnce {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("$" + strconv.Itoa(i+1))
		args[i] = ids[min(i, len(ids)-1)]
	}
	b.WriteByte(')')
	return b.String(), args
}

// Among runs a query that ends in "where column" for many ids, a hundred at a time.
func Among[T any](tx *db.Tx, query string, ids []string, read func(db.Scanner) (T, error)) (all []T, err error) {
	for part := range slices.Chunk(ids, amongAtOnce) {
		in, args := inList(part)
		found, err := db.Select(tx, query+in, args, read)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}
