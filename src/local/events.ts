// What the machine of the local state is told, and what it asks for.
import type { CheckStatus, NodeInfo } from '../model/catalog.ts'
import type { Command } from '../model/command.ts'
import type { OutputRules } from './config.ts'
import type { CatalogView, LocalChange } from './entries.ts'

/** Something has happened. */
export type LocalInput =
  /** The node's own record is to be this. */
  | { readonly kind: 'nodeSet'; readonly node: NodeInfo }
  /** What the node had in the run before, or has by its files: the catalog is looked at before any of it is sent. */
  | { readonly kind: 'restored'; readonly changes: readonly LocalChange[] }
  | { readonly kind: 'changed'; readonly changes: readonly LocalChange[] }
  /** A check says this now. */
  | {
      readonly kind: 'checkHeard'
      readonly checkId: string
      readonly status: CheckStatus
      readonly output: string
    }
  /** So many members live in the pool. */
  | { readonly kind: 'poolSized'; readonly members: number }
  /** A server has joined, or another one leads: what could not be written may be writable now. */
  | { readonly kind: 'serversChanged' }
  | { readonly kind: 'outputSet'; readonly output: OutputRules }
  /** Nothing is asked or sent until `resumed`; changes are gathered. */
  | { readonly kind: 'paused' }
  | { readonly kind: 'resumed' }
  /** Answers `fetch`. */
  | { readonly kind: 'fetched'; readonly attempt: number; readonly catalog: CatalogView }
  | { readonly kind: 'fetchFailed'; readonly attempt: number }
  /** Answers `send`: per command null, or the refusal. */
  | { readonly kind: 'sent'; readonly attempt: number; readonly refusals: readonly (string | null)[] }
  /** Nothing of it may count as done, and all of it may have been. */
  | { readonly kind: 'sendFailed'; readonly attempt: number }
  | { readonly kind: 'wake' }

/** A command that can stand in a batch. */
export type SingleCommand = Exclude<Command, { readonly kind: 'batch' }>

/** Something is to be done. */
export type LocalEffect =
  /** Ask the catalog for this node; the answer may be as old as 30 s. Answered by `fetched` or `fetchFailed`. */
  | { readonly kind: 'fetch'; readonly attempt: number }
  /** Write these commands, as one entry, with this token. Answered by `sent` or `sendFailed`. */
  | {
      readonly kind: 'send'
      readonly attempt: number
      readonly token: string
      readonly commands: readonly SingleCommand[]
    }
  /** The catalog has taken this on. */
  | { readonly kind: 'synced'; readonly items: readonly SyncedItem[] }
  /** The catalog does not want this; it is tried again after the next full sync. */
  | { readonly kind: 'refused'; readonly items: readonly SyncedItem[]; readonly reason: string }
  /** All changes up to this version have been sent once at least, whatever became of it. */
  | { readonly kind: 'tried'; readonly version: number }
  /** What the node has is no longer what it was. */
  | { readonly kind: 'versionRaised' }

/** What a command was about; `id` is '' for the node. */
export interface SyncedItem {
  readonly what: 'node' | 'service' | 'check'
  readonly id: string
  readonly isRemoval: boolean
}
