// What the leader writes when it begins to lead: the configuration entries of its own configuration that are not there.
import type { GivenEntry } from '../definition/config-entry.ts'
import type { Command, CommandResult } from '../model/command.ts'
import type { Result } from '../lib/result.ts'
import { isSameValue } from '../lib/same-value.ts'
import type { RequestError } from '../model/errors.ts'
import type { Clock } from '../runtime/host.ts'
import { createChore } from './chore.ts'
import type { LeaderDuties } from './leadership.ts'
import type { Logger } from './log.ts'

/** What the duty needs of its server. */
export interface EntriesDutyOptions {
  readonly clock: Clock
  /** `config_entries.bootstrap`. */
  readonly entries: readonly GivenEntry[]
  readonly has: (kind: string, name: string) => boolean
  /** Appends a command. */
  readonly propose: (command: Command) => Promise<Result<CommandResult, RequestError>>
  readonly log: Logger
}

/** The duty, with entries that a reload can change. */
export interface EntriesDuty extends LeaderDuties {
  set(entries: readonly GivenEntry[]): void
}

/** Makes the duty of one server; it sleeps until `start`. */
export function createEntriesDuty({ clock, entries, has, propose, log }: EntriesDutyOptions): EntriesDuty {
  let wanted = entries
  let next = wanted.length
  const write = async ({ kind, name, body }: GivenEntry): Promise<boolean> => {
    if (has(kind, name)) return true
    const written = await propose({ kind: 'configEntrySet', configKind: kind, name, body, expectedIndex: 0 })
    if (!written.ok) return false
    // What does not go together with the other entries will not tomorrow either.
    if (written.value.kind === 'refused') {
      log.warn('A configuration entry of config_entries.bootstrap cannot be written', {
        entry: `${kind}/${name}`,
        reason: written.value.message,
      })
    }
    return true
  }
  const chore = createChore({
    clock,
    dueAtMs: () => (next < wanted.length ? 0 : Infinity),
    async work() {
      const entry = wanted[next]
      const before = wanted
      if (entry !== undefined && !(await write(entry))) return false
      // A reload in between begins anew.
      if (wanted === before) next++
      return true
    },
  })
  return {
    start() {
      next = 0
      chore.start()
    },
    stop: () => chore.stop(),
    set(given) {
      if (isSameValue(given, wanted)) return
      wanted = given
      next = 0
      chore.touch()
    },
  }
}
