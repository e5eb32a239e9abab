import { loadGoTemplate } from '../courier/go-template/go-template.ts'
import { GoTemplateError } from '../courier/go-template/problem.ts'
import type { CourierSettings, TemplateOverride } from '../core/courier-settings.ts'
import type { Settings } from '../core/settings.ts'
import type { Finding } from './check.ts'
import { fileOf, type Reading, readResource, reasonOf } from './resources.ts'

type Checked = {
  readonly findings: readonly Finding[]
  readonly files: readonly string[]
  readonly texts: readonly string[]
}

/** Reads the templates of messages that are at hand: one that cannot be used is told here, with its place. */
export async function checkMessageTemplates(
  reading: Reading,
  { templates }: Pick<CourierSettings, 'templates'>,
  profile: Settings['profile'],
): Promise<Checked> {
  const atHand = templates.filter(({ location }) => !/^https?:\/\//.test(location))
  const read = await Promise.all(atHand.map((template) => checkOne(reading, template, profile)))
  return {
    findings: read.flatMap(({ finding }) => finding ?? []),
    files: atHand.flatMap(({ location }) => fileOf(location) ?? []),
    texts: read.map(({ text }) => text),
  }
}

async function checkOne(reading: Reading, { location, part, where }: TemplateOverride, profile: Settings['profile']) {
  const wrong = (need: string): Finding => ({
    path: where.split('.'),
    part: 'value',
    got: JSON.stringify(location.length > 60 ? `${location.slice(0, 57)}…` : location),
    need,
    // As in Ory, the built-in template steps in for it.
    ...(profile === 'ory' ? { severity: 'warning' } : {}),
  })
  let text = ''
  try {
    text = await readResource(reading, location)
    loadGoTemplate({ file: fileOf(location) ?? part, text }, { html: part === 'html' })
    return { text, finding: null }
  } catch (error) {
    const need =
      error instanceof GoTemplateError
        ? `a template of Go's text/template (${error.message})`
        : `a template that can be read (${reasonOf(error)})`
    return { text, finding: wrong(need) }
  }
}
