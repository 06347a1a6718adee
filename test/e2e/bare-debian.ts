// A machine with nothing on it: a minimal Debian with systemd, made once by debootstrap and booted in a container.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, until } from './harness.ts'
import type { Ran } from './hosts.ts'

const suite = 'bookworm'
const mirror = 'http://deb.debian.org/debian'
const packages = ['systemd', 'systemd-sysv', 'curl']
const notNeeded = ['./var/cache/apt', './var/lib/apt/lists', './usr/share/doc', './usr/share/locale', './dev']

/** A booted machine with a network of its own that is only a loopback. */
export interface Machine {
  /** Runs a shell line as root on it. */
  run(line: string, timeoutMs?: number): Ran
  /** Starts a program of this machine's files in the network of that one, until it stops. */
  serve(program: string, ...args: readonly string[]): void
  stop(): Promise<void>
}

/** Why no machine can be booted here, or undefined. */
export function cannotBoot(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root to boot a container'
  for (const [program, name] of [
    ['systemd-nspawn', 'systemd-container'],
    ['debootstrap', 'debootstrap'],
    ['nsenter', 'util-linux'],
  ] as const) {
    if (spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0)
      return `needs the program ${program} (package ${name})`
  }
  return undefined
}

/** Makes a fresh root directory; the caller removes it. Undefined with a reason when Debian cannot be had. */
export function makeBareRoot(): { readonly directory: string } | { readonly reason: string } {
  const cache = join(root, 'node_modules/.cache/e2e')
  const image = join(cache, `debian-${suite}-${process.arch}.tar`)
  mkdirSync(cache, { recursive: true })
  const directory = mkdtempSync(join(tmpdir(), 'proconsul-debian-'))
  if (!existsSync(image)) {
    const fault = makeImage(directory, image)
    if (fault !== undefined) {
      rmSync(directory, { recursive: true, force: true })
      return { reason: fault }
    }
    rmSync(directory, { recursive: true })
    mkdirSync(directory)
  }
  const ran = spawnSync('tar', ['-C', directory, '-xpf', image])
  if (ran.status !== 0) throw new Error(`Cannot unpack ${image}: ${ran.stderr.toString()}`)
  // A temporary directory is closed to other users; the root of a machine is not.
  chmodSync(directory, 0o755)
  return { directory }
}

function makeImage(directory: string, image: string): string | undefined {
  const options = ['--variant=minbase', `--include=${packages.join(',')}`]
  const made = spawnSync('debootstrap', [...options, suite, directory, mirror], {
    encoding: 'utf8',
    timeout: 240_000,
  })
  if (made.status !== 0) return `debootstrap failed: ${made.stdout.trim().split('\n').at(-1) ?? ''}`
  const left = notNeeded.map((path) => `--exclude=${path}/*`)
  const packed = spawnSync('tar', ['-C', directory, ...left, '--numeric-owner', '-cpf', `${image}.new`, '.'])
  if (packed.status !== 0) return `Cannot pack ${image}: ${packed.stderr.toString()}`
  renameSync(`${image}.new`, image)
  return undefined
}

/** Boots a root directory and waits until its systemd is up. */
export async function boot(directory: string): Promise<Machine> {
  const how = ['--boot', '--register=no', '--keep-unit', '--private-network', '--console=passive', '--quiet']
  const container = spawn('systemd-nspawn', ['-D', directory, ...how], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [container.stdout, container.stderr])
    stream.on('data', (bytes: Buffer) => (said = (said + bytes.toString()).slice(-4000)))
  const servers: ChildProcess[] = []
  const stop = async (): Promise<void> => {
    for (const server of servers) server.kill('SIGKILL')
    if (hasEnded(container)) return
    const ended = new Promise<void>((resolve) => container.once('exit', () => resolve()))
    // The first SIGTERM shuts the machine down in order.
    container.kill('SIGTERM')
    const timer = setTimeout(() => container.kill('SIGKILL'), 20_000)
    await ended
    clearTimeout(timer)
  }
  try {
    const first = await until('the container has a first process', () => firstProcess(container))
    const inside = ['-t', String(first), '-m', '-u', '-i', '-n', '-p']
    const run = (line: string, timeout = 30_000): Ran => {
      const ran = spawnSync('nsenter', [...inside, '--root', '--wd', 'sh', '-c', line], {
        encoding: 'utf8',
        timeout,
        env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' },
      })
      return { code: ran.status, out: ran.stdout, err: ran.stderr }
    }
    await until('systemd is up', () => /running|degraded/.test(run('systemctl is-system-running').out))
    return {
      run,
      serve(program, ...args) {
        servers.push(spawn('nsenter', ['-t', String(first), '-n', program, ...args], { stdio: 'inherit' }))
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw new Error(`Cannot boot ${directory}: ${said}`, { cause: error })
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/** The container's process 1, once it is systemd and no longer the program that makes the container. */
function firstProcess(container: ChildProcess): number | undefined {
  if (hasEnded(container) || container.pid === undefined) throw new Error('the container ended')
  const children = readFileSync(`/proc/${container.pid}/task/${container.pid}/children`, 'utf8')
  return children
    .trim()
    .split(' ')
    .map(Number)
    .find((pid) => pid > 0 && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'systemd')
}
