// DNS at work: the listeners, and the catalog behind them.
import type { AgentConfig } from '../config/agent-config.ts'
import { type Answerer, createAnswerer } from '../dns/answer.ts'
import { isReverse } from '../dns/reverse.ts'
import { serveDns } from '../dns/server.ts'
import { formatAddress } from '../model/address.ts'
import { createDnsView, type DnsSources } from './dns-view.ts'
import { describe, StartError, wayToListen } from './identity.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Host } from '../runtime/host.ts'

/** What DNS is made of. */
export interface DnsServiceOptions extends Omit<DnsSources, 'onStale'> {
  readonly config: AgentConfig
  /** A question has come. */
  readonly onQuestion: () => void
  readonly metrics: Metrics
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
  const { host, config, random, onQuestion, metrics } = options
  const stale = metrics.counter('dns.stale_queries', { node: config.nodeName })
  const sources = { ...options, onStale: () => stale(1) }
  let view = createDnsView(sources, config)
  let answerer = createAnswerer({ view, config: config.dns, random })
  const watch = createStopwatch(options)
  try {
    const asked: Answerer = {
      now(packet, transport) {
        const sinceMicros = watch.now()
        const reply = answerer.now(packet, transport)
        if (reply !== null) {
          onQuestion()
          watch.answered(packet, sinceMicros)
        }
        return reply
      },
      ask(packet, transport, from) {
        onQuestion()
        const sinceMicros = host.clock.nowMicros()
        const sample = watch.waiting(packet)
        const reply = answerer.ask(packet, transport, from)
        reply.then(
          () => sample(sinceMicros),
          () => undefined,
        )
        return reply
      },
    }
    const server = await serveDns(host, config.dnsListen, asked, ownAddresses(host, config))
    return {
      set(next) {
        view.stop()
        view = createDnsView(sources, next)
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

/** All that can be bound without naming an interface; of a loopback network the system lists only the first address. */
function ownAddresses({ system }: Pick<Host, 'system'>, { bind }: AgentConfig): readonly string[] {
  const listed = system.interfaces().filter(({ scopeId = 0 }) => scopeId === 0)
  const own = new Set([...listed.map(({ ip }) => ip), bind.rpc.ip])
  return [...own].filter((ip) => ip !== '0.0.0.0' && ip !== '::')
}

/** Of answers that are there at once the time of one in so many is taken, for all of them: they differ little. */
const takenOneIn = 64

/** Takes the times of answers (`dns.domain_query`, `dns.ptr_query`). */
interface Stopwatch {
  /** The time, if that of the next answer is to be taken; else 0. */
  now(): number
  /** An answer was there at once. */
  answered(packet: Uint8Array, sinceMicros: number): void
  /** A packet takes a look; call what this returns when its answer is there. */
  waiting(packet: Uint8Array): (sinceMicros: number) => void
}

function createStopwatch({ host: { clock }, config, metrics }: DnsServiceOptions): Stopwatch {
  const domain = metrics.sampler('dns.domain_query', { node: config.nodeName })
  const reverse = metrics.sampler('dns.ptr_query', { node: config.nodeName })
  const samplerOf = (packet: Uint8Array): ((ms: number) => void) => (isReverse(packet) ? reverse : domain)
  let asked = 0
  let lastMs = 0
  return {
    now: () => (asked++ % takenOneIn === 0 ? clock.nowMicros() : 0),
    answered(packet, sinceMicros) {
      if (sinceMicros > 0) lastMs = (clock.nowMicros() - sinceMicros) / 1000
      samplerOf(packet)(lastMs)
    },
    waiting(packet) {
      const sample = samplerOf(packet)
      return (sinceMicros) => sample((clock.nowMicros() - sinceMicros) / 1000)
    },
  }
}
