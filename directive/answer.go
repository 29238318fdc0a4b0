package directive

import (
	"cmp"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
)

// Acknowledge says that the body has the directive: मिल गया. The actor needs
// answer_directive on it. Saying so twice is said once. Faults: Unauthorized,
// NotFound, Forbidden, Conflict (nothing is expected from the body).
func Acknowledge(tx *db.Tx, by access.Actor, id ID, body org.OrganizationID) (err error) {
	defer fault.Op(&err, "directive.Acknowledge(%s, %s)", id, body)
	o, _, err := mayAnswer(tx, by, id, body, "")
	if err != nil {
		return err
	}
	n, err := tx.Exec(`insert into directive_answer(directive_id, organization_id, unit_id, period, acknowledged_at) values($1, $2, $3, '', $4)
		on conflict(directive_id, organization_id, period) do update set acknowledged_at = excluded.acknowledged_at
			where directive_answer.acknowledged_at is null`, id, body, db.Null(string(o.Unit)), tx.Millis())
	if err != nil || n == 0 {
		return err
	}
	return access.Audit(tx, by, "directive.acknowledged", "directive", string(id), map[string]any{"organization": body})
}

// Answer answers a directive for a body: with a text, or by a record elsewhere,
// such as a returned list. A recurring directive is answered for a month period
// (YYYY-MM) that is over; another has period "". The actor needs answer_directive
// on the body. The same answer again is no fault; an answer given stands. Faults:
// Invalid, Unauthorized, NotFound, Forbidden, Conflict (answered otherwise; nothing
// is expected from the body).
func Answer(tx *db.Tx, by access.Actor, id ID, body org.OrganizationID, period, text, record string) (err error) {
	defer fault.Op(&err, "directive.Answer(%s, %s, %s)", id, body, period)
	o, d, err := mayAnswer(tx, by, id, body, period)
	if err != nil {
		return err
	}
	var f fault.Form
	f.Check(record != "" || strings.TrimSpace(text) != "", "body", "fault.required")
	f.Check(isText(text), "body", "fault.bad_utf8")
	f.Check(utf8.RuneCountInString(text) <= MaxBody, "body", "fault.too_long", "max", MaxBody)
	f.Check(d.Recurs != "" || period == "", "period", "directive.no_period")
	if d.Recurs != "" {
		_, err := time.Parse("2006-01", period)
		f.Check(err == nil, "period", "directive.bad_month")
		f.Check(err != nil || period < tx.Today()[:7], "period", "directive.month_not_over")
		f.Check(err != nil || period >= d.firstMonth(tx), "period", "directive.month_not_asked")
	}
	if err := f.Err(); err != nil {
		return err
	}
	return answer(tx, by, d, o, period, text, record)
}

