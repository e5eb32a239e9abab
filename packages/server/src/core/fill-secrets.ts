type Texts = { readonly url: string; readonly headers: { readonly [name: string]: string } }
type Secrets = { readonly [name: string]: string }

const NAMED = /\$\{secrets\.([A-Za-z_]\w*)\}/g

/** The address and headers of a call with the hook's secrets in place of their names; null where one is not known (any more). */
export function fillSecrets({ url, headers }: Texts, secrets: Secrets): Texts | null {
  const names = [url, ...Object.values(headers)].flatMap((text) =>
    [...text.matchAll(NAMED)].map(([, name = '']) => name),
  )
  if (names.length === 0) return { url, headers }
  if (names.some((name) => !Object.hasOwn(secrets, name))) return null
  const secretOf = (name: string) => secrets[name] ?? ''
  return {
    url: url.replace(NAMED, (_, name: string) => encodeURIComponent(secretOf(name))),
    headers: Object.fromEntries(
      Object.entries(headers).map(([header, text]) => [
        header,
        text.replace(NAMED, (_, name: string) => secretOf(name)),
      ]),
    ),
  }
}
