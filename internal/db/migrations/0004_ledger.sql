-- +goose Up
-- The ledger (package activity): who did what, where, when, on whose word.
create table activity_kind(
	id      text not null primary key,
	name_hi text not null,
	name_en text not null,
	rank    integer not null
);
-- The duties a role expects each month; kinds '' means any kind counts.
create table duty(
	id        text not null primary key,
	role_id   text not null references role(id),
	name_hi   text not null,
	name_en   text not null,
	kinds     text not null default '',  -- ' kind kind '
	per_month integer not null,
	from_day  text,
	to_day    text
);
create table activity(
	id              text not null primary key,
	kind            text not null,       -- of activity_kind; no foreign key: PostgreSQL locks the row it names, one for all who report
	person_id       text not null references person(id),
	membership_id   text not null references membership(id), -- the post held that day
	organization_id text not null references organization(id),
	unit_id         text,
	reporting_id    text,
	area_id         text not null references area(id),
	day             text not null,
	recorded_at     bigint not null,
	people          integer not null,
	note            text not null,
	state           text not null default 'claimed', -- claimed, confirmed, disputed
	word            text not null default 'self',    -- self, call, slip, paper, told
	typed_by        text,                            -- membership of the operator, when not self
	typed_person    text
);
create index activity_by_membership on activity(membership_id, day);
create index activity_by_reporting on activity(reporting_id, day);
create index activity_by_unit on activity(unit_id, day);
create index activity_by_area on activity(area_id, day);
create index activity_by_day on activity(day, id);
-- The second person's word on an entry.
create table activity_check(
	activity_id   text not null references activity(id),
	person_id     text not null,
	membership_id text,
	verdict       text not null,         -- confirmed, disputed
	reason        text not null,
	at            bigint not null,
	primary key(activity_id, person_id)
);
