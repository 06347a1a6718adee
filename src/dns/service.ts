// Services: `[TAG.]NAME.service[.DC].ZONE` and `_NAME._TAG…`.
import type { ServiceHealth } from '../model/catalog.ts'
import {
  addressRecord,
  familiesOf,
  instanceAddress,
  isHostName,
  isTranslated,
  nodeAddress,
  serviceAddress,
  servicePort,
  trimDot,
  isAsked,
} from './addresses.ts'
import { resolveHost } from './chain.ts'
import { ipFamily, ipToHex } from './ip.ts'
import { answered, isName, type Lookup, nameError, readError, readFrom } from './lookup.ts'
import { hostAnswers, plain, textRecords } from './node.ts'
import type { Target } from './names.ts'
import { type Answer, type Reply, type Rr, rrType } from './types.ts'
import type { DnsConfig } from '../model/dns-config.ts'
import type { MaybePromise } from './view.ts'

/** Instances that are to be told. */
export interface Instances {
  readonly found: readonly ServiceHealth[]
  /** The datacenter's name, for the names of records. */
  readonly datacenter: string
  readonly isWan: boolean
  readonly ttl: number
}

/** Answers a question about a service. */
export async function lookUpService(
  lookup: Lookup,
  target: Extract<Target, { kind: 'service' }>,
): Promise<Reply> {
  const { view, config } = lookup
  const from = readFrom(lookup, target.datacenter)
  if (from === undefined || target.service === '') return nameError(lookup)
  const tags = target.tag === '' ? [] : [target.tag]
  const { service, isConnect: connect } = target
  const query = { kind: 'serviceNodes', service, tags, nodeMeta: {}, connect, near: '' } as const
  const read = await view.read(query, from)
  if (!read.ok) return readError(lookup, read.error)
  const found = read.value.filter((each) => isServing(each, config.onlyPassing))
  if (found.length === 0) return nameError(lookup)
  return instancesReply(lookup, {
    found,
    datacenter: from === '' ? view.datacenter : from,
    isWan: isTranslated(lookup, from),
    ttl: serviceTtl(config, service),
  })
}

/** The reply that these instances make. */
export async function instancesReply(lookup: Lookup, instances: Instances): Promise<Reply> {
  const { aRecordLimit } = lookup.config
  if (lookup.type === rrType.SRV) return sampled(lookup, await srvAnswers(lookup, instances))
  if (lookup.type === rrType.TXT) return sampled(lookup, textAnswers(lookup, instances))
  const { addresses, hosts } = placesOf(lookup, instances)
  if (addresses.length === 0 && hosts.length > 0) {
    const host = lookup.random.pick(hosts) ?? ''
    return answered(lookup, await hostAnswers(lookup, host, instances.ttl))
  }
  const answers = addresses.map((ip) => plain(addressRecord(lookup.name, instances.ttl, ip)))
  return { ...sampled(lookup, answers), ...(aRecordLimit > 0 ? { answersMax: aRecordLimit } : {}) }
}

function sampled(lookup: Lookup, answers: readonly Answer[]): Reply {
  return { ...answered(lookup, answers), isSampled: true }
}

/** Instances with a critical check are never told; those with a warning only unless `only_passing`. */
export function isServing(found: ServiceHealth, onlyPassing: boolean): boolean {
  return found.checks.every(
    (check) => check.status === 'passing' || (!onlyPassing && check.status === 'warning'),
  )
}

/** `service_ttl`: the exact name, else the longest pattern that ends in `*`. */
export function serviceTtl(config: DnsConfig, service: string): number {
  const ttls = config.serviceTtlSeconds
  if (Object.hasOwn(ttls, service)) return ttls[service] ?? 0
  let longest = ''
  for (const pattern of Object.keys(ttls)) {
    const isMatch = pattern.endsWith('*') && service.startsWith(pattern.slice(0, -1).toLowerCase())
    if (isMatch && pattern.length > longest.length) longest = pattern
  }
  return ttls[longest] ?? 0
}

/** Each address once, and host names: those count only where no instance has an address. */
function placesOf(
  lookup: Lookup,
  { found, isWan }: Instances,
): { readonly addresses: readonly string[]; readonly hosts: readonly string[] } {
  const families = familiesOf(lookup.type)
  const addresses = new Set<string>()
  const hosts: string[] = []
  let hasAddress = false
  for (const each of found) {
    for (const family of families) {
      const address = instanceAddress(lookup, each, family, isWan)
      if (address !== '' && ipFamily(address) !== 0) addresses.add(address)
    }
    const main = instanceAddress(lookup, each, 0, isWan)
    if (isHostName(main)) hosts.push(main)
    else hasAddress = true
  }
  return { addresses: [...addresses], hosts: hasAddress ? [] : hosts }
}

/** The meta data of the instances' nodes. */
function textAnswers(lookup: Lookup, instances: Instances): readonly Answer[] {
  const nodes = new Map(instances.found.map(({ node }) => [node.name, node]))
  return [...nodes.values()].flatMap((node) => textRecords(node, lookup.name, instances.ttl)).map(plain)
}

async function srvAnswers(lookup: Lookup, instances: Instances): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  const seen = new Set<string>()
  for (const each of instances.found) {
    const { node, service } = each
    const port = servicePort(service, instances.isWan)
    const key = `${node.name}:${service.address}:${port}`
    if (seen.has(key)) continue
    seen.add(key)
    // Only host names have to be waited for.
    const placed = placeOf(lookup, each, instances)
    const place = placed instanceof Promise ? await placed : placed
    if (place === undefined) continue
    const record = {
      type: rrType.SRV,
      name: lookup.name,
      ttl: instances.ttl,
      weight: weightOf(each),
      port,
      target: place.target,
    } as const
    answers.push({ record, extra: place.extra })
  }
  return answers
}

interface Place {
  readonly target: string
  readonly extra: readonly Rr[]
}

/** Where an instance is, as a name with its addresses; undefined when it cannot be named. */
function placeOf(
  lookup: Lookup,
  found: ServiceHealth,
  instances: Instances,
): MaybePromise<Place | undefined> {
  const { node, service } = found
  const { isWan, ttl, datacenter } = instances
  const nodeName = `${node.name}.node.${datacenter}.${lookup.zone}`
  const texts = lookup.config.nodeMetaTxt && isName(nodeName) ? textRecords(node, nodeName, ttl) : []
  const own = serviceAddress(service, 0, isWan)
  const isOwn = own.isOwn && !isAsked(lookup, own.address)
  const address = isOwn ? own.address : nodeAddress(node, 0, isWan)
  if (ipFamily(address) === 0) {
    if (!isHostName(address)) return undefined
    const target = trimDot(address)
    return resolveHost(lookup, target).then((chain) => ({ target, extra: [...chain, ...texts] }))
  }
  // A node's name tells all its addresses; one that differs for us, or that no packet can hold, is told as it is.
  if (!isOwn && address === node.address && isName(nodeName)) {
    const addresses = ([4, 6] as const)
      .map((family) => nodeAddress(node, family, false))
      .filter((ip) => ip !== '')
    return { target: nodeName, extra: [...addresses.map((ip) => addressRecord(nodeName, ttl, ip)), ...texts] }
  }
  const target = `${ipToHex(address)}.addr.${datacenter}.${lookup.zone}`
  return { target, extra: [addressRecord(target, ttl, address), ...texts] }
}

/** SRV weight by health. */
function weightOf(found: ServiceHealth): number {
  const { weights } = found.service
  const weight = found.checks.some((check) => check.status === 'warning') ? weights.warning : weights.passing
  return Math.min(Math.max(weight, 0), 65_535)
}
