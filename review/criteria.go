package review

import (
	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
)

// Criteria say, for everyone to read, when a holder of a post is listed and how
// much time a notice and an appeal leave. Published versions are never changed.
type Criteria struct {
	ID           string `json:"id"`
	Version      int    `json:"version"`
	Months       int    `json:"months"`        // length of the window, in whole months
	MinExpected  int    `json:"min_expected"`  // with fewer expected entries nothing is said of the person
	BelowPercent int    `json:"below_percent"` // listed when recorded entries are fewer than this share of expected
	ReplyDays    int    `json:"reply_days"`    // days to reply, from proven service
	AppealDays   int    `json:"appeal_days"`   // days to appeal, from the decision
	Note         string `json:"note"`
	PublishedAt  int64  `json:"published_at"` // milliseconds UTC
}

// DefaultCriteria are those a new unit begins with. Even of those who do all their
// work a tenth of the entries is lost on the way, and some entries stand for those
// who do nothing; below 55 % of what is expected the two are told apart best, as the
// demonstration measures against its known truth (demo/TRUTH.md).
var DefaultCriteria = Criteria{Months: 6, MinExpected: 12, BelowPercent: 55, ReplyDays: 15, AppealDays: 30}

// Publish makes a new version of the criteria, for lists drafted from now on. The
// actor needs publish_criteria on the unit's root. Faults: Invalid, Forbidden.
func Publish(tx *db.Tx, by access.Actor, c Criteria) (version int, err error) {
	defer fault.Op(&err, "review.Publish")
	root, err := org.Root(tx)
	if err != nil {
		return 0, err
	}
	if err := by.Check(access.PublishCriteria, root.Target("")); err != nil {
		return 0, err
	}
	var f fault.Form
	f.Check(c.Months >= 1 && c.Months <= 12, "months", "review.criteria_range", "min", 1, "max", 12)
	f.Check(c.MinExpected >= 6 && c.MinExpected <= 1000, "min_expected", "review.criteria_range", "min", 6, "max", 1000)
	f.Check(c.BelowPercent >= 1 && c.BelowPercent <= 90, "below_percent", "review.criteria_range", "min", 1, "max", 90)
	f.Check(c.ReplyDays >= 7 && c.ReplyDays <= 60, "reply_days", "review.criteria_range", "min", 7, "max", 60)
	f.Check(c.AppealDays >= 15 && c.AppealDays <= 90, "appeal_days", "review.criteria_range", "min", 15, "max", 90)
	f.Check(len([]rune(c.Note)) <= maxText, "note", "review.text_long", "n", maxText)
	if err := f.Err(); err != nil {
		return 0, err
	}
	return store(tx, by, c)
}

// LoadDefault stores DefaultCriteria as version 1; for a new, empty unit.
func LoadDefault(tx *db.Tx) error {
	_, err := store(tx, access.Operator(), DefaultCriteria)
	return err
}

func store(tx *db.Tx, by access.Actor, c Criteria) (int, error) {
	last, err := tx.Int(`select max(version) from criteria`)
	if err != nil {
		return 0, err
	}
	id := tx.NewID()
	_, err = tx.Exec(`insert into criteria(id, version, months, min_expected, below_percent, reply_days, appeal_days, note, published_at, published_by)
		values($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		id, last+1, c.Months, c.MinExpected, c.BelowPercent, c.ReplyDays, c.AppealDays, c.Note, tx.Millis(), by.Account)
	if err != nil {
		return 0, err
	}
	return last + 1, access.Audit(tx, by, "review.criteria_published", "criteria", id, c)
}

// AllCriteria lists every version, the newest first. They are public within the unit.
func AllCriteria(tx *db.Tx) ([]Criteria, error) {
	return db.Select(tx, `select id, version, months, min_expected, below_percent, reply_days, appeal_days, note, published_at
		from criteria order by version desc`, nil, scanCriteria)
}

// Current gives the newest criteria. NotFound when none is published.
func Current(tx *db.Tx) (Criteria, error) {
	all, err := AllCriteria(tx)
	if err != nil {
		return Criteria{}, err
	}
	if len(all) == 0 {
		return Criteria{}, fault.New(fault.NotFound, "review.no_criteria")
	}
	return all[0], nil
}

func scanCriteria(s db.Scanner) (c Criteria, err error) {
	return c, s.Scan(&c.ID, &c.Version, &c.Months, &c.MinExpected, &c.BelowPercent, &c.ReplyDays, &c.AppealDays, &c.Note, &c.PublishedAt)
}
