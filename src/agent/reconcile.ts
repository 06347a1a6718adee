// The leader's mirror: members of the LAN pool into the catalog, servers into the Raft configuration.
// Runs on the leader only, after it has applied everything of earlier terms. What differs is worked out in
// mirror-catalog.ts, mirror-servers.ts and autopilot-changes.ts; here it is decided when to look, and it is written.
import type { Member } from '../gossip/events.ts'
import type { Command } from '../model/command.ts'
import type { ServerChange } from '../raft/events.ts'
import type { Configuration } from '../raft/message.ts'
import type { Clock } from '../runtime/host.ts'
import { nextAutopilotChange, type AutopilotLook } from './autopilot-changes.ts'
import type { Logger } from './log.ts'
import {
  differences,
  differencesOf,
  type CatalogMirrorOptions,
  type CatalogReader,
  type SingleCommand,
} from './mirror-catalog.ts'
import { isForeign, nextServerChange, type Allegiance } from './mirror-servers.ts'

/** What the leader needs to know and to do. */
export interface ReconcileOptions {
  readonly clock: Clock
  readonly selfId: string
  readonly datacenter: string
  readonly members: () => Iterable<Member>
  readonly member: (name: string) => Member | undefined
  readonly catalog: CatalogReader
  readonly configuration: () => Configuration
  /** What autopilot goes by. */
  readonly autopilot: () => AutopilotLook
  /** Names this cluster; '' until it has a name. */
  readonly clusterId: () => string
  /** To which cluster a server belongs by its own word; null if it does not answer. */
  readonly askAllegiance: (id: string) => Promise<Allegiance | null>
  /** Appends a command and resolves when it is applied; false if that failed and must be tried again. */
  readonly write: (command: Command) => Promise<boolean>
  readonly changeServer: (change: ServerChange) => Promise<boolean>
  /** Everything was looked at, and what differed was written; that took so long. */
  readonly onWhole: (ms: number) => void
  readonly log: Logger
}

/** The mirror. */
export interface Reconcile {
  /** This server has become the leader: look at everything, then at each change. */
  start(): void
  /** It leads no more. */
  stop(): void
  /** Something about a learner or the configuration has changed, or about the member of this name. */
  touch(member?: string): void
  /** The catalog has been replaced by an archive's: everything is looked at anew, at once. */
  restored(): void
  /** This server has asked to be removed because it leaves: it is not taken in again meanwhile. */
  expectLeave(id: string): void
  /** An operator has removed this server: it has a while to be stopped before it is taken in again. */
  keepOut(id: string): void
}

/** Everything is looked at again this often (reference: 60 s): a write may have failed. */
const repeatMs = 60_000
const retryMs = 1000
/** Commands that share one log entry. */
const batchMax = 128
/** Changes of the Raft configuration in one go. */
const changesMax = 64
/**
 * What the pool does not know counts as failed after the first, as gone after the second: agents that were restarted
 * together find each other first.
 */
const absentFailedMs = 10_000
const absentGoneMs = 60_000
/** A leave takes at most so long until the pool knows of it. */
const leaveMs = 15_000
/** A server that an operator has removed is taken in again after this, if it is still there (reference: 60 s). */
const removedMs = 60_000
/** A server of another cluster is looked at again after this. */
const foreignMs = 60_000

/** A server that belongs to no cluster yet. */
const free: Allegiance = { servers: [], clusterId: '' }

/** Makes the mirror of one server; it sleeps until `start`. */
export function createReconcile(options: ReconcileOptions): Reconcile {
  return new Mirror(options)
}

class Mirror implements Reconcile {
  readonly #options: ReconcileOptions
  readonly #catalogOptions: CatalogMirrorOptions
  #isLeading = false
  #isRunning = false
  #isAgain = false
  /** Members to look at; null for all of them, and for what the catalog has and the pool has not. */
  #due: Set<string> | null = null
  #disarm: (() => void) | null = null
  /** When everything is to be looked at again. */
  #wholeAtMs = 0
  /** Nodes of the catalog that the pool does not know, and since when that is so. */
  #absentSinceMs = new Map<string, number>()
  /** Servers that are not taken in before a time. */
  readonly #avoidedUntilMs = new Map<string, number>()

  constructor(options: ReconcileOptions) {
    this.#options = options
    this.#catalogOptions = options
  }

  start(): void {
    this.#isLeading = true
    this.#absentSinceMs.clear()
    this.#due = null
    this.touch()
  }

  stop(): void {
    this.#isLeading = false
    this.#disarm?.()
    this.#disarm = null
  }

