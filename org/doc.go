// Package org is the register: who holds which post, where, since when and by
// which authority; today and on any past date.
//
// Nouns, after Popolo and W3C ORG: an [Area] is a dated place that stands in
// several trees at once; an [Organization] has a parent and a territory; a [Post]
// exists in an Organization without a holder, and its seats are filled, vacant or
// not known, never mixed; a [Person] holds posts by a [Membership], which begins
// by an [Order] or as found and ends with a reason. Nothing is deleted.
//
// Days are half-open intervals [from, to) in the unit's zone. "As on D" reads the
// rows in force on D, orders revoked since left out.
//
// Who may: reading needs see_register on the organization (or standing in it or
// below it); the verbs name the act they need.
package org

import "sangathan/access"

// Typed ids, so that one is not passed for another. All are opaque text.
type (
	AreaID         string
	OrganizationID string
	PostID         string
	SeatID         string
	PersonID       string
	MembershipID   string
	OrderID        string
	RoleID         string
)

// The trees in which an area may stand. The trees do not nest in one another.
const (
	Electoral      = "electoral"      // state > Lok Sabha > assembly > booth
	Administrative = "administrative" // state > division > district > block; assembly seats under their district
	Territorial    = "organization"   // state > unit > block > mandal > booth: territories of organizations
)

// inTrees is every tree, for the indexes that begin with one.
const inTrees = `tree in ('electoral', 'administrative', 'organization')`

// Target makes the access target of an organization, and of a person in it ("" for none).
func (o Organization) Target(person PersonID) access.Target {
	return access.Target{Org: string(o.ID), OrgPath: o.Path, AreaPath: o.AreaPath, Person: string(person)}
}
