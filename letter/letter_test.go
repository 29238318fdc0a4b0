package letter_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sangathan/access"
	"sangathan/appointment"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/letter"
	"sangathan/org"
	"sangathan/orgtest"
	"sangathan/review"

	"golang.org/x/text/unicode/norm"
)

// office is the small register on 22 November 2026, with criteria published.
type office struct {
	*testing.T
	*orgtest.Fixture
	clock *dbtest.Clock
}

func each(t *testing.T, fn func(o office)) {
	clock := dbtest.Day("2026-11-22")
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		clock.Set(dbtest.Day("2026-11-22").Now())
		o := office{t, orgtest.Small(t, u), clock}
		o.write(review.LoadDefault)
		fn(o)
	}, dbtest.At(clock))
}

func (o office) write(fn func(*db.Tx) error) {
	o.Helper()
	if err := o.Unit.Write(o.Context(), fn); err != nil {
		o.Fatal(err)
	}
}

// hard are names with what other programs set wrong.
var hard = map[string][2]string{
	"p-nadi.sec1":       {"श्रीप्रकाश ज़मीर राष्ट्रकवि क़ुरैशी", "Shriprakash Qureshi"},
	"p-poorab.sec1":     {"रुद्र प्रताप शृंगारे त्र्यंबक", "Rudra Pratap"},
	"p-state.president": {"धर्मेंद्र कृष्ण ट्रस्टी फ़ैज़ाबादी", "Dharmendra Krishna"},
}

// named gives the office's people the hard names, and the body of Nadi a hard one.
func (o office) named() {
	o.write(func(tx *db.Tx) error {
		for id, n := range hard {
			if _, err := tx.Exec(`update person set name_hi = $1, name_en = $2, gender = 'm' where id = $3`, n[0], n[1], id); err != nil {
				return err
			}
		}
		_, err := tx.Exec(`update organization set name_hi = 'ज़िला क्षेत्र उन्नाव–कन्नौज (ट्रांस गोमती) ब्लॉक कमेटी' where id = 'nadi'`)
		return err
	})
}

// appoint gives nadi.sec1 the vacant seat of a district secretary.
func (o office) appoint(copyTo ...string) (id org.OrderID) {
	o.write(func(tx *db.Tx) error {
		p, err := appointment.Propose(tx, o.Actor("poorab.president"), appointment.Proposal{Seat: o.VacantSeat("poorab", "district_secretary"), Person: o.Person("nadi.sec1"), Reason: "कारण"})
		if err != nil {
			return err
		}
		id, err = appointment.Approve(tx, o.Actor("state.president"), p, "2026-11-22", "प्रदेश कार्यकारिणी की संस्तुति, बूथ संख्या १२३ एवं 1,77,516 मतदाता", copyTo...)
		return err
	})
	return id
}

// pdf opens the letter of an order as a holder.
func (o office) pdf(who string, in lang.Lang, id org.OrderID) (letter.File, error) {
	by := o.Actor(who)
	return letter.PDF(o.Context(), o.Unit, in, func(tx *db.Tx) (string, error) { return org.LetterOf(tx, by, id) },
		func(tx *db.Tx) (string, error) { return org.IssueLetter(tx, by, id) })
}

func (o office) mustPDF(who string, in lang.Lang, id org.OrderID) letter.File {
	o.Helper()
	f, err := o.pdf(who, in, id)
	if err != nil {
		o.Fatal(err)
	}
	if os.Getenv("SANGATHAN_SHOTS") != "" {
		if err := os.WriteFile(filepath.Join(os.Getenv("SANGATHAN_SHOTS"), filepath.Base(o.Name())+"-"+f.Name), f.PDF, 0o600); err != nil {
			o.Fatal(err)
		}
	}
	return f
}

// textOf gives the text of a PDF as pdftotext reads it, its spaces made even.
func textOf(t *testing.T, pdf []byte) string {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("pdftotext is not installed (Debian: poppler-utils)")
	}
	cmd := exec.CommandContext(t.Context(), "pdftotext", "-enc", "UTF-8", "-", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return even(string(out))
}

func even(s string) string { return strings.Join(strings.Fields(s), " ") }

