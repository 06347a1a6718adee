// The format of a segment file: a header, then frames. One frame is one synced batch, so a frame that is damaged
// while another one begins behind it was durable once: that is corruption, and not a torn write. No I/O here.
//
//   header  magic, version u16, 0 u16, sequence u32, first index u64, crc32c of the 20 bytes before
//   frame   magic, sequence u32, its own offset u32, payload length u32, crc32c of the payload,
//           crc32c of the 20 bytes before; then the payload (record.ts)
//
// All numbers are little-endian. The header's layout is the same in every version.
import { crc32c } from '../lib/crc32c.ts'

/** Bytes of a segment's header, and of a frame's. */
export const headerBytes = 24

const segmentMagic = 0x4c524350 // 'PCRL'
const frameMagic = 0x46524350 // 'PCRF'

/** What a segment's header says. */
export interface SegmentHeader {
  readonly version: number
  readonly sequence: number
  /** Index of the first entry that was to follow when the segment began. */
  readonly firstIndex: number
}

/** `00000042.log` */
export function segmentName(sequence: number): string {
  return `${String(sequence).padStart(8, '0')}.log`
}

/** The sequence of a segment by its name, or undefined for other files. */
export function segmentSequence(name: string): number | undefined {
  return /^\d{8,10}\.log$/.test(name) ? Number(name.slice(0, -4)) : undefined
}

/** A segment's first bytes. */
export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(headerBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, segmentMagic, true)
  view.setUint16(4, header.version, true)
  view.setUint32(8, header.sequence, true)
  view.setUint32(12, header.firstIndex % 0x1_0000_0000, true)
  view.setUint32(16, Math.floor(header.firstIndex / 0x1_0000_0000), true)
  view.setUint32(20, crc32c(bytes.subarray(0, 20)), true)
  return bytes
}

/** A segment's header, or undefined if it is damaged or incomplete. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | undefined {
  if (bytes.length < headerBytes) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes)
  if (view.getUint32(0, true) !== segmentMagic) return undefined
  if (view.getUint32(20, true) !== crc32c(bytes.subarray(0, 20))) return undefined
  const firstIndex = view.getUint32(16, true) * 0x1_0000_0000 + view.getUint32(12, true)
  return { version: view.getUint16(4, true), sequence: view.getUint32(8, true), firstIndex }
}

/** Where a frame stands: a copy of it anywhere else is not taken for one. */
export interface FramePlace {
  readonly sequence: number
  readonly offset: number
}

/** Fills in the header of a frame whose payload begins `headerBytes` into `frame`. */
export function sealFrame(frame: Uint8Array, place: FramePlace): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  view.setUint32(0, frameMagic, true)
  view.setUint32(4, place.sequence, true)
  view.setUint32(8, place.offset, true)
  view.setUint32(12, frame.length - headerBytes, true)
  view.setUint32(16, crc32c(frame.subarray(headerBytes)), true)
  view.setUint32(20, crc32c(frame.subarray(0, 20)), true)
}

/** What a frame's header says of its payload. */
export interface FrameHeader {
  readonly length: number
  readonly crc: number
}

/** A frame's header, or undefined if there is no frame that was written to this place. */
export function decodeFrameHeader(bytes: Uint8Array, place: FramePlace): FrameHeader | undefined {
  if (bytes.length < headerBytes) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes)
  if (view.getUint32(0, true) !== frameMagic) return undefined
  if (view.getUint32(4, true) !== place.sequence || view.getUint32(8, true) !== place.offset) return undefined
  if (view.getUint32(20, true) !== crc32c(bytes.subarray(0, 20))) return undefined
  return { length: view.getUint32(12, true), crc: view.getUint32(16, true) }
}

/** Offset within `bytes` of the next place that looks like a frame, from `from` on; -1 if there is none. */
export function nextFrameMagic(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0x50, from); at >= 0; at = bytes.indexOf(0x50, at + 1)) {
    if (bytes[at + 1] === 0x43 && bytes[at + 2] === 0x52 && bytes[at + 3] === 0x46) return at
  }
  return -1
}
