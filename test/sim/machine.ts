// One simulated machine: its addresses, its disk and what is bound on it. Processes come and go; the disk stays.
import type { Address } from '../../src/model/address.ts'
import type { Random } from '../../src/lib/random.ts'
import { Disk } from './disk.ts'
import type { Ending, SimProcess } from './process.ts'
import type { StreamListener } from './tcp.ts'
import type { UdpEndpoint } from './udp.ts'

/** A machine. */
export class Machine {
  readonly number: number
  readonly name: string
  readonly ip: string
  readonly ip6: string
  readonly disk: Disk
  readonly random: Random
  readonly udp: Set<UdpEndpoint> = new Set()
  readonly listeners: Set<StreamListener> = new Set()
  /** Paths that are locked, by whom. */
  readonly locks: Map<string, SimProcess> = new Map()
  readonly processes: Set<SimProcess> = new Set()
  isOn = true
  /** Wall time minus true time, changed by faults. */
  wallSkewMs = 0
  /** The monotonic clock's deviation, parts per million, and its value at the start. */
  driftPpm = 0
  readonly bootMicros: number
  readonly consoleLines: string[] = []
  #ephemeral = 40_000

  constructor(number: number, name: string, random: Random) {
    this.number = number
    this.name = name
    this.random = random
    this.ip = `10.0.${Math.floor(number / 250)}.${(number % 250) + 1}`
    this.ip6 = `fd00::${(number + 1).toString(16)}`
    this.bootMicros = random.between(1000, 5_000_000) * 1000
    this.disk = new Disk(random.fork('disk'))
  }

  /** Addresses that this machine answers to. */
  owns(ip: string): boolean {
    return ip === this.ip || ip === this.ip6 || isLoopback(ip)
  }

  ownsForBind(ip: string): boolean {
    return this.owns(ip) || ip === '0.0.0.0' || ip === '::'
  }

  /** The address that packets to `to` come from, for a socket bound to `bound`. */
  sourceIp(bound: string, to: string): string {
    if (bound !== '0.0.0.0' && bound !== '::' && bound !== '') return bound
    if (isLoopback(to)) return to.includes(':') ? '::1' : '127.0.0.1'
    return to.includes(':') ? this.ip6 : this.ip
  }

  nextPort(): number {
    this.#ephemeral = this.#ephemeral >= 65_000 ? 40_000 : this.#ephemeral + 1
    return this.#ephemeral
  }

  listenerAt(to: Address, accepts: (listener: StreamListener) => boolean): StreamListener | undefined {
    for (const listener of this.listeners) {
      if (listener.local.port === to.port && accepts(listener)) return listener
    }
    return undefined
  }

  /** Ends all processes, and with `power` the machine: what was not synced may be lost. */
  end(ending: Ending): void {
    for (const process of this.processes) process.end(ending)
    this.processes.clear()
    if (ending === 'power') {
      this.isOn = false
      this.disk.crash()
    }
  }
}

/** True for addresses that never leave a machine. */
export function isLoopback(ip: string): boolean {
  return ip === '::1' || ip.startsWith('127.')
}
