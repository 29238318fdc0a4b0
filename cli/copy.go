package cli

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"sangathan/internal/db"
	"sangathan/trust"
)

// copyCommand copies a whole unit into an empty one, on either engine.
//
//	sangathan copy -from PATH -to PATH [-json]
//
// PATH is a folder or a postgres:// address. Everything goes over, sessions and
// secrets included, so that nobody has to sign in again: stop the server on the old
// unit first (a folder in use is refused; a schema is read as it stood when the copy
// began), and serve only one of the two afterwards. Each table is read back and
// compared, the figures with a recount and the audit with its hashes; the exit code
// is 5 when these last two say that the unit was not in order before.
func copyCommand(ctx context.Context, e *Env, args []string) error {
	f := newFlags(e, "copy", "")
	from := f.String("from", "", "the unit to copy: a folder, or a postgres:// address")
	to := f.String("to", "", "where to: an absent or empty folder, or a postgres:// address with an empty schema")
	rest, err := f.parse(args, false)
	if err != nil {
		return err
	}
	if len(rest) > 0 || *from == "" || *to == "" || *f.db != "" || *f.as != "" {
		f.Usage()
		return errUsage
	}
	defer debug.SetGCPercent(debug.SetGCPercent(40)) // rows live shortly; memory stays under 300 MB
	say := printer()
	show := statusLine(e)
	began := time.Now()
	var broken []trust.Finding
	var tables []db.Copied
	var left []string
	err = e.with(ctx, *from, func(u *db.Unit) (err error) {
		tables, left, err = db.Copy(ctx, u, db.Copying{
			To: db.Config{Path: *to, Clock: e.Now},
			Check: func(tx *db.Tx) (err error) {
				show(say.T("cli.copy_checking"))
				broken, err = trust.CheckCopy(tx)
				return err
			},
			Progress: func(table string, done, total int) {
				if table == "" {
					table = say.T("demo.stage_index")
				}
				show(say.T("cli.stage", "stage", table, "done", done, "total", total))
			},
		})
		return err
	})
	show("")
	if err != nil {
		return err
	}
	rows := 0
	for _, t := range tables {
		rows += t.Rows
	}
	seconds := time.Since(began).Seconds()
	if *f.json {
		err := printJSON(e.Stdout, struct {
			Tables  []db.Copied     `json:"tables"`
			Rows    int             `json:"rows"`
			Seconds float64         `json:"seconds"`
			Rate    int             `json:"rows_per_second"`
			Left    []string        `json:"left,omitempty"`
			Broken  []trust.Finding `json:"broken,omitempty"`
		}{tables, rows, seconds, int(float64(rows) / seconds), left, broken})
		if err != nil {
			return err
		}
	} else {
		for _, t := range tables {
			fmt.Fprintf(e.Stdout, "%10d  %s  %.16s\n", t.Rows, t.Table, t.Back)
		}
		fmt.Fprintln(e.Stdout, say.T("cli.copied", "rows", rows, "tables", len(tables), "seconds", int(seconds+0.5), "rate", int(float64(rows)/seconds)))
		for _, name := range left {
			fmt.Fprintln(e.Stdout, say.T("cli.copy_left", "file", name))
		}
		if len(broken) == 0 {
			fmt.Fprintln(e.Stdout, say.T("cli.copy_sound"))
		} else {
			tellFindings(e, broken)
		}
	}
	if len(broken) > 0 {
		return errDiffer
	}
	return nil
}
