package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"sangathan/access"
	"sangathan/api"
	"sangathan/backup"
	"sangathan/intake"
	"sangathan/internal/db"
	"sangathan/letter"
	"sangathan/sms"
	"sangathan/tally"
	"sangathan/web"
)

// serveCommand serves a unit's pages and API until it is stopped.
//
//	sangathan serve -db PATH [-addr HOST:PORT] [-cert FILE -key FILE] [-sms FILE]
//		[-backup-to DIR -recipient age1... [-backup-every 24h] [-backup-keep 14]]
func serveCommand(ctx context.Context, e *Env, args []string) error {
	f := newFlags(e, "serve", "")
	s := serverFlags(f)
	gateway := f.String("sms", "", "SMS gateway (see docs/sms.md); without one people sign in by slip and PIN")
	backups := newBackupFlags(f.FlagSet)
	rest, err := f.parse(args, true)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		f.Usage()
		return errUsage
	}
	if *gateway != "" {
		if s.sms, err = loadGateway(e, *gateway); err != nil {
			return err
		}
	}
	if s.backups, err = backups.schedule(); err != nil {
		return err
	}
	return e.with(ctx, *f.db, func(u *db.Unit) error { return s.serve(ctx, e, u, web.Config{}) })
}

// foldEvery is how long the figures' additions wait on PostgreSQL: short, so that
// few rows are added up for a page.
const foldEvery = 5 * time.Second

// smsEvery is how soon after its commit a message is sent.
const smsEvery = time.Second

// keepEvery is how soon after midnight the figures of the day that is over are kept.
const keepEvery = time.Minute

// sweepEvery is how long what signing in has left may lie.
const sweepEvery = time.Hour

// backupEvery is how soon a backup that is due is begun.
const backupEvery = time.Minute

// watchEvery is how soon the log tells that strangers use up the limits of signing in.
const watchEvery = time.Minute

// analyzeEvery is how long the engine plans by the same statistics: renewing them
// holds up writing for a part of a second.
const analyzeEvery = 6 * time.Hour

type server struct {
	addr, cert, key, url *string
	sms                  *sms.Gateway     // nil for none
	backups              *backup.Schedule // nil for none
}

func serverFlags(f flags) server {
	return server{
		addr: f.String("addr", "127.0.0.1:8080", "address to listen on"),
		cert: f.String("cert", "", "TLS certificate file; with -key"),
		key:  f.String("key", "", "TLS key file"),
		url:  f.String("url", "", "address under which people reach the pages, for the QR of letters; default: that of -addr"),
	}
}

// pressEvery is how long an issued letter waits for its bytes; opening it makes them
// at once.
const pressEvery = 3 * time.Second

// GCPercent is the garbage collector's setting of a server: what lives long is some 10 MB,
// and Go's own, 100, would go through it dozens of times a second under load.
const GCPercent = 200

// serve answers requests until ctx ends, then lets those under way finish.
func (s server) serve(ctx context.Context, e *Env, u *db.Unit, cfg web.Config) error {
	if os.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(GCPercent))
	}
	cfg.Logger = slog.New(slog.NewTextHandler(e.Stderr, nil))
	mux := http.NewServeMux()
	mux.Handle("/api/", api.New(u, cfg.Logger))
	mux.Handle("/", web.New(u, cfg))
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 60 * time.Second, WriteTimeout: 120 * time.Second,
		IdleTimeout: 120 * time.Second, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelWarn)}
	l, err := net.Listen("tcp", *s.addr)
	if err != nil {
		return err
	}
	if !db.IsPostgres(u.Path()) {
		local, err := listenLocal(u, e)
		if err != nil {
			return err
		}
		defer local.Close()
	}
	go func() { // lists that were being loaded when the process ended
		if err := intake.Resume(ctx, u); err != nil && ctx.Err() == nil {
			cfg.Logger.Error("lists", "error", err)
		}
	}()
	every := func(pause time.Duration, what string, do func() error) {
		for tick := time.NewTicker(pause); ; {
			if err := do(); err != nil && ctx.Err() == nil {
				cfg.Logger.Error(what, "error", err)
			}
			select {
			case <-ctx.Done():
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	}
	if db.IsPostgres(u.Path()) {
		go every(foldEvery, "fold tallies", func() error { return foldTallies(ctx, u) })
	}
	go every(keepEvery, "keep figures", func() error { return tally.Keep(ctx, u) })
	go every(sweepEvery, "sweep sign-ins", func() error { return u.Write(ctx, access.Sweep) })
	go every(watchEvery, "watch sign-ins", watchSignIns(ctx, u, cfg.Logger))
	if s.backups != nil {
		go every(backupEvery, "backup", func() error { return s.backups.Run(ctx, u) })
	}
	started := false
	go every(analyzeEvery, "analyze", func() error {
		if !started { // a server that starts is waited for
			started = true
			return nil
		}
		return u.Analyze(ctx)
	})
	scheme := "http"
	if *s.cert != "" {
		scheme = "https"
	}
	here := scheme + "://" + l.Addr().String()
	site := *s.url
	if site == "" {
		site = here
	}
	if err := u.Write(ctx, func(tx *db.Tx) error { return errors.Join(letter.SetSite(tx, site), sms.SetOn(tx, s.sms != nil)) }); err != nil {
		return err
	}
	if s.sms != nil {
		go every(smsEvery, "sms", func() error { return sms.Drain(ctx, u, s.sms, cfg.Logger) })
	} else if !cfg.Demo {
		fmt.Fprintln(e.Stdout, printer().T("cli.no_sms"))
	}
	go every(pressEvery, "press letters", func() error { _, err := letter.Press(ctx, u); return err })
	fmt.Fprintf(e.Stdout, "%s\n", printer().T("cli.serving", "url", here+"/"))
	done := make(chan error, 1)
	go func() {
		if *s.cert != "" {
			done <- srv.ServeTLS(l, *s.cert, *s.key)
			return
		}
		done <- srv.Serve(l)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := srv.Shutdown(last); err != nil {
		return err
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
