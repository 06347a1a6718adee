// The agent's log file: appended to in the background, and begun anew at a size or an age (`log_rotate_*`).
import type { Host } from '../runtime/host.ts'
import type { AppendFile } from '../runtime/host/files.ts'
import { describe, StartError } from './identity.ts'

/** Where the file is and when the next one begins. */
export interface LogFileOptions {
  readonly path: string
  /** 0 is never. */
  readonly rotateBytes: number
  readonly rotateAfterMs: number
  /** Old files that are kept: 0 keeps all, -1 none. */
  readonly rotateFilesMax: number
}

/** An open log file. */
export interface LogFile {
  /** Queues a line. Never fails: a log that cannot be written must not stop the agent. */
  write(line: string): void
  /** Writes what is queued and closes the file. */
  close(): Promise<void>
}

/** Characters that wait to be written; past it lines are dropped rather than memory grown. */
const queuedMax = 1024 * 1024

/** Opens the file. Errors: StartError. */
export async function openLogFile(
  host: Pick<Host, 'files' | 'clock'>,
  options: LogFileOptions,
): Promise<LogFile> {
  const file = new RotatingFile(host, options)
  try {
    await file.open()
  } catch (error) {
    throw new StartError(
      `Cannot write the log file "${options.path}": ${describe(error)}; choose another with -log-file`,
    )
  }
  return file
}

class RotatingFile implements LogFile {
  readonly #host: Pick<Host, 'files' | 'clock'>
  readonly #options: LogFileOptions
  readonly #encoder = new TextEncoder()
  #file: AppendFile | null = null
  #size = 0
  #openedAtMs = 0
  #queued = ''
  #writing: Promise<void> | null = null

  constructor(host: Pick<Host, 'files' | 'clock'>, options: LogFileOptions) {
    this.#host = host
    this.#options = options
  }

  async open(): Promise<void> {
    const { files, clock } = this.#host
    const { path } = this.#options
    this.#file = await files.openAppend(path, 0o640)
    this.#size = (await files.stat(path)).size
    this.#openedAtMs = clock.nowMs()
  }

  write(line: string): void {
    if (this.#queued.length < queuedMax) this.#queued += line
    this.#writing ??= this.#flush()
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#file?.close().catch(() => undefined)
  }

  async #flush(): Promise<void> {
    while (this.#queued !== '') {
      const bytes = this.#encoder.encode(this.#queued)
      this.#queued = ''
      if (this.#isFull(bytes.length)) await this.#rotate().catch(() => undefined)
      await this.#file?.append(bytes).catch(() => undefined)
      this.#size += bytes.length
    }
    this.#writing = null
  }

  #isFull(more: number): boolean {
    const { rotateBytes, rotateAfterMs } = this.#options
    if (this.#size === 0) return false
    const isLarge = rotateBytes > 0 && this.#size + more > rotateBytes
    const isOld = rotateAfterMs > 0 && this.#host.clock.nowMs() - this.#openedAtMs >= rotateAfterMs
    return isLarge || isOld
  }

  /** Renames the file and begins a new one. Whatever fails, there is a file to go on with if one can be opened. */
  async #rotate(): Promise<void> {
    const { files, clock } = this.#host
    const { path, rotateFilesMax } = this.#options
    const { directory, name, extension } = partsOf(path)
    await this.#file?.close().catch(() => undefined)
    try {
      if (rotateFilesMax < 0) await files.remove(path)
      else await files.rename(path, `${directory}/${name}-${clock.wallMs()}${extension}`)
    } finally {
      await this.open()
    }
    if (rotateFilesMax > 0) await this.#removeOld(rotateFilesMax)
  }

  async #removeOld(keptMax: number): Promise<void> {
    const { files } = this.#host
    const { directory, name, extension } = partsOf(this.#options.path)
    const wallMsOf = (file: string): number => {
      const middle = file.slice(name.length + 1, file.length - extension.length)
      const isOurs = file.startsWith(`${name}-`) && file.endsWith(extension) && /^\d+$/.test(middle)
      return isOurs ? Number(middle) : -1
    }
    const old = (await files.list(directory)).filter((file) => wallMsOf(file) >= 0)
    old.sort((a, b) => wallMsOf(b) - wallMsOf(a))
    for (const file of old.slice(keptMax)) await files.remove(`${directory}/${file}`)
  }
}

function partsOf(path: string): {
  readonly directory: string
  readonly name: string
  readonly extension: string
} {
  const slash = path.lastIndexOf('/')
  const file = path.slice(slash + 1)
  const dot = file.lastIndexOf('.')
  const name = dot > 0 ? file.slice(0, dot) : file
  return { directory: path.slice(0, slash), name, extension: file.slice(name.length) }
}
