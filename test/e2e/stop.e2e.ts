// An agent that stops while clients wait and streams are open: every one of them gets a whole answer, and soon.
import { join } from 'node:path'
import { equal, root, runScript, until, type Script } from './harness.ts'
import { commonLeader, LocalAgents, type LocalAgent } from './local-agents.ts'

const agents = new LocalAgents()
const bin = join(root, 'node_modules/.bin')
const entry = (runtime: string): string => join(root, `src/entry/${runtime}.ts`)

const commands = {
  node: [process.execPath, entry('node')],
  bun: [join(bin, 'bun'), entry('bun')],
  deno: [join(bin, 'deno'), 'run', '--quiet', '--no-lock', '--allow-all', entry('deno')],
} as const

let count = 0

async function start(kind: keyof typeof commands, flags: readonly string[]): Promise<LocalAgent> {
  count++
  const options = { node: `${kind}-${count}`, ip: `127.0.99.${count}`, flags, command: commands[kind] }
  return agents.startAndWait(options)
}

/** A whole answer in short; a connection that is cut fails. */
async function whole(asking: Promise<Response>): Promise<string> {
  const answer = await asking
  const text = await answer.text()
  return `${answer.status} ${text.slice(0, 20).split('\n')[0] ?? ''}`
}

/** Everything that can be open at an agent for long. */
async function openAll(agent: LocalAgent): Promise<{ readonly answers: Promise<readonly string[]> }> {
  await agent.request('/v1/kv/k', { method: 'PUT', body: 'v' })
  await agent.request('/v1/agent/service/register', { method: 'PUT', body: '{"Name":"web"}' })
  const [{ ModifyIndex: index } = { ModifyIndex: 0 }] =
    await agent.get<readonly { ModifyIndex: number }[]>('/v1/kv/k')
  const { ContentHash: hash } = await agent.get<{ ContentHash: string }>('/v1/agent/service/web')
  const body = '{"watches":[{"type":"nodes"}]}'
  const asked = [
    agent.request(`/v1/kv/k?raw&index=${index}&wait=60s`),
    agent.request(`/v1/kv/none?index=${index}&wait=60s`),
    agent.request('/v1/event/list?index=1&wait=60s'),
    agent.request(`/v1/agent/service/web?hash=${hash}&wait=60s`),
    agent.request('/v1/watch', { method: 'POST', body }),
    agent.request('/v1/agent/monitor'),
    agent.request('/v1/agent/metrics/stream'),
  ]
  // Those that stream have answered, the others wait.
  await Promise.all(asked.slice(4))
  await agent.get('/v1/agent/self')
  return { answers: Promise.all(asked.map(whole)).then((texts) => texts.slice(0, 5)) }
}

const expected = ['200 v', '404 ', '200 []', '200 {"ID":"web","Service', '200 : changes follow']

async function stops(agent: LocalAgent, end: () => void): Promise<void> {
  const { answers } = await openAll(agent)
  const beganMs = performance.now()
  end()
  equal(await answers, expected, 'answers')
  await agent.ended
  const tookMs = performance.now() - beganMs
  if (tookMs > 1000) throw new Error(`it took ${Math.round(tookMs)} ms`)
}

async function stop(script: Script): Promise<void> {
  for (const kind of ['node', 'bun', 'deno'] as const) {
    await script.step(`${kind}: SIGTERM finishes every answer within a second`, async () => {
      const agent = await start(kind, ['-server', '-bootstrap-expect=1'])
      await commonLeader([agent])
      await until('it can be written', async () => (await agent.request('/v1/kv/a', { method: 'PUT' })).ok)
      await stops(agent, () => agent.signal('SIGTERM'))
    })
    await script.step(`${kind}: with nothing under way it takes less than that`, async () => {
      const agent = await start(kind, ['-server', '-bootstrap-expect=1'])
      await commonLeader([agent])
      const beganMs = performance.now()
      agent.signal('SIGTERM')
      await agent.ended
      const tookMs = performance.now() - beganMs
      if (tookMs > 700) throw new Error(`it took ${Math.round(tookMs)} ms`)
    })
  }
}

await runScript(stop, () => agents.remove())
