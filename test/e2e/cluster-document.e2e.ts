// The founding document "Consul Cluster", word for word, on two hosts with the document's own addresses.
import { cannotMakeHosts, equal, matches, runScript, sleep, until } from './harness.ts'
import { createNetwork, noHost, type HostBox, type Network, type Running } from './hosts.ts'

const reason = cannotMakeHosts()
const network: Network | null = reason === undefined ? createNetwork() : null
const one = host('one', '172.20.20.10')
const two = host('two', '172.20.20.11')

function host(name: string, ip: string): HostBox {
  if (network === null) return noHost
  return network.host(name, ip)
}

interface MemberRow {
  readonly name: string
  readonly address: string
  readonly status: string
}

function members(host: HostBox): readonly MemberRow[] {
  const ran = host.run('consul members')
  equal(ran.code, 0, `exit code of consul members on ${host.name} (${ran.err})`)
  return ran.out
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [name = '', address = '', status = ''] = line.split(/\s+/)
      return { name, address, status }
    })
}

function byName(a: readonly [string, string], b: readonly [string, string]): number {
  return a[0] < b[0] ? -1 : 1
}

function hasMembers(host: HostBox, expected: Readonly<Record<string, string>>): Promise<boolean> {
  const wanted = JSON.stringify(Object.entries(expected).toSorted(byName))
  return until(`members of ${host.name} are ${wanted}`, () => {
    const found = members(host).map((m) => [m.name, m.status] as const)
    return JSON.stringify(found.toSorted(byName)) === wanted
  })
}

const startOne = `exec consul agent -server -bootstrap-expect 1 -data-dir /tmp/consul \\
    -node=agent-one -bind=172.20.20.10`
const startTwo = 'exec consul agent -data-dir /tmp/consul -node=agent-two -bind=172.20.20.11'

let agentTwo: Running | null = null

interface Step {
  readonly name: string
  readonly run: () => Promise<void> | void
}

function step(name: string, run: Step['run']): Step {
  return { name, run }
}

