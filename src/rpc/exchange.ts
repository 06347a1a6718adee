// One question and one answer over a stream of its own: gossip's push/pull on the gossip port.
// Each direction is one block, u32 length and bytes, after which the connection closes.

import { err, ok, type Result } from '../lib/result.ts'
import { type Address, formatAddress } from '../model/address.ts'
import { HostError, type Clock, type Host, type TcpConnection } from '../runtime/host.ts'
import { failure, type RpcFailure } from './failure.ts'
import { readUint32 } from './frames.ts'

/** How to ask. */
export interface ExchangeOptions {
  readonly timeoutMs: number
  /** Largest answer. */
  readonly limitBytes: number
  readonly localIp?: string
}

/** Answers one question. A rejection closes the connection without an answer. */
export type OnExchange = (bytes: Uint8Array, from: Address) => Promise<Uint8Array>

/** A listener for exchanges. */
export interface ExchangeListener {
  readonly local: Address
  readonly statistics: Readonly<ExchangeStatistics>
  /** Stops listening and cuts what is under way. */
  close(): Promise<void>
}

/** Counters of a listener. */
export interface ExchangeStatistics {
  accepted: number
  answered: number
  /** More connections at once than are served. */
  surplus: number
  /** Blocks that announce more than the limit, and bytes after a block. */
  oversized: number
  /** Nothing came, or too slowly. */
  timedOut: number
  /** Ended before the block was whole. */
  truncated: number
  /** The handler rejected. */
  rejected: number
}

/** Exchanges that a listener serves at once. Past it the connection is closed. */
const exchangesMax = 256

/** Time without any byte, and time in all, after which a listener cuts an exchange. */
const silenceMsMax = 10_000
const exchangeMsMax = 60_000

/** Serves exchanges at an address. Rejects with HostError. */
export async function listenExchanges(
  host: Pick<Host, 'tcp' | 'clock'>,
  at: Address,
  limitBytes: number,
  onExchange: OnExchange,
): Promise<ExchangeListener> {
  const statistics: ExchangeStatistics = {
    accepted: 0,
    answered: 0,
    surplus: 0,
    oversized: 0,
    timedOut: 0,
    truncated: 0,
    rejected: 0,
  }
  const open = new Set<TcpConnection>()
  const listener = await host.tcp.listen(at, (connection) => {
    if (open.size >= exchangesMax) {
      statistics.surplus++
      connection.destroy()
      return
    }
    statistics.accepted++
    open.add(connection)
    serve(connection, {
      clock: host.clock,
      limitBytes,
      statistics,
      onExchange,
      onClose: () => open.delete(connection),
    })
  })
  return {
    local: listener.local,
    statistics,
    close: async () => {
      await listener.close()
      for (const connection of open) connection.destroy()
    },
  }
}

interface ServeContext {
  readonly clock: Clock
  readonly limitBytes: number
  readonly statistics: ExchangeStatistics
  readonly onExchange: OnExchange
  readonly onClose: () => void
}

function serve(connection: TcpConnection, context: ServeContext): void {
  const { clock, statistics } = context
  const block = new Block(context.limitBytes)
  const startMs = clock.nowMs()
  let activeMs = startMs
  let cancel: () => void = () => {}
  const cut = (reason: 'oversized' | 'timedOut' | 'truncated' | 'rejected'): void => {
    statistics[reason]++
    connection.destroy()
  }
  const watch = (): void => {
    const dueMs = Math.min(activeMs + silenceMsMax, startMs + exchangeMsMax)
    if (clock.nowMs() >= dueMs) cut('timedOut')
    else cancel = clock.wakeAt(dueMs, watch)
  }
  const answer = (question: Uint8Array): void => {
    context.onExchange(question, connection.remote).then(
      (bytes) => {
        statistics.answered++
        connection.write(encodeBlock(bytes))
        connection.end()
      },
      () => cut('rejected'),
    )
  }
  connection.handle({
    onData: (bytes) => {
      activeMs = clock.nowMs()
      const outcome = block.push(bytes)
      if (outcome === 'oversized') cut('oversized')
      else if (outcome !== undefined) answer(outcome)
    },
    // Draining is a sign of life: a long answer to a slow reader.
    onDrain: () => {
      activeMs = clock.nowMs()
    },
    onEnd: () => {
      if (block.isWhole) connection.end()
      else cut('truncated')
    },
    onClose: () => {
      cancel()
      context.onClose()
    },
  })
  watch()
}

