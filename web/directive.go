package web

import (
	"net/url"
	"slices"
	"time"

	"sangathan/access"
	"sangathan/activity"
	"sangathan/directive"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/internal/paper"
	"sangathan/org"
)

func directivesPage(r *request) (answer, error) {
	v := directivesView{p: r.p, form: r.newForm()}
	unit, counted, err := r.countedUnit()
	if err != nil {
		return answer{}, err
	}
	v.counted = counted
	o := roll[directiveRow]{name: "directives", sorts: []string{"new", "old", "due"},
		read: func(tx *db.Tx, by access.Actor, p db.Page) (rows []directiveRow, next string, err error) {
			all, next, err := directive.List(tx, by, p)
			for _, d := range all {
				row := directiveRow{Directive: d, day: tx.Time(d.IssuedAt).Format(time.DateOnly)}
				if counted && err == nil {
					row.tally, err = directive.Count(tx, d.ID, "", unit)
				}
				rows = append(rows, row)
			}
			return rows, next, err
		},
		cols: []col{{"lists.col.number", 3}, {"lists.col.subject", 8}, {"lists.col.from", 5}, {"lists.col.issued", 3}, {"lists.col.last_day", 3}},
		cells: func(d directiveRow) paper.Row {
			row := paper.Row{d.Number, d.Subject, r.p.Name(d.FromHi, d.FromEn), dayCell(d.day), dayCell(d.DueDay)}
			if counted {
				row = append(row, d.tally.Expected, d.tally.Received)
			}
			return row
		}}
	if counted {
		o.cols = append(o.cols, col{"directives.expected", 2}, col{"directives.received", 2})
	}
	if v.rows, v.list, err = open(r, o); err != nil {
		return answer{}, err
	}
	if v.owed, err = directive.Due(r.tx, r.by); err != nil {
		return answer{}, err
	}
	pg := page{title: r.p.T("directives.title"), where: r.whereNow(), list: v.list, body: directivesBody(v)}
	if r.by.MayAnywhere(access.IssueDirective) {
		pg.next = &link{r.p.T("directives.issue"), "/directive/new"}
	}
	return show(pg)
}

type directivesView struct {
	p       lang.Printer
	form    form
	list    *list
	rows    []directiveRow
	counted bool
	owed    []directive.Owed
}

type directiveRow struct {
	directive.Directive
	tally directive.Tally
	day   string
}

// owedLink leads to where what is owed can be given.
func owedLink(o directive.Owed, body string) string {
	q := url.Values{"body": {body}}
	if o.Period != "" {
		q.Set("period", o.Period)
	}
	if o.Kind == directive.KindInactivityList {
		return "/directive/" + string(o.ID)
	}
	return "/directive/" + string(o.ID) + "/answer?" + q.Encode()
}

