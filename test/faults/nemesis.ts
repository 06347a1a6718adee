// What goes wrong in a run on real processes: one fault at a time or a few together, drawn from a seed.
import type { Random } from '../../src/lib/random.ts'
import { sleep } from '../e2e/harness.ts'
import type { ServerMachine } from './machines.ts'

const faultNames = [
  'killLeader',
  'killOne',
  'killAll',
  'pauseLeader',
  'pauseOne',
  'isolateLeader',
  'isolateOne',
  'split',
  'oneWay',
  'fillDisk',
] as const

/** A kind of fault. */
export type FaultName = (typeof faultNames)[number]

/** What a nemesis works on. */
export interface NemesisOptions {
  readonly machines: readonly ServerMachine[]
  readonly random: Random
  /** The machine whose server leads, as far as anybody knows. */
  readonly leader: () => Promise<ServerMachine | undefined>
  readonly onFault: (what: string) => void
}

/** Causes faults until `stop`. */
export class Nemesis {
  readonly #options: NemesisOptions
  readonly counts: Map<FaultName, number> = new Map(faultNames.map((name) => [name, 0]))
  #isOn = true
  readonly #work: Promise<void>

  constructor(options: NemesisOptions) {
    this.#options = options
    this.#work = this.#run()
  }

  /** Ends all faults: every server runs, on sound disks and links. */
  async stop(): Promise<void> {
    this.#isOn = false
    await this.#work
    for (const machine of this.#options.machines) {
      machine.hear()
      machine.emptyDisk()
      machine.resume()
      machine.start()
    }
  }

  async #run(): Promise<void> {
    const { random } = this.#options
    let round: FaultName[] = []
    while (this.#isOn) {
      await this.#sleep(random.between(500, 4000))
      // Servers that have ended by themselves are started again, as by a supervisor.
      for (const machine of this.#options.machines) if (!machine.isRunning) machine.start()
      // Each kind once in a round.
      if (round.length === 0) round = random.shuffle([...faultNames])
      const name = round.pop()
      if (name === undefined || !this.#isOn) continue
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
      await this.#cause(name)
    }
  }

  async #sleep(ms: number): Promise<void> {
    for (let left = ms; left > 0 && this.#isOn; left -= 100) await sleep(Math.min(left, 100))
  }

  async #cause(name: FaultName): Promise<void> {
    const { machines, random, leader, onFault } = this.#options
    const drawn = random.pick(machines)
    const one = name.endsWith('Leader') ? ((await leader()) ?? drawn) : drawn
    if (one === undefined) return
    onFault(`${name} ${name === 'killAll' || name === 'split' ? '' : one.name}`)
    switch (name) {
      case 'killLeader':
      case 'killOne':
        return this.#kill([one])
      case 'killAll':
        return this.#kill(machines)
      case 'pauseLeader':
      case 'pauseOne':
        one.pause()
        await this.#sleep(random.between(300, 8000))
        return one.resume()
      case 'fillDisk':
        one.fillDisk()
        await this.#sleep(random.between(500, 4000))
        one.emptyDisk()
        return
      default:
        return this.#cut(name, one)
    }
  }

  async #kill(victims: readonly ServerMachine[]): Promise<void> {
    await Promise.all(victims.map((machine) => machine.kill()))
    await this.#sleep(this.#options.random.between(100, 4000))
    for (const machine of victims) machine.start()
  }

  async #cut(name: 'isolateLeader' | 'isolateOne' | 'split' | 'oneWay', one: ServerMachine): Promise<void> {
    const { machines, random } = this.#options
    const side = new Set(name === 'split' ? random.shuffle([...machines]).slice(0, 2) : [one])
    const isInward = random.chance(500)
    for (const to of machines) {
      for (const from of machines) {
        if (to === from || side.has(to) === side.has(from)) continue
        if (name !== 'oneWay' || side.has(to) === isInward) to.deafen(from)
      }
    }
    await this.#sleep(random.between(500, 10_000))
    for (const machine of machines) machine.hear()
  }
}
