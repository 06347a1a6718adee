// A request to one agent that is answered there or not at all: never forwarded, never asked again.
import { decodeReply, encodeRequest } from '../codec/request-codec.ts'
import type { Address } from '../model/address.ts'
import { requestError } from '../model/errors.ts'
import type { RpcReply, RpcRequest } from '../model/rpc.ts'
import type { Rpc } from '../rpc/rpc.ts'
import { channels } from './channels.ts'

/** Asks once. Never rejects. */
export async function call(
  rpc: Rpc,
  to: Address,
  request: RpcRequest,
  deadlineMs: number,
): Promise<RpcReply> {
  const answer = await rpc.call(to, channels.request, encodeRequest(request), { deadlineMs })
  if (!answer.ok) return { kind: 'refused', error: requestError('timeout', answer.error.message) }
  const reply = decodeReply(answer.value)
  return reply.ok ? reply.value : { kind: 'refused', error: requestError('internal', reply.error.detail) }
}
