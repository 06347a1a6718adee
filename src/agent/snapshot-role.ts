// A server's part in saving and restoring archives: which of its parts the actions use.
import { encodeCommand } from '../codec/command-codec.ts'
import { err, ok } from '../lib/result.ts'
import { requestError } from '../model/errors.ts'
import type { Action } from '../model/query.ts'
import type { RpcReply } from '../model/rpc.ts'
import { createBackupDuty } from './backup-duty.ts'
import { call } from './call.ts'
import type { LeaderDuties } from './leadership.ts'
import type { RaftNode } from './raft-node.ts'
import type { ServerRoleOptions } from './server-role.ts'
import { createSnapshotActions, type SnapshotActions } from './snapshot-actions.ts'
import { createSpools } from './spool.ts'
import type { Store } from './store.ts'

/** How long another server may take to give the next piece of an archive. */
const pieceMsMax = 30_000

/** What a server's part in archives works with. */
export interface SnapshotParts {
  readonly raft: RaftNode
  readonly store: Store
  /** This server, as the leader, has replaced the state. */
  readonly onRestored: () => void
}

/** The actions around archives of one server. */
export function serverSnapshots(
  options: ServerRoleOptions,
  { raft, store, onRestored }: SnapshotParts,
): SnapshotActions {
  const { host, config } = options
  const { clock } = host
  const directory = config.dataDir === null ? null : `${config.dataDir}/restore`
  return createSnapshotActions({
    clock,
    selfId: options.id,
    newId: () => Array.from(host.entropy.bytes(16), (byte) => byte.toString(16).padStart(2, '0')).join(''),
    take: () => raft.takeSnapshot(),
    isLeader: () => raft.machine.role === 'leader',
    newSpool: createSpools(host.files, directory),
    log: options.log.named('snapshot'),
    async freshen() {
      if (raft.machine.role !== 'leader') return ok(undefined)
      const index = await raft.readIndex()
      if (!index.ok) return index
      const isApplied = await store.whenApplied(
        index.value,
        clock.nowMs() + config.performance.rpcHoldTimeoutMs,
      )
      return isApplied ? ok(undefined) : err(requestError('timeout', 'Not ready to serve consistent reads'))
    },
    freshness() {
      const nowMs = clock.nowMs()
      return {
        knownLeader: raft.machine.leader !== null,
        lastContactMs: Math.max(0, nowMs - (raft.lastContactMs(nowMs) ?? 0)),
        epoch: store.epoch,
      }
    },
    async propose(command) {
      const written = await raft.propose(encodeCommand(command))
      if (written.ok && command.kind === 'restoreEnd') onRestored()
      return written.ok ? ok(written.value.result) : written
    },
    askServer: (id, action) => askServer(options, id, action),
  })
}

async function askServer(
  { pools, rpc, host }: ServerRoleOptions,
  id: string,
  action: Action,
): Promise<RpcReply> {
  const server = pools.lanServers.byId(id)
  if (server === undefined) {
    return { kind: 'refused', error: requestError('notFound', 'The server that makes the snapshot has gone') }
  }
  const request = { kind: 'act', datacenter: '', hops: 1, holdMs: 0, action, consistency: 'stale' } as const
  return call(rpc, server.rpc, request, host.clock.nowMs() + pieceMsMax)
}

/** The backups that this server makes while it leads, if it is to make any. */
export function backupDuties(
  { host, config, log, metrics }: ServerRoleOptions,
  raft: RaftNode,
): readonly LeaderDuties[] {
  if (config.snapshotAgent === null) return []
  const duty = createBackupDuty({
    files: host.files,
    clock: host.clock,
    ...config.snapshotAgent,
    take: () => raft.takeSnapshot(),
    log: log.named('snapshot_agent'),
    metrics,
  })
  return [duty]
}
