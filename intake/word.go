package intake

import (
	"archive/zip"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"sangathan/internal/fault"
)

// readWord reads the tables of a Word file, each as a sheet, or, when it has none, its
// paragraphs as lines. A cell merged downwards counts for every row it covers.
func readWord(z *zip.Reader, emit func(Line) error) error {
	in, err := part(z, "word/document.xml")
	if err != nil {
		return err
	}
	defer in.Close()
	var (
		doc        = xml.NewDecoder(in)
		depth      int // tables within tables
		table, row int
		cells      []string
		above      []string // of the row before, for cells merged downwards
		text       strings.Builder
		wide       = 1
		down       bool
		inText     bool
		found      bool
		paragraphs []Line
	)
	attr := func(e xml.StartElement, name string) string {
		for _, a := range e.Attr {
			if a.Name.Local == name {
				return a.Value
			}
		}
		return ""
	}
	for {
		token, err := doc.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fault.In("file", "intake.damaged")
		}
		switch e := token.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "tbl":
				if depth++; depth > 20 {
					return fault.In("file", "intake.hostile")
				}
				if depth == 1 {
					table, row, above, found = table+1, 0, nil, true
				}
			case "tr":
				if depth == 1 {
					row, cells = row+1, nil
				}
			case "tc":
				if depth == 1 {
					text.Reset()
					wide, down = 1, false
				}
			case "gridSpan":
				fmt.Sscan(attr(e, "val"), &wide)
				wide = max(1, min(wide, maxColumns))
			case "vMerge":
				down = attr(e, "val") != "restart"
			case "t":
				inText = true
			case "tab":
				text.WriteByte(' ')
			case "br", "cr":
				text.WriteByte(' ')
			case "p":
				if depth == 0 {
					text.Reset()
				} else {
					text.WriteByte(' ')
				}
			}
		case xml.EndElement:
			switch e.Name.Local {
			case "tbl":
				depth--
			case "tc":
				if depth != 1 {
					break
				}
				cell := text.String()
				if down && len(cells) < len(above) {
					cell = above[len(cells)]
				}
				cells = append(cells, cell)
				for range wide - 1 {
					cells = append(cells, "")
				}
				if len(cells) > maxColumns {
					return fault.New(fault.TooLarge, "intake.too_many_columns", "max", maxColumns, "line", row)
				}
			case "tr":
				if depth != 1 {
					break
				}
				above = append([]string(nil), cells...)
				if strings.TrimSpace(strings.Join(cells, "")) != "" {
					if err := emit(Line{Sheet: fmt.Sprint(table), N: row, Cells: cells}); err != nil {
						return err
					}
				}
			case "t":
				inText = false
			case "p":
				if depth == 0 && strings.TrimSpace(text.String()) != "" && len(paragraphs) < 10_000 {
					paragraphs = append(paragraphs, Line{N: len(paragraphs) + 1, Cells: []string{text.String()}})
				}
			}
		case xml.CharData:
			if inText && text.Len() < 1<<20 {
				text.Write(e)
			}
		}
	}
	if found {
		return nil
	}
	for _, l := range paragraphs {
		if err := emit(l); err != nil {
			return err
		}
	}
	return nil
}
