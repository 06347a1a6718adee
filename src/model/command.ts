// Commands: what is written into the replicated log for the state store, and what applying one results in.
import type { CheckInfo, NodeInfo, ServiceInfo } from './catalog.ts'
import type { ConfigEntry } from './config-entry.ts'
import type { NodeCoordinate } from './coordinate.ts'
import type { AutopilotConfig } from './operator.ts'
import type { PreparedQueryInfo } from './prepared-query.ts'
import type { SessionInfo } from './session.ts'
import type { StateRecord } from './state-record.ts'
import type { TxnOperation, TxnOutcome } from './transaction.ts'

/** A change of the replicated state. */
export type Command =
  | RegisterCommand
  | DeregisterCommand
  | KvCommand
  | SessionCommand
  | TxnCommand
  | OperatorCommand
  | RestoreCommand
  | QueryCommand
  | ConfigEntryCommand
  | CoordinatesCommand
  /** Several commands as one entry, applied in order; each has its own result. */
  | { readonly kind: 'batch'; readonly commands: readonly Exclude<Command, { readonly kind: 'batch' }>[] }

/** Registers a node, and with it a service and checks (`/v1/catalog/register`). */
export interface RegisterCommand {
  readonly kind: 'register'
  readonly node: NodeInfo
  readonly service: ServiceInfo | null
  readonly checks: readonly CheckInfo[]
  /** Leave the node's own record alone if the node is known. */
  readonly skipNodeUpdate: boolean
}

/** Removes a node with all it has, or one service, or one check. */
export interface DeregisterCommand {
  readonly kind: 'deregister'
  readonly node: string
  readonly serviceId: string
  readonly checkId: string
}

/**
 * Changes of the KV store. `ttlMs` makes a key expire so long after the entry's time; 0: never. Times are the leader's,
 * written into each entry of the log (`EntryTime`).
 */
export type KvCommand =
  | (KvWrite & { readonly kind: 'kvSet' })
  /** `expectedIndex` 0: only if the key is absent. Else it must equal the key's ModifyIndex. */
  | (KvWrite & { readonly kind: 'kvCas'; readonly expectedIndex: number })
  /** Locks the key for a session and writes it; `decided` tells the fencing token. */
  | (KvWrite & { readonly kind: 'kvAcquire'; readonly session: string })
  /** Gives up the lock of a session and writes the key. */
  | (KvWrite & { readonly kind: 'kvRelease'; readonly session: string })
  | { readonly kind: 'kvDelete'; readonly key: string }
  | { readonly kind: 'kvDeleteCas'; readonly key: string; readonly expectedIndex: number }
  | { readonly kind: 'kvDeleteTree'; readonly prefix: string }
  /** The leader's word that a key's time is over; nothing happens if it has been written since. */
  | { readonly kind: 'kvExpire'; readonly key: string; readonly modifyIndex: number }

/** What writes of a key have in common. */
export interface KvWrite {
  readonly key: string
  readonly value: Uint8Array
  readonly flags: bigint
  readonly ttlMs: number
}

/** Changes of sessions. Renewals are the leader's timers' business and not in the log. */
export type SessionCommand =
  | { readonly kind: 'sessionCreate'; readonly session: SessionInfo }
  /** Ends a session, by its owner or because its time is over. What is not there is no error. */
  | { readonly kind: 'sessionDestroy'; readonly id: string }

/** Operations that are carried out together or not at all. */
export interface TxnCommand {
  readonly kind: 'txn'
  readonly operations: readonly TxnOperation[]
}

/** What operators and the leader decide for the whole cluster. */
export type OperatorCommand =
  /** `expectedIndex` null: whatever is there. */
  | {
      readonly kind: 'autopilotSet'
      readonly config: AutopilotConfig
      readonly expectedIndex: number | null
    }
  /** Rules of applying commands from here on; a server that does not know them must not go on (state/behaviour.ts). */
  | { readonly kind: 'setBehaviour'; readonly behaviour: number }
  /** Names the cluster for ever; the first one counts. */
  | { readonly kind: 'setClusterId'; readonly id: string }
  /** How many earlier versions of each key are kept, and for how long; 0 versions: none. */
  | { readonly kind: 'setKvHistory'; readonly versionsMax: number; readonly ageMs: number }
  /** Drops versions of keys that are older than they may be. */
  | { readonly kind: 'pruneKvHistory' }
  /**
   * From here on indexes are greater by so much: after a recovery that may have lost writes no index, and so no fencing
   * token, is given a second time.
   */
  | { readonly kind: 'raiseIndexes'; readonly by: number }

/** Changes of prepared queries. */
export type QueryCommand =
  /** Creates it, or puts it in the place of the one with its ID. */
  | { readonly kind: 'preparedQuerySet'; readonly query: PreparedQueryInfo }
  /** What is not there is no error. */
  | { readonly kind: 'preparedQueryDelete'; readonly id: string }

/** Changes of configuration entries. `expectedIndex` null: whatever is there; 0: only if there is none. */
export type ConfigEntryCommand =
  | {
      readonly kind: 'configEntrySet'
      readonly configKind: string
      readonly name: string
      readonly body: ConfigEntry['body']
      readonly expectedIndex: number | null
    }
  | {
      readonly kind: 'configEntryDelete'
      readonly configKind: string
      readonly name: string
      readonly expectedIndex: number | null
    }

/** Where nodes are; those that the catalog does not know are passed over. */
export interface CoordinatesCommand {
  readonly kind: 'coordinates'
  readonly updates: readonly NodeCoordinate[]
}

/**
 * Replaces the whole state by an archive's, piece by piece: what was begun is not seen until the end, and a new
 * beginning drops it. Indexes go on above all that the archive holds.
 */
export type RestoreCommand =
  | { readonly kind: 'restoreBegin'; readonly id: string }
  | { readonly kind: 'restoreRecords'; readonly id: string; readonly records: readonly StateRecord[] }
  /** `records` in all; refused if others arrived, or if another restore has begun. */
  | { readonly kind: 'restoreEnd'; readonly id: string; readonly records: number }

/** What every entry of the log carries beside its command. */
export interface EntryTime {
  /** The leader's wall clock when it took the command on, ms. The state never lets time go back. */
  readonly wallMs: number
}

/** What applying a command resulted in; the same on every server. */
export type CommandResult =
  | { readonly kind: 'done' }
  /** Whether a conditional write took place. `fencingToken` is that of the lock after an acquisition, else 0. */
  | { readonly kind: 'decided'; readonly applied: boolean; readonly fencingToken: number }
  | { readonly kind: 'txn'; readonly outcome: TxnOutcome }
  /** Refused by the state's rules; nothing was changed. `message` is the reference's sentence, answered as 500. */
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'batch'; readonly results: readonly CommandResult[] }
