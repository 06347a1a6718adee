// What an answer was made from, so that it can be told later whether it still holds.
import type { Query } from '../model/query.ts'
import type { DnsView } from './view.ts'

/** A question to the catalog, with the answer that was used. */
interface Use {
  readonly query: Query
  readonly value: unknown
}

/** Follows one lookup. */
export class Trace {
  readonly #uses: Use[] = []
  readonly #version: number | null
  #isHeld = true

  constructor(view: DnsView) {
    this.#version = view.version()
  }

  /** The version of the catalog that it began with; null if the answer must not be used again. */
  get version(): number | null {
    return this.#isHeld ? this.#version : null
  }

  /** The view with its reads followed. */
  follow(view: DnsView): DnsView {
    if (this.#version === null) return view
    return {
      ...view,
      read: (query, datacenter) => {
        const answer = datacenter === '' ? view.readNow(query) : null
        if (answer === null) {
          this.let()
          return view.read(query, datacenter)
        }
        this.#uses.push({ query, value: answer.value })
        return { ok: true, value: answer.value }
      },
    }
  }

  /** The answer depends on more than the catalog here: it is not kept. */
  let(): void {
    this.#isHeld = false
  }

  /** True if the catalog still says what it said. */
  holds(view: DnsView): boolean {
    return this.#uses.every(({ query, value }) => {
      const answer = view.readNow(query)
      return answer !== null && isSame(answer.value, value)
    })
  }
}

/** Shared objects are compared by identity. Of a node with its services only the node is told. */
function isSame(a: unknown, b: unknown): boolean {
  return a === b || (isEmpty(a) && isEmpty(b)) || (nodeOf(a) !== undefined && nodeOf(a) === nodeOf(b))
}

/** Nothing found is no object that could be compared. */
function isEmpty(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 0)
}

function nodeOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'node' in value ? value.node : undefined
}
