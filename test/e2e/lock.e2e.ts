// The command `lock` on three servers: holders one after the other, semaphores, what the child learns when a lock is lost,
// and deaths of holders, children and leaders. Fencing tokens grow throughout.
import { spawn, type ChildProcess } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { equal, executable, matches, runScript, sleep, until, type Script } from './harness.ts'
import { commonLeader, LocalAgents, type LocalAgent } from './local-agents.ts'

const agents = new LocalAgents()
const ips = ['127.0.99.1', '127.0.99.2', '127.0.99.3']
let servers: LocalAgent[] = []
const lockers: Locker[] = []
/** The largest token seen so far. */
let largestToken = 0

/** A running `lock`. */
class Locker {
  readonly #child: ChildProcess
  out = ''
  err = ''
  readonly ended: Promise<number | null>

  constructor(at: LocalAgent, args: readonly string[]) {
    const env = { ...process.env, CONSUL_HTTP_ADDR: `${at.ip}:8500` }
    this.#child = spawn(executable, ['lock', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child.stdout?.on('data', (bytes: Buffer) => (this.out += bytes.toString()))
    this.#child.stderr?.on('data', (bytes: Buffer) => (this.err += bytes.toString()))
    this.ended = new Promise((resolve) => this.#child.once('close', (code) => resolve(code)))
    lockers.push(this)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}

function locker(at: LocalAgent, ...args: readonly string[]): Locker {
  return new Locker(at, args)
}

/** What children write down: a line when they begin, a line when they end. */
class Diary {
  readonly path: string

  constructor(name: string) {
    this.path = join(agents.directory, name)
    writeFileSync(this.path, '')
  }

  /** A command that is inside for so many seconds. */
  visit(seconds: number): string {
    return `echo in $CONSUL_LOCK_FENCING_TOKEN $$ >> ${this.path}; sleep ${seconds}; echo out >> ${this.path}`
  }

  get lines(): readonly string[] {
    return readFileSync(this.path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
  }

  /** Tokens in the order in which their holders came in. */
  get tokens(): readonly number[] {
    return this.lines.filter((line) => line.startsWith('in')).map((line) => Number(line.split(' ')[1]))
  }

  get lastPid(): number {
    return Number(this.lines.findLast((line) => line.startsWith('in'))?.split(' ')[2])
  }

  /** How many were inside at the same time at most. */
  get most(): number {
    let [inside, most] = [0, 0]
    for (const line of this.lines) {
      inside += line.startsWith('in') ? 1 : -1
      most = Math.max(most, inside)
    }
    return most
  }

  isIn(count = 1): Promise<unknown> {
    return until(`${count} came in`, () => this.tokens.length >= count, 60_000)
  }
}

/** Fails unless the tokens grow, beyond all that were seen before. */
function grow(tokens: readonly number[]): void {
  for (const token of tokens) {
    if (!(token > largestToken)) throw new Error(`token ${token} after ${largestToken}`)
    largestToken = token
  }
}

function server(number: number): LocalAgent {
  const found = servers[number - 1]
  if (found === undefined) throw new Error('not started')
  return found
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

function startServer(ip: string, at: number): LocalAgent {
  const joins = ips.map((other) => `-retry-join=${other}`)
  return agents.start({ node: `server-${at + 1}`, ip, flags: ['-server', '-bootstrap-expect=3', ...joins] })
}

async function holders(script: Script): Promise<void> {
  await script.step('of six who want a lock one has it at a time, with growing tokens', async () => {
    const diary = new Diary('mutex')
    const all = [0, 1, 2, 3, 4, 5].map((i) => locker(server((i % 3) + 1), 'one', diary.visit(0.2)))
    equal(
      await Promise.all(all.map(({ ended }) => ended)),
      [0, 0, 0, 0, 0, 0],
      all.map(({ err }) => err).join(),
    )
    equal([diary.tokens.length, diary.most], [6, 1])
    grow(diary.tokens)
    const keys = await server(1).request('/v1/kv/one?keys')
    equal(keys.status, 404, 'nothing is left behind')
  })

  await script.step('of six who want one of three places three have one', async () => {
    const diary = new Diary('semaphore')
    const all = [0, 1, 2, 3, 4, 5].map((i) => locker(server((i % 3) + 1), '-n=3', 'three', diary.visit(1)))
    equal(
      await Promise.all(all.map(({ ended }) => ended)),
      [0, 0, 0, 0, 0, 0],
      all.map(({ err }) => err).join(),
    )
    equal([diary.tokens.length, diary.most], [6, 3])
    equal(new Set(diary.tokens).size, 6, 'tokens of their own')
    grow(diary.tokens.toSorted((a, b) => a - b))
    const keys = await server(1).request('/v1/kv/three?keys')
    equal(keys.status, 404, 'nothing is left behind')
  })

  await script.step('-timeout and -try give up with exit code 1', async () => {
    const diary = new Diary('timeout')
    const holder = locker(server(1), 'busy', diary.visit(4))
    await diary.isIn()
    for (const flag of ['-timeout=500ms', '-try=500ms']) {
      const late = locker(server(2), flag, 'busy', 'echo never')
      equal([await late.ended, late.out], [1, ''])
      matches(late.err, /timeout during lock acquisition/)
    }
    equal(await holder.ended, 0)
    grow(diary.tokens)
  })
}

async function children(script: Script): Promise<void> {
  await script.step(
    'a child that fails or is killed gives the lock back; -child-exit-code tells',
    async () => {
      equal(await locker(server(1), 'child', 'exit 3').ended, 0)
      equal(await locker(server(1), '-child-exit-code', 'child', 'exit 3').ended, 2)
      const diary = new Diary('killed')
      const holder = locker(server(1), '-child-exit-code', 'child', diary.visit(60))
      await diary.isIn()
      process.kill(-diary.lastPid, 'SIGKILL')
      equal(await holder.ended, 2)
      const next = new Diary('after-killed')
      equal(await locker(server(2), '-timeout=3s', 'child', next.visit(0)).ended, 0)
      grow([...diary.tokens, ...next.tokens])
    },
  )

  await script.step('SIGTERM and SIGINT reach the child, and the lock is free at once', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const diary = new Diary(signal)
      const name = signal.slice(3)
      const holder = locker(
        server(1),
        'ended',
        `trap "echo got ${name}; exit 0" ${name}; ${diary.visit(60)} & wait`,
      )
      await diary.isIn()
      holder.signal(signal)
      equal(await holder.ended, 0)
      matches(holder.out, new RegExp(`got ${name}`))
      const next = new Diary(`after-${signal}`)
      equal(await locker(server(2), '-timeout=3s', 'ended', next.visit(0)).ended, 0)
      grow([...diary.tokens, ...next.tokens])
    }
  })

  await script.step('a lost lock ends the child: SIGTERM, and SIGKILL five seconds later', async () => {
    const diary = new Diary('lost')
    const holder = locker(
      server(1),
      '-verbose',
      'lost',
      `trap "echo got TERM" TERM; ${diary.visit(2)}; sleep 60; sleep 60`,
    )
    await diary.isIn()
    const [pair] =
      await server(1).get<readonly { Session: string; FencingToken: number }[]>('/v1/kv/lost/.lock')
    equal(pair?.FencingToken, diary.tokens[0], 'the token of the key')
    const pid = diary.lastPid
    await server(2).request(`/v1/session/destroy/${pair?.Session ?? ''}`, { method: 'PUT' })
    const startMs = performance.now()
    equal(await holder.ended, 1)
    const tookMs = performance.now() - startMs
    if (tookMs < 4_500 || tookMs > 9_000) throw new Error(`it took ${tookMs} ms`)
    equal(isRunning(pid), false, 'the child runs')
    matches(holder.out, /Lock lost, killing child\n[^]*Child did not exit after grace period of 5s/)
    grow(diary.tokens)
  })
}

async function leaderDies(): Promise<void> {
  const address = await commonLeader(servers)
  const leader = servers.find(({ ip }) => address === `${ip}:8300`)
  const follower = servers.find((each) => each !== leader)
  if (leader === undefined || follower === undefined) throw new Error(`no such leader: ${address}`)
  const diary = new Diary('leader')
  const holder = locker(follower, 'leader', diary.visit(4))
  await diary.isIn()
  const waiting = locker(follower, 'leader', diary.visit(0))
  await sleep(500)
  leader.signal('SIGKILL')
  await leader.ended
  equal([await holder.ended, holder.err], [0, ''])
  equal([await waiting.ended, waiting.err], [0, ''])
  equal([diary.most, diary.lines.length], [1, 4])
  grow(diary.tokens)
  const at = servers.indexOf(leader)
  servers[at] = startServer(leader.ip, at)
  await commonLeader(servers)
}

async function holderDies(): Promise<void> {
  const diary = new Diary('holder')
  const flags = ['-ttl=10s', '-lock-delay=1s', 'holder']
  const holder = locker(
    server(1),
    ...flags,
    `echo in $CONSUL_LOCK_FENCING_TOKEN $$ >> ${diary.path}; sleep 300`,
  )
  await diary.isIn()
  const waiting = locker(server(2), ...flags, `echo out >> ${diary.path}; ${diary.visit(0)}`)
  await sleep(500)
  const orphan = diary.lastPid
  holder.signal('SIGKILL')
  const startMs = performance.now()
  try {
    equal([await waiting.ended, waiting.err], [0, ''])
  } finally {
    // Nobody can end the child of a command that is killed: this is what tokens are for.
    process.kill(-orphan, 'SIGKILL')
  }
  const tookMs = performance.now() - startMs
  if (tookMs < 10_000 || tookMs > 35_000) throw new Error(`the lock was handed on after ${tookMs} ms`)
  grow(diary.tokens)
}

/** A server that does not lead. */
async function aFollower(): Promise<LocalAgent> {
  const leader = await commonLeader(servers)
  return servers.find(({ ip }) => leader !== `${ip}:8300`) ?? server(1)
}

async function agentHangs(): Promise<void> {
  const own = await aFollower()
  const diary = new Diary('hanging')
  const holder = locker(own, '-ttl=10s', 'hanging', diary.visit(60))
  await diary.isIn()
  const pid = diary.lastPid
  own.signal('SIGSTOP')
  try {
    await until('the child is ended', () => !isRunning(pid), 17_000)
    equal(await holder.ended, 1)
    matches(holder.err, /Lock lost: the session could not be renewed for 10s/)
  } finally {
    own.signal('SIGCONT')
  }
  grow(diary.tokens)
}

async function agentDies(): Promise<void> {
  const own = await aFollower()
  const other = servers.find((each) => each !== own) ?? server(2)
  const diary = new Diary('agent')
  const holder = locker(own, '-monitor-retry=1', 'agent', diary.visit(60))
  await diary.isIn()
  const pid = diary.lastPid
  own.signal('SIGKILL')
  equal(await holder.ended, 1)
  equal(isRunning(pid), false, 'the child runs')
  matches(holder.err, /Lock lost: /)
  appendFileSync(diary.path, 'out\n')
  equal(await locker(other, '-timeout=60s', 'agent', diary.visit(0)).ended, 0)
  grow(diary.tokens)
}

await runScript(
  async (script) => {
    await script.step('three servers have a leader', async () => {
      servers = ips.map(startServer)
      await commonLeader(servers)
      await until('the nodes are healthy', async () => {
        const checks = await server(1).get<readonly { Status: string }[]>('/v1/health/state/passing')
        return checks.length === 3
      })
    })
    await holders(script)
    await children(script)
    await script.step(
      'a lock survives the death of the leader, for its holder and for those who wait',
      leaderDies,
    )
    await script.step('a holder that is killed loses the lock when its session ends, not before', holderDies)
    await script.step('a holder whose agent hangs ends its child before the session can end', agentHangs)
    await script.step('a holder whose agent is killed ends its child, and the lock is handed on', agentDies)
  },
  async () => {
    for (const each of lockers) each.signal('SIGKILL')
    await agents.remove()
  },
)
