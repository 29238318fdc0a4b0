-- +goose Up
-- Directives and their answers (package directive). Who is expected to answer is
-- a frozen rule (kinds of bodies below from_org); only answers are rows.
create table directive(
	id         text not null primary key,
	number     text not null unique,
	kind       text not null,            -- general, inactivity_list, monthly_report
	subject    text not null,
	body       text not null,
	from_org   text not null references organization(id),
	to_kinds   text not null,            -- ' kind kind '
	issued_by  text not null,            -- membership
	issued_at  bigint not null,
	due_day    text,                     -- of a directive; of a recurring one see due_dom
	recurs     text not null default '', -- '', 'monthly'
	due_dom    integer,                  -- day of the next month, for a monthly one
	closed_at  bigint
);
create table directive_answer(
	directive_id    text not null references directive(id),
	organization_id text not null references organization(id),
	unit_id         text,
	period          text not null,       -- '' or a month YYYY-MM
	acknowledged_at bigint,
	answered_at     bigint,
	answered_by     text,                -- membership
	body            text not null default '',
	record_id       text,                -- what answers it, such as a review
	primary key(directive_id, organization_id, period)
);
create index directive_answer_by_organization on directive_answer(organization_id, period);
create index directive_answer_by_period on directive_answer(directive_id, period);

-- Elections and results by seat and candidate (package election).
create table election(
	id      text not null primary key,
	name_hi text not null,
	name_en text not null,
	kind    text not null,               -- area kind the results are for: loksabha, assembly
	day     text not null
);
create table result(
	election_id text not null references election(id),
	area_id     text not null references area(id),
	rank        integer not null,
	candidate   text not null,
	party       text not null,
	votes       integer not null,
	primary key(election_id, area_id, rank)
);
create index result_by_area on result(area_id);
