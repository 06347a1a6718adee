// `?cached` at a client agent: asked once, then watched, answered from memory, and told how old it is.
import { expect, it } from 'vitest'
import type { Agent } from '../../../src/agent/agent.ts'
import { World } from '../../sim/world.ts'
import { machineIn, startAgent } from './agents.ts'

it('a client agent answers from memory, follows changes, and tells the age when there is no server', async () => {
  const world = new World({ seed: 971 })
  const [serverMachine, clientMachine] = ['s', 'c'].map((name) => machineIn(world, name))
  if (!serverMachine || !clientMachine) throw new Error('two machines')
  const started = startAgent(world, serverMachine, ['-server', '-bootstrap'])
  const server = await world.wait(started.agent, 20_000)
  const flags = ['-retry-join', serverMachine.ip]
  const client = await world.wait(startAgent(world, clientMachine, flags).agent, 20_000)
  await world.run(10_000)

  const send = (agent: Agent, path: string, init: RequestInit = {}): Promise<Response> =>
    world.wait(
      Promise.resolve(agent.app(new Request(`http://agent${path}`, init), { ip: '10.0.0.99', port: 1 })),
      60_000,
    )
  const register = async (port: number): Promise<void> => {
    const body = JSON.stringify({ Node: 'n1', Address: '10.9.0.1', Service: { Service: 'web', Port: port } })
    await send(server, '/v1/catalog/register', { method: 'PUT', body })
    await world.run(1000)
  }
  const ask = async (
    control = '',
    parameters = 'cached',
  ): Promise<
    readonly [status: number, cache: string | null, age: string | null, port: string | undefined]
  > => {
    const init = { headers: { 'Cache-Control': control } }
    const response = await send(client, `/v1/health/service/web?${parameters}`, init)
    const port = /"Port":(\d+)/.exec(await response.text())?.[1]
    return [response.status, response.headers.get('x-cache'), response.headers.get('age'), port]
  }

  expect(await ask()).toEqual([200, 'MISS', null, undefined])
  await register(80)
  expect(await ask()).toEqual([200, 'MISS', null, '80'])
  expect(await ask()).toEqual([200, 'HIT', '0', '80'])
  expect(await ask('', 'cached&filter=Service.Port==81')).toEqual([200, 'HIT', '0', undefined])
  await register(81)
  expect(await ask('max-age=1')).toEqual([200, 'HIT', '0', '81'])
  expect(await ask('must-revalidate')).toEqual([200, 'MISS', null, '81'])

  started.process.end('kill')
  await world.run(30_000)
  const [status, cache, age, port] = await ask()
  expect([status, cache, port]).toEqual([200, 'HIT', '81'])
  expect(Number(age)).toBeGreaterThan(15)
  expect((await ask('max-age=5'))[0]).toBe(500)
  expect((await ask('max-age=5, stale-if-error=300')).slice(0, 2)).toEqual([200, 'HIT'])
})
