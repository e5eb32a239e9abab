import { type Static, Type } from 'typebox'
import { courier } from './courier.ts'
import { flows } from './flows.ts'
import {
  actions,
  ciphers,
  clients,
  cookies,
  database,
  enterprise,
  featureFlags,
  hashers,
  identity,
  log,
  oauth2Provider,
  preview,
  secrets,
  security,
  session,
  tracing,
} from './general.ts'
import { oauth2Server } from '../oauth2/schema.ts'
import { methods } from './methods.ts'
import { choice, flag, list, optionalText, record, returnUrl, whole } from './parts.ts'
import { serve } from './serve.ts'

/** The whole configuration: the tree of kratos.yml, and what Cardea adds to it. */
export const configSchema = record('The configuration of Cardea.', {
  profile: choice('The defaults: safe ones, or those of Ory.', ['safe', 'ory'], 'safe'),
  revision: optionalText('A name for this state of the configuration, shown by /admin/health/config.'),
  dsn: Type.Refine(
    Type.String({ description: 'The database: memory, sqlite://FILE or postgres://…', secretPart: 'password' }),
    (dsn) => dsn === 'memory' || /^(sqlite|sqlite3|postgres|postgresql):\/\/./.test(dsn),
    (dsn) => {
      const [, other] = /^(mysql|cockroach)\w*:/.exec(dsn) ?? []
      return `${other === undefined ? '' : `another database than ${other}: `}memory, sqlite://FILE or postgres://USER:PASSWORD@HOST/DATABASE`
    },
  ),
  dev: flag('Development: plain cookies, local receivers. Never in production.', false),
  serve,
  identity,
  selfservice: record('What people do themselves.', {
    default_browser_return_url: returnUrl('Where browsers go if nothing else says where.'),
    allowed_return_urls: list('Where return_to may lead.', returnUrl('A URL whose path is a prefix.')),
    flows,
    methods,
  }),
  session,
  cookies,
  secrets,
  hashers,
  ciphers,
  actions,
  clients,
  security,
  courier,
  oauth2_provider: oauth2Provider,
  oauth2_server: oauth2Server,
  feature_flags: featureFlags,
  log,
  tracing,
  database,
  preview,
  organizations: list('Only in Ory’s enterprise edition.', Type.Unknown()),
  enterprise,
  version: optionalText('The version of Ory this file was written for.'),
  help: Type.Optional(Type.Boolean({ description: 'A flag of the command line.' })),
  config: Type.Optional(Type.Array(Type.String(), { description: 'A flag of the command line.' })),
  'sqa-opt-out': flag('Ory’s telemetry. There is none here.', false),
  'watch-courier': flag('Send mail in this process.', false),
  'expose-metrics-port': whole('A port of its own for metrics.', 0, { minimum: 0, maximum: 65_535 }),
})

/** A checked configuration with every default filled in. */
export type Config = Static<typeof configSchema>
