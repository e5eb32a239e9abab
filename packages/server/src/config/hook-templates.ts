import { compile, JsonnetError } from '@cardea/jsonnet'
import { eventPlace, hooksPath, placeOf } from '../core/place.ts'
import type { EventHookList, HookList, Settings } from '../core/settings.ts'
import type { Finding } from './check.ts'
import type { Path } from './path.ts'
import { fileOf, type Reading, readResource, reasonOf } from './resources.ts'

type Template = { readonly path: Path; readonly location: string }

type List = HookList | EventHookList

const pathOf = (list: List): Path =>
  hooksPath('event' in list ? eventPlace(list.event) : placeOf(list.flow, list.phase, list.method))

/** The body templates of a configuration that are at hand: those of the web are fetched when they are needed. */
const templatesOf = (lists: readonly List[]): readonly Template[] =>
  lists.flatMap((list) =>
    list.entries.flatMap(({ config }, at) => {
      const location = config?.['body']
      if (typeof location !== 'string' || ['', 'none'].includes(location) || /^https?:\/\//.test(location)) return []
      return [{ path: [...pathOf(list), at, 'config', 'body'], location }]
    }),
  )

type Checked = {
  readonly findings: readonly Finding[]
  readonly files: readonly string[]
  readonly texts: readonly string[]
}

/** Reads the templates, so that a mistake is told when it is made and not when somebody signs in. */
export async function checkTemplates(
  reading: Reading,
  lists: readonly List[],
  profile: Settings['profile'],
): Promise<Checked> {
  const templates = templatesOf(lists)
  const read = await Promise.all(templates.map((template) => checkTemplate(reading, template, profile)))
  return {
    findings: read.flatMap(({ finding }) => finding ?? []),
    files: templates.flatMap(({ location }) => fileOf(location) ?? []),
    texts: read.map(({ text }) => text),
  }
}

async function checkTemplate(reading: Reading, { path, location }: Template, profile: Settings['profile']) {
  const wrong = (need: string): Finding => ({
    path,
    part: 'value',
    got: JSON.stringify(location.length > 60 ? `${location.slice(0, 57)}…` : location),
    need,
    // As in Ory, such a hook fails when it is called.
    ...(profile === 'ory' ? { severity: 'warning' } : {}),
  })
  let text = ''
  try {
    text = await readResource(reading, location)
    compile(text, { filename: fileOf(location) ?? 'body' })
    return { text, finding: null }
  } catch (error) {
    const need =
      error instanceof JsonnetError
        ? `a Jsonnet template (${firstLine(error.message)})`
        : `a template that can be read (${reasonOf(error)})`
    return { text, finding: wrong(need) }
  }
}

const firstLine = (text: string) => text.trim().split('\n', 1)[0] ?? ''
