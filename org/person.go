package org

import (
	"database/sql"
	"strings"
	"unicode/utf8"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
)

// Person is one human being in the register (Popolo Person): never a voter, only
// those who hold or held a post or joined.
type Person struct {
	ID        PersonID `json:"id"`
	NameHi    string   `json:"name_hi"`
	NameEn    string   `json:"name_en"`
	Gender    string   `json:"gender,omitempty"`     // "", "f", "m", "o"
	BirthYear int      `json:"birth_year,omitempty"` // only where the reader may see contacts
	Phones    []Phone  `json:"phones,omitempty"`     // only where the reader may see contacts
}

// Phone is a number and what is known of it: unchecked, right, wrong, off, other
// (someone else's). One number may serve several people.
type Phone struct {
	Number string `json:"number"`
	Status string `json:"status"`
}

const personColumns = `p.id, p.name_hi, p.name_en, p.gender, p.birth_year`

func scanPerson(s db.Scanner) (p Person, err error) {
	var year sql.NullInt64
	err = s.Scan(&p.ID, &p.NameHi, &p.NameEn, &p.Gender, &year)
	p.BirthYear = int(year.Int64)
	return p, err
}

// PersonTarget gives the access target of a person for by: the running membership
// (or, when none runs, the latest) that by sees, else the latest one.
func PersonTarget(tx *db.Tx, by access.Actor, id PersonID) (access.Target, error) {
	found, err := db.Select(tx, `select o.id, o.path, o.area_path from membership m join organization o on o.id = m.organization_id
		where m.person_id = $1 order by case when m.to_day is null then 0 else 1 end, m.from_day desc, m.id`, []any{id},
		func(s db.Scanner) (t access.Target, err error) {
			t.Person = string(id)
			return t, s.Scan(&t.Org, &t.OrgPath, &t.AreaPath)
		})
	if err != nil {
		return access.Target{}, err
	}
	for _, t := range found {
		if by.Sees(t) {
			return t, nil
		}
	}
	if len(found) > 0 {
		return found[0], nil
	}
	return access.Target{Person: string(id)}, nil
}

// GetPerson reads a person that by may see: someone who stands, or last stood, in
// an organization by sees, or by oneself. Phones and year of birth are given where by
// has see_contact there, or is the person. Faults: Unauthorized, NotFound.
func GetPerson(tx *db.Tx, by access.Actor, id PersonID) (p Person, err error) {
	defer fault.Op(&err, "org.GetPerson(%s)", id)
	t, err := PersonTarget(tx, by, id)
	if err != nil {
		return p, err
	}
	if err := by.CheckSees(t); err != nil {
		return p, err
	}
	if p, err = LookupPerson(tx, id); err != nil {
		return p, err
	}
	if !by.May(access.SeeContact, t) && string(id) != by.Person {
		p.BirthYear = 0
		return p, nil
	}
	p.Phones, err = Phones(tx, id)
	return p, err
}

// LookupPerson reads a person without asking who reads: for verbs. No phones.
func LookupPerson(tx *db.Tx, id PersonID) (Person, error) {
	return db.Remember(tx, id, func() (Person, error) {
		return db.Single(tx, `select `+personColumns+` from person p where p.id = $1`, []any{id}, scanPerson)
	})
}

// Phones lists a person's numbers, right ones first.
func Phones(tx *db.Tx, id PersonID) ([]Phone, error) {
	return db.Select(tx, `select number, status from phone where person_id = $1
		order by case status when 'right' then 0 when 'unchecked' then 1 else 2 end, number`, []any{id},
		func(s db.Scanner) (p Phone, err error) { return p, s.Scan(&p.Number, &p.Status) })
}

// NewPerson is what is told of a person when they first enter the register.
type NewPerson struct {
	ID        PersonID // made by the caller, so that sending twice adds once; "" to have one made
	NameHi    string
	NameEn    string
	Gender    string
	BirthYear int
	Phone     string // as typed; "" for none
}

const maxName = 100 // characters

// Validate checks the form of a new person and returns it with the phone and
// spaces put right: at least one name, known gender, of age, an Indian mobile
// number (DoT numbering plan: ten digits, the first 6 to 9).
func (n NewPerson) Validate(thisYear int) (NewPerson, error) {
	var f fault.Form
	n.NameHi, n.NameEn = bothNames(&f, n.NameHi, n.NameEn)
	f.Check(utf8.RuneCountInString(n.NameHi) <= maxName && utf8.RuneCountInString(n.NameEn) <= maxName, "name", "org.name_long", "n", maxName)
	f.Check(n.Gender == "" || n.Gender == "f" || n.Gender == "m" || n.Gender == "o", "gender", "org.bad_gender")
	if n.BirthYear != 0 {
		f.Check(n.BirthYear > thisYear-120 && n.BirthYear <= thisYear, "birth_year", "org.bad_birth_year")
		f.Check(n.BirthYear > thisYear || thisYear-n.BirthYear >= 18, "birth_year", "org.under_age")
	}
	if n.Phone != "" {
		number, ok := lang.Phone(n.Phone)
		f.Check(ok, "phone", "org.bad_phone")
		n.Phone = number
	}
	return n, f.Err()
}

