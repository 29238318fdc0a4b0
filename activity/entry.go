package activity

import (
	"database/sql"
	"strconv"
	"strings"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
)

// EntryID names an entry of the ledger; opaque text.
type EntryID string

// Entry is one line of the ledger, with the names that its ids stand for.
type Entry struct {
	ID           EntryID            `json:"id"`
	Kind         string             `json:"kind"`
	KindHi       string             `json:"kind_hi"`
	KindEn       string             `json:"kind_en"`
	Person       org.PersonID       `json:"person"`
	PersonHi     string             `json:"person_hi"`
	PersonEn     string             `json:"person_en"`
	Membership   org.MembershipID   `json:"membership"` // the post held that day
	RoleHi       string             `json:"role_hi"`
	RoleEn       string             `json:"role_en"`
	Organization org.OrganizationID `json:"organization"`
	OrgHi        string             `json:"organization_hi"`
	OrgEn        string             `json:"organization_en"`
	Unit         org.OrganizationID `json:"unit,omitempty"`
	Reporting    org.OrganizationID `json:"reporting,omitempty"`
	Area         org.AreaID         `json:"area"`
	AreaHi       string             `json:"area_hi"`
	AreaEn       string             `json:"area_en"`
	Day          string             `json:"day"`
	RecordedAt   int64              `json:"recorded_at"` // milliseconds UTC
	People       int                `json:"people"`
	Note         string             `json:"note"`
	State        string             `json:"state"` // Claimed, Confirmed, Disputed
	Word         string             `json:"word"`  // Self, Call, Slip, Paper, Told
	TypedBy      org.MembershipID   `json:"typed_by,omitempty"`
	TypedPerson  org.PersonID       `json:"typed_person,omitempty"`
	TypedHi      string             `json:"typed_hi,omitempty"`
	TypedEn      string             `json:"typed_en,omitempty"`
}

// How an entry stands.
const (
	Claimed   = "claimed"
	Confirmed = "confirmed" // by a second person
	Disputed  = "disputed"  // a second person objects: does not count until settled
)

const entryFrom = `e.id, e.kind, k.name_hi, k.name_en, e.person_id, p.name_hi, p.name_en, e.membership_id,
		coalesce(nullif(t.label_hi, ''), r.name_hi), coalesce(nullif(t.label_en, ''), r.name_en),
		e.organization_id, o.name_hi, o.name_en, e.unit_id, e.reporting_id, e.area_id, a.name_hi, a.name_en,
		e.day, e.recorded_at, e.people, e.note, e.state, e.word, e.typed_by, e.typed_person, w.name_hi, w.name_en
	from activity e join activity_kind k on k.id = e.kind join person p on p.id = e.person_id
		join organization o on o.id = e.organization_id join area a on a.id = e.area_id
		join membership m on m.id = e.membership_id join role r on r.id = m.role_id join post t on t.id = m.post_id
		left join person w on w.id = e.typed_person `

func scanEntry(s db.Scanner) (e Entry, err error) {
	var unit, reporting, typed, typist, hi, en sql.NullString
	err = s.Scan(&e.ID, &e.Kind, &e.KindHi, &e.KindEn, &e.Person, &e.PersonHi, &e.PersonEn, &e.Membership, &e.RoleHi, &e.RoleEn,
		&e.Organization, &e.OrgHi, &e.OrgEn, &unit, &reporting, &e.Area, &e.AreaHi, &e.AreaEn,
		&e.Day, &e.RecordedAt, &e.People, &e.Note, &e.State, &e.Word, &typed, &typist, &hi, &en)
	e.Unit, e.Reporting = org.OrganizationID(unit.String), org.OrganizationID(reporting.String)
	e.TypedBy, e.TypedPerson, e.TypedHi, e.TypedEn = org.MembershipID(typed.String), org.PersonID(typist.String), hi.String, en.String
	return e, err
}

