// Events and remote execution between real agents in a simulated world; programs are scripted.
import { describe, expect, it } from 'vitest'
import type { Agent } from '../../../src/agent/agent.ts'
import type { ChildProcess, Host, ProcessOptions, ProcessResult } from '../../../src/runtime/host.ts'
import { World } from '../../sim/world.ts'
import { machineIn, startAgent, stopAll } from './agents.ts'

/** What a program was started with. */
interface Started {
  readonly command: readonly string[]
  readonly options: ProcessOptions
  end(result: Partial<ProcessResult>): void
}

/** A host whose programs end when the test says so. */
function withPrograms(started: Started[]): (host: Host) => Host {
  const start = (command: readonly string[], options: ProcessOptions): Promise<ChildProcess> => {
    const none = { code: 0, signal: null, output: new Uint8Array(0), outputBytes: 0, timedOut: false }
    const ended = new Promise<ProcessResult>((resolve) => {
      const end = (result: Partial<ProcessResult>): void => resolve({ ...none, ...result })
      started.push({ command, options, end })
    })
    return Promise.resolve({ pid: 1, kill: () => undefined, ended })
  }
  return (host) => ({ ...host, processes: { ...host.processes, start } })
}

async function pair(
  seed: number,
  started: Started[],
  args: readonly string[] = [],
): Promise<[World, Agent, Agent]> {
  const world = new World({ seed })
  const [one, two] = [world.addMachine('n1'), world.addMachine('n2')]
  const change = withPrograms(started)
  const server = ['-server', '-bootstrap-expect=1', ...args]
  const client = ['-retry-join', one.ip, '-retry-interval', '1s', ...args]
  const agents = await world.wait(
    Promise.all([
      startAgent(world, one, server, { change }).agent,
      startAgent(world, two, client, { change }).agent,
    ]),
    20_000,
  )
  await world.run(10_000)
  const [first, second] = agents
  if (first === undefined || second === undefined) throw new Error('no agents')
  return [world, first, second]
}

interface Answer {
  readonly status: number
  readonly index: string
  readonly body: string
}

/** `call` is a method and a path. */
async function send(world: World, agent: Agent, call: string, body = ''): Promise<Answer> {
  const [method = '', path = ''] = call.split(' ')
  const request = new Request(`http://agent${path}`, { method, ...(body !== '' && { body }) })
  const response = await world.wait(Promise.resolve(agent.app(request, { ip: '10.0.0.99', port: 1 })), 30_000)
  const reading = response.text()
  world.scheduler.trackTransient(reading)
  const index = response.headers.get('x-consul-index') ?? ''
  return { status: response.status, index, body: await reading }
}

async function names(world: World, agent: Agent): Promise<readonly string[]> {
  const { body } = await send(world, agent, 'GET /v1/event/list')
  return (JSON.parse(body) as readonly { readonly Name: string }[]).map(({ Name }) => Name)
}

describe('user events', () => {
  it('fired at any agent, all that the filters are about list them', async () => {
    const [world, one, two] = await pair(600, [])
    await send(world, two, 'PUT /v1/event/fire/all', 'x')
    await send(world, one, 'PUT /v1/event/fire/second?node=2$')
    await send(world, one, 'PUT /v1/event/fire/none?service=web')
    await send(world, two, 'PUT /v1/event/fire/_rexec', 'junk')
    await world.run(3000)
    expect(await names(world, one)).toEqual(['all'])
    expect(await names(world, two)).toEqual(['all', 'second'])
    await stopAll(world, [one, two])
  })

  it('the last 256 are listed', async () => {
    const [world, one, two] = await pair(601, [])
    for (let i = 0; i < 257; i++) await send(world, one, `PUT /v1/event/fire/e${i}`)
    await world.run(5000)
    const listed = await names(world, one)
    expect([listed.length, listed[0], listed.at(-1)]).toEqual([256, 'e1', 'e256'])
    expect((await names(world, two)).toSorted()).toEqual([...listed].toSorted())
    await stopAll(world, [one, two])
  })

  it('a list waits while its index is that of the latest event, and for that name only', async () => {
    const [world, one, two] = await pair(602, [])
    await send(world, one, 'PUT /v1/event/fire/a')
    const { index } = await send(world, one, 'GET /v1/event/list?name=a')
    const startMs = world.nowMs
    const waiting = send(world, one, `GET /v1/event/list?name=a&index=${index}&wait=20s`)
    await world.run(2000)
    await send(world, two, 'PUT /v1/event/fire/b')
    await world.run(2000)
    await send(world, two, 'PUT /v1/event/fire/a')
    const answer = await waiting
    expect(world.nowMs - startMs).toBeGreaterThanOrEqual(4000)
    expect(world.nowMs - startMs).toBeLessThan(6000)
    expect([answer.index === index, JSON.parse(answer.body)]).toEqual([
      false,
      expect.objectContaining({ length: 2 }),
    ])
    // Another index than that of the latest is answered at once.
    expect((await send(world, one, `GET /v1/event/list?name=a&index=${index}&wait=20s`)).index).toBe(
      answer.index,
    )
    await stopAll(world, [one, two])
  })

  it('a list that waits ends with its time', async () => {
    const [world, one, two] = await pair(603, [])
    const startMs = world.nowMs
    const answer = await send(world, one, 'GET /v1/event/list?index=1&wait=5s')
    expect([answer.body, answer.index, world.nowMs - startMs]).toEqual(['[]', '1', 5000])
    await stopAll(world, [one, two])
  })

  it('another datacenter is asked for by its servers', async () => {
    const [world, one, two] = await pair(604, [])
    const answer = await send(world, two, 'PUT /v1/event/fire/a?dc=nope')
    expect([answer.status, answer.body]).toEqual([500, 'No path to datacenter'])
    await stopAll(world, [one, two])
  })
})

