// Requests per second of the HTTP app alone: no sockets, no cluster. `node|bun|deno run -A test/bench/http-app.ts`.
import { createApp } from '../../src/http/app.ts'
import { createStateBackend } from '../unit/http/state-backend.ts'

const backend = createStateBackend()
const app = createApp(backend)
const from = { ip: '127.0.0.1', port: 50_000 }
const base = 'http://127.0.0.1:8500'

for (let i = 0; i < 10; i++) {
  await app(
    new Request(`${base}/v1/catalog/register`, {
      method: 'PUT',
      body: JSON.stringify({
        Node: `n${i}`,
        Address: `10.0.0.${i}`,
        Service: { Service: 'web', Port: 80, Tags: ['a', 'b'], Meta: { version: '1' } },
        Checks: [
          { Name: 'serf', Status: 'passing', Output: 'Agent alive and reachable' },
          { Name: 'web', ServiceID: 'web', Status: 'passing', Output: 'HTTP GET: 200 OK' },
        ],
      }),
    }),
    from,
  )
}
await app(new Request(`${base}/v1/kv/key`, { method: 'PUT', body: 'x'.repeat(100) }), from)

const value = 'x'.repeat(100)

interface Case {
  readonly name: string
  readonly path: string
  readonly init?: RequestInit
}

const cases: readonly Case[] = [
  { name: 'KV GET', path: '/v1/kv/key' },
  { name: 'KV GET ?stale', path: '/v1/kv/key?stale' },
  { name: 'KV PUT', path: '/v1/kv/key', init: { method: 'PUT', body: value } },
  { name: 'health/service, 10 instances', path: '/v1/health/service/web?passing' },
  { name: 'status/leader (through the router)', path: '/v1/status/leader' },
  { name: 'catalog/services (through the router)', path: '/v1/catalog/services' },
]

/** Runs a case for about `ms` and returns answers per second. */
async function run({ path, init }: Case, ms: number): Promise<number> {
  const begin = performance.now()
  let count = 0
  let now = begin
  while (now - begin < ms) {
    for (let i = 0; i < 50; i++) {
      const response = await app(new Request(base + path, init), from)
      await response.arrayBuffer()
      count++
    }
    now = performance.now()
  }
  return Math.round((count * 1000) / (now - begin))
}

/** What it costs to make a request and to read an answer, without the app in between. */
async function bare(init: RequestInit | undefined, ms: number): Promise<number> {
  const begin = performance.now()
  let count = 0
  let now = begin
  while (now - begin < ms) {
    for (let i = 0; i < 50; i++) {
      const request = new Request(`${base}/v1/kv/key`, init)
      const response = new Response(request.url, { headers: { 'Content-Type': 'application/json' } })
      await response.arrayBuffer()
      count++
    }
    now = performance.now()
  }
  return Math.round((count * 1000) / (now - begin))
}

await bare(undefined, 300)
console.log(`no app, Request and Response alone: ${await bare(undefined, 1000)}/s`)
for (const one of cases) {
  await run(one, 300)
  console.log(`${one.name}: ${await run(one, 1000)}/s`)
}
