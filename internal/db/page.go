package db

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

	"sangathan/internal/fault"
)

// Page asks for one page of a list.
type Page struct {
	Sort  string // one of the list's orders; "" for its first
	After string // what the page before gave as next; "" from the beginning
	Limit int    // at most so many rows; 50 when 0
}

// First is the first n rows of a list in its own order.
func First(n int) Page { return Page{Limit: n} }

// Order is one way to sort a list. Its columns are never null and together name one
// row, so the last of them is an id. Only with all of them in one direction is a page
// found by one step into an index.
type Order struct {
	Name string
	By   []By
}

// By is a column to sort by.
type By struct {
	SQL  string // a column or expression of the query, never null
	Int  bool   // a number; else a text
	Desc bool
}

// Paged reads one page of a list after a key, never by counting off what was shown
// before: what it costs depends on the page and not on how far down it lies. The
// query begins with "select {key}, " and ends in its where. next is "" on the last page.
// Faults: Invalid (an unknown order; a key of another list).
func Paged[T any](t *Tx, query string, args []any, orders []Order, p Page, read func(Scanner) (T, error)) (page []T, next string, err error) {
	o := orders[0]
	for _, other := range orders {
		if other.Name == p.Sort {
			o = other
		}
	}
	if p.Sort != "" && o.Name != p.Sort {
		return nil, "", fault.In("sort", "fault.unknown_choice")
	}
	if p.Limit <= 0 {
		p.Limit = 50
	}
	var keys, by []string
	for _, c := range o.By {
		keys = append(keys, c.SQL)
		if c.Desc {
			by = append(by, c.SQL+" desc")
		} else {
			by = append(by, c.SQL)
		}
	}
	args = append([]any(nil), args...)
	var q strings.Builder
	q.WriteString(strings.Replace(query, "{key}", strings.Join(keys, ", "), 1))
	if p.After != "" {
		key, err := o.open(p.After)
		if err != nil {
			return nil, "", err
		}
		q.WriteString(" and " + o.after(len(args)))
		args = append(args, key...)
	}
	q.WriteString(" order by " + strings.Join(by, ", ") + " limit $" + strconv.Itoa(len(args)+1))
	args = append(args, p.Limit+1)
	k := keyed{key: o.room()}
	last := ""
	page, err = Select(t, q.String(), args, func(s Scanner) (v T, err error) {
		k.Scanner = s
		if v, err = read(k); err == nil && next == "" {
			if p.Limit--; p.Limit < 0 {
				next = last
			} else if p.Limit == 0 {
				last, err = o.close(k.key)
			}
		}
		return v, err
	})
	if err != nil {
		return nil, "", err
	}
	if next != "" {
		page = page[:len(page)-1]
	}
	return page, next, nil
}

// after is the condition of coming after a key whose values follow the n-th argument.
func (o Order) after(n int) string {
	var names, values []string
	same := true
	for i, c := range o.By {
		names, values = append(names, c.SQL), append(values, "$"+strconv.Itoa(n+1+i))
		same = same && c.Desc == o.By[0].Desc
	}
	beyond := func(c By) string {
		if c.Desc {
			return " < "
		}
		return " > "
	}
	if same {
		return "(" + strings.Join(names, ", ") + ")" + beyond(o.By[0]) + "(" + strings.Join(values, ", ") + ")"
	}
	// a > 1 or a = 1 and (b < 2 or b = 2 and (c > 3)), written in the order of the values.
	var b strings.Builder
	b.WriteByte('(')
	for i, c := range o.By {
		b.WriteString(names[i] + beyond(c) + values[i])
		if i < len(o.By)-1 {
			b.WriteString(" or " + names[i] + " = " + values[i] + " and (")
		}
	}
	b.WriteString(strings.Repeat(")", len(o.By)))
	return b.String()
}

// room is where the key of a row is read to.
func (o Order) room() (to []any) {
	for _, c := range o.By {
		if c.Int {
			to = append(to, new(int64))
		} else {
			to = append(to, new(string))
		}
	}
	return to
}

// close writes a row's key as text for an address.
func (o Order) close(key []any) (string, error) {
	text, err := json.Marshal(append([]any{o.Name}, key...))
	return base64.RawURLEncoding.EncodeToString(text), err
}

// open reads a key again. Invalid when it is none of this order.
func (o Order) open(text string) (key []any, err error) {
	bad := fault.In("after", "fault.bad_link")
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, bad
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var parts []any
	if d.Decode(&parts) != nil || len(parts) != len(o.By)+1 || parts[0] != o.Name {
		return nil, bad
	}
	for i, c := range o.By {
		switch v := parts[i+1].(type) {
		case json.Number:
			n, err := v.Int64()
			if err != nil || !c.Int {
				return nil, bad
			}
			key = append(key, n)
		case string:
			if _, err := cleanText(v); err != nil || c.Int {
				return nil, bad
			}
			key = append(key, v)
		default:
			return nil, bad
		}
	}
	return key, nil
}

// keyed is a row whose first columns are its key.
type keyed struct {
	Scanner
	key []any
}

// Scan reads the key and then what the caller asks for.
func (k keyed) Scan(dest ...any) error {
	return k.Scanner.Scan(append(append(make([]any, 0, len(k.key)+len(dest)), k.key...), dest...)...)
}

// Equal adds to a where and its arguments that column is value; nothing for "".
func Equal(where *string, args *Args, column, value string) {
	if value != "" {
		*where += " and " + column + " = " + args.Place(value)
	}
}

// Each goes through a whole list, page by page.
func Each[T any](read func(Page) ([]T, string, error), do func(T) error) error {
	for p := First(500); ; {
		page, next, err := read(p)
		if err != nil {
			return err
		}
		for _, v := range page {
			if err := do(v); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		p.After = next
	}
}
