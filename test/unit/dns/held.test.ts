// The hot path: what was answered is answered again without a lookup, as long as it holds.
import { describe, expect, it } from 'vitest'

import type { Answerer } from '../../../src/dns/answer.ts'
import { HeldAnswers } from '../../../src/dns/held.ts'
import { decodeQuery } from '../../../src/dns/query.ts'
import { Trace } from '../../../src/dns/trace.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import type { DnsConfig } from '../../../src/model/dns-config.ts'
import type { Entry } from '../../parity/dns/setup.ts'
import { normalise, type Reply } from '../../parity/dns/normalise.ts'
import {
  addTo,
  answererOf,
  client,
  decode,
  defaults,
  holdingView,
  questionPacket,
  stateOf,
} from './catalog-view.ts'

const entries: readonly Entry[] = [
  { node: 'foo', address: '10.0.0.1' },
  ...Array.from({ length: 20 }, (_, i) => ({
    node: `many-${i}`,
    address: `10.9.0.${i}`,
    service: { name: 'many', port: 9000 + i },
  })),
  { node: 'out', address: 'www.example.com', service: { name: 'external', port: 1 } },
]

interface Setup {
  readonly state: ReturnType<typeof stateOf>
  readonly view: ReturnType<typeof holdingView>
  readonly answerer: Answerer
  /** Asks the slow way, which is remembered. */
  readonly ask: (name: string, type?: string, edns?: number) => Promise<Reply>
  /** Asks the fast way alone. */
  readonly now: (name: string, type?: string, edns?: number) => Reply | null
}

function setUp(config: Partial<DnsConfig> = {}, parts: Parameters<typeof holdingView>[1] = {}): Setup {
  const state = stateOf(entries)
  const view = holdingView(state, parts)
  const answerer = answererOf(view, config)
  return {
    state,
    view,
    answerer,
    ask: async (name, type = 'A', edns) =>
      normalise((await answerer.ask(questionPacket(name, type, edns), 'udp', client)) ?? new Uint8Array(0)),
    now: (name, type = 'A', edns) => {
      const bytes = answerer.now(questionPacket(name, type, edns), 'udp')
      return bytes && normalise(bytes)
    },
  }
}

