// What one pool counts and measures, under the reference's names.
import type { GossipEffect } from '../gossip/events.ts'
import type { Gossip, GossipStatistics } from '../gossip/gossip.ts'
import type { Metrics } from './metrics.ts'

type MemberEvent = (GossipEffect & { readonly kind: 'memberChanged' })['event']

/** The reference's words for what becomes of members. */
const memberWords: Partial<Readonly<Record<MemberEvent, string>>> = {
  joined: 'join',
  left: 'left',
  failed: 'failed',
  updated: 'update',
  reaped: 'reap',
}

/** Names of user events that are counted by themselves: names come from outside, and series are kept for ever. */
const eventNamesMax = 256

/** What is looked at of a pool. */
export type Gauged = Pick<Gossip, 'localHealth'> & {
  statistics(): Pick<GossipStatistics, 'broadcastsQueued' | 'eventsQueued'>
}

/** Tells how an agent's pools are, whenever somebody looks: of several the worst. */
export function gaugePools(
  metrics: Pick<Metrics, 'onLook' | 'gauge' | 'sample'>,
  pools: readonly Gauged[],
): void {
  metrics.onLook(() => {
    metrics.gauge('memberlist.health.score', Math.max(...pools.map((pool) => pool.localHealth)))
    for (const pool of pools) {
      const { broadcastsQueued, eventsQueued } = pool.statistics()
      metrics.sample('serf.queue.Intent', broadcastsQueued)
      metrics.sample('serf.queue.Event', eventsQueued)
    }
  })
}

/** The measures of one pool. */
export class GossipMetrics {
  readonly #metrics: Metrics
  readonly #sent: (bytes: number) => void
  readonly #received: (bytes: number) => void
  readonly #probe: (ms: number) => void
  readonly #pushPull: (ms: number) => void
  readonly #eventNames = new Set<string>()

  constructor(metrics: Metrics) {
    this.#metrics = metrics
    this.#sent = metrics.counter('memberlist.udp.sent')
    this.#received = metrics.counter('memberlist.udp.received')
    this.#probe = metrics.sampler('memberlist.probeNode')
    this.#pushPull = metrics.sampler('memberlist.pushPullNode')
  }

  onSent(bytes: number): void {
    this.#sent(bytes)
  }

  onReceived(bytes: number): void {
    this.#received(bytes)
  }

  onProbe(ms: number): void {
    this.#probe(ms)
  }

  onExchange(sentBytes: number, receivedBytes: number, ms: number): void {
    this.#metrics.count('memberlist.tcp.connect')
    this.#metrics.count('memberlist.tcp.sent', sentBytes)
    this.#metrics.count('memberlist.tcp.received', receivedBytes)
    this.#pushPull(ms)
  }

  /** Another member has come to exchange everything. */
  onVisit(requestBytes: number): void {
    this.#metrics.count('memberlist.tcp.accept')
    this.#metrics.count('memberlist.tcp.received', requestBytes)
  }

  onAnswered(bytes: number): void {
    this.#metrics.count('memberlist.tcp.sent', bytes)
  }

  onMember(event: MemberEvent): void {
    const word = memberWords[event]
    if (word === undefined) return
    this.#metrics.count(`serf.member.${word}`)
    if (event === 'failed') this.#metrics.count('memberlist.msg.dead')
    this.#metrics.count('serf.events')
  }

  onUserEvent(name: string): void {
    this.#metrics.count('serf.events')
    if (this.#eventNames.size < eventNamesMax) this.#eventNames.add(name)
    if (this.#eventNames.has(name)) this.#metrics.count(`serf.events.consul:event:${name}`)
  }
}
