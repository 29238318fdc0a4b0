package intake

import (
	"cmp"
	"database/sql"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"sangathan/access"
	"sangathan/internal/db"
	"sangathan/internal/fault"
	"sangathan/internal/lang"
	"sangathan/org"
)

// crew is what a block of posts or people has met: the bodies, the posts and the
// persons of the register that its rows mean, and those that the rows make.
type crew struct {
	bodies map[org.AreaID][]*body  // by territory
	posts  map[string][]*post      // by body, role and area
	phones map[string][]*someone   // by number
	loaded map[org.AreaID]bool     // areas whose posts have been read
	booths map[string]*boothPlace  // by seat and number
	seats  map[org.AreaID][]string // seats whose booths have been read
}

type body struct {
	org.Organization
	fresh bool
}

type post struct {
	org.Post
	fresh bool
	body  *body
	seats []*seat
}

type seat struct {
	id     org.SeatID
	state  string
	until  string // day until which it was last held
	holder *someone
	taken  bool // by a row of the block
}

// someone is a person: of the register, or of a row before.
type someone struct {
	id     org.PersonID
	folded string // both names
	dead   bool
	merged bool
	phones []string
}

type boothPlace struct {
	id   org.AreaID
	path string // in the tree of territories
	seat *place
}

// told is a row of posts or people, made out.
type tellingRow struct {
	at     *place // the place of the body
	booth  *boothPlace
	person org.NewPerson
	names  [2]string // the person's, folded
	role   org.RoleID
	body   *body
	from   string
	seats  int
}

