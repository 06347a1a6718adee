// The way back after the loss of a majority: peers.json, and what `operator recover` sees.
import { describe, expect, it } from 'vitest'
import type { Agent } from '../../../src/agent/agent.ts'
import { parsePeers, writePeers } from '../../../src/agent/peers-file.ts'
import { foundLines, lookAtServer, planLines, withDataDirectory } from '../../../src/agent/recover.ts'
import type { Host } from '../../../src/runtime/host.ts'
import type { Machine } from '../../sim/machine.ts'
import { World } from '../../sim/world.ts'
import { failureOf, get, machineIn, startAgent, startAgents, stopAll } from './agents.ts'

const args = ['-server', '-bootstrap-expect', '3']

async function put(world: World, agent: Agent, key: string, value: string): Promise<string> {
  const request = new Request(`http://agent/v1/kv/${key}`, { method: 'PUT', body: value })
  const response = await world.wait(Promise.resolve(agent.app(request, { ip: '10.0.0.9', port: 1 })), 20_000)
  const reading = response.text()
  world.scheduler.trackTransient(reading)
  return reading
}

async function indexOf(world: World, agent: Agent, key: string): Promise<number> {
  const [entry] = (await get(world, agent, `/v1/kv/${key}`)) as readonly { readonly ModifyIndex: number }[]
  return entry?.ModifyIndex ?? 0
}

interface Lost {
  readonly world: World
  readonly survivor: Machine
  readonly others: readonly Machine[]
  readonly id: string
  readonly host: Host
}

/** Three servers with a hundred keys, of which one survives. */
async function lostMajority(seed: number): Promise<Lost> {
  const world = new World({ seed })
  const machines = ['n1', 'n2', 'n3'].map((name) => machineIn(world, name))
  const agents = await startAgents(world, machines, args)
  await world.run(5000)
  const [agent] = agents
  const [survivor, ...others] = machines
  if (agent === undefined || survivor === undefined) throw new Error('three machines')
  for (let i = 0; i < 100; i++) expect(await put(world, agent, `k${i}`, `v${i}`)).toBe('true')
  await world.run(1000)
  for (const machine of machines) machine.end('power')
  return { world, survivor, others, id: agent.id, host: world.boot(survivor).host }
}

async function write({ world, host }: Lost, path: string, text: string): Promise<void> {
  await world.wait(host.files.write(path, new TextEncoder().encode(text)), 1000)
}

