// Hostile packets at the answering side: it never throws, every reply is one that a resolver can read, within its size.
import { expect, it } from 'vitest'

import { seededRandom } from '../../src/lib/random.ts'
import { asking, decode, questionPacket, stateOf, viewOf } from '../unit/dns/catalog-view.ts'
import { catalog } from '../parity/dns/setup.ts'

const random = seededRandom(20_261_123)
const view = viewOf({ dc1: stateOf(catalog) })
const ask = asking(view, { recursors: ['192.0.2.1:53'], altDomain: 'other.example.' })

const names = [
  'web.service.consul',
  'foo.node.consul',
  'many.service.consul',
  '1.0.0.10.in-addr.arpa',
  'consul',
  'x.other.example',
]
const types = ['A', 'AAAA', 'SRV', 'ANY', 'TXT', 'NS', 'SOA', 'PTR', 'AXFR']

/** A valid question with some bytes changed, cut off or added. */
function mutated(): Uint8Array {
  const edns = random.chance(500) ? random.below(65_536) : undefined
  const packet = questionPacket(random.pick(names) ?? '', random.pick(types) ?? 'A', edns)
  for (let n = random.below(4); n > 0; n--) packet[random.below(packet.length)] = random.below(256)
  if (random.chance(150)) return packet.subarray(0, random.below(packet.length))
  if (random.chance(100)) return new Uint8Array([...packet, ...packet.map(() => random.below(256))])
  return packet
}

async function check(packet: Uint8Array): Promise<void> {
  const before = packet.slice()
  const transport = random.chance(200) ? 'tcp' : 'udp'
  const reply = await ask(packet, transport)
  expect(packet).toEqual(before)
  if (reply === null) return
  expect(reply.length).toBeLessThanOrEqual(65_535)
  expect([reply[0], reply[1]]).toEqual([packet[0], packet[1]])
  const decoded = decode(reply)
  expect(decoded.type).toBe('response')
}

it('answers or drops random bytes', async () => {
  for (let i = 0; i < 20_000; i++) {
    const packet = new Uint8Array(random.below(80)).map(() => random.below(256))
    if (packet.length > 3 && random.chance(700)) packet.set([0, 0], 2)
    await check(packet)
  }
})

it('answers or drops questions that were tampered with', async () => {
  for (let i = 0; i < 20_000; i++) await check(mutated())
})

it('survives upstream replies that were tampered with', async () => {
  const evil = viewOf(
    { dc1: stateOf([{ node: 'out', address: 'www.example.com', service: { name: 'external', port: 1 } }]) },
    {
      recurse: (packet) => {
        const reply = new Uint8Array([...packet, ...new Uint8Array(60).map(() => random.below(256))])
        reply[2] = 0x81
        reply[7] = 1 + random.below(3)
        for (let n = random.below(6); n > 0; n--) reply[random.below(reply.length)] = random.below(256)
        return Promise.resolve(reply)
      },
    },
  )
  const askEvil = asking(evil, { recursors: ['192.0.2.1:53'] })
  for (let i = 0; i < 5000; i++) {
    const reply = await askEvil(questionPacket('external.service.consul', random.pick(types) ?? 'A', 1232))
    expect(decode(reply).type).toBe('response')
  }
})
