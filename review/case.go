package review

import (
	"database/sql"
	"fmt"
	"strings"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/letter"
	"sangathan/org"
	"sangathan/tally"
)

// The steps of a case, in order. A case of relief at once begins at StepDecided.
const (
	StepOpened      = "opened"      // the district confirmed the line
	StepSpoken      = "spoken"      // someone outside the unit spoke with the person
	StepNoticed     = "noticed"     // the notice is issued
	StepServed      = "served"      // it has reached the person: the time to reply runs
	StepReplied     = "replied"     // the person has replied
	StepRecommended = "recommended" // the district has recommended
	StepDecided     = "decided"     // the competent authority has decided; appeal is open
	StepAppealed    = "appealed"    // the person has appealed
	StepClosed      = "closed"      // retained or settled, or the appeal is decided
	StepEnded       = "ended"       // the post was left before a decision; only ever read, never stored
)

// Settled is the decision that closes a case after the talk, without a notice.
const Settled = "settled"

// Steps lists the steps in which a case can stand, in order.
var Steps = []string{StepOpened, StepSpoken, StepNoticed, StepServed, StepReplied, StepRecommended, StepDecided, StepAppealed, StepClosed, StepEnded}

// Case is the fair procedure about one holder of one post.
type Case struct {
	ID            string             `json:"id"`
	Number        string             `json:"number"`
	Line          string             `json:"line,omitempty"`
	Unit          org.OrganizationID `json:"unit"`
	UnitHi        string             `json:"unit_hi"`
	UnitEn        string             `json:"unit_en"`
	Organization  org.OrganizationID `json:"organization"`
	OrgHi         string             `json:"organization_hi"`
	OrgEn         string             `json:"organization_en"`
	Person        org.PersonID       `json:"person"`
	PersonHi      string             `json:"person_hi"`
	PersonEn      string             `json:"person_en"`
	Membership    org.MembershipID   `json:"membership"`
	RoleHi        string             `json:"role_hi"`
	RoleEn        string             `json:"role_en"`
	Step          string             `json:"step"`
	WithoutNotice bool               `json:"without_notice"`
	OpenedAt      int64              `json:"opened_at"`
	NoticeNumber  string             `json:"notice_number,omitempty"`
	ReplyBy       string             `json:"reply_by,omitempty"` // last day to reply
	Decision      string             `json:"decision,omitempty"` // retain, warn, transfer, relieve, settled
	DecidedBy     org.PersonID       `json:"decided_by,omitempty"`
	DeciderHi     string             `json:"decider_hi,omitempty"`
	DeciderEn     string             `json:"decider_en,omitempty"`
	DecidedAt     int64              `json:"decided_at,omitempty"`
	AppealBy      string             `json:"appeal_by,omitempty"`     // last day to appeal
	AppealResult  string             `json:"appeal_result,omitempty"` // upheld, reversed
	Order         org.OrderID        `json:"order,omitempty"`
	decidedHat    string
}

const caseFrom = `k.id, k.number, k.line_id, k.unit_id, u.name_hi, u.name_en, k.organization_id, o.name_hi, o.name_en, k.person_id, p.name_hi, p.name_en,
		k.membership_id, coalesce(nullif(t.label_hi, ''), r.name_hi), coalesce(nullif(t.label_en, ''), r.name_en),
		case when k.decision = '' and m.to_day is not null then 'ended' else k.step end, k.without_notice, k.opened_at, k.notice_number, k.reply_by,
		k.decision, k.decided_person, coalesce(d.name_hi, ''), coalesce(d.name_en, ''), k.decided_at, k.decided_by, k.appeal_by, k.appeal_result, k.order_id
	from review_case k join organization o on o.id = k.organization_id join person p on p.id = k.person_id
		join membership m on m.id = k.membership_id join role r on r.id = m.role_id join post t on t.id = m.post_id
		left join organization u on u.id = k.unit_id left join person d on d.id = k.decided_person `

func scanCase(s db.Scanner) (c Case, err error) {
	var line, unit, unitHi, unitEn, reply, decider, hat, appeal, order sql.NullString
	var decided sql.NullInt64
	err = s.Scan(&c.ID, &c.Number, &line, &unit, &unitHi, &unitEn, &c.Organization, &c.OrgHi, &c.OrgEn, &c.Person, &c.PersonHi, &c.PersonEn,
		&c.Membership, &c.RoleHi, &c.RoleEn, &c.Step, &c.WithoutNotice, &c.OpenedAt, &c.NoticeNumber, &reply,
		&c.Decision, &decider, &c.DeciderHi, &c.DeciderEn, &decided, &hat, &appeal, &c.AppealResult, &order)
	c.Line, c.Unit, c.UnitHi, c.UnitEn = line.String, org.OrganizationID(unit.String), unitHi.String, unitEn.String
	c.ReplyBy, c.DecidedBy, c.DecidedAt, c.AppealBy, c.Order = reply.String, org.PersonID(decider.String), decided.Int64, appeal.String, org.OrderID(order.String)
	c.decidedHat = hat.String
	return c, err
}

