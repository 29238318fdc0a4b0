package api

import (
	"context"

	"sangathan/access"
	"sangathan/activity"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"
	"sangathan/review"
	"sangathan/sms"

	"github.com/danielgtaylor/huma/v2"
)

// Inputs that several routes share.
type (
	byID struct {
		ID string `path:"id"`
	}
	onDay struct {
		ID string `path:"id"`
		On string `query:"on" doc:"as on this day, YYYY-MM-DD; today when left out"`
	}
	// Paged is a page of a list.
	Paged struct {
		Sort  string `query:"sort" doc:"one of the list's orders"`
		After string `query:"after" doc:"next of the page before"`
		Limit int    `query:"limit" minimum:"1" maximum:"500" default:"50"`
	}
	done struct {
		OK bool `json:"ok"`
	}
	made struct {
		ID string `json:"id"`
	}
	withText struct {
		Sent
		ID   string `path:"id"`
		Body struct {
			Text string `json:"text"`
		}
	}
	withVerdict struct {
		Sent
		ID   string `path:"id"`
		Body struct {
			Verdict string `json:"verdict"`
			Text    string `json:"text"`
		}
	}
	// Copied says to whom copies of a letter go.
	Copied struct {
		CopyTo []string `json:"copy_to,omitempty" doc:"to whom copies of the letter go besides"`
	}
	nothing struct {
		Sent
		ID string `path:"id"`
	}
)

var ok = done{OK: true}

func (p Paged) page() db.Page { return db.Page{Sort: p.Sort, After: p.After, Limit: p.Limit} }

// routes lists every URL of the API.
func (a *api) routes() {
	a.signIn()
	a.register()
	a.letters()
	a.ledger()
	a.activities()
	a.directives()
	a.reviews()
	a.appointments()
	a.elections()
}

