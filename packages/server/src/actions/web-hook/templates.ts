import { compile, type Program } from '@cardea/jsonnet'
import type { Clock, Milliseconds, Time } from '../../core/time.ts'
import type { OutgoingClient } from '../../net/outgoing.ts'

/** A template could not be had: where it lies, or what is wrong with it. */
export class TemplateError extends Error {}

/** Loads body templates, and keeps them compiled. */
export type Templates = {
  load(location: string, budget: Milliseconds): Promise<Program>
  /** The text that lies there, as it is. */
  read(location: string, budget: Milliseconds): Promise<string>
}

type Deps = {
  readonly client: Pick<OutgoingClient, 'send'>
  readonly clock: Clock
  readonly readFile: (path: string) => Promise<string>
}

/** How long a fetched template is believed (ory-actions.md §4.5). */
const FETCHED_FOR: Milliseconds = 60 * 60 * 1000
const MOST_KEPT = 1000

export function openTemplates(deps: Deps): Templates {
  const programs = new Map<string, Program>()
  const fetched = new Map<string, { readonly source: string; readonly until: Time }>()

  const remote = async (location: string, budget: Milliseconds) => {
    const known = fetched.get(location)
    if (known !== undefined && known.until > deps.clock.now()) return known.source
    const source = await fetchTemplate(deps.client, location, budget)
    keep(fetched, location, { source, until: deps.clock.now() + FETCHED_FOR })
    return source
  }
  const read = (location: string, budget: Milliseconds) => {
    const scheme = /^(https?|file|base64):\/\//.exec(location)?.[1]
    return scheme === 'http' || scheme === 'https' ? remote(location, budget) : local(deps, location, scheme)
  }
  return {
    read,
    load: async (location, budget) => {
      const source = await read(location, budget)
      const known = programs.get(source)
      if (known !== undefined) return known
      const program = compile(source, { filename: 'body' })
      keep(programs, source, program)
      return program
    },
  }
}

/** A map that forgets what it learnt first once it is full. */
function keep<V>(map: Map<string, V>, key: string, value: V): void {
  const oldest = map.size >= MOST_KEPT ? map.keys().next() : null
  if (oldest !== null && oldest.done !== true) map.delete(oldest.value)
  map.set(key, value)
}

async function fetchTemplate(client: Deps['client'], url: string, budget: Milliseconds): Promise<string> {
  const sent = await client.send({ method: 'GET', url, headers: {}, body: null }, { budget })
  if (sent.kind === 'failed') throw new TemplateError(`the template could not be fetched: ${sent.detail}`)
  if (sent.status !== 200) throw new TemplateError(`the template could not be fetched: answered ${sent.status}`)
  return sent.body.toString()
}

async function local({ readFile }: Deps, location: string, scheme: string | undefined): Promise<string> {
  if (location === '') throw new TemplateError('got empty template path for request with body')
  if (scheme === 'base64') return decode(location.slice('base64://'.length))
  // Deprecated by Ory: a plain path.
  const path = scheme === 'file' ? location.slice('file://'.length) : location
  try {
    return await readFile(path)
  } catch (cause) {
    throw new TemplateError('the template file could not be read', { cause })
  }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

function decode(text: string): string {
  if (BASE64.test(text)) return Buffer.from(text, 'base64').toString()
  throw new TemplateError('the template is not valid base64')
}
