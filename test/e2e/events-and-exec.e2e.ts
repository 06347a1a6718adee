// Events, remote execution and round trips on real processes: two datacenters, filters by service, a watch that acts, an
// interrupted exec that leaves nothing.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { equal, executable, matches, runScript, until, type Script } from './harness.ts'
import { type LocalAgent, LocalAgents } from './local-agents.ts'

const agents = new LocalAgents()
const [one, two, client] = ['127.0.86.1', '127.0.86.2', '127.0.86.3'] as const

interface Printed {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function run(words: readonly string[], input = ''): Printed {
  const [name = '', ...args] = words
  const all = [name, `-http-addr=${one}:8500`, ...args]
  const { status, stdout, stderr } = spawnSync(executable, all, { encoding: 'utf8', input })
  return { code: status, out: stdout, err: stderr }
}

async function names(agent: LocalAgent): Promise<string> {
  const events = await agent.get<readonly { readonly Name: string }[]>('/v1/event/list')
  return events.map(({ Name }) => Name).join(' ')
}

/** Blocks of output by node, sorted: nodes end in no order. */
function byNode(out: string): string {
  return out
    .split('\n')
    .filter((line) => line !== '')
    .toSorted()
    .join('\n')
}

let first: LocalAgent
let second: LocalAgent
let third: LocalAgent

/** A server in each of two datacenters, and a client. */
async function start(script: Script): Promise<void> {
  await script.step('two datacenters, a client that runs a service', async () => {
    const file = join(agents.directory, 'web.json')
    writeFileSync(file, '{"service": {"name": "web", "tags": ["v1", "blue"]}, "disable_remote_exec": false}')
    const server = ['-server', '-bootstrap-expect=1', '-hcl=disable_remote_exec=false']
    first = await agents.startAndWait({ node: 's1', ip: one, flags: server })
    const elsewhere = [...server, '-datacenter=dc2', `-retry-join-wan=${one}`]
    second = await agents.startAndWait({ node: 's2', ip: two, flags: elsewhere })
    const joins = [`-retry-join=${one}`, `-config-file=${file}`]
    third = await agents.startAndWait({ node: 'c1', ip: client, flags: joins })
    await until('both datacenters are known', async () => {
      const known = await first.get<readonly string[]>('/v1/catalog/datacenters')
      return known.length === 2
    })
    for (const agent of [first, second])
      await until(`${agent.node} leads`, async () => (await agent.get<string>('/v1/status/leader')) !== '')
    await until('the client is known', async () => {
      const members = await first.get<readonly unknown[]>('/v1/agent/members')
      return members.length === 2
    })
  })
}

/** Who hears of what, and what comes of it. */
async function events(script: Script): Promise<void> {
  await script.step('events reach those that they are about', async () => {
    matches(run(['event', '-name=all', 'hello']).out, /^Event ID: [\da-f-]{36}\n$/)
    run(['event', '-name=web', '-service=^web$', '-tag=blue'])
    run(['event', '-name=there', '-datacenter=dc2'])
    await until('all of them', async () => (await names(third)) === 'all web')
    equal(await names(first), 'all')
    await until('those elsewhere', async () => (await names(second)) === 'there')
  })
  await script.step('a watch acts on an event', async () => {
    const file = join(agents.directory, 'seen')
    const args = ['watch', `-http-addr=${client}:8500`, '-type=event', '-name=deploy']
    const watch = spawn(executable, [...args, `cat >> ${file}; echo >> ${file}`], { stdio: 'ignore' })
    try {
      await until('it has run once', () => existsSync(file))
      run(['event', '-name=deploy', '-service=web', '7'])
      await until('it has run again', () => readFileSync(file, 'utf8').includes(btoa('7')))
    } finally {
      watch.kill('SIGTERM')
    }
  })
}

/** Commands and scripts, here and elsewhere. */
async function execution(script: Script): Promise<void> {
  await script.step('a command runs everywhere', () => {
    const { code, out } = run(['exec', 'echo $((6 * 7)); echo oops >&2; exit $(( $(hostname | wc -l) + 2 ))'])
    equal(
      byNode(out),
      byNode(
        ['c1', 's1']
          .map((n) => `    ${n}: 42\n    ${n}: oops\n    ${n}:\n==> ${n}: finished with exit code 3\n`)
          .join('') + '2 / 2 node(s) completed / acknowledged\n',
      ),
    )
    equal(code, 2)
    return Promise.resolve()
  })
  await script.step('a script runs where a service is, and elsewhere', () => {
    const there = '==> c1: finished with exit code 0\n1 / 1 node(s) completed / acknowledged\n'
    equal(run(['exec', '-service=web', '-'], '#!/bin/cat\nas it is'), {
      code: 0,
      out: `    c1: #!/bin/cat\n    c1: as it is\n${there}`,
      err: '',
    })
    const { code, out } = run(['exec', '-datacenter=dc2', '-shell=false', 'echo', '$HOME'])
    equal(
      [code, out],
      [
        0,
        '    s2: $HOME\n    s2:\n==> s2: finished with exit code 0\n1 / 1 node(s) completed / acknowledged\n',
      ],
    )
    return Promise.resolve()
  })
  await script.step('an interrupted run leaves nothing behind', async () => {
    const child = spawn(executable, ['exec', `-http-addr=${one}:8500`, 'sleep 60'], { stdio: 'ignore' })
    await until('it is acknowledged', async () => {
      const answer = await first.request('/v1/kv/_rexec?keys')
      return (await answer.text()).includes('/c1/ack')
    })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGINT')
    equal(await ended, 1)
    equal((await first.request('/v1/kv/_rexec?keys')).status, 404)
    equal(await first.get<readonly unknown[]>('/v1/session/list'), [])
  })
}

/** Coordinates, as commands show them. */
async function roundTrips(script: Script): Promise<void> {
  await script.step('round trips are known within a minute', async () => {
    const isKnown = async (): Promise<boolean> =>
      (await first.get<readonly unknown[]>('/v1/coordinate/nodes')).length === 2
    await until('both are placed', isKnown, 60_000)
    matches(
      run(['rtt', 's1', 'c1']).out,
      /^Estimated s1 <-> c1 rtt: \d+\.\d{3} ms \(using LAN coordinates\)\n$/,
    )
    const wan = run(['rtt', '-wan', 's1.dc1', 's2.dc2']).out
    matches(wan, /^Estimated s1\.dc1 <-> s2\.dc2 rtt: \d+\.\d{3} ms \(using WAN coordinates\)\n$/)
    equal(run(['rtt', 's1', 'nope']), {
      code: 1,
      out: '',
      err: 'Could not find a coordinate for node "nope"\n',
    })
  })
}

await runScript(
  async (script) => {
    await start(script)
    await events(script)
    await execution(script)
    await roundTrips(script)
  },
  () => agents.remove(),
)
