package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"sangathan/access"
	"sangathan/activity"
	"sangathan/appointment"
	"sangathan/intake"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/letter"
	"sangathan/org"
	"sangathan/review"
)

// route is one address of the site.
type route struct {
	method   string
	pattern  string
	act      access.Act // what it needs on its target; "" for being signed in; public for all
	target   string     // how {id} names the target: a word of targets
	handle   func(*request) (answer, error)
	again    string // POST: the GET pattern that shows its form; "" for its own pattern
	own      bool   // opens its own transactions, for what is slow between them: a PIN's hash, a letter's PDF
	upload   int64  // POST: the most bytes taken, where files come with it; 0 for a form alone
	harmless bool   // POST: doing it twice changes nothing more, so its form needs no id
}

// public marks a page for which nobody need be signed in.
const public access.Act = "public"

// routes lists every address of the site, with who may and what it is about.
var routes = []route{
	// Signing in.
	{method: "GET", pattern: "/signin", act: public, target: "none", handle: signInPage},
	{method: "POST", pattern: "/signin", act: public, target: "none", handle: signInSend},
	{method: "GET", pattern: "/signin/code", act: public, target: "none", handle: codePage},
	{method: "POST", pattern: "/signin/code", act: public, target: "none", handle: codeCheck},
	{method: "GET", pattern: "/signin/name", act: public, target: "none", handle: namePage},
	{method: "POST", pattern: "/signin/name", act: public, target: "none", handle: nameChoose, own: true},
	{method: "GET", pattern: "/signin/pin", act: public, target: "none", handle: pinPage},
	{method: "POST", pattern: "/signin/pin", act: public, target: "none", handle: pinSignIn, own: true},
	{method: "GET", pattern: "/signin/second", act: public, target: "none", handle: secondPage},
	{method: "POST", pattern: "/signin/second", act: public, target: "none", handle: secondCheck},
	{method: "GET", pattern: "/slip/{token}", act: public, target: "none", handle: slipPage},
	{method: "POST", pattern: "/slip/{token}", act: public, target: "none", handle: slipUse, own: true},
	{method: "GET", pattern: "/welcome", act: "", target: "self", handle: welcomePage},
	{method: "POST", pattern: "/signout", act: public, target: "none", handle: signOut, harmless: true},
	{method: "POST", pattern: "/lang", act: public, target: "none", handle: setLang, harmless: true},
	{method: "GET", pattern: "/help", act: public, target: "none", handle: helpPage},

	// One's own.
	{method: "GET", pattern: "/{$}", act: "", target: "self", handle: homePage},
	{method: "GET", pattern: "/me", act: "", target: "self", handle: mePage},
	{method: "POST", pattern: "/me/hat", act: "", target: "self", handle: putOnHat, again: "/me", harmless: true},
	{method: "GET", pattern: "/me/pin", act: "", target: "self", handle: ownPINPage},
	{method: "POST", pattern: "/me/pin", act: "", target: "self", handle: setOwnPIN, own: true, harmless: true},
	{method: "POST", pattern: "/me/sessions", act: "", target: "self", handle: endSessions, again: "/me", harmless: true},
	{method: "GET", pattern: "/me/lost", act: "", target: "self", handle: lostPage},
	{method: "POST", pattern: "/me/lost", act: "", target: "self", handle: lostPhone, harmless: true},
	{method: "POST", pattern: "/me/number", act: "", target: "self", handle: numberBack, again: "/me", harmless: true},
	{method: "GET", pattern: "/me/second", act: "", target: "self", handle: ownSecondPage},
	{method: "POST", pattern: "/me/second", act: "", target: "self", handle: confirmSecond, harmless: true},
	{method: "POST", pattern: "/me/second/begin", act: "", target: "self", handle: beginSecond, again: "/me/second", harmless: true},
	{method: "POST", pattern: "/me/second/remove", act: "", target: "self", handle: removeSecond, again: "/me/second", harmless: true},
	{method: "GET", pattern: "/backups", act: access.Admin, target: "list", handle: backupPage},
	{method: "GET", pattern: "/signins", act: access.GiveSlip, target: "list", handle: signInsPage},

	{method: "GET", pattern: "/exports", act: "", target: "list", handle: exportsPage},

	// The register.
	{method: "GET", pattern: "/org/{id}", act: "", target: "org", handle: orgPage},
	{method: "GET", pattern: "/org/{id}/seats", act: "", target: "org", handle: seatsPage},
	{method: "GET", pattern: "/org/{id}/list", act: "", target: "org", handle: bodyListPage},
	{method: "GET", pattern: "/area/{id}", act: "", target: "area", handle: areaPage},
	{method: "GET", pattern: "/area/{id}/list", act: "", target: "area", handle: areaListPage},
	{method: "GET", pattern: "/person/{id}", act: "", target: "person", handle: personPage},
	{method: "POST", pattern: "/person/{id}/slip", act: access.GiveSlip, target: "person", handle: slipMake, harmless: true},
	{method: "GET", pattern: "/person/{id}/lost", act: access.GiveSlip, target: "person", handle: lostOfPage},
	{method: "POST", pattern: "/person/{id}/lost", act: access.GiveSlip, target: "person", handle: lostPhoneOf, harmless: true},
	{method: "POST", pattern: "/person/{id}/second/reset", act: access.GiveSlip, target: "person", handle: resetSecond, again: "/person/{id}", harmless: true},
	{method: "GET", pattern: "/membership/{id}/leave", act: access.RecordLeave, target: "membership", handle: leavePage},
	{method: "POST", pattern: "/membership/{id}/leave", act: access.RecordLeave, target: "membership", handle: leaveRecord},
	{method: "GET", pattern: "/membership/{id}/end", act: "", target: "membership", handle: endPage},
	{method: "POST", pattern: "/membership/{id}/end", act: "", target: "membership", handle: endRecord},
	{method: "GET", pattern: "/people", act: "", target: "list", handle: peoplePage},
	{method: "GET", pattern: "/vacancies", act: "", target: "list", handle: vacanciesPage},
	{method: "GET", pattern: "/orders", act: "", target: "list", handle: ordersPage},
	{method: "GET", pattern: "/order/{id}", act: "", target: "order", handle: orderPage},
	{method: "GET", pattern: "/order/{id}/revoke", act: access.RevokeOrder, target: "order", handle: revokePage},
	{method: "POST", pattern: "/order/{id}/revoke", act: access.RevokeOrder, target: "order", handle: revokeOrder},

	// Letters.
	{method: "GET", pattern: "/dispatch", act: "", target: "list", handle: dispatchPage},
	{method: "GET", pattern: "/letters/{id}", act: "", target: "letter", handle: letterPage},
	{method: "GET", pattern: "/order/{id}/pdf", act: "", target: "order", handle: orderPDF, own: true},
	{method: "GET", pattern: "/case/{id}/notice/pdf", act: "", target: "case", handle: noticePDF, own: true},
	{method: "GET", pattern: "/org/{id}/diary", act: access.SeeContact, target: "org", handle: diaryPage},
	{method: "GET", pattern: "/org/{id}/letters", act: access.EditLetters, target: "org", handle: templatesPage},
	{method: "GET", pattern: "/org/{id}/letters/head", act: access.EditLetters, target: "org", handle: headPage},
	{method: "POST", pattern: "/org/{id}/letters/head", act: access.EditLetters, target: "org", handle: headSave, own: true, harmless: true, upload: letter.MaxEmblemFile + 64<<10},
	{method: "GET", pattern: "/org/{id}/letters/emblem", act: access.EditLetters, target: "org", handle: emblemPicture},
	{method: "GET", pattern: "/org/{id}/letters/{kind}/{lang}", act: access.EditLetters, target: "org", handle: templatePage},
	{method: "POST", pattern: "/org/{id}/letters/{kind}/{lang}", act: access.EditLetters, target: "org", handle: templateSave},
	{method: "POST", pattern: "/org/{id}/letters/{kind}/{lang}/preview", act: access.EditLetters, target: "org", handle: templatePreview, again: "/org/{id}/letters/{kind}/{lang}", own: true, harmless: true},
	{method: "POST", pattern: "/org/{id}/letters/{kind}/{lang}/restore", act: access.EditLetters, target: "org", handle: templateRestore, again: "/org/{id}/letters/{kind}/{lang}"},

	// Lists that offices keep.
	{method: "GET", pattern: "/lists", act: access.LoadData, target: "list", handle: listsPage},
	{method: "POST", pattern: "/lists", act: access.LoadData, target: "list", handle: listSend, upload: intake.MaxFile + 64<<10},
	{method: "GET", pattern: "/list/{id}", act: access.LoadData, target: "intake", handle: listPage},
	{method: "GET", pattern: "/list/{id}/rows", act: access.LoadData, target: "intake", handle: listRows},
	{method: "POST", pattern: "/list/{id}/columns", act: access.LoadData, target: "intake", handle: listColumns, again: "/list/{id}"},
	{method: "POST", pattern: "/list/{id}/load", act: access.LoadData, target: "intake", handle: listLoad, again: "/list/{id}"},
	{method: "POST", pattern: "/list/{id}/undo", act: access.LoadData, target: "intake", handle: listUndo, again: "/list/{id}"},

	// A unit's beginning.
	{method: "GET", pattern: "/first", act: access.LoadData, target: "list", handle: firstPage},
	{method: "GET", pattern: "/first/sheet", act: access.LoadData, target: "list", handle: firstSheet},
	{method: "POST", pattern: "/first/name", act: access.Admin, target: "list", handle: nameUnit, again: "/first"},
	{method: "POST", pattern: "/first/words", act: access.Admin, target: "list", handle: chooseWords, again: "/first"},
	{method: "GET", pattern: "/org/{id}/register", act: access.LoadData, target: "org", handle: registerPage},
	{method: "POST", pattern: "/org/{id}/register", act: access.LoadData, target: "org", handle: registerComplete},

	// The ledger.
	{method: "GET", pattern: "/activity", act: "", target: "list", handle: entriesPage},
	{method: "GET", pattern: "/activity/new", act: "", target: "self", handle: reportPage},
	{method: "GET", pattern: "/org/{id}/activity/new", act: access.ReportFor, target: "org", handle: togetherPage},
	{method: "POST", pattern: "/org/{id}/activity/new", act: access.ReportFor, target: "org", handle: togetherSend},
	{method: "POST", pattern: "/activity/new", act: "", target: "self", handle: reportSend},
	{method: "GET", pattern: "/activity/{id}", act: "", target: "entry", handle: entryPage},
	{method: "POST", pattern: "/activity/{id}/confirm", act: access.ConfirmActivity, target: "entry", handle: entryConfirm},
	{method: "GET", pattern: "/activity/{id}/object", act: access.ConfirmActivity, target: "entry", handle: objectPage},
	{method: "POST", pattern: "/activity/{id}/object", act: access.ConfirmActivity, target: "entry", handle: entryObject},

	// Directives and reports.
	{method: "GET", pattern: "/directives", act: "", target: "list", handle: directivesPage},
	{method: "GET", pattern: "/directive/new", act: access.IssueDirective, target: "list", handle: issuePage},
	{method: "POST", pattern: "/directive/new", act: access.IssueDirective, target: "list", handle: issueSend},
	{method: "GET", pattern: "/directive/{id}", act: "", target: "directive", handle: directivePage},
	{method: "POST", pattern: "/directive/{id}/acknowledge", act: access.AnswerDirective, target: "list", handle: directiveAcknowledge, again: "/directive/{id}"},
	{method: "GET", pattern: "/directive/{id}/answer", act: access.AnswerDirective, target: "list", handle: answerPage},
	{method: "POST", pattern: "/directive/{id}/answer", act: access.AnswerDirective, target: "list", handle: answerSend},

	// Review, cases and appointments.
	{method: "GET", pattern: "/reviews", act: access.DraftList, target: "list", handle: reviewsPage},
	{method: "GET", pattern: "/review/new", act: access.DraftList, target: "list", handle: draftPage},
	{method: "POST", pattern: "/review/new", act: access.DraftList, target: "list", handle: draftList},
	{method: "GET", pattern: "/review/{id}", act: "", target: "review", handle: reviewPage},
	{method: "POST", pattern: "/review/{id}/redraft", act: access.DraftList, target: "review", handle: redraftList, again: "/review/{id}"},
	{method: "GET", pattern: "/review/{id}/send", act: access.CheckList, target: "review", handle: sendPage},
	{method: "POST", pattern: "/review/{id}/send", act: access.CheckList, target: "review", handle: sendList},
	{method: "GET", pattern: "/review-line/{id}", act: "", target: "line", handle: linePage},
	{method: "POST", pattern: "/review-line/{id}", act: access.CheckList, target: "line", handle: checkLine},
	{method: "GET", pattern: "/criteria", act: "", target: "list", handle: criteriaPage},
	{method: "GET", pattern: "/criteria/new", act: access.PublishCriteria, target: "list", handle: newCriteriaPage},
	{method: "POST", pattern: "/criteria/new", act: access.PublishCriteria, target: "list", handle: publishCriteria},
	{method: "GET", pattern: "/cases", act: "", target: "list", handle: casesPage},
	{method: "GET", pattern: "/case/{id}", act: "", target: "case", handle: casePage},
	{method: "GET", pattern: "/case/{id}/notice", act: "", target: "case", handle: noticePage},
	{method: "POST", pattern: "/case/{id}/talk", act: access.RecordTalk, target: "case", handle: caseTalk, again: "/case/{id}"},
	{method: "POST", pattern: "/case/{id}/notice", act: access.IssueNotice, target: "case", handle: caseNotice, again: "/case/{id}"},
	{method: "POST", pattern: "/case/{id}/open", act: "", target: "case", handle: caseOpen, again: "/case/{id}"},
	{method: "POST", pattern: "/case/{id}/serve", act: access.RecordService, target: "case", handle: caseServe, again: "/case/{id}"},
	{method: "POST", pattern: "/case/{id}/reply", act: "", target: "case", handle: caseReply, again: "/case/{id}"},
	{method: "POST", pattern: "/case/{id}/appeal-for", act: access.RecordService, target: "case", handle: caseAppealFor, again: "/case/{id}"},
	{method: "POST", pattern: "/case/{id}/reply-for", act: access.RecordService, target: "case", handle: caseReplyFor, again: "/case/{id}"},
	{method: "POST", pattern: "/case/{id}/recommend", act: access.Recommend, target: "case", handle: caseRecommend, again: "/case/{id}"},
	{method: "POST", pattern: "/case/{id}/decide", act: access.Decide, target: "case", handle: caseDecide, again: "/case/{id}"},
	{method: "POST", pattern: "/case/{id}/settle", act: access.Decide, target: "case", handle: caseSettle, again: "/case/{id}"},
	{method: "POST", pattern: "/case/{id}/appeal", act: "", target: "case", handle: caseAppeal, again: "/case/{id}"},
	{method: "POST", pattern: "/case/{id}/hear", act: access.HearAppeal, target: "case", handle: caseHear, again: "/case/{id}"},
	{method: "GET", pattern: "/membership/{id}/relieve", act: access.RelieveNow, target: "membership", handle: relievePage},
	{method: "POST", pattern: "/membership/{id}/relieve", act: access.RelieveNow, target: "membership", handle: relieveNow},
	{method: "GET", pattern: "/deciders", act: access.HearAppeal, target: "list", handle: decidersPage},
	{method: "GET", pattern: "/seat/{id}", act: "", target: "seat", handle: seatPage},
	{method: "GET", pattern: "/seat/{id}/propose", act: access.Propose, target: "seat", handle: proposePage},
	{method: "POST", pattern: "/seat/{id}/propose", act: access.Propose, target: "seat", handle: propose},
	{method: "GET", pattern: "/proposals", act: access.Propose, target: "list", handle: proposalsPage},
	{method: "GET", pattern: "/proposal/{id}", act: "", target: "proposal", handle: proposalPage},
	{method: "POST", pattern: "/proposal/{id}/approve", act: access.Approve, target: "proposal", handle: approveProposal, again: "/proposal/{id}"},
	{method: "POST", pattern: "/proposal/{id}/refuse", act: access.Approve, target: "proposal", handle: refuseProposal, again: "/proposal/{id}"},
	{method: "POST", pattern: "/proposal/{id}/withdraw", act: "", target: "proposal", handle: withdrawProposal, again: "/proposal/{id}"},
}

