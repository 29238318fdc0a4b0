package access

import (
	"encoding/json"
	"time"

	"sangathan/internal/db"
	"sangathan/internal/fault"
)

// What devices that nobody has signed in with use up together, in the whole unit.
const (
	Codes   = "codes"   // one-time codes made for them
	Guesses = "guesses" // wrong codes and wrong PINs from them
)

// Limit is how much of one kind there may be in an hour (of the clock) and in a day
// (this hour and the 23 before).
type Limit struct {
	Hour int `json:"hour"`
	Day  int `json:"day"`
}

// Limits are the unit's limits for devices that nobody knows.
type Limits struct {
	Codes   Limit `json:"codes"`
	Guesses Limit `json:"guesses"`
}

// DefaultLimits hold until the operator sets others. With 1,000 guesses a day one code
// of 10^6 is guessed in a thousand days, one PIN of 10^4 in ten, on which the desk
// has long been told.
var DefaultLimits = Limits{Codes: Limit{1000, 5000}, Guesses: Limit{300, 1000}}

// alarmAt is the part of a limit, in hundredths, from which the desk is told.
const alarmAt = 80

// Spent is how much of a limit is used up.
type Spent struct {
	Kind  string `json:"kind"`
	Hour  int    `json:"hour"`
	Day   int    `json:"day"`
	Limit Limit  `json:"limit"`
}

// Alarm reports whether so much is used up that somebody has to look.
func (s Spent) Alarm() bool {
	return s.Hour*100 >= s.Limit.Hour*alarmAt || s.Day*100 >= s.Limit.Day*alarmAt
}

// Over reports whether nothing is left: devices that nobody knows wait.
func (s Spent) Over() bool { return s.Hour >= s.Limit.Hour || s.Day >= s.Limit.Day }

// SignInWatch tells how much of its limits the unit has used up. The actor needs
// GiveSlip on the whole unit: slips are the way in that no limit touches. Faults:
// Unauthorized, Forbidden.
func SignInWatch(tx *db.Tx, by Actor) (all []Spent, err error) {
	defer fault.Op(&err, "access.SignInWatch")
	if err := MayWatch(tx, by); err != nil {
		return nil, err
	}
	for _, kind := range []string{Codes, Guesses} {
		s, err := spent(tx, kind)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// MayWatch is the gate of [SignInWatch].
func MayWatch(tx *db.Tx, by Actor) error {
	if !by.SignedIn() {
		return fault.New(fault.Unauthorized, "access.sign_in")
	}
	var root Target
	err := tx.Scan(`select id, path, area_path from organization where parent_id is null order by path limit 1`, nil, &root.Org, &root.OrgPath, &root.AreaPath)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if !by.MayWithin(GiveSlip, root) {
		return fault.New(fault.Forbidden, "fault.forbidden")
	}
	return nil
}

// SignInLimits gives the unit's limits.
func SignInLimits(tx *db.Tx) (l Limits, err error) {
	text, err := tx.Meta("sign_in_limits")
	if err != nil || text == "" {
		return DefaultLimits, err
	}
	return l, json.Unmarshal([]byte(text), &l)
}

// SetSignInLimits sets them; the operator only. Faults: Forbidden, Invalid.
func SetSignInLimits(tx *db.Tx, by Actor, l Limits) (err error) {
	defer fault.Op(&err, "access.SetSignInLimits")
	if !by.IsOperator() {
		return fault.New(fault.Forbidden, "fault.forbidden")
	}
	for _, n := range []int{l.Codes.Hour, l.Codes.Day, l.Guesses.Hour, l.Guesses.Day} {
		if n < 1 || n > 1_000_000 {
			return fault.In("limit", "access.bad_limit")
		}
	}
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if err := tx.SetMeta("sign_in_limits", string(text)); err != nil {
		return err
	}
	return Audit(tx, by, "access.limits_set", "unit", "sign_in", l)
}

func hourOf(tx *db.Tx) int64 { return tx.Millis() / time.Hour.Milliseconds() }

func spent(tx *db.Tx, kind string) (s Spent, err error) {
	limits, err := SignInLimits(tx)
	if err != nil {
		return s, err
	}
	s = Spent{Kind: kind, Limit: limits.Codes}
	if kind == Guesses {
		s.Limit = limits.Guesses
	}
	now := hourOf(tx)
	err = tx.Scan(`select coalesce(sum(case when hour = $1 then n else 0 end), 0), coalesce(sum(n), 0) from sign_in_count
		where kind = $2 and hour > $3`, []any{now, kind, now - 24}, &s.Hour, &s.Day)
	return s, err
}

// left refuses a device that nobody knows when the unit's limit is used up. A lane of
// one's own has nothing to do with it.
func left(tx *db.Tx, kind, lane string) error {
	if lane != "" {
		return nil
	}
	s, err := spent(tx, kind)
	if err == nil && s.Over() {
		err = fault.New(fault.TooMany, "access.strangers_wait")
	}
	return err
}

// spend counts one more of kind for a device that nobody knows.
func spend(tx *db.Tx, kind, lane string) error {
	if lane != "" {
		return nil
	}
	_, err := tx.Exec(`insert into sign_in_count(kind, hour, n) values($1, $2, 1)
		on conflict(kind, hour) do update set n = sign_in_count.n + 1`, kind, hourOf(tx))
	return err
}