describe('peers.json', () => {
  it('makes a survivor a cluster of its own, with all that it had, and is put aside', async () => {
    const lost = await lostMajority(980)
    const { world, survivor, id, host } = lost
    const address = `${survivor.ip}:8300`
    await write(lost, '/data/raft/peers.json', JSON.stringify([{ id, address, non_voter: false }]))
    const agent = await world.wait(startAgent(world, survivor, args).agent, 10_000)
    await world.run(3000)
    for (let i = 0; i < 100; i += 33)
      expect(await get(world, agent, `/v1/kv/k${i}?raw&consistent`)).toBe(`v${i}`)
    expect(await put(world, agent, 'after', 'x')).toBe('true')
    expect(await world.wait(host.files.list('/data/raft'), 1000)).toContain('peers.json.applied')
    expect(await indexOf(world, agent, 'after')).toBeGreaterThan(1_000_000)
    await world.run(20_000)
    expect(await world.wait(host.files.list('/data/raft'), 1000)).not.toContain('recovered.json')
    await stopAll(world, [agent])
    const again = await world.wait(startAgent(world, survivor, args).agent, 10_000)
    await world.run(3000)
    expect(await get(world, again, '/v1/kv/after?raw&consistent')).toBe('x')
    expect(await put(world, again, 'later', 'x')).toBe('true')
    expect(await indexOf(world, again, 'later')).toBeLessThan(1_001_000)
    await stopAll(world, [again])
  })

  it.each([
    ['on both', 2],
    ['on the one with the longer log', 1],
  ])('may name two survivors (%s): that log wins, and both have the new configuration', async (_, files) => {
    const world = new World({ seed: 986 })
    const machines = ['n1', 'n2', 'n3', 'n4', 'n5'].map((name) => machineIn(world, name))
    const agents = await startAgents(world, machines, ['-server', '-bootstrap-expect', '5'])
    await world.run(5000)
    const [long, short] = machines
    const [agent, behind] = agents
    if (agent === undefined || behind === undefined || long === undefined || short === undefined)
      throw new Error('five machines')
    expect(await put(world, agent, 'early', 'v')).toBe('true')
    await world.run(500)
    short.end('kill')
    await world.run(500)
    expect(await put(world, agent, 'late', 'v')).toBe('true')
    await world.run(500)
    for (const machine of machines) machine.end('power')
    const servers = [agent, behind].map((each, at) => ({
      id: each.id,
      address: `${machines[at]?.ip ?? ''}:8300`,
      suffrage: 'voter' as const,
    }))
    for (const machine of [long, short].slice(0, files))
      await world.wait(writePeers(world.boot(machine).host, '/data', { servers }), 1000)
    const started = [long, short].map((machine) => startAgent(world, machine, ['-server']).agent)
    const back = await world.wait(Promise.all(started), 20_000)
    await world.run(10_000)
    for (const each of back) {
      expect(await get(world, each, '/v1/kv/late?raw&consistent')).toBe('v')
      const view = await get(world, each, '/v1/operator/raft/configuration?stale')
      expect((view as { readonly Servers: readonly unknown[] }).Servers).toHaveLength(2)
    }
    await stopAll(world, back)
  })

  it('is applied in the end, whenever the power goes on the way', async () => {
    let cuts = 0
    for (let afterMs = 0; afterMs < 16; afterMs++) {
      const lost = await lostMajority(990 + afterMs)
      const { world, survivor, id, host } = lost
      const configuration = { servers: [{ id, address: `${survivor.ip}:8300`, suffrage: 'voter' as const }] }
      await world.wait(writePeers(host, '/data', configuration), 1000)
      const started = startAgent(world, survivor, args)
      void started.agent.catch(() => undefined)
      await world.run(afterMs)
      const names = await world.wait(host.files.list('/data/raft'), 1000)
      if (!names.includes('peers.json.applied')) cuts++
      survivor.end('power')
      const agent = await world.wait(startAgent(world, survivor, args).agent, 10_000)
      await world.run(3000)
      expect(await get(world, agent, '/v1/kv/k99?raw&consistent'), `cut after ${afterMs} ms`).toBe('v99')
      await stopAll(world, [agent])
    }
    expect(cuts).toBeGreaterThan(3)
  })

  it('lets the others join as new servers, which get everything and vote', async () => {
    const lost = await lostMajority(981)
    const { world, survivor, others, id } = lost
    await write(lost, '/data/raft/peers.json', JSON.stringify([{ id, address: `${survivor.ip}:8300` }]))
    const agent = await world.wait(startAgent(world, survivor, args).agent, 10_000)
    await world.run(3000)
    for (const machine of others) machine.disk.mkdir('/fresh', 0o755)
    await world.run(40_000)
    const started = others.map((machine) => {
      const more = ['-data-dir', '/fresh', '-retry-join', survivor.ip]
      return startAgent(world, machine, ['-server', ...more]).agent
    })
    const joined = await world.wait(Promise.all(started), 20_000)
    await world.run(30_000)
    const view = await get(world, agent, '/v1/operator/autopilot/health')
    expect(view).toMatchObject({ Healthy: true, FailureTolerance: 1 })
    const [first] = joined
    if (first === undefined) throw new Error('two joined')
    expect(await get(world, first, '/v1/kv/k99?raw&stale')).toBe('v99')
    await stopAll(world, [agent, ...joined])
  })

  it.each([
    ['{', 'it is no JSON'],
    ['{}', 'it must be a list'],
    ['[1]', 'server 1 of the list is no object'],
    ['[{"id":"a"}]', 'has no "address"'],
    ['[{"id":"a","address":"1.2.3.4:8300","non_voter":"x"}]', 'neither true nor false'],
    ['[{"id":"b","address":"1.2.3.4:8300"}]', 'this server, a, is not in it'],
    ['[{"id":"a","address":"1.2.3.4:8300","non_voter":true}]', 'there is no voter in it'],
    ['[{"id":"a","address":"1.2.3.4:8300"},{"id":"A","address":"1.2.3.4:8300"}]', 'a is in it twice'],
  ])('%s is refused: %s', (text, reason) => {
    const parsed = parsePeers(text, 'a')
    expect(parsed).toMatchObject({ ok: false, error: expect.stringContaining(reason) })
  })

  it('that is wrong, or has nothing to go on from, keeps the server from starting', async () => {
    const world = new World({ seed: 982 })
    const machine = machineIn(world, 'n1')
    machine.disk.mkdir('/data/raft', 0o755)
    const { host } = world.boot(machine)
    const path = '/data/raft/peers.json'
    await world.wait(host.files.write(path, new TextEncoder().encode('[]')), 1000)
    const refusal = await failureOf(world, startAgent(world, machine, args))
    expect(refusal).toBe(`Cannot recover from "${path}": there is no voter in it`)
    const id = new TextDecoder().decode(await world.wait(host.files.read('/data/node-id'), 1000))
    const text = JSON.stringify([{ id, address: `${machine.ip}:8300` }])
    await world.wait(host.files.write(path, new TextEncoder().encode(text)), 1000)
    expect(await failureOf(world, startAgent(world, machine, args))).toContain('no log and no snapshot')
  })
})

describe('operator recover', () => {
  it('tells what a stopped server has, and what to do', async () => {
    const { world, host, id } = await lostMajority(983)
    const looking = withDataDirectory(host, '/data', () => lookAtServer(host, '/data'))
    const view = await world.wait(looking, 1000)
    if (!view.ok) throw new Error(view.error)
    expect(view.value).toMatchObject({ id, hasPeersFile: false, damaged: [] })
    expect(view.value.configuration.servers).toHaveLength(3)
    expect(view.value.lastIndex).toBeGreaterThan(100)
    expect(foundLines(view.value).join('\n')).toContain('3 servers, 3 of them vote, a majority is 2')
    expect(planLines(view.value, 'proconsul').join('\n')).toContain(`index ${view.value.lastIndex}`)
  })

  it('keeps away from a server that runs, and from what is no server', async () => {
    const world = new World({ seed: 984 })
    const machine = machineIn(world, 'n1')
    const started = startAgent(world, machine, ['-server', '-bootstrap-expect', '1'])
    const agent = await world.wait(started.agent, 10_000)
    const { host } = world.boot(machine)
    const look = (dataDir: string): Promise<unknown> =>
      world.wait(
        withDataDirectory(host, dataDir, () => lookAtServer(host, dataDir)),
        1000,
      )
    expect(await look('/data')).toMatchObject({ error: expect.stringContaining('stop it first') })
    expect(await look('/elsewhere')).toMatchObject({ error: expect.stringContaining('no data of a server') })
    await stopAll(world, [agent])
  })
})
