// Package orgtest makes a small register for tests: an invented state with two
// districts, on the roles, acts and duties of the reference pack.
//
//	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
//		fx := orgtest.Small(t, u)
//		by := fx.Actor("poorab.president")
//	})
//
// Everything has a short name:
//
//	state                           state.incharge .president .desk .gs
//	  poorab  pachhim               .president .gs .sec1 .sec2   (a third secretary's seat is vacant)
//	    nadi tila    bargad neem    .president .sec1 .sec2       (a general secretary's seat is not known)
//	      kuan (mandal of nadi)     .president
//	        booth1 booth2 booth3    booth1.agent; booth2's seat vacant, booth3's not known
//	  kisan (cell)                  .convenor
//	    kisan-poorab kisan-pachhim  .convenor
//
// Areas: surya (the state), dist-poorab, dist-pachhim, block-nadi ..., mandal-kuan,
// booth1 ..., seats ac-1 and ac-2 (assembly), pc-1 (loksabha). All is held since Start.
package orgtest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"sangathan/access"
	"sangathan/activity"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
	"sangathan/pack"
	"sangathan/review"
)

// Start is the day from which every membership of the fixture runs; the unit's
// clock must stand later.
const Start = "2025-01-15"

// Fixture is the small register in a unit.
type Fixture struct {
	Unit    *db.Unit
	t       testing.TB
	names   map[string]bool // organizations and areas
	members map[string]bool // "nadi.president"
	people  int
}

// Small loads the small register into the empty unit u. When the test ends, every
// figure of the unit is compared with a recount.
func Small(t testing.TB, u *db.Unit) *Fixture {
	t.Helper()
	f := &Fixture{Unit: u, t: t}
	err := u.Bulk(t.Context(), func(tx *db.Tx) error {
		f.names, f.members, f.people = map[string]bool{}, map[string]bool{}, 0
		p := Pack()
		if err := org.LoadPack(tx, p); err != nil {
			return err
		}
		if err := activity.LoadKinds(tx, p); err != nil {
			return err
		}
		l, err := org.NewLoader(tx)
		if err != nil {
			return err
		}
		if err := f.load(l); err != nil {
			return err
		}
		if err := l.Close(); err != nil {
			return err
		}
		c, err := review.Recount(tx)
		if err != nil {
			return err
		}
		return c.Store(tx)
	})
	if err != nil {
		t.Fatal("orgtest: ", err)
	}
	t.Cleanup(f.talliesRight)
	f.write(func(tx *db.Tx) error {
		for name := range f.members {
			if _, err := access.AccountOf(tx, "p-"+name); err != nil {
				return err
			}
		}
		return nil
	})
	return f
}

// Counted stores a recount in the tallies, after rows were put in by hand or loader.
func (f *Fixture) Counted() {
	f.t.Helper()
	err := f.Unit.Bulk(context.Background(), func(tx *db.Tx) error {
		c, err := review.Recount(tx)
		if err != nil {
			return err
		}
		return c.Store(tx)
	})
	if err != nil {
		f.t.Fatal("orgtest: ", err)
	}
}

// talliesRight fails the test when a figure differs from a recount of its rows.
func (f *Fixture) talliesRight() {
	err := f.Unit.Read(context.Background(), func(tx *db.Tx) error {
		c, err := review.Recount(tx)
		if err != nil {
			return err
		}
		told, n, err := c.Differ(tx, 5)
		if n > 0 {
			f.t.Errorf("%d figures differ from a recount: %s", n, strings.Join(told, "; "))
		}
		return err
	})
	if err != nil && !fault.Is(err, fault.Unavailable) { // a test may have closed its unit
		f.t.Error("orgtest: ", err)
	}
}

// Pack is the reference pack with the invented state's areas in place of its own.
func Pack() *pack.Pack { return small() }

