// Where a prepared query goes on when there is nothing in its own datacenter: the others, one after the other.
import type { PreparedAnswer, QueryService } from '../model/prepared-query.ts'
import type { RpcReply, RpcRequest } from '../model/rpc.ts'
import { failoverTargets } from '../query/select.ts'
import type { Clock } from '../runtime/host.ts'
import { attemptMsMin } from './patience.ts'
import type { Router } from './router.ts'

/** What failover needs of the server. */
export interface FailoverPorts {
  readonly datacenter: string
  /** Null while the agent starts. */
  readonly router: () => Pick<Router, 'request'> | null
  /** All that are known, nearest first. */
  readonly datacenters: () => readonly string[]
  readonly clock: Clock
}

/** What is looked for, and how long that may take. */
export interface Wanted {
  readonly service: QueryService
  readonly dnsTtl: string
  readonly limit: number
}

/** A search that found nothing here. */
export interface OpenSearch {
  readonly request: Extract<RpcRequest, { readonly kind: 'search' }>
  readonly signal: AbortSignal
  readonly endAtMs: number
}

/** A datacenter that has not answered is asked last for so long: not everybody has to wait for it anew. */
const silentMs = 10_000

/** Failover of one server. */
export class Failover {
  readonly #ports: FailoverPorts
  /** Datacenters that have not answered, and until when they are asked last. */
  readonly #silentUntilMs = new Map<string, number>()

  constructor(ports: FailoverPorts) {
    this.#ports = ports
  }

  /** Asks until one has something. Those that do not answer are passed over. */
  async ask(search: OpenSearch, wanted: Wanted, nothing: PreparedAnswer): Promise<PreparedAnswer> {
    const { clock } = this.#ports
    const { signal, endAtMs } = search
    const targets = this.#targets(wanted.service)
    let [answer, failovers] = [nothing, 0]
    for (const datacenter of targets) {
      // Each of those that are left gets the same share of the time.
      const leftMs = Math.floor((endAtMs - clock.nowMs()) / (targets.length - failovers))
      if (signal.aborted || (failovers > 0 && leftMs < attemptMsMin)) break
      failovers++
      const found = await this.#askOne(search, wanted, { datacenter, holdMs: Math.max(leftMs, attemptMsMin) })
      if (found !== null) answer = found
      if (answer.nodes.length > 0) break
    }
    return { ...answer, failovers }
  }

  #targets({ failover }: QueryService): readonly string[] {
    const { datacenter: own, datacenters, clock } = this.#ports
    const targets = failoverTargets(
      failover,
      datacenters().filter((datacenter) => datacenter !== own),
    )
    const nowMs = clock.nowMs()
    const isSilent = (datacenter: string): boolean => nowMs < (this.#silentUntilMs.get(datacenter) ?? 0)
    return [...targets.filter((each) => !isSilent(each)), ...targets.filter(isSilent)]
  }

  async #askOne(
    { request, signal }: OpenSearch,
    { service, dnsTtl, limit }: Wanted,
    where: { readonly datacenter: string; readonly holdMs: number },
  ): Promise<PreparedAnswer | null> {
    const search = { kind: 'filled', service, dnsTtl, limit } as const
    const reply = await this.#ports.router()?.request({ ...request, ...where, search }, signal)
    const answer = reply === undefined ? null : answerOf(reply)
    if (answer !== null) this.#silentUntilMs.delete(where.datacenter)
    else if (!signal.aborted) this.#silentUntilMs.set(where.datacenter, this.#ports.clock.nowMs() + silentMs)
    return answer
  }
}

/** The answer of another agent; null if it is none. */
function answerOf(reply: RpcReply): PreparedAnswer | null {
  if (reply.kind !== 'read') return null
  const answer = reply.value as PreparedAnswer | null
  return Array.isArray(answer?.nodes) ? answer : null
}
