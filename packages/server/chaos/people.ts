import { isRefused } from './config.ts'
import type { Tried } from './history.ts'

type Workload = {
  readonly count: number
  readonly connections: number
  readonly dice: () => number
  /** Where the next person goes. */
  readonly server: () => string
  readonly onTried: (done: number) => void
}

const KINDS: readonly (readonly [share: number, prefix: string])[] = [
  [0.1, 'refused-'],
  [0.15, 'welcome-'],
  [1, 'person-'],
]

/** Signs up so many people, several at once: some are refused, some go away in the midst, some come twice at once. */
export async function registerPeople(workload: Workload): Promise<readonly Tried[]> {
  const tried: Tried[] = []
  let next = 0
  const lane = async () => {
    while (next < workload.count) {
      const [number, chance] = [next++, workload.dice()]
      const email = `${KINDS.find(([share]) => chance < share)?.[1] ?? ''}${number}@example.test`
      const isTwice = workload.dice() < 0.02
      const tries = [attempt(workload, email), ...(isTwice ? [attempt(workload, email)] : [])]
      tried.push(...(await Promise.all(tries)))
      workload.onTried(tried.length)
    }
  }
  await Promise.all(Array.from({ length: workload.connections }, lane))
  return tried
}

/** A flow is started until a server answers; it is submitted once, and what was not heard stays unknown. */
async function attempt({ server, dice }: Workload, email: string): Promise<Tried> {
  for (;;) {
    const url = server()
    const action = await startFlow(url)
    if (action === null) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      continue
    }
    const leavesAfter = dice() < 0.03 ? dice() * 10 : 10_000
    return submit(action, email, AbortSignal.timeout(Math.ceil(leavesAfter)))
  }
}

type Started = { readonly ui: { readonly action: string } }

async function startFlow(url: string): Promise<string | null> {
  try {
    const answer = await fetch(`${url}/self-service/registration/api`, { signal: AbortSignal.timeout(5_000) })
    if (!answer.ok) return null
    const { ui }: Started = JSON.parse(await answer.text())
    return ui.action
  } catch {
    return null
  }
}

const PASSWORD = 'seven wet ponies under one umbrella'

type Registered = { readonly identity: { readonly id: string } }

async function submit(action: string, email: string, signal: AbortSignal): Promise<Tried> {
  const unknown: Tried = { email, outcome: 'unknown', identityId: null }
  try {
    const answer = await fetch(action, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ method: 'password', password: PASSWORD, traits: { email } }),
      signal,
    })
    if (answer.status === 400) {
      await answer.arrayBuffer()
      return { ...unknown, outcome: 'refused' }
    }
    if (!answer.ok) return unknown
    const { identity }: Registered = JSON.parse(await answer.text())
    if (isRefused(email)) throw new Error(`${email} should have been refused`)
    return { email, outcome: 'acknowledged', identityId: identity.id }
  } catch {
    return unknown
  }
}
