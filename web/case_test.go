package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"sangathan/internal/db"
	"sangathan/internal/lang"
	"sangathan/org"
	"sangathan/review"
	"sangathan/web"
)

// office is a world with a list to draft: in Poorab all have worked in the six months
// but nadi.sec1 and poorab.gs; nothing came from tila.
type office struct {
	*world
	list string
	line map[string]string // by holder
}

func newOffice(t testing.TB) *office {
	t.Helper()
	o := &office{world: newWorld(t, web.Config{Insecure: true}), line: map[string]string{}}
	o.write(func(tx *db.Tx) error {
		if err := review.LoadDefault(tx); err != nil {
			return err
		}
		if _, err := tx.Exec(`delete from leave where membership_id = $1`, "m-nadi.sec1"); err != nil {
			return err
		}
		if _, err := tx.Exec(`update person set gender = 'm' where id = $1`, "p-nadi.sec1"); err != nil {
			return err
		}
		in := tx.Insert("activity", "id", "kind", "person_id", "membership_id", "organization_id", "unit_id", "reporting_id", "area_id", "day", "recorded_at", "people", "note")
		for _, name := range []string{"nadi.president", "nadi.sec2", "poorab.president", "poorab.sec1", "poorab.sec2", "kisan-poorab.convenor"} {
			m, err := org.LookupMembership(tx, o.Member(name))
			if err != nil {
				return err
			}
			body, err := org.Lookup(tx, m.Organization)
			if err != nil {
				return err
			}
			for month := 5; month <= 10; month++ {
				for i := range 4 {
					err := in.Add(tx.NewID(), "outreach", m.Person, m.ID, m.Organization, m.Unit, body.Reporting, m.Area,
						fmt.Sprintf("2026-%02d-%02d", month, 6+i), tx.Millis(), 5, "")
					if err != nil {
						return err
					}
				}
			}
		}
		return in.Flush()
	})
	o.Counted()
	return o
}

// drafted drafts Poorab's list through the page.
func (o *office) drafted() *office {
	o.t.Helper()
	to := o.goes(o.as("poorab.president", "").fill("/review/new", "unit", "poorab", "from_month", "2026-05", "to_month", "2026-10"))
	o.list = strings.TrimPrefix(to, "/review/")
	o.write(func(tx *db.Tx) error {
		rows, err := tx.Query(`select id, membership_id from review_line where review_id = $1`, o.list)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var line, member string
			if err := rows.Scan(&line, &member); err != nil {
				return err
			}
			o.line[strings.TrimPrefix(member, "m-")] = line
		}
		return rows.Err()
	})
	return o
}

// opened checks and returns the list, and gives the case of nadi.sec1.
func (o *office) opened() string {
	o.t.Helper()
	o.drafted()
	president := o.as("poorab.president", "")
	o.goes(president.fill("/review-line/"+o.line["nadi.sec1"], "verdict", "confirmed"))
	o.goes(president.fill("/review-line/"+o.line["poorab.gs"], "verdict", "excused", "reason", "परिवार में शोक"))
	o.goes(president.fill("/review/" + o.list + "/send"))
	return o.id(`select id from review_case where person_id = 'p-nadi.sec1'`)
}

func (o *office) id(query string) (id string) {
	o.t.Helper()
	o.write(func(tx *db.Tx) (err error) { id, err = tx.Text(query); return err })
	if id == "" {
		o.t.Fatal("nothing found by ", query)
	}
	return id
}

// goes asks that a form was taken, and gives where it leads.
func (o *office) goes(a page) string {
	o.t.Helper()
	if a.status != http.StatusSeeOther {
		o.t.Fatalf("not taken: %d\n%s", a.status, words(a.body))
	}
	return a.to
}

var tags = regexp.MustCompile(`(?s)<(script|style).*?</(script|style)>|<[^>]*>`)

// words is a page without its tags.
func words(body string) string {
	return strings.Join(strings.Fields(tags.ReplaceAllString(body, " ")), " ")
}

