// Arbitrary gossip messages within the wire's limits, for property and fuzz tests.
import fc from 'fast-check'
import type {
  AliveUpdate,
  ExchangeReply,
  ExchangeRequest,
  MemberState,
  PacketMessage,
  Tags,
  Update,
} from '../../src/gossip/message.ts'
import type { Address } from '../../src/model/address.ts'
import type { UserEvent } from '../../src/model/user-event.ts'

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff })
const time = fc.integer({ min: 0, max: 0xffff_ffff_ffff })

/** Names: mostly plain, also every code point, also the longest. A byte order mark first is not kept by UTF-8. */
const name: fc.Arbitrary<string> = fc.oneof(
  fc.stringMatching(/^[a-z0-9.-]{1,20}$/),
  fc.string({ minLength: 1, maxLength: 60, unit: 'binary' }).filter((text) => !text.startsWith('\ufeff')),
  fc.string({ minLength: 240, maxLength: 255 }),
)

const address: fc.Arbitrary<Address> = fc.record({
  ip: fc.oneof(fc.ipV4(), fc.ipV6()),
  port: fc.integer({ min: 0, max: 65_535 }),
})

const tags: fc.Arbitrary<Tags> = fc
  .uniqueArray(fc.tuple(name, fc.string({ maxLength: 100 })), { selector: ([key]) => key, maxLength: 12 })
  .map((entries) => new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1))))

/** Numbers as they come back from 32 bits. */
const float32 = fc.float({ noNaN: true, noDefaultInfinity: true })

/** A place as it comes back. */
const coordinate = fc.record({
  vec: fc.array(float32, { minLength: 8, maxLength: 8 }),
  error: float32,
  adjustment: float32,
  height: float32,
})

const filter = fc.oneof(fc.constant(''), fc.string({ maxLength: 300 }))

/** Any event. */
export const userEvent: fc.Arbitrary<UserEvent> = fc.record({
  id: fc.oneof(fc.uuid(), name),
  name,
  payload: fc.uint8Array({ maxLength: 600 }),
  nodeFilter: filter,
  serviceFilter: filter,
  tagFilter: filter,
  version: uint32,
  lamportTime: time,
})

/** News of a member by itself. */
export const aliveUpdate: fc.Arbitrary<AliveUpdate> = fc.record({
  kind: fc.constant('alive' as const),
  name,
  id: fc.oneof(fc.uuid(), name),
  incarnation: uint32,
  address,
  tags,
  versionMin: fc.integer({ min: 0, max: 255 }),
  versionMax: fc.integer({ min: 0, max: 255 }),
})

const otherUpdate: fc.Arbitrary<Update> = fc.oneof(
  fc.record({ kind: fc.constant('suspect' as const), name, incarnation: uint32, from: name }),
  fc.record({
    kind: fc.constant('dead' as const),
    name,
    incarnation: uint32,
    from: name,
    left: fc.boolean(),
  }),
  fc.record({
    kind: fc.constantFrom('joinIntent' as const, 'leaveIntent' as const),
    name,
    lamportTime: time,
    prune: fc.boolean(),
  }),
)

/** Any message of a datagram. */
export const packetMessage: fc.Arbitrary<PacketMessage> = fc.oneof(
  aliveUpdate,
  otherUpdate,
  fc.record({
    kind: fc.constant('ping' as const),
    sequence: uint32,
    target: name,
    from: name,
    fromAddress: address,
    digest: uint32,
  }),
  fc.record({
    kind: fc.constant('pingRequest' as const),
    sequence: uint32,
    target: name,
    targetAddress: address,
    from: name,
    fromAddress: address,
  }),
  fc.record(
    { kind: fc.constant('ack' as const), sequence: uint32, digest: uint32, coordinate },
    { requiredKeys: ['kind', 'sequence', 'digest'] },
  ),
  fc.record({ kind: fc.constant('userEvent' as const), event: userEvent }),
  fc.record({ kind: fc.constant('nack' as const), sequence: uint32 }),
)

const memberState: fc.Arbitrary<MemberState> = fc.record({
  update: aliveUpdate,
  status: fc.constantFrom('alive' as const, 'suspect' as const, 'dead' as const, 'left' as const),
  intentTime: time,
  isLeaving: fc.boolean(),
})

const pushPull = fc.record({
  kind: fc.constant('pushPull' as const),
  from: name,
  join: fc.boolean(),
  datacenter: name,
  lamportTime: time,
  members: fc.array(memberState, { maxLength: 5 }),
  eventTime: time,
  events: fc.array(userEvent, { maxLength: 3 }),
})

/** Any question over a stream. */
export const exchangeRequest: fc.Arbitrary<ExchangeRequest> = fc.oneof(
  pushPull,
  fc.record({ kind: fc.constant('streamPing' as const), target: name, from: name }),
)

/** Any answer over a stream. */
export const exchangeReply: fc.Arbitrary<ExchangeReply> = fc.oneof(
  pushPull,
  fc.constant({ kind: 'streamAck' as const }),
  fc.record({ kind: fc.constant('refused' as const), reason: name }),
)
