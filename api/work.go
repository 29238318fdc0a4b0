package api

import (
	"sangathan/access"
	"sangathan/activity"
	"sangathan/appointment"
	"sangathan/directive"
	"sangathan/election"
	"sangathan/internal/db"
	"sangathan/letter"
	"sangathan/org"
	"sangathan/review"
)

// activities lists the ledger.
func (a *api) activities() {
	type filter struct {
		Paged
		Organization string `query:"organization"`
		Unit         string `query:"unit"`
		Person       string `query:"person"`
		Membership   string `query:"membership"`
		Area         string `query:"area" doc:"there, or below it in any tree"`
		Kind         string `query:"kind"`
		Month        string `query:"month" doc:"YYYY-MM"`
		State        string `query:"state" doc:"claimed, confirmed, disputed"`
	}
	of := func(f *filter) activity.Filter {
		return activity.Filter{Organization: org.OrganizationID(f.Organization), Unit: org.OrganizationID(f.Unit), Person: org.PersonID(f.Person),
			Membership: org.MembershipID(f.Membership), Area: org.AreaID(f.Area), Kind: f.Kind, Month: f.Month, State: f.State}
	}
	read(a, "/activities", "see_register", "Entries of the ledger, newest first", func(tx *db.Tx, by access.Actor, in *filter) (list[activity.Entry], error) {
		return pageOf(activity.List(tx, by, of(in), in.page()))
	})
	read(a, "/activities/total", "see_register", "The total of the same entries", func(tx *db.Tx, by access.Actor, in *filter) (activity.Totals, error) {
		return activity.Total(tx, by, of(in))
	})
}

func (a *api) directives() {
	type issue struct {
		Sent
		Body struct {
			ID      string   `json:"id,omitempty"`
			Kind    string   `json:"kind" doc:"general, inactivity_list or monthly_report"`
			Subject string   `json:"subject"`
			Text    string   `json:"text,omitempty"`
			Kinds   []string `json:"kinds,omitempty" doc:"kinds of organization that answer"`
			DueDay  string   `json:"due_day,omitempty"`
		}
	}
	write(a, "/directives", "issue_directive", "Send a directive down", func(tx *db.Tx, by access.Actor, in *issue) (made, error) {
		id, err := directive.Issue(tx, by, directive.Directive{ID: directive.ID(in.Body.ID), Kind: in.Body.Kind, Subject: in.Body.Subject,
			Body: in.Body.Text, Kinds: in.Body.Kinds, DueDay: in.Body.DueDay})
		return made{string(id)}, err
	})
	read(a, "/directives", "", "Directives that one issued or is asked by", func(tx *db.Tx, by access.Actor, in *Paged) (list[directive.Directive], error) {
		return pageOf(directive.List(tx, by, in.page()))
	})
	read(a, "/directives/due", "", "What one's organization owes now", func(tx *db.Tx, by access.Actor, _ *struct{}) (list[directive.Owed], error) {
		all, err := directive.Due(tx, by)
		return listOf(all), err
	})
	read(a, "/directives/{id}", "", "One directive", func(tx *db.Tx, by access.Actor, in *byID) (directive.Directive, error) {
		return directive.Get(tx, by, directive.ID(in.ID))
	})
	read(a, "/directives/{id}/answers", "", "Who has answered, and who has not", func(tx *db.Tx, by access.Actor, in *struct {
		Paged
		ID     string `path:"id"`
		Period string `query:"period" doc:"month of a recurring directive"`
		State  string `query:"state"`
	}) (list[directive.Standing], error) {
		return pageOf(directive.Answers(tx, by, directive.ID(in.ID), directive.AnswerFilter{Period: in.Period, State: in.State}, in.page()))
	})
	type answered struct {
		Sent
		ID   string `path:"id"`
		Body struct {
			Organization string `json:"organization"`
			Period       string `json:"period,omitempty"`
			Text         string `json:"text,omitempty"`
		}
	}
	write(a, "/directives/{id}/acknowledge", "answer_directive", "Acknowledge a directive", func(tx *db.Tx, by access.Actor, in *answered) (done, error) {
		return ok, directive.Acknowledge(tx, by, directive.ID(in.ID), org.OrganizationID(in.Body.Organization))
	})
	write(a, "/directives/{id}/answer", "answer_directive", "Answer a directive, monthly report included", func(tx *db.Tx, by access.Actor, in *answered) (done, error) {
		return ok, directive.Answer(tx, by, directive.ID(in.ID), org.OrganizationID(in.Body.Organization), in.Body.Period, in.Body.Text, "")
	})
}

