// When the start of an agent is over, and when a time of load is: the host then tidies up.
import type { Host } from '../runtime/host.ts'

/** Joining, electing and the first round of registrations are over by then. */
const startMs = 30_000
/** So many requests, or bytes of applied entries, are load, whatever the time. A cluster that comes together makes fewer. */
const startRequests = 100
const startBytes = 128 * 1024
/** So many bytes of applied entries count as a request: a follower under load serves none. */
const requestBytes = 256
/** After so many requests there is something to give back. */
const loadRequests = 5000
/** The load is over when so little comes in such a time. */
const restMs = 100
const restRequests = 2
/** No more often than this, whatever comes. */
const restEveryMs = 10_000

/** Knows when the start is over, and each time of load. */
export interface Settling {
  /** A request has come. */
  note(): void
  /** Entries were applied. */
  noteBytes(bytes: number): void
}

/**
 * Tells the host, once when the start is over, and after each time of load, until the agent stops; a start without load
 * is one too.
 */
export function createSettling(host: Pick<Host, 'clock' | 'system'>, stopping: AbortSignal): Settling {
  const load = new Load(host)
  stopping.addEventListener('abort', () => load.stop())
  return load
}

class Load implements Settling {
  readonly #host: Pick<Host, 'clock' | 'system'>
  #cancelStart: (() => void) | null
  #cancelRest: (() => void) | null = null
  /** How much of the load that ends the start has come: 1 is all. */
  #startLoad = 0
  /** Requests since the host was told last. */
  #requests = 0
  #seen = 0
  #notBeforeMs = 0

  constructor(host: Pick<Host, 'clock' | 'system'>) {
    this.#host = host
    this.#cancelStart = host.clock.wakeAt(host.clock.nowMs() + startMs, () => {
      this.#endStart()
      host.system.rested()
    })
  }

  note(): void {
    this.#add(1, 1 / startRequests)
  }

  noteBytes(bytes: number): void {
    this.#add(bytes / requestBytes, bytes / startBytes)
  }

  stop(): void {
    this.#cancelStart?.()
    this.#cancelRest?.()
    this.#requests = -Infinity
    this.#startLoad = -Infinity
  }

  #add(count: number, startLoad: number): void {
    this.#requests += count
    if (this.#cancelStart !== null) {
      this.#startLoad += startLoad
      if (this.#startLoad >= 1) {
        this.#endStart()
        // What the start has used is given back too, however little load there is.
        this.#awaitRest()
      }
    }
    if (this.#requests >= loadRequests && this.#cancelRest === null) this.#awaitRest()
  }

  #endStart(): void {
    this.#cancelStart?.()
    this.#cancelStart = null
    this.#host.system.settled()
  }

  /** Looks after a moment whether the load is over. */
  #awaitRest(): void {
    const { clock } = this.#host
    this.#seen = this.#requests
    const atMs = Math.max(clock.nowMs() + restMs, this.#notBeforeMs)
    this.#cancelRest = clock.wakeAt(atMs, () => {
      this.#cancelRest = null
      if (this.#requests - this.#seen > restRequests) return this.#awaitRest()
      this.#requests = 0
      this.#notBeforeMs = clock.nowMs() + restEveryMs
      this.#host.system.rested()
    })
  }
}
