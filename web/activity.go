package web

import (
	"cmp"
	"time"

	"sangathan/access"
	"sangathan/activity"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/internal/paper"
	"sangathan/org"
)

// reportFor gives the membership that a report is about: ?for= of another, else the hat.
func (r *request) reportFor() (m org.Membership, o org.Organization, err error) {
	id := org.MembershipID(r.query("for"))
	if id == "" {
		id = org.MembershipID(r.by.Membership)
	}
	if id == "" {
		return m, o, fault.New(fault.Forbidden, "activity.no_post")
	}
	if m, err = org.LookupMembership(r.tx, id); err != nil {
		return m, o, err
	}
	if o, err = org.Lookup(r.tx, m.Organization); err != nil {
		return m, o, err
	}
	switch {
	case string(m.Person) != r.by.Person:
		err = r.by.Check(access.ReportFor, o.Target(m.Person))
	case !m.Running():
		err = fault.New(fault.Forbidden, "activity.post_ended", "day", lang.Day(m.ToDay))
	}
	return m, o, err
}

// maxPlaces is the most places offered in a report.
const maxPlaces = 200

func reportPage(r *request) (answer, error) {
	m, o, err := r.reportFor()
	if err != nil {
		return answer{}, err
	}
	v := reportView{p: r.p, path: r.URL.RequestURI(), own: string(m.Person) == r.by.Person, today: r.today}
	v.earliest = r.tx.Now.AddDate(0, 0, -activity.MaxAge).Format(time.DateOnly)
	v.form = r.newForm("day", r.today, "area", string(m.Area), "kind", r.query("kind"))
	kinds, err := activity.Kinds(r.tx)
	if err != nil {
		return answer{}, err
	}
	for _, k := range kinds {
		v.kinds = append(v.kinds, choice{value: k.ID, text: r.p.Name(k.NameHi, k.NameEn)})
	}
	if v.places, err = places(r, m, o); err != nil {
		return answer{}, err
	}
	if !v.own {
		v.words = otherWords(r.p)
	}
	pg := page{title: r.p.T("ledger.new_title"), where: r.p.Name(m.RoleHi, m.RoleEn) + ", " + r.p.Name(m.OrgHi, m.OrgEn), body: reportBody(v)}
	if !v.own {
		pg.title = r.p.T("ledger.new_for", "name", lang.Name{Hi: m.PersonHi, En: m.PersonEn})
		pg.crumbs = personCrumbs(r.p, m)
	}
	return show(pg)
}

// places offers where the activity was: the place of the post, the territory of its
// body, and what lies directly inside.
func places(r *request, m org.Membership, o org.Organization) (all []choice, err error) {
	seen := map[org.AreaID]bool{}
	add := func(a org.Area) {
		if !seen[a.ID] {
			seen[a.ID] = true
			all = append(all, choice{value: string(a.ID), text: areaName(r.p, a.NameHi, a.NameEn, a.Number)})
		}
	}
	for _, id := range []org.AreaID{m.Area, o.Area} {
		a, err := org.GetArea(r.tx, r.by, id)
		if err != nil {
			return nil, err
		}
		add(a)
	}
	inside, err := org.Children(r.tx, org.Territorial, o.Area, r.today, org.AreaKey{}, maxPlaces)
	for _, a := range inside {
		add(a)
	}
	return all, err
}

type reportView struct {
	p               lang.Printer
	form            form
	path            string
	own             bool
	today, earliest string
	kinds           []choice
	places          []choice
	words           []choice
}

func reportSend(r *request) (answer, error) {
	var f fault.Form
	people := r.number("people", &f)
	if err := f.Err(); err != nil {
		return answer{}, err
	}
	id, err := activity.Submit(r.tx, r.by, activity.Report{ID: activity.EntryID(r.typed(formID)), Membership: org.MembershipID(r.query("for")), Kind: r.typed("kind"),
		Area: org.AreaID(r.typed("area")), Day: r.day("day"), People: people, Note: r.typed("note"), Word: r.typed("word")})
	return goTo("/activity/"+string(id), "ledger.sent"), err
}

