import { type Charge, type Cost, type Rate, waitFor, waitText } from '../core/budget.ts'
import type { Effect } from '../core/effect.ts'
import { WireError } from '../core/errors.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import type { RequestFacts } from '../core/request.ts'
import type { RateLimitSettings } from '../core/settings.ts'
import type { Milliseconds, Time } from '../core/time.ts'
import type { FlowDeps } from './define.ts'

/** What limits need to know besides the configuration. */
export type Counting = {
  /** Where a request comes from, as far as it can't be made up (reliability.md T60). */
  readonly sourceOf: (request: RequestFacts) => string
  /** A keyed hash: what is stored shows neither addresses nor names. */
  readonly digest: (text: string) => string
}

type Deps = Pick<FlowDeps, 'settings' | 'store' | 'counting' | 'clock'>

/** A charge, and the place from where it is waived. */
type Priced = { readonly charge: Charge; readonly waivedBy?: string }

/** What has been paid for a try; or how long there is to wait for the next one. */
export type Toll =
  | { readonly kind: 'paid'; readonly charges: readonly Charge[]; readonly known: ReadonlyMap<string, Time> }
  | { readonly kind: 'too_often'; readonly wait: Milliseconds }

export const NOTHING_PAID: Toll = { kind: 'paid', charges: [], known: new Map() }

/**
 * Pays for a try before it is made, so that of many at once no more get through than may. A budget of an account that
 * strangers have spent stops nobody who has signed in from the same place before (reliability.md T66).
 */
export async function payFor(deps: Deps, costs: readonly Cost[], request: RequestFacts): Promise<Toll> {
  const prices = priced(deps, costs, request)
  if (prices.length === 0) return NOTHING_PAID
  const keys = prices.flatMap(({ charge, waivedBy }) => [charge.key, ...(waivedBy === undefined ? [] : [waivedBy])])
  const known = await deps.store.budgets.find(keys)
  const at = deps.clock.now()
  const charges = prices
    .filter(({ waivedBy }) => waivedBy === undefined || (known.get(waivedBy) ?? 0) <= at)
    .map(({ charge }) => charge)
  // Whoever has to wait costs one look, and no write.
  const wait = longestWait(charges, known, at)
  if (wait > 0) return { kind: 'too_often', wait }
  const paid = await deps.store.commit(charges.map((charge) => ({ kind: 'charge', charge })))
  return paid.kind === 'committed' ? { kind: 'paid', charges, known } : overdrawn(deps, charges)
}

/** Somebody else was faster by the last one. */
export async function overdrawn(deps: Deps, charges: readonly Charge[]): Promise<Extract<Toll, { kind: 'too_often' }>> {
  const spent = await deps.store.budgets.find(charges.map(({ key }) => key))
  return { kind: 'too_often', wait: Math.max(1, longestWait(charges, spent, deps.clock.now())) }
}

const longestWait = (charges: readonly Charge[], spent: ReadonlyMap<string, Time>, at: Time) =>
  Math.max(0, ...charges.map((charge) => waitFor(charge, spent.get(charge.key) ?? 0, at)))

/** Mail that goes out with a commit, and is not paid for yet. */
export const chargesForMail = (
  deps: Deps,
  effects: readonly Effect[],
  toll: Toll,
  request: RequestFacts,
): readonly Charge[] => {
  const paid = new Set(toll.kind === 'paid' ? toll.charges.map(({ key }) => key) : [])
  const costs = effects.flatMap((effect): Cost[] =>
    effect.kind === 'sendMail' ? [{ kind: 'mail', to: effect.message.recipient }] : [],
  )
  const charges = priced(deps, costs, request).map(({ charge }) => charge)
  return charges.filter(({ key }, at) => !paid.has(key) && charges.findIndex((each) => each.key === key) === at)
}

/** A good try costs nothing: it leaves the budgets as if it had not been made. */
export const refunds = (toll: Toll): readonly Effect[] =>
  toll.kind === 'paid'
    ? toll.charges.map((charge) =>
        isOfPair(charge) ? { kind: 'forgetBudget', key: charge.key } : { kind: 'refund', charge },
      )
    : []

/** Nobody has learnt whether the try was a good one: it is not counted, and those before it are. */
export const givenBack = (toll: Toll): readonly Effect[] =>
  toll.kind === 'paid' ? toll.charges.map((charge) => ({ kind: 'refund', charge })) : []

