// Command sangathan runs a unit: it makes one, serves it, and does on the command
// line what its pages do.
//
//	sangathan init   -pack DIR -db PATH ...   an empty unit with its first account
//	sangathan demo   -db PATH ...             an invented whole state to try everything on
//	sangathan serve  -db PATH ...             the pages and the API
//	sangathan review draft|list|show ...      lists of missed duties
//	sangathan org    holders|vacancies ...    who holds what, on any day
//	sangathan election import ...             results
//
// PATH is a folder (SQLite) or a PostgreSQL address. While a server runs on a
// folder, the other commands are carried out by it over the folder's socket. The
// exit code is 0, or 2 for wrong use, 3 for a fault of the input, 4 for not
// permitted or not found, 5 for a conflict, 1 for the rest.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	e := &env{stdout: os.Stdout, stderr: os.Stderr, now: time.Now, open: func(name string) (io.ReadCloser, error) {
		if name == "-" {
			return io.NopCloser(os.Stdin), nil
		}
		return os.Open(name)
	}}
	os.Exit(run(ctx, e, os.Args[1:]))
}

// env is what a command may touch: the machine's, or, when a server carries it
// out, the client's streams and files and the server's open unit.
type env struct {
	stdout, stderr io.Writer
	open           func(name string) (io.ReadCloser, error)
	now            func() time.Time
	unit           *db.Unit // open already, when a server carries the command out
}

// command is one subcommand; remote ones may be carried out by a running server.
type command struct {
	name, help string
	remote     bool
	run        func(ctx context.Context, e *env, args []string) error
}

var commands = []command{
	{"init", "make an empty unit with its first account", false, initCommand},
	{"demo", "make an invented whole state and serve it", false, demoCommand},
	{"serve", "serve a unit's pages and API", false, serveCommand},
	{"review", "draft, list or show lists of missed duties", true, reviewCommand},
	{"org", "holders or vacancies, on any day", true, orgCommand},
	{"election", "import results", true, electionCommand},
}

// errUsage says that the words of the call are wrong; the flag set has said how.
var errUsage = errors.New("usage")

// run carries out one call and gives the exit code.
func run(ctx context.Context, e *env, args []string) int {
	name := ""
	if len(args) > 0 {
		name = args[0]
	}
	for _, c := range commands {
		if c.name != name {
			continue
		}
		err := c.run(ctx, e, args[1:])
		if errors.Is(err, db.ErrLocked) && c.remote {
			return callServer(ctx, e, dbFlag(args), args)
		}
		return exitCode(e, err)
	}
	fmt.Fprintln(e.stderr, "usage: sangathan COMMAND ...")
	for _, c := range commands {
		fmt.Fprintf(e.stderr, "  %-9s %s\n", c.name, c.help)
	}
	if name == "" || name == "help" || name == "-h" || name == "-help" || name == "--help" {
		return 0
	}
	return 2
}

// exitCode prints the fault, if any, in the reader's language, and gives the code.
func exitCode(e *env, err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	}
	p := printer()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		fmt.Fprintln(e.stderr, "sangathan:", err)
		return 1
	}
	fmt.Fprintln(e.stderr, "sangathan:", p.Error(f))
	for _, field := range f.Fields {
		one := &fault.Error{Kind: f.Kind, Key: f.Key, Fields: []fault.Field{field}}
		fmt.Fprintf(e.stderr, "  %s: %s\n", field.Name, p.Fields(one)[field.Name])
	}
	switch f.Kind {
	case fault.Invalid, fault.TooLarge:
		return 3
	case fault.Unauthorized, fault.Forbidden, fault.NotFound:
		return 4
	case fault.Conflict:
		return 5
	}
	return 1
}

// printer speaks the language of the terminal: Hindi unless LANG or LC_ALL names English.
func printer() lang.Printer {
	l := os.Getenv("LC_ALL")
	if l == "" {
		l = os.Getenv("LANG")
	}
	if strings.HasPrefix(l, "en") || l == "C" || strings.HasPrefix(l, "C.") || l == "" {
		return lang.New(lang.En, nil, false)
	}
	return lang.New(lang.Hi, nil, false)
}

// flags makes the flag set of a command with the flags that all share.
type flags struct {
	*flag.FlagSet
	db, as *string
	json   *bool
}

func newFlags(e *env, name, operands string) flags {
	f := flags{FlagSet: flag.NewFlagSet("sangathan "+name, flag.ContinueOnError)}
	f.SetOutput(e.stderr)
	f.db = f.String("db", "", "the unit: a folder, or a postgres:// address")
	f.as = f.String("as", "", "act as this person (id, login number or phone); else as the operator of this machine")
	f.json = f.Bool("json", false, "print JSON, one value a line")
	f.Usage = func() {
		fmt.Fprintf(e.stderr, "usage: sangathan %s [flags] %s\n", name, operands)
		f.PrintDefaults()
	}
	return f
}

// parse reads the flags; operands may stand before, between or after them.
func (f flags) parse(args []string, needDB bool) ([]string, error) {
	var operands []string
	for {
		if err := f.FlagSet.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, errUsage
		}
		if f.NArg() == 0 {
			break
		}
		operands = append(operands, f.Arg(0))
		args = f.Args()[1:]
	}
	if needDB && *f.db == "" {
		fmt.Fprintln(f.Output(), "-db is missing: name the unit's folder or address")
		return nil, errUsage
	}
	return operands, nil
}

// dbFlag finds the -db of a call.
func dbFlag(args []string) string {
	for i, a := range args {
		a = strings.TrimPrefix(a, "-")
		if v, ok := strings.CutPrefix(a, "-db="); ok {
			return v
		}
		if v, ok := strings.CutPrefix(a, "db="); ok {
			return v
		}
		if (a == "db" || a == "-db") && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}

// with opens the unit (unless a server has it open) and calls fn.
func (e *env) with(ctx context.Context, path string, fn func(u *db.Unit) error) error {
	if e.unit != nil {
		return fn(e.unit)
	}
	if !db.IsPostgres(path) {
		if _, err := os.Stat(path + "/unit.db"); err != nil {
			return fmt.Errorf("%s holds no unit: make one with sangathan init or sangathan demo", path)
		}
	}
	u, err := db.Open(ctx, db.Config{Path: path, Clock: e.now})
	if err != nil {
		return err
	}
	return errors.Join(fn(u), u.Close())
}

// actor is who acts: -as, or the operator.
func actor(tx *db.Tx, as string) (access.Actor, error) {
	if as == "" {
		return access.Operator(), nil
	}
	return access.As(tx, as)
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
