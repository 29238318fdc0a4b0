// Package cli is the command line face: the same verbs as the pages and the API.
// Command sangathan is nothing but a call of [Run]; see its documentation.
package cli

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

// Env is what a command may touch: the machine's streams, files and clock, or, when
// a server carries it out, the client's and the server's open unit.
type Env struct {
	Stdout, Stderr io.Writer
	Open           func(name string) (io.ReadCloser, error) // reads a named file; "-" is standard input
	Dir            string                                   // the folder in which the command was called
	Now            func() time.Time
	Unit           *db.Unit // open already: the commands use it, and close nothing
}

// Main carries out the call of this process on this machine, until it is done or the
// process is asked to end, and gives the exit code.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return Run(ctx, machine(), os.Args[1:])
}

// machine is the environment of a command on this machine.
func machine() *Env {
	dir, _ := os.Getwd() // without one, relative names stay as they are
	return &Env{Stdout: os.Stdout, Stderr: os.Stderr, Dir: dir, Now: time.Now, Open: func(name string) (io.ReadCloser, error) {
		if name == "-" {
			return io.NopCloser(os.Stdin), nil
		}
		return os.Open(name)
	}}
}

// command is one subcommand; remote ones may be carried out by a running server.
type command struct {
	name, help string
	remote     bool
	run        func(ctx context.Context, e *Env, args []string) error
}

// commands lists the subcommands in the order of the help.
func commands() []command {
	return []command{
		{"init", "make an empty unit with its first account", false, initCommand},
		{"demo", "make an invented whole state and serve it", false, demoCommand},
		{"serve", "serve a unit's pages and API", false, serveCommand},
		{"review", "draft, list or show lists of missed duties", true, reviewCommand},
		{"org", "holders or vacancies, on any day", true, orgCommand},
		{"election", "import results", true, electionCommand},
		{"doctor", "check a unit's figures against its rows, and what must hold in it", true, doctorCommand},
		{"copy", "copy a unit from one engine to the other, and compare", false, copyCommand},
		{"backup", "write all of a unit into one encrypted file", true, backupCommand},
		{"restore", "bring a backup into a new place", false, restoreCommand},
		{"signin", "limits of signing in, and roles that need the second step", true, signInCommand},
		{"sms-test", "send one message through an SMS gateway", false, smsTestCommand},
		{"import", "load the lists that offices keep, or take one back", true, importCommand},
	}
}

// errUsage says that the words of the call are wrong; the flag set has said how.
var errUsage = errors.New("usage")

// errDiffer says that a check found something; the command has said what.
var errDiffer = errors.New("differ")

// Run carries out one call and gives its exit code: 0; 2 for wrong use, 3 for a fault
// of the input, 4 for not permitted or not found, 5 for a conflict, 1 for the rest.
func Run(ctx context.Context, e *Env, args []string) int {
	name := ""
	if len(args) > 0 {
		name = args[0]
	}
	for _, c := range commands() {
		if c.name != name {
			continue
		}
		err := c.run(ctx, e, args[1:])
		if errors.Is(err, db.ErrLocked) && c.remote {
			return callServer(ctx, e, dbFlag(args), args)
		}
		return exitCode(e, err)
	}
	fmt.Fprintln(e.Stderr, "usage: sangathan COMMAND ...")
	for _, c := range commands() {
		fmt.Fprintf(e.Stderr, "  %-9s %s\n", c.name, c.help)
	}
	if name == "" || name == "help" || name == "-h" || name == "-help" || name == "--help" {
		return 0
	}
	return 2
}

// exitCode prints the fault, if any, in the reader's language, and gives the code.
func exitCode(e *Env, err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	case errors.Is(err, errDiffer):
		return 5
	}
	p := printer()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		fmt.Fprintln(e.Stderr, "sangathan:", err)
		return 1
	}
	if f.Key != "fault.bad_form" { // that speaks of a page; here the fields say it all
		fmt.Fprintln(e.Stderr, "sangathan:", p.Error(f))
	}
	for _, field := range f.Fields {
		one := &fault.Error{Kind: f.Kind, Key: f.Key, Fields: []fault.Field{field}}
		fmt.Fprintf(e.Stderr, "sangathan: %s: %s\n", field.Name, p.Fields(one)[field.Name])
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

func newFlags(e *Env, name, operands string) flags {
	f := flags{FlagSet: flag.NewFlagSet("sangathan "+name, flag.ContinueOnError)}
	f.SetOutput(e.Stderr)
	f.db = f.String("db", "", "the unit: a folder, or a postgres:// address")
	f.as = f.String("as", "", "act as this person (id, login number or phone); else as the operator of this machine")
	f.json = f.Bool("json", false, "print JSON, one value a line")
	f.Usage = func() {
		fmt.Fprintf(e.Stderr, "usage: sangathan %s [flags] %s\n", name, operands)
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
func (e *Env) with(ctx context.Context, path string, fn func(u *db.Unit) error) error {
	if e.Unit != nil {
		return fn(e.Unit)
	}
	if !db.IsPostgres(path) {
		if _, err := os.Stat(path + "/unit.db"); err != nil {
			return fmt.Errorf("%s holds no unit: make one with sangathan init or sangathan demo", path)
		}
	}
	u, err := db.Open(ctx, db.Config{Path: path, Clock: e.Now})
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
