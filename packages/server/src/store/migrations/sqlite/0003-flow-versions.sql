-- A flow's version grows with every change of it: two submissions never build on the same one.
alter table flows add column version integer not null default 1;

-- Changes of a profile that wait until the new address has answered, one a person.
create table pending_changes (
  identity_id text not null primary key references identities (id) on delete cascade,
  flow_id text not null,
  document text not null,
  created_at integer not null
) without rowid;

create unique index pending_changes_of_flow on pending_changes (flow_id);
