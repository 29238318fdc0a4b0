package access

import (
	"encoding/json"

	"sangathan/internal/db"
)

// Audit writes one line: who, under which hat, did what to which object, and what
// changed. Called by every verb in its own transaction. The detail (nil for none)
// lies apart, so that it can be erased while the line and its keyed hash stay.
func Audit(tx *db.Tx, by Actor, act, objectKind, objectID string, detail any) error {
	text := []byte("{}")
	if detail != nil {
		var err error
		if text, err = json.Marshal(detail); err != nil {
			return err
		}
	}
	id := tx.NewID()
	err := tx.Later(`insert into audit(id, at, account_id, membership_id, act, object_kind, object_id, hash)
		values($1, $2, $3, $4, $5, $6, $7, $8)`,
		id, tx.Millis(), by.Account, db.Null(by.Membership), act, objectKind, objectID, tx.Hash(text))
	if err != nil || detail == nil {
		return err
	}
	return tx.Later(`insert into audit_detail(audit_id, detail) values($1, $2)`, id, string(text))
}
