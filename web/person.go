package web

import (
	"slices"

	"sangathan/access"
	"sangathan/activity"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/internal/paper"
	"sangathan/org"

	"github.com/a-h/templ"
	"rsc.io/qr"
)

// personSlots add what other capabilities know of a person to their page, each a
// section; nil for nothing.
var personSlots = []func(*request, org.Person) (templ.Component, error){casesOfPerson}

func personPage(r *request) (answer, error) {
	id := org.PersonID(r.PathValue("id"))
	person, err := org.GetPerson(r.tx, r.by, id)
	if err != nil {
		return answer{}, err
	}
	target, err := org.PersonTarget(r.tx, r.by, id)
	if err != nil {
		return answer{}, err
	}
	v := personView{p: r.p, r: r, person: person, own: string(id) == r.by.Person}
	v.seesPhones = v.own || r.by.May(access.SeeContact, target)
	v.maySlip = r.by.May(access.GiveSlip, target) && !v.own
	if v.maySlip {
		if v.second, err = access.HasSecond(r.tx, string(id)); err != nil {
			return answer{}, err
		}
	}
	v.day, v.past = r.on()
	day := ""
	if v.past {
		day = v.day
	}
	record, err := org.Record(r.tx, r.by, id, day)
	if err != nil {
		return answer{}, err
	}
	for _, m := range record {
		line := postLine{Membership: m}
		o, err := org.Lookup(r.tx, m.Organization)
		if err != nil {
			return answer{}, err
		}
		t := o.Target(id)
		line.seen = r.by.Sees(o.Target(""))
		sees := v.own || r.by.May(access.SeeRegister, t)
		if sees { // why somebody was away is not for all who know the name
			if line.leaves, err = org.Leaves(r.tx, m.ID); err != nil {
				return answer{}, err
			}
		}
		if m.Running() && !v.past {
			line.mayLeave = !v.own && r.by.May(access.RecordLeave, t)
			line.mayEnd = v.own || r.by.May(access.RecordEnd, t)
			line.mayReport = v.own || r.by.May(access.ReportFor, t)
			if sees {
				if line.months, err = activity.MonthCounts(r.tx, r.by, m.ID); err != nil {
					return answer{}, err
				}
			}
			if line.duties, err = activity.Duties(r.tx, m.Role); err != nil {
				return answer{}, err
			}
		}
		if m.Running() || v.past {
			v.running = append(v.running, line)
		} else {
			v.ended = append(v.ended, line)
		}
	}
	if !v.past {
		if v.entries, _, err = activity.List(r.tx, r.by, activity.Filter{Person: id}, db.First(5)); err != nil {
			return answer{}, err
		}
		if v.orders, _, err = org.Orders(r.tx, r.by, org.OrderFilter{Person: id}, db.First(20)); err != nil {
			return answer{}, err
		}
		for _, slot := range personSlots {
			c, err := slot(r, person)
			if err != nil {
				return answer{}, err
			}
			if c != nil {
				v.slots = append(v.slots, c)
			}
		}
	}
	pg := page{title: r.p.Name(person.NameHi, person.NameEn), body: personBody(v)}
	pg.where = r.p.T("common.as_on", "day", lang.Day(v.day))
	if len(v.running) > 0 {
		m := v.running[0]
		pg.where = r.p.Name(m.RoleHi, m.RoleEn) + ", " + r.p.Name(m.OrgHi, m.OrgEn) + " · " + pg.where
		if o, err := org.Lookup(r.tx, m.Organization); err == nil && m.seen {
			if pg.crumbs, err = orgCrumbs(r, o, true); err != nil {
				return answer{}, err
			}
		}
		if m.mayReport && !v.past {
			pg.next, pg.nextIcon = &link{r.p.T("ledger.report_for_them"), "/activity/new?for=" + string(m.ID)}, "send"
			if v.own {
				pg.next = &link{r.p.T("ledger.new_title"), "/activity/new"}
			}
		}
	}
	return show(pg)
}

type personView struct {
	p              lang.Printer
	r              *request
	person         org.Person
	own            bool
	seesPhones     bool
	maySlip        bool
	second         bool // signs in with the second step
	day            string
	past           bool
	running, ended []postLine
	entries        []activity.Entry
	orders         []org.Order
	slots          []templ.Component
}

// postLine is a post held, with what belongs to it.
type postLine struct {
	org.Membership
	seen                        bool // the body's page may be opened
	leaves                      []org.Leave
	months                      []activity.MonthCount
	duties                      []activity.Duty
	mayLeave, mayEnd, mayReport bool
}

