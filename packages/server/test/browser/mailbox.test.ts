import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../app.ts'
import { fiveFlows } from '../flows/base.ts'
import { httpClient, textAt } from '../http-client.ts'
import { startChromium } from './chromium.ts'

let browser: Browser
let app: TestApp

beforeAll(async () => {
  const template = `base64://${Buffer.from(
    '<p style="color: #b00020">Hello</p><a href="{{ .RecoveryURL }}">Get in</a><script>document.title = "pwned"</script><img src="x" onerror="parent.document.title = \'pwned\'">',
  ).toString('base64')}`
  const recovery = { valid: { email: { body: { html: template } } } }
  const config = fiveFlows(
    { recovery: { use: 'link' } },
    { link: { enabled: true } },
    { courier: { templates: { recovery } } },
  )
  ;[browser, app] = await Promise.all([startChromium(), startTestApp({ config })])
})

afterAll(async () => {
  await Promise.all([browser.close(), app.close()])
})

test('the mailbox fills by itself; a mail looks as it was meant to, runs nothing, and its link can be followed', async () => {
  const page = await browser.newPage()
  await page.goto(`${app.adminUrl}/dev/mailbox`)
  await expect.poll(() => page.textContent('main')).toContain('Nothing was sent yet.')

  const http = httpClient({ keepsCookies: false })
  await http.send(`${app.adminUrl}/admin/identities`, {
    body: { schema_id: 'default', traits: { email: 'ann@example.test' } },
  })
  const flow = await http.get(`${app.publicUrl}/self-service/recovery/api`)
  await http.send(textAt(flow.json, 'ui.action'), { body: { method: 'link', email: 'ann@example.test' } })

  // Nobody reloads.
  await page.waitForSelector('#calls a', { timeout: 10_000 })
  await page.click('#calls a')
  await page.waitForSelector('iframe')
  const letter = page.frameLocator('iframe')
  await letter.locator('p').waitFor()
  const colour = page.frames().at(-1)?.evaluate("getComputedStyle(document.querySelector('p')).color")
  expect(await colour).toBe('rgb(176, 0, 32)')
  expect(await page.title()).toContain('Get back into your account')
  const followed = page.context().waitForEvent('request', (request) => request.url().includes('/self-service/recovery'))
  await Promise.all([page.context().waitForEvent('page'), letter.locator('a').click()])
  expect((await followed).url()).toMatch(/\/self-service\/recovery\?flow=[0-9a-f-]+&token=/)
  expect(await page.title()).not.toContain('pwned')
  await page.click('summary')
  expect(await page.locator('details pre a').getAttribute('href')).toContain('/self-service/recovery?')
  await page.close()
})
