package org

import (
	"strings"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/letter"
)

// OrderLetter is what stands in the printed letter of an order: an appointment
// letter, a relief order, a revocation. It is data; the page sets it in the reader's language:
//
//	p.T(l.TitleKey)
//	p.T(l.BodyKey, "person", ..., "post", ..., "organization", ..., "day", ..., "revoked", ...)
//
// where person bears the honorific that Gender asks for.
type OrderLetter struct {
	Order    Order        `json:"order"`
	TitleKey string       `json:"title_key"`
	BodyKey  string       `json:"body_key"`
	Gender   string       `json:"gender,omitempty"` // of the person: "", f, m, o
	AreaHi   string       `json:"area_hi"`          // where the post works
	AreaEn   string       `json:"area_en"`
	Revoked  string       `json:"revoked,omitempty"` // number of the order taken back
	ByOrgHi  string       `json:"by_organization_hi"`
	ByOrgEn  string       `json:"by_organization_en"`
	Root     Organization `json:"root"` // whose letterhead it is
	CopyTo   []Copy       `json:"copy_to"`
	by       string       // organization that issues it; "" for the machine's operator
}

// Copy is one to whom a copy of a letter goes: a message with the argument name.
type Copy struct {
	Key    string `json:"key"`
	NameHi string `json:"name_hi"`
	NameEn string `json:"name_en"`
}

// Name is the argument of the copy's message.
func (c Copy) Name() lang.Name { return lang.Name{Hi: c.NameHi, En: c.NameEn} }

// GetOrderLetter gives the letter of an order of an organization that by may see, or about
// oneself. Faults: Unauthorized, NotFound.
func GetOrderLetter(tx *db.Tx, by access.Actor, id OrderID) (l OrderLetter, err error) {
	defer fault.Op(&err, "org.GetOrderLetter(%s)", id)
	d, o, err := lookupOrder(tx, id)
	if err != nil {
		return OrderLetter{}, err
	}
	if err := by.CheckSees(o.Target(d.Person)); err != nil {
		return OrderLetter{}, err
	}
	return letterOf(tx, d, o)
}

// letterOf gathers the letter of the order d of organization o.
func letterOf(tx *db.Tx, d Order, o Organization) (l OrderLetter, err error) {
	l.Order, l.TitleKey, l.BodyKey = d, "appointment.title."+d.Kind, "appointment.body."+bodyKey(d)
	l.AreaHi, l.AreaEn = o.NameHi, o.NameEn
	if d.Membership != "" {
		m, err := LookupMembership(tx, d.Membership)
		if err != nil {
			return OrderLetter{}, err
		}
		l.AreaHi, l.AreaEn = m.AreaHi, m.AreaEn
	}
	person, err := LookupPerson(tx, d.Person)
	if err != nil {
		return OrderLetter{}, err
	}
	l.Gender = person.Gender
	if l.Revoked, err = tx.Text(`select number from orders where id = $1`, d.Revokes); err != nil {
		return OrderLetter{}, err
	}
	err = tx.Scan(`select o.id, o.name_hi, o.name_en from orders d join membership m on m.id = d.by_membership
		join organization o on o.id = m.organization_id where d.id = $1`, []any{d.ID}, &l.by, &l.ByOrgHi, &l.ByOrgEn)
	if err != nil && !fault.Is(err, fault.NotFound) { // the machine's operator has no post
		return OrderLetter{}, err
	}
	if l.Root, err = Root(tx); err != nil {
		return OrderLetter{}, err
	}
	l.CopyTo, err = copies(tx, d, o, l.Root)
	return l, err
}

// bodyKey chooses the sentence of the order.
func bodyKey(d Order) string {
	switch {
	case d.Kind == OrderAppointment && (d.Charge == "acting" || d.Charge == "additional"):
		return d.Kind + "_" + d.Charge
	case d.Ending != "":
		return d.Ending
	}
	return d.Kind
}

// copyPerson is the message of the copy for the person concerned.
const copyPerson = "appointment.copy.person"

// copies go to the person, the organization above, the unit, and the desk, each once.
func copies(tx *db.Tx, d Order, o, root Organization) ([]Copy, error) {
	list := []Copy{{copyPerson, d.PersonHi, d.PersonEn}}
	if d.Ending == "died" {
		list = nil
	}
	above, err := Above(tx, o)
	if err != nil {
		return nil, err
	}
	if n := len(above); n > 0 && above[n-1].ID != root.ID {
		list = append(list, Copy{"appointment.copy.above", above[n-1].NameHi, above[n-1].NameEn})
	}
	if o.Unit != root.ID && o.Unit != "" && (len(above) == 0 || above[len(above)-1].ID != o.Unit) {
		unit, err := Lookup(tx, o.Unit)
		if err != nil {
			return nil, err
		}
		list = append(list, Copy{"appointment.copy.unit", unit.NameHi, unit.NameEn})
	}
	return append(list, Copy{"appointment.copy.desk", root.NameHi, root.NameEn}), nil
}

// LetterOf gives the issued letter of an order of an organization that by may see, or
// about oneself; "" when the order is older than its letter (loaded, or issued before
// letters were kept): see [IssueLetter]. Faults: Unauthorized, NotFound.
func LetterOf(tx *db.Tx, by access.Actor, id OrderID) (string, error) {
	if _, err := GetOrder(tx, by, id); err != nil {
		return "", err
	}
	return letter.Of(tx, letter.OfOrder, string(id))
}

