package cli

import (
	"context"
	"fmt"
	"text/tabwriter"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
)

// orgCommand: who holds what.
//
//	sangathan org holders   -db PATH [-on DATE] [-unit ID|NAME] [-json]
//	sangathan org vacancies -db PATH [-json]
//
// holders prints the holders of one organization (the state unit when none is
// named) on a day; DATE is YYYY-MM-DD, today when left out.
func orgCommand(ctx context.Context, e *Env, args []string) error {
	f := newFlags(e, "org", "holders|vacancies")
	on := f.String("on", "", "holders: the day, YYYY-MM-DD; today when left out")
	name := f.String("unit", "", "holders: the organization, by id or name in either script; the state unit when left out")
	rest, err := f.parse(args, true)
	if err != nil {
		return err
	}
	if len(rest) != 1 || rest[0] != "holders" && rest[0] != "vacancies" {
		f.Usage()
		return errUsage
	}
	if *on != "" && !org.IsDay(*on) {
		return fault.In("-on", "cli.bad_day")
	}
	return e.with(ctx, *f.db, func(u *db.Unit) error {
		return e.read(ctx, u, f, func(tx *db.Tx, by access.Actor) error {
			if rest[0] == "vacancies" {
				return vacancies(e, tx, by, *f.json)
			}
			return holders(e, tx, by, *name, *on, *f.json)
		})
	})
}

func holders(e *Env, tx *db.Tx, by access.Actor, name, on string, asJSON bool) error {
	o, err := org.Root(tx)
	if err != nil {
		return err
	}
	if name != "" {
		if o, err = org.Named(tx, by, name); err != nil {
			return err
		}
	}
	all, err := org.Holders(tx, by, o.ID, on)
	if err != nil {
		return err
	}
	if asJSON {
		for _, m := range all {
			if err := printJSON(e.Stdout, m); err != nil {
				return err
			}
		}
		return nil
	}
	p := printer()
	w := tabwriter.NewWriter(e.Stdout, 2, 4, 2, ' ', 0)
	for _, m := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.Name(m.RoleHi, m.RoleEn), p.Name(m.PersonHi, m.PersonEn), p.Name(m.OrgHi, m.OrgEn), p.Day(m.FromDay))
	}
	return w.Flush()
}

func vacancies(e *Env, tx *db.Tx, by access.Actor, asJSON bool) error {
	p := printer()
	w := tabwriter.NewWriter(e.Stdout, 2, 4, 2, ' ', 0)
	read := func(q db.Page) ([]org.Seat, string, error) { return org.Vacancies(tx, by, "", "", q) }
	err := db.Each(read, func(s org.Seat) error {
		if asJSON {
			return printJSON(e.Stdout, s)
		}
		since := ""
		if s.Since != "" {
			since = p.Day(s.Since)
		}
		_, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.Name(s.RoleHi, s.RoleEn), p.Name(s.OrgHi, s.OrgEn), p.Name(s.AreaHi, s.AreaEn), since)
		return err
	})
	if err != nil {
		return err
	}
	return w.Flush()
}
