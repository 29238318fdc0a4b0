package access

import (
	"crypto/subtle"
	"database/sql"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"

	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"

	"github.com/alexedwards/argon2id"
)

// Limits of signing in. Tries are counted per phone and code and per person, in the
// lane of a [Device], never per address or session: an attacker has many of those.
const (
	CodeLife      = 10 * time.Minute
	CodeTries     = 5
	CodesPerHour  = 5
	TicketLife    = 10 * time.Minute
	SlipLife      = 14 * 24 * time.Hour
	PINTries      = 5
	PINLock       = 15 * time.Minute // the first; each further one is twice as long,
	PINLockMost   = 24 * time.Hour   // up to this; a day without a wrong PIN begins anew
	maxCandidates = 20
)

// RequestCode makes a one-time code for phone (ten ASCII digits), asked for from
// device d, and returns it for the sender. For an unknown phone it returns "", and
// everything else, the counting of tries included, goes as for a known one, so that
// nobody learns which numbers are known. Faults: Invalid (phone), TooMany past
// CodesPerHour in the device's lane, or past the unit's [Limits].
func RequestCode(tx *db.Tx, phone string, d Device) (code string, err error) {
	defer fault.Op(&err, "access.RequestCode")
	if n, ok := lang.Phone(phone); !ok || n != phone {
		return "", fault.In("phone", "access.bad_phone")
	}
	lane, err := d.phoneLane(tx, phone)
	if err != nil {
		return "", err
	}
	var sent int
	var window int64
	err = tx.Scan(`select sent_count, window_at from sign_in_code where phone = $1 and lane = $2`, []any{phone, lane}, &sent, &window)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return "", err
	}
	if tx.Millis()-window > time.Hour.Milliseconds() {
		sent, window = 0, tx.Millis()
	}
	if sent >= CodesPerHour {
		return "", fault.New(fault.TooMany, "access.too_many_codes")
	}
	if err := left(tx, Codes, lane); err != nil {
		return "", err
	}
	if err := spend(tx, Codes, lane); err != nil {
		return "", err
	}
	people, err := peopleOf(tx, phone)
	if err != nil {
		return "", err
	}
	code = digits(tx, 6)
	hash := tx.Hash([]byte(phone + code))
	if len(people) == 0 { // no code will match
		code, hash = "", tx.Hash(tx.Random(32))
	}
	_, err = tx.Exec(`insert into sign_in_code(phone, lane, code_hash, tries, sent_at, expires_at, sent_count, window_at)
		values($1, $2, $3, 0, $4, $5, $6, $7)
		on conflict(phone, lane) do update set code_hash = excluded.code_hash, tries = 0, sent_at = excluded.sent_at,
			expires_at = excluded.expires_at, sent_count = excluded.sent_count, window_at = excluded.window_at`,
		phone, lane, hash, tx.Millis(), tx.Now.Add(CodeLife).UnixMilli(), sent+1, window)
	return code, err
}

// ForgetCodes forgets the codes of phone and what was counted of it: for the sign-ins that
// a demonstration offers to everyone.
func ForgetCodes(tx *db.Tx, phone string) error {
	_, err := tx.Exec(`delete from sign_in_code where phone = $1`, phone)
	return err
}

// VoidSignIns ends every session and takes back every code, ticket, slip and known device,
// of a unit that was brought back from a backup: what was ended since then must not come
// back with it. Numbers, PINs and second steps stay.
func VoidSignIns(tx *db.Tx) error {
	for _, q := range []string{`delete from session`, `delete from sign_in_code`, `delete from sign_in_ticket`, `delete from activation_slip`, `delete from device`} {
		if _, err := tx.Exec(q); err != nil {
			return err
		}
	}
	return nil
}

