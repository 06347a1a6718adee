// What is known of sessions from the outside: since when each may have ended, and by when it had.
import type { KvOperation } from './check.ts'

/** A session that was created. Times are of the history. */
export interface SessionRecord {
  readonly id: string
  readonly client: string
  readonly ttlMs: number
  readonly lockDelayMs: number
  readonly behavior: 'release' | 'delete'
  /** When the last creation or renewal that was acknowledged was asked for: its time cannot have begun earlier. */
  aliveAt: number
  /** When its owner first asked for its end; Infinity if never. */
  destroyAt: number
  /** By when somebody was told that it had ended; Infinity if nobody was. */
  endedAt: number
}

/** Clocks may differ by this much in their speed. */
const ttlPerMille = 995

/** So much of a lock-delay is kept at least: steps of clocks are made up for by four parts of a thousand. */
export const delayPerMille = 995

/** The earliest moment at which a session can have ended without being ended too early. */
export function earliestEnd(session: SessionRecord): number {
  return Math.min(session.destroyAt, session.aliveAt + (session.ttlMs * ttlPerMille) / 1000)
}

/** The ends of sessions as operations of every group in which they were used. */
export function endsOf(
  sessions: readonly SessionRecord[],
  operations: readonly KvOperation[],
): readonly KvOperation[] {
  const groupsBySession = new Map<string, Set<string>>()
  for (const { input } of operations) {
    if (input.kind !== 'acquire') continue
    const groups = groupsBySession.get(input.session) ?? new Set()
    groupsBySession.set(input.session, groups)
    groups.add(input.group)
  }
  return sessions.flatMap((session) => {
    const { id, client, behavior, endedAt } = session
    return [...(groupsBySession.get(id) ?? [])].map((group): KvOperation => ({
      client,
      input: { group, kind: 'end', session: id, behavior },
      output: endedAt === Infinity ? null : { kind: 'done' },
      calledAt: earliestEnd(session),
      returnedAt: endedAt,
    }))
  })
}

interface Acquired {
  readonly key: string
  readonly session: string
  readonly token: number
  readonly operation: KvOperation
}

/**
 * Lock-delays that were not kept: a key went to another session after its holder's end, sooner than the holder's
 * delay allows. Releases are no ends.
 */
export function brokenDelays(
  sessions: readonly SessionRecord[],
  operations: readonly KvOperation[],
  keptPerMille: number = delayPerMille,
): readonly string[] {
  const byId = new Map(sessions.map((session) => [session.id, session]))
  const byKey = Map.groupBy(operations.flatMap(acquisition), (acquired) => acquired.key)
  return [...byKey].flatMap(([key, all]) => {
    const inOrder = all.toSorted((a, b) => a.token - b.token)
    return inOrder.flatMap((next, at) => {
      const held = inOrder[at - 1]
      const holder = held === undefined ? undefined : byId.get(held.session)
      if (held === undefined || holder === undefined || held.session === next.session) return []
      if (wasGivenUp(operations, held)) return []
      const freeAt = earliestEnd(holder) + (holder.lockDelayMs * keptPerMille) / 1000
      if (next.operation.returnedAt >= freeAt) return []
      return [
        `lockDelay: ${key} was acquired by ${next.operation.client} at ${next.operation.returnedAt.toFixed(1)} with token ` +
          `${next.token}; ${held.operation.client} held it with token ${held.token}, and its delay of ` +
          `${holder.lockDelayMs} ms cannot have been over before ${freeAt.toFixed(1)}`,
      ]
    })
  })
}

function acquisition(operation: KvOperation): readonly Acquired[] {
  const { input, output } = operation
  if (input.kind !== 'acquire' || output?.kind !== 'decided' || !output.applied || output.token === null)
    return []
  return [{ key: input.key, session: input.session, token: output.token, operation }]
}

/** True if the holder, or anyone by deleting the key, may have given up the lock itself. */
function wasGivenUp(operations: readonly KvOperation[], { key, session }: Acquired): boolean {
  return operations.some(({ input, output }) => {
    if (input.kind === 'delete') return input.key === key
    if (input.kind !== 'release' || input.key !== key || input.session !== session) return false
    return output === null || (output.kind === 'decided' && output.applied)
  })
}
