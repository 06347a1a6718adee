// Who waits for what. Finds the waiters that a change concerns without looking at the others.
// Exact topics are looked up; waiting prefixes stand in a radix tree that a changed key walks once.

/** Waiters of any kind, each under one or more topics (topics.ts). */
export interface Watches<W> {
  /** How many are waiting. */
  readonly size: number
  /** Waits until one of the topics changes; returns what ends the waiting. */
  add(topics: readonly string[], waiter: W): () => void
  /**
   * Takes out and returns the waiters that these changes concern, in the order they came.
   * Bounds: O(length) per changed topic plus what is returned.
   */
  wake(changed: readonly string[]): readonly W[]
  /** Takes out and returns all, in the order they came: after a restore nothing is as it was. */
  wakeAll(): readonly W[]
}

/** No waiters yet. */
export function createWatches<W>(): Watches<W> {
  return new TopicWatches<W>()
}

interface Watch<W> {
  readonly number: number
  readonly topics: readonly string[]
  readonly waiter: W
}

class TopicWatches<W> implements Watches<W> {
  readonly #watches = new Set<Watch<W>>()
  readonly #exact = new Map<string, Set<Watch<W>>>()
  readonly #prefixes: PrefixNode<W> = { label: '', children: new Map(), watches: new Set() }
  #added = 0

  get size(): number {
    return this.#watches.size
  }

  add(topics: readonly string[], waiter: W): () => void {
    const watch: Watch<W> = { number: this.#added++, topics, waiter }
    this.#watches.add(watch)
    for (const topic of topics) {
      if (topic.startsWith('p:')) insertPrefix(this.#prefixes, topic.slice(2)).watches.add(watch)
      else this.#insertExact(topic, watch)
    }
    return () => this.#remove(watch)
  }

  wake(changed: readonly string[]): readonly W[] {
    if (this.#watches.size === 0) return []
    const found = new Set<Watch<W>>()
    for (const topic of changed) {
      for (const watch of this.#exact.get(topic) ?? []) found.add(watch)
      if (topic.startsWith('k:')) collectPrefixes(this.#prefixes, topic.slice(2), found)
      else if (topic.startsWith('d:')) this.#collectTree(topic.slice(2), found)
    }
    return this.#take(found)
  }

  wakeAll(): readonly W[] {
    return this.#take(new Set(this.#watches))
  }

  /** Looks at all who wait for single keys: large trees are seldom deleted. */
  #collectTree(tree: string, found: Set<Watch<W>>): void {
    for (const [topic, watches] of this.#exact) {
      if (!topic.startsWith('k:') || !topic.startsWith(tree, 2)) continue
      for (const watch of watches) found.add(watch)
    }
    collectPrefixes(this.#prefixes, tree, found)
    collectBelow(this.#prefixes, tree, found)
  }

  #take(found: ReadonlySet<Watch<W>>): readonly W[] {
    const watches = [...found].sort((a, b) => a.number - b.number)
    for (const watch of watches) this.#remove(watch)
    return watches.map((watch) => watch.waiter)
  }

  #insertExact(topic: string, watch: Watch<W>): void {
    const present = this.#exact.get(topic)
    if (present === undefined) this.#exact.set(topic, new Set([watch]))
    else present.add(watch)
  }

  #remove(watch: Watch<W>): void {
    if (!this.#watches.delete(watch)) return
    for (const topic of watch.topics) {
      if (topic.startsWith('p:')) {
        removePrefix(this.#prefixes, topic.slice(2), watch)
        continue
      }
      const present = this.#exact.get(topic)
      present?.delete(watch)
      if (present?.size === 0) this.#exact.delete(topic)
    }
  }
}

/** A node of the radix tree: `label` is what its edge adds to its parent's text. */
interface PrefixNode<W> {
  label: string
  /** By the first code unit of the child's label. */
  children: Map<number, PrefixNode<W>>
  watches: Set<Watch<W>>
}

/** Adds the watches of every node whose text is a prefix of `key`. */
function collectPrefixes<W>(root: PrefixNode<W>, key: string, found: Set<Watch<W>>): void {
  let node: PrefixNode<W> | undefined = root
  let at = 0
  while (node !== undefined && key.startsWith(node.label, at)) {
    at += node.label.length
    for (const watch of node.watches) found.add(watch)
    node = at < key.length ? node.children.get(key.charCodeAt(at)) : undefined
  }
}

/** Adds the watches of every node whose text begins with `prefix`. */
function collectBelow<W>(root: PrefixNode<W>, prefix: string, found: Set<Watch<W>>): void {
  const nodes: (readonly [PrefixNode<W>, string])[] = [[root, '']]
  for (let next = nodes.pop(); next !== undefined; next = nodes.pop()) {
    const [node, before] = next
    const text = before + node.label
    if (!text.startsWith(prefix) && !prefix.startsWith(text)) continue
    if (text.startsWith(prefix)) for (const watch of node.watches) found.add(watch)
    for (const child of node.children.values()) nodes.push([child, text])
  }
}

/** The node for exactly this text, made if need be. */
function insertPrefix<W>(root: PrefixNode<W>, text: string): PrefixNode<W> {
  let node = root
  let rest = text
  while (rest.length > 0) {
    const child = node.children.get(rest.charCodeAt(0))
    if (child === undefined) {
      const leaf: PrefixNode<W> = { label: rest, children: new Map(), watches: new Set() }
      node.children.set(rest.charCodeAt(0), leaf)
      return leaf
    }
    const shared = sharedLength(child.label, rest)
    node = shared === child.label.length ? child : split(node, child, shared)
    rest = rest.slice(shared)
  }
  return node
}

/** Puts a new node between a parent and its child, after `length` units of the child's label. */
function split<W>(parent: PrefixNode<W>, child: PrefixNode<W>, length: number): PrefixNode<W> {
  const middle: PrefixNode<W> = {
    label: child.label.slice(0, length),
    children: new Map(),
    watches: new Set(),
  }
  parent.children.set(child.label.charCodeAt(0), middle)
  child.label = child.label.slice(length)
  middle.children.set(child.label.charCodeAt(0), child)
  return middle
}

function sharedLength(a: string, b: string): number {
  let i = 0
  while (i < a.length && i < b.length && a.charCodeAt(i) === b.charCodeAt(i)) i++
  return i
}

/** Takes a watch out, and with it the nodes that are no longer needed. */
function removePrefix<W>(root: PrefixNode<W>, text: string, watch: Watch<W>): void {
  const path: PrefixNode<W>[] = [root]
  let at = 0
  while (at < text.length) {
    const child = path[path.length - 1]?.children.get(text.charCodeAt(at))
    if (child === undefined) return
    at += child.label.length
    path.push(child)
  }
  path[path.length - 1]?.watches.delete(watch)
  for (let i = path.length - 1; i > 0; i--) prune(path[i - 1], path[i])
}

/** Removes a node that holds nothing, or joins it with its only child. */
function prune<W>(parent: PrefixNode<W> | undefined, node: PrefixNode<W> | undefined): void {
  if (parent === undefined || node === undefined || node.watches.size > 0 || node.children.size > 1) return
  const [child] = node.children.values()
  if (child === undefined) {
    parent.children.delete(node.label.charCodeAt(0))
    return
  }
  child.label = node.label + child.label
  parent.children.set(child.label.charCodeAt(0), child)
}
