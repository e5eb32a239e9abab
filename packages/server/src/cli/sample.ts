type Place = { readonly folder: string; readonly public: number; readonly admin: number }

/** A call that is queued: a row in the commit that causes it, delivered until the receiver has it. */
const told = ({ folder, admin }: Place, trigger: string, indent: number) =>
  [
    '- hook: web_hook',
    '  config:',
    `    url: http://localhost:${admin}/echo/${trigger}`,
    '    method: POST',
    `    body: file://${folder}/everything.jsonnet`,
    '    response: { ignore: true }',
  ]
    .map((line) => ' '.repeat(indent) + line)
    .join('\n')

/** A flow whose start and completion are told. */
const flow = (place: Place, name: string, keys: string) => `    ${name}:
${keys}      ui_url: http://localhost:${place.public}/ui/${name}
      before:
        hooks:
${told(place, `${name}/before`, 10)}
      after:
        hooks:
${told(place, `${name}/after`, 10)}
`

/** The configuration that `cardea dev` writes for somebody who starts from nothing: all ten triggers of the five flows. */
export const sampleConfig = (place: Place) =>
  `# A sample configuration to play with. Edit and save it: what changes takes effect at once.
# What is wrong with it is said in the terminal; until it is right, the last good one stays in force.
dsn: sqlite://${place.folder}/cardea.db

identity:
  default_schema_id: person
  schemas:
    - id: person
      url: file://${place.folder}/person.schema.json

selfservice:
  default_browser_return_url: http://localhost:${place.public}/ui/
  allowed_return_urls:
    - http://localhost:${place.public}/
  methods:
    password:
      enabled: true
      config:
        # Asks a public service whether a password has leaked. Off, so that the sample needs no network.
        haveibeenpwned_enabled: false
    # Codes by mail, for recovery and verification. What is sent lies in http://localhost:${place.admin}/dev/mailbox.
    code:
      enabled: true
  flows:
    error:
      ui_url: http://localhost:${place.public}/ui/error
${flow(place, 'login', '')}${flow(place, 'recovery', '      enabled: true\n      use: code\n')}${flow(place, 'verification', '      enabled: true\n      use: code\n')}${flow(place, 'settings', '')}    registration:
      style: unified
      ui_url: http://localhost:${place.public}/ui/registration
      before:
        hooks:
${told(place, 'registration/before', 10)}
      after:
        password:
          hooks:
            # Asked before anything is stored: its answer may refuse the sign-up or change the traits.
            # Try it: put ?status=400&field=%23/traits/email&message=Not%20today behind the URL.
            - hook: web_hook
              config:
                url: http://localhost:${place.admin}/echo/registration/after/password
                method: POST
                body: file://${place.folder}/person.jsonnet
                response: { parse: true }
            # Signs the person in at once.
            - hook: session

# A connection to a vendor, with the echo in the vendor's place: remove the # to try it, and see docs/integrations.
# actions:
#   connections:
#     segment:
#       recipe: segment
#       secrets: { write_key: not-a-real-key }
#       base_url: http://localhost:${place.admin}/echo/segment
`

/** The files that the sample configuration names. */
export const sampleFiles: readonly { readonly name: string; readonly text: string }[] = [
  {
    name: 'person.schema.json',
    text: `${JSON.stringify(
      {
        $id: 'https://example.test/person.schema.json',
        $schema: 'http://json-schema.org/draft-07/schema#',
        title: 'Person',
        type: 'object',
        properties: {
          traits: {
            type: 'object',
            properties: {
              email: {
                type: 'string',
                format: 'email',
                title: 'E-mail',
                minLength: 3,
                maxLength: 320,
                'ory.sh/kratos': {
                  credentials: { password: { identifier: true } },
                  verification: { via: 'email' },
                  recovery: { via: 'email' },
                },
              },
              name: { type: 'string', title: 'Name', maxLength: 200 },
            },
            required: ['email'],
            additionalProperties: false,
          },
        },
      },
      null,
      2,
    )}\n`,
  },
  {
    name: 'everything.jsonnet',
    text: `// The body of a call: whatever this function returns. ctx holds the flow, the request and, after it, the person.
function(ctx) ctx
`,
  },
  {
    name: 'person.jsonnet',
    text: `// Only what the receiver needs.
function(ctx) {
  trigger: ctx.trigger,
  id: ctx.identity.id,
  email: ctx.identity.traits.email,
  name: std.get(ctx.identity.traits, 'name', ''),
}
`,
  },
]
