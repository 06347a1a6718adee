// Gossip messages as bytes. A packet is an envelope and a sequence of byte strings, one per message; a message is a CBOR
// array, fields by position. So news is encoded and decoded once, and copied or compared ever after.
import type {
  ExchangeRefused,
  ExchangeReply,
  ExchangeRequest,
  MemberState,
  PacketMessage,
  PushPull,
  Update,
} from '../gossip/message.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { UserEvent } from '../model/user-event.ts'
import { wireVersions } from '../model/version.ts'
import { splitByteStrings, withHeaders } from './byte-strings.ts'
import { decodeCbor, encodeCbor, type CodecErrorCode } from './cbor.ts'
import { envelopeKinds, formatVersions, openBody, openEnvelope, sealEnvelope } from './envelope.ts'
import { Fields, isFields } from './gossip-fields.ts'
import { messageFields, readMessage } from './gossip-messages.ts'
import { NewsCache } from './news-cache.ts'

/** News that came in or went out lately. */
const news = new NewsCache()

/** Messages of one datagram; the shortest take three bytes. */
const packetMessagesMax = 1024
/** Values of one message: the fields of alive news and 128 tags. */
const messageItemsMax = 512
/** Events of one full exchange; members remember 512. */
const exchangeEventsMax = 1024
/** Byte strings of one full exchange: a head, two for each of 65,536 members, and one for each event. */
const exchangeItemsMax = 131_073 + exchangeEventsMax

/** Codes of member states, by position. */
const statuses: readonly MemberState['status'][] = ['alive', 'suspect', 'dead', 'left']

/** An item without bytes. */
const nothing = new Uint8Array(0)

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
  const known = news.bytesOf(update)
  if (known !== undefined) return known
  // A copy: the encoder's own bytes would keep its whole working buffer alive for as long as the news lives.
  const bytes = Uint8Array.from(encodeCbor(messageFields(update)))
  news.keep(update, bytes)
  return bytes
}

/** Decodes one message, or finds it among the news that is known. */
function decodeMessage(bytes: Uint8Array): Result<PacketMessage, CodecErrorCode> {
  const known = news.updateOf(bytes)
  if (known !== undefined) return ok(known)
  const value = decodeCbor(bytes, messageItemsMax)
  if (!value.ok) return err(value.error.code)
  const message = isFields(value.value) ? readMessage(new Fields(value.value)) : null
  if (message === null) return err('invalid')
  if (isNews(message)) news.keep(message, Uint8Array.from(bytes))
  return ok(message)
}

function isNews(message: PacketMessage): message is Update {
  const { kind } = message
  return kind !== 'ping' && kind !== 'pingRequest' && kind !== 'ack' && kind !== 'nack'
}

/** A datagram of messages. The caller has packed them by `messageSizeMax`. */
export function encodePacket(messages: readonly PacketMessage[]): Uint8Array {
  return sealEnvelope(envelopeKinds.gossipPacket, withHeaders(messages.map(encodeMessage)))
}

/**
 * The messages of a datagram, all or none.
 *
 * Errors: why the datagram must be dropped; never throws, whatever the bytes.
 */
