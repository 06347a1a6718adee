// The smallest test harness that runs on Node, Bun, Deno and the simulated host alike: named cases, one question each.

import { HostError, type Host, type TcpConnection } from '../../src/runtime/host.ts'

/** What a case may use besides the host under test. */
export interface World {
  /** An IPv4 address of this host to bind to. */
  readonly ip: string
  /** An IPv6 address of this host; absent where there is none. */
  readonly ip6?: string
  /** An address that swallows connections without an answer; absent where there is none. */
  readonly silentIp?: string
  /** The command of a process that listens on `ip`, writes the port to a file, and stops without accepting. */
  readonly silentListener?: (path: string) => readonly string[]
  /** The directory of the certificates; absent where there is no TLS. */
  readonly certificates?: string
  /** An empty directory for this run. */
  readonly directory: string
  /** The command of a process that takes the lock on a path, creates `<path>.held` and then waits for ever. */
  readonly lockHolder?: (path: string) => readonly string[]
  /** Whether children of the system can be run. */
  readonly hasProcesses: boolean
}

/** One question about a host. */
export interface ConformanceCase {
  /** `udp: a packet of 1,400 bytes arrives whole`. */
  readonly name: string
  /** Takes seconds of mere waiting; runs beside the others. */
  readonly isSlow?: boolean
  /** Rejects when the answer is no; with Skip when the question does not apply. */
  run(): Promise<void>
}

/** Thrown by a case that does not apply here. */
export class Skip extends Error {}

/** How a run went. */
export interface Outcome {
  readonly passed: number
  readonly failed: readonly string[]
  readonly skipped: readonly string[]
}

/** The longest that a case may take, slow ones included. */
const caseMsMax = 30_000

/** Runs the cases in order, the slow ones beside them, and tells of each failure and skip through `tell`. */
export async function runCases(
  host: Host,
  cases: readonly ConformanceCase[],
  tell: (line: string) => void,
): Promise<Outcome> {
  const result = { passed: 0, failed: [] as string[], skipped: [] as string[] }
  const runOne = async (one: ConformanceCase): Promise<void> => {
    try {
      await within(host, caseMsMax, one.run())
      result.passed++
    } catch (error) {
      const isSkip = error instanceof Skip
      const list = isSkip ? result.skipped : result.failed
      list.push(one.name)
      tell(`${isSkip ? 'skip' : 'FAIL'} ${one.name}: ${errorText(error)}`)
    }
  }
  const slow = cases.filter((one) => one.isSlow === true).map(runOne)
  for (const one of cases) if (one.isSlow !== true) await runOne(one)
  await Promise.all(slow)
  return result
}

function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error instanceof Skip || error instanceof Mismatch ? error.message : (error.stack ?? error.message)
}

class Mismatch extends Error {}

/** Fails unless both print alike. */
export function equal(found: unknown, wanted: unknown, what = 'value'): void {
  const [a, b] = [shown(found), shown(wanted)]
  if (a !== b) throw new Mismatch(`${what} is ${a}, wanted ${b}`)
}

/** Fails unless `condition` holds. */
export function ok(condition: boolean, what: string): void {
  if (!condition) throw new Mismatch(`not so: ${what}`)
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes(${[...value].join(' ')})`
  return JSON.stringify(value) ?? 'undefined'
}

/** Fails unless the promise rejects with a HostError of this code. */
export async function rejectsWith(
  codes: string | readonly string[],
  promise: Promise<unknown>,
): Promise<HostError> {
  const wanted = typeof codes === 'string' ? [codes] : codes
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  ok(error !== undefined, `it rejects with ${wanted.join(' or ')}`)
  if (!(error instanceof HostError)) throw new Mismatch(`rejected with ${String(error)}, not a HostError`)
  ok(wanted.includes(error.code), `code ${error.code} is ${wanted.join(' or ')}`)
  return error
}

/** A promise with its ends. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
}

/** A promise that is settled from outside. */
export function deferred<T = void>(): Deferred<T> {
  const { promise, resolve } = Promise.withResolvers<T>()
  return { promise, resolve }
}

/** Waits on the host's own clock. */
export function sleep(host: Host, ms: number): Promise<void> {
  return new Promise((resolve) => void host.clock.wakeAt(host.clock.nowMs() + ms, resolve))
}

/** The promise's value, or a failure after `ms`. */
export async function within<T>(host: Host, ms: number, promise: Promise<T>): Promise<T> {
  let cancel = (): void => {}
  const late = new Promise<never>((_, reject) => {
    cancel = host.clock.wakeAt(host.clock.nowMs() + ms, () =>
      reject(new Mismatch(`no result within ${ms} ms`)),
    )
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    cancel()
  }
}

/** Waits until the condition holds, or fails after `ms`. */
export async function until(
  host: Host,
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const endMs = host.clock.nowMs() + 5000
  while (!(await condition())) {
    if (host.clock.nowMs() > endMs) throw new Mismatch(`waited in vain until ${what}`)
    await sleep(host, 5)
  }
}

/** Bytes of a test pattern that differs by position and by seed. */
export function pattern(size: number, seed = 7): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >>> 8) * 17 + seed) & 0xff
  return bytes
}

/** One array of all. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** Text as UTF-8. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** UTF-8 as text. */
export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

/** A connection with all that happens on it written down. */
export class Recorder<Connection extends TcpConnection = TcpConnection> {
  readonly connection: Connection
  readonly parts: Uint8Array[] = []
  readonly closed: Deferred<HostError | undefined> = deferred<HostError | undefined>()
  readonly ended: Deferred<void> = deferred()
  bytesSeen = 0
  closes = 0
  drains = 0
  onData: ((bytes: Uint8Array) => void) | undefined

  constructor(connection: Connection) {
    this.connection = connection
    connection.handle({
      onData: (bytes) => {
        this.bytesSeen += bytes.length
        // A copy: a host may reuse its buffer.
        this.parts.push(bytes.slice())
        this.onData?.(bytes)
      },
      onDrain: () => void this.drains++,
      onEnd: () => this.ended.resolve(),
      onClose: (error) => {
        this.closes++
        this.closed.resolve(error)
      },
    })
  }

  /** All bytes so far. */
  get bytes(): Uint8Array {
    return concat(this.parts)
  }

  /** All bytes so far as text. */
  get text(): string {
    return text(this.bytes)
  }
}
