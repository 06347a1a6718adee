// What stops the reading of HCL, and where in the text that is.
import type { JsonError } from '../json.ts'

/** The first thing that is wrong with a text, at an offset of it. Caught by `hcl.ts`, seen by nobody else. */
export class HclFault extends Error {
  readonly at: number

  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

/** The fault with its line and column, both from 1. A column is a character, whatever its width. */
export function placed(text: string, fault: HclFault): JsonError {
  const before = text.slice(0, fault.at).split('\n')
  const column = Array.from(before.at(-1) ?? '').length + 1
  return { line: before.length, column, message: fault.message }
}

/** A character as messages show it. */
export function shown(text: string, at: number): string {
  const point = text.codePointAt(at)
  return point === undefined ? 'the end of the file' : JSON.stringify(String.fromCodePoint(point))
}
