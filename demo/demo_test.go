package demo

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime/pprof"
	"testing"
)

func TestMeasureDemo(t *testing.T) {
	scale := os.Getenv("DEMO_SCALE")
	if scale == "" {
		t.Skip()
	}
	f, _ := os.Create("/tmp/demo.prof")
	pprof.StartCPUProfile(f)
	defer pprof.StopCPUProfile()
	dir := filepath.Join(t.TempDir(), "state")
	res, err := Make(t.Context(), dir, Options{Seed: 1, Scale: scale, BoothsFile: os.Getenv("DEMO_BOOTHS")})
	if err != nil {
		t.Fatal(err)
	}
	out, _ := json.Marshal(res)
	t.Logf("%s", out)
	st, _ := os.Stat(filepath.Join(dir, "unit.db"))
	t.Logf("%d MiB", st.Size()>>20)
}
