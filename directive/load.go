package directive

import (
	"sangathan/internal/db"
	"sangathan/org"
)

// LoadMonthlyReport asks for the monthly report as though it had been asked for at
// IssuedAt by IssuedBy: for a unit that takes over older records, and for the
// demonstration. From and Subject must be set. The caller has checked who may.
func LoadMonthlyReport(tx *db.Tx, d Directive) (ID, error) {
	d.Kind = KindMonthlyReport
	if err := d.Validate(tx.Today()); err != nil {
		return "", err
	}
	o, err := org.Lookup(tx, d.From)
	if err != nil {
		return "", err
	}
	d.fromPath = o.Path
	return insert(tx, d)
}

// Loader enters answers in bulk. The caller has checked who may, and that they are
// expected. Close writes what waits; the caller then stores a recount in the tallies
// (review.Recount).
type Loader struct{ in *db.Inserter }

// NewLoader begins loading in tx.
func NewLoader(tx *db.Tx) *Loader {
	return &Loader{tx.Insert("directive_answer", "directive_id", "organization_id", "unit_id", "period", "acknowledged_at", "answered_at", "answered_by", "body")}
}

// Add adds the answer that a body of a district-level body gave at an instant in
// milliseconds UTC, by the membership by ("" when it is not known).
func (l *Loader) Add(id ID, body, unit org.OrganizationID, period string, at int64, by org.MembershipID, text string) error {
	return l.in.Add(id, body, db.Null(string(unit)), period, at, at, db.Null(string(by)), text)
}

// Close writes the rows that wait.
func (l *Loader) Close() error { return l.in.Flush() }
