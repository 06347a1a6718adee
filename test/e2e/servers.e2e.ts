// Clusters of servers by the rules of the reference: five that expect five, a sixth that joins, the leader that leaves,
// and a restart of all at once.
import { equal, runScript, until } from './harness.ts'
import { commonLeader, LocalAgents, type LocalAgent } from './local-agents.ts'

interface RaftServer {
  readonly Node: string
  readonly Leader: boolean
  readonly Voter: boolean
}

const agents = new LocalAgents()
const joins = ['-retry-join=127.0.98.1', '-retry-join=127.0.98.2']
let servers: LocalAgent[] = []

function startServer(number: number, flags: readonly string[]): LocalAgent {
  return agents.start({
    node: `s${number}`,
    ip: `127.0.98.${number}`,
    flags: ['-server', ...joins, ...flags],
  })
}

/** Names of the voters, once every server of the Raft configuration is one. */
async function voters(at: LocalAgent): Promise<string> {
  const { Servers } = await at.get<{ readonly Servers: readonly RaftServer[] }>(
    '/v1/operator/raft/configuration',
  )
  if (!Servers.every((s) => s.Voter)) throw new Error('some are learners')
  return Servers.map((s) => s.Node)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .join(' ')
}

async function write(at: LocalAgent, key: string): Promise<boolean> {
  return (await at.request(`/v1/kv/${key}`, { method: 'PUT', body: key })).status === 200
}

async function leaderOf(among: readonly LocalAgent[]): Promise<LocalAgent> {
  const address = await commonLeader(among)
  const leader = among.find((server) => address === `${server.ip}:8300`)
  if (leader === undefined) throw new Error(`the leader ${address} is none of them`)
  return leader
}

await runScript(
  async (script) => {
    await script.step('four of five do not elect', async () => {
      servers = [1, 2, 3, 4].map((number) => startServer(number, ['-bootstrap-expect=5']))
      for (const server of servers)
        await until(
          `${server.node} sees four`,
          async () => (await server.get<readonly unknown[]>('/v1/agent/members')).length === 4,
        )
      for (const server of servers) equal(await server.get('/v1/status/leader'), '')
    })
    await script.step('the fifth completes them', async () => {
      servers.push(startServer(5, ['-bootstrap-expect=5']))
      await until('s5 answers', () => servers[4]?.get('/v1/agent/self'))
      const leader = await leaderOf(servers)
      await until('five voters', async () => (await voters(leader)) === 's1 s2 s3 s4 s5')
      equal(await write(leader, 'a'), true)
    })
    await script.step('a sixth joins, catches up and becomes a voter', async () => {
      const sixth = startServer(6, [])
      await until('s6 answers', () => sixth.get('/v1/agent/self'))
      servers.push(sixth)
      await until('six voters', async () => (await voters(sixth)) === 's1 s2 s3 s4 s5 s6')
      equal((await sixth.request('/v1/kv/a?stale&raw')).status, 200)
    })
    await script.step('the leader leaves: it hands over, and is no peer any more', async () => {
      const leader = await leaderOf(servers)
      const rest = servers.filter((server) => server !== leader)
      const left = await leader.request('/v1/agent/leave', {
        method: 'PUT',
        signal: AbortSignal.timeout(20_000),
      })
      equal(left.status, 200)
      equal(await leader.ended, 0, 'exit code')
      servers = rest
      const wanted = servers
        .map((s) => s.node)
        .toSorted((a, b) => (a < b ? -1 : 1))
        .join(' ')
      await until(`voters are ${wanted}`, async () => (await voters(await leaderOf(servers))) === wanted)
      equal(await write(servers[0] as LocalAgent, 'b'), true)
    })
    await script.step('all die at once and come back with all data', async () => {
      for (const server of servers) server.signal('SIGKILL')
      await Promise.all(servers.map((server) => server.ended))
      servers = servers.map((server) => startServer(Number(server.node.slice(1)), ['-bootstrap-expect=5']))
      for (const server of servers) await until(`${server.node} answers`, () => server.get('/v1/agent/self'))
      const leader = await leaderOf(servers)
      for (const key of ['a', 'b'])
        equal(await (await leader.request(`/v1/kv/${key}?consistent&raw`)).text(), key)
    })
  },
  () => agents.remove(),
)
