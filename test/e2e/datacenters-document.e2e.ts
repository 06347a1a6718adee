// The founding document "Multi-Datacenter Deploys", word for word, on four hosts: a server and a client in each datacenter.
import { cannotMakeHosts, equal, matches, runScript, until } from './harness.ts'
import { createNetwork, noHost, type HostBox, type Network, type Ran, type Running } from './hosts.ts'

const reason = cannotMakeHosts()
const network: Network | null = reason === undefined ? createNetwork() : null
const one = host('one', '172.20.20.10')
const two = host('two', '172.20.20.11')
const three = host('three', '172.20.20.12')
const four = host('four', '172.20.20.13')

function host(name: string, ip: string): HostBox {
  if (network === null) return noHost
  return network.host(name, ip)
}

function get(host: HostBox, path: string, timeoutMs = 20_000): Ran {
  return host.run(
    `curl -s -m 19 -w '\\n%{http_code} %{time_total}' 'http://localhost:8500${path}'`,
    timeoutMs,
  )
}

/** Body, status and seconds of a request on a host. */
function ask(
  host: HostBox,
  path: string,
): { readonly body: string; readonly status: number; readonly seconds: number } {
  const lines = get(host, path).out.split('\n')
  const [status, seconds] = (lines.pop() ?? '').split(' ').map(Number)
  return { body: lines.join('\n'), status: status ?? 0, seconds: seconds ?? 0 }
}

function nodeNames(host: HostBox, path: string): readonly string[] {
  return (JSON.parse(ask(host, path).body) as { Node: string }[]).map((n) => n.Node)
}

function wanMembers(host: HostBox): string {
  const ran = host.run('consul members -wan')
  if (ran.code !== 0) throw new Error(`consul members -wan on ${host.name}: ${ran.err}`)
  return ran.out
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/).slice(0, 3).join(' '))
    .toSorted()
    .join('; ')
}

const bothAlive = 'server-one.dc1 172.20.20.10:8302 alive; server-two.dc2 172.20.20.11:8302 alive'

let serverTwo: Running | null = null
const startTwo =
  'exec consul agent -server -bootstrap-expect 1 -data-dir /tmp/consul -node=server-two -bind=172.20.20.11 -datacenter=dc2'

interface Step {
  readonly name: string
  readonly run: () => Promise<void> | void
}

function step(name: string, run: Step['run']): Step {
  return { name, run }
}

