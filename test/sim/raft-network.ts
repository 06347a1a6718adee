// A cluster of bare Raft machines in virtual time: network, disks, state machines, clients and faults, all from one
// seed. It drives the machine as the agent does, but with nothing else in the loop than the codec.
import { decodeRaftMessage, encodeRaftMessage } from '../../src/codec/raft-codec.ts'
import { seededRandom } from '../../src/lib/random.ts'
import type { Random } from '../../src/lib/random.ts'
import { limits } from '../../src/model/limits.ts'
import type { Limits } from '../../src/model/limits.ts'
import { raftTiming } from '../../src/raft/config.ts'
import type { RaftTiming } from '../../src/raft/config.ts'
import type { RaftEffect, RaftInput } from '../../src/raft/events.ts'
import type { Configuration, Entry, RaftMessage, ServerId, SnapshotMeta } from '../../src/raft/message.ts'
import { createRaft } from '../../src/raft/raft.ts'
import type { Raft } from '../../src/raft/raft.ts'
import { RaftChecks, Violation } from './raft-checks.ts'
import { LogImage } from './raft-disk.ts'
import type { Write } from './raft-disk.ts'
import { isFileEffect, lineOf, newCounts, newServer, readState } from './raft-server.ts'
import type { Counts, FileEffect, SimServer } from './raft-server.ts'

/** Limits so small that every boundary is crossed in every run. */
export const tinyLimits: Limits = {
  ...limits,
  appendBytesMax: 200,
  appendsInFlightMax: 4,
  proposalsMax: 40,
  proposalsBytesMax: 4000,
  snapshotEntries: 12,
  snapshotLogBytes: 2000,
  trailingEntries: 5,
  trailingBytes: 300,
  snapshotChunkBytes: 48,
}

/** What may go wrong, in a thousand. */
export interface Faults {
  readonly loss: number
  readonly duplication: number
  readonly latencyMsMax: number
  readonly syncMsMax: number
  /** Snapshots that cannot be written. */
  readonly badSaves?: number
}

/** A run. */
export interface WorldOptions {
  readonly seed: number
  readonly servers: readonly ServerId[]
  readonly limits?: Limits
  readonly timing?: RaftTiming
  readonly faults?: Partial<Faults>
  /** A deliberately broken machine, to show that the checks see it. */
  readonly wrap?: (raft: Raft, id: ServerId) => Raft
  /** A deliberately broken driver. */
  readonly bug?: 'sendBeforeDurable' | 'forgetHardState'
}

interface Pending {
  readonly command: string
  readonly server: ServerId
  readonly life: number
}

const utf8 = new TextEncoder()
const text = new TextDecoder()

/** The cluster and its time. */
export class RaftWorld {
  readonly random: Random
  readonly checks: RaftChecks = new RaftChecks()
  readonly servers: Map<ServerId, SimServer> = new Map()
  readonly trace: string[] = []
  faults: Faults
  nowMs = 0
  /** Acknowledged commands: they must be there in the end, once. */
  readonly acknowledged: string[] = []
  readonly acknowledgedAtMs: number[] = []
  readonly #options: WorldOptions
  readonly #events: { atMs: number; order: number; run: () => void }[] = []
  #order = 0
  #cut = new Set<string>()
  #nextRequest = 1
  readonly #proposals = new Map<number, Pending>()
  readonly #placed = new Map<string, { command: string; term: number }>()
  readonly #reads = new Map<number, number>()
  readonly counts: Counts = newCounts()

  constructor(options: WorldOptions) {
    this.#options = options
    this.random = seededRandom(options.seed)
    this.faults = { loss: 0, duplication: 0, latencyMsMax: 3, syncMsMax: 3, ...options.faults }
    for (const id of options.servers) this.addServer(id)
  }

  addServer(id: ServerId): void {
    this.servers.set(id, newServer(id))
    this.start(id)
  }

  server(id: ServerId): SimServer {
    const found = this.servers.get(id)
    if (found === undefined) throw new Error(`no server ${id}`)
    return found
  }

  /** Starts a server from its disk. */
  start(id: ServerId): void {
    const server = this.server(id)
    if (server.raft !== null) return
    const restored = server.disk.restored()
    const latest = server.disk.latest
    server.state = latest === undefined ? [] : readState(latest.bytes)
    server.appliedIndex = latest?.meta.index ?? 0
    const image = new LogImage()
    image.hardState = server.disk.log.hardState
    image.base = server.disk.log.base
    image.entries = [...server.disk.log.entries]
    server.image = image
    const config = {
      id,
      timing: this.#options.timing ?? raftTiming(5),
      seed: this.random.uint32(),
      limits: this.#options.limits ?? tinyLimits,
      restored,
    }
    const raft = createRaft(config, this.nowMs)
    server.raft = this.#options.wrap?.(raft, id) ?? raft
    server.life += 1
    server.isSaving = false
    server.wakeAtMs = Infinity
    server.pausedUntilMs = 0
    this.#arm(server)
  }

