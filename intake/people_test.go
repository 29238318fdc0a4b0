package intake_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sangathan/access"
	"sangathan/intake"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"
	"sangathan/orgtest"
)

// posts gives who stands where as "role in body: name phone", sorted.
func posts(t testing.TB, u *db.Unit, body string) (all []string) {
	t.Helper()
	err := u.Read(t.Context(), func(tx *db.Tx) (err error) {
		all, err = db.Select(tx, `select s.role_id || ' in ' || o.name_hi || ': ' || coalesce(p.name_hi, s.state) || coalesce(' ' || f.number, '')
			from seat s join organization o on o.id = s.organization_id left join membership m on m.id = s.membership_id
				left join person p on p.id = m.person_id left join phone f on f.person_id = p.id where o.id = $1 or o.name_hi = $1`, []any{body}, db.One[string])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// An untidy list of people in a district: half rows, misspelt posts, a number that
// another has, somebody who is there already with a new number, a post that is taken.
const untidyPeople = `पदाधिकारी सूची - जिला पूरब गंज,,,,
जिला,ब्लॉक,नाम,पद,मोबाइल
पूरब गंज,,विमला देवी,जिला उपाध्यक्ष,९००००-११०११
पूरब गंज,,Arun Kumar,उपाध्यक्ष,+91 90000 11012
पूरब गंज,,ljkst flag,जिला सचिव,
Poorab Ganj,टीला,नसीम बानो,सचिव,9000011014
पूरब गंज,टीला,नसीम बानो,सचिव,9000011014
पूरब गंज,नदी गाँव,कोई और,ब्लॉक अध्यक्ष,
पूरब गज,,नाम एक,जिला सचिव,
पूरब गंज,,नाम दो,जिला सचीव,123
पूरब गंज,,,जिला सचिव,9000011015
योग,,8,,
पूरब गंज,,मीना जोशी,जिला प्रवक्ता,9000011011
`

func TestA1_LoadsAnUntidyListOfPeople(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		fx := orgtest.Small(t, u)
		desk := fx.Actor("state.desk")
		write(t, u, func(tx *db.Tx) error { // lists tell the posts until the register has been gone through
			_, err := tx.Exec(`update organization set register_open = true where kind = 'district_unit'`)
			return err
		})
		before := register(t, u)
		l := send(t, u, desk, intake.Input{Kind: intake.People, Source: "जिला सूची"}, untidyPeople)
		want := []string{"8 role:intake.seat_taken", "9 district:intake.unknown_place_near", "10 role:intake.unknown_role_near phone:org.bad_phone", "11 name:org.name_missing"}
		if got := told(t, u, l.ID, "faulty"); !reflect.DeepEqual(got, want) {
			t.Errorf("faulty: %q", got)
		}
		if got, want := told(t, u, l.ID, "doubtful"), []string{"13 phone:intake.phone_in_list"}; !reflect.DeepEqual(got, want) {
			t.Errorf("doubtful: %q", got)
		}
		if l.Counts != (intake.Counts{Added: 5, Kept: 1, Faulty: 4, Doubtful: 1}) {
			t.Fatalf("%+v", l.Counts)
		}
		if l = load(t, u, desk, l.ID); l.State != intake.Loaded {
			t.Fatalf("%s %+v", l.State, l.Fault)
		}
		got := strings.Join(posts(t, u, "poorab"), "; ")
		for _, want := range []string{"district_vice_president in जिला पूरब गंज: विमला देवी 9000011011", "district_vice_president in जिला पूरब गंज: Arun Kumar 9000011012",
			"district_secretary in जिला पूरब गंज: सरोज सिंह", "district_spokesperson in जिला पूरब गंज: मीना जोशी 9000011011"} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is not in %s", want, got)
			}
		}
		if got := strings.Count(strings.Join(posts(t, u, "tila"), "; "), "नसीम बानो"); got != 1 {
			t.Errorf("नसीम बानो stands %d times", got)
		}
		write(t, u, func(tx *db.Tx) error {
			n, err := tx.Int(`select count(*) from membership where begun_by = 'as_found' and source = 'जिला सूची' and source_day = $1 and standing = 'told'`, tx.Today())
			if err == nil && n != 5 {
				t.Errorf("%d memberships as found", n)
			}
			return err
		})

		// Somebody who is there, with a new number.
		more := send(t, u, desk, intake.Input{Kind: intake.People}, "नाम,पद,जिला,मोबाइल\nसरोज सिंह,जिला सचिव,पूरब गंज,9000011099\nविमला देवी,जिला उपाध्यक्ष,पूरब गंज,9000011011\n")
		if more.Counts != (intake.Counts{Changed: 1, Kept: 1}) {
			t.Errorf("%+v %q", more.Counts, told(t, u, more.ID, "faulty"))
		}
		more = load(t, u, desk, more.ID)
		// The first list cannot go while... its people stand alone, so only the number stands on it.
		if more = undo(t, u, desk, more.ID); more.State != intake.Undone {
			t.Error(more.State, more.Fault)
		}
		if l = undo(t, u, desk, l.ID); l.State != intake.Undone {
			t.Error(l.State, l.Fault)
		}
		if after := register(t, u); after != before {
			t.Error("undone, the register differs")
		}
	})
}

