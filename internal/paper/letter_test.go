package paper

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sangathan/internal/fault"
)

var update = flag.Bool("update", false, "write the golden pictures anew; then look at them")

// The words that other programs set wrong.
const hardHindi = "क्षत्रिय ज्ञानेश्वर श्रीमती हृदय ट्रैक्टर राष्ट्रीय कार्यकर्ता वर्षा दुर्गा हर्षिता धर्मेंद्र " +
	"गुर्\u200dहा दर्\u200dया कोर्\u200dया क़लम ख़बर ग़ज़ल ज़मीन सड़क पढ़ाई फ़ैसला य़ रु रू रुपया रूप शुद्ध द्वार विद्यार्थी पद्म उद्भव " +
	"ट्ट ट्ठ ड्ड ह्म ह्य ह्न ह्ल ह्व ङ्क ञ्च क्त प्त न्न त्त त्र श्र श्व श्च ष्ट ष्ठ स्त्री क्ष्म र्क्ष्य निष्क्रिय त्र्यंबक हूँ हैं ॐ " +
	"ऑफिस ब्लॉक चंद्र चन्द्र पाँच अंतःकरण ऋषि कृषि संस्कृत शृंगार क् क्\u200cष क्\u200dष सञ्जय १२३ 123 १,२३,४५६ ₹ 500/- 75 % " +
	"UP/संगठन/118 (BLA) ई-मेल: a.b@example.in बूथ—12 “उद्धरण” ‘एक’ … है। ॥"

// A hardName is as long as names get.
const hardName = "श्रीमती महामहोपाध्याय राजराजेश्वरीप्रसादनारायणसिंहवर्माशास्त्री त्रिपाठी"

func TestLetterTextComesBackAsWritten(t *testing.T) {
	l := appointment(t)
	got := textOf(t, letterPDF(t, l))
	for _, f := range []string{"organization", "address", "contact", "number", "date", "title", "to", "subject", "body", "signer", "signer_post"} {
		for part := range strings.SplitSeq(l.Fields[f], "\n\n") {
			if part = even(part); !strings.Contains(got, part) {
				t.Errorf("field %s: not found:\n%s\nin:\n%s", f, part, got)
			}
		}
	}
	for i, name := range strings.Split(l.Fields["copy_to"], "\n") {
		if want := fmt.Sprintf("%d. %s", i+1, name); !strings.Contains(got, want) {
			t.Errorf("copy to: no %q in %s", want, got)
		}
	}
}

