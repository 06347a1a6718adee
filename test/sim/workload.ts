// Clients that write and read keys through any agent, and note what they were told; see checkers/kv.ts for what they
// may be told. Each has a key of its own, and all share one counter.
import type { Random } from '../../src/lib/random.ts'
import { Crew } from '../linearizability/crew.ts'
import { ask, jsonOf, type Answer } from './client.ts'
import type { Cluster } from './cluster.ts'
import type { SimNode } from './node.ts'

/** How long a client waits for an answer. */
const timeoutMs = 8000

/** Clients at work until `stop`. */
export class Workload extends Crew {
  readonly #cluster: Cluster
  readonly #random: Random
  readonly #counter = 'app/counter'

  constructor(cluster: Cluster, clients: number, random: Random) {
    super((error) => cluster.fail(error))
    this.#cluster = cluster
    this.#random = random
    for (let i = 0; i < clients; i++) this.launch(this.#clientOf(i))
    this.launch(this.#counterClient('a'))
    this.launch(this.#counterClient('b'))
  }

  /** Reads every key through a node and checks it against all that was acknowledged. */
  async verify(node: SimNode): Promise<void> {
    const { kv } = this.#cluster
    for (const key of kv.keys) await this.#read(node, key)
    for (const key of kv.counters) {
      const answer = await this.#get(node, key)
      const value = valueOf(answer)
      if (answer.status === 200 || answer.status === 404) {
        this.#cluster.check(() => kv.onCounter(key, value ?? 0))
      }
    }
  }

  async #clientOf(number: number): Promise<void> {
    const key = `app/client-${number}`
    const random = this.#random.fork(key)
    for (let value = 1; this.isOn; value++) {
      const node = random.pick(this.#cluster.nodes)
      if (node === undefined) return
      if (random.chance(600)) await this.#write(node, key, value)
      else await this.#read(node, key)
      await this.#cluster.world.pause(random.between(5, 400))
    }
  }

  async #write(node: SimNode, key: string, value: number): Promise<void> {
    const { world, kv } = this.#cluster
    const acknowledge = kv.onWrite(key, value, world.scheduler.nowMicros)
    const answer = await ask(world, node, {
      method: 'PUT',
      path: `/v1/kv/${key}`,
      body: `${value}`,
      timeoutMs,
    })
    this.#note(node, `put ${key} ${value}`, answer)
    if (answer.status === 200 && answer.body === 'true') acknowledge(world.scheduler.nowMicros)
  }

  async #read(node: SimNode, key: string): Promise<void> {
    const { world, kv } = this.#cluster
    const startMicros = world.scheduler.nowMicros
    // Default reads rest on the leader's lease: with clocks that drift this little they are up to date too.
    const answer = await this.#get(node, key, this.#random.chance(500) ? '' : '?consistent')
    if (answer.status !== 200 && answer.status !== 404) return
    this.#cluster.check(() => kv.onRead(key, valueOf(answer), startMicros))
  }

  async #get(node: SimNode, key: string, options = '?consistent'): Promise<Answer> {
    const answer = await ask(this.#cluster.world, node, { path: `/v1/kv/${key}${options}`, timeoutMs })
    this.#note(node, `get ${key} ${valueOf(answer) ?? '-'}`, answer)
    return answer
  }

  /** Adds one to the counter by compare-and-set, again and again. */
  async #counterClient(name: string): Promise<void> {
    const { world, kv } = this.#cluster
    const random = this.#random.fork(`counter ${name}`)
    while (this.isOn) {
      await this.#cluster.world.pause(random.between(20, 800))
      const node = random.pick(this.#cluster.nodes)
      if (node === undefined) return
      const before = await this.#get(node, this.#counter)
      if (before.status !== 200 && before.status !== 404) continue
      const path = `/v1/kv/${this.#counter}?cas=${modifyIndexOf(before)}`
      const body = `${(valueOf(before) ?? 0) + 1}`
      const answer = await ask(world, node, { method: 'PUT', path, body, timeoutMs })
      this.#note(node, `cas ${this.#counter} ${body}`, answer)
      const isKnown = answer.status === 200
      kv.onCas(this.#counter, !isKnown ? 'unknown' : answer.body === 'true' ? 'applied' : 'refused')
    }
  }

  #note(node: SimNode, what: string, answer: Answer): void {
    this.#cluster.note(
      node.name,
      `${what}: ${answer.status} ${answer.status === 200 ? '' : answer.body.slice(0, 60)}`,
    )
  }
}

function entryOf(answer: Answer): { readonly Value: string; readonly ModifyIndex: number } | undefined {
  const parsed = jsonOf(answer) as
    | readonly { readonly Value: string; readonly ModifyIndex: number }[]
    | undefined
  return parsed?.[0]
}

/** The number that a key holds, or null. */
function valueOf(answer: Answer): number | null {
  const entry = entryOf(answer)
  return entry === undefined ? null : Number(atob(entry.Value))
}

function modifyIndexOf(answer: Answer): number {
  return entryOf(answer)?.ModifyIndex ?? 0
}
