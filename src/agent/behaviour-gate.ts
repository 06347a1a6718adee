// Commands that servers of an older release cannot apply: they are refused until all servers are known to be able to.
// The one place that knows which command came with which behaviour (state/behaviour.ts).
import type { Command } from '../model/command.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type { Clock } from '../runtime/host.ts'
import type { Store } from './store.ts'

/** Kinds of the first release; without a time to live. */
const firstKinds: ReadonlySet<Command['kind']> = new Set([
  'register',
  'deregister',
  'kvSet',
  'kvCas',
  'kvDelete',
  'kvDeleteCas',
  'kvDeleteTree',
  'setBehaviour',
])

/** Kinds of the third one. */
const thirdKinds: ReadonlySet<Command['kind']> = new Set([
  'preparedQuerySet',
  'preparedQueryDelete',
  'coordinates',
  'configEntrySet',
  'configEntryDelete',
  'raiseIndexes',
])

/** The least behaviour by which a command can be applied. */
export function neededBehaviour(command: Command): number {
  if (command.kind === 'batch') return Math.max(0, ...command.commands.map(neededBehaviour))
  if (thirdKinds.has(command.kind)) return 2
  const hasTtl = 'ttlMs' in command && command.ttlMs > 0
  return firstKinds.has(command.kind) && !hasTtl ? 0 : 1
}

/** What the gate stands before. */
export interface GateParts {
  readonly store: Pick<Store, 'marks' | 'appliedIndex' | 'whenApplied'>
  readonly clock: Clock
  readonly isLeader: () => boolean
  /** After a recovery indexes must be raised first (recovery-mark.ts). */
  readonly isRaiseDue: () => boolean
}

/** A new leader may just be about to switch, or to raise the indexes: so long it is waited for that. */
const switchMsMax = 2000

/** Why a command cannot be appended by this leader; null if it can. Waits a little for a switch. */
export async function passGate(command: Command, parts: GateParts): Promise<RequestError | null> {
  const { store, clock, isLeader, isRaiseDue } = parts
  const untilMs = clock.nowMs() + switchMsMax
  for (;;) {
    const { behaviour } = store.marks
    const refused = gate(command, behaviour)
    const mustWait = isRaiseDue() && command.kind !== 'raiseIndexes' && command.kind !== 'setBehaviour'
    if (refused === null && !mustWait) return null
    if (clock.nowMs() >= untilMs) return refused ?? raiseGate(behaviour)
    // Whoever does not lead refuses it for that.
    if (!isLeader()) return null
    await store.whenApplied(store.appliedIndex + 1, untilMs)
  }
}

/** Why a command cannot be appended while the state goes by `behaviour`; null if it can. */
function gate(command: Command, behaviour: number): RequestError | null {
  if (neededBehaviour(command) <= behaviour) return null
  return requestError(
    'refused',
    `Cannot apply ${command.kind}: not all servers of this datacenter are known to run a release ` +
      'that can; upgrade those that do not, and remove those that are gone for good',
  )
}

/** Why nothing is taken before the indexes are raised. While not all servers know how, writes go on as ever. */
function raiseGate(behaviour: number): RequestError | null {
  if (behaviour < raiseBehaviour) return null
  return requestError(
    'refused',
    'Not ready to write: this cluster was recovered, and its indexes are not raised yet',
  )
}

const raiseBehaviour = 2
