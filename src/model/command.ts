// Commands: what is written into the replicated log for the state store, and what applying one results in.
import type { CheckInfo, NodeInfo, ServiceInfo } from './catalog.ts'

/** A change of the replicated state. */
export type Command =
  | RegisterCommand
  | DeregisterCommand
  | KvCommand
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

/** Changes of the KV store. Session verbs (acquire, release) come with sessions. */
export type KvCommand =
  | { readonly kind: 'kvSet'; readonly key: string; readonly value: Uint8Array; readonly flags: bigint }
  | {
      readonly kind: 'kvCas'
      readonly key: string
      readonly value: Uint8Array
      readonly flags: bigint
      /** 0: only if the key is absent. Else it must equal the key's ModifyIndex. */
      readonly expectedIndex: number
    }
  | { readonly kind: 'kvDelete'; readonly key: string }
  | { readonly kind: 'kvDeleteCas'; readonly key: string; readonly expectedIndex: number }
  | { readonly kind: 'kvDeleteTree'; readonly prefix: string }

/** What applying a command resulted in; the same on every server. */
export type CommandResult =
  | { readonly kind: 'done' }
  /** Compare-and-set outcome. */
  | { readonly kind: 'decided'; readonly applied: boolean }
  /** Refused by the state's rules; nothing was changed. `message` is the reference's sentence, answered as 500. */
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'batch'; readonly results: readonly CommandResult[] }
