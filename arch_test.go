package sangathan_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The rules of the house: few, each with its remedy. Put a new package into tiers.

// tiers says how high each package stands; imports point only down, never
// sideways. A package may import those below its own folder freely.
var tiers = map[string]int{
	"cmd/sangathan": 11,
	"cli":           10,
	"demo":          9,
	"web":           8, "api": 8, "trust": 8,
	"appointment": 7, "review": 7,
	"booth": 6, "bulletin": 6, "directive": 6, "election": 6, "enrol": 6, "meeting": 6, "tour": 6,
	"activity": 5, "finding": 5, "intake": 5,
	"org":    4,
	"backup": 3, "letter": 3,
	"access": 2, "pack": 2, "sms": 2, "tally": 2,
	"internal/paper": 2, // sets type in the words of lang
	"internal/db":    1, "internal/job": 1, "internal/lang": 1,
	"internal/fault": 0,
}

const module = "sangathan/"

// source is one Go file of the module.
type source struct {
	path string // relative to the root, with slashes
	dir  string
	test bool // a test, or a helper for tests (a folder named …test)
	text []byte
	fset *token.FileSet
	ast  *ast.File
}

func (s *source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.path, s.fset.Position(n.Pos()).Line)
}

func (s *source) generated() bool { return ast.IsGenerated(s.ast) }

// walk calls fn with every file of the project that belongs in a checkout.
func walk(t *testing.T, fn func(path string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if p != "." && (name == ".git" || name == "node_modules" || name == "bin" || strings.HasPrefix(name, "demo-unit") || name == ".tools") {
				return filepath.SkipDir
			}
			return nil
		}
		fn(filepath.ToSlash(p))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func sources(t *testing.T) (out []*source) {
	t.Helper()
	walk(t, func(p string) {
		if !strings.HasSuffix(p, ".go") {
			return
		}
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		s := &source{path: p, dir: path.Dir(p), text: text, fset: token.NewFileSet()}
		s.test = strings.HasSuffix(p, "_test.go") || strings.HasSuffix(s.dir, "test")
		if s.ast, err = parser.ParseFile(s.fset, p, text, parser.ParseComments); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	})
	if len(out) < 20 {
		t.Fatalf("only %d Go files seen: run from the module's root", len(out))
	}
	return out
}

// tier is the tier of a folder, taken from the longest name in tiers that holds it.
func tier(dir string) (name string, n int, ok bool) {
	for name = dir; name != "."; name = path.Dir(name) {
		if n, ok = tiers[name]; ok {
			return name, n, true
		}
	}
	return "", 0, false
}

func TestImportsPointDown(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		from, n, ok := tier(s.dir)
		if !ok {
			t.Errorf("%s: package %s has no tier; give it one in arch_test.go (above what it uses, below what uses it)", s.path, s.dir)
			continue
		}
		for _, imp := range s.ast.Imports {
			p, _ := strconv.Unquote(imp.Path.Value)
			if p == "C" {
				t.Errorf("%s: cgo; Sangathan is one static program for every machine: use a library in pure Go", s.at(imp))
			}
			dir, ours := strings.CutPrefix(p, module)
			if !ours {
				continue
			}
			if strings.HasSuffix(dir, "test") {
				t.Errorf("%s: %s is for tests only", s.at(imp), p)
				continue
			}
			if to, m, ok := tier(dir); ok && to != from && m >= n {
				t.Errorf("%s: %s (tier %d) imports %s (tier %d); move what is shared down, or let a higher package call both", s.at(imp), from, n, to, m)
			}
		}
	}
}

// An SQL text and where it stands. Parts joined with + are one text; whole is
// false when some part is not a literal.
type sqlText struct {
	where, text string
	whole       bool
}

var (
	sqlStart    = regexp.MustCompile(`(?is)^\s*(select\s|insert into\s|update \w+ set\s|delete from\s|with (recursive )?\w+\s*(\(|as)|create (unique |table|index|view)|alter table|drop (table|index)|begin\b|commit\b|rollback\b|savepoint\s|release\s)`)
	sqlFragment = regexp.MustCompile(`(?is)^\s*(and|or|where|from|join|left join|order by|group by|union|having|on conflict|set|limit)\s.*(\$\d|=|\bfrom\b)`)
)

func sqlTexts(s *source) (out []sqlText) {
	joined := map[ast.Expr]bool{}
	ast.Inspect(s.ast, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok || joined[e] {
			return true
		}
		text, whole, literals := flatten(e, joined)
		if literals > 0 && (sqlStart.MatchString(text) || sqlFragment.MatchString(text)) {
			out = append(out, sqlText{s.at(e), text, whole && sqlStart.MatchString(text)})
		}
		return true
	})
	return out
}

// flatten joins the string literals of a + b + c, a gap for what is not one.
func flatten(e ast.Expr, joined map[ast.Expr]bool) (text string, whole bool, literals int) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			joined[e] = true
			text, err := strconv.Unquote(e.Value)
			return text, err == nil, 1
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			a, w1, n1 := flatten(e.X, joined)
			b, w2, n2 := flatten(e.Y, joined)
			joined[e.X], joined[e.Y] = true, true
			return a + b, w1 && w2, n1 + n2
		}
	}
	return " ", false, 0
}

