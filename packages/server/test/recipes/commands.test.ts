import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { builtInRecipes } from '../../src/config/recipes.ts'
import { minimalText } from '../minimal-config.ts'
import { startReceiver } from '../receiver.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'cardea-recipes-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function cardea(...args: readonly string[]): Promise<{ readonly code: number | null; readonly out: string }> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], { cwd: folder })
  const chunks: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(String(chunk)))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out: chunks.join('') })))
}

/** Each command is a process that reads the whole program. */
const SLOW = 120_000

describe('cardea recipes', { timeout: SLOW }, () => {
  test('lists every recipe, shows one, and knows what was meant', async () => {
    const list = await cardea('recipes', 'list')
    const show = await cardea('recipes', 'show', 'stripe')
    const wrong = await cardea('recipes', 'show', 'hubspt')
    for (const { name } of await builtInRecipes()) expect(list.out).toContain(name)
    expect(show.out).toContain('# Stripe')
    expect(show.out).toContain('metadata_admin.stripe.customer_id')
    expect(wrong).toMatchObject({ code: 1, out: expect.stringContaining('Did you mean hubspot?') })
  })

  test('what init writes is a configuration that loads, once its secrets are there', async () => {
    const { out } = await cardea('recipes', 'init', 'mailchimp')
    expect(parse(out)).toEqual({
      actions: {
        connections: {
          mailchimp: {
            recipe: 'mailchimp',
            secrets: { api_key: 'env://MAILCHIMP_API_KEY' },
            params: { list_id: 'a1b2c3d4e5' },
            on: ['registration', 'verification', 'settings', 'identity.deleted'],
          },
        },
      },
    })
    writeFileSync(join(folder, 'chimp.yml'), `${minimalText}${out}`)
    const missing = await cardea('config', 'check', '-c', 'chimp.yml')
    expect(missing).toMatchObject({ code: 1, out: expect.stringContaining('environment variable MAILCHIMP_API_KEY') })
  })
})

test('cardea connections test shows what would be sent, and asks the vendor; no secret is shown', {
  timeout: SLOW,
}, async () => {
  const vendor = await startReceiver()
  vendor.on(
    '/debug/mp/collect',
    { json: { validationMessages: [] } },
    { json: { validationMessages: [{ description: 'NAME_INVALID' }] } },
  )
  const text = `${minimalText}dev: true
actions:
  connections:
    visits:
      recipe: google-analytics
      secrets: { api_secret: hush-hush }
      params: { measurement_id: G-ABC }
      base_url: ${vendor.url('')}
`
  writeFileSync(join(folder, 'visits.yml'), text)
  const fine = await cardea('connections', 'test', 'visits', '-c', 'visits.yml', '--on', 'registration')
  expect(fine.code).toBe(0)
  expect(fine.out).toContain('"name": "sign_up"')
  expect(fine.out).toContain('api_secret=${secrets.api_secret}')
  expect(fine.out).toContain('Fine: answered 200')
  const wrong = await cardea('connections', 'test', 'visits', '-c', 'visits.yml')
  expect(wrong).toMatchObject({
    code: 1,
    out: expect.stringContaining('Not fine: answered 200: Google would not take this: NAME_INVALID'),
  })
  const dry = await cardea('connections', 'test', 'visits', '-c', 'visits.yml', '--dry-run')
  expect(dry.out).toContain('Nobody was asked')
  // Nothing is ever sent to where events are counted, and the vendor was asked with the secret.
  expect(vendor.calls.map(({ path }) => path)).toEqual(
    Array(2).fill('/debug/mp/collect?measurement_id=G-ABC&api_secret=hush-hush'),
  )
  expect([fine.out, wrong.out, dry.out].join('\n')).not.toContain('hush-hush')
  await vendor.close()
})
