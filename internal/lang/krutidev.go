package lang

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Kruti Dev is a typewriter font of Hindi offices: its files hold Latin letters that
// only the font shows as Devanagari. A key is a piece of a letter: most consonants
// are a half form, to which the upright stroke "k" is added (घ is "?" and "k"); the
// short i stands before the letters it belongs to, the r over a letter after them.

// krutiKeys gives what each key of Kruti Dev 010 shows. A half form ends in halant.
var krutiKeys = func() map[rune]string {
	keys := map[rune]string{}
	for pair := range strings.FieldsSeq(`
		d=क D=क् [=ख् x=ग X=ग् ?=घ् Ä=घ ³=ङ p=च P=च् N=छ t=ज T=ज् >=झ ÷=झ् Ö=झ् ¥=ञ
		V=ट B=ठ M=ड <=ढ .=ण् r=त R=त् F=थ् n=द /=ध् Ë=ध् è=ध् u=न U=न्
		i=प I=प् Q=फ ¶=फ् c=ब C=ब् H=भ् Ò=भ e=म E=म् ;=य ¸=य् j=र y=ल Y=ल् G=ळ o=व O=व्
		'=श् Ü=श् "=ष् l=स L=स् g=ह º=ह्
		{=क्ष् ==त्र «=त्र् K=ज्ञ J=श्र }=द्व |=द्य )=द्ध í=द्द Ì=द्द ê=ट्ट Í=ट्ट ë=ट्ठ Î=ट्ठ ì=ड्ड Ï=ड्ड ï=ड्ढ Ô=ड्ढ
		ô=क्क Ø=क्र Ý=फ्र æ=द्र ç=प्र Á=प्र Ù=त्त् ä=क्त –=दृ —=कृ Ñ=कृ é=न्न ™=न्न् à=ह्न á=ह्य â=हृ ã=ह्म #=रु :=रू
		v=अ b=इ Ã=ई m=उ Å=ऊ ,=ए _=ऋ
		k=ा h=ी È=ीं q=ु w=ू ` + "`" + `=ृ s=े S=ै ‚=ॉ W=ॅ a=ं ¡=ँ %=ः ~=् z=्र ª=्र Ó=्य +=़ •=ऽ ·=ऽ
		ñ=॰ Œ=॰ å=० ƒ=१ „=२ …=३ †=४ ‡=५ ˆ=६ ‰=७ Š=८ ‹=९
		A=। -=. &=- ]=, @=/ $=+ (=; ¼=( ½=) ¿={ À=} ¾== ^=‘ *=’ Þ=“ ß=” \=?`) {
		key, size := utf8.DecodeRuneInString(pair)
		keys[key] = pair[size+1:]
	}
	return keys
}()

// Keys that show several pieces at once, among them those that change places.
var krutiPieces = strings.NewReplacer("±", "Za", "Ç", "fa", "É", "Zfa", "Æ", "Zf", "Ê", "hZ", "=kk", "=k", "f=k", "f=")

const (
	halant   = '्'
	nukta    = '़'
	shortI   = 'ि'
	krutiI   = 'f' // the short i, before its letters
	krutiRa  = 'Z' // the r over a letter, after it
	krutiBar = 'ा'
)

// FromKrutiDev gives the Unicode text of what Kruti Dev 010 shows for s. Ordinary
// digits, and marks that stand where no letter could, stay as they are.
func FromKrutiDev(s string) string {
	in := []rune(krutiPieces.Replace(s))
	var out []rune
	pending := -1 // where a short i waits for its letters to end
	open := false // an ordinary bracket
	settle := func() {
		if pending >= 0 {
			out = append(out, shortI)
			pending = -1
		}
	}
	for i, key := range in {
		next := rune(0)
		if i+1 < len(in) {
			next = in[i+1]
		}
		switch {
		case key == '(' || key == ')' && open:
			settle()
			out, open = append(out, key), key == '('
			continue
		case strings.ContainsRune(`./'"?[{`, key) && !typesLetter(next), key == '=' && (len(out) == 0 || !isLetter(out[len(out)-1])):
			settle()
			out = append(out, key)
			continue
		case (key == '’' || key == '‘') && typesLetter(next):
			key = '\''
		case (key == '”' || key == '“') && typesLetter(next):
			key = '"'
		}
		switch key {
		case krutiI:
			settle()
			pending = len(out)
			continue
		case krutiRa:
			if n := len(out); n > 0 && out[n-1] == 'इ' {
				out[n-1] = 'ई'
				continue
			}
			at := syllable(out)
			if pending >= 0 {
				at = min(max(at, pending), len(out))
			}
			out = append(out[:at], append([]rune{'र', halant}, out[at:]...)...)
			continue
		}
		shown, known := krutiKeys[key]
		if !known {
			settle()
			out = append(out, key)
			continue
		}
		if n := len(out); n > 0 && shown == "्र" && isSign(out[n-1]) { // typed after the vowel sign that it stands before
			out = append(out[:n-1], halant, 'र', out[n-1])
			continue
		}
		for _, r := range shown {
			// A short i belongs to the letters after it: half forms, one whole
			// consonant, and what hangs on that.
			if pending >= 0 && len(out) > pending && out[len(out)-1] != halant && r != halant && r != nukta && r != krutiBar {
				settle()
			}
			out = join(out, r)
			if pending >= 0 && !isConsonant(r) && r != halant && r != nukta && r != krutiBar {
				settle()
			}
		}
	}
	settle()
	return norm.NFC.String(string(out))
}

