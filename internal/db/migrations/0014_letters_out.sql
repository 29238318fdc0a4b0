-- +goose Up
-- The dispatch register read by number: a letter's number in its parts, and the body
-- that its record is of.
alter table letter add column mark text not null default '';
alter table letter add column year integer not null default 0;
alter table letter add column n bigint not null default 0;
alter table letter add column about_id text references organization(id);
alter table letter add column unit_id text; -- district-level body of about_id
update letter set
	n = cast(substr(number, length(rtrim(number, '0123456789')) + 1) as bigint),
	year = cast(substr(number, length(rtrim(number, '0123456789')) - 4, 4) as integer),
	mark = rtrim(substr(number, 1, length(rtrim(number, '0123456789')) - 5), '/'),
	about_id = case record when 'order' then (select d.organization_id from orders d where d.id = record_id)
		else (select k.organization_id from review_case k where k.id = record_id) end;
update letter set unit_id = (select o.unit_id from organization o where o.id = about_id);
create index letter_by_number on letter(year, mark, n, id);
create index letter_by_unit on letter(unit_id, year, mark, n, id);
create index letter_by_body on letter(organization_id, year, mark, n, id);
create index letter_by_person on letter(person_id, year, mark, n, id);
create index letter_by_time on letter(issued_at, id);
