package tally_test

import (
	"testing"
	"time"

	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/tally"
)

// eachDay runs fn on both engines, each with a clock of its own at noon of day.
func eachDay(t *testing.T, day string, fn func(t *testing.T, u *db.Unit, clock *dbtest.Clock)) {
	t.Run("sqlite", func(t *testing.T) {
		clock := dbtest.Day(day)
		fn(t, dbtest.SQLite(t, dbtest.At(clock)), clock)
	})
	t.Run("postgres", func(t *testing.T) {
		clock := dbtest.Day(day)
		fn(t, dbtest.Postgres(t, dbtest.At(clock)), clock)
	})
}

func add(t *testing.T, u *db.Unit, node, month, measure string, n int) {
	t.Helper()
	err := u.Write(t.Context(), func(tx *db.Tx) error { return tally.Add(tx, []string{node}, month, tally.Figures{measure: n}) })
	if err != nil {
		t.Fatal(err)
	}
}

func keep(t *testing.T, u *db.Unit) {
	t.Helper()
	if err := tally.Keep(t.Context(), u); err != nil {
		t.Fatal(err)
	}
}

func past(t *testing.T, u *db.Unit, node string) (p tally.Past) {
	t.Helper()
	err := u.Read(t.Context(), func(tx *db.Tx) (err error) { p, err = tally.ReadPast(tx, node); return err })
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func count(t *testing.T, u *db.Unit) (n int) {
	t.Helper()
	err := u.Read(t.Context(), func(tx *db.Tx) (err error) { n, err = tx.Int(`select count(*) from tally_past`); return err })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestE2_TheFiguresOfEachDayAreKept(t *testing.T) {
	eachDay(t, "2026-11-10", func(t *testing.T, u *db.Unit, clock *dbtest.Clock) {
		on := func(node, measure, month, day string, want int, known bool) {
			t.Helper()
			if n, ok := past(t, u, node).On(measure, month, day); n != want || ok != known {
				t.Errorf("%s of %s on %s: %d (%v), want %d (%v)", measure, node, day, n, ok, want, known)
			}
		}
		on("a", tally.PostFilled, "", "2026-11-09", 0, false) // before anything was kept
		add(t, u, "a", "", tally.PostFilled, 5)
		keep(t, u) // a unit that has just begun: what stands is all that is known of yesterday
		on("a", tally.PostFilled, "", "2026-11-09", 5, true)
		on("a", tally.PostFilled, "", "2026-11-08", 0, false)

		add(t, u, "a", "", tally.PostFilled, 2)
		add(t, u, "b", "2026-11", tally.Entry, 4)
		add(t, u, "b", "2026-08", tally.Entry, 9) // a month long over is not kept
		keep(t, u)                                // the day is not over
		on("a", tally.PostFilled, "", "2026-11-10", 5, true)

		midnight, _ := time.Parse(time.DateTime+" -0700", "2026-11-10 23:59:59 +0530")
		clock.Set(midnight)
		keep(t, u)
		on("a", tally.PostFilled, "", "2026-11-10", 5, true)
		clock.Set(midnight.Add(time.Second)) // midnight in the unit's zone, the evening before in UTC
		keep(t, u)
		on("a", tally.PostFilled, "", "2026-11-10", 7, true)
		on("a", tally.PostFilled, "", "2026-11-09", 5, true)
		on("b", tally.Entry, "2026-11", "2026-11-10", 4, true)
		on("b", tally.Entry, "2026-08", "2026-11-10", 0, true)

		rows := count(t, u)
		add(t, u, "a", "", tally.PostFilled, 1)
		keep(t, u) // kept already: nothing is done
		if n := count(t, u); n != rows {
			t.Errorf("%d rows after keeping again, %d before", n, rows)
		}
		on("a", tally.PostFilled, "", "2026-11-10", 7, true)

		clock.Set(midnight.AddDate(0, 0, 4)) // nobody served for some days
		keep(t, u)
		on("a", tally.PostFilled, "", "2026-11-11", 8, true)
		on("a", tally.PostFilled, "", "2026-11-13", 8, true)
		if n := count(t, u); n != rows+1 {
			t.Errorf("%d rows, want one more than %d: a figure that stands takes none", n, rows)
		}
	})
}

func TestThePastIsThinned(t *testing.T) {
	eachDay(t, "2025-01-06", func(t *testing.T, u *db.Unit, clock *dbtest.Clock) {
		// A figure that goes up by one every day, from Monday 6 January 2025 on.
		for day := range 600 {
			clock.Set(dbtest.Day("2025-01-06").Now().AddDate(0, 0, day))
			keep(t, u)
			add(t, u, "a", "", tally.PostFilled, 1)
			add(t, u, "a", "2025-01", tally.Entry, 1)
		}
		p := past(t, u, "a")
		today := clock.Now()
		for back := 1; back < 600; back++ {
			day := today.AddDate(0, 0, -back)
			n, known := p.On(tally.PostFilled, "", day.Format(time.DateOnly))
			exact := 600 - back
			if !known {
				t.Fatalf("%s is not known", day.Format(time.DateOnly))
			}
			switch {
			case back < 56:
				if n != exact {
					t.Errorf("%d days ago: %d, want %d", back, n, exact)
				}
			case n > exact || n < exact-38:
				t.Errorf("%d days ago: %d, want at most a month and a week before %d", back, n, exact)
			case back < 390 && n < exact-7:
				t.Errorf("%d days ago: %d, want at most a week before %d", back, n, exact)
			case day.AddDate(0, 0, 1).Day() == 1 && n < exact-7:
				t.Errorf("at the end of a month %d days ago: %d, want about %d", back, n, exact)
			}
		}
		if n := count(t, u); n > 56+7+50+10 {
			t.Errorf("%d rows of 600 days", n)
		}
	})
}
