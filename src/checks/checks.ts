// When which health check of this node runs, and what its results mean: thresholds, TTL, and services that have been
// critical for too long. A machine: it runs nothing itself.
import { type Alarm, Alarms } from '../lib/alarms.ts'
import { assert } from '../lib/assert.ts'
import type { Machine } from '../lib/machine.ts'
import type { Random } from '../lib/random.ts'
import { isSameValue } from '../lib/same-value.ts'
import type { CheckDefinition, CheckOutcome, CheckRun, CheckTiming } from '../model/definition.ts'
import type { ChecksEffect, ChecksInput } from './events.ts'
import { Lane } from './lane.ts'
import { type Counters, counted, noResults, settled } from './thresholds.ts'

/** What the machine needs. */
export interface ChecksConfig {
  /** Spreads the first runs over their intervals. */
  readonly random: Random
  /** Runs in flight that are programs of this machine; at least 2. */
  readonly programsMax: number
  /** All other runs in flight; at least 2. */
  readonly requestsMax: number
}

/** A service is deregistered at the earliest after so long (reference). */
export const deregisterAfterMsMin = 60_000

/** The wish to deregister a service is repeated while its check is there (the reference's reaper). */
const deregisterAgainMs = 30_000
/** A run that takes longer belongs to a check that is slow. */
const slowMs = 1000
/** A wake-up that comes so late was slept through: nobody could be heard, and all would begin at once. */
const sleptMs = 2000
/** After a sleep a TTL check has at least so long to be heard: its news may wait in the sockets. */
const sleptGraceMs = 2000
/** After a sleep runs are spread over their interval again, but over no more than this. */
const sleptSpreadMsMax = 30_000

/** Runs begin in steps of so much, or of a 64th of the interval if that is less: one wake-up for several of them. */
const stepMsMax = 64

const expired = 'TTL expired'

type TimedRun = Extract<CheckRun, CheckTiming>

interface Held {
  check: CheckDefinition
  /** What holds, after the thresholds. */
  outcome: CheckOutcome
  counters: Counters
  /** Number of the run that is under way. */
  run: number | null
  runSinceMs: number
  isSlow: boolean
  /** Of a TTL check: when it was last heard of, or begun. */
  heardAtMs: number
  /** Since when the outcome is critical; `Infinity` when it is not. */
  criticalSinceMs: number
  /** When it runs next, or expires. Not set while it runs or waits for a place. */
  readonly next: Alarm<Due>
  readonly deregister: Alarm<Due>
}

/** What is due, of whom. */
interface Due {
  readonly kind: 'next' | 'deregister'
  held(): Held
}

/** The checks of a node. */
export class Checks implements Machine<ChecksInput, ChecksEffect> {
  readonly #random: Random
  readonly #programs: Lane<Held>
  readonly #requests: Lane<Held>
  readonly #heldById = new Map<string, Held>()
  readonly #heldByRun = new Map<number, Held>()
  readonly #alarms = new Alarms<Due>()
  #runs = 0
  #nowMs = 0
  #effects: ChecksEffect[] = []

  constructor({ random, programsMax, requestsMax }: ChecksConfig) {
    assert(programsMax >= 2 && requestsMax >= 2, 'there are at least two places for runs of each kind')
    this.#random = random
    this.#programs = new Lane(programsMax)
    this.#requests = new Lane(requestsMax)
  }

  get wakeAtMs(): number {
    return this.#alarms.wakeAtMs
  }

  /** Checks that are known. */
  get size(): number {
    return this.#heldById.size
  }

  /** Runs that are under way, those of aliases included. */
  get running(): number {
    return this.#heldByRun.size
  }

  /** Runs that are due and wait for a place. */
  get waiting(): number {
    return this.#programs.waiting + this.#requests.waiting
  }

  /** The TTL check of this id: one that can be heard of. */
  ttlCheck(checkId: string): CheckDefinition | undefined {
    const check = this.#heldById.get(checkId)?.check
    return check?.run.type === 'ttl' ? check : undefined
  }

  step(input: ChecksInput, nowMs: number): readonly ChecksEffect[] {
    this.#nowMs = nowMs
    this.#effects = []
    this.#take(input)
    return this.#effects
  }

