// All series of one agent, in intervals of ten seconds, of which those of the last minute are kept (the reference's
// in-memory sink). Time is given to it; nothing here runs by itself.
import type { Random } from '../lib/random.ts'
import type { NameFilter } from './filter.ts'
import { type Aggregate, type Labels, Series, seriesKey, type SeriesKind } from './series.ts'

/** Length of an interval, ms. */
export const intervalMs = 10_000

/** Intervals that are kept, the present one not among them. */
const intervalsMax = 6

/** Series that are kept. Past it new ones are dropped: labels may come from outside. */
const seriesMax = 8192

/** A series as it was at the end of an interval. */
export interface Measured {
  readonly series: Series
  /** Null for gauges. */
  readonly aggregate: Aggregate | null
  readonly value: number
}

/** What was measured in one interval. */
export interface Interval {
  readonly startWallMs: number
  readonly measured: readonly Measured[]
}

/** What a registry is made of. */
export interface RegistryOptions {
  readonly nowMs: number
  readonly wallMs: number
  readonly filter: NameFilter
  /** Values are kept for quantiles. */
  readonly keepsValues: boolean
  readonly random: Random
}

/** Series by name and labels. */
export class Registry {
  readonly #series = new Map<string, Series | null>()
  readonly #finished: Interval[] = []
  readonly #random: Random
  readonly #keepsValues: boolean
  #filter: NameFilter
  #startWallMs: number
  #endsAtMs: number

  constructor(options: RegistryOptions) {
    this.#filter = options.filter
    this.#random = options.random
    this.#keepsValues = options.keepsValues
    this.#startWallMs = options.wallMs
    this.#endsAtMs = options.nowMs + intervalMs
  }

  /** A series, made when it is first asked for; null if it is filtered out or there are too many. */
  of(kind: SeriesKind, name: string, labels: Labels): Series | null {
    const key = seriesKey(kind, name, labels)
    const known = this.#series.get(key)
    if (known !== undefined) return known
    if (this.#series.size >= seriesMax) return null
    const series = this.#filter(name) ? new Series(kind, name, labels) : null
    this.#series.set(key, series)
    return series
  }

  /** Takes a value: of a gauge the new one, of others one more. */
  put(series: Series, value: number, nowMs: number): void {
    series.touchedAtMs = nowMs
    if (series.kind === 'gauge') {
      series.value = value
      return
    }
    series.add(value)
    if (this.#keepsValues && series.kind === 'sample') series.keep(value, this.#random.uint32())
  }

  /** Takes so many counts of one. */
  putOnes(series: Series, count: number, nowMs: number): void {
    series.touchedAtMs = nowMs
    series.addTimes(1, count)
  }

  /** Ends the present interval if its time is over; true if it was. */
  turnOver(nowMs: number, wallMs: number): boolean {
    if (nowMs < this.#endsAtMs) return false
    this.#finished.push(this.#snapshot())
    if (this.#finished.length > intervalsMax) this.#finished.shift()
    for (const series of this.#series.values()) {
      if (series === null) continue
      series.aggregate = null
      series.age()
    }
    this.#startWallMs = wallMs
    this.#endsAtMs = nowMs + intervalMs
    return true
  }

  /** The last finished interval; the present one before any has ended. */
  last(): Interval {
    return this.#finished.at(-1) ?? this.#snapshot()
  }

  /** The intervals of the last minute and the present one, oldest first. */
  all(): readonly Interval[] {
    return [...this.#finished, this.#snapshot()]
  }

  /** When the present interval is over, monotonic ms. */
  get endsAtMs(): number {
    return this.#endsAtMs
  }

  /** Series that had a value at or after this time. */
  *since(nowMs: number): Generator<Series> {
    for (const series of this.#series.values()) {
      if (series !== null && series.touchedAtMs >= nowMs) yield series
    }
  }

  /** Goes by another filter from now on; what was measured of series that it drops is forgotten. */
  setFilter(filter: NameFilter): void {
    this.#filter = filter
    for (const [key, series] of this.#series) {
      if (series === null || !filter(series.name)) this.#series.delete(key)
    }
  }

  #snapshot(): Interval {
    const measured: Measured[] = []
    for (const series of this.#series.values()) {
      if (series === null || (series.kind !== 'gauge' && series.aggregate === null)) continue
      const aggregate = series.aggregate === null ? null : { ...series.aggregate }
      measured.push({ series, aggregate, value: series.value })
    }
    return { startWallMs: this.#startWallMs, measured: measured.sort(byKey) }
  }
}

function byKey({ series: { key: a } }: Measured, { series: { key: b } }: Measured): number {
  return a < b ? -1 : a > b ? 1 : 0
}
