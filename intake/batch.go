package intake

import (
	"database/sql"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"
)

// ID names a list that was sent in.
type ID string

// The states of a list.
const (
	Reading  = "reading"  // its rows are being read
	Checking = "checking" // its rows are being compared with the register
	Checked  = "checked"  // it waits for its sender to look at it and load it
	Loading  = "loading"
	Loaded   = "loaded"
	Undoing  = "undoing"
	Undone   = "undone"
	Failed   = "failed" // it could not be read
)

// List is a list that was sent in, and how far it has come.
type List struct {
	ID           ID                 `json:"id"`
	Kind         string             `json:"kind"`
	Source       string             `json:"source"`
	SourceDay    string             `json:"source_day"`
	Organization org.OrganizationID `json:"organization"`
	State        string             `json:"state"`
	Step         int                `json:"step"`    // blocks done in this state
	Blocks       int                `json:"blocks"`  // in all
	Heads        []Column           `json:"columns"` // as the list heads them
	Mapping      Mapping            `json:"mapping"`
	Counts
	Fault     *Fault `json:"fault,omitempty"` // why it failed or stopped
	CreatedAt int64  `json:"created_at"`
	shape     shape
	account   string
	member    string
}

// Counts are the rows of a list by what becomes of them.
type Counts struct {
	Added    int `json:"added"`
	Changed  int `json:"changed"`
	Kept     int `json:"kept"` // the register says so already
	Faulty   int `json:"faulty"`
	Doubtful int `json:"doubtful"` // of the added: likely somebody who is there already
}

// Fault is a fault as it is stored: a message key with its arguments.
type Fault struct {
	Field string         `json:"field,omitempty"`
	Key   string         `json:"key"`
	Args  map[string]any `json:"args,omitempty"`
}

// Busy reports whether the list is being worked on.
func (l List) Busy() bool {
	return l.State == Reading || l.State == Checking || l.State == Loading || l.State == Undoing
}

// Input is what is sent in with a list.
type Input struct {
	Kind      string
	Source    string // where it comes from: the file's name, or the sender's words
	SourceDay string // day from which it is; "" for today
	Fixed     map[string]string
	Hash      []byte // of its content, so that sent twice it counts once
}

const maxSource = 200

