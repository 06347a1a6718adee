// Records what the reference's commands print and which requests they send, for cli.test.ts to compare with:
// `node test/parity/record-cli.ts /path/to/consul [file …]`, all files if none is named. Not run by the tests. Starts a server and a client on loopback
// addresses and a proxy between them and the commands; removes its data afterwards.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cliFiles, sortedUrl, type CliLine, type CliRecord, type CliRequest } from './cli-lines.ts'

const [program = '', ...chosen] = process.argv.slice(2)
const agentUrl = 'http://127.0.47.1:8500'
const proxyPort = 8599
let requests: CliRequest[] = []
/** The command asks the agent about itself only to see that it is there. */
let isProbe = false

async function bodyOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

const proxy = createServer((request, response) => {
  void (async () => {
    const body = await bodyOf(request)
    const method = request.method ?? 'GET'
    const init = method === 'GET' || method === 'DELETE' ? { method } : { method, body }
    const answer = await fetch(agentUrl + (request.url ?? '/'), init)
    const text = await answer.text()
    const url = sortedUrl(new URL(request.url ?? '/', agentUrl))
    const kept = isProbe && url === '/v1/agent/self' ? '{}' : text
    requests.push({ method, url, body, status: answer.status, answer: kept })
    response.writeHead(answer.status, { 'Content-Type': answer.headers.get('Content-Type') ?? 'text/plain' })
    response.end(text)
  })()
})

function runLine(line: CliLine): Promise<CliRecord> {
  requests = []
  isProbe = ['lock', 'watch', 'event', 'maint'].includes(line.args[0] ?? '')
  const env = { ...process.env, CONSUL_HTTP_ADDR: `127.0.47.1:${proxyPort}` }
  const cwd = line.isInRepository === true ? join(import.meta.dirname, '../..') : '/'
  const child = spawn(program, line.args, { env, cwd })
  const printed = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (printed.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (printed.err += chunk.toString()))
  // Commands that do not read it may have ended before.
  child.stdin.on('error', () => undefined)
  child.stdin.end(line.stdin ?? '')
  const keep = (text: string): string => (line.isHelp === true && text !== '' ? '(help)' : text)
  return new Promise((resolve) => {
    child.on('close', (code) => {
      resolve({ args: line.args, code: code ?? -1, out: keep(printed.out), err: keep(printed.err), requests })
    })
  })
}

function startAgent(name: string, ip: string, directory: string, more: readonly string[]): ChildProcess {
  const own = ['-node', name, '-bind', ip, '-client', ip, '-data-dir', directory]
  return spawn(program, ['agent', ...own, '-hcl', 'disable_update_check = true', ...more], {
    stdio: 'ignore',
  })
}

async function untilTwoNodes(): Promise<void> {
  for (;;) {
    const nodes = await fetch(`${agentUrl}/v1/catalog/nodes`)
      .then((answer) => answer.json() as Promise<readonly unknown[]>)
      .catch(() => [])
    if (nodes.length === 2) return
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function record(file: string, lines: readonly CliLine[]): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'record-cli-'))
  const agents = [
    startAgent('server-one', '127.0.47.1', join(directory, '1'), ['-server', '-bootstrap-expect=1']),
    startAgent('client-two', '127.0.47.2', join(directory, '2'), [
      '-retry-join=127.0.47.1',
      '-node-meta=a:b',
    ]),
  ]
  await untilTwoNodes()
  const records: CliRecord[] = []
  for (const line of lines) records.push(await runLine(line))
  const folder = join(import.meta.dirname, 'cli')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, `${file}.json`), `${JSON.stringify(records, null, 1)}\n`)
  const gone = agents.map((agent) => new Promise((resolve) => agent.once('close', resolve)))
  for (const agent of agents) agent.kill('SIGKILL')
  await Promise.all(gone)
  await rm(directory, { recursive: true, force: true })
}

proxy.listen(proxyPort, '127.0.47.1')
for (const [file, lines] of Object.entries(cliFiles)) {
  if (chosen.length === 0 || chosen.includes(file)) await record(file, lines)
}
proxy.close()
