import { type Answer, type Exchange, redirect, type Route } from '../http/exchange.ts'
import type { FlowDeps } from '../oauth2/authorize.ts'
import { OAuthFault } from '../oauth2/fault.ts'
import { acceptDevice } from '../oauth2/request-admin.ts'
import { challengeForm, type ChallengePageDeps, challengePage, challengeRoute } from './challenge-page.ts'
import { attributes, markup } from './markup.ts'
import { pageAnswer } from './page.ts'

/** Where people type in the code that a device shows them (RFC 8628 §3.3; ory-oauth2.md §2.2). */
export function deviceRoutes(deps: ChallengePageDeps): readonly Route[] {
  const { oauth2 } = deps
  if (oauth2 === null) return []
  const route = challengeRoute(deps)
  return [
    route('GET', 'device', async (exchange) => ask(deps, oauth2(), exchange)),
    route('POST', 'device', (exchange) => answer(deps, oauth2(), exchange)),
    route('GET', 'device/done', async () => pageAnswer(200, done(deps))),
  ]
}

function ask(deps: ChallengePageDeps, { requests }: FlowDeps, exchange: Exchange): Answer {
  const challenge = exchange.query.get('device_challenge') ?? ''
  requests.mustOpen('device', challenge)
  const code = exchange.query.get('user_code') ?? ''
  return pageAnswer(200, codePage(deps, exchange, { challenge, code, isWrong: false }))
}

async function answer(deps: ChallengePageDeps, oauth2: FlowDeps, exchange: Exchange): Promise<Answer> {
  const form = new URLSearchParams(exchange.body.toString())
  const challenge = form.get('device_challenge') ?? ''
  const code = form.get('user_code') ?? ''
  // Its own mistakes are told apart from a wrong code, which can be typed again.
  oauth2.requests.mustOpen('device', challenge)
  try {
    return redirect(303, (await acceptDevice(oauth2, challenge, { user_code: code })).redirect_to)
  } catch (thrown) {
    if (!(thrown instanceof OAuthFault)) throw thrown
    return pageAnswer(400, codePage(deps, exchange, { challenge, code, isWrong: true }))
  }
}

type Asked = { readonly challenge: string; readonly code: string; readonly isWrong: boolean }

function codePage(deps: ChallengePageDeps, exchange: Exchange, { challenge, code, isWrong }: Asked) {
  const said = isWrong ? 'device-code-wrong' : 'device-code-hint'
  const input = {
    id: 'user_code',
    type: 'text',
    name: 'user_code',
    value: code,
    required: true,
    autofocus: true,
    autocomplete: 'off',
    autocapitalize: 'characters',
    spellcheck: 'false',
    'aria-describedby': said,
    'aria-invalid': isWrong && 'true',
  }
  // Somebody else may have begun this: the person is the only one who can know (RFC 8628 §5.4).
  const fields = markup`<div class="field"><label for="user_code">The code on your device</label>
<input${attributes(input)}>
${
  isWrong
    ? markup`<p class="note error" id="${said}">This code is unknown, was used before, or has expired. Look at your device again.</p>`
    : markup`<p class="note" id="${said}">Go on only if you have just begun this yourself, and the code is the one you see.</p>`
}</div>
<button class="first">Continue</button>`
  const form = challengeForm(deps, exchange, { path: 'ui/device', challenge: ['device_challenge', challenge], fields })
  return challengePage(deps, 'Connect a device', form, isWrong)
}

const done = (deps: ChallengePageDeps) =>
  challengePage(deps, 'Your device is connected', markup`<p>You can close this page and go on there.</p>`)
