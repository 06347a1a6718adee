// The driver of the checks: begins the runs that the machine asks for, ends those that take too long, and reports.
import { Checks } from '../../checks/checks.ts'
import type { ChecksEffect, ChecksInput } from '../../checks/events.ts'
import type { Random } from '../../lib/random.ts'
import type { CheckDefinition, CheckOutcome, CheckTls } from '../../model/definition.ts'
import type { Limits } from '../../model/limits.ts'
import type { TlsClientOptions } from '../../runtime/host.ts'
import { Deadlines } from '../deadlines.ts'
import type { Logger } from '../log.ts'
import { createPump, type Pump } from '../loop.ts'
import { type AliasView, followAlias } from './alias.ts'
import type { CheckDuty, CheckReports, KnownCheck } from './check-duty.ts'
import type { CheckHost, RunParts, TimedRun } from './runner.ts'
import { runTimed } from './runners.ts'
import { critical, cutNote, timedOutText } from './texts.ts'

/** What the duty of one agent is made of. */
export interface CheckDutyOptions {
  readonly host: CheckHost
  readonly random: Random
  readonly limits: Pick<Limits, 'checkProgramsMax' | 'checkRequestsMax'>
  /**
   * What checks that speak TLS show and believe (`enable_agent_tls_for_checks`); null for the runtime's authorities and
   * no certificate. Asked again for each kind of TLS after `replaceTls`.
   */
  readonly agentTls: () => Pick<TlsClientOptions, 'identity' | 'ca'> | null
  readonly reports: CheckReports
  readonly aliases: AliasView
  readonly log: Logger
  /** Our own bug: the machine or its driver has thrown, and no check runs any more. */
  readonly onFault: (error: unknown) => void
}

/** The duty, with what reload needs of it. */
export interface RunningChecks extends CheckDuty {
  /** The agent's certificates have changed: runs from now on use the new ones. */
  replaceTls(): void
}

/** Runs of programs end themselves when their time is over; for what does not, the end comes so much later. */
const graceMs = 1000

/** Makes the checks of an agent; there are none at first. */
export function createCheckDuty(options: CheckDutyOptions): RunningChecks {
  return new Duty(options)
}

interface UnderWay {
  readonly run: number
  readonly check: CheckDefinition
  readonly abort: AbortController
  /** It was told to end, and has one more moment for that. */
  isAborted: boolean
  /** Where its deadline is kept. */
  deadlineAtMs: number
}

class Duty implements RunningChecks {
  readonly #options: CheckDutyOptions
  readonly #machine: Checks
  readonly #pump: Pump<ChecksInput>
  readonly #deadlines: Deadlines<UnderWay>
  readonly #underWay = new Map<number, UnderWay>()
  readonly #statuses = new Map<string, string>()
  readonly #tls = new Map<string, TlsClientOptions>()
  #reports: (() => void)[] = []
  #isStopped = false

