package review

import (
	"database/sql"
	"strings"

	"sangathan/access"
	"sangathan/directive"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
)

const maxText = 4000 // characters of a reason, statement or reply

// Review is the list of one district-level body for one window.
type Review struct {
	ID             string             `json:"id"`
	Unit           org.OrganizationID `json:"unit"`
	UnitHi         string             `json:"unit_hi"`
	UnitEn         string             `json:"unit_en"`
	Criteria       string             `json:"criteria"`
	Version        int                `json:"criteria_version"`
	FromDay        string             `json:"from_day"`
	ToDay          string             `json:"to_day"` // first day after the window
	State          string             `json:"state"`  // draft, sent
	DraftedAt      int64              `json:"drafted_at"`
	SentAt         int64              `json:"sent_at,omitempty"`
	Bearers        int                `json:"bearers"`
	Listed         int                `json:"listed"`
	Checked        int                `json:"checked"` // lines that the district has decided on
	Met            int                `json:"met"`
	NotAssessed    int                `json:"not_assessed"` // silent body, leave, or too short a time in the post
	OnLeave        int                `json:"on_leave"`
	SilentBearers  int                `json:"silent_bearers"`
	SilentUnits    int                `json:"silent_units"`
	ReportingUnits int                `json:"reporting_units"`
}

const reviewFrom = `v.id, v.unit_id, o.name_hi, o.name_en, v.criteria_id, c.version, v.from_day, v.to_day, v.state, v.drafted_at, v.sent_at,
		v.bearers, v.listed, (select count(*) from review_line l where l.review_id = v.id and l.verdict <> ''),
		v.met, v.not_assessed, v.on_leave, v.silent_bearers, v.silent_units, v.reporting_units
	from review v join organization o on o.id = v.unit_id join criteria c on c.id = v.criteria_id `

func scanReview(s db.Scanner) (v Review, err error) {
	var sent sql.NullInt64
	err = s.Scan(&v.ID, &v.Unit, &v.UnitHi, &v.UnitEn, &v.Criteria, &v.Version, &v.FromDay, &v.ToDay, &v.State, &v.DraftedAt, &sent,
		&v.Bearers, &v.Listed, &v.Checked, &v.Met, &v.NotAssessed, &v.OnLeave, &v.SilentBearers, &v.SilentUnits, &v.ReportingUnits)
	v.SentAt = sent.Int64
	return v, err
}

// LastMonth is the last month of the window, YYYY-MM.
func (v Review) LastMonth() string { return lastMonth(v.ToDay) }

// readers are the acts any of which lets one read lists and cases.
var readers = []access.Act{access.DraftList, access.CheckList, access.RecordTalk, access.IssueNotice, access.RecordService,
	access.Recommend, access.Decide, access.HearAppeal}

func mayRead(by access.Actor, t access.Target) bool {
	for _, a := range readers {
		if by.May(a, t) {
			return true
		}
	}
	return false
}

// Get reads a list. The actor needs draft_list, check_list, decide or hear_appeal
// on its body. Faults: Unauthorized, NotFound.
func Get(tx *db.Tx, by access.Actor, id string) (v Review, err error) {
	defer fault.Op(&err, "review.Get(%s)", id)
	v, o, err := lookup(tx, id)
	if err != nil {
		return v, err
	}
	return v, mayReadList(by, o)
}

func mayReadList(by access.Actor, o org.Organization) error {
	for _, a := range listReaders {
		if by.May(a, o.Target("")) {
			return nil
		}
	}
	if !by.SignedIn() {
		return fault.New(fault.Unauthorized, "access.sign_in")
	}
	return fault.New(fault.NotFound, "fault.not_found")
}

func lookup(tx *db.Tx, id string) (Review, org.Organization, error) {
	found, err := db.Select(tx, `select `+reviewFrom+`where v.id = $1`, []any{id}, scanReview)
	if err != nil {
		return Review{}, org.Organization{}, err
	}
	if len(found) == 0 {
		return Review{}, org.Organization{}, fault.New(fault.NotFound, "fault.not_found")
	}
	o, err := org.Lookup(tx, found[0].Unit)
	return found[0], o, err
}

// Filter chooses lists; what is empty does not choose.
type Filter struct {
	Unit    org.OrganizationID
	State   string // draft, sent
	FromDay string // of exactly this window
	ToDay   string
}

