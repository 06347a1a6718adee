// Cluster membership: one server at a time (thesis 4.1), in force from the moment it is in the log.
import type { Result } from '../lib/result.ts'
import { err, ok } from '../lib/result.ts'
import type { ProposalRefusal, ServerChange } from './events.ts'
import type { Configuration, Entry, ServerEntry, ServerId } from './message.ts'
import { isVoter, voterIds } from './quorum.ts'

/** The configuration of a server that knows of no cluster. */
export const emptyConfiguration: Configuration = { servers: [] }

/** A configuration and the index of the entry that brought it; 0 for the empty one. */
export interface PlacedConfiguration {
  readonly index: number
  readonly configuration: Configuration
}

const nothingPlaced: PlacedConfiguration = { index: 0, configuration: emptyConfiguration }

/** The configurations of the log: the latest is in force, the committed one is final. */
export class ConfigurationHistory {
  /** By index, never empty. */
  #placed: PlacedConfiguration[]
  #commitIndex: number

  /** Begins with a snapshot's configuration, or the empty one, which is committed. */
  constructor(base: PlacedConfiguration) {
    this.#placed = [base]
    this.#commitIndex = base.index
  }

  get latest(): PlacedConfiguration {
    return this.#placed.at(-1) ?? nothingPlaced
  }

  get committed(): PlacedConfiguration {
    return this.at(this.#commitIndex)
  }

  /**
   * The configurations that may be in force for others: the latest, and the one before it while the latest is not
   * known to be committed. That one is committed for certain: changes are made one at a time (thesis 4.1).
   */
  get possible(): readonly Configuration[] {
    const isFinal = this.latest.index <= this.#commitIndex
    return this.#placed.slice(isFinal ? -1 : -2).map((placed) => placed.configuration)
  }

  /** The configuration that holds at an index which was not forgotten. */
  at(index: number): PlacedConfiguration {
    const found = this.#placed.findLast((placed) => placed.index <= index) ?? this.#placed[0]
    return found ?? nothingPlaced
  }

  /** Takes in entries that were put into the log, and forgets what they replaced. True if the latest changed. */
  append(entries: readonly Entry[]): boolean {
    const first = entries[0]
    if (first === undefined) return false
    const before = this.latest
    this.#placed = this.#placed.filter((placed, at) => at === 0 || placed.index < first.index)
    for (const entry of entries) {
      if (entry.kind === 'configuration') {
        this.#placed.push({ index: entry.index, configuration: entry.configuration })
      }
    }
    return this.latest !== before
  }

  /** The log is committed up to `index`. Returns the configuration that became final, if one did. */
  commit(index: number): PlacedConfiguration | undefined {
    const before = this.committed
    this.#commitIndex = Math.max(this.#commitIndex, index)
    return this.committed === before ? undefined : this.committed
  }

  /** Nobody asks for a configuration before `index` any more. */
  forgetBefore(index: number): void {
    while (this.#placed.length > 1 && (this.#placed[1]?.index ?? Infinity) <= index) this.#placed.shift()
  }

  /** A snapshot took the log's place. */
  reset(base: PlacedConfiguration): void {
    this.#placed = [base]
    this.#commitIndex = base.index
  }
}

/**
 * The configuration after one change (thesis 4.1, 4.2.1).
 *
 * Adding a server that is there updates its address and keeps its suffrage. Nothing is touched on refusal.
 * Errors: `noChange`, `unknownServer`, `lastVoter`.
 */
export function changed(
  configuration: Configuration,
  change: ServerChange,
): Result<Configuration, ProposalRefusal> {
  const known = configuration.servers.find((server) => server.id === change.id)
  if (change.kind === 'addLearner' && known === undefined) {
    return ok(
      sorted([...configuration.servers, { id: change.id, address: change.address, suffrage: 'learner' }]),
    )
  }
  if (known === undefined) return err('unknownServer')
  if (change.kind === 'remove') {
    return withVoter({ servers: configuration.servers.filter((server) => server.id !== change.id) })
  }
  const next = changedServer(known, change)
  if (next.address === known.address && next.suffrage === known.suffrage) return err('noChange')
  return withVoter(sorted(configuration.servers.map((server) => (server.id === change.id ? next : server))))
}

function changedServer(known: ServerEntry, change: Exclude<ServerChange, { kind: 'remove' }>): ServerEntry {
  switch (change.kind) {
    case 'addLearner':
    case 'setAddress':
      return { ...known, address: change.address }
    case 'promote':
      return { ...known, suffrage: 'voter' }
    case 'demote':
      return { ...known, suffrage: 'learner' }
  }
}

function withVoter(configuration: Configuration): Result<Configuration, ProposalRefusal> {
  return voterIds(configuration).length === 0 ? err('lastVoter') : ok(configuration)
}

/** A configuration of these servers, in the order in which configurations are kept. */
export function sorted(servers: readonly ServerEntry[]): Configuration {
  return { servers: servers.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)) }
}

/**
 * True if the server may stand for election: it is a voter of the configuration in force, or of the one before it
 * while that is not final (thesis 4.2.2: it may still be needed to commit its own removal; its vote does not count).
 */
export function isPromotable(history: ConfigurationHistory, id: ServerId): boolean {
  return history.possible.some((configuration) => isVoter(configuration, id))
}
