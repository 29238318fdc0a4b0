package directive

import (
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
)

// ID names a directive; opaque text.
type ID string

// The kinds of directive.
const (
	KindGeneral        = "general"         // answered by a text
	KindInactivityList = "inactivity_list" // answered by returning the district's list: see package review
	KindMonthlyReport  = "monthly_report"  // recurs: one answer for each month
)

// Limits of a directive and its answers.
const (
	MaxSubject = 200   // characters
	MaxBody    = 10000 // characters
	ReportDom  = 10    // the monthly report is due on this day of the next month
)

// Directive is an instruction to bodies below the one that issues it.
type Directive struct {
	ID       ID                 `json:"id"` // UUID made by the sender; "" to have one made
	Number   string             `json:"number"`
	Kind     string             `json:"kind"` // KindGeneral, KindInactivityList, KindMonthlyReport
	Subject  string             `json:"subject"`
	Body     string             `json:"body"`
	Kinds    []string           `json:"kinds"` // kinds of organization that answer; empty on issuing a monthly report: all that owe it
	From     org.OrganizationID `json:"from"`  // "" on issuing: the actor's organization
	FromHi   string             `json:"from_hi"`
	FromEn   string             `json:"from_en"`
	IssuedBy org.MembershipID   `json:"issued_by,omitempty"`
	ByHi     string             `json:"by_hi"` // who issued it
	ByEn     string             `json:"by_en"`
	ByRoleHi string             `json:"by_role_hi"`
	ByRoleEn string             `json:"by_role_en"`
	IssuedAt int64              `json:"issued_at"`         // milliseconds UTC
	DueDay   string             `json:"due_day,omitempty"` // last day to answer in time; "" for none
	Recurs   string             `json:"recurs,omitempty"`  // "", "monthly"
	DueDom   int                `json:"due_dom,omitempty"` // of a monthly one: the day of the next month
	fromPath string
}

// directiveFrom begins with the directives: an inner join lets SQLite, which has no
// statistics of so few rows, begin with every organization.
const directiveFrom = `d.id, d.number, d.kind, d.subject, d.body, d.to_kinds, d.from_org, f.name_hi, f.name_en, f.path, d.issued_by,
		coalesce(p.name_hi, ''), coalesce(p.name_en, ''), coalesce(nullif(t.label_hi, ''), r.name_hi, ''), coalesce(nullif(t.label_en, ''), r.name_en, ''),
		d.issued_at, d.due_day, d.recurs, d.due_dom
	from directive d left join organization f on f.id = d.from_org
		left join membership m on m.id = d.issued_by left join person p on p.id = m.person_id
		left join role r on r.id = m.role_id left join post t on t.id = m.post_id `

func scanDirective(s db.Scanner) (d Directive, err error) {
	var kinds string
	var due sql.NullString
	var dom sql.NullInt64
	err = s.Scan(&d.ID, &d.Number, &d.Kind, &d.Subject, &d.Body, &kinds, &d.From, &d.FromHi, &d.FromEn, &d.fromPath, &d.IssuedBy,
		&d.ByHi, &d.ByEn, &d.ByRoleHi, &d.ByRoleEn, &d.IssuedAt, &due, &d.Recurs, &dom)
	d.Kinds, d.DueDay, d.DueDom = strings.Fields(kinds), due.String, int(dom.Int64)
	return d, err
}

func lookup(tx *db.Tx, id ID) (Directive, error) {
	return db.Single(tx, `select `+directiveFrom+`where d.id = $1`, []any{id}, scanDirective)
}

// Issue sends d down under the next number of the year and gives its id. The actor
// needs issue_directive on the body it goes out from. A monthly report recurs by
// itself, and there is one at a time. Faults: Invalid, Unauthorized, Forbidden,
// NotFound, Conflict (the id is taken; the monthly report is already asked for).
func Issue(tx *db.Tx, by access.Actor, d Directive) (id ID, err error) {
	defer fault.Op(&err, "directive.Issue(%s)", d.ID)
	if !by.SignedIn() {
		return "", fault.New(fault.Unauthorized, "access.sign_in")
	}
	if d.From == "" {
		d.From = org.OrganizationID(by.Org)
	}
	if err := d.Validate(tx.Today()); err != nil {
		return "", err
	}
	o, err := org.Lookup(tx, d.From)
	if err != nil {
		return "", err
	}
	if err := by.Check(access.IssueDirective, o.Target("")); err != nil {
		return "", err
	}
	d.fromPath, d.IssuedBy, d.IssuedAt = o.Path, org.MembershipID(by.Membership), tx.Millis()
	if id, err = insert(tx, d); err != nil {
		return "", err
	}
	return id, access.Audit(tx, by, "directive.issued", "directive", string(id), d)
}

