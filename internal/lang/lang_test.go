package lang

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"sangathan/internal/fault"
)

var (
	hi     = New(Hi, nil, false)
	en     = New(En, nil, false)
	deva   = New(Hi, nil, true)
	samiti = New(Hi, map[string]string{"committee": "समिति", "committee_many": "समितियाँ"}, false)
)

// with runs one message text through a Printer.
func with(t *testing.T, p Printer, text string, args ...any) string {
	t.Helper()
	m, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	catalogues()[p.Lang()]["test.message"] = m
	defer delete(catalogues()[p.Lang()], "test.message")
	return p.T("test.message", args...)
}

func TestT(t *testing.T) {
	ist := time.FixedZone("IST", 5*3600+1800)
	moment := time.Date(2026, 11, 22, 10, 35, 0, 0, time.UTC).In(ist)
	for i, c := range []struct {
		p    Printer
		text string
		args []any
		want string
	}{
		{hi, "{n} बूथ", []any{"n", 177516}, "1,77,516 बूथ"},
		{hi, "{n} बूथ", []any{"n", int64(177516)}, "1,77,516 बूथ"},
		{deva, "{n} में से 10", []any{"n", 177516}, "१,७७,५१६ में से १०"},
		{deva, "फोन {s}", []any{"s", "9876543210"}, "फोन 9876543210"},
		{hi, "{n} {n|महीना|महीने}", []any{"n", 0}, "0 महीना"},
		{hi, "{n} {n|महीना|महीने}", []any{"n", 1}, "1 महीना"},
		{hi, "{n} {n|महीना|महीने}", []any{"n", 2}, "2 महीने"},
		{en, "{n} {n|month|months}", []any{"n", 0}, "0 months"},
		{en, "{n} {n|month|months}", []any{"n", 1}, "1 month"},
		{en, "{n|month|months}", []any{"n", 10_000_001}, "months"},
		{en, "{n|month|months}", []any{"n", int64(1)}, "month"},
		{hi, "{@committee}", nil, "कमेटी"},
		{samiti, "{@committee}", nil, "समिति"},
		{samiti, "{n|@committee|@committee_many}", []any{"n", 3}, "समितियाँ"},
		{hi, "{day} तक", []any{"day", Day("2026-11-22")}, "22 नवंबर 2026 तक"},
		{en, "by {day}", []any{"day", Day("2026-11-22")}, "by 22 Nov 2026"},
		{hi, "{t}", []any{"t", moment}, "22 नवंबर 2026, शाम 4:05"},
		{en, "{t}", []any{"t", moment}, "22 Nov 2026, 4:05 pm"},
		{deva, "{t}", []any{"t", moment}, "२२ नवंबर २०२६, शाम ४:०५"},
		{hi, "{k}", []any{"k", Key("word.district")}, "जिला"},
		{en, "{who}", []any{"who", Name{"राम", "Ram"}}, "Ram"},
		{hi, "{x}", []any{"x", []string{"अ", "ब", "स"}}, "अ, ब और स"},
		{hi, "{x} अंक", []any{"x", 2.26}, "2.3 अंक"},
		{hi, "{gone} है", nil, "⟦gone⟧ है"},
	} {
		if got := with(t, c.p, c.text, c.args...); got != c.want {
			t.Errorf("%d %q: got %q, want %q", i, c.text, got, c.want)
		}
	}
	if got := hi.T("no.such_key"); got != "⟦no.such_key⟧" {
		t.Errorf("missing key gives %q", got)
	}
	if Has("no.such_key") || !Has("common.save") {
		t.Error("Has is wrong")
	}
	if got := (Printer{}).T("common.yes"); got != "हाँ" {
		t.Errorf("zero Printer: %q", got)
	}
}

