// Package lang speaks to the reader: messages in Hindi and English, the words an
// organization has chosen, numbers, days and names as people here write them, and
// the keys by which Hindi names are sorted and searched.
//
// Messages live in messages/<capability>.hi.toml and .en.toml as flat lists
//
//	"meeting.invited" = "{n} {n|व्यक्ति|व्यक्तियों} को {@meeting} में बुलाया"
//
// and are named by key everywhere else; text never stands in code. Inside a message
//
//	{name}             the argument of that name (see [Printer.T] for how types print)
//	{n|one|other}      one text or the other, by the number n; Hindi counts 0 and 1 as one
//	{n|@one|@other}    the same with words of the word pack
//	{@committee}       the word pack's word for "committee"
//
// To add a message: put the key in both files of your capability (make them if they
// are not there), with the same arguments, and name the key in the code. The tests
// here find a key that is missing, unused, in two files, or in one language only.
// A key built at run time begins with a literal, "role." + x or "month.%d", so that
// they can see it.
package lang

import "strings"

// Lang is a language of the interface.
type Lang string

const (
	Hi Lang = "hi" // Hindi, the default
	En Lang = "en" // English
)

// Parse reads a language tag such as "en" or "en-IN"; anything that is not
// English is Hindi.
func Parse(s string) Lang {
	s = strings.ToLower(s)
	if s == "en" || strings.HasPrefix(s, "en-") || strings.HasPrefix(s, "en_") {
		return En
	}
	return Hi
}

// A Day is a calendar day as YYYY-MM-DD; as an argument of a message it is
// written out: "22 नवंबर 2026", "22 Nov 2026".
type Day string

// A Key as an argument of a message is itself a message, shown in the reader's
// language: fault.New(k, "org.wrong_kind", "kind", lang.Key("word.district")).
type Key string

// A Name is a name in both scripts; as an argument of a message it is shown in
// the reader's. Either may be empty.
type Name struct{ Hi, En string }
