// Package activity is the ledger: who did what, where, when, on whose word, and
// who confirmed it.
//
// A [Report] is what a person tells of one activity; it becomes an [Entry], which
// keeps the post, organization and place of its day for ever. A person reports for
// themself; whoever has report_for types for others, on their word (from a call, a
// slip, a sheet, or told face to face), and the entry says so. An entry stands as
// claimed until a second person, neither the one it is about nor the one who typed
// it, confirms it or objects; every such [Check] is kept.
//
// Every total is made of entries and opens down to them: [Total] and [List] take
// the same [Filter].
//
// Who may: reading needs see_register on the entry's organization, or being the
// person it is about; typing for another needs report_for there, checking needs
// confirm_activity.
package activity
