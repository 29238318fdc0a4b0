package access_test

import (
	"testing"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"

	"github.com/pquerna/otp/totp"
)

// enter signs a person in by a code on a device, and gives the device as it is known
// from then on.
func (o office) enter(d access.Device, name string) (access.Session, access.Device) {
	o.Helper()
	phone := o.phone(name)
	code, err := o.codeOn(d, phone)
	if err != nil {
		o.Fatal(err)
	}
	ticket, _, err := o.checkOn(d, phone, code)
	if err != nil {
		o.Fatal(err)
	}
	var s access.Session
	o.must(func(tx *db.Tx) (err error) {
		s, err = access.Choose(tx, ticket, string(o.Person(name)), false, d)
		return err
	})
	return s, access.Device{Token: s.Device, Name: d.Name}
}

// Strangers use up a known number's codes, its tries and its PIN: its owner, on a
// browser known for it, has codes, tries and PIN as before. A browser known for one
// number is a stranger to another.
func TestI2_StrangersDoNotUseUpTheOwnersCodes(t *testing.T) {
	each(t, func(o office) {
		phone, person := o.phone("nadi.sec1"), string(o.Person("nadi.sec1"))
		_, own := o.enter(access.Device{Name: "Chrome, Android"}, "nadi.sec1")
		_, others := o.enter(access.Device{}, "nadi.sec2")
		for i, stranger := range []access.Device{{}, {Token: "never given out"}, others} {
			for range access.CodesPerHour {
				if _, err := o.codeOn(stranger, phone); err == nil && i > 0 {
					o.Error("a stranger has codes of their own")
				}
			}
			_, err := o.codeOn(stranger, phone)
			o.want(err, fault.TooMany, "access.too_many_codes")
			for range access.CodeTries + 1 {
				o.checkOn(stranger, phone, "x")
			}
		}
		pin := func(d access.Device, right bool) error {
			return o.write(func(tx *db.Tx) error { _, err := access.SignInPIN(tx, person, right, d); return err })
		}
		for range access.PINTries {
			o.want(pin(others, false), fault.Invalid, "access.wrong_pin")
		}
		o.want(pin(access.Device{}, true), fault.TooMany, "access.pin_locked")
		o.enter(own, "nadi.sec1")
		if err := pin(own, true); err != nil {
			o.Errorf("the owner's PIN on a known browser: %v", err)
		}
		// A code made for a stranger does not open on the owner's browser, nor the other way.
		o.clock.Add(time.Hour + time.Second)
		theirs, err := o.codeOn(access.Device{}, phone)
		if err != nil {
			o.Fatal(err)
		}
		_, _, err = o.checkOn(own, phone, theirs)
		o.want(err, fault.Invalid, "access.code_expired")
	})
}

// Each lock is twice as long as the one before, up to a day, and a quiet day forgets.
func TestI2_LocksGrow(t *testing.T) {
	each(t, func(o office) {
		person := string(o.Person("nadi.sec1"))
		lock := func() (minutes int) {
			for range access.PINTries {
				o.write(func(tx *db.Tx) error { return access.CountPIN(tx, person, false, access.Device{}) })
			}
			for {
				o.clock.Add(minute)
				minutes++
				err := o.write(func(tx *db.Tx) error { return access.CountPIN(tx, person, false, access.Device{}) })
				if !fault.Is(err, fault.TooMany) {
					return minutes
				}
			}
		}
		// The try that finds the lock over is the first of the next five.
		if first, second := lock(), lock(); first != 15 || second < 29 || second > 31 {
			t.Errorf("locks of %d and %d minutes", first, second)
		}
		o.must(access.Sweep)
		o.clock.Add(access.PINLockMost + time.Hour)
		o.must(access.Sweep)
		if again := lock(); again != 15 {
			t.Errorf("after a quiet day: %d minutes", again)
		}
	})
}

