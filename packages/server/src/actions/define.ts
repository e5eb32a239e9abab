import type { Static, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import type { Action } from '../core/action.ts'
import type { JsonObject } from '../core/json.ts'
import type { Place } from '../core/place.ts'

/** A kind of action: where it may be configured, what its configuration looks like, and how to make one. */
export type ActionKind<Deps> = {
  /** One sentence for the generated reference. */
  readonly summary: string
  readonly placement: readonly Place[]
  /** The schema of its `config` key, or null where it takes none. */
  readonly config: TSchema | null
  readonly create: (config: JsonObject, deps: Deps, place: Place) => Action
}

/** Defines an action without configuration. */
export function defineAction<Deps>(kind: {
  readonly summary: string
  readonly placement: readonly Place[]
  readonly create: (deps: Deps, place: Place) => Action
}): ActionKind<Deps> {
  return { ...kind, config: null, create: (_config, deps, place) => kind.create(deps, place) }
}

/** Defines an action with a configuration; `create` receives it parsed, with its defaults filled in. */
export function defineConfiguredAction<Config extends TSchema, Deps>(kind: {
  readonly summary: string
  readonly placement: readonly Place[]
  readonly config: Config
  readonly create: (config: Static<Config>, deps: Deps, place: Place) => Action
}): ActionKind<Deps> {
  return { ...kind, create: (config, deps, place) => kind.create(Value.Parse(kind.config, config), deps, place) }
}
