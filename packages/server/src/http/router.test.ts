import { expect, test } from 'vitest'
import { noContent, type Route } from './exchange.ts'
import { createRouter } from './router.ts'

const route = (method: Route['method'], path: string, csrf: Route['csrf'] = 'ignored'): Route => ({
  method,
  path,
  csrf,
  handle: async () => noContent,
})

const find = createRouter([
  route('GET', '/sessions'),
  route('DELETE', '/sessions'),
  route('GET', '/sessions/whoami'),
  route('DELETE', '/sessions/:id'),
  route('GET', '/identities/:id'),
  route('GET', '/identities/by/external/:externalID'),
  route('GET', '/page', 'global'),
  route('PUT', '/echo/*'),
])

test.each([
  ['GET', '/sessions', '/sessions', {}],
  ['HEAD', '/sessions', '/sessions', {}],
  ['GET', '/sessions/whoami', '/sessions/whoami', {}],
  // A path that is known by itself may be spelt by a parameter for other methods.
  ['DELETE', '/sessions/whoami', '/sessions/:id', { id: 'whoami' }],
  ['GET', '/identities/a%2Fb%20c', '/identities/:id', { id: 'a/b c' }],
  ['PUT', '/echo/', '/echo/*', {}],
  ['PUT', '/echo/a/b', '/echo/*', {}],
  ['GET', '/identities/by/external/x', '/identities/by/external/:externalID', { externalID: 'x' }],
])('%s %s is answered by %s', (method, path, expected, params) => {
  expect(find(method, path)).toMatchObject({ kind: 'route', route: { path: expected }, params })
})

test.each([
  ['PUT', '/sessions', ['GET', 'HEAD', 'DELETE'], 'ignored'],
  ['POST', '/sessions/whoami', ['GET', 'HEAD', 'DELETE'], 'ignored'],
  ['POST', '/page', ['GET', 'HEAD'], 'global'],
] as const)('%s %s is the wrong method', (method, path, allow, csrf) => {
  expect(find(method, path)).toEqual({ kind: 'wrong_method', allow, csrf })
})

test.each(['/', '/nothing', '/sessions/', '/sessions/a/b', '/identities/', '//sessions', '/SESSIONS'])(
  '%s is unknown',
  (path) => {
    expect(find('GET', path)).toEqual({ kind: 'unknown' })
  },
)

test.each(['/identities/%zz', '/%', '/identities/%ff'])('%s is malformed', (path) => {
  expect(find('GET', path)).toEqual({ kind: 'malformed' })
})