var small = sync.OnceValue(func() *pack.Pack {
	p := *pack.UttarPradesh()
	p.ID, p.NameHi, p.NameEn, p.Root = "surya", "सूर्य प्रदेश", "Surya Pradesh", "surya"
	p.Areas = nil
	add := func(id, kind, hi, en string, number int, parents map[string]string) {
		p.Areas = append(p.Areas, pack.Area{ID: id, Kind: kind, NameHi: hi, NameEn: en, Number: number, Parents: parents})
	}
	add("surya", "state", "सूर्य प्रदेश", "Surya Pradesh", 0, nil)
	add("pc-1", "loksabha", "सूर्यपुर", "Suryapur", 1, map[string]string{org.Electoral: "surya"})
	for i, d := range [][4]string{{"poorab", "पूरब गंज", "Poorab Ganj", "नदी पार"}, {"pachhim", "पछिम गंज", "Pachhim Ganj", "टीला नगर"}} {
		add("dist-"+d[0], "district", d[1], d[2], 0, map[string]string{org.Administrative: "surya", org.Territorial: "surya"})
		add(fmt.Sprintf("ac-%d", i+1), "assembly", d[3], []string{"Nadi Paar", "Tila Nagar"}[i], i+1,
			map[string]string{org.Electoral: "pc-1", org.Administrative: "dist-" + d[0]})
	}
	for _, b := range [][4]string{{"nadi", "नदी गाँव", "Nadi Gaon", "poorab"}, {"tila", "टीला", "Tila", "poorab"},
		{"bargad", "बरगद", "Bargad", "pachhim"}, {"neem", "नीम टोला", "Neem Tola", "pachhim"}} {
		add("block-"+b[0], "block", b[1], b[2], 0, map[string]string{org.Administrative: "dist-" + b[3], org.Territorial: "dist-" + b[3]})
	}
	add("mandal-kuan", "mandal", "कुआँ", "Kuan", 0, map[string]string{org.Territorial: "block-nadi"})
	for i := range 3 {
		add(fmt.Sprintf("booth%d", i+1), "booth", fmt.Sprintf("प्राथमिक विद्यालय कुआँ %d", i+1), fmt.Sprintf("Primary School Kuan %d", i+1), i+1,
			map[string]string{org.Electoral: "ac-1", org.Territorial: "mandal-kuan"})
	}
	return &p
})

func (f *Fixture) load(l *org.Loader) error {
	for _, a := range small().Areas {
		f.names[a.ID] = true
	}
	body := func(id, kind, hi, en, parent, area, unit string) error {
		f.names[id] = true
		_, err := l.Organization(org.Organization{ID: org.OrganizationID(id), Kind: kind, NameHi: hi, NameEn: en, Parent: org.OrganizationID(parent),
			Area: org.AreaID(area), Unit: org.OrganizationID(unit), RegisterOpen: kind == "block_committee"})
		return err
	}
	// A holder is told by the last part of the name; "-" is a vacant seat, "?" one not known.
	post := func(body, role, area string, holders ...string) error {
		p := org.Post{ID: org.PostID("t-" + body + "." + role + area), Organization: org.OrganizationID(body), Role: org.RoleID(role), Area: org.AreaID(area)}
		for i, h := range holders {
			seat := org.SeatFill{ID: org.SeatID(fmt.Sprintf("s-%s.%s%s.%d", body, role, area, i+1)), Source: "सूची", SourceDay: Start}
			switch h {
			case "-":
				seat.Vacant, seat.Since = true, Start
			case "?":
			default:
				name := body + "." + h
				if area != "" {
					name = area + "." + h
				}
				if err := l.Person(f.person(name)); err != nil {
					return err
				}
				f.members[name] = true
				seat.ID, seat.Person, seat.Membership, seat.FromDay = org.SeatID("s-"+name), org.PersonID("p-"+name), org.MembershipID("m-"+name), Start
			}
			p.Seats = append(p.Seats, seat)
		}
		return l.Post(p)
	}
	steps := []error{
		body("state", "state_unit", "सूर्य प्रदेश इकाई", "Surya Pradesh unit", "", "surya", ""),
		post("state", "state_incharge", "", "incharge"),
		post("state", "state_president", "", "president"),
		post("state", "general_secretary", "", "gs"),
		post("state", "desk", "", "desk"),
		body("kisan", "cell", "किसान प्रकोष्ठ", "Farmers' cell", "state", "surya", ""),
		post("kisan", "cell_convenor", "", "convenor"),
	}
	for _, d := range [][3]string{{"poorab", "पूरब गंज", "Poorab Ganj"}, {"pachhim", "पछिम गंज", "Pachhim Ganj"}} {
		steps = append(steps,
			body(d[0], "district_unit", "जिला "+d[1], d[2]+" district", "state", "dist-"+d[0], ""),
			post(d[0], "district_president", "", "president"),
			post(d[0], "district_general_secretary", "", "gs"),
			post(d[0], "district_secretary", "", "sec1", "sec2", "-"),
			body("kisan-"+d[0], "cell_district", "किसान प्रकोष्ठ "+d[1], "Farmers' cell "+d[2], "kisan", "dist-"+d[0], d[0]),
			post("kisan-"+d[0], "cell_district_convenor", "", "convenor"))
	}
	for _, b := range [][4]string{{"nadi", "नदी गाँव", "Nadi Gaon", "poorab"}, {"tila", "टीला", "Tila", "poorab"},
		{"bargad", "बरगद", "Bargad", "pachhim"}, {"neem", "नीम टोला", "Neem Tola", "pachhim"}} {
		steps = append(steps,
			body(b[0], "block_committee", b[1]+" ब्लॉक कमेटी", b[2]+" block committee", b[3], "block-"+b[0], ""),
			post(b[0], "block_president", "", "president"),
			post(b[0], "block_general_secretary", "", "?"),
			post(b[0], "block_secretary", "", "sec1", "sec2"))
	}
	steps = append(steps,
		body("kuan", "mandal_committee", "कुआँ मंडल कमेटी", "Kuan mandal committee", "nadi", "mandal-kuan", ""),
		post("kuan", "mandal_president", "", "president"),
		post("kuan", "booth_agent", "booth1", "agent"),
		post("kuan", "booth_agent", "booth2", "-"),
		post("kuan", "booth_agent", "booth3", "?"))
	for _, err := range steps {
		if err != nil {
			return err
		}
	}
	return nil
}

