// How long requests take that are measured one by one on the server that carries them out, under the reference's names.
import type { Action, Query, ReadOptions } from '../model/query.ts'
import type { RpcReply, RpcRequest } from '../model/rpc.ts'
import type { Clock } from '../runtime/host.ts'
import type { Metrics } from './metrics.ts'

type Sampler = (ms: number) => void

/** Takes the times of some kinds of requests; of the others nothing is looked at but the kind. */
export interface RequestTimes {
  /** The same promise; how long it took to be settled is measured. */
  taken(request: RpcRequest, reply: Promise<RpcReply>): Promise<RpcReply>
  /** As `taken`, for an answer that is there at once: call what this returns then. */
  begin(query: Query): () => void
  /** Takes the time of what makes sure that a `consistent` read is; others are not measured. */
  confirmed<T>(consistency: ReadOptions['consistency'], reply: Promise<T>): Promise<T>
}

/** Makes the measures of one server. */
export function createRequestTimes(metrics: Pick<Metrics, 'sampler'>, clock: Clock): RequestTimes {
  const byKind: Readonly<Partial<Record<Query['kind'], Sampler>>> = {
    txn: metrics.sampler('txn.read'),
    configEntry: metrics.sampler('config_entry.get'),
    configEntries: metrics.sampler('config_entry.list'),
  }
  const byAction: Readonly<Partial<Record<Action['kind'], Sampler>>> = {
    renewSession: metrics.sampler('session.renew'),
    restoreEnd: metrics.sampler('raft.restoreUserSnapshot'),
  }
  const confirmation = metrics.sampler('rpc.consistentRead')
  const samplerOf = (request: RpcRequest): Sampler | undefined => {
    if (request.kind === 'read') return byKind[request.query.kind]
    return request.kind === 'act' ? byAction[request.action.kind] : undefined
  }
  const measured = <T>(sample: Sampler | undefined, reply: Promise<T>): Promise<T> => {
    if (sample === undefined) return reply
    const end = since(sample)
    return reply.finally(end)
  }
  const since = (sample: Sampler): (() => void) => {
    const startMicros = clock.nowMicros()
    return () => sample((clock.nowMicros() - startMicros) / 1000)
  }
  return {
    taken: (request, reply) => measured(samplerOf(request), reply),
    begin(query) {
      const sample = byKind[query.kind]
      return sample === undefined ? nothing : since(sample)
    },
    confirmed: (consistency, reply) =>
      measured(consistency === 'consistent' ? confirmation : undefined, reply),
  }
}

const nothing = (): void => undefined
