import type { Templates } from './actions/web-hook/templates.ts'
import { createFormerSystem } from './actions/web-hook/ask-former-system.ts'
import { ask } from './actions/ask.ts'
import type { Origin } from './actions/events/attribute.ts'
import { tellingStore } from './actions/events/tell-events.ts'
import { describePlan } from './config/describe-plan.ts'
import type { RecordCall } from './core/call.ts'
import { NeighbourError } from './core/errors.ts'
import { createRedactor } from './core/redactor.ts'
import type { RecordStep } from './core/step.ts'
import type { Delivery } from './core/delivery.ts'
import type { Effect } from './core/effect.ts'
import type { Tracer } from './core/tracer.ts'
import { triggerName } from './core/trigger.ts'
import type { DeliveryId } from './core/ids.ts'
import type { JsonObject } from './core/json.ts'
import type { Log } from './core/log.ts'
import type { LoginRequests } from './core/login-requests.ts'
import type { Message } from './core/mail.ts'
import type { ActionPlan } from './core/plan.ts'
import type { Session } from './core/session.ts'
import { unpackMessage } from './courier/message.ts'
import { renderMail } from './courier/render-mail.ts'
import type { MessageTemplates } from './courier/templates.ts'
import type { Settings, TokenTemplate } from './core/settings.ts'
import { createCodes } from './crypto/codes.ts'
import { createCsrfTokens, csrfCookieName } from './crypto/csrf.ts'
import { isSame, keyedHash } from './crypto/keys.ts'
import type { HashQueue } from './crypto/hash-queue.ts'
import { createPasswords } from './crypto/passwords.ts'
import { createSeal } from './crypto/seal.ts'
import { ALGORITHMS, keyCeremonies } from './crypto/key-ceremonies.ts'
import { hashToken, issueSessionToken, logoutToken } from './crypto/session-tokens.ts'
import type { FlowDeps } from './flows/define.ts'
import { browserState } from './http/browser-state.ts'
import { actionRoutes } from './http/action-routes.ts'
import type { Causes } from './http/causes.ts'
import { createSourceOf } from './http/source.ts'
import { toAdminRoutes, toPublicRoutes } from './http/cross-routes.ts'
import type { DoorDeps } from './http/doors.ts'
import { adminDoor, publicDoor } from './http/listener-doors.ts'
import type { Door } from './http/listener.ts'
import { adminIdentityRoutes } from './http/admin-identity-routes.ts'
import { adminRecoveryRoutes } from './http/admin-recovery-routes.ts'
import { actionDirectory } from './http/action-directory.ts'
import { deliveryRoutes } from './http/delivery-routes.ts'
import type { Route } from './http/exchange.ts'
import { explainRoutes } from './http/explain-routes.ts'
import { type PlannedActionDeps, plannedActionRoutes } from './http/planned-action-routes.ts'
import { courierRoutes } from './http/courier-routes.ts'
import { adminSessionRoutes } from './http/admin-session-routes.ts'
import { uiUrl } from './http/answer-flow.ts'
import { adminMetaRoutes, healthRoutes, publicMetaRoutes } from './http/meta-routes.ts'
import { metricsRoutes } from './http/metrics-routes.ts'
import { observeDoor } from './http/observe-door.ts'
import { oidcRoutes } from './http/oidc-routes.ts'
import { apis, withOpenApi } from './http/openapi/document.ts'
import { outsideApi } from './http/route-table.ts'
import { selfServiceRoutes } from './http/self-service.ts'
import { sessionRoutes } from './http/session-routes.ts'
import { webAuthnScriptIntegrity, webAuthnScriptRoute } from './http/webauthn-script.ts'
import { flagDenial } from './identities/flag-denial.ts'
import { createAmend } from './identities/amend.ts'
import { createIdentityBuilder } from './identities/build.ts'
import { createPasswordCheck } from './identities/check-password.ts'
import { createRetrait } from './identities/retrait.ts'
import { createSchemas } from './identities/schema.ts'
import { createTraitForms } from './identities/trait-forms.ts'
import { type Oidc, openOidc } from './methods/oidc/oidc.ts'
import { createMethods } from './methods/registry.ts'
import type { OutgoingClient } from './net/outgoing.ts'
import type { FlowDeps as OAuth2FlowDeps } from './oauth2/authorize.ts'
import { ownLoginRequests, remoteLoginRequests } from './oauth2/login-requests.ts'
import type { CallLog } from './outbox/call-log.ts'
import type { Outbox } from './outbox/start-outbox.ts'
import type { StepLog } from './outbox/step-log.ts'
import { tokenize, type TokenizeDeps } from './sessions/tokenize.ts'
import type { Store } from './store/store.ts'
import type { Metrics } from './telemetry/metrics.ts'
import { devRoutes } from './ui/dev-routes.ts'
import type { Echo } from './ui/echo.ts'
import { mailboxRoutes } from './ui/mailbox-routes.ts'
import { consentRoutes } from './ui/consent.ts'
import { deviceRoutes } from './ui/device.ts'
import { uiRoutes } from './ui/routes.ts'
import type { World } from './world.ts'

