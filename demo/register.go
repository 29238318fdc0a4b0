package demo

import (
	"fmt"
	"slices"
	"strings"

	"sangathan/org"
)

// body is an organization being made, with those of its district who may type for
// its members and check what they report.
type body struct {
	org.Organization
	silent     bool // its entries and reports never arrive
	places     []org.AreaID
	typists    []*holder
	confirmers []*holder
	head       *holder // who answers for it
}

// holder is one person in one post.
type holder struct {
	membership org.MembershipID
	person     org.PersonID
	nameHi     string
	nameEn     string
	phone      string
	shared     bool // another has the same phone
	body       *body
	role       string
	from       int // days from today
	perMonth   int // entries that the duty expects
	truth      string
	rate       float64 // entries a month
	leave      [2]int  // days from today
	fill       *org.SeatFill
	area       org.AreaID // where the post works, when not the whole territory
}

// How full the posts are: shares of all seats.
const (
	filledBearer = 0.88
	filledMandal = 0.72
	filledAgent  = 0.5
)

var cells = [8][2]string{
	{"विधि प्रकोष्ठ", "Legal Cell"}, {"शिक्षक प्रकोष्ठ", "Teachers' Cell"}, {"किसान प्रकोष्ठ", "Farmers' Cell"}, {"व्यापार प्रकोष्ठ", "Traders' Cell"},
	{"बुनकर प्रकोष्ठ", "Weavers' Cell"}, {"पूर्व सैनिक प्रकोष्ठ", "Ex-servicemen's Cell"}, {"महिला प्रकोष्ठ", "Women's Cell"}, {"युवा प्रकोष्ठ", "Youth Cell"},
}

// generate makes the state unit, its cells, and each unit with its blocks.
func (g *generator) generate(plan []*unitPlan) error {
	root := org.AreaID(g.pack.Root)
	b := &batch{}
	g.state = &body{Organization: org.Organization{ID: org.OrganizationID(g.id()), Kind: "state_unit",
		NameHi: g.pack.NameHi + " इकाई", NameEn: g.pack.NameEn + " State Unit", Area: root}, places: []org.AreaID{root}}
	g.state.Unit = g.state.ID
	b.orgs = append(b.orgs, g.state.Organization)
	for _, u := range plan {
		g.state.places = append(g.state.places, org.AreaID(u.district.ID))
	}

	executive := func(role string, seats, filled, vacant int) []*holder {
		return g.seats(b, g.state, role, "", exactly(seats, filled, vacant))
	}
	incharge := executive("state_incharge", 1, 1, 0)
	president := executive("state_president", 1, 1, 0)
	vice := executive("vice_president", 16, 14, 2)
	organizer := executive("general_secretary_org", 1, 1, 0)
	executive("general_secretary", 38, 35, 3)
	executive("treasurer", 1, 1, 0)
	office := executive("office_secretary", 1, 1, 0)
	executive("secretary", 76, 69, 7)
	g.desk = executive("desk", 6, 6, 0)
	callers := executive("caller", 4, 4, 0)
	g.state.head = president[0]
	g.state.typists, g.state.confirmers = slices.Concat(g.desk, callers, office), slices.Concat(vice, organizer)
	g.incharge, g.president, g.callers = incharge[0], president[0], callers

	var cellBodies []*body
	for _, c := range cells {
		cell := &body{Organization: org.Organization{ID: org.OrganizationID(g.id()), Kind: "cell", NameHi: c[0], NameEn: c[1],
			Parent: g.state.ID, Area: root, Unit: g.state.ID, RegisterOpen: true}, places: g.state.places}
		cell.Reporting = cell.ID
		cell.silent = g.silence("cell")
		b.orgs = append(b.orgs, cell.Organization)
		cell.head = first(g.seats(b, cell, "cell_convenor", "", exactly(1, 1, 0)))
		g.seats(b, cell, "cell_co_convenor", "", g.fills(2, filledBearer, cell))
		cellBodies = append(cellBodies, cell)
	}
	if err := g.finish(b, append([]*body{g.state}, cellBodies...)...); err != nil {
		return err
	}
	for i, u := range plan {
		if err := g.unit(u, i, cellBodies); err != nil {
			return err
		}
	}
	return nil
}