/** Asks once. Never rejects; `sent` says whether the question may have arrived. */
export async function exchange(
  host: Pick<Host, 'tcp' | 'clock'>,
  to: Address,
  bytes: Uint8Array,
  options: ExchangeOptions,
): Promise<Result<Uint8Array, RpcFailure>> {
  const { clock } = host
  const deadlineMs = clock.nowMs() + options.timeoutMs
  const local = options.localIp === undefined ? {} : { localIp: options.localIp }
  let connection: TcpConnection
  try {
    connection = await host.tcp.connect(to, { timeoutMs: options.timeoutMs, ...local })
  } catch (error) {
    const message =
      error instanceof Error ? error.message : `Cannot connect to ${formatAddress(to)}: ${String(error)}`
    const isRefused = error instanceof HostError && error.code === 'ECONNREFUSED'
    const code = isRefused ? 'refusedConnection' : 'unreachable'
    return err(failure(code, message, false))
  }
  return ask(connection, { clock, deadlineMs, bytes, limitBytes: options.limitBytes })
}

interface Question {
  readonly clock: Clock
  readonly deadlineMs: number
  readonly bytes: Uint8Array
  readonly limitBytes: number
}

function ask(connection: TcpConnection, question: Question): Promise<Result<Uint8Array, RpcFailure>> {
  const peer = formatAddress(connection.remote)
  return new Promise((resolve) => {
    const block = new Block(question.limitBytes)
    const cancel = question.clock.wakeAt(question.deadlineMs, () => {
      settle(err(failure('timeout', `No answer from ${peer} within the deadline`, true)))
    })
    const settle = (result: Result<Uint8Array, RpcFailure>): void => {
      cancel()
      // First: destroying may tell of the close at once, which would settle it as failed.
      resolve(result)
      connection.destroy()
    }
    const fail = (message: string): void =>
      settle(err(failure('closed', `The exchange with ${peer}: ${message}`, true)))
    connection.handle({
      onData: (bytes) => {
        const outcome = block.push(bytes)
        if (outcome === 'oversized') fail('the answer is too large')
        else if (outcome !== undefined) settle(ok(outcome))
      },
      onEnd: () => fail('the peer closed the connection'),
      onClose: (error) => fail(error?.message ?? 'the connection was closed'),
    })
    connection.write(encodeBlock(question.bytes))
  })
}

function encodeBlock(bytes: Uint8Array): Uint8Array {
  const block = new Uint8Array(4 + bytes.length)
  new DataView(block.buffer).setUint32(0, bytes.length)
  block.set(bytes, 4)
  return block
}

/** Collects one block. Memory grows with what has arrived, never with what was announced. */
class Block {
  readonly #limitBytes: number
  readonly #parts: Uint8Array[] = []
  #size = 0
  #length = -1
  #isDone = false

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get isWhole(): boolean {
    return this.#isDone
  }

  /** The block's bytes once, when it is whole. */
  push(bytes: Uint8Array): Uint8Array | 'oversized' | undefined {
    if (this.#isDone) return bytes.length > 0 ? 'oversized' : undefined
    this.#parts.push(bytes.slice())
    this.#size += bytes.length
    if (this.#length < 0 && this.#size >= 4) this.#length = readUint32(this.#join(4), 0)
    if (this.#length > this.#limitBytes) return 'oversized'
    if (this.#length < 0 || this.#size < this.#length + 4) return undefined
    if (this.#size > this.#length + 4) return 'oversized'
    this.#isDone = true
    const whole = this.#join(this.#size).subarray(4)
    this.#parts.length = 0
    return whole
  }

  #join(size: number): Uint8Array {
    const joined = new Uint8Array(size)
    let at = 0
    for (const part of this.#parts) {
      const taken = part.subarray(0, size - at)
      joined.set(taken, at)
      at += taken.length
      if (at === size) break
    }
    return joined
  }
}
