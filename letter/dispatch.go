package letter

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
)

// A mark stands before the numbers of letters: parts between strokes, each beginning
// with a letter, so that no mark looks like a year.
var goodMark = regexp.MustCompile(`^[\pL][\pL\pM\pN .&()-]*(/[\pL][\pL\pM\pN .&()-]*)*$`)

// maxMark is the most characters of a mark.
const maxMark = 30

// Number takes the next number of the dispatch register that organization ("" for the
// highest) enters its letters in: "2026/0001", or "JILA/2026/0001" where it or the
// nearest body above it has the mark JILA. Orders and notices are one series, begun
// anew each year; bodies with the same mark share one. The number is taken with the
// transaction, so the series has no gaps.
func Number(tx *db.Tx, organization string) (number string, err error) {
	defer fault.Op(&err, "letter.Number(%s)", organization)
	if organization == "" {
		if organization, err = highest(tx); err != nil {
			return "", err
		}
	}
	series, err := markOf(tx, organization)
	if err != nil {
		return "", err
	}
	if series != "" {
		series += "/"
	}
	series += fmt.Sprint(tx.Now.Year())
	n, err := tx.Next("letters/" + series)
	return fmt.Sprintf("%s/%04d", series, n), err
}

// parts takes a number of [Number] apart: its mark, year, and place in their series.
func parts(number string) (mark string, year, n int) {
	rest, last, _ := cutLast(number)
	mark, text, _ := cutLast(rest)
	year, _ = strconv.Atoi(text)
	n, _ = strconv.Atoi(last)
	return mark, year, n
}

func cutLast(s string) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, '/'); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return "", s, false
}

// Outgoing is a letter in the dispatch register.
type Outgoing struct {
	Letter
	By       string `json:"by"` // organization that issued it
	ByHi     string `json:"by_hi"`
	ByEn     string `json:"by_en"`
	Person   string `json:"person"` // whom it is about
	PersonHi string `json:"person_hi"`
	PersonEn string `json:"person_en"`
	About    string `json:"organization"` // that its record is of
	AboutHi  string `json:"organization_hi"`
	AboutEn  string `json:"organization_en"`
	Title    string `json:"title"`   // as printed, in the language asked for
	Subject  string `json:"subject"` // likewise
}

// Filter narrows the dispatch register; zero fields do not.
type Filter struct {
	Body   string // that issued it
	Person string // whom it is about
	Unit   string // district-level body of what it is about
	Kind   string // one of Kinds
	Year   int
	Mark   string // before its number; NoMark for those without
}

// NoMark chooses the letters whose number has no mark.
const NoMark = "-"

// lineOrders are the ways to sort the register.
var lineOrders = []db.Order{
	{Name: "number", By: []db.By{{SQL: "l.year", Int: true, Desc: true}, {SQL: "l.mark", Desc: true}, {SQL: "l.n", Int: true, Desc: true}, {SQL: "l.id", Desc: true}}},
	{Name: "first", By: []db.By{{SQL: "l.year", Int: true}, {SQL: "l.mark"}, {SQL: "l.n", Int: true}, {SQL: "l.id"}}},
	{Name: "day", By: []db.By{{SQL: "l.issued_at", Int: true, Desc: true}, {SQL: "l.id", Desc: true}}},
}

// Register gives the letters that left the office, a page at a time, with their words
// in a language: sorted "number" (the last number first), "first" (from number 1 on),
// or "day" (the latest first). It gives those about person, those of orders of bodies
// within orders, and those of cases of bodies within cases: what these may be is asked
// by the caller ([sangathan/review.Dispatched]). Faults: Invalid (sort, after).
func Register(tx *db.Tx, in lang.Lang, person string, orders, cases access.Reach, f Filter, p db.Page) (page []Outgoing, next string, err error) {
	defer fault.Op(&err, "letter.Register")
	fields := "l.fields_hi"
	if in == lang.En {
		fields = "l.fields_en"
	}
	args := db.Args{orders.OrgFrom, orders.OrgTo, orders.AreaFrom, orders.AreaTo, cases.OrgFrom, cases.OrgTo, cases.AreaFrom, cases.AreaTo, person}
	// By the letters' own order: SQLite keeps that of a cross join.
	query := `select {key}, ` + letterColumns + `, ` + fields + `, i.id, i.name_hi, i.name_en, p.id, p.name_hi, p.name_en, o.id, o.name_hi, o.name_en
		from letter l cross join organization o cross join organization i cross join person p
		where o.id = l.about_id and i.id = l.organization_id and p.id = l.person_id
			and (l.record = 'order' and (o.path >= $1 and o.path < $2 or o.area_path >= $3 and o.area_path < $4)
				or l.record = 'case' and (o.path >= $5 and o.path < $6 or o.area_path >= $7 and o.area_path < $8) or l.person_id = $9)`
	db.Equal(&query, &args, "l.organization_id", f.Body)
	db.Equal(&query, &args, "l.person_id", f.Person)
	db.Equal(&query, &args, "l.unit_id", f.Unit)
	db.Equal(&query, &args, "l.kind", f.Kind)
	if f.Year != 0 {
		query += ` and l.year = ` + args.Place(f.Year)
	}
	if f.Mark == NoMark {
		query += ` and l.mark = ''`
	} else {
		db.Equal(&query, &args, "l.mark", f.Mark)
	}
	return db.Paged(tx, query, args, lineOrders, p, func(s db.Scanner) (l Outgoing, err error) {
		var text string
		var words map[string]string
		err = s.Scan(&l.ID, &l.Kind, &l.Record, &l.RecordID, &l.Number, &l.IssuedAt, &text, &l.By, &l.ByHi, &l.ByEn,
			&l.Person, &l.PersonHi, &l.PersonEn, &l.About, &l.AboutHi, &l.AboutEn)
		if err == nil {
			err = json.Unmarshal([]byte(text), &words)
		}
		l.Title, l.Subject = words["title"], words["subject"]
		return l, err
	})
}

// FirstYear is the year of the oldest letter; that of today when there is none.
func FirstYear(tx *db.Tx) (year int, err error) {
	year = tx.Now.Year()
	err = tx.Scan(`select year from letter order by year, mark, n, id limit 1`, nil, &year)
	if fault.Is(err, fault.NotFound) {
		err = nil
	}
	return year, err
}

// Marks lists the marks of letterheads within a reach, in order.
func Marks(tx *db.Tx, r access.Reach) ([]string, error) {
	return db.Select(tx, `select distinct h.mark from letterhead h join organization o on o.id = h.organization_id
		where h.mark <> '' and (o.path >= $1 and o.path < $2 or o.area_path >= $3 and o.area_path < $4) order by h.mark`,
		[]any{r.OrgFrom, r.OrgTo, r.AreaFrom, r.AreaTo}, db.One[string])
}

// markOf gives the mark in force for a body: its own, or the nearest above.
func markOf(tx *db.Tx, organization string) (string, error) {
	return tx.Text(`select h.mark from organization o join letterhead h on h.mark <> ''
			join organization a on a.id = h.organization_id and substr(o.path, 1, length(a.path)) = a.path
		where o.id = $1 order by length(a.path) desc limit 1`, organization)
}

// highest gives the body that issues what no body's officer does.
func highest(tx *db.Tx) (string, error) {
	return tx.Text(`select id from organization where parent_id is null order by path limit 1`)
}
