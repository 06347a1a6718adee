// `/v1/agent/monitor`: log lines from now on, to one client.
import { renderLogJson, renderLogLine, type Log, type LogLevel } from './log.ts'

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
  let detach: () => void = () => undefined
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        detach = log.attach({
          level,
          write(event) {
            if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(render(event)))
          },
        })
        signal.addEventListener('abort', () => {
          detach()
          controller.close()
        })
      },
      cancel: () => detach(),
    },
    { highWaterMark: queuedLinesMax },
  )
}