func (a *api) signIn() {
	type phone struct {
		Body struct {
			Phone  string `json:"phone"`
			Device string `json:"device,omitempty" doc:"from an earlier sign-in on this device"`
		}
	}
	type signIn struct {
		Agent string `header:"User-Agent"`
		Body  struct {
			Phone  string `json:"phone,omitempty" doc:"phone, or login number with pin"`
			Code   string `json:"code,omitempty"`
			Person string `json:"person,omitempty" doc:"which of the people who share the phone"`
			PIN    string `json:"pin,omitempty"`
			Ticket string `json:"ticket,omitempty" doc:"from an earlier answer that asked to choose a person"`
			Second string `json:"second,omitempty" doc:"with ticket: the code of the authenticator app, or a recovery code"`
			Device string `json:"device,omitempty" doc:"from an earlier sign-in on this device"`
		}
	}
	type session struct {
		Token  string           `json:"token,omitempty"`
		Device string           `json:"device,omitempty" doc:"keep it, and send it when signing in on this device again: strangers cannot use up its codes and tries"`
		Ticket string           `json:"ticket,omitempty" doc:"several people share the phone: send it again with person; or, without people, with second"`
		People []org.PersonLine `json:"people,omitempty"`
	}
	huma.Register(a.huma, operation("POST", "/sign-in/code", "public", "Send a one-time code to a phone"), func(ctx context.Context, in *phone) (*answer[done], error) {
		number, valid := lang.Phone(in.Body.Phone)
		if !valid {
			return nil, a.fail(ctx, fault.In("phone", "org.bad_phone"))
		}
		err := a.unit.Write(ctx, func(tx *db.Tx) error {
			on, err := sms.On(tx)
			if err != nil {
				return err
			}
			if !on {
				return fault.New(fault.Conflict, "access.no_sms")
			}
			code, err := access.RequestCode(tx, number, access.Device{Token: in.Body.Device})
			if err != nil || code == "" {
				return err
			}
			return sms.Queue(tx, sms.Code(number, code, string(callerOf(ctx).print.Lang())), access.CodeLife)
		})
		if err != nil {
			return nil, a.fail(ctx, err)
		}
		return &answer[done]{ok}, nil
	})
	huma.Register(a.huma, operation("POST", "/sign-in", "public", "Sign in with a code, a ticket, or a PIN"), func(ctx context.Context, in *signIn) (*answer[session], error) {
		var out answer[session]
		b := in.Body
		device := access.Device{Token: b.Device, Name: access.DeviceName(in.Agent)}
		login, _ := lang.Phone(b.Phone)
		if login == "" {
			login = lang.ASCIIDigits(b.Phone)
		}
		// The PIN is compared outside the transaction: it is slow on purpose.
		right := false
		person := b.Person
		if b.PIN != "" {
			var hash string
			err := a.unit.Read(ctx, func(tx *db.Tx) (err error) {
				if person == "" {
					if person, err = access.PersonByPINLogin(tx, login); err != nil {
						return err
					}
				}
				hash, err = access.TryPIN(tx, person, device)
				return err
			})
			if err != nil {
				return nil, a.fail(ctx, err)
			}
			right = access.PINRight(b.PIN, hash)
		}
		err := a.unit.Write(ctx, func(tx *db.Tx) (err error) {
			var s access.Session
			switch {
			case b.Ticket != "" && b.Second != "":
				s, err = access.SecondStep(tx, b.Ticket, b.Second, device)
			case b.Ticket != "":
				s, err = access.Choose(tx, b.Ticket, b.Person, right, device)
			case b.Code != "":
				var people []string
				if out.Body.Ticket, people, err = access.CheckCode(tx, login, lang.ASCIIDigits(b.Code), device); err != nil {
					return err
				}
				if len(people) > 1 && b.Person == "" {
					for _, id := range people {
						p, err := org.LookupPerson(tx, org.PersonID(id))
						if err != nil {
							return err
						}
						out.Body.People = append(out.Body.People, org.PersonLine{Person: p.ID, NameHi: p.NameHi, NameEn: p.NameEn})
					}
					return nil
				}
				if b.Person == "" && len(people) == 1 {
					b.Person = people[0]
				}
				s, err = access.Choose(tx, out.Body.Ticket, b.Person, right, device)
				out.Body.Ticket = ""
			default:
				s, err = access.SignInPIN(tx, person, right, device)
			}
			out.Body.Token, out.Body.Device = s.Token, s.Device
			if s.Second != "" {
				out.Body.Ticket = s.Second
			}
			return err
		})
		if err != nil {
			return nil, a.fail(ctx, err)
		}
		return &out, nil
	})
	read(a, "/me/sessions", "", "Where one is signed in", func(tx *db.Tx, by access.Actor, _ *struct{}) (list[access.OpenSession], error) {
		all, err := access.Sessions(tx, by, "")
		return listOf(all), err
	})
	type ended struct {
		Sent
		Body struct {
			Session string `json:"session" doc:"id of the one to end"`
		}
	}
	write(a, "/me/sessions/end", "", "End one of one's own sign-ins", func(tx *db.Tx, by access.Actor, in *ended) (done, error) {
		return ok, access.EndSession(tx, by, in.Body.Session)
	})
	type lost struct {
		Sent
		ID   string `path:"id"`
		Body struct {
			Number string `json:"number,omitempty" doc:"the number whose SIM is lost too"`
		}
	}
	write(a, "/people/{id}/lost-phone", "give_slip", "End all sign-ins of a person whose phone is lost", func(tx *db.Tx, by access.Actor, in *lost) (done, error) {
		t, err := org.PersonTarget(tx, by, org.PersonID(in.ID))
		if err != nil {
			return ok, err
		}
		return ok, access.LostPhoneOf(tx, by, in.ID, in.Body.Number, t)
	})
	type me struct {
		Person      org.Person       `json:"person"`
		Hat         string           `json:"hat,omitempty" doc:"membership acted under"`
		Memberships []org.Membership `json:"memberships"`
	}
	read(a, "/me", "", "Who is signed in, and their posts", func(tx *db.Tx, by access.Actor, _ *struct{}) (m me, err error) {
		m.Hat = by.Membership
		if m.Person, err = org.GetPerson(tx, by, org.PersonID(by.Person)); err != nil {
			return m, err
		}
		m.Memberships, err = org.Hats(tx, org.PersonID(by.Person))
		return m, err
	})
}

