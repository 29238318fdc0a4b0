package sangathan_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/png"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"sangathan/access"
	"sangathan/activity"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/fault"
	"sangathan/org"
	"sangathan/orgtest"
	"sangathan/review"
)

// gateDay is the day on which the doors are tried.
const gateDay = "2026-11-22"

// gateBodies are the bodies of the world behind the gate: short name, kind, parent,
// territory, unit where the parent does not tell it, and who holds which post there.
// mitra is another organization with bodies on the same ground.
const gateBodies = `
state         | state_unit       |              | surya        |         | incharge=state_incharge president=state_president desk=desk object=caller
kisan         | cell             | state        | surya        |         | convenor=cell_convenor object=cell_co_convenor
poorab        | district_unit    | state        | dist-poorab  |         | president=district_president gs=district_general_secretary sec=district_secretary object=district_treasurer
pachhim       | district_unit    | state        | dist-pachhim |         | president=district_president tila.president=district_secretary object=district_treasurer
kisan-poorab  | cell_district    | kisan        | dist-poorab  | poorab  | convenor=cell_district_convenor object=cell_district_co_convenor
kisan-pachhim | cell_district    | kisan        | dist-pachhim | pachhim | convenor=cell_district_convenor object=cell_district_co_convenor
nadi          | block_committee  | poorab       | block-nadi   |         | president=block_president sec=block_secretary relieved=block_general_secretary object=block_vice_president
tila          | block_committee  | poorab       | block-tila   |         | president=block_president object=block_vice_president
bargad        | block_committee  | pachhim      | block-bargad |         | president=block_president object=block_vice_president
neem          | block_committee  | pachhim      | block-neem   |         | president=block_president object=block_vice_president
kuan          | mandal_committee | nadi         | mandal-kuan  |         | president=mandal_president agent=booth_agent object=mandal_secretary
mitra         | partner          |              | surya        |         | head=partner_coordinator object=member
mitra-poorab  | partner          | mitra        | dist-poorab  |         | head=partner_coordinator object=member
`

// secret is something that an answer may show to some only: by which rule it is seen,
// in which bodies it stands, and whom it is about.
type secret struct {
	see    string
	bodies []string
	person string
}

// gateWorld is the fixture: every body has one of each thing, every holder an entry,
// an order, a line, leave and cases. Whatever can be told from another bears a mark
// ("zqp07x", a phone number, a year of birth) that occurs nowhere else, so that a leak
// is found by its text.
type gateWorld struct {
	testing.TB
	rules
	unit    *db.Unit
	bodies  []string
	holders []string            // "nadi.president"
	posts   map[string][]string // holder to bodies
	units   map[string]string   // body to the body of its district
	ids     map[string]string   // "body nadi", "person nadi.object", "membership nadi.object@nadi" to id
	secrets map[string]secret   // mark to what it stands for
	tokens  map[string]string   // reader to session token
	marks   int
	met     []atomic.Int64 // how often each of known was met
}

var marked = regexp.MustCompile(`zq[a-z]\d+x|90000 ?\d{5}|0193516a-0000-7000-8000-\d{12}|"birth_year":\d{4}`)

// mark makes the next mark of a letter and notes what it stands for.
func (w *gateWorld) mark(letter string, s secret) string {
	w.marks++
	m := fmt.Sprintf("zq%s%dx", letter, w.marks)
	w.secrets[m] = s
	return m
}

func newGateWorld(t testing.TB) *gateWorld {
	t.Helper()
	return newGateWorldIn(t, dbtest.SQLite(t, dbtest.At(dbtest.Day(gateDay))))
}

// newGateWorldIn makes the world in an empty unit whose clock stands at gateDay.
func newGateWorldIn(t testing.TB, u *db.Unit) *gateWorld {
	t.Helper()
	w := &gateWorld{TB: t, rules: readPolicy(t), unit: u, posts: map[string][]string{}, units: map[string]string{}, ids: map[string]string{},
		secrets: map[string]secret{}, tokens: map[string]string{}, met: make([]atomic.Int64, len(known))}
	if err := w.unit.Bulk(t.Context(), w.register); err != nil {
		t.Fatal(err)
	}
	w.write(w.history)
	w.write(w.sessions)
	return w
}

func (w *gateWorld) write(fn func(*db.Tx) error) {
	w.Helper()
	if err := w.unit.Write(w.Context(), fn); err != nil {
		w.Fatal(err)
	}
}

