// Real clients against one agent: dig, caching resolvers that forward the zone, HAProxy by SRV records, and
// long polls of the HTTP API.
import { dig, has, Tools, type Dug } from './dns-tools.ts'
import { equal, matches, runScript, sleep, until, type Script } from './harness.ts'
import { commonLeader, LocalAgents, type LocalAgent } from './local-agents.ts'

const [agentIp, dnsmasqIp, unboundIp, proxyIp] = [1, 2, 3, 4].map((n) => `127.0.88.${n}`)
const instances = [11, 12, 13].map((n) => ({ node: `web-${n}`, ip: `127.0.88.${n}`, port: 18_000 + n }))

const agents = new LocalAgents()
const tools = new Tools()

async function register(agent: LocalAgent, node: string, ip: string, service: object): Promise<void> {
  const body = JSON.stringify({ Node: node, Address: ip, Service: service })
  const answer = await agent.request('/v1/catalog/register', { method: 'PUT', body })
  equal(answer.status, 200, `registration of ${node}`)
}

async function deregister(agent: LocalAgent, node: string): Promise<void> {
  const body = JSON.stringify({ Node: node })
  await agent.request('/v1/catalog/deregister', { method: 'PUT', body })
}

async function registerWeb(agent: LocalAgent): Promise<void> {
  for (const { node, ip, port } of instances)
    await register(agent, node, ip, { Service: 'web', Port: port, Tags: ['v1'] })
}

async function startAgent(): Promise<LocalAgent> {
  const flags = ['-server', '-bootstrap-expect=1']
  const agent = await agents.startAndWait({ node: 'server', ip: agentIp ?? '', flags })
  await commonLeader([agent])
  await registerWeb(agent)
  for (let i = 0; i < 60; i++)
    await register(agent, `big-${i}`, `10.9.0.${i}`, { Service: 'big', Port: 9000 + i })
  for (const { node } of instances) await serveInstance(node)
  return agent
}

async function serveInstance(name: string): Promise<void> {
  const instance = instances.find(({ node }) => node === name)
  if (instance) await tools.serve(instance.ip, instance.port, name)
}

const ipsOf = ({ answers }: Dug): readonly string[] =>
  answers.map((line) => line.split(' ').at(-1) ?? '').toSorted()
const all = instances.map(({ ip }) => ip)

async function askWithDig(script: Script, agent: LocalAgent): Promise<void> {
  const ask = (words: string): Dug => dig(agent.ip, 8600, words)
  await script.step('dig: addresses, SRV with what goes along, over both transports', () => {
    equal(ipsOf(ask('web.service.consul A')), all)
    const srv = ask('_web._v1.service.consul SRV')
    equal(srv.answers.length, 3)
    matches(
      srv.answers.join('\n'),
      /^_web\._v1\.service\.consul\. 0 IN SRV 1 1 18011 web-11\.node\.dc1\.consul\.$/m,
    )
    equal(ipsOf({ ...srv, answers: srv.additionals }), all)
    equal(ask('web.service.consul SRV +tcp').answers.length, 3)
    equal(ask('WeB.SerVice.consul A +norecurse').flags, 'qr aa')
  })
  await script.step('dig: what does not fit is told, and is there over TCP', () => {
    const cut = ask('big.service.consul A +noedns +ignore')
    equal([cut.answers.length, cut.flags], [3, 'qr aa tc rd'])
    equal(ask('big.service.consul A +noedns').answers.length, 60)
    const some = ask('big.service.consul SRV +bufsize=1232 +ignore')
    matches(some.flags, / tc /)
    equal(ask('big.service.consul SRV +bufsize=1232').answers.length, 60)
    equal(ask('big.service.consul SRV +bufsize=4096').answers.length, 60)
  })
  await script.step('dig: what is not there, and what is not served', () => {
    const missing = ask('missing.service.consul A')
    equal(missing.status, 'NXDOMAIN')
    matches(missing.text, /^consul\.\s+0\s+IN\s+SOA\s+ns\.consul\. hostmaster\.consul\. /m)
    const none = ask('web.service.consul AAAA')
    equal([none.status, none.answers.length], ['NOERROR', 0])
    equal(ask('-c CH version.consul TXT').status, 'REFUSED')
    matches(ask('consul AXFR').text, /Transfer failed/)
    equal(ask('+opcode=NOTIFY consul SOA').status, 'NOTIMP')
    equal(ask('+edns=1 +noednsnegotiation web.service.consul').status, 'BADVERS')
  })
  await script.step('dig: reverse names, the zone, cookies and client subnets', () => {
    equal(ask('-x 127.0.88.11').answers, ['11.88.0.127.in-addr.arpa. 0 IN PTR web-11.node.dc1.consul.'])
    matches(ask('consul NS').answers.join(), /^consul\. 0 IN NS server\.node\.dc1\.consul\.$/)
    equal(ask('web.service.consul +subnet=192.0.2.0/24 +cookie').answers.length, 3)
    matches(ask('web.service.consul +subnet=192.0.2.0/24').text, /CLIENT-SUBNET: 192\.0\.2\.0\/24\/0/)
    equal(ask('out.of.zone.example A').status, 'REFUSED')
  })
}

