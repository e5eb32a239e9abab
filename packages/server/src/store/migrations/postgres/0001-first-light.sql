-- Ids and identifiers compare by their bytes, as on SQLite: the same order on every server, and cheaper indexes.
create table identities (
  id text collate "C" not null primary key,
  schema_id text not null,
  state text not null,
  state_changed_at bigint not null,
  traits text not null,
  metadata_public text not null,
  metadata_admin text not null,
  external_id text collate "C",
  verifiable_addresses text not null,
  recovery_addresses text not null,
  version integer not null,
  created_at bigint not null,
  updated_at bigint not null
);

create unique index identities_external_id on identities (external_id) where external_id is not null;

create table credentials (
  identity_id text collate "C" not null references identities (id) on delete cascade,
  type text collate "C" not null,
  config text not null,
  version integer not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (identity_id, type)
);

-- The identifier comes first, so that one index serves a search by type and one across all types.
create table credential_identifiers (
  identifier text collate "C" not null,
  type text collate "C" not null,
  identity_id text collate "C" not null,
  ordinal integer not null,
  primary key (identifier, type),
  foreign key (identity_id, type) references credentials (identity_id, type) on delete cascade
);

create index credential_identifiers_of_credential on credential_identifiers (identity_id, type, ordinal);

-- Whose an address is, by its value: the addresses themselves are part of their identity's row, which is read far more
-- often than anything else.
create table addresses (
  value text collate "C" not null,
  via text collate "C" not null,
  purpose text collate "C" not null check (purpose in ('verify', 'recover')),
  identity_id text collate "C" not null references identities (id) on delete cascade,
  primary key (value, purpose, via)
);

create index addresses_of_identity on addresses (identity_id);

create table sessions (
  id text collate "C" not null primary key,
  token_hash text collate "C" not null,
  identity_id text collate "C" not null references identities (id) on delete cascade,
  active integer not null,
  aal text not null,
  authentication_methods text not null,
  authenticated_at bigint not null,
  issued_at bigint not null,
  expires_at bigint not null,
  devices text not null,
  created_at bigint not null,
  updated_at bigint not null
);

create unique index sessions_token_hash on sessions (token_hash);
create index sessions_of_identity on sessions (identity_id, created_at, id);

-- All flows in one table. What is never asked for by itself (the form, a method's memory) is one document.
create table flows (
  id text collate "C" not null primary key,
  name text not null,
  completed integer not null,
  expires_at bigint not null,
  document text not null
);

create table errors (
  id text collate "C" not null primary key,
  error text not null,
  created_at bigint not null,
  updated_at bigint not null
);

-- The outbox. `next_at` is the moment from which a worker may claim the row: when it is due or, while somebody holds
-- it, when the lease ends. `content` is the call as it was rendered, or why there is none.
create table deliveries (
  id text collate "C" not null primary key,
  event_id text collate "C" not null,
  action_id text not null,
  trigger_name text not null,
  identity_id text collate "C",
  state text not null check (state in ('pending', 'delivered', 'dead')),
  reason text,
  next_at bigint not null,
  lease_token text,
  attempts integer not null,
  content text not null,
  created_at bigint not null
);

create unique index deliveries_event_action on deliveries (event_id, action_id);
create index deliveries_due on deliveries (next_at) where state = 'pending';

create table attempts (
  delivery_id text collate "C" not null references deliveries (id) on delete cascade,
  ordinal integer not null,
  request_id text not null,
  started_at bigint not null,
  ended_at bigint not null,
  outcome text not null,
  status integer,
  reason text not null,
  primary key (delivery_id, ordinal)
);
