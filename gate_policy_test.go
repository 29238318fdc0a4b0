package sangathan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Who may do what, where: written by hand from what the roles are for (the pack's
// README) and from promise I1, and not from the grants that the program reads. The
// matrix of gate_test.go holds every route to it.
//
// Roles: agent (of a booth), mandal and block (presidents), blocksec and distsec
// (secretaries), distgs (general secretary), dist (district president), cell
// (convenor in the state) and celldist (in a district), desk, incharge and president
// of the state, relieved (signed in, no post). "all" is everyone who holds a post.
//
// Where, seen from the body of one's post: own; above; below; line, a cell's body in
// one's territory, which answers to two lines, and cell, the body above it; district,
// the other of the two lines as seen from the cell; self, what is about oneself. Not
// written anywhere, and so never reached: sibling, cousin, across (whatever else lies
// on a cell's ground) and partner, a body of another organization on the same ground.
//
// "see name" is that a body's name stands beside what one sees: also of every body in
// which one holds or held a post, of its district, and of the highest one.
//
// What is not allowed answers "not found" where the thing cannot be seen (after "<":
// by which rule it is seen), else "forbidden".
const policy = `
see body, see person, see order             | all                            | own above
see body, see person, see order             | mandal block distgs dist       | below line
see body, see person, see order             | cell celldist                  | below
see body, see person, see order             | desk incharge president        | below line
see figures < see body                      | mandal block distgs dist       | own below line
see figures < see body                      | cell celldist                  | own below
see figures < see body                      | desk incharge president        | own below line place
count cases < see body                      | block distgs dist desk incharge president | own below line
count cases < see body                      | cell                           | own below
see name                                    | all                            | own above below line
see name                                    | cell celldist                  | district
see name                                    | distgs dist                    | cell
see person, see order, see contact          | all relieved                   | self
see entry, see leave, see case, see notice  | all relieved                   | self
see line                                    | all relieved                   | self

see contact, see entry, see leave, find person | blocksec distsec             | own
see contact, see entry, see leave, find person | mandal block distgs dist     | own below line
see contact, see entry, see leave, find person | cell celldist                | own below
see contact, see entry, see leave, find person | desk incharge president      | own below line
see contacts < see body                     | blocksec distsec               | own
see contacts < see body                     | mandal block distgs dist       | own below line
see contacts < see body                     | cell celldist                  | own below
see contacts < see body                     | desk incharge president        | own below line
edit letters < see body                     | distgs dist cell               | own
edit letters < see body                     | desk president                 | own below line
find person                                 | blocksec distsec mandal block distgs dist cell celldist desk incharge president | self
see answer                                  | agent                          | own
see answer                                  | blocksec distsec               | own
see answer                                  | mandal block distgs dist       | own below line
see answer                                  | cell celldist                  | own below
see answer                                  | desk incharge president        | own below line
see directive                               | blocksec block distsec distgs dist celldist | to-all
see directive                               | cell desk incharge president   | to-all to-cells

see case, see notice, see line              | block distgs dist              | own below line
see case, see notice, see line              | cell                           | own below
see case, see notice, see line              | desk incharge president        | own below line
see list                                    | distgs dist                    | own below line
see list                                    | desk incharge president        | own below line
see proposal                                | block distgs dist              | own below line
see proposal                                | cell                           | own below
see proposal                                | desk incharge president        | own below line

report for < see person                     | all                            | self
report for < see person                     | mandal block distgs dist       | own below line
report for < see person                     | celldist                       | own below
report for < see person                     | desk incharge president        | own below line
confirm entry < see entry                   | mandal block distgs dist       | own below line
confirm entry < see entry                   | cell                           | own below
confirm entry < see entry                   | incharge president             | own below line
draft list < see body                       | distgs dist desk incharge president | own below line
redraft list < see list                     | distgs dist desk incharge president | own below line
check line < see line                       | distgs dist incharge president | own below line
return list < see list                      | distgs dist incharge president | own below line
talk < see case                             | desk                           | own below line
talk < see case                             | incharge president             | below
issue notice, record service < see case     | distgs dist desk incharge president | own below line
recommend < see case                        | block distgs dist incharge president | own below line
recommend < see case                        | cell                           | own below
decide < see case                           | dist                           | below
decide < see case                           | incharge president             | own below line
hear appeal < see case                      | incharge president             | own below line
answer own case < see case                  | all relieved                   | self
relieve now < see person                    | dist                           | below
relieve now < see person                    | incharge president             | own below line
propose < see body                          | block distgs dist              | own below line
propose < see body                          | cell                           | own below
propose < see body                          | desk incharge president        | own below line
see proposals                               | block distgs dist cell desk incharge president | own
approve < see proposal                      | dist                           | below
approve < see proposal                      | incharge president             | own below line
withdraw proposal < see proposal            | nobody                         | own
revoke order < see order                    | incharge president             | own below line
issue directive < see body                  | desk incharge president        | own
answer directive < see body                 | block dist distgs cell celldist president | own
record end < see person                     | all relieved                   | self
record end < see person                     | dist                           | below
record end < see person                     | desk incharge president        | own below line
record leave < see person                   | block dist desk incharge president | own below line
give slip < see person                      | block distgs dist              | below
give slip < see person                      | desk incharge president        | own below line
publish criteria                            | desk president                 | own
watch backups                               | president                      | own
watch sign-ins                              | desk incharge president        | own
load lists                                  | desk president                 | own
load list                                   | desk president                 | own below line
complete register < see body                | desk president                 | own below line
administer                                  | president                      | own
take hat                                    | all                            | self
`

// around is who stands where, seen from the body of one's post.
const around = `
kuan         | own kuan; above nadi poorab state; cousin tila bargad neem pachhim kisan kisan-pachhim; across kisan-poorab
nadi         | own nadi; above poorab state; below kuan; sibling tila; cousin bargad neem pachhim kisan kisan-pachhim; across kisan-poorab
tila         | own tila; above poorab state; sibling nadi; cousin kuan bargad neem pachhim kisan kisan-pachhim; across kisan-poorab
poorab       | own poorab; above state; below nadi tila kuan; line kisan-poorab; cell kisan; sibling pachhim; cousin kisan-pachhim bargad neem
pachhim      | own pachhim; above state; below bargad neem; line kisan-pachhim; cell kisan; sibling poorab; cousin kisan-poorab nadi tila kuan
kisan-poorab | own kisan-poorab; above kisan state; sibling kisan-pachhim; cousin pachhim bargad neem; district poorab; across nadi tila kuan
kisan        | own kisan; above state; below kisan-poorab kisan-pachhim; district poorab pachhim; across nadi tila kuan bargad neem
state        | own state; line kisan; below poorab pachhim nadi tila kuan bargad neem kisan-poorab kisan-pachhim
`

// reader is who looks: a role of the policy, the holder of the fixture, and the post
// under whose hat.
type reader struct {
	name, role, person, home string
}

var readers = []reader{
	{"anonymous", "", "", ""},
	{"expired session of the district president", "", "poorab.president", ""},
	{"relieved", "relieved", "nadi.relieved", ""},
	{"booth agent", "agent", "kuan.agent", "kuan"},
	{"mandal president", "mandal", "kuan.president", "kuan"},
	{"block secretary", "blocksec", "nadi.sec", "nadi"},
	{"block president", "block", "nadi.president", "nadi"},
	{"district secretary", "distsec", "poorab.sec", "poorab"},
	{"district general secretary", "distgs", "poorab.gs", "poorab"},
	{"district president", "dist", "poorab.president", "poorab"},
	{"convenor of a cell in a district", "celldist", "kisan-poorab.convenor", "kisan-poorab"},
	{"convenor of a cell", "cell", "kisan.convenor", "kisan"},
	{"two posts, as block president", "block", "tila.president", "tila"},
	{"two posts, as district secretary", "distsec", "tila.president", "pachhim"},
	{"state desk", "desk", "state.desk", "state"},
	{"state in-charge", "incharge", "state.incharge", "state"},
	{"state president", "president", "state.president", "state"},
}

// signedIn reports whether the reader has a session that holds.
func (r reader) signedIn() bool { return r.role != "" }

// outcome is what the policy expects of a cell.
type outcome string

const (
	may       outcome = "may"
	forbidden outcome = "forbidden"
	notFound  outcome = "not found"
	signIn    outcome = "sign in"
)

// rules is the policy, read: what, to role, to where; and by which rule a thing is seen.
type rules struct {
	where   map[string]map[string][]string
	seenBy  map[string]string
	nearest map[string]map[string]string // home to body to relation
}

func readPolicy(t testing.TB) (r rules) {
	t.Helper()
	r = rules{map[string]map[string][]string{}, map[string]string{}, map[string]map[string]string{}}
	var everyone []string
	for _, reader := range readers {
		if reader.home != "" && !slices.Contains(everyone, reader.role) {
			everyone = append(everyone, reader.role)
		}
	}
	for line := range strings.Lines(strings.TrimSpace(policy)) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		part := strings.Split(line, "|")
		if len(part) != 3 {
			t.Fatalf("policy: %q", line)
		}
		names, seen, _ := strings.Cut(part[0], "<")
		for _, what := range strings.Split(names, ",") {
			what = strings.TrimSpace(what)
			if seen = strings.TrimSpace(seen); seen != "" {
				r.seenBy[what] = seen
			}
			if r.where[what] == nil {
				r.where[what] = map[string][]string{}
			}
			roles := strings.Fields(part[1])
			if roles[0] == "all" {
				roles = append(roles[1:], everyone...)
			}
			for _, role := range roles {
				if !slices.Contains(everyone, role) && role != "relieved" && role != "nobody" {
					t.Fatalf("policy: no reader is a %s", role)
				}
				r.where[what][role] = append(r.where[what][role], strings.Fields(part[2])...)
			}
		}
	}
	for line := range strings.Lines(strings.TrimSpace(around)) {
		home, rest, _ := strings.Cut(line, "|")
		near := map[string]string{"mitra": "partner", "mitra-poorab": "partner"}
		for _, group := range strings.Split(rest, ";") {
			words := strings.Fields(group)
			for _, body := range words[1:] {
				near[body] = words[0]
			}
		}
		r.nearest[strings.TrimSpace(home)] = near
	}
	return r
}

// allows reports whether the policy lets the reader do what in a relation.
func (r rules) allows(what string, by reader, relation string) bool {
	if _, ok := r.where[what]; !ok {
		panic(fmt.Sprintf("the policy does not know %q", what))
	}
	return slices.Contains(r.where[what][by.role], relation)
}

// anywhere reports whether the reader may do what in any place at all.
func (r rules) anywhere(what string, by reader) bool {
	for _, where := range r.where[what][by.role] {
		if where != "self" {
			return true
		}
	}
	return false
}

// expect is the policy's answer for one cell.
func (r rules) expect(what string, by reader, relation string) outcome {
	switch {
	case !by.signedIn():
		return signIn
	case relation == "absent":
		return notFound
	case r.allows(what, by, relation):
		return may
	case r.seenBy[what] != "" && r.allows(r.seenBy[what], by, relation):
		return forbidden
	}
	return notFound
}

// relation tells where a body stands, seen by the reader.
func (r rules) relation(by reader, body string) string {
	if by.home == "" {
		return "none"
	}
	relation := r.nearest[by.home][body]
	if relation == "" {
		panic(by.home + " does not know where " + body + " stands")
	}
	return relation
}