// says asks that a page is there and says all of this.
func (o *office) says(a page, all ...string) page {
	o.t.Helper()
	if a.status != http.StatusOK {
		o.t.Fatalf("%d\n%s", a.status, words(a.body))
	}
	for _, s := range all {
		if !strings.Contains(words(a.body), s) {
			o.t.Errorf("does not say %q:\n%s", s, words(a.body))
		}
	}
	return a
}

// TestD1_ListThroughThePages: the list, silent bodies first, the duties with the way
// to the entries, the check name by name, and the return.
func TestD1_ListThroughThePages(t *testing.T) {
	o := newOffice(t)
	president := o.as("poorab.president", lang.Hi)
	o.says(president.get("/reviews"), "अभी कोई सूची नहीं बनी है")
	o.drafted()
	list := o.says(president.get("/review/"+o.list), "जिला पूरब गंज", "मई 2026 से अक्टूबर 2026", "मसौदा", "10 में से 2 पदाधिकारी (20 %)", "6 में से 6 महीने रिपोर्ट नहीं आई",
		"नदी गाँव ब्लॉक कमेटी", "18 में से 0", "जाँच करें (2 बाकी)", "इस कारण 2 पदाधिकारियों के बारे में कुछ नहीं कहा गया")
	if strings.Index(list.body, `id="silent"`) > strings.Index(list.body, `id="lines"`) {
		t.Error("silent bodies do not come first")
	}
	o.says(president.get("/reviews"), "जिला पूरब गंज", "10 में से 2 पदाधिकारी (20 %)", "2 में से 0 (0 %)")
	line := o.says(president.get("/review-line/"+o.line["nadi.sec1"]), "अपेक्षित 18 में से 0 दर्ज", "कम दर्ज", "इस सूची में 2 नामों की जाँच बाकी है")
	if !strings.Contains(line.body, "/activity?membership=m-nadi.sec1&amp;month=2026-05") {
		t.Error("a recorded number does not open to its entries")
	}

	// Nothing chosen is one fault, and the summary names its field.
	a := president.fill("/review-line/" + o.line["nadi.sec1"])
	if !strings.Contains(a.body, `<a href="#f-verdict">आपकी जानकारी में: `) || strings.Contains(a.body, "कारण लिखें") {
		t.Errorf("nothing chosen: %s", words(a.body))
	}
	// Returning too soon, and reasons left out, are refused; what was typed is still there.
	if a := president.fill("/review-line/"+o.line["nadi.sec1"], "verdict", "excused"); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "कारण लिखें") || !strings.Contains(a.body, `value="excused" checked`) {
		t.Errorf("without a reason: %d", a.status)
	}
	if a := president.get("/review/" + o.list + "/send"); strings.Contains(a.body, `name="form_id"`) {
		t.Error("a list with unchecked names can be returned")
	}
	to := o.goes(president.fill("/review-line/"+o.line["nadi.sec1"], "verdict", "confirmed"))
	if to != "/review-line/"+o.line["poorab.gs"] {
		t.Errorf("after the first name comes %s", to)
	}
	o.says(president.get("/review/"+o.list+"?verdict=open"), "दीपक यादव")
	o.goes(president.fill("/review-line/"+o.line["poorab.gs"], "verdict", "disputed", "reason", "रजिस्टर में 12 प्रविष्टियाँ हैं"))
	o.says(president.get("/"), "सूची जाँची जा चुकी है, लौटाएँ")
	o.says(president.get("/review/"+o.list+"/send"), "1 प्रकरण खुलेगा", "बदली नहीं जा सकेगी")
	o.goes(president.fill("/review/" + o.list + "/send"))
	o.says(president.get("/review/"+o.list), "सूची लौटा दी गई। 1 प्रकरण खुला।", "सूची लौटाई गई")
}

// TestI1_ListAndCasePagesAreSeenOnlyByThoseWhoHandleThem: what one may not see
// answers exactly as what is not there.
func TestI1_ListAndCasePagesAreSeenOnlyByThoseWhoHandleThem(t *testing.T) {
	o := newOffice(t)
	id := o.opened()
	for _, c := range []struct {
		path string
		sees string
	}{
		{"/review/" + o.list, "poorab.president poorab.gs state.desk state.incharge state.president"},
		{"/review-line/" + o.line["nadi.sec1"], "poorab.president poorab.gs state.desk state.incharge state.president state.gs nadi.president nadi.sec1"},
		{"/case/" + id, "poorab.president poorab.gs state.desk state.incharge state.president state.gs nadi.president nadi.sec1"},
	} {
		absent := c.path[:strings.LastIndex(c.path, "/")] + "/none"
		for _, name := range []string{"poorab.president", "poorab.gs", "poorab.sec1", "pachhim.president", "state.desk", "state.incharge", "state.president", "state.gs",
			"kisan.convenor", "kisan-poorab.convenor", "nadi.president", "nadi.sec1", "nadi.sec2", "tila.president", "kuan.president", "booth1.agent"} {
			b := o.as(name, lang.Hi)
			a, none := b.get(c.path), b.get(absent)
			if none.status != http.StatusNotFound {
				t.Errorf("%s for %s: %d", absent, name, none.status)
			}
			if sees := strings.Contains(" "+c.sees+" ", " "+name+" "); sees != (a.status == http.StatusOK) || !sees && a.status != http.StatusNotFound {
				t.Errorf("%s for %s: %d", c.path, name, a.status)
			} else if !sees && len(words(a.body)) != len(words(none.body)) {
				t.Errorf("%s for %s tells more than that nothing is there", c.path, name)
			}
		}
		if a := o.as("nobody", lang.Hi).get(c.path); a.status != http.StatusSeeOther || a.to != "/signin" {
			t.Errorf("%s for nobody: %d", c.path, a.status)
		}
	}
	for path, refused := range map[string]string{"/criteria/new": "poorab.president", "/deciders": "poorab.president", "/review/new": "nadi.president",
		"/reviews": "nadi.sec1", "/proposals": "nadi.sec1", "/membership/m-nadi.sec1/relieve": "nadi.president", "/membership/m-state.incharge/relieve": "state.incharge"} {
		if a := o.as(refused, lang.Hi).get(path); a.status != http.StatusForbidden {
			t.Errorf("%s for %s: %d", path, refused, a.status)
		}
	}
}

// step is one form of the procedure: who sends it, and what the case's page says to
// the person concerned after it.
type step struct {
	do, who string
	form    []string
	says    string
}

var steps = []step{
	{"talk", "state.desk", []string{"reached", "no", "manner", "call", "day", today, "text", "फोन बंद मिला"}, "पहले इकाई के बाहर का कोई व्यक्ति आपसे बात करेगा"},
	{"talk", "state.desk", []string{"reached", "yes", "manner", "call", "day", today, "text", "बीमार थे, अब ठीक हैं"}, "आपसे बात हो चुकी है"},
	{"notice", "poorab.gs", []string{"text", "आपसे 18 गतिविधियाँ अपेक्षित थीं। कृपया कारण बताएँ।"}, "आपके नाम नोटिस है"},
	{"open", "nadi.sec1", nil, "जवाब देने की अंतिम तारीख 7 दिसंबर 2026 (15 दिन बाद)"},
	{"reply", "nadi.sec1", []string{"text", "मैंने चार बैठकें कीं, दर्ज नहीं हुईं।"}, "आपका जवाब मिल गया है"},
	{"reply-for", "poorab.gs", []string{"manner", "call", "text", "फोन पर भी यही कहा"}, "फोन पर भी यही कहा"},
	{"recommend", "poorab.gs", []string{"verdict", "relieve", "text", "कारण पर्याप्त नहीं"}, "निर्णय बाकी है"},
	{"decide", "poorab.president", []string{"verdict", "relieve", "text", "जवाब देखा, काम नहीं हुआ"}, "निर्णय: पदमुक्त"},
	{"appeal", "nadi.sec1", []string{"text", "मेरी बैठकों की फोटो देखी जाए"}, "आपकी अपील मिल गई है"},
	{"hear", "state.incharge", []string{"result", "reversed", "text", "फोटो सही हैं"}, "आपकी अपील स्वीकार हुई"},
}

// TestD2_WholeProcedureThroughThePages: each step by the right person, nobody else
// by any way, each with its own page right for the person concerned.
func TestD2_WholeProcedureThroughThePages(t *testing.T) {
	o := newOffice(t)
	id := o.opened()
	person := o.as("nadi.sec1", lang.Hi) // signed in through all of it
	o.says(person.get("/"), "आपका प्रकरण 2026/0001")
	strangers := []string{"pachhim.president", "poorab.sec1", "booth1.agent", "nadi.sec2", "tila.president", "kisan-poorab.convenor"}
	for i, s := range steps {
		path := "/case/" + id + "/" + s.do
		for _, who := range strangers {
			if a := o.as(who, lang.Hi).post(path, url.Values{"form_id": {newID(o)}}); a.status != http.StatusNotFound && a.status != http.StatusForbidden {
				t.Fatalf("%s by %s: %d", s.do, who, a.status)
			}
		}
		b := o.as(s.who, lang.Hi)
		if s.who == "nadi.sec1" {
			b = person
		} else if a := person.post(path, url.Values{"form_id": {newID(o)}}); a.status != http.StatusForbidden {
			t.Fatalf("%s in one's own case: %d", s.do, a.status)
		}
		shown := o.says(b.get("/case/" + id + "?do=" + s.do))
		if !strings.Contains(shown.body, `action="`+path+`"`) {
			t.Fatalf("step %d: %s is not offered to %s:\n%s", i, s.do, s.who, words(shown.body))
		}
		form := url.Values{"form_id": {formID.FindStringSubmatch(shown.body)[1]}}
		if len(s.form) > 0 { // an empty form first: it comes back with its faults
			if a := b.post(path, url.Values{"form_id": {newID(o)}}); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `class="summary"`) || !strings.Contains(a.body, `action="`+path+`"`) {
				t.Fatalf("empty %s: %d", s.do, a.status)
			}
		}
		for j := 0; j+1 < len(s.form); j += 2 {
			form.Set(s.form[j], s.form[j+1])
		}
		first := o.goes(b.post(path, form))
		if again := o.goes(b.post(path, form)); again != first { // sent twice, counted once
			t.Errorf("%s sent twice leads to %s and %s", s.do, first, again)
		}
		o.says(person.get("/case/"+id), s.says)
		for _, l := range []lang.Lang{lang.En, lang.Hi} {
			for _, who := range []string{"state.desk", "poorab.president", "nadi.sec1"} {
				if a := o.says(o.as(who, l).get("/case/" + id)); strings.Contains(a.body, "⟦") {
					t.Errorf("after %s, for %s: %s", s.do, who, a.body[strings.Index(a.body, "⟦"):][:60])
				}
			}
		}
		if s.do == "decide" { // the hat is gone, the case is not
			if a := person.get("/org/nadi"); a.status != http.StatusNotFound {
				t.Errorf("relieved, and the body still opens: %d", a.status)
			}
			o.says(o.as("poorab.president", lang.Hi).get("/vacancies"), "ब्लॉक सचिव")
		}
	}
	o.says(o.as("state.desk", lang.Hi).get("/case/"+id), "निर्णय रद्द", "फोन बंद मिला", "मैंने चार बैठकें कीं", "पत्रांक 2026/0002")
	o.says(person.get("/case/"+id+"/notice"), "कारण बताओ नोटिस", "पत्रांक 2026/0002", "सेवा में,", "श्री ", "7 दिसंबर 2026", "प्रतिलिपि")
	n := 0
	o.write(func(tx *db.Tx) (err error) {
		n, err = tx.Int(`select count(*) from case_step where case_id = $1`, id)
		return err
	})
	if n != len(steps)+1 {
		t.Errorf("%d steps stand, want %d", n, len(steps)+1)
	}
	o.says(o.as("state.incharge", lang.Hi).get("/deciders"), "नोटिस देकर पदमुक्त")
	// The appeal won: the list of cases says so, and the post's rights are back in the session that was open all the time.
	o.says(person.get("/cases"), "पदमुक्त · अपील: निर्णय रद्द")
	o.says(person.get("/"), "ब्लॉक सचिव, नदी गाँव ब्लॉक कमेटी")
	o.says(person.get("/org/nadi"))
}

// newID is the id of a form made by nobody's page.
func newID(o *office) (id string) {
	o.write(func(tx *db.Tx) error { id = tx.NewID(); return nil })
	return id
}

// TestD2_ReliefWithoutNoticeThroughThePage: it says what it means before, asks for
// the reason, and stands as without notice.
func TestD2_ReliefWithoutNoticeThroughThePage(t *testing.T) {
	o := newOffice(t)
	b := o.as("poorab.president", lang.Hi)
	path := "/membership/m-tila.sec1/relieve"
	o.says(b.get(path), "हमेशा “बिना नोटिस पदमुक्त”", "अपील का अधिकार रहेगा")
	if a := b.fill(path, "reason", "गंभीर अनुशासनहीनता"); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "गंभीर अनुशासनहीनता") {
		t.Errorf("without the tick: %d", a.status)
	}
	to := o.goes(b.fill(path, "reason", "गंभीर अनुशासनहीनता", "sure", "yes"))
	o.says(b.get(to), "बिना नोटिस पदमुक्त", "नहीं हुआ", "गंभीर अनुशासनहीनता")
	o.says(o.as("tila.sec1", lang.Hi).get(to), "निर्णय: पदमुक्त", "आपकी अपील")
	if a := b.fill("/membership/m-tila.president/relieve", "reason", strings.Repeat("क", 5000), "sure", "yes"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("too long a reason: %d", a.status)
	}
}

// TestE2_ProposalToLetterThroughThePages: proposed by one, approved by another, with
// one number; a second approval of the seat is refused.
func TestE2_ProposalToLetterThroughThePages(t *testing.T) {
	o := newOffice(t)
	seat := "/seat/" + string(o.VacantSeat("poorab", "district_secretary"))
	gs, president := o.as("poorab.gs", lang.Hi), o.as("state.president", lang.Hi)
	o.says(gs.get(seat), "रिक्त", "नाम प्रस्तावित करें")
	o.says(gs.get(seat+"/propose"), "पहले नाम या मोबाइल नंबर से खोजें")
	found := o.says(gs.get(seat + "/propose?q=" + url.QueryEscape("9000000021")))
	chosen := regexp.MustCompile(`/propose\?person=([^"]+)"`).FindStringSubmatch(found.body)
	if chosen == nil {
		chosen = []string{"", "p-nadi.sec2"}
	}
	at := seat + "/propose?person=" + chosen[1]
	form := formID.FindStringSubmatch(o.says(gs.get(at), "कोई और चुनें").body)[1]
	if a := gs.post(seat+"/propose", url.Values{"form_id": {form}, "person": {chosen[1]}, "charge": {"regular"}}); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `value="`+chosen[1]+`"`) {
		t.Errorf("without a reason: %d", a.status)
	}
	one := o.goes(gs.post(seat+"/propose", url.Values{"form_id": {newID(o)}, "person": {chosen[1]}, "charge": {"regular"}, "reason": {"ब्लॉक में अच्छा काम"}}))
	if a := gs.post(seat+"/propose", url.Values{"form_id": {newID(o)}, "new": {"yes"}, "name": {"नया नाम"}, "phone": {"123"}, "birth_year": {"2015"}, "charge": {"regular"}, "reason": {"अनुभव"}}); a.status != http.StatusUnprocessableEntity ||
		!strings.Contains(a.body, "10 अंकों") || !strings.Contains(a.body, "नया नाम") {
		t.Errorf("a faulty new person: %d", a.status)
	}
	two := o.goes(gs.post(seat+"/propose", url.Values{"form_id": {newID(o)}, "new": {"yes"}, "name": {"कमला पटेल"}, "gender": {"f"}, "phone": {"98765 43210"}, "birth_year": {"1988"}, "charge": {"regular"}, "reason": {"महिला नेतृत्व"}}))
	for path, refused := range map[string]string{one: "pachhim.president", two: "nadi.sec2"} {
		if a := o.as(refused, lang.Hi).get(path); a.status != http.StatusNotFound {
			t.Errorf("%s for %s: %d", path, refused, a.status)
		}
	}
	if a := gs.post(two+"/approve", url.Values{"form_id": {newID(o)}, "day": {today}, "reason": {"ठीक"}}); a.status != http.StatusForbidden {
		t.Errorf("approved by whoever proposed: %d", a.status)
	}
	o.says(president.get("/"), "प्रस्ताव मंजूरी के लिए")
	o.says(president.get("/proposals"), "कमला पटेल", "विचार में")
	page := o.says(president.get(two), "कमला पटेल", "महिला नेतृत्व", "इसी पद के दूसरे प्रस्ताव")
	if !strings.Contains(page.body, two+"/approve") {
		t.Fatal("approving is not offered")
	}
	if a := president.post(two+"/approve", url.Values{"form_id": {newID(o)}, "day": {"2027-01-01"}, "reason": {"मंजूर"}}); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "2027-01-01") {
		t.Errorf("a day to come: %d", a.status)
	}
	o.goes(president.post(two+"/approve", url.Values{"form_id": {newID(o)}, "day": {today}, "reason": {"महिला नेतृत्व"}, "copy_more": {"कोष कार्यालय\n\nसर्व संबंधित"}}))
	done := o.says(president.get(two), "आदेश जारी हुआ, पत्रांक")
	letter := regexp.MustCompile(`/order/[^"]+`).FindString(done.body)
	o.says(president.get(letter), "मनोनयन पत्र", "सुश्री कमला पटेल", "जिला सचिव", "पत्रांक", "प्रतिलिपि", "कोष कार्यालय", "सर्व संबंधित")
	o.says(president.get(one), "नामंजूर", "यह पद दूसरे प्रस्ताव से भर गया")
	if a := president.post(one+"/approve", url.Values{"form_id": {newID(o)}, "day": {today}, "reason": {"मंजूर"}}); a.status != http.StatusConflict {
		t.Errorf("a second approval: %d", a.status)
	}
	o.says(president.get(seat), "कमला पटेल", "भरा हुआ")
}

