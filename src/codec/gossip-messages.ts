// The fields of each gossip message, by position. Codes and positions are part of the wire protocol: a change is a
// new wire version (model/version.ts).
import type { PacketMessage, Tags } from '../gossip/message.ts'
import type { Address } from '../model/address.ts'
import type { UserEvent } from '../model/user-event.ts'
import { coordinateBytes } from './coordinate-bytes.ts'
import type { Fields } from './gossip-fields.ts'

const codes = {
  ping: 1,
  pingRequest: 2,
  ack: 3,
  nack: 4,
  alive: 5,
  suspect: 6,
  dead: 7,
  joinIntent: 8,
  leaveIntent: 9,
  userEvent: 10,
} as const

const uint32Max = 0xffff_ffff
const portMax = 0xffff
/** Units of one text, and bytes of the payload, of an event; the machine's own limit is lower. */
const eventTextMax = 1024

/** A message as the array that is encoded. */
export function messageFields(message: PacketMessage): readonly unknown[] {
  const code = codes[message.kind]
  switch (message.kind) {
    case 'ping':
      return [
        code,
        message.sequence,
        message.target,
        message.from,
        ...addressFields(message.fromAddress),
        message.digest,
      ]
    case 'pingRequest': {
      const { sequence, target, from } = message
      const [targetAddress, fromAddress] = [
        addressFields(message.targetAddress),
        addressFields(message.fromAddress),
      ]
      return [code, sequence, target, ...targetAddress, from, ...fromAddress]
    }
    case 'ack':
      return message.coordinate === undefined
        ? [code, message.sequence, message.digest]
        : [code, message.sequence, message.digest, coordinateBytes(message.coordinate)]
    case 'nack':
      return [code, message.sequence]
    case 'alive': {
      const { name, id, incarnation, address, versionMin, versionMax } = message
      return [
        code,
        name,
        id,
        incarnation,
        ...addressFields(address),
        versionMin,
        versionMax,
        tagFields(message.tags),
      ]
    }
    case 'suspect':
      return [code, message.name, message.incarnation, message.from]
    case 'dead':
      return [code, message.name, message.incarnation, message.from, message.left]
    case 'joinIntent':
    case 'leaveIntent':
      return [code, message.name, message.lamportTime, message.prune]
    case 'userEvent':
      return [code, ...eventFields(message.event)]
    default:
      return message satisfies never
  }
}

function eventFields(event: UserEvent): readonly unknown[] {
  const { id, name, payload, nodeFilter, serviceFilter, tagFilter, version, lamportTime } = event
  return [id, name, payload, nodeFilter, serviceFilter, tagFilter, version, lamportTime]
}

function addressFields(address: Address): readonly [string, number] {
  return [address.ip, address.port]
}

/** Keys and values in turn, by key: equal tags have equal bytes. */
function tagFields(tags: Tags): readonly string[] {
  const fields: string[] = []
  for (const [key, value] of [...tags].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
    fields.push(key, value)
  return fields
}

function readAddress(fields: Fields): Address {
  return { ip: fields.ip(), port: fields.uint(portMax) }
}

/** The message of decoded fields, or null when any of them is wrong, missing or too many. */
export function readMessage(fields: Fields): PacketMessage | null {
  const message = readFields(fields)
  return message !== null && fields.isComplete ? message : null
}

function readFields(fields: Fields): PacketMessage | null {
  switch (fields.uint(0xff)) {
    case codes.ping:
      return readPing(fields)
    case codes.pingRequest:
      return readPingRequest(fields)
    case codes.ack:
      return readAck(fields)
    case codes.nack:
      return { kind: 'nack', sequence: fields.uint(uint32Max) }
    case codes.alive:
      return readAlive(fields)
    case codes.suspect:
      return {
        kind: 'suspect',
        name: fields.name(),
        incarnation: fields.uint(uint32Max),
        from: fields.name(),
      }
    case codes.dead:
      return readDead(fields)
    case codes.joinIntent:
      return { kind: 'joinIntent', name: fields.name(), lamportTime: fields.time(), prune: fields.flag() }
    case codes.leaveIntent:
      return { kind: 'leaveIntent', name: fields.name(), lamportTime: fields.time(), prune: fields.flag() }
    case codes.userEvent:
      return { kind: 'userEvent', event: readEvent(fields) }
    default:
      return null
  }
}

function readAck(fields: Fields): PacketMessage {
  const sequence = fields.uint(uint32Max)
  const digest = fields.uint(uint32Max)
  if (!fields.hasMore) return { kind: 'ack', sequence, digest }
  return { kind: 'ack', sequence, digest, coordinate: fields.coordinate() }
}

function readEvent(fields: Fields): UserEvent {
  const id = fields.name()
  const name = fields.text(eventTextMax)
  const payload = fields.bytes(eventTextMax)
  const nodeFilter = fields.text(eventTextMax)
  const serviceFilter = fields.text(eventTextMax)
  const tagFilter = fields.text(eventTextMax)
  const version = fields.uint(uint32Max)
  return { id, name, payload, nodeFilter, serviceFilter, tagFilter, version, lamportTime: fields.time() }
}

function readPing(fields: Fields): PacketMessage {
  const sequence = fields.uint(uint32Max)
  const target = fields.name()
  const from = fields.name()
  const fromAddress = readAddress(fields)
  return { kind: 'ping', sequence, target, from, fromAddress, digest: fields.uint(uint32Max) }
}

function readPingRequest(fields: Fields): PacketMessage {
  const sequence = fields.uint(uint32Max)
  const target = fields.name()
  const targetAddress = readAddress(fields)
  const from = fields.name()
  return { kind: 'pingRequest', sequence, target, targetAddress, from, fromAddress: readAddress(fields) }
}

function readDead(fields: Fields): PacketMessage {
  const name = fields.name()
  const incarnation = fields.uint(uint32Max)
  const from = fields.name()
  return { kind: 'dead', name, incarnation, from, left: fields.flag() }
}

function readAlive(fields: Fields): PacketMessage {
  const name = fields.name()
  const id = fields.name()
  const incarnation = fields.uint(uint32Max)
  const address = readAddress(fields)
  const versionMin = fields.uint(0xff)
  const versionMax = fields.uint(0xff)
  return { kind: 'alive', name, id, incarnation, address, versionMin, versionMax, tags: fields.tags() }
}