// reviewOrders are the ways to sort lists.
var reviewOrders = []db.Order{
	{Name: "new", By: []db.By{{SQL: "v.to_day", Desc: true}, {SQL: "o.sort_key"}, {SQL: "v.id"}}},
	{Name: "name", By: []db.By{{SQL: "o.sort_key"}, {SQL: "v.to_day", Desc: true}, {SQL: "v.id"}}},
	{Name: "listed", By: []db.By{{SQL: "v.listed", Int: true, Desc: true}, {SQL: "v.id", Desc: true}}},
}

func (f Filter) where(by access.Actor) (string, db.Args) {
	r := by.ReachOf(access.DraftList)
	args := db.Args{r.OrgFrom, r.OrgTo, r.AreaFrom, r.AreaTo}
	where := `where (o.path >= $1 and o.path < $2 or o.area_path >= $3 and o.area_path < $4)`
	db.Equal(&where, &args, "v.unit_id", string(f.Unit))
	db.Equal(&where, &args, "v.state", f.State)
	db.Equal(&where, &args, "v.from_day", f.FromDay)
	db.Equal(&where, &args, "v.to_day", f.ToDay)
	return where, args
}

// List gives the lists that by may read, a page at a time: sorted "new" (the newest
// window first, within it by name), "name", or "listed" (most names first). Faults:
// Invalid (sort, after).
func List(tx *db.Tx, by access.Actor, f Filter, p db.Page) (page []Review, next string, err error) {
	defer fault.Op(&err, "review.List")
	where, args := f.where(by)
	return db.Paged(tx, `select {key}, `+reviewFrom+where, args, reviewOrders, p, scanReview)
}

// Sum is what lists come to.
type Sum struct {
	Made, Sent                  int // lists
	Bearers, Listed, Checked    int // people
	SilentUnits, ReportingUnits int // bodies
}

// SumOf adds up the lists that List gives for the same filter.
func SumOf(tx *db.Tx, by access.Actor, f Filter) (s Sum, err error) {
	defer fault.Op(&err, "review.SumOf")
	where, args := f.where(by)
	err = tx.Scan(`select count(*), count(*) filter (where v.state = 'sent'), coalesce(sum(v.bearers), 0), coalesce(sum(v.listed), 0),
			coalesce(sum((select count(*) from review_line l where l.review_id = v.id and l.verdict <> '')), 0),
			coalesce(sum(v.silent_units), 0), coalesce(sum(v.reporting_units), 0)
		from review v join organization o on o.id = v.unit_id `+where, args,
		&s.Made, &s.Sent, &s.Bearers, &s.Listed, &s.Checked, &s.SilentUnits, &s.ReportingUnits)
	return s, err
}

// CountDrafts counts the lists that by may read and that are not returned yet.
func CountDrafts(tx *db.Tx, by access.Actor) (int, error) {
	r := by.ReachOf(access.DraftList)
	return tx.Int(`select count(*) from review v join organization o on o.id = v.unit_id
		where v.state = 'draft' and (o.path >= $1 and o.path < $2 or o.area_path >= $3 and o.area_path < $4)`, r.OrgFrom, r.OrgTo, r.AreaFrom, r.AreaTo)
}

// Line is one holder on a list: what their posts expected and what the ledger holds.
type Line struct {
	ID           string             `json:"id"`
	Review       string             `json:"review"`
	Unit         org.OrganizationID `json:"unit"`
	Membership   org.MembershipID   `json:"membership"`
	Person       org.PersonID       `json:"person"`
	PersonHi     string             `json:"person_hi"`
	PersonEn     string             `json:"person_en"`
	Organization org.OrganizationID `json:"organization"`
	OrgHi        string             `json:"organization_hi"`
	OrgEn        string             `json:"organization_en"`
	RoleHi       string             `json:"role_hi"`
	RoleEn       string             `json:"role_en"`
	Expected     int                `json:"expected"`
	Recorded     int                `json:"recorded"`
	Confirmed    int                `json:"confirmed"`
	Verdict      string             `json:"verdict"` // "", confirmed, excused, disputed
	Reason       string             `json:"reason,omitempty"`
	Case         string             `json:"case,omitempty"`
	CheckedAt    int64              `json:"checked_at,omitempty"` // by the district, milliseconds UTC; 0 when it is not
	CheckedBy    org.PersonID       `json:"checked_by,omitempty"`
	CheckerHi    string             `json:"checker_hi,omitempty"`
	CheckerEn    string             `json:"checker_en,omitempty"`
	CheckRoleHi  string             `json:"check_role_hi,omitempty"`
	CheckRoleEn  string             `json:"check_role_en,omitempty"`
}

