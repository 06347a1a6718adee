// External services that come and go in the catalog, and people who wait for changes: what a blocking query answers
// must be newer than what was known, and in the end everyone who waits must have seen the last change.
import type { Random } from '../../src/lib/random.ts'
import { Crew } from '../linearizability/crew.ts'
import { ask, jsonOf, type Answer } from './client.ts'
import type { Cluster } from './cluster.ts'
import type { SimNode } from './node.ts'

/** How long a watcher lets a blocking query wait, and how long it waits for the answer to come. */
const watchSeconds = 5
const watchTimeoutMs = 12_000
/** Longest time from a change to the answer that tells of it, on a quiet network. */
const lateMsMax = 500

interface Watched {
  readonly index: number
  readonly answer: Answer
  readonly tookMs: number
  readonly isQuiet: boolean
  readonly isEarlyAllowed: boolean
}

/** Writers and watchers of the catalog until `stop`. */
export class CatalogWorkload extends Crew {
  readonly #cluster: Cluster
  readonly #random: Random
  #isQuiet = false

  constructor(cluster: Cluster, random: Random) {
    super((error) => cluster.fail(error))
    this.#cluster = cluster
    this.#random = random
    this.launch(this.#register())
    this.launch(this.#watch('/v1/catalog/service/ext', 'a'))
    this.launch(this.#watch('/v1/kv/app/?recurse', 'b'))
    this.launch(this.#watch('/v1/catalog/nodes', 'c'))
  }

  /** From now on nothing goes wrong: a change must be told at once. */
  becomeQuiet(): void {
    this.#isQuiet = true
  }

  /** Registers and deregisters instances of one service on external nodes. */
  async #register(): Promise<void> {
    const random = this.#random.fork('register')
    for (let port = 1; this.isOn; port++) {
      await this.#cluster.world.pause(random.between(50, 1500))
      const node = random.pick(this.#cluster.nodes)
      if (node === undefined) return
      const Node = `ext-${random.below(3)}`
      const isAdded = random.chance(700)
      const Service = { Service: 'ext', ID: `ext-${random.below(3)}`, Port: port }
      const body = isAdded ? { Node, Address: '192.0.2.1', Service } : { Node, ServiceID: Service.ID }
      const path = `/v1/catalog/${isAdded ? 'register' : 'deregister'}`
      const answer = await ask(this.#cluster.world, node, {
        method: 'PUT',
        path,
        body: JSON.stringify(body),
        timeoutMs: 8000,
      })
      this.#note(node, `${path} ${Node} ${Service.ID}`, answer)
    }
  }

  /** Waits for changes through one agent after the other. */
  async #watch(path: string, name: string): Promise<void> {
    const { world } = this.#cluster
    const random = this.#random.fork(`watch ${name}`)
    let index = 0
    while (this.isOn) {
      const node = random.pick(this.#cluster.nodes)
      if (node === undefined) return
      const startMicros = world.scheduler.nowMicros
      const isQuiet = this.#isQuiet
      const { restores } = this.#cluster
      const join = path.includes('?') ? '&' : '?'
      const query = `${path}${join}index=${index}&wait=${watchSeconds}s`
      const answer = await ask(world, node, { path: query, timeoutMs: watchTimeoutMs })
      this.#note(node, `watch ${name} ${index} -> ${answer.index}`, answer)
      if (answer.status !== 200 && answer.status !== 404) {
        await this.#cluster.world.pause(200)
        continue
      }
      this.#checkAnswer(query, {
        index,
        answer,
        tookMs: (world.scheduler.nowMicros - startMicros) / 1000,
        isQuiet,
        // A restore ends all waits at once, and so does the stop of the agent that was asked.
        isEarlyAllowed: restores !== this.#cluster.restores || answer.header('connection') === 'close',
      })
      // A server that has not caught up yet may know less; the client begins anew then, as the reference demands.
      index = answer.index < index ? 0 : answer.index
    }
  }

  #checkAnswer(query: string, { index, answer, tookMs, isQuiet, isEarlyAllowed }: Watched): void {
    this.#cluster.check(() => {
      const lateMs = this.#lateMs(answer.index, tookMs)
      if (isQuiet && index > 0 && answer.index > index && lateMs > lateMsMax) {
        throw new Error(`watchMissed: ${query} is told of ${answer.index} ${lateMs} ms late`)
      }
      if (answer.index < 1) throw new Error(`watchIndex: ${query} is answered with index ${answer.index}`)
      if (!isEarlyAllowed && answer.index <= index && index > 1 && tookMs < watchSeconds * 990) {
        throw new Error(`watchEarly: ${query} is answered with ${answer.index} after ${tookMs} ms`)
      }
    })
  }

  /** How long after a change, or after the question if that came later, it was told. */
  #lateMs(index: number, tookMs: number): number {
    const { world, appliedAtMicros } = this.#cluster
    const appliedMicros = appliedAtMicros.get(index) ?? world.scheduler.nowMicros
    return Math.min(tookMs, (world.scheduler.nowMicros - appliedMicros) / 1000)
  }

  #note(node: SimNode, what: string, answer: Answer): void {
    this.#cluster.note(node.name, `${what}: ${answer.status}`)
  }
}

/** What every server holds by itself must be the same once nothing is written any more. Returns what is not. */
export async function compareServers(cluster: Cluster): Promise<readonly string[]> {
  const problems: string[] = []
  const paths = [
    '/v1/kv/?recurse&stale',
    '/v1/catalog/nodes?stale',
    '/v1/catalog/service/ext?stale',
    '/v1/health/state/any?stale',
  ]
  const servers = cluster.servers.filter((node) => node.state === 'running')
  for (const path of paths) {
    const bodies = new Map<string, string>()
    for (const node of servers) {
      const answer = await ask(cluster.world, node, { path, timeoutMs: 5000 })
      const key = `${answer.status} ${answer.index} ${answer.body}`
      bodies.set(key, `${bodies.get(key) ?? ''} ${node.name}`)
    }
    if (bodies.size > 1)
      problems.push(`stateDiffers: ${path}:${[...bodies].map(([k, v]) => `${v}: ${k}`).join('\n')}`)
  }
  return problems
}

/** The catalog must say who is there: passing for those who run, critical for those who do not, no one who left. */
export async function compareCatalog(cluster: Cluster, through: SimNode): Promise<readonly string[]> {
  const answer = await ask(cluster.world, through, { path: '/v1/health/state/any', timeoutMs: 5000 })
  const checks = (jsonOf(answer) ?? []) as readonly { Node: string; CheckID: string; Status: string }[]
  const health = new Map<string, string>()
  for (const check of checks) if (check.CheckID === 'serfHealth') health.set(check.Node, check.Status)
  const problems: string[] = []
  for (const node of cluster.nodes) {
    const found = health.get(node.name) ?? 'absent'
    const allowed = allowedHealth(node)
    if (!allowed.includes(found))
      problems.push(`catalog: ${node.name} is ${found}, not ${allowed.join(' or ')}`)
  }
  return problems
}

/** Autopilot lets go of failed servers while there are enough others: then they leave the catalog as well. */
function allowedHealth(node: SimNode): readonly string[] {
  // Whoever did not hear that it left takes it for failed.
  if (node.hasLeft) return ['absent', 'critical']
  if (node.state === 'running') return ['passing']
  return node.isServer ? ['critical', 'absent'] : ['critical']
}
