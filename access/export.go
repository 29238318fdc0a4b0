package access

import (
	"database/sql"
	"fmt"

	"sangathan/internal/db"
	"sangathan/internal/fault"
)

// Export is one file of a list that somebody took out of the house.
type Export struct {
	ID         string `json:"id"`
	Number     string `json:"number"` // running in the year; it stands in the file
	At         int64  `json:"at"`     // milliseconds UTC
	Person     string `json:"person"`
	PersonHi   string `json:"person_hi"`
	PersonEn   string `json:"person_en"`
	Membership string `json:"membership,omitempty"` // the hat
	RoleHi     string `json:"role_hi,omitempty"`
	RoleEn     string `json:"role_en,omitempty"`
	List       string `json:"list"`
	Format     string `json:"format"`  // xlsx, csv, pdf
	Address    string `json:"address"` // what chose and sorted the rows
	Rows       int    `json:"rows"`    // -1 when the file was not finished
}

// BeginExport enters that by takes a list out, before a row of it is read: List,
// Format and Address are given. It gives the number that the file bears. Whoever may
// read the list may; the caller has asked. Faults: Unauthorized.
func BeginExport(tx *db.Tx, by Actor, e Export) (_ Export, err error) {
	defer fault.Op(&err, "access.BeginExport(%s)", e.List)
	if !by.SignedIn() {
		return e, fault.New(fault.Unauthorized, "access.sign_in")
	}
	n, err := tx.Next(fmt.Sprintf("exports/%d", tx.Now.Year()))
	if err != nil {
		return e, err
	}
	e.ID, e.Number, e.At, e.Person, e.Membership = tx.NewID(), fmt.Sprintf("%d/%05d", tx.Now.Year(), n), tx.Millis(), by.Person, by.Membership
	_, err = tx.Exec(`insert into export(id, number, at, account_id, person_id, membership_id, list, format, address)
		values($1, $2, $3, $4, $5, $6, $7, $8, $9)`, e.ID, e.Number, e.At, by.Account, e.Person, db.Null(e.Membership), e.List, e.Format, e.Address)
	if err != nil {
		return e, err
	}
	return e, Audit(tx, by, "access.list_exported", "export", e.ID, map[string]any{"list": e.List, "format": e.Format, "address": e.Address})
}

// EndExport enters how many rows the finished file has. Only whoever began it may.
// Faults: NotFound.
func EndExport(tx *db.Tx, by Actor, id string, rows int) (err error) {
	defer fault.Op(&err, "access.EndExport(%s)", id)
	n, err := tx.Exec(`update export set row_count = $1 where id = $2 and account_id = $3 and row_count is null`, rows, id, by.Account)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.NotFound, "fault.not_found")
	}
	return Audit(tx, by, "access.list_export_ended", "export", id, map[string]any{"rows": rows})
}

var exportOrders = []db.Order{
	{Name: "new", By: []db.By{{SQL: "x.at", Int: true, Desc: true}, {SQL: "x.id", Desc: true}}},
	{Name: "old", By: []db.By{{SQL: "x.at", Int: true}, {SQL: "x.id"}}},
}

// Exports lists the exports, a page at a time, sorted "new" or "old": with act admin
// everybody's, else one's own. Faults: Unauthorized, Invalid (sort, after).
func Exports(tx *db.Tx, by Actor, p db.Page) (page []Export, next string, err error) {
	defer fault.Op(&err, "access.Exports")
	if !by.SignedIn() {
		return nil, "", fault.New(fault.Unauthorized, "access.sign_in")
	}
	where, args := `where 1 = 1`, []any(nil)
	if !by.MayAnywhere(Admin) {
		where, args = `where x.person_id = $1`, []any{by.Person}
	}
	return db.Paged(tx, `select {key}, x.id, x.number, x.at, x.person_id, coalesce(p.name_hi, ''), coalesce(p.name_en, ''), x.membership_id,
			coalesce(r.name_hi, ''), coalesce(r.name_en, ''), x.list, x.format, x.address, x.row_count
		from export x left join person p on p.id = x.person_id left join membership m on m.id = x.membership_id left join role r on r.id = m.role_id `+where,
		args, exportOrders, p, func(s db.Scanner) (e Export, err error) {
			var hat sql.NullString
			var rows sql.NullInt64
			err = s.Scan(&e.ID, &e.Number, &e.At, &e.Person, &e.PersonHi, &e.PersonEn, &hat, &e.RoleHi, &e.RoleEn, &e.List, &e.Format, &e.Address, &rows)
			e.Membership, e.Rows = hat.String, -1
			if rows.Valid {
				e.Rows = int(rows.Int64)
			}
			return e, err
		})
}
