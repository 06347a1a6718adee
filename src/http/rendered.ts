// Bodies that were made lately, by the value that they were made of: values are shared between all who ask the same, and
// so is what is sent. A change makes another value, so nothing here is ever out of date.
import type { Consistency } from '../model/query.ts'
import { inOnePiece } from './json.ts'
import type { CacheUse } from './route.ts'

/** One rendering of a value. */
export interface Rendered {
  /** Which one of those that a value may have. */
  readonly render: unknown
  readonly isPretty: boolean
  readonly text: string
  /** The compressed form, once somebody has asked for it. */
  gzip: Promise<Uint8Array<ArrayBuffer>> | null
  /** The answer's frame as it was last: most answers have the same one. */
  init: ResponseInit | null
  /** What is special about that frame. */
  frame: Frame | null
}

/** What the frame of an answer follows. */
export interface Frame {
  readonly index: number
  readonly lastContactMs: number
  readonly knownLeader: boolean
  readonly mode: Consistency | undefined
  readonly cache: CacheUse | undefined
}

/** Characters of all bodies in one generation; a single one of more is not kept. There are two generations. */
const charactersMax = 8 * 1024 * 1024
/** A body of more is kept when it is asked for again: most of them never are. */
const largeCharacters = 256 * 1024
/** What a body costs beside its characters. */
const overhead = 256

/** Bodies, those that were not used for the longest time going first. */
export class RenderedBodies {
  #young = new Map<unknown, Rendered[]>()
  #old = new Map<unknown, Rendered[]>()
  #characters = 0
  /** Values of large bodies that were made. */
  readonly #large = new WeakSet<object>()

  /** The body of a value in this form, made by `make` if there is none. */
  of(value: unknown, render: unknown, isPretty: boolean, make: () => string): Rendered {
    const known = this.#young.get(value) ?? this.#old.get(value)
    const found = known?.find((each) => each.render === render && each.isPretty === isPretty)
    if (found !== undefined) {
      if (!this.#young.has(value)) this.#add(value, found)
      return found
    }
    const made: Rendered = { render, isPretty, text: inOnePiece(make()), gzip: null, init: null, frame: null }
    if (this.#isWorthIt(value, made)) this.#add(value, made)
    return made
  }

  #isWorthIt(value: unknown, { text }: Rendered): boolean {
    if (text.length <= largeCharacters) return true
    if (text.length > charactersMax || typeof value !== 'object' || value === null) return false
    const isAskedAgain = this.#large.has(value)
    this.#large.add(value)
    return isAskedAgain
  }

  #add(value: unknown, rendered: Rendered): void {
    this.#characters += rendered.text.length + overhead
    if (this.#characters > charactersMax) {
      this.#old = this.#young
      this.#young = new Map()
      this.#characters = rendered.text.length + overhead
    }
    const present = this.#young.get(value)
    if (present === undefined) this.#young.set(value, [rendered])
    else present.push(rendered)
  }
}
