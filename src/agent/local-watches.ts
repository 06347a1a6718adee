// Who waits for changes of the local state: for its version, for its first attempt to be synced, for one service.
import type { LocalChange, OwnCheck } from '../local/entries.ts'

/** Waits that end when a number has been reached. */
export class VersionWaits {
  /** Versions begin with 1. */
  #reached = 1
  readonly #waits = new Set<{ readonly above: number; readonly end: () => void }>()

  /** Resolves when a number greater than this has been reached, the signal aborts, or all is over. */
  above(number: number, signal: AbortSignal | null): Promise<void> {
    if (this.#reached > number || signal?.aborted === true) return Promise.resolve()
    return new Promise((resolve) => {
      const wait = {
        above: number,
        end: (): void => {
          this.#waits.delete(wait)
          signal?.removeEventListener('abort', wait.end)
          resolve()
        },
      }
      this.#waits.add(wait)
      signal?.addEventListener('abort', wait.end)
    })
  }

  reach(number: number): void {
    this.#reached = Math.max(this.#reached, number)
    for (const wait of this.#waits) if (this.#reached > wait.above) wait.end()
  }

  /** Nothing changes any more: nobody waits, now or later. */
  end(): void {
    this.reach(Infinity)
  }
}

/** Those who follow what bears on a service: its own checks, and the node's. */
export class ServiceWatches {
  readonly #byService = new Map<string, Set<() => void>>()

  add(serviceId: string, onChange: () => void): () => void {
    const watches = this.#byService.get(serviceId) ?? new Set()
    this.#byService.set(serviceId, watches)
    watches.add(onChange)
    return () => {
      watches.delete(onChange)
      if (watches.size === 0 && this.#byService.get(serviceId) === watches) this.#byService.delete(serviceId)
    }
  }

  /** Something about a service has changed; '' is the node, which bears on all. */
  tell(serviceId: string): void {
    const watches = serviceId === '' ? [...this.#byService.values()] : [this.#byService.get(serviceId) ?? []]
    for (const each of watches) for (const onChange of each) onChange()
  }

  tellAll(serviceIds: ReadonlySet<string>): void {
    if (this.#byService.size === 0) return
    if (serviceIds.has('')) this.tell('')
    else for (const id of serviceIds) this.tell(id)
  }
}

/** The services that changes concern, '' for the node. `checks` is what was there before. */
export function concerned(
  changes: readonly LocalChange[],
  checks: ReadonlyMap<string, OwnCheck>,
): ReadonlySet<string> {
  const ids = new Set<string>()
  const addBefore = (checkId: string): void => {
    const before = checks.get(checkId)
    if (before !== undefined) ids.add(before.info.serviceId)
  }
  for (const change of changes) {
    switch (change.kind) {
      case 'putService':
        ids.add(change.service.info.id)
        break
      case 'removeService':
        ids.add(change.id)
        break
      case 'putCheck':
        addBefore(change.check.info.checkId)
        ids.add(change.check.info.serviceId)
        break
      case 'removeCheck':
        addBefore(change.id)
        break
      default:
        change satisfies never
    }
  }
  return ids
}
