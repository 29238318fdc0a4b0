package activity

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"
	"sangathan/tally"
)

// Limits of a report.
const (
	MaxPeople = 100_000 // people present
	MaxNote   = 2000    // characters
	MaxAge    = 60      // days between the activity and its report
)

// Report is what is told of one activity.
type Report struct {
	ID         EntryID          `json:"id"`         // UUID made by the sender, so that sending twice counts once
	Membership org.MembershipID `json:"membership"` // whose activity, in which post; "" for the actor's own hat
	Kind       string           `json:"kind"`
	Area       org.AreaID       `json:"area"` // where; "" for the area of the post
	Day        string           `json:"day"`
	People     int              `json:"people"` // how many took part
	Note       string           `json:"note"`
	Word       string           `json:"word"` // on whose word: Self, or how another told it
}

// On whose word an entry stands.
const (
	Self  = "self"  // the person's own report
	Call  = "call"  // told on the telephone
	Slip  = "slip"  // written on a slip
	Paper = "paper" // typed from a sheet or register
	Told  = "told"  // told face to face
)

// Submit records the report r and gives the entry's id. One may report for any post
// one holds now; for another's post, held on that day, the actor needs report_for on
// its organization, and Word says how the person told it.
// Faults: Invalid, Unauthorized, Forbidden, NotFound, Conflict (the id is taken).
func Submit(tx *db.Tx, by access.Actor, r Report) (id EntryID, err error) {
	defer fault.Op(&err, "activity.Submit(%s)", r.ID)
	if r.Membership == "" {
		r.Membership = org.MembershipID(by.Membership)
	}
	if err := r.Validate(tx.Today()); err != nil {
		return "", err
	}
	m, o, err := mayReport(tx, by, r)
	if err != nil {
		return "", err
	}
	if r.Area == "" {
		r.Area = m.Area
	}
	if err := checkFacts(tx, r, m, o); err != nil {
		return "", err
	}

	word, typedBy, typedPerson := Self, "", ""
	if string(m.Person) != by.Person {
		word, typedBy, typedPerson = r.Word, by.Membership, by.Person
	}
	n, err := tx.Exec(`insert into activity(id, kind, person_id, membership_id, organization_id, unit_id, reporting_id, area_id,
			day, recorded_at, people, note, state, word, typed_by, typed_person)
		values($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'claimed', $13, $14, $15)
		on conflict(id) do nothing`,
		r.ID, r.Kind, m.Person, m.ID, o.ID, db.Null(string(o.Unit)), db.Null(string(o.Reporting)), r.Area,
		r.Day, tx.Millis(), r.People, r.Note, word, db.Null(typedBy), db.Null(typedPerson))
	if err != nil {
		return "", err
	}
	if n == 0 {
		return "", fault.New(fault.Conflict, "fault.already_done")
	}
	if m.LastActivity < r.Day {
		if err := tx.Later(`update membership set last_activity = $1 where id = $2`, r.Day, m.ID); err != nil {
			return "", err
		}
	}
	// activeTurns comes last: on PostgreSQL the entries that it has read must not be added
	// to by others before the commit.
	c := newChange(tx, o, r.Day)
	if err := c.at(r.Area, tally.Figures{tally.Entry: 1, tally.People: r.People}); err != nil {
		return "", err
	}
	if err := c.activeTurns(m, r.ID, "", Claimed); err != nil {
		return "", err
	}
	if err := c.count.AddTo(tx); err != nil {
		return "", err
	}
	return r.ID, access.Audit(tx, by, "activity.reported", "activity", string(r.ID), r)
}

// SubmitOnce is Submit for what a phone or form may send twice: body is what was
// sent. The same body under the same id gives the same answer again; another body
// is a Conflict and is kept for a person to look at. Faults: as Submit's.
func SubmitOnce(tx *db.Tx, by access.Actor, r Report, body []byte) (EntryID, error) {
	if !by.SignedIn() {
		return "", fault.New(fault.Unauthorized, "access.sign_in")
	}
	id, err := db.Once(tx, by.Account, string(r.ID), body, func() (string, error) {
		id, err := Submit(tx, by, r)
		return string(id), err
	})
	return EntryID(id), err
}

