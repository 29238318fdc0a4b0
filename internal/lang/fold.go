package lang

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold gives the form of s in which spellings of the same word meet, for simple
// search: letters and digits only, single spaces between words, Latin in lower case,
// ASCII digits, no nukta, and every nasal that may be written as anusvara written so
// (चन्द्र and चंद्र, पाँच and पांच are one).
func Fold(s string) string {
	return string(fold(make([]byte, 0, 128), s, false))
}

// SortKey gives the key to store beside a name: plain byte order of keys is the
// order of a Hindi dictionary (कंगन, कमल, काम, क्या), Latin names before Devanagari
// ones, numbers by value (वार्ड 2 before वार्ड 10). Names that differ only as [Fold]
// forgives share a key.
//
// The order comes from Unicode's own: Devanagari was laid out with anusvara first,
// then vowels, consonants, vowel signs and last the halant, as dictionaries sort.
func SortKey(name string) string {
	return string(fold(make([]byte, 0, 128), name, true))
}

// fold appends the folded s to b; with counted, each run of digits loses its leading
// zeros and is preceded by its length, so that numbers sort by value.
func fold(b []byte, s string, counted bool) []byte {
	if needsNFC(s) {
		s = norm.NFC.String(s)
	}
	space := false // a separator is due before the next letter
	run := -1      // where the run of digits begins in b
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		next := i + size
		switch {
		case r == 'ँ':
			r = 'ं'
		case r >= 'क' && r <= 'ह':
			if varga := nasalOf(r); varga != 0 && nasalises(s[next:], varga) {
				r, next = 'ं', next+len("्")
			}
		case r >= 0x958 && r <= 0x95f: // the composed letters with nukta
			r = withoutNukta[r-0x958]
		case r >= '०' && r <= '९':
			r = r - '०' + '0'
		case r == 0x93c || r == '\u200c' || r == '\u200d' || r == '\u200b' || r == '\ufeff':
			i = next
			continue
		case r >= 'A' && r <= 'Z':
			r += 'a' - 'A'
		}
		switch r {
		case 'ऩ':
			r = 'न'
		case 'ऱ':
			r = 'र'
		case 'ऴ':
			r = 'ळ'
		}
		i = next
		if !isLetter(r) {
			space, run = len(b) > 0, -1
			continue
		}
		if space {
			b, space = append(b, ' '), false
		}
		if counted && r >= '0' && r <= '9' {
			if run < 0 {
				run = len(b)
				b = append(b, '0')
			}
			if len(b) == run+2 && b[run+1] == '0' {
				b = b[:run+1] // a leading zero
			}
			b = append(b, byte(r))
			b[run] = '0' + byte(min(len(b)-run-1, 9))
			continue
		}
		run = -1
		if r >= utf8.RuneSelf && (r < 0x900 || r > 0x97f) {
			r = unicode.ToLower(r)
		}
		b = utf8.AppendRune(b, r)
	}
	return b
}

// isLetter reports whether r is part of a word: a letter, digit, vowel sign or mark.
func isLetter(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return r >= 'a' && r <= 'z' || r >= '0' && r <= '9'
	case r >= 0x900 && r <= 0x97f:
		return r != '।' && r != '॥' && r != '॰'
	}
	return unicode.In(r, unicode.L, unicode.M, unicode.N)
}

// nasalOf gives the first consonant of the row (varga) whose nasal r is, or 0.
func nasalOf(r rune) rune {
	switch r {
	case 'ङ':
		return 'क'
	case 'ञ':
		return 'च'
	case 'ण':
		return 'ट'
	case 'न':
		return 'त'
	case 'म':
		return 'प'
	}
	return 0
}

// nasalises reports whether s begins with a halant and one of the four stops of the
// row: only there may the nasal before it be written as anusvara (चन्द्र, not अन्न).
func nasalises(s string, varga rune) bool {
	const halant = "्"
	if len(s) < 2*len(halant) || s[:len(halant)] != halant {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s[len(halant):])
	return r >= varga && r < varga+4
}

// withoutNukta gives the plain letters of क़ ख़ ग़ ज़ ड़ ढ़ फ़ य़.
var withoutNukta = [...]rune{'क', 'ख', 'ग', 'ज', 'ड', 'ढ', 'फ', 'य'}

// needsNFC reports whether s has anything but ASCII and Devanagari, whose few
// composed forms fold handles itself.
func needsNFC(s string) bool {
	for _, r := range s {
		if r >= utf8.RuneSelf && (r < 0x900 || r > 0x97f) {
			return !norm.NFC.IsNormalString(s)
		}
	}
	return false
}
