import dnsPacket from 'dns-packet'
import { describe, expect, it } from 'vitest'

import type { DnsConfig } from '../../../src/model/dns-config.ts'
import type { DnsView } from '../../../src/dns/view.ts'
import { err, ok } from '../../../src/lib/result.ts'
import { normalise, type Reply } from '../../parity/dns/normalise.ts'
import type { Entry } from '../../parity/dns/setup.ts'
import { asking, decode, questionPacket, stateOf, viewOf } from './catalog-view.ts'

const local: readonly Entry[] = [
  {
    node: 'server-1',
    address: '172.20.20.10',
    service: { name: 'consul', port: 8300 },
    check: { id: 'serfHealth', status: 'passing' },
  },
  { node: 'agent-two', address: '172.20.20.11' },
  { node: 'dotted.dc2', address: '10.0.0.4' },
  ...Array.from({ length: 40 }, (_, i) => ({
    node: `many-${i}`,
    address: `10.9.0.${i}`,
    service: { name: 'many', port: 9000 + i },
  })),
]

const remote: readonly Entry[] = [
  {
    node: 'dotted',
    address: '10.2.0.1',
    taggedAddresses: { wan: '198.51.100.2', lan_ipv4: '10.2.0.1' },
    service: {
      name: 'web',
      port: 80,
      taggedAddresses: { wan: { address: '198.51.100.80', port: 8080 } },
    },
  },
  { node: 'agent-three', address: '10.2.0.3', service: { name: 'plain', port: 81 } },
]

const states = { dc1: stateOf(local), dc2: stateOf(remote, 'dc2') }

async function dig(
  name: string,
  type: string,
  config: Partial<DnsConfig> = {},
  options: {
    readonly edns?: number
    readonly transport?: 'udp' | 'tcp'
    readonly view?: Partial<DnsView>
  } = {},
): Promise<Reply> {
  const ask = asking(viewOf(states, options.view), config)
  return normalise(
    (await ask(questionPacket(name, type, options.edns), options.transport)) ?? new Uint8Array(0),
  )
}

describe('node names', () => {
  it.each(['agent-two.node.consul', 'agent-two.node.dc1.consul', 'agent-two.dc1.node.consul'])(
    'finds %s',
    async (name) => {
      expect((await dig(name, 'A')).answers).toEqual([`${name} 0 A 172.20.20.11`])
    },
  )

  it('finds a node of another datacenter in all three forms', async () => {
    for (const name of [
      'agent-three.node.dc2.consul',
      'agent-three.node.dc2.dc.consul',
      'agent-three.dc2.node.consul',
    ])
      expect((await dig(name, 'A')).answers).toEqual([`${name} 0 A 10.2.0.3`])
  })

  it('prefers a node whose name has the dot to the datacenter', async () => {
    expect((await dig('dotted.dc2.node.consul', 'A')).answers).toEqual([
      'dotted.dc2.node.consul 0 A 10.0.0.4',
    ])
  })

  it('does not know a datacenter that does not exist', async () => {
    expect((await dig('agent-two.node.dc9.consul', 'A')).rcode).toBe('NXDOMAIN')
    expect((await dig('agent-two.dc9.node.consul', 'A')).rcode).toBe('NXDOMAIN')
  })

  it('leaves it to the servers to know the datacenters', async () => {
    const view = { isDatacenter: () => true }
    expect((await dig('agent-two.node.dc9.consul', 'A', {}, { view })).rcode).toBe('NXDOMAIN')
  })

  it('fails when the catalog cannot be read', async () => {
    const view: Partial<DnsView> = {
      read: () => Promise.resolve(err({ code: 'noLeader', message: 'No cluster leader' })),
    }
    for (const name of ['agent-two.node.consul', 'many.service.consul', 'consul'])
      expect((await dig(name, name === 'consul' ? 'NS' : 'A', {}, { view })).rcode).toBe('SERVFAIL')
  })

  it('does not put a name into a packet that cannot be put there', async () => {
    const long = 'x'.repeat(64)
    const odd = stateOf([
      { node: long, address: '10.0.0.1', service: { name: 'odd', port: 1 } },
      { node: 'bad host', address: 'a..b', service: { name: 'worse', port: 1 } },
    ])
    const ask = asking(viewOf({ dc1: odd }))
    const srv = normalise((await ask(questionPacket('odd.service.consul', 'SRV'))) ?? new Uint8Array(0))
    expect(srv.answers).toEqual(['odd.service.consul 0 SRV 1 1 1 0a000001.addr.dc1.consul'])
    const worse = normalise((await ask(questionPacket('worse.service.consul', 'SRV'))) ?? new Uint8Array(0))
    expect([worse.rcode, worse.answers]).toEqual(['NOERROR', []])
  })
})

