// Package tally keeps the figures that pages show, so that a page costs the same
// whether a district holds a hundred booths or a hundred thousand. A figure is a
// number at a node (the label of an area or organization, see package org), for a
// month or, with month "", as things stand.
//
// The verb that changes what is counted adds to the tallies in its own
// transaction, so a figure is never ahead of or behind its list; a recount from the
// rows proves it (sangathan doctor -tallies). On PostgreSQL, where many
// transactions write at once, additions are rows of their own that [Fold] gathers,
// so that no two verbs wait for the same figure; [At] reads both.
//
// The package asks nobody's permission: who reads a figure has been let in to its
// node.
package tally

import (
	"cmp"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sangathan/internal/db"
)

// The measures. Standing figures have month "", the ledger's the month of the day.
const (
	PostFilled     = "post.filled"
	PostVacant     = "post.vacant"
	PostUnknown    = "post.unknown"
	AgentFilled    = "agent.filled" // booth level agents, apart from the other posts
	AgentVacant    = "agent.vacant"
	AgentUnknown   = "agent.unknown"
	Entry          = "entry" // ledger entries, whatever became of them
	EntryConfirmed = "entry.confirmed"
	EntryDisputed  = "entry.disputed"
	People         = "people" // who took part, by the entries
	Active         = "active" // memberships with an entry of the month that is not disputed

	ReportAsked    = "report.asked" // bodies that owe the monthly report from this month on, less those that do so no longer: see Asked
	ReportReceived = "report.received"
	ReportOnTime   = "report.on_time" // of those received

	Listed = "listed" // lines of the newest list of each district-level body

	casePrefix = "case."
)

// Case names the figure of the cases at a step.
func Case(step string) string { return casePrefix + step }

// Figures are numbers by measure.
type Figures map[string]int

// Add adds each figure at each node, in one month.
func Add(tx *db.Tx, nodes []string, month string, add Figures) error {
	c := NewCount()
	c.Add(nodes, month, add)
	return c.AddTo(tx)
}

// table gives what the figures are read from. Only where many write at once do some of
// them wait to be folded in; a unit that was copied from there is folded by who copies it.
func table(tx *db.Tx) string {
	if tx.Parallel() {
		return "tally_now"
	}
	return "tally"
}

// standing gives the query of the figures that meet a condition, one row for each key.
func standing(tx *db.Tx, key, where string) string {
	if tx.Parallel() {
		return "select " + key + ", sum(n) from tally_now where " + where + " group by " + key
	}
	return "select " + key + ", n from tally where " + where
}

// At gives the figures of a node in a month, "" for the standing ones.
func At(tx *db.Tx, node, month string) (Figures, error) {
	rows, err := tx.Query(standing(tx, "measure", "node = $1 and month = $2"), node, month)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	f := Figures{}
	for rows.Next() {
		var m string
		var n int
		if err := rows.Scan(&m, &n); err != nil {
			return nil, err
		}
		f[m] = n
	}
	return f, rows.Err()
}

