package cli

import (
	"context"
	"fmt"

	"sangathan/internal/db"
	"sangathan/review"
	"sangathan/tally"
)

// doctorCommand checks a unit.
//
//	sangathan doctor -db PATH -tallies [-fix] [-json]
//
// -tallies compares every figure that pages show with a recount from the rows; -fix
// stores the recount where they differ. The exit code is 5 when they differ.
func doctorCommand(ctx context.Context, e *Env, args []string) error {
	f := newFlags(e, "doctor", "")
	tallies := f.Bool("tallies", false, "compare the figures with a recount")
	fix := f.Bool("fix", false, "store the recount where they differ")
	rest, err := f.parse(args, true)
	if err != nil {
		return err
	}
	if len(rest) > 0 || !*tallies {
		f.Usage()
		return errUsage
	}
	return e.with(ctx, *f.db, func(u *db.Unit) error {
		var told []string
		var n int
		look := u.Read
		if *fix {
			look = u.Bulk
		}
		err := look(ctx, func(tx *db.Tx) error {
			c, err := review.Recount(tx)
			if err != nil {
				return err
			}
			if told, n, err = c.Differ(tx, 20); err != nil || n == 0 || !*fix {
				return err
			}
			return c.Store(tx)
		})
		if err != nil {
			return err
		}
		if *f.json {
			if err := printJSON(e.Stdout, map[string]any{"differ": n, "examples": told, "fixed": *fix && n > 0}); err != nil {
				return err
			}
		} else {
			fmt.Fprintln(e.Stdout, printer().T("cli.tallies", "n", n))
			for _, t := range told {
				fmt.Fprintln(e.Stdout, " ", t)
			}
		}
		if n > 0 && !*fix {
			return errDiffer
		}
		return nil
	})
}

// foldTallies gathers the figures' additions now and then, where they wait.
func foldTallies(ctx context.Context, u *db.Unit) error { return u.Bulk(ctx, tally.Fold) }