// Step is one thing that happened in a case.
type Step struct {
	ID       string       `json:"id"`
	Step     string       `json:"step"` // a Step constant, or tried, remark, appeal_decided
	Day      string       `json:"day"`
	At       int64        `json:"at"`
	By       org.PersonID `json:"by,omitempty"`
	ByHi     string       `json:"by_hi"`
	ByEn     string       `json:"by_en"`
	ByRoleHi string       `json:"by_role_hi"`
	ByRoleEn string       `json:"by_role_en"`
	Manner   string       `json:"manner,omitempty"`
	Verdict  string       `json:"verdict,omitempty"`
	Text     string       `json:"text"`
	Order    org.OrderID  `json:"order,omitempty"`
}

// GetCase reads a case and its steps, the oldest first: for the person concerned
// and for those with an act in it. Faults: Unauthorized, NotFound.
func GetCase(tx *db.Tx, by access.Actor, id string) (c Case, steps []Step, err error) {
	defer fault.Op(&err, "review.GetCase(%s)", id)
	c, o, err := lookupCase(tx, id)
	if err != nil {
		return c, nil, err
	}
	if string(c.Person) != by.Person && !mayRead(by, o.Target("")) {
		return Case{}, nil, hidden(by)
	}
	steps, err = db.Select(tx, `select s.id, s.step, s.day, s.at, s.by_person, coalesce(p.name_hi, ''), coalesce(p.name_en, ''),
			coalesce(r.name_hi, ''), coalesce(r.name_en, ''), s.manner, s.verdict, s.text, coalesce(s.order_id, '')
		from case_step s left join person p on p.id = s.by_person left join membership m on m.id = s.by_membership left join role r on r.id = m.role_id
		where s.case_id = $1 order by s.n`, []any{id}, func(s db.Scanner) (x Step, err error) {
		return x, s.Scan(&x.ID, &x.Step, &x.Day, &x.At, &x.By, &x.ByHi, &x.ByEn, &x.ByRoleHi, &x.ByRoleEn, &x.Manner, &x.Verdict, &x.Text, &x.Order)
	})
	return c, steps, err
}

// CaseFilter narrows a list of cases; zero fields do not.
type CaseFilter struct {
	Unit   org.OrganizationID
	Person org.PersonID
	Within org.Node // what is counted at a body or an area; by must have been let in to it
	Step   string
	Review string // from this list

	Decider       org.PersonID // who decided; read by those whom Deciders tells
	Decision      string       // retain, warn, transfer, relieve, settled
	WithoutNotice string       // "yes", "no"
	AppealResult  string       // upheld, reversed

	Waiting access.Act // only those in which the hat has this act, and not one's own
}

// caseOrders are the ways to sort cases.
var caseOrders = []db.Order{
	{Name: "old", By: []db.By{{SQL: "k.opened_at", Int: true}, {SQL: "k.id"}}},
	{Name: "new", By: []db.By{{SQL: "k.opened_at", Int: true, Desc: true}, {SQL: "k.id", Desc: true}}},
}

// Cases gives the cases that by may read, a page at a time: sorted "old" (the oldest
// first) or "new"; one's own among them when Person is oneself. Faults: Invalid
// (sort, after).
func Cases(tx *db.Tx, by access.Actor, f CaseFilter, p db.Page) (page []Case, next string, err error) {
	defer fault.Op(&err, "review.Cases")
	query, args, err := caseQuery(tx, by, f)
	if err != nil {
		return nil, "", err
	}
	return db.Paged(tx, `select {key}, `+caseFrom+query, args, caseOrders, p, scanCase)
}

// CountCases counts the cases that by may read, by step: all those of the unit from its figures.
func CountCases(tx *db.Tx, by access.Actor, f CaseFilter) (map[string]int, error) {
	if f == (CaseFilter{}) {
		root, err := org.Root(tx)
		if err != nil {
			return nil, err
		}
		if CoversCases(by, root.Target("")) {
			return countAll(tx, root)
		}
	}
	query, args, err := caseQuery(tx, by, f)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(`select case when k.decision = '' and m.to_day is not null then 'ended' else k.step end, count(*)
		from review_case k join organization o on o.id = k.organization_id join membership m on m.id = k.membership_id `+query+` group by 1`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]int{}
	for rows.Next() {
		var step string
		var n int
		if err := rows.Scan(&step, &n); err != nil {
			return nil, err
		}
		out[step] = n
	}
	return out, rows.Err()
}

