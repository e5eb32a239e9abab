-- Mail goes its own lane: a mail server that hangs holds up no webhook.
alter table deliveries add column lane text not null default 'call' check (lane in ('call', 'mail'));

drop index deliveries_due;
create index deliveries_due on deliveries (lane, next_at) where state = 'pending';
create index deliveries_of_mail on deliveries (state, id) where lane = 'mail';

-- To whom a delivery of the mail's lane goes. What it says is sealed in its content.
create table messages (
  delivery_id text collate "C" not null primary key references deliveries (id) on delete cascade,
  recipient text collate "C" not null,
  channel text not null check (channel in ('email', 'sms')),
  template_type text not null
);

create index messages_of_recipient on messages (recipient, delivery_id);
