// Package access says who may do what: accounts and sessions, grants, the one
// check, and the audit.
//
// An [Actor] is an account acting under one of its memberships (its hat). A grant
// is a row: acts x one scope, made when a membership begins and removed in the
// same transaction that ends it, so access follows the post at once, open
// sessions included. A verb opens the actor in its own transaction with [Open]
// and asks [Actor.Check] before it changes anything.
//
// The package knows organizations and areas by id and path only. A path is a
// text such as "/1/7/42/"; what lies below a node begins with the node's path.
//
// What is not visible answers exactly as what does not exist: NotFound. What is
// visible but not permitted answers Forbidden.
package access