// countAll gives the figures of every case under an organization.
func countAll(tx *db.Tx, o org.Organization) (map[string]int, error) {
	f, err := tally.At(tx, o.Label, "")
	out := map[string]int{}
	for _, step := range Steps {
		if n := f[tally.Case(step)]; n != 0 {
			out[step] = n
		}
	}
	return out, err
}

// caseReaders are the acts by which lists of cases are read: the first that the hat
// has anywhere tells how far.
var caseReaders = []access.Act{access.Recommend, access.RecordTalk, access.DraftList, access.Decide}

// CoversCases reports whether by reads every case of a body and of all under it, and
// so may read how many there are at each step.
func CoversCases(by access.Actor, body access.Target) bool {
	for _, a := range caseReaders {
		if by.ReachOf(a) != (access.Reach{}) {
			return by.MayWithin(a, body)
		}
	}
	return false
}

// caseReach is how far by reads lists of cases.
func caseReach(by access.Actor) access.Reach {
	for _, a := range caseReaders {
		if r := by.ReachOf(a); r != (access.Reach{}) {
			return r
		}
	}
	return access.Reach{}
}

func caseQuery(tx *db.Tx, by access.Actor, f CaseFilter) (string, db.Args, error) {
	r := caseReach(by)
	self := ""
	if f.Person != "" && string(f.Person) == by.Person {
		self = by.Person
	}
	args := db.Args{r.OrgFrom, r.OrgTo, r.AreaFrom, r.AreaTo, self}
	where := `where (o.path >= $1 and o.path < $2 or o.area_path >= $3 and o.area_path < $4 or k.person_id = $5) and (` + stepIs(f.Step) + `)`
	db.Equal(&where, &args, "k.unit_id", string(f.Unit))
	db.Equal(&where, &args, "k.person_id", string(f.Person))
	if f.Review != "" {
		where += ` and k.line_id in (select id from review_line where review_id = ` + args.Place(f.Review) + `)`
	}
	db.Equal(&where, &args, "k.decided_person", string(f.Decider))
	db.Equal(&where, &args, "k.decision", f.Decision)
	db.Equal(&where, &args, "k.appeal_result", f.AppealResult)
	if f.Waiting != "" {
		w := by.ReachOf(f.Waiting)
		where += ` and (o.path >= ` + args.Place(w.OrgFrom) + ` and o.path < ` + args.Place(w.OrgTo) + ` or o.area_path >= ` + args.Place(w.AreaFrom) + ` and o.area_path < ` + args.Place(w.AreaTo) +
			`) and k.person_id <> ` + args.Place(by.Person)
	}
	switch f.WithoutNotice {
	case "yes":
		where += ` and k.without_notice = true`
	case "no":
		where += ` and k.without_notice = false`
	}
	if f.Within == (org.Node{}) {
		return where, args, nil
	}
	within, err := f.Within.Within(tx, "o", "m.area_id", args.Place)
	return where + ` and ` + within, args, err
}

// stepIs is the SQL condition of a step; the step is one of our own constants.
func stepIs(step string) string {
	for _, s := range Steps {
		if s == step && s == StepEnded {
			return `k.decision = '' and m.to_day is not null`
		}
		if s == step {
			return `k.step = '` + s + `' and (k.decision <> '' or m.to_day is null)`
		}
	}
	return `1 = 1`
}

func lookupCase(tx *db.Tx, id string) (Case, org.Organization, error) {
	type key string
	c, err := db.Remember(tx, key(id), func() (Case, error) {
		return db.Single(tx, `select `+caseFrom+`where k.id = $1`, []any{id}, scanCase)
	})
	if err != nil {
		return Case{}, org.Organization{}, err
	}
	o, err := org.Lookup(tx, c.Organization)
	return c, o, err
}

