// The session behind a lock: renewed three times in its life, and given up in time when that does not succeed.
import { LockLostError, type LockParts, SessionCreationError } from './lock-types.ts'
import { Backoff, isPassing } from './retry.ts'

/** How to open one. */
export interface LockSessionOptions {
  readonly name?: string
  readonly dc?: string
  readonly ttlMs?: number
  readonly lockDelayMs?: number
  readonly behavior: 'release' | 'delete'
  readonly signal?: AbortSignal
}

const ttlMsDefault = 15_000
const retryMs = 1000
/** How long giving back may be tried when the agent does not answer. */
const releaseMsMax = 5000

/** A session that is kept alive. */
export class LockSession {
  readonly id: string
  readonly #parts: LockParts
  readonly #options: LockSessionOptions
  readonly #ttlMs: number
  readonly #lost = new AbortController()
  readonly #stopped = new AbortController()
  /** When the last confirmation was asked for: the agent counts from then on or later. */
  #confirmedAtMs: number

  private constructor(parts: LockParts, options: LockSessionOptions, born: { id: string; atMs: number }) {
    this.id = born.id
    this.#parts = parts
    this.#options = options
    this.#ttlMs = options.ttlMs ?? ttlMsDefault
    this.#confirmedAtMs = born.atMs
    void this.#renew()
    void this.#giveUpInTime()
  }

  /** Opens a session. */
  static async open(parts: LockParts, options: LockSessionOptions): Promise<LockSession> {
    const ttlMs = options.ttlMs ?? ttlMsDefault
    const atMs = parts.connection.nowMs()
    const request = {
      ...(options.behavior === 'delete' && { Behavior: options.behavior }),
      ...(options.lockDelayMs !== undefined && { LockDelay: durationText(options.lockDelayMs) }),
      ...(options.name !== undefined && { Name: options.name }),
      TTL: durationText(ttlMs),
    }
    const id = await parts.session.sessionCreate(request, common(options)).catch((cause: unknown) => {
      options.signal?.throwIfAborted()
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new SessionCreationError(`failed to create session: ${why}`, { cause })
    })
    return new LockSession(parts, options, { id, atMs })
  }

  /** Aborts when the session, or what it holds, is lost. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Aborts when the session is lost or closed. */
  get stopped(): AbortSignal {
    return this.#stopped.signal
  }

  /** Says that what the session held is lost. */
  lose(why: string, cause?: unknown): void {
    if (this.#stopped.signal.aborted) return
    const error = new LockLostError(why, { cause })
    this.#lost.abort(error)
    this.#stopped.abort(error)
  }

  /** Ends the session, and with it all that it holds. */
  async close(): Promise<void> {
    this.#stopped.abort()
    const { dc } = this.#options
    await this.finish((signal) =>
      this.#parts.session.sessionDestroy(this.id, { ...(dc !== undefined && { dc }), signal }),
    )
  }

  /** Runs what may fail for a moment again, until it succeeds, is refused, or `until` aborts. */
  async insist<T>(run: (signal: AbortSignal) => Promise<T>, until: AbortSignal): Promise<T> {
    const { connection } = this.#parts
    const backoff = new Backoff(connection)
    for (;;) {
      until.throwIfAborted()
      try {
        return await run(until)
      } catch (error) {
        until.throwIfAborted()
        if (!(error instanceof Error) || !isPassing(error)) throw error
        await connection.pause(backoff.next(), until)
      }
    }
  }

  /** The same for what has to be done at the end, for a few seconds. */
  async finish<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const time = new AbortController()
    const ended = new AbortController()
    void this.#parts.connection.pause(releaseMsMax, ended.signal).then(() => time.abort(this.#lateness()))
    try {
      return await this.insist(run, time.signal)
    } finally {
      ended.abort()
    }
  }

  #lateness(): Error {
    return new Error(
      `Cannot give the lock back: the agent does not answer; it ends with its session ${this.id}`,
    )
  }

  async #renew(): Promise<void> {
    const { connection, session } = this.#parts
    const stopped = this.#stopped.signal
    let pauseMs = Math.floor(this.#ttlMs / 3)
    for (;;) {
      await connection.pause(pauseMs, stopped)
      if (stopped.aborted) return
      const atMs = connection.nowMs()
      try {
        const renewed = await session.sessionRenew(this.id, { ...common(this.#options), signal: stopped })
        if (renewed === null) return this.lose('the session has ended')
        this.#confirmedAtMs = atMs
        pauseMs = Math.floor(this.#ttlMs / 3)
      } catch {
        pauseMs = retryMs
      }
    }
  }

  /** By our own clock, so that a holder gives up before the servers do, whatever happens to the agent. */
  async #giveUpInTime(): Promise<void> {
    const { connection } = this.#parts
    const stopped = this.#stopped.signal
    while (!stopped.aborted) {
      const leftMs = this.#confirmedAtMs + this.#ttlMs - connection.nowMs()
      if (leftMs <= 0) return this.lose(`the session could not be renewed for ${durationText(this.#ttlMs)}`)
      await connection.pause(leftMs, stopped)
    }
  }
}

function common({ dc, signal }: Pick<LockSessionOptions, 'dc' | 'signal'>): {
  readonly dc?: string
  readonly signal?: AbortSignal
} {
  return { ...(dc !== undefined && { dc }), ...(signal !== undefined && { signal }) }
}

function durationText(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`
}
