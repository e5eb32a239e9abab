import type { Settings } from '../core/settings.ts'

/** Something about the plan an operator should know: it works, and perhaps not as meant. */
export type PlanWarning = { readonly kind: string; readonly where: string; readonly text: string }

export const planWarnings = (_settings: Settings): readonly PlanWarning[] => []