func openCase(tx *db.Tx, by access.Actor, line string, m org.Membership) (string, error) {
	year := tx.Now.Year()
	n, err := tx.Next(fmt.Sprintf("cases/%d", year))
	if err != nil {
		return "", err
	}
	id := tx.NewID()
	_, err = tx.Exec(`insert into review_case(id, number, line_id, unit_id, organization_id, person_id, membership_id, step, opened_at, opened_by)
		values($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		id, fmt.Sprintf("%d/%04d", year, n), db.Null(line), db.Null(string(m.Unit)), m.Organization, m.Person, m.ID, StepOpened, tx.Millis(), by.Account)
	if err != nil {
		return "", err
	}
	if err := turn(tx, m.Organization, m.ID, "", StepOpened); err != nil {
		return "", err
	}
	return id, record(tx, by, id, note{step: StepOpened, day: tx.Today()})
}

// note is a step about to be written.
type note struct {
	step, day, manner, verdict, text string
	order                            org.OrderID
}

// record writes one step and its audit line.
func record(tx *db.Tx, by access.Actor, caseID string, n note) error {
	_, err := tx.Exec(`insert into case_step(id, case_id, n, step, day, at, by_person, by_membership, manner, verdict, text, order_id)
		values($1, $2, (select count(*) + 1 from case_step where case_id = $2), $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		tx.NewID(), caseID, n.step, n.day, tx.Millis(), by.Person, db.Null(by.Membership), n.manner, n.verdict, n.text, db.Null(string(n.order)))
	if err != nil {
		return err
	}
	return access.Audit(tx, by, "review.case."+n.step, "case", caseID, map[string]any{"manner": n.manner, "verdict": n.verdict, "text": n.text})
}

// enter is the door of every step taken by an official: the act on the person's
// body, never one's own case, the post still held, and the case at one of the steps
// from which this one follows.
func enter(tx *db.Tx, by access.Actor, id string, act access.Act, from ...string) (Case, error) {
	c, o, err := lookupCase(tx, id)
	if err != nil {
		return c, err
	}
	if !mayRead(by, o.Target("")) && string(c.Person) != by.Person {
		return c, hidden(by)
	}
	if string(c.Person) == by.Person {
		return c, fault.New(fault.Forbidden, "review.own_case")
	}
	if !by.May(act, o.Target("")) {
		return c, fault.New(fault.Forbidden, "access.forbidden."+string(act))
	}
	return c, c.standsAt(from...)
}

// ownOnly is the door of the steps that the person concerned takes: Forbidden for
// those who see the case, NotFound for all others.
func ownOnly(by access.Actor, c Case, o org.Organization) error {
	switch {
	case string(c.Person) == by.Person:
		return nil
	case mayRead(by, o.Target("")):
		return fault.New(fault.Forbidden, "review.only_the_person")
	}
	return hidden(by)
}

func (c Case) standsAt(from ...string) error {
	if c.Step == StepEnded {
		return fault.New(fault.Conflict, "review.post_ended")
	}
	for _, s := range from {
		if c.Step == s {
			return nil
		}
	}
	return fault.New(fault.Conflict, "review.wrong_step")
}

// move advances the case from the step it was read at; of two who do so at once, one wins.
func move(tx *db.Tx, c Case, to string) error {
	n, err := tx.Exec(`update review_case set step = $1 where id = $2 and step = $3`, to, c.ID, c.Step)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "review.wrong_step")
	}
	if err != nil {
		return err
	}
	return turn(tx, c.Organization, c.Membership, c.Step, to)
}

func checkText(field, text string) error {
	var f fault.Form
	f.Check(strings.TrimSpace(text) != "", field, "review.text_missing")
	f.Check(len([]rune(text)) <= maxText, field, "review.text_long", "n", maxText)
	return f.Err()
}

func checkDay(tx *db.Tx, c Case, day string) error {
	opened := tx.Time(c.OpenedAt).Format(time.DateOnly)
	if !org.IsDay(day) || day > tx.Today() {
		return fault.In("day", "review.bad_day")
	}
	if day < opened {
		return fault.In("day", "review.day_before_case")
	}
	return nil
}

// Talk records that by, who stands outside the person's unit, rang or visited the
// person, and what was said. When the person was not reached, the try is recorded
// and the case stays where it is: not reached is not false. The actor needs
// record_talk. Faults: Invalid, NotFound, Forbidden, Conflict.
func Talk(tx *db.Tx, by access.Actor, id, manner, day, text string, reached bool) (err error) {
	defer fault.Op(&err, "review.Talk(%s)", id)
	c, err := enter(tx, by, id, access.RecordTalk, StepOpened)
	if err != nil {
		return err
	}
	if !Outside(by, c) {
		return fault.New(fault.Forbidden, "review.talk_outside")
	}
	if manner != "call" && manner != "visit" {
		return fault.In("manner", "review.bad_manner")
	}
	if err := checkDay(tx, c, day); err != nil {
		return err
	}
	if err := checkText("text", text); err != nil {
		return err
	}
	if !reached {
		return record(tx, by, id, note{step: "tried", day: day, manner: manner, text: text})
	}
	if err := move(tx, c, StepSpoken); err != nil {
		return err
	}
	return record(tx, by, id, note{step: StepSpoken, day: day, manner: manner, text: text})
}