// register loads areas, bodies, posts and holders.
func (w *gateWorld) register(tx *db.Tx) error {
	p := orgtest.Pack()
	if err := org.LoadPack(tx, p); err != nil {
		return err
	}
	if err := activity.LoadKinds(tx, p); err != nil {
		return err
	}
	l, err := org.NewLoader(tx)
	if err != nil {
		return err
	}
	for line := range strings.Lines(strings.TrimSpace(gateBodies)) {
		c := strings.Split(line, "|")
		for i := range c {
			c[i] = strings.TrimSpace(c[i])
		}
		body := c[0]
		id := w.mark("b", secret{see: "see name", bodies: []string{body}})
		w.bodies = append(w.bodies, body)
		w.ids["body "+body] = id
		o, err := l.Organization(org.Organization{ID: org.OrganizationID(id), Kind: c[1], NameHi: id, NameEn: id, Area: org.AreaID(c[3]),
			Parent: org.OrganizationID(w.ids["body "+c[2]]), Unit: org.OrganizationID(w.ids["body "+c[4]])})
		if err != nil {
			return err
		}
		for _, unit := range w.bodies {
			if w.ids["body "+unit] == string(o.Unit) {
				w.units[body] = unit
			}
		}
		for _, post := range strings.Fields(c[5]) {
			name, role, _ := strings.Cut(post, "=")
			if !strings.Contains(name, ".") {
				name = body + "." + name
			}
			if err := w.holder(l, name, body, role); err != nil {
				return err
			}
		}
		w.ids["seat "+body] = w.mark("v", secret{see: "see body", bodies: []string{body}})
		err = l.Post(org.Post{ID: org.PostID("t-" + body), Organization: org.OrganizationID(id), Role: "executive_member",
			Seats: []org.SeatFill{{ID: org.SeatID(w.ids["seat "+body]), Vacant: true, Since: orgtest.Start}}})
		if err != nil {
			return err
		}
	}
	return l.Close()
}

// holder puts a person, new or with a post already, into a post of a body.
func (w *gateWorld) holder(l *org.Loader, name, body, role string) error {
	w.posts[name] = append(w.posts[name], body)
	if w.ids["person "+name] == "" {
		w.ids["person "+name] = w.mark("p", secret{})
		w.ids["phone "+name] = fmt.Sprintf("90000%05d", len(w.holders))
		w.ids["year "+name] = strconv.Itoa(1940 + len(w.holders))
		w.holders = append(w.holders, name)
		year, _ := strconv.Atoi(w.ids["year "+name])
		err := l.Person(org.NewPerson{ID: org.PersonID(w.ids["person "+name]), NameHi: w.ids["person "+name], NameEn: w.ids["person "+name],
			Phone: w.ids["phone "+name], BirthYear: year})
		if err != nil {
			return err
		}
	}
	id := w.ids["person "+name] // seen from each body in which the person holds a post
	w.secrets[id] = secret{"see person", w.posts[name], name}
	w.secrets[w.ids["phone "+name]] = secret{"see contact", w.posts[name], name}
	w.secrets[`"birth_year":`+w.ids["year "+name]] = secret{"see contact", w.posts[name], name}
	at := name + "@" + body
	w.ids["membership "+at] = w.mark("m", secret{"see person", []string{body}, name})
	seat := w.mark("s", secret{"see person", []string{body}, name})
	area := org.AreaID("")
	if role == "booth_agent" {
		area = "booth1"
	}
	return l.Post(org.Post{ID: org.PostID("t-" + at), Organization: org.OrganizationID(w.ids["body "+body]), Role: org.RoleID(role), Area: area,
		Seats: []org.SeatFill{{ID: org.SeatID(seat), Membership: org.MembershipID(w.ids["membership "+at]), Person: org.PersonID(id),
			FromDay: orgtest.Start, Source: "सूची", SourceDay: orgtest.Start}}})
}

