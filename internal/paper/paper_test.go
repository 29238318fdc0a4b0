package paper

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ist is the zone of the papers in these tests.
var ist = time.FixedZone("IST", 5*3600+1800)

var made = time.Date(2026, 11, 22, 17, 45, 0, 0, ist)

// emblem draws a small wheel: a picture with a clear ground, of nobody's.
func emblem(t testing.TB) []byte {
	t.Helper()
	const size = 240
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			dx, dy := float64(x)-size/2+0.5, float64(y)-size/2+0.5
			r := math.Hypot(dx, dy) / (size / 2)
			spoke := math.Mod(math.Atan2(dy, dx)+2*math.Pi, math.Pi/6)
			if r < 0.16 || r > 0.82 && r < 0.97 || r < 0.9 && math.Min(spoke, math.Pi/6-spoke)*r < 0.025 {
				img.Set(x, y, color.NRGBA{31, 78, 95, 255})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// appointment is a letter of appointment with invented names.
func appointment(t testing.TB) LetterData {
	return LetterData{
		Template: StandardTemplate("appointment", "hi"),
		Title:    "मनोनयन पत्र 118/2026",
		Author:   "उदाहरण प्रदेश संगठन",
		QR:       "https://sangathan.example/o/0192f3a1-7c4e-7d21-9b55-2f6c1d9e8a40",
		Emblem:   emblem(t),
		Time:     made,
		Fields: map[string]string{
			"organization": "उदाहरण प्रदेश संगठन",
			"address":      "संगठन भवन, 12 विधानसभा मार्ग, लखनऊ 226001",
			"contact":      "दूरभाष: 0522-4000000 · ई-मेल: karyalaya@sangathan.example",
			"number":       "UPS/संगठन/118/2026",
			"date":         "22 नवंबर 2026",
			"title":        "मनोनयन पत्र",
			"to":           "श्रीमती राजेश्वरी त्रिपाठी\nग्राम ज्ञानपुर, जिला भदोही",
			"subject":      "जिला कमेटी भदोही में महासचिव पद पर मनोनयन",
			"body": "श्रीमती राजेश्वरी त्रिपाठी को 22 नवंबर 2026 से जिला कमेटी भदोही में महासचिव पद पर मनोनीत किया जाता है। क्षत्रिय, ज्ञानेश्वर, हृदय, ट्रैक्टर, कार्यकर्ता, वर्ष, गुर्\u200dहा, दर्\u200dया, कोर्\u200dया और राष्ट्रीय जैसे शब्द भी यहाँ ठीक छपने चाहिए।\n\n" +
				"आप अपने क्षेत्र के सभी ब्लॉक अध्यक्षों के साथ मासिक बैठक करेंगी, बूथ लेवल एजेंट (BLA) की सूची अद्यतन रखेंगी और प्रत्येक माह की 5 तारीख तक रिपोर्ट भेजेंगी। क़लम, ख़बर, ग़ज़ल, ज़मीन, सड़क, पढ़ाई, फ़ैसला; रुपया और रूप; विद्यार्थी, शुद्ध, द्वार; १२३ और 123।",
			"signer":              "धर्मेंद्र कुमार शर्मा",
			"signer_post":         "महासचिव (संगठन)",
			"signer_organization": "उदाहरण प्रदेश संगठन",
			"copy_title":          "प्रतिलिपि:",
			"copy_to":             "प्रदेश अध्यक्ष, सूचना के लिए\nजिलाध्यक्ष, जिला कमेटी भदोही, सूचना एवं आवश्यक कार्यवाही के लिए\nकार्यालय, अभिलेख के लिए",
		},
	}
}

func letterPDF(t testing.TB, l LetterData) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Letter(&b, l); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tool runs one of poppler's programs on a PDF and gives what it prints.
func tool(t testing.TB, pdf []byte, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed (Debian: poppler-utils)", name)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "in.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		args[i] = strings.ReplaceAll(strings.ReplaceAll(a, "IN", file), "DIR", dir)
	}
	var errs bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil || errs.Len() > 0 {
		t.Fatalf("%s: %v\n%s", name, err, errs.String())
	}
	return string(out)
}

// textOf gives the text of a PDF as pdftotext reads it, its spaces made even.
func textOf(t testing.TB, pdf []byte) string {
	return even(tool(t, pdf, "pdftotext", "-enc", "UTF-8", "IN", "-"))
}

func even(s string) string { return strings.Join(strings.Fields(s), " ") }
