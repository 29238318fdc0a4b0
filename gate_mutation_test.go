package sangathan_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// mutation is one mistake in the program's source that the gate's tests must find: a
// text of a file and what stands in its place. Every mistake sleeps behind
// mutant("name"), so that one binary holds them all.
type mutation struct {
	name, what     string
	file, old, new string
	test           string // which test has to find it
	doors          string // the doors at which it shows
}

var mutations = []mutation{
	{"check", "a check removed", "review/case.go", `if !by.May(act, o.Target("")) {`, `if !mutant("check") && !by.May(act, o.Target("")) {`,
		"TestI1_GateMatrix", `/decision|/decide`},
	{"case", "a reader's check removed", "review/case.go", `if string(c.Person) != by.Person && !mayRead(by, o.Target("")) {`,
		`if !mutant("case") && string(c.Person) != by.Person && !mayRead(by, o.Target("")) {`, "TestI1_GateMatrix", `api GET /cases/\{id\}`},
	{"own", "a scope widened: own to all below", "access/actor.go", `return t.Org == a.Org`,
		`return t.Org == a.Org || mutant("own") && strings.HasPrefix(t.OrgPath, a.OrgPath)`, "TestI1_GateMatrix", `GET /activities/\{id\}`},
	{"below", "a scope widened: below to the body itself", "access/actor.go", `&& t.AreaPath != a.AreaPath`,
		`&& (t.AreaPath != a.AreaPath || mutant("below"))`, "TestI1_GateMatrix", `api POST /memberships/\{id\}/relieve-now`},
	{"ground", "a scope widened: to another organization on the same ground", "org/load.go", `o.AreaPath = "/" + root + territory`,
		`o.AreaPath = "/" + root + territory; if mutant("ground") { o.AreaPath = territory }`, "TestI1_GateMatrix", `api GET /organizations/\{id\} `},
	{"phone", "a column left visible", "org/person.go", `if !by.May(access.SeeContact, t) && string(id) != by.Person {`,
		`if !mutant("phone") && !by.May(access.SeeContact, t) && string(id) != by.Person {`, "TestI1_GateMatrix", `api GET /people/\{id\} |web GET /person/\{id\} `},
	{"list", "a list without its reach", "activity/entry.go", `	and := func(condition string, value any) {`,
		`	if mutant("list") { where = strings.Replace(where, "(", "($1 is not null or ", 1) }
	and := func(condition string, value any) {`, "TestI1_GateMatrix", `api GET /activities |web GET /activity `},
	{"search", "a search without its reach", "org/person.go", `		r := by.ReachOf(access.SeeRegister)
		args = []any{key,`, `		r := by.ReachOf(access.SeeRegister)
		if mutant("search") { r = access.Reach{OrgFrom: "/", OrgTo: "0"} }
		args = []any{key,`, "TestI1_GateMatrix", `/people\?q=`},
	{"told", "what is absent told from what is hidden", "org/post.go", `return Seat{}, Organization{}, fault.New(fault.NotFound, "fault.not_found")`,
		`return Seat{}, Organization{}, fault.New(fault.NotFound, map[bool]string{false: "fault.not_found", true: "org.no_area"}[mutant("told")])`,
		"TestI1_GateMatrix", `api GET /seats/\{id\}`},
	{"route", "a route without its act", "web/routes.go", `pattern: "/deciders", act: access.HearAppeal,`,
		`pattern: "/deciders", act: map[bool]access.Act{false: access.HearAppeal, true: ""}[mutant("route")],`, "TestI1_GateMatrix", `web GET /deciders`},
	{"expired", "a session that never ends", "access/session.go", `[]any{tokenHash(token), tx.Millis()},`,
		`[]any{tokenHash(token), map[bool]int64{false: tx.Millis(), true: 0}[mutant("expired")]},`, "TestI1_GateMatrix", `GET /me `},
	{"count", "a total of more than is seen", "org/post.go", `if !by.MayWithin(access.SeeRegister, o.Target("")) {`,
		`if !mutant("count") && !by.MayWithin(access.SeeRegister, o.Target("")) {`, "TestI1_GateNumbers", `api GET /organizations/\{id\}/count`},
}

// TestI1_GateCatchesMutations builds the tests of the gate once more with every
// mistake in the program's source, runs them with one mistake awake at a time, and
// expects each to be found; with none awake, nothing may be wrong.
func TestI1_GateCatchesMutations(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program once more")
	}
	dir := t.TempDir()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	put := func(file, source string) {
		copied := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(copied, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		overlay.Replace[filepath.Join(root, file)] = copied
	}
	sources := map[string]string{}
	var doors []string
	for _, m := range mutations {
		if sources[m.file] == "" {
			b, err := os.ReadFile(m.file)
			if err != nil {
				t.Fatal(err)
			}
			sources[m.file] = string(b)
		}
		if n := strings.Count(sources[m.file], m.old); n != 1 {
			t.Fatalf("%s: %s has %d places like %q", m.name, m.file, n, m.old)
		}
		sources[m.file] = strings.Replace(sources[m.file], m.old, m.new, 1)
		doors = append(doors, m.doors)
		pkg := filepath.Dir(m.file)
		put(pkg+"/mutant.go", "package "+filepath.Base(pkg)+"\n\nimport \"os\"\n\nfunc mutant(name string) bool { return os.Getenv(\"GATE_MUTANT\") == name }\n")
	}
	for file, source := range sources {
		put(file, source)
	}
	list, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), list, 0o600); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "mutants.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-overlay", filepath.Join(dir, "overlay.json"), "-o", binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := func(name, test, doors string) (passed bool, out string) {
		c := exec.CommandContext(t.Context(), binary, "-test.run", "^("+test+")$", "-test.v")
		c.Env = append(os.Environ(), "GATE_MUTANT="+name, "GATE="+doors)
		b, err := c.CombinedOutput()
		return err == nil, string(b)
	}
	if passed, out := run("none", "TestI1_GateMatrix|TestI1_GateNumbers", strings.Join(doors, "|")); !passed {
		t.Fatalf("wrong without any mutation:\n%s", out)
	}
	found := regexp.MustCompile(`[1-9]\d* wrong`)
	for _, m := range mutations {
		passed, out := run(m.name, m.test, m.doors)
		if passed || !found.MatchString(out) {
			t.Errorf("%s (%s) was not found:\n%s", m.name, m.what, out)
			continue
		}
		t.Logf("%s: %s", m.what, found.FindString(out))
	}
}
