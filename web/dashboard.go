package web

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sangathan/access"
	"sangathan/activity"
	"sangathan/directive"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"
	"sangathan/review"
	"sangathan/tally"
)

// dashboard is how a body or an area stands, with all that lies in it: its figures,
// each with its change since last week and last month and the list behind it. It reads
// the tallies alone, so that a state costs what a block costs.
type dashboard struct {
	p      lang.Printer
	r      *request
	node   org.Node
	month  string                   // the last one that is over: what reports and entries are told of
	now    tally.Figures            // standing
	months map[string]tally.Figures // of the last twelve months and this one
	asked  int                      // bodies that owe the report of month
	past   tally.Past
	places bool // an area that is no territory of bodies: what is counted by place alone
	lists  bool // lists and cases too
	report directive.ID
}

// readDashboard reads the figures of a node that by has been let in to.
func readDashboard(r *request, node org.Node, label string) (d *dashboard, err error) {
	d = &dashboard{p: r.p, r: r, node: node, month: lastMonth(r.today)}
	if d.now, err = tally.At(r.tx, label, ""); err != nil {
		return nil, err
	}
	if d.months, err = tally.Months(r.tx, label, monthsBefore(r.today, 12), r.today[:7]); err != nil {
		return nil, err
	}
	if d.asked, err = tally.Asked(r.tx, label, d.month); err != nil {
		return nil, err
	}
	if d.past, err = tally.ReadPast(r.tx, label); err != nil {
		return nil, err
	}
	if d.report, err = directive.MonthlyReport(r.tx); err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	return d, nil
}

// ofBody reads the dashboard of a body and all under it.
func ofBody(r *request, o org.Organization) (*dashboard, error) {
	d, err := readDashboard(r, org.Node{Body: o.ID}, o.Label)
	if err != nil {
		return nil, err
	}
	d.lists = readsLists(r.by, o)
	return d, nil
}

// readsLists reports whether by reads all lists and cases of a body and of what is
// under it, so that its dashboard tells them.
func readsLists(by access.Actor, o org.Organization) bool {
	return review.CoversLists(by, o.Target("")) && review.CoversCases(by, o.Target(""))
}

// figureCard is one figure of a dashboard.
type figureCard struct {
	n, of        int    // of 0: of nothing
	label, short string // short where there is little room; "" for the label
	mark, to     string
	week, month  change
	trend        []int
	trendWords   string
}

// change is by how much a figure has changed since a day, where that is known.
type change struct {
	n     int
	known bool
}

func (d *dashboard) standing(measure string) (c figureCard) {
	c.n = d.now[measure]
	since := func(day string) change {
		n, known := d.past.On(measure, "", day)
		return change{c.n - n, known}
	}
	c.week, c.month = since(daysBefore(d.r.today, 7)), since(monthAgo(d.r.today))
	for back := 11; back >= 0; back-- { // the ends of the last twelve months, and now
		if n, known := d.past.On(measure, "", daysBefore(monthsBefore(d.r.today, back)+"-01", 1)); known {
			c.trend = append(c.trend, n)
		}
	}
	c.trend = append(c.trend, c.n)
	c.trendWords = d.trendWords(c.trend, monthsBefore(d.r.today, len(c.trend)-1))
	return c
}

// monthly is a figure of the last month that is over: since last month is against the
// month before it.
func (d *dashboard) monthly(measure string) (c figureCard) {
	c.n = d.months[d.month][measure]
	n, known := d.past.On(measure, d.month, daysBefore(d.r.today, 7))
	c.week = change{c.n - n, known}
	before := monthsBefore(d.r.today, 2)
	if f, there := d.months[before]; there {
		c.month = change{c.n - f[measure], true}
	}
	for back := 12; back >= 1; back-- {
		if f, there := d.months[monthsBefore(d.r.today, back)]; there || len(c.trend) > 0 {
			c.trend = append(c.trend, f[measure])
		}
	}
	c.trendWords = d.trendWords(c.trend, monthsBefore(d.r.today, len(c.trend)))
	return c
}

func (d *dashboard) trendWords(trend []int, from string) string {
	if len(trend) < 2 {
		return ""
	}
	return d.p.T("dash.trend", "month", d.p.Month(from), "from", trend[0], "to", trend[len(trend)-1])
}

