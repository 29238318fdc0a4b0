package access

import (
	"database/sql"
	"strings"

	"sangathan/internal/db"
	"sangathan/internal/fault"
)

// Actor is who acts in a transaction: an account and the membership it acts
// under. The zero Actor is nobody and may do nothing.
type Actor struct {
	Account    string
	Person     string
	Membership string // the hat; "" for one who holds no post now
	Role       string
	Org        string // the hat's organization
	OrgPath    string
	AreaPath   string // territory of Org in the organization tree, below its root's label
	Unit       string // district-level body of Org; "" at the level of the state
	Lang       string
	// NeedsSecond says that the post needs the second step of signing in, which its
	// holder has yet to set up: until then they act under no hat.
	NeedsSecond bool
	seen        int64 // when the session was noted as used
	operator    bool
	grants      []grant
}

type grant struct {
	scope Scope
	acts  string // " act act "
}

// Target is what an act is done to: an organization by its paths, and the person
// concerned where there is one.
type Target struct {
	Org      string
	OrgPath  string
	AreaPath string
	Person   string
}

// Operator is who runs the command line on the unit's own machine without naming
// an actor. Such a reader can read the files anyway, so every check passes; what
// it does is audited as "operator".
func Operator() Actor { return Actor{Account: "operator", operator: true} }

// SignedIn reports whether there is an actor at all.
func (a Actor) SignedIn() bool { return a.Account != "" }

// IsOperator reports whether the actor is the machine's operator.
func (a Actor) IsOperator() bool { return a.operator }

// May reports whether the hat permits act on t. It says nothing of visibility.
func (a Actor) May(act Act, t Target) bool {
	if a.operator {
		return true
	}
	if a.Membership == "" || t.OrgPath == "" {
		return false
	}
	for _, g := range a.grants {
		if strings.Contains(g.acts, " "+string(act)+" ") && a.reaches(g.scope, t) {
			return true
		}
	}
	return false
}

func (a Actor) reaches(s Scope, t Target) bool {
	switch s {
	case ScopeArea:
		return strings.HasPrefix(t.AreaPath, a.AreaPath)
	case ScopeOrg:
		return strings.HasPrefix(t.OrgPath, a.OrgPath)
	case ScopeBelow:
		return strings.HasPrefix(t.AreaPath, a.AreaPath) && t.AreaPath != a.AreaPath
	case ScopeOwn:
		return t.Org == a.Org
	}
	return false
}

// MayWithin reports whether the hat permits act on t and on everything under it: who
// reads a figure of all that lies under a body needs it, for a grant on the own body
// alone reaches nothing below.
func (a Actor) MayWithin(act Act, t Target) bool {
	if a.operator {
		return true
	}
	if a.Membership == "" || t.OrgPath == "" {
		return false
	}
	for _, g := range a.grants {
		if g.scope != ScopeOwn && strings.Contains(g.acts, " "+string(act)+" ") && a.reaches(g.scope, t) {
			return true
		}
	}
	return false
}

// MayAnywhere reports whether the hat permits act on anything at all: a page
// offers a button by it, the verb still checks the target.
func (a Actor) MayAnywhere(act Act) bool {
	if a.operator {
		return true
	}
	for _, g := range a.grants {
		if strings.Contains(g.acts, " "+string(act)+" ") {
			return true
		}
	}
	return false
}

// Sees reports whether t is visible: oneself; one's own organization and those
// above it; and what see_register reaches.
func (a Actor) Sees(t Target) bool {
	switch {
	case a.operator, t.Person != "" && t.Person == a.Person:
		return true
	case a.Membership == "" || t.OrgPath == "":
		return false
	case strings.HasPrefix(a.OrgPath, t.OrgPath):
		return true
	}
	return a.May(SeeRegister, t)
}

// Check is the one gate: nil when the hat permits act on t; Unauthorized when
// nobody is signed in; NotFound when t is not visible; else Forbidden.
func (a Actor) Check(act Act, t Target) error {
	switch {
	case !a.SignedIn():
		return fault.New(fault.Unauthorized, "access.sign_in")
	case a.May(act, t):
		return nil
	case !a.Sees(t):
		return fault.New(fault.NotFound, "fault.not_found")
	}
	return fault.New(fault.Forbidden, "access.forbidden."+string(act))
}

// CheckSees is the gate of reading: nil when t is visible, else Unauthorized or NotFound.
func (a Actor) CheckSees(t Target) error {
	switch {
	case !a.SignedIn():
		return fault.New(fault.Unauthorized, "access.sign_in")
	case a.Sees(t):
		return nil
	}
	return fault.New(fault.NotFound, "fault.not_found")
}

// Reach is the widest part of the register in which the hat permits act, for
// lists: rows whose organization has a path, or territory path, within
// [From, To). Any of the two ranges may be empty (From == To).
type Reach struct {
	OrgFrom, OrgTo   string
	AreaFrom, AreaTo string
}

