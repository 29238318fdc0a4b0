package web

import (
	"net/url"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/internal/paper"
	"sangathan/org"
	"sangathan/review"

	"github.com/a-h/templ"
)

// windowTold names the window of months that a filter chooses; "" for none.
func windowTold(p lang.Printer, f review.Filter) string {
	if f.ToDay == "" {
		return ""
	}
	return windowOf(p, review.Review{FromDay: f.FromDay, ToDay: f.ToDay})
}

func windowOf(p lang.Printer, v review.Review) string {
	return review.Window(p, v.FromDay, v.LastMonth())
}

// noun is the word for part of whole, in the number that the share is told in: in
// Hindi that of the part, in English that of the whole.
func noun(p lang.Printer, part, whole int, word string) string {
	n := part
	if p.Lang() == lang.En {
		n = whole
	}
	if n == 1 || n == 0 && p.Lang() == lang.Hi {
		return p.Word(word)
	}
	return p.Word(word + "_many")
}

// heading is a word as a heading or label begins.
func heading(p lang.Printer, word string) string { return capital(p.Word(word)) }

// reviewState tells in word and shape where a list stands.
func reviewState(p lang.Printer, v review.Review) state {
	mark := "claimed"
	if v.State == "sent" {
		mark = "confirmed"
	}
	return state{mark, capital(p.T("review.state." + v.State))}
}

// verdictState tells in word and shape what the district found of a line.
func verdictState(p lang.Printer, verdict string) state {
	switch verdict {
	case "":
		return state{"claimed", p.T("reviews.unchecked")}
	case "confirmed":
		return state{"confirmed", capital(p.T("review.verdict.confirmed"))}
	case "disputed":
		return state{"disputed", capital(p.T("review.verdict.disputed"))}
	}
	return state{"filled", capital(p.T("review.verdict." + verdict))}
}

// draftUnits offers the units whose list the actor may draft.
func draftUnits(r *request) (units []choice, err error) {
	all, err := org.Units(r.tx, r.by)
	if err != nil {
		return nil, err
	}
	root, err := org.Root(r.tx)
	if err != nil {
		return nil, err
	}
	for _, o := range append(all, root) {
		if r.by.May(access.DraftList, o.Target("")) {
			units = append(units, choice{value: string(o.ID), text: r.p.Name(o.NameHi, o.NameEn)})
		}
	}
	return units, nil
}

// reviewsPage lists the lists of missed duties.
func reviewsPage(r *request) (answer, error) {
	unit, wanted := org.OrganizationID(r.query("unit")), r.query("state")
	if wanted != "draft" && wanted != "sent" {
		wanted = ""
	}
	v := reviewsView{p: r.p, form: r.newForm("unit", string(unit), "state", wanted)}
	f := review.Filter{Unit: unit, State: wanted, FromDay: r.query("from_day"), ToDay: r.query("to_day")}
	if !org.IsDay(f.FromDay) || !org.IsDay(f.ToDay) {
		f.FromDay, f.ToDay = "", ""
	}
	var err error
	if v.units, err = draftUnits(r); err != nil {
		return answer{}, err
	}
	pg := page{title: r.p.T("reviews.title"), where: r.p.T("common.as_on", "day", lang.Day(r.today)), lead: r.p.T("reviews.lead")}
	if len(v.units) > 0 {
		pg.next = &link{r.p.T("reviews.draft"), "/review/new"}
		if unit != "" {
			pg.next.to += "?unit=" + string(unit)
		}
	}
	switch c, err := review.Current(r.tx); {
	case fault.Is(err, fault.NotFound):
		pg.next = nil
	case err != nil:
		return answer{}, err
	default:
		from, to := c.Window(r.today)
		v.window = review.Window(r.p, from+"-01", to)
		if err := v.measure(r, unit, from+"-01", to); err != nil {
			return answer{}, err
		}
	}
	for _, s := range []string{"draft", "sent"} {
		v.states = append(v.states, choice{value: s, text: r.p.T("review.state." + s)})
	}
	v.states = append([]choice{{text: r.p.T("common.all")}}, v.states...)
	v.units = append([]choice{{text: r.p.T("register.all_units")}}, v.units...)
	v.lists, v.list, err = open(r, roll[review.Review]{name: "reviews", sorts: []string{"new", "name", "listed"},
		read: func(tx *db.Tx, by access.Actor, p db.Page) ([]review.Review, string, error) {
			return review.List(tx, by, f, p)
		},
		cols: []col{{"word.unit", 6}, {"lists.col.window", 5}, {"common.status", 4}, {"reviews.bearers", 3}, {"reviews.listed", 3}, {"reviews.checked", 3}, {"word.silent_unit", 3}, {"lists.col.reporting", 3}},
		cells: func(l review.Review) paper.Row {
			return paper.Row{r.p.Name(l.UnitHi, l.UnitEn), windowOf(r.p, l), reviewState(r.p, l).text, l.Bearers, l.Listed, l.Checked, l.SilentUnits, l.ReportingUnits}
		}}, chosen(v.units, string(unit)), chosen(v.states, wanted), windowTold(r.p, f))
	v.none = len(v.lists) == 0 && unit == "" && wanted == "" && r.query("after") == ""
	v.filter = f
	pg.list, pg.body = v.list, reviewsBody(v)
	return answer{page: pg}, err
}

