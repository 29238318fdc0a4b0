package access_test

import (
	"testing"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/org"
)

// Who sees which body, and who may confirm there: written by hand from the pack.
func TestI1_WhoSeesWhat(t *testing.T) {
	bodies := []string{"state", "kisan", "poorab", "pachhim", "kisan-poorab", "kisan-pachhim", "nadi", "tila", "bargad", "neem", "kuan"}
	policy := map[string]struct{ sees, confirms string }{
		"nobody":                {"", ""},
		"booth1.agent":          {"state poorab nadi kuan", ""}, // the own body and those above it
		"nadi.sec1":             {"state poorab nadi", ""},
		"kuan.president":        {"state poorab nadi kuan", "kuan"},
		"nadi.president":        {"state poorab nadi kuan", "nadi kuan"},
		"poorab.sec1":           {"state poorab", ""},
		"poorab.president":      {"state poorab kisan-poorab nadi tila kuan", "poorab kisan-poorab nadi tila kuan"},
		"kisan.convenor":        {"state kisan kisan-poorab kisan-pachhim", "kisan kisan-poorab kisan-pachhim"},
		"kisan-poorab.convenor": {"state kisan kisan-poorab", ""},
		"state.desk":            {"state kisan poorab pachhim kisan-poorab kisan-pachhim nadi tila bargad neem kuan", ""},
		"state.incharge": {"state kisan poorab pachhim kisan-poorab kisan-pachhim nadi tila bargad neem kuan",
			"state kisan poorab pachhim kisan-poorab kisan-pachhim nadi tila bargad neem kuan"},
	}
	each(t, func(o office) {
		for who, want := range policy {
			by := o.Actor(who)
			sees, confirms := "", ""
			o.must(func(tx *db.Tx) error {
				for _, name := range bodies {
					body, err := org.Lookup(tx, o.Org(name))
					if err != nil {
						return err
					}
					_, seen := org.GetOrganization(tx, by, body.ID)
					may := by.Check(access.ConfirmActivity, body.Target(""))
					switch {
					case seen == nil:
						sees += " " + name
						if may != nil {
							o.want(may, fault.Forbidden, "access.forbidden.confirm_activity")
						}
					case who == "nobody":
						o.want(seen, fault.Unauthorized, "access.sign_in")
						o.want(may, fault.Unauthorized, "access.sign_in")
					default: // exactly as what does not exist
						_, absent := org.GetOrganization(tx, by, "no-such-body")
						if keyOf(seen) != keyOf(absent) || fault.KindOf(seen) != fault.KindOf(absent) {
							o.Errorf("%s: hidden %v, absent %v", who, seen, absent)
						}
						o.want(may, fault.NotFound, "fault.not_found")
					}
					if may == nil {
						confirms += " " + name
					}
				}
				return nil
			})
			if sees != pad(want.sees) || confirms != pad(want.confirms) {
				o.Errorf("%s sees%s and confirms in%s, want%s and%s", who, sees, confirms, pad(want.sees), pad(want.confirms))
			}
		}
	})
}

func pad(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

// A list asks by ReachOf what a single look asks by May: the two agree everywhere.
func TestI1_ListsReachWhatSingleLooksReach(t *testing.T) {
	each(t, func(o office) {
		o.must(func(tx *db.Tx) error {
			bodies, err := db.Select(tx, `select id from organization order by path`, nil, db.One[org.OrganizationID])
			if err != nil {
				return err
			}
			asked, held := 0, 0
			for _, who := range append(o.Names(""), "nobody") {
				by := o.Actor(who)
				for _, act := range access.Acts {
					r := by.ReachOf(act)
					listed, err := db.Select(tx, `select o.id from organization o
						where o.path >= $1 and o.path < $2 or o.area_path >= $3 and o.area_path < $4`,
						[]any{r.OrgFrom, r.OrgTo, r.AreaFrom, r.AreaTo}, db.One[org.OrganizationID])
					if err != nil {
						return err
					}
					in := map[org.OrganizationID]bool{}
					for _, id := range listed {
						in[id] = true
					}
					for _, id := range bodies {
						body, err := org.Lookup(tx, id)
						if err != nil {
							return err
						}
						may := by.May(act, body.Target(""))
						if asked++; may {
							held++
						}
						if may != in[id] {
							o.Errorf("%s %s %s: alone %v, in a list %v", who, act, id, may, in[id])
						}
					}
				}
			}
			if held == 0 || held == asked {
				o.Errorf("%d of %d permitted: the test sees nothing", held, asked)
			}
			return nil
		})
		op := access.Operator()
		o.must(func(tx *db.Tx) error {
			body, err := org.Lookup(tx, "kuan")
			if !op.May(access.Admin, body.Target("")) || !op.Sees(body.Target("")) || op.ReachOf(access.Admin).OrgTo == "" {
				o.Error("the operator is refused")
			}
			return err
		})
	})
}

// People are found inside one's reach only; numbers are shown where contacts may be seen.
func TestI1_PeopleInsideReachOnly(t *testing.T) {
	each(t, func(o office) {
		o.must(func(tx *db.Tx) error {
			seen := func(who, whom string) bool {
				_, err := org.GetPerson(tx, o.Actor(who), o.Person(whom))
				if err != nil {
					o.want(err, fault.NotFound, "fault.not_found")
				}
				return err == nil
			}
			for pair, want := range map[[2]string]bool{
				{"poorab.president", "kuan.president"}:        true,
				{"poorab.president", "kisan-poorab.convenor"}: true, // the second line: by territory
				{"kisan.convenor", "kisan-poorab.convenor"}:   true, // and by the cell
				{"kisan.convenor", "poorab.president"}:        false,
				{"poorab.president", "pachhim.president"}:     false,
				{"poorab.president", "neem.sec1"}:             false,
				{"booth1.agent", "nadi.president"}:            true, // names above are known below
				{"booth1.agent", "tila.president"}:            false,
				{"booth1.agent", "booth1.agent"}:              true,
			} {
				if seen(pair[0], pair[1]) != want {
					o.Errorf("%s sees %s: %v", pair[0], pair[1], !want)
				}
			}
			phones := func(who, whom string) int {
				p, err := org.GetPerson(tx, o.Actor(who), o.Person(whom))
				if err != nil {
					o.Error(err)
				}
				return len(p.Phones)
			}
			if phones("poorab.president", "nadi.sec1") != 1 || phones("booth1.agent", "nadi.president") != 0 || phones("booth1.agent", "booth1.agent") != 1 {
				o.Error("phones")
			}
			number := o.phoneIn(tx, "neem.sec1")
			for who, want := range map[string]int{"state.desk": 1, "pachhim.president": 1, "poorab.president": 0, "booth1.agent": 0} {
				for _, text := range []string{number, string(o.Person("neem.sec1"))} {
					found, _, err := org.FindPeople(tx, o.Actor(who), text, db.First(10))
					if err != nil || len(found) != want {
						o.Errorf("%s finds %q: %v, %v", who, text, found, err)
					}
				}
			}
			for _, text := range []string{"", "  ", "!?", "।"} {
				if found, _, err := org.FindPeople(tx, o.Actor("state.desk"), text, db.First(10)); err != nil || len(found) != 0 {
					o.Errorf("%q finds %d, %v", text, len(found), err)
				}
			}
			if found, _, err := org.FindPeople(tx, o.Actor("state.desk"), "mohan v", db.First(50)); err != nil || len(found) == 0 {
				o.Errorf("mohan: %v, %v", found, err)
			}
			return nil
		})
	})
}
