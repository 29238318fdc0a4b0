package pack

import (
	"encoding/csv"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"sangathan/internal/fault"
)

// mini copies testdata/mini into memory, so that a test can spoil it.
func mini(t *testing.T) fstest.MapFS {
	t.Helper()
	folder := fstest.MapFS{}
	files, err := filepath.Glob("testdata/mini/*.csv")
	if err != nil || len(files) == 0 {
		t.Fatalf("testdata/mini: %d files, %v", len(files), err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		folder[filepath.Base(file)] = &fstest.MapFile{Data: content}
	}
	return folder
}

func TestLoadReadsEveryField(t *testing.T) {
	p, err := Load(mini(t))
	if err != nil {
		t.Fatal(err)
	}
	if p.ID != "mini" || p.NameHi != "सूर्य प्रदेश" || p.NameEn != "Surya Pradesh" || p.Version != 1 || p.Zone != "Asia/Kolkata" || p.Root != "surya" {
		t.Errorf("pack.csv was read as %q %q %q %d %q %q", p.ID, p.NameHi, p.NameEn, p.Version, p.Zone, p.Root)
	}
	state, seat := p.Areas[0], p.Areas[4]
	if !slices.Equal(state.Identifiers, []Identifier{{"lgd", "99"}}) || !slices.Equal(state.Aliases, []string{"सूर्यप्रदेश", "Suryapradesh"}) || len(state.Parents) != 0 {
		t.Errorf("the state was read as %+v", state)
	}
	if seat.ID != "ac-2" || seat.Kind != "assembly" || seat.Number != 2 || seat.Reserved != "SC" || !maps.Equal(seat.Parents, map[string]string{"electoral": "surya", "administrative": "dist-pachhim"}) {
		t.Errorf("the seat was read as %+v", seat)
	}
	if p.OrgKinds[0].Reports || !p.OrgKinds[1].Reports {
		t.Errorf("reports was read as %+v", p.OrgKinds)
	}
	if p.RoleActs[7] != (RoleAct{"district_president", "decide", ScopeBelow}) {
		t.Errorf("the last act was read as %+v", p.RoleActs[7])
	}
	if d := p.Duties[1]; !slices.Equal(d.Kinds, []string{"monthly_meeting", "chaupal"}) || d.PerMonth != 1 || d.Role != "district_president" {
		t.Errorf("the duty was read as %+v", d)
	}
	if len(p.Words) != 2 || p.WordPacks["alt"][0] != (Word{"committee", "समिति", "committee"}) {
		t.Errorf("words were read as %+v and %+v", p.Words, p.WordPacks)
	}
}

func TestLoadPutsUpWithWhatSpreadsheetsWrite(t *testing.T) {
	folder := mini(t)
	for name, file := range folder {
		text := strings.ReplaceAll(string(file.Data), "\n", "\r\n")
		folder[name] = &fstest.MapFile{Data: []byte("\ufeff" + text + "\r\n")}
	}
	want, err := Load(mini(t))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Areas) != len(want.Areas) || got.Areas[5].NameEn != want.Areas[5].NameEn || got.Words[1] != want.Words[1] {
		t.Errorf("with byte order mark and CRLF: %+v", got)
	}
}

