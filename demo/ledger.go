package demo

import "sangathan/org"

// The hidden truth; TRUTH.md describes it.
const (
	shareIdle     = 0.15 // of the holders of posts with duties
	shareLeave    = 0.05
	workRate      = 1.2  // entries a month of one at work, times the duty
	idleRate      = 0.3  // at most, of one who is idle
	shareLost     = 0.10 // of entries
	shareInvented = 0.03 // of entries; every second one credited to someone idle
)

// entry is one row of the ledger.
type entry struct {
	id, kind string
	of       *holder
	area     org.AreaID
	day      string
	at       int64
	people   int
	note     string
	state    string
	word     string
	typist   *holder
}

// begin draws what a holder is like.
func (g *generator) begin(b *batch, h *holder) {
	if h.perMonth == 0 {
		h.rate = g.size.perMonth
		if h.role != "booth_agent" && h.role != "member" {
			h.rate *= 4
		}
		if g.chance(0.4) { // many do nothing that is recorded, and none of it is their duty
			h.rate = 0
		}
		b.others = append(b.others, h)
		return
	}
	d := float64(h.perMonth)
	switch x := g.r.Float64(); {
	case x < shareIdle:
		h.truth, h.rate = truthIdle, d*idleRate*g.r.Float64()
	case x < shareIdle+shareLeave:
		h.truth, h.rate = truthLeave, d*workRate
		from := g.windowFrom()
		h.leave = [2]int{max(h.from, from-g.r.IntN(60)), g.between(1, 120)}
		if g.chance(0.3) { // back since the window ended
			h.leave[1] = -g.r.IntN(g.now.Day())
		}
		b.leaves = append(b.leaves, leave{id: g.id(), membership: h.membership, from: g.dayOf(h.leave[0]), to: g.dayOf(h.leave[1]),
			reason: one(g, leaveReasons), at: g.midnight + int64(h.leave[0])*dayMillis + 11*hourMillis})
	default:
		h.truth, h.rate = truthWorking, d*workRate
	}
	g.truth.of[h.membership] = h
	b.bearers = append(b.bearers, h)
}

const (
	hourMillis = 3_600_000
	dayMillis  = 24 * hourMillis
)

// finish writes the ledger of the bodies' members, once all of them are known, and
// sends the batch off.
func (g *generator) finish(b *batch, bodies ...*body) error {
	var idle, working []*holder
	for _, h := range b.bearers {
		if h.body.silent {
			continue
		}
		if h.truth == truthIdle {
			idle = append(idle, h)
		} else if h.truth == truthWorking {
			working = append(working, h)
		}
	}
	for _, h := range b.bearers {
		g.work(b, h, func() { // for every entry that arrives, a small chance of one that nothing stands behind
			if !g.chance(shareInvented) {
				return
			}
			if g.owed += 0.5; g.owed >= 1 && len(idle) > 0 {
				g.owed--
				g.invent(b, one(g, idle))
			} else if len(working) > 0 {
				g.invent(b, one(g, working))
			}
		})
	}
	for _, h := range b.others {
		g.work(b, h, func() {})
	}
	for _, o := range bodies {
		g.report(o)
	}
	return g.emit(b)
}

// work puts a holder's year into the ledger, as far as it arrives there.
func (g *generator) work(b *batch, h *holder, arrived func()) {
	if h.rate == 0 {
		return
	}
	for _, s := range g.segments {
		from := max(s.from, h.from)
		if from >= s.to {
			continue
		}
		for range g.poisson(h.rate * float64(s.to-from) / float64(s.length)) {
			day := from + g.r.IntN(s.to-from)
			away := h.truth == truthLeave && day >= h.leave[0] && day < h.leave[1]
			if away || h.body.silent || g.chance(shareLost) {
				continue
			}
			g.record(b, h, day)
			arrived()
		}
	}
}

// invent credits h with something that did not happen.
func (g *generator) invent(b *batch, h *holder) {
	from := max(ledgerDay, h.from)
	g.record(b, h, from+g.r.IntN(-from))
}

// record writes one entry, and perhaps a second person's word on it.
func (g *generator) record(b *batch, h *holder, day int) {
	e := entry{id: g.id(), of: h, day: g.dayOf(day), state: "claimed", word: "self"}
	kind := &fieldWork[0]
	n := g.r.IntN(100)
	for i := range fieldWork {
		kind = &fieldWork[i]
		if n -= kind.weight; n < 0 {
			break
		}
	}
	e.kind = kind.id
	e.people = kind.people/3 + g.r.IntN(kind.people) + g.r.IntN(kind.people/2+1)
	if g.chance(0.65) {
		e.note = one(g, kind.notes)
	}
	if e.area = h.area; e.area == "" {
		e.area = one(g, h.body.places)
	}
	late := 0
	if n := g.r.IntN(10); n == 9 {
		late = 2 + g.r.IntN(4)
	} else if n >= 7 {
		late = 1
	}
	told := g.midnight + int64(day+late)*dayMillis
	e.at = told + int64(g.between(9*3600, 21*3600))*1000 + int64(g.r.IntN(1000))
	if latest := g.now.UnixMilli() - 60_000; e.at > latest {
		e.at = latest
	}
	share := 0.1
	if h.perMonth == 0 {
		share = 0.35
	}
	if len(h.body.typists) > 0 && g.chance(share) {
		if t := one(g, h.body.typists); t.person != h.person && t.from <= day {
			e.word, e.typist = one(g, words), t
		}
	}
	if len(h.body.confirmers) > 0 && g.chance(0.11) {
		c := one(g, h.body.confirmers)
		if c.person != h.person && c.from <= day && (e.typist == nil || e.typist.person != c.person) {
			k := check{entry: e.id, by: c, verdict: "confirmed", at: min(e.at+int64(g.r.IntN(6*dayMillis)), g.now.UnixMilli())}
			if g.chance(0.04) {
				k.verdict, k.reason = "disputed", one(g, objections)
			}
			e.state = k.verdict
			b.checks = append(b.checks, k)
		}
	}
	b.entries = append(b.entries, e)
	if e.day > h.fill.LastDay {
		h.fill.LastDay = e.day
	}
}

