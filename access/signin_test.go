package access_test

import (
	"strings"
	"testing"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
)

func TestI2_ACodeDiesAfterFiveWrongTries(t *testing.T) {
	each(t, func(o office) {
		phone := o.phone("nadi.president")
		code, err := o.code(phone)
		if err != nil || len(code) != 6 {
			o.Fatalf("code %q, %v", code, err)
		}
		for range access.CodeTries - 1 {
			_, _, err := o.check(phone, other(code))
			o.want(err, fault.Invalid, "access.wrong_code")
		}
		_, _, err = o.check(phone, other(code))
		o.want(err, fault.Invalid, "access.code_dead")
		_, _, err = o.check(phone, code)
		o.want(err, fault.Invalid, "access.code_dead") // the right one comes too late

		code, err = o.code(phone)
		if err != nil {
			o.Fatal(err)
		}
		if _, people, err := o.check(phone, code); err != nil || len(people) != 1 || people[0] != string(o.Person("nadi.president")) {
			o.Errorf("a new code: %v, %v", people, err)
		}
		_, _, err = o.check(phone, code)
		o.want(err, fault.Invalid, "access.code_expired") // once only
	})
}

func TestI2_CodesAndTicketsExpire(t *testing.T) {
	each(t, func(o office) {
		phone := o.phone("nadi.sec1")
		code, _ := o.code(phone)
		o.clock.Add(access.CodeLife)
		_, _, err := o.check(phone, code)
		o.want(err, fault.Invalid, "access.code_expired")
		code, _ = o.code(phone)
		o.clock.Add(access.CodeLife - time.Second)
		ticket, _, err := o.check(phone, code)
		if err != nil {
			o.Fatal(err)
		}
		o.clock.Add(access.TicketLife)
		_, err = o.choose(ticket, string(o.Person("nadi.sec1")), false)
		o.want(err, fault.Unauthorized, "access.ticket_expired")
		s := o.signIn("nadi.sec1")
		o.clock.Add(access.SessionLife - time.Second)
		if _, err := o.open(s.Token); err != nil {
			o.Error(err)
		}
		o.clock.Add(time.Second)
		_, err = o.open(s.Token)
		o.want(err, fault.Unauthorized, "access.sign_in")
	})
}

func TestI2_CodesPerHour(t *testing.T) {
	each(t, func(o office) {
		phone := o.phone("nadi.sec1")
		for range access.CodesPerHour {
			if code, err := o.code(phone); err != nil || code == "" {
				o.Fatal(code, err)
			}
			o.clock.Add(minute)
		}
		_, err := o.code(phone)
		o.want(err, fault.TooMany, "access.too_many_codes")
		o.clock.Add(time.Hour)
		if code, err := o.code(phone); err != nil || code == "" {
			o.Errorf("after an hour: %q, %v", code, err)
		}
	})
}

// What a stranger can see of an unknown number, by code or by PIN, is what they see
// of a known one.
func TestI2_NobodyLearnsWhichNumbersAreKnown(t *testing.T) {
	each(t, func(o office) {
		known, unknown := o.phone("nadi.sec1"), "9123456780"
		story := func(phone string) (told []string) {
			tell := func(err error) { told = append(told, fault.KindOf(err).String()+" "+keyOf(err)) }
			_, _, err := o.check(phone, "000000")
			tell(err)
			for range access.CodesPerHour {
				code, err := o.code(phone)
				tell(err)
				if phone == unknown && code != "" {
					o.Error("a code for nobody")
				}
				for range access.CodeTries + 1 {
					_, _, err := o.check(phone, "x")
					tell(err)
					if f, ok := err.(interface{ Error() string }); ok {
						told = append(told, f.Error())
					}
				}
			}
			_, err = o.code(phone)
			tell(err)
			for range access.PINTries + 1 {
				tell(o.write(func(tx *db.Tx) error {
					person, err := access.PersonByPINLogin(tx, phone)
					if err != nil {
						return err
					}
					hash, err := access.PINHash(tx, person)
					if err != nil {
						return err
					}
					_, err = access.SignInPIN(tx, person, hash != "", access.Device{})
					return err
				}))
			}
			return told
		}
		a, b := strings.Join(story(known), "\n"), strings.Join(story(unknown), "\n")
		a = strings.ReplaceAll(a, string(o.Person("nadi.sec1")), "")
		if a != b {
			o.Errorf("known:\n%s\nunknown:\n%s", a, b)
		}
		_, err := o.code("12345")
		o.want(err, fault.Invalid, "access.bad_phone")
		o.must(func(tx *db.Tx) error { // not even a right PIN opens what belongs to no one
			person, err := access.PersonByPINLogin(tx, "123456789")
			if err != nil {
				return err
			}
			if _, err := access.SignInPIN(tx, person, true, access.Device{}); !fault.Is(err, fault.Invalid) {
				o.Errorf("nobody signed in: %v", err)
			}
			return nil
		})
	})
}

