// The commands of the store against a server: keys that expire and have a history, trees of keys out and in, sessions, and
// watches whose handlers run once for each change, also when the server restarts.
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { equal, executable, matches, runScript, sleep, until, type Script } from './harness.ts'
import { LocalAgents, type LocalAgent } from './local-agents.ts'

const agents = new LocalAgents()
const ip = '127.0.104.1'
const env = { ...process.env, CONSUL_HTTP_ADDR: `${ip}:8500` }
const watchers: { kill(): void }[] = []
let server: LocalAgent | undefined

interface Printed {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function run(args: readonly string[], input = ''): Printed {
  const { status, stdout, stderr } = spawnSync(executable, args, {
    env,
    input,
    encoding: 'utf8',
    timeout: 30_000,
  })
  return { code: status, out: stdout, err: stderr }
}

/** What a command prints that has to succeed. */
function good(args: readonly string[], input = ''): string {
  const { code, out, err } = run(args, input)
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${err}`)
  return out
}

function bad(args: readonly string[], pattern: RegExp): void {
  const { code, err } = run(args)
  equal(code, 1, args.join(' '))
  matches(err, pattern)
}

async function startServer(): Promise<void> {
  const flags = ['-server', '-bootstrap-expect=1', `-config-file=${join(agents.directory, 'history.json')}`]
  const dataDir = join(agents.directory, 'data')
  server = await agents.startAndWait({ node: 'one', ip, flags, dataDir })
  await until('it can write', () => run(['kv', 'put', 'ready', '']).code === 0)
}

async function keys(script: Script): Promise<void> {
  await script.step('a key with a time to live shows when it goes, and goes', async () => {
    good(['kv', 'put', '-ttl=2s', 'short', 'x'])
    matches(good(['kv', 'get', '-detailed', 'short']), /^ExpiresAt +20/m)
    await until('it is gone', () => run(['kv', 'get', 'short']).code === 1)
  })

  await script.step('the history of a key has each value', () => {
    for (const value of ['1', '2', '3']) good(['kv', 'put', 'versioned', value])
    good(['kv', 'delete', 'versioned'])
    const table = good(['kv', 'history', 'versioned'])
    matches(table, /^Index +Time +Flags +Value\n.* 1\n.* 2\n.* 3\n.* \(deleted\)\n$/)
    bad(['kv', 'history', 'nosuch'], /No versions are kept of: nosuch/)
  })

  await script.step('trees of keys go out and come in, also binary ones with all their flags', () => {
    const binary = join(agents.directory, 'binary')
    writeFileSync(
      binary,
      Uint8Array.from({ length: 256 }, (_, i) => i),
    )
    good(['kv', 'put', '-flags=18446744073709551615', 'tree/a', `@${binary}`])
    good(['kv', 'put', 'tree/b/c', 'text'])
    const exported = good(['kv', 'export', 'tree/'])
    good(['kv', 'import', '-prefix=copy/', '-'], exported)
    const copied = good(['kv', 'export', 'copy/']).replaceAll('copy/', '')
    equal(copied, exported)
    bad(['kv', 'import', '[{"key":"half/1","value":"YQ=="},{"key":"half/2","value":"?"}]'], /half\/2/)
    equal(run(['kv', 'get', '-keys', 'half/']).out, '')
  })
}

function sessions(): void {
  const id = good(['session', 'create', '-ttl=30s', '-name=mine', '-behavior=delete']).trim()
  good(['kv', 'put', '-acquire', `-session=${id}`, 'locked', 'x'])
  matches(good(['kv', 'get', '-detailed', 'locked']), /^FencingToken +[0-9]+$/m)
  matches(good(['session', 'list']), new RegExp(`${id} +one +30s +delete +mine`))
  matches(good(['session', 'info', id]), /^LockDelay +15s$/m)
  good(['session', 'renew', id])
  equal((JSON.parse(good(['session', 'node', '-format=json', 'one'])) as unknown[]).length, 1)
  good(['session', 'destroy', id])
  equal(run(['kv', 'get', 'locked']).code, 1, 'the key went with its session')
  bad(['session', 'renew', id], /No session exists/)
}

/** A watch that writes down each run of its handler. */
function watcher(
  name: string,
  args: readonly string[],
): { readonly lines: () => readonly string[]; kill(): void; ended: Promise<number | null> } {
  const path = join(agents.directory, name)
  writeFileSync(path, '')
  const child = spawn(executable, ['watch', ...args, `cat >> ${path}`], { env, stdio: 'ignore' })
  const made = {
    lines: () =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== ''),
    kill: () => void child.kill('SIGTERM'),
    ended: new Promise<number | null>((resolve) => child.once('exit', resolve)),
  }
  watchers.push(made)
  return made
}

function values(lines: readonly string[]): readonly (string | null)[] {
  return lines.map((line) => {
    const pair = JSON.parse(line) as { readonly Value: string } | null
    return pair === null ? null : atob(pair.Value)
  })
}

async function watches(): Promise<void> {
  equal(good(['watch', '-type=key', '-key=watched']), 'null\n')
  const watching = watcher('watch', ['-type=key', '-key=watched'])
  await until('it is told that there is none', () => watching.lines().length === 1)
  good(['kv', 'put', 'watched', '1'])
  await until('it is told of the first value', () => watching.lines().length === 2)
  good(['kv', 'put', 'unrelated', '1'])
  good(['kv', 'put', 'watched', '1'])
  good(['kv', 'put', 'watched', '2'])
  await until('it is told of the second value', () => watching.lines().length === 3)
  server?.signal('SIGKILL')
  await server?.ended
  await startServer()
  await sleep(3000)
  good(['kv', 'put', 'watched', '3'])
  await until('it is told of the third value', () => watching.lines().length >= 4, 40_000)
  equal(values(watching.lines()), [null, '1', '2', '3'])
  watching.kill()
  equal(await watching.ended, 0)
  bad(['watch', '-type=key', '-key=watched', 'exit 3'], /Error executing handler: exit status 3/)
}

await runScript(
  async (script) => {
    writeFileSync(join(agents.directory, 'history.json'), '{"kv_history": {"versions": 10}}')
    await script.step('a server that keeps histories runs', startServer)
    await keys(script)
    await script.step('a session is created, shown, renewed and destroyed, and takes its key along', sessions)
    await script.step(
      'a watch runs its handler once for each change, through a restart of the server',
      watches,
    )
  },
  async () => {
    for (const each of watchers) each.kill()
    await agents.remove()
  },
)
