import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { minimalText, personSchema } from '../../test/minimal-config.ts'
import { type Loaded, type LoadOptions, loadConfig } from './load.ts'
import { watchConfig } from './watch.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

async function watched(files: { readonly [name: string]: string }, overrides: LoadOptions['overrides'] = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'cardea-watch-'))
  const path = (name: string) => join(folder, name)
  for (const [name, text] of Object.entries(files)) writeFileSync(path(name), text.replaceAll('FOLDER', folder))
  const options: LoadOptions = { files: [path('cardea.yml')], profile: 'safe', dev: true, env: {}, overrides }
  const events: (Loaded | Error)[] = []
  const waiting: (() => void)[] = []
  const note = (event: Loaded | Error) => {
    events.push(event)
    for (const wake of waiting.splice(0)) wake()
  }
  const watcher = watchConfig(options, await loadConfig(options), {
    changed: note,
    refused: (error) => note(error instanceof Error ? error : new Error(String(error))),
  })
  cleanups.push(() => {
    watcher.close()
    rmSync(folder, { recursive: true })
  })
  return {
    folder,
    path,
    events,
    watcher,
    write: (name: string, text: string) => writeFileSync(path(name), text.replaceAll('FOLDER', folder)),
    /** The next thing that is told; null if nothing is. */
    next: async (within = 5_000) => {
      const told = events.length
      await Promise.race([
        new Promise<void>((resolve) => waiting.push(resolve)),
        new Promise<void>((resolve) => setTimeout(resolve, within)),
      ])
      return events[told] ?? null
    },
  }
}
const levelOf = (event: Loaded | Error | null) =>
  event === null || event instanceof Error ? event : event.settings.log.level

test('a change takes effect, one that is wrong does not and says why, and the next right one does again', async () => {
  const { write, next } = await watched({ 'cardea.yml': minimalText })
  const first = next()
  write('cardea.yml', `${minimalText}log: {level: debug}`)
  expect(levelOf(await first)).toBe('debug')
  const second = next()
  write('cardea.yml', `${minimalText}log: {level: loud}`)
  expect(await second).toMatchObject({
    name: 'ConfigError',
    message: expect.stringContaining('log.level\n  got   "loud"'),
  })
  const third = next()
  write('cardea.yml', `${minimalText}log: {level: error}`)
  expect(levelOf(await third)).toBe('error')
})

test('an editor that replaces the file instead of writing to it is seen', async () => {
  const { write, next, path } = await watched({ 'cardea.yml': minimalText })
  for (const level of ['debug', 'error']) {
    const told = next()
    write('new.yml', `${minimalText}log: {level: ${level}}`)
    renameSync(path('new.yml'), path('cardea.yml'))
    expect(levelOf(await told)).toBe(level)
  }
})

test('a change of a schema or a template is a change', async () => {
  const config = `${minimalText.replace(/url: .*/, 'url: file://FOLDER/person.json')}  flows: {login: {before: {hooks: [{hook: web_hook, config: {url: "https://b.test/", method: POST, body: "file://FOLDER/body.jsonnet"}}]}}}\n`
  const { write, next } = await watched({
    'cardea.yml': config,
    'person.json': JSON.stringify(personSchema),
    'body.jsonnet': '{}',
  })
  const first = next()
  write('person.json', JSON.stringify({ ...personSchema, title: 'Changed' }))
  expect(await first).toMatchObject({ settings: { identity: { schemas: [{ document: { title: 'Changed' } }] } } })
  const second = next()
  write('body.jsonnet', '{ changed: true }')
  expect(await second).toHaveProperty('fingerprint')
  const third = next()
  write('body.jsonnet', '{ changed: ')
  expect(await third).toMatchObject({
    name: 'ConfigError',
    message: expect.stringContaining('need  a Jsonnet template ('),
  })
})

test('a file that a change has added is watched from then on', async () => {
  const { write, next, folder } = await watched({ 'cardea.yml': minimalText })
  mkdirSync(join(folder, 'schemas'))
  writeFileSync(join(folder, 'schemas/person.json'), JSON.stringify(personSchema))
  const first = next()
  write('cardea.yml', minimalText.replace(/url: .*/, 'url: file://FOLDER/schemas/person.json'))
  expect(await first).toHaveProperty('settings')
  const second = next()
  writeFileSync(join(folder, 'schemas/person.json'), JSON.stringify({ ...personSchema, title: 'Changed' }))
  expect(await second).toMatchObject({ settings: { identity: { schemas: [{ document: { title: 'Changed' } }] } } })
})

test('a mounted configuration, which is a link to a link, is seen to change', async () => {
  const { folder, path, next } = await watched({ 'cardea.yml': minimalText })
  const version = (name: string, level: string) => {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'cardea.yml'), `${minimalText}log: {level: ${level}}`)
    symlinkSync(name, path('..data_tmp'))
    renameSync(path('..data_tmp'), path('..data'))
  }
  const first = next()
  version('..one', 'debug')
  rmSync(path('cardea.yml'))
  symlinkSync('..data/cardea.yml', path('cardea.yml'))
  expect(levelOf(await first)).toBe('debug')
  const second = next()
  version('..two', 'error')
  expect(levelOf(await second)).toBe('error')
})

test('saving the same again, or another file beside it, is no change', async () => {
  const { write, next } = await watched({ 'cardea.yml': minimalText })
  write('other.yml', 'x')
  write('cardea.yml', `# a comment\n${minimalText}`)
  expect(await next(600)).toBeNull()
})

test('secrets that were made up stay, so that nobody is signed out by a change', async () => {
  const { write, next, path } = await watched({ 'cardea.yml': minimalText.replace(/secrets:\n.*\n/, '') })
  const changed = next()
  write('cardea.yml', `${readFileSync(path('cardea.yml'), 'utf8')}log: {level: debug}\n`)
  const event = await changed
  if (event === null || event instanceof Error) throw new Error('nothing has changed')
  expect(event.settings.secrets).toMatchObject({ generated: true, cookie: [event.generatedSecret] })
})

test('what only a new start changes is said', async () => {
  const { write, next } = await watched({ 'cardea.yml': minimalText })
  const changed = next()
  write('cardea.yml', `${minimalText}serve: {public: {port: 8123}}`)
  expect(await changed).toMatchObject({
    warnings: ['serve.public.port: has changed, and takes effect when the server is started again'],
  })
})

test('nothing is told once the watcher is closed', async () => {
  const { write, next, watcher } = await watched({ 'cardea.yml': minimalText })
  const told = next(600)
  write('cardea.yml', `${minimalText}log: {level: debug}`)
  watcher.close()
  expect(await told).toBeNull()
})
