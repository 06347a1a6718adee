// Time of the real hosts. One timer per wake-up; the platform's timers may be early and are limited to 2^31 ms.

import { setImmediate } from 'node:timers'
import type { Clock } from '../host.ts'

/** The longest delay that a timer takes; a longer one would fire at once. */
const delayMsMax = 2 ** 31 - 1

/** The clock of Node, Bun and Deno. */
export function nodeClock(): Clock {
  return { nowMs, nowMicros, wallMs: Date.now, wakeAt, soon }
}

function nowMs(): number {
  return Math.floor(performance.now())
}

function nowMicros(): number {
  return Math.floor(performance.now() * 1000)
}

/** Behind the poll phase of the event loop. */
function soon(task: () => void): void {
  setImmediate(task)
}

function wakeAt(atMs: number, wake: () => void): () => void {
  if (atMs === Infinity) return () => {}
  let timer: ReturnType<typeof setTimeout>
  const arm = (): void => {
    // Rounded up from the exact time, so that the first try is rarely early.
    const delayMs = Math.min(Math.max(Math.ceil(atMs - performance.now()), 0), delayMsMax)
    timer = setTimeout(fire, delayMs)
  }
  const fire = (): void => {
    if (nowMs() >= atMs) wake()
    else arm()
  }
  arm()
  return () => clearTimeout(timer)
}
