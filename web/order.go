package web

import (
	"strings"

	"sangathan/access"
	"sangathan/internal/lang"
	"sangathan/org"
)

// ordersLink leads to the orders of a unit, or of the whole state.
func ordersLink(o org.Organization, root bool) string {
	if root {
		return "/orders"
	}
	return "/orders?unit=" + string(o.ID)
}

// areaName writes a place, with its number where it is a seat or booth.
func areaName(p lang.Printer, hi, en string, number int) string {
	name := p.Name(hi, en)
	if number == 0 {
		return name
	}
	return p.T("register.numbered", "no", p.Digits(itoa(number)), "name", name)
}

// schemeName tells what an identifier of an area is.
func schemeName(p lang.Printer, scheme string) string {
	if key := "register.scheme." + scheme; lang.Has(key) {
		return p.T(key)
	}
	return p.T("register.scheme_other", "scheme", strings.ToUpper(scheme))
}

func lower(s string) string { return strings.ToLower(s) }

func ordersPage(r *request) (answer, error) {
	unit := org.OrganizationID(r.query("unit"))
	v := ordersView{p: r.p, form: r.newForm("unit", string(unit))}
	var err error
	if v.orders, err = org.Orders(r.tx, r.by, unit, "", r.offset(), pageRows+1); err != nil {
		return answer{}, err
	}
	v.first, v.next = r.paged(len(v.orders))
	v.orders = v.orders[:min(len(v.orders), pageRows)]
	if v.units, err = unitChoices(r); err != nil {
		return answer{}, err
	}
	return show(page{title: r.p.T("register.orders_title"), where: r.whereNow(),
		lead: r.p.T("register.orders_lead"), body: ordersBody(v)})
}

type ordersView struct {
	p           lang.Printer
	form        form
	orders      []org.Order
	units       []choice
	first, next string
}

// orderPage is the order as a letter, ready to print.
func orderPage(r *request) (answer, error) {
	d, err := org.GetOrder(r.tx, r.by, org.OrderID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	v := orderView{p: r.p, d: d, recorded: r.tx.Time(d.RecordedAt).Format("2006-01-02")}
	root, err := org.Root(r.tx)
	if err != nil {
		return answer{}, err
	}
	v.head = r.p.Name(root.NameHi, root.NameEn)
	if v.unit = v.head; d.Organization != root.ID {
		v.unit = r.p.Name(d.OrgHi, d.OrgEn)
	}
	if v.person, err = org.LookupPerson(r.tx, d.Person); err != nil {
		return answer{}, err
	}
	v.kind, v.reason = d.Kind, d.Reason
	switch {
	case d.Kind == org.OrderAppointment && (d.Charge == "acting" || d.Charge == "additional"):
		v.kind += "_" + d.Charge
	case d.Kind == org.OrderRelief && d.Ending != "" && d.Ending != "relieved":
		v.kind += "_" + d.Ending
	case d.Kind == org.OrderRecord:
		v.kind += "_" + d.Ending
	}
	for _, other := range []org.OrderID{d.Revokes, d.RevokedBy} {
		if other == "" {
			continue
		}
		o, err := org.GetOrder(r.tx, r.by, other)
		if err != nil {
			return answer{}, err
		}
		if other == d.Revokes {
			v.revokes = &o
		} else {
			v.revokedBy = &o
		}
	}
	body, err := org.Lookup(r.tx, d.Organization)
	if err != nil {
		return answer{}, err
	}
	v.mayRevoke = d.RevokedBy == "" && d.Kind != org.OrderRevocation && d.Membership != "" && string(d.Person) != r.by.Person &&
		r.by.May(access.RevokeOrder, body.Target(d.Person))
	return show(page{title: r.p.T("register.order."+d.Kind) + " " + d.Number, letter: true, body: orderBody(v),
		crumbs: []link{{r.p.T("register.orders_title"), "/orders"}, {r.p.Name(d.PersonHi, d.PersonEn), "/person/" + string(d.Person)}},
		where:  r.p.T("register.order_no", "no", d.Number) + " · " + r.p.Day(d.EffectiveDay)})
}

type orderView struct {
	p                  lang.Printer
	d                  org.Order
	person             org.Person
	kind               string
	reason             string
	head, unit         string
	recorded           string
	revokes, revokedBy *org.Order
	mayRevoke          bool
}

// honoured is the person's name as a letter addresses them.
func (v orderView) honoured() string {
	name := v.p.Name(v.person.NameHi, v.person.NameEn)
	switch v.person.Gender {
	case "f":
		return v.p.T("register.honour_f", "name", name)
	case "m":
		return v.p.T("register.honour_m", "name", name)
	}
	return name
}

// text is the order's operative sentence.
func (v orderView) text() string {
	args := []any{"name", v.honoured(), "post", v.p.Name(v.d.RoleHi, v.d.RoleEn), "org", v.unit, "day", lang.Day(v.d.EffectiveDay)}
	if v.revokes != nil {
		args = append(args, "no", v.revokes.Number, "of", lang.Day(v.revokes.EffectiveDay))
	} else {
		args = append(args, "no", "", "of", lang.Day(v.d.EffectiveDay))
	}
	return v.p.T("register.letter."+v.kind, args...)
}

func revokePage(r *request) (answer, error) {
	d, err := org.GetOrder(r.tx, r.by, org.OrderID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	return show(page{title: r.p.T("register.revoke_title", "no", d.Number), crumbs: []link{{r.p.T("register.order_no", "no", d.Number), "/order/" + string(d.ID)}},
		where: r.p.Name(d.PersonHi, d.PersonEn) + " · " + r.p.Name(d.RoleHi, d.RoleEn) + ", " + r.p.Name(d.OrgHi, d.OrgEn),
		lead:  r.p.T("register.revoke_lead"), body: revokeBody(r.p, r.newForm(), r.URL.Path)})
}

func revokeOrder(r *request) (answer, error) {
	id, err := org.Revoke(r.tx, r.by, org.OrderID(r.PathValue("id")), r.typed("reason"))
	return goTo("/order/"+string(id), "register.revoke_done"), err
}
