package web

import (
	"sangathan/access"
	"sangathan/activity"
	"sangathan/directive"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"
	"sangathan/tally"
)

// homeItem is one thing that waits for the actor: how many, what, where to do it.
type homeItem struct {
	n       int // 0 for a single thing
	text    string
	note    string // such as the last day
	to      string
	overdue bool
}

// homeSources give what waits for the actor, each capability its own; the page shows
// them in this order.
var homeSources = []func(*request) ([]homeItem, error){caseHome, directiveHome, reviewHome, activityHome, proposalHome, registerHome, startHome, intakeHome, signInHome, backupHome}

// homePage is the first page, by hat: the state's desk and in-charge see the state's
// figures and work lists, presidents their due items and bodies, workers the report
// button and their entries.
func homePage(r *request) (answer, error) {
	if r.by.NeedsSecond {
		return answer{to: "/me"}, nil
	}
	v := homeView{p: r.p, r: r}
	for _, source := range homeSources {
		items, err := source(r)
		if err != nil {
			return answer{}, err
		}
		v.items = append(v.items, items...)
	}
	pg := page{title: r.p.T("home.hello", "name", r.name)}
	h := r.hat()
	if h.ID != "" {
		pg.where = r.p.Name(h.RoleHi, h.RoleEn) + ", " + r.p.Name(h.OrgHi, h.OrgEn) + " · " + r.p.Day(r.today)
		pg.next, pg.nextIcon = &link{r.p.T("ledger.new_title"), "/activity/new"}, "send"
	} else {
		pg.where = r.p.Day(r.today)
		pg.lead = r.p.T("web.no_post_how")
	}
	var err error
	if r.by.Org != "" && (r.by.MayAnywhere(access.ConfirmActivity) || r.by.MayAnywhere(access.ReportFor)) {
		if v.body, err = homeBodyOf(r); err != nil {
			return answer{}, err
		}
	}
	if v.entries, _, err = activity.List(r.tx, r.by, activity.Filter{Person: org.PersonID(r.by.Person)}, db.First(5)); err != nil {
		return answer{}, err
	}
	if v.body != nil {
		v.issues = r.by.MayAnywhere(access.IssueDirective)
		pg.title = r.p.Name(v.body.o.NameHi, v.body.o.NameEn)
		pg.where = r.p.Name(h.RoleHi, h.RoleEn) + " · " + r.p.Day(r.today)
		if first := v.first(); v.body.root && first != nil { // the state's leaders decide; others report
			pg.next, pg.nextIcon = &link{capital(first.text), first.to}, "next"
			if first.n > 0 {
				pg.next.text += ": " + r.p.Num(first.n)
			}
		}
	}
	pg.body = homeBody(v)
	return show(pg)
}

type homeView struct {
	p       lang.Printer
	r       *request
	items   []homeItem
	body    *orgView // figures and bodies below, for those who lead
	entries []activity.Entry
	issues  bool // may issue a directive
}

// first is what waits and can be done first, for a home whose items stand under its
// figures.
func (v homeView) first() *homeItem {
	for i := range v.items {
		if v.items[i].overdue {
			return &v.items[i]
		}
	}
	if len(v.items) == 0 {
		return nil
	}
	return &v.items[0]
}

// homeBodyOf gives the figures and the bodies below of the hat's organization; nil for
// one who does not see what is below.
func homeBodyOf(r *request) (*orgView, error) {
	o, err := org.GetOrganization(r.tx, r.by, org.OrganizationID(r.by.Org))
	if err != nil || !r.by.MayWithin(access.SeeRegister, o.Target("")) {
		return nil, err
	}
	v := &orgView{p: r.p, r: r, o: o, root: o.Parent == "", day: r.today}
	kinds, err := org.OrganizationKinds(r.tx)
	if err != nil {
		return nil, err
	}
	v.kinds = kindNames(r.p, kinds)
	if err := v.count(r); err != nil {
		return nil, err
	}
	if err := v.bodies(r); err != nil {
		return nil, err
	}
	if v.table != nil && v.root { // blocks owe one report each: nothing to compare
		if v.behind, v.ahead, err = v.table.extremes(3); err != nil {
			return nil, err
		}
	}
	switch {
	case v.table == nil:
	case v.table.filter: // long: one tap away, or a name
		v.table.page = "/org/" + string(o.ID)
		if v.table.counted != "" {
			v.table.title = r.p.T(v.table.counted, "n", len(v.table.children))
		}
	default:
		err = v.table.show(r, columnsOf(true, v.dash.lists))
	}
	return v, err
}

// directiveHome: what the hat's organization owes.
func directiveHome(r *request) (items []homeItem, err error) {
	owed, err := directive.Due(r.tx, r.by)
	for _, o := range owed {
		item := homeItem{text: o.Subject, to: owedLink(o, r.by.Org), overdue: o.Overdue}
		if o.Period != "" {
			item.text = r.p.T("home.report_of", "month", r.p.Month(o.Period))
		}
		if o.LastDay != "" {
			item.note = r.p.T("directives.due", "day", lang.Day(o.LastDay))
		}
		items = append(items, item)
	}
	return items, err
}

// activityHome: entries of this month that wait for a second person's word.
func activityHome(r *request) ([]homeItem, error) {
	if !r.by.MayAnywhere(access.ConfirmActivity) {
		return nil, nil
	}
	n, err := claimed(r)
	if err != nil || n == 0 {
		return nil, err
	}
	return []homeItem{{n: n, text: r.p.T("home.to_confirm"), to: "/activity?state=claimed&month=" + r.today[:7]}}, nil
}

// claimed counts the entries of this month that wait for a word: from the figures,
// for one who sees all under the own body; else from the entries themselves.
func claimed(r *request) (int, error) {
	o, err := org.Lookup(r.tx, org.OrganizationID(r.by.Org))
	if err != nil {
		return 0, err
	}
	if r.by.MayWithin(access.SeeRegister, o.Target("")) {
		f, err := tally.At(r.tx, o.Label, r.today[:7])
		return f[tally.Entry] - f[tally.EntryConfirmed] - f[tally.EntryDisputed], err
	}
	t, err := activity.Total(r.tx, r.by, activity.Filter{Month: r.today[:7], State: activity.Claimed})
	return t.Entries, err
}

// intakeHome: who loads lists is offered to.
func intakeHome(r *request) ([]homeItem, error) {
	if !r.by.MayAnywhere(access.LoadData) {
		return nil, nil
	}
	return []homeItem{{text: r.p.T("intake.title"), to: "/lists"}}, nil
}

// registerHome: vacancies and seats not known of the hat's organization.
func registerHome(r *request) (items []homeItem, err error) {
	if r.by.Org == "" || !r.by.MayAnywhere(access.Propose) {
		return nil, nil
	}
	posts, _, err := r.countSeats(org.OrganizationID(r.by.Org))
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if posts.Vacant > 0 {
		items = append(items, homeItem{n: posts.Vacant, text: r.p.T("home.vacant"), to: seatsLink(org.OrganizationID(r.by.Org), "vacant", false)})
	}
	if posts.Unknown > 0 {
		items = append(items, homeItem{n: posts.Unknown, text: r.p.T("home.unknown"), to: seatsLink(org.OrganizationID(r.by.Org), "unknown", false)})
	}
	return items, err
}
