import { expect, test } from 'vitest'
import {
  errorOf,
  load,
  loadText,
  minimalConfig,
  minimalText,
  personSchema,
  toBase64,
} from '../../test/minimal-config.ts'

const hooks = (entries: string) => `${minimalText}  flows:
    login:
      after:
        hooks:
${entries}`
const call = '{hook: web_hook, config: {url: https://crm.example.test/hook, method: POST, body: "base64://e30="'

test.each([
  [
    'B1: a kind nobody knows',
    hooks('          - hook: web_hok'),
    `cardea.yml:14:19  selfservice.flows.login.after.hooks[0].hook
  got   "web_hok"
  need  one of web_hook, `,
    'fix   did you mean web_hook?',
  ],
  [
    'B2: an action where it may not stand',
    hooks('          - hook: session'),
    'login.after.hooks[0]: "session" may not run after login; allowed here: web_hook, ',
    'fix   "session" may stand at registration.after.password, registration.after.webauthn, registration.after.passkey, registration.after.oidc, registration.after.code',
  ],
  [
    'B2: session in the default list of registration',
    `${minimalText}  flows: {registration: {after: {hooks: [{hook: session}]}}}`,
    'registration.after.hooks[0]: "session" may not run after registration; allowed here: web_hook\n',
    'fix   "session" may stand at registration.after.password, ',
  ],
  [
    'B3: a queued call whose answer is to be read',
    hooks(`          - ${call}, response: {ignore: true, parse: true}}}`),
    'selfservice.flows.login.after.hooks[0].config.response\n  need  not both ignore and parse the response',
  ],
  [
    'B4: the same entry twice',
    hooks(
      `          - ${call}}}\n          - hook: web_hook\n            config: {url: https://b.test/, method: GET, body: "base64://e30="}\n          - ${call}}}`,
    ),
    `cardea.yml:17:13  selfservice.flows.login.after.hooks[2]
  got   entries 0 and 2 are the same
  need  each entry once`,
  ],
  [
    'B6: a misspelt key',
    hooks(`          - ${call}, timout: 3s}}`),
    'selfservice.flows.login.after.hooks[0].config.timout\n  got   an unknown key\n  need  one of url, method, ',
    'fix   did you mean timeout?',
  ],
  [
    'B7: a span of time without unit',
    hooks(`          - ${call}, timeout: 3}}`),
    'config.timeout\n  got   3\n  need  a duration such as 3s or 500ms, from 50ms to 30s\n  fix   did you mean "3s"?',
  ],
  [
    'B7: a span of time in words',
    hooks(`          - ${call}, timeout: "3 sec"}}`),
    'config.timeout\n  got   "3 sec"\n  need  a duration such as 3s or 500ms, from 50ms to 30s\n  fix   did you mean "3s"?',
  ],
  [
    'B7: a negative one',
    hooks(`          - ${call}, timeout: -1s}}`),
    'got   "-1s"\n  need  a duration such as 3s or 500ms, from 50ms to 30s',
  ],
  [
    'a misspelt scheme',
    hooks(
      '          - hook: web_hook\n            config:\n              url: htps://crm.example.test/hook\n              method: POST\n              body: base64://e30=',
    ),
    `cardea.yml:16:20  selfservice.flows.login.after.hooks[0].config.url
  got   "htps://crm.example.test/hook"
  need  an http or https URL
  fix   did you mean "https://crm.example.test/hook"?`,
  ],
  [
    'a credential of an unknown kind',
    hooks(`          - ${call}, auth: {type: api_kee, config: {}}}}`),
    'config.auth.type\n  got   "api_kee"\n  need  one of basic_auth, api_key, bearer, oauth2_client_credentials, client_certificate\n  fix   did you mean api_key?',
  ],
  [
    'a credential that is no text: it is not shown',
    hooks(`          - ${call}, auth: {type: api_key, config: {name: X-Key, value: 314159, in: header}}}}`),
    'config.auth.config.value\n  got   something that is not text (not shown)\n  need  text',
  ],
  [
    'an entry with a key of its own',
    hooks(`          - {hook: web_hook, id: x, config: {url: https://b.test/, method: GET}}`),
    'hooks[0].id\n  got   an unknown key\n  need  one of hook, config',
  ],
  [
    'an entry without kind',
    hooks('          - config: {}'),
    'hooks[0].hook\n  got   nothing\n  need  one of web_hook, ',
  ],
  [
    'an entry that is none',
    hooks('          - web_hook'),
    'hooks[0]\n  got   "web_hook"\n  need  an action: an object with the key hook',
  ],
  [
    'a web_hook that says nothing',
    hooks('          - hook: web_hook'),
    'hooks[0].config.url\n  got   nothing\n  need  an http or https URL',
  ],
  [
    'a list that is none',
    `${minimalText}  flows: {login: {before: {hooks: {}}}}`,
    'login.before.hooks\n  got   an object\n  need  a list',
  ],
  [
    'a key at the wrong place',
    `${minimalText}port: 4433`,
    'cardea.yml:10:1  port\n  got   an unknown key\n  need  one of profile, ',
    'fix   port belongs under serve.public, serve.admin',
  ],
  ['a key near a known one', `${minimalText}server: {}`, 'fix   did you mean serve?'],
  [
    'a list of hooks at the wrong place',
    `${minimalText}  flows: {login: {hooks: []}}`,
    'selfservice.flows.login.hooks\n  got   an unknown key',
    'fix   hooks belongs under selfservice.flows.login.before, selfservice.flows.login.after',
  ],
  [
    'hooks on logout',
    `${minimalText}  flows: {logout: {after: {hooks: []}}}`,
    'flows.logout.after.hooks\n  got   an unknown key',
  ],
  [
    'hooks on error',
    `${minimalText}  flows: {error: {before: {hooks: []}}}`,
    'flows.error.before\n  got   an unknown key',
  ],
  [
    'a number as text',
    `${minimalText}serve: {public: {port: "4433"}}`,
    'serve.public.port\n  got   "4433"\n  need  a whole number from 1 to 65535\n  fix   did you mean 4433?',
  ],
  [
    'a boolean in words',
    `${minimalText}session: {cookie: {persistent: yes}}`,
    'session.cookie.persistent\n  got   "yes"\n  need  true or false\n  fix   did you mean true?',
  ],
  [
    'a choice',
    `${minimalText}cookies: {same_site: lax}`,
    'cookies.same_site\n  got   "lax"\n  need  one of Strict, Lax, None\n  fix   did you mean Lax?',
  ],
  [
    'the beginning of a choice',
    `${minimalText}log: {level: warn}`,
    'log.level\n  got   "warn"\n  need  one of trace, debug, info, warning, error, fatal, panic\n  fix   did you mean warning?',
  ],
  [
    'a short secret: it is not shown',
    minimalText.replace(/cookie: .*/, 'cookie: [hush-hush]'),
    'secrets.cookie[0]\n  got   a secret of 9 characters (not shown)\n  need  at least 16 characters',
  ],
  [
    'a cipher of the wrong length',
    minimalText.replace('secrets:', 'secrets:\n  cipher: [dwJ0b4cZ1q8yT6nV]'),
    'secrets.cipher[0]\n  got   a secret of 16 characters (not shown)\n  need  exactly 32 characters',
  ],
  [
    'another database',
    minimalText.replace('memory', 'mysql://cardea:hush@db.test/cardea'),
    'dsn\n  got   "mysql://cardea:(hidden)@db.test/cardea"\n  need  another database than mysql: memory, sqlite://FILE or postgres://',
  ],
  [
    'both listeners on one port',
    `${minimalText}serve: {admin: {port: 4433}}`,
    'serve.admin.port\n  got   4433\n  need  another port than serve.public.port',
  ],
  [
    'a schema that is not there',
    minimalText.replace(/url: .*/, 'url: file:///nowhere.json'),
    'cardea.yml:5:12  identity.schemas[0].url\n  got   file:///nowhere.json\n  need  a document that can be read (there is none)',
  ],
  [
    'B13: a schema that is no JSON',
    minimalText.replace(/url: .*/, `url: ${toBase64('{"a": ')}`),
    'identity.schemas[0].url\n',
    'need  valid JSON (',
  ],
  [
    'B13: a schema of another dialect',
    minimalText.replace(
      /url: .*/,
      `url: ${toBase64('{"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"traits":{}}}')}`,
    ),
    'schema default: $schema "https://json-schema.org/draft/2020-12/schema"\n  need  draft-04, draft-06 or draft-07',
  ],
  [
    'B13: a schema that refers to a file',
    minimalText.replace(/url: .*/, `url: ${toBase64('{"properties":{"traits":{"$ref":"file:///etc/passwd"}}}')}`),
    'schema default: $ref "file:///etc/passwd"\n  need  a reference within the schema',
  ],
  [
    'B14: a schema by which nobody could sign in',
    minimalText.replace(/url: .*/, `url: ${toBase64('{"properties":{"traits":{"type":"object"}}}')}`),
    'schema default: no trait is an identifier, so nobody could sign in with a password',
    '"ory.sh/kratos": {"credentials": {"password": {"identifier": true}}}',
  ],
  [
    'a default schema that is none',
    minimalText.replace('identity:', 'identity:\n  default_schema_id: person'),
    'identity.default_schema_id\n  got   "person"\n  need  the id of a schema: default',
  ],
  [
    'a cookie name that promises too much',
    `${minimalText}cookies: {domain: example.test}\nsession: {cookie: {name: __Host-x, secure: true}}`,
    'session.cookie.name\n  got   "__Host-x"\n  need  a name without __Host-',
  ],
  [
    'a template that is not there',
    hooks(`          - {hook: web_hook, config: {url: https://b.test/, method: POST, body: "file://nowhere.jsonnet"}}`),
    'config.body\n  got   "file://nowhere.jsonnet"\n  need  a template that can be read (there is none)',
  ],
  [
    'B24: a template with a mistake in it',
    hooks(
      `          - {hook: web_hook, config: {url: https://b.test/, method: POST, body: "${toBase64('function(ctx) {')}"}}`,
    ),
    'config.body\n',
    'need  a Jsonnet template (',
  ],
  [
    'nothing at all',
    '',
    'cardea.yml  dsn\n  got   nothing\n  need  memory, sqlite://FILE or',
    'identity.schemas\n  got   nothing\n  need  at least one schema',
    'selfservice.default_browser_return_url\n  got   nothing',
  ],
])('%s', async (_name, text, ...expected) => {
  const error = await errorOf(text)
  for (const part of expected) expect(error).toContain(part)
  expect(error).not.toContain('hush')
  expect(error).not.toContain('314159')
})

