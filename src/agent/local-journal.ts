// A small durable map of JSON by key: one file of lines, appended to, and written anew when most of it is out of date.
//
//   00000000 {"version":1}
//   1a2b3c4d ["key",{...}]      the key has this value from here on
//   5e6f7a8b ["key"]            it has none any more
//
// Each line begins with the CRC-32C of the rest. What is written while a sync is under way shares the next one.
import { crc32c } from '../lib/crc32c.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Json, JsonObject } from '../model/catalog.ts'
import { dataVersion } from '../model/version.ts'
import { HostError, type Host } from '../runtime/host.ts'
import type { AppendFile } from '../runtime/host/files.ts'
import { directoryOf, writeAtomically } from '../storage/atomic-file.ts'
import { describe, StartError } from './identity.ts'
import type { Logger } from './log.ts'
import { sleep } from './sleep.ts'

/** What a journal needs. */
export interface JournalOptions {
  readonly host: Pick<Host, 'files' | 'clock'>
  /** Absolute. */
  readonly path: string
  /** What the file holds, in words for the log. */
  readonly what: string
  /** Changes are gathered for this long before they are written; with more than 0 they are not synced. */
  readonly delayMs: number
  readonly log: Logger
  /** All keys with their values, as they are now. */
  readonly live: () => Iterable<readonly [string, Json]>
}

/** A file that follows a map. */
export interface Journal {
  /** What it held when it was opened. */
  readonly restored: ReadonlyMap<string, Json>
  put(key: string, value: Json): void
  drop(key: string): void
  /** Resolves when all that was put and dropped before is durable, or could not be written. */
  flushed(): Promise<Result<void, string>>
  /** Writes what is left and closes the file. */
  close(): Promise<void>
}

/** Lines beyond twice the live ones before the file is written anew. */
const staleLinesMax = 2000

/** Opens a journal. Errors: StartError if the file is there and cannot be read, or a later release has written it. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const read = await readAll(options)
  return new FileJournal(options, read)
}

/** A journal that keeps nothing: an agent without a data directory. */
export function noJournal(): Journal {
  return {
    restored: new Map(),
    put: () => undefined,
    drop: () => undefined,
    flushed: () => Promise.resolve(ok(undefined)),
    close: () => Promise.resolve(),
  }
}

interface ReadJournal {
  readonly restored: ReadonlyMap<string, Json>
  readonly lines: number
  /** The file does not end with a whole line, is damaged, or is not there. */
  readonly isToRewrite: boolean
}

class FileJournal implements Journal {
  readonly restored: ReadonlyMap<string, Json>
  readonly #options: JournalOptions
  #file: AppendFile | null = null
  #isToRewrite: boolean
  /** Lines in the file, and keys that have a value. */
  #lines: number
  readonly #keys: Set<string>
  #pending: string[] = []
  #writing: Promise<Result<void, string>> | null = null
  #next: Promise<Result<void, string>> | null = null
  readonly #closing = new AbortController()

  constructor(options: JournalOptions, { restored, lines, isToRewrite }: ReadJournal) {
    this.#options = options
    this.restored = restored
    this.#lines = lines
    this.#keys = new Set(restored.keys())
    this.#isToRewrite = isToRewrite
  }

  put(key: string, value: Json): void {
    this.#keys.add(key)
    this.#begin(lineOf([key, value]))
  }