// join adds what a key shows to what stands before it: the upright stroke makes a half
// form whole, and vowels are made of their parts.
func join(out []rune, r rune) []rune {
	if len(out) == 0 {
		return append(out, r)
	}
	last := &out[len(out)-1]
	switch {
	case r == krutiBar && *last == halant:
		return out[:len(out)-1]
	case r == krutiBar && isSign(*last) && len(out) > 1 && out[len(out)-2] == halant: // the stroke after the vowel sign
		out[len(out)-2] = *last
		return out[:len(out)-1]
	case r == *last && (r == halant || isSign(r) || r == 'ं'): // the key was hit twice
		return out
	}
	for _, v := range [...][3]rune{
		{'अ', 'ा', 'आ'}, {'आ', 'े', 'ओ'}, {'आ', 'ै', 'औ'}, {'आ', 'ॅ', 'ऑ'}, {'अ', 'ॉ', 'ऑ'}, {'ए', 'े', 'ऐ'}, {'ए', 'ॅ', 'ऍ'},
		{'ा', 'े', 'ो'}, {'ा', 'ै', 'ौ'}, {'ा', 'ॅ', 'ॉ'}, {'े', 'ा', 'ो'}, {'ै', 'ा', 'ौ'}, {'ो', 'े', 'ो'}, {'ं', 'ॅ', 'ँ'}, {'ॅ', 'ं', 'ँ'},
	} {
		if *last == v[0] && r == v[1] {
			*last = v[2]
			return out
		}
	}
	// Signs typed in the wrong order: a vowel sign after its anusvara, a nukta after the vowel sign.
	if (*last == 'ं' || *last == 'ँ') && isSign(r) && len(out) > 1 && isConsonant(out[len(out)-2]) || r == nukta && isSign(*last) {
		mark := *last
		*last = r
		return append(out, mark)
	}
	return append(out, r)
}

// syllable gives where the letters begin over which an r typed now stands: the last
// whole consonant with its half forms.
func syllable(out []rune) int {
	i := len(out) - 1
	for i > 0 && (isSign(out[i]) || out[i] == 'ं' || out[i] == 'ँ' || out[i] == 'ः') {
		i--
	}
	for i > 0 {
		switch {
		case out[i] == nukta:
			i--
		case isConsonant(out[i]) && out[i-1] == halant && i > 1:
			i -= 2
		default:
			return i
		}
	}
	return max(i, 0)
}

func isConsonant(r rune) bool { return r >= 'क' && r <= 'ह' || r >= 0x958 && r <= 0x95f }

// isSign reports whether r is a vowel sign.
func isSign(r rune) bool { return r >= 'ा' && r <= 'ौ' || r == 'ॢ' || r == 'ॣ' }

// typesLetter reports whether a key continues a word.
func typesLetter(key rune) bool {
	if key == krutiI || key == krutiRa {
		return true
	}
	first, _ := utf8.DecodeRuneInString(krutiKeys[key])
	return first >= 0x901 && first <= 0x94d
}

