package org

import (
	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
)

// DiaryLine is one line of a telephone diary.
type DiaryLine struct {
	Organization OrganizationID `json:"organization"`
	OrgHi        string         `json:"organization_hi"`
	OrgEn        string         `json:"organization_en"`
	Person       PersonID       `json:"person"`
	PersonHi     string         `json:"person_hi"`
	PersonEn     string         `json:"person_en"`
	RoleHi       string         `json:"role_hi"`
	RoleEn       string         `json:"role_en"`
	Phone        string         `json:"phone"` // not known to be wrong
}

// The body itself comes first.
var diaryOrders = []db.Order{{Name: "body", By: []db.By{{SQL: "case when o.id = $1 then 0 else 1 end", Int: true}, {SQL: "k.rank", Int: true}, {SQL: "o.sort_key"}, {SQL: "o.id"},
	{SQL: "r.rank", Int: true}, {SQL: "p.sort_key"}, {SQL: "m.id"}}}}

// Diary gives the telephone numbers of who holds a post in a body or in those
// directly under it, a page at a time, by body, rank and name: the numbers that
// see_contact lets by see, and only who has one. Faults: Unauthorized, NotFound,
// Invalid (after).
func Diary(tx *db.Tx, by access.Actor, id OrganizationID, p db.Page) (page []DiaryLine, next string, err error) {
	defer fault.Op(&err, "org.Diary(%s)", id)
	if _, err := GetOrganization(tx, by, id); err != nil {
		return nil, "", err
	}
	r := by.ReachOf(access.SeeContact)
	return db.Paged(tx, `select {key}, o.id, o.name_hi, o.name_en, p.id, p.name_hi, p.name_en,
			coalesce(nullif(t.label_hi, ''), r.name_hi), coalesce(nullif(t.label_en, ''), r.name_en), f.number
		from organization o join organization_kind k on k.id = o.kind join membership m on m.organization_id = o.id and m.to_day is null
			join person p on p.id = m.person_id join role r on r.id = m.role_id join post t on t.id = m.post_id
			join phone f on f.person_id = p.id and f.number = (select g.number from phone g
				where g.person_id = p.id and g.status in ('right', 'unchecked') order by g.status, g.number limit 1)
		where (o.id = $1 or o.parent_id = $1) and o.dissolved is null and (o.path >= $2 and o.path < $3 or o.area_path >= $4 and o.area_path < $5)`,
		[]any{id, r.OrgFrom, r.OrgTo, r.AreaFrom, r.AreaTo}, diaryOrders, p, func(s db.Scanner) (l DiaryLine, err error) {
			return l, s.Scan(&l.Organization, &l.OrgHi, &l.OrgEn, &l.Person, &l.PersonHi, &l.PersonEn, &l.RoleHi, &l.RoleEn, &l.Phone)
		})
}
