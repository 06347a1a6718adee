// How the configuration entries of services lead from one to the other: routers to splitters to resolvers, redirects and
// failovers. An entry that would make such a chain impossible is refused, with the reference's sentences.
import type { JsonObject } from '../model/catalog.ts'
import type { ConfigEntry } from '../model/config-entry.ts'
import { objectIn, objectsIn, textIn } from '../model/json-parts.ts'
import { fold, foldedKey } from './keys.ts'
import { valuesUnder } from './ordered-map.ts'
import type { Tables } from './tables.ts'

/** An entry that is to be written, or with null deleted. */
export interface Proposal {
  readonly kind: string
  readonly name: string
  readonly body: JsonObject | null
}

const chainKinds = ['service-router', 'service-splitter', 'service-resolver'] as const
const httpProtocols: ReadonlySet<string> = new Set(['http', 'http2', 'grpc'])
const gatewayKinds = ['ingress-gateway', 'terminating-gateway'] as const

/** Why an entry may not be written or deleted as others are; null if it may. What is exported is no part of a chain. */
export function proposalProblem(tables: Tables, proposal: Proposal): string | null {
  const { kind, name } = proposal
  if (kind === 'exported-services') return null
  const entries = new Entries(tables, proposal)
  if (gatewayKinds.some((each) => each === kind)) return gatewayProblem(entries, proposal)
  const isForAll = kind === 'proxy-defaults'
  const chains = isForAll
    ? new Set(chainKinds.flatMap((each) => entries.namesOf(each)))
    : [name, ...leadingTo(tables, name)]
  const soundByProtocol = new Map<string, Set<string>>()
  for (const start of chains) {
    const protocol = entries.protocolOf(start)
    const sound = soundByProtocol.get(protocol) ?? new Set<string>()
    soundByProtocol.set(protocol, sound)
    if (new Chain(entries, start, sound).problem() === null) continue
    // All of it, to see what it leads to: a chain that the entry has no part in is not its fault.
    const chain = new Chain(entries, start, new Set())
    const problem = chain.problem()
    if (problem !== null && (isForAll || start === name || chain.reaches(name))) return problem
  }
  return listenersProblem(entries, isForAll ? null : name)
}

/** The services whose chains may lead to another one's, itself not among them. */
function leadingTo(tables: Tables, name: string): readonly string[] {
  const referrers = new Map<string, string[]>()
  const entries = chainKinds.flatMap((kind) => valuesUnder(tables.configEntries, foldedKey(kind)))
  for (const entry of entries) {
    for (const service of namedBy(entry)) {
      const known = referrers.get(service)
      if (known === undefined) referrers.set(service, [entry.name])
      else known.push(entry.name)
    }
  }
  const found = new Map([[fold(name), name]])
  for (const service of found.keys()) {
    for (const referrer of referrers.get(service) ?? []) found.set(fold(referrer), referrer)
  }
  return [...found.values()].slice(1)
}

/** The other services that an entry names, folded: found once, for entries do not change. */
const namedByEntry = new WeakMap<ConfigEntry, readonly string[]>()

function namedBy(entry: ConfigEntry): readonly string[] {
  const known = namedByEntry.get(entry)
  if (known !== undefined) return known
  const { Routes, Splits, Redirect, Failover } = entry.body
  const targets = [
    ...objectsIn(Routes).map((route) => objectIn(route['Destination'])),
    ...objectsIn(Splits),
    objectIn(Redirect),
    ...Object.values(objectIn(Failover)).map(objectIn),
  ]
  const names = new Set(targets.map((target) => fold(textIn(target['Service']))))
  names.delete('')
  names.delete(fold(entry.name))
  const list = [...names]
  namedByEntry.set(entry, list)
  return list
}

/** The entries as they would be. */
class Entries {
  readonly #tables: Tables
  readonly #proposal: Proposal

  constructor(tables: Tables, proposal: Proposal) {
    this.#tables = tables
    this.#proposal = proposal
  }

