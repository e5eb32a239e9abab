type Place = { readonly folder: string; readonly public: number; readonly admin: number }

/** The configuration that `cardea dev` writes for somebody who starts from nothing. */
export const sampleConfig = ({
  folder,
  public: port,
  admin,
}: Place) => `# A sample configuration to play with. Edit and save it: what changes takes effect at once.
# What is wrong with it is said in the terminal; until it is right, the last good one stays in force.
dsn: sqlite://${folder}/cardea.db

identity:
  default_schema_id: person
  schemas:
    - id: person
      url: file://${folder}/person.schema.json

selfservice:
  default_browser_return_url: http://localhost:${port}/ui/
  allowed_return_urls:
    - http://localhost:${port}/
  methods:
    password:
      enabled: true
      config:
        # Asks a public service whether a password has leaked. Off, so that the sample needs no network.
        haveibeenpwned_enabled: false
  flows:
    error:
      ui_url: http://localhost:${port}/ui/error
    login:
      ui_url: http://localhost:${port}/ui/login
      before:
        hooks:
          # Queued when somebody opens the sign-in page, and delivered until the receiver has it.
          - hook: web_hook
            config:
              url: http://localhost:${admin}/echo/login/before
              method: POST
              body: file://${folder}/everything.jsonnet
              response:
                ignore: true
      after:
        password:
          hooks:
            - hook: web_hook
              config:
                url: http://localhost:${admin}/echo/login/after/password
                method: POST
                body: file://${folder}/everything.jsonnet
                response:
                  ignore: true
    registration:
      style: unified
      ui_url: http://localhost:${port}/ui/registration
      before:
        hooks:
          - hook: web_hook
            config:
              url: http://localhost:${admin}/echo/registration/before
              method: POST
              body: file://${folder}/everything.jsonnet
              response:
                ignore: true
      after:
        password:
          hooks:
            # Asked before anything is stored: its answer may refuse the sign-up or change the traits.
            # Try it: put ?status=400&field=%23/traits/email&message=Not%20today behind the URL.
            - hook: web_hook
              config:
                url: http://localhost:${admin}/echo/registration/after/password
                method: POST
                body: file://${folder}/person.jsonnet
                response:
                  parse: true
            # Signs the person in at once.
            - hook: session
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
