package cli

import (
	"context"
	"errors"
	"fmt"

	"sangathan/internal/db"
	"sangathan/review"
	"sangathan/tally"
	"sangathan/trust"
)

// doctorCommand checks a unit.
//
//	sangathan doctor -db PATH [-tallies [-fix]] [-rules] [-json]
//
// -tallies compares every figure that pages show with a recount from the rows; -fix
// stores the recount where they differ. -rules asks everything that must hold in a
// unit (package trust), the figures and the hashes of the audit included; it reads
// whole tables. The exit code is 5 when something is found.
func doctorCommand(ctx context.Context, e *Env, args []string) error {
	f := newFlags(e, "doctor", "")
	tallies := f.Bool("tallies", false, "compare the figures with a recount")
	fix := f.Bool("fix", false, "with -tallies: store the recount where they differ")
	rules := f.Bool("rules", false, "ask every rule that must hold in a unit")
	rest, err := f.parse(args, true)
	if err != nil {
		return err
	}
	if len(rest) > 0 || !*tallies && !*rules || *fix && !*tallies {
		f.Usage()
		return errUsage
	}
	return e.with(ctx, *f.db, func(u *db.Unit) error {
		var found error
		if *tallies {
			if found = compareTallies(ctx, e, u, *fix, *f.json); found != nil && !errors.Is(found, errDiffer) {
				return found
			}
		}
		if *rules {
			if err := askRules(ctx, e, u, *f.json); err != nil {
				return err
			}
		}
		return found
	})
}

// compareTallies compares the figures with a recount, and stores it when they are to be fixed.
func compareTallies(ctx context.Context, e *Env, u *db.Unit, fix, asJSON bool) error {
	var told []string
	var n int
	look := u.Read
	if fix {
		look = u.Bulk
	}
	err := look(ctx, func(tx *db.Tx) error {
		c, err := review.Recount(tx)
		if err != nil {
			return err
		}
		if told, n, err = c.Differ(tx, 20); err != nil || n == 0 || !fix {
			return err
		}
		return c.Store(tx)
	})
	if err != nil {
		return err
	}
	if asJSON {
		if err := printJSON(e.Stdout, map[string]any{"differ": n, "examples": told, "fixed": fix && n > 0}); err != nil {
			return err
		}
	} else {
		fmt.Fprintln(e.Stdout, printer().T("cli.tallies", "n", n))
		for _, t := range told {
			fmt.Fprintln(e.Stdout, " ", t)
		}
	}
	if n > 0 && !fix {
		return errDiffer
	}
	return nil
}

// askRules tells each row that breaks a rule.
func askRules(ctx context.Context, e *Env, u *db.Unit, asJSON bool) error {
	var found []trust.Finding
	err := u.Read(ctx, func(tx *db.Tx) (err error) {
		found, err = trust.Check(tx)
		return err
	})
	if err != nil {
		return err
	}
	if asJSON {
		if err := printJSON(e.Stdout, map[string]any{"rules": len(trust.Rules()), "broken": found}); err != nil {
			return err
		}
	} else {
		tellFindings(e, found)
	}
	if len(found) > 0 {
		return errDiffer
	}
	return nil
}

// tellFindings tells what breaks a rule, or that nothing does.
func tellFindings(e *Env, found []trust.Finding) {
	p := printer()
	if len(found) == 0 {
		fmt.Fprintln(e.Stdout, p.T("cli.rules_hold"))
		return
	}
	fmt.Fprintln(e.Stdout, p.T("cli.rules_broken", "n", len(found)))
	for _, f := range found {
		fmt.Fprintln(e.Stdout, " ", f)
	}
}

// foldTallies gathers the figures' additions now and then, where they wait.
func foldTallies(ctx context.Context, u *db.Unit) error { return u.Bulk(ctx, tally.Fold) }
