//go:build linux

package trust_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sangathan/backup"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/fault"
	"sangathan/orgtest"
	"sangathan/trust"

	"filippo.io/age"
)

// sound is what a copy is asked before it is trusted.
func sound(tx *db.Tx) error {
	broken, err := trust.CheckCopy(tx)
	if err == nil && len(broken) > 0 {
		err = errors.New(broken[0].String())
	}
	return err
}

func newKey(t *testing.T) *age.X25519Identity {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func rows(t *testing.T, u *db.Unit) (n map[string]int) {
	t.Helper()
	if err := u.Read(t.Context(), func(tx *db.Tx) (err error) { n, err = tx.CountRows(); return err }); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestI5_BackupDrill backs a unit up while people write, and restores it on both engines:
// what was there when the backup was made is there again, sound, and nobody is signed in.
func TestI5_BackupDrill(t *testing.T) {
	t.Parallel()
	for _, engine := range []struct {
		name string
		unit func(t *testing.T) *db.Unit
	}{
		{"sqlite", func(t *testing.T) *db.Unit { return dbtest.SQLite(t) }},
		{"postgres", func(t *testing.T) *db.Unit { return dbtest.Postgres(t) }},
	} {
		t.Run(engine.name, func(t *testing.T) {
			t.Parallel()
			fx := orgtest.Small(t, engine.unit(t))
			err := fx.Unit.Write(t.Context(), func(tx *db.Tx) error { // somebody is signed in
				_, err := tx.Exec(`insert into session(token_hash, account_id, created_at, expires_at) select 'x', id, 1, 9999999999999 from account order by id limit 1`)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			var written atomic.Int64
			done := make(chan struct{})
			go func() { // somebody writes meanwhile
				defer close(done)
				for ctx.Err() == nil {
					if err := fx.Unit.Write(ctx, func(tx *db.Tx) error { return tx.SetMeta("probe", tx.NewID()) }); err == nil {
						written.Add(1)
					}
				}
			}()
			first, second, stranger := newKey(t), newKey(t), newKey(t)
			file := filepath.Join(t.TempDir(), "unit.age")
			m, err := backup.Write(t.Context(), fx.Unit, file, []age.Recipient{first.Recipient(), second.Recipient()}, sound)
			stop()
			<-done
			if err != nil {
				t.Fatal(err)
			}
			if written.Load() == 0 || m.Tables["session"] == 0 || m.Tables["membership"] == 0 {
				t.Fatalf("%d written meanwhile; %+v", written.Load(), m)
			}
			if _, err := backup.Write(t.Context(), fx.Unit, file, []age.Recipient{first.Recipient()}, sound); !fault.Is(err, fault.Conflict) {
				t.Errorf("over another: %v", err)
			}
			if text, err := os.ReadFile(file); err != nil || bytes.Contains(text, []byte("SQLite format")) || bytes.Contains(text, []byte("membership")) {
				t.Error("the file can be read without a key", err)
			}
			if left, _ := filepath.Glob(file + "?*"); len(left) > 0 {
				t.Error("left beside the backup: ", left)
			}
			for place, key := range map[string]*age.X25519Identity{filepath.Join(t.TempDir(), "unit"): first, dbtest.DSN(t): second} {
				if _, err := backup.Restore(t.Context(), file, []age.Identity{stranger}, place, time.Now, sound); !fault.Is(err, fault.Forbidden) {
					t.Errorf("a stranger's key: %v", err)
				}
				back, err := backup.Restore(t.Context(), file, []age.Identity{key}, place, time.Now, sound)
				if err != nil {
					t.Fatal(err)
				}
				if back.Epoch != m.Epoch+1 {
					t.Errorf("epoch %d after %d", back.Epoch, m.Epoch)
				}
				u := dbtest.Open(t, place)
				held := rows(t, u)
				for table, n := range m.Tables {
					switch table {
					case "session", "sign_in_code", "sign_in_ticket", "activation_slip", "device":
						n = 0
					case "audit", "audit_detail": // that it was restored
						n++
					case "meta":
						n = held[table]
					}
					if held[table] != n {
						t.Errorf("%s: %d rows of %d", table, held[table], n)
					}
				}
				err = u.Read(t.Context(), func(tx *db.Tx) error {
					found, err := trust.Check(tx)
					if len(found) > 0 {
						t.Errorf("restored: %v", found)
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := backup.Restore(t.Context(), file, []age.Identity{key}, place, time.Now, sound); !fault.Is(err, fault.Conflict) {
					t.Errorf("over a unit: %v", err)
				}
			}
		})
	}
}

// TestI5_DamagedBackups: a backup that was changed, cut off or is none restores nothing.
func TestI5_DamagedBackups(t *testing.T) {
	t.Parallel()
	fx := orgtest.Small(t, dbtest.SQLite(t))
	key := newKey(t)
	file := filepath.Join(t.TempDir(), "unit.age")
	if _, err := backup.Write(t.Context(), fx.Unit, file, []age.Recipient{key.Recipient()}, sound); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	for name, text := range map[string][]byte{"cut off": whole[:len(whole)*2/3], "a bit flipped": flipped, "empty": nil, "something else": []byte(strings.Repeat("x", 5000))} {
		damaged, place := filepath.Join(t.TempDir(), "d.age"), filepath.Join(t.TempDir(), "unit")
		if err := os.WriteFile(damaged, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := backup.Restore(t.Context(), damaged, []age.Identity{key}, place, time.Now, sound); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
		if left, _ := filepath.Glob(place + "*"); len(left) > 0 {
			t.Errorf("%s: left are %v", name, left)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := backup.Write(ctx, fx.Unit, file+"2", []age.Recipient{key.Recipient()}, sound); err == nil {
		t.Error("written though called off")
	}
	if left, _ := filepath.Glob(file + "2*"); len(left) > 0 {
		t.Error("left of what was called off: ", left)
	}
}

// TestI5_ScheduledBackups: one when it is due, the oldest go, a failure is told and tried again.
func TestI5_ScheduledBackups(t *testing.T) {
	t.Parallel()
	clock := dbtest.Day("2026-11-22")
	u := orgtest.Small(t, dbtest.SQLite(t, dbtest.At(clock))).Unit
	dir := filepath.Join(t.TempDir(), "backups")
	s := &backup.Schedule{Dir: dir, Every: 24 * time.Hour, Keep: 2, Recipients: []age.Recipient{newKey(t).Recipient()}, Check: sound}
	run := func(after time.Duration, fails bool, want int, stamp string) {
		t.Helper()
		clock.Set(clock.Now().Add(after))
		if err := s.Run(t.Context(), u); (err != nil) != fails {
			t.Fatal(err)
		}
		files, _ := filepath.Glob(filepath.Join(dir, "*"))
		if len(files) != want || want > 0 && !strings.Contains(files[len(files)-1], stamp) {
			t.Errorf("there are %v, want %d up to %s", files, want, stamp)
		}
	}
	last := func(fault, late bool) {
		t.Helper()
		var st backup.Status
		if err := u.Read(t.Context(), func(tx *db.Tx) (err error) { st, err = backup.Last(tx); return err }); err != nil {
			t.Fatal(err)
		}
		if (st.Fault != "") != fault || st.Late(clock.Now()) != late || st.Every != s.Every {
			t.Errorf("told: %+v", st)
		}
	}
	run(0, false, 1, "20261122")
	run(23*time.Hour, false, 1, "20261122")
	run(time.Hour, false, 2, "20261123")
	run(24*time.Hour, false, 2, "20261124") // the first one goes
	last(false, false)
	s.Check = func(*db.Tx) error { return errors.New("not sound") }
	run(24*time.Hour, true, 2, "20261124")
	last(true, false)
	run(time.Minute, false, 2, "20261124") // not again at once
	run(25*time.Hour, true, 2, "20261124")
	last(true, true)
	s.Check = sound
	run(time.Hour, false, 2, "20261126")
	last(false, false)
}
