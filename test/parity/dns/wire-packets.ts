// Whole packets: questions as bytes, the resolver behind the agents, and replies in a form that two servers can be
// compared by.
import dnsPacket, { type Answer, type OptAnswer, type Packet } from 'dns-packet'

import { normalise, type Reply } from './normalise.ts'
import { upstream, type WireQuestion } from './wire-setup.ts'

/** A reply with all that its packet says; null for none. */
export type WireReply =
  | (Reply & {
      readonly opcode: string
      /** The question that is echoed. */
      readonly question: string
      readonly hasZ: boolean
      /** Bytes without compression would be more; 0 where the size depends on what was drawn. */
      readonly opt: string
    })
  | null

/** A question with the reference's reply. */
export interface WireExchange {
  readonly question: WireQuestion
  readonly reply: WireReply
}

const id = 0x1267

/** The packet of a question. */
export function wirePacket(question: WireQuestion): Uint8Array {
  if (question.raw !== undefined) return new Uint8Array(Buffer.from(question.raw, 'hex'))
  const packet = dnsPacket.encode({
    type: 'query',
    id,
    questions: [{ name: question.name, type: question.type as 'A' }],
    additionals: question.edns === undefined ? [] : [optOf(question, question.edns)],
  })
  packet.writeUInt16BE(question.flags ?? 0x0100, 2)
  return new Uint8Array(packet)
}

function optOf({ subnet, isDo }: WireQuestion, udpPayloadSize: number): Answer {
  const [ip = '', bits = '0'] = subnet?.split('/') ?? []
  const option = {
    code: 'CLIENT_SUBNET',
    family: ip.includes(':') ? 2 : 1,
    ip,
    sourcePrefixLength: Number(bits),
    scopePrefixLength: 0,
  }
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: isDo === true ? dnsPacket.DNSSEC_OK : 0,
    flag_do: isDo === true,
    options: subnet === undefined ? [] : [option as never],
  }
}

/** Decodes and normalises a reply. */
export function wireReply(bytes: Uint8Array | null): WireReply {
  if (bytes === null) return null
  const buffer = Buffer.from(bytes)
  const packet = dnsPacket.decode(buffer)
  const opt = packet.additionals?.find((each) => each.type === 'OPT')
  return {
    ...normalise(bytes),
    opcode: (packet as unknown as { readonly opcode: string }).opcode,
    question: (packet.questions ?? [])
      .map((each) => `${each.name} ${each.type} ${(each as { readonly class?: string }).class}`)
      .join(),
    hasZ: (buffer.readUInt16BE(2) & 0x0070) !== 0,
    opt: opt?.type === 'OPT' ? optText(opt) : '',
  }
}

function optText(opt: OptAnswer): string {
  const options = opt.options.map((option) => {
    const { code, data } = option as unknown as { readonly code: number; readonly data?: Uint8Array }
    return `${code}:${Buffer.from(data ?? []).toString('hex')}`
  })
  return [`${opt.extendedRcode} ${opt.ednsVersion}`, opt.flag_do ? 'do' : '', ...options].join(' ').trim()
}

/** What the resolver behind the agents answers; undefined for what it does not understand. */
export function upstreamReply(bytes: Uint8Array): Uint8Array | undefined {
  const query = dnsPacket.decode(Buffer.from(bytes))
  const question = query.questions?.[0]
  if (question === undefined) return undefined
  const records = upstream[`${question.name.toLowerCase()} ${question.type}`]
  const isKnown = Object.keys(upstream).some((key) => key.startsWith(`${question.name.toLowerCase()} `))
  const code =
    records?.[0]?.startsWith('!') === true ? Number(records[0].slice(1)) : records || isKnown ? 0 : 3
  let name = question.name
  const answers =
    code === 0
      ? (records ?? []).map((text) => {
          const [type = '', ...data] = text.split(' ')
          const record = { type, name, ttl: 77, data: data.join(' ') } as Answer
          if (type === 'CNAME') name = data.join(' ')
          return record
        })
      : []
  const flags = dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE | code
  const reply: Packet = { type: 'response', id: query.id ?? 0, flags, questions: [question], answers }
  return new Uint8Array(dnsPacket.encode(reply))
}