// Sweep takes away what signing in has left and nobody can use any more: codes that
// are over and whose hour is counted, tickets, sessions, wrong
// PINs that lock nobody out and are a day old, devices that nobody uses. It treats
// known and unknown numbers alike. For a server to call every hour or so.
func Sweep(tx *db.Tx) error {
	if _, err := tx.Exec(`delete from sign_in_code where expires_at <= $1 and window_at < $2`, tx.Millis(), tx.Now.Add(-time.Hour).UnixMilli()); err != nil {
		return err
	}
	for _, q := range []string{
		`delete from sign_in_ticket where expires_at <= $1`,
		`delete from session where expires_at <= $1`,
		`delete from device where expires_at <= $1`,
	} {
		if _, err := tx.Exec(q, tx.Millis()); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(`delete from sign_in_failure where until <= $1 and at <= $2`, tx.Millis(), tx.Now.Add(-PINLockMost).UnixMilli()); err != nil {
		return err
	}
	_, err := tx.Exec(`delete from sign_in_count where hour <= $1`, hourOf(tx)-24)
	return err
}

// CheckCode exchanges a right code, from the device it was asked for, for a ticket
// and the people who use the phone. A wrong code is counted; after CodeTries the code
// is dead. Faults: Invalid (code), TooMany when the unit's [Limits] of wrong guesses
// are used up.
func CheckCode(tx *db.Tx, phone, code string, d Device) (ticket string, people []string, err error) {
	defer fault.Op(&err, "access.CheckCode")
	lane, err := d.phoneLane(tx, phone)
	if err != nil {
		return "", nil, err
	}
	if err := left(tx, Guesses, lane); err != nil {
		return "", nil, err
	}
	var hash string
	var tries int
	var expires int64
	err = tx.Scan(`select code_hash, tries, expires_at from sign_in_code where phone = $1 and lane = $2`, []any{phone, lane}, &hash, &tries, &expires)
	switch {
	case fault.Is(err, fault.NotFound):
		return "", nil, fault.In("code", "access.code_expired")
	case err != nil:
		return "", nil, err
	case tx.Millis() >= expires || hash == "":
		return "", nil, fault.In("code", "access.code_expired")
	case tries >= CodeTries:
		return "", nil, fault.In("code", "access.code_dead")
	case subtle.ConstantTimeCompare([]byte(hash), []byte(tx.Hash([]byte(phone+code)))) != 1:
		if _, err := tx.Exec(`update sign_in_code set tries = tries + 1 where phone = $1 and lane = $2`, phone, lane); err != nil {
			return "", nil, err
		}
		if err := spend(tx, Guesses, lane); err != nil {
			return "", nil, err
		}
		if tries+1 == CodeTries {
			return "", nil, db.Keep(fault.In("code", "access.code_dead"))
		}
		return "", nil, db.Keep(fault.In("code", "access.wrong_code", "left", CodeTries-tries-1))
	}
	if _, err := tx.Exec(`update sign_in_code set code_hash = '' where phone = $1 and lane = $2`, phone, lane); err != nil {
		return "", nil, err
	}
	people, err = peopleOf(tx, phone)
	if err != nil {
		return "", nil, err
	}
	ticket, err = newTicket(tx, phone, "", false)
	return ticket, people, err
}

// Candidates gives the people a ticket may choose from. Unauthorized when its time is
// over, or the choice is made.
func Candidates(tx *db.Tx, ticket string) (people []string, err error) {
	phone, person, err := readTicket(tx, ticket)
	if err == nil && person != "" {
		err = fault.New(fault.Unauthorized, "access.ticket_expired")
	}
	if err != nil {
		return nil, err
	}
	return peopleOf(tx, phone)
}

// Choose turns a ticket into a session for one of the people who use the phone.
// Where several share the phone and the person has set a PIN, pinRight must be
// true: the face has compared it with [PINHash] outside the transaction. Who has the
// second step gets no session yet, but Session.Second.
func Choose(tx *db.Tx, ticket, person string, pinRight bool, d Device) (s Session, err error) {
	defer fault.Op(&err, "access.Choose(%s)", person)
	people, err := Candidates(tx, ticket)
	if err != nil {
		return s, err
	}
	ok := false
	for _, p := range people {
		ok = ok || p == person
	}
	if !ok {
		return s, fault.In("person", "access.not_on_this_phone")
	}
	if hash, err := PINHash(tx, person); err != nil {
		return s, err
	} else if hash != "" && len(people) > 1 {
		if err := CountPIN(tx, person, pinRight, d); err != nil {
			return s, err
		}
	}
	if _, err := tx.Exec(`delete from sign_in_ticket where token_hash = $1`, tokenHash(ticket)); err != nil {
		return s, err
	}
	return begin(tx, person, d)
}

// PINHash gives the person's stored PIN hash; "" when no PIN is set.
func PINHash(tx *db.Tx, person string) (string, error) {
	return tx.Text(`select pin_hash from account where person_id = $1`, person)
}

// TryPIN gives the stored PIN hash of person for a face to compare, "" when there is
// none. It refuses who is locked out in the lane of d, and strangers when the unit's
// [Limits] of wrong guesses are used up, before the slow comparison: guesses cost the
// server little. Faults: TooMany.
func TryPIN(tx *db.Tx, person string, d Device) (hash string, err error) {
	lane, err := d.personLane(tx, person)
	if err != nil {
		return "", err
	}
	if _, err := triesOf(tx, person, lane); err != nil {
		return "", err
	}
	return PINHash(tx, person)
}

// PersonByPINLogin finds who signs in with a login number from an activation
// slip, or with a phone number that only one person uses. When there is none it
// gives a stand-in without a PIN, whose wrong tries are counted like anyone's, so
// that nobody learns which numbers are known.
func PersonByPINLogin(tx *db.Tx, login string) (string, error) {
	person, err := personByLogin(tx, login)
	if err == nil && person == "" {
		person = nobody + tx.Hash([]byte(login))
	}
	return person, err
}

// personByLogin finds whom a login number, or a phone that one person uses, stands
// for; "" when there is none.
func personByLogin(tx *db.Tx, login string) (string, error) {
	person, err := tx.Text(`select person_id from account where handle = $1`, login)
	if err != nil || person != "" {
		return person, err
	}
	people, err := peopleOf(tx, login)
	if err != nil || len(people) != 1 {
		return "", err
	}
	return people[0], nil
}

// nobody begins the stand-in for a login that belongs to no one.
const nobody = "nobody:"

// SignInPIN opens a session after a PIN, or gives Session.Second. pinRight says
// whether the face found the PIN right; a wrong one is counted, and after PINTries the
// person waits in the device's lane.
func SignInPIN(tx *db.Tx, person string, pinRight bool, d Device) (s Session, err error) {
	defer fault.Op(&err, "access.SignInPIN(%s)", person)
	if person == "" {
		return s, fault.In("pin", "access.wrong_pin")
	}
	if err := CountPIN(tx, person, pinRight && !strings.HasPrefix(person, nobody), d); err != nil {
		return s, err
	}
	return begin(tx, person, d)
}

// CountPIN notes one comparison of a person's PIN, typed on d: nil when it was right
// and the person is not locked out in the device's lane. Faults: Invalid (pin), TooMany.
func CountPIN(tx *db.Tx, person string, right bool, d Device) error {
	lane, err := d.personLane(tx, person)
	if err != nil {
		return err
	}
	return count(tx, person, lane, right, fault.In("pin", "access.wrong_pin"))
}

// count notes one try of who in a lane: nil when it was right and who is not locked
// out there, else wrong, or TooMany.
func count(tx *db.Tx, who, lane string, right bool, wrong error) error {
	t, err := triesOf(tx, who, lane)
	if err != nil {
		return err
	}
	if right {
		_, err := tx.Exec(`delete from sign_in_failure where who = $1 and lane = $2`, who, lane)
		return err
	}
	if tx.Millis()-max(t.at, t.until) > PINLockMost.Milliseconds() {
		t = tries{}
	}
	t.failures++
	t.until = 0
	if t.failures >= PINTries {
		t.failures, t.until = 0, tx.Now.Add(min(PINLock<<min(t.locks, 10), PINLockMost)).UnixMilli()
		t.locks++
	}
	_, err = tx.Exec(`insert into sign_in_failure(who, lane, failures, locks, until, at) values($1, $2, $3, $4, $5, $6)
		on conflict(who, lane) do update set failures = excluded.failures, locks = excluded.locks, until = excluded.until, at = excluded.at`,
		who, lane, t.failures, t.locks, t.until, tx.Millis())
	if err != nil {
		return err
	}
	if err := spend(tx, Guesses, lane); err != nil {
		return err
	}
	return db.Keep(wrong)
}

// tries are the wrong tries of somebody in a lane: since the last right one or lock,
// the locks before, until when the last one holds, and when the last wrong one was.
type tries struct {
	failures, locks int
	until, at       int64
}

// triesOf reads them; TooMany when a lock holds, or strangers wait.
func triesOf(tx *db.Tx, who, lane string) (t tries, err error) {
	err = tx.Scan(`select failures, locks, until, at from sign_in_failure where who = $1 and lane = $2`, []any{who, lane}, &t.failures, &t.locks, &t.until, &t.at)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return t, err
	}
	if tx.Millis() < t.until {
		return t, fault.New(fault.TooMany, "access.pin_locked", "minutes", int((t.until-tx.Millis())/60000)+1)
	}
	return t, left(tx, Guesses, lane)
}

