// Requests of the HTTP API in the log: one line for each at DEBUG; nobody who does not listen pays for it.
import type { Clock, HttpHandler, HttpPeer } from '../runtime/host.ts'
import type { Log, Logger } from './log.ts'

/** Characters of a URL that a line shows. */
const urlLengthMax = 1024

/** Tells the log of each request when its answer is there: with status and time, without its token. */
export function logRequests(handler: HttpHandler, log: Log, clock: Clock): HttpHandler {
  const logger = log.root.named('http')
  return (request, from) => {
    if (!log.isHeard('debug')) return handler(request, from)
    const sinceMicros = clock.nowMicros()
    const tell = (response: Response): Response => {
      finished(logger, request, from, { response, ms: (clock.nowMicros() - sinceMicros) / 1000 })
      return response
    }
    const answer = handler(request, from)
    return answer instanceof Promise ? answer.then(tell) : tell(answer)
  }
}

function finished(
  logger: Logger,
  { method, url }: Request,
  { ip, port }: HttpPeer,
  { response, ms }: { readonly response: Response; readonly ms: number },
): void {
  logger.debug('Request finished', {
    method,
    url: shown(url),
    from: ip === '' ? 'unix' : `${ip.includes(':') ? `[${ip}]` : ip}:${port}`,
    status: response.status,
    latency: `${ms.toFixed(3)}ms`,
  })
}

/** Path and query, with what opens doors left out. */
function shown(url: string): string {
  const path = url.slice(url.indexOf('/', url.indexOf('://') + 3))
  const safe = path.replaceAll(/([?&]token=)[^&]*/gi, '$1<hidden>')
  return safe.length > urlLengthMax ? `${safe.slice(0, urlLengthMax)}…` : safe
}