// targets finds what a route is about. NotFound when there is no such thing; whether
// the actor sees it is asked next.
var targets = map[string]func(tx *db.Tx, by access.Actor, id string) (access.Target, error){
	"none":      nil, // nothing in particular
	"self":      nil, // the actor
	"area":      nil, // a place is a public fact
	"list":      nil, // several: the verb gives, or takes, what the actor may
	"directive": nil, // the verb gives it where it concerns the actor
	"org": func(tx *db.Tx, by access.Actor, id string) (access.Target, error) {
		o, err := org.Lookup(tx, org.OrganizationID(id))
		return o.Target(""), err
	},
	"person": func(tx *db.Tx, by access.Actor, id string) (access.Target, error) {
		return org.PersonTarget(tx, by, org.PersonID(id))
	},
	"membership": func(tx *db.Tx, by access.Actor, id string) (access.Target, error) {
		m, err := org.LookupMembership(tx, org.MembershipID(id))
		if err != nil {
			return access.Target{}, err
		}
		o, err := org.Lookup(tx, m.Organization)
		return o.Target(m.Person), err
	},
	"order": orderTarget,
	"letter": func(tx *db.Tx, by access.Actor, id string) (access.Target, error) {
		l, err := letter.Lookup(tx, id)
		if err != nil {
			return access.Target{}, err
		}
		if l.Record == letter.OfCase {
			return caseTarget(tx, by, l.RecordID)
		}
		return orderTarget(tx, by, l.RecordID)
	},
	"entry": func(tx *db.Tx, by access.Actor, id string) (access.Target, error) {
		e, _, err := activity.Get(tx, by, activity.EntryID(id))
		if err != nil {
			return access.Target{}, err
		}
		o, err := org.Lookup(tx, e.Organization)
		return o.Target(e.Person), err
	},
	"review": func(tx *db.Tx, by access.Actor, id string) (access.Target, error) {
		v, err := review.Get(tx, by, id)
		if err != nil {
			return access.Target{}, err
		}
		o, err := org.Lookup(tx, v.Unit)
		return o.Target(""), err
	},
	"line": func(tx *db.Tx, by access.Actor, id string) (access.Target, error) {
		l, _, err := review.GetLine(tx, by, id)
		if err != nil {
			return access.Target{}, err
		}
		o, err := org.Lookup(tx, l.Organization)
		return o.Target(l.Person), err
	},
	"case": caseTarget,
	"intake": func(tx *db.Tx, by access.Actor, id string) (access.Target, error) {
		l, err := intake.Get(tx, by, intake.ID(id))
		if err != nil {
			return access.Target{}, err
		}
		o, err := org.Lookup(tx, l.Organization)
		return o.Target(""), err
	},
	"seat": func(tx *db.Tx, by access.Actor, id string) (access.Target, error) {
		_, o, err := org.LookupSeat(tx, org.SeatID(id))
		return o.Target(""), err
	},
	"proposal": func(tx *db.Tx, by access.Actor, id string) (access.Target, error) {
		d, err := appointment.Get(tx, by, id)
		if err != nil {
			return access.Target{}, err
		}
		o, err := org.Lookup(tx, d.Organization)
		return o.Target(d.ProposedBy), err
	},
}

