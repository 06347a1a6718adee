// Snapshots at work: taken of what was applied, read for followers, received from the leader and restored.
import { err, ok, type Result } from '../lib/result.ts'
import type { RaftEffect, RaftInput } from '../raft/events.ts'
import type { SnapshotMeta } from '../raft/message.ts'
import type { Clock } from '../runtime/host.ts'
import type { Breathe } from '../storage/breathe.ts'
import type { Logger } from './log.ts'
import type { RaftMetrics } from './raft-metrics.ts'
import type { RaftStorage } from './raft-storage.ts'
import type { Store } from './store.ts'
import { createTurns } from './turns.ts'

/** The effects that concern snapshots and the log that they replace. */
export type SnapshotEffect = Extract<
  RaftEffect,
  {
    readonly kind: 'compact' | 'snapshotDue' | 'readSnapshotChunk' | 'writeSnapshotChunk' | 'restoreSnapshot'
  }
>

/** What the work on snapshots needs. */
export interface SnapshotWorkOptions {
  readonly storage: RaftStorage
  readonly store: Store
  readonly clock: Clock
  /** What a snapshot of the state as it is now stands for. */
  readonly meta: () => Omit<SnapshotMeta, 'size'>
  readonly feed: (input: RaftInput) => void
  /** The state now holds everything up to this index, and nobody can tell who was answered what. */
  readonly onRestored: (index: number) => void
  /** The log or a received snapshot cannot be written: this server cannot go on. */
  readonly onFatal: (error: unknown) => void
  readonly metrics: SnapshotMetrics
  readonly log: Logger
}

/** What is measured of it. */
export type SnapshotMetrics = Pick<RaftMetrics, 'onSnapshot' | 'onInstalled' | 'onCompacted'>

/** A snapshot that somebody reads: it stays until it is let go. */
export interface HeldSnapshot {
  readonly meta: SnapshotMeta
  /** Index of the last command in it, as clients know it. */
  readonly index: number
  /** The bytes of its file. Rejects when they cannot be read. */
  bytes(): AsyncIterable<Uint8Array>
  release(): void
}

/** A snapshot that was taken here, and the index of its last command. */
type Saved = Pick<HeldSnapshot, 'meta' | 'index'>

/** Carries out the effects. */
export interface SnapshotWork {
  perform(effect: SnapshotEffect): void
  /** A snapshot of the state as it is now; the error is a sentence. */
  take(): Promise<Result<HeldSnapshot, string>>
  /** Feeds nothing any more; resolves when no file is being written. */
  stop(): Promise<void>
}

/** Makes the work on snapshots of one server. */
export function createSnapshotWork(options: SnapshotWorkOptions): SnapshotWork {
  return new Work(options)
}

class Work implements SnapshotWork {
  readonly #options: SnapshotWorkOptions
  /** The snapshot that is being written. The storage asks that nothing else is kept meanwhile. */
  #saving: Promise<Result<Saved, string>> | null = null
  #lastSaved: Saved | null = null
  #restoring: Promise<void> | null = null
  /** When the snapshot that is on its way here began to come. */
  #firstChunkMs = 0
  #isStopped = false

  constructor(options: SnapshotWorkOptions) {
    this.#options = options
  }

