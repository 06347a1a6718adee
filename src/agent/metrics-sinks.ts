// Metrics on their way to others: StatsD and DogStatsD by UDP, statsite by TCP.
import type { TelemetrySettings } from '../config/agent-config.ts'
import { StatsdLines, type StatsdStyle } from '../metrics/statsd.ts'
import { formatAddress, type Address } from '../model/address.ts'
import type { Clock, Host, TcpConnection, UdpSocket } from '../runtime/host.ts'
import { describe } from './identity.ts'
import { resolveAddress } from './join.ts'
import type { Logger } from './log.ts'
import type { MetricsSink, MetricsView } from './metrics.ts'

/** Values gather for so long before they are sent (the reference's clients: 100 ms). */
const flushMs = 100
/** Bytes of a datagram (the reference's clients: 1400). */
const datagramBytesMax = 1400
/** How long statsite is left alone after a failed attempt. */
const retryMs = 10_000
const connectMsMax = 5000
/** There is no usual one: it has to be given. */
const noPort = 0
/** Bytes that wait for a slow statsite; past it values are dropped. */
const queuedBytesMax = 1024 * 1024

/** Sinks at work. */
export interface MetricsSinks {
  close(): Promise<void>
}

/** What carries lines away. */
interface Carrier {
  send(pieces: readonly string[]): void
  close(): Promise<void>
}

/** What sinks are made of. */
export interface MetricsSinksOptions {
  readonly host: Host
  readonly settings: TelemetrySettings
  readonly metrics: MetricsView
  readonly log: Logger
}

/** Starts the configured sinks. An address that cannot be used is named in the log, and the others go on. */
export async function startMetricsSinks(options: MetricsSinksOptions): Promise<MetricsSinks> {
  const { settings, metrics, host } = options
  const plain: StatsdStyle = { withTags: false, tags: [] }
  const wanted = [
    { at: settings.statsdAddress, style: plain, open: openUdp },
    { at: settings.dogstatsdAddress, style: { withTags: true, tags: settings.dogstatsdTags }, open: openUdp },
    { at: settings.statsiteAddress, style: plain, open: openTcp },
  ].filter(({ at }) => at !== '')
  const carriers: Carrier[] = []
  for (const { at, style, open } of wanted) {
    const resolved = await resolveAddress(host, at, noPort)
    const to = resolved.ok ? resolved.value[0] : undefined
    if (to === undefined) {
      options.log.error('Cannot send metrics: the address is unknown', { address: at })
      continue
    }
    const carrier = await open(options, to)
    carriers.push(carrier)
    metrics.attach(gathering(host.clock, style, carrier))
  }
  return {
    async close() {
      for (const carrier of carriers) await carrier.close()
    },
  }
}

/** Gathers values, and sends them when their time has come. */
function gathering(clock: Clock, style: StatsdStyle, carrier: Carrier): MetricsSink {
  const lines = new StatsdLines(style)
  return (series, value) => {
    const isFirst = lines.isEmpty
    lines.add(series, value)
    if (isFirst) clock.wakeAt(clock.nowMs() + flushMs, () => carrier.send(lines.take(datagramBytesMax)))
  }
}

async function openUdp({ host, log }: MetricsSinksOptions, to: Address): Promise<Carrier> {
  const local = { ip: to.ip.includes(':') ? '::' : '0.0.0.0', port: 0 }
  let socket: UdpSocket | null = null
  try {
    socket = await host.udp.bind(local, () => undefined)
  } catch (error) {
    log.error('Cannot send metrics', { address: formatAddress(to), error: describe(error) })
  }
  const encoder = new TextEncoder()
  return {
    send(pieces) {
      for (const piece of pieces) socket?.send(encoder.encode(piece.replace(/\n$/, '')), to)
    },
    close: () => socket?.close() ?? Promise.resolve(),
  }
}

/** Connects when there is something to send; what cannot be sent is dropped. */
function openTcp({ host, log }: MetricsSinksOptions, to: Address): Promise<Carrier> {
  const encoder = new TextEncoder()
  let connection: TcpConnection | null = null
  let isConnecting = false
  let retryAtMs = -Infinity
  const connect = async (): Promise<void> => {
    isConnecting = true
    try {
      connection = await host.tcp.connect(to, { timeoutMs: connectMsMax })
      connection.handle({ onData: () => undefined, onClose: () => (connection = null) })
    } catch (error) {
      retryAtMs = host.clock.nowMs() + retryMs
      log.warn('Cannot send metrics to statsite', { address: formatAddress(to), error: describe(error) })
    } finally {
      isConnecting = false
    }
  }
  return Promise.resolve({
    send(pieces) {
      if (connection !== null) {
        // One that does not read must not cost memory: what it has no room for is dropped.
        if (connection.queuedBytes > queuedBytesMax) return
        for (const piece of pieces) connection.write(encoder.encode(piece))
      } else if (!isConnecting && host.clock.nowMs() >= retryAtMs) void connect()
    },
    close() {
      connection?.end()
      return Promise.resolve()
    },
  })
}
