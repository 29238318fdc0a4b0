package tally

import (
	"context"
	"slices"
	"sort"
	"time"

	"sangathan/internal/db"
)

// The days of the past that are kept: every day of the last eight weeks, the last one
// of each week for a year and a bit, and the last one of each month for ever. Figures
// of single months go after the eight weeks: the tallies themselves keep those.
const (
	keptDaily  = 56  // days
	keptWeekly = 400 // days
)

// What the past remembers of itself, in the unit's settings.
const (
	metaKept    = "tally_kept"    // last day that was kept
	metaSince   = "tally_since"   // first day that was kept
	metaThinned = "tally_thinned" // Monday before which the weeks are thinned
)

// Keep keeps the figures as they stood at the end of yesterday, of the unit's zone and
// clock: the standing ones and those of the two months then running. Whoever serves
// the unit calls it now and then; it does nothing until a day is over. Where nobody
// served for some days, nothing changed in them, and what stands now is kept for the
// first of them. A figure that stands as it was last kept takes no row. It writes in
// steps, so that nobody waits; cut short, the next call does it again.
func Keep(ctx context.Context, u *db.Unit) error {
	var day, yesterday string
	err := u.Read(ctx, func(tx *db.Tx) error {
		yesterday = tx.Now.AddDate(0, 0, -1).Format(time.DateOnly)
		kept, err := tx.Meta(metaKept)
		if day = yesterday; kept != "" {
			day = daysAfter(kept, 1)
		}
		return err
	})
	if err != nil || day > yesterday {
		return err
	}
	if err := u.Bulk(ctx, Fold); err != nil {
		return err
	}
	for from, more := "", true; more; {
		var last string
		err := u.Write(ctx, func(tx *db.Tx) (err error) { last, err = keepNodes(tx, day, from); return err })
		if err != nil {
			return err
		}
		from, more = last, last != ""
	}
	return u.Write(ctx, func(tx *db.Tx) error {
		if err := began(tx, day); err != nil {
			return err
		}
		if err := tx.SetMeta(metaKept, yesterday); err != nil {
			return err
		}
		return thin(tx)
	})
}

// began remembers the first day of the past.
func began(tx *db.Tx, day string) error {
	since, err := tx.Meta(metaSince)
	if err != nil || since != "" && since <= day {
		return err
	}
	return tx.SetMeta(metaSince, day)
}

// keepNodes keeps the figures of some nodes after from and gives the last of them, ""
// when there are none left.
func keepNodes(tx *db.Tx, day, from string) (last string, err error) {
	const nodes = 200
	last, err = tx.Text(`select coalesce(max(node), '') from (select distinct node from tally where node > $1 order by node limit $2) n`, from, nodes)
	if err != nil || last == "" {
		return "", err
	}
	month := day[:len("2006-01")]
	_, err = tx.Exec(`insert into tally_past(node, month, measure, day, n)
		select t.node, t.month, t.measure, $1, sum(t.n) from tally_now t
		where t.node > $2 and t.node <= $3 and t.month in ('', $4, $5)
		group by t.node, t.month, t.measure
		having sum(t.n) <> coalesce((select p.n from tally_past p where p.node = t.node and p.month = t.month and p.measure = t.measure
			order by p.day desc limit 1), 0)
		on conflict(node, month, measure, day) do update set n = excluded.n`, day, from, last, month, monthBefore(month))
	return last, err
}

// thin takes away what is older than the days that are kept.
func thin(tx *db.Tx) error {
	today := tx.Today()
	week, err := tx.Meta(metaThinned)
	if err != nil {
		return err
	}
	if week == "" {
		if week, err = tx.Meta(metaSince); err != nil {
			return err
		}
		week = monday(week)
	}
	for daysAfter(week, 7+keptDaily) <= today {
		next := daysAfter(week, 7)
		if _, err := tx.Exec(`delete from tally_past where day >= $1 and day < $2 and month <> ''`, week, next); err != nil {
			return err
		}
		if err := lastOnly(tx, week, next); err != nil {
			return err
		}
		week = next
	}
	// A month is thinned as its last week passes out of the year; doing it again does nothing.
	month := daysAfter(today, -keptWeekly)[:len("2006-01")] + "-01"
	if err := lastOnly(tx, monthBefore(month[:len("2006-01")])+"-01", month); err != nil {
		return err
	}
	return tx.SetMeta(metaThinned, week)
}

