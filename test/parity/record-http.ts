// Records what a Consul answers, for http.test.ts to compare with:
// `node test/parity/record-http.ts /path/to/consul [suite …]`, all suites if none is named. Not run by the tests.
// Starts an agent for each suite on a loopback address and removes its data afterwards.
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { Kept, bodyBytes, bodyText } from './http-exchange.ts'
import { comparedHeaders, oracleNode, paritySuites } from './http-requests.ts'
import type { Answer, Exchange, ParityRequest, ParitySuite } from './requests/request.ts'

const port = 8500

/** Sends one request as it is: no path is normalised. */
function send({ method, path, headers, body }: ParityRequest): Promise<Answer> {
  const bytes = bodyBytes(body)
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        host: oracleNode.ip,
        port,
        method,
        path,
        agent: false,
        headers: { ...headers, ...(body !== undefined && { 'Content-Length': bytes.length }) },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const kept = comparedHeaders.flatMap((name) => {
            const value = response.headers[name]
            return typeof value === 'string' ? [[name, value] as const] : []
          })
          resolve({
            status: response.statusCode ?? 0,
            headers: Object.fromEntries(kept),
            body: bodyText(Buffer.concat(chunks)),
          })
        })
      },
    )
    sent.on('error', reject)
    sent.end(bytes)
  })
}

/** Resolves when the agent has written its own record: from then on its indexes stand still. */
function untilReady(output: Readable): Promise<void> {
  let log = ''
  return new Promise((resolve, reject) => {
    output.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      if (log.includes('Synced node info')) resolve()
    })
    output.on('end', () => reject(new Error(`Cannot record: the agent has stopped:\n${log}`)))
  })
}

async function record(suite: ParitySuite): Promise<void> {
  const kept = new Kept(suite)
  for (const [name, requests] of Object.entries(suite.files)) {
    const exchanges: Exchange[] = []
    for (const request of requests) {
      exchanges.push({ request, answer: kept.take(request, await send(kept.fill(request))) })
    }
    const file = join(import.meta.dirname, 'http', `${name}.json`)
    await writeFile(file, `${JSON.stringify({ recordedFrom: 'Consul 1.8.7', exchanges }, null, 2)}\n`)
    process.stdout.write(`${name}: ${exchanges.length} exchanges\n`)
  }
}

async function withAgent(consul: string, hcl: string, use: () => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'record-http-'))
  const agent = spawn(
    consul,
    [
      'agent',
      '-server',
      '-bootstrap-expect=1',
      `-bind=${oracleNode.ip}`,
      `-client=${oracleNode.ip}`,
      `-node=${oracleNode.name}`,
      `-node-id=${oracleNode.id}`,
      `-data-dir=${dataDir}`,
      '-log-level=info',
      `-hcl=disable_update_check=true ${hcl}`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  try {
    await untilReady(agent.stdout)
    await use()
  } finally {
    agent.kill('SIGTERM')
    await new Promise((resolve) => agent.on('exit', resolve))
    await rm(dataDir, { recursive: true })
  }
}

const [consul, ...names] = process.argv.slice(2)
if (consul === undefined) throw new Error('Usage: node test/parity/record-http.ts /path/to/consul [suite …]')
for (const suite of paritySuites) {
  if (names.length > 0 && !names.includes(suite.name)) continue
  await withAgent(consul, suite.agent ?? 'disable_coordinates=true', () => record(suite))
}
