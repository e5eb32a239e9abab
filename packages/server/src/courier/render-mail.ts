import type { MessagePart } from '../core/courier-settings.ts'
import type { Effect } from '../core/effect.ts'
import { actionId, deliveryId, identityId, isUuid } from '../core/ids.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import type { Log } from '../core/log.ts'
import type { Message } from '../core/mail.ts'
import { seenHeaders } from '../core/seen-headers.ts'
import type { Clock, Random } from '../core/time.ts'
import type { Seal } from '../crypto/seal.ts'
import type { GoTemplate } from './go-template/go-template.ts'
import { packMessage, type RenderedMessage } from './message.ts'
import { modelOf } from './models.ts'
import type { MessageTemplates } from './templates.ts'

export type MailDeps = {
  readonly templates: MessageTemplates
  readonly settings: Parameters<typeof seenHeaders>[1]
  readonly seal: Pick<Seal, 'seal'>
  readonly clock: Clock
  readonly random: Pick<Random, 'rowId'>
  readonly log: Log
}

/**
 * Makes a message ready to be committed: rendered once, sealed, to be sent when what causes it is stored, and not before.
 * A template of the operator's that cannot be used never keeps anybody from their code: the built-in one steps in, as in
 * Ory, and the log says why.
 */
export async function renderMail(deps: MailDeps, message: Message): Promise<Effect> {
  const rendered = await render(deps, message)
  const id = deliveryId(deps.random.rowId())
  return {
    kind: 'sendMail',
    message: {
      recipient: message.to,
      channel: message.via,
      template: message.template,
      delivery: {
        id,
        eventId: id,
        actionId: actionId('courier'),
        trigger: `mail.${message.template}`,
        identityId: identityOf(message.data),
        createdAt: deps.clock.now(),
        leasedUntil: null,
        leaseToken: null,
        content: { kind: 'mail', sealed: deps.seal.seal(packMessage(rendered)) },
      },
    },
  }
}

function identityOf({ identity }: JsonObject) {
  const id: Json | undefined = identity !== undefined && isJsonObject(identity) ? identity.id : undefined
  return typeof id === 'string' && isUuid(id) ? identityId(id) : null
}

async function render(deps: MailDeps, message: Message): Promise<RenderedMessage> {
  const { json: data, go } = modelOf(message)
  const part = (name: MessagePart) => renderPart(deps, message, name, go)
  const about = {
    channel: message.via,
    recipient: message.to,
    template: message.template,
    data,
    requestHeaders: seenHeaders(message.request, deps.settings),
  }
  if (message.via === 'sms') return { ...about, subject: '', text: await part('sms'), html: null }
  const [subject, text, html] = await Promise.all([part('subject'), part('text'), part('html')])
  return { ...about, subject: oneLine(subject), text, html }
}

async function renderPart({ templates, log }: MailDeps, { template }: Message, part: MessagePart, data: JsonObject) {
  try {
    const own: GoTemplate | null = await templates.own(template, part)
    if (own !== null) return own.render(data)
  } catch (error) {
    // The reason says where in the template; what the data holds is not in it.
    log('error', 'mail_template_failed', { template, part, detail: error instanceof Error ? error.message : '' })
  }
  return templates.builtIn(template, part).render(data)
}

const LONGEST_SUBJECT = 500

/** A subject is one line, whatever a trait holds: no header can follow it (RFC 5322 §2.2). */
const oneLine = (text: string) =>
  Array.from(
    text
      .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
      .trim()
      .toWellFormed(),
  )
    .slice(0, LONGEST_SUBJECT)
    .join('')