test('everything is said at once, in the order in which it is written', async () => {
  const error = await errorOf(`${minimalText}port: 1\nlog: {level: loud}\nserve: {public: {port: 0}}`)
  expect(error.split('\n').filter((line) => line.startsWith('cardea.yml'))).toEqual([
    'cardea.yml:10:1  port',
    'cardea.yml:11:14  log.level',
    'cardea.yml:12:24  serve.public.port',
  ])
})

test('an empty group is the group with its defaults', async () => {
  const { settings } = await loadText(`${minimalText}serve:\nlog:\n`)
  expect(settings.serve.public.port).toBe(4433)
})

test('files are merged in their order: objects by member, lists as a whole', async () => {
  const { settings } = await loadText(`${minimalText}serve: {public: {port: 1001, host: one.test}}\n`, {
    files: ['cardea.yml', 'second.json'],
    others: {
      'second.json':
        '{"serve": {"public": {"port": 1002}}, "secrets": {"cookie": ["another-secret-of-32-characters!"]}}',
    },
  })
  expect(settings.serve.public).toMatchObject({ port: 1002, host: 'one.test' })
  expect(settings.secrets.cookie).toEqual(['another-secret-of-32-characters!'])
})

test('an error names the file that says it', async () => {
  const error = await errorOf(minimalText, {
    files: ['cardea.yml', 'second.yml'],
    others: { 'second.yml': '\nserve:\n  public:\n    port: none\n' },
  })
  expect(error).toBe('second.yml:4:11  serve.public.port\n  got   "none"\n  need  a whole number from 1 to 65535')
})

