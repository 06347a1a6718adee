// What clients may see of keys. One writer per key writes rising numbers, one at a time; a write whose outcome is
// unknown may take effect at any later time. Then a consistent read may return a value only if no write that was
// acknowledged before it began came after that value's own acknowledgement.

interface Write {
  readonly value: number
  readonly startMicros: number
  ackMicros: number
}

/** The checker of all keys in one run. */
export class KvChecker {
  readonly #writesByKey = new Map<string, Write[]>()
  readonly #casAcked = new Map<string, number>()
  readonly #casUnknown = new Map<string, number>()
  acknowledged = 0
  reads = 0

  /** A write is sent; returns what notes its acknowledgement. */
  onWrite(key: string, value: number, nowMicros: number): (ackMicros: number) => void {
    const writes = this.#writesByKey.get(key) ?? []
    this.#writesByKey.set(key, writes)
    const write: Write = { value, startMicros: nowMicros, ackMicros: Infinity }
    writes.push(write)
    return (ackMicros) => {
      write.ackMicros = ackMicros
      this.acknowledged++
    }
  }

  /** A consistent read, begun at a time, has returned; null is an absent key. Throws. */
  onRead(key: string, value: number | null, startMicros: number): void {
    this.reads++
    const writes = this.#writesByKey.get(key) ?? []
    const settled = writes.filter((write) => write.ackMicros < startMicros)
    const latest = settled.at(-1)
    if (latest === undefined) return
    if (value === null) throw new Error(`lostWrite: ${key} is absent, ${latest.value} was acknowledged`)
    const seen = writes.find((write) => write.value === value)
    if (seen === undefined) throw new Error(`strayValue: ${key} has ${value}, which was never written`)
    if (seen.ackMicros < latest.startMicros) {
      throw new Error(
        `staleRead: ${key} has ${value}, ${latest.value} was acknowledged before the read began`,
      )
    }
  }

  /** The outcome of a compare-and-set that adds one to a counter. */
  onCas(key: string, outcome: 'applied' | 'refused' | 'unknown'): void {
    const count = outcome === 'applied' ? this.#casAcked : this.#casUnknown
    if (outcome !== 'refused') count.set(key, (count.get(key) ?? 0) + 1)
  }

  /** A counter's final value: each acknowledged step counted once, each unknown one at most once. Throws. */
  onCounter(key: string, value: number): void {
    const [acked, unknown] = [this.#casAcked.get(key) ?? 0, this.#casUnknown.get(key) ?? 0]
    if (value < acked || value > acked + unknown) {
      throw new Error(
        `counter: ${key} is ${value} after ${acked} acknowledged steps and ${unknown} unknown ones`,
      )
    }
  }

  get keys(): readonly string[] {
    return [...this.#writesByKey.keys()]
  }

  get counters(): readonly string[] {
    return [...new Set([...this.#casAcked.keys(), ...this.#casUnknown.keys()])]
  }
}
