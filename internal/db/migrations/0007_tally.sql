-- +goose Up
-- Figures kept by the verbs (package tally): n of a measure at a node (the label of
-- an area or organization) in a month, '' for standing figures.
create table tally(
	node    text not null,
	month   text not null,
	measure text not null,
	n       bigint not null,
	primary key(node, month, measure)
) /* without rowid */;
-- Additions that wait to be folded in, where many write at once (PostgreSQL): a verb
-- makes two dozen, so they have neither a key nor more than this index.
create table tally_delta(
	node    text not null,
	month   text not null,
	measure text not null,
	n       bigint not null
);
create index tally_delta_by_node on tally_delta(node, month, measure);
create view tally_now as
	select node, month, measure, n from tally
	union all select node, month, measure, n from tally_delta;
