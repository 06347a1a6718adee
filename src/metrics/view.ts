// An interval as `/v1/agent/metrics` shows it, and as lines for people (the dump on SIGUSR1).
import type { Json, JsonObject } from '../model/catalog.ts'
import { intervalMs, type Interval, type Measured } from './registry.ts'
import type { Aggregate } from './series.ts'

/** The reference's JSON of an interval. `time` is its start, as the reference writes it. */
export function viewInterval(interval: Interval, time: string): JsonObject {
  const of = (kind: string): readonly Measured[] =>
    interval.measured.filter(({ series }) => series.kind === kind)
  return {
    Timestamp: time,
    Gauges: of('gauge').map(({ series, value }) => ({
      Name: series.name,
      Value: value,
      Labels: series.labels,
    })),
    Points: [],
    Counters: of('counter').map(viewAggregate),
    Samples: of('sample').map(viewAggregate),
  }
}

function viewAggregate({ series, aggregate }: Measured): Json {
  const { count, sum, min, max } = aggregate ?? none
  return {
    Name: series.name,
    Count: count,
    Rate: sum / (intervalMs / 1000),
    Sum: sum,
    Min: min,
    Max: max,
    Mean: sum / Math.max(1, count),
    Stddev: deviation(aggregate ?? none),
    Labels: series.labels,
  }
}

const none: Aggregate = { count: 0, sum: 0, sumOfSquares: 0, min: 0, max: 0 }

/** The standard deviation of a sample. */
function deviation({ count, sum, sumOfSquares }: Aggregate): number {
  if (count < 2) return 0
  return Math.sqrt(Math.max(0, (sumOfSquares - (sum * sum) / count) / (count - 1)))
}

const letters = { gauge: 'G', counter: 'C', sample: 'S' } as const

/** A line for each series of an interval, in the form of the reference's dump. */
export function dumpInterval(interval: Interval, time: string): string {
  return interval.measured
    .map(({ series, aggregate, value }) => {
      const head = `[${time}][${letters[series.kind]}] '${flatName(series.name, Object.values(series.labels))}'`
      return `${head}: ${aggregate === null ? value.toFixed(3) : dumpAggregate(aggregate)}\n`
    })
    .join('')
}

function dumpAggregate(aggregate: Aggregate): string {
  const { count, sum, min, max } = aggregate
  const parts = [
    `Count: ${count}`,
    `Min: ${min.toFixed(3)}`,
    `Mean: ${(sum / count).toFixed(3)}`,
    `Max: ${max.toFixed(3)}`,
    `Stddev: ${deviation(aggregate).toFixed(3)}`,
    `Sum: ${sum.toFixed(3)}`,
  ]
  return parts.join(' ')
}

/** A name with the values of its labels behind it, for those who know no labels. */
export function flatName(name: string, values: readonly string[]): string {
  return [name, ...values].join('.').replace(/[\s:|@#]/g, '_')
}