  touch(member?: string): void {
    if (!this.#isLeading) return
    if (member !== undefined) this.#due?.add(member)
    this.#isAgain = true
    if (this.#isRunning) return
    this.#isRunning = true
    void this.#run()
  }

  restored(): void {
    this.#absentSinceMs.clear()
    this.#due = null
    this.touch()
  }

  expectLeave(id: string): void {
    // Whoever is no server of ours needs no place here.
    if (this.#options.configuration().servers.some((server) => server.id === id)) this.#avoid(id, leaveMs)
  }

  keepOut(id: string): void {
    this.#avoid(id, removedMs)
  }

  #avoid(id: string, ms: number): void {
    const nowMs = this.#options.clock.nowMs()
    for (const [known, untilMs] of this.#avoidedUntilMs)
      if (untilMs <= nowMs) this.#avoidedUntilMs.delete(known)
    this.#avoidedUntilMs.set(id, nowMs + ms)
  }

  async #run(): Promise<void> {
    let isDone = true
    while (this.#isAgain && this.#isLeading) {
      this.#isAgain = false
      const { clock } = this.#options
      const startMs = clock.nowMs()
      const isWhole = this.#due === null || clock.nowMs() >= this.#wholeAtMs
      const commands =
        this.#due === null || isWhole
          ? this.#allDifferences()
          : differencesOf(this.#catalogOptions, this.#due)
      this.#due = new Set()
      isDone = (await this.#mirrorCatalog(commands)) && (await this.#mirrorServers())
      // What could not be written is found again by looking at everything.
      if (!isDone) this.#due = null
      else if (isWhole) this.#options.onWhole(clock.nowMs() - startMs)
    }
    this.#isRunning = false
    if (this.#isLeading) this.#later(isDone ? this.#pauseMs() : retryMs)
  }

  /** Until the next look: at everything, or because a server may be taken in again. */
  #pauseMs(): number {
    const nowMs = this.#options.clock.nowMs()
    const untilMs = [...this.#avoidedUntilMs.values()].filter((atMs) => atMs > nowMs)
    return Math.max(0, Math.min(this.#wholeAtMs, ...untilMs) - nowMs)
  }

  #later(delayMs: number): void {
    const { clock } = this.#options
    this.#disarm?.()
    this.#disarm = clock.wakeAt(clock.nowMs() + delayMs, () => {
      this.#disarm = null
      this.#due = null
      this.touch()
    })
  }

  /** When everything is to be looked at again: earlier if something counts as failed, or as gone, before. */
  #nextWholeMs(): number {
    const nowMs = this.#options.clock.nowMs()
    const sincesMs = [...this.#absentSinceMs.values()]
    const dueAtMs = sincesMs.flatMap((sinceMs) => [sinceMs + absentFailedMs, sinceMs + absentGoneMs])
    return Math.min(nowMs + repeatMs, ...dueAtMs.filter((atMs) => atMs > nowMs))
  }

  #allDifferences(): readonly SingleCommand[] {
    const absent = new Map<string, number>()
    const absentMs = (key: string): number => {
      const nowMs = this.#options.clock.nowMs()
      const sinceMs = this.#absentSinceMs.get(key) ?? nowMs
      absent.set(key, sinceMs)
      return nowMs - sinceMs
    }
    const commands = differences(this.#catalogOptions, (node) => {
      const ms = absentMs(node)
      return ms < absentFailedMs ? 'unsure' : ms < absentGoneMs ? 'failed' : 'forgotten'
    })
    this.#absentSinceMs = absent
    this.#wholeAtMs = this.#nextWholeMs()
    return commands
  }

  /** Writes what differs between the pool and the catalog; true if all of it was applied. */
  async #mirrorCatalog(commands: readonly SingleCommand[]): Promise<boolean> {
    for (let at = 0; at < commands.length; at += batchMax) {
      const batch: Command = { kind: 'batch', commands: commands.slice(at, at + batchMax) }
      if (!(await this.#options.write(batch))) return false
    }
    return true
  }

  /** Makes the Raft configuration agree with the pool, one change at a time (thesis 4.1); true if it does. */
  async #mirrorServers(): Promise<boolean> {
    const { configuration, clusterId, changeServer, log } = this.#options
    let isComplete = true
    for (let changes = 0; changes < changesMax && this.#isLeading; changes++) {
      const change = this.#nextChange()
      if (change === null) return isComplete
      const its = change.kind === 'addLearner' ? await this.#options.askAllegiance(change.id) : free
      const ours = { configuration: configuration(), clusterId: clusterId() }
      if (its === null || isForeign(change.id, its, ours)) {
        this.#leaveOut(change.id, its !== null)
        isComplete &&= its !== null
        continue
      }
      log.info('Changing the Raft configuration', { change: change.kind, server: change.id })
      if (!(await changeServer(change))) return false
    }
    return false
  }

  #nextChange(): ServerChange | null {
    const { clock, configuration, autopilot } = this.#options
    const byPool = nextServerChange(configuration(), {
      ...this.#options,
      isAvoided: (id) => (this.#avoidedUntilMs.get(id) ?? 0) > clock.nowMs(),
    })
    return byPool ?? nextAutopilotChange(configuration(), autopilot())
  }

  /** A server that does not answer, or belongs to another cluster, is looked at again later. */
  #leaveOut(id: string, isOfOther: boolean): void {
    this.#avoid(id, isOfOther ? foreignMs : retryMs)
    if (!isOfOther) return
    this.#options.log.error(
      'A server belongs to another cluster and is not taken in; to let it join this one, stop it and remove its data directory',
      { server: id },
    )
  }
}