type reviewsView struct {
	p             lang.Printer
	form          form
	filter        review.Filter
	units, states []choice
	window        string
	meters        []meter // of the current window, where there are several units
	lists         []review.Review
	none          bool // none at all, whatever is filtered
	list          *list
}

// measure sums up the lists of the current window for a reader of several units.
// Those listed, and the bodies that sent nothing, stand apart: the two are never one number.
func (v *reviewsView) measure(r *request, unit org.OrganizationID, fromDay, lastMonth string) error {
	last, err := time.Parse("2006-01", lastMonth)
	if err != nil || len(v.units) < 2 {
		return err
	}
	f := review.Filter{Unit: unit, FromDay: fromDay, ToDay: last.AddDate(0, 1, 0).Format(time.DateOnly)}
	sum, err := review.SumOf(r.tx, r.by, f)
	if err != nil {
		return err
	}
	made, sent, bearers, listed, checked := sum.Made, sum.Sent, sum.Bearers, sum.Listed, sum.Checked
	silent, reporting := sum.SilentUnits, sum.ReportingUnits
	window := "/reviews?from_day=" + f.FromDay + "&to_day=" + f.ToDay
	if unit != "" {
		window += "&unit=" + url.QueryEscape(string(unit))
	}
	v.meters = []meter{
		{r.p.T("reviews.made"), made, len(v.units), noun(r.p, made, len(v.units), "unit"), window},
		{r.p.T("reviews.returned"), sent, len(v.units), noun(r.p, sent, len(v.units), "unit"), window + "&state=sent"},
		{r.p.T("reviews.listed"), listed, bearers, noun(r.p, listed, bearers, "office_bearer"), window + "&sort=listed"},
		{r.p.T("reviews.checked"), checked, listed, r.p.T("reviews.names"), window + "&state=draft"},
		{heading(r.p, "silent_unit"), silent, silent + reporting, noun(r.p, silent, silent+reporting, "unit"), window},
	}
	return nil
}

// draftPage asks for which unit and months a list is to be drafted.
func draftPage(r *request) (answer, error) {
	c, err := review.Current(r.tx)
	if err != nil {
		return answer{}, err
	}
	from, to := c.Window(r.today)
	v := draftView{p: r.p, criteria: c, window: review.Window(r.p, from+"-01", to)}
	if v.units, err = draftUnits(r); err != nil {
		return answer{}, err
	}
	unit := r.query("unit")
	if len(v.units) == 1 {
		unit = v.units[0].value
	}
	v.form = r.newForm("unit", unit, "from_month", from, "to_month", to)
	first, err := time.Parse("2006-01", r.today[:7])
	if err != nil {
		return answer{}, err
	}
	for i := 1; i <= 18; i++ {
		m := first.AddDate(0, -i, 0).Format("2006-01")
		v.months = append(v.months, choice{value: m, text: r.p.Month(m)})
	}
	return show(page{title: r.p.T("reviews.draft_title"), crumbs: []link{{r.p.T("reviews.title"), "/reviews"}},
		lead: r.p.T("reviews.draft_lead"), body: draftBody(v)})
}