// Begin enters a list that is about to be read and gives its id; again is true when the
// same list of the same sender is there already, and not taken back. The actor needs
// load_data. Faults: Invalid, Unauthorized, Forbidden.
func Begin(tx *db.Tx, by access.Actor, in Input) (id ID, again bool, err error) {
	defer fault.Op(&err, "intake.Begin(%s)", in.Kind)
	body, err := bodyOf(tx, by)
	if err != nil {
		return "", false, err
	}
	if in.SourceDay == "" {
		in.SourceDay = tx.Today()
	}
	var f fault.Form
	f.Check(slices.Contains(Kinds, in.Kind), "kind", "fault.unknown_choice")
	org.CheckText(&f, "source", in.Source, "org.source_missing")
	f.Check(len([]rune(in.Source)) <= maxSource, "source", "fault.too_long", "max", maxSource)
	f.Check(org.IsDay(in.SourceDay) && in.SourceDay <= tx.Today(), "source_day", "org.bad_past_day")
	for field := range in.Fixed {
		f.Check(slices.Contains(fields[in.Kind], field), field, "fault.unknown_choice")
	}
	if err := f.Err(); err != nil {
		return "", false, err
	}
	fixed, err := json.Marshal(Mapping{Columns: map[string]string{}, Fixed: in.Fixed})
	if err != nil {
		return "", false, err
	}
	hash := tx.Hash([]byte(in.Kind + "\x00" + by.Account + "\x00" + string(fixed) + "\x00" + string(in.Hash)))
	known, err := tx.Text(`select id from intake where hash = $1 and state not in ('failed', 'undone') order by created_at limit 1`, hash)
	if err != nil || known != "" {
		return ID(known), known != "", err
	}
	id = ID(tx.NewID())
	_, err = tx.Exec(`insert into intake(id, kind, source, source_day, organization_id, account_id, membership_id, hash, state, mapping, created_at)
		values($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		id, in.Kind, in.Source, in.SourceDay, body.ID, by.Account, db.Null(by.Membership), hash, Reading, string(fixed), tx.Millis())
	if err != nil {
		return "", false, err
	}
	return id, false, access.Audit(tx, by, "intake.begun", "intake", string(id), map[string]string{"kind": in.Kind, "source": in.Source})
}

// bodyOf gives the body under whose hat a list is loaded.
func bodyOf(tx *db.Tx, by access.Actor) (o org.Organization, err error) {
	switch {
	case !by.SignedIn():
		return o, fault.New(fault.Unauthorized, "access.sign_in")
	case by.IsOperator():
		return org.Root(tx)
	case !by.MayAnywhere(access.LoadData):
		return o, fault.New(fault.Forbidden, "access.forbidden."+string(access.LoadData))
	}
	return org.Lookup(tx, org.OrganizationID(by.Org))
}

const listColumns = `id, kind, source, source_day, organization_id, account_id, membership_id, state, step, blocks, headers, mapping,
	added, changed, kept, faulty, doubtful, fault, created_at`

func scanList(s db.Scanner) (l List, err error) {
	var headers, mapping, why string
	var member sql.NullString
	err = s.Scan(&l.ID, &l.Kind, &l.Source, &l.SourceDay, &l.Organization, &l.account, &member, &l.State, &l.Step, &l.Blocks, &headers, &mapping,
		&l.Added, &l.Changed, &l.Kept, &l.Faulty, &l.Doubtful, &why, &l.CreatedAt)
	if err != nil {
		return l, err
	}
	l.member = member.String
	if headers != "[]" {
		err = json.Unmarshal([]byte(headers), &l.shape)
		l.Heads = l.shape.Columns
	}
	if err == nil {
		err = json.Unmarshal([]byte(mapping), &l.Mapping)
	}
	if l.Mapping.Columns == nil {
		l.Mapping.Columns = map[string]string{}
	}
	if l.Mapping.Fixed == nil {
		l.Mapping.Fixed = map[string]string{}
	}
	if err == nil && why != "" {
		err = json.Unmarshal([]byte(why), &l.Fault)
	}
	return l, err
}

func lookup(tx *db.Tx, id ID) (List, error) {
	return db.Single(tx, `select `+listColumns+` from intake where id = $1`, []any{id}, scanList)
}

// Target gives the access target of a list: the body under whose hat it was sent in.
func Target(tx *db.Tx, id ID) (access.Target, error) {
	l, err := lookup(tx, id)
	if err != nil {
		return access.Target{}, err
	}
	o, err := org.Lookup(tx, l.Organization)
	return o.Target(""), err
}

// Get reads a list. The actor needs load_data on the body it was sent in for, else it
// is not there. Faults: Unauthorized, NotFound.
func Get(tx *db.Tx, by access.Actor, id ID) (l List, err error) {
	defer fault.Op(&err, "intake.Get(%s)", id)
	if !by.SignedIn() {
		return l, fault.New(fault.Unauthorized, "access.sign_in")
	}
	if l, err = lookup(tx, id); err != nil {
		return l, err
	}
	o, err := org.Lookup(tx, l.Organization)
	if err == nil && !by.May(access.LoadData, o.Target("")) {
		err = fault.New(fault.NotFound, "fault.not_found")
	}
	return l, err
}

// Lists gives the lists of the bodies on which the actor has load_data, the newest
// first. Faults: Unauthorized, Forbidden.
func Lists(tx *db.Tx, by access.Actor, offset, limit int) (all []List, err error) {
	defer fault.Op(&err, "intake.Lists")
	if _, err := bodyOf(tx, by); err != nil {
		return nil, err
	}
	r := by.ReachOf(access.LoadData)
	return db.Select(tx, `select `+listColumnsOf("i")+` from intake i join organization o on o.id = i.organization_id
		where (o.path >= $1 and o.path < $2 or o.area_path >= $3 and o.area_path < $4) order by i.created_at desc, i.id limit $5 offset $6`,
		[]any{r.OrgFrom, r.OrgTo, r.AreaFrom, r.AreaTo, limit, offset}, scanList)
}

func listColumnsOf(alias string) string {
	names := strings.Split(listColumns, ",")
	for i := range names {
		names[i] = alias + "." + strings.TrimSpace(names[i])
	}
	return strings.Join(names, ", ")
}

// Map corrects how a list's columns are read; it is checked again. The mapping is
// remembered for lists with the same heads. Faults: as Get; Invalid; Conflict (loaded).
func Map(tx *db.Tx, by access.Actor, id ID, m Mapping) (err error) {
	defer fault.Op(&err, "intake.Map(%s)", id)
	l, err := Get(tx, by, id)
	if err != nil {
		return err
	}
	var f fault.Form
	taken := map[string]bool{}
	for _, c := range l.Heads {
		field := m.Columns[c.Key]
		f.Check(field == "" || slices.Contains(fields[l.Kind], field), "column."+c.Key, "fault.unknown_choice")
		f.Check(field == "" || !taken[field], "column."+c.Key, "intake.field_twice")
		taken[field] = true
	}
	for field, v := range m.Fixed {
		f.Check(slices.Contains(fields[l.Kind], field), "fixed."+field, "fault.unknown_choice")
		if v == "" {
			delete(m.Fixed, field)
		}
	}
	if err := f.Err(); err != nil {
		return err
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	n, err := tx.Exec(`update intake set mapping = $1, state = $2, step = 0, fault = '' where id = $3 and state in ('checked', 'checking')`, string(text), Checking, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "intake.wrong_state")
	}
	if s := l.shape.signature(l.Kind); s != "" { // what all rows of this list share another need not
		if text, err = json.Marshal(m.Columns); err != nil {
			return err
		}
		_, err = tx.Exec(`insert into intake_mapping(signature, mapping) values($1, $2) on conflict(signature) do update set mapping = excluded.mapping`, s, string(text))
	}
	return err
}

// Load lets a checked list be loaded; [Run] does it. Faults: as Get; Conflict (not
// checked, or nothing in it to load).
func Load(tx *db.Tx, by access.Actor, id ID) (err error) {
	defer fault.Op(&err, "intake.Load(%s)", id)
	l, err := Get(tx, by, id)
	if err != nil {
		return err
	}
	if l.State == Loading || l.State == Loaded {
		return nil
	}
	if l.Added+l.Changed == 0 && l.State == Checked {
		return fault.New(fault.Conflict, "intake.nothing_to_load")
	}
	return turnTo(tx, by, l, Checked, Loading, "intake.load_asked")
}

// Undo lets a loaded list be taken back; [Run] does it. When something was built on it,
// the fault says what. Faults: as Get; Conflict (not loaded; built upon).
func Undo(tx *db.Tx, by access.Actor, id ID) (err error) {
	defer fault.Op(&err, "intake.Undo(%s)", id)
	l, err := Get(tx, by, id)
	if err != nil {
		return err
	}
	if l.State == Undoing || l.State == Undone {
		return nil
	}
	if l.State == Loaded {
		if err := refuseBuiltOn(tx, id); err != nil {
			return err
		}
	}
	return turnTo(tx, by, l, Loaded, Undoing, "intake.undo_asked")
}

func turnTo(tx *db.Tx, by access.Actor, l List, from, to, act string) error {
	step := 0
	if to == Undoing {
		step = l.Blocks
	}
	n, err := tx.Exec(`update intake set state = $1, step = $2, fault = '', account_id = $3, membership_id = $4 where id = $5 and state = $6`,
		to, step, by.Account, db.Null(by.Membership), l.ID, from)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "intake.wrong_state")
	}
	return access.Audit(tx, by, act, "intake", string(l.ID), l.Counts)
}

// refuseBuiltOn is a Conflict that tells what stands on a loaded list.
func refuseBuiltOn(tx *db.Tx, id ID) error {
	made, err := madeBy(tx, id)
	if err != nil {
		return err
	}
	own := map[string]bool{}
	for _, m := range made {
		for _, ids := range [][]string{m.Areas, m.Bodies, m.People, m.Posts, m.Seats, m.Members} {
			for _, id := range ids {
				own[id] = true
			}
		}
	}
	for _, m := range made {
		found, err := org.BuiltOn(tx, m, func(id string) bool { return own[id] }, 20)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			return builtOn(found)
		}
	}
	return nil
}

// builtOn tells what stands on a list: how many rows of which table.
func builtOn(found []org.Standing) *fault.Error {
	n := map[string]int{}
	var f fault.Form
	for _, s := range found {
		n[s.Table]++
	}
	for _, table := range sortedKeys(n) {
		f.Add("built", "intake.built."+builtKind(table), "n", n[table])
	}
	e := fault.New(fault.Conflict, "intake.built_upon")
	e.Fields = f.Err().(*fault.Error).Fields
	return e
}

// builtKind names the message for what stands on a list.
func builtKind(table string) string {
	switch table {
	case "membership", "activity", "orders", "account", "proposal", "phone":
		return table
	case "area", "area_parent", "organization", "post":
		return "register"
	}
	return "other"
}

func madeBy(tx *db.Tx, id ID) ([]org.Made, error) {
	texts, err := db.Select(tx, `select made from intake_block where intake_id = $1 and made <> '' order by n`, []any{id}, db.One[string])
	if err != nil {
		return nil, err
	}
	all := make([]org.Made, len(texts))
	for i, t := range texts {
		if err := json.Unmarshal([]byte(t), &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Told is a row that its sender should see: faulty, doubtful, changing something, or one
// of the first that are new.
type Told struct {
	Sheet   string            `json:"sheet,omitempty"`
	Line    int               `json:"line"`
	Verdict string            `json:"verdict"` // faulty, changed, added
	Values  map[string]string `json:"values"`  // by field, as read: in Unicode, what holds for all rows included
	Faults  []Fault           `json:"faults,omitempty"`
	Doubts  []Fault           `json:"doubts,omitempty"`
	Before  string            `json:"before,omitempty"` // of a change
	After   string            `json:"after,omitempty"`
}

// Rows gives a page of the rows of a list with a verdict ("faulty", "changed", "doubtful",
// or "added": the first few), in the order of the list. Faults: as Get; Invalid (After).
func Rows(tx *db.Tx, by access.Actor, id ID, verdict string, p db.Page) (rows []Told, next string, err error) {
	defer fault.Op(&err, "intake.Rows(%s)", id)
	if _, err := Get(tx, by, id); err != nil {
		return nil, "", err
	}
	skip := 0 // rows of this verdict that earlier pages have shown
	if p.After != "" {
		if skip, err = strconv.Atoi(p.After); err != nil || skip < 0 {
			return nil, "", fault.In("after", "fault.bad_number")
		}
	}
	shown := skip
	type block struct{ n, faulty, changed, doubtful int }
	blocks, err := db.Select(tx, `select n, faulty, changed, doubtful from intake_block
		where intake_id = $1 and (faulty > 0 or doubtful > 0 or changed > 0) order by n`, []any{id},
		func(s db.Scanner) (b block, err error) { return b, s.Scan(&b.n, &b.faulty, &b.changed, &b.doubtful) })
	if err != nil {
		return nil, "", err
	}
	if verdict == "added" {
		blocks = []block{{}}
	}
	for _, b := range blocks {
		here := map[string]int{"faulty": b.faulty, "changed": b.changed, "doubtful": b.doubtful, "added": tellAdded}[verdict]
		if skip >= here {
			skip -= here
			continue
		}
		text, err := tx.Text(`select told from intake_block where intake_id = $1 and n = $2`, id, b.n)
		if err != nil {
			return nil, "", err
		}
		if text == "" { // nothing has been read yet
			continue
		}
		var told []Told
		if err := json.Unmarshal([]byte(text), &told); err != nil {
			return nil, "", err
		}
		for _, t := range told {
			if t.Verdict != verdict && (verdict != "doubtful" || len(t.Doubts) == 0) {
				continue
			}
			if skip > 0 {
				skip--
				continue
			}
			if len(rows) == p.Limit {
				return rows, strconv.Itoa(shown + len(rows)), nil
			}
			rows = append(rows, t)
		}
	}
	return rows, "", nil
}

// Columns gives the fields that tell of a list's rows: those that it has, and those that
// its kind needs.
func (l List) Columns() (all []string) {
	for i, f := range fields[l.Kind] {
		if _, fixed := l.Mapping.Fixed[f]; fixed || i < needed[l.Kind] || slices.Contains(slices.Collect(maps.Values(l.Mapping.Columns)), f) {
			all = append(all, f)
		}
	}
	return all
}

// Error is the fault as faces tell it.
func (f Fault) Error() *fault.Error {
	return &fault.Error{Kind: fault.Invalid, Key: "fault.bad_form", Fields: []fault.Field{{Name: f.Field, Key: f.Key, Args: plain(f.Args)}}}
}

// plain turns the numbers of stored arguments back into whole ones.
func plain(args map[string]any) map[string]any {
	out := make(map[string]any, len(args))
	for k, v := range args {
		switch x := v.(type) {
		case float64:
			v = int(x)
		case map[string]any: // a name in both scripts
			hi, _ := x["Hi"].(string)
			en, _ := x["En"].(string)
			v = lang.Name{Hi: hi, En: en}
		}
		out[k] = v
	}
	return out
}
