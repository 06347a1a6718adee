// Child processes over node:child_process. Each runs in a process group of its own, so that all of it can be killed.

import type { ChildProcess as NodeChild, StdioOptions } from 'node:child_process'

import { joined } from '../../lib/bytes.ts'
import type { ChildProcess, ProcessOptions, ProcessResult, Processes, SignalName } from '../host.ts'
import { hostError, hostErrorOf } from './errors.ts'

/** Kept of a child's output when the caller names no limit. */
const outputBytesMaxDefault = 1024 * 1024

/** Of output beyond what is kept so much is read at a time, with a pause after it: some 50 MB a second. */
const unkeptBytesMax = 256 * 1024
const pauseMs = 5

/** How long a child's descendants may hold its output open after its own end. */
const outputGraceMs = 500

/** Child processes of the base host. */
export function nodeProcesses(): Processes {
  return {
    run: async (command, options) => (await start(command, options)).ended,
    start,
  }
}

async function start(command: readonly string[], options: ProcessOptions): Promise<ChildProcess> {
  const { spawn } = await import('node:child_process')
  const [file, ...args] = command
  const action = `run ${file ?? 'an empty command'}`
  if (file === undefined || file === '') throw hostErrorOf('EINVAL', action)
  options.signal?.throwIfAborted()
  // A child that reads the terminal has to stay in the terminal's session.
  const isGroup = options.stdin !== 'inherit' || !(await isTerminalInput())
  let child: NodeChild
  try {
    child = spawn(file, args, {
      detached: isGroup,
      stdio: stdioOf(options),
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    })
    await started(child)
  } catch (error) {
    throw hostError(action, error)
  }
  return new NodeChildProcess(child, options, isGroup)
}

async function isTerminalInput(): Promise<boolean> {
  const { isatty } = await import('node:tty')
  return isatty(0)
}

function stdioOf(options: ProcessOptions): StdioOptions {
  const stdin = options.stdin === undefined ? 'ignore' : options.stdin === 'inherit' ? 'inherit' : 'pipe'
  const output = options.output === 'inherit' ? 'inherit' : 'pipe'
  return [stdin, output, output]
}

function started(child: NodeChild): Promise<void> {
  if (child.pid !== undefined) {
    child.on('error', () => {})
    return Promise.resolve()
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('spawn', resolve)
  })
}

class NodeChildProcess implements ChildProcess {
  readonly pid: number
  readonly ended: Promise<ProcessResult>
  readonly #child: NodeChild
  readonly #isGroup: boolean
  readonly #outputBytesMax: number
  readonly #keepsLast: boolean
  readonly #endsGroup: boolean
  readonly #output: Uint8Array[] = []
  #keptBytes = 0
  /** Bytes since the last pause. */
  #unkeptBytes = 0
  #outputBytes = 0
  #timedOut = false
  #isExited = false
  /** What keeps us from reading on. */
  #holds = 0

  constructor(child: NodeChild, options: ProcessOptions, isGroup: boolean) {
    this.#child = child
    this.#isGroup = isGroup
    this.#outputBytesMax = options.outputBytesMax ?? outputBytesMaxDefault
    this.#keepsLast = options.outputKept === 'last'
    this.#endsGroup = options.endsGroup === true
    this.pid = child.pid ?? 0
    const keep = (bytes: Uint8Array): void => {
      this.#keep(bytes)
      const taken = options.onOutput?.(new Uint8Array(bytes))
      if (taken !== undefined) void this.#hold(taken)
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    if (options.stdin instanceof Uint8Array && child.stdin) {
      // The child may end without having read it.
      child.stdin.on('error', () => {})
      child.stdin.end(options.stdin)
    }
    this.ended = this.#end(options)
  }

  kill(signal: SignalName): void {
    if (this.#isExited) return
    try {
      if (this.#isGroup) process.kill(-this.pid, signal)
      else this.#child.kill(signal)
    } catch {
      // It has just ended by itself.
    }
  }

  #keep(bytes: Uint8Array): void {
    this.#outputBytes += bytes.length
    if (this.#outputBytes > this.#outputBytesMax) this.#slowDown(bytes.length)
    const room = this.#keepsLast ? this.#outputBytesMax : this.#outputBytesMax - this.#keptBytes
    if (room <= 0) return
    const wanted =
      bytes.length <= room ? bytes : this.#keepsLast ? bytes.subarray(-room) : bytes.subarray(0, room)
    // A copy: the runtime may reuse the bytes.
    const kept = new Uint8Array(wanted)
    this.#output.push(kept)
    this.#keptBytes += kept.length
    this.#dropFirst()
  }

  /** Drops what lies before the last bytes. */
  #dropFirst(): void {
    for (let first = this.#output[0]; first !== undefined; first = this.#output[0]) {
      if (this.#keptBytes - first.length < this.#outputBytesMax) return
      this.#output.shift()
      this.#keptBytes -= first.length
    }
  }

  /** A program that prints without end waits for us, and not everybody else. */
  #slowDown(size: number): void {
    this.#unkeptBytes += size
    if (this.#unkeptBytes < unkeptBytesMax) return
    this.#unkeptBytes = 0
    void this.#hold(new Promise((resolve) => setTimeout(resolve, pauseMs)))
  }

  /** Reads nothing until all that holds us is over. */
  async #hold(until: Promise<unknown>): Promise<void> {
    const { stdout, stderr } = this.#child
    this.#holds++
    stdout?.pause()
    stderr?.pause()
    await until.catch(() => undefined)
    this.#holds--
    if (this.#holds > 0) return
    stdout?.resume()
    stderr?.resume()
  }

  #end(options: ProcessOptions): Promise<ProcessResult> {
    const { timeoutMs, signal } = options
    const killAll = (): void => this.#killAll()
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            this.#timedOut = true
            killAll()
          }, timeoutMs)
    signal?.addEventListener('abort', killAll)
    return new Promise((resolve) => {
      let grace: ReturnType<typeof setTimeout> | undefined
      let isDone = false
      const finish = (code: number | null, name: string | null): void => {
        if (isDone) return
        isDone = true
        clearTimeout(grace)
        clearTimeout(timer)
        signal?.removeEventListener('abort', killAll)
        this.#child.stdout?.destroy()
        this.#child.stderr?.destroy()
        resolve(this.#result(code, name))
      }
      this.#child.once('exit', (code, name) => {
        this.#isExited = true
        const end = (): void => {
          // What the program has written before its end is still to be read.
          if (this.#holds > 0) {
            grace = setTimeout(end, outputGraceMs)
            return
          }
          if (this.#endsGroup) this.#killAll()
          finish(code, name)
        }
        grace = setTimeout(end, outputGraceMs)
      })
      this.#child.once('close', finish)
    })
  }

  /** Ends the whole group, also descendants that outlive the child itself. */
  #killAll(): void {
    if (!this.#isGroup) return this.kill('SIGKILL')
    try {
      process.kill(-this.pid, 'SIGKILL')
    } catch {
      // Nobody is left in the group.
    }
  }

  #result(code: number | null, signal: string | null): ProcessResult {
    const output = joined(this.#output, this.#keptBytes)
    return {
      code: signal === null ? code : null,
      signal,
      output: output.subarray(Math.max(0, output.length - this.#outputBytesMax)),
      outputBytes: this.#outputBytes,
      timedOut: this.#timedOut,
    }
  }
}