// frozen gives what stands in the database of a letter.
func (o office) frozen(id org.OrderID, in lang.Lang) map[string]string {
	fields := map[string]string{}
	err := o.Unit.Read(o.Context(), func(tx *db.Tx) error {
		column := map[lang.Lang]string{lang.Hi: "fields_hi", lang.En: "fields_en"}[in]
		text, err := tx.Text(`select `+column+` from letter where record_id = $1`, id)
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(text), &fields)
	})
	if err != nil {
		o.Fatal(err)
	}
	return fields
}

// TestE2_EveryLetterSaysWhatWasFrozen: for each kind of order the text of the PDF is
// that of the record, field by field, in both languages.
func TestE2_EveryLetterSaysWhatWasFrozen(t *testing.T) {
	each(t, func(o office) {
		o.named()
		o.write(func(tx *db.Tx) error { return letter.SetSite(tx, "https://surya.example/") })
		orders := map[string]org.OrderID{"मनोनयन पत्र": o.appoint("ज़िला प्रभारी, श्रावस्ती", "सर्व संबंधित")}
		o.write(func(tx *db.Tx) (err error) {
			president := o.Actor("state.president")
			if orders["पदमुक्ति आदेश (बिना नोटिस)"], err = org.Relieve(tx, president, org.Relief{Membership: o.Member("poorab.sec1"), Reason: "अनुशासनहीनता, क्रमशः तीन बैठकों में अनुपस्थिति", Day: "2026-11-20", WithoutNotice: true}); err != nil {
				return err
			}
			if orders["चेतावनी पत्र"], err = org.Warn(tx, president, o.Member("nadi.president"), "रिपोर्ट नहीं भेजी", ""); err != nil {
				return err
			}
			if orders["पद पर बहाली का आदेश"], err = org.Reinstate(tx, o.Actor("state.incharge"), orders["पदमुक्ति आदेश (बिना नोटिस)"], "अपील मान्य"); err != nil {
				return err
			}
			orders["कार्यकाल समाप्ति का आदेश"], err = org.RecordEnd(tx, o.Actor("state.desk"), o.Member("kuan.president"), "resigned", "2026-11-21", "स्वास्थ्य")
			return err
		})
		for title, id := range orders {
			for _, in := range letter.Langs {
				text, fields := textOf(o.T, o.mustPDF("state.desk", in, id).PDF), o.frozen(id, in)
				if in == lang.Hi && fields["title"] != title {
					o.Errorf("%q is titled %q", title, fields["title"])
				}
				for name, v := range fields {
					for line := range strings.Lines(v) {
						shown := name != "person" && name != "post" && name != "unit" && name != "area" && name != "from_day"
						if line = even(line); shown && !strings.Contains(text, line) {
							o.Errorf("%s %s: %s is not there: %q in\n%s", title, in, name, line, text)
						}
					}
				}
			}
		}
		hindi := textOf(o.T, o.mustPDF("nadi.sec1", lang.Hi, orders["मनोनयन पत्र"]).PDF)
		for _, want := range []string{"पत्रांक: 2026/0001", "दिनांक: 22 नवंबर 2026", "सेवा में, श्री श्रीप्रकाश ज़मीर राष्ट्रकवि क़ुरैशी", "विषय: जिला पूरब गंज में जिला सचिव के पद पर मनोनयन", "महोदय,",
			"(धर्मेंद्र कृष्ण ट्रस्टी फ़ैज़ाबादी)", "प्रतिलिपि:", "ज़िला प्रभारी, श्रावस्ती", "१२३ एवं 1,77,516"} {
			if !strings.Contains(hindi, norm.NFC.String(want)) {
				o.Errorf("no %q in\n%s", want, hindi)
			}
		}
		if fields := o.frozen(orders["पद पर बहाली का आदेश"], lang.Hi); fields["reference"] != "आदेश पत्रांक 2026/0002" {
			o.Errorf("reference %q", fields["reference"])
		}
	})
}

