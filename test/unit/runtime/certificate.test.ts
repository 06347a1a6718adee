// Facts of certificates, read from bytes that a peer has sent.
import { readFileSync } from 'node:fs'

import { expect, test } from 'vitest'

import { certificateFacts } from '../../../src/runtime/node/certificate.ts'

const pem = readFileSync(new URL('../../conformance/certificates/server.pem', import.meta.url), 'utf8')
const der = new Uint8Array(Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64'))

test('a name with a comma stays one name', () => {
  const changed = der.slice()
  const at = Buffer.from(changed).indexOf('server.dc1.consul', Buffer.from(changed).indexOf('localhost') - 30)
  changed.set(new TextEncoder().encode('a, DNS:b.consul..'), at)
  expect(certificateFacts(changed, true).dnsNames).toEqual(['a, DNS:b.consul..', 'localhost'])
})

test('a certificate that is cut anywhere gives fewer facts and no exception', () => {
  for (let length = 0; length < der.length; length++) {
    expect(certificateFacts(der.subarray(0, length), false)).toMatchObject({ commonName: '', dnsNames: [] })
  }
})

test('a certificate with any byte changed gives no exception', () => {
  for (let at = 0; at < der.length; at++) {
    for (const value of [0x00, 0x30, 0x7f, 0x80, 0x84, 0xff]) {
      const changed = der.slice()
      changed[at] = value
      expect(() => certificateFacts(changed, false)).not.toThrow()
    }
  }
})
