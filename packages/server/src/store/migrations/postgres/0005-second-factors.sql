-- What a person has set up that may come second, beside the rest of their row: whoever asks about a session asks for it too.
alter table identities add column second_factors text not null default '[]';

update identities set second_factors = coalesce((
  select json_agg(c.type order by c.type)::text from credentials c
  where c.identity_id = identities.id and (
    (c.type = 'totp' and coalesce(c.config::json ->> 'totp_url', '') <> '')
    or (c.type = 'lookup_secret' and json_typeof(c.config::json -> 'recovery_codes') = 'array'
      and json_array_length(c.config::json -> 'recovery_codes') > 0)
    or (c.type = 'webauthn' and json_typeof(c.config::json -> 'credentials') = 'array' and exists (
      select 1 from json_array_elements(c.config::json -> 'credentials') k
      where coalesce(k ->> 'is_passwordless', 'false') <> 'true'
    ))
    or (c.type = 'code' and exists (
      select 1 from credential_identifiers i where i.identity_id = c.identity_id and i.type = c.type
    ))
  )
), '[]');
