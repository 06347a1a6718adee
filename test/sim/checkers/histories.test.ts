// Mistakes put between the network and the agents' HTTP APIs: the checks of histories must see each of them.
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/lib/random.ts'
import type { HttpHandler } from '../../../src/runtime/host.ts'
import type { Cluster } from '../cluster.ts'
import { quietLinks } from '../links.ts'
import { historyConfig, HistoryWorkload, type HistoryOptions } from '../histories.ts'
import { formed, leaderOf } from '../scenarios/cluster.ts'

/** What becomes of a request: it may be changed, and so may its answer. */
type Mistake = (request: Request, handle: (request: Request) => Promise<Response>) => Promise<Response>

function plant(cluster: Cluster, mistake: Mistake): void {
  const { httpServers } = cluster.world
  const wrap =
    (handler: HttpHandler): HttpHandler =>
    (request, from) =>
      mistake(request, async (changed) => handler(changed, from))
  for (const [listener, handler] of httpServers) httpServers.set(listener, wrap(handler))
}

/** Whatever the checks complain about after half a minute of work; nothing else goes wrong. */
async function complaints(
  options: HistoryOptions['scenario'] | Omit<HistoryOptions, 'delayPerMille'>,
  mistake: Mistake,
  during: (cluster: Cluster) => Promise<void> = (cluster) => cluster.run(30_000),
): Promise<string> {
  const cluster = await formed({ seed: 400, servers: 3, config: historyConfig })
  cluster.world.links.options = { ...quietLinks, latencyMicrosMax: 15_000 }
  plant(cluster, mistake)
  const given = typeof options === 'string' ? { scenario: options } : options
  const workload = new HistoryWorkload(cluster, { ...given, delayPerMille: 995 }, seededRandom(3))
  await during(cluster)
  workload.stop()
  await cluster.until(() => workload.isIdle, 20_000)
  cluster.world.links.heal()
  const found = await cluster.world.wait(workload.verify(leaderOf(cluster)), 60_000)
  return [...cluster.violations, ...found].join('\n')
}

function isFor(request: Request, path: string, method = 'PUT'): boolean {
  return request.method === method && new URL(request.url).pathname.startsWith(path)
}

function withQuery(request: Request, change: (query: URLSearchParams) => void): Request {
  const url = new URL(request.url)
  change(url.searchParams)
  return new Request(url, request)
}

async function withBody(request: Request, change: (body: string) => string): Promise<Request> {
  const { method, headers, url } = request
  return new Request(url, { method, headers, body: change(await request.text()) })
}

/** True once in so many calls. */
function every(count: number): () => boolean {
  let calls = 0
  return () => ++calls % count === 0
}

const none: Mistake = (request, handle) => handle(request)

describe('a history', () => {
  it.each(['kv', 'txn', 'locks'] as const)(
    'of %s without mistakes gives no cause for complaint',
    async (scenario) => {
      expect(await complaints(scenario, none)).toBe('')
    },
  )

  it('shows reads from a copy that is behind', async () => {
    const mistake: Mistake = (request, handle) =>
      isFor(request, '/v1/kv/', 'GET')
        ? handle(
            withQuery(request, (query) => {
              query.delete('consistent')
              query.set('stale', '')
            }),
          )
        : handle(request)
    expect(await complaints('kv', mistake)).toContain('notLinearizable')
  })

  it('shows a compare-and-set that does not compare', async () => {
    const mistake: Mistake = (request, handle) =>
      isFor(request, '/v1/kv/lin/kv')
        ? handle(withQuery(request, (query) => query.delete('cas')))
        : handle(request)
    expect(await complaints('kv', mistake)).toContain('notLinearizable')
  })

  it('shows writes that were refused and happened', async () => {
    const isDue = every(10)
    const mistake: Mistake = async (request, handle) => {
      const response = await handle(request)
      const isHidden = isFor(request, '/v1/kv/lin/kv') && isDue()
      return isHidden ? new Response('No cluster leader', { status: 500 }) : response
    }
    expect(await complaints('kv', mistake)).toContain('notLinearizable')
  })

  it('shows half of a transaction', async () => {
    const mistake: Mistake = async (request, handle) => {
      if (!isFor(request, '/v1/txn')) return handle(request)
      const body = await request.text()
      const again = (text: string): Request => new Request(request.url, { method: 'PUT', body: text })
      const response = await handle(again(body))
      if (response.status !== 409) return response
      const steps = JSON.parse(body) as readonly { readonly KV: { readonly Verb: string } }[]
      await handle(again(JSON.stringify(steps.filter(({ KV }) => KV.Verb === 'set'))))
      return response
    }
    expect(await complaints('txn', mistake)).toContain('notLinearizable')
  })

  it('shows a lock that two hold', async () => {
    const isDue = every(5)
    const mistake: Mistake = async (request, handle) => {
      const response = await handle(request)
      if (!new URL(request.url).searchParams.has('acquire')) return response
      const text = await response.clone().text()
      return text.trim() === 'false' && isDue() ? new Response('true') : response
    }
    expect(await complaints('locks', mistake)).toContain('notLinearizable')
  })

  it('shows a session whose time is over too early', async () => {
    // Sessions end after twice their time: one that shall live for 4 s ends after 2 s.
    const mistake: Mistake = async (request, handle) =>
      isFor(request, '/v1/session/create')
        ? handle(await withBody(request, (body) => body.replace('"4000ms"', '"1s"')))
        : handle(request)
    expect(await complaints({ scenario: 'locks', ttlMs: 4000 }, mistake)).toContain('notLinearizable')
  })

  it('shows a lock-delay that is forgotten', async () => {
    const mistake: Mistake = async (request, handle) =>
      isFor(request, '/v1/session/create')
        ? handle(await withBody(request, (body) => body.replace('"3000ms"', '"0s"')))
        : handle(request)
    expect(await complaints('locks', mistake)).toContain('lockDelay')
  })

  it('shows an answer that is older than it says', async () => {
    const mistake: Mistake = async (request, handle) => {
      const response = await handle(request)
      const headers = new Headers(response.headers)
      if (headers.has('x-consul-lastcontact')) headers.set('x-consul-lastcontact', '0')
      return new Response(response.body, { status: response.status, headers })
    }
    // The writer needs a while for each agent that cannot help it.
    const isolated = async (cluster: Cluster): Promise<void> => {
      const follower = cluster.servers.find((node) => node !== leaderOf(cluster))
      if (follower === undefined) throw new Error('no follower')
      for (const other of cluster.servers) {
        if (other === follower) continue
        cluster.world.links.cut(other.machine.number, follower.machine.number)
      }
      await cluster.run(30_000)
    }
    expect(await complaints('kv', mistake, isolated)).toContain('tooOld')
  })
})
