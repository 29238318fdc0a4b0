//go:build linux

package trust_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sangathan/internal/db"
	"sangathan/internal/dbtest"
)

// Clients hang up at random moments of their requests; nobody else notices: every
// request of the others succeeds at the first try.
func TestI5HangingUpHarmsNobody(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			rnd := seeded(t)
			path := filepath.Join(t.TempDir(), "unit")
			if engine == "postgres" {
				path = dbtest.DSN(t)
			}
			chains, hangups := form(6, 60), form(200, 5000)
			tinyUnit(t, path, 32, 2*chains)
			l, before := staged(t, path, rnd, chains)
			l.fatal = func(answer) bool { return true } // no try but the first
			l.srv.start()
			l.srv.await(time.Now())

			var hung atomic.Int64
			var mu sync.Mutex
			var rude []string // ids of reports whose sender hung up
			var wg sync.WaitGroup
			for c := range 8 {
				wg.Go(func() {
					rnd := rand.New(rand.NewPCG(l.seed, uint64(5000+c)))
					for int(hung.Add(1)) <= hangups && !t.Failed() {
						id := hangUp(t, l, rnd, c)
						mu.Lock()
						rude = append(rude, id)
						mu.Unlock()
					}
				})
			}
			l.run(4, 2, form(300, 3000), func() bool { return int(hung.Load()) >= hangups })
			wg.Wait()
			kept := 0
			for _, id := range rude { // carried out or not, both are right
				l.reports[id] = false
			}
			v := finish(t, l, rnd, before)
			u := open(t, l.srv.path)
			defer closeUnit(t, u)
			err := u.Read(t.Context(), func(tx *db.Tx) error {
				for _, id := range rude {
					n, err := tx.Int(`select count(*) from activity where id = $1`, id)
					if err != nil {
						return err
					}
					kept += n
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if kept == 0 || kept == len(rude) {
				t.Errorf("of %d hung-up reports %d are kept: the moments are badly chosen", len(rude), kept)
			}
			result(t, "%d hang-ups\t%d\t%d\t%d\t%d\t%d\t%d\t-\t%d of the hung-up requests were carried out", hangups, l.sent.Load(), l.acked.Load(), l.again.Load(), v.lost, v.doubled, v.halfDone, kept)
		})
	}
}

// hangUp begins a request and hangs up: within its head, within its body, or after
// it at a moment within its usual time; sometimes a long read. It gives the report's id.
func hangUp(t *testing.T, l *load, rnd *rand.Rand, c int) (id string) {
	id = uuid(rnd)
	body := fmt.Sprintf(`{"id":"%s","membership":"","kind":"chaupal","area":"","day":"%s","people":7,"note":"%s","word":"self"}`,
		id, time.Now().In(l.zone).Format(time.DateOnly), id)
	text := fmt.Sprintf("POST /api/v1/activities HTTP/1.1\r\nHost: unit\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		l.cast.workers[c], len(body), body)
	if rnd.IntN(4) == 0 {
		text = fmt.Sprintf("GET /api/v1/activities?limit=500 HTTP/1.1\r\nHost: unit\r\nAuthorization: Bearer %s\r\n\r\n", l.cast.president)
	}
	conn, err := net.Dial("tcp", l.srv.addr)
	if err != nil {
		t.Error(err)
		return id
	}
	n := len(text)
	if rnd.IntN(4) == 0 {
		n = rnd.IntN(len(text))
	}
	conn.Write([]byte(text[:n])) // the other end may have gone, which is its right
	time.Sleep(time.Duration(rnd.IntN(8)*rnd.IntN(6000)) * time.Microsecond)
	if rnd.IntN(2) == 0 {
		conn.(*net.TCPConn).SetLinger(0) // at once, as a dead phone's network does
	}
	conn.Close()
	return id
}
