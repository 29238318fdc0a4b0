package web

import (
	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/lang"
	"sangathan/org"
)

func mePage(r *request) (answer, error) {
	v := meView{p: r.p, form: r.newForm("membership", r.by.Membership), person: r.by.Person}
	record, err := org.Record(r.tx, r.by, org.PersonID(r.by.Person), "")
	if err != nil {
		return answer{}, err
	}
	v.record = record
	for _, h := range r.hats {
		v.hats = append(v.hats, choice{value: string(h.ID), text: r.p.Name(h.RoleHi, h.RoleEn), hint: r.p.Name(h.OrgHi, h.OrgEn)})
	}
	hash, err := access.PINHash(r.tx, r.by.Person)
	if err != nil {
		return answer{}, err
	}
	v.hasPIN = hash != ""
	person, err := org.GetPerson(r.tx, r.by, org.PersonID(r.by.Person))
	if err != nil {
		return answer{}, err
	}
	v.phones = person.Phones
	if v.sessions, err = r.sessionLines(); err != nil {
		return answer{}, err
	}
	if v.second, err = access.HasSecond(r.tx, r.by.Person); err != nil {
		return answer{}, err
	}
	v.needsSecond = r.by.NeedsSecond
	return show(page{title: r.p.Name(r.name.Hi, r.name.En), where: r.p.T("web.me_where"), body: meBody(v)})
}

type meView struct {
	p      lang.Printer
	form   form
	person string
	hats   []choice
	record []org.Membership
	phones []org.Phone
	hasPIN bool

	sessions    []sessionLine
	second      bool // the second step is on
	needsSecond bool // the post acts only with it, and it is off
}

func putOnHat(r *request) (answer, error) {
	token := r.site.cookie(r.Request, "session")
	if err := access.PutOn(r.tx, r.by, token, r.typed("membership")); err != nil {
		return answer{}, err
	}
	m, err := org.LookupMembership(r.tx, org.MembershipID(r.typed("membership")))
	return goTo("/", "web.hat_changed", "post", lang.Name{Hi: m.RoleHi, En: m.RoleEn}, "org", lang.Name{Hi: m.OrgHi, En: m.OrgEn}), err
}

func ownPINPage(r *request) (answer, error) {
	return show(page{title: r.p.T("signin.own_pin_title"), lead: r.p.T("signin.own_pin_lead"),
		crumbs: []link{{r.p.T("common.account"), "/me"}}, body: newPINBody(r.p, r.newForm(), "/me/pin")})
}

func setOwnPIN(r *request) (a answer, err error) {
	// Who asks is known before the slow hash is made: nobody else may spend our time.
	by := func(tx *db.Tx) (access.Actor, error) { return access.Open(tx, r.site.cookie(r.Request, "session")) }
	err = r.site.unit.Read(r.Context(), func(tx *db.Tx) error { _, err := by(tx); return err })
	if err != nil {
		return a, err
	}
	hash, err := r.newPIN()
	if err != nil {
		return a, err
	}
	err = r.site.unit.Write(r.Context(), func(tx *db.Tx) error {
		actor, err := by(tx)
		if err != nil {
			return err
		}
		return access.SetPIN(tx, actor, hash)
	})
	return goTo("/me", "signin.pin_set"), err
}

func helpPage(r *request) (answer, error) {
	v := helpView{p: r.p}
	for _, w := range helpWords {
		v.words = append(v.words, [2]string{r.p.Word(w), r.p.T("web.means." + w)})
	}
	return show(page{title: r.p.T("common.help"), lead: r.p.T("web.help_lead"), body: helpBody(v)})
}

// helpWords are the words that the help page explains.
var helpWords = []string{"organization", "unit", "post", "vacancy", "not_known", "as_on_date", "activity", "confirmed",
	"objection", "directive", "silent_unit", "listed", "leave", "notice", "served", "appeal", "order"}

type helpView struct {
	p     lang.Printer
	words [][2]string
}
