package intake_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"sangathan/access"
	"sangathan/intake"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/fault"
	"sangathan/orgtest"

	"golang.org/x/text/unicode/norm"
)

func write(t testing.TB, u *db.Unit, fn func(*db.Tx) error) {
	t.Helper()
	if err := u.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func file(text string) *intake.File {
	return &intake.File{ReaderAt: strings.NewReader(text), Size: int64(len(text))}
}

// send begins a list and runs it until it waits.
func send(t testing.TB, u *db.Unit, by access.Actor, in intake.Input, text string) intake.List {
	t.Helper()
	var id intake.ID
	if in.Source == "" {
		in.Source = "सूची"
	}
	in.Hash = []byte(text)
	write(t, u, func(tx *db.Tx) (err error) { id, _, err = intake.Begin(tx, by, in); return err })
	if err := intake.Run(t.Context(), u, id, file(text)); err != nil && !fault.Is(err, fault.Invalid) {
		t.Fatal(err)
	}
	return get(t, u, id)
}

func get(t testing.TB, u *db.Unit, id intake.ID) (l intake.List) {
	t.Helper()
	err := u.Read(t.Context(), func(tx *db.Tx) (err error) { l, err = intake.Get(tx, access.Operator(), id); return err })
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func load(t testing.TB, u *db.Unit, by access.Actor, id intake.ID) intake.List {
	t.Helper()
	write(t, u, func(tx *db.Tx) error { return intake.Load(tx, by, id) })
	if err := intake.Run(t.Context(), u, id, nil); err != nil {
		t.Fatal(err)
	}
	return get(t, u, id)
}

func undo(t testing.TB, u *db.Unit, by access.Actor, id intake.ID) intake.List {
	t.Helper()
	write(t, u, func(tx *db.Tx) error { return intake.Undo(tx, by, id) })
	if err := intake.Run(t.Context(), u, id, nil); err != nil {
		t.Fatal(err)
	}
	return get(t, u, id)
}

// told gives the rows of a verdict as "line field:key ...".
func told(t testing.TB, u *db.Unit, id intake.ID, verdict string) (all []string) {
	t.Helper()
	err := u.Read(t.Context(), func(tx *db.Tx) error {
		rows, _, err := intake.Rows(tx, access.Operator(), id, verdict, db.Page{Limit: 1000})
		for _, r := range rows {
			text := fmt.Sprint(r.Line)
			for _, f := range append(r.Faults, r.Doubts...) {
				text += " " + f.Field + ":" + f.Key
			}
			if r.Before != "" {
				text += " " + r.Before + " > " + r.After
			}
			all = append(all, text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// register is every row of the register, as text, for comparing: undo restores equal.
// Labels of areas run on, as numbers do that were once given.
func register(t testing.TB, u *db.Unit) string {
	t.Helper()
	var b strings.Builder
	err := u.Read(t.Context(), func(tx *db.Tx) error {
		for _, q := range []string{
			`select id, kind, name_hi, name_en, coalesce(number, 0), sort_key from area order by id`,
			`select tree, area_id, parent_id, from_day from area_parent order by tree, area_id, from_day`,
			`select tree, area_id, path from area_path order by tree, area_id`,
			`select area_id, name, folded from area_alias order by area_id, name`,
			`select id, kind, name_hi, path, area_id, area_path, coalesce(unit_id, ''), coalesce(reporting_id, ''), register_open from organization order by id`,
			`select id, name_hi, name_en, sort_key, folded, gender, coalesce(birth_year, 0) from person order by id`,
			`select person_id, number, status from phone order by person_id, number`,
			`select id, organization_id, role_id, area_id, seats from post order by id`,
			`select id, post_id, organization_id, coalesce(unit_id, ''), role_id, number, state, coalesce(membership_id, ''), coalesce(since, ''), coalesce(known_from, '') from seat order by id`,
			`select id, person_id, post_id, coalesce(seat_id, ''), from_day, coalesce(to_day, ''), begun_by, source, coalesce(source_day, ''), standing from membership order by id`,
			`select membership_id, scope, acts from access_grant order by membership_id, scope`,
		} {
			rows, err := tx.Query(q)
			if err != nil {
				return err
			}
			columns, err := rows.Columns()
			if err != nil {
				return err
			}
			for rows.Next() {
				values := make([]any, len(columns))
				for i := range values {
					values[i] = new(any)
				}
				if err := rows.Scan(values...); err != nil {
					return err
				}
				for _, v := range values {
					fmt.Fprintf(&b, "%v|", *v.(*any))
				}
				b.WriteByte('\n')
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// An untidy list of booths: titles, Kruti Dev among Unicode and Latin, heads repeated,
// sums, blanks, numbers in Devanagari, a seat by name and one misspelt.
const untidyBooths = `मतदेय स्थलों की सूची,,,,
,,,,
क्र.सं.,विधानसभा,बूथ संख्या,मतदेय स्थल का नाम,मतदाता
1,नदी पार,1,प्राथमिक विद्यालय कुआँ 1,900
2,नदी पार,२,izk0fo0 lsgqM+k,1044
3,1,11,P.V. NEVAS ROOM NO. 1,812
4,Nadi Paar,12,tw0gk0Ldwy vkedksy क0सं0 1,1
क्र.सं.,विधानसभा,बूथ संख्या,मतदेय स्थल का नाम,मतदाता
5,नदी पर,13,बारात घर भुवही,1
6,टीला नगर,14अ,पंचायत भवन,1
7,टीला नगर,15,,1
8,1,11,पंचायत भवन नया,1
,योग,,,4500
9,टीला नगर,3,jke eafnj ds ikl,1
`

func TestA1_LoadsAnUntidyListOfBooths(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		fx := orgtest.Small(t, u)
		desk := fx.Actor("state.desk")
		before := register(t, u)
		l := send(t, u, desk, intake.Input{Kind: intake.Booths, Source: "बूथ.csv"}, untidyBooths)
		if l.State != intake.Checked || l.Counts != (intake.Counts{Added: 3, Changed: 1, Kept: 1, Faulty: 4}) {
			t.Fatalf("%s %+v %+v", l.State, l.Counts, l.Fault)
		}
		want := []string{"9 seat:intake.unknown_place_near", "10 number:intake.bad_booth_number", "11 name:org.name_missing", "12 number:intake.booth_twice"}
		if got := told(t, u, l.ID, "faulty"); !reflect.DeepEqual(got, want) {
			t.Errorf("faulty: %q", got)
		}
		if got, want := told(t, u, l.ID, "changed"), []string{"5 प्राथमिक विद्यालय कुआँ 2 > " + norm.NFC.String("प्रा0वि0 सेहुड़ा")}; !reflect.DeepEqual(got, want) {
			t.Errorf("changed: %q", got)
		}
		if register(t, u) != before {
			t.Fatal("a check changed the register")
		}

		again := send(t, u, desk, intake.Input{Kind: intake.Booths, Source: "बूथ.csv"}, untidyBooths)
		if again.ID != l.ID {
			t.Error("the same list sent twice counts twice")
		}
		if l = load(t, u, desk, l.ID); l.State != intake.Loaded {
			t.Fatalf("%s %+v", l.State, l.Fault)
		}
		loaded := register(t, u)
		for _, name := range []string{"राम मंदिर के पास", "जू0हा0स्कूल आमकोल क0सं0 1", "P.V. NEVAS ROOM NO. 1"} {
			if !strings.Contains(loaded, norm.NFC.String(name)) {
				t.Errorf("%s is not in the register", name)
			}
		}
		l2 := send(t, u, desk, intake.Input{Kind: intake.Booths, Source: "फिर वही"}, strings.Replace(untidyBooths, "सूची", "वही सूची", 1))
		if l2.Added+l2.Changed != 0 || l2.Kept != 5 {
			t.Errorf("the same booths in another file: %+v", l2.Counts)
		}
		write(t, u, func(tx *db.Tx) error {
			n, err := tx.Int(`select count(*) from audit where object_id = $1 and act = 'intake.loaded'`, l.ID)
			if err == nil && n != 1 {
				t.Errorf("%d lines of audit", n)
			}
			return err
		})
		if l = undo(t, u, desk, l.ID); l.State != intake.Undone || register(t, u) != before {
			t.Errorf("undone: %s, equal %v", l.State, register(t, u) == before)
		}
	})
}

func TestA1_UndoTellsWhatWasBuiltOnAList(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		fx := orgtest.Small(t, u)
		desk := fx.Actor("state.desk")
		l := send(t, u, desk, intake.Input{Kind: intake.Booths}, "ac_no,ps_no,name\n1,21,एक\n1,22,दो\n")
		load(t, u, desk, l.ID)
		write(t, u, func(tx *db.Tx) error {
			_, err := tx.Exec(`insert into post(id, organization_id, role_id, area_id, seats) select 'later', 'kuan', 'booth_agent', id, 1 from area where number = 22`)
			return err
		})
		before := register(t, u)
		err := u.Write(t.Context(), func(tx *db.Tx) error { return intake.Undo(tx, desk, l.ID) })
		f, ok := errors.AsType[*fault.Error](err)
		if !ok || f.Kind != fault.Conflict || f.Key != "intake.built_upon" || len(f.Fields) != 1 || f.Fields[0].Key != "intake.built.register" {
			t.Fatalf("%v", err)
		}
		if register(t, u) != before || get(t, u, l.ID).State != intake.Loaded {
			t.Error("a refused undo took something back")
		}
		write(t, u, func(tx *db.Tx) error { _, err := tx.Exec(`delete from post where id = 'later'`); return err })
		if l := undo(t, u, desk, l.ID); l.State != intake.Undone {
			t.Error(l.State)
		}
	})
}

// A list of many blocks is broken off after any number of transactions and carried on.
func TestA1_ALoadBrokenOffGoesOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		fx := orgtest.Small(t, u)
		desk := fx.Actor("state.desk")
		var text strings.Builder
		text.WriteString("ac_no,ps_no,name\n")
		for n := range 2200 {
			fmt.Fprintf(&text, "%d,%d,विद्यालय %d\n", 1+n%2, 100+n/2, n)
		}
		before := register(t, u)
		l := send(t, u, desk, intake.Input{Kind: intake.Booths}, text.String())
		write(t, u, func(tx *db.Tx) error { return intake.Load(tx, desk, l.ID) })
		steps := 0
		for ; get(t, u, l.ID).State == intake.Loading; steps++ {
			ctx, cancel := context.WithTimeout(t.Context(), 40*time.Millisecond)
			intake.Run(ctx, u, l.ID, nil) // broken off wherever it is
			cancel()
			if steps > 500 {
				t.Fatal("it does not get on")
			}
		}
		if got := strings.Count(register(t, u), "विद्यालय"); get(t, u, l.ID).State != intake.Loaded || got < 2200*2 {
			t.Fatalf("%s, %d names", get(t, u, l.ID).State, got)
		}
		write(t, u, func(tx *db.Tx) error { return intake.Undo(tx, desk, l.ID) })
		for i := 0; get(t, u, l.ID).State == intake.Undoing && i < 500; i++ {
			ctx, cancel := context.WithTimeout(t.Context(), 40*time.Millisecond)
			intake.Run(ctx, u, l.ID, nil)
			cancel()
		}
		if register(t, u) != before {
			t.Error("undone, the register differs")
		}
	})
}

// All or nothing: when a row that was good is not any more, what had gone in is taken
// back, and the sender sees the check again.
func TestA1_AllOrNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		fx := orgtest.Small(t, u)
		desk := fx.Actor("state.desk")
		var text strings.Builder
		text.WriteString("ac_no,ps_no,name,block\n")
		for n := range 600 {
			fmt.Fprintf(&text, "1,%d,विद्यालय %d,%s\n", 100+n, n, []string{"नदी गाँव", "टीला"}[n/400])
		}
		l := send(t, u, desk, intake.Input{Kind: intake.Booths}, text.String())
		if l.Added != 600 {
			t.Fatalf("%+v %q", l.Counts, told(t, u, l.ID, "faulty"))
		}
		write(t, u, func(tx *db.Tx) error { // the second block's place leaves the tree of territories
			_, err := tx.Exec(`delete from area_path where tree = 'organization' and area_id = 'block-tila'`)
			return err
		})
		before := register(t, u)
		if l = load(t, u, desk, l.ID); l.State != intake.Checked || l.Fault == nil || l.Fault.Key != "intake.stale" || l.Faulty != 200 {
			t.Errorf("%s %+v %+v", l.State, l.Fault, l.Counts)
		}
		if register(t, u) != before {
			t.Error("something stayed")
		}
	})
}

func TestOnlyWhoMayLoadsLists(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		fx := orgtest.Small(t, u)
		for _, name := range []string{"nobody", "nadi.president", "poorab.president"} {
			err := u.Write(t.Context(), func(tx *db.Tx) error {
				_, _, err := intake.Begin(tx, fx.Actor(name), intake.Input{Kind: intake.Booths, Source: "x"})
				return err
			})
			if !fault.Is(err, fault.Forbidden) && !fault.Is(err, fault.Unauthorized) {
				t.Errorf("%s: %v", name, err)
			}
		}
		// A district's desk: its own rows, and no others, whether or not they exist.
		write(t, u, func(tx *db.Tx) error {
			_, err := tx.Exec(`update access_grant set acts = acts || 'load_data ' where membership_id = 'm-poorab.gs' and scope = 'area'`)
			return err
		})
		gs := fx.Actor("poorab.gs")
		l := send(t, u, gs, intake.Input{Kind: intake.Booths}, "ac_no,ps_no,name\n1,31,अपना\n2,31,पराया\n2,1,पराया\n")
		if l.Added != 1 || l.Faulty != 2 {
			t.Errorf("%+v", l.Counts)
		}
		if got, want := told(t, u, l.ID, "faulty"), []string{"3 seat:intake.not_yours", "4 seat:intake.not_yours"}; !reflect.DeepEqual(got, want) {
			t.Errorf("%q", got)
		}
		mine := send(t, u, fx.Actor("state.desk"), intake.Input{Kind: intake.Booths}, "ac_no,ps_no,name\n1,41,प्रदेश\n")
		for name, verb := range map[string]func(tx *db.Tx) error{
			"get": func(tx *db.Tx) error { _, err := intake.Get(tx, gs, mine.ID); return err },
			"rows": func(tx *db.Tx) error {
				_, _, err := intake.Rows(tx, gs, mine.ID, "faulty", db.Page{Limit: 1})
				return err
			},
			"map":  func(tx *db.Tx) error { return intake.Map(tx, gs, mine.ID, mine.Mapping) },
			"load": func(tx *db.Tx) error { return intake.Load(tx, gs, mine.ID) },
			"undo": func(tx *db.Tx) error { return intake.Undo(tx, gs, mine.ID) },
		} {
			if err := u.Write(t.Context(), verb); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		write(t, u, func(tx *db.Tx) error {
			all, err := intake.Lists(tx, gs, 0, 10)
			if len(all) != 1 || all[0].ID != l.ID {
				t.Errorf("lists: %v", all)
			}
			return err
		})
	})
}

// checkedByHand is a sample of the cells of real booth lists, each with its name as
// somebody read it who knows the font: election, seat, booth, cell, name.
func checkedByHand(t *testing.T) [][]string {
	f, err := os.Open("testdata/booth_names.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The hundred cells that were checked by hand, put together in one column: Kruti Dev,
// Unicode and Latin.
func TestA1_KrutiDevIsToldCellByCell(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) {
		orgtest.Small(t, u)
		sample := checkedByHand(t)[1:]
		var list strings.Builder
		w := csv.NewWriter(&list)
		w.Write([]string{"ac_no", "ps_no", "name"})
		for i, e := range sample {
			w.Write([]string{"1", fmt.Sprint(101 + i), e[3]})
		}
		w.Flush()
		l := send(t, u, access.Operator(), intake.Input{Kind: intake.Booths}, list.String())
		load(t, u, access.Operator(), l.ID)
		right := 0
		write(t, u, func(tx *db.Tx) error {
			for i, e := range sample {
				got, err := tx.Text(`select name_hi from area where kind = 'booth' and number = $1`, 101+i)
				if err != nil {
					return err
				}
				if got == norm.NFC.String(e[4]) {
					right++
				} else {
					t.Logf("%s: %q, by hand %q", e[3], got, e[4])
				}
			}
			return nil
		})
		if len(sample) != 100 || right < 98 {
			t.Errorf("%d of %d right", right, len(sample))
		}
	})
}

// The five real seats: no cell stays in Kruti Dev, and of a hundred names that were
// checked by hand at least 98 are right.
func TestA1_RealBoothListsLoad(t *testing.T) {
	real, err := os.ReadFile("../../shared/data/up/booths_gorakhpur_2017_2019_2022.csv")
	if err != nil {
		t.Skip("the real lists are not here: ", err)
	}
	rows, err := csv.NewReader(bytes.NewReader(real)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	expected := checkedByHand(t)
	right, checked := 0, 0
	for _, election := range []string{"vs2017", "ls2019", "vs2022"} {
		u := dbtest.SQLite(t)
		write(t, u, func(tx *db.Tx) error { return loadPack(tx) })
		var list strings.Builder
		w := csv.NewWriter(&list)
		w.Write(rows[0])
		for _, r := range rows[1:] {
			if r[0] == election {
				w.Write(r)
			}
		}
		w.Flush()
		l := send(t, u, access.Operator(), intake.Input{Kind: intake.Booths, Source: election}, list.String())
		l = load(t, u, access.Operator(), l.ID)
		t.Logf("%s: %+v", election, l.Counts)
		if l.State != intake.Loaded || l.Added < 1600 {
			t.Fatalf("%s: %s %+v", election, l.State, l.Counts)
		}
		names := map[string]string{}
		write(t, u, func(tx *db.Tx) error {
			_, err := db.Select(tx, `select s.number, b.number, b.name_hi from area b join area_parent e on e.area_id = b.id and e.tree = 'electoral'
				join area s on s.id = e.parent_id where b.kind = 'booth'`, nil, func(s db.Scanner) (bool, error) {
				var seat, number int
				var name string
				err := s.Scan(&seat, &number, &name)
				names[fmt.Sprint(seat, " ", number)] = name
				return true, err
			})
			return err
		})
		for at, name := range names {
			if election != "vs2022" && strings.ContainsAny(name, "abcdefghijklmnopqrstuvwxyz;[]{}+|<>") {
				t.Errorf("%s %s: %q is still in Kruti Dev", election, at, name)
			}
		}
		for _, e := range expected[1:] {
			if e[0] == election {
				checked++
				if got := names[e[1]+" "+e[2]]; got == norm.NFC.String(e[4]) {
					right++
				} else {
					t.Logf("%v: %q, by hand %q", e[:4], got, e[4])
				}
			}
		}
	}
	if t.Logf("%d of %d names right", right, checked); checked != 100 || right < 98 {
		t.Error("too few")
	}
}
