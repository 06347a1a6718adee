// Hostile packets at the answering side: it never throws, every reply is one that a resolver can read, within its size.
import { expect, it } from 'vitest'

import { seededRandom } from '../../src/lib/random.ts'
import {
  answererOf,
  asking,
  client,
  decode,
  holdingView,
  questionPacket,
  stateOf,
  viewOf,
} from '../unit/dns/catalog-view.ts'
import { connected, inMemory } from '../unit/dns/memory-server.ts'
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

it('answers from memory only what it would answer anyway', async () => {
  const held = answererOf(holdingView(stateOf(catalog)), { altDomain: 'other.example.' })
  // Only answers that are not drawn by lot can be compared byte by byte; the time of an SOA stands still here.
  const steady = ['foo.node.consul', 'missing.service.consul', 'bar.node.consul', '1.0.0.10.in-addr.arpa']
  let hits = 0
  for (let i = 0; i < 40_000; i++) {
    const edns = random.chance(500) ? random.pick([0, 512, 1232, 4096]) : undefined
    const packet = questionPacket(random.pick(steady) ?? '', random.pick(types) ?? 'A', edns)
    for (let n = random.below(3); n > 0; n--) packet[random.below(packet.length)] = random.below(256)
    if (random.chance(300)) for (let n = 0; n < packet.length - 5; n++) packet[n] = upper(packet, n)
    const transport = random.chance(200) ? 'tcp' : 'udp'
    const now = held.now(packet, transport)
    const asked = await held.ask(packet, transport, client)
    if (now === null) continue
    hits++
    // Zones may be spelled as the question spells them.
    expect(plainly(now)).toBe(plainly(asked))
    expect(now.subarray(0, 12)).toEqual(asked?.subarray(0, 12))
  }
  expect(hits).toBeGreaterThan(5000)
})

function plainly(bytes: Uint8Array | null): string {
  return JSON.stringify(decode(bytes)).toLowerCase()
}

/** A letter of the question's name in upper case now and then, as resolvers do against forgery. */
function upper(packet: Uint8Array, at: number): number {
  const byte = packet[at] ?? 0
  const isLetter = at > 12 && byte >= 97 && byte <= 122
  return isLetter && random.chance(500) ? byte - 32 : byte
}

it('takes a stream in any pieces, and cuts it where it is none', async () => {
  const answerer = answererOf(view)
  for (let round = 0; round < 60; round++) {
    const { net, server } = await inMemory(answerer)
    const connection = await connected(net)
    let received = 0
    connection.handle({ onData: (bytes) => (received += bytes.length), onClose: () => {} })
    const isTorn = round % 2 === 0
    const count = 1 + random.below(20)
    const packets = Array.from({ length: count }, () => {
      const packet = isTorn ? questionPacket('foo.node.consul', 'A') : mutated()
      return [packet.length >> 8, packet.length & 255, ...packet]
    })
    const stream = new Uint8Array(packets.flat())
    for (let from = 0; from < stream.length;) {
      const to = Math.min(stream.length, from + 1 + random.below(random.pick([3, 40, 400]) ?? 1))
      connection.write(stream.slice(from, to))
      from = to
      await net.run(1)
    }
    await net.run(20)
    const one = (await answerer.ask(questionPacket('foo.node.consul', 'A'), 'tcp', client))?.length ?? 0
    if (isTorn) expect(received).toBe(count * (one + 2))
    connection.destroy()
    await server.close()
    await net.run(5000)
    expect(net.pending).toBe(0)
  }
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
