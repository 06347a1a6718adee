// Hosts of our own: network namespaces on one switch, each with its own address, its own /tmp/consul and `consul` on the
// PATH. The test makes them and removes them.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { executable } from './harness.ts'

/** What a command printed and how it ended. */
export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A long-running command on a host. */
export interface Running {
  readonly pid: number
  /** All that it has printed so far. */
  output(): string
  signal(signal: NodeJS.Signals): void
  /** Exit code, or null after a signal. */
  readonly ended: Promise<number | null>
}

/** One host. */
export interface HostBox {
  readonly name: string
  readonly ip: string
  /** Runs a shell line as a person on that host would type it. */
  run(line: string, timeoutMs?: number): Ran
  /** Starts a shell line in the background; it should `exec`. */
  start(line: string): Running
  /** Drops all packets from and to the other hosts, silently. */
  silence(): void
  hear(): void
}

/** A switch with hosts. */
export interface Network {
  host(name: string, ip: string): HostBox
  /** Kills what still runs and removes everything. */
  remove(): Promise<void>
}

/** Stands for a host where none can be made; the script is skipped before it is used. */
export const noHost: HostBox = {
  name: '',
  ip: '',
  run: () => unavailable(),
  start: () => unavailable(),
  silence: () => unavailable(),
  hear: () => unavailable(),
}

function unavailable(): never {
  throw new Error('hosts cannot be made here')
}

function must(program: string, ...args: readonly string[]): void {
  const ran = spawnSync(program, args, { encoding: 'utf8' })
  if (ran.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${ran.stderr || String(ran.error)}`)
}

/** Makes a switch. Needs root. */
export function createNetwork(): Network {
  const tag = `pc${process.pid}`
  const directory = mkdtempSync(join(tmpdir(), 'proconsul-e2e-'))
  const namespaces = [`${tag}-sw`]
  const running: ChildProcess[] = []
  must('ip', 'netns', 'add', `${tag}-sw`)
  must('ip', '-n', `${tag}-sw`, 'link', 'add', 'br0', 'type', 'bridge')
  must('ip', '-n', `${tag}-sw`, 'link', 'set', 'br0', 'up')
  mkdirSync(join(directory, 'bin'))
  symlinkSync(executable, join(directory, 'bin/consul'))
  mkdirSync('/tmp/consul', { recursive: true })
  return {
    host(name, ip) {
      const number = namespaces.length
      const namespace = `${tag}-h${number}`
      namespaces.push(namespace)
      plug(tag, namespace, number, ip)
      const data = join(directory, name)
      mkdirSync(data)
      return makeHost({ name, ip, namespace, data, bin: join(directory, 'bin'), running })
    },
    async remove() {
      for (const child of running)
        if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await Promise.all(running.map((child) => ended(child)))
      for (const namespace of namespaces) spawnSync('ip', ['netns', 'del', namespace])
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Puts a host on the switch. */
function plug(tag: string, namespace: string, number: number, ip: string): void {
  const port = `p${number}`
  must('ip', 'netns', 'add', namespace)
  must(
    'ip',
    '-n',
    `${tag}-sw`,
    'link',
    'add',
    port,
    'type',
    'veth',
    'peer',
    'name',
    'eth1',
    'netns',
    namespace,
  )
  must('ip', '-n', `${tag}-sw`, 'link', 'set', port, 'master', 'br0', 'up')
  must('ip', '-n', namespace, 'link', 'set', 'lo', 'up')
  const length = ip.includes(':') ? ['64', 'nodad'] : ['24']
  must('ip', '-n', namespace, 'addr', 'add', `${ip}/${length[0]}`, 'dev', 'eth1', ...length.slice(1))
  must('ip', '-n', namespace, 'link', 'set', 'eth1', 'up')
}

interface HostParts {
  readonly name: string
  readonly ip: string
  readonly namespace: string
  readonly data: string
  readonly bin: string
  readonly running: ChildProcess[]
}

function makeHost(parts: HostParts): HostBox {
  const { name, ip, namespace, data, bin, running } = parts
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, CONSUL_HTTP_ADDR: '' }
  const prefix = (line: string): readonly string[] => [
    'netns',
    'exec',
    namespace,
    'unshare',
    '-m',
    'sh',
    '-c',
    `mount --bind '${data}' /tmp/consul && ${line}`,
  ]
  const filter = (action: '-A' | '-D'): void => {
    for (const [chain, flag] of [
      ['INPUT', '-i'],
      ['OUTPUT', '-o'],
    ] as const) {
      must('ip', 'netns', 'exec', namespace, 'iptables', action, chain, flag, 'eth1', '-j', 'DROP')
    }
  }
  return {
    name,
    ip,
    run(line, timeoutMs = 30_000) {
      const ran = spawnSync('ip', prefix(line), { encoding: 'utf8', env, timeout: timeoutMs })
      return { code: ran.status, out: ran.stdout, err: ran.stderr }
    },
    start(line) {
      const log = join(data, `..`, `${name}-${running.length}.log`)
      const file = openSync(log, 'w')
      const child = spawn('ip', prefix(line), { env, stdio: ['ignore', file, file] })
      closeSync(file)
      running.push(child)
      return {
        pid: child.pid ?? 0,
        output: () => readFileSync(log, 'utf8'),
        signal: (signal) => void child.kill(signal),
        ended: ended(child),
      }
    },
    silence: () => filter('-A'),
    hear: () => filter('-D'),
  }
}

function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode)
  return new Promise((resolve) => child.once('exit', (code) => resolve(code)))
}