// lookup reads an entry and its organization without asking who reads.
func lookup(tx *db.Tx, id EntryID) (Entry, org.Organization, error) {
	found, err := db.Select(tx, `select `+entryFrom+`where e.id = $1`, []any{id}, scanEntry)
	if err != nil {
		return Entry{}, org.Organization{}, err
	}
	if len(found) == 0 {
		return Entry{}, org.Organization{}, fault.New(fault.NotFound, "fault.not_found")
	}
	o, err := org.Lookup(tx, found[0].Organization)
	return found[0], o, err
}

// mayRead is the gate of reading: entries of organizations where by has
// see_register, and one's own. Not visible is NotFound.
func mayRead(by access.Actor, o org.Organization, person org.PersonID) error {
	switch {
	case !by.SignedIn():
		return fault.New(fault.Unauthorized, "access.sign_in")
	case string(person) == by.Person, by.May(access.SeeRegister, o.Target(person)):
		return nil
	}
	return fault.New(fault.NotFound, "fault.not_found")
}

// Get reads an entry that by may see, with what others said of it, oldest first.
// Faults: Unauthorized, NotFound.
func Get(tx *db.Tx, by access.Actor, id EntryID) (e Entry, checks []Check, err error) {
	defer fault.Op(&err, "activity.Get(%s)", id)
	e, o, err := lookup(tx, id)
	if err != nil {
		return Entry{}, nil, err
	}
	if err := mayRead(by, o, e.Person); err != nil {
		return Entry{}, nil, err
	}
	checks, err = checksOf(tx, id)
	return e, checks, err
}

// Filter chooses entries; an empty field chooses all.
type Filter struct {
	Organization org.OrganizationID // of exactly this body
	Unit         org.OrganizationID // of all bodies of a district
	Reporting    org.OrganizationID // of all bodies that one monthly report covers
	Person       org.PersonID
	Membership   org.MembershipID
	Area         org.AreaID // there, or below it in any tree
	Within       org.Node   // what is counted at a body or an area; by must have been let in to it
	Kind         string
	Month        string // YYYY-MM
	State        string // Claimed, Confirmed, Disputed
}

// entryOrders are the ways to sort entries.
var entryOrders = []db.Order{
	{Name: "new", By: []db.By{{SQL: "e.day", Desc: true}, {SQL: "e.id", Desc: true}}},
	{Name: "old", By: []db.By{{SQL: "e.day"}, {SQL: "e.id"}}},
}

// List gives the entries of f that by may see, a page at a time: sorted "new" (the
// newest day first) or "old". Faults: Unauthorized, Invalid (month, state, sort, after).
func List(tx *db.Tx, by access.Actor, f Filter, p db.Page) (page []Entry, next string, err error) {
	defer fault.Op(&err, "activity.List")
	if f, err = f.inside(tx, by); err != nil {
		return nil, "", err
	}
	where, args, err := f.where(tx, by)
	if err != nil {
		return nil, "", err
	}
	return db.Paged(tx, `select {key}, `+entryFrom+where, args, entryOrders, p, scanEntry)
}

// inside narrows a filter that chooses no place to the one district within which by
// sees anything.
func (f Filter) inside(tx *db.Tx, by access.Actor) (Filter, error) {
	if f.Organization != "" || f.Unit != "" || f.Reporting != "" || f.Person != "" || f.Membership != "" || f.Area != "" {
		return f, nil
	}
	unit, err := org.Inside(tx, by)
	f.Unit = unit
	return f, err
}

// Totals is what the entries of a filter come to.
type Totals struct {
	Entries   int `json:"entries"`
	People    int `json:"people"`
	Confirmed int `json:"confirmed"` // entries
	Disputed  int `json:"disputed"`  // entries
}

