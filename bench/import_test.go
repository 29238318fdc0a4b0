//go:build linux

package bench_test

import (
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"sangathan/pack"
)

const (
	minRows   = 3000 // rows a second of CPU that an import takes at the least, with -scale full
	maxImport = 512  // MiB that it holds at the most
)

// TestImport loads the booths of a state and a million people with the real program:
// read, checked, searched for duplicates, loaded with their audit; beside them the bare
// insert, which writes the rows that came of it with one prepared statement a table.
func TestImport(t *testing.T) {
	booths, people := 1200, 3000
	if *scale == "full" {
		booths, people = 177_516, 1_000_000
	}
	dir := t.TempDir()
	unit := filepath.Join(dir, "unit")
	if out, err := exec.Command(binary, "init", "-db", unit).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	seats, blocks := areas(t)
	list := filepath.Join(dir, "booths.csv")
	boothList(t, list, seats, booths)
	before := bareRows(t, unit)
	imported(t, unit, before, "booths", list, booths)
	list = filepath.Join(dir, "people.xlsx")
	peopleList(t, list, seats, blocks, booths, people)
	before = bareRows(t, unit)
	imported(t, unit, before, "people", list, people)
}

// areas gives the numbers of the pack's seats, and its blocks with their districts.
func areas(t *testing.T) (seats []int, blocks [][2]string) {
	names := map[string]string{}
	for _, a := range pack.UttarPradesh().Areas {
		names[a.ID] = a.NameHi
		switch a.Kind {
		case "assembly":
			seats = append(seats, a.Number)
		case "block":
			blocks = append(blocks, [2]string{names[a.Parents["administrative"]], a.NameHi})
		}
	}
	if len(seats) == 0 || len(blocks) == 0 {
		t.Fatal("the pack has no seats or no blocks")
	}
	return seats, blocks
}

// boothList writes n booths, by seat.
func boothList(t *testing.T, path string, seats []int, n int) {
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := csv.NewWriter(f)
	w.Write([]string{"विधानसभा संख्या", "बूथ संख्या", "मतदेय स्थल का नाम"})
	for i := range n {
		w.Write([]string{fmt.Sprint(seats[i*len(seats)/n]), fmt.Sprint(boothNumber(i, n, len(seats))), fmt.Sprintf("प्राथमिक विद्यालय %s कक्ष संख्या %d", name(i), i%4+1)})
	}
	if w.Flush(); w.Error() != nil {
		t.Fatal(w.Error())
	}
}

// boothNumber is the number of booth i of n in its seat.
func boothNumber(i, n, seats int) int {
	seat := i * seats / n
	first := (seat*n + seats - 1) / seats
	return i - first + 1
}

// name makes names that meet now and then, as names do.
func name(i int) string {
	first := strings.Fields("मोहन सीमा हरीश गीता रफीक विमला सोनू राधा दीपक शबाना अमित पूनम सुरेश कविता इमरान रेखा मनोज अनीता विजय सरोज")
	last := strings.Fields("वर्मा पाल यादव मिश्रा अंसारी देवी जोशी सिंह गुप्ता मौर्य निषाद खान तिवारी राव चौहान")
	middle := strings.Fields("कुमार लाल नारायण प्रसाद प्रकाश चंद शंकर देव")
	return first[i%20] + " " + middle[i/20%8] + " " + last[i/160%15]
}

