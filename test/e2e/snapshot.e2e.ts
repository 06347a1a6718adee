// Archives of the state: saved through any agent, restored into another cluster, and what happens when something breaks
// in the middle of either.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { equal, executable, matches, runScript, sleep, until, type Script } from './harness.ts'
import { commonLeader, LocalAgents, type LocalAgent } from './local-agents.ts'

const agents = new LocalAgents()
const keys = 3000
const manyKeys = 60_000
let first: LocalAgent[] = []
let second: LocalAgent[] = []
let client: LocalAgent
let saved: Readonly<Record<string, string>> = {}

function startCluster(name: string, ips: readonly string[]): LocalAgent[] {
  return ips.map((ip, at) => {
    const flags = ['-server', '-bootstrap-expect=3', ...ips.map((other) => `-retry-join=${other}`)]
    return agents.start({ node: `${name}-${at + 1}`, ip, flags })
  })
}

/** The leader, once it is one of those that run: a dead one is believed in for a while. */
function leaderOf(among: readonly LocalAgent[]): Promise<LocalAgent> {
  return until('one that runs leads', async () => {
    const running = among.filter((server) => server.isRunning())
    const address = await commonLeader(running)
    return running.find((server) => address === `${server.ip}:8300`)
  })
}

async function followerOf(among: readonly LocalAgent[]): Promise<LocalAgent> {
  const leader = await leaderOf(among)
  const follower = among.find((server) => server !== leader && server.isRunning())
  if (follower === undefined) throw new Error('there is no follower')
  return follower
}

interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs the executable against an agent. */
function cli(at: LocalAgent, ...args: readonly string[]): Promise<Outcome> {
  const env = { ...process.env, CONSUL_HTTP_ADDR: `http://${at.ip}:8500` }
  const child = spawn(executable, [...args], { cwd: agents.directory, env })
  let [out, err] = ['', '']
  child.stdout.on('data', (bytes) => (out += bytes))
  child.stderr.on('data', (bytes) => (err += bytes))
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })))
}

async function cliDone(at: LocalAgent, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await cli(at, ...args)
  if (code !== 0) throw new Error(`${args.join(' ')}: exit ${code}, ${out}${err}`)
  return out
}

/** Restores an archive; when a leader is lost on the way, which changes nothing, again. */
async function restore(at: LocalAgent, name: string): Promise<void> {
  await until(
    `${name} is restored`,
    async () => {
      const { code, out, err } = await cli(at, 'snapshot', 'restore', name)
      if (code === 0) equal(out, 'Restored snapshot\n')
      else if (!err.includes('nothing was changed')) throw new Error(err)
      return code === 0
    },
    60_000,
  )
}