func TestI2_SeveralPeopleOnOneNumber(t *testing.T) {
	each(t, func(o office) {
		const phone = "9876501234"
		a, b, c := string(o.Person("nadi.sec1")), string(o.Person("nadi.sec2")), string(o.Person("tila.sec1"))
		o.must(func(tx *db.Tx) error {
			for person, status := range map[string]string{a: "right", b: "unchecked", c: "wrong"} {
				if _, err := tx.Exec(`insert into phone(person_id, number, status) values($1, $2, $3)`, person, phone, status); err != nil {
					return err
				}
			}
			account, err := access.AccountOf(tx, b)
			if err != nil {
				return err
			}
			return access.SetPIN(tx, access.Actor{Account: account, Person: b}, "hash")
		})
		ticket := func() string {
			o.clock.Add(21 * minute)
			code, err := o.code(phone)
			if err != nil {
				o.Fatal(err)
			}
			ticket, people, err := o.check(phone, code)
			if err != nil {
				o.Fatal(err)
			}
			if len(people) != 2 || !strings.Contains(people[0]+people[1], a) || !strings.Contains(people[0]+people[1], b) {
				o.Errorf("the number offers %v", people)
			}
			return ticket
		}
		one := ticket()
		_, err := o.choose(one, c, false)
		o.want(err, fault.Invalid, "access.not_on_this_phone") // the number is known not to be theirs
		_, err = o.choose(one, b, false)
		o.want(err, fault.Invalid, "access.wrong_pin") // the other's PIN stands before their name
		if s, err := o.choose(one, b, true); err != nil || s.Person != b {
			o.Errorf("with the PIN: %+v, %v", s, err)
		}
		_, err = o.choose(one, b, true)
		o.want(err, fault.Unauthorized, "access.ticket_expired") // a ticket is for one session
		two := ticket()
		if s, err := o.choose(two, a, false); err != nil || s.Person != a {
			o.Errorf("without a PIN of one's own: %+v, %v", s, err)
		}
		three := ticket()
		for range access.PINTries {
			_, err = o.choose(three, b, false)
			o.want(err, fault.Invalid, "access.wrong_pin")
		}
		_, err = o.choose(three, b, true)
		o.want(err, fault.TooMany, "access.pin_locked")
	})
}

func TestI2_PINLocksAfterFiveWrongTries(t *testing.T) {
	each(t, func(o office) {
		person := string(o.Person("nadi.sec1"))
		try := func(right bool) error {
			return o.write(func(tx *db.Tx) error {
				s, err := access.SignInPIN(tx, person, right, access.Device{})
				if err == nil && s.Hat != string(o.Member("nadi.sec1")) {
					o.Errorf("session %+v", s)
				}
				return err
			})
		}
		for range access.PINTries - 1 {
			o.want(try(false), fault.Invalid, "access.wrong_pin")
		}
		if err := try(true); err != nil { // a right one begins the count anew
			o.Fatal(err)
		}
		for range access.PINTries {
			o.want(try(false), fault.Invalid, "access.wrong_pin")
		}
		o.want(try(true), fault.TooMany, "access.pin_locked")
		o.clock.Add(access.PINLock - time.Second)
		o.want(try(true), fault.TooMany, "access.pin_locked")
		o.clock.Add(time.Second)
		if err := try(true); err != nil {
			o.Error(err)
		}
	})
}

