// Whether an archive is good is found out by restoring it: into a state of its own, through the commands that a real
// restore applies. What the command line, the backups and the leader call good has passed here.
import { err, ok, type Result } from '../lib/result.ts'
import type { StateRecord } from '../model/state-record.ts'
import type { Clock } from '../runtime/host.ts'
import { createState, type State } from '../state/state.ts'
import { readArchive } from '../storage/archive.ts'
import type { ArchiveMeta } from '../storage/archive-meta.ts'
import type { Bytes } from '../storage/byte-stream.ts'
import { recordsOfBlock } from '../storage/snapshot-file.ts'
import { loadRecords } from '../storage/snapshots.ts'
import { decodeStateRecords } from './raft-storage.ts'
import { createTurns } from './turns.ts'

/** An archive that has been restored into a scratch state without fault. */
export interface VerifiedArchive extends ArchiveMeta {
  /** Records that a restore brings. */
  readonly records: number
}

/** A record of an archive with the size that it has there. */
export interface ArchivedRecord {
  readonly record: StateRecord
  readonly bytes: number
}

/** How an archive is read. */
export interface ArchiveReading {
  readonly clock: Clock
  /** Sees the records of one block after the other; the next ones wait for it. */
  readonly onRecords: (records: readonly ArchivedRecord[]) => void | Promise<void>
}

/**
 * Reads all records of an archive and verifies its sums. What was seen before a fault shows must be thrown away.
 *
 * Errors: a sentence; rejects as `bytes` and `onRecords` do.
 */
export async function readRecords(
  bytes: Bytes,
  { clock, onRecords }: ArchiveReading,
): Promise<Result<ArchiveMeta, string>> {
  const breathe = createTurns(clock)
  const read = await readArchive(bytes, async (window) => {
    let fault: string | undefined
    const loaded = await loadRecords(window, async (encoded) => {
      const records = withSizes(encoded)
      if (records.ok) await onRecords(records.value)
      else fault ??= records.error
      await breathe()
    })
    if (!loaded.ok) return err(loaded.error.message)
    return fault === undefined ? ok(undefined) : err(fault)
  })
  return read.ok ? ok(read.value.meta) : read
}

function withSizes(encoded: readonly Uint8Array[]): Result<readonly ArchivedRecord[], string> {
  const records = decodeStateRecords(encoded)
  if (!records.ok) return records
  return ok(records.value.map((record, at) => ({ record, bytes: encoded[at]?.length ?? 0 })))
}

/** The records of a block of a snapshot. The error is a sentence. */
export function decodeBlock(payload: Uint8Array): Result<readonly ArchivedRecord[], string> {
  const encoded = recordsOfBlock(payload)
  return encoded === undefined ? err('a record makes no sense') : withSizes(encoded)
}

/** A restore that was under way when the archive was made is none of its content. */
export function isContent(record: StateRecord): boolean {
  return record.kind !== 'restore' && record.kind !== 'restoring'
}

/**
 * Restores an archive into a scratch state.
 *
 * @param onRecords sees all records too, whatever is found out later
 * Errors: a sentence; rejects as `bytes` and `onRecords` do.
 */
export async function verifyArchive(
  bytes: Bytes,
  clock: Clock,
  onRecords?: ArchiveReading['onRecords'],
): Promise<Result<VerifiedArchive, string>> {
  const scratch = new Scratch(createState())
  const read = await readRecords(bytes, {
    clock,
    async onRecords(records) {
      scratch.put(records.map(({ record }) => record).filter(isContent))
      await onRecords?.(records)
    },
  })
  if (!read.ok) return read
  const fault = scratch.finish()
  if (fault !== undefined) return err(`failed to restore snapshot: ${fault}`)
  return ok({ ...read.value, records: scratch.records })
}

const scratchId = 'scratch'

/** A state that is restored into, and thrown away. */
class Scratch {
  readonly #state: State
  #index = 1
  #fault: string | undefined
  records = 0

  constructor(state: State) {
    this.#state = state
    this.#apply({ kind: 'restoreBegin', id: scratchId })
  }

  put(records: readonly StateRecord[]): void {
    if (records.length === 0) return
    this.records += records.length
    this.#apply({ kind: 'restoreRecords', id: scratchId, records })
  }

  /** Ends it; a sentence if something was wrong. */
  finish(): string | undefined {
    this.#apply({ kind: 'restoreEnd', id: scratchId, records: this.records })
    return this.#fault
  }

  #apply(command: Parameters<State['apply']>[1]): void {
    const { result } = this.#state.apply(this.#index++, command, { wallMs: 0 })
    if (result.kind === 'refused') this.#fault ??= result.message
  }
}
