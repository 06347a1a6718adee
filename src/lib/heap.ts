// A binary heap: what is due first comes first.

/** Items with a number each, such as a time; the one with the least number is at the top. */
export class Heap<T> {
  readonly #items: { readonly at: number; readonly item: T }[] = []

  get size(): number {
    return this.#items.length
  }

  /** The least number, or `Infinity` when there is nothing. O(1). */
  get leastAt(): number {
    return this.#items[0]?.at ?? Infinity
  }

  /** Adds an item. O(log n). */
  push(at: number, item: T): void {
    const items = this.#items
    const added = { at, item }
    let place = items.length
    items.push(added)
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = items[parent]
      if (above === undefined || above.at <= at) break
      items[place] = above
      place = parent
    }
    items[place] = added
  }

  /** Takes out the item with the least number; among equals any. O(log n). */
  pop(): T | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (top === undefined || last === undefined) return undefined
    if (items.length > 0) this.#sink(last)
    return top.item
  }

  clear(): void {
    this.#items.length = 0
  }

  /** Puts an item in from the top, where a place is free. */
  #sink(moved: { readonly at: number; readonly item: T }): void {
    const items = this.#items
    let place = 0
    for (;;) {
      const left = items[2 * place + 1]
      const right = items[2 * place + 2]
      const isRight = right !== undefined && left !== undefined && right.at < left.at
      const child = isRight ? right : left
      if (child === undefined || child.at >= moved.at) break
      items[place] = child
      place = 2 * place + (isRight ? 2 : 1)
    }
    items[place] = moved
  }
}