describe('what was answered', () => {
  it.each([
    ['foo.node.consul', 'A'],
    ['foo.node.consul', 'AAAA'],
    ['missing.service.consul', 'A'],
    ['0a000001.addr.consul', 'A'],
    ['1.0.0.10.in-addr.arpa', 'PTR'],
    ['nothing.consul', 'A'],
  ])('is answered again without a lookup: %s %s', async (name, type) => {
    const { ask, now, view } = setUp()
    expect(now(name, type)).toBeNull()
    const first = await ask(name, type)
    const reads = view.reads()
    expect(now(name, type)).toEqual(first)
    expect(view.reads()).toBe(reads)
  })

  it('has the id, the flags and the spelling of each question', async () => {
    const { ask, answerer } = setUp()
    await ask('foo.node.consul')
    const packet = questionPacket('FOO.Node.Consul', 'A')
    packet.set([0xab, 0xcd, 0x00, 0x10])
    const reply = decode(answerer.now(packet, 'udp'))
    expect(reply).toMatchObject({ id: 0xabcd, flag_rd: false, flag_cd: true, flag_aa: true })
    expect(reply.questions?.[0]?.name).toBe('FOO.Node.Consul')
    expect(reply.answers?.[0]).toMatchObject({ name: 'FOO.Node.Consul', data: '10.0.0.1' })
  })

  it('is as short for who asks in capitals first as for anybody', async () => {
    const { answerer } = setUp()
    const loud = questionPacket('MANY.SERVICE.CONSUL', 'SRV', 4096)
    const quiet = questionPacket('many.service.consul', 'SRV', 4096)
    await answerer.ask(loud, 'udp', client)
    const held = answerer.now(quiet, 'udp')
    expect(held?.length).toBe((await answerer.ask(quiet, 'udp', client))?.length)
    expect(decode(answerer.now(loud, 'udp')).answers?.[0]?.name).toBe('MANY.SERVICE.CONSUL')
  })

  it('is another answer for another type, class, size and transport', async () => {
    const { ask, answerer, now } = setUp()
    await ask('many.service.consul', 'A')
    expect(now('many.service.consul', 'AAAA')).toBeNull()
    expect(now('many.service.consul', 'A', 1232)).toBeNull()
    expect(answerer.now(questionPacket('many.service.consul', 'A'), 'tcp')).toBeNull()
    const chaos = questionPacket('many.service.consul', 'A')
    chaos[chaos.length - 1] = 3
    expect(answerer.now(chaos, 'udp')).toBeNull()
    expect((await ask('many.service.consul', 'A', 1232)).answers.length).toBe(20)
    expect(now('many.service.consul', 'A', 1232)?.answers.length).toBe(20)
    expect(now('many.service.consul', 'A')?.answers.length).toBe(3)
  })

  it('holds through changes of other things, and not through a change of its own', async () => {
    const { ask, now, state } = setUp()
    await ask('foo.node.consul')
    await ask('missing.service.consul')
    addTo(state, { node: 'bar', address: '10.0.0.2' })
    expect(now('foo.node.consul')?.answers).toEqual(['foo.node.consul 0 A 10.0.0.1'])
    expect(now('missing.service.consul')?.rcode).toBe('NXDOMAIN')
    addTo(state, { node: 'foo', address: '10.0.0.9' })
    addTo(state, { node: 'foo', address: '10.0.0.9', service: { name: 'missing', port: 1 } })
    expect(now('foo.node.consul')).toBeNull()
    expect(now('missing.service.consul')).toBeNull()
    expect((await ask('foo.node.consul')).answers).toEqual(['foo.node.consul 0 A 10.0.0.9'])
    expect((await ask('missing.service.consul')).answers).toEqual(['missing.service.consul 0 A 10.0.0.9'])
  })

  it('is not told while the agent cannot vouch for it', async () => {
    let version: number | null = 1
    const { ask, now } = setUp({}, { version: () => version })
    await ask('foo.node.consul')
    version = null
    expect(now('foo.node.consul')).toBeNull()
    await ask('many.service.consul')
    version = 1
    expect(now('foo.node.consul')).not.toBeNull()
    expect(now('many.service.consul')).toBeNull()
  })

  it('names the time in each SOA', async () => {
    let second = 100
    const { ask, answerer, now } = setUp({}, { nowSeconds: () => second })
    const serial = (bytes: Uint8Array | null): unknown => {
      const soa = decode(bytes).authorities?.[0]
      return soa?.type === 'SOA' && soa.data.serial
    }
    const packet = questionPacket('missing.node.consul', 'A')
    expect(serial(await answerer.ask(packet, 'udp', client))).toBe(100)
    expect(serial(answerer.now(packet, 'udp'))).toBe(100)
    await ask('foo.node.consul')
    second = 101
    expect(answerer.now(packet, 'udp')).toBeNull()
    expect(serial(await answerer.ask(packet, 'udp', client))).toBe(101)
    expect(now('foo.node.consul')).not.toBeNull()
  })

  it('is not kept where it depends on more: host names, servers by lot, prepared queries, other datacenters', async () => {
    const { ask, now } = setUp({}, { isDatacenter: () => true })
    for (const [name, type] of [
      ['external.service.consul', 'A'],
      ['out.node.consul', 'A'],
      ['consul', 'NS'],
      ['some.query.consul', 'A'],
      ['x.node.dc2.consul', 'A'],
    ] as const) {
      await ask(name, type)
      expect(now(name, type), name).toBeNull()
    }
  })
})

describe('like answers', () => {
  it('are drawn for many, so that each gets its share', async () => {
    const { ask, now } = setUp()
    await ask('many.service.consul')
    const first = new Map<string, number>()
    const all = new Set<string>()
    const orders = new Set<string>()
    for (let i = 0; i < 8000; i++) {
      const { answers, flags } = now('many.service.consul') ?? { answers: [], flags: '' }
      expect([answers.length, flags]).toEqual([3, 'aa tc rd'])
      orders.add(answers.join())
      for (const text of answers) {
        all.add(text)
        first.set(text, (first.get(text) ?? 0) + 1)
      }
    }
    expect(all.size).toBe(20)
    expect(orders.size).toBeGreaterThan(400)
    for (const count of first.values()) {
      expect(count).toBeGreaterThan(900)
      expect(count).toBeLessThan(1500)
    }
  })

  it('change places from one reply to the next', async () => {
    const { ask, answerer } = setUp()
    await ask('many.service.consul', 'A', 1232)
    const packet = questionPacket('many.service.consul', 'A', 1232)
    const firsts = new Set<unknown>()
    for (let i = 0; i < 2000; i++) {
      const answer = decode(answerer.now(packet, 'udp')).answers?.[0]
      firsts.add(answer?.type === 'A' && answer.data)
    }
    expect(firsts.size).toBe(20)
  })

  it('are drawn anew each second, however seldom they are asked for', async () => {
    let second = 0
    const { ask, now } = setUp({}, { nowSeconds: () => second })
    await ask('many.service.consul')
    const seen = new Set<string>()
    for (; second < 60; second++) for (const text of now('many.service.consul')?.answers ?? []) seen.add(text)
    expect(seen.size).toBe(20)
  })
})