// MakeSlip makes an activation slip for person and returns its token, to be
// printed as a QR. Who has the slip has the account, so the actor needs GiveSlip on
// t, where the person holds or held a post, and on every body where the person
// holds one now, and may not stand below the person anywhere. Slips made before
// are void. Faults: Unauthorized, NotFound, Forbidden.
func MakeSlip(tx *db.Tx, by Actor, person string, t Target) (token string, err error) {
	defer fault.Op(&err, "access.MakeSlip(%s)", person)
	if err := CheckSlip(tx, by, person, t); err != nil {
		return "", err
	}
	if _, err := tx.Exec(`update activation_slip set expires_at = $1 where person_id = $2 and used_at is null and expires_at > $1`,
		tx.Millis(), person); err != nil {
		return "", err
	}
	token = newToken(tx)
	_, err = tx.Exec(`insert into activation_slip(token_hash, person_id, made_by, made_at, expires_at) values($1, $2, $3, $4, $5)`,
		tokenHash(token), person, by.Account, tx.Millis(), tx.Now.Add(SlipLife).UnixMilli())
	if err != nil {
		return "", err
	}
	return token, Audit(tx, by, "access.slip_made", "person", person, nil)
}

// CheckSlip is the gate of a slip for person, and of what goes with one; see [MakeSlip].
func CheckSlip(tx *db.Tx, by Actor, person string, t Target) error {
	if err := by.Check(GiveSlip, t); err != nil {
		return err
	}
	if person == by.Person { // a slip sets a PIN: who holds a session of mine must not get my account
		return fault.New(fault.Forbidden, "access.forbidden.give_slip")
	}
	return checkSenior(tx, by, person, t)
}

