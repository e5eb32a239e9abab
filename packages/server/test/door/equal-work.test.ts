import { describe, expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import type { Effect } from '../../src/core/effect.ts'
import type { Flow, LoginFlow, RecoveryFlow, VerificationFlow } from '../../src/core/flow.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { messages } from '../../src/core/messages.ts'
import { createCodes } from '../../src/crypto/codes.ts'
import { codeLogin } from '../../src/methods/code/login.ts'
import { codeRecovery } from '../../src/methods/code/recovery.ts'
import { codeVerification } from '../../src/methods/code/verification.ts'
import type { MethodInFlow } from '../../src/methods/define.ts'
import { linkMethod } from '../../src/methods/link/link.ts'
import type { Database } from '../../src/store/database.ts'
import { storeOn } from '../../src/store/open-store.ts'
import type { Store } from '../../src/store/store.ts'
import { realWorld } from '../../src/world.ts'
import { request } from '../action-world.ts'
import { startTestApp, webHook } from '../app.ts'
import { fiveFlows } from '../flows/base.ts'
import { at, httpClient, textAt } from '../http-client.ts'
import { register } from '../journeys.ts'
import { mailsTo } from '../mails.ts'
import { mergeObjects } from '../../src/config/path.ts'
import { minimalConfig } from '../minimal-config.ts'
import { startReceiver } from '../receiver.ts'
import { storeDeps } from '../store-deps.ts'
import { AT, loginFlow, person, queuedMessage } from '../store-samples.ts'
import { DIALECTS, freshDatabase } from '../stores.ts'

const ANN = 'ann@example.test'

async function settingsWith(flags: JsonObject) {
  const five = fiveFlows()
  const document = mergeObjects(mergeObjects(five, minimalConfig), { feature_flags: flags })
  const { settings } = await loadConfig({
    files: ['cardea.json'],
    profile: 'ory',
    dev: true,
    env: {},
    readFile: () => Promise.resolve(JSON.stringify(document)),
  })
  const code = { ...settings.methods.code, passwordless: true }
  const security = { ...settings.security, accountEnumeration: { mitigate: true } }
  return { ...settings, security, methods: { ...settings.methods, code } }
}

/** A store that notes the name of every statement, and those who use it. */
async function world(dialect: (typeof DIALECTS)[number], flags: JsonObject = {}) {
  const db = await freshDatabase(dialect)
  const asked: string[] = []
  const listening: Database = {
    ...db,
    find: (statement, values) => (asked.push(statement.name), db.find(statement, values)),
    all: (statement, values) => (asked.push(statement.name), db.all(statement, values)),
    apply: (writes) => {
      asked.push(...writes.map(({ statement }) => statement.name))
      return db.apply(writes)
    },
  }
  const store = storeOn(listening, storeDeps())
  const settings = await settingsWith(flags)
  const deps = {
    settings,
    codes: createCodes(['a-secret-for-tests-only'], realWorld().random),
    identities: store.identities,
    identifierLabel: () => messages.email(),
    mail: async (): Promise<readonly Effect[]> => [{ kind: 'sendMail', message: queuedMessage() }],
  }
  const ann = person(ANN)
  await store.commit([{ kind: 'createIdentity', identity: ann }])
  asked.length = 0
  return { store, deps, asked }
}

/** Sends a form, and keeps what comes of it. */
async function send<F extends Flow>(store: Store, method: MethodInFlow<F>, flow: F, fields: JsonObject): Promise<F> {
  const nothing = { transientPayload: {}, session: null, isOwner: true, returned: null, memory: {}, person: null }
  const reading = method.read({ ...nothing, flow, fields, at: AT, request })
  if (reading.kind === 'invalid') throw new Error(JSON.stringify(reading.messages))
  const attempt = await reading.attempt()
  if (attempt.kind !== 'pending') throw new Error(JSON.stringify(attempt))
  const kept = await store.commit([{ kind: 'keepFlow', flow: attempt.flow }, ...attempt.effects])
  expect(kept).toEqual({ kind: 'committed' })
  return { ...attempt.flow, version: attempt.flow.version + 1 }
}

const base = (): Omit<LoginFlow, 'name' | 'state' | 'refresh' | 'requestedAal' | 'sessionId'> => {
  const { name: _, state: __, refresh: ___, requestedAal: ____, sessionId: _____, ...flow } = loginFlow()
  return flow
}
const recovery = (state: RecoveryFlow['state'] = 'choose_method'): RecoveryFlow => ({
  ...base(),
  name: 'recovery',
  state,
  csrfExempt: false,
})
const verification = (): VerificationFlow => ({
  ...base(),
  name: 'verification',
  state: 'choose_method',
  holdsChange: false,
})

type World = Awaited<ReturnType<typeof world>>

async function inFlow<F extends Flow>({ store, asked }: World, method: MethodInFlow<F>, flow: F, steps: JsonObject[]) {
  await store.commit([{ kind: 'openFlow', flow }])
  asked.length = 0
  let now = flow
  for (const fields of steps) now = await send(store, method, now, fields)
  return asked.map((name) => (name.startsWith('budgets') ? 'a row for nobody' : name))
}

const ROWS: readonly (readonly [string, JsonObject, (it: World, email: string) => Promise<readonly string[]>])[] = [
  ['recovery by code', {}, (it, email) => inFlow(it, codeRecovery(it.deps), recovery(), [{ email }, { email }])],
  [
    'recovery by link',
    {},
    (it, email) => {
      const method = linkMethod(it.deps).recovery
      if (method === undefined) throw new Error('links recover')
      return inFlow(it, method, recovery(), [{ email }, { email }])
    },
  ],
  [
    'recovery in which an address is chosen',
    { choose_recovery_address: true },
    (it, email) =>
      inFlow(it, codeRecovery(it.deps), recovery('recovery_awaiting_address'), [{ recovery_address: email }, {}]),
  ],
  ['verification by code', {}, (it, email) => inFlow(it, codeVerification(it.deps), verification(), [{ email }])],
  [
    'verification by link',
    {},
    (it, email) => {
      const method = linkMethod(it.deps).verification
      if (method === undefined) throw new Error('links verify')
      return inFlow(it, method, verification(), [{ email }])
    },
  ],
  [
    'a login by code',
    {},
    (it, identifier) => inFlow(it, codeLogin(it.deps), loginFlow(), [{ identifier }, { identifier, resend: 'code' }]),
  ],
]

describe.each(DIALECTS)('on %s', (dialect) => {
  test.each(ROWS)('%s takes as many statements for somebody as for nobody', async (_name, flags, ask) => {
    const [known, unknown] = [await world(dialect, flags), await world(dialect, flags)]
    const [forSomebody, forNobody] = [await ask(known, ANN), await ask(unknown, 'nobody@example.test')]
    expect(forSomebody).toHaveLength(forNobody.length)
    // What tells them apart is which rows are written, and nothing else.
    const mail = ['deliveries.insert', 'messages.insert']
    const named = forSomebody.map((name) => (mail.includes(name) ? 'a row for nobody' : name))
    expect(named).toEqual(forNobody)
    expect(forNobody).toContain('a row for nobody')
    expect(forSomebody).toContain('messages.insert')
  })

  test.each(['code', 'link'])('an address given up while its %s is looked at lets nobody in', async (use) => {
    const receiver = await startReceiver()
    const after = { hooks: [webHook(receiver.url('/after'))] }
    const app = await startTestApp({ dialect, config: fiveFlows({ recovery: { use, after } }) })
    onTestFinished(async () => {
      await app.close()
      await receiver.close()
    })
    const http = httpClient({ keepsCookies: false })
    const id = textAt((await register(app.publicUrl, ANN)).json, 'identity.id')
    const recover = async () => {
      const flow = await http.get(`${app.publicUrl}/self-service/recovery/api`)
      const action = textAt(flow.json, 'ui.action')
      await http.send(action, { body: { method: use, email: ANN } })
      const { code, link } = await newest(app)
      return use === 'code'
        ? http.send(action, { headers: { accept: 'application/json' }, body: { method: 'code', code } })
        : http.get(link, { accept: 'text/html' })
    }
    // The first time the address is verified; from then on a recovery changes nothing about the person.
    expect((await recover()).status).toBeLessThan(500)
    // While somebody is asked whether they may come in, an administrator takes the address away.
    receiver.on('/after', (_call, response) => {
      const body = [{ op: 'replace', path: '/traits/email', value: 'new@example.test' }]
      http
        .send(`${app.adminUrl}/admin/identities/${id}`, {
          method: 'PATCH',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
        .then(() => response.end())
        .catch(() => response.destroy())
    })
    const answer = await recover()
    expect(receiver.callsTo('/after')).toHaveLength(2)
    expect(at(answer.json, 'continue_with')).toBeUndefined()
    expect(answer.headers.getSetCookie().filter((line) => line.includes('session'))).toEqual([])
    const sessions = await http.get(`${app.adminUrl}/admin/identities/${id}/sessions`)
    expect(JSON.parse(sessions.text)).toHaveLength(2)
  })
})

async function newest(app: Parameters<typeof mailsTo>[0]) {
  const mail = (await mailsTo(app, ANN)).findLast(({ template }) => template.startsWith('recovery'))
  return { code: mail?.code ?? '', link: mail?.link ?? '' }
}
