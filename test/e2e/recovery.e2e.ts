// A majority is lost for ever: two of three servers are killed, and the third is brought back with `operator recover`.
// Everything that had reached it is there; the others come back as new servers. Then what operators do with servers.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { equal, executable, matches, runScript, sleep, until, type Script } from './harness.ts'
import { commonLeader, LocalAgents, type LocalAgent } from './local-agents.ts'

const agents = new LocalAgents()
const ips = ['127.0.87.1', '127.0.87.2', '127.0.87.3']
let servers: LocalAgent[] = []
const acknowledged: string[] = []

function start(at: number): LocalAgent {
  const flags = ['-server', '-bootstrap-expect=3', ...ips.map((ip) => `-retry-join=${ip}`)]
  return agents.start({ node: `server-${at + 1}`, ip: ips[at] ?? '', flags })
}

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function run(...args: readonly string[]): Ran {
  const { status, stdout, stderr } = spawnSync(executable, args, { encoding: 'utf8' })
  return { code: status, out: stdout, err: stderr }
}

function operator(at: LocalAgent, ...args: readonly string[]): Ran {
  return run('operator', ...args, `-http-addr=${at.ip}:8500`)
}

function server(at: number): LocalAgent {
  const found = servers[at]
  if (found === undefined) throw new Error(`no server ${at}`)
  return found
}

interface AutopilotState {
  readonly Healthy: boolean
  readonly FailureTolerance: number
  readonly Leader: string
  readonly Voters: readonly string[]
}

async function writeKeys(at: LocalAgent, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const key = `kept/${acknowledged.length}`
    const answer = await at.request(`/v1/kv/${key}`, { method: 'PUT', body: key })
    if (answer.status === 200 && (await answer.text()).trim() === 'true') acknowledged.push(key)
  }
}

async function loseTwo(script: Script): Promise<void> {
  await script.step('three servers take 200 keys', async () => {
    servers = [0, 1, 2].map(start)
    await commonLeader(servers)
    await writeKeys(server(0), 200)
    equal(acknowledged.length, 200)
    await until('all of them are on the third', async () => {
      const keys = await server(2).get<readonly string[]>('/v1/kv/?keys&stale')
      return keys.length === 200
    })
  })
  await script.step('two of them are killed for ever: nothing is decided any more', async () => {
    for (const at of [0, 1]) server(at).signal('SIGKILL')
    await Promise.all([server(0).ended, server(1).ended])
    await until('the third knows no leader', async () => (await server(2).get('/v1/status/leader')) === '')
    const refused = await server(2).request('/v1/agent/leave', { method: 'PUT' })
    equal(refused.status, 500)
    matches(await refused.text(), /^Refused: no leader says/)
  })
}

async function recover(script: Script): Promise<void> {
  const dataDir = server(2).dataDir
  await script.step('recover keeps away from a server that runs', () => {
    const ran = run('operator', 'recover', `-data-dir=${dataDir}`, '-yes')
    equal(ran.code, 1)
    matches(ran.err, /an agent that is running has it; stop it first/)
  })
  await script.step('recover shows what there is and what to do, and changes nothing', async () => {
    server(2).signal('SIGTERM')
    await server(2).ended
    const ran = run('operator', 'recover', `-data-dir=${dataDir}`)
    equal([ran.code, ran.err], [0, ''])
    matches(ran.out, /3 servers, 3 of them vote, a majority is 2/)
    matches(ran.out, /Nothing was changed\. What to do:/)
    matches(ran.out, /This server: term \d+, index \d{3}\./)
  })
  await script.step('recover -yes makes it a cluster of its own, with all 200 keys', async () => {
    const ran = run('operator', 'recover', `-data-dir=${dataDir}`, '-yes')
    equal([ran.code, ran.err], [0, ''])
    servers[2] = start(2)
    equal(await commonLeader([server(2)]), `${ips[2]}:8300`)
    const keys = await until('its keys', () =>
      server(2).get<readonly string[]>('/v1/kv/kept?keys&consistent'),
    )
    equal(keys.toSorted(), acknowledged.toSorted())
    await writeKeys(server(2), 1)
    const newest = await server(2).get<readonly { readonly ModifyIndex: number }[]>('/v1/kv/kept?recurse')
    const indexes = newest.map(({ ModifyIndex }) => ModifyIndex)
    equal([Math.max(...indexes) > 1_000_000, Math.min(...indexes) < 1000], [true, true])
  })
  await script.step('the others come back with empty data directories, and vote', async () => {
    for (const at of [0, 1]) {
      rmSync(server(at).dataDir, { recursive: true, force: true })
      servers[at] = start(at)
    }
    const state = await until(
      'three voters',
      async () => {
        const found = await server(2).get<AutopilotState>('/v1/operator/autopilot/state')
        return found.Voters.length === 3 && found.Healthy && found
      },
      90_000,
    )
    equal(state.FailureTolerance, 1)
    const keys = await server(0).get<readonly string[]>('/v1/kv/kept?keys&stale')
    equal(keys.length, acknowledged.length)
  })
}

async function operate(script: Script): Promise<void> {
  await script.step('the leadership goes to another server on request', async () => {
    const before = await commonLeader(servers)
    const ran = operator(server(0), 'raft', 'transfer-leader')
    equal([ran.code, ran.out, ran.err], [0, 'Success\n', ''])
    await until('another leader', async () => (await commonLeader(servers)) !== before)
  })
  await script.step('autopilot is shown and changed', () => {
    const set = operator(server(1), 'autopilot', 'set-config', '-min-quorum=3', '-last-contact-threshold=2s')
    equal([set.code, set.out, set.err], [0, 'Configuration updated!\n', ''])
    const config = operator(server(0), 'autopilot', 'get-config')
    matches(config.out, /^LastContactThreshold = 2s\nMaxTrailingLogs = 250\nMinQuorum = 3$/m)
    const state = operator(server(0), 'autopilot', 'state')
    matches(state.out, /^Healthy: {22}true\nFailure Tolerance: {12}1\n/)
    equal(operator(server(0), 'usage', 'instances').code, 0)
  })
  await script.step(
    'with min_quorum a killed server keeps its seat; what would end the quorum is refused',
    async () => {
      const leader = await commonLeader(servers)
      const [gone, other] = servers.filter((each) => `${each.ip}:8300` !== leader)
      if (gone === undefined || other === undefined) throw new Error('two followers')
      gone.signal('SIGKILL')
      await gone.ended
      await sleep(2000)
      const ran = operator(other, 'raft', 'remove-peer', `-address=${other.ip}:8300`)
      equal(ran.code, 1)
      matches(ran.err, /^Error removing peer: .*only 1 of the 2 voters that are left would be there/)
      const leave = run('leave', `-http-addr=${other.ip}:8500`)
      equal(leave.code, 1)
      matches(leave.err, /^Error leaving: .*Refused: after this leave/)
      const removed = operator(other, 'raft', 'remove-peer', `-address=${gone.ip}:8300`)
      equal([removed.code, removed.out], [0, `Removed peer with address "${gone.ip}:8300"\n`])
    },
  )
}

await runScript(
  async (script) => {
    await loseTwo(script)
    await recover(script)
    await operate(script)
  },
  () => agents.remove(),
)