// What is pasted out of a chat, in any order and with any separator, into an empty unit:
// the bodies and posts are made.
const chat = `[22/11/26, 4:05:11 PM] कार्यालय: जिलाध्यक्षों की सूची नीचे है
जिला - नाम - मोबाइल
1. गोरखपुर - मोहन वर्मा - 9000012001
2) सीमा पाल, देवरिया, 90000 12002
९०००० १२००३ | हरीश यादव | कुशीनगर
22/11/26, 4:05 pm - दीपक मिश्रा: महराजगंज: रफीक अंसारी
बस्ती गीता पाल 9000012005
अज्ञातपुर - कोई - 9000012006
गोरखपूर - सोना देवी - 9000012007
आगरा - मीना खान - 900001200
`

func TestA1_PastedChatFillsAnEmptyUnit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		write(t, u, loadPack)
		by := access.Operator()
		l := send(t, u, by, intake.Input{Kind: intake.People, Source: "चैट", Fixed: map[string]string{"role": "जिलाध्यक्ष"}}, chat)
		if l.State != intake.Checked || l.Added != 5 || !reflect.DeepEqual(told(t, u, l.ID, "faulty"), []string{"8 area:intake.place_missing", "9 district:intake.unknown_place_near", "10 phone:org.bad_phone"}) {
			t.Fatalf("%s %+v %+v %q", l.State, l.Counts, l.Fault, told(t, u, l.ID, "faulty"))
		}
		load(t, u, by, l.ID)
		for body, want := range map[string]string{"जिला गोरखपुर": "मोहन वर्मा 9000012001", "जिला देवरिया": "सीमा पाल 9000012002", "जिला कुशीनगर": "हरीश यादव 9000012003",
			"जिला महराजगंज": "रफीक अंसारी", "जिला बस्ती": "गीता पाल 9000012005"} {
			if got := posts(t, u, body); len(got) != 1 || got[0] != "district_president in "+body+": "+want {
				t.Errorf("%s: %q", body, got)
			}
		}
		// Blocks of a district hang under its body; posts without holders are not known.
		posted := send(t, u, by, intake.Input{Kind: intake.Posts}, "जिला,ब्लॉक,पद,सीटें\nगोरखपुर,पिपराइच,अध्यक्ष,\nगोरखपुर,पिपराइच,ब्लॉक सचिव,४\nगोरखपुर,,जिला महासचिव,3\nगोरखपुर,,जिला महासचिव,3\nगोरखपुर,,जिलाध्यक्ष,2\n")
		if posted.Counts != (intake.Counts{Added: 3, Kept: 1, Faulty: 1}) {
			t.Fatalf("%+v %q", posted.Counts, told(t, u, posted.ID, "faulty"))
		}
		if posted = load(t, u, by, posted.ID); posted.State != intake.Loaded {
			t.Fatal(posted.State, posted.Fault)
		}
		if got := posts(t, u, "पिपराइच ब्लॉक कमेटी"); len(got) != 5 || got[0] != "block_president in पिपराइच ब्लॉक कमेटी: unknown" {
			t.Errorf("%q", got)
		}
		write(t, u, func(tx *db.Tx) error {
			n, err := tx.Int(`select count(*) from organization b join organization d on d.id = b.parent_id where b.kind = 'block_committee' and d.name_hi = 'जिला गोरखपुर' and b.unit_id = d.id`)
			if err == nil && n != 1 {
				t.Error("the block's committee does not stand under its district")
			}
			return err
		})
		undo(t, u, by, posted.ID)
		if l := undo(t, u, by, l.ID); l.State != intake.Undone {
			t.Error(l.State, l.Fault)
		}
	})
}

