// The parameters of one gossip pool. Defaults: the reference's, and those of memberlist's LAN and WAN profiles.
import type { Address } from '../model/address.ts'
import type { Limits } from '../model/limits.ts'
import type { Tags } from './message.ts'

/** Tunable timing of a pool (`gossip_lan`, `gossip_wan`, and what the reference keeps fixed). */
export interface GossipTiming {
  /** A probe round begins this often (SWIM 3.1: the protocol period). */
  readonly probeIntervalMs: number
  /** A direct ping may take this long; the rest of the interval is for indirect ones. */
  readonly probeTimeoutMs: number
  /** Members asked to probe for us (SWIM's k). */
  readonly indirectProbes: number
  /** News is passed on this often, to this many members. */
  readonly gossipIntervalMs: number
  readonly gossipNodes: number
  /** Dead members are still told the news for so long, so that they can refute. */
  readonly gossipToTheDeadMs: number
  /** Each piece of news is sent `retransmitMult × ceil(log10(n + 1))` times (SWIM 4.1). */
  readonly retransmitMult: number
  /** Suspicion lasts at least `suspicionMult × max(1, log10 n) × probeInterval`, at most `suspicionMaxMult` times that. */
  readonly suspicionMult: number
  readonly suspicionMaxMult: number
  /** A full exchange with a random member this often; scaled up above 32 members. */
  readonly pushPullIntervalMs: number
  /** Lifeguard: highest local health score. */
  readonly localHealthMax: number
  /** Streams must answer within this. */
  readonly streamTimeoutMs: number
  /** Failed and left members are forgotten after this. */
  readonly reapMs: number
  /** A failed member's name may be taken by another node id or address after this. */
  readonly reclaimMs: number
  /** Failed members are tried again this often. */
  readonly reconnectIntervalMs: number
  /** After a leave was announced, wait this long for it to spread (`leave_propagate_delay`). */
  readonly leavePropagateMs: number
}

/** The LAN profile. */
export const lanTiming: GossipTiming = {
  probeIntervalMs: 1000,
  probeTimeoutMs: 500,
  indirectProbes: 3,
  gossipIntervalMs: 200,
  gossipNodes: 3,
  gossipToTheDeadMs: 30_000,
  retransmitMult: 4,
  suspicionMult: 4,
  suspicionMaxMult: 6,
  pushPullIntervalMs: 30_000,
  localHealthMax: 8,
  streamTimeoutMs: 10_000,
  reapMs: 72 * 3_600_000,
  reclaimMs: 30_000,
  reconnectIntervalMs: 30_000,
  leavePropagateMs: 3000,
}

/** The WAN profile: slower, for links between datacenters. */
export const wanTiming: GossipTiming = {
  ...lanTiming,
  probeIntervalMs: 5000,
  probeTimeoutMs: 3000,
  gossipIntervalMs: 500,
  gossipNodes: 4,
  gossipToTheDeadMs: 60_000,
  suspicionMult: 6,
  pushPullIntervalMs: 60_000,
  streamTimeoutMs: 30_000,
}

/** All that a gossip machine is made of. */
export interface GossipConfig {
  readonly name: string
  readonly id: string
  /** What others are told to reach us at. */
  readonly address: Address
  readonly tags: Tags
  readonly datacenter: string
  /** LAN: members must be of our datacenter. WAN: members must be servers (tag role=consul), of any datacenter. */
  readonly pool: 'lan' | 'wan'
  readonly timing: GossipTiming
  /** First incarnation to use: greater than any we had before the restart (kept by the driver). */
  readonly incarnation: number
  /** First Lamport time to use. */
  readonly lamportTime: number
  readonly seed: number
  readonly limits: Limits
}
