package review

import (
	"database/sql"
	"maps"
	"slices"
	"strings"
	"time"

	"sangathan/access"
	"sangathan/directive"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
	"sangathan/tally"
)

// Window gives the months of the criteria's window that ends with the last whole
// month before day: first and last month, as YYYY-MM.
func (c Criteria) Window(day string) (fromMonth, toMonth string) {
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return "", ""
	}
	first := time.Date(d.Year(), d.Month(), 1, 0, 0, 0, 0, time.UTC)
	return first.AddDate(0, -c.Months, 0).Format("2006-01"), first.AddDate(0, -1, 0).Format("2006-01")
}

// bearer is a holder of a post with duties, and what the window holds of them.
type bearer struct {
	membership, person, organization, reporting, role string
	fromDay                                           string
	duties                                            []duty
	leaves                                            [][2]string
	entries                                           map[string]map[string]done // month to kind to entries
}

type duty struct {
	id       string
	kinds    string // " kind kind "; "" for any
	perMonth int
	from, to string
}

type done struct{ recorded, confirmed int }

// month is one duty in one month as it will stand in the list.
type month struct {
	duty, month        string
	expected, recorded int
	confirmed          int
	skipped            string
}

// Draft lists, for a district-level body (or the state unit) and the whole months
// from fromMonth to toMonth (YYYY-MM; both "" for the criteria's window), the
// holders who missed their duties. Drafting again, as long as the list has not
// been returned, takes in what has arrived since and keeps what was checked. The
// actor needs draft_list on the body. Faults: Invalid (months), NotFound, Forbidden,
// Conflict (the list was returned; the body's register has not been gone through: who
// holds which post is not known yet, so nobody is told to have missed anything).
func Draft(tx *db.Tx, by access.Actor, unit org.OrganizationID, fromMonth, toMonth string) (id string, err error) {
	defer fault.Op(&err, "review.Draft(%s, %s, %s)", unit, fromMonth, toMonth)
	o, err := org.Lookup(tx, unit)
	if err != nil {
		return "", err
	}
	if err := by.Check(access.DraftList, o.Target("")); err != nil {
		return "", err
	}
	if o.Unit != o.ID {
		return "", fault.In("unit", "review.not_a_unit")
	}
	if o.RegisterOpen {
		return "", fault.New(fault.Conflict, "review.register_open")
	}
	c, err := Current(tx)
	if err != nil {
		return "", err
	}
	if fromMonth == "" && toMonth == "" {
		fromMonth, toMonth = c.Window(tx.Today())
	}
	months, err := wholeMonths(fromMonth, toMonth, tx.Today())
	if err != nil {
		return "", err
	}
	from, to := months[0]+"-01", dayAfter(months[len(months)-1])

	bearers, err := bearersOf(tx, unit)
	if err != nil {
		return "", err
	}
	if err := readLedger(tx, unit, from, to, bearers); err != nil {
		return "", err
	}
	reported, bodies, err := reportedMonths(tx, o, months)
	if err != nil {
		return "", err
	}

	change := tally.NewCount()
	if err := countListed(tx, change, unit, -1); err != nil {
		return "", err
	}
	id, kept, err := begin(tx, by, o, c, from, to)
	if err != nil {
		return "", err
	}
	var sum summary
	lines := tx.Insert("review_line", "id", "review_id", "unit_id", "membership_id", "person_id", "organization_id", "role_id", "expected", "recorded", "confirmed")
	parts := tx.Insert("review_duty", "line_id", "duty_id", "month", "expected", "recorded", "skipped").After(lines)
	silentBearers := map[string]int{}
	for _, m := range slices.Sorted(maps.Keys(bearers)) {
		b := bearers[m]
		detail := b.assess(months, reported)
		expected, recorded, confirmed, silent, leave := 0, 0, 0, false, false
		for _, m := range detail {
			expected, recorded, confirmed = expected+m.expected, recorded+m.recorded, confirmed+m.confirmed
			silent, leave = silent || m.skipped == "silent", leave || m.skipped == "leave"
		}
		sum.bearers++
		if silent {
			silentBearers[b.reporting]++
		}
		switch {
		case expected < c.MinExpected:
			sum.notAssessed++
			if silent {
				sum.silentBearers++
			} else if leave {
				sum.onLeave++
			}
			continue
		case recorded*100 >= c.BelowPercent*expected:
			sum.met++
			continue
		}
		sum.listed++
		if kept[b.membership] {
			continue
		}
		line := tx.NewID()
		if err := lines.Add(line, id, unit, b.membership, b.person, b.organization, b.role, expected, recorded, confirmed); err != nil {
			return "", err
		}
		for _, m := range detail {
			if err := parts.Add(line, m.duty, m.month, m.expected, m.recorded, m.skipped); err != nil {
				return "", err
			}
		}
	}
	if err := lines.Flush(); err != nil {
		return "", err
	}
	if err := parts.Flush(); err != nil {
		return "", err
	}
	if err := writeSilence(tx, id, months, bodies, reported, silentBearers, &sum); err != nil {
		return "", err
	}
	_, err = tx.Exec(`update review set bearers = $1, listed = $2, met = $3, not_assessed = $4, on_leave = $5, silent_bearers = $6,
			silent_units = $7, reporting_units = $8 where id = $9`,
		sum.bearers, sum.listed, sum.met, sum.notAssessed, sum.onLeave, sum.silentBearers, sum.silentBodies, sum.bodies-sum.silentBodies, id)
	if err != nil {
		return "", err
	}
	if err := countListed(tx, change, unit, 1); err != nil {
		return "", err
	}
	if err := change.AddTo(tx); err != nil {
		return "", err
	}
	return id, access.Audit(tx, by, "review.drafted", "review", id, map[string]any{"unit": unit, "from": from, "to": to, "listed": sum.listed})
}

