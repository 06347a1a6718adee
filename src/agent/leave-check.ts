// May this agent leave? A server may not if the others could then decide nothing without servers that are down.
import { err, ok, type Result } from '../lib/result.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type { Clock } from '../runtime/host.ts'
import { votersOf } from './autopilot-changes.ts'
import type { RaftNode } from './raft-node.ts'
import type { Requests } from './requests.ts'

/** What the question needs. */
export interface LeaveCheckOptions {
  readonly id: string
  readonly clock: Clock
  /** Null on clients. */
  readonly raft: RaftNode | null
  readonly requests: Requests
}

/** The leader must answer within this: a signal does not wait for long. */
const answerMsMax = 3000

/** Asks the leader. Clients, servers that do not vote and the only server of a cluster may always leave. */
export async function mayLeave(options: LeaveCheckOptions): Promise<Result<null, RequestError>> {
  const { id, raft, requests, clock } = options
  if (raft === null) return ok(null)
  const { configuration } = raft.machine
  const isVoter = votersOf(configuration).some((voter) => voter.id === id)
  if (!isVoter || configuration.servers.length === 1) return ok(null)
  const late = new AbortController()
  const disarm = clock.wakeAt(clock.nowMs() + answerMsMax, () => late.abort())
  const answer = await requests.act({ kind: 'checkLeave', id }, '', 'default', late.signal)
  disarm()
  if (answer.ok || answer.error.code === 'refused') return answer
  return err(
    requestError(
      'refused',
      `Refused: no leader says that the others can go on without this server (${answer.error.message}); bring the others back first, or force it`,
    ),
  )
}
