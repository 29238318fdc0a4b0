package election

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"
)

// ID names an election; opaque text.
type ID string

// Election is one election for all seats of a kind.
type Election struct {
	ID     ID     `json:"id"` // made by the caller; "" to have one made
	NameHi string `json:"name_hi"`
	NameEn string `json:"name_en"`
	Kind   string `json:"kind"` // area kind of its seats: loksabha, assembly
	Day    string `json:"day"`  // of the result, or the only polling day
}

// Row is one candidate's result at one seat, as a table has it.
type Row struct {
	Line      int    // in the file, for messages; 0: counted from 1
	Seat      int    // official number of the seat; 0 when Area is given
	Area      string // a reference that org.AreaByRef understands
	Candidate string
	Party     string
	Votes     int
}

const (
	maxVotes  = 10_000_000 // of one candidate: no seat has as many electors
	maxName   = 200        // characters
	maxFaults = 100        // told at once
)

// Import enters an election with its results and gives its id. All rows go in or
// none; every faulty row is told as "line:column", up to 100. Ranks are worked out
// from the votes; of equals the first in the table stands first. The actor needs
// load_data on the state unit. Faults: Invalid, Unauthorized, NotFound, Forbidden,
// Conflict (an election of that id is there).
func Import(tx *db.Tx, by access.Actor, e Election, rows []Row) (id ID, err error) {
	defer fault.Op(&err, "election.Import(%s)", e.ID)
	if !by.SignedIn() {
		return "", fault.New(fault.Unauthorized, "access.sign_in")
	}
	root, err := org.Root(tx)
	if err != nil {
		return "", err
	}
	if err := by.Check(access.LoadData, root.Target("")); err != nil {
		return "", err
	}
	if err := e.Validate(tx.Today()); err != nil {
		return "", err
	}
	seats, err := placeRows(tx, e.Kind, rows)
	if err != nil {
		return "", err
	}
	if e.ID == "" {
		e.ID = ID(tx.NewID())
	}
	n, err := tx.Exec(`insert into election(id, name_hi, name_en, kind, day) values($1, $2, $3, $4, $5) on conflict(id) do nothing`,
		e.ID, e.NameHi, e.NameEn, e.Kind, e.Day)
	if err != nil {
		return "", err
	}
	if n == 0 {
		return "", fault.New(fault.Conflict, "election.exists")
	}
	in := tx.Insert("result", "election_id", "area_id", "rank", "candidate", "party", "votes")
	for _, s := range seats {
		slices.SortStableFunc(s.rows, func(a, b Row) int { return cmp.Compare(b.Votes, a.Votes) })
		for i, r := range s.rows {
			if err := in.Add(e.ID, s.area, i+1, r.Candidate, r.Party, r.Votes); err != nil {
				return "", err
			}
		}
	}
	if err := in.Flush(); err != nil {
		return "", err
	}
	return e.ID, access.Audit(tx, by, "election.imported", "election", string(e.ID), map[string]any{"election": e, "seats": len(seats), "rows": len(rows)})
}

// Validate checks what is said of the election itself, on the day today.
func (e Election) Validate(today string) error {
	var f fault.Form
	f.Check(len(e.ID) <= 64 && isText(string(e.ID)), "id", "fault.bad_id")
	for _, n := range [][2]string{{"name_hi", e.NameHi}, {"name_en", e.NameEn}} {
		f.Check(strings.TrimSpace(n[1]) != "", n[0], "fault.required")
		f.Check(isText(n[1]), n[0], "fault.bad_utf8")
		f.Check(utf8.RuneCountInString(n[1]) <= maxName, n[0], "fault.too_long", "max", maxName)
	}
	f.Check(e.Kind == "loksabha" || e.Kind == "assembly", "kind", "fault.unknown_choice")
	f.Check(org.IsDay(e.Day), "day", "fault.bad_day")
	f.Check(!org.IsDay(e.Day) || e.Day <= today, "day", "fault.day_future")
	return f.Err()
}

// seat is the rows of one seat.
type seat struct {
	area org.AreaID
	rows []Row
}

