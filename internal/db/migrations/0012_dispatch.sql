-- +goose Up
-- One dispatch register: orders and notices are numbered in one series a year. A body
-- may have a mark that stands before its numbers; letters under a mark are a series.
alter table letterhead add column mark text not null default '';
-- What was issued under the two series of before keeps its number; the common one goes
-- on behind both.
insert into counter(name, n) select 'letters/' || substr(name, length(name) - 3), sum(n) from counter
	where substr(name, 1, 7) = 'orders/' or substr(name, 1, 8) = 'notices/' group by substr(name, length(name) - 3);
delete from counter where substr(name, 1, 7) = 'orders/' or substr(name, 1, 8) = 'notices/';
