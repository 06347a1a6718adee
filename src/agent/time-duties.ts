// The leader's duties that time brings, wired to the rest of a server: sessions, expiring keys, upkeep,
// configuration entries.
import { encodeCommand } from '../codec/command-codec.ts'
import type { AgentConfig } from '../config/agent-config.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Command, CommandResult } from '../model/command.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type { ActionHandler } from './actions.ts'
import type { EntryClock } from './entry-clock.ts'
import { createEntriesDuty } from './entries-duty.ts'
import { createExpiryDuty } from './expiry-duty.ts'
import { randomUuid } from './identity.ts'
import type { LeaderDuties } from './leadership.ts'
import type { Logger } from './log.ts'
import type { RecoveryMark } from './recovery-mark.ts'
import type { RaftNode } from './raft-node.ts'
import type { ServerRoleOptions } from './server-role.ts'
import { createSessionDuty } from './session-duty.ts'
import type { Store } from './store.ts'
import { createUpkeepDuty } from './upkeep-duty.ts'
import { behaviourMax } from '../state/behaviour.ts'

/** The duties, and what they are asked for. */
export interface TimeDuties extends LeaderDuties {
  readonly renewSession: ActionHandler<'renewSession'>
  /** Other settings are in force. */
  set(config: AgentConfig): void
}

type DutyOptions = Pick<ServerRoleOptions, 'host' | 'config' | 'id' | 'pools' | 'log'>

/** What the duties are about. */
export interface TimeParts {
  readonly raft: RaftNode
  readonly store: Store
  readonly entryClock: EntryClock
  /** True while this server carries out a restore. */
  readonly isRestoring: () => boolean
  /** What a recovery has left to do. */
  readonly mark: RecoveryMark
}

/** Makes the duties of one server; they sleep until `start`. */
export function createTimeDuties(options: DutyOptions, parts: TimeParts): TimeDuties {
  const { host, config, log } = options
  const { raft, store, entryClock } = parts
  const { clock } = host
  const write = writer(raft, log.named('leader'))
  const sessions = createSessionDuty({
    clock,
    write,
    session: (id) => store.query({ kind: 'session', id }).value,
    sessions: () => store.query({ kind: 'sessions' }).value,
    isLeader: () => raft.machine.role === 'leader',
    confirm: () => confirm(options, parts),
  })
  const expiry = createExpiryDuty({
    clock,
    entryClock,
    write,
    next: () => store.nextExpiry(),
    due: (wallMs, max) => store.dueExpiries(wallMs, max),
  })
  const upkeep = createUpkeepDuty({
    clock,
    write,
    marks: () => store.marks,
    mark: parts.mark,
    behaviourMax,
    commonBehaviour: () => commonBehaviour(options, raft),
    newId: () => randomUuid(host.entropy.bytes(16)),
    kvHistory: config.kvHistory,
    hasOldHistory: () => (store.historyDueAtWallMs() ?? Infinity) <= entryClock.nowMs(),
    // Only a leader carries one out: what another one has begun nobody goes on with.
    abandonedRestore: () => (parts.isRestoring() ? null : store.stagedRestore),
    async dropRestore(id) {
      const dropped = await raft.propose(encodeCommand({ kind: 'restoreEnd', id, records: neverSo }))
      if (dropped.ok) log.named('leader').info('Dropped a restore that was given up in the middle', { id })
      return dropped.ok
    },
  })
  const entries = createEntriesDuty({
    clock,
    entries: config.configEntries,
    has: (kind, name) => store.query({ kind: 'configEntry', configKind: kind, name }).value !== null,
    async propose(command) {
      const written = await raft.propose(encodeCommand(command))
      return written.ok ? ok(written.value.result) : written
    },
    log: log.named('leader'),
  })
  store.follow({
    onSessions: (changes) => sessions.onSessions(changes),
    onExpiring: () => expiry.touch(),
    onReplaced: () => {
      sessions.onReplaced()
      expiry.touch()
    },
  })
  const all = [upkeep, sessions, expiry, entries]
  return {
    renewSession: ({ id }) => sessions.renew(id),
    set: (next) => entries.set(next.configEntries),
    start() {
      for (const duty of all) duty.start()
    },
    stop() {
      for (const duty of all) duty.stop()
    },
  }
}

/** No restore has so many records: it is refused, and what was staged goes. */
const neverSo = Number.MAX_SAFE_INTEGER

function writer(raft: RaftNode, log: Logger): (command: Command) => Promise<boolean> {
  return async (command) => {
    const written = await raft.propose(encodeCommand(command))
    const refusal = written.ok ? refusalIn(written.value.result) : written.error.message
    if (refusal === null) return true
    log.warn('A duty could not be done; trying again', { command: command.kind, reason: refusal })
    return false
  }
}

function refusalIn(result: CommandResult): string | null {
  if (result.kind === 'refused') return result.message
  if (result.kind !== 'batch') return null
  for (const each of result.results) {
    const refusal = refusalIn(each)
    if (refusal !== null) return refusal
  }
  return null
}

/** As for a default read: under the lease, or by asking a quorum; and everything until then is applied. */
async function confirm({ host, config }: DutyOptions, parts: TimeParts): Promise<Result<void, RequestError>> {
  const { raft, store } = parts
  const leased = raft.machine.leaseReadIndex(host.clock.nowMs())
  const index = leased === null ? await raft.readIndex() : ok(leased)
  if (!index.ok) return index
  const untilMs = host.clock.nowMs() + config.performance.rpcHoldTimeoutMs
  if (await store.whenApplied(index.value, untilMs)) return ok(undefined)
  return err(requestError('timeout', 'Not ready to serve consistent reads'))
}

/** What all servers of the datacenter can do: those in the configuration, and those that are about to be. */
function commonBehaviour({ id, config, pools }: DutyOptions, raft: RaftNode): number {
  let common = behaviourMax
  for (const server of raft.machine.configuration.servers) {
    if (server.id !== id) common = Math.min(common, pools.lanServers.byId(server.id)?.behaviour ?? 0)
  }
  for (const server of pools.lanServers.all()) {
    const isOurs = server.datacenter === config.datacenter && server.status === 'alive'
    if (isOurs && server.id !== id) common = Math.min(common, server.behaviour)
  }
  return common
}
