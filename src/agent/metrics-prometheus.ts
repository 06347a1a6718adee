// The text format of Prometheus, written by its own client library from what the agent has measured.
import { Registry } from 'prom-client'
import { type Labels, type Series, seriesKey, type SeriesKind } from '../metrics/series.ts'

const quantiles = [0.5, 0.9, 0.99] as const

const types = { gauge: 'gauge', counter: 'counter', sample: 'summary' } as const

/**
 * All series of a set as text. Names that are only told apart by characters that the format has not are one metric there:
 * of those the first series counts, for none may stand there twice.
 */
export function prometheusText(all: Iterable<Series>): Promise<string> {
  const registry = new Registry()
  const byName = Map.groupBy(all, ({ name }) => plainName(name))
  for (const [name, series] of [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const [first] = series
    if (first === undefined) continue
    const alike = new Map<string, Series>()
    for (const one of series) {
      const key = seriesKey(first.kind, '', one.labels)
      if (one.kind === first.kind && !alike.has(key)) alike.set(key, one)
    }
    registry.registerMetric(metricOf(first.kind, name, [...alike.values()]) as never)
  }
  return registry.metrics()
}

/** Names have letters, digits, `_` and `:` only. */
function plainName(name: string): string {
  return name.replace(/[^A-Za-z0-9_:]/g, '_').replace(/^(?=\d)/, '_')
}

interface Value {
  readonly metricName: string
  readonly labels: Labels & { readonly quantile?: string }
  readonly value: number
}

/** A metric as the library's registry reads it. */
interface Readable {
  readonly name: string
  get(): Promise<{
    readonly name: string
    readonly help: string
    readonly type: 'counter' | 'gauge' | 'summary'
    readonly values: readonly Value[]
    readonly aggregator: 'sum'
  }>
}

function metricOf(kind: SeriesKind, name: string, series: readonly Series[]): Readable {
  const values = series.flatMap((one) => valuesOf(kind, name, one))
  return {
    name,
    get: () => Promise.resolve({ name, help: name, type: types[kind], values, aggregator: 'sum' }),
  }
}

function valuesOf(kind: SeriesKind, name: string, series: Series): readonly Value[] {
  const labels = Object.fromEntries(
    Object.entries(series.labels).map(([label, value]) => [plainName(label), value]),
  )
  if (kind !== 'sample') {
    const value = kind === 'gauge' ? series.value : series.totalSum
    return [{ metricName: name, labels, value }]
  }
  const sorted = series.recent.toSorted((a, b) => a - b)
  return [
    ...quantiles.map((quantile) => ({
      metricName: name,
      labels: { ...labels, quantile: String(quantile) },
      value: sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? Number.NaN,
    })),
    { metricName: `${name}_sum`, labels, value: series.totalSum },
    { metricName: `${name}_count`, labels, value: series.totalCount },
  ]
}