// notPortable lists what SQLite and PostgreSQL do differently, with the remedy.
var notPortable = []struct {
	found  *regexp.Regexp
	remedy string
}{
	{regexp.MustCompile(`(?i)\bnow\s*\(|\bcurrent_(date|time|timestamp)\b|\bstrftime\s*\(|\bjulianday\s*\(|\binterval\s+'|\bdate(time)?\s*\(`), "no clock or date arithmetic in SQL: pass tx.Today(), tx.Millis() or a day computed in Go"},
	{regexp.MustCompile(`(?i)\b(i?like|glob|similar to)\b`), "LIKE minds case differently: compare a stored key made by lang.Fold, or a range"},
	{regexp.MustCompile(`(?i)\b(lower|upper)\s*\(`), "case folding beyond ASCII differs: store a key made by lang.Fold"},
	{regexp.MustCompile(`(?i)\bfor\s+(update|share)\b`), "rows are not locked by hand: verbs are serializable; use one conditional update"},
	{regexp.MustCompile(`(?i)\bjsonb?\b|\bjson_\w+|->`), "no JSON in SQL: read the text and decode it in Go"},
	{regexp.MustCompile(`(?i)=\s*any\s*\(|\barray\s*\[|\bunnest\s*\(|\[\]`), "no arrays: join a table, or run the statement per item"},
	{regexp.MustCompile(`(?i)\b(greatest|least)\s*\(|\b(max|min)\s*\([^()]*,`), "greatest/least and two-argument max/min differ: write case when a > b then a else b end"},
	{regexp.MustCompile(`(?i)\blateral\b|\bmerge\s+into\b`), "LATERAL and MERGE are PostgreSQL's own: use a window function, or insert … on conflict"},
	{regexp.MustCompile(`(?is)\bas\s*\(\s*(insert|update|delete)\b`), "no data-modifying WITH: use two statements"},
	{regexp.MustCompile(`(?i)::\s*\w|\b(timestamptz?|serial|bigserial|autoincrement)\b`), "a spelling or type of one engine: write cast(x as type); days are text, instants bigint"},
	{regexp.MustCompile(`(?i)^\s*(begin|commit|rollback|savepoint|release|end)\b`), "a verb does not begin or end its transaction: internal/db does"},
	{regexp.MustCompile(`\?`), "placeholders are $1, $2 …"},
}

var quoted = regexp.MustCompile(`'[^']*'`)

func TestSQLRunsAlikeOnBothEngines(t *testing.T) {
	seen := 0
	for _, s := range sources(t) {
		if s.test || s.dir == "internal/db" { // which is where the engines differ
			continue
		}
		for _, q := range sqlTexts(s) {
			seen++
			bare := quoted.ReplaceAllString(q.text, "''")
			for _, rule := range notPortable {
				if m := rule.found.FindString(bare); m != "" {
					t.Errorf("%s: %q in SQL; %s", q.where, strings.TrimSpace(m), rule.remedy)
				}
			}
			if err := ascending(bare, q.whole); err != nil {
				t.Errorf("%s: %v", q.where, err)
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d SQL texts found: the search for them is broken", seen)
	}
	files, err := filepath.Glob("internal/db/migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations found: %v", err)
	}
	comment := regexp.MustCompile(`--[^\n]*`)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		bare := quoted.ReplaceAllString(comment.ReplaceAllString(string(text), ""), "''")
		for _, rule := range notPortable {
			if m := rule.found.FindString(bare); m != "" {
				t.Errorf("%s: %q; %s", f, m, rule.remedy)
			}
		}
	}
}

var placeholder = regexp.MustCompile(`\$(\d+)`)

// ascending checks that placeholders first appear as $1, $2, $3 …: drivers that
// count them instead of reading their numbers would swap the values. A text with
// parts that are not literals may begin later.
func ascending(q string, whole bool) error {
	last := 0
	for _, m := range placeholder.FindAllStringSubmatch(q, -1) {
		n, _ := strconv.Atoi(m[1])
		switch {
		case n <= last || n == last+1:
		case !whole:
		default:
			return fmt.Errorf("$%d appears before $%d; number placeholders in the order in which they first appear", n, last+1)
		}
		last = max(last, n)
	}
	return nil
}

func TestExportedIdentifiersAreExplained(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || s.generated() || s.ast.Name.Name == "main" {
			continue
		}
		missing := func(n ast.Node, name string) {
			t.Errorf("%s: %s has no comment; say what it does, who may, units, which faults", s.at(n), name)
		}
		for _, d := range s.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Doc == nil && d.Name.IsExported() && receiverExported(d) {
					missing(d, d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch sp := spec.(type) {
					case *ast.TypeSpec:
						if sp.Name.IsExported() && d.Doc == nil && sp.Doc == nil && sp.Comment == nil {
							missing(sp, sp.Name.Name)
						}
					case *ast.ValueSpec:
						if d.Doc == nil && sp.Doc == nil && sp.Comment == nil {
							for _, name := range sp.Names {
								if name.IsExported() {
									missing(sp, name.Name)
								}
							}
						}
					}
				}
			}
		}
	}
}

