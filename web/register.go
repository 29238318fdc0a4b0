package web

import (
	"slices"
	"strconv"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/lang"
	"sangathan/internal/paper"
	"sangathan/org"
	"sangathan/tally"

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
	if v.table != nil {
		if err := v.table.show(r, columnsOf(true, v.dash != nil && v.dash.lists)); err != nil {
			return answer{}, err
		}
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
	case v.dash != nil && v.dash.now[tally.PostVacant] > 0:
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
	whole         bool     // posts and agents are of everything below too
	figures       []figure // of a past day, or of one who does not see all below
	meters        []meter
	dash          *dashboard // today's, of all below too
	table         *childTable
	behind, ahead []child // of the table, in reports
	below         []bodyRow
	orders        []org.Order
	slots         []templ.Component
}

// count makes the figures: the dashboard of the body and all below it today; of the
// body alone on a past day, and for one who does not see what is below.
func (v *orgView) count(r *request) (err error) {
	if v.whole = !v.past && r.by.MayWithin(access.SeeRegister, v.o.Target("")); v.whole {
		v.dash, err = ofBody(r, v.o)
		return err
	}
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
	v.figures = []figure{
		{n: v.posts.Filled, label: r.p.T("register.filled"), to: "#seats", mark: "filled"},
		{n: v.posts.Vacant, label: r.p.T("register.vacant"), to: "#seats", mark: "vacant"},
		{n: v.posts.Unknown, label: r.p.T("register.unknown"), to: "#seats", mark: "unknown"},
	}
	if v.agents.Total() > 0 {
		v.meters = append(v.meters, meter{r.p.T("register.agents"), v.agents.Filled, v.agents.Total(), r.p.Word("booth_many"), "#seats"})
	}
	return nil
}

func seatsLink(id org.OrganizationID, state string, agents bool) string {
	to := "/org/" + string(id) + "/seats?state=" + state
	if agents {
		to += "&of=agents"
	}
	return to
}

// manySeats is past how many seats a body's page folds them by role.
const manySeats = 40

// seatGroup are the seats of a role in a body.
type seatGroup struct {
	name   string
	seats  []org.Seat
	filled int
}

// byRole gathers the body's seats by role, in the order of rank in which they come.
func (v orgView) byRole() (groups []seatGroup) {
	for _, s := range v.seats {
		name := v.p.Name(s.RoleHi, s.RoleEn)
		i := slices.IndexFunc(groups, func(g seatGroup) bool { return g.name == name })
		if i < 0 {
			i, groups = len(groups), append(groups, seatGroup{name: name})
		}
		g := &groups[i]
		if g.seats = append(g.seats, s); s.State == "filled" {
			g.filled++
		}
	}
	return groups
}

// column is a column by which a table can be sorted.
type column struct {
	key, text, sorted, to string // sorted: "", ascending, descending
}

// bodyRow is a body under another, with its figures.
type bodyRow struct {
	o             org.Organization
	posts, agents org.Count
	known         bool
}

// bodies reads what stands below: of the state its units, else the bodies directly
// under it with the cells of a district, as a table of figures; and as cards what is not
// in the table.
func (v *orgView) bodies(r *request) error {
	under, err := org.Suborganizations(r.tx, r.by, v.o.ID)
	if err != nil {
		return err
	}
	table, title, counted := under, r.p.T("register.below"), ""
	switch {
	case v.root:
		if table, err = org.Units(r.tx, r.by); err != nil {
			return err
		}
		title, counted = "", "register.units"
		under = slices.DeleteFunc(under, func(o org.Organization) bool { return o.Unit == o.ID })
	case v.o.Unit == v.o.ID:
		cells, err := org.CellBodies(r.tx, r.by, v.o)
		if err != nil {
			return err
		}
		table, under = append(table, cells...), nil
	default:
		under = nil
	}
	if v.past { // the figures are today's
		under, table = append(table, under...), nil
	}
	for _, o := range under {
		b := bodyRow{o: o}
		if !v.past && r.by.May(access.SeeRegister, o.Target("")) {
			if b.posts, b.agents, err = r.countSeats(o.ID); err != nil {
				return err
			}
			b.known = true
		}
		v.below = append(v.below, b)
	}
	if len(table) == 0 {
		return nil
	}
	v.table = bodiesTable(r, title, table)
	v.table.counted = counted
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
	if !slices.Contains(seatStates, v.state) {
		v.state = ""
	}
	roles, err := org.Roles(r.tx)
	if err != nil {
		return answer{}, err
	}
	v.form = r.newForm("state", v.state, "role", v.role)
	v.roles = roleChoices(r.p, roles)
	v.states = r.orEach(seatStates, func(s string) string { return r.p.T("register." + s) })
	title := "register.seats_title"
	if v.agents {
		title = "register.agents_title"
	}
	f := org.SeatFilter{Body: o.ID, State: v.state, Role: org.RoleID(v.role), Agents: v.agents}
	v.seats, v.list, err = open(r, seatsRoll(r.p, org.SeatSorts(o, f), func(tx *db.Tx, by access.Actor, p db.Page) ([]org.Seat, string, error) {
		return org.Seats(tx, by, f, p)
	}), chosen(v.states, v.state), chosen(v.roles, v.role))
	if err != nil {
		return answer{}, err
	}
	pg := page{title: r.p.T(title), where: r.p.Name(o.NameHi, o.NameEn) + " · " + r.p.T("common.as_on", "day", lang.Day(r.today)), list: v.list, body: seatsBody(v)}
	pg.crumbs, err = orgCrumbs(r, o, true)
	return answer{page: pg}, err
}

// seatStates are what a seat can be.
var seatStates = []string{"filled", "vacant", "unknown"}

// seatsRoll is a list of seats.
func seatsRoll(p lang.Printer, sorts []string, read reading[org.Seat]) roll[org.Seat] {
	return roll[org.Seat]{name: "seats", sorts: sorts, read: read,
		cols: []col{{"lists.col.body", 6}, {"word.post", 4}, {"common.place", 5}, {"common.name", 5}, {"common.status", 3}, {"common.since", 3}},
		cells: func(s org.Seat) paper.Row {
			return paper.Row{p.Name(s.OrgHi, s.OrgEn), p.Name(s.RoleHi, s.RoleEn), areaName(p, s.AreaHi, s.AreaEn, s.AreaNumber),
				p.Name(s.PersonHi, s.PersonEn), seatWord(p, s.State), dayCell(s.Since)}
		}}
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
