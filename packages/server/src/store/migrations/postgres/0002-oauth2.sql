create table oauth2_clients (
  id text collate "C" not null primary key,
  name text collate "C" not null,
  owner text collate "C" not null,
  document text not null,
  created_at bigint not null,
  updated_at bigint not null
);

create table oauth2_tokens (
  kind text collate "C" not null,
  hash text collate "C" not null,
  chain text collate "C",
  pair text collate "C",
  client_id text collate "C",
  user_code_hash text collate "C",
  document text not null,
  consumed_at bigint,
  uses integer not null,
  expires_at bigint not null,
  primary key (hash, kind)
);

create index oauth2_tokens_of_chain on oauth2_tokens (chain) where chain is not null;
create index oauth2_tokens_of_pair on oauth2_tokens (pair) where pair is not null;
create index oauth2_tokens_of_client on oauth2_tokens (client_id) where client_id is not null;
create unique index oauth2_tokens_user_code on oauth2_tokens (user_code_hash) where user_code_hash is not null;
create index oauth2_tokens_expired on oauth2_tokens (expires_at);

create table oauth2_consents (
  id text collate "C" not null primary key,
  subject text collate "C" not null,
  client_id text collate "C" not null references oauth2_clients (id) on delete cascade,
  sid text collate "C",
  remember integer not null,
  skipped integer not null,
  scope text not null,
  audience text not null,
  details text not null,
  handled_at bigint not null,
  expires_at bigint
);

create index oauth2_consents_of_subject on oauth2_consents (subject, client_id, handled_at);
create index oauth2_consents_of_session on oauth2_consents (sid) where sid is not null;
create index oauth2_consents_of_client on oauth2_consents (client_id);

create table oauth2_logins (
  sid text collate "C" not null primary key,
  subject text collate "C" not null,
  authenticated_at bigint not null,
  expires_at bigint not null,
  acr text not null,
  amr text not null,
  identity_session_id text collate "C"
);

create index oauth2_logins_of_subject on oauth2_logins (subject);

-- Newest first is an order of its own: several keys can be made within one millisecond.
create table oauth2_keys (
  set_name text collate "C" not null,
  kid text collate "C" not null,
  ordinal integer not null,
  document text not null,
  created_at bigint not null,
  primary key (set_name, kid)
);

create table oauth2_issuers (
  id text collate "C" not null primary key,
  issuer text collate "C" not null,
  subject text collate "C" not null,
  scope text not null,
  kid text collate "C" not null,
  jwk text not null,
  created_at bigint not null,
  expires_at bigint not null
);

create unique index oauth2_issuers_key on oauth2_issuers (issuer, subject, kid);
