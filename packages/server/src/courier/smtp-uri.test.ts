import { expect, test } from 'vitest'
import { parseSmtpUri } from './smtp-uri.ts'

const usual = {
  host: 'mail.example.test',
  port: 587,
  tls: 'starttls',
  verifies: true,
  serverName: null,
  user: '',
  password: '',
}

test.each([
  ['smtp://mail.example.test', {}],
  ['smtp://mail.example.test:2525/', { port: 2525 }],
  ['smtp://mail.example.test:443/', { port: 443 }],
  [
    'smtp://ann%40example.test:p%C3%A4ss%2Fword@mail.example.test:587/',
    { user: 'ann@example.test', password: 'päss/word' },
  ],
  ['smtp://mail.example.test:25/?disable_starttls=true', { port: 25, tls: 'none' }],
  ['smtp://mail.example.test/?disable_starttls=true', { port: 25, tls: 'none' }],
  ['smtp://mail.example.test/?skip_ssl_verify=true', { verifies: false }],
  ['smtps://mail.example.test', { port: 465, tls: 'implicit' }],
  [
    'smtps://mail.example.test:1234/?server_name=example.test',
    { port: 1234, tls: 'implicit', serverName: 'example.test' },
  ],
  ['smtp://[::1]:25/?disable_starttls=true', { host: '::1', port: 25, tls: 'none' }],
])('%s', (uri, expected) => expect(parseSmtpUri(uri)).toEqual({ ...usual, ...expected }))

test.each([
  '',
  'mail.example.test',
  'http://mail.example.test',
  'smtp://',
  'smtp://:25',
  'smtp://a%ZZ:b@mail.example.test',
])('no mail server: %s', (uri) => expect(parseSmtpUri(uri)).toBeNull())
