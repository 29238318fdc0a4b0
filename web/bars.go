package web

import (
	"sangathan/activity"
	"sangathan/internal/lang"
)

// bar is one month of a chart, placed: a column of 30 in a drawing of 360 by 150.
type bar struct {
	x, bar, mid, y, h, doneY, doneH, above string
	n, month, words                        string
}

func barsOf(p lang.Printer, months []activity.MonthCount) (bars []bar) {
	const base, tall = 125, 100
	top := 4 // a month of four entries is not drawn as though it were much
	for _, m := range months {
		top = max(top, m.Entries)
	}
	for i, m := range months {
		h, done := m.Entries*tall/top, m.Confirmed*tall/top
		short := p.T("month_short." + itoa(monthOf(m.Month)))
		bars = append(bars, bar{x: itoa(i * 30), bar: itoa(i*30 + 5), mid: itoa(i*30 + 15),
			y: itoa(base - h), h: itoa(h), doneY: itoa(base - done), doneH: itoa(done), above: itoa(base - h - 5),
			n: p.Num(m.Entries), month: short,
			words: p.T("register.month_words", "month", p.Month(m.Month), "n", m.Entries, "confirmed", m.Confirmed)})
	}
	return bars
}

func monthOf(month string) int { return int(month[5]-'0')*10 + int(month[6]-'0') }

// signed writes a change with its sign, so that it is told by more than a colour.
func signed(p lang.Printer, n int) string {
	if n < 0 {
		return "−" + p.Num(-n)
	}
	return "+" + p.Num(n)
}
