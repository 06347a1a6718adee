// Names and tags of all services, so that a change of one does not make whoever follows the list walk all of them.
// Not part of the replicated state: an answer is the same with it and without, only sooner. Nobody pays who does not ask.
import type { CatalogService } from '../model/catalog.ts'
import type { ServiceSummary } from '../model/query.ts'
import { summariesOf } from '../model/service-summary.ts'
import { foldedKey } from './keys.ts'
import { compareText, type OrderedMap, valuesUnder } from './ordered-map.ts'

/** So many services may have changed at least before the list is made anew. */
const changedMin = 16

/** The list of names and tags, as it was when it was last asked for, and what has changed since. */
export class ServiceNames {
  /** Null until somebody asks. */
  #list: readonly ServiceSummary[] | null = null
  /** The summaries of the list by folded name: names may differ in case alone. */
  readonly #byName = new Map<string, readonly ServiceSummary[]>()
  /** Folded names of services that have changed since. */
  readonly #changed = new Set<string>()

  /** An instance of this service came, went or changed. */
  note(service: string): void {
    if (this.#list === null) return
    this.#changed.add(foldedKey(service))
    // A walk over all is no slower then. Names that come and go must not gather here while nobody asks.
    if (this.#changed.size > changedMin + this.#list.length / 4) this.#forget()
  }

  #forget(): void {
    this.#list = null
    this.#byName.clear()
    this.#changed.clear()
  }

  /** The list as it is now: the same object, and the same summaries in it, where nothing is different. */
  list(servicesByName: OrderedMap<CatalogService>): readonly ServiceSummary[] {
    const list = this.#list === null ? this.#all(servicesByName) : this.#renewed(this.#list, servicesByName)
    this.#changed.clear()
    this.#list = list
    return list
  }

  #all(servicesByName: OrderedMap<CatalogService>): readonly ServiceSummary[] {
    const list = summariesOf(servicesByName.values())
    for (const summary of list) {
      const key = foldedKey(summary.service)
      this.#byName.set(key, [...(this.#byName.get(key) ?? []), summary])
    }
    return list
  }

  #renewed(
    before: readonly ServiceSummary[],
    servicesByName: OrderedMap<CatalogService>,
  ): readonly ServiceSummary[] {
    const gone = new Set<ServiceSummary>()
    const come: ServiceSummary[] = []
    for (const key of this.#changed) {
      const known = this.#byName.get(key) ?? []
      const now = summariesOf(valuesUnder(servicesByName, key)).map(
        (summary) => known.find((old) => isSame(old, summary)) ?? summary,
      )
      for (const old of known) if (!now.includes(old)) gone.add(old)
      for (const summary of now) if (!known.includes(summary)) come.push(summary)
      if (now.length > 0) this.#byName.set(key, now)
      else this.#byName.delete(key)
    }
    if (gone.size === 0 && come.length === 0) return before
    const kept = gone.size === 0 ? before : before.filter((summary) => !gone.has(summary))
    return merged(
      kept,
      come.sort((a, b) => compareText(a.service, b.service)),
    )
  }
}

function isSame(a: ServiceSummary, b: ServiceSummary): boolean {
  const { tags } = b
  return a.service === b.service && a.tags.length === tags.length && a.tags.every((tag, i) => tag === tags[i])
}

/** Two lists in order as one; none is in both. The second one is the shorter. */
function merged(a: readonly ServiceSummary[], b: readonly ServiceSummary[]): readonly ServiceSummary[] {
  const list: ServiceSummary[] = []
  let from = 0
  for (const each of b) {
    const to = placeOf(each, a, from)
    for (const before of a.slice(from, to)) list.push(before)
    list.push(each)
    from = to
  }
  for (const after of a.slice(from)) list.push(after)
  return list
}

/** Where it belongs in a list, at `from` or behind it. */
function placeOf({ service }: ServiceSummary, list: readonly ServiceSummary[], from: number): number {
  let [low, high] = [from, list.length]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const other = list[middle]
    if (other !== undefined && other.service < service) low = middle + 1
    else high = middle
  }
  return low
}
