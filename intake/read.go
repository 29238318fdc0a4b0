package intake

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"sangathan/internal/fault"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Limits of a list.
const (
	MaxFile    = 50 << 20  // bytes
	MaxRows    = 1_500_000 // rows in all sheets
	maxColumns = 200
	maxCell    = 4000      // bytes
	maxLine    = 256 << 10 // bytes of a line of text
	maxUnzip   = 1 << 30   // bytes of an Excel or Word file when unpacked
	maxRatio   = 150       // by which a part of such a file may grow when unpacked
)

// Line is one row as it was read: where it stood, and its cells.
type Line struct {
	Sheet string   `json:"s,omitempty"`
	N     int      `json:"n"` // row of the sheet, or line of the text, from 1
	Cells []string `json:"c"`
}

// Read reads a list and hands over its rows one by one; what kind of file it is is told
// by its content, not by its name. Pasted text has one cell a line. Faults: Invalid (a
// kind of file that cannot be read, a damaged or a hostile one), TooLarge.
func Read(r io.ReaderAt, size int64, emit func(Line) error) (err error) {
	defer fault.Op(&err, "intake.Read")
	if size > MaxFile {
		return fault.New(fault.TooLarge, "intake.file_too_large", "mb", MaxFile>>20)
	}
	head := make([]byte, 64<<10)
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return err
	}
	head = head[:n]
	rows := 0
	counted := func(l Line) error {
		if rows++; rows > MaxRows {
			return fault.New(fault.TooLarge, "intake.too_many_rows", "max", MaxRows)
		}
		if len(l.Cells) > maxColumns {
			return fault.New(fault.TooLarge, "intake.too_many_columns", "max", maxColumns, "line", l.N)
		}
		for i, c := range l.Cells {
			l.Cells[i] = clean(c)
		}
		return emit(l)
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		err = readZip(r, size, counted)
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		locked, ferr := hasStream(r, size, "EncryptedPackage")
		switch {
		case ferr != nil:
			return ferr
		case locked:
			err = fault.In("file", "intake.locked")
		default:
			err = fault.In("file", "intake.old_office")
		}
	case bytes.HasPrefix(head, []byte("%PDF")), bytes.HasPrefix(head, []byte("\xff\xd8\xff")), bytes.HasPrefix(head, []byte("\x89PNG")):
		err = fault.In("file", "intake.picture")
	default:
		err = readText(io.NewSectionReader(r, 0, size), head, counted)
	}
	if err == nil && rows == 0 {
		return fault.In("file", "intake.empty")
	}
	return err
}

// hasStream reports whether an old Office file, the wrapping of an encrypted new one,
// names a stream: its directory holds names in UTF-16, in sectors of 512 bytes, near the
// beginning or the end.
func hasStream(r io.ReaderAt, size int64, name string) (bool, error) {
	var want []byte
	for _, c := range []byte(name) {
		want = append(want, c, 0)
	}
	part := make([]byte, 256<<10)
	for _, at := range []int64{0, max(0, size-int64(len(part)))} {
		n, err := r.ReadAt(part, at)
		if err != nil && err != io.EOF {
			return false, err
		}
		if bytes.Contains(part[:n], want) {
			return true, nil
		}
	}
	return false, nil
}

// clean makes a cell fit to be stored: valid text, single spaces, no control
// characters, and no longer than a cell may be.
func clean(s string) string {
	if len(s) > maxCell {
		s = s[:maxCell]
	}
	s = strings.ToValidUTF8(s, "")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\u00a0' || r == '\t' || r == '\n' || r == '\r':
			return ' '
		case r < ' ' || r == 0x7f || r == '\u200b' || r == '\ufeff':
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// readZip reads an Excel or a Word file, told apart by their parts. What it would
// become when unpacked is looked at first.
func readZip(r io.ReaderAt, size int64, emit func(Line) error) error {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return fault.In("file", "intake.damaged")
	}
	if len(z.File) > 2000 {
		return fault.In("file", "intake.hostile")
	}
	var total uint64
	word, excel := false, false
	for _, f := range z.File {
		total += f.UncompressedSize64
		if total > maxUnzip || f.UncompressedSize64 > 1<<20 && f.UncompressedSize64/max(f.CompressedSize64, 1) > maxRatio {
			return fault.In("file", "intake.hostile")
		}
		word = word || f.Name == "word/document.xml"
		excel = excel || f.Name == "xl/workbook.xml"
	}
	switch {
	case excel:
		err = readExcel(r, size, z, emit)
	case word:
		err = readWord(z, emit)
	default:
		return fault.In("file", "intake.unknown_file")
	}
	if err == nil || fault.KindOf(err) != fault.Internal || errors.As(err, new(passed)) {
		return err
	}
	return &fault.Error{Kind: fault.Invalid, Key: "fault.bad_form", Fields: fault.In("file", "intake.damaged").Fields, Err: err}
}