type draftView struct {
	p             lang.Printer
	form          form
	criteria      review.Criteria
	window        string
	units, months []choice
}

func draftList(r *request) (answer, error) {
	if r.typed("unit") == "" {
		return answer{}, fault.In("unit", "fault.required_choice")
	}
	id, err := review.Draft(r.tx, r.by, org.OrganizationID(r.typed("unit")), r.typed("from_month"), r.typed("to_month"))
	return goTo("/review/"+id, "reviews.drafted"), err
}

// redraftList takes in what has arrived since the list was drafted.
func redraftList(r *request) (answer, error) {
	v, err := review.Get(r.tx, r.by, r.PathValue("id"))
	if err != nil {
		return answer{}, err
	}
	id, err := review.Draft(r.tx, r.by, v.Unit, v.FromDay[:7], v.LastMonth())
	return goTo("/review/"+id, "reviews.redrafted"), err
}

// reviewPage is one list.
func reviewPage(r *request) (answer, error) {
	l, err := review.Get(r.tx, r.by, r.PathValue("id"))
	if err != nil {
		return answer{}, err
	}
	o, err := org.Lookup(r.tx, l.Unit)
	if err != nil {
		return answer{}, err
	}
	v := reviewView{p: r.p, r: r, list: l, form: r.newForm(), verdict: r.query("verdict")}
	v.mayDraft = l.State == "draft" && r.by.May(access.DraftList, o.Target(""))
	if v.silent, err = review.Silences(r.tx, r.by, l.ID); err != nil {
		return answer{}, err
	}
	lines, found, err := open(r, linesRoll(r, []string{"body", "name", "recorded"}, func(tx *db.Tx, by access.Actor, p db.Page) ([]review.Line, string, error) {
		return review.Lines(tx, by, l.ID, v.verdict, p)
	}), toldVerdict(r.p, v.verdict))
	if err != nil {
		return answer{}, err
	}
	v.lines = found
	for _, line := range lines {
		if n := len(v.groups); n == 0 || v.groups[n-1].org != line.Organization {
			v.groups = append(v.groups, lineGroup{org: line.Organization, name: r.p.Name(line.OrgHi, line.OrgEn)})
		}
		g := &v.groups[len(v.groups)-1]
		g.lines = append(g.lines, line)
	}
	if v.checks, err = verdictFigures(r, l); err != nil {
		return answer{}, err
	}
	pg := page{title: r.p.Name(l.UnitHi, l.UnitEn), list: v.lines, body: reviewBody(v), crumbs: []link{{r.p.T("reviews.title"), "/reviews"}}}
	pg.where = r.p.T("reviews.where", "window", windowOf(r.p, l), "state", r.p.T("review.state."+l.State))
	mayCheck := r.by.May(access.CheckList, o.Target(""))
	switch {
	case l.State == "sent":
		pg.next = &link{r.p.T("reviews.see_cases"), "/cases?list=" + l.ID}
	case mayCheck && l.Checked < l.Listed:
		open, _, err := review.Lines(r.tx, r.by, l.ID, "open", db.First(1))
		if err != nil {
			return answer{}, err
		}
		if len(open) > 0 {
			pg.next = &link{r.p.T("reviews.check_next", "n", l.Listed-l.Checked), "/review-line/" + open[0].ID}
		}
	case mayCheck:
		pg.next = &link{r.p.T("reviews.send"), "/review/" + l.ID + "/send"}
	}
	return show(pg)
}

