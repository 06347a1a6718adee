// The pump: feeds a machine, carries out its effects in order, and keeps exactly one wake-up armed.
import type { Machine } from '../lib/machine.ts'
import type { Clock } from '../runtime/host.ts'

/** A machine with the driver's side attached. */
export interface Pump<Input> {
  /** Feeds one input. An input that arrives while effects are carried out waits for its turn. */
  feed(input: Input): void
  /** Disarms the wake-up; later inputs are dropped. */
  stop(): void
}

/**
 * Attaches a machine to the clock and to `perform`, which carries out one effect.
 *
 * A deadline that moves later does not re-arm the timer: the wake-up then comes early once and finds
 * nothing due, which is cheaper than a new timer for each heartbeat.
 */
export function createPump<Input, Effect>(
  machine: Machine<Input | { readonly kind: 'wake' }, Effect>,
  clock: Clock,
  perform: (effect: Effect) => void,
): Pump<Input> {
  const waiting: (Input | { readonly kind: 'wake' })[] = []
  let isRunning = false
  let isStopped = false
  let armedAtMs = Infinity
  let disarm: (() => void) | null = null

  const onWake = (): void => {
    armedAtMs = Infinity
    disarm = null
    if (clock.nowMs() >= machine.wakeAtMs) run({ kind: 'wake' })
    else arm()
  }

  const arm = (): void => {
    const atMs = machine.wakeAtMs
    if (isStopped || atMs >= armedAtMs || atMs === Infinity) return
    disarm?.()
    armedAtMs = atMs
    disarm = clock.wakeAt(atMs, onWake)
  }

  const run = (first: Input | { readonly kind: 'wake' }): void => {
    waiting.push(first)
    if (isRunning) return
    isRunning = true
    try {
      for (let input = waiting.shift(); input !== undefined && !isStopped; input = waiting.shift()) {
        for (const effect of machine.step(input, clock.nowMs())) perform(effect)
      }
    } finally {
      isRunning = false
    }
    arm()
  }

  arm()
  return {
    feed: run,
    stop() {
      isStopped = true
      disarm?.()
      disarm = null
    },
  }
}
