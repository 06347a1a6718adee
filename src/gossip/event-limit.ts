// Whether an event may be fired: the reference counts the bytes of its own encoding (MessagePack), and so do we, so that
// what fits there fits here. On our own wire it takes less.
import type { UserEvent } from '../model/user-event.ts'
import { textBytes } from './size.ts'

/** An event as it is fired. */
type Fired = Omit<UserEvent, 'lamportTime'>

/** Bytes of an event in the reference's form: what the user wrote, and all of it with its envelope. */
export interface EncodedSize {
  readonly before: number
  readonly after: number
}

/** Before the name in the reference's form: `consul:event:`. */
const namePrefixBytes = 13

/** The bytes that the reference's encodings of an event take at a Lamport time. */
export function encodedEventSize(event: Fired, lamportTime: number): EncodedSize {
  const name = namePrefixBytes + textBytes(event.name)
  const payload = payloadSize(event)
  const fields = 1 + keySize('LTime') + uintSize(lamportTime) + keySize('Name') + envelopeTextSize(name)
  const rest = keySize('Payload') + envelopeTextSize(payload) + keySize('CC') + 1
  return { before: name + payload, after: 1 + fields + rest }
}

/** The event without its envelope: a map of id, name, payload, the filters that are set, and the version. */
function payloadSize({ id, name, payload, nodeFilter, serviceFilter, tagFilter, version }: Fired): number {
  const required = 1 + keySize('ID') + textSize(textBytes(id)) + keySize('n') + textSize(textBytes(name))
  const filters = [nodeFilter, serviceFilter, tagFilter].filter((filter) => filter !== '')
  const filtersSize = filters.reduce((sum, filter) => sum + keySize('nf') + textSize(textBytes(filter)), 0)
  const payloadBytes = payload.length === 0 ? 0 : keySize('p') + textSize(payload.length)
  return required + filtersSize + payloadBytes + keySize('v') + uintSize(version)
}

function keySize(key: string): number {
  return 1 + key.length
}

/** A string or binary of so many bytes with its head. */
function textSize(bytes: number): number {
  if (bytes < 32) return 1 + bytes
  return (bytes < 256 ? 2 : 3) + bytes
}

/** The envelope is in an older form of MessagePack, which has no head of two bytes. */
function envelopeTextSize(bytes: number): number {
  return (bytes < 32 ? 1 : 3) + bytes
}

function uintSize(value: number): number {
  if (value < 128) return 1
  if (value < 256) return 2
  if (value < 65_536) return 3
  return value < 0x1_0000_0000 ? 5 : 9
}
