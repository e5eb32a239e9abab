-- The outbox in full. SQLite cannot change a check, so the three tables are made again, children last: while a table has
-- children, dropping it would delete them.
drop index deliveries_event_action;
drop index deliveries_due;
drop index deliveries_of_mail;
drop index messages_of_recipient;
alter table deliveries rename to old_deliveries;
alter table attempts rename to old_attempts;
alter table messages rename to old_messages;

-- `queue` is what is claimed fairly beside others: an action at an endpoint. `order_key` names those that must not
-- overtake each other. `tries` counts the attempts since the delivery began, or began again; `attempts` all of them.
create table deliveries (
  id text not null primary key,
  event_id text not null,
  action_id text not null,
  trigger_name text not null,
  identity_id text,
  flow_id text,
  lane text not null check (lane in ('call', 'mail')),
  queue text not null,
  endpoint text not null,
  order_key text,
  state text not null check (state in ('pending', 'delivered', 'dead', 'cancelled')),
  reason text,
  next_at integer not null,
  lease_token text,
  attempts integer not null,
  tries integer not null,
  content text not null,
  -- What the template saw, for trying it again.
  context text,
  -- The finished steps of a chain.
  progress text,
  replay_of text,
  -- The delivery that caused this one, and how many there are behind it.
  cause text,
  depth integer not null,
  -- The person is gone: what was said of them goes too, once it has been said.
  erasing integer not null,
  created_at integer not null,
  began_at integer,
  finished_at integer
);

insert into deliveries
  select id, event_id, action_id, trigger_name, identity_id, null, lane,
    case lane when 'mail' then 'mail' else action_id || ' ' end, '', null, state, reason, next_at, lease_token, attempts,
    attempts, content, null, null, null, null, 0, 0, created_at,
    (select min(started_at) from old_attempts a where a.delivery_id = d.id),
    case state when 'pending' then null
      else coalesce((select max(ended_at) from old_attempts a where a.delivery_id = d.id), created_at) end
  from old_deliveries d order by rowid;

create table attempts (
  delivery_id text not null references deliveries (id) on delete cascade,
  ordinal integer not null,
  request_id text not null,
  started_at integer not null,
  ended_at integer not null,
  outcome text not null,
  status integer,
  reason text not null,
  -- Of a chain: which step it was.
  step text,
  -- Where the time went, and what came back, as far as it is kept.
  timings text,
  answer text,
  primary key (delivery_id, ordinal)
) without rowid;

insert into attempts
  select delivery_id, ordinal, request_id, started_at, ended_at, outcome, status, reason, null, null, null from old_attempts;

create table messages (
  delivery_id text not null primary key references deliveries (id) on delete cascade,
  recipient text not null,
  channel text not null check (channel in ('email', 'sms')),
  template_type text not null
) without rowid;

insert into messages select delivery_id, recipient, channel, template_type from old_messages;

drop table old_messages;
drop table old_attempts;
drop table old_deliveries;

create index messages_of_recipient on messages (recipient, delivery_id);
create unique index deliveries_event_action on deliveries (event_id, action_id);
create index deliveries_due on deliveries (lane, queue, next_at) where state = 'pending';
create index deliveries_held on deliveries (endpoint, next_at) where state = 'pending' and lease_token is not null;
create index deliveries_in_order on deliveries (order_key) where state = 'pending' and order_key is not null;
create index deliveries_of_mail on deliveries (state, id) where lane = 'mail';
create index deliveries_open on deliveries (state, id) where lane = 'call' and state <> 'delivered';
create index deliveries_finished on deliveries (lane, state, finished_at) where finished_at is not null;
create index deliveries_of_action on deliveries (action_id, id);
create index deliveries_of_trigger on deliveries (trigger_name, id);
create index deliveries_of_identity on deliveries (identity_id, id) where identity_id is not null;
create index deliveries_of_flow on deliveries (flow_id, id) where flow_id is not null;
create index deliveries_replays on deliveries (replay_of) where replay_of is not null;

-- An action without a row is active. `until` ends the state by itself. A row that is active remembers how often the
-- action failed since it last succeeded.
create table action_states (
  action_id text not null primary key,
  state text not null check (state in ('active', 'paused', 'quarantined', 'disabled')),
  since integer not null,
  until integer,
  reason text not null,
  evidence text,
  failures integer not null,
  failing_since integer,
  last_failure text,
  resumed_at integer
) without rowid;

-- What is known of a receiver, whichever action calls it: whether its breaker is open, and what of its rate is spent.
create table endpoints (
  endpoint text not null primary key,
  failures integer not null,
  failing_since integer,
  last_failure text,
  opened integer not null,
  open_until integer,
  spent_until real not null
) without rowid;
