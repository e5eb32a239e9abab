import type { SettingsFlow } from '../../core/flow.ts'
import type { Credential, IdentityWithCredentials } from '../../core/identity.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { messages } from '../../core/messages.ts'
import { submitNode } from '../../core/nodes.ts'
import type { Random, Time } from '../../core/time.ts'
import type { UiMessage, UiNode } from '../../core/ui.ts'
import { remembering } from '../../flows/memory.ts'
import type { Attempt, MethodInFlow, Submitted } from '../define.ts'
import type { LookupLoginDeps } from './login.ts'
import { codesIn, type LookupCode, lookupOf, newCodes, toConfig } from './codes.ts'

export type LookupSecretDeps = LookupLoginDeps & { readonly random: Pick<Random, 'bytes'> }

const FIELDS = [
  'lookup_secret_regenerate',
  'lookup_secret_reveal',
  'lookup_secret_disable',
  'lookup_secret_confirm',
] as const
type Wish = (typeof FIELDS)[number]

/** Makes codes to keep on paper, shows them, takes them away (ory-identity-api.md §7.5). */
export const lookupSecretSettings = (deps: LookupSecretDeps): MethodInFlow<SettingsFlow> => ({
  impliedBy: FIELDS,
  // Codes that were shown and not confirmed are forgotten with the form that showed them.
  prepare: () => ({}),
  nodes: ({ person }) => (lookupOf(person) === null ? [REGENERATE] : [REVEAL, DISABLE]),
  read: (submitted) => {
    const { fields, person } = submitted
    const wish = FIELDS.find((field) => isTrue(fields[field]))
    if (wish === undefined || person === null) {
      return { kind: 'invalid', messages: [{ field: '', message: messages.noSettingsStrategy() }] }
    }
    return { kind: 'ready', privileged: true, attempt: async () => ATTEMPTS[wish](deps, submitted, person) }
  },
})

const isTrue = (value: Json | undefined) => value === true || value === 'true'

const button = (name: Wish, label: UiMessage) => submitNode('lookup_secret', name, 'true', label)
const REVEAL = button('lookup_secret_reveal', messages.revealLookupSecrets())
const DISABLE = button('lookup_secret_disable', messages.disableLookupSecrets())
const REGENERATE = button('lookup_secret_regenerate', messages.regenerateLookupSecrets())
const CONFIRM = button('lookup_secret_confirm', messages.confirmLookupSecrets())

type Try = (
  deps: LookupSecretDeps,
  submitted: Submitted<SettingsFlow>,
  person: IdentityWithCredentials,
) => Attempt<SettingsFlow>

const ATTEMPTS: { readonly [W in Wish]: Try } = {
  lookup_secret_regenerate: ({ random, cipher }, { flow }) => {
    const codes = newCodes(random)
    const shown = codes.map((code): LookupCode => ({ code, usedAt: null }))
    const memory = { codes: codes.map((code) => cipher.seal(code)) }
    return pending(remembering(flow, 'lookup_secret', memory), [codesNode(shown), CONFIRM])
  },
  lookup_secret_reveal: ({ cipher }, { flow }, person) => {
    const credential = lookupOf(person)
    if (credential === null) return failed(messages.noLookupSecrets())
    return pending(flow, [codesNode(codesIn(credential.config, cipher)), DISABLE, REGENERATE])
  },
  lookup_secret_disable: (_deps, { at }, person) => changed(person, [], at),
  lookup_secret_confirm: ({ cipher }, { memory, at }, person) => {
    const codes = textsIn(memory).flatMap((code) => cipher.open(code) ?? [])
    if (codes.length === 0) {
      return failed(messages.reason('You must (re-)generate recovery backup codes before you can save them.'))
    }
    const config = toConfig(
      codes.map((code) => ({ code, usedAt: null })),
      cipher,
    )
    const credential: Credential = {
      type: 'lookup_secret',
      identifiers: [person.id],
      config,
      version: 1,
      createdAt: at,
      updatedAt: at,
    }
    return { ...changed(person, [credential], at), proves: 'aal2' }
  },
}

const textsIn = ({ codes }: JsonObject): readonly string[] =>
  Array.isArray(codes) ? codes.flatMap((code) => (typeof code === 'string' ? [code] : [])) : []

/** The codes and what can be done with them, at the end of the whole form (§4.3). */
function pending(flow: SettingsFlow, nodes: readonly UiNode[]): Attempt<SettingsFlow> {
  const others = flow.ui.nodes.filter(({ group }) => group !== 'lookup_secret')
  const ui = { ...flow.ui, nodes: [...others, ...nodes], messages: [] }
  return { kind: 'pending', flow: { ...flow, state: 'show_form', ui }, effects: [], answer: 'form' }
}

const codesNode = (codes: readonly LookupCode[]): UiNode => ({
  type: 'text',
  group: 'lookup_secret',
  attributes: {
    node_type: 'text',
    id: 'lookup_secret_codes',
    text: messages.lookupSecretList(
      codes.map(({ code, usedAt }) =>
        usedAt === null ? messages.lookupSecretUnused(code) : messages.lookupSecretUsed(Date.parse(usedAt)),
      ),
    ),
  },
  messages: [],
  meta: { label: messages.lookupSecrets() },
})

const changed = (person: IdentityWithCredentials, added: readonly Credential[], at: Time) => {
  const others = person.credentials.filter(({ type }) => type !== 'lookup_secret')
  const identity = { ...person, credentials: [...others, ...added], updatedAt: at }
  return { kind: 'passed', identity, before: person, aal: 'aal1', effects: [] } as const
}

const failed = (message: UiMessage): Attempt<SettingsFlow> => ({ kind: 'failed', messages: [{ field: '', message }] })
