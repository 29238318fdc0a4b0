package access

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"time"

	"sangathan/internal/db"
	"sangathan/internal/fault"
)

// SessionLife is how long a session lasts.
const SessionLife = 30 * 24 * time.Hour

// Session is one open sign-in, or one that waits for the second step.
type Session struct {
	Token   string // given once, to the browser; only its hash is stored
	Device  string // token by which the browser is known from now on; see [Device]
	Second  string // in place of Token: the ticket for [SecondStep]
	Account string
	Person  string
	Hat     string // membership acted under; "" when none
}

// Open gives the actor of a session token. Who holds a role that needs the second step
// and has not set it up acts under no hat until then. Unauthorized when the token is
// unknown or has expired.
func Open(tx *db.Tx, token string) (Actor, error) {
	if token == "" {
		return Actor{}, fault.New(fault.Unauthorized, "access.sign_in")
	}
	var a Actor
	var needs bool
	rows, err := db.Select(tx, `select a.id, a.person_id, a.lang, s.seen_at, n.role_id is not null and t.since is null, `+hatColumns+` from session s
		join account a on a.id = s.account_id
		left join membership m on m.id = s.membership_id and m.to_day is null
		left join role_second n on n.role_id = m.role_id left join totp t on t.account_id = a.id
		left join organization o on o.id = m.organization_id left join access_grant g on g.membership_id = m.id
		where s.token_hash = $1 and s.expires_at > $2`, []any{tokenHash(token), tx.Millis()},
		func(s db.Scanner) (struct{}, error) {
			return a.scanHat(s, &a.Account, &a.Person, &a.Lang, &a.seen, &needs)
		})
	if err == nil && len(rows) == 0 {
		err = fault.New(fault.Unauthorized, "access.sign_in")
	}
	if err == nil && needs {
		return Actor{Account: a.Account, Person: a.Person, Lang: a.Lang, NeedsSecond: true, seen: a.seen}, nil
	}
	return a, err
}

// SeenToday reports whether the day on which the actor's session is used stands in its
// row; see [Touch].
func (a Actor) SeenToday(tx *db.Tx) bool {
	return tx.Time(a.seen).Format(time.DateOnly) == tx.Today()
}

// Touch notes the day on which a session is used, for its owner's list.
func Touch(tx *db.Tx, token string) error {
	_, err := tx.Exec(`update session set seen_at = $1 where token_hash = $2`, tx.Millis(), tokenHash(token))
	return err
}

// begin opens a session for person, whose first step was right, or asks for the second.
func begin(tx *db.Tx, person string, d Device) (s Session, err error) {
	on, err := HasSecond(tx, person)
	if err != nil {
		return s, err
	}
	if !on {
		return start(tx, person, d)
	}
	s.Person = person
	s.Second, err = newTicket(tx, "", person, true)
	return s, err
}

// start opens a session for person, making the account at the first sign-in. The
// hat is the person's highest running post.
func start(tx *db.Tx, person string, d Device) (Session, error) {
	account, err := AccountOf(tx, person)
	if err != nil {
		return Session{}, err
	}
	hat, err := highestPost(tx, person)
	if err != nil {
		return Session{}, err
	}
	s := Session{Token: newToken(tx), Account: account, Person: person, Hat: hat}
	if s.Device, err = d.remember(tx, account); err != nil {
		return Session{}, err
	}
	_, err = tx.Exec(`insert into session(token_hash, account_id, membership_id, created_at, expires_at, device, agent, seen_at)
		values($1, $2, $3, $4, $5, $6, $7, $4)`,
		tokenHash(s.Token), account, db.Null(hat), tx.Millis(), tx.Now.Add(SessionLife).UnixMilli(), tokenHash(s.Device), d.Name)
	if err != nil {
		return Session{}, err
	}
	return s, Audit(tx, Actor{Account: account, Person: person, Membership: hat}, "access.signed_in", "person", person, nil)
}

func highestPost(tx *db.Tx, person string) (membership string, err error) {
	return tx.Text(`select m.id from membership m join role r on r.id = m.role_id
		where m.person_id = $1 and m.to_day is null order by r.rank, m.from_day, m.id limit 1`, person)
}

