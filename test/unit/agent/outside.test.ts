// What comes from outside and is not a request: upstream DNS, log readers, floods, files of the last run.
import { describe, expect, it } from 'vitest'
import { createComplaints } from '../../../src/agent/complaints.ts'
import { createDnsView } from '../../../src/agent/dns-view.ts'
import { createFloodJoin } from '../../../src/agent/join.ts'
import { openKnownMembers } from '../../../src/agent/known-members.ts'
import { createLog } from '../../../src/agent/log.ts'
import { monitorStream } from '../../../src/agent/monitor.ts'
import { createRateLimit } from '../../../src/agent/rate-limit.ts'
import { recurse, RecursorNames } from '../../../src/agent/recurse.ts'
import type { Requests } from '../../../src/agent/requests.ts'
import { createServerDirectory } from '../../../src/agent/servers.ts'
import type { AgentConfig } from '../../../src/config/agent-config.ts'
import type { DnsView } from '../../../src/dns/view.ts'
import type { Member } from '../../../src/gossip/events.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import { ok } from '../../../src/lib/result.ts'
import { World } from '../../sim/world.ts'
import { machineIn } from './agents.ts'
import { member, settled, silent, TestClock, testMetrics } from './samples.ts'

const query = Uint8Array.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])

describe('recursion', () => {
  it('takes an answer only from the resolver that was asked, with the number of the question', async () => {
    const world = new World({ seed: 960 })
    const [asker, resolver, liar] = ['asker', 'resolver', 'liar'].map((name) => machineIn(world, name))
    if (asker === undefined || resolver === undefined || liar === undefined) throw new Error('three machines')
    const lying = world.boot(liar).host
    const lie = await world.wait(
      lying.udp.bind({ ip: liar.ip, port: 53 }, () => undefined),
      1000,
    )
    const answering = world.boot(resolver).host
    const socket = await world.wait(
      answering.udp.bind({ ip: resolver.ip, port: 53 }, (bytes, from) => {
        const [high = 0, low = 0] = bytes
        // Another address is quicker, and the right one first answers another question.
        lie.send(Uint8Array.from([high, low, 0x81, 0x80, 6, 6, 6]), from)
        socket.send(Uint8Array.from([high, low ^ 1, 0x81, 0x80, 7]), from)
        answering.clock.wakeAt(answering.clock.nowMs() + 50, () =>
          socket.send(Uint8Array.from([high, low, 0x81, 0x80, 1]), from),
        )
      }),
      1000,
    )
    const upstream = { address: { ip: resolver.ip, port: 53 }, transport: 'udp', timeoutMs: 2000 } as const
    const reply = await world.wait(recurse(world.boot(asker).host, query, upstream), 5000)
    expect(reply).toEqual(Uint8Array.from([0x12, 0x34, 0x81, 0x80, 1]))
  })
})

describe('DNS at an agent without a state of its own', () => {
  const ask = (
    dns: object,
  ): { readonly asked: () => number; readonly end: () => void; readonly view: DnsView } => {
    let asked = 0
    const ends: (() => void)[] = []
    const requests = {
      readNow: () => null,
      read: () => {
        asked++
        return new Promise((resolve) =>
          ends.push(() => resolve({ ok: true, value: { value: null, index: 1 } })),
        )
      },
    } as unknown as Requests
    const world = new World({ seed: 963 })
    const sources = {
      host: world.boot(machineIn(world, 'n')).host,
      requests,
      random: seededRandom(1),
      datacenters: () => null,
      versionNow: () => null,
      runPrepared: () => Promise.resolve(ok(null)),
      onStale: () => undefined,
    }
    const config = { datacenter: 'dc1', dns: { maxStaleMs: 1, ...dns } } as unknown as AgentConfig
    const end = (): void => ends.splice(0).forEach((each) => each())
    return { asked: () => asked, end, view: createDnsView(sources, config) }
  }
  const node = (name: string): { readonly kind: 'node'; readonly node: string } => ({
    kind: 'node',
    node: name,
  })

  it('asks once for what many want to know at the same time', async () => {
    const { asked, end, view } = ask({ allowStale: true })
    const reads = Array.from({ length: 50 }, () => view.read(node('x'), ''))
    const other = view.read(node('y'), '')
    expect(asked()).toBe(2)
    end()
    for (const read of reads) expect(await read).toEqual(ok(null))
    await other
    const later = view.read(node('x'), '')
    expect(asked()).toBe(3)
    end()
    await later
  })

  it('asks for each where the answer must be of now', () => {
    const { asked, view } = ask({ allowStale: false })
    for (let i = 0; i < 50; i++) void view.read(node('x'), '')
    expect(asked()).toBe(50)
  })
})

