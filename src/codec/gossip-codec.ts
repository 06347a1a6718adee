// Gossip messages as bytes. A packet is an envelope and a CBOR sequence of arrays, one per message, fields by
// position, so that news is encoded once and copied into every datagram that carries it.
import type {
  ExchangeReply,
  ExchangeRequest,
  MemberState,
  PacketMessage,
  PushPull,
  Update,
} from '../gossip/message.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { wireVersions } from '../model/version.ts'
import { decodeCborSequence, encodeCbor, type CodecErrorCode } from './cbor.ts'
import { envelopeKinds, formatVersions, openBody, openEnvelope, sealEnvelope } from './envelope.ts'
import { Fields, isFields } from './gossip-fields.ts'
import { messageFields, readMessage } from './gossip-messages.ts'

/** Encoded news by identity: the machine hands out the same object for every packet that carries it. */
const encodedNews = new WeakMap<Update, Uint8Array>()

/** Values that one datagram may hold, tags included. */
const packetItemsMax = 4096
/** Values that one full exchange may hold: 65,536 members of up to 48 tags. */
const exchangeItemsMax = 8_000_000

/** Codes of member states, by position. */
const statuses: readonly MemberState['status'][] = ['alive', 'suspect', 'dead', 'left']

/** Codes of exchanges. */
const exchangeCodes = { pushPull: 1, streamPing: 2, streamAck: 3 } as const

function encodeMessage(message: PacketMessage): Uint8Array {
  switch (message.kind) {
    case 'ping':
    case 'pingRequest':
    case 'ack':
    case 'nack':
      return encodeCbor(messageFields(message))
    default:
      return encodeNews(message)
  }
}

function encodeNews(update: Update): Uint8Array {
  const known = encodedNews.get(update)
  if (known !== undefined) return known
  // A copy: the encoder's own bytes would keep its whole working buffer alive for as long as the news lives.
  const bytes = Uint8Array.from(encodeCbor(messageFields(update)))
  encodedNews.set(update, bytes)
  return bytes
}

/** A datagram of messages. The caller has packed them by `messageSizeMax`. */
export function encodePacket(messages: readonly PacketMessage[]): Uint8Array {
  return sealEnvelope(envelopeKinds.gossipPacket, messages.map(encodeMessage))
}

/**
 * The messages of a datagram, all or none.
 *
 * Errors: why the datagram must be dropped; never throws, whatever the bytes.
 */
export function decodePacket(bytes: Uint8Array): Result<readonly PacketMessage[], CodecErrorCode> {
  const body = openBody(bytes, envelopeKinds.gossipPacket)
  if (!body.ok) return err(body.error.code)
  const values = decodeCborSequence(body.value, packetItemsMax)
  if (!values.ok) return err(values.error.code)
  const messages: PacketMessage[] = []
  for (const value of values.value) {
    const message = isFields(value) ? readMessage(new Fields(value)) : null
    if (message === null) return err('invalid')
    messages.push(message)
  }
  return ok(messages)
}

/** A question for a stream. */
export function encodeExchangeRequest(request: ExchangeRequest): Uint8Array {
  return sealEnvelope(envelopeKinds.gossipRequest, exchangeParts(request))
}

/** Its answer. A refusal has a form that every version reads. */
export function encodeExchangeReply(reply: ExchangeReply): Uint8Array {
  if (reply.kind === 'refused') return sealEnvelope(envelopeKinds.gossipRefused, [encodeCbor(reply.reason)])
  return sealEnvelope(envelopeKinds.gossipReply, exchangeParts(reply))
}

function exchangeParts(exchange: ExchangeRequest | ExchangeReply): Uint8Array[] {
  switch (exchange.kind) {
    case 'pushPull':
      return pushPullParts(exchange)
    case 'streamPing':
      return [encodeCbor([exchangeCodes.streamPing, exchange.target, exchange.from])]
    case 'streamAck':
      return [encodeCbor([exchangeCodes.streamAck])]
    case 'refused':
      return [encodeCbor(exchange.reason)]
    default:
      return exchange satisfies never
  }
}

/** A head, then for each member its state and its news, both of a sequence. */
function pushPullParts(state: PushPull): Uint8Array[] {
  const { from, join, datacenter, lamportTime, members } = state
  const parts = [encodeCbor([exchangeCodes.pushPull, from, join, datacenter, lamportTime, members.length])]
  for (const { update, status, intentTime, isLeaving } of members) {
    parts.push(encodeCbor([statuses.indexOf(status), intentTime, isLeaving]), encodeNews(update))
  }
  return parts
}

