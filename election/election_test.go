package election_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"sangathan/access"
	"sangathan/election"
	"sangathan/internal/db"
	"sangathan/internal/dbtest"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"
	"sangathan/orgtest"
	"sangathan/pack"
)

func each(t *testing.T, fn func(t *testing.T, fx *orgtest.Fixture)) {
	dbtest.Each(t, func(t *testing.T, u *db.Unit) { fn(t, orgtest.Small(t, u)) }, dbtest.At(dbtest.Day("2026-11-22")))
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// assembly is an invented election for the two assembly seats of the small register.
func assembly() (election.Election, []election.Row) {
	return election.Election{ID: "vs-2026", NameHi: "विधानसभा चुनाव 2026", NameEn: "Assembly election 2026", Kind: "assembly", Day: "2026-03-10"},
		[]election.Row{
			{Seat: 1, Candidate: "Kamla Pahari", Party: "Diya Party", Votes: 30_000},
			{Seat: 1, Candidate: "Roop Singh", Party: "Nadi Dal", Votes: 50_000},
			{Seat: 1, Candidate: "NOTA", Party: "", Votes: 0},
			{Seat: 2, Candidate: "Iqbal Hasan", Party: "Nadi Dal", Votes: 10_000},
			{Area: "Tila Nagar", Candidate: "Kamla Pahari", Party: "Independent", Votes: 10_000},
			{Seat: 1, Candidate: "Kamla Pahari", Party: "Independent", Votes: 20_000}, // a namesake
		}
}

func load(t *testing.T, fx *orgtest.Fixture, as string, e election.Election, rows []election.Row) error {
	t.Helper()
	by := fx.Actor(as)
	return fx.Unit.Write(t.Context(), func(tx *db.Tx) error { _, err := election.Import(tx, by, e, rows); return err })
}

func count(t *testing.T, u *db.Unit, table string) (n int) {
	t.Helper()
	ok(t, u.Read(t.Context(), func(tx *db.Tx) (err error) { n, err = tx.Int(`select count(*) from ` + table); return err }))
	return n
}

func TestG1_ResultsBySeatAndCandidate(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture) {
		e, rows := assembly()
		ok(t, load(t, fx, "state.desk", e, rows))
		earlier := e
		earlier.ID, earlier.Day = "", "2021-03-10" // an id is made
		ok(t, load(t, fx, "state.desk", earlier, rows[:1]))
		by := fx.Actor("booth1.agent") // results are public
		ok(t, fx.Unit.Read(t.Context(), func(tx *db.Tx) error {
			at, err := election.At(tx, by, fx.Area("ac-1"))
			if err != nil || len(at) != 2 || at[0].Election != e {
				t.Fatalf("%+v %v", at, err)
			}
			text := ""
			for _, r := range at[0].Results {
				text += fmt.Sprintf("%d %s %s %d %.1f|", r.Rank, r.Candidate, r.Party, r.Votes, r.Share)
			}
			if text != "1 Roop Singh Nadi Dal 50000 50.0|2 Kamla Pahari Diya Party 30000 30.0|3 Kamla Pahari Independent 20000 20.0|4 NOTA  0 0.0|" ||
				at[0].Votes != 100_000 || at[0].Margin != 20_000 || at[0].MarginShare != 20 {
				t.Errorf("%s %+v", text, at[0])
			}
			if at[1].Margin != 30_000 || at[1].MarginShare != 100 {
				t.Errorf("unopposed: %+v", at[1])
			}
			if tied, err := election.At(tx, by, fx.Area("ac-2")); err != nil || tied[0].Results[0].Candidate != "Iqbal Hasan" || tied[0].Margin != 0 {
				t.Errorf("of equals the first in the table: %+v %v", tied, err)
			}
			if none, err := election.At(tx, by, fx.Area("booth1")); none != nil || err != nil {
				t.Errorf("%+v %v", none, err)
			}
			if _, err := election.At(tx, access.Actor{}, fx.Area("ac-1")); !fault.Is(err, fault.Unauthorized) {
				t.Errorf("nobody: %v", err)
			}
			if all, err := election.Elections(tx, by); err != nil || len(all) != 2 || all[0] != e {
				t.Errorf("%+v %v", all, err)
			}
			return nil
		}))
		if err := load(t, fx, "state.desk", e, rows); !fault.Is(err, fault.Conflict) {
			t.Errorf("the same election again: %v", err)
		}
		if n := count(t, fx.Unit, "result"); n != 7 {
			t.Errorf("%d results, want 7", n)
		}
	})
}

