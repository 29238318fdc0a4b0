// Package demo makes an invented whole state on the real geography of a pack: its
// units, committees, booths and people, and twelve months of ledger, with a truth
// that is known. So every screen can be tried, and the inactivity list measured
// against who really was idle; TRUTH.md says how the truth is drawn.
//
// Everything comes from a seed: the same seed on the same day makes the same rows.
// No person in it is real.
package demo

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"sangathan/activity"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
	"sangathan/pack"
	"sangathan/review"
)

// The scales of a demonstration.
const (
	Default = "default" // 177,516 booths, about 120,000 people and 580,000 ledger entries
	Full    = "full"    // the same booths, 1,000,000 people and 5,000,000 entries
	Small   = "small"   // six districts, 3,000 booths: for tests
	Tenfold = "tenfold" // 1,775,160 booths, the rest as by default: shows what does not grow with them
)

// Options say what to make. The zero value is the default state of today, seed 0.
type Options struct {
	Seed       uint64
	Scale      string    // Default (also ""), Full or Small
	BoothsFile string    // real booths instead of invented ones: see readBooths
	Now        time.Time // the demonstration's today; default time.Now
	TruthFile  string    // where the truth goes; default truth.csv in the unit's folder, none for PostgreSQL
	Progress   func(stage string, done, total int)
}

// The stages told to Options.Progress, in order; the message demo.stage_… names each.
const (
	StageRegister = "register" // the register and the ledger, by district-level unit
	StageIndex    = "index"
	StageLists    = "lists" // the inactivity list of each unit
	StageStory    = "story"
	StageDisk     = "disk"
)

// Result is what was made.
type Result struct {
	Areas     map[string]int     `json:"areas"`     // kind to number
	People    int                `json:"people"`    // invented people in the register
	Posts     int                `json:"posts"`     // seats of all posts: filled, vacant and not known
	Vacancies int                `json:"vacancies"` // seats known to be vacant
	Unknown   int                `json:"unknown"`   // seats of which nothing is known
	Ledger    int                `json:"ledger"`    // entries
	Seconds   float64            `json:"seconds"`
	Stages    map[string]float64 `json:"stages"` // seconds of each
	Inactive  Inactive           `json:"inactive"`
	BadRows   BadRows            `json:"bad_rows,omitzero"` // of the booths file
	SignIns   []SignIn           `json:"sign_ins"`
}

// SignIn is a person whose sign-in shows one side of the program.
type SignIn struct {
	As     string `json:"as"` // the message demo.as_… names it: state_incharge, state_desk, district_president, block_president, worker, under_review
	NameHi string `json:"name_hi"`
	NameEn string `json:"name_en"`
	Phone  string `json:"phone"`
}