// placeRows checks the rows and puts each at its seat, in the order of the table.
func placeRows(tx *db.Tx, kind string, rows []Row) (seats []*seat, err error) {
	if len(rows) == 0 {
		return nil, fault.In("rows", "election.no_rows")
	}
	type numbered struct {
		id     org.AreaID
		number int
	}
	known, err := db.Select(tx, `select id, number from area where kind = $1 and number is not null and to_day is null`, []any{kind},
		func(s db.Scanner) (n numbered, err error) { return n, s.Scan(&n.id, &n.number) })
	if err != nil {
		return nil, err
	}
	byNumber := map[int]org.AreaID{}
	for _, n := range known {
		byNumber[n.number] = n.id
	}

	var f fault.Form
	faults := 0
	at := map[org.AreaID]*seat{}
	seen := map[string]int{} // what a row says, to its line: namesakes without a party do stand at one seat, but not with equal votes
	for i, r := range rows {
		line := r.Line
		if line == 0 {
			line = i + 1
		}
		check := func(ok bool, column, key string, args ...any) bool {
			if !ok {
				f.Add(strconv.Itoa(line)+":"+column, key, append(args, "line", line)...)
				faults++
			}
			return ok
		}
		r.Candidate, r.Party = strings.TrimSpace(r.Candidate), strings.TrimSpace(r.Party)
		area := byNumber[r.Seat]
		if r.Seat != 0 || r.Area == "" {
			check(area != "", "seat", "election.unknown_seat", "seat", strconv.Itoa(r.Seat))
		} else if check(isText(r.Area), "seat", "fault.bad_utf8") {
			a, err := org.AreaByRef(tx, kind, r.Area)
			if err != nil && !fault.Is(err, fault.Invalid) {
				return nil, err
			}
			if check(err == nil && a.Kind == kind, "seat", "election.unknown_seat", "seat", r.Area) {
				area = a.ID
			}
		}
		if check(isText(r.Candidate), "candidate", "fault.bad_utf8") {
			check(r.Candidate != "", "candidate", "fault.required")
			check(utf8.RuneCountInString(r.Candidate) <= maxName, "candidate", "fault.too_long", "max", maxName)
		}
		if check(isText(r.Party), "party", "fault.bad_utf8") {
			check(utf8.RuneCountInString(r.Party) <= maxName, "party", "fault.too_long", "max", maxName)
		}
		check(r.Votes >= 0 && r.Votes <= maxVotes, "votes", "fault.number_range", "min", 0, "max", maxVotes)
		if area != "" && r.Candidate != "" {
			key := string(area) + "\x00" + lang.Fold(r.Candidate) + "\x00" + lang.Fold(r.Party) + "\x00" + strconv.Itoa(r.Votes)
			if first, twice := seen[key]; twice {
				check(false, "candidate", "election.twice", "first", first)
			}
			seen[key] = line
		}
		if faults >= maxFaults {
			break
		}
		if at[area] == nil {
			at[area] = &seat{area: area}
			seats = append(seats, at[area])
		}
		at[area].rows = append(at[area].rows, r)
	}
	return seats, f.Err()
}

// Result is one candidate at one seat.
type Result struct {
	Rank      int     `json:"rank"`
	Candidate string  `json:"candidate"`
	Party     string  `json:"party"`
	Votes     int     `json:"votes"`
	Share     float64 `json:"share"` // of all votes at the seat, in percent
}

// Outcome is one election at one seat.
type Outcome struct {
	Election    Election `json:"election"`
	Results     []Result `json:"results"` // by rank
	Votes       int      `json:"votes"`   // all votes at the seat
	Margin      int      `json:"margin"`  // of the first over the second, in votes
	MarginShare float64  `json:"margin_share"`
}

// At gives the outcome of every election at a seat, the latest first; nil for an
// area that is no seat. Results are public: every signed-in actor may. Faults:
// Unauthorized.
func At(tx *db.Tx, by access.Actor, area org.AreaID) (outcomes []Outcome, err error) {
	defer fault.Op(&err, "election.At(%s)", area)
	if !by.SignedIn() {
		return nil, fault.New(fault.Unauthorized, "access.sign_in")
	}
	type row struct {
		e Election
		r Result
	}
	rows, err := db.Select(tx, `select e.id, e.name_hi, e.name_en, e.kind, e.day, r.rank, r.candidate, r.party, r.votes
		from result r join election e on e.id = r.election_id where r.area_id = $1 order by e.day desc, e.id, r.rank`, []any{area},
		func(s db.Scanner) (v row, err error) {
			return v, s.Scan(&v.e.ID, &v.e.NameHi, &v.e.NameEn, &v.e.Kind, &v.e.Day, &v.r.Rank, &v.r.Candidate, &v.r.Party, &v.r.Votes)
		})
	for _, v := range rows {
		if n := len(outcomes); n == 0 || outcomes[n-1].Election.ID != v.e.ID {
			outcomes = append(outcomes, Outcome{Election: v.e})
		}
		o := &outcomes[len(outcomes)-1]
		o.Results = append(o.Results, v.r)
		o.Votes += v.r.Votes
	}
	for i := range outcomes {
		outcomes[i].work()
	}
	return outcomes, err
}

// work fills in margin and shares.
func (o *Outcome) work() {
	percent := func(n int) float64 {
		if o.Votes == 0 {
			return 0
		}
		return float64(n) * 100 / float64(o.Votes)
	}
	for i := range o.Results {
		o.Results[i].Share = percent(o.Results[i].Votes)
	}
	o.Margin = o.Results[0].Votes
	if len(o.Results) > 1 {
		o.Margin -= o.Results[1].Votes
	}
	o.MarginShare = percent(o.Margin)
}

// Elections lists the elections entered, the latest first. Everyone signed in may.
// Faults: Unauthorized.
func Elections(tx *db.Tx, by access.Actor) ([]Election, error) {
	if !by.SignedIn() {
		return nil, fault.New(fault.Unauthorized, "access.sign_in")
	}
	return db.Select(tx, `select id, name_hi, name_en, kind, day from election order by day desc, id`, nil,
		func(s db.Scanner) (e Election, err error) {
			return e, s.Scan(&e.ID, &e.NameHi, &e.NameEn, &e.Kind, &e.Day)
		})
}

// isText reports whether both engines can store s.
func isText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }
