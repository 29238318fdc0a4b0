package demo

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"

	"sangathan/access"
	"sangathan/appointment"
	"sangathan/internal/db"
	"sangathan/letter"
	"sangathan/org"
	"sangathan/review"
)

// storyteller takes a few lists further, by the verbs that everyone else uses, so
// that every screen has something on it. All of it happens within this month.
type storyteller struct {
	tx       *db.Tx
	g        *generator
	incharge access.Actor
	desk     access.Actor
	caller   access.Actor
	wait     func(share float64) bool // until all stories have come so far
}

// district is a unit whose officers act in the story.
type district struct {
	body      *body
	president access.Actor
	general   access.Actor // a general secretary
	list      string
	lines     []review.Line // about members of its blocks

	underReview *holder // with a notice served and no reply yet
}

// tell tells the story of three districts: one in which cases stand at every step,
// one that has returned its list, and one that is checking it.
func tell(tx *db.Tx, g *generator, lists map[org.OrganizationID]string) error {
	s := &storyteller{tx: tx, g: g}
	var err error
	if s.incharge, err = actor(tx, g.incharge); err != nil {
		return err
	}
	if s.desk, err = actor(tx, g.desk[0]); err != nil {
		return err
	}
	if s.caller, err = actor(tx, g.callers[0]); err != nil {
		return err
	}
	if err := s.letterhead(); err != nil {
		return err
	}
	districts, err := s.districts(lists)
	if err != nil {
		return err
	}
	if len(districts) < 3 {
		return fmt.Errorf("only %d districts have what the story needs", len(districts))
	}
	if err := s.atOnce(
		func(s *storyteller) error { return s.cases(districts[0]) },
		func(s *storyteller) error { return s.returned(districts[1]) },
		func(s *storyteller) error { return s.checking(districts[2]) },
	); err != nil {
		return err
	}
	s.signIn("state_incharge", g.incharge)
	s.signIn("state_desk", g.desk...)
	s.signIn("district_president", districts[0].body.head)
	holders := s.holders(districts[0])
	s.signIn("block_president", ofRole(holders, "block_president")...)
	s.signIn("worker", ofRole(holders, "block_secretary")...)
	s.signIn("under_review", districts[0].underReview)
	return nil
}

// letterhead sets what stands above and below the letters of the story, and where the
// demonstration is served unless told otherwise.
func (s *storyteller) letterhead() error {
	if err := letter.SetSite(s.tx, "http://127.0.0.1:8080"); err != nil {
		return err
	}
	return letter.SaveHead(s.tx, s.desk, s.desk.Org, letter.Head{
		AddressHi: "संगठन भवन, उदाहरण मार्ग", AddressEn: "Sangathan Bhavan, Udaharan Marg",
		ContactHi: "ई-मेल: karyalay@sangathan.example", ContactEn: "Mail: karyalay@sangathan.example",
		CopyHi: "प्रदेश प्रभारी, सूचना के लिए", CopyEn: "State in-charge, for information"}, nil)
}

// districts gives the units that can carry a story, those with the longest lists of
// block members first: they report, and their president and a general secretary
// hold office and are not listed themselves.
func (s *storyteller) districts(lists map[org.OrganizationID]string) (found []*district, err error) {
	for _, u := range s.g.units {
		officers := ofRole(u.typists, "district_president", "city_president")
		general := ofRole(u.typists, "district_general_secretary")
		if u.silent || len(officers) == 0 || officers[0].shared || officers[0].phone == "" {
			continue
		}
		d := &district{body: u, list: lists[u.ID]}
		if d.president, err = actor(s.tx, officers[0]); err != nil {
			return nil, err
		}
		lines, _, err := review.Lines(s.tx, d.president, d.list, "", db.First(1000))
		if err != nil {
			return nil, err
		}
		listed := map[org.PersonID]bool{}
		for _, l := range lines {
			listed[l.Person] = true
			if s.g.truth.of[l.Membership].body.Kind == "block_committee" {
				d.lines = append(d.lines, l)
			}
		}
		general = slices.DeleteFunc(general, func(h *holder) bool { return listed[h.person] })
		if listed[officers[0].person] || len(general) == 0 {
			continue
		}
		if d.general, err = actor(s.tx, general[0]); err != nil {
			return nil, err
		}
		found = append(found, d)
	}
	slices.SortStableFunc(found, func(a, b *district) int { return cmp.Compare(len(b.lines), len(a.lines)) })
	return found, nil
}

