create table oauth2_clients (
  id text not null primary key,
  name text not null,
  owner text not null,
  document text not null,
  created_at integer not null,
  updated_at integer not null
);

create table oauth2_tokens (
  kind text not null,
  hash text not null,
  chain text,
  pair text,
  client_id text,
  user_code_hash text,
  document text not null,
  consumed_at integer,
  uses integer not null,
  expires_at integer not null,
  primary key (hash, kind)
);

create index oauth2_tokens_of_chain on oauth2_tokens (chain) where chain is not null;
create index oauth2_tokens_of_pair on oauth2_tokens (pair) where pair is not null;
create index oauth2_tokens_of_client on oauth2_tokens (client_id) where client_id is not null;
create unique index oauth2_tokens_user_code on oauth2_tokens (user_code_hash) where user_code_hash is not null;
create index oauth2_tokens_expired on oauth2_tokens (expires_at);

create table oauth2_consents (
  id text not null primary key,
  subject text not null,
  client_id text not null references oauth2_clients (id) on delete cascade,
  sid text,
  remember integer not null,
  skipped integer not null,
  scope text not null,
  audience text not null,
  details text not null,
  handled_at integer not null,
  expires_at integer
);

create index oauth2_consents_of_subject on oauth2_consents (subject, client_id, handled_at);
create index oauth2_consents_of_session on oauth2_consents (sid) where sid is not null;
create index oauth2_consents_of_client on oauth2_consents (client_id);

create table oauth2_logins (
  sid text not null primary key,
  subject text not null,
  authenticated_at integer not null,
  expires_at integer not null,
  acr text not null,
  amr text not null,
  identity_session_id text
);

create index oauth2_logins_of_subject on oauth2_logins (subject);

-- Newest first is an order of its own: several keys can be made within one millisecond.
create table oauth2_keys (
  set_name text not null,
  kid text not null,
  ordinal integer not null,
  document text not null,
  created_at integer not null,
  primary key (set_name, kid)
);

create table oauth2_issuers (
  id text not null primary key,
  issuer text not null,
  subject text not null,
  scope text not null,
  kid text not null,
  jwk text not null,
  created_at integer not null,
  expires_at integer not null
);

create unique index oauth2_issuers_key on oauth2_issuers (issuer, subject, kid);
