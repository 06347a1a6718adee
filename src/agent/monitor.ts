// What one client follows of this agent: log lines (`/v1/agent/monitor`), metrics (`/v1/agent/metrics/stream`).
import { renderLogJson, renderLogLine, type Log, type LogEvent, type LogLevel } from './log.ts'
import type { Json } from '../model/catalog.ts'
import type { MetricsView } from './metrics.ts'

/** Intervals that wait for a slow client; past it the newest are dropped. */
const queuedIntervalsMax = 16

/** A line of JSON for each interval that ends, and one with the last at once, until the signal aborts. */
export function metricsStream(metrics: MetricsView, signal: AbortSignal): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let end = (): void => undefined
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const write = (interval: Json): void => {
          if ((controller.desiredSize ?? 0) > 0)
            controller.enqueue(encoder.encode(`${JSON.stringify(interval)}\n`))
        }
        const detach = metrics.onInterval(write)
        end = detach
        signal.addEventListener('abort', () => {
          detach()
          controller.close()
        })
        write(metrics.view())
      },
      cancel: () => end(),
    },
    { highWaterMark: queuedIntervalsMax },
  )
}

/** Lines that wait for a slow client; past it the newest are dropped (reference: 512). */
const queuedLinesMax = 512

/** A stream of lines at a level, until the signal aborts or the client goes. */
export function monitorStream(
  log: Log,
  level: LogLevel,
  asJson: boolean,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const render = asJson ? renderLogJson : renderLogLine
  let end: (close: () => void) => void = () => undefined
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const write = (event: LogEvent): void => {
          if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(render(event)))
        }
        const detach = log.attach({ level, write })
        let isOpen = true
        end = (close) => {
          detach()
          if (isOpen) close()
          isOpen = false
        }
        signal.addEventListener('abort', () => end(() => controller.close()))
        // On some runtimes the headers go out with the first bytes: without a line a quiet agent would look dead.
        log.root.named('monitor').info('Log data will now stream in as it occurs')
      },
      cancel: () => end(() => undefined),
    },
    { highWaterMark: queuedLinesMax },
  )
}