// TestCriteriaThroughThePages: every version in plain words; a new one by who may.
func TestCriteriaThroughThePages(t *testing.T) {
	o := newOffice(t)
	b := o.as("state.president", lang.Hi)
	o.says(o.as("booth1.agent", lang.Hi).get("/criteria"), "संस्करण 1", fmt.Sprintf("%d %% से कम दर्ज हो", review.DefaultCriteria.BelowPercent))
	if a := b.fill("/criteria/new", "months", "6", "min_expected", "0", "below_percent", "कुछ", "reply_days", "15", "appeal_days", "30"); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "कुछ") {
		t.Errorf("faulty: %d", a.status)
	}
	o.goes(b.fill("/criteria/new", "months", "६", "min_expected", "12", "below_percent", "50", "reply_days", "15", "appeal_days", "30", "note", "बैठक में तय"))
	o.says(b.get("/criteria"), "संस्करण 2", "50 % से कम", "बैठक में तय", "पहले लागू था")
}

// looksOfReview are the pages of review, cases and appointments, each at a telling moment.
func (o *office) looksOfReview() []look {
	president, gs := o.as("poorab.president", ""), o.as("poorab.gs", "")
	o.goes(o.as("state.desk", "").fill("/review/new", "unit", "pachhim"))
	looks := []look{}
	o.drafted()
	second := o.id(`select id from review where unit_id = 'pachhim'`)
	seat := string(o.VacantSeat("poorab", "district_secretary"))
	proposal := o.goes(gs.post("/seat/"+seat+"/propose", url.Values{"form_id": {newID(o)}, "person": {"p-nadi.sec2"}, "charge": {"regular"}, "reason": {"ब्लॉक में अच्छा काम, अध्यक्ष की संस्तुति"}}))
	approved := o.goes(gs.post("/seat/"+string(o.VacantSeat("tila", "block_secretary"))+"/propose", url.Values{"form_id": {newID(o)}, "new": {"yes"}, "name": {"कमला पटेल"}, "name_en": {"Kamla Patel"}, "gender": {"f"}, "charge": {"regular"}, "reason": {"महिला नेतृत्व"}}))
	o.goes(o.as("state.president", "").post(approved+"/approve", url.Values{"form_id": {newID(o)}, "day": {today}, "reason": {"महिला नेतृत्व को आगे लाने के लिए"}}))
	order := o.id(`select order_id from proposal where state = 'approved'`)
	looks = append(looks, look{"reviews", "state.desk", "/reviews"}, look{"reviews-district", "poorab.president", "/reviews"}, look{"review-new", "state.desk", "/review/new"},
		look{"review", "poorab.president", "/review/" + o.list}, look{"review-silent", "state.desk", "/review/" + second},
		look{"line", "poorab.president", "/review-line/" + o.line["nadi.sec1"]}, look{"send-early", "poorab.president", "/review/" + o.list + "/send"},
		look{"cases-none", "poorab.president", "/cases"}, look{"criteria", "state.president", "/criteria"}, look{"criteria-new", "state.president", "/criteria/new"},
		look{"seat", "poorab.gs", "/seat/" + seat}, look{"seat-held", "poorab.gs", "/seat/s-nadi.president"}, look{"propose", "poorab.gs", "/seat/" + seat + "/propose?q=mo"},
		look{"propose-chosen", "poorab.gs", "/seat/" + seat + "/propose?person=p-nadi.sec2"}, look{"propose-new", "poorab.gs", "/seat/" + seat + "/propose?new=yes"},
		look{"proposals", "state.desk", "/proposals"}, look{"proposal-approve", "state.president", proposal}, look{"proposal-own", "poorab.gs", proposal},
		look{"proposal-done", "state.president", approved}, look{"letter", "state.president", "/order/" + order},
		look{"relieve", "poorab.president", "/membership/m-tila.sec1/relieve"})
	_ = president
	return looks
}

