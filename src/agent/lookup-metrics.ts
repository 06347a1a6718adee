// What is asked of this server, and for which services, under the reference's names. It counts on hot paths: the first
// question for a name makes what the others count with.
import type { Query } from '../model/query.ts'
import type { Metrics } from './metrics.ts'

/**
 * Series that names from outside may make: there is room for so many series in all, and they are kept for ever. Names
 * that nobody has registered get a small part of it, so that they cannot push out the others.
 */
const seriesMax = 4096
const unknownSeriesMax = 512

/** Stands for all names for which there is no room. */
const others = '(others)'

/** The counts of one service. */
interface Counts {
  readonly query: () => void
  readonly notFound: () => void
  readonly byTag: Map<string, () => void>
}

/** What reads of one server count. */
export class LookupMetrics {
  readonly #query: () => void
  readonly #services: ServiceCounts
  readonly #proxies: ServiceCounts
  readonly #healthServices: ServiceCounts
  readonly #healthProxies: ServiceCounts

  constructor(metrics: Pick<Metrics, 'tally'>) {
    const room = new Room()
    this.#query = metrics.tally('rpc.query')
    this.#services = new ServiceCounts(metrics, 'catalog.service', room)
    this.#proxies = new ServiceCounts(metrics, 'catalog.connect', room)
    this.#healthServices = new ServiceCounts(metrics, 'health.service', room)
    this.#healthProxies = new ServiceCounts(metrics, 'health.connect', room)
  }

  /** A read has come. */
  onRead(): void {
    this.#query()
  }

  /** It was answered. */
  onAnswer(query: Query, value: unknown): void {
    if (query.kind === 'healthService') {
      const counts = query.connect ? this.#healthProxies : this.#healthServices
      counts.onAnswer(query.service, query.tags, isEmpty(value))
    } else if (query.kind === 'serviceNodes') {
      const counts = query.connect ? this.#proxies : this.#services
      counts.onAnswer(query.service, query.tags, isEmpty(value))
    }
  }
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

/** How many more series names may make. */
class Room {
  #left = seriesMax
  #leftForUnknown = unknownSeriesMax

  take(series: number, isUnknown: boolean): boolean {
    if (this.#left < series || (isUnknown && this.#leftForUnknown < series)) return false
    this.#left -= series
    if (isUnknown) this.#leftForUnknown -= series
    return true
  }
}

/** The counts of one kind of question, by service. */
class ServiceCounts {
  readonly #metrics: Pick<Metrics, 'tally'>
  /** `catalog.service` of `catalog.service.query`. */
  readonly #name: string
  readonly #room: Room
  readonly #byService = new Map<string, Counts>()
  #others: Counts | null = null

  constructor(metrics: Pick<Metrics, 'tally'>, name: string, room: Room) {
    this.#metrics = metrics
    this.#name = name
    this.#room = room
  }

  onAnswer(service: string, tags: readonly string[], isNotFound: boolean): void {
    const counts = this.#byService.get(service) ?? this.#countsOf(service, isNotFound)
    counts.query()
    for (const tag of tags) this.#ofTag(service, tag, counts)()
    if (isNotFound) counts.notFound()
  }

  #countsOf(service: string, isNotFound: boolean): Counts {
    if (!this.#room.take(2, isNotFound)) return (this.#others ??= this.#make(others))
    const counts = this.#make(service)
    this.#byService.set(service, counts)
    return counts
  }

  #make(service: string): Counts {
    return {
      query: this.#metrics.tally(`${this.#name}.query`, { service }),
      notFound: this.#metrics.tally(`${this.#name}.not-found`, { service }),
      byTag: new Map(),
    }
  }

  /** Which tags there are nobody knows here: all of them are names that may be unknown. */
  #ofTag(service: string, tag: string, { byTag }: Counts): () => void {
    const known = byTag.get(tag)
    if (known !== undefined) return known
    const hasRoom = service !== others && this.#room.take(1, true)
    if (!hasRoom) return ignore
    const count = this.#metrics.tally(`${this.#name}.query-tags`, { service, tag })
    byTag.set(tag, count)
    return count
  }
}

const ignore = (): void => undefined
