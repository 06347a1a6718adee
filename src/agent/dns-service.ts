// DNS at work: the listeners, and the catalog behind them.
import type { AgentConfig } from '../config/agent-config.ts'
import { createAnswerer, type Answerer } from '../dns/answer.ts'
import { serveDns } from '../dns/server.ts'
import type { Random } from '../lib/random.ts'
import { formatAddress } from '../model/address.ts'
import type { Host } from '../runtime/host.ts'
import { createDnsView } from './dns-view.ts'
import { describe, StartError, wayToListen } from './identity.ts'
import type { Logger } from './log.ts'
import type { Requests } from './requests.ts'

/** What DNS is made of. */
export interface DnsServiceOptions {
  readonly host: Host
  readonly config: AgentConfig
  readonly requests: Requests
  readonly random: Random
  /** Known datacenters, or null when this agent cannot know (clients). */
  readonly datacenters: () => readonly string[] | null
  readonly log: Logger
}

/** Running listeners. */
export interface DnsService {
  /** Answers by these settings from now on; the zones stay. */
  set(config: AgentConfig): void
  stop(): Promise<void>
}

/** Binds the configured listeners. Errors: StartError. */
export async function startDns(options: DnsServiceOptions): Promise<DnsService> {
  const { host, config, random } = options
  const makeAnswerer = (by: AgentConfig): Answerer => {
    const view = createDnsView(host, by, options.requests, options.datacenters)
    return createAnswerer({ view, config: by.dns, random })
  }
  let answerer = makeAnswerer(config)
  try {
    const server = await serveDns(host, config.dnsListen, (packet, transport, from) =>
      answerer(packet, transport, from),
    )
    return {
      set: (next) => (answerer = makeAnswerer(next)),
      stop: () => server.close(),
    }
  } catch (error) {
    const where = config.dnsListen.map(formatAddress).join(', ')
    throw new StartError(
      `Cannot listen for DNS on ${where}: ${describe(error)}; ` +
        wayToListen(error, { address: '-client', port: '-dns-port' }),
    )
  }
}
