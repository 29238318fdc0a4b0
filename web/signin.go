package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"
	"sangathan/sms"
)

// ticket is what a browser keeps between the steps of signing in, in a cookie.
type ticket struct {
	Phone  string `json:"p,omitempty"`
	Code   string `json:"c,omitempty"` // the demonstration's only
	Ticket string `json:"t,omitempty"`
	Second bool   `json:"s,omitempty"` // Ticket is for the second step
}

func (r *request) ticket() (t ticket) {
	json.Unmarshal([]byte(r.site.cookie(r.Request, "signin")), &t) // what is not ours is empty
	return t
}

func (s *site) ticketCookie(t ticket) *http.Cookie {
	text, _ := json.Marshal(t)
	life := access.CodeLife
	if t == (ticket{}) {
		life = 0
	}
	return s.newCookie("signin", string(text), life)
}

// device is the browser, by the cookie it got when somebody first signed in with it.
func (r *request) device() access.Device {
	return access.Device{Token: r.site.cookie(r.Request, "device"), Name: access.DeviceName(r.UserAgent())}
}

// signedIn opens the browser's session and goes on to where it wanted to go, or to the
// second step.
func (r *request) signedIn(session access.Session) answer {
	if session.Second != "" {
		return answer{to: "/signin/second", cookies: []*http.Cookie{r.site.ticketCookie(ticket{Ticket: session.Second, Second: true})}}
	}
	a := answer{to: "/", cookies: []*http.Cookie{
		r.site.newCookie("session", session.Token, access.SessionLife), r.site.newCookie("device", session.Device, access.DeviceLife),
		r.site.ticketCookie(ticket{}), r.site.newCookie("next", "", 0)}}
	if next := r.site.cookie(r.Request, "next"); localPath(next) {
		a.to = next
	}
	return a
}

// localPath reports whether to is an address of this site, and nothing that a
// browser would take for another.
func localPath(to string) bool {
	return strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && !strings.ContainsAny(to, "\\\r\n\t")
}

func signInPage(r *request) (answer, error) {
	codes, err := r.sendsCodes()
	if err != nil {
		return answer{}, err
	}
	v := signInView{p: r.p, form: r.newForm(), codes: codes}
	if r.site.cfg.Demo {
		v.ready = r.site.cfg.SignIns
	}
	pg := page{title: r.p.T("signin.title"), lead: r.p.T("signin.lead"), body: signInBody(v)}
	if !v.codes {
		pg.lead = r.p.T("signin.lead_pin")
	}
	return show(pg)
}

// sendsCodes reports whether a code can reach anybody here.
func (r *request) sendsCodes() (bool, error) {
	if r.site.cfg.Demo {
		return true, nil
	}
	return sms.On(r.tx)
}

type signInView struct {
	p     lang.Printer
	form  form
	codes bool
	ready []DemoSignIn
}

func signInSend(r *request) (answer, error) {
	phone, ok := lang.Phone(r.typed("phone"))
	if !ok {
		return answer{}, fault.In("phone", "fault.bad_phone")
	}
	if r.site.cfg.Demo && slices.ContainsFunc(r.site.cfg.SignIns, func(s DemoSignIn) bool { return s.Phone == phone }) {
		if err := access.ForgetCodes(r.tx, phone); err != nil {
			return answer{}, err
		}
	}
	if codes, err := r.sendsCodes(); err != nil || !codes {
		return answer{to: "/signin/pin"}, err
	}
	code, err := access.RequestCode(r.tx, phone, r.device())
	if err != nil {
		return answer{}, err
	}
	t := ticket{Phone: phone}
	if r.site.cfg.Demo {
		t.Code = code
	} else if code != "" {
		err = sms.Queue(r.tx, sms.Code(phone, code, string(r.p.Lang())), access.CodeLife)
	}
	return answer{to: "/signin/code", cookies: []*http.Cookie{r.site.ticketCookie(t)}}, err
}