func directivePage(r *request) (answer, error) {
	id := directive.ID(r.PathValue("id"))
	d, err := directive.Get(r.tx, r.by, id)
	if err != nil {
		return answer{}, err
	}
	v := directiveView{p: r.p, r: r, d: d, form: r.newForm(), issued: r.p.Time(r.tx.Time(d.IssuedAt)), due: d.DueDay}
	if d.Recurs != "" {
		v.period = r.query("period")
		if _, err := time.Parse("2006-01", v.period); err != nil {
			v.period = lastMonth(r.today)
		}
		first := time.Date(r.tx.Now.Year(), r.tx.Now.Month(), 1, 0, 0, 0, 0, time.UTC)
		from := r.tx.Time(d.IssuedAt).Format("2006-01")
		for i := range 12 {
			if m := first.AddDate(0, -1-i, 0).Format("2006-01"); m >= from {
				v.periods = append(v.periods, choice{value: m, text: r.p.Month(m)})
			}
		}
		v.form = r.newForm("period", v.period)
		if m, err := time.Parse("2006-01", v.period); err == nil {
			v.due = m.AddDate(0, 1, d.DueDom-1).Format(time.DateOnly)
		}
	}
	unit, counted, err := r.countedUnit()
	if err != nil {
		return answer{}, err
	}
	v.counted = counted
	if q := org.OrganizationID(r.query("unit")); q != "" && q != unit {
		o, err := org.GetOrganization(r.tx, r.by, q)
		if err != nil {
			return answer{}, err
		}
		unit, v.counted, v.unit = q, r.by.MayWithin(access.SeeRegister, o.Target("")), r.p.Name(o.NameHi, o.NameEn)
	}
	if v.tally, err = directive.Count(r.tx, id, v.period, unit); err != nil {
		return answer{}, err
	}
	f := directive.AnswerFilter{Period: v.period, Unit: unit, State: r.query("state"), Organization: org.OrganizationID(r.query("body"))}
	told := []string{r.p.T("directives.list." + orAll(f.State))}
	if v.period != "" {
		told = append(told, r.p.Month(v.period))
	}
	v.answers, v.list, err = open(r, answersRoll(r, id, f), told...)
	if err != nil {
		return answer{}, err
	}
	v.state = f.State
	for _, a := range v.answers {
		at := ""
		if a.AnsweredAt != 0 {
			at = r.tx.Time(a.AnsweredAt).Format(time.DateOnly)
		}
		v.at = append(v.at, at)
	}
	kinds, err := org.OrganizationKinds(r.tx)
	if err != nil {
		return answer{}, err
	}
	names := kindNames(r.p, kinds)
	for _, k := range d.Kinds {
		v.to = append(v.to, names[k])
	}
	owed, err := directive.Due(r.tx, r.by)
	if err != nil {
		return answer{}, err
	}
	pg := page{title: d.Subject, list: v.list, crumbs: []link{{r.p.T("directives.title"), "/directives"}}}
	pg.where = r.p.T("directives.no", "no", d.Number) + " · " + r.p.Name(d.FromHi, d.FromEn)
	if v.unit != "" {
		pg.where += " · " + v.unit
	}
	for _, o := range owed {
		if o.ID != id {
			continue
		}
		if !o.Acknowledged && d.Recurs == "" {
			v.mayAcknowledge = true
		}
		if d.Kind != directive.KindInactivityList && pg.next == nil {
			pg.next = &link{r.p.T("directives.answer"), owedLink(o, r.by.Org)}
			if o.Period != "" {
				pg.next.text = r.p.T("directives.answer_month", "month", r.p.Month(o.Period))
			}
		}
	}
	pg.body = directiveBody(v)
	return show(pg)
}

// answersRoll is the list of the bodies asked by a directive, as f chooses them.
func answersRoll(r *request, id directive.ID, f directive.AnswerFilter) roll[directive.Standing] {
	return roll[directive.Standing]{name: "answers", sorts: []string{"name", "body"},
		read: func(tx *db.Tx, by access.Actor, p db.Page) ([]directive.Standing, string, error) {
			return directive.Answers(tx, by, id, f, p)
		},
		cols: []col{{"lists.col.body", 6}, {"word.unit", 5}, {"common.status", 3}, {"lists.col.answered", 3}, {"common.by", 4}, {"directives.answer_text", 8}},
		cells: func(a directive.Standing) paper.Row {
			return paper.Row{r.p.Name(a.OrgHi, a.OrgEn), r.p.Name(a.UnitHi, a.UnitEn), standingState(r.p, a).text, r.instant(a.AnsweredAt), r.p.Name(a.ByHi, a.ByEn), a.Body}
		}}
}

type directiveView struct {
	p              lang.Printer
	r              *request
	d              directive.Directive
	form           form
	issued, due    string
	period, state  string
	periods        []choice
	tally          directive.Tally
	counted        bool   // the figures are of what the list shows
	unit           string // the district asked for
	answers        []directive.Standing
	at             []string
	to             []string
	list           *list
	mayAcknowledge bool
}

// standingState tells in word and shape how a body stands to a directive.
func standingState(p lang.Printer, a directive.Standing) state {
	switch {
	case a.OnTime:
		return state{"confirmed", p.T("word.on_time")}
	case a.AnsweredAt != 0 && a.Late:
		return state{"claimed", p.T("directives.came_late")}
	case a.AnsweredAt != 0:
		return state{"confirmed", p.T("directives.received")}
	case a.Late:
		return state{"warn", p.T("word.overdue")}
	}
	return state{"vacant", p.T("directives.waiting")}
}

// states gives the figures of a directive, each the list behind it.
func (v directiveView) figures() []figure {
	to := func(state string) string { return v.r.with("state", state, "after", "") + "#answers" }
	return []figure{
		{n: v.tally.Expected, label: v.p.T("directives.expected"), to: to("")},
		{n: v.tally.Received, label: v.p.T("directives.received"), to: to(directive.Answered), mark: "tick"},
		{n: v.tally.OnTime, label: v.p.T("word.on_time"), to: to(directive.OnTime)},
		{n: v.tally.Expected - v.tally.Received, label: v.p.T("directives.waiting"), to: to(directive.Waiting), mark: "vacant"},
	}
}

func directiveAcknowledge(r *request) (answer, error) {
	id := r.PathValue("id")
	return goTo("/directive/"+id, "directives.acknowledged"),
		directive.Acknowledge(r.tx, r.by, directive.ID(id), org.OrganizationID(r.by.Org))
}

