package web

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/fault"
	"sangathan/internal/paper"
	"sangathan/orgtest"
)

// taker is a site and a signed-in reader who takes out a made-up list of many rows.
type taker struct {
	*orgtest.Fixture
	site *site
	peak uint64 // most bytes of heap while rows were read
}

func newTaker(t testing.TB) *taker {
	u := dbtest.SQLite(t)
	fx := orgtest.Small(t, u)
	by := fx.Actor("state.desk")
	err := u.Write(t.Context(), func(tx *db.Tx) error {
		account, err := access.AccountOf(tx, by.Person)
		if err != nil {
			return err
		}
		hash := sha256.Sum256([]byte("token"))
		_, err = tx.Exec(`insert into session(token_hash, account_id, membership_id, created_at, expires_at) values($1, $2, $3, $4, $5)`,
			hex.EncodeToString(hash[:]), account, by.Membership, tx.Millis(), tx.Millis()+1_000_000)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return &taker{Fixture: fx, site: &site{unit: u, cfg: Config{Insecure: true}, making: make(chan struct{}, maxFiles)}}
}

// take takes a list of n rows out. between is run before each chunk of rows.
func (k *taker) take(f format, n int, between func()) error {
	hr := httptest.NewRequest("GET", "/orders?as="+f.name, nil)
	hr.AddCookie(&http.Cookie{Name: "session", Value: base64.RawURLEncoding.EncodeToString([]byte("token"))})
	var m runtime.MemStats
	read := 0
	l := &list{name: "orders", columns: []paper.Column{{Title: "a", Width: 2}, {Title: "b", Width: 5}, {Title: "c", Width: 5}, {Title: "d", Width: 5}}}
	l.read = func(_ *db.Tx, _ access.Actor, p db.Page) (rows []paper.Row, next string, err error) {
		if between != nil {
			between()
		}
		for ; len(rows) < p.Limit && read < n; read++ {
			rows = append(rows, paper.Row{read, fmt.Sprintf("श्रीमती सुनीता देवी %d", read), "प्रखंड अध्यक्ष", "=1+1"})
		}
		if read%100_000 < p.Limit {
			runtime.ReadMemStats(&m)
			k.peak = max(k.peak, m.HeapAlloc)
		}
		if read < n {
			next = "on"
		}
		return rows, next, nil
	}
	rt := route{method: "GET", pattern: "/orders", target: "list"}
	return k.site.sendFile(discard{}, rt, k.site.outside(hr), page{title: "सूची", where: "प्रदेश", list: l}, f)
}

// discard is an answer that is thrown away.
type discard struct{}

func (discard) Header() http.Header             { return http.Header{} }
func (discard) WriteHeader(int)                 {}
func (discard) Write(b []byte) (n int, _ error) { return io.Discard.Write(b) }

// grown takes n rows out and gives by how many MiB the heap grew meanwhile.
func (k *taker) grown(t testing.TB, f format, n int) float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	k.peak = before
	if err := k.take(f, n, nil); err != nil {
		t.Fatal(err)
	}
	return float64(k.peak-before) / (1 << 20)
}

// The wish: 1,000,000 rows within 150 MiB of heap growth.
func BenchmarkFiles(b *testing.B) {
	for _, f := range formats {
		n := min(f.most, 1_000_000)
		b.Run(fmt.Sprintf("%s/%d", f.name, n), func(b *testing.B) {
			k := newTaker(b)
			most := 0.0
			for b.Loop() {
				most = max(most, k.grown(b, f, n))
			}
			b.ReportMetric(most, "MiB-growth")
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// A file of 200,000 rows needs no more memory than a few chunks of them: the rows
// themselves are some 60 MiB.
func TestLargeFilesNeedLittleMemory(t *testing.T) {
	k := newTaker(t)
	for _, f := range formats[:2] {
		if got := k.grown(t, f, 200_000); got > 48 {
			t.Errorf("%s: the heap grew by %.0f MiB", f.name, got)
		}
	}
}

func TestFilesAreNotCutShort(t *testing.T) {
	k := newTaker(t)
	pdf := formats[2]
	err := k.take(pdf, maxPaper+1, nil)
	if !fault.Is(err, fault.TooLarge) {
		t.Errorf("more than fit on paper: %v", err)
	}
	if err := k.take(pdf, 30, nil); err != nil {
		t.Error(err)
	}
	chunks := 0
	err = k.take(formats[1], 3000, func() { // another hat is put on after the first chunk
		if chunks++; chunks == 1 {
			k.Unit.Write(t.Context(), func(tx *db.Tx) error {
				_, err := tx.Exec(`update session set membership_id = null`)
				return err
			})
		}
	})
	if !fault.Is(err, fault.Conflict) || chunks != 1 {
		t.Errorf("after %d chunks under another hat: %v", chunks, err)
	}
	var rows []string
	read := k.Unit.Read(t.Context(), func(tx *db.Tx) error {
		rows, err = db.Select(tx, `select number || ' ' || format || ' ' || coalesce(row_count, -1) from export order by number`, nil, db.One[string])
		return err
	})
	if read != nil {
		t.Fatal(read)
	}
	got := strings.Join(rows, ", ")
	if !strings.Contains(got, "/00001 pdf -1, ") || !strings.Contains(got, "/00002 pdf 30, ") || !strings.Contains(got, "/00003 csv -1") {
		t.Errorf("the register has %s", got)
	}
}
