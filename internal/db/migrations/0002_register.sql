-- +goose Up
-- The register (package org): areas, organizations, roles, posts, seats, persons,
-- memberships, orders. Days are half-open intervals [from_day, to_day); null is open.
-- Kinds, roles, acts and duties are data that a pack brings.
create table area_kind(
	id      text not null primary key,
	name_hi text not null,
	name_en text not null,
	rank    integer not null
);
create table area(
	id       text not null primary key,
	label    text not null unique,       -- its part of every path, for life
	kind     text not null references area_kind(id),
	name_hi  text not null,
	name_en  text not null,
	number   integer,                    -- of a seat or booth, within its parent or kind
	reserved text not null default '',   -- '', 'SC' or 'ST'
	sort_key text not null,
	from_day text,
	to_day   text,
	extra    text not null default '{}'
);
create index area_by_kind on area(kind, number, sort_key);
create table area_identifier(
	scheme  text not null,
	value   text not null,
	area_id text not null references area(id),
	primary key(scheme, value, area_id)
);
create index area_identifier_by_area on area_identifier(area_id);
create table area_alias(
	area_id text not null references area(id),
	name    text not null,
	folded  text not null,
	primary key(area_id, name)
);
create index area_alias_by_folded on area_alias(folded);
-- Dated parentage: one parent per area, tree and day.
create table area_parent(
	tree      text not null,             -- electoral, administrative, organization
	area_id   text not null references area(id),
	parent_id text not null references area(id),
	from_day  text not null,
	to_day    text,
	primary key(tree, area_id, from_day)
);
create index area_parent_by_parent on area_parent(tree, parent_id);
-- Today's paths, for range scans: '/1/7/42/' where each part is an area's label.
create table area_path(
	tree    text not null,
	area_id text not null references area(id),
	path    text not null,
	primary key(area_id, tree)
);
create unique index area_path_by_path on area_path(tree, path);

create table organization_kind(
	id      text not null primary key,
	name_hi text not null,
	name_en text not null,
	rank    integer not null,
	reports boolean not null              -- bodies of this kind owe the monthly report
);
create table organization(
	id            text not null primary key,
	label         text not null unique,   -- its part of its path; no area has the same
	kind          text not null references organization_kind(id),
	name_hi       text not null,
	name_en       text not null,
	sort_key      text not null,
	parent_id     text references organization(id),
	path          text not null unique,   -- by parent, like area_path
	area_id       text not null references area(id), -- its territory
	area_path     text not null,          -- label of the root, then the path of the territory in the organization tree
	unit_id       text,                   -- the district-level body it belongs to; itself for such a body
	reporting_id  text,                   -- the body whose monthly report covers it
	founded       text,
	dissolved     text,
	register_open boolean not null default true, -- true until its register has been gone through: no vacancy is told
	extra         text not null default '{}'
);
create index organization_by_parent on organization(parent_id);
create index organization_by_area on organization(area_path);
create index organization_by_unit on organization(unit_id, path); -- a district's lists, body by body
create index organization_of_district on organization(sort_key, id) where unit_id = id; -- the district-level bodies, few among many
create index organization_by_kind on organization(kind, sort_key);

create table role(
	id      text not null primary key,
	name_hi text not null,
	name_en text not null,
	rank    integer not null
);
-- What a role permits: act x scope. Scope: area (territory and below), org (own
-- subtree), below (strictly below in territory), own (the own organization).
create table role_act(
	role_id text not null references role(id),
	act     text not null,
	scope   text not null,
	primary key(role_id, act, scope)
);
create table post(
	id              text not null primary key,
	organization_id text not null references organization(id),
	role_id         text not null references role(id),
	area_id         text not null references area(id), -- where its holder works: a booth, or the organization's territory
	label_hi        text not null default '',          -- replaces the role's name where a post has its own
	label_en        text not null default '',
	seats           integer not null,
	from_day        text,
	to_day          text,
	extra           text not null default '{}'
);
create index post_by_organization on post(organization_id, role_id);
create index post_by_area on post(area_id);