describe('other datacenters', () => {
  it('tells their own addresses', async () => {
    expect((await dig('dotted.node.dc2.consul', 'A')).answers).toEqual([
      'dotted.node.dc2.consul 0 A 10.2.0.1',
    ])
    const srv = await dig('plain.service.dc2.consul', 'SRV')
    expect(srv.answers).toEqual(['plain.service.dc2.consul 0 SRV 1 1 81 agent-three.node.dc2.consul'])
  })

  it('tells WAN addresses and ports with translate_wan_addrs', async () => {
    const config = { translateWanAddrs: true }
    expect((await dig('dotted.node.dc2.consul', 'A', config)).answers).toEqual([
      'dotted.node.dc2.consul 0 A 198.51.100.2',
    ])
    const srv = await dig('web.service.dc2.consul', 'SRV', config)
    expect(srv.answers).toEqual(['web.service.dc2.consul 0 SRV 1 1 8080 c6336450.addr.dc2.consul'])
    expect(srv.additionals).toEqual(['c6336450.addr.dc2.consul 0 A 198.51.100.80'])
  })

  it('does not translate at home', async () => {
    const config = { translateWanAddrs: true }
    expect((await dig('agent-two.node.dc1.consul', 'A', config)).answers).toEqual([
      'agent-two.node.dc1.consul 0 A 172.20.20.11',
    ])
  })
})

describe('size', () => {
  it('tells a client without EDNS three of many, and that there are more', async () => {
    const reply = await dig('many.service.consul', 'A')
    expect([reply.answers.length, reply.flags]).toEqual([3, 'aa tc rd'])
  })

  it('says nothing of it when truncation is off', async () => {
    expect((await dig('many.service.consul', 'A', { enableTruncate: false })).flags).toBe('aa rd')
  })

  it('never tells a client without EDNS more than eight', async () => {
    expect((await dig('many.service.consul', 'A', { udpAnswerLimit: 100 })).answers.length).toBe(8)
    expect((await dig('many.service.consul', 'A', { udpAnswerLimit: 0 })).answers.length).toBe(8)
  })

  it('tells all over TCP', async () => {
    const reply = await dig('many.service.consul', 'SRV', {}, { transport: 'tcp' })
    expect([reply.answers.length, reply.additionals.length, reply.flags]).toEqual([40, 40, 'aa rd'])
  })

  it('keeps to the size of the client, and leaves out what goes along before it leaves out answers', async () => {
    const ask = asking(viewOf(states))
    for (const edns of [512, 600, 1232, 1400, 4096]) {
      const bytes = await ask(questionPacket('many.service.consul', 'SRV', edns))
      expect(bytes?.length).toBeLessThanOrEqual(edns)
    }
    const reply = await dig('many.service.consul', 'SRV', {}, { edns: 2000 })
    expect([reply.answers.length, reply.flags]).toEqual([40, 'aa rd'])
    expect(reply.additionals.length).toBeLessThan(40)
    const cut = await dig('many.service.consul', 'SRV', {}, { edns: 1232 })
    expect(cut.answers.length).toBeGreaterThan(20)
    expect(cut.additionals.length).toBeLessThan(3)
    expect(cut.flags).toBe('aa tc rd')
  })

  it('keeps to 64 KiB over TCP and says that there is more', async () => {
    const huge = stateOf(
      Array.from({ length: 3000 }, (_, i) => ({
        node: `node-with-a-long-name-${i}`,
        address: `10.${i >> 8}.${i & 255}.1`,
        service: { name: 'huge', port: 1 },
      })),
    )
    const bytes = await asking(viewOf({ dc1: huge }))(questionPacket('huge.service.consul', 'SRV'), 'tcp')
    expect(bytes?.length).toBeLessThanOrEqual(65_535)
    const reply = normalise(bytes ?? new Uint8Array(0))
    expect(reply.answers.length).toBeGreaterThan(1000)
    expect(reply.flags).toBe('aa tc rd')
  })

  it('limits address records with a_record_limit, over TCP too, and calls that complete', async () => {
    const reply = await dig('many.service.consul', 'A', { aRecordLimit: 2 }, { transport: 'tcp' })
    expect([reply.answers.length, reply.flags]).toEqual([2, 'aa rd'])
    expect(
      (await dig('many.service.consul', 'SRV', { aRecordLimit: 2 }, { edns: 4096 })).answers.length,
    ).toBe(40)
  })

  it('draws by lot which are told', async () => {
    const ask = asking(viewOf(states))
    const seen = new Set<string>()
    for (let i = 0; i < 50; i++) {
      const bytes = await ask(questionPacket('many.service.consul', 'A'))
      for (const text of normalise(bytes ?? new Uint8Array(0)).answers) seen.add(text)
    }
    expect(seen.size).toBeGreaterThan(35)
  })

  it('writes names in full with disable_compression', async () => {
    const packet = questionPacket('many.service.consul', 'SRV', 4096)
    const short = await asking(viewOf(states))(packet)
    const long = await asking(viewOf(states), { disableCompression: true })(packet)
    expect(long?.length).toBeGreaterThan((short?.length ?? 0) + 500)
    const sorted = (bytes: Uint8Array | null): readonly string[] =>
      normalise(bytes ?? new Uint8Array(0)).answers
    expect(sorted(long)).toEqual(sorted(short))
  })
})