// person invents whoever is to hold a post.
func (f *Fixture) person(name string) org.NewPerson {
	first := [][2]string{{"मोहन", "Mohan"}, {"सीमा", "Seema"}, {"रफीक", "Rafiq"}, {"गीता", "Geeta"}, {"हरीश", "Harish"}, {"शबाना", "Shabana"}, {"दीपक", "Deepak"}}
	last := [][2]string{{"वर्मा", "Verma"}, {"यादव", "Yadav"}, {"अंसारी", "Ansari"}, {"पाल", "Pal"}, {"मिश्रा", "Mishra"}}
	a, b := first[f.people%len(first)], last[f.people%len(last)]
	f.people++
	return org.NewPerson{ID: org.PersonID("p-" + name), NameHi: a[0] + " " + b[0], NameEn: a[1] + " " + b[1],
		Phone: fmt.Sprintf("90000%05d", f.people)}
}

// Org gives the id of an organization by its short name.
func (f *Fixture) Org(name string) org.OrganizationID {
	f.known(f.names, name)
	return org.OrganizationID(name)
}

// Area gives the id of an area by its short name.
func (f *Fixture) Area(name string) org.AreaID { f.known(f.names, name); return org.AreaID(name) }

// Person gives the id of the holder of a post such as "nadi.president".
func (f *Fixture) Person(name string) org.PersonID {
	f.known(f.members, name)
	return org.PersonID("p-" + name)
}

// Member gives the id of the membership in a post such as "nadi.president".
func (f *Fixture) Member(name string) org.MembershipID {
	f.known(f.members, name)
	return org.MembershipID("m-" + name)
}

// Seat gives the id of the seat that a holder such as "nadi.president" has.
func (f *Fixture) Seat(name string) org.SeatID {
	f.known(f.members, name)
	return org.SeatID("s-" + name)
}

// VacantSeat gives a vacant seat of a role in an organization: the third
// district secretary's, or booth2's agent ("kuan", "booth_agent").
func (f *Fixture) VacantSeat(body, role string) (id org.SeatID) {
	f.t.Helper()
	f.read(func(tx *db.Tx) error {
		s, err := tx.Text(`select id from seat where organization_id = $1 and role_id = $2 and state = 'vacant' order by id limit 1`, body, role)
		id = org.SeatID(s)
		return err
	})
	if id == "" {
		f.t.Fatalf("orgtest: no vacant seat of a %s in %s", role, body)
	}
	return id
}

// Actor opens the holder of a post such as "nadi.president" under that post, with
// what it permits now: nothing when it has ended. "nobody" is not signed in.
func (f *Fixture) Actor(name string) (a access.Actor) {
	f.t.Helper()
	if name == "nobody" {
		return access.Actor{}
	}
	f.known(f.members, name)
	f.read(func(tx *db.Tx) error {
		account, err := tx.Text(`select id from account where person_id = $1`, "p-"+name)
		if err != nil {
			return err
		}
		a, err = access.ActorOf(tx, account, "p-"+name, "m-"+name)
		return err
	})
	return a
}

// Names lists the short names of all holders that begin with prefix.
func (f *Fixture) Names(prefix string) (names []string) {
	for name := range f.members {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	return names
}

func (f *Fixture) known(all map[string]bool, name string) {
	f.t.Helper()
	if !all[name] {
		f.t.Fatalf("orgtest: nothing is called %q", name)
	}
}

func (f *Fixture) write(fn func(*db.Tx) error) {
	f.t.Helper()
	if err := f.Unit.Write(f.t.Context(), fn); err != nil {
		f.t.Fatal("orgtest: ", err)
	}
}

func (f *Fixture) read(fn func(*db.Tx) error) {
	f.t.Helper()
	if err := f.Unit.Read(f.t.Context(), fn); err != nil {
		f.t.Fatal("orgtest: ", err)
	}
}