const steps: readonly Step[] = [
  step('start the first agent', async () => {
    one.start(startOne)
    await until('agent-one answers', () => one.run('consul members').code === 0)
  }),
  step('start the second agent', async () => {
    agentTwo = two.start(startTwo)
    await until('agent-two answers', () => two.run('consul members').code === 0)
  }),
  step('each is a cluster of one member', () => {
    equal(members(one), [{ name: 'agent-one', address: '172.20.20.10:8301', status: 'alive' }])
    equal(members(two), [{ name: 'agent-two', address: '172.20.20.11:8301', status: 'alive' }])
  }),
  step('consul join 172.20.20.11', () => {
    const ran = one.run('consul join 172.20.20.11')
    equal(ran.out, 'Successfully joined cluster by contacting 1 nodes.\n')
    equal(ran.code, 0)
  }),
  step('consul members -detailed on both', async () => {
    for (const host of [one, two]) {
      await hasMembers(host, { 'agent-one': 'alive', 'agent-two': 'alive' })
      const { out } = host.run('consul members -detailed')
      matches(out, /^Node +Address +Status +Tags$/m)
      const tags = new Map(
        out
          .trim()
          .split('\n')
          .slice(1)
          .map((line) => [line.split(/\s+/)[0], line.split(/\s+/)[3] ?? '']),
      )
      for (const tag of ['role=consul', 'dc=dc1', 'vsn=2', 'port=8300', 'bootstrap=1']) {
        if (!tags.get('agent-one')?.split(',').includes(tag))
          throw new Error(`agent-one has no tag ${tag}:\n${out}`)
      }
      for (const tag of ['role=node', 'dc=dc1', 'vsn=2']) {
        if (!tags.get('agent-two')?.split(',').includes(tag))
          throw new Error(`agent-two has no tag ${tag}:\n${out}`)
      }
    }
  }),
  step('dig agent-two.node.consul from agent-one', async () => {
    for (const name of ['agent-two.node.consul', 'agent-two.node.dc1.consul', 'agent-two.dc1.node.consul']) {
      await until(`${name} resolves`, () => {
        const { out } = one.run(`dig @127.0.0.1 -p 8600 ${name}`)
        return new RegExp(
          `^${name.replaceAll('.', '\\.')}\\.\\s+0\\s+IN\\s+A\\s+172\\.20\\.20\\.11$`,
          'm',
        ).test(out)
      })
    }
  }),
  step('the nodes over HTTP', async () => {
    await until('both nodes in the catalog', () => {
      const nodes = JSON.parse(one.run('curl -s http://127.0.0.1:8500/v1/catalog/nodes').out) as {
        Node: string
      }[]
      return JSON.stringify(nodes.map((n) => n.Node)) === '["agent-one","agent-two"]'
    })
    const viaClient = JSON.parse(two.run('curl -s http://127.0.0.1:8500/v1/catalog/nodes').out) as {
      Address: string
    }[]
    equal(
      viaClient.map((n) => n.Address),
      ['172.20.20.10', '172.20.20.11'],
    )
  }),
  step('Ctrl-C on agent-two leaves', async () => {
    agentTwo?.signal('SIGINT')
    equal(await agentTwo?.ended, 0, 'exit code')
    await hasMembers(one, { 'agent-one': 'alive', 'agent-two': 'left' })
    await until(
      'agent-two is deregistered',
      () => !one.run('curl -s http://127.0.0.1:8500/v1/catalog/nodes').out.includes('agent-two'),
    )
  }),
  step('-join at the start', async () => {
    agentTwo = two.start(`${startTwo} -join 172.20.20.10`)
    await until('agent-two answers', () => two.run('consul members').code === 0)
    await hasMembers(one, { 'agent-one': 'alive', 'agent-two': 'alive' })
    await hasMembers(two, { 'agent-one': 'alive', 'agent-two': 'alive' })
    await until('agent-two is registered again', () =>
      one.run('curl -s http://127.0.0.1:8500/v1/health/node/agent-two').out.includes('"passing"'),
    )
  }),
  step('a killed agent-two fails, with a critical serfHealth', async () => {
    agentTwo?.signal('SIGKILL')
    await hasMembers(one, { 'agent-one': 'alive', 'agent-two': 'failed' })
    await until('serfHealth is critical', () => {
      const body = one.run('curl -s http://127.0.0.1:8500/v1/health/node/agent-two').out
      const checks = JSON.parse(body) as { CheckID: string; Status: string; Output: string }[]
      return checks.some(
        (c) =>
          c.CheckID === 'serfHealth' &&
          c.Status === 'critical' &&
          c.Output === 'Agent not live or unreachable',
      )
    })
  }),
  step('consul force-leave agent-two', async () => {
    const ran = one.run('consul force-leave agent-two')
    equal([ran.code, ran.out, ran.err], [0, '', ''])
    await hasMembers(one, { 'agent-one': 'alive', 'agent-two': 'left' })
  }),
  step('it comes back by itself from what it knew', async () => {
    agentTwo = two.start(startTwo)
    await hasMembers(two, { 'agent-one': 'alive', 'agent-two': 'alive' })
    await hasMembers(one, { 'agent-one': 'alive', 'agent-two': 'alive' })
  }),
  step('consul leave', async () => {
    const ran = two.run('consul leave')
    equal([ran.code, ran.out], [0, 'Graceful leave complete\n'])
    equal(await agentTwo?.ended, 0, 'exit code of the agent')
    await hasMembers(one, { 'agent-one': 'alive', 'agent-two': 'left' })
    await sleep(100)
  }),
]

await runScript(
  async (script) => {
    if (reason !== undefined) {
      script.skip('the document "Consul Cluster"', reason)
      return
    }
    for (const { name, run } of steps) await script.step(name, run)
  },
  async () => network?.remove(),
)