// TestE2_AnIssuedLetterNeverChanges: not when the template, the letterhead, the
// person's name or the site's address does, and not when it is made only afterwards.
func TestE2_AnIssuedLetterNeverChanges(t *testing.T) {
	each(t, func(o office) {
		o.named()
		made, due := o.appoint(), org.OrderID("")
		o.write(func(tx *db.Tx) (err error) {
			due, err = org.Warn(tx, o.Actor("state.president"), o.Member("nadi.president"), "रिपोर्ट नहीं भेजी", "")
			return err
		})
		before := o.mustPDF("state.desk", lang.Hi, made)
		asDue := textOf(o.T, o.mustPDF("state.desk", lang.En, due).PDF) // the English one is made, the Hindi one is not
		o.write(func(tx *db.Tx) error {
			desk := o.Actor("state.desk")
			if _, err := letter.Save(tx, desk, "state", "letter", lang.Hi, "नया {number} {date} {body} {signer}"); err != nil {
				return err
			}
			if err := letter.SaveHead(tx, desk, "state", letter.Head{AddressHi: "नया पता"}, nil); err != nil {
				return err
			}
			_, err := tx.Exec(`update person set name_hi = 'बदला हुआ', name_en = 'Changed'`)
			return err
		})
		if after := o.mustPDF("state.desk", lang.Hi, made); !bytes.Equal(after.PDF, before.PDF) || after.SHA256 != before.SHA256 {
			o.Error("the bytes of an issued letter changed")
		}
		o.Unit.Read(o.Context(), func(tx *db.Tx) error {
			if n, _ := tx.Int(`select count(*) from letter_due`); n != 1 {
				o.Errorf("%d letters are due, want the one nobody opened in Hindi", n)
			}
			return nil
		})
		if n, err := letter.Press(o.Context(), o.Unit); n != 1 || err != nil {
			o.Errorf("pressed %d: %v", n, err)
		}
		late := textOf(o.T, o.mustPDF("state.desk", lang.Hi, due).PDF)
		if strings.Contains(late, "नया") || strings.Contains(late, "बदला") || !strings.Contains(late, "चेतावनी") || strings.Contains(asDue, "Changed") {
			o.Errorf("a letter made late took what came later: %s", late)
		}
		// The next letter takes the new template.
		var next org.OrderID
		o.write(func(tx *db.Tx) (err error) {
			next, err = org.Warn(tx, o.Actor("state.president"), o.Member("nadi.president"), "फिर नहीं भेजी", "")
			return err
		})
		if text := textOf(o.T, o.mustPDF("state.desk", lang.Hi, next).PDF); !strings.HasPrefix(text, "नया 2026/0003") {
			o.Errorf("the next letter: %s", text)
		}
	})
}

// TestE2_KilledInTheMiddleNoLetterIsLost: a server that ends after the order and
// before the bytes leaves what is due, and the next one makes it, the same bytes.
func TestE2_KilledInTheMiddleNoLetterIsLost(t *testing.T) {
	clock := dbtest.Day("2026-11-22")
	dir := dbtest.Folder(t)
	u := dbtest.Open(t, dir, dbtest.At(clock))
	o := office{t, orgtest.Small(t, u), clock}
	id := o.appoint()
	// The way is cut while the bytes are stored: nothing is stored, all is still due.
	o.write(func(tx *db.Tx) error {
		_, err := tx.Exec(`create trigger cut before insert on letter_file begin select raise(abort, 'cut'); end`)
		return err
	})
	if _, err := o.pdf("nadi.sec1", lang.Hi, id); err == nil {
		t.Fatal("a letter was given that is not kept")
	}
	if _, err := letter.Press(t.Context(), u); err == nil {
		t.Fatal("pressed, though nothing could be kept")
	}
	if err := u.Close(); err != nil {
		t.Fatal(err)
	}
	u = dbtest.Open(t, dir, dbtest.At(clock))
	o.Unit = u
	o.write(func(tx *db.Tx) error { _, err := tx.Exec(`drop trigger cut`); return err })
	if n, err := letter.Press(t.Context(), u); n != 1 || err != nil {
		t.Fatalf("pressed %d: %v", n, err)
	}
	f := o.mustPDF("nadi.sec1", lang.Hi, id)
	if !bytes.HasPrefix(f.PDF, []byte("%PDF-")) || f.Name != "appointment-2026-0001-hi.pdf" {
		t.Errorf("%s, %d bytes", f.Name, len(f.PDF))
	}
}

