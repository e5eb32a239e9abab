/** What `standingOf` makes a delivery of. */
export const DELIVERY_COLUMNS = `id, event_id, action_id, trigger_name, identity_id, flow_id, endpoint, order_key, state,
  reason, next_at, lease_token, attempts, tries, content, context, progress, replay_of, cause, depth, created_at, began_at,
  finished_at`
