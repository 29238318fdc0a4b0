package demo

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sangathan/internal/fault"

	"github.com/ulikunitz/xz"
)

// realBooth is one row of a booths file.
type realBooth struct {
	number int
	name   string
}

// BadRows are the rows of a booths file that were left out.
type BadRows struct {
	Count int           `json:"count"`
	First []fault.Field `json:"first"` // at most 20; named "row:column", each with its remedy
}

// readBooths reads a list of booths by seat: a CSV file, or one compressed by xz,
// whose columns ac_no, part_no and name_en stand anywhere among others. A row that
// cannot be right is left out and told of. Faults: Invalid (no such file or column).
func readBooths(file string) (seats map[int][]realBooth, bad BadRows, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, bad, fault.In("booths", "demo.booths_unreadable", "file", file)
	}
	defer f.Close()
	var in io.Reader = bufio.NewReader(f)
	if strings.HasSuffix(file, ".xz") {
		if in, err = xz.NewReader(in); err != nil {
			return nil, bad, fault.In("booths", "demo.booths_unreadable", "file", file)
		}
	}
	rows := csv.NewReader(in)
	rows.FieldsPerRecord, rows.ReuseRecord, rows.LazyQuotes = -1, true, true
	header, err := rows.Read()
	if err != nil {
		return nil, bad, fault.In("booths", "demo.booths_unreadable", "file", file)
	}
	at := map[string]int{}
	for i, name := range header {
		at[strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))] = i
	}
	for _, column := range []string{"ac_no", "part_no", "name_en"} {
		if _, ok := at[column]; !ok {
			return nil, bad, fault.In("booths", "demo.booths_column", "column", column)
		}
	}

	seats = map[int][]realBooth{}
	seen := map[[2]int]bool{}
	for row := 2; ; row++ {
		cells, err := rows.Read()
		if err == io.EOF {
			break
		}
		if _, broken := errors.AsType[*csv.ParseError](err); broken {
			bad.add(row, "", "demo.booth_row_broken")
			continue
		}
		if err != nil {
			return nil, bad, fault.In("booths", "demo.booths_unreadable", "file", file)
		}
		cell := func(column string) string {
			if i := at[column]; i < len(cells) {
				return strings.Join(strings.Fields(cells[i]), " ")
			}
			return ""
		}
		seat, errSeat := strconv.Atoi(cell("ac_no"))
		part, errPart := strconv.Atoi(cell("part_no"))
		name := cell("name_en")
		switch {
		case errSeat != nil || seat < 1 || seat > 403:
			bad.add(row, "ac_no", "demo.booth_seat", "value", short(cell("ac_no")))
		case errPart != nil || part < 1 || part > 9999:
			bad.add(row, "part_no", "demo.booth_number", "value", short(cell("part_no")))
		case name == "" || !utf8.ValidString(name) || strings.Contains(name, "\x00"):
			bad.add(row, "name_en", "demo.booth_name")
		case utf8.RuneCountInString(name) > 300:
			bad.add(row, "name_en", "demo.booth_name_long")
		case seen[[2]int{seat, part}]:
			bad.add(row, "part_no", "demo.booth_twice", "value", part)
		default:
			seen[[2]int{seat, part}] = true
			seats[seat] = append(seats[seat], realBooth{part, strings.Clone(name)})
		}
	}
	if len(seats) == 0 {
		return nil, bad, fault.In("booths", "demo.booths_none", "file", file)
	}
	for _, booths := range seats {
		slices.SortFunc(booths, func(a, b realBooth) int { return a.number - b.number })
	}
	return seats, bad, nil
}

func (b *BadRows) add(row int, column, key string, args ...any) {
	b.Count++
	if len(b.First) < 20 {
		b.First = append(b.First, fault.In(strconv.Itoa(row)+":"+column, key, args...).Fields...)
	}
}

// short is a bad cell as it may be shown.
func short(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
