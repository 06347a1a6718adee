import { describe, expect, it } from 'vitest'
import { createEntryClock } from '../../../src/agent/entry-clock.ts'
import { createExpiryDuty } from '../../../src/agent/expiry-duty.ts'
import { createUpkeepDuty, type UpkeepDutyOptions } from '../../../src/agent/upkeep-duty.ts'
import { noRecoveryMark } from '../../../src/agent/recovery-mark.ts'
import { neededBehaviour, passGate } from '../../../src/agent/behaviour-gate.ts'
import { Store } from '../../../src/agent/store.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import type { Command } from '../../../src/model/command.ts'
import { createState, type State } from '../../../src/state/state.ts'
import { TestClock } from './samples.ts'

/** A clock whose wall can be moved. */
class SteppedClock extends TestClock {
  stepMs = 1_700_000_000_000
  override wallMs = (): number => this.ms + this.stepMs
}

describe('the time of entries', () => {
  it('is the wall clock when nothing disturbs it', () => {
    const clock = new SteppedClock()
    const entryClock = createEntryClock(clock, () => 0)
    clock.pass(12_345)
    expect(entryClock.nowMs()).toBe(clock.wallMs())
  })

  it.each([3_600_000, -3_600_000])('follows a step of %i ms slowly', (stepMs) => {
    const clock = new SteppedClock()
    const entryClock = createEntryClock(clock, () => 0)
    const before = entryClock.nowMs()
    clock.stepMs += stepMs
    for (let i = 0; i < 60_000; i += 7) {
      clock.pass(7)
      entryClock.nowMs()
    }
    const passed = entryClock.nowMs() - before
    expect(Math.abs(passed - 60_000)).toBeLessThanOrEqual(245)
    expect(Math.abs(passed - 60_000)).toBeGreaterThan(230)
    for (let i = 0; i < 251 * 60; i++) {
      clock.pass(60_000)
      entryClock.nowMs()
    }
    expect(entryClock.nowMs()).toBe(clock.wallMs())
  })

  it('never goes back, and is never behind the state', () => {
    const clock = new SteppedClock()
    let stateMs = 0
    const entryClock = createEntryClock(clock, () => stateMs)
    stateMs = clock.wallMs() + 5000
    expect(entryClock.nowMs()).toBe(stateMs)
    let last = entryClock.nowMs()
    for (let i = 0; i < 1000; i++) {
      clock.stepMs -= 50
      clock.pass(10)
      expect(entryClock.nowMs()).toBeGreaterThanOrEqual(last)
      last = entryClock.nowMs()
    }
  })
})

describe('the time of entries at a follower', () => {
  const hour = 3_600_000

  /** A follower that is told the time by entries, each 100 ms, for a while. */
  function follow(
    clock: SteppedClock,
    ms: number,
    leaderMs: () => number,
  ): ReturnType<typeof createEntryClock> {
    const entryClock = createEntryClock(clock, () => 0)
    for (let passed = 0; passed < ms; passed += 100) {
      clock.pass(100)
      entryClock.onEntry(leaderMs(), 1)
    }
    return entryClock
  }

  /** How far a time is behind another: at most `ms`, and never ahead. */
  function expectBehind(timeMs: number, ofMs: number, ms: number): void {
    expect(ofMs - timeMs).toBeGreaterThanOrEqual(0)
    expect(ofMs - timeMs).toBeLessThanOrEqual(ms)
  }

  it.each([hour, -hour])('is the leader’s, however far apart the wall clocks are: %i ms', (apartMs) => {
    const clock = new SteppedClock()
    const leaderMs = (): number => clock.wallMs() + apartMs
    const entryClock = follow(clock, 1000, leaderMs)
    clock.pass(500)
    entryClock.onLeading()
    expectBehind(entryClock.nowMs(), leaderMs(), 2)
    clock.pass(10_000)
    expect(Math.abs(Math.abs(entryClock.nowMs() - leaderMs()) - 40)).toBeLessThanOrEqual(2)
  })

  it.each([hour, -hour])('is not moved by a step of its own wall clock: %i ms', (stepMs) => {
    const clock = new SteppedClock()
    const startMs = clock.wallMs() - clock.ms
    const leaderMs = (): number => startMs + clock.ms
    const entryClock = follow(clock, 60_000, leaderMs)
    clock.stepMs += stepMs
    // A long time without an entry, too.
    clock.pass(600_000)
    entryClock.onLeading()
    expectBehind(entryClock.nowMs(), leaderMs(), 2400)
  })

  it('is not held back by entries that come late, from the first one on', () => {
    const clock = new SteppedClock()
    let late = 0
    const entryClock = follow(clock, 60_000, () => clock.wallMs() - ([400, 900, 3, 250][late++ % 4] ?? 0))
    entryClock.onLeading()
    expectBehind(entryClock.nowMs(), clock.wallMs(), 6)
  })

  it('is the leader’s at once when its own was ahead', () => {
    const clock = new SteppedClock()
    const entryClock = follow(clock, 200, () => clock.wallMs() - 700)
    entryClock.onLeading()
    expectBehind(entryClock.nowMs(), clock.wallMs() - 700, 1)
  })

  it('is never ahead of a leader that makes up for a step of its wall clock', () => {
    const leaderClock = new SteppedClock()
    const leader = createEntryClock(leaderClock, () => 0)
    leader.onLeading()
    leaderClock.stepMs -= hour
    const clock = new SteppedClock()
    const leaderMs = (): number => {
      leaderClock.pass(100)
      return leader.nowMs()
    }
    const entryClock = follow(clock, 60_000, leaderMs)
    entryClock.onLeading()
    expectBehind(entryClock.nowMs(), leader.nowMs(), 1)
  })

  it('goes back to the time of the next leader', () => {
    const clock = new SteppedClock()
    const entryClock = follow(clock, 1000, () => clock.wallMs())
    entryClock.onEntry(clock.wallMs() - 400, 2)
    entryClock.onLeading()
    expectBehind(entryClock.nowMs(), clock.wallMs() - 400, 1)
  })

  it('is its own as long as it has followed nobody', () => {
    const clock = new SteppedClock()
    const entryClock = createEntryClock(clock, () => 0)
    clock.pass(5000)
    entryClock.onLeading()
    expect(entryClock.nowMs()).toBe(clock.wallMs())
  })
})

