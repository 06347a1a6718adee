// What one client follows of this agent: log lines (`/v1/agent/monitor`), metrics (`/v1/agent/metrics/stream`).
import { renderLogJson, renderLogLine, type Log, type LogLevel } from './log.ts'
import type { Json } from '../model/catalog.ts'
import type { MetricsView } from './metrics.ts'

/** Intervals that wait for a slow client; past it the newest are dropped. */
const queuedIntervalsMax = 16

/** A line of JSON for each interval that ends, and one with the last at once, until the signal aborts or the client goes. */
export function metricsStream(metrics: MetricsView, signal: AbortSignal): ReadableStream<Uint8Array> {
  return followed(queuedIntervalsMax, signal, (write) => {
    const tell = (interval: Json): void => write(`${JSON.stringify(interval)}\n`)
    const detach = metrics.onInterval(tell)
    tell(metrics.view())
    return detach
  })
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
  const render = asJson ? renderLogJson : renderLogLine
  return followed(queuedLinesMax, signal, (write) => {
    const detach = log.attach({ level, write: (event) => write(render(event)) })
    // On some runtimes the headers go out with the first bytes: without a line a quiet agent would look dead.
    log.root.named('monitor').info('Log data will now stream in as it occurs')
    return detach
  })
}

/**
 * A stream of what `follow` writes until what it returns is called: when the signal aborts or the client goes, which the
 * runtimes tell in any order, or both.
 */
function followed(
  queuedMax: number,
  signal: AbortSignal,
  follow: (write: (text: string) => void) => () => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let end: (close: () => void) => void = () => undefined
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const detach = follow((text) => {
          if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(text))
        })
        let isOpen = true
        end = (close) => {
          detach()
          if (isOpen) close()
          isOpen = false
        }
        const onAbort = (): void => end(() => controller.close())
        if (signal.aborted) onAbort()
        else signal.addEventListener('abort', onAbort)
      },
      cancel: () => end(() => undefined),
    },
    { highWaterMark: queuedMax },
  )
}
