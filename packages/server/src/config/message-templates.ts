import { loadGoTemplate } from '../courier/go-template/go-template.ts'
import { GoTemplateError } from '../courier/go-template/problem.ts'
import { templateFile } from '../courier/template-files.ts'
import { filesInFolder } from '../courier/templates.ts'
import type { CourierSettings, MessagePart, TemplateOverride } from '../core/courier-settings.ts'
import { TEMPLATE_NAMES } from '../core/mail.ts'
import type { Settings } from '../core/settings.ts'
import type { Finding } from './check.ts'
import type { Path } from './path.ts'
import { fileOf, type Reading, readResource, reasonOf } from './resources.ts'

/** How the templates of messages are read: a folder of them as well. */
type FolderReading = Reading & { readonly listFolder: (path: string) => Promise<readonly string[]> }

type Checked = {
  readonly findings: readonly Finding[]
  readonly files: readonly string[]
  readonly texts: readonly string[]
}

/** Reads the templates of messages, wherever they are: one that cannot be used is told here, with its place. */
export async function checkMessageTemplates(
  reading: FolderReading,
  { templates, templateFolder }: Pick<CourierSettings, 'templates' | 'templateFolder'>,
  profile: Settings['profile'],
): Promise<Checked> {
  const folder = templateFolder === null ? NOTHING : await checkFolder(reading, templateFolder, profile)
  const read = await Promise.all(templates.map((template) => checkOne(reading, template, profile)))
  return {
    findings: [...read.flatMap(({ finding }) => finding ?? []), ...folder.findings],
    files: [...templates.flatMap(({ location }) => fileOf(location) ?? []), ...folder.files],
    texts: [
      ...read.flatMap(({ text }, at) => (isRemote(templates[at]?.location ?? '') ? [] : [text])),
      ...folder.texts,
    ],
  }
}

const isRemote = (location: string) => /^https?:\/\//.test(location)

const NOTHING: Checked = { findings: [], files: [], texts: [] }
const PARTS: readonly MessagePart[] = ['subject', 'text', 'html', 'sms']

/** Every template that a folder holds under Kratos' names. */
async function checkFolder(reading: FolderReading, root: string, profile: Settings['profile']): Promise<Checked> {
  const wrong = (need: string, file: string) => finding(['courier', 'template_override_path'], file, need, profile)
  const isThere = await reading.listFolder(root).then(
    () => true,
    () => false,
  )
  if (!isThere) return { ...NOTHING, findings: [wrong('a folder that can be read', root)] }
  // A message for which nothing is there keeps its built-in template.
  const near = { readFile: reading.readFile, listFolder: (path: string) => reading.listFolder(path).catch(() => []) }
  const pairs = TEMPLATE_NAMES.flatMap((template) => PARTS.map((part) => ({ template, part })))
  const checked = await Promise.all(
    pairs.map(async ({ template, part }): Promise<Checked> => {
      const { folder, file } = templateFile(template, part)
      const path = `${root.replace(/\/$/, '')}/${folder}/${file}`
      try {
        const [main, ...beside] = (await filesInFolder(near, root, template, part)) ?? []
        if (main === undefined) return NOTHING
        loadGoTemplate(main, { html: part === 'html', beside })
        return { findings: [], files: [path], texts: [main, ...beside].map(({ text }) => text) }
      } catch (error) {
        return { findings: [wrong(needed(error), path)], files: [path], texts: [] }
      }
    }),
  )
  return {
    findings: checked.flatMap(({ findings }) => findings),
    files: checked.flatMap(({ files }) => files),
    texts: checked.flatMap(({ texts }) => texts),
  }
}

async function checkOne(
  reading: FolderReading,
  { location, part, where }: TemplateOverride,
  profile: Settings['profile'],
) {
  let text = ''
  try {
    text = await readResource(reading, location)
    loadGoTemplate({ file: fileOf(location) ?? part, text }, { html: part === 'html' })
    return { text, finding: null }
  } catch (error) {
    const found = finding(where.split('.'), location, needed(error), profile)
    // Who serves it may be away at the moment; it is asked for again when a message needs it.
    const isAway = isRemote(location) && !(error instanceof GoTemplateError)
    return { text, finding: isAway ? { ...found, severity: 'warning' as const } : found }
  }
}

const needed = (error: unknown) =>
  error instanceof GoTemplateError
    ? `a template of Go's text/template (${error.message})`
    : `a template that can be read (${reasonOf(error)})`

const finding = (path: Path, location: string, need: string, profile: Settings['profile']): Finding => ({
  path,
  part: 'value',
  got: JSON.stringify(location.length > 60 ? `${location.slice(0, 57)}…` : location),
  need,
  // As in Ory, the built-in template steps in for it.
  ...(profile === 'ory' ? { severity: 'warning' } : {}),
})
