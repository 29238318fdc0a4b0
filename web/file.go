package web

import (
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/internal/paper"
	"sangathan/letter"
)

// format is a kind of file that a list can be taken out in.
type format struct {
	name  string
	ext   string // of the file's name
	media string
	most  int                                   // rows or letters: past them nobody can use the file
	write func(io.Writer, paper.ListData) error // nil where the letters of the list are written, not its rows
}

var formats = []format{
	{"xlsx", "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", maxRows, paper.XLSX},
	{"csv", "csv", "text/csv; charset=utf-8", maxRows, paper.CSV},
	{"pdf", "pdf", "application/pdf", maxPaper, paper.List},
	{"letters", "pdf", "application/pdf", maxLetters, nil},
}

// fileFormat gives the format of the file that a request asks for; nil for the page.
func fileFormat(r *http.Request) *format {
	for i := range formats {
		if r.Method == http.MethodGet && r.URL.Query().Get("as") == formats[i].name {
			return &formats[i]
		}
	}
	return nil
}

const (
	maxRows    = 1_000_000
	maxPaper   = 20_000           // some 500 sheets
	maxLetters = 1000             // of one or two sheets each
	maxFiles   = 2                // files made at a time
	fileWait   = 30 * time.Second // for another's to be made
	fileTime   = time.Hour        // for a slow phone to take it
)

// chunkRows and chunkLetters are how many rows or letters of a file are read in one
// transaction: none is held open while the file is made or sent.
const chunkRows, chunkLetters = 1000, 100

// sendFile takes the whole list of a page out as a file. The export is entered in the
// register before the first row is read; the rows are read in chunks, each with the
// rights that the reader has at that moment, into a temporary file; only then is the
// file sent, so that a slow phone holds no transaction open, and what fails half-way
// is told as any fault. Rows that others change meanwhile stand as they were when
// their chunk was read.
func (s *site) sendFile(w http.ResponseWriter, rt route, r *request, pg page, f format) error {
	select {
	case s.making <- struct{}{}:
		defer func() { <-s.making }()
	case <-time.After(fileWait):
		return fault.New(fault.Unavailable, "lists.busy")
	case <-r.Context().Done():
		return r.Context().Err()
	}
	l := pg.list
	var e access.Export
	admitted := func(tx *db.Tx) error {
		if err := r.open(tx, false); err != nil {
			return err
		}
		if e.ID != "" && r.by.Membership != e.Membership {
			return fault.New(fault.Conflict, "lists.hat_changed")
		}
		return rt.admit(r)
	}
	hat := ""
	err := s.unit.Write(r.Context(), func(tx *db.Tx) (err error) {
		e = access.Export{}
		if err := admitted(tx); err != nil {
			return err
		}
		if h := r.hat(); h.ID != "" {
			hat = ", " + r.p.Name(h.RoleHi, h.RoleEn) + ", " + r.p.Name(h.OrgHi, h.OrgEn)
		}
		e, err = access.BeginExport(tx, r.by, access.Export{List: l.name, Format: f.name, Address: r.with("as", "", "after", "")})
		return err
	})
	if err != nil {
		return err
	}
	d := paper.ListData{Title: pg.title, Area: pg.where, Date: strings.Join(l.told, " · "), Columns: l.columns, Printer: r.p,
		Reader: r.p.Name(r.name.Hi, r.name.En) + hat, Time: r.instant(e.At).(time.Time), Number: e.Number, Grouped: l.grouped, Landscape: len(l.columns) > 5}
	rows := 0
	read := func(fn func(tx *db.Tx) error) error {
		return s.unit.Read(r.Context(), func(tx *db.Tx) error {
			if err := admitted(tx); err != nil {
				return err
			}
			return fn(tx)
		})
	}
	d.Rows = chunks(f, &rows, func(p db.Page) (chunk []paper.Row, next string, err error) {
		p.Sort, p.Limit = l.sort, chunkRows
		err = read(func(tx *db.Tx) (err error) { chunk, next, err = l.read(tx, r.by, p); return err })
		return chunk, next, err
	})
	write := func(w io.Writer) error { return f.write(w, d) }
	if f.write == nil {
		d.Title = r.p.T("letter.bundle_title", "title", pg.title)
		write = func(w io.Writer) error {
			err := letter.Bundle(w, r.p.Lang(), chunks(f, &rows, func(p db.Page) (chunk []letter.Frozen, next string, err error) {
				p.Sort, p.Limit = l.sort, chunkLetters
				var of []letterOf
				if err = read(func(tx *db.Tx) (err error) { of, next, err = l.letters(tx, r.by, p); return err }); err != nil {
					return nil, "", err
				}
				chunk, err = s.frozen(r, of, admitted)
				return chunk, next, err
			}), d)
			if err == nil && rows == 0 {
				err = fault.New(fault.Conflict, "lists.no_letters")
			}
			return err
		}
	}
	file, err := os.CreateTemp("", "sangathan-")
	if err != nil {
		return err
	}
	defer file.Close()
	os.Remove(file.Name()) // it lives as long as it is open
	if err := write(file); err != nil {
		return err
	}
	err = s.unit.Write(r.Context(), func(tx *db.Tx) error {
		if err := admitted(tx); err != nil {
			return err
		}
		return access.EndExport(tx, r.by, e.ID, rows)
	})
	if err != nil {
		return err
	}
	size, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	out := http.NewResponseController(w) // a recorder in a test knows no deadline: nothing to tell
	out.SetWriteDeadline(time.Time{})
	defer time.AfterFunc(fileTime, func() { out.SetWriteDeadline(time.Unix(1, 0)) }).Stop()
	h := w.Header()
	h.Set("Content-Type", f.media)
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%s.%s"`, l.name, strings.ReplaceAll(e.Number, "/", "-"), f.ext))
	h.Set("Content-Length", strconv.FormatInt(size, 10))
	w.WriteHeader(http.StatusOK)
	_, err = io.Copy(w, file)
	if err != nil { // who took it went away: nothing can be told any more
		s.cfg.Logger.Info("file not taken", "list", l.name, "error", err)
	}
	return nil
}

