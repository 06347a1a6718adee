// Every limit on what a peer or client can grow: unit, reason, and what happens at the limit. One place for all.

/** Limits that the whole program keeps to. The simulator replaces some by tiny ones. */
export interface Limits {
  /** Largest datagram sent or accepted, bytes (memberlist's UDP buffer; below the usual MTU). Larger: dropped. */
  readonly packetBytesMax: number
  /** Members per pool that are kept, dead ones included. Past it new members are rejected and counted. */
  readonly membersMax: number
  /** Queued gossip broadcasts per pool. Past it the one transmitted most often is dropped. */
  readonly broadcastsMax: number
  /** Events that are waiting to be passed on, per pool. Past it the one transmitted most often is dropped. */
  readonly eventsQueuedMax: number
  /** Events remembered per pool, to know them again and for members that missed them. Past it the oldest go. */
  readonly eventsRecentMax: number
  /** Bytes of an event's name, payload and filters (serf's user event limit). More: refused. */
  readonly eventBytesMax: number
  /** Remembered intents for members that are not known yet. Past it the oldest is dropped. */
  readonly intentsMax: number
  /** Probes that are made for other members at the same time. Past it the asker is sent a nack at once. */
  readonly relaysMax: number
  /** Bytes of a member's name. Longer: rejected. */
  readonly nameBytesMax: number
  /** Bytes of all tags of a member, encoded (memberlist's meta limit is 512; ours rides on the same packet). */
  readonly tagsBytesMax: number
  /** Bytes of one push/pull exchange. Larger: the stream is closed. */
  readonly exchangeBytesMax: number
  /** Bytes of one frame between agents. Larger: the session is closed. */
  readonly frameBytesMax: number
  /** Requests in flight per session. Past it the peer is answered `overloaded`. */
  readonly requestsPerSessionMax: number
  /** Sessions accepted per remote address (`limits.rpc_max_conns_per_client`). Past it: closed. */
  readonly sessionsPerPeerMax: number
  /** Bytes queued to one session before the writer must wait; twice that closes the session. */
  readonly sessionQueueBytesMax: number
  /** Bytes of one Raft entry. Larger proposals are refused. */
  readonly entryBytesMax: number
  /** Bytes of entries in one append message, and in flight per follower. */
  readonly appendBytesMax: number
  /** Append messages in flight per follower (pipeline depth). */
  readonly appendsInFlightMax: number
  /** Proposals waiting to be committed. Past it: refused as overloaded. */
  readonly proposalsMax: number
  /** Bytes of proposals that are appended and not yet applied. Past it: refused as overloaded. */
  readonly proposalsBytesMax: number
  /** Bytes of a segment file before the next is begun. */
  readonly segmentBytesMax: number
  /** Bytes of zeros written ahead in a segment file (storage/DESIGN.md decision 9). */
  readonly segmentReserveBytes: number
  /** Entries after the last snapshot that make a new one due (`raft_snapshot_threshold`). */
  readonly snapshotEntries: number
  /** Bytes of entries after the last snapshot that make a new one due; a larger last snapshot takes its place. */
  readonly snapshotLogBytes: number
  /** Entries kept behind a snapshot for slow followers (`raft_trailing_logs`). */
  readonly trailingEntries: number
  /** Bytes of the entries kept behind a snapshot. Past it the oldest go, however few they are. */
  readonly trailingBytes: number
  /** Bytes of one chunk of a snapshot in transfer. */
  readonly snapshotChunkBytes: number
  /** Bytes of a KV value (`limits.kv_max_value_size`). Larger: 413. */
  readonly kvValueBytesMax: number
  /** Bytes of an HTTP request body other than KV. Larger: 413. */
  readonly bodyBytesMax: number
  /** Characters of a prepared query's name, given or asked for. Longer: refused, or not found. */
  readonly queryNameCharactersMax: number
  /** Peers that an exported-services entry may name: with a wildcard each service shows all of them. More: refused. */
  readonly exportPeersMax: number
  /** Blocking queries waiting on one agent. Past it: answered at once with the present index. */
  readonly watchesMax: number
  /** Watches on one stream of changes. More: 400. */
  readonly watchesPerStreamMax: number
  /** Health checks whose programs run at the same time. Past it the others wait for their turn. */
  readonly checkProgramsMax: number
  /** Other health checks that run at the same time. Past it the others wait for their turn. */
  readonly checkRequestsMax: number
}

/** The limits of a real agent. */
export const limits: Limits = {
  packetBytesMax: 1400,
  membersMax: 65_536,
  broadcastsMax: 8192,
  eventsQueuedMax: 1024,
  eventsRecentMax: 512,
  eventBytesMax: 512,
  intentsMax: 1024,
  relaysMax: 1024,
  nameBytesMax: 255,
  tagsBytesMax: 768,
  exchangeBytesMax: 64 * 1024 * 1024,
  frameBytesMax: 16 * 1024 * 1024,
  requestsPerSessionMax: 4096,
  sessionsPerPeerMax: 100,
  sessionQueueBytesMax: 8 * 1024 * 1024,
  entryBytesMax: 8 * 1024 * 1024,
  appendBytesMax: 1024 * 1024,
  appendsInFlightMax: 64,
  proposalsMax: 8192,
  proposalsBytesMax: 64 * 1024 * 1024,
  segmentBytesMax: 64 * 1024 * 1024,
  segmentReserveBytes: 256 * 1024,
  snapshotEntries: 16_384,
  snapshotLogBytes: 16 * 1024 * 1024,
  trailingEntries: 10_240,
  trailingBytes: 8 * 1024 * 1024,
  snapshotChunkBytes: 256 * 1024,
  kvValueBytesMax: 512 * 1024,
  bodyBytesMax: 2 * 1024 * 1024,
  queryNameCharactersMax: 1024,
  exportPeersMax: 256,
  watchesMax: 100_000,
  watchesPerStreamMax: 1024,
  checkProgramsMax: 64,
  checkRequestsMax: 2048,
}
