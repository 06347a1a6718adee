// DNS at work: the listeners, and the catalog behind them.
import type { AgentConfig } from '../config/agent-config.ts'
import { createAnswerer, type Answerer } from '../dns/answer.ts'
import { serveDns } from '../dns/server.ts'
import type { Random } from '../lib/random.ts'
import { formatAddress } from '../model/address.ts'
import { createDnsView, type DnsSources } from './dns-view.ts'
import { describe, StartError, wayToListen } from './identity.ts'
import type { Logger } from './log.ts'

/** What DNS is made of. */
export interface DnsServiceOptions extends DnsSources {
  readonly config: AgentConfig
  readonly random: Random
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
    const view = createDnsView(options, by)
    return createAnswerer({ view, config: by.dns, random })
  }
  let answerer = makeAnswerer(config)
  try {
    const server = await serveDns(host, config.dnsListen, {
      now: (packet, transport) => answerer.now(packet, transport),
      ask: (packet, transport, from) => answerer.ask(packet, transport, from),
    })
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
