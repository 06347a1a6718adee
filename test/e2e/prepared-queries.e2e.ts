// A prepared query of one datacenter and the servers of two: by HTTP at a client, by DNS with a real stub resolver, by
// command; here, elsewhere, and while the other datacenter hangs.
import { Resolver } from 'node:dns/promises'
import { equal, executable, runScript, until } from './harness.ts'
import { type LocalAgent, LocalAgents } from './local-agents.ts'
import { execFileSync } from 'node:child_process'

const agents = new LocalAgents()
const [one, two, client] = ['127.0.89.1', '127.0.89.2', '127.0.89.3'] as const

interface Answer {
  readonly Datacenter: string
  readonly Failovers: number
  readonly Nodes: readonly { readonly Node: { readonly Node: string; readonly Address: string } }[]
}

async function send(agent: LocalAgent, path: string, body: unknown, method: string = 'PUT'): Promise<void> {
  const answer = await agent.request(path, { method, body: JSON.stringify(body) })
  equal(`${answer.status} ${answer.status === 200 ? '' : await answer.text()}`, '200 ')
}

/** The datacenter that answers, how many were asked, and who was found. */
async function found(agent: LocalAgent, name: string): Promise<string> {
  const { Datacenter, Failovers, Nodes } = await agent.get<Answer>(`/v1/query/${name}/execute`)
  return [Datacenter, Failovers, ...Nodes.map(({ Node }) => Node.Node)].join(' ')
}

async function addresses(agent: LocalAgent, name: string): Promise<string> {
  const resolver = new Resolver({ timeout: 8000, tries: 1 })
  resolver.setServers([`${agent.ip}:8600`])
  const answers = await resolver.resolve4(`${name}.query.consul`, { ttl: true })
  return answers.map(({ address, ttl }) => `${address} ${ttl}`).join(', ')
}

function instance(node: string, address: string): unknown {
  return { Node: node, Address: address, Service: { Service: 'web', Port: 80 } }
}

await runScript(
  async (script) => {
    let first: LocalAgent
    let second: LocalAgent
    let third: LocalAgent
    const server = ['-server', '-bootstrap-expect=1']
    await script.step('two datacenters that know each other', async () => {
      first = await agents.startAndWait({ node: 's1', ip: one, flags: server })
      const flags = [...server, '-datacenter=dc2', `-retry-join-wan=${one}`]
      second = await agents.startAndWait({ node: 's2', ip: two, flags })
      third = await agents.startAndWait({ node: 'c1', ip: client, flags: [`-retry-join=${one}`] })
      await until('both know both', async () => {
        const known = await Promise.all(
          [first, second, third].map((agent) => agent.get<readonly string[]>('/v1/catalog/datacenters')),
        )
        return known.every((datacenters) => datacenters.length === 2)
      })
      for (const agent of [first, second])
        await until(`${agent.node} leads`, async () => (await agent.get<string>('/v1/status/leader')) !== '')
    })
    await script.step('a template is found elsewhere by all who ask', async () => {
      await send(second, '/v1/catalog/register', instance('there', '10.2.0.1'))
      const query = {
        Name: 'my-',
        Template: { Type: 'name_prefix_match', Regexp: '^my-(.*)$' },
        Service: { Service: '${match(1)}', Failover: { NearestN: 1 } },
        DNS: { TTL: '9s' },
      }
      await send(third, '/v1/query', query, 'POST')
      for (const agent of [first, third]) {
        equal(await found(agent, 'my-web'), 'dc2 1 there')
        equal(await addresses(agent, 'my-web'), '10.2.0.1 9')
      }
      const args = ['query', 'execute', `-http-addr=${client}:8500`, 'my-web']
      const printed = execFileSync(executable, args, { encoding: 'utf8' })
      equal(/^there +web +10\.2\.0\.1 +80 +dc2$/m.test(printed), true)
    })
    await script.step('a datacenter that hangs costs seconds, and no more', async () => {
      second.signal('SIGSTOP')
      const startMs = performance.now()
      equal(await found(third, 'my-web'), 'dc1 1')
      equal(performance.now() - startMs < 8000, true)
      second.signal('SIGCONT')
      await until('it answers again', async () => (await found(third, 'my-web')) === 'dc2 1 there')
    })
    await script.step('what is here comes first', async () => {
      await send(third, '/v1/catalog/register', instance('here', '10.1.0.1'))
      equal(await found(third, 'my-web'), 'dc1 0 here')
      await until('DNS follows', async () => (await addresses(third, 'my-web')) === '10.1.0.1 9')
    })
  },
  () => agents.remove(),
)
