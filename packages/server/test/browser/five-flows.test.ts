import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../app.ts'
import { fiveFlows } from '../flows/base.ts'
import { codeTo, linkTo } from '../mails.ts'
import { PASSWORD } from '../journeys.ts'
import { startChromium } from './chromium.ts'

const OTHER_PASSWORD = 'another-horse-with-9-batteries'

let browser: Browser
let app: TestApp
let taken = 0

beforeAll(async () => {
  ;[browser, app] = await Promise.all([startChromium(), startTestApp({ config: fiveFlows() })])
  const ui = (page: string) => `${app.publicUrl}/ui/${page}`
  await app.reload({
    selfservice: {
      default_browser_return_url: ui(''),
      allowed_return_urls: [ui('')],
      flows: {
        error: { ui_url: ui('error') },
        login: { ui_url: ui('login') },
        registration: { ui_url: ui('registration') },
        settings: { ui_url: ui('settings') },
        recovery: { enabled: true, ui_url: ui('recovery') },
        verification: { enabled: true, ui_url: ui('verification') },
      },
    },
  })
})
afterAll(async () => {
  await Promise.all([browser.close(), app.close()])
})

const heading = (page: Page) => page.getByRole('heading', { level: 1 }).textContent()
const said = async (page: Page) => (await page.locator('main').textContent()) ?? ''
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()
const follow = (page: Page, name: string) => page.getByRole('link', { name, exact: true }).click()

/** For whoever wants to look: SCREENSHOTS names a folder. */
const look = async (page: Page) => {
  const folder = process.env.SCREENSHOTS
  if (folder !== undefined)
    await page.screenshot({ path: `${folder}/${String(++taken).padStart(2, '0')}.png`, fullPage: true })
}

describe.each([
  ['with scripts', true],
  ['without scripts', false],
])('%s', (_name, javaScriptEnabled) => {
  test('a person signs up, verifies, forgets, recovers, and moves to another address', async () => {
    const page = await (await browser.newContext({ javaScriptEnabled })).newPage()
    const email = `ann-${javaScriptEnabled ? 'one' : 'two'}@example.test`
    const other = `other-${email}`

    await page.goto(`${app.publicUrl}/ui/registration`)
    await page.getByLabel('E-Mail').fill(email)
    await page.getByLabel('Password').fill(PASSWORD)
    await press(page, 'Sign up')
    expect(await heading(page)).toBe('You are signed in')

    // The link of the mail fills the code in.
    await page.goto(await linkTo(app, email))
    expect(await heading(page)).toBe('Verify your address')
    expect(await page.getByLabel('Verification code').inputValue()).toBe(await codeTo(app, email))
    await look(page)
    await press(page, 'Continue')
    expect(await said(page)).toContain('You successfully verified your email address.')
    await look(page)
    await follow(page, 'Continue')
    expect(await heading(page)).toBe('You are signed in')
    await look(page)

    await follow(page, 'Sign out')
    await page.goto(`${app.publicUrl}/ui/login`)
    await look(page)
    await follow(page, 'Recover your account')
    expect(await heading(page)).toBe('Recover your account')
    await page.getByLabel('Email').fill(email)
    await look(page)
    await press(page, 'Continue')
    expect(await said(page)).toContain('An email containing a recovery code has been sent')
    await page.getByLabel('Recovery code').fill('000000')
    await press(page, 'Continue')
    expect(await said(page)).toContain('The recovery code is invalid')
    await look(page)
    await page.getByLabel('Recovery code').fill(await codeTo(app, email))
    await press(page, 'Continue')
    expect(await heading(page)).toBe('Your settings')
    expect(await said(page)).toContain('You successfully recovered your account.')
    await look(page)

    const form = (name: string) => page.getByRole('form', { name })
    await form('Password').getByRole('textbox', { name: 'Password' }).fill(OTHER_PASSWORD)
    await form('Password').getByRole('button', { name: 'Save' }).click()
    expect(await said(page)).toContain('Your changes have been saved!')

    await page.getByLabel('E-Mail').fill(other)
    await page
      .locator('form')
      .filter({ has: page.getByLabel('E-Mail') })
      .getByRole('button', { name: 'Save' })
      .click()
    expect(await said(page)).toContain('Your changes have been saved!')
    await look(page)
    await page.goto(await linkTo(app, other))
    await press(page, 'Continue')
    expect(await said(page)).toContain('You successfully verified your email address.')

    await page.goto(`${app.publicUrl}/ui/`)
    await follow(page, 'Sign out')
    await page.goto(`${app.publicUrl}/ui/login`)
    await page.getByLabel('E-Mail').fill(other)
    await page.getByLabel('Password').fill(OTHER_PASSWORD)
    await press(page, 'Sign in with password')
    expect(await said(page)).toContain(other)
    await page.context().close()
  })
})
