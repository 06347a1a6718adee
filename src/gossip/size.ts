// Upper bounds on what a message takes in a datagram, so that the core can pack without knowing the codec.
// A property test of codec/ proves that no encoding exceeds them.
import type { UserEvent } from '../model/user-event.ts'
import type { AliveUpdate, PacketMessage, Tags } from './message.ts'

/** Bytes of a datagram before its first message. */
export const packetOverheadBytes = 2

/** No news is smaller; below this a packet is full. */
export const messageBytesMin = 12

/** The head of a message: its length, an array of fewer than 24 fields, and its kind. */
const headBytes = 5
const uintBytes = 5
const portBytes = 3
/** Lamport times go beyond 32 bits. */
const timeBytes = 9
const flagBytes = 1
/** A coordinate: a byte string of eleven numbers of four bytes. */
const coordinateBytes = 2 + 11 * 4
/** Length of a text or list before its content. */
const lengthBytes = 3

/** Nearly all texts: told by the engine itself, faster than unit by unit. */
const ascii = /^[\0-\x7f]*$/

/** Bytes of a text in UTF-8; a lone half of a surrogate pair counts three. */
export function textBytes(text: string): number {
  let bytes = text.length
  if (ascii.test(text)) return bytes
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    bytes += unit < 0x800 ? 1 : 2
    // The first half has counted for both: two units, four bytes.
    if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(i + 1))) i++
  }
  return bytes
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}

function textSizeMax(text: string): number {
  return lengthBytes + textBytes(text)
}

/** Bytes that a member's tags take, lengths included; this is what `tagsBytesMax` limits. */
export function tagsBytes(tags: Tags): number {
  let bytes = lengthBytes
  for (const [key, value] of tags) bytes += textSizeMax(key) + textSizeMax(value)
  return bytes
}

function aliveSizeMax(update: AliveUpdate): number {
  const texts = textSizeMax(update.name) + textSizeMax(update.id) + textSizeMax(update.address.ip)
  return headBytes + texts + portBytes + 3 * uintBytes + tagsBytes(update.tags)
}

/**
 * The most bytes that a message takes within a datagram.
 *
 * Bounds: linear in its texts. Errors: none.
 */
export function messageSizeMax(message: PacketMessage): number {
  switch (message.kind) {
    case 'ping':
      return (
        headBytes +
        2 * uintBytes +
        textSizeMax(message.target) +
        textSizeMax(message.from) +
        addressSizeMax(message.fromAddress.ip)
      )
    case 'pingRequest':
      return (
        headBytes +
        uintBytes +
        textSizeMax(message.target) +
        addressSizeMax(message.targetAddress.ip) +
        textSizeMax(message.from) +
        addressSizeMax(message.fromAddress.ip)
      )
    case 'ack':
      return headBytes + 2 * uintBytes + (message.coordinate === undefined ? 0 : coordinateBytes)
    case 'nack':
      return headBytes + uintBytes
    case 'alive':
      return aliveSizeMax(message)
    case 'suspect':
      return headBytes + textSizeMax(message.name) + uintBytes + textSizeMax(message.from)
    case 'dead':
      return headBytes + textSizeMax(message.name) + uintBytes + textSizeMax(message.from) + flagBytes
    case 'joinIntent':
    case 'leaveIntent':
      return headBytes + textSizeMax(message.name) + timeBytes + flagBytes
    case 'userEvent':
      return headBytes + eventSizeMax(message.event)
    default:
      return message satisfies never
  }
}

/** The most bytes that the fields of an event take. */
function eventSizeMax(event: UserEvent): number {
  const texts = textSizeMax(event.id) + textSizeMax(event.name) + eventFiltersSizeMax(event)
  return texts + lengthBytes + event.payload.length + uintBytes + timeBytes
}

function eventFiltersSizeMax(event: UserEvent): number {
  return textSizeMax(event.nodeFilter) + textSizeMax(event.serviceFilter) + textSizeMax(event.tagFilter)
}

/** Bytes of what an event says: its name, payload and filters; this is what `eventBytesMax` limits. */
export function eventBytes(event: Omit<UserEvent, 'lamportTime'>): number {
  const { name, payload, nodeFilter, serviceFilter, tagFilter } = event
  return (
    textBytes(name) + payload.length + textBytes(nodeFilter) + textBytes(serviceFilter) + textBytes(tagFilter)
  )
}

function addressSizeMax(ip: string): number {
  return textSizeMax(ip) + portBytes
}