// leavePage asks for leave to be put on record.
func leavePage(r *request) (answer, error) {
	m, err := org.LookupMembership(r.tx, org.MembershipID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	if string(m.Person) == r.by.Person {
		return answer{}, fault.New(fault.Forbidden, "org.not_for_oneself")
	}
	f := r.newForm("from_day", r.today)
	return show(page{title: r.p.T("register.leave_title"), where: postOf(r.p, m), crumbs: personCrumbs(r.p, m),
		lead: r.p.T("register.leave_lead"), body: leaveBody(r.p, f, r.URL.Path)})
}

// postOf tells a post and its body.
func postOf(p lang.Printer, m org.Membership) string {
	return p.Name(m.PersonHi, m.PersonEn) + " · " + p.Name(m.RoleHi, m.RoleEn) + ", " + p.Name(m.OrgHi, m.OrgEn)
}

func personCrumbs(p lang.Printer, m org.Membership) []link {
	return []link{{p.Name(m.PersonHi, m.PersonEn), "/person/" + string(m.Person)}}
}

func leaveRecord(r *request) (answer, error) {
	m, err := org.LookupMembership(r.tx, org.MembershipID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	_, err = org.RecordLeave(r.tx, r.by, org.Leave{Membership: m.ID, FromDay: r.day("from_day"), ToDay: r.day("to_day"), Reason: r.typed("reason")})
	return goTo("/person/"+string(m.Person), "register.leave_done", "name", lang.Name{Hi: m.PersonHi, En: m.PersonEn}), err
}

// endPage asks how a post ended: a fact to be put on record, or one's own resignation.
func endPage(r *request) (answer, error) {
	m, err := org.LookupMembership(r.tx, org.MembershipID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	v := endView{p: r.p, form: r.newForm("day", r.today), path: r.URL.Path, own: string(m.Person) == r.by.Person}
	o, err := org.Lookup(r.tx, m.Organization)
	if err != nil {
		return answer{}, err
	}
	title := "register.end_title"
	if v.own {
		title = "register.resign_title"
		v.form = r.newForm("day", r.today, "reason", "resigned")
	} else if err := r.by.Check(access.RecordEnd, o.Target(m.Person)); err != nil {
		return answer{}, err
	}
	for _, reason := range org.EndReasons {
		if reason == "resigned" || !v.own {
			v.reasons = append(v.reasons, choice{value: reason, text: r.p.T("org.end." + reason)})
		}
	}
	if !m.Running() {
		return answer{}, fault.New(fault.Conflict, "org.already_ended")
	}
	return show(page{title: r.p.T(title), where: postOf(r.p, m), crumbs: personCrumbs(r.p, m), lead: r.p.T("register.end_lead"), body: endBody(v)})
}

type endView struct {
	p       lang.Printer
	form    form
	path    string
	own     bool
	reasons []choice
}

func endRecord(r *request) (answer, error) {
	m, err := org.LookupMembership(r.tx, org.MembershipID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	reason := r.typed("reason")
	if reason == "" {
		return answer{}, fault.In("reason", "fault.required_choice")
	}
	if !slices.Contains(org.EndReasons, reason) {
		return answer{}, fault.In("reason", "fault.unknown_choice")
	}
	id, err := org.RecordEnd(r.tx, r.by, m.ID, reason, r.day("day"), r.typed("note"))
	return goTo("/order/"+string(id), "register.end_done", "name", lang.Name{Hi: m.PersonHi, En: m.PersonEn}), err
}

// slipMake makes an activation slip and shows it, once, ready to print. It has no
// address of its own: the token is kept nowhere.
func slipMake(r *request) (answer, error) {
	id := org.PersonID(r.PathValue("id"))
	t, err := org.PersonTarget(r.tx, r.by, id)
	if err != nil {
		return answer{}, err
	}
	return r.slip(id, t)
}

// slip makes a slip and shows it.
func (r *request) slip(id org.PersonID, t access.Target) (answer, error) {
	token, err := access.MakeSlip(r.tx, r.by, string(id), t)
	if err != nil {
		return answer{}, err
	}
	person, err := org.LookupPerson(r.tx, id)
	if err != nil {
		return answer{}, err
	}
	v := slipView{p: r.p, person: person, address: r.absolute("/slip/" + token), until: r.tx.Now.Add(access.SlipLife).Format("2006-01-02")}
	if v.code, err = newQR(v.address, r.p.T("register.slip_qr")); err != nil {
		return answer{}, err
	}
	return show(page{title: r.p.T("register.slip_title"), crumbs: []link{{r.p.Name(person.NameHi, person.NameEn), "/person/" + string(id)}},
		letter: true, body: slipBody(v)})
}

type slipView struct {
	p       lang.Printer
	person  org.Person
	address string
	until   string
	code    qrCode
}

// qrCode is a QR code to be shown.
type qrCode struct {
	label, dots string
	size        int
}

func newQR(text, label string) (qrCode, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return qrCode{}, err
	}
	return qrCode{label, qrPath(code), code.Size + 8}, nil
}

// absolute gives the address of a path for use outside the browser.
func (r *request) absolute(path string) string {
	scheme := "http://"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https://"
	}
	return scheme + r.Host + path
}

// qrPath draws a QR code as one path of runs, with the quiet zone of four that the
// standard (ISO/IEC 18004) asks for.
func qrPath(code *qr.Code) string {
	var b []byte
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			if !code.Black(x, y) {
				continue
			}
			n := 1
			for x+n < code.Size && code.Black(x+n, y) {
				n++
			}
			b = append(b, "M"+itoa(x+4)+" "+itoa(y+4)+"h"+itoa(n)+"v1h-"+itoa(n)+"z"...)
			x += n
		}
	}
	return string(b)
}

