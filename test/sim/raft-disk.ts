// A disk at the level of Raft's writes: what is not synced is lost in a crash, from some write on.
import type { RestoredLog } from '../../src/raft/config.ts'
import type { LogPosition, RaftEffect } from '../../src/raft/events.ts'
import type { Entry, HardState, SnapshotMeta } from '../../src/raft/message.ts'

export type Write = Extract<RaftEffect, { kind: 'persist' }>

/** A log as writes build it: the same rules as the real one, in the simplest form. */
export class LogImage {
  hardState: HardState = { term: 0, votedFor: null }
  base: LogPosition = { index: 0, term: 0 }
  entries: Entry[] = []

  get lastIndex(): number {
    return this.base.index + this.entries.length
  }

  termAt(index: number): number | undefined {
    return index === this.base.index ? this.base.term : this.entries[index - this.base.index - 1]?.term
  }

  apply(write: Pick<Write, 'hardState' | 'reset' | 'entries'>): void {
    if (write.hardState !== null) this.hardState = write.hardState
    if (write.reset !== null) {
      this.base = write.reset
      this.entries = []
    }
    for (const entry of write.entries) {
      if (entry.index > this.lastIndex + 1) throw new Error(`entry ${entry.index} behind ${this.lastIndex}`)
      this.entries.length = entry.index - this.base.index - 1
      this.entries.push(entry)
    }
  }

  compact(index: number): void {
    const term = this.termAt(index)
    if (index <= this.base.index || term === undefined) return
    this.entries = this.entries.slice(index - this.base.index)
    this.base = { index, term }
  }
}

export interface StoredSnapshot {
  readonly meta: SnapshotMeta
  readonly bytes: Uint8Array
}

/** What survives. */
export class RaftDisk {
  readonly log: LogImage = new LogImage()
  snapshots: StoredSnapshot[] = []
  /** Asked for and not durable yet, oldest first. */
  pending: Write[] = []
  /** Cuts that wait for the writes before them, as in the real queue. */
  #cuts: { readonly behind: number; readonly index: number }[] = []

  get latest(): StoredSnapshot | undefined {
    return this.snapshots.at(-1)
  }

  /** Everything up to `write` is durable. */
  sync(write: number): void {
    for (let head = this.pending[0]; head !== undefined && head.write <= write; head = this.pending[0]) {
      this.log.apply(head)
      this.pending.shift()
      this.#cutThrough(head.write)
    }
  }

  compact(index: number): void {
    const behind = this.pending.at(-1)?.write
    if (behind === undefined) this.log.compact(index)
    else this.#cuts.push({ behind, index })
  }

  #cutThrough(write: number): void {
    for (let head = this.#cuts[0]; head !== undefined && head.behind <= write; head = this.#cuts[0]) {
      this.log.compact(head.index)
      this.#cuts.shift()
    }
  }

  keep(snapshot: StoredSnapshot): void {
    this.snapshots = [...this.snapshots.filter((known) => known.meta.index !== snapshot.meta.index), snapshot]
    this.snapshots.sort((a, b) => a.meta.index - b.meta.index)
    this.snapshots = this.snapshots.slice(-2)
  }

  /** The crash: of what was not synced the first `kept` writes happen to be there. */
  crash(kept: number): void {
    this.sync(this.pending[kept - 1]?.write ?? 0)
    this.pending = []
    this.#cuts = []
  }

  /** The newest snapshot is damaged. Nothing is lost where the log reaches back to the one before it; else no harm is done. */
  damageLatest(): void {
    const [older] = this.snapshots
    if (this.snapshots.length > 1 && older !== undefined && this.log.base.index <= older.meta.index) {
      this.snapshots = [older]
    }
  }

  restored(): RestoredLog {
    const { hardState, entries } = this.log
    return { hardState, snapshot: this.latest?.meta ?? null, entries: [...entries] }
  }
}
