package demo

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"sangathan/org"
	"sangathan/pack"
)

// unitPlan is the territory of one district or city unit: some seats of a district
// with their booths, cut into mandals, and those gathered into blocks.
type unitPlan struct {
	district       *pack.Area
	kind           string // district_unit, city_unit
	area           org.AreaID
	areaHi, areaEn string
	nameHi, nameEn string
	whole          bool // the unit has the whole district, whose own area is its territory
	seats          []*seatPlan
	blocks         []*blockPlan
}

type seatPlan struct {
	area   *pack.Area
	booths []boothPlan
}

type boothPlan struct {
	area           org.AreaID
	seat           *pack.Area
	number         int
	nameHi, nameEn string
}

// blockPlan is a block: of the pack, or a part of a city in its place.
type blockPlan struct {
	area           org.AreaID
	inPack         bool
	areaHi, areaEn string
	mandals        [][]boothPlan // each within one seat
}

// cities are the districts whose city has a municipal corporation, and so a unit of its own.
var cities = strings.Fields(`dist-agra dist-aligarh dist-ayodhya dist-bareilly dist-firozabad dist-ghaziabad dist-gorakhpur dist-jhansi
	dist-kanpurnagar dist-lucknow dist-mathura dist-meerut dist-moradabad dist-prayagraj dist-saharanpur dist-shahjahanpur dist-varanasi`)

const (
	towns  = 24 // further districts, the largest, whose town has a unit of its own
	splits = 17 // districts, the largest, whose rest is divided into two units: with the cities 58 units more than districts
	zones  = 9  // parts of a city in place of blocks
)

// plan divides the districts into units, the seats into booths and mandals, and
// gathers the mandals into blocks.
func (g *generator) plan() (units []*unitPlan) {
	var districts []*pack.Area
	seats, blocks := map[string][]*seatPlan{}, map[string][]*pack.Area{}
	var all []*seatPlan
	for i := range g.pack.Areas {
		a := &g.pack.Areas[i]
		district := a.Parents["administrative"]
		switch {
		case a.Kind == "district" && (g.size.districts == nil || slices.Contains(g.size.districts, a.ID)):
			districts = append(districts, a)
		case a.Kind == "assembly" && (g.size.districts == nil || slices.Contains(g.size.districts, district)):
			s := &seatPlan{area: a}
			seats[district], all = append(seats[district], s), append(all, s)
		case a.Kind == "block":
			blocks[district] = append(blocks[district], a)
		}
	}
	slices.SortFunc(all, func(a, b *seatPlan) int { return a.area.Number - b.area.Number })
	g.fillSeats(all)

	bySize := slices.Clone(districts)
	slices.SortStableFunc(bySize, func(a, b *pack.Area) int { return cmp.Compare(len(seats[b.ID]), len(seats[a.ID])) })
	kind, divided := map[string]string{}, map[string]bool{}
	town := 0
	for i, d := range bySize {
		divided[d.ID] = i < splits && len(seats[d.ID]) >= 7
		switch {
		case slices.Contains(cities, d.ID):
			kind[d.ID] = "city"
		case town < towns && len(seats[d.ID]) >= 3 && g.size.districts == nil:
			kind[d.ID] = "town"
			town++
		}
	}
	for _, d := range districts {
		for _, u := range divide(d, seats[d.ID], blocks[d.ID], kind[d.ID], divided[d.ID]) {
			u.gather()
			units = append(units, u)
		}
	}
	return units
}

// fillSeats gives every seat its booths: the real ones, or invented ones whose
// numbers differ from seat to seat and come to exactly the wanted sum.
func (g *generator) fillSeats(seats []*seatPlan) {
	if g.booths != nil {
		for _, s := range seats {
			for _, b := range g.booths[s.area.Number] {
				s.booths = append(s.booths, boothPlan{seat: s.area, number: b.number, nameHi: b.name, nameEn: b.name})
			}
		}
	} else {
		mean := float64(g.size.booths) / float64(len(seats))
		low, high := int(mean*0.57), int(mean*1.36) // 250 to 600 of 440
		numbers, sum := make([]int, len(seats)), 0
		for i := range seats {
			numbers[i] = min(max(int(math.Round(mean*(1+0.16*g.r.NormFloat64()))), low), high)
			sum += numbers[i]
		}
		for sum != g.size.booths {
			i := g.r.IntN(len(seats))
			if sum < g.size.booths && numbers[i] < high {
				numbers[i]++
				sum++
			} else if sum > g.size.booths && numbers[i] > low {
				numbers[i]--
				sum--
			}
		}
		for i, s := range seats {
			s.booths = make([]boothPlan, numbers[i])
			for n := range s.booths {
				hi, en := boothName(g.r)
				s.booths[n] = boothPlan{seat: s.area, number: n + 1, nameHi: hi, nameEn: en}
			}
		}
	}
	for _, s := range seats {
		for i := range s.booths {
			s.booths[i].area = org.AreaID(fmt.Sprintf("booth-%d-%d", s.area.Number, s.booths[i].number))
		}
	}
}

