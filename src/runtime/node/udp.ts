// Datagrams over node:dgram.

import type { RemoteInfo, Socket } from 'node:dgram'

import { type Address, formatAddress } from '../../model/address.ts'
import type { Udp, UdpExchangeOptions, UdpBindOptions, UdpSocket } from '../host.ts'
import { isIpv6, plainBytes, plainIp } from './address.ts'
import { callHandler, hostError, passOnBugs } from './errors.ts'
import { trueRuntime } from './system.ts'

/** Asked of the system for each socket, as the reference does; the system may grant less. */
const socketBufferBytes = 2 * 1024 * 1024

/** Datagrams of the base host. */
export function nodeUdp(): Udp {
  return { bind, exchange: exchangeDatagrams }
}

type Callback = (error: Error | null, address: string, family: number) => void

/** Addresses are literals: answering at once saves a turn of the loop per packet. */
function literalLookup(name: string, _options: unknown, callback: Callback): void {
  callback(null, name, isIpv6(name) ? 6 : 4)
}

async function bind(
  at: Address,
  onPacket: (bytes: Uint8Array, from: Address) => void,
  options: UdpBindOptions = {},
): Promise<UdpSocket> {
  const { createSocket } = await import('node:dgram')
  const type = isIpv6(at.ip) ? 'udp6' : 'udp4'
  const reuseAddr = options.isShared === true
  const socket = createSocket({ type, reuseAddr, lookup: literalLookup as never })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error) => {
      closeQuietly(socket)
      reject(hostError(`bind UDP ${formatAddress(at)}`, error))
    })
    socket.once('listening', resolve)
    socket.bind({ address: at.ip, port: at.port, exclusive: true })
  })
  socket.removeAllListeners('error')
  // A refused or unroutable datagram is a lost datagram.
  socket.on('error', passOnBugs)
  socket.on('message', (bytes: Uint8Array, from: RemoteInfo) => {
    callHandler(() => onPacket(plainBytes(bytes), { ip: plainIp(from.address), port: from.port }))
  })
  enlargeBuffers(socket)
  return new NodeUdpSocket(socket, type === 'udp6')
}

/** One datagram there and one back, on a connected socket: only such a one is told that nobody is there. */
async function exchangeDatagrams(
  to: Address,
  bytes: Uint8Array,
  { timeoutMs, signal }: UdpExchangeOptions,
): Promise<Uint8Array | null> {
  const action = `exchange datagrams with ${formatAddress(to)}`
  const { createSocket } = await import('node:dgram')
  if (signal?.aborted === true) return null
  const socket = createSocket({ type: isIpv6(to.ip) ? 'udp6' : 'udp4', lookup: literalLookup as never })
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | null>()
  const giveUp = (): void => resolve(null)
  const timer = setTimeout(giveUp, timeoutMs)
  signal?.addEventListener('abort', giveUp)
  const fail = (error: unknown): void => reject(hostError(action, error))
  socket.on('error', fail)
  socket.on('message', (answer: Uint8Array) => resolve(plainBytes(answer)))
  try {
    socket.connect(to.port, to.ip, () => {
      socket.send(bytes, (error) => {
        if (error !== null && error !== undefined) fail(error)
      })
    })
    return await promise
  } catch (error) {
    throw hostError(action, error)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', giveUp)
    socket.off('error', fail)
    socket.on('error', () => undefined)
    closeQuietly(socket)
  }
}

/** Not on Deno: it allocates that much for every packet it receives (253 round trips a second, else 10,000). */
function enlargeBuffers(socket: Socket): void {
  if (trueRuntime() === 'deno') return
  try {
    socket.setRecvBufferSize(socketBufferBytes)
    socket.setSendBufferSize(socketBufferBytes)
  } catch {
    // Not offered by this runtime: its default size is used.
  }
}

function closeQuietly(socket: Socket): void {
  try {
    socket.close()
  } catch {
    // It was never open.
  }
}

class NodeUdpSocket implements UdpSocket {
  readonly local: Address
  readonly #socket: Socket
  readonly #isIpv6: boolean
  #closed: Promise<void> | undefined

  constructor(socket: Socket, isV6: boolean) {
    this.#socket = socket
    this.#isIpv6 = isV6
    const { address, port } = socket.address()
    this.local = { ip: plainIp(address), port }
  }

  send(bytes: Uint8Array, to: Address): void {
    if (this.#closed) return
    const ip = this.#isIpv6 && !isIpv6(to.ip) ? `::ffff:${to.ip}` : to.ip
    try {
      this.#socket.send(bytes, to.port, ip)
    } catch {
      // An unusable address or size: as good as lost.
    }
  }

  stopSharing(): Promise<void> {
    // node:dgram has no way to a socket's options.
    return Promise.resolve()
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#socket.removeAllListeners('message')
      this.#socket.close(() => resolve())
    })
    return this.#closed
  }
}
