// Makes the executables in dist/: `dist/proconsul` for this machine, and on demand one per platform.
import { execFileSync } from 'node:child_process'
import { existsSync, linkSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compile, readStamp, root, type Stamp } from './bundle.ts'
import { type Artifact, writeChecksums } from './checksums.ts'

const help = `Usage: scripts/build [--platform NAME]... [--all] [--help]
Compiles dist/proconsul for this machine, with dist/SHA256SUMS and dist/manifest.json.
  --platform NAME  compiles dist/proconsul-NAME as well (linux-x64, linux-arm64); downloads that platform's Bun
  --all            all platforms
`

/** An executable that can be made. */
interface Target {
  /** As install.sh names it. */
  readonly platform: string
  /** Bun's name. */
  readonly bun: string
  /** Where it begins. */
  readonly entry: string
}

/** One row per platform. */
const targets: readonly Target[] = [
  { platform: 'linux-x64', bun: 'bun-linux-x64', entry: 'src/entry/executable.ts' },
  { platform: 'linux-arm64', bun: 'bun-linux-arm64', entry: 'src/entry/executable.ts' },
]

const dist = join(root, 'dist')

/** Compiles one executable under its name in dist/. */
function build(name: string, target: Target, isOther: boolean): void {
  const startMs = Date.now()
  // Built aside and moved: a running agent keeps its executable, and no half of one is ever found.
  const aside = join(dist, '.new')
  mkdirSync(aside, { recursive: true })
  const outfile = join(aside, name)
  const stamp: Stamp = readStamp()
  compile({ entry: target.entry, outfile, stamp, ...(isOther ? { target: target.bun } : {}) })
  renameSync(outfile, join(dist, name))
  rmSync(aside, { recursive: true })
  const mib = (statSync(join(dist, name)).size / 1024 / 1024).toFixed(0)
  console.log(`dist/${name}  ${stamp.version} (${stamp.commit})  ${mib} MiB  ${Date.now() - startMs} ms`)
}

/** Runs what was built: an executable that does not start is worse than none. */
function probe(name: string): void {
  execFileSync(join(dist, name), ['version'], { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** The executable under its release name too, without a second copy. */
function linkAs(name: string, from: string): void {
  rmSync(join(dist, name), { force: true })
  linkSync(join(dist, from), join(dist, name))
}

function chosenPlatforms(all: boolean, named: readonly string[]): readonly Target[] {
  for (const name of named) {
    if (targets.some((target) => target.platform === name)) continue
    throw new Error(
      `Cannot build for "${name}": choose from ${targets.map((target) => target.platform).join(', ')}`,
    )
  }
  return targets.filter((target) => all || named.includes(target.platform))
}

function main(): void {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', short: 'h' },
      all: { type: 'boolean', default: false },
      platform: { type: 'string', multiple: true, default: [] },
    },
  })
  if (values.help === true) {
    process.stdout.write(help)
    return
  }
  const here = `${process.platform}-${process.arch}`
  const others = chosenPlatforms(values.all, values.platform).filter((target) => target.platform !== here)
  mkdirSync(dist, { recursive: true })
  build('proconsul', { platform: here, bun: '', entry: 'src/entry/executable.ts' }, false)
  probe('proconsul')
  linkAs(`proconsul-${here}`, 'proconsul')
  for (const target of others) build(`proconsul-${target.platform}`, target, true)
  const names = [
    'proconsul',
    ...[here, ...others.map(({ platform }) => platform)].map((name) => `proconsul-${name}`),
  ]
  const artifacts = names
    .filter((name) => existsSync(join(dist, name)))
    .map((name): Artifact => ({ name, platform: name.slice('proconsul-'.length) || here }))
  writeChecksums(dist, artifacts, readStamp())
}

try {
  main()
} catch (error) {
  const { stderr, message } = error as { stderr?: Uint8Array; message: string }
  const words = stderr === undefined ? '' : `\n${new TextDecoder().decode(stderr).trimEnd()}`
  process.stderr.write(`${message}${words}\n`)
  process.exitCode = 1
}
