package demo

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
)

// personName is an invented person's name in both scripts, spelt as it would
// stand on a list, with the gender that the name tells: "male" or "female".
type personName struct{ Hi, En, Gender string }

// name makes a name typical of Uttar Pradesh; the same r makes the same names.
// Roughly one in three is a woman's, and the communities have about their shares
// of the population. Names so well known that a reader would think of one person
// are drawn again.
func name(r *rand.Rand) personName {
	for {
		p := draw(r)
		if first, last := p.words[0], p.words[len(p.words)-1]; !nameParts().wellKnown[first.hi+" "+last.hi] {
			return p.spelt(r)
		}
	}
}

// drawn is a name in parts, without the prefix at [0].
type drawn struct {
	prefix *part
	words  []part
	gender string
}

// part is one line of names.csv or booths.csv.
type part struct {
	hi     string
	en     []string // usual spellings, the most usual first
	weight int
	goes   string // with what it goes: a mark that the rules below read
}

// draw puts a name together by the custom of its community:
// Hindu men: Ramesh Yadav, Ramesh Kumar, Ramesh Kumar Yadav; women: Sunita Devi, Sunita Yadav.
// Muslim men: Irfan Khan, Irfan Ahmad, Mohammad Irfan, Irfan Ahmad Khan; women: Shabana Begum, Shabana Khan.
// Sikhs: Gurpreet Singh (women Kaur), with or without a family name. Christians: David Masih.
func draw(r *rand.Rand) drawn {
	gender := "male"
	if r.IntN(100) < 34 {
		gender = "female"
	}
	switch n := r.IntN(1000); {
	case n < 800:
		return drawHindu(r, gender)
	case n < 990:
		return drawMuslim(r, gender)
	case n < 996:
		words := []part{nameParts().pick(r, "given", "sikh", gender), nameParts().pick(r, "middle", "sikh", gender)}
		if r.IntN(2) == 0 {
			words = append(words, nameParts().pick(r, "surname", "sikh", gender))
		}
		return drawn{words: words, gender: gender}
	default:
		given := nameParts().pick(r, "given", "christian", gender)
		return drawn{words: []part{given, nameParts().pick(r, "surname", "christian", gender)}, gender: gender}
	}
}

func drawHindu(r *rand.Rand, gender string) drawn {
	for {
		given := nameParts().pick(r, "given", "hindu", gender)
		middle := nameParts().pick(r, "middle", "hindu", gender)
		surname := nameParts().pick(r, "surname", "hindu", gender)
		var words []part
		switch n := r.IntN(100); {
		case gender == "female" && n < 40, gender == "male" && n < 22:
			words = []part{given, middle}
		case n < 80:
			words = []part{given, surname}
		default:
			if middle.hi == "सिंह" && surname.goes != "singh" {
				continue
			}
			words = []part{given, middle, surname}
		}
		if !repeats(words) {
			return drawn{words: words, gender: gender}
		}
	}
}

func drawMuslim(r *rand.Rand, gender string) drawn {
	for {
		given := nameParts().pick(r, "given", "muslim", gender)
		middle := nameParts().pick(r, "middle", "muslim", gender)
		surname := nameParts().pick(r, "surname", "muslim", gender)
		var d drawn
		switch n := r.IntN(100); {
		case gender == "female" && n < 65, gender == "male" && n < 30:
			d.words = []part{given, middle}
		case gender == "female" || n < 65:
			d.words = []part{given, surname}
		case n < 80:
			d.words = []part{given, middle, surname}
		default:
			prefix := nameParts().pick(r, "prefix", "muslim", gender)
			d.prefix, d.words = &prefix, []part{given}
			if n < 90 {
				d.words = append(d.words, surname)
			}
		}
		if d.gender = gender; !repeats(d.words) {
			return d
		}
	}
}

// repeats reports whether a word of the name says again what an earlier one said,
// as in राजकुमार कुमार or सरोज सरोज.
func repeats(words []part) bool {
	for i, w := range words {
		for _, earlier := range words[:i] {
			if strings.Contains(earlier.hi, w.hi) || strings.Contains(w.hi, earlier.hi) {
				return true
			}
		}
	}
	return false
}

func (d drawn) spelt(r *rand.Rand) personName {
	words := d.words
	if d.prefix != nil {
		words = append([]part{*d.prefix}, words...)
	}
	var hi, en []string
	for _, w := range words {
		hi, en = append(hi, w.hi), append(en, w.spelling(r))
	}
	return personName{strings.Join(hi, " "), strings.Join(en, " "), d.gender}
}