describe('what is kept', () => {
  it('stays within its bounds when everybody asks for something else', async () => {
    const { answerer, now, ask } = setUp()
    for (let i = 0; i < 30_000; i++)
      await answerer.ask(questionPacket(`x${i}.service.consul`, 'A'), 'udp', client)
    let kept = 0
    for (let i = 0; i < 30_000; i++) if (now(`x${i}.service.consul`) !== null) kept++
    expect(kept).toBeGreaterThan(4000)
    expect(kept).toBeLessThanOrEqual(8192)
    await ask('foo.node.consul')
    expect(now('foo.node.consul')).not.toBeNull()
  })

  it('stays within its bounds when answers are large and drawn again and again', async () => {
    const state = stateOf(
      Array.from({ length: 2000 }, (_, i) => ({
        node: `huge-${i}`,
        address: `10.7.${i >> 8}.${i & 255}`,
        service: { name: 'huge', port: 1, tags: [`t${i % 40}`] },
      })),
    )
    const view = holdingView(state)
    const held = new HeldAnswers({ view, config: defaults, random: seededRandom(5) })
    const answers = Array.from({ length: 2000 }, (_, i) => ({
      record: { type: 1, name: 'huge.service.consul', ttl: 0, ip: `10.7.${i >> 8}.${i & 255}` } as const,
      extra: [],
    }))
    const reply = { rcode: 0, isOurs: true, answers, authorities: [], isSampled: true }
    let most = 0
    let found = 0
    for (let i = 0; i < 60; i++) {
      const packet = questionPacket(`t${i}.huge.service.consul`, 'A')
      const decoded = decodeQuery(packet)
      if (decoded.kind !== 'query') throw new Error('a query')
      held.put(new Trace(view), reply, { packet, query: decoded.query, transport: 'tcp', config: defaults })
      for (let n = 0; n < 10; n++) {
        if (held.find(packet, 'tcp') !== null) found++
        most = Math.max(most, held.bytes)
      }
    }
    expect(most).toBeLessThanOrEqual(16 * 1024 * 1024)
    expect(found).toBeGreaterThan(500)
  })

  it('is the spelling of a name that has more than ASCII', async () => {
    const { answerer, state } = setUp()
    addTo(state, { node: 'größe', address: '10.0.0.8' })
    const packet = questionPacket('GRÖßE.node.consul', 'A')
    const asked = await answerer.ask(packet, 'udp', client)
    expect(answerer.now(packet, 'udp')).toEqual(asked)
  })

  it('is nothing of the sort that only answer.ts decides about', async () => {
    const { answerer } = setUp()
    const plain = questionPacket('foo.node.consul', 'A', 1232)
    await answerer.ask(plain, 'udp', client)
    expect(answerer.now(plain, 'udp')).not.toBeNull()
    const change = (at: number, value: number): Uint8Array => {
      const packet = plain.slice()
      packet[at] = value
      return packet
    }
    const opt = plain.length - 11
    const others = [
      change(2, 0x81),
      change(2, 0x28),
      change(5, 2),
      change(7, 1),
      change(11, 2),
      change(12, 64),
      change(opt + 6, 1),
      change(opt + 10, 4),
      plain.subarray(0, plain.length - 1),
      plain.subarray(0, 20),
      plain.subarray(0, 3),
      new Uint8Array([...plain, 0]),
    ]
    for (const packet of others) expect(answerer.now(packet, 'udp')).toBeNull()
    const subnet = new Uint8Array([...change(opt + 10, 11), 0, 8, 0, 7, 0, 1, 24, 0, 192, 0, 2])
    expect(answerer.now(subnet, 'udp')).toBeNull()
    const cookie = new Uint8Array([...change(opt + 10, 12), 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(decode(answerer.now(cookie, 'udp')).answers?.length).toBe(1)
  })

  it('is nothing at all with disable_compression: the spelling stands in each record', async () => {
    const { ask, now } = setUp({ disableCompression: true })
    await ask('foo.node.consul')
    expect(now('foo.node.consul')).toBeNull()
  })
})