// Outside reports whether by stands outside the unit that the case is of, as [Talk]
// asks of whoever speaks with the person; the act is asked besides. The state unit's
// own cases have no outside: there it is whoever stands in the state unit itself,
// such as its desk, and could not decide them.
func Outside(by access.Actor, c Case) bool {
	root, _, _ := strings.Cut(strings.TrimPrefix(by.OrgPath, "/"), "/")
	switch {
	case by.IsOperator(), by.Unit != string(c.Unit):
		return true
	case by.OrgPath == "/"+root+"/":
		return !by.MayAnywhere(access.Decide)
	}
	return false
}

// Notice issues the numbered notice with text (what is asked). Nothing but missing
// records may stand in it as fact. The actor needs issue_notice. Faults: Invalid,
// NotFound, Forbidden, Conflict (nobody has spoken with the person yet). Copies of its
// letter go to copyTo besides.
func Notice(tx *db.Tx, by access.Actor, id, text string, copyTo ...string) (number string, err error) {
	defer fault.Op(&err, "review.Notice(%s)", id)
	c, err := enter(tx, by, id, access.IssueNotice, StepSpoken)
	if err != nil {
		return "", err
	}
	if err := checkText("text", text); err != nil {
		return "", err
	}
	if number, err = letter.Number(tx, by.Org); err != nil {
		return "", err
	}
	if err := move(tx, c, StepNoticed); err != nil {
		return "", err
	}
	if _, err := tx.Exec(`update review_case set notice_number = $1 where id = $2`, number, id); err != nil {
		return "", err
	}
	if err := record(tx, by, id, note{step: StepNoticed, day: tx.Today(), verdict: number, text: text}); err != nil {
		return "", err
	}
	c, steps, err := GetCase(tx, by, id)
	if err != nil {
		return "", err
	}
	_, err = issueNotice(tx, c, steps[len(steps)-1], copyTo)
	return number, err
}

// Serve records the proof that the notice reached the person on a day: signed (the
// signed copy is kept), call (a recorded call) or visit. From that day the time to
// reply runs. The actor needs record_service. Faults: Invalid, NotFound,
// Forbidden, Conflict.
func Serve(tx *db.Tx, by access.Actor, id, manner, day, text string) (err error) {
	defer fault.Op(&err, "review.Serve(%s)", id)
	c, err := enter(tx, by, id, access.RecordService, StepNoticed)
	if err != nil {
		return err
	}
	if manner != "signed" && manner != "call" && manner != "visit" {
		return fault.In("manner", "review.bad_manner")
	}
	if err := checkDay(tx, c, day); err != nil {
		return err
	}
	if issued, err := tx.Text(`select day from case_step where case_id = $1 and step = 'noticed'`, id); err != nil {
		return err
	} else if day < issued {
		return fault.In("day", "review.served_before_notice")
	}
	if err := checkText("text", text); err != nil {
		return err
	}
	return serve(tx, by, c, manner, day, text)
}

// Opened records that the person concerned has opened the notice from their own
// sign-in: the best proof of service. Calling it again, or at a later step, does
// nothing. Faults: NotFound, Forbidden.
func Opened(tx *db.Tx, by access.Actor, id string) (err error) {
	defer fault.Op(&err, "review.Opened(%s)", id)
	c, o, err := lookupCase(tx, id)
	if err != nil {
		return err
	}
	if err := ownOnly(by, c, o); err != nil {
		return err
	}
	if c.Step != StepNoticed {
		return nil
	}
	return serve(tx, by, c, "opened", tx.Today(), "")
}

// replyDays gives the days to reply, by the criteria that the case rests on.
func replyDays(tx *db.Tx, id string) (int, error) {
	return tx.Int(`select c.reply_days from review_case k left join review_line l on l.id = k.line_id left join review v on v.id = l.review_id
		join criteria c on c.id = coalesce(v.criteria_id, (select id from criteria order by version desc limit 1)) where k.id = $1`, id)
}

func serve(tx *db.Tx, by access.Actor, c Case, manner, day, text string) error {
	days, err := replyDays(tx, c.ID)
	if err != nil {
		return err
	}
	served, err := parseDay(day)
	if err != nil {
		return err
	}
	if err := move(tx, c, StepServed); err != nil {
		return err
	}
	_, err = tx.Exec(`update review_case set reply_by = $1 where id = $2`, served.AddDate(0, 0, days).Format(time.DateOnly), c.ID)
	if err != nil {
		return err
	}
	return record(tx, by, c.ID, note{step: StepServed, day: day, manner: manner, text: text})
}

