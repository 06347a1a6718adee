// One thing that is measured: a name with its labels, and what was measured of it in the present interval and ever.

/** What a series is: a count of what happens, a value that holds, or values that were measured one by one. */
export type SeriesKind = 'counter' | 'gauge' | 'sample'

/** Names of properties with their values. */
export type Labels = Readonly<Record<string, string>>

/** Values of one interval taken together. */
export interface Aggregate {
  count: number
  sum: number
  sumOfSquares: number
  min: number
  max: number
}

/** Values that are kept for quantiles; with more in an interval each has the same chance to be among them. */
const reservoirMax = 128

/** A name with its labels. */
export class Series {
  /** Orders series by name and labels; the same for no other. */
  readonly key: string
  readonly kind: SeriesKind
  /** With the prefix: `consul.raft.apply`. */
  readonly name: string
  readonly labels: Labels
  /** A gauge's value. */
  value = 0
  /** Of the present interval; null before the first value in it. */
  aggregate: Aggregate | null = null
  /** Since the start. */
  totalCount = 0
  totalSum = 0
  /** Some of the newest values of a sample, in no order. */
  readonly recent: number[] = []
  #recentSeen = 0
  /** Monotonic ms of the last value. */
  touchedAtMs = 0

  constructor(kind: SeriesKind, name: string, labels: Labels) {
    this.key = seriesKey(kind, name, labels)
    this.kind = kind
    this.name = name
    this.labels = labels
  }

  /** Takes a value of a counter or a sample. */
  add(value: number): void {
    this.totalCount++
    this.totalSum += value
    const known = this.aggregate
    if (known === null) {
      this.aggregate = { count: 1, sum: value, sumOfSquares: value * value, min: value, max: value }
      return
    }
    known.count++
    known.sum += value
    known.sumOfSquares += value * value
    if (value < known.min) known.min = value
    if (value > known.max) known.max = value
  }

  /** Takes the same value so many times. */
  addTimes(value: number, times: number): void {
    this.add(value)
    const more = times - 1
    this.totalCount += more
    this.totalSum += more * value
    if (this.aggregate === null) return
    this.aggregate.count += more
    this.aggregate.sum += more * value
    this.aggregate.sumOfSquares += more * value * value
  }

  /** Keeps a value for quantiles. `pick` is a whole number from 0 to 2^32 - 1 by chance (Vitter's algorithm R, 1985). */
  keep(value: number, pick: number): void {
    this.#recentSeen++
    if (this.recent.length < reservoirMax) this.recent.push(value)
    else if (pick % this.#recentSeen < reservoirMax) this.recent[pick % reservoirMax] = value
  }

  /** Values of before this interval count less from here on. */
  age(): void {
    this.#recentSeen = Math.min(this.#recentSeen, reservoirMax)
  }
}

/** A series' key: the same for equal labels in any order. */
export function seriesKey(kind: SeriesKind, name: string, labels: Labels): string {
  const pairs = Object.keys(labels)
    .sort()
    .map((label) => `;${label}=${labels[label]}`)
  return `${name}${pairs.join('')} ${kind}`
}
