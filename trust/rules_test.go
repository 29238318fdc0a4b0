//go:build linux

package trust_test

import (
	"errors"
	"path/filepath"
	"testing"

	"sangathan/internal/db"
	"sangathan/trust"
)

// Each rule finds what breaks it, in a demonstration in which all of them hold.
func TestEveryRuleFindsItsBreach(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "unit")
	demoUnit(t, path)
	u := open(t, path)
	defer closeUnit(t, u)
	undo := errors.New("undo")
	check := func(spoil string, only ...string) (broken map[string]int) {
		t.Helper()
		broken = map[string]int{}
		err := u.Write(t.Context(), func(tx *db.Tx) error {
			if spoil != "" {
				if n, err := tx.Exec(spoil); err != nil || n == 0 {
					t.Errorf("%s: %d rows, %v", oneLine(spoil), n, err)
				}
			}
			found, err := trust.Check(tx, only...)
			for _, f := range found {
				broken[f.Rule]++
			}
			return errors.Join(err, undo)
		})
		if !errors.Is(err, undo) {
			t.Error(err)
		}
		return broken
	}
	if broken := check(""); len(broken) > 0 {
		t.Fatalf("a new demonstration breaks %v", broken)
	}
	const one = `(select min(id) from membership where to_day is null and seat_id is not null)`
	seen := map[string]bool{}
	for _, c := range []struct{ rule, spoil string }{
		{"a filled seat has a running holder who holds that seat", `update seat set membership_id = null where id = (select min(id) from seat where state = 'filled')`},
		{"an empty seat names no holder", `update seat set state = 'vacant' where id = (select min(id) from seat where state = 'filled')`},
		{"who holds a seat is named by it", `update seat set membership_id = null where membership_id = ` + one},
		{"a seat and its holder are of one post, body and unit", `update membership set unit_id = 'x' where id = ` + one},
		{"a membership ended for a reason, a running one has none", `update membership set end_reason = 'left' where id = ` + one},
		{"a membership ends no earlier than it began", `update membership set to_day = '2000-01-01' where id = (select min(id) from membership where to_day is not null)`},
		{"a running membership has the grants of its role", `delete from access_grant where membership_id = (select min(membership_id) from access_grant)`},
		{"a grant is of a running membership, in its body, and of what its role permits", `insert into access_grant values('x', 'own', ' decide ', 'y')`},
		{"a session acts under a running membership of its own person",
			`insert into session(token_hash, account_id, membership_id, created_at, expires_at) select 'x', id, (select min(id) from membership where to_day is not null), 0, 0 from account limit 1`},
		{"an order and a notice have their letter", `update letter set record_id = 'x' where id = (select min(id) from letter)`},
		{"a letter has its bytes, or they are due", `delete from letter_due where letter_id = (select min(letter_id) from letter_due)`},
		{"an appointment's order and its membership name each other", `update orders set membership_id = (select min(id) from membership where begun_by = 'as_found') where kind = 'appointment'`},
		{"a membership by order has its order", `update membership set begin_order = null where begun_by = 'order'`},
		{"an order in force that ends a membership has ended it", `update membership set to_day = null, end_reason = '', end_order = null, seat_id = null where end_reason = 'relieved'`},
		{"a membership ended by an order names one of the same person", `update membership set end_order = null where end_reason = 'relieved'`},
		{"an order that takes another back is named by it", `update orders set revokes = (select min(id) from orders where kind = 'relief') where kind = 'warning'`},
		{"an order taken back is named by the one that does so", `update orders set revoked_by = (select min(id) from orders where kind = 'warning') where kind = 'relief'`},
		{"an order is audited once", `update audit set act = 'org.order_read' where id = (select min(id) from audit where act = 'org.order_issued')`},
		{"letters are numbered without gaps", `update counter set n = n + 1 where substr(name, 1, 8) = 'letters/'`},
		{"no two letters have the same number", `update review_case set notice_number = (select min(number) from orders) where id = (select min(id) from review_case where notice_number <> '')`},
		{"cases are numbered without gaps", `update counter set n = n + 1 where substr(name, 1, 6) = 'cases/'`},
		{"the steps of a case are counted from 1 without gaps", `update case_step set n = n + 7 where id = (select min(id) from case_step)`},
		{"a case stands at the furthest of its steps", `update review_case set step = 'spoken' where step = 'opened'`},
		{"a decided case has its decision, and an undecided one none", `update review_case set decision = '' where step = 'decided'`},
		{"a case settled by the talk has the talk, no notice, and one who decided and did not speak", `update review_case set decision = 'settled', step = 'closed' where step = 'served'`},
		{"the decision is one step, as the case tells it", `update case_step set verdict = 'retain' where step = 'decided' and verdict = 'warn'`},
		{"a decision has its order, of its kind and about its person", `update review_case set order_id = null where decision = 'warn'`},
		{"an order of a case is the case's own, or takes that one back", `update review_case set order_id = null where decision = 'relieve'`},
		{"a decision reversed on appeal is set aside by an order", `update review_case set appeal_result = 'reversed' where step = 'appealed'`},
		{"a notice has its number, a served one the day to reply by", `update review_case set reply_by = null where step = 'served'`},
		{"each step of a case is audited", `update audit set act = 'x' where act = 'review.case.opened'`},
		{"a proposal is approved by an order about its person, or not at all", `update proposal set order_id = null where state = 'approved'`},
		{"a proposal and its approval are audited once", `update proposal set state = 'withdrawn', id = 'x' where state = 'open'`},
		{"an entry is its membership's", `update activity set organization_id = (select min(id) from organization where parent_id is null)
			where id = (select min(a.id) from activity a join organization o on o.id = a.organization_id where o.parent_id is not null)`},
		{"an entry is of a known kind", `update activity set kind = 'x' where id = (select min(id) from activity)`},
		{"a membership's last activity is its newest entry", `update membership set last_activity = '2020-01-01' where id = ` + one},
		{"a report is audited once and has its entry", `insert into audit values('x', 0, 'x', null, 'activity.reported', 'activity', 'x', '')`},
		{"a report sent with an id of its own is remembered with it", `insert into command values('x', 'x', 'x', 'x', 0)`},
		{"an entry stands by a second person's word", `update activity set state = 'confirmed' where id = (select min(id) from activity where state = 'claimed')`},
		{"what changed belongs to a line of the audit", `insert into audit_detail values('x', '{}')`},
		{"what changed is as it was audited", `update audit_detail set detail = '{}' where audit_id = (select min(audit_id) from audit_detail)`},
		{"every figure is its recount", `update tally set n = n + 1 where node = (select min(node) from tally)`},
	} {
		seen[c.rule] = true
		broken := check(c.spoil, c.rule)
		if broken[c.rule] == 0 {
			t.Errorf("%q is not found broken by %s", c.rule, oneLine(c.spoil))
		}
	}
	seen["a seat has one holder at a time"] = true // a unique index: the database itself refuses
	for _, rule := range trust.Rules() {
		if !seen[rule] {
			t.Errorf("no test breaks the rule %q", rule)
		}
	}
}
