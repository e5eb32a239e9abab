import { WireError } from '../core/errors.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { messages } from '../core/messages.ts'
import type { Time } from '../core/time.ts'
import { METHODS, type MethodName } from '../core/trigger.ts'
import type { FieldMessage } from '../core/ui.ts'
import type { Flow } from '../core/flow.ts'
import type { Reading, Submitted } from '../methods/define.ts'
import { inFlow, type MethodHere } from '../methods/in-flow.ts'
import { checkCsrf } from './check-csrf.ts'
import type { FlowDeps, FlowRules, Submission } from './define.ts'
import { isIdentifierStep, readIdentifierStep } from './identifier-first.ts'

export type FormRead =
  | {
      readonly kind: 'refused'
      readonly messages: readonly FieldMessage[]
      /** What is typed again into the form. */
      readonly fields: JsonObject
    }
  | {
      readonly kind: 'read'
      /** Null for a step of the flow itself. */
      readonly method: MethodName | null
      readonly reading: Extract<Reading, { kind: 'ready' }>
      readonly fields: JsonObject
      readonly transientPayload: JsonObject
    }

type Reader = {
  readonly rules: FlowRules
  readonly person: IdentityWithCredentials | null
  readonly at: Time
}

/** Which method is meant, what it makes of the fields, and whether the form was really sent from its own page. */
export function readForm(deps: FlowDeps, submission: Submission, { rules, person, at }: Reader): FormRead {
  const { body } = submission
  if (body.kind === 'unreadable') return refused({}, messages.reason(body.reason))
  const fields = rules.coerce(body.fields, body.encoding)
  const step = readStep(deps, submission, { fields, person, at })
  if (step !== null) return step
  const meant = methodOf(deps, submission, fields)
  if (meant === null) return { kind: 'refused', ...rules.unclaimed(fields) }
  const { name, method } = meant
  if (!deps.settings.methods[name].enabled || !method.isOffered(person)) throw disabledMethod
  return understood(deps, submission, { fields, name, read: (given) => method.read({ ...given, at, person }) })
}

type Understanding = {
  readonly fields: JsonObject
  readonly name: MethodName | null
  readonly read: (given: Given) => Reading
}
type Given = Pick<Submitted<Flow>, 'fields' | 'transientPayload' | 'request' | 'session' | 'isOwner' | 'returned'>

/** What is made of the fields, and whether they were really sent from their own page. */
function understood(deps: FlowDeps, submission: Submission, { fields, name, read }: Understanding): FormRead {
  const { flow, caller, returned = null, isOwner } = submission
  const transientPayload = fields.transient_payload ?? {}
  if (!isJsonObject(transientPayload)) {
    const wrong = messages.wrongType(['object'], typeOf(transientPayload))
    return { kind: 'refused', fields, messages: [{ field: 'transient_payload', message: wrong }] }
  }
  const { request, session } = caller
  const reading = read({ fields, transientPayload, request, session, isOwner, returned })
  if (reading.kind === 'invalid') return { kind: 'refused', fields, messages: reading.messages }

  const isTrusted = reading.withoutCsrf === true || submission.parked !== undefined
  const native = isTrusted ? null : checkCsrf(deps.csrf, flow, fields, caller)
  if (native !== null) return refused(fields, messages.reason(native))
  return { kind: 'read', method: name, reading, fields, transientPayload }
}

/** A step that belongs to no method. */
function readStep(
  deps: FlowDeps,
  submission: Submission,
  { fields, person, at }: Pick<Reader, 'person' | 'at'> & { readonly fields: JsonObject },
): FormRead | null {
  const { flow } = submission
  if (flow.name !== 'login' || !isIdentifierStep(deps, flow, fields)) return null
  const read = (given: Given) => readIdentifierStep(deps, { ...given, flow, memory: {}, person, at })
  return understood(deps, submission, { fields, name: null, read })
}

/** The method that is named or, where none is, the one that a field belongs to (ory-identity-api.md §3). */
function methodOf(
  { methods }: FlowDeps,
  { flow }: Submission,
  fields: JsonObject,
): { readonly name: MethodName; readonly method: MethodHere } | null {
  const here = METHODS.flatMap((name) => {
    const method = inFlow(methods, name, flow)
    return method === null ? [] : [{ name, method }]
  })
  const named = here.find(({ name }) => name === fields.method)
  return named ?? here.find(({ method }) => method.impliedBy.some((field) => isGiven(fields[field]))) ?? null
}

const isGiven = (value: Json | undefined) => value !== undefined && value !== null && value !== '' && value !== false

const typeOf = (value: unknown) => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value)

const refused = (fields: JsonObject, message: FieldMessage['message']): FormRead => ({
  kind: 'refused',
  fields,
  messages: [{ field: '', message }],
})

const disabledMethod = new WireError(404, null, {
  reason:
    'This endpoint was disabled by system administrator. Please check your url or contact the system administrator to enable it.',
})