func (a *api) register() {
	read(a, "/areas/{id}", "", "One area", func(tx *db.Tx, by access.Actor, in *byID) (org.Area, error) {
		return org.GetArea(tx, by, org.AreaID(in.ID))
	})
	read(a, "/units", "see_register", "District-level units", func(tx *db.Tx, by access.Actor, _ *struct{}) (list[org.Organization], error) {
		all, err := org.Units(tx, by)
		return listOf(all), err
	})
	read(a, "/organizations/{id}", "see_register", "One organization", func(tx *db.Tx, by access.Actor, in *byID) (org.Organization, error) {
		return org.GetOrganization(tx, by, org.OrganizationID(in.ID))
	})
	read(a, "/organizations/{id}/suborganizations", "see_register", "Bodies directly under it", func(tx *db.Tx, by access.Actor, in *byID) (list[org.Organization], error) {
		if _, err := org.GetOrganization(tx, by, org.OrganizationID(in.ID)); err != nil {
			return list[org.Organization]{}, err
		}
		all, err := org.Suborganizations(tx, by, org.OrganizationID(in.ID))
		return listOf(all), err
	})
	read(a, "/organizations/{id}/holders", "see_register", "Who holds its posts, on any day", func(tx *db.Tx, by access.Actor, in *onDay) (list[org.Membership], error) {
		if err := checkOn(in.On); err != nil {
			return list[org.Membership]{}, err
		}
		all, err := org.Holders(tx, by, org.OrganizationID(in.ID), in.On)
		return listOf(all), err
	})
	read(a, "/organizations/{id}/seats", "see_register", "Its seats: filled, vacant, unknown, on any day", func(tx *db.Tx, by access.Actor, in *onDay) (list[org.Seat], error) {
		if err := checkOn(in.On); err != nil {
			return list[org.Seat]{}, err
		}
		all, err := org.SeatsOn(tx, by, org.OrganizationID(in.ID), in.On)
		return listOf(all), err
	})
	type count struct {
		Posts  org.Count `json:"posts"`
		Agents org.Count `json:"agents"`
	}
	read(a, "/organizations/{id}/count", "see_register", "How many seats in its territory are filled, vacant, unknown", func(tx *db.Tx, by access.Actor, in *byID) (c count, err error) {
		c.Posts, c.Agents, err = org.CountSeats(tx, by, org.OrganizationID(in.ID))
		return c, err
	})
	read(a, "/vacancies", "see_register", "Vacant seats", func(tx *db.Tx, by access.Actor, in *struct {
		Paged
		Unit string `query:"unit"`
		Role string `query:"role"`
	}) (list[org.Seat], error) {
		return pageOf(org.Vacancies(tx, by, org.OrganizationID(in.Unit), org.RoleID(in.Role), in.page()))
	})
	read(a, "/people", "see_register", "Find people by name or phone", func(tx *db.Tx, by access.Actor, in *struct {
		Paged
		Q string `query:"q"`
	}) (list[org.PersonLine], error) {
		return pageOf(org.FindPeople(tx, by, in.Q, in.page()))
	})
	read(a, "/people/{id}", "see_register", "One person", func(tx *db.Tx, by access.Actor, in *byID) (org.Person, error) {
		return org.GetPerson(tx, by, org.PersonID(in.ID))
	})
	read(a, "/people/{id}/record", "see_register", "A person's memberships, on any day or all", func(tx *db.Tx, by access.Actor, in *onDay) (list[org.Membership], error) {
		if err := checkOn(in.On); err != nil {
			return list[org.Membership]{}, err
		}
		all, err := org.Record(tx, by, org.PersonID(in.ID), in.On)
		return listOf(all), err
	})
	read(a, "/orders", "see_register", "Orders, newest first", func(tx *db.Tx, by access.Actor, in *struct {
		Paged
		Unit         string `query:"unit"`
		Organization string `query:"organization"`
		Person       string `query:"person"`
		Kind         string `query:"kind"`
		Day          string `query:"day" doc:"issued on this day"`
	}) (list[org.Order], error) {
		return pageOf(org.Orders(tx, by, org.OrderFilter{Unit: org.OrganizationID(in.Unit), Organization: org.OrganizationID(in.Organization),
			Person: org.PersonID(in.Person), Kind: in.Kind, Day: in.Day}, in.page()))
	})
	read(a, "/orders/{id}", "see_register", "One order", func(tx *db.Tx, by access.Actor, in *byID) (org.Order, error) {
		return org.GetOrder(tx, by, org.OrderID(in.ID))
	})
	write(a, "/orders/{id}/revoke", "revoke_order", "Revoke a mistaken order", func(tx *db.Tx, by access.Actor, in *withText) (made, error) {
		id, err := org.Revoke(tx, by, org.OrderID(in.ID), in.Body.Text)
		return made{string(id)}, err
	})
	write(a, "/memberships/{id}/end", "record_end", "Put a resignation, death or end of term on record", func(tx *db.Tx, by access.Actor, in *struct {
		Sent
		ID   string `path:"id"`
		Body struct {
			Reason string `json:"reason"`
			Day    string `json:"day"`
			Note   string `json:"note,omitempty"`
		}
	}) (made, error) {
		id, err := org.RecordEnd(tx, by, org.MembershipID(in.ID), in.Body.Reason, in.Body.Day, in.Body.Note)
		return made{string(id)}, err
	})
	write(a, "/memberships/{id}/relieve-now", "relieve_now", "Relieve at once, without notice", func(tx *db.Tx, by access.Actor, in *withText) (made, error) {
		id, err := review.RelieveNow(tx, by, org.MembershipID(in.ID), in.Body.Text)
		return made{id}, err
	})
	write(a, "/memberships/{id}/leave", "record_leave", "Record leave", func(tx *db.Tx, by access.Actor, in *struct {
		Sent
		ID   string `path:"id"`
		Body struct {
			FromDay string `json:"from_day"`
			ToDay   string `json:"to_day" doc:"first day back"`
			Reason  string `json:"reason"`
		}
	}) (made, error) {
		id, err := org.RecordLeave(tx, by, org.Leave{Membership: org.MembershipID(in.ID), FromDay: in.Body.FromDay, ToDay: in.Body.ToDay, Reason: in.Body.Reason})
		return made{id}, err
	})
}

