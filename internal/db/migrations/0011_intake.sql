-- +goose Up
-- Lists that offices load (package intake). A list is staged in blocks of rows, checked
-- whole, and applied block by block; made is what a block put into the register, so
-- that it can be taken back.
create table intake(
	id              text not null primary key,
	kind            text not null,             -- areas, booths, posts, people
	source          text not null,             -- name of the file, or what the sender called it
	source_day      text not null,             -- day from which the list is
	organization_id text not null references organization(id), -- of the hat it was made under
	account_id      text not null,
	membership_id   text,
	hash            text not null,             -- keyed, of the content, the kind and the sender
	state           text not null,             -- reading, checking, checked, loading, loaded, undoing, undone, failed
	step            integer not null default 0,-- blocks done in the present state
	blocks          integer not null default 0,
	headers         text not null default '[]',-- columns found, with examples
	mapping         text not null default '{}',-- column to field, and what holds for all rows
	added           integer not null default 0,
	changed         integer not null default 0,
	kept            integer not null default 0,
	faulty          integer not null default 0,
	doubtful        integer not null default 0,
	fault           text not null default '',  -- why it failed, or stopped
	created_at      bigint not null,
	ended_at        bigint
);
create index intake_by_hash on intake(hash);
create index intake_by_organization on intake(organization_id, created_at);
create index intake_by_state on intake(state);
create table intake_block(
	intake_id text not null references intake(id),
	n         integer not null,
	lines     text not null,
	told      text not null default '[]',      -- rows with a verdict that someone should see
	made      text not null default '',
	faulty    integer not null default 0,
	doubtful  integer not null default 0,
	changed   integer not null default 0,
	primary key(intake_id, n)
);
create index intake_block_told on intake_block(intake_id, n) where faulty > 0 or doubtful > 0 or changed > 0;
-- How the columns of lists with the same heads were read the last time.
create table intake_mapping(
	signature text not null primary key,
	mapping   text not null
);
-- What refers to a row that may be taken back is found by index.
create index if not exists membership_by_post on membership(post_id);
create index if not exists membership_by_area on membership(area_id);
create index if not exists activity_by_person on activity(person_id);
create index if not exists organization_by_area_id on organization(area_id);
create index if not exists person_by_canonical on person(canonical_id) where canonical_id is not null;
create index if not exists orders_by_membership on orders(membership_id);
create index if not exists review_line_by_membership on review_line(membership_id);
create index if not exists review_case_by_membership on review_case(membership_id);
create index if not exists proposal_by_post on proposal(post_id);
create index if not exists proposal_by_organization on proposal(organization_id);
create index if not exists directive_by_from on directive(from_org);
