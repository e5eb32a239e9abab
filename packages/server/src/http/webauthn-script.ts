import { createHash } from 'node:crypto'
import type { Answer, Route } from './exchange.ts'

/**
 * What buttons of a form call to make a key or to show one (ory-identity-api.md §5.6). Pages of other people load it too,
 * so it needs nothing but the form: it reads what to ask for from the form's own fields, and sends the answer in it.
 */
export const WEBAUTHN_SCRIPT = `;(function () {
  'use strict'
  if (!window.PublicKeyCredential || window.oryWebAuthnInitialized) return

  const toBytes = (text) => {
    const plain = text.replace(/-/g, '+').replace(/_/g, '/').replace(/=+$/, '')
    return Uint8Array.from(atob(plain + '='.repeat((4 - (plain.length % 4)) % 4)), (c) => c.charCodeAt(0))
  }
  const toText = (bytes) =>
    btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=+$/, '')
  const field = (name) => document.querySelector('[name="' + name + '"]')
  const read = (given, name) => {
    const options = typeof given === 'string' ? JSON.parse(given) : given
    return options && options.publicKey ? options : JSON.parse(field(name).value)
  }
  const known = (keys) => (keys || []).map((key) => Object.assign({}, key, { id: toBytes(key.id) }))

  const send = (name, answer) => {
    const input = field(name)
    input.value = JSON.stringify(answer)
    HTMLFormElement.prototype.submit.call(input.form || input.closest('form'))
  }
  const failed = (error) => {
    // Somebody who closes the browser's window has changed their mind: that is no error.
    window.dispatchEvent(new CustomEvent('cardea:key-failed', { detail: { name: error.name, message: error.message } }))
  }

  const create = (options, name) => {
    const wanted = Object.assign({}, options.publicKey)
    wanted.challenge = toBytes(wanted.challenge)
    wanted.user = Object.assign({}, wanted.user, { id: toBytes(wanted.user.id) })
    if (wanted.excludeCredentials) wanted.excludeCredentials = known(wanted.excludeCredentials)
    return navigator.credentials
      .create({ publicKey: wanted })
      .then((made) =>
        send(name, {
          id: made.id,
          rawId: toText(made.rawId),
          type: made.type,
          response: {
            attestationObject: toText(made.response.attestationObject),
            clientDataJSON: toText(made.response.clientDataJSON),
          },
        }),
      )
  }

  let waiting = null
  const get = (options, name, more) => {
    if (waiting) waiting.abort()
    waiting = new AbortController()
    const wanted = Object.assign({}, options.publicKey)
    wanted.challenge = toBytes(wanted.challenge)
    if (wanted.allowCredentials) wanted.allowCredentials = known(wanted.allowCredentials)
    return navigator.credentials
      .get(Object.assign({ publicKey: wanted, signal: waiting.signal }, more))
      .then((shown) =>
        send(name, {
          id: shown.id,
          rawId: toText(shown.rawId),
          type: shown.type,
          response: {
            authenticatorData: toText(shown.response.authenticatorData),
            clientDataJSON: toText(shown.response.clientDataJSON),
            signature: toText(shown.response.signature),
            userHandle: shown.response.userHandle ? toText(shown.response.userHandle) : '',
          },
        }),
      )
  }

  const oryWebAuthnLogin = (options) => get(read(options, 'webauthn_login_trigger'), 'webauthn_login').catch(failed)
  const oryWebAuthnRegistration = (options) =>
    create(read(options, 'webauthn_register_trigger'), 'webauthn_register').catch(failed)
  const oryPasskeyLogin = () => get(read(null, 'passkey_challenge'), 'passkey_login').catch(failed)
  const oryPasskeyLoginAutocompleteInit = () => {
    const offered = window.PublicKeyCredential.isConditionalMediationAvailable
    if (!offered || !field('passkey_challenge')) return Promise.resolve()
    return offered
      .call(window.PublicKeyCredential)
      .then((is) =>
        is ? get(read(null, 'passkey_challenge'), 'passkey_login', { mediation: 'conditional' }) : undefined,
      )
      // Nobody has asked for it, so nobody is told; it ends when a button is pressed.
      .catch(() => undefined)
  }
  const oryPasskeyRegistration = () => {
    const data = JSON.parse(field('passkey_create_data').value)
    const form = field('passkey_register').form
    const traits = form ? [...form.elements].filter(({ name }) => /^traits\\./.test(name || '')) : []
    if (!traits.every((input) => input.reportValidity())) return Promise.resolve()
    const names = data.displayNameFieldNames || [data.displayNameFieldName]
    const typed = names.map(field).map((input) => (input ? input.value : '')).find((value) => value !== '')
    const options = data.credentialOptions
    if (typed) Object.assign(options.publicKey.user, { name: typed, displayName: typed })
    return create(options, 'passkey_register').catch(failed)
  }
  const oryPasskeySettingsRegistration = () =>
    create(read(null, 'passkey_create_data'), 'passkey_settings_register').catch(failed)

  const all = {
    oryWebAuthnLogin,
    oryWebAuthnRegistration,
    oryPasskeyLogin,
    oryPasskeyLoginAutocompleteInit,
    oryPasskeyRegistration,
    oryPasskeySettingsRegistration,
  }
  Object.entries(all).forEach(([name, call]) => {
    window[name] = call
    // As older pages call them.
    window['__' + name] = call
  })
  window.oryWebAuthnInitialized = true
  window.dispatchEvent(new CustomEvent('oryWebAuthnInitialized'))
})()
`

/** What browsers compare the script with (Subresource Integrity, §3.3). */
export const webAuthnScriptIntegrity = () => `sha512-${createHash('sha512').update(WEBAUTHN_SCRIPT).digest('base64')}`

const answer: Answer = {
  status: 200,
  headers: { 'content-type': 'text/javascript; charset=UTF-8' },
  cookies: [],
  body: WEBAUTHN_SCRIPT,
}

export const webAuthnScriptRoute: Route = {
  method: 'GET',
  path: '/.well-known/ory/webauthn.js',
  csrf: 'global',
  handle: async () => answer,
}
