// The Host port of one simulated process, put together from the world's parts.
import { HostError, type Clock, type Host, type SignalName } from '../../src/runtime/host.ts'
import { simFiles } from './files.ts'
import { simHttp } from './http.ts'
import { isLoopback, type Machine } from './machine.ts'
import type { SimProcess } from './process.ts'
import { simTcp } from './tcp.ts'
import { simUdp } from './udp.ts'
import type { World } from './world.ts'

/** Lines of console output kept per machine. */
const consoleLinesMax = 2000

/** Handlers of signals by process, for `signal`. */
const handlersByProcess = new WeakMap<SimProcess, Map<SignalName, Set<() => void>>>()

/** Sends a signal to a process; without a handler it ends. */
export function signal(process: SimProcess, name: SignalName): void {
  const handlers = handlersByProcess.get(process)?.get(name)
  if (handlers === undefined || handlers.size === 0) process.end('kill')
  else for (const handler of handlers) process.enter(handler)
}

/** Makes the port. */
export function simHost(world: World, machine: Machine, process: SimProcess, args: readonly string[]): Host {
  const entropy = machine.random.fork(`entropy ${process.pid}`)
  return {
    runtime: 'sim',
    clock: simClock(world, machine, process),
    entropy: { bytes: (size) => Uint8Array.from({ length: size }, () => entropy.below(256)) },
    udp: simUdp(world, machine, process),
    unixDatagrams: null,
    tcp: simTcp(world, machine, process),
    tls: { connect: refuseTls, listen: refuseTls, serveHttp: refuseTls },
    http: simHttp(world, machine, process),
    http2: { call: refuseHttp2 },
    files: simFiles(world, machine, process),
    processes: { run: refuseProgram, start: refuseProgram },
    signals: { on: (name, handler) => onSignal(process, name, handler) },
    names: { lookup: (name) => process.call(500, () => lookup(world, name)) },
    system: simSystem(machine, process, args),
    console: simConsole(machine),
  }
}

function refuseTls(): Promise<never> {
  return Promise.reject(new HostError('ENOTSUP', 'Cannot use TLS: the simulator has none'))
}

function refuseHttp2(): Promise<never> {
  return Promise.reject(new HostError('ENOTSUP', 'Cannot use HTTP/2: the simulator has none'))
}

function simClock(world: World, machine: Machine, process: SimProcess): Clock {
  const { scheduler } = world
  const rate = 1_000_000 + machine.driftPpm
  const nowMicros = (): number => machine.bootMicros + Math.floor((scheduler.nowMicros * rate) / 1_000_000)
  const nowMs = (): number => Math.floor(nowMicros() / 1000)
  return {
    nowMs,
    nowMicros,
    wallMs: () => world.wallMs(machine),
    soon: (task) => void process.wakeAt(scheduler.nowMicros, task),
    wakeAt(atMs, wake) {
      if (atMs === Infinity) return () => undefined
      const micros = Math.ceil(((atMs * 1000 - machine.bootMicros) * 1_000_000) / rate)
      return process.wakeAt(Math.max(micros + 1, scheduler.nowMicros), wake)
    },
  }
}

function onSignal(process: SimProcess, name: SignalName, handler: () => void): () => void {
  const byName = handlersByProcess.get(process) ?? new Map<SignalName, Set<() => void>>()
  handlersByProcess.set(process, byName)
  const handlers = byName.get(name) ?? new Set<() => void>()
  byName.set(name, handlers)
  handlers.add(handler)
  return () => void handlers.delete(handler)
}

function lookup(world: World, name: string): readonly string[] {
  if (name === 'localhost') return ['127.0.0.1', '::1']
  if (isLoopback(name) || /^[0-9.]+$/.test(name) || name.includes(':')) return [name]
  return world.names.get(name) ?? []
}

function refuseProgram(command: readonly string[]): Promise<never> {
  return Promise.reject(new HostError('ENOENT', `Cannot run "${command[0] ?? ''}": no programs here`))
}

function simSystem(machine: Machine, process: SimProcess, args: readonly string[]): Host['system'] {
  const v4 = { family: 4, netmask: '255.255.0.0', isLoopback: false } as const
  const loopback = { name: 'lo', isLoopback: true } as const
  return {
    hostname: () => machine.name,
    interfaces: () => [
      { ...loopback, ip: '127.0.0.1', family: 4, netmask: '255.0.0.0' },
      { ...loopback, ip: '::1', family: 6, netmask: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff' },
      { ...v4, name: 'eth0', ip: machine.ip },
      { name: 'eth0', ip: machine.ip6, family: 6, netmask: 'ffff:ffff:ffff:ffff::', isLoopback: false },
    ],
    pid: process.pid,
    args,
    programName: 'proconsul',
    env: {},
    cwd: '/',
    os: 'linux',
    arch: 'amd64',
    cpuCount: 2,
    runtimeVersion: '0.0.0-sim',
    usage: () => ({ residentBytes: 1 << 25, heapBytes: 1 << 24, cpuMicros: 1000 }),
    profile: () => Promise.reject(new HostError('ENOSYS', 'The simulator has no processor')),
    settled: () => undefined,
    rested: () => undefined,
    exit(code) {
      process.end('kill')
      throw new HostError('EXIT', `The process ended with ${code}`)
    },
  }
}

function simConsole(machine: Machine): Host['console'] {
  const keep = (text: string): void => {
    machine.consoleLines.push(...text.split('\n').filter((line) => line !== ''))
    if (machine.consoleLines.length > consoleLinesMax) {
      machine.consoleLines.splice(0, machine.consoleLines.length - consoleLinesMax)
    }
  }
  return {
    out: (text) => keep(typeof text === 'string' ? text : new TextDecoder().decode(text)),
    err: keep,
    readStdin: () => Promise.resolve(new Uint8Array()),
    isTerminal: false,
  }
}