func TestLoadTellsEveryFault(t *testing.T) {
	for _, test := range []struct {
		name, file, old, new string
		want                 []string // "file:line:column key", all of them
	}{
		{"missing file", "roles.csv", "", "", []string{"roles.csv:1: pack.missing_file"}},
		{"no header", "words-alt.csv", "*", "", []string{"words-alt.csv:1: pack.no_header"}},
		{"unknown column", "duties.csv", "per_month", "per_month,colour", []string{"duties.csv:1:colour pack.unknown_column"}},
		{"missing column", "trees.csv", "id,name_hi,name_en", "id,name_hi,naam", []string{"trees.csv:1:naam pack.unknown_column", "trees.csv:1:name_en pack.missing_column", "areas.csv:1:electoral pack.unknown_column", "areas.csv:1:administrative pack.unknown_column"}},
		{"double column", "roles.csv", "name_en,rank", "name_hi,rank", []string{"roles.csv:1:name_hi pack.double_column", "roles.csv:1:name_en pack.missing_column"}},
		{"no column for a tree", "areas.csv", ",administrative\n", ",panchayat\n", []string{"areas.csv:1:panchayat pack.unknown_column", "areas.csv:1:administrative pack.missing_column"}},
		{"cell too many", "words.csv", "कमेटी,committee", "कमेटी,committee,body", []string{"words.csv:2: pack.cell_count", "words-alt.csv:2:key pack.unknown_id"}},
		{"open quote", "activity_kinds.csv", "चौपाल,Chaupal", `चौपाल,"Chaupal`, []string{"activity_kinds.csv:3: pack.bad_csv", "duties.csv:3:kinds pack.unknown_id"}},
		{"bad UTF-8", "roles.csv", "जिलाध्यक्ष", "\xa4\xa6", []string{"roles.csv:3: pack.bad_utf8"}},
		{"empty name", "areas.csv", "नदी पार,Nadi Paar,1,G", ",Nadi Paar,1,G", []string{"areas.csv:5:name_hi pack.empty"}},
		{"scripts exchanged", "areas.csv", "टीला नगर,Tila Nagar", "Tila Nagar,टीला नगर", []string{"areas.csv:6:name_hi pack.not_hindi", "areas.csv:6:name_en pack.not_latin"}},
		{"dot letters as one", "areas.csv", "पछिम गंज", "पछिम गं\u095b", []string{"areas.csv:4:name_hi pack.not_nfc"}},
		{"bad id", "areas.csv", "booth-1-1", "Booth 1", []string{"areas.csv:7:id pack.bad_id"}},
		{"duplicate area", "areas.csv", "ac-2,", "ac-1,", []string{"areas.csv:6:id pack.twice"}},
		{"duplicate identifier", "areas.csv", "lgd:992", "lgd:991", []string{"areas.csv:4:identifiers pack.twice"}},
		{"bad identifier", "areas.csv", "lgd:992", "992", []string{"areas.csv:4:identifiers pack.bad_identifier"}},
		{"bad number", "areas.csv", ",2,SC", ",२,SC", []string{"areas.csv:6:number pack.bad_number"}},
		{"bad reservation", "areas.csv", ",2,SC", ",2,OBC", []string{"areas.csv:6:reserved pack.not_a_choice"}},
		{"unknown kind", "areas.csv", "ac-2,assembly", "ac-2,council", []string{"areas.csv:6:kind pack.unknown_id"}},
		{"unknown parent", "areas.csv", "surya,dist-pachhim", "surya,dist-dakhin", []string{"areas.csv:6:administrative pack.unknown_id"}},
		{"own parent", "areas.csv", "GEN,,,surya,", "GEN,,,ac-1,", []string{"areas.csv:5:electoral pack.cycle"}},
		{"cycle of two", "areas.csv", "ac-1,assembly,नदी पार,Nadi Paar,1,GEN,,,surya", "ac-1,assembly,नदी पार,Nadi Paar,1,GEN,,,booth-1-1", []string{"areas.csv:5:electoral pack.cycle", "areas.csv:7:electoral pack.cycle"}},
		{"parent of another tree", "areas.csv", ",ac-1,\n", ",dist-poorab,\n", []string{"areas.csv:7:electoral pack.parent_not_in_tree"}},
		{"no parent", "areas.csv", ",ac-1,\n", ",,\n", []string{"areas.csv:7:id pack.no_parent"}},
		{"root with a parent", "areas.csv", "सूर्यप्रदेश;Suryapradesh,,", "सूर्यप्रदेश;Suryapradesh,,dist-poorab", []string{"areas.csv:2:administrative pack.cycle", "areas.csv:3:administrative pack.cycle", "areas.csv:2:id pack.root_has_parent"}},
		{"unknown root", "pack.csv", "root,surya", "root,xx", []string{"pack.csv:7:value pack.unknown_id", "areas.csv:2:id pack.no_parent", "areas.csv:3:administrative pack.parent_not_in_tree", "areas.csv:4:administrative pack.parent_not_in_tree", "areas.csv:5:electoral pack.parent_not_in_tree", "areas.csv:6:electoral pack.parent_not_in_tree"}},
		{"missing key", "pack.csv", "zone,Asia/Kolkata\n", "", []string{"pack.csv:1:key pack.missing_key"}},
		{"unknown key", "pack.csv", "version,1", "version,1\nmood,fine", []string{"pack.csv:6:key pack.not_a_choice"}},
		{"key twice", "pack.csv", "version,1", "version,1\nversion,2", []string{"pack.csv:6:key pack.twice"}},
		{"unknown zone", "pack.csv", "Asia/Kolkata", "Asia/Suryapur", []string{"pack.csv:6:value pack.bad_zone"}},
		{"bad truth value", "org_kinds.csv", "30,true", "30,yes", []string{"org_kinds.csv:3:reports pack.not_a_choice"}},
		{"bad rank", "org_kinds.csv", "30,true", "third,true", []string{"org_kinds.csv:3:rank pack.bad_number"}},
		{"unknown role in acts", "role_acts.csv", "district_president,decide", "block_president,decide", []string{"role_acts.csv:9:role_id pack.unknown_id"}},
		{"unknown act", "role_acts.csv", "confirm_activity", "confirm", []string{"role_acts.csv:8:act pack.not_a_choice"}},
		{"unknown scope", "role_acts.csv", "decide,below", "decide,everywhere", []string{"role_acts.csv:9:scope pack.not_a_choice"}},
		{"act twice", "role_acts.csv", "district_president,confirm_activity,area", "district_president,see_register,area", []string{"role_acts.csv:8:act pack.twice"}},
		{"unknown role in duties", "duties.csv", "district_president_work,district_president", "district_president_work,nobody", []string{"duties.csv:2:role_id pack.unknown_id"}},
		{"unknown activity kind", "duties.csv", ";chaupal", ";panchayat", []string{"duties.csv:3:kinds pack.unknown_id"}},
		{"too many a month", "duties.csv", ",4\n", ",40\n", []string{"duties.csv:2:per_month pack.bad_number"}},
		{"word twice", "words.csv", "general_secretary", "committee", []string{"words.csv:3:key pack.twice"}},
		{"word of no meaning", "words-alt.csv", "committee,समिति", "body,समिति", []string{"words-alt.csv:2:key pack.unknown_id"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := mini(t)
			text := string(folder[test.file].Data)
			switch {
			case test.old == "":
				delete(folder, test.file)
			case test.old == "*":
				folder[test.file] = &fstest.MapFile{Data: []byte(test.new)}
			case strings.Count(text, test.old) == 0:
				t.Fatalf("%s does not hold %q", test.file, test.old)
			default:
				folder[test.file] = &fstest.MapFile{Data: []byte(strings.Replace(text, test.old, test.new, 1))}
			}
			p, err := Load(folder)
			bad, ok := errors.AsType[*fault.Error](err)
			if p != nil || !ok || bad.Kind != fault.Invalid || bad.Key != "pack.faulty" {
				t.Fatalf("Load = %v, %v", p, err)
			}
			var got []string
			for _, f := range bad.Fields {
				got = append(got, f.Name+" "+f.Key)
			}
			slices.Sort(got)
			slices.Sort(test.want)
			if !slices.Equal(got, test.want) {
				t.Errorf("faults\n got %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestUttarPradeshCounts(t *testing.T) {
	p := UttarPradesh()
	count := map[string]int{}
	for _, a := range p.Areas {
		count[a.Kind]++
		if a.Reserved != "" {
			count[a.Kind+" "+a.Reserved]++
		}
	}
	for what, want := range map[string]int{
		"state": 1, "division": 18, "district": 75, "block": 828, "loksabha": 80, "assembly": 403,
		"loksabha GEN": 63, "loksabha SC": 17, "assembly GEN": 317, "assembly SC": 84, "assembly ST": 2,
	} {
		if count[what] != want {
			t.Errorf("%s: %d, want %d", what, count[what], want)
		}
	}
	if len(p.ActivityKinds) != 13 {
		t.Errorf("%d kinds of activity, want 13", len(p.ActivityKinds))
	}
}

func TestUttarPradeshNumbersEverySeatOnce(t *testing.T) {
	seats := map[string]map[int]bool{"loksabha": {}, "assembly": {}}
	for _, a := range UttarPradesh().Areas {
		if taken, ok := seats[a.Kind]; ok {
			if taken[a.Number] || a.Number < 1 {
				t.Errorf("%s number %d stands twice or is no number", a.Kind, a.Number)
			}
			taken[a.Number] = true
		}
	}
	if !seats["loksabha"][80] || !seats["assembly"][403] {
		t.Error("the last seat's number is missing")
	}
}

// The trees do not nest: this is why areas have a parent per tree.
func TestUttarPradeshSeatsCrossDistricts(t *testing.T) {
	pairs := map[string]bool{}
	for _, a := range UttarPradesh().Areas {
		if a.Kind == "assembly" {
			pairs[a.Parents["electoral"]+" "+a.Parents["administrative"]] = true
		}
	}
	if len(pairs) != 133 {
		t.Errorf("%d pairs of Lok Sabha seat and district, want 133", len(pairs))
	}
}

// Every letter of the Hindi names is one that Hindi uses, so that no remnant of a
// legacy font (such as बæडोखर) and no Latin letter stands in them.
func TestUttarPradeshHindiIsClean(t *testing.T) {
	for _, a := range UttarPradesh().Areas {
		for _, c := range a.NameHi {
			if !isDevanagari(c) && !strings.ContainsRune(" -()", c) || c == 'ॅ' || c >= '०' && c <= '९' {
				t.Errorf("%s: %q in %s", a.ID, c, a.NameHi)
			}
		}
		for _, c := range a.NameEn {
			if c > 126 {
				t.Errorf("%s: %q in %s", a.ID, c, a.NameEn)
			}
		}
	}
}

// What makes the pack fair: outside the state's leadership, deciding, relieving and
// approving reach strictly below, never into the decider's own committee, and
// appeals are heard above.
func TestUttarPradeshDecidersOutsideTheStateReachBelowOnly(t *testing.T) {
	for _, a := range UttarPradesh().RoleActs {
		if slices.Contains([]string{"decide", "relieve_now", "approve"}, a.Act) && a.Scope != ScopeBelow && !strings.HasPrefix(a.Role, "state_") {
			t.Errorf("%s may %s in scope %s", a.Role, a.Act, a.Scope)
		}
		if slices.Contains([]string{"hear_appeal", "revoke_order"}, a.Act) && !strings.HasPrefix(a.Role, "state_") {
			t.Errorf("%s may %s", a.Role, a.Act)
		}
	}
}

func TestUttarPradeshGivesEveryActToSomebody(t *testing.T) {
	given := map[string]bool{}
	for _, a := range UttarPradesh().RoleActs {
		given[a.Act] = true
	}
	for _, act := range Acts() {
		if !given[act] {
			t.Errorf("nobody may %s", act)
		}
	}
}

// corrections reads the table of the pack's README: "id field" to {as listed, here}.
func corrections(t *testing.T) map[string][2]string {
	t.Helper()
	text, err := os.ReadFile("uttar-pradesh/README.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][2]string{}
	for line := range strings.SplitSeq(string(text), "\n") {
		cells := strings.Split(line, " | ")
		if len(cells) != 6 || strings.HasPrefix(line, "| id") {
			continue
		}
		listed := cells[3]
		if listed == "-" {
			listed = ""
		}
		out[strings.TrimPrefix(cells[0], "| ")+" "+cells[2]] = [2]string{listed, cells[4]}
	}
	return out
}

// TestPackEqualsReferenceData holds every fact of the pack against the public
// lists. The only differences are those that the pack's README tells.
func TestPackEqualsReferenceData(t *testing.T) {
	const folder = "../../shared/data/up"
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no reference data in %s: the pack is not compared", folder)
	}
	areas := map[string]Area{}
	for _, a := range UttarPradesh().Areas {
		areas[a.ID] = a
	}
	told := corrections(t)
	compared := map[string]bool{"up": true}
	var area Area
	same := func(field, listed, here string) {
		t.Helper()
		key := area.ID + " " + field
		if fix, ok := told[key]; ok {
			if fix != [2]string{listed, here} {
				t.Errorf("%s: the README says %q, the list %q, the pack %q", key, fix, listed, here)
			}
			if listed == here {
				t.Errorf("%s: the README tells a correction that is none", key)
			}
			delete(told, key)
			return
		}
		if listed != here {
			t.Errorf("%s: the list says %q, the pack %q", key, listed, here)
		}
	}
	identifier := func(scheme string) string {
		for _, i := range area.Identifiers {
			if i.Scheme == scheme {
				return i.Value
			}
		}
		return ""
	}
	each := func(file string, id func(map[string]string) string, check func(map[string]string)) {
		t.Helper()
		for _, line := range readReference(t, filepath.Join(folder, file)) {
			var ok bool
			if area, ok = areas[id(line)]; !ok {
				t.Errorf("%s: the pack has no %s", file, id(line))
				continue
			}
			compared[area.ID] = true
			check(line)
		}
	}
	division := func(name string) string { return "div-" + strings.ToLower(name) }
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }

	each("divisions.csv", func(l map[string]string) string { return division(l["division_en"]) }, func(l map[string]string) {
		same("name_hi", l["division_hi"], area.NameHi)
		same("name_en", l["division_en"], area.NameEn)
	})
	each("districts.csv", func(l map[string]string) string { return "dist-" + l["district_id"] }, func(l map[string]string) {
		same("name_hi", l["name_hi"], area.NameHi)
		same("name_en", l["name_en"], area.NameEn)
		same("lgd", l["lgd_code"], identifier("lgd"))
		same("census2011", l["census2011_code"], identifier("census2011"))
		same("administrative", division(l["division_en"]), area.Parents["administrative"])
		for alias := range strings.SplitSeq(l["aliases"], ";") {
			names := append([]string{"", area.NameHi, area.NameEn}, area.Aliases...)
			fix, corrected := told[area.ID+" aliases"]
			if corrected && alias == fix[0] && slices.Contains(names, fix[1]) {
				delete(told, area.ID+" aliases")
			} else if !slices.Contains(names, alias) {
				t.Errorf("%s: alias %s is missing", area.ID, alias)
			}
		}
	})
	each("loksabha.csv", func(l map[string]string) string { return "ls-" + l["pc_no"] }, func(l map[string]string) {
		same("name_hi", l["name_hi"], area.NameHi)
		same("name_en", l["name_en"], area.NameEn)
		same("reserved", l["reservation"], area.Reserved)
		if area.Number != number(l["pc_no"]) || area.Parents["electoral"] != "up" {
			t.Errorf("%s: %+v", area.ID, area)
		}
	})
	each("assembly.csv", func(l map[string]string) string { return "ac-" + l["ac_no"] }, func(l map[string]string) {
		same("name_hi", l["name_hi"], area.NameHi)
		same("name_en", l["name_en"], area.NameEn)
		same("reserved", l["reservation"], area.Reserved)
		same("electoral", "ls-"+l["pc_no"], area.Parents["electoral"])
		same("administrative", "dist-"+l["district_id"], area.Parents["administrative"])
		if area.Number != number(l["ac_no"]) {
			t.Errorf("%s has number %d", area.ID, area.Number)
		}
	})
	each("blocks.csv", func(l map[string]string) string { return "blk-" + l["lgd_block_code"] }, func(l map[string]string) {
		same("name_hi", l["name_hi"], area.NameHi)
		same("name_en", l["name_en"], area.NameEn)
		same("lgd", l["lgd_block_code"], identifier("lgd"))
		same("administrative", "dist-"+l["district_id"], area.Parents["administrative"])
	})

	for id := range areas {
		if !compared[id] {
			t.Errorf("%s stands in no public list", id)
		}
	}
	for key := range told {
		t.Errorf("the README tells a correction of %s that is none", key)
	}
	if len(compared) != 1405 {
		t.Errorf("%d areas compared, want 1405", len(compared))
	}
}

func readReference(t *testing.T, path string) (lines []map[string]string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records[1:] {
		line := map[string]string{}
		for i, column := range records[0] {
			line[column] = record[i]
		}
		lines = append(lines, line)
	}
	return lines
}