// atOnce tells stories side by side, whichever step comes next by time: so letters
// take their numbers in the order of their dates.
func (s *storyteller) atOnce(stories ...func(s *storyteller) error) error {
	type story struct {
		next func() (float64, bool)
		at   float64
	}
	var open []*story
	errs := make([]error, len(stories))
	goOn := func(t *story) bool {
		share, more := t.next()
		t.at = share
		return more
	}
	for i, tell := range stories {
		next, stop := iter.Pull(func(yield func(float64) bool) {
			own := *s
			own.wait = yield
			errs[i] = tell(&own)
		})
		defer stop()
		if t := (&story{next: next}); goOn(t) {
			open = append(open, t)
		}
	}
	for len(open) > 0 && errors.Join(errs...) == nil {
		first := slices.MinFunc(open, func(a, b *story) int { return cmp.Compare(a.at, b.at) })
		if !goOn(first) {
			open = slices.DeleteFunc(open, func(t *story) bool { return t == first })
		}
	}
	return errors.Join(errs...)
}

var errStopped = errors.New("another story failed")

// then does one step of a story at that share of what has passed of the month; the
// steps of a story come in the order of their time.
func (s *storyteller) then(share float64, step func() error) error {
	if !s.wait(share) {
		return errStopped
	}
	return at(s.tx, s.g.moment(share), step)
}

// cases returns the list of d and takes its first cases to as many different steps.
func (s *storyteller) cases(d *district) error {
	const wanted = 8
	if len(d.lines) < wanted {
		return fmt.Errorf("only %d of %s are listed", len(d.lines), d.body.NameEn)
	}
	// The person who is to sign in and reply needs a phone of their own.
	for i, l := range d.lines {
		if h := s.g.truth.of[l.Membership]; h.phone != "" && !h.shared {
			d.lines[0], d.lines[i] = d.lines[i], d.lines[0]
			break
		}
	}
	if err := s.check(d, 0.12, 1, wanted); err != nil {
		return err
	}
	if err := s.then(0.18, func() error {
		_, err := review.Send(s.tx, d.president, d.list)
		return err
	}); err != nil {
		return err
	}
	open, _, err := review.Cases(s.tx, d.president, review.CaseFilter{Unit: d.body.ID}, db.First(1000))
	if err != nil {
		return err
	}
	byLine := map[string]review.Case{}
	for _, c := range open {
		byLine[c.Line] = c
	}
	var all [wanted]review.Case
	for i := range all {
		all[i] = byLine[d.lines[i].ID]
	}

	// All are spoken with; the later ones go further.
	for i, c := range all {
		if err := s.then(0.22+0.004*float64(i), func() error {
			return review.Talk(s.tx, s.caller, c.ID, "call", s.tx.Today(), one(s.g, talks), true)
		}); err != nil {
			return err
		}
	}
	replied := all[2:] // all[1] stays with the talk, all[0] with the notice
	noticed := append([]review.Case{all[0]}, replied...)
	for i, c := range noticed {
		if err := s.then(0.30+0.004*float64(i), func() error {
			_, err := review.Notice(s.tx, s.desk, c.ID, "पिछले छह महीनों में आपके पद से अपेक्षित गतिविधियाँ रिकॉर्ड में नहीं हैं। इस बारे में अपना उत्तर दें।")
			return err
		}); err != nil {
			return err
		}
	}
	for i, c := range noticed {
		if err := s.then(0.38+0.004*float64(i), func() error {
			return review.Serve(s.tx, s.desk, c.ID, "signed", s.tx.Today(), "नोटिस हाथ में दिया गया, पावती पर हस्ताक्षर हैं।")
		}); err != nil {
			return err
		}
	}
	d.underReview = s.g.truth.of[all[0].Membership]
	for i, c := range replied {
		if err := s.then(0.46+0.01*float64(i), func() error {
			person, err := actor(s.tx, s.g.truth.of[c.Membership])
			if err != nil {
				return err
			}
			return review.Reply(s.tx, person, c.ID, replies[i%len(replies)])
		}); err != nil {
			return err
		}
	}
	return s.decide(d, all[3:])
}