// chunks goes through a whole list, chunk by chunk as read gives them, counting in n.
func chunks[T any](f format, n *int, read func(p db.Page) ([]T, string, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for p := (db.Page{}); ; {
			chunk, next, err := read(p)
			if *n += len(chunk); err == nil && *n > f.most {
				err = fault.New(fault.TooLarge, "lists.too_long."+f.name, "max", f.most)
			}
			if err != nil {
				yield(none, err)
				return
			}
			for _, v := range chunk {
				if !yield(v, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			p.After = next
		}
	}
}

// letterOf finds the letter of a row, and issues it where its record is older than
// letters are; both ask who reads. No find for a row that has no letter.
type letterOf struct {
	find, issue func(tx *db.Tx, by access.Actor) (id string, err error)
}

// frozen reads the words of the letters of rows, leaving out those that r may not open.
func (s *site) frozen(r *request, of []letterOf, admitted func(tx *db.Tx) error) (chunk []letter.Frozen, err error) {
	ids := make([]string, len(of))
	missing := false
	err = s.unit.Read(r.Context(), func(tx *db.Tx) error {
		if err := admitted(tx); err != nil {
			return err
		}
		missing = false
		for i, l := range of {
			if l.find == nil {
				continue
			}
			id, err := l.find(tx, r.by)
			if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) { // a notice that one has to open in its case first
				of[i].find = nil
				continue
			}
			if err != nil {
				return err
			}
			ids[i], missing = id, missing || id == ""
		}
		return nil
	})
	if err == nil && missing {
		err = s.unit.Write(r.Context(), func(tx *db.Tx) (err error) {
			if err := admitted(tx); err != nil {
				return err
			}
			for i, l := range of {
				if l.find != nil && ids[i] == "" {
					if ids[i], err = l.issue(tx, r.by); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	if err != nil {
		return nil, err
	}
	return chunk, s.unit.Read(r.Context(), func(tx *db.Tx) error {
		if err := admitted(tx); err != nil {
			return err
		}
		chunk = chunk[:0]
		for i, l := range of {
			if l.find == nil {
				continue
			}
			f, err := letter.LookupFrozen(tx, ids[i], r.p.Lang())
			if err != nil {
				return err
			}
			chunk = append(chunk, f)
		}
		return nil
	})
}

// exportsPage lists the files taken out: one's own, with act admin everybody's.
func exportsPage(r *request) (answer, error) {
	v := exportsView{p: r.p, form: r.newForm()}
	var err error
	v.exports, v.list, err = open(r, roll[access.Export]{name: "exports", sorts: []string{"new", "old"}, read: access.Exports,
		cols: []col{{"lists.col.number", 3}, {"common.time", 4}, {"common.name", 5}, {"word.post", 4}, {"lists.col.list", 4}, {"common.kind", 2}, {"lists.col.rows", 2}, {"lists.col.address", 8}},
		cells: func(e access.Export) paper.Row {
			return paper.Row{e.Number, r.instant(e.At), r.p.Name(e.PersonHi, e.PersonEn), r.p.Name(e.RoleHi, e.RoleEn), r.p.T("lists.name." + e.List),
				r.p.T("lists.format." + e.Format), exportRows(e), e.Address}
		}})
	for _, e := range v.exports {
		v.at = append(v.at, r.p.Time(r.tx.Time(e.At)))
	}
	return answer{page: page{title: r.p.T("lists.exports_title"), where: r.whereNow(), lead: r.p.T("lists.exports_lead"), list: v.list, body: exportsBody(v)}}, err
}

// exportRows is how many rows a file had; nil when it was not finished.
func exportRows(e access.Export) any {
	if e.Rows < 0 {
		return nil
	}
	return e.Rows
}

type exportsView struct {
	p       lang.Printer
	form    form
	exports []access.Export
	at      []string
	list    *list
}
