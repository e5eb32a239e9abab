import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { startTestApp, type TestApp, webHook } from '../app.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { startChromium } from './chromium.ts'

const PASSWORD = 'correct horse battery'

let browser: Browser
let receiver: Receiver
let app: TestApp

beforeAll(async () => {
  ;[browser, receiver, app] = await Promise.all([startChromium(), startReceiver(), startTestApp()])
})

afterAll(async () => {
  await Promise.all([browser.close(), receiver.close(), app.close()])
})

beforeEach(async () => {
  receiver.reset()
  await configure({})
})

/** The app with its own pages, and with what a test adds. */
const configure = ({
  hooks = [],
  login = [],
}: {
  readonly hooks?: readonly JsonObject[]
  readonly login?: readonly JsonObject[]
}) => {
  const ui = (page: string) => `${app.publicUrl}/ui/${page}`
  return app.reload({
    selfservice: {
      default_browser_return_url: ui(''),
      allowed_return_urls: [ui('')],
      flows: {
        error: { ui_url: ui('error') },
        login: { ui_url: ui('login'), before: { hooks: login } },
        registration: { ui_url: ui('registration'), after: { password: { hooks: [...hooks, { hook: 'session' }] } } },
      },
    },
  })
}

/** That a page has the status of an error; that whoever fills it in is quicker than its autofocus. */
const NO_COMPLAINTS = ['Failed to load resource', 'Autofocus processing was blocked']

/** A person's own browser: no cookies yet. Whatever a page's policy refuses, or a script says, fails the test. */
async function openBrowser(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (!NO_COMPLAINTS.some((start) => message.text().startsWith(start))) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  onTestFinished(async () => {
    await context.close()
    expect(complaints).toEqual([])
  })
  return page
}

const at = (path: string) => `${app.publicUrl}${path}`
const heading = (page: Page) => page.getByRole('heading', { level: 1 }).textContent()
const focused = (page: Page) => page.locator(':focus').getAttribute('name')

let people = 0
const newAddress = () => {
  people += 1
  return `person-${people}@example.test`
}

async function register(page: Page, email: string, start = '/ui/registration') {
  await page.goto(at(start))
  await page.getByLabel('E-Mail').fill(email)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign up' }).click()
}

