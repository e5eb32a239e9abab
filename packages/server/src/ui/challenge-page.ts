import { csrfSecretOf } from '../http/doors.ts'
import type { Answer, Exchange, Route } from '../http/exchange.ts'
import type { SelfServiceDeps } from '../http/self-service.ts'
import type { FlowDeps } from '../oauth2/authorize.ts'
import { OAuthFault } from '../oauth2/fault.ts'
import { attributes, type Markup, markup } from './markup.ts'
import { type Page, pageAnswer } from './page.ts'

/** What the pages work with to which the OAuth2 server of this process sends people. */
export type ChallengePageDeps = SelfServiceDeps & {
  /** The OAuth2 server of this process; null where there is none. */
  readonly oauth2: (() => FlowDeps) | null
}

type Settings = Pick<SelfServiceDeps, 'settings'>

const urlOf = ({ settings }: Settings, path: string) => new URL(path, settings.serve.public.baseUrl).href

/** A page of one column, as those of the flows are. */
export const challengePage = (deps: Settings, title: string, main: Markup, hasErrors = false): Page => ({
  // Said first where a screen reader begins to read.
  title: hasErrors ? `Error: ${title}` : title,
  home: urlOf(deps, 'ui/'),
  main: markup`<div class="leaf">
<h1>${title}</h1>
${main}</div>`,
})

/** A form that carries its challenge and the anti-CSRF token along. */
export function challengeForm(
  deps: SelfServiceDeps,
  exchange: Exchange,
  {
    path,
    challenge,
    fields,
  }: { readonly path: string; readonly challenge: readonly [string, string]; readonly fields: Markup },
): Markup {
  const secret = csrfSecretOf(deps, exchange.facts)
  const hidden = [['csrf_token', secret === null ? '' : deps.csrf.mask(secret)] as const, challenge]
  return markup`<form method="post" action="${urlOf(deps, path)}">
${hidden.map(([name, value]) => markup`<input type="hidden"${attributes({ name, value })}>`)}
${fields}
</form>
`
}

/** A route of such a page; what it is about may be over by now. */
export const challengeRoute =
  (deps: Settings) =>
  (method: 'GET' | 'POST', path: string, handle: (exchange: Exchange) => Promise<Answer>): Route => ({
    method,
    path: `/ui/${path}`,
    csrf: 'global',
    handle: (exchange) => handle(exchange).catch((thrown: unknown) => requestOver(deps, thrown)),
  })

/** A challenge that is over or was made up: nobody is asked anything. */
function requestOver(deps: Settings, thrown: unknown): Answer {
  if (!(thrown instanceof OAuthFault)) throw thrown
  const main = markup`<p>Go back to the application and try again.</p>`
  return pageAnswer(400, challengePage(deps, 'This request is over', main))
}
