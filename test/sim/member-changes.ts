// Servers that are added to a cluster at work, and others that leave it.
import type { Random } from '../../src/lib/random.ts'
import { Crew } from '../linearizability/crew.ts'
import type { Cluster } from './cluster.ts'
import type { SimNode } from './node.ts'

/** Between how many servers a cluster moves. */
export interface Sizes {
  readonly min: number
  readonly max: number
}

/** A cluster that begins with this many servers grows to so many, and shrinks to so many: one alone is that again. */
export function sizesOf(servers: number): Sizes {
  return servers === 1 ? { min: 1, max: 3 } : { min: 3, max: 6 }
}

/** A leave that takes longer has been overtaken by a fault. */
const leaveMs = 20_000

/** Changes of who is a server until `stop`. */
export class MemberChanges extends Crew {
  readonly #cluster: Cluster
  readonly #random: Random
  readonly #sizes: Sizes
  #added = 0

  constructor(cluster: Cluster, random: Random) {
    super((error) => cluster.fail(error))
    this.#sizes = sizesOf(cluster.servers.length)
    this.#cluster = cluster
    this.#random = random
    this.launch(this.#run())
  }

  async #run(): Promise<void> {
    const endMs = this.#cluster.world.nowMs + 30_000
    while (this.isOn && this.#cluster.world.nowMs < endMs) {
      await this.#cluster.world.pause(this.#random.between(500, 6000))
      const members = this.#cluster.servers.filter((node) => !node.hasLeft)
      const { min, max } = this.#sizes
      const grows = members.length <= min || (members.length < max && this.#random.chance(500))
      if (grows) this.#add()
      else await this.#leave()
    }
  }

  #add(): void {
    this.#added++
    const node = this.#cluster.addNode(`x${this.#added}`, true, [], true)
    this.#cluster.note(node.name, 'is added')
    node.start()
  }

  async #leave(): Promise<void> {
    const node = this.#random.pick(this.#cluster.running.filter((each) => each.isServer))
    if (node === undefined) return
    node.leave()
    const { world } = this.#cluster
    for (const endMs = world.nowMs + leaveMs; world.nowMs < endMs && node.state === 'running';)
      await world.pause(100)
    // Whose leave was refused, or cut short, is still one of them; `-rejoin` brings it back if it had said goodbye.
    if (node.lastEnd !== 'left') node.hasLeft = false
    else if (this.#mayVote(node)) this.#bringBack(node)
  }

  /** By what is final, or by what was written while it left and may become so. */
  #mayVote({ id }: SimNode): boolean {
    const { final, newest } = this.#cluster.voters
    return final.includes(id) || newest.includes(id)
  }

  /** It stopped while a fault kept the others from taking it out: of two servers the other one cannot go on without it. */
  #bringBack(node: SimNode): void {
    node.hasLeft = false
    node.reset()
    node.start()
  }
}
