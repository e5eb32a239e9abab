import { FLOW_PLACES, type Place } from '../core/place.ts'

/** Hooks of Ory's enterprise edition: accepted, and nothing happens, as in Ory itself (ory-actions.md §3.8). */
export const ENTERPRISE_HOOKS: readonly string[] = ['b2b_sso', 'organization']

const isCredential = (place: Place) => place.startsWith('settings.after.') && place !== 'settings.after.profile'

/** Where they may stand (ory-actions.md §1.1). */
export const ENTERPRISE_PLACES: readonly Place[] = FLOW_PLACES.filter(
  (place) => place !== 'recovery.after' && !isCredential(place),
)