describe('the zone', () => {
  it('names at most three servers', async () => {
    const servers = stateOf(
      Array.from({ length: 5 }, (_, i) => ({
        node: i === 4 ? 'not_a_host' : `Server-${i}`,
        address: `10.0.0.${i}`,
        service: { name: 'consul', port: 8300 },
      })),
    )
    const reply = normalise(
      (await asking(viewOf({ dc1: servers }))(questionPacket('consul', 'NS'))) ?? new Uint8Array(0),
    )
    expect(reply.answers.length).toBe(3)
    expect(reply.additionals.length).toBe(3)
    expect(reply.answers.every((text) => /NS server-\d\.node\.dc1\.consul$/.test(text))).toBe(true)
  })

  it('trims the longer of two zones that both match', async () => {
    const config = { domain: 'consul.', altDomain: 'dc.consul.' }
    expect((await dig('agent-two.node.dc.consul', 'A', config)).answers).toEqual([
      'agent-two.node.dc.consul 0 A 172.20.20.11',
    ])
  })

  it('serves a zone of several labels', async () => {
    const reply = await dig('agent-two.node.sd.example', 'A', { domain: 'sd.example.' })
    expect(reply.answers).toEqual(['agent-two.node.sd.example 0 A 172.20.20.11'])
    expect((await dig('agent-two.node.consul', 'A', { domain: 'sd.example.' })).rcode).toBe('REFUSED')
  })
})

describe('recursion', () => {
  const reply =
    (code: number, answers: readonly string[] = []) =>
    (packet: Uint8Array): Uint8Array => {
      const query = dnsPacket.decode(Buffer.from(packet))
      return new Uint8Array(
        dnsPacket.encode({
          type: 'response',
          id: query.id ?? 0,
          flags: dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE | code,
          questions: query.questions ?? [],
          answers: answers.map((data) => ({
            type: 'A',
            name: query.questions?.[0]?.name ?? '',
            ttl: 60,
            data,
          })),
        }),
      )
    }
  const config = { recursors: ['192.0.2.1:53', '192.0.2.2:53', '192.0.2.3:53'] }

  it('tries the recursors in their order until one settles it', async () => {
    const asked: string[] = []
    const view: Partial<DnsView> = {
      recurse: (packet, upstream, transport) => {
        asked.push(`${upstream} ${transport}`)
        if (asked.length === 1) return Promise.resolve(undefined)
        return Promise.resolve(asked.length === 2 ? reply(2)(packet) : reply(0, ['203.0.113.7'])(packet))
      },
    }
    const found = await dig('www.example.com', 'A', config, { view })
    expect(found).toMatchObject({
      rcode: 'NOERROR',
      flags: 'rd ra',
      answers: ['www.example.com 60 A 203.0.113.7'],
    })
    expect(asked).toEqual(['192.0.2.1:53 udp', '192.0.2.2:53 udp', '192.0.2.3:53 udp'])
  })

  it('takes a name that does not exist for settled', async () => {
    const view: Partial<DnsView> = { recurse: (packet) => Promise.resolve(reply(3)(packet)) }
    expect((await dig('www.example.com', 'A', config, { view })).rcode).toBe('NXDOMAIN')
  })

  it('fails when none answers, or only with what is not an answer to it', async () => {
    expect(await dig('www.example.com', 'A', config)).toMatchObject({ rcode: 'SERVFAIL', flags: 'rd ra' })
    const view: Partial<DnsView> = { recurse: () => Promise.resolve(new Uint8Array(20)) }
    expect(await dig('www.example.com', 'A', config, { view })).toMatchObject({
      rcode: 'SERVFAIL',
      flags: 'rd ra',
    })
  })

  it('sends unknown reverse names there', async () => {
    const view: Partial<DnsView> = { recurse: (packet) => Promise.resolve(reply(3)(packet)) }
    expect((await dig('9.9.9.9.in-addr.arpa', 'PTR', config, { view })).rcode).toBe('NXDOMAIN')
    expect((await dig('11.20.20.172.in-addr.arpa', 'PTR', config, { view })).answers).toEqual([
      '11.20.20.172.in-addr.arpa 0 PTR agent-two.node.dc1.consul',
    ])
  })

  it('follows the host name of a service there', async () => {
    const external = stateOf([
      { node: 'out', address: 'www.example.com', service: { name: 'external', port: 443 } },
    ])
    const view = viewOf(
      { dc1: external },
      { recurse: (packet) => Promise.resolve(reply(0, ['203.0.113.7'])(packet)) },
    )
    const ask = asking(view, config)
    const a = normalise((await ask(questionPacket('external.service.consul', 'A'))) ?? new Uint8Array(0))
    expect(a.answers).toEqual([
      'external.service.consul 0 CNAME www.example.com',
      'www.example.com 60 A 203.0.113.7',
    ])
    expect(a.flags).toBe('aa rd ra')
    const srv = normalise((await ask(questionPacket('external.service.consul', 'SRV'))) ?? new Uint8Array(0))
    expect(srv.answers).toEqual(['external.service.consul 0 SRV 1 1 443 www.example.com'])
    expect(srv.additionals).toEqual(['www.example.com 60 A 203.0.113.7'])
  })

  it('asks again over TCP for what lies behind a host name, where the answer was cut', async () => {
    const external = stateOf([{ node: 'out', address: 'www.example.com' }])
    const transports: string[] = []
    const view = viewOf(
      { dc1: external },
      {
        recurse: (packet, _upstream, transport) => {
          transports.push(transport)
          const all = reply(0, ['203.0.113.7', '203.0.113.8'])(packet)
          const cut = reply(dnsPacket.TRUNCATED_RESPONSE, ['203.0.113.7'])(packet)
          return Promise.resolve(transport === 'tcp' ? all : cut)
        },
      },
    )
    const bytes = await asking(view, { recursors: ['192.0.2.1:53'] })(questionPacket('out.node.consul', 'A'))
    expect(normalise(bytes ?? new Uint8Array(0)).answers.length).toBe(3)
    expect(transports).toEqual(['udp', 'tcp'])
  })

  it('does not follow names of ours in circles', async () => {
    const circle = stateOf([
      { node: 'a', address: 'b.node.consul' },
      { node: 'b', address: 'a.node.consul' },
    ])
    const found = normalise(
      (await asking(viewOf({ dc1: circle }))(questionPacket('a.node.consul', 'A'))) ?? new Uint8Array(0),
    )
    expect(found.answers.length).toBeLessThanOrEqual(4)
  })
})

describe('what is turned down', () => {
  const ask = asking(viewOf(states))
  const edit = (change: (packet: Uint8Array) => void, edns?: number): Uint8Array => {
    const packet = questionPacket('agent-two.node.consul', 'A', edns)
    change(packet)
    return packet
  }

  it('drops what is too short for a header, and replies', async () => {
    expect(await ask(new Uint8Array(11))).toBeNull()
    expect(await ask(edit((packet) => (packet[2] = 0x81)))).toBeNull()
  })

  it('does not implement other operations and zone transfers', async () => {
    const notify = decode(await ask(edit((packet) => (packet[2] = 0x20))))
    expect([notify.rcode, notify.opcode, notify.id]).toEqual(['NOTIMP', 'NOTIFY', 4711])
    for (const type of ['AXFR', 'IXFR'])
      expect(decode(await ask(questionPacket('consul', type), 'tcp')).rcode).toBe('NOTIMP')
  })

  it('calls what cannot be read malformed', async () => {
    const cases = [
      questionPacket('agent-two.node.consul', 'A').subarray(0, 20),
      edit((packet) => (packet[12] = 0xc0)),
      edit((packet) => (packet[12] = 64)),
      edit((packet) => (packet[11] = 3), 1232),
      edit((packet) => (packet[packet.length - 1] = 200), 1232),
    ]
    for (const packet of cases) expect(decode(await ask(packet)).rcode).toBe('FORMERR')
  })

  it('calls no question and several questions malformed', async () => {
    expect(decode(await ask(edit((packet) => (packet[5] = 0)).subarray(0, 12))).rcode).toBe('FORMERR')
    const questions = ['agent-two', 'other'].map((node) => ({
      name: `${node}.node.consul`,
      type: 'A' as const,
    }))
    const two = dnsPacket.encode({ type: 'query', id: 1, questions })
    expect(decode(await ask(new Uint8Array(two)))).toMatchObject({ id: 1, rcode: 'FORMERR' })
  })

  it('refuses other classes and other zones', async () => {
    expect(decode(await ask(edit((packet) => (packet[packet.length - 1] = 3)))).rcode).toBe('REFUSED')
    expect(decode(await ask(questionPacket('example.com', 'A'))).rcode).toBe('REFUSED')
  })

  it('answers a newer EDNS with the version it speaks', async () => {
    const bytes = await ask(edit((packet) => (packet[packet.length - 5] = 1), 1232))
    const opt = decode(bytes).additionals?.[0]
    expect(opt?.type === 'OPT' && [opt.extendedRcode, opt.ednsVersion]).toEqual([1, 0])
  })

  it('echoes the client subnet with a scope of 0', async () => {
    const packet = dnsPacket.encode({
      type: 'query',
      id: 1,
      questions: [{ name: 'agent-two.node.consul', type: 'A' }],
      additionals: [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: 1232,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
          flag_do: false,
          options: [
            {
              code: 'CLIENT_SUBNET',
              ip: '192.0.2.0',
              sourcePrefixLength: 24,
              scopePrefixLength: 24,
              family: 1,
            },
          ],
        } as never,
      ],
    })
    const opt = decode(await ask(new Uint8Array(packet))).additionals?.[0]
    expect(opt?.type === 'OPT' && opt.options).toMatchObject([
      { code: 8, family: 1, sourcePrefixLength: 24, scopePrefixLength: 0 },
    ])
  })

  it('keeps the view out of what is not a question to it', async () => {
    const view = viewOf(states, { read: () => Promise.resolve(ok(null as never)) })
    expect((await asking(view)(questionPacket('x.virtual.consul', 'A')))?.length).toBeGreaterThan(12)
  })
})
