// The longest wait that a blocking query may ask for, in real time on every runtime: no idle timeout of a server, a session
// between agents or a client may end it. Takes ten minutes, so it is no `*.e2e.ts`: run it by hand, with another wait in
// seconds as argument if you like. A stream of changes is held open beside it.
import { request } from 'node:http'
import { join } from 'node:path'
import { equal, root, runScript } from './harness.ts'
import { commonLeader, LocalAgents, type LocalAgent } from './local-agents.ts'

const waitS = Number(process.argv[2] ?? 600)
const agents = new LocalAgents()
const bin = join(root, 'node_modules/.bin')
const entry = (kind: string): string => join(root, `src/entry/${kind}.ts`)
const commands = {
  node: [process.execPath, entry('node')],
  bun: [join(bin, 'bun'), entry('bun')],
  deno: [join(bin, 'deno'), 'run', '--quiet', '--no-lock', '--allow-all', entry('deno')],
}

interface Answer {
  readonly status: number
  readonly index: string
  readonly tookS: number
  readonly body: string
}

/** A request without any time limit of its own. */
function ask(at: LocalAgent, method: string, path: string, body = ''): Promise<Answer> {
  const startMs = performance.now()
  return new Promise((resolve, reject) => {
    const asking = request({ host: at.ip, port: 8500, path, method }, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => void pieces.push(piece))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          index: String(response.headers['x-consul-index']),
          tookS: (performance.now() - startMs) / 1000,
          body: Buffer.concat(pieces).toString(),
        }),
      )
    })
    asking.on('error', reject)
    asking.end(body)
  })
}

/** Heartbeats of a stream that was held open for so long. */
function heartbeats(at: LocalAgent): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = ''
    const asking = request({ host: at.ip, port: 8500, path: '/v1/watch', method: 'POST' }, (response) => {
      response.on('data', (piece: Buffer) => (text += piece.toString()))
      setTimeout(() => {
        asking.destroy()
        resolve(text.split('event: heartbeat').length - 1)
      }, waitS * 1000)
    })
    asking.on('error', (error) => (text === '' ? reject(error) : undefined))
    asking.end('{"watches":[{"type":"nodes"}]}')
  })
}

async function waitEverywhere(all: readonly LocalAgent[]): Promise<void> {
  const outcomes = await Promise.all(
    all.map(async (agent) => {
      const { index } = await ask(agent, 'GET', '/v1/kv/waited')
      const path = `/v1/kv/waited?index=${index}&wait=${waitS}s`
      const [waited, beats] = await Promise.all([ask(agent, 'GET', path), heartbeats(agent)])
      console.log(`     ${agent.node}: ${waited.tookS.toFixed(1)} s, ${beats} heartbeats`)
      equal([waited.status, waited.index], [200, index], agent.node)
      return waited.tookS >= waitS && waited.tookS < waitS * (1 + 1 / 16) + 2 && beats >= waitS / 15 - 1
    }),
  )
  equal(
    outcomes,
    all.map(() => true),
    'all waited to the end',
  )
}

await runScript(
  async (script) => {
    const all: LocalAgent[] = []
    await script.step('a server on each runtime, and a client', async () => {
      const flags = ['-retry-join=127.0.102.1']
      for (const [at, kind] of (['node', 'bun', 'deno', 'bun'] as const).entries()) {
        const role = at < 3 ? ['-server', '-bootstrap-expect=3'] : []
        const node = at < 3 ? kind : `client-${kind}`
        const ip = `127.0.102.${at + 1}`
        all.push(await agents.startAndWait({ node, ip, flags: [...role, ...flags], command: commands[kind] }))
      }
      await commonLeader(all)
      equal((await ask(all[0] as LocalAgent, 'PUT', '/v1/kv/waited', 'x')).status, 200)
    })
    await script.step(`a wait of ${waitS} s`, () => waitEverywhere(all))
  },
  () => agents.remove(),
)
