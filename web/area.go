package web

import (
	"cmp"
	"net/url"
	"slices"

	"sangathan/access"
	"sangathan/election"
	"sangathan/internal/db"
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
	for _, tree := range []string{org.Electoral, org.Administrative, org.Territorial} {
		t := treeView{tree: tree}
		if t.above, err = org.Ancestors(r.tx, tree, a.ID, v.day); err != nil {
			return answer{}, err
		}
		if len(t.above) > 0 {
			v.trees = append(v.trees, t)
		}
	}
	if err := v.within(r); err != nil {
		return answer{}, err
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
	if i := slices.IndexFunc(v.bodies, func(o org.Organization) bool { return o.Area == a.ID && (o.Unit == o.ID || o.Kind != "cell_district") }); i >= 0 {
		pg.next = &link{r.p.Name(v.bodies[i].NameHi, v.bodies[i].NameEn), r.link("/org/" + string(v.bodies[i].ID))}
	}
	return show(pg)
}

// level is a kind of area inside the one that is shown, one or two steps down a tree.
type level struct {
	kind, name, to string
	n              int
	here           bool
}

// levelOrder is the order in which the levels are offered: the first that is there is
// shown at first.
var levelOrder = []string{"district", "assembly", "booth", "block", "mandal", "loksabha", "division"}

func levelRank(kind string) int {
	if i := slices.Index(levelOrder, kind); i >= 0 {
		return i
	}
	return len(levelOrder)
}

// within reads the area's figures, for one who sees the whole unit, and what lies inside it at the
// level that is asked for: areas with their figures, or booths with their agents.
func (v *areaView) within(r *request) error {
	levels, err := org.Levels(r.tx, v.area.ID, v.day)
	if err != nil {
		return err
	}
	slices.SortStableFunc(levels, func(a, b org.Level) int { return cmp.Compare(levelRank(a.Kind), levelRank(b.Kind)) })
	open := r.query("level")
	if !slices.ContainsFunc(levels, func(l org.Level) bool { return l.Kind == open }) {
		if open = ""; len(levels) > 0 {
			open = levels[0].Kind
		}
	}
	for _, l := range levels {
		v.levels = append(v.levels, level{kind: l.Kind, name: v.kinds[l.Kind], n: l.Areas, here: l.Kind == open,
			to: r.link("/area/"+string(v.area.ID)+"?level="+url.QueryEscape(l.Kind)) + "#within"})
	}
	root, err := org.Root(r.tx)
	if err != nil {
		return err
	}
	whole := !v.past && r.by.MayWithin(access.SeeRegister, root.Target(""))
	if whole && v.area.Kind != "booth" {
		if v.dash, err = ofArea(r, v.area, root); err != nil {
			return err
		}
	}
	switch {
	case open == "":
		return nil
	case open == "booth" && !v.past:
		var next string
		if v.booths, next, err = org.SeatsIn(r.tx, r.by, v.area.ID, org.SeatFilter{Agents: true}, db.Page{After: r.query("after"), Limit: pageRows}); err != nil {
			return err
		}
		if r.query("after") != "" {
			v.first = r.with("after", "") + "#within"
		}
		if next != "" {
			v.next = r.with("after", next) + "#within"
		}
		if len(v.booths) > 0 {
			return nil
		}
	}
	return v.table(r, open, whole)
}

// table lists the areas of a kind inside the one that is shown.
func (v *areaView) table(r *request, kind string, whole bool) error {
	inside, err := org.AreasInside(r.tx, v.area.ID, v.day, kind, maxInside)
	if err != nil {
		return err
	}
	t := &childTable{p: r.p, r: r, id: "within", title: v.kinds[kind], filter: len(inside) > 20}
	for _, a := range inside {
		t.children = append(t.children, child{node: org.Node{Area: a.ID}, label: a.Label, name: areaName(r.p, a.NameHi, a.NameEn, a.Number), other: a.NameHi + " " + a.NameEn,
			to: r.link("/area/" + string(a.ID)), hidden: !whole, number: a.Number})
	}
	keys := []string{"name"}
	if whole && kind != "booth" {
		keys = columnsOf(false, false)
	}
	v.inside = t
	return t.show(r, keys)
}

// maxInside is the most areas of a kind that are read for a table: the booths of a
// Lok Sabha seat.
const maxInside = 5000

// ofArea reads the dashboard of an area. The state's own is its root body's: the same
// figures, and the same lists. Posts are told where the area is a territory of bodies:
// the administrative and electoral areas cut across these.
func ofArea(r *request, a org.Area, root org.Organization) (d *dashboard, err error) {
	if a.ID == root.Area {
		return ofBody(r, root)
	}
	if d, err = readDashboard(r, org.Node{Area: a.ID}, a.Label); err != nil {
		return nil, err
	}
	territory, err := r.tx.Int(`select count(*) from area_path where tree = $1 and area_id = $2`, org.Territorial, a.ID)
	if err != nil {
		return nil, err
	}
	d.places = territory == 0
	d.lists = !d.places && readsLists(r.by, root)
	return d, nil
}

type areaView struct {
	p               lang.Printer
	r               *request
	area            org.Area
	day             string
	past            bool
	kinds, orgKinds map[string]string
	trees           []treeView // above it
	levels          []level
	dash            *dashboard
	inside          *childTable
	booths          []org.Seat
	first, next     string
	bodies          []org.Organization
	seats           []org.Seat
	identifiers     [][2]string
	results         []election.Outcome
}

// treeView is where an area stands in one tree.
type treeView struct {
	tree  string
	above []org.Area
}