type Parts = {
  /** Which request is being answered. */
  readonly causes: Causes
  readonly store: Store
  readonly outbox: Outbox
  readonly client: OutgoingClient
  readonly templates: TokenizeDeps['documents'] & Templates
  /** What the dev tools' receiver got; it outlives every configuration. */
  readonly echo: Echo
  /** The templates of messages under a configuration; what was fetched and read outlives it. */
  readonly mailTemplates: (settings: Settings) => MessageTemplates
  /** The OAuth2 server of this process; null where there is none. */
  readonly oauth2: (() => OAuth2FlowDeps) | null
  readonly callLog: CallLog
  /** Keeps a call in the log and in the metrics. */
  readonly record: RecordCall
  readonly stepLog: StepLog
  /** Whatever configuration asks for it: the cores are the same. */
  readonly hashQueue: HashQueue
  readonly metrics: Metrics
  readonly tracer: Tracer
  /** What somebody should look at although everything works. */
  readonly warnings: () => readonly string[]
  /** One attempt of a call that is no delivery: a trial. */
  readonly trySending: PlannedActionDeps['send']
  /** The configuration in force, without its secrets. */
  readonly configuration: () => JsonObject
  readonly world: World
  readonly log: Log
  readonly version: string
}

/** What one configuration makes of the server's parts: what is behind its two listeners. */
export type Doors = {
  readonly public: Door
  readonly admin: Door
  /** Somebody is refused who was let in because a receiver could not be asked. */
  deniedLater(delivery: Delivery, said: string): Promise<void>
}

/** Builds everything that depends on the configuration. A request keeps what it started with. */
export function assemble(given: Parts, settings: Settings, plan: ActionPlan): Doors {
  const described = describePlan(settings)
  const recordStep = given.stepLog.under(described)
  const parts = { ...given, recordStep, store: tellingOf(given, plan, recordStep) }
  const doors = doorDeps(parts, settings)
  const people = peopleOf(parts, settings)
  const oidc = oidcOf(parts, settings, people)
  const loginRequests = loginRequestsOf(parts, settings)
  const flows = flowDeps(parts, settings, plan, doors, { ...people, oidc, loginRequests })
  const urls = { publicUrl: settings.serve.public.baseUrl, adminUrl: settings.serve.admin.baseUrl }
  const meta = { ...doors, ping: () => parts.store.ping(), version: parts.version }
  const [secret = ''] = settings.secrets.cookie
  const pages = {
    ...doors,
    flows,
    oauth2: parts.oauth2,
    loginRequests,
    logoutToken: (session: Session) => logoutToken(secret, session),
    sameToken: isSame,
    tokenize: (session: Session, template: TokenTemplate) =>
      tokenize({ ...parts.world, documents: parts.templates, publicUrl: urls.publicUrl }, session, template),
  }
  const [messages, tokens] = [messageSeal(settings, parts.world), tokenSeal(settings, parts.world)]
  const openMessage = (sealed: string) => {
    const text = messages.open(sealed)
    return text === null ? null : unpackMessage(text)
  }

  const tools = [
    ...devRoutes({ ...parts.world, ...urls, echo: parts.echo }),
    ...mailboxRoutes({ ...urls, messages: parts.store.messages, openMessage }),
  ]
  const publicRoutes = [
    ...healthRoutes(meta),
    ...publicMetaRoutes(doors),
    webAuthnScriptRoute,
    ...outsideApi(toAdminRoutes(urls.adminUrl)),
    ...selfServiceRoutes(pages),
    ...oidcRoutes({ ...pages, oidc }),
    ...sessionRoutes(pages),
    ...outsideApi([...uiRoutes(pages), ...consentRoutes(pages), ...deviceRoutes(pages)]),
  ]
  const adminRoutes = [
    ...healthRoutes({ ...meta, warnings: parts.warnings }),
    ...adminMetaRoutes(meta),
    ...outsideApi(toPublicRoutes(urls.publicUrl)),
    ...adminIdentityRoutes({
      ...doors,
      ...people,
      store: parts.store,
      openToken: (sealed) => tokens.open(sealed),
    }),
    ...adminRecoveryRoutes({ flows }),
    ...actionRoutes({
      store: parts.store,
      flush: () => parts.callLog.flush(),
      configuration: parts.configuration,
    }),
    ...seeingRoutes(parts, settings, actionDirectory(plan, described.triggers)),
    ...courierRoutes({
      store: parts.store,
      clock: parts.world.clock,
      pages: createSeal(settings.secrets.pagination, 'page token', parts.world.random),
      openMessage: settings.dev ? openMessage : null,
    }),
    ...adminSessionRoutes({ ...doors, store: parts.store }),
    ...outsideApi(tools).map((route) => ({ ...route, isClosed: !settings.dev })),
    ...metricsRoutes({ metrics: parts.metrics }),
  ]
  const openPublic = withOpenApi(apis['identity-public'], publicRoutes, parts.version)
  const openAdmin = withOpenApi(apis['identity-admin'], adminRoutes, parts.version)
  const observed = { answered: parts.metrics.answered, stopwatch: parts.world.stopwatch, tracer: parts.tracer }
  return {
    public: observeDoor(observed, 'public', parts.causes.within(publicDoor(doors, openPublic, parts.log), 'public')),
    admin: observeDoor(observed, 'admin', parts.causes.within(adminDoor(doors, openAdmin, parts.log), 'admin')),
    deniedLater: (delivery, said) =>
      parts.causes.causedBy(delivery.id, () =>
        flagDenial({ ...parts.world, store: parts.store, log: parts.log }, delivery, said),
      ),
  }
}

