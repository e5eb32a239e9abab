import type { Flow } from '../../core/flow.ts'
import { messages } from '../../core/messages.ts'
import type { Attempt } from '../define.ts'
import type { Ready } from './deps.ts'
import { chain, ProviderError } from './provider-error.ts'

export const failed = <F extends Flow>(reason: string): Attempt<F> => ({
  kind: 'failed',
  messages: [{ field: '', message: messages.reason(reason) }],
})

/** What a provider or its mapper did wrong is told in the form, and the operator reads the rest in the log. */
export async function guarded<F extends Flow>(
  { log }: Pick<Ready, 'log'>,
  provider: string,
  attempt: () => Promise<Attempt<F>>,
): Promise<Attempt<F>> {
  try {
    return await attempt()
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    log('warn', 'provider_failed', { provider, detail: chain(error) })
    return failed(error.told)
  }
}