type summary struct {
	bearers, listed, met, notAssessed, onLeave, silentBearers, silentBodies, bodies int
}

// begin makes the review row, or empties the draft that stands, and gives the
// memberships whose lines were already checked and stay as they are.
func begin(tx *db.Tx, by access.Actor, o org.Organization, c Criteria, from, to string) (id string, kept map[string]bool, err error) {
	var state string
	err = tx.Scan(`select id, state from review where unit_id = $1 and from_day = $2 and to_day = $3`, []any{o.ID, from, to}, &id, &state)
	switch {
	case fault.Is(err, fault.NotFound):
		id = tx.NewID()
		_, err = tx.Exec(`insert into review(id, unit_id, criteria_id, from_day, to_day, state, drafted_at, drafted_by, bearers, listed, met,
				not_assessed, on_leave, silent_bearers, silent_units, reporting_units)
			values($1, $2, $3, $4, $5, 'draft', $6, $7, 0, 0, 0, 0, 0, 0, 0, 0)`, id, o.ID, c.ID, from, to, tx.Millis(), by.Account)
		return id, nil, err
	case err != nil:
		return "", nil, err
	case state != "draft":
		return "", nil, fault.New(fault.Conflict, "review.already_sent")
	}
	for _, q := range []string{
		`delete from review_duty where line_id in (select id from review_line where review_id = $1 and verdict = '')`,
		`delete from review_line where review_id = $1 and verdict = ''`,
		`delete from review_silent where review_id = $1`,
	} {
		if _, err := tx.Exec(q, id); err != nil {
			return "", nil, err
		}
	}
	if _, err := tx.Exec(`update review set criteria_id = $1, drafted_at = $2, drafted_by = $3 where id = $4`, c.ID, tx.Millis(), by.Account, id); err != nil {
		return "", nil, err
	}
	checked, err := db.Select(tx, `select membership_id from review_line where review_id = $1`, []any{id}, db.One[string])
	kept = map[string]bool{}
	for _, m := range checked {
		kept[m] = true
	}
	return id, kept, err
}

