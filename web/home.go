package web

import (
	"sangathan/access"
	"sangathan/activity"
	"sangathan/directive"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"
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
var homeSources = []func(*request) ([]homeItem, error){caseHome, directiveHome, reviewHome, activityHome, proposalHome, registerHome}

// homePage is the first page, by hat: the state's desk and in-charge see the state's
// figures and work lists, presidents their due items and bodies, workers the report
// button and their entries.
func homePage(r *request) (answer, error) {
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
	pg.body = homeBody(v)
	return show(pg)
}

type homeView struct {
	p       lang.Printer
	r       *request
	items   []homeItem
	body    *orgView // figures and bodies below, for those who lead
	entries []activity.Entry
}

// homeBodyOf gives the figures and the bodies below of the hat's organization.
func homeBodyOf(r *request) (*orgView, error) {
	o, err := org.GetOrganization(r.tx, r.by, org.OrganizationID(r.by.Org))
	if err != nil || !r.by.May(access.SeeRegister, o.Target("")) {
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
	if v.root {
		return v, nil
	}
	return v, v.bodies(r)
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
	t, err := activity.Total(r.tx, r.by, activity.Filter{Month: r.today[:7], State: activity.Claimed})
	if err != nil || t.Entries == 0 {
		return nil, err
	}
	return []homeItem{{n: t.Entries, text: r.p.T("home.to_confirm"), to: "/activity?state=claimed&month=" + r.today[:7]}}, nil
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
		items = append(items, homeItem{n: posts.Vacant, text: r.p.T("home.vacant"), to: "/vacancies"})
	}
	if posts.Unknown > 0 {
		items = append(items, homeItem{n: posts.Unknown, text: r.p.T("home.unknown"), to: seatsLink(org.OrganizationID(r.by.Org), "unknown", false)})
	}
	return items, err
}