/** Everything writes through this store, so whoever stands `on` an event is told of it from every path. */
const tellingOf = ({ store, causes, world, log, outbox }: Parts, plan: ActionPlan, recordStep: RecordStep): Store =>
  tellingStore({
    ...world,
    recordStep,
    store,
    plan,
    log,
    request: () => causes.current()?.request ?? null,
    origin: () => originOf(store, causes.current()?.delivery ?? null),
    wake: () => outbox.wake(),
  })

/** An id that names no delivery of ours, such as the trace of somebody else, names nobody. */
async function originOf({ deliveries }: Pick<Store, 'deliveries'>, cause: DeliveryId | null): Promise<Origin | null> {
  const found = cause === null ? null : await deliveries.find(cause)
  return cause === null || found === null ? null : { cause, depth: found.delivery.depth ?? 0 }
}

/** What administrators see of actions and deliveries, and how they mend them. */
function seeingRoutes(parts: Parts, settings: Settings, actions: ReturnType<typeof actionDirectory>): readonly Route[] {
  const { store, world, callLog, stepLog, outbox } = parts
  const redactor = createRedactor(settings.callLog.redact)
  const common = { ...world, store, actions, redactor, wake: () => outbox.wake() }
  return [
    ...deliveryRoutes(common),
    ...explainRoutes({
      store,
      flush: async () => {
        await Promise.all([callLog.flush(), stepLog.flush()])
      },
      keptFor: settings.deliveries.keep.delivered,
    }),
    ...plannedActionRoutes({
      ...common,
      publicUrl: settings.serve.public.baseUrl,
      schemaId: settings.identity.defaultSchemaId,
      send: parts.trySending,
    }),
  ]
}

/** Whom people sign in for: the OAuth2 server beside us, or one that runs elsewhere. */
function loginRequestsOf({ oauth2, client }: Parts, { oauth2Provider: provider }: Settings): LoginRequests | null {
  if (oauth2 !== null) return ownLoginRequests(oauth2)
  return provider === null ? null : remoteLoginRequests({ client, provider })
}

/** What messages are sealed with until they are sent, and for as long as they are kept. */
export const messageSeal = (settings: Settings, { random }: Pick<World, 'random'>) =>
  createSeal(settings.secrets.cipher, 'message', random)

function doorDeps({ store, world, log }: Parts, settings: Settings): DoorDeps {
  const seal = createSeal(settings.secrets.cookie, 'session cookie', world.random)
  return {
    settings,
    clock: world.clock,
    random: world.random,
    store,
    csrf: createCsrfTokens(world.random),
    browser: browserState({ settings }, csrfCookieName(settings.serve.public.baseUrl)),
    sealToken: (token, expiresAt) => seal.seal(JSON.stringify([token, expiresAt])),
    openToken: (sealed) => tokenOf(seal.open(sealed)),
    hashToken,
    log: (error, about) => log('error', 'request_failed', { ...about, detail: describe(error) }),
  }
}

/** The stack belongs into the log, and nowhere else. */
const describe = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error))

function tokenOf(opened: string | null): ReturnType<DoorDeps['openToken']> {
  const content: unknown = opened === null ? null : JSON.parse(opened)
  if (!Array.isArray(content)) return null
  const [token, expiresAt]: readonly unknown[] = content
  return typeof token === 'string' && typeof expiresAt === 'number' ? { token, expiresAt } : null
}

