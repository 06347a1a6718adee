// What `exec` and the agents tell each other: the event's payload and the job in the KV store, as the reference has them.

/** Where a job lies: under `prefix/session/`. */
export interface ExecTarget {
  readonly prefix: string
  readonly session: string
}

/** What is to be run. */
export interface ExecJob {
  /** The program and its arguments; a script's are empty. */
  readonly command: readonly string[]
  readonly script: Uint8Array | null
  /** Whoever asks gives up when it hears nothing for so long: a sign of life comes more often. */
  readonly waitMs: number
}

/** Longest prefix and session that are taken. */
const nameLengthMax = 512
const waitMsDefault = 2000
const waitMsMax = 3_600_000

/** The payload of an event of remote execution, or null if it is none. */
export function decodeExecPayload(payload: Uint8Array): ExecTarget | null {
  const value = parseObject(payload)
  const prefix = value?.['Prefix']
  const session = value?.['Session']
  if (!isName(prefix) || !isName(session)) return null
  return { prefix, session }
}

/** The job of a key, or null if it is none. Commands for the shell are given to `/bin/sh`. */
export function decodeExecJob(bytes: Uint8Array): ExecJob | null {
  const value = parseObject(bytes)
  if (value === null) return null
  const { Command: command, Script: script, Args: args, Wait: wait } = value
  const nanos = typeof wait === 'number' && wait > 0 ? wait : waitMsDefault * 1e6
  const waitMs = Math.min(waitMsMax, Math.max(1, Math.floor(nanos / 1e6)))
  if (typeof script === 'string' && script !== '') {
    const decoded = fromBase64(script)
    return decoded === null ? null : { command: [], script: decoded, waitMs }
  }
  if (isWords(args)) return { command: args, script: null, waitMs }
  if (typeof command !== 'string' || command === '') return null
  return { command: ['/bin/sh', '-c', command], script: null, waitMs }
}

function parseObject(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= nameLengthMax
}

function isWords(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === 'string')
}

function fromBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
  } catch {
    return null
  }
}
