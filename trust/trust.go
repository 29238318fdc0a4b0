// Package trust says what must hold in a unit at every commit: nothing half done,
// nothing doubled, everything audited. Its tests kill, fill up and cut off a running
// server and see that it still holds (`make trust`).
package trust

import (
	"database/sql"
	"fmt"
	"slices"

	"sangathan/internal/db"
	"sangathan/review"
	"sangathan/tally"
)

// Finding is one row that breaks a rule.
type Finding struct {
	Rule string `json:"rule"` // what must hold
	ID   string `json:"id"`   // of the row that breaks it: a seat, membership, order, case ...
}

// String is the finding in one line.
func (f Finding) String() string { return f.Rule + ": " + f.ID }

// rule is a statement about the unit, and the query that gives the ids of the rows
// for which it does not hold.
type rule struct{ says, query string }

// The two rules that are no query.
const (
	Unaltered = "what changed is as it was audited" // the audit's hashes, made with the unit's secret
	Recounted = "every figure is its recount"
)

// Rules lists what must hold, in the order of [Check].
func Rules() []string {
	var all []string
	for _, r := range rules {
		all = append(all, r.says)
	}
	return append(all, Unaltered, Recounted)
}

// maxFindings bounds what is told of one rule.
const maxFindings = 20

// CheckCopy makes a unit that was copied whole ready for the engine it now lies on, and
// gives what differs in it: figures against their recount, what changed against its audit.
// It folds the additions that wait, which only the engine where many write at once reads.
func CheckCopy(tx *db.Tx) (found []Finding, err error) {
	if err := tally.Fold(tx); err != nil {
		return nil, err
	}
	return Check(tx, Recounted, Unaltered)
}

// Check gives what breaks the rules in the unit, at most 20 rows of each rule; nil
// when all hold. With names of rules (see [Rules]) only those are asked. It reads
// whole tables, so it is for operators and tests, not for a page. On both engines.
func Check(tx *db.Tx, only ...string) (found []Finding, err error) {
	asked := func(name string) bool { return len(only) == 0 || slices.Contains(only, name) }
	for _, r := range rules {
		if !asked(r.says) {
			continue
		}
		ids, err := db.Select(tx, r.query, nil, db.One[sql.NullString])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.says, err)
		}
		for _, id := range ids[:min(len(ids), maxFindings)] {
			found = append(found, Finding{r.says, id.String})
		}
	}
	if asked(Unaltered) {
		altered, err := alteredDetails(tx)
		if err != nil {
			return nil, err
		}
		found = append(found, altered...)
	}
	if asked(Recounted) {
		recount, err := review.Recount(tx)
		if err != nil {
			return nil, err
		}
		differ, _, err := recount.Differ(tx, maxFindings)
		if err != nil {
			return nil, err
		}
		for _, d := range differ {
			found = append(found, Finding{Recounted, d})
		}
	}
	return found, nil
}