// history gives every body and every holder one of each thing.
func (w *gateWorld) history(tx *db.Tx) error {
	if err := review.LoadDefault(tx); err != nil {
		return err
	}
	run := func(query string, args ...any) {
		w.Helper()
		if _, err := tx.Exec(query, args...); err != nil {
			w.Fatal(err)
		}
	}
	criteria, err := tx.Text(`select id from criteria`)
	if err != nil {
		return err
	}
	for i, d := range [][3]string{{"to-all", "state", " district_unit cell_district block_committee "}, {"to-cells", "state", " cell "}, {"to-partner", "mitra", " partner "}} {
		w.ids["directive "+d[0]] = w.mark("d", secret{see: "see directive", bodies: []string{d[0]}})
		run(`insert into directive(id, number, kind, subject, body, from_org, to_kinds, issued_by, issued_at, due_day) values($1, $2, 'general', $3, '', $4, $5, '', $6, $7)`,
			w.ids["directive "+d[0]], fmt.Sprintf("2026/1%d", i), w.ids["directive "+d[0]], w.ids["body "+d[1]], d[2], tx.Millis(), "2026-12-01")
	}
	var emblem bytes.Buffer
	if err := png.Encode(&emblem, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		return err
	}
	run(`insert into emblem(id, png) values('0123456789abcdef', $1)`, emblem.Bytes())
	for _, highest := range []string{"state", "mitra"} {
		run(`insert into letterhead(organization_id, address_hi, address_en, contact_hi, contact_en, copy_hi, copy_en, emblem_id)
			values($1, '', '', '', '', '', '', '0123456789abcdef')`, w.ids["body "+highest])
	}
	lists := map[string]string{}
	for i, body := range w.bodies {
		o, err := org.Lookup(tx, org.OrganizationID(w.ids["body "+body]))
		if err != nil {
			return err
		}
		w.ids["intake "+body] = w.mark("x", secret{see: "load list", bodies: []string{body}})
		run(`insert into intake(id, kind, source, source_day, organization_id, account_id, hash, state, added, created_at)
			values($1, 'people', $1, $2, $3, 'nobody', $1, 'checked', 1, $4)`, w.ids["intake "+body], gateDay, o.ID, tx.Millis())
		if o.Unit == o.ID { // each unit has its list
			lists[body] = w.mark("r", secret{see: "see list", bodies: []string{body}})
			w.ids["list "+body] = lists[body]
			run(`insert into review(id, unit_id, criteria_id, from_day, to_day, state, drafted_at, drafted_by, bearers, listed, met, not_assessed,
					on_leave, silent_bearers, silent_units, reporting_units) values($1, $2, $3, '2026-05-01', '2026-11-01', 'draft', $4, '', 0, 0, 0, 0, 0, 0, 0, 0)`,
				lists[body], o.ID, criteria, tx.Millis())
			run(`insert into review_silent(review_id, organization_id, months_missing, months, bearers) values($1, $2, 1, 6, 0)`, lists[body], o.ID)
		}
		w.ids["answer "+body] = w.mark("a", secret{see: "see answer", bodies: []string{body}})
		run(`insert into directive_answer(directive_id, organization_id, unit_id, period, answered_at, body) values($1, $2, $3, '', $4, $5)`,
			w.ids["directive to-all"], o.ID, o.Unit, tx.Millis(), w.ids["answer "+body])
		w.ids["proposal "+body] = w.mark("q", secret{see: "see proposal", bodies: []string{body}})
		run(`insert into proposal(id, seat_id, post_id, organization_id, unit_id, person_id, reason, state, proposed_at, proposed_by, proposed_person)
			values($1, $2, $3, $4, $5, $6, $7, 'open', $8, '', '')`, w.ids["proposal "+body], w.ids["seat "+body], "t-"+body, o.ID, o.Unit,
			w.ids["person "+body+".object"], w.ids["proposal "+body], tx.Millis()+int64(i))
	}
	for _, name := range w.holders {
		for _, body := range w.posts[name] {
			if err := w.deeds(tx, name, body, criteria, lists, run); err != nil {
				return err
			}
		}
	}
	count, err := review.Recount(tx)
	if err != nil {
		return err
	}
	if err := count.Store(tx); err != nil {
		return err
	}
	_, err = org.Relieve(tx, access.Operator(), org.Relief{Membership: org.MembershipID(w.ids["membership nadi.relieved@nadi"]), Day: gateDay,
		Reason: w.mark("o", secret{"see order", []string{"nadi"}, "nadi.relieved"})})
	return err
}