func TestG1_AllOrNothingAndWhoMay(t *testing.T) {
	each(t, func(t *testing.T, fx *orgtest.Fixture) {
		hi, en := lang.New(lang.Hi, nil, false), lang.New(lang.En, nil, false)
		for field, spoil := range map[string]func(*election.Election, []election.Row){
			"3:seat":       func(_ *election.Election, r []election.Row) { r[2].Seat = 403 },
			"5:seat":       func(_ *election.Election, r []election.Row) { r[4].Area = "Atlantis" },
			"2:votes":      func(_ *election.Election, r []election.Row) { r[1].Votes = -1 },
			"1:votes":      func(_ *election.Election, r []election.Row) { r[0].Votes = 1 << 40 },
			"6:candidate":  func(_ *election.Election, r []election.Row) { r[5].Party, r[5].Votes = "DIYA  party", 30_000 }, // now the same as the first
			"4:candidate":  func(_ *election.Election, r []election.Row) { r[3].Candidate = "Iqbal \xff" },
			"77:candidate": func(_ *election.Election, r []election.Row) { r[0].Candidate, r[0].Line = " ", 77 },
			"2:party":      func(_ *election.Election, r []election.Row) { r[1].Party = "a\x00" },
			"kind":         func(e *election.Election, _ []election.Row) { e.Kind = "booth" },
			"day":          func(e *election.Election, _ []election.Row) { e.Day = "2026-11-23" },
			"name_hi":      func(e *election.Election, _ []election.Row) { e.NameHi = "" },
			"name_en":      func(e *election.Election, _ []election.Row) { e.NameEn = strings.Repeat("x", 201) },
			"id":           func(e *election.Election, _ []election.Row) { e.ID = election.ID(strings.Repeat("x", 65)) },
		} {
			e, rows := assembly()
			spoil(&e, rows)
			err := load(t, fx, "state.desk", e, rows)
			told := en.Fields(err)
			if !fault.Is(err, fault.Invalid) || told[field] == "" || len(told) != 1 || strings.Contains(told[field]+hi.Fields(err)[field], "⟦") {
				t.Errorf("%s: %v, told %q", field, err, told)
			}
		}
		e, rows := assembly()
		for as, kind := range map[string]fault.Kind{"nobody": fault.Unauthorized, "state.incharge": fault.Forbidden, "poorab.president": fault.Forbidden, "booth1.agent": fault.Forbidden} {
			if err := load(t, fx, as, e, rows); !fault.Is(err, kind) {
				t.Errorf("%s: %v, want %s", as, err, kind)
			}
		}
		if err := load(t, fx, "state.desk", e, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("no rows: %v", err)
		}
		many := make([]election.Row, 500)
		err := load(t, fx, "state.desk", e, many)
		if told := en.Fields(err); len(told) < 50 || len(told) > 110 {
			t.Errorf("%d faults told of 500 empty rows", len(told))
		}
		if n := count(t, fx.Unit, "election") + count(t, fx.Unit, "result"); n != 0 {
			t.Errorf("%d rows left behind", n)
		}
	})
}