func codePage(r *request) (answer, error) {
	t := r.ticket()
	if t.Phone == "" {
		return answer{to: "/signin"}, nil
	}
	v := codeView{p: r.p, form: r.newForm(), phone: spaced(t.Phone)}
	if r.site.cfg.Demo {
		v.demo, v.code = true, t.Code
		v.form = r.newForm("code", t.Code)
	}
	return show(page{title: r.p.T("signin.code_title"), body: codeBody(v)})
}

type codeView struct {
	p           lang.Printer
	form        form
	phone, code string
	demo        bool
}

// spaced writes a phone number as people read it.
func spaced(phone string) string {
	if len(phone) != 10 {
		return phone
	}
	return phone[:5] + " " + phone[5:]
}

func codeCheck(r *request) (answer, error) {
	t := r.ticket()
	code := strings.ReplaceAll(lang.ASCIIDigits(r.typed("code")), " ", "")
	if len(code) != 6 {
		return answer{}, fault.In("code", "signin.code_form")
	}
	issued, people, err := access.CheckCode(r.tx, t.Phone, code, r.device())
	if err != nil {
		return answer{}, err
	}
	if len(people) == 1 {
		session, err := access.Choose(r.tx, issued, people[0], false, r.device())
		return r.signedIn(session), err
	}
	return answer{to: "/signin/name", cookies: []*http.Cookie{r.site.ticketCookie(ticket{Ticket: issued})}}, nil
}

func namePage(r *request) (answer, error) {
	people, err := access.Candidates(r.tx, r.ticket().Ticket)
	if err != nil {
		return answer{}, err
	}
	v := nameView{p: r.p, form: r.newForm()}
	for _, id := range people {
		person, err := org.LookupPerson(r.tx, org.PersonID(id))
		if err != nil {
			return answer{}, err
		}
		hats, err := org.Hats(r.tx, person.ID)
		if err != nil {
			return answer{}, err
		}
		c := choice{value: id, text: r.p.Name(person.NameHi, person.NameEn)}
		if len(hats) > 0 {
			c.hint = r.p.Name(hats[0].RoleHi, hats[0].RoleEn) + ", " + r.p.Name(hats[0].OrgHi, hats[0].OrgEn)
		}
		v.people = append(v.people, c)
	}
	return show(page{title: r.p.T("signin.name_title"), lead: r.p.T("signin.name_lead"), body: nameBody(v)})
}

type nameView struct {
	p      lang.Printer
	form   form
	people []choice
}

func nameChoose(r *request) (a answer, err error) {
	person, right := r.typed("person"), false
	if person == "" {
		return a, fault.In("person", "fault.required_choice")
	}
	hash, err := r.pinHash(func(*db.Tx) (string, error) { return person, nil })
	if err != nil {
		return a, err
	}
	if pin := r.typed("pin"); pin != "" {
		right = access.PINRight(lang.ASCIIDigits(pin), hash)
	}
	err = r.site.unit.Write(r.Context(), func(tx *db.Tx) error {
		session, err := access.Choose(tx, r.ticket().Ticket, person, right, r.device())
		a = r.signedIn(session)
		return err
	})
	return a, err
}

// pinHash reads the stored hash of whom the function finds, in a transaction of its own,
// unless they are locked out.
func (r *request) pinHash(who func(*db.Tx) (string, error)) (hash string, err error) {
	err = r.site.unit.Read(r.Context(), func(tx *db.Tx) error {
		person, err := who(tx)
		if err != nil || person == "" {
			return err
		}
		hash, err = access.TryPIN(tx, person, r.device())
		return err
	})
	return hash, err
}

func pinPage(r *request) (answer, error) {
	return show(page{title: r.p.T("signin.pin_title"), lead: r.p.T("signin.pin_lead"), body: pinBody(r.p, r.newForm())})
}

