// What must hold for Raft servers at every moment, judged from outside: from what they say, write and apply.
// Independent of the machine's own asserts. Paper figure 3 names the five properties.
import type { AppendEntriesReply, Entry, HardState, RaftMessage, ServerId } from '../../src/raft/message.ts'

/** A property that did not hold. */
export class Violation extends Error {
  override readonly name = 'Violation'
  readonly property: string
  /** What happened before it, one line per event. */
  trace: readonly string[] = []
  constructor(property: string, detail: string) {
    super(`${property}: ${detail}`)
    this.property = property
  }
}

/** What an entry says, for comparison. */
export function contentOf(entry: Entry): string {
  switch (entry.kind) {
    case 'command':
      return `command ${Array.from(entry.data).join(',')}`
    case 'configuration':
      return `configuration ${JSON.stringify(entry.configuration)}`
    case 'noop':
      return 'noop'
  }
}

interface Identity {
  readonly content: string
  readonly previousTerm: number
}

interface Applied {
  readonly term: number
  readonly content: string
  /** Term of the server that applied it first: it was committed in this term or before. */
  readonly committedBy: number
}

/** Collects what all servers of one run do. Each method throws Violation. */
export class RaftChecks {
  readonly #leaderByTerm = new Map<number, ServerId>()
  readonly #identityByPlace = new Map<string, Identity>()
  /** What was applied anywhere, by index; the first to apply defines it. */
  readonly #appliedByIndex = new Map<number, Applied>()
  readonly #votes = new Map<string, ServerId>()
  readonly #revealedTerm = new Map<ServerId, number>()
  readonly #durableTerm = new Map<ServerId, HardState>()
  /** Highest index of an acknowledged write. */
  acknowledgedIndex = 0
  readonly #acknowledged: { readonly atMs: number; readonly index: number }[] = []

  /** A write is acknowledged to its client. */
  onAcknowledged(index: number, atMs: number): void {
    if (index <= this.acknowledgedIndex) return
    this.acknowledgedIndex = index
    this.#acknowledged.push({ atMs, index })
  }

  /** Highest index of a write that was acknowledged before a time. */
  acknowledgedBefore(atMs: number): number {
    return this.#acknowledged.findLast((each) => each.atMs < atMs)?.index ?? 0
  }

  /** Election safety (5.2) and leader completeness (5.4.3). */
  onLeader(id: ServerId, term: number, termAt: (index: number) => number | undefined): void {
    const known = this.#leaderByTerm.get(term)
    if (known !== undefined && known !== id)
      throw new Violation('electionSafety', `${known} and ${id} lead ${term}`)
    this.#leaderByTerm.set(term, id)
    for (const [index, applied] of this.#appliedByIndex) {
      const found = termAt(index)
      if (applied.committedBy < term && found !== applied.term) {
        throw new Violation(
          'leaderCompleteness',
          `${id} leads ${term} with ${found} at ${index}, not ${applied.term}`,
        )
      }
    }
  }

  /** Log matching (5.3): the same index and term mean the same entry and the same past. */
  onAppend(id: ServerId, entry: Entry, previousTerm: number): void {
    const place = `${entry.index}:${entry.term}`
    const content = contentOf(entry)
    const known = this.#identityByPlace.get(place)
    if (known === undefined) {
      this.#identityByPlace.set(place, { content, previousTerm })
      return
    }
    if (known.content !== content) throw new Violation('logMatching', `${id} has another entry at ${place}`)
    if (known.previousTerm !== previousTerm) {
      throw new Violation(
        'logMatching',
        `${id} has term ${previousTerm} before ${place}, not ${known.previousTerm}`,
      )
    }
  }

  /** State machine safety (5.4.3). */
  onApply(id: ServerId, entry: Entry, committedBy: number): void {
    const content = contentOf(entry)
    const known = this.#appliedByIndex.get(entry.index)
    if (known === undefined) this.#appliedByIndex.set(entry.index, { term: entry.term, content, committedBy })
    else if (known.content !== content || known.term !== entry.term) {
      throw new Violation(
        'stateMachineSafety',
        `${id} applies ${content} at ${entry.index}, not ${known.content}`,
      )
    }
  }

