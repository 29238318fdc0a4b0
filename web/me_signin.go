package web

import (
	"net/url"
	"time"

	"sangathan/access"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"
	"sangathan/sms"
)

// sessionLine is one of the reader's sessions, with its days.
type sessionLine struct {
	access.OpenSession
	since, seen string
}

func (r *request) sessionLines() (lines []sessionLine, err error) {
	all, err := access.Sessions(r.tx, r.by, r.site.cookie(r.Request, "session"))
	for _, s := range all {
		l := sessionLine{OpenSession: s, since: r.tx.Time(s.Since).Format(time.DateOnly)}
		if s.Seen > 0 {
			l.seen = r.tx.Time(s.Seen).Format(time.DateOnly)
		}
		lines = append(lines, l)
	}
	return lines, err
}

// endSessions ends one of the reader's own sessions, or all but this one.
func endSessions(r *request) (answer, error) {
	if r.typed("others") != "" {
		return goTo("/me", "signin.others_ended"), access.EndOthers(r.tx, r.by, r.site.cookie(r.Request, "session"))
	}
	return goTo("/me", "signin.session_ended"), access.EndSession(r.tx, r.by, r.typed("session"))
}

// lostView asks whether the SIM is lost with the phone.
type lostView struct {
	p       lang.Printer
	form    form
	action  string
	of      bool // somebody else's
	numbers []choice
}

// noNumber is the choice that the SIM is still there.
const noNumber = "none"

func (r *request) lostView(phones []org.Phone, action string, of bool) lostView {
	v := lostView{p: r.p, form: r.newForm(), action: action, of: of}
	for _, n := range phones {
		if n.Status == "right" || n.Status == "unchecked" || n.Status == "off" {
			v.numbers = append(v.numbers, choice{n.Number, spaced(n.Number), r.p.T("signin.lost_number_hint")})
		}
	}
	if len(v.numbers) > 0 {
		v.numbers = append(v.numbers, choice{noNumber, r.p.T("signin.lost_sim_here"), ""})
	}
	return v
}

// lostNumber is the number that was chosen as lost; "" for none. Where a number is
// known the question is answered: the form asks it.
func (r *request) lostNumber(phones []org.Phone) (string, error) {
	switch n := r.typed("number"); {
	case n == noNumber:
		return "", nil
	case n == "" && len(r.lostView(phones, "", false).numbers) > 0:
		return "", fault.In("number", "fault.required_choice")
	default:
		return n, nil
	}
}

func lostPage(r *request) (answer, error) {
	person, err := org.GetPerson(r.tx, r.by, org.PersonID(r.by.Person))
	return answer{page: page{title: r.p.T("signin.lost_title"), lead: r.p.T("signin.lost_lead"),
		crumbs: []link{{r.p.T("common.account"), "/me"}}, body: lostBody(r.lostView(person.Phones, "/me/lost", false))}}, err
}

func lostPhone(r *request) (answer, error) {
	person, err := org.GetPerson(r.tx, r.by, org.PersonID(r.by.Person))
	if err != nil {
		return answer{}, err
	}
	number, err := r.lostNumber(person.Phones)
	if err != nil {
		return answer{}, err
	}
	return goTo("/me", "signin.lost_done"), access.LostPhone(r.tx, r.by, r.site.cookie(r.Request, "session"), number)
}

func numberBack(r *request) (answer, error) {
	return goTo("/me", "signin.number_is_back"), access.NumberBack(r.tx, r.by, r.typed("number"))
}

func lostOfPage(r *request) (answer, error) {
	id := org.PersonID(r.PathValue("id"))
	t, err := org.PersonTarget(r.tx, r.by, id)
	if err != nil {
		return answer{}, err
	}
	if err := access.CheckSlip(r.tx, r.by, string(id), t); err != nil {
		return answer{}, err
	}
	person, err := org.GetPerson(r.tx, r.by, id)
	if err != nil {
		return answer{}, err
	}
	self := "/person/" + string(person.ID)
	return show(page{title: r.p.T("signin.lost_of"), lead: r.p.T("signin.lost_of_lead", "name", lang.Name{Hi: person.NameHi, En: person.NameEn}),
		crumbs: []link{{r.p.Name(person.NameHi, person.NameEn), self}}, body: lostBody(r.lostView(person.Phones, self+"/lost", true))})
}

