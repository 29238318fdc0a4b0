package dbtest

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Disk is a disk whose power can be cut, whose syncs can fail and that can be full,
// under the very driver and engine that the program uses. Files that SQLite opens in [Disk.Folder]
// are ordinary files; beside them stands, for each, what had reached the disk at its
// last sync and what was written since. After a cut any part of the latter may be
// there, in any order, each write in whole or torn at a sector.
type Disk struct {
	mu     sync.Mutex
	root   string
	folder string
	rand   *rand.Rand
	files  map[string]*platter
	left   int // writes until the power goes; -1: it stays
	off    bool
	lies   bool
	broken func(name string) bool // whether a sync of the file fails
	room   int64                  // bytes by which files can grow; -1: any
	cuts   int
	syncs  map[string]int
}

// platter is one file as the disk holds it.
type platter struct {
	safe []byte // at the last sync
	wait []write
}

// write is bytes at an offset, or with data nil a new length.
type write struct {
	at   int64
	data []byte
}

const sector = 512

func (w write) apply(b []byte) []byte {
	end := w.at + int64(len(w.data))
	if w.data == nil && int64(len(b)) > end {
		return b[:end]
	}
	if int64(len(b)) < end {
		b = append(b, make([]byte, end-int64(len(b)))...)
	}
	copy(b[w.at:], w.data)
	return b
}

// NewDisk makes a disk for the test; what a cut leaves is drawn from seed.
func NewDisk(t testing.TB, seed uint64) *Disk {
	t.Helper()
	if err := watch(); err != nil {
		t.Fatal("dbtest: ", err)
	}
	root, err := filepath.EvalSymlinks(t.TempDir()) // as SQLite names its files
	if err != nil {
		t.Fatal("dbtest: ", err)
	}
	d := &Disk{root: root, rand: rand.New(rand.NewPCG(seed, 0)), left: -1, room: -1, files: map[string]*platter{}, syncs: map[string]int{}}
	d.folder = filepath.Join(root, "0")
	if err := os.Mkdir(d.folder, 0o700); err != nil {
		t.Fatal("dbtest: ", err)
	}
	disks.Store(root, d)
	t.Cleanup(func() { disks.Delete(root) })
	return d
}

// Folder is where the unit stands now; another after each [Disk.Restart].
func (d *Disk) Folder() string { return d.folder }

// CutAfter cuts the power after n more writes and syncs.
func (d *Disk) CutAfter(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left = n
}

// Lie has syncs succeed without anything reaching the disk.
func (d *Disk) Lie() { d.lies = true }

// FailSync has the syncs of the files fail for which broken is true; nil: none.
func (d *Disk) FailSync(broken func(name string) bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = broken
}

// Room has the disk be full when its files have grown by n bytes more; -1: never.
func (d *Disk) Room(n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = n
}

// takes reports whether there is room for a file to reach to end, and takes it.
func (d *Disk) takes(name string, end int64) bool {
	if d.room < 0 {
		return true
	}
	st, err := os.Stat(name)
	if err != nil {
		return false
	}
	more := max(end-st.Size(), 0)
	if more > d.room {
		return false
	}
	d.room -= more
	return true
}

// Syncs is how often a file was synced, over all restarts.
func (d *Disk) Syncs(name string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.syncs[name]
}

// Off reports whether the power is gone.
func (d *Disk) Off() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.off
}

// Restart gives the power back: a new folder holds what the disk held.
func (d *Disk) Restart(t testing.TB) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cuts++
	next := filepath.Join(d.root, string(rune('0'+d.cuts%2)))
	os.RemoveAll(next)
	if err := os.Mkdir(next, 0o700); err != nil {
		t.Fatal("dbtest: ", err)
	}
	files := map[string]*platter{}
	for name, f := range d.files {
		if filepath.Dir(name) != d.folder {
			continue
		}
		b, kept := append([]byte(nil), f.safe...), f.safe != nil
		for _, w := range d.survivors(f.wait) {
			b, kept = w.apply(b), true
		}
		if !kept {
			continue
		}
		name = filepath.Join(next, filepath.Base(name))
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal("dbtest: ", err)
		}
		files[name] = &platter{safe: b}
	}
	old := d.folder
	d.folder, d.files, d.left, d.off = next, files, -1, false
	os.RemoveAll(old)
}