  /** Stops a server in the middle of everything; part of what was not synced may be on disk all the same. */
  crash(id: ServerId): void {
    const server = this.server(id)
    if (server.raft === null) return
    this.#log(id, 'crash')
    server.raft = null
    server.disk.crash(this.random.below(server.disk.pending.length + 1))
    this.checks.onHardState(id, server.disk.log.hardState)
  }

  /** Holds a process: nothing reaches it before then, everything reaches it afterwards. */
  pause(id: ServerId, forMs: number): void {
    this.server(id).pausedUntilMs = this.nowMs + forMs
  }

  /** Cuts the link in one direction. */
  cut(from: ServerId, to: ServerId): void {
    this.#cut.add(`${from}>${to}`)
  }

  isolate(id: ServerId): void {
    for (const other of this.servers.keys()) {
      this.cut(id, other)
      this.cut(other, id)
    }
  }

  heal(): void {
    this.#cut = new Set()
  }

  get running(): readonly SimServer[] {
    return [...this.servers.values()].filter((server) => server.raft !== null)
  }

  /** The leader of the highest term among those that run. */
  get leader(): SimServer | undefined {
    const leaders = this.running.filter((server) => server.raft?.role === 'leader')
    return leaders.toSorted((a, b) => (b.raft?.term ?? 0) - (a.raft?.term ?? 0))[0]
  }

  bootstrap(ids: readonly ServerId[]): void {
    const configuration: Configuration = {
      servers: ids.map((id) => ({ id, address: `${id}:8300`, suffrage: 'voter' as const })),
    }
    for (const id of ids)
      this.at(this.random.below(20), () => this.feed(id, { kind: 'bootstrap', configuration }))
  }

  propose(id: ServerId, command: string): void {
    const request = this.#nextRequest++
    this.#proposals.set(request, { command, server: id, life: this.server(id).life })
    this.feed(id, { kind: 'propose', proposals: [{ request, data: utf8.encode(command) }] })
  }

  read(id: ServerId): void {
    const request = this.#nextRequest++
    this.#reads.set(request, this.checks.acknowledgedIndex)
    this.feed(id, { kind: 'readIndex', request })
    const server = this.server(id)
    if (server.pausedUntilMs > this.nowMs) return
    this.#readStale(server)
    const index = server.raft?.leaseReadIndex(this.nowMs) ?? null
    if (index === null) return
    this.counts.leaseReads += 1
    this.checks.onRead('leaseRead', id, { index, acknowledgedBefore: this.checks.acknowledgedIndex })
  }