func peoplePage(r *request) (answer, error) {
	v := peopleView{p: r.p, r: r, q: r.query("q")}
	var err error
	v.found, v.list, err = open(r, roll[org.PersonLine]{name: "people",
		read: func(tx *db.Tx, by access.Actor, p db.Page) ([]org.PersonLine, string, error) {
			return org.FindPeople(tx, by, v.q, p)
		},
		cols: []col{{"common.name", 5}, {"word.post", 4}, {"lists.col.body", 6}},
		cells: func(l org.PersonLine) paper.Row {
			return paper.Row{r.p.Name(l.NameHi, l.NameEn), r.p.Name(l.RoleHi, l.RoleEn), r.p.Name(l.OrgHi, l.OrgEn)}
		}}, v.q)
	return answer{page: page{title: r.p.T("register.people_title"), lead: r.p.T("register.people_lead"), list: v.list, body: peopleBody(v)}}, err
}

type peopleView struct {
	p     lang.Printer
	r     *request
	q     string
	found []org.PersonLine
	list  *list
}

func vacanciesPage(r *request) (answer, error) {
	unit, role := org.OrganizationID(r.query("unit")), org.RoleID(r.query("role"))
	v := vacanciesView{p: r.p, r: r, form: r.newForm("unit", string(unit), "role", string(role))}
	var err error
	if v.units, err = unitChoices(r); err != nil {
		return answer{}, err
	}
	roles, err := org.Roles(r.tx)
	if err != nil {
		return answer{}, err
	}
	v.roles = roleChoices(r.p, roles)
	v.seats, v.list, err = open(r, roll[org.Seat]{name: "vacancies", sorts: []string{"rank", "since"},
		read: func(tx *db.Tx, by access.Actor, p db.Page) ([]org.Seat, string, error) {
			return org.Vacancies(tx, by, unit, role, p)
		},
		cols: []col{{"word.post", 4}, {"lists.col.body", 6}, {"common.place", 5}, {"common.since", 3}},
		cells: func(s org.Seat) paper.Row {
			return paper.Row{r.p.Name(s.RoleHi, s.RoleEn), r.p.Name(s.OrgHi, s.OrgEn), areaName(r.p, s.AreaHi, s.AreaEn, s.AreaNumber), dayCell(s.Since)}
		}}, chosen(v.units, string(unit)), chosen(v.roles, string(role)))
	return answer{page: page{title: r.p.T("register.vacancies_title"), where: r.whereNow(),
		lead: r.p.T("register.vacancies_lead"), list: v.list, body: vacanciesBody(v)}}, err
}

// unitChoices offers every district-level body that the actor sees.
func unitChoices(r *request) ([]choice, error) {
	units, err := org.Units(r.tx, r.by)
	all := []choice{{value: "", text: r.p.T("register.all_units")}}
	for _, u := range units {
		all = append(all, choice{value: string(u.ID), text: r.p.Name(u.NameHi, u.NameEn)})
	}
	return all, err
}

type vacanciesView struct {
	p            lang.Printer
	r            *request
	form         form
	seats        []org.Seat
	units, roles []choice
	list         *list
}
