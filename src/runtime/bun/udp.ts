// Datagrams on Bun's own sockets.

import { type Address, formatAddress } from '../../model/address.ts'
import type { Udp, UdpSocket } from '../host.ts'
import { isIpv6, plainIp } from '../node/address.ts'
import { hostError, passOnBugs } from '../node/errors.ts'
import { type BunUdpSocket, bunApi } from './api.ts'
import { enlargeBuffers } from './socket-buffers.ts'

/** Datagrams on Bun; single exchanges are rare, and made by `base`. */
export function bunUdp(base: Udp): Udp {
  return { bind, exchange: (to, bytes, options) => base.exchange(to, bytes, options) }
}

async function bind(at: Address, onPacket: (bytes: Uint8Array, from: Address) => void): Promise<UdpSocket> {
  try {
    const socket = await bunApi().udpSocket({
      hostname: at.ip,
      port: at.port,
      binaryType: 'uint8array',
      socket: {
        data: (_, bytes, port, address) => onPacket(bytes, { ip: plainIp(address), port }),
        // A refused or unroutable datagram is a lost datagram.
        error: passOnBugs,
      },
    })
    await enlargeBuffers(socket.fd)
    return new BunUdp(socket, at)
  } catch (error) {
    throw hostError(`bind UDP ${formatAddress(at)}`, error)
  }
}

class BunUdp implements UdpSocket {
  readonly local: Address
  readonly #socket: BunUdpSocket
  readonly #isIpv6: boolean
  #isClosed = false

  constructor(socket: BunUdpSocket, at: Address) {
    this.#socket = socket
    this.#isIpv6 = isIpv6(at.ip)
    this.local = { ip: at.ip, port: socket.port }
  }

  send(bytes: Uint8Array, to: Address): void {
    if (this.#isClosed) return
    const ip = this.#isIpv6 && !isIpv6(to.ip) ? `::ffff:${to.ip}` : to.ip
    try {
      this.#socket.send(bytes, to.port, ip)
    } catch {
      // An unusable address or size: as good as lost.
    }
  }

  close(): Promise<void> {
    if (!this.#isClosed) this.#socket.close()
    this.#isClosed = true
    return Promise.resolve()
  }
}
