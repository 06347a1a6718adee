// What happened, one line per change of state, and a running hash of it: equal seeds give equal hashes everywhere.

/** The trace of one run. */
export interface Trace {
  /** Adds a line: time, node, event in fixed columns. */
  add(nowMicros: number, node: string, event: string): void
  /** Sixteen hexadecimal digits over all lines so far. */
  readonly hash: string
  readonly lineCount: number
  /** The last lines, for a report. */
  tail(): readonly string[]
}

/** Lines kept for a report. */
const tailMax = 60

/** An empty trace; `onLine` sees each line as it is made. */
export function createTrace(onLine?: (line: string) => void): Trace {
  let [high, low, lineCount] = [0x811c9dc5, 0x9e3779b9, 0]
  const kept: string[] = []
  const mix = (line: string): void => {
    for (let i = 0; i < line.length; i++) {
      const code = line.charCodeAt(i)
      high = Math.imul(high ^ code, 0x01000193) >>> 0
      low = Math.imul(low ^ (code + high), 0x85ebca6b) >>> 0
      low = ((low << 13) | (low >>> 19)) >>> 0
    }
  }
  return {
    add(nowMicros, node, event) {
      const line = `${formatTime(nowMicros)} ${node.padEnd(6)} ${event}`
      mix(line)
      lineCount++
      kept.push(line)
      if (kept.length > tailMax) kept.shift()
      onLine?.(line)
    },
    get hash() {
      return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')
    },
    get lineCount() {
      return lineCount
    },
    tail: () => kept,
  }
}

/** Seconds with six places, in ten columns and more. */
export function formatTime(micros: number): string {
  const whole = Math.floor(micros / 1_000_000)
  const rest = (micros - whole * 1_000_000).toString().padStart(6, '0')
  return `${whole.toString().padStart(4)}.${rest}`
}
