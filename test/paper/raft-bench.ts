// One Raft machine on the bench: its peers are the test, its disk and its state answer when told to.
import { limits } from '../../src/model/limits.ts'
import type { Limits } from '../../src/model/limits.ts'
import type { RaftTiming } from '../../src/raft/config.ts'
import type { RaftEffect, RaftInput } from '../../src/raft/events.ts'
import type {
  AppendEntries,
  AppendEntriesReply,
  CommandEntry,
  Configuration,
  Entry,
  HardState,
  RaftMessage,
  RequestVote,
  ServerId,
  SnapshotMeta,
} from '../../src/raft/message.ts'
import { createRaft } from '../../src/raft/raft.ts'
import type { Raft } from '../../src/raft/raft.ts'

/** Timing of all tests: elections after 500 to 1000 ms, heartbeats every 100. */
export const timing: RaftTiming = { electionTimeoutMs: 500, heartbeatMs: 100, leaseMs: 375 }

/** What a bench begins with; by default a voter `a` of three with an empty log but for the configuration. */
export interface BenchOptions {
  readonly id?: ServerId
  readonly voters?: readonly ServerId[]
  readonly learners?: readonly ServerId[]
  readonly hardState?: HardState
  /** Terms of the entries behind the configuration, which is entry 1 of term 1. */
  readonly terms?: readonly number[]
  readonly snapshot?: SnapshotMeta
  readonly entries?: readonly Entry[]
  readonly limits?: Partial<Limits>
  readonly seed?: number
  /** False: writes stay in flight until `sync`. */
  readonly isDiskQuick?: boolean
}

type SentMessage = { readonly to: ServerId; readonly message: RaftMessage }
type Persist = Extract<RaftEffect, { kind: 'persist' }>

/** A machine, what it has said, and what it waits for. */
export class Bench {
  readonly raft: Raft
  nowMs = 0
  /** Messages that have left the server. */
  sent: SentMessage[] = []
  /** Every effect so far. */
  effects: RaftEffect[] = []
  /** Writes in flight. */
  writes: Persist[] = []
  applied: Entry[] = []
  isDiskQuick: boolean

  constructor(options: BenchOptions = {}) {
    const {
      voters = ['a', 'b', 'c'],
      learners = [],
      terms = [],
      hardState = { term: 1, votedFor: null },
    } = options
    const entries = options.entries ?? [
      configurationEntry(configurationOf(voters, learners)),
      ...entriesOf(2, terms),
    ]
    this.isDiskQuick = options.isDiskQuick ?? true
    this.raft = createRaft(
      {
        id: options.id ?? 'a',
        timing,
        seed: options.seed ?? 1,
        limits: { ...limits, ...options.limits },
        restored: { hardState, snapshot: options.snapshot ?? null, entries },
      },
      0,
    )
  }

  /** Feeds one input; the disk and the state store answer at once unless told otherwise. */
  feed(input: RaftInput): readonly RaftEffect[] {
    const effects = this.raft.step(input, this.nowMs)
    this.effects.push(...effects)
    for (const effect of effects) {
      if (effect.kind === 'send') this.sent.push(effect)
      if (effect.kind === 'persist') this.writes.push(effect)
      if (effect.kind === 'apply') this.#apply(effect.entries)
    }
    if (this.isDiskQuick) this.sync()
    return effects
  }

  /** All writes in flight are durable now. */
  sync(): void {
    for (let write = this.writes.shift(); write !== undefined; write = this.writes.shift()) {
      for (const item of write.sendWhenDurable) this.sent.push(item)
      this.feed({ kind: 'persisted', write: write.write })
    }
  }

