import type { CourierSettings, MessagePart } from '../core/courier-settings.ts'
import type { Log } from '../core/log.ts'
import type { TemplateName } from '../core/mail.ts'
import type { Clock, Milliseconds, Time } from '../core/time.ts'
import type { OutgoingClient } from '../net/outgoing.ts'
import { DEFAULT_TEMPLATES } from './default-templates.ts'
import { type GoTemplate, loadGoTemplate } from './go-template/go-template.ts'
import type { SourceFile } from './go-template/problem.ts'
import { templateFile } from './template-files.ts'

/** How the templates of messages are had; every file is read anew, and kept compiled as long as it stays the same. */
export type MessageTemplates = {
  /** The operator's own, or null where there is none. Throws where there is one that cannot be used. */
  own(template: TemplateName, part: MessagePart): Promise<GoTemplate | null>
  builtIn(template: TemplateName, part: MessagePart): GoTemplate
  /** What a location leads to, as it is: the body of an HTTP channel. */
  read(location: string): Promise<string>
}

export type TemplateDeps = {
  readonly settings: Pick<CourierSettings, 'templates' | 'templateFolder'>
  readonly client: Pick<OutgoingClient, 'send'>
  readonly clock: Clock
  readonly log: Log
  readonly readFile: (path: string) => Promise<string>
  /** The names in a folder; none where there is no such folder. */
  readonly listFolder: (path: string) => Promise<readonly string[]>
  /** Outlives the settings, so that a change of them costs no new fetch. */
  readonly cache: TemplateCache
}

export type TemplateCache = {
  readonly compiled: Map<string, GoTemplate>
  readonly fetched: Map<string, { readonly text: string; readonly until: Time }>
}

export const createTemplateCache = (): TemplateCache => ({ compiled: new Map(), fetched: new Map() })

/** How long a fetched template is believed; as with those of web_hook. */
const FETCHED_FOR: Milliseconds = 60 * 60 * 1000
const BUDGET: Milliseconds = 5_000
const MOST_KEPT = 500

export function openMessageTemplates(deps: TemplateDeps): MessageTemplates {
  const overrides = new Map(deps.settings.templates.map((each) => [`${each.template} ${each.part}`, each.location]))
  return {
    own: async (template, part) => {
      const location = overrides.get(`${template} ${part}`)
      const files =
        location === undefined
          ? await filesInFolder(deps, deps.settings.templateFolder, template, part)
          : [await atLocation(deps, location, part)]
      return files === null ? null : compiled(deps, files, part)
    },
    builtIn: (template, part) => {
      const file = { file: `${template}.${part}`, text: DEFAULT_TEMPLATES[template][part] }
      return compiled(deps, [file], part)
    },
    read: async (location) => (await atLocation(deps, location, 'body')).text,
  }
}

/** Of several files, the first is the template, and the others are those it may call. */
function compiled({ cache }: Pick<TemplateDeps, 'cache'>, files: readonly SourceFile[], part: MessagePart): GoTemplate {
  const [file, ...beside] = files
  const key = JSON.stringify([part === 'html', files])
  const known = cache.compiled.get(key)
  if (known !== undefined || file === undefined) return known ?? { render: () => '' }
  const template = loadGoTemplate(file, { html: part === 'html', beside })
  keep(cache.compiled, key, template)
  return template
}

function keep<V>(map: Map<string, V>, key: string, value: V): void {
  const oldest = map.size >= MOST_KEPT ? map.keys().next() : null
  if (oldest !== null && oldest.done !== true) map.delete(oldest.value)
  map.set(key, value)
}

async function atLocation(deps: TemplateDeps, location: string, part: MessagePart | 'body'): Promise<SourceFile> {
  if (/^https?:\/\//.test(location)) return { file: location, text: await fetched(deps, location) }
  if (location.startsWith('base64://')) {
    return { file: `${part} (base64)`, text: Buffer.from(location.slice('base64://'.length), 'base64').toString() }
  }
  const path = pathOf(location)
  return { file: path, text: await deps.readFile(path) }
}

/** `file://./x` is no URL, and is what people write. */
export function pathOf(location: string): string {
  if (!location.startsWith('file://')) return location
  const rest = location.slice('file://'.length)
  return rest.startsWith('/') ? decodeURIComponent(rest) : rest
}

/** An answer that does not come is made up for by the last one that did. */
async function fetched(deps: TemplateDeps, url: string): Promise<string> {
  const { client, clock, cache, log } = deps
  const known = cache.fetched.get(url)
  if (known !== undefined && known.until > clock.now()) return known.text
  const sent = await client.send({ method: 'GET', url, headers: {}, body: null }, { budget: BUDGET })
  if (sent.kind === 'answered' && sent.status === 200) {
    const text = sent.body.toString()
    keep(cache.fetched, url, { text, until: clock.now() + FETCHED_FOR })
    return text
  }
  const detail = sent.kind === 'failed' ? sent.detail : `answered ${sent.status}`
  if (known === undefined) throw new Error(`the template could not be fetched: ${detail}`)
  log('warn', 'mail_template_not_fetched', { url, detail })
  return known.text
}

/** A template in a folder that replaces the built-in ones, and after it those it may call; null where there is none. */
export async function filesInFolder(
  deps: Pick<TemplateDeps, 'readFile' | 'listFolder'>,
  root: string | null,
  template: TemplateName,
  part: MessagePart,
): Promise<readonly SourceFile[] | null> {
  if (root === null) return null
  const { folder, file, family } = templateFile(template, part)
  const path = `${root.replace(/\/$/, '')}/${folder}`
  const names = (await deps.listFolder(path)).filter((name) => name.startsWith(family))
  if (!names.includes(file)) return null
  const ordered = [file, ...names.filter((name) => name !== file).sort()]
  return Promise.all(ordered.map(async (name) => ({ file: name, text: await deps.readFile(`${path}/${name}`) })))
}
