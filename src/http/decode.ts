// Bodies of requests read by the readers of definition/: what does not fit becomes a refusal.
import { type Reader } from '../definition/decode.ts'
import { Misfit, apiRoot } from '../definition/misfit.ts'
import { Refusal } from './errors.ts'
import { parseJson } from './json-parse.ts'

/** Parses a body and reads it. Throws Refusal (400) with the reference's text. */
export function decodeBody<T>(body: string, reader: Reader<T>): T {
  return refusing(() => reader(parseJson(body), apiRoot))
}

/** Reads, and turns what does not fit into a Refusal (400). */
export function refusing<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof Misfit) throw decodeFailure(error.message)
    throw error
  }
}

/** The refusal of a body. */
export function decodeFailure(reason: string): Refusal {
  return new Refusal(400, `Request decode failed: ${reason}`)
}
