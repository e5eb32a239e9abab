import { expect, test } from 'vitest'
import { hashProblem } from './hash-format.ts'

const bcrypt = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'.slice(0, 53)

test.each([
  `$2a$12$${bcrypt}`,
  `$2b$15$${bcrypt}`,
  `$2y$04$${bcrypt}`,
  '$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g',
  '$argon2i$v=19$m=1048576,t=10,p=16$c2FsdHNhbHQ$aGFzaGhhc2g',
  '$pbkdf2-sha256$i=100000,l=32$c2FsdHNhbHQ$aGFzaGhhc2g',
  '$pbkdf2-sha384$i=1,l=32$c2FsdHNhbHQ$aGFzaGhhc2g',
  '$scrypt$ln=16384,r=8,p=1$c2FsdHNhbHQ=$aGFzaGhhc2g=',
  '{SSHA}oEVuGR72L7T+IWVwLzwer+8wDlIwMTIzNDU2Nzg5YWJjZGVm',
  '{SSHA512}oEVuGR72L7T+IWVwLzwer+8wDlIwMTIzNDU2Nzg5YWJjZGVm',
  '$sha256$pf=e1NBTFR9e1BBU1NXT1JEfQ==$MDEyMzQ1Njc4OWFiY2RlZg==$dUAf4FViPdBR9q5czjwC9Q==',
  '$md5$pf=e1NBTFR9e1BBU1NXT1JEfQ==$MDEyMzQ1Njc4OWFiY2RlZg==$dUAf4FViPdBR9q5czjwC9Q==',
  '$md5$dUAf4FViPdBR9q5czjwC9Q==',
  '$md5-crypt$salt$anything',
  '$hmac-sha256$nonsense is accepted and matches nothing',
  '$firescrypt$ln=14,r=8,p=1$c2FsdHNhbHQ=$aGFzaGhhc2g=$c2VwYXI=$a2V5a2V5',
])('%s may be stored', (hash) => {
  expect(hashProblem(hash)).toBeNull()
})

test.each([
  ['', 'does not match any known hash format'],
  ['plain text', 'does not match any known hash format'],
  ['$nonsense$abc', 'does not match any known hash format'],
  ['$2a$12$short', 'could not be parsed'],
  ['$pbkdf2-sha256$i=100000,l=32$c2FsdHNhbHQ=$aGFzaGhhc2g=', 'could not be parsed'],
  ['$argon2id$v=19$m=65536,t=3$c2FsdHNhbHQ$aGFzaGhhc2g', 'could not be parsed'],
  [`$2a$16$${bcrypt}`, 'exceed the bounds'],
  ['$argon2id$v=19$m=1048577,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g', 'exceed the bounds'],
  ['$argon2id$v=19$m=1024,t=11,p=4$c2FsdHNhbHQ$aGFzaGhhc2g', 'exceed the bounds'],
  ['$pbkdf2-sha256$i=10000001,l=32$c2FsdHNhbHQ$aGFzaGhhc2g', 'exceed the bounds'],
  ['$scrypt$ln=131073,r=8,p=1$c2FsdHNhbHQ=$aGFzaGhhc2g=', 'exceed the bounds'],
  ['$scrypt$ln=16384,r=9,p=1$c2FsdHNhbHQ=$aGFzaGhhc2g=', 'exceed the bounds'],
  ['$'.repeat(10_000), 'does not match any known hash format'],
  [`{SSHA}${'A'.repeat(100_001)}`, 'could not be parsed'],
])('%s is refused', (hash, why) => {
  expect(hashProblem(hash)).toContain(why)
})
