// What a server is asked to do that is no command of the log, as a table: each action with who carries it out.
import type { Result } from '../lib/result.ts'
import type { RequestError } from '../model/errors.ts'
import type { Action, ActionKind, ActionTable, ActionValue } from '../model/query.ts'
import type { RpcReply, RpcRequest } from '../model/rpc.ts'

/** Carries out the actions of kind K. */
export type ActionHandler<K extends ActionKind> = (
  args: ActionTable[K]['args'],
  signal: AbortSignal,
) => Promise<Result<ActionValue<K>, RequestError>>

/** Who carries out which action. */
export type Actions = { readonly [K in ActionKind]: ActionHandler<K> }

/** Actions that change nothing, or the same if they are carried out twice. */
const repeatable: ReadonlySet<ActionKind> = new Set([
  'renewSession',
  'checkLeave',
  'fireEvent',
  'updateCoordinates',
])

/** Requests that must not be carried out twice: without an answer nobody knows what became of them. */
export function changes(request: RpcRequest): boolean {
  return request.kind === 'write' || (request.kind === 'act' && !repeatable.has(request.action.kind))
}

/** Carries out one action. */
export async function act(actions: Actions, action: Action, signal: AbortSignal): Promise<RpcReply> {
  const handle = actions[action.kind] as ActionHandler<ActionKind>
  const done = await handle(action as Parameters<typeof handle>[0], signal)
  return done.ok ? { kind: 'acted', value: done.value } : { kind: 'refused', error: done.error }
}