// Months gives the figures of a node for each month from first to last (YYYY-MM) in
// which there is anything.
func Months(tx *db.Tx, node, first, last string) (map[string]Figures, error) {
	rows, err := tx.Query(standing(tx, "month, measure", "node = $1 and month >= $2 and month <= $3"), node, first, last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return byKey(rows)
}

// Of gives the figures of several nodes in a month, "" for the standing ones: of a
// list of bodies or areas.
func Of(tx *db.Tx, nodes []string, month string) (map[string]Figures, error) {
	if len(nodes) == 0 {
		return nil, nil
	}
	args := db.Args{month}
	rows, err := tx.Query(standing(tx, "node, measure", "month = $1 and node in ("+places(&args, nodes)+")"), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return byKey(rows)
}

// AskedOf is Asked for several nodes.
func AskedOf(tx *db.Tx, nodes []string, month string) (map[string]int, error) {
	if len(nodes) == 0 {
		return nil, nil
	}
	args := db.Args{month, ReportAsked}
	rows, err := tx.Query(`select node, measure, sum(n) from `+table(tx)+` where month <= $1 and measure = $2 and node in (`+places(&args, nodes)+`) group by node, measure`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found, err := byKey(rows)
	asked := map[string]int{}
	for node, f := range found {
		asked[node] = f[ReportAsked]
	}
	return asked, err
}

// places adds a list of arguments to a query.
func places(args *db.Args, nodes []string) string {
	in := make([]string, len(nodes))
	for i, node := range nodes {
		in[i] = args.Place(node)
	}
	return strings.Join(in, ", ")
}

// byKey reads rows of key, measure and number.
func byKey(rows *sql.Rows) (map[string]Figures, error) {
	all := map[string]Figures{}
	for rows.Next() {
		var key, measure string
		var n int
		if err := rows.Scan(&key, &measure, &n); err != nil {
			return nil, err
		}
		if all[key] == nil {
			all[key] = Figures{}
		}
		all[key][measure] = n
	}
	return all, rows.Err()
}

// Asked gives how many bodies at a node owe the monthly report of a month: the
// figures of ReportAsked up to it, for each body is counted once, where it begins.
func Asked(tx *db.Tx, node, month string) (int, error) {
	return tx.Int(`select coalesce(sum(n), 0) from `+table(tx)+` where node = $1 and month <= $2 and measure = $3`, node, month, ReportAsked)
}

// Fold gathers the additions that wait into the figures. Run it alone, now and
// then, in a bulk transaction: its one state of the database holds the same rows
// for both statements.
func Fold(tx *db.Tx) error {
	_, err := tx.Exec(`insert into tally(node, month, measure, n) select node, month, measure, sum(n) from tally_delta
		group by node, month, measure order by node, month, measure
		on conflict(node, month, measure) do update set n = tally.n + excluded.n`)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`delete from tally_delta`)
	return err
}

// Count is a recount under way: what the rows say, figure by figure.
type Count struct{ at map[place]*[len(measures)]int }

type place struct{ node, month string }

// measures lists every measure; a recount keeps a row of them for each place.
var measures = [...]string{PostFilled, PostVacant, PostUnknown, AgentFilled, AgentVacant, AgentUnknown, Entry, EntryConfirmed, EntryDisputed, People, Active,
	ReportAsked, ReportReceived, ReportOnTime, Listed,
	casePrefix + "opened", casePrefix + "spoken", casePrefix + "noticed", casePrefix + "served", casePrefix + "replied", casePrefix + "recommended",
	casePrefix + "decided", casePrefix + "appealed", casePrefix + "closed", casePrefix + "ended"}

// indexOf gives the place of a measure in a row. It panics for one that is not listed, which is a slip
// of the program and no fault of its data.
func indexOf(measure string) int {
	i := slices.Index(measures[:], measure)
	if i < 0 {
		panic("tally: no measure " + measure)
	}
	return i
}

// NewCount begins a recount.
func NewCount() *Count { return &Count{at: map[place]*[len(measures)]int{}} }

// Add counts figures at nodes, each node once.
func (c *Count) Add(nodes []string, month string, add Figures) {
	var at, by [len(measures)]int
	n := 0
	for name, by1 := range add {
		if by1 != 0 {
			at[n], by[n] = indexOf(name), by1
			n++
		}
	}
	if n == 0 {
		return
	}
	for i, node := range nodes {
		if slices.Contains(nodes[:i], node) {
			continue
		}
		row := c.at[place{node, month}]
		if row == nil {
			row = new([len(measures)]int)
			c.at[place{node, month}] = row
		}
		for j := range n {
			row[at[j]] += by[j]
		}
	}
}

// addRows is how many figures one statement adds to.
const addRows = 200

// AddTo adds what was counted to the figures that stand, in the order of their nodes,
// so that two who add to the same ones cannot wait for each other in a circle.
func (c *Count) AddTo(tx *db.Tx) error {
	table, merge := "tally", " on conflict(node, month, measure) do update set n = tally.n + excluded.n"
	if tx.Parallel() {
		table, merge = "tally_delta", ""
	}
	var rows strings.Builder
	var args db.Args
	add := func() error {
		if len(args) == 0 {
			return nil
		}
		err := tx.Later("insert into "+table+"(node, month, measure, n) values "+rows.String()+merge, args...)
		rows.Reset()
		args = nil
		return err
	}
	for _, p := range sortedPlaces(c.at) {
		for m, n := range c.at[p] {
			if n == 0 {
				continue
			}
			if len(args) > 0 {
				rows.WriteString(", ")
			}
			rows.WriteString("(" + args.Place(p.node) + ", " + args.Place(p.month) + ", " + args.Place(measures[m]) + ", " + args.Place(n) + ")")
			if len(args) < 4*addRows {
				continue
			}
			if err := add(); err != nil {
				return err
			}
		}
	}
	return add()
}

func sortedPlaces[V any](at map[place]V) []place {
	return slices.SortedFunc(maps.Keys(at), func(a, b place) int {
		return cmp.Or(strings.Compare(a.node, b.node), strings.Compare(a.month, b.month))
	})
}

// Store makes the recount the figures, in place of whatever stood; for loaders and
// for repair.
func (c *Count) Store(tx *db.Tx) error {
	for _, q := range []string{`delete from tally`, `delete from tally_delta`} {
		if _, err := tx.Exec(q); err != nil {
			return err
		}
	}
	in := tx.Insert("tally", "node", "month", "measure", "n")
	for _, p := range sortedPlaces(c.at) {
		for m, n := range c.at[p] {
			if n == 0 {
				continue
			}
			if err := in.Add(p.node, p.month, measures[m], n); err != nil {
				return err
			}
		}
	}
	return in.Flush()
}

// Differ compares the figures that stand with the recount and tells each that
// differs, at most limit of them, with how many there are in all.
func (c *Count) Differ(tx *db.Tx, limit int) (told []string, n int, err error) {
	rows, err := tx.Query(`select node, month, measure, sum(n) from ` + table(tx) + ` group by node, month, measure order by node, month, measure`)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	tell := func(p place, measure string, stands, counted int) {
		if n++; n <= limit {
			told = append(told, fmt.Sprintf("node %s month %q %s: %d stands, %d counted", p.node, p.month, measure, stands, counted))
		}
	}
	seen := map[place]map[string]bool{}
	for rows.Next() {
		var p place
		var measure string
		var stands, counted int
		if err := rows.Scan(&p.node, &p.month, &measure, &stands); err != nil {
			return nil, 0, err
		}
		if seen[p] == nil {
			seen[p] = map[string]bool{}
		}
		seen[p][measure] = true
		if row := c.at[p]; row != nil {
			if m := slices.Index(measures[:], measure); m >= 0 {
				counted = row[m]
			}
		}
		if counted != stands {
			tell(p, measure, stands, counted)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, 0, err
	}
	for p, row := range c.at {
		for m, counted := range row {
			if counted != 0 && !seen[p][measures[m]] {
				tell(p, measures[m], 0, counted)
			}
		}
	}
	return told, n, nil
}
