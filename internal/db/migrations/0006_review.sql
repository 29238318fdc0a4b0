-- +goose Up
-- Review and fairness (package review): published criteria, lists, cases.
create table criteria(
	id              text not null primary key,
	version         integer not null unique,
	months          integer not null,    -- length of the window
	min_expected    integer not null,    -- fewer expected entries than this: not assessed
	below_percent   integer not null,    -- listed when recorded entries are below this share of expected
	reply_days      integer not null,    -- from proven service
	appeal_days     integer not null,    -- from the decision
	note            text not null,
	published_at    bigint not null,
	published_by    text not null
);
create table review(
	id              text not null primary key,
	unit_id         text not null references organization(id), -- district-level body
	criteria_id     text not null references criteria(id),
	from_day        text not null,
	to_day          text not null,
	state           text not null,       -- draft, sent (list returned by the district)
	drafted_at      bigint not null,
	drafted_by      text not null,
	sent_at         bigint,
	bearers         integer not null,    -- holders with a duty
	listed          integer not null,
	met             integer not null,
	not_assessed    integer not null,    -- silent unit, leave, or too short a time
	on_leave        integer not null,
	silent_bearers  integer not null,
	silent_units    integer not null,
	reporting_units integer not null,
	unique(unit_id, from_day, to_day)
);
-- A silent body: its missing reports are the missed duty of whoever owed them.
create table review_silent(
	review_id       text not null references review(id),
	organization_id text not null references organization(id),
	months_missing  integer not null,
	months          integer not null,
	owed_by         text,                -- membership; null when nobody holds the post
	bearers         integer not null,
	primary key(review_id, organization_id)
);
create table review_line(
	id              text not null primary key,
	review_id       text not null references review(id),
	unit_id         text not null,
	membership_id   text not null references membership(id),
	person_id       text not null references person(id),
	organization_id text not null references organization(id),
	role_id         text not null,
	expected        integer not null,
	recorded        integer not null,
	confirmed       integer not null,
	verdict         text not null default '', -- '', confirmed, excused, disputed
	reason          text not null default '',
	checked_by      text,
	checked_at      bigint,
	unique(review_id, membership_id)
);
create index review_line_by_person on review_line(person_id);
-- Each duty in each month: what was expected, what stands in the ledger, and why a month does not count.
create table review_duty(
	line_id   text not null references review_line(id),
	duty_id   text not null,
	month     text not null,
	expected  integer not null,
	recorded  integer not null,
	skipped   text not null default '',  -- '', silent, leave, not_in_post
	primary key(line_id, duty_id, month)
);
create table review_case(
	id              text not null primary key,
	number          text not null unique,
	line_id         text references review_line(id), -- null for relief at once
	unit_id         text,
	organization_id text not null references organization(id),
	person_id       text not null references person(id),
	membership_id   text not null references membership(id),
	step            text not null,       -- opened, spoken, noticed, served, replied, recommended, decided, appealed, closed
	without_notice  boolean not null default false,
	opened_at       bigint not null,
	opened_by       text not null,
	notice_number   text not null default '',
	reply_by        text,                -- last day to reply, from proven service
	decision        text not null default '', -- retain, warn, transfer, relieve
	decided_by      text,                -- membership
	decided_person  text,
	decided_at      bigint,
	appeal_by       text,                -- last day to appeal
	appeal_result   text not null default '', -- '', upheld, reversed
	order_id        text
);
create index review_case_by_unit on review_case(unit_id, step);
create index review_case_by_person on review_case(person_id);
create index review_case_by_step on review_case(step, opened_at);
create unique index review_case_by_line on review_case(line_id) where line_id is not null;
create table case_step(
	id            text not null primary key,
	case_id       text not null references review_case(id),
	n             integer not null,      -- place within the case, from 1
	step          text not null,         -- opened, spoken, noticed, served, replied, recommended, decided, appealed, appeal_decided, remark
	day           text not null,
	at            bigint not null,
	by_person     text not null,
	by_membership text,
	manner        text not null default '', -- how served or spoken: opened, signed, call, visit
	verdict       text not null default '',
	text          text not null,
	order_id      text,
	unique(case_id, n)
);

-- Proposals to fill a seat (package appointment).
create table proposal(
	id              text not null primary key,
	seat_id         text not null references seat(id),
	post_id         text not null references post(id),
	organization_id text not null references organization(id),
	unit_id         text,
	person_id       text not null references person(id),
	charge          text not null default 'regular',
	reason          text not null,
	state           text not null,       -- open, approved, refused, withdrawn
	proposed_at     bigint not null,
	proposed_by     text not null,       -- membership
	proposed_person text not null,
	decided_at      bigint,
	decided_by      text,
	decided_person  text,
	decision_reason text not null default '',
	order_id        text
);
create index proposal_by_unit on proposal(unit_id, state);
create index proposal_by_seat on proposal(seat_id, state);
create index proposal_by_person on proposal(person_id);
create index proposal_by_state on proposal(state, proposed_at);