func TestReadCSV(t *testing.T) {
	rows, err := election.ReadCSV(strings.NewReader("\ufeffpc_no,pc,candidate,party,votes,share_pct\r\n" +
		"1,Suryapur,\"Roop Singh, Advocate\",Nadi Dal,\"1,23,456\",50\r\n२,Tila, कमला ,Diya Party,५०,1\r\n"))
	if err != nil || len(rows) != 2 || rows[0] != (election.Row{Line: 2, Seat: 1, Candidate: "Roop Singh, Advocate", Party: "Nadi Dal", Votes: 123456}) ||
		rows[1] != (election.Row{Line: 3, Seat: 2, Candidate: "कमला", Party: "Diya Party", Votes: 50}) {
		t.Errorf("%+v %v", rows, err)
	}
	const head = "ac_no,candidate,party,votes\n"
	for field, text := range map[string]string{
		"rows":        head,
		"1:votes":     "ac_no,candidate,party\n1,a,b\n",
		"1:seat":      "no,candidate,party,votes\n1,a,b,1\n",
		"3:votes":     head + "1,a,b,5\n1,c,d,-5\n",
		"2:votes":     head + "1,a,b,many\n",
		"2:seat":      head + "x,a,b,5\n",
		"2:row":       head + "1,a,b\n",
		"4:candidate": head + "1,a,b,5\n1,b,b,5\n1,\xe0\xa4,b,5\n",
		"3:row":       head + "1,a,b,5\n1,\"a\"b\",b,5\n",
	} {
		_, err := election.ReadCSV(strings.NewReader(text))
		told := lang.New(lang.En, nil, false).Fields(err)
		if !fault.Is(err, fault.Invalid) || told[field] == "" || len(told) != 1 || strings.Contains(told[field], "⟦") {
			t.Errorf("%s: %v, told %q", field, err, told)
		}
	}
	if _, err := election.ReadCSV(strings.NewReader("")); !fault.Is(err, fault.Invalid) {
		t.Errorf("empty file: %v", err)
	}
}

// TestG1_ARealTable reads and imports a published table of results, kept outside
// the project, on the reference pack's seats.
func TestG1_ARealTable(t *testing.T) {
	for _, c := range []struct {
		file, kind  string
		seats, rows int
	}{{"results_ls2024_pc.csv", "loksabha", 80, 900}, {"results_ls2019_pc.csv", "loksabha", 80, 900}, {"results_vs2017_ac.csv", "assembly", 403, 4000}} {
		t.Run(c.file, func(t *testing.T) {
			file, err := os.Open("../../shared/data/up/" + c.file)
			if os.IsNotExist(err) {
				t.Skip("the published table is not beside the project: ../shared/data/up/" + c.file)
			}
			ok(t, err)
			defer file.Close()
			rows, err := election.ReadCSV(file)
			ok(t, err)
			u := dbtest.SQLite(t, dbtest.At(dbtest.Day("2026-11-22")))
			ok(t, u.Bulk(t.Context(), func(tx *db.Tx) error {
				p := pack.UttarPradesh()
				if err := org.LoadPack(tx, p); err != nil {
					return err
				}
				l, err := org.NewLoader(tx)
				if err != nil {
					return err
				}
				if _, err := l.Organization(org.Organization{ID: "state", Kind: "state_unit", NameHi: "प्रदेश", NameEn: "State", Area: org.AreaID(p.Root)}); err != nil {
					return err
				}
				return l.Close()
			}))
			ok(t, u.Write(t.Context(), func(tx *db.Tx) error {
				id, err := election.Import(tx, access.Operator(), election.Election{NameHi: "चुनाव", NameEn: "Election", Kind: c.kind, Day: "2024-06-04"}, rows)
				if err != nil {
					return err
				}
				seats, err := tx.Int(`select count(distinct area_id) from result where election_id = $1`, id)
				if seats != c.seats || len(rows) < c.rows/2 {
					t.Errorf("%d seats from %d rows", seats, len(rows))
				}
				votes := 0
				for _, r := range rows {
					votes += r.Votes
				}
				stored, err2 := tx.Int(`select sum(votes) from result`)
				if stored != votes || err2 != nil {
					t.Errorf("%d votes stored of %d (%v)", stored, votes, err2)
				}
				t.Log(c.file + ": " + strconv.Itoa(seats) + " seats, " + strconv.Itoa(len(rows)) + " candidates, " + strconv.Itoa(votes) + " votes")
				return err
			}))
		})
	}
}
