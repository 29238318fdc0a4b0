package pack

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"sangathan/internal/fault"
)

// reader reads the files of one pack and gathers every fault found on the way.
type reader struct {
	fsys   fs.FS
	faults []fault.Field
	opened map[string]bool            // files that were there with all their columns
	ids    map[string]map[string]bool // file to the ids in it
	seen   map[string]int             // "file column value" to the line where the value first stood
}

// row is one record of a file. Its methods give a column's value and note what is
// wrong with it; a value that an earlier check refused is given all the same, so
// that the rest of the file is checked too.
type row struct {
	r     *reader
	file  string
	line  int // line of the file, counted from 1
	cells map[string]string
}

func (r *reader) add(file string, line int, column, key string, args ...any) {
	var form fault.Form
	form.Add(fmt.Sprintf("%s:%d:%s", file, line, column), key, args...)
	r.faults = append(r.faults, form.Err().(*fault.Error).Fields...)
}

// table reads a CSV file that has exactly these columns, in any order. A byte
// order mark, CRLF and spaces around a value are put up with; empty lines are
// skipped. A file that is missing or has wrong columns gives no rows.
func (r *reader) table(file string, columns ...string) (rows []row) {
	if r.opened == nil {
		r.opened, r.ids, r.seen = map[string]bool{}, map[string]map[string]bool{}, map[string]int{}
	}
	r.ids[file] = map[string]bool{}
	content, err := fs.ReadFile(r.fsys, file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.add(file, 1, "", "pack.missing_file", "file", file)
		return nil
	case err != nil:
		r.add(file, 1, "", "pack.unreadable", "file", file)
		return nil
	}
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if bad := badUTF8(content); bad > 0 {
		r.add(file, bad, "", "pack.bad_utf8")
		return nil
	}

	in := csv.NewReader(bytes.NewReader(content))
	in.FieldsPerRecord = -1
	header, err := in.Read()
	if err != nil {
		r.add(file, 1, "", "pack.no_header", "columns", strings.Join(columns, ","))
		return nil
	}
	if !r.headerIs(file, header, columns) {
		return nil
	}
	r.opened[file] = true
	for {
		record, err := in.Read()
		if err == io.EOF {
			return rows
		}
		if err != nil {
			line := 1
			if bad, ok := errors.AsType[*csv.ParseError](err); ok {
				line = bad.Line
			}
			r.add(file, line, "", "pack.bad_csv")
			return rows
		}
		line, _ := in.FieldPos(0)
		if len(record) != len(header) {
			r.add(file, line, "", "pack.cell_count", "want", len(header), "got", len(record))
			continue
		}
		cells := map[string]string{}
		for i, column := range header {
			cells[strings.TrimSpace(column)] = strings.TrimSpace(record[i])
		}
		rows = append(rows, row{r, file, line, cells})
	}
}

func (r *reader) headerIs(file string, header, columns []string) bool {
	before := len(r.faults)
	seen := map[string]bool{}
	for _, column := range header {
		column = strings.TrimSpace(column)
		switch {
		case seen[column]:
			r.add(file, 1, column, "pack.double_column", "column", column)
		case !slices.Contains(columns, column):
			r.add(file, 1, column, "pack.unknown_column", "column", column, "columns", strings.Join(columns, ","))
		}
		seen[column] = true
	}
	for _, column := range columns {
		if !seen[column] {
			r.add(file, 1, column, "pack.missing_column", "column", column)
		}
	}
	return len(r.faults) == before
}

// badUTF8 gives the line of the first byte that is not UTF-8, or 0.
func badUTF8(content []byte) int {
	if utf8.Valid(content) {
		return 0
	}
	for i, line := range bytes.Split(content, []byte("\n")) {
		if !utf8.Valid(line) {
			return i + 1
		}
	}
	return 0
}

func (w row) get(column string) string { return w.cells[column] }

// check notes the fault unless ok, and gives ok back.
func (w row) check(ok bool, column, key string, args ...any) bool {
	if !ok {
		w.r.add(w.file, w.line, column, key, args...)
	}
	return ok
}

// must gives a value that may not be empty.
func (w row) must(column string) string {
	value := w.get(column)
	w.check(value != "", column, "pack.empty")
	return value
}

// slug gives the row's id: lower-case ASCII, once in the file.
func (w row) slug(column string) string {
	id := w.must(column)
	if id != "" {
		w.check(slug.MatchString(id), column, "pack.bad_id")
		w.unique(column, id)
		w.r.ids[w.file][id] = true
	}
	return id
}

// unique notes a value that stood in an earlier row.
func (w row) unique(column, value string) {
	key := w.file + " " + column + " " + value
	if first, ok := w.r.seen[key]; ok {
		w.check(false, column, "pack.twice", "value", w.get(column), "line", first)
		return
	}
	w.r.seen[key] = w.line
}

// hindi gives a name in Devanagari.
func (w row) hindi(column string) string {
	value := w.must(column)
	w.check(value == "" || strings.ContainsFunc(value, isDevanagari), column, "pack.not_hindi", "value", value)
	w.check(!strings.ContainsFunc(value, isComposed), column, "pack.not_nfc", "value", value)
	return value
}

// latin gives a name with nothing of Devanagari in it.
func (w row) latin(column string) string {
	value := w.must(column)
	w.check(!strings.ContainsFunc(value, isDevanagari), column, "pack.not_latin", "value", value)
	return value
}

// isComposed finds the letters with a dot that NFC writes as two: they would not
// be found beside the same name from a keyboard.
func isComposed(c rune) bool { return c >= '\u0958' && c <= '\u095f' }

// count gives a whole number in ASCII digits from low to high.
func (w row) count(column string, low, high int) int {
	value := w.must(column)
	if value == "" {
		return 0
	}
	n, ok := wholeNumber(value)
	w.check(ok && n >= low && n <= high, column, "pack.bad_number", "value", value, "low", low, "high", high)
	return n
}

// one gives a value that must be one of choices.
func (w row) one(column string, choices ...string) string {
	value := w.must(column)
	w.check(value == "" || slices.Contains(choices, value), column, "pack.not_a_choice", "value", value, "choices", strings.Join(choices, ", "))
	return value
}

// known gives an id that must stand in the other file.
func (w row) known(column, file string) string {
	id := w.must(column)
	if id != "" {
		w.inFile(column, id, file)
	}
	return id
}

// inFile notes an id that the other file does not hold. When that file itself
// could not be read, its own fault is enough.
func (w row) inFile(column, id, file string) {
	w.check(w.r.ids[file][id] || !w.r.opened[file], column, "pack.unknown_id", "value", id, "file", file)
}

// list splits a value at ";" and drops empty parts.
func (w row) list(column string) (parts []string) {
	for part := range strings.SplitSeq(w.get(column), ";") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}
