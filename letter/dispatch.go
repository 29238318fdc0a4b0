package letter

import (
	"fmt"
	"regexp"

	"sangathan/internal/db"
	"sangathan/internal/fault"
)

// A mark stands before the numbers of letters: parts between strokes, each beginning
// with a letter, so that no mark looks like a year.
var goodMark = regexp.MustCompile(`^[\pL][\pL\pM\pN .&()-]*(/[\pL][\pL\pM\pN .&()-]*)*$`)

// maxMark is the most characters of a mark.
const maxMark = 30

// Number takes the next number of the dispatch register that organization ("" for the
// highest) enters its letters in: "2026/0001", or "JILA/2026/0001" where it or the
// nearest body above it has the mark JILA. Orders and notices are one series, begun
// anew each year; bodies with the same mark share one. The number is taken with the
// transaction, so the series has no gaps.
func Number(tx *db.Tx, organization string) (number string, err error) {
	defer fault.Op(&err, "letter.Number(%s)", organization)
	if organization == "" {
		if organization, err = highest(tx); err != nil {
			return "", err
		}
	}
	series, err := markOf(tx, organization)
	if err != nil {
		return "", err
	}
	if series != "" {
		series += "/"
	}
	series += fmt.Sprint(tx.Now.Year())
	n, err := tx.Next("letters/" + series)
	return fmt.Sprintf("%s/%04d", series, n), err
}

// markOf gives the mark in force for a body: its own, or the nearest above.
func markOf(tx *db.Tx, organization string) (string, error) {
	return tx.Text(`select h.mark from organization o join letterhead h on h.mark <> ''
			join organization a on a.id = h.organization_id and substr(o.path, 1, length(a.path)) = a.path
		where o.id = $1 order by length(a.path) desc limit 1`, organization)
}

// highest gives the body that issues what no body's officer does.
func highest(tx *db.Tx) (string, error) {
	return tx.Text(`select id from organization where parent_id is null order by path limit 1`)
}
