-- When somebody signed in for the first time; it outlives the sessions. Whoever has a session has been here before.
create table first_logins (
  identity_id text collate "C" not null primary key references identities (id) on delete cascade,
  at bigint not null
);
insert into first_logins select identity_id, min(issued_at) from sessions group by identity_id;