func answerPage(r *request) (answer, error) {
	d, err := directive.Get(r.tx, r.by, directive.ID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	o, err := org.GetOrganization(r.tx, r.by, org.OrganizationID(r.query("body")))
	if err != nil {
		return answer{}, err
	}
	if err := r.by.Check(access.AnswerDirective, o.Target("")); err != nil {
		return answer{}, err
	}
	v := answerView{p: r.p, form: r.newForm(), path: r.URL.RequestURI(), d: d}
	pg := page{title: d.Subject, where: r.p.Name(o.NameHi, o.NameEn), crumbs: []link{{r.p.T("directives.no", "no", d.Number), "/directive/" + string(d.ID)}}}
	if m := r.query("period"); m != "" {
		pg.where += " · " + r.p.Month(m)
		if v.done, err = monthOfBody(r, o, m); err != nil {
			return answer{}, err
		}
	}
	pg.body = answerBody(v)
	return show(pg)
}

type answerView struct {
	p    lang.Printer
	form form
	path string
	d    directive.Directive
	done *figure // what the ledger holds for the month that is reported
}

func answerSend(r *request) (answer, error) {
	id, body, period := directive.ID(r.PathValue("id")), org.OrganizationID(r.query("body")), r.query("period")
	to := "/directive/" + string(id)
	if period != "" {
		to += "?period=" + url.QueryEscape(period)
	}
	return goTo(to, "directives.answered"), directive.Answer(r.tx, r.by, id, body, period, r.typed("body"), "")
}

func issuePage(r *request) (answer, error) {
	kinds, err := org.OrganizationKinds(r.tx)
	if err != nil {
		return answer{}, err
	}
	v := issueView{p: r.p, form: r.newForm("kind", directive.KindGeneral)}
	for _, k := range []string{directive.KindGeneral, directive.KindInactivityList} {
		v.kinds = append(v.kinds, choice{value: k, text: r.p.T("directives.kind." + k)})
	}
	for _, k := range kinds {
		if k.ID != "state_unit" {
			v.bodies = append(v.bodies, choice{value: k.ID, text: r.p.Name(k.NameHi, k.NameEn)})
		}
	}
	h := r.hat()
	return show(page{title: r.p.T("directives.issue"), where: r.p.Name(h.OrgHi, h.OrgEn), lead: r.p.T("directives.issue_lead"),
		crumbs: []link{{r.p.T("directives.title"), "/directives"}}, body: issueBody(v)})
}

type issueView struct {
	p             lang.Printer
	form          form
	kinds, bodies []choice
}

func issueSend(r *request) (answer, error) {
	kinds := slices.DeleteFunc(slices.Clone(r.form["kinds"]), func(k string) bool { return k == "" })
	d := directive.Directive{ID: directive.ID(r.typed(formID)), Kind: r.typed("kind"), Subject: r.typed("subject"), Body: r.typed("body"),
		Kinds: kinds, DueDay: r.day("due_day")}
	if d.Kind == directive.KindMonthlyReport {
		return answer{}, fault.In("kind", "fault.unknown_choice")
	}
	id, err := directive.Issue(r.tx, r.by, d)
	return goTo("/directive/"+string(id), "directives.issued"), err
}

// monthOfBody gives the entries of a reporting body in a month, for its report.
func monthOfBody(r *request, o org.Organization, month string) (*figure, error) {
	f := activity.Filter{Reporting: o.ID, Month: month}
	t, err := activity.Total(r.tx, r.by, f)
	if err != nil {
		return nil, err
	}
	return &figure{n: t.Entries, label: r.p.T("directives.entries_of", "month", r.p.Month(month)),
		to: "/activity?reporting=" + url.QueryEscape(string(o.ID)) + "&month=" + url.QueryEscape(month)}, nil
}

// orAll names a list that is not narrowed.
func orAll(state string) string {
	if state == "" {
		return "all"
	}
	return state
}

// countedUnit gives the district-level body whose bodies the actor sees whole, "" for
// all of the state; false for those who see only their own.
func (r *request) countedUnit() (unit org.OrganizationID, ok bool, err error) {
	if r.by.Unit == "" {
		return "", false, nil
	}
	o, err := org.Lookup(r.tx, org.OrganizationID(r.by.Unit))
	if err != nil || !r.by.MayWithin(access.SeeRegister, o.Target("")) {
		return "", false, err
	}
	if o.Parent == "" {
		return "", true, nil
	}
	return o.ID, true, nil
}