async function signIn(page: Page, email: string, password: string) {
  await page.goto(at('/ui/login'))
  await page.getByLabel('E-Mail').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

describe.each([
  ['with scripts', true],
  ['without scripts', false],
])('%s', (_name, javaScriptEnabled) => {
  test('a person registers, sees who they are, signs out and signs in again', async () => {
    const page = await openBrowser({ javaScriptEnabled })
    const email = newAddress()

    await register(page, email)
    expect(await heading(page)).toBe('You are signed in')
    expect(await page.locator('main').textContent()).toContain(email)
    expect(page.url()).toBe(at('/ui/'))

    await page.getByRole('link', { name: 'Sign out' }).click()
    expect(await heading(page)).toBe('You are not signed in')

    await signIn(page, email, PASSWORD)
    expect(await heading(page)).toBe('You are signed in')
    expect(await page.locator('dl').first().textContent()).toContain(email)
  })

  test('a message of a receiver stands beside the field it speaks of, and nothing is stored', async () => {
    receiver.on('/guests', {
      status: 400,
      json: {
        messages: [
          { instance_ptr: '#/traits/email', messages: [{ id: 7, text: 'Not on the <guest> list.', type: 'error' }] },
        ],
      },
    })
    await configure({ hooks: [webHook(receiver.url('/guests'), { response: { parse: true } })] })
    const page = await openBrowser({ javaScriptEnabled })
    const email = newAddress()

    await register(page, email)
    const field = page.getByLabel('E-Mail')
    expect(await page.title()).toBe('Error: Create your account · Cardea')
    expect(await field.inputValue()).toBe(email)
    expect(await field.getAttribute('aria-invalid')).toBe('true')
    const described = (await field.getAttribute('aria-describedby')) ?? ''
    expect(await page.locator(`[id="${described}"]`).textContent()).toBe('Error: Not on the <guest> list.')
    expect(await page.locator(':focus').getAttribute('name')).toBe('traits.email')
    expect(await page.getByLabel('Password').inputValue()).toBe('')

    const people = await fetch(`${app.adminUrl}/admin/identities?credentials_identifier=${email}`)
    expect(await people.json()).toEqual([])
  })
})

test('a wrong password is said on top, the address stays, and the cursor waits for another try', async () => {
  const page = await openBrowser()
  const email = newAddress()
  await register(page, email)
  await page.getByRole('link', { name: 'Sign out' }).click()

  await signIn(page, email, 'not the password')
  expect(await page.getByRole('alert').textContent()).toContain('The provided credentials are invalid')
  expect(await page.getByLabel('E-Mail').inputValue()).toBe(email)
  expect(await page.getByLabel('Password').inputValue()).toBe('')
  expect(await focused(page)).toBe('password')

  await page.keyboard.type(PASSWORD)
  await page.keyboard.press('Enter')
  await page.waitForURL(at('/ui/'))
})

test('the keyboard is enough', async () => {
  const page = await openBrowser()
  const email = newAddress()
  await page.goto(at('/ui/'))
  const press = async (...keys: readonly string[]) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  const tabTo = async (name: string) => {
    for (let i = 0; i < 20; i++) {
      await press('Tab')
      if ((await page.locator(':focus').textContent()) === name) return
    }
    throw new Error(`Tab never reaches "${name}"`)
  }

  await tabTo('Create an account')
  await press('Enter')
  await page.waitForURL(/\/ui\/registration/)
  expect(await focused(page)).toBe('traits.email')
  await page.keyboard.type(email)
  await press('Tab')
  expect(await focused(page)).toBe('traits.name.first')
  await page.keyboard.type('Ann')
  await press('Tab')
  expect(await focused(page)).toBe('traits.newsletter')
  await press('Space', 'Tab')
  expect(await focused(page)).toBe('password')
  await page.keyboard.type(PASSWORD)
  await press('Enter')
  await page.waitForURL(at('/ui/'))
  expect(await page.locator('dl').first().innerText()).toMatch(/First name\s+Ann\s+Newsletter\s+yes/)

  await tabTo('Sign out')
  await press('Enter')
  await page.getByRole('heading', { name: 'You are not signed in' }).waitFor()
})

test('hostile traits are shown as text', async () => {
  const page = await openBrowser()
  const name = `"><script>alert(1)</script><img src=x onerror=alert(2)> ' 🚪 مرحبا`
  await page.goto(at('/ui/registration'))
  await page.getByLabel('E-Mail').fill(newAddress())
  await page.getByLabel('First name').fill(name)
  await page.getByLabel('Password').fill('short')
  await page.getByRole('button', { name: 'Sign up' }).click()
  expect(await page.getByLabel('First name').inputValue()).toBe(name)

  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign up' }).click()
  expect(await page.locator('dl').first().textContent()).toContain(name)
})

test('the wish where to go afterwards survives the way from sign-in to sign-up', async () => {
  const page = await openBrowser()
  const wish = at('/ui/welcome?from=shop&item=1')
  await page.goto(at(`/self-service/login/browser?return_to=${encodeURIComponent(wish)}`))
  await page.getByRole('link', { name: 'Create an account' }).click()
  await page.getByRole('link', { name: 'Sign in' }).click()
  await page.getByRole('link', { name: 'Create an account' }).click()
  await page.getByLabel('E-Mail').fill(newAddress())
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign up' }).click()
  expect(page.url()).toBe(wish)
  expect(await heading(page)).toBe('You are signed in')
})

test('somebody who is signed in is sent on from sign-in and sign-up', async () => {
  const page = await openBrowser()
  await page.goto(at('/ui/login'))
  const openForm = page.url()
  await register(page, newAddress())
  for (const url of [at('/ui/login'), at('/ui/registration'), openForm]) {
    await page.goto(url)
    expect(page.url()).toBe(at('/ui/'))
  }
})

test('signing in once more is asked of somebody who is signed in, and of nobody else', async () => {
  const page = await openBrowser()
  await register(page, newAddress())
  await page.goto(at('/self-service/login/browser?refresh=true'))
  expect(await heading(page)).toBe('Confirm that it is you')
  expect(await page.getByRole('status').textContent()).toContain('confirm')
  expect(await focused(page)).toBe('password')
})

test.each([
  ['no flow', async () => '/ui/login'],
  ['a malformed flow', async () => '/ui/login?flow=x%00y'],
  ['an unknown flow', async () => '/ui/login?flow=00000000-0000-4000-8000-000000000000'],
  [
    'a flow of another kind',
    async (page: Page) => (await started(page, 'registration')).replace('registration', 'login'),
  ],
  ["somebody else's flow", async () => started(await openBrowser(), 'login')],
  [
    'an expired flow',
    async (page: Page) => {
      const path = await started(page, 'login')
      app.turn(11 * 60_000)
      return path
    },
  ],
])('%s leads to a form that can be sent', async (_name, pathFor) => {
  const page = await openBrowser()
  const path = await pathFor(page)
  await page.goto(at(path))
  expect(page.url()).toMatch(/\/ui\/login\?flow=[0-9a-f-]{36}$/)
  expect(page.url()).not.toBe(at(path))
  await page.getByLabel('E-Mail').fill('nobody@example.test')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  expect(await page.getByRole('alert').textContent()).toContain('credentials are invalid')
})

/** Starts a flow in a browser and tells the path of its page. */
async function started(page: Page, flow: 'login' | 'registration') {
  await page.goto(at(`/ui/${flow}`))
  return page.url().slice(app.publicUrl.length)
}

test('a browser that keeps no cookies is told so instead of being sent around', async () => {
  let url = at('/ui/login')
  for (let hops = 0; hops < 10; hops++) {
    const answer = await fetch(url, { redirect: 'manual' })
    const location = answer.headers.get('location')
    if (location === null) {
      expect(answer.status).toBe(400)
      expect(await answer.text()).toContain('Your browser kept no cookie')
      return
    }
    url = location
  }
  throw new Error('It is sent around for ever.')
})

test('a form sent from another time ends on a page that explains, with a reference and a way out', async () => {
  const page = await openBrowser()
  await page.goto(at('/ui/login'))
  await page.context().clearCookies()
  await page.getByLabel('E-Mail').fill('ann@example.test')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  expect(page.url()).toMatch(/\/ui\/error\?id=/)
  expect(await heading(page)).toBe('Please send the form again')
  expect(await page.locator('code').first().textContent()).toBe(new URL(page.url()).searchParams.get('id'))
  await page.getByRole('link', { name: 'Start again' }).click()
  expect(await heading(page)).toBe('You are not signed in')
})

test('an action that refuses to start a flow is quoted on the error page', async () => {
  receiver.on('/closed', {
    status: 400,
    json: { messages: [{ instance_ptr: '#/', messages: [{ id: 1, text: 'We are <closed> today.', type: 'error' }] }] },
  })
  await configure({ login: [webHook(receiver.url('/closed'), { can_interrupt: true })] })
  const page = await openBrowser()
  await page.goto(at('/ui/login'))
  expect(await heading(page)).toBe('This is not possible now')
  expect(await page.locator('main').textContent()).toContain('We are <closed> today.')
})

test.each(['', '?id=', '?id=x', '?id=00000000-0000-4000-8000-000000000000'])(
  'the error page has something to say about %j',
  async (query) => {
    const answer = await fetch(at(`/ui/error${query}`))
    expect(answer.status).toBe(404)
    expect(await answer.text()).toContain('Nothing to see here')
  },
)

test('another site cannot sign anybody out without asking', async () => {
  const page = await openBrowser()
  await register(page, newAddress())
  const cookies = await page.context().cookies(app.publicUrl)
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  const answer = await fetch(at('/ui/logout'), {
    headers: { cookie, 'sec-fetch-site': 'cross-site' },
    redirect: 'manual',
  })
  expect(answer.status).toBe(200)
  expect(await answer.text()).toContain('Stay signed in')
  await page.goto(at('/ui/'))
  expect(await heading(page)).toBe('You are signed in')
})

test.each(['light', 'dark'] as const)('every page fits 320 pixels (%s)', async (colorScheme) => {
  const page = await openBrowser({ viewport: { width: 320, height: 640 }, colorScheme })
  const fits = async (path: string) => {
    await page.goto(path)
    expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, 320])
  }
  for (const path of ['/ui/', '/ui/login', '/ui/registration', '/ui/error?id=x']) {
    await fits(at(path))
  }
  await register(page, `${'a-very-long-name-'.repeat(3)}${colorScheme}@example.test`)
  await fits(at('/ui/'))
  await fits(`${app.adminUrl}/dev`)
  await fits(`${app.adminUrl}/dev/echo`)
})