const (
	lineColumns = `l.id, l.review_id, l.unit_id, l.membership_id, l.person_id, p.name_hi, p.name_en, l.organization_id, o.name_hi, o.name_en,
		r.name_hi, r.name_en, l.expected, l.recorded, l.confirmed, l.verdict, l.reason, k.id,
		case when l.verdict = '' then 0 else coalesce(l.checked_at, 0) end, coalesce(cp.id, ''), coalesce(cp.name_hi, ''), coalesce(cp.name_en, ''), coalesce(cr.name_hi, ''), coalesce(cr.name_en, '')
	`
	lineJoins = `join person p on p.id = l.person_id join role r on r.id = l.role_id left join review_case k on k.line_id = l.id
		left join membership cm on cm.id = l.checked_by left join person cp on cp.id = cm.person_id left join role cr on cr.id = cm.role_id `
	lineFrom = lineColumns + `from review_line l join organization o on o.id = l.organization_id ` + lineJoins
)

func scanLine(s db.Scanner) (l Line, err error) {
	var k sql.NullString
	err = s.Scan(&l.ID, &l.Review, &l.Unit, &l.Membership, &l.Person, &l.PersonHi, &l.PersonEn, &l.Organization, &l.OrgHi, &l.OrgEn,
		&l.RoleHi, &l.RoleEn, &l.Expected, &l.Recorded, &l.Confirmed, &l.Verdict, &l.Reason, &k,
		&l.CheckedAt, &l.CheckedBy, &l.CheckerHi, &l.CheckerEn, &l.CheckRoleHi, &l.CheckRoleEn)
	l.Case = k.String
	return l, err
}

// lineOrders are the ways to sort lines.
var lineOrders = []db.Order{
	{Name: "body", By: []db.By{{SQL: "o.path"}, {SQL: "r.rank", Int: true}, {SQL: "p.sort_key"}, {SQL: "l.id"}}},
	{Name: "name", By: []db.By{{SQL: "p.sort_key"}, {SQL: "l.id"}}},
	{Name: "recorded", By: []db.By{{SQL: "l.recorded", Int: true}, {SQL: "p.sort_key"}, {SQL: "l.id"}}},
}

// Lines gives the lines of a list, a page at a time: sorted "body" (by body, rank and
// name), "name", or "recorded" (the fewest entries first); verdict "" for all, "open"
// for those not yet checked. Readers as Get's. Faults: those, Invalid (sort, after).
func Lines(tx *db.Tx, by access.Actor, review, verdict string, p db.Page) (lines []Line, next string, err error) {
	defer fault.Op(&err, "review.Lines(%s)", review)
	if _, err := Get(tx, by, review); err != nil {
		return nil, "", err
	}
	where, args := `where l.review_id = $1`, db.Args{review}
	if verdict == "open" {
		where, verdict = where+` and l.verdict = ''`, ""
	}
	db.Equal(&where, &args, "l.verdict", verdict)
	return db.Paged(tx, `select {key}, `+lineFrom+where, args, lineOrders, p, scanLine)
}

// listReaders are the acts by which lists are read.
var listReaders = []access.Act{access.DraftList, access.CheckList, access.Decide, access.HearAppeal}

// CoversLists reports whether by reads the lists of a body and of all under it, and so
// may read how many are listed.
func CoversLists(by access.Actor, body access.Target) bool {
	for _, a := range listReaders {
		if by.MayWithin(a, body) {
			return true
		}
	}
	return false
}

// linesInOrders is how the lines of several lists are sorted: as the bodies stand under
// one another, and by name.
var linesInOrders = []db.Order{{Name: "body", By: []db.By{{SQL: "o.path"}, {SQL: "p.sort_key"}, {SQL: "l.id"}}}}

// LinesIn gives the lines of the newest lists that are counted at a node, by body and
// name, a page at a time. by must have been let in to the node; lines of bodies whose
// lists it does not read are left out. Faults: Invalid (after).
func LinesIn(tx *db.Tx, by access.Actor, at org.Node, page db.Page) (lines []Line, next string, err error) {
	defer fault.Op(&err, "review.LinesIn")
	var r access.Reach
	for _, a := range listReaders {
		if r = by.ReachOf(a); r != (access.Reach{}) {
			break
		}
	}
	args := db.Args{r.OrgFrom, r.OrgTo, r.AreaFrom, r.AreaTo}
	within, err := at.Within(tx, "o", "m.area_id", args.Place)
	if err != nil {
		return nil, "", err
	}
	return db.Paged(tx, `select {key}, `+lineColumns+`from organization o cross join review_line l `+lineJoins+`
			join membership m on m.id = l.membership_id join review v on v.id = l.review_id
		where l.organization_id = o.id and `+newest+` and (o.path >= $1 and o.path < $2 or o.area_path >= $3 and o.area_path < $4) and `+within, args, linesInOrders, page, scanLine)
}