// As gives the actor of a person named by id, login number, or a phone number that
// one person uses, under their highest post: for the command line's -as, whose
// user owns the machine. NotFound when nobody, or several, are so named.
func As(tx *db.Tx, name string) (Actor, error) {
	person, err := tx.Text(`select id from person where id = $1`, name)
	if err == nil && person == "" {
		person, err = personByLogin(tx, name)
	}
	if err != nil {
		return Actor{}, err
	}
	if person == "" {
		return Actor{}, fault.New(fault.NotFound, "access.unknown_actor", "name", name)
	}
	account, err := AccountOf(tx, person)
	if err != nil {
		return Actor{}, err
	}
	hat, err := highestPost(tx, person)
	if err != nil {
		return Actor{}, err
	}
	return ActorOf(tx, account, person, hat)
}

// AccountOf gives the account of person, making it when there is none.
func AccountOf(tx *db.Tx, person string) (string, error) {
	id, err := tx.Text(`select id from account where person_id = $1`, person)
	if err != nil || id != "" {
		return id, err
	}
	login, err := handle(tx)
	if err != nil {
		return "", err
	}
	id = tx.NewID()
	_, err = tx.Exec(`insert into account(id, person_id, handle, created_at) values($1, $2, $3, $4)`,
		id, person, login, tx.Millis())
	return id, err
}

// PutOn changes the hat of the actor's own session to another of the actor's
// running memberships. NotFound when it is not theirs or has ended.
func PutOn(tx *db.Tx, by Actor, token, membership string) error {
	found, err := tx.Text(`select id from membership where id = $1 and person_id = $2 and to_day is null`, membership, by.Person)
	if err != nil {
		return err
	}
	if found == "" {
		return fault.New(fault.NotFound, "access.not_your_post")
	}
	_, err = tx.Exec(`update session set membership_id = $1 where token_hash = $2 and account_id = $3`, membership, tokenHash(token), by.Account)
	return err
}

// SetLang stores the account's language, "hi" or "en".
func SetLang(tx *db.Tx, by Actor, lang string) error {
	if lang != "hi" && lang != "en" {
		return fault.In("lang", "access.bad_lang")
	}
	_, err := tx.Exec(`update account set lang = $1 where id = $2`, lang, by.Account)
	return err
}

// SignOut ends the session of token; ending one that is gone is no fault.
func SignOut(tx *db.Tx, token string) error {
	_, err := tx.Exec(`delete from session where token_hash = $1`, tokenHash(token))
	return err
}

// OpenSession is one of a person's sign-ins, as its owner sees it.
type OpenSession struct {
	ID     string `json:"id"`
	Device string `json:"device"` // "Chrome, Android"; "" when it said nothing
	Since  int64  `json:"since"`  // milliseconds UTC
	Seen   int64  `json:"seen"`   // to the day
	Here   bool   `json:"here"`   // the one that asks
}

// sessionID names a session to its owner without its hash being told whole.
const sessionID = `substr(token_hash, 1, 16)`

// Sessions lists the actor's own open sessions, the one of token first, then the last
// used. Faults: Unauthorized.
func Sessions(tx *db.Tx, by Actor, token string) (all []OpenSession, err error) {
	defer fault.Op(&err, "access.Sessions")
	if !by.SignedIn() {
		return nil, fault.New(fault.Unauthorized, "access.sign_in")
	}
	return db.Select(tx, `select `+sessionID+`, agent, created_at, seen_at, token_hash = $1 from session
		where account_id = $2 and expires_at > $3 order by token_hash = $1 desc, seen_at desc, created_at desc, token_hash limit 100`,
		[]any{tokenHash(token), by.Account, tx.Millis()}, func(s db.Scanner) (o OpenSession, err error) {
			return o, s.Scan(&o.ID, &o.Device, &o.Since, &o.Seen, &o.Here)
		})
}

// EndSession ends one of the actor's own sessions, and the device it was on is a
// stranger's again. NotFound when it is none of theirs.
func EndSession(tx *db.Tx, by Actor, id string) (err error) {
	defer fault.Op(&err, "access.EndSession(%s)", id)
	var device string
	err = tx.Scan(`delete from session where account_id = $1 and `+sessionID+` = $2 returning device`, []any{by.Account, id}, &device)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`delete from device where account_id = $1 and token_hash = $2`, by.Account, device); err != nil {
		return err
	}
	return Audit(tx, by, "access.session_ended", "person", by.Person, nil)
}

