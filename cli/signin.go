package cli

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"text/tabwriter"

	"sangathan/access"
	"sangathan/internal/db"
)

// signInCommand tells how signing in goes, and sets what the operator may set.
//
//	sangathan signin -db PATH [-codes-hour N] [-codes-day N] [-guesses-hour N] [-guesses-day N] [-second ROLE,ROLE|none] [-json]
//
// The limits are for devices that nobody has signed in with, all together: codes made
// for them, and wrong codes and PINs from them. -second names the roles that act only
// when their holder has the second step of signing in.
func signInCommand(ctx context.Context, e *Env, args []string) error {
	f := newFlags(e, "signin", "")
	codesHour := f.Int("codes-hour", 0, "codes for unknown devices in an hour; 0 leaves it as it is")
	codesDay := f.Int("codes-day", 0, "codes for unknown devices in a day")
	guessesHour := f.Int("guesses-hour", 0, "wrong codes and PINs from unknown devices in an hour")
	guessesDay := f.Int("guesses-day", 0, "wrong codes and PINs from unknown devices in a day")
	roles := f.String("second", "", "roles that need the second step, with commas between; none for no role")
	rest, err := f.parse(args, true)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		f.Usage()
		return errUsage
	}
	return e.with(ctx, *f.db, func(u *db.Unit) error {
		return e.write(ctx, u, f, func(tx *db.Tx, by access.Actor) error {
			limits, err := access.SignInLimits(tx)
			if err != nil {
				return err
			}
			old := limits
			for _, s := range []struct{ to, from *int }{{&limits.Codes.Hour, codesHour}, {&limits.Codes.Day, codesDay},
				{&limits.Guesses.Hour, guessesHour}, {&limits.Guesses.Day, guessesDay}} {
				if *s.from != 0 {
					*s.to = *s.from
				}
			}
			if limits != old {
				if err := access.SetSignInLimits(tx, by, limits); err != nil {
					return err
				}
			}
			if *roles != "" {
				var named []string
				if *roles != "none" {
					named = strings.Split(*roles, ",")
				}
				if err := access.SetRolesWithSecond(tx, by, named); err != nil {
					return err
				}
			}
			return tellSignIns(tx, e, by, *f.json)
		})
	})
}

func tellSignIns(tx *db.Tx, e *Env, by access.Actor, asJSON bool) error {
	all, err := access.SignInWatch(tx, by)
	if err != nil {
		return err
	}
	second, err := access.RolesWithSecond(tx)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(e.Stdout, map[string]any{"watch": all, "second": second})
	}
	p := printer()
	w := tabwriter.NewWriter(e.Stdout, 2, 4, 2, ' ', 0)
	for _, s := range all {
		fmt.Fprintf(w, "%s\t%s: %s\t%s: %s\n", p.T("signin.watch_"+s.Kind), p.T("signin.watch_hour"), p.T("signin.watch_of", "n", s.Hour, "limit", s.Limit.Hour),
			p.T("signin.watch_day"), p.T("signin.watch_of", "n", s.Day, "limit", s.Limit.Day))
	}
	fmt.Fprintf(w, "%s\t%s\n", p.T("cli.second_roles"), strings.Join(second, ", "))
	return w.Flush()
}

// watchSignIns tells the log, once an hour, that strangers use up a limit of signing in.
func watchSignIns(ctx context.Context, u *db.Unit, log *slog.Logger) func() error {
	told := map[string]int64{}
	return func() error {
		var all []access.Spent
		err := u.Read(ctx, func(tx *db.Tx) (err error) { all, err = access.SignInWatch(tx, access.Operator()); return err })
		hour := u.Now().Unix() / 3600
		for _, s := range all {
			if s.Alarm() && told[s.Kind] != hour {
				told[s.Kind] = hour
				log.Warn("signing in under pressure", "kind", s.Kind, "hour", s.Hour, "hour_limit", s.Limit.Hour, "day", s.Day, "day_limit", s.Limit.Day, "strangers_wait", s.Over())
			}
		}
		return err
	}
}