describe('a recursor that is given by name', () => {
  it('is looked up once in a while, and again at once while it is not known', async () => {
    const world = new World({ seed: 962 })
    const { host } = world.boot(machineIn(world, 'asker'))
    const asked: string[] = []
    let isKnown = false
    const lookup = (name: string): Promise<readonly string[]> => {
      asked.push(name)
      return Promise.resolve(isKnown ? ['192.0.2.53', '192.0.2.54'] : [])
    }
    const names = new RecursorNames({ clock: host.clock, names: { lookup } })
    const at = (text: string): Promise<unknown> => world.wait(names.addressOf(text), 1000)
    expect(await at('dns.example:5353')).toBeUndefined()
    isKnown = true
    expect(await at('dns.example:5353')).toEqual({ ip: '192.0.2.53', port: 5353 })
    expect(await at('dns.example:5353')).toEqual({ ip: '192.0.2.53', port: 5353 })
    expect(asked.length).toBe(2)
    await world.run(31_000)
    await at('dns.example:5353')
    expect(asked.length).toBe(3)
    expect(await at('[2001:db8::53]:53')).toEqual({ ip: '2001:db8::53', port: 53 })
    expect(asked.length).toBe(3)
  })
})

describe('DNS about another datacenter that is silent', () => {
  it('leaves room for other questions', async () => {
    let asked = 0
    const requests = {
      read: (_: unknown, { datacenter }: { readonly datacenter: string }) => {
        asked++
        return datacenter === 'dc2'
          ? new Promise(() => undefined)
          : Promise.resolve({ ok: true, value: { value: null } })
      },
    } as unknown as Requests
    const config = { datacenter: 'dc1', dns: { allowStale: true, maxStaleMs: 1 } } as unknown as AgentConfig
    const host = new World({ seed: 961 })
    const sources = {
      host: host.boot(host.addMachine('n')).host,
      requests,
      random: seededRandom(1),
      datacenters: () => null,
      versionNow: () => null,
      runPrepared: () => Promise.resolve(ok(null)),
      onStale: () => undefined,
    }
    const view = createDnsView(sources, config)
    const question = { kind: 'node', node: 'x' } as const
    for (let i = 0; i < 2000; i++) void view.read(question, 'dc2')
    expect(asked).toBe(512)
    expect(await view.read(question, 'dc2')).toMatchObject({ ok: false, error: { code: 'overloaded' } })
    expect(await view.read(question, '')).toMatchObject({ ok: true })
  })
})

describe('DNS from a catalog that is old', () => {
  it.each([
    [5000, 0],
    [5001, 2],
  ])('of %d ms: %d answers are counted as stale', async (lastContactMs, expected) => {
    let stale = 0
    const reply = { value: null, index: 1, epoch: '', knownLeader: true, lastContactMs }
    const world = new World({ seed: 993 })
    const sources = {
      host: world.boot(machineIn(world, 'n')).host,
      requests: {
        readNow: () => reply,
        read: () => Promise.resolve(ok(reply)),
      } as unknown as Requests,
      random: seededRandom(1),
      datacenters: () => null,
      versionNow: () => null,
      runPrepared: () => Promise.resolve(ok(null)),
      onStale: () => void stale++,
    }
    const config = { datacenter: 'dc1', dns: { allowStale: true, maxStaleMs: 1e9 } } as unknown as AgentConfig
    const view = createDnsView(sources, config)
    view.readNow({ kind: 'node', node: 'x' })
    await view.read({ kind: 'node', node: 'x' }, '')
    expect(stale).toBe(expected)
  })
})

describe('a reader of the log', () => {
  it.each([
    ['first its signal, then its stream', true],
    ['first its stream, then its signal', false],
  ])('may go in any order: %s', async (_, isSignalFirst) => {
    const log = createLog(new TestClock())
    const gone = new AbortController()
    const stream = monitorStream(log, 'info', false, gone.signal)
    const reader = stream.getReader()
    log.root.info('one')
    await reader.read()
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('one')
    const faults: unknown[] = []
    const onFault = (error: unknown): void => void faults.push(error)
    process.on('uncaughtException', onFault)
    if (isSignalFirst) gone.abort()
    await reader.cancel()
    if (!isSignalFirst) gone.abort()
    log.root.info('two')
    await new Promise((resolve) => setImmediate(resolve))
    process.off('uncaughtException', onFault)
    expect(faults).toEqual([])
  })
})

describe('complaints', () => {
  it('are told once a minute each, and not too many of them', () => {
    const clock = new TestClock()
    const complaints = createComplaints(clock)
    expect([complaints.mayTell('a'), complaints.mayTell('a'), complaints.mayTell('b')]).toEqual([
      true,
      false,
      true,
    ])
    clock.pass(60_000)
    expect(complaints.mayTell('a')).toBe(true)
    const told = Array.from({ length: 1000 }, (_, i) => complaints.mayTell(`flood ${i}`)).filter(Boolean)
    expect(told).toHaveLength(255)
  })
})

describe('the rate limit', () => {
  it('admits a burst, and then so many per second', () => {
    const clock = new TestClock()
    const limit = createRateLimit(clock, { perSecond: 10, burst: 5 }, testMetrics(clock))
    const admitted = (count: number): number =>
      Array.from({ length: count }, () => limit.admit()).filter(Boolean).length
    expect(admitted(20)).toBe(5)
    clock.pass(300)
    expect(admitted(20)).toBe(3)
    clock.pass(60_000)
    expect(admitted(20)).toBe(5)
  })
})

describe('gauges', () => {
  it('go on changing when there are as many as are kept', () => {
    const metrics = testMetrics(new TestClock())
    for (let i = 0; i < 9000; i++) metrics.gauge(`g${i}`, 1)
    metrics.gauge('g0', 2)
    metrics.gauge('g8999', 2)
    const { Gauges } = metrics.view() as {
      readonly Gauges: readonly { readonly Name: string; readonly Value: number }[]
    }
    expect(Gauges).toHaveLength(8192)
    expect(Gauges.find((gauge) => gauge.Name === 'consul.host.g0')?.Value).toBe(2)
  })
})

describe('the flood of LAN servers into the WAN', () => {
  it('tries a server that does not come at most every ten seconds, whatever happens in the pool', async () => {
    const clock = new TestClock()
    const lan = createServerDirectory(seededRandom(1))
    const tags = new Map([...member('s2', { role: 'consul' }).tags, ['wan_join_port', '8302']])
    lan.onMember('joined', member('s2', { tags }))
    const wan: Member[] = []
    let joins = 0
    const flood = createFloodJoin(
      clock,
      lan,
      () => wan,
      () => Promise.resolve(joins++),
    )
    for (let i = 0; i < 50; i++) {
      flood.consider()
      await settled()
      clock.pass(100)
    }
    expect(joins).toBe(1)
    clock.pass(60_000)
    expect(joins).toBe(2)
    wan.push(member('s2', { tags }))
    clock.pass(120_000)
    expect(joins).toBe(2)
    flood.stop()
    expect(clock.armed).toBe(0)
  })
})

describe('the file of known members', () => {
  it('goes on telling of a leave although members still change, and is written when the agent stops', async () => {
    const world = new World({ seed: 962 })
    const { host } = world.boot(machineIn(world, 'n'))
    const current = { members: [member('n2')], incarnation: 7, lamportTime: 9 }
    const path = '/data/known'
    const open = () =>
      world.wait(
        openKnownMembers(host, path, silent, () => current),
        1000,
      )
    const file = await open()
    file.touch()
    await world.run(100)
    file.touch()
    await world.wait(file.stop(), 1000)
    const again = await open()
    expect(again.restored).toMatchObject({ hasLeft: false, incarnation: 7, addresses: [{ port: 8301 }] })
    await world.wait(again.leave(), 1000)
    again.touch()
    await world.run(5000)
    await world.wait(again.stop(), 1000)
    expect((await open()).restored.hasLeft).toBe(true)
  })
})
