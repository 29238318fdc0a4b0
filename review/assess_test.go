package review

import "testing"

// The rule of who missed what, alone: pure, month by month.
func TestD1_AssessCountsOnlyMonthsThatExpect(t *testing.T) {
	months := []string{"2026-05", "2026-06", "2026-07"}
	heard := map[string]map[string]bool{"body": {"2026-05": true, "2026-06": true, "2026-07": true}}
	half := map[string]map[string]bool{"body": {"2026-05": true}}
	any3 := []duty{{id: "any", perMonth: 3}}
	entries := map[string]map[string]done{"2026-05": {"meeting": {2, 1}, "visit": {1, 0}}, "2026-07": {"visit": {4, 0}}}
	for name, c := range map[string]struct {
		b                  bearer
		reported           map[string]map[string]bool
		expected, recorded int
		skipped            string // of the last month
	}{
		"all months":          {bearer{reporting: "body", fromDay: "2020-01-01", duties: any3, entries: entries}, heard, 9, 7, ""},
		"silent body":         {bearer{reporting: "body", fromDay: "2020-01-01", duties: any3, entries: entries}, half, 3, 3, "silent"},
		"no body reports":     {bearer{reporting: "", fromDay: "2020-01-01", duties: any3, entries: entries}, half, 9, 7, ""},
		"one kind counts":     {bearer{reporting: "body", fromDay: "2020-01-01", duties: []duty{{id: "m", kinds: " meeting ", perMonth: 1}}, entries: entries}, heard, 3, 2, ""},
		"came in July":        {bearer{reporting: "body", fromDay: "2026-07-01", duties: any3, entries: entries}, heard, 3, 4, ""},
		"came mid July":       {bearer{reporting: "body", fromDay: "2026-07-17", duties: any3, entries: entries}, heard, 1, 4, ""},
		"came in August":      {bearer{reporting: "body", fromDay: "2026-08-01", duties: any3, entries: entries}, heard, 0, 0, "not_in_post"},
		"on leave throughout": {bearer{reporting: "body", fromDay: "2020-01-01", duties: any3, entries: entries, leaves: [][2]string{{"2026-04-01", "2026-08-15"}}}, heard, 0, 0, "leave"},
		"two thirds of July":  {bearer{reporting: "body", fromDay: "2020-01-01", duties: any3, entries: entries, leaves: [][2]string{{"2026-07-11", "2026-07-21"}, {"2026-07-15", "2026-08-01"}}}, heard, 6, 7, "leave"},
		"duty ended in June":  {bearer{reporting: "body", fromDay: "2020-01-01", duties: []duty{{id: "any", perMonth: 3, to: "2026-07-01"}}, entries: entries}, heard, 6, 3, "not_in_post"},
	} {
		var expected, recorded int
		out := c.b.assess(months, c.reported)
		for _, m := range out {
			expected, recorded = expected+m.expected, recorded+m.recorded
		}
		if expected != c.expected || recorded != c.recorded || out[len(out)-1].skipped != c.skipped {
			t.Errorf("%s: expected %d, recorded %d, last month skipped %q; want %d, %d, %q", name, expected, recorded, out[len(out)-1].skipped, c.expected, c.recorded, c.skipped)
		}
	}
}

func TestCriteriaWindow(t *testing.T) {
	for day, want := range map[string][2]string{"2026-11-22": {"2026-05", "2026-10"}, "2026-01-01": {"2025-07", "2025-12"}, "2026-03-31": {"2025-09", "2026-02"}} {
		if a, z := DefaultCriteria.Window(day); a != want[0] || z != want[1] {
			t.Errorf("window before %s: %s to %s, want %s to %s", day, a, z, want[0], want[1])
		}
	}
}
