// The log in memory: a window of entries behind a base whose term is known. No disk, no commit index, no roles.
import { assert } from '../lib/assert.ts'
import type { Entry } from './message.ts'

/** Bytes of an entry for windows and limits: its data, or an estimate for what has none. */
export function entryBytes(entry: Entry): number {
  switch (entry.kind) {
    case 'command':
      return entry.data.length + 32
    case 'configuration':
      return 32 + entry.configuration.servers.length * 96
    case 'noop':
      return 32
  }
}

/**
 * True if a log that ends with `lastTerm`, `lastIndex` is at least as up-to-date as `log` (paper 5.4.1: the later
 * last term wins; with equal terms the longer log).
 */
export function isUpToDate(
  candidate: { readonly lastTerm: number; readonly lastIndex: number },
  log: { readonly lastTerm: number; readonly lastIndex: number },
): boolean {
  if (candidate.lastTerm !== log.lastTerm) return candidate.lastTerm > log.lastTerm
  return candidate.lastIndex >= log.lastIndex
}

/** Entries `baseIndex + 1 .. lastIndex`. Terms never fall within it. */
export class RaftLog {
  #baseIndex: number
  #baseTerm: number
  /** `#entries[i].index === #baseIndex + 1 + i`. */
  #entries: Entry[] = []

  /** An empty log that goes on behind `baseIndex`. */
  constructor(baseIndex: number, baseTerm: number) {
    this.#baseIndex = baseIndex
    this.#baseTerm = baseTerm
  }

  /** Index before the first entry in the window; its term is known. */
  get baseIndex(): number {
    return this.#baseIndex
  }

  /** Index of the last entry, or of the base. */
  get lastIndex(): number {
    return this.#baseIndex + this.#entries.length
  }

  /** Term of the last entry, or of the base. */
  get lastTerm(): number {
    return this.#entries.at(-1)?.term ?? this.#baseTerm
  }

  /** The entry at an index of the window. */
  entry(index: number): Entry | undefined {
    return index <= this.#baseIndex ? undefined : this.#entries[index - this.#baseIndex - 1]
  }

  /** The term at an index, or undefined if it lies before the base or behind the end. */
  termAt(index: number): number | undefined {
    return index === this.#baseIndex ? this.#baseTerm : this.entry(index)?.term
  }

  /** Puts entries at their place; what the log held from the first of them on is dropped (paper 5.3). */
  append(entries: readonly Entry[]): void {
    const first = entries[0]
    if (first === undefined) return
    assert(
      first.index > this.#baseIndex && first.index <= this.lastIndex + 1,
      () => `entry ${first.index} leaves a gap behind ${this.lastIndex} or lies before ${this.#baseIndex}`,
    )
    this.#entries.length = first.index - this.#baseIndex - 1
    for (const entry of entries) this.#entries.push(entry)
  }

  /** Entries `from..to`, both included; all of them must be in the window. */
  range(from: number, to: number): readonly Entry[] {
    assert(from > this.#baseIndex && to <= this.lastIndex, () => `range ${from}..${to} is not in the window`)
    return this.#entries.slice(from - this.#baseIndex - 1, to - this.#baseIndex)
  }

  /** Entries from `from` on, as many as fit in `bytesMax`, at least one if there is one. */
  batch(from: number, bytesMax: number): readonly Entry[] {
    let end = from
    let bytes = 0
    for (let entry = this.entry(end); entry !== undefined; entry = this.entry(end)) {
      bytes += entryBytes(entry)
      if (end > from && bytes > bytesMax) break
      end += 1
    }
    return end === from ? [] : this.range(from, end - 1)
  }

  /**
   * The first index of the window whose term is at least `term`, or `lastIndex + 1`.
   * Bounds: O(log n), by terms never falling.
   */
  firstIndexOfTerm(term: number): number {
    let low = this.#baseIndex + 1
    let high = this.lastIndex + 1
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if ((this.termAt(middle) ?? 0) >= term) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Drops entries up to `index`, which becomes the base. */
  dropThrough(index: number): void {
    if (index <= this.#baseIndex) return
    const term = this.termAt(index)
    assert(term !== undefined, () => `cannot drop through ${index}, the log ends at ${this.lastIndex}`)
    this.#entries = this.#entries.slice(index - this.#baseIndex)
    this.#baseIndex = index
    this.#baseTerm = term
  }

  /** Forgets everything; the log goes on behind a snapshot. */
  reset(index: number, term: number): void {
    this.#entries = []
    this.#baseIndex = index
    this.#baseTerm = term
  }

  /** Last index that may go when `limits` are kept behind `index`; the base if none. */
  trailingBase(index: number, limits: { readonly entries: number; readonly bytes: number }): number {
    const lowest = Math.max(this.#baseIndex, index - limits.entries)
    let bytes = 0
    let at = index
    while (at > lowest) {
      const entry = this.entry(at)
      bytes += entry === undefined ? 0 : entryBytes(entry)
      if (bytes > limits.bytes) break
      at -= 1
    }
    return at
  }
}
