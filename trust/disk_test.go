//go:build linux

package trust_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const diskSize = 32 << 20

// smallDisk mounts a file system of 32 MB; without the right to mount the test is skipped.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", diskSize)); err != nil {
		t.Skipf("a small file system cannot be mounted here (%v): run as root to try a full disk", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill writes to a file until the disk is full.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	for _, n := range []int{1 << 20, 64 << 10, 4 << 10} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, n))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Error(err)
		}
	}
}

// The disk fills up while people report: they are told so (503), the server stays,
// readers read on, and when there is space again everything goes on.
func TestI5DiskFull(t *testing.T) {
	t.Parallel()
	rnd := seeded(t)
	disk := smallDisk(t)
	path, ballast := filepath.Join(disk, "unit"), filepath.Join(disk, "ballast")
	rounds, chains := form(2, 12), form(6, 60)
	tinyUnit(t, path, 32, 2*chains)
	l, before := staged(t, path, rnd, chains)
	l.srv.start()
	l.srv.await(time.Now())
	pid := l.srv.cmd.Process.Pid

	// A reader beside them all: never anything but an answer.
	ctx, stopReading := context.WithCancel(t.Context())
	var reads, failedReads atomic.Int64
	var reader sync.WaitGroup
	reader.Go(func() {
		for ctx.Err() == nil {
			if status := get(l, l.cast.president, "/activities?limit=20"); status == http.StatusOK {
				reads.Add(1)
			} else {
				failedReads.Add(1)
			}
			time.Sleep(2 * time.Millisecond)
		}
	})

	refusals := func() (n int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.problems["503 fault.disk_full"]
	}
	var back []time.Duration
	told := 0
	finished := make(chan struct{})
	var done atomic.Bool
	go func() {
		defer close(finished)
		defer done.Store(true)
		for range rounds {
			amid(l, rnd, 50)
			was := refusals()
			fill(t, ballast)
			for deadline := time.Now().Add(20 * time.Second); refusals() < was+20 && time.Now().Before(deadline) && !t.Failed(); {
				time.Sleep(time.Millisecond)
			}
			if refusals() < was+20 {
				t.Errorf("the disk is full and only %d were told so", refusals()-was)
			}
			time.Sleep(time.Duration(rnd.IntN(100)) * time.Millisecond)
			told += refusals() - was
			began, acked := time.Now(), l.acked.Load()
			if err := os.Remove(ballast); err != nil {
				t.Error(err)
				return
			}
			for l.acked.Load() == acked && time.Since(began) < 30*time.Second {
				time.Sleep(200 * time.Microsecond)
			}
			if l.acked.Load() == acked {
				t.Error("with room on the disk again, nothing more was written")
			}
			back = append(back, time.Since(began))
		}
	}()
	l.run(8, 2, form(300, 3000), done.Load)
	<-finished
	stopReading()
	reader.Wait()
	if !l.srv.alive() || l.srv.cmd.Process.Pid != pid {
		t.Error("the server did not outlive the full disk")
	}
	v := finish(t, l, rnd, before)
	median, slowest := spread(back)
	result(t, "%d times full\t%d\t%d\t%d\t%d\t%d\t%d\t%v, %v\t%d told 503 disk_full; %d reads, %d failed", rounds, l.sent.Load(), l.acked.Load(), l.again.Load(),
		v.lost, v.doubled, v.halfDone, median, slowest, told, reads.Load(), failedReads.Load())
	if late(slowest) {
		t.Errorf("writes again only after %v", slowest)
	}
	if failedReads.Load() > 0 {
		t.Errorf("%d reads failed", failedReads.Load())
	}
	for what := range l.problems {
		if what != "503 fault.disk_full" {
			t.Errorf("%d clients were told %q of a full disk", l.problems[what], what)
		}
	}
}

// get reads an address of the API and gives the status; 0 when there was no answer.
func get(l *load, token, path string) int {
	req, err := http.NewRequest("GET", "http://"+l.srv.addr+"/api/v1"+path, nil)
	if err != nil {
		return 0
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := l.http.Do(req)
	if err != nil {
		return 0
	}
	res.Body.Close()
	return res.StatusCode
}
