import { type Commit, type Effect, ranked } from '../core/effect.ts'
import type { Clock, Time } from '../core/time.ts'
import { chargeBudget, forgetBudget, mailNobody, refundBudget, rememberSource } from './budgets.ts'
import { saveCredential } from './credentials.ts'
import type { Database, Write } from './database.ts'
import { queueDelivery } from './deliveries.ts'
import { eraseTraces } from './erasure.ts'
import { noteFirstLogin } from './first-logins.ts'
import { openFlow, updateFlow } from './flows.ts'
import { parkChange, takeChange } from './pending-changes.ts'
import { createIdentity, deleteIdentity } from './identities.ts'
import { queueMessage } from './messages.ts'
import { expectIdentity, saveIdentity } from './save-identity.ts'
import {
  deleteSessions,
  deleteSessionsOf,
  extendSession,
  exchangeToken,
  renewSession,
  revokeOtherSessions,
  revokeSession,
  revokeSessions,
  storeSession,
} from './sessions.ts'
import { oauth2Writes } from './oauth2/oauth2.ts'
import { storeError } from './stored-errors.ts'

/** Carries out all effects in one transaction: every statement is collected first, and nothing else is waited for. */
export async function commit(db: Database, clock: Clock, effects: readonly Effect[]): Promise<Commit> {
  const at = clock.now()
  const gone = effects.flatMap((effect) => (effect.kind === 'deleteIdentity' ? eraseTraces(effect.identityId) : []))
  const writes = [...ranked(effects).flatMap((effect) => writesOf(db, effect, at)), ...gone]
  if (writes.length === 0) return { kind: 'committed' }
  const applied = await db.apply(writes)
  return applied.kind === 'committed' ? { kind: 'committed' } : applied
}

function writesOf(db: Database, effect: Effect, at: Time): readonly Write[] {
  switch (effect.kind) {
    case 'openFlow':
      return [openFlow(effect.flow)]
    case 'keepFlow':
      return [updateFlow(effect.flow, false)]
    case 'closeFlow':
      return [updateFlow(effect.flow, true)]
    case 'parkChange':
      return [parkChange(effect.change, effect.at)]
    case 'takeChange':
      return [takeChange(effect.identityId, effect.flowId)]
    case 'createIdentity':
      return createIdentity(effect.identity)
    case 'deleteIdentity':
      return [deleteIdentity(effect.identityId)]
    case 'expectIdentity':
      return [expectIdentity(effect.identityId, effect.version)]
    case 'saveIdentity':
      return saveIdentity(effect.before, effect.identity)
    case 'saveCredential':
      return [saveCredential(effect.identityId, effect.credential)]
    case 'revokeOtherSessions':
      return [revokeOtherSessions(effect.identityId, effect.keep, at)]
    case 'revokeSession':
      return [revokeSession(effect.sessionId, at)]
    case 'revokeSessions':
      return [revokeSessions(effect.sessionIds, at)]
    case 'deleteSessions':
      return [deleteSessions(effect.sessionIds)]
    case 'deleteSessionsOf':
      return [deleteSessionsOf(effect.identityId)]
    case 'noteFirstLogin':
      return [noteFirstLogin(effect.identityId, effect.at)]
    case 'storeSession':
      return [storeSession(effect.session, effect.tokenHash, effect.at)]
    case 'exchangeToken':
      return [exchangeToken(effect)]
    case 'renewSession':
      return [renewSession(effect.session, effect.at)]
    case 'extendSession':
      return [extendSession(effect.sessionId, effect.expiresAt, at)]
    case 'storeError':
      return [storeError(effect.id, effect.error, effect.at)]
    case 'oauth2':
      return oauth2Writes(effect.change, at)
    case 'mailNobody':
      return mailNobody(effect.key, effect.until)
    case 'charge':
      return [chargeBudget(effect.charge, at)]
    case 'refund':
      return [refundBudget(effect.charge)]
    case 'forgetBudget':
      return [forgetBudget(effect.key)]
    case 'rememberSource':
      return [rememberSource(effect.key, effect.until)]
    case 'sendMail':
      return queueMessage(db, effect.message)
    case 'notify':
      return [queueDelivery(db, effect.delivery)]
    case 'handOutSession':
    case 'continueWith':
      return []
    default:
      return effect satisfies never
  }
}
