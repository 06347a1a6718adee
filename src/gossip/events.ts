// What goes into the gossip machine and what comes out: local inputs and effects. None of it is on the wire.
import type { Address } from '../model/address.ts'
import type { Coordinate } from '../model/coordinate.ts'
import type { UserEvent } from '../model/user-event.ts'
import type { ExchangeReply, ExchangeRequest, PacketMessage, Tags } from './message.ts'

/** A member as the rest of the program sees it. */
export interface Member {
  readonly name: string
  readonly id: string
  readonly address: Address
  readonly tags: Tags
  readonly status: MemberStatus
  readonly incarnation: number
  readonly versionMin: number
  readonly versionMax: number
}

/** `leaving`: it has said so and is still there. `failed`: gone without a word. */
export type MemberStatus = 'alive' | 'leaving' | 'left' | 'failed'

/** Events and commands for the machine. */
export type GossipInput =
  /** A deadline has come. */
  | { readonly kind: 'wake' }
  /** A datagram arrived. `bytes` is its size, for the counters. */
  | { readonly kind: 'packetReceived'; readonly from: Address; readonly messages: readonly PacketMessage[] }
  /** A peer opened a stream and asked; the answer is the effect `answer` with the same `exchange`. */
  | {
      readonly kind: 'exchangeReceived'
      readonly exchange: number
      readonly from: Address
      readonly request: ExchangeRequest
    }
  /** The answer to our effect `exchange`. */
  | { readonly kind: 'exchangeAnswered'; readonly exchange: number; readonly reply: ExchangeReply }
  /**
   * Our exchange failed: refused, timed out, malformed. `reason` is a sentence part for people; `isRefused` is true
   * when the peer's host said that nothing listens there (ECONNREFUSED), which is proof and not mere silence.
   */
  | {
      readonly kind: 'exchangeFailed'
      readonly exchange: number
      readonly reason: string
      readonly isRefused?: boolean
    }
  /** Something else lost touch with a member (a session broke): it is probed next. A hint, never a verdict. */
  | { readonly kind: 'contactLost'; readonly name: string }
  /** Contact these addresses and exchange state with each; answered by the effect `joined`. */
  | { readonly kind: 'join'; readonly request: number; readonly addresses: readonly Address[] }
  /** Tell the others that we leave; answered by the effect `left` when it has been passed on, or after a bound. */
  | { readonly kind: 'leave' }
  /** Declare a failed member left; with `prune` forget it at once. Unknown names are answered by `forceLeaveUnknown`. */
  | { readonly kind: 'forceLeave'; readonly name: string; readonly prune: boolean }
  /** Our tags have changed: a new incarnation is announced. */
  | { readonly kind: 'setTags'; readonly tags: Tags }
  /** Tell all members; the driver has made the id, and the Lamport time is the machine's. */
  | { readonly kind: 'fireEvent'; readonly event: Omit<UserEvent, 'lamportTime'> }
  /** Where we are from now on; our acks tell it. */
  | { readonly kind: 'setCoordinate'; readonly coordinate: Coordinate }

/** What the driver must do, in order. */
export type GossipEffect =
  /** Send one datagram; the messages fit the packet limit together. */
  | { readonly kind: 'send'; readonly to: Address; readonly messages: readonly PacketMessage[] }
  /** Open a stream, ask, and feed the answer back within `timeoutMs`. */
  | {
      readonly kind: 'exchange'
      readonly exchange: number
      readonly to: Address
      readonly request: ExchangeRequest
      readonly timeoutMs: number
    }
  /** Answer an exchange that a peer has opened. */
  | { readonly kind: 'answer'; readonly exchange: number; readonly reply: ExchangeReply }
  /** What became of a join: how many answered, and one reason per address that did not. */
  | {
      readonly kind: 'joined'
      readonly request: number
      readonly contacted: number
      readonly failures: readonly JoinFailure[]
    }
  /** Our leave has been passed on; the machine is now silent. */
  | { readonly kind: 'left' }
  | { readonly kind: 'forceLeaveUnknown'; readonly name: string }
  /** Something about a member has changed. `reaped` and `pruned`: it is no longer known. */
  | {
      readonly kind: 'memberChanged'
      readonly event: 'joined' | 'updated' | 'leaving' | 'left' | 'failed' | 'reaped'
      readonly member: Member
    }
  /** An event that was fired here or heard of for the first time. */
  | { readonly kind: 'eventHeard'; readonly event: UserEvent }
  /** The ping before this effect is to be timed; only if coordinates are kept. */
  | { readonly kind: 'probeSent'; readonly sequence: number }
  /** Its answer has come with the packet that is being fed, and says where its sender is. */
  | {
      readonly kind: 'probeAnswered'
      readonly sequence: number
      readonly name: string
      readonly coordinate: Coordinate
    }
  /** For the trace and the counters: suspicions, refutations, local health, probe outcomes. */
  | { readonly kind: 'observed'; readonly event: GossipObservation }
  /** A well-formed but wrong message was dropped. */
  | {
      readonly kind: 'rejected'
      readonly reason: GossipRejection
      readonly from: Address | null
      readonly detail: string
    }

/** An address that a join did not get into the pool through. */
export interface JoinFailure {
  readonly address: Address
  /** A sentence part for people. */
  readonly reason: string
  /** True if a member answered and turned us down: a name in use, another datacenter, no common version. */
  readonly isRefusal: boolean
}

/** What metrics and the trace want to know. */
export type GossipObservation =
  | { readonly kind: 'suspected'; readonly name: string; readonly from: string }
  | { readonly kind: 'refuted'; readonly incarnation: number }
  | { readonly kind: 'localHealth'; readonly score: number }
  /** A probe was answered directly; the round-trip is measured by the machine's clock, ms. */
  | { readonly kind: 'acked'; readonly name: string; readonly rttMs: number }
  | { readonly kind: 'probeFailed'; readonly name: string }

/** Why a message was dropped; each becomes a counter. */
export type GossipRejection =
  | 'nameConflict'
  | 'wrongDatacenter'
  | 'notAServer'
  | 'versionMismatch'
  | 'tooManyMembers'
  | 'tooLarge'
  | 'unknownSequence'
  | 'wrongTarget'
  | 'badIncarnation'
  | 'badEventTime'
