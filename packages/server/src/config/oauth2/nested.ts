import type { OAuth2Settings } from '../../core/oauth2-settings.ts'
import type { Config } from '../schema/schema.ts'
import { toOAuth2Settings } from './to-settings.ts'

type Around = {
  /** The identity server's public address, where its own pages lead people through. */
  readonly publicUrl: string
  readonly secrets: readonly string[]
  readonly revision: string
}

/** The OAuth2 server that runs beside the identity server; null where `oauth2_server` is not there. */
export function nestedOAuth2(config: Config, { publicUrl, secrets, revision }: Around): OAuth2Settings | null {
  const tree = config.oauth2_server
  if (tree === undefined) return null
  const { urls } = tree
  const own = (path: string) => `${publicUrl}${path}`
  return toOAuth2Settings(
    {
      ...tree,
      profile: config.profile,
      revision,
      dsn: config.dsn,
      dev: config.dev,
      log: {
        level: 'info',
        format: 'json',
        leak_sensitive_values: config.log.leak_sensitive_values,
        additional_redacted_headers: [],
      },
      urls: {
        ...urls,
        login: urls.login ?? own('self-service/login/browser'),
        registration: urls.registration ?? own('self-service/registration/browser'),
        consent: urls.consent ?? own('ui/consent'),
        logout: urls.logout ?? own('ui/sign-out'),
        device: {
          verification: urls.device.verification ?? own('ui/device'),
          success: urls.device.success ?? own('ui/device/done'),
        },
      },
      actions: { ...tree.actions, enabled: tree.actions.enabled && config.actions.enabled },
      secrets: { ...tree.secrets, system: tree.secrets.system.length > 0 ? tree.secrets.system : [...secrets] },
    },
    { revision, generatedSecret: secrets[0] ?? '', document: {}, prefix: 'oauth2_server.' },
  )
}