// unit makes a district or city unit, the cells' bodies in it, and its blocks.
func (g *generator) unit(u *unitPlan, index int, cellBodies []*body) error {
	b := &batch{unit: index}
	root := org.AreaID(g.pack.Root)
	if u.whole {
		b.places = append(b.places, place{u.area, root})
	} else {
		b.areas = append(b.areas, org.NewArea{Area: org.Area{ID: u.area, Kind: "unit", NameHi: u.areaHi, NameEn: u.areaEn},
			Parents: map[string]org.AreaID{org.Territorial: root}, Identifiers: [][2]string{{"district", u.district.ID}}, Aliases: []string{u.nameHi, u.nameEn}})
	}
	for _, block := range u.blocks {
		if block.inPack {
			b.places = append(b.places, place{block.area, u.area})
		} else {
			b.areas = append(b.areas, org.NewArea{Area: org.Area{ID: block.area, Kind: "town", NameHi: block.areaHi, NameEn: block.areaEn},
				Parents: map[string]org.AreaID{org.Territorial: u.area}, Identifiers: [][2]string{{"district", u.district.ID}}})
		}
	}
	// Lists are drafted of every unit, so its own register has been gone through.
	unit := &body{Organization: org.Organization{ID: org.OrganizationID(g.id()), Kind: u.kind, NameHi: u.nameHi, NameEn: u.nameEn,
		Parent: g.state.ID, Area: u.area}}
	unit.Unit, unit.Reporting = unit.ID, unit.ID
	unit.silent = g.silence(u.kind)
	unit.places = append(unit.places, u.area)
	for _, block := range u.blocks {
		unit.places = append(unit.places, block.area)
	}
	b.orgs = append(b.orgs, unit.Organization)
	g.units = append(g.units, unit)

	president := "district_president"
	if u.kind == "city_unit" {
		president = "city_president"
	}
	heads := g.seats(b, unit, president, "", g.fills(1, 0.95, unit))
	vice := g.seats(b, unit, "district_vice_president", "", g.fills(4, filledBearer, unit))
	general := g.seats(b, unit, "district_general_secretary", "", g.fills(6, filledBearer, unit))
	g.seats(b, unit, "district_treasurer", "", g.fills(1, filledBearer, unit))
	g.seats(b, unit, "district_spokesperson", "", g.fills(1, filledBearer, unit))
	secretaries := g.seats(b, unit, "district_secretary", "", g.fills(12, filledBearer, unit))
	unit.head = first(append(heads, general...))
	unit.typists, unit.confirmers = slices.Concat(heads, general), slices.Concat(heads, vice, general)

	bodies := []*body{unit}
	for i, cell := range cellBodies {
		if g.chance(0.25) { // not every cell has come to every district
			continue
		}
		c := &body{Organization: org.Organization{ID: org.OrganizationID(g.id()), Kind: "cell_district", Parent: cell.ID, Unit: unit.ID, Area: u.area,
			NameHi: cells[i][0] + ", " + u.areaHi, NameEn: cells[i][1] + ", " + u.areaEn, RegisterOpen: g.chance(0.5)}, places: unit.places}
		c.Reporting = c.ID
		c.silent = g.silence("cell_district")
		b.orgs = append(b.orgs, c.Organization)
		convenor := g.seats(b, c, "cell_district_convenor", "", g.fills(1, 0.85, c), secretaries...)
		g.seats(b, c, "cell_district_co_convenor", "", g.fills(2, 0.7, c))
		c.head = first(convenor)
		c.typists, c.confirmers = slices.Concat(convenor, unit.typists), unit.confirmers
		bodies = append(bodies, c)
	}
	if err := g.finish(b, bodies...); err != nil {
		return err
	}
	for _, block := range u.blocks {
		if err := g.block(u, block, unit, index); err != nil {
			return err
		}
	}
	return nil
}