// AnswerByRecord answers every directive of a kind that still expects one from the
// body with a record, and says how many there were. It is for the capability that
// made the record, which has checked who may; see package review.
func AnswerByRecord(tx *db.Tx, by access.Actor, kind string, body org.OrganizationID, record string) (n int, err error) {
	defer fault.Op(&err, "directive.AnswerByRecord(%s, %s)", kind, body)
	o, err := org.Lookup(tx, body)
	if err != nil {
		return 0, err
	}
	waiting, err := expectedFrom(tx, o, kind)
	if err != nil {
		return 0, err
	}
	for _, d := range waiting {
		if d.Recurs != "" {
			continue
		}
		answered, err := tx.Int(`select count(answered_at) from directive_answer where directive_id = $1 and organization_id = $2 and period = ''`, d.ID, body)
		if err != nil {
			return 0, err
		}
		if answered > 0 {
			continue
		}
		if err := answer(tx, by, d, o, "", "", record); err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// answer writes a checked answer, unless one stands.
func answer(tx *db.Tx, by access.Actor, d Directive, o org.Organization, period, text, record string) error {
	n, err := tx.Exec(`insert into directive_answer(directive_id, organization_id, unit_id, period, acknowledged_at, answered_at, answered_by, body, record_id)
		values($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict(directive_id, organization_id, period) do update set acknowledged_at = coalesce(directive_answer.acknowledged_at, excluded.acknowledged_at),
			answered_at = excluded.answered_at, answered_by = excluded.answered_by, body = excluded.body, record_id = excluded.record_id
			where directive_answer.answered_at is null`,
		d.ID, o.ID, db.Null(string(o.Unit)), period, tx.Millis(), tx.Millis(), db.Null(by.Membership), text, db.Null(record))
	if err != nil {
		return err
	}
	if n == 0 {
		same, err := tx.Int(`select count(*) from directive_answer where directive_id = $1 and organization_id = $2 and period = $3
			and body = $4 and coalesce(record_id, '') = $5`, d.ID, o.ID, period, text, record)
		if err == nil && same == 0 {
			err = fault.New(fault.Conflict, "directive.answered_already")
		}
		return err
	}
	if d.Recurs != "" {
		if err := d.received(tx, o, period, tx.Millis()); err != nil {
			return err
		}
	}
	return access.Audit(tx, by, "directive.answered", "directive", string(d.ID),
		map[string]any{"organization": o.ID, "period": period, "body": text, "record": record})
}

// mayAnswer gives the body and the directive when by may answer for the body and
// something is expected from it.
func mayAnswer(tx *db.Tx, by access.Actor, id ID, body org.OrganizationID, period string) (o org.Organization, d Directive, err error) {
	if !by.SignedIn() {
		return o, d, fault.New(fault.Unauthorized, "access.sign_in")
	}
	if o, err = org.Lookup(tx, body); err != nil {
		return o, d, err
	}
	if err = by.Check(access.AnswerDirective, o.Target("")); err != nil {
		return o, d, err
	}
	if d, err = Get(tx, by, id); err != nil {
		return o, d, err
	}
	if !d.expects(tx, o, period) {
		return o, d, fault.New(fault.Conflict, "directive.not_expected")
	}
	return o, d, nil
}

// expects reports whether d expects an answer from o for period: o lies below the
// issuing body, is of a kind that d names, and exists on the day that counts.
func (d Directive) expects(tx *db.Tx, o org.Organization, period string) bool {
	day := d.asOn(tx, period)
	return strings.HasPrefix(o.Path, d.fromPath) && o.Path != d.fromPath &&
		strings.Contains(" "+strings.Join(d.Kinds, " ")+" ", " "+o.Kind+" ") &&
		o.Founded <= day && (o.Dissolved == "" || o.Dissolved > day)
}

// asOn gives the day on which a body must exist to owe an answer: the day of issue,
// or the last day of the month that is reported.
func (d Directive) asOn(tx *db.Tx, period string) string {
	if m, err := time.Parse("2006-01", period); err == nil {
		return m.AddDate(0, 1, -1).Format(time.DateOnly)
	}
	return tx.Time(d.IssuedAt).Format(time.DateOnly)
}

// firstMonth gives the first month that a recurring directive asks for: the one in
// which it was issued.
func (d Directive) firstMonth(tx *db.Tx) string { return tx.Time(d.IssuedAt).Format("2006-01") }

// bodies is the same rule as expects, in SQL, of organizations b; Directive.args
// gives its four arguments, the first of which is $first.
func bodies(first int) string {
	return fmt.Sprintf(`b.path > $%d and b.path < $%d and replace($%[3]d, ' ' || b.kind || ' ', '') <> $%[3]d
		and (b.founded is null or b.founded <= $%[4]d) and (b.dissolved is null or b.dissolved > $%[4]d)`, first, first+1, first+2, first+3)
}

func (d Directive) args(tx *db.Tx, period string) []any {
	from, to := access.Range(d.fromPath)
	return []any{from, to, " " + strings.Join(d.Kinds, " ") + " ", d.asOn(tx, period)}
}

// expectedFrom gives the directives of a kind ("" for all) that expect an answer
// from o, the newest first.
func expectedFrom(tx *db.Tx, o org.Organization, kind string) ([]Directive, error) {
	all, err := db.Select(tx, `select `+directiveFrom+`where d.closed_at is null and (d.kind = $1 or $1 = '')
			and substr($2, 1, length(f.path)) = f.path and f.path <> $2 order by d.issued_at desc, d.id desc`, []any{kind, o.Path}, scanDirective)
	waiting := all[:0]
	for _, d := range all {
		period := ""
		if d.Recurs != "" {
			period = tx.Today()[:7]
		}
		if d.expects(tx, o, period) {
			waiting = append(waiting, d)
		}
	}
	return waiting, err
}

// Owed is an answer that a body has not given.
type Owed struct {
	Directive
	Period       string `json:"period,omitempty"`   // month of a recurring one
	LastDay      string `json:"last_day,omitempty"` // to answer in time
	Overdue      bool   `json:"overdue"`
	Acknowledged bool   `json:"acknowledged"`
}

// Due lists what the actor's organization owes now, the most overdue first; of the
// monthly report the months of the last twelve that are over. Nothing for one whose
// hat may not answer for it.
func Due(tx *db.Tx, by access.Actor) (owed []Owed, err error) {
	defer fault.Op(&err, "directive.Due")
	if by.Org == "" || !by.May(access.AnswerDirective, access.Target{Org: by.Org, OrgPath: by.OrgPath, AreaPath: by.AreaPath}) {
		return nil, nil
	}
	o, err := org.Lookup(tx, org.OrganizationID(by.Org))
	if err != nil {
		return nil, err
	}
	expected, err := expectedFrom(tx, o, "")
	if err != nil {
		return nil, err
	}
	type key struct {
		id     ID
		period string
	}
	type given struct {
		key
		acknowledged, answered bool
	}
	rows, err := db.Select(tx, `select directive_id, period, acknowledged_at is not null, answered_at is not null from directive_answer where organization_id = $1`,
		[]any{o.ID}, func(s db.Scanner) (g given, err error) {
			return g, s.Scan(&g.id, &g.period, &g.acknowledged, &g.answered)
		})
	if err != nil {
		return nil, err
	}
	has := map[key]given{}
	for _, g := range rows {
		has[g.key] = g
	}
	for _, d := range expected {
		for _, period := range d.periods(tx) {
			if g := has[key{d.ID, period}]; !g.answered && d.expects(tx, o, period) {
				last := d.due(period)
				owed = append(owed, Owed{Directive: d, Period: period, LastDay: last, Overdue: last != "" && last < tx.Today(), Acknowledged: g.acknowledged})
			}
		}
	}
	slices.SortStableFunc(owed, func(a, b Owed) int { return cmp.Compare(a.rank(), b.rank()) })
	return owed, nil
}

// rank puts what is due first first, and what has no last day at the end.
func (o Owed) rank() string {
	if o.LastDay == "" {
		return "~"
	}
	return o.LastDay
}

// periods gives what can be answered now: "" once, or the months of the last twelve
// that a recurring directive asks for and that are over.
func (d Directive) periods(tx *db.Tx) (periods []string) {
	if d.Recurs == "" {
		return []string{""}
	}
	this := time.Date(tx.Now.Year(), tx.Now.Month(), 1, 0, 0, 0, 0, time.UTC)
	for i := -12; i < 0; i++ {
		if m := this.AddDate(0, i, 0).Format("2006-01"); m >= d.firstMonth(tx) {
			periods = append(periods, m)
		}
	}
	return periods
}

// Standing is how one body stands to a directive.
type Standing struct {
	Organization   org.OrganizationID `json:"organization"`
	OrgHi          string             `json:"organization_hi"`
	OrgEn          string             `json:"organization_en"`
	Unit           org.OrganizationID `json:"unit,omitempty"`
	UnitHi         string             `json:"unit_hi"`
	UnitEn         string             `json:"unit_en"`
	AcknowledgedAt int64              `json:"acknowledged_at,omitempty"` // milliseconds UTC; 0: not
	AnsweredAt     int64              `json:"answered_at,omitempty"`
	ByHi           string             `json:"by_hi,omitempty"` // who answered
	ByEn           string             `json:"by_en,omitempty"`
	Body           string             `json:"body,omitempty"`
	Record         string             `json:"record,omitempty"`
	OnTime         bool               `json:"on_time"` // answered, and not after the last day
	Late           bool               `json:"late"`    // answered too late, or not yet and the last day is over
}

// How a body stands, for AnswerFilter.
const (
	Answered = "answered"
	Waiting  = "waiting" // not answered yet
	OnTime   = "on_time"
	Late     = "late" // as Standing.Late
)

// AnswerFilter chooses among the bodies that a directive expects.
type AnswerFilter struct {
	Period       string             // month, of a recurring directive
	Organization org.OrganizationID // one body
	Unit         org.OrganizationID // bodies of a district
	State        string             // "", Answered, Waiting, OnTime, Late
	Within       org.Node           // what is counted at a body or an area; by must have been let in to it
}

// answerOrders are the ways to sort the bodies that a directive expects.
var answerOrders = []db.Order{
	{Name: "name", By: []db.By{{SQL: "b.sort_key"}, {SQL: "b.id"}}},
	{Name: "body", By: []db.By{{SQL: "b.path"}, {SQL: "b.id"}}},
}

// Answers lists how the expected bodies that by sees stand to a directive, a page at
// a time: sorted "name" or "body" (as the bodies stand under one another). Faults:
// Unauthorized, NotFound (the directive is not visible), Invalid (period, state, sort, after).
func Answers(tx *db.Tx, by access.Actor, id ID, f AnswerFilter, p db.Page) (page []Standing, next string, err error) {
	defer fault.Op(&err, "directive.Answers(%s)", id)
	d, err := Get(tx, by, id)
	if err != nil {
		return nil, "", err
	}
	if d.Recurs != "" {
		if _, err := time.Parse("2006-01", f.Period); err != nil {
			return nil, "", fault.In("period", "directive.bad_month")
		}
	} else {
		f.Period = ""
	}
	over := d.dueMillis(tx, f.Period)
	if over == 0 {
		over = math.MaxInt64
	}
	r := by.ReachOf(access.SeeRegister)
	args := append([]any{id, f.Period}, d.args(tx, f.Period)...)
	args = append(args, r.OrgFrom, r.OrgTo, r.AreaFrom, r.AreaTo, by.Org)
	place := func(v any) string { args = append(args, v); return "$" + strconv.Itoa(len(args)) }
	where := ``
	if f.Organization != "" {
		where += ` and b.id = ` + place(f.Organization)
	}
	if f.Unit != "" {
		where += ` and b.unit_id = ` + place(f.Unit)
	}
	if f.Within != (org.Node{}) {
		within, err := f.Within.Within(tx, "b", "b.area_id", place)
		if err != nil {
			return nil, "", err
		}
		where += ` and ` + within
	}
	switch f.State {
	case "":
	case Answered:
		where += ` and a.answered_at is not null`
	case Waiting:
		where += ` and a.answered_at is null`
	case OnTime:
		where += ` and a.answered_at < ` + place(over)
	case Late:
		where += ` and coalesce(a.answered_at, ` + place(tx.Millis()) + `) >= ` + place(over)
	default:
		return nil, "", fault.In("state", "fault.unknown_choice")
	}
	page, next, err = db.Paged(tx, `select {key}, b.id, b.name_hi, b.name_en, b.unit_id, u.name_hi, u.name_en, a.acknowledged_at, a.answered_at,
			p.name_hi, p.name_en, a.body, a.record_id
		from organization b left join directive_answer a on a.directive_id = $1 and a.organization_id = b.id and a.period = $2
			left join organization u on u.id = b.unit_id left join membership m on m.id = a.answered_by left join person p on p.id = m.person_id
		where `+bodies(3)+` and (b.path >= $7 and b.path < $8 or b.area_path >= $9 and b.area_path < $10 or b.id = $11)`+where, args, answerOrders, p, scanStanding)
	for i, s := range page {
		page[i].OnTime = s.AnsweredAt != 0 && s.AnsweredAt < over
		page[i].Late = !page[i].OnTime && (s.AnsweredAt != 0 || tx.Millis() >= over)
	}
	return page, next, err
}

func scanStanding(s db.Scanner) (a Standing, err error) {
	var unit, unitHi, unitEn, hi, en, body, record sql.NullString
	var acknowledged, answered sql.NullInt64
	err = s.Scan(&a.Organization, &a.OrgHi, &a.OrgEn, &unit, &unitHi, &unitEn, &acknowledged, &answered, &hi, &en, &body, &record)
	a.Unit, a.UnitHi, a.UnitEn = org.OrganizationID(unit.String), unitHi.String, unitEn.String
	a.AcknowledgedAt, a.AnsweredAt, a.ByHi, a.ByEn = acknowledged.Int64, answered.Int64, hi.String, en.String
	a.Body, a.Record = body.String, record.String
	return a, err
}

// Tally is how many bodies were expected to answer and how many did.
type Tally struct {
	Expected     int `json:"expected"`
	Acknowledged int `json:"acknowledged"`
	Received     int `json:"received"`
	OnTime       int `json:"on_time"` // of those received
}

// Expected gives how many bodies a directive expects an answer from: of a recurring
// one, for the last month that is over. The caller has read the directive.
func Expected(tx *db.Tx, id ID) (int, error) {
	t, err := Count(tx, id, "", "")
	return t.Expected, err
}

// Count counts expected and received answers to a directive, for a month of a
// recurring one ("" for the last that is over), of one district's bodies (unit "" for
// all). The caller has read the directive, and the unit.
func Count(tx *db.Tx, id ID, period string, unit org.OrganizationID) (t Tally, err error) {
	defer fault.Op(&err, "directive.Count(%s)", id)
	d, err := lookup(tx, id)
	if err != nil {
		return t, err
	}
	if d.Recurs != "" && period == "" {
		period = lastMonth(tx)
	}
	return d.tally(tx, period, unit)
}

// Received counts the monthly reports for a month YYYY-MM of one district's bodies
// (unit "" for all); nothing is expected while no report is asked for. The caller
// has read the unit.
func Received(tx *db.Tx, period string, unit org.OrganizationID) (t Tally, err error) {
	defer fault.Op(&err, "directive.Received(%s, %s)", period, unit)
	d, err := openReport(tx)
	if fault.Is(err, fault.NotFound) || err == nil && period < d.firstMonth(tx) {
		return t, nil
	}
	if err != nil {
		return t, err
	}
	return d.tally(tx, period, unit)
}

// ReceivedByUnit is Received for every district-level body at once, for lists.
func ReceivedByUnit(tx *db.Tx, period string) (all map[org.OrganizationID]Tally, err error) {
	defer fault.Op(&err, "directive.ReceivedByUnit(%s)", period)
	all = map[org.OrganizationID]Tally{}
	d, err := openReport(tx)
	if fault.Is(err, fault.NotFound) || err == nil && period < d.firstMonth(tx) {
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	type row struct {
		unit org.OrganizationID
		t    Tally
	}
	rows, err := db.Select(tx, `select `+tallied+` group by b.unit_id`, d.tallyArgs(tx, period),
		func(s db.Scanner) (r row, err error) {
			return r, s.Scan(&r.t.Expected, &r.t.Acknowledged, &r.t.Received, &r.t.OnTime, &r.unit)
		})
	for _, r := range rows {
		all[r.unit] = r.t
	}
	return all, err
}

// tallied counts organizations b and their answers a, with the arguments of tallyArgs.
var tallied = `count(*), count(a.acknowledged_at), count(a.answered_at), count(*) filter (where a.answered_at < $1), coalesce(min(b.unit_id), '')
	from organization b left join directive_answer a on a.directive_id = $2 and a.organization_id = b.id and a.period = $3
	where ` + bodies(4)

func (d Directive) tallyArgs(tx *db.Tx, period string) []any {
	over := d.dueMillis(tx, period)
	if over == 0 {
		over = math.MaxInt64
	}
	return append([]any{over, d.ID, period}, d.args(tx, period)...)
}

func (d Directive) tally(tx *db.Tx, period string, unit org.OrganizationID) (t Tally, err error) {
	args, where := d.tallyArgs(tx, period), ``
	if unit != "" {
		args, where = append(args, unit), ` and b.unit_id = $8`
	}
	var one string
	err = tx.Scan(`select `+tallied+where, args, &t.Expected, &t.Acknowledged, &t.Received, &t.OnTime, &one)
	return t, err
}

// lastMonth gives the last month that is over.
func lastMonth(tx *db.Tx) string {
	return time.Date(tx.Now.Year(), tx.Now.Month()-1, 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
}

// ReportingMonths says for which months from fromMonth to toMonth (YYYY-MM) each
// body of a district-level body has sent its monthly report; a body that sent none
// is absent. For verbs: the caller has checked who may.
func ReportingMonths(tx *db.Tx, unit org.OrganizationID, fromMonth, toMonth string) (map[org.OrganizationID]map[string]bool, error) {
	type sent struct {
		body  org.OrganizationID
		month string
	}
	rows, err := db.Select(tx, `select a.organization_id, a.period from organization b join directive_answer a on a.organization_id = b.id
			join directive d on d.id = a.directive_id and d.kind = 'monthly_report'
		where b.unit_id = $1 and a.period >= $2 and a.period <= $3 and a.answered_at is not null`, []any{unit, fromMonth, toMonth},
		func(s db.Scanner) (r sent, err error) { return r, s.Scan(&r.body, &r.month) })
	months := map[org.OrganizationID]map[string]bool{}
	for _, r := range rows {
		if months[r.body] == nil {
			months[r.body] = map[string]bool{}
		}
		months[r.body][r.month] = true
	}
	return months, err
}