// holders plans a list of posts or of people in posts.
func (p *planner) holders(all []verdict) error {
	p.crew = crew{bodies: map[org.AreaID][]*body{}, posts: map[string][]*post{}, phones: map[string][]*someone{}, loaded: map[org.AreaID]bool{},
		booths: map[string]*boothPlace{}, seats: map[org.AreaID][]string{}}
	rows := make([]tellingRow, len(all))
	var numbers []string
	for i := range all {
		if err := p.makeOut(&all[i], &rows[i]); err != nil {
			return err
		}
		if n := rows[i].person.Phone; n != "" {
			numbers = append(numbers, n)
		}
	}
	if err := p.readBodies(rows); err != nil {
		return err
	}
	if err := p.readPhones(numbers); err != nil {
		return err
	}
	for i := range all {
		if v := &all[i]; v.kind != "faulty" {
			if err := p.settleBody(v, &rows[i]); err != nil {
				return err
			}
		}
	}
	if err := p.readPosts(all, rows); err != nil {
		return err
	}
	for i := range all {
		v := &all[i]
		if v.kind == "faulty" {
			continue
		}
		var err error
		if p.list.Kind == Posts {
			p.addPosts(v, &rows[i])
		} else {
			err = p.place(v, &rows[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// makeOut reads the place, the role and the person of a row.
func (p *planner) makeOut(v *verdict, r *tellingRow) error {
	row := v.row
	var ferr *fault.Error
	within := org.AreaID("")
	if text := row.get("district"); text != "" {
		if r.at, ferr = p.places.find("district", text, ""); ferr != nil {
			v.add(ferr)
		} else {
			within = r.at.id
		}
	}
	var assembly *place
	if text := row.get("seat"); text != "" {
		if assembly, ferr = p.places.find("seat", text, ""); ferr != nil {
			v.add(ferr)
		} else if r.at == nil {
			r.at = p.places.byID[assembly.admin]
		}
	}
	if text := row.get("area"); text != "" {
		if at, ferr := p.places.find("area", text, within); ferr != nil {
			v.add(ferr)
		} else {
			r.at = at
		}
	}
	if v.kind == "faulty" {
		return nil
	}
	if text := row.get("booth"); text != "" {
		n, ok := number(text)
		switch {
		case !ok:
			v.fault("booth", "intake.bad_booth_number", "text", text)
		case assembly == nil:
			v.fault("seat", "intake.seat_missing")
		default:
			b, err := p.booth(assembly, n)
			if err != nil {
				return err
			}
			if r.booth = b; b == nil {
				v.fault("booth", "intake.no_booth", "number", strconv.Itoa(n), "seat", assembly.name())
			}
		}
	}
	if r.at == nil && row.get("body") == "" {
		r.at = p.places.byID[p.places.root.Area]
	}
	if r.at != nil && row.get("body") == "" && !p.may(r.at) {
		v.faults = nil // whether the rest is right or not
		v.fault("area", "intake.not_yours")
		return nil
	}
	text := row.get("role")
	if text == "" && r.booth != nil {
		text = "booth_agent"
	}
	if r.role, ferr = p.places.role(text, r.at); ferr != nil {
		v.add(ferr)
	} else if r.at != nil && row.get("body") == "" {
		if r.at = p.places.levelOf(r.role, r.at); r.at == nil {
			v.fault("area", "intake.place_missing", "role", text)
		}
	}
	r.seats = 1
	if text := row.get("seats"); text != "" {
		n, ok := number(text)
		if r.seats = n; !ok || n > 1000 {
			v.fault("seats", "fault.number_range", "min", 1, "max", 1000)
		}
	}
	if p.list.Kind == Posts {
		return nil
	}
	name := names(row)
	n := org.NewPerson{NameHi: name.Hi, NameEn: name.En, Phone: row.get("phone"), Gender: gender(row.get("gender")), BirthYear: year(row.get("birth_year"))}
	n, err := n.Validate(p.tx.Now.Year())
	if err != nil {
		v.add(err)
	}
	if longNumber.MatchString(lang.ASCIIDigits(name.Hi + name.En)) {
		v.fault("name", "intake.number_in_name")
	}
	r.person, r.names = n, [2]string{lang.Fold(n.NameHi), lang.Fold(n.NameEn)}
	if r.from = p.list.SourceDay; row.get("from_day") != "" {
		r.from = day(row.get("from_day"))
	}
	found := org.Found{FromDay: r.from, Source: p.list.Source, SourceDay: p.list.SourceDay}
	if err := found.Validate(p.tx.Today()); err != nil {
		v.add(err)
	}
	return nil
}

// longNumber is what no name holds: a telephone number, or a piece of one.
var longNumber = regexp.MustCompile(`[0-9]{4}`)

// gender reads a gender as lists write it; what it does not know comes back.
func gender(s string) string {
	switch key(s) {
	case key("महिला"), key("स्त्री"), "female", "f", "woman":
		return "f"
	case key("पुरुष"), "male", "m", "man":
		return "m"
	case key("अन्य"), "other", "o":
		return "o"
	}
	return s
}

// year reads a year of birth, or the year of a day of birth; -1 is none.
func year(s string) int {
	if s == "" {
		return 0
	}
	if d := day(s); org.IsDay(d) {
		s = d[:4]
	}
	n, ok := number(s)
	if !ok {
		return -1
	}
	return n
}

// day reads a day as offices write it, or as Excel numbers it; else gives it back.
func day(s string) string {
	if d, ok := lang.ParseDay(s); ok {
		return d
	}
	if n, ok := number(s); ok && n > 18_000 && n < 80_000 { // days since 30 December 1899
		return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n).Format(time.DateOnly)
	}
	return s
}

// booth finds a booth of a seat, with its place among the territories; nil for none.
func (p *planner) booth(at *place, n int) (*boothPlace, error) {
	if p.crew.seats[at.id] == nil {
		p.crew.seats[at.id] = []string{}
		type known struct {
			id     org.AreaID
			number int
			path   sql.NullString
		}
		all, err := db.Select(p.tx, `select a.id, a.number, t.path from area_parent e join area a on a.id = e.area_id
			left join area_path t on t.area_id = a.id and t.tree = 'organization'
			where e.tree = 'electoral' and e.parent_id = $1 and e.to_day is null and a.kind = 'booth' and a.to_day is null`, []any{at.id},
			func(s db.Scanner) (k known, err error) { return k, s.Scan(&k.id, &k.number, &k.path) })
		if err != nil {
			return nil, err
		}
		for _, k := range all {
			p.crew.booths[string(at.id)+" "+strconv.Itoa(k.number)] = &boothPlace{k.id, k.path.String, at}
		}
	}
	return p.crew.booths[string(at.id)+" "+strconv.Itoa(n)], nil
}

// territories gives the places whose bodies may have a row's post, the nearest first.
func (p *planner) territories(r *tellingRow) []*place {
	if r.booth == nil || r.booth.path == "" {
		return []*place{r.at}
	}
	labels := strings.Split(strings.Trim(r.booth.path, "/"), "/")
	var all []*place
	for _, l := range slices.Backward(labels[:len(labels)-1]) {
		if at := p.places.byLabel[l]; at != nil {
			all = append(all, at)
		}
	}
	return append(all, r.at)
}

// readBodies reads the bodies of the places that rows mean.
func (p *planner) readBodies(rows []tellingRow) error {
	var ids []string
	for i := range rows {
		if rows[i].at == nil {
			continue
		}
		for _, at := range p.territories(&rows[i]) {
			if at != nil && p.crew.bodies[at.id] == nil {
				p.crew.bodies[at.id] = []*body{}
				ids = append(ids, string(at.id))
			}
		}
	}
	found, err := org.Among(p.tx, `select o.id, o.label, o.kind, o.name_hi, o.name_en, coalesce(o.parent_id, ''), o.path, o.area_id, o.area_path, coalesce(o.unit_id, ''), o.register_open
		from organization o where o.dissolved is null and o.area_id`, ids, func(s db.Scanner) (*body, error) {
		b := &body{}
		return b, s.Scan(&b.ID, &b.Label, &b.Kind, &b.NameHi, &b.NameEn, &b.Parent, &b.Path, &b.Area, &b.AreaPath, &b.Unit, &b.RegisterOpen)
	})
	for _, b := range found {
		if strings.HasPrefix(b.Path, p.places.root.Path) { // not a partner's
			p.crew.bodies[b.Area] = append(p.crew.bodies[b.Area], b)
		}
	}
	return err
}

// mainKinds are the kinds of the one body that a place has in the line of the
// organization, beside cells, departments and fronts.
var mainKinds = []string{"state_unit", "district_unit", "city_unit", "block_committee", "mandal_committee", "booth_committee"}

// settleBody finds the body of a row: the one it names, or that of its place; where the
// place has none yet, one is made.
func (p *planner) settleBody(v *verdict, r *tellingRow) error {
	if name := v.row.get("body"); name != "" {
		o, err := org.Named(p.tx, p.by, name)
		if err != nil && !fault.Is(err, fault.Invalid) {
			return err
		}
		if err != nil {
			v.add(err)
			return nil
		}
		if !p.by.May(access.LoadData, o.Target("")) {
			v.fault("body", "intake.not_yours")
			return nil
		}
		r.body = &body{Organization: o}
		return nil
	}
	for _, at := range p.territories(r) {
		for _, b := range p.crew.bodies[at.id] {
			if slices.Contains(mainKinds, b.Kind) {
				if !b.fresh && !p.by.May(access.LoadData, b.Target("")) {
					v.fault("area", "intake.not_yours")
					return nil
				}
				r.body = b
				return nil
			}
		}
	}
	return p.newBody(v, r)
}

// bodyKinds are the kinds of body that places of a kind have.
var bodyKinds = map[string]string{"district": "district_unit", "unit": "district_unit", "block": "block_committee", "town": "block_committee", "mandal": "mandal_committee"}

func (p *planner) newBody(v *verdict, r *tellingRow) error {
	kind := bodyKinds[r.at.kind]
	if kind == "" {
		v.fault("area", "intake.no_body", "name", r.at.name())
		return nil
	}
	parent := p.places.root.ID
	above := p.places.byID[r.at.admin]
	for up, n := above, 0; up != nil && n < 20; up, n = p.places.byID[up.admin], n+1 {
		if p.crew.bodies[up.id] == nil {
			p.crew.bodies[up.id] = []*body{}
			if err := p.readBodiesAt(up); err != nil {
				return err
			}
		}
		i := slices.IndexFunc(p.crew.bodies[up.id], func(b *body) bool { return slices.Contains(mainKinds, b.Kind) })
		if i >= 0 {
			parent, above = p.crew.bodies[up.id][i].ID, up
			break
		}
	}
	b := &body{fresh: true, Organization: org.Organization{ID: org.OrganizationID(p.tx.NewID()), Kind: kind, Parent: parent, Area: r.at.id,
		NameHi: bodyName(r.at.kind, r.at.hi, true), NameEn: bodyName(r.at.kind, r.at.en, false), RegisterOpen: true}}
	p.crew.bodies[r.at.id] = append(p.crew.bodies[r.at.id], b)
	r.body = b
	territory := p.places.root.Area
	if parent != p.places.root.ID {
		territory = above.id
	}
	at := r.at
	v.do = append(v.do, func(l *org.Loader) error {
		if at.path == "" {
			if err := l.Place(org.Territorial, at.id, territory, "1900-01-01"); err != nil {
				return err
			}
		}
		_, err := l.Organization(b.Organization)
		return err
	})
	return nil
}

func (p *planner) readBodiesAt(at *place) error {
	return p.readBodies([]tellingRow{{at: at}})
}

// bodyName names a body that is made for a place.
func bodyName(kind, name string, hindi bool) string {
	switch {
	case kind == "district" && hindi, kind == "unit" && hindi:
		return "जिला " + name
	case kind == "district", kind == "unit":
		return name + " district"
	case kind == "mandal" && hindi:
		return name + " मंडल कमेटी"
	case kind == "mandal":
		return name + " mandal committee"
	case hindi:
		return name + " ब्लॉक कमेटी"
	}
	return name + " block committee"
}

// readPhones reads whose the numbers of the rows are.
func (p *planner) readPhones(numbers []string) error {
	slices.Sort(numbers)
	type row struct {
		number string
		someone
	}
	rows, err := org.Among(p.tx, `select f.number, p.id, p.folded, p.canonical_id is not null, exists (select 1 from membership m where m.person_id = p.id and m.end_reason = 'died')
		from phone f join person p on p.id = f.person_id where f.number`, slices.Compact(numbers), func(s db.Scanner) (r row, err error) {
		return r, s.Scan(&r.number, &r.id, &r.folded, &r.merged, &r.dead)
	})
	for _, r := range rows {
		who := r.someone
		p.crew.phones[r.number] = append(p.crew.phones[r.number], &who)
	}
	return err
}

func postKey(o org.OrganizationID, role org.RoleID, at org.AreaID) string {
	return string(o) + " " + string(role) + " " + string(at)
}

// where gives the area in which a row's post works.
func (r *tellingRow) where() org.AreaID {
	if r.booth != nil {
		return r.booth.id
	}
	return r.body.Area
}

// readPosts reads the posts and seats of the rows' roles at their areas, with holders.
func (p *planner) readPosts(all []verdict, rows []tellingRow) error {
	var ids []string
	for i := range rows {
		if all[i].kind == "faulty" || p.crew.loaded[rows[i].where()] || rows[i].body.fresh {
			continue
		}
		p.crew.loaded[rows[i].where()] = true
		ids = append(ids, string(rows[i].where()))
	}
	type found struct {
		post
		seat
		person, folded, until sql.NullString
	}
	rowsFound, err := org.Among(p.tx, `select t.id, t.organization_id, t.role_id, t.area_id, s.id, s.state, h.id, h.folded,
			(select max(m.to_day) from membership m where m.seat_id = s.id and m.to_day > m.from_day)
		from post t join seat s on s.post_id = t.id left join membership m on m.id = s.membership_id left join person h on h.id = m.person_id
		where t.to_day is null and t.area_id`, ids, func(s db.Scanner) (f found, err error) {
		return f, s.Scan(&f.ID, &f.Organization, &f.Role, &f.Area, &f.seat.id, &f.state, &f.person, &f.folded, &f.until)
	})
	if err != nil {
		return err
	}
	for _, f := range rowsFound {
		k := postKey(f.Organization, f.Role, f.Area)
		var at *post
		for _, t := range p.crew.posts[k] {
			if t.ID == f.ID {
				at = t
			}
		}
		if at == nil {
			at = &post{Post: org.Post{ID: f.ID, Organization: f.Organization, Role: f.Role, Area: f.Area}}
			p.crew.posts[k] = append(p.crew.posts[k], at)
		}
		s := &seat{id: f.seat.id, state: f.state, until: f.until.String}
		if f.person.Valid {
			s.holder = &someone{id: org.PersonID(f.person.String), folded: f.folded.String}
		}
		at.seats = append(at.seats, s)
	}
	for _, posts := range p.crew.posts {
		for _, t := range posts {
			slices.SortFunc(t.seats, func(a, b *seat) int { return cmp.Compare(a.id, b.id) })
		}
	}
	return nil
}

// post gives the post of a row, made when the body has none such.
func (p *planner) post(v *verdict, r *tellingRow) *post {
	k := postKey(r.body.ID, r.role, r.where())
	if posts := p.crew.posts[k]; len(posts) > 0 {
		return posts[0]
	}
	t := &post{fresh: true, body: r.body, Post: org.Post{ID: org.PostID(p.tx.NewID()), Organization: r.body.ID, Role: r.role, Area: r.where()}}
	p.crew.posts[k] = []*post{t}
	v.do = append(v.do, func(l *org.Loader) error { return l.Post(t.Post) })
	return t
}

// addPosts makes the post of a row, or the seats it lacks.
func (p *planner) addPosts(v *verdict, r *tellingRow) {
	if p.once(v.row.line, "post", string(r.body.Area), string(r.body.Kind), string(r.role), string(r.where())) != 0 {
		v.kind = "kept"
		return
	}
	if isSingle(r.role) && r.seats > 1 {
		v.fault("seats", "intake.single_role")
		return
	}
	t := p.post(v, r)
	have := len(t.seats)
	if have >= r.seats {
		v.kind = "kept"
		return
	}
	if !t.fresh {
		v.kind, v.before, v.after = "changed", strconv.Itoa(have), strconv.Itoa(r.seats)
	}
	fills := make([]org.SeatFill, r.seats-have)
	for i := range fills {
		fills[i].ID = org.SeatID(p.tx.NewID())
		t.seats = append(t.seats, &seat{id: fills[i].ID, state: "unknown"})
	}
	grow := org.Post{ID: t.ID, Organization: t.Organization, Role: t.Role, Area: t.Area, Seats: fills}
	v.do = append(v.do, func(l *org.Loader) error { return l.Seats(grow, have) })
}

// bears reports whether a person of the register bears a name of the row.
func (r *tellingRow) bears(folded string) bool {
	for known := range strings.SplitSeq(folded, "|") {
		if known == r.names[0] || known == r.names[1] {
			return true
		}
	}
	return false
}

// place puts the person of a row into the post.
func (p *planner) place(v *verdict, r *tellingRow) error {
	t := p.post(v, r)
	who := key(r.person.NameHi)
	if p.once(v.row.line, "person", who, r.person.Phone, string(r.role), string(r.where())) != 0 {
		v.kind = "kept"
		v.do = nil
		return nil
	}
	for _, s := range t.seats { // there already: a number may be new
		if s.holder == nil || !r.bears(s.holder.folded) {
			continue
		}
		phones, err := p.phonesOf(s.holder)
		if err != nil {
			return err
		}
		if r.person.Phone == "" || slices.Contains(phones, r.person.Phone) {
			v.kind = "kept"
			return nil
		}
		id, number := s.holder.id, r.person.Phone
		v.kind, v.after = "changed", number
		s.holder.phones = append(s.holder.phones, number)
		v.do = append(v.do, func(l *org.Loader) error { return l.AddPhone(id, number) })
		return nil
	}
	if string(r.person.ID) == "" {
		r.person.ID = org.PersonID(p.tx.NewID())
	}
	known := p.known(v, r)
	if known != nil && string(known.id) == p.by.Person && p.by.Person != "" {
		v.fault("row", "org.not_for_oneself")
		return nil
	}
	if len(v.faults) > 0 {
		return nil
	}
	fill := org.SeatFill{Membership: org.MembershipID(p.tx.NewID()), Person: r.person.ID, FromDay: r.from, Source: p.list.Source, SourceDay: p.list.SourceDay}
	if known != nil {
		fill.Person = known.id
	}
	free, before := p.free(t, r)
	switch {
	case free != nil && free.until > r.from:
		v.fault("from_day", "org.seat_held_until", "day", lang.Day(free.until))
		return nil
	case free == nil && isSingle(r.role) && len(t.seats)+before > 0:
		v.fault("role", "intake.seat_taken")
		return nil
	case free == nil && !r.body.fresh && !r.body.RegisterOpen:
		v.fault("role", "intake.register_closed")
		return nil
	}
	if known == nil {
		person := r.person
		known = &someone{id: person.ID, folded: r.names[1] + "|" + r.names[0]}
		if person.Phone != "" {
			known.phones = []string{person.Phone}
			p.crew.phones[person.Phone] = append(p.crew.phones[person.Phone], known)
		}
		v.do = append(v.do, func(l *org.Loader) error { return l.Person(person) })
	}
	if free != nil {
		fill.ID = free.id
		from := free.state
		free.taken, free.holder = true, known
		v.do = append(v.do, func(l *org.Loader) error { return l.Fill(t.Post, from, fill) })
	} else {
		fill.ID = org.SeatID(p.tx.NewID())
		have := len(t.seats)
		t.seats = append(t.seats, &seat{id: fill.ID, state: "filled", holder: known, taken: true})
		grow := org.Post{ID: t.ID, Organization: t.Organization, Role: t.Role, Area: t.Area, Seats: []org.SeatFill{fill}}
		v.do = append(v.do, func(l *org.Loader) error { return l.Seats(grow, have) })
	}
	return p.doubt(v, r, known)
}

// free gives a free seat of a post, past those that rows of earlier blocks will take,
// and tells how many these are.
func (p *planner) free(t *post, r *tellingRow) (s *seat, before int) {
	if p.memory != nil {
		h := p.memory.hash("taken", string(r.body.Area), r.body.Kind, string(r.role), string(r.where()))
		before = int(p.memory.taken[h])
		p.memory.taken[h]++
	}
	skip := before
	for _, s := range t.seats {
		if !s.taken && s.state == "filled" {
			continue
		}
		if skip > 0 {
			skip--
		} else if !s.taken {
			return s, before
		}
	}
	return nil, before
}

func (p *planner) phonesOf(s *someone) ([]string, error) {
	if s.phones == nil {
		all, err := org.Phones(p.tx, s.id)
		if err != nil {
			return nil, err
		}
		s.phones = []string{}
		for _, ph := range all {
			s.phones = append(s.phones, ph.Number)
		}
	}
	return s.phones, nil
}

// known finds the person of a row in the register: the same name with the same number.
// A number that another name has is a doubt: it may serve several people.
func (p *planner) known(v *verdict, r *tellingRow) *someone {
	if r.person.Phone == "" {
		return nil
	}
	if p.memory != nil {
		h, me := p.memory.hash("phone", r.person.Phone), named{int32(v.row.line), uint32(p.memory.hash(r.names[0]))}
		if other, ok := p.memory.phone[h]; !ok {
			p.memory.phone[h] = me
		} else if other.name != me.name {
			v.doubts = append(v.doubts, Fault{"phone", "intake.phone_in_list", map[string]any{"phone": r.person.Phone, "line": int(other.line)}})
		}
	}
	for _, who := range p.crew.phones[r.person.Phone] {
		switch {
		case !r.bears(who.folded) && len(v.doubts) > 0: // it is in doubt already
		case !r.bears(who.folded):
			v.doubts = append(v.doubts, Fault{"phone", "intake.phone_of_another", map[string]any{"phone": r.person.Phone}})
		case who.merged:
			continue
		case who.dead:
			v.fault("name", "org.has_died")
		default:
			return who
		}
	}
	return nil
}

// doubt looks for somebody of the same name in the same district; only while checking.
func (p *planner) doubt(v *verdict, r *tellingRow, who *someone) error {
	if p.memory == nil || who.id != r.person.ID || len(v.doubts) > 0 {
		return nil
	}
	unit := r.body.Unit
	if unit == "" {
		return nil
	}
	fold := r.names[0]
	n, err := p.tx.Int(`select count(*) from (select 1 from person p join membership m on m.person_id = p.id and m.to_day is null
		where p.folded >= $1 and p.folded < $2 and m.unit_id = $3 limit 1) x`, fold, fold+"\x01", unit)
	if err != nil {
		return err
	}
	if n > 0 {
		v.doubts = append(v.doubts, Fault{"name", "intake.same_name", map[string]any{"name": r.person.NameHi}})
	}
	return nil
}