func (c figureCard) as(label, mark, to string) figureCard {
	c.label, c.mark, c.to = label, mark, to
	return c
}

func (c figureCard) out(of int) figureCard {
	c.of = of
	return c
}

func (c figureCard) shortly(text string) figureCard {
	c.short = text
	return c
}

// The figures of a dashboard, by what they tell.
func (d *dashboard) posts() []figureCard {
	return []figureCard{
		d.standing(tally.PostFilled).as(d.p.T("register.filled"), "filled", d.list("posts", "state", "filled")),
		d.standing(tally.PostVacant).as(d.p.T("register.vacant"), "vacant", d.list("posts", "state", "vacant")),
		d.standing(tally.PostUnknown).as(d.p.T("register.unknown"), "unknown", d.list("posts", "state", "unknown")),
	}
}

func (d *dashboard) booths() int {
	return d.now[tally.AgentFilled] + d.now[tally.AgentVacant] + d.now[tally.AgentUnknown]
}

func (d *dashboard) agents() []figureCard {
	return []figureCard{
		d.standing(tally.AgentFilled).as(d.p.T("dash.agents"), "filled", d.list("agents", "state", "filled")).out(d.booths()).shortly(d.p.T("dash.agents_short")),
		d.standing(tally.AgentVacant).as(d.p.T("dash.agents_vacant"), "vacant", d.list("agents", "state", "vacant")),
		d.standing(tally.AgentUnknown).as(d.p.T("dash.agents_unknown"), "unknown", d.list("agents", "state", "unknown")),
	}
}

func (d *dashboard) reports() figureCard {
	return d.monthly(tally.ReportReceived).as(d.p.T("dash.reports", "month", d.p.Month(d.month)), "", d.list("reports", "month", d.month, "state", "answered")).
		out(d.asked).shortly(d.p.T("dash.reports_short", "month", d.shortMonth()))
}

func (d *dashboard) active() figureCard {
	return d.monthly(tally.Active).as(d.p.T("dash.active", "month", d.p.Month(d.month)), "", d.list("active", "month", d.month)).
		shortly(d.p.T("dash.active_short", "month", d.shortMonth()))
}

func (d *dashboard) shortMonth() string { return d.p.T("month_short." + itoa(monthOf(d.month))) }

func (d *dashboard) entries() figureCard {
	return d.monthly(tally.Entry).as(d.p.T("dash.entries", "month", d.p.Month(d.month)), "", d.list("entries", "month", d.month))
}

func (d *dashboard) listed() figureCard {
	return d.standing(tally.Listed).as(d.p.T("dash.listed"), "", d.list("listed")).shortly(d.p.T("dash.listed_short"))
}

// cases gives the figures of the steps at which there are cases.
func (d *dashboard) cases() (steps []figureCard) {
	for _, step := range review.Steps {
		if d.now[tally.Case(step)] > 0 {
			at := caseState(d.p, step)
			steps = append(steps, d.standing(tally.Case(step)).as(at.text, at.mark, d.list("cases", "step", step)))
		}
	}
	return steps
}

// six gives the figures of a home's one screen.
func (d *dashboard) six() []figureCard {
	all := []figureCard{d.posts()[0], d.posts()[1]}
	if d.booths() > 0 {
		all = append(all, d.agents()[0])
	} else {
		all = append(all, d.posts()[2])
	}
	if d.asked > 0 {
		all = append(all, d.reports())
	}
	all = append(all, d.active())
	if d.lists {
		all = append(all, d.listed())
	}
	return all
}

// all gives every figure of a dashboard, as far as it may be read and is of anything.
func (d *dashboard) all() (all []figureCard) {
	if !d.places && d.now[tally.PostFilled]+d.now[tally.PostVacant]+d.now[tally.PostUnknown] > 0 {
		all = append(all, d.posts()...)
	}
	if d.booths() > 0 {
		all = append(all, d.agents()...)
	}
	if d.places {
		return append(all, d.entries())
	}
	if d.asked > 0 {
		all = append(all, d.reports())
	}
	all = append(all, d.active(), d.entries())
	if d.lists {
		all = append(all, d.listed())
	}
	return all
}

