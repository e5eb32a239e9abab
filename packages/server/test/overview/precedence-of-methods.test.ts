import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { DIALECTS, startTestApp, type TestApp, webHook } from '../app.ts'
import { fiveFlows } from '../flows/base.ts'
import { freePort } from '../free-port.ts'
import { CLIENTS } from '../journeys.ts'
import { FACTOR_PATHS, withFactors } from '../matrix/factor-paths.ts'
import { PATHS } from '../matrix/paths.ts'
import { CODE_PATHS, socialPaths, withUpstream } from '../matrix/sign-in-paths.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { laterUpstream, startUpstream } from '../upstream.ts'

/** Ways to sign in, by the method that completes them; each ends with one sign-in. */
const SIGN_INS = new Set([
  'sign in with a password',
  'sign in with a provider',
  'sign in with a code',
  'sign up with a security key alone, and sign in with it',
  'sign up with a passkey, and sign in with it',
  'sign in with a password and an authenticator app (step-up): wrong code, right code',
  'sign in with a password and a recovery code (step-up)',
])

/** hook_1 at every start; hook_3 where the password did it, hook_2 where any other method did. */
const hookFor = (place: string) =>
  place === 'login.before' ? '/hook_1' : place === 'login.after.password' ? '/hook_3' : '/hook_2'

describe.each(DIALECTS)('the configuration of the overview with every method, on %s', (dialect) => {
  let app: TestApp
  let receiver: Receiver
  let count = 0
  const upstream = laterUpstream()
  const issuer = { url: '' }
  const overview = (methods: JsonObject = {}) => {
    const hook = (name: string) => webHook(receiver.url(`/${name}`))
    const login = {
      before: { hooks: [hook('hook_1')] },
      after: { hooks: [hook('hook_2')], password: { hooks: [hook('hook_3')] } },
    }
    return fiveFlows(
      { login },
      { ...withFactors.methods, ...withUpstream(issuer.url), ...methods },
      { identity: withFactors.identity },
    )
  }

  beforeAll(async () => {
    receiver = await startReceiver()
    const port = await freePort()
    issuer.url = `http://127.0.0.1:${port}`
    app = await startTestApp({ dialect, config: overview() })
    const redirectUris = [`${app.publicUrl}/self-service/methods/oidc/callback/up`]
    upstream.start(await startUpstream({ port, redirectUris }))
  })
  afterAll(async () => {
    await app.close()
    await upstream.close()
    await receiver.close()
  })

  const ways = [...PATHS, ...FACTOR_PATHS, ...socialPaths(upstream), ...CODE_PATHS].filter(({ path }) =>
    SIGN_INS.has(path),
  )
  test('every way is walked', () => {
    expect(new Set(ways.map(({ path }) => path))).toEqual(SIGN_INS)
  })

  const cases = ways.flatMap((way) => (way.clients ?? CLIENTS).map((client) => ({ ...way, client })))
  test.each(cases)('S41, $client: $path', async ({ client, fires, walk }) => {
    await app.reload(overview())
    receiver.reset()
    await walk({
      app,
      client,
      email: `ann-${++count}@example.test`,
      watch: () => receiver.reset(),
      configure: (_changes, methods) => app.reload(overview(methods)),
    })
    expect(receiver.calls.map(({ path }) => path)).toEqual(
      fires.filter((place) => place.startsWith('login.')).map(hookFor),
    )
  })
})
