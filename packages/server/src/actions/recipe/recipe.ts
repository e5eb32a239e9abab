import type { Milliseconds } from '../../core/time.ts'
import type { Expression } from '../template/expression.ts'
import type { TextTemplate } from '../template/text-template.ts'
import type { OUTCOMES, PARAM_TYPES, RecipeFile, RecipeTrigger, SecretFile } from './schema.ts'

export type OutcomeKind = (typeof OUTCOMES)[number]

/** What an answer means, if the rule fits it. */
export type OutcomeRule = {
  readonly about: string
  /** `404`, or `5xx`; none: any. */
  readonly statuses: readonly string[]
  readonly when: Expression | null
  readonly outcome: OutcomeKind
  readonly after: Milliseconds | null
  readonly reason: Expression | null
}

export type BodyKind = 'json' | 'form' | 'ndjson' | 'text'

export type RequestTemplate = {
  readonly method: string
  readonly path: TextTemplate
  readonly query: { readonly [name: string]: TextTemplate }
  readonly headers: { readonly [name: string]: TextTemplate }
  readonly body: { readonly kind: BodyKind; readonly expression: Expression } | null
}

export type WriteBackTemplates = {
  readonly metadataAdmin: Expression | null
  readonly metadataPublic: Expression | null
  readonly externalId: Expression | null
}

export type RecipeStep = {
  readonly id: string
  readonly when: Expression | null
  readonly request: RequestTemplate
  /** Its own rules, then those of the recipe. */
  readonly outcomes: readonly OutcomeRule[]
  readonly keep: { readonly [name: string]: Expression }
  readonly writeBack: WriteBackTemplates
  readonly unsure: 'retry' | 'drop'
  readonly onError: 'stop' | 'continue'
}

export type TriggerRecipe = {
  readonly when: Expression | null
  readonly steps: readonly RecipeStep[]
}

export type Param = {
  readonly type: (typeof PARAM_TYPES)[number]
  readonly fallback: unknown
  readonly values: readonly string[] | null
  readonly pattern: RegExp | null
  readonly need: string | null
  readonly isRequired: boolean
}

/** A recipe that has been read: all that is left is to fill it in. */
export type Recipe = {
  readonly name: string
  /** As it was written, for everybody who explains it. */
  readonly file: RecipeFile
  readonly baseUrl: TextTemplate
  readonly auth:
    | { readonly kind: 'none' }
    | { readonly kind: 'header'; readonly name: string; readonly value: TextTemplate }
    | { readonly kind: 'basic'; readonly user: TextTemplate; readonly password: TextTemplate }
  readonly headers: { readonly [name: string]: TextTemplate }
  readonly facts: Expression
  readonly secrets: { readonly [name: string]: SecretFile }
  readonly params: { readonly [name: string]: Param }
  readonly derived: {
    readonly [name: string]: { readonly secret: string; readonly pattern: RegExp; readonly need: string }
  }
  readonly signingSecret: string | null
  readonly limits: {
    readonly concurrency: number | null
    readonly perSecond: number | null
    readonly body: number | null
    readonly attempts: number | null
  }
  readonly refusesPersonalData: boolean
  readonly triggers: ReadonlyMap<RecipeTrigger, TriggerRecipe>
  readonly check: { readonly request: RequestTemplate; readonly outcomes: readonly OutcomeRule[] } | null
  /** Marks the places of secrets in bodies; nobody outside can guess it. */
  readonly nonce: string
}
