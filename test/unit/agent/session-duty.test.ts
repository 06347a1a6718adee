import { describe, expect, it } from 'vitest'
import { createSessionDuty, type SessionDuty } from '../../../src/agent/session-duty.ts'
import { err, ok, type Result } from '../../../src/lib/result.ts'
import type { Command } from '../../../src/model/command.ts'
import { requestError, type RequestError } from '../../../src/model/errors.ts'
import type { Session } from '../../../src/model/session.ts'
import { settled, TestClock } from './samples.ts'

function session(id: string, ttlMs = 10_000): Session {
  return {
    id,
    name: '',
    node: 'n1',
    lockDelayNanos: 0,
    behavior: 'release',
    ttl: ttlMs === 0 ? '' : `${ttlMs}ms`,
    ttlMs,
    nodeChecks: [],
    serviceChecks: [],
    createIndex: 1,
    modifyIndex: 1,
  }
}

/** A server with a state of sessions, whose writes are applied at once unless told otherwise. */
class Bench {
  readonly clock = new TestClock()
  readonly sessions = new Map<string, Session>()
  readonly written: Command[] = []
  readonly duty: SessionDuty
  isLeader = true
  /** What becomes of the next writes; applied by default. */
  failures = 0
  /** For so long the process sleeps in the middle of the next write. */
  pauseMs = 0
  confirmed: Result<void, RequestError> = ok(undefined)

  constructor(...sessions: readonly Session[]) {
    for (const each of sessions) this.sessions.set(each.id, each)
    this.duty = createSessionDuty({
      clock: this.clock,
      session: (id) => this.sessions.get(id) ?? null,
      sessions: () => this.sessions.values(),
      isLeader: () => this.isLeader,
      confirm: () => Promise.resolve(this.confirmed),
      write: (command) => Promise.resolve(this.#write(command)),
    })
  }

  create(added: Session): void {
    this.sessions.set(added.id, added)
    this.duty.onSessions([{ id: added.id, ttlMs: added.ttlMs }])
  }

  #write(command: Command): boolean {
    this.written.push(command)
    this.clock.ms += this.pauseMs
    this.pauseMs = 0
    if (this.failures-- > 0) return false
    for (const each of command.kind === 'batch' ? command.commands : [command]) {
      if (each.kind !== 'sessionDestroy') throw new Error(each.kind)
      this.sessions.delete(each.id)
      this.duty.onSessions([{ id: each.id, ttlMs: null }])
    }
    return true
  }

  async renew(id: string): Promise<string | null | undefined> {
    const renewed = await this.duty.renew(id)
    return renewed.ok ? (renewed.value?.id ?? null) : undefined
  }
}

