package db

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"sangathan/internal/fault"

	"github.com/gofrs/flock"
)

// ErrNotEmpty says that there is something already where a unit is to be made.
var ErrNotEmpty = fault.New(fault.Conflict, "fault.not_empty")

// Staging makes a folder beside path, on the same disk, in which to build a unit,
// after taking away what killed builders have left there. Done moves it to path;
// until then, and however the process ends, there is nothing at path. The caller
// removes the folder when it fails. Faults: [ErrNotEmpty].
func Staging(path string) (folder string, done func() error, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return "", nil, err
	}
	if there, err := os.ReadDir(path); err == nil && len(there) > 0 {
		return "", nil, ErrNotEmpty
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", nil, err
	}
	parent, prefix := filepath.Dir(path), filepath.Base(path)+".making-"
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", nil, err
	}
	old, err := filepath.Glob(filepath.Join(parent, prefix+"*"))
	if err != nil {
		return "", nil, err
	}
	for _, dir := range old {
		lock := flock.New(filepath.Join(dir, "lock"))
		if free, err := lock.TryLock(); err == nil && free {
			os.RemoveAll(dir)
			lock.Unlock()
		}
	}
	folder, err = os.MkdirTemp(parent, prefix)
	return folder, func() error {
		if err := os.Rename(folder, path); err != nil {
			return err
		}
		dir, err := os.Open(parent)
		if err != nil {
			return err
		}
		return errors.Join(dir.Sync(), dir.Close())
	}, err
}
