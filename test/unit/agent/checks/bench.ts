// Checks at work on this machine, for tests: a duty on the real host, and what it reports.
import { createCheckDuty, type RunningChecks } from '../../../../src/agent/checks/duty.ts'
import type { AliasView } from '../../../../src/agent/checks/alias.ts'
import { createLog } from '../../../../src/agent/log.ts'
import { seededRandom } from '../../../../src/lib/random.ts'
import { err } from '../../../../src/lib/result.ts'
import type { CheckDefinition, CheckOutcome, CheckRun } from '../../../../src/model/definition.ts'
import { requestError } from '../../../../src/model/errors.ts'
import { limits } from '../../../../src/model/limits.ts'
import type { Host } from '../../../../src/runtime/host.ts'
import { nodeHost } from '../../../../src/runtime/node.ts'
import { definition } from '../../checks/samples.ts'

/** The address that tests of checks listen on. */
export const ip = '127.0.9.210'

/** No aliases. */
export const noAliases: AliasView = {
  nodeName: 'here',
  hasService: () => false,
  checks: () => [],
  watch: () => () => undefined,
  read: () => Promise.resolve(err(requestError('noLeader', 'No cluster leader'))),
}

/** What was reported. */
export interface Reports {
  readonly outcomes: [string, CheckOutcome][]
  readonly heard: [string, CheckOutcome, number][]
  readonly tooLong: [string, string][]
}

/** A duty with its reports. */
export interface Bench {
  readonly host: Host
  readonly duty: RunningChecks
  readonly reports: Reports
  /** The next outcome that is reported of a check. */
  readonly next: (checkId: string) => Promise<CheckOutcome>
}

/** Runs a test with a duty that is stopped afterwards. */
export async function withDuty(
  use: (bench: Bench) => Promise<void>,
  changes: { readonly host?: Host; readonly aliases?: AliasView; readonly programsMax?: number } = {},
): Promise<void> {
  const host = changes.host ?? nodeHost()
  const reports: Reports = { outcomes: [], heard: [], tooLong: [] }
  const waiters = new Map<string, ((outcome: CheckOutcome) => void)[]>()
  const duty = createCheckDuty({
    host,
    random: seededRandom(1),
    limits: { ...limits, checkProgramsMax: changes.programsMax ?? limits.checkProgramsMax },
    agentTls: () => null,
    aliases: changes.aliases ?? noAliases,
    log: createLog(host.clock).root,
    reports: {
      onOutcome(checkId, outcome) {
        reports.outcomes.push([checkId, outcome])
        const due = waiters.get(checkId) ?? []
        waiters.delete(checkId)
        for (const waiter of due) waiter(outcome)
      },
      onHeard: (...heard) => reports.heard.push(heard),
      onCriticalTooLong: (...tooLong) => reports.tooLong.push(tooLong),
    },
    onFault: (error) => {
      throw error
    },
  })
  const next = (checkId: string): Promise<CheckOutcome> =>
    new Promise((resolve) => void waiters.set(checkId, [...(waiters.get(checkId) ?? []), resolve]))
  try {
    await use({ host, duty, reports, next })
  } finally {
    duty.stop()
  }
}

/** What the first run of a check finds. */
export async function runOnce(
  run: CheckRun,
  changes: Partial<CheckDefinition> & { readonly host?: Host } = {},
): Promise<CheckOutcome> {
  let found: CheckOutcome = { status: 'critical', output: '' }
  const { host, ...rest } = changes
  await withDuty(
    async ({ duty, next }) => {
      const outcome = next('c')
      // Nothing that a run can find equals this.
      duty.add(definition({ run, ...rest }), { status: 'warning', output: '\0', expiresAtWallMs: 0 })
      found = await outcome
    },
    host === undefined ? {} : { host },
  )
  return found
}
