package demo

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"sangathan/internal/db"
	"sangathan/org"
	"sangathan/pack"
)

// generator draws the state. It runs in its own goroutine, one batch ahead of the
// database, and is the only user of its randomness, in a fixed order.
type generator struct {
	r      *rand.Rand
	pack   *pack.Pack
	opt    Options
	size   size
	now    time.Time
	booths map[int][]realBooth // by seat; nil to invent them
	emit   func(*batch) error

	day      []string // day strings, from firstDay days before today
	midnight int64    // of today, milliseconds
	segments []segment
	ids      [16]byte
	count    uint64
	phones   int
	last     *holder           // whose phone was given last, for those who share one
	decks    map[string][]bool // see silence

	state     *body
	incharge  *holder
	president *holder
	desk      []*holder
	callers   []*holder
	units     []*body // district-level bodies, in order
	truth     *truth
	duty      map[string]int // role to entries expected a month
	months    []string       // whole months that are reported, the oldest first
	answers   []answer
	owed      float64 // invented entries still to be credited to idle holders
	signIns   []SignIn
}

const (
	firstDay  = -1500 // days before today that a post may have begun
	lastDay   = 150   // days after today that a leave may last
	ledgerDay = -365  // the ledger's first day; its last is yesterday
)

// segment is a month of the ledger, or the part of one, in days from today.
type segment struct {
	from, to int // [from, to)
	length   int // days of the whole month
}

func newGenerator(p *pack.Pack, opt Options, s size, now time.Time, booths map[int][]realBooth) *generator {
	g := &generator{r: rand.New(rand.NewPCG(opt.Seed, 0x73616e676174)), pack: p, opt: opt, size: s, now: now, booths: booths,
		duty: map[string]int{}, decks: map[string][]bool{}, truth: &truth{of: map[org.MembershipID]*holder{}}}
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	g.midnight = today.UnixMilli()
	for d := firstDay; d <= lastDay; d++ {
		g.day = append(g.day, today.AddDate(0, 0, d).Format(time.DateOnly))
	}
	for d := ledgerDay; d < 0; {
		at := today.AddDate(0, 0, d)
		length := time.Date(at.Year(), at.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
		to := min(0, d+length-at.Day()+1)
		g.segments = append(g.segments, segment{d, to, length})
		d = to
	}
	for i := -12; i < 0; i++ {
		g.months = append(g.months, firstOfMonth(now, i).Format("2006-01"))
	}
	for _, d := range p.Duties {
		g.duty[d.Role] += d.PerMonth
	}
	ms := uint64(now.UnixMilli())
	for i := range 6 {
		g.ids[i] = byte(ms >> (40 - 8*i))
	}
	return g
}

// dayOf gives the day n days from today.
func (g *generator) dayOf(n int) string { return g.day[n-firstDay] }

// windowFrom is the first day, from today, of the six whole months before this one:
// the window of the inactivity list.
func (g *generator) windowFrom() int {
	return -int(math.Round(float64(g.midnight-firstOfMonth(g.now, -6).UnixMilli()) / dayMillis))
}

// firstOfMonth is the beginning of the month that is n months from t's.
func firstOfMonth(t time.Time, n int) time.Time {
	return time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, t.Location())
}

// id makes a UUIDv7 (RFC 9562, method 1: a counter after the time), so that rows
// made one after the other also stand so in the database.
func (g *generator) id() string {
	g.count++
	b := g.ids
	b[6] = 0x70 | byte(g.count>>38)&0x0f
	b[7] = byte(g.count >> 30)
	b[8] = 0x80 | byte(g.count>>24)&0x3f
	b[9], b[10], b[11] = byte(g.count>>16), byte(g.count>>8), byte(g.count)
	random := g.r.Uint32()
	b[12], b[13], b[14], b[15] = byte(random>>24), byte(random>>16), byte(random>>8), byte(random)
	var s [36]byte
	hex.Encode(s[0:8], b[0:4])
	hex.Encode(s[9:13], b[4:6])
	hex.Encode(s[14:18], b[6:8])
	hex.Encode(s[19:23], b[8:10])
	hex.Encode(s[24:36], b[10:16])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}

// chance is true in share of all cases.
func (g *generator) chance(share float64) bool { return g.r.Float64() < share }

// between draws a number from low to high, both included.
func (g *generator) between(low, high int) int { return low + g.r.IntN(high-low+1) }

