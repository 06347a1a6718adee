// What the agent counts and measures, under the reference's names, and who gets to see it.
import type { TelemetrySettings } from '../config/agent-config.ts'
import type { Random } from '../lib/random.ts'
import { parseFilter } from '../metrics/filter.ts'
import { Registry, type Interval } from '../metrics/registry.ts'
import type { Labels, Series, SeriesKind } from '../metrics/series.ts'
import { dumpInterval, viewInterval } from '../metrics/view.ts'
import type { Json } from '../model/catalog.ts'
import type { Clock } from '../runtime/host.ts'
import { processSeries, type ProcessFigures } from './process-figures.ts'

/** Where the agent counts what it does. Names come without the prefix. */
export interface Metrics {
  count(name: string, by?: number, labels?: Labels): void
  gauge(name: string, value: number, labels?: Labels): void
  /** A measured value, such as a duration in milliseconds. */
  sample(name: string, value: number, labels?: Labels): void
  /** `count` and `sample` for hot paths: the name is looked up once. */
  counter(name: string, labels?: Labels): (by: number) => void
  sampler(name: string, labels?: Labels): (value: number) => void
  /** Counts by one where even a look at the clock would be felt: what was counted is told when somebody looks. */
  tally(name: string, labels?: Labels): () => void
  /** Calls back before anybody looks, so that gauges are set that nobody keeps up to date meanwhile. */
  onLook(fill: () => void): void
}

/** Everything that is measured, for those who show it. */
export interface MetricsView extends Metrics {
  /** The last finished interval, in the reference's JSON shape. */
  view(): Json
  /** The last minute, as text for people. */
  dump(): string
  /** The text format of Prometheus, or null if that is switched off. */
  prometheus(): Promise<string> | null
  /** Calls back with each interval that ends from now on; returns what ends that. */
  onInterval(told: (interval: Json) => void): () => void
  /** Sends each value to a sink as well. */
  attach(sink: MetricsSink): void
  /** Goes by other filters from now on. */
  set(settings: TelemetrySettings): void
  stop(): void
}

/** Takes values as they are measured. */
export type MetricsSink = (series: Series, value: number) => void

/** What metrics are made of. */
export interface MetricsOptions {
  readonly clock: Clock
  readonly settings: TelemetrySettings
  /** Stands in the names of gauges, unless `telemetry.disable_hostname`. */
  readonly hostname: string
  readonly random: Random
  /** What Prometheus is told of the process, under the names that its client libraries share. */
  readonly processFigures?: () => Promise<ProcessFigures>
}

const noLabels: Labels = {}

/** What was counted since somebody looked. */
interface Tally {
  readonly name: string
  readonly labels: Labels
  count: number
}

/** Makes an empty set of metrics. A timer runs only while somebody follows the intervals. */
export function createMetrics(options: MetricsOptions): MetricsView {
  return new AgentMetrics(options)
}

class AgentMetrics implements MetricsView {
  readonly #clock: Clock
  readonly #registry: Registry
  readonly #settings: TelemetrySettings
  readonly #gaugePrefix: string
  readonly #processFigures: (() => Promise<ProcessFigures>) | undefined
  readonly #sinks: MetricsSink[] = []
  readonly #fills: (() => void)[] = []
  readonly #tallies: Tally[] = []
  readonly #followers = new Set<(interval: Json) => void>()
  #filling = false
  #generation = 0
  #disarm: (() => void) | null = null

