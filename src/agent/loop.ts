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

/** The driver's side of a machine. */
export interface PumpDriver<Effect> {
  /** Carries out one effect. */
  perform(effect: Effect): void
  /** The machine or `perform` has thrown: our own bug. Nothing is fed or carried out any more. */
  onFault(error: unknown): void
}

/**
 * Attaches a machine to the clock and to its driver.
 *
 * A deadline that moves later does not re-arm the timer: the wake-up then comes early once and finds
 * nothing due, which is cheaper than a new timer for each heartbeat.
 *
 * A throw stops the pump for good, whoever catches it further up: of a step that was carried out in part nobody
 * may go on (an entry that was not applied, a write that was never made).
 */
export function createPump<Input, Effect>(
  machine: Machine<Input | { readonly kind: 'wake' }, Effect>,
  clock: Clock,
  driver: PumpDriver<Effect>,
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

  const stop = (): void => {
    isStopped = true
    waiting.length = 0
    disarm?.()
    disarm = null
  }

  const step = (input: Input | { readonly kind: 'wake' }): void => {
    for (const effect of machine.step(input, clock.nowMs())) {
      if (isStopped) return
      driver.perform(effect)
    }
  }

  const run = (first: Input | { readonly kind: 'wake' }): void => {
    if (isStopped) return
    waiting.push(first)
    if (isRunning) return
    isRunning = true
    try {
      for (let input = waiting.shift(); input !== undefined; input = waiting.shift()) step(input)
    } catch (error) {
      stop()
      driver.onFault(error)
      throw error
    } finally {
      isRunning = false
    }
    arm()
  }

  arm()
  return { feed: run, stop }
}