// divide makes the units of a district: one, or a city's and the rest's, the rest
// in two where the district is large.
func divide(d *pack.Area, seats []*seatPlan, blocks []*pack.Area, city string, divided bool) (units []*unitPlan) {
	unit := func(suffix, kind, areaHi, areaEn, nameHi, nameEn string, seats []*seatPlan) *unitPlan {
		u := &unitPlan{district: d, kind: kind, area: org.AreaID("unit-" + strings.TrimPrefix(d.ID, "dist-") + suffix),
			areaHi: areaHi, areaEn: areaEn, nameHi: nameHi, nameEn: nameEn, seats: seats}
		units = append(units, u)
		return u
	}
	rest := slices.Clone(seats)
	slices.SortFunc(rest, func(a, b *seatPlan) int { return a.area.Number - b.area.Number })
	if city != "" {
		urban := slices.Clone(rest)
		slices.SortStableFunc(urban, func(a, b *seatPlan) int { return cmp.Compare(urbanity(b), urbanity(a)) })
		urban = urban[:max(1, len(rest)/3)]
		rest = slices.DeleteFunc(rest, func(s *seatPlan) bool { return slices.Contains(urban, s) })
		hi, en := d.NameHi+" महानगर", d.NameEn+" Mahanagar"
		if city == "town" {
			hi, en = d.NameHi+" नगर", d.NameEn+" Nagar"
		}
		u := unit("-city", "city_unit", hi, en, hi+" इकाई", en+" Unit", urban)
		for n := 1; n <= zones; n++ {
			u.blocks = append(u.blocks, &blockPlan{area: org.AreaID(fmt.Sprintf("%s-%d", u.area, n)),
				areaHi: fmt.Sprintf("%s क्षेत्र %d", hi, n), areaEn: fmt.Sprintf("%s Zone %d", en, n)})
		}
	}
	if divided && len(rest) >= 2 {
		half, blockHalf := len(rest)/2, len(blocks)/2
		first := unit("-east", "district_unit", d.NameHi+" पूर्वी", d.NameEn+" East", d.NameHi+" जिला इकाई (पूर्वी)", d.NameEn+" District Unit (East)", rest[:half])
		second := unit("-west", "district_unit", d.NameHi+" पश्चिमी", d.NameEn+" West", d.NameHi+" जिला इकाई (पश्चिमी)", d.NameEn+" District Unit (West)", rest[half:])
		first.blocks, second.blocks = packBlocks(blocks[:blockHalf]), packBlocks(blocks[blockHalf:])
		return units
	}
	u := unit("", "district_unit", d.NameHi+" जिला", d.NameEn+" District", d.NameHi+" जिला इकाई", d.NameEn+" District Unit", rest)
	u.blocks = packBlocks(blocks)
	if city == "" {
		u.whole, u.area = true, org.AreaID(d.ID)
	}
	return units
}

// urbanity says how much a seat's name tells of a city.
func urbanity(s *seatPlan) int {
	for _, word := range []string{"Nagar", "City", "Cantt", "Urban", "Sahar", "North", "South", "East", "West", "Central"} {
		if strings.Contains(s.area.NameEn, word) {
			return 1
		}
	}
	return 0
}

func packBlocks(blocks []*pack.Area) (out []*blockPlan) {
	for _, b := range blocks {
		out = append(out, &blockPlan{area: org.AreaID(b.ID), inPack: true, areaHi: b.NameHi, areaEn: b.NameEn})
	}
	return out
}

// gather cuts each seat into mandals of 20 to 25 booths and deals them to the
// blocks, neighbours together.
func (u *unitPlan) gather() {
	var mandals [][]boothPlan
	for _, s := range u.seats {
		n := max(1, (len(s.booths)+24)/25, int(math.Round(float64(len(s.booths))/22.5)))
		for i := range n {
			if m := s.booths[i*len(s.booths)/n : (i+1)*len(s.booths)/n]; len(m) > 0 {
				mandals = append(mandals, m)
			}
		}
	}
	for i, b := range u.blocks {
		b.mandals = mandals[i*len(mandals)/len(u.blocks) : (i+1)*len(mandals)/len(u.blocks)]
	}
}
