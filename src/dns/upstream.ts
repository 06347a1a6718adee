// Recursion: questions that are not ours go to the recursors. The only user of dns-packet.
import dnsPacket, { type Answer as PacketRecord } from 'dns-packet'

import { trimDot } from './addresses.ts'
import { ipFamily } from './ip.ts'
import { type DnsContext, isName, type Lookup } from './lookup.ts'
import { headerBytes, uint16 } from './query.ts'
import { rcode, type Rr, rrType } from './types.ts'

const flagTc = 0x0200

/**
 * Forwards a client's question as it is.
 *
 * @returns the first usable reply, or undefined when no recursor gives one
 */
export async function forward(
  context: DnsContext,
  packet: Uint8Array,
  transport: 'udp' | 'tcp',
): Promise<Uint8Array | undefined> {
  const { config, view, random } = context
  const upstreams =
    config.recursorStrategy === 'random' ? random.shuffle([...config.recursors]) : config.recursors
  for (const upstream of upstreams) {
    const reply = await view.recurse(packet, upstream, transport)
    if (reply && isUsable(packet, reply)) return reply
  }
  return undefined
}

/** A reply to this question that settles it: found, not found, or too long for a datagram. */
function isUsable(packet: Uint8Array, reply: Uint8Array): boolean {
  if (reply.length < headerBytes || uint16(reply, 0) !== uint16(packet, 0)) return false
  const flags = uint16(reply, 2)
  if ((flags & 0x8000) === 0) return false
  const code = flags & 0xf
  return code === rcode.noError || code === rcode.nxDomain
}

/** Asks the recursors for a host name; its addresses with the names in between, empty when they do not know it. */
export async function askUpstream(lookup: Lookup, host: string, type: number): Promise<readonly Rr[]> {
  if (lookup.config.recursors.length === 0 || !isName(host)) return []
  const question = dnsPacket.encode({
    type: 'query',
    id: lookup.random.below(0x1_0000),
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ name: host, type: type === rrType.AAAA ? 'AAAA' : 'A' }],
  })
  const packet = new Uint8Array(question)
  const first = await forward(lookup, packet, lookup.transport)
  // What was cut would be passed on as if it were all.
  const isCut = first !== undefined && lookup.transport === 'udp' && (uint16(first, 2) & flagTc) !== 0
  const reply = isCut ? ((await forward(lookup, packet, 'tcp')) ?? first) : first
  if (!reply) return []
  try {
    return (dnsPacket.decode(asBuffer(reply)).answers ?? []).flatMap(toRr)
  } catch {
    return []
  }
}

/** dns-packet reads Buffers only. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The kinds of records that a name may lead through; all others are left out. */
function toRr(record: PacketRecord): readonly Rr[] {
  if (record.type !== 'A' && record.type !== 'AAAA' && record.type !== 'CNAME') return []
  const name = trimDot(record.name)
  const base = { name, ttl: record.ttl ?? 0 }
  if (!isName(name)) return []
  if (record.type === 'CNAME') {
    const target = trimDot(record.data)
    return isName(target) ? [{ ...base, type: rrType.CNAME, target }] : []
  }
  const family = record.type === 'A' ? 4 : 6
  if (ipFamily(record.data) !== family) return []
  return [{ ...base, type: rrType[record.type], ip: record.data }]
}