// verified tells how much of the month's entries a second person has confirmed.
func (d *dashboard) verified() (m meter, ok bool) {
	f := d.months[d.month]
	return meter{d.p.T("dash.verified", "month", d.p.Month(d.month)), f[tally.EntryConfirmed], f[tally.Entry], d.p.T("dash.of_entries"),
		d.list("entries", "month", d.month, "state", activity.Confirmed)}, f[tally.Entry] > 0
}

// bars gives the entries of the last twelve months.
func (d *dashboard) bars() (months []activity.MonthCount) {
	for back := 11; back >= 0; back-- {
		month := monthsBefore(d.r.today, back)
		f := d.months[month]
		months = append(months, activity.MonthCount{Month: month, Entries: f[tally.Entry], Confirmed: f[tally.EntryConfirmed], Disputed: f[tally.EntryDisputed]})
	}
	return months
}

// list is the address of the list behind a figure, of a kind of [listKinds].
func (d *dashboard) list(kind string, pairs ...string) string {
	return listLink(d.node, kind, pairs...)
}

func listLink(node org.Node, kind string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	if node.Body != "" {
		if kind == "posts" || kind == "agents" {
			return seatsLink(node.Body, q.Get("state"), kind == "agents")
		}
		q.Set("of", kind)
		return "/org/" + string(node.Body) + "/list?" + q.Encode()
	}
	q.Set("of", kind)
	return "/area/" + string(node.Area) + "/list?" + q.Encode()
}

// child is a body or an area in the table of a dashboard.
type child struct {
	node            org.Node
	label           string     // its node in the tallies
	area            org.AreaID // territory of a body
	other           string     // its names in both scripts, for finding
	name, place, to string
	now, of         tally.Figures
	asked           int
	hidden          bool   // its figures are of more than is seen
	number          int    // of a seat or a booth, by which they are listed
	collate         string // its name as it sorts
}

// reported is how many of the bodies asked have sent the month's report.
func (c child) reported() int { return c.of[tally.ReportReceived] }

// childTable is what lies in a body or an area, with figures, sorted by any of them.
type childTable struct {
	p           lang.Printer
	r           *request
	id          string // of the section
	title       string
	counted     string // message that is the title with the number of children; "" where title says it
	children    []child
	columns     []column
	keys        []string
	month       string
	filter      bool    // by name
	page        string  // where the table is shown, when it is only led to
	letters     []level // with which the names begin, of a table longer than a page
	first, next string
	whole       string // address of all of it on one page; "" where it is
}

// columnsOf says which figures the table of a dashboard has.
func columnsOf(bodies, lists bool) (keys []string) {
	keys = []string{"name"}
	if bodies {
		keys = append(keys, "filled", "vacant", "unknown")
	}
	keys = append(keys, "agents")
	if !bodies {
		keys = append(keys, "agents_vacant", "agents_unknown", "entries")
		return keys
	}
	keys = append(keys, "reports", "active")
	if lists {
		keys = append(keys, "listed")
	}
	return keys
}

// cell is a figure in the table: as it is written, as it sorts, and the list behind it.
type cell struct {
	text string
	rank float64
	to   string
}

func (t *childTable) cell(c child, key string) cell {
	if c.hidden {
		return cell{rank: -1}
	}
	n := func(n int, kind string, pairs ...string) cell {
		return cell{t.p.Num(n), float64(n), listLink(c.node, kind, pairs...)}
	}
	part := func(part, whole int, kind string, pairs ...string) cell {
		if whole == 0 {
			return cell{rank: -1}
		}
		return cell{t.p.T("register.part_of", "part", part, "whole", whole), float64(part) / float64(whole), listLink(c.node, kind, pairs...)}
	}
	switch key {
	case "filled":
		return n(c.now[tally.PostFilled], "posts", "state", "filled")
	case "vacant":
		return n(c.now[tally.PostVacant], "posts", "state", "vacant")
	case "unknown":
		return n(c.now[tally.PostUnknown], "posts", "state", "unknown")
	case "agents":
		return part(c.now[tally.AgentFilled], c.now[tally.AgentFilled]+c.now[tally.AgentVacant]+c.now[tally.AgentUnknown], "agents", "state", "filled")
	case "agents_vacant":
		return n(c.now[tally.AgentVacant], "agents", "state", "vacant")
	case "agents_unknown":
		return n(c.now[tally.AgentUnknown], "agents", "state", "unknown")
	case "reports":
		return part(c.of[tally.ReportReceived], c.asked, "reports", "month", t.month, "state", "answered")
	case "active":
		return n(c.of[tally.Active], "active", "month", t.month)
	case "entries":
		return n(c.of[tally.Entry], "entries", "month", t.month)
	case "listed":
		return n(c.now[tally.Listed], "listed")
	}
	return cell{}
}

