import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { CheckDefinition, CheckOutcome, CheckRun } from '../../../../src/model/definition.ts'
import type { Host } from '../../../../src/runtime/host.ts'
import { nodeHost } from '../../../../src/runtime/node.ts'
import { ip, runOnce } from './bench.ts'

type DockerRun = Extract<CheckRun, { readonly type: 'docker' }>

const unixPath = `/tmp/proconsul-docker-${process.pid}.sock`
let asked: string[] = []

/** An engine in which the container's name says what happens. */
function engine(request: IncomingMessage, response: ServerResponse): void {
  let body = ''
  request.on('data', (bytes) => (body += bytes))
  request.on('end', () => {
    asked.push(`${request.method} ${request.url} ${body}`)
    const [, kind = '', name = '', last = ''] = (request.url ?? '').split('/')
    if (kind === 'containers') create(name, response)
    else if (last === 'json') response.end(JSON.stringify({ ExitCode: Number(name.replace(/\D/g, '')) }))
    else start(name, response)
  })
}

function create(container: string, response: ServerResponse): void {
  if (container === 'gone') fail(response, 404, 'No such container: gone')
  else response.writeHead(201).end(container === 'garbage' ? '{' : JSON.stringify({ Id: container }))
}

function start(name: string, response: ServerResponse): void {
  if (name === 'endless') endless(response)
  else if (name !== 'silent') response.end('hello docker\n')
}

function fail(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status).end(JSON.stringify({ message }))
}

function endless(response: ServerResponse): void {
  const piece = Buffer.alloc(65_536, 'x')
  const more = (): void => void (response.destroyed || response.write(piece, more))
  more()
}

const onUnix = createServer(engine)
const onTcp = createServer(engine)

beforeAll(async () => {
  await new Promise<void>((resolve) => void onUnix.listen(unixPath, resolve))
  await new Promise<void>((resolve) => void onTcp.listen(0, ip, resolve))
})

afterAll(() => {
  for (const server of [onUnix, onTcp]) {
    server.closeAllConnections()
    server.close()
  }
  rmSync(unixPath, { force: true })
})

function withEngine(at: string): Host {
  const host = nodeHost()
  return { ...host, system: { ...host.system, env: { DOCKER_HOST: at, SHELL: '/bin/zsh' } } }
}

function docker(
  run: Partial<DockerRun>,
  changes: Partial<CheckDefinition> & { readonly host?: Host } = {},
): Promise<CheckOutcome> {
  asked = []
  const timing = { intervalMs: 30, timeoutMs: 400 }
  const whole: DockerRun = {
    type: 'docker',
    container: 'c0',
    shell: '',
    args: ['true', 'a b'],
    ...timing,
    ...run,
  }
  return runOnce(whole, { host: withEngine(`unix://${unixPath}`), ...changes })
}

describe('a Docker check', () => {
  it('creates, starts and inspects an execution', async () => {
    expect(await docker({})).toEqual({ status: 'passing', output: 'hello docker\n' })
    expect(asked).toEqual([
      'POST /containers/c0/exec {"AttachStdin":false,"AttachStdout":true,"AttachStderr":true,"Tty":false,"Cmd":["true","a b"]}',
      'POST /exec/c0/start {"Detach":false,"Tty":true}',
      'GET /exec/c0/json ',
    ])
  })

  it('takes the exit status as a script check does', async () => {
    expect((await docker({ container: 'c1' })).status).toBe('warning')
    expect((await docker({ container: 'c2' })).status).toBe('critical')
  })

  it('has the shell run a line', async () => {
    await docker({ args: ['test -e /x && true'], shell: '/bin/ash' })
    expect(asked[0]).toContain('"Cmd":["/bin/ash","-c","test -e /x && true"]')
    await docker({ args: ['test -e /x && true'] })
    expect(asked[0]).toContain('"Cmd":["/bin/zsh"')
  })

  it('keeps the last bytes of the output', async () => {
    expect((await docker({}, { outputBytesMax: 7 })).output).toBe('Captured 7 of 13 bytes\n...\ndocker\n')
  })

  it('finds an engine on TCP', async () => {
    const { port } = onTcp.address() as { port: number }
    expect((await docker({}, { host: withEngine(`tcp://${ip}:${port}`) })).status).toBe('passing')
  })

  it('says what the engine refuses', async () => {
    expect(await docker({ container: 'gone' })).toEqual({
      status: 'critical',
      output: 'create exec failed for container gone with status 404: No such container: gone',
    })
  })

  it('says that there is no engine', async () => {
    expect((await docker({}, { host: withEngine('unix:///nope.sock') })).output).toBe(
      'create exec failed for container c0: dial unix /nope.sock: connect: no such file or directory',
    )
    expect((await docker({}, { host: withEngine(`tcp://${ip}:1`) })).output).toBe(
      `create exec failed for container c0: dial tcp ${ip}:1: connect: connection refused`,
    )
    expect((await docker({}, { host: withEngine('ssh://x') })).output).toBe(
      'unable to parse docker host "ssh://x"',
    )
  })

  it('ends what hangs, prints without end or answers nonsense', async () => {
    const late = { status: 'critical', output: 'Timed out (400ms) running check' }
    expect(await docker({ container: 'silent' })).toEqual(late)
    expect(await docker({ container: 'endless' })).toEqual(late)
    expect((await docker({ container: 'garbage' })).output).toBe(
      'the answer of the Docker engine is not JSON',
    )
  })
})
