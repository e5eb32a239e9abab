import { afterAll, beforeAll, expect, test } from 'vitest'
import { isJsonObject, type Json, type JsonObject } from '../../src/core/json.ts'
import { type EventName, EVENTS, FLOWS, type FlowName } from '../../src/core/trigger.ts'
import { startTestApp, type TestApp, webHook } from '../app.ts'
import { fiveFlows } from '../flows/base.ts'
import { type Client, PASSWORD } from '../journeys.ts'
import { codeTo } from '../mails.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { saidIn, somebody, textIn, type Told } from '../somebody.ts'

/** What the page says that no run can show. */
const WORDS: { readonly [trigger: string]: { readonly runs: string; readonly answers: string } } = {
  'login.before': {
    runs: 'When a login starts: signing in, confirming who one is (`refresh`), stepping up, and the new flow in place of an expired one. Nobody is known yet; on a refresh the session is not shown.',
    answers: 'It may refuse.',
  },
  'login.after': {
    runs: 'When a method has proven who it is, before the session is stored. A first and a second factor are two logins, each with its own.',
    answers:
      'It may refuse. With `response.parse` it may also change the identity: the change is seen in this answer and by the actions behind it, and is not stored.',
  },
  'registration.before': {
    runs: 'When a registration starts, and when a new flow takes the place of an expired one.',
    answers: 'It may refuse.',
  },
  'registration.after': {
    runs: 'When a method has made an identity of the form. An action with `response.parse` or `can_interrupt` is asked before the identity is stored; a plain one is called once it is, and its failure fails the answer; one with `response.ignore` is queued.',
    answers: 'Asked, it may refuse or change the identity; what it changes is checked and stored.',
  },
  'recovery.before': {
    runs: 'When a person starts a recovery. Not when an administrator makes a code or a link, and not for the new flow in place of an expired one.',
    answers: 'It may refuse.',
  },
  'recovery.after': {
    runs: 'When a code or a link has come back, before the session is stored and anything is used up. After it the settings flow opens, whose own before-actions are asked in the same step.',
    answers:
      'It may refuse: the code stays good. A change of the identity is seen in the settings form that follows, and is not stored.',
  },
  'verification.before': {
    runs: 'When a person starts a verification. Not for those that a registration, a change of settings or a login starts.',
    answers: 'It may refuse.',
  },
  'verification.after': {
    runs: 'When a code or a link has proven an address, before that is stored.',
    answers: 'It may refuse: the code stays good.',
  },
  'settings.before': {
    runs: 'When somebody who is signed in opens their settings, also as the last step of a recovery. Once a flow; the form is still empty.',
    answers: 'It may refuse. After a recovery the refusal ends the recovery, and its code stays good.',
  },
  'settings.after': {
    runs: 'When a method has made a change. An action with `response.parse` or `can_interrupt` is asked before the change is stored; a plain one is called once it is, and its failure fails the answer; one with `response.ignore` is queued. `identity` is who they are to be, `previous_identity` and `session.identity` who they were.',
    answers: 'Asked, it may refuse or change the identity; what it changes is checked and stored.',
  },
}

/** What the page says of events. */
const EVENT_WORDS: { readonly [E in EventName]: string } = {
  'identity.created':
    'When a person comes into being: a sign-up by any method, an administrator, each one of an import. An address that is verified from the start is an `address.verified` as well.',
  'identity.updated':
    'When something about a person is different: a change of settings, a verification, an administrator, a receiver that was told later and refuses. `changed` has a JSON pointer into the identity for each difference; of credentials it names the type (`/credentials/password`), of `metadata_admin` only that it has changed. A save that changes nothing, a mail that was sent, a code that was used up and a better hash of the same password are no update.',
  'identity.deleted': 'When a person is deleted. `identity` is the last that was known of them.',
  'address.verified':
    'When an address is known to be read: by a code or link, a sign-in with a code, a provider or an administrator who says so. `address` is that address.',
  'session.revoked':
    'When a session ends before its time: signing out, ending other sessions, the action `revoke_active_sessions`, an administrator, the deletion of its person. One call for each session; one that has expired by itself is not told.',
}

let app: TestApp
let receiver: Receiver
let people = 0

beforeAll(async () => {
  receiver = await startReceiver()
  app = await startTestApp({ config: fiveFlows() })
})
afterAll(async () => {
  await app.close()
  await receiver.close()
})

