// One call to one other agent, and how its silence is noticed although the answer may take minutes.
import { decodeReply, encodeRequest } from '../codec/request-codec.ts'
import type { Address } from '../model/address.ts'
import { formatAddress } from '../model/address.ts'
import { requestError } from '../model/errors.ts'
import type { RpcReply, RpcRequest } from '../model/rpc.ts'
import { failure, type RpcFailure } from '../rpc/failure.ts'
import type { Rpc } from '../rpc/rpc.ts'
import type { Clock } from '../runtime/host.ts'
import { changes } from './actions.ts'
import { channels } from './channels.ts'

/** A request that is carried out wherever its place is. */
export type ForwardedRequest = Extract<RpcRequest, { readonly hops: number }>

/** What a call needs of the agent. */
export interface ForwardPorts {
  readonly rpc: Rpc
  readonly clock: Clock
  readonly signs: SignsOfLife
}

/** Asks agents whether they are there; all calls to one agent share a question that is under way. */
export interface SignsOfLife {
  /** False if the agent gave no sign by `deadlineMs`. */
  ask(to: Address, deadlineMs: number): Promise<boolean>
}

/** Makes the questions of one agent. */
export function createSignsOfLife(rpc: Rpc): SignsOfLife {
  const underWay = new Map<string, Promise<boolean>>()
  return {
    ask(to, deadlineMs) {
      const key = formatAddress(to)
      const known = underWay.get(key)
      if (known !== undefined) return known
      const asking = rpc.call(to, channels.request, signOfLife, { deadlineMs }).then((answer) => {
        underWay.delete(key)
        // A session that is full of our own questions is none that is silent.
        return answer.ok || answer.error.code === 'overloaded'
      })
      underWay.set(key, asking)
      return asking
    },
  }
}

/** How long to wait for one agent. */
export interface Attempt {
  /** The answer must have come by then. */
  readonly deadlineMs: number
  /** Without any word from the agent by then it is given up; at the deadline if that is earlier. */
  readonly contactByMs: number
  readonly signal: AbortSignal
  /** Calls back when there is no point in waiting any more; returns what ends that. */
  readonly onObsolete?: (abandon: () => void) => () => void
}

/** What became of a call. */
export type Forwarding =
  | { readonly kind: 'answered'; readonly reply: RpcReply }
  /** `lastedMs`: how long the agent was there, for what we know; 0 if it gave no sign. */
  | { readonly kind: 'failed'; readonly failure: RpcFailure; readonly lastedMs: number }

/**
 * Sends a request to an agent. Never rejects.
 *
 * A read whose answer is slow is followed by a short question to the same agent: if that stays without an answer too,
 * the agent is silent. A write is not given up like that: whoever waits longer may still learn what became of it.
 */
export async function forward(
  ports: ForwardPorts,
  to: Address,
  request: ForwardedRequest,
  attempt: Attempt,
): Promise<Forwarding> {
  const startMs = ports.clock.nowMs()
  const cut = new AbortController()
  const onAbort = (): void => cut.abort()
  attempt.signal.addEventListener('abort', onAbort)
  const endObsolete = attempt.onObsolete?.(onAbort)
  const watch = changes(request) ? null : watchContact(ports, to, attempt, onAbort)
  const answer = await ports.rpc.call(to, channels.request, encodeRequest(request), {
    deadlineMs: attempt.deadlineMs,
    signal: cut.signal,
  })
  watch?.end()
  endObsolete?.()
  attempt.signal.removeEventListener('abort', onAbort)
  if (answer.ok) return { kind: 'answered', reply: replyOf(to, request, answer.value) }
  const lastedMs = watch?.hasContact() === true ? ports.clock.nowMs() - startMs : 0
  return { kind: 'failed', failure: reasonOf(to, answer.error, attempt.signal), lastedMs }
}

function replyOf(to: Address, request: ForwardedRequest, bytes: Uint8Array): RpcReply {
  const reply = decodeReply(bytes)
  if (reply.ok) return reply.value
  const message = `Malformed reply from ${to.ip}: ${reply.error.detail}`
  return { kind: 'refused', error: requestError(changes(request) ? 'indeterminate' : 'internal', message) }
}

/** `cancelled` means that whoever asked has gone; what this agent gave up by itself has timed out. */
function reasonOf(to: Address, reason: RpcFailure, signal: AbortSignal): RpcFailure {
  if (reason.code !== 'cancelled' || signal.aborted) return reason
  return failure('timeout', `No answer from ${formatAddress(to)}`, reason.sent)
}

interface ContactWatch {
  hasContact(): boolean
  end(): void
}

/** Asks for a sign of life after a third of the time, and calls `onSilence` if none comes. */
function watchContact(
  { signs, clock }: ForwardPorts,
  to: Address,
  attempt: Attempt,
  onSilence: () => void,
): ContactWatch {
  const { contactByMs, deadlineMs } = attempt
  let hasContact = false
  let isOver = false
  const ask = async (): Promise<void> => {
    hasContact = await signs.ask(to, contactByMs)
    if (!hasContact && !isOver) onSilence()
  }
  const nowMs = clock.nowMs()
  // A call that ends before anybody would notice needs no second one.
  const atMs = contactByMs < deadlineMs ? nowMs + Math.floor((contactByMs - nowMs) / 3) : Infinity
  const disarm = clock.wakeAt(atMs, () => void ask())
  return {
    hasContact: () => hasContact,
    end() {
      isOver = true
      disarm()
    },
  }
}

/** The cheapest question that any server answers by itself. */
const signOfLife: Uint8Array = encodeRequest({
  kind: 'ask',
  datacenter: '',
  hops: 1,
  holdMs: 0,
  question: 'leader',
  consistency: 'stale',
}).slice()
