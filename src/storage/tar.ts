// The little of the tar format (POSIX ustar) that archives need: headers of plain files. Pure.
import { err, ok, type Result } from '../lib/result.ts'

/** Everything in a tar file comes in blocks of this size. */
export const tarBlockBytes = 512

/** A file in a tar archive. */
export interface TarEntry {
  readonly name: string
  readonly size: number
  readonly modifiedSeconds: number
}

const ascii = new TextEncoder()
/** Twelve octal digits hold no more: 8 GiB. */
const sizeMax = 8 ** 11 - 1

/** The block before a file. Errors: none; a name of up to 100 characters and a size below 8 GiB are the caller's duty. */
export function tarHeader({ name, size, modifiedSeconds }: TarEntry): Uint8Array {
  const block = new Uint8Array(tarBlockBytes)
  const put = (at: number, text: string): void => block.set(ascii.encode(text), at)
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0')
  put(0, name)
  put(100, '0000600\0')
  put(108, '0000000\0')
  put(116, '0000000\0')
  put(124, octal(size, 11))
  put(136, octal(modifiedSeconds, 11))
  put(148, ' '.repeat(8))
  put(156, '0')
  put(257, 'ustar\u000000')
  put(148, `${octal(sumOf(block), 6)}\0 `)
  return block
}

/** Zeros after a file of this size, up to the next block. */
export function tarPadding(size: number): number {
  return (tarBlockBytes - (size % tarBlockBytes)) % tarBlockBytes
}

/** Two blocks of zeros. */
export const tarEnd: Uint8Array = new Uint8Array(2 * tarBlockBytes)

/** Reads a header; null is the end of the archive. Errors: a sentence. Nothing but plain files is admitted. */
export function parseTarHeader(block: Uint8Array): Result<TarEntry | null, string> {
  if (block.every((byte) => byte === 0)) return ok(null)
  const sum = octalAt(block, 148, 8)
  const isSound = sum === sumOf(block)
  const size = octalAt(block, 124, 12)
  const name = textAt(block, 0, 100)
  if (!isSound || size === undefined || size > sizeMax) return err('archive/tar: invalid tar header')
  const prefix = textAt(block, 257, 5) === 'ustar' ? textAt(block, 345, 155) : ''
  const type = block[156]
  if (type !== 0x30 && type !== 0) return err(`unexpected file ${JSON.stringify(name)} in snapshot`)
  const fullName = prefix === '' ? name : `${prefix}/${name}`
  return ok({ name: fullName, size, modifiedSeconds: octalAt(block, 136, 12) ?? 0 })
}

/** The sum of all bytes, with blanks in place of the sum itself. */
function sumOf(block: Uint8Array): number {
  let sum = 0
  for (const [at, byte] of block.entries()) sum += at >= 148 && at < 156 ? 0x20 : byte
  return sum
}

function textAt(block: Uint8Array, at: number, length: number): string {
  let text = ''
  for (const byte of block.subarray(at, at + length)) {
    if (byte === 0) break
    text += String.fromCharCode(byte)
  }
  return text
}

function octalAt(block: Uint8Array, at: number, length: number): number | undefined {
  const text = textAt(block, at, length).trim()
  return /^[0-7]{1,12}$/.test(text) ? Number.parseInt(text, 8) : undefined
}