// decide takes five cases, to which there is a reply, further: one recommended, one
// warned, one retained, and two relieved, of whom one appeals and one is followed by
// somebody new.
func (s *storyteller) decide(d *district, c []review.Case) error {
	verdicts := []string{"warn", "warn", "retain", "relieve", "relieve"}
	for i, verdict := range verdicts {
		if err := s.then(0.56+0.01*float64(i), func() error {
			return review.Recommend(s.tx, d.general, c[i].ID, verdict, "उत्तर पढ़ा गया। पिछले महीनों का काम और उत्तर देखकर यह संस्तुति है।")
		}); err != nil {
			return err
		}
	}
	for i, verdict := range verdicts[1:] {
		if err := s.then(0.66+0.01*float64(i), func() error {
			_, err := review.Decide(s.tx, d.president, c[i+1].ID, verdict, decisions[verdict])
			return err
		}); err != nil {
			return err
		}
	}
	if err := s.then(0.76, func() error {
		person, err := actor(s.tx, s.g.truth.of[c[3].Membership]) // who now holds no post, and acts as themself
		if err != nil {
			return err
		}
		return review.Appeal(s.tx, person, c[3].ID, "मैं तीन महीने बीमार था और इसकी सूचना ब्लॉक को दी थी। कृपया निर्णय पर फिर से विचार करें।")
	}); err != nil {
		return err
	}
	if err := s.fill(d, c[4].Membership); err != nil {
		return err
	}
	return s.then(0.9, func() error { // an open proposal for a seat that stands vacant
		seat, err := s.tx.Text(`select id from seat where unit_id = $1 and state = 'vacant' and role_id = 'block_secretary' order by id limit 1`, d.body.ID)
		if err != nil || seat == "" {
			return err
		}
		_, err = appointment.Propose(s.tx, d.general, appointment.Proposal{Seat: org.SeatID(seat), NewPerson: s.newcomer(), Reason: "दो साल से बूथ का काम देख रहे हैं, सब जानते हैं।"})
		return err
	})
}

// fill proposes somebody new for the seat of a membership that has ended, and the
// president approves.
func (s *storyteller) fill(d *district, ended org.MembershipID) error {
	var id string
	if err := s.then(0.8, func() error {
		seat, err := s.tx.Text(`select seat_id from membership where id = $1`, ended)
		if err != nil {
			return err
		}
		id, err = appointment.Propose(s.tx, d.general, appointment.Proposal{Seat: org.SeatID(seat), NewPerson: s.newcomer(), Reason: "हर बैठक में आते हैं और ब्लॉक के सब बूथ जानते हैं।"})
		return err
	}); err != nil {
		return err
	}
	return s.then(0.85, func() error {
		_, err := appointment.Approve(s.tx, d.president, id, s.tx.Today(), "ब्लॉक कमेटी की राय से नियुक्ति।")
		return err
	})
}

func (s *storyteller) newcomer() *org.NewPerson {
	var b batch
	s.g.newPerson(&b, &holder{perMonth: 1}, "")
	p := b.people[0]
	p.ID = ""
	return &p
}

