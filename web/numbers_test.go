package web_test

import (
	"html"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"sangathan/internal/db"
	"sangathan/internal/lang"
	"sangathan/tally"
)

var (
	cardNumber  = regexp.MustCompile(`<a href="([^"]+)"><span class="num"><b>([\d,]+)</b>`)
	tileNumber  = regexp.MustCompile(`<a href="([^"]+)"><b>([\d,]+)</b>`)
	otherNumber = regexp.MustCompile(`<td class="n"><a href="([^"]+)">([\d,]+)[^<]*</a>`)
	verified    = regexp.MustCompile(`<a href="([^"]+state=confirmed)"[^>]*>(?:confirmed )?([\d,]+)`)
	waiting     = regexp.MustCompile(`<a class="count" href="([^"]+)"[^>]*>([\d,]+)`)
	monthNumber = regexp.MustCompile(`<a href="([^"]+&amp;month=[^"]+)" aria-label="[^:]+: ([\d,]+)`)
	nextPage    = regexp.MustCompile(`<a class="button second" href="([^"]+)">Next`)
	csvFile     = regexp.MustCompile(`href="([^"]*[?;]as=csv[^"]*)"`)
	row         = regexp.MustCompile(`<a class="row"`)
)

// number is a number of a page and the list behind it.
type number struct {
	n  int
	to string
}

func numbersOf(t *testing.T, body string) (all []number) {
	t.Helper()
	for _, form := range []*regexp.Regexp{cardNumber, tileNumber, otherNumber, verified, waiting, monthNumber} {
		for _, m := range form.FindAllStringSubmatch(body, -1) {
			n, err := strconv.Atoi(strings.ReplaceAll(m[2], ",", ""))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, number{n, html.UnescapeString(m[1])})
		}
	}
	return all
}

// length counts the rows of a list, page by page.
func (b *browser) length(path string) (n int) {
	b.w.t.Helper()
	for range 20 {
		a := b.get(path)
		if a.status == 303 {
			path = a.to
			continue
		}
		if a.status != 200 {
			b.w.t.Fatalf("%s: %d", path, a.status)
		}
		n += len(row.FindAllString(a.body, -1))
		next := nextPage.FindStringSubmatch(a.body)
		if next == nil {
			return n
		}
		path = html.UnescapeString(next[1])
	}
	b.w.t.Fatalf("%s has no end", path)
	return 0
}

// taken counts the rows of the file of a list; -1 when its page offers none.
func (b *browser) taken(path string) int {
	b.w.t.Helper()
	a := b.get(path)
	if a.status == 303 {
		a = b.get(a.to)
	}
	file := csvFile.FindStringSubmatch(a.body)
	if file == nil {
		return -1
	}
	a = b.get(html.UnescapeString(file[1]))
	_, rows, found := strings.Cut(a.body, "\r\n") // title, what, by whom, heads
	for range 3 {
		_, rows, found = strings.Cut(rows, "\r\n")
	}
	if a.status != 200 || !found {
		b.w.t.Fatalf("%s: %d %.200s", file[1], a.status, a.body)
	}
	return strings.Count(rows, "\r\n")
}

// Each number of the dashboards opens a list of exactly that many, which can be taken
// out with as many rows, down both trees, for everyone who sees it.
func TestE2_EveryNumberOpensItsList(t *testing.T) {
	o := newOffice(t)
	o.opened()
	seen, taken := map[string]int{}, map[string]bool{}
	for who, pages := range map[string][]string{
		"state.incharge":        {"/", "/org/state", "/org/poorab", "/org/pachhim", "/org/nadi", "/org/kuan", "/org/kisan", "/area/surya", "/area/surya?level=assembly", "/area/pc-1", "/area/dist-poorab", "/area/dist-poorab?level=block", "/area/block-nadi", "/area/mandal-kuan", "/area/ac-1", "/activity", "/activity?month=all", "/activity?month=all&state=confirmed", "/activity?state=disputed", "/activity?unit=poorab&state=claimed"},
		"poorab.president":      {"/", "/activity", "/activity?state=confirmed", "/org/poorab", "/org/nadi", "/org/kisan-poorab"},
		"nadi.president":        {"/", "/org/nadi", "/org/kuan"},
		"kuan.president":        {"/", "/activity?state=claimed", "/org/kuan"},
		"kisan.convenor":        {"/", "/org/kisan", "/org/kisan-poorab"},
		"kisan-poorab.convenor": {"/", "/org/kisan-poorab"},
	} {
		b := o.as(who, lang.En)
		for _, path := range pages {
			a := b.get(path)
			if a.status != 200 {
				t.Errorf("%s %s: %d", who, path, a.status)
				continue
			}
			all := numbersOf(t, a.body)
			if len(all) == 0 {
				t.Errorf("%s %s shows no numbers", who, path)
			}
			for _, x := range all {
				if n := b.length(x.to); n != x.n {
					t.Errorf("%s %s: %d, but %s has %d", who, path, x.n, x.to, n)
				}
				if x.n > 0 && !taken[who+x.to] {
					taken[who+x.to] = true
					if n := b.taken(x.to); n != x.n {
						t.Errorf("%s %s: %d, but the file of %s has %d rows", who, path, x.n, x.to, n)
					}
				}
				seen[who] += x.n
			}
		}
	}
	for who, n := range seen {
		if n < 3 {
			t.Errorf("%s: the numbers come to %d: nothing is tested", who, n)
		}
	}
}

