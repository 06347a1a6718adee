// What a server is asked to do that is no command of the log, as a table: each action with who carries it out.
import type { Result } from '../lib/result.ts'
import type { RequestError } from '../model/errors.ts'
import type { Action, ActionKind, ActionTable, ActionValue } from '../model/query.ts'
import type { RpcReply } from '../model/rpc.ts'

/** Carries out the actions of kind K. */
export type ActionHandler<K extends ActionKind> = (
  args: ActionTable[K]['args'],
  signal: AbortSignal,
) => Promise<Result<ActionValue<K>, RequestError>>

/** Who carries out which action. */
export type Actions = { readonly [K in ActionKind]: ActionHandler<K> }

/** Carries out one action. */
export async function act(actions: Actions, action: Action, signal: AbortSignal): Promise<RpcReply> {
  const handle = actions[action.kind] as ActionHandler<ActionKind>
  const done = await handle(action as Parameters<typeof handle>[0], signal)
  return done.ok ? { kind: 'acted', value: done.value } : { kind: 'refused', error: done.error }
}
