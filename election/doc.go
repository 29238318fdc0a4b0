// Package election keeps the results of elections by seat and candidate.
//
// An [Election] is for seats of one kind, on a day. Its results come as a table of
// [Row]s, all or nothing, and are read as the [Outcome] of each election at a seat.
// Parties are names as the table has them, nothing more.
//
// Who may: importing needs load_data on the state unit; results are public facts
// that everyone signed in may read.
package election