// checkSenior refuses a slip for someone who never stood in t, or who stands
// somewhere that by may not give slips for, or above by's own rank.
func checkSenior(tx *db.Tx, by Actor, person string, t Target) error {
	rank := -1
	if !by.IsOperator() {
		n, err := tx.Int(`select rank from role where id = $1`, by.Role)
		if err != nil {
			return err
		}
		rank = n
	}
	type post struct {
		Target
		rank    int
		running bool
	}
	posts, err := db.Select(tx, `select o.id, o.path, o.area_path, r.rank, m.to_day is null from membership m
		join organization o on o.id = m.organization_id join role r on r.id = m.role_id where m.person_id = $1`, []any{person},
		func(s db.Scanner) (p post, err error) {
			return p, s.Scan(&p.Org, &p.OrgPath, &p.AreaPath, &p.rank, &p.running)
		})
	if err != nil {
		return err
	}
	here := false
	for _, p := range posts {
		here = here || p.Org == t.Org
		if p.running && (!by.May(GiveSlip, p.Target) || p.rank < rank) {
			return fault.New(fault.Forbidden, "access.slip_senior")
		}
	}
	if !here {
		return fault.New(fault.NotFound, "access.slip_not_here")
	}
	return nil
}

// SlipPerson gives the person of a slip that can still be used. NotFound otherwise.
func SlipPerson(tx *db.Tx, token string) (person string, err error) {
	err = tx.Scan(`select person_id from activation_slip where token_hash = $1 and used_at is null and expires_at > $2`,
		[]any{tokenHash(token), tx.Millis()}, &person)
	if fault.Is(err, fault.NotFound) {
		return "", fault.New(fault.NotFound, "access.slip_dead")
	}
	return person, err
}

// UseSlip activates the account with the hash of the PIN its owner chose (see
// [HashPIN]), uses the slip up, ends the person's other sessions, forgets the devices
// they were known by and signs in. The login number for later is returned with the
// session. A slip is not the second step: who has that gets Session.Second.
func UseSlip(tx *db.Tx, token, pinHash string, d Device) (s Session, login string, err error) {
	defer fault.Op(&err, "access.UseSlip")
	if pinHash == "" {
		return s, "", fault.In("pin", "access.pin_form")
	}
	person, err := SlipPerson(tx, token)
	if err != nil {
		return s, "", err
	}
	if _, err := tx.Exec(`update activation_slip set used_at = $1 where token_hash = $2`, tx.Millis(), tokenHash(token)); err != nil {
		return s, "", err
	}
	account, err := AccountOf(tx, person)
	if err != nil {
		return s, "", err
	}
	if err := endSessions(tx, account, "", ""); err != nil {
		return s, "", err
	}
	if _, err := tx.Exec(`update account set pin_hash = $1 where id = $2`, pinHash, account); err != nil {
		return s, "", err
	}
	if login, err = tx.Text(`select handle from account where id = $1`, account); err != nil {
		return s, "", err
	}
	if _, err := tx.Exec(`delete from sign_in_failure where who = $1`, person); err != nil {
		return s, "", err
	}
	if err := Audit(tx, Actor{Account: account, Person: person}, "access.slip_used", "person", person, nil); err != nil {
		return s, "", err
	}
	s, err = begin(tx, person, d)
	return s, login, err
}