func pinSignIn(r *request) (a answer, err error) {
	login := strings.ReplaceAll(lang.ASCIIDigits(r.typed("login")), " ", "")
	if phone, ok := lang.Phone(login); ok {
		login = phone
	}
	pin := lang.ASCIIDigits(r.typed("pin"))
	var f fault.Form
	f.Check(login != "", "login", "fault.required")
	f.Check(pin != "", "pin", "fault.required")
	if err := f.Err(); err != nil {
		return a, err
	}
	person := ""
	hash, err := r.pinHash(func(tx *db.Tx) (string, error) {
		var err error
		person, err = access.PersonByPINLogin(tx, login)
		return person, err
	})
	if err != nil {
		return a, err
	}
	right := access.PINRight(pin, hash)
	err = r.site.unit.Write(r.Context(), func(tx *db.Tx) error {
		session, err := access.SignInPIN(tx, person, right, r.device())
		a = r.signedIn(session)
		return err
	})
	return a, err
}

func slipPage(r *request) (answer, error) {
	id, err := access.SlipPerson(r.tx, r.PathValue("token"))
	if err != nil {
		return answer{}, err
	}
	person, err := org.LookupPerson(r.tx, org.PersonID(id))
	if err != nil {
		return answer{}, err
	}
	name := r.p.Name(person.NameHi, person.NameEn)
	return show(page{title: r.p.T("signin.slip_title", "name", name), lead: r.p.T("signin.slip_lead"),
		body: newPINBody(r.p, r.newForm(), r.URL.Path)})
}

// newPIN reads a new PIN, typed twice, and hashes it.
func (r *request) newPIN() (hash string, err error) {
	pin, again := lang.ASCIIDigits(r.typed("pin")), lang.ASCIIDigits(r.typed("again"))
	if pin == "" {
		return "", fault.In("pin", "fault.required")
	}
	if hash, err = access.HashPIN(pin); err == nil && pin != again {
		return "", fault.In("again", "signin.pins_differ")
	}
	return hash, err
}

func slipUse(r *request) (a answer, err error) {
	hash, err := r.newPIN()
	if err != nil {
		return a, err
	}
	err = r.site.unit.Write(r.Context(), func(tx *db.Tx) error {
		session, login, err := access.UseSlip(tx, r.PathValue("token"), hash, r.device())
		a = r.signedIn(session)
		if session.Second == "" {
			a.to = "/welcome"
		}
		a.cookies = append(a.cookies, r.site.newCookie("welcome", login, 10*time.Minute))
		return err
	})
	return a, err
}

// secondPage asks for the second step.
func secondPage(r *request) (answer, error) {
	if !r.ticket().Second {
		return answer{to: "/signin"}, nil
	}
	return show(page{title: r.p.T("signin.second_title"), lead: r.p.T("signin.second_lead"), body: secondBody(r.p, r.newForm())})
}

func secondCheck(r *request) (answer, error) {
	code := r.typed("code")
	if code == "" {
		return answer{}, fault.In("code", "fault.required")
	}
	session, err := access.SecondStep(r.tx, r.ticket().Ticket, code, r.device())
	a := r.signedIn(session)
	if r.site.cookie(r.Request, "welcome") != "" { // a slip was used: its login number is told yet
		a.to = "/welcome"
	}
	return a, err
}

// welcomePage tells the login number after an activation slip.
func welcomePage(r *request) (answer, error) {
	login := r.site.cookie(r.Request, "welcome")
	if login == "" {
		return answer{to: "/"}, nil
	}
	return show(page{title: r.p.T("signin.welcome_title"), body: welcomeBody(r.p, login), next: &link{r.p.T("common.continue"), "/"}})
}

func signOut(r *request) (answer, error) {
	if err := access.SignOut(r.tx, r.site.cookie(r.Request, "session")); err != nil {
		return answer{}, err
	}
	a := goTo("/signin", "signin.signed_out")
	a.cookies = []*http.Cookie{r.site.newCookie("session", "", 0), r.site.newCookie("welcome", "", 0)}
	return a, nil
}

func setLang(r *request) (answer, error) {
	to := lang.Parse(r.typed("lang"))
	if r.by.SignedIn() {
		if err := access.SetLang(r.tx, r.by, string(to)); err != nil {
			return answer{}, err
		}
	}
	a := answer{to: "/", cookies: []*http.Cookie{r.site.newCookie("lang", string(to), 365*24*time.Hour)}}
	if back := r.typed("back"); localPath(back) {
		a.to = back
	}
	return a, nil
}
