import type { RecoveryFlow, VerificationFlow } from '../../core/flow.ts'
import type { Json } from '../../core/json.ts'
import type { TemplateName } from '../../core/mail.ts'
import { messages } from '../../core/messages.ts'
import { csrfNode, inputNode, submitNode } from '../../core/nodes.ts'
import type { UiMessage, UiNode } from '../../core/ui.ts'
import { answered, challengeFor, isAnswer, mailData, mailOr, type SecretDeps } from '../../flows/sent-secret.ts'
import { isEmail } from '../../identities/formats.ts'
import { normaliseIdentifier } from '../../identities/normalise.ts'
import type { Addressee, AddressMethod, Asked, Attempt, Challenged, Method, Passed, Submitted } from '../define.ts'

/** A link that is sent to an address: who opens it reads it. */
export const linkMethod = (deps: SecretDeps): Method => {
  const recovery = linkIn<RecoveryFlow>(deps, {
    flow: 'recovery',
    purpose: 'recover',
    sent: messages.recoveryLinkSent,
    wrong: messages.recoveryTokenInvalid,
    proof: 'link_recovery',
  })
  return {
    recovery: {
      ...recovery,
      issue: (flow, to, { at, expiresAt }) => {
        const token = deps.codes.token()
        const challenge = challengeFor(deps, flow, to, token, { kind: 'link', at, expiresAt, byAdmin: true })
        const issued: RecoveryFlow = { ...flow, state: 'sent_email', active: 'link', challenge }
        return { flow: issued, secret: linkUrl(deps, issued, token) }
      },
    },
    verification: linkIn<VerificationFlow>(deps, {
      flow: 'verification',
      purpose: 'verify',
      sent: messages.verificationLinkSent,
      wrong: messages.verificationTokenInvalid,
    }),
  }
}

type Kind = {
  readonly flow: 'recovery' | 'verification'
  readonly purpose: 'recover' | 'verify'
  readonly sent: () => UiMessage
  readonly wrong: () => UiMessage
  readonly proof?: Passed['proof']
}

const linkIn = <F extends RecoveryFlow | VerificationFlow>(deps: SecretDeps, kind: Kind): AddressMethod<F> => ({
  impliedBy: ['token'],
  nodes: () => nodesFor(null),
  read: (submitted) => {
    const { flow, fields, transientPayload, at, request } = submitted
    const token = textOf(fields.token)
    if (token !== '') {
      const attempt = () => open(deps, kind, submitted, token)
      return { kind: 'ready', withoutCsrf: true, costs: [{ kind: 'code' }], attempt }
    }
    const email = textOf(fields.email)
    if (email === '')
      return { kind: 'invalid', messages: [{ field: 'email', message: messages.propertyMissing('email') }] }
    if (!isEmail(email))
      return { kind: 'invalid', messages: [{ field: 'email', message: messages.emailInvalid(email) }] }
    return {
      kind: 'ready',
      costs: [{ kind: 'mail', to: normaliseIdentifier(email) }],
      attempt: async () => {
        const value = normaliseIdentifier(email)
        const identity = await deps.identities.findByAddress(kind.purpose, { value, via: 'email' })
        const sent = await send(
          deps,
          kind,
          { ...flow, transientPayload },
          { value, via: 'email', identity },
          {
            at,
            request,
          },
        )
        return {
          kind: 'pending',
          ...sent,
          answer: 'form',
          ...(kind.flow === 'verification' ? { hidesPayload: true } : {}),
        }
      },
    }
  },
  challenge: (flow, to, asked) => send(deps, kind, flow, to, asked),
})

const textOf = (value: Json | undefined) => (typeof value === 'string' ? value.trim() : '')

async function open<F extends RecoveryFlow | VerificationFlow>(
  deps: SecretDeps,
  { wrong, proof }: Kind,
  { flow, at }: Submitted<F>,
  token: string,
): Promise<Attempt<F>> {
  const person = isAnswer(deps, flow, 'link', token, at) ? await answered(deps, flow, at) : null
  if (person === null) return { kind: 'replaced', messages: [{ field: '', message: wrong() }], effects: [] }
  const passed = { kind: 'passed', ...person, aal: 'aal1' } as const
  return proof === undefined ? passed : { ...passed, proof }
}

/** A fresh link is on its way. Somebody nobody knows is treated alike, but written to only if that is wanted. */
async function send<F extends RecoveryFlow | VerificationFlow>(
  deps: SecretDeps,
  { flow: name, sent }: Kind,
  flow: F,
  to: Addressee,
  { at, request }: Asked,
): Promise<Challenged<F>> {
  const { lifespan } = deps.settings.methods.link
  const token = deps.codes.token()
  const url = linkUrl(deps, flow, token)
  const data = mailData(deps, flow, to, lifespan)
  const isKnown = to.identity !== null
  const template: TemplateName = isKnown ? `${name}_valid` : `${name}_invalid`
  const mails = await deps.mail({
    template,
    to: to.value,
    via: to.via,
    data: isKnown ? { ...data, [`${name}_url`]: url } : data,
    request,
  })
  const ui = {
    action: new URL(`self-service/${name}?flow=${flow.id}`, deps.settings.serve.public.baseUrl).href,
    method: 'POST',
    nodes: [csrfNode(''), ...nodesFor(to.value)],
    messages: [sent()],
  } as const
  const challenge = challengeFor(deps, flow, to, token, { kind: 'link', at, expiresAt: at + lifespan })
  return {
    flow: { ...flow, state: 'sent_email', active: 'link', challenge, ui },
    effects: mailOr(deps, isKnown || deps.settings.selfservice[name].notifyUnknownRecipients, mails, to, at),
  }
}

const nodesFor = (value: string | null): readonly UiNode[] => [
  inputNode({
    group: 'link',
    name: 'email',
    type: 'email',
    required: true,
    ...(value === null ? {} : { value }),
    label: messages.email(),
  }),
  submitNode('link', 'method', 'link', messages.continue()),
]

function linkUrl({ settings }: SecretDeps, flow: RecoveryFlow | VerificationFlow, token: string): string {
  const base = settings.methods.link.baseUrl ?? settings.serve.public.baseUrl
  const url = new URL(`self-service/${flow.name}`, base.endsWith('/') ? base : `${base}/`)
  url.searchParams.set('flow', flow.id)
  url.searchParams.set('token', token)
  return url.href
}