const on = ['-hcl', 'disable_remote_exec=false']

/** Puts a job under a new session and fires its event; the prefix of its keys. */
async function execute(world: World, agent: Agent, job: object): Promise<string> {
  const { body } = await send(world, agent, 'PUT /v1/session/create', '{"Behavior":"delete"}')
  const { ID: session } = JSON.parse(body) as { readonly ID: string }
  await send(world, agent, `PUT /v1/kv/_rexec/${session}/job?acquire=${session}`, JSON.stringify(job))
  await send(
    world,
    agent,
    'PUT /v1/event/fire/_rexec',
    JSON.stringify({ Prefix: '_rexec', Session: session }),
  )
  await world.run(2000)
  return `_rexec/${session}`
}

async function value(world: World, agent: Agent, key: string): Promise<string | null> {
  const { status, body } = await send(world, agent, `GET /v1/kv/${key}?raw`)
  return status === 200 ? body : null
}

describe('remote execution', () => {
  it('every agent acknowledges, runs the command, and writes its output and exit code', async () => {
    const started: Started[] = []
    const [world, one, two] = await pair(610, started, on)
    const base = await execute(world, one, { Command: 'uptime', Wait: 2e9 })
    expect(started.map(({ command }) => command)).toEqual([
      ['/bin/sh', '-c', 'uptime'],
      ['/bin/sh', '-c', 'uptime'],
    ])
    expect([await value(world, one, `${base}/n1/ack`), await value(world, one, `${base}/n2/ack`)]).toEqual([
      '',
      '',
    ])
    for (const [i, program] of started.entries()) {
      void program.options.onOutput?.(new TextEncoder().encode('up\n'))
      program.end({ code: i })
    }
    await world.run(2000)
    const exits = [await value(world, one, `${base}/n1/exit`), await value(world, one, `${base}/n2/exit`)]
    expect(new Set(exits)).toEqual(new Set(['0', '1']))
    const keys = (await send(world, one, `GET /v1/kv/${base}?keys`)).body
    expect(keys).toMatch(/n1\/out\/0000\d.*n2\/out\/0000\d/)
    await stopAll(world, [one, two])
  })

  it('when the session ends all keys go, and nothing more is written', async () => {
    const started: Started[] = []
    const [world, one, two] = await pair(611, started, on)
    const base = await execute(world, one, { Args: ['sleep', '60'], Wait: 2e9 })
    await send(world, one, `PUT /v1/session/destroy/${base.split('/')[1]}`)
    for (const program of started) program.end({ code: 0 })
    await world.run(5000)
    expect((await send(world, one, 'GET /v1/kv/_rexec?keys')).status).toBe(404)
    await stopAll(world, [one, two])
  })

  it('agents that do not take part keep silent, as they do by default', async () => {
    const started: Started[] = []
    const [world, one, two] = await pair(612, started)
    const base = await execute(world, one, { Command: 'uptime' })
    expect([started.length, (await send(world, one, `GET /v1/kv/${base}?keys`)).body]).toEqual([
      0,
      `["${base}/job"]`,
    ])
    await stopAll(world, [one, two])
  })

  it('a reload decides anew who takes part', async () => {
    const started: Started[] = []
    const world = new World({ seed: 615 })
    const machine = machineIn(world, 'n1')
    const { host } = world.boot(machine)
    const write = (isDisabled: boolean): Promise<void> => {
      const text = JSON.stringify({ disable_remote_exec: isDisabled })
      return world.wait(host.files.write('/data/exec.json', new TextEncoder().encode(text)), 1000)
    }
    await write(true)
    const args = ['-server', '-bootstrap-expect=1', '-config-file=/data/exec.json']
    const change = withPrograms(started)
    const agent = await world.wait(startAgent(world, machine, args, { change }).agent, 10_000)
    await world.run(5000)
    await execute(world, agent, { Command: 'one' })
    await write(false)
    expect((await send(world, agent, 'PUT /v1/agent/reload')).status).toBe(200)
    await execute(world, agent, { Command: 'two' })
    expect(started.map(({ command }) => command.at(-1))).toEqual(['two'])
    for (const program of started) program.end({ code: 0 })
    await stopAll(world, [agent])
  })

  it('an event without a job, or with a malformed one, starts nothing', async () => {
    const started: Started[] = []
    const [world, one, two] = await pair(613, started, on)
    await send(world, one, 'PUT /v1/event/fire/_rexec', 'junk')
    await send(world, one, 'PUT /v1/event/fire/_rexec', '{"Prefix":"_rexec","Session":"none"}')
    await execute(world, one, { Command: 5 })
    expect(started).toEqual([])
    await stopAll(world, [one, two])
  })

  it('no more than 16 jobs run at an agent at once', async () => {
    const started: Started[] = []
    const [world, one, two] = await pair(614, started, on)
    for (let i = 0; i < 18; i++) await execute(world, one, { Command: `job ${i}`, Wait: 60e9 })
    expect(started.length).toBe(32)
    for (const program of started) program.end({ code: 0 })
    await world.run(2000)
    await execute(world, one, { Command: 'again' })
    expect(started.length).toBe(34)
    for (const program of started) program.end({ code: 0 })
    await stopAll(world, [one, two])
  })
})
