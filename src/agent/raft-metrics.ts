// What one server's consensus counts and measures, under the reference's names. Batches are measured, not entries.
import type { Command } from '../model/command.ts'
import type { RoleName } from '../raft/events.ts'
import type { Raft } from '../raft/raft.ts'
import type { Clock } from '../runtime/host.ts'
import type { Metrics } from './metrics.ts'

/** What each kind of write is measured as, from its arrival to its application; the others are the leader's own. */
const applyNames: Partial<Readonly<Record<Command['kind'], string>>> = {
  kvSet: 'kvs.apply',
  kvCas: 'kvs.apply',
  kvAcquire: 'kvs.apply',
  kvRelease: 'kvs.apply',
  kvDelete: 'kvs.apply',
  kvDeleteCas: 'kvs.apply',
  kvDeleteTree: 'kvs.apply',
  txn: 'txn.apply',
  sessionCreate: 'session.apply',
  sessionDestroy: 'session.apply',
  register: 'catalog.register',
  deregister: 'catalog.deregister',
  preparedQuerySet: 'prepared-query.apply',
  preparedQueryDelete: 'prepared-query.apply',
  configEntrySet: 'config_entry.apply',
  configEntryDelete: 'config_entry.delete',
}

/** Batches on their way that are measured; more than the machine ever has on its way. */
const batchesMax = 64

/** Marks are this far apart, and there are at most so many: then every other one goes. */
const markMs = 60_000
const marksMax = 1024

/** How old the oldest entry of the log is, by where the log stood when somebody looked. */
export class LogAge {
  #marks: { readonly index: number; readonly atMs: number }[] = []

  /** The age of the entry at `firstIndex`, roughly: at least that, where the entry is from before the first look. */
  look(firstIndex: number, lastIndex: number, nowMs: number): number {
    const marks = this.#marks
    const newest = marks.at(-1)
    if (newest === undefined || nowMs - newest.atMs >= markMs) marks.push({ index: lastIndex, atMs: nowMs })
    while (marks[1] !== undefined && marks[1].index < firstIndex) marks.shift()
    if (marks.length > marksMax) this.#marks = marks.filter((_, at) => at % 2 === 0)
    return firstIndex > lastIndex ? 0 : nowMs - (marks[0]?.atMs ?? nowMs)
  }
}

/** The measures of one server. */
export class RaftMetrics {
  readonly #metrics: Metrics
  readonly #clock: Clock
  readonly #applied: (by: number) => void
  readonly #commitTime: (ms: number) => void
  readonly #dispatch: (ms: number) => void
  readonly #fsm: (ms: number) => void
  readonly #verify: (by: number) => void
  readonly #writes = new Map<Command['kind'], (ms: number) => void>()
  #batches: { readonly lastIndex: number; readonly atMicros: number }[] = []
  #role: RoleName = 'follower'
  #dispatched = 0
  #committed = 0

  constructor(metrics: Metrics, clock: Clock, machine: Raft) {
    this.#metrics = metrics
    this.#clock = clock
    this.#applied = metrics.counter('raft.apply')
    this.#commitTime = metrics.sampler('raft.commitTime')
    this.#dispatch = metrics.sampler('raft.leader.dispatchLog')
    this.#fsm = metrics.sampler('raft.fsm.apply')
    this.#verify = metrics.counter('raft.verify_leader')
    for (const [kind, name] of Object.entries(applyNames)) {
      this.#writes.set(kind as Command['kind'], metrics.sampler(name))
    }
    const logAge = new LogAge()
    metrics.onLook(() => {
      metrics.gauge('raft.last_index', machine.lastIndex)
      metrics.gauge('raft.applied_index', machine.lastApplied)
      metrics.gauge('raft.leader.dispatchNumLogs', this.#dispatched)
      metrics.gauge('raft.commitNumLogs', this.#committed)
      const ageMs = logAge.look(machine.firstIndex, machine.lastIndex, clock.nowMs())
      if (machine.role === 'leader') metrics.gauge('raft.leader.oldestLogAge', ageMs)
      metrics.gauge('raft.peers', machine.configuration.servers.length)
      metrics.gauge('server.isLeader', machine.role === 'leader' ? 1 : 0)
    })
  }

  /** So many proposals went to the machine, which now has entries up to this index. */
  onProposed(count: number, lastIndex: number): void {
    this.#applied(count)
    if (this.#batches.length < batchesMax)
      this.#batches.push({ lastIndex, atMicros: this.#clock.nowMicros() })
  }

  /** A leader's write to its own disk has taken from then until now. */
  onPersisted(count: number, sinceMicros: number): void {
    this.#dispatched = count
    this.#dispatch(this.#since(sinceMicros))
  }

  /** Entries up to an index are applied; that began at `sinceMicros`. */
  onApplied(count: number, index: number, sinceMicros: number): void {
    this.#committed = count
    this.#fsm(this.#since(sinceMicros))
    while (this.#batches[0] !== undefined && this.#batches[0].lastIndex <= index) {
      this.#commitTime(this.#since(this.#batches[0].atMicros))
      this.#batches.shift()
    }
  }

  /** A write that came from here is applied. */
  onWritten(kind: Command['kind'], ms: number): void {
    this.#writes.get(kind)?.(ms)
  }

  onVerify(): void {
    this.#verify(1)
  }

  onRole(role: RoleName): void {
    this.#batches = []
    const before = this.#role
    this.#role = role
    // Whether an election could be won is asked first: both are one candidacy.
    const isCandidate = role === 'preCandidate' || role === 'candidate'
    if (isCandidate && before === 'preCandidate') return
    if (isCandidate && before === 'follower') this.#metrics.count('raft.transition.heartbeat_timeout')
    this.#metrics.count(`raft.state.${isCandidate ? 'candidate' : role}`)
  }

  /** A snapshot was written. */
  onSnapshot(ms: number): void {
    this.#metrics.sample('raft.snapshot.takeSnapshot', ms)
    this.#metrics.sample('raft.snapshot.persist', ms)
  }

  /** A snapshot that the leader sent has come, and was taken in; the first of it came so long ago. */
  onInstalled(ms: number): void {
    this.#metrics.sample('raft.rpc.installSnapshot', ms)
  }

  /** Entries that a snapshot stands for are deleted. */
  onCompacted(ms: number): void {
    this.#metrics.sample('raft.compactLogs', ms)
  }

  #since(micros: number): number {
    return (this.#clock.nowMicros() - micros) / 1000
  }
}
