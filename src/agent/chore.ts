// Work of the leader that falls due at times: one piece after the other, with one wake-up, for as long as it leads.
import type { Clock } from '../runtime/host.ts'

/** What there is to do, and when. */
export interface ChoreOptions {
  readonly clock: Clock
  /** When the next piece is due, by the monotonic clock; `Infinity` for never. */
  readonly dueAtMs: () => number
  /** Does one piece; false if that failed and must wait for a moment. Never rejects. */
  readonly work: () => Promise<boolean>
  /** A wake-up came so late that this process must have slept. */
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
      if (!(await work())) restUntilMs = clock.nowMs() + retryMs
    }
    isRunning = false
    arm()
  }
  const nextMs = (): number => Math.max(restUntilMs, dueAtMs())
  const arm = (): void => {
    if (!isStarted || isRunning) return
    const atMs = nextMs()
    if (atMs <= clock.nowMs()) return void run()
    // A deadline that moved later is noticed at the old time.
    if (atMs >= armedAtMs) return
    sleep()
    if (atMs === Infinity) return
    armedAtMs = atMs
    disarm = clock.wakeAt(atMs, () => {
      sleep()
      if (clock.nowMs() - atMs > sleptMs) onSlept?.()
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