// What strangers use up of the unit's limits stops strangers only, and the desk sees it.
func TestI2_TheUnitsLimits(t *testing.T) {
	each(t, func(o office) {
		_, own := o.enter(access.Device{}, "nadi.sec1")
		limits := access.Limits{Codes: access.Limit{Hour: 10, Day: 12}, Guesses: access.Limit{Hour: 5, Day: 100}}
		o.must(func(tx *db.Tx) error { return access.SetSignInLimits(tx, access.Operator(), limits) })
		o.want(o.write(func(tx *db.Tx) error { return access.SetSignInLimits(tx, o.Actor("state.president"), limits) }), fault.Forbidden, "fault.forbidden")
		o.want(o.write(func(tx *db.Tx) error { return access.SetSignInLimits(tx, access.Operator(), access.Limits{}) }), fault.Invalid, "access.bad_limit")
		watch := func(by string) (all []access.Spent, err error) {
			err = o.write(func(tx *db.Tx) (err error) { all, err = access.SignInWatch(tx, o.Actor(by)); return err })
			return all, err
		}
		state := func(kind int, hour int, alarm, over bool) {
			t.Helper()
			all, err := watch("state.desk")
			if err != nil || all[kind].Hour != hour || all[kind].Alarm() != alarm || all[kind].Over() != over {
				t.Errorf("%+v, %v", all, err)
			}
		}
		state(0, 1, false, false) // the owner's own first code, from a browser nobody knew
		for i := range 7 {
			o.code("900001000" + string(rune('0'+i)))
		}
		state(0, 8, true, false)
		o.code("9000010008")
		o.code("9000010009")
		state(0, 10, true, true)
		_, err := o.code(o.phone("nadi.sec2"))
		o.want(err, fault.TooMany, "access.strangers_wait")
		o.enter(own, "nadi.sec1")
		state(0, 10, true, true)
		for range 5 {
			o.check("9000010008", "x")
		}
		state(1, 5, true, true)
		person := string(o.Person("nadi.sec2"))
		o.want(o.write(func(tx *db.Tx) error { _, err := access.SignInPIN(tx, person, true, access.Device{}); return err }), fault.TooMany, "access.strangers_wait")
		_, err = watch("poorab.president")
		o.want(err, fault.Forbidden, "fault.forbidden")
		o.clock.Add(time.Hour)
		if _, err := o.code(o.phone("nadi.sec2")); err != nil {
			t.Errorf("an hour later: %v", err)
		}
		o.code("9000010001")
		_, err = o.code("9000010002")
		o.want(err, fault.TooMany, "access.strangers_wait") // the day's
		o.clock.Add(24 * time.Hour)
		o.must(access.Sweep)
		state(0, 0, false, false)
	})
}

func TestI2_SessionsAreListedAndEnded(t *testing.T) {
	each(t, func(o office) {
		first, _ := o.enter(access.Device{Name: "Chrome, Android"}, "nadi.sec1")
		o.clock.Add(25 * time.Hour)
		second, known := o.enter(access.Device{Name: "Firefox, Windows"}, "nadi.sec1")
		foreign, _ := o.enter(access.Device{}, "nadi.sec2")
		by, err := o.open(second.Token)
		if err != nil {
			o.Fatal(err)
		}
		list := func() (all []access.OpenSession) {
			o.must(func(tx *db.Tx) (err error) { all, err = access.Sessions(tx, by, second.Token); return err })
			return all
		}
		all := list()
		if len(all) != 2 || !all[0].Here || all[0].Device != "Firefox, Windows" || all[1].Here || all[1].Device != "Chrome, Android" || all[1].Since >= all[0].Since {
			o.Fatalf("%+v", all)
		}
		o.must(func(tx *db.Tx) error {
			old, err := access.Open(tx, first.Token)
			if err != nil || old.SeenToday(tx) {
				o.Errorf("yesterday's session counts as seen today: %v", err)
			}
			return access.Touch(tx, first.Token)
		})
		o.must(func(tx *db.Tx) error {
			if old, err := access.Open(tx, first.Token); err != nil || !old.SeenToday(tx) {
				o.Errorf("not seen today: %v", err)
			}
			return nil
		})
		stranger, err := o.open(foreign.Token)
		if err != nil {
			o.Fatal(err)
		}
		o.want(o.write(func(tx *db.Tx) error { return access.EndSession(tx, stranger, all[1].ID) }), fault.NotFound, "fault.not_found")
		o.must(func(tx *db.Tx) error { return access.EndSession(tx, by, all[1].ID) })
		_, err = o.open(first.Token)
		o.want(err, fault.Unauthorized, "access.sign_in")
		third, gone := o.enter(access.Device{Name: "Chrome, Android"}, "nadi.sec1")
		o.must(func(tx *db.Tx) error { return access.EndOthers(tx, by, second.Token) })
		_, err = o.open(third.Token)
		o.want(err, fault.Unauthorized, "access.sign_in")
		for _, s := range []access.Session{second, foreign} {
			if _, err := o.open(s.Token); err != nil {
				o.Error(err)
			}
		}
		// The ended browser is a stranger again, the kept one is known.
		phone := o.phone("nadi.sec1")
		for range access.CodesPerHour {
			o.code(phone)
		}
		_, err = o.codeOn(gone, phone)
		o.want(err, fault.TooMany, "access.too_many_codes")
		if _, err := o.codeOn(known, phone); err != nil {
			o.Error(err)
		}
	})
}