// peopleList writes n people: an agent and a president for each booth, the others in
// the committees of the blocks.
func peopleList(t *testing.T, path string, seats []int, blocks [][2]string, booths, n int) {
	f := excelize.NewFile()
	defer f.Close()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	row := func(line int, cells ...any) {
		if err == nil {
			err = w.SetRow(fmt.Sprintf("A%d", line), cells)
		}
	}
	row(1, "क्र.सं.", "जिला", "ब्लॉक", "विधानसभा", "बूथ संख्या", "पद", "नाम", "मोबाइल")
	for i := range n {
		phone := fmt.Sprint(6_000_000_000 + i*7)
		if b := i / 2; b < booths {
			row(i+2, i+1, "", "", seats[b*len(seats)/booths], boothNumber(b, booths, len(seats)), []string{"बीएलए", "बूथ अध्यक्ष"}[i%2], name(i*7), phone)
			continue
		}
		at := blocks[(i-2*booths)*len(blocks)/max(1, n-2*booths)]
		row(i+2, i+1, at[0], at[1], "", "", []string{"ब्लॉक सचिव", "ब्लॉक महासचिव", "ब्लॉक उपाध्यक्ष"}[i%3], name(i*7), phone)
	}
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.SaveAs(path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// imported loads a list of n rows and tells what it took.
func imported(t *testing.T, unit string, before map[string]int, kind, list string, n int) {
	began := time.Now()
	cmd := exec.Command(binary, "import", "-db", unit, "-kind", kind, "-json", list)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	took, used := time.Since(began), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
	var l struct {
		State                   string
		Added, Faulty, Doubtful int
	}
	if err := json.Unmarshal(out, &l); err != nil || l.State != "loaded" || l.Added != n {
		t.Fatalf("%v\n%s", err, out)
	}
	mib := int(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10)
	bare, rows := bareInsert(t, unit, before)
	perSecond := func(d time.Duration) int { return int(float64(n) / d.Seconds()) }
	t.Logf("%s: %d rows (%d doubtful) in %.1f s, %d a second; CPU %.1f s, %d a second; %d MiB; bare insert of the %d rows of the register CPU %.1f s: ratio %.1f",
		kind, n, l.Doubtful, took.Seconds(), perSecond(took), used.Seconds(), perSecond(used), mib, rows, bare.Seconds(), used.Seconds()/bare.Seconds())
	if mib > maxImport {
		t.Errorf("%d MiB, at most %d", mib, maxImport)
	}
	if *scale == "full" && perSecond(used) < minRows {
		t.Errorf("%d rows a second, at least %d", perSecond(used), minRows)
	}
}

// registerTables are the tables that an import fills.
var registerTables = []string{"area", "area_alias", "area_parent", "area_path", "organization", "person", "phone", "post", "membership", "seat", "access_grant"}

// bareRows gives the last row of each table of a unit.
func bareRows(t *testing.T, unit string) map[string]int {
	d, err := sql.Open("sqlite", "file:"+filepath.Join(unit, "unit.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	last := map[string]int{}
	for _, table := range registerTables {
		var n sql.NullInt64
		if err := d.QueryRow(`select max(rowid) from ` + table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		last[table] = int(n.Int64)
	}
	return last
}

// bareInsert writes the rows that a unit has since before to an empty file with the same
// tables and indexes, a row a statement, in one transaction, and tells what that took.
func bareInsert(t *testing.T, unit string, before map[string]int) (used time.Duration, rows int) {
	src, err := sql.Open("sqlite", "file:"+filepath.Join(unit, "unit.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	dst, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "bare.db")+"?_pragma=journal_mode(WAL)&_pragma=cache_size(-65536)")
	if err != nil {
		t.Fatal(err)
	}
	defer dst.Close()
	dst.SetMaxOpenConns(1)
	schema, err := src.Query(`select sql from sqlite_master where sql is not null and tbl_name in ('` + strings.Join(registerTables, "','") + `') order by type desc`)
	if err != nil {
		t.Fatal(err)
	}
	defer schema.Close()
	for schema.Next() {
		var text string
		if err := schema.Scan(&text); err != nil {
			t.Fatal(err)
		}
		if _, err := dst.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	tx, err := dst.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range registerTables {
		all, err := src.Query(`select * from `+table+` where rowid > $1`, before[table])
		if err != nil {
			t.Fatal(err)
		}
		defer all.Close()
		columns, err := all.Columns()
		if err != nil {
			t.Fatal(err)
		}
		insert, err := tx.Prepare(`insert into ` + table + ` values(?` + strings.Repeat(", ?", len(columns)-1) + `)`)
		if err != nil {
			t.Fatal(err)
		}
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		for more := true; more; { // only the writing counts
			var batch [][]any
			for len(batch) < 10_000 {
				if more = all.Next(); !more {
					break
				}
				if err := all.Scan(into...); err != nil {
					t.Fatal(err)
				}
				batch = append(batch, append([]any(nil), values...))
			}
			began := cpuTime()
			for _, row := range batch {
				if _, err := insert.Exec(row...); err != nil {
					t.Fatal(err)
				}
			}
			used += cpuTime() - began
			rows += len(batch)
		}
		if err := all.Err(); err != nil {
			t.Fatal(err)
		}
	}
	began := cpuTime()
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return used + cpuTime() - began, rows
}
