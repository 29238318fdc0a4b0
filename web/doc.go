// Package web is the site: pages rendered on the server, for phones first, that
// work without JavaScript.
//
// To add a page: a line in routes.go (method, pattern, the act it needs, how its
// target is found, the handler), the handler in its capability's file (case.go) and
// the template beside it (case.templ; `go generate ./web` writes case_templ.go),
// its messages in internal/lang/messages, a slot in home.go if it has work to show.
//
// A handler gets a [request]: one transaction (reading for GET, writing for POST),
// the actor, the reader's printer, the form; it gives an [answer] (a page, or where
// to go next with a flash message) or a fault. It never writes to the connection:
// the transaction may run twice, and the answer goes out after the commit. Before
// the handler runs, the route's target has been found and the route's act checked.
//
// A form is shown by the GET route of its POST route's pattern (or the one named in
// again); when the POST meets a fault of the input, that page is shown again with
// what was typed, the faults at the top and at each field. Every form that writes
// carries an id made here, so that a form sent twice counts once.
package web

//go:generate go tool templ generate