// linesRoll is a list of those whose work is not on record.
func linesRoll(r *request, sorts []string, read reading[review.Line]) roll[review.Line] {
	return roll[review.Line]{name: "lines", sorts: sorts, read: read,
		cols: []col{{"lists.col.body", 6}, {"common.name", 5}, {"word.post", 4}, {"lists.col.expected", 2}, {"lists.col.recorded", 2}, {"reviews.found", 4}, {"common.reason", 6}, {"reviews.checker", 5}, {"reviews.checked_at", 4}},
		cells: func(l review.Line) paper.Row {
			return paper.Row{r.p.Name(l.OrgHi, l.OrgEn), r.p.Name(l.PersonHi, l.PersonEn), r.p.Name(l.RoleHi, l.RoleEn), l.Expected, l.Recorded, verdictState(r.p, l.Verdict).text, l.Reason,
				r.p.Name(l.CheckerHi, l.CheckerEn), r.instant(l.CheckedAt)}
		}}
}

type reviewView struct {
	r        *request
	p        lang.Printer
	form     form
	list     review.Review
	verdict  string
	silent   []review.Silence
	checks   []figure
	groups   []lineGroup
	mayDraft bool
	lines    *list
}

// toldVerdict names the lines that were chosen; "" for all.
func toldVerdict(p lang.Printer, verdict string) string {
	switch verdict {
	case "":
		return ""
	case "open":
		verdict = ""
	}
	return verdictState(p, verdict).text
}

// lineGroup is the lines of one body.
type lineGroup struct {
	org   org.OrganizationID
	name  string
	lines []review.Line
}

// figures tells what became of each holder of a post with duties: they add up to all.
func (v reviewView) figures() []figure {
	n := func(key string) string { return v.p.T("reviews." + key) }
	all := []figure{
		{n: v.list.Bearers, label: n("bearers")},
		{n: v.list.Met, label: n("met"), mark: "filled"},
		{n: v.list.Listed, label: n("listed"), to: "#lines", mark: "vacant"},
	}
	if v.list.SilentBearers > 0 {
		all = append(all, figure{n: v.list.SilentBearers, label: n("cannot_say_silent"), to: "#silent", mark: "unknown"})
	}
	if v.list.OnLeave > 0 {
		all = append(all, figure{n: v.list.OnLeave, label: n("cannot_say_leave"), mark: "day"})
	}
	if short := v.list.NotAssessed - v.list.SilentBearers - v.list.OnLeave; short > 0 {
		all = append(all, figure{n: short, label: n("cannot_say_short"), mark: "claimed"})
	}
	return all
}

// verdictFigures counts the lines by what the district found; each opens to its lines.
func verdictFigures(r *request, l review.Review) (all []figure, err error) {
	if l.Listed == 0 {
		return nil, nil
	}
	counts := map[string]int{}
	_, err = db.Select(r.tx, `select verdict, count(*) from review_line where review_id = $1 group by verdict`, []any{l.ID},
		func(s db.Scanner) (_ bool, err error) {
			var verdict string
			var n int
			err = s.Scan(&verdict, &n)
			counts[verdict] = n
			return true, err
		})
	for _, verdict := range []string{"", "confirmed", "excused", "disputed"} {
		st := verdictState(r.p, verdict)
		value := verdict
		if verdict == "" {
			value = "open"
		}
		all = append(all, figure{n: counts[verdict], label: st.text, mark: st.mark, to: r.with("verdict", value, "after", "") + "#lines"})
	}
	return all, err
}

// sendPage says what returning the list will do.
func sendPage(r *request) (answer, error) {
	l, err := review.Get(r.tx, r.by, r.PathValue("id"))
	if err != nil {
		return answer{}, err
	}
	confirmed, err := r.tx.Int(`select count(*) from review_line where review_id = $1 and verdict = 'confirmed'`, l.ID)
	if err != nil {
		return answer{}, err
	}
	return show(page{title: r.p.T("reviews.send"), where: r.p.Name(l.UnitHi, l.UnitEn) + " · " + windowOf(r.p, l),
		crumbs: []link{{r.p.T("reviews.title"), "/reviews"}, {r.p.Name(l.UnitHi, l.UnitEn), "/review/" + l.ID}},
		body:   sendBody(r.p, r.newForm(), l, confirmed)})
}

