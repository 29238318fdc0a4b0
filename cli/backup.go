package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"sangathan/backup"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/trust"

	"filippo.io/age"
)

// recipientFlag gathers -recipient, which may be given several times.
type recipientFlag struct{ keys []age.Recipient }

func (f *recipientFlag) String() string { return "" }

func (f *recipientFlag) Set(text string) error {
	r, err := age.ParseX25519Recipient(text)
	if err != nil {
		return fmt.Errorf("not an age recipient (age1...): make a key with age-keygen -o KEYFILE")
	}
	f.keys = append(f.keys, r)
	return nil
}

// sound asks of a copy what must hold in it: figures and audit.
func sound(tx *db.Tx) error {
	broken, err := trust.CheckCopy(tx)
	if err == nil && len(broken) > 0 {
		err = fault.New(fault.Conflict, "backup.unsound", "finding", broken[0].String(), "n", len(broken))
	}
	return err
}

// backupCommand writes all of a unit into one encrypted file, while it is served.
//
//	sangathan backup -db PATH -to FILE -recipient age1... [-recipient age1...] [-json]
//	sangathan backup -new-key FILE
//
// The second form makes a key: the secret goes to the new file, for its owner only, and the
// recipient is printed.
func backupCommand(ctx context.Context, e *Env, args []string) error {
	f := newFlags(e, "backup", "")
	to := f.String("to", "", "the new file")
	var recipients recipientFlag
	f.Var(&recipients, "recipient", "public key (age1...) of one who may open it; may be given several times")
	newKey := f.String("new-key", "", "make a key: the secret goes to this new file, the recipient is printed")
	rest, err := f.parse(args, false)
	if err != nil {
		return err
	}
	if *newKey != "" && len(rest) == 0 {
		return makeKey(e, *newKey)
	}
	if len(rest) > 0 || *f.db == "" || *to == "" || *f.as != "" || len(recipients.keys) == 0 {
		f.Usage()
		return errUsage
	}
	began := time.Now()
	var m backup.Manifest
	err = e.with(ctx, *f.db, func(u *db.Unit) (err error) {
		path := *to
		if !filepath.IsAbs(path) {
			path = filepath.Join(e.Dir, path) // where the command was called, whoever carries it out
		}
		m, err = backup.Write(ctx, u, path, recipients.keys, sound)
		return err
	})
	if err != nil {
		return err
	}
	return told(e, *f.json, m, "cli.backed_up", "file", *to, "rows", m.Rows, "tables", len(m.Tables), "seconds", int(time.Since(began).Seconds()+0.5))
}

// makeKey writes a new secret key into a new file and prints its recipient.
func makeKey(e *Env, path string) error {
	if e.Unit != nil { // the key belongs on its owner's machine
		return errUsage
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fault.New(fault.Conflict, "backup.exists", "file", path)
	} else if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "# public key: %s\n%s\n", key.Recipient(), key)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.Stdout, key.Recipient())
	return err
}

// restoreCommand brings a backup into a new place.
//
//	sangathan restore -from FILE -identity KEYFILE -db PATH [-json]
func restoreCommand(ctx context.Context, e *Env, args []string) error {
	f := newFlags(e, "restore", "")
	from := f.String("from", "", "the backup")
	identity := f.String("identity", "", "file with the secret key, as age-keygen writes it")
	rest, err := f.parse(args, true)
	if err != nil {
		return err
	}
	if len(rest) > 0 || *from == "" || *identity == "" || *f.as != "" {
		f.Usage()
		return errUsage
	}
	file, err := e.Open(*identity)
	if err != nil {
		return err
	}
	keys, err := age.ParseIdentities(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return fault.New(fault.Invalid, "backup.no_identity", "file", *identity)
	}
	began := time.Now()
	m, err := backup.Restore(ctx, *from, keys, *f.db, e.Now, sound)
	if err != nil {
		return err
	}
	return told(e, *f.json, m, "cli.restored", "path", *f.db, "rows", m.Rows, "tables", len(m.Tables), "seconds", int(time.Since(began).Seconds()+0.5),
		"when", time.UnixMilli(m.MadeAt))
}

// told prints what came of a command: as JSON, or the message.
func told(e *Env, asJSON bool, v any, key string, args ...any) error {
	if asJSON {
		return printJSON(e.Stdout, v)
	}
	_, err := fmt.Fprintln(e.Stdout, printer().T(key, args...))
	return err
}

// backupFlags are the flags of a server that makes backups.
type backupFlags struct {
	dir        *string
	every      *time.Duration
	keep       *int
	recipients *recipientFlag
}

func newBackupFlags(f *flag.FlagSet) backupFlags {
	b := backupFlags{
		dir:        f.String("backup-to", "", "folder for backups; with -recipient"),
		every:      f.Duration("backup-every", 24*time.Hour, "time between two backups"),
		keep:       f.Int("backup-keep", 14, "how many backups stay; 0 for all"),
		recipients: &recipientFlag{},
	}
	f.Var(b.recipients, "recipient", "public key (age1...) of one who may open the backups; may be given several times")
	return b
}

// schedule gives the schedule that the flags ask for, nil for none.
func (b backupFlags) schedule() (*backup.Schedule, error) {
	if *b.dir == "" {
		return nil, nil
	}
	if len(b.recipients.keys) == 0 || *b.every < time.Minute || *b.keep < 0 {
		return nil, fault.New(fault.Invalid, "backup.bad_schedule")
	}
	return &backup.Schedule{Dir: *b.dir, Every: *b.every, Keep: *b.keep, Recipients: b.recipients.keys, Check: sound}, nil
}