// plain makes a PDF of one paragraph.
func plain(t testing.TB, s string, st Style) []byte {
	t.Helper()
	var b bytes.Buffer
	d := New(&b, Options{Title: "नमूना"})
	d.Text(s, st)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHardHindiComesBackAsWritten(t *testing.T) {
	for _, st := range []Style{{}, {Bold: true}, {Size: 8}, {Size: 15, Align: Justify}, {Align: Center}, {Align: Right}} {
		if got := textOf(t, plain(t, hardHindi, st)); got != even(hardHindi) {
			t.Errorf("%+v\n got %s\nwant %s", st, got, even(hardHindi))
		}
	}
	// In a column too narrow for it, a word is cut between syllables only.
	d := New(&bytes.Buffer{}, Options{})
	for _, l := range d.lines([]piece{{hardName, false}}, 5000) {
		for _, w := range l.words {
			first := []rune(w.text)[0]
			if continues('क', first) {
				t.Errorf("a line begins inside a syllable: %q", w.text)
			}
			if last := []rune(w.text); last[len(last)-1] == '\u094d' {
				t.Errorf("a line ends inside a syllable: %q", w.text)
			}
		}
		if l.width > 5000 {
			t.Errorf("%v is %d wide", l.words, l.width)
		}
	}
	if got := textOf(t, plain(t, hardName, Style{Size: 40})); strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(hardName, " ", "") {
		t.Errorf("got %s", got)
	}
}

// TestRandomTextComesBack sets Hindi that no one would write, and other scripts.
func TestRandomTextComesBack(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	var letters []rune
	for r := rune(0x900); r < 0x980; r++ {
		letters = append(letters, r)
	}
	letters = append(letters, []rune("कककतरमनसहयलिािीुेैोौं्््््््\u200d\u200c़12aBZ.,/@₹()éß")...) // no hyphen: pdftotext takes it away at the end of a line
	d := New(&bytes.Buffer{}, Options{})
	var words []string
	for range 2000 {
		var w []rune
		for range 1 + rnd.IntN(9) {
			w = append(w, letters[rnd.IntN(len(letters))])
		}
		if d.words([]piece{{string(w), false}})[0][0].width > 0 { // joiners alone are nothing to be seen
			words = append(words, string(w))
		}
	}
	want := strings.Join(words, " ")
	got := textOf(t, plain(t, want, Style{}))
	if even(got) != even(want) {
		g, w := strings.Fields(got), strings.Fields(want)
		for i := range w {
			if i >= len(g) || g[i] != w[i] {
				t.Fatalf("word %d of %d: wrote %+q, read %+q", i, len(w), w[i], g[min(i, len(g)-1)])
			}
		}
		t.Fatalf("%d words written, %d read", len(w), len(g))
	}
}

func FuzzText(f *testing.F) {
	f.Add(hardHindi)
	f.Add("\x00\xff\r\n\t😀 علی ক த 漢字 \u202e\u2028 ्ि़")
	f.Fuzz(func(t *testing.T, s string) {
		var b bytes.Buffer
		d := New(&b, Options{Title: s, Author: s})
		d.Text(s, Style{Align: Justify})
		table := d.Table([]Column{{Title: s, Width: 1}, {Width: 9}}, Style{})
		table.Row(s, s, s)
		table.Heading(s)
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if tpl, err := ParseTemplate(s); err == nil {
			tpl.Fields()
		} else if !fault.Is(err, fault.Invalid) {
			t.Fatal(err)
		}
		if err := Letter(&b, LetterData{Template: "@sign {a}\n@each {n}. {a}\n@split {a} | {a}\n@footer {a} {page} {pages}", Fields: map[string]string{"a": s}}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestLetterLooksAsItDid(t *testing.T) {
	looksLike(t, letterPDF(t, appointment(t)), "letter.png")
}

func TestNoticeLooksAsItDid(t *testing.T) {
	l := appointment(t)
	l.Template, l.Emblem = StandardTemplate("notice", "hi"), nil
	f := l.Fields
	f["office"], f["title"], f["subject"], f["reference"], f["greeting"] = "जिला इकाई ज्ञानपुर", "कारण बताओ नोटिस", "दर्ज कार्य के संबंध में", "प्रकरण 2026/0031", "महोदया,"
	f["to"] = "सेवा में,\nश्रीमती राजेश्वरी त्रिपाठी\nग्राम ज्ञानपुर, जिला भदोही"
	f["duties_title"], f["duties"] = "अगस्त से अक्टूबर 2026: महीने के अनुसार", "महीना|अपेक्षित|दर्ज\nअगस्त 2026|4|1\nसितंबर 2026 (नहीं गिना: अवकाश)|–|–\nअक्टूबर 2026|4|0\nकुल|8|1"
	f["reply_by"], f["reply_how"], f["fair"] = "अपना स्पष्टीकरण यह नोटिस मिलने के दिन से 15 दिनों के भीतर दें।", "स्पष्टीकरण लिख कर दिया जा सकता है।", "आपका पक्ष सुने बिना कोई निर्णय नहीं होगा।"
	pdf := letterPDF(t, l)
	if got, want := textOf(t, pdf), "महीना अपेक्षित दर्ज अगस्त 2026 4 1 सितंबर 2026 (नहीं गिना: अवकाश) – – अक्टूबर 2026 4 0 कुल 8 1"; !strings.Contains(got, want) {
		t.Errorf("no %q in %s", want, got)
	}
	looksLike(t, pdf, "notice.png")
}

// looksLike compares the first page with a picture in testdata. Machines draw edges
// a little differently: a few dots may differ, and no region by much.
func looksLike(t *testing.T, pdf []byte, golden string) {
	t.Helper()
	got := drawn(t, pdf)
	path := filepath.Join("testdata", golden)
	if *update {
		var b bytes.Buffer
		if err := png.Encode(&b, got); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	img, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	want, ok := img.(*image.Gray)
	if !ok {
		t.Fatalf("%s: %T", golden, img)
	}
	if got.Rect != want.Rect {
		t.Fatalf("%v, want %v", got.Rect, want.Rect)
	}
	// Ink in squares of 8 by 8 dots.
	const side = 8
	worst := 0
	for y := 0; y+side <= got.Rect.Dy(); y += side {
		for x := 0; x+side <= got.Rect.Dx(); x += side {
			a, b := 0, 0
			for i := range side * side {
				at := (y+i/side)*got.Stride + x + i%side
				a, b = a+int(got.Pix[at]), b+int(want.Pix[at])
			}
			worst = max(worst, max(a-b, b-a)/(side*side))
		}
	}
	if worst > 12 {
		t.Errorf("%s: a square differs by %d of 255; if the new look is right, run with -update", golden, worst)
	}
}

// drawn gives the first page of a PDF as poppler draws it, in greys.
func drawn(t *testing.T, pdf []byte) *image.Gray {
	t.Helper()
	pgm := tool(t, pdf, "pdftoppm", "-r", "60", "-gray", "-singlefile", "IN")
	var w, h, most int
	if _, err := fmt.Sscanf(pgm, "P5\n%d %d\n%d\n", &w, &h, &most); err != nil || len(pgm) < w*h || most != 255 {
		t.Fatalf("pdftoppm: %v, %d x %d of %d, %d bytes", err, w, h, most, len(pgm))
	}
	return &image.Gray{Pix: []byte(pgm[len(pgm)-w*h:]), Stride: w, Rect: image.Rect(0, 0, w, h)}
}

func TestSameInputSameBytes(t *testing.T) {
	a, b := letterPDF(t, appointment(t)), letterPDF(t, appointment(t))
	if !bytes.Equal(a, b) {
		t.Error("two letters from the same data differ")
	}
	if !bytes.Contains(a, []byte("/CreationDate(D:20261122174500+05'30')")) {
		t.Error("the time made is not the one given")
	}
	other := appointment(t)
	other.Fields["signer"] = "सुनीता देवी"
	if bytes.Equal(a, letterPDF(t, other)) {
		t.Error("another letter has the same bytes")
	}
}

func TestStandardTemplates(t *testing.T) {
	for _, name := range []string{"letter", "appointment", "relief", "notice"} {
		for _, l := range []string{"hi", "en"} {
			tpl, err := ParseTemplate(StandardTemplate(name, l))
			if err != nil {
				t.Fatalf("%s.%s: %v", name, l, err)
			}
			for _, f := range []string{"organization", "number", "date", "subject", "body", "signer", "copy_to"} {
				if !slices.Contains(tpl.Fields(), f) {
					t.Errorf("%s.%s has no field %s", name, l, f)
				}
			}
			data := appointment(t)
			data.Template, data.Lang = StandardTemplate(name, l), l
			data.Fields["reply_by"], data.Fields["reply_how"] = "7 दिसंबर 2026", "उत्तर फोन से या कार्यालय में लिखित दिया जा सकता है।"
			data.Fields["closing"], data.Fields["greeting"] = "भवदीय,", "महोदय,"
			got := textOf(t, letterPDF(t, data))
			if !strings.Contains(got, even(data.Fields["subject"])) || strings.ContainsAny(got, "{}*") {
				t.Errorf("%s.%s: %s", name, l, got)
			}
		}
	}
	if StandardTemplate("none", "hi") != "" {
		t.Error("a template that is not there")
	}
}

func TestTemplateNotation(t *testing.T) {
	l := LetterData{
		Template: "@center {a}\n@left {empty}\nलेबल: {empty}\n{{ज्यों का त्यों}}\n@@चिह्न\n**मोटा {a}** पतला\n@split बायाँ: {empty} | दायाँ: {a}\n@each {n}) {many} और\n@bold {mark}\n@page\nदूसरा पन्ना {digits}\n@footer {a}, {page} का {pages}",
		Fields:   map[string]string{"a": "अमर", "many": "एक\n\nदो\n", "mark": "@page {a} **न** @each", "digits": "5"},
		Digits:   func(s string) string { return strings.NewReplacer("1", "१", "2", "२").Replace(s) },
	}
	got := textOf(t, letterPDF(t, l))
	want := "अमर {ज्यों का त्यों} @चिह्न मोटा अमर पतला दायाँ: अमर १) एक और २) दो और @page {a} **न** @each दूसरा पन्ना 5 अमर, २ का २"
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	tpl, err := ParseTemplate(l.Template)
	if err != nil {
		t.Fatal(err)
	}
	if got := tpl.Fields(); !slices.Equal(got, []string{"a", "digits", "empty", "many", "mark"}) {
		t.Errorf("fields %v", got)
	}
	if err := tpl.Check("a", "digits", "empty", "many", "mark"); err != nil {
		t.Error(err)
	}
	if err := tpl.Check("a"); !fault.Is(err, fault.Invalid) {
		t.Errorf("unknown fields: %v", err)
	}
}

func TestFaultyTemplates(t *testing.T) {
	for text, key := range map[string]string{
		"अ\n@middle x":   "paper.unknown_mark",
		"@center@bold x": "paper.unknown_mark",
		"@rule @qr x":    "paper.two_marks",
		"{नाम}":          "paper.bad_field",
		"{name":          "paper.bad_field",
		"name}":          "paper.bad_field",
		"{}":             "paper.bad_field",
	} {
		err := Letter(&bytes.Buffer{}, LetterData{Template: text})
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "[template "+key+"]") {
			t.Errorf("%q: %v, want %s", text, err, key)
		}
	}
	for name, l := range map[string]LetterData{
		"emblem": {Template: "@emblem", Emblem: []byte("GIF89a")},
		"qr":     {Template: "@qr", QR: "https://sangathan.example/" + strings.Repeat("x", 5000)},
	} {
		if err := Letter(&bytes.Buffer{}, l); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLongLetter(t *testing.T) {
	l := appointment(t)
	body := make([]string, 30)
	for i := range body {
		body[i] = fmt.Sprintf("%d. कार्यकर्ता का दायित्व है कि वह मतदाता सूची का अद्यतन करे और प्रत्येक माह की बैठक में उपस्थित रहे। प्रदेश प्रभारी के निर्देश पर जिला स्तर पर समीक्षा होगी।", i+1)
	}
	// However long the body, the signatures stand together, with lines of it above them.
	for n := 10; n <= len(body); n++ {
		l.Fields["body"] = strings.Join(body[:n], "\n\n")
		l.Template = strings.Replace(StandardTemplate("appointment", "hi"), "@justify आशा है", "@justify इति। आशा है", 1)
		pages := strings.Split(strings.TrimRight(tool(t, letterPDF(t, l), "pdftotext", "IN", "-"), "\f"), "\f")
		for i, page := range pages {
			if signed := strings.Contains(page, "भवदीय"); signed != strings.Contains(page, "(धर्मेंद्र कुमार शर्मा)") || signed && !strings.Contains(page, "इति।") {
				t.Errorf("%d paragraphs, page %d: a signature apart from its letter:\n%s", n, i+1, page)
			}
			if want := fmt.Sprintf("UPS/संगठन/118/2026 · पृष्ठ %d / %d", i+1, len(pages)); i > 0 != strings.Contains(even(page), want) {
				t.Errorf("%d paragraphs, page %d: %q missing or on page 1:\n%s", n, i+1, want, page)
			}
		}
	}
}

func TestLettersCountTheirOwnPages(t *testing.T) {
	var b bytes.Buffer
	var held []Row
	err := Letters(&b, LetterData{Title: "सब पत्र"}, func(yield func(LetterData, error) bool) {
		for i := range 3 {
			l := LetterData{Template: "पत्र {a}\n@page\nआगे\n@footer पृष्ठ {page} / {pages}", Fields: map[string]string{"a": fmt.Sprint(i + 1)}}
			if !yield(l, nil) {
				return
			}
			held = append(held, Row{fmt.Sprintf("क्रम %d", i+1)})
		}
	}, &ListData{Title: "सूची", Number: "2026/00007", Columns: []Column{{Title: "पत्र"}}, Rows: func(yield func(Row, error) bool) {
		for _, row := range held {
			if !yield(row, nil) {
				return
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	const list = " सूची पत्र क्रम 1 क्रम 2 क्रम 3 निर्यात संख्या 2026/00007 पृष्ठ 1 / 1"
	if got, want := textOf(t, b.Bytes()), "पत्र 1 आगे पृष्ठ 2 / 2 पत्र 2 आगे पृष्ठ 2 / 2 पत्र 3 आगे पृष्ठ 2 / 2"+list; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	stop := fault.New(fault.Unavailable, "fault.unavailable")
	if err := Letters(&b, LetterData{}, func(yield func(LetterData, error) bool) { yield(LetterData{}, stop) }, nil); !fault.Is(err, fault.Unavailable) {
		t.Errorf("the fault of the sequence became %v", err)
	}
}
