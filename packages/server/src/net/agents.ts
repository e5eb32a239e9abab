import { createHash } from 'node:crypto'
import type { Agent } from 'undici'
import type { ClientCertificate } from '../core/credentials.ts'
import type { Reach } from './guarded-connector.ts'

/** Pools of connections: each for one reach, and for one certificate that is shown, or none. */
export type Agents = {
  agentFor(reach: Reach, shown: ClientCertificate | null): Agent
  close(): Promise<void>
}

/** Certificates change; what was not used for longest goes first. */
const MOST_KEPT = 100

/** Opens pools when they are first needed. A connection made under an exception, or as somebody, is used for nothing else. */
export function keepAgents(open: (reach: Reach, shown: ClientCertificate | null) => Agent): Agents {
  const agents = new Map<string, Agent>()
  return {
    agentFor: (reach, shown) => {
      const key = `${reach} ${shown === null ? '' : fingerprint(shown)}`
      const agent = agents.get(key) ?? open(reach, shown)
      agents.delete(key)
      agents.set(key, agent)
      const [oldest] = agents.size > MOST_KEPT ? agents : []
      if (oldest !== undefined) {
        agents.delete(oldest[0])
        // Whoever still uses it gets to the end.
        void oldest[1].close()
      }
      return agent
    },
    close: async () => {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()))
    },
  }
}

const fingerprint = ({ certificate, key }: ClientCertificate) =>
  createHash('sha256').update(certificate).update('\n').update(key).digest('base64')
