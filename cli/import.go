package cli

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"sangathan/access"
	"sangathan/intake"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
)

// importCommand loads the lists that offices keep, and takes them back.
//
//	sangathan import -db PATH -kind booths|areas|posts|people [-preview] [-day DATE] [-set FIELD=VALUE] [-column HEAD=FIELD] INPUT
//	sangathan import undo -db PATH LIST
//	sangathan import status -db PATH [LIST]
//
// INPUT is an Excel, CSV or Word file, or text out of a chat; "-" reads standard input.
// With -preview the list is read and checked, and waits: the same call without it loads
// it. -set gives all rows the same value of a field, such as role=जिलाध्यक्ष.
func importCommand(ctx context.Context, e *Env, args []string) error {
	f := newFlags(e, "import", "INPUT | undo LIST | status [LIST]")
	kind := f.String("kind", "", "what the list holds: "+strings.Join(intake.Kinds, ", "))
	preview := f.Bool("preview", false, "read and check only, and tell what loading would do")
	source := f.String("source", "", "where the list comes from; the file's name when left out")
	day := f.String("day", "", "day from which the list is, YYYY-MM-DD; today when left out")
	fixed, columns := map[string]string{}, map[string]string{}
	f.Func("set", "FIELD=VALUE: the same for all rows; may be repeated", pairInto(fixed))
	f.Func("column", "HEAD=FIELD: how a column is read (FIELD empty: leave it out); may be repeated", pairInto(columns))
	rest, err := f.parse(args, true)
	if err != nil {
		return err
	}
	switch {
	case len(rest) == 2 && rest[0] == "undo":
		return e.with(ctx, *f.db, func(u *db.Unit) error { return undoList(ctx, e, u, f, intake.ID(rest[1])) })
	case len(rest) > 0 && len(rest) < 3 && rest[0] == "status":
		return e.with(ctx, *f.db, func(u *db.Unit) error { return listsStatus(ctx, e, u, f, rest[1:]) })
	case len(rest) != 1 || *kind == "":
		f.Usage()
		return errUsage
	}
	in, err := e.Open(rest[0])
	if err != nil {
		return err
	}
	defer in.Close()
	file, hash, done, err := spool(in)
	if err != nil {
		return err
	}
	defer done()
	if *source == "" {
		*source = filepath.Base(rest[0])
	}
	return e.with(ctx, *f.db, func(u *db.Unit) error {
		var id intake.ID
		err := e.write(ctx, u, f, func(tx *db.Tx, by access.Actor) (err error) {
			id, _, err = intake.Begin(tx, by, intake.Input{Kind: *kind, Source: *source, SourceDay: *day, Fixed: fixed, Hash: hash})
			return err
		})
		if err != nil {
			return err
		}
		if err := intake.Run(ctx, u, id, file); err != nil {
			return err
		}
		if len(columns) > 0 {
			if err := mapColumns(ctx, e, u, f, id, columns); err != nil {
				return err
			}
		}
		l, err := e.list(ctx, u, f, id)
		if err != nil {
			return err
		}
		if l.State == intake.Checked && !*preview && l.Added+l.Changed > 0 {
			err := e.write(ctx, u, f, func(tx *db.Tx, by access.Actor) error { return intake.Load(tx, by, id) })
			if err == nil {
				err = intake.Run(ctx, u, id, nil)
			}
			if err != nil {
				return err
			}
			if l, err = e.list(ctx, u, f, id); err != nil {
				return err
			}
		}
		return e.tellList(ctx, u, f, l)
	})
}

// spool gives a list's content where it can be read from any place, with its hash: a
// file as it lies, anything else through a temporary file. Past what a list may have it
// is cut, and will be refused. done closes it.
func spool(in io.Reader) (file *intake.File, hash []byte, done func() error, err error) {
	f, ok := in.(*os.File)
	size := int64(0)
	done = func() error { return nil }
	if ok {
		info, err := f.Stat()
		if err != nil {
			return nil, nil, nil, err
		}
		ok, size = info.Mode().IsRegular(), info.Size()
	}
	if !ok {
		if f, err = os.CreateTemp("", "sangathan-"); err != nil {
			return nil, nil, nil, err
		}
		os.Remove(f.Name()) // it lives as long as it is open
		done = f.Close
		if size, err = io.Copy(f, io.LimitReader(in, intake.MaxFile+1)); err != nil {
			return nil, nil, nil, errors.Join(err, done())
		}
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, min(size, intake.MaxFile+1))); err != nil {
		return nil, nil, nil, errors.Join(err, done())
	}
	return &intake.File{ReaderAt: f, Size: size}, h.Sum(nil), done, nil
}