// Reply is the person's own answer, from their own sign-in. It may be given, and
// added to, from the notice until the decision; a late reply still counts while
// nothing is decided. Faults: Invalid, NotFound, Forbidden, Conflict.
func Reply(tx *db.Tx, by access.Actor, id, text string) (err error) {
	defer fault.Op(&err, "review.Reply(%s)", id)
	if err := Opened(tx, by, id); err != nil { // replying proves that the notice came
		return err
	}
	c, _, err := lookupCase(tx, id)
	if err != nil {
		return err
	}
	if err := c.standsAt(StepServed, StepReplied, StepRecommended); err != nil {
		return err
	}
	if err := checkText("text", text); err != nil {
		return err
	}
	if c.Step == StepServed {
		if err := move(tx, c, StepReplied); err != nil {
			return err
		}
	}
	return record(tx, by, id, note{step: StepReplied, day: tx.Today(), text: text})
}

// ReplyFor types the person's reply on their word (a letter, a call), for one who
// has no phone. The actor needs record_service; the entry says who typed it.
// Faults: Invalid, NotFound, Forbidden, Conflict.
func ReplyFor(tx *db.Tx, by access.Actor, id, manner, text string) (err error) {
	defer fault.Op(&err, "review.ReplyFor(%s)", id)
	c, err := enter(tx, by, id, access.RecordService, StepServed, StepReplied, StepRecommended)
	if err != nil {
		return err
	}
	if manner != "letter" && manner != "call" {
		return fault.In("manner", "review.bad_manner")
	}
	if err := checkText("text", text); err != nil {
		return err
	}
	if c.Step == StepServed {
		if err := move(tx, c, StepReplied); err != nil {
			return err
		}
	}
	return record(tx, by, id, note{step: StepReplied, day: tx.Today(), manner: manner, text: text})
}

// Verdicts of a recommendation and a decision.
var verdicts = map[string]bool{"retain": true, "warn": true, "transfer": true, "relieve": true}

// Recommend records what the district recommends: retain, warn, transfer or
// relieve, with reasons; after the reply, or when its time has passed. The actor
// needs recommend. Faults: Invalid, NotFound, Forbidden, Conflict.
func Recommend(tx *db.Tx, by access.Actor, id, verdict, text string) (err error) {
	defer fault.Op(&err, "review.Recommend(%s, %s)", id, verdict)
	c, err := enter(tx, by, id, access.Recommend, StepServed, StepReplied)
	if err != nil {
		return err
	}
	if c.Step == StepServed && tx.Today() <= c.ReplyBy {
		return fault.New(fault.Conflict, "review.reply_time_runs", "day", lang.Day(c.ReplyBy))
	}
	if !verdicts[verdict] {
		return fault.In("verdict", "review.bad_decision")
	}
	if err := checkText("text", text); err != nil {
		return err
	}
	if err := move(tx, c, StepRecommended); err != nil {
		return err
	}
	return record(tx, by, id, note{step: StepRecommended, day: tx.Today(), verdict: verdict, text: text})
}

// Decide is the decision of the competent authority, with its reasons. To relieve
// or transfer issues the order, ends the membership and frees the seat in the same
// step; to warn issues a written warning; to retain closes the case. The actor
// needs decide on the person's body and is not who recommended. Copies of the letter
// of its order go to copyTo besides. Faults: Invalid, NotFound, Forbidden, Conflict
// (another step; decided meanwhile).
func Decide(tx *db.Tx, by access.Actor, id, verdict, text string, copyTo ...string) (order org.OrderID, err error) {
	defer fault.Op(&err, "review.Decide(%s, %s)", id, verdict)
	c, err := enter(tx, by, id, access.Decide, StepRecommended)
	if err != nil {
		return "", err
	}
	recommender, err := tx.Text(`select by_person from case_step where case_id = $1 and step = 'recommended' order by n desc limit 1`, id)
	if err != nil {
		return "", err
	}
	if recommender == by.Person && by.Person != "" {
		return "", fault.New(fault.Forbidden, "review.recommended_yourself")
	}
	if !verdicts[verdict] {
		return "", fault.In("verdict", "review.bad_decision")
	}
	if err := checkText("text", text); err != nil {
		return "", err
	}
	to := StepDecided
	if verdict == "retain" {
		to = StepClosed
	}
	if err := move(tx, c, to); err != nil {
		return "", err
	}
	if _, err := tx.Exec(`update review_case set decision = $1 where id = $2`, verdict, id); err != nil { // before the post ends: it is decided, not ended
		return "", err
	}
	switch verdict {
	case "relieve":
		order, err = org.Relieve(tx, by, org.Relief{Membership: c.Membership, Reason: text, Day: tx.Today(), Case: id, CopyTo: copyTo})
	case "transfer":
		order, err = org.Relieve(tx, by, org.Relief{Membership: c.Membership, Reason: text, Day: tx.Today(), Case: id, As: "transferred", CopyTo: copyTo})
	case "warn":
		order, err = org.Warn(tx, by, c.Membership, text, id, copyTo...)
	}
	if err != nil {
		return "", err
	}
	return order, decided(tx, by, id, verdict, text, order)
}