// lostPhoneOf ends the person's sessions and shows the slip with which they come in again.
func lostPhoneOf(r *request) (answer, error) {
	id := org.PersonID(r.PathValue("id"))
	t, err := org.PersonTarget(r.tx, r.by, id)
	if err != nil {
		return answer{}, err
	}
	person, err := org.GetPerson(r.tx, r.by, id)
	if err != nil {
		return answer{}, err
	}
	number, err := r.lostNumber(person.Phones)
	if err != nil {
		return answer{}, err
	}
	if err := access.LostPhoneOf(r.tx, r.by, string(id), number, t); err != nil {
		return answer{}, err
	}
	return r.slip(id, t)
}

// secondView is the page of one's own second step: off, begun, or on.
type secondView struct {
	p      lang.Printer
	form   form
	on     bool
	secret string // of one that was begun
	code   qrCode
	left   int // recovery codes
}

func ownSecondPage(r *request) (answer, error) {
	v := secondView{p: r.p, form: r.newForm()}
	var err error
	if v.on, err = access.HasSecond(r.tx, r.by.Person); err != nil {
		return answer{}, err
	}
	if v.on {
		v.left, err = access.RecoveryLeft(r.tx, r.by)
	} else {
		v.secret, err = access.SecondBegun(r.tx, r.by)
	}
	if err != nil {
		return answer{}, err
	}
	if v.secret != "" {
		// The address that authenticator apps read: github.com/google/google-authenticator, Key URI Format.
		name := r.p.T("common.app")
		key := "otpauth://totp/" + url.PathEscape(name+":"+r.p.Name(r.name.Hi, r.name.En)) + "?secret=" + v.secret + "&issuer=" + url.QueryEscape(name)
		if v.code, err = newQR(key, r.p.T("signin.second_qr")); err != nil {
			return answer{}, err
		}
	}
	return show(page{title: r.p.T("signin.second"), lead: r.p.T("signin.second_what"),
		crumbs: []link{{r.p.T("common.account"), "/me"}}, body: ownSecondBody(v)})
}

func beginSecond(r *request) (answer, error) {
	_, err := access.BeginSecond(r.tx, r.by)
	return answer{to: "/me/second"}, err
}

// confirmSecond shows the recovery codes, once: they are kept nowhere.
func confirmSecond(r *request) (answer, error) {
	codes, err := access.ConfirmSecond(r.tx, r.by, r.typed("code"))
	if err != nil {
		return answer{}, err
	}
	return show(page{title: r.p.T("signin.recovery_title"), lead: r.p.T("signin.recovery_lead"), crumbs: []link{{r.p.T("common.account"), "/me"}},
		body: recoveryBody(r.p, codes), next: &link{r.p.T("common.continue"), "/me"}})
}

func removeSecond(r *request) (answer, error) {
	return goTo("/me", "signin.second_removed"), access.RemoveSecond(r.tx, r.by, r.typed("code"))
}

func resetSecond(r *request) (answer, error) {
	id := org.PersonID(r.PathValue("id"))
	t, err := org.PersonTarget(r.tx, r.by, id)
	if err != nil {
		return answer{}, err
	}
	return goTo("/person/"+string(id), "signin.second_was_reset"), access.ResetSecond(r.tx, r.by, string(id), t)
}

// signInsPage tells the desk how much of the unit's limits strangers have used up.
func signInsPage(r *request) (answer, error) {
	v := watchView{p: r.p}
	var err error
	if v.spent, err = access.SignInWatch(r.tx, r.by); err != nil {
		return answer{}, err
	}
	if v.on, err = sms.On(r.tx); err == nil {
		v.sms, err = sms.Counts(r.tx)
	}
	return answer{page: page{title: r.p.T("signin.watch_title"), where: r.whereNow(), lead: r.p.T("signin.watch_lead"), body: watchBody(v)}}, err
}

type watchView struct {
	p     lang.Printer
	spent []access.Spent
	on    bool // there is a gateway
	sms   sms.Count
}

// signInHome: the alarm, for who may look.
func signInHome(r *request) ([]homeItem, error) {
	if !r.by.MayAnywhere(access.GiveSlip) {
		return nil, nil
	}
	all, err := access.SignInWatch(r.tx, r.by)
	if fault.Is(err, fault.Forbidden) {
		return nil, nil
	}
	for _, s := range all {
		if s.Alarm() {
			return []homeItem{{text: r.p.T("signin.alarm"), to: "/signins", overdue: true}}, nil
		}
	}
	return nil, err
}

// inFours writes a secret in groups, to be typed.
func inFours(secret string) (out string) {
	for i, c := range secret {
		if i > 0 && i%4 == 0 {
			out += " "
		}
		out += string(c)
	}
	return out
}
