package cli

import (
	"context"
	"fmt"
	"text/tabwriter"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"
	"sangathan/review"
)

// reviewCommand: draft lists, list them, show one.
//
//	sangathan review draft -db PATH [-unit ID|NAME] [-from 2026-05 -to 2026-10] [-json]
//	sangathan review list  -db PATH [-json]
//	sangathan review show  -db PATH REVIEW [-json]
func reviewCommand(ctx context.Context, e *Env, args []string) error {
	f := newFlags(e, "review", "draft|list|show [REVIEW]")
	unit := f.String("unit", "", "draft: the unit, by id or name in either script; all units when left out")
	from := f.String("from", "", "draft: first month, YYYY-MM; the criteria's window when left out")
	to := f.String("to", "", "draft: last month, YYYY-MM")
	rest, err := f.parse(args, true)
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		f.Usage()
		return errUsage
	}
	switch {
	case rest[0] == "draft" && len(rest) == 1:
		return e.with(ctx, *f.db, func(u *db.Unit) error { return draft(ctx, e, u, f, *unit, *from, *to) })
	case *unit+*from+*to != "": // they are of draft
	case rest[0] == "list" && len(rest) == 1:
		return e.with(ctx, *f.db, func(u *db.Unit) error { return listReviews(ctx, e, u, f) })
	case rest[0] == "show" && len(rest) == 2:
		return e.with(ctx, *f.db, func(u *db.Unit) error { return showReview(ctx, e, u, f, rest[1]) })
	}
	f.Usage()
	return errUsage
}

// draft drafts one transaction per unit, so that other work goes on between.
func draft(ctx context.Context, e *Env, u *db.Unit, f flags, unit, from, to string) error {
	var units []org.Organization
	err := u.Write(ctx, func(tx *db.Tx) error {
		by, err := actor(tx, *f.as)
		if err != nil {
			return err
		}
		if unit == "" {
			units, err = org.Units(tx, by)
			return err
		}
		o, err := org.Named(tx, by, unit)
		units = []org.Organization{o}
		return err
	})
	if err != nil {
		return err
	}
	for _, o := range units {
		var v review.Review
		err := u.Write(ctx, func(tx *db.Tx) error {
			by, err := actor(tx, *f.as)
			if err != nil {
				return err
			}
			id, err := review.Draft(tx, by, o.ID, from, to)
			if err != nil {
				return err
			}
			v, err = review.Get(tx, by, id)
			return err
		})
		if fault.Is(err, fault.Conflict) && unit == "" { // that unit has returned its list
			continue
		}
		if err != nil {
			return err
		}
		if err := printReview(e, f, v); err != nil {
			return err
		}
	}
	return nil
}

func printReview(e *Env, f flags, v review.Review) error {
	if *f.json {
		return printJSON(e.Stdout, v)
	}
	p := printer()
	_, err := fmt.Fprintln(e.Stdout, v.ID, p.T("review.cli_line", "unit", p.Name(v.UnitHi, v.UnitEn), "from", p.Month(v.FromDay[:7]), "to", p.Month(v.LastMonth()),
		"bearers", v.Bearers, "listed", v.Listed, "checked", v.Checked, "silent", v.SilentUnits, "units", v.SilentUnits+v.ReportingUnits, "state", lang.Key("review.state."+v.State)))
	return err
}

func listReviews(ctx context.Context, e *Env, u *db.Unit, f flags) error {
	return e.read(ctx, u, f, func(tx *db.Tx, by access.Actor) error {
		read := func(p db.Page) ([]review.Review, string, error) { return review.List(tx, by, review.Filter{}, p) }
		return db.Each(read, func(v review.Review) error { return printReview(e, f, v) })
	})
}

func showReview(ctx context.Context, e *Env, u *db.Unit, f flags, id string) error {
	return e.read(ctx, u, f, func(tx *db.Tx, by access.Actor) error {
		v, err := review.Get(tx, by, id)
		if err != nil {
			return err
		}
		silent, err := review.Silences(tx, by, id)
		if err != nil {
			return err
		}
		var lines []review.Line
		read := func(p db.Page) ([]review.Line, string, error) { return review.Lines(tx, by, id, "", p) }
		if err := db.Each(read, func(l review.Line) error { lines = append(lines, l); return nil }); err != nil {
			return err
		}
		if *f.json {
			return printJSON(e.Stdout, map[string]any{"review": v, "lines": lines, "silent": silent})
		}
		if err := printReview(e, f, v); err != nil {
			return err
		}
		p := printer()
		w := tabwriter.NewWriter(e.Stdout, 2, 4, 2, ' ', 0)
		for _, l := range lines {
			verdict := ""
			if l.Verdict != "" {
				verdict = p.T("review.verdict." + l.Verdict)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", p.Name(l.PersonHi, l.PersonEn), p.Name(l.RoleHi, l.RoleEn), p.Name(l.OrgHi, l.OrgEn),
				p.T("review.of_expected", "recorded", l.Recorded, "expected", l.Expected), verdict)
		}
		for _, s := range silent {
			fmt.Fprintf(w, "%s\t%s\n", p.Name(s.OrgHi, s.OrgEn), p.T("review.silent_months", "missing", s.Missing, "months", s.Months))
		}
		return w.Flush()
	})
}

// read runs fn for the command's actor on one state of the unit.
func (e *Env) read(ctx context.Context, u *db.Unit, f flags, fn func(tx *db.Tx, by access.Actor) error) error {
	if *f.as != "" { // naming an actor may make an account
		return u.Write(ctx, func(tx *db.Tx) error {
			by, err := actor(tx, *f.as)
			if err != nil {
				return err
			}
			return fn(tx, by)
		})
	}
	return u.Read(ctx, func(tx *db.Tx) error { return fn(tx, access.Operator()) })
}
