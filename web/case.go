package web

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/internal/paper"
	"sangathan/letter"
	"sangathan/org"
	"sangathan/review"

	"github.com/a-h/templ"
)

// linesOf cuts a text that someone typed into its lines, empty ones left out.
func linesOf(text string) (lines []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// caseState tells in word and shape what a case waits for.
func caseState(p lang.Printer, step string) state {
	mark := "claimed"
	switch step {
	case review.StepClosed, review.StepEnded:
		mark = "confirmed"
	case review.StepDecided:
		mark = "filled"
	}
	return state{mark, p.T("cases.at." + step)}
}

// casesPage lists the cases that the actor may read: all of their reach, or their own.
func casesPage(r *request) (answer, error) {
	f := review.CaseFilter{Unit: org.OrganizationID(r.query("unit")), Step: r.query("step"), Review: r.query("list"), Person: org.PersonID(r.query("person")),
		Decider: org.PersonID(r.query("decider")), Decision: r.query("decision"), WithoutNotice: r.query("at_once"), AppealResult: r.query("result")}
	if !slices.Contains(review.Steps, f.Step) {
		f.Step = ""
	}
	if r.query("waiting") == "yes" {
		f.Waiting = waitsFor(f.Step)
	}
	v := casesView{p: r.p, r: r, today: r.today, step: f.Step, form: r.newForm("unit", string(f.Unit), "step", f.Step)}
	handles := false
	for _, act := range []access.Act{access.Recommend, access.RecordTalk, access.DraftList, access.Decide} {
		handles = handles || r.by.MayAnywhere(act)
	}
	if !handles {
		f.Person, f.Unit = org.PersonID(r.by.Person), ""
	}
	v.own = string(f.Person) == r.by.Person
	var err error
	all := f
	all.Step, all.Waiting = "", ""
	counts, err := review.CountCases(r.tx, r.by, all)
	if err != nil {
		return answer{}, err
	}
	for _, step := range review.Steps {
		v.total += counts[step]
		if counts[step] > 0 {
			v.steps = append(v.steps, stepFigure(r.p, step, counts[step], r.with("step", step, "after", "")))
		}
	}
	if handles {
		if v.units, err = unitChoices(r); err != nil {
			return answer{}, err
		}
	}
	pg := page{title: r.p.T("cases.title"), where: r.p.T("common.as_on", "day", lang.Day(r.today)), lead: r.p.T("cases.lead")}
	if v.own {
		pg.title, pg.lead = r.p.T("cases.own.title"), ""
	}
	from := ""
	if f.Review != "" {
		l, err := review.Get(r.tx, r.by, f.Review)
		if err != nil {
			return answer{}, err
		}
		from = r.p.T("cases.from_list", "unit", lang.Name{Hi: l.UnitHi, En: l.UnitEn}, "window", windowOf(r.p, l))
		pg.crumbs = []link{{r.p.T("reviews.title"), "/reviews"}, {r.p.Name(l.UnitHi, l.UnitEn), "/review/" + l.ID}}
		pg.lead = from
	}
	step := ""
	if f.Step != "" {
		step = r.p.T("cases.at." + f.Step)
	}
	v.cases, v.list, err = open(r, casesRoll(r, f), chosen(v.units, string(f.Unit)), from, step)
	pg.list, pg.body = v.list, casesBody(v)
	return answer{page: pg}, err
}

// casesRoll is the list of the cases that f chooses.
func casesRoll(r *request, f review.CaseFilter) roll[review.Case] {
	return roll[review.Case]{name: "cases", sorts: []string{"old", "new"},
		letter: func(c review.Case) letterOf {
			if c.NoticeNumber == "" {
				return letterOf{}
			}
			return noticeLetter(c.ID)
		},
		read: func(tx *db.Tx, by access.Actor, p db.Page) ([]review.Case, string, error) {
			return review.Cases(tx, by, f, p)
		},
		cols: []col{{"lists.col.number", 3}, {"common.name", 5}, {"word.post", 4}, {"lists.col.body", 5}, {"word.unit", 5}, {"common.status", 4}, {"lists.col.opened", 3}, {"lists.col.reply_by", 3}, {"word.decision", 3}, {"lists.col.appeal_by", 3}},
		cells: func(c review.Case) paper.Row {
			decision := ""
			if c.Decision != "" {
				decision = r.p.T("cases.verdict." + c.Decision)
			}
			return paper.Row{c.Number, r.p.Name(c.PersonHi, c.PersonEn), r.p.Name(c.RoleHi, c.RoleEn), r.p.Name(c.OrgHi, c.OrgEn), r.p.Name(c.UnitHi, c.UnitEn),
				caseState(r.p, c.Step).text, r.instant(c.OpenedAt), dayCell(c.ReplyBy), decision, dayCell(c.AppealBy)}
		}}
}

// stepFigure is the number of cases at a step.
func stepFigure(p lang.Printer, step string, n int, to string) figure {
	st := caseState(p, step)
	return figure{n: n, label: st.text, mark: st.mark, to: to}
}

type casesView struct {
	p     lang.Printer
	r     *request
	list  *list
	form  form
	today string
	step  string
	own   bool
	total int
	steps []figure
	units []choice
	cases []review.Case
}

// What may be done in a case, by the last part of the address it is posted to.
const (
	doTalk      = "talk"
	doNotice    = "notice"
	doServe     = "serve"
	doReply     = "reply"
	doReplyFor  = "reply-for"
	doRecommend = "recommend"
	doDecide    = "decide"
	doAppeal    = "appeal"
	doAppealFor = "appeal-for"
	doHear      = "hear"
	doSettle    = "settle"
	doOpen      = "open"
)

// caseActs lists what by may do in a case now, the most pressing first: only what
// the verbs of package review would take, which a test compares.
func caseActs(by access.Actor, c review.Case, steps []review.Step, o org.Organization, today string) (acts []string) {
	own := string(c.Person) == by.Person
	may := func(act access.Act) bool { return !own && by.May(act, o.Target("")) }
	did := func(person string, in ...string) bool {
		return slices.ContainsFunc(steps, func(s review.Step) bool {
			return string(s.By) == person && person != "" && slices.Contains(in, s.Step)
		})
	}
	add := func(ok bool, act string) {
		if ok {
			acts = append(acts, act)
		}
	}
	switch c.Step {
	case review.StepOpened:
		add(may(access.RecordTalk) && review.Outside(by, c), doTalk)
	case review.StepSpoken:
		add(may(access.IssueNotice), doNotice)
		add(may(access.Decide) && !did(by.Person, review.StepSpoken), doSettle)
	case review.StepNoticed:
		add(own, doOpen)
		add(may(access.RecordService), doServe)
	case review.StepServed:
		add(own, doReply)
		add(today > c.ReplyBy && may(access.Recommend), doRecommend)
		add(may(access.RecordService), doReplyFor)
	case review.StepReplied:
		add(may(access.Recommend), doRecommend)
		add(may(access.RecordService), doReplyFor)
		add(own, doReply)
	case review.StepRecommended:
		add(may(access.Decide) && !did(by.Person, review.StepRecommended), doDecide)
		add(may(access.RecordService), doReplyFor)
		add(own, doReply)
	case review.StepDecided:
		add(own && today <= c.AppealBy, doAppeal)
		add(today <= c.AppealBy && may(access.RecordService), doAppealFor)
	case review.StepAppealed:
		add(may(access.HearAppeal) && !did(by.Person, review.StepRecommended, review.StepDecided), doHear)
	}
	return acts
}

func casePage(r *request) (answer, error) {
	c, steps, err := review.GetCase(r.tx, r.by, r.PathValue("id"))
	if err != nil {
		return answer{}, err
	}
	o, err := org.Lookup(r.tx, c.Organization)
	if err != nil {
		return answer{}, err
	}
	v := caseView{p: r.p, c: c, today: r.today, own: string(c.Person) == r.by.Person, issuer: r.p.Name(r.name.Hi, r.name.En)}
	if c.Line != "" {
		l, duties, err := review.GetLine(r.tx, r.by, c.Line)
		if err != nil {
			return answer{}, err
		}
		v.line, v.window = l, review.DutyWindow(r.p, duties)
	}
	v.stages, v.steps = stagesOf(r.p, c, steps), steps
	v.acts = caseActs(r.by, c, steps, o, r.today)
	v.choose(r)
	if v.do == doTalk && r.by.May(access.SeeContact, o.Target(c.Person)) {
		if v.phones, err = org.Phones(r.tx, c.Person); err != nil {
			return answer{}, err
		}
	}
	v.mayRelieve = !v.own && c.Decision == "" && c.Step != review.StepEnded && r.by.May(access.RelieveNow, o.Target(c.Person))
	if v.order, err = orderNumber(r, c.Order); err != nil {
		return answer{}, err
	}
	pg := page{title: r.p.T("cases.of", "name", lang.Name{Hi: c.PersonHi, En: c.PersonEn}), body: caseBody(v)}
	if v.own {
		pg.title = r.p.T("cases.your_case")
	} else {
		pg.crumbs = []link{{r.p.T("cases.title"), "/cases"}}
		if c.Unit != "" {
			pg.crumbs = append(pg.crumbs, link{r.p.Name(c.UnitHi, c.UnitEn), "/cases?unit=" + string(c.Unit)})
		}
	}
	pg.where = r.p.T("cases.where", "no", c.Number, "post", lang.Name{Hi: c.RoleHi, En: c.RoleEn}, "org", lang.Name{Hi: c.OrgHi, En: c.OrgEn})
	return show(pg)
}

type caseView struct {
	p          lang.Printer
	c          review.Case
	line       review.Line
	window     string
	today      string
	own        bool
	acts       []string
	steps      []review.Step
	do         string // the act whose form is shown
	form       form
	stages     []stage
	phones     []org.Phone
	issuer     string
	mayRelieve bool
	order      string // number of the order that the decision issued
}

// choose picks the act whose form is shown: the one just posted, the one asked for
// by ?do=, or the most pressing; and fills the form.
func (v *caseView) choose(r *request) {
	if len(v.acts) == 0 {
		return
	}
	asked := r.query("do")
	if r.fault != nil {
		asked = path.Base(r.URL.Path)
	}
	v.do = v.acts[0]
	if slices.Contains(v.acts, asked) {
		v.do = asked
	}
	if v.do != asked && r.fault != nil { // what was posted can no longer be done
		fresh := *r
		fresh.fault = nil
		r = &fresh
	}
	switch v.do {
	case doNotice:
		text := ""
		if v.line.ID != "" {
			text = r.p.T("cases.notice_text", "post", lang.Name{Hi: v.c.RoleHi, En: v.c.RoleEn}, "org", lang.Name{Hi: v.c.OrgHi, En: v.c.OrgEn},
				"window", v.window, "expected", v.line.Expected, "recorded", v.line.Recorded)
		}
		v.form = r.newForm("text", text)
	default:
		v.form = r.newForm("day", r.today)
	}
}

// others lists the acts beside the one whose form is shown.
func (v caseView) others() []string {
	return slices.DeleteFunc(slices.Clone(v.acts), func(a string) bool { return a == v.do })
}

// choices makes the choices of a form: value, text and what it leads to.
func (v caseView) choices(prefix string, values ...string) (all []choice) {
	for _, value := range values {
		c := choice{value: value, text: v.p.T("cases." + prefix + "." + value)}
		if hint := "cases." + prefix + "." + value + "_hint"; lang.Has(hint) {
			c.hint = v.p.T(hint)
		}
		all = append(all, c)
	}
	return all
}

// toRead gives what whoever acts now should have read: the replies, what was
// recommended and decided, the appeal.
func (v caseView) toRead() (read []review.Step) {
	if v.do != doRecommend && v.do != doDecide && v.do != doHear {
		return nil
	}
	for _, s := range v.steps {
		switch s.Step {
		case review.StepReplied, review.StepRecommended, review.StepDecided, review.StepAppealed:
			read = append(read, s)
		}
	}
	return read
}

// path is where the form of the chosen act is posted.
func (v caseView) path() string { return "/case/" + v.c.ID + "/" + v.do }

// key is an act as the last part of a message's key.
func key(act string) string { return strings.ReplaceAll(act, "-", "_") }

// closedText tells the person concerned how their case ended.
func closedText(v caseView) string {
	switch {
	case v.c.AppealResult != "":
		return v.p.T("cases.own_appeal." + v.c.AppealResult)
	case v.c.Decision == "retain":
		return v.p.T("cases.own.retained")
	case v.c.Decision == review.Settled:
		return v.p.T("cases.own.settled")
	}
	return v.p.T("cases.own.closed")
}

// stage is one of the nine steps of the procedure: how it stands, and what happened in it.
type stage struct {
	title  string
	state  state
	events []review.Step
}

// stagesOf puts what happened in a case into the nine steps.
func stagesOf(p lang.Printer, c review.Case, steps []review.Step) (stages []stage) {
	in := map[string][]review.Step{}
	for _, s := range steps {
		to := s.Step
		switch s.Step {
		case "tried":
			to = review.StepSpoken
		case "appeal_decided":
			to = review.StepClosed
		}
		in[to] = append(in[to], s)
	}
	order := review.Steps[:len(review.Steps)-1] // without "ended", which is no step of its own
	at := slices.Index(order, c.Step)
	if c.Step == review.StepEnded {
		for i, step := range order {
			if len(in[step]) > 0 {
				at = i
			}
		}
	}
	waits := false
	for i, step := range order {
		happened := slices.ContainsFunc(in[step], func(s review.Step) bool { return s.Step != "tried" })
		st := stage{title: p.T("cases.step." + step), events: in[step]}
		switch {
		case happened || step == c.Step:
			st.state = state{"confirmed", p.T("cases.done")}
		case i < at || c.Step == review.StepEnded:
			st.state = state{"vacant", p.T("cases.skipped")}
		case !waits && c.Step != review.StepDecided:
			st.state, waits = state{"claimed", p.T("cases.now")}, true
		default:
			st.state = state{"next", p.T("cases.ahead")}
		}
		stages = append(stages, st)
	}
	return stages
}

// did tells what was done in a step beyond its own title; "" for nothing more.
func did(p lang.Printer, s review.Step) string {
	switch {
	case s.Step == review.StepNoticed:
		return p.T("cases.no", "no", s.Verdict)
	case s.Step == "tried":
		return p.T("review.case.tried") + " (" + p.T("cases.manner."+s.Manner) + ")"
	case s.Step == "appeal_decided":
		return p.T("cases.result." + s.Verdict)
	case s.Verdict != "":
		return p.T("cases.verdict." + s.Verdict)
	case s.Manner != "":
		return p.T("cases.manner." + s.Manner)
	}
	return ""
}

// orderNumber reads the number of an order, "" for none.
func orderNumber(r *request, id org.OrderID) (string, error) {
	if id == "" {
		return "", nil
	}
	return r.tx.Text(`select number from orders where id = $1`, id)
}

// The steps of a case, each posted from the case's page.

func caseTalk(r *request) (answer, error) {
	reached := r.typed("reached")
	if reached != "yes" && reached != "no" {
		return answer{}, fault.In("reached", "fault.required_choice")
	}
	err := review.Talk(r.tx, r.by, r.PathValue("id"), r.typed("manner"), r.day("day"), r.typed("text"), reached == "yes")
	if reached == "no" {
		return toCase(r, "cases.did_try", err)
	}
	return toCase(r, "cases.did_talk", err)
}

func caseNotice(r *request) (answer, error) {
	number, err := review.Notice(r.tx, r.by, r.PathValue("id"), r.typed("text"), r.copies()...)
	return goTo("/case/"+r.PathValue("id"), "cases.did_notice", "no", number), err
}

// caseOpen is the person concerned opening the notice: the best proof of service.
func caseOpen(r *request) (answer, error) {
	err := review.Opened(r.tx, r.by, r.PathValue("id"))
	return goTo("/case/"+r.PathValue("id")+"/notice", ""), err
}

func caseServe(r *request) (answer, error) {
	return toCase(r, "cases.did_serve", review.Serve(r.tx, r.by, r.PathValue("id"), r.typed("manner"), r.day("day"), r.typed("text")))
}

func caseReply(r *request) (answer, error) {
	return toCase(r, "cases.did_reply", review.Reply(r.tx, r.by, r.PathValue("id"), r.typed("text")))
}

func caseAppealFor(r *request) (answer, error) {
	return toCase(r, "cases.did_appeal_for", review.AppealFor(r.tx, r.by, r.PathValue("id"), r.typed("manner"), r.typed("text")))
}

func caseReplyFor(r *request) (answer, error) {
	return toCase(r, "cases.did_reply_for", review.ReplyFor(r.tx, r.by, r.PathValue("id"), r.typed("manner"), r.typed("text")))
}

func caseRecommend(r *request) (answer, error) {
	return toCase(r, "cases.did_recommend", review.Recommend(r.tx, r.by, r.PathValue("id"), r.typed("verdict"), r.typed("text")))
}

func caseDecide(r *request) (answer, error) {
	order, err := review.Decide(r.tx, r.by, r.PathValue("id"), r.typed("verdict"), r.typed("text"), r.copies()...)
	if err != nil {
		return answer{}, err
	}
	return toCaseWithOrder(r, "cases.did_decide", order)
}

func caseSettle(r *request) (answer, error) {
	return toCase(r, "cases.did_settle", review.Settle(r.tx, r.by, r.PathValue("id"), r.typed("text")))
}

func caseAppeal(r *request) (answer, error) {
	return toCase(r, "cases.did_appeal", review.Appeal(r.tx, r.by, r.PathValue("id"), r.typed("text")))
}

func caseHear(r *request) (answer, error) {
	order, err := review.DecideAppeal(r.tx, r.by, r.PathValue("id"), r.typed("result"), r.typed("text"))
	if err != nil {
		return answer{}, err
	}
	return toCaseWithOrder(r, "cases.did_hear", order)
}

func toCase(r *request, said string, err error) (answer, error) {
	return goTo("/case/"+r.PathValue("id"), said), err
}

// toCaseWithOrder tells the number of the order that a step issued, if it did.
func toCaseWithOrder(r *request, said string, order org.OrderID) (answer, error) {
	if order == "" {
		return toCase(r, said, nil)
	}
	number, err := orderNumber(r, order)
	return goTo("/case/"+r.PathValue("id"), "cases.did_order", "no", number), err
}

// noticePage is the notice as a letter, ready to print. The person concerned opens
// it from their case, which records that it reached them.
func noticePage(r *request) (answer, error) {
	c, steps, err := review.GetCase(r.tx, r.by, r.PathValue("id"))
	if err != nil {
		return answer{}, err
	}
	i := slices.IndexFunc(steps, func(s review.Step) bool { return s.Step == review.StepNoticed })
	if i < 0 {
		return answer{}, fault.New(fault.NotFound, "fault.not_found")
	}
	v := noticeView{p: r.p, c: c, issued: steps[i], own: string(c.Person) == r.by.Person}
	if v.own && c.Step == review.StepNoticed {
		return goTo("/case/"+c.ID, ""), nil
	}
	v.mayReply = slices.Contains([]string{review.StepServed, review.StepReplied, review.StepRecommended}, c.Step) && v.own
	if c.Line != "" {
		l, duties, err := review.GetLine(r.tx, r.by, c.Line)
		if err != nil {
			return answer{}, err
		}
		v.line, v.window, v.duties = l, review.DutyWindow(r.p, duties), duties
		v.replyDays, err = r.tx.Int(`select c.reply_days from review v join criteria c on c.id = v.criteria_id where v.id = $1`, l.Review)
		if err != nil {
			return answer{}, err
		}
	}
	root, err := org.Root(r.tx)
	if err != nil {
		return answer{}, err
	}
	v.head, v.unit = r.p.Name(root.NameHi, root.NameEn), r.p.Name(c.UnitHi, c.UnitEn)
	words, err := letter.Words(r.tx, letter.OfCase, c.ID, r.p.Lang())
	if err != nil {
		return answer{}, err
	}
	if words != nil { // as it was issued
		v.unit, v.copies = words["office"], linesOf(words["copy_to"])
	} else {
		if v.unit != "" && v.unit != v.head {
			v.copies = append(v.copies, r.p.T("cases.copy_unit", "name", v.unit))
		}
		v.copies = append(v.copies, r.p.T("cases.copy_desk", "name", v.head))
	}
	person, err := org.LookupPerson(r.tx, c.Person)
	if err != nil {
		return answer{}, err
	}
	v.name = org.Honoured(r.p, lang.Name{Hi: c.PersonHi, En: c.PersonEn}, person.Gender)
	return show(page{title: r.p.T("cases.notice_title") + " " + c.NoticeNumber, letter: true, body: noticeBody(v),
		crumbs: []link{{r.p.T("cases.case_no", "no", c.Number), "/case/" + c.ID}}})
}

type noticeView struct {
	p          lang.Printer
	c          review.Case
	issued     review.Step
	own        bool
	mayReply   bool
	line       review.Line
	window     string
	duties     []review.DutyMonth
	replyDays  int
	head, unit string
	copies     []string
	name       string
}

// relievePage asks for the reasons of a relief at once, and says what it means.
func relievePage(r *request) (answer, error) {
	m, err := org.LookupMembership(r.tx, org.MembershipID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	switch {
	case string(m.Person) == r.by.Person:
		return answer{}, fault.New(fault.Forbidden, "review.own_case")
	case !m.Running() && r.fault == nil:
		return answer{}, fault.New(fault.Conflict, "review.post_ended")
	}
	return show(page{title: r.p.T("cases.relieve_title"), where: postOf(r.p, m), crumbs: personCrumbs(r.p, m), body: relieveBody(r.p, r.newForm(), r.URL.Path)})
}

func relieveNow(r *request) (answer, error) {
	var f fault.Form
	f.Check(r.typed("sure") == "yes", "sure", "cases.relieve_sure_missing")
	org.CheckText(&f, "reason", r.typed("reason"), "review.reason_missing")
	if err := f.Err(); err != nil {
		return answer{}, err
	}
	id, err := review.RelieveNow(r.tx, r.by, org.MembershipID(r.PathValue("id")), r.typed("reason"))
	return goTo("/case/"+id, "cases.did_relieve"), err
}

// decidersPage counts what each authority has decided.
func decidersPage(r *request) (answer, error) {
	all, l, err := open(r, roll[review.Decider]{name: "deciders",
		read: func(tx *db.Tx, by access.Actor, _ db.Page) ([]review.Decider, string, error) {
			all, err := review.Deciders(tx, by)
			return all, "", err
		},
		cols: []col{{"common.name", 6}, {"cases.col.decided", 2}, {"cases.col.relieved", 2}, {"cases.col.at_once", 2}, {"cases.col.settled", 2}, {"cases.col.reversed", 2}},
		cells: func(d review.Decider) paper.Row {
			return paper.Row{r.p.Name(d.NameHi, d.NameEn), d.Decided, d.Relieved, d.WithoutNotice, d.Settled, d.Reversed}
		}})
	return answer{page: page{title: r.p.T("cases.deciders_title"), where: r.p.T("common.as_on", "day", lang.Day(r.today)), lead: r.p.T("cases.deciders_lead"),
		crumbs: []link{{r.p.T("cases.title"), "/cases"}}, list: l, body: decidersBody(r.p, all, l)}}, err
}

// decidedLink leads to the cases behind a figure of a decider.
func decidedLink(d review.Decider, decision, atOnce, result string) string {
	q := url.Values{"decider": {string(d.Person)}}
	for name, v := range map[string]string{"decision": decision, "at_once": atOnce, "result": result} {
		if v != "" {
			q.Set(name, v)
		}
	}
	return "/cases?" + q.Encode()
}

// waiting says which act moves a case on from a step.
var waiting = []struct {
	step string
	act  access.Act
}{
	{review.StepAppealed, access.HearAppeal}, {review.StepRecommended, access.Decide}, {review.StepReplied, access.Recommend},
	{review.StepNoticed, access.RecordService}, {review.StepSpoken, access.IssueNotice}, {review.StepOpened, access.RecordTalk},
}

// atTop reports whether the hat stands in the state unit itself.
func atTop(by access.Actor) bool { return strings.Count(by.OrgPath, "/") == 2 }

// caseHome: one's own cases with their clock, then the cases that wait for one's act, by step.
func caseHome(r *request) (items []homeItem, err error) {
	own, _, err := review.Cases(r.tx, r.by, review.CaseFilter{Person: org.PersonID(r.by.Person)}, db.First(20))
	if err != nil {
		return nil, err
	}
	for _, c := range own {
		item := homeItem{text: r.p.T("cases.home.own", "no", c.Number), to: "/case/" + c.ID, note: r.p.T("cases.at." + c.Step)}
		switch c.Step {
		case review.StepClosed, review.StepEnded:
			continue
		case review.StepNoticed:
			item.note = r.p.T("cases.home.open")
		case review.StepServed:
			item.note, item.overdue = r.p.T("cases.reply_until", "day", lang.Day(c.ReplyBy)), r.today > c.ReplyBy
		case review.StepDecided:
			if r.today > c.AppealBy {
				continue
			}
			item.note = r.p.T("cases.appeal_until", "day", lang.Day(c.AppealBy))
		}
		items = append(items, item)
	}
	for _, w := range waiting {
		if !r.by.MayAnywhere(w.act) || w.act == access.RecordTalk && !atTop(r.by) {
			continue
		}
		n, err := waitingCases(r, w.step, w.act, own)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			items = append(items, homeItem{n: n, text: r.p.T("cases.home." + w.step), to: "/cases?step=" + w.step + "&waiting=yes"})
		}
	}
	return items, nil
}

// waitingCases counts the cases at a step in which the hat has the act, one's own left
// out: the list has the same ones.
func waitingCases(r *request, step string, act access.Act, own []review.Case) (n int, err error) {
	if atTop(r.by) { // there it reaches all that is seen, and the figures tell how many
		counts, err := review.CountCases(r.tx, r.by, review.CaseFilter{})
		n = counts[step]
		for _, c := range own {
			if c.Step == step {
				n--
			}
		}
		return n, err
	}
	counts, err := review.CountCases(r.tx, r.by, review.CaseFilter{Step: step, Waiting: act})
	return counts[step], err
}

// waitsFor is the act that moves a case on from a step; "" for none.
func waitsFor(step string) access.Act {
	for _, w := range waiting {
		if w.step == step {
			return w.act
		}
	}
	return ""
}

// casesOfPerson is what a person's page tells of their cases, with the way to
// relieve them at once for who may.
func casesOfPerson(r *request, person org.Person) (templ.Component, error) {
	cases, _, err := review.Cases(r.tx, r.by, review.CaseFilter{Person: person.ID}, db.First(20))
	if err != nil {
		return nil, err
	}
	var relieve []org.Membership
	if string(person.ID) != r.by.Person && r.by.MayAnywhere(access.RelieveNow) {
		hats, err := org.Hats(r.tx, person.ID)
		if err != nil {
			return nil, err
		}
		for _, m := range hats {
			o, err := org.Lookup(r.tx, m.Organization)
			if err != nil {
				return nil, err
			}
			if r.by.May(access.RelieveNow, o.Target(person.ID)) {
				relieve = append(relieve, m)
			}
		}
	}
	if len(cases) == 0 && len(relieve) == 0 {
		return nil, nil
	}
	return caseSection(r.p, cases, relieve), nil
}