describe('the echo page', () => {
  beforeEach(async () => {
    const answer = await fetch(`${app.adminUrl}/dev/echo`, { method: 'DELETE' })
    expect(answer.status).toBe(204)
    await configure({ hooks: [webHook(`${app.adminUrl}/echo/after`, { response: { ignore: true } })] })
  })

  test('shows a call of an action while one looks, with what it was about', async () => {
    const [person, watcher] = [await openBrowser(), await openBrowser()]
    await watcher.goto(`${app.adminUrl}/dev/echo`)
    expect(await watcher.getByRole('heading', { name: 'Make an action run' }).isVisible()).toBe(true)

    const email = newAddress()
    await register(person, email)
    const call = watcher.locator('.call').filter({ hasText: email })
    await call.waitFor()
    const text = await call.textContent()
    expect(text).toContain('POST/echo/after')
    expect(text).toContain('registration.after.password')
    expect(await watcher.getByRole('status').textContent()).toBe('1 call')

    // The second one is put on top, and what the reader has opened stays open.
    await call.getByText('Headers', { exact: true }).click()
    const second = newAddress()
    await register(await openBrowser(), second)
    await watcher.locator('.call').nth(1).waitFor()
    expect(await watcher.locator('.call').first().textContent()).toContain(second)
    expect(await watcher.getByRole('status').textContent()).toBe('2 calls')
    expect(await call.locator('details').first().getAttribute('open')).toBe('')
  })

  test('is the same without scripts, and can be cleared', async () => {
    const page = await openBrowser({ javaScriptEnabled: false })
    const email = newAddress()
    await register(page, email)
    await expect.poll(async () => (await fetch(`${app.adminUrl}/dev/echo.json`)).text()).toContain(email)
    await page.goto(`${app.adminUrl}/dev/echo?live=off`)
    expect(await page.locator('.call').count()).toBe(1)
    expect(await page.locator('.call pre').textContent()).toContain(email)

    await page.getByRole('button', { name: 'Clear' }).click()
    expect(await page.locator('.call').count()).toBe(0)
    expect(await page.getByText('Nothing has arrived yet.').isVisible()).toBe(true)
  })

  test('tells scripts the same as JSON, without secrets', async () => {
    await fetch(`${app.adminUrl}/echo/x?status=201`, {
      method: 'PUT',
      headers: { authorization: 'Bearer hunter2', cookie: 'a=hunter2', 'content-type': 'application/json' },
      body: JSON.stringify({ trigger: { flow: 'login', phase: 'before' } }),
    })
    const text = await (await fetch(`${app.adminUrl}/dev/echo.json`)).text()
    expect(text).not.toContain('hunter2')
    expect(JSON.parse(text)).toMatchObject({
      calls: [
        {
          method: 'PUT',
          path: '/echo/x?status=201',
          answered: 201,
          about: { trigger: 'login.before' },
          json: { trigger: { flow: 'login', phase: 'before' } },
        },
      ],
    })
  })

  test('refuses as a receiver would when its URL says so', async () => {
    const url = `${app.adminUrl}/echo/gate?status=400&field=%23/traits/email&message=Not%20today`
    await configure({ hooks: [webHook(url, { response: { parse: true } })] })
    const page = await openBrowser()
    await register(page, newAddress())
    expect(await page.locator('[id="field-traits.email-notes"]').textContent()).toBe('Error: Not today')
  })
})
