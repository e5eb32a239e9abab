-- Sessions are listed newest first, everybody's as well as one person's.
drop index sessions_of_identity;
create index sessions_of_identity on sessions (identity_id, issued_at, id);
create index sessions_newest on sessions (issued_at, id);

-- What has expired is found by when it did, to be removed.
create index sessions_expired on sessions (expires_at);
create index flows_expired on flows (expires_at);
create index errors_by_age on errors (created_at);
