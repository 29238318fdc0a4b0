//go:build linux

package bench_test

import "testing"

// maxGrowth is how much more a page may cost at ten times the booths.
const maxGrowth = 1.2

// TestTenTimesTheBooths compares the pages of a state of 1,775,160 booths with those of
// one of 177,516. It runs with -scale full.
func TestTenTimesTheBooths(t *testing.T) {
	if *scale != "full" {
		t.Skip("a part of -scale full")
	}
	many, few := start(t, unit(t, "tenfold"), 0), start(t, unit(t, "default"), 0)
	fewer := few.pages()
	for i, p := range many.pages() {
		t.Run(p.name, func(t *testing.T) {
			_, of := many.in(t).record(p)
			_, before := few.in(t).record(fewer[i])
			a, b := &side{server: many.in(t), path: p}, &side{server: few.in(t), path: fewer[i]}
			ratio := compare(a, b, maxGrowth)
			t.Logf("%-28s %.2fx at ten times the booths   CPU %s of %s ms   %d of %d rows", p.name, ratio, ms(a.median()), ms(b.median()), of.Rows, before.Rows)
			if ratio > maxGrowth {
				t.Errorf("%.2f times the cost at ten times the booths, at most %.1f", ratio, maxGrowth)
			}
		})
	}
}
