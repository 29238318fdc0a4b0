package paper

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"sangathan/internal/lang"
)

var writers = map[string]func(io.Writer, ListData) error{"pdf": List, "xlsx": XLSX, "csv": CSV}

// counter counts bytes.
type counter int64

func (c *counter) Write(b []byte) (int, error) { *c += counter(len(b)); return len(b), nil }

// The wish: at least 150 pages a second, at most 6 KB a page.
func BenchmarkLetters(b *testing.B) {
	base := appointment(b)
	const n = 1000
	for b.Loop() {
		var size counter
		err := Letters(&size, base, func(yield func(LetterData, error) bool) {
			for i := range n {
				l := base
				l.Fields = maps.Clone(base.Fields)
				l.Fields["number"] = fmt.Sprintf("UPS/संगठन/%d/2026", i+1)
				l.Fields["to"] = fmt.Sprintf("श्री/श्रीमती %s %d\nमोबाइल +91 98%08d", []string{"धर्मेंद्र शर्मा", "सुनीता देवी", "कृष्णा यादव"}[i%3], i, i*7919%100000000)
				l.QR = fmt.Sprintf("https://sangathan.example/o/0192f3a1-7c4e-7d21-9b55-%012d", i)
				if !yield(l, nil) {
					return
				}
			}
		}, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(size)/n, "B/page")
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "pages/s")
}

func BenchmarkOneLetter(b *testing.B) {
	l := appointment(b)
	var size counter
	for b.Loop() {
		size = 0
		if err := Letter(&size, l); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(size), "B/letter")
}

// many is a list of n rows of eight cells.
func many(n int) ListData {
	l := diary(0)
	l.Grouped, l.Columns = false, []Column{{"क्र.", 6, Right}, {"नाम", 30, Left}, {"पद", 20, Left}, {"जिला", 12, Left}, {"बूथ", 12, Right}, {"मोबाइल", 16, Left}, {"कब से", 16, Left}, {"रिपोर्ट", 8, Right}}
	l.Rows = func(yield func(Row, error) bool) {
		row := make(Row, 8)
		for i := range n {
			row[0], row[1], row[2], row[3] = i+1, fmt.Sprintf("कार्यकर्ता कुमार %d", i%9973), "बूथ अध्यक्ष", "भदोही"
			row[4], row[5], row[6], row[7] = i%400, "+919800000000", lang.Day("2026-11-22"), i%31
			if !yield(row, nil) {
				return
			}
		}
	}
	return l
}

// peak runs f and gives the most memory in use meanwhile, above what was before.
func peak(f func()) uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, most := m.HeapAlloc, uint64(0)
	stop, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
	}()
	f()
	close(stop)
	<-done
	return most - min(most, before)
}

func BenchmarkLists(b *testing.B) {
	for name, sizes := range map[string][]int{"csv": {10_000, 1_000_000}, "xlsx": {10_000, 1_000_000}, "pdf": {10_000, 100_000}} {
		for _, n := range sizes {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				for b.Loop() {
					file, err := os.Create(filepath.Join(b.TempDir(), "list"))
					if err != nil {
						b.Fatal(err)
					}
					most := peak(func() { err = writers[name](file, many(n)) })
					if err != nil {
						b.Fatal(err)
					}
					st, err := file.Stat()
					if err != nil {
						b.Fatal(err)
					}
					file.Close()
					b.ReportMetric(float64(most)/(1<<20), "MiB-peak")
					b.ReportMetric(float64(st.Size())/float64(n), "B/row")
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}