// Validate checks what can be checked of the report alone, on the day today. Who
// loads entries in bulk calls it too.
func (r Report) Validate(today string) error {
	var f fault.Form
	f.Check(uuidForm.MatchString(string(r.ID)), "id", "fault.bad_id")
	f.Check(isText(string(r.Membership)), "membership", "fault.bad_utf8")
	f.Check(r.Kind != "", "kind", "fault.required_choice")
	f.Check(isText(r.Kind), "kind", "fault.bad_utf8")
	f.Check(isText(string(r.Area)), "area", "fault.bad_utf8")
	switch {
	case !org.IsDay(r.Day):
		f.Add("day", "fault.bad_day")
	case r.Day > today:
		f.Add("day", "fault.day_future")
	case r.Day < daysBefore(today, MaxAge):
		f.Add("day", "activity.day_too_old", "days", MaxAge)
	}
	f.Check(r.People >= 0 && r.People <= MaxPeople, "people", "fault.number_range", "min", 0, "max", MaxPeople)
	f.Check(isText(r.Note), "note", "fault.bad_utf8")
	f.Check(utf8.RuneCountInString(r.Note) <= MaxNote, "note", "fault.too_long", "max", MaxNote)
	switch r.Word {
	case "", Self, Call, Slip, Paper, Told:
	default:
		f.Add("word", "fault.unknown_choice")
	}
	return f.Err()
}

// mayReport gives the post that r is about and its organization, when by may
// report for it.
func mayReport(tx *db.Tx, by access.Actor, r Report) (m org.Membership, o org.Organization, err error) {
	if !by.SignedIn() {
		return m, o, fault.New(fault.Unauthorized, "access.sign_in")
	}
	if r.Membership == "" {
		return m, o, fault.New(fault.Forbidden, "activity.no_post")
	}
	if m, err = org.LookupMembership(tx, r.Membership); err != nil {
		return m, o, err
	}
	if o, err = org.Lookup(tx, m.Organization); err != nil {
		return m, o, err
	}
	if string(m.Person) != by.Person {
		if err = by.Check(access.ReportFor, o.Target(m.Person)); err == nil && (r.Word == "" || r.Word == Self) {
			err = fault.In("word", "activity.word_missing")
		}
		return m, o, err
	}
	if !m.Running() {
		return m, o, fault.New(fault.Forbidden, "activity.post_ended", "day", lang.Day(m.ToDay))
	}
	if r.Word != "" && r.Word != Self {
		err = fault.In("word", "activity.word_of_oneself")
	}
	return m, o, err
}

// checkFacts checks the report against the register: a known kind, a place in the
// territory of the organization or of its district, a day on which the post was held.
func checkFacts(tx *db.Tx, r Report, m org.Membership, o org.Organization) error {
	var kinds, areas, inside int
	err := tx.Scan(`select (select count(*) from activity_kind where id = $1), (select count(*) from area where id = $2),
		(select count(*) from area_path a join area_path t on t.tree = a.tree and substr(a.path, 1, length(t.path)) = t.path
			where a.area_id = $2 and t.area_id in ($3, (select area_id from organization where id = $4)))`,
		[]any{r.Kind, r.Area, o.Area, o.Unit}, &kinds, &areas, &inside)
	if err != nil {
		return err
	}
	var f fault.Form
	f.Check(kinds > 0, "kind", "fault.unknown_choice")
	f.Check(r.Day >= m.FromDay, "day", "activity.before_post", "day", lang.Day(m.FromDay))
	f.Check(m.Running() || r.Day < m.ToDay, "day", "activity.after_post", "day", lang.Day(m.ToDay))
	if areas == 0 {
		f.Add("area", "activity.unknown_area")
	} else {
		f.Check(inside > 0, "area", "activity.area_outside")
	}
	return f.Err()
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// isText reports whether both engines can store s.
func isText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// daysBefore gives the day n days before a day.
func daysBefore(day string, n int) string {
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	return d.AddDate(0, 0, -n).Format(time.DateOnly)
}
