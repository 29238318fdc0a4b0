package access

import (
	"crypto/subtle"
	"encoding/base32"
	"strings"

	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

// The second step of signing in: a code of an authenticator app (RFC 6238: SHA-1, six
// digits, 30 seconds), after the one-time code, the PIN or the slip.
const (
	stepSeconds   = 30
	recoveryCodes = 8
)

// HasSecond reports whether a person's sign-in has the second step.
func HasSecond(tx *db.Tx, person string) (bool, error) {
	n, err := tx.Int(`select count(*) from totp t join account a on a.id = t.account_id where a.person_id = $1 and t.since is not null`, person)
	return n > 0, err
}

// BeginSecond makes a secret for the actor's authenticator app, in base32; it counts
// from [ConfirmSecond] on. One that was begun and not confirmed is given again.
// Faults: Unauthorized, Conflict (set up already).
func BeginSecond(tx *db.Tx, by Actor) (secret string, err error) {
	defer fault.Op(&err, "access.BeginSecond")
	if !by.SignedIn() {
		return "", fault.New(fault.Unauthorized, "access.sign_in")
	}
	on, err := HasSecond(tx, by.Person)
	if err != nil {
		return "", err
	}
	if on {
		return "", fault.New(fault.Conflict, "access.second_is_on")
	}
	secret, err = tx.Text(`select secret from totp where account_id = $1`, by.Account)
	if err != nil || secret != "" {
		return secret, err
	}
	secret = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(tx.Random(20))
	_, err = tx.Exec(`insert into totp(account_id, secret, begun_at, last_step) values($1, $2, $3, 0)`, by.Account, secret, tx.Millis())
	return secret, err
}

// SecondBegun gives the secret that waits for its first code; "" when there is none.
func SecondBegun(tx *db.Tx, by Actor) (string, error) {
	return tx.Text(`select secret from totp where account_id = $1 and since is null`, by.Account)
}

// ConfirmSecond turns the second step on, after a first right code of the app, and
// gives the recovery codes, each good for once, which are shown now and never again.
// Faults: Unauthorized, Invalid (code), TooMany, Conflict.
func ConfirmSecond(tx *db.Tx, by Actor, code string) (recovery []string, err error) {
	defer fault.Op(&err, "access.ConfirmSecond")
	if !by.SignedIn() {
		return nil, fault.New(fault.Unauthorized, "access.sign_in")
	}
	begun, err := SecondBegun(tx, by)
	if err != nil {
		return nil, err
	}
	if begun == "" {
		return nil, fault.New(fault.Conflict, "access.second_is_on")
	}
	if err := checkSecond(tx, by.Account, by.Person, code, false); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(`update totp set since = $1 where account_id = $2`, tx.Millis(), by.Account); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(`delete from totp_recovery where account_id = $1`, by.Account); err != nil {
		return nil, err
	}
	for range recoveryCodes {
		c := digits(tx, 10)
		recovery = append(recovery, c[:5]+"-"+c[5:])
		if _, err := tx.Exec(`insert into totp_recovery(account_id, code_hash) values($1, $2)`, by.Account, recoveryHash(tx, by.Account, c)); err != nil {
			return nil, err
		}
	}
	return recovery, Audit(tx, by, "access.second_on", "person", by.Person, nil)
}

func recoveryHash(tx *db.Tx, account, code string) string {
	return tx.Hash([]byte("recovery " + account + " " + code))
}

// RecoveryLeft counts the actor's recovery codes that have not been used.
func RecoveryLeft(tx *db.Tx, by Actor) (int, error) {
	return tx.Int(`select count(*) from totp_recovery where account_id = $1`, by.Account)
}

// SecondStep opens the session of a ticket from [Session].Second, after a right code
// of the app or one of the recovery codes. Wrong ones are counted as PINs are.
// Faults: Unauthorized (the ticket's time is over), Invalid (code), TooMany.
func SecondStep(tx *db.Tx, ticket, code string, d Device) (s Session, err error) {
	defer fault.Op(&err, "access.SecondStep")
	_, person, err := readTicket(tx, ticket)
	if err == nil && person == "" {
		err = fault.New(fault.Unauthorized, "access.ticket_expired")
	}
	if err != nil {
		return s, err
	}
	account, err := AccountOf(tx, person)
	if err != nil {
		return s, err
	}
	on, err := HasSecond(tx, person)
	if err != nil {
		return s, err
	}
	if on { // else it was taken away since
		if err := checkSecond(tx, account, person, code, true); err != nil {
			return s, err
		}
	}
	if _, err := tx.Exec(`delete from sign_in_ticket where token_hash = $1`, tokenHash(ticket)); err != nil {
		return s, err
	}
	return start(tx, person, d)
}

// RemoveSecond takes the actor's own second step away, after a right code of it, so
// that who finds a browser open cannot. Faults: Unauthorized, Invalid (code), TooMany.
func RemoveSecond(tx *db.Tx, by Actor, code string) (err error) {
	defer fault.Op(&err, "access.RemoveSecond")
	if !by.SignedIn() {
		return fault.New(fault.Unauthorized, "access.sign_in")
	}
	if err := checkSecond(tx, by.Account, by.Person, code, true); err != nil {
		return err
	}
	if err := dropSecond(tx, by.Account); err != nil {
		return err
	}
	return Audit(tx, by, "access.second_off", "person", by.Person, nil)
}

// ResetSecond takes the second step of person away, who has lost the phone with the
// app. The actor needs what [MakeSlip] needs. Faults: Unauthorized, NotFound, Forbidden.
func ResetSecond(tx *db.Tx, by Actor, person string, t Target) (err error) {
	defer fault.Op(&err, "access.ResetSecond(%s)", person)
	if err := CheckSlip(tx, by, person, t); err != nil {
		return err
	}
	account, err := AccountOf(tx, person)
	if err != nil {
		return err
	}
	if err := dropSecond(tx, account); err != nil {
		return err
	}
	if _, err := tx.Exec(`delete from sign_in_failure where who = $1`, second+person); err != nil {
		return err
	}
	return Audit(tx, by, "access.second_reset", "person", person, nil)
}

func dropSecond(tx *db.Tx, account string) error {
	if _, err := tx.Exec(`delete from totp_recovery where account_id = $1`, account); err != nil {
		return err
	}
	_, err := tx.Exec(`delete from totp where account_id = $1`, account)
	return err
}

// second begins the name under which wrong codes of the second step are counted.
const second = "second:"

// checkSecond compares a code of the app (of this half minute or its neighbours, for
// clocks that differ, and never of one that was used or older) or, where recovery is
// allowed, a recovery code, which it uses up. All devices share one count here: who
// comes so far has passed the first step.
func checkSecond(tx *db.Tx, account, person, code string, recovery bool) error {
	code = strings.NewReplacer(" ", "", "-", "").Replace(lang.ASCIIDigits(code))
	var key string
	var last int64
	err := tx.Scan(`select secret, last_step from totp where account_id = $1`, []any{account}, &key, &last)
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.Conflict, "access.second_is_off")
	}
	if err != nil {
		return err
	}
	step, right := rightStep(key, code, tx.Now.Unix()/stepSeconds, last)
	used := ""
	if !right && recovery && len(code) == 10 {
		used = recoveryHash(tx, account, code)
		n, err := tx.Int(`select count(*) from totp_recovery where account_id = $1 and code_hash = $2`, account, used)
		if err != nil {
			return err
		}
		right = n > 0
	}
	if err := count(tx, second+person, second, right, fault.In("code", "access.wrong_second")); err != nil {
		return err
	}
	if used != "" {
		if _, err := tx.Exec(`delete from totp_recovery where account_id = $1 and code_hash = $2`, account, used); err != nil {
			return err
		}
		return Audit(tx, Actor{Account: account, Person: person}, "access.recovery_used", "person", person, nil)
	}
	_, err = tx.Exec(`update totp set last_step = $1 where account_id = $2`, step, account)
	return err
}