// Settle closes a case that the talk has settled, with the reasons: the person remains
// in the post and no notice is issued. It stands in the case as the decision "settled"
// of whoever took it, and is counted with what they have decided. The actor needs
// decide on the person's body and is not who spoke with the person, so two have looked
// at it. Faults: Invalid, NotFound, Forbidden, Conflict (nobody has spoken with the
// person yet; the notice is issued; decided meanwhile).
func Settle(tx *db.Tx, by access.Actor, id, text string) (err error) {
	defer fault.Op(&err, "review.Settle(%s)", id)
	c, err := enter(tx, by, id, access.Decide, StepSpoken)
	if err != nil {
		return err
	}
	spoke, err := tx.Int(`select count(*) from case_step where case_id = $1 and step = 'spoken' and by_person = $2 and by_person <> ''`, id, by.Person)
	if err != nil {
		return err
	}
	if spoke > 0 {
		return fault.New(fault.Forbidden, "review.spoke_yourself")
	}
	if err := checkText("text", text); err != nil {
		return err
	}
	if err := move(tx, c, StepClosed); err != nil {
		return err
	}
	return decided(tx, by, id, Settled, text, "")
}

func decided(tx *db.Tx, by access.Actor, id, verdict, text string, order org.OrderID) error {
	days, err := tx.Int(`select appeal_days from criteria order by version desc limit 1`)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`update review_case set decision = $1, decided_by = $2, decided_person = $3, decided_at = $4, appeal_by = $5, order_id = $6 where id = $7`,
		verdict, db.Null(by.Membership), db.Null(by.Person), tx.Millis(), tx.Now.AddDate(0, 0, days).Format(time.DateOnly), db.Null(string(order)), id)
	if err != nil {
		return err
	}
	return record(tx, by, id, note{step: StepDecided, day: tx.Today(), verdict: verdict, text: text, order: order})
}

// RelieveNow relieves a holder at once, without notice: it stands so in the
// register for ever, with its reason, and is open to appeal. A case that ran is
// decided by it; else one is opened at the decision. The actor needs relieve_now
// on the person's body. Faults: Invalid, NotFound, Forbidden, Conflict.
func RelieveNow(tx *db.Tx, by access.Actor, membership org.MembershipID, reason string) (caseID string, err error) {
	defer fault.Op(&err, "review.RelieveNow(%s)", membership)
	m, err := org.LookupMembership(tx, membership)
	if err != nil {
		return "", err
	}
	o, err := org.Lookup(tx, m.Organization)
	if err != nil {
		return "", err
	}
	if err := by.Check(access.RelieveNow, o.Target(m.Person)); err != nil {
		return "", err
	}
	if string(m.Person) == by.Person {
		return "", fault.New(fault.Forbidden, "review.own_case")
	}
	if err := checkText("reason", reason); err != nil {
		return "", err
	}
	if !m.Running() {
		return "", fault.New(fault.Conflict, "review.post_ended")
	}
	caseID, err = tx.Text(`select id from review_case where membership_id = $1 and decision = '' order by opened_at limit 1`, membership)
	if err != nil {
		return "", err
	}
	if caseID == "" {
		if caseID, err = openCase(tx, by, "", m); err != nil {
			return "", err
		}
	}
	c, _, err := lookupCase(tx, caseID)
	if err != nil {
		return "", err
	}
	if err := move(tx, c, StepDecided); err != nil {
		return "", err
	}
	if _, err := tx.Exec(`update review_case set decision = 'relieve', without_notice = true where id = $1`, caseID); err != nil {
		return "", err
	}
	order, err := org.Relieve(tx, by, org.Relief{Membership: membership, Reason: reason, Day: tx.Today(), WithoutNotice: true, Case: caseID})
	if err != nil {
		return "", err
	}
	return caseID, decided(tx, by, caseID, "relieve", reason, order)
}

// Appeal is the person's one appeal against the decision, from their own sign-in,
// within the time for it. Faults: Invalid, NotFound, Forbidden, Conflict.
func Appeal(tx *db.Tx, by access.Actor, id, text string) (err error) {
	defer fault.Op(&err, "review.Appeal(%s)", id)
	c, o, err := lookupCase(tx, id)
	if err != nil {
		return err
	}
	if err := ownOnly(by, c, o); err != nil {
		return err
	}
	if err := c.standsAt(StepDecided); err != nil {
		return err
	}
	return appeal(tx, by, c, "", text)
}

