import { chaosConfig, plannedFor } from './config.ts'
import { makeDice } from './dice.ts'
import { repeatsOf, type Tried, type Violation, violations } from './history.ts'
import { type ChaosNode, startNode } from './node.ts'
import { registerPeople } from './people.ts'
import { BAD_MOODS, type ChaosReceiver, startReceiver } from './receiver.ts'
import type { Auditor } from './stored.ts'

export type Plan = {
  /** The program that is started as a server. */
  readonly main: string
  readonly dsn: string
  readonly nodes: number
  readonly registrations: number
  readonly kills: number
  readonly connections: number
  readonly seed: number
  readonly crashDatabase: (() => Promise<void>) | null
  readonly audit: () => Promise<Auditor>
  readonly onProgress: (text: string) => void
}

/** What a run came to, in figures; `violations` must be empty. */
export type Outcome = {
  readonly acknowledged: number
  readonly refused: number
  readonly unknown: number
  readonly stored: number
  readonly deliveries: number
  readonly requests: number
  readonly repeats: number
  readonly kills: number
  readonly databaseCrashes: number
  readonly seconds: number
  readonly secondsToRest: number
  readonly violations: readonly Violation[]
}

/** One run: load and faults together, then peace until everything has come to rest, then the comparison. */
export async function runChaos(plan: Plan): Promise<Outcome> {
  const dice = makeDice(plan.seed)
  const receiver = await startReceiver()
  const nodes: ChaosNode[] = []
  const from = performance.now()
  const moods = sway(receiver, makeDice(plan.seed + 1))
  try {
    for (let i = 0; i < plan.nodes; i++) {
      nodes.push(
        await startNode(plan.main, (ports) => chaosConfig({ dsn: plan.dsn, receiver: receiver.url, ...ports })),
      )
    }
    const faults = scheduleFaults(plan, nodes, dice)
    let turn = 0
    const tried = await registerPeople({
      count: plan.registrations,
      connections: plan.connections,
      dice,
      server: () => nodes[turn++ % nodes.length]?.publicUrl ?? '',
      onTried: faults.onTried,
    })
    await faults.finish()
    clearInterval(moods)
    receiver.feel('well')
    const loaded = performance.now()
    const auditor = await plan.audit()
    await rest(auditor, plan.onProgress)
    const rested = performance.now()
    await Promise.all(nodes.map((node) => node.stop()))
    const history = {
      tried,
      seen: receiver.seen,
      people: await auditor.people(),
      deliveries: await auditor.deliveries(),
      plannedFor,
    }
    await auditor.close()
    return {
      ...countsOf(tried),
      stored: history.people.length,
      deliveries: history.deliveries.length,
      requests: receiver.seen.length,
      repeats: repeatsOf(receiver.seen),
      kills: faults.kills(),
      databaseCrashes: faults.databaseCrashes(),
      seconds: (rested - from) / 1_000,
      secondsToRest: (rested - loaded) / 1_000,
      violations: violations(history),
    }
  } finally {
    clearInterval(moods)
    await Promise.all(nodes.map((node) => node.stop()))
    await receiver.stop()
  }
}

const countsOf = (tried: readonly Tried[]) => {
  const count = (outcome: Tried['outcome']) => tried.filter((each) => each.outcome === outcome).length
  return { acknowledged: count('acknowledged'), refused: count('refused'), unknown: count('unknown') }
}

/** A third of the time the receiver is unwell, each time in another way. */
function sway(receiver: ChaosReceiver, dice: () => number) {
  return setInterval(() => {
    const bad = BAD_MOODS[Math.floor(dice() * BAD_MOODS.length)] ?? 'failing'
    receiver.feel(dice() < 1 / 3 ? bad : 'well')
  }, 400)
}

/** The kills are spread over the registrations; the database crashes once, in the middle. */
function scheduleFaults(
  { registrations, kills, crashDatabase, onProgress }: Plan,
  nodes: readonly ChaosNode[],
  dice: () => number,
) {
  const [done, under]: [{ kills: number; crashes: number }, Promise<void>[]] = [{ kills: 0, crashes: 0 }, []]
  const killOne = async () => {
    await new Promise((resolve) => setTimeout(resolve, dice() * 200))
    while (!nodes[Math.floor(dice() * nodes.length)]?.kill()) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const onTried = (count: number) => {
    while (done.kills < kills && count >= ((done.kills + 1) * registrations) / (kills + 1)) {
      done.kills++
      under.push(killOne())
    }
    if (crashDatabase !== null && done.crashes === 0 && count >= registrations / 2) {
      done.crashes++
      under.push(crashDatabase())
    }
    if (count % Math.max(1, Math.round(registrations / 20)) === 0) {
      onProgress(`${count} of ${registrations} registrations, ${done.kills} kills`)
    }
  }
  return {
    onTried,
    kills: () => done.kills,
    databaseCrashes: () => done.crashes,
    finish: async () => {
      await Promise.all(under)
    },
  }
}

const LONGEST_REST = 180_000

/** Waits until nothing is pending any more, or it has taken too long: then the comparison says what is missing. */
async function rest(auditor: Auditor, onProgress: (text: string) => void): Promise<void> {
  const until = performance.now() + LONGEST_REST
  for (let said = 0; performance.now() < until; ) {
    const pending = await auditor.pending()
    if (pending === 0) return
    if (performance.now() - said > 5_000) {
      said = performance.now()
      onProgress(`all registered; ${pending} deliveries on their way`)
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
