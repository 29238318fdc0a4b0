-- +goose Up
-- Figures as they stood (package tally): n of a measure at the end of a day. A row
-- stands until the next: one is kept only where the figure has changed.
create table tally_past(
	node    text not null,
	month   text not null,
	measure text not null,
	day     text not null,
	n       bigint not null,
	primary key(node, month, measure, day)
) /* without rowid */;
create index tally_past_by_day on tally_past(day);
create index review_line_by_organization on review_line(organization_id);
create index review_by_unit on review(unit_id, to_day);