  bodyOf(kind: string, name: string): JsonObject | null {
    const key = foldedKey(kind, name)
    const { kind: proposedKind, name: proposedName, body } = this.#proposal
    if (key === foldedKey(proposedKind, proposedName)) return body
    return this.#tables.configEntries.get(key)?.body ?? null
  }

  namesOf(kind: string): readonly string[] {
    const names = valuesUnder(this.#tables.configEntries, foldedKey(kind)).map((entry) => entry.name)
    const { kind: proposedKind, name, body } = this.#proposal
    if (kind !== proposedKind) return names
    const others = names.filter((each) => foldedKey(each) !== foldedKey(name))
    return body === null ? others : [...others, name]
  }

  protocolOf(service: string): string {
    const own = textIn(this.bodyOf('service-defaults', service)?.['Protocol'])
    if (own !== '') return own
    const common = objectIn(this.bodyOf('proxy-defaults', 'global')?.['Config'])['protocol']
    return textIn(common) || 'tcp'
  }
}

/** Steps from the beginning of a chain to any end of it: the same for every server, whatever its stack bears. */
const stepsMax = 128

/** The walk over one chain. */
class Chain {
  readonly #entries: Entries
  readonly #start: string
  readonly #reached = new Set<string>()
  readonly #sound: Set<string>
  readonly #protocol: string

  /**
   * @param sound what was found to be in order in chains of this protocol, with all that it leads to: ways that meet are
   *              walked once. Nothing of it leads to where a walk is, or that would be in order already too.
   */
  constructor(entries: Entries, start: string, sound: Set<string>) {
    this.#entries = entries
    this.#start = start
    this.#sound = sound
    this.#protocol = entries.protocolOf(start)
  }

  reaches(service: string): boolean {
    return this.#reached.has(foldedKey(service))
  }

  problem(): string | null {
    const router = this.#entries.bodyOf('service-router', this.#start)
    if (router === null) return this.#split(this.#start, [], '')
    const refused = this.#refuseTcp(this.#start)
    if (refused !== null) return refused
    const path = [`router:${this.#start}.default`]
    for (const route of objectsIn(router['Routes'])) {
      const destination = objectIn(route['Destination'])
      const service = textIn(destination['Service']) || this.#start
      const problem = this.#split(service, path, textIn(destination['ServiceSubset']))
      if (problem !== null) return problem
    }
    return this.#split(this.#start, path, '')
  }

  #split(service: string, path: readonly string[], subset: string): string | null {
    const splitter = subset === '' ? this.#entries.bodyOf('service-splitter', service) : null
    if (splitter === null) return this.#resolve(service, subset, [])
    const met = this.#meet(service) ?? this.#refuseTcp(service)
    if (met !== null) return met
    const here = `splitter:${service}.default`
    if (path.includes(here)) return `detected circular reference: [${[...path, here].join(' -> ')}]`
    if (path.length > stepsMax) return this.#tooLong()
    if (this.#sound.has(here)) return null
    for (const split of objectsIn(splitter['Splits'])) {
      const target = textIn(split['Service']) || service
      const wanted = textIn(split['ServiceSubset'])
      // A splitter that names its own service means the instances.
      const problem =
        foldedKey(target) === foldedKey(service)
          ? this.#resolve(target, wanted, [])
          : this.#split(target, [...path, here], wanted)
      if (problem !== null) return problem
    }
    this.#sound.add(here)
    return null
  }

  #tooLong(): string {
    return `discovery chain ${quote(this.#start)} is longer than ${stepsMax} steps`
  }

  #resolve(service: string, subset: string, path: readonly string[]): string | null {
    const way = foldedKey('resolver', service, subset)
    if (this.#sound.has(way)) return null
    const problem = this.#resolveAnew(service, subset, path)
    if (problem === null) this.#sound.add(way)
    return problem
  }