  drop(key: string): void {
    if (this.#keys.delete(key)) this.#begin(lineOf([key]))
  }

  flushed(): Promise<Result<void, string>> {
    return this.#next ?? this.#writing ?? Promise.resolve(ok(undefined))
  }

  async close(): Promise<void> {
    this.#closing.abort()
    while (this.#next !== null || this.#writing !== null) await this.flushed()
    await this.#file?.close()
    this.#file = null
  }

  /** One write at a time; what comes meanwhile goes with the next. */
  #begin(line: string): void {
    if (this.#closing.signal.aborted) return
    this.#pending.push(line)
    this.#next ??= this.#writeNext(this.#writing)
  }

  async #writeNext(before: Promise<unknown> | null): Promise<Result<void, string>> {
    const { host, delayMs } = this.#options
    await before
    if (delayMs > 0) await sleep(host.clock, delayMs, this.#closing.signal)
    this.#writing = this.#next
    this.#next = null
    const written = await this.#write()
    if (this.#next === null) this.#writing = null
    return written
  }

  async #write(): Promise<Result<void, string>> {
    const lines = this.#pending
    this.#pending = []
    const { path, what, log } = this.#options
    try {
      const isStale = this.#lines > 2 * this.#keys.size + staleLinesMax
      if (this.#isToRewrite || isStale) await this.#rewrite()
      else await this.#append(lines)
      return ok(undefined)
    } catch (error) {
      // How much of it is there nobody knows: the next write begins anew.
      this.#isToRewrite = true
      log.error('Cannot write a file; its changes are kept in memory until it can be written', {
        path,
        what,
        error: describe(error),
      })
      return err(describe(error))
    }
  }

  async #append(lines: readonly string[]): Promise<void> {
    const { host, path, delayMs } = this.#options
    this.#file ??= await host.files.openAppend(path, 0o600)
    this.#lines += lines.length
    await this.#file.append(new TextEncoder().encode(lines.join('')))
    if (delayMs === 0) await this.#file.sync()
  }

  async #rewrite(): Promise<void> {
    const { host, path, live } = this.#options
    await this.#file?.close()
    this.#file = null
    const lines = [header]
    for (const [key, value] of live()) lines.push(lineOf([key, value]))
    await host.files.mkdir(directoryOf(path), 0o700)
    await host.files.syncDirectory(directoryOf(directoryOf(path)))
    await writeAtomically(host.files, path, new TextEncoder().encode(lines.join('')), 0o600)
    this.#lines = lines.length
    this.#isToRewrite = false
  }
}

function lineOf(value: Json): string {
  const text = JSON.stringify(value)
  return `${checksum(new TextEncoder().encode(text))} ${text}\n`
}

function checksum(bytes: Uint8Array): string {
  return crc32c(bytes).toString(16).padStart(8, '0')
}

const header = lineOf({ version: dataVersion })

async function readAll(options: JournalOptions): Promise<ReadJournal> {
  const { host, path, what, log } = options
  let bytes: Uint8Array
  try {
    bytes = await host.files.read(path)
  } catch (error) {
    if (error instanceof HostError && error.code === 'ENOENT')
      return { restored: new Map(), lines: 0, isToRewrite: true }
    throw new StartError(`Cannot read ${what} from "${path}": ${describe(error)}`)
  }
  const restored = new Map<string, Json>()
  const damaged: number[] = []
  let number = 0
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0x0a, at)
    if (end < 0) break
    number++
    const value = readLine(bytes.subarray(at, end))
    if (value === undefined) damaged.push(number)
    else takeLine(restored, value, options)
    at = end + 1
  }
  const isWhole = bytes.length === 0 || bytes.at(-1) === 0x0a
  if (damaged.length > 0) await setAside(options, bytes, damaged)
  if (!isWhole) log.info('A file ends in the middle of a write that nobody was told of', { path, what })
  return { restored, lines: number, isToRewrite: damaged.length > 0 || !isWhole || number === 0 }
}

/** The value of a line whose checksum is right, else undefined. */
function readLine(line: Uint8Array): Json | undefined {
  const text = new TextDecoder().decode(line)
  if (text.slice(0, 8) !== checksum(line.subarray(9))) return undefined
  try {
    return JSON.parse(text.slice(9)) as Json
  } catch {
    return undefined
  }
}

function takeLine(restored: Map<string, Json>, line: Json, { path, what }: JournalOptions): void {
  if (Array.isArray(line)) {
    const [key, value] = line as unknown as readonly [string, Json | undefined]
    // A key that comes back comes last: what refers to others stands behind them.
    restored.delete(key)
    if (value !== undefined) restored.set(key, value)
    return
  }
  const version = typeof line === 'object' && line !== null ? (line as JsonObject)['version'] : 0
  if (typeof version === 'number' && version > dataVersion) {
    throw new StartError(
      `Cannot read ${what} from "${path}": a later release has written it in version ${version}; ` +
        `this one reads up to ${dataVersion}: start the later release`,
    )
  }
}

/** What cannot be read is kept for people: the file is written anew without it. */
async function setAside(
  { host, path, what, log }: JournalOptions,
  bytes: Uint8Array,
  lines: readonly number[],
): Promise<void> {
  const copy = `${path}.damaged`
  log.warn('A file is damaged; what these lines held is lost, all else is kept', {
    path,
    what,
    lines: lines.slice(0, 20).map(String),
    copy,
  })
  try {
    await writeAtomically(host.files, copy, bytes, 0o600)
  } catch (error) {
    log.warn('Cannot keep a copy of a damaged file', { path: copy, error: describe(error) })
  }
}
