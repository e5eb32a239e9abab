import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { certificate, freshFolder, overSocket, overTls } from '../listening.ts'
import { startOAuth2Server } from './server.ts'

async function start(serve: JsonObject, more: JsonObject = {}) {
  const server = await startOAuth2Server({ config: { ...more, serve } })
  onTestFinished(() => server.close())
  return server
}

test('the listeners show the certificate of both or of their own, and a renewed one after a reload', async () => {
  const folder = freshFolder()
  const [both, own] = [certificate(folder, 'both'), certificate(folder, 'own')]
  const tlsOf = ({ key, cert }: typeof both) => ({ enabled: true, key: { path: key }, cert: { path: cert } })
  const serve = { tls: tlsOf(both), admin: { tls: tlsOf(own) } }
  const server = await start(serve)
  const secure = (url: string) => `${url.replace('http:', 'https:')}/health/alive`
  expect(await overTls(secure(server.publicUrl))).toMatchObject({ status: 200, name: 'both' })
  expect(await overTls(secure(server.adminUrl))).toMatchObject({ status: 200, name: 'own' })

  const renewed = certificate(folder, 'renewed')
  writeFileSync(both.key, readFileSync(renewed.key))
  writeFileSync(both.cert, readFileSync(renewed.cert))
  await server.reload({ serve })
  expect(await overTls(secure(server.publicUrl))).toMatchObject({ status: 200, name: 'renewed' })
})

test('a listener whose own TLS is switched off speaks plain http', async () => {
  const { key, cert } = certificate(freshFolder(), 'both')
  const server = await start({ tls: { key: { path: key }, cert: { path: cert } }, admin: { tls: { enabled: false } } })
  expect((await overTls(`${server.publicUrl.replace('http:', 'https:')}/health/alive`)).status).toBe(200)
  expect((await fetch(`${server.adminUrl}/health/alive`)).status).toBe(200)
})

test('a listener at a unix socket has its mode', async () => {
  const path = join(freshFolder(), 'admin.sock')
  await start({ admin: { host: `unix:${path}`, socket: { mode: 0o600 } } })
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(await overSocket(path, '/admin/clients')).toBe(200)
})

test('requests are in the log at level debug, health checks only where they are wanted', async () => {
  const server = await start({ public: { request_log: { disable_for_health: true } } }, { log: { level: 'debug' } })
  for (const path of ['/health/alive', '/userinfo?access_token=secret']) await fetch(`${server.publicUrl}${path}`)
  await fetch(`${server.adminUrl}/health/alive`)
  const requests = server.logged.filter(({ event }) => event === 'request').map(({ fields }) => fields)
  expect(requests.map(({ path, status }) => [path, status])).toEqual([
    ['/userinfo', 401],
    ['/health/alive', 200],
  ])
  expect(JSON.stringify(requests)).not.toContain('secret')
})

test('what is no good HTTP is refused in the words of OAuth', async () => {
  const server = await start({})
  const answer = await fetch(`${server.adminUrl}/admin/clients/%zz`)
  expect([answer.status, await answer.json()]).toEqual([
    400,
    { error: 'The request was malformed or contained invalid parameters', error_description: '' },
  ])
  const large = await fetch(`${server.adminUrl}/admin/clients`, { method: 'POST', body: 'x'.repeat(1024 * 1024 + 1) })
  expect(large.status).toBe(400)
})
