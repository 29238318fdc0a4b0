package lang

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"sangathan/internal/fault"
)

// A Printer writes for one reader: in a language, with an organization's words,
// and in the digits chosen. It is a small value, made once per request; the zero
// Printer writes Hindi with the common words.
type Printer struct {
	lang  Lang
	words map[string]string
	deva  bool
}

// New makes a Printer. words maps a word's English name ("committee") to the
// organization's word in language l, and may be nil. Devanagari digits are used
// in Hindi only.
func New(l Lang, words map[string]string, devanagariDigits bool) Printer {
	return Printer{lang: l, words: words, deva: devanagariDigits && l != En}
}

// Lang gives the language written.
func (p Printer) Lang() Lang {
	if p.lang == En {
		return En
	}
	return Hi
}

// T gives the message of key, its placeholders filled from name/value pairs:
// p.T("meeting.invited", "n", 5). How values print:
//
//	int, int64     with Indian grouping, 1,77,516 (so pass a year or a number plate as a string)
//	float64        with one decimal
//	string         as it is
//	Day            22 नवंबर 2026; any other string type as it is
//	time.Time      22 नवंबर 2026, शाम 4:05, in the value's own zone
//	Key            the message of that key
//	Name           the name in the reader's script
//	[]string       अ, ब और स
//	error          as [Printer.Error]
//
// A key or an argument that is missing shows as ⟦key⟧.
func (p Printer) T(key string, args ...any) string {
	return p.fill(key, func(name string) (any, bool) {
		for i := 0; i+1 < len(args); i += 2 {
			if args[i] == name {
				return args[i+1], true
			}
		}
		return nil, false
	})
}

func (p Printer) fill(key string, arg func(name string) (any, bool)) string {
	m, ok := catalogues()[p.Lang()][key]
	if !ok {
		return "⟦" + key + "⟧"
	}
	var b strings.Builder
	for _, part := range m {
		switch {
		case part.word != "":
			b.WriteString(p.Word(part.word))
		case part.arg == "":
			b.WriteString(p.Digits(part.text))
		default:
			v, ok := arg(part.arg)
			if !ok {
				b.WriteString("⟦" + part.arg + "⟧")
			} else if part.forms == nil {
				b.WriteString(p.value(v))
			} else if form := p.plural(v, part.forms); strings.HasPrefix(form, "@") {
				b.WriteString(p.Word(form[1:]))
			} else {
				b.WriteString(form)
			}
		}
	}
	return b.String()
}

// value writes one argument.
func (p Printer) value(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int:
		return p.Num(v)
	case int64:
		return p.Num(int(v))
	case float64:
		return p.Digits(strconv.FormatFloat(v, 'f', 1, 64))
	case Day:
		return p.Day(string(v))
	case time.Time:
		return p.Time(v)
	case Key:
		return p.T(string(v))
	case Name:
		return p.Name(v.Hi, v.En)
	case []string:
		return p.List(v)
	case error:
		return p.Error(v)
	}
	return fmt.Sprint(v)
}

// plural chooses between the forms for one and for other, by the rules of CLDR:
// in Hindi 0 and 1 are one, in English 1.
func (p Printer) plural(v any, forms []string) string {
	n, _ := strconv.Atoi(fmt.Sprint(v))
	tag := language.Hindi
	if p.Lang() == En {
		tag = language.English
	}
	if plural.Cardinal.MatchPlural(tag, max(n, -n), 0, 0, 0, 0) == plural.One {
		return forms[0]
	}
	return forms[1]
}

// Error gives the message of a fault; anything else is our own failure and says
// only that.
func (p Printer) Error(err error) string {
	if e, ok := errors.AsType[*fault.Error](err); ok && Has(e.Key) {
		return p.fillMap(e.Key, e.Args)
	}
	return p.T("fault.internal")
}

// Fields gives the messages of a fault's faulty fields by field name: the first
// for each field. It is nil when there are none. For the order of the fields on
// the form range over the fault's own Fields.
func (p Printer) Fields(err error) map[string]string {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || len(e.Fields) == 0 {
		return nil
	}
	texts := make(map[string]string, len(e.Fields))
	for _, f := range e.Fields {
		if _, told := texts[f.Name]; !told {
			texts[f.Name] = p.fillMap(f.Key, f.Args)
		}
	}
	return texts
}

func (p Printer) fillMap(key string, args map[string]any) string {
	return p.fill(key, func(name string) (any, bool) { v, ok := args[name]; return v, ok })
}

// Word gives the organization's word for key ("committee"), else the common one:
// the message "word."+key.
func (p Printer) Word(key string) string {
	if w := p.words[key]; w != "" {
		return w
	}
	return p.T("word." + key)
}

// Name gives the name in the reader's script, or the other when that is empty.
func (p Printer) Name(hi, en string) string {
	if p.Lang() == En && en != "" || hi == "" {
		return en
	}
	return hi
}

// List joins items as a sentence does: "अ, ब और स".
func (p Printer) List(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return strings.Join(items[:last], ", ") + " " + p.T("common.and") + " " + items[last]
}
