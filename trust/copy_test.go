//go:build linux

package trust_test

import (
	"path/filepath"
	"testing"

	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/orgtest"
	"sangathan/trust"
)

// TestCopyFoldsWhatWaits copies a unit in which figures wait to be folded in, as on
// PostgreSQL they do between two nights: the copy on SQLite, which reads only what is
// folded, has all of them.
func TestCopyFoldsWhatWaits(t *testing.T) {
	t.Parallel()
	from := orgtest.Small(t, dbtest.Postgres(t)).Unit
	var waiting int64
	err := from.Write(t.Context(), func(tx *db.Tx) (err error) {
		if waiting, err = tx.Exec(`insert into tally_delta(node, month, measure, n) select node, month, measure, n from tally`); err != nil {
			return err
		}
		_, err = tx.Exec(`delete from tally`)
		return err
	})
	if err != nil || waiting == 0 {
		t.Fatal(waiting, err)
	}
	var broken []trust.Finding
	to := filepath.Join(t.TempDir(), "unit")
	_, _, err = db.Copy(t.Context(), from, db.Copying{To: db.Config{Path: to}, Check: func(tx *db.Tx) (err error) {
		broken, err = trust.CheckCopy(tx)
		return err
	}})
	if err != nil || len(broken) > 0 {
		t.Fatal(broken, err)
	}
	err = dbtest.Open(t, to).Read(t.Context(), func(tx *db.Tx) error {
		left, err := tx.Int(`select count(*) from tally_delta`)
		if left != 0 {
			t.Errorf("%d figures still wait", left)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestCopyThereAndBack moves units from SQLite to PostgreSQL and back: each table
// is the same at the end of the road, and everything that must hold does there.
func TestCopyThereAndBack(t *testing.T) {
	t.Parallel()
	for _, unit := range []struct {
		name string
		make func(t *testing.T) *db.Unit
	}{
		{"the small register", func(t *testing.T) *db.Unit { return orgtest.Small(t, dbtest.SQLite(t)).Unit }},
		{"the small demonstration", func(t *testing.T) *db.Unit {
			path := filepath.Join(t.TempDir(), "unit")
			demoUnit(t, path)
			u := open(t, path)
			t.Cleanup(func() { closeUnit(t, u) })
			return u
		}},
	} {
		t.Run(unit.name, func(t *testing.T) {
			home := unit.make(t)
			move := func(from *db.Unit, to string) (*db.Unit, map[string]db.Copied) {
				t.Helper()
				var broken []trust.Finding
				tables, _, err := db.Copy(t.Context(), from, db.Copying{To: db.Config{Path: to}, Check: func(tx *db.Tx) (err error) {
					broken, err = trust.Check(tx)
					return err
				}})
				if err != nil {
					t.Fatal(err)
				}
				if len(broken) > 0 {
					t.Errorf("in the copy: %v", broken)
				}
				byName := map[string]db.Copied{}
				for _, c := range tables {
					byName[c.Table] = c
				}
				return dbtest.Open(t, to), byName
			}
			away, there := move(home, dbtest.DSN(t))
			_, back := move(away, filepath.Join(t.TempDir(), "unit"))
			rows := 0
			for name, c := range there {
				rows += c.Rows
				if back[name] != c {
					t.Errorf("%s: %+v there, %+v back", name, c, back[name])
				}
			}
			if rows < 500 || len(there) != len(back) {
				t.Errorf("%d rows of %d tables there, %d tables back", rows, len(there), len(back))
			}
		})
	}
}