func receiverExported(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	e := d.Recv.List[0].Type
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if ix, ok := e.(*ast.IndexExpr); ok {
		e = ix.X
	}
	id, ok := e.(*ast.Ident)
	return !ok || id.IsExported()
}

// The clock and randomness come from outside, so that tests can set them.
func TestClockAndRandomnessAreInjected(t *testing.T) {
	// Where the clock is handed in from, and where a loader times itself.
	free := []string{"cli", "demo", "internal/db", "internal/job"}
	const now = "tx.Now is the clock (u.Now() outside a transaction)"
	clock := map[string]bool{"Now": true, "Since": true, "Until": true}
	seeded := map[string]bool{"New": true, "NewPCG": true, "NewChaCha8": true, "NewZipf": true, "Rand": true, "Source": true, "PCG": true, "ChaCha8": true, "Zipf": true}
	for _, s := range sources(t) {
		if s.test || s.generated() || slices.Contains(free, s.dir) {
			continue
		}
		names := map[string]string{} // what the file calls an imported package
		for _, imp := range s.ast.Imports {
			p, _ := strconv.Unquote(imp.Path.Value)
			switch p {
			case "math/rand":
				t.Errorf("%s: math/rand changes between Go releases; use math/rand/v2 with a seed", s.at(imp))
			case "crypto/rand":
				t.Errorf("%s: crypto/rand; use tx.Random or tx.NewID, so that tests can set what is drawn", s.at(imp))
			case "time", "math/rand/v2":
				name := strings.TrimSuffix(path.Base(p), "v2")
				if name == "" {
					name = "rand"
				}
				if imp.Name != nil {
					name = imp.Name.Name
				}
				names[name] = p
			}
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			id, ok := sel.X.(*ast.Ident)
			if !ok || id.Obj != nil {
				return true
			}
			switch p := names[id.Name]; {
			case p == "time" && clock[sel.Sel.Name]:
				t.Errorf("%s: time.%s; %s", s.at(sel), sel.Sel.Name, now)
			case p == "math/rand/v2" && !seeded[sel.Sel.Name]:
				t.Errorf("%s: rand.%s draws from a source nobody can set; use rand.New(rand.NewPCG(seed, …)) or tx.Random", s.at(sel), sel.Sel.Name)
			}
			return true
		})
	}
}

// Nothing in the project depends on where it was written.
func TestNoTraceOfAMachine(t *testing.T) {
	marks := []string{"/" + "root/", "/" + "work/", "registry." + "npmjs", "proxy." + "golang.org", "files." + "pythonhosted"}
	walk(t, func(p string) {
		st, err := os.Stat(p)
		if err != nil || st.Size() > 1<<20 {
			return
		}
		text, err := os.ReadFile(p)
		if err != nil || bytes.IndexByte(text, 0) >= 0 {
			return
		}
		for i, line := range strings.Split(string(text), "\n") {
			for _, m := range marks {
				if strings.Contains(line, m) {
					t.Errorf("%s:%d: %q; write a path relative to the project, or take it from the environment", p, i+1, m)
				}
			}
		}
	})
}

// What SECURITY.md promises is shown by a command: each command there finds tests in
// every package that it names, so that none passes by testing nothing.
func TestSecurityCommandsFindTests(t *testing.T) {
	text, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string][]string{} // by folder
	for _, s := range sources(t) {
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.test && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				tests[s.dir] = append(tests[s.dir], f.Name.Name)
			}
		}
	}
	commands := regexp.MustCompile("`go test ([^`]+)`").FindAllStringSubmatch(string(text), -1)
	if len(commands) < 10 {
		t.Fatalf("only %d commands seen", len(commands))
	}
	for _, c := range commands {
		folders, run, _ := strings.Cut(c[1], " -run ")
		run = strings.ReplaceAll(strings.Trim(run, "'"), `\|`, "|") // as a table writes it
		match, err := regexp.Compile(run)
		if err != nil {
			t.Errorf("%s: %v", c[0], err)
			continue
		}
		for _, folder := range strings.Fields(folders) {
			if !slices.ContainsFunc(tests[path.Clean(folder)], match.MatchString) {
				t.Errorf("%s: no test of %s is called so", c[0], folder)
			}
		}
	}
}

func TestNothingIsPutOffWithoutAReason(t *testing.T) {
	mark := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b(\([^)]{4,}\):)?`)
	for _, s := range sources(t) {
		for i, line := range strings.Split(string(s.text), "\n") {
			for _, m := range mark.FindAllStringSubmatch(line, -1) {
				if m[2] == "" {
					t.Errorf("%s:%d: %s without a reason; do it, drop it, or write %s(why it waits):", s.path, i+1, m[1], m[1])
				}
			}
		}
	}
}
