// Long work in short turns: others have theirs in between, however long the whole takes.
import type { Clock } from '../runtime/host.ts'
import type { Breathe } from '../storage/breathe.ts'
import { sleep } from './sleep.ts'

/** Work in one turn goes on for no longer than this, but for its last step. */
const turnMsMax = 3

/** Makes what long work calls after each step: it waits when the turn has gone on for long enough. */
export function createTurns(clock: Clock): Breathe {
  let fromMs = clock.nowMs()
  return () => {
    if (clock.nowMs() - fromMs < turnMsMax) return undefined
    // A timer, for what came over the network is looked at before it.
    return sleep(clock, 0).then(() => void (fromMs = clock.nowMs()))
  }
}
