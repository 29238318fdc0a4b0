package lang

import (
	"strconv"
	"strings"
)

// Num writes n with Indian grouping: 1,77,516.
func (p Printer) Num(n int) string {
	s := strconv.Itoa(max(n, -n))
	if len(s) > 3 {
		head, tail := s[:len(s)-3], s[len(s)-3:]
		for len(head) > 2 {
			head, tail = head[:len(head)-2], head[len(head)-2:]+","+tail
		}
		s = head + "," + tail
	}
	if n < 0 {
		s = "−" + s
	}
	return p.Digits(s)
}

// Percent tells a share with its numbers: "75 में से 52 (69 %)", or with the name of
// what is counted "75 में से 52 जिले (69 %)". Not quite all reads as >99 %, not quite
// none as <1 %; of nothing there is no percentage.
func (p Printer) Percent(part, whole int, noun ...string) string {
	key, keyOfNone := "number.share", "number.share_none"
	if len(noun) > 0 {
		key, keyOfNone = "number.share_of", "number.share_of_none"
	}
	if whole == 0 {
		return p.T(keyOfNone, "part", part, "whole", whole, "noun", strings.Join(noun, " "))
	}
	percent := strconv.Itoa((part*100 + whole/2) / whole)
	switch {
	case percent == "0" && part > 0:
		percent = "<1"
	case percent == "100" && part < whole:
		percent = ">99"
	}
	return p.T(key, "part", part, "whole", whole, "percent", p.Digits(percent), "noun", strings.Join(noun, " "))
}

// Digits turns ASCII digits into Devanagari ones if the reader has chosen them.
func (p Printer) Digits(s string) string {
	if !p.deva {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r - '0' + '०'
		}
		return r
	}, s)
}

// ASCIIDigits turns Devanagari digits into ASCII ones.
func ASCIIDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '०' && r <= '९' {
			return r - '०' + '0'
		}
		return r
	}, s)
}

// Phone reads an Indian mobile number however it is written: with spaces, dashes,
// dots or brackets, with +91, 0091, 91 or 0 before it, in either script's digits. It
// gives the ten digits.
func Phone(s string) (digits string, ok bool) {
	s = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\u00a0', '\t', '-', '‐', '‑', '–', '.', '(', ')', '\u200b', '\u200c', '\u200d', '\u202a', '\u202c', '\u2060', '\ufeff':
			return -1
		}
		return r
	}, ASCIIDigits(s))
	for _, prefix := range []string{"+91", "0091", "91", "0"} {
		if rest, found := strings.CutPrefix(s, prefix); found && len(rest) >= 10 {
			s = rest
			break
		}
	}
	if s, found := strings.CutPrefix(s, "0"); found && len(s) == 10 {
		return Phone(s)
	}
	if len(s) != 10 || s[0] < '6' || strings.Trim(s, "0123456789") != "" {
		return "", false
	}
	return s, true
}
