// Who a node is across restarts: a server with a new address or a new name, and a name whose holder has died.
import { equal, runScript, until } from './harness.ts'
import { commonLeader, LocalAgents, membersEverywhere, type LocalAgent } from './local-agents.ts'

interface RaftServer {
  readonly Node: string
  readonly Address: string
  readonly Voter: boolean
}

const agents = new LocalAgents()
const ips = ['127.0.97.1', '127.0.97.2', '127.0.97.3'] as const
const join = ips.slice(0, 2).map((ip) => `-retry-join=${ip}`)
const flags = ['-server', '-bootstrap-expect=3', ...join]
let servers: LocalAgent[] = []

/** The Raft configuration as `node address` lines, once all are voters. */
async function peers(at: LocalAgent): Promise<string> {
  const { Servers } = await at.get<{ readonly Servers: readonly RaftServer[] }>(
    '/v1/operator/raft/configuration',
  )
  return Servers.filter((s) => s.Voter)
    .map((s) => `${s.Node} ${s.Address}`)
    .toSorted(byText)
    .join(', ')
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1
}

async function catalog(at: LocalAgent): Promise<string> {
  const nodes = await at.get<readonly { Node: string; Address: string }[]>('/v1/catalog/nodes')
  return nodes.map((n) => `${n.Node} ${n.Address}`).join(', ')
}

/** Stops the third server without a leave and starts it again on its old data. */
async function restartThird(node: string, ip: string): Promise<void> {
  const third = servers[2]
  third?.signal('SIGTERM')
  await third?.ended
  servers[2] = await agents.startAndWait({ node, ip, flags, dataDir: third?.dataDir ?? '' })
}

await runScript(
  async (script) => {
    await script.step('three servers', async () => {
      servers = ips.map((ip, at) => agents.start({ node: `s${at + 1}`, ip, flags }))
      await until('s1 answers', () => servers[0]?.get('/v1/agent/self'))
      await commonLeader(servers)
      await until(
        'a write',
        async () => (await servers[0]?.request('/v1/kv/a', { method: 'PUT', body: 'b' }))?.status === 200,
      )
    })
    await script.step('a server back with a new address is the same server', async () => {
      await restartThird('s3', '127.0.97.33')
      await membersEverywhere(servers, { s1: 1, s2: 1, s3: 1 })
      const wanted = 's1 127.0.97.1:8300, s2 127.0.97.2:8300, s3 127.0.97.33:8300'
      for (const server of servers)
        await until(`peers of ${server.node} are ${wanted}`, async () => (await peers(server)) === wanted)
      await until('the catalog follows', async () =>
        (await catalog(servers[0] as LocalAgent)).includes('s3 127.0.97.33'),
      )
      equal((await servers[2]?.request('/v1/kv/a?raw'))?.status, 200)
    })
    await script.step('a server back with a new name leaves nothing of the old one', async () => {
      await restartThird('renamed', '127.0.97.33')
      await membersEverywhere(servers, { s1: 1, s2: 1, renamed: 1 })
      const wanted = 'renamed 127.0.97.33, s1 127.0.97.1, s2 127.0.97.2'
      await until(
        `the catalog is ${wanted}`,
        async () => (await catalog(servers[0] as LocalAgent)) === wanted,
      )
      await until('it is a voter', async () =>
        (await peers(servers[0] as LocalAgent)).includes('renamed 127.0.97.33:8300'),
      )
    })
    await script.step('a dead node’s name is taken over by its replacement, after a while', async () => {
      const first = await agents.startAndWait({ node: 'c1', ip: '127.0.97.11', flags: join })
      await membersEverywhere(servers, { s1: 1, s2: 1, renamed: 1, c1: 1 })
      first.signal('SIGKILL')
      await first.ended
      const second = await agents.startAndWait({
        node: 'c1',
        ip: '127.0.97.12',
        flags: join,
        dataDir: `${first.dataDir}-new`,
      })
      await membersEverywhere([...servers, second], { s1: 1, s2: 1, renamed: 1, c1: 1 }, 60_000)
      await until('the catalog has the replacement', async () =>
        (await catalog(servers[0] as LocalAgent)).includes('c1 127.0.97.12'),
      )
    })
  },
  () => agents.remove(),
)
