// Work of the leader that falls due at times: one piece after the other, with one wake-up, for as long as it leads.
import type { Clock } from '../runtime/host.ts'

/** What there is to do, and when. */
export interface ChoreOptions {
  readonly clock: Clock
  /** When the next piece is due, by the monotonic clock; `Infinity` for never. */
  readonly dueAtMs: () => number
  /** Does one piece; false if that failed and must wait for a moment. Never rejects. */
  readonly work: () => Promise<boolean>
  /** This process has slept: a wake-up was overdue by so much when it was got to. Not called while a piece is worked at. */
  readonly onSlept?: () => void
}

/** Work that is done while it is started. */
export interface Chore {
  start(): void
  /** What is under way is finished; nothing new is begun. */
  stop(): void
  /** The time at which something is due may have changed. */
  touch(): void
}

/** After a failure nothing is begun for so long. */
const retryMs = 1000
/** Later than this no wake-up comes that the runtime gets to in time. */
const sleptMs = 2000
/** While a piece is worked at, a wake-up comes this often, so that a sleep in the middle of it is noticed too. */
const tickMs = 1000

/** Makes a chore; it rests until `start`. */
export function createChore({ clock, dueAtMs, work, onSlept }: ChoreOptions): Chore {
  let isStarted = false
  let isRunning = false
  let restUntilMs = 0
  let armedAtMs = Infinity
  let disarm: (() => void) | null = null

  const sleep = (): void => {
    disarm?.()
    disarm = null
    armedAtMs = Infinity
  }
  const run = async (): Promise<void> => {
    isRunning = true
    while (isStarted && nextMs() <= clock.nowMs()) {
      const endTicks = onSlept === undefined ? null : startTicks(clock)
      if (!(await work())) restUntilMs = clock.nowMs() + retryMs
      if (endTicks?.() === true && isStarted) onSlept?.()
    }
    isRunning = false
    arm()
  }
  const nextMs = (): number => Math.max(restUntilMs, dueAtMs())
  const arm = (): void => {
    if (!isStarted || isRunning) return
    // Whatever else woke this process may come before the wake-up.
    if (isOverdue(clock, armedAtMs)) {
      sleep()
      onSlept?.()
    }
    const atMs = nextMs()
    if (atMs <= clock.nowMs()) {
      sleep()
      return void run()
    }
    // A deadline that moved later is noticed at the old time.
    if (atMs >= armedAtMs) return
    sleep()
    if (atMs === Infinity) return
    armedAtMs = atMs
    disarm = clock.wakeAt(atMs, () => {
      const isLate = isOverdue(clock, atMs)
      sleep()
      if (isLate) onSlept?.()
      arm()
    })
  }
  return {
    start() {
      isStarted = true
      restUntilMs = 0
      arm()
    },
    stop() {
      isStarted = false
      sleep()
    },
    touch: arm,
  }
}

/** True if a wake-up for that time must have been slept through. */
function isOverdue(clock: Clock, atMs: number): boolean {
  return clock.nowMs() - atMs > sleptMs
}

/** Wakes up again and again; what is returned ends that, and tells whether any of it was slept through. */
function startTicks(clock: Clock): () => boolean {
  let hasSlept = false
  let atMs = clock.nowMs() + tickMs
  const tick = (): void => {
    hasSlept ||= isOverdue(clock, atMs)
    atMs = clock.nowMs() + tickMs
    disarm = clock.wakeAt(atMs, tick)
  }
  let disarm = clock.wakeAt(atMs, tick)
  return () => {
    disarm()
    return hasSlept || isOverdue(clock, atMs)
  }
}
