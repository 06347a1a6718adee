// Completes package-lock.json after a dependency was changed. npm leaves out an optional package of another platform
// when the registry in use does not hold it, and `npm ci` then refuses the file on every platform.
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

/** One entry of the lock file, as far as it is read here. */
interface LockEntry {
  version?: string
  resolved?: string
  dev?: boolean
  optional?: boolean
  optionalDependencies?: Record<string, string>
  os?: string[]
  cpu?: string[]
  libc?: string[]
  bin?: Record<string, string>
}

/** The lock file, as far as it is read here. */
export interface LockFile {
  packages: Record<string, LockEntry>
}

/** Never installed: a native addon that cbor-x works without, and what builds it. */
const unwanted: ReadonlySet<string> = new Set(['cbor-extract', 'node-gyp-build-optional-packages'])

const systems = [
  'darwin',
  'linux',
  'win32',
  'freebsd',
  'android',
  'openharmony',
  'netbsd',
  'openbsd',
  'sunos',
  'aix',
]
const processors: Readonly<Record<string, string>> = {
  arm64: 'arm64',
  aarch64: 'arm64',
  x64: 'x64',
  arm: 'arm',
  ia32: 'ia32',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  loong64: 'loong64',
}

/** Reads the platform out of a package name such as `@oxlint/binding-linux-x64-gnu`. */
function platformOf(name: string): Pick<LockEntry, 'os' | 'cpu' | 'libc'> {
  const words = name.split(/[^a-z0-9]+/)
  const os = words.find((word) => systems.includes(word))
  const cpu = words.map((word) => processors[word]).find((word) => word !== undefined)
  if (os === undefined || cpu === undefined) {
    throw new Error(`Cannot complete package-lock.json: "${name}" names no known system and processor`)
  }
  if (words.some((word) => word.startsWith('musl'))) return { os: [os], cpu: [cpu], libc: ['musl'] }
  return words.some((word) => /^g(nu|libc)/.test(word))
    ? { os: [os], cpu: [cpu], libc: ['glibc'] }
    : { os: [os], cpu: [cpu] }
}

/** Removes the unwanted packages and every mention of them. */
function dropUnwanted(packages: LockFile['packages']): void {
  for (const [path, entry] of Object.entries(packages)) {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
    if (unwanted.has(name) || name.startsWith('@cbor-extract/')) delete packages[path]
    for (const dropped of unwanted) delete entry.optionalDependencies?.[dropped]
  }
}

/** Adds an entry for each optional package of another platform that has none. */
function addMissing(packages: LockFile['packages']): void {
  for (const [path, entry] of Object.entries(packages)) {
    if (path === '') continue
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const at = `node_modules/${name}`
      if (packages[at] !== undefined) continue
      const dev = entry.dev === true ? { dev: true } : {}
      packages[at] = { version, ...dev, optional: true, ...platformOf(name) }
    }
  }
}

/**
 * Forgets the commands of the packages that hold Node itself. npm 10 links both to `.bin/node`, finds one unfit for the
 * platform and removes the link with it; scripts/bootstrap.sh makes the link instead.
 */
function dropNodeCommands(packages: LockFile['packages']): void {
  for (const [path, entry] of Object.entries(packages)) {
    if (path.startsWith('node_modules/node-linux-')) delete entry.bin
  }
}

/**
 * Makes a lock file that `npm ci` accepts on every platform, without native addons and without addresses.
 *
 * @returns a new object with its packages in the order that npm writes
 * Errors: Error when a missing package's name does not tell its platform; nothing is changed then.
 */
export function completeLock(lock: LockFile): LockFile {
  const copy = structuredClone(lock)
  dropUnwanted(copy.packages)
  addMissing(copy.packages)
  dropNodeCommands(copy.packages)
  for (const entry of Object.values(copy.packages)) delete entry.resolved
  const byName = Object.entries(copy.packages).sort(([a], [b]) => a.localeCompare(b, 'en'))
  return { ...copy, packages: Object.fromEntries(byName) }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } })
  if (values.help === true) {
    process.stdout.write(
      'Usage: scripts/lock.ts\nCompletes package-lock.json; run it after every npm install.\n',
    )
  } else {
    const path = new URL('../package-lock.json', import.meta.url)
    const lock = JSON.parse(readFileSync(path, 'utf8')) as LockFile
    const completed = completeLock(lock)
    writeFileSync(path, `${JSON.stringify(completed, null, 2)}\n`)
  }
}