func sendList(r *request) (answer, error) {
	id := r.PathValue("id")
	n, err := review.Send(r.tx, r.by, id)
	return goTo("/review/"+id, "reviews.sent_done", "n", n), err
}

// linePage shows what was expected of one holder and what the ledger holds, and
// asks the district what it finds.
func linePage(r *request) (answer, error) {
	l, duties, err := review.GetLine(r.tx, r.by, r.PathValue("id"))
	if err != nil {
		return answer{}, err
	}
	v := lineView{p: r.p, r: r, line: l, own: string(l.Person) == r.by.Person}
	for _, d := range duties {
		if n := len(v.duties); n == 0 || v.duties[n-1].id != d.Duty {
			v.duties = append(v.duties, dutyTable{id: d.Duty, name: r.p.Name(d.NameHi, d.NameEn)})
		}
		t := &v.duties[len(v.duties)-1]
		t.months = append(t.months, d)
	}
	pg := page{title: r.p.Name(l.PersonHi, l.PersonEn), where: r.p.Name(l.RoleHi, l.RoleEn) + ", " + r.p.Name(l.OrgHi, l.OrgEn)}
	if len(duties) > 0 {
		v.window = review.DutyWindow(r.p, duties)
		pg.where += " · " + v.window
	}
	list, err := review.Get(r.tx, r.by, l.Review)
	if err == nil { // one who handles lists
		pg.crumbs = []link{{r.p.T("reviews.title"), "/reviews"}, {r.p.Name(list.UnitHi, list.UnitEn), "/review/" + list.ID}}
		o, err := org.Lookup(r.tx, l.Organization)
		if err != nil {
			return answer{}, err
		}
		v.mayCheck = list.State == "draft" && !v.own && r.by.May(access.CheckList, o.Target(""))
		v.left = list.Listed - list.Checked
		if v.mayCheck {
			if v.after, err = openAfter(r, l); err != nil {
				return answer{}, err
			}
		}
	} else if !fault.Is(err, fault.NotFound) {
		return answer{}, err
	}
	v.form = r.newForm("verdict", l.Verdict, "reason", l.Reason)
	for _, c := range []string{"confirmed", "excused", "disputed"} {
		v.verdicts = append(v.verdicts, choice{value: c, text: r.p.T("reviews.choose." + c), hint: r.p.T("reviews.means." + c)})
	}
	pg.body = lineBody(v)
	return show(pg)
}

// checkedBy tells who decided on a line for the district, and when.
func checkedBy(p lang.Printer, r *request, l review.Line) string {
	day := lang.Day(r.site.day(l.CheckedAt))
	if l.CheckedBy == "" {
		return p.T("reviews.checked_on", "day", day)
	}
	return p.T("reviews.checked_by", "name", lang.Name{Hi: l.CheckerHi, En: l.CheckerEn}, "role", lang.Name{Hi: l.CheckRoleHi, En: l.CheckRoleEn}, "day", day)
}

type lineView struct {
	p        lang.Printer
	r        *request
	form     form
	line     review.Line
	duties   []dutyTable
	window   string
	own      bool
	mayCheck bool
	left     int    // lines of the list still to be checked
	after    string // the next of them; "" for none
	verdicts []choice
}

type dutyTable struct {
	id, name string
	months   []review.DutyMonth
}

// dutyState tells in word and shape whether a month's duty was met, or why the month
// does not count.
func dutyState(p lang.Printer, d review.DutyMonth) state {
	switch {
	case d.Skipped == "silent":
		return state{"unknown", p.T("reviews.skipped.silent")}
	case d.Skipped != "":
		return state{"day", p.T("reviews.skipped." + d.Skipped)}
	case d.Met():
		return state{"filled", p.T("reviews.duty_met")}
	}
	return state{"vacant", p.T("reviews.duty_missed")}
}

