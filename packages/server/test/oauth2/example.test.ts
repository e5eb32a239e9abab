import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type App, startApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config/load.ts'
import { realWorld } from '../../src/world.ts'
import { startChromium } from '../browser/chromium.ts'
import { freePort } from '../free-port.ts'

// examples/web-application as its README starts it, only on other ports.

const FOLDER = new URL('../../../../examples/web-application/', import.meta.url)
const children: ChildProcess[] = []
let browser: Browser
let app: App
let home: string

function start(script: string, env: { readonly [name: string]: string }): Promise<void> {
  const child = spawn(process.execPath, [new URL(script, FOLDER).pathname], {
    env: { ...process.env, ...env },
    stdio: 'pipe',
  })
  children.push(child)
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}`)))
    child.stdout?.once('data', () => resolve())
    // The receiver says nothing before it is called.
    if (script === 'claims.mjs') setTimeout(resolve, 500)
  })
}

beforeAll(async () => {
  const ports = await Promise.all(
    [4433, 4434, 4444, 4445, 8080, 3000].map(async (port) => [port, await freePort()] as const),
  )
  const onOtherPorts = (text: string) =>
    ports.reduce((all, [port, free]) => all.replaceAll(String(port), String(free)), text)
  const file = onOtherPorts(readFileSync(new URL('cardea.yml', FOLDER), 'utf8'))
  const { settings } = await loadConfig({
    files: ['cardea.yml'],
    profile: 'safe',
    dev: true,
    env: {},
    readFile: async () => file,
  })
  app = await startApp({ settings, world: realWorld(), log: () => {}, version: '0.0.0-test', migrate: true })
  home = onOtherPorts('http://localhost:3000/')
  const readme = onOtherPorts(readFileSync(new URL('README.md', FOLDER), 'utf8'))
  const [, url = '', body = ''] = /curl -s (\S+) -d '([^']+)'/.exec(readme) ?? []
  const client: { readonly client_id: string; readonly client_secret: string } = JSON.parse(
    await (await fetch(url, { method: 'POST', body })).text(),
  )
  await start('claims.mjs', { PORT: onOtherPorts('8080') })
  await start('app.mjs', {
    PORT: onOtherPorts('3000'),
    ISSUER: onOtherPorts('http://localhost:4444/'),
    CLIENT_ID: client.client_id,
    CLIENT_SECRET: client.client_secret,
  })
  browser = await startChromium()
}, 60_000)

afterAll(async () => {
  for (const child of children) child.kill()
  await Promise.all([browser.close(), app.stop()])
})

/** From the application's link to its page, as somebody who has an account or makes one. */
async function signUp(page: Page): Promise<void> {
  await page.goto(home)
  await page.click('text=Sign in')
  await page.waitForSelector('[name="identifier"]')
  await page.click('text=Create an account')
  await page.fill('[name="traits.email"]', 'ann@example.test')
  await page.fill('[name="password"]', 'a-long-enough-pass-phrase')
  await page.click('button[name="method"]')
}

test('somebody signs up for the application, allows it, has the action’s claim, and another one after a refresh', async () => {
  const page = await browser.newPage()
  await signUp(page)
  await page.waitForSelector('text=The example asks for access')
  await page.click('text=Allow')
  await page.waitForSelector('#plan')
  expect(page.url()).toBe(home)
  expect(await page.textContent('body')).toContain('ann@example.test')
  expect(await page.textContent('#plan')).toBe('free')
  await page.click('text=Refresh')
  await expect.poll(() => page.textContent('#plan')).toBe('pro')
  await page.click('text=Sign out')
  await page.waitForSelector('text=The example asks to sign you out.')
  await page.click('button:has-text("Sign out")')
  await expect.poll(() => page.textContent('body')).toContain('You are not signed in.')
}, 60_000)
