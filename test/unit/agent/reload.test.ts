import { describe, expect, it } from 'vitest'
import type { Agent } from '../../../src/agent/agent.ts'
import { openLogFile, type LogFileOptions } from '../../../src/agent/log-file.ts'
import type { Host } from '../../../src/runtime/host.ts'
import { signal } from '../../sim/host.ts'
import { World } from '../../sim/world.ts'
import { get, machineIn, startAgent, stopAll, type Started } from './agents.ts'

const path = '/data/agent.json'

async function write(world: World, host: Host, config: unknown): Promise<void> {
  const text = typeof config === 'string' ? config : JSON.stringify(config)
  await world.wait(host.files.write(path, new TextEncoder().encode(text)), 1000)
}

async function reload(
  world: World,
  agent: Agent,
): Promise<{ readonly status: number; readonly text: string }> {
  const request = new Request('http://agent/v1/agent/reload', { method: 'PUT' })
  const response = await world.wait(Promise.resolve(agent.app(request, { ip: '10.0.0.99', port: 1 })), 5000)
  return { status: response.status, text: await response.text() }
}

interface Scene {
  readonly world: World
  readonly started: Started
  readonly agent: Agent
  readonly lines: () => readonly string[]
}

async function agentWith(seed: number, config: unknown): Promise<Scene> {
  const world = new World({ seed })
  const machine = machineIn(world, 'n1')
  await write(world, world.boot(machine).host, config)
  const started = startAgent(world, machine, ['-server', '-bootstrap-expect', '1', '-config-file', path])
  const agent = await world.wait(started.agent, 10_000)
  await world.run(5000)
  return { world, started, agent, lines: () => machine.consoleLines }
}

describe('a reload', () => {
  it('applies log level, node meta and discovery_max_stale, and says what waits for a restart', async () => {
    const { world, started, agent, lines } = await agentWith(970, { log_level: 'WARN' })
    expect(lines().some((line) => line.includes('[INFO]'))).toBe(false)
    await write(world, started.host, {
      log_level: 'DEBUG',
      node_meta: { rack: 'a1' },
      discovery_max_stale: '5s',
      performance: { raft_multiplier: 2 },
    })
    expect((await reload(world, agent)).status).toBe(200)
    await world.run(3000)
    expect(lines().some((line) => line.includes('[INFO]  agent: Configuration reloaded'))).toBe(true)
    expect(lines().filter((line) => line.includes('need a restart'))).toMatchObject([
      expect.stringContaining('[performance.raftMultiplier]'),
    ])
    expect(await get(world, agent, '/v1/catalog/node/n1')).toMatchObject({ Node: { Meta: { rack: 'a1' } } })
    expect(await get(world, agent, '/v1/agent/self')).toMatchObject({ Meta: { rack: 'a1' } })
    const asked = agent.app(new Request('http://agent/v1/catalog/nodes'), { ip: '10.0.0.99', port: 1 })
    const response = await world.wait(Promise.resolve(asked), 1000)
    expect(response.headers.get('X-Consul-Effective-Consistency')).toBe('stale')
    await stopAll(world, [agent])
  })

  it('takes up other watches and filters of metrics', async () => {
    const { world, started, agent, lines } = await agentWith(973, { log_level: 'WARN' })
    await write(world, started.host, {
      log_level: 'WARN',
      watches: [{ type: 'key', key: 'a', handler_type: 'http', http_handler_config: { path: 'http://x/' } }],
      telemetry: { prefix_filter: ['-consul.http'] },
    })
    expect((await reload(world, agent)).status).toBe(200)
    expect(agent.config.watches).toHaveLength(1)
    expect(agent.config.telemetry.prefixFilter).toEqual(['-consul.http'])
    expect(lines().some((line) => line.includes('need a restart'))).toBe(false)
    await stopAll(world, [agent])
  })

  it('with a mistake changes nothing and says what is wrong', async () => {
    const { world, started, agent, lines } = await agentWith(971, { log_level: 'WARN' })
    await write(world, started.host, '{ "log_level": "DEBUG", "no_such_key": 1 }')
    const answer = await reload(world, agent)
    expect(answer.status).toBe(500)
    expect(answer.text).toContain('no_such_key')
    expect(agent.config.log.level).toBe('warn')
    expect(lines().some((line) => line.includes('[DEBUG]'))).toBe(false)
    await stopAll(world, [agent])
  })

  it('comes with SIGHUP too', async () => {
    const { world, started, agent } = await agentWith(972, { log_level: 'WARN' })
    void agent.run()
    await write(world, started.host, { log_level: 'ERROR' })
    signal(started.process, 'SIGHUP')
    await world.run(100)
    expect(agent.config.log.level).toBe('error')
    await stopAll(world, [agent])
  })
})

describe('the log file', () => {
  async function written(
    options: Partial<LogFileOptions>,
    pauseMs = 0,
  ): Promise<ReadonlyMap<string, string>> {
    const world = new World({ seed: 980 })
    const { host } = world.boot(machineIn(world, 'n1'))
    const all = { path: '/data/log/a.log', rotateBytes: 0, rotateAfterMs: 0, rotateFilesMax: 0, ...options }
    await world.wait(host.files.mkdir('/data/log'), 1000)
    await world.wait(host.files.write('/data/log/a-other.log', new Uint8Array(1)), 1000)
    const file = await world.wait(openLogFile(host, all), 1000)
    for (let i = 0; i < 10; i++) {
      file.write(`line ${i}\n`)
      await world.run(10 + pauseMs)
    }
    await world.wait(file.close(), 1000)
    const found = new Map<string, string>()
    for (const name of await world.wait(host.files.list('/data/log'), 1000)) {
      const bytes = await world.wait(host.files.read(`/data/log/${name}`), 1000)
      if (name !== 'a-other.log') found.set(name, new TextDecoder().decode(bytes))
    }
    return found
  }

  it('is one file unless told otherwise', async () => {
    expect((await written({})).get('a.log')?.split('\n')).toHaveLength(11)
  })
  it('begins anew at a size, and loses nothing', async () => {
    const files = await written({ rotateBytes: 21 })
    expect(files.size).toBe(4)
    expect([...files.values()].every((text) => text.length <= 21)).toBe(true)
    expect([...files.values()].join('').split('\n').sort()).toHaveLength(11)
  })
  it('begins anew at an age', async () => {
    expect((await written({ rotateAfterMs: 5000 }, 1000)).size).toBe(2)
  })
  it('keeps so many old ones, or none, and nobody else’s', async () => {
    expect((await written({ rotateBytes: 7, rotateFilesMax: 2 })).size).toBe(3)
    expect([...(await written({ rotateBytes: 7, rotateFilesMax: -1 })).keys()]).toEqual(['a.log'])
  })
})

it('/v1/agent/self says whether profiles and programs as checks are allowed', async () => {
  const { world, agent } = await agentWith(979, { enable_debug: true, enable_local_script_checks: true })
  expect(await get(world, agent, '/v1/agent/self')).toMatchObject({
    DebugConfig: { EnableDebug: true, EnableLocalScriptChecks: true, EnableRemoteScriptChecks: false },
  })
  await stopAll(world, [agent])
})
