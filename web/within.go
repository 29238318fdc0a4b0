package web

import (
	"slices"

	"sangathan/access"
	"sangathan/activity"
	"sangathan/directive"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/internal/paper"
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

// reportStates are what a monthly report can be.
var reportStates = []string{directive.Answered, directive.Waiting, directive.OnTime, directive.Late}

type withinView struct {
	p               lang.Printer
	r               *request
	lists, allCases bool
	title, about    string
	states          []choice // by which the list can be narrowed; nil for none
	form            form
	body            templ.Component
	list            *list
	rows            int // shown; 0 says so
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
	return show(page{title: v.title, where: where, crumbs: crumbs, list: v.list, body: withinBody(v)})
}

// month is the month asked for; the last one that is over for none.
func (v *withinView) month() string {
	if m := v.r.query("month"); len(m) == len("2006-01") && org.IsDay(m+"-01") {
		return m
	}
	return lastMonth(v.r.today)
}

// state is the state asked for, one of all; "" for every one. word says one.
func (v *withinView) state(all []string, word func(state string) string) string {
	state := v.r.query("state")
	if !slices.Contains(all, state) {
		state = ""
	}
	v.states = v.r.orEach(all, word)
	v.about = capital(chosen(v.states, state))
	v.form = v.r.newForm("state", state)
	return state
}

// within shows the page of a list that the address asks for.
func within[T any](v *withinView, o roll[T], body func(rows []T) templ.Component) error {
	rows, l, err := open(v.r, o)
	v.list, v.rows, v.body = l, len(rows), body(rows)
	return err
}

func (v *withinView) seats(r *request, at org.Node, agents bool) error {
	f := org.SeatFilter{State: v.state(seatStates, func(s string) string { return r.p.T("register." + s) }), Agents: agents}
	v.title = r.p.T("register.seats_title")
	if agents {
		v.title = r.p.T("register.agents_title")
	}
	return within(v, seatsRoll(r.p, nil, func(tx *db.Tx, by access.Actor, p db.Page) ([]org.Seat, string, error) {
		return org.SeatsIn(tx, by, at.Area, f, p)
	}), func(seats []org.Seat) templ.Component { return seatRows(r.p, r, seats, "", true) })
}

func (v *withinView) reports(r *request, at org.Node) error {
	id, err := directive.MonthlyReport(r.tx)
	if err != nil {
		return err
	}
	month := v.month()
	v.title = r.p.T("dash.reports_list", "month", r.p.Month(month))
	o := answersRoll(r, id, directive.AnswerFilter{Period: month, Within: at, State: v.state(reportStates, func(s string) string { return r.p.T("dash.report_state." + s) })})
	root, err := org.Root(r.tx)
	if err != nil {
		return err
	}
	if at.Body == root.ID { // too many to be gathered and sorted by name
		read := o.read
		o.sorts, o.read = nil, func(tx *db.Tx, by access.Actor, p db.Page) ([]directive.Standing, string, error) {
			p.Sort = "body"
			return read(tx, by, p)
		}
	}
	return within(v, o, func(all []directive.Standing) templ.Component { return reportRows(v, all) })
}

func (v *withinView) active(r *request, at org.Node) error {
	month := v.month()
	v.title = r.p.T("dash.active", "month", r.p.Month(month))
	return within(v, roll[activity.Holder]{name: "active",
		read: func(tx *db.Tx, by access.Actor, p db.Page) ([]activity.Holder, string, error) {
			return activity.Active(tx, by, at, month, p)
		},
		cols: []col{{"lists.col.body", 6}, {"common.name", 5}, {"word.post", 4}, {"ledger.entries", 3}},
		cells: func(h activity.Holder) paper.Row {
			return paper.Row{r.p.Name(h.OrgHi, h.OrgEn), r.p.Name(h.PersonHi, h.PersonEn), r.p.Name(h.RoleHi, h.RoleEn), h.Entries}
		}}, func(all []activity.Holder) templ.Component { return activeRows(v, all, month) })
}

func (v *withinView) entries(r *request, at org.Node) error {
	f := activity.Filter{Within: at, Month: v.month(), State: v.state(entryStates, func(s string) string { return r.p.T("ledger.state." + s) })}
	v.title = r.p.T("dash.entries", "month", r.p.Month(f.Month))
	return within(v, entriesRoll(r.p, f), func(all []activity.Entry) templ.Component { return entryRows(r.p, all, true) })
}

func (v *withinView) listed(r *request, at org.Node) error {
	if !v.lists {
		return fault.New(fault.Forbidden, "fault.forbidden")
	}
	v.title = r.p.T("dash.listed")
	return within(v, linesRoll(r, nil, func(tx *db.Tx, by access.Actor, p db.Page) ([]review.Line, string, error) {
		return review.LinesIn(tx, by, at, p)
	}), func(lines []review.Line) templ.Component { return listedRows(v, lines) })
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
	return within(v, casesRoll(r, review.CaseFilter{Within: at, Step: step}), func(cases []review.Case) templ.Component { return caseRows(r.p, cases) })
}