const place = (flow: FlowName, phase: 'before' | 'after', hooks: readonly JsonObject[]): JsonObject => {
  const session = flow === 'registration' ? [{ hook: 'session' }] : []
  const method = flow === 'registration' ? 'password' : flow === 'settings' ? 'profile' : null
  if (phase === 'before') return { [flow]: { before: { hooks } } }
  return { [flow]: { after: method === null ? { hooks } : { [method]: { hooks: [...hooks, ...session] } } } }
}

/** Walks a flow to its end with one client; the last answer is what the person sees. */
async function walk(flow: FlowName, client: Client): Promise<Told> {
  people += 1
  const email = `ann-${people}@example.test`
  const ann = somebody(app, client)
  if (flow !== 'registration') await (flow === 'settings' ? ann : somebody(app, 'api')).signUp(email)
  const started = await ann.start(flow)
  // Refused before it began.
  if (started.flow.ui === undefined) return started
  if (flow === 'login') return ann.submit(started.flow, { method: 'password', identifier: email, password: PASSWORD })
  if (flow === 'registration') {
    return ann.submit(started.flow, { method: 'password', password: PASSWORD, traits: { email } })
  }
  if (flow === 'settings') {
    return ann.submit(started.flow, {
      method: 'profile',
      traits: { email, newsletter: true },
      transient_payload: { from: 'shop' },
    })
  }
  const sent = await ann.submit(started.flow, { method: 'code', email })
  return ann.submit(sent.flow, { method: 'code', code: await codeTo(app, email), transient_payload: { from: 'shop' } })
}

const refusal = {
  status: 400,
  json: { messages: [{ instance_ptr: '#/traits/email', messages: [{ id: 1234, text: 'Not today.', type: 'error' }] }] },
}

test('docs/actions.md shows what really happens', { timeout: 60_000 }, async () => {
  const sections: string[] = []
  for (const flow of FLOWS) {
    for (const phase of ['before', 'after'] as const) {
      receiver.reset()
      await app.reload(fiveFlows(place(flow, phase, [webHook(receiver.url('/hook'), { response: { parse: true } })])))
      receiver.on('/hook', { json: {} })
      await walk(flow, 'api')
      const [call] = receiver.callsTo('/hook')
      const ctx: Json = JSON.parse(call?.body ?? 'null')
      expect(ctx).toMatchObject({ trigger: { flow, phase } })
      receiver.on('/hook', refusal)
      const seen = { api: await walk(flow, 'api'), ajax: await walk(flow, 'ajax'), form: await walk(flow, 'form') }
      const trigger = `${flow}.${phase}`
      sections.push(section(trigger, ctx, seen))
    }
  }
  sections.push(EVENTS_HEAD, ...(await eventSections()))
  await expect([HEAD, ...sections, TAIL].join('\n')).toMatchFileSnapshot('../../../../docs/actions.md')
})

/** Walks through everything that can happen to one person, and shows what was told of it. */
async function eventSections(): Promise<readonly string[]> {
  receiver.reset()
  const hooks = (event: EventName) => ({ hooks: [webHook(receiver.url(`/${event}`))] })
  await app.reload({
    ...fiveFlows(),
    actions: {
      on: {
        identity: {
          created: hooks('identity.created'),
          updated: hooks('identity.updated'),
          deleted: hooks('identity.deleted'),
        },
        address: { verified: hooks('address.verified') },
        session: { revoked: hooks('session.revoked') },
      },
    },
  })
  people += 1
  const email = `ann-${people}@example.test`
  const ann = somebody(app, 'api')
  await ann.signUp(email)
  const { flow } = await ann.start('settings')
  await ann.submit(flow, { method: 'profile', traits: { email, newsletter: true } })
  const { text } = await ann.http.get(`${app.adminUrl}/admin/identities?credentials_identifier=${email}`)
  const id = textIn(JSON.parse(text), '0.id')
  const started = await ann.start('verification')
  const sent = await ann.submit(started.flow, { method: 'code', email })
  await receiver.waitFor('/identity.updated')
  await ann.submit(sent.flow, { method: 'code', code: await codeTo(app, email) })
  const session = textIn((await ann.whoami()).json, 'id')
  await ann.http.send(`${app.adminUrl}/admin/sessions/${session}`, { method: 'DELETE' })
  await ann.http.send(`${app.adminUrl}/admin/identities/${id}`, { method: 'DELETE' })
  return Promise.all(
    EVENTS.map(async (event) => {
      const [call] = await receiver.waitFor(`/${event}`)
      const ctx: Json = JSON.parse(call?.body ?? 'null')
      expect(ctx).toMatchObject({ trigger: { phase: 'on', event } })
      return `## on ${event}

${EVENT_WORDS[event]}

\`ctx\`:

\`\`\`json
${JSON.stringify(shown(ctx), null, 2)}
\`\`\`
`
    }),
  )
}