// block makes a block committee, its mandals and their booths and agents.
func (g *generator) block(u *unitPlan, p *blockPlan, unit *body, index int) error {
	b := &batch{unit: index + 1}
	block := &body{Organization: org.Organization{ID: org.OrganizationID(g.id()), Kind: "block_committee", NameHi: p.areaHi + " ब्लॉक कमेटी", NameEn: p.areaEn + " Block Committee",
		Parent: unit.ID, Unit: unit.ID, Area: p.area, RegisterOpen: g.chance(0.4)}}
	if !p.inPack {
		block.NameHi, block.NameEn = p.areaHi+" कमेटी", p.areaEn+" Committee"
	}
	block.Reporting = block.ID
	block.silent = g.silence("block_committee")
	block.places = append(block.places, p.area)
	for i := range p.mandals {
		block.places = append(block.places, org.AreaID(fmt.Sprintf("mandal-%s-%d", strings.TrimPrefix(string(p.area), "unit-"), i+1)))
	}
	b.orgs = append(b.orgs, block.Organization)
	presidents := g.seats(b, block, "block_president", "", g.fills(1, 0.93, block))
	g.seats(b, block, "block_vice_president", "", g.fills(2, filledBearer, block))
	general := g.seats(b, block, "block_general_secretary", "", g.fills(3, filledBearer, block))
	secretaries := g.seats(b, block, "block_secretary", "", g.fills(5, filledBearer, block))
	block.head = first(append(presidents, general...))
	block.typists, block.confirmers = slices.Concat(presidents, general), slices.Concat(presidents, unit.confirmers)

	bodies := []*body{block}
	for i, booths := range p.mandals {
		bodies = append(bodies, g.mandal(b, u, block, block.places[i+1], booths, secretaries))
	}
	return g.finish(b, bodies...)
}

func (g *generator) mandal(b *batch, u *unitPlan, block *body, area org.AreaID, booths []boothPlan, secretaries []*holder) *body {
	hi, en := villageName(g.r)
	b.areas = append(b.areas, org.NewArea{Area: org.Area{ID: area, Kind: "mandal", NameHi: hi + " मंडल", NameEn: en + " Mandal"},
		Parents: map[string]org.AreaID{org.Territorial: block.Area}, Identifiers: [][2]string{{"district", u.district.ID}}})
	// In half of the mandals the register has been gone through: what is not filled is vacant.
	mandal := &body{Organization: org.Organization{ID: org.OrganizationID(g.id()), Kind: "mandal_committee", NameHi: hi + " मंडल कमेटी", NameEn: en + " Mandal Committee",
		Parent: block.ID, Unit: block.Unit, Reporting: block.Reporting, Area: area, RegisterOpen: g.chance(0.5)}, silent: block.silent, places: []org.AreaID{area}}
	b.orgs = append(b.orgs, mandal.Organization)
	president := g.seats(b, mandal, "mandal_president", "", g.fills(1, filledMandal, mandal))
	officers := append(g.seats(b, mandal, "mandal_secretary", "", g.fills(2, filledMandal, mandal)), president...)
	mandal.head = first(president)
	mandal.typists, mandal.confirmers = slices.Concat(president, block.typists), slices.Concat(president, block.confirmers)
	officers = append(officers, secretaries...)
	for _, booth := range booths {
		b.areas = append(b.areas, org.NewArea{Area: org.Area{ID: booth.area, Kind: "booth", NameHi: booth.nameHi, NameEn: booth.nameEn, Number: booth.number},
			Parents: map[string]org.AreaID{org.Electoral: org.AreaID(booth.seat.ID), org.Territorial: area}, Leaf: true})
		mandal.places = append(mandal.places, booth.area)
		g.seats(b, mandal, "booth_agent", booth.area, g.fills(1, filledAgent, mandal), officers...)
		if g.size.members > 0 {
			g.seats(b, mandal, "member", booth.area, exactly(g.size.members, g.size.members, 0))
		}
	}
	return mandal
}

// The states of a seat to be made.
const (
	filled = iota
	vacant
	unknown
)

// fills draws how n seats stand: in a body whose register is still open, what is
// not filled is mostly not known; in one gone through it is vacant.
func (g *generator) fills(n int, share float64, o *body) []int {
	states := make([]int, n)
	for i := range states {
		switch {
		case g.chance(share):
		case !o.RegisterOpen || o.Kind != "mandal_committee" && g.chance(0.2):
			states[i] = vacant
		default:
			states[i] = unknown
		}
	}
	return states
}

// exactly is seats states of which so many are filled and vacant, the rest unknown.
func exactly(seats, full, empty int) []int {
	states := make([]int, seats)
	for i := full; i < seats; i++ {
		states[i] = unknown
		if i < full+empty {
			states[i] = vacant
		}
	}
	return states
}