// Validate checks what can be checked of the directive alone, on the day today.
func (d Directive) Validate(today string) error {
	var f fault.Form
	f.Check(d.ID == "" || uuidForm.MatchString(string(d.ID)), "id", "fault.bad_id")
	f.Check(strings.TrimSpace(d.Subject) != "", "subject", "fault.required")
	f.Check(isText(d.Subject), "subject", "fault.bad_utf8")
	f.Check(utf8.RuneCountInString(d.Subject) <= MaxSubject, "subject", "fault.too_long", "max", MaxSubject)
	f.Check(isText(d.Body), "body", "fault.bad_utf8")
	f.Check(utf8.RuneCountInString(d.Body) <= MaxBody, "body", "fault.too_long", "max", MaxBody)
	switch d.Kind {
	case KindGeneral, KindInactivityList:
		f.Check(len(d.Kinds) > 0, "kinds", "directive.to_whom")
		switch {
		case d.DueDay == "":
			f.Check(d.Kind == KindGeneral, "due_day", "fault.required")
		case !org.IsDay(d.DueDay):
			f.Add("due_day", "fault.bad_day")
		default:
			f.Check(d.DueDay >= today, "due_day", "fault.day_past")
		}
		f.Check(d.Recurs == "" && d.DueDom == 0, "recurs", "directive.only_reports_recur")
	case KindMonthlyReport:
		f.Check(d.DueDay == "", "due_day", "directive.monthly_has_no_day")
		f.Check(d.Recurs == "" || d.Recurs == "monthly", "recurs", "fault.unknown_choice")
		f.Check(d.DueDom >= 0 && d.DueDom <= 28, "due_dom", "fault.number_range", "min", 1, "max", 28)
	default:
		f.Add("kind", "fault.unknown_choice")
	}
	for _, k := range d.Kinds {
		f.Check(isText(k) && !strings.ContainsAny(k, " \t\n"), "kinds", "fault.unknown_choice")
	}
	return f.Err()
}

// insert writes a checked directive whose From, fromPath, IssuedBy and IssuedAt are set.
func insert(tx *db.Tx, d Directive) (ID, error) {
	if d.Kind == KindMonthlyReport {
		d.Recurs = "monthly"
		if d.DueDom == 0 {
			d.DueDom = ReportDom
		}
		n, err := tx.Int(`select count(*) from directive where kind = 'monthly_report' and closed_at is null`)
		if err != nil {
			return "", err
		}
		if n > 0 {
			return "", fault.New(fault.Conflict, "directive.report_runs")
		}
	}
	known, err := org.OrganizationKinds(tx)
	if err != nil {
		return "", err
	}
	if len(d.Kinds) == 0 {
		if d.Kinds, err = db.Select(tx, `select id from organization_kind where reports = true order by rank, id`, nil, db.One[string]); err != nil {
			return "", err
		}
	}
	is := map[string]bool{}
	for _, k := range known {
		is[k.ID] = true
	}
	for _, k := range d.Kinds {
		if !is[k] {
			return "", fault.In("kinds", "fault.unknown_choice")
		}
	}
	if n, err := d.tally(tx, "", ""); err != nil {
		return "", err
	} else if n.Expected == 0 {
		return "", fault.In("kinds", "directive.nobody_expected")
	}
	if d.ID == "" {
		d.ID = ID(tx.NewID())
	}
	year := tx.Time(d.IssuedAt).Year()
	number, err := tx.Next(fmt.Sprintf("directive/%d", year))
	if err != nil {
		return "", err
	}
	var dom any
	if d.DueDom != 0 {
		dom = d.DueDom
	}
	n, err := tx.Exec(`insert into directive(id, number, kind, subject, body, from_org, to_kinds, issued_by, issued_at, due_day, recurs, due_dom)
		values($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict(id) do nothing`,
		d.ID, fmt.Sprintf("%d/%04d", year, number), d.Kind, strings.TrimSpace(d.Subject), d.Body, d.From,
		" "+strings.Join(d.Kinds, " ")+" ", d.IssuedBy, d.IssuedAt, db.Null(d.DueDay), d.Recurs, dom)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "fault.already_done")
	}
	if err == nil && d.Kind == KindMonthlyReport {
		err = d.asked(tx)
	}
	return d.ID, err
}