// IssueLetter gives the letter of an order, and issues it now, with today's template,
// if the order is older than its letter. Who may and faults: as LetterOf.
func IssueLetter(tx *db.Tx, by access.Actor, id OrderID) (string, error) {
	if _, err := GetOrder(tx, by, id); err != nil {
		return "", err
	}
	return issueLetter(tx, id, nil)
}

// issueLetter freezes the letter of an order.
func issueLetter(tx *db.Tx, id OrderID, copyTo []string) (string, error) {
	d, o, err := lookupOrder(tx, id)
	if err != nil {
		return "", err
	}
	l, err := letterOf(tx, d, o)
	if err != nil {
		return "", err
	}
	kind := "letter"
	switch d.Kind {
	case OrderAppointment:
		kind = "appointment"
	case OrderRelief, OrderWithoutNotice:
		kind = "relief"
	}
	notice := struct {
		number string
		at     int64
	}{}
	if d.Case != "" {
		err := tx.Scan(`select k.notice_number, s.at from review_case k join case_step s on s.case_id = k.id and s.step = 'noticed' where k.id = $1`,
			[]any{d.Case}, &notice.number, &notice.at)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return "", err
		}
	}
	return letter.Issue(tx, letter.Draft{Kind: kind, Record: letter.OfOrder, RecordID: string(id), Number: d.Number, By: l.by, Person: string(d.Person), About: string(o.ID), Unit: string(o.Unit), At: d.RecordedAt, CopyTo: copyTo,
		Fields: func(p lang.Printer) map[string]string {
			post, body := lang.Name{Hi: d.RoleHi, En: d.RoleEn}, lang.Name{Hi: d.OrgHi, En: d.OrgEn}
			person := Honoured(p, lang.Name{Hi: d.PersonHi, En: d.PersonEn}, l.Gender)
			v := map[string]string{
				"title":   p.T(l.TitleKey),
				"subject": p.T("letter.subject."+bodyKey(d), "post", post, "organization", body, "revoked", l.Revoked),
				"body":    l.Sentence(p),
				"person":  person, "post": p.Name(post.Hi, post.En), "unit": p.Name(body.Hi, body.En), "area": p.Name(l.AreaHi, l.AreaEn),
				"from_day": p.Day(d.EffectiveDay),
				"signer":   p.T("cases.letter_office"),
			}
			if d.Ending != "died" {
				v["to"] = p.T("cases.letter_to") + "\n" + person + "\n" + v["post"] + ", " + v["unit"]
				if kind == "appointment" {
					v["to"] = p.T("cases.letter_to") + "\n" + person + "\n" + v["area"]
				}
				v["greeting"] = Greeting(p, l.Gender)
			}
			if d.Charge == "acting" || d.Charge == "additional" {
				v["post"] = p.T("letter.post_"+d.Charge, "post", post)
			}
			switch {
			case notice.number != "":
				v["reference"] = p.T("letter.reference_notice", "no", notice.number, "day", lang.Day(tx.Time(notice.at).Format("2006-01-02")))
			case l.Revoked != "":
				v["reference"] = p.T("letter.reference_order", "no", l.Revoked)
			}
			if d.Reason != "" {
				v["reason"] = p.T("appoint.letter_reason", "reason", d.Reason)
			}
			switch d.Kind {
			case OrderRelief, OrderWithoutNotice, OrderWarning:
				v["appeal"] = p.T("appoint.letter_appeal")
			}
			if d.ByPerson != "" {
				v["signer"], v["signer_post"], v["signer_organization"] = p.Name(d.ByHi, d.ByEn), p.Name(d.ByRoleHi, d.ByRoleEn), p.Name(l.ByOrgHi, l.ByOrgEn)
			}
			var copies []string
			for _, c := range l.CopyTo {
				name := p.Name(c.NameHi, c.NameEn)
				if c.Key == copyPerson {
					name = person
				}
				copies = append(copies, p.T(c.Key, "name", name))
			}
			v["copy_to"] = strings.Join(copies, "\n")
			return v
		}})
}

// Sentence is the sentence of the order, in the printer's language.
func (l OrderLetter) Sentence(p lang.Printer) string {
	d := l.Order
	return p.T(l.BodyKey, "person", Honoured(p, lang.Name{Hi: d.PersonHi, En: d.PersonEn}, l.Gender), "post", lang.Name{Hi: d.RoleHi, En: d.RoleEn},
		"organization", lang.Name{Hi: d.OrgHi, En: d.OrgEn}, "day", lang.Day(d.EffectiveDay), "revoked", l.Revoked)
}

// Honoured is a name as a letter addresses it: with an honorific where the gender is known.
func Honoured(p lang.Printer, name lang.Name, gender string) string {
	switch gender {
	case "f", "m":
		return p.T("cases.honour."+gender, "name", name)
	}
	return p.Name(name.Hi, name.En)
}

// Greeting opens a letter to a person of that gender.
func Greeting(p lang.Printer, gender string) string {
	switch gender {
	case "f", "m":
		return p.T("letter.greeting." + gender)
	}
	return p.T("letter.greeting.any")
}
