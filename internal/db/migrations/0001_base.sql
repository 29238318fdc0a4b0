-- +goose Up
-- Settings of the unit: name, pack, criteria in force, secrets of its keyed hashes.
create table meta(
	key   text not null primary key,
	value text not null
);
-- Numbered series without gaps (orders, notices): see db.Tx.Next.
create table counter(
	name text not null primary key,
	n    bigint not null
);
-- Commands already carried out, so that what is sent twice counts once: see db.Once.
create table command(
	id      text not null primary key,
	user_id text not null,
	hash    text not null,
	answer  text not null,
	at      bigint not null
);
-- Bodies that came under an id already used for another body; a person decides.
create table command_conflict(
	id         text not null primary key,
	user_id    text not null,
	command_id text not null,
	body       text not null,
	at         bigint not null
);
