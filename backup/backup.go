// Package backup keeps a unit safe elsewhere: everything that it stores as one file,
// encrypted to the keys of those who may open it, and the way back into a new place.
//
// A backup is a tar of the unit's folder, compressed with Zstandard (RFC 8878) and
// encrypted with age (https://age-encryption.org/v1). Its first entry, manifest.json,
// says what it is. Units on PostgreSQL are backed up as the same folder, so that each
// engine restores what the other wrote.
//
// Who may: the operator of the machine.
package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"

	"filippo.io/age"
	"github.com/gofrs/flock"
	"github.com/klauspost/compress/zstd"
)

// Manifest says what a backup holds.
type Manifest struct {
	Format string         `json:"format"`
	MadeAt int64          `json:"made_at"` // milliseconds UTC
	Epoch  int            `json:"epoch"`   // how often the unit was restored before
	Rows   int            `json:"rows"`
	Tables map[string]int `json:"tables"` // rows of each
}

const format = "sangathan backup 1"

// Check looks at the unit in a transaction before it is trusted; its error stops what is
// under way. See trust.CheckCopy.
type Check func(tx *db.Tx) error

// Write makes a backup of the unit in the new file to, which it gives its name only when
// it is whole: beside it the unit is copied, in one state of it, each table read back and
// compared; check is asked in the copy; and the encrypted file is opened again with a key
// made for that alone and compared with what went in. Writers go on meanwhile. It needs
// room for the unit and the backup at to. Faults: Conflict (the file is there), Invalid
// (no recipient), Unavailable (no space).
func Write(ctx context.Context, u *db.Unit, to string, recipients []age.Recipient, check Check) (m Manifest, err error) {
	defer fault.Op(&err, "backup.Write(%s)", to)
	if len(recipients) == 0 {
		return m, fault.In("recipient", "backup.no_recipient")
	}
	if _, err := os.Lstat(to); err == nil {
		return m, fault.New(fault.Conflict, "backup.exists", "file", to)
	}
	folder, _, err := db.Staging(to + ".unit") // sweeps what killed ones have left
	if err != nil {
		return m, err
	}
	defer os.RemoveAll(folder)
	release, err := hold(folder)
	if err != nil {
		return m, err
	}
	defer release()
	copied := filepath.Join(folder, "unit")
	m.Format = format
	_, _, err = db.Copy(ctx, u, db.Copying{To: db.Config{Path: copied, Clock: u.Now}, Check: func(tx *db.Tx) (err error) {
		if err := check(tx); err != nil {
			return err
		}
		m.MadeAt = tx.Millis()
		if m.Epoch, err = epoch(tx); err != nil {
			return err
		}
		m.Tables, err = tx.CountRows()
		return err
	}})
	if err != nil {
		return m, full(err)
	}
	for _, n := range m.Tables {
		m.Rows += n
	}
	proof, err := age.GenerateX25519Identity()
	if err != nil {
		return m, err
	}
	made := filepath.Join(folder, "sealed")
	in, err := seal(ctx, copied, made, m, append(recipients, proof.Recipient()))
	if err != nil {
		return m, full(err)
	}
	out, err := reread(ctx, made, proof)
	if err != nil {
		return m, err
	}
	if in != out {
		return m, errors.New("the file does not give back what was put into it")
	}
	if err := os.Link(made, to); errors.Is(err, fs.ErrExist) { // unlike a rename, it never takes another's place
		return m, fault.New(fault.Conflict, "backup.exists", "file", to)
	} else if err != nil {
		return m, err
	}
	return m, syncDir(filepath.Dir(to))
}

// seal writes the folder as a backup and gives the hash of what was encrypted.
func seal(ctx context.Context, folder, to string, m Manifest, recipients []age.Recipient) (sum [sha256.Size]byte, err error) {
	file, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return sum, err
	}
	defer file.Close()
	sealed, err := age.Encrypt(file, recipients...)
	if err != nil {
		return sum, err
	}
	packed, err := zstd.NewWriter(sealed, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return sum, err
	}
	defer packed.Close()
	hash := sha256.New()
	t := tar.NewWriter(io.MultiWriter(packed, hash))
	manifest, err := json.Marshal(m)
	if err != nil {
		return sum, err
	}
	add := func(name string, size int64, r io.Reader) error {
		if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size, Format: tar.FormatPAX}); err != nil {
			return err
		}
		_, err := io.Copy(t, reader{ctx, r})
		return err
	}
	if err := add("manifest.json", int64(len(manifest)), strings.NewReader(string(manifest))); err != nil {
		return sum, err
	}
	files, err := os.ReadDir(folder)
	if err != nil {
		return sum, err
	}
	for _, f := range files {
		st, err := f.Info()
		if err != nil {
			return sum, err
		}
		if !st.Mode().IsRegular() || f.Name() == "lock" {
			continue
		}
		one, err := os.Open(filepath.Join(folder, f.Name()))
		if err != nil {
			return sum, err
		}
		if err := errors.Join(add("unit/"+f.Name(), st.Size(), one), one.Close()); err != nil {
			return sum, err
		}
	}
	if err := errors.Join(t.Close(), packed.Close(), sealed.Close(), file.Sync()); err != nil {
		return sum, err
	}
	return [sha256.Size]byte(hash.Sum(nil)), nil
}

// reread opens a backup and gives the hash of what it holds.
func reread(ctx context.Context, path string, key age.Identity) (sum [sha256.Size]byte, err error) {
	plain, done, err := unseal(path, key)
	if err != nil {
		return sum, err
	}
	defer done()
	hash := sha256.New()
	if _, err := io.Copy(hash, reader{ctx, plain}); err != nil {
		return sum, err
	}
	return [sha256.Size]byte(hash.Sum(nil)), nil
}

