// The stream of changes on a real cluster: taken up again at other agents while keys are written and a server is killed,
// nothing is lost and nothing told twice; a restore is told.
import { EventParser, type ServerSentEvent } from '../../src/http/client/sse.ts'
import { equal, runScript, until } from './harness.ts'
import { commonLeader, LocalAgents, type LocalAgent } from './local-agents.ts'

const agents = new LocalAgents()
const watches = [{ type: 'kvPrefix', prefix: 'app/' }]

interface Change {
  readonly key: string
  readonly value: { readonly Value: string } | null
}

/** One client's view of the prefix, over as many connections as it takes. */
class Reader {
  readonly told: string[] = []
  token = ''
  resets = 0
  heartbeats = 0
  #gone = new AbortController()

  /** Reads from an agent until the connection ends or `leave` is called. */
  async follow(agent: LocalAgent): Promise<void> {
    this.#gone = new AbortController()
    const parser = new EventParser()
    try {
      const response = await agent.request('/v1/watch', {
        method: 'POST',
        body: JSON.stringify({ watches, resume: this.token }),
        signal: this.#gone.signal,
      })
      if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
      for await (const piece of response.body ?? []) for (const event of parser.push(piece)) this.#take(event)
    } catch (error) {
      if (error instanceof Error && /^\d/.test(error.message)) throw error
    }
  }

  leave(): void {
    this.#gone.abort()
  }

  #take({ event, id, data }: ServerSentEvent): void {
    this.token = id
    if (event === 'heartbeat') this.heartbeats++
    if (event === 'reset') {
      this.resets++
      this.told.length = 0
    }
    if (event !== 'change') return
    const { key, value } = JSON.parse(data) as Change
    this.told.push(`${key}=${value === null ? '-' : atob(value.Value)}`)
  }
}

let servers: LocalAgent[] = []
let client: LocalAgent | undefined

async function put(at: LocalAgent, key: string, value: string): Promise<void> {
  await until(`${key} is written`, async () => {
    const answer = await at.request(`/v1/kv/${key}`, { method: 'PUT', body: value })
    return answer.status === 200
  })
}

function agentOf(found: LocalAgent | undefined): LocalAgent {
  if (found === undefined) throw new Error('not started')
  return found
}

async function formCluster(): Promise<void> {
  const joins = [1, 2, 3].map((number) => `-retry-join=127.0.101.${number}`)
  servers = [1, 2, 3].map((number) =>
    agents.start({
      node: `s${number}`,
      ip: `127.0.101.${number}`,
      flags: ['-server', '-bootstrap-expect=3', ...joins],
    }),
  )
  client = await agents.startAndWait({ node: 'c1', ip: '127.0.101.9', flags: joins })
  for (const server of servers) await until(server.node, () => server.get('/v1/agent/self'))
  await commonLeader([...servers, client])
}

async function followWhileWriting(): Promise<void> {
  const leaderAddress = await commonLeader(servers)
  const leader = agentOf(servers.find((server) => leaderAddress === `${server.ip}:8300`))
  const [victim, other] = servers.filter((server) => server !== leader)
  const reader = new Reader()
  const written: string[] = []
  const writing = (async () => {
    for (let i = 0; i < 600; i++) {
      await put(leader, `app/${i}`, String(i))
      written.push(`app/${i}=${i}`)
    }
  })()
  const has = (count: number): Promise<boolean> =>
    until(`${count} events`, () => reader.told.length >= count, 30_000)
  for (const [at, agent] of [victim, agentOf(client), other, leader, victim, agentOf(client)].entries()) {
    const following = reader.follow(agentOf(agent))
    if (at < 5) {
      await has((at + 1) * 80)
      if (at === 4) agentOf(victim).signal('SIGKILL')
      else reader.leave()
      await following
      continue
    }
    await writing
    await put(leader, 'app/end', 'x')
    await until('the last one is told', () => reader.told.includes('app/end=x'))
    reader.leave()
    await following
  }
  equal(reader.told, [...written, 'app/end=x'], 'what was told')
  equal(reader.resets, 0, 'resets')
  servers = servers.filter((server) => server !== victim)
}

async function tellDeletions(): Promise<void> {
  const [first] = servers
  const reader = new Reader()
  const following = reader.follow(agentOf(client))
  await until('all is told', () => reader.heartbeats > 0)
  reader.leave()
  await following
  reader.told.length = 0
  await agentOf(first).request('/v1/kv/app/1?recurse', { method: 'DELETE' })
  const again = reader.follow(agentOf(first))
  // app/1, app/10 to app/19, app/100 to app/199.
  await until('111 deletions', () => reader.told.length >= 111)
  equal([...new Set(reader.told.map((told) => told.replace(/.*=/, '')))], ['-'], 'values')
  reader.leave()
  await again
}

async function tellRestore(): Promise<void> {
  const [first] = servers
  const archive = await (await agentOf(first).request('/v1/snapshot')).arrayBuffer()
  const [open, late] = [new Reader(), new Reader()]
  const following = open.follow(agentOf(client))
  const once = late.follow(agentOf(first))
  await until('both are told', () => open.heartbeats > 0 && late.heartbeats > 0)
  late.leave()
  await once
  await put(agentOf(first), 'app/later', 'x')
  const restored = await agentOf(first).request('/v1/snapshot', { method: 'PUT', body: archive })
  equal(restored.status, 200, 'restore')
  await until('the open one is told', () => open.resets === 1 && open.told.includes('app/end=x'))
  equal(open.told.includes('app/later=x'), false, 'a key from after the snapshot')
  const back = late.follow(agentOf(client))
  await until('the other one is told', () => late.resets === 1 && late.told.includes('app/end=x'))
  open.leave()
  late.leave()
  await Promise.all([following, back])
}

await runScript(
  async (script) => {
    await script.step('three servers and a client', formCluster)
    await script.step('goes on at other agents, also when one is killed', followWhileWriting)
    await script.step('tells deletions that happened meanwhile', tellDeletions)
    await script.step('a restore is told, to open streams and to those that come back', tellRestore)
  },
  () => agents.remove(),
)