func TestError(t *testing.T) {
	locked := fault.New(fault.TooMany, "fault.too_many", "minutes", 5)
	var form fault.Form
	form.Add("name", "fault.too_long", "max", 1000)
	form.Add("name", "fault.required")
	form.Add("day", "fault.bad_day")
	for _, c := range []struct {
		err  error
		want string
	}{
		{locked, "Too many tries. Please try again in 5 minutes."},
		{fmt.Errorf("web: %w", locked), "Too many tries. Please try again in 5 minutes."},
		{errors.New("disk on fire at 10.0.0.1"), en.T("fault.internal")},
		{fault.New(fault.Internal, "no.such_key"), en.T("fault.internal")},
		{form.Err(), "Some things need to be corrected. What you typed is below."},
	} {
		if got := en.Error(c.err); got != c.want {
			t.Errorf("%v: got %q, want %q", c.err, got, c.want)
		}
	}
	want := map[string]string{"name": "यह बहुत लंबा है। 1,000 अक्षरों तक लिखें।", "day": "सही तारीख ऐसे लिखें: 22/11/2026।"}
	if got := hi.Fields(form.Err()); !maps.Equal(got, want) {
		t.Errorf("fields %v", got)
	}
	if got := hi.Fields(locked); got != nil {
		t.Errorf("fields of a fault without any: %v", got)
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 99999: "99,999", 100000: "1,00,000", 177516: "1,77,516", 1234567890: "1,23,45,67,890", -1000: "−1,000", -5: "−5"} {
		if got := hi.Num(n); got != want {
			t.Errorf("Num(%d) = %q, want %q", n, got, want)
		}
	}
	for _, c := range []struct{ got, want string }{
		{hi.Percent(52, 75), "75 में से 52 (69 %)"},
		{en.Percent(52, 75), "52 of 75 (69 %)"},
		{hi.Percent(52, 75, "जिले"), "75 में से 52 जिले (69 %)"},
		{deva.Percent(52, 75), "७५ में से ५२ (६९ %)"},
		{hi.Percent(177515, 177516), "1,77,516 में से 1,77,515 (>99 %)"},
		{hi.Percent(1, 177516), "1,77,516 में से 1 (<1 %)"},
		{hi.Percent(0, 75), "75 में से 0 (0 %)"},
		{hi.Percent(75, 75), "75 में से 75 (100 %)"},
		{hi.Percent(0, 0), "0 में से 0"},
		{en.Percent(0, 0, "districts"), "0 of 0 districts"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestDays(t *testing.T) {
	at := func(h int) string { return hi.Clock(time.Date(2026, 1, 1, h, 0, 0, 0, time.UTC)) }
	for _, c := range []struct{ got, want string }{
		{hi.Day("2026-11-22"), "22 नवंबर 2026"}, {en.Day("2026-11-02"), "2 Nov 2026"}, {deva.Day("2026-11-22"), "२२ नवंबर २०२६"},
		{hi.Day(""), ""}, {hi.Day("2026-02-30"), "2026-02-30"},
		{hi.Month("2026-11"), "नवंबर 2026"}, {en.Month("2026-11"), "November 2026"},
		{hi.Weekday("2026-11-22"), "रविवार"}, {en.Weekday("2026-11-28"), "Saturday"},
		{at(0), "रात 12:00"}, {at(4), "सुबह 4:00"}, {at(12), "दोपहर 12:00"}, {at(15), "दोपहर 3:00"}, {at(16), "शाम 4:00"}, {at(20), "रात 8:00"},
		{hi.Ago("2026-11-19", "2026-11-22"), "3 दिन पहले"}, {hi.Ago("2026-11-22", "2026-11-22"), "आज"}, {hi.Ago("2026-11-24", "2026-11-22"), "2 दिन बाद"},
		{en.Ago("2026-11-21", "2026-11-22"), "1 day ago"}, {en.Ago("2026-11-25", "2026-11-22"), "in 3 days"},
		{hi.Ago("2026-09-23", "2026-11-22"), "2 महीने पहले"}, {hi.Ago("2026-09-24", "2026-11-22"), "59 दिन पहले"},
		{hi.Ago("2025-11-22", "2026-11-22"), "12 महीने पहले"}, {hi.Ago("2022-11-22", "2026-11-22"), "4 साल पहले"}, {hi.Ago("", "2026-11-22"), ""},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestParseDay(t *testing.T) {
	for s, want := range map[string]string{
		"2026-11-22": "2026-11-22", "22/11/2026": "2026-11-22", "22-11-26": "2026-11-22", "22.11.2026": "2026-11-22", " 22 / 11 / 2026 ": "2026-11-22",
		"2/1/2026": "2026-01-02", "22 नवंबर 2026": "2026-11-22", "22 नवम्बर, 2026": "2026-11-22", "22 Nov 2026": "2026-11-22", "22-NOV-26": "2026-11-22",
		"22nd November 2026": "2026-11-22", "November 22, 2026": "2026-11-22", "२२/११/२०२६": "2026-11-22", "२२ नवंबर २०२६": "2026-11-22", "1 फ़रवरी 2026": "2026-02-01",
		"1 सितम्बर 2026": "2026-09-01", "29/2/2024": "2024-02-29", "15.8.47": "1947-08-15", "1/1/39": "2039-01-01", "1/1/40": "1940-01-01",
		"": "", "22": "", "22/11": "", "31/2/2026": "", "29/2/2026": "", "31/11/2026": "", "11/22/2026": "", "0/1/2026": "", "1/0/2026": "", "1/13/2026": "",
		"22/11/226": "", "22/11/20266": "", "1/1/1799": "", "1/1/2200": "", "22/xx/2026": "", "a/11/2026": "", "+1/11/2026": "", "22 11 2026 5": "", "122/1/2026": "", "45-11-22": "", "0026-11-22": "",
	} {
		got, ok := ParseDay(s)
		if got != want || ok != (want != "") {
			t.Errorf("ParseDay(%q) = %q, %v, want %q", s, got, ok, want)
		}
	}
	// Every day written is read back, in each language and digits.
	for d := time.Date(2023, 12, 31, 0, 0, 0, 0, time.UTC); d.Year() < 2025; d = d.AddDate(0, 0, 1) {
		day := d.Format(time.DateOnly)
		for _, p := range []Printer{hi, en, deva} {
			if got, _ := ParseDay(p.Day(day)); got != day {
				t.Fatalf("ParseDay(%q) = %q", p.Day(day), got)
			}
		}
	}
}

func TestPhone(t *testing.T) {
	for s, want := range map[string]string{
		"9876543210": "9876543210", "98765 43210": "9876543210", "+91 98765-43210": "9876543210", "+91-09876543210": "9876543210", "0 9876543210": "9876543210",
		"919876543210": "9876543210", "00919876543210": "9876543210", "९८७६५४३२१०": "9876543210", "(+91) 98765.43210": "9876543210", "9198765432": "9198765432",
		"6000000000": "6000000000", "": "", "987654321": "", "98765432101": "", "5876543210": "", "98765abcde": "", "+1 9876543210": "", "9876543210,9876543211": "", "०": "",
	} {
		got, ok := Phone(s)
		if got != want || ok != (want != "") {
			t.Errorf("Phone(%q) = %q, %v, want %q", s, got, ok, want)
		}
	}
}

func TestFold(t *testing.T) {
	for s, want := range map[string]string{
		"  Ram   KUMAR ": "ram kumar", "चन्द्र": "चंद्र", "पाँच": "पांच", "सम्पर्क": "संपर्क", "गङ्गा": "गंगा", "पण्डित": "पंडित", "पञ्च": "पंच",
		"अन्न": "अन्न", "जन्म": "जन्म", "अम्मा": "अम्मा", "कन्या": "कन्या", "सन": "सन", "राम्": "राम्", "न्": "न्",
		"फ़िरोज़": "फिरोज", "\u095e\u093fरो\u095b": "फिरोज", "बड़ा": "बडा", "डॉ. राम": "डॉ राम", "वार्ड-०५": "वार्ड 05", "शक\u094d\u200dति": "शक्ति",
		"É": "é", "E\u0301": "é", "राम।": "राम", "": "", "...": "", "a\xffb": "a b",
	} {
		if got := Fold(s); got != want {
			t.Errorf("Fold(%q) = %q (% x), want %q", s, got, got, want)
		}
		if got := Fold(Fold(s)); got != Fold(s) {
			t.Errorf("Fold twice of %q differs: %q", s, got)
		}
	}
}

// dictionary is in the order of a Hindi dictionary: within a letter first anusvara,
// then the bare consonant, vowel signs in their order, conjuncts last.
var dictionary = strings.Split("Anil|anita|Zubair|अंकित|अंशु|अकबर|अखिलेश|अमित|अरुण|आलोक|इंदु|इमरान|ईश्वर|उदय|ऊषा|ऋषि|एकता|ऐश्वर्या|ओम|औरंगजेब|"+
	"कंगन|कंचन|कपिल|कमल|कमला|काँता|कामता|किरण|कीर्ति|कुँवर|कुमार|कृष्ण|केशव|कैलाश|कोमल|कौशल|क्षितिज|खलील|गंगा|गीता|गौरव|ग्यान|घनश्याम|चंदन|चन्द्र|चमन|छोटे|"+
	"जगदीश|ज़फ़र|जय|ज्योति|टीकाराम|ठाकुर|डाली|तारा|त्रिलोक|दया|धर्म|नंद|नईम|पंकज|पवन|पाँचू|प्रकाश|फ़ातिमा|बंसी|भरत|मंजू|महेश|मोहन|यश|"+
	"राम|राम कुमार|राम प्रसाद|रामकुमार|रामेश्वर|लक्ष्मी|वार्ड 2|वार्ड 10|वार्ड 010 क|वार्ड 100|विजय|शंकर|श्याम|श्री|षष्ठी|संजय|सन्तोष|संध्या|समीर|हरि|ह्रदय", "|")

func TestSortKeyIsDictionaryOrder(t *testing.T) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	got := slices.Clone(dictionary)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
	sort.Slice(got, func(i, j int) bool { return SortKey(got[i]) < SortKey(got[j]) })
	for i := range got {
		if got[i] != dictionary[i] {
			t.Fatalf("at %d: %q, want %q\n%q", i, got[i], dictionary[i], got)
		}
	}
	for _, same := range [][2]string{{"चन्द्र", "चंद्र"}, {"फ़िरोज़", "फिरोज"}, {"कुँवर", "कुंवर"}, {"RAM", "ram"}, {"वार्ड ०५", "वार्ड 5"}, {"राम  लाल", "राम-लाल"}, {"भाग 0", "भाग 00"}} {
		if SortKey(same[0]) != SortKey(same[1]) {
			t.Errorf("%q and %q have keys %q and %q", same[0], same[1], SortKey(same[0]), SortKey(same[1]))
		}
	}
}

func TestKeysDoNotDependOnNormalForm(t *testing.T) {
	for _, name := range append(dictionary, "\u0929\u0931\u0934", "\u0958\u095f", "É Ö") {
		for _, form := range []norm.Form{norm.NFC, norm.NFD} {
			if SortKey(form.String(name)) != SortKey(name) || Fold(form.String(name)) != Fold(name) {
				t.Errorf("%q: keys differ by normal form", name)
			}
		}
	}
}

func TestNamesAndLanguages(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{hi.Name("राम", "Ram"), "राम"}, {en.Name("राम", "Ram"), "Ram"}, {hi.Name("", "Ram"), "Ram"}, {en.Name("राम", ""), "राम"}, {en.Name("", ""), ""},
		{string(Parse("en-IN")), "en"}, {string(Parse("EN")), "en"}, {string(Parse("hi")), "hi"}, {string(Parse("")), "hi"}, {string(Parse("fr")), "hi"}, {string(Parse("enx")), "hi"},
		{hi.Word("committee"), "कमेटी"}, {samiti.Word("committee"), "समिति"}, {samiti.Word("district"), "जिला"}, {hi.Word("nonsense"), "⟦word.nonsense⟧"},
		{New(En, nil, true).Num(5), "5"}, {ASCIIDigits("वार्ड १०"), "वार्ड 10"}, {hi.List([]string{"अ", "ब"}), "अ और ब"}, {hi.List(nil), ""},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func FuzzReaders(f *testing.F) {
	for _, s := range append(dictionary, "22 नवंबर 2026", "+91 98765 43210", "\xff\x94", "न्", "क\u093c") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if once := Fold(s); Fold(once) != once {
			t.Errorf("Fold(%q) = %q, again %q", s, once, Fold(once))
		}
		if day, ok := ParseDay(s); ok && hi.Day(day) == day {
			t.Errorf("ParseDay(%q) = %q", s, day)
		}
		if phone, ok := Phone(s); ok && len(phone) != 10 {
			t.Errorf("Phone(%q) = %q", s, phone)
		}
		SortKey(s)
	})
}

// The wish is a million full names a second.
func BenchmarkSortKey(b *testing.B) {
	b.ReportAllocs()
	var names []string
	for i, first := range dictionary {
		names = append(names, first+" "+dictionary[(i*7+3)%len(dictionary)])
	}
	keys := make([]string, len(names))
	for i := 0; b.Loop(); i++ {
		keys[i%len(keys)] = SortKey(names[i%len(names)])
	}
}

func BenchmarkT(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		hi.T("fault.number_range", "min", 1, "max", 177516)
	}
}

func BenchmarkNum(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		hi.Num(177516)
	}
}
