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

// Limits of signing in. Tries are counted per phone and code, never per address
// or session: an attacker has many of those.
const (
	CodeLife      = 10 * time.Minute
	CodeTries     = 5
	CodesPerHour  = 5
	TicketLife    = 10 * time.Minute
	SlipLife      = 14 * 24 * time.Hour
	PINTries      = 5
	PINLock       = 15 * time.Minute
	maxCandidates = 20
)

// RequestCode makes a one-time code for phone (ten ASCII digits) and returns it
// for the sender. For an unknown phone it returns "", and everything else, the
// counting of tries included, goes as for a known one, so that nobody learns which
// numbers are known. Faults: Invalid (phone), TooMany past CodesPerHour.
func RequestCode(tx *db.Tx, phone string) (code string, err error) {
	defer fault.Op(&err, "access.RequestCode")
	if n, ok := lang.Phone(phone); !ok || n != phone {
		return "", fault.In("phone", "access.bad_phone")
	}
	var sent int
	var window int64
	err = tx.Scan(`select sent_count, window_at from sign_in_code where phone = $1`, []any{phone}, &sent, &window)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return "", err
	}
	if tx.Millis()-window > time.Hour.Milliseconds() {
		sent, window = 0, tx.Millis()
	}
	if sent >= CodesPerHour {
		return "", fault.New(fault.TooMany, "access.too_many_codes")
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
	_, err = tx.Exec(`insert into sign_in_code(phone, code_hash, tries, sent_at, expires_at, sent_count, window_at)
		values($1, $2, 0, $3, $4, $5, $6)
		on conflict(phone) do update set code_hash = excluded.code_hash, tries = 0, sent_at = excluded.sent_at,
			expires_at = excluded.expires_at, sent_count = excluded.sent_count, window_at = excluded.window_at`,
		phone, hash, tx.Millis(), tx.Now.Add(CodeLife).UnixMilli(), sent+1, window)
	return code, err
}

// ForgetCodes forgets the code of phone and what was counted of it: for the sign-ins that
// a demonstration offers to everyone.
func ForgetCodes(tx *db.Tx, phone string) error {
	_, err := tx.Exec(`delete from sign_in_code where phone = $1`, phone)
	return err
}

// Sweep takes away what signing in has left and nobody can use any more: codes that
// are over and whose hour is counted, tickets, sessions, and wrong PINs that lock
// nobody out. It treats known and unknown numbers alike. For a server to call every
// hour or so: five wrong PINs in a quarter of an hour are allowed anyhow.
func Sweep(tx *db.Tx) error {
	if _, err := tx.Exec(`delete from sign_in_code where expires_at <= $1 and window_at < $2`, tx.Millis(), tx.Now.Add(-time.Hour).UnixMilli()); err != nil {
		return err
	}
	for _, q := range []string{
		`delete from sign_in_ticket where expires_at <= $1`,
		`delete from session where expires_at <= $1`,
		`delete from sign_in_failure where until <= $1`,
	} {
		if _, err := tx.Exec(q, tx.Millis()); err != nil {
			return err
		}
	}
	return nil
}

// CheckCode exchanges a right code for a ticket and the people who use the phone.
// A wrong code is counted; after CodeTries the code is dead. Faults: Invalid (code).
func CheckCode(tx *db.Tx, phone, code string) (ticket string, people []string, err error) {
	defer fault.Op(&err, "access.CheckCode")
	var hash string
	var tries int
	var expires int64
	err = tx.Scan(`select code_hash, tries, expires_at from sign_in_code where phone = $1`, []any{phone}, &hash, &tries, &expires)
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
		if _, err := tx.Exec(`update sign_in_code set tries = tries + 1 where phone = $1`, phone); err != nil {
			return "", nil, err
		}
		if tries+1 == CodeTries {
			return "", nil, db.Keep(fault.In("code", "access.code_dead"))
		}
		return "", nil, db.Keep(fault.In("code", "access.wrong_code", "left", CodeTries-tries-1))
	}
	if _, err := tx.Exec(`update sign_in_code set code_hash = '' where phone = $1`, phone); err != nil {
		return "", nil, err
	}
	people, err = peopleOf(tx, phone)
	if err != nil {
		return "", nil, err
	}
	ticket, err = newTicket(tx, phone, "")
	return ticket, people, err
}

// Candidates gives the people a ticket may choose from.
func Candidates(tx *db.Tx, ticket string) (people []string, err error) {
	phone, person, err := readTicket(tx, ticket)
	if err != nil {
		return nil, err
	}
	if person != "" {
		return []string{person}, nil
	}
	return peopleOf(tx, phone)
}

// Choose turns a ticket into a session for one of the people who use the phone.
// Where several share the phone and the person has set a PIN, pinRight must be
// true: the face has compared it with [PINHash] outside the transaction.
func Choose(tx *db.Tx, ticket, person string, pinRight bool) (s Session, err error) {
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
		if err := CountPIN(tx, person, pinRight); err != nil {
			return s, err
		}
	}
	if _, err := tx.Exec(`delete from sign_in_ticket where token_hash = $1`, tokenHash(ticket)); err != nil {
		return s, err
	}
	return start(tx, person)
}

