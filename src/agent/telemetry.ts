// The agent's metrics with all that feeds them by itself, and all that carries them away.
import type { AgentConfig } from '../config/agent-config.ts'
import { seededRandom } from '../lib/random.ts'
import { version } from '../model/version.ts'
import type { Host } from '../runtime/host.ts'
import type { Logger } from './log.ts'
import { createMetrics, type MetricsView } from './metrics.ts'
import { startMetricsSinks, type MetricsSinks } from './metrics-sinks.ts'
import { readProcessFigures } from './process-figures.ts'

/** Metrics of one agent. */
export interface Telemetry {
  readonly metrics: MetricsView
  /** Starts the configured sinks, and dumps the last minute to standard error on SIGUSR1. */
  start(log: Logger): Promise<void>
  /** Goes by other filters from now on. */
  set(config: AgentConfig): void
  stop(): Promise<void>
}

/** `1.2.3` and what stands behind it. */
const [release = version, ...rest] = version.split('-')
const versionLabels = { version: release, pre_release: rest.join('-') }

/** Makes the metrics of one agent. */
export function createTelemetry(host: Host, config: AgentConfig): Telemetry {
  const { clock, system, signals, console } = host
  const settings = config.telemetry
  const hostname = system.hostname()
  const startWallMs = clock.wallMs()
  // Which values are kept for quantiles is no secret, and must not depend on anything else's draws.
  const metrics = createMetrics({
    clock,
    settings,
    hostname,
    random: seededRandom(0),
    processFigures: () => readProcessFigures(host, startWallMs),
  })
  let sinks: MetricsSinks | null = null
  let unlisten = (): void => undefined
  metrics.onLook(() => {
    const { residentBytes, heapBytes, cpuMicros } = system.usage()
    metrics.gauge('runtime.alloc_bytes', heapBytes)
    metrics.gauge('runtime.sys_bytes', residentBytes)
    metrics.gauge('runtime.cpu_ms', Math.floor(cpuMicros / 1000))
    metrics.gauge('version', 1, versionLabels)
  })
  return {
    metrics,
    async start(log) {
      unlisten = signals.on('SIGUSR1', () => console.err(metrics.dump()))
      sinks = await startMetricsSinks({ host, settings, metrics, log: log.named('telemetry') })
    },
    set: (next) => metrics.set(next.telemetry),
    async stop() {
      unlisten()
      metrics.stop()
      await sinks?.close()
    },
  }
}