  #apply(entries: readonly Entry[]): void {
    this.applied.push(...entries)
    this.feed({ kind: 'applied', index: entries.at(-1)?.index ?? 0 })
  }

  receive(from: ServerId, message: RaftMessage): readonly RaftEffect[] {
    return this.feed({ kind: 'received', from, message })
  }

  /** Lets time pass, with every wake-up on the way. */
  advance(ms: number): void {
    const endMs = this.nowMs + ms
    while (this.raft.wakeAtMs <= endMs) {
      this.nowMs = Math.max(this.nowMs, this.raft.wakeAtMs)
      this.feed({ kind: 'wake' })
    }
    this.nowMs = endMs
  }

  /** Lets time pass until the role is taken, at most ten seconds. */
  advanceTo(role: Raft['role']): void {
    for (let ms = 0; ms < 10_000 && this.raft.role !== role; ms++) this.advance(1)
  }

  /** What was sent since the last call, of one kind. */
  take<K extends RaftMessage['kind']>(
    kind: K,
  ): { to: ServerId; message: Extract<RaftMessage, { kind: K }> }[] {
    const found = this.sent.filter(({ message }) => message.kind === kind)
    this.sent = []
    return found as { to: ServerId; message: Extract<RaftMessage, { kind: K }> }[]
  }

  /** Effects of one kind so far. */
  of<K extends RaftEffect['kind']>(kind: K): Extract<RaftEffect, { kind: K }>[] {
    return this.effects.filter((effect) => effect.kind === kind) as Extract<RaftEffect, { kind: K }>[]
  }

  /** Stands for election and gets all pre-votes. */
  becomeCandidate(): void {
    this.advanceTo('preCandidate')
    for (const id of this.peers) {
      if (this.raft.role !== 'preCandidate') return
      this.receive(id, { kind: 'requestVoteReply', term: this.raft.term + 1, isPreVote: true, granted: true })
    }
  }

  /** Is elected. The noop is in the log and nothing is acknowledged yet. */
  becomeLeader(): void {
    this.becomeCandidate()
    const { isDiskQuick } = this
    this.isDiskQuick = true
    this.sync()
    for (const id of this.peers) {
      if (this.raft.role === 'candidate') this.grantVote(id)
    }
    this.isDiskQuick = isDiskQuick
    this.sent = []
  }

  /** Is elected, and everything is acknowledged by everybody. */
  becomeSettledLeader(): void {
    this.becomeLeader()
    this.acknowledgeAll()
    this.sent = []
  }

  grantVote(from: ServerId): void {
    this.receive(from, { kind: 'requestVoteReply', term: this.raft.term, isPreVote: false, granted: true })
  }

  /** Every peer acknowledges everything. */
  acknowledgeAll(): void {
    for (const id of this.peers) this.acknowledge(id, this.raft.lastIndex)
  }

  acknowledge(from: ServerId, matchIndex: number, readRound = 0): void {
    this.receive(from, { ...ackOf(this.raft.term, matchIndex), readRound })
  }

  propose(...requests: readonly number[]): readonly RaftEffect[] {
    const proposals = requests.map((request) => ({ request, data: Uint8Array.of(request) }))
    return this.feed({ kind: 'propose', proposals })
  }

  get peers(): readonly ServerId[] {
    return this.raft.configuration.servers.map((server) => server.id).filter((id) => id !== this.raft.id)
  }
}

/** Voters and learners as a configuration. */
export function configurationOf(
  voters: readonly ServerId[],
  learners: readonly ServerId[] = [],
): Configuration {
  const servers = [
    ...voters.map((id) => ({ id, address: `${id}:8300`, suffrage: 'voter' as const })),
    ...learners.map((id) => ({ id, address: `${id}:8300`, suffrage: 'learner' as const })),
  ]
  return { servers: servers.toSorted((a, b) => (a.id < b.id ? -1 : 1)) }
}

/** Entry 1 of term 1. */
export function configurationEntry(configuration: Configuration): Entry {
  return { kind: 'configuration', index: 1, term: 1, configuration }
}

/** Commands from an index on, one per term given. */
export function entriesOf(firstIndex: number, terms: readonly number[]): CommandEntry[] {
  return terms.map((term, at) => ({
    kind: 'command',
    index: firstIndex + at,
    term,
    data: Uint8Array.of(firstIndex + at, term),
  }))
}

/** An append of a leader; everything not given is empty. */
export function appendOf(term: number, changes: Partial<AppendEntries> = {}): AppendEntries {
  return {
    kind: 'appendEntries',
    term,
    prevIndex: 0,
    prevTerm: 0,
    entries: [],
    commitIndex: 0,
    readRound: 0,
    echo: 0,
    ...changes,
  }
}

/** An acknowledgement. */
export function ackOf(term: number, matchIndex: number): AppendEntriesReply {
  return {
    kind: 'appendEntriesReply',
    term,
    ok: true,
    matchIndex,
    conflictIndex: 0,
    conflictTerm: 0,
    readRound: 0,
    mark: 0,
  }
}

/** A refused append. */
export function refusalOf(
  term: number,
  changes: Pick<AppendEntriesReply, 'matchIndex' | 'conflictIndex' | 'conflictTerm'> & {
    readonly readRound?: number
  },
): AppendEntriesReply {
  return { kind: 'appendEntriesReply', term, ok: false, readRound: 0, mark: 0, ...changes }
}

/** A request for a vote, of a candidate with a long log unless told otherwise. */
export function voteOf(term: number, changes: Partial<RequestVote> = {}): RequestVote {
  return {
    kind: 'requestVote',
    term,
    lastIndex: 1000,
    lastTerm: term - 1,
    isPreVote: false,
    isTransfer: false,
    ...changes,
  }
}

/** A snapshot. */
export function snapshotOf(index: number, term: number, size = 10): SnapshotMeta {
  return { index, term, configuration: configurationOf(['a', 'b', 'c']), configurationIndex: 1, size }
}