  constructor(options: CheckDutyOptions) {
    const { host, random, limits, onFault } = options
    this.#options = options
    this.#machine = new Checks({
      random,
      programsMax: limits.checkProgramsMax,
      requestsMax: limits.checkRequestsMax,
    })
    this.#deadlines = new Deadlines(host.clock, (underWay) => this.#onDeadline(underWay))
    this.#pump = createPump(this.#machine, host.clock, {
      perform: (effect) => this.#perform(effect),
      onFault,
    })
  }

  add(check: CheckDefinition, known: KnownCheck | null): void {
    const isNew = !this.#statuses.has(check.id)
    // Of a check that it has the machine knows better.
    const believed = isNew ? this.#believed(check, known) : null
    if (isNew) this.#statuses.set(check.id, believed?.status ?? check.initialStatus)
    this.#pump.feed({ kind: 'add', check, known: believed })
  }

  remove(checkId: string): void {
    this.#statuses.delete(checkId)
    this.#pump.feed({ kind: 'remove', checkId })
  }

  heard(checkId: string, { status, output }: CheckOutcome): boolean {
    const check = this.#machine.ttlCheck(checkId)
    if (check === undefined || this.#isStopped) return false
    const outcome = { status, output: cutNote(output, check.outputBytesMax) }
    this.#pump.feed({ kind: 'heard', checkId, outcome })
    return true
  }

  replaceTls(): void {
    this.#tls.clear()
  }

  stop(): void {
    this.#isStopped = true
    this.#pump.stop()
    this.#reports = []
    for (const run of this.#underWay.keys()) this.#cancel(run)
  }

  /** What is known of a TTL check that has expired meanwhile is not believed; whoever said so is told. */
  #believed(check: CheckDefinition, known: KnownCheck | null): CheckOutcome | null {
    if (known === null || check.run.type !== 'ttl' || known.expiresAtWallMs === 0) return known
    if (known.expiresAtWallMs > this.#options.host.clock.wallMs()) return known
    const outcome = { status: check.initialStatus, output: '' }
    this.#report((reports) => reports.onOutcome(check.id, outcome))
    return null
  }

  #perform(effect: ChecksEffect): void {
    switch (effect.kind) {
      case 'run':
        return this.#begin(effect.run, effect.check)
      case 'cancel':
        return this.#cancel(effect.run)
      case 'report':
        this.#log(effect.checkId, effect.outcome)
        return this.#report((reports) => reports.onOutcome(effect.checkId, effect.outcome))
      case 'heard': {
        const { clock } = this.#options.host
        const expiresAtWallMs = clock.wallMs() + effect.expiresAtMs - clock.nowMs()
        return this.#report((reports) => reports.onHeard(effect.checkId, effect.outcome, expiresAtWallMs))
      }
      case 'criticalTooLong':
        return this.#report((reports) => reports.onCriticalTooLong(effect.serviceId, effect.checkId))
    }
  }

  /** Reports of one turn are made together, in the next. */
  #report(report: (reports: CheckReports) => void): void {
    const { host, reports } = this.#options
    this.#reports.push(() => report(reports))
    if (this.#reports.length > 1) return
    host.clock.soon(() => {
      const due = this.#reports
      this.#reports = []
      for (const one of due) one()
    })
  }

  #log(checkId: string, { status }: CheckOutcome): void {
    if (this.#statuses.get(checkId) === status) return
    this.#statuses.set(checkId, status)
    if (status === 'critical') this.#options.log.warn('Check is now critical', { check: checkId })
    else this.#options.log.debug('Check status updated', { check: checkId, status })
  }

  #begin(run: number, check: CheckDefinition): void {
    const abort = new AbortController()
    const underWay: UnderWay = { run, check, abort, isAborted: false, deadlineAtMs: Infinity }
    this.#underWay.set(run, underWay)
    if (check.run.type === 'ttl') return
    if (check.run.type === 'alias') return this.#follow(check, check.run, underWay)
    const isProgram = check.run.type === 'script' || check.run.type === 'os_service'
    underWay.deadlineAtMs = this.#deadlines.add(underWay, check.run.timeoutMs + (isProgram ? graceMs : 0))
    void this.#runTimed(check.run, underWay)
  }

  #follow(check: CheckDefinition, alias: Parameters<typeof followAlias>[0]['run'], underWay: UnderWay): void {
    const { host, aliases } = this.#options
    followAlias({
      run: alias,
      checkId: check.id,
      clock: host.clock,
      view: aliases,
      signal: underWay.abort.signal,
      tell: (outcome) => this.#pump.feed({ kind: 'found', run: underWay.run, outcome }),
    })
  }

  async #runTimed(timed: TimedRun, underWay: UnderWay): Promise<void> {
    const { check, abort } = underWay
    const parts: RunParts = {
      host: this.#options.host,
      check,
      signal: abort.signal,
      tlsOptions: (tls) => this.#tlsOptions(tls),
    }
    let outcome: CheckOutcome
    try {
      outcome = await runTimed(timed, parts)
    } catch (error) {
      outcome = critical(error instanceof Error ? error.message : String(error))
    }
    this.#finish(underWay, outcome)
  }

  #finish(underWay: UnderWay, outcome: CheckOutcome): void {
    if (!this.#underWay.delete(underWay.run)) return
    this.#deadlines.remove(underWay, underWay.deadlineAtMs)
    this.#pump.feed({ kind: 'found', run: underWay.run, outcome })
  }

  #onDeadline(underWay: UnderWay): void {
    const { check, abort } = underWay
    if (check.run.type === 'ttl' || check.run.type === 'alias') return
    if (underWay.isAborted) return this.#finish(underWay, critical(timedOutText(check.run.timeoutMs)))
    underWay.isAborted = true
    underWay.deadlineAtMs = this.#deadlines.add(underWay, graceMs)
    abort.abort()
  }

  #cancel(run: number): void {
    const underWay = this.#underWay.get(run)
    if (underWay === undefined) return
    this.#underWay.delete(run)
    this.#deadlines.remove(underWay, underWay.deadlineAtMs)
    underWay.abort.abort()
  }

  /** The same object for the same wish, as connections are pooled and certificates read once for each. */
  #tlsOptions({ skipVerify, serverName }: CheckTls): TlsClientOptions {
    const key = `${skipVerify ? 'x' : ''}:${serverName}`
    const known = this.#tls.get(key)
    if (known !== undefined) return known
    const made: TlsClientOptions = {
      ...this.#options.agentTls(),
      verify: skipVerify ? 'nothing' : 'name',
      ...(serverName === '' ? {} : { serverName }),
    }
    this.#tls.set(key, made)
    return made
  }
}