// poisson draws from the Poisson distribution of that mean (Knuth's method: means here are small).
func (g *generator) poisson(mean float64) int {
	n, p, limit := 0, 1.0, math.Exp(-mean)
	for {
		if p *= g.r.Float64(); p <= limit {
			return n
		}
		n++
	}
}

// one draws one of a list.
func one[T any](g *generator, list []T) T { return list[g.r.IntN(len(list))] }

// batch is what goes to the database together: a district-level body's own rows, or
// a block's with its mandals and booths.
type batch struct {
	areas   []org.NewArea
	places  []place
	orgs    []org.Organization
	people  []org.NewPerson
	posts   []*org.Post
	leaves  []leave
	entries []entry
	checks  []check
	unit    int // number of district-level bodies begun so far

	bearers, others []*holder // whose work finish puts into the ledger: with a duty, and without
}

// place lets an area of the pack stand in the tree of territories.
type place struct{ area, parent org.AreaID }

type leave struct {
	id               string
	membership       org.MembershipID
	from, to, reason string
	at               int64
}

type check struct {
	entry   string
	by      *holder
	verdict string
	reason  string
	at      int64
}

// load generates and inserts everything but the directives.
func (g *generator) load(ctx context.Context, tx *db.Tx, progress func(string, int, int)) error {
	plan := g.plan()
	batches, stop, failed := make(chan *batch, 8), make(chan struct{}), make(chan error, 1)
	g.emit = func(b *batch) error {
		select {
		case batches <- b:
			return nil
		case <-stop:
			return context.Canceled
		}
	}
	go func() {
		defer close(batches)
		defer func() {
			if p := recover(); p != nil {
				failed <- fmt.Errorf("generating: %v", p)
			}
		}()
		if err := g.generate(plan); err != nil {
			failed <- err
		}
	}()
	defer func() { // the generator has ended when load returns
		close(stop)
		for range batches {
		}
	}()

	l, err := org.NewLoader(tx)
	if err != nil {
		return err
	}
	w := writer{
		l:       l,
		leaves:  l.Insert("leave", "id", "membership_id", "from_day", "to_day", "reason", "recorded_at", "recorded_by"),
		entries: l.Insert("activity", "id", "kind", "person_id", "membership_id", "organization_id", "unit_id", "reporting_id", "area_id", "day", "recorded_at", "people", "note", "state", "word", "typed_by", "typed_person"),
	}
	w.checks = l.Insert("activity_check", "activity_id", "person_id", "membership_id", "verdict", "reason", "at").After(w.entries)
	for b := range batches {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.write(b); err != nil {
			return err
		}
		progress(StageRegister, b.unit, len(plan))
	}
	select {
	case err := <-failed:
		return err
	default:
	}
	return w.close()
}

type writer struct {
	l                       *org.Loader
	leaves, entries, checks *db.Inserter
}

func (w *writer) write(b *batch) error {
	for _, a := range b.areas {
		if err := w.l.Area(a); err != nil {
			return err
		}
	}
	for _, p := range b.places {
		if err := w.l.Place(org.Territorial, p.area, p.parent, "1900-01-01"); err != nil {
			return err
		}
	}
	for _, o := range b.orgs {
		if _, err := w.l.Organization(o); err != nil {
			return err
		}
	}
	for _, p := range b.people {
		if err := w.l.Person(p); err != nil {
			return err
		}
	}
	for _, p := range b.posts {
		if err := w.l.Post(*p); err != nil {
			return err
		}
	}
	for _, v := range b.leaves {
		if err := w.leaves.Add(v.id, v.membership, v.from, v.to, v.reason, v.at, "operator"); err != nil {
			return err
		}
	}
	for i := range b.entries {
		e := &b.entries[i]
		var typedBy, typedPerson any
		if e.typist != nil {
			typedBy, typedPerson = string(e.typist.membership), string(e.typist.person)
		}
		o := e.of.body
		err := w.entries.Add(e.id, e.kind, string(e.of.person), string(e.of.membership), string(o.ID), string(o.Unit), nullable(string(o.Reporting)),
			string(e.area), e.day, e.at, e.people, e.note, e.state, e.word, typedBy, typedPerson)
		if err != nil {
			return err
		}
	}
	for _, c := range b.checks {
		if err := w.checks.Add(c.entry, string(c.by.person), string(c.by.membership), c.verdict, c.reason, c.at); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) close() error {
	if err := w.l.Close(); err != nil {
		return err
	}
	if err := w.leaves.Flush(); err != nil {
		return err
	}
	if err := w.entries.Flush(); err != nil {
		return err
	}
	return w.checks.Flush()
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}