// lastOnly leaves of each figure the last row of the days from up to before to.
func lastOnly(tx *db.Tx, from, to string) error {
	_, err := tx.Exec(`delete from tally_past where day >= $1 and day < $2 and exists(select 1 from tally_past l
		where l.node = tally_past.node and l.month = tally_past.month and l.measure = tally_past.measure and l.day > tally_past.day and l.day < $2)`, from, to)
	return err
}

// Past is how the figures of a node stood on days before today.
type Past struct {
	since string // first day of which anything is known; "" for none
	rows  map[pastKey][]kept
}

type pastKey struct{ measure, month string }

type kept struct {
	day string
	n   int
}

// ReadPast reads the past of a node.
func ReadPast(tx *db.Tx, node string) (p Past, err error) {
	if p.since, err = tx.Meta(metaSince); err != nil || p.since == "" {
		return p, err
	}
	rows, err := tx.Query(`select measure, month, day, n from tally_past where node = $1 order by measure, month, day`, node)
	if err != nil {
		return p, err
	}
	defer rows.Close()
	p.rows = map[pastKey][]kept{}
	for rows.Next() {
		var k pastKey
		var at kept
		if err := rows.Scan(&k.measure, &k.month, &at.day, &at.n); err != nil {
			return p, err
		}
		p.rows[k] = append(p.rows[k], at)
	}
	return p, rows.Err()
}

// On gives a figure as it stood at the end of a day: of a month, "" for a standing
// one. Nothing is known of days before the first that was kept.
func (p Past) On(measure, month, day string) (n int, known bool) {
	if p.since == "" || day < p.since {
		return 0, false
	}
	rows := p.rows[pastKey{measure, month}]
	if i := sort.Search(len(rows), func(i int) bool { return rows[i].day > day }); i > 0 {
		n = rows[i-1].n
	}
	return n, true
}

// History gathers figures of past days as the rows tell them: for a loader that takes
// over records older than the unit.
type History struct {
	days []string
	at   map[place]*[len(measures)][]int // what changed on each day
}

// NewHistory begins a history of some days, in order.
func NewHistory(days []string) *History {
	return &History{days: days, at: map[place]*[len(measures)][]int{}}
}

// Days gives the days of the history.
func (h *History) Days() []string { return h.days }

// Add counts n more of a measure at each node, each node once, from a day on; a day
// after the last one changes nothing.
func (h *History) Add(nodes []string, month, measure, day string, n int) {
	i, _ := slices.BinarySearch(h.days, day)
	if i == len(h.days) {
		return
	}
	m := indexOf(measure)
	for k, node := range nodes {
		if slices.Contains(nodes[:k], node) {
			continue
		}
		row := h.at[place{node, month}]
		if row == nil {
			row = new([len(measures)][]int)
			h.at[place{node, month}] = row
		}
		if row[m] == nil {
			row[m] = make([]int, len(h.days))
		}
		row[m][i] += n
	}
}

// StorePast makes histories the past, in place of whatever stood. The first one has
// the first and the last day.
func StorePast(tx *db.Tx, all ...*History) error {
	if _, err := tx.Exec(`delete from tally_past`); err != nil {
		return err
	}
	for _, h := range all {
		if err := h.store(tx); err != nil {
			return err
		}
	}
	days := all[0].days
	if err := tx.SetMeta(metaSince, days[0]); err != nil {
		return err
	}
	return tx.SetMeta(metaKept, days[len(days)-1])
}

func (h *History) store(tx *db.Tx) error {
	in := tx.Insert("tally_past", "node", "month", "measure", "day", "n")
	for _, p := range sortedPlaces(h.at) {
		for m, changes := range h.at[p] {
			n := 0
			for i, by := range changes {
				if n += by; by == 0 {
					continue
				}
				if err := in.Add(p.node, p.month, measures[m], h.days[i], n); err != nil {
					return err
				}
			}
		}
	}
	return in.Flush()
}

// daysAfter gives the day n days after a day YYYY-MM-DD.
func daysAfter(day string, n int) string {
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	return d.AddDate(0, 0, n).Format(time.DateOnly)
}

// monday gives the first day of a day's week.
func monday(day string) string {
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	return d.AddDate(0, 0, -(int(d.Weekday())+6)%7).Format(time.DateOnly)
}

// monthBefore gives the month before a month YYYY-MM.
func monthBefore(month string) string {
	m, err := time.Parse("2006-01", month)
	if err != nil {
		return ""
	}
	return m.AddDate(0, -1, 0).Format("2006-01")
}
