// One simulated stream: two ends, each with a queue, a window, and a pipe of segments in flight to the other.
// Segments arrive in order, late when the way is cut, and are answered by a reset when nobody is there any more.
import type { Address } from '../../src/model/address.ts'
import { HostError, type TcpConnection, type TcpHandlers } from '../../src/runtime/host.ts'
import type { Machine } from './machine.ts'
import type { Ending, SimProcess } from './process.ts'
import type { World } from './world.ts'

/** Bytes in flight per direction, and queued bytes above which `write` returns false. */
const windowBytes = 64 * 1024
const highWaterBytes = 16 * 1024
/** Largest piece that arrives at once; smaller ones are drawn, so that framing is put to the test. */
const segmentBytesMax = 16 * 1024
/** First and longest wait before a cut way is tried again, and how long until the system gives up. */
const retryMicrosMin = 200_000
const retryMicrosMax = 3_000_000
const giveUpMicros = 120_000_000

interface Side {
  readonly machine: Machine
  readonly process: SimProcess
  readonly address: Address
}

interface Segment {
  readonly kind: 'data' | 'end'
  readonly bytes: Uint8Array
}

/** Makes both ends of a connection. */
export function connectStreams(
  world: World,
  sides: { readonly client: Side; readonly server: Side },
): { readonly client: Stream; readonly server: Stream } {
  const client = new Stream(world, sides.client, sides.server)
  const server = new Stream(world, sides.server, sides.client)
  client.attach(server)
  server.attach(client)
  return { client, server }
}

/** One end. */
export class Stream implements TcpConnection {
  readonly remote: Address
  readonly local: Address
  readonly #world: World
  readonly #side: Side
  readonly #far: Side
  #peer: Stream | undefined
  #handlers: TcpHandlers | undefined
  #release: () => void
  // Sending.
  readonly #queue: Uint8Array[] = []
  #queuedBytes = 0
  #inFlight = 0
  readonly #pipe: Segment[] = []
  #lastArrival = 0
  #isSending = false
  #retryMicros = retryMicrosMin
  #stuckSince: number | undefined
  #needsDrain = false
  #isEnding = false
  #isEndSent = false
  #isEndArrived = false
  // Receiving.
  readonly #received: Segment[] = []
  #isPaused = false
  #isHanding = false
  #hasPeerEnded = false
  #isDestroyed = false
  #isClosed = false

  constructor(world: World, side: Side, far: Side) {
    this.#world = world
    this.#side = side
    this.#far = far
    this.local = side.address
    this.remote = far.address
    this.#release = side.process.own((ending) => this.#onProcessEnd(ending))
  }

  attach(peer: Stream): void {
    this.#peer = peer
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  handle(handlers: TcpHandlers): void {
    this.#handlers = handlers
    this.#later(() => this.#hand())
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isEnding || this.#isDestroyed || this.#isClosed) return false
    if (bytes.length > 0) this.#queue.push(bytes.slice())
    this.#queuedBytes += bytes.length
    this.#send()
    const isLow = this.#queuedBytes <= highWaterBytes
    if (!isLow) this.#needsDrain = true
    return isLow
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#later(() => this.#hand())
  }

  end(): void {
    if (this.#isEnding || this.#isDestroyed) return
    this.#isEnding = true
    this.#send()
  }

  destroy(): void {
    if (this.#isDestroyed) return
    this.#abandon()
    this.#later(() => this.#close(undefined))
  }

  #later(call: () => void): void {
    this.#world.scheduler.after(0, () => this.#side.process.enter(call))
  }

  /** Drops what is queued here; what is in flight still arrives, and then the end. */
  #abandon(): void {
    this.#isDestroyed = true
    this.#queue.length = 0
    this.#queuedBytes = 0
    this.#received.length = 0
    this.#isEnding = true
    this.#release()
    this.#send()
  }

  #onProcessEnd(ending: Ending): void {
    this.#isClosed = true
    if (ending === 'kill') this.#abandon()
    else {
      this.#isDestroyed = true
      this.#pipe.length = 0
    }
  }

  /** Cuts the queue into segments as far as the window allows. */
  #send(): void {
    while (this.#queue.length > 0) {
      const head = this.#queue[0] as Uint8Array
      const room = Math.min(head.length, this.#world.segmentSize(segmentBytesMax))
      if (this.#inFlight > 0 && this.#inFlight + room > windowBytes) break
      const bytes = head.subarray(0, room)
      if (bytes.length === head.length) this.#queue.shift()
      else this.#queue[0] = head.subarray(bytes.length)
      this.#queuedBytes -= bytes.length
      this.#inFlight += bytes.length
      this.#pipe.push({ kind: 'data', bytes })
    }
    if (this.#isEnding && !this.#isEndSent && this.#queue.length === 0) {
      this.#isEndSent = true
      this.#pipe.push({ kind: 'end', bytes: new Uint8Array() })
    }
    if (this.#needsDrain && this.#queuedBytes === 0) {
      this.#needsDrain = false
      this.#later(() => {
        if (!this.#isDestroyed) this.#handlers?.onDrain?.()
      })
    }
    this.#transmit()
  }

