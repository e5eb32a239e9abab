-- Which plan of actions was in force from when on. There is a row for every change, so there are few.
create table plans (
  id text collate "C" not null primary key,
  fingerprint text collate "C" not null,
  document text not null,
  created_at bigint not null
);

create index plans_by_fingerprint on plans (fingerprint, id);

-- Triggers that fired, and what each action came to. Ids begin with their time, so they are the order and the age of a row.
create table steps (
  id text collate "C" not null primary key,
  event text collate "C" not null,
  trigger_name text not null,
  flow_id text collate "C",
  identity_id text collate "C",
  plan text not null,
  outcome text not null,
  document text not null,
  created_at bigint not null
);

create index steps_of_event on steps (event);
create index steps_of_flow on steps (flow_id, id) where flow_id is not null;
create index steps_of_identity on steps (identity_id, id) where identity_id is not null;