  #resolveAnew(service: string, subset: string, path: readonly string[]): string | null {
    const met = this.#meet(service)
    if (met !== null) return met
    const resolver = this.#entries.bodyOf('service-resolver', service)
    const redirect = objectIn(resolver?.['Redirect'])
    const to = textIn(redirect['Service'])
    const here = `${service}.default`
    if (to !== '' && foldedKey(to) !== foldedKey(service)) {
      if (path.includes(here)) return `detected circular resolver redirect: [${[...path, here].join(' -> ')}]`
      if (path.length > stepsMax) return this.#tooLong()
      return this.#resolve(to, textIn(redirect['ServiceSubset']), [...path, here])
    }
    const known = objectIn(resolver?.['Subsets'])
    if (subset !== '' && !Object.hasOwn(known, subset)) {
      return `service ${quote(service)} does not have a subset named ${quote(subset)}`
    }
    return this.#failOver(service, objectIn(resolver?.['Failover']))
  }

  /** Failover looks at the service itself, and follows nothing. */
  #failOver(service: string, failovers: JsonObject): string | null {
    for (const given of Object.values(failovers)) {
      const failover = objectIn(given)
      const to = textIn(failover['Service']) || service
      const met = this.#meet(to)
      if (met !== null) return met
      const subset = textIn(failover['ServiceSubset'])
      const known = objectIn(this.#entries.bodyOf('service-resolver', to)?.['Subsets'])
      if (subset !== '' && !Object.hasOwn(known, subset)) {
        return `service ${quote(to)} does not have a subset named ${quote(subset)}`
      }
    }
    return null
  }

  /** All services of a chain speak the same protocol. */
  #meet(service: string): string | null {
    this.#reached.add(foldedKey(service))
    const protocol = this.#entries.protocolOf(service)
    if (protocol === this.#protocol) return null
    return (
      `discovery chain ${quote(this.#start)} uses inconsistent protocols; service ${quote(service)} has ` +
      `${quote(protocol)} which is not ${quote(this.#protocol)}`
    )
  }

  #refuseTcp(service: string): string | null {
    const protocol = this.#entries.protocolOf(service)
    if (httpProtocols.has(protocol)) return null
    this.#reached.add(foldedKey(service))
    return (
      `discovery chain ${quote(this.#start)} uses a protocol ${quote(protocol)} that does not permit advanced ` +
      'routing or splitting behavior'
    )
  }
}

function gatewayProblem(entries: Entries, { kind, name, body }: Proposal): string | null {
  if (body === null) return null
  const other = gatewayKinds.find((each) => each !== kind) ?? ''
  if (entries.bodyOf(other, name) === null)
    return kind === 'ingress-gateway' ? listening(entries, body, null) : null
  return (
    `cannot create a ${quote(kind)} config entry with name ${quote(name)}, a ${quote(other)} config entry with that ` +
    'name already exists'
  )
}

/** Ingress gateways that name a service (null: any) listen in its protocol. */
function listenersProblem(entries: Entries, service: string | null): string | null {
  for (const gateway of entries.namesOf('ingress-gateway')) {
    const body = entries.bodyOf('ingress-gateway', gateway)
    const problem = body === null ? null : listening(entries, body, service)
    if (problem !== null) return problem
  }
  return null
}

function listening(entries: Entries, gateway: JsonObject, only: string | null): string | null {
  for (const listener of objectsIn(gateway['Listeners'])) {
    const wanted = textIn(listener['Protocol'])
    for (const { Name } of objectsIn(listener['Services'])) {
      const service = textIn(Name)
      if (service === '*' || (only !== null && foldedKey(only) !== foldedKey(service))) continue
      const protocol = entries.protocolOf(service)
      if (protocol === wanted) continue
      return (
        `service ${quote(service)} has protocol ${quote(protocol)}, which does not match defined listener protocol ` +
        quote(wanted)
      )
    }
  }
  return null
}

function quote(text: string): string {
  return JSON.stringify(text)
}