// ReachOf gives the reach of act. A list query joins organization o and asks
//
//	(o.path >= $1 and o.path < $2 or o.area_path >= $3 and o.area_path < $4)
func (a Actor) ReachOf(act Act) Reach {
	var r Reach
	if a.operator {
		return Reach{OrgFrom: "/", OrgTo: "0"}
	}
	for _, g := range a.grants {
		if !strings.Contains(g.acts, " "+string(act)+" ") {
			continue
		}
		switch g.scope {
		case ScopeOrg:
			r.OrgFrom, r.OrgTo = Range(a.OrgPath)
		case ScopeArea:
			r.AreaFrom, r.AreaTo = Range(a.AreaPath)
		case ScopeBelow:
			if r.AreaFrom == "" { // strictly below: past the node's own path
				_, r.AreaTo = Range(a.AreaPath)
				r.AreaFrom = a.AreaPath + "!"
			}
		case ScopeOwn:
			if r.OrgFrom == "" {
				r.OrgFrom, r.OrgTo = a.OrgPath, a.OrgPath+"!"
			}
		}
	}
	return r
}

// Range gives the half-open text range that holds path and everything below it.
// A path ends in "/", and "0" follows "/" in ASCII.
func Range(path string) (from, to string) {
	if path == "" {
		return "", ""
	}
	return path, path[:len(path)-1] + "0"
}

// ScopedActs is what a role permits in one scope: acts as " act act ".
type ScopedActs struct {
	Scope Scope
	Acts  string
}

// RoleActs gives what a role permits, by scope.
func RoleActs(tx *db.Tx, role string) ([]ScopedActs, error) {
	rows, err := db.Select(tx, `select scope, act from role_act where role_id = $1 order by scope, act`, []any{role},
		func(s db.Scanner) (v [2]string, err error) { return v, s.Scan(&v[0], &v[1]) })
	var out []ScopedActs
	for _, r := range rows {
		if n := len(out); n > 0 && out[n-1].Scope == Scope(r[0]) {
			out[n-1].Acts += r[1] + " "
		} else {
			out = append(out, ScopedActs{Scope(r[0]), " " + r[1] + " "})
		}
	}
	return out, err
}

// Grant makes the grants of a membership from the acts its role permits. Called
// where a membership begins or resumes, in the same transaction: the person's open
// sessions that have no hat put this one on, so access begins with the order.
func Grant(tx *db.Tx, membership, role, organization string) error {
	acts, err := RoleActs(tx, role)
	if err != nil {
		return err
	}
	for _, a := range acts {
		_, err := tx.Exec(`insert into access_grant(membership_id, scope, acts, organization_id) values($1, $2, $3, $4)
			on conflict(membership_id, scope) do update set acts = excluded.acts`, membership, string(a.Scope), a.Acts, organization)
		if err != nil {
			return err
		}
	}
	_, err = tx.Exec(`update session set membership_id = $1 where membership_id is null and account_id in (`+accountsOf+`)`, membership)
	return err
}

// accountsOf is the account of whoever holds, or held, the membership $1.
const accountsOf = `select a.id from account a join membership m on m.person_id = a.person_id where m.id = $1`

// Withdraw removes the grants of a membership and takes the hat off its open
// sessions: they go on under the person's highest other post, or under none, signed
// in to their own record and cases.
func Withdraw(tx *db.Tx, membership string) error {
	if _, err := tx.Exec(`delete from access_grant where membership_id = $1`, membership); err != nil {
		return err
	}
	_, err := tx.Exec(`update session set membership_id = (select m.id from account a join membership m on m.person_id = a.person_id join role r on r.id = m.role_id
			where a.id = session.account_id and m.to_day is null and m.id <> $1 order by r.rank, m.from_day, m.id limit 1)
		where membership_id = $1 and account_id in (`+accountsOf+`)`, membership)
	return err
}

// ActorOf makes the actor of a person under a membership (which must be theirs
// and running), or under none when membership is "". For sessions, and for the
// command line's -as.
func ActorOf(tx *db.Tx, account, person, membership string) (Actor, error) {
	a := Actor{Account: account, Person: person}
	if membership == "" {
		return a, nil
	}
	_, err := db.Select(tx, `select `+hatColumns+` from membership m join organization o on o.id = m.organization_id
		left join access_grant g on g.membership_id = m.id where m.id = $1 and m.to_day is null`, []any{membership},
		func(s db.Scanner) (struct{}, error) { return a.scanHat(s) })
	return a, err
}

// hatColumns are a running membership, its organization and one of its grants.
const hatColumns = `m.id, m.person_id, m.role_id, o.id, o.path, o.area_path, o.unit_id, g.scope, g.acts`

// scanHat reads hatColumns, and what stands before them into first: a row for each
// grant. Of a person without a hat the columns are null; a hat of somebody else is none.
func (a *Actor) scanHat(s db.Scanner, first ...any) (none struct{}, err error) {
	var membership, person, role, body, path, areaPath, unit, scope, acts sql.NullString
	if err := s.Scan(append(first, &membership, &person, &role, &body, &path, &areaPath, &unit, &scope, &acts)...); err != nil || person.String != a.Person {
		return none, err
	}
	a.Membership, a.Role, a.Org, a.OrgPath, a.AreaPath, a.Unit = membership.String, role.String, body.String, path.String, areaPath.String, unit.String
	if scope.Valid {
		a.grants = append(a.grants, grant{Scope(scope.String), acts.String})
	}
	return none, nil
}