// passed marks an error of whoever takes the rows: it is not the file's fault.
type passed struct{ error }

func (p passed) Unwrap() error { return p.error }

// part opens a part of a zipped file, no more of it than is told beforehand.
func part(z *zip.Reader, name string) (io.ReadCloser, error) {
	for _, f := range z.File {
		if strings.EqualFold(f.Name, name) {
			in, err := f.Open()
			if err != nil {
				return nil, err
			}
			return struct {
				io.Reader
				io.Closer
			}{io.LimitReader(in, int64(min(f.UncompressedSize64, maxUnzip))), in}, nil
		}
	}
	return nil, fmt.Errorf("no part %s", name)
}

// readText reads CSV, or lines of a chat: whatever its character set and separator.
func readText(in io.Reader, head []byte, emit func(Line) error) error {
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		in = transform.NewReader(in, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder())
	case bytes.IndexByte(head, 0) >= 0:
		return fault.In("file", "intake.unknown_file")
	case !validStart(head): // as Excel on Windows saves it, KrutiDev above all
		in = transform.NewReader(in, charmap.Windows1252.NewDecoder())
	}
	b := bufio.NewReaderSize(&lineLimit{r: in}, 64<<10)
	if r, _, err := b.ReadRune(); err == nil && r != '\ufeff' {
		b.UnreadRune()
	}
	start, err := b.Peek(32 << 10)
	if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
		return err
	}
	comma := separator(string(start))
	if comma == 0 {
		lines := bufio.NewScanner(b)
		lines.Buffer(nil, maxLine)
		for n := 1; lines.Scan(); n++ {
			if err := emit(Line{N: n, Cells: []string{lines.Text()}}); err != nil {
				return err
			}
		}
		if errors.Is(lines.Err(), bufio.ErrTooLong) {
			return errLongLine()
		}
		return lines.Err()
	}
	table := csv.NewReader(b)
	table.Comma, table.FieldsPerRecord, table.LazyQuotes, table.ReuseRecord = comma, -1, true, true
	for {
		record, err := table.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			if bad, ok := errors.AsType[*csv.ParseError](err); ok {
				return fault.In("file", "intake.bad_csv", "line", bad.Line)
			}
			return err
		}
		n, _ := table.FieldPos(0)
		cells := make([]string, min(len(record), maxColumns+1))
		for i := range cells {
			cells[i] = strings.Clone(record[i])
		}
		if err := emit(Line{N: n, Cells: cells}); err != nil {
			return err
		}
	}
}

// validStart reports whether text begins as UTF-8; its last letter may be cut.
func validStart(head []byte) bool {
	for len(head) > 0 {
		r, size := utf8.DecodeRune(head)
		if r == utf8.RuneError && size == 1 {
			return len(head) < utf8.UTFMax && !utf8.FullRune(head)
		}
		head = head[size:]
	}
	return true
}

// separator tells what separates the cells of a CSV text: what stands equally often in
// most of its first lines. 0 is a text without columns, such as a chat's.
func separator(start string) rune {
	lines := strings.Split(start, "\n")
	if len(lines) > 1 {
		lines = lines[:len(lines)-1] // it may be cut
	}
	best, most := rune(0), 0
	for _, c := range "\t;|," {
		counts, used := map[int]int{}, 0
		for _, l := range lines[:min(len(lines), 50)] {
			if strings.TrimSpace(l) == "" {
				continue
			}
			used++
			n, quoted := 0, false
			for _, r := range l {
				switch {
				case r == '"':
					quoted = !quoted
				case r == c && !quoted:
					n++
				}
			}
			counts[n]++
		}
		for n, times := range counts {
			// A chat's lines hold a comma now and then; a table's hold as many in nearly all.
			if n > 0 && times*10 >= used*6 && (used > 1 || n > 1) && times*n > most {
				best, most = c, times*n
			}
		}
	}
	return best
}

func errLongLine() error { return fault.In("file", "intake.long_line") }

// lineLimit refuses a text whose lines never end.
type lineLimit struct {
	r    io.Reader
	line int
}

func (l *lineLimit) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if i := bytes.LastIndexByte(p[:n], '\n'); i >= 0 {
		l.line = n - i - 1
	} else {
		l.line += n
	}
	if l.line > maxLine {
		return 0, errLongLine()
	}
	return n, err
}
