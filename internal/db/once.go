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
// One within another under the same id, as of a report sent with its id for key, is
// the other's. Stored is a keyed hash of the body, because it outlives the erasure of the body.
func Once(tx *Tx, user, id string, body []byte, fn func() (answer string, err error)) (string, error) {
	if id == "" || len(id) > 64 {
		return "", fault.In("id", "fault.bad_id")
	}
	if id == tx.claimed {
		return fn()
	}
	hash := tx.Hash(body)
	// The id is claimed before it is looked for: on PostgreSQL a verb that has looked
	// for a row in vain collides with every other that puts one nearby. Many verbs answer
	// with the id they were given; only another answer is written afterwards.
	n, err := tx.Exec(`insert into command(id, user_id, hash, answer, at) values($1, $2, $3, $1, $4)
		on conflict(id) do nothing`, id, user, hash, tx.Millis())
	if err != nil {
		return "", err
	}
	if n == 0 {
		return again(tx, user, id, hash, body)
	}
	outer := tx.claimed
	tx.claimed = id
	answer, err := fn()
	tx.claimed = outer
	if kept(err) { // what is kept is not the command
		if _, err := tx.Exec(`delete from command where id = $1`, id); err != nil {
			return "", err
		}
	}
	if err != nil {
		return "", err
	}
	if answer != id {
		err = tx.Later(`update command set answer = $1 where id = $2`, answer, id)
	}
	return answer, err
}

// again answers a command whose id has come before.
func again(tx *Tx, user, id, hash string, body []byte) (string, error) {
	var owner, stored, answer string
	err := tx.Scan(`select user_id, hash, answer from command where id = $1`, []any{id}, &owner, &stored, &answer)
	switch {
	case err != nil:
		return "", err
	case owner != user:
		return "", fault.New(fault.Conflict, "fault.id_taken")
	case stored == hash:
		return answer, nil
	}
	_, err = tx.Exec(`insert into command_conflict(id, user_id, command_id, body, at) values($1, $2, $3, $4, $5)`,
		tx.NewID(), user, id, readable(body), tx.Millis())
	if err != nil {
		return "", err
	}
	return "", Keep(fault.New(fault.Conflict, "fault.sent_differently"))
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
