-- +goose Up
-- Signing in goes in lanes (package access): a browser that has signed in before as
-- somebody who uses a number has codes and tries of its own there, which strangers
-- cannot use up; all other browsers share the lane ''. Codes that were under way are
-- asked for again.
drop table sign_in_code;
create table sign_in_code(
	phone      text not null,
	lane       text not null,            -- '' or the hash of the device
	code_hash  text not null,
	tries      integer not null,
	sent_at    bigint not null,
	expires_at bigint not null,
	sent_count integer not null,         -- within the window that began at window_at
	window_at  bigint not null,
	primary key(phone, lane)
);
-- Wrong PINs and wrong codes of the second step, per person and lane. Each lock is
-- twice as long as the one before.
drop table sign_in_failure;
create table sign_in_failure(
	who      text not null,              -- a person; 'nobody:…' for a login nobody has; 'second:' and a person
	lane     text not null,
	failures integer not null,
	locks    integer not null,
	until    bigint not null,
	at       bigint not null,            -- of the last wrong one
	primary key(who, lane)
);
-- Browsers that somebody has signed in with.
create table device(
	token_hash text not null,
	account_id text not null references account(id),
	seen_at    bigint not null,
	expires_at bigint not null,
	primary key(token_hash, account_id)
);
create index device_by_account on device(account_id);
-- What devices nobody knows have used up, by the hour: 'codes' sent, wrong 'guesses'.
create table sign_in_count(
	kind text not null,
	hour bigint not null,                -- since 1970, UTC
	n    integer not null,
	primary key(kind, hour)
);
alter table session add column device text not null default '';   -- hash of its device
alter table session add column agent text not null default '';    -- its device as people know it: 'Chrome, Android'
alter table session add column seen_at bigint not null default 0; -- to the day
-- The second step: a code of an authenticator app (RFC 6238).
alter table sign_in_ticket add column second boolean not null default false;
create table totp(
	account_id text not null primary key references account(id),
	secret     text not null,
	begun_at   bigint not null,
	since      bigint,                   -- null until a first code has proved it
	last_step  bigint not null           -- a code counts once
);
create table totp_recovery(
	account_id text not null references account(id),
	code_hash  text not null,
	primary key(account_id, code_hash)
);
-- Roles that act only when their holder has the second step.
create table role_second(role_id text not null primary key);
-- Messages that wait for the SMS gateway, and what became of them (package sms). The
-- text's arguments are taken out once it is sent or over.
create table sms(
	id         text not null primary key,
	phone      text not null,
	kind       text not null,
	lang       text not null,
	args       text not null,
	made_at    bigint not null,
	expires_at bigint not null,
	next_at    bigint not null,
	tries      integer not null,
	state      text not null,            -- waiting, sent, failed, expired
	note       text not null,            -- what the gateway said last
	ended_at   bigint
);
create index sms_by_state on sms(state, next_at);
