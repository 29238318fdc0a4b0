package activity

import (
	"strings"

	"sangathan/internal/db"
	"sangathan/org"
	"sangathan/pack"
)

// Kind is a kind of activity that can be reported. Which there are is data.
type Kind struct {
	ID     string `json:"id"`
	NameHi string `json:"name_hi"`
	NameEn string `json:"name_en"`
}

// Duty is what a role expects of its holder each month: PerMonth entries of one
// of Kinds, or of any kind when Kinds is empty.
type Duty struct {
	ID       string     `json:"id"`
	Role     org.RoleID `json:"role"`
	NameHi   string     `json:"name_hi"`
	NameEn   string     `json:"name_en"`
	Kinds    []string   `json:"kinds,omitempty"`
	PerMonth int        `json:"per_month"`
}

// LoadKinds enters the kinds of activity and the duties that a pack brings, after
// the roles; a later version of the pack changes those whose ids it names. Whoever
// calls it has checked who may.
func LoadKinds(tx *db.Tx, p *pack.Pack) error {
	for i, k := range p.ActivityKinds {
		_, err := tx.Exec(`insert into activity_kind(id, name_hi, name_en, rank) values($1, $2, $3, $4)
			on conflict(id) do update set name_hi = excluded.name_hi, name_en = excluded.name_en, rank = excluded.rank`,
			k.ID, k.NameHi, k.NameEn, i+1)
		if err != nil {
			return err
		}
	}
	for _, d := range p.Duties {
		_, err := tx.Exec(`insert into duty(id, role_id, name_hi, name_en, kinds, per_month) values($1, $2, $3, $4, $5, $6)
			on conflict(id) do update set role_id = excluded.role_id, name_hi = excluded.name_hi, name_en = excluded.name_en,
				kinds = excluded.kinds, per_month = excluded.per_month`,
			d.ID, d.Role, d.NameHi, d.NameEn, words(d.Kinds), d.PerMonth)
		if err != nil {
			return err
		}
	}
	return nil
}

// Kinds lists the kinds of activity in the order of the pack. Everyone may.
func Kinds(tx *db.Tx) ([]Kind, error) {
	return db.Select(tx, `select id, name_hi, name_en from activity_kind order by rank, id`, nil,
		func(s db.Scanner) (k Kind, err error) { return k, s.Scan(&k.ID, &k.NameHi, &k.NameEn) })
}

// Duties lists what a role expects today. Everyone may: duties are published.
func Duties(tx *db.Tx, role org.RoleID) ([]Duty, error) {
	return db.Select(tx, `select id, role_id, name_hi, name_en, kinds, per_month from duty
		where role_id = $1 and (from_day is null or from_day <= $2) and (to_day is null or to_day > $2) order by id`,
		[]any{role, tx.Today()}, func(s db.Scanner) (d Duty, err error) {
			var kinds string
			err = s.Scan(&d.ID, &d.Role, &d.NameHi, &d.NameEn, &kinds, &d.PerMonth)
			d.Kinds = strings.Fields(kinds)
			return d, err
		})
}

// words writes ids as " a b ", so that " a " finds one; "" for none.
func words(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return " " + strings.Join(ids, " ") + " "
}
