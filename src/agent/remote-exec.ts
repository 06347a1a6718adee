// The agent's part of `exec`: an event names a session; under it, in the KV store, lies a job, and there go our
// acknowledgement, the output piece by piece, and the exit code. All of it goes when the session ends.
import type { UserEvent } from '../model/user-event.ts'
import type { ChildProcess, Host, ProcessResult } from '../runtime/host.ts'
import { decodeExecJob, decodeExecPayload, type ExecJob } from './exec-job.ts'
import { ExecOutput } from './exec-output.ts'
import { describe, randomUuid } from './identity.ts'
import type { Logger } from './log.ts'
import { never, type Requests } from './requests.ts'
import { userShell } from './shell.ts'

/** What it is made of. */
export interface RemoteExecOptions {
  readonly host: Pick<Host, 'processes' | 'files' | 'entropy' | 'clock' | 'system'>
  readonly nodeName: string
  readonly requests: Pick<Requests, 'read' | 'write'>
  readonly log: Logger
  /** Aborts when the agent stops: jobs end with it. */
  readonly signal: AbortSignal
}

/** Runs what it is told to. */
export interface RemoteExec {
  onEvent(event: UserEvent): void
}

/** Jobs at work; one more is not acknowledged. */
const jobsMax = 16
/** The exit code of a program that could not be started, or that a signal ended, as the reference has it. */
const failedCode = 255

/** Makes the agent's part of `exec`. */
export function createRemoteExec(options: RemoteExecOptions): RemoteExec {
  const { log } = options
  let running = 0
  return {
    onEvent(event) {
      if (running >= jobsMax) {
        log.warn('Remote exec refused: too many jobs are running', { jobs: running })
        return
      }
      running++
      void carryOut(options, event)
        .catch((error: unknown) => log.error('Remote exec failed', { error: describe(error) }))
        .finally(() => running--)
    },
  }
}

async function carryOut(options: RemoteExecOptions, event: UserEvent): Promise<void> {
  const { log, nodeName } = options
  const target = decodeExecPayload(event.payload)
  if (target === null) {
    log.warn('Remote exec event without a prefix and a session', { event: event.id })
    return
  }
  const base = `${target.prefix}/${target.session}`
  const job = await readJob(options, `${base}/job`)
  if (job === null) return
  const place = new ExecPlace(options, { base: `${base}/${nodeName}`, session: target.session })
  if (!(await place.put('ack', new Uint8Array(0)))) return
  const code = await runJob(options, job, place)
  await place.put('exit', new TextEncoder().encode(String(code)))
}

/** The job; first any server is asked, for all agents ask at once. */
async function readJob(options: RemoteExecOptions, key: string): Promise<ExecJob | null> {
  const { requests, log } = options
  for (const consistency of ['stale', 'default'] as const) {
    const read = { datacenter: '', consistency, maxStaleMs: null, minIndex: 0, waitMs: 0 }
    const entry = await requests.read({ kind: 'kvGet', key }, read, never)
    if (!entry.ok || entry.value.value === null) continue
    const job = decodeExecJob(entry.value.value.value)
    if (job === null) log.warn('Remote exec job is malformed', { key })
    return job
  }
  log.warn('Remote exec job is not there', { key })
  return null
}

/** Where the keys of one job at this node are. */
class ExecPlace {
  readonly #options: RemoteExecOptions
  readonly #base: string
  readonly #session: string

  constructor(options: RemoteExecOptions, place: { readonly base: string; readonly session: string }) {
    this.#options = options
    this.#base = place.base
    this.#session = place.session
  }

  /** Writes a key that goes with the session; false if the session is gone, or nobody takes the write. */
  async put(name: string, value: Uint8Array): Promise<boolean> {
    const key = `${this.#base}/${name}`
    const write = { key, value, flags: 0n, ttlMs: 0, session: this.#session }
    const written = await this.#options.requests.write({ kind: 'kvAcquire', ...write }, '')
    if (written.ok && written.value.kind === 'decided' && written.value.applied) return true
    this.#options.log.warn('Remote exec key is not written', { key })
    return false
  }
}

/** Runs a job to its end and passes its output on; the exit code. */
async function runJob(options: RemoteExecOptions, job: ExecJob, place: ExecPlace): Promise<number> {
  const { host, log, signal } = options
  const output = new ExecOutput(host.clock, job.waitMs, (name, bytes) => place.put(name, bytes))
  const script = job.script === null ? null : await keepScript(host, job.script)
  const command = script === null ? job.command : [userShell(host.system), '-c', script]
  log.info('Remote exec', { command: command.join(' ') })
  let code = failedCode
  try {
    const child = await start(options, command, (bytes) => output.add(bytes))
    code = child === null ? failedCode : codeOf(await child.ended)
  } finally {
    if (script !== null) await host.files.remove(script).catch(() => undefined)
    await output.end()
  }
  return signal.aborted ? failedCode : code
}

async function start(
  { host, log, signal }: RemoteExecOptions,
  command: readonly string[],
  onOutput: (bytes: Uint8Array) => Promise<void> | undefined,
): Promise<ChildProcess | null> {
  try {
    return await host.processes.start(command, { output: 'capture', outputBytesMax: 0, onOutput, signal })
  } catch (error) {
    log.warn('Remote exec cannot be started', { error: describe(error) })
    return null
  }
}

function codeOf({ code }: ProcessResult): number {
  return code ?? failedCode
}

/** A script that came over standard input: a file of its own, so that its first line may name what runs it. */
async function keepScript(
  { files, entropy, system }: RemoteExecOptions['host'],
  script: Uint8Array,
): Promise<string> {
  const directory = system.env['TMPDIR'] ?? '/tmp'
  const path = `${directory}/rexec-${randomUuid(entropy.bytes(16))}`
  await files.write(path, script, 0o700)
  return path
}