// bearersOf reads the present holders of posts with duties in the unit.
func bearersOf(tx *db.Tx, unit org.OrganizationID) (map[string]*bearer, error) {
	bearers := map[string]*bearer{}
	type row struct {
		b bearer
		d duty
	}
	rows, err := db.Select(tx, `select m.id, m.person_id, m.organization_id, o.reporting_id, m.role_id, m.from_day, d.id, d.kinds, d.per_month, d.from_day, d.to_day
		from organization o join membership m on m.organization_id = o.id and m.to_day is null join duty d on d.role_id = m.role_id
		where o.unit_id = $1 order by m.id, d.id`, []any{unit}, func(s db.Scanner) (r row, err error) {
		var reporting, from, to sql.NullString
		err = s.Scan(&r.b.membership, &r.b.person, &r.b.organization, &reporting, &r.b.role, &r.b.fromDay, &r.d.id, &r.d.kinds, &r.d.perMonth, &from, &to)
		r.b.reporting, r.d.from, r.d.to = reporting.String, from.String, to.String
		return r, err
	})
	for _, r := range rows {
		b := bearers[r.b.membership]
		if b == nil {
			b = &r.b
			b.entries = map[string]map[string]done{}
			bearers[b.membership] = b
		}
		b.duties = append(b.duties, r.d)
	}
	return bearers, err
}

// readLedger adds the unit's entries and recorded leave in [from, to). An entry
// that a second person disputed does not count until that is settled.
func readLedger(tx *db.Tx, unit org.OrganizationID, from, to string, bearers map[string]*bearer) error {
	rows, err := tx.Query(`select membership_id, substr(day, 1, 7), kind, count(*), count(*) filter (where state = 'confirmed')
		from activity where unit_id = $1 and day >= $2 and day < $3 and state <> 'disputed' group by 1, 2, 3`, unit, from, to)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var membership, month, kind string
		var t done
		if err := rows.Scan(&membership, &month, &kind, &t.recorded, &t.confirmed); err != nil {
			return err
		}
		if b := bearers[membership]; b != nil {
			if b.entries[month] == nil {
				b.entries[month] = map[string]done{}
			}
			b.entries[month][kind] = t
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	leaves, err := tx.Query(`select l.membership_id, l.from_day, l.to_day from organization o join membership m on m.organization_id = o.id
			join leave l on l.membership_id = m.id
		where o.unit_id = $1 and m.to_day is null and l.from_day < $2 and l.to_day > $3`, unit, to, from)
	if err != nil {
		return err
	}
	defer leaves.Close()
	for leaves.Next() {
		var membership string
		var l [2]string
		if err := leaves.Scan(&membership, &l[0], &l[1]); err != nil {
			return err
		}
		if b := bearers[membership]; b != nil {
			b.leaves = append(b.leaves, l)
		}
	}
	return leaves.Err()
}

// reportedMonths says in which months each reporting body of the unit was heard
// of: its monthly report came, or at least one entry did.
func reportedMonths(tx *db.Tx, unit org.Organization, months []string) (reported map[string]map[string]bool, bodies []string, err error) {
	reported = map[string]map[string]bool{}
	bodies, err = db.Select(tx, `select id from organization where unit_id = $1 and reporting_id = id and dissolved is null order by path`, []any{unit.ID}, db.One[string])
	if err != nil {
		return nil, nil, err
	}
	for _, b := range bodies {
		reported[b] = map[string]bool{}
	}
	answered, err := directive.ReportingMonths(tx, unit.ID, months[0], months[len(months)-1])
	if err != nil {
		return nil, nil, err
	}
	for body, in := range answered {
		for m, ok := range in {
			if ok && reported[string(body)] != nil {
				reported[string(body)][m] = true
			}
		}
	}
	rows, err := tx.Query(`select distinct reporting_id, substr(day, 1, 7) from activity where unit_id = $1 and day >= $2 and day < $3 and reporting_id is not null`,
		unit.ID, months[0]+"-01", dayAfter(months[len(months)-1]))
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var body, m string
		if err := rows.Scan(&body, &m); err != nil {
			return nil, nil, err
		}
		if reported[body] != nil {
			reported[body][m] = true
		}
	}
	return reported, bodies, rows.Err()
}

