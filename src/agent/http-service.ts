// HTTP at work: the API on its listeners.
import type { AgentConfig } from '../config/agent-config.ts'
import { formatAddress } from '../model/address.ts'
import type { Host, HttpHandler, HttpServer } from '../runtime/host.ts'
import { limitClients } from './client-limit.ts'
import { describe, StartError, wayToListen } from './identity.ts'
import type { Log } from './log.ts'
import { logRequests } from './request-log.ts'

/** Running listeners. */
export interface HttpService {
  /** The configuration has changed. */
  set(config: AgentConfig): void
  stop(): Promise<void>
}

/** What is served. */
export interface HttpServing {
  readonly handler: HttpHandler
  /** Aborts when the agent stops: every answer from then on is the last of its connection. */
  readonly ending: AbortSignal
}

/** How long requests may go on when the agent stops. Those that wait are answered, and streams ended, by then. */
const graceMs = 2000

/** Serves at all configured addresses, or at none. Errors: StartError. */
export async function startHttp(
  host: Host,
  config: AgentConfig,
  log: Log,
  { handler, ending }: HttpServing,
): Promise<HttpService> {
  const servers: HttpServer[] = []
  const limit = limitClients(logRequests(handler, log, host.clock), config.limits.httpConnectionsPerClientMax)
  // Whoever is answered now has nothing more to ask of this agent.
  const last = (response: Response): Response => {
    if (ending.aborted) response.headers.set('connection', 'close')
    return response
  }
  const serve: HttpHandler = (request, from) => {
    const answer = limit.handle(request, from)
    return answer instanceof Promise ? answer.then(last) : last(answer)
  }
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.close(graceMs)))
  }
  for (const at of config.httpListen) {
    try {
      servers.push(await host.http.serve(at, serve))
    } catch (error) {
      await stop()
      const where = 'unixPath' in at ? at.unixPath : formatAddress(at)
      throw new StartError(
        `Cannot listen for HTTP on ${where}: ${describe(error)}; ` +
          wayToListen(error, { address: '-client', port: '-http-port' }),
      )
    }
  }
  return { stop, set: (next) => limit.set(next.limits.httpConnectionsPerClientMax) }
}
