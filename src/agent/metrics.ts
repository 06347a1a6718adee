// Counters, gauges and samples under the reference's names, kept per interval of ten seconds.
import type { Json, JsonObject } from '../model/catalog.ts'
import type { Clock } from '../runtime/host.ts'

/** Where the agent counts what it does. */
export interface Metrics {
  count(name: string, by?: number): void
  gauge(name: string, value: number): void
  /** A measured value, such as a duration in milliseconds. */
  sample(name: string, value: number): void
  /** The last finished interval, in the reference's JSON shape. */
  view(): Json
}

interface Aggregate {
  count: number
  sum: number
  sumOfSquares: number
  min: number
  max: number
}

interface Interval {
  readonly startWallMs: number
  readonly counters: Map<string, Aggregate>
  readonly samples: Map<string, Aggregate>
}

const intervalMs = 10_000
/** Names kept per kind. Past it new names are dropped: only our own code makes names, but rejections take part. */
const namesMax = 2048

/** Makes an empty set of metrics. No timer: intervals turn over when they are touched. */
export function createMetrics(clock: Clock, prefix: string): Metrics {
  const gauges = new Map<string, number>()
  let previous: Interval | null = null
  let current = emptyInterval(clock.wallMs())
  let endsAtMs = clock.nowMs() + intervalMs

  const turnOver = (): void => {
    const nowMs = clock.nowMs()
    if (nowMs < endsAtMs) return
    previous = current
    current = emptyInterval(clock.wallMs())
    endsAtMs = nowMs + intervalMs
  }
  return {
    count(name, by = 1) {
      turnOver()
      add(current.counters, `${prefix}.${name}`, by)
    },
    gauge(name, value) {
      const key = `${prefix}.${name}`
      if (gauges.size < namesMax || gauges.has(key)) gauges.set(key, value)
    },
    sample(name, value) {
      turnOver()
      add(current.samples, `${prefix}.${name}`, value)
    },
    view() {
      turnOver()
      return render(previous ?? current, gauges)
    },
  }
}

function emptyInterval(startWallMs: number): Interval {
  return { startWallMs, counters: new Map(), samples: new Map() }
}

function add(map: Map<string, Aggregate>, name: string, value: number): void {
  const known = map.get(name)
  if (known === undefined) {
    if (map.size < namesMax)
      map.set(name, { count: 1, sum: value, sumOfSquares: value * value, min: value, max: value })
    return
  }
  known.count++
  known.sum += value
  known.sumOfSquares += value * value
  known.min = Math.min(known.min, value)
  known.max = Math.max(known.max, value)
}

function render(interval: Interval, gauges: ReadonlyMap<string, number>): JsonObject {
  const time = new Date(interval.startWallMs).toISOString().slice(0, 19).replace('T', ' ')
  return {
    Timestamp: `${time} +0000 UTC`,
    Gauges: [...gauges].toSorted(byName).map(([Name, Value]) => ({ Name, Value, Labels: {} })),
    Points: [],
    Counters: renderAggregates(interval.counters),
    Samples: renderAggregates(interval.samples),
  }
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0
}

function renderAggregates(map: ReadonlyMap<string, Aggregate>): Json {
  return [...map].toSorted(byName).map(([Name, a]) => {
    const mean = a.sum / a.count
    const variance = a.count < 2 ? 0 : Math.max(0, (a.sumOfSquares - a.count * mean * mean) / (a.count - 1))
    return {
      Name,
      Count: a.count,
      Rate: a.sum / (intervalMs / 1000),
      Sum: a.sum,
      Min: a.min,
      Max: a.max,
      Mean: mean,
      Stddev: Math.sqrt(variance),
      Labels: {},
    }
  })
}