func TestI2_ALostPhone(t *testing.T) {
	each(t, func(o office) {
		phone, person := o.phone("nadi.sec1"), string(o.Person("nadi.sec1"))
		lostOne, lost := o.enter(access.Device{}, "nadi.sec1")
		here, _ := o.enter(access.Device{}, "nadi.sec1")
		by, err := o.open(here.Token)
		if err != nil {
			o.Fatal(err)
		}
		o.want(o.write(func(tx *db.Tx) error { return access.LostPhone(tx, by, here.Token, o.phoneIn(tx, "nadi.sec2")) }), fault.Invalid, "access.not_your_number")
		waiting, _ := o.codeOn(lost, phone)
		o.must(func(tx *db.Tx) error { return access.LostPhone(tx, by, here.Token, phone) })
		_, err = o.open(lostOne.Token)
		o.want(err, fault.Unauthorized, "access.sign_in")
		if _, err := o.open(here.Token); err != nil {
			o.Error(err)
		}
		for _, d := range []access.Device{lost, {}} { // not even the code that was on its way
			_, _, err = o.checkOn(d, phone, waiting)
			o.want(err, fault.Invalid, "access.code_expired")
		}
		for _, d := range []access.Device{lost, {}} {
			if code, err := o.codeOn(d, phone); code != "" || err != nil {
				o.Errorf("a code to the lost number: %q, %v", code, err)
			}
		}
		o.must(func(tx *db.Tx) error { return access.NumberBack(tx, by, phone) })
		if code, err := o.codeOn(access.Device{}, phone); code == "" || err != nil {
			o.Errorf("no code to a number that is back: %v", err)
		}
		o.want(o.write(func(tx *db.Tx) error { return access.NumberBack(tx, by, phone) }), fault.Invalid, "access.not_your_number")

		// Told to the superior, who gives a slip.
		of := func(superior, who string, at string) error {
			return o.write(func(tx *db.Tx) error {
				t := access.Target{}
				if err := tx.Scan(`select id, path, area_path from organization where id = $1`, []any{at}, &t.Org, &t.OrgPath, &t.AreaPath); err != nil {
					return err
				}
				return access.LostPhoneOf(tx, o.Actor(superior), string(o.Person(who)), o.phoneIn(tx, who), t)
			})
		}
		o.want(of("nadi.sec2", "nadi.sec1", "nadi"), fault.Forbidden, "access.forbidden.give_slip")
		o.want(of("pachhim.president", "nadi.sec1", "nadi"), fault.NotFound, "fault.not_found")
		o.want(of("poorab.president", "state.president", "nadi"), fault.Forbidden, "access.slip_senior")
		if err := of("poorab.president", "nadi.sec1", "nadi"); err != nil {
			o.Fatal(err)
		}
		_, err = o.open(here.Token)
		o.want(err, fault.Unauthorized, "access.sign_in")
		token, err := o.slip("poorab.president", "nadi.sec1", "nadi")
		if err != nil {
			o.Fatal(err)
		}
		o.must(func(tx *db.Tx) error {
			s, _, err := access.UseSlip(tx, token, "a hash", access.Device{})
			if err == nil && s.Person != person {
				o.Errorf("%+v", s)
			}
			return err
		})
	})
}

