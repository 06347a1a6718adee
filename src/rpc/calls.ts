// The calls of one dialled session that wait for an answer. Each is settled exactly once.

import { err, ok, type Result } from '../lib/result.ts'
import type { CallOptions } from './config.ts'
import { failure, type RpcFailure, type RpcFailureCode } from './failure.ts'
import type { OutMessage } from './out-queue.ts'

/** A call under way. */
export interface PendingCall {
  readonly message: OutMessage
  readonly deadlineMs: number
  readonly resolve: (result: Result<Uint8Array, RpcFailure>) => void
  readonly signal: AbortSignal | undefined
  readonly onAbort: (() => void) | undefined
}

/** The table of pending calls. */
export class Calls {
  readonly #callByStream = new Map<number, PendingCall>()
  #lastStream = 0

  get size(): number {
    return this.#callByStream.size
  }

  /** A stream number that no pending call has. */
  nextStream(): number {
    do {
      this.#lastStream = (this.#lastStream + 1) >>> 0
    } while (this.#lastStream === 0 || this.#callByStream.has(this.#lastStream))
    return this.#lastStream
  }

  /** Adds a call; `onAbort` is called when the caller's signal aborts before it is settled. */
  add(
    message: OutMessage,
    options: CallOptions,
    onAbort: () => void,
  ): Promise<Result<Uint8Array, RpcFailure>> {
    return new Promise((resolve) => {
      const { signal, deadlineMs } = options
      const listener = signal ? onAbort : undefined
      if (signal && listener) signal.addEventListener('abort', listener, { once: true })
      this.#callByStream.set(message.stream, { message, deadlineMs, resolve, signal, onAbort: listener })
    })
  }

  has(stream: number): boolean {
    return this.#callByStream.has(stream)
  }

  /** Settles with an answer. False when nobody waits any more. */
  answer(stream: number, payload: Uint8Array): boolean {
    const call = this.#take(stream)
    call?.resolve(ok(payload))
    return call !== undefined
  }

  /** Settles with a failure; returns the call. `sent` false overrides what the queue knows. */
  fail(
    stream: number,
    reason: { readonly code: RpcFailureCode; readonly message: string; readonly sent?: boolean },
  ): PendingCall | undefined {
    const call = this.#take(stream)
    const sent = reason.sent ?? call?.message.isComplete ?? false
    call?.resolve(err(failure(reason.code, reason.message, sent)))
    return call
  }

  /** Streams of the calls whose deadline has passed. */
  due(nowMs: number): readonly number[] {
    const due: number[] = []
    for (const [stream, call] of this.#callByStream) if (call.deadlineMs <= nowMs) due.push(stream)
    return due
  }

  /** The earliest deadline. */
  earliestMs(): number {
    let earliest = Infinity
    for (const call of this.#callByStream.values()) earliest = Math.min(earliest, call.deadlineMs)
    return earliest
  }

  /** All streams, oldest first. */
  streams(): readonly number[] {
    return [...this.#callByStream.keys()]
  }

  #take(stream: number): PendingCall | undefined {
    const call = this.#callByStream.get(stream)
    if (!call) return undefined
    this.#callByStream.delete(stream)
    if (call.signal && call.onAbort) call.signal.removeEventListener('abort', call.onAbort)
    return call
  }
}
