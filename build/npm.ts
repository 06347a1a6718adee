// Makes dist/npm: the package with the typed client, as JavaScript with declarations. Runtimes do not take TypeScript
// from node_modules, so the sources themselves cannot be published.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readStamp, root } from './bundle.ts'

const help = `Usage: node build/npm.ts [--pack] [--help]
Makes dist/npm, the npm package with the typed client of the HTTP API.
  --pack  also dist/proconsul-VERSION.tgz, as npm would publish it
`

const dist = join(root, 'dist')
const out = join(dist, 'npm')

/** What users import, by the file that defines it (in src/http). */
const door: readonly { readonly file: string; readonly values?: string; readonly types?: string }[] = [
  { file: 'client', values: 'createClient', types: 'Client, ClientOptions' },
  {
    file: 'client/connection',
    values: 'ApiError, ConnectionError, IndeterminateError',
    types: 'Fetch, FetchOptions, Pause, RequestBody',
  },
  {
    file: 'client/lock-types',
    values: 'LockConflictError, LockLostError, SessionCreationError',
    types: 'HeldLock, LockOptions',
  },
  { file: 'client/values', values: 'kvBytes, kvText, toBase64' },
  { file: 'client/requests', types: 'Answer, ReadQuery' },
  { file: 'client/kv', types: 'KvDeleteOptions, KvPutOptions, TxnOptions' },
  { file: 'client/stream', types: 'StreamChange, StreamEvent, StreamOptions, StreamWatch' },
  { file: 'client/watch', types: 'Change, Changes, WatchOptions' },
]

/** Compiles the client and all that it imports. */
function compile(): void {
  const options = ['--noEmit', 'false', '--declaration', '--rewriteRelativeImportExtensions']
  const files = ['src/http/client.ts', 'src/http/client/values.ts']
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { rootDir: join(root, 'src'), outDir: join(out, 'lib'), types: [] },
    include: [],
    files: files.map((file) => join(root, file)),
  }
  const path = join(out, 'tsconfig.json')
  writeFileSync(path, JSON.stringify(config))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [compiler, '-p', path, ...options], { stdio: 'inherit' })
  rmSync(path)
}

/** Writes the door: one module with everything that users need. */
function writeDoor(): void {
  const code: string[] = []
  const types: string[] = [`export type * from './http/client/shapes.js'`]
  for (const { file, values, types: names } of door) {
    const from = `from './http/${file}.js'`
    if (values !== undefined) code.push(`export { ${values} } ${from}`)
    if (names !== undefined) types.push(`export type { ${names} } ${from}`)
  }
  writeFileSync(join(out, 'lib/index.js'), `${code.join('\n')}\n`)
  writeFileSync(join(out, 'lib/index.d.ts'), `${[...code, ...types].join('\n')}\n`)
}

function writePackage(): void {
  const { name, description, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly name: string
    readonly description: string
    readonly license: string
  }
  const manifest = {
    name,
    version: readStamp().version,
    description: `${description}: the typed client of its HTTP API`,
    license,
    type: 'module',
    sideEffects: false,
    engines: { node: '>=22' },
    exports: {
      '.': { types: './lib/index.d.ts', default: './lib/index.js' },
      './package.json': './package.json',
    },
    types: './lib/index.d.ts',
    files: ['lib'],
  }
  writeFileSync(join(out, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  copyFileSync(join(root, 'LICENSE'), join(out, 'LICENSE'))
  copyFileSync(join(root, 'docs/guides/client.md'), join(out, 'README.md'))
}

const { values } = parseArgs({
  options: { pack: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
})
if (values.help === true) process.stdout.write(help)
else {
  rmSync(out, { recursive: true, force: true })
  mkdirSync(join(out, 'lib'), { recursive: true })
  compile()
  writeDoor()
  writePackage()
  console.log('dist/npm')
  if (values.pack === true) {
    const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', dist], { cwd: out })
    console.log(`dist/${packed.toString().trim()}`)
  }
}
