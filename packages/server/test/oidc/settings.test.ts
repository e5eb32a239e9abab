import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DIALECTS } from '../app.ts'
import { at, httpClient } from '../http-client.ts'
import { PASSWORD } from '../journeys.ts'
import { listIn, saidIn, type Somebody, somebody, textIn } from '../somebody.ts'
import { goThrough, type Stage, stage, toldTriggers } from './walk.ts'

describe.each(DIALECTS)('linking a provider in the settings, on %s', (dialect) => {
  let here: Stage
  let count = 0
  beforeAll(async () => {
    here = await stage({ dialect })
  })
  afterAll(() => here.close())
  beforeEach(() => here.hooks.reset())

  const account = () => ({ sub: `linked-${++count}`, email: `elsewhere-${count}@example.test`, email_verified: true })
  const signedUp = async (client: Somebody['client'] = 'form') => {
    const ann = somebody(here.app, client)
    await ann.signUp(`ann-${++count}@example.test`)
    await toldTriggers(here, 2)
    here.hooks.reset()
    return ann
  }
  const buttons = async (who: Somebody) =>
    listIn((await who.start('settings')).flow, 'ui.nodes')
      .filter((node) => textIn(node, 'group') === 'oidc')
      .map(
        (node) =>
          `${textIn(node, 'attributes.name')}=${textIn(node, 'attributes.value')} ${JSON.stringify(at(node, 'meta.label.id'))}`,
      )
  const link = async (who: Somebody) => {
    const { flow } = await who.start('settings')
    const sent = await who.submit(flow, { link: 'up', transient_payload: { why: 'linking' } })
    return who.open(await here.upstream.visit(sent.location))
  }

  test.each(['form', 'ajax'] as const)(
    '%s: an account is linked, signs in from then on, and is unlinked',
    async (client) => {
      const olga = account()
      here.upstream.is(olga)
      const ann = await signedUp(client)
      expect(await buttons(ann)).toEqual(['link=up 1050002'])
      await toldTriggers(here, 1)
      here.hooks.reset()
      const linked = await link(ann)
      expect(linked.status).toBe(client === 'form' ? 303 : 200)
      expect(saidIn(linked.flow)).toEqual(['1050001'])
      expect(linked.flow).toMatchObject({ state: 'success', active: 'oidc' })
      expect(await toldTriggers(here, 2)).toEqual(['settings.before', 'settings.after.oidc'])
      expect(JSON.parse(here.hooks.callsTo('/settings.after.oidc')[0]?.body ?? '{}')).toMatchObject({
        flow: { transient_payload: { why: 'linking' } },
        upstream: { provider: 'up', claims: { sub: olga.sub } },
        previous_identity: { id: at((await ann.whoami()).json, 'identity.id') },
      })
      expect(listIn((await ann.whoami()).json, 'authentication_methods').map((each) => textIn(each, 'method'))).toEqual(
        ['password', 'oidc'],
      )
      const again = somebody(here.app, 'form')
      await goThrough(here, again, (await again.start('login')).flow)
      expect(at((await again.whoami()).json, 'identity.id')).toBe(at((await ann.whoami()).json, 'identity.id'))

      expect(await buttons(ann)).toEqual(['unlink=up 1050003'])
      const { flow } = await ann.start('settings')
      expect(saidIn((await ann.submit(flow, { unlink: 'up' })).flow)).toEqual(['1050001'])
      expect(await buttons(ann)).toEqual(['link=up 1050002'])
      const stranger = somebody(here.app, 'form')
      await goThrough(here, stranger, (await stranger.start('login')).flow)
      expect(at((await stranger.whoami()).json, 'identity.id')).not.toBe(at((await ann.whoami()).json, 'identity.id'))
    },
  )

  test('what can not be linked or unlinked is said in the form', async () => {
    const ann = await signedUp('ajax')
    const { flow } = await ann.start('settings')
    const reason = async (fields: Parameters<Somebody['submit']>[1]) => {
      const told = await ann.submit(flow, fields)
      expect(told.status).toBe(400)
      expect(saidIn(told.flow)).toEqual(['4000001'])
      return textIn(listIn(told.flow, 'ui.messages')[0], 'text')
    }
    expect(await reason({ link: 'nobody' })).toBe('can not link unknown or already existing OpenID Connect connection')
    expect(await reason({ unlink: 'up' })).toBe('can not unlink non-existing OpenID Connect connection')
    here.upstream.is(account())
    await link(ann)
    expect(await reason({ link: 'up' })).toBe('can not link unknown or already existing OpenID Connect connection')
  })

  test('the last way in is not offered to be taken away, and is not taken away', async () => {
    here.upstream.is(account())
    const ann = somebody(here.app, 'form')
    await goThrough(here, ann, (await ann.start('registration')).flow)
    expect(await buttons(ann)).toEqual([])
    const { flow } = await ann.start('settings')
    const kept = await ann.submit(flow, { unlink: 'up' })
    expect(saidIn(kept.flow)).toEqual(['4000001'])
    const again = somebody(here.app, 'form')
    await goThrough(here, again, (await again.start('login')).flow)
    expect((await again.whoami()).status).toBe(200)
  })

  test('an account that is somebody else’s stays theirs', async () => {
    here.upstream.is(account())
    const olga = somebody(here.app, 'form')
    await goThrough(here, olga, (await olga.start('registration')).flow)
    const ann = await signedUp()
    const refused = await link(ann)
    expect(saidIn(refused.flow)).toEqual(['4000007'])
    expect(await buttons(ann)).toEqual(['link=up 1050002'])
  })

  test('who signed in long ago signs in once more, and the link goes on where it was', async () => {
    here.upstream.is(account())
    const email = `late-${++count}@example.test`
    const ann = somebody(here.app, 'form')
    await ann.signUp(email)
    const { flow } = await ann.start('settings')
    here.app.turn(61 * 60_000)
    const { flow: fresh } = await ann.start('settings')
    expect(flow.id).not.toBe(fresh.id)
    const sentAway = await ann.submit(fresh, { link: 'up' })
    expect(sentAway.location).toContain('/self-service/login/browser?refresh=true')
    const login = await ann.open(sentAway.location)
    const back = await ann.submit(login.flow, { method: 'password', identifier: email, password: PASSWORD })
    const departure = await ann.open(back.location)
    const linked = await ann.open(await here.upstream.visit(departure.location))
    expect(saidIn(linked.flow)).toEqual(['1050001'])
  })

  test('where every change wants a fresh proof, one proof is enough for a link', async () => {
    const strict = await stage({
      dialect,
      setting: { flows: { settings: { ui_url: 'http://ui.example.test/settings', privileged_session_max_age: '0s' } } },
    })
    try {
      strict.upstream.is(account())
      const email = `strict-${++count}@example.test`
      const ann = somebody(strict.app, 'form')
      await ann.signUp(email)
      strict.app.turn(1000)
      const { flow } = await ann.start('settings')
      const login = await ann.open((await ann.submit(flow, { link: 'up' })).location)
      const back = await ann.submit(login.flow, { method: 'password', identifier: email, password: PASSWORD })
      const departure = await ann.open(back.location)
      const linked = await ann.open(await strict.upstream.visit(departure.location))
      expect(saidIn(linked.flow)).toEqual(['1050001'])
    } finally {
      await strict.close()
    }
  })

  test('the provider says no: the settings say why, and nothing is linked', async () => {
    here.upstream.is(null)
    const ann = await signedUp()
    expect(saidIn((await link(ann)).flow)).toEqual(['4000001'])
    expect(await buttons(ann)).toEqual(['link=up 1050002'])
  })

  test('a page elsewhere can not make somebody link an account', async () => {
    const ann = await signedUp('ajax')
    const { flow } = await ann.start('settings')
    const forged = await ann.http.send(textIn(flow, 'ui.action'), {
      headers: { accept: 'application/json' },
      body: { method: 'oidc', link: 'up' },
    })
    expect(forged.status).toBe(403)
    expect(textIn(forged.json, 'error.id')).toBe('security_csrf_violation')
  })

  describe('from a native app', () => {
    const RETURN = 'https://allowed.example.test/app'
    const app = async (query = `?return_to=${encodeURIComponent(RETURN)}`) => {
      const ann = somebody(here.app, 'api')
      await ann.signUp(`native-${++count}@example.test`)
      return { ann, flow: (await ann.start('settings', query)).flow }
    }
    const browserThrough = async (url: string) => {
      const back = await httpClient({ keepsCookies: true }).get(await here.upstream.visit(url), { accept: 'text/html' })
      return { status: back.status, target: new URL(back.headers.get('location') ?? 'none:') }
    }

    test('the browser brings the app a code, and the app links with it, once', async () => {
      const olga = account()
      here.upstream.is(olga)
      const { ann, flow } = await app()
      await toldTriggers(here, 3)
      here.hooks.reset()
      const sent = await ann.submit(flow, { method: 'oidc', link: 'up' })
      expect(sent.status).toBe(422)
      const { status, target } = await browserThrough(sent.location)
      expect(status).toBe(303)
      expect(target.href.startsWith(`${RETURN}?`)).toBe(true)
      expect(target.searchParams.get('flow')).toBe(flow.id)
      // Nothing is linked by a browser that comes back: nothing says whose it is.
      expect(await toldTriggers(here, 0)).toEqual([])
      const linked = await ann.submit(flow, { method: 'oidc', link: 'up', code: target.searchParams.get('code') ?? '' })
      expect(linked.status).toBe(200)
      expect(linked.json).toMatchObject({ state: 'success' })
      expect(await toldTriggers(here, 1)).toEqual(['settings.after.oidc'])
      expect(JSON.parse(here.hooks.calls[0]?.body ?? '{}')).toMatchObject({
        upstream: { provider: 'up', claims: { sub: olga.sub } },
      })
      const again = somebody(here.app, 'form')
      await goThrough(here, again, (await again.start('login')).flow)
      expect(at((await again.whoami()).json, 'identity.id')).toBe(at((await ann.whoami()).json, 'identity.id'))
      const once = await ann.submit(flow, { link: 'up', code: target.searchParams.get('code') ?? '' })
      expect(saidIn(once.json)).toEqual(['4000001'])
    })

    test.each([
      ['a wrong one', async () => 'x'.repeat(43)],
      [
        'none of this flow, but of another app',
        async () => {
          const other = await app()
          const sent = await other.ann.submit(other.flow, { link: 'up' })
          return (await browserThrough(sent.location)).target.searchParams.get('code') ?? ''
        },
      ],
    ])('a code that is %s links nothing', async (_name, bring) => {
      here.upstream.is(account())
      const { ann, flow } = await app()
      const sent = await ann.submit(flow, { link: 'up' })
      await browserThrough(sent.location)
      const told = await ann.submit(flow, { link: 'up', code: await bring() })
      expect(told.status).toBe(400)
      expect(textIn(listIn(told.json, 'ui.messages')[0], 'text')).toContain('not the one that the browser has brought')
      expect(await buttons(ann)).toEqual(['link=up 1050002'])
    })

    test('a code is of use to nobody but the app whose flow it is', async () => {
      here.upstream.is(account())
      const { ann, flow } = await app()
      const sent = await ann.submit(flow, { link: 'up' })
      const code = (await browserThrough(sent.location)).target.searchParams.get('code') ?? ''
      const eve = somebody(here.app, 'api')
      await eve.signUp(`eve-${++count}@example.test`)
      expect((await eve.submit(flow, { link: 'up', code })).status).toBe(403)
      const nobody = somebody(here.app, 'api')
      expect((await nobody.submit(flow, { link: 'up', code })).status).toBe(401)
    })

    test('the provider says no: the app reads why in its flow', async () => {
      here.upstream.is(null)
      const { ann, flow } = await app()
      const sent = await ann.submit(flow, { link: 'up' })
      const { target } = await browserThrough(sent.location)
      expect(target.searchParams.get('code')).toBeNull()
      expect(saidIn((await ann.see('settings', target.searchParams.get('flow') ?? '')).json)).toEqual(['4000001'])
      expect(await buttons(ann)).toEqual(['link=up 1050002'])
    })

    test('who signed in long ago proves who they are first', async () => {
      here.upstream.is(account())
      const { ann } = await app()
      here.app.turn(61 * 60_000)
      const { flow } = await ann.start('settings')
      const refused = await ann.submit(flow, { link: 'up' })
      expect(refused.status).toBe(403)
      expect(at(refused.json, 'error.id')).toBe('session_refresh_required')
    })

    test('an app unlinks at once', async () => {
      here.upstream.is(account())
      const { ann, flow } = await app()
      const sent = await ann.submit(flow, { link: 'up' })
      const code = (await browserThrough(sent.location)).target.searchParams.get('code') ?? ''
      await ann.submit(flow, { link: 'up', code })
      expect(await buttons(ann)).toEqual(['unlink=up 1050003'])
      const { flow: next } = await ann.start('settings')
      expect(saidIn((await ann.submit(next, { unlink: 'up' })).json)).toEqual(['1050001'])
      expect(await buttons(ann)).toEqual(['link=up 1050002'])
    })
  })
})
