package sms

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"sangathan/internal/db"
	"sangathan/internal/fault"
)

const (
	leaseLife = time.Minute        // how long a server that has taken a message may be sending it
	atOnce    = 8                  // messages that are being sent at a time
	keepLife  = 7 * 24 * time.Hour // how long what became of a message is kept
)

// pause is how long a message waits after its nth try.
func pause(tries int) time.Duration {
	return min(5*time.Second<<min(tries-1, 10), 3*time.Minute)
}

// SetOn notes whether whoever serves the unit has a gateway: pages then offer codes.
func SetOn(tx *db.Tx, on bool) error {
	return tx.SetMeta("sms", map[bool]string{true: "on", false: ""}[on])
}

// On reports it.
func On(tx *db.Tx) (bool, error) {
	v, err := tx.Meta("sms")
	return v != "", err
}

// Code is the message with a one-time code.
func Code(phone, code, lang string) Message {
	return Message{Phone: phone, Kind: "code", Lang: lang, Args: map[string]string{"code": code}}
}

// Queue has m sent once the transaction is kept, if that happens before life is over.
// Without a gateway nothing is kept. Whoever may is asked by the verb that queues.
func Queue(tx *db.Tx, m Message, life time.Duration) (err error) {
	defer fault.Op(&err, "sms.Queue(%s)", m.Kind)
	on, err := On(tx)
	if err != nil || !on {
		return err
	}
	args, err := json.Marshal(m.Args)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`insert into sms(id, phone, kind, lang, args, made_at, expires_at, next_at, tries, state, note)
		values($1, $2, $3, $4, $5, $6, $7, $6, 0, 'waiting', '')`,
		tx.NewID(), m.Phone, m.Kind, m.Lang, string(args), tx.Millis(), tx.Now.Add(life).UnixMilli())
	return err
}

// due is a message that has been taken to be sent.
type due struct {
	Message
	args    string
	tries   int
	expires int64
}

// Drain sends every message that is due, a few at a time, and returns when each has been
// tried. A message is taken before it is sent, so that of two servers one sends it; one
// whose server died is taken again a minute later.
func Drain(ctx context.Context, u *db.Unit, g *Gateway, log *slog.Logger) error {
	if none, err := nothingDue(ctx, u); none || err != nil {
		return err
	}
	var all []due
	err := u.Write(ctx, func(tx *db.Tx) (err error) {
		all = nil
		if _, err = tx.Exec(`update sms set state = 'expired', args = '', ended_at = $1 where state = 'waiting' and expires_at <= $1`, tx.Millis()); err != nil {
			return err
		}
		if _, err = tx.Exec(`delete from sms where state <> 'waiting' and ended_at < $1`, tx.Now.Add(-keepLife).UnixMilli()); err != nil {
			return err
		}
		all, err = db.Select(tx, `select id, phone, kind, lang, args, tries, expires_at from sms where state = 'waiting' and next_at <= $1
			order by next_at, id limit 100`, []any{tx.Millis()}, func(s db.Scanner) (d due, err error) {
			return d, s.Scan(&d.ID, &d.Phone, &d.Kind, &d.Lang, &d.args, &d.tries, &d.expires)
		})
		for i := range all {
			all[i].tries++
			if err == nil {
				_, err = tx.Exec(`update sms set tries = $1, next_at = $2 where id = $3`, all[i].tries, tx.Now.Add(leaseLife).UnixMilli(), all[i].ID)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	slots := make(chan struct{}, atOnce)
	for _, d := range all {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := send(ctx, u, g, d, log); err != nil {
				mu.Lock()
				failed = errors.Join(failed, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return failed
}

func nothingDue(ctx context.Context, u *db.Unit) (none bool, err error) {
	err = u.Read(ctx, func(tx *db.Tx) error {
		n, err := tx.Int(`select count(*) from (select 1 from sms where state = 'waiting' and next_at <= $1 limit 1) w`, tx.Millis())
		none = n == 0
		return err
	})
	return none, err
}

// send tries one message and notes what became of it.
func send(ctx context.Context, u *db.Unit, g *Gateway, d due, log *slog.Logger) error {
	left := time.UnixMilli(d.expires).Sub(u.Now())
	if left <= 0 {
		return nil // the next round lets go of it
	}
	if err := json.Unmarshal([]byte(d.args), &d.Args); err != nil {
		return err
	}
	try, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	answer, err := g.Send(try, d.Message)
	if err != nil && ctx.Err() != nil {
		return ctx.Err() // the server stops: the message is taken again
	}
	state, note, next := "sent", answer, time.Duration(0)
	if err != nil {
		state, note, next = "waiting", brief(err.Error()+": "+answer), pause(d.tries)
		if _, final := errors.AsType[refusal](err); final {
			state = "failed"
		}
		log.Warn("sms not sent", "kind", d.Kind, "try", d.tries, "state", state, "gateway", note)
	}
	return u.Write(ctx, func(tx *db.Tx) error {
		if state == "waiting" {
			_, err := tx.Exec(`update sms set next_at = $1, note = $2 where id = $3`, tx.Now.Add(next).UnixMilli(), note, d.ID)
			return err
		}
		_, err := tx.Exec(`update sms set state = $1, note = $2, args = '', ended_at = $3 where id = $4`, state, note, tx.Millis(), d.ID)
		return err
	})
}

// Count is how many messages of the last day stand how.
type Count struct {
	Waiting int `json:"waiting"`
	Sent    int `json:"sent"`
	Failed  int `json:"failed"`  // refused by the gateway
	Expired int `json:"expired"` // over before the gateway took it
}

// Counts counts the last 24 hours. Who may is asked by the page that shows it.
func Counts(tx *db.Tx) (c Count, err error) {
	type row struct {
		state string
		n     int
	}
	rows, err := db.Select(tx, `select state, count(*) from sms where made_at > $1 group by state order by state`, []any{tx.Now.Add(-24 * time.Hour).UnixMilli()},
		func(s db.Scanner) (r row, err error) { return r, s.Scan(&r.state, &r.n) })
	for _, r := range rows {
		switch r.state {
		case "waiting":
			c.Waiting = r.n
		case "sent":
			c.Sent = r.n
		case "failed":
			c.Failed = r.n
		case "expired":
			c.Expired = r.n
		}
	}
	return c, err
}