  /** A state must not be older than its server says. */
  #readStale(server: SimServer): void {
    const freshMs = server.raft?.freshMs(this.nowMs) ?? null
    if (freshMs === null) return
    this.counts.staleReads += 1
    const acknowledgedBefore = this.checks.acknowledgedBefore(freshMs)
    this.checks.onRead('staleRead', server.id, { index: server.appliedIndex, acknowledgedBefore })
  }

  changeServer(id: ServerId, change: Extract<RaftInput, { kind: 'changeServer' }>['change']): void {
    this.counts.changes += 1
    this.feed(id, { kind: 'changeServer', request: this.#nextRequest++, change })
  }

  /** Runs something later. */
  at(inMs: number, run: () => void): void {
    const event = { atMs: this.nowMs + inMs, order: this.#order++, run }
    let at = this.#events.length
    while (at > 0 && isBefore(event, this.#events[at - 1])) at -= 1
    this.#events.splice(at, 0, event)
  }

  /** Runs until the time has passed, or until `isDone`. True if it was done. */
  run(forMs: number, isDone: () => boolean = () => false): boolean {
    const endMs = this.nowMs + forMs
    for (
      let event = this.#events.at(0);
      event !== undefined && event.atMs <= endMs;
      event = this.#events.at(0)
    ) {
      this.#events.shift()
      this.nowMs = event.atMs
      event.run()
      if (isDone()) return true
    }
    this.nowMs = endMs
    return isDone()
  }

  /** Feeds a machine, now or when its process goes on. */
  feed(id: ServerId, input: RaftInput): void {
    const server = this.server(id)
    const { life } = server
    if (server.raft === null) return
    if (server.pausedUntilMs > this.nowMs) {
      this.at(server.pausedUntilMs - this.nowMs, () => {
        if (server.life === life) this.feed(id, input)
      })
      return
    }
    const effects = server.raft.step(input, this.nowMs)
    for (const effect of effects) this.#perform(server, effect)
    this.#arm(server)
  }

  #arm(server: SimServer): void {
    const atMs = server.raft?.wakeAtMs ?? Infinity
    if (atMs === server.wakeAtMs) return
    server.wakeAtMs = atMs
    if (atMs === Infinity) return
    const { life } = server
    this.at(Math.max(0, atMs - this.nowMs), () => {
      if (server.life !== life || server.wakeAtMs !== atMs) return
      server.wakeAtMs = Infinity
      server.wakes += 1
      this.feed(server.id, { kind: 'wake' })
    })
  }

  #perform(server: SimServer, effect: RaftEffect): void {
    switch (effect.kind) {
      case 'send':
        return this.#send(server, effect.to, effect.message)
      case 'persist':
        return this.#persist(server, effect)
      case 'apply':
        return this.#apply(server, effect.entries)
      case 'roleChanged':
        return this.#onRole(server, effect)
      case 'proposalAccepted':
      case 'proposalRefused':
        return this.#onProposal(server, effect)
      case 'readReady': {
        this.counts.reads += 1
        const acknowledgedBefore = this.#reads.get(effect.request) ?? 0
        return this.checks.onRead('readIndex', server.id, { index: effect.index, acknowledgedBefore })
      }
      default:
        return isFileEffect(effect) ? this.#onFile(server, effect) : this.#log(server.id, lineOf(effect))
    }
  }

  #onFile(server: SimServer, effect: FileEffect): void {
    switch (effect.kind) {
      case 'compact':
        return server.disk.compact(effect.index)
      case 'snapshotDue':
        return this.#takeSnapshot(server)
      case 'readSnapshotChunk':
        return this.#readChunk(server, effect)
      case 'writeSnapshotChunk':
        return this.#writeChunk(server, effect)
      case 'restoreSnapshot': {
        const { incoming } = server
        const delayMs = this.random.between(1, 30)
        return this.#later(server, delayMs, () => this.#restore(server, effect.snapshot, incoming))
      }
    }
  }

  #later(server: SimServer, inMs: number, run: () => void): void {
    const { life } = server
    this.at(inMs, () => {
      if (server.life === life && server.raft !== null) run()
    })
  }

  #send(server: SimServer, to: ServerId, message: RaftMessage): void {
    this.checks.onSend(server.id, to, message, {
      hardState: server.disk.log.hardState,
      lastIndex: Math.max(server.disk.log.lastIndex, server.disk.latest?.meta.index ?? 0),
    })
    this.counts.messages += 1
    const copies = this.random.chance(this.faults.duplication) ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      if (this.random.chance(this.faults.loss)) continue
      const bytes = encodeRaftMessage(message)
      const latencyMs = this.random.between(1, this.faults.latencyMsMax)
      this.at(latencyMs, () => {
        if (this.#cut.has(`${server.id}>${to}`)) return
        const decoded = decodeRaftMessage(bytes)
        if (!decoded.ok) throw new Violation('codec', `${message.kind}: ${decoded.error.code}`)
        if (this.servers.has(to)) this.feed(to, { kind: 'received', from: server.id, message: decoded.value })
      })
    }
  }

  #persist(server: SimServer, write: Write): void {
    const kept = this.#options.bug === 'forgetHardState' ? { ...write, hardState: null } : write
    this.#mirror(server, write)
    server.disk.pending.push(kept)
    if (this.#options.bug === 'sendBeforeDurable') {
      for (const { to, message } of write.sendWhenDurable) this.#send(server, to, message)
    }
    this.#later(server, this.random.between(0, this.faults.syncMsMax), () => this.#sync(server, write.write))
  }

  /** One sync makes all writes so far durable; each is answered in order. */
  #sync(server: SimServer, write: number): void {
    const { life, disk } = server
    const done = disk.pending.filter((pending) => pending.write <= write)
    if (done.length > 0) server.syncs += 1
    const before = disk.log.hardState
    disk.sync(write)
    if (disk.log.hardState !== before) this.checks.onHardState(server.id, disk.log.hardState)
    for (const { sendWhenDurable, write: number } of done) {
      if (this.#options.bug !== 'sendBeforeDurable') {
        for (const { to, message } of sendWhenDurable) this.#send(server, to, message)
      }
      if (server.life === life) this.feed(server.id, { kind: 'persisted', write: number })
    }
  }

  #mirror(server: SimServer, write: Write): void {
    for (const entry of write.entries) {
      const previous = write.entries[entry.index - (write.entries[0]?.index ?? 0) - 1]
      const isBase = write.reset !== null && write.reset.index === entry.index - 1
      const previousTerm =
        previous?.term ?? (isBase ? write.reset?.term : server.image.termAt(entry.index - 1))
      if (previousTerm !== undefined) this.checks.onAppend(server.id, entry, previousTerm)
    }
    server.image.apply(write)
  }

  #apply(server: SimServer, entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.index !== server.appliedIndex + 1) {
        throw new Violation('applyOrder', `${server.id} applies ${entry.index} after ${server.appliedIndex}`)
      }
      this.checks.onApply(server.id, entry, server.raft?.term ?? 0)
      server.appliedIndex = entry.index
      if (entry.kind === 'command') server.state.push(text.decode(entry.data))
      this.#acknowledge(server, entry)
    }
    const last = entries.at(-1)?.index ?? 0
    this.#later(server, this.random.below(2), () => this.feed(server.id, { kind: 'applied', index: last }))
  }

  #acknowledge(server: SimServer, entry: Entry): void {
    const key = `${server.id}:${server.life}:${entry.index}`
    const placed = this.#placed.get(key)
    if (placed === undefined) return
    this.#placed.delete(key)
    if (placed.term !== entry.term) return
    this.acknowledged.push(placed.command)
    this.acknowledgedAtMs.push(this.nowMs)
    this.checks.onAcknowledged(entry.index, this.nowMs)
  }

  #onProposal(server: SimServer, effect: Extract<RaftEffect, { kind: `proposal${string}` }>): void {
    const proposal = this.#proposals.get(effect.request)
    this.#proposals.delete(effect.request)
    if (effect.kind === 'proposalRefused') {
      this.counts.refused += 1
      return
    }
    this.counts.accepted += 1
    if (proposal === undefined) return
    this.#placed.set(`${server.id}:${server.life}:${effect.index}`, {
      command: proposal.command,
      term: effect.term,
    })
  }

  #onRole(server: SimServer, effect: Extract<RaftEffect, { kind: 'roleChanged' }>): void {
    this.#log(server.id, `${effect.role} term=${effect.term} leader=${effect.leader ?? '-'}`)
    if (effect.role !== 'leader') return
    const { image, appliedIndex } = server
    this.checks.onLeader(server.id, effect.term, (index) =>
      index <= appliedIndex ? this.checks.appliedTerm(index) : image.termAt(index),
    )
  }

  #takeSnapshot(server: SimServer): void {
    if (server.isSaving) return
    const meta = server.raft?.snapshotMeta(server.appliedIndex)
    if (meta === undefined) return
    server.isSaving = true
    this.counts.saves += 1
    const bytes = utf8.encode(JSON.stringify(server.state))
    const snapshot: SnapshotMeta = { ...meta, size: bytes.length }
    this.#later(server, this.random.between(1, 10), () => {
      server.isSaving = false
      const { badSaves = 0 } = this.faults
      if (badSaves > 0 && this.random.chance(badSaves)) return
      server.disk.keep({ meta: snapshot, bytes })
      this.feed(server.id, { kind: 'snapshotTaken', snapshot })
    })
  }

  #readChunk(server: SimServer, effect: FileEffect & { readonly kind: 'readSnapshotChunk' }): void {
    const { to, snapshot, offset, length } = effect
    const found = server.disk.snapshots.find((known) => known.meta.index === snapshot.index)
    const input: RaftInput =
      found === undefined
        ? { kind: 'snapshotChunkUnreadable', to, snapshotIndex: snapshot.index }
        : {
            kind: 'snapshotChunkRead',
            to,
            snapshot,
            offset,
            data: found.bytes.slice(offset, offset + length),
          }
    this.#later(server, 1, () => this.feed(server.id, input))
  }

  #writeChunk(server: SimServer, effect: FileEffect & { readonly kind: 'writeSnapshotChunk' }): void {
    const { snapshot, offset, data } = effect
    if (offset === 0) server.incoming = new Uint8Array(0)
    if (server.incoming.length !== offset) throw new Violation('snapshot', `chunk ${offset} is out of order`)
    const joined = new Uint8Array(offset + data.length)
    joined.set(server.incoming)
    joined.set(data, offset)
    server.incoming = joined
    const end = offset + data.length
    const input: RaftInput = { kind: 'snapshotChunkWritten', snapshotIndex: snapshot.index, offset: end }
    this.#later(server, this.random.between(0, 2), () => this.feed(server.id, input))
  }

  #restore(server: SimServer, snapshot: SnapshotMeta, bytes: Uint8Array): void {
    if (this.random.chance(50)) {
      return this.feed(server.id, { kind: 'snapshotRejected', snapshotIndex: snapshot.index })
    }
    this.counts.installs += 1
    server.disk.keep({ meta: snapshot, bytes })
    server.state = readState(bytes)
    server.appliedIndex = snapshot.index
    this.feed(server.id, { kind: 'snapshotRestored', snapshot })
  }

  #log(id: ServerId, line: string): void {
    this.trace.push(`${String(this.nowMs).padStart(6)} ${id} ${line}`)
  }
}

function isBefore(
  a: { readonly atMs: number; readonly order: number },
  b: { readonly atMs: number; readonly order: number } | undefined,
): boolean {
  return b === undefined || a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
