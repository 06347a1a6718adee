// What the leader sees to for the whole state, now and then: the rules that all servers know, that indexes are raised
// after a recovery, the cluster's name, how much history of keys is kept, that no restore lies about half done. Each is
// written once, when it differs.
import type { Command } from '../model/command.ts'
import type { Marks } from '../model/state-record.ts'
import type { Clock } from '../runtime/host.ts'
import { createChore } from './chore.ts'
import type { LeaderDuties } from './leadership.ts'
import { raiseBy, type RecoveryMark } from './recovery-mark.ts'

/** What the duty needs of its server. */
export interface UpkeepDutyOptions {
  readonly clock: Clock
  readonly marks: () => Readonly<Marks>
  /** What a recovery has left to do. */
  readonly mark: RecoveryMark
  /** The newest behaviour that this version knows. */
  readonly behaviourMax: number
  /** What every server of the cluster, voter or not, is known to do. */
  readonly commonBehaviour: () => number
  readonly newId: () => string
  /** What the configuration wants to be kept. */
  readonly kvHistory: { readonly versionsMax: number; readonly ageMs: number }
  /** True if versions of keys are past their age. */
  readonly hasOldHistory: () => boolean
  /** A restore that nobody carries on: its leader was lost in the middle of it. Null for none. */
  readonly abandonedRestore: () => string | null
  /** Makes all servers drop what it has brought; false if that was not applied, or nobody knows. */
  readonly dropRestore: (id: string) => Promise<boolean>
  /** Appends a command; false if it was not applied, or nobody knows. */
  readonly write: (command: Command) => Promise<boolean>
}

/** While servers are upgraded it is looked this often whether all are done. */
const upgradingMs = 1000
/** Else this often. */
const lookMs = 10_000

/** Makes the duty of one server; it sleeps until `start`. */
export function createUpkeepDuty(options: UpkeepDutyOptions): LeaderDuties {
  const { clock, marks, mark, behaviourMax, write } = options
  let lookAtMs = 0
  const chore = createChore({
    clock,
    dueAtMs: () => lookAtMs,
    async work() {
      const command = nextCommand(options)
      if (command !== null) return write(command)
      if (mark.isThere() && !mark.isDue()) return mark.clear()
      const abandoned = options.abandonedRestore()
      if (abandoned !== null) return options.dropRestore(abandoned)
      lookAtMs = clock.nowMs() + (marks().behaviour < behaviourMax ? upgradingMs : lookMs)
      return true
    },
  })
  return {
    start() {
      lookAtMs = 0
      chore.start()
    },
    stop: () => chore.stop(),
  }
}

/** What is to be written first; null if all is as it should be. */
function nextCommand(options: UpkeepDutyOptions): Command | null {
  const { behaviourMax, commonBehaviour, kvHistory, hasOldHistory, newId } = options
  const marks = options.marks()
  if (marks.behaviour < behaviourMax) {
    const behaviour = Math.min(behaviourMax, commonBehaviour())
    return behaviour > marks.behaviour ? { kind: 'setBehaviour', behaviour } : null
  }
  if (options.mark.isDue()) return { kind: 'raiseIndexes', by: raiseBy }
  if (marks.clusterId === '') return { kind: 'setClusterId', id: newId() }
  const { versionsMax, ageMs } = kvHistory
  const isKept = marks.kvHistoryVersionsMax === versionsMax && marks.kvHistoryAgeMs === ageMs
  // Without any versions their age means nothing.
  if (!isKept && (versionsMax > 0 || marks.kvHistoryVersionsMax > 0))
    return { kind: 'setKvHistory', versionsMax, ageMs }
  return hasOldHistory() ? { kind: 'pruneKvHistory' } : null
}