  /** Brings the oldest segment to the other side; one at a time, so that order is kept. */
  #transmit(): void {
    if (this.#isSending || this.#pipe.length === 0) return
    this.#isSending = true
    const { scheduler, links } = this.#world
    const delay = links.segmentDelay(this.#side.machine.number, this.#far.machine.number, scheduler.nowMicros)
    // Segments follow each other closely: only the first of a burst pays the whole way.
    const arrival = Math.max(scheduler.nowMicros + delay, this.#lastArrival + 1)
    const isFollowing = this.#lastArrival > 0 && scheduler.nowMicros - this.#lastArrival < 2
    this.#lastArrival = isFollowing ? scheduler.nowMicros + 5 : arrival
    scheduler.at(this.#lastArrival, () => this.#arrive())
  }

  #arrive(): void {
    this.#isSending = false
    const segment = this.#pipe[0]
    if (segment === undefined) return
    const { links } = this.#world
    const [from, to] = [this.#side.machine, this.#far.machine]
    if (!to.isOn || !from.isOn || !links.isOpen(from.number, to.number)) return this.#retry()
    this.#stuckSince = undefined
    this.#retryMicros = retryMicrosMin
    this.#pipe.shift()
    const isTaken = this.#peer?.take(segment) ?? false
    if (!isTaken && segment.kind === 'data') this.#reset('ECONNRESET', 'the peer is gone')
    if (segment.kind === 'end') {
      this.#isEndArrived = true
      this.#later(() => this.#closeIfOver())
    }
    this.#transmit()
  }

  #retry(): void {
    const { scheduler } = this.#world
    this.#stuckSince ??= scheduler.nowMicros
    if (scheduler.nowMicros - this.#stuckSince > giveUpMicros)
      return this.#reset('ETIMEDOUT', 'the peer is silent')
    this.#isSending = true
    scheduler.after(this.#retryMicros, () => this.#arrive())
    this.#retryMicros = Math.min(this.#retryMicros * 2, retryMicrosMax)
  }

  /** Takes a segment off the wire; false when nobody is here any more. */
  take(segment: Segment): boolean {
    if (this.#isDestroyed || this.#isClosed) return false
    this.#received.push(segment)
    if (this.#received.length === 1 && !this.#isHanding) this.#side.process.enter(() => this.#hand())
    return true
  }

  /** Hands received segments to the program, one per event, while it wants them. */
  #hand(): void {
    if (this.#isHanding || this.#isPaused || this.#handlers === undefined || this.#isDestroyed) return
    const segment = this.#received.shift()
    if (segment === undefined) return
    if (segment.kind === 'end') {
      this.#hasPeerEnded = true
      this.#handlers.onEnd?.()
      this.#closeIfOver()
      return
    }
    this.#handlers.onData(segment.bytes.slice())
    this.#credit(segment.bytes.length)
    if (this.#received.length === 0) return
    this.#isHanding = true
    this.#later(() => {
      this.#isHanding = false
      this.#hand()
    })
  }

  /** Tells the sender that there is room again, when the way back is open. */
  #credit(bytes: number): void {
    const { scheduler, links } = this.#world
    const [from, to] = [this.#side.machine.number, this.#far.machine.number]
    if (links.isOpen(from, to)) this.#peer?.onCredit(bytes)
    else scheduler.after(retryMicrosMax, () => this.#credit(bytes))
  }

  onCredit(bytes: number): void {
    this.#inFlight -= bytes
    if (!this.#isDestroyed && !this.#isClosed) this.#send()
  }

  #closeIfOver(): void {
    if (this.#isEndArrived && this.#hasPeerEnded) this.#close(undefined)
  }

  #reset(code: string, why: string): void {
    if (this.#isDestroyed || this.#isClosed) return
    this.#isDestroyed = true
    this.#pipe.length = 0
    this.#queue.length = 0
    this.#queuedBytes = 0
    this.#release()
    const { ip, port } = this.remote
    this.#later(() => this.#close(new HostError(code, `Connection to ${ip}:${port} broke off: ${why}`)))
  }

  #close(error: HostError | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#isDestroyed = true
    this.#release()
    this.#handlers?.onClose(error)
  }
}