// krutiOdds tells by how much a character speaks for Kruti Dev (above 0) or for Latin
// writing: ten times the logarithm of how much more often it stands in the one than in
// the other, counted over 16,000 names in both.
var krutiOdds = func() (odds [utf8.RuneSelf]int) {
	for pair := range strings.FieldsSeq("\"14 %4 &-4 '13 (0 )0 +11 ,6 -6 .0 /4 :2 ;20 <8 =7 >5 ?9 @2 A-13 B-11 C-6 D-9 E-6 F9 G-16 H-6 I-9 J-8 K-18 L-3 M-5 N-14 O-9 P-15 Q9 R-12 S-7 T-13 U-2 V0 W-9 X3 Y-1 Z11 [12 ]5 `12 a-9 b-3 c5 d2 e3 f14 g2 h0 i-3 j8 k9 l2 m-11 n-3 o1 p-2 q18 r-4 s2 t-1 u2 v3 w3 x17 y4 z7 {8 |6 }6 ~12") {
		n := 0
		for _, digit := range strings.TrimPrefix(pair[1:], "-") {
			n = n*10 + int(digit-'0')
		}
		if pair[1] == '-' {
			n = -n
		}
		odds[pair[0]] = n
	}
	return odds
}()

// KrutiDevOdds tells how likely it is that a text without Devanagari was typed for
// Kruti Dev: clearly above 0 when it was, clearly below when it is Latin, 0 when nothing
// in it speaks for either.
func KrutiDevOdds(s string) int {
	odds := 0
	before := rune(' ')
	for _, r := range s {
		switch {
		case r == '0' && before >= 'a' && before <= 'z': // as offices shorten words: प्रा0 वि0
			odds += 5
		case r < utf8.RuneSelf:
			odds += krutiOdds[r]
		case r >= 0xa0 && r < 0x2100 && krutiKeys[r] != "":
			odds += 8
		case r >= 0x900 && r <= 0x97f:
			return -1000
		}
		before = r
	}
	if odds <= -20 {
		return odds
	}
	// No word of Hindi begins with a vowel sign, holds two together, or ends in halant;
	// few have अ within, or the same letter twice.
	const misspelt = 12
	before = ' '
	for _, r := range FromKrutiDev(s) + " " {
		latin := r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		switch {
		case (isSign(r) || r == nukta || r == halant) && !isConsonant(before) && before != nukta,
			before == halant && !isConsonant(r),
			(r == '।' || latin) && isLetter(before),
			r == 'अ' && isConsonant(before):
			odds -= misspelt
		case r == before && isConsonant(r), r >= 'अ' && r <= 'औ' && isConsonant(before):
			odds -= misspelt / 3
		}
		before = r
	}
	return odds
}

// KrutiDevColumn gives how far a column leans to Kruti Dev, from the cells of its
// beginning: 15 when most were typed for it, -15 when most are Latin, else 0.
func KrutiDevColumn(cells []string) (lean int) {
	kruti, latin := 0, 0
	for _, c := range cells {
		switch odds := KrutiDevOdds(c); {
		case odds > 20:
			kruti++
		case odds < -20 && odds > -1000:
			latin++
		}
	}
	switch {
	case kruti > latin:
		return 15
	case latin > kruti:
		return -15
	}
	return 0
}

// Unicode gives the text of a cell whatever it was typed in: stretches typed for Kruti
// Dev become Unicode, Devanagari and Latin ones stay. lean is the column's. legacy says
// that something was turned.
func Unicode(cell string, lean int) (text string, legacy bool) {
	var b strings.Builder
	for cell != "" {
		end := strings.IndexFunc(cell, devanagari)
		if end < 0 {
			end = len(cell)
		}
		turned, odds := fromKrutiWords(cell[:end])
		if odds > max(14-lean, 0) {
			b.WriteString(turned)
			legacy = true
		} else {
			b.WriteString(cell[:end])
		}
		rest := strings.IndexFunc(cell[end:], func(r rune) bool { return !devanagari(r) && r != ' ' })
		if rest < 0 {
			rest = len(cell) - end
		}
		b.WriteString(cell[end : end+rest])
		cell = cell[end+rest:]
	}
	return b.String(), legacy
}

func devanagari(r rune) bool { return r >= 0x900 && r <= 0x97f }

// fromKrutiWords turns a stretch typed for Kruti Dev and leaves the words in capitals
// that can only be Latin (ROOM); odds is that of the others.
func fromKrutiWords(run string) (text string, odds int) {
	words := strings.Split(run, " ")
	var others []string
	for i, w := range words {
		if strings.ToUpper(w) == w && KrutiDevOdds(w) < -20 {
			continue
		}
		others = append(others, w)
		words[i] = FromKrutiDev(w)
	}
	return strings.Join(words, " "), KrutiDevOdds(strings.Join(others, " "))
}