const steps: readonly Step[] = [
  step('bootstrap each datacenter individually', async () => {
    one.start(
      'exec consul agent -server -bootstrap-expect 1 -data-dir /tmp/consul -node=server-one -bind=172.20.20.10',
    )
    serverTwo = two.start(startTwo)
    three.start(
      'exec consul agent -data-dir /tmp/consul -node=client-one -bind=172.20.20.12 -retry-join=172.20.20.10',
    )
    four.start(
      'exec consul agent -data-dir /tmp/consul -node=client-two -bind=172.20.20.13 -retry-join=172.20.20.11 -datacenter=dc2',
    )
    for (const [host, count] of [
      [one, 2],
      [two, 2],
      [three, 2],
      [four, 2],
    ] as const) {
      await until(
        `${host.name} lists its datacenter`,
        () => host.run('consul members').out.trim().split('\n').length === count + 1,
      )
      await until(
        `${host.name} reads the catalog`,
        () => nodeNames(host, '/v1/catalog/nodes').length === count,
      )
    }
  }),
  step('consul members -wan: each server knows only itself', () => {
    equal(wanMembers(one), 'server-one.dc1 172.20.20.10:8302 alive')
    equal(wanMembers(two), 'server-two.dc2 172.20.20.11:8302 alive')
  }),
  step('an unknown datacenter is refused', () => {
    for (const host of [one, three]) {
      const answer = ask(host, '/v1/catalog/nodes?dc=dc2')
      equal(answer.status, 500)
      matches(answer.body, /No path to datacenter/)
    }
  }),
  step('a client cannot join -wan', () => {
    const ran = three.run('consul join -wan 172.20.20.11')
    equal(ran.code, 1)
    matches(ran.err, /WAN/)
  }),
  step('consul join -wan', () => {
    const ran = one.run('consul join -wan 172.20.20.11')
    equal([ran.out, ran.code], ['Successfully joined cluster by contacting 1 nodes.\n', 0])
  }),
  step('members -wan lists both, on servers and on clients', async () => {
    for (const host of [one, two, three, four])
      await until(`${host.name} lists both: ${bothAlive}`, () => wanMembers(host) === bothAlive)
  }),
  step('curl /v1/catalog/datacenters', async () => {
    await until('both datacenters', () => ask(one, '/v1/catalog/datacenters').body.includes('dc2'))
    for (const host of [one, three])
      equal(ask(host, '/v1/catalog/datacenters').body.replaceAll(/\s/g, ''), '["dc1","dc2"]')
    for (const host of [two, four])
      equal((JSON.parse(ask(host, '/v1/catalog/datacenters').body) as string[]).toSorted(), ['dc1', 'dc2'])
  }),
  step('query the nodes in each datacenter, both ways, through servers and clients', () => {
    for (const host of [one, two, three, four]) {
      equal(nodeNames(host, '/v1/catalog/nodes?dc=dc1'), ['client-one', 'server-one'])
      equal(nodeNames(host, '/v1/catalog/nodes?dc=dc2'), ['client-two', 'server-two'])
    }
  }),
  step('DNS across datacenters, from servers and clients', () => {
    for (const host of [one, three]) {
      matches(host.run('dig +short @127.0.0.1 -p 8600 client-two.node.dc2.consul').out, /^172\.20\.20\.13$/m)
      matches(host.run('dig +short @127.0.0.1 -p 8600 client-two.dc2.node.consul').out, /^172\.20\.20\.13$/m)
      matches(host.run('dig +short @127.0.0.1 -p 8600 consul.service.dc2.consul').out, /^172\.20\.20\.11$/m)
    }
  }),
  step('a silent datacenter answers with an error within 7 s and leaves the other untouched', () => {
    two.silence()
    for (const host of [one, three]) {
      const answer = ask(host, '/v1/catalog/nodes?dc=dc2')
      equal(answer.status, 500)
      if (answer.seconds > 7) throw new Error(`took ${answer.seconds} s`)
      equal(ask(host, '/v1/catalog/nodes').status, 200)
      equal(nodeNames(host, '/v1/catalog/nodes?dc=dc1'), ['client-one', 'server-one'])
    }
  }),
  step('the partition heals by itself', async () => {
    two.hear()
    await until('dc1 reads dc2 again', () => ask(one, '/v1/catalog/nodes?dc=dc2').status === 200, 60_000)
    await until('dc2 reads dc1 again', () => ask(two, '/v1/catalog/nodes?dc=dc1').status === 200, 60_000)
  }),
  step('a dead datacenter answers with an error within 7 s', async () => {
    serverTwo?.signal('SIGKILL')
    await serverTwo?.ended
    for (const host of [one, three]) {
      const answer = ask(host, '/v1/catalog/nodes?dc=dc2')
      equal(answer.status, 500)
      if (answer.seconds > 7) throw new Error(`took ${answer.seconds} s`)
      equal(ask(host, '/v1/catalog/nodes').status, 200)
    }
  }),
  step('and is found again when it is back', async () => {
    serverTwo = two.start(startTwo)
    await until('dc1 reads dc2 again', () => ask(three, '/v1/catalog/nodes?dc=dc2').status === 200, 60_000)
    await until('members -wan lists both', () => wanMembers(one) === bothAlive, 60_000)
  }),
]

await runScript(
  async (script) => {
    if (reason !== undefined) {
      script.skip('the document "Multi-Datacenter Deploys"', reason)
      return
    }
    for (const { name, run } of steps) await script.step(name, run)
  },
  async () => network?.remove(),
)
