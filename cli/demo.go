package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"sangathan/demo"
	"sangathan/internal/db"
	"sangathan/internal/lang"
	"sangathan/web"
)

// made is what a demonstration unit remembers of its making.
type made struct {
	Seed   uint64      `json:"seed"`
	Scale  string      `json:"scale"`
	Booths string      `json:"booths"`
	Result demo.Result `json:"result"`
}

// demoCommand makes an invented whole state and serves it, with ready sign-ins.
//
//	sangathan demo [-db PATH] [-seed N] [-scale default|full|small|tenfold] [-booths FILE] [-serve=false] [-json]
//
// A folder that already holds the same demonstration is served as it is.
func demoCommand(ctx context.Context, e *Env, args []string) error {
	f := newFlags(e, "demo", "")
	*f.db = "demo-unit"
	f.Lookup("db").DefValue = *f.db
	s := serverFlags(f)
	var want made
	f.Uint64Var(&want.Seed, "seed", 1, "seed of all that is random")
	f.StringVar(&want.Scale, "scale", demo.Default, "default, full (1,000,000 people), tenfold (ten times the booths) or small")
	booths := f.String("booths", "", "a real list of booths (CSV or CSV.xz: ac_no, part_no, name_en) instead of invented ones")
	serve := f.Bool("serve", true, "serve it when it is made")
	rest, err := f.parse(args, true)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		f.Usage()
		return errUsage
	}
	if *booths != "" {
		want.Booths = filepath.Base(*booths)
	}
	have, err := remembered(ctx, e, *f.db)
	if err != nil {
		return err
	}
	if have == nil {
		if want.Result, err = demo.Make(ctx, *f.db, demo.Options{Seed: want.Seed, Scale: want.Scale, BoothsFile: *booths, Now: e.Now(), Progress: progress(e)}); err != nil {
			return err
		}
		have = &want
		text, err := json.Marshal(want)
		if err != nil {
			return err
		}
		if err := e.with(ctx, *f.db, func(u *db.Unit) error {
			return u.Write(ctx, func(tx *db.Tx) error { return tx.SetMeta("demo_made", string(text)) })
		}); err != nil {
			return err
		}
	} else if have.Seed != want.Seed || have.Scale != want.Scale || have.Booths != want.Booths {
		return fmt.Errorf("%s holds another demonstration (seed %d, scale %s): name another -db, or remove it", *f.db, have.Seed, have.Scale)
	}
	if *f.json {
		if err := printJSON(e.Stdout, have.Result); err != nil {
			return err
		}
	} else {
		tell(e, have.Result)
	}
	if !*serve {
		return nil
	}
	cfg := web.Config{Demo: true}
	for _, in := range have.Result.SignIns {
		cfg.SignIns = append(cfg.SignIns, web.DemoSignIn{Label: "demo.as_" + in.As, Phone: in.Phone, Name: lang.Name{Hi: in.NameHi, En: in.NameEn}})
	}
	return e.with(ctx, *f.db, func(u *db.Unit) error { return s.serve(ctx, e, u, cfg) })
}

// remembered reads the demonstration that path holds; nil when it holds nothing.
func remembered(ctx context.Context, e *Env, path string) (*made, error) {
	if !db.IsPostgres(path) {
		if _, err := os.Stat(filepath.Join(path, "unit.db")); errors.Is(err, os.ErrNotExist) {
			return nil, nil
		}
	}
	var text string
	err := e.with(ctx, path, func(u *db.Unit) error {
		return u.Read(ctx, func(tx *db.Tx) (err error) {
			if text, err = tx.Meta("demo_made"); err != nil || text != "" {
				return err
			}
			if id, err := tx.Meta("pack"); err != nil || id == "" {
				return err
			}
			return fmt.Errorf("%s holds a unit that is not a demonstration: name another -db", path)
		})
	})
	if err != nil || text == "" {
		return nil, err
	}
	have := new(made)
	return have, json.Unmarshal([]byte(text), have)
}

// progress shows the stages on the status line.
func progress(e *Env) func(stage string, done, total int) {
	p, show := printer(), statusLine(e)
	return func(stage string, done, total int) {
		show(p.T("cli.stage", "stage", lang.Key("demo.stage_"+stage), "done", done, "total", total))
		if stage == demo.StageDisk {
			show("")
		}
	}
}

// statusLine shows one line of a terminal, each in place of the last, and elsewhere
// nothing. "" takes it away.
func statusLine(e *Env) func(line string) {
	f, ok := e.Stderr.(*os.File)
	if !ok {
		return func(string) {}
	}
	if st, err := f.Stat(); err != nil || st.Mode()&os.ModeCharDevice == 0 {
		return func(string) {}
	}
	last := ""
	return func(line string) {
		if line != last {
			fmt.Fprintf(f, "\r\033[K%s", line)
			last = line
		}
	}
}

func tell(e *Env, r demo.Result) {
	p := printer()
	fmt.Fprintln(e.Stdout, p.T("cli.demo_ready", "people", r.People, "booths", r.Areas["booth"], "ledger", r.Ledger, "seconds", int(r.Seconds)))
	fmt.Fprintln(e.Stdout, p.T("cli.sign_ins"))
	for _, in := range r.SignIns {
		fmt.Fprintf(e.Stdout, "  %s  %s (%s)\n", in.Phone, p.T("demo.as_"+in.As), p.Name(in.NameHi, in.NameEn))
	}
}
