package demo

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

func TestNamesAreDeterministic(t *testing.T) {
	a, b, other := seeded(7), seeded(7), seeded(8)
	differs := false
	for range 1000 {
		one, two := name(a), name(b)
		if one != two {
			t.Fatalf("the same seed gave %v and %v", one, two)
		}
		differs = differs || name(other) != one
		oneHi, oneEn := boothName(a)
		if twoHi, twoEn := boothName(b); oneHi != twoHi || oneEn != twoEn {
			t.Fatalf("the same seed gave %s and %s", oneHi, twoHi)
		}
	}
	if !differs {
		t.Error("another seed gave the same names")
	}
}

func TestNamesAreRightInBothScriptsAndVaried(t *testing.T) {
	const draws = 100_000
	r := seeded(1)
	distinct := map[string]bool{}
	women := 0
	for range draws {
		p := name(r)
		distinct[p.Hi] = true
		for _, c := range p.Hi {
			if c != ' ' && !unicode.Is(unicode.Devanagari, c) {
				t.Fatalf("%q in %s", c, p.Hi)
			}
		}
		for _, c := range p.En {
			if c != ' ' && (c > unicode.MaxASCII || !unicode.IsLetter(c)) {
				t.Fatalf("%q in %s", c, p.En)
			}
		}
		if n := len(strings.Fields(p.Hi)); n < 2 || n > 4 {
			t.Fatalf("%q has %d words", p.Hi, n)
		}
		switch p.Gender {
		case "female":
			women++
		case "male":
		default:
			t.Fatalf("%s has gender %q", p.Hi, p.Gender)
		}
	}
	if len(distinct) < 30_000 {
		t.Errorf("%d draws gave %d distinct names, want more than 30,000", draws, len(distinct))
	}
	if women < draws*30/100 || women > draws*40/100 {
		t.Errorf("%d of %d names are women's", women, draws)
	}
}

func TestNamesKeepToCustom(t *testing.T) {
	r := seeded(2)
	for range 100_000 {
		p := name(r)
		words := strings.Fields(p.Hi)
		last := words[len(words)-1]
		if p.Gender == "female" && (last == "कुमार" || last == "प्रसाद" || last == "अहमद" || last == "राम") || p.Gender == "male" && (last == "देवी" || last == "बेगम" || last == "कौर" || last == "कुमारी") {
			t.Fatalf("%s is %s", p.Hi, p.Gender)
		}
		if last == words[len(words)-2] {
			t.Fatalf("%s repeats itself", p.Hi)
		}
		if strings.HasSuffix(p.Hi, "सिंह मिश्रा") || strings.HasSuffix(p.Hi, "सिंह गुप्ता") || strings.HasSuffix(p.Hi, "देवी खान") {
			t.Fatalf("%s is no plausible name", p.Hi)
		}
	}
}

// A well-known name is one that the parts could make and the list forbids.
func TestNamesAreNobodyWellKnown(t *testing.T) {
	r := seeded(3)
	for range 300_000 {
		p := name(r)
		words := strings.Fields(p.Hi)
		if words[0] == "मोहम्मद" {
			words = words[1:]
		}
		if nameParts().wellKnown[words[0]+" "+words[len(words)-1]] {
			t.Fatalf("%s is well known", p.Hi)
		}
	}
	reroll := 0
	for range 300_000 {
		d := draw(r)
		if nameParts().wellKnown[d.words[0].hi+" "+d.words[len(d.words)-1].hi] {
			reroll++
		}
	}
	if reroll == 0 {
		t.Error("no draw met the list of well-known names: the list is not spelt as the parts are")
	}
}

func TestNamePartsAreEnough(t *testing.T) {
	count := func(lists ...string) (n int) {
		for _, list := range lists {
			n += len(nameParts().by[list])
		}
		return n
	}
	given := count("given hindu male", "given hindu female", "given muslim male", "given muslim female", "given sikh male", "given sikh female", "given christian male", "given christian female")
	surnames := count("surname hindu male", "surname muslim male", "surname sikh male", "surname christian male")
	if given < 300 || surnames < 150 || len(boothParts().by["stem"]) < 250 {
		t.Errorf("%d given names, %d surnames, %d village stems", given, surnames, len(boothParts().by["stem"]))
	}
}

func TestBoothNames(t *testing.T) {
	r := seeded(4)
	hindi := regexp.MustCompile(`^[\p{Devanagari} ]+ कक्ष संख्या [1-4]$`)
	latin := regexp.MustCompile(`^[A-Za-z ]+ Room No\. [1-4]$`)
	signs := regexp.MustCompile(`[ािीुूृेैोौ][ािीुूृेैोौ]`)
	villages := map[string]bool{}
	for range 50_000 {
		hi, en := boothName(r)
		if !hindi.MatchString(hi) || !latin.MatchString(en) || signs.MatchString(hi) {
			t.Fatalf("%s, %s", hi, en)
		}
		village, _ := villageName(r)
		villages[village] = true
	}
	if len(villages) < 10_000 {
		t.Errorf("50,000 draws gave %d distinct villages", len(villages))
	}
}