  perform(effect: SnapshotEffect): void {
    switch (effect.kind) {
      case 'compact':
        return this.#background(this.#compact(effect.index))
      case 'snapshotDue':
        return this.#beginSave()
      case 'readSnapshotChunk':
        return this.#background(this.#readChunk(effect))
      case 'writeSnapshotChunk':
        return this.#background(this.#writeChunk(effect))
      case 'restoreSnapshot':
        this.#restoring = this.#restore(effect)
        return this.#background(this.#restoring)
      default:
        effect satisfies never
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#saving
    await this.#restoring?.catch(() => undefined)
  }

  /** Work on files whose failure means that this server cannot go on. */
  #background(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.#isStopped) this.#options.onFatal(error)
    })
  }

  #feed(input: RaftInput): void {
    if (!this.#isStopped) this.#options.feed(input)
  }

  async #compact(index: number): Promise<void> {
    const { storage, clock, metrics } = this.#options
    const startMs = clock.nowMs()
    await storage.compact(index)
    metrics.onCompacted(clock.nowMs() - startMs)
  }

  #beginSave(): void {
    // The machine asks again after as many entries; while a save or a restore runs there is nothing to gain.
    if (this.#saving !== null || this.#restoring !== null) return
    void this.#startSave()
  }

  #startSave(): Promise<Result<Saved, string>> {
    const saving = this.#save(this.#options.meta()).finally(() => (this.#saving = null))
    this.#saving = saving
    return saving
  }

  async take(): Promise<Result<HeldSnapshot, string>> {
    const { storage, store, clock } = this.#options
    const wanted = store.appliedIndex
    if (wanted === 0) return err('This server holds no state yet')
    while (this.#saving !== null || this.#restoring !== null) {
      await (this.#saving ?? this.#restoring?.catch(() => undefined))
    }
    if (this.#isStopped) return err('The agent is stopping')
    const taken = this.#recent(wanted) ?? (await this.#startSave())
    if (!taken.ok) return taken
    const { meta, index } = taken.value
    const bytes = (): AsyncIterable<Uint8Array> => bytesOf(storage, meta, createTurns(clock))
    return ok({ meta, index, bytes, release: storage.hold(meta) })
  }

  /** What is there already, if it holds all that was applied when it was asked for: who asks at once shares one. */
  #recent(wanted: number): Result<Saved, string> | null {
    const { storage, store } = this.#options
    const { latest } = storage
    if (latest === null || latest.index < wanted) return null
    if (latest.index === store.appliedIndex) return ok({ meta: latest, index: Math.max(1, store.lastIndex) })
    return this.#lastSaved?.meta.index === latest.index ? ok(this.#lastSaved) : null
  }

  /** A snapshot that cannot be written harms nothing but the length of the log: the next one is tried. */
  async #save(meta: Omit<SnapshotMeta, 'size'>): Promise<Result<Saved, string>> {
    const { storage, store, log, clock, metrics } = this.#options
    const index = Math.max(1, store.lastIndex)
    const startMs = clock.nowMs()
    let saved: SnapshotMeta
    try {
      saved = await storage.save(meta, store.records())
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      log.error('Cannot write a snapshot; the log is kept and the next snapshot is tried later', {
        error: text,
      })
      return err(text)
    }
    metrics.onSnapshot(clock.nowMs() - startMs)
    this.#feed({ kind: 'snapshotTaken', snapshot: saved })
    this.#lastSaved = { meta: saved, index }
    return ok(this.#lastSaved)
  }

  async #readChunk(effect: SnapshotEffect & { readonly kind: 'readSnapshotChunk' }): Promise<void> {
    const { to, snapshot, offset } = effect
    const data = await this.#options.storage.readChunk(snapshot, offset, effect.length)
    if (data === null) this.#feed({ kind: 'snapshotChunkUnreadable', to, snapshotIndex: snapshot.index })
    else this.#feed({ kind: 'snapshotChunkRead', to, snapshot, offset, data })
  }

  async #writeChunk(effect: SnapshotEffect & { readonly kind: 'writeSnapshotChunk' }): Promise<void> {
    const { snapshot, offset, data } = effect
    if (offset === 0) this.#firstChunkMs = this.#options.clock.nowMs()
    await this.#options.storage.writeChunk(snapshot, offset, data)
    const next = offset + data.length
    this.#feed({ kind: 'snapshotChunkWritten', snapshotIndex: snapshot.index, offset: next })
  }

  async #restore(effect: SnapshotEffect & { readonly kind: 'restoreSnapshot' }): Promise<void> {
    const { storage, store, log, onRestored } = this.#options
    const { snapshot } = effect
    await this.#saving
    const restore = store.beginRestore()
    const breathe = createTurns(this.#options.clock)
    const finishing = storage.finish(snapshot, (records) => {
      restore.put(records)
      return breathe()
    })
    const read = await finishing.finally(() => (this.#restoring = null))
    if (this.#isStopped) return
    if (!read.ok) {
      log.error('A received snapshot is damaged; asking for it again', { error: read.error })
      this.#feed({ kind: 'snapshotRejected', snapshotIndex: snapshot.index })
      return
    }
    restore.finish(snapshot.index)
    onRestored(snapshot.index)
    this.#options.metrics.onInstalled(this.#options.clock.nowMs() - this.#firstChunkMs)
    this.#feed({ kind: 'snapshotRestored', snapshot })
  }
}

/** A piece is hashed and compressed in one turn. */
const pieceBytes = 64 * 1024

async function* bytesOf(
  storage: RaftStorage,
  meta: SnapshotMeta,
  breathe: Breathe,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < meta.size; at += pieceBytes) {
    const piece = await storage.readChunk(meta, at, Math.min(pieceBytes, meta.size - at))
    if (piece === null) throw new Error(`the snapshot ${meta.index} can no longer be read at byte ${at}`)
    yield piece
    await breathe()
  }
}
