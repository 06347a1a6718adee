// Backups by themselves: an archive at every interval, each verified before it counts, old ones dropped behind it.
// The agent's own (`snapshot_agent`) and the command `snapshot agent` share this.
import { err, ok, type Result } from '../lib/result.ts'
import type { Clock } from '../runtime/host.ts'
import type { Files } from '../runtime/host/files.ts'
import type { Bytes } from '../storage/byte-stream.ts'
import { saveArchive, unverifiedSuffix, type ArchiveFileError } from './archive-file.ts'
import { sleep } from './sleep.ts'

/** What backups are made of. */
export interface BackupsOptions {
  readonly files: Files
  readonly clock: Clock
  /** Absolute; created if it is not there. */
  readonly directory: string
  readonly intervalMs: number
  /** Backups that are kept; 0 keeps all. */
  readonly retain: number
  /** Begins an archive. Errors: a sentence. */
  readonly take: (signal: AbortSignal) => Promise<Result<Bytes, string>>
  readonly events: BackupEvents
}

/** What is told of the backups. */
export interface BackupEvents {
  onSaved(saved: {
    readonly path: string
    readonly index: number
    readonly bytes: number
    readonly ms: number
  }): void
  /** No backup was made; the old ones are all there. `failures` in a row, this one included. */
  onFailed(reason: string, failures: number): void
  /** An old backup could not be removed: that harms nothing but the disk. */
  onPruneFailed(reason: string): void
}

/** Makes backups until it is stopped. */
export interface Backups {
  /** Resolves when the signal aborts and nothing is under way. Never rejects. */
  run(signal: AbortSignal): Promise<void>
  /** Makes one now; its path. */
  once(signal: AbortSignal): Promise<Result<string, string>>
}

/** After a failure it is tried again so soon, and then ever later, up to the interval. */
const retryMsMin = 10_000
/** `consul-20261122T094500Z.snap`: sorted by name they are sorted by time. */
const namePattern = /^consul-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.snap$/

/** Makes the backups of one directory. */
export function createBackups(options: BackupsOptions): Backups {
  return new Schedule(options)
}

class Schedule implements Backups {
  readonly #options: BackupsOptions
  #failures = 0

  constructor(options: BackupsOptions) {
    this.#options = options
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    let waitMs = await this.#untilDue()
    while (!signal.aborted) {
      await sleep(clock, waitMs, signal)
      if (signal.aborted) return
      const made = await this.once(signal)
      waitMs = made.ok ? this.#options.intervalMs : this.#retryMs()
    }
  }

  /** A new leader, or one that was started again, goes on where the last one was. */
  async #untilDue(): Promise<number> {
    const { files, directory, clock, intervalMs } = this.#options
    const names = await files.list(directory).catch(() => [])
    const last = names.map(wallMsOf).findLast((wallMs) => wallMs !== undefined)
    if (last === undefined) return 0
    // A clock that was set back must not keep the next one from being made.
    return Math.max(0, Math.min(intervalMs, last + intervalMs - clock.wallMs()))
  }

  #retryMs(): number {
    return Math.min(this.#options.intervalMs, retryMsMin * 2 ** Math.min(10, this.#failures - 1))
  }

  async once(signal: AbortSignal): Promise<Result<string, string>> {
    const made = await this.#make(signal)
    if (signal.aborted && !made.ok) return made
    if (!made.ok) {
      this.#failures++
      this.#options.events.onFailed(made.error, this.#failures)
      return made
    }
    this.#failures = 0
    await this.#prune()
    return made
  }

  async #make(signal: AbortSignal): Promise<Result<string, string>> {
    const { files, clock, directory, take, events } = this.#options
    const startMs = clock.nowMs()
    try {
      await files.mkdir(directory, 0o700)
    } catch (error) {
      return err(error instanceof Error ? error.message : String(error))
    }
    const begun = await take(signal)
    if (!begun.ok) return begun
    const path = `${directory}/consul-${timeText(clock.wallMs())}.snap`
    let bytes = 0
    const saved = await saveArchive({
      files,
      clock,
      path,
      bytes: begun.value,
      onProgress: (size) => (bytes = size),
    })
    if (!saved.ok) return err(sentenceOf(saved.error, path))
    events.onSaved({ path, index: saved.value.index, bytes, ms: clock.nowMs() - startMs })
    return ok(path)
  }

  /** Drops the oldest of those that were good, and what an agent that was killed has left behind. Others' files stay. */
  async #prune(): Promise<void> {
    const { files, directory, retain, events } = this.#options
    try {
      const names = await files.list(directory)
      const good = names.filter((name) => namePattern.test(name))
      const surplus = retain > 0 ? good.slice(0, Math.max(0, good.length - retain)) : []
      const torn = names.filter((name) => name.endsWith(unverifiedSuffix) && namePattern.test(nameOf(name)))
      for (const name of [...surplus, ...torn]) await files.remove(`${directory}/${name}`)
      await files.syncDirectory(directory)
    } catch (error) {
      events.onPruneFailed(error instanceof Error ? error.message : String(error))
    }
  }
}

function nameOf(unverified: string): string {
  return unverified.slice(0, -unverifiedSuffix.length)
}

function timeText(wallMs: number): string {
  return new Date(wallMs).toISOString().replace(/[-:]|\.\d+/g, '')
}

function wallMsOf(name: string): number | undefined {
  const match = namePattern.exec(name)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second] = match.map(Number)
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second)
}

const steps: Readonly<Record<ArchiveFileError['step'], string>> = {
  fetch: 'read the snapshot for',
  write: 'write',
  verify: 'verify',
}

function sentenceOf({ step, reason }: ArchiveFileError, path: string): string {
  return `Cannot ${steps[step]} ${path}: ${reason.message}`
}