// alteredDetails compares what stands in the audit with its keyed hash.
func alteredDetails(tx *db.Tx) (found []Finding, err error) {
	rows, err := tx.Query(`select a.id, a.hash, d.detail from audit a join audit_detail d on d.audit_id = a.id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, hash, detail string
		if err := rows.Scan(&id, &hash, &detail); err != nil {
			return nil, err
		}
		if tx.Hash([]byte(detail)) != hash && len(found) < maxFindings {
			found = append(found, Finding{Unaltered, id})
		}
	}
	return found, rows.Err()
}

// rank orders the steps of a case; those that move nothing have 0.
const rank = `case s.step when 'opened' then 1 when 'spoken' then 2 when 'noticed' then 3 when 'served' then 4 when 'replied' then 5
	when 'recommended' then 6 when 'decided' then 7 when 'appealed' then 8 when 'appeal_decided' then 9 else 0 end`

var rules = []rule{
	// Seats and memberships.
	{"a filled seat has a running holder who holds that seat",
		`select s.id from seat s left join membership m on m.id = s.membership_id
		where s.state = 'filled' and (m.id is null or m.to_day is not null or m.seat_id is null or m.seat_id <> s.id)`},
	{"an empty seat names no holder",
		`select id from seat where state <> 'filled' and membership_id is not null`},
	{"who holds a seat is named by it",
		`select m.id from membership m left join seat s on s.id = m.seat_id
		where m.to_day is null and m.seat_id is not null and (s.id is null or s.membership_id is null or s.membership_id <> m.id)`},
	{"a seat has one holder at a time",
		`select seat_id from membership where to_day is null and seat_id is not null group by seat_id having count(*) > 1`},
	{"a seat and its holder are of one post, body and unit",
		`select m.id from membership m join seat s on s.id = m.seat_id join post p on p.id = s.post_id
		where m.to_day is null and (m.post_id <> s.post_id or m.organization_id <> s.organization_id or m.role_id <> s.role_id
			or coalesce(m.unit_id, '') <> coalesce(s.unit_id, '') or p.organization_id <> s.organization_id)`},
	{"a membership ended for a reason, a running one has none",
		`select id from membership where (to_day is null) <> (end_reason = '') or to_day is null and end_order is not null`},
	{"a membership ends no earlier than it began",
		`select id from membership where to_day < from_day`},

	// Access.
	{"a running membership has the grants of its role",
		`select m.id from membership m join role_act r on r.role_id = m.role_id
			left join access_grant g on g.membership_id = m.id and g.scope = r.scope
		where m.to_day is null and (g.membership_id is null or replace(g.acts, ' ' || r.act || ' ', '') = g.acts)`},
	{"a grant is of a running membership, in its body, and of what its role permits",
		`select g.membership_id from access_grant g left join membership m on m.id = g.membership_id
		where m.id is null or m.to_day is not null or m.organization_id <> g.organization_id
			or length(g.acts) <> (select coalesce(sum(length(r.act) + 1), 0) + 1 from role_act r where r.role_id = m.role_id and r.scope = g.scope)`},
	{"a session acts under a running membership of its own person",
		`select s.account_id from session s join account a on a.id = s.account_id left join membership m on m.id = s.membership_id
		where s.membership_id is not null and (m.id is null or m.to_day is not null or m.person_id <> a.person_id)`},

	// Letters.
	{"an order and a notice have their letter",
		`select d.id from orders d left join letter l on l.record = 'order' and l.record_id = d.id where l.id is null
		union all select k.id from review_case k left join letter l on l.record = 'case' and l.record_id = k.id where k.notice_number <> '' and l.id is null`},
	{"a letter has its bytes, or they are due",
		`select l.id from letter l left join letter_file f on f.letter_id = l.id and f.lang = 'hi' left join letter_due d on d.letter_id = l.id
		where (f.letter_id is null) <> (d.letter_id is not null)`},

	// Orders.
	{"an appointment's order and its membership name each other",
		`select d.id from orders d left join membership m on m.id = d.membership_id
		where d.kind = 'appointment' and (m.id is null or m.begin_order is null or m.begin_order <> d.id or m.person_id <> d.person_id)`},
	{"a membership by order has its order",
		`select m.id from membership m left join orders d on d.id = m.begin_order
		where (m.begun_by = 'order') <> (m.begin_order is not null)
			or m.begin_order is not null and (d.id is null or d.person_id <> m.person_id)`},
	{"an order in force that ends a membership has ended it",
		`select d.id from orders d left join membership m on m.id = d.membership_id
		where d.kind in ('relief', 'relief_without_notice', 'record') and d.revoked_by is null
			and (m.id is null or m.to_day is null or m.end_order is null or m.end_order <> d.id)`},
	{"a membership ended by an order names one of the same person",
		`select m.id from membership m left join orders d on d.id = m.end_order
		where m.end_order is not null and (d.id is null or d.person_id <> m.person_id)
			or m.end_order is null and m.end_reason in ('relieved', 'relieved_without_notice', 'transferred', 'suspended', 'expelled')`},
	{"an order that takes another back is named by it",
		`select d.id from orders d left join orders b on b.id = d.revokes
		where d.revokes is not null and (b.id is null or b.revoked_by is null or b.revoked_by <> d.id)
			or d.revokes is null and d.kind in ('revocation', 'reinstatement')`},
	{"an order taken back is named by the one that does so",
		`select d.id from orders d left join orders b on b.id = d.revoked_by
		where d.revoked_by is not null and (b.id is null or b.revokes is null or b.revokes <> d.id)`},
	{"an order is audited once",
		`select d.id from orders d where (select count(*) from audit a where a.object_id = d.id and a.act = 'org.order_issued') <> 1`},
	{"letters are numbered without gaps", // orders and notices, in one series of a mark and year
		`select c.name from counter c where substr(c.name, 1, 8) = 'letters/'
			and c.n <> (select count(*) from orders d where 'letters/' || substr(d.number, 1, length(c.name) - 7) = c.name || '/')
				+ (select count(*) from review_case k where 'letters/' || substr(k.notice_number, 1, length(c.name) - 7) = c.name || '/')`},
	{"no two letters have the same number",
		`select n.number from (select number from orders union all select notice_number from review_case where notice_number <> '') n
		group by n.number having count(*) > 1`},

	// Cases.
	{"cases are numbered without gaps",
		`select c.name from counter c where substr(c.name, 1, 6) = 'cases/'
			and c.n <> (select count(*) from review_case k where 'cases/' || substr(k.number, 1, 4) = c.name)`},
	{"the steps of a case are counted from 1 without gaps",
		`select case_id from case_step group by case_id having min(n) <> 1 or max(n) <> count(*)`},
	{"a case stands at the furthest of its steps",
		`select k.id from review_case k left join (select s.case_id, max(` + rank + `) as furthest from case_step s group by s.case_id) f on f.case_id = k.id
		where coalesce(f.furthest, 0) <> case k.step when 'opened' then 1 when 'spoken' then 2 when 'noticed' then 3 when 'served' then 4
			when 'replied' then 5 when 'recommended' then 6 when 'decided' then 7 when 'appealed' then 8
			when 'closed' then case when k.appeal_result = '' then 7 else 9 end else 0 end`},
	{"a decided case has its decision, and an undecided one none",
		`select id from review_case where (step in ('decided', 'appealed', 'closed')) <> (decision <> '')
			or (decision <> '') <> (decided_at is not null) or (decision in ('retain', 'settled')) <> (step = 'closed' and appeal_result = '')`},
	{"a case settled by the talk has the talk, no notice, and one who decided and did not speak",
		`select k.id from review_case k where k.decision = 'settled' and (k.notice_number <> '' or not exists (select 1 from case_step s where s.case_id = k.id and s.step = 'spoken')
			or exists (select 1 from case_step s where s.case_id = k.id and s.step = 'spoken' and s.by_person = k.decided_person and s.by_person <> ''))`},
	{"the decision is one step, as the case tells it",
		`select k.id from review_case k where k.decision <> '' and (select count(*) from case_step s where s.case_id = k.id and s.step = 'decided'
			and s.verdict = k.decision and coalesce(s.order_id, '') = coalesce(k.order_id, '')) <> 1`},
	{"a decision has its order, of its kind and about its person",
		`select k.id from review_case k left join orders d on d.id = k.order_id
		where k.decision in ('', 'retain', 'settled') and k.order_id is not null
			or k.decision in ('warn', 'transfer', 'relieve') and (d.id is null or d.case_id is null or d.case_id <> k.id
				or d.membership_id <> k.membership_id or d.person_id <> k.person_id
				or d.kind <> case when k.without_notice then 'relief_without_notice' when k.decision = 'warn' then 'warning' else 'relief' end)`},
	{"an order of a case is the case's own, or takes that one back",
		`select d.id from orders d left join review_case k on k.id = d.case_id
		where d.case_id is not null and (k.id is null or k.order_id is null or k.order_id <> d.id and (d.revokes is null or d.revokes <> k.order_id))`},
	{"a decision reversed on appeal is set aside by an order",
		`select k.id from review_case k join orders d on d.id = k.order_id
		where k.appeal_result = 'reversed' and d.kind <> 'warning' and d.revoked_by is null`},
	{"a notice has its number, a served one the day to reply by",
		`select k.id from review_case k where (k.notice_number <> '') <> exists (select 1 from case_step s where s.case_id = k.id and s.step = 'noticed')
			or (k.reply_by is not null) <> exists (select 1 from case_step s where s.case_id = k.id and s.step = 'served')`},
	{"each step of a case is audited",
		`select s.case_id from case_step s group by s.case_id, s.step
		having count(*) <> (select count(*) from audit a where a.object_id = s.case_id and a.act = 'review.case.' || s.step)`},

	// Proposals.
	{"a proposal is approved by an order about its person, or not at all",
		`select p.id from proposal p left join orders d on d.id = p.order_id
		where (p.state = 'approved') <> (p.order_id is not null)
			or p.order_id is not null and (d.id is null or d.kind <> 'appointment' or d.person_id <> p.person_id)
			or (p.state = 'open') <> (p.decided_at is null)`},
	{"a proposal and its approval are audited once",
		`select p.id from proposal p where (select count(*) from audit a where a.object_id = p.id and a.act = 'appointment.proposed') <> 1
			or (select count(*) from audit a where a.object_id = p.id and a.act = 'appointment.approved') <> case when p.state = 'approved' then 1 else 0 end`},

	// The ledger.
	{"an entry is its membership's",
		`select e.id from activity e join membership m on m.id = e.membership_id
		where e.person_id <> m.person_id or e.organization_id <> m.organization_id or coalesce(e.unit_id, '') <> coalesce(m.unit_id, '')`},
	{"an entry is of a known kind", // no foreign key: see the migration
		`select e.id from activity e left join activity_kind k on k.id = e.kind where k.id is null`},
	{"a membership's last activity is its newest entry",
		`select m.id from membership m left join (select membership_id, max(day) as newest from activity group by membership_id) e on e.membership_id = m.id
		where coalesce(m.last_activity, '') <> coalesce(e.newest, '')`},
	{"a report is audited once and has its entry",
		`select a.object_id from audit a left join activity e on e.id = a.object_id
		where a.act = 'activity.reported' group by a.object_id, e.id having count(*) <> 1 or e.id is null`},
	{"a report sent with an id of its own is remembered with it",
		`select c.id from command c where c.id = c.answer and not exists (select 1 from activity e where e.id = c.id)`},
	{"an entry stands by a second person's word",
		`select e.id from activity e where e.state <> 'claimed'
			and not exists (select 1 from activity_check c where c.activity_id = e.id and c.verdict = e.state)
			or e.state = 'claimed' and exists (select 1 from activity_check c where c.activity_id = e.id)`},

	// The audit.
	{"what changed belongs to a line of the audit",
		`select d.audit_id from audit_detail d left join audit a on a.id = d.audit_id where a.id is null`},
}
