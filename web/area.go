package web

import (
	"strings"

	"sangathan/election"
	"sangathan/internal/lang"
	"sangathan/org"
)

func areaPage(r *request) (answer, error) {
	a, err := org.GetArea(r.tx, r.by, org.AreaID(r.PathValue("id")))
	if err != nil {
		return answer{}, err
	}
	v := areaView{p: r.p, r: r, area: a}
	v.day, v.past = r.on()
	kinds, err := org.AreaKinds(r.tx)
	if err != nil {
		return answer{}, err
	}
	v.kinds = kindNames(r.p, kinds)
	after := areaKey(r.query("after"))
	open := r.query("tree")
	for _, tree := range []string{org.Electoral, org.Administrative, org.Territorial} {
		t := treeView{tree: tree}
		if t.above, err = org.Ancestors(r.tx, tree, a.ID, v.day); err != nil {
			return answer{}, err
		}
		from := org.AreaKey{}
		if tree == open {
			from = after
		}
		if t.below, err = org.Children(r.tx, tree, a.ID, v.day, from, pageRows+1); err != nil {
			return answer{}, err
		}
		if len(t.below) > pageRows {
			t.below = t.below[:pageRows]
			k := t.below[pageRows-1].Key()
			t.next = r.with("tree", tree, "after", itoa(k.Number)+"|"+string(k.ID)+"|"+k.SortKey) + "#" + tree
		}
		if tree == open && after != (org.AreaKey{}) {
			t.first = r.with("tree", "", "after", "") + "#" + tree
		}
		if len(t.above)+len(t.below) > 0 {
			v.trees = append(v.trees, t)
		}
	}
	if v.bodies, err = org.OrganizationsAt(r.tx, r.by, a.ID); err != nil {
		return answer{}, err
	}
	orgKinds, err := org.OrganizationKinds(r.tx)
	if err != nil {
		return answer{}, err
	}
	v.orgKinds = kindNames(r.p, orgKinds)
	if v.seats, err = org.SeatsAt(r.tx, r.by, a.ID); err != nil {
		return answer{}, err
	}
	if v.identifiers, err = org.Identifiers(r.tx, a.ID); err != nil {
		return answer{}, err
	}
	if v.results, err = election.At(r.tx, r.by, a.ID); err != nil {
		return answer{}, err
	}
	pg := page{title: areaName(r.p, a.NameHi, a.NameEn, a.Number), body: areaBody(v)}
	pg.where = v.kinds[a.Kind] + " · " + r.p.T("common.as_on", "day", lang.Day(v.day))
	if len(v.bodies) > 0 {
		pg.next = &link{r.p.Name(v.bodies[0].NameHi, v.bodies[0].NameEn), r.link("/org/" + string(v.bodies[0].ID))}
	}
	return show(pg)
}

// areaKey reads the place in a list of areas from an address; anything else begins it.
func areaKey(s string) (k org.AreaKey) {
	number, rest, _ := strings.Cut(s, "|")
	id, sortKey, ok := strings.Cut(rest, "|")
	if !ok {
		return k
	}
	for _, c := range number {
		if c < '0' || c > '9' || k.Number > 1_000_000 {
			return org.AreaKey{}
		}
		k.Number = k.Number*10 + int(c-'0')
	}
	k.ID, k.SortKey = org.AreaID(id), sortKey
	return k
}

type areaView struct {
	p               lang.Printer
	r               *request
	area            org.Area
	day             string
	past            bool
	kinds, orgKinds map[string]string
	trees           []treeView
	bodies          []org.Organization
	seats           []org.Seat
	identifiers     [][2]string
	results         []election.Outcome
}

// treeView is where an area stands in one tree.
type treeView struct {
	tree         string
	above, below []org.Area
	first, next  string
}
