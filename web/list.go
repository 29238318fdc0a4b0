package web

import "sangathan/access"

// Route is one address of the site as its list says it: for tests and documents.
type Route struct {
	Method  string
	Pattern string
	Act     access.Act // what it needs on its target; "" for being signed in, "public" for nothing
	Target  string     // how {id} names the target; "list", "self" and "none" name none
}

// Routes lists every address of the site in the order of its table.
func Routes() []Route {
	all := make([]Route, 0, len(routes))
	for _, rt := range routes {
		all = append(all, Route{rt.method, rt.pattern, rt.act, rt.target})
	}
	return all
}