/** A message that was answered was wanted. */
export const refundsForMail = (deps: Deps, to: string, request: RequestFacts): readonly Effect[] =>
  priced(deps, [{ kind: 'mail', to }], request).map(({ charge }) => ({ kind: 'refund', charge }))

const REMEMBERED: Milliseconds = 30 * 24 * 60 * 60 * 1_000
/** Somebody with more names than these is remembered by the first. */
const MOST_NAMES = 8

/** From where somebody has signed in, and by which proof: there, what strangers spend is not theirs. */
export function rememberSource(
  deps: Deps,
  identity: IdentityWithCredentials,
  proven: 'first' | 'second',
  { toll, request }: { readonly toll: Toll; readonly request: RequestFacts },
): readonly Effect[] {
  if (deps.settings.security.rateLimits === null) return []
  const source = deps.counting.sourceOf(request)
  const at = deps.clock.now()
  const names = identity.credentials
    .filter(({ type }) => type === 'password' || type === 'code')
    .flatMap(({ identifiers }) => identifiers)
  const known = [
    ...[...new Set(names)].slice(0, MOST_NAMES).map((name) => knownKey(deps, 'sign_in', name, source)),
    ...(proven === 'second' ? [knownKey(deps, 'second_factor', identity.id, source)] : []),
  ]
  const isFresh = (key: string) => toll.kind === 'paid' && (toll.known.get(key) ?? 0) > at + REMEMBERED / 2
  return known.filter((key) => !isFresh(key)).map((key) => ({ kind: 'rememberSource', key, until: at + REMEMBERED }))
}

/** What a client is told that has to wait (reliability.md B53): the same, whoever it asked for. */
export const tooOften = (wait: Milliseconds) =>
  new WireError(429, null, {
    id: 'rate_limited',
    reason: tooOftenText(wait),
    retryAfter: Math.max(1, Math.ceil(wait / 1_000)),
  })

export const tooOftenText = (wait: Milliseconds) =>
  `This was tried too often. Please wait ${waitText(wait)} and try again.`

/** In the order of their keys: two that take the same budgets never wait for each other. */
function priced(deps: Deps, costs: readonly Cost[], request: RequestFacts): readonly Priced[] {
  const limits = deps.settings.security.rateLimits
  if (limits === null || costs.length === 0) return []
  const source = deps.counting.sourceOf(request)
  return costs
    .flatMap((cost) => pricesOf(deps, limits, cost, source))
    .toSorted((a, b) => (a.charge.key < b.charge.key ? -1 : 1))
}

function pricesOf(deps: Deps, limits: RateLimitSettings, cost: Cost, source: string): readonly Priced[] {
  const charges = (name: string, rates: readonly Rate[], ...parts: readonly string[]): readonly Charge[] =>
    rates.map((rate) => ({ ...rate, key: keyOf(deps, `${name}/${rate.window}`, parts) }))
  const free = (name: string, rates: readonly Rate[], ...parts: readonly string[]): readonly Priced[] =>
    charges(name, rates, ...parts).map((charge) => ({ charge }))
  const guesses = () => free('guess', limits.signIn.perAddress, source)
  switch (cost.kind) {
    case 'sign_in':
    case 'second_factor': {
      const { perAccount, perAccountAndAddress } = cost.kind === 'sign_in' ? limits.signIn : limits.secondFactor
      // One app's codes being guessed closes neither the codes on paper nor those by mail.
      const what = cost.kind === 'sign_in' ? cost.kind : `${cost.kind}.${cost.method}`
      const waivedBy = knownKey(deps, cost.kind, cost.account, source)
      return [
        ...charges(what, perAccount, cost.account).map((charge) => ({ charge, waivedBy })),
        ...free(`${what}${PAIR}`, perAccountAndAddress, cost.account, source),
        ...guesses(),
      ]
    }
    case 'code':
      return guesses()
    case 'registration':
      return free('registration', limits.registration.perAddress, source)
    case 'mail':
      return [
        ...free('mail.to', limits.mail.perRecipient, cost.to),
        ...free('mail.from', limits.mail.perAddress, source),
      ]
    default:
      return cost satisfies never
  }
}

const PAIR = '.here'
const isOfPair = ({ key }: Charge) => key.includes(`${PAIR}/`)

const knownKey = (deps: Pick<Deps, 'counting'>, what: string, account: string, source: string) =>
  keyOf(deps, `known.${what}`, [account, source])

const keyOf = ({ counting }: Pick<Deps, 'counting'>, name: string, parts: readonly string[]) =>
  `${name}:${counting.digest(JSON.stringify([name, ...parts]))}`
