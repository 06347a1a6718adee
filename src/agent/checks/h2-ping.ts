// Checks that send a PING of HTTP/2 and wait for its answer. The few frames that this takes are made here.
import { formatAddress } from '../../model/address.ts'
import type { TcpConnection } from '../../runtime/host.ts'
import { Unresolved, connectFirst, resolve } from './dial.ts'
import type { RunParts, Runner } from './runner.ts'
import { critical, failureText } from './texts.ts'

/** Pings. */
export const runH2Ping: Runner<'h2ping'> = async (run, parts) => {
  let connection: TcpConnection
  try {
    connection = await dial(run, parts)
  } catch (error) {
    if (parts.signal.aborted) return critical(`Failed to dial to ${run.address}: i/o timeout`)
    const reason =
      error instanceof Unresolved ? `dial tcp: ${error.message}` : failureText(error, 'tcp', run.address)
    return critical(`Failed to dial to ${run.address}: ${reason}`)
  }
  const failure = await ping(connection, parts.signal)
  connection.destroy()
  if (failure === null) return { status: 'passing', output: 'HTTP2 ping was successful' }
  return critical(`HTTP2 ping failed: ${failure}`)
}

async function dial(run: Parameters<typeof runH2Ping>[0], parts: RunParts): Promise<TcpConnection> {
  const { host, signal, tlsOptions } = parts
  const { name, addresses } = await resolve(host, run.address)
  const options = { timeoutMs: run.timeoutMs, signal }
  const tls = run.tls === null ? null : tlsOptions(run.tls)
  return connectFirst<TcpConnection>({
    clock: host.clock,
    addresses,
    signal,
    connect(to) {
      if (tls === null) return host.tcp.connect(to, options)
      const serverName = tls.serverName ?? name
      return host.tls.connect(to, options, { ...tls, serverName, alpn: ['h2'] })
    },
  }).catch((error: unknown) => {
    // The address that it was, where there is but one.
    const [only, ...others] = addresses
    if (only === undefined || others.length > 0 || signal.aborted) throw error
    throw new DialError(failureText(error, 'tcp', formatAddress(only)))
  })
}

class DialError extends Error {}

const preface = new TextEncoder().encode('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
/** An empty SETTINGS, and a PING with eight bytes of our own. */
const settings: readonly number[] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
const settingsAck: Uint8Array = new Uint8Array([0, 0, 0, 4, 1, 0, 0, 0, 0])
const payload: readonly number[] = [0x68, 0x65, 0x61, 0x6c, 0x74, 0x68, 0x3f, 0x21]
const pingFrame: readonly number[] = [0, 0, 8, 6, 0, 0, 0, 0, 0, ...payload]

/** Says why the other side did not answer, or null if it did. */
function ping(connection: TcpConnection, signal: AbortSignal): Promise<string | null> {
  const { promise, resolve: settle } = Promise.withResolvers<string | null>()
  const answers = new Answers({
    onSettings: () => void connection.write(settingsAck),
    onEnd: settle,
  })
  const onAbort = (): void => settle('context deadline exceeded')
  signal.addEventListener('abort', onAbort)
  connection.handle({
    onData: (bytes) => answers.take(bytes),
    onEnd: () => settle('unexpected EOF'),
    onClose: () => settle('connection closed'),
  })
  connection.write(new Uint8Array([...preface, ...settings, ...pingFrame]))
  return promise.finally(() => signal.removeEventListener('abort', onAbort))
}

/** Told what comes in. */
export interface AnswerEvents {
  /** The other side has said how it wants to be spoken to, and waits for a confirmation. */
  readonly onSettings: () => void
  /** The answer has come: null; or it never will, and why. */
  readonly onEnd: (failure: string | null) => void
}

const headBytes = 9
const settingsType = 4
const pingType = 6
const goAwayType = 7
const ackFlag = 1
/** The longest frame that a peer may send to whom has not asked for more. */
const frameBytesMax = 16_384
/** Frames that may come before the answer. */
const framesMax = 100

/** Reads frames, whatever pieces they come in, and keeps no more of them than is needed. */
export class Answers {
  readonly #events: AnswerEvents
  /** The head of the frame, then, for a PING, its payload. */
  readonly #kept = new Uint8Array(headBytes + payload.length)
  #keptBytes = 0
  /** Bytes of the payload that are passed over. */
  #toSkip = 0
  #frames = 0
  #isOver = false

  constructor(events: AnswerEvents) {
    this.#events = events
  }

  /** Takes in bytes. */
  take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.#isOver;) {
      const skipped = Math.min(this.#toSkip, bytes.length - at)
      this.#toSkip -= skipped
      at += skipped
      if (at >= bytes.length) return
      this.#kept[this.#keptBytes++] = bytes[at++] ?? 0
      if (this.#keptBytes === headBytes) this.#onHead()
      else if (this.#keptBytes === this.#kept.length) this.#onPing()
    }
  }

  #onHead(): void {
    const [high = 0, middle = 0, low = 0, type = 0, flags = 0] = this.#kept
    const size = high * 65_536 + middle * 256 + low
    const failure = this.#failureOf(type, size)
    if (failure !== null) return this.#end(failure)
    // The payload of a PING is kept too.
    if (type === pingType) return
    if (type === settingsType && (flags & ackFlag) === 0) this.#events.onSettings()
    this.#keptBytes = 0
    this.#toSkip = size
  }

  #failureOf(type: number, size: number): string | null {
    const isFirst = this.#frames++ === 0
    if (size > frameBytesMax || (isFirst && type !== settingsType)) return 'the server does not speak HTTP/2'
    if (this.#frames > framesMax) return 'the server sends other frames only'
    if (type === goAwayType) return 'the server closes the connection (GOAWAY)'
    return type === pingType && size !== payload.length ? 'a PING of a wrong size came back' : null
  }

  /** A PING is whole: our own with its mark, or one of the server's, which it may wait for in vain. */
  #onPing(): void {
    this.#keptBytes = 0
    const isAck = ((this.#kept[4] ?? 0) & ackFlag) !== 0
    if (isAck && payload.every((byte, i) => this.#kept[headBytes + i] === byte)) this.#end(null)
  }

  #end(failure: string | null): void {
    this.#isOver = true
    this.#events.onEnd(failure)
  }
}