// rightStep gives the half minute, later than last, whose code this is.
func rightStep(key, code string, now, last int64) (step int64, ok bool) {
	for step = now - 1; step <= now+1; step++ {
		want, err := hotp.GenerateCodeCustom(key, uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && step > last && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			return step, true
		}
	}
	return 0, false
}

// RolesWithSecond gives the roles that act only with the second step.
func RolesWithSecond(tx *db.Tx) ([]string, error) {
	return db.Select(tx, `select role_id from role_second order by role_id`, nil, db.One[string])
}

// SetRolesWithSecond says which roles act only with the second step; the operator
// only. Faults: Forbidden, Invalid (role).
func SetRolesWithSecond(tx *db.Tx, by Actor, roles []string) (err error) {
	defer fault.Op(&err, "access.SetRolesWithSecond")
	if !by.IsOperator() {
		return fault.New(fault.Forbidden, "fault.forbidden")
	}
	if _, err := tx.Exec(`delete from role_second`); err != nil {
		return err
	}
	for _, r := range roles {
		known, err := tx.Int(`select count(*) from role where id = $1`, r)
		if err != nil {
			return err
		}
		if known == 0 {
			return fault.In("role", "access.unknown_role", "role", r)
		}
		if _, err := tx.Exec(`insert into role_second(role_id) values($1) on conflict(role_id) do nothing`, r); err != nil {
			return err
		}
	}
	return Audit(tx, by, "access.second_roles", "unit", "sign_in", roles)
}