func checkOn(day string) error {
	if day != "" && !org.IsDay(day) {
		return fault.In("on", "org.bad_day")
	}
	return nil
}

func (a *api) ledger() {
	write(a, "/activities", "", "Report an activity", func(tx *db.Tx, by access.Actor, in *struct {
		Sent
		Body activity.Report
	}) (made, error) {
		id, err := activity.SubmitOnce(tx, by, in.Body, in.RawBody)
		return made{string(id)}, err
	})
	read(a, "/activities/{id}", "see_register", "One entry", func(tx *db.Tx, by access.Actor, in *byID) (activity.Entry, error) {
		e, _, err := activity.Get(tx, by, activity.EntryID(in.ID))
		return e, err
	})
	write(a, "/activities/{id}/confirm", "confirm_activity", "Confirm another's entry", func(tx *db.Tx, by access.Actor, in *nothing) (done, error) {
		return ok, activity.Confirm(tx, by, activity.EntryID(in.ID))
	})
	write(a, "/activities/{id}/object", "confirm_activity", "Object to another's entry", func(tx *db.Tx, by access.Actor, in *withText) (done, error) {
		return ok, activity.Object(tx, by, activity.EntryID(in.ID), in.Body.Text)
	})
}

func (a *api) reviews() {
	read(a, "/criteria", "", "Every version of the criteria, newest first", func(tx *db.Tx, _ access.Actor, _ *struct{}) (list[review.Criteria], error) {
		all, err := review.AllCriteria(tx)
		return listOf(all), err
	})
	write(a, "/reviews", "draft_list", "Draft the list of a unit", func(tx *db.Tx, by access.Actor, in *struct {
		Sent
		Body struct {
			Unit      string `json:"unit"`
			FromMonth string `json:"from_month,omitempty" doc:"YYYY-MM; the criteria's window when both are left out"`
			ToMonth   string `json:"to_month,omitempty"`
		}
	}) (made, error) {
		id, err := review.Draft(tx, by, org.OrganizationID(in.Body.Unit), in.Body.FromMonth, in.Body.ToMonth)
		return made{id}, err
	})
	read(a, "/reviews", "draft_list", "Lists of missed duties", func(tx *db.Tx, by access.Actor, in *struct {
		Paged
		Unit  string `query:"unit"`
		State string `query:"state" doc:"draft, sent"`
	}) (list[review.Review], error) {
		return pageOf(review.List(tx, by, review.Filter{Unit: org.OrganizationID(in.Unit), State: in.State}, in.page()))
	})
	read(a, "/reviews/{id}", "draft_list", "One list", func(tx *db.Tx, by access.Actor, in *byID) (review.Review, error) {
		return review.Get(tx, by, in.ID)
	})
	read(a, "/reviews/{id}/lines", "draft_list", "The lines of a list", func(tx *db.Tx, by access.Actor, in *struct {
		Paged
		ID      string `path:"id"`
		Verdict string `query:"verdict"`
	}) (list[review.Line], error) {
		return pageOf(review.Lines(tx, by, in.ID, in.Verdict, in.page()))
	})
	read(a, "/reviews/{id}/silent", "draft_list", "Bodies of the unit that Sent no report", func(tx *db.Tx, by access.Actor, in *byID) (list[review.Silence], error) {
		all, err := review.Silences(tx, by, in.ID)
		return listOf(all), err
	})
	write(a, "/reviews/{id}/send", "check_list", "Return the checked list", func(tx *db.Tx, by access.Actor, in *nothing) (struct {
		Cases int `json:"cases"`
	}, error) {
		n, err := review.Send(tx, by, in.ID)
		return struct {
			Cases int `json:"cases"`
		}{n}, err
	})
	type lineWithDuties struct {
		review.Line
		Duties []review.DutyMonth `json:"duties"`
	}
	read(a, "/review-lines/{id}", "draft_list", "One line with its duties", func(tx *db.Tx, by access.Actor, in *byID) (l lineWithDuties, err error) {
		l.Line, l.Duties, err = review.GetLine(tx, by, in.ID)
		return l, err
	})
	write(a, "/review-lines/{id}/check", "check_list", "Confirm, excuse or dispute a line", func(tx *db.Tx, by access.Actor, in *withVerdict) (done, error) {
		return ok, review.Check(tx, by, in.ID, in.Body.Verdict, in.Body.Text)
	})
	read(a, "/cases", "recommend", "Cases", func(tx *db.Tx, by access.Actor, in *struct {
		Paged
		Unit   string `query:"unit"`
		Person string `query:"person"`
		Step   string `query:"step"`
		List   string `query:"list" doc:"from this review list"`
	}) (list[review.Case], error) {
		return pageOf(review.Cases(tx, by, review.CaseFilter{Unit: org.OrganizationID(in.Unit), Person: org.PersonID(in.Person), Step: in.Step, Review: in.List}, in.page()))
	})
	type caseWithSteps struct {
		review.Case
		Steps []review.Step `json:"steps"`
	}
	read(a, "/cases/{id}", "recommend", "One case and its steps", func(tx *db.Tx, by access.Actor, in *byID) (c caseWithSteps, err error) {
		c.Case, c.Steps, err = review.GetCase(tx, by, in.ID)
		return c, err
	})
	write(a, "/cases/{id}/talk", "record_talk", "Record that one spoke with the person", func(tx *db.Tx, by access.Actor, in *struct {
		Sent
		ID   string `path:"id"`
		Body struct {
			Manner  string `json:"manner"`
			Day     string `json:"day"`
			Text    string `json:"text"`
			Reached bool   `json:"reached"`
		}
	}) (done, error) {
		return ok, review.Talk(tx, by, in.ID, in.Body.Manner, in.Body.Day, in.Body.Text, in.Body.Reached)
	})
	write(a, "/cases/{id}/notice", "issue_notice", "Issue the notice", func(tx *db.Tx, by access.Actor, in *struct {
		Sent
		ID   string `path:"id"`
		Body struct {
			Copied
			Text string `json:"text"`
		}
	}) (struct {
		Number string `json:"number"`
	}, error) {
		n, err := review.Notice(tx, by, in.ID, in.Body.Text, in.Body.CopyTo...)
		return struct {
			Number string `json:"number"`
		}{n}, err
	})
	write(a, "/cases/{id}/service", "record_service", "Record proof that the notice was served", func(tx *db.Tx, by access.Actor, in *struct {
		Sent
		ID   string `path:"id"`
		Body struct {
			Manner string `json:"manner"`
			Day    string `json:"day"`
			Text   string `json:"text"`
		}
	}) (done, error) {
		return ok, review.Serve(tx, by, in.ID, in.Body.Manner, in.Body.Day, in.Body.Text)
	})
	write(a, "/cases/{id}/reply", "self", "The person's own reply", func(tx *db.Tx, by access.Actor, in *withText) (done, error) {
		return ok, review.Reply(tx, by, in.ID, in.Body.Text)
	})
	write(a, "/cases/{id}/recommendation", "recommend", "Recommend", func(tx *db.Tx, by access.Actor, in *withVerdict) (done, error) {
		return ok, review.Recommend(tx, by, in.ID, in.Body.Verdict, in.Body.Text)
	})
	write(a, "/cases/{id}/decision", "decide", "Decide", func(tx *db.Tx, by access.Actor, in *struct {
		Sent
		ID   string `path:"id"`
		Body struct {
			Copied
			Verdict string `json:"verdict"`
			Text    string `json:"text"`
		}
	}) (made, error) {
		id, err := review.Decide(tx, by, in.ID, in.Body.Verdict, in.Body.Text, in.Body.CopyTo...)
		return made{string(id)}, err
	})
	write(a, "/cases/{id}/settle", "decide", "Close a case that the talk has settled, without a notice", func(tx *db.Tx, by access.Actor, in *withText) (done, error) {
		return ok, review.Settle(tx, by, in.ID, in.Body.Text)
	})
	write(a, "/cases/{id}/appeal", "self", "The person's one appeal", func(tx *db.Tx, by access.Actor, in *withText) (done, error) {
		return ok, review.Appeal(tx, by, in.ID, in.Body.Text)
	})
	write(a, "/cases/{id}/appeal-decision", "hear_appeal", "Decide the appeal", func(tx *db.Tx, by access.Actor, in *withVerdict) (made, error) {
		id, err := review.DecideAppeal(tx, by, in.ID, in.Body.Verdict, in.Body.Text)
		return made{string(id)}, err
	})
}