test('every file that cannot be read is named', async () => {
  const error = await errorOf(minimalText, { files: ['a.yml', 'cardea.yml', 'b.yml'], others: { 'b.yml': 'a: [' } })
  expect(error).toContain('a.yml  (the file)\n  need  a file that can be read (there is none)')
  expect(error).toContain('b.yml:')
})

test('the command line goes over files, and the environment over both', async () => {
  const overrides = { serve: { public: { port: 1002 }, admin: { port: 1003 } } }
  const { settings } = await loadText(`${minimalText}serve: {public: {port: 1001}}`, {
    overrides,
    env: { SERVE_ADMIN_PORT: '1004' },
  })
  expect([settings.serve.public.port, settings.serve.admin.port]).toEqual([1002, 1004])
})

test('an error in a variable names it, and one on the command line says so', async () => {
  const env = { SERVE_PUBLIC_PORT: 'none' }
  expect(await errorOf(minimalText, { env })).toContain(
    'environment variable SERVE_PUBLIC_PORT  serve.public.port\n  got   "none"',
  )
  const overrides = { serve: { admin: { port: 0 } } }
  expect(await errorOf(minimalText, { overrides })).toContain('command line  serve.admin.port\n  got   0')
})

test('secrets come from variables and files', async () => {
  const text = minimalText.replace(/cookie: .*/, 'cookie: [env://COOKIE_SECRET]\n  cipher: [file:///run/cipher]')
  const { settings, sources } = await loadText(text, {
    env: { COOKIE_SECRET: 'dwJ0b4cZ1q8yT6nV3mK9sL2xR7pH5fGe' },
    others: { '/run/cipher': 'Rr7pH5fGedwJ0b4cZ1q8yT6nV3mK9sL2\n' },
  })
  expect(settings.secrets.cookie).toEqual(['dwJ0b4cZ1q8yT6nV3mK9sL2xR7pH5fGe'])
  expect(settings.secrets.cipher).toEqual(['Rr7pH5fGedwJ0b4cZ1q8yT6nV3mK9sL2'])
  expect(sources).toContain('/run/cipher')
})

