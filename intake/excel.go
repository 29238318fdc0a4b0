package intake

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"sangathan/internal/fault"

	"github.com/xuri/excelize/v2"
)

// readExcel reads the shown sheets of an Excel file, one after the other. A merged cell
// counts for every row it covers; dates come as Excel numbers them.
func readExcel(r io.ReaderAt, size int64, z *zip.Reader, emit func(Line) error) error {
	merged, err := mergedCells(z)
	if err != nil {
		return err
	}
	book, err := excelize.OpenReader(io.NewSectionReader(r, 0, size), excelize.Options{UnzipSizeLimit: maxUnzip, UnzipXMLSizeLimit: 8 << 20, RawCellValue: true})
	if err != nil {
		return err
	}
	defer book.Close()
	for _, sheet := range book.GetSheetList() {
		if shown, err := book.GetSheetVisible(sheet); err == nil && !shown {
			continue
		}
		rows, err := book.Rows(sheet)
		if err != nil {
			if _, chart := errors.AsType[excelize.ErrSheetNotExist](err); chart {
				continue
			}
			return err
		}
		spans, active := merged[sheet], []span(nil)
		held := map[int]string{} // first column of a span to what it holds
		for n := 1; rows.Next(); n++ {
			cells, err := rows.Columns(excelize.Options{RawCellValue: true})
			if err != nil {
				return err
			}
			if len(cells) > maxColumns && strings.TrimSpace(strings.Join(cells[maxColumns:], "")) != "" {
				return fault.New(fault.TooLarge, "intake.too_many_columns", "max", maxColumns, "line", n)
			}
			cells = cells[:min(len(cells), maxColumns)]
			for len(spans) > 0 && spans[0].row <= n {
				active, spans = append(active, spans[0]), spans[1:]
			}
			active = slices.DeleteFunc(active, func(s span) bool { return s.toRow < n })
			if len(active) > 10*maxColumns { // they would overlap
				return fault.In("file", "intake.hostile")
			}
			for _, s := range active {
				if s.row == n && s.column < len(cells) {
					held[s.column] = cells[s.column]
				} else if s.row == n {
					held[s.column] = ""
				}
				for c := s.column; c <= s.toColumn && c < maxColumns; c++ {
					for len(cells) <= c {
						cells = append(cells, "")
					}
					if c == s.column || s.row == n && n <= headRows { // a title over several columns names them all
						cells[c] = held[s.column]
					}
				}
			}
			if strings.TrimSpace(strings.Join(cells, "")) == "" {
				continue
			}
			if err := emit(Line{Sheet: sheet, N: n, Cells: cells}); err != nil {
				return err
			}
		}
		if err := errors.Join(rows.Error(), rows.Close()); err != nil {
			return err
		}
	}
	return nil
}

// span is a merged cell: rows from 1, columns from 0, both ends included.
type span struct{ row, column, toRow, toColumn int }

const maxSpans = 100_000

// mergedCells gives the merged cells of each sheet by its name, in the order of their
// rows. They stand after the rows, so they are looked for before these are read.
func mergedCells(z *zip.Reader) (map[string][]span, error) {
	var book struct {
		Sheets []struct {
			Name string `xml:"name,attr"`
			ID   string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	var links struct {
		All []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := smallXML(z, "xl/workbook.xml", &book); err != nil {
		return nil, err
	}
	if err := smallXML(z, "xl/_rels/workbook.xml.rels", &links); err != nil {
		return nil, err
	}
	target := map[string]string{}
	for _, l := range links.All {
		if strings.HasPrefix(l.Target, "/") {
			target[l.ID] = l.Target[1:]
		} else {
			target[l.ID] = path.Join("xl", l.Target)
		}
	}
	all := map[string][]span{}
	for _, s := range book.Sheets {
		in, err := part(z, target[s.ID])
		if err != nil {
			continue // a chart, or a sheet that is not there
		}
		all[s.Name], err = spansOf(in)
		in.Close()
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func smallXML(z *zip.Reader, name string, into any) error {
	in, err := part(z, name)
	if err != nil {
		return err
	}
	defer in.Close()
	return xml.NewDecoder(io.LimitReader(in, 4<<20)).Decode(into)
}

// spansOf finds the <mergeCell ref="A2:A9"/> of a sheet without taking the sheet apart.
func spansOf(in io.Reader) (spans []span, err error) {
	mark := []byte("mergeCell ref=\"")
	text := bufio.NewScanner(in)
	text.Buffer(make([]byte, 64<<10), maxUnzip)
	text.Split(func(data []byte, atEOF bool) (int, []byte, error) { // the piece after each mark
		i := bytes.Index(data, mark)
		if i < 0 {
			if atEOF {
				return len(data), nil, nil
			}
			return max(0, len(data)-len(mark)), nil, nil
		}
		rest := data[i+len(mark):]
		if end := bytes.IndexByte(rest, '"'); end >= 0 {
			return i + len(mark) + end + 1, rest[:end], nil
		}
		if atEOF || len(rest) > 64 {
			return i + len(mark), nil, nil
		}
		return i, nil, nil
	})
	for text.Scan() {
		from, to, ok := strings.Cut(text.Text(), ":")
		if !ok {
			continue
		}
		c1, r1, err1 := excelize.CellNameToCoordinates(from)
		c2, r2, err2 := excelize.CellNameToCoordinates(to)
		if err1 != nil || err2 != nil || r2 < r1 || c2 < c1 {
			continue
		}
		if len(spans) == maxSpans {
			return nil, fault.In("file", "intake.hostile")
		}
		spans = append(spans, span{r1, c1 - 1, r2, c2 - 1})
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.row, b.row), cmp.Compare(a.column, b.column)) })
	return spans, text.Err()
}
