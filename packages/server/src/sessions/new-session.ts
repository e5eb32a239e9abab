import { aalOf, secondFactorsIn } from '../core/factors.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import { sessionId } from '../core/ids.ts'
import type { RequestFacts } from '../core/request.ts'
import type { Aal, AuthenticationMethod, Device, Proof, Session } from '../core/session.ts'
import type { Milliseconds, Random, Time } from '../core/time.ts'
import type { Upstream } from '../core/upstream.ts'

type Proven = {
  readonly identity: IdentityWithCredentials
  readonly method: Proof
  readonly aal: Aal
  readonly request: RequestFacts
  readonly at: Time
  readonly upstream?: Upstream | undefined
}

/** The session a person gets who has just proven who they are. */
export function newSession(random: Random, lifespan: Milliseconds, proof: Proven): Session {
  const methods = [methodOf(proof)]
  return {
    id: sessionId(random.uuid()),
    active: true,
    aal: aalOf(methods),
    authenticationMethods: methods,
    authenticatedAt: proof.at,
    issuedAt: proof.at,
    expiresAt: proof.at + lifespan,
    identity: proof.identity,
    secondFactors: secondFactorsIn(proof.identity.credentials),
    devices: [deviceOf(random.rowId(), proof)],
  }
}

const deviceOf = (id: string, { request }: Proven): Device => ({
  id,
  ipAddress: request.clientIp,
  userAgent: request.userAgent,
  location: request.location,
})

/** What is shown and not kept. */
const NO_ROW = '00000000-0000-0000-0000-000000000000'

/**
 * A refresh or step-up keeps id and token, and adds the method to those already proven (ory-identity-api.md §3.1). Actions
 * and the answer see the device it was done on, which Ory never stores.
 */
export function renewedSession(session: Session, proof: Proven): Session {
  const methods = [...session.authenticationMethods, methodOf(proof)]
  return {
    ...session,
    aal: aalOf(methods),
    authenticationMethods: methods,
    authenticatedAt: proof.at,
    identity: proof.identity,
    secondFactors: secondFactorsIn(proof.identity.credentials),
    devices: [...session.devices, deviceOf(NO_ROW, proof)],
  }
}

/** What is kept of it: a browser that comes back is no other device, though the answer to its sign-in lists it once more (§3.1). */
export function withDistinctDevices(session: Session): Session {
  const isSame = (a: Device, b: Device) =>
    a.userAgent === b.userAgent && a.location === b.location && hostOf(a.ipAddress) === hostOf(b.ipAddress)
  const devices = session.devices.filter(
    (device, i) => !session.devices.slice(0, i).some((known) => isSame(known, device)),
  )
  return { ...session, devices }
}

/** An address may come with a port, which says nothing. */
const hostOf = (address: string) => address.replace(/:\d+$/, '')

const methodOf = ({ method, aal, at, upstream }: Proven): AuthenticationMethod => ({
  method,
  aal,
  completedAt: at,
  ...(upstream === undefined ? {} : { provider: upstream.provider }),
  ...(upstream === undefined || upstream.acr === null ? {} : { upstreamAcr: upstream.acr }),
  ...(upstream === undefined || upstream.amr.length === 0 ? {} : { upstreamAmr: upstream.amr }),
})
