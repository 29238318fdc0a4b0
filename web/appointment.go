package web

import (
	"database/sql"
	"path"
	"slices"

	"sangathan/access"
	"sangathan/appointment"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/internal/paper"
	"sangathan/org"
)

// seatName tells a seat: post, and place where it is not the body's own.
func seatName(p lang.Printer, s org.Seat, o org.Organization) string {
	name := p.Name(s.RoleHi, s.RoleEn)
	if s.Area != o.Area {
		name += ", " + areaName(p, s.AreaHi, s.AreaEn, s.AreaNumber)
	}
	return name
}

// seatWord tells how a seat stands.
func seatWord(p lang.Printer, state string) string {
	if state == "unknown" {
		state = "not_known"
	}
	return heading(p, state)
}

func proposalState(p lang.Printer, state_ string) state {
	mark := "claimed"
	switch state_ {
	case "approved":
		mark = "confirmed"
	case "refused", "withdrawn":
		mark = "vacant"
	}
	return state{mark, p.T("appointment.state." + state_)}
}

// seatPage is one seat: who holds it, who held it, who is proposed.
func seatPage(r *request) (answer, error) {
	s, o, err := org.GetSeat(r.tx, r.by, org.SeatID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	v := seatView{p: r.p, seat: s}
	if v.held, err = heldBy(r.tx, s.ID); err != nil {
		return answer{}, err
	}
	if v.proposals, _, err = appointment.List(r.tx, r.by, appointment.Filter{Seat: s.ID}, db.First(20)); err != nil {
		return answer{}, err
	}
	pg := page{title: seatName(r.p, s, o), body: seatBody(v),
		where: r.p.Name(o.NameHi, o.NameEn) + " · " + r.p.T("common.as_on", "day", lang.Day(r.today))}
	if pg.crumbs, err = orgCrumbs(r, o, true); err != nil {
		return answer{}, err
	}
	if r.by.May(access.Propose, o.Target("")) {
		pg.next = &link{r.p.T("appoint.propose"), "/seat/" + string(s.ID) + "/propose"}
		if s.State == "filled" {
			pg.next.text = r.p.T("appoint.propose_charge")
		}
	}
	return show(pg)
}

type seatView struct {
	p         lang.Printer
	seat      org.Seat
	held      []holding
	proposals []appointment.Proposal
}

// holding is a time in which somebody held a seat.
type holding struct {
	person        org.PersonID
	name          lang.Name
	from, to      string
	ending        string
	begins, ended org.OrderID
}

// heldBy lists who held a seat, the newest first, appointments that were revoked left out.
func heldBy(tx *db.Tx, seat org.SeatID) ([]holding, error) {
	return db.Select(tx, `select p.id, p.name_hi, p.name_en, m.from_day, m.to_day, m.end_reason, m.begin_order, m.end_order
		from membership m join person p on p.id = m.person_id where m.seat_id = $1 and m.end_reason <> 'appointment_revoked'
		order by m.from_day desc, m.id desc limit 50`, []any{seat}, func(s db.Scanner) (h holding, err error) {
		var to, begins, ended sql.NullString
		err = s.Scan(&h.person, &h.name.Hi, &h.name.En, &h.from, &to, &h.ending, &begins, &ended)
		h.to, h.begins, h.ended = to.String, org.OrderID(begins.String), org.OrderID(ended.String)
		return h, err
	})
}

// proposePage proposes somebody for a seat, in two steps: who (found in the
// register, or new), then with what charge and why.
func proposePage(r *request) (answer, error) {
	s, o, err := org.GetSeat(r.tx, r.by, org.SeatID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	charge := "regular"
	if s.State == "filled" {
		charge = "additional"
	}
	v := proposeView{p: r.p, seat: s, path: r.URL.Path, q: r.query("q"), form: r.newForm("charge", charge, "person", r.query("person"), "new", r.query("new"))}
	v.fresh = v.form.value("new") != ""
	if id := org.PersonID(v.form.value("person")); id != "" && !v.fresh {
		person, err := org.GetPerson(r.tx, r.by, id)
		if err != nil {
			return answer{}, err
		}
		v.person, v.name = id, lang.Name{Hi: person.NameHi, En: person.NameEn}
		if v.record, err = org.Record(r.tx, r.by, id, r.today); err != nil {
			return answer{}, err
		}
	}
	if v.person == "" && !v.fresh && v.q != "" {
		if v.found, _, err = org.FindPeople(r.tx, r.by, v.q, db.First(30)); err != nil {
			return answer{}, err
		}
	}
	charges := []string{"regular", "acting", "additional"}
	if s.State == "filled" {
		charges = charges[1:]
	}
	for _, c := range charges {
		v.charges = append(v.charges, choice{value: c, text: r.p.T("appoint.charge." + c), hint: r.p.T("appoint.charge." + c + "_hint")})
	}
	for _, g := range []string{"f", "m", "o"} {
		v.genders = append(v.genders, choice{value: g, text: r.p.T("appoint.gender." + g)})
	}
	pg := page{title: r.p.T("appoint.propose"), where: seatName(r.p, s, o) + " · " + r.p.Name(o.NameHi, o.NameEn), body: proposeBody(v),
		crumbs: []link{{seatName(r.p, s, o), "/seat/" + string(s.ID)}}}
	switch {
	case v.fresh:
		pg.lead = r.p.T("appoint.new_lead")
	case v.person == "":
		pg.lead = r.p.T("appoint.who_lead")
	}
	return show(pg)
}

type proposeView struct {
	p       lang.Printer
	form    form
	path    string
	seat    org.Seat
	q       string
	found   []org.PersonLine
	person  org.PersonID
	name    lang.Name
	record  []org.Membership
	fresh   bool // someone not yet in the register
	charges []choice
	genders []choice
}

func propose(r *request) (answer, error) {
	in := appointment.Proposal{Seat: org.SeatID(r.PathValue("id")), Charge: r.typed("charge"), Reason: r.typed("reason")}
	if r.typed("new") != "" {
		var f fault.Form
		year := r.number("birth_year", &f)
		if err := f.Err(); err != nil {
			return answer{}, err
		}
		in.NewPerson = &org.NewPerson{NameHi: r.typed("name"), NameEn: r.typed("name_en"), Gender: r.typed("gender"), BirthYear: year, Phone: r.typed("phone")}
	} else {
		in.Person = org.PersonID(r.typed("person"))
	}
	id, err := appointment.Propose(r.tx, r.by, in)
	return goTo("/proposal/"+id, "appoint.proposed"), err
}

// proposalsPage lists proposals, those that wait first.
func proposalsPage(r *request) (answer, error) {
	f := appointment.Filter{Unit: org.OrganizationID(r.query("unit")), State: r.query("state")}
	if !slices.Contains(appointment.States, f.State) {
		f.State = ""
	}
	v := proposalsView{p: r.p, form: r.newForm("unit", string(f.Unit), "state", f.State)}
	var err error
	if v.units, err = unitChoices(r); err != nil {
		return answer{}, err
	}
	v.states = []choice{{text: r.p.T("common.all")}}
	for _, s := range appointment.States {
		v.states = append(v.states, choice{value: s, text: r.p.T("appointment.state." + s)})
	}
	v.proposals, v.list, err = open(r, roll[appointment.Proposal]{name: "proposals", sorts: []string{"waiting", "new", "old"},
		read: func(tx *db.Tx, by access.Actor, p db.Page) ([]appointment.Proposal, string, error) {
			return appointment.List(tx, by, f, p)
		},
		cols: []col{{"common.name", 5}, {"word.post", 4}, {"lists.col.body", 6}, {"common.place", 4}, {"common.status", 3}, {"lists.col.proposed", 4}, {"common.by", 4}, {"lists.col.decided", 4}},
		cells: func(d appointment.Proposal) paper.Row {
			return paper.Row{r.p.Name(d.PersonHi, d.PersonEn), r.p.Name(d.RoleHi, d.RoleEn), r.p.Name(d.OrgHi, d.OrgEn), r.p.Name(d.AreaHi, d.AreaEn),
				proposalState(r.p, d.State).text, r.instant(d.ProposedAt), r.p.Name(d.ProposerHi, d.ProposerEn), r.instant(d.DecidedAt)}
		}}, chosen(v.units, string(f.Unit)), chosen(v.states, f.State))
	return answer{page: page{title: r.p.T("appoint.title"), where: r.p.T("common.as_on", "day", lang.Day(r.today)), lead: r.p.T("appoint.lead"), list: v.list, body: proposalsBody(v),
		next: &link{r.p.T("register.see_vacancies"), "/vacancies"}}}, err
}

type proposalsView struct {
	p             lang.Printer
	form          form
	units, states []choice
	proposals     []appointment.Proposal
	list          *list
}

// What may be done with a proposal, by the last part of the address.
const (
	doApprove  = "approve"
	doRefuse   = "refuse"
	doWithdraw = "withdraw"
)

func proposalPage(r *request) (answer, error) {
	d, err := appointment.Get(r.tx, r.by, r.PathValue("id"))
	if err != nil {
		return answer{}, err
	}
	o, err := org.Lookup(r.tx, d.Organization)
	if err != nil {
		return answer{}, err
	}
	v := proposalView{p: r.p, d: d, today: r.today, proposed: r.tx.Time(d.ProposedAt).Format("2006-01-02")}
	if d.DecidedAt != 0 {
		v.decided = r.tx.Time(d.DecidedAt).Format("2006-01-02")
	}
	if v.order, err = orderNumber(r, d.Order); err != nil {
		return answer{}, err
	}
	if v.seatSeen = r.by.Sees(o.Target("")); v.seatSeen {
		if v.others, _, err = appointment.List(r.tx, r.by, appointment.Filter{Seat: d.Seat, State: "open"}, db.First(20)); err != nil {
			return answer{}, err
		}
		v.others = slices.DeleteFunc(v.others, func(x appointment.Proposal) bool { return x.ID == d.ID })
	}
	if v.record, err = org.Record(r.tx, r.by, d.Person, r.today); fault.Is(err, fault.NotFound) { // new in the register
		err = nil
	} else {
		v.personSeen = err == nil
	}
	if err != nil {
		return answer{}, err
	}
	if d.State == "open" {
		if party := r.by.Person == string(d.Person) || r.by.Person == string(d.ProposedBy); !party && r.by.May(access.Approve, o.Target("")) {
			v.acts = []string{doApprove, doRefuse}
		}
		if string(d.ProposedBy) == r.by.Person {
			v.acts = append(v.acts, doWithdraw)
		}
	}
	asked := r.query("do")
	if r.fault != nil {
		asked = path.Base(r.URL.Path)
	}
	if len(v.acts) > 0 {
		v.do = v.acts[0]
	}
	if slices.Contains(v.acts, asked) {
		v.do = asked
	}
	v.form = r.newForm("day", r.today)
	return show(page{title: r.p.Name(d.PersonHi, d.PersonEn), body: proposalBody(v),
		where:  r.p.T("appoint.for_post", "post", lang.Name{Hi: d.RoleHi, En: d.RoleEn}, "org", lang.Name{Hi: d.OrgHi, En: d.OrgEn}),
		crumbs: []link{{r.p.T("appoint.title"), "/proposals"}}})
}

type proposalView struct {
	p                    lang.Printer
	form                 form
	d                    appointment.Proposal
	today                string
	proposed, decided    string
	order                string
	acts                 []string
	do                   string
	others               []appointment.Proposal // open, for the same seat
	record               []org.Membership       // what the person holds now
	personSeen, seatSeen bool
}

func approveProposal(r *request) (answer, error) {
	id := r.PathValue("id")
	order, err := appointment.Approve(r.tx, r.by, id, r.day("day"), r.typed("reason"), r.copies()...)
	if err != nil {
		return answer{}, err
	}
	number, err := orderNumber(r, order)
	return goTo("/proposal/"+id, "appoint.approved", "no", number), err
}

func refuseProposal(r *request) (answer, error) {
	return goTo("/proposal/"+r.PathValue("id"), "appoint.refused"), appointment.Refuse(r.tx, r.by, r.PathValue("id"), r.typed("reason"))
}

func withdrawProposal(r *request) (answer, error) {
	return goTo("/proposal/"+r.PathValue("id"), "appoint.withdrawn"), appointment.Withdraw(r.tx, r.by, r.PathValue("id"))
}

// proposalHome: proposals that wait for one's approval.
func proposalHome(r *request) ([]homeItem, error) {
	if !r.by.MayAnywhere(access.Approve) {
		return nil, nil
	}
	open, _, err := appointment.List(r.tx, r.by, appointment.Filter{State: "open"}, db.First(500))
	n := 0
	for _, d := range open {
		o, err := org.Lookup(r.tx, d.Organization)
		if err != nil {
			return nil, err
		}
		if r.by.Person != string(d.Person) && r.by.Person != string(d.ProposedBy) && r.by.May(access.Approve, o.Target("")) {
			n++
		}
	}
	if err != nil || n == 0 {
		return nil, err
	}
	return []homeItem{{n: n, text: r.p.T("appoint.home"), to: "/proposals?state=open"}}, nil
}