// Total counts the entries that List gives, page by page, for the same filter.
// Faults: Unauthorized, Invalid (month, state).
func Total(tx *db.Tx, by access.Actor, f Filter) (t Totals, err error) {
	defer fault.Op(&err, "activity.Total")
	if f, err = f.inside(tx, by); err != nil {
		return t, err
	}
	where, args, err := f.where(tx, by)
	if err != nil {
		return t, err
	}
	if node, ok, err := f.node(tx, by); err != nil {
		return t, err
	} else if ok {
		return totalAt(tx, node, f)
	}
	err = tx.Scan(`select count(*), coalesce(sum(e.people), 0), count(*) filter (where e.state = 'confirmed'), count(*) filter (where e.state = 'disputed')
		from activity e join organization o on o.id = e.organization_id `+where, args, &t.Entries, &t.People, &t.Confirmed, &t.Disputed)
	return t, err
}

// where writes the condition that List and Total share, on activity e and its
// organization o: what by may read, and what f chooses. Organization and Person
// go through the membership, by which the ledger has an index.
func (f Filter) where(tx *db.Tx, by access.Actor) (where string, args []any, err error) {
	if !by.SignedIn() {
		return "", nil, fault.New(fault.Unauthorized, "access.sign_in")
	}
	r := by.ReachOf(access.SeeRegister)
	args = []any{r.OrgFrom, r.OrgTo, r.AreaFrom, r.AreaTo, by.Person}
	where = `where (o.path >= $1 and o.path < $2 or o.area_path >= $3 and o.area_path < $4 or e.person_id = $5)`
	and := func(condition string, value any) {
		where += ` and ` + strings.ReplaceAll(condition, "?", place(&args, value))
	}
	if f.Organization != "" {
		and(`e.membership_id in (select id from membership where organization_id = ?)`, f.Organization)
	}
	if f.Unit != "" {
		and(`e.unit_id = ?`, f.Unit)
	}
	if f.Reporting != "" {
		and(`e.reporting_id = ?`, f.Reporting)
	}
	if f.Person != "" {
		and(`e.membership_id in (select id from membership where person_id = ?)`, f.Person)
	}
	if f.Membership != "" {
		and(`e.membership_id = ?`, f.Membership)
	}
	if f.Area != "" {
		and(`e.area_id in (select b.area_id from area_path t join area_path b on b.tree = t.tree
			and b.path >= t.path and b.path < substr(t.path, 1, length(t.path) - 1) || '0' where t.area_id = ?)`, f.Area)
	}
	if f.Within != (org.Node{}) {
		within, err := f.Within.Within(tx, "o", "e.area_id", func(v any) string { return place(&args, v) })
		if err != nil {
			return "", nil, err
		}
		where += ` and ` + within
	}
	if f.Kind != "" {
		and(`e.kind = ?`, f.Kind)
	}
	if f.Month != "" {
		m, err := time.Parse("2006-01", f.Month)
		if err != nil {
			return "", nil, fault.In("month", "activity.bad_month")
		}
		and(`e.day >= ?`, m.Format(time.DateOnly))
		and(`e.day < ?`, m.AddDate(0, 1, 0).Format(time.DateOnly))
	}
	switch f.State {
	case "":
	case Claimed, Confirmed, Disputed:
		where += ` and e.state = '` + f.State + `'` // its own text, so that the index of disputed entries serves
	default:
		return "", nil, fault.In("state", "fault.unknown_choice")
	}
	return where, args, nil
}

// place adds a value to a query's arguments and gives its placeholder.
func place(args *[]any, value any) string {
	*args = append(*args, value)
	return "$" + strconv.Itoa(len(*args))
}

// MonthCount is the entries of one month.
type MonthCount struct {
	Month     string `json:"month"` // YYYY-MM
	Entries   int    `json:"entries"`
	Confirmed int    `json:"confirmed"`
	Disputed  int    `json:"disputed"`
}