// read reads the figures of the children, once.
func (t *childTable) read(r *request) error {
	if t.month != "" {
		return nil
	}
	t.month = lastMonth(r.today)
	labels := make([]string, len(t.children))
	for i, c := range t.children {
		labels[i] = c.label
	}
	now, err := tally.Of(r.tx, labels, "")
	if err != nil {
		return err
	}
	of, err := tally.Of(r.tx, labels, t.month)
	if err != nil {
		return err
	}
	asked, err := tally.AskedOf(r.tx, labels, t.month)
	for i := range t.children {
		c := &t.children[i]
		c.now, c.of, c.asked = now[c.label], of[c.label], asked[c.label]
	}
	return err
}

// show filters by name, sorts by the column asked for and leaves one page, with its
// figures: sorted by name, no others are read. Pages are told by the place of the last
// child shown: its figure and its node.
func (t *childTable) show(r *request, keys []string) error {
	t.keys = keys
	if wanted := lang.Fold(r.query("name")); wanted != "" {
		t.children = slices.DeleteFunc(t.children, func(c child) bool { return !strings.Contains(lang.Fold(c.name+" "+c.other), wanted) })
	}
	if t.counted != "" {
		t.title = r.p.T(t.counted, "n", len(t.children))
	}
	long := len(t.children) > tableRows
	if long && !slices.ContainsFunc(t.children, func(c child) bool { return c.number > 0 }) {
		t.byLetter(r)
	}
	sorted, down := r.query("sort"), r.query("dir") == "desc"
	if !slices.Contains(keys, sorted) {
		sorted, down = "name", false
	}
	if sorted != "name" {
		if err := t.read(r); err != nil {
			return err
		}
	}
	for i := range t.children {
		t.children[i].collate = lang.SortKey(t.children[i].name)
	}
	less := func(a, b child) int {
		order := 0
		if sorted == "name" {
			order = cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.collate, b.collate))
		} else {
			order = cmp.Compare(t.cell(a, sorted).rank, t.cell(b, sorted).rank)
		}
		if down {
			order = -order
		}
		return cmp.Or(order, cmp.Compare(a.label, b.label))
	}
	slices.SortFunc(t.children, less)
	if after := r.query("after_" + t.id); after != "" {
		if i := slices.IndexFunc(t.children, func(c child) bool { return c.label == after }); i >= 0 {
			t.children = t.children[i+1:]
			t.first = r.with("after_"+t.id, "") + "#" + t.id
		}
	}
	if long {
		t.whole = r.with("rows", "all", "after_"+t.id, "", "letter", "") + "#" + t.id
	}
	if r.query("rows") == "all" {
		t.whole = ""
	} else if len(t.children) > tableRows {
		t.children = t.children[:tableRows]
		t.next = r.with("after_"+t.id, t.children[tableRows-1].label) + "#" + t.id
	}
	for _, key := range keys {
		col := column{key: key, text: r.p.T("dash.col_" + key)}
		dir := "desc"
		if key == "name" {
			dir = ""
		}
		if key == sorted {
			col.sorted, dir = "ascending", "desc"
			if down {
				col.sorted, dir = "descending", "asc"
			}
		}
		col.to = r.with("sort", key, "dir", dir, "after_"+t.id, "") + "#" + t.id
		t.columns = append(t.columns, col)
	}
	if len(keys) == 1 {
		return nil
	}
	return t.read(r)
}

// tableRows is how many children a table shows at once, unless all are asked for.
const tableRows = 30

