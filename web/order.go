package web

import (
	"slices"
	"strings"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/internal/paper"
	"sangathan/letter"
	"sangathan/org"
)

// ordersLink leads to the orders of the whole state, of a unit, or of one body.
func ordersLink(o org.Organization) string {
	switch {
	case o.Parent == "":
		return "/orders"
	case o.Unit == o.ID:
		return "/orders?unit=" + string(o.ID)
	}
	return "/orders?body=" + string(o.ID)
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
	f := org.OrderFilter{Unit: org.OrganizationID(r.query("unit")), Organization: org.OrganizationID(r.query("body")),
		Person: org.PersonID(r.query("person")), Kind: r.query("kind"), Day: r.query("day")}
	v := ordersView{p: r.p, filter: f, form: r.newForm("unit", string(f.Unit), "kind", f.Kind, "day", f.Day), kinds: []choice{{text: r.p.T("common.all")}}}
	for _, k := range org.OrderKinds {
		v.kinds = append(v.kinds, choice{value: k, text: r.p.T("register.order." + k)})
	}
	pg := page{title: r.p.T("register.orders_title"), where: r.whereNow(), lead: r.p.T("register.orders_lead")}
	var err error
	if f.Organization != "" {
		o, err := org.GetOrganization(r.tx, r.by, f.Organization)
		if err != nil {
			return answer{}, err
		}
		pg.where = r.p.Name(o.NameHi, o.NameEn) + " · " + r.p.T("common.as_on", "day", lang.Day(r.today))
		if pg.crumbs, err = orgCrumbs(r, o, true); err != nil {
			return answer{}, err
		}
	} else if v.units, err = unitChoices(r); err != nil {
		return answer{}, err
	}
	v.orders, v.list, err = open(r, ordersRoll(r, f), chosen(v.units, string(f.Unit)), chosen(v.kinds, f.Kind), toldDay(r.p, f.Day))
	pg.list, pg.body = v.list, ordersBody(v)
	return answer{page: pg}, err
}

func ordersRoll(r *request, f org.OrderFilter) roll[org.Order] {
	return roll[org.Order]{name: "orders", sorts: []string{"new", "old", "day"},
		letter: func(d org.Order) letterOf { return orderLetter(d.ID) },
		read: func(tx *db.Tx, by access.Actor, p db.Page) ([]org.Order, string, error) {
			return org.Orders(tx, by, f, p)
		},
		cols: []col{{"lists.col.number", 3}, {"common.kind", 4}, {"common.name", 5}, {"word.post", 4}, {"lists.col.body", 6}, {"lists.col.effective", 3}, {"lists.col.issued", 4}, {"common.status", 3}},
		cells: func(d org.Order) paper.Row {
			revoked := ""
			if d.RevokedBy != "" {
				revoked = r.p.T("register.revoked")
			}
			return paper.Row{d.Number, r.p.T("register.order." + d.Kind), r.p.Name(d.PersonHi, d.PersonEn), r.p.Name(d.RoleHi, d.RoleEn),
				r.p.Name(d.OrgHi, d.OrgEn), dayCell(d.EffectiveDay), r.instant(d.RecordedAt), revoked}
		}}
}

// toldDay tells the day of issue that was chosen; "" for none.
func toldDay(p lang.Printer, day string) string {
	if day == "" {
		return ""
	}
	return p.T("register.issued_on", "day", lang.Day(day))
}

type ordersView struct {
	p            lang.Printer
	form         form
	filter       org.OrderFilter
	orders       []org.Order
	units, kinds []choice
	list         *list
}

// register is where the letters of the orders are listed by number.
func (v ordersView) register() string {
	if v.filter.Organization != "" {
		return "/dispatch?body=" + string(v.filter.Organization)
	}
	return "/dispatch"
}

// orderPage is the order as a letter, ready to print.
func orderPage(r *request) (answer, error) {
	l, err := org.GetOrderLetter(r.tx, r.by, org.OrderID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	d := l.Order
	v := letterView{p: r.p, l: l, issued: r.tx.Time(d.RecordedAt).Format("2006-01-02")}
	v.text = l.Sentence(r.p)
	words, err := letter.Words(r.tx, letter.OfOrder, string(d.ID), r.p.Lang())
	if err != nil {
		return answer{}, err
	}
	if v.copies = linesOf(words["copy_to"]); words == nil {
		for _, c := range l.CopyTo {
			v.copies = append(v.copies, r.p.T(c.Key, "name", c.Name()))
		}
	}
	if v.revokedBy, err = orderNumber(r, d.RevokedBy); err != nil {
		return answer{}, err
	}
	body, err := org.Lookup(r.tx, d.Organization)
	if err != nil {
		return answer{}, err
	}
	v.mayRevoke = d.RevokedBy == "" && slices.Contains(org.Revocable, d.Kind) && string(d.Person) != r.by.Person && r.by.May(access.RevokeOrder, body.Target(d.Person))
	return show(page{title: r.p.T(l.TitleKey) + " " + d.Number, letter: true, body: letterBody(v),
		crumbs: []link{{r.p.T("register.orders_title"), "/orders"}, {r.p.Name(d.PersonHi, d.PersonEn), "/person/" + string(d.Person)}}})
}

type letterView struct {
	p         lang.Printer
	l         org.OrderLetter
	issued    string
	text      string
	copies    []string // to whom they go
	revokedBy string   // number of the order that took it back
	mayRevoke bool
}

func revokePage(r *request) (answer, error) {
	d, err := org.GetOrder(r.tx, r.by, org.OrderID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	if string(d.Person) == r.by.Person {
		return answer{}, fault.New(fault.Forbidden, "org.not_for_oneself")
	}
	return show(page{title: r.p.T("register.revoke_title", "no", d.Number), crumbs: []link{{r.p.T("register.order_no", "no", d.Number), "/order/" + string(d.ID)}},
		where: r.p.Name(d.PersonHi, d.PersonEn) + " · " + r.p.Name(d.RoleHi, d.RoleEn) + ", " + r.p.Name(d.OrgHi, d.OrgEn),
		lead:  r.p.T("register.revoke_lead"), body: revokeBody(r.p, r.newForm(), r.URL.Path)})
}

func revokeOrder(r *request) (answer, error) {
	id, err := org.Revoke(r.tx, r.by, org.OrderID(r.PathValue("id")), r.typed("reason"))
	return goTo("/order/"+string(id), "register.revoke_done"), err
}
