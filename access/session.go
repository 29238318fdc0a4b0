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

// Session is one open sign-in.
type Session struct {
	Token   string // given once, to the browser; only its hash is stored
	Account string
	Person  string
	Hat     string // membership acted under; "" when none
}

// Open gives the actor of a session token. Unauthorized when the token is
// unknown or has expired.
func Open(tx *db.Tx, token string) (Actor, error) {
	if token == "" {
		return Actor{}, fault.New(fault.Unauthorized, "access.sign_in")
	}
	var a Actor
	rows, err := db.Select(tx, `select a.id, a.person_id, a.lang, `+hatColumns+` from session s join account a on a.id = s.account_id
		left join membership m on m.id = s.membership_id and m.to_day is null
		left join organization o on o.id = m.organization_id left join access_grant g on g.membership_id = m.id
		where s.token_hash = $1 and s.expires_at > $2`, []any{tokenHash(token), tx.Millis()},
		func(s db.Scanner) (struct{}, error) { return a.scanHat(s, &a.Account, &a.Person, &a.Lang) })
	if err == nil && len(rows) == 0 {
		err = fault.New(fault.Unauthorized, "access.sign_in")
	}
	return a, err
}

// start opens a session for person, making the account at the first sign-in. The
// hat is the person's highest running post.
func start(tx *db.Tx, person string) (Session, error) {
	account, err := AccountOf(tx, person)
	if err != nil {
		return Session{}, err
	}
	hat, err := highestPost(tx, person)
	if err != nil {
		return Session{}, err
	}
	s := Session{Token: newToken(tx), Account: account, Person: person, Hat: hat}
	_, err = tx.Exec(`insert into session(token_hash, account_id, membership_id, created_at, expires_at) values($1, $2, $3, $4, $5)`,
		tokenHash(s.Token), account, db.Null(hat), tx.Millis(), tx.Now.Add(SessionLife).UnixMilli())
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

func newToken(tx *db.Tx) string { return base64.RawURLEncoding.EncodeToString(tx.Random(32)) }

// tokenHash: tokens are 256 random bits, so a plain SHA-256 is enough to store.
func tokenHash(token string) string {
	h := sha256.Sum256([]byte(token))
	return hex.EncodeToString(h[:])
}
