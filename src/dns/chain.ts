// Where host names lead to, for nodes and services that are registered with one.
import type { Lookup } from './lookup.ts'
import { type Rr, rrType } from './types.ts'
import { askUpstream } from './upstream.ts'

/** Names of ours that are followed one after the other. */
const hopsMax = 3

/** Questions whose answer lies behind a CNAME; for all others the CNAME is the answer. */
const following: ReadonlySet<number> = new Set([rrType.A, rrType.AAAA, rrType.ANY, rrType.SRV])

/**
 * Resolves a host name to records that can stand behind a CNAME or SRV: through ourselves where the name lies in our
 * zone, else through the recursors. Empty when it leads nowhere.
 */
export async function resolveHost(lookup: Lookup, host: string): Promise<readonly Rr[]> {
  lookup.trace.let()
  if (lookup.hops >= hopsMax || !following.has(lookup.type)) return []
  const type = lookup.type === rrType.AAAA ? rrType.AAAA : rrType.A
  const labels = host.toLowerCase().split('.')
  const inner = await lookup.lookUp({ ...lookup, name: host, labels, type, hops: lookup.hops + 1 })
  if (inner) {
    const records = inner.answers.map((answer) => answer.record)
    return inner.isSampled === true ? lookup.random.shuffle(records).slice(0, inner.answersMax) : records
  }
  return askUpstream(lookup, host, type)
}
