// Five machines of our own for real servers: network namespaces on one switch, each with a small disk that can be filled.
// Needs root. Everything is made under one name, and removed by it.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { executable } from '../e2e/harness.ts'

/** Bytes of each machine's disk. */
const diskBytes = 96 * 1024 * 1024

/** Flags and settings that all servers have. */
const config = { session_ttl_min: '1s', limits: { http_max_conns_per_client: 10_000 } }

function must(program: string, ...args: readonly string[]): void {
  const ran = spawnSync(program, args, { encoding: 'utf8' })
  if (ran.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${ran.stderr || String(ran.error)}`)
}

/** Why machines cannot be made here, or undefined. */
export function cannotMakeMachines(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root for network namespaces'
  for (const program of ['ip', 'iptables', 'mount']) {
    if (spawnSync('which', [program]).status !== 0) return `needs the program ${program}`
  }
  return existsSync(executable) ? undefined : `needs ${executable}; run scripts/build`
}

/** One machine with a server. */
export class ServerMachine {
  readonly name: string
  readonly ip: string
  readonly #namespace: string
  readonly #directory: string
  readonly #others: () => readonly string[]
  #child: ChildProcess | null = null
  #isPaused = false
  starts = 0
  /** Ends that nobody caused here, as after a failed write. */
  ends = 0

  constructor(parts: MachineParts) {
    this.name = parts.name
    this.ip = parts.ip
    this.#namespace = parts.namespace
    this.#directory = parts.directory
    this.#others = parts.others
  }

  get isRunning(): boolean {
    return this.#child !== null
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  get log(): string {
    return readFileSync(join(this.#directory, 'log'), 'utf8')
  }

  /** Starts the server on what its disk holds. */
  start(): void {
    if (this.#child !== null) return
    this.starts++
    const file = openSync(join(this.#directory, 'log'), 'a')
    const joins = this.#others().map((ip) => `-retry-join=${ip}`)
    const disk = join(this.#directory, 'disk', 'data')
    const settings = join(this.#directory, 'config.json')
    const flags = ['-server', '-bootstrap-expect=5', '-client=0.0.0.0', '-retry-interval=1s', ...joins]
    const own = [`-node=${this.name}`, `-bind=${this.ip}`, `-data-dir=${disk}`, `-config-file=${settings}`]
    const command = ['netns', 'exec', this.#namespace, executable, 'agent', ...flags, ...own]
    const child = spawn('ip', command, { stdio: ['ignore', file, file] })
    closeSync(file)
    this.#child = child
    this.#isPaused = false
    child.once('exit', () => {
      if (this.#child !== child) return
      this.#child = null
      this.ends++
    })
  }

  /** Ends the server without a word; resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = null
    this.#isPaused = false
    await ended(child)
  }

  pause(): void {
    this.#isPaused = this.#child?.kill('SIGSTOP') ?? false
  }

  resume(): void {
    this.#isPaused = false
    this.#child?.kill('SIGCONT')
  }

  /** Drops what comes from another machine, silently: one direction of a link. */
  deafen(from: ServerMachine): void {
    this.#filter('-A', from)
  }

  /** All links are whole again. */
  hear(): void {
    spawnSync('ip', ['netns', 'exec', this.#namespace, 'iptables', '-F', 'INPUT'])
  }

  /** Takes all that is left of the disk. */
  fillDisk(): void {
    spawnSync('dd', ['if=/dev/zero', `of=${this.#filler}`, 'bs=64k', 'count=100000'], { stdio: 'ignore' })
  }

  emptyDisk(): void {
    rmSync(this.#filler, { force: true })
  }

  get #filler(): string {
    return join(this.#directory, 'disk', 'filler')
  }

  #filter(action: '-A' | '-D', from: ServerMachine): void {
    spawnSync('ip', [
      'netns',
      'exec',
      this.#namespace,
      'iptables',
      action,
      'INPUT',
      '-s',
      from.ip,
      '-j',
      'DROP',
    ])
  }
}

interface MachineParts {
  readonly name: string
  readonly ip: string
  readonly namespace: string
  readonly directory: string
  readonly others: () => readonly string[]
}

async function ended(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGKILL')
  await gone
}

/** Machines on a switch, which this process is on as well. */
export class Machines {
  readonly all: ServerMachine[] = []
  readonly directory: string = mkdtempSync(join(tmpdir(), 'proconsul-faults-'))
  readonly #tag = `pf${process.pid}`
  readonly #namespaces: string[] = []
  readonly #mounts: string[] = []

  constructor(count: number) {
    try {
      this.#make(count)
    } catch (error) {
      this.#removeAll()
      throw error
    }
  }

  #make(count: number): void {
    const tag = this.#tag
    const net = `172.31.${100 + (process.pid % 100)}`
    this.#namespace(`${tag}-sw`)
    const inSwitch = ['-n', `${tag}-sw`]
    must('ip', ...inSwitch, 'link', 'add', 'br0', 'type', 'bridge')
    must('ip', ...inSwitch, 'link', 'set', 'br0', 'up')
    // Our own place on the switch; it goes with the switch.
    must('ip', ...inSwitch, 'link', 'add', 'p0', 'type', 'veth', 'peer', 'name', `${tag}u`, 'netns', '1')
    must('ip', ...inSwitch, 'link', 'set', 'p0', 'master', 'br0', 'up')
    must('ip', 'addr', 'add', `${net}.254/24`, 'dev', `${tag}u`)
    must('ip', 'link', 'set', `${tag}u`, 'up')
    for (let number = 1; number <= count; number++) this.#add(number, net)
  }

  #add(number: number, net: string): void {
    const tag = this.#tag
    const namespace = `${tag}-h${number}`
    const ip = `${net}.${number}`
    const port = `p${number}`
    this.#namespace(namespace)
    const peer = ['type', 'veth', 'peer', 'name', 'eth1', 'netns', namespace]
    must('ip', '-n', `${tag}-sw`, 'link', 'add', port, ...peer)
    must('ip', '-n', `${tag}-sw`, 'link', 'set', port, 'master', 'br0', 'up')
    must('ip', '-n', namespace, 'link', 'set', 'lo', 'up')
    must('ip', '-n', namespace, 'addr', 'add', `${ip}/24`, 'dev', 'eth1')
    must('ip', '-n', namespace, 'link', 'set', 'eth1', 'up')
    const directory = join(this.directory, `s${number}`)
    const disk = join(directory, 'disk')
    mkdirSync(disk, { recursive: true })
    must('mount', '-t', 'tmpfs', '-o', `size=${diskBytes}`, 'tmpfs', disk)
    this.#mounts.push(disk)
    writeFileSync(join(directory, 'config.json'), JSON.stringify(config))
    const others = (): readonly string[] => this.all.filter((each) => each.ip !== ip).map((each) => each.ip)
    this.all.push(new ServerMachine({ name: `s${number}`, ip, namespace, directory, others }))
  }

  #namespace(name: string): void {
    must('ip', 'netns', 'add', name)
    this.#namespaces.push(name)
  }

  /** Ends all servers and removes everything. */
  async remove(): Promise<void> {
    await Promise.all(this.all.map((machine) => machine.kill()))
    this.#removeAll()
  }

  #removeAll(): void {
    for (const mount of this.#mounts) spawnSync('umount', ['-l', mount])
    for (const namespace of this.#namespaces) spawnSync('ip', ['netns', 'del', namespace])
    spawnSync('ip', ['link', 'del', `${this.#tag}u`])
    rmSync(this.directory, { recursive: true, force: true })
  }
}