// spelling gives the most usual Latin spelling in two cases of three.
func (p part) spelling(r *rand.Rand) string {
	if len(p.en) == 1 || r.IntN(3) > 0 {
		return p.en[0]
	}
	return p.en[1+r.IntN(len(p.en)-1)]
}

// boothName makes the name of a polling station in both scripts, such as
// प्राथमिक विद्यालय रामपुर कलां कक्ष संख्या 1, "Primary School Rampur Kalan Room No. 1".
func boothName(r *rand.Rand) (hi, en string) {
	place := boothParts().pick(r, "place")
	villageHi, villageEn := villageName(r)
	room := 1 + min(r.IntN(4), r.IntN(4))
	return fmt.Sprintf("%s %s कक्ष संख्या %d", place.hi, villageHi, room),
		fmt.Sprintf("%s %s Room No. %d", place.en[0], villageEn, room)
}

// villageName makes a village's name in both scripts: a stem and a suffix
// (रामपुर), with a word after it (रामपुर खुर्द) or before it (नगला राम).
func villageName(r *rand.Rand) (hi, en string) {
	stem := boothParts().pick(r, "stem")
	if r.IntN(10) == 0 {
		before := boothParts().pick(r, "before")
		if before.hi != stem.hi {
			return before.hi + " " + stem.hi, before.en[0] + " " + stem.en[0]
		}
	}
	suffix := boothParts().pick(r, "suffix")
	for !fits(stem, suffix) {
		suffix = boothParts().pick(r, "suffix")
	}
	hi, en = stem.hi+suffix.hi, stem.en[0]+suffix.en[0]
	if r.IntN(4) == 0 {
		after := boothParts().pick(r, "after")
		hi, en = hi+" "+after.hi, en+" "+after.en[0]
	}
	return hi, en
}

// fits reports whether the suffix can stand after the stem: one that begins with
// a vowel sign needs a consonant before it, and -abad a stem of its kind.
func fits(stem, suffix part) bool {
	letters := []rune(stem.hi)
	last := letters[len(letters)-1]
	consonant := last >= 'क' && last <= 'ह'
	switch suffix.goes {
	case "consonant":
		return consonant && stem.goes == ""
	case "persian":
		return consonant && stem.goes == "persian"
	}
	return suffix.hi != stem.hi
}

//go:embed names.csv
var namesCSV []byte

//go:embed booths.csv
var boothsCSV []byte

// Given name and last name, as the parts spell them, that no draw may join,
// whatever stands between them.
//
//go:embed wellknown.txt
var wellKnownText string

// parts holds the lines of a file by what they are for, such as
// "given hindu male" or "suffix".
type parts struct {
	by        map[string][]part
	total     map[string]int // sum of the weights
	wellKnown map[string]bool
}

// pick draws one part, by weight.
func (p *parts) pick(r *rand.Rand, what ...string) part {
	key := strings.Join(what, " ")
	n := r.IntN(p.total[key])
	for _, one := range p.by[key] {
		if n -= one.weight; n < 0 {
			return one
		}
	}
	panic("demo: weights of " + key + " do not add up")
}

func (p *parts) add(key string, one part) {
	p.by[key] = append(p.by[key], one)
	p.total[key] += one.weight
}

// nameParts reads names.csv once.
var nameParts = sync.OnceValue(func() *parts {
	p := &parts{map[string][]part{}, map[string]int{}, map[string]bool{}}
	genders := map[string][]string{"m": {"male"}, "f": {"female"}, "": {"male", "female"}}
	for _, l := range lines(namesCSV) { // part,community,gender,weight,hi,en,with
		for _, gender := range genders[l[2]] {
			p.add(l[0]+" "+l[1]+" "+gender, newPart(l[4], l[5], l[3], l[6]))
		}
	}
	for full := range strings.Lines(wellKnownText) {
		p.wellKnown[strings.TrimSpace(full)] = true
	}
	return p
})

// boothParts reads booths.csv once.
var boothParts = sync.OnceValue(func() *parts {
	p := &parts{by: map[string][]part{}, total: map[string]int{}}
	for _, l := range lines(boothsCSV) { // part,weight,hi,en,goes
		p.add(l[0], newPart(l[2], l[3], l[1], l[4]))
	}
	return p
})

func newPart(hi, en, weight, goes string) part {
	n, err := strconv.Atoi(weight)
	if err != nil || n < 1 {
		panic("demo: weight of " + hi + " is " + weight)
	}
	return part{hi, strings.Split(en, ";"), n, goes}
}

// lines gives the rows of an embedded file without its header.
func lines(file []byte) [][]string {
	all, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		panic(err)
	}
	return all[1:]
}
