package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"sangathan/access"
	"sangathan/activity"
	"sangathan/internal/db"
	"sangathan/org"
	"sangathan/pack"
	"sangathan/review"
)

// initCommand makes an empty unit from a pack, with its root organization and the
// first account, and prints the activation slip of that account.
//
//	sangathan init -pack DIR -db PATH [-name NAME] [-person NAME] [-phone NUMBER] [-role ROLE]
func initCommand(ctx context.Context, e *Env, args []string) (err error) {
	f := newFlags(e, "init", "")
	packDir := f.String("pack", "", "folder of the pack (see pack/README.md); the built-in Uttar Pradesh when left out")
	name := f.String("name", "", "name of the organization; the pack's name when left out")
	person := f.String("person", "", "name of the first account's holder; the role's name when left out")
	phone := f.String("phone", "", "phone of the first account's holder, to sign in by code")
	role := f.String("role", "", "role of the first account, which must permit admin; the pack's lowest such role when left out")
	rest, err := f.parse(args, true)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		f.Usage()
		return errUsage
	}
	p := pack.UttarPradesh()
	if *packDir != "" {
		if p, err = pack.Load(os.DirFS(*packDir)); err != nil {
			return err
		}
	}
	if !db.IsPostgres(*f.db) {
		if _, err := os.Stat(*f.db + "/unit.db"); err == nil {
			return fmt.Errorf("%s already holds a unit", *f.db)
		}
	}
	if _, serr := os.Stat(*f.db); errors.Is(serr, os.ErrNotExist) && !db.IsPostgres(*f.db) {
		defer func() { // what could not be made whole is not left lying about
			if err != nil {
				os.RemoveAll(*f.db)
			}
		}()
	}
	u, err := db.Open(ctx, db.Config{Path: *f.db, Clock: e.Now})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, u.Close()) }()
	var token string
	err = u.Bulk(ctx, func(tx *db.Tx) error {
		if id, err := tx.Meta("pack"); err != nil || id != "" {
			return errors.Join(err, fmt.Errorf("%s already holds a unit", *f.db))
		}
		token, err = found(tx, p, *name, *role, org.NewPerson{NameHi: *person, Phone: *phone})
		return err
	})
	if err != nil {
		return err
	}
	say := printer()
	fmt.Fprintln(e.Stdout, say.T("cli.unit_made", "path", *f.db))
	fmt.Fprintln(e.Stdout, say.T("cli.next_serve", "path", *f.db))
	fmt.Fprintln(e.Stdout, say.T("cli.first_slip", "url", "http://127.0.0.1:8080/slip/"+token))
	return nil
}

// found makes an empty unit in tx: what the pack holds, the default criteria, the
// root organization with one post of role, and the person who holds it. It gives
// the token of that person's activation slip.
func found(tx *db.Tx, p *pack.Pack, name, role string, person org.NewPerson) (token string, err error) {
	if err := org.LoadPack(tx, p); err != nil {
		return "", err
	}
	if err := activity.LoadKinds(tx, p); err != nil {
		return "", err
	}
	if err := review.LoadDefault(tx); err != nil {
		return "", err
	}
	holds, err := firstRole(p, role)
	if err != nil {
		return "", err
	}
	root := org.Organization{ID: org.OrganizationID(tx.NewID()), Kind: p.OrgKinds[0].ID, NameHi: name, NameEn: name,
		Area: org.AreaID(p.Root), Founded: tx.Today(), RegisterOpen: true}
	if name == "" {
		root.NameHi, root.NameEn = p.NameHi+" "+p.OrgKinds[0].NameHi, p.NameEn+" "+p.OrgKinds[0].NameEn
	}
	if person.NameHi == "" {
		person.NameHi, person.NameEn = holds.NameHi, holds.NameEn
	}
	person.ID = org.PersonID(tx.NewID())
	l, err := org.NewLoader(tx)
	if err != nil {
		return "", err
	}
	root, err = l.Organization(root)
	if err != nil {
		return "", err
	}
	if err := l.Person(person); err != nil {
		return "", err
	}
	err = l.Post(org.Post{ID: org.PostID(tx.NewID()), Organization: root.ID, Role: org.RoleID(holds.ID), Seats: []org.SeatFill{{
		ID: org.SeatID(tx.NewID()), Membership: org.MembershipID(tx.NewID()), Person: person.ID, FromDay: tx.Today(), Source: "init", SourceDay: tx.Today()}}})
	if err != nil {
		return "", err
	}
	if err := l.Close(); err != nil {
		return "", err
	}
	c, err := review.Recount(tx)
	if err != nil {
		return "", err
	}
	if err := c.Store(tx); err != nil {
		return "", err
	}
	return access.MakeSlip(tx, access.Operator(), string(person.ID), root.Target(person.ID))
}

// firstRole finds the role of the first account: the named one, or the lowest that
// permits admin, which is the office's and not the leader's.
func firstRole(p *pack.Pack, name string) (role pack.Role, err error) {
	if len(p.OrgKinds) == 0 {
		return role, errors.New("the pack has no kind of organization (org_kinds.csv)")
	}
	admins := map[string]bool{}
	for _, a := range p.RoleActs {
		if a.Act == string(access.Admin) {
			admins[a.Role] = true
		}
	}
	for _, r := range p.Roles {
		if admins[r.ID] && (name == r.ID || name == "" && r.Rank >= role.Rank) {
			role = r
		}
	}
	if role.ID == "" {
		return role, fmt.Errorf("the pack has no role %q that permits %s (role_acts.csv)", name, access.Admin)
	}
	return role, nil
}
