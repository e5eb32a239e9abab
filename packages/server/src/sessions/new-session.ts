import { aalOf, secondFactorsIn } from '../core/factors.ts'
import type { IdentityWithCredentials } from '../core/identity.ts'
import { sessionId } from '../core/ids.ts'
import type { RequestFacts } from '../core/request.ts'
import type { Aal, AuthenticationMethod, Proof, Session } from '../core/session.ts'
import type { Milliseconds, Random, Time } from '../core/time.ts'

type Proven = {
  readonly identity: IdentityWithCredentials
  readonly method: Proof
  readonly aal: Aal
  readonly request: RequestFacts
  readonly at: Time
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
    devices: [
      {
        id: random.rowId(),
        ipAddress: proof.request.clientIp,
        userAgent: proof.request.userAgent,
        location: proof.request.location,
      },
    ],
  }
}

/** A refresh or step-up keeps id and token, and adds the method to those already proven (ory-identity-api.md §3.1). */
export function renewedSession(session: Session, proof: Proven): Session {
  const methods = [...session.authenticationMethods, methodOf(proof)]
  return {
    ...session,
    aal: aalOf(methods),
    authenticationMethods: methods,
    authenticatedAt: proof.at,
    identity: proof.identity,
    secondFactors: secondFactorsIn(proof.identity.credentials),
  }
}

const methodOf = ({ method, aal, at }: Proven): AuthenticationMethod => ({ method, aal, completedAt: at })