// second turns a person's second step on and gives its secret and recovery codes.
func (o office) second(by access.Actor) (secret string, recovery []string) {
	o.Helper()
	o.must(func(tx *db.Tx) (err error) { secret, err = access.BeginSecond(tx, by); return err })
	o.must(func(tx *db.Tx) (err error) {
		recovery, err = access.ConfirmSecond(tx, by, o.app(secret))
		return err
	})
	return secret, recovery
}

// app is what an authenticator app shows now.
func (o office) app(secret string) string {
	code, err := totp.GenerateCode(secret, o.clock.Now())
	if err != nil {
		o.Fatal(err)
	}
	return code
}

func TestI2_TheSecondStep(t *testing.T) {
	each(t, func(o office) {
		s, device := o.enter(access.Device{}, "nadi.sec1")
		by, err := o.open(s.Token)
		if err != nil {
			o.Fatal(err)
		}
		person := string(o.Person("nadi.sec1"))
		begin := func() (ticket string) {
			o.must(func(tx *db.Tx) error {
				s, err := access.SignInPIN(tx, person, true, device)
				if s.Token != "" {
					o.Error("signed in without the second step")
				}
				ticket = s.Second
				return err
			})
			return ticket
		}
		step := func(ticket, code string) (s access.Session, err error) {
			err = o.write(func(tx *db.Tx) (err error) { s, err = access.SecondStep(tx, ticket, code, device); return err })
			return s, err
		}
		o.must(func(tx *db.Tx) error { _, err := access.BeginSecond(tx, by); return err })
		o.must(func(tx *db.Tx) error { // begun is not yet on
			s, err := access.SignInPIN(tx, person, true, device)
			if s.Token == "" {
				o.Error("what was only begun asks for a code")
			}
			return err
		})
		o.want(o.write(func(tx *db.Tx) error { _, err := access.ConfirmSecond(tx, by, "000000"); return err }), fault.Invalid, "access.wrong_second")
		secret, recovery := o.second(by)
		if len(recovery) != 8 {
			o.Fatalf("%d recovery codes", len(recovery))
		}
		one := begin()
		_, err = step(one, o.app(secret)) // the one that turned it on
		o.want(err, fault.Invalid, "access.wrong_second")
		o.clock.Add(30 * time.Second)
		good := o.app(secret)
		if s, err := step(one, good); err != nil || s.Person != person || s.Token == "" {
			o.Fatalf("%+v, %v", s, err)
		}
		_, err = step(one, good)
		o.want(err, fault.Unauthorized, "access.ticket_expired")
		_, err = step(begin(), good) // replayed
		o.want(err, fault.Invalid, "access.wrong_second")
		_, err = o.choose(begin(), person, true) // not a ticket for choosing
		o.want(err, fault.Unauthorized, "access.ticket_expired")
		if _, err := step(begin(), recovery[0]); err != nil {
			o.Error(err)
		}
		_, err = step(begin(), recovery[0])
		o.want(err, fault.Invalid, "access.wrong_second") // once
		o.clock.Add(5 * minute)
		two := begin()
		if _, err := step(begin(), o.app(secret)); err != nil { // a right one begins the count anew
			o.Error(err)
		}
		o.clock.Add(minute)
		for range access.PINTries {
			_, err = step(two, "000000")
			o.want(err, fault.Invalid, "access.wrong_second")
		}
		_, err = step(two, o.app(secret))
		o.want(err, fault.TooMany, "access.pin_locked")
		_, err = step(two, recovery[1])
		o.want(err, fault.TooMany, "access.pin_locked")
		o.clock.Add(access.PINLock)

		// A slip is no way round it; the superior's reset is, and is told.
		token, err := o.slip("poorab.president", "nadi.sec1", "nadi")
		if err != nil {
			o.Fatal(err)
		}
		o.must(func(tx *db.Tx) error {
			s, _, err := access.UseSlip(tx, token, "a hash", access.Device{})
			if s.Token != "" || s.Second == "" {
				o.Errorf("a slip opens %+v", s)
			}
			return err
		})
		reset := func(superior string) error {
			return o.write(func(tx *db.Tx) error {
				t := access.Target{}
				if err := tx.Scan(`select id, path, area_path from organization where id = 'nadi'`, nil, &t.Org, &t.OrgPath, &t.AreaPath); err != nil {
					return err
				}
				return access.ResetSecond(tx, o.Actor(superior), person, t)
			})
		}
		o.want(reset("nadi.sec2"), fault.Forbidden, "access.forbidden.give_slip")
		if err := reset("poorab.president"); err != nil {
			o.Fatal(err)
		}
		o.must(func(tx *db.Tx) error {
			if n, err := tx.Int(`select count(*) from audit where act = 'access.second_reset' and object_id = $1`, person); n != 1 {
				o.Errorf("%d lines tell it: %v", n, err)
			}
			s, err := access.SignInPIN(tx, person, true, access.Device{})
			if s.Token == "" {
				o.Error("still asked for after the reset")
			}
			return err
		})

		// One's own removal asks for a code.
		secret, recovery = o.second(by)
		o.want(o.write(func(tx *db.Tx) error { return access.RemoveSecond(tx, by, "123123") }), fault.Invalid, "access.wrong_second")
		o.must(func(tx *db.Tx) error { return access.RemoveSecond(tx, by, recovery[7]) })
		o.want(o.write(func(tx *db.Tx) error { return access.RemoveSecond(tx, by, o.app(secret)) }), fault.Conflict, "access.second_is_off")
	})
}

