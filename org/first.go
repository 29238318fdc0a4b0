package org

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/pack"
	"sangathan/tally"
)

// Start is how far the register of a new unit has come.
type Start struct {
	Districts int `json:"districts"` // districts of the pack, or district-level bodies where there are more
	Told      int `json:"told"`      // district-level bodies of which somebody is known
	Open      int `json:"open"`      // district-level bodies, and the unit itself, whose register has not been gone through
}

// Started counts them. The actor needs load_data on the root. Faults: Unauthorized,
// NotFound, Forbidden.
func Started(tx *db.Tx, by access.Actor) (s Start, err error) {
	defer fault.Op(&err, "org.Started")
	root, err := Root(tx)
	if err != nil {
		return s, err
	}
	if err := by.Check(access.LoadData, root.Target("")); err != nil {
		return s, err
	}
	units, err := openUnits(tx)
	if err != nil {
		return s, err
	}
	bodies := 0
	for _, u := range units {
		if u.Parent != "" {
			bodies++
			if u.Posts.Filled > 0 {
				s.Told++
			}
		}
		if u.RegisterOpen {
			s.Open++
		}
	}
	if s.Districts, err = tx.Int(`select count(*) from area where kind = 'district'`); err != nil {
		return s, err
	}
	s.Districts = max(s.Districts, bodies)
	return s, nil
}

// OpenUnit is a district-level body, or the unit itself, and how its register stands.
type OpenUnit struct {
	Organization
	Posts Count `json:"posts"` // in it and under it
}

// OpenUnits lists those whose register has not been gone through, by name. The actor
// needs load_data on each; others are left out.
func OpenUnits(tx *db.Tx, by access.Actor) ([]OpenUnit, error) {
	all, err := openUnits(tx)
	return slices.DeleteFunc(all, func(u OpenUnit) bool { return !u.RegisterOpen || !by.May(access.LoadData, u.Target("")) }), err
}

func openUnits(tx *db.Tx) ([]OpenUnit, error) {
	all, err := db.Select(tx, `select `+organizationColumns+` from organization o
		where (o.unit_id = o.id or o.parent_id is null) and o.dissolved is null order by o.sort_key, o.id`, nil, scanOrganization)
	if err != nil {
		return nil, err
	}
	posts, _, err := CountByUnit(tx)
	if err != nil {
		return nil, err
	}
	var out []OpenUnit
	for _, o := range all {
		u := OpenUnit{Organization: o}
		if o.Parent == "" { // what stands under it, its districts included
			f, err := tally.At(tx, o.Label, "")
			if err != nil {
				return nil, err
			}
			u.Posts = countOf(f, tally.PostFilled, tally.PostVacant, tally.PostUnknown)
		} else if c := posts[o.ID]; c != nil {
			u.Posts = *c
		}
		out = append(out, u)
	}
	return out, nil
}

// StartWaits tells, for a home page, how many district-level bodies there are, and of
// how many, the unit itself included, the register has not been gone through; both 0 for
// one who may not load lists of the whole unit.
func StartWaits(tx *db.Tx, by access.Actor) (bodies, open int, err error) {
	root, err := Root(tx)
	if err != nil || !by.MayWithin(access.LoadData, root.Target("")) {
		return 0, 0, err
	}
	err = tx.Scan(`select count(*), coalesce(sum(case when register_open = true then 1 else 0 end), 0) from organization
		where unit_id = id and dissolved is null and id <> $1`, []any{root.ID}, &bodies, &open)
	if root.RegisterOpen {
		open++
	}
	return bodies, open, err
}

// CompleteRegisters is [CompleteRegister] for a body and all under it by parentage whose
// register has not been gone through; it gives how many there were. Faults:
// Unauthorized, NotFound, Forbidden, Conflict (none).
func CompleteRegisters(tx *db.Tx, by access.Actor, id OrganizationID) (n int, err error) {
	defer fault.Op(&err, "org.CompleteRegisters(%s)", id)
	o, err := Lookup(tx, id)
	if err != nil {
		return 0, err
	}
	if err := by.Check(access.LoadData, o.Target("")); err != nil {
		return 0, err
	}
	from, to := access.Range(o.Path)
	open, err := db.Select(tx, `select id from organization where path >= $1 and path < $2 and dissolved is null and register_open = true order by path`,
		[]any{from, to}, db.One[OrganizationID])
	if err != nil {
		return 0, err
	}
	if len(open) == 0 {
		return 0, fault.New(fault.Conflict, "org.register_complete")
	}
	for _, b := range open {
		if err := CompleteRegister(tx, by, b); err != nil {
			return 0, err
		}
	}
	return len(open), nil
}