// The loader and the verbs make the same register of the same rows.
func TestA1_LoaderIsVerb(t *testing.T) {
	rows := [][4]string{{"सरोज सिंह", "9000013001", "district_secretary", "poorab"}, {"Arun Kumar", "", "block_general_secretary", "nadi"}}
	result := func(t *testing.T, u *db.Unit) (all []string) {
		write(t, u, func(tx *db.Tx) (err error) {
			all, err = db.Select(tx, `select p.name_hi || p.name_en || p.sort_key || p.folded || p.gender || coalesce(f.number || f.status, '') || m.organization_id || coalesce(m.unit_id, '')
					|| m.post_id || m.seat_id || m.role_id || m.area_id || m.charge || m.from_day || m.begun_by || m.source || m.source_day || m.standing
					|| s.state || coalesce(s.since, '') || coalesce(s.known_from, '') || g.scope || g.acts
				from membership m join person p on p.id = m.person_id join seat s on s.id = m.seat_id and s.membership_id = m.id
					join access_grant g on g.membership_id = m.id left join phone f on f.person_id = p.id where m.source = 'सूची' and m.from_day <> $1
				order by p.name_hi, g.scope`, []any{orgtest.Start}, db.One[string])
			return err
		})
		return all
	}
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		fx := orgtest.Small(t, u)
		desk := fx.Actor("state.desk")
		var csv strings.Builder
		csv.WriteString("नाम,मोबाइल,पद,इकाई\n")
		for _, r := range rows {
			fmt.Fprintln(&csv, strings.Join(r[:], ","))
		}
		l := send(t, u, desk, intake.Input{Kind: intake.People}, csv.String())
		load(t, u, desk, l.ID)
		byLoader := result(t, u)
		undo(t, u, desk, l.ID)
		write(t, u, func(tx *db.Tx) error {
			for _, r := range rows {
				id, err := org.AddPerson(tx, desk, org.NewPerson{NameHi: r[0], Phone: r[1]})
				if err != nil {
					return err
				}
				seat, err := tx.Text(`select id from seat where organization_id = $1 and role_id = $2 and state <> 'filled' order by id limit 1`, r[3], r[2])
				if err != nil {
					return err
				}
				if _, err := org.AsFound(tx, desk, org.Found{Seat: org.SeatID(seat), Person: id, FromDay: tx.Today(), Source: "सूची", SourceDay: tx.Today()}); err != nil {
					return err
				}
			}
			return nil
		})
		if byVerb := result(t, u); len(byVerb) < 2 || !reflect.DeepEqual(byLoader, byVerb) {
			t.Errorf("loader %q\nverb %q", byLoader, byVerb)
		}
	})
}

// What was done with loaded people since stands in the way of taking the list back.
func TestA1_UndoOfPeopleTellsWhatStandsOnThem(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		fx := orgtest.Small(t, u)
		desk := fx.Actor("state.desk")
		l := send(t, u, desk, intake.Input{Kind: intake.People}, "नाम,पद,इकाई\nसरोज सिंह,district_secretary,poorab\n")
		l = load(t, u, desk, l.ID)
		if l.State != intake.Loaded {
			t.Fatalf("%+v %q", l.Counts, told(t, u, l.ID, "faulty"))
		}
		write(t, u, func(tx *db.Tx) error {
			_, err := tx.Exec(`update membership set standing = 'confirmed' where source = 'सूची' and person_id in (select id from person where name_hi = 'सरोज सिंह')`)
			return err
		})
		err := u.Write(context.Background(), func(tx *db.Tx) error { return intake.Undo(tx, desk, l.ID) })
		if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "intake.built.membership") {
			t.Error(err)
		}
		if text := lang.New(lang.Hi, nil, false).Error(err); !strings.Contains(text, "आगे काम") {
			t.Error(text)
		}
	})
}

// A list whose heads nobody knows: they are no row, the columns are guessed by what is in
// them, and a correction holds for the next list with the same heads.
func TestA1_HeadsThatNobodyKnows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		fx := orgtest.Small(t, u)
		desk := fx.Actor("state.desk")
		const heads = "Karyakarta,Sampark,Zimma,Kahan\n"
		l := send(t, u, desk, intake.Input{Kind: intake.People}, heads+"सोनू जोशी,9000014001,ब्लॉक सचिव,टीला\nमोनू पाल,9000014002,ब्लॉक सचिव,टीला\n")
		if l.Mapping.Columns["sampark"] != "phone" || l.Mapping.Columns["karyakarta"] == "" || len(l.Heads) != 4 || l.Heads[0].Head != "Karyakarta" {
			t.Errorf("%+v %+v", l.Mapping, l.Heads)
		}
		right := intake.Mapping{Columns: map[string]string{"karyakarta": "name", "sampark": "phone", "zimma": "role", "kahan": "area"}, Fixed: map[string]string{"gender": "f"}}
		write(t, u, func(tx *db.Tx) error { return intake.Map(tx, desk, l.ID, right) })
		if err := intake.Run(t.Context(), u, l.ID, nil); err != nil {
			t.Fatal(err)
		}
		if l = get(t, u, l.ID); l.Counts != (intake.Counts{Added: 2}) {
			t.Errorf("%+v %q", l.Counts, told(t, u, l.ID, "faulty"))
		}
		next := send(t, u, desk, intake.Input{Kind: intake.People}, heads+"गीता पाल,9000014003,ब्लॉक सचिव,टीला\n")
		if next.Added != 1 || next.Mapping.Columns["kahan"] != "area" || len(next.Mapping.Fixed) != 0 {
			t.Errorf("%+v %+v", next.Counts, next.Mapping)
		}
	})
}