// TestReviewPagesInChromium looks at the pages of review, cases and appointments as
// TestPagesInChromium does at the others.
func TestReviewPagesInChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	t.Parallel()
	o, ctx := newOffice(t), chromium(t)
	o.lookAt(t, ctx, o.looksOfReview())
	president := o.as("poorab.president", "")
	o.goes(president.fill("/review-line/"+o.line["nadi.sec1"], "verdict", "confirmed"))
	o.goes(president.fill("/review-line/"+o.line["poorab.gs"], "verdict", "excused", "reason", "परिवार में शोक"))
	o.lookAt(t, ctx, []look{{"review-checked", "poorab.president", "/review/" + o.list}, {"send", "poorab.president", "/review/" + o.list + "/send"}})
	o.goes(president.fill("/review/" + o.list + "/send"))
	id := o.id(`select id from review_case where person_id = 'p-nadi.sec1'`)
	for i, s := range steps {
		if i == 0 {
			o.lookAt(t, ctx, []look{{"case-0-own", "nadi.sec1", "/case/" + id}, {"cases", "state.desk", "/cases"}, {"home-desk", "state.desk", "/"}})
		}
		o.lookAt(t, ctx, []look{{fmt.Sprintf("case-%d-%s", i, s.do), s.who, "/case/" + id + "?do=" + s.do}})
		b := o.as(s.who, "")
		form := url.Values{"form_id": {newID(o)}}
		for j := 0; j+1 < len(s.form); j += 2 {
			form.Set(s.form[j], s.form[j+1])
		}
		o.goes(b.post("/case/"+id+"/"+s.do, form))
	}
	o.lookAt(t, ctx, []look{{"case-end", "state.desk", "/case/" + id}, {"case-end-own", "nadi.sec1", "/case/" + id}, {"notice", "nadi.sec1", "/case/" + id + "/notice"},
		{"cases-end", "state.desk", "/cases"}, {"deciders", "state.incharge", "/deciders"}, {"person-case", "poorab.president", "/person/p-nadi.sec1"},
		{"unit-review", "poorab.president", "/org/poorab"}, {"cases-own", "nadi.sec1", "/cases"}})
}
