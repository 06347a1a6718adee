// Service teams at work: definitions in files that are changed and read again, registrations, checks that are told,
// maintenance, on each agent by itself; and somebody who spoils the catalog. In the end what each agent says and what
// the catalog says must be the same, and what was acknowledged must be there.
import type { Random } from '../../src/lib/random.ts'
import { Crew } from '../linearizability/crew.ts'
import { ask, type Answer } from './client.ts'
import { catalogSpoilers, type Archive } from './catalog-spoilers.ts'
import type { Cluster } from './cluster.ts'
import { differencesOf, viewOf, type View } from './checkers/services.ts'
import type { SimNode } from './node.ts'

/** One period of anti-entropy with its random part, and the retry of a write that failed at its end. */
const periodMs = 120_000 + 30_000
const timeoutMs = 9000

/** What an id may be by all that was answered: the ports that it may have, null for its absence. */
type Possible = readonly (number | null)[]

/** Services of one agent, as its clients know them. */
interface Known {
  /** By the API. */
  readonly byApi: Map<string, Possible>
  /** The last change could not be persisted: what is not there now may be back after a restart. */
  isUnsure: boolean
  /** In the file that was written last. */
  inFile: readonly FileService[]
}

interface FileService {
  readonly id: string
  readonly port: number
  readonly tags: readonly string[]
}

/** Teams at work until `stop`. */
export class ServicesWorkload extends Crew {
  readonly #cluster: Cluster
  readonly #random: Random
  readonly #known = new Map<SimNode, Known>()
  readonly verifyMsMax: number = periodMs + 100_000
  #operations = 0
  #isQuiet = false

