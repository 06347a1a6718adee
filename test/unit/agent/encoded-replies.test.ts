import { expect, it } from 'vitest'
import { EncodedReplies } from '../../../src/agent/encoded-replies.ts'
import { decodeReply } from '../../../src/codec/request-codec.ts'
import type { RpcReply } from '../../../src/model/rpc.ts'

function replyOf(value: unknown, index = 5): RpcReply {
  return { kind: 'read', meta: { index, knownLeader: true, lastContactMs: 0, epoch: '-0' }, value }
}

function decoded(bytes: Uint8Array): RpcReply | null {
  const reply = decodeReply(bytes)
  return reply.ok ? reply.value : null
}

it('encodes a list that is asked for again once for all', () => {
  const replies = new EncodedReplies()
  const value = ['a', 'b']
  replies.encode(replyOf(value))
  const second = replies.encode(replyOf(value))
  const third = replies.encode(replyOf(value))
  expect(replies.encode(replyOf(value))).toBe(third)
  expect([decoded(second), decoded(third)]).toEqual([replyOf(value), replyOf(value)])
})

it('encodes anew what comes with another index, and other values', () => {
  const replies = new EncodedReplies()
  const value = ['a']
  for (let i = 0; i < 3; i++) replies.encode(replyOf(value))
  expect(decoded(replies.encode(replyOf(value, 6)))).toEqual(replyOf(value, 6))
  expect(decoded(replies.encode(replyOf(value, 6)))).toEqual(replyOf(value, 6))
  expect(decoded(replies.encode(replyOf(['b'])))).toEqual(replyOf(['b']))
})

it('keeps what it has encoded although later answers share its buffer', () => {
  const replies = new EncodedReplies()
  const value = ['kept']
  for (let i = 0; i < 3; i++) replies.encode(replyOf(value))
  for (let i = 0; i < 1000; i++) replies.encode(replyOf([`other ${i}`]))
  for (let i = 0; i < 3; i++) expect(decoded(replies.encode(replyOf(value)))).toEqual(replyOf(value))
})
