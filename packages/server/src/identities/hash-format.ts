/** Why an imported password hash is refused; null if it may be stored (ory-identity-api.md §7.1). */
export function hashProblem(hash: string): string | null {
  const format = FORMATS.find(({ starts }) => starts.test(hash))
  if (format === undefined) return 'The imported password does not match any known hash format.'
  const parsed = format.whole.exec(hash)
  if (parsed === null) return 'The imported password hash could not be parsed.'
  const excess = Object.entries(format.bounds ?? {}).find(([name, most]) => Number(parsed.groups?.[name]) > most)
  return excess === undefined
    ? null
    : `The imported password hash parameters exceed the bounds enforced by Ory. Parameter "${excess[0]}" is ${parsed.groups?.[excess[0]]}, at most ${excess[1]} is allowed.`
}

type Format = {
  readonly starts: RegExp
  readonly whole: RegExp
  /** Dearer hashes would let one sign-in take the server's time or memory. */
  readonly bounds?: { readonly [group: string]: number }
}

/** Base64 with padding, and without. */
const B64 = '(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?'
const RAW64 = '[A-Za-z0-9+/]+'

const FORMATS: readonly Format[] = [
  {
    starts: /^\$2[aby]\$/,
    whole: /^\$2[aby]\$(?<cost>\d\d)\$[./A-Za-z0-9]{53}$/,
    bounds: { cost: 15 },
  },
  {
    starts: /^\$argon2(id|i)\$/,
    whole: new RegExp(`^\\$argon2(?:id|i)\\$v=19\\$m=(?<m>\\d+),t=(?<t>\\d+),p=(?<p>\\d+)\\$${RAW64}\\$${RAW64}$`),
    bounds: { m: 1024 * 1024, t: 10, p: 16 },
  },
  {
    starts: /^\$pbkdf2-sha(1|224|256|384|512)\$/,
    whole: new RegExp(`^\\$pbkdf2-sha\\d+\\$i=(?<i>\\d+),l=(?<l>\\d+)\\$${RAW64}\\$${RAW64}$`),
    bounds: { i: 10_000_000, l: 1024 },
  },
  {
    starts: /^\$scrypt\$/,
    whole: new RegExp(`^\\$scrypt\\$ln=(?<ln>\\d+),r=(?<r>\\d+),p=(?<p>\\d+)\\$${B64}\\$${B64}$`),
    bounds: { ln: 2 ** 17, r: 8, p: 10 },
  },
  { starts: /^\{SSHA(256|512)?\}/, whole: new RegExp(`^\\{SSHA(?:256|512)?\\}${B64}$`) },
  {
    starts: /^\$sha(1|256|512)\$/,
    whole: new RegExp(`^\\$sha(?:1|256|512)\\$pf=${B64}\\$${B64}\\$${B64}$`),
  },
  { starts: /^\$md5\$/, whole: new RegExp(`^\\$md5\\$(?:pf=${B64}\\$${B64}\\$)?${B64}$`) },
  // Neither of these is looked into when it arrives; nonsense behind the prefix matches nothing later.
  { starts: /^\$(md5|sha256|sha512)-crypt\$/, whole: /^/ },
  { starts: /^\$hmac-[a-z0-9]+\$/, whole: /^/ },
  {
    starts: /^\$firescrypt\$/,
    whole: new RegExp(`^\\$firescrypt\\$ln=(?<ln>\\d+),r=(?<r>\\d+),p=(?<p>\\d+)\\$${B64}\\$${B64}\\$${B64}\\$${B64}$`),
    // Here it is the logarithm.
    bounds: { ln: 17, r: 8, p: 10 },
  },
]