// bothNames puts the spaces of a name right and lets one script serve for both where
// the other is missing.
func bothNames(f *fault.Form, hi, en string) (string, string) {
	hi, en = strings.Join(strings.Fields(hi), " "), strings.Join(strings.Fields(en), " ")
	if hi == "" {
		hi = en
	}
	if en == "" {
		en = hi
	}
	f.Check(hi != "", "name", "org.name_missing")
	f.Check(utf8.ValidString(hi+en) && !strings.Contains(hi+en, "\x00"), "name", "fault.bad_utf8")
	return hi, en
}

// AddPerson enters a person. The verbs that need one (as found, a proposal of
// someone new) check who may. Faults: Invalid, Conflict (the id is in use).
func AddPerson(tx *db.Tx, by access.Actor, n NewPerson) (id PersonID, err error) {
	defer fault.Op(&err, "org.AddPerson")
	if n, err = n.Validate(tx.Now.Year()); err != nil {
		return "", err
	}
	if n.ID == "" {
		n.ID = PersonID(tx.NewID())
	}
	var year any
	if n.BirthYear != 0 {
		year = n.BirthYear
	}
	added, err := tx.Exec(`insert into person(id, name_hi, name_en, sort_key, folded, gender, birth_year, created_at)
		values($1, $2, $3, $4, $5, $6, $7, $8) on conflict(id) do nothing`,
		n.ID, n.NameHi, n.NameEn, lang.SortKey(n.NameHi), folded(n.NameHi, n.NameEn), n.Gender, year, tx.Millis())
	if err != nil {
		return "", err
	}
	if added == 0 {
		return "", fault.New(fault.Conflict, "fault.id_taken")
	}
	if n.Phone != "" {
		if _, err := tx.Exec(`insert into phone(person_id, number) values($1, $2)`, n.ID, n.Phone); err != nil {
			return "", err
		}
	}
	return n.ID, access.Audit(tx, by, "org.person_added", "person", string(n.ID), map[string]any{"name": n.NameHi})
}

func folded(hi, en string) string {
	if hi == en {
		return lang.Fold(hi)
	}
	return lang.Fold(en) + "|" + lang.Fold(hi)
}

// PersonLine is a person in a list, with the post they hold there.
type PersonLine struct {
	Person       PersonID       `json:"person"`
	NameHi       string         `json:"name_hi"`
	NameEn       string         `json:"name_en"`
	Organization OrganizationID `json:"organization"`
	OrgHi        string         `json:"organization_hi"`
	OrgEn        string         `json:"organization_en"`
	RoleHi       string         `json:"role_hi"`
	RoleEn       string         `json:"role_en"`
}

// FindPeople finds people by the beginning of a name in either script, by whole
// phone number, or by a person's id, among those who hold a post that by sees; by
// name, a page at a time. Faults: Unauthorized, Invalid (after).
func FindPeople(tx *db.Tx, by access.Actor, text string, p db.Page) (found []PersonLine, next string, err error) {
	defer fault.Op(&err, "org.FindPeople")
	if !by.SignedIn() {
		return nil, "", fault.New(fault.Unauthorized, "access.sign_in")
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, "", nil
	}
	// Whom the text fits is found first, each way by its own index; then who of them
	// stands where by sees.
	const line = ` select {key}, p.id, p.name_hi, p.name_en, o.id, o.name_hi, o.name_en, r.name_hi, r.name_en
		from hit join person p on p.id = hit.id join membership m on m.person_id = p.id and m.to_day is null
			join organization o on o.id = m.organization_id join role r on r.id = m.role_id
		where p.canonical_id is null and `
	var query string
	var args []any
	if number, ok := lang.Phone(text); ok {
		r := by.ReachOf(access.SeeContact)
		args = []any{number, r.OrgFrom, r.OrgTo, r.AreaFrom, r.AreaTo}
		query = `with hit as materialized (select person_id as id from phone where number = $1)` + line +
			`(o.path >= $2 and o.path < $3 or o.area_path >= $4 and o.area_path < $5)`
	} else {
		key, fold := lang.SortKey(text), lang.Fold(text)
		if key == "" || fold == "" { // no letter or digit in it
			return nil, "", nil
		}
		r := by.ReachOf(access.SeeRegister)
		args = []any{key, key + "\U0010FFFF", fold, fold + "\U0010FFFF", text, r.OrgFrom, r.OrgTo, r.AreaFrom, r.AreaTo}
		query = `with hit as materialized (select id from person where sort_key >= $1 and sort_key < $2
				union select id from person where folded >= $3 and folded < $4
				union select id from person where id = $5)` + line +
			`(o.path >= $6 and o.path < $7 or o.area_path >= $8 and o.area_path < $9)`
	}
	byName := []db.Order{{Name: "name", By: []db.By{{SQL: "p.sort_key"}, {SQL: "p.id"}, {SQL: "m.id"}}}}
	return db.Paged(tx, query, args, byName, p, func(s db.Scanner) (l PersonLine, err error) {
		return l, s.Scan(&l.Person, &l.NameHi, &l.NameEn, &l.Organization, &l.OrgHi, &l.OrgEn, &l.RoleHi, &l.RoleEn)
	})
}