describe('the leader', () => {
  it('ends a session that is not renewed, after twice its TTL', async () => {
    const bench = new Bench(session('s'))
    bench.duty.start()
    await bench.clock.run(19_990)
    expect(bench.written).toEqual([])
    await bench.clock.run(20)
    expect(bench.written).toEqual([{ kind: 'batch', commands: [{ kind: 'sessionDestroy', id: 's' }] }])
    expect(bench.clock.armed).toBe(0)
  })

  it('keeps a session that is renewed once per TTL', async () => {
    const bench = new Bench(session('s'))
    bench.duty.start()
    for (let i = 0; i < 10; i++) {
      await bench.clock.run(10_000, 1000)
      expect(await bench.renew('s')).toBe('s')
    }
    expect(bench.written).toEqual([])
  })

  it('follows sessions that are created while it leads', async () => {
    const bench = new Bench()
    bench.duty.start()
    await bench.clock.run(5000, 1000)
    bench.create(session('s'))
    await bench.clock.run(19_990)
    expect(bench.sessions.size).toBe(1)
    await bench.clock.run(20)
    expect(bench.sessions.size).toBe(0)
  })

  it('leaves sessions without a TTL alone', async () => {
    const bench = new Bench(session('s', 0))
    bench.duty.start()
    await bench.clock.run(200_000, 1000)
    expect(bench.written).toEqual([])
    expect(await bench.renew('s')).toBe('s')
  })

  it('ends many with few entries', async () => {
    const bench = new Bench(...Array.from({ length: 1000 }, (_, i) => session(`s${i}`)))
    bench.duty.start()
    await bench.clock.run(20_100, 100)
    expect(bench.sessions.size).toBe(0)
    expect(bench.written).toHaveLength(8)
  })

  it('tries again when the end could not be written, and meanwhile renews no more', async () => {
    const bench = new Bench(session('s'))
    bench.failures = 2
    bench.duty.start()
    await bench.clock.run(20_010)
    expect(bench.written).toHaveLength(1)
    expect(await bench.renew('s')).toBeNull()
    await bench.clock.run(1100)
    expect(bench.written).toHaveLength(2)
    await bench.clock.run(1100)
    expect([bench.written.length, bench.sessions.size]).toEqual([3, 0])
  })

  it('does nothing any more once it is deposed', async () => {
    const bench = new Bench(session('s'))
    bench.duty.start()
    await bench.clock.run(15_000, 1000)
    bench.duty.stop()
    await bench.clock.run(60_000, 1000)
    expect([bench.written.length, bench.clock.armed]).toEqual([0, 0])
  })

  it('begins with full time for all that its predecessor knew', async () => {
    const bench = new Bench(session('s'))
    bench.duty.start()
    await bench.clock.run(19_000, 1000)
    bench.duty.stop()
    bench.duty.start()
    await bench.clock.run(19_990)
    expect(bench.written).toEqual([])
    await bench.clock.run(20)
    expect(bench.written).toHaveLength(1)
  })

  it('gives full time to all when it has slept itself: nobody could renew meanwhile', async () => {
    const bench = new Bench(session('s'))
    bench.duty.start()
    await bench.clock.run(5000, 1000)
    bench.clock.ms += 60_000
    await bench.clock.run(19_900, 100)
    expect(bench.written).toEqual([])
    expect(await bench.renew('s')).toBe('s')
  })

  it('notices that it has slept also when a new session comes before the wake-up', async () => {
    const bench = new Bench(session('s'))
    bench.duty.start()
    await bench.clock.run(5000, 1000)
    bench.clock.ms += 60_000
    bench.create(session('t'))
    await bench.clock.run(19_900, 100)
    expect(bench.written).toEqual([])
    await bench.clock.run(200, 100)
    expect(bench.sessions.size).toBe(0)
  })

  it('gives full time to all when it has slept over a write', async () => {
    const bench = new Bench(session('s', 9000), session('other'))
    bench.duty.start()
    bench.pauseMs = 60_000
    await bench.clock.run(18_100, 100)
    expect([bench.written.length, [...bench.sessions.keys()]]).toEqual([1, ['other']])
    await bench.clock.run(19_800, 100)
    expect(bench.written).toHaveLength(1)
    expect(await bench.renew('other')).toBe('other')
  })

  it('begins anew with the sessions of a state that was restored', async () => {
    const bench = new Bench(session('old'))
    bench.duty.start()
    await bench.clock.run(15_000, 1000)
    bench.sessions.clear()
    bench.sessions.set('new', session('new'))
    bench.duty.onReplaced()
    await bench.clock.run(19_990)
    expect(bench.written).toEqual([])
    await bench.clock.run(20)
    expect(bench.sessions.size).toBe(0)
  })
})

describe('a renewal', () => {
  it('of a session that is not there says so', async () => {
    const bench = new Bench()
    bench.duty.start()
    expect(await bench.renew('nobody')).toBeNull()
  })

  it('is refused when nobody confirms the leadership', async () => {
    const bench = new Bench(session('s'))
    bench.duty.start()
    bench.confirmed = err(requestError('noLeader', 'No cluster leader'))
    expect(await bench.renew('s')).toBeUndefined()
  })

  it('is refused when the leadership ends while it waits', async () => {
    const bench = new Bench(session('s'))
    bench.duty.start()
    const renewed = bench.duty.renew('s')
    bench.isLeader = false
    bench.duty.stop()
    await settled()
    expect(await renewed).toMatchObject({ ok: false, error: { code: 'noLeader' } })
  })

  it('before the duty has begun counts from its beginning', async () => {
    const bench = new Bench(session('s'))
    expect(await bench.renew('s')).toBe('s')
    await bench.clock.run(9000, 1000)
    bench.duty.start()
    await bench.clock.run(19_990)
    expect(bench.written).toEqual([])
  })
})
