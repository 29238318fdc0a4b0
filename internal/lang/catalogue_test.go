package lang

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// texts reads all catalogues with their files.
func texts(t *testing.T) map[Lang]map[string]string {
	t.Helper()
	all := map[Lang]map[string]string{Hi: {}, En: {}}
	where := map[string]string{}
	err := eachText(func(file string, l Lang, key, text string) error {
		if other, twice := where[string(l)+key]; twice {
			t.Errorf("%s: %q stands in %s too", file, key, other)
		}
		where[string(l)+key] = file
		all[l][key] = text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A key is two or more segments; the last may be a number, for months.
var keyForm = regexp.MustCompile(`^[a-z][a-z_0-9]*(\.[a-z_0-9]+)+$`)

// latinInHindi are the Hindi texts that rightly have no Devanagari letter.
var latinInHindi = []string{"common.language_en"}

// TestCatalogues: what every message must satisfy, in both languages alike.
func TestCatalogues(t *testing.T) {
	all := texts(t)
	for l, other := range map[Lang]Lang{Hi: En, En: Hi} {
		for key, text := range all[l] {
			bad := func(format string, args ...any) {
				t.Helper()
				t.Errorf("%s %s: %s: %q", l, key, fmt.Sprintf(format, args...), text)
			}
			m, err := parse(text)
			if err != nil {
				bad("%v", err)
				continue
			}
			if !keyForm.MatchString(key) {
				bad("a key is capability.name in lower case")
			}
			if strings.TrimSpace(text) != text || text == "" {
				bad("empty, or space at an end")
			}
			if strings.ContainsAny(text, "!！") {
				bad("exclamation mark")
			}
			if !norm.NFC.IsNormalString(text) {
				bad("not NFC")
			}
			literal := ""
			for _, p := range m {
				literal += p.text + strings.Join(p.forms, "")
				for _, word := range append([]string{"@" + p.word}, p.forms...) {
					if word, ok := strings.CutPrefix(word, "@"); ok && word != "" && all[l]["word."+word] == "" {
						bad("no message word.%s", word)
					}
				}
			}
			if strings.ContainsFunc(literal, unicode.IsLetter) && l == Hi && !strings.ContainsFunc(literal, isDevanagari) && !slices.Contains(latinInHindi, key) {
				bad("no Devanagari")
			}
			if l == En && strings.ContainsFunc(literal, isDevanagari) && key != "common.language_hi" {
				bad("Devanagari in English")
			}
			if l == Hi && strings.Contains(text, "छुट्टी") {
				bad("say अवकाश")
			}
			otherText, ok := all[other][key]
			if !ok {
				t.Errorf("%s: missing in %s", key, other)
				continue
			}
			if l == Hi {
				o, _ := parse(otherText)
				if a, b := argNames(m), argNames(o); !slices.Equal(a, b) {
					t.Errorf("%s: arguments hi %v, en %v", key, a, b)
				}
			}
		}
	}
	t.Logf("%d keys", len(all[Hi]))
}

func isDevanagari(r rune) bool { return unicode.Is(unicode.Devanagari, r) }

// argNames lists the distinct arguments a message takes.
func argNames(m message) []string {
	names := map[string]bool{}
	for _, p := range m {
		if p.arg != "" {
			names[p.arg] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

var (
	// literal finds quoted strings with the form of a key.
	literal = regexp.MustCompile("[\"`]([a-z][a-z_0-9]*(?:\\.[a-z_0-9]*[a-z0-9])+)[\"`]")
	// prefix finds the beginning of a key made at run time: "word." + key, "month.%d".
	prefix = regexp.MustCompile(`"([a-z][a-z_0-9]*(?:\.[a-z_0-9]+)*[._])(?:"\s*\+|%[sdv])`)
	// spoken finds the key where only a key can stand: as an argument of T, fault.New
	// and fault.In, and of a fault.Form's Add and Check.
	spoken = regexp.MustCompile(`(?:\.T\(|fault\.New\(\s*(?:fault\.)?\w+,\s*|fault\.In\([^",]*"?[^",]*"?,\s*|lang\.Key\()"([^"]+)"[,)]`)
)

// notKeys are literals that look like keys of ours and are something else.
var notKeys = []string{"pack.csv"}

// vocabulary is offered to all whether used yet or not.
var vocabulary = []string{"word.", "common.", "fault.", "weekday.", "month_short."}

// TestKeysInSourceAndCatalogueMatch: a key named in a source file exists, and a
// message that exists is named somewhere: in full, or by a prefix ("role." + x).
func TestKeysInSourceAndCatalogueMatch(t *testing.T) {
	keys := texts(t)[Hi]
	first := map[string]bool{}
	for key := range keys {
		segment, _, _ := strings.Cut(key, ".")
		first[segment] = true
	}
	used, prefixes, files := map[string]bool{}, map[string]bool{}, 0
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata") {
			return filepath.SkipDir
		}
		ext := filepath.Ext(name)
		if ext != ".go" && ext != ".templ" && ext != ".js" || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_templ.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil
		}
		files++
		code := withoutComments(string(source))
		for _, m := range literal.FindAllStringSubmatch(code, -1) {
			used[m[1]] = true
			segment, _, _ := strings.Cut(m[1], ".")
			if _, ok := keys[m[1]]; !ok && first[segment] && !slices.Contains(notKeys, m[1]) {
				t.Errorf("%s: no message %q", path, m[1])
			}
		}
		for _, m := range spoken.FindAllStringSubmatch(code, -1) {
			segment, _, _ := strings.Cut(m[1], ".")
			if _, ok := keys[m[1]]; !ok && !first[segment] {
				t.Errorf("%s: no message %q", path, m[1])
			}
		}
		for _, m := range prefix.FindAllStringSubmatch(code, -1) {
			prefixes[m[1]] = true
			segment, _, _ := strings.Cut(m[1], ".")
			begins := func(key string) bool { return strings.HasPrefix(key, m[1]) }
			if first[segment] && !slices.ContainsFunc(slices.Collect(maps.Keys(keys)), begins) {
				t.Errorf("%s: no message begins with %q", path, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range vocabulary {
		prefixes[p] = true
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		byPrefix := func(p string) bool { return strings.HasPrefix(key, p) }
		if !used[key] && !slices.ContainsFunc(slices.Collect(maps.Keys(prefixes)), byPrefix) {
			t.Errorf("message %q is used nowhere", key)
		}
	}
	t.Logf("%d files, %d keys, prefixes %v", files, len(keys), slices.Sorted(maps.Keys(prefixes)))
}

// withoutComments drops lines that are comments only, where keys stand as examples.
func withoutComments(code string) string {
	lines := strings.Split(code, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), "//") }), "\n")
}

// TestKeyPatterns: the patterns of the source scan see what they should.
func TestKeyPatterns(t *testing.T) {
	for source, want := range map[string]string{
		`p.T("org.saved", "n", 3)`:                           "org.saved",
		`return fault.New(fault.Conflict, "org.seat_taken")`: "org.seat_taken",
		`fault.New(Conflict, "org.x", "n", n)`:               "org.x",
		`fault.In("name", "org.name_missing", "max", 5)`:     "org.name_missing",
		`fault.In(f.Name, "org.name_missing")`:               "org.name_missing",
		`{ p.T("typo") }`:                                    "typo",
		`p.T("role."+x)`:                                     "",
		`p.T(key, "a.b")`:                                    "",
	} {
		got := ""
		if m := spoken.FindStringSubmatch(source); m != nil {
			got = m[1]
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", source, got, want)
		}
	}
	for source, want := range map[string]string{`"role."+x`: "role.", `"a.kind_" + k`: "a.kind_", `Sprintf("month.%d", m)`: "month.", `"a.b"`: ""} {
		got := ""
		if m := prefix.FindStringSubmatch(source); m != nil {
			got = m[1]
		}
		if got != want {
			t.Errorf("%s: got prefix %q, want %q", source, got, want)
		}
	}
}

func TestParseRefusesFaultyMessages(t *testing.T) {
	for _, text := range []string{"{", "a {b", "a} b", "{}", "{ n}", "{a b}", "{n|one}", "{n|a|b|c}", "{@}", "{|a|b}", "{a{b}}"} {
		if m, err := parse(text); err == nil {
			t.Errorf("%q parsed to %+v", text, m)
		}
	}
}
