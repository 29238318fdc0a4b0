package letter

import (
	"io"
	"iter"

	"sangathan/internal/lang"
	"sangathan/internal/paper"
)

// Bundle writes letters into one PDF for the printer, in the language of their words,
// and after them l as the list of what it holds: number, date, letter, and about whom.
// Columns and rows of l are set here. Faults: those of all, and of the writer.
func Bundle(w io.Writer, in lang.Lang, all iter.Seq2[Frozen, error], l paper.ListData) error {
	p := l.Printer
	l.Columns = []paper.Column{{Title: p.T("letter.col_number"), Width: 4}, {Title: p.T("common.date"), Width: 4}, {Title: p.T("letter.col_letter"), Width: 5},
		{Title: p.T("common.name"), Width: 5}, {Title: p.T("lists.col.body"), Width: 6}}
	var rows []paper.Row
	l.Rows = func(yield func(paper.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
	first := paper.LetterData{Title: l.Title, Author: l.Area, Lang: string(in), Time: l.Time, Digits: p.Digits}
	return paper.Letters(w, first, func(yield func(paper.LetterData, error) bool) {
		for f, err := range all {
			rows = append(rows, paper.Row{f.Number, f.fields["date"], f.fields["title"], f.fields["person"], f.fields["post"] + ", " + f.fields["unit"]})
			if !yield(f.data(in), err) {
				return
			}
		}
	}, &l)
}
