// `/v1/agent/monitor`: log lines from now on, to one client.
import { renderLogJson, renderLogLine, type Log, type LogEvent, type LogLevel } from './log.ts'

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