var words = []string{"call", "call", "call", "told", "slip", "paper"}

var objections = []string{
	"इस दिन वहाँ कोई कार्यक्रम नहीं हुआ।",
	"लोगों की संख्या ठीक नहीं लिखी गई।",
	"यह कार्यक्रम दूसरे ब्लॉक का है।",
	"तारीख गलत दर्ज है।",
}

var leaveReasons = []string{"बीमारी", "इलाज के लिए बाहर", "घर में शादी", "प्रसूति अवकाश", "पढ़ाई के लिए बाहर", "दुर्घटना के बाद आराम"}

// fieldWork is what people report, how often of a hundred, and how many take part.
var fieldWork = []struct {
	id     string
	weight int
	people int
	notes  []string
}{
	{"outreach", 26, 24, []string{"घर-घर जाकर लोगों से मिले।", "मोहल्ले में घर-घर संपर्क किया।", "दुकानदारों से संपर्क किया।", "खेत पर जाकर किसानों से मिले।", "नए मतदाताओं के घर गए।", "पुराने साथियों से मिले।"}},
	{"booth_meeting", 18, 12, []string{"बूथ कमेटी की बैठक हुई।", "मतदाता सूची देखी गई।", "बूथ के काम बाँटे गए।", "छूटे हुए नाम लिखे गए।"}},
	{"monthly_meeting", 12, 20, []string{"मासिक बैठक हुई।", "पिछले महीने के काम की समीक्षा हुई।", "अगले महीने का कार्यक्रम तय हुआ।", "खाली पदों पर चर्चा हुई।"}},
	{"chaupal", 9, 40, []string{"गाँव में चौपाल लगाई।", "चौपाल में सिंचाई की समस्या रखी गई।", "बिजली और सड़क की बात हुई।", "महिलाओं की चौपाल हुई।"}},
	{"membership", 9, 15, []string{"नए सदस्य बनाए।", "सदस्यता की रसीदें दीं।", "कॉलेज के पास सदस्यता शिविर लगाया।"}},
	{"condolence", 7, 6, []string{"शोक संतप्त परिवार से मिले।", "अस्पताल में हाल-चाल पूछा।", "बीमार साथी के घर गए।"}},
	{"form6_camp", 5, 30, []string{"फॉर्म-6 भरवाए।", "मतदाता सूची में नाम जुड़वाने का शिविर लगाया।"}},
	{"street_meeting", 5, 60, []string{"चौराहे पर नुक्कड़ सभा हुई।", "बाज़ार में नुक्कड़ सभा की।"}},
	{"anniversary", 4, 45, []string{"जयंती मनाई गई।", "पुण्यतिथि पर माल्यार्पण किया।"}},
	{"padyatra", 2, 80, []string{"गाँव से गाँव तक पदयात्रा की।", "पदयात्रा में किसानों की बात सुनी।"}},
	{"memorandum", 1, 18, []string{"तहसील में ज्ञापन दिया।", "बिजली कटौती पर ज्ञापन सौंपा।"}},
	{"protest", 1, 90, []string{"खाद की कमी पर धरना दिया।", "ब्लॉक मुख्यालय पर धरना हुआ।"}},
	{"training", 1, 35, []string{"बूथ साथियों का प्रशिक्षण हुआ।", "रिपोर्ट भेजने का प्रशिक्षण दिया।"}},
}

// answer is one monthly report.
type answer struct {
	body *body
	of   string // YYYY-MM
	at   int64
	text string
}

// report sends a body's monthly reports, unless it is silent: five of six by the
// 10th of the next month, the others up to ten days late.
func (g *generator) report(o *body) {
	if o.Reporting != o.ID || o.silent {
		return
	}
	for i, month := range g.months {
		due := g.monthStart(i + 1)
		day := g.r.IntN(9)
		if g.chance(1.0 / 6) {
			day = 10 + g.r.IntN(10)
		}
		at := due + int64(day)*dayMillis + int64(g.between(9*3600, 20*3600))*1000
		if at > g.now.UnixMilli() {
			continue
		}
		g.answers = append(g.answers, answer{o, month, at, one(g, reports)})
	}
}

// monthStart is the first instant of the month that is i months after the first
// reported one.
func (g *generator) monthStart(i int) int64 {
	return firstOfMonth(g.now, i-len(g.months)).UnixMilli()
}

var reports = []string{
	"मासिक बैठक हुई। काम की सूची दर्ज है।",
	"बैठक और जनसंपर्क हुआ। अगले महीने बूथ बैठकें होंगी।",
	"इस महीने सदस्यता और बूथ बैठकों पर काम हुआ।",
	"खाली बूथों के नाम तय करने का काम चल रहा है।",
	"मासिक बैठक समय पर हुई। मतदाता सूची का काम जारी है।",
}
