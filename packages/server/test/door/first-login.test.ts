import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DIALECTS, startTestApp, type TestApp, webHook } from '../app.ts'
import { at } from '../http-client.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { somebody } from '../somebody.ts'

describe.each(DIALECTS)('ctx.trigger.first_login on %s', (dialect) => {
  let app: TestApp
  let receiver: Receiver
  beforeAll(async () => {
    receiver = await startReceiver()
    const after = { hooks: [webHook(receiver.url('/after'))] }
    app = await startTestApp({ dialect, config: { selfservice: { flows: { login: { after } } } } })
  })
  beforeEach(() => receiver.reset())
  afterAll(async () => {
    await app.close()
    await receiver.close()
  })
  const told = () => receiver.callsTo('/after').map(({ body }) => at(JSON.parse(body), 'trigger.first_login'))

  test('is said once, when somebody signs in for the first time; a refusal does not count, a refresh is no login', async () => {
    const email = 'ann@example.test'
    await somebody(app, 'api').signUp(email)
    receiver.on('/after', { status: 403 }, { status: 200 })
    expect((await somebody(app, 'api').signIn(email)).status).not.toBe(200)
    const ann = somebody(app, 'api')
    expect((await ann.signIn(email)).status).toBe(200)
    await somebody(app, 'api').signIn(email)
    const refresh = await ann.start('login', '?refresh=true')
    const again = { method: 'password', identifier: email, password: 'a-horse-with-9-batteries' }
    expect((await ann.submit(refresh.flow, again)).status).toBe(200)
    expect(told()).toEqual([true, true, false, false])
  })

  test('of many first logins at once it is one', async () => {
    const email = 'raced@example.test'
    await somebody(app, 'api').signUp(email)
    const people = Array.from({ length: 6 }, () => somebody(app, 'api'))
    const answers = await Promise.all(people.map((each) => each.signIn(email)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200])
    // Whoever was slower is asked once more, as somebody who has been here; what counts is what was asked last.
    expect(told().filter((isFirst) => isFirst === false).length).toBe(5)
  })
})
