// A lock: one key, held by one session at a time.
import type { ReadQuery } from './requests.ts'
import { type HeldLock, LockConflictError, type LockOptions, type LockParts } from './lock-types.ts'
import type { LockSession } from './lock-session.ts'
import { monitor } from './lock-monitor.ts'

/** Marks keys as locks of this kind. The reference's number. */
const mutexFlags = 0x2ddccbc058a50c18n

/** Before a lock is tried for again that nobody holds but nobody gets: its last holder was lost. */
const lockDelayPauseMs = 1000

/** How long one request waits for the lock. */
const wait = '15s'

/** Waits for the lock at a key. Rejects with the reason of what ended the wait. */
export async function acquireMutex(
  parts: LockParts,
  session: LockSession,
  options: LockOptions & { readonly key: string },
): Promise<HeldLock> {
  const mutex = new Mutex(parts, session, options)
  const until = AbortSignal.any([session.stopped, ...(options.signal === undefined ? [] : [options.signal])])
  const held = await mutex.wait(until)
  void monitor({ parts, session, retries: options.monitorRetries ?? 3 }, held.index, (query) =>
    mutex.check(query),
  )
  return {
    session: session.id,
    fencingToken: held.fencingToken,
    lost: session.lost,
    release: () => mutex.release(),
  }
}

interface Held {
  readonly fencingToken: number
  readonly index: number
}

class Mutex {
  readonly #parts: LockParts
  readonly #session: LockSession
  readonly #key: string
  readonly #dc: { readonly dc?: string }

  constructor(parts: LockParts, session: LockSession, { key, dc }: LockOptions & { readonly key: string }) {
    this.#parts = parts
    this.#session = session
    this.#key = key
    this.#dc = dc === undefined ? {} : { dc }
  }

  async wait(until: AbortSignal): Promise<Held> {
    const { connection } = this.#parts
    let index = 0
    for (;;) {
      const seen = await this.#read(index, until)
      if (seen.isOurs) return { fencingToken: seen.fencingToken, index: seen.index }
      if (seen.isHeld) {
        index = seen.index < index ? 0 : seen.index
        continue
      }
      index = 0
      if (await this.#take(until)) continue
      const after = await this.#read(0, until)
      if (!after.isHeld) await connection.pause(lockDelayPauseMs, until)
    }
  }

  async #read(index: number, until: AbortSignal): Promise<Held & { isOurs: boolean; isHeld: boolean }> {
    const { kv } = this.#parts
    const { value: pair, index: now } = await this.#session.insist(
      (signal) =>
        kv.kvGet(this.#key, {
          ...this.#dc,
          ...(index === 0 ? { consistent: true } : { index }),
          wait,
          signal,
        }),
      until,
    )
    if (pair !== null && pair.Flags !== mutexFlags) {
      throw new LockConflictError('Existing key does not match lock use')
    }
    const holder = pair?.Session ?? ''
    return {
      index: now,
      isHeld: holder !== '',
      isOurs: holder === this.#session.id,
      fencingToken: pair?.FencingToken ?? pair?.ModifyIndex ?? 0,
    }
  }

  #take(until: AbortSignal): Promise<boolean> {
    return this.#session.insist(
      (signal) =>
        this.#parts.kv.kvPut(this.#key, '', {
          ...this.#dc,
          acquire: this.#session.id,
          flags: mutexFlags,
          signal,
        }),
      until,
    )
  }

  /** The index of the answer if the lock is still ours, else undefined. */
  async check(query: ReadQuery): Promise<number | undefined> {
    const { value: pair, index } = await this.#parts.kv.kvGet(this.#key, { ...this.#dc, ...query })
    return pair?.Session === this.#session.id ? index : undefined
  }

  async release(): Promise<boolean> {
    const { kv } = this.#parts
    const session = this.#session
    if (!session.lost.aborted) {
      await session.finish((signal) =>
        kv.kvPut(this.#key, '', { ...this.#dc, release: session.id, flags: mutexFlags, signal }),
      )
    }
    await session.close()
    const { value: pair } = await session.finish((signal) => kv.kvGet(this.#key, { ...this.#dc, signal }))
    if (pair === null) return true
    if (pair.Flags !== mutexFlags || (pair.Session ?? '') !== '') return false
    return kv.kvDelete(this.#key, { ...this.#dc, cas: pair.ModifyIndex })
  }
}
