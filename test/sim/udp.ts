// Datagrams of the simulated network.
import type { Address } from '../../src/model/address.ts'
import { HostError, type Udp, type UdpSocket } from '../../src/runtime/host.ts'
import type { Machine } from './machine.ts'
import { choosePort, claims } from './ports.ts'
import type { SimProcess } from './process.ts'
import type { World } from './world.ts'

/** Packets that the system keeps for a paused process; more are dropped. */
const backlogMax = 256

/** Largest payload of a datagram. */
const payloadMax = 65_507

/** A bound socket as the network sees it. */
export interface UdpEndpoint {
  readonly local: Address
  receive(bytes: Uint8Array, from: Address): void
}

/** The datagram port of a process. */
export function simUdp(world: World, machine: Machine, process: SimProcess): Udp {
  return {
    bind: (at, onPacket) => process.call(10, () => bind(world, { machine, process, at, onPacket })),
    exchange: () =>
      Promise.reject(
        new HostError('ENOTSUP', 'Cannot exchange datagrams: the simulator tells nobody of refusals'),
      ),
  }
}

interface Binding {
  readonly machine: Machine
  readonly process: SimProcess
  readonly at: Address
  readonly onPacket: (bytes: Uint8Array, from: Address) => void
}

function bind(world: World, { machine, process, at, onPacket }: Binding): UdpSocket {
  if (!machine.ownsForBind(at.ip)) throw new HostError('EADDRNOTAVAIL', `Cannot bind to ${at.ip}: not ours`)
  const port = choosePort(machine.udp, at)
  if (port === undefined) throw new HostError('EADDRINUSE', `Cannot bind to ${at.ip}:${at.port}: in use`)
  const local = { ip: at.ip, port }
  let isOpen = true
  let backlog = 0
  const endpoint: UdpEndpoint = {
    local,
    receive(bytes, from) {
      if (backlog >= backlogMax) return
      backlog++
      process.enter(() => {
        backlog--
        if (isOpen) onPacket(bytes, from)
      })
    },
  }
  machine.udp.add(endpoint)
  const release = process.own(() => void machine.udp.delete(endpoint))
  return {
    local,
    send(bytes, to) {
      if (isOpen && process.isAlive) transmit(world, machine, { bytes: bytes.slice(), from: local, to })
    },
    stopSharing: () => Promise.resolve(),
    close() {
      isOpen = false
      machine.udp.delete(endpoint)
      release()
      return process.call(0, () => undefined)
    },
  }
}

interface Datagram {
  readonly bytes: Uint8Array
  readonly from: Address
  readonly to: Address
}

function transmit(world: World, machine: Machine, { bytes, from, to }: Datagram): void {
  world.onDatagram(machine, bytes.length)
  if (bytes.length > payloadMax) return
  const target = world.machineAt(to.ip, machine)
  if (target === undefined) return
  const source = { ip: machine.sourceIp(from.ip, to.ip), port: from.port }
  for (const delay of world.links.datagramDelays(machine.number, target.number, world.scheduler.nowMicros)) {
    world.scheduler.after(delay, () => {
      if (!target.isOn || !world.links.isOpen(machine.number, target.number)) return
      for (const endpoint of target.udp) {
        if (endpoint.local.port !== to.port || !claims(endpoint.local.ip, to.ip)) continue
        // Each copy gets bytes of its own: receivers may keep views.
        endpoint.receive(bytes.slice(), source)
        return
      }
    })
  }
}
