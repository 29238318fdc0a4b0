package backup

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"sangathan/internal/db"

	"filippo.io/age"
)

// Schedule says where a server puts backups of its unit, how often, and how many stay.
type Schedule struct {
	Dir        string
	Every      time.Duration
	Keep       int // the newest that stay; 0 for all
	Recipients []age.Recipient
	Check      Check

	tried time.Time // of the last one that failed
}

// retryAfter is how long a server waits after a backup that failed.
const retryAfter = 15 * time.Minute

const (
	namePrefix = "sangathan-"
	nameSuffix = ".age"
	nameTime   = "20060102-150405" // UTC
)

// Run makes a backup when the newest one in the folder is older than Every, by the unit's
// clock, and takes away those over Keep; else it does nothing. What came of it stands in
// the unit's settings, for [Last]. Call it often.
func (s *Schedule) Run(ctx context.Context, u *db.Unit) error {
	now := u.Now().UTC()
	all, err := s.files()
	if err != nil {
		return err
	}
	if n := len(all); n > 0 {
		if at, err := time.Parse(nameTime, stamp(all[n-1])); err == nil && now.Sub(at) < s.Every {
			return nil
		}
	}
	if !s.tried.IsZero() && now.Sub(s.tried) < retryAfter {
		return nil
	}
	m, err := Write(ctx, u, filepath.Join(s.Dir, namePrefix+now.Format(nameTime)+nameSuffix), s.Recipients, s.Check)
	told := ""
	if s.tried = (time.Time{}); err != nil {
		s.tried, told = now, err.Error()
	}
	if ctx.Err() != nil {
		return err
	}
	if e := u.Write(ctx, func(tx *db.Tx) error { return remember(tx, s.Every, m, told) }); e != nil && err == nil {
		err = e
	}
	if err != nil || s.Keep == 0 {
		return err
	}
	if all, err = s.files(); err != nil {
		return err
	}
	for _, name := range all[:max(0, len(all)-s.Keep)] {
		if err := os.Remove(filepath.Join(s.Dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// files are the names of the scheduled backups in the folder, the oldest first.
func (s *Schedule) files() (names []string, err error) {
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return nil, err
	}
	all, err := os.ReadDir(s.Dir)
	if err != nil {
		return nil, err
	}
	for _, f := range all {
		if _, err := time.Parse(nameTime, stamp(f.Name())); err == nil && f.Type()&fs.ModeType == 0 {
			names = append(names, f.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

func stamp(name string) string {
	return strings.TrimSuffix(strings.TrimPrefix(name, namePrefix), nameSuffix)
}

// What is remembered of the last backups, in the unit's settings.
const (
	metaEvery = "backup_every" // seconds
	metaAt    = "backup_at"    // of the last good one, milliseconds UTC
	metaRows  = "backup_rows"
	metaFault = "backup_fault" // of the last one; "" when it was good
)

func remember(tx *db.Tx, every time.Duration, m Manifest, told string) error {
	values := [][2]string{{metaEvery, strconv.Itoa(int(every / time.Second))}, {metaFault, told}}
	if told == "" {
		values = append(values, [2]string{metaAt, strconv.FormatInt(m.MadeAt, 10)}, [2]string{metaRows, strconv.Itoa(m.Rows)})
	}
	for _, v := range values {
		if err := tx.SetMeta(v[0], v[1]); err != nil {
			return err
		}
	}
	return nil
}

// Status is what is known of a unit's scheduled backups.
type Status struct {
	Every time.Duration // 0 when none are scheduled
	At    int64         // when the last good one was made, milliseconds UTC; 0 for never
	Rows  int
	Fault string // why the last one failed, for the operator; "" when it did not
}

// Late reports whether the last good backup is older than twice the time between them.
func (s Status) Late(now time.Time) bool {
	return s.Every > 0 && now.Sub(time.UnixMilli(s.At)) > 2*s.Every
}

// Last tells of the scheduled backups, as the unit remembers them. For who has the act
// admin, which the caller checks.
func Last(tx *db.Tx) (s Status, err error) {
	read := func(key string, into any) {
		text, e := tx.Meta(key)
		if e == nil && text != "" {
			_, e = fmt.Sscan(text, into)
		}
		if err == nil {
			err = e
		}
	}
	var seconds int
	read(metaEvery, &seconds)
	read(metaAt, &s.At)
	read(metaRows, &s.Rows)
	s.Every = time.Duration(seconds) * time.Second
	if err == nil {
		s.Fault, err = tx.Meta(metaFault)
	}
	return s, err
}