func orderTarget(tx *db.Tx, by access.Actor, id string) (access.Target, error) {
	d, err := org.GetOrder(tx, by, org.OrderID(id))
	if err != nil {
		return access.Target{}, err
	}
	o, err := org.Lookup(tx, d.Organization)
	return o.Target(d.Person), err
}

func caseTarget(tx *db.Tx, by access.Actor, id string) (access.Target, error) {
	c, _, err := review.GetCase(tx, by, id)
	if err != nil {
		return access.Target{}, err
	}
	o, err := org.Lookup(tx, c.Organization)
	return o.Target(c.Person), err
}

// faulty tells what the route fails to say.
func (rt route) faulty() error {
	find, ok := targets[rt.target]
	switch {
	case rt.handle == nil:
		return errors.New("no handler")
	case !ok:
		return fmt.Errorf("no target %q", rt.target)
	case find != nil && !strings.Contains(rt.pattern, "{id}"):
		return errors.New("its target needs {id} in the pattern")
	case find == nil && rt.act != "" && rt.act != public && rt.target != "list":
		return errors.New("an act without a target")
	case rt.method != http.MethodGet && rt.method != http.MethodPost:
		return errors.New("GET or POST")
	}
	return nil
}

func (rt route) formPage() string {
	if rt.again != "" {
		return rt.again
	}
	return rt.pattern
}

// admit is the gate before a handler: the target is found and may be seen, and the
// hat permits the route's act on it.
func (rt route) admit(r *request) error {
	if rt.act == public {
		return nil
	}
	if !r.by.SignedIn() {
		return fault.New(fault.Unauthorized, "access.sign_in")
	}
	find := targets[rt.target]
	if find == nil {
		if rt.act != "" && !r.by.MayAnywhere(rt.act) {
			return fault.New(fault.Forbidden, "fault.forbidden")
		}
		return nil
	}
	t, err := find(r.tx, r.by, r.PathValue("id"))
	if err != nil {
		return err
	}
	if rt.act == "" {
		return r.by.CheckSees(t)
	}
	return r.by.Check(rt.act, t)
}
