-- +goose Up
-- Letters that leave the office (package letter): letterheads, templates, and what was issued.
-- A picture, kept once however many letters bear it.
create table emblem(
	id    text not null primary key,  -- SHA-256 of png, hexadecimal
	png   bytea not null
);
-- What a body sets above and below its letters; a body without one takes its parent's.
create table letterhead(
	organization_id text not null primary key references organization(id),
	address_hi text not null,
	address_en text not null,
	contact_hi text not null,
	contact_en text not null,
	copy_hi    text not null,         -- to whom copies always go, one a line
	copy_en    text not null,
	emblem_id  text references emblem(id)
);
-- The text of a template, kept once; letters and versions refer to it.
create table letter_form(
	id   text not null primary key,   -- SHA-256 of text, hexadecimal
	text text not null
);
create table letter_template(
	organization_id text not null references organization(id),
	kind            text not null,    -- appointment, relief, notice, letter
	lang            text not null,    -- hi, en
	version         integer not null, -- from 1, without gaps
	form_id         text references letter_form(id), -- null: from here on the one above is used
	made_at         bigint not null,
	made_by         text not null,    -- account
	made_person     text,
	primary key(organization_id, kind, lang, version)
);
create index letter_template_by_kind on letter_template(kind, lang);
-- A letter as it was issued: everything that stands in it, in both languages.
create table letter(
	id              text not null primary key,
	kind            text not null,
	record          text not null,    -- order, case
	record_id       text not null,
	number          text not null,
	organization_id text not null references organization(id), -- on whose letterhead
	person_id       text not null references person(id),
	issued_at       bigint not null,
	form_hi         text not null references letter_form(id),
	form_en         text not null references letter_form(id),
	fields_hi       text not null,    -- JSON: field to value
	fields_en       text not null,
	emblem_id       text references emblem(id),
	address         text not null,    -- of its record, in the QR; '' for none
	unique(record, record_id)
);
-- The letters whose bytes are still to be made.
create table letter_due(
	letter_id text not null primary key references letter(id)
);
-- The bytes: written once, never changed.
create table letter_file(
	letter_id text not null references letter(id),
	lang      text not null,
	pdf       bytea not null,
	sha256    text not null,
	made_at   bigint not null,
	primary key(letter_id, lang)
);
