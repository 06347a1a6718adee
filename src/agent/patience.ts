// How long a request may take at this agent: what a blocking query waits on purpose, and the search for its place.
import type { ActionKind } from '../model/query.ts'
import type { Clock } from '../runtime/host.ts'
import type { ForwardedRequest } from './forward.ts'

/** Kept back at each forward, so that the other's refusal arrives before we give up ourselves. */
export const wayBackMs = 250
/** Another attempt is worth making only if it may take so long: a write that is cut off too early is in doubt. */
export const attemptMsMin = 200

/** What patience is measured by. */
export interface PatienceOptions {
  readonly clock: Clock
  /** `performance.rpc_hold_timeout`: no request is held for longer here, whatever the asker says. */
  readonly holdMs: number
}

/** How long a request may still take: on purpose (a blocking query), and while its place is looked for. */
export class Patience {
  readonly #clock: Clock
  readonly #holdMs: number
  readonly #startMs: number
  readonly #endAtMs: number
  #searchUntilMs: number

  constructor({ clock, holdMs }: PatienceOptions, request: ForwardedRequest) {
    this.#clock = clock
    this.#holdMs = Math.min(holdMs, request.holdMs)
    this.#startMs = clock.nowMs()
    this.#searchUntilMs = this.#startMs + this.#holdMs
    this.#endAtMs = this.#searchUntilMs + waitOf(request)
  }

  /** What is left of the time to look for a place. */
  get searchLeftMs(): number {
    return Math.max(0, this.#searchUntilMs - this.#clock.nowMs())
  }

  /** True when there is no time for another attempt. */
  get isOver(): boolean {
    return this.searchLeftMs < attemptMsMin
  }

  /** The request as it is to be asked now, one hop further: it has waited for a while already. */
  rest(request: ForwardedRequest): ForwardedRequest {
    const holdMs = Math.max(0, this.searchLeftMs - wayBackMs)
    return { ...this.restHere(request), hops: request.hops + 1, holdMs }
  }

  /** The request as it is to be carried out here now. */
  restHere(request: ForwardedRequest): ForwardedRequest {
    if (request.kind !== 'read' || request.options.minIndex === 0) return request
    const waitMs = Math.max(0, request.options.waitMs - (this.#clock.nowMs() - this.#startMs))
    return { ...request, options: { ...request.options, waitMs } }
  }

  /** A call that went well for a while and then broke: its place is looked for as if it were new. */
  onBroken(lastedMs: number): void {
    if (lastedMs < 1000) return
    this.#searchUntilMs = Math.min(this.#clock.nowMs() + this.#holdMs, this.#endAtMs)
  }
}

/** Time that the asked server may spend waiting, on purpose. */
export function waitOf(request: ForwardedRequest): number {
  if (request.kind === 'act') return waitOfAction[request.action.kind] ?? 0
  if (request.kind !== 'read' || request.options.minIndex === 0) return 0
  return request.options.waitMs + Math.ceil(request.options.waitMs / 16)
}

/** What takes long with a large state: writing it, and putting an archive in its place. */
const waitOfAction: Readonly<Partial<Record<ActionKind, number>>> = {
  snapshotBegin: 600_000,
  restoreEnd: 1_800_000,
}