func pairInto(m map[string]string) func(string) error {
	return func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return fmt.Errorf("write NAME=VALUE")
		}
		m[name] = value
		return nil
	}
}

// write runs a verb as the actor of -as.
func (e *Env) write(ctx context.Context, u *db.Unit, f flags, verb func(*db.Tx, access.Actor) error) error {
	return u.Write(ctx, func(tx *db.Tx) error {
		by, err := actor(tx, *f.as)
		if err != nil {
			return err
		}
		return verb(tx, by)
	})
}

func (e *Env) list(ctx context.Context, u *db.Unit, f flags, id intake.ID) (l intake.List, err error) {
	err = e.read(ctx, u, f, func(tx *db.Tx, by access.Actor) (err error) {
		l, err = intake.Get(tx, by, id)
		return err
	})
	return l, err
}

// mapColumns lets columns be read otherwise than guessed.
func mapColumns(ctx context.Context, e *Env, u *db.Unit, f flags, id intake.ID, columns map[string]string) error {
	l, err := e.list(ctx, u, f, id)
	if err != nil || l.State != intake.Checked {
		return err
	}
	m := l.Mapping
	for head, field := range columns {
		for _, c := range l.Heads {
			if m.Columns[c.Key] == field {
				m.Columns[c.Key] = ""
			}
		}
		known := false
		for _, c := range l.Heads {
			if c.Key == head || lang.Fold(c.Head) == lang.Fold(head) {
				m.Columns[c.Key], known = field, true
				break
			}
		}
		if !known {
			return fault.In("column", "intake.no_column", "head", head)
		}
	}
	if err := e.write(ctx, u, f, func(tx *db.Tx, by access.Actor) error { return intake.Map(tx, by, id, m) }); err != nil {
		return err
	}
	return intake.Run(ctx, u, id, nil)
}

func undoList(ctx context.Context, e *Env, u *db.Unit, f flags, id intake.ID) error {
	if err := e.write(ctx, u, f, func(tx *db.Tx, by access.Actor) error { return intake.Undo(tx, by, id) }); err != nil {
		return err
	}
	if err := intake.Run(ctx, u, id, nil); err != nil {
		return err
	}
	l, err := e.list(ctx, u, f, id)
	if err != nil {
		return err
	}
	return e.tellList(ctx, u, f, l)
}

func listsStatus(ctx context.Context, e *Env, u *db.Unit, f flags, ids []string) error {
	var all []intake.List
	err := e.read(ctx, u, f, func(tx *db.Tx, by access.Actor) (err error) {
		if len(ids) == 0 {
			all, err = intake.Lists(tx, by, 0, 500)
			return err
		}
		l, err := intake.Get(tx, by, intake.ID(ids[0]))
		all = []intake.List{l}
		return err
	})
	if err != nil {
		return err
	}
	for _, l := range all {
		if err := e.tellList(ctx, u, f, l); err != nil {
			return err
		}
	}
	return nil
}

const toldRows = 20 // faulty rows told at once

// tellList prints how a list stands, and its first faulty rows with what to do.
func (e *Env) tellList(ctx context.Context, u *db.Unit, f flags, l intake.List) error {
	var rows []intake.Told
	err := e.read(ctx, u, f, func(tx *db.Tx, by access.Actor) (err error) {
		rows, _, err = intake.Rows(tx, by, l.ID, "faulty", db.Page{Limit: toldRows})
		return err
	})
	if err != nil {
		return err
	}
	if *f.json {
		return printJSON(e.Stdout, struct {
			intake.List
			Rows []intake.Told `json:"faulty_rows"` // the first of them
		}{l, rows})
	}
	p := printer()
	fmt.Fprintln(e.Stdout, p.T("intake.line", "id", string(l.ID), "kind", lang.Key("intake.kind."+l.Kind), "source", l.Source, "state", lang.Key("intake.state."+l.State)))
	fmt.Fprintln(e.Stdout, p.T("intake.counts", "added", l.Added, "changed", l.Changed, "kept", l.Kept, "faulty", l.Faulty, "doubtful", l.Doubtful))
	if l.Fault != nil {
		fmt.Fprintln(e.Stdout, p.Fields(l.Fault.Error())[l.Fault.Field])
	}
	for _, r := range rows {
		for _, fault := range r.Faults {
			fmt.Fprintf(e.Stdout, "  %s %d: %s\n", r.Sheet, r.Line, p.Fields(fault.Error())[fault.Field])
		}
	}
	return err
}
