// A semaphore: a key with the list of holders, and one key for each contender that goes with its session.
import { type HeldLock, LockConflictError, type LockOptions, type LockParts } from './lock-types.ts'
import { monitor } from './lock-monitor.ts'
import type { LockSession } from './lock-session.ts'
import type { ReadQuery } from './requests.ts'
import type { KvPairShape } from './shapes.ts'
import { kvText, toBase64 } from './values.ts'

/** Marks keys as parts of a semaphore. The reference's number. */
const semaphoreFlags = 0xe0f69a2baa414de0n

/** How long one request waits for a place. */
const wait = '15s'

type SemaphoreOptions = LockOptions & { readonly prefix: string; readonly limit: number }

/** Waits for a place. Rejects with the reason of what ended the wait. */
export async function enterSemaphore(
  parts: LockParts,
  session: LockSession,
  options: SemaphoreOptions,
): Promise<HeldLock> {
  const semaphore = new Semaphore(parts, session, options)
  const until = AbortSignal.any([session.stopped, ...(options.signal === undefined ? [] : [options.signal])])
  const fencingToken = await semaphore.wait(until)
  void monitor({ parts, session, retries: options.monitorRetries ?? 3 }, 0, (query) => semaphore.check(query))
  return { session: session.id, fencingToken, lost: session.lost, release: () => semaphore.release() }
}

/** What there is to see of a semaphore. */
interface View {
  /** ModifyIndex of the list of holders, 0 if there is none. */
  readonly modifyIndex: number
  /** Holders whose sessions live. */
  readonly holders: ReadonlySet<string>
  readonly contenders: ReadonlySet<string>
  /** Of the answer. */
  readonly index: number
}

class Semaphore {
  readonly #parts: LockParts
  readonly #session: LockSession
  readonly #prefix: string
  readonly #listKey: string
  readonly #contenderKey: string
  readonly #limit: number
  readonly #dc: { readonly dc?: string }

  constructor(parts: LockParts, session: LockSession, { prefix, limit, dc }: SemaphoreOptions) {
    this.#parts = parts
    this.#session = session
    this.#prefix = `${prefix}/`
    this.#listKey = `${prefix}/.lock`
    this.#contenderKey = `${prefix}/${session.id}`
    this.#limit = limit
    this.#dc = dc === undefined ? {} : { dc }
  }

  /** The fencing token: the index of the entry that put us into the list. */
  async wait(until: AbortSignal): Promise<number> {
    const session = this.#session
    const { kv } = this.#parts
    const contend = { ...this.#dc, acquire: session.id, flags: semaphoreFlags }
    await session.insist((signal) => kv.kvPut(this.#contenderKey, '', { ...contend, signal }), until)
    let index = 0
    for (;;) {
      const query = index === 0 ? { consistent: true } : { index }
      const view = await session.insist((signal) => this.#view({ ...query, wait, signal }), until)
      if (view.holders.has(session.id)) {
        // We are in it by an attempt whose answer was lost: only an attempt of our own tells our token.
        await this.#write(view, without(view.holders, session.id), until)
      } else if (view.holders.size < this.#limit) {
        const token = await this.#write(view, new Set([...view.holders, session.id]), until)
        if (token !== undefined) return token
      } else {
        index = view.index < index ? 0 : view.index
        continue
      }
      index = 0
    }
  }

  async #view(query: ReadQuery): Promise<View> {
    const { value: pairs, index } = await this.#parts.kv.kvList(this.#prefix, { ...this.#dc, ...query })
    const list = pairs.find(({ Key }) => Key === this.#listKey)
    const contenders = new Set<string>()
    for (const { Key, Session } of pairs)
      if (Session !== undefined && Key === this.#prefix + Session) contenders.add(Session)
    const named = list === undefined ? [] : this.#holdersOf(list)
    const holders = new Set(named.filter((id) => contenders.has(id)))
    return {
      modifyIndex: list?.ModifyIndex ?? 0,
      holders,
      contenders,
      index,
    }
  }

  #holdersOf(list: KvPairShape): readonly string[] {
    if (list.Flags !== semaphoreFlags) {
      throw new LockConflictError('Existing key does not match semaphore use')
    }
    const { Limit, Holders } = parseList(kvText(list))
    if (Limit !== this.#limit) {
      throw new LockConflictError(`semaphore limit conflict (lock: ${Limit}, local: ${this.#limit})`)
    }
    return Object.keys(Holders)
  }

  /** Writes the list if it is as it was seen; the index of the write, or undefined. */
  async #write(view: View, holders: ReadonlySet<string>, until: AbortSignal): Promise<number | undefined> {
    const list = {
      Limit: this.#limit,
      Holders: Object.fromEntries([...holders].map((id) => [id, true])),
    }
    const operation = {
      KV: {
        Verb: 'cas',
        Key: this.#listKey,
        Value: toBase64(JSON.stringify(list)),
        Flags: semaphoreFlags,
        Index: view.modifyIndex,
      },
    } as const
    const outcome = await this.#session.insist(() => this.#parts.kv.txn([operation], this.#dc), until)
    return outcome.Results?.[0]?.KV?.ModifyIndex
  }

  /** The index of the answer if we are still a holder, else undefined. */
  async check(query: ReadQuery): Promise<number | undefined> {
    const { holders, index } = await this.#view(query)
    return holders.has(this.#session.id) ? index : undefined
  }

  async release(): Promise<boolean> {
    const session = this.#session
    const { kv } = this.#parts
    if (!session.lost.aborted) {
      await session.finish(async (signal) => {
        for (;;) {
          signal.throwIfAborted()
          const view = await this.#view({ ...this.#dc, signal })
          if (!view.holders.has(session.id)) return
          const left = without(view.holders, session.id)
          if ((await this.#write(view, left, signal)) !== undefined) return
        }
      })
      await session.finish(() => kv.kvDelete(this.#contenderKey, this.#dc))
    }
    await session.close()
    const { holders, contenders, modifyIndex } = await session.finish((signal) => this.#view({ signal }))
    if (modifyIndex === 0) return true
    if (holders.size > 0 || contenders.size > 0) return false
    return kv.kvDelete(this.#listKey, { ...this.#dc, cas: modifyIndex })
  }
}

function without(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  return new Set([...ids].filter((other) => other !== id))
}

/** The reference's form. */
interface HolderList {
  readonly Limit: number
  readonly Holders: Readonly<Record<string, boolean>>
}

function parseList(text: string): HolderList {
  try {
    const { Limit, Holders } = JSON.parse(text) as Partial<HolderList>
    if (typeof Limit === 'number') return { Limit, Holders: Holders ?? {} }
  } catch {
    // Said below.
  }
  throw new LockConflictError('Existing key does not match semaphore use')
}