// BenchmarkThousandLetters issues a thousand orders' letters and makes their files,
// each kept for itself with its own fonts; BenchmarkLetters of internal/paper sets as
// many into one file. The wish: at least 150 pages a second.
func BenchmarkThousandLetters(b *testing.B) {
	const n = 1000
	clock := dbtest.Day("2026-11-22")
	u := dbtest.SQLite(b, dbtest.At(clock))
	fx := orgtest.Small(b, u)
	size := 0
	for b.Loop() {
		b.StopTimer()
		by := fx.Actor("state.president")
		for range n / 100 {
			err := u.Write(b.Context(), func(tx *db.Tx) error {
				for range 100 {
					if _, err := org.Warn(tx, by, fx.Member("nadi.president"), "रिपोर्ट नहीं भेजी, कार्यकर्ता प्रशिक्षण में अनुपस्थित", ""); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
		if made, err := letter.Press(b.Context(), u); made != n || err != nil {
			b.Fatalf("%d made: %v", made, err)
		}
	}
	err := u.Read(b.Context(), func(tx *db.Tx) (err error) {
		size, err = tx.Int(`select sum(length(pdf)) / count(*) from letter_file`)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "letters/s")
	b.ReportMetric(float64(size), "B/letter")
}

// spoken enters a case that waits for its notice.
func (o office) spoken() string {
	o.write(func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into review(id, unit_id, criteria_id, from_day, to_day, state, drafted_at, drafted_by, bearers, listed, met, not_assessed,
				on_leave, silent_bearers, silent_units, reporting_units)
			select 'r', 'poorab', id, '2026-08-01', '2026-11-01', 'sent', $1, '', 1, 1, 0, 0, 0, 0, 0, 1 from criteria`, tx.Millis())
		if err != nil {
			return err
		}
		_, err = tx.Exec(`insert into review_line(id, review_id, unit_id, membership_id, person_id, organization_id, role_id, expected, recorded, confirmed, verdict)
			values('l', 'r', 'poorab', 'm-nadi.sec1', 'p-nadi.sec1', 'nadi', 'block_secretary', 8, 1, 0, 'confirmed')`)
		if err != nil {
			return err
		}
		duty, err := tx.Text(`select id from duty where role_id = 'block_secretary' order by id limit 1`)
		if err != nil {
			return err
		}
		for _, d := range [][4]any{{"2026-08", 4, 1, ""}, {"2026-09", 0, 0, "leave"}, {"2026-10", 4, 0, ""}} {
			if _, err := tx.Exec(`insert into review_duty(line_id, duty_id, month, expected, recorded, skipped) values('l', $1, $2, $3, $4, $5)`, duty, d[0], d[1], d[2], d[3]); err != nil {
				return err
			}
		}
		_, err = tx.Exec(`insert into review_case(id, number, line_id, unit_id, organization_id, person_id, membership_id, step, opened_at, opened_by)
			values('k', '2026/0001', 'l', 'poorab', 'nadi', 'p-nadi.sec1', 'm-nadi.sec1', 'spoken', $1, '')`, tx.Millis())
		return err
	})
	o.Counted()
	return "k"
}

// TestE2_ANoticeSaysWhatWasFrozen: the months, the time to reply and the hard words
// come back as they were written; the person concerned opens it from the case first.
func TestE2_ANoticeSaysWhatWasFrozen(t *testing.T) {
	each(t, func(o office) {
		o.named()
		const text = "ज़िला कमेटी की रिपोर्ट के अनुसार क्रमशः छह महीनों में कार्य दर्ज नहीं मिला; रु 500 की रसीद-पुस्तिका क्र. १२ भी वापस नहीं हुई।\n\nश्री ट्रस्टी फ़ैज़ाबादी से हुई वार्ता का विवरण संलग्न है।"
		id := o.spoken()
		o.write(func(tx *db.Tx) error {
			_, err := review.Notice(tx, o.Actor("poorab.gs"), id, text, "ज़िलाध्यक्ष, श्रावस्ती")
			return err
		})
		open := func(who string) (letter.File, error) {
			by := o.Actor(who)
			return letter.PDF(o.Context(), o.Unit, lang.Hi, func(tx *db.Tx) (string, error) { return review.NoticeLetter(tx, by, id) },
				func(tx *db.Tx) (string, error) { return review.IssueNoticeLetter(tx, by, id) })
		}
		if _, err := open("nadi.sec1"); !fault.Is(err, fault.Conflict) {
			o.Errorf("opened before the case: %v", err)
		}
		if _, err := open("pachhim.president"); !fault.Is(err, fault.NotFound) {
			o.Error(err)
		}
		f, err := open("poorab.gs")
		if err != nil {
			o.Fatal(err)
		}
		o.write(func(tx *db.Tx) error { return review.Opened(tx, o.Actor("nadi.sec1"), id) })
		if own, err := open("nadi.sec1"); err != nil || own.SHA256 != f.SHA256 {
			o.Errorf("their own: %v", err)
		}
		got := textOf(o.T, f.PDF)
		for _, want := range []string{"पत्रांक: 2026/0001", "कारण बताओ नोटिस", "सेवा में, श्री श्रीप्रकाश ज़मीर राष्ट्रकवि क़ुरैशी ब्लॉक सचिव, ज़िला क्षेत्र उन्नाव–कन्नौज (ट्रांस गोमती) ब्लॉक कमेटी",
			"संदर्भ: ", "अगस्त 2026 से अक्टूबर 2026", "अगस्त 2026", "नहीं गिना: अवकाश", "कुल", "15 दिनों के भीतर", "(दीपक यादव)", "जिला महासचिव", "ज़िलाध्यक्ष, श्रावस्ती"} {
			if !strings.Contains(got, norm.NFC.String(want)) {
				o.Errorf("no %q in\n%s", want, got)
			}
		}
		for part := range strings.SplitSeq(text, "\n\n") {
			if !strings.Contains(got, norm.NFC.String(part)) {
				o.Errorf("not as written: %s\nin %s", part, got)
			}
		}
	})
}

// TestLettersAreForWhoMaySeeTheOrder: own and above, nobody else; absent and hidden alike.
func TestLettersAreForWhoMaySeeTheOrder(t *testing.T) {
	each(t, func(o office) {
		id := o.appoint()
		for who, want := range map[string]bool{"nadi.sec1": true, "poorab.president": true, "state.desk": true, "pachhim.president": false, "bargad.sec1": false} {
			_, err := o.pdf(who, lang.Hi, id)
			_, absent := o.pdf(who, lang.Hi, "none")
			if (err == nil) != want || !want && !fault.Is(err, fault.NotFound) || !fault.Is(absent, fault.NotFound) {
				o.Errorf("%s: %v, absent: %v", who, err, absent)
			}
		}
	})
}

// TestTemplates: a body takes the nearest above it until it has its own; each save is
// a version, an earlier one comes back, and the own one can be dropped.
func TestTemplates(t *testing.T) {
	each(t, func(o office) {
		const text = "@center {organization}\n{number} {date}\n{body}\n@sign {signer}\n"
		in := func(fn func(tx *db.Tx) error) error { return o.Unit.Write(o.Context(), fn) }
		save := func(who, body, text string) error {
			return in(func(tx *db.Tx) error {
				_, err := letter.Save(tx, o.Actor(who), body, "relief", lang.Hi, text)
				return err
			})
		}
		now := func(body string) (f letter.Form, n int) {
			o.write(func(tx *db.Tx) error {
				form, versions, err := letter.Template(tx, access.Operator(), body, "relief", lang.Hi)
				f, n = form, len(versions)
				return err
			})
			return f, n
		}
		if f, n := now("nadi"); f.From != "" || f.Version != 0 || n != 0 || !strings.Contains(f.Text, "आज्ञा से") {
			o.Errorf("%+v %d", f, n)
		}
		for _, s := range []struct{ who, body, text string }{{"state.desk", "state", "राज्य\n" + text}, {"poorab.president", "poorab", "जिला\n" + text}, {"poorab.president", "poorab", "जिला दो\n" + text}, {"poorab.president", "poorab", "जिला दो\n" + text + "\n\n"}} {
			if err := save(s.who, s.body, s.text); err != nil {
				o.Fatal(err)
			}
		}
		if f, n := now("poorab"); f.Version != 2 || n != 2 || !strings.HasPrefix(f.Text, "जिला दो\n") {
			o.Errorf("%+v, %d versions", f, n)
		}
		if f, _ := now("nadi"); f.From != "poorab" {
			o.Errorf("nadi has that of %s", f.From)
		}
		if f, _ := now("kisan-poorab"); f.From != "state" { // its line goes up to the cell
			o.Errorf("the cell has that of %s", f.From)
		}
		restore := func(who, body string, version int) error {
			return in(func(tx *db.Tx) error {
				_, err := letter.Restore(tx, o.Actor(who), body, "relief", lang.Hi, version)
				return err
			})
		}
		if err := restore("poorab.gs", "poorab", 1); err != nil {
			o.Fatal(err)
		}
		if f, n := now("poorab"); f.Version != 3 || n != 3 || !strings.HasPrefix(f.Text, "जिला\n") {
			o.Errorf("%+v, %d versions", f, n)
		}
		if err := restore("poorab.president", "poorab", 0); err != nil {
			o.Fatal(err)
		}
		if f, n := now("poorab"); f.From != "state" || n != 4 {
			o.Errorf("%+v, %d versions", f, n)
		}
		for version, want := range map[int]fault.Kind{9: fault.Invalid, 4: fault.Invalid, -1: fault.Invalid} {
			if err := restore("poorab.president", "poorab", version); !fault.Is(err, want) {
				o.Errorf("version %d: %v", version, err)
			}
		}
		for who, want := range map[string]fault.Kind{"poorab.sec1": fault.Forbidden, "nadi.president": fault.Forbidden, "pachhim.president": fault.NotFound, "state.incharge": fault.Forbidden} {
			if err := save(who, "poorab", text); !fault.Is(err, want) {
				o.Errorf("%s: %v", who, err)
			}
		}
		if err := save("state.desk", "none", text); !fault.Is(err, fault.NotFound) {
			o.Error(err)
		}
		o.Unit.Read(o.Context(), func(tx *db.Tx) error {
			if n, _ := tx.Int(`select count(*) from audit where act in ('letter.template_saved', 'letter.template_restored')`); n != 5 {
				o.Errorf("%d lines of audit, want 5", n)
			}
			return nil
		})
	})
}

// TestFaultsOfATemplateAreTold in words that mend them.
func TestFaultsOfATemplateAreTold(t *testing.T) {
	const whole = "{number} {date} {body} {signer}"
	for text, want := range map[string]string{
		whole:                         "",
		whole + "\n{prson}":           "पंक्ति 2: {prson} नाम का कोई खाना नहीं है। शायद आप {person} लिखना चाहते थे।",
		whole + "\n\n{zzzzzzzzzzzzz}": "पंक्ति 3: {zzzzzzzzzzzzz} नाम का कोई खाना नहीं है। नाम सुधारें या हटाएँ।",
		"{number} {date} {signer}":    "नमूने में {body} नहीं है (आदेश या नोटिस का पूरा वाक्य)। इसके बिना पत्र जारी नहीं हो सकता; इसे जोड़ें।",
		whole + "\n@middle x":         "पंक्ति 2: @middle नाम का कोई निशान नहीं है। @ से शुरू शब्द निशान माना जाता है; @ छापना हो तो @@ लिखें।",
		whole + "{reply_by}":          "पंक्ति 1: {reply_by} नाम का कोई खाना नहीं है। नाम सुधारें या हटाएँ।",
	} {
		err := letter.Check("appointment", text)
		got := lang.New(lang.Hi, nil, false).Fields(err)["template"]
		if got != want {
			t.Errorf("%q: %v\n got %s\nwant %s", text, err, got, want)
		}
	}
	if err := letter.Check("appointment", strings.Repeat("अ", 9000)); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
	for _, kind := range letter.Kinds {
		for _, in := range letter.Langs {
			o, _ := letter.Preview(kind, in, "{number} {date} {body} {signer} {reply_by}", letter.Head{}, nil, dbtest.Day("2026-11-22").Now())
			if (o != nil) != (kind == "notice") {
				t.Errorf("%s: %d bytes", kind, len(o))
			}
		}
	}
}

// TestLetterheadIsInherited, picture and copies with it.
func TestLetterheadIsInherited(t *testing.T) {
	each(t, func(o office) {
		small, err := letter.Emblem(picture(900, 600, true))
		if err != nil {
			o.Fatal(err)
		}
		if c, err := png.DecodeConfig(bytes.NewReader(small)); err != nil || c.Width != 480 || c.Height != 320 {
			o.Errorf("kept as %d x %d: %v", c.Width, c.Height, err)
		}
		o.write(func(tx *db.Tx) error {
			return letter.SaveHead(tx, o.Actor("state.desk"), "state", letter.Head{AddressHi: "संगठन भवन, लखनऊ", AddressEn: "Lucknow", ContactHi: "दूरभाष 0522-4000000",
				CopyHi: "प्रदेश प्रभारी\n\n समस्त जिलाध्यक्ष ", CopyEn: "State in-charge"}, small)
		})
		for _, body := range []string{"state", "nadi", "kisan-poorab"} {
			o.Unit.Read(o.Context(), func(tx *db.Tx) error {
				h, err := letter.GetHead(tx, access.Operator(), body)
				if err != nil || h.From != "state" || h.AddressHi != "संगठन भवन, लखनऊ" || h.CopyHi != "प्रदेश प्रभारी\nसमस्त जिलाध्यक्ष" || len(h.Emblem) != 64 {
					o.Errorf("%s: %+v %v", body, h, err)
				}
				return nil
			})
		}
		text := textOf(o.T, o.mustPDF("state.desk", lang.Hi, o.appoint("सर्व संबंधित")).PDF)
		if i, j := strings.Index(text, "सर्व संबंधित"), strings.Index(text, "प्रदेश प्रभारी"); i < 0 || j < i || !strings.Contains(text, "संगठन भवन, लखनऊ दूरभाष 0522-4000000") {
			o.Error(text)
		}
		err = o.Unit.Write(o.Context(), func(tx *db.Tx) error {
			return letter.SaveHead(tx, o.Actor("poorab.sec1"), "poorab", letter.Head{}, nil)
		})
		if !fault.Is(err, fault.Forbidden) {
			o.Error(err)
		}
	})
}

// picture draws a picture as JPEG or PNG.
func picture(w, h int, asJPEG bool) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			if (x/40+y/40)%2 == 0 {
				img.Set(x, y, color.NRGBA{20, 90, 90, 255})
			}
		}
	}
	var b bytes.Buffer
	if asJPEG {
		jpeg.Encode(&b, img, nil)
	} else {
		png.Encode(&b, img)
	}
	return b.Bytes()
}

// TestHostilePicturesAreRefusedEarly: too large to be decoded, of a wrong shape, cut
// off, or no picture at all.
func TestHostilePicturesAreRefusedEarly(t *testing.T) {
	huge := picture(64, 64, false)
	copy(huge[16:24], []byte{0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff}) // says it is 65,535 a side
	for name, file := range map[string][]byte{"huge": huge, "narrow": picture(2000, 20, false), "tiny": picture(8, 8, false), "cut": picture(300, 300, false)[:200],
		"text": []byte("<svg onload=alert(1)>"), "empty": {}, "long": make([]byte, letter.MaxEmblemFile+1)} {
		_, err := letter.Emblem(file)
		f, ok := errors.AsType[*fault.Error](err)
		if !ok || f.Kind != fault.Invalid || f.Fields[0].Name != "emblem" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if b, err := letter.Emblem(picture(64, 64, false)); err != nil || len(b) == 0 {
		t.Error(err)
	}
}

// TestE2_OneRegisterNumbersEveryLetter: orders and notices issued at once, some undone on
// the way, have the numbers from 1 on, each once; a mark begins a series of its own.
func TestE2_OneRegisterNumbersEveryLetter(t *testing.T) {
	each(t, func(o office) {
		id := o.spoken()
		undone := errors.New("undone")
		var all sync.WaitGroup
		issue := func(verb func(tx *db.Tx) error) {
			all.Go(func() {
				if err := o.Unit.Write(o.Context(), verb); err != nil && !errors.Is(err, undone) {
					o.Error(err)
				}
			})
		}
		const warnings = 12
		president, gs := o.Actor("state.president"), o.Actor("poorab.gs")
		warn := func(tx *db.Tx) error {
			_, err := org.Warn(tx, president, o.Member("nadi.president"), "रिपोर्ट नहीं भेजी", "")
			return err
		}
		for i := range warnings {
			issue(warn)
			if i%3 == 0 {
				issue(func(tx *db.Tx) error { return errors.Join(warn(tx), undone) })
			}
		}
		issue(func(tx *db.Tx) error { _, err := review.Notice(tx, gs, id, "कारण बताएँ"); return err })
		all.Wait()
		numbers := func() (n []string) {
			err := o.Unit.Read(o.Context(), func(tx *db.Tx) (err error) {
				n, err = db.Select(tx, `select number from orders union all select notice_number from review_case where notice_number <> '' order by 1`, nil, db.One[string])
				return err
			})
			if err != nil {
				o.Fatal(err)
			}
			return n
		}
		got := numbers()
		for i := range warnings + 1 {
			if want := fmt.Sprintf("2026/%04d", i+1); i >= len(got) || got[i] != want {
				o.Fatalf("no %s in %q", want, got)
			}
		}
		// The district takes a mark: its letters are counted by themselves, the state's go on.
		head := func(body, mark string) error {
			return o.Unit.Write(o.Context(), func(tx *db.Tx) error {
				return letter.SaveHead(tx, o.Actor("state.desk"), body, letter.Head{Mark: mark}, nil)
			})
		}
		for _, bad := range []string{"2026", "UPS/2026", "/UPS", "UPS/", "UPS//A", "a\nb", strings.Repeat("क", 31)} {
			if err := head("state", bad); !fault.Is(err, fault.Invalid) {
				o.Errorf("the mark %q: %v", bad, err)
			}
		}
		if err := head("poorab", " जिला पूरब "); err != nil {
			o.Fatal(err)
		}
		var number [3]string
		o.write(func(tx *db.Tx) (err error) {
			for i, body := range []string{"nadi", "poorab", "pachhim"} {
				if number[i], err = letter.Number(tx, body); err != nil {
					return err
				}
			}
			return nil
		})
		if want := [3]string{"जिला पूरब/2026/0001", "जिला पूरब/2026/0002", "2026/0014"}; number != want {
			o.Errorf("%q, want %q", number, want)
		}
		own := o.Actor("poorab.president")
		o.write(func(tx *db.Tx) error {
			_, err := org.Warn(tx, own, o.Member("nadi.president"), "रिपोर्ट नहीं भेजी", "")
			return err
		})
		o.readsTheRegister()
		o.clock.Set(time.Date(2027, 1, 1, 9, 0, 0, 0, time.UTC))
		o.write(warn)
		if got := numbers(); !slices.Contains(got, "2027/0001") {
			o.Errorf("a new year does not begin with 1: %q", got)
		}
	})
}

// readsTheRegister asks for the letters of TestE2_OneRegisterNumbersEveryLetter in
// pages of five: who may read an order or a case has its line, nobody else.
func (o office) readsTheRegister() {
	poorab := string(o.Org("poorab"))
	for _, c := range []struct {
		who, sort   string
		f           letter.Filter
		n           int
		first, last string
	}{
		{"state.desk", "", letter.Filter{}, 14, "जिला पूरब/2026/0003", "2026/0001"},
		{"state.desk", "first", letter.Filter{}, 14, "2026/0001", "जिला पूरब/2026/0003"},
		{"state.desk", "day", letter.Filter{Mark: letter.NoMark}, 13, "", ""},
		{"state.desk", "", letter.Filter{Mark: "जिला पूरब"}, 1, "जिला पूरब/2026/0003", "जिला पूरब/2026/0003"},
		{"state.desk", "", letter.Filter{Kind: "notice"}, 1, "", ""},
		{"state.desk", "", letter.Filter{Body: poorab}, 2, "जिला पूरब/2026/0003", ""}, // the notice is its secretary's
		{"state.desk", "", letter.Filter{Year: 2025}, 0, "", ""},
		{"poorab.president", "", letter.Filter{}, 14, "जिला पूरब/2026/0003", "2026/0001"},
		{"nadi.president", "", letter.Filter{}, 14, "जिला पूरब/2026/0003", "2026/0001"},
		{"nadi.sec2", "", letter.Filter{}, 13, "जिला पूरब/2026/0003", ""}, // sees the orders of the block, not its cases
		{"pachhim.president", "", letter.Filter{}, 0, "", ""},
		{"pachhim.president", "", letter.Filter{Body: poorab}, 0, "", ""},
		{"tila.president", "", letter.Filter{Person: string(o.Person("nadi.president"))}, 0, "", ""},
	} {
		var got []string
		for p := (db.Page{Sort: c.sort, Limit: 5}); ; {
			var lines []letter.Outgoing
			var next string
			err := o.Unit.Read(o.Context(), func(tx *db.Tx) (err error) {
				lines, next, err = review.Dispatched(tx, o.Actor(c.who), lang.En, c.f, p)
				return err
			})
			if err != nil {
				o.Fatal(err)
			}
			for _, l := range lines {
				got = append(got, l.Number)
				if l.Title == "" || l.Subject == "" {
					o.Errorf("%+v says nothing", l)
				}
			}
			if p.After = next; next == "" {
				break
			}
		}
		if len(got) != c.n || c.first != "" && got[0] != c.first || c.last != "" && got[len(got)-1] != c.last {
			o.Errorf("%s %s %+v: %q", c.who, c.sort, c.f, got)
		}
	}
}
