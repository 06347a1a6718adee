// Every type of health check at an agent of each kind, against servers of this script: the words are the reference's.
import { createServer as createHttp2, type ServerHttp2Stream } from 'node:http2'
import { createServer as createHttp, type ServerResponse } from 'node:http'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { equal, executable, root, runScript, until, type Script } from './harness.ts'
import { LocalAgents, type LocalAgent } from './local-agents.ts'

const agents = new LocalAgents()
const bin = join(root, 'node_modules/.bin')
const entry = (runtime: string): string => join(root, `src/entry/${runtime}.ts`)

/** How each kind of agent is started. */
const commands = {
  node: [process.execPath, entry('node')],
  bun: [join(bin, 'bun'), entry('bun')],
  deno: [join(bin, 'deno'), 'run', '--quiet', '--no-lock', '--allow-all', entry('deno')],
  executable: [executable],
} as const

type Kind = keyof typeof commands

/** Where the servers of this script listen. */
const ip = '127.0.97.100'
const httpPort = 7001
const grpcPort = 7004
/** Nobody listens there. */
const deadPort = 7099
const http = `http://${ip}:${httpPort}`

/** What a script sleeps for, so that it can be found among all processes. */
const hangSeconds = 4711

interface Expected {
  readonly definition: Readonly<Record<string, unknown>>
  readonly status: string
  readonly output: string
}

const sh = (text: string): readonly string[] => ['sh', '-c', text]

