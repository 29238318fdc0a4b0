package org

import (
	"database/sql"

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

// Diary gives the telephone numbers of who holds a post in a body or in those
// directly under it, by body, rank and name: the numbers that see_contact lets by see,
// and only who has one. Faults: Unauthorized, NotFound.
func Diary(tx *db.Tx, by access.Actor, id OrganizationID) (diary []DiaryLine, err error) {
	defer fault.Op(&err, "org.Diary(%s)", id)
	if _, err := GetOrganization(tx, by, id); err != nil {
		return nil, err
	}
	r := by.ReachOf(access.SeeContact)
	all, err := db.Select(tx, `select o.id, o.name_hi, o.name_en, p.id, p.name_hi, p.name_en,
			coalesce(nullif(t.label_hi, ''), r.name_hi), coalesce(nullif(t.label_en, ''), r.name_en),
			(select f.number from phone f where f.person_id = p.id and f.status in ('right', 'unchecked') order by f.status, f.number limit 1)
		from organization o join organization_kind k on k.id = o.kind join membership m on m.organization_id = o.id and m.to_day is null
			join person p on p.id = m.person_id join role r on r.id = m.role_id join post t on t.id = m.post_id
		where (o.id = $1 or o.parent_id = $1) and o.dissolved is null and (o.path >= $2 and o.path < $3 or o.area_path >= $4 and o.area_path < $5)
		order by case when o.id = $1 then 0 else 1 end, k.rank, o.sort_key, o.id, r.rank, p.sort_key, p.id`,
		[]any{id, r.OrgFrom, r.OrgTo, r.AreaFrom, r.AreaTo}, func(s db.Scanner) (l DiaryLine, err error) {
			var phone sql.NullString
			err = s.Scan(&l.Organization, &l.OrgHi, &l.OrgEn, &l.Person, &l.PersonHi, &l.PersonEn, &l.RoleHi, &l.RoleEn, &phone)
			l.Phone = phone.String
			return l, err
		})
	for _, l := range all {
		if l.Phone != "" {
			diary = append(diary, l)
		}
	}
	return diary, err
}