// AppealFor types the person's appeal on their word (a letter, a call), for one who has
// no phone, within the same time. The actor needs record_service; the entry says who typed
// it. Faults: Invalid, NotFound, Forbidden, Conflict.
func AppealFor(tx *db.Tx, by access.Actor, id, manner, text string) (err error) {
	defer fault.Op(&err, "review.AppealFor(%s)", id)
	c, err := enter(tx, by, id, access.RecordService, StepDecided)
	if err != nil {
		return err
	}
	if manner != "letter" && manner != "call" {
		return fault.In("manner", "review.bad_manner")
	}
	return appeal(tx, by, c, manner, text)
}

// appeal enters the one appeal against the decision of a case.
func appeal(tx *db.Tx, by access.Actor, c Case, manner, text string) error {
	if tx.Today() > c.AppealBy {
		return fault.New(fault.Conflict, "review.appeal_time_over", "day", lang.Day(c.AppealBy))
	}
	if err := checkText("text", text); err != nil {
		return err
	}
	if err := move(tx, c, StepAppealed); err != nil {
		return err
	}
	return record(tx, by, c.ID, note{step: StepAppealed, day: tx.Today(), manner: manner, text: text})
}

// DecideAppeal upholds or reverses the decision appealed against, with reasons. A
// reversed relief is set aside by an order and the person holds the post again.
// The actor needs hear_appeal, is not who decided or recommended, and stands above
// whoever decided, or in the same highest body. Faults: Invalid, NotFound,
// Forbidden, Conflict.
func DecideAppeal(tx *db.Tx, by access.Actor, id, result, text string) (order org.OrderID, err error) {
	defer fault.Op(&err, "review.DecideAppeal(%s, %s)", id, result)
	c, err := enter(tx, by, id, access.HearAppeal, StepAppealed)
	if err != nil {
		return "", err
	}
	took, err := tx.Int(`select count(*) from case_step where case_id = $1 and step in ('recommended', 'decided') and by_person = $2 and by_person <> ''`, id, by.Person)
	if err != nil {
		return "", err
	}
	if took > 0 {
		return "", fault.New(fault.Forbidden, "review.decided_yourself")
	}
	if result != "upheld" && result != "reversed" {
		return "", fault.In("result", "review.bad_result")
	}
	if err := checkText("text", text); err != nil {
		return "", err
	}
	if err := move(tx, c, StepClosed); err != nil {
		return "", err
	}
	if _, err := tx.Exec(`update review_case set appeal_result = $1 where id = $2`, result, id); err != nil {
		return "", err
	}
	if result == "reversed" && c.Order != "" {
		if order, err = org.Reinstate(tx, by, c.Order, text); err != nil {
			return "", err
		}
	}
	return order, record(tx, by, id, note{step: "appeal_decided", day: tx.Today(), verdict: result, text: text, order: order})
}

// Decider is what one authority has done, open to the authority above.
type Decider struct {
	Person        org.PersonID `json:"person"`
	NameHi        string       `json:"name_hi"`
	NameEn        string       `json:"name_en"`
	Decided       int          `json:"decided"`
	Relieved      int          `json:"relieved"`       // after notice
	WithoutNotice int          `json:"without_notice"` // at once
	Settled       int          `json:"settled"`        // after the talk, without a notice
	Reversed      int          `json:"reversed"`       // on appeal
}

// Deciders counts decisions per decider in what by may see with decide or
// hear_appeal, most decisions first.
func Deciders(tx *db.Tx, by access.Actor) ([]Decider, error) {
	r := by.ReachOf(access.HearAppeal)
	if r == (access.Reach{}) {
		r = by.ReachOf(access.Decide)
	}
	return db.Select(tx, `select p.id, p.name_hi, p.name_en, count(*),
			count(*) filter (where k.decision = 'relieve' and k.without_notice = false), count(*) filter (where k.without_notice = true),
			count(*) filter (where k.decision = 'settled'), count(*) filter (where k.appeal_result = 'reversed')
		from review_case k join organization o on o.id = k.organization_id join person p on p.id = k.decided_person
		where k.decision <> '' and (o.path >= $1 and o.path < $2 or o.area_path >= $3 and o.area_path < $4)
		group by p.id, p.name_hi, p.name_en order by 4 desc, p.id`, []any{r.OrgFrom, r.OrgTo, r.AreaFrom, r.AreaTo},
		func(s db.Scanner) (d Decider, err error) {
			return d, s.Scan(&d.Person, &d.NameHi, &d.NameEn, &d.Decided, &d.Relieved, &d.WithoutNotice, &d.Settled, &d.Reversed)
		})
}

func parseDay(s string) (time.Time, error) { return time.Parse(time.DateOnly, s) }
