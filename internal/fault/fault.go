// Package fault is the one error type of Sangathan: what went wrong as a kind,
// and what to tell the reader as a message key with arguments, never as text.
// A face (page, API, command line) turns a fault into a status, a message in
// the reader's language, or an exit code; see [KindOf].
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what sort of fault it is; each face maps kinds to its own statuses.
type Kind int

const (
	Internal     Kind = iota // our own failure: say sorry, log, show no detail
	Invalid                  // the input is wrong; Fields say where
	Unauthorized             // nobody is signed in, or the session has ended
	Forbidden                // visible, but this hat may not do it
	NotFound                 // absent, or not visible to this hat: the two are never told apart
	Conflict                 // right in itself, but the state has moved on (seat taken, step already done)
	TooMany                  // a limit on tries or quantity was reached
	TooLarge                 // the input is larger than the field or request allows
	Unavailable              // cannot be answered now; try again
)

// String names the kind for logs and for the API's problem type.
func (k Kind) String() string {
	return [...]string{"internal", "invalid", "unauthorized", "forbidden", "not_found", "conflict", "too_many", "too_large", "unavailable"}[k]
}

// Field is one faulty input field: its name on the form (or "row:column" of a
// file), and the message that says what is wrong and how to mend it.
type Field struct {
	Name string
	Key  string
	Args map[string]any
}

// Error is a fault meant for a reader. Key and Args make the message; Fields
// name faulty inputs; Ops is the trail of operations, for logs only.
type Error struct {
	Kind   Kind
	Key    string
	Args   map[string]any
	Fields []Field
	Ops    []string
	Err    error
}

// Error gives the log form: kind, key, fields and the operations passed through.
func (e *Error) Error() string {
	var b strings.Builder
	for i := len(e.Ops) - 1; i >= 0; i-- {
		b.WriteString(e.Ops[i] + ": ")
	}
	fmt.Fprintf(&b, "%s %s", e.Kind, e.Key)
	for _, f := range e.Fields {
		fmt.Fprintf(&b, " [%s %s]", f.Name, f.Key)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap gives the cause, if any.
func (e *Error) Unwrap() error { return e.Err }

// New makes a fault of kind k with message key and name/value argument pairs.
func New(k Kind, key string, args ...any) *Error {
	return &Error{Kind: k, Key: key, Args: pairs(args)}
}

// In makes an Invalid fault of one field. The field's message is key; the page's
// headline is "fault.bad_form".
func In(field, key string, args ...any) *Error {
	return &Error{Kind: Invalid, Key: "fault.bad_form", Fields: []Field{{Name: field, Key: key, Args: pairs(args)}}}
}

// Form gathers the faulty fields of one form, so that all are told at once.
type Form struct{ fields []Field }

// Add notes that field is faulty, with the message key and name/value pairs.
func (f *Form) Add(field, key string, args ...any) {
	f.fields = append(f.fields, Field{Name: field, Key: key, Args: pairs(args)})
}

// Check adds the field's message unless ok.
func (f *Form) Check(ok bool, field, key string, args ...any) {
	if !ok {
		f.Add(field, key, args...)
	}
}

// Err gives an Invalid fault with all fields added, or nil when there is none.
func (f *Form) Err() error {
	if len(f.fields) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Key: "fault.bad_form", Fields: f.fields}
}

// KindOf gives the kind of err: Internal for anything that is not a fault.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is a fault of kind k.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }

// Op adds the operation and its arguments to *err, for the log. Use it deferred
// with a named result: defer fault.Op(&err, "activity.Submit(%s)", r.ID).
func Op(err *error, format string, args ...any) {
	if *err == nil {
		return
	}
	op := fmt.Sprintf(format, args...)
	if e, ok := errors.AsType[*Error](*err); ok {
		e.Ops = append(e.Ops, op)
		return
	}
	*err = fmt.Errorf("%s: %w", op, *err)
}

func pairs(args []any) map[string]any {
	if len(args) == 0 {
		return nil
	}
	m := make(map[string]any, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		m[args[i].(string)] = args[i+1]
	}
	return m
}
