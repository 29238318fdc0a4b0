package web

import (
	"strconv"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/lang"
	"sangathan/internal/paper"
	"sangathan/letter"
	"sangathan/org"
	"sangathan/review"
)

// dispatchPage is the dispatch register: the letters that left the office, by number.
func dispatchPage(r *request) (answer, error) {
	year, _ := strconv.Atoi(r.query("year"))
	f := letter.Filter{Body: r.query("body"), Unit: r.query("unit"), Kind: r.query("kind"), Year: year, Mark: r.query("mark")}
	v := dispatchView{p: r.p, body: f.Body, form: r.newForm("unit", f.Unit, "kind", f.Kind, "year", r.query("year"), "mark", f.Mark)}
	pg := page{title: r.p.T("letter.dispatch_title"), where: r.whereNow(), lead: r.p.T("letter.dispatch_lead"), crumbs: []link{{r.p.T("register.orders_title"), "/orders"}}}
	var err error
	if f.Body != "" {
		o, err := org.GetOrganization(r.tx, r.by, org.OrganizationID(f.Body))
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
	if err := v.choose(r); err != nil {
		return answer{}, err
	}
	v.lines, v.list, err = open(r, dispatchRoll(r, f), chosen(v.units, f.Unit), chosen(v.kinds, f.Kind), chosen(v.years, r.query("year")), chosen(v.marks, f.Mark))
	for _, l := range v.lines {
		v.days = append(v.days, r.site.day(l.IssuedAt))
	}
	pg.list, pg.body = v.list, dispatchBody(v)
	return answer{page: pg}, err
}

type dispatchView struct {
	p                          lang.Printer
	form                       form
	body                       string
	units, kinds, years, marks []choice
	lines                      []letter.Outgoing
	days                       []string // on which they were issued
	list                       *list
}

// choose gathers what the register may be narrowed to.
func (v *dispatchView) choose(r *request) error {
	all := choice{text: r.p.T("common.all")}
	v.kinds, v.years, v.marks = []choice{all}, []choice{all}, []choice{all, {value: letter.NoMark, text: r.p.T("letter.no_mark")}}
	for _, k := range letter.Kinds {
		v.kinds = append(v.kinds, choice{value: k, text: r.p.T("letter.kind." + k)})
	}
	first, err := letter.FirstYear(r.tx)
	for y := r.tx.Now.Year(); y >= first; y-- {
		v.years = append(v.years, choice{value: strconv.Itoa(y), text: r.p.Digits(strconv.Itoa(y))})
	}
	if err != nil {
		return err
	}
	marks, err := letter.Marks(r.tx, r.by.ReachOf(access.SeeRegister))
	for _, m := range marks {
		v.marks = append(v.marks, choice{value: m, text: m})
	}
	return err
}

func dispatchRoll(r *request, f letter.Filter) roll[letter.Outgoing] {
	return roll[letter.Outgoing]{name: "dispatch", sorts: []string{"number", "first", "day"},
		letter: func(l letter.Outgoing) letterOf {
			if l.Record == letter.OfCase {
				return noticeLetter(l.RecordID)
			}
			return orderLetter(org.OrderID(l.RecordID))
		},
		read: func(tx *db.Tx, by access.Actor, p db.Page) ([]letter.Outgoing, string, error) {
			return review.Dispatched(tx, by, r.p.Lang(), f, p)
		},
		cols: []col{{"lists.col.number", 3}, {"common.date", 3}, {"letter.col_letter", 4}, {"letter.col_to", 5}, {"lists.col.body", 5}, {"letter.col_subject", 8}, {"letter.col_from", 5}},
		cells: func(l letter.Outgoing) paper.Row {
			return paper.Row{l.Number, dayCell(r.site.day(l.IssuedAt)), l.Title, r.p.Name(l.PersonHi, l.PersonEn), r.p.Name(l.AboutHi, l.AboutEn), l.Subject, r.p.Name(l.ByHi, l.ByEn)}
		}}
}

// day is the day of a stored instant in the unit's zone.
func (s *site) day(millis int64) string {
	return time.UnixMilli(millis).In(s.unit.Zone()).Format(time.DateOnly)
}

// letterRecord is where the record of a letter is read; its PDF lies below.
func letterRecord(l letter.Outgoing) string {
	if l.Record == letter.OfCase {
		return "/case/" + l.RecordID + "/notice"
	}
	return "/order/" + l.RecordID
}