// SetPIN stores the hash of the actor's own new PIN. Faults: Unauthorized.
func SetPIN(tx *db.Tx, by Actor, pinHash string) error {
	if !by.SignedIn() {
		return fault.New(fault.Unauthorized, "access.sign_in")
	}
	if _, err := tx.Exec(`update account set pin_hash = $1 where id = $2`, pinHash, by.Account); err != nil {
		return err
	}
	return Audit(tx, by, "access.pin_set", "person", by.Person, nil)
}

var pinForm = regexp.MustCompile(`^\d{4,6}$`)

// hashing bounds how many Argon2 computations run at once: each takes 64 MiB.
var hashing = make(chan struct{}, 2)

// HashPIN checks the form of a PIN (four to six digits, not one of the first guesses) and
// hashes it with Argon2id (RFC 9106). Slow on purpose: never call it in a
// transaction.
func HashPIN(pin string) (string, error) {
	if !pinForm.MatchString(pin) {
		return "", fault.In("pin", "access.pin_form")
	}
	if weakPIN(pin) {
		return "", fault.In("pin", "access.pin_weak")
	}
	hashing <- struct{}{}
	defer func() { <-hashing }()
	return argon2id.CreateHash(pin, argon2id.DefaultParams)
}

// weakPIN reports whether a PIN is one of those that people choose first, and that are
// guessed first: one digit, a run up or down, halves or pairs alike, a year.
func weakPIN(pin string) bool {
	same, up, down := true, true, true
	for i := 1; i < len(pin); i++ {
		step := int(pin[i]) - int(pin[i-1])
		same, up, down = same && step == 0, up && (step == 1 || step == -9), down && (step == -1 || step == 9)
	}
	n := len(pin)
	halves := n%2 == 0 && pin[:n/2] == pin[n/2:]
	pairs := n == 4 && pin[0] == pin[1] && pin[2] == pin[3] || n == 6 && pin[:2] == pin[2:4] && pin[2:4] == pin[4:]
	year := n == 4 && (pin[:2] == "19" || pin[:2] == "20")
	return same || up || down || halves || pairs || year
}

// PINRight compares a PIN with a stored hash. Slow on purpose, also when there is
// no hash, so that time tells nobody who has an account.
func PINRight(pin, hash string) bool {
	if hash == "" {
		hash = "$argon2id$v=19$m=65536,t=1,p=2$c29tZXNhbHRzb21lc2E$bm90IGEgcmVhbCBrZXkgYXQgYWxsLCBqdXN0IHRpbWUhISE"
	}
	hashing <- struct{}{}
	defer func() { <-hashing }()
	ok, err := argon2id.ComparePasswordAndHash(pin, hash)
	return err == nil && ok
}

func peopleOf(tx *db.Tx, phone string) ([]string, error) {
	return db.Select(tx, `select p.person_id from phone p join person n on n.id = p.person_id
		where p.number = $1 and p.status not in ('wrong', 'other', 'lost') and n.canonical_id is null
		order by n.sort_key, n.id limit $2`, []any{phone, maxCandidates}, db.One[string])
}

func newTicket(tx *db.Tx, phone, person string, second bool) (string, error) {
	token := newToken(tx)
	_, err := tx.Exec(`insert into sign_in_ticket(token_hash, phone, person_id, expires_at, second) values($1, $2, $3, $4, $5)`,
		tokenHash(token), phone, db.Null(person), tx.Now.Add(TicketLife).UnixMilli(), second)
	return token, err
}

// readTicket gives the phone of a ticket, or, of one for the second step, the person.
func readTicket(tx *db.Tx, ticket string) (phone, person string, err error) {
	var p sql.NullString
	err = tx.Scan(`select phone, person_id from sign_in_ticket where token_hash = $1 and expires_at > $2`,
		[]any{tokenHash(ticket), tx.Millis()}, &phone, &p)
	if fault.Is(err, fault.NotFound) {
		return "", "", fault.New(fault.Unauthorized, "access.ticket_expired")
	}
	return phone, p.String, err
}

// digits gives n random decimal digits.
func digits(tx *db.Tx, n int) string {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	v := new(big.Int).SetBytes(tx.Random(16)) // 128 bits: the bias of mod is below 2^-100
	return fmt.Sprintf("%0*d", n, v.Mod(v, limit))
}

// handle makes a login number that is not in use, for those who sign in without a
// phone of their own: nine digits, one fewer than a phone number.
func handle(tx *db.Tx) (string, error) {
	for {
		login := string('1'+tx.Random(1)[0]%5) + digits(tx, 8)
		used, err := tx.Int(`select count(*) from account where handle = $1`, login)
		if err != nil || used == 0 {
			return login, err
		}
	}
}
