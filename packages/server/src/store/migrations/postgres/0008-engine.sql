-- The outbox in full. `queue` is what is claimed fairly beside others: an action at an endpoint. `order_key` names those
-- that must not overtake each other, `ordinal` their order. `tries` counts the attempts since the delivery began, or began
-- again; `attempts` all of them.
alter table deliveries
  drop constraint deliveries_state_check,
  add constraint deliveries_state_check check (state in ('pending', 'delivered', 'dead', 'cancelled')),
  alter column lane drop default,
  add column ordinal bigint generated always as identity,
  add column flow_id text collate "C",
  add column queue text collate "C" not null default '',
  add column endpoint text collate "C" not null default '',
  add column order_key text collate "C",
  add column tries integer not null default 0,
  -- What the template saw, for trying it again.
  add column context text,
  -- The finished steps of a chain.
  add column progress text,
  add column replay_of text collate "C",
  -- The delivery that caused this one, and how many there are behind it.
  add column cause text collate "C",
  add column depth integer not null default 0,
  -- The person is gone: what was said of them goes too, once it has been said.
  add column erasing integer not null default 0,
  add column began_at bigint,
  add column finished_at bigint;

update deliveries d set
  queue = case lane when 'mail' then 'mail' else action_id || ' ' end,
  tries = attempts,
  began_at = (select min(started_at) from attempts a where a.delivery_id = d.id),
  finished_at = case state when 'pending' then null
    else coalesce((select max(ended_at) from attempts a where a.delivery_id = d.id), created_at) end;

alter table deliveries
  alter column queue drop default,
  alter column endpoint drop default,
  alter column tries drop default,
  alter column depth drop default,
  alter column erasing drop default;

alter table attempts
  -- Of a chain: which step it was.
  add column step text,
  -- Where the time went, and what came back, as far as it is kept.
  add column timings text,
  add column answer text;

drop index deliveries_due;
create index deliveries_due on deliveries (lane, queue, next_at) where state = 'pending';
create index deliveries_held on deliveries (endpoint, next_at) where state = 'pending' and lease_token is not null;
create index deliveries_in_order on deliveries (order_key, ordinal) where state = 'pending' and order_key is not null;
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
  action_id text collate "C" not null primary key,
  state text not null check (state in ('active', 'paused', 'quarantined', 'disabled')),
  since bigint not null,
  until bigint,
  reason text not null,
  evidence text,
  failures integer not null,
  failing_since bigint,
  last_failure text,
  resumed_at bigint
);

-- What is known of a receiver, whichever action calls it: whether its breaker is open, and what of its rate is spent.
create table endpoints (
  endpoint text collate "C" not null primary key,
  failures integer not null,
  failing_since bigint,
  last_failure text,
  opened integer not null,
  open_until bigint,
  spent_until double precision not null
);