const EVENTS_HEAD = `## On an event

What happens to a person or a session can be told whatever caused it: a form, an administrator, an import. Such calls
stand under \`actions.on\`, are rows of the very commit that makes it happen, and are always queued, so nobody waits for
them and their answers change nothing.

\`\`\`yaml
actions:
  on:
    identity:
      created: { hooks: [] }
      updated: { hooks: [] }
      deleted: { hooks: [] }
    address:
      verified: { hooks: [] }
    session:
      revoked:
        hooks:
          - hook: web_hook
            config:
              url: https://app.example.test/hooks/session-ended
              method: POST
              body: base64://ZnVuY3Rpb24oY3R4KSB7IHNlc3Npb246IGN0eC5zZXNzaW9uLmlkIH0=
\`\`\`

\`request_*\` and \`client_ip\` are those of the request that caused it, \`flow_id\` the flow it was part of, where it was
part of one. A parser of YAML 1.1 takes the key \`on\` for a truth value; Cardea reads YAML 1.2, and others need quotes.
`

const HEAD = `# Actions: ten triggers and five events

An action runs before a flow starts, after a method has succeeded in it, or when something has happened. This page is written by
\`packages/server/test/matrix/actions-page.test.ts\` from real runs: the \`ctx\` of each trigger is one that a receiver
got (ids, times and secrets are replaced, forms and header lists are shortened), and each refusal is one that was seen. Which paths
reach which trigger is in [trigger-matrix.md](trigger-matrix.md), what every key of the configuration means in
[configuration.md](configuration.md).

An action refuses with a 4xx answer and messages, where it has \`response.parse\` or \`can_interrupt\`:

\`\`\`json
${JSON.stringify(refusal.json, null, 2)}
\`\`\`

Within a flow the messages stand beside the field that \`instance_ptr\` names, the flow stays open, nothing is stored and
no code is used up. Before a flow there is no form yet: scripts and native clients are answered 403 with the id
\`action_denied\`, browsers are led to the error page, which shows the text.
`

const TAIL = `## In all of them

* The actions of one trigger run in the order of their list; the first refusal ends it.
* A receiver that cannot be reached fails the flow with a neutral text, unless its hook says otherwise.
* No action of a flow is called for a sign-in that failed, for codes that are sent, for anything an administrator does,
  or for signing out. What these change is told [on an event](#on-an-event).
`

function section(trigger: string, ctx: Json, seen: { readonly [C in Client]: Told }): string {
  const words = WORDS[trigger]
  return `## ${trigger}

${words?.runs}

${words?.answers}

\`ctx\`:

\`\`\`json
${JSON.stringify(shown(ctx), null, 2)}
\`\`\`

What the person sees when it refuses:

| Client | Answer |
| --- | --- |
| native | ${answerOf(seen.api)} |
| script | ${answerOf(seen.ajax)} |
| browser | ${answerOf(seen.form)} |
`
}

function answerOf({ status, json, location, flow }: Told): string {
  const id = textIn(json, 'error.id')
  if (id !== '') return `${status}, \`${id}\`, “${textIn(json, 'error.reason')}”`
  if (location.includes('/error?id=')) return `${status} to the error page`
  const said = saidIn(flow).join(', ')
  return location === '' ? `${status}, the form with message ${said}` : `${status} to the form with message ${said}`
}

/** Without what differs from run to run, and without what is long. */
function shown(value: Json, key = ''): Json {
  if (key === 'nodes') return value === null ? null : ['…']
  if (key === 'request_headers') return { Accept: ['application/json'], '…': ['…'] }
  if (Array.isArray(value)) return value.map((item: Json) => shown(item))
  if (isJsonObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shown(item, name)]))
  return typeof value === 'string' ? steady(value) : value
}

const steady = (text: string) =>
  text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '6f1c3e0a-…')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '2026-11-25T10:00:00Z')
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, 'https://id.example.test')
    .replaceAll(/127\.0\.0\.1(:\d+)?/g, '192.0.2.7')
    .replaceAll(/ann-\d+@/g, 'ann@')
