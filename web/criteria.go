package web

import (
	"sangathan/access"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/review"
)

// criteriaPage tells in plain words, version by version, when a name stands on a list.
func criteriaPage(r *request) (answer, error) {
	v := criteriaView{p: r.p, published: map[string]string{}}
	var err error
	if v.all, err = review.AllCriteria(r.tx); err != nil {
		return answer{}, err
	}
	for _, c := range v.all {
		v.published[c.ID] = r.tx.Time(c.PublishedAt).Format("2006-01-02")
	}
	pg := page{title: r.p.T("criteria.title"), lead: r.p.T("criteria.lead"), body: criteriaBody(v)}
	if r.by.MayAnywhere(access.PublishCriteria) {
		pg.next = &link{r.p.T("criteria.publish"), "/criteria/new"}
	}
	return show(pg)
}

type criteriaView struct {
	p         lang.Printer
	all       []review.Criteria
	published map[string]string // day by id
}

func newCriteriaPage(r *request) (answer, error) {
	c, err := review.Current(r.tx)
	if fault.Is(err, fault.NotFound) {
		c, err = review.DefaultCriteria, nil
	}
	if err != nil {
		return answer{}, err
	}
	f := r.newForm("months", itoa(c.Months), "min_expected", itoa(c.MinExpected), "below_percent", itoa(c.BelowPercent),
		"reply_days", itoa(c.ReplyDays), "appeal_days", itoa(c.AppealDays))
	return show(page{title: r.p.T("criteria.publish"), crumbs: []link{{r.p.T("criteria.title"), "/criteria"}},
		lead: r.p.T("criteria.publish_lead"), body: newCriteriaBody(r.p, f)})
}

func publishCriteria(r *request) (answer, error) {
	var f fault.Form
	c := review.Criteria{Months: r.number("months", &f), MinExpected: r.number("min_expected", &f), BelowPercent: r.number("below_percent", &f),
		ReplyDays: r.number("reply_days", &f), AppealDays: r.number("appeal_days", &f), Note: r.typed("note")}
	if err := f.Err(); err != nil {
		return answer{}, err
	}
	version, err := review.Publish(r.tx, r.by, c)
	return goTo("/criteria", "criteria.published", "version", itoa(version)), err
}