// MonthCounts gives the entries of a membership in each of the last twelve months,
// this month last; each opens by List with the Membership and Month. by must be the
// person or have see_register there. Faults: Unauthorized, NotFound.
func MonthCounts(tx *db.Tx, by access.Actor, membership org.MembershipID) (counts []MonthCount, err error) {
	defer fault.Op(&err, "activity.MonthCounts(%s)", membership)
	m, err := org.LookupMembership(tx, membership)
	if err != nil {
		return nil, err
	}
	o, err := org.Lookup(tx, m.Organization)
	if err != nil {
		return nil, err
	}
	if err := mayRead(by, o, m.Person); err != nil {
		return nil, err
	}
	this := time.Date(tx.Now.Year(), tx.Now.Month(), 1, 0, 0, 0, 0, time.UTC)
	at := map[string]int{}
	for i := range 12 {
		month := this.AddDate(0, i-11, 0).Format("2006-01")
		at[month] = i
		counts = append(counts, MonthCount{Month: month})
	}
	found, err := db.Select(tx, `select substr(day, 1, 7), count(*), count(*) filter (where state = 'confirmed'), count(*) filter (where state = 'disputed')
		from activity where membership_id = $1 and day >= $2 group by substr(day, 1, 7)`, []any{membership, counts[0].Month},
		func(s db.Scanner) (c MonthCount, err error) {
			return c, s.Scan(&c.Month, &c.Entries, &c.Confirmed, &c.Disputed)
		})
	for _, c := range found {
		if i, ok := at[c.Month]; ok {
			counts[i] = c
		}
	}
	return counts, err
}

// Holder is a holder of a post who was active in a month.
type Holder struct {
	Membership   org.MembershipID   `json:"membership"`
	Person       org.PersonID       `json:"person"`
	PersonHi     string             `json:"person_hi"`
	PersonEn     string             `json:"person_en"`
	RoleHi       string             `json:"role_hi"`
	RoleEn       string             `json:"role_en"`
	Organization org.OrganizationID `json:"organization"`
	OrgHi        string             `json:"organization_hi"`
	OrgEn        string             `json:"organization_en"`
	Entries      int                `json:"entries"` // of the month, without those disputed
}

// holderOrders is how active holders are sorted: as their bodies stand under one another.
var holderOrders = []db.Order{{Name: "body", By: []db.By{{SQL: "o.path"}, {SQL: "m.id"}}}}

// Active lists whom the entries of a month YYYY-MM make active at a node, by body, a
// page at a time. Faults: Unauthorized, NotFound, Forbidden (see org.CheckCovers),
// Invalid (month, after).
func Active(tx *db.Tx, by access.Actor, at org.Node, month string, p db.Page) (all []Holder, next string, err error) {
	defer fault.Op(&err, "activity.Active(%s)", month)
	if err := org.CheckCovers(tx, by, at); err != nil {
		return nil, "", err
	}
	if _, err := time.Parse("2006-01", month); err != nil {
		return nil, "", fault.In("month", "activity.bad_month")
	}
	args := db.Args{month + "-01", month + "-31"}
	within, err := at.Within(tx, "o", "m.area_id", args.Place)
	if err != nil {
		return nil, "", err
	}
	const counted = `from activity e where e.membership_id = m.id and e.day >= $1 and e.day <= $2 and e.state <> 'disputed'`
	return db.Paged(tx, `select {key}, m.id, p.id, p.name_hi, p.name_en, coalesce(nullif(t.label_hi, ''), r.name_hi), coalesce(nullif(t.label_en, ''), r.name_en),
			o.id, o.name_hi, o.name_en, (select count(*) `+counted+`)
		from organization o join membership m on m.organization_id = o.id join person p on p.id = m.person_id
			join role r on r.id = m.role_id join post t on t.id = m.post_id
		where exists(select 1 `+counted+`) and `+within, args, holderOrders, p,
		func(s db.Scanner) (h Holder, err error) {
			return h, s.Scan(&h.Membership, &h.Person, &h.PersonHi, &h.PersonEn, &h.RoleHi, &h.RoleEn, &h.Organization, &h.OrgHi, &h.OrgEn, &h.Entries)
		})
}
