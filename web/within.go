package web

import (
	"slices"

	"sangathan/activity"
	"sangathan/directive"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"
	"sangathan/review"

	"github.com/a-h/templ"
)

// listKinds are the lists behind the figures of a dashboard, by ?of=: what is shown
// there is exactly what the figure counts.
var listKinds = map[string]func(r *request, at org.Node, v *withinView) error{
	"posts":   func(r *request, at org.Node, v *withinView) error { return v.seats(r, at, false) },
	"agents":  func(r *request, at org.Node, v *withinView) error { return v.seats(r, at, true) },
	"reports": func(r *request, at org.Node, v *withinView) error { return v.reports(r, at) },
	"active":  func(r *request, at org.Node, v *withinView) error { return v.active(r, at) },
	"entries": func(r *request, at org.Node, v *withinView) error { return v.entries(r, at) },
	"listed":  func(r *request, at org.Node, v *withinView) error { return v.listed(r, at) },
	"cases":   func(r *request, at org.Node, v *withinView) error { return v.cases(r, at) },
}

// bodyListPage is the list behind a figure of a body and all under it.
func bodyListPage(r *request) (answer, error) {
	o, err := org.GetOrganization(r.tx, r.by, org.OrganizationID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	if of := r.query("of"); of == "posts" || of == "agents" { // these have a page of their own
		return answer{to: seatsLink(o.ID, r.query("state"), of == "agents")}, nil
	}
	v := &withinView{p: r.p, r: r, lists: review.CoversLists(r.by, o.Target("")), allCases: review.CoversCases(r.by, o.Target(""))}
	crumbs, err := orgCrumbs(r, o, true)
	if err != nil {
		return answer{}, err
	}
	return v.page(r, org.Node{Body: o.ID}, r.p.Name(o.NameHi, o.NameEn), crumbs)
}

// areaListPage is the list behind a figure of an area.
func areaListPage(r *request) (answer, error) {
	at := org.Node{Area: org.AreaID(r.PathValue("id"))}
	if err := org.CheckCovers(r.tx, r.by, at); err != nil {
		return answer{}, err
	}
	a, err := org.GetArea(r.tx, r.by, at.Area)
	if err != nil {
		return answer{}, err
	}
	root, err := org.Root(r.tx)
	if err != nil {
		return answer{}, err
	}
	v := &withinView{p: r.p, r: r, lists: review.CoversLists(r.by, root.Target("")), allCases: review.CoversCases(r.by, root.Target(""))}
	name := areaName(r.p, a.NameHi, a.NameEn, a.Number)
	return v.page(r, at, name, []link{{name, "/area/" + string(a.ID)}})
}

type withinView struct {
	p               lang.Printer
	r               *request
	lists, allCases bool
	title, about    string
	body            templ.Component
	rows            int // shown; 0 says so
	first, next     string
}

func (v *withinView) page(r *request, at org.Node, name string, crumbs []link) (answer, error) {
	if err := org.CheckCovers(r.tx, r.by, at); err != nil {
		return answer{}, err
	}
	list, ok := listKinds[r.query("of")]
	if !ok {
		return answer{}, fault.New(fault.NotFound, "fault.not_found")
	}
	if err := list(r, at, v); err != nil {
		return answer{}, err
	}
	where := name
	if v.about != "" {
		where += " · " + v.about
	}
	return show(page{title: v.title, where: where, crumbs: crumbs, body: withinBody(v)})
}

// month is the month asked for; the last one that is over for none.
func (v *withinView) month() string {
	if m := v.r.query("month"); len(m) == len("2006-01") && org.IsDay(m+"-01") {
		return m
	}
	return lastMonth(v.r.today)
}

// pageOf is the page that the address asks for.
func (v *withinView) pageOf() db.Page { return db.Page{After: v.r.query("after"), Limit: pageRows} }

// shown notes how a list of rows goes on.
func (v *withinView) shown(rows int, next string, body templ.Component) error {
	if v.rows, v.body = rows, body; v.r.query("after") != "" {
		v.first = v.r.with("after", "")
	}
	if next != "" {
		v.next = v.r.with("after", next)
	}
	return nil
}

func (v *withinView) seats(r *request, at org.Node, agents bool) error {
	state := r.query("state")
	if !slices.Contains([]string{"filled", "vacant", "unknown"}, state) {
		state = ""
	}
	v.title = r.p.T("register.seats_title")
	if agents {
		v.title = r.p.T("register.agents_title")
	}
	if state != "" {
		v.about = capital(r.p.T("register." + state))
	}
	seats, next, err := org.SeatsIn(r.tx, r.by, at.Area, org.SeatFilter{State: state, Agents: agents}, v.pageOf())
	if err != nil {
		return err
	}
	return v.shown(len(seats), next, seatRows(r.p, r, seats, "", true))
}

func (v *withinView) reports(r *request, at org.Node) error {
	id, err := directive.MonthlyReport(r.tx)
	if err != nil {
		return err
	}
	month := v.month()
	v.title = r.p.T("dash.reports", "month", r.p.Month(month))
	f := directive.AnswerFilter{Period: month, Within: at, State: r.query("state")}
	root, err := org.Root(r.tx)
	if err != nil {
		return err
	}
	p := v.pageOf()
	if at.Body == root.ID { // too many to be gathered and sorted by name
		p.Sort = "body"
	}
	all, next, err := directive.Answers(r.tx, r.by, id, f, p)
	if err != nil {
		return err
	}
	if f.State != "" {
		v.about = r.p.T("dash.report_state." + f.State)
	}
	return v.shown(len(all), next, reportRows(v, all))
}

func (v *withinView) active(r *request, at org.Node) error {
	month := v.month()
	v.title = r.p.T("dash.active", "month", r.p.Month(month))
	all, next, err := activity.Active(r.tx, r.by, at, month, v.pageOf())
	if err != nil {
		return err
	}
	return v.shown(len(all), next, activeRows(v, all, month))
}

func (v *withinView) entries(r *request, at org.Node) error {
	f := activity.Filter{Within: at, Month: v.month(), State: r.query("state")}
	v.title = r.p.T("dash.entries", "month", r.p.Month(f.Month))
	all, next, err := activity.List(r.tx, r.by, f, v.pageOf())
	if err != nil {
		return err
	}
	if f.State != "" {
		v.about = r.p.T("ledger.state." + f.State)
	}
	return v.shown(len(all), next, entryRows(r.p, all, true))
}

func (v *withinView) listed(r *request, at org.Node) error {
	if !v.lists {
		return fault.New(fault.Forbidden, "fault.forbidden")
	}
	v.title = r.p.T("dash.listed")
	lines, next, err := review.LinesIn(r.tx, r.by, at, v.pageOf())
	if err != nil {
		return err
	}
	return v.shown(len(lines), next, listedRows(v, lines))
}

func (v *withinView) cases(r *request, at org.Node) error {
	step := r.query("step")
	if !v.allCases {
		return fault.New(fault.Forbidden, "fault.forbidden")
	}
	if !slices.Contains(review.Steps, step) {
		return fault.New(fault.NotFound, "fault.not_found")
	}
	v.title, v.about = r.p.T("cases.title"), r.p.T("cases.at."+step)
	cases, next, err := review.Cases(r.tx, r.by, review.CaseFilter{Within: at, Step: step}, v.pageOf())
	if err != nil {
		return err
	}
	return v.shown(len(cases), next, caseRows(r.p, cases))
}
