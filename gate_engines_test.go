package sangathan_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sangathan/internal/db"
	"sangathan/internal/dbtest"
)

// alikeTo are the readers for whom both engines are asked: what they see differs most.
var alikeTo = []string{"anonymous", "booth agent", "block president", "convenor of a cell", "two posts, as district secretary", "state president"}

// TestEnginesAnswerAlike makes the same world on SQLite and on PostgreSQL and tries every
// address of the pages and the API there: each answer must be the same on both, to the
// letter. So no page or list rests on what only one engine does.
func TestEnginesAnswerAlike(t *testing.T) {
	var worlds [2]*faces
	for i, open := range []func(testing.TB, ...dbtest.Option) *db.Unit{dbtest.SQLite, dbtest.Postgres} {
		same := func(cfg *db.Config) { cfg.Rand = rand.NewChaCha8([32]byte{}) } // the same ids, so the same order of rows
		w := newGateWorldIn(t, open(t, dbtest.At(dbtest.Day(gateDay)), same))
		w.stop()
		worlds[i] = w.faces()
	}
	sqlite, postgres := worlds[0], worlds[1]
	ask := func(f *faces, d door, id string, by reader) (answer, named string) {
		status, text, named := f.knock(d, id, by)
		if strings.Contains(f.log.String(), stopped) {
			return stopped, named // the page of a failure has a number of its own
		}
		return fmt.Sprint(status, " ", plain(text, id)), named
	}
	cells, differ := 0, 0
	for _, d := range readDoors(t) {
		for _, by := range readers {
			if !slices.Contains(alikeTo, by.name) {
				continue
			}
			there := postgres.w.things(d.kind, by)
			for i, x := range sqlite.w.things(d.kind, by) {
				cells++
				a, named := ask(sqlite, d, x.id, by)
				b, _ := ask(postgres, d, there[i].id, by)
				if a == b {
					continue
				}
				if differ++; differ <= 20 {
					t.Errorf("%s %s as %s: SQLite and PostgreSQL differ: %s\n%s", d.method, named, by.name, difference(a, b), postgres.log.String())
				}
			}
		}
	}
	t.Logf("%d answers on each engine, %d differ", cells, differ)
	if cells < 1000 && differ == 0 {
		t.Errorf("only %d answers were compared", cells)
	}
}
