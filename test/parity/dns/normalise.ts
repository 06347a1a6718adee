// A DNS reply in a form that two servers can be compared by: text records, sorted, without what is drawn by lot.
import dnsPacket, { type Answer } from 'dns-packet'

import type { Question } from './setup.ts'

/** A reply. `flags` are those set, as dig prints them. */
export interface Reply {
  readonly rcode: string
  readonly flags: string
  readonly answers: readonly string[]
  readonly authorities: readonly string[]
  readonly additionals: readonly string[]
  readonly edns: number | null
}

/** A question with the reference's reply. */
export interface Recorded {
  readonly question: Question
  readonly reply: Reply
}

/** Decodes and normalises. The SOA's serial is left out. */
export function normalise(bytes: Uint8Array): Reply {
  const packet = dnsPacket.decode(Buffer.from(bytes))
  const flags = [
    packet.flag_aa ? 'aa' : '',
    packet.flag_tc ? 'tc' : '',
    packet.flag_rd ? 'rd' : '',
    packet.flag_ra ? 'ra' : '',
  ]
  const additionals = packet.additionals ?? []
  const opt = additionals.find((each) => each.type === 'OPT')
  return {
    rcode: (packet as unknown as { rcode: string }).rcode,
    flags: flags.filter((flag) => flag !== '').join(' '),
    answers: texts(packet.answers ?? []),
    authorities: texts(packet.authorities ?? []),
    additionals: texts(additionals.filter((each) => each.type !== 'OPT')),
    edns: opt?.type === 'OPT' ? opt.udpPayloadSize : null,
  }
}

function texts(records: readonly Answer[]): readonly string[] {
  return records
    .map((record) => {
      const ttl = 'ttl' in record ? record.ttl : ''
      return `${record.name} ${ttl} ${record.type} ${dataText(record)}`
    })
    .sort()
}

function dataText(record: Answer): string {
  switch (record.type) {
    case 'SRV':
      return `${record.data.priority} ${record.data.weight} ${record.data.port} ${record.data.target}`
    case 'SOA': {
      const { mname, rname, refresh, retry, expire, minimum } = record.data
      return `${mname} ${rname} SERIAL ${refresh} ${retry} ${expire} ${minimum}`
    }
    case 'TXT':
      return [record.data].flat().map(String).join('|')
    case 'A':
    case 'AAAA':
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return record.data
    default:
      return 'data' in record ? JSON.stringify(record.data) : ''
  }
}
