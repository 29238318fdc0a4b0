package web

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sangathan/access"
	"sangathan/directive"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/internal/paper"
	"sangathan/org"

	"github.com/a-h/templ"
)

// kindNames gives the names of a list of kinds by id.
func kindNames(p lang.Printer, all []org.Kind) map[string]string {
	names := make(map[string]string, len(all))
	for _, k := range all {
		names[k.ID] = p.Name(k.NameHi, k.NameEn)
	}
	return names
}

// orgSlots add what other capabilities know of a body to its page, each a section.
var orgSlots = []func(*request, org.Organization) (templ.Component, error){papersOfBody, reviewOfUnit}

func orgPage(r *request) (answer, error) {
	o, err := org.GetOrganization(r.tx, r.by, org.OrganizationID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	v := orgView{p: r.p, r: r, o: o, root: o.Parent == ""}
	v.day, v.past = r.on()
	kinds, err := org.OrganizationKinds(r.tx)
	if err != nil {
		return answer{}, err
	}
	v.kinds = kindNames(r.p, kinds)
	if v.area, err = org.GetArea(r.tx, r.by, o.Area); err != nil {
		return answer{}, err
	}
	if v.seats, err = org.SeatsOn(r.tx, r.by, o.ID, v.day); err != nil {
		return answer{}, err
	}
	if err := v.count(r); err != nil {
		return answer{}, err
	}
	if err := v.bodies(r); err != nil {
		return answer{}, err
	}
	if r.by.May(access.SeeRegister, o.Target("")) {
		var f org.OrderFilter // the state's history is that of all
		switch {
		case v.root:
		case o.Unit == o.ID:
			f.Unit = o.ID
		default:
			f.Organization = o.ID
		}
		if v.orders, _, err = org.Orders(r.tx, r.by, f, db.First(5)); err != nil {
			return answer{}, err
		}
	}
	for _, slot := range orgSlots {
		c, err := slot(r, o)
		if err != nil {
			return answer{}, err
		}
		if c != nil {
			v.slots = append(v.slots, c)
		}
	}
	pg := page{title: r.p.Name(o.NameHi, o.NameEn), body: orgBody(v)}
	pg.where = r.p.T("register.where", "kind", v.kinds[o.Kind], "area", lang.Name{Hi: v.area.NameHi, En: v.area.NameEn}, "day", lang.Day(v.day))
	if pg.crumbs, err = orgCrumbs(r, o, false); err != nil {
		return answer{}, err
	}
	switch {
	case string(o.ID) == r.by.Org:
		pg.next, pg.nextIcon = &link{r.p.T("ledger.new_title"), "/activity/new"}, "send"
	case v.posts.Vacant > 0:
		pg.next = &link{r.p.T("register.see_vacancies"), "/org/" + string(o.ID) + "/seats?state=vacant"}
	}
	return show(pg)
}

// orgCrumbs leads down to a body, itself included where its page is left.
func orgCrumbs(r *request, o org.Organization, itself bool) (crumbs []link, err error) {
	above, err := org.Above(r.tx, o)
	if itself {
		above = append(above, o)
	}
	for _, a := range above {
		if r.by.Sees(a.Target("")) {
			crumbs = append(crumbs, link{r.p.Name(a.NameHi, a.NameEn), r.link("/org/" + string(a.ID))})
		}
	}
	return crumbs, err
}

type orgView struct {
	p             lang.Printer
	r             *request
	o             org.Organization
	area          org.Area
	kinds         map[string]string
	root          bool
	day           string
	past          bool
	seats         []org.Seat
	posts, agents org.Count
	month, report string // of the reports counted
	whole         bool   // posts and agents are of everything below too
	figures       []figure
	meters        []meter
	units         []unitRow
	columns       []column
	below         []bodyRow
	orders        []org.Order
	slots         []templ.Component
}

// count makes the figures: of the body and all below it today, of the body alone on
// a past day.
func (v *orgView) count(r *request) (err error) {
	v.whole = !v.past && r.by.MayWithin(access.SeeRegister, v.o.Target(""))
	if v.whole {
		if v.posts, v.agents, err = r.countSeats(v.o.ID); err != nil {
			return err
		}
	} else {
		for _, s := range v.seats {
			c := &v.posts
			if s.Role == "booth_agent" {
				c = &v.agents
			}
			switch s.State {
			case "filled":
				c.Filled++
			case "vacant":
				c.Vacant++
			default:
				c.Unknown++
			}
		}
	}
	to := func(state string, agents bool) string {
		if !v.whole {
			return "#seats"
		}
		return seatsLink(v.o.ID, state, agents)
	}
	v.figures = []figure{
		{n: v.posts.Filled, label: r.p.T("register.filled"), to: to("filled", false), mark: "filled"},
		{n: v.posts.Vacant, label: r.p.T("register.vacant"), to: to("vacant", false), mark: "vacant"},
		{n: v.posts.Unknown, label: r.p.T("register.unknown"), to: to("unknown", false), mark: "unknown"},
	}
	if v.agents.Total() > 0 {
		v.meters = append(v.meters, meter{r.p.T("register.agents"), v.agents.Filled, v.agents.Total(), r.p.Word("booth_many"), to("filled", true)})
	}
	if v.past || !v.whole {
		return nil
	}
	month := lastMonth(r.today)
	report, err := directive.MonthlyReport(r.tx)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	v.month, v.report = month, string(report)
	if v.o.Unit != v.o.ID {
		return nil
	}
	unit := v.o.ID
	if v.root {
		unit = ""
	}
	tally, err := directive.Received(r.tx, month, unit)
	if err == nil && tally.Expected > 0 {
		v.meters = append(v.meters, meter{r.p.T("register.reports_of", "month", r.p.Month(month)), tally.Received, tally.Expected,
			r.p.Word("unit_many"), reportsLink(v.report, month, unit, "")})
	}
	return err
}

func seatsLink(id org.OrganizationID, state string, agents bool) string {
	to := "/org/" + string(id) + "/seats?state=" + state
	if agents {
		to += "&of=agents"
	}
	return to
}

func reportsLink(report, month string, unit org.OrganizationID, state string) string {
	q := url.Values{"period": {month}}
	if unit != "" {
		q.Set("unit", string(unit))
	}
	if state != "" {
		q.Set("state", state)
	}
	return "/directive/" + report + "?" + q.Encode()
}

// unitRow is a district-level body in the state's table.
type unitRow struct {
	o             org.Organization
	name          string
	posts, agents org.Count
	reports       directive.Tally
}

// column is a column by which the table of units can be sorted.
type column struct {
	key, text, sorted, to string // sorted: "", ascending, descending
}

// bodyRow is a body under another, with its figures.
type bodyRow struct {
	o             org.Organization
	posts, agents org.Count
	known         bool
}

// bodies lists what stands below: of the state its units as a table, with the cells;
// else the bodies directly under it.
func (v *orgView) bodies(r *request) error {
	under, err := org.Suborganizations(r.tx, r.by, v.o.ID)
	if err != nil {
		return err
	}
	if v.root {
		if err := v.unitTable(r); err != nil {
			return err
		}
	} else if v.o.Unit == v.o.ID {
		cells, err := org.CellBodies(r.tx, r.by, v.o)
		if err != nil {
			return err
		}
		under = append(under, cells...)
	}
	for _, o := range under {
		if v.root && o.Unit == o.ID {
			continue // in the table
		}
		b := bodyRow{o: o}
		if !v.past && r.by.May(access.SeeRegister, o.Target("")) {
			if b.posts, b.agents, err = r.countSeats(o.ID); err != nil {
				return err
			}
			b.known = true
		}
		v.below = append(v.below, b)
	}
	return nil
}

func (v *orgView) unitTable(r *request) error {
	units, err := org.Units(r.tx, r.by)
	if err != nil || len(units) == 0 {
		return err
	}
	posts, agents, err := org.CountByUnit(r.tx)
	if err != nil {
		return err
	}
	reports, err := directive.ReceivedByUnit(r.tx, lastMonth(r.today))
	if err != nil {
		return err
	}
	wanted := lang.Fold(r.query("name"))
	for _, o := range units {
		if !r.by.MayWithin(access.SeeRegister, o.Target("")) {
			continue // its figures are of more than is seen
		}
		if wanted != "" && !strings.Contains(lang.Fold(o.NameHi), wanted) && !strings.Contains(lang.Fold(o.NameEn), wanted) {
			continue
		}
		row := unitRow{o: o, name: r.p.Name(o.NameHi, o.NameEn), reports: reports[o.ID]}
		if c := posts[o.ID]; c != nil {
			row.posts = *c
		}
		if c := agents[o.ID]; c != nil {
			row.agents = *c
		}
		v.units = append(v.units, row)
	}
	by := map[string]func(a, b unitRow) int{
		"filled":  func(a, b unitRow) int { return cmp.Compare(a.posts.Filled, b.posts.Filled) },
		"vacant":  func(a, b unitRow) int { return cmp.Compare(a.posts.Vacant, b.posts.Vacant) },
		"unknown": func(a, b unitRow) int { return cmp.Compare(a.posts.Unknown, b.posts.Unknown) },
		"agents": func(a, b unitRow) int {
			return cmp.Compare(a.agents.Filled*max(b.agents.Total(), 1), b.agents.Filled*max(a.agents.Total(), 1))
		},
		"reports": func(a, b unitRow) int {
			return cmp.Compare(a.reports.Received*max(b.reports.Expected, 1), b.reports.Received*max(a.reports.Expected, 1))
		},
		"name": func(a, b unitRow) int { return cmp.Compare(lang.SortKey(a.name), lang.SortKey(b.name)) },
	}
	sorted, down := r.query("sort"), r.query("dir") == "desc"
	if by[sorted] == nil {
		sorted, down = "name", false
	}
	slices.SortStableFunc(v.units, func(a, b unitRow) int {
		if down {
			a, b = b, a
		}
		return by[sorted](a, b)
	})
	for _, c := range [][2]string{{"name", capital(r.p.Word("unit"))}, {"filled", r.p.T("register.col_filled")}, {"vacant", r.p.T("register.col_vacant")},
		{"unknown", r.p.T("register.col_unknown")}, {"agents", r.p.T("register.col_agents")}, {"reports", r.p.T("register.col_reports")}} {
		col := column{key: c[0], text: c[1]}
		dir := "desc"
		if c[0] == "name" {
			dir = ""
		}
		if c[0] == sorted {
			col.sorted = "ascending"
			dir = "desc"
			if down {
				col.sorted, dir = "descending", "asc"
			}
		}
		col.to = r.with("sort", c[0], "dir", dir) + "#units"
		v.columns = append(v.columns, col)
	}
	return nil
}

// lastMonth gives the last month that is over on the day today.
func lastMonth(today string) string {
	y, _ := strconv.Atoi(today[:4])
	m, _ := strconv.Atoi(today[5:7])
	if m--; m == 0 {
		y, m = y-1, 12
	}
	return strconv.Itoa(y) + "-" + string('0'+rune(m/10)) + string('0'+rune(m%10))
}

// countSeats is org.CountSeats, asked once for a page.
func (r *request) countSeats(id org.OrganizationID) (posts, agents org.Count, err error) {
	if c, ok := r.counted[id]; ok {
		return c[0], c[1], nil
	}
	if posts, agents, err = org.CountSeats(r.tx, r.by, id); err == nil {
		if r.counted == nil {
			r.counted = map[org.OrganizationID][2]org.Count{}
		}
		r.counted[id] = [2]org.Count{posts, agents}
	}
	return posts, agents, err
}

// seatsPage is the list behind the figures of a body's page.
func seatsPage(r *request) (answer, error) {
	o, err := org.GetOrganization(r.tx, r.by, org.OrganizationID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	v := seatsView{p: r.p, r: r, state: r.query("state"), agents: r.query("of") == "agents", role: r.query("role"), path: r.URL.Path}
	if v.state != "filled" && v.state != "vacant" && v.state != "unknown" {
		v.state = ""
	}
	roles, err := org.Roles(r.tx)
	if err != nil {
		return answer{}, err
	}
	v.form = r.newForm("state", v.state, "role", v.role)
	v.roles = roleChoices(r.p, roles)
	v.states = []choice{{value: "", text: r.p.T("common.all")}}
	for _, s := range []string{"filled", "vacant", "unknown"} {
		v.states = append(v.states, choice{value: s, text: r.p.T("register." + s)})
	}
	title := "register.seats_title"
	if v.agents {
		title = "register.agents_title"
	}
	f := org.SeatFilter{Body: o.ID, State: v.state, Role: org.RoleID(v.role), Agents: v.agents}
	v.seats, v.list, err = open(r, roll[org.Seat]{name: "seats", sorts: org.SeatSorts(o, f),
		read: func(tx *db.Tx, by access.Actor, p db.Page) ([]org.Seat, string, error) {
			return org.Seats(tx, by, f, p)
		},
		cols: []col{{"lists.col.body", 6}, {"word.post", 4}, {"common.place", 5}, {"common.name", 5}, {"common.status", 3}, {"common.since", 3}},
		cells: func(s org.Seat) paper.Row {
			return paper.Row{r.p.Name(s.OrgHi, s.OrgEn), r.p.Name(s.RoleHi, s.RoleEn), areaName(r.p, s.AreaHi, s.AreaEn, s.AreaNumber),
				r.p.Name(s.PersonHi, s.PersonEn), seatWord(r.p, s.State), dayCell(s.Since)}
		}}, chosen(v.states, v.state), chosen(v.roles, v.role))
	if err != nil {
		return answer{}, err
	}
	pg := page{title: r.p.T(title), where: r.p.Name(o.NameHi, o.NameEn) + " · " + r.p.T("common.as_on", "day", lang.Day(r.today)), list: v.list, body: seatsBody(v)}
	pg.crumbs, err = orgCrumbs(r, o, true)
	return answer{page: pg}, err
}

// roleChoices offers all posts and each role.
func roleChoices(p lang.Printer, roles []org.Kind) []choice {
	all := []choice{{value: "", text: p.T("register.all_roles")}}
	for _, k := range roles {
		all = append(all, choice{value: k.ID, text: p.Name(k.NameHi, k.NameEn)})
	}
	return all
}

type seatsView struct {
	p             lang.Printer
	r             *request
	form          form
	path          string
	state, role   string
	agents        bool
	seats         []org.Seat
	roles, states []choice
	list          *list
}
