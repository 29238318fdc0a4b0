package appointment

import (
	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"
)

// OrderLetter is what stands in the printed letter of an order: an appointment
// letter, a relief order, a revocation. It is data; the page sets it in the reader's language:
//
//	p.T(l.TitleKey)
//	p.T(l.BodyKey, "person", ..., "post", ..., "organization", ..., "day", ..., "revoked", ...)
//
// where person bears the honorific that Gender asks for.
type OrderLetter struct {
	Order    org.Order        `json:"order"`
	TitleKey string           `json:"title_key"`
	BodyKey  string           `json:"body_key"`
	Gender   string           `json:"gender,omitempty"` // of the person: "", f, m, o
	AreaHi   string           `json:"area_hi"`          // where the post works
	AreaEn   string           `json:"area_en"`
	Revoked  string           `json:"revoked,omitempty"` // number of the order taken back
	ByOrgHi  string           `json:"by_organization_hi"`
	ByOrgEn  string           `json:"by_organization_en"`
	Root     org.Organization `json:"root"` // whose letterhead it is
	CopyTo   []Copy           `json:"copy_to"`
}

// Copy is one to whom a copy of a letter goes: a message with the argument name.
type Copy struct {
	Key    string `json:"key"`
	NameHi string `json:"name_hi"`
	NameEn string `json:"name_en"`
}

// Name is the argument of the copy's message.
func (c Copy) Name() lang.Name { return lang.Name{Hi: c.NameHi, En: c.NameEn} }

// Letter gives the letter of an order of an organization that by may see, or about
// oneself. Faults: Unauthorized, NotFound.
func Letter(tx *db.Tx, by access.Actor, id org.OrderID) (l OrderLetter, err error) {
	defer fault.Op(&err, "appointment.Letter(%s)", id)
	if l.Order, err = org.GetOrder(tx, by, id); err != nil {
		return OrderLetter{}, err
	}
	d := l.Order
	l.TitleKey, l.BodyKey = "appointment.title."+d.Kind, "appointment.body."+body(d)
	o, err := org.Lookup(tx, d.Organization)
	if err != nil {
		return OrderLetter{}, err
	}
	l.AreaHi, l.AreaEn = o.NameHi, o.NameEn
	if d.Membership != "" {
		m, err := org.LookupMembership(tx, d.Membership)
		if err != nil {
			return OrderLetter{}, err
		}
		l.AreaHi, l.AreaEn = m.AreaHi, m.AreaEn
	}
	person, err := org.LookupPerson(tx, d.Person)
	if err != nil {
		return OrderLetter{}, err
	}
	l.Gender = person.Gender
	if l.Revoked, err = tx.Text(`select number from orders where id = $1`, d.Revokes); err != nil {
		return OrderLetter{}, err
	}
	err = tx.Scan(`select o.name_hi, o.name_en from orders d join membership m on m.id = d.by_membership
		join organization o on o.id = m.organization_id where d.id = $1`, []any{id}, &l.ByOrgHi, &l.ByOrgEn)
	if err != nil && !fault.Is(err, fault.NotFound) { // the machine's operator has no post
		return OrderLetter{}, err
	}
	if l.Root, err = org.Root(tx); err != nil {
		return OrderLetter{}, err
	}
	l.CopyTo, err = copies(tx, d, o, l.Root)
	return l, err
}

// body chooses the sentence of the order.
func body(d org.Order) string {
	switch {
	case d.Kind == org.OrderAppointment && (d.Charge == "acting" || d.Charge == "additional"):
		return d.Kind + "_" + d.Charge
	case d.Ending != "":
		return d.Ending
	}
	return d.Kind
}

// copies go to the person, the organization above, the unit, and the desk, each once.
func copies(tx *db.Tx, d org.Order, o, root org.Organization) ([]Copy, error) {
	list := []Copy{{"appointment.copy.person", d.PersonHi, d.PersonEn}}
	if d.Ending == "died" {
		list = nil
	}
	above, err := org.Above(tx, o)
	if err != nil {
		return nil, err
	}
	if n := len(above); n > 0 && above[n-1].ID != root.ID {
		list = append(list, Copy{"appointment.copy.above", above[n-1].NameHi, above[n-1].NameEn})
	}
	if o.Unit != root.ID && o.Unit != "" && (len(above) == 0 || above[len(above)-1].ID != o.Unit) {
		unit, err := org.Lookup(tx, o.Unit)
		if err != nil {
			return nil, err
		}
		list = append(list, Copy{"appointment.copy.unit", unit.NameHi, unit.NameEn})
	}
	return append(list, Copy{"appointment.copy.desk", root.NameHi, root.NameEn}), nil
}
