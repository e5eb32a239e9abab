import { expect, onTestFinished, test } from 'vitest'
import { startTestApp } from '../app.ts'
import { textAt } from '../http-client.ts'
import { somebody } from '../somebody.ts'

test.each([
  [true, 'https', '"cookies", "storage", "cache"'],
  [true, 'http', null],
  [false, 'https', null],
])(
  'with clear_browser_data: %s, over %s a browser that signs out is told to forget: %s',
  async (clears, scheme, told) => {
    const logout = { clear_browser_data: clears }
    const app = await startTestApp({ config: { selfservice: { flows: { logout } } } })
    onTestFinished(() => app.close())
    const ann = somebody(app, 'ajax')
    await ann.signUp('ann@example.test')
    const headers = { accept: 'application/json', 'x-forwarded-proto': scheme }
    const offer = await ann.http.get(`${app.publicUrl}/self-service/logout/browser`, headers)
    const answer = await ann.http.get(textAt(offer.json, 'logout_url'), headers)
    expect([answer.status, answer.headers.get('clear-site-data')]).toEqual([204, told])
  },
)
