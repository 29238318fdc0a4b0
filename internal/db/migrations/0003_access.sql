-- +goose Up
-- Accounts, sign-in, grants and the audit (package access). A grant is a row:
-- acts x one scope, made when a membership begins and removed when it ends.
create table account(
	id         text not null primary key,
	person_id  text not null unique,
	handle     text not null unique,     -- login number of an activation slip
	pin_hash   text not null default '',
	lang       text not null default '',
	created_at bigint not null
);
create table session(
	token_hash    text not null primary key,
	account_id    text not null references account(id),
	membership_id text,                  -- the hat; null for one who holds no post
	created_at    bigint not null,
	expires_at    bigint not null
);
create index session_by_account on session(account_id);
-- One-time codes: tries are counted per phone and code.
create table sign_in_code(
	phone      text not null primary key,
	code_hash  text not null,
	tries      integer not null,
	sent_at    bigint not null,
	expires_at bigint not null,
	sent_count integer not null,         -- within the window that began at window_at
	window_at  bigint not null
);
-- Proof that a phone's code was right, exchanged for a session when the name is chosen.
create table sign_in_ticket(
	token_hash text not null primary key,
	phone      text not null,
	person_id  text,                     -- set when an activation slip named the person
	expires_at bigint not null
);
-- Wrong PINs, counted per person.
create table sign_in_failure(
	person_id  text not null primary key,
	failures   integer not null,
	until      bigint not null
);
create table activation_slip(
	token_hash text not null primary key,
	person_id  text not null,
	made_by    text not null,
	made_at    bigint not null,
	expires_at bigint not null,
	used_at    bigint
);
create index activation_slip_by_person on activation_slip(person_id);
create table access_grant(
	membership_id text not null,
	scope         text not null,         -- area, org, below, own
	acts          text not null,         -- ' act act '
	organization_id text not null,
	primary key(membership_id, scope)
);
create table audit(
	id            text not null primary key,
	at            bigint not null,
	account_id    text not null,
	membership_id text,
	act           text not null,
	object_kind   text not null,
	object_id     text not null,
	hash          text not null
);
create index audit_by_object on audit(object_id, at);
create index audit_by_account on audit(account_id, at);
-- What changed; erasable on its own, the audit row's keyed hash stays. No foreign key:
-- on PostgreSQL it is proven by reading the row it names, and serializable verbs that
-- read where others write collide, on the one pair of tables that every verb writes.
create table audit_detail(
	audit_id text not null primary key, -- of audit, written by the statement before
	detail   text not null
);