func TestPINs(t *testing.T) {
	for _, pin := range []string{"", "123", "1234567", "12a4", "१२३४", "1111", "1234", "123456", "4321", "7890", "1212", "1122", "1987", "2015", "454545", "123123"} {
		if _, err := access.HashPIN(pin); !fault.Is(err, fault.Invalid) {
			t.Errorf("PIN %q: %v", pin, err)
		}
	}
	hash, err := access.HashPIN("4827")
	if err != nil || !access.PINRight("4827", hash) || access.PINRight("4828", hash) {
		t.Errorf("hash %q, %v", hash, err)
	}
	quickest := func(hash string, right bool) time.Duration { // of five: the machine may be busy
		best := time.Hour
		for range 5 {
			begin := time.Now()
			if access.PINRight("4827", hash) != right {
				t.Errorf("hash %q answers %v", hash, !right)
			}
			best = min(best, time.Since(begin))
		}
		return best
	}
	if one, none := quickest(hash, true), quickest("", false); none < one/4 {
		t.Errorf("a person without a PIN is told by time: %v against %v", none, one)
	}
}

// slip makes a slip and gives its token.
func (o office) slip(by, whom, at string) (token string, err error) {
	actor := o.Actor(by)
	err = o.write(func(tx *db.Tx) error {
		body, err := org.Lookup(tx, o.Org(at))
		if err != nil {
			return err
		}
		token, err = access.MakeSlip(tx, actor, string(o.Person(whom)), body.Target(""))
		return err
	})
	return token, err
}

func TestI2_ASlipWorksOnce(t *testing.T) {
	each(t, func(o office) {
		first, err := o.slip("poorab.president", "nadi.sec1", "nadi")
		if err != nil {
			o.Fatal(err)
		}
		second, err := o.slip("poorab.president", "nadi.sec1", "nadi")
		if err != nil {
			o.Fatal(err)
		}
		use := func(token string) (s access.Session, login string, err error) {
			err = o.write(func(tx *db.Tx) (err error) {
				s, login, err = access.UseSlip(tx, token, "a hash", access.Device{})
				return err
			})
			return s, login, err
		}
		_, _, err = use(first)
		o.want(err, fault.NotFound, "access.slip_dead") // void since the second was made
		old := o.signIn("nadi.sec1")
		s, login, err := use(second)
		if err != nil || s.Person != string(o.Person("nadi.sec1")) || len(login) != 9 {
			o.Fatalf("%+v, %q, %v", s, login, err)
		}
		if _, err := o.open(s.Token); err != nil {
			o.Error(err)
		}
		_, err = o.open(old.Token)
		o.want(err, fault.Unauthorized, "access.sign_in") // whoever was signed in before is out
		_, _, err = use(second)
		o.want(err, fault.NotFound, "access.slip_dead")
		o.must(func(tx *db.Tx) error {
			for _, name := range []string{login, o.phoneIn(tx, "nadi.sec1")} {
				if person, err := access.PersonByPINLogin(tx, name); person != s.Person {
					o.Errorf("%s is %s, %v", name, person, err)
				}
			}
			return nil
		})
		late, err := o.slip("state.desk", "nadi.sec1", "nadi")
		if err != nil {
			o.Fatal(err)
		}
		o.clock.Add(access.SlipLife)
		_, _, err = use(late)
		o.want(err, fault.NotFound, "access.slip_dead")
		_, _, err = use("")
		o.want(err, fault.NotFound, "access.slip_dead")
	})
}

func (o office) phoneIn(tx *db.Tx, name string) string {
	number, _ := tx.Text(`select number from phone where person_id = $1`, o.Person(name))
	return number
}

