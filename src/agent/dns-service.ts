// DNS at work: the listeners, and the catalog behind them.
import type { AgentConfig } from '../config/agent-config.ts'
import { createAnswerer } from '../dns/answer.ts'
import { serveDns } from '../dns/server.ts'
import { formatAddress } from '../model/address.ts'
import { createDnsView, type DnsSources } from './dns-view.ts'
import { describe, StartError, wayToListen } from './identity.ts'
import type { Logger } from './log.ts'

/** What DNS is made of. */
export interface DnsServiceOptions extends DnsSources {
  readonly config: AgentConfig
  /** A question has come. */
  readonly onQuestion: () => void
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
  const { host, config, random, onQuestion } = options
  let view = createDnsView(options, config)
  let answerer = createAnswerer({ view, config: config.dns, random })
  try {
    const server = await serveDns(host, config.dnsListen, {
      now(packet, transport) {
        const reply = answerer.now(packet, transport)
        if (reply !== null) onQuestion()
        return reply
      },
      ask(packet, transport, from) {
        onQuestion()
        return answerer.ask(packet, transport, from)
      },
    })
    return {
      set(next) {
        view.stop()
        view = createDnsView(options, next)
        answerer = createAnswerer({ view, config: next.dns, random })
      },
      stop() {
        view.stop()
        return server.close()
      },
    }
  } catch (error) {
    const where = config.dnsListen.map(formatAddress).join(', ')
    throw new StartError(
      `Cannot listen for DNS on ${where}: ${describe(error)}; ` +
        wayToListen(error, { address: '-client', port: '-dns-port' }),
    )
  }
}
