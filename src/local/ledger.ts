// How the catalog stands to each thing of this node: what differs and is to be sent, in the order in which it came.

/** Names a thing: the node, a service or a check. */
export type Key = 'n' | `s:${string}` | `c:${string}`

/** Key of the node itself. */
export const nodeKey: Key = 'n'

/** Key of a service. */
export function serviceKey(id: string): Key {
  return `s:${id}`
}

/** Key of a check. */
export function checkKey(id: string): Key {
  return `c:${id}`
}

/** True for the key of a service. */
export function isServiceKey(key: Key): boolean {
  return key.startsWith('s:')
}

/** True for the key of a check. */
export function isCheckKey(key: Key): boolean {
  return key.startsWith('c:')
}

/** The id in a service's or a check's key. */
export function idOf(key: Key): string {
  return key.slice(2)
}

/**
 * The state of every key is one of four: out of sync (in the queue), unknown (nothing was sent in this run and the
 * catalog was not looked at), refused, or in sync (none of the others).
 */
export class Ledger {
  /** With the version at which it came in. */
  readonly #queue = new Map<Key, number>()
  readonly #unknown = new Set<Key>()
  readonly #refused = new Set<Key>()

  /** What is to be sent, oldest first. */
  get queue(): ReadonlyMap<Key, number> {
    return this.#queue
  }

  isIn(key: Key): boolean {
    return !this.#queue.has(key) && !this.#unknown.has(key) && !this.#refused.has(key)
  }

  isOut(key: Key): boolean {
    return this.#queue.has(key)
  }

  isUnknown(key: Key): boolean {
    return this.#unknown.has(key)
  }

  isRefused(key: Key): boolean {
    return this.#refused.has(key)
  }

  /** It differs; a place in the queue that it has already stays. */
  markOut(key: Key, version: number): void {
    this.#unknown.delete(key)
    this.#refused.delete(key)
    if (!this.#queue.has(key)) this.#queue.set(key, version)
  }

  markUnknown(key: Key): void {
    if (!this.#queue.has(key)) this.#unknown.add(key)
  }

  /** The catalog has said no. What has changed meanwhile is to be sent again anyway. */
  markRefused(key: Key): void {
    if (!this.#queue.has(key)) this.#refused.add(key)
  }

  /** It is in the catalog as it is here, or is being sent, or is of no concern any more. */
  settle(key: Key): void {
    this.#queue.delete(key)
    this.#unknown.delete(key)
    this.#refused.delete(key)
  }

  /** The version up to which everything was taken out of the queue; `version` if it is empty. */
  settledVersion(version: number): number {
    for (const first of this.#queue.values()) return first - 1
    return version
  }
}