// The pages read the figures and not the rows: a figure that is wrong is shown wrong.
func TestE2_DashboardsReadTheFiguresAlone(t *testing.T) {
	o := newOffice(t)
	for _, path := range []string{"/", "/org/poorab", "/area/dist-poorab"} {
		label := "organization where id = 'state'"
		switch path {
		case "/org/poorab":
			label = "organization where id = 'poorab'"
		case "/area/dist-poorab":
			label = "area where id = 'dist-poorab'"
		}
		add := func(n int) {
			o.write(func(tx *db.Tx) error {
				node, err := tx.Text(`select label from ` + label)
				if err != nil {
					return err
				}
				return tally.Add(tx, []string{node}, "", tally.Figures{tally.AgentVacant: n, tally.PostVacant: n})
			})
		}
		add(770000)
		if body := o.as("state.incharge", lang.En).get(path).body; !strings.Contains(body, "7,70,0") {
			t.Errorf("%s counts rows", path)
		}
		add(-770000)
	}
}

// Two taps lead from the state's dashboard to the booths of a seat and to the mandals of
// a block.
func TestG3_TwoTapsDownBothTrees(t *testing.T) {
	o := newOffice(t)
	b := o.as("state.incharge", lang.En)
	for _, way := range [][]string{{"/area/surya", "/area/dist-poorab", "/area/ac-1", "Primary School Kuan 3"}, {"/", "/org/poorab", "/org/nadi", "Kuan mandal committee"}} {
		for i, page := range way[:3] {
			body := b.get(page).body
			want := way[i+1]
			if i < 2 {
				want = `href="` + want + `"`
			}
			if !strings.Contains(body, want) {
				t.Errorf("%s does not lead to %s", page, way[i+1])
			}
		}
	}
}

// Since last week and last month: told where it is known, and not before.
func TestE2_ChangesAreTold(t *testing.T) {
	o := newOffice(t)
	b := o.as("state.incharge", lang.En)
	if body := b.get("/org/state").body; strings.Contains(body, "in a week") {
		t.Error("a change is told although nothing is known of last week")
	}
	o.clock.Set(o.clock.Now().AddDate(0, 0, 1))
	if err := tally.Keep(t.Context(), o.Unit); err != nil {
		t.Fatal(err)
	}
	o.clock.Set(o.clock.Now().AddDate(0, 0, 8))
	o.goes(b.fill("/membership/m-tila.sec1/end", "reason", "resigned", "day", o.clock.Now().Format("2006-01-02"), "note", "x"))
	body := b.get("/org/state").body
	if !strings.Contains(body, "in a week") || !strings.Contains(body, "−1") || !strings.Contains(body, "+1") {
		t.Error("the change since last week is not told")
	}
	if strings.Contains(body, "posts filled</span></a><div class=\"how\"><span class=\"chg\"><span>in a month") {
		t.Error("a change is told although nothing is known of last month")
	}
}

// An empty list behind a number says that it is empty, of whatever it is a list.
func TestAnEmptyListSaysSo(t *testing.T) {
	o := newOffice(t)
	for _, of := range []string{"month=2025-01&of=entries", "of=listed", "month=2025-01&of=active"} {
		if a := o.as("state.incharge", lang.En).get("/area/dist-pachhim/list?" + of); !strings.Contains(a.body, "There is nothing in this list yet.") {
			t.Errorf("%s: %d %s", of, a.status, text(a.body))
		}
	}
}

// A unit's page tells each step of its cases once.
func TestAUnitsPageTellsItsCasesOnce(t *testing.T) {
	o := newOffice(t)
	o.opened()
	for _, path := range []string{"/org/state", "/org/poorab"} {
		if n := strings.Count(text(o.as("state.incharge", lang.En).get(path).body), "To be spoken with"); n != 1 {
			t.Errorf("%s tells %d times", path, n)
		}
	}
}