// returned checks and returns the list of d; one of its block officers is relieved
// at once, one resigns, and one has died.
func (s *storyteller) returned(d *district) error {
	if err := s.check(d, 0.2, 1, 0); err != nil {
		return err
	}
	if err := s.then(0.3, func() error {
		_, err := review.Send(s.tx, d.president, d.list)
		return err
	}); err != nil {
		return err
	}
	listed := map[org.PersonID]bool{}
	for _, l := range d.lines {
		listed[l.Person] = true
	}
	others := slices.DeleteFunc(ofRole(s.holders(d), "block_secretary"), func(h *holder) bool { return listed[h.person] })
	if len(others) < 3 {
		return fmt.Errorf("%s has too few block secretaries", d.body.NameEn)
	}
	if err := s.then(0.5, func() error {
		_, err := review.RelieveNow(s.tx, s.incharge, others[0].membership, "सदस्यता की रसीदों का हिसाब नहीं दिया। जाँच में बात सही पाई गई।")
		return err
	}); err != nil {
		return err
	}
	if err := s.then(0.6, func() error {
		_, err := org.RecordEnd(s.tx, s.desk, others[1].membership, "resigned", s.tx.Today(), "त्यागपत्र मिला: काम के लिए दूसरे शहर जा रहे हैं।")
		return err
	}); err != nil {
		return err
	}
	return s.then(0.7, func() error {
		_, err := org.RecordEnd(s.tx, s.desk, others[2].membership, "died", s.tx.Today(), "परिवार से सूचना मिली।")
		return err
	})
}

// checking has d decide on every second line of its list.
func (s *storyteller) checking(d *district) error { return s.check(d, 0.4, 2, 0) }

// check has the president decide on every nth line: the first confirmed ones of the
// blocks are all confirmed, of the others now and then one is excused or disputed.
func (s *storyteller) check(d *district, share float64, every, confirmed int) error {
	lines, _, err := review.Lines(s.tx, d.president, d.list, "", db.First(1000))
	if err != nil {
		return err
	}
	for i, l := range lines {
		if i%every != 0 {
			continue
		}
		verdict, reason := "confirmed", ""
		if !slices.ContainsFunc(d.lines[:confirmed], func(x review.Line) bool { return x.ID == l.ID }) {
			switch i % 7 {
			case 5:
				verdict, reason = "excused", "इस दौरान परिवार में लंबी बीमारी थी।"
			case 6:
				verdict, reason = "disputed", "इनका काम हुआ है, रिपोर्ट समय पर दर्ज नहीं हुई।"
			}
		}
		if err := s.then(share, func() error { return review.Check(s.tx, d.president, l.ID, verdict, reason) }); err != nil {
			return err
		}
	}
	return nil
}

// holders gives those in posts with duties in the reporting bodies of d who are at
// work, in the order of their memberships.
func (s *storyteller) holders(d *district) (all []*holder) {
	for _, h := range s.g.truth.of {
		if h.body.Unit == d.body.ID && !h.body.silent && h.truth == truthWorking {
			all = append(all, h)
		}
	}
	slices.SortFunc(all, func(a, b *holder) int { return cmp.Compare(a.membership, b.membership) })
	return all
}

func ofRole(holders []*holder, roles ...string) (found []*holder) {
	for _, h := range holders {
		if slices.Contains(roles, h.role) {
			found = append(found, h)
		}
	}
	return found
}

// signIn offers the first of holders whose phone is only theirs as a ready sign-in.
func (s *storyteller) signIn(as string, holders ...*holder) {
	for _, h := range holders {
		if h.phone != "" && !h.shared {
			s.g.signIns = append(s.g.signIns, SignIn{As: as, NameHi: h.nameHi, NameEn: h.nameEn, Phone: h.phone})
			return
		}
	}
}

var talks = []string{
	"फोन पर बात हुई। कहा कि घर के काम से समय नहीं मिला।",
	"फोन पर बात हुई। कहा कि काम किया है, रिपोर्ट नहीं भेजी।",
	"फोन पर बात हुई। कहा कि अगले महीने से काम करेंगे।",
}

var replies = []string{
	"मैंने गाँव में बैठकें की हैं, रिपोर्ट दर्ज नहीं करवा सका। आगे से हर महीने दर्ज करूँगा।",
	"परिवार में बीमारी के कारण समय नहीं दे सका।",
	"मुझे बैठकों की सूचना नहीं मिलती थी।",
	"खेती के काम में लगा रहा। अब समय दूँगा।",
}

var decisions = map[string]string{
	"warn":    "उत्तर कुछ हद तक ठीक है। लिखित चेतावनी दी जाती है।",
	"retain":  "उत्तर संतोषजनक है। पद पर बने रहेंगे।",
	"relieve": "छह महीने में अपेक्षित काम नहीं हुआ और उत्तर में कोई ठोस कारण नहीं है।",
}