// assess works out every duty of b in every month: pure, so that the rule can be
// read and tested alone.
func (b *bearer) assess(months []string, reported map[string]map[string]bool) []month {
	var out []month
	for _, d := range b.duties {
		for _, name := range months {
			m := month{duty: d.id, month: name}
			first, next := name+"-01", dayAfter(name)
			inPost := daysIn(later(first, b.fromDay, d.from), sooner(next, d.to))
			worked := inPost - b.leaveDays(later(first, b.fromDay, d.from), sooner(next, d.to))
			switch {
			case b.reporting != "" && reported[b.reporting] != nil && !reported[b.reporting][name]:
				m.skipped = "silent"
			case inPost == 0:
				m.skipped = "not_in_post"
			case worked == 0:
				m.skipped = "leave"
			default:
				m.expected = d.perMonth * worked / daysIn(first, next)
				for kind, t := range b.entries[name] {
					if d.kinds == "" || strings.Contains(d.kinds, " "+kind+" ") {
						m.recorded += t.recorded
						m.confirmed += t.confirmed
					}
				}
				if m.expected == 0 && inPost > worked {
					m.skipped = "leave"
				}
			}
			out = append(out, m)
		}
	}
	return out
}

// leaveDays counts the days of [from, to) that lie in any recorded leave.
func (b *bearer) leaveDays(from, to string) int {
	n := 0
	for day := from; day < to; day = nextDay(day) {
		for _, l := range b.leaves {
			if day >= l[0] && day < l[1] {
				n++
				break
			}
		}
		if len(b.leaves) == 0 {
			return 0
		}
	}
	return n
}

// writeSilence puts down the bodies that were not heard of, and who owed the
// report: the highest holder there whose role answers directives.
func writeSilence(tx *db.Tx, review string, months, bodies []string, reported map[string]map[string]bool, bearers map[string]int, sum *summary) error {
	in := tx.Insert("review_silent", "review_id", "organization_id", "months_missing", "months", "owed_by", "bearers")
	for _, body := range bodies {
		sum.bodies++
		missing := len(months)
		for _, m := range months {
			if reported[body][m] {
				missing--
			}
		}
		if missing == 0 {
			continue
		}
		if missing == len(months) {
			sum.silentBodies++
		}
		owed, err := tx.Text(`select m.id from membership m join role_act a on a.role_id = m.role_id and a.act = 'answer_directive'
				join role r on r.id = m.role_id
			where m.organization_id = $1 and m.to_day is null order by r.rank, m.from_day, m.id limit 1`, body)
		if err != nil {
			return err
		}
		if err := in.Add(review, body, missing, len(months), db.Null(owed), bearers[body]); err != nil {
			return err
		}
	}
	return in.Flush()
}

// wholeMonths lists the months from first to last, all of them past.
func wholeMonths(first, last, today string) ([]string, error) {
	var f fault.Form
	a, errA := time.Parse("2006-01", first)
	z, errZ := time.Parse("2006-01", last)
	f.Check(errA == nil, "from_month", "review.bad_month")
	f.Check(errZ == nil, "to_month", "review.bad_month")
	if errA == nil && errZ == nil {
		f.Check(!z.Before(a), "to_month", "review.months_reversed")
		f.Check(last < today[:7], "to_month", "review.month_not_over")
		f.Check(z.Before(a.AddDate(1, 0, 0)), "to_month", "review.too_many_months")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	var out []string
	for m := a; !m.After(z); m = m.AddDate(0, 1, 0) {
		out = append(out, m.Format("2006-01"))
	}
	return out, nil
}

// dayAfter gives the first day after a month YYYY-MM.
func dayAfter(month string) string {
	m, _ := time.Parse("2006-01", month)
	return m.AddDate(0, 1, 0).Format(time.DateOnly)
}

func nextDay(day string) string {
	d, _ := time.Parse(time.DateOnly, day)
	return d.AddDate(0, 0, 1).Format(time.DateOnly)
}

// daysIn counts the days of [from, to); none when to is not after from.
func daysIn(from, to string) int {
	a, _ := time.Parse(time.DateOnly, from)
	z, _ := time.Parse(time.DateOnly, to)
	return max(0, int(z.Sub(a).Hours()/24))
}

func later(days ...string) string {
	out := days[0]
	for _, d := range days[1:] {
		out = max(out, d)
	}
	return out
}

func sooner(a, b string) string {
	if b == "" {
		return a
	}
	return min(a, b)
}