// Who has a slip has the account: it comes from above only.
func TestI2_ASlipComesFromAbove(t *testing.T) {
	each(t, func(o office) {
		_, err := o.slip("nadi.sec1", "nadi.sec2", "nadi")
		o.want(err, fault.Forbidden, "access.forbidden.give_slip")
		_, err = o.slip("poorab.president", "bargad.sec1", "bargad")
		o.want(err, fault.NotFound, "fault.not_found") // another district does not exist for him
		_, err = o.slip("poorab.president", "bargad.sec1", "nadi")
		o.want(err, fault.Forbidden, "access.slip_senior") // and naming his own block does not help
		_, err = o.slip("poorab.president", "state.president", "nadi")
		o.want(err, fault.Forbidden, "access.slip_senior")
		_, err = o.slip("poorab.president", "poorab.president", "poorab")
		o.want(err, fault.Forbidden, "access.forbidden.give_slip")
		_, err = o.slip("state.desk", "state.president", "state")
		o.want(err, fault.Forbidden, "access.slip_senior") // the desk does not become the president
		_, err = o.slip("state.desk", "state.desk", "state")
		o.want(err, fault.Forbidden, "access.forbidden.give_slip") // nor sets its own PIN anew by it
		_, err = o.slip("poorab.president", "nadi.sec1", "tila")
		o.want(err, fault.NotFound, "access.slip_not_here")
		if _, err = o.slip("state.president", "state.desk", "state"); err != nil {
			o.Error(err)
		}
		o.must(func(tx *db.Tx) error { // a second post outside the giver's reach
			_, err := org.AsFound(tx, o.Actor("state.president"), org.Found{Seat: o.VacantSeat("pachhim", "district_secretary"), Person: o.Person("nadi.sec1"),
				FromDay: "2026-01-01", Source: "सूची", SourceDay: "2026-01-01"})
			return err
		})
		_, err = o.slip("poorab.president", "nadi.sec1", "nadi")
		o.want(err, fault.Forbidden, "access.slip_senior")
		if _, err = o.slip("state.desk", "nadi.sec1", "nadi"); err != nil {
			o.Error(err)
		}
	})
}

func TestI2_Hats(t *testing.T) {
	each(t, func(o office) {
		var second org.MembershipID
		o.must(func(tx *db.Tx) (err error) {
			second, err = org.AsFound(tx, o.Actor("state.president"), org.Found{Seat: o.VacantSeat("pachhim", "district_secretary"),
				Person: o.Person("nadi.president"), FromDay: "2026-01-01", Source: "सूची", SourceDay: "2026-01-01"})
			return err
		})
		s := o.signIn("nadi.president")
		if s.Hat != string(second) {
			o.Errorf("the highest post is %s, the hat %s", second, s.Hat)
		}
		by, err := o.open(s.Token)
		if err != nil || by.Org != "pachhim" || by.MayAnywhere(access.ReportFor) {
			o.Errorf("%+v, %v", by, err)
		}
		put := func(membership string) error {
			return o.write(func(tx *db.Tx) error { return access.PutOn(tx, by, s.Token, membership) })
		}
		o.want(put(string(o.Member("nadi.sec1"))), fault.NotFound, "access.not_your_post")
		if err := put(string(o.Member("nadi.president"))); err != nil {
			o.Fatal(err)
		}
		by, err = o.open(s.Token)
		if err != nil || by.Org != "nadi" || by.Unit != "poorab" || !by.MayAnywhere(access.ReportFor) {
			o.Errorf("under the other hat: %+v, %v", by, err)
		}
		// A hat is put on one's own session only.
		mine := o.signIn("nadi.sec1")
		o.must(func(tx *db.Tx) error { return access.PutOn(tx, by, mine.Token, string(o.Member("nadi.president"))) })
		if by, _ := o.open(mine.Token); by.Membership != string(o.Member("nadi.sec1")) {
			o.Errorf("another's session now acts as %+v", by)
		}
		// The post under the hat ends: the session goes on under the other, then under
		// none; a resumed post, or a new one, is put on at once.
		acts := func(want string) {
			t.Helper()
			if by, err := o.open(s.Token); err != nil || by.Membership != want || (want != "") != by.MayAnywhere(access.SeeRegister) {
				t.Errorf("acts as %+v, %v; want %q", by, err, want)
			}
		}
		var gone org.OrderID
		o.must(func(tx *db.Tx) (err error) {
			gone, err = org.Relieve(tx, o.Actor("poorab.president"), org.Relief{Membership: o.Member("nadi.president"), Reason: "कारण", Day: tx.Today()})
			return err
		})
		acts(string(second))
		o.must(func(tx *db.Tx) error {
			_, err := org.Relieve(tx, o.Actor("state.president"), org.Relief{Membership: second, Reason: "कारण", Day: tx.Today()})
			return err
		})
		acts("")
		o.must(func(tx *db.Tx) error {
			_, err := org.Reinstate(tx, o.Actor("state.incharge"), gone, "अपील मान्य")
			return err
		})
		acts(string(o.Member("nadi.president")))
		o.must(func(tx *db.Tx) error { return access.SetLang(tx, by, "en") })
		if by, _ := o.open(s.Token); by.Lang != "en" {
			o.Errorf("language %q", by.Lang)
		}
		o.want(o.write(func(tx *db.Tx) error { return access.SetLang(tx, by, "fr") }), fault.Invalid, "access.bad_lang")
		o.must(func(tx *db.Tx) error { return access.SignOut(tx, s.Token) })
		_, err = o.open(s.Token)
		o.want(err, fault.Unauthorized, "access.sign_in")
	})
}