create table person(
	id           text not null primary key,
	name_hi      text not null,
	name_en      text not null,
	sort_key     text not null,
	folded       text not null,          -- both names, folded, for finding
	gender       text not null default '',
	birth_year   integer,
	canonical_id text,                   -- set when merged into another record
	created_at   bigint not null,
	extra        text not null default '{}'
);
create index person_by_name on person(sort_key, id);
create index person_by_folded on person(folded);
create table phone(
	person_id text not null references person(id),
	number    text not null,
	status    text not null default 'unchecked', -- unchecked, right, wrong, off, other
	primary key(person_id, number)
);
create index phone_by_number on phone(number);

-- A membership: person x organization x post x area, from a day, by an order or as found.
create table membership(
	id              text not null primary key,
	person_id       text not null references person(id),
	organization_id text not null references organization(id),
	unit_id         text,
	post_id         text not null references post(id),
	seat_id         text,                -- null for a charge that takes no seat
	role_id         text not null references role(id),
	area_id         text not null references area(id),
	charge          text not null default 'regular', -- regular, acting, additional
	from_day        text not null,
	to_day          text,
	end_reason      text not null default '', -- term_over, relieved, relieved_without_notice, resigned, suspended, expelled, left, died, dissolved, merged
	begun_by        text not null,       -- order, as_found
	begin_order     text,
	end_order       text,
	source          text not null default '',
	source_day      text,
	standing        text not null default 'told', -- told, called, confirmed
	last_activity   text,                -- day of the newest ledger entry
	extra           text not null default '{}'
);
create index membership_by_person on membership(person_id);
create index membership_by_organization on membership(organization_id, role_id);
create index membership_by_seat on membership(seat_id);
-- However a race ends, one seat has one holder.
create unique index membership_of_seat on membership(seat_id) where to_day is null and seat_id is not null;

-- A seat of a post: filled, vacant or unknown. known_from is the day from which
-- "nobody holds it" is knowledge and not merely silence.
create table seat(
	id              text not null primary key,
	post_id         text not null references post(id),
	organization_id text not null references organization(id),
	unit_id         text,
	role_id         text not null references role(id),
	rank            integer not null,    -- the role's, by which seats are listed
	number          integer not null,
	state           text not null,       -- filled, vacant, unknown
	membership_id   text,
	since           text,                -- day of the present state
	known_from      text
);
create index seat_by_post on seat(post_id);
create index seat_by_organization on seat(organization_id, state, role_id);
create index seat_by_unit on seat(unit_id, state, rank, since, id);
create index seat_by_state on seat(state, rank, since, id);

-- Leave that was recorded: its days bring no duty.
create table leave(
	id            text not null primary key,
	membership_id text not null references membership(id),
	from_day      text not null,
	to_day        text not null,
	reason        text not null,
	recorded_at   bigint not null,
	recorded_by   text not null
);
create index leave_by_membership on leave(membership_id);

-- Orders: by which authority changes who holds a post.
create table orders(
	id            text not null primary key,
	number        text not null unique,
	kind          text not null,         -- appointment, relief, relief_without_notice, record, revocation, reinstatement, warning, transfer
	person_id     text references person(id),
	membership_id text references membership(id),
	organization_id text references organization(id),
	unit_id       text,
	case_id       text,
	revokes       text references orders(id),
	revoked_by    text references orders(id),
	effective_day text not null,
	recorded_at   bigint not null,
	by_account    text not null,
	by_membership text,
	by_person     text,
	reason        text not null,
	body          text not null default '', -- the order as it was issued, for print
	extra         text not null default '{}'
);
create index orders_by_person on orders(person_id);
create index orders_by_organization on orders(organization_id, recorded_at);
create index orders_by_unit on orders(unit_id, recorded_at);
