// What the bytes of a session between agents are for. Numbers are on the wire: append only.

/** Channels of rpc/. */
export const channels: {
  /** Calls: a model/rpc.ts request, answered by a reply. */
  readonly request: number
  /** Posts: a Raft message. */
  readonly raft: number
} = { request: 1, raft: 2 }