// byLetter offers the letters with which the names begin, and keeps the children of
// the one that is asked for: so each is two taps away on a phone.
func (t *childTable) byLetter(r *request) {
	letters := map[string]bool{}
	for _, c := range t.children {
		letters[firstLetter(c.name)] = true
	}
	asked := r.query("letter")
	if !letters[asked] {
		asked = ""
	}
	all := slices.SortedFunc(maps.Keys(letters), func(a, b string) int { return cmp.Compare(lang.SortKey(a), lang.SortKey(b)) })
	for _, l := range append([]string{""}, all...) {
		text := l
		if l == "" {
			text = r.p.T("common.all")
		}
		t.letters = append(t.letters, level{name: text, to: r.with("letter", l, "after_"+t.id, "", "rows", "") + "#" + t.id, here: l == asked})
	}
	if asked != "" {
		t.children = slices.DeleteFunc(t.children, func(c child) bool { return firstLetter(c.name) != asked })
	}
}

func firstLetter(name string) string {
	for _, r := range name {
		return strings.ToUpper(string(r))
	}
	return ""
}

// extremes are the children that are furthest behind and ahead in the reports of the
// month, at most n of each; none when so few owe any that all would be named.
func (t *childTable) extremes(n int) (behind, ahead []child, err error) {
	if err := t.read(t.r); err != nil {
		return nil, nil, err
	}
	var all []child
	for _, c := range t.children {
		if c.asked > 0 && !c.hidden {
			all = append(all, c)
		}
	}
	if len(all) < 2*n {
		return nil, nil, nil
	}
	slices.SortStableFunc(all, func(a, b child) int {
		return cmp.Or(cmp.Compare(a.of[tally.ReportReceived]*b.asked, b.of[tally.ReportReceived]*a.asked),
			cmp.Compare(a.of[tally.ReportOnTime]*b.asked, b.of[tally.ReportOnTime]*a.asked), cmp.Compare(a.collate, b.collate))
	})
	behind, ahead = slices.Clone(all[:n]), slices.Clone(all[len(all)-n:])
	slices.Reverse(ahead)
	for _, c := range append(slices.Clone(behind), ahead...) { // told by their place, which is shorter than the name
		a, err := org.GetArea(t.r.tx, t.r.by, c.area)
		if err != nil {
			return nil, nil, err
		}
		for _, list := range [][]child{behind, ahead} {
			for i := range list {
				if list[i].label == c.label {
					list[i].place = t.p.Name(a.NameHi, a.NameEn)
				}
			}
		}
	}
	return behind, ahead, nil
}

// bodiesTable makes the table of bodies that by sees.
func bodiesTable(r *request, title string, bodies []org.Organization) *childTable {
	t := &childTable{p: r.p, r: r, id: "units", title: title, filter: len(bodies) > 20}
	for _, o := range bodies {
		t.children = append(t.children, child{node: org.Node{Body: o.ID}, label: o.Label, area: o.Area, name: r.p.Name(o.NameHi, o.NameEn), other: o.NameHi + " " + o.NameEn,
			to: "/org/" + string(o.ID), hidden: !r.by.MayWithin(access.SeeRegister, o.Target(""))})
	}
	return t
}

// monthsBefore gives the month n months before the day today.
func monthsBefore(today string, n int) string {
	m, err := time.Parse("2006-01", today[:7])
	if err != nil {
		return ""
	}
	return m.AddDate(0, -n, 0).Format("2006-01")
}

// daysBefore gives the day n days before the day today.
func daysBefore(today string, n int) string {
	d, err := time.Parse(time.DateOnly, today)
	if err != nil {
		return ""
	}
	return d.AddDate(0, 0, -n).Format(time.DateOnly)
}

// monthAgo gives the day a month before today; of a month too short for it the last.
func monthAgo(today string) string {
	day := monthsBefore(today, 1) + today[len("2006-01"):]
	if org.IsDay(day) {
		return day
	}
	return daysBefore(today[:len("2006-01")]+"-01", 1)
}

// spark places a trend in a drawing of 100 by 24: the points of a line, and where it ends.
func spark(trend []int) (points, endX, endY string) {
	lo, hi := slices.Min(trend), slices.Max(trend)
	var b strings.Builder
	for i, n := range trend {
		x, y := 2+96*float64(i)/float64(max(len(trend)-1, 1)), 12.0
		if hi > lo {
			y = 21 - 18*float64(n-lo)/float64(hi-lo)
		}
		endX, endY = strconv.FormatFloat(x, 'f', 1, 64), strconv.FormatFloat(y, 'f', 1, 64)
		b.WriteString(endX + "," + endY + " ")
	}
	return strings.TrimSpace(b.String()), endX, endY
}