// DutyMonth is one duty in one month of a line.
type DutyMonth struct {
	Duty     string `json:"duty"`
	NameHi   string `json:"name_hi"`
	NameEn   string `json:"name_en"`
	Month    string `json:"month"`
	Expected int    `json:"expected"`
	Recorded int    `json:"recorded"`
	Skipped  string `json:"skipped,omitempty"` // silent, leave, not_in_post: expects nothing
}

// Met reports whether the month's duty was met.
func (d DutyMonth) Met() bool { return d.Skipped != "" || d.Recorded >= d.Expected }

// GetLine reads a line with its duties, for those who may read the list or the
// case, and for the person listed once the list has been returned; which list it is of
// is told to those who may read that. Faults: Unauthorized, NotFound.
func GetLine(tx *db.Tx, by access.Actor, id string) (l Line, duties []DutyMonth, err error) {
	defer fault.Op(&err, "review.GetLine(%s)", id)
	l, v, o, err := lookupLine(tx, id)
	if err != nil {
		return l, nil, err
	}
	if own := string(l.Person) == by.Person && l.Case != ""; !own && !mayRead(by, o.Target("")) {
		return Line{}, nil, hidden(by)
	}
	unit, err := org.Lookup(tx, v.Unit)
	if err != nil {
		return Line{}, nil, err
	}
	if mayReadList(by, unit) != nil {
		l.Review = ""
	}
	duties, err = dutiesOf(tx, id)
	return l, duties, err
}

func dutiesOf(tx *db.Tx, line string) ([]DutyMonth, error) {
	return db.Select(tx, `select d.duty_id, u.name_hi, u.name_en, d.month, d.expected, d.recorded, d.skipped
		from review_duty d join duty u on u.id = d.duty_id where d.line_id = $1 order by u.id, d.month`, []any{line},
		func(s db.Scanner) (d DutyMonth, err error) {
			return d, s.Scan(&d.Duty, &d.NameHi, &d.NameEn, &d.Month, &d.Expected, &d.Recorded, &d.Skipped)
		})
}

func hidden(by access.Actor) error {
	if !by.SignedIn() {
		return fault.New(fault.Unauthorized, "access.sign_in")
	}
	return fault.New(fault.NotFound, "fault.not_found")
}

func lookupLine(tx *db.Tx, id string) (l Line, v Review, o org.Organization, err error) {
	found, err := db.Select(tx, `select `+lineFrom+`where l.id = $1`, []any{id}, scanLine)
	if err != nil {
		return l, v, o, err
	}
	if len(found) == 0 {
		return l, v, o, fault.New(fault.NotFound, "fault.not_found")
	}
	l = found[0]
	if v, _, err = lookup(tx, l.Review); err != nil {
		return l, v, o, err
	}
	o, err = org.Lookup(tx, l.Organization)
	return l, v, o, err
}

// Silence is a body of the unit that was not heard of in some or all months.
type Silence struct {
	Organization org.OrganizationID `json:"organization"`
	OrgHi        string             `json:"organization_hi"`
	OrgEn        string             `json:"organization_en"`
	Missing      int                `json:"months_missing"`
	Months       int                `json:"months"`
	Bearers      int                `json:"bearers"` // holders of whom nothing is said because of it
	OwedBy       org.PersonID       `json:"owed_by,omitempty"`
	OwedHi       string             `json:"owed_by_hi,omitempty"`
	OwedEn       string             `json:"owed_by_en,omitempty"`
	OwedRoleHi   string             `json:"owed_role_hi,omitempty"`
	OwedRoleEn   string             `json:"owed_role_en,omitempty"`
}

// Silences gives the silent bodies of a list, the longest silent first: no fault
// of their members, but the missed duty of whoever owed the report. Readers as Get's.
func Silences(tx *db.Tx, by access.Actor, review string) (all []Silence, err error) {
	defer fault.Op(&err, "review.Silences(%s)", review)
	if _, err := Get(tx, by, review); err != nil {
		return nil, err
	}
	return db.Select(tx, `select s.organization_id, o.name_hi, o.name_en, s.months_missing, s.months, s.bearers,
			coalesce(p.id, ''), coalesce(p.name_hi, ''), coalesce(p.name_en, ''), coalesce(r.name_hi, ''), coalesce(r.name_en, '')
		from review_silent s join organization o on o.id = s.organization_id left join membership m on m.id = s.owed_by
			left join person p on p.id = m.person_id left join role r on r.id = m.role_id
		where s.review_id = $1 order by s.months_missing desc, o.sort_key, o.id`, []any{review},
		func(s db.Scanner) (x Silence, err error) {
			return x, s.Scan(&x.Organization, &x.OrgHi, &x.OrgEn, &x.Missing, &x.Months, &x.Bearers, &x.OwedBy, &x.OwedHi, &x.OwedEn, &x.OwedRoleHi, &x.OwedRoleEn)
		})
}