test('a credential of an action comes from a variable', async () => {
  const { settings } = await loadText(
    hooks(
      `          - ${call}, headers: {Authorization: "env://TOKEN"}, auth: {type: basic_auth, config: {user: u, password: "env://PASSWORD"}}}}`,
    ),
    { env: { TOKEN: 'Bearer x', PASSWORD: 'p' } },
  )
  expect(settings.hooks[0]?.entries[0]?.config).toMatchObject({
    headers: { Authorization: 'Bearer x' },
    auth: { config: { user: 'u', password: 'p' } },
  })
})

test.each([
  [
    'B9: a variable that is not set',
    'env://NOWHERE',
    'got   env://NOWHERE\n  need  environment variable NOWHERE, which is not set',
  ],
  [
    'a file that is not there',
    'file:///nowhere',
    'got   file:///nowhere\n  need  a file that can be read (there is none)',
  ],
  ['a variable that holds too little: it is not shown', 'env://SHORT', 'got   a secret of 4 characters (not shown)'],
])('a secret from %s', async (_name, reference, expected) => {
  const error = await errorOf(minimalText.replace(/cookie: .*/, `cookie: ["${reference}"]`), { env: { SHORT: 'hush' } })
  expect(error).toContain(`cardea.yml:7:12  secrets.cookie[0]\n  ${expected}`)
  expect(error).not.toContain('hush')
})

test('a schema may be a file, a plain path, base64 or a document of the web', async () => {
  const text = JSON.stringify(personSchema)
  const urls = ['file:///person.json', './person.json', toBase64(text), 'https://schemas.example.test/person.json']
  const config = {
    ...minimalConfig,
    identity: { default_schema_id: '0', schemas: urls.map((url, id) => ({ id: String(id), url })) },
  }
  const { settings, sources } = await load(config, {
    others: { '/person.json': text, './person.json': text },
    fetchText: (url) => Promise.resolve(url === urls[3] ? text : ''),
  })
  expect(settings.identity.schemas.map(({ document }) => document)).toEqual(urls.map(() => personSchema))
  expect(sources).toEqual(['cardea.yml', '/person.json', './person.json'])
})

test('files of templates are watched as well', async () => {
  const { sources } = await loadText(
    hooks('          - {hook: web_hook, config: {url: https://b.test/, method: POST, body: "file:///b.jsonnet"}}'),
    {
      others: { '/b.jsonnet': 'function(ctx) ctx' },
    },
  )
  expect(sources).toEqual(['cardea.yml', '/b.jsonnet'])
})

test('the revision is the one the configuration names, else it changes with whatever changes', async () => {
  const plain = await loadText(minimalText)
  expect(plain.settings.revision).toMatch(/^[0-9a-f]{16}$/)
  expect((await loadText(`# only a comment\n${minimalText}`)).settings.revision).toBe(plain.settings.revision)
  expect((await loadText(`${minimalText}log: {level: debug}`)).settings.revision).not.toBe(plain.settings.revision)
  const named = await loadText(`${minimalText}revision: spring`)
  expect(named.settings.revision).toBe('spring')
  expect(named.fingerprint).not.toBe(plain.fingerprint)
})
