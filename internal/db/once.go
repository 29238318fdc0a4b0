package db

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"sangathan/internal/fault"
)

// Once runs fn for the command id of user unless it has run before: the same id
// and body give the stored answer again, so that what a phone sends twice counts
// once. Another body under the same id is a Conflict and is kept for a person to
// look at; an id that belongs to another user is a Conflict and is not kept.
// Stored is a keyed hash of the body, because it outlives the erasure of the body.
func Once(tx *Tx, user, id string, body []byte, fn func() (answer string, err error)) (string, error) {
	if id == "" || len(id) > 64 {
		return "", fault.In("id", "fault.bad_id")
	}
	hash := tx.Hash(body)
	// The id is claimed before it is looked for: on PostgreSQL a verb that has looked
	// for a row in vain collides with every other that puts one nearby.
	var owner, stored, answer string
	err := tx.Scan(`insert into command(id, user_id, hash, answer, at) values($1, $2, '', '', $3)
		on conflict(id) do update set at = command.at returning user_id, hash, answer`, []any{id, user, tx.Millis()}, &owner, &stored, &answer)
	switch {
	case err != nil:
		return "", err
	case owner != user:
		return "", fault.New(fault.Conflict, "fault.id_taken")
	case stored == "": // ours, just now
	case stored != hash:
		_, err := tx.Exec(`insert into command_conflict(id, user_id, command_id, body, at) values($1, $2, $3, $4, $5)`,
			tx.NewID(), user, id, readable(body), tx.Millis())
		if err != nil {
			return "", err
		}
		return "", Keep(fault.New(fault.Conflict, "fault.sent_differently"))
	default:
		return answer, nil
	}
	answer, err = fn()
	if kept(err) { // what is kept is not the command
		if _, err := tx.Exec(`delete from command where id = $1`, id); err != nil {
			return "", err
		}
	}
	if err != nil {
		return "", err
	}
	return answer, tx.Later(`insert into command(id, user_id, hash, answer, at) values($1, $2, $3, $4, $5)
		on conflict(id) do update set hash = excluded.hash, answer = excluded.answer`, id, user, hash, answer, tx.Millis())
}

// readable is the body as text that both engines store.
func readable(body []byte) string {
	return strings.ReplaceAll(strings.ToValidUTF8(string(body), "\uFFFD"), "\x00", "\uFFFD")
}

// Hash is the unit's keyed hash of body (HMAC-SHA-256, hexadecimal): nobody
// without the unit's key can test a guess against it.
func (t *Tx) Hash(body []byte) string {
	m := hmac.New(sha256.New, t.unit.key)
	m.Write(body)
	return hex.EncodeToString(m.Sum(nil))
}
