// A coordinate as bytes: eleven floating-point numbers of 32 bits, which is a microsecond in ten seconds. It rides on every
// ack, so it is short.
import { coordinateDimensions, type Coordinate } from '../model/coordinate.ts'

const numberBytes = 4
const sizeBytes = numberBytes * (coordinateDimensions + 3)

/** Stands for one that could not be read. */
export const unknownCoordinate: Coordinate = { vec: [], error: 0, adjustment: 0, height: 0 }

/** A coordinate as 44 bytes. Numbers beyond 32 bits become infinite, and the receiver refuses them. */
export function coordinateBytes({ vec, error, adjustment, height }: Coordinate): Uint8Array {
  const view = new DataView(new ArrayBuffer(sizeBytes))
  const numbers = [...vec.slice(0, coordinateDimensions), error, adjustment, height]
  for (const [i, number] of numbers.entries()) view.setFloat32(i * numberBytes, number)
  return new Uint8Array(view.buffer)
}

/** The coordinate of 44 bytes, or null if they are not 44 or a number is none. Whether it is plausible, others say. */
export function readCoordinate(bytes: Uint8Array): Coordinate | null {
  if (bytes.length !== sizeBytes) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, sizeBytes)
  const numbers = Array.from({ length: coordinateDimensions + 3 }, (_, i) => view.getFloat32(i * numberBytes))
  if (!numbers.every((number) => Number.isFinite(number))) return null
  const [error = 0, adjustment = 0, height = 0] = numbers.slice(coordinateDimensions)
  return { vec: numbers.slice(0, coordinateDimensions), error, adjustment, height }
}
