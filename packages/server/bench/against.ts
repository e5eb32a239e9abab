import { randomUUID } from 'node:crypto'
import { type Known, PASSWORD } from './fill.ts'

const PEOPLE = 200
const SESSIONS_EACH = 10

type Flow = { readonly ui: { readonly action: string } }
type Signed = { readonly session_token?: string }

/** Signs people up at a server through its public API, and in a few times each. */
export async function knownThere(url: URL): Promise<Known> {
  const identifiers: string[] = []
  const tokens: string[] = []
  for (let n = 0; n < PEOPLE; n++) {
    const email = `bench-${randomUUID()}@example.test`
    const fields = { method: 'password', password: PASSWORD, traits: { email } }
    tokens.push(await submit(url, 'registration', fields))
    identifiers.push(email)
    for (let more = 1; more < SESSIONS_EACH; more++) {
      tokens.push(await submit(url, 'login', { method: 'password', identifier: email, password: PASSWORD }))
    }
  }
  return { identifiers, password: PASSWORD, tokens }
}

async function submit(url: URL, name: string, fields: object): Promise<string> {
  const started = await fetch(new URL(`self-service/${name}/api`, url))
  const flow: Flow = JSON.parse(await started.text())
  const { pathname, search } = new URL(flow.ui.action)
  const answer = await fetch(new URL(`${pathname}${search}`, url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(fields),
  })
  const text = await answer.text()
  const { session_token: token }: Signed = JSON.parse(text)
  if (!answer.ok || token === undefined) throw new Error(`${name} answered ${answer.status}: ${text.slice(0, 300)}`)
  return token
}
