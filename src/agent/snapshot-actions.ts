// The actions around archives of the state: who asks may be any agent, and may reach another server with each request.
import { err, ok, type Result } from '../lib/result.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type { Action, ReadMeta } from '../model/query.ts'
import type { RpcReply } from '../model/rpc.ts'
import type { Actions } from './actions.ts'
import { createExports, type ExportOptions } from './snapshot-export.ts'
import { createImports, type ImportOptions } from './snapshot-import.ts'

/** What the actions need of their server. */
export interface SnapshotActionsOptions extends ExportOptions, ImportOptions {
  readonly selfId: string
  /** Resolves when this server has all that was acknowledged before, or need not have it (`stale`). */
  readonly freshen: (signal: AbortSignal) => Promise<Result<void, RequestError>>
  readonly freshness: () => Omit<ReadMeta, 'index'>
  /** Asks another server of the datacenter itself. */
  readonly askServer: (id: string, action: Action, signal: AbortSignal) => Promise<RpcReply>
}

/** The actions, with what ends them. */
export interface SnapshotActions extends Pick<
  Actions,
  'snapshotBegin' | 'snapshotRead' | 'restoreWrite' | 'restoreEnd'
> {
  /** True while this server puts an archive in place of the state. */
  isRestoring(): boolean
  stop(): void
}

/** Makes the actions of one server. */
export function createSnapshotActions(options: SnapshotActionsOptions): SnapshotActions {
  const exports = createExports({ ...options, newId: () => `${options.selfId}/${options.newId()}` })
  const imports = createImports(options)
  return {
    async snapshotBegin(_, signal) {
      const fresh = await options.freshen(signal)
      if (!fresh.ok) return fresh
      const begun = await exports.begin()
      if (!begun.ok) return begun
      return ok({ ...options.freshness(), ...begun.value })
    },
    async snapshotRead({ id, offset }, signal) {
      const server = id.slice(0, id.indexOf('/'))
      if (server === options.selfId) return exports.read(id, offset)
      // Each request of a client may come to another server; the archive stays where it was begun.
      const reply = await options.askServer(server, { kind: 'snapshotRead', id, offset }, signal)
      return bytesOf(reply)
    },
    restoreWrite: ({ id, offset, data }) => imports.write(id, offset, data),
    restoreEnd: ({ id, size }) => imports.end(id, size),
    isRestoring: () => imports.isRestoring,
    stop() {
      exports.stop()
      imports.stop()
    },
  }
}

function bytesOf(reply: RpcReply): Result<Uint8Array, RequestError> {
  if (reply.kind === 'acted' && reply.value instanceof Uint8Array) return ok(reply.value)
  if (reply.kind === 'refused') return err(reply.error)
  return err(requestError('internal', `Unexpected reply of kind ${reply.kind}`))
}
