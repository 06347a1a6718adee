// Asking an upstream resolver for what is not ours (dns_config recursors).
import { normaliseIp } from '../config/ip.ts'
import type { Address } from '../model/address.ts'
import type { Host } from '../runtime/host.ts'
import { resolveAddress } from './join.ts'

/** Sends the packet as it is and returns the first answer with its id, or undefined after `timeoutMs`. */
export function recurse(
  host: Ports,
  packet: Uint8Array,
  upstream: { readonly address: Address; readonly transport: 'udp' | 'tcp'; readonly timeoutMs: number },
): Promise<Uint8Array | undefined> {
  const address = { ip: plain(upstream.address.ip), port: upstream.address.port }
  const ask = upstream.transport === 'udp' ? overUdp : overTcp
  return ask(host, packet, address, upstream.timeoutMs).catch(() => undefined)
}

/** How long the address of a recursor that is given by name is used before it is looked up again. */
const namedMs = 30_000

/** Where recursors are; undefined for a name that cannot be resolved now. */
export class RecursorNames {
  readonly #host: Pick<Host, 'names' | 'clock'>
  readonly #known = new Map<
    string,
    { readonly address: Promise<Address | undefined>; readonly untilMs: number }
  >()

  constructor(host: Pick<Host, 'names' | 'clock'>) {
    this.#host = host
  }

  /** @param text as configured: what it names is bounded by the configuration */
  addressOf(text: string): Promise<Address | undefined> {
    const nowMs = this.#host.clock.nowMs()
    const known = this.#known.get(text)
    if (known !== undefined && known.untilMs > nowMs) return known.address
    const address = resolveAddress(this.#host, text, 53).then((found) => {
      // A name that is not known yet is asked for again at once.
      if (!found.ok) this.#known.delete(text)
      return found.ok ? found.value[0] : undefined
    })
    this.#known.set(text, { address, untilMs: nowMs + namedMs })
    return address
  }
}

/** One spelling for an address, however it was configured or is reported: an answer must come from whom we asked. */
function plain(ip: string): string {
  return normaliseIp(ip) ?? ip
}

type Ports = Pick<Host, 'tcp' | 'clock'> & { readonly udp: Pick<Host['udp'], 'bind'> }

async function overUdp(
  host: Ports,
  packet: Uint8Array,
  to: Address,
  timeoutMs: number,
): Promise<Uint8Array | undefined> {
  let answered: (bytes: Uint8Array | undefined) => void = () => undefined
  const answer = new Promise<Uint8Array | undefined>((resolve) => (answered = resolve))
  const any = to.ip.includes(':') ? '::' : '0.0.0.0'
  const socket = await host.udp.bind({ ip: any, port: 0 }, (bytes, from) => {
    const isFromThere = from.port === to.port && plain(from.ip) === to.ip
    if (isFromThere && bytes[0] === packet[0] && bytes[1] === packet[1]) answered(bytes.slice())
  })
  const cancel = host.clock.wakeAt(host.clock.nowMs() + timeoutMs, () => answered(undefined))
  socket.send(packet, to)
  const bytes = await answer
  cancel()
  await socket.close()
  return bytes
}

async function overTcp(
  host: Ports,
  packet: Uint8Array,
  to: Address,
  timeoutMs: number,
): Promise<Uint8Array | undefined> {
  const connection = await host.tcp.connect(to, { timeoutMs })
  return new Promise((resolve) => {
    let received = new Uint8Array(0)
    const finish = (bytes: Uint8Array | undefined): void => {
      cancel()
      connection.destroy()
      resolve(bytes)
    }
    const cancel = host.clock.wakeAt(host.clock.nowMs() + timeoutMs, () => finish(undefined))
    connection.handle({
      onData(bytes) {
        const joined = new Uint8Array(received.length + bytes.length)
        joined.set(received)
        joined.set(bytes, received.length)
        received = joined
        const size = received.length < 2 ? Infinity : ((received[0] ?? 0) << 8) | (received[1] ?? 0)
        if (received.length >= 2 + size) finish(received.subarray(2, 2 + size))
      },
      onEnd: () => finish(undefined),
      onClose: () => finish(undefined),
    })
    const framed = new Uint8Array(2 + packet.length)
    framed.set([packet.length >> 8, packet.length & 255])
    framed.set(packet, 2)
    connection.write(framed)
  })
}