// survivors draws which of the writes that were never synced reached the disk.
func (d *Disk) survivors(wait []write) (kept []write) {
	share, until := 0.0, len(wait)
	switch d.rand.IntN(5) {
	case 0: // none
	case 1: // the first of them
		share, until = 1, d.rand.IntN(len(wait)+1)
	case 2:
		share = 0.5
	case 3:
		share = 0.9
	case 4: // all
		share = 1
	}
	for i, w := range wait {
		if i >= until || d.rand.Float64() >= share {
			continue
		}
		if len(w.data) <= sector || i < until-1 && d.rand.IntN(4) > 0 {
			kept = append(kept, w)
			continue
		}
		for at := 0; at < len(w.data); at += sector { // torn
			if d.rand.IntN(2) == 0 {
				kept = append(kept, write{w.at + int64(at), w.data[at:min(at+sector, len(w.data))]})
			}
		}
	}
	return kept
}

// tick counts one write or sync, and reports whether the power is gone.
func (d *Disk) tick() bool {
	if d.left == 0 {
		d.off = true
	}
	if d.left > 0 {
		d.left--
	}
	return d.off
}

// The watching of files is SQLite's own way: a VFS is the layer through which it
// reaches files. Ours is the one it has, with four methods put before its own, and
// only for files in a Disk.
var (
	disks sync.Map // root to *Disk
	open  sync.Map // address of an open sqlite3_file to opened
	below sqlite3.Tsqlite3_vfs
	vfs   uintptr // address of below, as it was found
)

type opened struct {
	disk    *Disk
	name    string
	methods *sqlite3.Tsqlite3_io_methods // of the layer below
}

// at is the C value at an address.
func at[T any](address uintptr) *T { return (*T)(*(*unsafe.Pointer)(unsafe.Pointer(&address))) }

// pointer is a Go function as C points to it.
func pointer[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

// function is what a C pointer to a function points to.
func function[F any](p uintptr) F { s := struct{ uintptr }{p}; return *(*F)(unsafe.Pointer(&s)) }

type (
	openFunc     = func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32
	deleteFunc   = func(*libc.TLS, uintptr, uintptr, int32) int32
	closeFunc    = func(*libc.TLS, uintptr) int32
	writeFunc    = func(*libc.TLS, uintptr, uintptr, int32, int64) int32
	truncateFunc = func(*libc.TLS, uintptr, int64) int32
	syncFunc     = func(*libc.TLS, uintptr, int32) int32
)

// watch puts our layer before SQLite's own, once in the process.
var watch = sync.OnceValue(func() error {
	tls := libc.NewTLS()
	sqlite3.Xsqlite3_initialize(tls)
	vfs = sqlite3.Xsqlite3_vfs_find(tls, 0)
	below = *at[sqlite3.Tsqlite3_vfs](vfs)
	name, err := libc.CString("watched")
	if err != nil {
		return err
	}
	ours := libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(below)))
	v := at[sqlite3.Tsqlite3_vfs](ours)
	*v = below
	v.FpNext, v.FzName, v.FxOpen, v.FxDelete = 0, name, pointer(openFile), pointer(deleteFile)
	sqlite3.Xsqlite3_vfs_register(tls, ours, 1)
	return nil
})

func diskOf(name string) *Disk {
	d, _ := disks.Load(filepath.Dir(filepath.Dir(name)))
	disk, _ := d.(*Disk)
	return disk
}

