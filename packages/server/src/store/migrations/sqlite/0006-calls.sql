-- What became of the calls somebody waited for. Ids begin with their time, so they are the order and the age of a row.
create table calls (
  id text not null primary key,
  action_id text not null,
  trigger_name text not null,
  flow_id text,
  identity_id text,
  outcome text not null,
  started_at integer not null,
  ended_at integer not null,
  document text not null
);

create index calls_of_action on calls (action_id, id);
create index calls_of_flow on calls (flow_id, id);
create index calls_of_identity on calls (identity_id, id);
