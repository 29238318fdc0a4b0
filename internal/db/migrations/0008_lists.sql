-- +goose Up
-- Lists are read by key: each order that a list offers has the index that serves it,
-- ending in what breaks a tie.
drop index orders_by_organization;
drop index orders_by_unit;
drop index orders_by_person;
create index orders_by_person on orders(person_id, recorded_at, number);
create index orders_by_organization on orders(organization_id, recorded_at, number);
create index orders_by_unit on orders(unit_id, recorded_at, number);
create index orders_by_time on orders(recorded_at, number);
create index orders_by_day on orders(effective_day, number);
drop index seat_by_unit;
drop index seat_by_state;
create index seat_by_unit on seat(unit_id, state, rank, coalesce(since, ''), id);
create index seat_by_state on seat(state, rank, coalesce(since, ''), id);
create index seat_by_since on seat(state, coalesce(since, ''), id);
create index activity_disputed on activity(day, id) where state = 'disputed';
create index review_case_by_time on review_case(opened_at, id);
create index review_case_by_decider on review_case(decided_person, opened_at, id);
create index directive_by_time on directive(issued_at, id);
create index proposal_by_time on proposal(proposed_at, id);

-- The register of exports: every file of a list that was taken out.
create table export(
	id            text not null primary key,
	number        text not null unique,  -- running in the year; it stands in the file
	at            bigint not null,
	account_id    text not null,
	person_id     text not null,
	membership_id text,
	list          text not null,
	format        text not null,         -- xlsx, csv, pdf
	address       text not null,         -- what chose and sorted the rows
	row_count     integer                -- null when the file was not finished
);
create index export_by_person on export(person_id, at, id);
create index export_by_time on export(at, id);
