// `/v1/operator/*` and `/v1/snapshot`: the machinery of a cluster, and its whole state.
import type { Connection, RequestBody } from './connection.ts'
import { type Answer, answerMeta, dcOf, done, flag, json } from './requests.ts'
import type {
  AutopilotConfigShape,
  AutopilotHealthShape,
  AutopilotStateShape,
  RaftConfigurationShape,
  UsageShape,
} from './shapes.ts'

/** Options of a question to the servers. */
export interface OperatorQuery {
  readonly dc?: string
  readonly stale?: boolean
}

/** A server to be removed: by one of the two. */
export interface RemovedPeer {
  readonly dc?: string
  readonly id?: string
  readonly address?: string
  /** Even if those that are left would not be a majority. */
  readonly force?: boolean
}

/** Calls for operators. */
export interface OperatorClient {
  raftConfiguration(options?: OperatorQuery): Promise<RaftConfigurationShape>
  raftRemovePeer(peer: RemovedPeer): Promise<void>
  /** Hands the leadership to a server, or to any; false if it could not take over. */
  raftTransferLeader(options?: { readonly dc?: string; readonly id?: string }): Promise<boolean>
  autopilotConfiguration(options?: OperatorQuery): Promise<AutopilotConfigShape>
  /** Replaces the settings; false if `cas` is not their ModifyIndex any more. What is left out takes its default. */
  autopilotSetConfiguration(
    config: Partial<AutopilotConfigShape>,
    options?: { readonly dc?: string; readonly cas?: number },
  ): Promise<boolean>
  /** The servers' health; an unhealthy cluster is an answer too. */
  autopilotHealth(options?: { readonly dc?: string }): Promise<AutopilotHealthShape>
  /** As the leader sees it: no other server knows. */
  autopilotState(options?: { readonly dc?: string }): Promise<AutopilotStateShape>
  usage(options?: OperatorQuery & { readonly global?: boolean }): Promise<UsageShape>

  /** The whole state as an archive, as it is being made. Read it to its end, and verify it before relying on it. */
  snapshotSave(
    options?: OperatorQuery & { readonly signal?: AbortSignal },
  ): Promise<Answer<ReadableStream<Uint8Array>>>
  /** Replaces the whole state by an archive's. It is verified first: a damaged one changes nothing. */
  snapshotRestore(
    archive: RequestBody,
    options?: { readonly dc?: string; readonly signal?: AbortSignal },
  ): Promise<void>
}

/** Makes the calls. */
export function operatorCalls(connection: Connection): OperatorClient {
  return { ...raftCalls(connection), ...autopilotCalls(connection), ...snapshotCalls(connection) }
}

function parameters(
  connection: Connection,
  options: OperatorQuery,
): Readonly<Record<string, string | undefined>> {
  return { dc: dcOf(connection, options), stale: flag(options.stale, '') }
}

type RaftCalls = Pick<OperatorClient, 'raftConfiguration' | 'raftRemovePeer' | 'raftTransferLeader' | 'usage'>

function raftCalls(connection: Connection): RaftCalls {
  return {
    raftConfiguration: (options = {}) =>
      json(connection, {
        path: '/v1/operator/raft/configuration',
        query: parameters(connection, options),
      }),
    raftRemovePeer: (peer) =>
      done(connection, {
        method: 'DELETE',
        path: '/v1/operator/raft/peer',
        query: {
          dc: dcOf(connection, peer),
          id: peer.id,
          address: peer.address,
          force: flag(peer.force, ''),
        },
      }),
    async raftTransferLeader(options = {}) {
      const { Success } = await json<{ readonly Success: boolean }>(connection, {
        method: 'POST',
        path: '/v1/operator/raft/transfer-leader',
        query: { dc: dcOf(connection, options), id: options.id },
      })
      return Success
    },
    usage: (options = {}) =>
      json(connection, {
        path: '/v1/operator/usage',
        query: { ...parameters(connection, options), global: flag(options.global, '') },
      }),
  }
}

type AutopilotCalls = Pick<
  OperatorClient,
  'autopilotConfiguration' | 'autopilotSetConfiguration' | 'autopilotHealth' | 'autopilotState'
>

function autopilotCalls(connection: Connection): AutopilotCalls {
  return {
    autopilotConfiguration: (options = {}) =>
      json(connection, {
        path: '/v1/operator/autopilot/configuration',
        query: parameters(connection, options),
      }),
    autopilotSetConfiguration: (config, options = {}) =>
      json(connection, {
        method: 'PUT',
        path: '/v1/operator/autopilot/configuration',
        query: { dc: dcOf(connection, options), cas: options.cas?.toString() },
        body: JSON.stringify(config),
      }),
    autopilotHealth: (options = {}) =>
      json(connection, {
        path: '/v1/operator/autopilot/health',
        query: { dc: dcOf(connection, options) },
        alsoAccept: 429,
      }),
    autopilotState: (options = {}) =>
      json(connection, {
        path: '/v1/operator/autopilot/state',
        query: { dc: dcOf(connection, options) },
      }),
  }
}

function snapshotCalls(connection: Connection): Pick<OperatorClient, 'snapshotSave' | 'snapshotRestore'> {
  return {
    async snapshotSave(options = {}) {
      const response = await connection.send({
        path: '/v1/snapshot',
        query: parameters(connection, options),
        signal: options.signal,
      })
      if (response.body === null) throw new Error('Cannot read the snapshot: the agent sent no body')
      return { value: response.body, ...answerMeta(response.headers) }
    },
    snapshotRestore: (archive, options = {}) =>
      done(connection, {
        method: 'PUT',
        path: '/v1/snapshot',
        query: { dc: dcOf(connection, options) },
        body: archive,
        signal: options.signal,
      }),
  }
}