// PINHash gives the person's stored PIN hash; "" when no PIN is set.
func PINHash(tx *db.Tx, person string) (string, error) {
	return tx.Text(`select pin_hash from account where person_id = $1`, person)
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

// SignInPIN opens a session after a PIN. pinRight says whether the face found the
// PIN right; a wrong one is counted, and after PINTries the person waits PINLock.
func SignInPIN(tx *db.Tx, person string, pinRight bool) (s Session, err error) {
	defer fault.Op(&err, "access.SignInPIN(%s)", person)
	if person == "" {
		return s, fault.In("pin", "access.wrong_pin")
	}
	if err := CountPIN(tx, person, pinRight && !strings.HasPrefix(person, nobody)); err != nil {
		return s, err
	}
	return start(tx, person)
}

// CountPIN notes one comparison of a person's PIN: nil when it was right and the
// person is not locked out.
func CountPIN(tx *db.Tx, person string, right bool) error {
	var failures int
	var until int64
	err := tx.Scan(`select failures, until from sign_in_failure where person_id = $1`, []any{person}, &failures, &until)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if tx.Millis() < until {
		return fault.New(fault.TooMany, "access.pin_locked", "minutes", int((until-tx.Millis())/60000)+1)
	}
	if right {
		_, err := tx.Exec(`delete from sign_in_failure where person_id = $1`, person)
		return err
	}
	failures++
	until = 0
	if failures >= PINTries {
		failures, until = 0, tx.Now.Add(PINLock).UnixMilli()
	}
	_, err = tx.Exec(`insert into sign_in_failure(person_id, failures, until) values($1, $2, $3)
		on conflict(person_id) do update set failures = excluded.failures, until = excluded.until`, person, failures, until)
	if err != nil {
		return err
	}
	return db.Keep(fault.In("pin", "access.wrong_pin"))
}

// MakeSlip makes an activation slip for person and returns its token, to be
// printed as a QR. Who has the slip has the account, so the actor needs GiveSlip on
// t, where the person holds or held a post, and on every body where the person
// holds one now, and may not stand below the person anywhere. Slips made before
// are void. Faults: Unauthorized, NotFound, Forbidden.
func MakeSlip(tx *db.Tx, by Actor, person string, t Target) (token string, err error) {
	defer fault.Op(&err, "access.MakeSlip(%s)", person)
	if err := by.Check(GiveSlip, t); err != nil {
		return "", err
	}
	if person == by.Person { // a slip sets a PIN: who holds a session of mine must not get my account
		return "", fault.New(fault.Forbidden, "access.forbidden.give_slip")
	}
	if err := checkSenior(tx, by, person, t); err != nil {
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
// [HashPIN]), uses the slip up, ends the person's other sessions and signs in.
// The login number for later is returned with the session.
func UseSlip(tx *db.Tx, token, pinHash string) (s Session, login string, err error) {
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
	if _, err := tx.Exec(`delete from session where account_id = $1`, account); err != nil {
		return s, "", err
	}
	if _, err := tx.Exec(`update account set pin_hash = $1 where id = $2`, pinHash, account); err != nil {
		return s, "", err
	}
	if login, err = tx.Text(`select handle from account where id = $1`, account); err != nil {
		return s, "", err
	}
	if _, err := tx.Exec(`delete from sign_in_failure where person_id = $1`, person); err != nil {
		return s, "", err
	}
	if err := Audit(tx, Actor{Account: account, Person: person}, "access.slip_used", "person", person, nil); err != nil {
		return s, "", err
	}
	s, err = start(tx, person)
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

// HashPIN checks the form of a PIN (four to six digits, not all the same) and
// hashes it with Argon2id (RFC 9106). Slow on purpose: never call it in a
// transaction.
func HashPIN(pin string) (string, error) {
	if !pinForm.MatchString(pin) {
		return "", fault.In("pin", "access.pin_form")
	}
	same := true
	for i := range pin {
		same = same && pin[i] == pin[0]
	}
	if same || pin == "1234" || pin == "123456" {
		return "", fault.In("pin", "access.pin_weak")
	}
	hashing <- struct{}{}
	defer func() { <-hashing }()
	return argon2id.CreateHash(pin, argon2id.DefaultParams)
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
		where p.number = $1 and p.status not in ('wrong', 'other') and n.canonical_id is null
		order by n.sort_key, n.id limit $2`, []any{phone, maxCandidates}, db.One[string])
}

func newTicket(tx *db.Tx, phone, person string) (string, error) {
	token := newToken(tx)
	_, err := tx.Exec(`insert into sign_in_ticket(token_hash, phone, person_id, expires_at) values($1, $2, $3, $4)`,
		tokenHash(token), phone, db.Null(person), tx.Now.Add(TicketLife).UnixMilli())
	return token, err
}

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