  constructor(cluster: Cluster, random: Random) {
    super((error) => cluster.fail(error))
    this.#cluster = cluster
    this.#random = random
    for (const node of cluster.nodes) {
      this.#known.set(node, { byApi: new Map(), isUnsure: false, inFile: [] })
      this.launch(this.#team(node))
      this.launch(this.#teller(node))
    }
    this.launch(this.#editor())
    this.launch(this.#spoiler())
  }

  get operations(): number {
    return this.#operations
  }

  /** From now on nobody spoils the catalog. */
  becomeQuiet(): void {
    this.#isQuiet = true
  }

  /** A period of anti-entropy later, is everything as it should be? */
  async verify(through: SimNode): Promise<readonly string[]> {
    const running = this.#cluster.nodes.filter((node) => node.state === 'running')
    for (const node of running) await this.#readFiles(node)
    await this.#cluster.world.pause(periodMs)
    const problems: string[] = []
    for (const node of running) {
      const view = await viewOf(this.#cluster.world, node, through)
      problems.push(...differencesOf(node.name, view), ...this.#missing(node, view))
    }
    return problems
  }

  /** Registers and deregisters, one thing after the other. */
  async #team(node: SimNode): Promise<void> {
    const random = this.#random.fork(`team ${node.name}`)
    for (let port = 1000; this.isOn; port++) {
      await this.#cluster.world.pause(random.between(50, 2500))
      const id = `api-${random.below(4)}`
      if (random.chance(650))
        await this.#register(node, { id, port, tags: random.chance(500) ? ['a'] : [] }, random)
      else await this.#deregister(node, id)
    }
  }

  async #register(node: SimNode, { id, port, tags }: FileService, random: Random): Promise<void> {
    const body = {
      ID: id,
      Name: 'api',
      Port: port,
      Tags: tags,
      EnableTagOverride: id === 'api-0',
      Checks: checksFor(random),
    }
    const query = random.chance(300) ? '?replace-existing-checks=true' : ''
    const answer = await this.#put(node, `/v1/agent/service/register${query}`, body)
    const known = this.#knownOf(node)
    const { byApi } = known
    if (answer.status === 200 || answer.status === 500) known.isUnsure = answer.status === 500
    byApi.set(id, answer.status === 200 ? [port] : [...(byApi.get(id) ?? [null]), port])
  }

  async #deregister(node: SimNode, id: string): Promise<void> {
    const answer = await this.#put(node, `/v1/agent/service/deregister/${id}`)
    const known = this.#knownOf(node)
    const { byApi } = known
    const possible = byApi.get(id) ?? [null]
    this.#cluster.check(() => {
      if (answer.status === 404 && !possible.includes(null))
        throw new Error(
          `lostDefinition: ${node.name} does not know ${id}, which is on ${possible.join(' or ')}`,
        )
    })
    const isGone = answer.status === 200 || (answer.status === 404 && !known.isUnsure)
    if (answer.status === 200 || answer.status === 500) known.isUnsure = answer.status === 500
    byApi.set(id, isGone ? [null] : [...possible, null])
  }

  /** Tells checks how they are, puts services into maintenance and takes them out, adds checks of the node. */
  async #teller(node: SimNode): Promise<void> {
    const random = this.#random.fork(`teller ${node.name}`)
    while (this.isOn) {
      await this.#cluster.world.pause(random.between(20, 1200))
      const id = `${random.chance(500) ? 'api' : 'file'}-${random.below(4)}`
      const checkId = random.chance(200) ? `node-${random.below(2)}` : `service:${id}`
      if (random.chance(700)) {
        const Status = random.pick(['passing', 'warning', 'critical'])
        const Output = `output ${random.below(5)}`
        await this.#put(node, `/v1/agent/check/update/${checkId}`, { Status, Output })
      } else if (random.chance(400)) {
        const query = `?enable=${random.chance(500)}&reason=because`
        await this.#put(
          node,
          random.chance(200)
            ? `/v1/agent/maintenance${query}`
            : `/v1/agent/service/maintenance/${id}${query}`,
        )
      } else if (random.chance(600)) {
        const ID = `node-${random.below(2)}`
        await this.#put(node, '/v1/agent/check/register', { ID, Name: ID, TTL: ttlOf(random) })
      } else await this.#put(node, `/v1/agent/check/deregister/${checkId}`)
    }
  }

  /** Changes the files of agents; some are read again at once, others at the next start. */
  async #editor(): Promise<void> {
    const random = this.#random.fork('editor')
    while (this.isOn) {
      await this.#cluster.world.pause(random.between(500, 8000))
      const node = random.pick(this.#cluster.nodes)
      if (node === undefined) return
      // A file that is written in part is an error of the editor's.
      const { capacityBytes, syncFailPerMille } = node.machine.disk.faults
      if (capacityBytes !== Infinity || syncFailPerMille > 0) continue
      this.#edit(node, random)
      if (random.chance(600)) await this.#put(node, '/v1/agent/reload')
    }
  }

  #edit(node: SimNode, random: Random): void {
    const ids = [0, 1, 2, 3].filter(() => random.chance(600))
    const services = ids.map((id) => {
      const tags = random.chance(500) ? ['x'] : []
      return {
        id: `file-${id}`,
        name: 'file',
        port: random.between(1, 5),
        tags,
        checks: fileChecksFor(random),
      }
    })
    node.configure({ ...node.config, services })
    this.#knownOf(node).inFile = services
    this.#cluster.note(node.name, `file has ${services.map(({ id, port }) => `${id}:${port}`).join(' ')}`)
  }

  /** The last file that was written is in force. */
  async #readFiles(node: SimNode): Promise<void> {
    const answer = await this.#put(node, '/v1/agent/reload')
    this.#cluster.check(() => {
      if (answer.status !== 200)
        throw new Error(`reload: ${node.name} answers ${answer.status} ${answer.body}`)
    })
  }

  async #spoiler(): Promise<void> {
    const random = this.#random.fork('spoiler')
    const archives: Archive[] = []
    const { world } = this.#cluster
    while (this.isOn && !this.#isQuiet) {
      await this.#cluster.world.pause(random.between(500, 5000))
      const [node, through] = [random.pick(this.#cluster.nodes), random.pick(this.#cluster.nodes)]
      if (node === undefined || through === undefined || this.#isQuiet) return
      const spoil = random.pick(catalogSpoilers)
      if (spoil === undefined) return
      this.#cluster.note(node.name, `catalog: ${spoil.name}`)
      await spoil.act({ world, through, node, address: node.machine.ip, random, archives })
    }
  }

  /** What was acknowledged and is not there, or is there in a form that nobody gave it. */
  #missing(node: SimNode, { own }: View): readonly string[] {
    const { byApi, inFile } = this.#knownOf(node)
    const wanted = new Map<string, Possible>([
      ...byApi,
      ...inFile.map(({ id, port }) => [id, [port]] as const),
    ])
    const problems: string[] = []
    for (const [id, possible] of wanted) {
      const port = own.services.get(id)?.Port ?? null
      if (!possible.includes(port))
        problems.push(`lostDefinition: ${node.name} has ${id} on ${port}, not ${possible.join(' or ')}`)
    }
    for (const id of own.services.keys())
      if (!wanted.has(id)) problems.push(`strayDefinition: ${node.name} has ${id}`)
    return problems
  }

  #knownOf(node: SimNode): Known {
    const known = this.#known.get(node)
    if (known === undefined) throw new Error(`nothing known of ${node.name}`)
    return known
  }

  async #put(node: SimNode, path: string, body?: object): Promise<Answer> {
    const text = body === undefined ? {} : { body: JSON.stringify(body) }
    const answer = await ask(this.#cluster.world, node, { method: 'PUT', path, ...text, timeoutMs })
    this.#operations++
    this.#cluster.note(
      node.name,
      `put ${path}: ${answer.status} ${answer.status === 200 ? '' : answer.body.slice(0, 60)}`,
    )
    return answer
  }
}

function ttlOf(random: Random): string {
  return random.chance(500) ? '3s' : '600s'
}

/** Checks of a service, as the API takes them: one whose id is made from the service's, one that stands for another. */
function checksFor(random: Random): readonly object[] {
  const Status = random.pick(['passing', 'critical'])
  const own = random.chance(700) ? [{ TTL: ttlOf(random), Status }] : []
  const alias = random.chance(200) ? [{ Name: 'alias', AliasService: 'file-0' }] : []
  return [...own, ...alias]
}

/** The same for files. */
function fileChecksFor(random: Random): readonly object[] {
  return random.chance(700)
    ? [{ ttl: ttlOf(random), name: 'alive', notes: random.chance(500) ? 'a' : 'b' }]
    : []
}