/** What every resolver in front has to pass on. */
async function askThrough(server: string, port: number, agent: LocalAgent): Promise<void> {
  const ask = (words: string): Dug => dig(server, port, words)
  await until(`${server} answers`, () => ipsOf(ask('web.service.consul A')).length === 3)
  equal(ipsOf(ask('web.service.consul A')), all)
  equal(ask('web.service.consul SRV').answers.length, 3)
  equal(ask('big.service.consul A +noedns').answers.length, 60, 'all of many')
  equal(ask('missing.service.consul A').status, 'NXDOMAIN')
  equal(ask('web.service.consul AAAA').status, 'NOERROR')
  matches(ask('-x 127.0.88.12').answers.join(), /web-12\.node\.dc1\.consul\.$/)
  await deregister(agent, 'web-13')
  await until(
    'the instance that is gone is gone there too',
    () => ask('web.service.consul A').answers.length === 2,
    5000,
  )
  await registerWeb(agent)
  await until('and comes back', () => ask('web.service.consul A').answers.length === 3, 5000)
}

async function throughResolvers(script: Script, agent: LocalAgent): Promise<void> {
  if (has('dnsmasq')) {
    await script.step('dnsmasq forwards the zone', async () => {
      const to = `${agent.ip}#8600`
      const own = [
        `--listen-address=${dnsmasqIp}`,
        '--port=5353',
        '--bind-interfaces',
        '--no-hosts',
        '--no-resolv',
      ]
      const zone = [`--server=/consul/${to}`, `--rev-server=127.0.0.0/8,${to}`]
      tools.start(
        'dnsmasq',
        '--keep-in-foreground',
        '--conf-file=/dev/null',
        '--user=',
        '--pid-file=',
        ...own,
        ...zone,
      )
      await askThrough(dnsmasqIp ?? '', 5353, agent)
    })
  } else script.skip('dnsmasq forwards the zone', 'needs the program dnsmasq (package dnsmasq-base)')
  if (has('unbound')) {
    await script.step(
      'unbound forwards the zone, with spellings drawn by lot and short questions first',
      async () => {
        const zone = (name: string): string =>
          `${name}:\n  name: "consul."\n  ${name === 'stub-zone' ? 'stub' : 'forward'}-addr: ${agent.ip}@8600\n`
        for (const [kind, port] of [
          ['forward-zone', 5353],
          ['stub-zone', 5354],
        ] as const) {
          const reverse = `stub-zone:\n  name: "127.in-addr.arpa."\n  stub-addr: ${agent.ip}@8600\n`
          tools.start(
            'unbound',
            '-d',
            '-c',
            tools.write(`${kind}.conf`, unboundServer(port) + zone(kind) + reverse),
          )
          await askThrough(unboundIp ?? '', port, agent)
        }
      },
    )
  } else script.skip('unbound forwards the zone', 'needs the program unbound (package unbound)')
}

function unboundServer(port: number): string {
  const settings = {
    interface: unboundIp ?? '',
    port: String(port),
    'access-control': '127.0.0.0/8 allow',
    'do-daemonize': 'no',
    username: '""',
    chroot: '""',
    pidfile: '""',
    'use-syslog': 'no',
    directory: tools.directory,
    'do-not-query-localhost': 'no',
    'domain-insecure': '"consul."',
    'local-zone': '"127.in-addr.arpa." nodefault',
    'use-caps-for-id': 'yes',
    'qname-minimisation': 'yes',
    'val-permissive-mode': 'yes',
  }
  return `server:\n${Object.entries(settings)
    .map(([key, value]) => `  ${key}: ${value}\n`)
    .join('')}`
}

async function balanced(): Promise<ReadonlySet<string>> {
  const names = new Set<string>()
  for (let i = 0; i < 12; i++) {
    const answer = await fetch(`http://${proxyIp}:18080/`, { signal: AbortSignal.timeout(2000) })
    names.add(answer.ok ? await answer.text() : String(answer.status))
  }
  return names
}

async function haproxy(script: Script, agent: LocalAgent): Promise<void> {
  if (!has('haproxy')) {
    script.skip('HAProxy finds its servers by SRV records', 'needs the program haproxy (package haproxy)')
    return
  }
  const names =
    (nodes: readonly string[]): (() => Promise<boolean>) =>
    async () => {
      const found = [...(await balanced())].toSorted()
      if (found.join() !== nodes.join()) throw new Error(`it is ${found.join()}`)
      return true
    }
  const every = instances.map(({ node }) => node)
  await script.step('HAProxy finds its servers by SRV records, and follows them', async () => {
    tools.start('haproxy', '-f', tools.write('haproxy.cfg', proxySettings(agent)))
    await until('all instances get requests', names(every), 15_000)
    await deregister(agent, 'web-12')
    await until('one that is gone gets none', names(['web-11', 'web-13']), 15_000)
    await registerWeb(agent)
    await until('and gets them again', names(every), 15_000)
  })
}