// deeds gives a holder of a post an entry, leave, an order, a line on the list of
// the unit, and a case at its first step and one with a notice.
func (w *gateWorld) deeds(tx *db.Tx, name, body, criteria string, lists map[string]string, run func(string, ...any)) error {
	at := name + "@" + body
	m, err := org.LookupMembership(tx, org.MembershipID(w.ids["membership "+at]))
	if err != nil {
		return err
	}
	o, err := org.Lookup(tx, m.Organization)
	if err != nil {
		return err
	}
	mark := func(kind, letter, see string) string {
		w.ids[kind+" "+at] = w.mark(letter, secret{see, []string{body}, name})
		return w.ids[kind+" "+at]
	}
	note := mark("note", "e", "see entry")
	entry := fmt.Sprintf("0193516a-0000-7000-8000-%012d", w.marks)
	w.ids["entry "+at], w.secrets[entry] = entry, w.secrets[note]
	run(`insert into activity(id, kind, person_id, membership_id, organization_id, unit_id, reporting_id, area_id, day, recorded_at, people, note)
		values($1, 'chaupal', $2, $3, $4, $5, $6, $7, '2026-11-12', $8, 7, $9)`,
		entry, m.Person, m.ID, o.ID, o.Unit, db.Null(string(o.Reporting)), m.Area, tx.Millis(), note)
	run(`insert into leave(id, membership_id, from_day, to_day, reason, recorded_at, recorded_by) values($1, $2, '2026-10-01', '2026-10-05', $3, $4, '')`,
		tx.NewID(), m.ID, mark("leave", "k", "see leave"), tx.Millis())
	order := mark("order", "o", "see order")
	run(`insert into orders(id, number, kind, person_id, membership_id, organization_id, unit_id, effective_day, recorded_at, by_account, reason, extra)
		values($1, $2, 'appointment', $3, $4, $5, $6, $7, $8, '', $9, '{"charge":"regular"}')`,
		order, "2025/"+order, m.Person, m.ID, o.ID, o.Unit, orgtest.Start, tx.Millis(), order)
	run(`insert into letter_form(id, text) values('x', 'x {number}') on conflict(id) do nothing`)
	written := func(kind, record, of, see string) {
		run(`insert into letter(id, kind, record, record_id, number, organization_id, person_id, issued_at, form_hi, form_en, fields_hi, fields_en, address)
			values($1, 'letter', $2, $3, $1, $4, $5, $6, 'x', 'x', '{}', '{}', '')`, mark(kind, "w", see), record, of, o.ID, m.Person, tx.Millis())
	}
	written("letter", "order", order, "see order")
	line, list := mark("line", "l", "see line"), ""
	for unit, id := range lists {
		if w.ids["body "+unit] == string(o.Unit) {
			list = id
		}
	}
	run(`insert into review_line(id, review_id, unit_id, membership_id, person_id, organization_id, role_id, expected, recorded, confirmed, verdict, reason)
		values($1, $2, $3, $4, $5, $6, $7, 24, 1, 0, 'disputed', $8)`, line, list, o.Unit, m.ID, m.Person, o.ID, m.Role, line)
	for _, c := range [][4]string{{"case", "c", "see case", "opened"}, {"notice", "g", "see notice", "noticed"}} {
		id, of := mark(c[0], c[1], c[2]), ""
		if c[0] == "case" {
			of = line
		}
		run(`insert into review_case(id, number, line_id, unit_id, organization_id, person_id, membership_id, step, opened_at, opened_by)
			values($1, $2, $3, $4, $5, $6, $7, $8, $9, '')`, id, "2026/"+id, db.Null(of), o.Unit, o.ID, m.Person, m.ID, c[3], tx.Millis())
		run(`insert into case_step(id, case_id, n, step, day, at, by_person, text) values($1, $2, 1, $3, $4, $5, '', $6)`,
			tx.NewID(), id, c[3], gateDay, tx.Millis(), id)
		if c[0] == "notice" {
			run(`update review_case set notice_number = $1 where id = $2`, "2026/"+id, id)
			written("notice-letter", "case", id, c[2])
		}
	}
	return nil
}

// sessions signs every reader in, under the hat of the reader's body.
func (w *gateWorld) sessions(tx *db.Tx) error {
	for _, r := range readers {
		if r.person == "" {
			continue
		}
		account, err := access.AccountOf(tx, w.ids["person "+r.person])
		if err != nil {
			return err
		}
		token, ends := "token of "+r.name, tx.Millis()+1_000_000
		if !r.signedIn() {
			ends = tx.Millis()
		}
		hat := db.Null(w.ids["membership "+r.person+"@"+r.home])
		hash := sha256.Sum256([]byte(token))
		_, err = tx.Exec(`insert into session(token_hash, account_id, membership_id, created_at, expires_at, seen_at) values($1, $2, $3, $4, $5, $4)`,
			hex.EncodeToString(hash[:]), account, hat, tx.Millis(), ends)
		if err != nil {
			return err
		}
		w.tokens[r.name] = token
	}
	// The relieved was signed in under the post when it ended: the session is open still.
	hash := sha256.Sum256([]byte(w.tokens["relieved"]))
	_, err := tx.Exec(`update session set membership_id = $1 where token_hash = $2`, w.ids["membership nadi.relieved@nadi"], hex.EncodeToString(hash[:]))
	return err
}