  constructor({ clock, settings, hostname, random, processFigures }: MetricsOptions) {
    this.#processFigures = processFigures
    this.#clock = clock
    this.#settings = settings
    this.#gaugePrefix = settings.disableHostname ? settings.prefix : `${settings.prefix}.${hostname}`
    this.#registry = new Registry({
      nowMs: clock.nowMs(),
      wallMs: clock.wallMs(),
      filter: parseFilter(settings.prefixFilter, settings.filterDefault).filter,
      keepsValues: settings.prometheusRetentionMs > 0,
      random,
    })
  }

  count(name: string, by: number = 1, labels: Labels = noLabels): void {
    this.#put(this.#find('counter', name, labels), by)
  }

  gauge(name: string, value: number, labels: Labels = noLabels): void {
    this.#put(this.#find('gauge', name, labels), value)
  }

  sample(name: string, value: number, labels: Labels = noLabels): void {
    this.#put(this.#find('sample', name, labels), value)
  }

  counter(name: string, labels: Labels = noLabels): (by: number) => void {
    return this.#handle('counter', name, labels)
  }

  sampler(name: string, labels: Labels = noLabels): (value: number) => void {
    return this.#handle('sample', name, labels)
  }

  tally(name: string, labels: Labels = noLabels): () => void {
    const tally = { name, labels, count: 0 }
    this.#tallies.push(tally)
    return () => void tally.count++
  }

  #handle(kind: SeriesKind, name: string, labels: Labels): (value: number) => void {
    let generation = -1
    let series: Series | null = null
    return (value) => {
      // A new filter may have dropped the series, or let it in.
      if (generation !== this.#generation) {
        generation = this.#generation
        series = this.#find(kind, name, labels)
      }
      this.#put(series, value)
    }
  }

  onLook(fill: () => void): void {
    this.#fills.push(fill)
  }

  view(): Json {
    this.#look()
    return viewOf(this.#registry.last())
  }

  dump(): string {
    this.#look()
    return this.#registry
      .all()
      .map((interval) => dumpInterval(interval, timeText(interval.startWallMs)))
      .join('')
  }

  prometheus(): Promise<string> | null {
    const { prometheusRetentionMs } = this.#settings
    if (prometheusRetentionMs <= 0) return null
    return this.#prometheusText(prometheusRetentionMs)
  }

  async #prometheusText(retentionMs: number): Promise<string> {
    // The library takes 12 MiB, which nobody shall have for nothing.
    const { prometheusText } = await import('./metrics-prometheus.ts')
    const figures = await this.#processFigures?.()
    this.#look()
    const measured = this.#registry.since(this.#clock.nowMs() - retentionMs)
    return prometheusText([...measured, ...(figures === undefined ? [] : processSeries(figures))])
  }

  onInterval(told: (interval: Json) => void): () => void {
    this.#followers.add(told)
    this.#arm()
    return () => {
      this.#followers.delete(told)
      if (this.#followers.size > 0) return
      this.#disarm?.()
      this.#disarm = null
    }
  }

  attach(sink: MetricsSink): void {
    this.#sinks.push(sink)
    // Gauges that are only set when somebody looks are set for the sink in each interval.
    if (this.#sinks.length === 1) this.onInterval(() => undefined)
  }

  set(settings: TelemetrySettings): void {
    this.#registry.setFilter(parseFilter(settings.prefixFilter, settings.filterDefault).filter)
    this.#generation++
  }

  stop(): void {
    this.#followers.clear()
    this.#disarm?.()
    this.#disarm = null
  }

  #find(kind: SeriesKind, name: string, labels: Labels): Series | null {
    const prefix = kind === 'gauge' ? this.#gaugePrefix : this.#settings.prefix
    return this.#registry.of(kind, `${prefix}.${name}`, labels)
  }

  #put(series: Series | null, value: number): void {
    if (series === null) return
    const nowMs = this.#clock.nowMs()
    if (nowMs >= this.#registry.endsAtMs) this.#turnOver(nowMs)
    this.#registry.put(series, value, nowMs)
    for (const sink of this.#sinks) sink(series, value)
  }

  #look(): void {
    this.#turnOver(this.#clock.nowMs())
    this.#fill()
  }

  #fill(): void {
    if (this.#filling) return
    this.#filling = true
    for (const fill of this.#fills) fill()
    this.#takeTallies()
    this.#filling = false
  }

  #takeTallies(): void {
    const nowMs = this.#clock.nowMs()
    for (const tally of this.#tallies) {
      const { count } = tally
      if (count === 0) continue
      tally.count = 0
      const series = this.#find('counter', tally.name, tally.labels)
      if (series === null) continue
      this.#registry.putOnes(series, count, nowMs)
      for (const sink of this.#sinks) sink(series, count)
    }
  }

  #turnOver(nowMs: number): void {
    if (this.#filling || nowMs < this.#registry.endsAtMs) return
    this.#fill()
    if (!this.#registry.turnOver(nowMs, this.#clock.wallMs()) || this.#followers.size === 0) return
    const interval = viewOf(this.#registry.last())
    for (const told of this.#followers) told(interval)
  }

  #arm(): void {
    if (this.#disarm !== null || this.#followers.size === 0) return
    this.#disarm = this.#clock.wakeAt(this.#registry.endsAtMs, () => {
      this.#disarm = null
      this.#turnOver(this.#clock.nowMs())
      this.#arm()
    })
  }
}

function viewOf(interval: Interval): Json {
  return viewInterval(interval, timeText(interval.startWallMs))
}

/** A time as the reference writes it here. */
function timeText(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`
}