/** Checks with what the reference says of them. */
const expected: Readonly<Record<string, Expected>> = {
  well: {
    definition: { http: `${http}/200` },
    status: 'passing',
    output: `HTTP GET ${http}/200: 200 OK Output: hello`,
  },
  busy: {
    definition: { http: `${http}/429`, method: 'PUT' },
    status: 'warning',
    output: `HTTP PUT ${http}/429: 429 Too Many Requests Output: hello`,
  },
  missing: {
    definition: { http: `${http}/404`, output_max_size: 2 },
    status: 'critical',
    output: `HTTP GET ${http}/404: 404 Not Found Output: lo`,
  },
  redirected: {
    definition: { http: `${http}/once` },
    status: 'passing',
    output: `HTTP GET ${http}/once: 200 OK Output: hello`,
  },
  refused: {
    definition: { http: `http://${ip}:${deadPort}/` },
    status: 'critical',
    output: `Get "http://${ip}:${deadPort}/": dial tcp ${ip}:${deadPort}: connect: connection refused`,
  },
  slow: {
    definition: { http: `${http}/never`, timeout: '500ms' },
    status: 'critical',
    output: `Get "${http}/never": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
  },
  port: {
    definition: { tcp: `${ip}:${httpPort}` },
    status: 'passing',
    output: `TCP connect ${ip}:${httpPort}: Success`,
  },
  'dead-port': {
    definition: { tcp: `${ip}:${deadPort}` },
    status: 'critical',
    output: `dial tcp ${ip}:${deadPort}: connect: connection refused`,
  },
  script: { definition: { args: sh('echo hi; exit 1') }, status: 'warning', output: 'hi\n' },
  long: {
    definition: { args: sh('seq 1 10000'), output_max_size: 20 },
    status: 'passing',
    output: 'Captured 20 of 48894 bytes\n...\n997\n9998\n9999\n10000\n',
  },
  hanging: {
    definition: { args: sh(`trap '' TERM; echo a; sleep ${hangSeconds}`), timeout: '1500ms' },
    status: 'critical',
    output: 'Timed out (1.5s) running check\n\na\n',
  },
  silent: { definition: { ttl: '1s' }, status: 'critical', output: 'TTL expired' },
  grpc: {
    definition: { grpc: `${ip}:${grpcPort}` },
    status: 'passing',
    output: `gRPC check ${ip}:${grpcPort}: success`,
  },
  'grpc-not': {
    definition: { grpc: `${ip}:${grpcPort}/not` },
    status: 'critical',
    output: "gRPC application didn't report service healthy",
  },
  ping: {
    definition: { h2ping: `${ip}:${grpcPort}`, h2ping_use_tls: false },
    status: 'passing',
    output: 'HTTP2 ping was successful',
  },
  docker: {
    definition: { docker_container_id: 'abc', args: ['true'] },
    status: 'critical',
    output:
      'create exec failed for container abc: dial unix /nowhere/docker.sock: connect: no such file or directory',
  },
  alias: {
    definition: { alias_service: 'nobody' },
    status: 'critical',
    output: 'Service nobody could not be found on node ',
  },
}

function onStream(stream: ServerHttp2Stream): void {
  const parts: Buffer[] = []
  stream.on('error', () => undefined)
  stream.on('data', (bytes: Buffer) => parts.push(bytes))
  stream.on('end', () => {
    const service = Buffer.concat(parts).subarray(7).toString()
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(Uint8Array.from([0, 0, 0, 0, 2, 8, service === '' ? 1 : 2]))
  })
}

function answer(path: string, response: ServerResponse): void {
  if (path === '/once') response.writeHead(302, { location: '/200' }).end()
  else if (path !== '/never') response.writeHead(Number(path.slice(1))).end('hello')
}

const httpServer = createHttp((request, response) => answer(request.url ?? '', response))
const grpcServer = createHttp2().on('stream', onStream)

async function listen(): Promise<void> {
  await new Promise<void>((resolve) => void httpServer.listen(httpPort, ip, resolve))
  await new Promise<void>((resolve) => void grpcServer.listen(grpcPort, ip, resolve))
}

/** The file of definitions: a service with one check, and the checks of the node. */
function configFile(): string {
  const path = join(agents.directory, 'checks.json')
  const timing = { interval: '1s', timeout: '2s' }
  const checks = Object.entries(expected).map(([id, { definition }]) => ({
    id,
    name: id,
    ...('ttl' in definition || 'alias_service' in definition ? {} : timing),
    ...definition,
  }))
  const service = { name: 'web', port: 80, check: { id: 'web', ttl: '1h' } }
  writeFileSync(path, JSON.stringify({ enable_script_checks: true, checks, service }))
  return path
}

interface Check {
  readonly Status: string
  readonly Output: string
}

type Checks = Readonly<Record<string, Check>>

/** Processes of this machine that sleep as our hanging script does. */
function sleepers(): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `sleep\0${hangSeconds}\0`
    } catch {
      return false
    }
  }).length
}

async function everyCheck(agent: LocalAgent): Promise<void> {
  await until(
    'every check has said what is expected',
    async () => {
      const found = await agent.get<Checks>('/v1/agent/checks')
      for (const [id, { status, output }] of Object.entries(expected)) {
        const { Status, Output } = found[id] ?? { Status: 'missing', Output: '' }
        equal([Status, Output], [status, output], `check ${id}`)
      }
      return true
    },
    10_000,
  )
}

async function ofKind(script: Script, kind: Kind, at: number): Promise<void> {
  let agent: LocalAgent
  const options = {
    node: `checks-${kind}`,
    ip: `127.0.97.${at}`,
    flags: ['-server', '-bootstrap-expect=1', `-config-file=${configFile()}`],
    command: commands[kind],
  }
  await script.step(`${kind}: every type of check says what the reference says`, async () => {
    agent = await agents.startAndWait(options)
    await everyCheck(agent)
  })
  await script.step(`${kind}: what checks find is in the catalog`, async () => {
    await until('it is there', async () => {
      const found = await agent.get<readonly { readonly CheckID: string }[]>('/v1/health/state/warning')
      equal(found.map(({ CheckID }) => CheckID).toSorted(), ['busy', 'script'])
      return true
    })
  })
  await script.step(`${kind}: what a service has said of itself is known after a restart`, async () => {
    const said = await agent.request('/v1/agent/check/pass/web?note=well', { method: 'PUT' })
    equal(said.status, 200)
    agent.signal('SIGTERM')
    await agent.ended
    equal(sleepers(), 0, 'scripts that outlive the agent')
    agent = await agents.startAndWait(options)
    const { web } = await agent.get<Checks>('/v1/agent/checks')
    equal([web?.Status, web?.Output], ['passing', 'well'])
    agent.signal('SIGTERM')
    await agent.ended
  })
}

await runScript(
  async (script) => {
    process.env['DOCKER_HOST'] = 'unix:///nowhere/docker.sock'
    await listen()
    const kinds = Object.keys(commands) as readonly Kind[]
    for (const [i, kind] of kinds.entries()) await ofKind(script, kind, i + 1)
  },
  async () => {
    httpServer.closeAllConnections()
    httpServer.close()
    grpcServer.close()
    await agents.remove()
  },
)