/** What the identity schemas and the hasher make possible. */
function peopleOf({ world, hashQueue }: Parts, settings: Settings) {
  const schemas = createSchemas(settings.identity)
  return {
    schemas,
    passwords: createPasswords(settings.hashers, hashQueue),
    /** Keeps the keys of authenticator apps secret. */
    cipher: createSeal(settings.secrets.cipher, 'totp key', world.random),
    traits: createTraitForms(schemas),
    buildIdentity: createIdentityBuilder({ schemas, ...world }),
    amend: createAmend({ schemas, ...world }),
    retrait: createRetrait({ schemas, ...world }),
  }
}

type People = ReturnType<typeof peopleOf>

const oidcOf = ({ store, client, world, log, templates }: Parts, settings: Settings, people: People): Oidc =>
  openOidc({
    ...world,
    settings,
    client,
    log,
    identities: store.identities,
    buildIdentity: people.buildIdentity,
    retrait: people.retrait,
    traitForms: people.traits,
    loadMapper: (location, budget) => templates.load(location, budget),
    tripSeal: createSeal(settings.secrets.cookie, 'way to a provider', world.random),
    tokenSeal: tokenSeal(settings, world),
  })

/** What tokens of providers are sealed with at rest. */
const tokenSeal = (settings: Settings, { random }: Pick<World, 'random'>) =>
  createSeal(settings.secrets.cipher, 'provider token', random)

/** The system that passwords may still have to be asked of. */
const formerSystemOf = ({ client, templates, record, world, log }: Parts, settings: Settings) =>
  settings.methods.password.migrateHook === null
    ? null
    : createFormerSystem({ ...world, settings, client, templates, log, record }, settings.methods.password.migrateHook)

function flowDeps(
  parts: Parts & { readonly recordStep: RecordStep },
  settings: Settings,
  plan: ActionPlan,
  doors: DoorDeps,
  people: People & { readonly oidc: Oidc; readonly loginRequests: LoginRequests | null },
): FlowDeps {
  const { store, outbox, client, world, log, recordStep } = parts
  const { passwords, cipher, traits, buildIdentity, amend, retrait, loginRequests } = people
  const sourceOf = createSourceOf(settings.serve.public.trustedProxies)
  const mailing = {
    ...world,
    settings,
    log,
    templates: parts.mailTemplates(settings),
    seal: messageSeal(settings, world),
  }
  const mail = async (message: Message): Promise<readonly Effect[]> => [await renderMail(mailing, message)]
  return {
    settings,
    plan,
    ...world,
    store,
    csrf: doors.csrf,
    counting: {
      sourceOf,
      digest: keyedHash(settings.secrets.default, 'budget'),
    },
    tokens: { issue: () => issueSessionToken(world.random) },
    seal: createSeal(settings.secrets.cookie, 'parked submission', world.random),
    traits,
    retrait,
    mail,
    methods: createMethods({
      oidc: people.oidc,
      settings,
      random: world.random,
      cipher,
      ceremonies: keyCeremonies,
      algorithms: ALGORITHMS,
      scriptIntegrity: webAuthnScriptIntegrity(),
      pageOf: (flow) => uiUrl({ settings }, flow),
      identities: store.identities,
      codes: createCodes(settings.secrets.cookie, world.random),
      mail,
      traitForms: traits,
      retrait,
      passwords,
      sourceOf,
      askFormerSystem: formerSystemOf(parts, settings),
      log,
      identifierLabel: traits.identifierLabel,
      buildIdentity,
      validateTraits: (schemaId, given) => traits.validate(schemaId, given),
      checkPassword: createPasswordCheck(settings.methods.password, client, settings.hashers),
    }),
    ask: (actions, context, options) =>
      parts.tracer.span(`actions ${triggerName(context.trigger)}`, {}, async (span) => {
        const asked = await ask({ ...world, settings, amend, log, recordStep }, actions, context, options)
        span.set({ 'cardea.actions': actions.length, 'cardea.outcome': asked.kind })
        return asked
      }),
    deliver: async (delivery) => {
      const delivered = await outbox.deliverNow(delivery)
      if (delivered.kind === 'failed') throw new NeighbourError(delivered.class, delivered.detail, true)
    },
    handBack: async ({ challenge, accepted }) => {
      if (loginRequests === null) return null
      return loginRequests.accept(challenge, accepted).catch((thrown: unknown) => {
        // A verification may take longer than a login request lives; it counts all the same.
        log('warn', 'oauth2_login_over', { detail: String(thrown) })
        return null
      })
    },
    wake: () => outbox.wake(),
  }
}
