// When the leader's duties begin and end.
import type { Clock } from '../runtime/host.ts'
import type { RaftNode } from './raft-node.ts'
import type { Store } from './store.ts'

/** What only the leader does. */
export interface LeaderDuties {
  start(): void
  stop(): void
}

/** What tells when to begin. */
export interface LeadershipParts {
  readonly raft: RaftNode
  readonly store: Store
  readonly clock: Clock
  /** Everything of earlier terms is applied; that took so long. */
  readonly onBarrier: (ms: number) => void
}

const retryMs = 100

/** The duties of one server over its terms. */
export interface Leadership {
  /** The pools are there. */
  open(): void
  onRole(isLeader: boolean, term: number): void
  /** The server stops: no duty begins any more. */
  close(): void
}

/**
 * The leader's duties begin once everything of earlier terms is applied here, and end with the term. They need the
 * pools: a server that is alone may lead before those are there, and waits for `open`.
 */
export function createLeadership(
  { raft, store, clock, onBarrier }: LeadershipParts,
  duties: readonly LeaderDuties[],
): Leadership {
  let isOpen = false
  let dutiesOfTerm = 0
  const begin = async (term: number): Promise<void> => {
    const startMs = clock.nowMs()
    // A read index is given only after an entry of the own term is committed: the barrier (thesis 6.4).
    const index = await raft.readIndex()
    if (dutiesOfTerm !== term) return
    if (!index.ok) {
      // Too many others ask just now; what ends the leadership ends this too.
      clock.wakeAt(clock.nowMs() + retryMs, () => void (dutiesOfTerm === term && begin(term)))
      return
    }
    await store.whenApplied(index.value, Infinity)
    if (dutiesOfTerm !== term) return
    onBarrier(clock.nowMs() - startMs)
    for (const duty of duties) duty.start()
  }
  const end = (): void => {
    dutiesOfTerm = 0
    for (const duty of duties) duty.stop()
  }
  return {
    open() {
      isOpen = true
      if (dutiesOfTerm !== 0) void begin(dutiesOfTerm)
    },
    onRole(isLeader, term) {
      if (!isLeader) {
        end()
      } else if (dutiesOfTerm !== term) {
        dutiesOfTerm = term
        if (isOpen) void begin(term)
      }
    },
    close() {
      isOpen = false
      end()
    },
  }
}
