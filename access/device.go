package access

import (
	"strings"
	"time"

	"sangathan/internal/db"
)

// DeviceLife is how long a browser that somebody has signed in with is known.
const DeviceLife = 365 * 24 * time.Hour

// Device is the browser or program that a request comes from. Knowing it opens
// nothing: it says only whose allowance of codes and tries is used. A device that
// somebody has signed in with has an allowance of its own for that person's numbers
// and PIN; all others share one, so strangers can use up only what strangers have.
type Device struct {
	Token string // of its long-lived cookie; "" when it has none
	Name  string // as people know it; see [DeviceName]
}

// phoneLane gives the lane in which the device asks for codes of phone: its own when
// somebody who uses the phone has signed in with it, else the strangers', "".
func (d Device) phoneLane(tx *db.Tx, phone string) (string, error) {
	return d.lane(tx, `select d.token_hash from device d join account a on a.id = d.account_id join phone p on p.person_id = a.person_id
		where d.token_hash = $1 and d.expires_at > $2 and p.number = $3`, phone)
}

// personLane is [Device.phoneLane] for a person's PIN and second step.
func (d Device) personLane(tx *db.Tx, person string) (string, error) {
	return d.lane(tx, `select d.token_hash from device d join account a on a.id = d.account_id
		where d.token_hash = $1 and d.expires_at > $2 and a.person_id = $3`, person)
}

func (d Device) lane(tx *db.Tx, query, of string) (string, error) {
	if d.Token == "" {
		return "", nil
	}
	return tx.Text(query, tokenHash(d.Token), tx.Millis(), of)
}

// remember notes that account has signed in with the device, and gives the token its
// cookie is to hold: a token that nobody has signed in with is not taken over.
func (d Device) remember(tx *db.Tx, account string) (token string, err error) {
	token = d.Token
	known, err := tx.Int(`select count(*) from device where token_hash = $1 and expires_at > $2`, tokenHash(token), tx.Millis())
	if err != nil {
		return "", err
	}
	if known == 0 {
		token = newToken(tx)
	}
	_, err = tx.Exec(`insert into device(token_hash, account_id, seen_at, expires_at) values($1, $2, $3, $4)
		on conflict(token_hash, account_id) do update set seen_at = excluded.seen_at, expires_at = excluded.expires_at`,
		tokenHash(token), account, tx.Millis(), tx.Now.Add(DeviceLife).UnixMilli())
	return token, err
}

// DeviceName tells a device from the user agent as people know it, coarsely:
// "Chrome, Android". The products are told by what each writes there and others do not.
func DeviceName(agent string) string {
	find := func(marks ...[2]string) string {
		for _, m := range marks {
			if strings.Contains(agent, m[0]) {
				return m[1]
			}
		}
		return ""
	}
	browser := find([2]string{"Edg", "Edge"}, [2]string{"OPR/", "Opera"}, [2]string{"SamsungBrowser", "Samsung Internet"},
		[2]string{"UCBrowser", "UC Browser"}, [2]string{"Firefox", "Firefox"}, [2]string{"FxiOS", "Firefox"}, [2]string{"CriOS", "Chrome"},
		[2]string{"Chrome", "Chrome"}, [2]string{"Safari", "Safari"})
	system := find([2]string{"Android", "Android"}, [2]string{"iPhone", "iPhone"}, [2]string{"iPad", "iPad"}, [2]string{"KAIOS", "KaiOS"},
		[2]string{"Windows", "Windows"}, [2]string{"Mac OS", "Mac"}, [2]string{"CrOS", "ChromeOS"}, [2]string{"Linux", "Linux"})
	switch {
	case browser == "":
		return system
	case system == "":
		return browser
	}
	return browser + ", " + system
}
