import { readFile } from 'node:fs/promises'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { codeAt, fromBase32 } from '../../src/methods/totp/one-time-password.ts'
import { USUAL } from '../../src/methods/totp/totp-url.ts'
import { startTestApp, type TestApp } from '../app.ts'
import { freePort } from '../free-port.ts'
import { PERSON } from '../person.ts'
import { startChromium } from './chromium.ts'

const PASSWORD = 'correct horse battery'

let browser: Browser
let app: TestApp
let at: (path: string) => string

beforeAll(async () => {
  const port = await freePort()
  // Browsers make keys for names only, so the pages are on localhost.
  const base = `http://localhost:${port}/`
  at = (path) => new URL(path, base).href
  const ui = (name: string) => ({ ui_url: at(`/ui/${name}`) })
  const session = { hooks: [{ hook: 'session' }] }
  const rp = { id: 'localhost', display_name: 'Example' }
  ;[browser, app] = await Promise.all([
    startChromium(),
    startTestApp({
      config: {
        serve: { public: { host: 'localhost', port, base_url: base } },
        identity: {
          schemas: [{ id: 'default', url: `base64://${Buffer.from(JSON.stringify(PERSON)).toString('base64')}` }],
        },
        selfservice: {
          default_browser_return_url: at('/ui/'),
          allowed_return_urls: [at('/ui/')],
          methods: {
            totp: { enabled: true, config: { issuer: 'Example', allow_reuse: false } },
            lookup_secret: { enabled: true },
            webauthn: { enabled: true, config: { passwordless: false, rp } },
            passkey: { enabled: true, config: { rp } },
          },
          flows: {
            error: ui('error'),
            login: ui('login'),
            settings: ui('settings'),
            registration: { ...ui('registration'), after: { password: session, passkey: session, webauthn: session } },
          },
        },
      },
    }),
  ])
})

afterAll(async () => {
  await Promise.all([browser.close(), app.close()])
})

type Person = {
  readonly page: Page
  readonly keys: CDPSession
  /** Plugs an authenticator in, one that its person touches at once. */
  readonly plugIn: (kind: 'passkeys' | 'security key') => Promise<string>
}

/** A person's own browser. Whatever a page's policy refuses, or a script says, fails the test. */
async function openBrowser(): Promise<Person> {
  const context = await browser.newContext()
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  const complaints: string[] = []
  page.on('console', (message) => {
    if (!message.text().startsWith('Failed to load resource')) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  const keys = await context.newCDPSession(page)
  await keys.send('WebAuthn.enable')
  onTestFinished(async () => {
    await context.close()
    expect(complaints).toEqual([])
  })
  const plugIn: Person['plugIn'] = async (kind) => {
    const isPasskeys = kind === 'passkeys'
    const { authenticatorId } = await keys.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: isPasskeys ? 'internal' : 'usb',
        hasResidentKey: isPasskeys,
        hasUserVerification: isPasskeys,
        isUserVerified: isPasskeys,
        automaticPresenceSimulation: true,
      },
    })
    return authenticatorId
  }
  return { page, keys, plugIn }
}

let people = 0
const newAddress = () => {
  people += 1
  return `keys-${people}@example.test`
}

async function register(page: Page, email: string) {
  await page.goto(at('/ui/registration'))
  await page.getByLabel('E-Mail').fill(email)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign up', exact: true }).click()
  await page.getByRole('heading', { name: 'You are signed in' }).waitFor()
}

async function signIn(page: Page, email: string) {
  await page.goto(at('/ui/login'))
  await page.getByLabel('E-Mail').fill(email)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in with password' }).click()
}

const signOut = async (page: Page) => {
  await page.goto(at('/ui/logout'))
  await page.getByRole('heading', { name: 'You are not signed in' }).waitFor()
}

const signedIn = (page: Page) => page.getByRole('heading', { name: 'You are signed in' }).waitFor()
const saved = (page: Page) => page.getByText('Your changes have been saved!').waitFor()

test('somebody signs up with a passkey, and signs in with it without saying who they are', async () => {
  const { page, plugIn, keys } = await openBrowser()
  const authenticatorId = await plugIn('passkeys')
  const email = newAddress()
  await page.goto(at('/ui/registration'))
  await page.getByLabel('E-Mail').fill(email)
  await page.getByRole('button', { name: 'Sign up with passkey' }).click()
  await signedIn(page)
  const { credentials } = await keys.send('WebAuthn.getCredentials', { authenticatorId })
  expect(credentials).toMatchObject([{ rpId: 'localhost', isResidentCredential: true, userName: email }])

  await signOut(page)
  // The page asks by itself for a passkey that fills the field; a virtual authenticator answers at once.
  await page.goto(at('/ui/login'))
  await signedIn(page)
  expect(await page.locator('main').textContent()).toContain(email)
})

test('the button asks for a passkey as well', async () => {
  const { page, plugIn } = await openBrowser()
  const email = newAddress()
  await register(page, email)
  await plugIn('passkeys')
  await page.goto(at('/ui/settings'))
  await page.getByRole('button', { name: 'Add passkey' }).click()
  await saved(page)
  await page.getByRole('button', { name: `Remove passkey "${email}"` }).waitFor()

  await signOut(page)
  // As in a browser that fills no fields with passkeys.
  await page.addInitScript('PublicKeyCredential.isConditionalMediationAvailable = async () => false')
  await page.goto(at('/ui/login'))
  await page.getByRole('button', { name: 'Sign in with passkey' }).click()
  await signedIn(page)
})