// unseal opens a backup for reading. Faults: Forbidden (none of the keys opens it),
// Invalid (no backup, or damaged).
func unseal(path string, keys ...age.Identity) (plain io.Reader, done func(), err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	opened, err := age.Decrypt(file, keys...)
	if err != nil {
		file.Close()
		if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
			return nil, nil, fault.New(fault.Forbidden, "backup.wrong_key")
		}
		return nil, nil, fault.New(fault.Invalid, "backup.unreadable")
	}
	unpacked, err := zstd.NewReader(opened, zstd.WithDecoderConcurrency(1))
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return unpacked, func() { unpacked.Close(); file.Close() }, nil
}

// Restore brings a backup into a new place: an absent or empty folder, or an empty
// PostgreSQL schema. There can be seen only a unit that is whole: as many rows in each
// table as the backup says, and check content with it. Its epoch is raised, and every
// sign-in, code and slip is void: who was relieved since the backup was made must not
// come back by an open session. Killed half-way it leaves nothing at to.
// Faults: Forbidden (none of the keys opens it), Invalid (no backup, or damaged),
// Conflict (there is something at to).
func Restore(ctx context.Context, from string, keys []age.Identity, to string, clock func() time.Time, check Check) (m Manifest, err error) {
	defer fault.Op(&err, "backup.Restore(%s)", to)
	place := to
	if db.IsPostgres(to) {
		temp, err := os.MkdirTemp("", "sangathan-restore-")
		if err != nil {
			return m, err
		}
		defer os.RemoveAll(temp)
		place = filepath.Join(temp, "unit")
	}
	folder, move, err := db.Staging(place)
	if err != nil {
		return m, err
	}
	defer os.RemoveAll(folder)
	release, err := hold(folder)
	if err != nil {
		return m, err
	}
	m, err = unpack(ctx, from, keys, folder)
	if release(); err != nil {
		return m, full(err)
	}
	u, err := db.Open(ctx, db.Config{Path: folder, Clock: clock})
	if err != nil {
		return m, err
	}
	defer u.Close()
	err = u.Bulk(ctx, func(tx *db.Tx) error {
		held, err := tx.CountRows()
		if err != nil {
			return err
		}
		for table, rows := range m.Tables {
			if held[table] != rows {
				return fault.New(fault.Invalid, "backup.differs", "table", table, "rows", held[table], "want", rows)
			}
		}
		if err := check(tx); err != nil {
			return err
		}
		m.Epoch++
		if err := tx.SetMeta(metaEpoch, fmt.Sprint(m.Epoch)); err != nil {
			return err
		}
		if err := access.VoidSignIns(tx); err != nil {
			return err
		}
		return access.Audit(tx, access.Operator(), "unit.restored", "unit", "", m)
	})
	if err != nil {
		return m, full(err)
	}
	if db.IsPostgres(to) {
		_, _, err := db.Copy(ctx, u, db.Copying{To: db.Config{Path: to, Clock: clock}, Check: check})
		return m, err
	}
	return m, errors.Join(u.Close(), move())
}

// unpack writes what a backup holds into a folder and gives what it says of itself.
func unpack(ctx context.Context, from string, keys []age.Identity, folder string) (m Manifest, err error) {
	plain, done, err := unseal(from, keys...)
	if err != nil {
		return m, err
	}
	defer done()
	damaged := func(err error) error {
		if ctx.Err() != nil || errors.Is(err, fs.ErrPermission) || isFull(err) {
			return err
		}
		return fault.New(fault.Invalid, "backup.unreadable")
	}
	t := tar.NewReader(reader{ctx, plain})
	head, err := t.Next()
	if err != nil || head.Name != "manifest.json" || head.Size > 1<<20 {
		return m, damaged(err)
	}
	if err := json.NewDecoder(t).Decode(&m); err != nil || m.Format != format {
		return m, damaged(err)
	}
	for {
		head, err := t.Next()
		if errors.Is(err, io.EOF) {
			return m, syncDir(folder)
		}
		if err != nil {
			return m, damaged(err)
		}
		name, ok := strings.CutPrefix(head.Name, "unit/")
		if !ok || name != filepath.Base(name) || !filepath.IsLocal(name) || head.Typeflag != tar.TypeReg {
			return m, damaged(nil)
		}
		file, err := os.OpenFile(filepath.Join(folder, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return m, err
		}
		_, err = io.Copy(file, t)
		if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
			return m, damaged(err)
		}
	}
}

// metaEpoch counts how often the unit was restored: phones offer again what they sent
// under an earlier one.
const metaEpoch = "epoch"

func epoch(tx *db.Tx) (n int, err error) {
	text, err := tx.Meta(metaEpoch)
	if err == nil && text != "" {
		_, err = fmt.Sscan(text, &n)
	}
	return n, err
}

// hold locks a folder that is being filled, so that nobody who makes the same sweeps it away.
func hold(folder string) (release func(), err error) {
	lock := flock.New(filepath.Join(folder, "lock"))
	if free, err := lock.TryLock(); err != nil || !free {
		return nil, errors.Join(db.ErrLocked, err)
	}
	return func() { lock.Unlock() }, nil
}

// full makes a fault of a disk that is full.
func full(err error) error {
	if isFull(err) {
		return &fault.Error{Kind: fault.Unavailable, Key: "backup.disk_full", Err: err}
	}
	return err
}

func isFull(err error) bool {
	e, ok := errors.AsType[*fault.Error](err)
	return errors.Is(err, syscall.ENOSPC) || ok && e.Key == "fault.disk_full"
}

// reader stops reading when its context has ended.
type reader struct {
	ctx context.Context
	io.Reader
}

func (r reader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(b)
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
