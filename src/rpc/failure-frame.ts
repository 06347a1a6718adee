// The frame that answers a request with a failure: u8 kind, then a sentence.

import type { RpcFailureCode } from './failure.ts'

/** `handler`: it rejected. `refused`: it was never asked. `answerLost`: it answered, but the answer found no room. */
export type FailureKind = 'handler' | 'refused' | 'answerLost'

const kinds: readonly FailureKind[] = ['handler', 'refused', 'answerLost']

/** Longest sentence that is sent. */
const sentenceCharsMax = 4096

/** Body of a failure frame. */
export function encodeFailure(kind: FailureKind, sentence: string): Uint8Array {
  const text = new TextEncoder().encode(sentence.slice(0, sentenceCharsMax))
  const body = new Uint8Array(1 + text.length)
  body[0] = kinds.indexOf(kind) + 1
  body.set(text, 1)
  return body
}

/** What a failure frame means to the caller; an unknown kind is taken for the handler's. */
export function decodeFailure(body: Uint8Array): {
  readonly code: RpcFailureCode
  readonly message: string
  readonly sent: boolean
} {
  const kind = kinds[(body[0] ?? 1) - 1] ?? 'handler'
  const message = new TextDecoder().decode(body.subarray(1))
  return { code: kind === 'handler' ? 'remote' : 'overloaded', message, sent: kind !== 'refused' }
}
