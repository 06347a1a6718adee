// A home directory of its own to run install.sh in, with stand-ins for the executable and for systemctl.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const script = join(import.meta.dirname, '../../../install.sh')

/** What a run of install.sh printed and how it ended. */
export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** The name of the published executable for this machine. */
export const asset: string = `proconsul-linux-${process.arch === 'arm64' ? 'arm64' : 'x64'}`

/** Programs that install.sh may call, for a PATH without the rest. */
const tools = [
  'sh',
  'cat',
  'chmod',
  'cp',
  'df',
  'dirname',
  'grep',
  'head',
  'id',
  'ln',
  'mkdir',
  'mktemp',
  'mv',
]
const moreTools = [
  'printf',
  'readlink',
  'rm',
  'rmdir',
  'sed',
  'sha256sum',
  'sleep',
  'tail',
  'tr',
  'uname',
  'wc',
  'env',
]

/** A place to install into and a place to install from. */
export class Installation {
  readonly root: string = mkdtempSync(join(tmpdir(), 'proconsul-install-'))
  readonly home: string = join(this.root, 'home of user')
  readonly published: string = join(this.root, 'published')
  readonly programs: string = join(this.root, 'programs')
  readonly bin: string = join(this.home, '.local/bin')
  readonly config: string = join(this.home, '.config/proconsul.d/proconsul.json')
  readonly unit: string = join(this.home, '.config/systemd/user/proconsul.service')
  readonly data: string = join(this.home, '.local/share/proconsul')

  constructor() {
    for (const directory of [this.home, this.published, this.programs]) mkdirSync(directory)
    for (const tool of [...tools, ...moreTools]) {
      const at = ['/usr/bin', '/bin'].map((folder) => join(folder, tool)).find((path) => existsSync(path))
      if (at !== undefined) symlinkSync(at, join(this.programs, tool))
    }
    this.publish('1')
  }

  /** Puts a stand-in executable and its checksum in place; `sum` replaces the right one. */
  publish(version: string, sum?: string): void {
    const text = `#!/bin/sh\ncase $1 in version) echo "Consul v${version}" ;; esac\n`
    writeFileSync(join(this.published, asset), text)
    const right = createHash('sha256').update(text).digest('hex')
    writeFileSync(join(this.published, 'SHA256SUMS'), `${sum ?? right}  ${asset}\n`)
  }

  /** Adds a program to the PATH of the runs. */
  program(name: string, text: string): void {
    const at = join(this.programs, name)
    rmSync(at, { force: true })
    writeFileSync(at, `#!/bin/sh\n${text}\n`)
    chmodSync(at, 0o755)
  }

  /** A systemctl that writes down what it is asked to do, and that knows enabled and active. */
  systemd(): () => string {
    const state = join(this.root, 'systemd')
    mkdirSync(state)
    const log = join(state, 'log')
    writeFileSync(log, '')
    this.program(
      'systemctl',
      `shift
case $1 in
  show-environment) ;;
  is-active) [ -e '${state}/active' ] ;;
  is-enabled) [ -e '${state}/enabled' ] ;;
  start | restart) : >'${state}/active'; echo "$1" >>'${log}' ;;
  stop) rm -f '${state}/active'; echo stop >>'${log}' ;;
  enable) : >'${state}/enabled'; echo enable >>'${log}' ;;
  disable) rm -f '${state}/enabled'; echo disable >>'${log}' ;;
  *) echo "$1" >>'${log}' ;;
esac`,
    )
    return () => readFileSync(log, 'utf8').trim().split('\n').join(' ')
  }

  /** Runs install.sh as a user would, by default from the published directory. */
  run(args: readonly string[] = [], how: { shell?: readonly string[]; path?: string } = {}): Promise<Ran> {
    const [program = 'sh', ...before] = how.shell ?? ['/bin/sh']
    const given = args.some((arg) => arg.startsWith('--from') || arg.startsWith('--uninstall'))
    const source = given ? [] : ['--from', this.published]
    const child = spawn(program, [...before, script, '--user', ...source, ...args], {
      env: { HOME: this.home, PATH: how.path ?? this.programs, TMPDIR: this.root },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return new Promise((resolve, reject) => {
      const ran = { out: '', err: '' }
      child.stdout.on('data', (bytes: Buffer) => (ran.out += bytes.toString()))
      child.stderr.on('data', (bytes: Buffer) => (ran.err += bytes.toString()))
      child.once('error', reject)
      child.once('close', (code) => resolve({ code, ...ran }))
    })
  }

  /** Every path under the home directory with what would show a change: inode, times, mode, target. */
  picture(): string {
    const lines = readdirSync(this.home, { recursive: true, encoding: 'utf8' })
      .toSorted()
      .map((name) => {
        const at = join(this.home, name)
        const { ino, mtimeMs, ctimeMs, mode } = lstatSync(at)
        const target = lstatSync(at).isSymbolicLink() ? readlinkSync(at) : ''
        return `${name} ${ino} ${mtimeMs} ${ctimeMs} ${mode.toString(8)} ${target}`
      })
    return lines.join('\n')
  }

  /** Names of all files under the home directory. */
  files(): readonly string[] {
    return readdirSync(this.home, { recursive: true, encoding: 'utf8' })
      .filter((name) => !statSync(join(this.home, name)).isDirectory())
      .toSorted()
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}
