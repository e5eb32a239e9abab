import { type FSWatcher, watch } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Settings } from '../core/settings.ts'
import type { Milliseconds } from '../core/time.ts'
import { type Loaded, type LoadOptions, loadConfig } from './load.ts'

type Listeners = {
  /** A valid change: this is in force from now on. */
  readonly changed: (next: Loaded) => void
  /** A change that can't be used: what was in force stays. */
  readonly refused: (error: unknown) => void
}

/** An editor saves in several steps; they are one change. */
const QUIET: Milliseconds = 100

/** Loads again whenever a file changes that the configuration was made of, or refers to. */
export function watchConfig(options: LoadOptions, loaded: Loaded, { changed, refused }: Listeners): { close(): void } {
  const again = { ...options, generatedSecret: loaded.generatedSecret }
  const state = { isClosed: false, inForce: loaded, queue: Promise.resolve() }
  const reload = async () => {
    if (state.isClosed) return
    try {
      const next = await loadConfig(again)
      if (state.isClosed) return
      files.follow(next.sources)
      if (next.fingerprint === state.inForce.fingerprint) return
      const restart = needsRestart(state.inForce.settings, next.settings)
      changed({ ...next, warnings: [...next.warnings, ...restart] })
      // Not before: what could not be put in force is tried again with the next change.
      state.inForce = next
    } catch (error) {
      if (!state.isClosed) refused(error)
    }
  }
  const files = watchFiles(() => {
    state.queue = state.queue.then(reload)
  })
  files.follow(loaded.sources)
  return {
    close: () => {
      state.isClosed = true
      files.close()
    },
  }
}

/** What is read once, when the server starts (as in Ory: listeners and the log; and the database). */
const AT_START: readonly { readonly key: string; readonly of: (settings: Settings) => unknown }[] = [
  { key: 'dsn', of: ({ dsn }) => dsn },
  { key: 'log', of: ({ log }) => log },
  { key: 'serve.public.host', of: ({ serve }) => serve.public.host },
  { key: 'serve.public.port', of: ({ serve }) => serve.public.port },
  { key: 'serve.admin.host', of: ({ serve }) => serve.admin.host },
  { key: 'serve.admin.port', of: ({ serve }) => serve.admin.port },
]

const needsRestart = (before: Settings, after: Settings) =>
  AT_START.filter(({ of }) => !isDeepStrictEqual(of(before), of(after))).map(
    ({ key }) => `${key}: has changed, and takes effect when the server is started again`,
  )

/** Watches the folders of files, as editors and orchestrators replace files instead of writing to them. */
export function watchFiles(report: () => void) {
  const folders = new Map<string, FSWatcher>()
  const followed = new Set<string>()
  const pending: { timer?: NodeJS.Timeout } = {}
  const note = (folder: string, name: string | null) => {
    // A mounted configuration is a link to a link (`..data`): then every change of the folder may be one of the file.
    const isOurs = name === null || name.startsWith('..') || followed.has(resolve(folder, name))
    if (!isOurs) return
    clearTimeout(pending.timer)
    pending.timer = setTimeout(report, QUIET)
  }
  return {
    follow: (files: readonly string[]) => {
      for (const file of files.map((each) => resolve(each))) {
        followed.add(file)
        const folder = dirname(file)
        if (folders.has(folder)) continue
        const watcher = watch(folder, { persistent: false }, (_event, name) => note(folder, name))
        watcher.on('error', () => watcher.close())
        folders.set(folder, watcher)
      }
    },
    close: () => {
      clearTimeout(pending.timer)
      for (const watcher of folders.values()) watcher.close()
    },
  }
}
