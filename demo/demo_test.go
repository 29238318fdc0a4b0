package demo

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"sangathan/activity"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"
	"sangathan/pack"
	"sangathan/review"
)

// today is the day of the demonstrations made here.
var today = time.Date(2026, 11, 22, 15, 30, 0, 0, time.FixedZone("IST", 19800))

// made is a small state that the tests read, made once.
var made = newOnce()

type once struct {
	dir string
	res Result
	err error
}

func newOnce() func(t *testing.T) (*db.Unit, Result) {
	var o *once
	return func(t *testing.T) (*db.Unit, Result) {
		t.Helper()
		if o == nil {
			o = &once{}
			if o.dir, o.err = os.MkdirTemp("", "sangathan-demo-"); o.err == nil {
				o.res, o.err = Make(t.Context(), filepath.Join(o.dir, "state"), Options{Seed: 1, Scale: Small, Now: today})
			}
		}
		if o.err != nil {
			t.Fatal(o.err)
		}
		dir := filepath.Join(t.TempDir(), "state")
		if err := os.CopyFS(dir, os.DirFS(filepath.Join(o.dir, "state"))); err != nil {
			t.Fatal(err)
		}
		return open(t, dir), o.res
	}
}

func TestMain(m *testing.M) {
	if path := os.Getenv("DEMO_TEST_MAKE"); path != "" { // see TestKilledHalfWay
		_, err := Make(context.Background(), path, Options{Seed: 1, Scale: Small, Now: today, Progress: func(stage string, done, total int) {
			fmt.Println(stage, done)
			if stage == StageIndex {
				select {} // until killed
			}
		}})
		fmt.Println("not killed:", err)
		os.Exit(1)
	}
	code := m.Run()
	for _, dir := range globs(filepath.Join(os.TempDir(), "sangathan-demo-*")) {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

func open(t *testing.T, path string) *db.Unit {
	return dbtest.Open(t, path, dbtest.At(dbtest.NewClock(today)))
}

func read(t *testing.T, u *db.Unit, fn func(tx *db.Tx) error) {
	t.Helper()
	if err := u.Read(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// number is the result of a query that gives one number.
func number(t *testing.T, u *db.Unit, query string, args ...any) (n int) {
	t.Helper()
	read(t, u, func(tx *db.Tx) (err error) { n, err = tx.Int(query, args...); return err })
	return n
}

// TestJ3_MakesAState holds on both engines what every demonstration promises.
func TestJ3_MakesAState(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		u, res := made(t)
		checkState(t, u, res)
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := dbtest.DSN(t)
		res, err := Make(t.Context(), dsn, Options{Seed: 1, Scale: Small, Now: today})
		if err != nil {
			t.Fatal(err)
		}
		checkState(t, open(t, dsn), res)
		_, here := made(t)
		here.Seconds, here.Stages, res.Seconds, res.Stages = 0, nil, 0, nil
		a, _ := json.Marshal(here)
		b, _ := json.Marshal(res)
		if string(a) != string(b) {
			t.Errorf("the engines differ:\n%s\n%s", a, b)
		}
		if _, err := Make(t.Context(), dsn, Options{Scale: Small, Now: today}); !fault.Is(err, fault.Conflict) {
			t.Errorf("a second state in the same schema: %v", err)
		}
	})
}

func checkState(t *testing.T, u *db.Unit, res Result) {
	for kind, want := range map[string]int{"state": 1, "division": 18, "district": 75, "block": 828, "loksabha": 80, "assembly": 403, "booth": 3000} {
		if res.Areas[kind] != want {
			t.Errorf("%d areas of kind %s, want %d", res.Areas[kind], kind, want)
		}
	}
	for what, c := range map[string]struct{ got, want int }{
		"people":    {res.People, number(t, u, `select count(*) from person`)},
		"posts":     {res.Posts, number(t, u, `select sum(seats) from post`)},
		"vacancies": {res.Vacancies, number(t, u, `select count(*) from seat where state = 'vacant'`)},
		"unknown":   {res.Unknown, number(t, u, `select count(*) from seat where state = 'unknown'`)},
		"ledger":    {res.Ledger, number(t, u, `select count(*) from activity`)},
		"listed":    {res.Inactive.Listed, number(t, u, `select sum(listed) from review`)},
		"lines":     {res.Inactive.Listed, number(t, u, `select count(*) from review_line`)},
		"lists":     {number(t, u, `select count(*) from organization where unit_id = id`), number(t, u, `select count(*) from review`)},
		"executive": {number(t, u, `select sum(seats) from post where role_id in ('vice_president', 'general_secretary', 'secretary')`), 130},
		"vice":      {number(t, u, `select sum(seats) from post where role_id = 'vice_president'`), 16},
		"general":   {number(t, u, `select sum(seats) from post where role_id = 'general_secretary'`), 38},
		"desk":      {number(t, u, `select sum(seats) from post where role_id in ('desk', 'caller')`), 10},
		"cells":     {number(t, u, `select count(*) from organization where kind = 'cell'`), 8},
		"agents":    {number(t, u, `select count(*) from seat where role_id = 'booth_agent'`), 3000},
	} {
		if c.got != c.want || c.got == 0 {
			t.Errorf("%s: %d, want %d", what, c.got, c.want)
		}
	}

	// Rows that must not be.
	for what, query := range map[string]string{
		"seat filled without a running membership in it, or the other way round": `select count(*) from seat s left join membership m on m.seat_id = s.id and m.to_day is null
			where (s.state = 'filled') <> (m.id is not null) or coalesce(s.membership_id, '') <> coalesce(m.id, '')`,
		"membership that does not agree with its post": `select count(*) from membership m join post p on p.id = m.post_id
			where m.organization_id <> p.organization_id or m.role_id <> p.role_id or m.area_id <> p.area_id`,
		"seat that does not agree with its post": `select count(*) from seat s join post p on p.id = s.post_id join organization o on o.id = p.organization_id
			where s.organization_id <> p.organization_id or s.role_id <> p.role_id or s.unit_id <> o.unit_id`,
		"vacant seat without since when":                   `select count(*) from seat where state = 'vacant' and (since is null or known_from is null)`,
		"unknown seat in a register gone through":          `select count(*) from seat s join organization o on o.id = s.organization_id where s.state = 'unknown' and o.register_open = false`,
		"membership that has grants and does not run":      `select count(*) from access_grant g join membership m on m.id = g.membership_id where m.to_day is not null`,
		"president without grants":                         `select count(*) from membership m where m.to_day is null and m.role_id = 'block_president' and not exists(select 1 from access_grant g where g.membership_id = m.id)`,
		"former holder who left after the seat was vacant": `select count(*) from membership m join seat s on s.id = m.seat_id where m.to_day is not null and m.begun_by = 'as_found' and m.end_order is null and m.to_day <> s.since`,
		"person without a post":                            `select count(*) from person p where not exists(select 1 from membership m where m.person_id = p.id) and not exists(select 1 from proposal d where d.person_id = p.id)`,
		"person in one post twice":                         `select count(*) from (select 1 from membership where to_day is null group by person_id, post_id having count(*) > 1) x`,
		"booth not in exactly one mandal":                  `select count(*) from area b where b.kind = 'booth' and 1 <> (select count(*) from area_parent p join area m on m.id = p.parent_id and m.kind = 'mandal' where p.tree = 'organization' and p.area_id = b.id)`,
		"booth not in exactly one seat":                    `select count(*) from area b where b.kind = 'booth' and 1 <> (select count(*) from area_parent p join area m on m.id = p.parent_id and m.kind = 'assembly' where p.tree = 'electoral' and p.area_id = b.id)`,
		"booth without its agent's post":                   `select count(*) from area b where b.kind = 'booth' and 1 <> (select count(*) from post p where p.area_id = b.id and p.role_id = 'booth_agent')`,
		"booth outside the district of its unit":           `select count(*) from area b join area_path p on p.tree = 'organization' and p.area_id = b.id join area_parent e on e.tree = 'electoral' and e.area_id = b.id join area_parent d on d.tree = 'administrative' and d.area_id = e.parent_id join organization u on u.unit_id = u.id and u.parent_id is not null and u.kind <> 'cell_district' and substr(p.path, 1, length(u.area_path)) = u.area_path where b.kind = 'booth' and u.area_id <> d.parent_id and not exists(select 1 from area_identifier i where i.area_id = u.area_id and i.scheme = 'district' and i.value = d.parent_id)`,
		"path that does not follow from its parent":        `select count(*) from area_parent r join area_path c on c.tree = r.tree and c.area_id = r.area_id join area_path p on p.tree = r.tree and p.area_id = r.parent_id where substr(c.path, 1, length(p.path)) <> p.path or c.path = p.path`,
		"territory of one unit within another's":           `select count(*) from organization a join organization b on a.id <> b.id and substr(a.area_path, 1, length(b.area_path)) = b.area_path where a.unit_id = a.id and b.unit_id = b.id and a.parent_id is not null and b.parent_id is not null`,
		"body outside the territory of its unit":           `select count(*) from organization o join organization u on u.id = o.unit_id where substr(o.area_path, 1, length(u.area_path)) <> u.area_path`,
		"body that owes a report and is not its own":       `select count(*) from organization o join organization_kind k on k.id = o.kind where k.reports <> (coalesce(o.reporting_id, '') = o.id)`,
		"mandal of more than 25 booths":                    `select count(*) from (select 1 from area_parent p join area m on m.id = p.parent_id and m.kind = 'mandal' where p.tree = 'organization' group by m.id having count(*) > 25) x`,
		"entry on a day on which the post was not held":    `select count(*) from activity a join membership m on m.id = a.membership_id where a.day < m.from_day`,
		"entry of someone else's post":                     `select count(*) from activity a join membership m on m.id = a.membership_id join organization o on o.id = m.organization_id where a.person_id <> m.person_id or a.organization_id <> o.id or a.unit_id <> o.unit_id or coalesce(a.reporting_id, '') <> coalesce(o.reporting_id, '')`,
		"entry recorded before its day or after now":       `select count(*) from activity where recorded_at < 1000000000000 or recorded_at > ` + strconv.FormatInt(today.UnixMilli(), 10),
		"entry from outside the territory":                 `select count(*) from activity a where not exists(select 1 from area_path p join area_path t on t.tree = p.tree and substr(p.path, 1, length(t.path)) = t.path join organization o on o.area_id = t.area_id where p.area_id = a.area_id and (o.id = a.organization_id or o.id = a.unit_id))`,
		"last activity that is not the newest entry's day": `select count(*) from membership m where coalesce(m.last_activity, '') <> coalesce((select max(day) from activity a where a.membership_id = m.id), '')`,
		"entry not in the state that its checks say":       `select count(*) from activity a left join activity_check c on c.activity_id = a.id where a.state <> coalesce(c.verdict, 'claimed')`,
		"check by the person or the typist":                `select count(*) from activity a join activity_check c on c.activity_id = a.id where c.person_id = a.person_id or c.person_id = a.typed_person`,
		"typed by another without saying on whose word":    `select count(*) from activity where (word = 'self') <> (typed_by is null) or (typed_by is null) <> (typed_person is null) or typed_person = person_id`,
		"checked or typed by someone who may not":          `select count(*) from activity a left join activity_check c on c.activity_id = a.id join membership m on m.id = coalesce(c.membership_id, a.typed_by) where not exists(select 1 from role_act r where r.role_id = m.role_id and r.act in ('confirm_activity', 'report_for'))`,
		"monthly report from a body that does not owe it":  `select count(*) from directive_answer a join directive d on d.id = a.directive_id join organization o on o.id = a.organization_id where d.kind = 'monthly_report' and o.reporting_id <> o.id`,
		"notice within a draft":                            `select count(*) from review_case k join review_line l on l.id = k.line_id join review v on v.id = l.review_id where v.state <> 'sent'`,
		"account without a person":                         `select count(*) from account a where not exists(select 1 from person p where p.id = a.person_id)`,
	} {
		if n := number(t, u, query); n != 0 {
			t.Errorf("%s: %d", what, n)
		}
	}
	// Rows that must be.
	for what, query := range map[string]string{
		"person with several posts":             `select count(*) from (select 1 from membership where to_day is null group by person_id having count(*) > 1) x`,
		"phone of several people":               `select count(*) from (select 1 from phone group by number having count(*) > 1) x`,
		"former holder":                         `select count(*) from membership where to_day is not null and begun_by = 'as_found'`,
		"unit with a part of a district":        `select count(*) from organization o join area a on a.id = o.area_id and a.kind = 'unit' where o.kind = 'district_unit'`,
		"unit with a whole district":            `select count(*) from organization o join area a on a.id = o.area_id and a.kind = 'district' where o.kind = 'district_unit'`,
		"city unit":                             `select count(*) from organization where kind = 'city_unit'`,
		"entry typed on another's word":         `select count(*) from activity where word = 'call'`,
		"disputed entry":                        `select count(*) from activity where state = 'disputed'`,
		"late monthly report":                   `select count(*) from directive_answer where period <> '' and answered_at is not null`,
		"acknowledged and unanswered directive": `select count(*) from directive_answer where answered_at is null`,
		"open proposal":                         `select count(*) from proposal where state = 'open'`,
		"approved proposal":                     `select count(*) from proposal where state = 'approved'`,
		"list that is returned":                 `select count(*) from review where state = 'sent'`,
		"list in hand":                          `select count(*) from review v where v.state = 'draft' and exists(select 1 from review_line l where l.review_id = v.id and l.verdict = '') and exists(select 1 from review_line l where l.review_id = v.id and l.verdict <> '')`,
		"silent body":                           `select count(*) from review_silent`,
		"relief without notice":                 `select count(*) from membership where end_reason = 'relieved_without_notice'`,
		"resignation":                           `select count(*) from membership where end_reason = 'resigned' and end_order is not null`,
		"death":                                 `select count(*) from membership where end_reason = 'died' and end_order is not null`,
	} {
		if n := number(t, u, query); n == 0 {
			t.Errorf("no %s", what)
		}
	}
	for _, step := range []string{review.StepOpened, review.StepSpoken, review.StepServed, review.StepReplied, review.StepRecommended, review.StepDecided, review.StepAppealed, review.StepClosed} {
		if number(t, u, `select count(*) from review_case where step = $1`, step) == 0 {
			t.Errorf("no case stands at %s", step)
		}
	}
	if res.Inactive.AccusedSilent != 0 || res.Inactive.AccusedLeave != 0 {
		t.Errorf("accused in silent bodies %d, on leave %d", res.Inactive.AccusedSilent, res.Inactive.AccusedLeave)
	}

	// The sign-ins are all there, each with a phone of its own.
	var as []string
	for _, s := range res.SignIns {
		as = append(as, s.As)
		if n := number(t, u, `select count(*) from phone where number = $1`, s.Phone); n != 1 {
			t.Errorf("%s: %d people have %s", s.As, n, s.Phone)
		}
		if !lang.Has("demo.as_" + s.As) {
			t.Errorf("no message for %s", s.As)
		}
	}
	if want := []string{"state_incharge", "state_desk", "district_president", "block_president", "worker", "under_review"}; !slices.Equal(as, want) {
		t.Errorf("sign-ins as %v", as)
	}
	if n := number(t, u, `select count(*) from phone h join review_case k on k.person_id = h.person_id where h.number = $1 and k.step = 'served'`, res.SignIns[5].Phone); n != 1 {
		t.Errorf("the person under review has %d notices to reply to", n)
	}
}

// TestNamesStandInBothScripts looks at every person, organization and area.
func TestNamesStandInBothScripts(t *testing.T) {
	u, _ := made(t)
	has := func(s string, in func(rune) bool) bool { return strings.IndexFunc(s, in) >= 0 }
	latin := func(c rune) bool { return c < unicode.MaxASCII && unicode.IsLetter(c) }
	devanagari := func(c rune) bool { return unicode.Is(unicode.Devanagari, c) }
	read(t, u, func(tx *db.Tx) error {
		names, err := db.Select(tx, `select name_hi, name_en from person union all select name_hi, name_en from organization union all select name_hi, name_en from area`, nil,
			func(s db.Scanner) (v [2]string, err error) { return v, s.Scan(&v[0], &v[1]) })
		for _, n := range names {
			if !has(n[0], devanagari) || has(n[0], latin) || !has(n[1], latin) || has(n[1], devanagari) {
				t.Errorf("%q, %q", n[0], n[1])
			}
		}
		return err
	})
	if n := number(t, u, `select count(*) from person where birth_year is null or birth_year > 2026 - 18 or gender not in ('f', 'm')`); n != 0 {
		t.Errorf("%d people under age or without a gender", n)
	}
	if n := number(t, u, `select count(*) from phone where length(number) <> 10 or substr(number, 1, 3) <> '600'`); n != 0 {
		t.Errorf("%d phones that are not of the invented range", n)
	}
}

// truthRow is a row of truth.csv with what the database holds of it.
type truthRow struct {
	membership, unit, truth string
	silent                  bool
	perMonth                int
	year, window            int // entries in the year, and in the window of the list
	days                    int // of the year in the post
}

func truthOf(t *testing.T, u *db.Unit) (rows []truthRow) {
	f, err := os.Open(filepath.Join(u.Path(), "truth.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(lines[0], ","); got != "membership,role,unit,reporting,per_month,truth,silent" {
		t.Fatal("columns ", got)
	}
	counts, begun := map[string][2]int{}, map[string]string{}
	read(t, u, func(tx *db.Tx) error {
		rows, err := tx.Query(`select membership_id, count(*), count(*) filter (where day >= '2026-05-01' and day < '2026-11-01') from activity group by 1`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var m string
			var n [2]int
			if err := rows.Scan(&m, &n[0], &n[1]); err != nil {
				return err
			}
			counts[m] = n
		}
		return rows.Err()
	})
	read(t, u, func(tx *db.Tx) error {
		found, err := db.Select(tx, `select id, from_day from membership`, nil, func(s db.Scanner) (v [2]string, err error) { return v, s.Scan(&v[0], &v[1]) })
		for _, m := range found {
			begun[m[0]] = m[1]
		}
		return err
	})
	for _, l := range lines[1:] {
		d, _ := strconv.Atoi(l[4])
		from, err := time.Parse(time.DateOnly, begun[l[0]])
		if err != nil {
			t.Fatalf("membership %s: %v", l[0], err)
		}
		held := min(365, int(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC).Sub(from).Hours()/24))
		rows = append(rows, truthRow{membership: l[0], unit: l[2], truth: l[5], silent: l[6] == "true", perMonth: d, year: counts[l[0]][0], window: counts[l[0]][1], days: held})
	}
	return rows
}

// TestTheTruthHolds compares the rates of TRUTH.md with what was made; a deviation
// of five standard errors is a defect.
func TestTheTruthHolds(t *testing.T) {
	u, res := made(t)
	rows := truthOf(t, u)
	n, by := float64(len(rows)), map[string]int{}
	var expected, got, idleExpected, idleGot float64
	for _, r := range rows {
		by[r.truth]++
		switch {
		case r.perMonth*6 < 12:
			t.Errorf("%s is expected %d entries in the window", r.membership, r.perMonth*6)
		case r.silent && r.year != 0:
			t.Errorf("%s of a silent body has %d entries", r.membership, r.year)
		case r.truth == truthLeave && r.window != 0:
			t.Errorf("%s has %d entries during leave", r.membership, r.window)
		case r.silent:
		case r.truth == truthWorking:
			expected += workRate * float64(r.perMonth) * float64(r.days) * 12 / 365
			got += float64(r.year)
		case r.truth == truthIdle:
			idleExpected += idleRate / 2 * float64(r.perMonth) * float64(r.days) * 12 / 365
			idleGot += float64(r.year)
		}
	}
	near := func(what string, got, want, err float64) {
		t.Logf("%s: %.4f, of %.4f", what, got, want)
		if math.Abs(got-want) > 5*err {
			t.Errorf("%s is %.4f, should be %.4f with a standard error of %.4f", what, got, want, err)
		}
	}
	share := func(p float64) float64 { return math.Sqrt(p * (1 - p) / n) }
	near("idle", float64(by[truthIdle])/n, shareIdle, share(shareIdle))
	near("on leave", float64(by[truthLeave])/n, shareLeave, share(shareLeave))
	// Those at work: nine tenths arrive, and of every hundred one and a half are added.
	arrive := (1 - shareLost) * (1 + shareInvented/2)
	near("entries of those at work", got/expected, arrive, arrive/math.Sqrt(got)+0.004)
	// The idle: their own, and one and a half for every hundred of the others'.
	want := idleExpected*(1-shareLost) + shareInvented/2*got
	near("entries of the idle", idleGot/want, 1, 2/math.Sqrt(want)+0.03)

	for _, kind := range []string{"block_committee", "cell_district"} {
		all := number(t, u, `select count(*) from organization where kind = $1`, kind)
		silent := number(t, u, `select count(*) from organization o where o.kind = $1 and not exists(select 1 from directive_answer a where a.organization_id = o.id and a.period <> '')`, kind)
		if math.Abs(float64(silent)-0.15*float64(all)) > 3 {
			t.Errorf("%d of %d bodies of kind %s are silent", silent, all, kind)
		}
	}
	for state, want := range map[string]float64{"filled": 0.5, "vacant": 0.25, "unknown": 0.25} {
		share := float64(number(t, u, `select count(*) from seat where role_id = 'booth_agent' and state = $1`, state)) / 3000
		near("booth agents "+state, share, want, 0.02)
	}
	if i := res.Inactive; i.Idle+i.Working+i.OnLeave+i.SilentBearers != len(rows) {
		t.Errorf("%+v do not come to %d", i, len(rows))
	}
}

// TestEntriesAreSuchAsTheVerbTakes holds the loader to what activity.Submit demands.
func TestEntriesAreSuchAsTheVerbTakes(t *testing.T) {
	u, _ := made(t)
	read(t, u, func(tx *db.Tx) error {
		entries, err := db.Select(tx, `select id, membership_id, kind, area_id, day, people, note, word from activity where day >= '2026-10-01'`, nil,
			func(s db.Scanner) (r activity.Report, err error) {
				return r, s.Scan(&r.ID, &r.Membership, &r.Kind, &r.Area, &r.Day, &r.People, &r.Note, &r.Word)
			})
		if len(entries) < 1000 {
			t.Errorf("only %d entries in the last weeks", len(entries))
		}
		for _, e := range entries {
			if err := e.Validate("2026-11-22"); err != nil {
				t.Fatalf("%+v: %v", e, err)
			}
			if e.Day > "2026-11-21" {
				t.Fatalf("an entry of %s: the ledger ends yesterday", e.Day)
			}
		}
		return err
	})
	if first := number(t, u, `select count(*) from activity where day < '2025-11-22'`); first != 0 {
		t.Errorf("%d entries from before the twelve months", first)
	}
}

// TestSameSeedSameRows makes the state twice and compares every row of every table.
func TestSameSeedSameRows(t *testing.T) {
	first, _ := made(t)
	dir := filepath.Join(t.TempDir(), "again")
	if _, err := Make(t.Context(), dir, Options{Seed: 1, Scale: Small, Now: today}); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other")
	if _, err := Make(t.Context(), other, Options{Seed: 2, Scale: Small, Now: today}); err != nil {
		t.Fatal(err)
	}
	a, b, c := hashes(t, first), hashes(t, open(t, dir)), hashes(t, open(t, other))
	if len(a) < 30 {
		t.Fatalf("%d tables", len(a))
	}
	for table := range a {
		if a[table] != b[table] {
			t.Errorf("table %s differs", table)
		}
	}
	for _, table := range []string{"person", "membership", "activity", "review_line"} {
		if a[table] == c[table] {
			t.Errorf("another seed gives the same table %s", table)
		}
	}
}

// hashes gives a hash over all rows of each table.
func hashes(t *testing.T, u *db.Unit) map[string]string {
	sums := map[string]string{}
	read(t, u, func(tx *db.Tx) error {
		tables, err := db.Select(tx, `select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name not like 'goose_%'`, nil, db.One[string])
		if err != nil {
			return err
		}
		for _, table := range tables {
			rows, err := tx.Query(`select * from ` + table)
			if err != nil {
				return err
			}
			columns, err := rows.Columns()
			if err != nil {
				return err
			}
			var lines []string
			values := make([]sql.NullString, len(columns))
			into := make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			for rows.Next() {
				if err := rows.Scan(into...); err != nil {
					return err
				}
				line := ""
				for _, v := range values {
					line += fmt.Sprintf("%v%q,", v.Valid, v.String)
				}
				lines = append(lines, line)
			}
			if err := rows.Err(); err != nil {
				return err
			}
			rows.Close()
			slices.Sort(lines)
			sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
			sums[table] = hex.EncodeToString(sum[:])
		}
		return nil
	})
	return sums
}

func globs(pattern string) []string {
	found, _ := filepath.Glob(pattern)
	return found
}

// TestKilledHalfWay kills a demonstration and makes it again.
func TestKilledHalfWay(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "state")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "DEMO_TEST_MAKE="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen, buf := "", make([]byte, 4096)
	for !strings.Contains(seen, StageIndex) {
		n, err := out.Read(buf)
		if err != nil {
			t.Fatalf("the demonstration ended: %s", seen)
		}
		seen += string(buf[:n])
	}
	// Another beside it must not take its folder away.
	if _, err := Make(t.Context(), filepath.Join(parent, "state"), Options{Scale: "none"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("an unknown scale: %v", err)
	}
	folder, _, err := db.Staging(dir)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(globs(dir + ".making-*")); n != 2 {
		t.Errorf("%d folders while one is being made", n)
	}
	os.RemoveAll(folder)

	cmd.Process.Kill()
	cmd.Wait()
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something stands at the target: %v", err)
	}
	if n := len(globs(dir + ".making-*")); n != 1 {
		t.Errorf("%d folders left by the killed one", n)
	}
	if _, err := Make(t.Context(), dir, Options{Seed: 1, Scale: Small, Now: today}); err != nil {
		t.Fatal(err)
	}
	if left := globs(dir + ".making-*"); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	if _, err := Make(t.Context(), dir, Options{Seed: 1, Scale: Small, Now: today}); !fault.Is(err, fault.Conflict) {
		t.Errorf("made over another: %v", err)
	}
}

func TestCancelledLeavesNothing(t *testing.T) {
	for _, stage := range []string{StageRegister, StageLists} {
		parent := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		_, err := Make(ctx, filepath.Join(parent, "state"), Options{Scale: Small, Now: today, Progress: func(s string, done, total int) {
			if s == stage && done >= total/2 {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled at %s: %v", stage, err)
		}
		if left := globs(filepath.Join(parent, "*")); len(left) != 0 {
			t.Errorf("cancelled at %s: left %q", stage, left)
		}
	}
}

// TestOtherDays makes the state on days on which the months are hard.
func TestOtherDays(t *testing.T) {
	ist := today.Location()
	for _, now := range []time.Time{
		time.Date(2027, 3, 1, 0, 10, 0, 0, ist),
		time.Date(2028, 2, 29, 23, 50, 0, 0, ist),
		time.Date(2026, 12, 31, 12, 0, 0, 0, ist),
	} {
		res, err := Make(t.Context(), filepath.Join(t.TempDir(), "state"), Options{Seed: 3, Scale: Small, Now: now})
		if err != nil {
			t.Fatalf("%v: %v", now, err)
		}
		if i := res.Inactive; i.AccusedSilent+i.AccusedLeave != 0 || i.Precision < 0.9 || i.Recall < 0.88 {
			t.Errorf("%v: %+v", now, i)
		}
	}
}

// TestD1_ListFindsTheIdle measures the list over several seeds together.
func TestD1_ListFindsTheIdle(t *testing.T) {
	var idle, listed, right, found float64
	for seed := uint64(1); seed <= 5; seed++ {
		res, err := Make(t.Context(), filepath.Join(t.TempDir(), "state"), Options{Seed: seed, Scale: Small, Now: today})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		i := res.Inactive
		t.Logf("seed %d: %+v", seed, i)
		idle, listed = idle+float64(i.Idle), listed+float64(i.Listed)
		right, found = right+i.Precision*float64(i.Listed), found+i.Recall*float64(i.Idle)
		if i.AccusedSilent != 0 || i.AccusedLeave != 0 {
			t.Errorf("seed %d: accused in silent bodies %d, on leave %d", seed, i.AccusedSilent, i.AccusedLeave)
		}
	}
	if recall, precision := found/idle, right/listed; recall < 0.945 || precision < 0.93 {
		t.Errorf("recall %.3f, precision %.3f", recall, precision)
	}
}

// TestWholeState makes the default state with each seed that is named in
// SANGATHAN_DEMO_SEEDS (half a minute each) and prints what came of it.
func TestWholeState(t *testing.T) {
	seeds := os.Getenv("SANGATHAN_DEMO_SEEDS")
	if seeds == "" {
		t.Skip("set SANGATHAN_DEMO_SEEDS=1,2,3 to make whole states")
	}
	for _, s := range strings.Split(seeds, ",") {
		seed, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "state")
		res, err := Make(t.Context(), dir, Options{Seed: seed, Scale: os.Getenv("SANGATHAN_DEMO_SCALE"), BoothsFile: os.Getenv("SANGATHAN_DEMO_BOOTHS"), Now: today})
		if err != nil {
			t.Fatal(err)
		}
		out, _ := json.Marshal(res)
		file, _ := os.Stat(filepath.Join(dir, "unit.db"))
		t.Logf("%d MiB %s", file.Size()>>20, out)
		i := res.Inactive
		if i.Recall < 0.95 || i.Precision < 0.93 || i.AccusedSilent+i.AccusedLeave != 0 {
			t.Errorf("seed %d: %+v", seed, i)
		}
		if os.Getenv("SANGATHAN_DEMO_BOOTHS") == "" && (res.Areas["booth"] != 177_516 || res.People < 60_000 || res.Ledger < 500_000) {
			t.Errorf("seed %d: %d booths, %d people, %d entries", seed, res.Areas["booth"], res.People, res.Ledger)
		}
		os.RemoveAll(dir)
	}
}

// TestPlan holds the geography of the whole state without making it.
func TestPlan(t *testing.T) {
	g := newGenerator(pack.UttarPradesh(), Options{Seed: 9}, size{booths: 177_516}, today, nil)
	units := g.plan()
	if len(units) != 133 {
		t.Errorf("%d units", len(units))
	}
	seats, booths, blocks, rural, partial := map[string]bool{}, map[org.AreaID]bool{}, map[org.AreaID]bool{}, 0, 0
	for _, u := range units {
		if !u.whole {
			partial++
		}
		if len(u.blocks) == 0 || len(u.seats) == 0 {
			t.Errorf("%s has %d blocks and %d seats", u.nameEn, len(u.blocks), len(u.seats))
		}
		for _, s := range u.seats {
			if seats[s.area.ID] || s.area.Parents["administrative"] != u.district.ID {
				t.Errorf("seat %s in %s", s.area.NameEn, u.nameEn)
			}
			seats[s.area.ID] = true
			if n := len(s.booths); n < 250 || n > 600 {
				t.Errorf("seat %s has %d booths", s.area.NameEn, n)
			}
		}
		for _, b := range u.blocks {
			if blocks[b.area] {
				t.Errorf("block %s twice", b.areaEn)
			}
			blocks[b.area] = true
			if b.inPack {
				rural++
			}
			for _, m := range b.mandals {
				if len(m) < 20 || len(m) > 25 {
					t.Errorf("a mandal of %d booths in %s", len(m), b.areaEn)
				}
				for _, booth := range m {
					if booths[booth.area] || booth.seat != m[0].seat {
						t.Errorf("booth %s", booth.area)
					}
					booths[booth.area] = true
				}
			}
		}
	}
	if len(seats) != 403 || len(booths) != 177_516 || rural != 828 || partial == 0 || partial == 133 {
		t.Errorf("%d seats, %d booths, %d blocks of the pack, %d units of parts", len(seats), len(booths), rural, partial)
	}
}

func TestBoothsFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	seats, bad, err := readBooths(write("good.csv", "\ufeffpart_no,electors,ac_no,name_en\n2,9,324,  P S  NAGLA \n1,,324,\"P.S., \"\"A\"\"\"\n"+
		"0,,324,zero\nx,,324,letters\n3,,404,no seat\n3,,324,\n1,,324,again\n4,,324,b\xffd\n5,,324,"+strings.Repeat("x", 301)+"\n6\n7,,324,last\n"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []realBooth{{1, `P.S., "A"`}, {2, "P S NAGLA"}, {7, "last"}}; !slices.Equal(seats[324], want) || len(seats) != 1 {
		t.Errorf("read %v", seats)
	}
	var told []string
	for _, f := range bad.First {
		told = append(told, f.Name+" "+f.Key)
		if !lang.Has(f.Key) {
			t.Errorf("no message %s", f.Key)
		}
	}
	want := []string{"4:part_no demo.booth_number", "5:part_no demo.booth_number", "6:ac_no demo.booth_seat", "7:name_en demo.booth_name", "8:part_no demo.booth_twice",
		"9:name_en demo.booth_name", "10:name_en demo.booth_name_long", "11:ac_no demo.booth_seat"}
	if bad.Count != len(want) || !slices.Equal(told, want) {
		t.Errorf("told %d: %q", bad.Count, told)
	}
	for name, text := range map[string]string{"empty.csv": "", "columns.csv": "ac_no,name_en\n1,a\n", "none.csv": "ac_no,part_no,name_en\n999,1,a\n", "no.csv.xz": "ac_no,part_no,name_en\n1,1,a\n"} {
		if _, _, err := readBooths(write(name, text)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Make(t.Context(), filepath.Join(dir, "state"), Options{BoothsFile: filepath.Join(dir, "absent.csv"), Scale: Small}); !fault.Is(err, fault.Invalid) {
		t.Errorf("an absent file: %v", err)
	}

	var text strings.Builder
	text.WriteString("ac_no,part_no,name_en\n")
	for seat := 1; seat <= 403; seat++ {
		for part := 1; part <= 30+seat%20; part++ {
			fmt.Fprintf(&text, "%d,%d,SCHOOL %d\n", seat, part, part)
		}
	}
	res, err := Make(t.Context(), filepath.Join(dir, "state"), Options{Seed: 1, BoothsFile: write("all.csv", text.String()), Scale: Small, Now: today})
	if err != nil {
		t.Fatal(err)
	}
	u := open(t, filepath.Join(dir, "state"))
	if n := number(t, u, `select count(*) from area where kind = 'booth' and name_en = 'SCHOOL ' || number`); n != res.Areas["booth"] || n < 1000 {
		t.Errorf("%d of %d booths are those of the file", n, res.Areas["booth"])
	}
}

// Letters take their numbers in the order of their dates.
func TestLettersAreNumberedByDate(t *testing.T) {
	u, _ := made(t)
	read(t, u, func(tx *db.Tx) error {
		numbers, err := db.Select(tx, `select n from letter order by issued_at, n`, nil, db.One[int])
		if err == nil && (len(numbers) < 10 || !slices.IsSorted(numbers)) {
			t.Errorf("letters by date have the numbers %v", numbers)
		}
		return err
	})
}
