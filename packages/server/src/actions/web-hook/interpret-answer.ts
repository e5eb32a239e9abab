import { type Decision, proceed } from '../../core/decision.ts'
import { NeighbourError } from '../../core/errors.ts'
import { isJsonObject } from '../../core/json.ts'
import type { AnswerMode, Hook } from './hook.ts'
import { readInterruption } from './read-interruption.ts'
import { readJson } from './read-json.ts'
import { readPatch } from './read-patch.ts'

/** What a receiver's answer decides, or the failure it amounts to (ory-actions.md §4.7, §4.8). */
export function interpretAnswer(
  { answer, phase }: Pick<Hook, 'answer' | 'phase'>,
  status: number,
  body: string,
): Decision {
  if (status < 400) return answer === 'parses' && status === 200 ? amendment(phase, body) : proceed()
  if (status === 429 || (status >= 500 && status !== 501)) {
    throw new NeighbourError('P', `the receiver answered ${status}`)
  }
  return refusal(answer, status, body)
}

function amendment(phase: Hook['phase'], body: string): Decision {
  const answer = readJson(body)
  if (answer.kind === 'unreadable') throw unusable(answer.detail)
  if (answer.value === null) return proceed()
  if (!isJsonObject(answer.value)) throw unusable('the body is not an object')
  const { identity } = answer.value
  // Before a flow there is nobody to be changed yet (design.md §3, row 9).
  if (identity === undefined || identity === null || phase === 'before') return proceed()
  const patch = readPatch(identity)
  if (patch.kind === 'unreadable') throw unusable(patch.detail)
  return Object.keys(patch.value).length === 0 ? proceed() : { kind: 'amend', patch: patch.value }
}

function refusal(mode: AnswerMode, status: number, body: string): Decision {
  if (mode === 'plain') throw new NeighbourError('U', `webhook failed with status code ${status}`)
  const answer = readJson(body)
  if (answer.kind === 'unreadable') throw unusable(`${answer.detail}, with status ${status}`)
  const interruption = readInterruption(answer.value)
  if (interruption.kind === 'unreadable') throw unusable(`${interruption.detail}, with status ${status}`)
  return { kind: 'deny', messages: interruption.value }
}

const unusable = (detail: string) => new NeighbourError('P', `the receiver's answer cannot be used: ${detail}`)