// Make makes the state at path: an SQLite folder, which must not exist or be empty,
// or a PostgreSQL DSN, whose schema must be empty. The folder appears at path only
// when everything is in it. Faults: Invalid (scale, booths file), Conflict (there
// is something at path).
func Make(ctx context.Context, path string, opt Options) (res Result, err error) {
	defer fault.Op(&err, "demo.Make(%s)", opt.Scale)
	began := time.Now()
	if opt.Now.IsZero() {
		opt.Now = time.Now()
	}
	if opt.Progress == nil {
		opt.Progress = func(string, int, int) {}
	}
	size, err := sizeOf(opt.Scale)
	if err != nil {
		return res, err
	}
	var booths map[int][]realBooth
	if opt.BoothsFile != "" {
		if booths, res.BadRows, err = readBooths(opt.BoothsFile); err != nil {
			return res, err
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // rows live shortly; memory stays under 1 GB

	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], opt.Seed)
	cfg := db.Config{Path: path, Fresh: true, Rand: rand.NewChaCha8(seed), Clock: func() time.Time { return opt.Now }}
	folder, done := path, func() error { return nil }
	if !db.IsPostgres(path) {
		if folder, done, err = db.Staging(path); err != nil {
			return res, err
		}
		defer os.RemoveAll(folder) // nothing is left of what was not finished
		cfg.Path = folder
		if opt.TruthFile == "" {
			opt.TruthFile = filepath.Join(folder, "truth.csv")
		}
	}
	u, err := db.Open(ctx, cfg)
	if err != nil {
		return res, err
	}
	defer u.Close()
	stage := time.Now()
	res.Stages = map[string]float64{}
	ended := func(name string) {
		res.Stages[name] = time.Since(stage).Seconds()
		stage = time.Now()
	}

	p := pack.UttarPradesh()
	var known *truth
	err = u.Bulk(ctx, func(tx *db.Tx) error {
		if n, err := tx.Int(`select count(*) from area`); err != nil {
			return err
		} else if n > 0 {
			return db.ErrNotEmpty
		}
		restore, err := tx.DropIndexes(append([]string{"activity", "activity_check", "leave"}, org.RegisterTables...)...)
		if err != nil {
			return err
		}
		if err := org.LoadPack(tx, p); err != nil {
			return err
		}
		if err := activity.LoadKinds(tx, p); err != nil {
			return err
		}
		if err := review.LoadDefault(tx); err != nil {
			return err
		}
		for _, m := range [][2]string{{"name", p.NameHi}, {"name_en", p.NameEn}, {"zone", p.Zone}, {"demo", "true"}, {"demo_seed", strconv.FormatUint(opt.Seed, 10)}} {
			if err := tx.SetMeta(m[0], m[1]); err != nil {
				return err
			}
		}
		g := newGenerator(p, opt, size, tx.Now, booths)
		if err := g.load(ctx, tx, opt.Progress); err != nil {
			return err
		}
		known = g.truth
		ended(StageRegister)
		opt.Progress(StageIndex, 0, 1)
		if err := restore(); err != nil {
			return err
		}
		if err := g.directives(tx); err != nil {
			return err
		}
		figures, err := review.Recount(tx)
		if err != nil {
			return err
		}
		if err := figures.Store(tx); err != nil {
			return err
		}
		ended(StageIndex)
		lists, err := draftAll(ctx, tx, g, opt.Progress)
		if err != nil {
			return err
		}
		if res.Inactive, err = measure(tx, lists, g.truth); err != nil {
			return err
		}
		ended(StageLists)
		opt.Progress(StageStory, 0, 1)
		if err := tell(tx, g, lists); err != nil {
			return err
		}
		if err := review.RecountPast(tx, pastDays(tx.Now)); err != nil {
			return err
		}
		if err := count(tx, &res); err != nil {
			return err
		}
		res.SignIns = g.signIns
		ended(StageStory)
		return nil
	})
	if err != nil {
		return res, err
	}
	opt.Progress(StageDisk, 0, 1)
	if err := u.Analyze(ctx); err != nil {
		return res, err
	}
	if err := u.Close(); err != nil {
		return res, err
	}
	if opt.TruthFile != "" {
		if err := known.write(opt.TruthFile); err != nil {
			return res, err
		}
	}
	if err := done(); err != nil {
		return res, err
	}
	ended(StageDisk)
	res.Seconds = time.Since(began).Seconds()
	return res, nil
}

// pastDays gives the days whose figures are kept as the past: the last of each month
// for a year, and of each week since the month before last.
func pastDays(now time.Time) (days []string) {
	last := now.AddDate(0, 0, -1).Format(time.DateOnly)
	for back := range 13 {
		days = append(days, firstOfMonth(now, -back).AddDate(0, 0, -1).Format(time.DateOnly))
	}
	for back := range 6 {
		days = append(days, now.AddDate(0, 0, -7*(back+1)).Format(time.DateOnly))
	}
	days = append(days, now.AddDate(0, -1, 0).Format(time.DateOnly), last)
	slices.Sort(days)
	return slices.Compact(days)
}

func count(tx *db.Tx, res *Result) (err error) {
	res.Areas = map[string]int{}
	type kind struct {
		id string
		n  int
	}
	kinds, err := db.Select(tx, `select kind, count(*) from area group by kind`, nil, func(s db.Scanner) (k kind, err error) { return k, s.Scan(&k.id, &k.n) })
	if err != nil {
		return err
	}
	for _, k := range kinds {
		res.Areas[k.id] = k.n
	}
	for _, c := range []struct {
		n     *int
		query string
	}{
		{&res.People, `select count(*) from person`},
		{&res.Posts, `select count(*) from seat`},
		{&res.Vacancies, `select count(*) from seat where state = 'vacant'`},
		{&res.Unknown, `select count(*) from seat where state = 'unknown'`},
		{&res.Ledger, `select count(*) from activity`},
	} {
		if *c.n, err = tx.Int(c.query); err != nil {
			return err
		}
	}
	return nil
}

// size is how much to make of what does not follow from the geography.
type size struct {
	districts []string // nil for all
	booths    int
	members   int     // further members per booth
	perMonth  float64 // entries a month of a booth agent, member or mandal officer
}

func sizeOf(scale string) (size, error) {
	switch scale {
	case "", Default:
		return size{booths: 177_516, perMonth: 0.16}, nil
	case Full:
		return size{booths: 177_516, members: 5, perMonth: 0.95}, nil
	case Tenfold:
		return size{booths: 1_775_160, perMonth: 0.016}, nil
	case Small:
		return size{booths: 3000, perMonth: 0.16, districts: []string{"dist-baghpat", "dist-gorakhpur", "dist-jhansi", "dist-lalitpur", "dist-mau", "dist-varanasi"}}, nil
	}
	return size{}, fault.In("scale", "demo.bad_scale", "choices", fmt.Sprintf("%s, %s, %s, %s", Default, Full, Small, Tenfold))
}
