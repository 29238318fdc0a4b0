// Package sms sends text messages through whatever HTTP gateway an operator has a
// contract with. Nothing needs it: without a gateway people sign in by slip and PIN.
//
// A message is a row, written with [Queue] in the transaction that wants it, so none is
// sent for what did not happen. [Drain] sends what is due after the commit, tries again
// with growing pauses, and lets go of what has expired: a code that is over is not sent.
// A message may arrive twice (the gateway took it and its answer was lost), never late.
//
// The [Gateway] is a file of the operator's: method, address, headers, body, what a good
// answer is, and the registered texts (in India each with the id of its DLT template,
// TRAI's Telecom Commercial Communications Customer Preference Regulations, 2018).
// Secrets stand in files or the environment, never in the database.
package sms
