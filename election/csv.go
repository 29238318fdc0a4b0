package election

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"

	"sangathan/internal/fault"
	"sangathan/internal/lang"
)

// maxRows is the most rows of a table: some 500 candidates at each of 403 seats.
const maxRows = 200_000

// ReadCSV reads a table of results: a header row with the columns pc_no, ac_no or
// seat (the number of the seat), candidate, party and votes, in any order and among
// others; UTF-8, with or without a byte order mark. Votes may be grouped (1,23,456)
// and stand in either script's digits. Every faulty row is told as "line:column", up
// to 100. Faults: Invalid.
func ReadCSV(r io.Reader) (rows []Row, err error) {
	defer fault.Op(&err, "election.ReadCSV")
	b := bufio.NewReader(r)
	if mark, _ := b.Peek(3); string(mark) == "\ufeff" {
		if _, err := b.Discard(3); err != nil {
			return nil, err
		}
	}
	table := csv.NewReader(b)
	table.FieldsPerRecord = -1 // told as a fault of the row
	table.ReuseRecord = true
	header, err := table.Read()
	if err != nil {
		return nil, unreadable(err)
	}
	column := map[string]int{}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "pc_no" || name == "ac_no" {
			name = "seat"
		}
		if _, twice := column[name]; !twice {
			column[name] = i
		}
	}
	width := len(header)
	var f fault.Form
	for _, name := range []string{"seat", "candidate", "party", "votes"} {
		_, ok := column[name]
		f.Check(ok, "1:"+name, "election.no_column", "column", name)
	}
	if err := f.Err(); err != nil {
		return nil, err
	}

	for faults := 0; faults < maxFaults; {
		record, err := table.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, unreadable(err)
		}
		line, _ := table.FieldPos(0)
		if len(rows) == maxRows {
			return nil, fault.In("rows", "fault.too_many_rows", "max", maxRows)
		}
		check := func(ok bool, column, key string, args ...any) bool {
			if !ok {
				f.Add(strconv.Itoa(line)+":"+column, key, append(args, "line", line)...)
				faults++
			}
			return ok
		}
		if !check(len(record) == width, "row", "election.row_width", "have", len(record), "want", width) {
			continue
		}
		get := func(name string) string {
			s := strings.TrimSpace(record[column[name]])
			check(isText(s), name, "fault.bad_utf8")
			return strings.Clone(s)
		}
		row := Row{Line: line, Candidate: get("candidate"), Party: get("party")}
		var ok bool
		row.Seat, ok = whole(get("seat"))
		check(ok && row.Seat > 0, "seat", "fault.bad_number")
		row.Votes, ok = whole(get("votes"))
		check(ok, "votes", "election.bad_votes")
		rows = append(rows, row)
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fault.In("rows", "election.no_rows")
	}
	return rows, nil
}

// whole reads a whole number, grouped or not, in either script's digits.
func whole(s string) (int, bool) {
	n, err := strconv.Atoi(strings.ReplaceAll(lang.ASCIIDigits(s), ",", ""))
	return n, err == nil && n >= 0
}

// unreadable turns what encoding/csv says into a fault that names the line; a
// failure of the reader itself stays what it is.
func unreadable(err error) error {
	if bad, ok := errors.AsType[*csv.ParseError](err); ok {
		return fault.In(strconv.Itoa(bad.Line)+":row", "election.bad_csv", "line", bad.Line)
	}
	if err == io.EOF {
		return fault.In("rows", "election.no_rows")
	}
	return err
}