// EndOthers ends all the actor's sessions but that of token, and forgets every other
// device. Faults: Unauthorized.
func EndOthers(tx *db.Tx, by Actor, token string) (err error) {
	defer fault.Op(&err, "access.EndOthers")
	if !by.SignedIn() {
		return fault.New(fault.Unauthorized, "access.sign_in")
	}
	if err := endOthers(tx, by, token); err != nil {
		return err
	}
	return Audit(tx, by, "access.sessions_ended", "person", by.Person, nil)
}

func endOthers(tx *db.Tx, by Actor, token string) error {
	hash := tokenHash(token)
	device, err := tx.Text(`select device from session where token_hash = $1 and account_id = $2`, hash, by.Account)
	if err != nil {
		return err
	}
	return endSessions(tx, by.Account, hash, device)
}

// endSessions ends the sessions of an account and forgets its devices, but for one of
// each; it ends what was begun too: slips, and tickets for the second step.
func endSessions(tx *db.Tx, account, session, device string) error {
	if _, err := tx.Exec(`delete from session where account_id = $1 and token_hash <> $2`, account, session); err != nil {
		return err
	}
	if _, err := tx.Exec(`delete from device where account_id = $1 and token_hash <> $2`, account, device); err != nil {
		return err
	}
	_, err := tx.Exec(`delete from sign_in_ticket where person_id = (select person_id from account where id = $1)`, account)
	return err
}

// LostPhone is what a person does, signed in elsewhere, whose phone is lost: all their
// other sessions end, and number, when the SIM is lost too ("" when it is not), takes
// no codes until [NumberBack]. Faults: Unauthorized, Invalid (number).
func LostPhone(tx *db.Tx, by Actor, token, number string) (err error) {
	defer fault.Op(&err, "access.LostPhone")
	if !by.SignedIn() {
		return fault.New(fault.Unauthorized, "access.sign_in")
	}
	if err := endOthers(tx, by, token); err != nil {
		return err
	}
	return loseNumber(tx, by, by.Person, number)
}

// LostPhoneOf is [LostPhone] done by a superior who was told: all sessions of person
// end. The actor needs what [MakeSlip] needs; the slip is made beside it. Faults:
// Unauthorized, NotFound, Forbidden, Invalid (number).
func LostPhoneOf(tx *db.Tx, by Actor, person, number string, t Target) (err error) {
	defer fault.Op(&err, "access.LostPhoneOf(%s)", person)
	if err := CheckSlip(tx, by, person, t); err != nil {
		return err
	}
	account, err := AccountOf(tx, person)
	if err != nil {
		return err
	}
	if err := endSessions(tx, account, "", ""); err != nil {
		return err
	}
	return loseNumber(tx, by, person, number)
}

func loseNumber(tx *db.Tx, by Actor, person, number string) error {
	if number != "" {
		n, err := tx.Exec(`update phone set status = 'lost' where person_id = $1 and number = $2`, person, number)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.In("number", "access.not_your_number")
		}
		if _, err := tx.Exec(`delete from sign_in_code where phone = $1`, number); err != nil {
			return err
		}
		if _, err := tx.Exec(`delete from sign_in_ticket where phone = $1`, number); err != nil {
			return err
		}
	}
	return Audit(tx, by, "access.phone_lost", "person", person, map[string]any{"number_too": number != ""})
}

// NumberBack says that a lost number of the actor's own is in their hands again: it
// takes codes, and waits to be checked. Faults: Unauthorized, Invalid (number).
func NumberBack(tx *db.Tx, by Actor, number string) (err error) {
	defer fault.Op(&err, "access.NumberBack")
	if !by.SignedIn() {
		return fault.New(fault.Unauthorized, "access.sign_in")
	}
	n, err := tx.Exec(`update phone set status = 'unchecked' where person_id = $1 and number = $2 and status = 'lost'`, by.Person, number)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.In("number", "access.not_your_number")
	}
	return Audit(tx, by, "access.number_back", "person", by.Person, nil)
}

func newToken(tx *db.Tx) string { return base64.RawURLEncoding.EncodeToString(tx.Random(32)) }

// tokenHash: tokens are 256 random bits, so a plain SHA-256 is enough to store.
func tokenHash(token string) string {
	h := sha256.Sum256([]byte(token))
	return hex.EncodeToString(h[:])
}