/** Writes keys, 128 in one transaction. */
async function fill(at: LocalAgent, prefix: string, count: number): Promise<void> {
  for (let from = 0; from < count; from += 128) {
    const numbers = Array.from({ length: Math.min(128, count - from) }, (_, i) => from + i)
    const body = numbers.map((number) => {
      const value = Buffer.from(`${prefix} ${number} ${'x'.repeat(80)}`).toString('base64')
      return { KV: { Verb: 'set', Key: `${prefix}/${number}`, Value: value } }
    })
    await until('a transaction is carried out', async () => {
      const answer = await at.request('/v1/txn', { method: 'PUT', body: JSON.stringify(body) })
      if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`)
      return true
    })
  }
}

/** All keys with their values, as this agent tells them. */
async function everything(at: LocalAgent): Promise<Record<string, string>> {
  const pairs = await at.get<readonly { Key: string; Value: string | null }[]>('/v1/kv/?recurse&consistent')
  return Object.fromEntries(pairs.map(({ Key, Value }) => [Key, Value ?? '']))
}

async function put(at: LocalAgent, key: string, value: string): Promise<void> {
  const answer = await at.request(`/v1/kv/${key}`, { method: 'PUT', body: value })
  if (answer.status !== 200) throw new Error(`put ${key}: ${answer.status} ${await answer.text()}`)
}

function file(name: string): string {
  return join(agents.directory, name)
}

async function saving(script: Script): Promise<void> {
  await script.step('a cluster with a client and some data', async () => {
    first = startCluster('first', ['127.0.77.1', '127.0.77.2', '127.0.77.3'])
    client = await agents.startAndWait({
      node: 'client',
      ip: '127.0.77.4',
      flags: ['-retry-join=127.0.77.1', '-retry-join=127.0.77.2'],
    })
    await until('servers answer', () => Promise.all(first.map((server) => server.get('/v1/agent/self'))))
    await leaderOf(first)
    await until('the client writes', async () => (await put(client, 'first', 'key'), true))
    await fill(client, 'data', keys)
    const body = JSON.stringify({
      Node: 'outside',
      Address: '10.1.1.1',
      Service: { Service: 'shop', Port: 80 },
    })
    equal((await client.request('/v1/catalog/register', { method: 'PUT', body })).status, 200)
    saved = await everything(client)
    equal(Object.keys(saved).length, keys + 1)
  })
  await script.step('an archive through a follower', async () => {
    const out = await cliDone(await followerOf(first), 'snapshot', 'save', 'follower.snap')
    matches(out, /^Saved and verified snapshot to index \d+\n$/)
  })
  await script.step('an archive through a client, of any server', async () => {
    await cliDone(client, 'snapshot', 'save', '-stale', 'client.snap')
    matches(await cliDone(client, 'snapshot', 'inspect', 'client.snap'), new RegExp(`KVS +${keys + 1} `))
  })
  await script.step('any tar reads it, and the sums agree', () => {
    mkdirSync(file('tar'))
    execFileSync('tar', ['xzf', file('follower.snap'), '-C', file('tar')])
    execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: file('tar') })
  })
}

async function restores(script: Script): Promise<void> {
  await script.step('a restore through a client brings all of it back, and wakes who waits', async () => {
    await put(client, 'later', 'lost')
    equal((await client.request('/v1/kv/data?recurse', { method: 'DELETE' })).status, 200)
    const before = await client.request('/v1/kv/later')
    const index = before.headers.get('x-consul-index') ?? ''
    const waiting = client.request(`/v1/kv/later?index=${index}&wait=60s`, {
      signal: AbortSignal.timeout(30_000),
    })
    await restore(client, 'follower.snap')
    equal((await waiting).status, 404)
    for (const server of first) equal(await everything(server), saved, `state of ${server.node}`)
    equal((await client.get<readonly unknown[]>('/v1/catalog/service/shop')).length, 1)
  })
  await script.step('an archive that is damaged changes nothing', async () => {
    const bytes = readFileSync(file('follower.snap'))
    const at = Math.floor(bytes.length / 2)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    writeFileSync(file('damaged.snap'), bytes)
    const outcome = await cli(client, 'snapshot', 'restore', 'damaged.snap')
    equal(outcome.code, 1)
    matches(
      outcome.err,
      /^Error restoring snapshot: Unexpected response code: 500 \(failed to read snapshot file: /,
    )
    equal(await everything(client), saved)
  })
  await script.step(
    'a new cluster takes it, although its indexes are lower, and goes on above them',
    async () => {
      second = startCluster('second', ['127.0.77.11', '127.0.77.12', '127.0.77.13'])
      await until('servers answer', () => Promise.all(second.map((server) => server.get('/v1/agent/self'))))
      const follower = await followerOf(second)
      await restore(follower, 'follower.snap')
      for (const server of second) equal(await everything(server), saved, `state of ${server.node}`)
      const [old] = await follower.get<readonly { ModifyIndex: number }[]>('/v1/kv/data/1')
      await put(follower, 'new', 'key')
      const [made] = await follower.get<readonly { ModifyIndex: number }[]>('/v1/kv/new')
      if ((made?.ModifyIndex ?? 0) <= (old?.ModifyIndex ?? 0)) throw new Error('an index went back')
    },
  )
  await script.step('what was restored survives the death of all', async () => {
    for (const server of second) server.signal('SIGKILL')
    await Promise.all(second.map((server) => server.ended))
    second = startCluster('second', ['127.0.77.11', '127.0.77.12', '127.0.77.13'])
    await until('servers answer', () => Promise.all(second.map((server) => server.get('/v1/agent/self'))))
    const leader = await leaderOf(second)
    const state = await until('the leader reads', () => everything(leader))
    equal(state, { ...saved, new: Buffer.from('key').toString('base64') })
  })
}

/** Kills the leader so long after a restore was begun: the state is the old one or the new one, and the answer is true. */
async function killWhileRestoring(afterMs: number): Promise<void> {
  await until('someone writes', async () => (await put(await leaderOf(second), 'mark', 'old'), true))
  const leader = await leaderOf(second)
  const follower = await followerOf(second)
  const restoring = cli(follower, 'snapshot', 'restore', 'many.snap')
  await sleep(afterMs)
  leader.signal('SIGKILL')
  await leader.ended
  const outcome = await restoring
  const rest = second.filter((server) => server.isRunning())
  await leaderOf(rest)
  for (const server of rest) {
    const state = await until('the rest reads', () => everything(server))
    const isOld = state['mark'] !== undefined
    const count = Object.keys(state).filter((key) => key.startsWith('many/')).length
    if (!isOld && count !== manyKeys) throw new Error(`a mix: ${count} keys, and no mark`)
    const isUnknown = outcome.err.includes('may or may not')
    if (outcome.code === 0 && isOld) throw new Error('the restore was acknowledged and is lost')
    if (outcome.code !== 0 && !isUnknown && !isOld)
      throw new Error(`it was restored, and refused: ${outcome.err}`)
  }
  const number = second.indexOf(leader) + 1
  const ips = ['127.0.77.11', '127.0.77.12', '127.0.77.13']
  const flags = ['-server', '-bootstrap-expect=3', ...ips.map((ip) => `-retry-join=${ip}`)]
  second[number - 1] = await agents.startAndWait({ node: leader.node, ip: leader.ip, flags })
  await leaderOf(second)
}

async function breaking(script: Script): Promise<void> {
  await script.step('an archive of many keys', async () => {
    const leader = await leaderOf(first)
    await fill(leader, 'many', manyKeys)
    await cliDone(leader, 'snapshot', 'save', 'many.snap')
  })
  for (const afterMs of [150, 500, 1000, 1800]) {
    await script.step(
      `the leader is killed ${afterMs} ms after a restore was begun: old or new, no mix`,
      () => killWhileRestoring(afterMs),
    )
  }
  await script.step('and the restore works after that', async () => {
    await restore(await followerOf(second), 'many.snap')
    equal(Object.keys(await everything(await leaderOf(second))).length, manyKeys + keys + 1)
  })
  if (process.getuid?.() !== 0) return script.skip('a disk that fills up', 'only root can make a small one')
  await script.step('a disk that fills up leaves the archive that was there, and says so', async () => {
    const small = file('small')
    mkdirSync(small)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small])
    try {
      writeFileSync(join(small, 'backup.snap'), 'the old one')
      const outcome = await cli(await leaderOf(first), 'snapshot', 'save', join(small, 'backup.snap'))
      equal(outcome.code, 1)
      matches(outcome.err, /^Error writing unverified snapshot file: write .*: no space left on device\n$/)
      equal(readFileSync(join(small, 'backup.snap'), 'utf8'), 'the old one')
      equal(readdirSync(small), ['backup.snap'])
    } finally {
      execFileSync('umount', [small])
    }
  })
}

async function backups(script: Script): Promise<void> {
  await script.step('one backup for cron', async () => {
    await cliDone(client, 'snapshot', 'agent', '-interval=0', '-local-path=cron')
    const [name = ''] = readdirSync(file('cron'))
    matches(name, /^consul-\d{8}T\d{6}Z\.snap$/)
    if (statSync(file(`cron/${name}`)).size < 1000) throw new Error('it is too small')
  })
  await script.step('of two that run one works, and the last ones are kept', async () => {
    const env = { ...process.env, CONSUL_HTTP_ADDR: `http://${client.ip}:8500` }
    const args = ['snapshot', 'agent', '-interval=1s', '-retain=2']
    const running = ['one', 'two'].map((name) =>
      spawn(executable, [...args, `-local-path=${file(name)}`], { env, stdio: 'ignore' }),
    )
    try {
      await sleep(6000)
    } finally {
      for (const child of running) child.kill('SIGTERM')
      await Promise.all(running.map((child) => new Promise((resolve) => child.once('exit', resolve))))
    }
    const counts = ['one', 'two'].map((name) => countOf(file(name)))
    equal(Math.min(...counts), 0)
    equal(Math.max(...counts), 2)
  })
}

function countOf(directory: string): number {
  try {
    return readdirSync(directory).length
  } catch {
    return 0
  }
}

await runScript(
  async (script) => {
    await saving(script)
    await restores(script)
    await breaking(script)
    await backups(script)
  },
  () => agents.remove(),
)