// seats makes a post with its seats, and gives those who hold them. A few are held
// by one of others, who so has several posts.
func (g *generator) seats(b *batch, o *body, role string, area org.AreaID, states []int, others ...*holder) (holders []*holder) {
	post := &org.Post{ID: org.PostID(g.id()), Organization: o.ID, Role: org.RoleID(role), Area: area, Seats: make([]org.SeatFill, len(states))}
	b.posts = append(b.posts, post)
	for i, state := range states {
		fill := &post.Seats[i]
		fill.ID = org.SeatID(g.id())
		switch state {
		case filled:
			h := &holder{membership: org.MembershipID(g.id()), body: o, role: role, perMonth: g.duty[role], fill: fill, area: area}
			if len(others) > 0 && g.chance(0.03) {
				other := one(g, others)
				h.person, h.nameHi, h.nameEn, h.phone, h.shared = other.person, other.nameHi, other.nameEn, other.phone, other.shared
				others = nil
			} else {
				g.newPerson(b, h, role)
			}
			h.from = g.between(firstDay+150, -1)
			if h.perMonth > 0 { // long enough in the post that the whole window counts
				h.from = g.between(firstDay+150, g.windowFrom()-10)
			}
			fill.Membership, fill.Person, fill.FromDay = h.membership, h.person, g.dayOf(h.from)
			fill.Source, fill.SourceDay = source(role), g.dayOf(g.between(h.from, -1))
			holders = append(holders, h)
			g.begin(b, h)
		case vacant:
			fill.Vacant = true
			since := -g.between(10, 500)
			fill.Since = g.dayOf(since)
			if role != "booth_agent" && g.chance(0.6) { // the records tell who held it before
				former := &holder{}
				g.newPerson(b, former, role)
				from := since - g.between(100, 900)
				fill.Former = []org.Former{{Membership: org.MembershipID(g.id()), Person: former.person, FromDay: g.dayOf(from), ToDay: fill.Since,
					EndReason: one(g, formerReasons), Source: source(role), SourceDay: g.dayOf(from)}}
			}
		}
	}
	return holders
}

var formerReasons = []string{"resigned", "resigned", "term_over", "term_over", "left", "died"}

func source(role string) string {
	switch {
	case role == "booth_agent" || strings.HasPrefix(role, "mandal") || role == "member":
		return "ब्लॉक से आई सूची"
	case strings.HasPrefix(role, "block") || strings.HasPrefix(role, "cell_district"):
		return "जिले से आई सूची"
	}
	return "प्रदेश कार्यालय का रजिस्टर"
}

// newPerson makes a person for h. Phones begin 600: a range in which numbers are
// rarely given out. A few families share one.
func (g *generator) newPerson(b *batch, h *holder, role string) {
	n := name(g.r)
	age := 21 + g.r.IntN(20) + g.r.IntN(25)
	if h.perMonth > 0 || strings.HasPrefix(role, "state") {
		age = 26 + g.r.IntN(20) + g.r.IntN(28)
	}
	p := org.NewPerson{ID: org.PersonID(g.id()), NameHi: n.Hi, NameEn: n.En, Gender: n.Gender[:1], BirthYear: g.now.Year() - age}
	switch {
	case g.chance(0.02) && g.last != nil:
		p.Phone, h.shared, g.last.shared = g.last.phone, true, true
	case g.chance(0.01) && h.perMonth == 0: // no phone known
	default:
		// 7919 has no divisor in common with 10 million, so every number comes once.
		p.Phone = fmt.Sprintf("600%07d", (uint64(g.phones)*7919+g.opt.Seed*104_729)%10_000_000)
		g.phones++
		g.last = h
	}
	h.person, h.nameHi, h.nameEn, h.phone = p.ID, n.Hi, n.En, p.Phone
	b.people = append(b.people, p)
}

func first(holders []*holder) *holder {
	if len(holders) == 0 {
		return nil
	}
	return holders[0]
}

// silence deals which bodies of a kind are silent: three of every twenty.
func (g *generator) silence(kind string) bool {
	deck := g.decks[kind]
	if len(deck) == 0 {
		deck = make([]bool, 20)
		deck[0], deck[1], deck[2] = true, true, true
		g.r.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	}
	g.decks[kind] = deck[1:]
	return deck[0]
}
