package lang

import (
	"strconv"
	"strings"
	"time"
)

// Day writes a day YYYY-MM-DD as "22 नवंबर 2026" or "22 Nov 2026". What is not a day
// comes back as it is.
func (p Printer) Day(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return p.date(t)
}

func (p Printer) date(t time.Time) string {
	month := "month."
	if p.Lang() == En {
		month = "month_short."
	}
	return p.Digits(strconv.Itoa(t.Day()) + " " + p.T(month+strconv.Itoa(int(t.Month()))) + " " + strconv.Itoa(t.Year()))
}

// Month writes a month YYYY-MM as "नवंबर 2026" or "November 2026".
func (p Printer) Month(month string) string {
	t, err := time.Parse("2006-01", month)
	if err != nil {
		return month
	}
	return p.Digits(p.T("month."+strconv.Itoa(int(t.Month()))) + " " + strconv.Itoa(t.Year()))
}

// Weekday names the weekday of a day YYYY-MM-DD: "रविवार".
func (p Printer) Weekday(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return p.T("weekday." + strconv.Itoa(int(t.Weekday())))
}

// Clock writes the time of day of t, in t's zone: "शाम 4:05", "4:05 pm".
func (p Printer) Clock(t time.Time) string {
	part := "clock.night"
	switch h := t.Hour(); {
	case h < 4:
		part = "clock.small_hours"
	case h < 12:
		part = "clock.morning"
	case h < 16:
		part = "clock.afternoon"
	case h < 20:
		part = "clock.evening"
	}
	return p.T(part, "clock", p.Digits(t.Format("3:04")))
}

// Time writes day and time of t, in t's zone: "22 नवंबर 2026, शाम 4:05".
func (p Printer) Time(t time.Time) string {
	return p.date(t) + ", " + p.Clock(t)
}

// Ago tells how far day lies from today, both YYYY-MM-DD: "आज", "3 दिन पहले",
// "2 दिन बाद"; from 60 days on in months, from two years on in years, both rounded
// down. Show it only beside the day itself.
func (p Printer) Ago(day, today string) string {
	d, err1 := time.Parse(time.DateOnly, day)
	t, err2 := time.Parse(time.DateOnly, today)
	if err1 != nil || err2 != nil {
		return day
	}
	days := int(d.Sub(t) / (24 * time.Hour))
	when := "past"
	if days > 0 {
		when = "ahead"
	}
	days = max(days, -days)
	switch {
	case days == 0:
		return p.T("ago.today")
	case days < 60:
		return p.T("ago.days."+when, "n", days)
	case days < 731:
		return p.T("ago.months."+when, "n", days/30)
	}
	return p.T("ago.years."+when, "n", days*4/1461)
}

// ParseDay reads a day as people and spreadsheets write it and gives YYYY-MM-DD:
// 2026-11-22, 22/11/2026, 22-11-26, 22.11.2026, 22 नवंबर 2026, 22 Nov 2026,
// 22-Nov-26, November 22, 2026, in either script's digits. The day stands before the
// month unless the month is a word. Years of two digits lie in 1940 to 2039, years of
// four in 1800 to 2199. Days that no calendar has are refused.
func ParseDay(s string) (day string, ok bool) {
	f := strings.FieldsFunc(strings.ToLower(ASCIIDigits(s)), func(r rune) bool { return strings.ContainsRune(" \t\u00a0-/.,", r) })
	if len(f) != 3 {
		return "", false
	}
	if _, ok := number(f[0], 4); ok && len(f[0]) == 4 { // year first
		f[0], f[2] = f[2], f[0]
	} else if monthNames[Fold(f[0])] != 0 { // November 22, 2026
		f[0], f[1] = f[1], f[0]
	}
	month := monthNames[Fold(f[1])]
	if month == 0 {
		if month, ok = number(f[1], 2); !ok {
			return "", false
		}
	} else {
		for _, th := range []string{"st", "nd", "rd", "th"} {
			f[0] = strings.TrimSuffix(f[0], th)
		}
	}
	d, ok1 := number(f[0], 2)
	y, ok2 := number(f[2], 4)
	if !ok1 || !ok2 || len(f[2]) != 2 && len(f[2]) != 4 {
		return "", false
	}
	if len(f[2]) == 2 {
		y += 1900
		if y < 1940 {
			y += 100
		}
	}
	t := time.Date(y, time.Month(month), d, 0, 0, 0, 0, time.UTC)
	if y < 1800 || y > 2199 || t.Day() != d || int(t.Month()) != month {
		return "", false
	}
	return t.Format(time.DateOnly), true
}

// number reads at most digits ASCII digits.
func number(s string, digits int) (int, bool) {
	n, err := strconv.ParseUint(s, 10, 16)
	return int(n), err == nil && len(s) <= digits
}

// monthNames maps the ways to write a month, folded, to its number.
var monthNames = func() map[string]int {
	names := map[string]int{}
	for i, forms := range []string{
		"january jan जनवरी जन", "february feb फरवरी फर", "march mar मार्च", "april apr अप्रैल अप्रेल", "may मई", "june jun जून",
		"july jul जुलाई जुल", "august aug अगस्त अग", "september sept sep सितंबर सितं सित", "october oct अक्टूबर अक्तूबर अक्टू",
		"november nov नवंबर नवं नव", "december dec दिसंबर दिसं दिस",
	} {
		for _, form := range strings.Fields(forms) {
			names[Fold(form)] = i + 1
		}
	}
	return names
}()
