// A server collects where nodes are, and writes it into the log now and then, many nodes with one entry.
import { isValidCoordinate } from '../coordinate/vivaldi.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Command } from '../model/command.ts'
import type { NodeCoordinate } from '../model/coordinate.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type { Clock } from '../runtime/host.ts'

/** What a batch is made of. */
export interface CoordinateBatchOptions {
  readonly clock: Clock
  /** Nodes that are kept at most; past it news of others is dropped. */
  readonly nodesMax: number
  /** Writes one command; false if it was not written, or nobody knows. */
  readonly write: (command: Command) => Promise<boolean>
}

/** Collects, and writes. */
export interface CoordinateBatch {
  add(updates: readonly NodeCoordinate[]): Result<null, RequestError>
  stop(): void
}

/** As the reference: every 5 s, at most 5 × 128 nodes. */
const periodMs = 5000
const nodesPerEntryMax = 640
/** Characters of a node's name; whoever has a longer one is no member of a pool. */
const nameLengthMax = 255
/** Attempts for one batch; then what is in it is dropped: nodes tell again when they have moved. */
const attemptsMax = 6

/** Makes an empty batch. */
export function createCoordinateBatch(options: CoordinateBatchOptions): CoordinateBatch {
  const { clock, nodesMax, write } = options
  /** The last word of each node. */
  const byNode = new Map<string, NodeCoordinate>()
  let failures = 0
  let disarm: (() => void) | null = null
  let isStopped = false

  const arm = (): void => {
    if (disarm === null && !isStopped && byNode.size > 0)
      disarm = clock.wakeAt(clock.nowMs() + periodMs, () => void flush())
  }
  const flush = async (): Promise<void> => {
    const updates = [...byNode.values()].slice(0, nodesPerEntryMax)
    const isWritten = await write({ kind: 'coordinates', updates })
    failures = isWritten ? 0 : failures + 1
    if (isWritten || failures >= attemptsMax) {
      failures = 0
      // What came meanwhile is newer, and stays.
      for (const update of updates) if (byNode.get(update.node) === update) byNode.delete(update.node)
    }
    disarm = null
    arm()
  }
  return {
    add(updates) {
      if (!updates.every(({ coordinate }) => isValidCoordinate(coordinate)))
        return err(requestError('refused', 'incompatible coordinate'))
      for (const update of updates) {
        const isPlace = byNode.size < nodesMax || byNode.has(update.node)
        if (isPlace && update.node.length <= nameLengthMax) byNode.set(update.node, update)
      }
      arm()
      return ok(null)
    },
    stop() {
      isStopped = true
      disarm?.()
    },
  }
}