// Check decides on a line: confirmed, excused (reason accepted) or disputed (the
// data is wrong); the last two need a reason. It may be changed until the list is
// returned. The actor needs check_list on the person's body, and may not check
// themself. Faults: Invalid, NotFound, Forbidden, Conflict (returned).
func Check(tx *db.Tx, by access.Actor, line, verdict, reason string) (err error) {
	defer fault.Op(&err, "review.Check(%s, %s)", line, verdict)
	l, v, o, err := lookupLine(tx, line)
	if err != nil {
		return err
	}
	if own := string(l.Person) == by.Person && l.Case != ""; !own && !mayRead(by, o.Target("")) { // a draft is no business of who is on it
		return hidden(by)
	}
	if err := by.Check(access.CheckList, o.Target(l.Person)); err != nil {
		return err
	}
	if string(l.Person) == by.Person {
		return fault.New(fault.Forbidden, "review.own_case")
	}
	if v.State != "draft" {
		return fault.New(fault.Conflict, "review.already_sent")
	}
	var f fault.Form
	f.Check(verdict == "confirmed" || verdict == "excused" || verdict == "disputed", "verdict", "review.bad_verdict")
	f.Check(strings.TrimSpace(reason) != "" || verdict != "excused" && verdict != "disputed", "reason", "review.reason_missing")
	f.Check(len([]rune(reason)) <= maxText, "reason", "review.text_long", "n", maxText)
	if err := f.Err(); err != nil {
		return err
	}
	_, err = tx.Exec(`update review_line set verdict = $1, reason = $2, checked_by = $3, checked_at = $4 where id = $5`,
		verdict, reason, db.Null(by.Membership), tx.Millis(), line)
	if err != nil {
		return err
	}
	return access.Audit(tx, by, "review.line_checked", "review_line", line, map[string]any{"verdict": verdict, "reason": reason})
}

// Send returns the checked list: every line must be decided on. A case opens for
// each confirmed line, and a directive that asked the unit for its list is
// answered. The actor needs check_list on the unit. A line about the actor
// themself must have been checked by someone else. Faults: NotFound, Forbidden,
// Conflict (lines still open; already returned). It gives the number of cases opened.
func Send(tx *db.Tx, by access.Actor, id string) (opened int, err error) {
	defer fault.Op(&err, "review.Send(%s)", id)
	v, o, err := lookup(tx, id)
	if err != nil {
		return 0, err
	}
	if err := mayReadList(by, o); err != nil {
		return 0, err
	}
	if err := by.Check(access.CheckList, o.Target("")); err != nil {
		return 0, err
	}
	open, err := tx.Int(`select count(*) from review_line where review_id = $1 and verdict = ''`, id)
	if err != nil {
		return 0, err
	}
	if open > 0 {
		return 0, fault.New(fault.Conflict, "review.lines_open", "n", open)
	}
	n, err := tx.Exec(`update review set state = 'sent', sent_at = $1 where id = $2 and state = 'draft'`, tx.Millis(), id)
	if err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, fault.New(fault.Conflict, "review.already_sent")
	}
	confirmed, err := db.Select(tx, `select `+lineFrom+`where l.review_id = $1 and l.verdict = 'confirmed' order by l.id`, []any{id}, scanLine)
	if err != nil {
		return 0, err
	}
	for _, l := range confirmed {
		m, err := org.LookupMembership(tx, l.Membership)
		if err != nil {
			return 0, err
		}
		if !m.Running() { // left since: there is nothing to decide
			continue
		}
		if _, err := openCase(tx, by, l.ID, m); err != nil {
			return 0, err
		}
		opened++
	}
	if _, err := directive.AnswerByRecord(tx, by, directive.KindInactivityList, v.Unit, id); err != nil {
		return 0, err
	}
	return opened, access.Audit(tx, by, "review.sent", "review", id, map[string]any{"cases": opened})
}

func lastMonth(toDay string) string {
	day, err := parseDay(toDay)
	if err != nil {
		return ""
	}
	return day.AddDate(0, 0, -1).Format("2006-01")
}
