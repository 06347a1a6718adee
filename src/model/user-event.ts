// User events: short words that reach every agent of a datacenter by gossip, at most once each, in no order.

/** An event as it travels and as it is kept. */
export interface UserEvent {
  /** A random UUID, made where it was fired. */
  readonly id: string
  readonly name: string
  readonly payload: Uint8Array
  /** Regular expressions; '' is everybody. An agent that does not match keeps silent about the event. */
  readonly nodeFilter: string
  readonly serviceFilter: string
  readonly tagFilter: string
  readonly version: number
  /** Lamport time of the pool's clock of events. */
  readonly lamportTime: number
}
