// Raft seen from outside the agents: follows what each server holds in memory and on disk, and puts every effect to
// the checks of raft-checks.ts (paper, figure 3), over crashes and restarts.
import type { RestoredLog } from '../../../src/raft/config.ts'
import type { RaftEffect, RaftInput } from '../../../src/raft/events.ts'
import type { Entry, HardState, RaftMessage } from '../../../src/raft/message.ts'
import { RaftChecks } from '../raft-checks.ts'

/** A log as a list of terms behind a snapshot. */
class TermLog {
  snapshotIndex = 0
  snapshotTerm = 0
  readonly #terms = new Map<number, number>()
  lastIndex = 0

  copy(): TermLog {
    const copy = new TermLog()
    copy.reset(this.snapshotIndex, this.snapshotTerm)
    for (const [index, term] of this.#terms) copy.#terms.set(index, term)
    copy.lastIndex = this.lastIndex
    return copy
  }

  reset(index: number, term: number): void {
    this.#terms.clear()
    this.snapshotIndex = index
    this.snapshotTerm = term
    this.lastIndex = index
  }

  /** Writes entries from the first one's index on; what was there and behind is replaced. */
  write(entries: readonly Entry[]): void {
    const [first] = entries
    if (first === undefined) return
    for (let index = first.index; index <= this.lastIndex; index++) this.#terms.delete(index)
    for (const entry of entries) this.#terms.set(entry.index, entry.term)
    this.lastIndex = Math.max(entries[entries.length - 1]?.index ?? 0, this.snapshotIndex)
  }

  termAt(index: number): number | undefined {
    return index === this.snapshotIndex ? this.snapshotTerm : this.#terms.get(index)
  }
}

interface Write {
  readonly write: number
  readonly hardState: HardState | null
  readonly entries: readonly Entry[]
  readonly messages: readonly { readonly to: string; readonly message: RaftMessage }[]
}

interface Server {
  memory: TermLog
  disk: TermLog
  hardState: HardState
  writes: Write[]
  appliedIndex: number
  /** The term in its memory. */
  term: number
}

/** The checker of one run. Methods throw Violation. */
export class RaftChecker {
  readonly checks: RaftChecks = new RaftChecks()
  readonly #servers = new Map<string, Server>()
  /** Highest index applied by anyone. */
  appliedMax = 0

  /** A server starts: what was durable must be there, and no more is required. */
  onStart(id: string, restored: RestoredLog): void {
    const before = this.#servers.get(id)
    const log = new TermLog()
    if (restored.snapshot !== null) log.reset(restored.snapshot.index, restored.snapshot.term)
    log.write(restored.entries)
    if (before !== undefined) this.#checkKept(id, before, { log, hardState: restored.hardState })
    this.checks.onHardState(id, restored.hardState)
    this.#servers.set(id, {
      memory: log,
      disk: log.copy(),
      hardState: restored.hardState,
      writes: [],
      appliedIndex: restored.snapshot?.index ?? 0,
      term: restored.hardState.term,
    })
  }

  #checkKept(
    id: string,
    before: Server,
    now: { readonly log: TermLog; readonly hardState: HardState },
  ): void {
    const { disk } = before
    if (now.hardState.term < before.hardState.term) {
      throw new Error(
        `termKept: ${id} starts in term ${now.hardState.term}, ${before.hardState.term} was durable`,
      )
    }
    for (let index = now.log.snapshotIndex + 1; index <= disk.lastIndex; index++) {
      const [was, is] = [disk.termAt(index), now.log.termAt(index)]
      // A later write that was under way may have replaced it; then the term is higher.
      if (was === undefined || (is !== undefined && is >= was)) continue
      if (before.writes.some(({ entries }) => (entries[0]?.index ?? Infinity) <= index)) continue
      throw new Error(`durableKept: ${id} starts without entry ${index} of term ${was}, which was durable`)
    }
  }

  onInput(id: string, input: RaftInput): void {
    const server = this.#servers.get(id)
    if (server === undefined) return
    if (input.kind === 'persisted') this.#onPersisted(id, server, input.write)
    else if (input.kind === 'snapshotRestored') {
      const { index, term } = input.snapshot
      server.memory.reset(index, term)
      server.disk.reset(index, term)
      server.appliedIndex = index
    }
  }

  #onPersisted(id: string, server: Server, upTo: number): void {
    const done = server.writes.filter((write) => write.write <= upTo)
    server.writes = server.writes.filter((write) => write.write > upTo)
    for (const { hardState, entries, messages } of done) {
      if (hardState !== null) {
        server.hardState = hardState
        this.checks.onHardState(id, hardState)
      }
      server.disk.write(entries)
      for (const { to, message } of messages) this.#onSend(id, server, to, message)
    }
  }

  onEffect(id: string, effect: RaftEffect): void {
    const server = this.#servers.get(id)
    if (server === undefined) return
    switch (effect.kind) {
      case 'persist':
        this.#onPersist(id, server, effect)
        return
      case 'send':
        this.#onSend(id, server, effect.to, effect.message)
        return
      case 'apply':
        this.#onApply(id, server, effect.entries)
        return
      case 'roleChanged':
        server.term = effect.term
        if (effect.role === 'leader') this.#onLeader(id, server, effect.term)
        return
      default:
    }
  }

  #onPersist(id: string, server: Server, effect: RaftEffect & { readonly kind: 'persist' }): void {
    for (const entry of effect.entries) {
      server.memory.write([entry])
      const previous = server.memory.termAt(entry.index - 1) ?? (entry.index === 1 ? 0 : undefined)
      if (previous !== undefined) this.checks.onAppend(id, entry, previous)
    }
    const { write, hardState, entries, sendWhenDurable: messages } = effect
    server.writes.push({ write, hardState, entries, messages })
  }

  #onSend(id: string, server: Server, to: string, message: RaftMessage): void {
    this.checks.onSend(id, to, message, { hardState: server.hardState, lastIndex: server.disk.lastIndex })
  }

  #onApply(id: string, server: Server, entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.index !== server.appliedIndex + 1) {
        throw new Error(`applyOrder: ${id} applies ${entry.index} after ${server.appliedIndex}`)
      }
      server.appliedIndex = entry.index
      this.checks.onApply(id, entry, server.term)
      this.appliedMax = Math.max(this.appliedMax, entry.index)
    }
  }

  #onLeader(id: string, server: Server, term: number): void {
    const { memory } = server
    this.checks.onLeader(id, term, (index) =>
      index < memory.snapshotIndex ? this.checks.appliedTerm(index) : memory.termAt(index),
    )
  }
}
