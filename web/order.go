package web

import (
	"sangathan/internal/lang"
	"sangathan/org"
)

// ordersLink leads to the orders of a unit, or of the whole state.
func ordersLink(o org.Organization, root bool) string {
	if root {
		return "/orders"
	}
	return "/orders?unit=" + string(o.ID)
}

// areaName writes a place, with its number where it is a seat or booth.
func areaName(p lang.Printer, hi, en string, number int) string {
	name := p.Name(hi, en)
	if number == 0 {
		return name
	}
	return p.T("register.numbered", "no", p.Digits(lang.ASCIIDigits(itoa(number))), "name", name)
}
