// What a server does while it leads, wired to the rest of the agent: the mirror, and autopilot, which it goes by.
import { encodeCommand } from '../codec/command-codec.ts'
import type { TextMap } from '../model/catalog.ts'
import type { Command, CommandResult } from '../model/command.ts'
import type { RaftConfigurationView } from '../model/query.ts'
import type { RpcRequest } from '../model/rpc.ts'
import { votersOf } from './autopilot-changes.ts'
import { createAutopilot, initialAutopilot, type Autopilot } from './autopilot.ts'
import { call } from './call.ts'
import type { LeaderDuties } from './leadership.ts'
import type { Logger } from './log.ts'
import type { Allegiance } from './mirror-servers.ts'
import type { RaftNode } from './raft-node.ts'
import { createReconcile, type Reconcile, type ReconcileOptions } from './reconcile.ts'
import type { ServerRoleOptions } from './server-role.ts'
import type { Store } from './store.ts'

/** The leader's own work. */
export interface LeaderWork extends LeaderDuties {
  readonly reconcile: Reconcile
  readonly autopilot: Autopilot
}

type WorkOptions = Pick<ServerRoleOptions, 'host' | 'config' | 'id' | 'rpc' | 'pools' | 'log' | 'metrics'>

/** Makes the work of one server; it sleeps until `start`. */
export function createLeaderWork(options: WorkOptions, raft: RaftNode, store: Store): LeaderWork {
  const { host, config, id, pools } = options
  const write = writer(raft, options.log)
  const lastContact = options.metrics.sampler('raft.leader.lastContact')
  const autopilot = createAutopilot({
    clock: host.clock,
    selfId: id,
    raft,
    server: (server) => pools.lanServers.byId(server),
    nodeMeta: (name) => nodeMetaOf(store, name),
    stored: () => store.query({ kind: 'autopilotConfig' }).value,
    initial: initialAutopilot(config.autopilot),
    write,
    onLook() {
      sampleContact(raft, host.clock.nowMs(), lastContact)
      reconcile.touch()
    },
    gauge: (name, value) => options.metrics.gauge(name, value),
  })
  const reconcile = createReconcile({
    onWhole: options.metrics.sampler('leader.reconcile'),
    ...reconcileOptions(options, raft, store),
    autopilot: () => autopilot.look(),
    write,
    async changeServer(change) {
      const before = raft.machine.configuration.servers.find((server) => server.id === change.id)
      const { ok } = await raft.changeServer(change)
      if (ok && change.kind === 'remove' && before !== undefined) autopilot.noteRemoved(before)
      return ok
    },
  })
  return {
    reconcile,
    autopilot,
    start() {
      reconcile.start()
      autopilot.start()
    },
    stop() {
      autopilot.stop()
      reconcile.stop()
    },
  }
}

/** How long ago each of the others that vote was heard of. */
function sampleContact({ machine }: RaftNode, nowMs: number, sample: (ms: number) => void): void {
  const voters = new Set(votersOf(machine.configuration).map(({ id }) => id))
  for (const peer of machine.progress) {
    if (voters.has(peer.id)) sample(Math.max(0, nowMs - peer.lastContactMs))
  }
}

function nodeMetaOf(store: Store, name: string): TextMap {
  return store.query({ kind: 'node', node: name }).value?.node.meta ?? {}
}

function writer(raft: RaftNode, log: Logger): (command: Command) => Promise<boolean> {
  return async (command) => {
    const written = await raft.propose(encodeCommand(command))
    if (written.ok) warnOfRefusals(written.value.result, log)
    return written.ok
  }
}

function reconcileOptions(
  options: WorkOptions,
  raft: RaftNode,
  store: Store,
): Omit<ReconcileOptions, 'autopilot' | 'write' | 'changeServer' | 'onWhole'> {
  const { host, config, pools, log } = options
  return {
    clock: host.clock,
    selfId: options.id,
    datacenter: config.datacenter,
    members: () => pools.lan.machine.members(),
    member: (name) => pools.lan.machine.member(name),
    catalog: {
      nodes: () => store.query({ kind: 'nodes', nodeMeta: {}, near: '' }).value,
      node: (name) => store.query({ kind: 'node', node: name }).value,
      checks: (name) => store.query({ kind: 'healthNode', node: name }).value,
    },
    configuration: () => raft.machine.configuration,
    clusterId: () => store.clusterId,
    askAllegiance: (id) => askAllegiance(options, id),
    log: log.named('leader'),
  }
}

/** What the catalog's own rules refuse is refused again a moment later: it is left to the next look at everything. */
function warnOfRefusals(result: CommandResult, log: Logger): void {
  if (result.kind === 'refused') log.warn('The catalog refuses a member', { reason: result.message })
  if (result.kind === 'batch') for (const each of result.results) warnOfRefusals(each, log)
}

/** To which cluster another server belongs, before it is taken into ours. */
async function askAllegiance(options: WorkOptions, id: string): Promise<Allegiance | null> {
  const { host, rpc, pools } = options
  const server = pools.lanServers.byId(id)
  if (server === undefined) return null
  const reply = await call(rpc, server.rpc, configurationQuestion, host.clock.nowMs() + configurationMsMax)
  if (reply.kind !== 'asked') return null
  const { servers, clusterId } = reply.value as RaftConfigurationView
  return { servers: servers.map((each) => each.id), clusterId }
}

const configurationQuestion: RpcRequest = {
  kind: 'ask',
  datacenter: '',
  hops: 1,
  holdMs: 0,
  question: 'raftConfiguration',
  consistency: 'stale',
}
/** How long another server may take to tell its configuration. */
const configurationMsMax = 2000