/** A state with the leader's duties around it. */
class Bench {
  readonly clock = new SteppedClock()
  readonly entryClock = createEntryClock(this.clock, () => this.state.marks.wallMs)
  state: State = createState()
  written: Command[] = []
  isRefused = false
  #index = 0

  readonly write = (command: Command): Promise<boolean> => {
    this.written.push(command)
    if (!this.isRefused) this.apply(command)
    return Promise.resolve(!this.isRefused)
  }

  apply(command: Command): void {
    this.state.apply(++this.#index, command, { wallMs: this.entryClock.nowMs() })
  }

  put(key: string, ttlMs: number): void {
    this.apply({ kind: 'kvSet', key, value: new Uint8Array(0), flags: 0n, ttlMs })
  }

  get keys(): readonly string[] {
    return this.state.query({ kind: 'kvKeys', prefix: '', separator: '' }).value
  }
}

function expiryOf(bench: Bench): ReturnType<typeof createExpiryDuty> {
  return createExpiryDuty({
    clock: bench.clock,
    entryClock: bench.entryClock,
    next: () => bench.state.nextExpiry(),
    due: (wallMs, max) => bench.state.dueExpiries(wallMs, max),
    write: bench.write,
  })
}

describe('a key that expires', () => {
  it('is gone when its time is over, and not before', async () => {
    const bench = new Bench()
    const duty = expiryOf(bench)
    duty.start()
    bench.put('k', 5000)
    bench.put('stays', 0)
    duty.touch()
    await bench.clock.run(4990)
    expect(bench.keys).toEqual(['k', 'stays'])
    await bench.clock.run(20)
    expect(bench.keys).toEqual(['stays'])
    expect(bench.clock.armed).toBe(0)
  })

  it('stays when it was written again meanwhile', async () => {
    const bench = new Bench()
    const duty = expiryOf(bench)
    duty.start()
    bench.put('k', 5000)
    duty.touch()
    await bench.clock.run(4000)
    bench.put('k', 5000)
    duty.touch()
    await bench.clock.run(4500)
    expect(bench.keys).toEqual(['k'])
    await bench.clock.run(1000)
    expect(bench.keys).toEqual([])
  })

  it.each([3_600_000, -3_600_000])('is not hurried or held by a step of %i ms', async (stepMs) => {
    const bench = new Bench()
    const duty = expiryOf(bench)
    duty.start()
    bench.put('k', 100_000)
    duty.touch()
    await bench.clock.run(10_000, 100)
    bench.clock.stepMs += stepMs
    await bench.clock.run(75_000, 100)
    expect(bench.keys).toEqual(['k'])
    await bench.clock.run(30_000, 100)
    expect(bench.keys).toEqual([])
  })

  it('is taken over by the next leader, and all that is overdue goes in portions', async () => {
    const bench = new Bench()
    for (let i = 0; i < 1200; i++) bench.put(`k${i}`, 1000)
    await bench.clock.run(5000, 100)
    expect(bench.keys).toHaveLength(1200)
    expiryOf(bench).start()
    await bench.clock.run(100)
    expect([bench.keys.length, bench.written.length]).toEqual([0, 3])
  })

  it('is tried again a second later when the write failed, not in a circle', async () => {
    const bench = new Bench()
    const duty = expiryOf(bench)
    bench.put('k', 1000)
    bench.isRefused = true
    duty.start()
    await bench.clock.run(3500)
    expect(bench.written.length).toBe(3)
    bench.isRefused = false
    await bench.clock.run(1000)
    expect(bench.keys).toEqual([])
    duty.stop()
  })
})

function upkeepOf(bench: Bench, change: Partial<UpkeepDutyOptions> = {}): void {
  createUpkeepDuty({
    clock: bench.clock,
    marks: () => bench.state.marks,
    mark: noRecoveryMark,
    behaviourMax: 1,
    commonBehaviour: () => 1,
    newId: () => 'id',
    kvHistory: { versionsMax: 0, ageMs: 1000 },
    hasOldHistory: () => (bench.state.historyDueAtWallMs() ?? Infinity) <= bench.entryClock.nowMs(),
    abandonedRestore: () => bench.state.stagedRestore,
    dropRestore: (id) => bench.write({ kind: 'restoreEnd', id, records: -1 }),
    write: bench.write,
    ...change,
  }).start()
}

describe('upkeep', () => {
  it('drops a restore that nobody carries on, and leaves alone one that is under way', async () => {
    const bench = new Bench()
    let isOurs = false
    upkeepOf(bench, { abandonedRestore: () => (isOurs ? null : bench.state.stagedRestore) })
    await bench.clock.run(1000)
    await bench.write({ kind: 'restoreBegin', id: 'r' })
    const before = bench.written.length
    await bench.clock.run(15_000, 100)
    expect(bench.written.slice(before)).toEqual([{ kind: 'restoreEnd', id: 'r', records: -1 }])
    expect(bench.state.stagedRestore).toBeNull()
    isOurs = true
    await bench.write({ kind: 'restoreBegin', id: 'own' })
    await bench.clock.run(15_000, 100)
    expect(bench.state.stagedRestore).toBe('own')
  })

  it('switches the rules on and names the cluster at once, and once', async () => {
    const bench = new Bench()
    upkeepOf(bench)
    await bench.clock.run(100_000, 1000)
    expect(bench.written).toEqual([
      { kind: 'setBehaviour', behaviour: 1 },
      { kind: 'setClusterId', id: 'id' },
    ])
    upkeepOf(bench, { newId: () => 'other' })
    await bench.clock.run(100_000, 1000)
    expect(bench.written).toHaveLength(2)
  })

  it('waits for the last server that cannot do it', async () => {
    const bench = new Bench()
    let common = 0
    upkeepOf(bench, { commonBehaviour: () => common })
    await bench.clock.run(30_000, 1000)
    expect(bench.written).toEqual([])
    common = 1
    await bench.clock.run(2000, 100)
    expect(bench.state.marks.behaviour).toBe(1)
  })

  it('writes how much history is kept when it differs, and prunes only what there is', async () => {
    const bench = new Bench()
    upkeepOf(bench, { kvHistory: { versionsMax: 3, ageMs: 60_000 } })
    await bench.clock.run(1000)
    expect(bench.written.at(-1)).toEqual({ kind: 'setKvHistory', versionsMax: 3, ageMs: 60_000 })
    await bench.clock.run(100_000, 1000)
    expect(bench.written).toHaveLength(3)
    for (let i = 1; i <= 3; i++)
      bench.apply({ kind: 'kvSet', key: 'k', value: Uint8Array.of(i), flags: 0n, ttlMs: 0 })
    await bench.clock.run(50_000, 1000)
    expect(bench.written).toHaveLength(3)
    await bench.clock.run(30_000, 1000)
    expect(bench.written.slice(3)).toEqual([{ kind: 'pruneKvHistory' }])
    expect(bench.state.query({ kind: 'kvHistory', key: 'k' }).value).toHaveLength(1)
  })
})

describe('upkeep after a recovery', () => {
  it('raises the indexes once, before all else, and then removes the mark', async () => {
    const bench = new Bench()
    let isThere = true
    const mark = {
      isDue: () => isThere && bench.state.marks.restoredIndex <= 5,
      isThere: () => isThere,
      clear: () => {
        isThere = false
        return Promise.resolve(true)
      },
    }
    upkeepOf(bench, { mark, behaviourMax: 2, commonBehaviour: () => 2 })
    await bench.clock.run(30_000, 1000)
    const kinds = bench.written.map(({ kind }) => kind)
    expect(kinds).toEqual(['setBehaviour', 'raiseIndexes', 'setClusterId'])
    expect(isThere).toBe(false)
    expect(bench.state.lastIndex).toBe(1_000_003)
  })

  it('removes the mark where another leader has raised them', async () => {
    const bench = new Bench()
    bench.apply({ kind: 'setBehaviour', behaviour: 2 })
    bench.apply({ kind: 'raiseIndexes', by: 10 })
    let isThere = true
    const clear = () => {
      isThere = false
      return Promise.resolve(true)
    }
    const mark = { isDue: () => false, isThere: () => isThere, clear }
    upkeepOf(bench, { mark, behaviourMax: 2, commonBehaviour: () => 2 })
    await bench.clock.run(30_000, 1000)
    expect(bench.written.map(({ kind }) => kind)).toEqual(['setClusterId'])
    expect(isThere).toBe(false)
  })
})

describe('the gate', () => {
  const set: Command = { kind: 'kvSet', key: 'k', value: new Uint8Array(0), flags: 0n, ttlMs: 0 }
  it('knows what came with which release', () => {
    expect(neededBehaviour(set)).toBe(0)
    expect(neededBehaviour({ ...set, ttlMs: 5 })).toBe(1)
    expect(neededBehaviour({ kind: 'sessionDestroy', id: 's' })).toBe(1)
    expect(neededBehaviour({ kind: 'batch', commands: [set] })).toBe(0)
    expect(neededBehaviour({ kind: 'batch', commands: [set, { kind: 'pruneKvHistory' }] })).toBe(1)
    expect(neededBehaviour({ kind: 'setBehaviour', behaviour: 1 })).toBe(0)
    expect(neededBehaviour({ kind: 'coordinates', updates: [] })).toBe(2)
  })

  /** Asks at a leader whose state goes by the first behaviour; `switchMs` later it goes by the next. */
  async function pass(
    command: Command,
    switchMs: number,
    isLeader = true,
    isRaiseDue = () => false,
  ): Promise<string | null> {
    const clock = new TestClock()
    const store = new Store({ clock, random: seededRandom(1), watchesMax: 1 })
    const passing = passGate(command, { store, clock, isLeader: () => isLeader, isRaiseDue })
    await clock.run(switchMs)
    store.apply(1, { kind: 'setBehaviour', behaviour: 1 }, { wallMs: 1 })
    store.wake(1)
    await clock.run(5000)
    return (await passing)?.message ?? null
  }

  it('lets pass what every release can do, and the rest after the switch', async () => {
    expect(await pass(set, 60_000)).toBeNull()
    expect(await pass({ kind: 'sessionDestroy', id: 's' }, 1000)).toBeNull()
  })

  it('refuses with a sentence what is asked for too early', async () => {
    expect(await pass({ kind: 'sessionDestroy', id: 's' }, 60_000)).toMatch(/^Cannot apply sessionDestroy: /)
  })

  it('holds every write back until the indexes are raised', async () => {
    let isDue = true
    const passing = pass(set, 1000, true, () => isDue)
    isDue = false
    expect(await passing).toBeNull()
  })

  it('refuses writes while they are not, but where not all servers know how', async () => {
    const clock = new TestClock()
    const store = new Store({ clock, random: seededRandom(1), watchesMax: 1 })
    const parts = { store, clock, isLeader: () => true, isRaiseDue: () => true }
    const old = passGate(set, parts)
    await clock.run(5000)
    expect(await old).toBeNull()
    store.apply(1, { kind: 'setBehaviour', behaviour: 2 }, { wallMs: 1 })
    const refused = passGate(set, parts)
    const raise = passGate({ kind: 'raiseIndexes', by: 1 }, parts)
    await clock.run(5000)
    expect((await refused)?.message).toMatch(/^Not ready to write: /)
    expect(await raise).toBeNull()
  })

  it('leaves the refusal to those who know better where nobody leads', async () => {
    expect(await pass({ kind: 'sessionDestroy', id: 's' }, 60_000, false)).toBeNull()
  })
})
