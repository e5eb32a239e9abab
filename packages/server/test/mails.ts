import { isJsonObject, type Json } from '../src/core/json.ts'
import type { TestApp } from './app.ts'
import { textIn } from './somebody.ts'

/** A message the server has for somebody. */
export type Mail = {
  readonly template: string
  readonly subject: string
  readonly text: string
  readonly code: string
  readonly link: string
}

/** Everything that is to be sent to an address, oldest first, as an administrator sees it in development. */
export async function mailsTo({ adminUrl }: Pick<TestApp, 'adminUrl'>, address: string): Promise<readonly Mail[]> {
  const answer = await fetch(`${adminUrl}/admin/courier/messages?recipient=${encodeURIComponent(address)}`)
  const listed: Json = JSON.parse(await answer.text())
  if (!Array.isArray(listed)) throw new Error(`no messages: ${JSON.stringify(listed)}`)
  return listed.toReversed().map((message: Json): Mail => {
    const text = isJsonObject(message) ? textIn(message, 'body') : ''
    return {
      template: textIn(message, 'template_type'),
      subject: textIn(message, 'subject'),
      text,
      code: /\b\d{6}\b/.exec(text)?.[0] ?? '',
      link: /https?:\/\/\S+/.exec(text)?.[0] ?? '',
    }
  })
}

async function lastMailTo(app: Pick<TestApp, 'adminUrl'>, address: string): Promise<Mail> {
  const mail = (await mailsTo(app, address)).at(-1)
  if (mail === undefined) throw new Error(`there is no mail to ${address}`)
  return mail
}

/** The code of the newest message. */
export const codeTo = async (app: Pick<TestApp, 'adminUrl'>, address: string) => (await lastMailTo(app, address)).code
/** The link of the newest message. */
export const linkTo = async (app: Pick<TestApp, 'adminUrl'>, address: string) => (await lastMailTo(app, address)).link