function proxySettings(agent: LocalAgent): string {
  return `
resolvers consul
  nameserver agent ${agent.ip}:8600
  accepted_payload_size 8192
  hold valid 1s
  hold obsolete 1s
  timeout resolve 1s
  timeout retry 1s
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
frontend in
  bind ${proxyIp}:18080
  default_backend web
backend web
  balance roundrobin
  server-template web 6 _web._tcp.service.consul resolvers consul resolve-prefer ipv4 init-addr none
`
}

/** What a monitor knows by polling as Prometheus does: the services by one poll, the instances by one for each. */
class Monitor {
  readonly #agent: LocalAgent
  readonly #ended = new AbortController()
  readonly #polls = new Map<string, Promise<void>>()
  readonly nodesByService = new Map<string, string>()
  /** Answers that told nothing new. */
  idle = 0

  constructor(agent: LocalAgent) {
    this.#agent = agent
    const services = this.#poll<Readonly<Record<string, unknown>>>('/v1/catalog/services', (found) => {
      for (const name of Object.keys(found)) if (!this.#polls.has(name)) this.#watch(name)
      return Object.keys(found).toSorted().join()
    })
    this.#polls.set('', services)
  }

  async stop(): Promise<void> {
    this.#ended.abort()
    await Promise.all(this.#polls.values())
  }

  #watch(service: string): void {
    type Found = readonly { readonly Node: { readonly Node: string } }[]
    const instances = this.#poll<Found>(`/v1/health/service/${service}`, (found) => {
      const nodes = found
        .map(({ Node }) => Node.Node)
        .toSorted()
        .join()
      this.nodesByService.set(service, nodes)
      return nodes
    })
    this.#polls.set(service, instances)
  }

  async #poll<T>(path: string, take: (found: T) => string): Promise<void> {
    let index = '0'
    let last = ''
    while (!this.#ended.signal.aborted) {
      try {
        const url = `${path}?stale=&wait=120000ms&index=${index}`
        const answer = await this.#agent.request(url, { signal: this.#ended.signal })
        const now = take((await answer.json()) as T)
        if (now === last) this.idle++
        last = now
        index = answer.headers.get('x-consul-index') ?? '0'
      } catch {
        return
      }
    }
  }
}

async function monitor(script: Script, agent: LocalAgent): Promise<void> {
  await script.step(
    'a monitor that polls as Prometheus does follows what comes and goes, and is not woken for nothing',
    async () => {
      const watching = new Monitor(agent)
      const knows = (service: string, nodes: string): Promise<boolean> =>
        until(`${service} is ${nodes}`, () => watching.nodesByService.get(service) === nodes, 5000)
      await knows('web', 'web-11,web-12,web-13')
      await deregister(agent, 'web-11')
      await knows('web', 'web-12,web-13')
      await register(agent, 'late', '10.0.0.7', { Service: 'late', Port: 1 })
      await knows('late', 'late')
      await registerWeb(agent)
      await knows('web', 'web-11,web-12,web-13')
      await sleep(500)
      // A change of one service may wake the list of all, and none of the others.
      if (watching.idle > 12) throw new Error(`woken ${watching.idle} times for nothing`)
      await watching.stop()
    },
  )
}

async function longPoll(script: Script, agent: LocalAgent): Promise<void> {
  const path = '/v1/health/service/web?passing&wait=20s'
  const poll = async (index: string): Promise<{ readonly index: string; readonly count: number }> => {
    const answer = await agent.request(`${path}&index=${index}`, { signal: AbortSignal.timeout(25_000) })
    const found = (await answer.json()) as readonly unknown[]
    return { index: answer.headers.get('x-consul-index') ?? '', count: found.length }
  }
  await script.step('a long poll ends with the change that it waits for, and with no other', async () => {
    const before = await poll('0')
    equal(before.count, 3)
    let isOver = false
    const waiting = poll(before.index).finally(() => (isOver = true))
    await register(agent, 'elsewhere', '10.0.0.1', { Service: 'other', Port: 1 })
    await sleep(500)
    equal(isOver, false, 'over after another change')
    const changedAt = performance.now()
    await deregister(agent, 'web-12')
    equal((await waiting).count, 2)
    if (performance.now() - changedAt > 1000) throw new Error('it took longer than a second')
    await registerWeb(agent)
  })
}

await runScript(
  async (script) => {
    if (!has('dig')) {
      script.skip('real clients', 'needs the program dig (package bind9-dnsutils)')
      return
    }
    const agent = await startAgent()
    await askWithDig(script, agent)
    await throughResolvers(script, agent)
    await haproxy(script, agent)
    await monitor(script, agent)
    await longPoll(script, agent)
  },
  async () => {
    await tools.stop()
    await agents.remove()
  },
)