// The relieved lose the post at once and keep the way to their own record.
func TestI2_TheRelievedKeepSignInToTheirOwnRecord(t *testing.T) {
	each(t, func(o office) {
		open := o.signIn("nadi.sec1")
		o.must(func(tx *db.Tx) error {
			_, err := org.Relieve(tx, o.Actor("poorab.president"), org.Relief{Membership: o.Member("nadi.sec1"), Reason: "कारण", Day: "2026-11-22"})
			return err
		})
		for _, token := range []string{open.Token, o.signIn("nadi.sec1").Token} {
			by, err := o.open(token)
			if err != nil || by.Membership != "" || by.MayAnywhere(access.SeeRegister) {
				o.Errorf("%+v, %v", by, err)
			}
			o.must(func(tx *db.Tx) error {
				record, err := org.Record(tx, by, o.Person("nadi.sec1"), "")
				if len(record) != 1 || record[0].EndReason != "relieved" || record[0].ToDay != "2026-11-22" {
					o.Errorf("record %+v", record)
				}
				_, err2 := org.Holders(tx, by, "nadi", "")
				o.want(err2, fault.NotFound, "fault.not_found")
				return err
			})
		}
	})
}

// What signing in leaves goes when nobody can use it any more, and not before; it
// goes alike for numbers that nobody has.
func TestI2_SweepTakesOnlyWhatIsOver(t *testing.T) {
	each(t, func(o office) {
		rows := func() (n [4]int) {
			o.must(func(tx *db.Tx) (err error) {
				for i, table := range []string{"sign_in_code", "sign_in_ticket", "session", "sign_in_failure"} {
					if n[i], err = tx.Int(`select count(*) from ` + table); err != nil {
						return err
					}
				}
				return nil
			})
			return n
		}
		sweep := func() { o.must(access.Sweep) }
		phone, unknown := o.phone("nadi.sec1"), "9999999999"
		before := rows()
		for range access.CodesPerHour {
			o.code(phone)
			o.code(unknown)
		}
		o.clock.Add(time.Hour + time.Second) // a new hour for both
		code, err := o.code(phone)
		if err != nil {
			o.Fatal(err)
		}
		for range access.CodesPerHour - 1 {
			o.code(unknown)
		}
		sweep()
		if _, err := o.code(unknown); err != nil { // the fifth
			o.Error(err)
		}
		_, err = o.code(unknown)
		o.want(err, fault.TooMany, "access.too_many_codes") // four were still counted
		sweep()
		ticket, _, err := o.check(phone, code)
		if err != nil {
			o.Fatalf("a code that was still good: %v", err)
		}
		sweep()
		s, err := o.choose(ticket, string(o.Person("nadi.sec1")), false)
		if err != nil {
			o.Fatalf("a ticket that was still good: %v", err)
		}
		for range access.PINTries {
			o.write(func(tx *db.Tx) error { return access.CountPIN(tx, "nobody:x", false, access.Device{}) })
		}
		sweep()
		err = o.write(func(tx *db.Tx) error { return access.CountPIN(tx, "nobody:x", false, access.Device{}) })
		o.want(err, fault.TooMany, "access.pin_locked")
		if _, err := o.open(s.Token); err != nil {
			o.Errorf("a session that still runs: %v", err)
		}
		o.clock.Add(access.SessionLife)
		sweep()
		if after := rows(); after != [4]int{} {
			o.Errorf("codes, tickets, sessions and wrong PINs before %v, after %v", before, after)
		}
	})
}
