// Numbers of HCL: decimal, octal (017), hexadecimal (0x1f), with a fraction, with an exponent.
import { HclFault } from './fault.ts'

const pattern = /-?0[xX][\da-fA-F]*|-?\d+(?:\.\d*)?(?:[eE][+-]?\d*)?|\.\d+(?:[eE][+-]?\d*)?/y

/** Whole numbers beyond these are refused, as they do not fit 64 bits. */
const wholeMax = 2n ** 63n

/** More digits than any number has that fits; what is longer is not worked out. */
const digitsMax = 100

/** A number that begins at an offset, and where it ends; undefined when none begins there. */
export function scanNumber(text: string, at: number): { value: number; end: number } | undefined {
  pattern.lastIndex = at
  const written = pattern.exec(text)?.[0]
  if (written === undefined) return undefined
  return { value: numberOf(written, at), end: at + written.length }
}

/** Adding 0 makes the negative zero, which no reader expects, a plain one. */
function numberOf(written: string, at: number): number {
  const name = written.length > 40 ? `${written.slice(0, 40)}…` : written
  const sign = written.startsWith('-') ? -1 : 1
  const digits = sign < 0 ? written.slice(1) : written
  const isDecimal = /[.eE]/.test(digits) && !/^0[xX]/.test(digits)
  if (isDecimal) return sign * decimalOf(digits, name, at) + 0
  const whole = wholeOf(digits, name, at)
  if (whole > wholeMax || (whole === wholeMax && sign > 0)) throw tooLarge(name, at)
  return sign * Number(whole) + 0
}

function wholeOf(digits: string, name: string, at: number): bigint {
  if (/^0[xX]$/.test(digits)) {
    throw new HclFault(at, `${name} is not a number: no hexadecimal digit follows it`)
  }
  if (/^0\d*[89]/.test(digits)) {
    throw new HclFault(at, `${name} is not a number: after a leading 0 it is octal, with digits from 0 to 7`)
  }
  if (digits.length > digitsMax) throw tooLarge(name, at)
  return BigInt(/^0\d/.test(digits) ? `0o${digits}` : digits)
}

function decimalOf(digits: string, name: string, at: number): number {
  if (/[eE][+-]?$/.test(digits)) throw new HclFault(at, `${name} is not a number: its exponent has no digits`)
  const value = Number(digits)
  if (value === Infinity) throw tooLarge(name, at)
  return value
}

function tooLarge(name: string, at: number): HclFault {
  return new HclFault(at, `${name} is too large for a number`)
}
