// Agents that have IPv6 addresses only: gossip, Raft and RPC between them, HTTP and DNS from them.
import { cannotMakeHosts, equal, matches, runScript, until } from './harness.ts'
import { createNetwork, noHost, type HostBox } from './hosts.ts'

const reason = cannotMakeHosts()
const network = reason === undefined ? createNetwork() : null
const one: HostBox = network?.host('one', 'fd00:20::10') ?? noHost
const two: HostBox = network?.host('two', 'fd00:20::11') ?? noHost
const env = "export CONSUL_HTTP_ADDR='[::1]:8500'; "

function members(host: HostBox): string {
  const rows = host.run(`${env}consul members`).out.trim().split('\n').slice(1)
  return rows.map((row) => row.split(/\s+/).slice(0, 3).join(' ')).join('; ')
}

await runScript(
  async (script) => {
    if (reason !== undefined) {
      script.skip('IPv6', reason)
      return
    }
    await script.step('a server and a client start and join', async () => {
      one.start(
        'exec consul agent -server -bootstrap-expect 1 -data-dir /tmp/consul -node=one -bind=fd00:20::10 -client=::1',
      )
      two.start(
        "exec consul agent -data-dir /tmp/consul -node=two -bind='{{ GetInterfaceIP \"eth1\" }}' -client=::1 -retry-join='[fd00:20::10]'",
      )
      const both = 'one [fd00:20::10]:8301 alive; two [fd00:20::11]:8301 alive'
      for (const host of [one, two]) await until(`${host.name} lists ${both}`, () => members(host) === both)
    })
    await script.step('the client reads and writes through the server', async () => {
      await until('a write through the client', () => two.run(`${env}consul kv put a b`).code === 0)
      equal(one.run(`${env}consul kv get a`).out, 'b\n')
      matches(one.run(`${env}consul operator raft list-peers`).out, /\[fd00:20::10\]:8300 +leader/)
    })
    await script.step('DNS answers AAAA over IPv6', async () => {
      await until('two.node.consul', () => {
        return /^fd00:20::11$/m.test(one.run('dig +short @::1 -p 8600 two.node.consul AAAA').out)
      })
    })
  },
  async () => network?.remove(),
)
