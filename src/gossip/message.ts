// What gossip says on the wire: messages of a datagram, and exchanges over a stream. Bytes are codec's business.
// Versioned as a whole by the packet's envelope (model/version.ts).
import type { Address } from '../model/address.ts'
import type { Coordinate } from '../model/coordinate.ts'
import type { UserEvent } from '../model/user-event.ts'

/** A member's tags, sorted by key. */
export type Tags = ReadonlyMap<string, string>

/** News, passed on by piggybacking (SWIM 4.1). */
export type Update = MemberUpdate | EventUpdate

/** News about a member. */
export type MemberUpdate = AliveUpdate | SuspectUpdate | DeadUpdate | IntentUpdate

/** The member is alive under this incarnation; only the member itself raises it (SWIM 4.2). */
export interface AliveUpdate {
  readonly kind: 'alive'
  readonly name: string
  /** The agent's node ID, a UUID: tells two members of one name apart. */
  readonly id: string
  readonly incarnation: number
  readonly address: Address
  readonly tags: Tags
  /** Wire versions the member speaks. */
  readonly versionMin: number
  readonly versionMax: number
}

/** `from` suspects the member of this incarnation. */
export interface SuspectUpdate {
  readonly kind: 'suspect'
  readonly name: string
  readonly incarnation: number
  readonly from: string
}

/** The member of this incarnation is gone: `failed` by `from`'s word, or it has `left` by its own or an operator's. */
export interface DeadUpdate {
  readonly kind: 'dead'
  readonly name: string
  readonly incarnation: number
  readonly from: string
  readonly left: boolean
}

/** A member's wish to join or to leave, ordered by Lamport time (serf's intents). `prune` forgets it at once. */
export interface IntentUpdate {
  readonly kind: 'joinIntent' | 'leaveIntent'
  readonly name: string
  readonly lamportTime: number
  readonly prune: boolean
}

/** Something that was fired for all members to hear of (serf's user events). */
export interface EventUpdate {
  readonly kind: 'userEvent'
  readonly event: UserEvent
}

/** One message of a datagram. */
export type PacketMessage = Ping | PingRequest | Ack | Nack | Update

/**
 * What a member believes of all live members, as one number: equal beliefs give equal digests. Peers that find
 * different ones at rest exchange their full states. 0 says nothing.
 */
export type Digest = number

/** Are you there? `target` is the name that is meant: another agent at that address does not answer. */
export interface Ping {
  readonly kind: 'ping'
  readonly sequence: number
  readonly target: string
  readonly from: string
  /** Where to answer; the datagram's source is used when it differs only by translation. */
  readonly fromAddress: Address
  /** The sender's. */
  readonly digest: Digest
}

/** Please ping `target` for me (SWIM 3.1); `nack` asks for word when no ack comes (Lifeguard). */
export interface PingRequest {
  readonly kind: 'pingRequest'
  readonly sequence: number
  readonly target: string
  readonly targetAddress: Address
  readonly from: string
  readonly fromAddress: Address
}

/** I am here. */
export interface Ack {
  readonly kind: 'ack'
  readonly sequence: number
  /** The sender's. */
  readonly digest: Digest
  /** Where the sender is in the network; absent when it does not know or tell, and in acks that are passed on. */
  readonly coordinate?: Coordinate
}

/** I asked for you and had no answer in time (Lifeguard: shows that the asker's own network is alive). */
export interface Nack {
  readonly kind: 'nack'
  readonly sequence: number
}

/** A question over a stream: a full exchange of state, or the fallback probe. */
export type ExchangeRequest = PushPull | StreamPing
/** Its answer; a refusal says why in a sentence. */
export type ExchangeReply = PushPull | StreamAck | ExchangeRefused

/** All that one side knows (memberlist's push/pull; not in SWIM). */
export interface PushPull {
  readonly kind: 'pushPull'
  readonly from: string
  /** True when the sender asks to become a member: the receiver checks names, ids and datacenter. */
  readonly join: boolean
  readonly datacenter: string
  readonly lamportTime: number
  readonly members: readonly MemberState[]
  /** The sender's clock of events, and the latest of them. */
  readonly eventTime: number
  readonly events: readonly UserEvent[]
}

/** One member as one side knows it. */
export interface MemberState {
  readonly update: AliveUpdate
  readonly status: 'alive' | 'suspect' | 'dead' | 'left'
  /** Lamport time of the last intent about it. */
  readonly intentTime: number
  /** True if that last intent was to leave. */
  readonly isLeaving: boolean
}

/** The fallback probe over a stream, for networks that drop datagrams. */
export interface StreamPing {
  readonly kind: 'streamPing'
  readonly target: string
  readonly from: string
}

/** Its answer. */
export interface StreamAck {
  readonly kind: 'streamAck'
}

/** The exchange was refused; nothing was merged. */
export interface ExchangeRefused {
  readonly kind: 'refused'
  readonly reason: string
}