// Get reads a directive that by may see. Faults: Unauthorized, NotFound.
func Get(tx *db.Tx, by access.Actor, id ID) (d Directive, err error) {
	defer fault.Op(&err, "directive.Get(%s)", id)
	if !by.SignedIn() {
		return d, fault.New(fault.Unauthorized, "access.sign_in")
	}
	where, args := visible(by)
	return db.Single(tx, `select `+directiveFrom+where+` and d.id = $6`, append(args, id), scanDirective)
}

// directiveOrders are the ways to sort directives.
var directiveOrders = []db.Order{
	{Name: "new", By: []db.By{{SQL: "d.issued_at", Int: true, Desc: true}, {SQL: "d.id", Desc: true}}},
	{Name: "old", By: []db.By{{SQL: "d.issued_at", Int: true}, {SQL: "d.id"}}},
	{Name: "due", By: []db.By{{SQL: "coalesce(d.due_day, '')", Desc: true}, {SQL: "d.id", Desc: true}}},
}

// List gives the directives that by may see, a page at a time: sorted "new" (the
// newest first), "old", or "due" (the latest due day first). Faults: Unauthorized,
// Invalid (sort, after).
func List(tx *db.Tx, by access.Actor, p db.Page) (page []Directive, next string, err error) {
	defer fault.Op(&err, "directive.List")
	if !by.SignedIn() {
		return nil, "", fault.New(fault.Unauthorized, "access.sign_in")
	}
	where, args := visible(by)
	return db.Paged(tx, `select {key}, `+directiveFrom+where, args, directiveOrders, p, scanDirective)
}

// visible is the condition of directives issued by the actor's organization, expected
// from it, or touching a body that the actor sees in the register.
func visible(by access.Actor) (where string, args []any) {
	r := by.ReachOf(access.SeeRegister)
	return `where (f.id = $1 or f.path >= $2 and f.path < $3
			or exists(select 1 from organization b where (b.id = $1 or b.path >= $2 and b.path < $3 or b.area_path >= $4 and b.area_path < $5)
				and b.path > f.path and b.path < substr(f.path, 1, length(f.path) - 1) || '0' and ` + kindIn("b", "d") + `))`,
		[]any{by.Org, r.OrgFrom, r.OrgTo, r.AreaFrom, r.AreaTo}
}

// kindIn is the condition that organization o is of a kind that directive d names.
func kindIn(o, d string) string {
	return `replace(` + d + `.to_kinds, ' ' || ` + o + `.kind || ' ', '') <> ` + d + `.to_kinds`
}

// MonthlyReport gives the id of the recurring monthly report that is asked for.
// NotFound when none is. Everyone may.
func MonthlyReport(tx *db.Tx) (ID, error) {
	d, err := openReport(tx)
	return d.ID, err
}

func openReport(tx *db.Tx) (Directive, error) {
	found, err := db.Select(tx, `select `+directiveFrom+`where d.kind = 'monthly_report' and d.closed_at is null order by d.issued_at desc limit 1`, nil, scanDirective)
	if err != nil {
		return Directive{}, err
	}
	if len(found) == 0 {
		return Directive{}, fault.New(fault.NotFound, "directive.no_monthly_report")
	}
	return found[0], nil
}

// due gives the last day to answer in time: of a recurring directive for the month
// period. "" when there is none.
func (d Directive) due(period string) string {
	if d.Recurs == "" {
		return d.DueDay
	}
	m, err := time.Parse("2006-01", period)
	if err != nil {
		return ""
	}
	return m.AddDate(0, 1, d.DueDom-1).Format(time.DateOnly)
}

// dueMillis gives the instant at which the due day is over; 0 when there is none.
func (d Directive) dueMillis(tx *db.Tx, period string) int64 {
	day, err := time.ParseInLocation(time.DateOnly, d.due(period), tx.Now.Location())
	if err != nil {
		return 0
	}
	return day.AddDate(0, 0, 1).UnixMilli()
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// isText reports whether both engines can store s.
func isText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }
