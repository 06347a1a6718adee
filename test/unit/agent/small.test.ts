import { describe, expect, it } from 'vitest'
import { randomUuid } from '../../../src/agent/identity.ts'
import { splitHostPort } from '../../../src/agent/join.ts'
import {
  createLog,
  parseLogLevel,
  renderLogJson,
  renderLogLine,
  type LogEvent,
} from '../../../src/agent/log.ts'
import { createServerDirectory, serverOf } from '../../../src/agent/servers.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import { member, TestClock, testMetrics } from './samples.ts'

describe('splitHostPort', () => {
  it.each([
    ['10.0.0.1', { host: '10.0.0.1', port: 8301 }],
    ['10.0.0.1:9000', { host: '10.0.0.1', port: 9000 }],
    ['fd00::1', { host: 'fd00::1', port: 8301 }],
    ['[fd00::1]', { host: 'fd00::1', port: 8301 }],
    ['[fd00::1]:9000', { host: 'fd00::1', port: 9000 }],
    ['db.example:9000', { host: 'db.example', port: 9000 }],
    ['10.0.0.1:0', undefined],
    ['10.0.0.1:65536', undefined],
    ['two words', undefined],
    ['', undefined],
  ])('reads %j', (text, expected) => {
    expect(splitHostPort(text, 8301)).toEqual(expected)
  })
})

describe('randomUuid', () => {
  it('sets version and variant', () => {
    expect(randomUuid(new Uint8Array(16).fill(255))).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff')
  })
})

describe('log', () => {
  const event: LogEvent = {
    wallMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    level: 'info',
    name: 'agent.serf',
    message: 'Member joined',
    fields: { member: 'a b', port: 1 },
  }
  it('renders a line as the reference does', () => {
    expect(renderLogLine(event)).toBe(
      '2026-01-02T03:04:05.678Z [INFO]  agent.serf: Member joined: member="a b" port=1\n',
    )
  })
  it('renders what others have written in one line, and nothing for the terminal', () => {
    const fields = { items: ['check a\n2026-01-02 [INFO] forged'], id: '\u001b[2J', why: 'a\r\nb' }
    expect(renderLogLine({ ...event, message: 'no\nline', fields })).toBe(
      '2026-01-02T03:04:05.678Z [INFO]  agent.serf: no\\u000aline: ' +
        'items=[check a\\u000a2026-01-02 [INFO] forged] id=\\u001b[2J why="a\\r\\nb"\n',
    )
  })
  it('renders JSON with the reference’s keys', () => {
    expect(JSON.parse(renderLogJson(event))).toEqual({
      '@level': 'info',
      '@message': 'Member joined',
      '@module': 'agent.serf',
      '@timestamp': '2026-01-02T03:04:05.678Z',
      member: 'a b',
      port: 1,
    })
  })
  it('gives each sink its own level', () => {
    const log = createLog(new TestClock())
    const seen: string[] = []
    log.attach({ level: 'warn', write: (e) => seen.push(`warn:${e.message}`) })
    const detach = log.attach({ level: 'debug', write: (e) => seen.push(`debug:${e.message}`) })
    log.root.debug('one')
    log.root.named('x').error('two')
    detach()
    log.root.debug('three')
    expect(seen).toEqual(['debug:one', 'warn:two', 'debug:two'])
  })
  it('knows the levels by name', () => {
    expect(['TRACE', 'err', 'Warn', 'loud'].map(parseLogLevel)).toEqual(['trace', 'error', 'warn', undefined])
  })
})

describe('metrics', () => {
  it('shows the last whole interval', () => {
    const clock = new TestClock()
    const metrics = testMetrics(clock)
    metrics.count('a')
    metrics.count('a', 3)
    metrics.sample('b', 4)
    clock.ms += 10_000
    metrics.count('c')
    expect(metrics.view()).toMatchObject({
      Counters: [{ Name: 'consul.a', Count: 2, Sum: 4, Min: 1, Max: 3, Mean: 2 }],
      Samples: [{ Name: 'consul.b', Count: 1, Sum: 4 }],
    })
  })
})

describe('servers', () => {
  it('reads a server from its tags, and nothing from a client', () => {
    expect(serverOf(member('s1', { role: 'consul' }))).toMatchObject({
      name: 's1',
      rpc: { port: 8300 },
      version: '1.2.3',
    })
    expect(serverOf(member('c1'))).toBeNull()
  })
  it('cuts the datacenter off a WAN name', () => {
    expect(serverOf(member('s1.dc1', { role: 'consul' }))?.name).toBe('s1')
  })
  it('asks failed servers last, demoted ones later, and forgets those that left', () => {
    const directory = createServerDirectory(seededRandom(1))
    const names = (): readonly string[] => directory.candidates('dc1', 0).map((s) => s.name)
    for (const name of ['a', 'b', 'c']) directory.onMember('joined', member(name, { role: 'consul' }))
    directory.onMember('failed', member('a', { role: 'consul', status: 'failed' }))
    expect(names().at(-1)).toBe('a')
    const [first] = directory.candidates('dc1', 0)
    if (first !== undefined) directory.demote(first)
    expect(names()[0]).not.toBe(first?.name)
    directory.onMember('left', member('b', { role: 'consul', status: 'left' }))
    expect([...names()].sort((x, y) => (x < y ? -1 : 1))).toEqual(['a', 'c'])
    expect(directory.datacenters()).toEqual(['dc1'])
  })
})
