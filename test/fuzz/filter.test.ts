// Filter expressions from anybody: texts of pieces, broken ones, and hostile patterns. Nothing may throw or take long.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { serviceHealthShape } from '../../src/filter/catalog-shapes.ts'
import { compileFilter } from '../../src/filter/filter.ts'
import type { ServiceHealth } from '../../src/model/catalog.ts'

const pieces = [
  'Service.Port Service.Tags Node.Meta Checks.Status Service.Proxy.Upstreams.DestinationName . [ ] " ` ( ) == !=',
  'and or not in is empty contains matches "a" `b` 1 - 0x1 \\ é \ud800 { * + {1000} "(a*)*"',
]
  .join(' ')
  .split(' ')
  .concat([' ', ' ', ' ', '\n', ' == x', ' is empty', 'x in ', 'not ', '( ', ' )', ' and ', ' or '])

const instance: ServiceHealth = {
  node: {
    id: '',
    name: 'n',
    address: '1.1.1.1',
    datacenter: 'dc1',
    taggedAddresses: {},
    meta: { a: 'b' },
    createIndex: 1,
    modifyIndex: 1,
  },
  service: {
    id: 'web',
    service: 'web',
    node: 'n',
    kind: 'connect-proxy',
    tags: ['v1'],
    address: '',
    port: 80,
    socketPath: '',
    taggedAddresses: { lan: { address: 'x', port: 1 } },
    meta: {},
    weights: { passing: 1, warning: 1 },
    enableTagOverride: false,
    proxy: { Upstreams: [{ DestinationName: 'db' }, 5, null], Expose: 3, MeshGateway: null },
    connect: { Native: 'yes' },
    createIndex: 1,
    modifyIndex: 1,
  },
  checks: [],
}

function put(text: string): void {
  const filter = compileFilter(text, serviceHealthShape)
  if (filter.ok) filter.value.select([instance, instance])
  else expect(filter.error).not.toBe('')
}

test('texts of pieces are read or refused', () => {
  const texts = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join(''))
  fc.assert(fc.property(texts, put), { numRuns: 5000 })
})

test('texts of anything are read or refused', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), put), { numRuns: 2000 })
})

test('patterns are compiled and matched in bounded time, or refused', () => {
  const atoms = fc.constantFrom(
    'a',
    '.',
    '(',
    ')',
    '*',
    '+',
    '?',
    '|',
    '{9,}',
    '{1000}',
    '[^',
    ']',
    '\\pL',
    '(?i)',
    '^',
    '$',
  )
  const patterns = fc.array(atoms, { maxLength: 60 }).map((parts) => parts.join(''))
  const name = 'a'.repeat(500)
  const long = [{ ...instance, service: { ...instance.service, service: name } }]
  fc.assert(
    fc.property(patterns, (pattern) => {
      const filter = compileFilter(`Service.Service matches \`${pattern}\``, serviceHealthShape)
      if (filter.ok) filter.value.select(long)
    }),
    { numRuns: 500 },
  )
})
