// The simulated world: machines on a network under one virtual clock. `boot` starts a process on a machine and hands
// out its Host: the port that the shipped agent runs on. Everything that is random comes from one seed.
import { seededRandom, type Random } from '../../src/lib/random.ts'
import type { Host, HttpFetchOptions } from '../../src/runtime/host.ts'
import { fetchFrom, type HttpServers } from './http.ts'
import { simHost } from './host.ts'
import { Links, quietLinks } from './links.ts'
import { isLoopback, Machine } from './machine.ts'
import { SimProcess } from './process.ts'
import { createScheduler, type Scheduler } from './scheduler.ts'
import { createTrace, type Trace } from './trace.ts'

/** What a world is made from. */
export interface WorldOptions {
  readonly seed: number
  /** Sees each line of the trace. */
  readonly onLine?: (line: string) => void
}

/** A process and the port it runs on. */
export interface Booted {
  readonly process: SimProcess
  readonly host: Host
  readonly machine: Machine
}

/** Wall time at the start of every run: 2026-01-01T00:00:00Z. */
const epochWallMs = 1_767_225_600_000

/** Everything outside the programs. */
export class World {
  readonly scheduler: Scheduler = createScheduler()
  readonly random: Random
  readonly links: Links
  readonly trace: Trace
  readonly machines: Machine[] = []
  readonly httpServers: HttpServers = new Map()
  /** Host names for `names.lookup`. */
  readonly names: Map<string, readonly string[]> = new Map()
  /** Sees the size of each datagram that is sent. */
  onDatagram: (from: Machine, bytes: number) => void = () => undefined
  readonly #byIp = new Map<string, Machine>()
  readonly #segments: Random
  #pids = 100
  readonly #deliveries: { readonly number: number; readonly deliver: () => void }[] = []
  #requests = 0
  #isDelivering = false

  constructor(options: WorldOptions) {
    this.random = seededRandom(options.seed)
    this.links = new Links(this.random.fork('links'), quietLinks)
    this.trace = createTrace(options.onLine)
    this.#segments = this.random.fork('segments')
  }

  get nowMs(): number {
    return Math.floor(this.scheduler.nowMicros / 1000)
  }

  addMachine(name: string): Machine {
    const number = this.machines.length
    const machine = new Machine(number, name, this.random.fork(`machine ${number}`))
    this.machines.push(machine)
    this.#byIp.set(machine.ip, machine)
    this.#byIp.set(machine.ip6, machine)
    this.names.set(name, [machine.ip])
    return machine
  }

  /** Starts a process; the machine is switched on if need be. */
  boot(machine: Machine, args: readonly string[] = []): Booted {
    machine.isOn = true
    const process = new SimProcess(this.scheduler, machine.name, this.#pids++)
    machine.processes.add(process)
    return { process, machine, host: simHost(this, machine, process, args) }
  }

  machineAt(ip: string, from: Machine): Machine | undefined {
    return isLoopback(ip) ? from : this.#byIp.get(ip)
  }

  wallMs(machine: Machine): number {
    return epochWallMs + this.nowMs + machine.wallSkewMs
  }

  segmentSize(max: number): number {
    return this.#segments.chance(200) ? this.#segments.between(1, 64) : this.#segments.between(64, max)
  }

  /** A request by a person at a machine. */
  fetch(machine: Machine, url: string, options: HttpFetchOptions = {}): Promise<Response> {
    return fetchFrom(this, { machine, process: null }, url, options)
  }

  /**
   * Delivers answers in the order of their requests, as events after this moment: in which order bodies are read
   * within it depends on the runtime.
   */
  deliverInOrder<T>(work: Promise<T>, deliver: (value: T) => void): void {
    const number = this.#requests++
    const done = work.then((value) => {
      this.#deliveries.push({ number, deliver: () => deliver(value) })
      this.scheduleDeliveries()
    })
    done.catch((error: unknown) => {
      throw error
    })
  }

  scheduleDeliveries(): void {
    if (this.#isDelivering) return
    this.#isDelivering = true
    this.scheduler.after(1, () => {
      this.#isDelivering = false
      const ready = this.#deliveries.splice(0).sort((a, b) => a.number - b.number)
      for (const { deliver } of ready) this.scheduler.after(0, deliver)
    })
  }

  /** For those who live in the world: resolves so much virtual time later. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.scheduler.after(ms * 1000, resolve))
  }

  /** Runs for so long. */
  async run(ms: number): Promise<void> {
    await this.scheduler.runUntil(this.scheduler.nowMicros + ms * 1000)
  }

  /** Runs until a condition holds, at most for so long; true if it does. */
  until(condition: () => boolean, ms: number): Promise<boolean> {
    return this.scheduler.runUntil(this.scheduler.nowMicros + ms * 1000, condition)
  }

  /** Runs until a promise is settled, and returns its value; fails when virtual time runs out. */
  async wait<T>(work: Promise<T>, ms: number): Promise<T> {
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    work.then(settle, settle)
    if (!(await this.until(() => isSettled, ms)))
      throw new Error(`Nothing came within ${ms} ms of virtual time`)
    return work
  }
}