// leaks gives what an answer shows that the reader may not see, leaving out what the
// request itself named.
func (w *gateWorld) leaks(by reader, request, answer string) (found []string) {
	for _, m := range marked.FindAllString(answer, -1) {
		m = strings.ReplaceAll(m, " ", "")
		s, ok := w.secrets[m]
		if strings.Contains(request, m) || ok && w.shows(by, s) {
			continue
		}
		if !ok {
			w.Fatalf("nobody made the mark %s", m)
		}
		found = append(found, fmt.Sprintf("%s (%s of %s %s)", m, s.see, strings.Join(s.bodies, "+"), s.person))
	}
	return found
}

// shows reports whether the policy lets the reader see a secret.
func (w *gateWorld) shows(by reader, s secret) bool {
	if !by.signedIn() {
		return false
	}
	if s.person != "" && s.person == by.person && w.allows(s.see, by, "self") {
		return true
	}
	for _, body := range s.bodies {
		if s.see == "see name" && w.names(by, body) {
			return true
		}
		relation := body
		if s.see != "see directive" {
			relation = w.relation(by, body)
		}
		if w.allows(s.see, by, relation) {
			return true
		}
	}
	return false
}

// names reports whether the reader holds or held a post in a body or in its district.
func (w *gateWorld) names(by reader, body string) bool {
	for _, own := range w.posts[by.person] {
		if own == body || w.units[own] == body || body == "state" {
			return true
		}
	}
	return false
}

// stopped is what the database answers when a verb has done all its work: nothing is
// ever kept, so that every cell finds the same world.
const stopped = "gate: all is done"

// stop lets no write through: a verb that was permitted fails with stopped at its
// very end (its answer, or what it leaves without one), one that was refused does not
// come so far. A command is claimed first and its answer written last; the answer to a
// report is its id, which it has from the claim, so there the end is its audit.
func (w *gateWorld) stop() {
	w.write(func(tx *db.Tx) error {
		body := fmt.Sprintf(`begin select raise(abort, '%s'); end`, stopped)
		if db.IsPostgres(w.unit.Path()) {
			body = `execute function gate_stop()`
			_, err := tx.Exec(fmt.Sprintf(`create function gate_stop() returns trigger language plpgsql as 'begin raise exception ''%s''; end'`, stopped))
			if err != nil {
				return err
			}
		}
		for _, event := range []string{"update on command", "insert on audit|new.act in ('activity.reported', 'access.phone_lost', 'access.sessions_ended', 'access.second_reset')", "insert on activation_slip", "update on session", "delete on session", "insert on session",
			"update on account", "insert on sign_in_code", "update on sign_in_code", "insert on sign_in_ticket", "insert on sign_in_failure", "insert on totp", "insert on sign_in_count",
			"insert on letter", "insert on letter_file", "insert on letterhead"} {
			event, when, _ := strings.Cut(event, "|")
			if when != "" {
				when = "when (" + when + ")"
			}
			_, err := tx.Exec(fmt.Sprintf(`create trigger "gate %s" before %s for each row %s %s`, event, event, when, body))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// state is a hash over every row of every table: what is refused must not change it.
func (w *gateWorld) state() string {
	h := sha256.New()
	err := w.unit.Read(w.Context(), func(tx *db.Tx) error {
		tables, err := db.Select(tx, `select name from sqlite_master where type = 'table' and name not like 'sqlite%' order by name`, nil, db.One[string])
		if err != nil {
			return err
		}
		for _, table := range tables {
			columns, err := db.Select(tx, `select name from pragma_table_info($1)`, []any{table}, db.One[string])
			if err != nil {
				return err
			}
			row := "''"
			for _, c := range columns {
				row += ` || '|' || coalesce("` + c + `", '')`
			}
			rows, err := db.Select(tx, `select `+row+` from "`+table+`" order by 1`, nil, db.One[string])
			if err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
			fmt.Fprintln(h, table, rows)
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}
