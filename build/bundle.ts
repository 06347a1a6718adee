// From one entry file to one executable, by Bun's bundler, with version and commit stamped in.
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** The repository. */
export const root: string = new URL('..', import.meta.url).pathname

/** What an executable says about itself. */
export interface Stamp {
  readonly version: string
  /** Abbreviated; ends with `+` when the sources had uncommitted changes; empty outside of a repository. */
  readonly commit: string
  /** RFC 3339; the commit's own time, so that the same commit gives the same executable. */
  readonly buildDate: string
}

/** Reads the version from package.json and the rest from git. */
export function readStamp(): Stamp {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const commit = git('rev-parse', '--short=9', 'HEAD')
  if (commit === '') return { version, commit, buildDate: new Date().toISOString() }
  const changes = git('status', '--porcelain', '--untracked-files=no')
  const date = new Date(git('log', '-1', '--format=%cI')).toISOString()
  return { version, commit: changes === '' ? commit : `${commit}+`, buildDate: date }
}

/** What git prints, or nothing where there is no git or no repository. */
function git(...args: readonly string[]): string {
  try {
    return execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return ''
  }
}

/** What to compile. */
export interface Bundle {
  /** The file to begin with, from the root. */
  readonly entry: string
  readonly outfile: string
  /** Bun's name of a platform, `bun-linux-arm64`; absent for this machine. */
  readonly target?: string
  readonly stamp: Stamp
}

/**
 * Options of the compiler, each with what it brings (src/runtime/DESIGN.md has the figures).
 * No file of the working directory may change what the program does: neither `.env` nor `bunfig.toml`.
 */
const options: readonly string[] = [
  '--compile',
  '--minify',
  '--sourcemap=none',
  '--bytecode',
  '--format=esm',
  '--splitting',
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
  '--compile-exec-argv=--max-http-header-size=65536',
  '--compile-jit-policy=100',
]

/** What must not be in an executable: native addons, which would have to be unpacked to run. */
const native = /\.node$|\/(?:cbor-extract|node-gyp-build[^/]*)\//

/** Compiles an executable. Throws with the compiler's words when it fails, and when a native addon got in. */
export function compile({ entry, outfile, target, stamp }: Bundle): void {
  const metafile = `${outfile}.modules.json`
  const defines = {
    PROCONSUL_VERSION: stamp.version,
    PROCONSUL_COMMIT: stamp.commit,
    PROCONSUL_BUILD_DATE: stamp.buildDate,
  }
  const args = [
    'build',
    ...options,
    ...(target === undefined ? [] : [`--target=${target}`]),
    ...Object.entries(defines).flatMap(([name, value]) => ['--define', `${name}=${JSON.stringify(value)}`]),
    `--metafile=${metafile}`,
    entry,
    '--outfile',
    outfile,
  ]
  execFileSync(join(root, 'node_modules/.bin/bun'), args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] })
  const { inputs } = JSON.parse(readFileSync(metafile, 'utf8')) as {
    inputs: Readonly<Record<string, unknown>>
  }
  rmSync(metafile)
  const found = Object.keys(inputs).find((path) => native.test(path))
  if (found !== undefined) throw new Error(`Cannot use ${outfile}: it contains the native addon ${found}`)
}
