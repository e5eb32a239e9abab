import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

const JSON_ONLY = { accept: 'application/json' }

/** A folder that goes with its test. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cardea-door-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A certificate for localhost, signed by itself. */
export function certificate(folder: string, name: string) {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)]
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2']
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' })
  return { key, cert }
}

type Shown = { readonly status: number; readonly body: string; readonly name: string }

/** Asks over TLS, whoever signed the certificate; tells whose it is. */
export const overTls = (url: string) =>
  new Promise<Shown>((resolve, reject) => {
    const asked = httpsRequest(url, { rejectUnauthorized: false, headers: JSON_ONLY, agent: false }, (answer) => {
      let body = ''
      const { socket } = answer
      const name = 'getPeerCertificate' in socket ? String(Object(socket).getPeerCertificate().subject.CN) : ''
      answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body, name }))
    })
    asked.on('error', reject).end()
  })

/** Asks over a unix socket. */
export const overSocket = (socketPath: string, path: string) =>
  new Promise<number>((resolve, reject) => {
    httpRequest({ socketPath, path, agent: false }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
      .on('error', reject)
      .end()
  })
