import { type FSWatcher, watch } from 'node:fs'
import { dirname, resolve } from 'node:path'
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
  const state = { isClosed: false, revision: loaded.settings.revision, queue: Promise.resolve() }
  const reload = async () => {
    if (state.isClosed) return
    try {
      const next = await loadConfig(again)
      if (state.isClosed) return
      files.follow(next.sources)
      changed(next)
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

/** Watches the folders of files, as editors and orchestrators replace files instead of writing to them. */
function watchFiles(report: () => void) {
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
