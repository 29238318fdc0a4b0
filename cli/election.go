package cli

import (
	"context"
	"fmt"

	"sangathan/election"
	"sangathan/internal/db"
)

// electionCommand imports the results of an election, all or nothing.
//
//	sangathan election import -db PATH -name NAME -kind loksabha|assembly -day YYYY-MM-DD FILE.csv
//
// The file has the columns pc_no or ac_no, candidate, party and votes; "-" reads
// standard input.
func electionCommand(ctx context.Context, e *Env, args []string) error {
	f := newFlags(e, "election", "import FILE.csv")
	name := f.String("name", "", "name of the election, such as \"लोकसभा 2024\"")
	nameEn := f.String("name-en", "", "the same in English; the name when left out")
	kind := f.String("kind", "", "kind of seat: loksabha or assembly")
	day := f.String("day", "", "day of the result, YYYY-MM-DD")
	rest, err := f.parse(args, true)
	if err != nil {
		return err
	}
	if len(rest) != 2 || rest[0] != "import" {
		f.Usage()
		return errUsage
	}
	if *nameEn == "" {
		*nameEn = *name
	}
	in, err := e.Open(rest[1])
	if err != nil {
		return err
	}
	defer in.Close()
	rows, err := election.ReadCSV(in)
	if err != nil {
		return err
	}
	return e.with(ctx, *f.db, func(u *db.Unit) error {
		el := election.Election{NameHi: *name, NameEn: *nameEn, Kind: *kind, Day: *day}
		err := u.Write(ctx, func(tx *db.Tx) error {
			by, err := actor(tx, *f.as)
			if err != nil {
				return err
			}
			el.ID, err = election.Import(tx, by, el, rows)
			return err
		})
		if err != nil {
			return err
		}
		if *f.json {
			return printJSON(e.Stdout, map[string]any{"election": el.ID, "rows": len(rows)})
		}
		_, err = fmt.Fprintln(e.Stdout, printer().T("cli.results_in", "n", len(rows), "name", *name))
		return err
	})
}
