// How far long work has come, for whoever looks at a terminal; silent everywhere else.
import type { Host } from '../runtime/host.ts'

/** One line that is written over and over. */
export interface Progress {
  /** Shows a text, now and then. */
  show(text: () => string): void
  /** Takes the line away. */
  clear(): void
}

const everyMs = 200

/** Makes the line. */
export function createProgress({ console, clock }: Pick<Host, 'console' | 'clock'>): Progress {
  let shownAtMs = clock.nowMs()
  let isShown = false
  return {
    show(text) {
      if (!console.isTerminal || clock.nowMs() - shownAtMs < everyMs) return
      shownAtMs = clock.nowMs()
      isShown = true
      console.err(`\r${text()}\u001b[K`)
    },
    clear() {
      if (isShown) console.err('\r\u001b[K')
      isShown = false
    },
  }
}

const units = ['B', 'KB', 'MB', 'GB', 'TB']

/** Bytes for people, as the reference prints them: `312B`, `1.7KB`, `5KB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${value.toFixed(1).replace(/\.0$/, '')}${units[unit] ?? ''}`
}
