// The npm package as users get it: packed, installed into an empty project, checked by the compiler, and run on Node, Bun
// and Deno against an agent.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { equal, root, runScript, until } from './harness.ts'
import { LocalAgents } from './local-agents.ts'

const agents = new LocalAgents()
const project = join(agents.directory, 'project')
const bin = join(root, 'node_modules/.bin')
const ip = '127.0.103.1'

/** Writes, reads, watches, locks, and fails, and prints what it saw. */
const program = `import { ApiError, type Change, createClient, type KvPairShape, kvText } from 'proconsul'
const client = createClient({ address: 'http://${ip}:8500' })
const seen: string[] = []
const stopping = new AbortController()
await client.kvDelete('a')
const changes = client.watchKv('a', { signal: stopping.signal })
const reading = (async () => {
  for await (const change of changes) {
    const { value }: Change<KvPairShape | null> = change
    seen.push(value === null ? 'none' : kvText(value))
    if (value === null) await client.kvPut('a', 'first', { flags: 18_446_744_073_709_551_615n })
    else stopping.abort()
  }
})()
await reading
const held = await client.lock('l/.lock')
const events: string[] = []
const streaming = new AbortController()
for await (const event of client.stream([{ type: 'kv', key: 'a' }], { signal: streaming.signal })) {
  events.push(event.kind)
  if (event.kind === 'change') streaming.abort()
}
const failure: unknown = await client.sessionInfo('x').catch((error: unknown) => error)
console.log(JSON.stringify({
  seen,
  flags: String((await client.kvGet('a')).value?.Flags),
  token: held.fencingToken > 0,
  released: await held.release(),
  changes: events.filter((kind) => kind === 'change').length,
  status: failure instanceof ApiError ? failure.status : failure,
}))
`

function run(file: string, args: readonly string[], cwd: string = project): string {
  const { status, stdout } = spawnSync(file, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}:\n${stdout}`)
  return stdout
}

const expected = {
  seen: ['none', 'first'],
  flags: '18446744073709551615',
  token: true,
  released: true,
  changes: 1,
  status: 500,
}

await runScript(
  async (script) => {
    await script.step('it is packed, and installed into an empty project', () => {
      run(process.execPath, [join(root, 'build/npm.ts'), '--pack'], root)
      const { version } = JSON.parse(readFileSync(join(root, 'dist/npm/package.json'), 'utf8')) as {
        version: string
      }
      mkdirSync(project)
      writeFileSync(join(project, 'package.json'), '{"name":"scratch","private":true,"type":"module"}')
      run('npm', ['install', '--silent', '--offline', join(root, `dist/proconsul-${version}.tgz`)])
      equal(
        readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.')),
        ['proconsul'],
      )
    })
    await script.step('its types fit a program, and its declarations are sound', () => {
      writeFileSync(join(project, 'program.ts'), program)
      const compilerOptions = {
        target: 'ES2024',
        lib: ['ES2024', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
        module: 'NodeNext',
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        types: [],
        outDir: 'out',
      }
      writeFileSync(
        join(project, 'tsconfig.json'),
        JSON.stringify({ compilerOptions, files: ['program.ts'] }),
      )
      run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'])
    })
    await script.step('an agent runs', async () => {
      const agent = await agents.startAndWait({ node: 'one', ip, flags: ['-server', '-bootstrap-expect=1'] })
      await until(
        'it can write',
        async () => (await agent.request('/v1/kv/x', { method: 'PUT' })).status === 200,
      )
    })
    for (const [name, command] of [
      ['node', [process.execPath, 'out/program.js']],
      ['bun', [join(bin, 'bun'), 'program.ts']],
      ['deno', [join(bin, 'deno'), 'run', '--allow-net', 'out/program.js']],
    ] as const) {
      await script.step(`a program that uses it runs on ${name}`, () => {
        const [file, ...args] = command
        equal(JSON.parse(run(file, args)), expected)
      })
    }
  },
  () => agents.remove(),
)