test('a security key comes second: added, asked for, removed', async () => {
  const { page, plugIn } = await openBrowser()
  const email = newAddress()
  await register(page, email)
  await plugIn('security key')
  await page.goto(at('/ui/settings'))
  await page.getByLabel('Name of the security key').fill('the <blue> one')
  await page.getByRole('button', { name: 'Add security key' }).click()
  await saved(page)
  const remove = page.getByRole('button', { name: 'Remove security key "the <blue> one"' })
  await remove.waitFor()

  await signOut(page)
  await signIn(page, email)
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Confirm that it is you')
  // Before that they are nowhere.
  const half = await page.context().newPage()
  await half.goto(at('/ui/'))
  expect(await half.getByRole('heading', { level: 1 }).textContent()).toBe('Confirm that it is you')
  await half.goto(at('/ui/settings'))
  expect(await half.getByRole('heading', { level: 1 }).textContent()).toBe('Confirm that it is you')
  await half.close()

  await page.getByRole('button', { name: 'Sign in with a hardware key' }).click()
  await signedIn(page)
  await page.goto(at('/ui/settings'))
  await remove.click()
  await saved(page)
  await signOut(page)
  await signIn(page, email)
  await signedIn(page)
})

test('a key that cannot be used is said so on the page', async () => {
  const { page, keys, plugIn } = await openBrowser()
  const email = newAddress()
  await register(page, email)
  const authenticatorId = await plugIn('security key')
  await page.goto(at('/ui/settings'))
  expect(await page.locator('[data-key-failure]').isVisible()).toBe(false)
  await page.getByRole('button', { name: 'Add security key' }).click()
  await saved(page)
  // The same key once more.
  await page.getByRole('button', { name: 'Add security key' }).click()
  const note = page.getByRole('alert').filter({ hasText: 'This key is yours already.' })
  await note.waitFor()

  await signOut(page)
  await keys.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId })
  await plugIn('security key')
  await signIn(page, email)
  await page.getByRole('button', { name: 'Sign in with a hardware key' }).click()
  await page.getByRole('alert').filter({ hasText: 'Nothing was sent' }).waitFor()
})

test.each([true, false])('an authenticator app and codes on paper, with scripts: %s', async (javaScriptEnabled) => {
  const context = await browser.newContext({ javaScriptEnabled })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  const email = newAddress()
  await register(page, email)
  await page.goto(at('/ui/settings'))
  const qr = page.getByRole('img', { name: 'Authenticator app QR code' })
  expect(await qr.getAttribute('width')).toBe('256')
  const secret = (await page.locator('#totp_secret_key').textContent()) ?? ''
  const key = { ...USUAL, secret: fromBase32(secret) ?? Buffer.alloc(0) }
  const code = (steps: number) => codeAt(key, Math.floor(Date.now() / 30_000) + steps)
  await page.getByLabel('Verify code').fill('000000')
  await page.getByLabel('Verify code').press('Enter')
  await page.getByText('The provided authentication code is invalid').waitFor()
  await page.getByLabel('Verify code').fill(code(-1))
  await page.getByLabel('Verify code').press('Enter')
  await saved(page)
  await page.getByRole('button', { name: 'Unlink TOTP Authenticator App' }).waitFor()

  await page.getByRole('button', { name: 'Generate new backup recovery codes' }).click()
  await page.locator('#lookup_secret_codes').waitFor()
  const codes = await page.locator('#lookup_secret_codes li').allTextContents()
  expect(codes).toHaveLength(12)
  // They are seen without scrolling, and can be taken along.
  expect(await page.evaluate('document.activeElement.id')).toBe('lookup_secret_codes')
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Save as a file' }).click(),
  ])
  expect(file.suggestedFilename()).toBe('recovery-codes.txt')
  expect(await readFile(await file.path(), 'utf8')).toBe(codes.map((each) => `${each}\r\n`).join(''))
  if (javaScriptEnabled) {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('button', { name: 'Copy', exact: true }).click()
    await page.getByRole('button', { name: 'Copied', exact: true }).waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(codes.join('\n'))
  }
  await page.getByRole('button', { name: 'Confirm backup recovery codes' }).click()
  await saved(page)

  await signOut(page)
  await signIn(page, email)
  await page.getByLabel('Authentication code').fill(code(0))
  await page.getByRole('button', { name: 'Use Authenticator' }).click()
  await signedIn(page)

  await signOut(page)
  await signIn(page, email)
  // Whoever has no second factor at hand can leave.
  await page.getByRole('link', { name: 'Sign out' }).click()
  await page.waitForURL((url) => !url.pathname.includes('logout'))
  await signIn(page, email)
  await page.getByLabel('Backup recovery code').fill(codes[3] ?? '')
  await page.getByRole('button', { name: 'Use backup recovery code' }).click()
  await signedIn(page)
  await page.goto(at('/ui/settings'))
  await page.getByRole('button', { name: 'Reveal backup recovery codes' }).click()
  await page.locator('#lookup_secret_codes').waitFor()
  expect(await page.locator('#lookup_secret_codes li').allTextContents()).toEqual(
    codes.map((each, i) => (i === 3 ? expect.stringContaining('used') : each)),
  )
})
