-- How often somebody may still try: a key stands for a limit and whom or where it counts, as a keyed hash. The same
-- table remembers from where somebody has signed in, until then.
create table budgets (
  key text not null primary key,
  spent_until integer not null
);
create index budgets_over on budgets (spent_until);