// NameUnit gives the root organization its name in both scripts; one may be empty. The
// actor needs admin on it. Faults: Unauthorized, NotFound, Forbidden, Invalid (name_hi).
func NameUnit(tx *db.Tx, by access.Actor, hi, en string) (err error) {
	defer fault.Op(&err, "org.NameUnit")
	hi, en = strings.TrimSpace(hi), strings.TrimSpace(en)
	if hi == "" && en == "" {
		return fault.In("name_hi", "fault.required")
	}
	if len([]rune(hi)) > 200 || len([]rune(en)) > 200 {
		return fault.In("name_hi", "org.name_long", "n", 200)
	}
	root, err := Root(tx)
	if err != nil {
		return err
	}
	if err := by.Check(access.Admin, root.Target("")); err != nil {
		return err
	}
	name := hi
	if name == "" {
		name = en
	}
	if _, err := tx.Exec(`update organization set name_hi = $1, name_en = $2, sort_key = $3 where id = $4`, hi, en, lang.SortKey(name), root.ID); err != nil {
		return err
	}
	return access.Audit(tx, by, "org.unit_named", "organization", string(root.ID), map[string]any{"before": [2]string{root.NameHi, root.NameEn}})
}

// wordPack is the words of one way of speaking, by language and word.
type wordPack map[lang.Lang]map[string]string

// packWords is what a unit keeps of its pack's words: the common ones, those of the word
// packs that differ, and the names of roles and kinds as the pack has them.
type packWords struct {
	Common wordPack
	Packs  map[string]wordPack
	Names  map[string]map[string]lang.Name // by table and id
}

// storeWords keeps the words of a pack with the unit.
func storeWords(tx *db.Tx, p *pack.Pack) error {
	of := func(words []pack.Word) wordPack {
		w := wordPack{lang.Hi: {}, lang.En: {}}
		for _, x := range words {
			w[lang.Hi][x.Key], w[lang.En][x.Key] = x.Hi, x.En
		}
		return w
	}
	w := packWords{Common: of(p.Words), Packs: map[string]wordPack{}, Names: map[string]map[string]lang.Name{"role": {}, "organization_kind": {}}}
	for name, words := range p.WordPacks {
		w.Packs[name] = of(words)
	}
	for _, r := range p.Roles {
		w.Names["role"][r.ID] = lang.Name{Hi: r.NameHi, En: r.NameEn}
	}
	for _, k := range p.OrgKinds {
		w.Names["organization_kind"][k.ID] = lang.Name{Hi: k.NameHi, En: k.NameEn}
	}
	text, err := json.Marshal(w)
	if err != nil {
		return err
	}
	return tx.SetMeta("pack_words", string(text))
}

func readWords(tx *db.Tx) (w packWords, err error) {
	text, err := tx.Meta("pack_words")
	if err != nil || text == "" {
		return w, err
	}
	return w, json.Unmarshal([]byte(text), &w)
}

// WordPacks gives the names of the unit's word packs beside the common one, and the
// words of each in a language.
func WordPacks(tx *db.Tx, l lang.Lang) (names []string, words map[string]map[string]string, err error) {
	w, err := readWords(tx)
	words = map[string]map[string]string{}
	for name, p := range w.Packs {
		names, words[name] = append(names, name), p[l]
	}
	slices.Sort(names)
	return names, words, err
}

// replacer puts the words of a pack in place of the common ones, the longer first.
func (w packWords) replacer(name string, l lang.Lang) *strings.Replacer {
	keys := slices.Collect(maps.Keys(w.Packs[name][l]))
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(len(w.Common[l][b])-len(w.Common[l][a]), strings.Compare(a, b))
	})
	var pairs []string
	for _, k := range keys {
		if common := w.Common[l][k]; common != "" {
			pairs = append(pairs, common, w.Packs[name][l][k])
		}
	}
	return strings.NewReplacer(pairs...)
}

// ChosenWords gives the name of the word pack in force, "" for the common words.
func ChosenWords(tx *db.Tx) (string, error) { return tx.Meta("word_pack") }

// ChooseWords puts a word pack in force, "" for the common words: on the pages, and in
// the names of roles and of kinds of organization. Bodies that have been made keep their
// names. The actor needs admin on the root. Faults: Unauthorized, NotFound, Forbidden,
// Invalid (words).
func ChooseWords(tx *db.Tx, by access.Actor, name string) (err error) {
	defer fault.Op(&err, "org.ChooseWords(%s)", name)
	root, err := Root(tx)
	if err != nil {
		return err
	}
	if err := by.Check(access.Admin, root.Target("")); err != nil {
		return err
	}
	w, err := readWords(tx)
	if err != nil {
		return err
	}
	if _, known := w.Packs[name]; !known && name != "" {
		return fault.In("words", "fault.unknown_choice")
	}
	hi, en := w.replacer(name, lang.Hi), w.replacer(name, lang.En)
	for _, table := range slices.Sorted(maps.Keys(w.Names)) {
		for _, id := range slices.Sorted(maps.Keys(w.Names[table])) {
			n := w.Names[table][id]
			if _, err := tx.Exec(renamed[table], hi.Replace(n.Hi), en.Replace(n.En), id); err != nil {
				return err
			}
		}
	}
	if err := tx.SetMeta("word_pack", name); err != nil {
		return err
	}
	return access.Audit(tx, by, "org.words_chosen", "organization", string(root.ID), map[string]any{"words": name})
}

var renamed = map[string]string{
	"role":              `update role set name_hi = $1, name_en = $2 where id = $3`,
	"organization_kind": `update organization_kind set name_hi = $1, name_en = $2 where id = $3`,
}