/**
 * The question of a stream.
 *
 * Errors: why it must be dropped; never throws. On `versionMismatch` answer with `refuseVersion`.
 */
export function decodeExchangeRequest(bytes: Uint8Array): Result<ExchangeRequest, CodecErrorCode> {
  const body = openBody(bytes, envelopeKinds.gossipRequest)
  if (!body.ok) return err(body.error.code)
  const exchange = readExchange(body.value)
  if (!exchange.ok) return exchange
  if (exchange.value.kind === 'streamAck') return err('invalid')
  return ok(exchange.value)
}

/**
 * The answer of a stream.
 *
 * Errors: why it must be dropped; never throws.
 */
export function decodeExchangeReply(bytes: Uint8Array): Result<ExchangeReply, CodecErrorCode> {
  const opened = openEnvelope(bytes)
  if (!opened.ok) return err(opened.error.code)
  if (opened.value.kind === envelopeKinds.gossipRefused) return readRefusal(opened.value.body)
  const body = openBody(bytes, envelopeKinds.gossipReply)
  if (!body.ok) return err(body.error.code)
  const exchange = readExchange(body.value)
  if (!exchange.ok) return exchange
  if (exchange.value.kind === 'streamPing') return err('invalid')
  return ok(exchange.value)
}

/** The answer to a question of a wire version that we do not speak: a refusal that names both. */
export function refuseVersion(request: Uint8Array): Uint8Array {
  const theirs = request[0] ?? 0
  const ours = formatVersions(wireVersions)
  const reason = `The request is of wire version ${theirs}, this agent speaks ${ours}`
  return encodeExchangeReply({ kind: 'refused', reason })
}

function readRefusal(body: Uint8Array): Result<ExchangeReply, CodecErrorCode> {
  const values = decodeCborSequence(body, 16)
  if (!values.ok) return err(values.error.code)
  const [reason] = values.value
  return typeof reason === 'string' && reason.length <= 4096
    ? ok({ kind: 'refused', reason })
    : err('invalid')
}

function readExchange(
  body: Uint8Array,
): Result<Exclude<ExchangeRequest | ExchangeReply, { readonly kind: 'refused' }>, CodecErrorCode> {
  const values = decodeCborSequence(body, exchangeItemsMax)
  if (!values.ok) return err(values.error.code)
  const [head, ...rest] = values.value
  if (!isFields(head)) return err('invalid')
  const fields = new Fields(head)
  const exchange = readHeaded(fields, rest)
  return exchange === null ? err('invalid') : ok(exchange)
}

function readHeaded(
  fields: Fields,
  rest: readonly unknown[],
): Exclude<ExchangeRequest | ExchangeReply, { readonly kind: 'refused' }> | null {
  switch (fields.uint(0xff)) {
    case exchangeCodes.pushPull:
      return readPushPull(fields, rest)
    case exchangeCodes.streamPing: {
      const target = fields.name()
      const from = fields.name()
      return fields.isComplete && rest.length === 0 ? { kind: 'streamPing', target, from } : null
    }
    case exchangeCodes.streamAck:
      return fields.isComplete && rest.length === 0 ? { kind: 'streamAck' } : null
    default:
      return null
  }
}

function readPushPull(fields: Fields, rest: readonly unknown[]): PushPull | null {
  const from = fields.name()
  const join = fields.flag()
  const datacenter = fields.name()
  const lamportTime = fields.time()
  const count = fields.uint(0xffff_ffff)
  if (!fields.isComplete || rest.length !== count * 2) return null
  const members: MemberState[] = []
  for (let i = 0; i < rest.length; i += 2) {
    const member = readMember(rest[i], rest[i + 1])
    if (member === null) return null
    members.push(member)
  }
  return { kind: 'pushPull', from, join, datacenter, lamportTime, members }
}

function readMember(state: unknown, news: unknown): MemberState | null {
  if (!isFields(state) || !isFields(news)) return null
  const fields = new Fields(state)
  const status = statuses[fields.uint(statuses.length - 1)]
  const intentTime = fields.time()
  const isLeaving = fields.flag()
  const update = readMessage(new Fields(news))
  if (!fields.isComplete || status === undefined || update?.kind !== 'alive') return null
  return { update, status, intentTime, isLeaving }
}