func (a *api) appointments() {
	type propose struct {
		Sent
		Body struct {
			Seat      string `json:"seat"`
			Person    string `json:"person,omitempty" doc:"someone in the register"`
			NewPerson *struct {
				NameHi    string `json:"name_hi,omitempty"`
				NameEn    string `json:"name_en,omitempty"`
				Gender    string `json:"gender,omitempty"`
				BirthYear int    `json:"birth_year,omitempty"`
				Phone     string `json:"phone,omitempty"`
			} `json:"new_person,omitempty" doc:"or someone new"`
			Charge string `json:"charge" doc:"regular, acting or additional"`
			Reason string `json:"reason"`
		}
	}
	read(a, "/seats/{id}", "see_register", "One seat", func(tx *db.Tx, by access.Actor, in *byID) (org.Seat, error) {
		s, _, err := org.GetSeat(tx, by, org.SeatID(in.ID))
		return s, err
	})
	write(a, "/proposals", "propose", "Propose a person for a seat", func(tx *db.Tx, by access.Actor, in *propose) (made, error) {
		p := appointment.Proposal{Seat: org.SeatID(in.Body.Seat), Person: org.PersonID(in.Body.Person), Charge: in.Body.Charge, Reason: in.Body.Reason}
		if n := in.Body.NewPerson; n != nil {
			p.NewPerson = &org.NewPerson{NameHi: n.NameHi, NameEn: n.NameEn, Gender: n.Gender, BirthYear: n.BirthYear, Phone: n.Phone}
		}
		id, err := appointment.Propose(tx, by, p)
		return made{id}, err
	})
	read(a, "/proposals", "propose", "Proposals", func(tx *db.Tx, by access.Actor, in *struct {
		Paged
		Unit  string `query:"unit"`
		State string `query:"state"`
		Seat  string `query:"seat"`
	}) (list[appointment.Proposal], error) {
		return pageOf(appointment.List(tx, by, appointment.Filter{Unit: org.OrganizationID(in.Unit), State: in.State, Seat: org.SeatID(in.Seat)}, in.page()))
	})
	read(a, "/proposals/{id}", "propose", "One proposal", func(tx *db.Tx, by access.Actor, in *byID) (appointment.Proposal, error) {
		return appointment.Get(tx, by, in.ID)
	})
	write(a, "/proposals/{id}/approve", "approve", "Approve: the order is issued and the register changes", func(tx *db.Tx, by access.Actor, in *struct {
		Sent
		ID   string `path:"id"`
		Body struct {
			Copied
			Day    string `json:"day"`
			Reason string `json:"reason"`
		}
	}) (made, error) {
		id, err := appointment.Approve(tx, by, in.ID, in.Body.Day, in.Body.Reason, in.Body.CopyTo...)
		return made{string(id)}, err
	})
	write(a, "/proposals/{id}/refuse", "approve", "Refuse", func(tx *db.Tx, by access.Actor, in *withText) (done, error) {
		return ok, appointment.Refuse(tx, by, in.ID, in.Body.Text)
	})
	write(a, "/proposals/{id}/withdraw", "propose", "Withdraw one's own proposal", func(tx *db.Tx, by access.Actor, in *nothing) (done, error) {
		return ok, appointment.Withdraw(tx, by, in.ID)
	})
	file(a, "/orders/{id}/letter.pdf", "see_register", "The letter of an order, as it was issued", func(by access.Actor, id string) (find, issue letter.Finder) {
		return func(tx *db.Tx) (string, error) { return org.LetterOf(tx, by, org.OrderID(id)) },
			func(tx *db.Tx) (string, error) { return org.IssueLetter(tx, by, org.OrderID(id)) }
	})
	file(a, "/cases/{id}/notice.pdf", "recommend", "The notice of a case, as it was issued", func(by access.Actor, id string) (find, issue letter.Finder) {
		return func(tx *db.Tx) (string, error) { return review.NoticeLetter(tx, by, id) },
			func(tx *db.Tx) (string, error) { return review.IssueNoticeLetter(tx, by, id) }
	})
	read(a, "/orders/{id}/letter", "see_register", "What stands in the letter of an order", func(tx *db.Tx, by access.Actor, in *byID) (org.OrderLetter, error) {
		return org.GetOrderLetter(tx, by, org.OrderID(in.ID))
	})
}

func (a *api) elections() {
	read(a, "/elections", "", "Elections whose results are in", func(tx *db.Tx, by access.Actor, _ *struct{}) (list[election.Election], error) {
		all, err := election.Elections(tx, by)
		return listOf(all), err
	})
	read(a, "/areas/{id}/results", "", "Results at a seat", func(tx *db.Tx, by access.Actor, in *byID) (list[election.Outcome], error) {
		if _, err := org.GetArea(tx, by, org.AreaID(in.ID)); err != nil {
			return list[election.Outcome]{}, err
		}
		all, err := election.At(tx, by, org.AreaID(in.ID))
		return listOf(all), err
	})
}
