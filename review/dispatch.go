package review

import (
	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/letter"
	"sangathan/org"
)

// Dispatched lists the letters that left the office, by number: those of orders and of
// notices that by may read, those about oneself among them, with their words in a
// language. Sorted as [letter.Register] says. Faults: Unauthorized, Invalid (sort, after).
func Dispatched(tx *db.Tx, by access.Actor, in lang.Lang, f letter.Filter, p db.Page) (page []letter.Outgoing, next string, err error) {
	defer fault.Op(&err, "review.Dispatched")
	if !by.SignedIn() {
		return nil, "", fault.New(fault.Unauthorized, "access.sign_in")
	}
	orders, cases := by.ReachOf(access.SeeRegister), caseReach(by)
	switch {
	case orders == access.Reach{} && cases == access.Reach{}: // nothing but what is about oneself
		if f.Person != "" && f.Person != by.Person {
			return nil, "", nil
		}
		f.Person = by.Person
	case f.Unit == "" && f.Body == "" && f.Person == "":
		unit, err := org.Inside(tx, by)
		if err != nil {
			return nil, "", err
		}
		f.Unit = string(unit)
	}
	return letter.Register(tx, in, by.Person, orders, cases, f, p)
}
