// Package directive sends instructions down and keeps what comes back: who was
// expected to answer, who did, who did so in time.
//
// A [Directive] is numbered, and names the kinds of bodies below the issuing one
// from which it expects an answer. That rule is what is stored: who is expected is
// worked out from it, only an [Answer] is a row. The monthly report is a directive
// that recurs: each month's answer is due by the 10th of the next.
//
// Who may: issuing needs issue_directive on the issuing body; acknowledging and
// answering need answer_directive on the body that answers. A directive is visible
// to the body that issued it, to those from which it expects an answer, and to whoever
// sees one of them in the register.
package directive
