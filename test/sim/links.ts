// The state of the network between machines: how long things take, what is lost, what is cut. No sockets here.
import type { Random } from '../../src/lib/random.ts'

/** How packets fare. Rates are per thousand. */
export interface LinkOptions {
  readonly latencyMicrosMin: number
  readonly latencyMicrosMax: number
  readonly lossPerMille: number
  readonly duplicatePerMille: number
  /** Packets that are held back by up to `reorderMicros`. */
  readonly reorderPerMille: number
  readonly reorderMicros: number
}

/** A quiet local network. */
export const quietLinks: LinkOptions = {
  latencyMicrosMin: 150,
  latencyMicrosMax: 600,
  lossPerMille: 0,
  duplicatePerMille: 0,
  reorderPerMille: 0,
  reorderMicros: 0,
}

/** All links between machines, by their numbers. */
export class Links {
  options: LinkOptions
  /** What distance adds to each way, by the machines' numbers. */
  distanceMicros: (from: number, to: number) => number = () => 0
  readonly #random: Random
  /** `from>to` of cut directions. */
  readonly #cut = new Set<string>()
  /** `from>to` to the time at which held packets go on. */
  readonly #clogged = new Map<string, number>()

  constructor(random: Random, options: LinkOptions) {
    this.#random = random
    this.options = options
  }

  /** Delay of one packet. A machine's way to itself is short and sure. */
  latencyMicros(from: number, to: number): number {
    if (from === to) return 20
    const { latencyMicrosMin, latencyMicrosMax } = this.options
    return this.#random.between(latencyMicrosMin, latencyMicrosMax) + this.distanceMicros(from, to)
  }

  isOpen(from: number, to: number): boolean {
    return from === to || this.#cut.size === 0 || !this.#cut.has(`${from}>${to}`)
  }

  /** Delays of the copies of a datagram that get through; none if it is lost. */
  datagramDelays(from: number, to: number, nowMicros: number): readonly number[] {
    if (from === to) return [this.latencyMicros(from, to)]
    if (!this.isOpen(from, to)) return []
    const { lossPerMille, duplicatePerMille, reorderPerMille, reorderMicros } = this.options
    if (lossPerMille > 0 && this.#random.chance(lossPerMille)) return []
    const copies = duplicatePerMille > 0 && this.#random.chance(duplicatePerMille) ? 2 : 1
    const delays: number[] = []
    for (let i = 0; i < copies; i++) {
      const held = reorderPerMille > 0 && this.#random.chance(reorderPerMille)
      const extra = held ? this.#random.between(0, reorderMicros) : 0
      delays.push(this.latencyMicros(from, to) + extra + this.clogMicros(from, to, nowMicros))
    }
    return delays
  }

  /** Delay of a stream's segment: a lost one costs a retransmission. */
  segmentDelay(from: number, to: number, nowMicros: number): number {
    const { lossPerMille } = this.options
    const isLost = from !== to && lossPerMille > 0 && this.#random.chance(lossPerMille)
    return this.latencyMicros(from, to) + (isLost ? 200_000 : 0) + this.clogMicros(from, to, nowMicros)
  }

  clogMicros(from: number, to: number, nowMicros: number): number {
    return Math.max(0, (this.#clogged.get(`${from}>${to}`) ?? 0) - nowMicros)
  }

  cut(from: number, to: number): void {
    this.#cut.add(`${from}>${to}`)
  }

  /** Holds what goes this way until a time. */
  clog(from: number, to: number, untilMicros: number): void {
    this.#clogged.set(`${from}>${to}`, untilMicros)
  }

  heal(): void {
    this.#cut.clear()
    this.#clogged.clear()
  }
}