// togetherPage is where an operator types one activity of several holders of a body.
func togetherPage(r *request) (answer, error) {
	o, err := org.GetOrganization(r.tx, r.by, org.OrganizationID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	v := togetherView{p: r.p, path: r.URL.RequestURI(), today: r.today, form: r.newForm("day", r.today)}
	v.earliest = r.tx.Now.AddDate(0, 0, -activity.MaxAge).Format(time.DateOnly)
	if v.holders, err = org.Holders(r.tx, r.by, o.ID, ""); err != nil {
		return answer{}, err
	}
	if len(v.holders) > activity.MaxTogether {
		v.holders, v.more = v.holders[:activity.MaxTogether], true
	}
	kinds, err := activity.Kinds(r.tx)
	if err != nil {
		return answer{}, err
	}
	v.kinds = []choice{{value: "", text: r.p.T("ledger.choose_kind")}}
	for _, k := range kinds {
		v.kinds = append(v.kinds, choice{value: k.ID, text: r.p.Name(k.NameHi, k.NameEn)})
	}
	v.places = []choice{{value: "", text: r.p.T("ledger.place_of_post")}}
	inside, err := org.Children(r.tx, org.Territorial, o.Area, r.today, org.AreaKey{}, maxPlaces)
	if err != nil {
		return answer{}, err
	}
	own, err := org.GetArea(r.tx, r.by, o.Area)
	if err != nil {
		return answer{}, err
	}
	for _, a := range append([]org.Area{own}, inside...) {
		v.places = append(v.places, choice{value: string(a.ID), text: areaName(r.p, a.NameHi, a.NameEn, a.Number)})
	}
	v.words = otherWords(r.p)
	crumbs, err := orgCrumbs(r, o, true)
	return answer{page: page{title: r.p.T("ledger.together_title"), where: r.p.Name(o.NameHi, o.NameEn), lead: r.p.T("ledger.together_lead"), crumbs: crumbs, body: togetherBody(v)}}, err
}

type togetherView struct {
	p                    lang.Printer
	form                 form
	path                 string
	today, earliest      string
	kinds, places, words []choice
	holders              []org.Membership
	more                 bool // there are more than fit
}

// otherWords are the ways in which another told of an activity.
func otherWords(p lang.Printer) (words []choice) {
	for _, w := range []string{activity.Call, activity.Slip, activity.Paper, activity.Told} {
		words = append(words, choice{value: w, text: p.T("ledger.word." + w)})
	}
	return words
}

func togetherSend(r *request) (answer, error) {
	t := activity.Together{Kind: r.typed("kind"), Area: org.AreaID(r.typed("area")), Day: r.day("day"), Note: r.typed("note"), Word: r.typed("word")}
	var f fault.Form
	for _, id := range r.form["who"] {
		t.Rows = append(t.Rows, activity.Row{Membership: org.MembershipID(id), People: r.number("people."+id, &f)})
	}
	if err := f.Err(); err != nil {
		return answer{}, err
	}
	ids, err := activity.SubmitTogether(r.tx, r.by, t)
	return goTo("/activity?org="+r.PathValue("id")+"&month="+t.Day[:min(len(t.Day), len("2006-01"))], "ledger.together_sent", "n", len(ids)), err
}

func entryPage(r *request) (answer, error) {
	e, checks, err := activity.Get(r.tx, r.by, activity.EntryID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	o, err := org.Lookup(r.tx, e.Organization)
	if err != nil {
		return answer{}, err
	}
	v := entryView{p: r.p, e: e, checks: checks, form: r.newForm(), recorded: r.p.Time(r.tx.Time(e.RecordedAt))}
	for _, c := range checks {
		v.at = append(v.at, r.p.Time(r.tx.Time(c.At)))
	}
	v.mayCheck = r.by.May(access.ConfirmActivity, o.Target(e.Person)) && string(e.Person) != r.by.Person && string(e.TypedPerson) != r.by.Person
	for _, c := range checks {
		v.mayCheck = v.mayCheck && string(c.Person) != r.by.Person
	}
	pg := page{title: r.p.Name(e.KindHi, e.KindEn), body: entryBody(v)}
	pg.where = r.p.Name(e.PersonHi, e.PersonEn) + " · " + r.p.Name(e.AreaHi, e.AreaEn) + " · " + r.p.Day(e.Day)
	pg.crumbs = []link{{r.p.T("web.tab_activity"), "/activity"}, {r.p.Name(e.PersonHi, e.PersonEn), "/activity?person=" + string(e.Person)}}
	if string(e.Person) == r.by.Person {
		pg.next, pg.nextIcon = &link{r.p.T("ledger.another"), "/activity/new"}, "send"
	}
	return show(pg)
}

type entryView struct {
	p        lang.Printer
	e        activity.Entry
	checks   []activity.Check
	at       []string
	form     form
	recorded string
	mayCheck bool
}

func entryConfirm(r *request) (answer, error) {
	id := r.PathValue("id")
	return goTo("/activity/"+id, "ledger.confirmed"), activity.Confirm(r.tx, r.by, activity.EntryID(id))
}

func objectPage(r *request) (answer, error) {
	e, _, err := activity.Get(r.tx, r.by, activity.EntryID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	if string(e.Person) == r.by.Person {
		return answer{}, fault.New(fault.Forbidden, "activity.own_entry")
	}
	return show(page{title: r.p.T("ledger.object_title"), lead: r.p.T("ledger.object_lead"),
		where:  r.p.Name(e.PersonHi, e.PersonEn) + " · " + r.p.Name(e.KindHi, e.KindEn) + " · " + r.p.Day(e.Day),
		crumbs: []link{{r.p.Name(e.KindHi, e.KindEn), "/activity/" + string(e.ID)}}, body: objectBody(r.p, r.newForm(), r.URL.Path)})
}

func entryObject(r *request) (answer, error) {
	id := r.PathValue("id")
	return goTo("/activity/"+id, "ledger.objected"), activity.Object(r.tx, r.by, activity.EntryID(id), r.typed("reason"))
}

// allMonths is the month of an address that asks for every month.
const allMonths = "all"

// entryStates are what an entry can be.
var entryStates = []string{activity.Claimed, activity.Confirmed, activity.Disputed}

// entriesPage lists entries by what the address chooses: person, membership, org,
// unit, reporting, area, kind, month, state. Without a choice it shows this month of
// what one may see, or, for those who confirm nobody's work, one's own entries.
func entriesPage(r *request) (answer, error) {
	f := activity.Filter{Organization: org.OrganizationID(r.query("org")), Unit: org.OrganizationID(r.query("unit")),
		Reporting: org.OrganizationID(r.query("reporting")), Person: org.PersonID(r.query("person")),
		Membership: org.MembershipID(r.query("membership")), Area: org.AreaID(r.query("area")),
		Kind: r.query("kind"), Month: r.query("month"), State: r.query("state")}
	if f.Month == allMonths {
		f.Month = ""
	}
	about := f.Organization != "" || f.Unit != "" || f.Reporting != "" || f.Person != "" || f.Membership != "" || f.Area != ""
	wide := r.by.MayAnywhere(access.ConfirmActivity) || r.by.MayAnywhere(access.ReportFor)
	if !about {
		if !wide {
			f.Person = org.PersonID(r.by.Person)
		} else if r.query("month") == "" && f.Kind == "" && f.State == "" {
			f.Month = r.today[:7]
		}
	}
	v := entriesView{p: r.p, r: r, form: r.newForm("kind", f.Kind, "month", cmp.Or(f.Month, allMonths), "state", f.State)}
	every := f
	every.State = "" // the figures tell of every state, whichever the list shows
	total, err := activity.Total(r.tx, r.by, every)
	if err != nil {
		return answer{}, err
	}
	for _, t := range []figure{
		{n: total.Entries, label: r.p.T("ledger.entries")},
		{n: total.Confirmed, label: r.p.T("ledger.state.confirmed"), mark: activity.Confirmed},
		{n: total.Disputed, label: r.p.T("ledger.state.disputed"), mark: activity.Disputed},
	} {
		t.to = r.with("month", cmp.Or(f.Month, allMonths), "state", t.mark, "after", "")
		v.totals = append(v.totals, t)
	}
	kinds, err := activity.Kinds(r.tx)
	if err != nil {
		return answer{}, err
	}
	v.kinds = []choice{{value: "", text: r.p.T("ledger.all_kinds")}}
	for _, k := range kinds {
		v.kinds = append(v.kinds, choice{value: k.ID, text: r.p.Name(k.NameHi, k.NameEn)})
	}
	v.months = []choice{{value: allMonths, text: r.p.T("ledger.all_months")}}
	first := time.Date(r.tx.Now.Year(), r.tx.Now.Month(), 1, 0, 0, 0, 0, time.UTC)
	for i := range 12 {
		m := first.AddDate(0, -i, 0).Format("2006-01")
		v.months = append(v.months, choice{value: m, text: r.p.Month(m)})
	}
	v.states = r.orEach(entryStates, func(s string) string { return r.p.T("ledger.state." + s) })
	for _, name := range []string{"org", "unit", "reporting", "person", "membership", "area"} {
		if q := r.query(name); q != "" {
			v.kept = append(v.kept, [2]string{name, q})
		}
	}
	pg := page{title: r.p.T("ledger.list_title")}
	if pg.where, pg.crumbs, err = aboutFilter(r, f); err != nil {
		return answer{}, err
	}
	if f.Month != "" {
		pg.where += " · " + r.p.Month(f.Month)
	}
	v.entries, v.list, err = open(r, entriesRoll(r.p, f), chosen(v.kinds, f.Kind), chosen(v.states, f.State))
	if err != nil {
		return answer{}, err
	}
	pg.list, pg.body = v.list, entriesBody(v)
	if r.by.Membership != "" {
		pg.next, pg.nextIcon = &link{r.p.T("ledger.new_title"), "/activity/new"}, "send"
	}
	return show(pg)
}

// entriesRoll is the list of the entries that f chooses.
func entriesRoll(p lang.Printer, f activity.Filter) roll[activity.Entry] {
	return roll[activity.Entry]{name: "activity", sorts: []string{"new", "old"},
		read: func(tx *db.Tx, by access.Actor, p db.Page) ([]activity.Entry, string, error) {
			return activity.List(tx, by, f, p)
		},
		cols: []col{{"ledger.day", 3}, {"ledger.kind", 3}, {"ledger.who", 4}, {"word.post", 4}, {"lists.col.body", 5}, {"ledger.place", 4}, {"ledger.people", 2}, {"ledger.note", 6}, {"common.status", 3}},
		cells: func(e activity.Entry) paper.Row {
			var people any
			if e.People > 0 {
				people = e.People
			}
			return paper.Row{dayCell(e.Day), p.Name(e.KindHi, e.KindEn), p.Name(e.PersonHi, e.PersonEn), p.Name(e.RoleHi, e.RoleEn),
				p.Name(e.OrgHi, e.OrgEn), p.Name(e.AreaHi, e.AreaEn), people, e.Note, p.T("ledger.state." + e.State)}
		}}
}

// aboutFilter names whose entries a list shows.
func aboutFilter(r *request, f activity.Filter) (where string, crumbs []link, err error) {
	for _, id := range []org.OrganizationID{f.Organization, f.Unit, f.Reporting} {
		if id == "" {
			continue
		}
		o, err := org.GetOrganization(r.tx, r.by, id)
		if err != nil {
			return "", nil, err
		}
		crumbs, err = orgCrumbs(r, o, true)
		return r.p.Name(o.NameHi, o.NameEn), crumbs, err
	}
	person := f.Person
	if f.Membership != "" {
		m, err := org.LookupMembership(r.tx, f.Membership)
		if err != nil {
			return "", nil, err
		}
		person = m.Person
	}
	switch {
	case person != "":
		p, err := org.GetPerson(r.tx, r.by, person)
		name := r.p.Name(p.NameHi, p.NameEn)
		return name, []link{{name, "/person/" + string(person)}}, err
	case f.Area != "":
		a, err := org.GetArea(r.tx, r.by, f.Area)
		name := areaName(r.p, a.NameHi, a.NameEn, a.Number)
		return name, []link{{name, "/area/" + string(a.ID)}}, err
	}
	h := r.hat()
	return r.p.Name(h.OrgHi, h.OrgEn), nil, nil
}

type entriesView struct {
	p                     lang.Printer
	r                     *request
	form                  form
	totals                []figure
	entries               []activity.Entry
	kinds, months, states []choice
	kept                  [][2]string
	list                  *list
}