// openAfter gives the unchecked line that follows l in its list, the first one after
// the last.
func openAfter(r *request, l review.Line) (string, error) {
	open, _, err := review.Lines(r.tx, r.by, l.Review, "open", db.First(1000))
	if err != nil {
		return "", err
	}
	after := ""
	for i, o := range open {
		switch {
		case o.ID == l.ID && i+1 < len(open):
			return open[i+1].ID, nil
		case o.ID != l.ID && after == "":
			after = o.ID
		}
	}
	return after, nil
}

func checkLine(r *request) (answer, error) {
	l, _, err := review.GetLine(r.tx, r.by, r.PathValue("id"))
	if err != nil {
		return answer{}, err
	}
	after, err := openAfter(r, l)
	if err != nil {
		return answer{}, err
	}
	if err := review.Check(r.tx, r.by, l.ID, r.typed("verdict"), r.typed("reason")); err != nil {
		return answer{}, err
	}
	to := "/review/" + l.Review
	if after != "" {
		to = "/review-line/" + after
	}
	return goTo(to, "reviews.line_done", "name", lang.Name{Hi: l.PersonHi, En: l.PersonEn}), nil
}

// reviewHome: lists that wait to be checked and returned.
func reviewHome(r *request) ([]homeItem, error) {
	if !r.by.MayAnywhere(access.CheckList) && !r.by.MayAnywhere(access.DraftList) {
		return nil, nil
	}
	n, err := review.CountDrafts(r.tx, r.by)
	if err != nil || n == 0 {
		return nil, err
	}
	many := []homeItem{{n: n, text: r.p.T("reviews.home_drafts"), to: "/reviews?state=draft"}}
	if n > 1 {
		return many, nil
	}
	lists, _, err := review.List(r.tx, r.by, review.Filter{}, db.First(500))
	if err != nil {
		return nil, err
	}
	var drafts []review.Review
	for _, l := range lists {
		if l.State == "draft" {
			drafts = append(drafts, l)
		}
	}
	if len(drafts) == 0 {
		return nil, nil
	}
	o, err := org.Lookup(r.tx, drafts[0].Unit)
	if err != nil {
		return nil, err
	}
	switch {
	case !r.by.May(access.CheckList, o.Target("")):
		return many, nil
	case drafts[0].Checked == drafts[0].Listed:
		return []homeItem{{text: r.p.T("reviews.home_send"), note: windowOf(r.p, drafts[0]), to: "/review/" + drafts[0].ID}}, nil
	}
	l := drafts[0]
	return []homeItem{{n: l.Listed - l.Checked, text: r.p.T("reviews.home_check"), note: windowOf(r.p, l), to: "/review/" + l.ID + "?verdict=open#lines"}}, nil
}

// reviewOfUnit is what a unit's page tells of its newest list and its cases.
func reviewOfUnit(r *request, o org.Organization) (templ.Component, error) {
	if o.Unit != o.ID || !r.by.May(access.DraftList, o.Target("")) {
		return nil, nil
	}
	v := unitReviewView{p: r.p, unit: o.ID, root: o.Parent == "",
		proposes: r.by.MayAnywhere(access.Propose), hears: r.by.MayAnywhere(access.HearAppeal)}
	filter := review.CaseFilter{Unit: o.ID}
	if v.root {
		filter.Unit = ""
	} else {
		lists, _, err := review.List(r.tx, r.by, review.Filter{Unit: o.ID}, db.First(1))
		if err != nil {
			return nil, err
		}
		if len(lists) > 0 {
			v.list = lists[0]
		}
	}
	if r.by.MayWithin(access.SeeRegister, o.Target("")) && readsLists(r.by, o) { // its dashboard tells the cases
		return unitReview(v), nil
	}
	counts, err := review.CountCases(r.tx, r.by, filter)
	for _, step := range review.Steps {
		if counts[step] > 0 {
			to := "/cases?step=" + step
			if !v.root {
				to += "&unit=" + string(o.ID)
			}
			v.steps = append(v.steps, stepFigure(r.p, step, counts[step], to))
		}
	}
	return unitReview(v), err
}

type unitReviewView struct {
	p     lang.Printer
	unit  org.OrganizationID
	root  bool
	list  review.Review // the newest; its ID is "" when there is none
	steps []figure

	proposes, hears bool
}
