-- What a person has set up that may come second, beside the rest of their row: whoever asks about a session asks for it too.
alter table identities add column second_factors text not null default '[]';

update identities set second_factors = (
  select json_group_array(c.type) from credentials c
  where c.identity_id = identities.id and (
    (c.type = 'totp' and json_extract(c.config, '$.totp_url') <> '')
    or (c.type = 'lookup_secret' and json_array_length(c.config, '$.recovery_codes') > 0)
    or (c.type = 'webauthn' and exists (
      select 1 from json_each(c.config, '$.credentials') k
      where coalesce(json_extract(k.value, '$.is_passwordless'), 0) = 0
    ))
    or (c.type = 'code' and exists (
      select 1 from credential_identifiers i where i.identity_id = c.identity_id and i.type = c.type
    ))
  )
);
