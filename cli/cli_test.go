package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sangathan/cli"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"sangathan": func() { os.Exit(cli.Main()) },
	})
}

// TestCommands runs the scripts of testdata: each a session at a terminal, with a
// folder of its own.
func TestCommands(t *testing.T) {
	packs, err := filepath.Abs("../pack/testdata/mini")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("PACK", packs)
			e.Setenv("LC_ALL", "en_IN.UTF-8")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			// keep NAME FILE makes the file's text a variable.
			"keep": func(ts *testscript.TestScript, neg bool, args []string) {
				ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
			},
			// await FILE waits until the file is there.
			"await": func(ts *testscript.TestScript, neg bool, args []string) {
				for range 300 {
					if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
						return
					}
					time.Sleep(50 * time.Millisecond)
				}
				ts.Fatalf("%s never came", args[0])
			},
		},
	})
}