export function decodePacket(bytes: Uint8Array): Result<readonly PacketMessage[], CodecErrorCode> {
  const body = openBody(bytes, envelopeKinds.gossipPacket)
  if (!body.ok) return err(body.error.code)
  const items = splitByteStrings(body.value, packetMessagesMax)
  if (!items.ok) return items
  const messages: PacketMessage[] = []
  for (const item of items.value) {
    const message = decodeMessage(item)
    if (!message.ok) return message
    messages.push(message.value)
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

function exchangeParts(exchange: Exclude<ExchangeRequest | ExchangeReply, ExchangeRefused>): Uint8Array[] {
  switch (exchange.kind) {
    case 'pushPull':
      return withHeaders(pushPullItems(exchange))
    case 'streamPing':
      return withHeaders([encodeCbor([exchangeCodes.streamPing, exchange.target, exchange.from])])
    case 'streamAck':
      return withHeaders([encodeCbor([exchangeCodes.streamAck])])
    default:
      return exchange satisfies never
  }
}

/** A head, then for each member its news and its state (no bytes stand for the state of most), then events. */
function pushPullItems(state: PushPull): Uint8Array[] {
  const { from, join, datacenter, lamportTime, members, eventTime, events } = state
  const counts = [members.length, eventTime, events.length]
  const items = [encodeCbor([exchangeCodes.pushPull, from, join, datacenter, lamportTime, ...counts])]
  for (const { update, status, intentTime, isLeaving } of members) {
    const isUsual = status === 'alive' && intentTime === 0 && !isLeaving
    items.push(encodeNews(update))
    items.push(isUsual ? nothing : encodeCbor([statuses.indexOf(status), intentTime, isLeaving]))
  }
  for (const event of events) items.push(encodeCbor(messageFields({ kind: 'userEvent', event })))
  return items
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
  const value = decodeCbor(body, 1)
  if (!value.ok) return err(value.error.code)
  const reason = value.value
  return typeof reason === 'string' && reason.length <= 4096
    ? ok({ kind: 'refused', reason })
    : err('invalid')
}

/** Any exchange but a refusal. */
type Exchange = Exclude<ExchangeRequest | ExchangeReply, ExchangeRefused>

function readExchange(body: Uint8Array): Result<Exchange, CodecErrorCode> {
  const items = splitByteStrings(body, exchangeItemsMax)
  if (!items.ok) return items
  const [first = nothing, ...rest] = items.value
  const head = decodeCbor(first, messageItemsMax)
  if (!head.ok) return err(head.error.code)
  if (!isFields(head.value)) return err('invalid')
  const fields = new Fields(head.value)
  return fields.uint(0xff) === exchangeCodes.pushPull
    ? readPushPull(fields, rest)
    : readShort(head.value, rest)
}

/** Exchanges that have nothing but a head. */
function readShort(head: readonly unknown[], rest: readonly Uint8Array[]): Result<Exchange, CodecErrorCode> {
  const fields = new Fields(head)
  const code = fields.uint(0xff)
  if (rest.length > 0) return err('invalid')
  if (code === exchangeCodes.streamAck && fields.isComplete) return ok({ kind: 'streamAck' })
  const target = fields.name()
  const from = fields.name()
  if (code !== exchangeCodes.streamPing || !fields.isComplete) return err('invalid')
  return ok({ kind: 'streamPing', target, from })
}

function readPushPull(fields: Fields, rest: readonly Uint8Array[]): Result<Exchange, CodecErrorCode> {
  const from = fields.name()
  const join = fields.flag()
  const datacenter = fields.name()
  const lamportTime = fields.time()
  const count = fields.uint(0xffff_ffff)
  const eventTime = fields.time()
  const eventCount = fields.uint(exchangeEventsMax)
  if (!fields.isComplete || rest.length !== count * 2 + eventCount) return err('invalid')
  const members: MemberState[] = []
  for (let i = 0; i < count * 2; i += 2) {
    const member = readMember(rest[i] ?? nothing, rest[i + 1] ?? nothing)
    if (!member.ok) return member
    members.push(member.value)
  }
  const events = readEvents(rest.slice(count * 2))
  if (!events.ok) return events
  const head = { from, join, datacenter, lamportTime, members }
  return ok({ kind: 'pushPull', ...head, eventTime, events: events.value })
}

function readEvents(items: readonly Uint8Array[]): Result<readonly UserEvent[], CodecErrorCode> {
  const events: UserEvent[] = []
  for (const item of items) {
    const message = decodeMessage(item)
    if (!message.ok) return message
    if (message.value.kind !== 'userEvent') return err('invalid')
    events.push(message.value.event)
  }
  return ok(events)
}

function readMember(newsBytes: Uint8Array, stateBytes: Uint8Array): Result<MemberState, CodecErrorCode> {
  const message = decodeMessage(newsBytes)
  if (!message.ok) return message
  const update = message.value
  if (update.kind !== 'alive') return err('invalid')
  if (stateBytes.length === 0) return ok({ update, status: 'alive', intentTime: 0, isLeaving: false })
  const state = decodeCbor(stateBytes, messageItemsMax)
  if (!state.ok) return err(state.error.code)
  if (!isFields(state.value)) return err('invalid')
  const fields = new Fields(state.value)
  const status = statuses[fields.uint(statuses.length - 1)]
  const intentTime = fields.time()
  const isLeaving = fields.flag()
  return fields.isComplete && status !== undefined
    ? ok({ update, status, intentTime, isLeaving })
    : err('invalid')
}
