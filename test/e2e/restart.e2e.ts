// Servers that die all at once, and a leader that dies while a client writes: what was acknowledged is still there.
import { runScript, until, type Script } from './harness.ts'
import { commonLeader, LocalAgents, type LocalAgent } from './local-agents.ts'

const agents = new LocalAgents()
const ips = ['127.0.92.1', '127.0.92.2', '127.0.92.3']
let servers: LocalAgent[] = []

function start(): void {
  servers = ips.map((ip, at) => {
    const flags = ['-server', '-bootstrap-expect=3', ...ips.map((other) => `-retry-join=${other}`)]
    return agents.start({ node: `server-${at + 1}`, ip, flags })
  })
}

async function whoLeads(among: readonly LocalAgent[]): Promise<LocalAgent> {
  const address = await commonLeader(among)
  const leader = among.find((server) => address === `${server.ip}:8300`)
  if (leader === undefined) throw new Error(`the leader ${address} is none of them`)
  return leader
}

async function put(at: LocalAgent, key: string): Promise<boolean> {
  const init = { method: 'PUT', body: `value of ${key}`, signal: AbortSignal.timeout(2_000) }
  const answer = await at.request(`/v1/kv/${key}`, init)
  return answer.status === 200 && (await answer.text()).trim() === 'true'
}

/** Fails unless every acknowledged key can be read through this server, with its value. */
async function allThere(at: LocalAgent, acknowledged: readonly string[]): Promise<void> {
  const pairs = await until(`${at.node} reads all keys`, () =>
    at.get<readonly { Key: string; Value: string }[]>('/v1/kv/?recurse&consistent'),
  )
  const values = new Map(pairs.map(({ Key, Value }) => [Key, Buffer.from(Value, 'base64').toString()]))
  const lost = acknowledged.filter((key) => values.get(key) !== `value of ${key}`)
  if (lost.length > 0)
    throw new Error(`${lost.length} of ${acknowledged.length} acknowledged keys lost: ${lost.join(' ')}`)
}

/** Writes keys one after the other, to the next server whenever one does not acknowledge, until told to stop. */
class Writer {
  readonly acknowledged: string[] = []
  longestGapMs = 0
  #last = performance.now()
  #stopped = false
  readonly #prefix: string
  readonly #done: Promise<void>

  constructor(prefix: string, through: readonly LocalAgent[]) {
    this.#prefix = prefix
    this.#done = this.#run(through)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#done
  }

  async #run(through: readonly LocalAgent[]): Promise<void> {
    for (let at = 0, turn = 0; !this.#stopped; turn++) {
      const server = through[at % through.length]
      const key = `${this.#prefix}/${turn}`
      if (server !== undefined && (await put(server, key).catch(() => false))) this.#note(key)
      else {
        at++
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
  }

  #note(key: string): void {
    this.acknowledged.push(key)
    const now = performance.now()
    this.longestGapMs = Math.max(this.longestGapMs, now - this.#last)
    this.#last = now
  }
}

const everything: string[] = []

async function allDieAtOnce(script: Script): Promise<void> {
  await script.step('three servers elect a leader', async () => {
    start()
    await commonLeader(servers)
  })
  await script.step(
    'all are killed while keys are written, and started again: every key is there',
    async () => {
      const writer = new Writer('all', servers)
      await until('200 keys', () => writer.acknowledged.length >= 200, 30_000)
      for (const server of servers) server.signal('SIGKILL')
      await Promise.all(servers.map((server) => server.ended))
      await writer.stop()
      everything.push(...writer.acknowledged)
      start()
      const startedAt = performance.now()
      await commonLeader(servers)
      console.log(
        `     a leader ${Math.round(performance.now() - startedAt)} ms after the start of all three`,
      )
      for (const server of servers) await allThere(server, everything)
      console.log(`     ${everything.length} keys acknowledged, none lost`)
    },
  )
}

async function leaderDies(script: Script, round: number): Promise<void> {
  await script.step(`the leader is killed while keys are written (${round}): none is lost`, async () => {
    const leader = await whoLeads(servers)
    const others = servers.filter((server) => server !== leader)
    const writer = new Writer(`leader-${round}`, others)
    await until('50 keys', () => writer.acknowledged.length >= 50)
    writer.longestGapMs = 0
    leader.signal('SIGKILL')
    const before = writer.acknowledged.length
    await until('50 more keys', () => writer.acknowledged.length >= before + 50)
    await writer.stop()
    everything.push(...writer.acknowledged)
    console.log(`     longest gap between acknowledged writes ${Math.round(writer.longestGapMs)} ms`)
    for (const server of others) await allThere(server, everything)
    const { node, ip } = leader
    const flags = ['-server', '-bootstrap-expect=3', ...ips.map((other) => `-retry-join=${other}`)]
    const again = agents.start({ node, ip, flags })
    servers = [...others, again]
    await commonLeader(servers)
    await allThere(again, everything)
  })
}

await runScript(
  async (script) => {
    await allDieAtOnce(script)
    for (let round = 1; round <= 3; round++) await leaderDies(script, round)
  },
  () => agents.remove(),
)
