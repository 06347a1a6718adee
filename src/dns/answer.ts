// From a packet to a packet: the order in which a question is tried. No sockets here; they are server.ts's.
import type { Address } from '../model/address.ts'
import { addressRecord, familiesOf } from './addresses.ts'
import { HeldAnswers } from './held.ts'
import { hexToIp, ipFamily } from './ip.ts'
import { encodeError, encodeReply } from './limits.ts'
import { answered, type DnsContext, type Lookup, nameError, type Zone } from './lookup.ts'
import { labelsInZone, parseTarget, type Target } from './names.ts'
import { lookUpNode, plain } from './node.ts'
import { lookUpPrepared } from './prepared.ts'
import { decodeQuery, type DnsQuery, subnetIp } from './query.ts'
import { lookUpReverse } from './reverse.ts'
import { lookUpService } from './service.ts'
import { Trace } from './trace.ts'
import { rcode, type Reply, rrType } from './types.ts'
import { forward } from './upstream.ts'
import { lookUpZone } from './zone.ts'

/** The answering side of DNS. */
export interface Answerer {
  /** Answers with what was answered before, if that is known to hold; null if it takes a look. */
  now(packet: Uint8Array, transport: 'udp' | 'tcp'): Uint8Array | null
  /** Answers one packet; null when nothing is to be sent. Never rejects because of what the packet holds. */
  ask(packet: Uint8Array, transport: 'udp' | 'tcp', from: Address): Promise<Uint8Array | null>
}

/** Makes the answering side of DNS. */
export function createAnswerer(context: DnsContext): Answerer {
  const zones = [context.config.domain, context.config.altDomain]
    .map((zone) => zone.toLowerCase().replace(/\.$/, ''))
    .filter((zone) => zone !== '')
    .map((zone) => ({ zone, labels: zone.split('.') }))
  const primary = zones[0]?.zone ?? ''
  // The longest matching suffix counts.
  const ordered = zones.sort((a, b) => b.labels.length - a.labels.length)
  const held = new HeldAnswers(context)
  const answering = { ...context, zones: ordered, primary, held }
  return {
    now: (packet, transport) => held.find(packet, transport),
    ask: (packet, transport, from) => answerPacket(answering, packet, transport, from),
  }
}

interface Answering extends DnsContext {
  readonly zones: readonly Zone[]
  readonly primary: string
  readonly held: HeldAnswers
}

async function answerPacket(
  context: Answering,
  packet: Uint8Array,
  transport: 'udp' | 'tcp',
  from: Address,
): Promise<Uint8Array | null> {
  const decoded = decodeQuery(packet)
  if (decoded.kind === 'drop') return null
  if (decoded.kind === 'error') return encodeError(packet, decoded.rcode, decoded.questionEnd)
  const { query } = decoded
  const { config, random } = context
  const shape = { packet, query, transport, config }
  const refused = refusal(query)
  if (refused) return encodeReply(refused, shape, random)
  const trace = new Trace(context.view)
  const reply = await resolve({ context, query, transport, trace, from })
  if (!reply) {
    return (await forward(context, packet, transport)) ?? encodeReply(unresolved, shape, random)
  }
  context.held.put(trace, reply, shape)
  return encodeReply(reply, shape, random)
}

/** What is turned down whatever the name is. */
function refusal(query: DnsQuery): Reply | undefined {
  if (query.edns && query.edns.version !== 0) return error(rcode.badVers, false)
  if (query.type === rrType.AXFR || query.type === rrType.IXFR) return error(rcode.notImp, true)
  // IN or ANY.
  return query.class === 1 || query.class === 255 ? undefined : error(rcode.refused, false)
}

function error(code: number, isOurs: boolean): Reply {
  return { rcode: code, isOurs, answers: [], authorities: [] }
}

/** No recursor had an answer; the flag says that it was tried, as the reference does. */
const unresolved: Reply = {
  rcode: rcode.servFail,
  isOurs: false,
  answers: [],
  authorities: [],
  isRecursive: true,
}

interface Resolving {
  readonly context: Answering
  readonly query: DnsQuery
  readonly transport: 'udp' | 'tcp'
  readonly trace: Trace
  readonly from: Address
}

/** The reply, or undefined when the question has to go upstream. */
async function resolve(resolving: Resolving): Promise<Reply | undefined> {
  const { context, query, transport, trace, from } = resolving
  const { config, random, zones, primary: zone } = context
  const { name, labels, type, edns } = query
  const sourceIp = (edns && subnetIp(edns)) || from.ip
  const asked = { zones, zone, lookUp, name, labels, type, transport, sourceIp, hops: 0 }
  const lookup = { ...asked, view: trace.follow(context.view), config, random, trace }
  const reply = lookUp(lookup)
  if (reply) return reply
  if (labels.at(-1) === 'arpa') return lookUpReverse(lookup)
  return config.recursors.length > 0 ? undefined : error(rcode.refused, false)
}

/** Answers a question in a zone of ours; undefined for any other name. */
function lookUp(lookup: Lookup): Promise<Reply> | Reply | undefined {
  for (const { zone, labels } of lookup.zones) {
    const inner = labelsInZone(lookup.labels, labels)
    if (inner) return lookUpInZone({ ...lookup, zone }, inner)
  }
  return undefined
}

function lookUpInZone(lookup: Lookup, labels: readonly string[]): Promise<Reply> | Reply {
  const { type } = lookup
  if (type === rrType.SOA || type === rrType.NS) return lookUpZone(lookup)
  const target = parseTarget(labels, type)
  switch (target.kind) {
    case 'node':
      return lookUpNode(lookup, target)
    case 'service':
      return lookUpService(lookup, target)
    case 'prepared':
      return lookUpPrepared(lookup, target)
    case 'address':
      return lookUpAddress(lookup, target)
    case 'nothing':
      return nameError(lookup)
    default:
      return target satisfies never
  }
}

/** `HEX.addr`: the address that the name spells. */
function lookUpAddress(lookup: Lookup, target: Extract<Target, { kind: 'address' }>): Reply {
  const ip = hexToIp(target.hex)
  if (ip === null) return nameError(lookup)
  const isAsked = ip !== undefined && familiesOf(lookup.type).includes(ipFamily(ip))
  return answered(
    lookup,
    isAsked ? [plain(addressRecord(lookup.name, lookup.config.nodeTtlSeconds, ip))] : [],
  )
}