  #take(input: ChecksInput): void {
    switch (input.kind) {
      case 'add':
        return this.#add(input.check, input.known)
      case 'remove':
        return this.#remove(input.checkId)
      case 'heard':
        return this.#heard(input.checkId, input.outcome)
      case 'found':
        return this.#found(input.run, input.outcome)
      case 'wake':
        return this.#wake()
    }
  }

  #add(check: CheckDefinition, known: CheckOutcome | null): void {
    const held = this.#heldById.get(check.id)
    if (held !== undefined) return this.#replace(held, check)
    const made: Held = {
      check,
      outcome: known ?? { status: check.initialStatus, output: '' },
      counters: noResults,
      run: null,
      runSinceMs: 0,
      heardAtMs: 0,
      isSlow: false,
      criticalSinceMs: Infinity,
      next: this.#alarms.alarm({ kind: 'next', held: () => made }),
      deregister: this.#alarms.alarm({ kind: 'deregister', held: () => made }),
    }
    this.#heldById.set(check.id, made)
    this.#noteCritical(made)
    this.#begin(made)
  }

  /** Gives a check other settings: its outcome, counters and the time of its next run stay where they can. */
  #replace(held: Held, check: CheckDefinition): void {
    const before = held.check.run
    const isSame = isSameValue(before, check.run)
    if (!isSame) this.#leave(held)
    held.check = check
    this.#noteCritical(held)
    if (isSame) return
    if (before.type !== check.run.type) {
      held.counters = noResults
      held.isSlow = false
      this.#alarms.set(held.next, Infinity)
    }
    this.#resume(held, before)
  }

  /** Goes on after a change of what is run. */
  #resume(held: Held, before: CheckRun): void {
    const { run } = held.check
    const { atMs } = held.next
    if (run.type === 'ttl' && before.type === 'ttl') {
      return atMs === Infinity ? undefined : this.#expireAfter(held, run.ttlMs, held.heardAtMs)
    }
    const isSoon = isTimed(run) && atMs <= this.#nowMs + run.intervalMs + stepMsMax
    if (!isSoon) this.#begin(held)
  }

  #remove(checkId: string): void {
    const held = this.#heldById.get(checkId)
    if (held === undefined) return
    this.#heldById.delete(checkId)
    this.#leave(held)
    this.#alarms.set(held.next, Infinity)
    this.#alarms.set(held.deregister, Infinity)
  }

  /** Plans the first run or the expiry of a check that has neither. */
  #begin(held: Held): void {
    const { run } = held.check
    if (run.type === 'ttl') return this.#expireAfter(held, run.ttlMs, this.#nowMs)
    if (run.type === 'alias') return this.#start(held)
    this.#planRun(held, run, this.#random.below(run.intervalMs))
  }

  /** A TTL check that was heard of then expires so long after; a time to live that has become shorter may be over already. */
  #expireAfter(held: Held, ttlMs: number, heardAtMs: number): void {
    held.heardAtMs = heardAtMs
    this.#alarms.set(held.next, Math.max(heardAtMs + ttlMs, this.#nowMs))
  }

  /** Sets the time of the next run, in so many milliseconds at the earliest. */
  #planRun(held: Held, { intervalMs }: TimedRun, inMs: number): void {
    const stepMs = Math.max(1, Math.min(stepMsMax, Math.floor(intervalMs / 64)))
    this.#alarms.set(held.next, Math.ceil((this.#nowMs + inMs) / stepMs) * stepMs)
  }

  #start(held: Held): void {
    const run = ++this.#runs
    held.run = run
    held.runSinceMs = this.#nowMs
    this.#heldByRun.set(run, held)
    this.#effects.push({ kind: 'run', run, check: held.check })
  }

  /** Ends what is under way for a check, if anything is: its run, or its waiting for one. */
  #leave(held: Held): void {
    const { run, check } = held
    if (run !== null) {
      held.run = null
      this.#heldByRun.delete(run)
      this.#effects.push({ kind: 'cancel', run })
    }
    if (!isTimed(check.run)) return
    const lane = this.#laneOf(check.run)
    lane.leave(held)
    this.#admit(lane)
  }

  #heard(checkId: string, outcome: CheckOutcome): void {
    const held = this.#heldById.get(checkId)
    if (held === undefined || held.check.run.type !== 'ttl') return
    const expiresAtMs = this.#nowMs + held.check.run.ttlMs
    this.#expireAfter(held, held.check.run.ttlMs, this.#nowMs)
    this.#hold(held, outcome)
    this.#effects.push({ kind: 'heard', checkId, outcome, expiresAtMs })
  }

  #found(run: number, outcome: CheckOutcome): void {
    const held = this.#heldByRun.get(run)
    if (held === undefined) return
    const { check } = held
    if (!isTimed(check.run)) return this.#hold(held, outcome)
    this.#heldByRun.delete(run)
    held.run = null
    held.isSlow = this.#nowMs - held.runSinceMs > slowMs
    this.#planRun(held, check.run, check.run.intervalMs)
    held.counters = counted(held.counters, outcome)
    const next = settled(held.counters, outcome, check)
    if (next !== null) this.#hold(held, next)
    const lane = this.#laneOf(check.run)
    lane.leave(held)
    this.#admit(lane)
  }

  #wake(): void {
    for (let due = this.#alarms.takeDue(this.#nowMs); due; due = this.#alarms.takeDue(this.#nowMs)) {
      const held = due.owner.held()
      if (due.owner.kind === 'deregister') this.#wantDeregistered(held)
      else this.#next(held, this.#nowMs - due.atMs > sleptMs)
    }
    this.#admit(this.#programs)
    this.#admit(this.#requests)
  }

  /** The time of a check has come: it runs, or expires. */
  #next(held: Held, hasSlept: boolean): void {
    const { run } = held.check
    if (run.type === 'ttl') {
      const restMs = Math.min(run.ttlMs, sleptGraceMs)
      if (hasSlept) this.#expireAfter(held, run.ttlMs, this.#nowMs - run.ttlMs + restMs)
      else this.#expire(held)
    } else if (isTimed(run)) {
      const spreadMs = Math.min(run.intervalMs, sleptSpreadMsMax)
      if (hasSlept) this.#planRun(held, run, this.#random.below(spreadMs))
      else this.#laneOf(run).join(held)
    }
  }

  #expire(held: Held): void {
    const last = held.outcome.output
    const isTold = last !== '' && !last.startsWith(expired)
    const output = isTold ? `${expired} (last output before timeout follows): ${last}` : expired
    this.#hold(held, { status: 'critical', output })
  }

  #admit(lane: Lane<Held>): void {
    for (let held = lane.admit(); held !== undefined; held = lane.admit()) this.#start(held)
  }

  #hold(held: Held, outcome: CheckOutcome): void {
    const { status, output } = held.outcome
    if (status === outcome.status && output === outcome.output) return
    held.outcome = outcome
    this.#effects.push({ kind: 'report', checkId: held.check.id, outcome })
    if (status !== outcome.status) this.#noteCritical(held)
  }

  /** Keeps the deadline of a service in step with the outcome and the settings. */
  #noteCritical(held: Held): void {
    const { serviceId, deregisterCriticalAfterMs: afterMs } = held.check
    if (held.outcome.status !== 'critical') held.criticalSinceMs = Infinity
    else held.criticalSinceMs = Math.min(held.criticalSinceMs, this.#nowMs)
    const isWanted = serviceId !== '' && afterMs > 0
    const atMs = held.criticalSinceMs + Math.max(afterMs, deregisterAfterMsMin)
    this.#alarms.set(held.deregister, isWanted ? atMs : Infinity)
  }

  #wantDeregistered(held: Held): void {
    const { serviceId, id } = held.check
    this.#alarms.set(held.deregister, this.#nowMs + deregisterAgainMs)
    this.#effects.push({ kind: 'criticalTooLong', serviceId, checkId: id })
  }

  #laneOf({ type }: CheckRun): Lane<Held> {
    return type === 'script' || type === 'os_service' ? this.#programs : this.#requests
  }
}

/** True for what runs again and again. */
function isTimed(run: CheckRun): run is TimedRun {
  return run.type !== 'ttl' && run.type !== 'alias'
}