  /** The term that was applied at an index, if any was. */
  appliedTerm(index: number): number | undefined {
    return this.#appliedByIndex.get(index)?.term
  }

  /** What a server says: one vote per term, no claim beyond its disk, no term that it could forget. */
  onSend(
    id: ServerId,
    to: ServerId,
    message: RaftMessage,
    disk: { readonly hardState: HardState; readonly lastIndex: number },
  ): void {
    if (message.kind === 'requestVote' && !message.isPreVote)
      this.#onVote(id, message.term, id, disk.hardState)
    if (message.kind === 'requestVoteReply' && !message.isPreVote && message.granted) {
      this.#onVote(id, message.term, to, disk.hardState)
    }
    if (message.kind === 'appendEntriesReply' && message.ok) checkAck(id, message, disk)
    if (message.kind === 'installSnapshotReply' && message.done && message.snapshotIndex > disk.lastIndex) {
      throw new Violation(
        'ackDurable',
        `${id} has installed ${message.snapshotIndex}, its disk ends at ${disk.lastIndex}`,
      )
    }
    if (!isHypothetical(message)) this.#onTerm(id, message.term, disk.hardState.term)
  }

  #onTerm(id: ServerId, term: number, durable: number): void {
    if (term > durable)
      throw new Violation('termDurable', `${id} speaks of term ${term}, its disk has ${durable}`)
    const revealed = this.#revealedTerm.get(id) ?? 0
    if (term < revealed) throw new Violation('termMonotonic', `${id} fell to term ${term}`)
    this.#revealedTerm.set(id, term)
  }

  #onVote(id: ServerId, term: number, candidate: ServerId, durable: HardState): void {
    const known = this.#votes.get(`${id}:${term}`)
    if (known !== undefined && known !== candidate) {
      throw new Violation('voteOnce', `${id} votes for ${known} and ${candidate} in term ${term}`)
    }
    this.#votes.set(`${id}:${term}`, candidate)
    const isOnDisk = durable.term > term || (durable.term === term && durable.votedFor === candidate)
    if (!isOnDisk) {
      throw new Violation('voteDurable', `${id} votes for ${candidate} in ${term}, its disk says otherwise`)
    }
  }

  /** Term and vote on a disk never go back (users' bug #661). */
  onHardState(id: ServerId, next: HardState): void {
    const known = this.#durableTerm.get(id)
    this.#durableTerm.set(id, next)
    if (known === undefined || next.term > known.term) return
    if (next.term < known.term)
      throw new Violation('termMonotonic', `${id} writes term ${next.term} after ${known.term}`)
    if (known.votedFor !== null && next.votedFor !== known.votedFor) {
      throw new Violation('voteOnce', `${id} replaces its vote for ${known.votedFor} in term ${next.term}`)
    }
  }

  /** A linearizable read must see every write that was acknowledged before it was asked for. */
  onRead(
    kind: string,
    id: ServerId,
    read: { readonly index: number; readonly acknowledgedBefore: number },
  ): void {
    if (read.index >= read.acknowledgedBefore) return
    throw new Violation(
      kind,
      `${id} reads at ${read.index}, ${read.acknowledgedBefore} was acknowledged before`,
    )
  }
}

/** What was acknowledged in an earlier term may have been replaced since: the same as a late packet. */
function checkAck(
  id: ServerId,
  message: AppendEntriesReply,
  disk: { readonly hardState: HardState; readonly lastIndex: number },
): void {
  if (message.term !== disk.hardState.term || message.matchIndex <= disk.lastIndex) return
  throw new Violation(
    'ackDurable',
    `${id} acknowledges ${message.matchIndex}, its disk ends at ${disk.lastIndex}`,
  )
}

/** Thesis 9.6: a pre-vote speaks of a term that would be used. */
function isHypothetical(message: RaftMessage): boolean {
  if (message.kind === 'requestVote') return message.isPreVote
  return message.kind === 'requestVoteReply' && message.isPreVote && message.granted
}
