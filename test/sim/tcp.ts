// Streams of the simulated network: what connects, who listens. stream.ts is the connection itself.
import type { Address } from '../../src/model/address.ts'
import {
  HostError,
  type Tcp,
  type TcpConnection,
  type TcpConnectOptions,
  type TcpListener,
} from '../../src/runtime/host.ts'
import type { Machine } from './machine.ts'
import { choosePort, claims } from './ports.ts'
import type { SimProcess } from './process.ts'
import { connectStreams, type Stream } from './stream.ts'
import type { World } from './world.ts'

/** Who waits for connections on a port. */
export interface StreamListener {
  readonly local: Address
  readonly process: SimProcess
  /** Absent on an HTTP server, which the simulator calls directly. */
  accept?(stream: Stream): void
}

/** How long a lost connection attempt waits before its next try. */
const synRetryMicros = 1_000_000

/** The stream port of a process. */
export function simTcp(world: World, machine: Machine, process: SimProcess): Tcp {
  return {
    listen: (at, onConnection) => process.call(10, () => listen(machine, { process, at, onConnection })),
    connect: (to, options) => connect(world, { machine, process, to, options }),
  }
}

/** A listener that is bound. */
export interface Bound {
  readonly local: Address
  readonly listener: StreamListener
  readonly close: () => void
}

/** Binds a listener to a machine. Throws HostError. */
export function addListener(machine: Machine, process: SimProcess, at: Address): Bound {
  if (!machine.ownsForBind(at.ip)) throw new HostError('EADDRNOTAVAIL', `Cannot listen on ${at.ip}: not ours`)
  const port = choosePort(machine.listeners, at)
  if (port === undefined) throw new HostError('EADDRINUSE', `Cannot listen on ${at.ip}:${at.port}: in use`)
  const listener: StreamListener = { local: { ip: at.ip, port }, process }
  machine.listeners.add(listener)
  const release = process.own(() => void machine.listeners.delete(listener))
  const close = (): void => {
    machine.listeners.delete(listener)
    release()
  }
  return { local: listener.local, close, listener }
}

interface Listening {
  readonly process: SimProcess
  readonly at: Address
  readonly onConnection: (connection: TcpConnection) => void
}

function listen(machine: Machine, { process, at, onConnection }: Listening): TcpListener {
  const { local, close, listener } = addListener(machine, process, at)
  let isOpen = true
  listener.accept = (stream) =>
    process.enter(() => {
      if (isOpen) onConnection(stream)
      else stream.destroy()
    })
  return {
    local,
    close() {
      isOpen = false
      close()
      return process.call(0, () => undefined)
    },
  }
}

interface Connecting {
  readonly machine: Machine
  readonly process: SimProcess
  readonly to: Address
  readonly options: TcpConnectOptions
}

function connect(world: World, connecting: Connecting): Promise<TcpConnection> {
  const { machine, process, to, options } = connecting
  const { scheduler, links } = world
  return new Promise((resolve, reject) => {
    if (!process.isAlive) return
    process.openCalls++
    let isOver = false
    const finish = (act: () => void): void => {
      if (isOver) return
      isOver = true
      cancelTimeout()
      process.enter(() => {
        process.openCalls--
        act()
      })
    }
    const fail = (code: string, why: string): void =>
      finish(() => reject(new HostError(code, `Cannot connect to ${to.ip}:${to.port}: ${why}`)))
    const cancelTimeout = scheduler.after(options.timeoutMs * 1000, () =>
      fail('ETIMEDOUT', `no answer within ${options.timeoutMs} ms`),
    )
    const { signal } = options
    const abort = (): void => finish(() => reject(signal?.reason))
    if (signal?.aborted === true) return abort()
    signal?.addEventListener('abort', abort, { once: true })
    const target = world.machineAt(to.ip, machine)
    if (target === undefined) return
    /** Goes back to the caller, again and again while the way is cut; the answer is found out of date there. */
    const back = (act: () => void): void => {
      if (links.isOpen(target.number, machine.number) && machine.isOn) {
        scheduler.after(links.segmentDelay(target.number, machine.number, scheduler.nowMicros), act)
      } else if (isOver || !process.isAlive) act()
      else scheduler.after(synRetryMicros, () => back(act))
    }
    const arrive = (): void => {
      if (isOver || !process.isAlive) return
      if (!target.isOn || !links.isOpen(machine.number, target.number)) {
        scheduler.after(synRetryMicros, attempt)
        return
      }
      const listener = target.listenerAt(to, (one) => claims(one.local.ip, to.ip))
      if (listener?.accept === undefined) return back(() => fail('ECONNREFUSED', 'nobody listens'))
      const { client, server } = connectStreams(world, {
        client: { machine, process, address: clientAddress(machine, to, options) },
        server: { machine: target, process: listener.process, address: to },
      })
      listener.accept(server)
      back(() => (isOver || !process.isAlive ? client.destroy() : finish(() => resolve(client))))
    }
    const attempt = (): void => {
      if (isOver || !process.isAlive) return
      scheduler.after(links.segmentDelay(machine.number, target.number, scheduler.nowMicros), arrive)
    }
    attempt()
  })
}

function clientAddress(machine: Machine, to: Address, options: TcpConnectOptions): Address {
  return { ip: machine.sourceIp(options.localIp ?? '', to.ip), port: machine.nextPort() }
}