var openFile openFunc = func(tls *libc.TLS, _, path, file uintptr, flags int32, out uintptr) int32 {
	name := ""
	if path != 0 {
		name = libc.GoString(path)
	}
	d := diskOf(name)
	if d == nil {
		return function[openFunc](below.FxOpen)(tls, vfs, path, file, flags, out)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return sqlite3.SQLITE_CANTOPEN
	}
	if d.files[name] == nil {
		safe, _ := os.ReadFile(name) // nil when it is new
		d.files[name] = &platter{safe: safe}
	}
	rc := function[openFunc](below.FxOpen)(tls, vfs, path, file, flags, out)
	if rc != sqlite3.SQLITE_OK {
		return rc
	}
	f := at[sqlite3.Tsqlite3_file](file)
	methods := at[sqlite3.Tsqlite3_io_methods](f.FpMethods)
	open.Store(file, opened{d, name, methods})
	f.FpMethods = before(f.FpMethods)
	return rc
}

// before gives methods of ours to stand before those at an address.
func before(address uintptr) uintptr {
	if ours, ok := layers.Load(address); ok {
		return ours.(uintptr)
	}
	ours := libc.Xcalloc(libc.NewTLS(), 1, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_io_methods{})))
	m := at[sqlite3.Tsqlite3_io_methods](ours)
	*m = *at[sqlite3.Tsqlite3_io_methods](address)
	m.FxClose, m.FxWrite, m.FxTruncate, m.FxSync = pointer(closeFile), pointer(writeFile), pointer(truncateFile), pointer(syncFile)
	layers.Store(address, ours)
	return ours
}

var layers sync.Map // address of methods to that of ours before them

func known(file uintptr) opened {
	o, _ := open.Load(file)
	return o.(opened)
}

var deleteFile deleteFunc = func(tls *libc.TLS, _, path uintptr, sync int32) int32 {
	if d := diskOf(libc.GoString(path)); d != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.tick() {
			return sqlite3.SQLITE_IOERR_DELETE
		}
		delete(d.files, libc.GoString(path))
	}
	return function[deleteFunc](below.FxDelete)(tls, vfs, path, sync)
}

var closeFile closeFunc = func(tls *libc.TLS, file uintptr) int32 {
	o := known(file)
	open.Delete(file)
	return function[closeFunc](o.methods.FxClose)(tls, file)
}

var writeFile writeFunc = func(tls *libc.TLS, file, buf uintptr, n int32, offset int64) int32 {
	o := known(file)
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	if o.disk.tick() {
		return sqlite3.SQLITE_IOERR_WRITE
	}
	if !o.disk.takes(o.name, offset+int64(n)) {
		return sqlite3.SQLITE_FULL
	}
	if f := o.disk.files[o.name]; f != nil {
		f.wait = append(f.wait, write{offset, append([]byte{}, unsafe.Slice(at[byte](buf), n)...)})
	}
	return function[writeFunc](o.methods.FxWrite)(tls, file, buf, n, offset)
}

var truncateFile truncateFunc = func(tls *libc.TLS, file uintptr, size int64) int32 {
	o := known(file)
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	if o.disk.tick() {
		return sqlite3.SQLITE_IOERR_TRUNCATE
	}
	if f := o.disk.files[o.name]; f != nil {
		f.wait = append(f.wait, write{at: size})
	}
	return function[truncateFunc](o.methods.FxTruncate)(tls, file, size)
}

// syncFile does not trouble the real disk: only what stands beside the file counts.
var syncFile syncFunc = func(_ *libc.TLS, file uintptr, _ int32) int32 {
	o := known(file)
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	name := filepath.Base(o.name)
	if o.disk.tick() || o.disk.broken != nil && o.disk.broken(name) {
		return sqlite3.SQLITE_IOERR_FSYNC
	}
	o.disk.syncs[name]++
	f := o.disk.files[o.name]
	if f == nil || o.disk.lies {
		return sqlite3.SQLITE_OK
	}
	for _, w := range f.wait {
		f.safe = w.apply(f.safe)
	}
	if f.safe == nil {
		f.safe = []byte{}
	}
	f.wait = nil
	return sqlite3.SQLITE_OK
}
