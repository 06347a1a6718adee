// From a check as it was given to one that can be run: the reference's rules, sentences and defaults.
import type { CheckStatus } from '../model/catalog.ts'
import type { CheckDefinition, CheckRun } from '../model/definition.ts'
import type { GivenCheck } from './check-fields.ts'
import { kindsOf, millis, runOf } from './check-run.ts'
import { type DefinitionRules, idFault } from './rules.ts'

/** Shortest interval; shorter ones are raised. */
const intervalMsMin = 1000
/** Shortest time to deregistration; shorter ones are raised. */
const deregisterMsMin = 60_000

const statuses: ReadonlySet<string> = new Set(['', 'passing', 'warning', 'critical'])

/** False for a status that no check can begin with. */
export function isStatus(text: string): boolean {
  return statuses.has(text)
}

/** What is wrong with a check, in the reference's words; null if nothing is. */
export function checkFault(given: GivenCheck): string | null {
  const needsInterval = isRun(given)
  const isAlias = given.AliasNode !== '' || given.AliasService !== ''
  if (given.Interval > 0 && given.TTL > 0) return 'Interval and TTL cannot both be specified'
  if (needsInterval && given.Interval <= 0) return intervalFault(given)
  if (isAlias && given.TTL > 0) return 'TTL must be not be set for Alias checks'
  if (!needsInterval && !isAlias && given.TTL <= 0) return 'TTL must be > 0 for TTL checks'
  if (given.OutputMaxSize < 0) return 'MaxOutputMaxSize must be positive'
  return limitFault(given)
}

function limitFault({ FailuresBeforeWarning, FailuresBeforeCritical, CheckID }: GivenCheck): string | null {
  return FailuresBeforeWarning > Math.max(1, FailuresBeforeCritical)
    ? "FailuresBeforeWarning can't be higher than FailuresBeforeCritical"
    : idFault('Check', CheckID)
}

/** True for a check that something has to run, again and again. */
function isRun(given: GivenCheck): boolean {
  return given.ScriptArgs.length > 0 || networkKinds.some((kind) => given[kind] !== '')
}

const networkKinds = ['HTTP', 'TCP', 'GRPC', 'H2PING', 'UDP', 'OSService'] as const

function intervalFault({ H2PING, UDP, OSService }: GivenCheck): string {
  const isNewer = H2PING !== '' || UDP !== '' || OSService !== ''
  return isNewer
    ? 'Interval must be > 0 for Script, HTTP, H2PING, TCP, UDP or OSService checks'
    : 'Interval must be > 0 for Script, HTTP, or TCP checks'
}

/** True for a check that runs a program of this machine, or in a container of it. */
export function runsProgram(run: CheckRun): boolean {
  return run.type === 'script' || run.type === 'docker'
}

/** What a check is called, and what it belongs to. */
export interface CheckIdentity {
  readonly id: string
  readonly name: string
  readonly serviceId: string
  readonly token: string
}

/** A definition, with sentences on what was changed or has no effect. */
export interface BuiltCheck {
  readonly definition: CheckDefinition
  readonly warnings: readonly string[]
}

/** Makes the definition of a check that has no fault. */
export function buildCheck(given: GivenCheck, identity: CheckIdentity, rules: DefinitionRules): BuiltCheck {
  const warnings: string[] = []
  const warn = (reason: string): number => warnings.push(`Check "${identity.id}" ${reason}`)
  const run = runOf(given, intervalOf(given, warn))
  const others = kindsOf(given).filter((kind) => kind !== run.type)
  if (others.length > 0) warn(`is of type ${run.type}; what makes it ${others.join(', ')} has no effect`)
  const atLeastOne = (count: number): number => Math.max(1, count)
  const failuresBeforeCritical = atLeastOne(given.FailuresBeforeCritical)
  return {
    definition: {
      ...identity,
      notes: given.Notes,
      initialStatus: given.Status === '' ? 'critical' : (given.Status as CheckStatus),
      run,
      successBeforePassing: atLeastOne(given.SuccessBeforePassing),
      failuresBeforeWarning:
        given.FailuresBeforeWarning > 0 ? given.FailuresBeforeWarning : failuresBeforeCritical,
      failuresBeforeCritical,
      deregisterCriticalAfterMs: deregisterOf(given, warn),
      outputBytesMax: Math.min(given.OutputMaxSize || rules.outputBytesMax, rules.outputBytesMax),
    },
    warnings,
  }
}

type Warn = (reason: string) => void

function intervalOf({ Interval }: GivenCheck, warn: Warn): number {
  const ms = millis(Interval)
  if (Interval <= 0 || ms >= intervalMsMin) return ms
  warn('has an interval below 1s: it runs every second')
  return intervalMsMin
}

function deregisterOf({ DeregisterCriticalServiceAfter: nanos }: GivenCheck, warn: Warn): number {
  const ms = millis(nanos)
  if (nanos <= 0) return 0
  if (ms >= deregisterMsMin) return ms
  warn('has a deregister_critical_service_after below 1m: it is 1m')
  return deregisterMsMin
}
