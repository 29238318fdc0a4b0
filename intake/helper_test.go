package intake_test

import (
	"sangathan/internal/db"
	"sangathan/org"
	"sangathan/pack"
)

// loadPack makes an empty state unit on the areas of the reference pack.
func loadPack(tx *db.Tx) error {
	p := pack.UttarPradesh()
	if err := org.LoadPack(tx, p); err != nil {
		return err
	}
	l, err := org.NewLoader(tx)
	if err != nil {
		return err
	}
	if _, err := l.Organization(org.Organization{ID: "state", Kind: "state_unit", NameHi: "प्रदेश इकाई", NameEn: "State unit", Area: org.AreaID(p.Root), RegisterOpen: true}); err != nil {
		return err
	}
	return l.Close()
}
