// Prepared queries: `NAME.query[.DC].ZONE` and `_NAME._tcp.query…`.
import { parseDuration } from '../lib/durations.ts'
import { isTranslated } from './addresses.ts'
import { type Lookup, nameError, readError, readFrom } from './lookup.ts'
import type { Target } from './names.ts'
import { instancesReply, serviceTtl } from './service.ts'
import type { Reply } from './types.ts'

/** Carries out a query and answers with what it found, in its order. */
export async function lookUpPrepared(
  lookup: Lookup,
  target: Extract<Target, { kind: 'prepared' }>,
): Promise<Reply> {
  const { view, config, sourceIp } = lookup
  // Where it looks, and for whom, is more than can be followed.
  lookup.trace.let()
  const datacenter = readFrom(lookup, target.datacenter)
  if (datacenter === undefined) return nameError(lookup)
  const run = { nameOrId: target.name, datacenter, limit: 0, sourceIp, near: '', connect: false }
  const ran = await view.runPrepared(run)
  if (!ran.ok) return readError(lookup, ran.error)
  const answer = ran.value
  if (answer === null || answer.nodes.length === 0) return nameError(lookup)
  const own = parseDuration(answer.dnsTtl)
  const reply = await instancesReply(lookup, {
    found: answer.nodes,
    datacenter: answer.datacenter,
    isWan: isTranslated(lookup, answer.datacenter),
    ttl: own === undefined ? serviceTtl(config, answer.service) : Math.floor(own / 1e9),
  })
  return { ...reply, isOrdered: true, isForClient: true }
}
