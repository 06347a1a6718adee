// One agent per runtime, from the sources, and the executable: one cluster.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { equal, executable, root, runScript, until, type Script } from './harness.ts'
import { commonLeader, LocalAgents, membersEverywhere, type LocalAgent } from './local-agents.ts'

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
const kinds: readonly Kind[] = ['node', 'bun', 'deno', 'executable']
const servers: readonly Kind[] = ['node', 'bun', 'deno']
const joins = servers.map((_, at) => `-retry-join=127.0.94.${at + 1}`)

function start(kind: Kind, role: 'server' | 'client'): Promise<LocalAgent> {
  const at = kinds.indexOf(kind) + (role === 'server' ? 1 : 11)
  const flags = role === 'server' ? ['-server', '-bootstrap-expect=3', ...joins] : joins
  const node = `${kind}-${role}`
  return agents.startAndWait({ node, ip: `127.0.94.${at}`, flags, command: commands[kind] })
}

function statuses(running: readonly LocalAgent[], failed: readonly string[] = []): Record<string, number> {
  const alive = running.map(({ node }) => [node, 1] as const)
  return Object.fromEntries([...alive, ...failed.map((node) => [node, 4] as const)])
}

/** Writes through each agent and reads it back through all. */
async function eachToEach(running: readonly LocalAgent[], round: string): Promise<void> {
  for (const from of running) {
    const path = `/v1/kv/${round}/${from.node}`
    await until(`${from.node} writes`, async () => {
      const answer = await from.request(path, { method: 'PUT', body: from.node })
      if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`)
      return true
    })
    for (const to of running) {
      const read = await to.request(`${path}?raw&consistent`)
      equal([read.status, await read.text()], [200, from.node], `${path} read through ${to.node}`)
    }
  }
}

async function cluster(script: Script): Promise<void> {
  let running: readonly LocalAgent[] = []
  await script.step(
    'a server on each runtime, a client on each and the executable: one cluster',
    async () => {
      running = await Promise.all([
        ...servers.map((kind) => start(kind, 'server')),
        ...kinds.map((kind) => start(kind, 'client')),
      ])
      await membersEverywhere(running, statuses(running))
      await commonLeader(running)
    },
  )
  await script.step('what one writes all read', () => eachToEach(running, 'first'))
  for (const kind of ['node', 'bun', 'deno', 'executable'] as const) {
    const role = kind === 'executable' ? 'client' : 'server'
    await script.step(
      `a killed ${kind} ${role} is seen as failed, the rest goes on, and it comes back`,
      async () => {
        const killed = running.find(({ node }) => node === `${kind}-${role}`)
        if (killed === undefined) throw new Error('not started')
        const rest = running.filter((agent) => agent !== killed)
        killed.signal('SIGKILL')
        await membersEverywhere(rest, statuses(rest, [killed.node]), 30_000)
        await commonLeader(rest)
        await eachToEach(rest, `without-${kind}`)
        running = [...rest, await start(kind, role)]
        await membersEverywhere(running, statuses(running))
        await commonLeader(running)
        await eachToEach(running, `again-${kind}`)
      },
    )
  }
}

await runScript(
  async (script) => {
    for (const kind of ['bun', 'deno'] as const) {
      if (!existsSync(join(bin, kind)))
        return script.skip('one agent per runtime', `no ${kind} in node_modules`)
    }
    await cluster(script)
  },
  () => agents.remove(),
)