// A role that needs the second step acts under no hat until it is set up.
func TestI2_ARoleThatNeedsTheSecondStep(t *testing.T) {
	each(t, func(o office) {
		s, _ := o.enter(access.Device{}, "state.desk")
		set := func(by access.Actor, roles ...string) error {
			return o.write(func(tx *db.Tx) error { return access.SetRolesWithSecond(tx, by, roles) })
		}
		o.want(set(o.Actor("state.president"), "desk"), fault.Forbidden, "fault.forbidden")
		o.want(set(access.Operator(), "nothing"), fault.Invalid, "access.unknown_role")
		if err := set(access.Operator(), "desk"); err != nil {
			o.Fatal(err)
		}
		by, err := o.open(s.Token)
		if err != nil || !by.NeedsSecond || by.MayAnywhere(access.SeeRegister) || by.Membership != "" {
			o.Fatalf("%+v, %v", by, err)
		}
		o.second(by)
		if by, err = o.open(s.Token); err != nil || by.NeedsSecond || !by.MayAnywhere(access.SeeRegister) {
			o.Errorf("%+v, %v", by, err)
		}
		other, _ := o.enter(access.Device{}, "nadi.sec1")
		if by, err := o.open(other.Token); err != nil || by.NeedsSecond {
			o.Errorf("another role: %+v, %v", by, err)
		}
	})
}

func TestDeviceNames(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36":                              "Chrome, Android",
		"Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-A145F) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125 Mobile Safari/537.36": "Samsung Internet, Android",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1":      "Safari, iPhone",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0":                "Edge, Windows",
		"Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0":                                                                       "Firefox, Linux",
		"curl/8.5.0": "", "": "",
	} {
		if got := access.DeviceName(agent); got != want {
			t.Errorf("%s: %q, want %q", agent, got, want)
		}
	}
}
